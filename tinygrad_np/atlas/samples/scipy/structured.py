"""Samples of matrices with a structure."""

from collections.abc import Callable
from typing import Any

from ....scipy.mirror import of
from ..draws import REAL, Draw, Generator, Sample, call


def _drawn(*shapes: tuple[tuple[int, ...], ...], **kwargs: Any) -> Draw:
    """Samples of vectors or matrices of these shapes, one call a tuple of shapes."""

    def samples(rng: Generator) -> list[Sample]:
        return [call(*[REAL.draw(rng, *s) for s in shape], **kwargs) for shape in shapes]

    return samples


def _companions(rng: Generator) -> list[Sample]:
    a = REAL.draw(rng, 4)
    a[0] = 1.5
    return [call(a), call(a[:2])]


def _convolutions(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, m), n, mode=mode)
        for m, n, mode in ((3, 4, "full"), (4, 3, "same"), (3, 4, "same"), (3, 5, "valid"))
    ]


def _products(rng: Generator) -> list[Sample]:
    c, r = REAL.draw(rng, 3), REAL.draw(rng, 4)
    return [call((c, r), REAL.draw(rng, 4)), call(c, REAL.draw(rng, 3, 2))]


SAMPLES: dict[Callable[..., Any], Draw] = {
    of("linalg.toeplitz"): _drawn(((3,),), ((3,), (4,)), ((), ())),
    of("linalg.hankel"): _drawn(((3,),), ((3,), (4,))),
    of("linalg.circulant"): _drawn(((3,),), ((1,),)),
    of("linalg.companion"): _companions,
    of("linalg.leslie"): _drawn(((3,), (2,))),
    of("linalg.convolution_matrix"): _convolutions,
    of("linalg.block_diag"): _drawn(((2, 3), (3,), ()), ((2, 2),)),
    of("linalg.khatri_rao"): _drawn(((2, 3), (4, 3))),
    of("linalg.matmul_toeplitz"): _products,
}

COMPLEX = set(SAMPLES) - {of("linalg.leslie")}

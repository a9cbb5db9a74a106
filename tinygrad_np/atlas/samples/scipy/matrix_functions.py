"""Samples of functions of a matrix."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from ....rules.constants import on_values
from ....scipy.linalg.matrix_functions import root_of
from ....scipy.linalg.own import like
from ....scipy.mirror import of
from ..draws import UNIT, Draw, Generator, Sample, call, shaped
from ..matrices import REACH, regular


def _right_half(rng: Generator, n: int) -> Any:
    """A matrix with eigenvalues in the right half plane."""
    return UNIT.draw(rng, n, n) / 2 + np.diag(np.arange(1, n + 1) + 0.5)


def _positive(rng: Generator) -> list[Sample]:
    return [call(_right_half(rng, n), reach=REACH) for n in (3, 2)]


def _negative_too(rng: Generator) -> list[Sample]:
    """A complex result of a real matrix, too."""
    basis = np.eye(2) + UNIT.draw(rng, 2, 2) / 4
    complex_one = basis @ np.diag([-1.5, 2.0]) @ np.linalg.inv(basis)
    return [*_positive(rng), call(complex_one, reach=REACH)]


def _square_roots(rng: Generator) -> list[Sample]:
    def through(function: Any, a: Any) -> Any:
        found = function(a)  # SciPy 1.13 may give a long double
        narrow = found.dtype.char.replace("g", "d").replace("G", "D")
        return like(found, np.zeros((), narrow))

    return [sample._replace(through=through) for sample in _negative_too(rng)]


def _signs(rng: Generator) -> list[Sample]:
    basis = np.eye(3) + UNIT.draw(rng, 3, 3) / 4
    return [call(basis @ np.diag([-1.5, 1.0, 2.0]) @ np.linalg.inv(basis), reach=REACH)]


def _powers(rng: Generator) -> list[Sample]:
    a = _right_half(rng, 3)
    complex_one = a + 0.1j * UNIT.draw(rng, 3, 3)
    return [
        call(a, np.array(0.7), reach=REACH),
        call(complex_one, -1.3, reach=REACH),
        call(a, 2, reach=REACH),
    ]


def _functions(rng: Generator) -> list[Sample]:
    a = _right_half(rng, 3)
    return [call(a, function, reach=REACH) for function in (np.exp, lambda w: w * np.sqrt(w))]


def _frechets(rng: Generator) -> list[Sample]:
    a, e = UNIT.draw(rng, 3, 3), UNIT.draw(rng, 3, 3)
    return [call(a, e), call(a, e, compute_expm=False)]


def _polars(rng: Generator) -> list[Sample]:
    return [
        call(regular(rng, *shape), side=side, reach=REACH)
        for shape in ((3, 3), (4, 2), (2, 3))
        for side in ("right", "left")
    ]


def _procrustes(rng: Generator) -> list[Sample]:
    return [call(regular(rng, 2, 2), regular(rng, 2, 2), reach=REACH)]


def _roots(rng: Generator) -> list[Sample]:
    def through(function: Any, square: Any, root: Any) -> Any:
        root = on_values(scipy.linalg.sqrtm, square)
        return function(square, like(root, square))

    return [Sample((_right_half(rng, 3), None), {}, REACH, through)]


_SMALL: Draw = shaped(((3, 3), (), {}), ((1, 1), (), {}))

SAMPLES: dict[Callable[..., Any], Draw] = {
    of("linalg.expm"): shaped(((3, 3), (), {}), ((2, 2), (), {})),
    of("linalg.expm_frechet"): _frechets,
    root_of: _roots,
    of("linalg.sqrtm"): _square_roots,
    of("linalg.logm"): _negative_too,
    of("linalg.fractional_matrix_power"): _powers,
    of("linalg.signm"): _signs,
    of("linalg.funm"): _functions,
    of("linalg.cosm"): _SMALL,
    of("linalg.sinm"): _SMALL,
    of("linalg.tanm"): lambda rng: [call(UNIT.draw(rng, 2, 2), reach=0.1)],
    of("linalg.coshm"): _SMALL,
    of("linalg.sinhm"): _SMALL,
    of("linalg.tanhm"): lambda rng: [call(UNIT.draw(rng, 2, 2), reach=0.1)],
    of("linalg.polar"): _polars,
    of("linalg.orthogonal_procrustes"): _procrustes,
}

COMPLEX = set(SAMPLES) - {
    of("linalg.orthogonal_procrustes"),
    of("linalg.fractional_matrix_power"),
}

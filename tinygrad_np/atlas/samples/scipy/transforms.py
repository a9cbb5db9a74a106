"""Samples of transforms: odd and even lengths, cropping, padding, every type, norm and axis."""

from collections.abc import Callable
from typing import Any

from ....scipy.mirror import of
from ..draws import Draw, Edge, shaped

_ONE = shaped(
    ((5,), (), {}),
    ((4, 2), (3, 0, "ortho"), {}),
    ((3,), (6,), {"norm": "forward", "overwrite_x": True}),
)
_TWO = shaped(((3, 4), (), {}), ((2, 3), ((4, 2),), {"norm": "forward"}))
_SEVERAL = shaped(
    ((3, 4), (), {"norm": "ortho"}),
    ((2, 3, 2), ((3, -1), (0, 1)), {"norm": "forward"}),
    ((4, 3), (), {"axes": 0}),
)
_TYPES = shaped(
    ((4,), (), {"type": 1}),
    ((3,), (), {"type": 1, "norm": "ortho"}),
    ((3, 2), (2,), {"axis": 0, "norm": "ortho"}),
    ((4,), (), {"n": 3}),
    ((3,), (3, 5), {"norm": "ortho", "orthogonalize": False}),
    ((4,), (3,), {"orthogonalize": True}),
    ((3,), (4,), {"norm": "forward"}),
)
_TYPES_OF_SEVERAL = shaped(((3, 2), (), {}), ((4, 3), (3, (2, 3), (1, 0), "ortho"), {}))
_SHIFTS = shaped(((3, 4), (), {}), ((5, 2), (), {"axes": 0}))
_HANKEL = shaped(((5,), (0.3, 0.5), {}), ((2, 4), (0.2, 1.0), {"offset": 0.1, "bias": 0.3}))


def _all(draw: Draw, names: str) -> dict[Callable[..., Any], Draw]:
    return {of(f"fft.{name}"): draw for name in names.split()}


SAMPLES: dict[Callable[..., Any], Draw] = {
    **_all(_ONE, "fft ifft rfft irfft hfft ihfft"),
    **_all(_TWO, "fft2 ifft2 rfft2 irfft2 hfft2 ihfft2"),
    **_all(_SEVERAL, "fftn ifftn rfftn irfftn hfftn ihfftn"),
    **_all(_TYPES, "dct dst idct idst"),
    **_all(_TYPES_OF_SEVERAL, "dctn dstn idctn idstn"),
    **_all(_HANKEL, "fht ifht"),
    **_all(_SHIFTS, "fftshift ifftshift"),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

COMPLEX = {
    of(f"fft.{name}") for name in ("fft", "irfft", "hfft", "fftn", "hfftn", "irfft2", "dctn")
}
REAL_ONLY = {of("fft.fht"), of("fft.ifht")}

"""Samples of Fourier transforms: odd and even lengths, cropping, padding, every norm and axis."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import Draw, Edge, shaped

_Calls = tuple[tuple[tuple[int, ...], tuple[Any, ...], dict[str, Any]], ...]

_ALONG_ONE: _Calls = (
    ((3, 3), (), {}),
    ((2, 4), (), {"norm": "ortho"}),
    ((5, 3), (), {"axis": 0, "norm": "forward"}),
    ((3, 5), (3,), {"norm": "backward"}),
    ((3, 5), (4, 1), {"norm": "ortho"}),
    ((2, 4, 3), (6,), {"axis": -2, "norm": "forward"}),
    ((3, 3), (7, 0), {}),
    ((4,), (1,), {}),
    ((2, 3), (2, -1, "ortho"), {}),
)

_ALONG_TWO: _Calls = (
    ((3, 3), (), {}),
    ((2, 4, 5), (), {"norm": "ortho"}),
    ((3, 4), ((5, 3),), {"norm": "forward"}),
    ((4, 3), ((3, -1), (1, 0)), {}),
    ((3, 2, 4), (), {"axes": (0, -1), "norm": "backward"}),
)
_ALONG_SEVERAL: _Calls = (
    *_ALONG_TWO[:1],
    ((2, 3, 4), (), {"norm": "ortho"}),
    ((2, 3, 4), (), {"axes": (1,)}),
    ((4, 3), ((5, 2), (0, 1)), {"norm": "forward"}),
    ((3, 4), ((3, 5), (-2, 1)), {}),
    # an axis that is transformed twice, to other lengths
    ((4, 3), ((3, 5, 4), (0, 0, 1)), {}),
    ((3, 4), (), {"axes": (1, 1, 0)}),
    ((4, 3), ((2, 3, 5), (1, 0, 0)), {"norm": "ortho"}),
)
_SHIFTS: _Calls = (
    ((3, 5), (), {}),
    ((3, 3), (), {"axes": 0}),
    ((3, 4, 5), ((0, -1),), {}),
    ((3, 3), (), {"axes": (0, 0)}),
    ((5,), (), {}),
)

_1D, _2D, _ND = shaped(*_ALONG_ONE), shaped(*_ALONG_TWO), shaped(*_ALONG_SEVERAL)

SAMPLES: dict[Callable[..., Any], Draw] = {
    np.fft.fft: _1D,
    np.fft.ifft: _1D,
    np.fft.rfft: _1D,
    np.fft.irfft: _1D,
    np.fft.hfft: _1D,
    np.fft.ihfft: _1D,
    np.fft.fft2: _2D,
    np.fft.ifft2: _2D,
    np.fft.rfft2: _2D,
    np.fft.irfft2: _2D,
    np.fft.fftn: _ND,
    np.fft.ifftn: _ND,
    np.fft.rfftn: _ND,
    np.fft.irfftn: _ND,
    np.fft.fftshift: shaped(*_SHIFTS),
    np.fft.ifftshift: shaped(*_SHIFTS),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

COMPLEX = {np.fft.hfft, *[f for f, draw in SAMPLES.items() if draw in (_2D, _ND)]}
REAL_ONLY = {np.fft.rfft, np.fft.rfft2, np.fft.rfftn}

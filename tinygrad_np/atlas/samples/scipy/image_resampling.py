"""Samples of images at other places: every order and mode, inside and outside of the image."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.mirror import of
from ..draws import REAL, A, Draw, Edge, Generator, Sample, call, shaped

_nd = "ndimage.{}".format

_REACH = 0.1
"""Coordinates are so far from whole and half numbers."""


def _places(rng: Generator, lengths: tuple[int, ...], *shape: int, outside: int = 0) -> Any:
    """Coordinates of `shape` between the elements of an axis, for each axis."""
    return np.stack(
        [
            rng.integers(-outside, n - 1 + outside, shape) + rng.uniform(0.1, 0.4, shape)
            for n in lengths
        ]
    )


def _coordinates(rng: Generator) -> list[Sample]:
    def one(lengths: tuple[int, ...], *shape: int, outside: int = 2, **options: Any) -> Sample:
        image, places = REAL.draw(rng, *lengths), _places(rng, lengths, *shape, outside=outside)
        return call(image, places, **options, reach=_REACH)

    return [
        one((4, 3), 3, outside=0),
        one((3, 4), 2, 2, order=1, mode="mirror"),
        one((4, 3), 4, order=2, mode="reflect"),
        one((4, 3), 4, order=3, mode="nearest"),
        one((4, 3), 4, order=3, mode="wrap"),
        one((4, 3), 4, order=2, mode="grid-wrap"),
        one((5,), 5, order=3, mode="grid-constant", cval=0.5),
        one((4,), 5, order=1, mode="constant", cval=0.5),
        one((3, 3), 3, order=0, mode="nearest"),
        one((4, 3), 3, outside=0, order=3, prefilter=False),
    ]


def _affine(rng: Generator) -> list[Sample]:
    def one(*matrix_and_offset: Any, **options: Any) -> Sample:
        return call(REAL.draw(rng, 4, 3), *matrix_and_offset, **options, reach=0.02)

    # places at least 0.05 from whole and half numbers
    near = A([[0.997, 0.04], [-0.02, 0.993]]) + rng.uniform(-0.02, 0.02, (2, 2))
    offset = A([0.214, 0.288]) + rng.uniform(-0.02, 0.02, 2)
    return [
        one(near, offset, mode="mirror"),
        one(np.diag([0.944, 0.931]), A([0.313, 0.317]), output_shape=(3, 3), order=1),
        one(np.column_stack([near, offset]), order=2, mode="grid-wrap"),
    ]


def _shift(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 4, 3), A([0.3, -0.7]) + rng.uniform(-0.1, 0.1, 2), reach=_REACH),
        call(REAL.draw(rng, 4), A([0.3]), order=2, mode="mirror", reach=_REACH),
    ]


def _rotate(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 3, 3), A(17.0), reach=0.1),
        call(REAL.draw(rng, 3, 2, 4), A(-33.0), (0, 2), False, order=1, mode="mirror", reach=0.1),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    of(_nd("spline_filter1d")): shaped(
        ((5,), (), {}),
        ((2, 4), (2,), {"mode": "reflect"}),
        ((4, 2), (3, 0), {"mode": "grid-wrap"}),
        ((4,), (3,), {"mode": "nearest"}),
        ((4,), (5,), {"mode": "constant"}),
        ((3, 1), (3,), {"mode": "wrap"}),
    ),
    of(_nd("spline_filter")): shaped(((3, 4), (), {}), ((3, 2), (2,), {"mode": "reflect"})),
    of(_nd("map_coordinates")): _coordinates,
    of(_nd("affine_transform")): _affine,
    of(_nd("shift")): _shift,
    of(_nd("zoom")): shaped(
        ((4, 3), (1.6,), {"mode": "nearest"}),
        ((3, 4), ((2, 0.5),), {"order": 1, "mode": "mirror"}),
        ((3,), (2,), {"grid_mode": True, "mode": "grid-constant"}),
    ),
    of(_nd("rotate")): _rotate,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    of(_nd("map_coordinates")): [
        Edge((A([1, 4, 9]), A([[0, 1, 2]])), {"order": 1}, (A([1, 1, 1]), A([[3, 5, 5]]))),
        Edge(
            (A([1, 4, 9]), A([[-1, 3]])),
            {"order": 1, "mode": "nearest"},
            (A([1, 0, 1]), A([[0, 0]])),
        ),
    ],
}

COMPLEX = {of(_nd("zoom"))}
REAL_ONLY = {of(_nd("spline_filter1d"))}  # of complex numbers SciPy warns

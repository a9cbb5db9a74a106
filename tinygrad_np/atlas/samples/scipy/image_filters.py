"""Samples of filters of images: every mode, even and odd windows, frames wider than the image."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.mirror import of
from ..draws import APART, REAL, A, Draw, Edge, Generator, Sample, apart, call, shaped

_nd = "ndimage.{}".format


def _takes_axes(name: str) -> bool:
    """Whether this SciPy's function has `axes`."""
    return "axes" in inspect.signature(of(_nd(name)).implementation).parameters


def _with(options: dict[str, Any], name: str) -> list[Any]:
    """A call with `axes` along the second axis alone, where that is possible."""
    return [((3, 4), (), {**options, "axes": 1})] if _takes_axes(name) else []


def _filter1d(rng: Generator) -> list[Sample]:
    def one(shape: tuple[int, ...], size: int, **options: Any) -> Sample:
        return call(REAL.draw(rng, *shape), REAL.draw(rng, size), **options)

    return [
        one((5,), 3),
        one((2, 4), 4, mode="mirror", origin=-1),
        one((3, 2), 7, axis=0, mode="wrap", origin=2),
        one((4,), 2, mode="constant", cval=1.5),
        one((3,), 3, mode="nearest"),
    ]


def _filter(name: str) -> Draw:
    def samples(rng: Generator) -> list[Sample]:
        def one(shape: tuple[int, ...], sizes: tuple[int, ...], **options: Any) -> Sample:
            return call(REAL.draw(rng, *shape), REAL.draw(rng, *sizes), **options)

        found = [
            one((3, 4), (3, 2), origin=(1, -1)),
            one((3, 3), (3, 3), mode="constant", cval=0.5),
            one((2, 3), (2, 5), mode="mirror"),
        ]
        return found + ([one((3, 4), (3,), axes=(1,))] if _takes_axes(name) else [])

    return samples


def _ranked(*first: Any, separable: bool = False) -> Draw:
    def samples(rng: Generator) -> list[Sample]:
        def one(*shape: int, **options: Any) -> Sample:
            return call(apart(rng, *shape), *first, **options, reach=APART)

        cross = np.array([[0, 1, 0], [1, 1, 1]])
        found = [
            one(3, 4, size=3),
            one(3, 4, footprint=cross, origin=(0, 1), mode="wrap"),
            one(5, size=4, mode="constant", cval=0.03),
        ]
        return found + ([one(3, 3, size=(2, 3), mode=("nearest", "mirror"))] if separable else [])

    return samples


def _ranked1d(rng: Generator) -> list[Sample]:
    return [
        call(apart(rng, 3, 4), 3, reach=APART),
        call(apart(rng, 4, 2), 2, axis=0, mode="mirror", origin=-1, reach=APART),
    ]


_EDGES = shaped(
    ((3, 4), (), {}),
    ((4, 3), (), {"axis": 0, "mode": ["wrap", "constant"], "cval": 0.5}),
    ((4,), (), {"mode": "mirror"}),
)


def _slopes(rng: Generator) -> list[Sample]:
    """Of images that are nowhere flat."""
    slope = 3.0 * np.arange(3)[:, None] + 5.0 * np.arange(4)
    images = slope + rng.uniform(-0.3, 0.3, (2, 3, 4))
    return [
        call(images[0], 0.7, reach=0.3),
        call(images[1], 0.8, mode=["mirror", "nearest"], truncate=3.0, reach=0.3),
    ]


def _fourier(value: float) -> Draw:
    return shaped(((3, 4), (value,), {}), ((3, 3), ([value, 1.0], 4, -1), {}))


SAMPLES: dict[Callable[..., Any], Draw] = {
    of(_nd("correlate1d")): _filter1d,
    of(_nd("convolve1d")): _filter1d,
    of(_nd("correlate")): _filter("correlate"),
    of(_nd("convolve")): _filter("convolve"),
    of(_nd("gaussian_filter1d")): shaped(
        ((6,), (0.8,), {}),
        ((2, 5), (0.7,), {"order": 1, "mode": "nearest", "truncate": 3.0}),
        ((3, 4), (1.5,), {"axis": 0, "order": 2, "mode": "constant", "cval": 2.0, "radius": 2}),
    ),
    of(_nd("gaussian_filter")): shaped(
        ((4, 5), (0.6,), {}),
        ((3, 4), ([0.0, 0.9],), {"order": (0, 1), "mode": ["wrap", "mirror"]}),
        ((3, 4), (1.1,), {"axes": (0,), "radius": 1, "mode": "constant", "cval": 1.0}),
        ((3,), (0.0,), {}),
    ),
    of(_nd("uniform_filter1d")): shaped(
        ((5,), (3,), {}),
        ((2, 4), (4,), {"mode": "mirror", "origin": 1}),
        ((3, 2), (5,), {"axis": 0, "mode": "constant", "cval": 2.0, "origin": -1}),
    ),
    of(_nd("uniform_filter")): shaped(
        ((4, 3), (), {}),
        ((3, 4), ((1, 2),), {"mode": ["wrap", "nearest"], "origin": (0, -1)}),
        *_with({"size": 3}, "uniform_filter"),
    ),
    of(_nd("sobel")): _EDGES,
    of(_nd("prewitt")): _EDGES,
    of(_nd("laplace")): shaped(
        ((3, 4), (), {}),
        ((4, 3), (), {"mode": ["mirror", "constant"], "cval": 1.0}),
        *_with({}, "laplace"),
    ),
    of(_nd("gaussian_laplace")): shaped(
        ((3, 4), (0.7,), {}),
        ((4, 3), ((0.8, 0.6),), {"mode": "wrap", "truncate": 2.0}),
        *_with({"sigma": 0.7}, "gaussian_laplace"),
    ),
    of(_nd("gaussian_gradient_magnitude")): _slopes,
    of(_nd("maximum_filter")): _ranked(separable=True),
    of(_nd("minimum_filter")): _ranked(separable=True),
    of(_nd("median_filter")): _ranked(),
    of(_nd("rank_filter")): _ranked(-2),
    of(_nd("percentile_filter")): _ranked(40),
    of(_nd("maximum_filter1d")): _ranked1d,
    of(_nd("minimum_filter1d")): _ranked1d,
    of(_nd("fourier_gaussian")): _fourier(0.7),
    of(_nd("fourier_uniform")): _fourier(1.3),
    of(_nd("fourier_ellipsoid")): _fourier(1.3),
    of(_nd("fourier_shift")): _fourier(0.6),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    of(_nd("maximum_filter1d")): [
        Edge((A([1, 1, 0]), 3), {"mode": "constant", "cval": -1.0}, (A([1.0, 2.0, 0.0]),)),
    ],
    of(_nd("maximum_filter")): [
        Edge((A([1, 1, 0]), 3), {"mode": "constant", "cval": -1.0}, (A([1.0, 2.0, 0.0]),)),
    ],
    of(_nd("gaussian_gradient_magnitude")): [Edge((A([2, 2, 2]), 1.0), {}, (A([0, 0, 0]),))],
}

COMPLEX = {
    of(_nd(name))
    for name in (
        "gaussian_filter1d", "gaussian_filter", "uniform_filter", "sobel", "prewitt", "laplace",
        "gaussian_laplace",
    )
}  # fmt: skip

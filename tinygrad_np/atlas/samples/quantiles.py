"""Samples of medians, quantiles and percentiles."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .draws import APART, A, Draw, Edge, Generator, Sample, apart, call

NAN = np.nan

_METHODS = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf",
    "hazen", "weibull", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint",
    "nearest",
)  # fmt: skip


def _with_nans(x: Any) -> Any:
    """`x` with nan at every fifth place."""
    return np.where(np.arange(x.size).reshape(x.shape) % 5 == 1, NAN, x)


def _medians(rng: Generator) -> list[Sample]:
    return [
        call(apart(rng, 5), reach=APART),
        call(apart(rng, 4, 4), axis=1, reach=APART),
        call(apart(rng, 3, 2, 4), (0, -1), keepdims=True, reach=APART),
        call(apart(rng, 2, 3), reach=APART),
    ]


def _nanmedians(rng: Generator) -> list[Sample]:
    return [
        sample._replace(args=(_with_nans(sample.args[0]), *sample.args[1:]))
        for sample in _medians(rng)
    ]


def _quantiles(rng: Generator, parts: int) -> list[Sample]:
    """Places well away from the elements, which are the kinks by q; 0.37 is one for all methods."""
    reach = 0.02
    q = parts * np.array([0.37, 0.81])
    weights = rng.integers(1, 4, (2, 4))
    return [
        call(apart(rng, 5), parts * np.array(0.37), reach=reach),
        call(apart(rng, 3, 2, 4), q, axis=1, reach=reach),
        call(apart(rng, 4, 4), q.reshape(2, 1), (0,), keepdims=True, reach=reach),
        call(apart(rng, 3, 2, 3), 0.37 * parts, axis=(0, -1), reach=APART),
        *[call(apart(rng, 3, 7), q, axis=1, method=method, reach=reach) for method in _METHODS],
        call(
            apart(rng, 2, 4), q, axis=1, method="inverted_cdf", weights=weights, reach=reach
        ),
    ]  # fmt: skip


def _nanquantiles(rng: Generator, parts: int) -> list[Sample]:
    return [
        sample._replace(args=(_with_nans(sample.args[0]), *sample.args[1:]))
        for sample in _quantiles(rng, parts)
    ]


def _weighted(rng: Generator, parts: int) -> list[Sample]:
    """Weights along the reduced axes alone, which NumPy's nan functions do not take."""
    q = parts * np.array([0.37, 0.81])
    options: dict[str, Any] = {"method": "inverted_cdf", "reach": 0.02}
    return [
        call(apart(rng, 2, 4), q, axis=1, weights=[1, 3, 2, 1], **options),
        call(apart(rng, 2, 4, 3), q, axis=(2, 0), weights=rng.random((3, 2)), **options),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.median: _medians,
    np.nanmedian: _nanmedians,
    np.quantile: lambda rng: _quantiles(rng, 1) + _weighted(rng, 1),
    np.percentile: lambda rng: _quantiles(rng, 100) + _weighted(rng, 100),
    np.nanquantile: lambda rng: _nanquantiles(rng, 1),
    np.nanpercentile: lambda rng: _nanquantiles(rng, 100),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.median: [
        Edge((A([2.0, 1.0, 2.0, 2.0]),), {}, ([0.5, 0, 0.5, 0],)),
        Edge((A([1.0, 1.0, 1.0]),), {}, ([0, 1, 0],)),
        Edge((A([1.0]),), {}, ([1],)),
    ],
    np.nanmedian: [Edge((A([NAN, 1.0, NAN, 3.0]),), {}, ([0, 0.5, 0, 0.5],))],
    np.nanquantile: [
        Edge((A([NAN, 1.0, NAN, 3.0]), A(1.0)), {}, ([0, 0, 0, 1], 2)),
        Edge((A([NAN, 1.0, NAN]), A(0.5)), {}, ([0, 1, 0], 0)),
    ],
    np.quantile: [
        Edge((A([3.0, 1.0, 2.0]), A(0.5)), {}, ([0, 0, 1], 2)),
        Edge((A([3.0, 1.0, 7.0]), A([0.0, 1.0])), {}, ([0, 1, 1], [4, 8])),
        Edge((A([3.0, 1.0, 7.0]), A([0.0, 1.0])), {"method": "hazen"}, ([0, 1, 1], [0, 0])),
        Edge((A([3.0, 1.0, 2.0]), A(0.5)), {"method": "nearest"}, ([0, 0, 1], 0)),
    ],
}

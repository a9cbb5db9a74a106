"""Samples of summaries: positive samples with distinct values, along every kind of axis."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.mirror import of
from ..draws import APART, POSITIVE, REAL, Draw, Edge, Generator, Sample, apart, call

_Calls = tuple[tuple[tuple[int, ...], dict[str, Any]], ...]


def _positive(*calls: tuple[tuple[int, ...], dict[str, Any]]) -> Draw:
    """Samples of positive numbers: a shape and the options each."""
    return lambda rng: [
        call(POSITIVE.draw(rng, *shape), reach=0.2, **options) for shape, options in calls
    ]


def _ordered(*calls: tuple[tuple[int, ...], dict[str, Any]]) -> Draw:
    """Samples of numbers that lie apart."""
    return lambda rng: [
        call(apart(rng, *shape) + 0.03, reach=APART / 3, **options) for shape, options in calls
    ]


def _spread(*calls: tuple[tuple[int, ...], dict[str, Any]]) -> Draw:
    """Samples with a variance, by which it is divided."""
    return lambda rng: [call(apart(rng, *shape), reach=0.1, **options) for shape, options in calls]


_AXES: _Calls = (((6,), {}), ((2, 5), {"axis": 1, "keepdims": True}), ((4, 3), {"axis": None}))
_FREE = _positive(((6,), {}), ((2, 5), {"axis": 1, "ddof": 1}), ((4, 3), {"axis": None}))
_LIMITS = _ordered(
    ((6,), {}),
    ((3, 5), {"axis": 1, "limits": (-1.3, 1.1)}),
    ((4, 3), {"axis": None, "limits": (None, 0.8), "inclusive": (True, False)}),
)


def _means(**options: Any) -> Draw:
    def samples(rng: Generator) -> list[Sample]:
        plain = [call(POSITIVE.draw(rng, *s), reach=0.2, **options, **k) for s, k in _AXES]
        a, w = POSITIVE.draw(rng, 2, 3), POSITIVE.draw(rng, 2, 3)
        return [
            *plain,
            call(a, reach=0.2, **options, weights=w),
            call(a, reach=0.2, **options, weights=w[0], axis=1),
        ]

    return samples


def _entropies(rng: Generator) -> list[Sample]:
    p, q = POSITIVE.draw(rng, 2, 4), POSITIVE.draw(rng, 2, 4)
    return [
        call(p, reach=0.2),
        call(p, base=2, axis=1, keepdims=True, reach=0.2),
        call(p, q, axis=1, reach=0.2),
        call(p[0], q[0], 2, reach=0.2),
    ]


def _moments(rng: Generator) -> list[Sample]:
    a = POSITIVE.draw(rng, 3, 4)
    return [
        call(a, 2),
        call(a, 3, 1, keepdims=True),
        call(a, 4, None),
        call(a, 3, center=np.asarray(REAL.draw(rng))),
    ]


def _pairs(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 6), REAL.draw(rng, 6), reach=0.1, **options)
        for options in ({}, {"alternative": "less"}, {"alternative": "greater"})
    ]


def _transforms(draw: Any) -> Draw:
    return lambda rng: [
        call(draw(rng), np.asarray(lmbda), reach=0.03) for lmbda in (0.0, -0.7, 1.4)
    ]


def _likelihoods(draw: Any, reach: float) -> Draw:
    """At exponents far from the likeliest one, where the slope is 0 and all digits cancel."""
    return lambda rng: [call(np.asarray(lmb), draw(rng), reach=reach) for lmb in (-2.0, 4.0)]


def _scores(rng: Generator) -> list[Sample]:
    a, b = POSITIVE.draw(rng, 3, 4), POSITIVE.draw(rng, 3, 5)
    return [call(a, b, axis=1, reach=0.2), call(a[0], b[0], ddof=1, reach=0.2)]


def _samples(rng: Generator) -> list[Sample]:
    x = apart(rng, 7)
    return [
        call(x[:3], x[3:], reach=APART / 2),
        call(x[:4], x[4:], np.arange(1.0, 5.0), [1.0, 0.5, 2.0], reach=APART / 2)._replace(
            through=lambda function, u, v, a, b: function(u, v, np.arange(1.0, 5.0), b)
        ),
    ]


def _deviations(rng: Generator) -> list[Sample]:
    """Numbers whose distances from their median, and from their mean, lie apart, too."""

    def draw(size: int) -> Any:
        return 0.1 * rng.permutation([0, 1, 3, 7, 12, 20][:size]) + rng.uniform(-0.02, 0.02, size)

    return [
        call(draw(6), reach=APART / 3),
        call(np.stack([draw(5), draw(5)]), axis=1, scale="normal", reach=APART / 3),
        call(draw(5), center=np.mean, reach=APART / 3),
    ]


def _distinct(rng: Generator) -> Any:
    return apart(rng, 5) + 0.02


def _five_positive(rng: Generator) -> Any:
    return 2 * apart(rng, 5) + 1.4


SAMPLES: dict[Callable[..., Any], Draw] = {
    of("stats.gmean"): _means(),
    of("stats.hmean"): _means(),
    of("stats.pmean"): _means(p=1.5),
    of("stats.gstd"): _FREE,
    of("stats.moment"): _moments,
    of("stats.skew"): _spread(*_AXES, ((5, 2), {})),
    of("stats.kurtosis"): _spread(*_AXES, ((5, 2), {"bias": False, "fisher": False})),
    of("stats.describe"): _ordered(((6,), {}), ((5, 2), {"ddof": 0})),
    of("stats.sem"): _FREE,
    of("stats.variation"): _positive(*_AXES, ((5, 2), {})),
    of("stats.zscore"): _FREE,
    of("stats.zmap"): _scores,
    of("stats.gzscore"): _FREE,
    of("stats.tmean"): _LIMITS,
    of("stats.tvar"): _LIMITS,
    of("stats.tstd"): _LIMITS,
    of("stats.tsem"): _LIMITS,
    of("stats.tmin"): _ordered(((6,), {}), ((3, 5), {"axis": 1, "lowerlimit": -0.8})),
    of("stats.tmax"): _ordered(((6,), {}), ((3, 5), {"axis": 1, "upperlimit": 0.8})),
    of("stats.trim_mean"): _ordered(
        ((7,), {"proportiontocut": 0.2}), ((2, 5), {"proportiontocut": 0.3, "axis": 1})
    ),
    of("stats.iqr"): _ordered(
        ((6,), {}),
        ((2, 5), {"axis": 1, "rng": (10, 60), "keepdims": True, "scale": "normal"}),
        ((2, 5), {"axis": 1, "interpolation": "lower", "scale": 2.0}),
    ),
    of("stats.median_abs_deviation"): _deviations,
    of("stats.entropy"): _entropies,
    of("stats.circmean"): _positive(((5,), {}), ((2, 4), {"axis": 1, "high": 5.0, "low": 1.0})),
    of("stats.circvar"): _positive(((5,), {}), ((2, 4), {"axis": 1, "high": 5.0, "low": 1.0})),
    of("stats.circstd"): _positive(
        ((5,), {}), ((2, 4), {"axis": 1, "high": 5.0}), ((4,), {"normalize": True})
    ),
    of("stats.pearsonr"): _pairs,
    of("stats.linregress"): _pairs,
    of("stats.boxcox"): _transforms(_five_positive),
    of("stats.yeojohnson"): _transforms(_distinct),
    of("stats.boxcox_llf"): _likelihoods(_five_positive, 0.4),
    of("stats.yeojohnson_llf"): _likelihoods(_distinct, APART),
    of("stats.wasserstein_distance"): _samples,
    of("stats.energy_distance"): _samples,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    of("stats.wasserstein_distance"): [
        Edge((np.array([1.0, 2.0]), np.array([2.0, 4.0])), {}, ([-0.5, -0.5], [0.5, 0.5])),
        Edge((np.array([1.0]), np.array([1.0])), {}, ([0.0], [0.0])),
    ],
    of("stats.energy_distance"): [
        Edge((np.array([1.0, 2.0]), np.array([2.0, 1.0])), {}, ([0.0, 0.0], [0.0, 0.0]))
    ],
}

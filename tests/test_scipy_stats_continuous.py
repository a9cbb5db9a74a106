"""The continuous distributions of scipy.stats: SciPy's values, and the derivative of each text."""

import copy
import functools
import importlib
import pickle

import mpmath as mp
import numpy as np
import pytest
import scipy.stats

import tinygrad_np as tg
from tinygrad_np.scipy import stats
from tinygrad_np.scipy.stats.continuous import TEXTS

METHODS = ("logpdf", "pdf", "cdf", "sf", "logcdf", "logsf", "ppf", "isf")
# SciPy finds these quantiles by a search or integrates, which takes its time: in the slow test.
SLOW = {
    "argus": ("ppf", "isf"),
    "crystalball": ("isf",),
    "dpareto_lognorm": ("ppf", "isf"),
    "exponnorm": ("ppf", "isf"),
    "foldcauchy": ("ppf", "isf"),
    "foldnorm": ("ppf", "isf"),
    "gausshyper": ("cdf", "sf", "logcdf", "logsf", "ppf", "isf"),
    "genhyperbolic": ("cdf", "sf", "logcdf", "logsf", "ppf", "isf"),
    "geninvgauss": ("ppf", "isf"),
    "jf_skew_t": ("isf",),
    "kappa4": ("isf",),
    "levy_stable": ("sf", "logcdf", "logsf", "ppf", "isf"),
    "norminvgauss": ("logcdf", "logsf", "ppf", "isf"),
    "recipinvgauss": ("ppf", "isf"),
    "rel_breitwigner": ("ppf", "isf"),
    "studentized_range": METHODS,
    "vonmises": ("ppf", "isf"),
    "vonmises_line": ("ppf", "isf"),
}
# What SciPy integrates or looks up is not the integral of its density to more digits than these.
INTEGRATED = {"geninvgauss": 1e-8, "levy_stable": 1e-5, "studentized_range": 1e-6}


def cases():
    try:
        listed = importlib.import_module("scipy.stats._distr_params").distcont
    except (ImportError, AttributeError):
        return [pytest.param("norm", (), marks=pytest.mark.skip("SciPy's list has moved"))]
    return [
        pytest.param(name, tuple(map(float, args)), id=f"{name}{args}")
        for name, args in listed
        if isinstance(name, str)
    ]


def difference(function, scale=1.0):
    """The derivative at 0 by central differences, extrapolated twice, and an estimate of its error.

    Of several steps each element has the one whose two last extrapolations agree best.
    """
    best = None
    for h in scale * np.array([1.0, 0.2, 0.04, 0.008]):
        first, second, third = [(function(s) - function(-s)) / (2 * s) for s in (h, h / 2, h / 4)]
        near, nearer = (4 * second - first) / 3, (4 * third - second) / 3
        found = (16 * nearer - near) / 15
        error = np.where(np.isfinite(found), np.abs(found - nearer), np.inf)
        best = best or (found, error)
        best = np.where(error < best[1], found, best[0]), np.minimum(error, best[1])
        if np.all(best[1] < 1e-12 * np.abs(best[0])):
            break
    return best


def operands_of(name, args, rng, count):
    """Values of all parameters, ordinary points of x and q, and directions to go from there."""
    real = getattr(scipy.stats, name)
    q = rng.uniform(0.05, 0.95, count)
    loc, scale = rng.uniform(-0.5, 0.5), rng.uniform(1.0, 2.0)
    x = real.ppf(q, *args, loc, scale)
    rest = [np.full(count, v) for v in (*args, loc, scale)]
    low, high = real.support(*args, loc, scale)
    # so that the differences stay within the support and the domain of the parameters
    room = 0.1 * np.minimum(np.minimum(x - low, high - x), scale)
    steps = [0.02 * np.maximum(np.abs(v), 0.1) * np.minimum(1, room / scale) for v in rest]
    return x, q, rest, room, 0.1 * np.minimum(q, 1 - q), steps


def along(name, method, args, rng, count):
    """A method's jvp and vjp in a random direction of all its operands, and the reference."""
    real, row = getattr(getattr(scipy.stats, name), method), getattr(stats, name)
    ours = getattr(row, method)
    x, q, rest, by_x, by_q, steps = operands_of(name, args, rng, count)
    values = [q if method in ("ppf", "isf") else x, *rest]
    widths = [by_q if method in ("ppf", "isf") else by_x, *steps]
    free = sorted(ours.row.operands)
    directions = [widths[i] * rng.uniform(0.3, 1, count) * rng.choice([-1, 1]) for i in free]

    def at(function, *moved):
        return function(*[moved[free.index(i)] if i in free else v for i, v in enumerate(values)])

    def moved(t):
        return [values[i] + t * d for i, d in zip(free, directions, strict=True)]

    return real, functools.partial(at, ours), functools.partial(at, real), moved, directions


def check(name, method, args, rng, count):
    real, ours, plain, moved, directions = along(name, method, args, rng, count)
    value, tangent = tg.jvp(ours, moved(0), directions)
    np.testing.assert_array_equal(value, plain(*moved(0)))
    cotangent = rng.uniform(0.5, 1, count)
    pulled = tg.vjp(ours, *moved(0))[1](cotangent)
    backwards = sum(np.sum(g * d) for g, d in zip(pulled, directions, strict=True))
    parts = sum(np.sum(np.abs(g * d)) for g, d in zip(pulled, directions, strict=True))
    assert abs(backwards - np.sum(tangent * cotangent)) <= 1e-12 * parts
    expected, error = difference(lambda t: plain(*moved(t)))
    is_known = np.isfinite(expected)
    size = sum(np.abs(g * d) for g, d in zip(pulled, directions, strict=True)) / cotangent
    allowed = INTEGRATED.get(name, 1e-9) * size + 20 * error
    worst = np.abs(tangent - expected) / allowed
    assert np.all(worst[is_known] <= 1), (method, tangent, expected, error)
    assert np.any(is_known), "no difference to compare with"
    return np.max((np.abs(tangent - expected) / size)[is_known])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "args"), cases())
def test_values_are_scipys_and_derivatives_those_of_differences(name, args):
    rng = np.random.default_rng(0)
    tried = 0
    with np.errstate(all="ignore"):
        for method in METHODS:
            has_row = hasattr(getattr(getattr(stats, name), method), "row")
            if has_row and method not in SLOW.get(name, ()):
                check(name, method, args, rng, 2)
                tried += 1
    assert tried or name == "studentized_range"

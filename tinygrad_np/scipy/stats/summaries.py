"""Summaries of samples: means, moments, scores, entropies, correlation, transformations.

Each has SciPy's value, with all of its options, and the derivative of a short definition. Policy:
what is NaN is not left out (``nan_policy="omit"`` is refused), order statistics send the gradient
to the elements that they take, and limits cut where they cut. Distances of two samples have at
ties the mean of both one-sided derivatives.
"""

from collections.abc import Callable
from math import pi, sqrt
from typing import Any, NamedTuple

import numpy as np
import scipy.special

from ...core.arrays import Array, as_array
from ...core.table import Row
from ...rules.constants import on_values
from ...rules.lines import lines
from ..mirror import of
from .definitions import defined

special: Any = scipy.special._ufuncs


class PearsonRResult(NamedTuple):
    """What `pearsonr` gives for Tensors: both numbers are differentiable.

    >>> from tinygrad_np.scipy import stats
    >>> from tinygrad_np import Tensor
    >>> stats.pearsonr([1.0, 2.0, 3.0], Tensor([1.0, 2.0, 4.0])).statistic
    Tensor(0.98198051)
    """

    statistic: Any
    pvalue: Any

    @property
    def correlation(self) -> Any:
        """SciPy's other name for the statistic."""
        return self.statistic

    def confidence_interval(self, confidence_level: float = 0.95, method: Any = None) -> Any:
        """``TypeError``: it is a formula of the statistic that SciPy gives for arrays."""
        raise TypeError(
            "scipy.stats.pearsonr: the confidence interval has no derivative here; use "
            "np.tanh(np.arctanh(r) ± z / sqrt(n - 3))"
        )


class LinregressResult(NamedTuple):
    """What `linregress` gives for Tensors.

    >>> from tinygrad_np.scipy import stats
    >>> from tinygrad_np import Tensor
    >>> stats.linregress([1.0, 2.0, 3.0], Tensor([1.0, 2.0, 3.0])).slope
    Tensor(1.)
    """

    slope: Any
    intercept: Any
    rvalue: Any
    pvalue: Any
    stderr: Any

    @property
    def intercept_stderr(self) -> Any:
        """``TypeError``: the result has five differentiable fields."""
        raise TypeError(
            "scipy.stats.linregress: intercept_stderr has no derivative here; use "
            "stderr * np.sqrt(np.mean(x**2))"
        )


def _away_from_zero(function: str, x: Array) -> Any:
    if np.any(np.equal(x, 0)):
        raise ValueError(f"scipy.stats.{function}: its derivative at 0 is infinite; use x[x > 0]")
    return x


def _mean(x: Any, axis: Any, weights: Any) -> Any:
    if weights is None:
        return np.mean(x, axis, keepdims=True)
    weights = np.broadcast_to(weights, np.broadcast_shapes(x.shape, np.shape(weights)))
    return np.sum(x * weights, axis, keepdims=True) / np.sum(weights, axis, keepdims=True)


def _power_mean(a: Any, p: Any, axis: Any, weights: Any) -> Any:
    if p == 0:
        return np.exp(_mean(np.log(_away_from_zero("gmean", a)), axis, weights))
    if p < 1:
        _away_from_zero("hmean" if p == -1 else "pmean", a)
    return _mean(a ** float(p), axis, weights) ** (1 / p)


def _central(a: Any, order: int, axis: Any) -> Any:
    return np.mean((a - np.mean(a, axis, keepdims=True)) ** order, axis, keepdims=True)


def _moment(a: Any, order: Any, axis: Any, center: Any) -> Any:
    if np.ndim(order):
        raise ValueError("scipy.stats.moment: takes one order; call it for each")
    center = np.mean(a, axis, keepdims=True) if center is None else as_array(center)
    return np.mean((a - center) ** int(order), axis, keepdims=True)


def _skew(a: Any, axis: Any, bias: Any) -> Any:
    n = _count(a, axis)
    g = _central(a, 3, axis) / _central(a, 2, axis) ** 1.5
    return g if bias or n < 3 else g * (sqrt(n * (n - 1)) / (n - 2))


def _kurtosis(a: Any, axis: Any, fisher: Any, bias: Any) -> Any:
    n = _count(a, axis)
    g = _central(a, 4, axis) / _central(a, 2, axis) ** 2
    if not bias and n > 3:
        g = ((n * n - 1) * g - 3 * (n - 1) ** 2) / ((n - 2) * (n - 3)) + 3
    return g - 3 if fisher else g


def _count(a: Any, axis: Any) -> int:
    return int(np.size(a) / max(np.size(np.sum(np.zeros(np.shape(a)), axis)), 1))


def _describe(a: Any, axis: Any, ddof: Any, bias: Any) -> Any:
    return (
        _count(a, axis),
        (np.min(a, axis), np.max(a, axis)),
        np.mean(a, axis),
        np.var(a, axis, ddof=ddof),
        _skew(a, axis, bias),
        _kurtosis(a, axis, True, bias),
    )


def _score(scores: Any, compare: Any, axis: Any, ddof: Any) -> Any:
    mean = np.mean(compare, axis, keepdims=True)
    return (scores - mean) / np.std(compare, axis, ddof=ddof, keepdims=True)


def _within(a: Any, limits: Any, inclusive: Any) -> Any:
    """Where the elements lie between the limits: a mask for `where`."""
    if limits is None:
        return True
    (low, high), (with_low, with_high) = limits, inclusive
    above = True if low is None else (np.greater_equal if with_low else np.greater)(a, low)
    below = True if high is None else (np.less_equal if with_high else np.less)(a, high)
    return np.logical_and(np.logical_and(above, below), np.ones(np.shape(a), bool))


def _trimmed(spread: Callable[..., Any], root_of_count: bool = False) -> Callable[..., Any]:
    def text(a: Any, limits: Any, inclusive: Any, axis: Any, ddof: Any = 0) -> Any:
        where = _within(a, limits, inclusive)
        result = spread(a, axis, ddof=ddof, keepdims=True, where=where)
        if not root_of_count:
            return result
        return result / np.sqrt(np.sum(np.broadcast_to(where, a.shape), axis, keepdims=True))

    return text


def _tmin(a: Any, lowerlimit: Any, axis: Any, inclusive: Any) -> Any:
    within = _within(a, (lowerlimit, None), (inclusive, True))
    return np.min(np.where(within, a, np.inf), axis)


def _tmax(a: Any, upperlimit: Any, axis: Any, inclusive: Any) -> Any:
    within = _within(a, (None, upperlimit), (True, inclusive))
    return np.max(np.where(within, a, -np.inf), axis)


def _trim_mean(a: Any, proportiontocut: Any, axis: Any) -> Any:
    ordered = np.sort(lines(a, axis), -1)
    cut = int(proportiontocut * ordered.shape[-1])
    return np.mean(ordered[..., cut : ordered.shape[-1] - cut], -1)


def _iqr(x: Any, axis: Any, rng: Any, scale: Any, interpolation: Any) -> Any:
    low, high = np.percentile(x, sorted(rng), axis, method=interpolation)
    return (high - low) / _scale(scale, 2 * _NORMAL_QUARTILE)


def _mad(x: Any, axis: Any, center: Any, scale: Any) -> Any:
    if axis is None:
        x, axis = np.reshape(x, -1), 0
    middle = np.expand_dims((center or np.median)(x, axis=axis), axis)
    return np.median(np.absolute(x - middle), axis) / _scale(scale, _NORMAL_QUARTILE)


_NORMAL_QUARTILE = float(special.ndtri(0.75))


def _scale(scale: Any, normal: float) -> Any:
    return scale if not isinstance(scale, str) else normal


def _entropy(pk: Any, qk: Any, base: Any, axis: Any) -> Any:
    # with p/Σp written out, so that the infinite derivative at p = 0 stays with that element
    pk, qk = np.broadcast_arrays(pk, qk) if qk is not None else (pk, None)
    total = np.sum(pk, axis, keepdims=True)
    if qk is None:
        result = np.sum(special.entr(pk), axis, keepdims=True) / total + np.log(total)
    else:
        result = np.sum(special.rel_entr(pk, qk), axis, keepdims=True) / total
        result = result - np.log(total) + np.log(np.sum(qk, axis, keepdims=True))
    return result if base is None else result / np.log(base)


def _resultant(samples: Any, high: Any, low: Any, axis: Any) -> tuple[Any, Any]:
    """The means of sine and cosine."""
    angle = samples * (2 * pi / (high - low))
    return np.mean(np.sin(angle), axis), np.mean(np.cos(angle), axis)


def _length(*needed: Any) -> Any:
    return np.hypot(*_resultant(*needed))


def _circmean(samples: Any, high: Any, low: Any, axis: Any, ans: Any) -> Any:
    period = high - low
    mean = np.arctan2(*_resultant(samples, high, low, axis)) * (period / (2 * pi))
    return mean + period * on_values(np.rint, on_values(np.subtract, ans, mean) / period)


def _circstd(samples: Any, high: Any, low: Any, axis: Any, normalize: Any) -> Any:
    length = _length(samples, high, low, axis)
    equal = np.greater_equal(length, 1)
    result = np.where(equal, 0, np.sqrt(-2 * np.log(np.where(equal, 0.5, length))))
    return result if normalize else result * ((high - low) / (2 * pi))


def _correlated(name: str, x: Any, y: Any, axis: Any, alternative: str) -> Any:
    """The deviations of x and y, r and its p-value, by which (r + 1)/2 has a beta distribution."""
    if axis is None:
        x, y, axis = np.reshape(x, -1), np.reshape(y, -1), 0
    if x.ndim != y.ndim:
        raise ValueError(f"scipy.stats.{name}: x and y have other numbers of axes; use np.newaxis")
    n = x.shape[axis]
    if n < 3:
        raise ValueError(f"scipy.stats.{name}: of two points r is 1 or −1; give three or more")
    dx, dy = [v - np.mean(v, axis, keepdims=True) for v in (x, y)]
    xx, yy, xy = [np.sum(d, axis) for d in (dx * dx, dy * dy, dx * dy)]
    r = xy / np.sqrt(xx) / np.sqrt(yy)
    sides = {"two-sided": np.absolute(r), "greater": r, "less": -r}
    # r may be 1 and a rounding, where it has its greatest value
    tail = np.clip((1 - sides[alternative]) / 2, 0, 1)
    p = special.betainc(n / 2 - 1, n / 2 - 1, tail)
    return dx, dy, r, p * 2 if alternative == "two-sided" else p


def _pearsonr(x: Any, y: Any, alternative: Any, method: Any, axis: Any = 0) -> Any:
    if method is not None:
        raise ValueError(
            "scipy.stats.pearsonr: a p-value by resampling has no derivative; use method=None"
        )
    return _correlated("pearsonr", x, y, axis, alternative)[2:]


def _linregress(x: Any, y: Any, alternative: Any, axis: Any = 0) -> Any:
    dx, dy, r, p = _correlated("linregress", x, y, axis, alternative)
    square = np.sum(dx * dx, axis, keepdims=True)
    slope = np.sum(dx * dy, axis, keepdims=True) / square
    # the norm of no residuals has gradient 0
    residual = np.linalg.norm(dy - slope * dx, axis=axis, keepdims=True)
    error = residual / np.sqrt(square * (dx.shape[axis] - 2))
    intercept = np.mean(y - slope * x, axis)
    return slope, intercept, r, p, error


def _given(function: str, lmbda: Any) -> Any:
    if lmbda is None:
        raise ValueError(
            f"scipy.stats.{function}: finds lmbda by a search, which has no derivative; give it "
            f"lmbda, for instance from scipy.stats.{function}_normmax of the values"
        )
    return lmbda


def _boxcox(x: Any, lmbda: Any) -> Any:
    return special.boxcox(x, _given("boxcox", lmbda))


def _yeojohnson(x: Any, lmbda: Any) -> Any:
    """Box and Cox's transformation of 1 + x on the right of 0, on the left of 1 − x by 2 − λ."""
    lmbda = _given("yeojohnson", lmbda)
    right = np.greater_equal(x, 0)
    one, other = np.where(right, x, 0), np.where(right, 0, -x)
    return np.where(
        right, special.boxcox1p(one, lmbda), -special.boxcox1p(other, 2 - as_array(lmbda))
    )


def _as(result: type, name: str) -> Callable[..., Any]:
    """SciPy's function with a result of ours."""
    function = of(f"stats.{name}").implementation
    return lambda *args, **kwargs: result(*function(*args, **kwargs))


def _likelihood(transform: Callable[..., Any], slope: Callable[..., Any]) -> Callable[..., Any]:
    """The log likelihood of what a transformation makes normal: − n/2 log σ² + Σ log slope."""

    def text(lmb: Any, data: Any, axis: Any = 0) -> Any:
        variance = np.var(transform(data, lmb), axis)
        n = data.shape[axis] if axis is not None else data.size
        return (lmb - 1) * np.sum(slope(data), axis) - n / 2 * np.log(variance)

    return text


def _log_slope(x: Any) -> Any:
    """sign(x) log(1 + |x|), which is smooth."""
    right = np.greater_equal(x, 0)
    return np.where(right, np.log1p(np.where(right, x, 0)), -np.log1p(np.where(right, 0, -x)))


def _distance(size: Callable[[Any], Any], u: Any, v: Any, u_weights: Any, v_weights: Any) -> Any:
    """∫ size(U − V) of two distribution functions, which is Σ cᵢ xᵢ over the points of both.

    U − V jumps by mᵢ at xᵢ. Were xᵢ moved up, it would be smaller by mᵢ on the way; moved down,
    larger: cᵢ is the mean of both derivatives, which are one where no points coincide.
    """
    u, v = as_array(u), as_array(v)
    masses = []
    for x, weights, sign in ((u, u_weights, 1), (v, v_weights, -1)):
        w = np.ones(x.shape) if weights is None else np.asarray(weights, float)
        masses.append(sign * w / np.sum(w))
    mass, points = np.concatenate(masses), np.concatenate([u, v])

    def coefficients(values: Any) -> Any:
        order = np.argsort(values)
        total = np.append(0, np.cumsum(mass[order]))
        before = total[np.searchsorted(values[order], values, "left")]
        after = total[np.searchsorted(values[order], values, "right")]
        return (size(after - mass) - size(after) - size(before + mass) + size(before)) / 2

    return np.sum(on_values(coefficients, points) * points)


def _wasserstein(u_values: Any, v_values: Any, u_weights: Any, v_weights: Any) -> Any:
    return _distance(np.absolute, u_values, v_values, u_weights, v_weights)


def _energy(u_values: Any, v_values: Any, u_weights: Any, v_weights: Any, ans: Any) -> Any:
    # of equal distributions 0, as a norm
    square = 2 * _distance(np.square, u_values, v_values, u_weights, v_weights)
    return np.sqrt(square) if ans > 0 else 0 * square


def _row(name: str, text: Callable[..., Any], *operands: str, **options: Any) -> Row:
    return defined(of(f"stats.{name}"), text, *operands, **options)


ROWS = (
    _row("gmean", lambda a, axis, weights: _power_mean(a, 0, axis, weights), "a", "weights"),
    _row("hmean", lambda a, axis, weights: _power_mean(a, -1, axis, weights), "a", "weights"),
    _row("pmean", _power_mean, "a", "weights"),
    _row("gstd", lambda a, axis, ddof: np.exp(np.std(np.log(a), axis, ddof=ddof)), "a"),
    _row("moment", _moment, "a", "center"),
    _row("skew", _skew, "a"),
    _row("kurtosis", _kurtosis, "a"),
    _row("describe", _describe, "a", constant_outputs={0}),
    _row("sem", lambda a, axis, ddof: np.std(a, axis, ddof=ddof) / sqrt(_count(a, axis)), "a"),
    _row("variation", lambda a, axis, ddof: np.std(a, axis, ddof=ddof) / np.mean(a, axis), "a"),
    _row("zscore", lambda a, axis, ddof: _score(a, a, axis, ddof), "a"),
    _row("zmap", _score, "scores", "compare"),
    _row("gzscore", lambda a, axis, ddof: _score(np.log(a), np.log(a), axis, ddof), "a"),
    _row("tmean", _trimmed(lambda a, axis, ddof, **options: np.mean(a, axis, **options)), "a"),
    _row("tvar", _trimmed(np.var), "a"),
    _row("tstd", _trimmed(np.std), "a"),
    _row("tsem", _trimmed(np.std, root_of_count=True), "a"),
    _row("tmin", _tmin, "a"),
    _row("tmax", _tmax, "a"),
    _row("trim_mean", _trim_mean, "a"),
    _row("iqr", _iqr, "x"),
    _row("median_abs_deviation", _mad, "x"),
    _row("entropy", _entropy, "pk", "qk"),
    _row("circmean", _circmean, "samples"),
    _row("circvar", lambda samples, high, low, axis: 1 - _length(samples, high, low, axis),
         "samples"),
    _row("circstd", _circstd, "samples"),
    _row("pearsonr", _pearsonr, "x", "y", kernel=_as(PearsonRResult, "pearsonr")),
    _row("linregress", _linregress, "x", "y", kernel=_as(LinregressResult, "linregress")),
    _row("boxcox", _boxcox, "x", "lmbda"),
    _row("yeojohnson", _yeojohnson, "x", "lmbda"),
    _row("boxcox_llf", _likelihood(_boxcox, np.log), "lmb", "data"),
    _row("yeojohnson_llf", _likelihood(_yeojohnson, _log_slope), "lmb", "data"),
    _row("wasserstein_distance", _wasserstein, "u_values", "v_values"),
    _row("energy_distance", _energy, "u_values", "v_values"),
)  # fmt: skip

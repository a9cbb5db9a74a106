"""Variances, averages and correlations.

Policy: the standard deviation of equal values has gradient 0, to every order.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..core.arrays import Array, as_array, cast, sum_to
from ..core.rules import count_of, divide_by_count, restored
from ..core.signature import signature
from ..core.table import Row, general
from .composed import composed


def _deviations(a: Array, axis: Any, where: Any, mean: Any) -> Any:
    """x − mean, and 0 for what is left out; conjugate where x is complex."""
    if mean is not None:
        return _left_in(np.conjugate(a - mean), where)
    count = count_of(a, axis, True, where)
    mean = _mean(_left_in(a, where), axis, count)
    deviations = _left_in(np.conjugate(a - mean), where)
    # The mean is off by some units in its last place. The mean of the deviations takes that away,
    # and where the values are equal exactly so: the deviations are then one number of few bits.
    return _left_in(deviations - _mean(deviations, axis, count), where)


def _mean(x: Array, axis: Any, count: Any) -> Any:
    """Σ x / n in the dtype of x, without a warning for n = 0; float16 is added up in float32."""
    total = np.sum(x, axis, np.result_type(x.dtype, np.float32), keepdims=True)
    return cast(total / np.asarray(count, np.float64), x.dtype)


def _left_in(x: Array, where: Any) -> Any:
    return x if where is True else np.where(where, x, 0)


def _freedom(a: Array, axis: Any, ddof: Any, where: Any) -> Any:
    """The degrees of freedom, n − ddof, with the reduced axes of length 1."""
    return np.maximum(count_of(a, axis, True, where) - np.asarray(ddof, np.float64), 0)


def var_slope(
    a: Array, ans: Array, axis: Any, keepdims: Any, ddof: Any, where: Any, mean: Any
) -> Any:
    """2 (x − mean)/(n − ddof): the derivative of the variance."""
    return divide_by_count(2 * _deviations(a, axis, where, mean), _freedom(a, axis, ddof, where))


def std_slope(
    a: Array, ans: Array, axis: Any, keepdims: Any, ddof: Any, where: Any, mean: Any
) -> Any:
    """(x − mean)/(n − ddof)/std, and 0 where all values are equal or std underflows to 0."""
    deviations = _deviations(a, axis, where, mean)
    length = cast(restored(ans, a, axis, keepdims), deviations.real.dtype)
    zero = np.logical_or(np.all(np.equal(deviations, 0), axis, keepdims=True), np.equal(length, 0))
    directions = np.where(zero, 0, deviations / np.where(zero, 1, length))
    return divide_by_count(directions, _freedom(a, axis, ddof, where))


def spread_row(
    function: Callable[..., Any],
    slope: Callable[..., Any],
    counted: Callable[[Array, Any], Any] = lambda a, where: where,
) -> Row:
    """The row of a variance or standard deviation of what is `counted`, with this `slope`.

    By a mean that is given the derivative is the opposite of all elements' together.
    """

    def vjp(
        g: Any, a: Any, ans: Any, axis: Any, keepdims: Any, ddof: Any, where: Any, mean: Any
    ) -> Any:
        a = as_array(a)
        parts = slope(a, ans, axis, keepdims, ddof, counted(a, where), mean)
        return restored(g, a, axis, keepdims) * parts

    def jvp(
        t: Any, a: Any, ans: Any, axis: Any, keepdims: Any, ddof: Any, where: Any, mean: Any
    ) -> Any:
        a = as_array(a)
        parts = np.real(t * slope(a, ans, axis, keepdims, ddof, counted(a, where), mean))
        return cast(np.sum(parts, axis, keepdims=keepdims), ans.dtype)

    return general(
        function,
        signature(
            "a", "*", axis=None, dtype=None, out=None, ddof=0, keepdims=False, where=True, mean=None
        ),
        (
            lambda g, a, ans, axis, keepdims, ddof, where, mean: cast(
                vjp(g, a, ans, axis, keepdims, ddof, where, mean), a.dtype
            ),
            jvp,
        ),
        mean=(
            lambda g, a, ans, axis, keepdims, ddof, where, mean: cast(
                sum_to(-vjp(g, a, ans, axis, keepdims, ddof, where, mean), mean.shape), mean.dtype
            ),
            lambda t, a, ans, axis, keepdims, ddof, where, mean: (
                -jvp(t, a, ans, axis, keepdims, ddof, where, mean)
            ),
        ),
        aliases={"correction": "ddof"},
        real={"mean": ("a",)},
    )


def _average(a: Array, axis: Any, weights: Any, returned: Any, keepdims: Any) -> Any:
    a = as_array(a)
    if axis is not None:
        axis = normalize_axis_tuple(axis, a.ndim)
    if weights is None:
        mean = np.mean(a, axis, keepdims=keepdims)
        if not mean.size:
            raise ZeroDivisionError(f"np.average: an array of shape {a.shape} has no average")
        if not returned:
            return mean
        total = mean.dtype.type(a.size / mean.size)
    else:
        weights = as_array(weights)
        weights = _laid_along(weights, a.shape, axis)
        dtype = np.result_type(a.dtype, weights.dtype, *["f8"] * (a.dtype.kind in "biu"))
        total = np.sum(weights, axis, dtype, keepdims=keepdims)
        if np.any(np.equal(total, 0)):
            raise ZeroDivisionError(
                "np.average: the weights sum to zero, so that no average can be formed; "
                "use np.sum(a * weights) for a sum"
            )
        mean = np.sum(cast(a, dtype) * cast(weights, dtype), axis, keepdims=keepdims) / total
    if not returned:
        return mean
    return mean, np.positive(np.broadcast_to(total, mean.shape))


def _laid_along(weights: Any, shape: tuple[int, ...], axis: Any) -> Any:
    """The weights of an average with axes where the array of `shape` has them."""
    if weights.shape == shape:
        return weights
    if axis is None:
        raise TypeError(
            f"np.average: weights of shape {weights.shape} for an array of shape {shape} need the "
            "argument 'axis'"
        )
    if weights.shape != tuple([shape[i] for i in axis]):
        raise ValueError(
            f"np.average: weights of shape {weights.shape} do not fit an array of shape {shape} "
            f"along axis {', '.join(map(str, axis))}"
        )
    ordered = np.transpose(weights, sorted(range(len(axis)), key=axis.__getitem__))
    return ordered.reshape([n if i in axis else 1 for i, n in enumerate(shape)])


def _cov(
    m: Array, y: Array, rowvar: Any, bias: Any, ddof: Any, fweights: Any, aweights: Any, ans: Array
) -> Any:
    """Σ w (x − mean)(x − mean)ᴴ over n − ddof, a row a variable and a column an observation."""
    m = as_array(m)
    x = m.reshape((1, m.size)) if m.ndim < 2 else m if rowvar else m.T
    if not x.shape[0]:
        return np.zeros((0, 0))  # as NumPy does, whatever is beside it
    if y is not None:
        y = as_array(y)
        y = y.reshape((1, y.size)) if y.ndim < 2 else y if rowvar or y.shape[0] == 1 else y.T
        x = np.concatenate([x, y], 0)
    x = cast(x, ans.dtype)
    ddof = int(bias == 0) if ddof is None else ddof
    if fweights is None and aweights is None:
        x = x - np.mean(x, 1, keepdims=True)
        weighted, freedom = x, x.shape[1] - ddof
    else:
        share = 1.0 if aweights is None else cast(as_array(aweights), np.dtype(float))
        weights = share if fweights is None else share * np.asarray(fweights, float)
        x = x - np.average(x, 1, weights, keepdims=True)
        total = np.sum(weights)
        weighted = x * weights
        freedom = total - ddof * (np.sum(weights * share) / total) if ddof else total
    return np.squeeze(np.dot(x, np.conjugate(weighted).T) / max(freedom, 0))


def _corrcoef(x: Array, y: Array, rowvar: Any, dtype: Any) -> Any:
    c = np.cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    deviations = np.sqrt(np.real(np.diagonal(c)))
    return c / deviations[:, None] / deviations


ROWS = (
    spread_row(np.var, var_slope),
    spread_row(np.std, std_slope),
    composed(
        np.ptp,
        signature("a", axis=None, out=None, keepdims=False),
        lambda a, axis, keepdims: (
            np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims)
        ),
        {"a"},
    ),
    composed(
        np.average,
        signature("a", "*", axis=None, weights=None, returned=False, keepdims=False),
        _average,
        {"a", "weights"},
        analytic=True,
    ),
    composed(
        np.cov,
        signature(
            "m", "*", y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None,
            dtype=None,
        ),
        _cov,
        {"m", "y", "aweights"},
        own_value=True,
        real={"aweights": (), "fweights": ()},
    ),
    composed(
        np.corrcoef, signature("x", "*", y=None, rowvar=True, dtype=None), _corrcoef, {"x", "y"},
        own_value=True,
    ),
)  # fmt: skip

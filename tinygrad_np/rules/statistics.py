"""Variances, averages and correlations.

Policy: the standard deviation of equal values has gradient 0, to every order.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..kernels.dispatch import as_array
from ..kernels.elementwise import cast, per
from ..kernels.shapes import sum_to
from .reductions import count_of, restored
from .table import Row, composed, general, takes


def _deviations(a: Any, axis: Any, where: Any, mean: Any) -> Any:
    """x − mean, and 0 for what is left out; conjugate where x is complex."""
    if mean is not None:
        return _left_in(np.conjugate(a - mean), where)
    count = count_of(a, axis, True, where)
    mean = _mean(_left_in(a, where), axis, count)
    deviations = _left_in(np.conjugate(a - mean), where)
    # The mean is off by some units in its last place. The mean of the deviations takes that away,
    # and where the values are equal exactly so: the deviations are then one number of few bits.
    return _left_in(deviations - _mean(deviations, axis, count), where)


def _mean(x: Any, axis: Any, count: Any) -> Any:
    """Σ x / n in the dtype of x, without a warning for n = 0; float16 is added up in float32."""
    total = np.sum(x, axis, np.result_type(x.dtype, np.float32), keepdims=True)
    return cast(total / np.asarray(count, np.float64), x.dtype)


def _left_in(x: Any, where: Any) -> Any:
    return x if where is True else np.where(where, x, 0)


def _freedom(a: Any, axis: Any, ddof: Any, where: Any) -> Any:
    """The degrees of freedom, n − ddof, with the reduced axes of length 1."""
    return np.maximum(count_of(a, axis, True, where) - np.asarray(ddof, np.float64), 0)


def var_slope(a: Any, ans: Any, axis: Any, keepdims: Any, ddof: Any, where: Any, mean: Any) -> Any:
    """2 (x − mean)/(n − ddof): the derivative of the variance."""
    return per(2 * _deviations(a, axis, where, mean), _freedom(a, axis, ddof, where))


def std_slope(a: Any, ans: Any, axis: Any, keepdims: Any, ddof: Any, where: Any, mean: Any) -> Any:
    """(x − mean)/(n − ddof)/std, and 0 where all values are equal or std underflows to 0."""
    deviations = _deviations(a, axis, where, mean)
    length = cast(restored(ans, a, axis, keepdims), deviations.real.dtype)
    zero = np.logical_or(np.all(np.equal(deviations, 0), axis, keepdims=True), np.equal(length, 0))
    directions = np.where(zero, 0, deviations / np.where(zero, 1, length))
    return per(directions, _freedom(a, axis, ddof, where))


def _pulled(g: Any, slope: Any, a: Any, ans: Any, axis: Any, keepdims: Any, *rest: Any) -> Any:
    """Each element's cotangent."""
    return restored(g, a, axis, keepdims) * slope(a, ans, axis, keepdims, *rest)


def _pushed(t: Any, slope: Any, a: Any, ans: Any, axis: Any, keepdims: Any, *rest: Any) -> Any:
    return np.sum(np.real(t * slope(a, ans, axis, keepdims, *rest)), axis, keepdims=keepdims)


def spread_row(function: Callable[..., Any], slope: Callable[..., Any]) -> Row:
    """The row of a variance or standard deviation with this derivative by each element.

    By a mean that is given it is the opposite of all elements' together.
    """
    return general(
        function,
        takes(
            "a", "*", axis=None, dtype=None, out=None, ddof=0, keepdims=False, where=True, mean=None
        ),
        (
            lambda g, a, ans, axis, keepdims, ddof, where, mean: _as(
                _pulled(g, slope, a, ans, axis, keepdims, ddof, where, mean), a.dtype
            ),
            lambda t, a, ans, axis, keepdims, ddof, where, mean: _pushed(
                t, slope, a, ans, axis, keepdims, ddof, where, mean
            ),
        ),
        mean=(
            lambda g, a, ans, axis, keepdims, ddof, where, mean: _as(
                sum_to(
                    -_pulled(g, slope, as_array(a), ans, axis, keepdims, ddof, where, mean),
                    mean.shape,
                ),
                mean.dtype,
            ),
            lambda t, a, ans, axis, keepdims, ddof, where, mean: _pushed(
                -t, slope, as_array(a), ans, axis, keepdims, ddof, where, mean
            ),
        ),
        aliases={"correction": "ddof"},
        real={"mean": ("a",)},
    )


def _average(a: Any, axis: Any, weights: Any, returned: Any, keepdims: Any) -> Any:
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
        mean = np.sum(_as(a, dtype) * _as(weights, dtype), axis, keepdims=keepdims) / total
    if not returned:
        return mean
    return mean, np.positive(np.broadcast_to(total, mean.shape))


def _as(x: Any, dtype: Any) -> Any:
    return x if x.dtype == dtype else cast(x, dtype)


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
    m: Any, y: Any, rowvar: Any, bias: Any, ddof: Any, fweights: Any, aweights: Any, dtype: Any
) -> Any:
    """A row a variable, a column an observation: Σ w (x − mean)(x − mean)ᴴ over n − ddof."""
    samples = [as_array(part) for part in (m, y) if part is not None]
    if any(part.ndim > 2 for part in samples):
        raise ValueError("np.cov: takes arrays of one or two dimensions")
    dtype = np.dtype(dtype or np.result_type(*[part.dtype for part in samples], np.float64))
    rows = [_as_rows(_as(part, dtype), rowvar) for part in samples]
    x = rows[0] if y is None else np.concatenate(rows, 0)
    if x.shape[0] == 0:
        return np.zeros((0, 0))
    if ddof is None:
        ddof = 1 if bias == 0 else 0
    elif ddof != int(ddof):
        raise ValueError(f"np.cov: ddof must be a whole number, not {ddof}")
    weights = _observation_weights(fweights, aweights, x.shape[1])
    mean, total = _average(x, 1, weights, True, False)
    if weights is None:
        freedom = x.shape[1] - ddof
    elif ddof == 0:
        freedom = total[0]
    elif aweights is None:
        freedom = total[0] - ddof
    else:
        # summed one after the other, as NumPy does here
        freedom = total[0] - ddof * np.cumsum(weights * as_array(aweights))[-1] / total[0]
    if freedom <= 0:
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=2)
        freedom = 0.0
    x = x - mean[:, None]
    weighted = (x if weights is None else x * weights).T
    c = np.dot(x, np.conjugate(weighted) if dtype.kind == "c" else weighted)
    return np.squeeze(c * np.true_divide(1, freedom))


def _as_rows(part: Any, rowvar: Any) -> Any:
    if part.ndim < 2:
        return part.reshape((1, part.size))
    return part if rowvar else part.T


def _observation_weights(fweights: Any, aweights: Any, n: int) -> Any:
    weights = None
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is None:
            continue
        given = as_array(given)
        given = _as(given, np.dtype(float))
        if given.shape != (n,):
            raise RuntimeError(f"np.cov: {name} of shape {given.shape} for {n} observations")
        if np.any(np.less(given, 0)):
            raise ValueError(f"np.cov: {name} cannot be negative")
        if name == "fweights" and not np.all(np.equal(given, np.around(given))):
            raise TypeError("np.cov: fweights must be whole numbers")
        weights = given if weights is None else weights * given
    return weights


def _corrcoef(x: Any, y: Any, rowvar: Any, dtype: Any) -> Any:
    c = _cov(x, y, rowvar, False, None, None, None, dtype)
    if c.ndim == 0:
        return c / c
    each = np.arange(c.shape[0])
    deviations = np.sqrt(np.real(c[each, each]))
    c = c / deviations[:, None] / deviations[None, :]
    if c.dtype.kind != "c":
        return np.clip(c, -1, 1)
    return np.clip(np.real(c), -1, 1) + 1j * np.clip(np.imag(c), -1, 1)


ROWS = (
    spread_row(np.var, var_slope),
    spread_row(np.std, std_slope),
    composed(
        np.ptp,
        takes("a", axis=None, out=None, keepdims=False),
        lambda a, axis, keepdims: (
            np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims)
        ),
        {"a"},
    ),
    composed(
        np.average,
        takes("a", "*", axis=None, weights=None, returned=False, keepdims=False),
        _average,
        {"a", "weights"},
        analytic=True,
    ),
    composed(
        np.cov,
        takes(
            "m", "*", y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None,
            dtype=None,
        ),
        _cov,
        {"m", "y", "aweights"},
        real={"aweights": (), "fweights": ()},
    ),
    composed(
        np.corrcoef, takes("x", "*", y=None, rowvar=True, dtype=None), _corrcoef, {"x", "y"}
    ),
)  # fmt: skip

"""Arithmetic, powers, extrema and bounds, elementwise.

Written policy for kinks and ties: ``abs'(0)`` is 0, and so are those of `fabs` and `copysign`;
`maximum` and `minimum` split a tie equally; so do `fmax` and `fmin`, which give nothing to a nan
unless both are; `clip` passes the cotangent on the closed interval, ``x**0`` has derivative 0
everywhere. `nextafter` has derivative 1: it is x but for a rounding error. `heaviside` passes the
cotangent to its second operand where the first is 0, and is constant elsewhere.
"""

from typing import Any

import numpy as np
from numpy._core import umath

from ..kernels.elementwise import (
    bernoulli_loss,
    cast,
    direction,
    divide_by_count,
    edges,
    logistic_loss,
    logistic_residual,
    max_weight,
    mean_logistic_loss,
    multiply_no_nan,
    multiply_no_nan_both,
    off_zero,
    relu,
    relu_gate,
    sigmoid,
    sigmoid_log_loss,
    sigmoid_slope,
    xdivy,
)
from .table import general, linear, over, pointwise, same, takes


def _power_by_base(x: Any, y: Any) -> Any:
    """y·x**(y − 1), and 0 for y = 0 where x is 0 or nan, and that is 0·∞ or 0·nan."""
    if isinstance(y, (int, float, complex)):
        if y == 2:
            return x + x  # of all powers the one that is met most
        return y * x ** (y - 1) if y else np.zeros_like(x)
    is_zeroth = np.equal(y, 0)
    if not is_zeroth.any():
        return y * x ** (y - 1)
    dead = np.logical_and(is_zeroth, np.logical_not(np.greater(np.absolute(x), 0)))
    return np.where(dead, 0, y * np.where(dead, 1, x) ** (y - 1))


def _power_by_exponent(ans: Any, x: Any, y: Any) -> Any:
    """ans·log x; 0**y is constant for y > 0, and infinite for y < 0. By policy 0 at y = 0."""
    if isinstance(x, (int, float, complex)):
        x = np.asarray(x, ans.dtype)
    elif x.dtype.kind != ans.dtype.kind:
        x = cast(x, ans.dtype)  # of a negative base the logarithm is complex
    base_is_zero = np.equal(x, 0)
    at_zero = np.where(np.less(y, 0), -np.inf, 0.0).astype(ans.dtype)
    return ans * np.where(base_is_zero, at_zero, np.log(np.where(base_is_zero, 1, x)))


def _across(x: Any, y: Any) -> Any:
    """The derivative of `direction` by x: y²/√(x² + y²)³, and 0 at the origin."""
    length = np.hypot(x, y)
    across = direction(y, x)
    return across * (across / np.where(np.equal(length, 0), 1, length))


def _along(x: Any, y: Any) -> Any:
    """The derivative of `direction` by y: −xy/√(x² + y²)³, and 0 at the origin."""
    length = np.hypot(x, y)
    return -(direction(x, y) * direction(y, x)) / np.where(np.equal(length, 0), 1, length)


def _unit(x: Any, length: Any) -> Any:
    """x / length, and 0 where the length is 0."""
    zero = np.equal(length, 0)
    return np.where(zero, 0, x / np.where(zero, 1, length))


def _direction(x: Any) -> Any:
    """The derivative of abs x: sign x, or x̄ / abs x where x is complex."""
    return _unit(np.conjugate(x), np.absolute(x)) if x.dtype.kind == "c" else np.sign(x)


def _binary_scale(ans: Any) -> Any:
    """2**−e, where the result of frexp is (m, e) and its argument m·2**e."""
    return np.ldexp(np.ones_like(ans[0]), -ans[1])


def _imaginary(g: Any, val_like: Any) -> Any:
    return g * -1j if val_like.dtype.kind == "c" else g * 0


def _remaining(x: Any, y: Any) -> Any:
    return -np.floor_divide(x, y)


def _like(y: Any, g: Any) -> Any:
    """A Python number as an array, because as a number it cannot be divided by if it is 0."""
    return np.asarray(y, g.dtype) if isinstance(y, (int, float, complex)) else y


def _alive(factor: Any, x: Any) -> Any:
    """`factor`, and 0 where it is not finite and `x` is 0: there their product is defined as 0.

    Elsewhere an x that is 0 by chance keeps its factor, which is its derivative.
    """
    factor = _like(factor, x)
    dead = np.logical_and(np.equal(x, 0), np.logical_not(np.isfinite(factor)))
    return np.where(dead, 0, factor)


def _among_numbers(x: Any, y: Any, share: Any) -> Any:
    """The share of x in fmax or fmin, a nan only if both are: `share` where neither is one."""
    x_is_nan, y_is_nan = np.isnan(x), np.isnan(y)
    share = np.where(x_is_nan, 0, np.where(y_is_nan, 1, share))
    return np.where(np.logical_and(x_is_nan, y_is_nan), 0.5, share)


def _clip_kernel(a: Any, a_min: Any = None, a_max: Any = None, **kwargs: Any) -> Any:
    return np.clip(a, a_min, a_max, **kwargs)


def _clip_keeps(a: Any, a_min: Any, a_max: Any) -> Any:
    low = True if a_min is None else np.greater_equal(a, a_min)
    high = True if a_max is None else np.less_equal(a, a_max)
    return np.logical_and(low, high)


def _clip_low(a: Any, a_min: Any, a_max: Any) -> Any:
    below = np.less(a, a_min)
    return below if a_max is None else np.logical_and(below, np.less_equal(a_min, a_max))


def _clip_high(a: Any, a_min: Any, a_max: Any) -> Any:
    kept = _clip_keeps(a, a_min, a_max)
    if a_min is None:
        return np.logical_not(kept)
    return np.logical_not(np.logical_or(kept, _clip_low(a, a_min, a_max)))


def _by_probability(probabilities: Any, labels: Any, bound: Any) -> Any:
    p, q = _hit_and_miss(probabilities, bound)
    return (1 - labels) / q - labels / p


def _by_label(probabilities: Any, bound: Any) -> Any:
    p, q = _hit_and_miss(probabilities, bound)
    return np.log(q) - np.log(p)


def _hit_and_miss(probabilities: Any, bound: Any) -> tuple[Any, Any]:
    """p and 1 − p as `bernoulli_loss` is differentiated by them: as they are, but never 0."""
    low, gap = edges(bound, probabilities.dtype)
    return off_zero(probabilities, low), off_zero(1 - probabilities, gap)


_UMATH: Any = umath
_CLIP = _UMATH.clip  # the ufunc beneath numpy.clip

ROWS = (
    # sums, products, quotients
    linear(np.add, lambda g: g, lambda g: g),
    linear(np.subtract, lambda g: g, lambda g: -g),
    linear(np.negative, lambda g: -g),
    linear(np.positive, lambda g: g),
    pointwise(np.multiply, lambda y: y, lambda x: x, analytic=True),
    general(
        np.divide,
        same(lambda g, y: g / y),
        same(lambda g, ans, y: -g * ans / y),
        analytic=True,
        strong={
            "x": lambda g, y: multiply_no_nan(g, 1 / _like(y, g)),
            "y": lambda g, ans, y: multiply_no_nan(g, -ans / _like(y, g)),
        },
    ),
    pointwise(np.reciprocal, lambda ans: -ans * ans, analytic=True),
    pointwise(np.remainder, lambda: 1, _remaining),
    pointwise(np.fmod, lambda: 1, lambda x, y, ans: np.rint((ans - x) / y)),
    general(
        np.divmod,
        (lambda g: g[1], lambda t: (None, t)),
        (lambda g, x, y: g[1] * _remaining(x, y), lambda t, x, y: (None, t * _remaining(x, y))),
        constant_outputs=(0,),
    ),
    general(np.modf, (lambda g: g[0], lambda t: (t, None)), constant_outputs=(1,)),
    general(
        np.frexp,
        (
            lambda g, ans: g[0] * _binary_scale(ans),
            lambda t, ans: (t * _binary_scale(ans), None),
        ),
        constant_outputs=(1,),
    ),
    # powers and roots
    pointwise(np.square, lambda x: x + x, analytic=True),
    pointwise(np.sqrt, over(lambda ans: ans + ans), analytic=True),
    pointwise(np.cbrt, over(lambda ans: 3 * ans * ans)),
    pointwise(np.power, _power_by_base, _power_by_exponent, analytic=True),
    pointwise(np.float_power, _power_by_base, _power_by_exponent, analytic=True),
    pointwise(
        np.hypot,
        lambda x, y, ans: direction(x, y, ans),
        lambda x, y, ans: direction(y, x, ans),
    ),
    pointwise(
        direction,
        _across,
        _along,
        locally_constant={"length": "what depends on it is in the derivatives by x and y"},
    ),
    # size and sign; the transposes of conjugating maps conjugate
    general(
        np.absolute,
        (lambda g, x: g * _direction(x), lambda t, x: np.real(t * _direction(x))),
    ),
    linear(np.conjugate, lambda g: np.conjugate(g)),
    linear(np.real, takes("val"), lambda g: g, broadcasts=True),
    linear(np.imag, takes("val"), lambda g, val_like: _imaginary(g, val_like), broadcasts=True),
    pointwise(np.fabs, lambda x: np.sign(x)),
    pointwise(
        np.copysign,
        lambda x, ans: np.sign(x) * np.sign(ans),
        locally_constant={"y": "only its sign counts: the result jumps where that changes"},
    ),
    general(
        np.ldexp,
        takes("x", "exponent", dtype=None),
        same(lambda g, exponent: np.ldexp(g, exponent)),
    ),
    pointwise(
        np.nextafter,
        lambda: 1,
        locally_constant={"y": "only the direction counts, in which the next number is sought"},
    ),
    pointwise(
        np.heaviside,
        y=lambda x: np.equal(x, 0),
        locally_constant={"x": "a step: the result jumps at 0 and is constant elsewhere"},
    ),
    # extrema and bounds
    pointwise(np.maximum, lambda x, y: max_weight(x, y), lambda x, y: max_weight(y, x)),
    pointwise(np.minimum, lambda x, y: max_weight(y, x), lambda x, y: max_weight(x, y)),
    pointwise(
        np.fmax,
        lambda x, y: _among_numbers(x, y, max_weight(x, y)),
        lambda x, y: _among_numbers(y, x, max_weight(y, x)),
    ),
    pointwise(
        np.fmin,
        lambda x, y: _among_numbers(x, y, max_weight(y, x)),
        lambda x, y: _among_numbers(y, x, max_weight(x, y)),
    ),
    pointwise(
        np.clip,
        takes("a", a_min=None, a_max=None, out=None, dtype=None),
        kernel=_clip_kernel,
        aliases={"min": "a_min", "max": "a_max"},
        a=_clip_keeps,
        a_min=_clip_low,
        a_max=_clip_high,
    ),
    pointwise(
        _CLIP,
        takes("x", "low", "high", dtype=None),
        lambda x, low, high: _clip_keeps(x, low, high),
        lambda x, low, high: _clip_low(x, low, high),
        lambda x, low, high: _clip_high(x, low, high),
    ),
    linear(
        np.where,
        takes("condition", x=None, y=None),
        x=lambda g, condition: np.where(condition, g, 0),
        y=lambda g, condition: np.where(condition, 0, g),
        broadcasts=True,
    ),
    # the project's own
    general(relu, same(lambda g, ans: relu_gate(g, ans))),
    linear(
        relu_gate,
        lambda g, y: relu_gate(g, y),
        locally_constant={"y": "a mask: the result jumps where it changes sign"},
    ),
    pointwise(sigmoid, lambda x: sigmoid_slope(x)),
    pointwise(sigmoid_slope, lambda x, ans: -np.tanh(0.5 * x) * ans),
    pointwise(
        logistic_loss,
        lambda logits, labels: logistic_residual(logits, labels),
        lambda logits: -logits,
    ),
    general(
        mean_logistic_loss,
        (
            lambda g, logits, labels: (
                divide_by_count(g, logits.size) * logistic_residual(logits, labels)
            ),
            lambda t, logits, labels: np.mean(t * logistic_residual(logits, labels)),
        ),
        (
            lambda g, logits: divide_by_count(g, -logits.size) * logits,
            lambda t, logits: -np.mean(t * logits),
        ),
    ),
    pointwise(logistic_residual, lambda logits: sigmoid_slope(logits), lambda: -1),
    pointwise(bernoulli_loss, _by_probability, _by_label),
    pointwise(
        sigmoid_log_loss,
        lambda logits, labels: logistic_residual(logits, labels),
        lambda logits: -logits,
    ),
    pointwise(off_zero, lambda: 1),
    linear(divide_by_count, lambda g, count: divide_by_count(g, count)),
    general(
        multiply_no_nan,
        same(lambda g, x, factor: multiply_no_nan(g, _alive(factor, x))),
        same(lambda g, x: multiply_no_nan_both(g, x)),
        broadcasts=True,
    ),
    general(
        multiply_no_nan_both,
        same(lambda g, x, y: multiply_no_nan_both(g, _alive(y, x))),
        same(lambda g, x, y: multiply_no_nan_both(g, _alive(x, y))),
        broadcasts=True,
    ),
    pointwise(xdivy, over(lambda y: y), lambda x, y: -xdivy(xdivy(x, y), y)),
)

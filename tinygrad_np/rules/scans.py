"""Products over axes, and running sums and products.

Policy: products are exact with zeros, to every order, since nothing is divided by a factor.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.arrays import Array
from ..core.dispatch import array_function
from ..core.plan import Shaped
from ..core.rules import restored
from ..core.signature import signature
from ..core.table import Row, general, linear
from .composed import composed
from .lines import lines, unlined


def _product_of_the_others(a: Any, axis: Any, where: Any) -> Any:
    """For each element the product of all others that go into the same result; 0 where none does.

    They are the ones before it, times the ones behind.
    """
    x = lines(a if where is True else np.where(where, a, 1), axis)
    before, behind = [np.cumprod(shifted(part, 1), -1) for part in (x, np.flip(x, -1))]
    others = unlined(before * np.flip(behind, -1), a, axis)
    return others if where is True else np.where(where, others, 0)


def prod_vjp(g: Array, a: Array, axis: Any, keepdims: Any, initial: Any, where: Any) -> Any:
    """Each factor's cotangent is the product of the others, times the product's."""
    g = restored(g * _start(initial, g), a, axis, keepdims)
    return g * _product_of_the_others(a, axis, where)


def prod_jvp(t: Array, a: Array, axis: Any, keepdims: Any, initial: Any, where: Any) -> Any:
    """The product rule."""
    others = _product_of_the_others(a, axis, where)
    return np.sum(t * others, axis, keepdims=keepdims) * _start(initial, t)


def _start(initial: Any, like: Any) -> Any:
    """What a product starts from; None is NumPy's word for nothing at all."""
    return np.asarray(1 if initial is None else initial, like.dtype)


def axis_last(a: Array, axis: Any) -> Any:
    """`a` with one axis last: None is all of them in one; one alone in a tuple is that one."""
    if axis is None:
        return a.reshape((a.size,))
    return np.swapaxes(a, axis[0] if type(axis) is tuple else axis, -1)


def axis_back(a: Any, a_like: Any, axis: Any) -> Any:
    """The inverse of `axis_last`, for an array of the shape of `a_like`."""
    return a.reshape(a_like.shape) if axis is None else axis_last(a, axis)


@array_function
def linear_scan(factors: Any, terms: Any) -> Any:
    """y with y₀ = b₀ and yᵢ = fᵢ·yᵢ₋₁ + bᵢ along the last axis, for factors f and terms b.

    Both have one shape; f₀ plays no part. It takes log₂ n steps over the whole array, each of which
    doubles how far back yᵢ reaches (Hillis and Steele, 1986); nothing is divided, so it is exact
    with zeros among the factors.

    >>> linear_scan(np.array([0.0, 2.0, 3.0]), np.array([1.0, 1.0, 10.0]))
    array([ 1.,  3., 19.])
    """
    reached = np.array(terms, np.result_type(factors, terms))
    factors = np.array(factors, reached.dtype)
    width = 1
    while width < reached.shape[-1]:
        # yᵢ so far goes back to i − width + 1; the product of as many factors takes it further.
        reached[..., width:] += factors[..., width:] * reached[..., :-width]
        factors[..., width:] = factors[..., width:] * factors[..., :-width]
        width *= 2
    return reached


def cumsum_vjp(g: Array, a_like: Shaped, axis: Any) -> Any:
    """Each element's cotangent is the sum of those from its place on."""
    g = axis_last(g, axis)
    return axis_back(np.flip(np.cumsum(np.flip(g, -1), -1), -1), a_like, axis)


def shifted(y: Array, first: float) -> Any:
    """Along the last axis, the element before each, and `first` before the first one."""
    one = np.full((*y.shape[:-1], min(1, y.shape[-1])), first, y.dtype)
    return np.concatenate([one, y[..., :-1]], -1)


def backward_scan(factors: Any, g: Array) -> Any:
    """rᵢ = gᵢ + fᵢ₊₁·rᵢ₊₁ along the last axis: the transpose of `linear_scan` in its terms."""
    following = shifted(np.flip(factors, -1), 0)
    return np.flip(linear_scan(following, np.flip(g, -1)), -1)


def cumprod_vjp(g: Any, a: Any, ans: Any, axis: Any) -> Any:
    """yᵢ = xᵢ·yᵢ₋₁, so that xᵢ counts by yᵢ₋₁ times all that yᵢ goes into."""
    passed_on = backward_scan(axis_last(a, axis), axis_last(g, axis))
    return axis_back(passed_on * shifted(axis_last(ans, axis), 1), a, axis)


def cumprod_jvp(t: Any, a: Any, ans: Any, axis: Any) -> Any:
    """The product rule for yᵢ = xᵢ·yᵢ₋₁: a recurrence, too."""
    terms = axis_last(t, axis) * shifted(axis_last(ans, axis), 1)
    tangent = linear_scan(axis_last(a, axis), terms)
    return axis_back(tangent, ans, axis)


def _cumulative(function: Callable[..., Any], scan: Any, identity: int) -> Row:
    """A scan as the array API has it: with its start before it, if that is asked for."""

    def definition(x: Array, axis: Any, dtype: Any, include_initial: Any) -> Any:
        x = np.atleast_1d(x)
        if axis is None and x.ndim > 1:
            raise ValueError(f"an array of shape {x.shape} needs the argument 'axis'")
        axis = 0 if axis is None else axis
        result = scan(x, axis, dtype)
        if not include_initial:
            return result
        shape = list(result.shape)
        shape[axis] = 1
        return np.concatenate([np.full(shape, identity, result.dtype), result], axis)

    form = signature("x", "*", axis=None, dtype=None, out=None, include_initial=False)
    return composed(function, form, definition, {"x"}, analytic=True)


ROWS: tuple[Row, ...] = (
    general(
        np.prod,
        signature("a", axis=None, dtype=None, out=None, keepdims=False, initial=1, where=True),
        (prod_vjp, prod_jvp),
        analytic=True,
    ),
    linear(np.cumsum, signature("a", axis=None, dtype=None, out=None), cumsum_vjp),
    general(
        np.cumprod,
        signature("a", axis=None, dtype=None, out=None),
        (cumprod_vjp, cumprod_jvp),
        analytic=True,
    ),
    general(
        linear_scan,
        (
            lambda g, factors, ans: backward_scan(factors, g) * shifted(ans, 0),
            lambda t, factors, ans: linear_scan(factors, t * shifted(ans, 0)),
        ),
        (
            lambda g, factors: backward_scan(factors, g),
            lambda t, factors: linear_scan(factors, t),
        ),
        analytic=True,
    ),
)

if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    ROWS += (
        _cumulative(np.cumulative_sum, np.add.accumulate, 0),
        _cumulative(np.cumulative_prod, np.multiply.accumulate, 1),
    )

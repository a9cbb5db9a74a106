"""The core's rules: arithmetic, elementary functions, sums, shapes, indexing, products.

A row a function, in the kinds that `table` has; an array function that NumPy lacks and a rule needs
stands above the rows. `rules/` has the rest of NumPy's calculus, in the same form.

Policy for kinks and ties: ``abs'(0)`` is 0; `maximum` and `minimum` split a tie equally, and so do
elements that tie for the maximum or minimum over axes; ``x**0`` has derivative 0 everywhere.

>>> [row.rules[0].vjp_needs for row in ROWS if row.function is np.exp]
[('ans',)]
"""

import operator
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from .arrays import Array, along, cast, checked_shape, expand, numbers, sum_to
from .axes import listed
from .dispatch import array_function
from .signature import signature
from .table import bilinear, constant, general, linear, over, pointwise, same

# Arithmetic and elementary functions


def power_by_base(x: Array, y: Array) -> Any:
    """y·x**(y − 1), and 0 for y = 0 where x is 0 or nan, and that is 0·∞ or 0·nan."""
    if isinstance(y, (int, float, complex)):
        if y == 2:
            return x + x  # of all powers the one that is met most
        # Not ``**``: before NumPy 2.3 that has other bits of plain arrays than of Tensors.
        return y * np.power(x, y - 1) if y else np.zeros_like(x)
    is_zeroth = np.equal(y, 0)
    if not is_zeroth.any():
        return y * x ** (y - 1)
    dead = np.logical_and(is_zeroth, np.logical_not(np.greater(np.absolute(x), 0)))
    return np.where(dead, 0, y * np.where(dead, 1, x) ** (y - 1))


def power_by_exponent(ans: Array, x: Array, y: Array) -> Any:
    """ans·log x; 0**y is constant for y > 0, and infinite for y < 0. By policy 0 at y = 0."""
    if isinstance(x, (int, float, complex)):
        x = np.asarray(x, ans.dtype)
    elif x.dtype.kind != ans.dtype.kind:
        x = cast(x, ans.dtype)  # of a negative base the logarithm is complex
    base_is_zero = np.equal(x, 0)
    at_zero = np.where(np.less(y, 0), -np.inf, 0.0).astype(ans.dtype)
    return ans * np.where(base_is_zero, at_zero, np.log(np.where(base_is_zero, 1, x)))


def _direction(x: Array) -> Any:
    """The derivative of abs x: sign x, or x̄ / abs x where x is complex; 0 at 0."""
    if x.dtype.kind != "c":
        return np.sign(x)
    length = np.absolute(x)
    zero = np.equal(length, 0)
    return np.where(zero, 0, np.conjugate(x) / np.where(zero, 1, length))


@array_function
def max_weight(x: Any, y: Any) -> Any:
    """The share of x in max(x, y): 1 where x > y, 0 where x < y, and ½ where they tie.

    >>> max_weight(np.array([1.0, 2.0, 3.0]), 2.0)
    array([0. , 0.5, 1. ])
    """
    dtype = np.result_type(x, y)
    lost = np.asarray(np.less(x, y)).astype(dtype)
    tied = np.asarray(np.equal(x, y)).astype(dtype)
    return 1 - lost - tied / 2


@array_function
def divide_by_count(g: Any, count: Any) -> Any:
    """``g / count`` for numbers of elements, which may be too large for float16.

    >>> divide_by_count(np.ones(2), 4), divide_by_count(np.ones(1, np.float16), 100_000).dtype
    (array([0.25, 0.25]), dtype('float16'))
    """
    if g.dtype.itemsize > 2:
        if isinstance(count, int):
            return g if count == 1 else g / count
        return g / np.asarray(count, g.dtype)
    return (g / np.asarray(count, np.float64)).astype(g.dtype)


@array_function
def tanh_slope(x: Any) -> Any:
    """1 / cosh² x, the derivative of tanh; x may be complex.

    >>> tanh_slope(np.array([0.0, 300.0])).round(9)
    array([1., 0.])
    """
    if x.dtype.kind != "c":
        return np.reciprocal(np.square(np.cosh(x)))
    small = np.exp(-2 * np.where(np.less(np.real(x), 0), -x, x))  # 1/cosh² would be 1/(∞ + ∞i)
    return 4 * small / np.square(1 + small)


# Sums, means and extrema over axes


def reduced_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The reduced axes, none of them negative.

    >>> reduced_axes(None, 2), reduced_axes(-1, 3)
    ((0, 1), (2,))
    """
    if axis is None:
        return tuple(range(ndim))
    return tuple([a % ndim for a in (axis if isinstance(axis, tuple) else (axis,))])


def restored(g: Array, a_like: Any, axis: Any, keepdims: Any) -> Any:
    """A reduction's cotangent (or result) with the reduced axes back, of length 1."""
    if axis is None and not keepdims:
        return g.reshape((1,) * a_like.ndim)
    if keepdims:
        return g
    gone = reduced_axes(axis, a_like.ndim)
    return g.reshape([1 if i in gone else n for i, n in enumerate(a_like.shape)])


def spread(g: Array, a_like: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    """The adjoint of a sum: every element that was added gets the sum's cotangent."""
    everywhere = expand(restored(g, a_like, axis, keepdims), a_like.shape)
    return everywhere if where is True else np.where(where, everywhere, 0)


def count_of(a_like: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    """How many elements went into each result."""
    if where is not True:
        counted = np.broadcast_to(where, a_like.shape)
        return np.sum(counted, axis, dtype=np.float64, keepdims=keepdims)
    count = 1
    for i in reduced_axes(axis, a_like.ndim):
        count *= a_like.shape[i]
    return count


def _mean_vjp(g: Array, a_like: Any, axis: Any, keepdims: Any, where: Any) -> Any:
    if axis is None and where is True:
        return expand(divide_by_count(g, a_like.size), a_like.shape)
    count = count_of(a_like, axis, keepdims, where)
    return spread(divide_by_count(g, count), a_like, axis, keepdims, where)


def shared(x: Array, chosen: Any, axis: Any) -> Any:
    """x/k for each of the k elements along the axes that are chosen, and 0 for the others.

    >>> shared(np.ones(3), np.array([True, False, True]), None)
    array([0.5, 0. , 0.5])
    """
    return np.where(chosen, divide_by_count(x, np.maximum(_how_many(chosen, axis), 1)), 0)


def _how_many(chosen: Any, axis: Any) -> Any:
    return np.sum(chosen, axis, dtype=np.float64, keepdims=True)


def extreme(a: Array, ans: Array, axis: Any, keepdims: Any, where: Any) -> Any:
    """Which elements are the extremum (or nan, where that is the result)."""
    chosen = np.logical_or(np.equal(a, restored(ans, a, axis, keepdims)), np.isnan(a))
    return chosen if where is True else np.logical_and(chosen, where)


def extremum_rules(chosen_by: Any) -> tuple[Any, Any]:
    """The vjp and jvp of an extremum over axes; `chosen_by` tells which elements it is."""

    def vjp(g: Array, a: Array, ans: Array, axis: Any, keepdims: Any, where: Any) -> Any:
        chosen = chosen_by(a, ans, axis, keepdims, where)
        return shared(restored(g, a, axis, keepdims), chosen, reduced_axes(axis, a.ndim))

    def jvp(t: Array, a: Array, ans: Array, axis: Any, keepdims: Any, where: Any) -> Any:
        # The adjoint of `shared`: the mean of those that are chosen.
        chosen, along = chosen_by(a, ans, axis, keepdims, where), reduced_axes(axis, a.ndim)
        total = np.sum(np.where(chosen, t, 0), along, np.result_type(t, np.float32), keepdims=True)
        mean = divide_by_count(total, np.maximum(_how_many(chosen, along), 1))
        return cast(mean, t.dtype).reshape(ans.shape)

    return vjp, jvp


_EXTREMUM = signature("a", axis=None, out=None, keepdims=False, initial=None, where=True)


# Shapes: all linear, adjoint pairs side by side


def settled_order(function: str, order: Any) -> Any:
    """The order, where it does not depend on how the array lies in memory."""
    if order not in _ORDERS:
        raise ValueError(
            f"np.{function}: order {order!r} depends on how the array lies in memory, which a "
            "Tensor does not promise; use 'C' or 'F'"
        )
    return order


_ORDERS = ("C", "F", "c", "f", None)
"""None is NumPy's word for 'C'."""


def _reshape_kernel(a: Array, shape: Any, order: Any = "C", copy: Any = None) -> Any:
    if copy is not None:
        reshaped: Any = np.reshape  # NumPy 2.0 knows no `copy`
        return reshaped(a, shape, order, copy=copy)
    if order == "C":
        return a.reshape(shape)
    return a.reshape(shape, order=settled_order("reshape", order))


def reshape_vjp(g: Array, a_like: Any, order: Any) -> Any:
    """The elements as they lay before, in this order."""
    is_fortran = order in ("F", "f")
    return np.reshape(g, a_like.shape, "F") if is_fortran else g.reshape(a_like.shape)


def _transpose_vjp(g: Array, axes: Any) -> Any:
    if axes is None:
        return g.T
    axes = [axis % g.ndim for axis in listed(axes)]
    return np.transpose(g, sorted(range(g.ndim), key=axes.__getitem__))


def _concatenate_vjp(g: Array, arrays_like: Any, axis: Any) -> Any:
    at = 0 if axis is None else axis % g.ndim
    ends = accumulate([a.size if axis is None else a.shape[at] for a in arrays_like], initial=0)
    parts = [g[along(at, slice(start, end))] for start, end in pairwise(ends)]
    if axis is not None:
        return parts
    return [part.reshape(a.shape) for part, a in zip(parts, arrays_like, strict=True)]


def _stack_vjp(g: Array, axis: Any) -> Any:
    before = (slice(None),) * (axis % g.ndim)
    return [g[(*before, i)] for i in range(g.shape[axis])]


# Reading elements, and its adjoint


# What NumPy raises for an index or values that do not fit.
_UNFIT = (IndexError, OverflowError, TypeError, ValueError)

_BASIC = (int, np.integer, np.bool_, slice, type(None), type(Ellipsis))


@array_function
def scatter_add(values: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape`, with `values` added at `index`; what is indexed twice is added twice.

    The transpose of ``x[index]`` as a linear map.

    Parameters
    ----------
    values : array_like
        Of the shape of ``x[index]`` exactly.
    index : object
        Anything that NumPy takes between brackets.
    shape : tuple of int

    Returns
    -------
    array

    Raises
    ------
    ValueError
        For values of another shape.
    IndexError
        Where the index is invalid or out of bounds.

    Examples
    --------
    >>> scatter_add(np.array([1.0, 10.0, 100.0]), [0, 2, 0], (4,))
    array([101.,   0.,  10.,   0.])
    """
    values = numbers(values, "scatter_add")
    try:
        result = np.zeros(tuple(shape), values.dtype)
    except (TypeError, ValueError, MemoryError):
        result = np.zeros(checked_shape("scatter_add", shape), values.dtype)
    place = selected(result, index, "scatter_add")
    if place.shape != values.shape:
        raise ValueError(
            f"scatter_add: the index selects {place.shape} from shape {shape}, "
            f"but the values have shape {values.shape}"
        )
    if _names_each_element_once(index):
        result[index] = values
    elif result.dtype.char == "e":
        result = result.astype(np.float32)  # as np.sum adds up: of ones, float16 stops at 2048
        np.add.at(result, index, values)
        result = result.astype(np.float16)
    else:
        np.add.at(result, index, values)
    return result


def selected(x: Array, index: Any, function: str) -> Any:
    """``x[index]``; the ``IndexError`` for what does not fit opens with `function`.

    >>> selected(np.arange(3), 5, "at")
    Traceback (most recent call last):
    ...
    IndexError: at: index 5 is out of bounds for axis 0 with size 3
    """
    try:
        return x[index]
    except _UNFIT as error:
        raise IndexError(f"{function}: {error}") from None


def _names_each_element_once(index: Any) -> bool:
    if type(index) is slice:
        return True
    for part in index if isinstance(index, tuple) else (index,):
        is_mask = isinstance(part, np.ndarray) and part.dtype == bool
        if not (is_mask or isinstance(part, _BASIC)):
            return False
    return True


# Products of matrices. In two dimensions `dot` and `matmul` are one function; dot has less overhead
# and passes an outer product on to BLAS, where matmul (NumPy 2.4) takes seven times as long.


def matmul_x(g: Array, x_like: Any, y: Array) -> Any:
    """The cotangent of x in ``x @ y``: g @ yᵀ, for all numbers of axes."""
    if x_like.ndim == 2 and y.ndim == 2:
        return np.dot(g, y.T)  # (m, k) @ (k, n)
    if y.ndim == 1:
        return np.expand_dims(g, -1) * y  # (…, m, 1) · (n)
    if x_like.ndim == 1:
        if y.ndim == 2:
            return np.dot(y, g)  # (n, k) @ (k)
        return np.matmul(y, np.expand_dims(g, -1))[..., 0]  # (…, n, k) @ (…, k, 1)
    return np.matmul(g, np.swapaxes(y, -1, -2))


def matmul_y(g: Array, x: Array, y_like: Any) -> Any:
    """The cotangent of y: xᵀ @ g."""
    if x.ndim == 2 and y_like.ndim == 2:
        return np.dot(x.T, g)  # (n, m) @ (m, k)
    if x.ndim == 1:
        if y_like.ndim == 1:
            return g * x
        return np.expand_dims(x, -1) * np.expand_dims(g, -2)  # (n, 1) · (…, 1, k)
    if y_like.ndim == 1:
        if x.ndim == 2:
            return np.dot(x.T, g)  # (n, m) @ (m)
        return np.matmul(np.swapaxes(x, -1, -2), np.expand_dims(g, -1))[..., 0]
    return np.matmul(np.swapaxes(x, -1, -2), g)


def _dot_a(g: Array, a_like: Any, b: Array) -> Any:
    if a_like.ndim == 0:
        return np.sum(g * b)
    if b.ndim == 0:
        return g * b
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    if b.ndim == 2:
        return np.dot(g, b.T)  # (…, k) @ (k, n)
    # g is (*a's but the last, *b's but the last but one); contract all that came from b
    own = a_like.ndim - 1
    of_b = [i for i in range(b.ndim) if i != b.ndim - 2]
    return np.tensordot(g, b, (list(range(own, g.ndim)), of_b))


def _dot_b(g: Array, a: Array, b_like: Any) -> Any:
    if b_like.ndim == 0:
        return np.sum(g * a)
    if a.ndim == 0:
        return g * a
    if a.ndim <= 2 and b_like.ndim == 1:
        return np.dot(a.T, g)  # (n, m) @ (m)
    if a.ndim == 2 and b_like.ndim == 2:
        return np.dot(a.T, g)  # (n, m) @ (m, k)
    of_a = list(range(a.ndim - 1))
    result = np.tensordot(a, g, (of_a, of_a))  # (n, *b's but the last but one)
    return result if b_like.ndim == 1 else np.moveaxis(result, 0, -2)


ABOUT = "it tells something about the array, not about its values"
TRUTH = "a truth value jumps and is constant in between"
INDEX = "an index jumps and is constant in between"
STEPS = "it is constant between its steps"


def _real_sign(x: Array, **kwargs: Any) -> Any:
    if np.iscomplexobj(x):
        raise TypeError("np.sign: of a complex number it is x/|x|, not constant; write that")
    return np.sign(x, **kwargs)


_CONSTANTS: dict[str, tuple[Any, ...]] = {
    ABOUT: (np.shape, np.ndim, np.size, np.result_type, np.iscomplexobj, np.zeros_like),
    TRUTH: (
        np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
        np.logical_and, np.logical_or, np.logical_not, np.isfinite, np.isinf, np.isnan, np.all,
        np.any,
    ),
    INDEX: (np.argmax, np.argmin),
    STEPS: (np.floor, np.ceil, np.round, max_weight),
}  # fmt: skip
"""Functions whose result is locally constant, by the reason: they take values and give arrays."""

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
    ),
    linear(divide_by_count, lambda g, count: divide_by_count(g, count)),
    # powers and roots, size and sign; the transposes of conjugating maps conjugate
    pointwise(np.square, lambda x: x + x, analytic=True),
    pointwise(np.sqrt, over(lambda ans: ans + ans), analytic=True),
    pointwise(np.power, power_by_base, power_by_exponent, analytic=True),
    general(
        np.absolute,
        (lambda g, x: g * _direction(x), lambda t, x: np.real(t * _direction(x))),
    ),
    linear(np.conjugate, lambda g: np.conjugate(g)),
    linear(np.real, signature("val"), lambda g: g, broadcasts=True),
    # exponentials, logarithms, angles
    pointwise(np.exp, lambda ans: ans, analytic=True),
    pointwise(np.expm1, lambda x: np.exp(x), analytic=True),
    pointwise(np.log, over(lambda x: x), analytic=True),
    pointwise(np.log1p, over(lambda x: 1 + x), analytic=True),
    pointwise(np.sin, lambda x: np.cos(x), analytic=True),
    pointwise(np.cos, lambda x: -np.sin(x), analytic=True),
    pointwise(np.tanh, lambda x: tanh_slope(x), analytic=True),
    pointwise(tanh_slope, lambda x, ans: -2 * np.tanh(x) * ans, analytic=True),
    # choices
    pointwise(np.maximum, lambda x, y: max_weight(x, y), lambda x, y: max_weight(y, x)),
    pointwise(np.minimum, lambda x, y: max_weight(y, x), lambda x, y: max_weight(x, y)),
    linear(
        np.where,
        signature("condition", x=None, y=None),
        x=lambda g, condition: np.where(condition, g, 0),
        y=lambda g, condition: np.where(condition, 0, g),
        broadcasts=True,
    ),
    # over axes
    linear(
        np.sum,
        signature("a", axis=None, dtype=None, out=None, keepdims=False, initial=0, where=True),
        spread,
        affine={"initial"},
    ),
    linear(
        np.mean,
        signature("a", axis=None, dtype=None, out=None, keepdims=False, where=True),
        _mean_vjp,
    ),
    *[
        general(function, _EXTREMUM, extremum_rules(extreme))
        for function in (np.max, np.amax, np.min, np.amin)
    ],
    # shapes
    linear(
        np.reshape,
        signature("a", "shape", order="C", copy=None),
        reshape_vjp,
        kernel=_reshape_kernel,
    ),
    linear(
        np.expand_dims,
        signature("a", "axis"),
        lambda g, a_like: g.reshape(a_like.shape),
        makes_axis=True,
    ),
    linear(np.squeeze, signature("a", axis=None), lambda g, a_like: g.reshape(a_like.shape)),
    linear(np.transpose, signature("a", axes=None), _transpose_vjp),
    linear(
        np.swapaxes,
        signature("a", "axis1", "axis2"),
        lambda g, axis1, axis2: np.swapaxes(g, axis1, axis2),
    ),
    linear(np.broadcast_to, signature("array", "shape", subok=False), lambda g: g, broadcasts=True),
    linear(expand, lambda g: g, broadcasts=True),
    linear(sum_to, lambda g, x_like: expand(g, x_like.shape)),
    linear(cast, lambda g, x_like: cast(g, x_like.dtype)),
    linear(
        np.concatenate,
        signature("arrays", axis=0, out=None, dtype=None, casting="same_kind"),
        _concatenate_vjp,
        list_operands={"arrays"},
    ),
    linear(
        np.stack,
        signature("arrays", axis=0, out=None, dtype=None, casting="same_kind"),
        _stack_vjp,
        list_operands={"arrays"},
    ),
    # reading elements, and its adjoint
    linear(
        operator.getitem,
        signature("a", "key"),
        lambda g, a_like, key: scatter_add(g, key, a_like.shape),
    ),
    linear(scatter_add, lambda g, index: g[index]),
    # products
    bilinear(np.matmul, matmul_x, matmul_y),
    bilinear(np.dot, signature("a", "b", out=None), _dot_a, _dot_b),
    # constants
    *[constant(f, reason) for reason, functions in _CONSTANTS.items() for f in functions],
    constant(np.sign, STEPS, kernel=_real_sign),
)

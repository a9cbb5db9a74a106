"""Reading elements, `scatter_add`, and updates that give a new array.

Policy: of values that are set at one place the last has the gradient, as it has the value; elements
that tie for a minimum or maximum share it equally.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.arrays import Array, along, numbers
from ..core.dispatch import array_function
from ..core.plan import Shaped
from ..core.rules import divide_by_count, scatter_add
from ..core.signature import signature
from ..core.table import Row, constant, general, linear, same


@array_function
def index_set(x: Any, index: Any, value: Any) -> Any:
    """`x` with ``x[index] = value``; of what is indexed twice, the last value stays.

    `value` is broadcast to the shape of ``x[index]`` and takes the dtype of `x`. Raises
    ``TypeError`` where that would drop a fraction or an imaginary part.

    >>> index_set(np.zeros(4), [0, 2], np.array([1.0, 2.0]))
    array([1., 0., 2., 0.])
    """

    def write(result: Array, index: Any, value: Any) -> None:
        # NumPy only warns about an array of one element that is to become one element.
        if np.ndim(value) and np.size(value) == 1 and not np.ndim(result[index]):
            raise ValueError("an array is not one element; take it out, value[0]")
        result[index] = value

    return _updated(write, "index_set", x, index, value)


@array_function
def index_min(x: Any, index: Any, value: Any) -> Any:
    """`x` with the smallest of ``x[index]`` and all values that fall there.

    >>> index_min(np.zeros(3), [0, 0, 1], np.array([-1.0, -2.0, 5.0]))
    array([-2.,  0.,  0.])
    """
    return _updated(np.minimum.at, "index_min", x, index, value)


@array_function
def index_max(x: Any, index: Any, value: Any) -> Any:
    """`x` with the largest of ``x[index]`` and all values that fall there.

    >>> index_max(np.zeros(3), [0, 0, 1], np.array([1.0, 2.0, -5.0]))
    array([2., 0., 0.])
    """
    return _updated(np.maximum.at, "index_max", x, index, value)


@array_function
def is_last_writer(index: Any, shape: tuple[int, ...]) -> Any:
    """For each element of ``x[index]``, whether `index_set` lets its value stay.

    >>> is_last_writer([0, 2, 0], (4,))
    array([False,  True,  True])
    """
    numbers = np.zeros(shape, np.intp)
    own = np.arange(numbers[index].size).reshape(numbers[index].shape)
    numbers[index] = own
    return numbers[index] == own


def _updated(write: Callable[..., None], function: str, x: Any, index: Any, value: Any) -> Array:
    """A copy of `x` into which `value` is written; NumPy's error with the function and shapes."""
    result = np.array(numbers(x, function))
    given = numbers(value, function)
    try:
        dtype = given.dtype if given.ndim else np.result_type(value, result)
    except OverflowError as error:  # a Python integer beyond the array's dtype
        raise TypeError(f"{function}: {error}") from None
    if not np.can_cast(dtype, result.dtype, "same_kind"):
        raise TypeError(
            f"{function}: values of dtype {dtype} do not fit into an array of dtype "
            f"{result.dtype}; convert the array first, for instance with .astype({dtype})"
        )
    try:
        write(result, index, value)
    except (IndexError, OverflowError, TypeError, ValueError) as error:
        kind = IndexError if isinstance(error, IndexError) else ValueError
        raise kind(
            f"{function}: values of shape {np.shape(value)} at an index of an array of shape "
            f"{result.shape}: {error}"
        ) from None
    return result


def _take_vjp(g: Array, a_like: Shaped, indices: Any, axis: Any, mode: Any) -> Any:
    length = a_like.size if axis is None else a_like.shape[axis]
    if mode == "wrap":
        indices = np.mod(indices, length)
    elif mode == "clip":
        indices = np.clip(indices, 0, length - 1)
    indices = np.asarray(indices, np.intp)  # take reads True as 1, and no mask
    if axis is None:
        return scatter_add(g, indices, (length,)).reshape(a_like.shape)
    return scatter_add(g, along(axis % a_like.ndim, indices), a_like.shape)


def _set_value_vjp(g: Array, x_like: Shaped, index: Any) -> Any:
    return np.where(is_last_writer(index, x_like.shape), g[index], 0)


def _set_value_jvp(t: Array, x_like: Shaped, index: Any) -> Any:
    return index_set(np.zeros(x_like.shape, x_like.dtype), index, t)


def _shares(x: Array, index: Any, value: Any, ans: Array) -> tuple[Any, Any]:
    """How much of each element of the result, and of each value, is due to x and to that value."""
    of_x = np.equal(x, ans)
    of_value = np.equal(value, ans[index])
    winners = of_x + scatter_add(of_value.astype(np.float64), index, x.shape)
    # an element that no index names is its own; a nan ties with nothing
    winners = np.maximum(winners, 1)
    of_x, of_value = of_x.astype(ans.dtype), of_value.astype(ans.dtype)
    return divide_by_count(of_x, winners), divide_by_count(of_value, winners[index])


def _extremum(function: Any) -> Row:
    """The row of `index_min` or `index_max`: the result is one of x and the values, or shared."""
    return general(
        function,
        same(lambda g, x, index, value, ans: g * _shares(x, index, value, ans)[0]),
        value=(
            lambda g, x, index, value, ans: g[index] * _shares(x, index, value, ans)[1],
            lambda t, x, index, value, ans: scatter_add(
                t * _shares(x, index, value, ans)[1], index, x.shape
            ),
        ),
        broadcasts=True,
    )


ROWS = (
    general(
        index_set,
        same(lambda g, index: index_set(g, index, 0)),
        value=(_set_value_vjp, _set_value_jvp),
        broadcasts=True,
    ),
    _extremum(index_min),
    _extremum(index_max),
    constant(is_last_writer, "it tells something about the index, not about values"),
    linear(np.take, signature("a", "indices", axis=None, out=None, mode="raise"), _take_vjp),
)

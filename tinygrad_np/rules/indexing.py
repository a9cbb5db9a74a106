"""Reading elements, `scatter_add`, and updates that give a new array.

Policy: of values that are set at one place the last has the gradient, as it has the value; elements
that tie for a minimum or maximum share it equally.
"""

import operator
from typing import Any

import numpy as np

from ..kernels.elementwise import divide_by_count
from ..kernels.scatter import index_max, index_min, index_set, is_last_writer, scatter_add
from ..kernels.shapes import along
from .table import Row, constant, general, linear, takes


def _take_vjp(g: Any, a_like: Any, indices: Any, axis: Any, mode: Any) -> Any:
    length = a_like.size if axis is None else a_like.shape[axis]
    if mode == "wrap":
        indices = np.mod(indices, length)
    elif mode == "clip":
        indices = np.clip(indices, 0, length - 1)
    indices = np.asarray(indices, np.intp)  # take reads True as 1, and no mask
    if axis is None:
        return scatter_add(g, indices, (length,)).reshape(a_like.shape)
    return scatter_add(g, along(axis % a_like.ndim, indices), a_like.shape)


def _set_value_vjp(g: Any, x_like: Any, index: Any) -> Any:
    return np.where(is_last_writer(index, x_like.shape), g[index], 0)


def _set_value_jvp(t: Any, x_like: Any, index: Any) -> Any:
    return index_set(np.zeros(x_like.shape, x_like.dtype), index, t)


def _shares(x: Any, index: Any, value: Any, ans: Any) -> tuple[Any, Any]:
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
        (
            lambda g, x, index, value, ans: g * _shares(x, index, value, ans)[0],
            lambda t, x, index, value, ans: t * _shares(x, index, value, ans)[0],
        ),
        value=(
            lambda g, x, index, value, ans: g[index] * _shares(x, index, value, ans)[1],
            lambda t, x, index, value, ans: scatter_add(
                t * _shares(x, index, value, ans)[1], index, x.shape
            ),
        ),
        broadcasts=True,
    )


ROWS = (
    linear(
        operator.getitem,
        takes("a", "key"),
        lambda g, a_like, key: scatter_add(g, key, a_like.shape),
    ),
    linear(scatter_add, lambda g, index: g[index]),
    general(
        index_set,
        (lambda g, index: index_set(g, index, 0), lambda t, index: index_set(t, index, 0)),
        value=(_set_value_vjp, _set_value_jvp),
        broadcasts=True,
    ),
    _extremum(index_min),
    _extremum(index_max),
    constant(is_last_writer, "it tells something about the index, not about values"),
    linear(np.take, takes("a", "indices", axis=None, out=None, mode="raise"), _take_vjp),
)

"""Choosing elements and branches: along an axis, by masks, by numbers, by conditions.

What is not chosen has the derivative 0, whatever its value: it may be nan or inf. That holds for
the choice itself. A branch that was computed for all elements has derivatives of its own, which may
be infinite where it was not chosen, and 0·inf is nan. The form that is safe in every order chooses
before it computes, as with `numpy.where`:

>>> from tinygrad_np import grad
>>> def root(x):  # of what is positive, and 0 otherwise
...     is_positive = x > 0
...     return np.where(is_positive, np.sqrt(np.where(is_positive, x, 1.0)), 0.0)
>>> grad(root)(0.0), grad(grad(root))(4.0), grad(grad(root))(0.0)
(array(0.), array(-0.03125), array(0.))

`piecewise` calls its functions only with the elements that are theirs, and is safe by itself.
"""

from typing import Any

import numpy as np

from ..core.arrays import Array, along, cast
from ..core.plan import Shaped
from ..core.rules import INDEX, scatter_add
from ..core.signature import signature
from ..core.table import general, linear
from .composed import composed

_MASKS = {"condlist": "masks: the result jumps where they change"}


def _take_along_axis_vjp(g: Array, arr_like: Shaped, indices: Any, axis: Any) -> Any:
    if axis is None:
        return scatter_add(g, np.asarray(indices), (arr_like.size,)).reshape(arr_like.shape)
    key: list[Any] = list(np.ix_(*map(np.arange, arr_like.shape)))
    key[axis] = np.asarray(indices)
    return scatter_add(g, tuple(key), arr_like.shape)


def _placed(g: Array, like: Any, axis: Any, chosen: Any) -> Any:
    """The adjoint of taking, along an axis or of all elements, those that are chosen."""
    length = like.size if axis is None else like.shape[axis]
    mask = np.isin(np.arange(length), chosen(np.arange(length)))
    if axis is None:
        return scatter_add(g, mask, (length,)).reshape(like.shape)
    return scatter_add(g, along(axis % like.ndim, mask), like.shape)


def _compress_vjp(g: Array, condition: Any, a_like: Shaped, axis: Any) -> Any:
    return _placed(g, a_like, axis, lambda places: np.compress(condition, places))


def _extract_vjp(g: Array, condition: Any, arr_like: Shaped) -> Any:
    return _placed(g, arr_like, None, lambda places: np.extract(condition, places))


def _delete_vjp(g: Array, arr_like: Shaped, obj: Any, axis: Any) -> Any:
    return _placed(g, arr_like, axis, lambda places: np.delete(places, obj))


def _choose(a: Any, choices: Any, mode: Any, ans: Array) -> Any:
    if mode == "wrap":
        a = np.mod(a, len(choices))
    elif mode == "clip":
        a = np.clip(a, 0, len(choices) - 1)
    result = np.zeros(ans.shape, ans.dtype)
    for i, choice in enumerate(choices):
        result = np.where(np.equal(a, i), choice, result)
    return cast(result, ans.dtype)


def _select(condlist: Any, choicelist: Any, default: Any, ans: Array) -> Any:
    if default is None:
        raise TypeError("np.select: default=None makes objects of all results; give a number")
    result = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        result = np.where(condition, choice, result)
    return cast(result, ans.dtype)


def _piecewise(x: Array, condlist: Any, funclist: Any, args: Any) -> Any:
    conditions = _conditions(x, condlist, len(funclist))
    result: Any = np.zeros(np.shape(x), x.dtype)
    for mask, function in zip(conditions, funclist, strict=True):
        chosen = x[mask]
        if np.size(chosen):
            values = function(chosen, *args) if callable(function) else function
            if np.iscomplexobj(values) and x.dtype.kind != "c":
                raise TypeError(
                    "np.piecewise: a piece is complex and 'x' is real, so that the imaginary part "
                    "would be lost; take np.real of the piece, or make 'x' complex"
                )
            values = np.broadcast_to(values, np.shape(chosen)).astype(x.dtype)
            of_elements = mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim))
            result = np.where(of_elements, scatter_add(values, mask, x.shape), result)
    return result


def _conditions(x: Array, condlist: Any, count: int) -> Any:
    """A mask for each of `count` functions: where one is missing it is for what is left over."""
    if not np.isscalar(condlist) and not len(condlist):
        raise ValueError("np.piecewise: there are no conditions")
    one = np.isscalar(condlist) or (not isinstance(condlist[0], (list, np.ndarray)) and x.ndim != 0)
    masks = np.asarray([condlist] if one else condlist, bool)
    if len(masks) == count - 1:
        masks = np.concatenate([masks, ~np.any(masks, 0, keepdims=True)])
    if len(masks) != count:
        raise ValueError(
            f"np.piecewise: {len(masks)} conditions take as many functions or one more, not {count}"
        )
    return masks


ROWS = (
    general(
        np.take_along_axis,
        signature("arr", "indices", axis=-1),
        (
            _take_along_axis_vjp,
            lambda t, indices, axis: np.take_along_axis(t, np.asarray(indices), axis),
        ),
        # before NumPy 2.3 the axis has no default
        kernel=lambda arr, indices, axis=-1: np.take_along_axis(arr, np.asarray(indices), axis),
    ),
    linear(np.compress, signature("condition", "a", axis=None, out=None), a=_compress_vjp),
    linear(np.extract, signature("condition", "arr"), arr=_extract_vjp),
    linear(np.delete, signature("arr", "obj", axis=None), _delete_vjp),
    composed(
        np.choose,
        signature("a", "choices", out=None, mode="raise"),
        _choose,
        {"choices"},
        own_value=True,
        locally_constant={"a": INDEX},
    ),
    composed(
        np.select,
        signature("condlist", "choicelist", default=0),
        _select,
        {"choicelist", "default"},
        own_value=True,
        locally_constant=_MASKS,
    ),
    composed(
        np.piecewise,
        signature("x", "condlist", "funclist", "*args"),
        _piecewise,
        {"x", "funclist", "args"},
        locally_constant=_MASKS,
    ),
)

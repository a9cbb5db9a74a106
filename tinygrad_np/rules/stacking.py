"""Joining and taking apart: stacks, blocks, grids, and what divides an array along an axis.

Where several arrays go in and several come out (`broadcast_arrays`, `meshgrid`, `atleast_2d`), a
plain array among them comes out as a plain array: it is a constant.
"""

from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ..core.arrays import Array, along, as_array
from ..core.axes import listed
from ..core.dispatch import overrides
from ..core.signature import Signature, signature
from ..core.table import Row, linear
from .composed import composed
from .shapes import split_vjp

_STACK = signature("tup", "*", dtype=None, casting="same_kind")


def _stack(function: Callable[..., Any], axis: int, least: int, form: Signature = _STACK) -> Row:
    """Arrays along `axis`, or the last one; of fewer than `least` axes one has the length 1."""

    def vjp(g: Any, tup_like: Any) -> Any:
        at = min(axis, g.ndim - 1)
        ends = accumulate([x.shape[at] if x.ndim >= least else 1 for x in tup_like], initial=0)
        return [
            g[along(at, slice(start, end))].reshape(x.shape)
            for (start, end), x in zip(pairwise(ends), tup_like, strict=True)
        ]

    return linear(function, form, vjp, list_operands={"tup"})


def _append(arr: Array, values: Array, axis: Any) -> Any:
    if axis is None:
        arr, values, axis = np.ravel(arr), np.ravel(values), 0
    return np.concatenate((arr, values), axis)


def _block(arrays: Any, ans: Array) -> Any:
    """Lists of depth d are joined along the last axis, lists of these along the last but one, …"""

    def joined(part: Any) -> tuple[int, Any]:
        if not isinstance(part, list):
            part = as_array(part)
            return 0, part.reshape((1,) * (ans.ndim - part.ndim) + part.shape)
        depths, parts = zip(*map(joined, part), strict=True)
        return depths[0] + 1, np.concatenate(parts, -1 - depths[0], dtype=ans.dtype)

    return joined(arrays)[1]


def _at_least(function: Callable[..., Any], lifted: Callable[[Any], Any]) -> Row:
    """Arrays in the shapes that `lifted` makes of theirs."""

    def definition(arys: Any) -> Any:
        arrays = [as_array(a) for a in arys]
        results = tuple([a.reshape(lifted(a.shape)) for a in arrays])
        return results[0] if len(results) == 1 else results

    return composed(function, signature("*arys"), definition, {"arys"})


def _broadcast_arrays(args: Any) -> Any:
    arrays = [as_array(x) for x in args]
    shape = np.broadcast_shapes(*[x.shape for x in arrays])
    return tuple([np.broadcast_to(x, shape) for x in arrays])


def _meshgrid(xi: Any, sparse: Any, indexing: Any) -> Any:
    if indexing not in ("xy", "ij"):
        raise ValueError(f"np.meshgrid: indexing must be 'xy' or 'ij', not {indexing!r}")
    arrays = [as_array(x) for x in xi]
    axes = list(range(len(xi)))
    if indexing == "xy" and len(xi) > 1:
        axes[:2] = 1, 0
    grids = tuple(
        [
            x.reshape([x.size if i == axis else 1 for i in range(len(xi))])
            for axis, x in zip(axes, arrays, strict=True)
        ]
    )
    return grids if sparse else _broadcast_arrays(grids)


def _ix(args: Any, ans: Any) -> Any:
    # a plain argument is what NumPy makes of it: masks and empty lists become indices
    pairs = zip(args, ans, strict=True)
    return [x.reshape(found.shape) if overrides(type(x)) else found for x, found in pairs]


def _split(function: Callable[..., Any], axis: int) -> Row:
    """Sections along `axis`, or along the last one where there are fewer."""
    return linear(
        function,
        signature("ary", "indices_or_sections"),
        lambda g, ary_like, indices_or_sections: split_vjp(
            g, ary_like, indices_or_sections, min(axis, ary_like.ndim - 1)
        ),
        constant_outputs=(),
    )


ROWS: tuple[Row, ...] = (
    _stack(np.vstack, 0, 2),
    _stack(np.hstack, 1, 1),
    _stack(np.dstack, 2, 3, signature("tup")),
    _stack(np.column_stack, 1, 2, signature("tup")),
    composed(np.append, signature("arr", "values", axis=None), _append, {"arr", "values"}),
    composed(np.block, signature("arrays"), _block, {"arrays"}, own_value=True),
    # more axes, and the same axes for all
    _at_least(np.atleast_1d, lambda s: s or (1,)),
    _at_least(np.atleast_2d, lambda s: (1,) * (2 - len(s)) + s),
    _at_least(np.atleast_3d, lambda s: s if len(s) > 2 else (*(1,) * (2 - len(s)), *s, 1)),
    composed(np.broadcast_arrays, signature("*args", subok=False), _broadcast_arrays, {"args"}),
    composed(
        np.meshgrid,
        signature("*xi", copy=True, sparse=False, indexing="xy"),
        _meshgrid,
        {"xi"},
    ),
    composed(np.ix_, signature("*args"), _ix, {"args"}, own_value=True),
    # the parts along an axis
    _split(np.vsplit, 0),
    _split(np.hsplit, 1),
    _split(np.dsplit, 2),
)

if hasattr(np, "unstack"):  # since NumPy 2.1
    ROWS += (
        linear(
            np.unstack,
            signature("x", "*", axis=0),
            lambda g, axis: np.stack(g, listed(axis)[0]),
            constant_outputs=(),
        ),
    )

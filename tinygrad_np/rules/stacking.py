"""Joining and taking apart: stacks, blocks, grids, and what divides an array along an axis.

Where several arrays go in and several come out (`broadcast_arrays`, `meshgrid`, `atleast_2d`), a
plain array among them comes out as a plain array: it is a constant.
"""

from collections.abc import Callable, Iterable
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ..core.arrays import Array, along, as_array
from ..core.axes import listed
from ..core.dispatch import overrides
from ..core.signature import signature
from ..core.table import Row, linear
from .composed import composed
from .shapes import split_vjp


def _pieces(g: Array, likes: Any, axis: int, lengths: Iterable[int]) -> list[Any]:
    """A joint cotangent cut into pieces of these lengths, each in the shape of its array."""
    ends = accumulate(lengths, initial=0)
    return [
        g[along(axis, slice(start, end))].reshape(like.shape)
        for (start, end), like in zip(pairwise(ends), likes, strict=True)
    ]


def _vstack_vjp(g: Any, tup_like: Any) -> Any:
    return _pieces(g, tup_like, 0, [a.shape[0] if a.ndim > 1 else 1 for a in tup_like])


def _hstack_vjp(g: Any, tup_like: Any) -> Any:
    if g.ndim == 1:
        return _pieces(g, tup_like, 0, [a.size for a in tup_like])
    return _pieces(g, tup_like, 1, [a.shape[1] for a in tup_like])


def _dstack_vjp(g: Any, tup_like: Any) -> Any:
    return _pieces(g, tup_like, 2, [a.shape[2] if a.ndim > 2 else 1 for a in tup_like])


def _column_stack_vjp(g: Any, tup_like: Any) -> Any:
    return _pieces(g, tup_like, 1, [a.shape[1] if a.ndim > 1 else 1 for a in tup_like])


_STACK = signature("tup", "*", dtype=None, casting="same_kind")


def _append(arr: Array, values: Array, axis: Any) -> Any:
    if axis is None:
        arr, values, axis = np.ravel(arr), np.ravel(values), 0
    return np.concatenate((arr, values), axis)


def _block(arrays: Any) -> Any:
    """Lists of depth d are joined along the last axis, lists of these along the last but one, …"""
    leaves: list[Any] = []
    depth = _depth(arrays, leaves, "arrays")
    ndim = max([depth, *[leaf.ndim for leaf in leaves]])
    dtype = np.result_type(*[leaf.dtype for leaf in leaves])
    if depth == 0:
        return np.copy(arrays)

    def joined(part: Array, axis: int) -> Any:
        if axis == 0:
            part = as_array(part)
            return part.reshape((1,) * (ndim - part.ndim) + part.shape)
        return np.concatenate([joined(item, axis + 1) for item in part], axis, dtype=dtype)

    return joined(arrays, -depth)


def _depth(part: Array, leaves: list[Any], where: str) -> int:
    """How deep the lists are nested, the same everywhere; collects what is in them."""
    if isinstance(part, tuple):
        raise TypeError(f"np.block: {where} is a tuple; only lists are nested")
    if not isinstance(part, list):
        leaves.append(as_array(part))
        return 0
    if not part:
        raise ValueError(f"np.block: {where} is an empty list")
    depths = {_depth(item, leaves, f"{where}[{i}]") for i, item in enumerate(part)}
    if len(depths) > 1:
        raise ValueError(f"np.block: in {where} lists are nested to depths {sorted(depths)}")
    return 1 + depths.pop()


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


def _ix(args: Any) -> Any:
    # a plain argument alone is what it is among others: masks and empty lists become indices
    places = [x if overrides(type(x)) else np.ix_(x)[0] for x in args]
    for x in places:
        if x.ndim != 1:
            raise ValueError(f"np.ix_: takes arrays of one axis, not of shape {x.shape}")
    return _meshgrid(places, True, "ij")


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
    linear(np.vstack, _STACK, _vstack_vjp, list_operands={"tup"}),
    linear(np.hstack, _STACK, _hstack_vjp, list_operands={"tup"}),
    linear(np.dstack, signature("tup"), _dstack_vjp, list_operands={"tup"}),
    linear(np.column_stack, signature("tup"), _column_stack_vjp, list_operands={"tup"}),
    composed(np.append, signature("arr", "values", axis=None), _append, {"arr", "values"}),
    composed(np.block, signature("arrays"), _block, {"arrays"}),
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
    composed(np.ix_, signature("*args"), _ix, {"args"}),
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

"""Changing the shape, joining and taking apart: all linear, adjoint pairs side by side."""

from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from ..kernels.elementwise import cast
from ..kernels.nested import joined, parted
from ..kernels.scatter import scatter_add
from ..kernels.shapes import expand, sum_to
from .axes import listed
from .table import composed, linear, takes


def _settled(function: str, order: Any) -> Any:
    """The order, where it does not depend on how the array lies in memory."""
    if order not in _ORDERS:
        raise ValueError(
            f"np.{function}: order {order!r} depends on how the array lies in memory, which a "
            "Tensor does not promise; use 'C' or 'F'"
        )
    return order


_ORDERS = ("C", "F", "c", "f", None)
"""None is NumPy's word for 'C'."""


def _reshape_kernel(a: Any, shape: Any, order: Any = "C", copy: Any = None) -> Any:
    if copy is not None:
        reshaped: Any = np.reshape  # NumPy 2.0 knows no `copy`
        return reshaped(a, shape, order, copy=copy)
    return a.reshape(shape) if order == "C" else a.reshape(shape, order=_settled("reshape", order))


def _ravel_kernel(a: Any, order: Any = "C") -> Any:
    return a.ravel(_settled("ravel", order))


def _reshape_vjp(g: Any, a_like: Any, order: Any) -> Any:
    is_fortran = order in ("F", "f")
    return np.reshape(g, a_like.shape, "F") if is_fortran else g.reshape(a_like.shape)


def _transpose_vjp(g: Any, axes: Any) -> Any:
    if axes is None:
        return g.T
    axes = [axis % g.ndim for axis in listed(axes)]
    return np.transpose(g, sorted(range(g.ndim), key=axes.__getitem__))


def _concatenate_vjp(g: Any, arrays_like: Any, axis: Any) -> Any:
    if axis is None:
        return parted(g, tuple([a.shape for a in arrays_like]))
    axis %= g.ndim
    before = (slice(None),) * axis
    ends = list(accumulate([a.shape[axis] for a in arrays_like], initial=0))
    return [g[(*before, slice(start, end))] for start, end in pairwise(ends)]


def _stack_vjp(g: Any, axis: Any) -> Any:
    before = (slice(None),) * (axis % g.ndim)
    return [g[(*before, i)] for i in range(g.shape[axis])]


def split_vjp(g: Any, ary_like: Any, indices_or_sections: Any, axis: Any) -> Any:
    """The adjoint of taking an array apart along an axis: its sections put together again."""
    if np.ndim(indices_or_sections) == 0 or _partition(indices_or_sections, ary_like.shape[axis]):
        return np.concatenate(g, axis)
    # Sections that overlap or leave a gap: add each one where it came from.
    before = (slice(None),) * (axis % ary_like.ndim)
    total = 0
    for part, (start, end) in zip(g, pairwise([0, *indices_or_sections, None]), strict=True):
        total = total + scatter_add(part, (*before, slice(start, end)), ary_like.shape)
    return total


def _partition(indices: Any, length: int) -> bool:
    ends = [0, *indices, length]
    return all(0 <= start <= end <= length for start, end in pairwise(ends))


ROWS = (
    linear(
        np.reshape,
        takes("a", "shape", order="C", copy=None),
        _reshape_vjp,
        kernel=_reshape_kernel,
    ),
    linear(
        np.ravel,
        takes("a", order="C"),
        _reshape_vjp,
        kernel=_ravel_kernel,
    ),
    linear(
        np.expand_dims,
        takes("a", "axis"),
        lambda g, a_like: g.reshape(a_like.shape),
        makes_axis=True,
    ),
    linear(np.squeeze, takes("a", axis=None), lambda g, a_like: g.reshape(a_like.shape)),
    linear(np.transpose, takes("a", axes=None), _transpose_vjp),
    linear(
        np.swapaxes,
        takes("a", "axis1", "axis2"),
        lambda g, axis1, axis2: np.swapaxes(g, axis1, axis2),
    ),
    linear(
        np.moveaxis,
        takes("a", "source", "destination"),
        lambda g, source, destination: np.moveaxis(g, destination, source),
    ),
    linear(np.flip, takes("m", axis=None), lambda g, axis: np.flip(g, axis)),
    composed(np.flipud, takes("m"), lambda m: m[::-1], {"m"}),
    composed(np.fliplr, takes("m"), lambda m: m[:, ::-1], {"m"}),
    linear(np.broadcast_to, takes("array", "shape", subok=False), lambda g: g, broadcasts=True),
    linear(expand, lambda g: g, broadcasts=True),
    linear(sum_to, lambda g, x_like: expand(g, x_like.shape)),
    linear(cast, lambda g, x_like: cast(g, x_like.dtype)),
    linear(
        np.concatenate,
        takes("arrays", axis=0, out=None, dtype=None, casting="same_kind"),
        _concatenate_vjp,
        nested={"arrays"},
    ),
    *[
        linear(
            function,
            takes("ary", "indices_or_sections", axis=0),
            split_vjp,
            constant_outputs=(),
        )
        for function in (np.split, np.array_split)
    ],
    linear(
        np.stack,
        takes("arrays", axis=0, out=None, dtype=None, casting="same_kind"),
        _stack_vjp,
        nested={"arrays"},
    ),
    linear(
        joined,
        lambda g, parts_like: parted(g, tuple([part.shape for part in parts_like])),
        nested={"parts"},
    ),
    linear(
        parted,
        lambda g, x_like: joined(list(g), x_like.shape),
        constant_outputs=(),
    ),
)

"""Changing the shape, joining and taking apart: all linear, adjoint pairs side by side."""

from itertools import pairwise
from typing import Any

import numpy as np

from ..core.arrays import Array
from ..core.plan import Shaped
from ..core.rules import reshape_vjp, scatter_add, settled_order
from ..core.signature import signature
from ..core.table import linear
from .composed import composed
from .nested import joined, parted


def _ravel_kernel(a: Array, order: Any = "C") -> Any:
    return a.ravel(settled_order("ravel", order))


def split_vjp(g: Array, ary_like: Shaped, indices_or_sections: Any, axis: Any) -> Any:
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
    linear(np.ravel, signature("a", order="C"), reshape_vjp, kernel=_ravel_kernel),
    linear(
        np.moveaxis,
        signature("a", "source", "destination"),
        lambda g, source, destination: np.moveaxis(g, destination, source),
    ),
    linear(np.flip, signature("m", axis=None), lambda g, axis: np.flip(g, axis)),
    composed(np.flipud, signature("m"), lambda m: m[::-1], {"m"}),
    composed(np.fliplr, signature("m"), lambda m: m[:, ::-1], {"m"}),
    *[
        linear(
            function,
            signature("ary", "indices_or_sections", axis=0),
            split_vjp,
            constant_outputs=(),
        )
        for function in (np.split, np.array_split)
    ],
    linear(
        joined,
        lambda g, parts_like: parted(g, tuple([part.shape for part in parts_like])),
        list_operands={"parts"},
    ),
    linear(parted, lambda g, x_like: joined(list(g), x_like.shape), constant_outputs=()),
)

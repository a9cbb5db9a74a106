"""`numpy.pad` in every mode that frames an array with numbers computed from it.

The frame is laid axis by axis, each time around the array as framed so far; a cotangent therefore
folds the frame back from the last axis to the first. `constant_values` and `end_values` have a
derivative, too, where they are one array of a shape that `pad` takes: (), (2,) or (ndim, 2).

Policy: elements that tie for a maximum or minimum share its cotangent equally; a median's goes to
the elements in the middle as a stable sort orders them.
"""

import functools
from typing import Any, NamedTuple

import numpy as np

from ..kernels.scatter import scatter_add
from ..kernels.shapes import along, sum_to
from ..kernels.windows import pad
from .table import general, takes

_STATISTICS = ("maximum", "mean", "median", "minimum")
_GIVEN = {"constant": "constant_values", "linear_ramp": "end_values"}

Pair = tuple[int, int]


def _kernel(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    if callable(mode):
        raise TypeError(
            "np.pad: the argument 'mode': a function would write into the frame, and the gradient "
            "would be lost; use np.concatenate"
        )
    if mode == "empty":
        raise TypeError(
            "np.pad: the argument 'mode': 'empty' leaves the frame undefined; use 'constant'"
        )
    return np.pad(array, pad_width, mode, **kwargs)


def _pairs(pad_width: Any, ndim: int) -> list[Pair]:
    """(before, after) for every axis.

    >>> _pairs(1, 2), _pairs({-1: (0, 2)}, 2)
    ([(1, 1), (1, 1)], [(0, 0), (0, 2)])
    """
    if isinstance(pad_width, dict):
        widths = {axis % ndim: width for axis, width in pad_width.items()}
        pad_width = [np.broadcast_to(widths.get(axis, 0), 2) for axis in range(ndim)]
    return [(before, after) for before, after in np.broadcast_to(pad_width, (ndim, 2)).tolist()]


class _Term(NamedTuple):
    """A sum over some elements of an axis, and how much of it each element of the frame is."""

    shares: Any
    """one an element of the frame, first those before the array"""
    start: int
    """the number of the first element"""
    weights: Any
    """of the elements: an array with as many along the axis, or 1 for a single one"""


class _Frame(NamedTuple):
    """The frame along one axis as a linear map of the n elements between its sides.

    Its element k is ``signs[k]`` times the element number ``origins[k]``, plus its share of the
    `terms`.
    """

    axis: int
    n: int
    pair: Pair
    origins: Any
    signs: Any
    terms: list[_Term]
    given: Any = None
    """the share of the value given for that side, for each element of the frame"""

    def lay(self, x: Any, values: Any = None) -> Any:
        """`x` with its frame along this axis; `values` are those given for both sides."""
        shape = list(x.shape)
        shape[self.axis] = sum(self.pair)
        outer = np.zeros(shape, x.dtype)
        if self.signs.any():
            outer = outer + self.spread(x[along(self.axis, self.origins)], self.signs)
        for shares, start, weights in self.terms:
            count = np.shape(weights)[self.axis] if np.ndim(weights) else 1
            chosen = x[along(self.axis, slice(start, start + count))]
            total = np.sum(weights * chosen, self.axis, keepdims=True)
            outer = outer + self.spread(total, shares)
        if values is not None:
            each = np.repeat(values, self.pair) * self.given.astype(values.dtype)
            outer = outer + each.reshape((-1,) + (1,) * (x.ndim - self.axis - 1))
        before, after = self.sides(outer)
        return np.concatenate([before, x, after], self.axis)

    def fold(self, g: Any) -> Any:
        """The adjoint of `lay`."""
        between = g[along(self.axis, slice(self.pair[0], self.pair[0] + self.n))]
        outer = self.outer(g)
        if self.signs.any():
            key = along(self.axis, self.origins)
            between = between + scatter_add(self.spread(outer, self.signs), key, between.shape)
        for shares, start, weights in self.terms:
            total = np.sum(self.spread(outer, shares), self.axis, keepdims=True) * weights
            width = [(0, 0)] * g.ndim
            width[self.axis] = start, self.n - start - total.shape[self.axis]
            between = between + pad(total, tuple(width))
        return between

    def outer(self, x: Any) -> Any:
        """Both sides of a framed array, joined."""
        before = x[along(self.axis, slice(self.pair[0]))]
        after = x[along(self.axis, slice(self.pair[0] + self.n, None))]
        return np.concatenate([before, after], self.axis)

    def sides(self, outer: Any) -> tuple[Any, Any]:
        """Both sides of the frame."""
        before = self.pair[0]
        return (
            outer[along(self.axis, slice(before))],
            outer[along(self.axis, slice(before, None))],
        )

    def spread(self, x: Any, shares: Any) -> Any:
        """`x` times one number an element of the frame."""
        return x * shares.astype(x.dtype).reshape((-1,) + (1,) * (x.ndim - self.axis - 1))


@functools.lru_cache(maxsize=128)
def _probed(n: int, pair: Pair, mode: str, reflect_type: str) -> tuple[Any, ...]:
    """What a frame of one axis is made of, as `numpy.pad` shows it.

    The number of the element and its sign, the shares of the first and the last one (which frames
    by a ramp or an odd reflection have), and that of the given value.
    """
    options: dict[str, Any] = {}
    if mode in ("reflect", "symmetric"):
        options["reflect_type"] = reflect_type

    def frame(x: Any, **more: Any) -> Any:
        framed = np.pad(x, pair, mode, **options, **more)  # type: ignore[call-overload]
        return np.concatenate([framed[: pair[0]], framed[pair[0] + n :]])

    places = np.arange(float(n))
    inner = frame(np.where(places < n - 1, places, 0))
    first = frame(np.where(places == 0, 1.0, 0.0))
    last = frame(np.where((places == n - 1) & (places > 0), 1.0, 0.0))
    given = frame(np.zeros(n), **{_GIVEN[mode]: 1.0}) if mode in _GIVEN else np.zeros(sum(pair))
    return np.abs(inner).astype(np.intp), np.sign(inner), first, last, given


def _frames(
    ans: Any, shape: Any, pad_width: Any, mode: str, stat_length: Any, reflect_type: str
) -> list[_Frame]:
    """The frames in the order in which they are laid; `ans` is the framed array."""
    pairs = _pairs(pad_width, len(shape))
    inside = [slice(before, before + n) for n, (before, _) in zip(shape, pairs, strict=True)]
    frames = []
    for axis, (n, pair) in enumerate(zip(shape, pairs, strict=True)):
        if not any(pair):
            continue
        nothing = np.zeros(sum(pair))
        if mode in _STATISTICS:
            framed = ans[along(axis, slice(None), *inside[axis + 1 :])]
            terms = _statistics(framed, axis, n, pair, mode, stat_length)
            frames.append(_Frame(axis, n, pair, nothing.astype(np.intp), nothing, terms))
        else:
            origins, signs, first, last, given = _probed(n, pair, mode, reflect_type)
            terms = [_Term(first, 0, 1), _Term(last, n - 1, 1)]
            terms = [term for term in terms if term.shares.any()]
            frames.append(_Frame(axis, n, pair, origins, signs, terms, given))
    return frames


def _statistics(
    framed: Any, axis: int, n: int, pair: Pair, mode: str, stat_length: Any
) -> list[_Term]:
    """Each side is a weighed sum of the elements next to it, the weights taken from the values."""
    if stat_length is None:
        counts = [n, n]
    else:
        lengths = np.broadcast_to(stat_length, (framed.ndim, 2))[axis].tolist()
        counts = [min(length, n) for length in lengths]
    is_before = np.arange(sum(pair)) < pair[0]
    terms = []
    for shares, start, count, place in (
        (is_before, pair[0], counts[0], 0),
        (~is_before, pair[0] + n - counts[1], counts[1], -1),
    ):
        if shares.any():
            chosen = framed[along(axis, slice(start, start + count))]
            value = np.expand_dims(framed[along(axis, place)], axis)
            terms.append(_Term(shares, start - pair[0], _weights(chosen, value, axis, mode)))
    return terms


def _weights(x: Any, value: Any, axis: int, mode: str) -> Any:
    """How much each element counts in the statistic `value` along an axis."""
    count = x.shape[axis]
    if mode == "mean":
        return np.ones(x.shape, x.dtype) / max(count, 1)
    if mode == "median":
        ranks = np.argsort(np.argsort(x, axis, kind="stable"), axis)
        upper, lower = np.equal(ranks, count // 2), np.equal(ranks, (count - 1) // 2)
        return (upper.astype(x.dtype) + lower) / 2
    chosen = np.logical_or(np.equal(x, value), np.isnan(x)).astype(x.dtype)
    return chosen / np.maximum(np.sum(chosen, axis, keepdims=True), 1)


def _array_vjp(
    g: Any, array_like: Any, ans: Any, pad_width: Any, mode: Any, stat_length: Any,
    reflect_type: Any,
) -> Any:  # fmt: skip
    if mode == "constant":
        pairs = zip(array_like.shape, _pairs(pad_width, g.ndim), strict=True)
        return g[tuple([slice(before, before + n) for n, (before, _) in pairs])]
    frames = _frames(ans, array_like.shape, pad_width, mode, stat_length, reflect_type)
    for frame in reversed(frames):
        g = frame.fold(g)
    return g


def _array_jvp(
    t: Any, ans: Any, pad_width: Any, mode: Any, stat_length: Any, reflect_type: Any
) -> Any:
    if mode == "constant":
        return np.pad(t, pad_width)
    for frame in _frames(ans, t.shape, pad_width, mode, stat_length, reflect_type):
        t = frame.lay(t)
    return t


def _given_vjp(g: Any, array_like: Any, pad_width: Any, mode: Any, values_like: Any) -> Any:
    """For each side the sum over its frame, weighed by how much the given value counts there."""
    sums: list[Any] = [(np.zeros((), g.dtype),) * 2] * g.ndim
    for frame in reversed(_frames(None, array_like.shape, pad_width, mode, None, "even")):
        sides = frame.sides(frame.spread(frame.outer(g), frame.given))
        sums[frame.axis] = [np.sum(side) for side in sides]
        g = frame.fold(g)
    if not sums:
        return np.zeros(values_like.shape, g.dtype)
    both = np.stack([side for pair in sums for side in pair]).reshape(-1, 2)
    return sum_to(both, values_like.shape)


def _given_jvp(t: Any, array_like: Any, pad_width: Any, mode: Any) -> Any:
    result = np.zeros(array_like.shape, array_like.dtype)
    values = np.broadcast_to(t, (result.ndim, 2))
    for frame in _frames(None, array_like.shape, pad_width, mode, None, "even"):
        result = frame.lay(result, values[frame.axis])
    return result


ROWS = (
    general(
        np.pad,
        takes(
            "array", "pad_width", "*", mode="constant", constant_values=0, end_values=0,
            stat_length=None, reflect_type="even",
        ),
        kernel=_kernel,
        real={"constant_values": ("array",), "end_values": ("array",)},
        array=(_array_vjp, _array_jvp),
        constant_values=(
            lambda g, array_like, pad_width, mode, constant_values_like: _given_vjp(
                g, array_like, pad_width, mode, constant_values_like
            ),
            _given_jvp,
        ),
        end_values=(
            lambda g, array_like, pad_width, mode, end_values_like: _given_vjp(
                g, array_like, pad_width, mode, end_values_like
            ),
            _given_jvp,
        ),
    ),
)  # fmt: skip

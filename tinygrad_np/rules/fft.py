"""Discrete Fourier transforms: all of `numpy.fft`, in one and in several dimensions.

The matrix of a transform is symmetric: `fft` and `ifft` are their own transposes, with the same
`norm`. Before it, a transform crops its input or pads it with zeros at the end; the transposes of
that pad and crop. `rfft` leaves out the frequencies of which it has the negative, so `irfft` counts
those that it is given twice, all but 0 and (of an even length n) n/2. With W the diagonal matrix
of these ones and twos,

    irfft* g = W · conj(rfft g)          rfft* g = irfft(W⁻¹ · conj(g))

where the norm is the one of the other direction. Here a conjugate belongs to the function: real
numbers on one side, complex ones on the other. `irfft` ignores the imaginary part of its first
element, and of the last one where the length is even; their gradient is 0.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from ..core.arrays import Array, along, cast
from ..core.dispatch import name_of
from ..core.plan import Shaped
from ..core.rules import scatter_add
from ..core.signature import signature
from ..core.table import Row, linear
from .composed import composed

OTHER_NORM: dict[Any, Any] = {
    None: "forward",
    "backward": "forward",
    "ortho": "ortho",
    "forward": "backward",
}
"""The norm with which the inverse transform has the same factor."""


def resized(g: Array, a_like: Shaped, axis: int) -> Any:
    """`g` cropped, or padded with zeros at the end, to the length of `a_like`, and in its dtype."""
    axis, length = axis % g.ndim, a_like.shape[axis]
    n = g.shape[axis]
    if n > length:
        g = g[along(axis, slice(length))]
    if n < length:
        shape = (*g.shape[:axis], length, *g.shape[axis + 1 :])
        g = scatter_add(g, along(axis, slice(n)), shape)
    return cast(g, a_like.dtype)  # real, where real numbers were given


def _multiplicity(spectrum: Array, axis: int, n: int) -> Any:
    """How often each frequency of a half spectrum occurs in the whole one, of length `n`."""
    k = np.arange(spectrum.shape[axis])
    is_single = np.logical_or(k == 0, 2 * k == n)
    counts = np.where(is_single, 1, 2).astype(np.int8)  # keeps complex64
    return counts.reshape(-1, *[1] * (spectrum.ndim - 1 - axis % spectrum.ndim))


def _fft_vjp(g: Array, a_like: Shaped, axis: Any, norm: Any) -> Any:
    return resized(np.fft.fft(g, None, axis, norm), a_like, axis)


def _ifft_vjp(g: Array, a_like: Shaped, axis: Any, norm: Any) -> Any:
    return resized(np.fft.ifft(g, None, axis, norm), a_like, axis)


def _rfft_vjp(g: Array, a_like: Shaped, n: Any, axis: Any, norm: Any) -> Any:
    n = a_like.shape[axis] if n is None else n
    single = np.conjugate(g) / _multiplicity(g, axis, n)
    return resized(np.fft.irfft(single, n, axis, OTHER_NORM[norm]), a_like, axis)


def _irfft_vjp(g: Array, a_like: Shaped, axis: Any, norm: Any) -> Any:
    half = np.conjugate(np.fft.rfft(g, None, axis, OTHER_NORM[norm]))
    return resized(half * _multiplicity(half, axis, g.shape[axis]), a_like, axis)


def _kernel(function: Callable[..., Any], takes_complex: bool) -> Callable[..., Any]:
    """NumPy's function; what it does not take is said in its name."""
    name = name_of(function)

    def checked(a: Array, *args: Any, **kwargs: Any) -> Any:
        if a.dtype.kind == "c" and not takes_complex:
            full = name.replace("rfft", "fft")
            raise TypeError(f"{name}: takes real numbers, not {a.dtype}; use {full} or np.real")
        try:
            result = function(a, *args, **kwargs)
        except IndexError as error:
            raise np.exceptions.AxisError(f"{name}: an axis is not in {a.shape}: {error}") from None
        if "irfft" in name and result.size and not a.size:
            raise ValueError(
                f"{name}: of shape {a.shape}, NumPy gives what happens to lie in memory; "
                f"use np.zeros({result.shape})"
            )
        return result

    return checked


_ONE = signature("a", n=None, axis=-1, norm=None, out=None)


def _one(function: Callable[..., Any], vjp: Callable[..., Any], takes_complex: bool = True) -> Row:
    return linear(function, _ONE, vjp, kernel=_kernel(function, takes_complex))


def _several(
    function: Callable[..., Any],
    transform: Callable[..., Any],
    last: Callable[..., Any],
    axes: tuple[int, int] | None = None,
    order: Callable[..., Any] = reversed,
) -> Row:
    """One transform after the other, that of the `last` axis first unless `order` is another."""

    def definition(a: Array, s: Any, axes: Any, norm: Any) -> Any:
        steps = [(transform, n, axis) for n, axis in _lengths(a, s, axes)]
        if last is not transform:
            if not steps:
                raise np.exceptions.AxisError(f"an axis is not in {a.shape}")
            _, n, axis = steps.pop()
            steps.append((last, None if last is np.fft.irfft and s is None else n, axis))
        for one, n, axis in order(steps):
            a = one(a, n, axis, norm)
        return a

    return composed(
        function, signature("a", s=None, axes=axes, norm=None, out=None), definition, {"a"}
    )


def _lengths(a: Array, s: Any, axes: Any) -> list[tuple[Any, int]]:
    """The length to which each axis is transformed, which may come more than once, and the axis."""
    if axes is None:
        s = a.shape if s is None else s
        axes = range(-len(s), 0)
    try:
        s = np.take(a.shape, axes).tolist() if s is None else s
        if len(s) != len(axes):
            raise ValueError(f"s {s} and axes {axes} have different lengths")
        axes = [normalize_axis_index(axis, a.ndim) for axis in axes]
    except IndexError as error:
        raise np.exceptions.AxisError(f"an axis is not in {a.shape}: {error}") from None
    return [(a.shape[axis] if n == -1 else n, axis) for n, axis in zip(s, axes, strict=True)]


# NumPy took the axes of rfftn but the last in ascending order until 2.1.1. It matters where an
# axis is repeated, with another length, and the length of the result tells.
_RFFTN_ASCENDS = len(np.fft.rfftn(np.zeros((1, 1)), (1, 2, 1), (0, 0, 1))) == 2


def _rfftn_order(steps: list[Any]) -> Any:
    return [steps[-1], *steps[:-1]] if _RFFTN_ASCENDS else reversed(steps)


def _hermitian(function: Callable[..., Any], definition: Callable[..., Any]) -> Row:
    return composed(function, _ONE, definition, {"a"})


def _shift(function: Callable[..., Any], back: Callable[..., Any]) -> Row:
    return linear(function, signature("x", axes=None), back, kernel=_kernel(function, True))


ROWS = (
    _one(np.fft.fft, _fft_vjp),
    _one(np.fft.ifft, _ifft_vjp),
    _one(np.fft.rfft, _rfft_vjp, takes_complex=False),
    _one(np.fft.irfft, _irfft_vjp),
    _hermitian(
        np.fft.hfft,
        lambda a, n, axis, norm: np.fft.irfft(np.conjugate(a), n, axis, OTHER_NORM.get(norm, norm)),
    ),
    _hermitian(
        np.fft.ihfft,
        lambda a, n, axis, norm: np.conjugate(np.fft.rfft(a, n, axis, OTHER_NORM.get(norm, norm))),
    ),
    _several(np.fft.fft2, np.fft.fft, np.fft.fft, (-2, -1)),
    _several(np.fft.ifft2, np.fft.ifft, np.fft.ifft, (-2, -1)),
    _several(np.fft.rfft2, np.fft.fft, np.fft.rfft, (-2, -1), _rfftn_order),
    _several(np.fft.irfft2, np.fft.ifft, np.fft.irfft, (-2, -1), iter),
    _several(np.fft.fftn, np.fft.fft, np.fft.fft),
    _several(np.fft.ifftn, np.fft.ifft, np.fft.ifft),
    _several(np.fft.rfftn, np.fft.fft, np.fft.rfft, None, _rfftn_order),
    _several(np.fft.irfftn, np.fft.ifft, np.fft.irfft, None, iter),
    # each turns the other one back
    _shift(np.fft.fftshift, lambda g, axes: np.fft.ifftshift(g, axes)),
    _shift(np.fft.ifftshift, lambda g, axes: np.fft.fftshift(g, axes)),
)

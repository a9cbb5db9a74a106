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

from ..core.arrays import Array, along, cast
from ..core.dispatch import name_of
from ..core.plan import Shaped
from ..core.rules import scatter_add
from ..core.signature import signature
from ..core.table import Row, linear
from .composed import composed

_OTHER: dict[Any, Any] = {
    None: "forward",
    "backward": "forward",
    "ortho": "ortho",
    "forward": "backward",
}
"""The norm with which the inverse transform has the same factor."""

# Whether rfftn goes through its axes but the last in ascending order, as NumPy did until 2.1.1. It
# matters where an axis is repeated, with another length, and the length of the result tells.
_RFFTN_ASCENDS = len(np.fft.rfftn(np.zeros((1, 1)), (1, 2, 1), (0, 0, 1))) == 2


def _resized(g: Array, axis: int, length: int) -> Any:
    """`g` cropped, or padded with zeros at the end, to `length` along `axis`."""
    n = g.shape[axis]
    if n > length:
        return g[along(axis, slice(length))]
    if n < length:
        shape = (*g.shape[:axis], length, *g.shape[axis + 1 :])
        return scatter_add(g, along(axis, slice(n)), shape)
    return g


def _multiplicity(spectrum: Any, axis: int, n: int) -> Any:
    """How often each frequency of a half spectrum occurs in the whole one, of length `n`."""
    k = np.arange(spectrum.shape[axis])
    is_single = np.logical_or(k == 0, 2 * k == n)
    counts = np.where(is_single, 1, 2).astype(np.int8)  # keeps complex64
    return counts.reshape((-1, *[1] * (spectrum.ndim - 1 - axis)))


# The transposes of one-dimensional transforms along `axis`, of `before` elements to `n`.


def _of_fft(g: Array, axis: int, norm: Any, before: int, n: int) -> Any:
    return _resized(np.fft.fft(g, None, axis, norm), axis, before)


def _of_ifft(g: Array, axis: int, norm: Any, before: int, n: int) -> Any:
    return _resized(np.fft.ifft(g, None, axis, norm), axis, before)


def _of_rfft(g: Array, axis: int, norm: Any, before: int, n: int) -> Any:
    single = np.conjugate(g) / _multiplicity(g, axis, n)
    return _resized(np.fft.irfft(single, n, axis, _OTHER[norm]), axis, before)


def _of_irfft(g: Array, axis: int, norm: Any, before: int, n: int) -> Any:
    half = np.conjugate(np.fft.rfft(g, None, axis, _OTHER[norm]))
    return _resized(half * _multiplicity(half, axis, g.shape[axis]), axis, before)


_Transpose = Callable[[Any, int, Any, int, int], Any]


def _along_one(transpose: _Transpose) -> Callable[..., Any]:
    """The vjp of a transform along one axis."""

    def vjp(g: Array, a_like: Shaped, n: Any, axis: Any, norm: Any) -> Any:
        before = a_like.shape[axis]
        part = transpose(g, axis % g.ndim, norm, before, before if n is None else n)
        return cast(part, a_like.dtype)  # real, where real numbers were given

    return vjp


def _along_several(steps: Callable[[int], list[tuple[int, _Transpose]]]) -> Callable[..., Any]:
    """The vjp of a transform along several axes, one after the other.

    For a number of axes, `steps` are (which of them, transpose) in the order of the transform.
    """

    def vjp(g: Array, a_like: Shaped, s: Any, axes: Any, norm: Any) -> Any:
        shape = a_like.shape
        if axes is None:
            axes = range(len(shape) - len(shape if s is None else s), len(shape))
        now = list(shape)  # an axis may come more than once
        done = []
        for i, transpose in steps(len(axes)):
            axis = axes[i] % len(shape)
            before, n = now[axis], -1 if s is None else s[i]
            if n is None:
                n = before
            elif n == -1:
                n = shape[axis]
            now[axis] = n // 2 + 1 if transpose is _of_rfft else n
            done.append((transpose, axis, before, n))
        for transpose, axis, before, n in reversed(done):
            g = transpose(g, axis, norm, before, n)
        return cast(g, a_like.dtype)

    return vjp


def _fftn_steps(count: int) -> list[tuple[int, _Transpose]]:
    return [(i, _of_fft) for i in reversed(range(count))]


def _ifftn_steps(count: int) -> list[tuple[int, _Transpose]]:
    return [(i, _of_ifft) for i in reversed(range(count))]


def _rfftn_steps(count: int) -> list[tuple[int, _Transpose]]:
    others = range(count - 1) if _RFFTN_ASCENDS else reversed(range(count - 1))
    return [(count - 1, _of_rfft), *[(i, _of_fft) for i in others]]


def _irfftn_steps(count: int) -> list[tuple[int, _Transpose]]:
    return [*[(i, _of_ifft) for i in range(count - 1)], (count - 1, _of_irfft)]


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


def _one(function: Callable[..., Any], transpose: _Transpose) -> Row:
    kernel = _kernel(function, transpose is not _of_rfft)
    return linear(function, _ONE, _along_one(transpose), kernel=kernel)


def _several(function: Callable[..., Any], steps: Any, axes: tuple[int, int] | None = None) -> Row:
    form = signature("a", s=None, axes=axes, norm=None, out=None)
    kernel = _kernel(function, steps is not _rfftn_steps)
    return linear(function, form, _along_several(steps), kernel=kernel)


def _hermitian(function: Callable[..., Any], definition: Callable[..., Any]) -> Row:
    return composed(
        function, signature("a", n=None, axis=-1, norm=None, out=None), definition, {"a"}
    )


def _shift(function: Callable[..., Any], back: Callable[..., Any]) -> Row:
    return linear(function, signature("x", axes=None), back, kernel=_kernel(function, True))


ROWS = (
    _one(np.fft.fft, _of_fft),
    _one(np.fft.ifft, _of_ifft),
    _one(np.fft.rfft, _of_rfft),
    _one(np.fft.irfft, _of_irfft),
    _hermitian(
        np.fft.hfft,
        lambda a, n, axis, norm: np.fft.irfft(np.conjugate(a), n, axis, _OTHER.get(norm, norm)),
    ),
    _hermitian(
        np.fft.ihfft,
        lambda a, n, axis, norm: np.conjugate(np.fft.rfft(a, n, axis, _OTHER.get(norm, norm))),
    ),
    _several(np.fft.fft2, _fftn_steps, (-2, -1)),
    _several(np.fft.ifft2, _ifftn_steps, (-2, -1)),
    _several(np.fft.rfft2, _rfftn_steps, (-2, -1)),
    _several(np.fft.irfft2, _irfftn_steps, (-2, -1)),
    _several(np.fft.fftn, _fftn_steps),
    _several(np.fft.ifftn, _ifftn_steps),
    _several(np.fft.rfftn, _rfftn_steps),
    _several(np.fft.irfftn, _irfftn_steps),
    # each turns the other one back
    _shift(np.fft.fftshift, lambda g, axes: np.fft.ifftshift(g, axes)),
    _shift(np.fft.ifftshift, lambda g, axes: np.fft.fftshift(g, axes)),
)

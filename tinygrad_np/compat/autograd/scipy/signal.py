"""SciPy's `signal`, and a `convolve` along chosen axes, as autograd has it."""

import string
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ....scipy import signal


def convolve(
    A: Any,  # noqa: N803
    B: Any,  # noqa: N803
    axes: Any = None,
    dot_axes: Any = ((), ()),
    mode: str = "full",
) -> Any:
    """The convolution of A and B along `axes`, summed over `dot_axes`.

    Arguments:
      A: an array.
      B: an array; the same with the two exchanged, but for the order of the axes.
      axes: the axes of A and those of B, in pairs, along which it convolves: all, by default.
      dot_axes: the axes of A and those of B, in pairs, over which products are summed.
      mode: "full", "valid" or "same" (the size of A), as in `scipy.signal.convolve`.

    The result has the other axes of A, then those of B, then the convolved ones.

    >>> convolve(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0]))
    array([ 1., 12., 23., 30.])

    """
    if mode not in ("full", "valid", "same"):
        raise ValueError(f"convolve: mode is 'full', 'valid' or 'same', not {mode!r}")
    along_a, along_b = [list(range(np.ndim(A)))] * 2 if axes is None else map(list, axes)
    pairs = list(zip(along_a, along_b, strict=True))
    rest = {"a": np.ndim(A) - len(pairs) - len(dot_axes[0])}
    rest["b"] = np.ndim(B) - len(pairs) - len(dot_axes[1])
    if mode == "valid" and any(B.shape[b] > A.shape[a] for a, b in pairs):
        if any(B.shape[b] < A.shape[a] for a, b in pairs):
            raise ValueError("convolve: one array must be the larger along all convolved axes")
        swapped = convolve(B, A, (along_b, along_a), (dot_axes[1], dot_axes[0]), mode)
        return np.moveaxis(swapped, range(rest["b"]), range(rest["a"], rest["a"] + rest["b"]))
    width = [(0, 0)] * np.ndim(A)
    for a, b in pairs:
        more = B.shape[b] - 1
        if mode != "valid":
            width[a] = (more, more) if mode == "full" else (more - more // 2, more // 2)
    sizes = tuple([B.shape[b] for b in along_b])
    gathered = np.pad(A, width)
    # The windows' places stand where the axes of A stood, their elements behind all axes.
    gathered = sliding_window_view(gathered, sizes, tuple(along_a)) if pairs else gathered
    letters = iter(string.ascii_letters)
    of_a, of_b = ([next(letters) for _ in range(np.ndim(x))] for x in (A, B))
    for a, b in zip(*dot_axes, strict=True):
        of_b[b] = of_a[a]
    outer = [x for i, x in enumerate(of_a) if i not in {*along_a, *dot_axes[0]}]
    outer += [x for i, x in enumerate(of_b) if i not in {*along_b, *dot_axes[1]}]
    windows = "".join(of_a) + "".join([of_b[b] for b in along_b])
    result = "".join(outer) + "".join([of_a[a] for a in along_a])
    flipped = np.flip(B, tuple(along_b))
    return np.einsum(f"{windows},{''.join(of_b)}->{result}", gathered, flipped, optimize=True)


def __getattr__(name: str) -> Any:
    return getattr(signal, name)


def __dir__() -> list[str]:
    return sorted({*dir(signal), "convolve"})

"""The index trick of the posts: a second way to gather windows, `window_indices`."""

import functools
import math
from typing import Any

import numpy as np

from ..answers import explained
from ..core import geometry
from ..core.arrays import checked_shape
from ..core.geometry import Ints
from ..core.windows import check_fit, steps


@explained
def window_indices(shape: Ints, size: Any, stride: Any = 1, dilation: Any = 1) -> Any:
    """Where the elements of every window lie in the flattened images: the index trick.

    ``np.take(x, window_indices(x.shape, size, stride))`` is ``windows(x, size, stride)``, at the
    cost of an array of integers as large as the result; convolutions use `windows`.

    Parameters
    ----------
    shape : tuple of int
        Of the images, ``(n, *spatial, c)``.
    size : int or tuple of int
    stride, dilation : int or tuple of int, default 1
        As in `windows`.

    Returns
    -------
    ``(n, *out, *size, c)`` array of int

    References
    ----------
    Convolutional Neural Networks using Numpy, part 2: ``_take``.

    Examples
    --------
    >>> window_indices((1, 4, 1), 2, stride=2)[0, :, :, 0]
    array([[0, 1],
           [2, 3]])
    """
    shape = checked_shape("window_indices", shape, 3)
    size, stride, dilation = steps("window_indices", shape, size, stride, dilation)
    check_fit("window_indices", shape, size, dilation)
    counts = geometry.window_counts(shape[1:-1], size, stride, dilation)
    jumps = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    # one range for every axis of (n, *out, *size, c), each in steps of its own
    lengths = checked_shape("window_indices", (shape[0], *counts, *size, shape[-1]))
    apart = [jump * step for jump, step in zip(jumps[1:-1], stride, strict=True)]
    within = [jump * step for jump, step in zip(jumps[1:-1], dilation, strict=True)]
    apart = [jumps[0], *apart, *within, 1]
    # A step that is never taken may be larger than any index.
    ranges = [
        np.arange(n, dtype=np.intp) * (step if n > 1 else 0)
        for n, step in zip(lengths, apart, strict=True)
    ]
    return functools.reduce(np.add.outer, ranges)

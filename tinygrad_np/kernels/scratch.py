"""Buffers that are used again: `scratch` lends one to a kernel, `release` gives all of them back.

A fresh array of some 100 kB costs more in page faults than in the work on it. Each thread has its
own buffers, one for each name, and keeps no more than `MOST_KEPT` bytes of each. Nothing that a
caller gets to see may live in one.
"""

import threading
from typing import Any

import numpy as np

from .geometry import Ints

MOST_KEPT = 1 << 23  # bytes


class _Buffers(threading.local):
    def __init__(self) -> None:
        self.of: dict[str, Any] = {}


_BUFFERS = _Buffers()


def scratch(name: str, shape: Ints, dtype: Any) -> Any:
    """An array of this shape with any contents, until the next call with the same `name`.

    >>> scratch("columns", (2, 3), np.float32).shape
    (2, 3)
    """
    count = 1
    for n in shape:
        count *= n
    bytes_needed = count * np.dtype(dtype).itemsize
    if bytes_needed > MOST_KEPT:
        return np.empty(shape, dtype)
    buffer = _BUFFERS.of.get(name)
    if buffer is None or buffer.nbytes < bytes_needed:
        buffer = _BUFFERS.of[name] = np.empty(bytes_needed, np.uint8)
    return np.ndarray(shape, dtype, buffer)


def release() -> None:
    """Give this thread's buffers back to the system.

    >>> release()
    """
    _BUFFERS.of.clear()

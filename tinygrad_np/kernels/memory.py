"""Memory that is used again: a fresh array of some 100 kB costs more in page faults than its work.

`empty` gives an array from memory that nobody holds any more; `scratch` lends a buffer by name, for
what a kernel forgets before it returns; `release` gives all of it back to the system.

Each thread has its own. An array from `empty` is a view of a buffer that is kept here, so the
number of references to the buffer tells whether any array still needs it: a caller may hold, slice
and share such an array like any other, for as long as it likes.
"""

import functools
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from .geometry import Ints

SMALLEST = 1 << 16  # bytes: below, the C library's own reuse is as good
SOME = 1 << 13  # elements from which it is worth a thought where a result lies
MOST_KEPT = 1 << 28  # bytes that a thread keeps at most, in use or not
_MOST_LENT = 1 << 23  # bytes of a scratch buffer that is kept
_UNUSED = 3  # references to a buffer that only the list, the loop and getrefcount hold


class _Buffers(threading.local):
    def __init__(self) -> None:
        self.lent: dict[str, Any] = {}
        # by size in bytes, the least recently used size first
        self.kept: OrderedDict[int, list[Any]] = OrderedDict()
        self.bytes = 0
        self.off = False


_BUFFERS = _Buffers()


def empty(shape: Ints, dtype: Any) -> Any:
    """An array of this shape with any contents, like `numpy.empty`.

    >>> a = empty((1 << 10, 1 << 10), np.float32)
    >>> address = a.ctypes.data
    >>> del a
    >>> empty((1 << 20,), np.float32).ctypes.data == address
    True
    """
    size = np.dtype(dtype).itemsize
    for n in shape:
        size *= n
    buffers = _BUFFERS
    if size < SMALLEST or buffers.off:
        return np.empty(shape, dtype)
    found = buffers.kept.get(size)
    if found is None:
        found = buffers.kept[size] = []
    else:
        buffers.kept.move_to_end(size)
        for buffer in found:
            if sys.getrefcount(buffer) == _UNUSED:
                return np.ndarray(shape, dtype, buffer)
    if size > MOST_KEPT or (buffers.bytes + size > MOST_KEPT and not _made_room(buffers, size)):
        return np.empty(shape, dtype)
    buffer = np.empty(size, np.uint8)
    found.append(buffer)
    buffers.bytes += size
    return np.ndarray(shape, dtype, buffer)


def zeros(shape: Ints, dtype: Any) -> Any:
    """Like `numpy.zeros`, of memory from `empty`.

    >>> zeros((2,), np.float64)
    array([0., 0.])
    """
    size = np.dtype(dtype).itemsize
    for n in shape:
        size *= n
    if size < SMALLEST or _BUFFERS.off:
        return np.zeros(shape, dtype)
    result = empty(shape, dtype)
    result.fill(0)
    return result


def unshared(function: Callable[[], Any]) -> Any:
    """``function()``, which gets memory of its own from `empty`: for results that a caller keeps.

    >>> unshared(lambda: empty((1 << 20,), np.uint8)).flags.owndata
    True
    """
    _BUFFERS.off = True
    try:
        return function()
    finally:
        _BUFFERS.off = False


def elementwise(ufunc: Any, *operands: Any) -> Any:
    """``ufunc(*operands)``, in memory from `empty` if the operands have one shape and dtype.

    >>> elementwise(np.add, np.ones(3), 1.0)
    array([2., 2., 2.])
    """
    like = None
    for x in operands:
        if type(x) is np.ndarray:
            if x.dtype.kind != "f" or (like is not None and x.dtype != like.dtype):
                return ufunc(*operands)
            if like is not None and x.shape != like.shape:
                return ufunc(*operands)
            like = x
        elif type(x) is not float and type(x) is not int:
            return ufunc(*operands)
    if like is None or not _keeps_dtype(ufunc, like.dtype.char):
        return ufunc(*operands)
    return ufunc(*operands, out=empty(like.shape, like.dtype))


@functools.lru_cache(maxsize=1024)
def _keeps_dtype(ufunc: Any, char: str) -> bool:
    """`float_power` gives float64 of float32; and SciPy's functions, float32 of float16."""
    return f"{char * ufunc.nin}->{char}" in ufunc.types


def large_from(function: Any) -> int:
    """The size of operands from which `elementwise` pays for this function: if it is a ufunc.

    >>> large_from(np.multiply), large_from(np.sum) == sys.maxsize
    (8192, True)
    """
    is_plain = isinstance(function, np.ufunc) and function.nout == 1 and function.signature is None
    return SOME if is_plain else sys.maxsize


def _made_room(buffers: _Buffers, size: int) -> bool:
    """Let go of buffers that nobody uses, those of the least recently used sizes first."""
    for kept in list(buffers.kept):
        held = buffers.kept[kept]
        used = [buffer for buffer in held if sys.getrefcount(buffer) > _UNUSED]
        buffers.bytes -= kept * (len(held) - len(used))
        held[:] = used
        if not used and kept != size:
            del buffers.kept[kept]
        if buffers.bytes + size <= MOST_KEPT:
            return True
    return False


def scratch(name: str, shape: Ints, dtype: Any) -> Any:
    """An array of this shape with any contents, until the next call with the same `name`.

    >>> scratch("columns", (2, 3), np.float32).shape
    (2, 3)
    """
    size = np.dtype(dtype).itemsize
    for n in shape:
        size *= n
    if size > _MOST_LENT:
        return np.empty(shape, dtype)
    buffer = _BUFFERS.lent.get(name)
    if buffer is None or buffer.nbytes < size:
        buffer = _BUFFERS.lent[name] = np.empty(size, np.uint8)
    return np.ndarray(shape, dtype, buffer)


def release() -> None:
    """Give the memory that this thread keeps for later back to the system: see `threads.release`.

    >>> release()
    """
    _BUFFERS.lent.clear()
    _BUFFERS.kept.clear()
    _BUFFERS.bytes = 0

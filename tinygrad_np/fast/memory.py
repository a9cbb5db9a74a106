"""Memory that is used again: a large array that is new costs more in page faults than its work.

`empty` gives an array in memory that nobody can reach any more; `scratch` the same for what a
kernel forgets before it returns; `release` gives all of it back to the system.

How it is known that nobody can reach a buffer: an array from `empty` does not own its elements. It
is made from a `_Lease` by NumPy's array interface and holds that lease; so does, directly or not,
each slice, view and memoryview of the array, for as long as it lives. The buffer is used again once
the lease has died. A weak reference tells: Python promises to call back when its object is gone,
and not before. No count of references is read. An interpreter may keep dead objects for as long as
it likes: then a buffer is used again later, or never.

Larger buffers lie in large pages, where the system has them (`pages`).

Each thread has buffers of its own. An array may die on any thread, and at any instruction, so the
callback is the ``append`` of a deque, which needs no lock and runs no code of ours. A signal's
handler or a finaliser may interrupt the functions here and call them again: they take a buffer out
of `back` and `lent` by single operations before they use it.
"""

import contextlib
import functools
import math
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import hooks
from ..core.arrays import Array
from ..core.geometry import Ints
from . import pages, paths


class _Lease:
    """What stands between a buffer and the arrays in it, and dies with the last of them."""

    __slots__ = ("__array_interface__", "__weakref__")

    __array_interface__: dict[str, Any]


class _Memory:
    """A buffer, and the array interface that it had last: most have the same one each time."""

    __slots__ = ("dtype", "interface", "shape")

    def __init__(self, size: int) -> None:
        buffer = pages.taken(size, _BUFFERS.arenas)
        self.shape: Any = None
        self.dtype: Any = None
        # "buffer" is no part of the interface: it lives as long as a lease does.
        self.interface = {"version": 3, "data": (buffer.ctypes.data, False), "buffer": buffer}


class _Shelf:
    """The buffers of one size.

    `lent` finds a buffer by the weak reference to its lease. That reference calls `give_back` with
    itself when the lease dies, which puts it into `back`.
    """

    __slots__ = ("back", "give_back", "lent")

    def __init__(self) -> None:
        self.back: deque[Any] = deque()
        self.give_back = self.back.append
        self.lent: dict[Any, _Memory] = {}


class _Buffers(threading.local):
    def __init__(self) -> None:
        # by size in bytes, the one that was first asked for first
        self.shelves: dict[int, _Shelf] = {}
        self.arenas: deque[pages.Arena] = deque()
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
    dtype = np.dtype(dtype)
    size = math.prod(shape, start=dtype.itemsize)
    if size < paths.REUSE_FROM_BYTES or _BUFFERS.off or not paths.ENABLED or dtype.hasobject:
        return np.empty(shape, dtype)
    return _lent(size, shape, dtype)


def _lent(size: int, shape: Ints, dtype: Any) -> Any:
    """An array in a buffer of `size` bytes, or one of its own where that would be too much."""
    shelves = _BUFFERS.shelves
    shelf = shelves.get(size)
    if shelf is None:
        shelf = shelves[size] = _Shelf()
    try:
        memory = shelf.lent.pop(shelf.back.pop())
    except IndexError:  # all of them are in use
        if kept_bytes() + size > paths.REUSE_UP_TO_BYTES and not _made_room(size):
            return np.empty(shape, dtype)
        memory = _Memory(size)
    if memory.shape != shape or memory.dtype is not dtype:
        memory.shape, memory.dtype = shape, dtype
        memory.interface = {**memory.interface, "shape": shape, "typestr": dtype.str}
    lease = _Lease()
    lease.__array_interface__ = memory.interface
    shelf.lent[weakref.ref(lease, shelf.give_back)] = memory
    return np.asarray(lease)


def zeros(shape: Ints, dtype: Any) -> Any:
    """Like `numpy.zeros`, of memory from `empty`.

    >>> zeros((2,), np.float64)
    array([0., 0.])
    """
    size = math.prod(shape, start=np.dtype(dtype).itemsize)
    if size < paths.REUSE_FROM_BYTES or _BUFFERS.off or not paths.ENABLED:
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
        kind = type(x)
        if kind is np.ndarray:
            if like is None:
                like = x
            elif x.dtype is not like.dtype or x.shape != like.shape:
                return ufunc(*operands)
        elif kind is not float and kind is not int:
            return ufunc(*operands)
    if like is None or not _keeps_dtype(ufunc, like.dtype.char):
        return ufunc(*operands)
    size, shape, dtype = like.nbytes, like.shape, like.dtype
    if size < paths.REUSE_FROM_BYTES or _BUFFERS.off or not paths.ENABLED:
        return ufunc(*operands)
    return ufunc(*operands, out=_lent(size, shape, dtype))


@functools.lru_cache(maxsize=1024)
def _keeps_dtype(ufunc: Any, char: str) -> bool:
    """`float_power` gives float64 of float32; and SciPy's functions, float32 of float16."""
    return char in "efdg" and f"{char * ufunc.nin}->{char}" in ufunc.types


def scratch(shape: Ints, dtype: Any) -> Any:
    """Like `empty`, for what is forgotten before the kernel returns.

    Buffers are shared by all shapes of about the same size (up to the next power of two), so that
    the next kernel finds them in the processor's cache.

    >>> scratch((2, 3), np.float32).shape
    (2, 3)
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape, start=dtype.itemsize)
    if size < paths.REUSE_FROM_BYTES or size > paths.SCRATCH_UP_TO_BYTES or dtype.hasobject:
        return np.empty(shape, dtype)
    return _lent(1 << (size - 1).bit_length(), shape, dtype)


class Workspace:
    """The scratch arrays of one call of a kernel that works piece by piece.

    They are found by name: a piece gets those of the piece before it, if they have its shape, at a
    tenth of what `scratch` costs. Each thread has its own, by its number: one that is given again
    belongs to a thread that has ended.

    >>> space = Workspace(np.float32)
    >>> tile = space.array("tile", (2, 3))
    >>> space.array("tile", (2, 3)) is tile
    True
    """

    __slots__ = ("_dtype", "_held")

    def __init__(self, dtype: Any) -> None:
        self._dtype = np.dtype(dtype)
        self._held: dict[tuple[int, str], Any] = {}

    def array(self, name: str, shape: Ints) -> Any:
        """An array of this shape, with any contents: what the last one of this name was is gone."""
        key = threading.get_ident(), name
        held = self._held.get(key)
        if held is None or held.shape != shape:
            held = self._held[key] = scratch(shape, self._dtype)
        return held

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` gives to this thread the first time: views of its arrays, for instance."""
        key = threading.get_ident(), name
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = make()
        return held


def view(flat: Array, shape: Ints, steps: Ints, start: int = 0) -> Any:
    """A view of a flat contiguous array; `steps` and `start` count its elements.

    >>> view(np.arange(6), (2, 2), (1, 2), 1)
    array([[1, 3],
           [2, 4]])
    """
    size = flat.itemsize
    return np.ndarray(shape, flat.dtype, flat, start * size, [step * size for step in steps])


def apart(elements: int, itemsize: int) -> int:
    """The distance of arrays of so many elements that are read together, side by side in memory.

    It begins a line of the cache, and is no multiple of 4 kB, where caches collide.

    >>> apart(1000, 4), apart(1024, 4)
    (1008, 1040)
    """
    line = 64 // itemsize
    elements = -(-elements // line) * line
    return elements + line if elements * itemsize % 4096 == 0 else elements


def kept_bytes() -> int:
    """How much memory this thread keeps, in use or not.

    >>> release()
    >>> a = empty((1 << 20,), np.uint8)
    >>> kept_bytes()
    1048576
    """
    shelves = _BUFFERS.shelves
    return sum([size * len(shelf.lent) for size in list(shelves) if (shelf := shelves.get(size))])


def _made_room(size: int) -> bool:
    """Let go of buffers that nobody uses, of the sizes first asked for first."""
    shelves = _BUFFERS.shelves
    for kept in list(shelves):
        shelf = shelves.get(kept)
        while shelf is not None and shelf.back:
            with contextlib.suppress(IndexError):
                shelf.lent.pop(shelf.back.pop())
        if shelf is not None and not shelf.lent and kept != size:
            shelves.pop(kept, None)
        if kept_bytes() + size <= paths.REUSE_UP_TO_BYTES:
            return True
    return False


forgotten: list[Callable[[], object]] = []
"""What else `release` calls: what gives back memory that others keep."""


def release() -> None:
    """Give the memory that this thread keeps for later back to the system: see `threads.release`.

    >>> release()
    """
    _BUFFERS.shelves.clear()
    _BUFFERS.arenas.clear()
    for forget in forgotten:
        forget()


class Memory(hooks.Memory):
    """What the core asks for large results."""

    zeros = staticmethod(zeros)
    empty = staticmethod(empty)
    unshared = staticmethod(unshared)

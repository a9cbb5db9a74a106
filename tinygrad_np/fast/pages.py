"""Memory in large pages, where the system gives them: walking through it costs less.

`taken` gives a piece of memory. On Linux larger ones are parts of an `Arena`, which is mapped for
this process alone and for which pages of two megabytes are asked; elsewhere, and where that fails,
each is an array from `numpy.empty`. Nothing is asked of the process's own allocator.

An arena is as large as it need be without being used: the system gives a page when it is first
written to. Its pieces are taken one after the other and never twice. When one has died its pages go
back to the system, and the arena's addresses when the last one has.
"""

import contextlib
import weakref
from collections import deque
from typing import Any

import numpy as np

from . import paths


class Arena:
    """Memory mapped for this process alone, in large pages as far as whole ones fit.

    Raises ``OSError`` where the system does not do this.
    """

    __slots__ = ("left", "mapping", "start")

    def __init__(self, size: int) -> None:
        import mmap  # which few programs need

        if not hasattr(mmap, "MADV_HUGEPAGE"):
            raise OSError("this system does not take advice about large pages")
        kind = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        self.mapping = mmap.mmap(-1, size + paths.LARGE_PAGE_BYTES, flags=kind)
        whole: Any = np.frombuffer(self.mapping, np.uint8)
        self.start = -whole.__array_interface__["data"][0] % paths.LARGE_PAGE_BYTES
        self.left = size
        if size >= paths.LARGE_PAGE_BYTES:
            self.mapping.madvise(
                mmap.MADV_HUGEPAGE,
                self.start,
                size // paths.LARGE_PAGE_BYTES * paths.LARGE_PAGE_BYTES,
            )

    def piece(self, size: int) -> Any:
        """The next `size` bytes. When this array has died, their pages go back to the system."""
        import mmap

        # Not a slice of another array: NumPy's slices of it would hold that one in its place.
        piece: Any = np.frombuffer(self.mapping, np.uint8, size, self.start)
        pages = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        give_back = self.mapping.madvise
        death = weakref.finalize(piece, give_back, mmap.MADV_DONTNEED, self.start, pages)
        death.atexit = False  # what lives then still has its content
        self.start += pages
        self.left -= pages
        return piece


def taken(size: int, arenas: deque[Arena]) -> Any:
    """An array of `size` bytes with any contents, from the last of a thread's `arenas` or new.

    A signal's handler may interrupt it and call it again: the arena is out of `arenas` meanwhile.

    >>> taken(1 << 20, deque()).shape
    (1048576,)
    """
    if size < paths.LARGE_PAGES_FROM_BYTES:
        return np.empty(size, np.uint8)
    with contextlib.suppress(OSError):
        if size > paths.ARENA_BYTES // 2:
            return Arena(size).piece(size)
        arena = None
        with contextlib.suppress(IndexError):
            arena = arenas.pop()
        if arena is None or arena.left < size:
            arena = Arena(paths.ARENA_BYTES)
        piece = arena.piece(size)
        arenas.append(arena)
        return piece
    return np.empty(size, np.uint8)

"""Run independent pieces of work on a thread pool, where there are several cores.

`parallel_for` calls a function with each of some pieces, such as the `parts` of an axis,
`parallel_sum` adds up what it finds for each, and `one_thread` is a block in which matrix
products have one thread of BLAS; `release` lets go of the threads, and of the memory that is kept
for later. Where threadpoolctl is installed and NumPy's matrix product may use several threads of
OpenBLAS (as in NumPy's wheels), so do we, and every product then gets one: copies, sums and
products of tiles run side by side, where otherwise only the products would. Elsewhere the calls
follow one another.

Results do not depend on the number of our threads: a piece is the same whoever works on it, no
piece writes where another one does, and the products have one thread also where the pieces follow
one another because another part of the program has our threads. While pieces are worked on, the
matrix products of other threads of the program have one thread, too: the limit is the process's.
"""

import contextlib
import contextvars
import itertools
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..core.geometry import Ints
from . import memory, paths
from .memory import zeros


class _Cores:
    """The threads of NumPy's matrix product, held to one while anybody is inside; and ours."""

    def __init__(self, libraries: Sequence[Any] | None = None) -> None:
        self.libraries = libraries  # None: nobody has asked for them yet
        # Those that are held to one thread now, and how many each has otherwise.
        self.before: list[tuple[Any, int]] = []
        self.threads = 1
        self._begin()

    def _begin(self) -> None:
        self.lock = threading.RLock()  # a finaliser may come in between that convolves, too
        self.inside = 0
        self.busy = threading.Lock()  # held by the thread whose pieces the pool works on
        self.pool: Any = None

    def __enter__(self) -> int:
        """How many threads a product may have, were there no limit of ours."""
        with self.lock:
            if not self.inside:
                self._hold()
            self.inside += 1
            return self.threads

    def _hold(self) -> None:
        self._restore()  # where a KeyboardInterrupt came in between
        if self.libraries is None:
            self.libraries = _libraries()
        counts = [x.get_num_threads() for x in self.libraries]
        self.threads = min(counts, default=1)
        if counts and max(counts) > 1:
            self.before = list(zip(self.libraries, counts, strict=True))  # before they are held
            try:
                for library in self.libraries:
                    library.set_num_threads(1)
            except BaseException:
                self._restore()
                raise

    def _restore(self) -> None:
        for library, count in self.before:
            library.set_num_threads(count)
        self.before = []

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                # Not by a call of `_restore`, at the beginning of which Python may be interrupted.
                for library, count in self.before:
                    library.set_num_threads(count)
                self.before = []

    def start(self, work: Callable[[], None]) -> Any:
        """Let another thread do it, in the context of this one: NumPy keeps `errstate` there."""
        from concurrent.futures import ThreadPoolExecutor

        with self.lock:
            if self.pool is None:
                self.pool = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), "tinygrad_np")
        try:
            return self.pool.submit(contextvars.copy_context().run, work)
        except RuntimeError:
            self.pool = None  # it would keep the work, and all its arrays, for a later thread
            raise

    def end_threads(self) -> None:
        """Let go of the threads, unless they are at work, and of what memory they keep."""
        if self.busy.acquire(blocking=False):
            try:
                pool, self.pool = self.pool, None
                if pool is not None:
                    pool.shutdown()
            finally:
                self.busy.release()

    def after_fork(self) -> None:
        """In a process that was forked, which has none of the threads, nobody is inside."""
        self._restore()
        self._begin()


class _Library(NamedTuple):
    get_num_threads: Callable[[], int]
    set_num_threads: Callable[[int], object]


def _libraries() -> Sequence[_Library]:
    """Those of matrix products, if a limit of their threads holds in all of the process."""
    try:
        import threadpoolctl
    except ImportError:
        return ()
    found = [info for info in threadpoolctl.threadpool_info() if info["user_api"] == "blas"]
    # The limits of OpenMP and of MKL hold in the thread that sets them, and not in ours.
    if any(x["internal_api"] != "openblas" or x["threading_layer"] == "openmp" for x in found):
        return ()
    libraries = [_openblas(info["filepath"]) for info in found]
    return [library for library in libraries if library is not None]


def _openblas(path: str) -> _Library | None:
    """OpenBLAS's own functions: threadpoolctl's heed one thread of the program, the first."""
    import ctypes

    library = ctypes.CDLL(path)
    for prefix, suffix in itertools.product(("", "scipy_"), ("", "64_", "_64")):
        name = f"{prefix}openblas_%s_num_threads{suffix}"
        if hasattr(library, name % "set"):
            return _Library(getattr(library, name % "get"), getattr(library, name % "set"))
    return None


_CORES = _Cores()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_CORES.after_fork)


def one_thread() -> Any:
    """A block in which NumPy's matrix products have one thread, as in `parallel_for`.

    >>> with one_thread():
    ...     np.ones((2, 3)) @ np.ones(3)
    array([3., 3.])
    """
    return _CORES


def release() -> None:
    """Give the memory that is kept for later, and that nobody uses, back to the system.

    A thread keeps up to 256 MB of large arrays that it will need again, and gives them back when it
    ends, or here; the threads that work on pieces end, and the programs of `jit` are forgotten.
    Arrays that are in use stay as they are, and nothing changes but the time that the next steps
    take.

    Examples
    --------
    >>> release()
    """
    _CORES.end_threads()
    memory.release()


def parallel_for(function: Callable[[Any], object], pieces: Sequence[Any], work: int) -> None:
    """``function(piece)`` for every piece, in any order and perhaps at the same time.

    `work` is about how many multiplications they are together: it decides whether threads pay.

    >>> found = [0, 0, 0]
    >>> parallel_for(lambda i: found.__setitem__(i, i * i), range(3), 0)
    >>> found
    [0, 1, 4]
    """
    cores = _CORES
    with cores as allowed:
        helpers = min(allowed, len(pieces)) - 1
        pays = helpers > 0 and paths.pays_to_share(len(pieces), work)
        if not pays or not cores.busy.acquire(blocking=False):
            for piece in pieces:
                function(piece)
            return
        try:
            _shared(function, pieces, helpers)
        finally:
            cores.busy.release()


def _shared(function: Callable[[Any], object], pieces: Sequence[Any], helpers: int) -> None:
    """Every thread takes the next piece when it has done one."""
    from concurrent.futures import wait

    left = iter(pieces)
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                piece = next(left, left)
            if piece is left:
                return
            function(piece)

    futures: list[Any] = []
    try:
        # At the end of the interpreter, or of what the system allows, there are no more threads.
        with contextlib.suppress(RuntimeError):
            for _ in range(helpers):
                futures.append(_CORES.start(work))
        work()
    finally:
        wait(futures)  # they write into arrays that are handed out next
    while futures:
        futures.pop().result()  # with no name, which would close a circle with its error


def parts(n: int, most: int) -> list[slice]:
    """An axis of length `n` in as few parts of at most `most` as there can be, of about one length.

    >>> parts(7, 3)
    [slice(0, 3, None), slice(3, 6, None), slice(6, 7, None)]
    >>> parts(8, 5)
    [slice(0, 4, None), slice(4, 8, None)]
    """
    each = -(-n // -(-n // max(1, most)))
    return [slice(i, min(i + each, n)) for i in range(0, n, each)]


def parallel_sum(
    add: Callable[[Any, Any], object], pieces: Sequence[Any], shape: Ints, dtype: Any, work: int
) -> Any:
    """What ``add(total, piece)`` adds up in zeros of this shape, over all pieces.

    Each of some runs of pieces has a total of its own, however many threads there are: the order of
    summation depends on the pieces alone.

    >>> def add(total, piece):
    ...     total += piece
    >>> parallel_sum(add, [1.0, 2.0, 4.0], (2,), float, 0)
    array([7., 7.])
    """
    pays = paths.pays_to_share(len(pieces), work)
    runs = min(paths.SUMS_APART, max(1, len(pieces))) if pays else 1
    totals = [zeros(shape, dtype) for _ in range(runs)]

    def sum_up(run: int) -> None:
        for piece in pieces[run * len(pieces) // runs : (run + 1) * len(pieces) // runs]:
            add(totals[run], piece)

    parallel_for(sum_up, range(runs), work if pays else 0)
    total, *others = totals
    for other in others:
        np.add(total, other, out=total)
    return total

"""Memory in large pages: private to the process, given back, and as before where there is none."""

import contextlib
import gc
import mmap
import os
import re
import signal
import sys
import weakref
from collections import deque
from pathlib import Path

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.fast import memory, pages, paths

MAPPED = hasattr(mmap, "MADV_HUGEPAGE")
on_linux = pytest.mark.skipif(not MAPPED, reason="large pages are asked for on Linux")
can_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
SIZE = 1 << 18


def address(array):
    return array.__array_interface__["data"][0]


def advice(place):
    """The flags of the mapping that an address lies in."""
    start = end = 0
    for line in Path("/proc/self/smaps").read_text(encoding="ascii").splitlines():
        if found := re.match(r"([0-9a-f]+)-([0-9a-f]+) (....) ", line):
            start, end = (int(found[1], 16), int(found[2], 16))
            rights = found[3]
        elif line.startswith("VmFlags:") and start <= place < end:
            return rights, line.split()[1:]
    raise AssertionError("no mapping has this address")


class TestPieces:
    def test_they_lie_apart(self):
        arenas = deque()
        sizes = [
            SIZE,
            SIZE + 1,
            SIZE + 4096,
            3 * SIZE,
            1,
            paths.ARENA_BYTES,
            paths.ARENA_BYTES // 2,
        ]
        pieces = [pages.taken(size, arenas) for size in sizes * 3]
        for number, piece in enumerate(pieces):
            piece.fill(number)
        for number, piece in enumerate(pieces):
            assert piece.shape == (sizes[number % len(sizes)],)
            assert piece.dtype == np.uint8
            assert piece.flags.writeable
            assert (piece == number).all()
        for i, piece in enumerate(pieces):
            assert not any(np.shares_memory(piece, other) for other in pieces[i + 1 :])

    @on_linux
    @pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
    def test_large_pages_are_asked_for_from_a_size_on(self):
        arenas = deque()
        for size in (SIZE, paths.ARENA_BYTES):
            piece = pages.taken(size, arenas)
            rights, flags = advice(address(piece))
            assert rights == "rw-p"
            assert "hg" in flags
        pages.taken(SIZE - 1, deque())
        assert [arena.left for arena in arenas] == [paths.ARENA_BYTES - SIZE]

    @on_linux
    def test_a_dead_piece_is_given_back_and_its_neighbours_stay(self):
        arena = pages.Arena(1 << 22)
        pieces = [arena.piece(SIZE + 100) for _ in range(3)]
        for piece in pieces:
            piece.fill(7)
        whole = np.frombuffer(arena.mapping, np.uint8)
        place = address(pieces[1]) - address(whole)
        part = pieces[1][5:9]
        del pieces[1], piece
        gc.collect()
        assert (whole[place : place + SIZE + 100] == 7).all()  # a slice holds it
        del part
        gc.collect()
        assert not whole[place : place + SIZE + 100].any()  # pages that nobody has written to
        assert all((piece == 7).all() for piece in pieces)

    @on_linux
    def test_the_addresses_are_given_back_with_the_last_piece(self):
        arenas = deque()
        first, second = (pages.taken(SIZE, arenas) for _ in range(2))
        mapping = weakref.ref(arenas[0].mapping)
        arenas.clear()
        del first
        gc.collect()
        assert mapping() is not None
        second.fill(1)
        del second
        gc.collect()
        assert mapping() is None

    @on_linux
    def test_an_arena_that_is_full(self):
        arenas = deque()
        pieces = [pages.taken(paths.ARENA_BYTES // 3, arenas) for _ in range(4)]
        assert len(arenas) == 1
        assert len({address(piece) for piece in pieces}) == 4

    @on_linux
    def test_one_that_is_taken_while_another_is(self, monkeypatch):
        """As by a signal's handler."""
        arenas, pieces = deque(), []
        pages.taken(SIZE, arenas)
        piece = pages.Arena.piece

        def interrupted(arena, size):
            monkeypatch.setattr(pages.Arena, "piece", piece)
            pieces.append(pages.taken(SIZE, arenas))
            return piece(arena, size)

        monkeypatch.setattr(pages.Arena, "piece", interrupted)
        pieces.append(pages.taken(SIZE, arenas))
        assert not np.shares_memory(*pieces)

    def test_an_alarm_in_between(self):
        if not hasattr(signal, "setitimer"):
            return
        arenas, pieces = deque(), []
        before = signal.signal(signal.SIGALRM, lambda *_: pieces.append(pages.taken(SIZE, arenas)))
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0005)
        try:
            for _ in range(300):
                pieces.append(pages.taken(SIZE, arenas))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert len({address(piece) for piece in pieces}) == len(pieces)


class TestWithoutLargePages:
    """Windows and macOS; a kernel without them; no addresses left."""

    @pytest.fixture(params=["no advice", "advice refused", "no memory"])
    def system(self, request, monkeypatch):
        if request.param == "no advice":
            monkeypatch.delattr(mmap, "MADV_HUGEPAGE", raising=False)
            return

        class Refusing(mmap.mmap):
            def __new__(cls, *args, **kwargs):
                if request.param == "no memory":
                    raise OSError(12, "Cannot allocate memory")
                return super().__new__(cls, *args, **kwargs)

            def madvise(self, *args):
                raise OSError(22, "Invalid argument")

        monkeypatch.setattr(mmap, "mmap", Refusing)

    @pytest.mark.usefixtures("system")
    @pytest.mark.parametrize("size", [100, SIZE, paths.ARENA_BYTES])
    def test_the_memory_is_numpys(self, size):
        arenas = deque()
        piece = pages.taken(size, arenas)
        assert piece.flags.owndata
        assert piece.shape == (size,)
        assert not arenas


@pytest.mark.usefixtures("fast_paths")
class TestProcesses:
    @can_fork
    @pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
    def test_a_fork_and_its_parent_do_not_see_what_the_other_writes(self):
        array = memory.empty((SIZE,), np.float32)
        array.fill(1)
        to_child, from_child = os.pipe(), os.pipe()
        child = os.fork()
        if not child:
            failed = 1
            with contextlib.suppress(BaseException):
                array[: SIZE // 2] = 2
                new = memory.empty((SIZE,), np.float32)
                new.fill(3)
                os.write(from_child[1], b"x")
                os.read(to_child[0], 1)  # the parent has written
                is_same = (array[: SIZE // 2] == 2).all() and (array[SIZE // 2 :] == 1).all()
                del array
                memory.release()
                gc.collect()
                failed = int(not (is_same and (new == 3).all()))
                os.write(from_child[1], b"x")
            os._exit(failed)
        os.read(from_child[0], 1)  # the child has written
        assert (array == 1).all()
        array.fill(4)
        os.write(to_child[1], b"x")
        os.read(from_child[0], 1)  # the child has given all of it back
        assert (array == 4).all()
        assert os.waitpid(child, 0)[1] == 0
        for end in (*to_child, *from_child):
            os.close(end)

    @on_linux
    def test_release_lets_go_of_arenas(self):
        memory.release()
        array = memory.empty((SIZE,), np.float32)
        mapping = weakref.ref(memory._BUFFERS.arenas[-1].mapping)
        tg.release_memory()
        assert mapping() is not None
        array.fill(1)
        del array
        gc.collect()
        assert mapping() is None

    @on_linux
    @pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")
    def test_results_of_ever_new_shapes_do_not_hold_on_to_arenas(self, monkeypatch):
        """Each is kept beside work that is forgotten: no more memory is in use than they take."""

        def in_use():
            return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])

        monkeypatch.setattr(paths, "REUSE_UP_TO_BYTES", 1 << 23)
        memory.release()
        gc.collect()
        before, kept = in_use() * mmap.PAGESIZE, []
        for number in range(100):
            memory.empty(((1 << 22) + number,), np.uint8).fill(1)
            kept.append(memory.empty((SIZE + number,), np.uint8))
            kept[-1].fill(1)
        assert in_use() * mmap.PAGESIZE - before < 100 * SIZE + (1 << 25)
        assert all((array == 1).all() for array in kept)
        memory.release()

"""Pieces of work on several threads: all are done, errors arrive, and no bit depends on them."""

import gc
import os
import subprocess
import sys
import threading
import time
import weakref

import numpy as np
import pytest
import threadpoolctl

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core import arrays
from tinygrad_np.fast import matrices, paths, threads
from tinygrad_np.fast.matrices import matrix_product
from tinygrad_np.fast.threads import parallel_for, parallel_sum

LARGE = 1 << 30


class Library:
    """What threadpoolctl has for a library of matrix products."""

    def __init__(self, count):
        self.count = count
        self.history = []

    def get_num_threads(self):
        return self.count

    def set_num_threads(self, count):
        self.count = count
        self.history.append(count)


@pytest.fixture(params=[1, 2, 3])
def count(request, monkeypatch):
    monkeypatch.setattr(threads, "_CORES", threads._Cores([Library(request.param)]))
    return request.param


@pytest.fixture
def library(monkeypatch):
    found = Library(2)
    monkeypatch.setattr(threads, "_CORES", threads._Cores([found]))
    return found


def test_every_piece_is_worked_on_once(count):
    found = []
    parallel_for(found.append, range(100), LARGE)
    assert sorted(found) == list(range(100))


def test_no_pieces(count):
    parallel_for(pytest.fail, [], LARGE)


def test_small_work_stays_in_its_thread(count):
    found = set()
    parallel_for(lambda _: found.add(threading.current_thread()), range(5), 100)
    assert found == {threading.current_thread()}


@pytest.mark.parametrize(
    ("pieces", "work", "shared"),
    [
        (4, paths.THREADS_FROM - 1, False),
        (4, paths.THREADS_FROM, True),
        (40, 40 * paths.THREAD_PIECE - 1, False),
        (40, 40 * paths.THREAD_PIECE, True),
        (1, LARGE, False),
        (2, LARGE, True),
    ],
)
def test_from_so_much_work_it_is_shared(library, monkeypatch, pieces, work, shared):
    calls = []
    monkeypatch.setattr(threads, "_shared", lambda *a: calls.append(a))
    found = []
    parallel_for(found.append, range(pieces), work)
    assert (len(calls), len(found)) == ((1, 0) if shared else (0, pieces))


def test_products_have_one_thread_meanwhile_and_all_again_afterwards(library):
    meanwhile = []
    parallel_for(lambda _: meanwhile.append(library.count), range(4), LARGE)
    assert meanwhile == [1] * 4
    assert library.count == 2
    assert library.history == [1, 2]


def test_each_library_gets_its_own_threads_back(monkeypatch):
    found = [Library(3), Library(1), Library(2)]
    cores = threads._Cores(found)
    with cores as allowed:
        assert allowed == 1
        assert [library.count for library in found] == [1, 1, 1]
    assert [library.count for library in found] == [3, 1, 2]


@pytest.mark.parametrize("at", [1, 2])  # when it is held, when it is let go
def test_an_interrupt_while_the_limit_is_set_does_not_leave_it_behind(library, monkeypatch, at):
    def interrupted(count):
        library.count = count
        library.history.append(count)
        if len(library.history) == at:
            raise KeyboardInterrupt

    monkeypatch.setattr(library, "set_num_threads", interrupted)
    with pytest.raises(KeyboardInterrupt), threads._CORES:
        pass
    assert library.count == 2
    with threads._CORES as allowed:
        assert allowed == 2
        assert library.count == 1
    assert library.count == 2


REAL = """
import threading
from threadpoolctl import threadpool_info, threadpool_limits
from tinygrad_np.fast.threads import _CORES, _libraries, parallel_for

def limits():
    return {x["num_threads"] for x in threadpool_info() if x["user_api"] == "blas"}

def run(function):
    thread = threading.Thread(target=function)
    thread.start()
    return thread

for library in _libraries():
    library.set_num_threads(2)  # also where this process may use but one core
if _libraries():
    seen = []
    run(lambda: parallel_for(lambda _: seen.append(limits()), range(4), 1 << 30)).join()
    assert seen == [{1}] * 4, seen
    assert limits() == {2}
    both, over = threading.Event(), threading.Event()
    def last():
        with _CORES:
            both.set()
            over.wait()
    with _CORES:
        thread = run(last)
        both.wait()
    assert limits() == {1}
    over.set()
    thread.join()
    assert limits() == {2}
    with threadpool_limits(1):
        parallel_for(lambda _: None, range(4), 1 << 30)
        assert limits() == {1}
    assert limits() == {2}
    def limited():  # this thread may set a limit, though another one had to do with us first
        with threadpool_limits(1):
            seen.append(limits())
    run(limited).join()
    assert seen[-1] == {1}
    print("done")
"""


def test_the_limit_holds_in_every_thread_and_ends():
    """Of threads that call threadpoolctl for OpenBLAS, it heeds one: the first that is alive."""
    done = subprocess.run(
        [sys.executable, "-c", REAL],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    if "done" not in done.stdout:
        pytest.skip("NumPy's BLAS is not OpenBLAS with threads of its own")


def test_a_limit_that_would_not_hold_in_our_threads_is_not_set(monkeypatch):
    ours = {"user_api": "blas", "internal_api": "openblas", "threading_layer": "pthreads"}
    for other in ({"threading_layer": "openmp"}, {"internal_api": "mkl"}):
        found = [{**ours, "filepath": ""}, {**ours, **other, "filepath": ""}]
        monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda found=found: found)
        assert threads._libraries() == ()


def test_an_error_arrives_when_all_are_done(library):
    others = []

    def work(piece):
        if piece == 0:
            raise ZeroDivisionError("piece 0")
        time.sleep(0.001)
        others.append(piece)

    with pytest.raises(ZeroDivisionError, match="piece 0"):
        parallel_for(work, range(20), LARGE)
    done = len(others)
    time.sleep(0.01)
    assert len(others) == done
    assert library.count == 2


def test_an_error_in_another_thread_leaves_nothing_to_the_garbage_collector(library):
    array = np.ones(3)
    kept = weakref.ref(array)
    here = threading.current_thread()

    def work(piece, array=array):
        time.sleep(0.002)
        if threading.current_thread() is not here:
            raise ZeroDivisionError

    gc.collect()
    gc.disable()
    try:
        with pytest.raises(ZeroDivisionError):
            parallel_for(work, range(10), LARGE)
        del array, work
        assert kept() is None
    finally:
        gc.enable()


def test_work_within_work(library):
    found = []
    parallel_for(
        lambda i: parallel_for(lambda j: found.append((i, j)), range(3), LARGE), range(3), LARGE
    )
    assert sorted(found) == [(i, j) for i in range(3) for j in range(3)]
    assert library.count == 2


def test_several_threads_of_the_program(library):
    results = [[] for _ in range(6)]

    def program(found):
        for _ in range(20):
            parallel_for(found.append, range(10), LARGE)

    started = [threading.Thread(target=program, args=(found,)) for found in results]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    assert all(sorted(found) == sorted([*range(10)] * 20) for found in results)
    assert library.count == 2


def test_pieces_see_the_callers_context(library):
    """Its `errstate` too: where the sweep ignores an overflow, no thread may warn of it."""
    states = []
    with np.errstate(over="raise", divide="ignore"):
        parallel_for(lambda _: (time.sleep(0.01), states.append(np.geterr())), range(4), LARGE)
    assert len(states) == 4
    assert all(state["over"] == "raise" and state["divide"] == "ignore" for state in states)


def test_where_no_thread_can_be_started_the_work_is_done_here(library, monkeypatch):
    def full(work):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads._CORES, "start", full)
    found = []
    parallel_for(found.append, range(10), LARGE)
    assert found == [*range(10)]
    assert library.count == 2


def test_a_thread_that_cannot_be_started_leaves_no_work_behind(library, monkeypatch):
    """The arrays of pieces would wait with it for a thread that never comes."""

    def full(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", full)
    array = np.ones(3)
    kept = weakref.ref(array)
    parallel_for(array.__contains__, range(10), LARGE)
    del array
    assert kept() is None


def test_released_memory_is_that_of_the_pool_too(library):
    workers = set()

    def work(piece):
        time.sleep(0.001)
        workers.add(threading.current_thread())

    parallel_for(work, range(10), LARGE)
    tg.release_memory()
    workers.discard(threading.current_thread())
    assert workers
    assert not any(thread.is_alive() for thread in workers)
    with threads._CORES.busy:  # as if another thread had pieces
        tg.release_memory()
    found = []
    parallel_for(found.append, range(10), LARGE)
    assert sorted(found) == [*range(10)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_all_threads_again(library):
    """Also when others of its threads were at work, which it does not have."""
    cores = threads._CORES
    parallel_for(lambda _: None, range(4), LARGE)  # so that there is a pool
    library.history.clear()
    child = 1
    with cores, cores.busy, cores.lock:
        child = os.fork()
        if not child:
            try:
                cores.after_fork()
                found = []
                parallel_for(found.append, range(10), LARGE)
                right = sorted(found) == [*range(10)] and library.history == [1, 2, 1, 2]
                os._exit(0 if right else 1)
            finally:
                os._exit(2)
    assert os.waitpid(child, 0)[1] == 0


def test_without_threadpoolctl(monkeypatch):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    monkeypatch.setattr(threads, "_CORES", threads._Cores())
    with threads._CORES as allowed:
        assert allowed == 1
    found = []
    parallel_for(found.append, range(5), LARGE)
    assert found == [*range(5)]


def test_the_first_of_many_threads_asks_for_the_libraries_alone(monkeypatch):
    """Two that both found them would each restore the other's limit."""
    library = Library(2)
    asked = []

    def slowly():
        asked.append(1)
        time.sleep(0.01)
        return [library]

    monkeypatch.setattr(threads, "_libraries", slowly)
    monkeypatch.setattr(threads, "_CORES", threads._Cores())
    run = [
        threading.Thread(target=parallel_for, args=(lambda _: None, range(4), LARGE))
        for _ in "12345678"
    ]
    for thread in run:
        thread.start()
    for thread in run:
        thread.join()
    assert asked == [1]
    assert library.count == 2


def test_the_order_of_summation_depends_on_the_pieces_alone(monkeypatch):
    values = np.random.default_rng(0).normal(size=(50, 7))

    def add(total, piece):
        time.sleep(0.0002 * (piece % 3))
        total += values[piece]

    sums = []
    for n in (1, 2, 5):
        monkeypatch.setattr(threads, "_CORES", threads._Cores([Library(n)]))
        sums.append(parallel_sum(add, range(50), (7,), float, LARGE))
    assert np.array_equal(sums[0], sums[1])
    assert np.array_equal(sums[0], sums[2])
    assert np.allclose(sums[0], values.sum(0))


def conv(dtype, c, f, k, stride):
    rng = np.random.default_rng(c + k)
    n = 9 if c > 8 else 40  # fewer windows are copied at once
    x = rng.normal(size=(n, 23, 21, c)).astype(dtype)
    w = rng.normal(size=(k, k, c, f)).astype(dtype)
    y, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, stride=stride, padding=k // 2), x, w)
    return [y, *pull(rng.normal(size=y.shape).astype(dtype))]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "work",
    [
        lambda dtype: conv(dtype, 3, 20, 5, 1),
        lambda dtype: conv(dtype, 32, 17, 3, 1),
        lambda dtype: conv(dtype, 16, 16, 5, 1),
        lambda dtype: conv(dtype, 64, 65, 3, 1),
        lambda dtype: conv(dtype, 24, 16, 3, 2),
    ],
    ids=["few channels", "3×3", "5×5", "many channels", "stride"],
)
def test_no_bit_depends_on_the_threads(work, dtype, monkeypatch):
    monkeypatch.setattr(paths, "THREADS_FROM", 1 << 18)
    monkeypatch.setattr(paths, "THREAD_PIECE", 1 << 15)
    monkeypatch.setattr(paths, "TILE_BYTES", 1 << 18)
    for name in ("RUNS_BYTES", "ROWS_BYTES", "SQUARES_BYTES"):
        monkeypatch.setattr(paths, name, 1 << 17)
    found = []
    for n in (1, 2, 3):
        monkeypatch.setattr(threads, "_CORES", threads._Cores([Library(n)]))
        found.append(work(dtype))
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_these_are_large_enough_to_be_shared(monkeypatch, request):
    if request.config.getoption("--simple-paths"):
        pytest.skip("the simple paths have no pieces")
    calls = []
    shared = threads._shared
    monkeypatch.setattr(threads, "_shared", lambda *a: calls.append(a) or shared(*a))
    monkeypatch.setattr(paths, "THREADS_FROM", 1 << 18)
    monkeypatch.setattr(paths, "THREAD_PIECE", 1 << 15)
    monkeypatch.setattr(paths, "TILE_BYTES", 1 << 18)
    for name in ("RUNS_BYTES", "ROWS_BYTES", "SQUARES_BYTES"):
        monkeypatch.setattr(paths, name, 1 << 17)
    monkeypatch.setattr(threads, "_CORES", threads._Cores([Library(2)]))
    conv(np.float32, 32, 17, 3, 1)
    assert len(calls) == 3  # forward, by the filters, by the images
    conv(np.float32, 3, 20, 5, 1)
    assert len(calls) == 6  # the same


@pytest.fixture
def pieces(request):
    if request.config.getoption("--simple-paths"):
        pytest.skip("there, no product is cut")


class TestMatrixProducts:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
    @pytest.mark.parametrize(
        ("m", "k", "n"),
        # around the sizes from which other threads are woken, and from which pieces pay
        [
            *((64, 64, 63), (64, 64, 64), (65, 64, 64), (1, 128, 64), (129, 64, 1), (1, 90, 91)),
            *((256, 256, 127), (511, 256, 256), (512, 256, 256), (255, 257, 515)),
            *((64, 512, 1031), (1031, 512, 64)),
            *((1, 1 << 10, 1031), (3, 1, 7), (0, 5, 3), (5, 0, 3)),
        ],
    )
    def test_they_are_exact_on_integers_whatever_the_threads(self, m, k, n, dtype, count):
        rng = np.random.default_rng(m + k + n)
        a = rng.integers(-3, 4, (m, k)).astype(dtype)
        b = rng.integers(-3, 4, (k, n)).astype(dtype)
        expected = np.einsum("mk,kn->mn", a, b)
        for left, right in [(a, b), (np.asfortranarray(a), b), (a, np.asfortranarray(b))]:
            found = matrix_product(left, right)
            assert found.dtype == dtype
            assert np.array_equal(found, expected)
        assert np.array_equal(matrix_product(a[::-1], b), expected[::-1])

    @pytest.mark.parametrize(
        ("a", "b"),
        [
            (np.ones((64, 2048)), np.broadcast_to(np.arange(1024.0), (2048, 1024))),
            (np.ones((2048, 64)), np.ones((64, 2048))[::-1, ::-1]),
            (np.ones((64, 4096)).T, np.ones((64, 128))),  # of whose parts `dot` makes copies
        ],
    )
    def test_what_blas_cannot_read_is_copied_once_not_for_every_piece(
        self, a, b, library, pieces, monkeypatch
    ):
        read = []
        matmul = np.matmul
        monkeypatch.setattr(np, "matmul", lambda *x, **k: read.extend(x) or matmul(*x, **k))
        expected = np.dot(a, b)
        monkeypatch.setattr(np, "dot", None)
        assert np.array_equal(matrix_product(a, b), expected)
        assert len(read) >= 4
        assert all(min(x.strides) == 8 for x in read)

    def test_a_product_with_ones_own_transpose_is_left_whole(self, library, monkeypatch):
        """NumPy computes one half of it."""
        monkeypatch.setattr(matrices, "parallel_for", pytest.fail)
        x = np.random.default_rng(0).normal(size=(1024, 512))
        found = (lambda t: t.T @ t)(Tensor(x)).data
        assert np.allclose(found, x.T @ x)
        assert np.array_equal(found, found.T)

    def test_one_thread_of_blas_whenever_more_would_be_woken(self, library, pieces, monkeypatch):
        meanwhile = []
        for name in ("dot", "matmul"):
            function = getattr(np, name)
            monkeypatch.setattr(
                np,
                name,
                lambda *a, f=function, **k: meanwhile.append(library.count) or f(*a, **k),
            )
        x = np.ones((64, 64))
        matrix_product(x[:63], x)
        matrix_product(x, x)
        y = np.ones((1024, 256))
        matrix_product(y, np.ones((256, 256)))
        assert meanwhile == [2, 1] + [1] * 4
        assert library.count == 2

    def test_of_tensors_and_in_rules(self, library):
        rng = np.random.default_rng(0)
        x, w = rng.integers(-3, 4, (64, 500)).astype(float), rng.integers(-3, 4, (500, 70)) * 1.0
        u = rng.integers(-3, 4, (64, 70)).astype(float)
        y, pull = tg.vjp(lambda x, w: x @ w, x, w)
        assert library.history == [1, 2]
        by_x, by_w = pull(u)
        assert library.history == [1, 2] * 3
        assert np.array_equal(y, x @ w)
        assert np.array_equal(by_x, u @ w.T)
        assert np.array_equal(by_w, x.T @ u)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, complex, int])
@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ((4096, 2), (2,)),
        ((4095, 2), (2,)),
        ((8, 8, 64, 3), (64, 3)),
        ((8192,), ()),
        ((8, 8, 64, 3), (1, 3)),
        ((8, 64, 32), (64, 1)),
        ((0, 3), (3,)),
    ],
)
def test_sums_over_first_axes(given, shape, dtype):
    """On both sides of every condition: integers, whose sums are exact."""
    drawn = np.random.default_rng(0).integers(-2, 3, given).astype(dtype)
    for x in (drawn, drawn[::-1], np.asfortranarray(drawn)):
        found, expected = matrices.sum_to(x, shape), arrays.sum_to.__wrapped__(x, shape)
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)


def test_a_sum_over_first_axes_keeps_nan_and_inf():
    x = np.ones((4096, 3), np.float32)
    x[7, 0], x[9, 1] = np.nan, np.inf
    assert np.array_equal(matrices.sum_to(x, (3,)), [np.nan, np.inf, 4096], equal_nan=True)


def test_products_with_a_long_axis_of_each_kind(monkeypatch):
    """Pieces of rows, of columns and of what is summed over; integers, bit for bit."""
    monkeypatch.setattr(paths, "SMALL_PRODUCT_ROWS", 1)
    monkeypatch.setattr(paths, "LONG_PRODUCT_ROWS", 0)
    rng = np.random.default_rng(0)
    for m, k, n in ((1000, 9, 31), (31, 9, 1000), (9, 1000, 31), (64, 64, 65)):
        for a, b in (
            (rng.integers(-4, 5, (m, k)), rng.integers(-4, 5, (k, n))),
            (rng.integers(-4, 5, (k, m)).T, rng.integers(-4, 5, (n, k)).T),
        ):
            a, b = a.astype(np.float32), b.astype(np.float32)
            for limit in (1, 9 * 31 * 7, 1_000_000):
                monkeypatch.setattr(paths, "SMALL_PRODUCT", max(limit, m * k * n // max(m, k, n)))
                out = np.empty((m, n), np.float32)
                found = matrices.matrix_product(a, b, out)
                assert found is out
                assert np.array_equal(found, a.astype(int) @ b.astype(int))
                assert np.array_equal(matrices.matrix_product(a, b), found)

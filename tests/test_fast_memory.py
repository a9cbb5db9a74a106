"""Memory that is used again: never while anything can reach it, on any Python."""

import collections
import gc
import pickle
import threading
import weakref

import numpy as np
import pytest
import random_memory
import scipy.special

import tinygrad_np as tg
from tinygrad_np.fast import memory, paths


@pytest.fixture(autouse=True)
def used_again(request, monkeypatch):
    """Small arrays, too, so that the tests take little time."""
    if request.config.getoption("--simple-paths"):
        pytest.skip("no memory is used again there")
    monkeypatch.setattr(paths, "REUSE_FROM_BYTES", 1 << 16)
    memory.release()


SHAPE = (1 << 17,)


def address(array):
    return array.__array_interface__["data"][0]


class TestReferences:
    """What Python 3.14 counts otherwise."""

    def test_two_arrays_are_apart(self):
        a = memory.empty((1 << 18,), np.float32)
        a.fill(1)
        b = memory.empty((1 << 18,), np.float32)
        b.fill(2)
        assert a[0] == 1
        assert b[0] == 2

    def test_a_gradient_of_large_arrays(self):
        values = np.arange(20000.0) + 1
        x = tg.Tensor(values)
        (np.log(x) * np.sqrt(x) + x * x).sum().backward()
        root = np.sqrt(values)
        exact = root / values + np.log(values) / (2 * root) + 2 * values
        assert np.allclose(x.grad, exact, rtol=1e-14, atol=0)


HOLDS = {
    "itself": lambda a: a,
    "a slice": lambda a: a[5:7],
    "a slice of a slice": lambda a: a[5:][::3][1:4],
    "a view": lambda a: a.view(np.int32),
    "a view of a view": lambda a: a.view(np.int32)[3:].view(np.float32),
    "a subclass": lambda a: a.view(np.recarray),
    "a slice of a subclass": lambda a: a.view(random_memory.Subclass)[1:],
    "a plain view of a subclass": lambda a: a.view(random_memory.Subclass).view(np.ndarray)[2:],
    "a memoryview": lambda a: memoryview(a),
    "a memoryview of a slice": lambda a: memoryview(a[10:20])[2:],
    "an array of a memoryview": lambda a: np.asarray(memoryview(a[::2])),
    "an array of the buffer": lambda a: np.frombuffer(a, np.uint8),
    "an array in the array": lambda a: np.ndarray((4,), np.float32, a, 64),
    "strides": lambda a: np.lib.stride_tricks.as_strided(a, (3,), (8,)),
    "a broadcast array": lambda a: np.broadcast_to(a, (2, *a.shape)),
    "its iterator": lambda a: np.nditer(a),
    "its flat": lambda a: a.flat,
    "its base": lambda a: a.base,
    "the base's array": lambda a: np.asarray(a.base),
    "its array interface": lambda a: np.asarray(_Interface(a)),
    "a DLPack capsule": lambda a: np.from_dlpack(a),
    "a pickle buffer": lambda a: pickle.PickleBuffer(a),
    "a bound method": lambda a: a.sum,
    "a reshaped transpose": lambda a: a.reshape(4, -1).T[1],
}  # fmt: skip


class _Interface:
    def __init__(self, array):
        self.array = array
        self.__array_interface__ = array.__array_interface__


@pytest.mark.parametrize("holds", HOLDS.values(), ids=HOLDS)
def test_what_anything_holds_is_not_given_again(holds):
    array = memory.empty(SHAPE, np.float32)
    held, place = holds(array), address(array)
    del array
    others = [memory.empty(SHAPE, np.float32) for _ in range(3)]
    assert place not in map(address, others)
    del held, others
    assert place in [address(a) for a in [memory.empty(SHAPE, np.float32) for _ in range(4)]]


def test_the_last_one_given_back_is_the_next():
    """It is still in the processor's cache."""
    arrays = [memory.empty(SHAPE, np.float32) for _ in range(3)]
    places = [address(array) for array in arrays]
    for _ in range(3):
        arrays.pop(0)
    again = [address(array) for array in [memory.empty(SHAPE, np.float32) for _ in range(3)]]
    assert again == places[::-1]


def test_a_finaliser_that_revives_an_array():
    revived = []

    class Owner:
        def __init__(self):
            self.array, self.itself = memory.empty(SHAPE, np.float32), self
            self.array.fill(5)

        def __del__(self):
            revived.append(self.array)

    Owner()
    gc.collect()
    (array,) = revived
    memory.empty(SHAPE, np.float32).fill(1)
    assert array[0] == 5


def test_an_exception_that_is_kept_holds_its_arrays():
    def failing():
        array = memory.empty(SHAPE, np.float32)
        array.fill(5)
        raise ValueError("the frame holds the array")

    with pytest.raises(ValueError, match="frame") as caught:
        failing()
    memory.empty(SHAPE, np.float32).fill(1)
    assert caught.traceback[-1].frame.f_locals["array"][0] == 5


def test_an_array_that_dies_on_another_thread_comes_back_to_its_own():
    array = [memory.empty(SHAPE, np.float32)]
    place = address(array[0])
    thread = threading.Thread(target=array.clear)
    thread.start()
    thread.join()
    assert address(memory.empty(SHAPE, np.float32)) == place


def test_an_array_outlives_its_thread():
    found = []

    def work():
        found.append(memory.empty(SHAPE, np.float32))
        found[0].fill(5)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    memory.empty(SHAPE, np.float32).fill(1)
    assert found[0][-1] == 5


def test_memory_that_was_released_lives_as_long_as_its_arrays():
    array = memory.empty(SHAPE, np.float32)
    array.fill(5)
    memory.release()
    memory.empty(SHAPE, np.float32).fill(1)
    assert array[-1] == 5


def test_a_kernel_within_a_kernel(monkeypatch):
    """A signal's handler, or a finaliser, may convolve while a convolution is at work."""
    rng = np.random.default_rng(0)
    x, other = rng.normal(size=(2, 2, 40, 40, 16)).astype(np.float32)
    w, v = rng.normal(size=(2, 3, 3, 16, 16)).astype(np.float32)
    x2, w2 = x[:, ::2, ::2].copy(), w[:2, :2].copy()
    pool = [
        lambda x: tg.conv2d(x, w),
        lambda x: tg.max_pool(x, 2),
        lambda x: tg.conv2d(x, w, stride=2),
        lambda x: tg.conv2d(x.astype(float), w),
    ]
    work = [lambda f=f: tg.vjp(f, x) for f in pool] + [lambda: tg.vjp(tg.conv2d, x2, w2)]
    expected = []
    for f in work:
        y, pull = f()
        expected.append((y, *pull(np.cos(y))))
    lent, is_inside, calls = memory._lent, False, 0

    def interrupted(*args):
        nonlocal is_inside, calls
        if not is_inside:
            is_inside, calls = True, calls + 1
            tg.max_pool(tg.conv2d(other, v), 2)
            tg.conv2d(other.astype(float), v)
            is_inside = False
        return lent(*args)

    monkeypatch.setattr(memory, "_lent", interrupted)
    for f, known in zip(work, expected, strict=True):
        y, pull = f()
        for a, b in zip((y, *pull(np.cos(y))), known, strict=True):
            assert np.array_equal(a, b)
    assert calls >= len(pool)


class TestBounds:
    def test_the_sizes_first_asked_for_go_first(self, monkeypatch):
        monkeypatch.setattr(paths, "REUSE_UP_TO_BYTES", 1 << 20)
        for size in (1 << 18, (1 << 18) + 8, (1 << 18) + 16, (1 << 18) + 24, (1 << 18) + 32):
            memory.empty((size,), np.uint8)
        assert memory.kept_bytes() <= 1 << 20
        assert (1 << 18) not in memory._BUFFERS.shelves
        assert (1 << 18) + 32 in memory._BUFFERS.shelves
        held = [memory.empty((1 << 18,), np.uint8) for _ in range(8)]
        assert len({array.ctypes.data for array in held}) == 8
        assert memory.kept_bytes() <= 1 << 20
        assert memory.empty((1 << 22,), np.uint8).size == 1 << 22
        memory.release()
        assert memory.kept_bytes() == 0

    def test_every_thread_has_its_own(self):
        here = memory.empty(SHAPE, np.float32)
        seen = []
        place = here.ctypes.data
        del here
        thread = threading.Thread(
            target=lambda: seen.append(memory.empty(SHAPE, np.float32).ctypes.data)
        )
        thread.start()
        thread.join()
        assert seen != [place]

    def test_training_steps_take_no_more_memory_than_the_first(self):
        x = np.random.default_rng(0).standard_normal((8, 28, 28, 1)).astype(np.float32)
        w = np.random.default_rng(1).standard_normal((3, 3, 1, 8)).astype(np.float32)
        loss = lambda w: np.sum(tg.max_pool(tg.relu(tg.conv2d(x, w)), 2))  # noqa: E731
        gc.disable()
        try:
            for _ in range(2):
                tg.grad(loss)(w)
            kept = memory.kept_bytes()
            for _ in range(20):
                tg.grad(loss)(w)
            assert memory.kept_bytes() == kept
        finally:
            gc.enable()


class TestResults:
    def test_a_result_that_is_kept_is_not_overwritten_by_later_steps(self):
        x = np.random.default_rng(0).standard_normal((200, 200))
        kept = [tg.relu(x * k) for k in range(1, 4)]
        graphs = [np.exp(tg.Tensor(x) * k) * 2.0 for k in range(1, 4)]
        for k, value in enumerate(kept, 1):
            assert np.array_equal(value, np.maximum(x * k, 0))
        for k, tensor in enumerate(graphs, 1):
            assert np.array_equal(tensor.data, np.exp(x * k) * 2.0)

    @pytest.mark.parametrize("size", [1 << 10, 1 << 14])
    def test_the_dtype_of_a_result_does_not_depend_on_its_size(self, size):
        """NumPy writes float64 into a given float32 without a word."""
        single, half = np.ones(size, np.float32), np.ones(size, np.float16)
        for f, x in [
            (lambda x: np.float_power(x, 2.0), single),
            (lambda x: np.float_power(2.0, x), single),
            (lambda x: np.float_power(x, x), single),
            (scipy.special.expit, half),
        ]:
            assert f(tg.Tensor(x)).dtype == f(x).dtype

    @pytest.mark.parametrize("code", "?bBhHiIlLqQefdgFDG")
    def test_an_array_of_any_dtype(self, code):
        dtype = np.dtype(code)
        array = memory.empty((1 << 17,), dtype)
        assert array.dtype == dtype
        assert array.base is not None
        assert array.flags.writeable
        assert array.flags.aligned
        assert memory.empty((1 << 17,), object).dtype == object

    def test_gradients_own_their_memory(self):
        x = np.random.default_rng(0).standard_normal((300, 300))
        for f in (
            lambda x: np.sum(tg.relu(x)),
            lambda x: np.sum(np.exp(x) * x),
            lambda x: np.sum(tg.max_pool(x.reshape(1, 300, 300, 1), 2)),
        ):
            g = tg.grad(f)(x)
            assert g.flags.owndata
            assert g.flags.writeable


class TestRandomPrograms:
    """`random_memory` runs as many as one likes: 10,000 on each Python before a release."""

    @pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
    @pytest.mark.parametrize("seed", range(0, 100, 20))
    def test_no_two_arrays_meet(self, seed):
        for program in range(seed, seed + 20):
            random_memory.run(program)

    def test_a_buffer_that_is_given_back_with_its_first_view_is_found(self, monkeypatch):
        """NumPy's slices of a view of an array hold that array, not the view."""
        free = collections.defaultdict(list)

        def early(size, shape, dtype):
            buffer = free[size].pop() if free[size] else np.empty(size, np.uint8)
            first = np.ndarray(shape, dtype, buffer)
            weakref.finalize(first, free[size].append, buffer)
            return first

        monkeypatch.setattr(memory, "_lent", early)
        with pytest.raises(AssertionError, match=r"share memory|has changed"):
            collections.deque(map(random_memory.run, range(20)), maxlen=0)


def test_memory_is_released_on_demand_and_with_its_thread(request):
    if request.config.getoption("--simple-paths"):
        pytest.skip("no memory is used again there")
    tg.release_memory()
    large = memory.empty((1 << 20,), np.float32)
    large.fill(3)
    assert memory.kept_bytes() == large.nbytes
    tg.release_memory()
    assert memory.kept_bytes() == 0
    assert large.sum() == 3 << 20
    references = []

    def work():
        array = memory.empty((1 << 20,), np.float32)
        references.append(weakref.ref(array.base))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert references[0]() is None


def test_a_view_counts_elements():
    flat = np.arange(24.0)
    found = memory.view(flat, (2, 3), (12, 2), 1)
    assert np.array_equal(found, flat.reshape(2, 12)[:, 1:6:2])


def test_distances_begin_a_line_and_are_no_page():
    for itemsize in (4, 8):
        for elements in range(1, 3000):
            found = memory.apart(elements, itemsize)
            assert elements <= found <= elements + 2 * 64 // itemsize
            assert found * itemsize % 64 == 0
            assert found * itemsize % 4096

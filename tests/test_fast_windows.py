"""Frames of zeros that are used again: what lay in one is not seen in the next."""

import threading

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.core.dispatch import plain
from tinygrad_np.core.geometry import PerAxis
from tinygrad_np.core.windows import padded_windows as both
from tinygrad_np.fast import paths, windows
from tinygrad_np.fast.windows import padded_windows

WIDTH = (0, 0), (1, 2), (0, 1), (0, 0)


def steps(stride=1):
    return WIDTH, PerAxis((3, 2)), PerAxis((stride, 1)), PerAxis((1, 1))


def images(seed, n=2, channels=2, dtype=np.float32):
    rng = np.random.default_rng(seed)
    return rng.integers(1, 9, (n, 5, 6, channels)).astype(dtype)


@pytest.fixture(autouse=True)
def nothing_kept():
    windows._SMALL.kept.clear()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("stride", [1, 2])
def test_one_frame_for_all_images_of_a_shape(dtype, stride):
    found = [padded_windows(images(seed, dtype=dtype), *steps(stride)) for seed in range(4)]
    assert len(windows._SMALL.kept) == 1
    for seed, columns in enumerate(found):  # also the first one, after the others were made
        assert columns.dtype == dtype
        assert np.array_equal(columns, plain(both)(images(seed, dtype=dtype), *steps(stride)))


@pytest.mark.parametrize(
    ("n", "channels"), [(2, paths.COPY_UP_TO_CHANNELS + 1), (1 + paths.REUSE_FROM_BYTES // 120, 1)]
)
def test_none_is_kept_where_a_view_of_it_is_handed_out_or_it_is_large(n, channels):
    first, second = images(0, n, channels), images(1, n, channels)
    found = padded_windows(first, *steps()), padded_windows(second, *steps())
    assert not windows._SMALL.kept
    assert np.array_equal(found[0], plain(both)(first, *steps()))
    assert np.array_equal(found[1], plain(both)(second, *steps()))


def test_a_call_in_the_middle_of_another_has_a_frame_of_its_own(monkeypatch):
    """As that of a signal's handler, or of a finaliser."""
    padded_windows(images(0), *steps())  # which leaves a frame
    gathered, between = windows._gathered, []

    def interrupted(*args):
        if not between:
            between.append(None)
            between.append(padded_windows(images(2), *steps()))
        return gathered(*args)

    monkeypatch.setattr(windows, "_gathered", interrupted)
    assert np.array_equal(padded_windows(images(1), *steps()), plain(both)(images(1), *steps()))
    assert np.array_equal(between[1], plain(both)(images(2), *steps()))


def test_each_thread_has_frames_of_its_own():
    expected = [plain(both)(images(seed), *steps()) for seed in range(4)]
    start, right = threading.Barrier(4), []

    def work(seed):
        start.wait()
        for _ in range(200):
            right.append(np.array_equal(padded_windows(images(seed), *steps()), expected[seed]))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(right) == 800
    assert all(right)
    assert not windows._SMALL.kept


def test_so_many_are_kept_and_no_more():
    for rows in range(3, 3 + 2 * paths.FRAMES_KEPT):
        padded_windows(np.ones((1, rows, 3, 1)), *steps())
        assert len(windows._SMALL.kept) <= paths.FRAMES_KEPT


def test_a_gradient_does_not_change_with_the_next_images():
    """The windows are what the gradient by the filters is made of."""
    filters = tg.Tensor(np.ones((3, 3, 1, 1)))
    first, second = (images(seed, channels=1, dtype=float) for seed in (0, 1))
    one = np.sum(tg.conv2d(first, filters, padding=1) ** 2)
    np.sum(tg.conv2d(second, filters, padding=1) ** 2)
    one.backward()
    again = tg.Tensor(np.ones((3, 3, 1, 1)))
    np.sum(tg.conv2d(first, again, padding=1) ** 2).backward()
    assert np.array_equal(filters.grad, again.grad)

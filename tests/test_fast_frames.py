"""Frames that are not made: what stands for them, who gets them, and who gets arrays."""

import numpy as np
import pytest
from plain_products import integers

import tinygrad_np as tg
from tinygrad_np.core import hooks
from tinygrad_np.core import windows as core
from tinygrad_np.core.geometry import Frame
from tinygrad_np.core.tensor import value_in
from tinygrad_np.fast import frames, paths, windows

pytestmark = pytest.mark.usefixtures("fast_paths")

PAIRS = ((1, 2), (0, 3))
WIDTH = ((0, 0), *PAIRS, (0, 0))
X = np.random.default_rng(0).standard_normal((4, 40, 40, 16)).astype(np.float32)
W = np.random.default_rng(1).standard_normal((3, 3, 16, 8)).astype(np.float32)


def test_they_stand_for_what_pad_and_windows_give():
    framed = windows.pad(X, Frame(WIDTH))
    assert type(framed) is frames.Framed
    assert (framed.shape, framed.dtype) == ((4, 43, 43, 16), np.float32)
    assert np.array_equal(np.asarray(framed), np.pad(X, WIDTH))
    found = windows.windows(framed, 3, 2, 1)
    expected = core.windows(np.pad(X, WIDTH), 3, 2, 1)
    assert type(found) is frames.FramedWindows
    assert (found.shape, found.nbytes) == (expected.shape, expected.nbytes)
    assert np.array_equal(np.asarray(found), expected)
    assert np.array_equal(frames.made(found), expected)


def test_only_for_a_convolution_and_large_real_images():
    assert type(windows.pad(X, WIDTH)) is np.ndarray
    assert type(windows.pad(X[:1, :8], Frame(WIDTH))) is np.ndarray
    assert type(windows.pad(X.astype(complex), Frame(WIDTH))) is np.ndarray
    t = tg.Tensor(X)
    assert type(value_in(core.pad(t, WIDTH))) is np.ndarray
    for pool in (tg.max_pool, tg.average_pool):
        assert type(value_in(pool(t, 3, padding=1))) is np.ndarray


def test_not_where_somebody_observes():
    class Keeper(hooks.Observer):
        seen = ()

        def made(self, node, known):
            self.seen += tuple(known)

    keeper = Keeper()
    token = hooks.observe(keeper)
    hooks.opened.add(keeper)
    try:
        tg.conv2d(tg.Tensor(X), W, padding=1)
    finally:
        hooks.opened.discard(keeper)
        hooks.observe(token.old_value if token.old_value is not token.MISSING else hooks.NOBODY)
    assert keeper.seen
    assert not any(isinstance(x, (frames.Framed, frames.FramedWindows)) for x in keeper.seen)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", [0, 1, ((3, 0), (1, 2)), "same"])
@pytest.mark.parametrize("channels", [(3, 20), (16, 20), (64, 64)], ids=str)
def test_values_and_gradients_of_every_order(channels, padding, stride, monkeypatch):
    """The same as with the frame made, on integers bit for bit where no transform comes in."""
    rng = np.random.default_rng(0)
    c, f = channels
    x, w = integers(rng, float, 6, 24, 20, c), integers(rng, float, 3, 3, c, f)
    v = integers(rng, float, *w.shape)

    def conv(x, w):
        return tg.conv2d(x, w, stride=stride, padding=padding)

    def results():
        drawn = np.random.default_rng(7)
        y, pull = tg.vjp(conv, x, w)
        u = integers(drawn, float, *y.shape)
        tangent = tg.jvp(conv, (x, w), (integers(drawn, float, *x.shape), v))[1]
        by_filters = tg.grad(lambda w: np.sum(tg.conv2d(x, w, stride, padding) ** 2))
        return [y, *pull(u), tangent, tg.jvp(by_filters, (w,), (v,))[1]]

    found = results()
    monkeypatch.setattr(paths, "ENABLED", False)
    for a, b in zip(found, results(), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("channels", [1, 3, 8, 16, 64])
def test_what_the_caller_writes_into_an_array_comes_too_late(channels):
    """As long as it is framed: the graph has windows of a copy."""
    x = np.random.default_rng(0).standard_normal((6, 30, 30, channels)).astype(np.float32)
    w = np.random.default_rng(1).standard_normal((3, 3, channels, 16)).astype(np.float32)
    expected = tg.grad(lambda w: np.sum(tg.conv2d(x, w, padding=1) ** 2))(w)
    t = tg.Tensor(w)
    loss = np.sum(tg.conv2d(x, t, padding=1) ** 2)
    x[...] = 0
    loss.backward()
    assert np.array_equal(t.grad, expected)


def test_the_graph_shows_pad_windows_and_product():
    text = str(tg.conv2d(tg.Tensor(X), tg.Tensor(W), padding=1).graph())
    names = [line.split()[1].split("(")[0] for line in text.splitlines()]
    assert names == ["leaf", "leaf", "pad", "windows", "product"]


def test_images_of_any_layout():
    for x in (X[:, ::-1], X.transpose(0, 2, 1, 3), X[:, :, :, ::2]):
        w = np.ascontiguousarray(W[:, :, : x.shape[-1]])
        found = tg.conv2d(x, w, padding=1)
        expected = tg.conv2d(np.ascontiguousarray(x), w, padding=1)
        assert np.array_equal(found, expected)


def test_what_windows_of_an_array_are_described_as():
    found = frames.described(core.windows(X, 3))
    assert type(found) is frames.FramedWindows
    assert np.shares_memory(found.images, X)
    assert found.images.shape == X.shape
    for columns in (core.windows(X, 3, 2), core.windows(X[:, :, :, ::2], 3)):
        assert frames.described(columns) is columns

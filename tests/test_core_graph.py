"""The graph: how deep and wide it may be, and who frees it."""

import gc
import weakref

import numpy as np

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core.tensor import source_of


def leaf(*numbers):
    return Tensor(np.array(numbers, float))


class TestDepth:
    DEPTH = 100_000

    def chain(self):
        x = y = Tensor(1.0)
        for _ in range(self.DEPTH):
            y = y + 1e-5
        return x, y

    def test_a_deep_chain_differentiates(self):
        x, y = self.chain()
        y.backward()
        assert x.grad == 1

    def test_a_deep_chain_is_freed_without_the_garbage_collector(self):
        gc.disable()
        try:
            x, y = self.chain()
            value = weakref.ref(x._value)
            node = source_of(x)
            del x, y
            assert value() is None
            assert node.plan is None
        finally:
            gc.enable()

    def test_a_deep_chain_in_forward_mode(self):
        def f(x):
            for _ in range(20_000):
                x = x * 1.0
            return x

        assert tg.jvp(f, [2.0], [3.0])[1] == 3

    def test_an_operation_on_one_variable_leaves_one_object_for_the_garbage_collector(self):
        # Python's collector goes through all of them again and again: with a tuple or two a node,
        # that took a third of the time of a chain of 100,000.
        def f(x):
            for _ in range(100):
                x = np.sqrt(np.exp(-(x * 1.5 + 0.5)))
            return x

        x = leaf(1, 2)
        f(x)
        gc.collect()
        gc.disable()
        try:
            before = len(gc.get_objects())
            y = f(x)
            made = len(gc.get_objects()) - before
        finally:
            gc.enable()
        assert y.shape == (2,)
        assert 500 <= made < 520

    def test_a_wide_graph(self):
        parts = [Tensor(float(i)) for i in range(3_000)]
        np.stack(parts[::-1]).sum().backward()
        assert all(part.grad == 1 for part in parts)


X, W = np.ones((2, 5, 5, 1)), np.ones((3, 3, 1, 2))


def test_two_forwards_before_one_backward_are_two_graphs():
    w = Tensor(W)
    first, second = tg.conv2d(X, w), tg.conv2d(3 * X, w)
    first.sum().backward()
    once = w.grad
    w.grad = None
    second.sum().backward()
    assert np.array_equal(w.grad, 3 * once)

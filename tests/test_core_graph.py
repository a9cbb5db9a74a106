"""The graph: what is kept and when it is freed, and how deep it may be."""

import gc
import weakref

import numpy as np

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core.table import pointwise
from tinygrad_np.core.tensor import apply, source_of


def leaf(*numbers):
    return Tensor(np.array(numbers, float))


class TestWhatIsKept:
    """An array that no rule named is free at once; what is needed goes with the graph."""

    @staticmethod
    def survivors(build, *shapes):
        """Which of the constants (weakly referenced) are alive while the result lives."""
        arrays = [np.ones(shape) for shape in shapes]
        references = [weakref.ref(array) for array in arrays]
        x = Tensor(np.ones(shapes[0]))
        result = build(x, *arrays)
        del arrays
        alive = [reference() is not None for reference in references]
        result.sum().backward()
        return alive, [reference() is not None for reference in references]

    def test_a_sum_keeps_nothing(self):
        assert self.survivors(lambda x, a: x + a, (3,)) == ([False], [False])

    def test_a_product_keeps_the_other_factor_until_backward(self):
        assert self.survivors(lambda x, a: x * a, (3,)) == ([True], [False])

    def test_a_constant_operand_needs_no_rule(self):
        # x's value is what the rule for a would need, and a is no Tensor
        x = Tensor(np.ones(3))
        value = weakref.ref(x._value)
        result = x * np.ones(3)
        del x
        assert value() is None
        assert result.size == 3

    def test_exp_keeps_its_result_only(self):
        x = Tensor(np.ones(3))
        value = weakref.ref(x._value)
        result = np.exp(x)
        kept = weakref.ref(result._value)
        total = result.sum()
        del x, result
        assert value() is None
        assert kept() is not None
        total.backward()
        assert kept() is None

    def test_shapes_are_kept_without_values(self):
        x = Tensor(np.ones((3, 2)))
        value = weakref.ref(x._value)
        result = np.sum(x)
        del x
        assert value() is None
        result.backward()

    def test_backward_frees_node_by_node(self):
        alive = []
        kept = []

        def watch(g, ans):
            alive.append([reference() is not None for reference in kept])
            return g * ans

        watched = pointwise(lambda x: np.exp(x), lambda ans: ans)
        watched.rules[0] = watched.rules[0]._replace(vjp=watch)
        y = Tensor(np.zeros(2))
        for _ in range(3):
            y = apply(watched, (y,), {})
            kept.append(weakref.ref(y._value))
        total = y.sum()
        del y
        total.backward()
        assert [sum(flags) for flags in alive] == [3, 2, 1]

    def test_graphs_are_freed_by_reference_counting_alone(self):
        gc.disable()
        try:
            x = Tensor(np.ones(4))
            y = np.sin(x) * x
            values = [weakref.ref(y._value), weakref.ref(x._value)]
            total = (y @ y).sum()
            del x, y, total
            assert [value() for value in values] == [None, None]

            def loss(w):
                return np.sum(w * w)

            def second_order():
                tg.grad(lambda v: np.sum(tg.grad(loss)(v) ** 2))(np.ones(3))

            second_order()  # plans are made once
            gc.collect()
            before = len(gc.get_objects())
            for _ in range(20):
                second_order()
            assert len(gc.get_objects()) - before < 20
        finally:
            gc.enable()


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

"""What a plan holds: only what a rule names, and no plan for ever."""

import gc
import weakref

import numpy as np

import tinygrad_np as tg
from tinygrad_np.core import table
from tinygrad_np.core.table import pointwise
from tinygrad_np.core.tensor import Tensor, apply


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


def test_a_list_of_any_length_does_not_keep_a_plan_for_each(no_collector):
    x = Tensor(1.0)
    row = table.TABLE[np.stack]
    for length in range(1, 3 * table.MOST_KEPT):
        np.stack([x] * length)
    assert len(row.plans) <= table.MOST_KEPT
    assert len(row.calls) <= table.MOST_KEPT

"""The sweeps: sums over paths, cotangents that do not fit, who frees, wrong rules, threads."""

import threading

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core.sweep import between, reverse
from tinygrad_np.core.table import linear, pointwise
from tinygrad_np.core.tensor import apply, source_of


def leaf(*numbers):
    return Tensor(np.array(numbers, float))


class TestPaths:
    def test_fan_out(self):
        a = Tensor(3.0)
        b = a + a
        c = b * b
        c.backward()
        assert a.grad == 24

    def test_a_leaf_used_twice(self):
        x = leaf(1, 2)
        (np.sin(x) * x).sum().backward()
        assert np.allclose(x.grad, np.sin([1, 2]) + np.array([1, 2]) * np.cos([1, 2]), rtol=1e-15)

    def test_one_node_many_times(self):
        x = Tensor(2.0)
        y = x * 1.0
        total = y + y + y * y + y
        total.backward()
        assert x.grad == 7

    def test_two_forwards_before_one_backward(self):
        x = Tensor(2.0)
        first = x * x
        second = x * x * x
        first.backward()
        assert x.grad == 4
        second.backward()
        assert x.grad == 16

    def test_several_results_of_one_call_and_a_result_that_nothing_depends_on(self):
        x = leaf(1, 2, 3, 4)
        a, _, c = np.split(x, [1, 2])
        (a.sum() + (c * c).sum() + a.sum()).backward()
        assert x.grad.tolist() == [2, 0, 6, 8]

    def test_constant_results_of_a_call_are_plain_arrays(self):
        whole, rest = divmod(leaf(7, 8), 3)
        assert type(whole) is np.ndarray
        assert isinstance(rest, Tensor)
        mantissa, exponent = np.frexp(leaf(6.0))
        assert exponent.dtype.kind == "i"
        assert isinstance(mantissa, Tensor)

    def test_one_operand_twice_in_a_list(self):
        x = leaf(1, 2)
        y = np.concatenate([x, np.ones(1), x])
        (y * np.arange(5.0)).sum().backward()
        assert x.grad.tolist() == [3, 5]

    def test_a_result_as_leaf_of_its_own_backward(self):
        x = Tensor(3.0)
        x.backward()
        assert x.grad == 1

    @pytest.mark.parametrize("seed", range(30))
    def test_graphs_at_random(self, seed):
        # Small integers: both modes are exact, in whatever order paths are added up.
        rng = np.random.default_rng(seed)
        choices = rng.integers(0, 1 << 30, (40, 4)).tolist()

        def f(x, y):
            values = [x, y, np.array([1.0, 2.0])]
            for kind, i, j, k in choices:
                a, b = values[i % len(values)], values[j % len(values)]
                match kind % 6:
                    case 0:
                        made = a + b
                    case 1:
                        made = a - b
                    case 2:
                        made = -a
                    case 3:
                        made = 3.0 * a if k % 2 else a * np.array([2.0, -1.0])
                    case 4:
                        made = np.stack([a, b, a])[k % 3]
                    case _:
                        made = np.split(np.concatenate([a, b]), 2)[k % 2]
                values.append(made)
            return sum(values[-10:])

        x, y = np.array([1.0, 2.0]), np.array([3.0, 5.0])
        value, pull = tg.vjp(f, x, y)
        bars = pull(np.array([1.0, 10.0]))
        for which, unit in [(0, [1.0, 0.0]), (0, [0.0, 1.0]), (1, [1.0, 0.0]), (1, [0.0, 1.0])]:
            tangents = [np.zeros(2), np.zeros(2)]
            tangents[which] = np.array(unit)
            pushed = tg.jvp(f, [x, y], tangents)[1]
            assert np.dot(pushed, [1.0, 10.0]) == np.dot(bars[which], unit)
        xt, yt = Tensor(x), Tensor(y)
        (f(xt, yt) * np.array([1.0, 10.0])).sum().backward()
        assert np.array_equal(np.zeros(2) if xt.grad is None else xt.grad, bars[0])
        assert np.array_equal(np.zeros(2) if yt.grad is None else yt.grad, bars[1])
        assert np.array_equal(value, f(x, y))

    def test_zero_dimensions_and_scalars(self):
        x = Tensor(2.0)
        y = np.exp(x) * np.float64(3) + 1
        y.backward()
        assert type(x.grad) is np.ndarray
        assert x.grad.shape == ()
        assert np.isclose(x.grad, 3 * np.exp(2), rtol=1e-15)


class TestBackward:
    def test_a_result_with_several_elements_asks_for_a_cotangent(self):
        with pytest.raises(ValueError, match=r"shape \(2,\), not one element; pass a cotangent"):
            (leaf(1, 2) * 2).backward()

    def test_one_element_of_any_shape_will_do(self):
        x = leaf(5.0)
        (x * x).backward()
        assert x.grad.tolist() == [10]

    def test_the_cotangent_weighs_the_elements(self):
        x = leaf(1, 2)
        (x * x).backward([10, 100])
        assert x.grad.tolist() == [20, 400]

    @pytest.mark.parametrize("shape", [(1, 2), (1,), (3,), ()])
    def test_a_cotangent_of_another_shape_is_refused(self, shape):
        with pytest.raises(ValueError, match=r"cotangent has shape .* where \(2,\) belongs"):
            (leaf(1, 2) * 2).backward(np.ones(shape))

    @pytest.mark.parametrize("cotangent", [["a", "b"], [None, None], [1j, 1], Tensor([1.0, 1.0])])
    def test_a_cotangent_that_is_no_real_array_is_refused(self, cotangent):
        with pytest.raises(TypeError, match="backward: the cotangent"):
            (leaf(1, 2) * 2).backward(cotangent)

    def test_the_cotangent_is_left_alone_and_not_handed_out(self):
        x = leaf(1, 2)
        cotangent = np.ones(2)
        (x + 0).backward(cotangent)
        x.grad[0] = 99
        assert cotangent.tolist() == [1, 1]

    def test_grad_accumulates(self):
        x = Tensor(2.0)
        (x * x).backward()
        before = x.grad
        (x * 3).backward()
        assert x.grad == 7
        assert before == 4

    def test_gradients_own_their_memory_and_are_writeable(self):
        x, y, z = leaf(1, 2), leaf(3, 4), Tensor(np.ones((2, 3)))
        (x + y).backward([1, 1])
        z.sum().backward()
        w = leaf(1, 2, 3, 4)
        w.reshape(2, 2).T.backward(np.arange(4.0).reshape(2, 2))
        for grad in (x.grad, y.grad, z.grad, w.grad):
            assert grad.flags.owndata
            assert grad.flags.writeable
        x.grad[0] = 7
        assert y.grad.tolist() == [1, 1]

    def test_a_freed_graph_says_so(self):
        x = leaf(1, 2)
        y = (x * x).sum()
        y.backward()
        with pytest.raises(tg.FreedGraphError, match="freed by an earlier backward"):
            y.backward()
        assert x.grad.tolist() == [2, 4]

    def test_a_freed_trunk_says_so_and_changes_no_gradient(self):
        x, w = Tensor(2.0), Tensor(5.0)
        trunk = x * x
        (trunk * 3).backward()
        with pytest.raises(tg.FreedGraphError):
            (trunk * w).backward()
        assert x.grad == 12
        assert w.grad is None

    def test_a_value_from_a_freed_graph_can_still_be_used(self):
        x = Tensor(2.0)
        y = x * x
        y.backward()
        assert (y * 2).item() == 8

    def test_the_freed_graph_is_shown(self):
        x = Tensor(2.0)
        y = np.exp(x)
        y.backward()
        assert "freed" in str(y.graph())


class TestWrongRules:
    """The engine does not sum or cast a wrong cotangent away."""

    def row(self, vjp):
        return linear(lambda x: 2 * x, vjp)

    def test_a_wrong_shape(self):
        y = apply(self.row(lambda g: g[..., None]), (leaf(1, 2),), {})
        with pytest.raises(ValueError, match=r"the vjp rule of .* gave float64 \(2, 1\)"):
            y.sum().backward()

    def test_a_shape_that_would_broadcast(self):
        y = apply(self.row(lambda g: np.sum(g, keepdims=True)), (leaf(1, 2),), {})
        with pytest.raises(ValueError, match="the rule is wrong"):
            y.sum().backward()

    def test_a_wrong_dtype(self):
        y = apply(self.row(lambda g: g.astype(np.float64)), (Tensor([1.0], np.float32),), {})
        with pytest.raises(ValueError, match=r"gave float64 \(1,\) where float32"):
            y.sum().backward()

    def test_a_jvp_of_a_wrong_shape(self):
        row = pointwise(lambda x: 2 * x, lambda: 2)
        row.rules[0] = row.rules[0]._replace(jvp=lambda t: np.ones((3, 3)))
        with pytest.raises(ValueError, match="the jvp rule of"):
            tg.jvp(lambda x: apply(row, (x,), {}), [np.ones(2)], [np.ones(2)])


class TestMixedDtypes:
    def test_the_cotangent_comes_back_in_the_operands_dtype(self):
        x = Tensor([1.0, 2.0], np.float32)
        y = Tensor([3.0, 4.0])
        product = x * y
        assert product.dtype == np.float64
        product.sum().backward()
        assert (x.grad.dtype, y.grad.dtype) == (np.float32, np.float64)

    def test_sums_in_another_dtype(self):
        x = Tensor([1.0, 2.0], np.float32)
        total = np.sum(x, dtype=np.float64)
        assert total.dtype == np.float64
        total.backward()
        assert x.grad.dtype == np.float32

    def test_a_real_operand_of_a_complex_product_gets_the_real_part(self):
        x = leaf(1, 2)
        np.real(x * np.array([1j, 2 + 3j])).sum().backward()
        assert x.grad.tolist() == [0, 2]
        assert x.grad.dtype == np.float64

    def test_float32_is_kept_through_a_network(self):
        x = Tensor(np.ones((2, 3), np.float32))
        w = Tensor(np.full((3, 1), 0.5, np.float32))
        loss = np.mean(tg.sigmoid(np.maximum(x @ w, 0.1) ** 2 / 3) - np.log(2 + x.sum(1)))
        assert loss.dtype == np.float32
        loss.backward()
        assert x.grad.dtype == w.grad.dtype == np.float32


class TestThreads:
    def test_threads_do_not_meet(self):
        failures = []

        def work(seed):
            rng = np.random.default_rng(seed)
            w = rng.standard_normal((5, 5))
            expected = None
            for _ in range(50):
                g = tg.grad(lambda v: np.sum(np.tanh(v @ v)))(w)
                if expected is None:
                    expected = g
                if not np.array_equal(g, expected):
                    failures.append(seed)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures


class TestSweeps:
    def test_between_visits_what_lies_between_only(self):
        before, x, after = leaf(3, 4), leaf(1, 2), leaf(5, 6)
        for w, expected in ((before, False), (after, True)):
            y = x * x
            other = np.exp(w)
            z = (y + other).sum()
            order, is_closed = between([source_of(z)], [source_of(x)])
            assert [node.plan.row.name for node in order if node.plan] == [
                "np.multiply", "np.exp", "np.add", "np.sum",
            ]  # fmt: skip
            assert is_closed is expected, "a younger leaf is a constant of the function's own"

    def test_a_node_with_several_results_is_visited_once(self):
        x = leaf(1, 2, 3)
        parts = np.split(2.0 * x, 3)
        order, _ = between([source_of(part) for part in parts], [source_of(x)])
        assert len(order) == len(set(order)) == 2

    def test_a_sweep_that_touches_something_else_asks_to_be_recorded(self):
        x, w = leaf(1.0), leaf(2.0)
        y = (x * w).sum()
        seeds = [(source_of(y), np.ones(()))]
        assert reverse(seeds, [source_of(w)]) is None
        assert reverse(seeds, [source_of(x)]) == {source_of(x): 2}, "w is younger"

"""`python -m benchmarks --profile`, but for the times themselves: that all of it adds up."""

import itertools
import math
import sys
from collections import Counter

import numpy as np
import pytest
from loading import ROOT

import tinygrad_np as tg
from tinygrad_np.core import table

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("an installed package has no benchmarks", allow_module_level=True)
sys.path.append(str(ROOT))

from benchmarks import profiling
from benchmarks.cases import CASES
from benchmarks.libraries import ours
from benchmarks.profiling import PYTHON, RECORDING, SWEEP, Clock, Product


def ticking():
    """A clock that goes on by one at each reading."""
    return Clock(itertools.count().__next__)


def clocked(step, warm=True):
    if warm:
        step()
    clock = ticking()
    with profiling.instrumented(clock.part):
        clock.run(step)
    return clock


def state():
    """All that `instrumented` may put something in place of."""
    found = [tg.Tensor.__array_ufunc__, tg.Tensor.__array_function__]
    for row in table.TABLE.values():
        found += [row.kernel, dict(row.calls), getattr(row.function, "implementation", None)]
        found += [list(getattr(plan, m)) for plan in row.plans.values() for m in ("vjps", "jvps")]
        found += [
            dict(call.__globals__) for call in row.calls.values() if "kernel" in _globals(call)
        ]
    for module in profiling._modules():
        found += [vars(module).get(name) for name in ("np", "reverse", "forward", "apply")]
    return found


def _globals(call):
    return getattr(call, "__globals__", {})


def same(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return one is other or (isinstance(one, int) and one == other)


def step_of(name):
    case = CASES[name]
    return getattr(ours, case.implementation)(*case.make(), "", **case.options)


NETWORK = "3 cnn 28×28×1, 8-16 3×3, batch 32"
HESSIAN = "5 Hessian of a logistic loss, 20 variables"
NAMES = ["1 two classes, batch 1", NETWORK, *[name for name in CASES if name.startswith("5")]]


class TestClock:
    def test_every_moment_has_a_part(self):
        clock = ticking()
        inner = clock.part("inner", lambda n: n)
        outer = clock.part("outer", lambda: inner(1) + inner(2))
        clock.run(lambda: inner(0) + outer(), times=3)
        assert clock.calls == {"inner": 9, "outer": 3}
        assert clock.made == {PYTHON: 6, "outer": 6}
        # Each part is read at its beginning and its end, and the run at both of its own.
        assert sum(clock.spent.values()) == 2 * 12 + 1
        assert clock.spent == {"inner": 9, "outer": 3 * 3, PYTHON: 7}

    def test_what_raises_ends_its_part(self):
        clock = ticking()

        def fails():
            raise KeyError("x")

        inner, outer = clock.part("inner", fails), clock.part("outer", lambda: inner())

        def step():
            with pytest.raises(KeyError):
                outer()

        clock.run(step)
        assert clock._inside == [PYTHON]
        assert clock.spent == {"inner": 1, "outer": 2, PYTHON: 2}

    def test_what_is_given_comes_through(self):
        clock = ticking()
        assert clock.part("f", lambda *a, **k: (a, k))(1, 2, x=3) == ((1, 2), {"x": 3})

    def test_the_cost_of_a_call_is_taken_off_where_it_was(self):
        clock = ticking()
        inner = clock.part("inner", lambda: None)
        clock.run(clock.part("outer", lambda: (inner(), inner())))
        found = clock.corrected(0.25, 0.5)
        assert found == {"inner": 2 - 2 * 0.25, "outer": 3 - 0.25 - 2 * 0.5, PYTHON: 2 - 0.5}
        assert sum(found.values()) == sum(clock.spent.values()) - 3 * 0.75


class TestShares:
    @pytest.mark.parametrize("plain", [1e-9, 3e-6, 1e-5, 1.0])
    @pytest.mark.parametrize("times", [1, 7])
    def test_the_parts_add_up_to_the_step(self, plain, times):
        rng = np.random.default_rng(0)
        clock = Clock()
        for name in ("np.exp", "product", RECORDING, SWEEP, PYTHON):
            clock.spent[name] = int(rng.integers(1, 100_000))
            clock.calls[name] = int(rng.integers(1, 9))
            clock.made[name] = int(rng.integers(1, 9))
        found = profiling.shares(clock, times, plain, (100.0, 200.0))
        parts = [found[name] for name in (RECORDING, SWEEP, PYTHON, "rest")]
        total = math.fsum([*found["kernels"].values(), *parts])
        assert abs(total - plain) <= 1e-12 * max(plain, found["with the clock"])
        assert set(found["kernels"]) == {"np.exp", "product"}
        assert found["calls"] == {name: clock.calls[name] / times for name in found["kernels"]}

    @pytest.mark.parametrize(
        ("plain", "cost"),
        [
            (9e-7, 1.0),  # 100 ns longer, less than it costs at least: once
            (6e-7, 2.0),  # 400 ns longer for one call of 200
            (0.0, profiling.MOST),
        ],
    )
    def test_a_call_costs_what_the_step_is_longer_within_bounds(self, plain, cost):
        clock = Clock()
        clock.spent |= {"np.exp": 700, PYTHON: 300}
        clock.calls["np.exp"] = clock.made[PYTHON] = 1
        found = profiling.shares(clock, 1, plain, (50.0, 150.0))
        assert found["with the clock"] == 1e-6
        np.testing.assert_allclose(found["kernels"]["np.exp"], 1e-9 * (700 - 50 * cost))
        np.testing.assert_allclose(found[PYTHON], 1e-9 * (300 - 150 * cost))

    def test_a_step_without_parts_is_python(self):
        clock = ticking()
        clock.run(lambda: None)
        found = profiling.shares(clock, 1, 1e-9, (1.0, 1.0))
        assert found["kernels"] == {}
        assert (found[PYTHON], found["rest"]) == (1e-9, 0.0)


class TestInstrumented:
    def test_kernels_and_rules_are_named_and_counted(self):
        w = np.array([0.5, 2.0])
        gradient = tg.grad(lambda x: np.sum(np.exp(x) * w))
        clock = clocked(lambda: gradient(w))
        kernels = {"np.exp", "np.exp, by x", "np.multiply", "np.sum", "np.sum, by a"}
        assert kernels < set(clock.spent)
        assert [clock.calls[name] for name in kernels] == [1] * 5
        assert clock.calls["np.multiply, by x1"] + clock.calls["np.multiply, by x"] == 1
        assert clock.calls[SWEEP] == 1
        assert clock.calls[RECORDING] >= 3
        assert clock.spent[PYTHON] > 0

    def test_forward_mode_has_its_own_words(self):
        x = np.array([0.5, 2.0])
        clock = clocked(lambda: tg.jvp(np.exp, [x], [x]))
        assert clock.calls["np.exp, along x"] == clock.calls[SWEEP] == 1

    def test_a_networks_kernels(self):
        clock = clocked(step_of(NETWORK).step)
        assert {"product", "filter_product", "relu", "window_maxima", "np.matmul"} < set(
            clock.calls
        )
        assert clock.calls["relu"] == 2
        assert clock.calls["product"] >= 2  # one more with fast/, for the cotangent of images
        assert clock.calls["np.matmul, by x"] == 1

    @pytest.mark.whole
    def test_stacks_have_their_rules_named(self):
        clock = clocked(step_of(HESSIAN).step)
        assert clock.calls["np.multiply, stacked"] > 0

    @pytest.mark.whole
    def test_a_replay_has_the_kernels_of_its_program(self):
        case = CASES["5 Rosenbrock, 10 variables"]
        task = ours.rosenbrock(*case.make(), "jit")
        for _ in range(3):
            task.step()
        expected = task.arrays(task.step())
        clock = ticking()
        with profiling.instrumented(clock.part):
            clock.run(lambda: expected.append(task.step()))
        assert {"multiply", "power", "reduce"} <= set(clock.calls)
        assert not {RECORDING, SWEEP} & set(clock.calls)
        for one, other in zip(expected[:2], task.arrays(expected[2]), strict=True):
            np.testing.assert_array_equal(one, other)
        programs = [dict(program) for program in profiling._programs()]
        work = profiling.work_of(task.step)
        assert set(work.results) <= {72, 80, 8}  # 9 or 10 numbers, or one
        assert work.results[72] > 5
        assert same(programs, [dict(program) for program in profiling._programs()])

    @pytest.mark.parametrize("name", NAMES)
    def test_all_of_a_step_is_on_the_clock(self, name):
        """A reading at each end of a part and of the run; each of them is one tick later."""
        clock = clocked(step_of(name).step)
        assert sum(clock.spent.values()) == 2 * clock.calls.total() + 1
        assert clock.made.total() == clock.calls.total()

    @pytest.mark.parametrize("name", NAMES)
    def test_the_results_are_the_same_bits(self, name):
        plain, timed = step_of(name), step_of(name)
        for task in (plain, timed):
            task.step()
        expected = plain.arrays(plain.step())
        with profiling.instrumented(ticking().part):
            found = timed.arrays(timed.step())
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_all_is_put_back(self):
        step = step_of(NETWORK).step
        step()
        before = state()
        with profiling.instrumented(ticking().part):
            assert not same(state(), before)
            step()
        assert same(state(), before)

    def test_all_is_put_back_after_an_error(self):
        step_of(NAMES[0]).step()
        before = state()
        with pytest.raises(KeyError), profiling.instrumented(ticking().part):
            raise KeyError
        assert same(state(), before)


class TestWork:
    def test_products_of_a_dense_layer(self):
        x, w = np.ones((8, 5), np.float32), np.ones((5, 3), np.float32)
        gradient = tg.grad(lambda w, x: np.sum(x @ w), (0, 1))
        gradient(w, x)
        work = profiling.work_of(lambda: gradient(w, x))
        assert sum(work.products.values()) == 3
        assert {product.operations for product in work.products} == {2 * 8 * 5 * 3}
        assert Product((8, 5), (5, 3), (False, False), "float32") in work.products
        shapes = {(product.a, product.b) for product in work.products}
        assert shapes == {((8, 5), (5, 3)), ((8, 3), (3, 5)), ((5, 8), (8, 3))}

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_products_of_a_convolution(self, dtype):
        images, filters = np.ones((4, 6, 6, 2), dtype), np.ones((3, 3, 2, 5), dtype)
        step = lambda: tg.conv2d(images, filters)  # noqa: E731
        step()
        work = profiling.work_of(step)
        operations = sum(p.operations * count for p, count in work.products.items())
        assert operations == 2 * (4 * 4 * 4) * (3 * 3 * 2) * 5
        assert {product.dtype for product in work.products} == {np.dtype(dtype).name}

    def test_results_but_views(self):
        x = np.arange(6.0)
        f = lambda x: np.sum(np.exp(x).reshape(2, 3).T)  # noqa: E731
        tg.Tensor(x)
        step = lambda: f(tg.Tensor(x))  # noqa: E731
        step()
        work = profiling.work_of(step)
        assert work.results == Counter({48: 1})  # np.exp's; the sum is a number
        assert work.products == Counter()

    @pytest.mark.parametrize(
        ("a", "b", "operations"),
        [
            ((3,), (3,), 2 * 3),
            ((2, 3), (3,), 2 * 2 * 3),
            ((3,), (3, 4), 2 * 3 * 4),
            ((2, 3), (3, 4), 2 * 2 * 3 * 4),
            ((5, 2, 3), (3, 4), 2 * 5 * 2 * 3 * 4),
            ((5, 1, 2, 3), (6, 3, 4), 2 * 30 * 2 * 3 * 4),
        ],
    )
    def test_operations_of_a_product(self, a, b, operations):
        assert Product(a, b, (False, False), "float64").operations == operations

    @pytest.mark.parametrize("turned", list(itertools.product([False, True], repeat=2)))
    def test_the_order_of_operands_is_kept(self, turned):
        a, b = [np.ones((3, 3)).T if t else np.ones((3, 3)) for t in turned]
        assert profiling._product(a, b).transposed == turned

    def test_numpy_is_put_back(self):
        before = state()
        with pytest.raises(KeyError):
            profiling.work_of({}.popitem)
        assert same(state(), before)
        assert profiling._PRODUCTS == {}

    @pytest.mark.parametrize("name", NAMES)
    def test_counting_changes_no_result(self, name):
        plain, counted = step_of(name), step_of(name)
        for task in (plain, counted):
            task.step()
        found = []
        profiling.work_of(lambda: found.append(counted.step()))
        for one, other in zip(plain.arrays(plain.step()), counted.arrays(found[0]), strict=True):
            np.testing.assert_array_equal(one, other)


class TestAll:
    def test_what_products_and_copies_take_alone_is_by_count(self, monkeypatch):
        monkeypatch.setattr(profiling, "_product_seconds", lambda product: 0.25)
        monkeypatch.setattr(profiling, "_copy_seconds", lambda size: size / 8)
        product = Product((2, 3), (3, 4), (False, True), "float32")
        found = profiling.alone(profiling.Work(Counter({product: 3}), Counter({8: 2, 0: 5, 16: 1})))
        assert found["operations"] == 3 * 2 * 24
        assert found["product seconds"] == 0.75
        assert found["bytes"] == 32
        assert found["copy seconds"] == 2 + 2

    @pytest.mark.parametrize(
        "product",
        [
            Product((2, 3), (3, 4), (True, True), "float32"),
            Product((5, 2, 3), (5, 3, 4), (False, True), "float64"),
            Product((3,), (3,), (False, False), "float64"),
            Product((4, 3), (3,), (True, False), "float64"),
        ],
    )
    def test_a_product_alone_has_the_same_operands(self, monkeypatch, product):
        seen = []
        for name in ("matmul", "dot"):
            real = getattr(np, name)

            def noted(a, b, real=real, **options):
                seen.append(profiling._product(a, b))
                return real(a, b, **options)

            monkeypatch.setattr(profiling.np, name, noted)
        monkeypatch.setattr(profiling, "_least", lambda step: step())
        profiling._product_seconds(product)
        assert set(seen) == {product}

    @pytest.mark.parametrize("name", NAMES)
    def test_a_profile_adds_up_and_is_told(self, name):
        step = step_of(name).step
        for _ in range(2):
            step()
        found = profiling.profile(step, rounds=1)
        parts = [found[part] for part in (RECORDING, SWEEP, PYTHON, "rest")]
        total = math.fsum([*found["kernels"].values(), *parts])
        assert abs(total - found["step"]) <= 1e-9 * max(found["step"], found["with the clock"])
        told = profiling.in_words(found, most=2)
        first, *_ = found["kernels"]
        for words in (first, f"{len(found['kernels']) - 2} other kernels", "the roofline, of both"):
            assert words in told

"""remat: the same derivatives, and only the arguments kept."""

import contextlib
import gc
import weakref

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor


def block(params, x):
    return np.tanh(x @ params["w"]) * params["b"]


PARAMS = {
    "w": np.random.default_rng(0).standard_normal((3, 3)),
    "b": np.random.default_rng(1).standard_normal(3),
}


X = np.random.default_rng(2).standard_normal((4, 3))


def loss(layer, params, x):
    return np.sum(layer(params, layer(params, x)) ** 2)


class TestDerivatives:
    def test_values_and_gradients_are_the_same_bits(self):
        plain = tg.value_and_grad(lambda p, x: loss(block, p, x), (0, 1))(PARAMS, X)
        found = tg.value_and_grad(lambda p, x: loss(tg.remat(block), p, x), (0, 1))(PARAMS, X)
        for a, b in zip(tg.tree.leaves(found), tg.tree.leaves(plain), strict=True):
            assert np.array_equal(a, b)

    def test_forward_mode_and_second_order(self):
        v = tg.tree.map(lambda w: np.cos(w), PARAMS)
        for layer in (block, tg.remat(block)):
            f = lambda p, layer=layer: loss(layer, p, X)  # noqa: E731
            value, tangent = tg.jvp(f, [PARAMS], [v])
            (product,) = tg.hvp(f, [PARAMS], [v])
            third = tg.grad(lambda p, f=f: tg.hvp(f, [p], [v])[0]["b"].sum())(PARAMS)
            if layer is block:
                expected = value, tangent, product, third
        for a, b in zip(
            tg.tree.leaves((value, tangent, product, third)), tg.tree.leaves(expected), strict=True
        ):
            assert np.allclose(a, b, rtol=1e-12)

    def test_several_results_constants_and_static_arguments(self):
        @tg.remat
        def f(x, y, power, names=()):
            return {"a": x**power + y, "n": np.argmax(x), "b": [np.sin(x)], "names": names}

        x = Tensor([1.0, 2.0])
        found = f(x, np.ones(2), 3, names=("u",))
        assert found["n"] == 1
        assert found["a"].data.tolist() == [2, 9]
        (found["a"].sum() + found["b"][0].sum()).backward()
        assert np.allclose(x.grad, 3 * x.data**2 + np.cos(x.data))

    def test_one_of_several_results_is_used(self):
        f = tg.remat(lambda x: (x * 2, x * 3))
        assert tg.grad(lambda x: f(x)[1])(1.0) == 3

    def test_arrays_alone_run_as_they_are(self):
        assert type(tg.remat(block)(PARAMS, X)) is np.ndarray
        assert np.array_equal(tg.remat(block)(PARAMS, X), block(PARAMS, X))

    def test_an_inner_gradient(self):
        f = tg.remat(lambda x: tg.grad(lambda y: np.sum(y**3 * x))(x * 2))
        assert np.isclose(tg.grad(lambda x: f(x))(1.0), tg.grad(lambda x: 12 * x**3)(1.0))


class TestMemory:
    def test_only_the_arguments_are_kept(self):
        seen = []

        def step(x):
            y = np.exp(x)
            seen.append(weakref.ref(y) if isinstance(y, Tensor) else y.ctypes.data)
            return np.sin(y)

        x = Tensor(np.ones(1000))
        y = tg.remat(step)(x)
        assert "exp" not in str(y.graph())
        node = y._source.node
        [[array]] = node.all_residuals
        assert np.shares_memory(array, x.data)

    def test_a_sweep_computes_it_once_more(self):
        calls = []
        f = tg.remat(lambda x, y: calls.append(1) or x * y)
        tg.grad(lambda x: f(x, x))(2.0)
        assert len(calls) == 2

    def test_nothing_is_left_behind(self):
        gc.disable()
        try:
            x = Tensor(np.ones(3))
            y = tg.remat(lambda x: np.exp(x) * x)(x)
            node = weakref.ref(y._source.node) if hasattr(y._source.node, "__weakref__") else None
            array = weakref.ref(y)
            del y
            assert array() is None
            assert node is None or node() is None
        finally:
            gc.enable()


def test_a_tensor_from_outside_is_refused():
    w = Tensor(2.0)
    with pytest.raises(TypeError, match="uses a Tensor that is not among its arguments"):
        tg.remat(lambda x: x * w)(Tensor(1.0))


def test_a_tensor_that_the_function_makes_is_a_constant():
    def f(x):
        return tg.array([Tensor(2.0) * x, Tensor(5.0), x**3]).sum()

    x = np.array(3.0)
    assert tg.grad(tg.remat(f))(x) == tg.grad(f)(x) == 29
    assert tg.hessian(tg.remat(f))(x) == 18
    assert type(tg.remat(lambda x: Tensor(2.0))(x)) is np.ndarray
    with pytest.raises(TypeError, match="uses a Tensor that is not among its arguments"):
        tg.grad(lambda w: tg.remat(lambda x: Tensor(2.0) * x * w)(Tensor(1.0)))(x)


def test_stop_gradient():
    assert tg.grad(lambda x: x * tg.stop_gradient(x))(3.0) == 3
    tree = tg.stop_gradient({"a": Tensor([1.0]), "b": [np.ones(1), 2.0]})
    assert type(tree["a"]) is np.ndarray
    assert not tree["a"].flags.writeable
    assert tree["b"][1] == 2.0


@pytest.mark.parametrize("debugged", [False, True])
def test_remat_lets_go_of_its_arguments(debugged, no_collector):
    @tg.remat
    def step(x, constant):
        return np.sum(np.sin(x) * constant)

    def held():
        constant = np.ones(1000)
        seen = weakref.ref(constant)
        for use in (tg.grad(step), lambda x, c: step(Tensor(x), c),
                    lambda x, c: tg.hvp(lambda x: step(x, c), [x], [x])):  # fmt: skip
            use(np.ones(1000), constant)
        return seen

    with tg.debug() if debugged else contextlib.nullcontext():
        held()
        gc.collect()
        assert held()() is None
        assert gc.collect() == 0

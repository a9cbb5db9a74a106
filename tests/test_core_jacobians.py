"""Jacobians and Hessians: formulas, trees, shapes, which mode is taken."""

import numpy as np
import pytest
import refused_arguments

import tinygrad_np as tg
from tinygrad_np.core import jacobians


def network(params, x):
    return np.tanh(x @ params["w"]) + params["b"]


NETWORK = {"w": np.array([[0.3, -0.2], [0.5, 0.1], [-0.4, 0.6]]), "b": np.array([0.1, -0.3])}


class TestJacobian:
    @pytest.mark.parametrize("mode", ["forward", "reverse"])
    def test_its_blocks_own_their_memory(self, mode):
        x = np.ones((2, 3))
        for f in (np.sin, np.mean, lambda x: x.sum(0), lambda x: x[:0], lambda x: np.ones(2)):
            block = tg.jacobian(f, mode=mode)(x)
            assert block.flags.owndata
            assert block.flags.writeable
            assert block.shape == (*f(x).shape, 2, 3)

    @pytest.mark.parametrize("mode", ["forward", "reverse", None])
    def test_the_formula(self, mode):
        a = np.arange(6.0).reshape(2, 3)
        found = tg.jacobian(lambda x: np.sin(a @ x), mode=mode)(np.array([0.1, 0.2, 0.3]))
        assert np.allclose(found, np.cos(a @ [0.1, 0.2, 0.3])[:, None] * a, rtol=1e-14)

    @pytest.mark.parametrize("mode", ["forward", "reverse"])
    def test_trees_in_and_out(self, mode):
        x = np.array([1.0, 2.0, 3.0])

        def f(params, x):
            y = network(params, x)
            return [y, {"sum": y.sum(), "twice": 2 * x, "constant": np.ones(2)}]

        found = tg.jacobian(f, argnums=(0, 1), mode=mode)(NETWORK, x)
        by_params, by_x = found[0]
        slope = 1 - np.tanh(x @ NETWORK["w"]) ** 2
        assert np.allclose(by_params["b"], np.eye(2))
        assert np.allclose(by_params["w"], np.einsum("k,i,jk->jik", slope, x, np.eye(2)))
        assert np.allclose(by_x, slope[:, None] * NETWORK["w"].T)
        assert np.allclose(found[1]["sum"][0]["w"], by_params["w"].sum(0))
        assert found[1]["sum"][0]["w"].shape == (3, 2)
        assert np.allclose(found[1]["twice"][1], 2 * np.eye(3))
        assert found[1]["twice"][0]["b"].shape == (3, 2)
        assert not found[1]["twice"][0]["b"].any()
        assert found[1]["constant"][0]["w"].shape == (2, 3, 2)

    @pytest.mark.parametrize("mode", ["forward", "reverse"])
    def test_shapes_and_dtypes(self, mode):
        x = np.ones((2, 3), np.float32)
        found = tg.jacobian(lambda x: x.T * 2, mode=mode)(x)
        assert found.shape == (3, 2, 2, 3)
        assert found.dtype == np.float32
        assert tg.jacobian(lambda x: x * 2, mode=mode)(3.0).shape == ()
        assert tg.jacobian(lambda x: x * 2, mode=mode)(np.ones((0, 2))).shape == (0, 2, 0, 2)
        assert found.flags.owndata or found.base is not None
        found[...] = 0

    def test_the_cheaper_mode_is_taken(self, monkeypatch):
        sweeps = []
        monkeypatch.setattr(
            jacobians, "_forward_blocks", lambda *args: sweeps.append("forward") or [[1.0]]
        )
        monkeypatch.setattr(
            jacobians, "_reverse_blocks", lambda *args: sweeps.append("reverse") or [[1.0]]
        )
        tg.jacobian(lambda x: np.stack([x, x]))(1.0)
        tg.jacobian(lambda x: x.sum())(np.ones(2))
        tg.jacobian(lambda x: x)(np.ones(2))
        assert sweeps == ["forward", "reverse", "reverse"]

    def test_aux(self):
        found, aux = tg.jacobian(lambda x: (x**2, {"x": x, "n": 3}), has_aux=True)(np.ones(2))
        assert np.allclose(found, 2 * np.eye(2))
        assert aux["n"] == 3
        assert type(aux["x"]) is np.ndarray

    @pytest.mark.parametrize("mode", ["forward", "reverse"])
    def test_inside_a_gradient(self, mode):
        def f(x):
            j = tg.jacobian(lambda y: y**2 * x[0], mode=mode)(x)
            return np.sum(j**2)

        x = np.array([1.5, 2.0])
        # j = diag(2 x x₀), Σ j² = 4 x₀² (x₀² + x₁²)
        expected = [8 * x[0] * (x @ x) + 8 * x[0] ** 3, 8 * x[0] ** 2 * x[1]]
        assert np.allclose(tg.grad(f)(x), expected, rtol=1e-13)

    def test_complex_results_and_arguments(self):
        x = np.array([0.3, 0.5])
        found = tg.jacobian(lambda x: np.exp(1j * x))(x)
        assert np.allclose(found, np.diag(1j * np.exp(1j * x)))
        z = np.array([0.3 + 0.2j, 0.5])
        found = tg.jacobian(lambda z: np.real(z * (2 + 1j)))(z)
        assert np.allclose(found, np.diag([2 + 1j] * 2))
        with pytest.raises(TypeError, match="of complex numbers by complex numbers"):
            tg.jacobian(lambda z: z)(z)
        with pytest.raises(TypeError, match="the mode is 'forward', not 'reverse'"):
            tg.jacobian(lambda x: 1j * x, mode="reverse")(x)

    def test_messages(self):
        with pytest.raises(ValueError, match="mode must be 'forward', 'reverse' or None"):
            tg.jacobian(np.sin, mode="both")
        with pytest.raises(ValueError, match="argnums is 3, but there are 1"):
            tg.jacobian(np.sin, 3)(1.0)
        with pytest.raises(TypeError, match="jacobian: argument 0 has dtype int64"):
            tg.jacobian(np.sin)(np.ones(2, int))
        with pytest.raises(TypeError, match=r"returns a pair \(result, aux\), not Tensor"):
            tg.jacobian(np.sin, has_aux=True)(1.0)


class TestHessian:
    def test_rosenbrock(self):
        def f(x):
            return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

        x = np.array([0.5, -0.3, 1.2])
        a, b, c = x
        expected = np.array(
            [
                [1200 * a**2 - 400 * b + 2, -400 * a, 0],
                [-400 * a, 1200 * b**2 - 400 * c + 202, -400 * b],
                [0, -400 * b, 200],
            ]
        )
        found = tg.hessian(f)(x)
        assert np.allclose(found, expected, rtol=1e-13)
        v = np.array([1.0, 2.0, -1.0])
        assert np.allclose(tg.hvp(f, [x], [v])[0], expected @ v, rtol=1e-13)

    def test_trees_and_argnums(self):
        def f(p, y):
            return np.sum(p["a"] ** 2 * p["b"]) * y

        p, y = {"a": np.array([1.0, 2.0]), "b": np.array(3.0)}, 2.0
        found = tg.hessian(f, argnums=(0, 1))(p, y)
        assert np.allclose(found[0]["a"][0]["a"], 12 * np.eye(2))
        assert np.allclose(found[0]["a"][0]["b"], [4, 8])
        assert np.allclose(found[0]["b"][0]["a"], [4, 8])
        assert np.allclose(found[0]["a"][1], [6, 12])
        assert np.allclose(found[1][0]["a"], [6, 12])
        assert found[1][1] == 0
        by_p, by_y = tg.hvp(f, [p, y], [tg.tree.map(np.ones_like, p), 1.0])
        assert np.allclose(by_p["a"], [12 + 4 + 6, 12 + 8 + 12])
        assert np.isclose(by_y, np.sum([6, 12]) + 5)

    def test_aux_and_numbers(self):
        found, aux = tg.hessian(lambda x: (x**3, "aux"), has_aux=True)(2.0)
        assert found == 12
        assert aux == "aux"
        with pytest.raises(ValueError, match="must return a single number"):
            tg.hessian(lambda x: x)(np.ones(2))


@refused_arguments.each("core.jacobians")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)

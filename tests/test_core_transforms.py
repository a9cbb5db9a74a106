"""grad, value_and_grad, vjp and jvp: nesting, trees, messages."""

from typing import NamedTuple

import numpy as np
import pytest
import refused_arguments

import tinygrad_np as tg
from tinygrad_np import Tensor, grad, jvp, remat, value_and_grad, vjp


class Layer(NamedTuple):
    weights: np.ndarray
    bias: np.ndarray


class TestGrad:
    def test_a_gradient(self):
        g = grad(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
        assert type(g) is np.ndarray
        assert g.tolist() == [3, 12]

    def test_a_python_float(self):
        g = grad(np.sin)(0.0)
        assert type(g) is np.ndarray
        assert g == 1

    def test_value_and_gradient(self):
        value, g = value_and_grad(lambda x: x * x)(3.0)
        assert (value, g) == (9, 6)
        assert type(value) is np.ndarray

    def test_argnums(self):
        def f(x, y, z):
            return x * y**2 + z

        assert grad(f, 1)(2.0, 3.0, 4.0) == 12
        assert grad(f, (2, 0))(2.0, 3.0, 4.0) == (1, 9)
        assert grad(f, -1)(2.0, 3.0, 4.0) == 1
        assert grad(f, ())(2.0, 3.0, 4.0) == ()

    def test_arguments_that_are_not_differentiated_arrive_as_they_are(self):
        seen = []

        def f(x, y, *, z):
            seen.append((y, z))
            return x * 1.0

        y, z = np.ones(2), "text"
        grad(f)(1.0, y, z=z)
        assert seen[0][0] is y
        assert seen[0][1] is z

    def test_aux(self):
        def f(x):
            return np.sum(x), {"half": x / 2, "text": "same", "constant": 3}

        (value, aux), g = value_and_grad(f, has_aux=True)(np.ones(2))
        assert value == 2
        assert type(aux["half"]) is np.ndarray
        assert aux["text"] == "same"
        assert aux["constant"] == 3
        g2, aux2 = grad(f, has_aux=True)(np.ones(2))
        assert g.tolist() == g2.tolist() == [1, 1]
        assert aux2["half"].tolist() == [0.5, 0.5]

    @pytest.mark.parametrize("transform", [grad, value_and_grad])
    def test_a_pair_without_has_aux_is_told_about_it(self, transform):
        with pytest.raises(TypeError, match=r"; has_aux=True takes a pair \(number, anything\)$"):
            transform(lambda x: (np.sum(x), x))(np.ones(2))
        with pytest.raises(TypeError, match=r"not None; is a return missing\?$"):
            transform(lambda x: None)(np.ones(2))
        with pytest.raises(TypeError, match=r"not \[Tensor\(2\.\)\]$"):
            transform(lambda x: [np.sum(x)])(np.ones(2))
        for result in (lambda x: [np.sum(x), x], lambda x: (np.sum(x), x, x)):
            with pytest.raises(TypeError, match=r"; has_aux=True takes a pair"):
                transform(result)(np.ones(2))

    def test_the_transform_that_was_called_is_named(self):
        x = np.ones(2)
        with pytest.raises(TypeError, match=r"^hessian: .*has_aux=True takes a pair"):
            tg.hessian(lambda x: (np.sum(x), x))(x)
        with pytest.raises(ValueError, match=r"^hvp: the function must return a single number"):
            tg.hvp(lambda x: x, [x], [x])
        with pytest.raises(ValueError, match=r"^jvp: tangent 0: the trees differ"):
            tg.jvp(lambda p: p["a"], [{"a": x}], [{"b": x}])
        with pytest.raises(
            ValueError, match=r"^grad: .* 0 positional arguments, and only these are"
        ):
            grad(np.sum)(x=x)

    @pytest.mark.parametrize("transform", [grad, value_and_grad, tg.jacobian, tg.hessian])
    def test_arguments_go_into_what_is_made(self, transform):
        name = transform.__name__
        with pytest.raises(
            TypeError, match=rf"^{name}: argnums is .*; the arguments follow: {name}\(f\)"
        ):
            transform(np.sum, np.ones(2))
        with pytest.raises(
            TypeError, match=rf"^{name}: takes a function, not a Tensor; the arguments follow"
        ):
            transform(Tensor(1.0))

    def test_trees(self):
        params = {"a": [np.ones(2), 2.0], "b": Layer(np.ones((2, 2)), np.zeros(2)), "none": None}

        def f(p):
            layer = p["b"]
            hidden = p["a"][0] @ layer.weights + layer.bias
            return np.sum(hidden) * p["a"][1]

        g = grad(f)(params)
        assert g["a"][0].tolist() == [4, 4]
        assert g["a"][1] == 4
        assert isinstance(g["b"], Layer)
        assert g["b"].bias.tolist() == [2, 2]
        assert g["none"] is None

    @pytest.mark.parametrize(
        "write",
        [
            lambda p: p.update(w=p["w"] * 2.0),
            lambda p: p.update(w=p.pop("w") * 2.0),
            lambda p: p.update(a=p["w"] * 2.0),
            lambda p: p.update(w=np.ones(2)),
        ],
    )
    def test_a_function_that_writes_into_the_tree_it_was_given(self, write):
        """A name is given to something else, as NumPy code does with arrays all the time."""

        def f(p):
            before = p["w"]
            write(p)
            return (before * before).sum() + 3.0 * p["b"]

        def point():
            return {"w": np.array([1.0, 2.0]), "b": np.array(5.0)}

        given = point()
        gradient = tg.grad(f)(given)
        pull = tg.vjp(f, given)[1]
        given.clear()
        for found in (gradient, *pull(1.0), tg.jacobian(f)(point())):
            assert found.keys() == {"w", "b"}
            assert np.array_equal(found["w"], [2.0, 4.0])
            assert found["b"] == 3.0

    def test_an_unused_parameter_has_gradient_zero(self):
        g = grad(lambda p: p[0] * 2.0)((1.0, np.ones((2, 3), np.float32)))
        assert g[1].shape == (2, 3)
        assert g[1].dtype == np.float32
        assert not g[1].any()

    def test_a_locally_constant_function_has_gradient_zero(self):
        assert grad(lambda x: np.floor(x).sum())(np.array([1.5])).tolist() == [0]
        assert grad(lambda x: 3)(1.0) == 0
        assert value_and_grad(lambda x: np.float32(3))(1.0) == (3, 0)

    def test_gradients_are_fresh_writeable_and_own_their_memory(self):
        x = np.array([1.0, 2.0])
        constant = np.array([3.0, 4.0])
        first, second = grad(lambda a, b: np.sum(a + b), (0, 1))(x, x)
        products = grad(lambda a: np.sum(a * constant))(x)
        total = grad(lambda a: np.sum(a))(x)
        reshaped = grad(lambda a: np.sum(a.reshape(2, 1).T * np.ones((1, 2))))(x)
        unused = grad(lambda a, b: np.sum(a), 1)(x, x)
        value = value_and_grad(lambda a: a)(np.array(1.5))[0]
        for g in (first, second, products, total, reshaped, unused, value):
            assert g.flags.owndata
            assert g.flags.writeable
        first[:] = 7
        assert second.tolist() == [1, 1]
        assert x.tolist() == [1, 2]
        assert constant.tolist() == [3, 4]

    def test_the_callers_arrays_stay_writeable_and_unchanged(self):
        x = np.arange(3.0)
        grad(lambda a: np.sum(a * a))(x)
        assert x.flags.writeable
        assert x.tolist() == [0, 1, 2]

    def test_float32_is_kept(self):
        x = np.ones(3, np.float32)
        value, g = value_and_grad(lambda a: np.mean(np.exp(a) * 2.0))(x)
        assert value.dtype == g.dtype == np.float32

    def test_the_gradient_of_a_real_loss_of_a_complex_argument(self):
        z = np.array([1.0 + 2.0j, -0.5j])
        g = grad(lambda w: np.sum(np.abs(w) ** 2))(z)
        assert np.allclose(g, 2 * np.conj(z), rtol=1e-15)
        step = z - 1e-3 * np.conj(g)
        assert np.sum(np.abs(step) ** 2) < np.sum(np.abs(z) ** 2)

    @pytest.mark.parametrize(
        ("argument", "message"),
        [
            (2, r"grad: argument 0 has dtype int64, by which .* convert it with float\("),
            (np.int64(2), r"grad: argument 0 has dtype int64, by which .*\.astype\(float\)"),
            (True, "has dtype bool"),
            ("text", "grad: argument 0: takes numbers, not an array of dtype <U4"),
            ({"w": [1.0, np.arange(3)]}, r"grad: argument 0, leaf \['w'\]\[1\], has dtype int64"),
            (Layer(np.ones(1), np.ones(1, int)), r"leaf \.bias, has dtype int64"),
        ],
    )
    def test_what_has_no_derivative_is_refused_by_its_place(self, argument, message):
        with pytest.raises(TypeError, match=message):
            grad(lambda p: 1.0)(argument)

    def test_several_results_are_refused(self):
        with pytest.raises(ValueError, match="grad: the function must return a single number"):
            grad(lambda x: x * 2)(np.ones(3))

    def test_a_complex_result_is_refused(self):
        with pytest.raises(TypeError, match=r"returned a complex number.*np\.real"):
            grad(lambda x: x * 1j)(1.0)

    @pytest.mark.parametrize("result", [None, "text", (1.0, 2.0), [Tensor(1.0)], np.ones(2), 1j])
    def test_what_is_no_number_is_refused(self, result):
        with pytest.raises((TypeError, ValueError)):
            grad(lambda x: result)(1.0)

    def test_names_and_docs_are_kept(self):
        def loss(x):
            """A loss."""
            return x

        assert grad(loss).__name__ == "loss"
        assert value_and_grad(loss).__doc__ == "A loss."


class TestHigherOrders:
    def test_grad_of_grad_three_deep(self):
        f = np.sin
        assert np.isclose(grad(grad(f))(0.7), -np.sin(0.7), rtol=1e-14)
        assert np.isclose(grad(grad(grad(f)))(0.7), -np.cos(0.7), rtol=1e-14)

    def test_four_deep_through_many_rules(self):
        def f(x):
            return np.exp(x) * np.log(x) / (1 + x**2) + np.sum(np.tanh(x * np.ones(3)))

        def derivative(g, h=1e-2):
            return lambda x: (8 * (g(x + h) - g(x - h)) - (g(x + 2 * h) - g(x - 2 * h))) / (12 * h)

        third = grad(grad(grad(f)))
        assert np.isclose(grad(third)(1.3), derivative(third)(1.3), rtol=1e-5)

    def test_the_first_perturbation_confusion_program(self):
        # d/dx [x · d/dy (x + y)] = 1 at every x; confusing the two perturbations gives 2
        outer = grad(lambda x: x * grad(lambda y: x + y)(1.0))
        assert outer(1.0) == 1

    def test_the_second_perturbation_confusion_program(self):
        # d/dx [x · d/dy (x·y)] = d/dx x² = 2x
        outer = grad(lambda x: x * grad(lambda y: x * y)(2.0))
        assert outer(3.0) == 6

    @pytest.mark.parametrize("mode", ["forward", "reverse"])
    @pytest.mark.parametrize("inner_mode", ["forward", "reverse"])
    def test_nesting_of_all_modes(self, mode, inner_mode):
        def derivative(f, how):
            if how == "reverse":
                return grad(f)
            return lambda x: jvp(f, [x], [1.0])[1]

        f = derivative(lambda x: x * derivative(lambda y: x * y * y, inner_mode)(2.0), mode)
        assert f(3.0) == 24  # d/dx [x · 2xy] at y = 2 is 8x

    def test_a_gradient_inside_a_loss(self):
        def loss(w):
            return np.sum(grad(lambda x: np.sum(np.sin(w * x)))(np.array([0.3, 0.8])) ** 2)

        w = np.array([1.2, -0.7])
        x = np.array([0.3, 0.8])
        inner = w * np.cos(w * x)
        expected = 2 * inner * (np.cos(w * x) - w * x * np.sin(w * x))
        assert np.allclose(grad(loss)(w), expected, rtol=1e-14)

    def test_an_inner_value_carries_the_outer_gradient(self):
        def outer(x):
            value, g = value_and_grad(lambda y: x * y**2)(3.0)
            return value + g  # 9x + 6x

        assert grad(outer)(2.0) == 15

    def test_an_inner_result_that_does_not_touch_the_outer_variable_is_an_array(self):
        kinds = []

        def outer(x):
            kinds.append(type(grad(lambda y: y * y)(3.0)))
            return x * 1.0

        grad(outer)(2.0)
        assert kinds == [np.ndarray]

    def test_object_style_around_a_transform(self):
        w = Tensor(2.0)
        g = grad(lambda x: w * x * x)(3.0)
        assert isinstance(g, Tensor)
        g.backward()
        assert w.grad == 6

    def test_a_leaf_made_inside_is_a_constant(self):
        """Also if it leaves by a side door: what goes in are arrays, and so is what comes out."""
        leaves = []

        def f(x):
            leaves.append(Tensor(5.0))
            return leaves[-1] * x**3

        g = grad(f)(2.0)
        assert type(g) is np.ndarray
        assert g == 60
        assert grad(grad(f))(2.0) == 60
        assert leaves[0].grad is None

    def test_columns_inside_another_transform_are_recorded(self):
        cube = tg.pointwise(lambda x: x**3, lambda x: 3 * x * x)
        x = np.array([1.0, 2.0])
        second = tg.grad(lambda x: np.sum(tg.jacobian(cube, mode="forward")(x)))(x)
        assert second.tolist() == (6 * x).tolist()

    def test_columns_with_strong_zeros(self):
        def f(x):
            return np.where(x > 0, np.log(x) + np.sqrt(x), 0.0)

        x = np.array([0.0, 4.0])
        with tg.strong_zeros(), np.errstate(divide="ignore"):
            found = tg.jacobian(f, mode="forward")(x)
        assert found.tolist() == [[0, 0], [0, 0.5]]

    def test_hessian_vector_product_forward_over_reverse(self):
        def f(x):
            return np.sum(x[0] ** 2 * x[1] + np.exp(x[1]))

        x, v = np.array([2.0, 0.5]), np.array([1.0, -1.0])
        _, hv = jvp(grad(f), [x], [v])
        hessian = np.array([[2 * x[1], 2 * x[0]], [2 * x[0], np.exp(x[1])]])
        assert np.allclose(hv, hessian @ v, rtol=1e-14)

    def test_second_order_through_several_outputs_and_lists(self):
        def f(x):
            a, b = np.split(x, 2)
            return np.sum(np.concatenate([a * b, np.stack([a, b]).sum(0) ** 3]))

        x = np.array([1.0, 2.0, 3.0, 4.0])
        _, second = jvp(grad(f), [x], [np.array([1.0, 0.0, 0.0, 0.0])])
        assert np.allclose(second, [6 * (1 + 3), 0, 1 + 6 * (1 + 3), 0], rtol=1e-14)

    def test_an_inner_function_of_the_outer_variable_only(self):
        assert grad(lambda x: grad(lambda y: x * x)(1.0) + x)(3.0) == 1


INNER = [
    lambda x: Tensor(1.5),
    lambda x: np.sum(Tensor([2.0, 3.0]) ** 2),
    lambda x: np.sum(x * Tensor([2.0, 3.0]) + x**2),
    lambda x: np.sum(remat(lambda x: x * Tensor([2.0, 3.0]).data)(x)) + Tensor(1.0),
    lambda x: np.sum(x) + np.sum(grad(lambda y: np.sum(y * Tensor([2.0, 3.0])))(x * 1.0)),
    lambda x: 1.5,
    lambda x: np.float64(1.5),
]


"""Functions of two numbers that make Tensors of their own, or give none."""


V = np.array([0.5, -2.0])


TRANSFORMS = {
    "grad": lambda f, x: grad(f)(x),
    "grad by argnums": lambda f, x: grad(lambda x, y: f(x) + np.sum(x * y), (0, 1))(x, x),
    "grad with aux": lambda f, x: grad(lambda x: (f(x), {"a": Tensor(2.0), "f": f(x)}), 0, True)(x),
    "value_and_grad": lambda f, x: value_and_grad(f)(x),
    "value_and_grad with aux": lambda f, x: value_and_grad(lambda x: (f(x), [f(x)]), 0, True)(x),
    "value_and_grad by nothing": lambda f, x: value_and_grad(f, ())(x),
    "vjp": lambda f, x: vjp(f, x)[0],
    "vjp, pulled": lambda f, x: vjp(lambda x: f(x) * 1.0 + 0 * np.sum(x), x)[1](np.array(1.0)),
    "vjp with aux": lambda f, x: vjp(lambda x: (x, f(x)), x, has_aux=True)[::2],
    "vjp by nothing": lambda f, x: vjp(lambda: f(x))[0],
    "jvp": lambda f, x: jvp(f, [x], [V]),
    "jvp with aux": lambda f, x: jvp(lambda x: (f(x), (f(x), Tensor(3.0))), [x], [V], has_aux=True),
    "jvp by nothing": lambda f, x: jvp(lambda: f(x), [], []),
    "hvp": lambda f, x: tg.hvp(f, [x], [V]),
    "jacobian forward": lambda f, x: tg.jacobian(lambda x: f(x) * x, mode="forward")(x),
    "jacobian reverse": lambda f, x: tg.jacobian(lambda x: f(x) * x, mode="reverse")(x),
    "jacobian with aux": lambda f, x: tg.jacobian(lambda x: (x, f(x)), 0, True)(x),
    "jacobian by nothing": lambda f, x: tg.jacobian(lambda x: (x, f(x)), (), True)(x)[1],
    "hessian": lambda f, x: tg.hessian(f)(x),
    "hessian with aux": lambda f, x: tg.hessian(lambda x: (f(x), f(x)), 0, True)(x),
    "remat": lambda f, x: remat(f)(x),
    "stop_gradient": lambda f, x: tg.stop_gradient(f(x)),
}  # fmt: skip


class TestArraysGiveArrays:
    @pytest.mark.parametrize("f", INNER)
    @pytest.mark.parametrize("transform", TRANSFORMS)
    def test_whatever_the_function_makes(self, transform, f):
        found = TRANSFORMS[transform](f, np.array([0.4, 1.5]))
        leaves = tg.tree.leaves(found)
        assert leaves
        assert not any(type(x) is Tensor for x in leaves)
        assert all(np.asarray(x).dtype == float for x in leaves)

    @pytest.mark.parametrize("f", INNER)
    @pytest.mark.parametrize("transform", TRANSFORMS)
    def test_a_tensor_of_an_outer_transform_stays_one(self, transform, f):
        """The gradient by w of a sum of all results, of which each is multiplied by w inside."""
        if transform == "stop_gradient":
            return

        def total(w):
            found = TRANSFORMS[transform](lambda x: w * f(x), np.array([0.4, 1.5]))
            return sum(np.sum(x) for x in tg.tree.leaves(found)) + 0 * w

        step = 1e-5
        difference = (total(2.0 + step) - total(2.0 - step)) / (2 * step)
        assert np.isclose(grad(total)(2.0), difference, rtol=1e-8, atol=1e-8)
        assert np.isclose(jvp(total, [2.0], [1.0])[1], difference, rtol=1e-8, atol=1e-8)

    def test_all_public_transforms_are_in_it(self):
        names = {name.split()[0].rstrip(",") for name in TRANSFORMS}
        modules = "tinygrad_np.core.transforms", "tinygrad_np.rules.sparse_jacobians"
        public = {name for name in tg.__all__ if _module(getattr(tg, name)) in modules}
        assert names == public | {"remat"}


def _module(x):
    return getattr(getattr(x, "implementation", x), "__module__", None)


class TestVjp:
    def test_pulled_twice(self):
        _, pull = vjp(lambda x: x * x, np.array([1.0, 2.0]))
        assert pull(np.array([1.0, 0.0]))[0].tolist() == [2, 0]
        assert pull(np.array([0.0, 1.0]))[0].tolist() == [0, 4]

    def test_trees_in_and_out(self):
        def f(p, q):
            return {"sum": p["a"] + q, "parts": (p["a"] * 2, q)}

        value, pull = vjp(f, {"a": np.ones(2)}, np.full(2, 3.0))
        assert value["sum"].tolist() == [4, 4]
        assert value["parts"][1].tolist() == [3, 3]
        p, q = pull({"sum": np.ones(2), "parts": (np.ones(2), np.zeros(2))})
        assert p["a"].tolist() == [3, 3]
        assert q.tolist() == [1, 1]

    def test_what_the_caller_does_to_the_arrays_afterwards_does_not_matter(self):
        x = np.array([1.0, 2.0])
        _, pull = vjp(lambda a: a * a, x)
        x[:] = 100
        assert pull(np.ones(2))[0].tolist() == [2, 4]

    def test_a_result_that_is_the_argument_is_no_alias(self):
        x = np.ones(2)
        value, pull = vjp(lambda a: a, x)
        cotangent = np.ones(2)
        (g,) = pull(cotangent)
        value[0] = g[0] = 9
        assert x.tolist() == cotangent.tolist() == [1, 1]

    def test_a_constant_result(self):
        value, pull = vjp(lambda a: 3.0, np.ones(2))
        assert value == 3
        assert pull(1.0)[0].tolist() == [0, 0]

    def test_integer_cotangents_become_floats(self):
        assert vjp(lambda a: a * 2, np.ones(2))[1](np.array([1, 2]))[0].tolist() == [2, 4]

    @pytest.mark.parametrize(
        ("cotangent", "error", "message"),
        [
            (np.ones(3), ValueError, r"the cotangent has shape \(3,\) where \(2,\) belongs"),
            (1.0, ValueError, r"the cotangent has shape \(\) where \(2,\) belongs"),
            (np.ones((1, 2)), ValueError, r"has shape \(1, 2\)"),
            ((np.ones(2), np.ones(2)), ValueError, "the trees differ: a leaf in the first"),
            (np.array(["a", "b"]), TypeError, "takes numbers, not an array of dtype <U1"),
            (np.ones(2) * 1j, TypeError, "is complex where a real one belongs"),
        ],
    )
    def test_a_cotangent_that_does_not_fit(self, cotangent, error, message):
        _, pull = vjp(lambda a: a * 2, np.ones(2))
        with pytest.raises(error, match=message):
            pull(cotangent)

    def test_differentiating_a_pull(self):
        def f(x):
            _, pull = vjp(lambda y: y**3, x)
            return pull(x)[0]  # 3x² · x

        assert grad(f)(2.0) == 36

    def test_a_tensor_as_cotangent(self):
        _, pull = vjp(lambda y: y * y, np.array(3.0))
        assert grad(lambda c: pull(c)[0])(1.0) == 6

    def test_cotangents_of_shared_outputs_add_up(self):
        def f(x):
            y = x * 2
            return y, y

        assert vjp(f, np.array(1.0))[1]((1.0, 10.0))[0] == 22


class TestJvp:
    def test_forward_and_reverse_agree_on_a_network(self):
        rng = np.random.default_rng(0)

        def network(params, x):
            filters, weights = params
            hidden = tg.relu(tg.conv2d(x, filters, stride=2, padding=1))
            return np.tanh(hidden.reshape(len(x), -1) @ weights)

        params = (rng.standard_normal((3, 3, 2, 3)), rng.standard_normal((27, 2)))
        x = rng.standard_normal((4, 5, 6, 2))
        tangent = tg.tree.map(lambda p: rng.standard_normal(p.shape), params)
        x_tangent = rng.standard_normal(x.shape)
        value, out = jvp(network, [params, x], [tangent, x_tangent])
        u = rng.standard_normal(out.shape)
        assert np.array_equal(value, network(params, x))
        pulled = vjp(network, params, x)[1](u)
        expected = sum(
            np.sum(a * b)
            for a, b in zip(tg.tree.leaves(pulled), [*tangent, x_tangent], strict=True)
        )
        assert np.isclose(np.sum(u * out), expected, rtol=1e-12)

    def test_a_constant_result_has_tangent_zero(self):
        value, tangent = jvp(lambda x: (x, np.arange(3)), [1.0], [1.0])
        assert tangent[0] == 1
        assert tangent[1].tolist() == [0, 0, 0]
        assert tangent[1].dtype.kind == "f"
        assert value[1].tolist() == [0, 1, 2]

    def test_a_plain_number_has_a_tangent_like_an_array_of_it(self):
        _, tangents = jvp(lambda x: (x, 3.0, 3), [1.0], [1.0])
        assert [t.dtype for t in tangents] == [np.dtype(float)] * 3
        assert tg.jacobian(lambda x: 3.0, mode="forward")(1.0).dtype == np.dtype(float)

    @pytest.mark.parametrize("x", [1.5, np.array([1.0, 2.0]), {"a": np.array([3.0]), "b": 2.0}])
    def test_a_single_argument_needs_no_list(self, x):
        def f(x):
            return sum(np.sum(leaf**3) for leaf in tg.tree.leaves(x))

        t = tg.tree.map(lambda leaf: 0.5 * np.ones(np.shape(leaf)), x)
        found, expected = jvp(f, x, t), jvp(f, [x], [t])
        assert found == expected
        product, [listed] = tg.hvp(f, x, t), tg.hvp(f, [x], [t])
        six = tg.tree.map(lambda leaf: 6 * leaf * 0.5, x)
        for a, b, c in zip(*map(tg.tree.leaves, (product, listed, six)), strict=True):
            assert np.array_equal(a, b)
            assert np.allclose(a, c, rtol=1e-15)

    @pytest.mark.parametrize("by", [jvp, tg.hvp])
    def test_one_in_a_list_and_the_other_not_is_refused(self, by):
        name = by.__name__
        told = rf"{name}: primals is a ndarray and tangents a list; give both in lists .* \[x\]"
        with pytest.raises(TypeError, match=told):
            by(np.sum, np.ones(1), [np.ones(1)])
        with pytest.raises(TypeError, match=f"{name}: primals is a list and tangents a float"):
            by(np.sum, [1.0], 1.0)

    def test_messages(self):
        with pytest.raises(ValueError, match="jvp: 1 primals, but 2 tangents"):
            jvp(np.sin, [1.0], [1.0, 2.0])
        with pytest.raises(ValueError, match=r"jvp: tangent 0 has shape \(2,\) where \(\) belongs"):
            jvp(np.sin, [1.0], [np.ones(2)])
        with pytest.raises(TypeError, match="jvp: argument 0 has dtype int64"):
            jvp(np.sin, [1], [1.0])

    def test_tangents_are_no_aliases(self):
        t = np.ones(2)
        _, out = jvp(lambda x: x, [np.zeros(2)], [t])
        out[0] = 5
        assert t.tolist() == [1, 1]

    def test_several_outputs(self):
        _, (a, b) = jvp(lambda x: tuple(np.split(x, 2)), [np.arange(4.0)], [np.arange(4.0)])
        assert a.tolist() == [0, 1]
        assert b.tolist() == [2, 3]


def network(params, x):
    return np.tanh(x @ params["w"]) + params["b"]


class TestAux:
    def test_vjp_and_jvp(self):
        value, pull, aux = tg.vjp(lambda x: (x**2, {"x": x}), np.array([3.0]), has_aux=True)
        assert value.tolist() == [9]
        assert pull(np.ones(1))[0].tolist() == [6]
        assert type(aux["x"]) is np.ndarray
        value, tangent, aux = tg.jvp(lambda x: (x**2, x + 1), [3.0], [1.0], has_aux=True)
        assert (value, tangent, aux) == (9, 6, 4)
        with pytest.raises(TypeError, match="vjp: with has_aux the function returns a pair"):
            tg.vjp(np.sin, 1.0, has_aux=True)


class TestWhatIsConstantAndWhatIsNot:
    def test_the_value_of_an_inner_transform_that_is_an_outer_variable(self):
        inner = lambda c: tg.value_and_grad(lambda x: c)(np.array(1.0))[0]  # noqa: E731
        assert tg.grad(inner)(2.0) == 1

        def outer(c):
            d = c * c
            return 3 * tg.value_and_grad(lambda x: d)(np.array(1.0))[0]

        assert tg.grad(outer)(2.0) == 12
        w = Tensor(2.0)
        u = w * w
        assert type(tg.value_and_grad(lambda z: u)(1.0)[0]) is Tensor

    @pytest.mark.parametrize(
        ("f", "expected"),
        [
            (lambda y: tg.grad(lambda x: x * x * y * y)(2.0), 24),
            (lambda y: tg.jvp(lambda z: y * z**2, [2.0], [1.0])[1], 4),
            (lambda y: tg.vjp(lambda z: y * z**2, 2.0)[1](np.ones(()))[0], 4),
            (lambda y: tg.jacobian(lambda z: y * z**2)(2.0), 4),
            (lambda y: tg.grad(lambda x: tg.grad(lambda z: np.sin(x * z) * y)(1.0))(2.0), None),
        ],
    )
    def test_numbers_in_arrays_out_however_deeply_nested(self, f, expected):
        g = tg.grad(f)(3.0)
        assert type(g) is np.ndarray
        value, g = tg.value_and_grad(f)(3.0)
        assert type(value) is type(g) is np.ndarray
        if expected is not None:
            assert g == expected
        assert type(tg.grad(tg.grad(f))(3.0)) is np.ndarray


class TestWhatIsRefused:
    def test_a_list_is_no_number(self):
        with pytest.raises(TypeError, match="must return a single real number, not \\["):
            tg.grad(lambda x: [x])(1.0)


@refused_arguments.each("core.transforms")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)

"""HIPS autograd's face: programs written in its words, held against closed forms."""

import inspect
import subprocess
import sys

import numpy
import pytest
import scipy.signal

import tinygrad_np as tg
import tinygrad_np.compat.autograd.numpy as np
import tinygrad_np.compat.autograd.numpy.linalg as npla
import tinygrad_np.compat.autograd.scipy.signal as face_signal
from tinygrad_np.compat import autograd
from tinygrad_np.compat.autograd import builtins, extend
from tinygrad_np.compat.autograd.extend import defjvp, defvjp, getval, isbox, primitive
from tinygrad_np.compat.autograd.misc import const_graph, flatten
from tinygrad_np.compat.autograd.misc.fixed_points import fixed_point
from tinygrad_np.compat.autograd.misc.flatten import flatten_func
from tinygrad_np.compat.autograd.misc.optimizers import adam, rmsprop, sgd
from tinygrad_np.compat.autograd.test_util import check_equivalent, check_grads, combo_check

A = numpy.array([[2.0, -1.0, 0.5], [0.3, 1.5, -2.0]])
X = numpy.array([0.4, -1.1, 0.7])


# The operators


def test_a_gradient_of_a_number_is_a_number():
    found = autograd.grad(lambda x: np.tanh(x) ** 2)(0.3)
    assert type(found) is numpy.float64
    assert numpy.isclose(found, 2 * numpy.tanh(0.3) * (1 - numpy.tanh(0.3) ** 2), rtol=1e-14)
    value, slope = autograd.value_and_grad(lambda x: x**3)(2)  # an integer counts as a float
    assert (value, slope) == (8.0, 12.0)
    assert type(value) is numpy.float64


def test_a_gradient_has_the_structure_of_the_argument():
    def f(p, scale):
        return scale * p["w"][0] * np.sum(p["b"] ** 2)

    found = autograd.grad(f)({"w": (2.0, 5), "b": X}, 3.0)
    assert found["w"] == (3 * numpy.sum(X**2), 0.0)
    numpy.testing.assert_allclose(found["b"], 12 * X)
    by_p, by_scale = autograd.grad(f, argnum=[0, 1])({"w": (2.0, 5.0), "b": X}, 3.0)
    assert numpy.isclose(by_scale, 2 * numpy.sum(X**2))
    assert numpy.isclose(by_p["w"][0], 5.58)
    assert autograd.grad_named(f, "scale")({"w": (2.0, 5.0), "b": X}, 3.0) == by_scale


def test_an_operator_says_how_it_is_called():
    assert list(inspect.signature(autograd.grad).parameters) == ["function", "argnum"]
    assert list(inspect.signature(check_grads).parameters) == ["f", "argnum", "modes", "order"]
    assert "argnum : int" in autograd.hessian.__doc__


def test_operators_give_jacobians_and_products():
    def f(x, a):
        return np.tanh(np.dot(a, x))

    slopes = 1 - numpy.tanh(A @ X) ** 2
    J = slopes[:, None] * A  # noqa: N806
    numpy.testing.assert_allclose(autograd.jacobian(f)(X, A), J, rtol=1e-14)
    assert autograd.jacobian(f, 1)(X, A).shape == (2, 2, 3)
    pull, value = autograd.make_vjp(f)(X, A)
    numpy.testing.assert_allclose(pull(numpy.array([1.0, 2.0])), J.T @ [1.0, 2.0], rtol=1e-13)
    numpy.testing.assert_allclose(autograd.make_jvp(f)(X, A)(X)[1], J @ X, rtol=1e-13)
    assert numpy.array_equal(value, autograd.make_jvp(f)(X, A)(X)[0])
    found = autograd.tensor_jacobian_product(f)(X, A, numpy.array([1.0, 2.0]))
    numpy.testing.assert_allclose(found, J.T @ [1.0, 2.0], rtol=1e-13)
    numpy.testing.assert_allclose(autograd.make_ggnvp(f)(X, A)(X), J.T @ (J @ X), rtol=1e-13)


def test_hessians_and_their_products():
    def f(x):
        return np.sum(x**3) + x[0] * x[1]

    H = 6 * numpy.diag(X)  # noqa: N806
    H[0, 1] = H[1, 0] = 1
    v = numpy.array([1.0, -2.0, 0.5])
    numpy.testing.assert_allclose(autograd.hessian(f)(X), H, atol=1e-14)
    numpy.testing.assert_allclose(autograd.hessian_vector_product(f)(X, v), H @ v, atol=1e-14)
    product, gradient = autograd.make_hvp(f)(X)
    numpy.testing.assert_allclose(product(v), H @ v, atol=1e-14)
    numpy.testing.assert_allclose(gradient, autograd.grad(f)(X), atol=1e-14)


def test_elementwise_derivatives():
    numpy.testing.assert_allclose(autograd.elementwise_grad(np.sin)(X), numpy.cos(X))
    third = autograd.elementwise_grad(autograd.elementwise_grad(autograd.elementwise_grad(np.sin)))
    numpy.testing.assert_allclose(third(X), -numpy.cos(X))
    assert numpy.isclose(autograd.deriv(lambda x: x**5)(2.0), 80)


def test_complex_gradients_have_the_same_convention():
    z = 0.4 - 0.9j
    assert numpy.isclose(autograd.holomorphic_grad(lambda z: z**3)(z), 3 * z**2)
    found = autograd.grad(lambda z: np.abs(z - (3 - 1j)) ** 2)(1 + 2j)
    assert numpy.isclose(found, -4 - 6j)  # ∂/∂x − i ∂/∂y
    with pytest.warns(UserWarning, match="not complex"):
        autograd.holomorphic_grad(lambda x: x**2)(1.5)


def test_aux_and_checkpoints():
    gradient, aux = autograd.grad_and_aux(lambda x: (np.sum(x**2), {"twice": 2 * x}))(X)
    numpy.testing.assert_allclose(gradient, 2 * X)
    numpy.testing.assert_allclose(aux["twice"], 2 * X)
    kept = autograd.checkpoint(lambda x: np.sum(np.exp(x) ** 2))
    numpy.testing.assert_allclose(autograd.grad(kept)(X), 2 * numpy.exp(2 * X))


def test_what_is_no_real_number_has_no_gradient():
    for function in (lambda x: x * X, lambda x: x * 1j, lambda x: x > 0):
        with pytest.raises(TypeError, match="grad: the function must return one real number"):
            autograd.grad(function)(1.0)
    with pytest.raises(TypeError, match="elementwise_grad"):
        autograd.elementwise_grad(lambda x: x * 1j)(X)
    with pytest.raises(TypeError, match="argnum is a position"):
        autograd.grad(np.sin, "x")


def test_gradients_nest():
    def outer(x):
        return x * autograd.grad(lambda y: x * y**2)(x)

    assert numpy.isclose(autograd.grad(outer)(1.5), 6 * 1.5**2)  # of 2x³
    assert isbox(tg.Tensor(1.0))
    assert not isbox(1.0)
    assert getval(tg.Tensor(2.0)) == 2.0


# NumPy's names


def test_lists_of_traced_numbers_are_arrays():
    def f(t):
        grid = np.array([[t, 2.0], [1.0, t**2]])
        total = np.sum([t, t]) + np.dot([t, 1.0], np.full(2, t)) + np.where(True, [t, t], 0.0)[0]
        return npla.det(grid) + total + np.sum(np.append(np.ones(2), [t]))

    assert numpy.isclose(autograd.grad(f)(1.5), 3 * 1.5**2 + 2 + (2 * 1.5 + 1) + 1 + 1)


def test_arrays_of_plain_numbers_are_numpys():
    for name in ("array", "asarray"):
        found = getattr(np, name)([[1, 2], [3, 4]], dtype=float)
        assert type(found) is numpy.ndarray
        assert found.dtype == float
    assert np.array(1.0, ndmin=2).shape == (1, 1)
    assert np.full((2,), 3).tolist() == [3, 3]
    assert np.where(False, 1, 2.5) == 2.5
    assert np.where([True, False])[0].tolist() == [0]
    assert np.r_[1:3, 5].tolist() == [1, 2, 5]
    assert np.pi is numpy.pi
    assert np.exp is numpy.exp
    t = tg.Tensor([1.0])
    assert np.array(t) is t
    assert np.array(t, dtype="float32").dtype == numpy.float32
    with pytest.raises(TypeError, match="ndmin"):
        np.array([t], ndmin=3)


def test_rows_and_columns():
    t = tg.Tensor([3.0, 4.0])
    assert np.r_[1:3, t, t[0]].data.tolist() == [1, 2, 3, 4, 3]
    assert np.c_[t, [1.0, 2.0], np.ones((2, 2))].shape == (2, 4)
    assert numpy.array_equal(np.c_[t, [1.0, 2.0]].data, numpy.c_[t.data, [1.0, 2.0]])
    with pytest.raises(TypeError, match="use concatenate"):
        np.r_["0,2", t]
    check_grads(lambda x: np.r_[x[1], 0.0, x**2] @ np.arange(5.0))(X)


def test_diagonals_are_made():
    made = np.make_diagonal(A, axis1=-1, axis2=-2)
    assert numpy.array_equal(made, [numpy.diag(row) for row in A])
    with pytest.raises(ValueError, match="make_diagonal"):
        np.make_diagonal(A, offset=1)


# Its convolution


@pytest.mark.parametrize("mode", ["full", "valid", "same"])
def test_convolutions_are_scipys(mode):
    rng = numpy.random.default_rng(0)
    x, y = rng.normal(size=(5, 6)), rng.normal(size=(3, 2))
    found, expected = face_signal.convolve(x, y, mode=mode), scipy.signal.convolve(x, y, mode)
    numpy.testing.assert_allclose(found, expected, atol=1e-13)
    stack, filters = rng.normal(size=(4, 3, 8)), rng.normal(size=(3, 2, 5))
    found = face_signal.convolve(stack, filters, axes=([2], [2]), dot_axes=([1], [0]), mode=mode)
    for n in range(4):
        for k in range(2):
            expected = sum(
                scipy.signal.convolve(stack[n, c], filters[c, k], mode) for c in (0, 1, 2)
            )
            numpy.testing.assert_allclose(found[n, k], expected, atol=1e-13)
    check_grads(lambda x, y: face_signal.convolve(x, y, mode=mode), (0, 1))(x, y)


def test_the_smaller_array_may_come_first():
    rng = numpy.random.default_rng(1)
    x, y = rng.normal(size=(2, 3)), rng.normal(size=(4, 7))
    found = face_signal.convolve(x, y, axes=([1], [1]), mode="valid")
    assert found.shape == (2, 4, 5)
    numpy.testing.assert_allclose(found[1, 2], scipy.signal.convolve(y[2], x[1], "valid"))
    with pytest.raises(ValueError, match="the larger along all"):
        face_signal.convolve(rng.normal(size=(2, 9)), y, mode="valid")
    with pytest.raises(ValueError, match="mode is"):
        face_signal.convolve(x, y, mode="circular")


# Primitives


def logsumexp_of(rules):
    @primitive
    def logsumexp(x):
        assert type(x) is numpy.ndarray
        return numpy.log(numpy.sum(numpy.exp(x)))

    rules(logsumexp)
    return logsumexp


def test_a_primitive_has_the_derivative_of_its_rule():
    f = logsumexp_of(lambda f: defvjp(f, lambda ans, x: lambda g: g * np.exp(x - ans)))
    p = numpy.exp(X) / numpy.sum(numpy.exp(X))
    numpy.testing.assert_allclose(autograd.grad(f)(X), p, rtol=1e-14)
    numpy.testing.assert_allclose(autograd.hessian(f)(X), numpy.diag(p) - numpy.outer(p, p))
    assert numpy.isclose(autograd.make_jvp(f)(X)(X)[1], p @ X)  # the transpose
    check_grads(f)(X)
    assert f(X) == numpy.log(numpy.sum(numpy.exp(X)))


def test_forward_rules():
    f = logsumexp_of(lambda f: defjvp(f, lambda t, ans, x: np.sum(t * np.exp(x - ans))))
    check_grads(f, modes=["fwd"])(X)
    with pytest.raises(NotImplementedError, match="reverse mode"):
        autograd.grad(f)(X)
    product = primitive(lambda x, y: x * y)
    extend.def_linear(product)
    assert numpy.isclose(
        autograd.deriv(lambda x: product(x, np.sin(x)))(0.7), numpy.sin(0.7) + 0.7 * numpy.cos(0.7)
    )


def test_rules_by_argument():
    f = primitive(lambda x, n, y=1.0: x**n * y)
    extend.defvjp_argnum(
        f,
        lambda argnum, ans, args, kwargs: (
            lambda g: g * args[1] * args[0] ** (args[1] - 1) * kwargs["y"]
        ),
    )
    assert numpy.isclose(autograd.grad(f)(2.0, 3, y=5.0), 60)
    g = primitive(lambda x, y: x * y)
    defvjp(g, lambda ans, x, y: lambda g: g * x, None, argnums=[1, 0])
    assert autograd.grad(g, (0, 1))(2.0, 3.0) == (0.0, 2.0)
    h = primitive(lambda x, y: x * y)
    extend.defvjp_argnums(
        h, lambda nums, ans, args, kwargs: lambda g: [g * args[1 - n] for n in nums]
    )
    extend.defjvp_argnums(
        h,
        lambda nums, ts, ans, args, kwargs: sum(
            t * args[1 - n] for n, t in zip(nums, ts, strict=True)
        ),
    )
    check_grads(h, (0, 1))(2.0, 3.0)


def test_primitives_take_and_give_trees():
    @primitive
    def f(p, n):
        return {"product": p["a"] * p["b"][0], "count": numpy.arange(n)}

    defvjp(
        f,
        lambda ans, p, n: (
            lambda g: {
                "a": g["product"] * p["b"][0],
                "b": [g["product"] * p["a"]],
            }
        ),
    )

    def program(x):
        found = f({"a": x, "b": [2 * x]}, 3)
        assert found["count"].tolist() == [0, 1, 2]
        return found["product"]

    assert autograd.grad(program)(3.0) == 12.0
    assert autograd.grad(autograd.grad(program))(3.0) == 4.0
    assert autograd.deriv(autograd.deriv(program))(3.0) == 4.0


def test_primitives_refuse_what_would_lose_a_gradient():
    f = primitive(lambda x, scale=1.0: x * scale)
    with pytest.raises(TypeError, match="pass it as a positional argument"):
        autograd.grad(lambda t: f(1.0, scale=t))(2.0)
    with pytest.raises(TypeError, match="closure"):
        autograd.grad(lambda t: primitive(lambda x: x * t)(t))(2.0)
    with pytest.raises(NotImplementedError, match="no derivative"):
        autograd.grad(f)(2.0)
    defvjp(f, argnums=[])
    with pytest.raises(NotImplementedError, match="by argument 0"):
        autograd.grad(f)(2.0)
    with pytest.raises(TypeError, match="is no primitive"):
        defvjp(numpy.exp, None)
    assert autograd.grad(lambda x: x * extend.notrace_primitive(np.floor)(x))(2.5) == 2.0


# Spaces, checks, builtins


def test_spaces_have_a_basis_and_products():
    value = {"a": 1.0, "b": [numpy.zeros((2, 2)), 1j]}
    space = extend.vspace(value)
    basis = list(space.standard_basis())
    assert space.size == len(basis) == 7
    gram = [[space.inner_prod(x, y) for x in basis] for y in basis]
    assert numpy.array_equal(gram, numpy.eye(7))
    x, y = space.randn(), space.randn()
    assert space == extend.vspace(space.add(x, space.scalar_mul(y, 2.0)))
    assert space.covector(x)["b"][1] == numpy.conj(x["b"][1])
    assert space.ones()["b"][1] == 1 + 1j
    assert space.zeros()["a"] == 0
    assert space != extend.vspace({"a": 1.0})
    assert space != extend.vspace(numpy.float32(1.0))
    assert space.iscomplex
    assert extend.vspace(A).shape == (2, 3)
    assert "float64[2, 2]" in repr(space)


def test_checks_find_what_is_wrong():
    combo_check(lambda x, axis: np.sum(np.sin(x), axis=axis))([X, A], axis=[None, 0])
    wrong = logsumexp_of(lambda f: defvjp(f, lambda ans, x: lambda g: g * np.exp(x - ans) * 1.001))
    for modes in (["rev"], ["fwd"]):
        with pytest.raises(AssertionError):
            check_grads(wrong, modes=modes)(X)
    # the first derivative is right, the second is not
    constant = logsumexp_of(
        lambda f: defvjp(f, lambda ans, x: lambda g: g * numpy.exp(getval(x) - getval(ans)))
    )
    check_grads(constant, modes=["rev"], order=1)(X)
    with pytest.raises(AssertionError, match="vjp_logsumexp"):
        check_grads(constant, modes=["rev"])(X)
    with pytest.raises(AssertionError, match="spaces differ"):
        check_equivalent(1.0, (1.0,))
    with pytest.raises(ValueError, match="'fwd' and 'rev'"):
        check_grads(np.sin, modes=["forward"])(1.0)


def test_builtins_look_at_values():
    def f(p):
        assert builtins.isinstance(p, dict)
        assert builtins.type(p) is dict
        assert builtins.isinstance(p["x"], numpy.ndarray)
        assert builtins.type(p["x"]) is numpy.ndarray
        assert builtins.isinstance(p["n"], float)
        assert builtins.type(p["n"]) is float
        assert not builtins.isinstance(p["n"], (list, str))
        return p["n"] * np.sum(p["x"])

    assert autograd.grad(f)({"x": X, "n": 2.0})["n"] == numpy.sum(X)
    assert autograd.tuple is tuple
    assert autograd.list is list
    assert autograd.dict is dict


# misc


def test_vectors_are_in_autograds_order():
    tree = {"b": A, "a": (1.0, [2.0])}
    vector, back = flatten(tree)
    assert vector.tolist() == [1.0, 2.0, *A.ravel()]
    assert back(2 * vector)["a"] == (2.0, [4.0])
    assert numpy.array_equal(back(vector)["b"], A)
    function, back, example = flatten_func(lambda t: {"s": np.sum(t["b"]) * t["a"][0]}, tree)
    assert function(example) == [numpy.sum(A)]
    assert numpy.array_equal(back(example)["b"], A)
    assert autograd.grad(lambda x: np.sum(flatten([x, 2 * x])[0]))(1.0) == 3.0
    assert const_graph(lambda x, y: x * y, 3.0)(2.0) == 6.0


def test_a_fixed_point_is_a_function_of_its_parameters():
    def step(p):
        return lambda x: np.cos(p["a"] * x)

    def root(a):
        return fixed_point(step, {"a": a}, 1.0, lambda x, y: abs(x - y), 1e-13)

    x = root(0.8)
    assert numpy.isclose(x, numpy.cos(0.8 * x), rtol=1e-12)
    sine = numpy.sin(0.8 * x)
    assert numpy.isclose(autograd.grad(root)(0.8), -x * sine / (1 + 0.8 * sine), rtol=1e-10)


@pytest.mark.parametrize(("optimiser", "rate"), [(sgd, 0.2), (rmsprop, 0.05), (adam, 0.1)])
def test_optimisers_go_to_the_minimum(optimiser, rate):
    def loss(p, i=0):
        return (p["a"] - 1.0) ** 2 + np.sum((p["b"] + 2.0) ** 2)

    seen = []
    found = optimiser(
        autograd.grad(loss),
        {"a": 0.0, "b": X},
        callback=lambda p, i, g: seen.append((i, loss(p), g["a"])),
        num_iters=300,
        step_size=rate,
    )
    assert loss(found) < 1e-2
    assert [i for i, _, _ in seen] == list(range(300))
    assert seen[0][1:] == (loss({"a": 0.0, "b": X}), -2.0)


def test_the_first_steps_of_the_optimisers():
    """By hand, for a gradient that is 2 everywhere."""
    steps = {
        sgd: 0.1 * (0.1 * 2) + 0.1 * (0.9 * 0.2 + 0.2),
        rmsprop: 0.1 * 2 / numpy.sqrt(1.3) + 0.1 * 2 / numpy.sqrt(0.9 * 1.3 + 0.4),
        adam: 0.2,
    }
    for optimiser, step in steps.items():
        found = optimiser(lambda x, i: 2.0, 5.0, num_iters=2, step_size=0.1)
        assert numpy.isclose(found, 5.0 - step, rtol=1e-7)


# Its modules


def test_programs_run_by_install():
    program = """
from tinygrad_np.compat import autograd
autograd.install()
import sys
import autograd, autograd.numpy as np, autograd.numpy.random as npr
import autograd.scipy.signal, autograd.scipy.linalg as sla
from autograd import grad, hessian
from autograd.core import vspace
from autograd.extend import Box, defvjp
from autograd.misc.optimizers import adam
from autograd.numpy.linalg import solve
from autograd.scipy import linalg, special
from autograd.scipy.special import expit
from autograd.tracer import getval, isbox
from autograd.util import subvals
from autograd.wrap_util import unary_to_nary
import tinygrad_np.compat.autograd as face
assert sys.modules["autograd"] is face and autograd.numpy.array([1.0]).shape == (1,)
assert npr.RandomState(0).rand() > 0 and hessian(lambda x: np.sum(expit(x)))(np.ones(2)).any()
def program(t):
    kept = t
    t -= 1.0
    return sla.expm(kept)[0, 0] + t[0, 0] ** 2
print(grad(program)(np.eye(1)))
try:
    import autograd.numpy.numpy_vjps
except ImportError as error:
    print("numpy_vjps" in str(error))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split("\n")[-2] == "True"
    assert numpy.isclose(float(done.stdout.split("[[")[-1].split("]]")[0]), numpy.e)


def test_distributions_are_modules():
    from tinygrad_np.compat.autograd.scipy.stats import norm
    from tinygrad_np.compat.autograd.scipy.stats.multivariate_normal import logpdf

    assert numpy.isclose(autograd.grad(lambda m: norm.logpdf(1.5, m, 2.0))(0.5), 0.25)
    assert numpy.isclose(autograd.grad(lambda m: logpdf(X, m, np.eye(3)))(X)[0], 0.0)


def test_what_is_written_into_raises_without_install():
    def program(t):
        t -= 1.0
        return np.sum(t)

    with pytest.raises(TypeError, match="never written into"):
        autograd.grad(program)(X)


def test_autograds_engine_is_one_module():
    from tinygrad_np.compat.autograd import core, tracer, util, wrap_util

    pull, value = core.make_vjp(lambda x: x**2, 3.0)
    assert (value, pull(1.0)) == (9.0, 6.0)
    assert core is tracer is util is wrap_util is extend
    assert util.subvals((1, 2, 3), [(1, 5)]) == (1, 5, 3)


def test_every_name_of_numpy_is_there():
    missing = [name for name in numpy.__all__ if not hasattr(np, name)]
    assert not missing
    assert "linspace" in dir(np)
    assert np.float32 is numpy.float32
    assert np.linalg.inv is np.linalg.inv
    assert "svd" in dir(np.linalg)
    with pytest.raises(AttributeError, match="there_is_none"):
        _ = np.there_is_none

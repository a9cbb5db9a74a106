"""Rules of one's own."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor, grad, jvp, vjp


class TestKinds:
    def test_pointwise_in_both_modes_and_higher_orders(self):
        cube = tg.pointwise(lambda x: x * x * x, lambda x: 3 * x**2)
        x = np.array([1.0, -2.0])
        assert cube(x).tolist() == [1, -8]
        assert grad(lambda v: np.sum(cube(v)))(x).tolist() == [3, 12]
        assert jvp(cube, [x], [np.ones(2)])[1].tolist() == [3, 12]
        assert grad(grad(lambda v: cube(v)))(2.0) == 12

    def test_pointwise_broadcasts(self):
        scaled = tg.pointwise(lambda x, y: x * y, lambda y: y, lambda x: x)
        x, y = np.ones((2, 1)), np.ones(3)
        by_x, by_y = vjp(scaled, x, y)[1](np.ones((2, 3)))
        assert by_x.tolist() == [[3], [3]]
        assert by_y.tolist() == [2, 2, 2]

    def test_linear(self):
        mirrored = tg.linear(lambda x: x[::-1], lambda g: g[::-1])
        x = np.array([1.0, 2.0, 3.0])
        assert vjp(mirrored, x)[1](x)[0].tolist() == [3, 2, 1]
        assert jvp(mirrored, [x], [x])[1].tolist() == [3, 2, 1]

    def test_linear_with_an_affine_keyword(self):
        shifted = tg.linear(lambda x, by=0.0: 2 * x + by, lambda g: 2 * g, affine={"by"})
        assert jvp(lambda x: shifted(x, by=5.0), [1.0], [1.0]) == (7, 2)
        assert grad(lambda x: shifted(x, 5.0))(1.0) == 2

    def test_bilinear(self):
        outer = tg.bilinear(
            lambda x, y: np.multiply.outer(x, y), lambda g, y: g @ y, lambda g, x: x @ g
        )
        x, y, u = np.ones(2), np.arange(3.0), np.ones((2, 3))
        assert vjp(outer, x, y)[1](u)[0].tolist() == [3, 3]
        assert jvp(outer, [x, y], [x, y])[1].tolist() == (2 * np.multiply.outer(x, y)).tolist()

    def test_general_with_a_solver(self):
        """x(a): the root of x³ + x = a, by Newton's method; dx/da = 1 / (3x² + 1)."""

        def root(a):
            x = np.zeros_like(a)
            for _ in range(60):
                x = x - (x**3 + x - a) / (3 * x**2 + 1)
            return x

        solve = tg.general(
            root,
            (lambda g, ans: g / (3 * ans**2 + 1), lambda t, ans: t / (3 * ans**2 + 1)),
        )
        a = np.array([1.0, 10.0])
        x = solve(a)
        assert np.allclose(grad(lambda a: np.sum(solve(a)))(a), 1 / (3 * x**2 + 1), rtol=1e-14)
        second = grad(lambda a: np.sum(grad(lambda b: np.sum(solve(b)))(a)))(a)
        assert np.allclose(second, -6 * x / (3 * x**2 + 1) ** 3, rtol=1e-13)

    def test_several_results(self):
        halves = tg.general(
            lambda x: (x[:1] * 2, x[1:] * 3),
            (
                lambda g: np.concatenate([2 * g[0], 3 * g[1]]),
                lambda t: (2 * t[:1], 3 * t[1:]),
            ),
            constant_outputs=(),
        )
        a, b = halves(Tensor(np.ones(3)))
        assert isinstance(a, Tensor)
        assert grad(lambda x: np.sum(halves(x)[1]))(np.ones(3)).tolist() == [0, 3, 3]
        assert b.shape == (2,)


def inverse(x):
    return np.linalg.inv(x)


class TestOneModeGiven:
    @pytest.mark.parametrize(
        "rule",
        [
            (lambda g, ans: -ans.T @ g @ ans.T, None),
            (None, lambda t, ans: -ans @ t @ ans),
        ],
    )
    def test_the_other_is_its_transpose_in_every_order(self, rule):
        a = np.random.default_rng(0).normal(size=(3, 3)) + 3 * np.eye(3)
        f = tg.general(inverse, rule)
        for mode in ("forward", "reverse"):
            assert np.allclose(tg.jacobian(f, mode=mode)(a), tg.jacobian(inverse)(a), rtol=1e-12)
        found, expected = [tg.hessian(lambda a, f=f: np.sum(f(a) ** 2))(a) for f in (f, inverse)]
        assert np.allclose(found, expected, rtol=1e-12)
        assert tg.check.check_rule(f, a).verdict == "right"
        single = a.astype(np.float32)
        assert jvp(f, [single], [single])[1].dtype == np.float32
        assert vjp(f, single)[1](single)[0].dtype == np.float32

    @pytest.mark.parametrize(
        "rule",
        [
            (lambda g, ans: g[0][np.argsort(ans[1])], None),
            (None, lambda t, ans: (t[ans[1]], None)),
        ],
    )
    def test_several_results_one_of_them_constant(self, rule):
        f = tg.general(lambda x: (np.sort(x), np.argsort(x)), rule, constant_outputs={1})
        x = np.array([1.0, 3.0, 2.0])
        assert grad(lambda x: f(x)[0][2])(x).tolist() == [0, 1, 0]
        assert jvp(lambda x: f(x)[0], [x], [np.arange(3.0)])[1].tolist() == [0, 2, 1]
        assert tg.check.check_rule(f, x).verdict == "right"

    def test_complex_numbers(self):
        z, dz = np.array([1 + 2j]), np.array([1j])
        for rule in (
            (lambda g, z: 2 * g * np.conj(z), None),
            (None, lambda t, z: 2 * np.real(np.conj(z) * t)),
        ):
            f = tg.general(lambda z: np.abs(z) ** 2, rule)
            assert jvp(f, [z], [dz])[1].tolist() == [4]
            assert grad(lambda z, f=f: np.sum(f(z)))(z).tolist() == [2 - 4j]

    def test_each_operand_for_itself(self):
        f = tg.general(lambda x, y: x * y, (lambda g, y: g * y, None), (None, lambda t, x: t * x))
        assert tg.check.check_rule(f, np.array([1.0, 2.0]), np.array([3.0, 4.0])).verdict == "right"


class TestFunctions:
    def test_a_ufunc_from_elsewhere(self):
        from scipy import special

        erf = tg.pointwise(special.erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2)))
        assert np.isclose(grad(erf)(0.5), 2 / np.sqrt(np.pi) * np.exp(-0.25), rtol=1e-15)

    def test_a_function_that_python_cannot_read_names_its_parameters(self):
        class Doubling:
            def __call__(self, x):
                return 2 * x

        double = tg.linear(Doubling(), tg.signature("x"), lambda g: 2 * g)
        assert grad(double)(1.0) == 2

    def test_built_in_rows_are_not_replaced(self):
        mine = tg.pointwise(np.exp, lambda ans: -ans)
        assert grad(mine)(0.0) == -1
        assert grad(np.exp)(0.0) == 1

    def test_a_function_that_writes_into_its_argument_is_stopped(self):
        def double(x):
            x *= 2
            return x

        doubled = tg.linear(double, lambda g: 2 * g)
        x = Tensor(np.ones(2))
        with pytest.raises(ValueError, match="read-only"):
            doubled(x)
        assert x.tolist() == [1, 1]

    def test_python_numbers_as_results(self):
        total = tg.linear(lambda x: float(np.sum(x)), lambda g, x_like: np.full(x_like.shape, g))
        assert grad(total)(np.ones(3)).tolist() == [1, 1, 1]

    def test_keywords_and_defaults(self):
        power = tg.pointwise(lambda x, n=2: x**n, x=lambda x, n: n * x ** (n - 1))
        assert grad(power)(3.0) == 6
        assert grad(lambda x: power(x, n=3))(3.0) == 27
        with pytest.raises(TypeError, match="'n' has no derivative rule"):
            power(3.0, n=Tensor(2.0))
        with pytest.raises(TypeError, match="the argument 'm'"):
            power(Tensor(3.0), m=2)
        with pytest.raises(TypeError, match="takes 2 arguments on a Tensor, not 3"):
            power(Tensor(3.0), 2, 3)
        with pytest.raises(TypeError, match="the argument 'x' is missing"):
            power(n=Tensor(2.0))

    def test_a_parameter_that_numpy_has_too_gets_no_advice_about_numpys(self):
        shifted = tg.pointwise(lambda x, value=0.0: x + value, x=lambda: 1.0)
        with pytest.raises(TypeError, match=r"'value' has no derivative rule.*pass an array"):
            shifted(Tensor(3.0), value=Tensor(2.0))

    def test_a_wrong_rule_is_named(self):
        wrong = tg.linear(lambda x: x[:2], lambda g: g)
        with pytest.raises(ValueError, match=r"the vjp rule of <lambda> gave float64 \(2,\)"):
            grad(lambda x: np.sum(wrong(x)))(np.ones(3))

    def test_the_name_is_in_the_graph(self):
        def softclip(x):
            return np.tanh(x)

        assert "softclip(#0)" in str(
            tg.pointwise(softclip, lambda ans: 1 - ans**2)(Tensor(1.0)).graph()
        )


class TestMistakes:
    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (
                lambda f: tg.pointwise(f, None, lambda x: x),
                "the factor of .* for 'x' must be a fun",
            ),
            (lambda f: tg.pointwise(f, 3.0), r"not 3\.0; for an operand without a derivative"),
            (lambda f: tg.linear(f, None), "the vjp of .* for 'x' must be a function"),
            (lambda f: tg.bilinear(f, 1, 2), "the vjp of .* for 'x' must be a function"),
            (lambda f: tg.general(f, lambda g: g), r"is a pair \(vjp, jvp\)"),
            (lambda f: tg.general(f, (lambda g: g,)), r"is a pair \(vjp, jvp\)"),
            (lambda f: tg.general(f, (None, None)), "the vjp of .* for 'x' must be"),
            (lambda f: tg.general(f, (lambda g: g, 1)), "the jvp of .* for 'x' must be"),
        ],
    )
    def test_they_are_found_when_the_rule_is_declared(self, make, message):
        with pytest.raises(TypeError, match=message):
            make(lambda x, y: x * y)

    @pytest.mark.parametrize("f", [lambda x: np.sum(x), lambda x: x[1:], lambda x: x @ x])
    def test_a_pointwise_function_that_is_not_elementwise(self, f):
        wrong = tg.pointwise(f, lambda x: x)
        for x in (np.ones(3), Tensor(np.ones(3))):
            with pytest.raises(ValueError, match="so it is not elementwise; use linear"):
                wrong(x)

    def test_several_results_are_declared(self):
        f = tg.general(lambda x: (x, 2 * x), (lambda g: g[0] + 2 * g[1], lambda t: (t, 2 * t)))
        with pytest.raises(TypeError, match=r"a tuple of 2, .* with constant_outputs=\(\)"):
            f(Tensor(1.0))

    def test_a_number_of_numpys_in_float32(self):
        scaled = tg.linear(lambda x: x * 2, lambda g: g * np.sqrt(4.0))
        with pytest.raises(ValueError, match=r"use float of it"):
            vjp(scaled, np.ones(2, np.float32))[1](np.ones(2, np.float32))


class TestSignatures:
    def test_keyword_only_parameters(self):
        power = tg.pointwise(lambda x, *, k=2: x**k, lambda x, k: k * x ** (k - 1))
        assert grad(lambda x: power(x, k=3))(2.0) == 12
        assert grad(power)(3.0) == 6
        assert jvp(lambda x: power(x, k=3), [2.0], [1.0])[1] == 12

    def test_further_positional_arguments(self):
        total = tg.linear(lambda x, *scales: x * sum(scales), lambda g, scales: g * sum(scales))
        assert grad(lambda x: total(x, 2.0, 3.0))(1.0) == 5
        assert jvp(lambda x: total(x, 2.0, 3.0), [1.0], [1.0])[1] == 5

    def test_functions_of_numpy_and_of_the_standard_library_can_be_read(self):
        import math

        running = tg.linear(np.cumsum, lambda g: np.flip(np.cumsum(np.flip(g, 0), 0), 0))
        assert vjp(running, np.ones(3))[1](np.ones(3))[0].tolist() == [3, 2, 1]
        erf = tg.general(
            lambda x: math.erf(x.item()) + 0 * x,
            (
                lambda g, x: g * 2 / math.sqrt(math.pi) * np.exp(-x * x),
                lambda t, x: t * 2 / math.sqrt(math.pi) * np.exp(-x * x),
            ),
        )
        assert np.isclose(grad(erf)(0.0), 2 / math.sqrt(math.pi))

    def test_a_parameters_name_makes_no_constant_of_a_users_operand(self):
        f = tg.pointwise(lambda x, condition: x * condition, lambda condition: condition)
        with pytest.raises(TypeError, match="'condition' has no derivative"):
            tg.grad(lambda c: np.sum(f(np.array([1.0, 2.0]), c)))(np.array([1.0, 2.0]))


def test_linear_of_what_is_no_numpy_has_all_derivatives():
    """Neither the function nor its transpose takes a Tensor."""
    a = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]])

    def opaque(m):
        def product(x):
            assert type(x) is np.ndarray
            return np.frombuffer((m @ x).tobytes())

        return product

    product = tg.linear(opaque(a), opaque(a.T))
    x, v = np.array([1.0, 2.0, 3.0]), np.array([1.0, -1.0, 0.5])
    f, plain = lambda x: np.sum(product(x) ** 3), lambda x: np.sum((a @ x) ** 3)
    for transform in (tg.grad, tg.hessian, lambda f: tg.jacobian(tg.hessian(f))):
        assert np.allclose(transform(f)(x), transform(plain)(x), rtol=1e-14)
    twice = tg.grad(lambda x: tg.grad(f)(x) @ v)(x)
    assert np.allclose(twice, tg.hvp(plain, [x], [v])[0], rtol=1e-14)
    assert tg.check.check_function(product, x).is_right


class TestFunctionsFromOutside:
    def test_a_function_cannot_write_into_a_tensor_by_keyword(self):
        def f(x, s=1.0, y=2.0):
            y *= 0
            return x + y

        wrong = tg.linear(f, lambda g: g, y=lambda g: g, broadcasts=True)
        u = Tensor([3.0, 4.0])
        with pytest.raises(ValueError, match="read-only"):
            wrong(Tensor([1.0, 2.0]), y=u)
        assert u.tolist() == [3, 4]

    def test_a_result_that_the_function_uses_again(self):
        buffer = np.zeros(2)

        def f(x):
            buffer[:] = 2 * x
            return buffer

        doubled = tg.linear(f, lambda g: 2 * g)
        one, two = doubled(Tensor([1.0, 2.0])), doubled(Tensor([5.0, 6.0]))
        assert one.tolist() == [2, 4]
        assert two.tolist() == [10, 12]

    def test_a_rule_that_gives_away_an_array(self):
        matrix = np.ones(2)
        f = tg.linear(lambda x: x, lambda g: matrix)
        g = tg.grad(lambda x: np.sum(f(x)))(np.ones(2))
        g[:] = 7
        assert matrix.tolist() == [1, 1]
        x = np.ones(2)
        square = tg.general(lambda x: x * x / 2, (lambda g, x: x, lambda t, x: t * x))
        assert tg.grad(lambda x: np.sum(square(x)))(x) is not x

    def test_factors_that_are_functions_of_ours_and_bound_methods(self):
        softplus = tg.pointwise(lambda x: np.log1p(np.exp(x)), tg.sigmoid)
        assert np.isclose(tg.grad(softplus)(0.3), tg.sigmoid(0.3))

        class Scale:
            k = 3.0

            def apply(self, x):
                return self.k * x

            def slope(self, x):
                return self.k + 0 * x

        scale = Scale()
        assert tg.grad(tg.pointwise(scale.apply, scale.slope))(2.0) == 3

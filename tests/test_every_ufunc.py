"""NumPy's own ufuncs: every one of numbers is classified; kinks, degenerate cases, messages."""

import numpy as np
import pytest
from numpy.testing.overrides import get_overridable_numpy_ufuncs

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core.table import REFUSED, TABLE

INF, NAN = np.inf, np.nan
CLIP = np._core.umath.clip
UFUNCS = get_overridable_numpy_ufuncs()
NUMBERS = [ufunc for ufunc in UFUNCS if any("d" in types for types in ufunc.types)]


def name(ufunc):
    return ufunc.__name__


@pytest.mark.parametrize("ufunc", sorted(UFUNCS, key=name), ids=name)
def test_every_ufunc_is_in_one_class_and_so_is_each_of_its_arguments(ufunc):
    assert (ufunc in TABLE) != (ufunc in REFUSED)
    if ufunc in REFUSED:
        assert "; " in REFUSED[ufunc], "a reason, and what to do instead"
        return
    row = TABLE[ufunc]
    assert row.reason or row.kind != "constant"
    if row.kind != "constant":
        for position, operand in enumerate(row.names[: ufunc.nin]):
            places = (position in row.operands, operand in row.locally_constant)
            assert sum(places) <= 1


def test_only_what_takes_no_floating_numbers_is_refused():
    assert len(NUMBERS) > 70
    assert not {ufunc for ufunc in UFUNCS if (ufunc in NUMBERS) != (ufunc in TABLE)}


@pytest.mark.parametrize("ufunc", [u for u in NUMBERS if u.signature is None], ids=name)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_a_tensor_has_the_value_of_the_array(ufunc, dtype):
    x = np.linspace(0.1, 0.9, 6).astype(dtype).reshape(2, 3) + (ufunc is np.arccosh)
    for layout in (x, x.T, x[0, 0], x[:0]):
        # NumPy's loops round otherwise in another layout: that of the Tensor counts
        operands = [Tensor(layout + i) for i in range(ufunc.nin)]
        if ufunc is np.ldexp:
            operands[1] = np.full(layout.shape, 3)
        found = ufunc(*operands)
        expected = ufunc(*[x.data for x in operands])
        found, expected = [r if isinstance(r, tuple) else (r,) for r in (found, expected)]
        for a, b in zip(found, expected, strict=True):
            assert a.dtype == b.dtype
            assert a.shape == b.shape
            assert np.array_equal(getattr(a, "data", a), b)


@pytest.mark.parametrize("ufunc", [np.gcd, np.lcm])
def test_ufuncs_of_integers_are_refused_by_name(ufunc):
    with pytest.raises(
        TypeError, match=rf"np\.{ufunc.__name__} does not take a Tensor: it works on integers"
    ):
        ufunc(Tensor(2.0), 2)
    with pytest.raises(TypeError, match="isnat"):
        np.isnat(Tensor(1.0))


class TestExtremaThatIgnoreNan:
    @pytest.mark.parametrize(("ufunc", "sign"), [(np.fmax, 1), (np.fmin, -1)], ids=["fmax", "fmin"])
    def test_python_numbers_and_broadcasting(self, ufunc, sign):
        x = sign * np.array([[1.0, NAN, 3.0]])
        gradient = tg.grad(lambda x: np.sum(ufunc(x, sign * 2.0)))(x)
        assert np.array_equal(gradient, [[0, 0, 1]])
        y = sign * np.array([[2.0], [NAN]])
        (by_x, by_y) = tg.vjp(ufunc, x, y)[1](np.ones((2, 3)))
        assert np.array_equal(by_x, [[1, 0.5, 2]])
        assert np.array_equal(by_y, [[2], [0.5]])

    def test_second_derivatives_are_zero(self):
        x = np.array([1.0, 2.0, NAN])
        of = lambda x: np.sum(np.fmax(x, 2.0) * np.fmin(x, 1.5))  # noqa: E731
        hessian = tg.hessian(of)(x)
        assert np.array_equal(hessian, np.zeros((3, 3)))

    def test_single_precision(self):
        x = np.array([1.0, NAN], np.float32)
        for of in (lambda x: np.fmax(x, 0.5), lambda x: np.fmin(2.0, x)):
            (g,) = tg.vjp(of, x)[1](np.ones(2, np.float32))
            assert g.dtype == np.float32
            assert np.array_equal(g, [1, 0])

    def test_complex_numbers_are_ordered_as_numpy_does(self):
        x, y = np.array([1 + 2j, 3 + 0j]), np.array([1 + 1j, 3 + 1j])
        by_x, by_y = tg.vjp(np.fmax, x, y)[1](np.ones(2, complex))
        assert np.array_equal(np.fmax(x, y), [x[0], y[1]])
        assert np.array_equal(by_x, [1, 0])
        assert np.array_equal(by_y, [0, 1])


class TestSignsAndSteps:
    def test_a_tensor_whose_value_does_not_matter_is_a_constant(self):
        sign = Tensor([2.0, -3.0])
        assert type(np.copysign(1.0, sign)) is np.ndarray
        assert type(np.heaviside(sign, 0.5)) is np.ndarray
        assert type(np.nextafter(1.0, sign)) is np.ndarray
        x = Tensor([3.0, 4.0])
        np.sum(np.copysign(x, sign)).backward()
        assert np.array_equal(x.grad, [1, -1])
        assert sign.grad is None

    def test_the_value_at_a_step_has_a_derivative(self):
        x, y = Tensor([-1.0, 0.0, 2.0]), Tensor(0.5)
        result = np.heaviside(x, y)
        assert np.array_equal(result.data, [0, 0.5, 1])
        result.sum().backward()
        assert y.grad == 1
        assert x.grad is None

    @pytest.mark.parametrize("exponent", [3, np.int8(3), [3, 3], np.array([3, 3], np.int32)])
    def test_ldexp(self, exponent):
        for dtype in (np.float32, np.float64):
            x = np.array([0.5, -1.5], dtype)
            (g,) = tg.vjp(lambda x: np.ldexp(x, exponent), x)[1](np.ones(2, dtype))
            assert g.dtype == dtype
            assert np.array_equal(g, [8, 8])

    def test_ldexp_beyond_the_largest_factor(self):
        assert tg.grad(lambda x: np.ldexp(x, 1030) * 1e-300)(1e-300) == np.ldexp(1e-300, 1030)

    def test_an_exponent_has_no_derivative(self):
        with pytest.raises(TypeError, match=r"np\.ldexp: 'exponent' has no derivative"):
            np.ldexp(1.0, Tensor(2.0))

    def test_kinks_of_the_second_order(self):
        x = np.array([-2.0, 0.0, 3.0])
        for of in (np.fabs, lambda x: np.copysign(x, -1.0), lambda x: np.nextafter(x, 9.0)):
            assert np.array_equal(tg.hessian(lambda x: np.sum(of(x) ** 2))(x)[2], [0, 0, 2])  # noqa: B023


class TestSquares:
    @pytest.mark.parametrize("two", [2, 2.0, np.float64(2), np.float32(2), 2 + 0j], ids=repr)
    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
    def test_however_the_two_is_written(self, two, dtype):
        x = np.array([0.0, -3.0, 1.5], dtype)
        (g,) = tg.vjp(lambda x: x**two, x)[1](np.ones(3, (x**two).dtype))
        assert g.dtype == dtype
        assert g.tolist() == [0, -6, 3]
        (second,) = tg.vjp(tg.grad(lambda x: np.sum(np.real(x**two))), x)[1](np.ones(3, dtype))
        assert second.tolist() == [2, 2, 2]


class TestClip:
    def test_the_ufunc_is_the_function(self):
        rng = np.random.default_rng(0)
        x, low, high = rng.normal(size=(3, 4)), rng.normal(size=4) - 1, rng.normal(size=(3, 1))
        for one, other in zip(
            tg.vjp(CLIP, x, low, high)[1](x), tg.vjp(np.clip, x, low, high)[1](x), strict=True
        ):
            assert np.array_equal(one, other)

    def test_its_name_and_outputs(self):
        with pytest.raises(TypeError, match=r"np\._core\.umath\.clip: the argument 'out'"):
            CLIP(Tensor(1.0), 0.0, 1.0, np.zeros(()))

    @pytest.mark.parametrize(
        "of",
        [
            lambda x: np.clip(x, 0, 1), lambda x: np.clip(x, None, 1),
            lambda x: np.clip(x, 0, None),
            lambda x: np.clip(x, min=0, max=1), lambda x: x.clip(0, 1), lambda x: x.clip(max=1),
            lambda x: np.clip(x, 0, 1, dtype=np.float32), lambda x: np.clip(a=x, a_min=0, a_max=1),
        ],
    )  # fmt: skip
    def test_its_forms(self, of):
        x = np.array([-1.0, 0.5, 2.0])
        try:
            expected = of(x)
        except TypeError:  # NumPy 2.0 knows neither min= nor max=
            assert np.lib.NumpyVersion(np.__version__) < "2.1.0"
            return
        result = of(Tensor(x))
        assert result.dtype == expected.dtype
        assert np.array_equal(result.data, expected)


class TestLogarithmsOfSums:
    @pytest.mark.parametrize("ufunc", [np.logaddexp, np.logaddexp2])
    def test_infinities(self, ufunc):
        x = np.array([-INF, -INF, INF, 0.0])
        y = np.array([-INF, 1.0, INF, -INF])
        by_x, by_y = tg.vjp(ufunc, x, y)[1](np.ones(4))
        assert np.array_equal(by_x, [0.5, 0, 0.5, 1])
        assert np.array_equal(by_y, [0.5, 1, 0.5, 0])

    def test_the_second_derivative_of_equal_numbers(self):
        hessian = tg.hessian(lambda x: np.logaddexp(x[0], x[1]))(np.array([2.0, 2.0]))
        assert np.array_equal(hessian, [[0.25, -0.25], [-0.25, 0.25]])

    def test_single_precision_beside_python_numbers(self):
        x = np.array([1.0, -INF], np.float32)
        for of in (lambda x: np.logaddexp(x, 0.5), lambda x: np.logaddexp2(2, x)):
            (g,) = tg.vjp(of, x)[1](np.ones(2, np.float32))
            assert g.dtype == np.float32
            assert g[1] == 0


@pytest.mark.parametrize(
    "of",
    [
        np.fabs, lambda x: np.fmax(x, 0.1), lambda x: np.fmin(x, x[::-1]), lambda x: CLIP(x, 0, 1),
        lambda x: np.copysign(x, -1), lambda x: np.ldexp(x, 1), lambda x: np.nextafter(x, 1),
        lambda x: np.heaviside(0, x),
    ],
)  # fmt: skip
@pytest.mark.parametrize("shape", [(0,), (2, 0), (4, 3)])
def test_layouts_and_nothing(of, shape):
    x = np.random.default_rng(0).normal(size=shape)
    (g,) = tg.vjp(of, x)[1](np.ones(shape))
    for laid_out in (np.asfortranarray(x), x[::-1].copy()[::-1], np.repeat(x, 2, 0)[::2]):
        assert np.array_equal(tg.vjp(of, laid_out)[1](np.ones(shape))[0], g)


class TestFarOut:
    """Derivatives that are 0 or small, where a formula would overflow or cancel on the way."""

    def test_the_hessian_of_tanh(self):
        assert tg.hessian(np.tanh)(400.0) == 0
        assert tg.grad(tg.grad(tg.grad(np.tanh)))(400.0) == 0
        x = np.array([-300.0, 20.0, 300.0])  # −8·exp(−2x)·sign x, exact to 2e−17
        found = tg.grad(lambda x: np.sum(tg.grad(lambda x: np.sum(np.tanh(x)))(x)))(x)
        assert np.allclose(found, -8 * np.sign(x) * np.exp(-2 * abs(x)), rtol=1e-14, atol=0)

    @pytest.mark.parametrize("x", [43.0, 44.5, 60.0, 3e38])
    @pytest.mark.parametrize("sign", [-1, 1])
    def test_tanh_in_single_precision(self, x, sign):
        x = np.float32(sign * x)
        first, second = tg.grad(np.tanh), tg.grad(tg.grad(np.tanh))
        tiny = np.finfo(np.float32).tiny
        small = np.exp(-2 * abs(float(x)))
        assert np.allclose(first(x), 4 * small, rtol=1e-6, atol=tiny)
        assert np.allclose(second(x), -8 * sign * small, rtol=1e-6, atol=tiny)
        forward = tg.jvp(first, [x], [np.float32(1)])[1]
        assert np.allclose(forward, -8 * sign * small, rtol=1e-6, atol=tiny)

    def test_a_tanh_network_on_unscaled_pixels(self):
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 256, (8, 49)).astype(np.float32)
        weights = rng.standard_normal((49, 3)).astype(np.float32)

        def loss(weights):
            return np.mean(np.tanh(pixels @ weights) ** 2)

        assert np.isfinite(tg.hvp(loss, [weights], [weights])).all()

    @pytest.mark.parametrize("x", [np.float32(1e20), 1e155, 1e200, np.float16(1000)])
    def test_arcsinh(self, x):
        dtype = np.asarray(x).dtype
        x = np.asarray(x)
        found = tg.grad(np.arcsinh)(x)
        assert found.dtype == dtype
        assert np.allclose(found, 1 / x, rtol=1e-15 if dtype == np.float64 else np.finfo(dtype).eps)
        if dtype != np.float64:
            bent = tg.grad(tg.grad(np.arcsinh))(x)
            assert np.allclose(bent, -1 / x / x, atol=np.finfo(dtype).tiny)

    def test_small_second_derivatives(self):
        """−x/√(1 − x²)³ and its kind, which are x and its multiples next to 0."""
        x = 1e-12
        second = {f: tg.grad(tg.grad(f))(x) for f in (np.arcsin, np.arctanh, np.arctan, tg.sigmoid)}
        assert np.allclose([*second.values()], np.array([1, 2, -2, -0.125]) * x, rtol=1e-14)

    def test_arctan_in_single_precision(self):
        x = np.float32(1e12)
        assert np.allclose(tg.grad(tg.grad(np.arctan))(x), -2e-36, rtol=1e-6, atol=0)

    def test_directions_of_very_different_operands(self):
        x, y = 1e8, 1.0
        hessian = tg.hessian(lambda v: np.hypot(v[0], v[1]))(np.array([x, y]))
        exact = np.array([[y * y, -x * y], [-x * y, x * x]]) / 1e24
        assert np.allclose(hessian, exact, rtol=1e-13, atol=0)

    def test_large_numbers_next_to_each_other(self):
        """The difference counts: 2¹⁰ times log 2 would be rounded in half precision."""
        x, y = np.float16(2048), np.float16(2046)
        assert tg.grad(np.logaddexp2)(x, y) == np.float16(0.8)
        assert np.allclose(tg.grad(tg.logsumexp)(np.full(4, 1e9)), 0.25, rtol=1e-15)

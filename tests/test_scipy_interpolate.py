"""Splines, grids and scattered values: SciPy's bits, exact reproduction, differences, refusals."""

import copy
import inspect
import pickle
import tracemalloc

import numpy as np
import pytest
import scipy.interpolate as plain
from scipy.sparse.linalg import spsolve

import tinygrad_np as tg
from tinygrad_np.scipy import interpolate

X = np.array([0.0, 0.9, 2.1, 2.8, 4.0, 5.2])
AT = np.array([-0.5, 0.3, 0.9, 1.7, 2.5, 3.3, 5.2, 6.0])

SPLINES = [
    ("CubicSpline", {}),
    ("CubicSpline", {"bc_type": "natural"}),
    ("CubicSpline", {"bc_type": ((1, np.ones(3)), "clamped")}),
    ("CubicSpline", {"bc_type": ("not-a-knot", (2, np.ones(3))), "extrapolate": False}),
    ("PchipInterpolator", {}),
    ("Akima1DInterpolator", {}),
    ("Akima1DInterpolator", {"method": "makima"}),
    ("make_interp_spline", {}),
    ("make_interp_spline", {"k": 2}),
    ("make_interp_spline", {"k": 1}),
    ("make_interp_spline", {"k": 0}),
    ("make_interp_spline", {"k": 3, "bc_type": ([(1, np.ones(3))], [(2, np.zeros(3))])}),
    ("make_interp_spline", {"k": 5, "bc_type": ([(1, np.ones(3)), (2, np.ones(3))],) * 2}),
]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def values(x):
    """Also of what has become an array, since it depends on no Tensor any more."""
    return x.data if isinstance(x, tg.Tensor) else x


def same(a, b):
    return np.array_equal(values(a), values(b), equal_nan=True)


def close(found, expected, rtol=1e-11):
    scale = np.max(np.abs(expected), initial=1e-300)
    return np.allclose(found, expected, rtol=rtol, atol=rtol * scale)


def slope(f, x, step):
    ends = [f(x + k * step) for k in (-2, -1, 1, 2)]
    return (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / 12


@pytest.mark.parametrize(("name", "options"), SPLINES)
class TestSplines:
    def three(self, name, options, rng):
        y = rng.standard_normal((3, 6))
        data = (X, y, X, tg.Tensor(y))
        made = getattr(plain, name)(*data[:2], axis=1, **options)
        ours = [getattr(interpolate, name)(X, y, axis=1, **options) for y in data[1::2]]
        return made, *ours

    def test_values_and_coefficients_are_scipys_own(self, name, options, rng):
        made, ours, of_tensor = self.three(name, options, rng)
        assert isinstance(ours, type(made))
        assert same(ours.c, made.c)
        assert same(of_tensor.c, made.c)
        for nu in range(1 + min(2, getattr(made, "k", 3))):  # SciPy 1.13 breaks down beyond k
            assert same(made(AT, nu), ours(AT, nu))
            assert same(made(AT, nu), ours(tg.Tensor(AT), nu))
            assert same(made(AT, nu), of_tensor(AT, nu))

    def test_derivatives_and_integrals(self, name, options, rng):
        made, _, of_tensor = self.three(name, options, rng)
        for nu in range(1, 1 + min(2, getattr(made, "k", 3))):
            assert same(made.derivative(nu)(AT), of_tensor.derivative(nu)(AT))
        for nu in (1, 2):
            expected, found = made.antiderivative(nu)(AT), of_tensor.antiderivative(nu)(AT)
            assert close(values(found)[:, 1:-1], expected[:, 1:-1], 1e-13)
        for ends in ((0.5, 3.0), (4.0, 1.0)):
            assert close(of_tensor.integrate(*ends).data, made.integrate(*ends), 1e-12)

    def test_by_values_it_is_linear_or_as_differences_say(self, name, options, rng):
        y, step, g = rng.standard_normal((3, 3, 6))
        at, g = AT[1:-1], g

        def value(y):
            return np.sum(g * getattr(interpolate, name)(X, y, axis=1, **options)(at))

        found = np.sum(tg.grad(value)(y) * step)
        assert np.isclose(found, slope(value, y, 1e-4 * step) * 1e4, rtol=1e-8, atol=1e-9)

    def test_by_points_and_by_limits(self, name, options, rng):
        made, ours, of_tensor = self.three(name, options, rng)
        at = AT[[1, 3, 5]]
        for spline in (ours, of_tensor):
            found = tg.grad(lambda x, spline=spline: np.sum(spline(x)))(at)
            assert close(found, np.sum(made(at, 1), 0))
            limits = tg.grad(lambda b, spline=spline: np.sum(spline.integrate(0.5, b)))(3.3)
            assert close(limits, np.sum(made(3.3)))

    def test_arrays_make_objects_that_are_copied_and_pickled(self, name, options, rng):
        ours = self.three(name, options, rng)[1]
        for other in (pickle.loads(pickle.dumps(ours)), copy.deepcopy(ours)):
            assert type(other) is type(ours)
            assert same(other(tg.Tensor(AT)), ours(AT))

    def test_of_tensors_no_attribute_is_a_constant(self, name, options, rng):
        made, _, of_tensor = self.three(name, options, rng)
        known = {"c", "x", "t", "k", "tck", "axis", "extrapolate"}
        known |= {"derivative", "antiderivative", "integrate"}
        for attribute in dir(made):
            if not attribute.startswith("_") and attribute not in known:
                with pytest.raises(AttributeError, match=r"^scipy\.interpolate\.\w+: what is made"):
                    getattr(of_tensor, attribute)
        assert isinstance(of_tensor.c, tg.Tensor)


class TestKnots:
    """A cubic spline reproduces a cubic wherever its knots are: its total derivative is 0."""

    @pytest.mark.parametrize("ends", ["not-a-knot", "given"])
    @pytest.mark.parametrize("n", [3, 4, 6])
    def test_a_cubic(self, ends, n):
        p = np.polynomial.Polynomial([0.3, -1.0, 0.7, 0.2 if n > 3 or ends == "given" else 0.0])

        def value(x):
            y = sum([c * x**i for i, c in enumerate(p.coef)])
            pairs = (1, sum([i * c * x[0] ** (i - 1) for i, c in enumerate(p.coef) if i]))
            bc_type = (
                (pairs, (2, 2 * p.coef[2] + 6 * p.coef[3] * x[-1])) if ends == "given" else ends
            )
            return np.sum(interpolate.CubicSpline(x, y, bc_type=bc_type)(1.1) ** 2)

        x = X[:n]
        assert np.isclose(value(x), p(1.1) ** 2, rtol=1e-13)
        assert np.allclose(tg.grad(value)(x), 0, atol=1e-12)
        assert np.allclose(tg.hessian(value)(x), 0, atol=1e-10)

    def test_a_line_through_any_spline(self):
        for name in ("PchipInterpolator", "Akima1DInterpolator"):
            value = lambda x: np.sum(getattr(interpolate, name)(x, 2 * x + 1)(1.1))  # noqa: B023, E731
            assert np.allclose(tg.grad(value)(X), 0, atol=1e-13)

    def test_a_periodic_spline(self, rng):
        y, g = rng.standard_normal((2, 5))

        def value(x, y=y):
            spline = interpolate.CubicSpline(x, np.concatenate([y, y[:1]]), bc_type="periodic")
            assert spline.extrapolate == "periodic"
            return np.sum(g * spline(np.array([-1.2, 0.4, 2.5, 6.1, 13.0])))

        step = np.append(1e-3 * rng.standard_normal(5), 0)
        assert np.isclose(np.sum(tg.grad(value)(X) * step), slope(value, X, step), rtol=1e-7)
        units = np.vstack([np.eye(5), np.eye(1, 5)])
        columns = plain.CubicSpline(X, units, bc_type="periodic")
        expected = g @ columns([-1.2, 0.4, 2.5, 6.1, 13.0])
        assert close(tg.grad(lambda y: value(X, y))(y), expected)

    def test_a_flat_piece_of_pchip(self):
        y = np.array([0.0, 1.0, 1.0, 1.0, 3.0, 4.0])
        found = tg.grad(lambda y: interpolate.PchipInterpolator(X, y)(X[2] + 0.35))(y)
        assert np.all(np.isfinite(found))
        assert np.isclose(np.sum(found), 1.0)  # to lift all values lifts the curve

    def test_ten_thousand_knots(self, rng):
        n = 10_000
        x, y = np.arange(float(n)), rng.standard_normal(n)
        for make in (interpolate.CubicSpline, interpolate.make_interp_spline):
            tracemalloc.start()
            found = tg.grad(lambda y, make=make: np.sum(make(x, y)(x[:-1] + 0.5)))(y)
            assert tracemalloc.get_traced_memory()[1] < 300 * y.nbytes
            tracemalloc.stop()
            assert np.isclose(found[n // 2], 1.0, rtol=1e-12)  # a cardinal spline's sum is 1


class TestPolynomials:
    def test_by_coefficients_and_knots(self, rng):
        c, x = rng.standard_normal((3, 4, 2)), X[:5]
        ours, made = interpolate.PPoly(tg.Tensor(c), x), plain.PPoly(c, x)
        assert same(ours(AT), made(AT))
        found = tg.grad(lambda c: np.sum(interpolate.PPoly(c, x)(0.4)))(c)
        assert np.allclose(found[:, 0, 0], [0.16, 0.4, 1.0], rtol=1e-15)
        by_knots = tg.grad(lambda x: np.sum(interpolate.PPoly(c, x)(0.4)))(x)
        assert close(by_knots, np.append(-np.sum(made(0.4, 1)), np.zeros(4)))
        assert type(interpolate.PPoly.construct_fast(c, x)) is interpolate.PPoly
        moved = interpolate.PPoly(tg.Tensor(np.moveaxis(c, 2, 0)), x, axis=1)
        assert same(moved(AT), plain.PPoly(np.moveaxis(c, 2, 0), x, axis=1)(AT))

    def test_a_point_that_is_no_number_leaves_the_gradient_alone(self):
        c = np.ones((2, 1))
        found = tg.grad(lambda c: np.nansum(interpolate.PPoly(c, [0, 1])([np.nan, 0.5])))(c)
        assert np.array_equal(found, [[0.5], [1.0]])

    def test_basis_splines(self, rng):
        t, c = np.array([0, 0, 0, 0, 1, 2.5, 3, 3, 3, 3.0]), rng.standard_normal((6, 2))
        matrix = plain.BSpline.design_matrix(np.array([0.3, 2.7]), t, 3).toarray()
        found = tg.vjp(lambda c: interpolate.BSpline(t, c, 3)(np.array([0.3, 2.7])), c)[1](c[:2])[0]
        assert close(found, matrix.T @ c[:2], 1e-14)
        ours, made = interpolate.BSpline(t, tg.Tensor(c), 3, False), plain.BSpline(t, c, 3, False)
        assert same(ours(AT), made(AT))
        assert close(ours.integrate(-1.0, 2.0).data, made.integrate(-1.0, 2.0), 1e-14)
        assert ours.tck[1] is ours.c
        assert same(ours(AT[1:5], 4), np.zeros((4, 2)))
        ring = interpolate.BSpline(t, tg.Tensor(c), 3, "periodic")
        assert same(ring(AT), plain.BSpline(t, c, 3, "periodic")(AT))


def test_lists_beside_a_tensor():
    x, y, t = [0, 1, 2, 4], [1, 3, 2, 5], tg.Tensor(1.5)
    for make in (interpolate.CubicSpline, interpolate.PchipInterpolator, interpolate.interp1d):
        assert make(x, y)(t).data == make(x, y)(1.5)
        assert make(x, [t / 1.5, 3, 2, 5])([1.5])[0].data == make(x, y)(1.5)
    assert interpolate.PPoly([[t], [2]], [0, 1])(0.5).data == 2.75
    assert interpolate.PPoly([[1], [2]], [0, t])(0.5).data == 2.5
    assert interpolate.interpn([x], y, [[t]]).data == 2.5
    assert interpolate.BSpline([0, 0, 1, 2, 2], [t, 2, 3], 1)(0.0).data == 1.5


class TestInOneDimension:
    @pytest.mark.parametrize(
        "kind",
        [
            "linear", "nearest", "nearest-up", "previous", "next", "zero", "slinear", "quadratic",
            "cubic",
        ],
    )  # fmt: skip
    def test_every_kind(self, kind, rng):
        x, y = X[[3, 0, 1, 2, 4, 5]], rng.standard_normal((2, 6))
        at = np.array([-1.0, 0.5, 1.0, 2.5, 2.8, 7.0])
        for fill in (np.nan, (1.0, 2.0), "extrapolate"):
            given = {"kind": kind, "fill_value": fill, "bounds_error": False}
            made = plain.interp1d(x, y, **given)
            ours = interpolate.interp1d(x, y, **given)
            of_tensor = interpolate.interp1d(x, tg.Tensor(y), **given)
            assert same(made(at), ours(at))
            assert same(made(at), of_tensor(at))
            assert same(pickle.loads(pickle.dumps(ours))(at), made(at))
            units = plain.interp1d(x, np.eye(6), **given)(at)
            if fill is np.nan:
                inside = slice(1, -1)
                total = lambda y: np.sum(interpolate.interp1d(x, y, **given)(at)[inside])  # noqa: B023, E731
                assert close(tg.grad(total)(y[0]), np.sum(units[:, inside], 1), 1e-13)
        if kind in ("linear", "quadratic", "cubic"):
            found = tg.grad(lambda x: np.sum(ours(x)))(np.array([0.5, 2.5]))
            step = np.full(2, 1e-4)
            difference = slope(lambda x: np.sum(made(x)), np.array([0.5, 2.5]), step) * 1e4
            assert np.isclose(np.sum(found), difference, rtol=1e-8)

    def test_pchip_interpolate(self, rng):
        y = rng.standard_normal(6)
        expected = plain.pchip_interpolate(X, y, AT, [0, 1])
        found = interpolate.pchip_interpolate(X, tg.Tensor(y), AT, [0, 1])
        assert all(map(same, expected, found))
        assert same(interpolate.pchip_interpolate(X, y, AT), expected[0])


class TestGrids:
    grid = (np.array([0.0, 1.1, 2.0, 3.5, 4.0, 5.5]), np.array([4.0, 3.0, 2.2, 1.0, 0.5, 0.0]))

    def exact(self, method):
        return {"solver": spsolve} if method in ("slinear", "cubic", "quintic") else {}

    @pytest.mark.parametrize(
        "method", ["linear", "nearest", "slinear", "cubic", "quintic", "pchip"]
    )
    def test_values_and_derivatives(self, method, rng):
        data, at = rng.standard_normal((6, 6, 2)), np.array([[0.3, 3.2], [4.9, 0.3], [2.5, 1.7]])
        given = {"method": method, **self.exact(method)}
        made = plain.RegularGridInterpolator(self.grid, data, **given)
        ours = interpolate.RegularGridInterpolator(self.grid, data, **given)
        assert same(made(at), ours(at))
        assert same(
            made(at), interpolate.RegularGridInterpolator(self.grid, tg.Tensor(data), **given)(at)
        )
        assert same(pickle.loads(pickle.dumps(ours))(at), made(at))
        if method != "nearest":
            assert same(made(at), ours(tg.Tensor(at)))
            step = 1e-3 * rng.standard_normal(at.shape)
            found = np.sum(tg.grad(lambda x: np.sum(ours(x)))(at) * step)
            assert np.isclose(found, slope(lambda x: np.sum(made(x)), at, step), rtol=1e-7)

        def value(data):
            made = interpolate.RegularGridInterpolator(self.grid, data, **given)
            return np.sum(made(at) ** 2)

        step = 1e-3 * rng.standard_normal(data.shape)
        found = np.sum(tg.grad(value)(data) * step)
        assert np.isclose(found, slope(value, data, step), rtol=1e-7)

    def test_a_plane_has_its_slopes_everywhere(self):
        x, y = np.meshgrid(*self.grid, indexing="ij")
        for method in ("linear", "slinear", "cubic", "quintic", "pchip"):
            ours = interpolate.RegularGridInterpolator(
                self.grid, 3 * x - 2 * y, method, False, None, **self.exact(method)
            )
            found = tg.grad(lambda p: np.sum(ours(p)))(np.array([[0.7, 2.4], [5.0, 0.2]]))  # noqa: B023
            assert close(found, [[3, -2]] * 2, 1e-12)

    def test_the_derivative_is_exact_where_scipys_value_is_not(self, rng):
        data, at = rng.standard_normal((6, 6)), np.array([[0.3, 3.2]])
        ours = interpolate.RegularGridInterpolator(self.grid, data, "cubic")
        exact = interpolate.RegularGridInterpolator(self.grid, data, "cubic", solver=spsolve)
        by_points = [tg.grad(lambda x, f=f: np.sum(f(x)))(at) for f in (ours, exact)]
        assert close(by_points[0], by_points[1], 1e-14)

    def test_interpn_of_an_array_an_axis_with_a_tensor(self, rng):
        data = rng.standard_normal((6, 6))
        x = np.array([0.3, 2.2])
        found = tg.grad(lambda x: np.sum(interpolate.interpn(self.grid, data, (x, 0.7))))(x)
        lines = [
            plain.interpn(self.grid, data, [[a, 0.7], [b, 0.7]]) for a, b in ((0, 1.1), (2, 3.5))
        ]
        assert close(
            found, [(b - a) / w for (a, b), w in zip(lines, (1.1, 1.5), strict=True)], 1e-13
        )


class TestScattered:
    places = np.array([[0, 0], [2, 0.1], [0.2, 2], [2.1, 2.3], [1.1, 0.9], [0.4, 1.1], [1.7, 1.2]])
    at = np.array([[1.0, 0.5], [0.5, 1.3], [1.8, 1.7]])

    def test_triangles_reproduce_planes(self):
        plane = lambda p: 3 * p[:, 0] - 2 * p[:, 1]  # noqa: E731
        value = lambda p, x: np.sum(interpolate.LinearNDInterpolator(p, plane(p))(x))  # noqa: E731
        by_places, by_points = tg.grad(value, (0, 1))(self.places, self.at)
        assert np.allclose(by_places, 0, atol=1e-13)
        assert close(by_points, [[3, -2]] * 3, 1e-13)

    def test_triangles_by_values(self):
        units = plain.LinearNDInterpolator(self.places, np.eye(7))(self.at)
        value = lambda v: np.sum(interpolate.griddata(self.places, v, self.at))  # noqa: E731
        assert close(tg.grad(value)(np.ones(7)), np.sum(units, 0), 1e-13)
        columns = self.at[:, 0], tg.Tensor(self.at[:, 1])
        ours = interpolate.LinearNDInterpolator(self.places, np.eye(7))
        assert same(ours(*columns), units)
        assert same(ours(columns), units)
        outside = tg.grad(lambda x: np.sum(ours(x)))(np.array([[9.0, 9.0]]))
        assert np.array_equal(outside, [[0, 0]])

    @pytest.mark.parametrize(
        "kernel", ["linear", "thin_plate_spline", "cubic", "quintic", "gaussian"]
    )
    def test_radial_functions(self, kernel, rng):
        given = {"kernel": kernel, "epsilon": 0.8, "degree": 2 if kernel == "quintic" else 1}
        make = interpolate.RBFInterpolator
        units = plain.RBFInterpolator(self.places, np.eye(7), **given)(self.at)
        found = tg.grad(lambda d: np.sum(make(self.places, d, **given)(self.at)))(np.ones(7))
        assert close(found, np.sum(units, 0), 1e-9)  # SciPy solves it in another order
        plane = lambda p: 3 * p[:, 0] - 2 * p[:, 1]  # noqa: E731
        value = lambda p, x: np.sum(make(p, plane(p), **given)(x))  # noqa: E731
        by_places, by_points = tg.grad(value, (0, 1))(self.places, self.at)
        assert np.allclose(by_places, 0, atol=1e-9)
        assert close(by_points, [[3, -2]] * 3, 1e-9)
        d = rng.standard_normal((7, 2))
        made, ours = plain.RBFInterpolator(self.places, d, **given), make(self.places, d, **given)
        assert same(ours(tg.Tensor(self.at)), made(self.at))
        assert same(pickle.loads(pickle.dumps(ours))(tg.Tensor(self.at)), made(self.at))

    def test_the_nearest(self):
        expected = plain.griddata(self.places, np.arange(7.0), self.at, "nearest")
        value = lambda v: np.sum(interpolate.griddata(self.places, v, self.at, "nearest"))  # noqa: E731
        assert np.array_equal(np.flatnonzero(tg.grad(value)(np.ones(7))), np.sort(expected))
        ours = interpolate.NearestNDInterpolator(self.places, np.arange(7.0))
        assert same(ours(tg.Tensor(self.at)), expected)

    def test_on_a_line(self, rng):
        y, at = rng.standard_normal(6), np.array([0.4, 3.0])
        for method in ("nearest", "linear", "cubic"):
            made = plain.griddata(X, y, at, method)
            assert same(interpolate.griddata(X, tg.Tensor(y), at, method), made)


class TestRefused:
    t = tg.Tensor([1.0, 2.0, 4.0, 3.0])

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (
                lambda t: interpolate.interp1d(t, t.data),
                r"interp1d: 'x' and 'fill_value'.*np\.interp",
            ),
            (lambda t: interpolate.make_interp_spline(t, t), r"use CubicSpline, which has one by"),
            (lambda t: interpolate.BSpline(t, [1, 2], 1), r"BSpline: knots take no Tensor"),
            (
                lambda t: interpolate.RegularGridInterpolator((t,), t.data),
                r"RegularGridInterpolator: 'points' and 'fill_value' have no derivative rule",
            ),
            (lambda t: interpolate.interpn((t,), t.data, [1.0]), r"'points' and 'fill_value'"),
            (
                lambda t: interpolate.RBFInterpolator(t[:, None], t, smoothing=t),
                r"RBFInterpolator: 'smoothing' and 'epsilon'",
            ),
            (lambda t: interpolate.UnivariateSpline(t, t), r"use interpolate\.make_interp_spline"),
            (lambda t: interpolate.splrep([1, 2], t), r"splrep does not take a Tensor: FITPACK"),
            (
                lambda t: interpolate.splev(t, ([0, 1], [1], 0)),
                r"use interpolate\.BSpline\(t, c, k",
            ),
            (lambda t: interpolate.BPoly(t, [0, 1]), r"BPoly does not take a Tensor.*PPoly"),
            (
                lambda t: interpolate.splev(0.5, interpolate.make_interp_spline(X[:4], t)),
                r"splev does not take a Tensor",
            ),
        ],
    )
    def test_with_what_to_do(self, call, message):
        with pytest.raises(TypeError, match=message):
            call(self.t)

    def test_options(self):
        x, t = np.arange(4.0), self.t
        with pytest.raises(ValueError, match=r"periodic spline of Tensors has no rule; use Cubic"):
            interpolate.make_interp_spline(x, t, bc_type="periodic")
        with pytest.raises(ValueError, match=r"bc_type='odd' is not known; use None"):
            interpolate.make_interp_spline(x, t, bc_type="odd")
        with pytest.raises(ValueError, match=r"'neighbors' with Tensors has no derivative rule"):
            interpolate.RBFInterpolator(x[:, None], t, neighbors=3)
        with pytest.raises(TypeError, match=r"griddata: simplex_tolerance beside a Tensor has no"):
            interpolate.griddata(TestScattered.places[:4], t, TestScattered.at, simplex_tolerance=2)
        with pytest.raises(ValueError, match=r"method='cubic' in two dimensions has no"):
            interpolate.griddata(TestScattered.places[:4], t, TestScattered.at, "cubic")


def test_points_by_their_name():
    grid = (np.arange(3.0), np.arange(3.0))
    at = np.array([[0.5, 1.5]])
    of_grid = interpolate.RegularGridInterpolator(grid, np.outer(*grid))
    assert np.array_equal(tg.grad(lambda x: of_grid(xi=x)[0])(at), [[1.5, 0.5]])
    assert np.array_equal(of_grid(xi=at), of_grid(at))
    of_line = interpolate.interp1d([0.0, 1.0], [0.0, 2.0])
    assert tg.grad(lambda x: of_line(x=x))(0.5) == 2
    assert tg.grad(lambda y: interpolate.interp1d([0.0, 1.0], [0.0, y])(x=0.5))(3.0) == 0.5


@pytest.mark.parametrize("name", ["CubicSpline", "BSpline", "RegularGridInterpolator", "interp1d"])
def test_a_class_shows_the_parameters_of_scipys(name):
    ours, theirs = getattr(interpolate, name), getattr(plain, name)
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))  # nan is not nan


def test_a_spline_of_tensors_has_no_other_form():
    spline = interpolate.make_interp_spline(np.arange(4.0), tg.Tensor([1.0, 2.0, 4.0, 9.0]))
    with pytest.raises(
        TypeError, match=r"BSpline: .* no other form \(PPoly\.from_spline\); call it"
    ):
        interpolate.PPoly.from_spline(spline)

"""``reduce``, ``accumulate``, ``reduceat`` and ``outer`` of every ufunc that has a rule."""

import numpy as np
import pytest
from mutants import mutants

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.atlas.evidence import edge, witnesses
from tinygrad_np.atlas.samples import Edge
from tinygrad_np.atlas.samples.draws import APART, apart, call
from tinygrad_np.rules.methods import row_of_method

INF, NAN = np.inf, np.nan

REORDERABLE = [
    np.add, np.multiply, np.hypot, np.logaddexp, np.logaddexp2, np.maximum, np.minimum, np.fmax,
    np.fmin,
]  # fmt: skip
EXTREMA = [np.maximum, np.minimum, np.fmax, np.fmin]
IN_ORDER = [
    np.subtract, np.divide, np.float_power, np.copysign, np.nextafter, np.remainder, np.fmod,
]  # fmt: skip
ACCUMULATING = [*REORDERABLE, *IN_ORDER, np.power, np.arctan2]
OUTER = [u for u in ACCUMULATING if u not in (np.copysign, np.nextafter)]


def named(ufuncs):
    return pytest.mark.parametrize("ufunc", [pytest.param(u, id=u.__name__) for u in ufuncs])


def drawn(ufunc, rng, *shape):
    """Operands at which folds of the ufunc are smooth, and how far that goes."""
    if ufunc in EXTREMA or ufunc is np.copysign:
        return apart(rng, *shape), APART
    if ufunc in (np.remainder, np.fmod):
        # Along the first axis 7.3, 2.9, 1.1 with remainders 1.5 and 0.4, then an end.
        steps = np.resize([7.3, 2.9, 1.1, 0.3, 0.23, 0.15], shape[0])
        wide = steps.reshape((-1,) + (1,) * (len(shape) - 1))
        return wide * rng.uniform(0.999, 1.001, shape), 1e-3
    if ufunc is np.hypot:
        return np.asarray(rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1], shape)), 0.2
    return rng.uniform(0.6, 1.6, shape), 0.2


def samples(ufunc, rng, *calls):
    """A sample for each (shape, other arguments, keywords)."""
    made = []
    for shape, rest, kwargs in calls:
        a, reach = drawn(ufunc, rng, *shape)
        made.append(call(a, *rest, reach=reach, **kwargs))
    return made


def check(ufunc, method, tried):
    row = row_of_method(ufunc, method)
    found = [finding for sample in tried for finding in witnesses(row, sample)]
    wrong = [finding for finding in found if not finding.is_right]
    assert len(found) >= 6 * len(tried)
    assert not wrong, "\n".join(map(str, wrong))


class TestAgainstDifferences:
    @named(REORDERABLE + IN_ORDER)
    def test_reduce(self, ufunc):
        rng = np.random.default_rng(1)
        tried = samples(
            ufunc, rng, ((4,), (), {}), ((3, 2), (), {}), ((3, 2), (0,), {"keepdims": True}),
            ((1, 3), (), {}), ((5,), (-1,), {}),
        )  # fmt: skip
        check(ufunc, "reduce", tried)

    @named(REORDERABLE)
    def test_reduce_over_several_axes(self, ufunc):
        rng = np.random.default_rng(2)
        tried = samples(
            ufunc, rng, ((3, 4), (1,), {}), ((2, 3, 2), (), {"axis": None}),
            ((2, 3, 2), ((0, -1),), {}), ((2, 3, 4), ((2, 1),), {"keepdims": True}),
            ((2, 3), ((),), {}), ((), (), {}), ((2, 3), (None,), {"keepdims": True}),
        )  # fmt: skip
        check(ufunc, "reduce", tried)

    @named([*REORDERABLE, np.subtract, np.divide])
    def test_reduce_of_a_part_from_a_number(self, ufunc):
        rng = np.random.default_rng(3)
        mask = np.array([[True, False], [False, False], [True, True]])
        tried = samples(
            ufunc, rng, ((4,), (), {"initial": 0.05}),
            ((3, 2), (), {"initial": 0.05, "where": mask}),
            ((2, 3), (1,), {"initial": 1.7, "where": np.array([False, True, True])}),
        )  # fmt: skip
        check(ufunc, "reduce", [sample._replace(reach=0.03) for sample in tried])

    @named([np.add, np.multiply, np.hypot, np.logaddexp])
    def test_reduce_of_a_part(self, ufunc):
        rng = np.random.default_rng(4)
        mask = rng.random((3, 4)) < 0.6
        mask[0] = mask[:, 0] = True
        tried = samples(
            ufunc, rng, ((3, 4), (), {"where": mask}), ((3, 4), (None,), {"where": mask}),
            ((3, 4), (1,), {"where": mask, "keepdims": True}),
        )  # fmt: skip
        check(ufunc, "reduce", tried)

    @named(ACCUMULATING)
    def test_accumulate(self, ufunc):
        rng = np.random.default_rng(5)
        tried = samples(ufunc, rng, ((5,), (), {}), ((3, 2), (), {}), ((1, 2), (), {}))
        if ufunc not in (np.remainder, np.fmod):
            tried += samples(ufunc, rng, ((2, 4), (1,), {}), ((2, 3, 2), (), {"axis": -2}))
        check(ufunc, "accumulate", tried)

    @named(REORDERABLE + IN_ORDER)
    def test_reduceat(self, ufunc):
        rng = np.random.default_rng(6)
        tried = samples(ufunc, rng, ((6,), ([0, 3, 1, 1, 5],), {}), ((4, 2), ([1, 0],), {}))
        if ufunc not in (np.remainder, np.fmod):
            tried += samples(ufunc, rng, ((2, 4), (np.array([1, 0, 2]), 1), {}))
        check(ufunc, "reduceat", tried)

    @named(OUTER)
    def test_outer(self, ufunc):
        rng = np.random.default_rng(7)
        a, b, c = rng.uniform(0.6, 1.0, (2, 3)), rng.uniform(1.3, 1.8, 4), np.array(1.4)
        tried = [call(a, b, reach=0.01), call(a[0], c, reach=0.01), call(0.7, b, reach=0.01),
                 call([0.7, 0.9], b.reshape(2, 2), reach=0.01)]  # fmt: skip
        check(ufunc, "outer", tried)

    @named([np.logaddexp, np.divide, np.add])
    @pytest.mark.parametrize("method", ["reduce", "accumulate", "reduceat"])
    def test_wrong_rules_are_found(self, ufunc, method):
        rng = np.random.default_rng(8)
        rest = ([0, 2],) if method == "reduceat" else ()
        tried = samples(ufunc, rng, ((3, 3), rest, {}), ((4, 3), rest, {}))
        for mutant in mutants(row_of_method(ufunc, method)):
            found = [f for sample in tried for f in witnesses(mutant.row, sample)]
            is_found = any(not finding.is_right for finding in found)
            assert is_found or ("transpose" in mutant.name and not mutant.applied), mutant.name


class TestAgainstNumPy:
    """Value, dtype and shape are NumPy's own, bit for bit."""

    @staticmethod
    def same(found, expected):
        assert isinstance(found, Tensor)
        assert found.dtype == expected.dtype
        assert np.array_equal(found.data, expected, equal_nan=True)

    @named(REORDERABLE + IN_ORDER)
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
    def test_any_layout(self, ufunc, dtype):
        rng = np.random.default_rng(9)
        wide = rng.uniform(0.7, 1.4, (50, 3)).astype(dtype)
        for a in (wide, np.asfortranarray(wide), wide[::-1], wide[::2], wide[:, 0], wide.T):
            t = Tensor(a)
            self.same(ufunc.reduce(t), ufunc.reduce(t.data))
            self.same(ufunc.accumulate(t), ufunc.accumulate(t.data))
            self.same(ufunc.reduceat(t, [0, 1]), ufunc.reduceat(t.data, [0, 1]))
            self.same(ufunc.outer(t[:3], t[0]), ufunc.outer(t.data[:3], t.data[0]))

    @named(REORDERABLE)
    def test_keywords(self, ufunc):
        a = np.random.default_rng(10).uniform(0.7, 1.4, (3, 4, 2))
        t, mask = Tensor(a), a > 0.9
        for kwargs in (
            {"axis": None}, {"axis": (0, 2)}, {"axis": ()}, {"axis": -1, "keepdims": True},
            {"dtype": np.float32}, {"initial": 2.0}, {"initial": None},
            {"where": mask, "initial": 0.5}, {"axis": None, "where": mask[0], "initial": 3.0},
        ):  # fmt: skip
            self.same(ufunc.reduce(t, **kwargs), ufunc.reduce(a, **kwargs))
        self.same(ufunc.accumulate(t, 1, np.float32), ufunc.accumulate(a, 1, np.float32))
        self.same(ufunc.reduceat(t, [0, 2], 1), ufunc.reduceat(a, [0, 2], 1))
        self.same(
            ufunc.reduceat(t, [1, 0], dtype=np.float32, axis=2),
            ufunc.reduceat(a, [1, 0], dtype=np.float32, axis=2),
        )
        self.same(ufunc.reduce(t, 1, np.float32, None, True, 0.5, mask),
                  ufunc.reduce(a, 1, np.float32, None, True, 0.5, mask))  # fmt: skip

    @pytest.mark.parametrize(
        "of",
        [
            lambda x: np.add.outer(x, 2.0), lambda x: np.add.outer(2.0, x),
            lambda x: np.add.outer(x, [1, 2]), lambda x: np.multiply.outer([[1], [2]], x),
            lambda x: np.subtract.outer(x, np.float32(1)), lambda x: np.ldexp.outer(x, [1, 2]),
            lambda x: np.divide.outer(x, x, dtype=np.float64), lambda x: np.copysign.outer(x, x),
            lambda x: np.divmod.outer(x, [2.0, 3.0])[1], lambda x: np.nextafter.outer(x, x),
            lambda x: np.add.reduce(array=x, axis=0), lambda x: np.subtract.accumulate(array=x),
            lambda x: np.subtract.reduceat(array=x, indices=[1]),
        ],
    )  # fmt: skip
    def test_operands_of_every_kind(self, of):
        a = np.array([1.5, -2.0], np.float32)
        self.same(of(Tensor(a)), of(a))

    @named([np.add, np.multiply, np.maximum, np.logaddexp])
    def test_axes_in_every_form(self, ufunc):
        a, line = np.linspace(0.5, 2.0, 6).reshape(2, 3), np.array([0.5, 2.0, 1.0])
        for of, x in (
            (lambda x: ufunc.accumulate(x, (1,)), a), (lambda x: ufunc.accumulate(x, None), line),
            (lambda x: ufunc.reduceat(x, [0, 1], (-1,)), a), (lambda x: ufunc.reduce(x, (0,)), a),
            (lambda x: ufunc.reduceat(x, [1, 0], None), line),
        ):  # fmt: skip
            self.same(of(Tensor(x)), of(x))
            v = np.cos(np.arange(x.size)).reshape(x.shape)
            u, t = tg.jvp(of, (x,), (v,))
            (g,) = tg.vjp(of, x)[1](np.ones_like(u))
            assert np.isclose(np.sum(g * v), np.sum(t), rtol=1e-13)

    @named([np.add, np.multiply])
    def test_a_start_from_nothing_rounds_as_numpy_does(self, ufunc):
        a = np.random.default_rng(0).normal(size=(40, 9))
        assert not np.array_equal(np.add.reduce(a, 1), np.add.reduce(a, 1, initial=None))
        for axis in (0, 1, None):
            of = lambda x: ufunc.reduce(x, axis, initial=None)  # noqa: B023, E731
            self.same(of(Tensor(a)), of(a))
            (g,) = tg.vjp(of, a)[1](np.ones_like(of(a)))
            (expected,) = tg.vjp(lambda x: ufunc.reduce(x, axis), a)[1](np.ones_like(of(a)))  # noqa: B023
            assert np.allclose(g, expected, rtol=1e-12, atol=0)
        assert np.signbit(np.add.reduce(Tensor([-0.0]), initial=None).item())

    def test_complex_numbers(self):
        a = np.array([1 + 2j, 0.5 - 1j, 2j])
        for ufunc in (np.add, np.subtract, np.multiply, np.divide):
            self.same(ufunc.reduce(Tensor(a)), ufunc.reduce(a))
            (g,) = tg.vjp(ufunc.reduce, a)[1](np.array(1 + 0j))
            h = 1e-6
            for i, e in enumerate(np.eye(3)):
                difference = (ufunc.reduce(a + h * e) - ufunc.reduce(a - h * e)) / (2 * h)
                assert abs(g[i] - difference) < 1e-8

    @pytest.mark.parametrize(
        "of",
        [
            lambda x: np.less.outer(x, x), lambda x: np.logical_or.reduce(x),
            lambda x: np.logical_and.accumulate(x > 0.5), lambda x: np.logical_xor.reduce(x, 0),
            lambda x: np.floor_divide.accumulate(x), lambda x: np.floor_divide.outer(x, 2),
            lambda x: np.equal.outer(1.0, x), lambda x: np.logical_or.reduceat(x, [0, 1]),
        ],
    )  # fmt: skip
    def test_constant_ones_give_arrays(self, of):
        a = np.array([5.0, 0.0, 2.0])
        with np.errstate(divide="ignore", invalid="ignore"):
            found, expected = of(Tensor(a)), of(a)
        assert type(found) is type(expected)
        assert np.array_equal(found, expected, equal_nan=expected.dtype.kind == "f")


class TestHardPoints:
    def test_products_with_zeros_are_exact_to_second_order(self):
        for zeros in ([2.0, 0.0, 3.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]):
            a = np.array(zeros)
            others = [a[1] * a[2], a[0] * a[2], a[0] * a[1]]
            assert np.array_equal(tg.grad(np.multiply.reduce)(a), others)
            second = tg.jacobian(tg.grad(np.multiply.reduce))(a)
            expected = [[0, a[2], a[1]], [a[2], 0, a[0]], [a[1], a[0], 0]]
            assert np.array_equal(second, expected)
            last = tg.grad(lambda x: np.multiply.accumulate(x)[-1])(a)
            assert np.array_equal(last, others)

    @pytest.mark.parametrize(
        ("ufunc", "a", "expected"),
        [
            (np.maximum, [2.0, 2.0, 1.0, 2.0], [1 / 3, 1 / 3, 0, 1 / 3]),
            (np.fmax, [2.0, 2.0, 1.0, 2.0], [1 / 3, 1 / 3, 0, 1 / 3]),
            (np.fmax, [NAN, 2.0, NAN, 2.0], [0, 0.5, 0, 0.5]),
            (np.fmax, [NAN, NAN, -INF], [0, 0, 1]),
            (np.fmin, [NAN, NAN, NAN], [1 / 3, 1 / 3, 1 / 3]),
            (np.fmin, [1.0, NAN, 1.0], [0.5, 0, 0.5]),
            (np.minimum, [3.0, NAN, 1.0], [0, 1, 0]),
            (np.logaddexp, [-INF, -INF], [1 / 2, 1 / 2]),
            (np.logaddexp, [-INF, -INF, -INF], [1 / 3, 1 / 3, 1 / 3]),
            (np.logaddexp, [INF, 0.0, INF, -INF], [1 / 2, 0, 1 / 2, 0]),
            (np.logaddexp2, [-INF, -INF, -INF], [1 / 3, 1 / 3, 1 / 3]),
            (np.logaddexp2, [1.0, INF, -INF, INF, INF], [0, 1 / 3, 0, 1 / 3, 1 / 3]),
        ],
    )
    def test_ties_share_equally(self, ufunc, a, expected):
        assert np.allclose(tg.grad(ufunc.reduce)(np.array(a)), expected, rtol=1e-15, atol=0)
        last = tg.grad(lambda x: ufunc.accumulate(x)[-1])(np.array(a))
        assert np.allclose(last, expected, rtol=1e-15, atol=0)
        assert np.allclose(tg.grad(lambda x: ufunc.reduceat(x, [0])[0])(np.array(a)), last)

    def test_infinities_in_a_sum_of_exponentials(self):
        """As `logsumexp`, of which it is another form; what it starts from has no share."""
        minus, a = np.full((2, 3), -INF), np.array([[INF, 1.0, INF], [-INF, -INF, 0.0]])
        for x in (minus, a, a.T):
            for axis in (0, 1, (0, 1)):
                by_fold, by_sum = [
                    tg.grad(lambda x, of=of, axis=axis: np.sum(of(x, axis=axis)))(x)
                    for of in (np.logaddexp.reduce, tg.logsumexp)
                ]
                assert np.allclose(by_fold, by_sum, rtol=1e-15, atol=0)
        of = lambda x: np.logaddexp.reduce(x, where=[False, True, True])  # noqa: E731
        assert np.array_equal(tg.grad(of)(minus[0]), [0, 0.5, 0.5])
        assert np.array_equal(tg.jvp(of, [minus[0]], [np.array([5.0, 1.0, 3.0])])[1], 2)
        of = lambda x: np.logaddexp.reduce(x, initial=INF)  # noqa: E731
        assert np.allclose(tg.grad(of)(np.array([INF, 0.0, INF])), [1 / 3, 0, 1 / 3])
        assert np.array_equal(tg.hessian(np.logaddexp.reduce)(minus[0]), np.zeros((3, 3)))

    def test_an_order_of_elements_that_lies_in_memory(self):
        """SciPy 1.17 folds several axes as they lie in memory, where order matters, too.

        With 1.13 and 1.18, NumPy refuses that itself.
        """
        special = pytest.importorskip("scipy.special")
        a = np.array([[0.7, 1.1], [1.5, 0.9]])
        for axis in (None, (0, 1)):
            with pytest.raises(ValueError, match=r"inv_boxcox.*(lies in memory|not reorderable)"):
                special.inv_boxcox.reduce(Tensor(a), axis=axis)
        assert special.inv_boxcox.reduce(Tensor(a), axis=1).shape == (2,)

    def test_nothing_depends_on_what_a_reduction_starts_from(self):
        """Also where the slope by it is infinite."""
        special = pytest.importorskip("scipy.special")
        x, t = np.array(0.8), np.array(1.0)
        for ufunc in (special.xlogy, special.inv_boxcox):
            tangent = tg.jvp(ufunc.reduce, [x], [t])[1]
            assert np.isfinite(tangent)
            assert tangent == tg.grad(ufunc.reduce)(x)

    def test_ties_for_a_running_maximum(self):
        a = np.array([1.0, 1.0, 0.0, 1.0, 5.0, 5.0])
        expected = [
            [1, 0, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0, 0],
            [1 / 3, 1 / 3, 0, 1 / 3, 0, 0], [0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0.5, 0.5],
        ]  # fmt: skip
        assert np.allclose(tg.jacobian(np.maximum.accumulate)(a), expected, rtol=1e-15, atol=0)

    def test_ties_with_what_a_mask_leaves_out(self):
        of = lambda x: np.fmax.reduce(x, where=[True, False, True, True], initial=2.0)  # noqa: E731
        assert np.allclose(tg.grad(of)(np.array([2.0, 9.0, 2.0, 1.0])), [1 / 3, 0, 1 / 3, 0])

    def test_where_a_reduction_starts_from_its_identity(self):
        assert np.hypot.reduce(Tensor([-3.0])).item() == 3
        assert np.array_equal(tg.grad(np.hypot.reduce)(np.array([-3.0])), [-1])
        assert np.array_equal(
            tg.grad(lambda x: np.hypot.reduce(x, initial=None))(np.array([-3.0])), [1]
        )
        assert np.array_equal(tg.grad(np.hypot.reduce)(np.zeros(2)), [0, 0])
        assert np.array_equal(tg.grad(lambda x: np.hypot.reduceat(x, [0])[0])(-np.ones(1)), [1])

    def test_where_nothing_is_left(self):
        a = np.array([[1.0, 2.0], [3.0, -INF], [-INF, -INF]])
        mask = np.array([[False, True], [False, True], [True, True]])
        (g,) = tg.vjp(lambda x: np.logaddexp.reduce(x, 1, where=mask), a)[1](np.ones(3))
        assert np.array_equal(g[0], [0, 1])
        assert np.all(np.isfinite(g))
        assert np.array_equal(tg.grad(np.logaddexp.reduce)(np.array([-INF, 0.0, -INF])), [0, 1, 0])

    def test_a_step(self):
        a = np.array([0.0, 2.0, 3.0, 5.0])
        assert np.array_equal(np.heaviside.accumulate(a), [0, 2, 1, 1])
        jacobian = tg.jacobian(np.heaviside.accumulate)(a)
        expected = np.zeros((4, 4))
        expected[0, 0] = expected[1, 1] = 1
        assert np.array_equal(jacobian, expected)

    @pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
    def test_nothing(self, shape):
        for of in (
            np.logaddexp.reduce, np.add.reduce, np.multiply.reduce, np.hypot.reduce,
            np.divide.accumulate, np.multiply.accumulate, np.fmin.accumulate,
            lambda x: np.subtract.reduceat(x, np.zeros(0, int)), lambda x: np.add.outer(x, x),
            lambda x: np.logaddexp.reduce(x, where=np.ones(shape, bool)),
        ):  # fmt: skip
            x = Tensor(np.zeros(shape))
            found, expected = of(x), of(x.data)
            assert np.array_equal(found.data, expected)
            np.sum(found).backward()
            assert np.array_equal(x.grad, np.zeros(shape))

    def test_segments_that_overlap_add_up(self):
        (g,) = tg.vjp(lambda x: np.add.reduceat(x, [0, 2, 1, 1]), np.ones(4))[1](
            np.array([1.0, 10.0, 100.0, 1000.0])
        )
        # 0:2, then 2 alone, then 1 alone, then 1 to the end
        assert np.array_equal(g, [1, 1101, 1010, 1000])

    def test_float_keeps_its_precision(self):
        x = Tensor(np.array([[0.5, 2.0], [1.5, 3.0]], np.float32))
        for of in (np.logaddexp.reduce, np.divide.accumulate, np.multiply.outer):
            result = of(x, x) if of == np.multiply.outer else of(x)
            assert result.dtype == np.float32
            x.grad = None
            np.sum(result).backward()
            assert x.grad.dtype == np.float32

    def test_another_dtype_comes_back_in_the_operands(self):
        x = Tensor(np.array([0.5, 2.0], np.float32))
        result = np.divide.reduce(x, dtype=np.float64)
        assert result.dtype == np.float64
        result.backward()
        assert x.grad.dtype == np.float32
        assert np.allclose(x.grad, [0.5, -0.125])

    def test_a_long_fold(self):
        a = np.random.default_rng(11).normal(size=100_000)
        g = tg.grad(np.logaddexp.reduce)(a)
        exact = np.exp(a - a.max())
        assert np.allclose(g, exact / exact.sum(), rtol=1e-9, atol=0)

    def test_edges_by_the_written_policy(self):
        at = Edge((np.array([2.0, 1.0, 2.0]),), {"keepdims": True}, ([0.5, 0, 0.5],))
        for ufunc in (np.maximum, np.fmax):
            assert all(f.is_right for f in edge(row_of_method(ufunc, "reduce"), at))


class TestMessages:
    t = Tensor([1.0, 2.0])

    @pytest.mark.parametrize(
        ("of", "message"),
        [
            (lambda t: np.add.at(t, [0], 1.0), r"np\.add\.at writes .* tinygrad_np\.scatter_add"),
            (lambda t: np.add.reduce(t, out=np.ones(())), r"np\.add\.reduce: the argument 'out'"),
            (lambda t: np.divide.accumulate(t, out=np.ones(2)),
             r"np\.divide\.accumulate: the argument 'out'"),
            (lambda t: np.divide.reduceat(t, [0], out=np.ones(1)),
             r"np\.divide\.reduceat: the argument 'out'"),
            (lambda t: np.multiply.outer(t, t, out=np.ones((2, 2))),
             r"np\.multiply\.outer: the argument 'out'"),
            (lambda t: np.less.outer(t, t, out=np.ones((2, 2))),
             r"np\.less\.outer: the argument 'out'"),
            (lambda t: np.add.reduce(np.ones(2), out=t), r"np\.add\.reduce: the argument 'out'"),
            (lambda t: np.multiply.outer(t, t, casting="no"),
             r"np\.multiply\.outer: the argument 'casting'"),
            (lambda t: np.divide.reduce(t, initial=t[0]),
             r"np\.divide\.reduce: 'initial' has no derivative"),
            (lambda t: np.divide.reduceat(t, t),
             r"np\.divide\.reduceat: 'indices' has no derivative"),
            (lambda t: np.divide.reduce(t, axis=t),
             r"np\.divide\.reduce: 'axis' has no derivative"),
            (lambda t: np.add.reduce(t, dtype=int), r"np\.add\.reduce: int64 has no derivative"),
            (lambda t: np.maximum.reduce(t, dtype=int), r"np\.maximum\.reduce: int64"),
            (lambda t: np.multiply.accumulate(t, 0, int), r"np\.multiply\.accumulate: int64"),
            (lambda t: np.subtract.accumulate(t, 0, int), r"np\.subtract\.acc.*dtype int64"),
            (lambda t: np.power.reduce(t), r"np\.power\.reduce.*AVX-512.*np\.power\.accumulate"),
            (lambda t: np.arctan2.reduceat(t, [0]), r"np\.arctan2\.reduceat.*arctan2\.accumulate"),
            (lambda t: np.gcd.reduce(t), r"np\.gcd\.reduce: np\.gcd does not take a Tensor"),
            (lambda t: np.ldexp.reduce(t),
             r"np\.ldexp\.reduce has no derivative rule, since np\.ldexp has none.*'exponent'"),
            (lambda t: np.frompyfunc(max, 2, 1).outer(t, t), r"max.*\.outer: .*pointwise"),
            (lambda t: np.divide.reduce(np.stack([t, t]), dtype=object), r"gave dtype object"),
            (lambda t: np.add.outer(t, np.ma.ones(2)), r"np\.add\.outer: takes no masked array"),
        ],
    )  # fmt: skip
    def test_what_does_not_go_says_so(self, of, message):
        with pytest.raises(TypeError, match=message):
            of(self.t)

    @pytest.mark.parametrize(
        ("of", "error"),
        [
            (lambda t: np.subtract.reduce(np.stack([t, t]), axis=None), ValueError),
            (lambda t: np.fmax.reduce(t[:0]), ValueError),
            (lambda t: np.add.accumulate(t[0]), TypeError),
            (lambda t: np.add.accumulate(np.stack([t, t]), None), ValueError),
            (lambda t: np.logaddexp.accumulate(np.stack([t, t]), (0, 1)), ValueError),
            (lambda t: np.add.reduce(t, initial=None, where=[True, False]), ValueError),
            (lambda t: np.divide.reduceat(t, [5]), IndexError),
            (lambda t: np.divide.reduce(t, axis=3), np.exceptions.AxisError),
            (lambda t: np.add.reduce(t[:0], initial=None), ValueError),
            (lambda t: np.multiply.reduce(t[:0], initial=None), ValueError),
            (lambda t: np.add.reduce(t[0], axis=1), np.exceptions.AxisError),
        ],
    )
    def test_what_numpy_refuses_is_refused_in_its_words(self, of, error):
        with pytest.raises(error) as ours:
            of(self.t)
        with pytest.raises(error) as numpys:
            of(self.t.data)
        assert str(numpys.value) in str(ours.value)  # with the function's name before it

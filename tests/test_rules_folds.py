"""``outer`` of every ufunc with a rule, the other methods of those whose methods have one.

What is refused names a remedy, which is tried.
"""

import functools
import itertools

import numpy as np
import pytest
from mutants import mutants

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.atlas.evidence import edge, witnesses
from tinygrad_np.atlas.samples import Edge
from tinygrad_np.atlas.samples.draws import APART, apart, call
from tinygrad_np.rules.folds import row_of_method

INF, NAN = np.inf, np.nan

FOLDED = [
    np.add, np.multiply, np.logaddexp, np.logaddexp2, np.maximum, np.minimum, np.fmax, np.fmin,
]  # fmt: skip
EXTREMA = [np.maximum, np.minimum, np.fmax, np.fmin]
REFUSED = [
    np.subtract, np.divide, np.float_power, np.copysign, np.nextafter, np.remainder, np.fmod,
    np.hypot, np.power, np.arctan2, np.ldexp, np.heaviside,
]  # fmt: skip
OUTER = [
    *FOLDED, np.subtract, np.divide, np.float_power, np.remainder, np.fmod, np.hypot, np.power,
    np.arctan2,
]  # fmt: skip


def named(ufuncs):
    return pytest.mark.parametrize("ufunc", [pytest.param(u, id=u.__name__) for u in ufuncs])


def drawn(ufunc, rng, *shape):
    """Operands at which folds of the ufunc are smooth, and how far that goes."""
    if ufunc in EXTREMA:
        return apart(rng, *shape), APART
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
    @named(FOLDED)
    def test_reduce(self, ufunc):
        rng = np.random.default_rng(1)
        tried = samples(
            ufunc, rng, ((4,), (), {}), ((3, 2), (), {}), ((3, 2), (0,), {"keepdims": True}),
            ((1, 3), (), {}), ((5,), (-1,), {}),
        )  # fmt: skip
        check(ufunc, "reduce", tried)

    @named(FOLDED)
    def test_reduce_over_several_axes(self, ufunc):
        rng = np.random.default_rng(2)
        tried = samples(
            ufunc, rng, ((3, 4), (1,), {}), ((2, 3, 2), (), {"axis": None}),
            ((2, 3, 2), ((0, -1),), {}), ((2, 3, 4), ((2, 1),), {"keepdims": True}),
            ((2, 3), ((),), {}), ((), (), {}), ((2, 3), (None,), {"keepdims": True}),
        )  # fmt: skip
        check(ufunc, "reduce", tried)

    @named(FOLDED)
    def test_reduce_of_a_part_from_a_number(self, ufunc):
        rng = np.random.default_rng(3)
        mask = np.array([[True, False], [False, False], [True, True]])
        tried = samples(
            ufunc, rng, ((4,), (), {"initial": 0.05}),
            ((3, 2), (), {"initial": 0.05, "where": mask}),
            ((2, 3), (1,), {"initial": 1.7, "where": np.array([False, True, True])}),
        )  # fmt: skip
        check(ufunc, "reduce", [sample._replace(reach=0.03) for sample in tried])

    @named([np.add, np.multiply, np.logaddexp])
    def test_reduce_of_a_part(self, ufunc):
        rng = np.random.default_rng(4)
        mask = rng.random((3, 4)) < 0.6
        mask[0] = mask[:, 0] = True
        tried = samples(
            ufunc, rng, ((3, 4), (), {"where": mask}), ((3, 4), (None,), {"where": mask}),
            ((3, 4), (1,), {"where": mask, "keepdims": True}),
        )  # fmt: skip
        check(ufunc, "reduce", tried)

    @named(FOLDED)
    def test_accumulate(self, ufunc):
        rng = np.random.default_rng(5)
        tried = samples(ufunc, rng, ((5,), (), {}), ((3, 2), (), {}), ((1, 2), (), {}))
        tried += samples(ufunc, rng, ((2, 4), (1,), {}), ((2, 3, 2), (), {"axis": -2}))
        check(ufunc, "accumulate", tried)

    def test_reduceat(self):
        rng = np.random.default_rng(6)
        tried = samples(
            np.add, rng, ((6,), ([0, 3, 1, 1, 5],), {}), ((4, 2), ([1, 0],), {}),
            ((2, 4), (np.array([1, 0, 2]), 1), {}),
        )  # fmt: skip
        check(np.add, "reduceat", tried)

    @named(OUTER)
    def test_outer(self, ufunc):
        rng = np.random.default_rng(7)
        a, b, c = rng.uniform(0.6, 1.0, (2, 3)), rng.uniform(1.3, 1.8, 4), np.array(1.4)
        tried = [call(a, b, reach=0.01), call(a[0], c, reach=0.01), call(0.7, b, reach=0.01),
                 call([0.7, 0.9], b.reshape(2, 2), reach=0.01)]  # fmt: skip
        check(ufunc, "outer", tried)

    @pytest.mark.parametrize(
        ("ufunc", "method"),
        [
            (np.add, "reduce"), (np.add, "accumulate"), (np.add, "reduceat"),
            (np.maximum, "reduce"), (np.maximum, "accumulate"),
            (np.logaddexp, "reduce"), (np.logaddexp, "accumulate"),
        ],
    )  # fmt: skip
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

    @named(FOLDED)
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
    def test_any_layout(self, ufunc, dtype):
        rng = np.random.default_rng(9)
        wide = rng.uniform(0.7, 1.4, (50, 3)).astype(dtype)
        for a in (wide, np.asfortranarray(wide), wide[::-1], wide[::2], wide[:, 0], wide.T):
            t = Tensor(a)
            self.same(ufunc.reduce(t), ufunc.reduce(t.data))
            self.same(ufunc.accumulate(t), ufunc.accumulate(t.data))
            self.same(np.add.reduceat(t, [0, 1]), np.add.reduceat(t.data, [0, 1]))
            self.same(ufunc.outer(t[:3], t[0]), ufunc.outer(t.data[:3], t.data[0]))

    @named(FOLDED)
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
        self.same(ufunc.reduce(t, 1, np.float32, None, True, 0.5, mask),
                  ufunc.reduce(a, 1, np.float32, None, True, 0.5, mask))  # fmt: skip

    def test_keywords_of_reduceat(self):
        a = np.random.default_rng(10).uniform(0.7, 1.4, (3, 4, 2))
        t = Tensor(a)
        self.same(np.add.reduceat(t, [0, 2], 1), np.add.reduceat(a, [0, 2], 1))
        self.same(
            np.add.reduceat(t, [1, 0], dtype=np.float32, axis=2),
            np.add.reduceat(a, [1, 0], dtype=np.float32, axis=2),
        )

    @pytest.mark.parametrize(
        "of",
        [
            lambda x: np.add.outer(x, 2.0), lambda x: np.add.outer(2.0, x),
            lambda x: np.add.outer(x, [1, 2]), lambda x: np.multiply.outer([[1], [2]], x),
            lambda x: np.subtract.outer(x, np.float32(1)), lambda x: np.ldexp.outer(x, [1, 2]),
            lambda x: np.divide.outer(x, x, dtype=np.float64), lambda x: np.copysign.outer(x, x),
            lambda x: np.divmod.outer(x, [2.0, 3.0])[1], lambda x: np.nextafter.outer(x, x),
            lambda x: np.add.reduce(array=x, axis=0), lambda x: np.fmin.accumulate(array=x),
            lambda x: np.add.reduceat(array=x, indices=[1]),
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
            (lambda x: np.add.reduceat(x, [0, 1], (-1,)), a), (lambda x: ufunc.reduce(x, (0,)), a),
            (lambda x: np.add.reduceat(x, [1, 0], None), line),
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
        for ufunc in (np.add, np.multiply):
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
        assert np.array_equal(tg.hessian(np.logaddexp.reduce)(minus[0]), np.zeros((3, 3)))

    def test_ties_for_a_running_maximum(self):
        a = np.array([1.0, 1.0, 0.0, 1.0, 5.0, 5.0])
        expected = [
            [1, 0, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0, 0],
            [1 / 3, 1 / 3, 0, 1 / 3, 0, 0], [0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0.5, 0.5],
        ]  # fmt: skip
        assert np.allclose(tg.jacobian(np.maximum.accumulate)(a), expected, rtol=1e-15, atol=0)

    @named([np.fmax, np.maximum])
    def test_what_an_extremum_starts_from_and_what_a_mask_leaves_out_have_no_share(self, ufunc):
        """As of `numpy.max`."""
        of = lambda x: ufunc.reduce(x, where=[True, False, True, True], initial=2.0)  # noqa: E731
        assert np.allclose(tg.grad(of)(np.array([2.0, 9.0, 2.0, 1.0])), [1 / 2, 0, 1 / 2, 0])

    @named([np.logaddexp, np.logaddexp2])
    def test_of_logarithms_that_are_infinite_they_have_one(self, ufunc):
        """They are terms of the sum as the others are, whose shares add up to 1 with theirs."""
        of = lambda x: ufunc.reduce(x, where=[False, True, True])  # noqa: E731
        assert np.allclose(tg.grad(of)(np.full(3, -INF)), [0, 1 / 3, 1 / 3])
        of = lambda x: ufunc.reduce(x, initial=INF)  # noqa: E731
        assert np.allclose(tg.grad(of)(np.array([INF, 0.0, INF])), [1 / 4, 0, 1 / 4])

    def test_where_nothing_is_left(self):
        a = np.array([[1.0, 2.0], [3.0, -INF], [-INF, -INF]])
        mask = np.array([[False, True], [False, True], [True, True]])
        (g,) = tg.vjp(lambda x: np.logaddexp.reduce(x, 1, where=mask), a)[1](np.ones(3))
        assert np.array_equal(g[0], [0, 1])
        assert np.all(np.isfinite(g))
        assert np.array_equal(tg.grad(np.logaddexp.reduce)(np.array([-INF, 0.0, -INF])), [0, 1, 0])

    @pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
    def test_nothing(self, shape):
        for of in (
            np.logaddexp.reduce, np.add.reduce, np.multiply.reduce, np.logaddexp.accumulate,
            np.add.accumulate, np.multiply.accumulate, np.fmin.accumulate,
            lambda x: np.add.reduceat(x, np.zeros(0, int)), lambda x: np.add.outer(x, x),
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
        for of in (np.logaddexp.reduce, np.logaddexp.accumulate, np.multiply.outer):
            result = of(x, x) if of == np.multiply.outer else of(x)
            assert result.dtype == np.float32
            x.grad = None
            np.sum(result).backward()
            assert x.grad.dtype == np.float32

    def test_another_dtype_comes_back_in_the_operands(self):
        x = Tensor(np.array([0.5, 2.0], np.float32))
        for of, expected in (
            (np.multiply.reduce, [2, 0.5]), (np.fmax.reduce, [0, 1]),
            (np.logaddexp2.reduce, np.exp2([0.5, 2.0]) / np.exp2([0.5, 2.0]).sum()),
            (lambda x, dtype: np.logaddexp.accumulate(x, dtype=dtype)[0], [1, 0]),
        ):  # fmt: skip
            x.grad = None
            result = of(x, dtype=np.float64)
            assert result.dtype == np.float64
            result.backward()
            assert x.grad.dtype == np.float32
            assert np.allclose(x.grad, expected)

    def test_a_long_fold(self):
        a = np.random.default_rng(11).normal(size=100_000)
        g = tg.grad(np.logaddexp.reduce)(a)
        exact = np.exp(a - a.max())
        assert np.allclose(g, exact / exact.sum(), rtol=1e-9, atol=0)

    def test_edges_by_the_written_policy(self):
        at = Edge((np.array([2.0, 1.0, 2.0]),), {"keepdims": True}, ([0.5, 0, 0.5],))
        for ufunc in (np.maximum, np.fmax):
            assert all(f.is_right for f in edge(row_of_method(ufunc, "reduce"), at))


class TestRefused:
    t = Tensor([7.0, 3.0, 1.5])

    @named(REFUSED)
    def test_the_others_are_refused_with_a_remedy(self, ufunc):
        name = rf"np\.{ufunc.__name__}"
        for method, remedy in (
            ("reduce", rf"functools\.reduce\({name}, x\)"),
            ("accumulate", rf"itertools\.accumulate\(x, {name}\)"),
        ):
            if ufunc is np.hypot and method == "reduce":
                remedy = r"np\.linalg\.norm\(x, axis=0\)"
            with pytest.raises(TypeError, match=rf"{name}\.{method} has no derivative.*{remedy}"):
                getattr(ufunc, method)(self.t)
        with pytest.raises(TypeError, match=rf"{name}\.reduceat has no .*x\[start:end\]"):
            ufunc.reduceat(self.t, [0, 1])

    @named([u for u in FOLDED if u is not np.add])
    def test_reduceat_of_those_with_a_reduction(self, ufunc):
        name = rf"np\.{ufunc.__name__}"
        with pytest.raises(
            TypeError, match=rf"{name}\.reduceat has no .*{name}\.reduce\(x\[start:end\]\)"
        ):
            ufunc.reduceat(self.t, [0, 1])

    @named([np.power, np.arctan2])
    def test_what_numpy_gets_wrong_is_said(self, ufunc):
        for of in (ufunc.reduce, lambda t: ufunc.reduceat(t, [0])):
            with pytest.raises(TypeError, match=r"NumPy's own value is wrong .*AVX-512; use func"):
                of(self.t)

    @named([u for u in REFUSED if u not in (np.ldexp, np.hypot)])
    def test_the_remedies_are_right(self, ufunc):
        a = np.array([[0.7, 1.1], [1.5, 0.9], [1.2, 1.3]])
        t = Tensor(a)
        running = np.stack(list(itertools.accumulate(t, ufunc)))
        assert np.allclose(running.data, ufunc.accumulate(a), rtol=1e-15)
        last = functools.reduce(ufunc, t)
        assert np.array_equal(last.data, running.data[-1])
        if ufunc not in (np.power, np.arctan2):
            assert np.allclose(last.data, ufunc.reduce(a), rtol=1e-15)

    def test_the_remedy_of_hypot_is_right(self):
        a = np.array([[3.0, -2.0], [-4.0, 0.5]])
        for x in (a, a[:1]):
            assert np.allclose(np.linalg.norm(x, axis=0), np.hypot.reduce(x), rtol=1e-15)


class TestMessages:
    t = Tensor([1.0, 2.0])

    @pytest.mark.parametrize(
        ("of", "message"),
        [
            (lambda t: np.add.at(t, [0], 1.0), r"np\.add\.at writes .* tinygrad_np\.scatter_add"),
            (lambda t: np.add.reduce(t, out=np.ones(())), r"np\.add\.reduce: the argument 'out'"),
            (lambda t: np.fmax.accumulate(t, out=np.ones(2)),
             r"np\.fmax\.accumulate: the argument 'out'"),
            (lambda t: np.add.reduceat(t, [0], out=np.ones(1)),
             r"np\.add\.reduceat: the argument 'out'"),
            (lambda t: np.multiply.outer(t, t, out=np.ones((2, 2))),
             r"np\.multiply\.outer: the argument 'out'"),
            (lambda t: np.less.outer(t, t, out=np.ones((2, 2))),
             r"np\.less\.outer: the argument 'out'"),
            (lambda t: np.add.reduce(np.ones(2), out=t), r"np\.add\.reduce: the argument 'out'"),
            (lambda t: np.multiply.outer(t, t, casting="no"),
             r"np\.multiply\.outer: the argument 'casting'"),
            (lambda t: np.fmax.reduce(t, initial=t[0]),
             r"np\.fmax\.reduce: 'initial' has no derivative"),
            (lambda t: np.logaddexp.reduce(t, initial=t[0]),
             r"np\.logaddexp\.reduce: 'initial' has no derivative"),
            (lambda t: np.add.reduceat(t, t), r"np\.add\.reduceat: 'indices' has no derivative"),
            (lambda t: np.add.reduce(t, axis=t), r"np\.add\.reduce: 'axis' has no derivative"),
            (lambda t: np.add.reduce(t, dtype=int),
             r"np\.add\.reduce: .*int64, which has no derivative"),
            (lambda t: np.maximum.reduce(t, dtype=int), r"np\.maximum\.reduce: .*int64"),
            (lambda t: np.multiply.accumulate(t, 0, int), r"np\.multiply\.accumulate: .*int64"),
            (lambda t: np.fmin.accumulate(t, 0, int), r"np\.fmin\.accumulate: .*int64"),
            (lambda t: np.gcd.reduce(t), r"np\.gcd\.reduce: np\.gcd does not take a Tensor"),
            (lambda t: np.frompyfunc(max, 2, 1).outer(t, t), r"max.*\.outer: .*pointwise"),
            (lambda t: np.add.reduce(np.stack([t, t]), dtype=object), r"gave dtype object"),
            (lambda t: np.add.outer(t, np.ma.ones(2)), r"np\.add\.outer: takes no masked array"),
        ],
    )  # fmt: skip
    def test_what_does_not_go_says_so(self, of, message):
        with pytest.raises(TypeError, match=message):
            of(self.t)

    @pytest.mark.parametrize(
        ("of", "error"),
        [
            (lambda t: np.fmax.reduce(t[:0]), ValueError),
            (lambda t: np.add.accumulate(t[0]), TypeError),
            (lambda t: np.add.accumulate(np.stack([t, t]), None), ValueError),
            (lambda t: np.logaddexp.accumulate(np.stack([t, t]), (0, 1)), ValueError),
            (lambda t: np.add.reduce(t, initial=None, where=[True, False]), ValueError),
            (lambda t: np.add.reduceat(t, [5]), IndexError),
            (lambda t: np.fmax.reduce(t, axis=3), np.exceptions.AxisError),
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


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (np.array([2000, 2001, 2000], np.float16), [0.25, 0.5, 0.25]),
        (np.array([65504, 65472], np.float16), [1, 0]),
        (np.array([1e5, 1e5 - 1], np.float32), [2 / 3, 1 / 3]),
        (np.array([1e15, 1e15 - 1]), [2 / 3, 1 / 3]),
    ],
)
def test_shares_of_large_binary_logarithms_keep_their_digits(x, expected):
    found = tg.grad(np.logaddexp2.reduce)(x)
    assert found.dtype == x.dtype
    assert np.allclose(found, expected, rtol=4 * np.finfo(x.dtype).eps, atol=0)

"""check_gradient and its kin on what they were not made for: a right verdict, or a clear error."""

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest
from test_check_arguments import LABELS, B, P, by_p, by_x, loss
from test_check_arguments import X as INPUTS

import tinygrad_np as tg
from tinygrad_np.check import (
    assert_gradient,
    check_function,
    check_gradient,
    check_jacobian,
    compare,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=5)


def sines(x):
    return np.sum(np.sin(x))


def gradient_note(f, gradient, x):
    """The verdict of check_gradient on one array, and what it notes."""
    report = check_gradient(f, gradient, x)
    [row] = report.rows
    assert str(report).startswith(report.verdict)
    return report.verdict, row.note


class TestNotFinite:
    def test_a_claim_where_there_is_a_slope(self):
        nans = gradient_note(sines, lambda x: np.full(5, np.nan), X)
        assert nans == ("wrong", "not finite: nan at [0], and 4 more")
        one = gradient_note(sines, lambda x: np.where(x == x[2], np.inf, np.cos(x)), X)
        assert one == ("wrong", "not finite: inf at [2]")

    def test_a_claim_where_f_does_not_change(self):
        assert gradient_note(
            lambda x: x[1] ** 2, lambda x: np.array([np.nan, 2 * x[1]]), X[:2]
        ) == ("wrong", "not finite: nan at [0]")

    def test_a_claim_where_there_is_none(self):
        found = gradient_note(
            lambda x: np.sum(np.sqrt(x)), lambda x: 0.5 / np.sqrt(x), np.array([0.0, 1.0])
        )
        assert found == ("cannot tell", "not finite: inf at [0], where f has no slope that shows")

    def test_a_mistake_beside_it(self):
        report = check_gradient(
            lambda x: np.sum(np.sqrt(x)), lambda x: 1 / np.sqrt(x), np.array([0.0, 1.0])
        )
        assert report.verdict == "wrong"
        assert [row.leaf for row in report.components] == ["[1]"]

    def test_f_on_one_side(self):
        found = gradient_note(lambda x: np.sum(np.sqrt(x)), np.ones_like, np.array([0.0, 1.0]))
        assert found == ("cannot tell", "f is not finite on both sides")

    def test_overflow(self):
        x = np.array([709.0, 1.0])
        assert gradient_note(lambda x: np.sum(np.exp(x)), np.exp, x) == (
            "cannot tell",
            "the slopes overflow",
        )

    @pytest.mark.parametrize("size", [1e300, 1e-300, 1e-310])
    def test_what_hardly_fits(self, size):
        assert check_gradient(np.sum, np.ones_like, size * X).is_right
        assert check_gradient(lambda x: 0.3 * np.sum(x), lambda x: 0 * x + 0.3, size * X).is_right
        report = check_gradient(np.sum, lambda x: 1.1 + 0 * x, size * X)
        assert report.verdict == "wrong"
        assert [row.relative for row in report.components] == pytest.approx([0.1 / 1.1] * X.size)

    def test_f_and_x(self):
        with pytest.raises(ValueError, match=r"f\(x\) is nan, where there is no derivative"):
            check_gradient(lambda x: np.nan, np.cos, X)
        with pytest.raises(ValueError, match="x is not finite everywhere"):
            check_gradient(sines, np.cos, np.array([1.0, np.inf]))


class TestDtypes:
    @pytest.mark.parametrize("x", [np.arange(3), np.array([True]), 3])
    def test_integers(self, x):
        with pytest.raises(TypeError, match=r"check_gradient: x has dtype .*astype\(float\)"):
            check_gradient(sines, np.cos, x)

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble])
    def test_other_precisions(self, dtype):
        x = X.astype(dtype)
        assert check_gradient(sines, np.cos, x).is_right
        assert check_gradient(sines, lambda x: 1.05 * np.cos(x), x).verdict == "wrong"
        assert compare(sines, np.cos, x).is_right
        assert compare(sines, lambda x: np.cos(x) * dtype(1.05), x).verdict == "wrong"

    @pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
    def test_complex(self, dtype):
        z = (X + 1j * X[::-1]).astype(dtype)

        def f(z):
            return np.sum(np.abs(z) ** 2)

        for report in (check_gradient(f, lambda z: 2 * np.conj(z), z),
                       compare(f, lambda z: 2 * np.conj(z), z)):  # fmt: skip
            assert report.is_right
        for report in (check_gradient(f, lambda z: 2 * z, z), compare(f, lambda z: 2 * z, z)):
            assert report.hints == ["conjugated: it should be ∂/∂x − i ∂/∂y"]
            assert all("imaginary part" in row.leaf for row in report.components)
            assert all(row.claimed == pytest.approx(-row.found) for row in report.components)

    @pytest.mark.parametrize("x", [X.astype(object), "abc", np.array(["a"])])
    def test_no_numbers(self, x):
        with pytest.raises(TypeError, match="which is no number"):
            check_gradient(sines, np.cos, x)

    def test_a_gradient_of_integers(self):
        assert check_gradient(np.sum, lambda x: np.ones(5, int), X).is_right
        assert compare(np.sum, lambda x: np.ones(5, int), X).is_right

    @pytest.mark.parametrize("check", [check_gradient, compare])
    def test_gradients_that_are_none(self, check):
        with pytest.raises(TypeError, match=r"gradient.* is complex, .* real"):
            check(sines, lambda x: np.cos(x) + 0j, X)
        with pytest.raises(TypeError, match=r"gradient.* has dtype object, .*no number"):
            check(sines, lambda x: np.array([None] * 5), X)
        with pytest.raises(TypeError, match=r"gradient is a Tensor, .* t\.data is its value"):
            check(sines, lambda x: tg.Tensor(np.cos(x)), X)


class TestShapes:
    @pytest.mark.parametrize("check", [check_gradient, compare])
    def test_nothing(self, check):
        assert check(sines, np.cos, np.zeros((0, 3))).is_right
        with pytest.raises(ValueError, match=r"shape \(3, 0\).*shape \(0, 3\).*Is it transposed"):
            check(sines, lambda x: np.zeros((3, 0)), np.zeros((0, 3)))

    @pytest.mark.parametrize("check", [check_gradient, compare])
    @pytest.mark.parametrize("x", [1.3, np.array(1.3), np.float32(1.3)])
    def test_a_single_number(self, check, x):
        assert check(lambda x: np.sin(x), np.cos, x).is_right
        assert check(lambda x: np.sin(x), lambda x: np.sin(x), x).verdict == "wrong"

    @pytest.mark.parametrize("check", [check_gradient, compare])
    @pytest.mark.parametrize(
        ("gradient", "message"),
        [
            (lambda x: np.cos(x)[:, None], r"shape \(5, 1\),.* shape \(5,\)"),
            (lambda x: 1.0, r"shape \(\),.* shape \(5,\)"),
            (lambda x: None, r"is None, but x is an array of shape \(5,\): .*lack a return"),
            (lambda x: (sines(x), np.cos(x)), r"a tuple of 2, .*\(5,\): .*without the value"),
            (lambda x: list(np.cos(x))[:4], r"a list of 4, .*\(5,\): return an array of its shape"),
            (lambda x: {"x": np.cos(x)}, r"a dict with \['x'\], but x is an array"),
        ],
    )
    def test_gradients_of_others(self, check, gradient, message):
        with pytest.raises(ValueError, match=f"{check.__name__}: .*{message}"):
            check(sines, gradient, X)

    def test_a_result_of_one_element(self):
        assert check_gradient(lambda x: np.array([sines(x)]), np.cos, X).is_right
        assert check_gradient(lambda x: [sines(x)], np.cos, X).is_right

    def test_results_that_are_no_number(self):
        with pytest.raises(ValueError, match=r"one real number, not an array of shape \(5,\)"):
            check_gradient(np.sin, np.cos, X)
        for result, message in (
            (None, "returned None; does it lack a return"),
            ("a", "not a str"),
            (object(), "not an object"),
            (True, "not a bool"),
            (1j, "not a complex number"),
            (tg.Tensor(1.0), "f returned a Tensor"),
            ([[1.0], [1.0, 2.0]], "f returned no array"),
        ):
            with pytest.raises(TypeError, match=f"check_gradient: .*{message}"):
                check_gradient(lambda x, result=result: result, np.cos, X)


class Pair(NamedTuple):
    a: object
    b: object


@dataclasses.dataclass
class Fields:
    a: object
    b: object


class TestTrees:
    @pytest.mark.parametrize("check", [check_gradient, compare])
    @pytest.mark.parametrize("make", [Pair, Fields])
    def test_fields(self, check, make):
        def f(p):
            return np.sum(p.a * p.b)

        assert check(f, lambda p: make(p.b, p.a), make(X, X[::-1])).is_right
        report = check(f, lambda p: make(p.b, 2 * p.a), make(X, X[::-1]))
        assert [(row.leaf, row.verdict) for row in report.rows] == [
            (".a", "right"),
            (".b", "wrong"),
        ]
        assert report.hints == [".b: off by the factor 2"]

    @pytest.mark.parametrize("check", [check_gradient, compare])
    def test_other_structures(self, check):
        def f(p):
            return np.sum(p["a"] * p["b"])

        with pytest.raises(ValueError, match=r"is a dict with \['a'\], .* with \['a'\], \['b'\]"):
            check(f, lambda p: {"a": p["b"]}, {"a": X, "b": X})
        with pytest.raises(
            ValueError, match=r"is a tuple of 2, but x is a Pair with \.a, \.b: return"
        ):
            check(lambda p: np.sum(p.a * p.b), lambda p: (p.b, p.a), Pair(X, X))

    def test_one_array_twice(self):
        assert check_gradient(
            lambda p: np.sum(p[0] * p[1]), lambda p: [p[1], p[0]], [X, X]
        ).is_right

    @pytest.mark.parametrize("x", [{}, [], None])
    def test_no_arrays(self, x):
        with pytest.raises(ValueError, match="check_gradient: x has no arrays in it"):
            check_gradient(lambda p: 0.0, lambda p: p, x)


class TestFunctionsThatMisbehave:
    def test_writing_into_what_is_given(self):
        def f(x):
            x *= 2
            return np.sum(np.sin(x / 2))

        def gradient(x):
            x *= 2
            return np.cos(x / 2)

        x = X.copy()
        assert check_gradient(f, gradient, x).is_right
        assert compare(sines, gradient, x).is_right
        assert np.array_equal(x, X)

    def test_writing_into_constants(self):
        def f(w, x):
            x *= 2
            return np.sum(w * x)

        x = X.copy()
        assert compare(f, lambda w, x: 2 * x, X, x).is_right
        assert check_function(f, X, x).is_right
        assert np.array_equal(x, X)

    @pytest.mark.parametrize("size", [1.0, 1e-3, 1e-6])
    def test_chance(self, size):
        rng = np.random.default_rng(0)
        with pytest.raises(ValueError, match=r"f\(x\) was .* fix the seed of its random numbers"):
            check_gradient(lambda x: sines(x) + size * rng.normal(), np.cos, X)

    @pytest.mark.parametrize("factor", [1.0, 1.001])
    def test_a_little_noise(self, factor):
        rng = np.random.default_rng(0)
        report = check_gradient(
            lambda x: sines(x) + 1e-10 * rng.normal(), lambda x: factor * np.cos(x), X
        )
        assert report.verdict in (["wrong"] if factor != 1 else ["right", "cannot tell"])

    def test_nan_the_second_time_alone(self):
        def second(good):
            calls = []

            def f(x):
                calls.append(0)
                return good(x) * (np.nan if len(calls) == 2 else 1.0)

            return f

        with pytest.raises(ValueError, match=r"f\(x\) was .* and then nan"):
            check_gradient(second(sines), np.cos, X)
        with pytest.raises(ValueError, match=r"the gradient had .* and then nan"):
            check_gradient(sines, second(lambda x: 2 * np.cos(x)), X)
        with pytest.raises(ValueError, match=r"hand-derived gradient had .* and then nan"):
            compare(sines, second(lambda x: 2 * np.cos(x)), X)

    def test_state(self):
        calls = []

        def f(x):
            calls.append(0)
            return sines(x) + 1e-4 * (len(calls) > 3)

        assert check_gradient(f, np.cos, X).verdict == "cannot tell"

    def test_a_domain_that_ends_here(self):
        def f(x):
            assert np.all(x == X), "outside"
            return sines(x)

        assert gradient_note(f, np.cos, X) == ("cannot tell", "f is not finite on both sides")

    def test_an_exception_beside_x_is_theirs_but_says_where(self):
        def f(x):
            if not np.array_equal(x, X):
                raise RuntimeError("mine")
            return sines(x)

        with pytest.raises(RuntimeError, match="mine") as caught:
            check_gradient(f, np.cos, X)
        assert caught.value.__notes__ == [
            "check_gradient: f raised this beside x, at a step of differences"
        ]

    def test_arguments_in_another_order(self):
        with pytest.raises(TypeError, match="check_gradient: x is a function; the order is"):
            check_gradient(sines, X, np.cos)
        with pytest.raises(TypeError, match="f must be a function, not a float"):
            check_gradient(3.0, np.cos, X)
        with pytest.raises(TypeError, match="analytic must be a function, not a ndarray"):
            compare(sines, np.cos(X), X)
        with pytest.raises(TypeError, match="f must be a function, not an int"):
            check_function(3, X)

    def test_tensors(self):
        t = tg.Tensor(X)
        for check, name in (
            (lambda: check_gradient(sines, np.cos, t), "check_gradient: x"),
            (lambda: compare(sines, np.cos, t), "compare: argument 0"),
            (lambda: check_function(sines, t), "check_function: x"),
        ):
            with pytest.raises(TypeError, match=f"{name} is a Tensor, where a plain array"):
                check()

    def test_masks(self):
        with pytest.raises(TypeError, match="masked array"):
            check_gradient(sines, np.cos, np.ma.array(X, mask=[1, 0, 0, 0, 0]))

    def test_waves_too_fast_for_any_step(self):
        for seed in range(5):
            report = check_gradient(
                lambda x: np.sum(np.cos(x)), lambda x: -np.sin(x), 1e60 * X, seed=seed
            )
            assert report.verdict == "cannot tell", f"\n{report}"


class TestAssertGradient:
    def test_right(self):
        assert assert_gradient(loss, by_p, P, INPUTS, LABELS) is None
        assert assert_gradient(loss, by_x, P, INPUTS, LABELS, argnums=1, seed=3) is None

    def test_wrong(self):
        with pytest.raises(AssertionError, match=r"(?s)^wrong: the slope.*WRONG.*Hint: off by the"):
            assert_gradient(loss, lambda *args: 2 * by_x(*args), P, INPUTS, LABELS, argnums=1)

    def test_no_telling_is_no_proof(self):
        with pytest.raises(AssertionError, match=r"^cannot tell: a kink at \[0\], right elsewhere"):
            assert_gradient(lambda x: np.sum(np.abs(x)), np.sign, np.array([0.0, 1.0]))

    def test_a_failure_in_pytest_shows_the_line_of_the_test(self, pytester_like):
        text = pytester_like(
            "import numpy as np\n"
            "from tinygrad_np.check import assert_gradient\n"
            "def test_mine():\n"
            "    assert_gradient(lambda x: np.sum(x**2), lambda x: x, np.ones(3))\n"
        )
        assert "off by the factor 1/2" in text
        assert "check_gradient(f, gradient" not in text

    def test_any_report(self):
        jacobian = check_jacobian(lambda x: x * x, lambda x: np.diag(x), B)
        with pytest.raises(AssertionError, match="off by the factor 1/2"):
            jacobian.assert_right()
        check_jacobian(lambda x: x * x, lambda x: 2 * np.diag(x), B).assert_right()
        compare(np.sum, np.ones_like, B).assert_right()


@pytest.fixture
def pytester_like(tmp_path):
    """Runs pytest on a file of its own, and gives what it prints."""
    import subprocess
    import sys

    def run(code):
        path = tmp_path / "test_one.py"
        path.write_text(code, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", cwd=tmp_path, check=False
        )
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stdout

    return run

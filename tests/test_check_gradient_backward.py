"""check_vjp: hand-written backward passes, right ones and wrong ones."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.check import check_vjp
from tinygrad_np.check.gradient import CONSTANT, NOT_LINEAR

RNG = np.random.default_rng(0)
X, W, B = RNG.normal(size=(8, 3)), RNG.normal(size=(3, 4)), RNG.normal(size=4)


def layer(x, w, b):
    return np.tanh(x @ w + b)


def by_layer(g, x, w, b):
    g = g * (1 - np.tanh(x @ w + b) ** 2)
    return g @ w.T, x.T @ g, g.sum(axis=0)


def changed(which, change):
    """The right backward pass with one cotangent changed."""

    def backward(g, x, w, b):
        found = list(by_layer(g, x, w, b))
        found[which] = change(found[which], g)
        return tuple(found)

    return backward


def verdicts(report):
    return [row.verdict for row in report.rows]


class TestRight:
    @pytest.mark.parametrize("seed", range(5))
    def test_a_layer(self, seed):
        report = check_vjp(layer, by_layer, X, W, B, seed=seed)
        assert report.is_right, f"\n{report}"
        assert [(row.leaf, row.shape) for row in report.rows] == [
            *(("[0]", (8, 3)), ("[1]", (3, 4)), ("[2]", (4,)))
        ]
        assert report.hints == report.components == []

    def test_what_a_backward_pass_may_return(self):
        assert check_vjp(layer, lambda *args: list(by_layer(*args)), X, W, B).is_right
        for wrap in (lambda g: g, lambda g: (g,), lambda g: g.tolist()):
            assert check_vjp(np.sin, lambda g, x, wrap=wrap: wrap(g * np.cos(x)), B).is_right
        assert check_vjp(np.sum, lambda g, x: [g] * 4, B).is_right
        assert check_vjp(np.sin, lambda g, x: g * np.cos(x), 0.3).is_right
        assert check_vjp(lambda pair: pair[0] * pair[1], lambda g, pair: (g * pair[1], g * pair[0]),
                         (B, B + 1)).is_right  # fmt: skip

    def test_a_forward_pass_that_keeps_something(self):
        def forward(x, w):
            out = np.maximum(x @ w, 0)
            return out, (x, w, out)

        def backward(g, cache):
            x, w, out = cache
            g = g * (out > 0)
            return g @ w.T, x.T @ g

        report = check_vjp(
            lambda x, w: forward(x, w)[0], lambda g, x, w: backward(g, forward(x, w)[1]), X, W
        )
        assert report.is_right, f"\n{report}"

    def test_arguments_without_a_cotangent(self):
        def pick(table, rows, scale, name):
            return table[rows] * scale

        def backward(g, table, rows, scale, name):
            assert name == "rows"
            found = np.zeros_like(table)
            np.add.at(found, rows, g * scale)
            return found, None, np.sum(g * table[rows]), None

        rows = np.array([0, 2, 2, 1])
        report = check_vjp(pick, backward, W, rows, 0.5, "rows")
        assert report.is_right, f"\n{report}"
        assert [row.leaf for row in report.rows] == ["[0]", "[2]"]

    def test_none_is_zero_where_that_is_true(self):
        report = check_vjp(lambda x, y: x * 1.0, lambda g, x, y: (g, None), B, X)
        assert verdicts(report) == ["right", "right"]

    def test_trees_in_and_out(self):
        def f(p, y):
            return {"loss": np.sum(p["w"] * y), "count": len(y), "half": (p["w"][::2],)}

        def backward(g, p, y):
            assert g["count"] == 0
            found = g["loss"] * y
            found[::2] += g["half"][0]
            return {"w": found}, g["loss"] * p["w"]

        report = check_vjp(f, backward, {"w": B}, B + 1)
        assert report.is_right, f"\n{report}"
        assert [row.leaf for row in report.rows] == ["[0]['w']", "[1]"]

    def test_complex_numbers(self):
        z = B + 1j * B[::-1]
        assert check_vjp(np.exp, lambda g, z: g * np.exp(z), z).is_right
        assert check_vjp(np.abs, lambda g, z: g * np.conj(z) / np.abs(z), z).is_right
        assert check_vjp(lambda x: np.exp(1j * x), lambda g, x: np.real(g * 1j * np.exp(1j * x)),
                         B).is_right  # fmt: skip
        wrong = check_vjp(np.abs, lambda g, z: g * z / np.abs(z), z)
        assert wrong.hints == ["conjugated: it should be ∂/∂x − i ∂/∂y"]

    @pytest.mark.parametrize(("dtype", "error"), [(np.float32, 1.001), (np.float16, 1.2)])
    def test_other_precisions(self, dtype, error):
        x, w, b = (a.astype(dtype) for a in (X, W, B))
        report = check_vjp(layer, by_layer, x, w, b)
        assert report.verdict == "right", f"\n{report}"
        wrong = changed(1, lambda found, g: (found * error).astype(dtype))
        assert verdicts(check_vjp(layer, wrong, x, w, b)) == ["right", "wrong", "right"]

    def test_our_own(self):
        image, filters = RNG.normal(size=(2, 5, 5, 2)), RNG.normal(size=(3, 3, 2, 3))

        def f(image, filters):
            return tg.conv2d(image, filters, padding=1)

        def backward(g, image, filters):
            return tg.vjp(f, image, filters)[1](g)

        assert check_vjp(f, backward, image, filters).is_right

    def test_the_caller_keeps_what_is_theirs(self):
        def backward(g, x, w, b):
            found = by_layer(g, x, w, b)
            for array in (g, x, w, b):
                array *= 0
            return found

        copies = [a.copy() for a in (X, W, B)]
        assert check_vjp(layer, backward, *copies).is_right
        assert all(map(np.array_equal, copies, (X, W, B)))

    def test_a_kink(self):
        report = check_vjp(np.abs, lambda g, x: g * np.sign(x), np.array([0.0, 1.0, -2.0]))
        assert report.verdict == "cannot tell"
        assert report.rows[0].note == "a kink at [0], right elsewhere"


class TestWrong:
    @pytest.mark.parametrize(
        ("change", "hint"),
        [
            (lambda found, g: -found, "[1]: the sign: it is the negative of the right one"),
            (lambda found, g: 2 * found, "[1]: off by the factor 2"),
            (lambda found, g: found / 8, "[1]: off by the factor 1/8: it looks like"),
            (lambda found, g: np.roll(found, 1, axis=1), "[1]: shifted by one along axis 1"),
            (lambda found, g: found[::-1], "[1]: reversed along axis 0"),
            (lambda found, g: found * (np.arange(12).reshape(3, 4) != 6), "[1]: component [1, 2]"),
            (lambda found, g: found * (np.arange(4) < 3), "[1]: only the last along axis 1"),
            (lambda found, g: None, ""),
        ],
    )
    def test_one_argument(self, change, hint):
        report = check_vjp(layer, changed(1, change), X, W, B)
        assert verdicts(report) == ["right", "wrong", "right"], f"\n{report}"
        assert {row.leaf[:3] for row in report.components} == {"[1]"}
        assert len(report.hints) == bool(hint)
        assert all(found.startswith(hint) for found in report.hints), report.hints

    def test_a_transpose(self):
        s = RNG.normal(size=(3, 3))
        report = check_vjp(lambda x: s @ x, lambda g, x: s @ g, RNG.normal(size=(3, 2)))
        assert report.verdict == "wrong"
        report = check_vjp(lambda x: x @ s, lambda g, x: (g @ s.T).T, RNG.normal(size=(3, 3)))
        assert report.hints == ["transposed"]

    def test_exchanged(self):
        report = check_vjp(lambda a, b: a * np.sin(b), lambda g, a, b: (g * a * np.cos(b),
                           g * np.sin(b)), B, B[::-1])  # fmt: skip
        assert report.hints == [
            "[0]: exchanged: what is claimed for [1] fits",
            "[1]: exchanged: what is claimed for [0] fits",
        ]

    @pytest.mark.parametrize("argument", [(B,), (0.3,), (np.zeros(3),)])
    @pytest.mark.parametrize(
        ("backward", "note"),
        [
            (lambda g, x: np.cos(x), CONSTANT),
            (lambda g, x: np.abs(g) * np.cos(x), NOT_LINEAR),
            (lambda g, x: g * g * np.cos(x), NOT_LINEAR),
            (lambda g, x: g * np.cos(x) + 1e-9, NOT_LINEAR),
            (lambda g, x: np.maximum(g, 0) * np.cos(x), NOT_LINEAR),
        ],
    )
    def test_what_is_not_linear(self, backward, note, argument):
        for seed in range(3):
            report = check_vjp(np.sin, backward, *argument, seed=seed)
            assert report.verdict == "wrong", f"\n{report}"
            assert report.rows[0].note == note
            assert report.hints == []
            assert str(report).startswith(f"wrong: backward: {note}")

    def test_not_finite(self):
        report = check_vjp(layer, changed(2, lambda found, g: found * np.nan), X, W, B)
        assert verdicts(report) == ["right", "right", "wrong"]
        assert report.rows[2].note == "not finite: nan at [0], and 3 more"


class TestErrors:
    @pytest.mark.parametrize(
        ("backward", "message"),
        [
            (lambda g, *args: by_layer(g, *args)[:2], "returned a tuple of 2 for 3 arguments: "
             "return a tuple with the cotangent of each, and None for those that have none"),
            (lambda g, *args: by_layer(g, *args)[0], r"returned an array of shape \(8, 3\) for 3"),
            (lambda g, *args: None, "returned None for 3 arguments"),
            (changed(2, lambda found, g: g), r"the cotangent from backward at \[2\] has shape "
             r"\(8, 4\), but the argument has shape \(4,\) there, .*\. Sum it over the axes"),
            (changed(1, lambda found, g: found.T), r"\(4, 3\), .*\(3, 4\).*Is it transposed\?"),
            (lambda g, *args: by_layer(g, *args)[::-1], r"at \[0\] has shape \(4,\), but"),
        ],
    )  # fmt: skip
    def test_structures_and_shapes(self, backward, message):
        with pytest.raises(ValueError, match=f"^check_vjp: .*{message}"):
            check_vjp(layer, backward, X, W, B)

    def test_what_is_no_number(self):
        for given, message in (
            (changed(1, lambda found, g: found + 0j), r"at \[1\] is complex, but"),
            (changed(1, lambda found, g: found.astype(object)), "dtype object, no number"),
            (changed(1, lambda found, g: tg.Tensor(found)), r"at \[1\] is a Tensor"),
        ):
            with pytest.raises(TypeError, match=message):
                check_vjp(layer, given, X, W, B)

    def test_the_arguments(self):
        with pytest.raises(TypeError, match=r"no argument is floating; convert one with \.astype"):
            check_vjp(lambda x: x, lambda g, x: g, np.arange(3))
        with pytest.raises(TypeError, match="no argument is floating"):
            check_vjp(lambda: 1.0, lambda g: ())
        with pytest.raises(TypeError, match="f must be a function, not a float"):
            check_vjp(1.0, by_layer, X)
        with pytest.raises(TypeError, match="backward must be a function, not a ndarray"):
            check_vjp(layer, X, W)
        with pytest.raises(TypeError, match="the argument is a Tensor"):
            check_vjp(layer, by_layer, tg.Tensor(X), W, B)

    def test_the_function(self):
        with pytest.raises(TypeError, match="f returned no floating array"):
            check_vjp(lambda x: np.argmax(x), lambda g, x: g, B)
        with pytest.raises(ValueError, match=r"f\(x\) is nan"):
            check_vjp(np.log, lambda g, x: g / x, -np.abs(B))
        rng = np.random.default_rng(0)
        with pytest.raises(ValueError, match=r"f\(x\) was .* and then"):
            check_vjp(lambda x: x * rng.normal(), lambda g, x: g, B)

    def test_chance_in_the_backward_pass(self):
        rng = np.random.default_rng(0)
        with pytest.raises(ValueError, match=r"the cotangent from backward had .* and then"):
            check_vjp(np.sin, lambda g, x: g * rng.normal(size=4), B)

    def test_what_it_raises_itself_comes_through(self):
        def broken(g, x):
            raise ZeroDivisionError("mine")

        with pytest.raises(ZeroDivisionError, match="mine"):
            check_vjp(np.sin, broken, B)
        with pytest.raises(ZeroDivisionError, match="mine"):
            check_vjp(lambda x: broken(None, x), lambda g, x: g, B)

"""What a Tensor refuses: the message names the function, and what to use instead."""

import math
import subprocess
import sys
from collections import UserList
from math import sin

import numpy as np
import pytest
import scipy.fft
import scipy.integrate
import scipy.interpolate
import scipy.linalg
import scipy.ndimage
import scipy.optimize
import scipy.signal
import scipy.sparse
import scipy.spatial.distance
import scipy.special
import scipy.stats
from scipy.stats import norm

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np import scipy as mirror
from tinygrad_np.debug import places

S, V, M = Tensor(1.5), Tensor([1.0, 2.0]), Tensor(np.eye(2) + 1)
X, RNG = np.eye(2), np.random.default_rng(0)
SPARSE = scipy.sparse.csr_array(X)


class Model:
    matrix = X


MODEL = Model()


def put_a_number():
    out = np.zeros(2)
    out[0] = S


def put_a_part():
    out = np.zeros(2)
    out[:] = V


def told(call):
    """The messages of the error and of what it was raised from."""
    try:
        call()
    except Exception as error:
        return [str(error), str(error.__cause__)]
    raise AssertionError("it was not refused")


MIRROR = "scipy.{0} would lose the gradient; use tinygrad_np.scipy.{0}"

# Since Python 3.15 it says this itself, whatever `__float__` raises.
FORMATTED = (
    "%f requires a real number, not tinygrad_np.core.tensor.Tensor"
    if sys.version_info >= (3, 15)
    else '"…" % t would lose the gradient; use f"{t:.3f}" or t.item()'
)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        # arrays
        (lambda: np.array([S, 1.0]), "np.array would lose the gradient; use tg.array(…), or t.da"),
        (lambda: np.asarray(V), "np.asarray would lose the gradient; use tg.array(…), or t.data"),
        (lambda: np.full(3, S), "np.full would lose the gradient; use t * np.ones(shape)"),
        (lambda: np.sum([S, S]), "np.sum would lose the gradient; use tg.array([…]) for a list"),
        (lambda: np.exp([S, S]), "np.exp would lose the gradient; use tg.array([…]) for a list"),
        (
            lambda: np.concatenate([[S], [S]]),
            "np.concatenate would lose the gradient; use tg.array([…]) for a list",
        ),
        (
            lambda: np.linalg.norm([S, S]),
            "np.linalg.norm would lose the gradient; use tg.array([…]) for a list",
        ),
        (
            lambda: tg.softmax([S, S]),
            "tg.softmax would lose the gradient; use tg.array([…]) for a list",
        ),
        (
            lambda: tg.dense([[S, S]], X),
            "tg.dense would lose the gradient; use tg.array([…]) for a list",
        ),
        (
            lambda: np.where(V.data > 1, [S, S], 0),
            "np.where would lose the gradient; use tg.array([",
        ),
        (lambda: np.r_[S, 1.0], "np.r_ would lose the gradient; use np.hstack((…))"),
        (lambda: np.c_[V, V], "np.c_ would lose the gradient; use np.column_stack((…))"),
        (
            lambda: np.testing.assert_allclose(V, V),
            "assert_allclose would lose the gradient; use t.d",
        ),
        (lambda: np.polynomial.Polynomial(V), "use np.polynomial.polynomial.polyval(x, c)"),
        (
            lambda: math.remainder(S, 2),
            "math.remainder would lose the gradient; use x - y * np.round",
        ),
        (lambda: SPARSE + V, "np.add: takes no sparse matrix beside a Tensor; use a.toarray(), or"),
        (
            lambda: scipy.special.jvp(1, V),
            "scipy.special.jvp would lose the gradient; use tinygrad_np.scipy.special.jvp",
        ),
        (
            lambda: mirror.signal.CZT(4)(V),
            "scipy.signal.CZT would lose the gradient; it has no derivative rule; use czt",
        ),
        (
            lambda: mirror.interpolate.CubicSpline([0, 1, 2], [0, 1, 4]).solve(S),
            "scipy.interpolate.PPoly.solve would lose the gradient; 'solve' has no derivative rule",
        ),
        (lambda: X.dot(V), "X.dot would lose the gradient; use X @ t"),
        (lambda: MODEL.matrix.dot(V), "MODEL.matrix.dot would lose the gradient; use X @ t"),
        (lambda: X[V], "X[V] would lose the gradient; use t.data.astype(int): an index is a const"),
        (lambda: RNG.normal(S), "RNG.normal would lose the gradient; use loc + scale * rng.normal"),
        (lambda: X + [S, S], "a Tensor does not turn into an array by itself: its gradient would"),  # noqa: RUF005
        (put_a_number, "out[0] = t would lose the gradient; use out = tg.at(out)[index].set(t)"),
        (put_a_part, "out[:] = t would lose the gradient; use out = tg.at(out)[index].set(t)"),
        # numbers
        (lambda: float(S), "float(t) would lose the gradient; use t.item() for the value"),
        (lambda: int(S), "int(t) would lose the gradient; use t.item() for the value"),
        (lambda: complex(S), "complex(t) would lose the gradient; use t.item() for the value"),
        (lambda: math.sin(S), "math.sin would lose the gradient; use np.sin(t)"),
        (lambda: sin(S), "math.sin would lose the gradient; use np.sin(t)"),
        (lambda: math.pow(S, 2), "math.pow would lose the gradient; use x ** y"),
        (lambda: math.lgamma(S), "math.lgamma would lose the gradient; use scipy.special.gammaln"),
        (lambda: "%.3f" % S, FORMATTED),  # noqa: UP031
        (lambda: np.float32(S), "np.float32 would lose the gradient; use t.astype(dtype), or t.it"),
        (lambda: range(S), "a Tensor is no index and no length; use int(t.item()), a constant"),
        # SciPy
        (lambda: scipy.special.logsumexp(V), MIRROR.format("special.logsumexp")),
        (lambda: scipy.linalg.solve(M, V), MIRROR.format("linalg.solve")),
        (lambda: scipy.linalg.expm(M), MIRROR.format("linalg.expm")),
        (lambda: scipy.signal.convolve(V, V), MIRROR.format("signal.convolve")),
        (lambda: norm.logpdf(V), MIRROR.format("stats.norm.logpdf")),
        (lambda: scipy.stats.norm.cdf(V), MIRROR.format("stats.norm.cdf")),
        (lambda: norm(0, 1).logpdf(V), MIRROR.format("stats.norm.logpdf")),
        (lambda: scipy.stats.zscore(V), MIRROR.format("stats.zscore")),
        (lambda: scipy.ndimage.convolve(M, M), MIRROR.format("ndimage.convolve")),
        (
            lambda: scipy.interpolate.CubicSpline([0, 1], V),
            MIRROR.format("interpolate.CubicSpline"),
        ),
        (lambda: scipy.spatial.distance.cdist(M, M), MIRROR.format("spatial.distance.cdist")),
        (lambda: scipy.integrate.trapezoid(V), MIRROR.format("integrate.trapezoid")),
        (
            lambda: scipy.integrate.solve_ivp(lambda t, y: Tensor(y), (0, 1), [1.0]),
            MIRROR.format("integrate.solve_ivp"),
        ),
        (lambda: scipy.integrate.quad(lambda x: S * x, 0, 1), MIRROR.format("integrate.quad")),
        (
            lambda: scipy.optimize.minimize(lambda x: Tensor(x).sum(), [1.0, 2.0]),
            MIRROR.format("optimize.minimize"),
        ),
    ],
)
def test_the_function_is_named_and_what_to_use_instead(call, message):
    assert any(message in text for text in told(call))


@pytest.mark.parametrize("kind", ["array", "float"])
def test_every_text_is_short(kind):
    from tinygrad_np import answers

    names = [None, "np.array", "np.sum", "scipy.linalg.expm", "dot", "%", "="]
    for name in names:
        called = None if name is None else places.Called(name, name)
        assert len(answers.lost(kind, called).split()) <= 30


def test_what_is_lost_within_a_mirrored_function_is_not_sent_to_it_again():
    hidden = UserList([S, S])  # which is no list
    [text, _] = told(lambda: tg.scipy.linalg.norm(hidden))
    assert text == "scipy.linalg.norm would lose the gradient; use t.data for the value"


def test_in_a_function_that_scipy_calls_the_users_line_counts():
    def motion(t, state):
        x, v = Tensor(state)
        return np.array([v, -x])

    [text, _] = told(lambda: scipy.integrate.solve_ivp(motion, (0, 1), [1.0, 0.0]))
    assert text.startswith("np.array would lose the gradient; use tg.array(…)")


class TestWithoutTheText:
    """A function of a library has a frame; one in C has a line to read, or none."""

    def run(self, code):
        names = {"np": np, "math": math, "scipy": scipy, "S": S, "V": V}
        return told(lambda: exec(compile(code, "<no such file>", "exec"), names))[0]

    def test_functions_in_python_are_named(self):
        assert self.run("np.full(3, S)").startswith("np.full would lose")
        assert self.run("scipy.linalg.inv(V)").startswith("scipy.linalg.inv would lose")

    def test_of_others_the_text_names_what_there_is(self):
        assert self.run("np.array([S])") == (
            "a Tensor does not turn into an array by itself: its gradient would be lost; use "
            "tg.array([…]) to join Tensors and numbers, t.data for the value"
        )
        assert self.run("math.sin(S)") == (
            "float(t) would lose the gradient; use t.item() for the value, np.sin(t) for "
            "math.sin(t), tg.at(out)[i].set(t) for out[i] = t"
        )

    def test_without_frames(self, monkeypatch):
        monkeypatch.delattr(sys, "_getframe")
        assert told(lambda: np.full(3, S))[0].startswith("a Tensor does not turn into an array by")

    def test_at_the_prompt(self):
        code = "import math, tinygrad_np as tg\nmath.sin(tg.Tensor(1.0))\n"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("TypeError: ")
        assert "would lose the gradient" in last


class TestWhatIsLookedUp:
    def test_nothing_is_called_for_it(self):
        class Touchy:
            def __getattr__(self, name):
                raise AssertionError(name)

        touchy = Touchy()
        namespace = {"touchy": touchy, "S": S}
        frame = sys._getframe()
        tree = __import__("ast").parse("touchy.normal", mode="eval").body
        assert places._looked_up(tree, frame) is None
        assert namespace["touchy"] is touchy

    def test_writing(self):
        with pytest.raises(TypeError, match=r"instead of t \+= value write t = t \+ value \(other"):
            V.__iadd__(1.0)
        with pytest.raises(TypeError, match=r"t = tg\.at\(t\)\[1:\]\.set\(value\), instead of \+="):
            V[1:] = 0.0

"""Activations: formulas, kinks, far out, dtypes, refusals."""

import math

import numpy as np
import pytest
import scipy.special
from mutants import mutants

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.atlas.evidence import edge, witnesses
from tinygrad_np.atlas.samples import edges_of, samples_of
from tinygrad_np.core.table import TABLE
from tinygrad_np.fast import paths
from tinygrad_np.nn import activations

ALL = {
    "gelu": lambda x: x * scipy.special.ndtr(x),
    "silu": lambda x: x * scipy.special.expit(x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "leaky_relu": lambda x: np.maximum(x, 0.01 * x),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "tanh": lambda x: 1 - 2 / (np.exp(2 * x) + 1),
    "log_sigmoid": lambda x: np.log(scipy.special.expit(x)),
    "glu": lambda x: x[..., :4] * scipy.special.expit(x[..., 4:]),
}
ROWS = [row.function for row in activations.ROWS]
X = np.random.default_rng(0).standard_normal((3, 8)) * 2
OPTIONS = [
    ("gelu", {"approximate": "tanh"}),
    ("elu", {"alpha": 0.5}),
    ("leaky_relu", {"negative_slope": 0.3}),
    ("softplus", {"beta": 3.0}),
    ("glu", {"axis": 1}),
    *[(name, {}) for name in ALL],
]


@pytest.mark.parametrize("function", ROWS)
class TestRows:
    def test_all_witnesses_agree(self, function):
        row = TABLE[function]
        found = [finding for sample in samples_of(row) for finding in witnesses(row, sample)]
        assert len(found) >= 6
        assert not [finding for finding in found if not finding.is_right]
        with np.errstate(all="ignore"):
            assert all(finding.is_right for at in edges_of(row) for finding in edge(row, at))

    def test_every_wrong_version_is_found(self, function):
        row = TABLE[function]
        for mutant in mutants(row):
            found = (f for sample in samples_of(row) for f in witnesses(mutant.row, sample))
            is_found = any(not finding.is_right for finding in found)
            assert is_found or ("transpose" in mutant.name and not mutant.applied), mutant.name

    def test_a_piece_at_a_time_gives_the_same_bits(self, function, monkeypatch):
        x = np.random.default_rng(0).standard_normal((7, 11, 13)) * 5
        whole = function(x)
        monkeypatch.setattr(paths, "GATE_ELEMENTS", 100)
        assert np.array_equal(function(x), whole)
        assert np.array_equal(function(x.T), whole.T)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", ["gelu", "silu"])
def test_far_out_higher_derivatives_are_zero(name, dtype):
    f = tg.nn.silu if name == "silu" else lambda x: tg.nn.gelu(x, "tanh")
    for far in (-1000, 1000):
        assert tg.grad(tg.grad(f))(dtype(far)) == 0
        if dtype != np.float16:  # whose numbers overflow in the third
            assert tg.grad(tg.grad(tg.grad(f)))(dtype(far)) == 0


@pytest.mark.parametrize("name", ALL)
def test_the_formula(name):
    assert np.allclose(getattr(tg.nn, name)(X), ALL[name](X), rtol=1e-13, atol=1e-15)


def test_options():
    cubic = math.sqrt(2 / math.pi) * (X + 0.044715 * X**3)
    assert np.allclose(tg.nn.gelu(X, "tanh"), X / 2 * (1 + np.tanh(cubic)), rtol=1e-12, atol=1e-15)
    assert np.allclose(tg.nn.elu(X, 0.5), np.where(X > 0, X, 0.5 * np.expm1(X)), rtol=1e-14)
    assert np.array_equal(tg.nn.leaky_relu(X, 0.25), np.where(X > 0, X, X / 4))
    assert np.allclose(tg.nn.softplus(X, 3), np.log1p(np.exp(3 * X)) / 3, rtol=1e-13)
    by_rows = tg.nn.glu(np.stack([X, 2 * X]), axis=0)
    assert np.allclose(by_rows, [X * scipy.special.expit(2 * X)], rtol=1e-14)


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_derivatives(name, options):
    tg.check.check_function(lambda x: getattr(tg.nn, name)(x, **options), X).assert_right()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_a_dtype_stays(name, options, dtype):
    x = X.astype(dtype)
    y, pull = tg.vjp(lambda x: getattr(tg.nn, name)(x, **options), x)
    assert y.dtype == dtype
    assert type(getattr(tg.nn, name)(x, **options)) is np.ndarray
    assert np.array_equal(getattr(tg.nn, name)(x, **options), y)
    assert pull(np.ones_like(y))[0].dtype == dtype
    exact = getattr(tg.nn, name)(x.astype(float), **options)
    assert np.allclose(y, exact, rtol=8 * np.finfo(dtype).eps, atol=4 * np.finfo(dtype).eps)


# at −1000 and at 1000: the value and its slope
FAR = {
    "gelu": ((0, 0), (1000, 1)),
    "silu": ((0, 0), (1000, 1)),
    "elu": ((-1, 0), (1000, 1)),
    "leaky_relu": ((-10, 0.01), (1000, 1)),
    "softplus": ((0, 0), (1000, 1)),
    "tanh": ((-1, 0), (1, 0)),
    "log_sigmoid": ((-1000, 1), (0, 0)),
}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", FAR)
def test_far_out(name, dtype):
    given = {"approximate": "tanh"} if name == "gelu" else {}
    for options in ({}, given):
        y, pull = tg.vjp(
            lambda x, options=options: getattr(tg.nn, name)(x, **options),
            np.array([-1000, 1000], dtype),
        )
        slopes = pull(np.ones_like(y))[0]
        for found, expected in zip(
            (y[0], slopes[0], y[1], slopes[1]), np.ravel(FAR[name]), strict=True
        ):
            assert np.isclose(found, expected, rtol=np.finfo(dtype).eps, atol=0)


@pytest.mark.parametrize(
    ("name", "options", "slope"),
    [
        ("elu", {}, 1.0),
        ("elu", {"alpha": 0.5}, 0.5),
        ("leaky_relu", {}, 0.01),
        ("leaky_relu", {"negative_slope": 0.0}, 0.0),
        ("softplus", {}, 0.5),
        ("gelu", {}, 0.5),
    ],
)
def test_the_slope_at_zero(name, options, slope):
    f = getattr(tg.nn, name)
    for zero in (0.0, -0.0):
        assert tg.grad(lambda x: f(x, **options))(np.float64(zero)) == slope
        assert tg.jvp(lambda x: f(x, **options), [np.float64(zero)], [np.float64(1)])[1] == slope


def test_nan_stays_nan():
    for name in FAR:
        with np.errstate(invalid="ignore"):  # NumPy's logaddexp warns
            assert np.isnan(getattr(tg.nn, name)(np.array([np.nan]))).all(), name


@pytest.mark.parametrize("name", ALL)
def test_integers_become_floats(name):
    x = np.arange(4)
    assert np.array_equal(getattr(tg.nn, name)(x), getattr(tg.nn, name)(x.astype(float)))


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_jit_gives_the_same_bits(name, options):
    f = tg.value_and_grad(lambda x: np.sum(getattr(tg.nn, name)(x, **options) ** 2))
    jitted = tg.jit(f)
    for scale in (1, -1, 3):
        for a, b in zip(jitted(scale * X), f(scale * X), strict=True):
            assert np.array_equal(a, b)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: tg.nn.gelu(x, "exact"), ValueError, "gelu: approximate is 'none' or 'tanh'"),
        (
            lambda x: tg.nn.gelu(x.astype("g")),
            TypeError,
            "gelu: SciPy has no .* approximate='tanh'",
        ),
        (lambda x: tg.nn.elu(x, "1"), TypeError, "elu: alpha must be one number"),
        (lambda x: tg.nn.leaky_relu(x, x), TypeError, "negative_slope must be one number"),
        (lambda x: tg.nn.softplus(x, 0), ValueError, "softplus: beta must be positive, not 0"),
        (lambda x: tg.nn.softplus(x, math.nan), ValueError, "softplus: beta must be positive"),
        (lambda x: tg.nn.glu(x[:, :3]), ValueError, r"glu: axis -1 .* \(3, 3\) has no two halves"),
        (lambda x: tg.nn.glu(x, 2), ValueError, "glu: axis 2"),
        (lambda x: tg.nn.glu(x, 1.0), TypeError, "glu: axis must be an integer"),
        (lambda x: tg.nn.glu(np.float64(1)), ValueError, r"glu: axis -1 of an array of shape \(\)"),
        (lambda x: tg.nn.silu(x, dim=1), TypeError, "tg.nn.silu has no argument 'dim'"),
    ],
)
def test_refusals(call, error, message):
    for x in (X, Tensor(X)):
        with pytest.raises(error, match=message):
            call(x)


@pytest.mark.parametrize("name", ALL)
def test_complex_numbers_and_text_are_refused(name):
    for x in (X + 1j, Tensor(X + 1j), np.array(["a"])):
        with pytest.raises(TypeError, match=f"{name}: takes real numbers"):
            getattr(tg.nn, name)(x)

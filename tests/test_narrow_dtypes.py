"""Sums, means and extrema over axes: counts that a narrow dtype cannot hold."""

import numpy as np
import pytest

import tinygrad_np as tg

MANY = 70_000  # float16 ends at 65504, and has no odd number above 2048
ONES = np.ones(MANY, np.float16)
HALVES = ONES / 2  # their sum is a number of float16
FEW = np.zeros(MANY, np.float16)
FEW[:3] = 1


def last(function):
    return lambda x: function(x)[-1]


def to_one_place(x):
    return tg.at(np.full(1, -1, np.float16))[np.zeros(MANY, int)].max(x)[0]


def close(found, expected, rounded=2**-11):
    """To the rounding of a quotient to float16, half of 2**-24 where it is subnormal."""
    assert found.dtype == np.float16
    return np.allclose(found.astype(float), expected, rtol=rounded, atol=2**-25)


EXTREMA = {
    "max": np.max,
    "amax": np.amax,
    "min": np.min,
    "amin": np.amin,
    "nanmax": np.nanmax,
    "nanmin": np.nanmin,
    "method": lambda x: x.max(),
    "axis": lambda x: np.max(x.reshape(2, -1), (0, 1)),
    "where": lambda x: np.max(x, where=np.full(MANY, True), initial=0),
    "maximum.reduce": np.maximum.reduce,
    "fmax.reduce": np.fmax.reduce,
    "fmin.reduce": np.fmin.reduce,
    "fmax.accumulate": last(np.fmax.accumulate),
    "norm": lambda x: np.linalg.norm(x, np.inf),
    "norm of a matrix": lambda x: np.linalg.norm(x.reshape(1, -1), 1),
    "at": to_one_place,
}


class TestCountsBeyondFloat16:
    @pytest.mark.parametrize("name", EXTREMA)
    def test_ties_share_equally(self, name):
        function = EXTREMA[name]
        assert close(tg.grad(function)(ONES), 1 / MANY)
        value, slope = tg.jvp(function, [ONES], [ONES])
        assert value == 1
        # a sum of 70,000 parts, each of which may be rounded as above
        assert close(slope, 1, 2**-25 * MANY)

    @pytest.mark.parametrize("name", ["max", "nanmax", "fmax.reduce", "norm", "at"])
    def test_many_that_do_not_tie(self, name):
        expected = np.where(FEW == 1, 1 / 3, 0)
        assert close(tg.grad(EXTREMA[name])(FEW), expected)

    def test_ptp(self):
        x = np.concatenate([ONES, ONES + 1])
        expected = np.where(x == 1, -1 / MANY, 1 / MANY)
        assert close(tg.grad(np.ptp)(x), expected)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_fmax_of_so_many_that_their_share_is_next_to_nothing(self, dtype):
        # 1 − 1/k is not rounded in float32: its product over all k is 1/n
        found = tg.grad(np.fmax.reduce)(np.ones(300_000, dtype))
        assert np.allclose(found, 1 / 300_000, rtol=1e-6)

    @pytest.mark.parametrize(
        "function",
        [
            np.mean,
            np.nanmean,
            np.average,
            lambda x: np.mean(x, where=np.full(MANY, True)),
            lambda x: np.average(x, weights=HALVES),
            lambda x: tg.average_pool(x.reshape(1, -1, 1), MANY)[0, 0, 0],
        ],
    )
    def test_means(self, function):
        assert close(tg.grad(function)(HALVES), 1 / MANY)
        value, slope = tg.jvp(function, [HALVES], [HALVES])
        assert value == 0.5
        assert close(slope, 0.5, 2**-25 * MANY)

    @pytest.mark.parametrize("ddof", [0, 1])
    @pytest.mark.parametrize("function", [np.var, np.nanvar, np.std, np.nanstd])
    def test_spreads(self, function, ddof):
        x = np.where(np.arange(MANY) % 2, HALVES, 0)
        wide = tg.grad(function)(x.astype(float), ddof=ddof)
        assert close(tg.grad(function)(x, ddof=ddof), wide)

    @pytest.mark.parametrize(
        "function",
        [
            np.median,
            np.nanmedian,
            pytest.param(
                lambda x: np.quantile(x, 0.25),
                marks=pytest.mark.skipif(
                    np.lib.NumpyVersion(np.__version__) < "2.4.0",
                    reason="NumPy's own value is nan there",
                ),
            ),
        ],
    )
    def test_quantiles(self, function):
        x = np.zeros(MANY + 1, np.float16)
        found = tg.grad(function)(x)
        assert np.isfinite(found).all()
        assert found.sum() == 1

    def test_a_quantile_by_its_place(self):
        x = np.sort(np.arange(MANY + 1) % 2).astype(np.float16)  # a step up, right of the middle
        middle = np.array(np.argmax(x) / MANY - 0.5 / MANY)
        found = tg.grad(lambda q: np.quantile(x.astype(float), q))(middle)
        narrow = tg.grad(lambda q: np.quantile(x, q))(middle)
        assert found == narrow == MANY  # the result has the dtype of q, which holds it

    def test_losses(self):
        logits, labels = np.zeros(MANY, np.float16), np.zeros(MANY, np.float16)
        assert close(tg.grad(tg.log_loss_with_logits)(logits, labels), 0.5 / MANY)
        assert close(tg.grad(lambda z: tg.log_loss(tg.sigmoid(z), labels))(logits), 0.5 / MANY)
        classes = np.zeros(MANY, int)
        found = tg.grad(tg.cross_entropy)(np.zeros((MANY, 2), np.float16), classes)
        assert close(found, np.array([-0.5, 0.5]) / MANY)

    def test_logarithms(self):
        x = np.full(MANY, -np.inf, np.float16)
        assert close(tg.grad(tg.logsumexp)(x), 1 / MANY)
        assert close(tg.grad(np.logaddexp.reduce)(x), 1 / MANY)


class TestMeans:
    def test_means_of_many_numbers_in_float16(self):
        x = np.ones(70_000, np.float16)
        expected = np.float16(1 / 70_000)
        assert (tg.grad(np.mean)(x) == expected).all()
        z = np.zeros(200_000, np.float16)
        value, g = tg.value_and_grad(tg.log_loss_with_logits)(z, z)
        assert np.isclose(value, np.log(2), rtol=1e-3)
        assert (g > 0).all()

"""Losses of `nn`: values by formula, gradients by differences, edges and what is refused.

Against PyTorch's: test_torch_losses.py; the core's own: test_core_losses.py.
"""

import re

import numpy as np
import pytest
import refused_arguments

import tinygrad_np as tg
from tinygrad_np import Tensor

nn = tg.nn

LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 0.25, -3.0], [1.0, 1.5, -0.5], [-2.0, 0.75, 0.0]])
LABELS = np.array([0, 2, -100, 1])
WEIGHTS = np.array([0.5, 2.0, 1.25])
X, Y = np.array([0.5, -2.0, 3.0, 0.0]), np.array([0.25, 1.0, 3.5, -4.0])
SIGNS = np.array([1.0, -1.0, -1.0, 1.0])
LOGS = np.log(np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]))
SHARES = np.array([[0.1, 0.1, 0.8], [0.25, 0.5, 0.25]])

CALLS = {
    "mse": (lambda x, y, r: nn.mse(x, y, r), (X, Y)),
    "mae": (lambda x, y, r: nn.mae(x, y, r), (X, Y)),
    "huber": (lambda x, y, r: nn.huber(x, y, r, delta=0.9), (X, Y)),
    "hinge": (lambda x, r: nn.hinge(x, SIGNS, r), (X,)),
    "kl_divergence": (lambda x, y, r: nn.kl_divergence(x, y, r), (LOGS, SHARES)),
    "kl_divergence, logarithms": (
        lambda x, y, r: nn.kl_divergence(x, y, r, log_targets=True),
        (LOGS, np.log(SHARES)),
    ),
    "nll": (
        lambda x, w, r: nn.nll(x, LABELS, r, class_weights=w, ignored=-100),
        (LOGITS, WEIGHTS),
    ),
    "cross_entropy": (
        lambda x, w, r: tg.cross_entropy(
            x, LABELS, r, label_smoothing=0.1, class_weights=w, ignored=-100
        ),
        (LOGITS, WEIGHTS),
    ),
    "cross_entropy, distributions": (
        lambda x, w, r: tg.cross_entropy(
            x, np.tile(SHARES, (2, 1)).astype(x.dtype), r, label_smoothing=0.1, class_weights=w
        ),
        (LOGITS, WEIGHTS),
    ),
}

both = pytest.mark.parametrize("name", CALLS)
reductions = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])


class TestEachLoss:
    @both
    @reductions
    def test_derivatives_of_both_modes_and_orders(self, name, reduction):
        loss, arrays = CALLS[name]
        report = tg.check.check_function(lambda *args: loss(*args, reduction), *arrays)
        assert report.verdict == "right", report

    @both
    @reductions
    @pytest.mark.parametrize("dtype", [np.float16, np.float32])
    def test_narrow_floats_stay_narrow(self, name, reduction, dtype):
        loss, arrays = CALLS[name]
        narrow = [x.astype(dtype) for x in arrays]
        value, pull = tg.vjp(lambda *args: loss(*args, reduction), *narrow)
        assert value.dtype == dtype
        assert [by.dtype for by in pull(np.ones(value.shape, dtype))] == [dtype] * len(arrays)
        rough = 2e-2 if dtype is np.float16 else 1e-5  # of some terms of a size below 8
        assert np.allclose(value, loss(*arrays, reduction), rtol=rough, atol=rough)

    @both
    @reductions
    def test_arrays_give_arrays_and_tensors_the_same_values(self, name, reduction):
        loss, arrays = CALLS[name]
        found = loss(*arrays, reduction)
        assert isinstance(found, np.ndarray if reduction == "none" else np.float64)
        recorded = loss(*map(Tensor, arrays), reduction)
        assert type(recorded) is Tensor
        assert np.array_equal(recorded.data, found)

    @both
    @reductions
    def test_jit_gives_the_same_bits(self, name, reduction):
        loss, arrays = CALLS[name]

        def function(*args):
            _, pull = tg.vjp(lambda *args: loss(*args, reduction), *args)
            value = loss(*args, reduction)
            return value, pull(np.ones_like(value))

        jitted = tg.jit(function, constants=[SIGNS, LABELS, SHARES])
        for moved in (0, 0, 0.01):
            args = [np.abs(x + moved) if x is SHARES else x + moved for x in arrays]
            expected, found = function(*args), jitted(*args)
            assert np.array_equal(expected[0], found[0])
            assert all(map(np.array_equal, expected[1], found[1]))

    @both
    def test_a_reduction_of_each_loss(self, name):
        loss, arrays = CALLS[name]
        assert np.isclose(loss(*arrays, "sum"), loss(*arrays, "none").sum(), rtol=1e-14)
        with pytest.raises(ValueError, match=r"reduction must be 'mean', 'sum' or 'none', not "):
            loss(*arrays, "batchmean")


class TestLossesOfNumbers:
    def test_values(self):
        errors = X - Y  # 0.25, -3, -0.5, 4
        assert nn.mse(X, Y, "none").tolist() == (errors**2).tolist()
        assert nn.mae(X, Y, "none").tolist() == [0.25, 3, 0.5, 4]
        assert nn.huber(X, Y, "none").tolist() == [0.03125, 2.5, 0.125, 3.5]
        assert nn.huber(X, Y, "none", delta=3).tolist() == [0.03125, 4.5, 0.125, 7.5]
        assert nn.hinge(X, SIGNS, "none").tolist() == [0.5, 0, 4, 1]
        assert nn.mse(X, Y) == nn.mse(X, Y, "sum") / 4

    def test_kinks(self):
        at = np.array([0.0, 1.0, -1.0])
        zeros = np.zeros(3)
        assert tg.grad(nn.mae)(at, at, "sum").tolist() == [0, 0, 0]
        assert tg.grad(nn.huber)(at, zeros, "sum").tolist() == [0, 1, -1]
        assert tg.grad(nn.hinge)(np.array([1.0, 0.5]), np.ones(2), "sum").tolist() == [0, -1]

    def test_huber_far_away(self):
        found, pull = tg.vjp(lambda x: nn.huber(x, np.zeros(2), "none"), np.array([1e300, -np.inf]))
        assert found.tolist() == [1e300, np.inf]
        assert pull(np.ones(2))[0].tolist() == [1, -1]

    @pytest.mark.parametrize("loss", [nn.mse, nn.mae, nn.huber, nn.hinge])
    def test_integers(self, loss):
        p = np.array([0.5, 2.0], np.float32)
        assert loss(p, np.array([1, -1])).dtype == np.float32
        assert loss(p, [1, -1]) == loss(p, np.array([1.0, -1.0], np.float32))
        assert loss([1, 2], [1, -1]).dtype == np.float64

    @pytest.mark.parametrize(
        "loss", [nn.mse, nn.mae, nn.huber, nn.hinge, nn.kl_divergence], ids=lambda f: f.__name__
    )
    def test_shapes_are_never_broadcast(self, loss):
        with pytest.raises(
            ValueError, match=rf"{loss.__name__}: predictions of shape \(3, 1\) and"
        ):
            loss(np.ones((3, 1)), np.ones(3))

    @pytest.mark.parametrize("loss", [nn.mse, nn.mae, nn.huber, nn.hinge])
    def test_nothing_has_a_sum_and_no_mean(self, loss):
        assert loss(np.ones(0), np.ones(0), "sum") == 0
        with pytest.raises(ValueError, match=f"{loss.__name__}: no predictions have no mean"):
            loss(np.ones(0), np.ones(0))


class TestKLDivergence:
    def test_it_is_the_cross_entropy_without_the_entropy(self):
        z = LOGITS[:2]
        entropies = -np.sum(SHARES * np.log(SHARES), -1)
        expected = tg.cross_entropy(z, SHARES, "none") - entropies
        assert np.allclose(nn.kl_divergence(nn.log_softmax(z), SHARES, "none"), expected)
        assert np.allclose(nn.kl_divergence(nn.log_softmax(z), SHARES), expected.mean())

    def test_of_equal_distributions_it_is_zero(self):
        assert np.allclose(nn.kl_divergence(np.log(SHARES), SHARES, "none"), 0, atol=1e-16)

    def test_impossible_classes(self):
        with np.errstate(divide="ignore"):
            logs, targets = np.log(np.array([0.5, 0.5, 0.0])), np.array([1.0, 0.0, 0.0])
            log_targets = np.log(targets)
        half = np.log(2)
        value, g = tg.value_and_grad(nn.kl_divergence)(logs, targets)
        assert np.isclose(value, half, rtol=1e-15)
        assert g.tolist() == [-1, 0, 0]
        found = nn.kl_divergence(logs, log_targets, log_targets=True)
        assert np.isclose(found, half, rtol=1e-15)
        assert nn.kl_divergence(logs, np.array([0.0, 0.0, 1.0])) == np.inf

    def test_by_a_target_of_zero_it_falls_steeply_and_finitely(self):
        g = tg.grad(nn.kl_divergence, 1)(np.log(np.array([0.5, 0.5])), np.array([1.0, 0.0]))
        assert g[0] == pytest.approx(1 + np.log(2), rel=1e-15)
        assert g[1] == pytest.approx(np.log(np.finfo(float).smallest_normal) + np.log(2))


def cross_entropy_by_terms(z, k, weights, smoothing, ignored, reduction):
    """One label after the other, as the documentation has it."""
    losses, counts = [], []
    for row, label in zip(z, k, strict=True):
        log_p = row - np.log(np.sum(np.exp(row)))
        y = np.full(len(row), smoothing / len(row))
        if label != ignored:
            y[label] += 1 - smoothing
        losses.append(-np.sum(weights * y * log_p) if label != ignored else 0)
        counts.append(weights[label] if label != ignored else 0)
    if reduction == "none":
        return np.array(losses)
    return np.sum(losses) / (np.sum(counts) if reduction == "mean" else 1)


class TestCrossEntropy:
    @reductions
    @pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
    @pytest.mark.parametrize("weights", [None, WEIGHTS])
    @pytest.mark.parametrize("ignored", [-100, 2])
    def test_it_is_the_definition(self, reduction, smoothing, weights, ignored):
        k = np.where(LABELS == -100, ignored, LABELS)
        options = {"label_smoothing": smoothing, "class_weights": weights, "ignored": ignored}
        found = tg.cross_entropy(LOGITS, k, reduction, **options)
        given = np.ones(3) if weights is None else weights
        expected = cross_entropy_by_terms(LOGITS, k, given, smoothing, ignored, reduction)
        assert np.allclose(found, expected, rtol=1e-14, atol=0)
        if not smoothing:
            del options["label_smoothing"]
            found = nn.nll(nn.log_softmax(LOGITS), k, reduction, **options)
            assert np.allclose(found, expected, rtol=1e-14, atol=0)

    @reductions
    def test_without_options_it_is_the_core_s_bit_for_bit(self, reduction):
        from tinygrad_np.core import losses

        k = LABELS % 3
        z = LOGITS.astype(np.float32)
        for options in ({}, {"label_smoothing": 0, "class_weights": None, "ignored": None}):
            found = tg.cross_entropy(z, k, reduction, **options)
            assert np.array_equal(found, losses.cross_entropy(z, k, reduction))

    def test_one_hot_labels_and_their_numbers_have_the_same_losses(self):
        k = LABELS % 3
        for options in ({"label_smoothing": 0.3}, {"class_weights": WEIGHTS}):
            found = tg.cross_entropy(LOGITS, k, "none", **options)
            one_hot = tg.cross_entropy(LOGITS, np.eye(3, dtype=int)[k], "none", **options)
            assert np.allclose(found, one_hot, rtol=1e-14)

    def test_more_axes_and_none(self):
        z, k = LOGITS.reshape(2, 2, 3), LABELS.reshape(2, 2)
        for loss in (tg.cross_entropy, nn.nll):
            options = {"class_weights": WEIGHTS, "ignored": -100}
            assert loss(z, k, **options) == loss(LOGITS, LABELS, **options)
            found = loss(LOGITS[1], np.int64(2), "sum", **options)
            assert found == loss(LOGITS[1:2], np.array([2]), "sum", **options)

    @pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
    def test_ignored_logits_may_be_anything(self, odd):
        z = LOGITS.copy()
        z[2] = odd
        for loss in (tg.cross_entropy, nn.nll):
            value, g = tg.value_and_grad(lambda z, f=loss: f(z, LABELS, ignored=-100))(z)
            expected, right = tg.value_and_grad(lambda z, f=loss: f(z, LABELS[[0, 1, 3]]))(
                np.delete(LOGITS, 2, 0)
            )
            assert np.isclose(value, expected, rtol=1e-15)
            assert np.allclose(np.delete(g, 2, 0), right, rtol=1e-15)
            assert g[2].tolist() == [0, 0, 0]

    def test_a_logit_of_minus_infinity_rules_a_class_out(self):
        z = np.array([[0.0, 0.0, -np.inf]])
        found = tg.cross_entropy(z, np.array([1]), class_weights=np.ones(3))
        assert np.isclose(found, np.log(2), rtol=1e-15)
        assert tg.cross_entropy(z, np.array([1]), label_smoothing=0.1) == np.inf
        options = {"label_smoothing": 0.1, "class_weights": np.array([1.0, 1.0, 0.0])}
        assert np.isclose(
            tg.cross_entropy(z, np.array([1]), **options), np.log(2) * (0.9 + 0.2 / 3), rtol=1e-15
        )

    def test_weights_never_widen_the_logits(self):
        z = LOGITS.astype(np.float32)
        for weights in (WEIGHTS, [1, 2, 3], Tensor(WEIGHTS)):
            found = tg.cross_entropy(z, LABELS % 3, class_weights=weights, label_smoothing=0.5)
            assert found.dtype == np.float32

    def test_small_weights_beside_float16(self):
        logits = LOGITS.astype(np.float16)
        for loss in (tg.cross_entropy, nn.nll):
            found = loss(logits, LABELS, class_weights=np.full(3, 1e-9), ignored=-100)
            assert found.dtype == np.float16
            assert found == loss(logits, LABELS, class_weights=np.ones(3), ignored=-100)

    def test_a_weight_of_zero_takes_an_infinite_loss_away(self):
        logits = np.array([[-np.inf, 0.0], [0.0, 0.0]])
        for loss in (tg.cross_entropy, nn.nll):
            f = tg.value_and_grad(
                lambda x, loss=loss: loss(x, np.array([0, 1]), class_weights=[0, 1])
            )
            value, gradient = f(logits)
            assert np.isclose(value, np.log(2) if loss is tg.cross_entropy else 0)
            assert np.array_equal(gradient[0], [0, 0])
            assert np.isfinite(gradient).all()

    def test_many_float16_have_a_mean(self):
        z = np.zeros((70_000, 2), np.float16)
        k = np.zeros(70_000, int)
        found = tg.cross_entropy(z, k, class_weights=[3, 1])
        assert found.dtype == np.float16
        assert np.isclose(found, np.log(2), rtol=1e-3)  # float16's 11 bits

    @pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64])
    def test_labels_of_any_integers(self, dtype):
        k = np.array([0, 2, 1, 1], dtype)
        for ignored in (-100, 300, 10**30):
            found = tg.cross_entropy(LOGITS, k, ignored=ignored)
            assert np.isclose(found, tg.cross_entropy(LOGITS, k), rtol=1e-15)

    @pytest.mark.parametrize("loss", [tg.cross_entropy, nn.nll])
    def test_where_nothing_is_left_there_is_no_mean(self, loss):
        k = np.full(4, -100)
        with pytest.raises(ValueError, match=f"{loss.__name__}: all labels are ignored, or of cla"):
            loss(LOGITS, k, ignored=-100)
        assert loss(LOGITS, k, "sum", ignored=-100) == 0
        assert loss(LOGITS, k, "none", ignored=-100).tolist() == [0, 0, 0, 0]
        weights = np.array([0.0, 1.0, 1.0])
        with pytest.raises(ValueError, match="of classes with the weight 0"):
            loss(LOGITS, np.zeros(4, int), class_weights=weights)

    def test_jit_looks_again_at_ignored_labels(self):
        jitted = tg.jit(lambda z, k: tg.cross_entropy(z, k, ignored=-100))
        for k in (LABELS, LABELS[::-1].copy(), LABELS):
            assert jitted(LOGITS, k) == tg.cross_entropy(LOGITS, k, ignored=-100)
        with pytest.raises(ValueError, match="labels are from 0 to 2"):
            jitted(LOGITS, LABELS + 1)
        with pytest.raises(ValueError, match="all labels are ignored"):
            jitted(LOGITS, np.full(4, -100))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.huber(X, Y, delta=0), ValueError, "huber: delta must be above 0, and finite"),
        (lambda: nn.huber(X, Y, delta=np.inf), ValueError, "huber: delta must be above 0"),
        (lambda: nn.huber(X, Y, delta="1"), TypeError, "huber: delta must be one number"),
        (lambda: nn.huber(X, Y, delta=Tensor(1.0)), TypeError, "huber: delta must be one number"),
        (lambda: nn.mse(X, Y + 1j), TypeError, "mse: targets are real numbers, not of dtype"),
        (lambda: nn.mae(X + 1j, Y), TypeError, "mae: takes real numbers, not predictions of"),
        (lambda: nn.hinge(X, X > 0), ValueError, r"hinge: labels are −1 or 1; .* 2 \* labels - 1"),
        (lambda: nn.hinge(X, SIGNS * np.nan), ValueError, "hinge: labels are −1 or 1"),
        (lambda: nn.kl_divergence(LOGS, LOGS), ValueError, "at least 0; of logarithms, use log_t"),
        (lambda: nn.kl_divergence(0.0, 1.0), ValueError, "kl_divergence: a distribution has one"),
        (
            lambda: nn.nll(LOGITS, np.eye(3)[[0, 0, 1, 2]]),
            ValueError,
            r"nll: labels are integers of shape \(4,\), not of \(4, 3\); use np.argmax",
        ),
        (
            lambda: nn.nll(np.zeros((2, 3, 4, 4)), np.zeros((2, 4, 4), int)),
            ValueError,
            r"use np.moveaxis\(log_probabilities, 1, -1\)",
        ),
        (lambda: nn.nll(LOGITS, LABELS), ValueError, "nll: labels are from 0 to 2 for 3 classes"),
        (
            lambda: tg.cross_entropy(LOGITS, LABELS, ignored=-1),
            ValueError,
            "labels are from 0 to 2 for 3 classes, not -100 to 2",
        ),
        (
            lambda: tg.cross_entropy(LOGITS, LABELS, ignored=-100.0),
            TypeError,
            "cross_entropy: ignored is one integer, not -100.0",
        ),
        (
            lambda: tg.cross_entropy(LOGITS, LABELS * 1.0, ignored=-100),
            TypeError,
            "labels of dtype float64 choose no class",
        ),
        (
            lambda: tg.cross_entropy(LOGITS, np.full((4, 3), 1 / 3), ignored=-100),
            ValueError,
            "only integer labels can be ignored",
        ),
        (
            lambda: tg.cross_entropy(LOGITS, LABELS[:3], ignored=-100),
            ValueError,
            r"need labels of shape \(4,\)",
        ),
        (lambda: tg.cross_entropy(1.0, 1, ignored=0), ValueError, r"logits of shape \(\) need"),
        (
            lambda: tg.cross_entropy(LOGITS, LABELS, label_smoothing=1.1),
            ValueError,
            "cross_entropy: label_smoothing is from 0 to 1, not 1.1",
        ),
        (
            lambda: tg.cross_entropy(LOGITS, LABELS, label_smoothing=None),
            TypeError,
            "cross_entropy: label_smoothing must be one number",
        ),
        (
            lambda: tg.cross_entropy(LOGITS, LABELS % 3, class_weights=np.ones(4)),
            ValueError,
            r"cross_entropy: class_weights must have shape \(3,\), one a class, not \(4,\)",
        ),
        (
            lambda: tg.cross_entropy(LOGITS, LABELS % 3, class_weights=-WEIGHTS),
            ValueError,
            "cross_entropy: class_weights are at least 0",
        ),
        (
            lambda: nn.nll(LOGITS, LABELS % 3, class_weights=WEIGHTS * 1j),
            TypeError,
            "nll: class_weights: takes real numbers",
        ),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_other_libraries_words_are_answered():
    for words, told in {
        "weight": "it is 'class_weights' here",
        "ignore_index": "it is 'ignored' here",
        "target": "it is 'labels' here",
    }.items():
        with pytest.raises(TypeError, match=f"tg.cross_entropy has no argument '{words}'; {told}"):
            tg.cross_entropy(LOGITS, **{words: LABELS})
    with pytest.raises(TypeError, match=re.escape("tg.nn.mse has no argument 'y_true'; it is 'ta")):
        nn.mse(X, y_true=Y)


@refused_arguments.each("nn.losses")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)

"""Accuracy: by its definition, with ties and nan, under jit, and what is refused."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

accuracy, top_k_accuracy = tg.nn.accuracy, tg.nn.top_k_accuracy

LOGITS = np.array([[0.1, 0.7, 0.2], [0.3, 0.3, 0.3], [-1.0, -2.0, -0.5], [2.0, 1.0, 2.0]])
LABELS = np.array([1, 1, 2, 2])


def within(z, k, count):
    """By sorting, the first of equal ones first."""
    rows, labels = z.reshape(-1, z.shape[-1]), k.reshape(-1)
    order = np.argsort(-rows, -1, kind="stable")[:, :count]
    return np.mean([label in first for first, label in zip(order, labels, strict=True)])


class TestClasses:
    def test_values(self):
        assert accuracy(LOGITS, LABELS) == 0.5
        assert [top_k_accuracy(LOGITS, LABELS, k) for k in (1, 2, 3)] == [0.5, 1, 1]

    @pytest.mark.parametrize("seed", range(20))
    def test_it_is_the_definition_also_with_ties(self, seed):
        rng = np.random.default_rng(seed)
        shape = (*rng.integers(1, 5, rng.integers(0, 3)), 6)
        z, k = rng.integers(0, 4, shape).astype(np.float32), rng.integers(0, 6, shape[:-1])
        k = np.asarray(k)
        for count in range(1, 7):
            assert top_k_accuracy(z, k, count) == within(z, k, count)
        assert accuracy(z, k) == np.mean(np.argmax(z, -1) == k)

    def test_constant_logits_are_right_as_often_as_the_first_class(self):
        assert accuracy(np.zeros((4, 3)), np.array([0, 1, 2, 1])) == 0.25
        assert top_k_accuracy(np.zeros((4, 3)), np.array([0, 1, 2, 1]), 2) == 0.75

    def test_nan_is_never_right(self):
        z = np.array([[np.nan, 1.0, 0.0], [np.nan, 1.0, 0.0], [0.0, 1.0, -np.inf]])
        assert accuracy(z, np.array([0, 1, 1])) == pytest.approx(1 / 3, rel=1e-15)
        assert top_k_accuracy(z, np.array([0, 1, 2]), 2) == pytest.approx(1 / 3, rel=1e-15)

    def test_it_is_a_number_and_a_constant(self):
        for z in (LOGITS, Tensor(LOGITS), LOGITS.tolist()):
            assert type(accuracy(z, LABELS)) is np.float64
            assert type(top_k_accuracy(z, LABELS, 2)) is np.float64
        g = tg.grad(lambda z: np.sum(z) * accuracy(z, LABELS))(LOGITS)
        assert (g == 0.5).all()

    def test_five_by_default(self):
        z = np.tile(np.arange(10.0), (10, 1))
        assert top_k_accuracy(z, np.arange(10)) == 0.5


class TestTwoClasses:
    @pytest.mark.parametrize("labels", [np.array([1, 0, 1, 0]), np.array([1.0, 0, 1, 0])])
    def test_above_zero_is_one(self, labels):
        z = np.array([0.5, 0.0, -3.0, -0.1], np.float32)
        assert accuracy(z, labels) == 0.75
        assert accuracy(z[:, None], labels[:, None]) == 0.75
        assert accuracy(z, labels == 1) == 0.75
        assert accuracy(z.reshape(2, 2, 1), labels.reshape(2, 2, 1)) == 0.75

    def test_zero_is_not_above_zero(self):
        assert accuracy(np.array([0.0, -0.0]), np.array([1, 1])) == 0
        assert accuracy(np.array([0.0, -0.0]), np.array([0, 0])) == 1

    def test_nan_is_never_right(self):
        assert accuracy(np.array([np.nan, np.nan, 1.0, 1.0]), np.array([0, 1, 1, 0])) == 0.25


def test_jit_gives_the_same():
    def both(z, k, y):
        return accuracy(z, k), top_k_accuracy(z, k, 2), accuracy(z[:, 0], y)

    jitted = tg.jit(both)
    for z in (LOGITS, -LOGITS, LOGITS):
        assert jitted(z, LABELS, LABELS % 2) == both(z, LABELS, LABELS % 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: accuracy(LOGITS, LABELS + 1), ValueError, "labels are from 0 to 2 for 3 classes"),
        (lambda: accuracy(LOGITS, LABELS[:, None]), ValueError, r"need labels of shape \(4,\)"),
        (lambda: accuracy(LOGITS, LABELS * 1.0), TypeError, "labels of dtype float64 choose no"),
        (lambda: accuracy(LABELS, LABELS), TypeError, r"use np.mean\(predicted == labels\)"),
        (lambda: accuracy(LOGITS.astype(int), LABELS), TypeError, "logits are real floating numb"),
        (
            lambda: accuracy(LOGITS, np.eye(3)[LABELS]),
            ValueError,
            r"accuracy: labels are integers of shape \(4,\), not of \(4, 3\); use np.argmax",
        ),
        (lambda: accuracy(LOGITS[:, 0], LABELS), ValueError, "labels of two classes are 0 and 1"),
        (
            lambda: accuracy(LOGITS[:, :1], 0 * LABELS),
            ValueError,
            r"accuracy: predictions of shape \(4, 1\) and labels of shape \(4,\) differ",
        ),
        (lambda: accuracy(np.ones((0, 3)), np.ones(0, int)), ValueError, "have no mean"),
        (lambda: accuracy(np.ones(0), np.ones(0, int)), ValueError, "no predictions have no mean"),
        (lambda: accuracy(1.0, 1), ValueError, r"logits of shape \(\) need labels"),
        (lambda: top_k_accuracy(LOGITS, LABELS), ValueError, "k is from 1 to 3 for 3 classes, not"),
        (lambda: top_k_accuracy(LOGITS, LABELS, 0), ValueError, "k is from 1 to 3"),
        (lambda: top_k_accuracy(LOGITS, LABELS, 1.5), TypeError, "k is an integer, not 1.5"),
        (lambda: top_k_accuracy(LOGITS, LABELS, True), TypeError, "k is an integer, not True"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()

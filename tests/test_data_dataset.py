"""A data set: selected, and standardised."""

import re

import numpy as np
import pytest
import refused_arguments

from tinygrad_np import data
from tinygrad_np.data import DataError, Dataset


def numbered(train_labels: list[int], test_labels: list[int]) -> Dataset:
    """Every image is filled with its number."""
    parts: list[np.ndarray] = []
    for labels in (train_labels, test_labels):
        numbers = np.arange(len(labels), dtype=np.uint8).reshape(-1, 1, 1)
        parts += [np.tile(numbers, (1, 28, 28)), np.array(labels, np.uint8)]
    return Dataset(*parts)


def test_select():
    kept = data.select(numbered([3, 0, 1, 3, 2], [1, 1, 0, 3]), (1, 3))
    assert kept.train_images[:, 0, 0].tolist() == [0, 2, 3]
    assert kept.train_labels.tolist() == [3, 1, 3]
    assert kept.test_images[:, 0, 0].tolist() == [0, 1, 3]
    assert kept.test_labels.tolist() == [1, 1, 3]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ((1, 4), "select: no training image has the label 4; choose among [1, 2, 3]"),
        ((1, 300), "select: no training image has the label 300; choose among [1, 2, 3]"),
        ((2, 1), "select: no test image has the label 2; choose among [1, 3]"),
    ],
)
def test_select_what_is_not_there(labels, message):
    with pytest.raises(DataError, match=re.escape(message)):
        data.select(numbered([1, 2, 3], [1, 3]), labels)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_standardised(dtype):
    random = np.random.default_rng(2)
    train, other = (random.integers(0, 256, (n, 4, 5)).astype(dtype) for n in (7, 3))
    train[:, 0, 0] = 9  # never changes
    before = train.copy()
    exact = train.astype(np.float64)
    mean = exact.mean(axis=0, keepdims=True)
    std = exact.std(axis=0, keepdims=True) + 1e-7
    results = data.standardised(train, other, train)
    for given, result in zip((train, other, train), results, strict=True):
        assert result.dtype == np.float64
        assert np.array_equal(result, (given.astype(np.float64) - mean) / std)
        assert not np.shares_memory(given, result)
    assert not results[0][:, 0, 0].any()
    assert np.array_equal(train, before)


def test_standardised_refuses():
    with pytest.raises(DataError, match=r"standardised: shapes \(2, 4\) .* and \(2, 1\) differ"):
        data.standardised(np.ones((2, 4)), np.ones((2, 1)))
    with pytest.raises(DataError, match="needs at least one"):
        data.standardised(np.ones((0, 4)))


@refused_arguments.each("data.dataset")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)

"""tinygrad_np.data.garments, all ten kinds: as many as asked, the same everywhere, learnable."""

import hashlib
import re

import numpy as np
import pytest
import refused_arguments

import tinygrad_np as tg
from tinygrad_np import data
from tinygrad_np.data import DataError, Dataset


@pytest.fixture(scope="module")
def ten() -> Dataset:
    return data.garments(6_000, 2_000, labels=range(10))


def test_names():
    names = "T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag Ankle_boot"
    assert list(data.GARMENT_NAMES) == names.replace("_boot", " boot").split(" ", 9)
    names = "airplane automobile bird cat deer dog frog horse ship truck"
    assert list(data.CIFAR10_NAMES) == names.split()


def test_as_many_as_in_fashion_mnist():
    drawn = data.garments(labels=(5, 8, 0))
    assert [len(x) for x in drawn] == [18_000, 18_000, 3_000, 3_000]
    for labels in (drawn.train_labels, drawn.test_labels):
        assert np.unique(labels).tolist() == [0, 5, 8]
        counts = np.bincount(labels)[[0, 5, 8]]
        assert np.all(abs(counts - len(labels) / 3) < 4 * np.sqrt(len(labels) * 2 / 9))


def test_ten_kinds(ten):
    assert [x.shape for x in ten] == [(6000, 28, 28), (6000,), (2000, 28, 28), (2000,)]
    assert all(x.dtype == np.uint8 for x in ten)
    counts = np.bincount(ten.train_labels, minlength=10)
    assert np.all(abs(counts - 600) < 4 * np.sqrt(600 * 0.9))
    # Shuffled: neighbours are alike about once in ten.
    alike = np.mean(ten.train_labels[1:] == ten.train_labels[:-1])
    assert abs(alike - 0.1) < 4 * np.sqrt(0.09 / 6000)
    images = ten.train_images
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)
    assert images.max() == 255


@pytest.mark.parametrize("kind", range(10))
def test_a_picture_of_each_kind(ten, kind):
    """Bright in the middle on a dark ground, and unlike every other kind."""
    means = [ten.train_images[ten.train_labels == k].mean(axis=0) for k in range(10)]
    mean = means[kind]
    assert mean.max() > 80
    assert mean[[0, 0, 27, 27], [0, 27, 0, 27]].max() < 15
    others = [np.abs(mean - means[k]).mean() for k in range(10) if k != kind]
    assert min(others) > 2
    alone = data.garments(20, 1, labels=[kind])
    assert np.unique(alone.train_labels).tolist() == [kind]
    assert np.abs(alone.train_images.mean(axis=0) - mean).mean() < 15


def digest(drawn: Dataset) -> str:
    return hashlib.sha256(b"".join(x.tobytes() for x in drawn)).hexdigest()[:16]


def test_the_same_on_every_machine():
    drawn = digest(data.garments(700, 100, seed=5, labels=range(10)))
    assert drawn == digest(data.garments(700, 100, seed=5, labels=reversed(range(10))))
    assert drawn == "b3b964143f0c5763"
    assert drawn != digest(data.garments(700, 100, seed=6, labels=range(10)))


def test_two_kinds_are_what_they_have_always_been():
    assert digest(data.garments(50, 9)) == digest(data.garments(50, 9, labels=(3, 1, 3)))
    assert digest(data.garments(700, 100, seed=5, labels=[1, 3])) == "4718f002fc4071be"


@pytest.mark.parametrize("labels", [(), (10,), (-1, 3), (1.5,)])
def test_labels_that_there_are_not(labels):
    told = f"garments: labels must be one or more of 0 to 9, not {sorted(labels)}"
    with pytest.raises(DataError, match=re.escape(told)):
        data.garments(2, 2, labels=labels)


def test_a_linear_model_does_well_and_not_perfectly(ten):
    """By regression on the labels, which needs no training; its accuracy is a softmax model's."""
    train, test = (
        np.concatenate([x.reshape(len(x), -1), np.ones((len(x), 1))], axis=1)
        for x in data.standardised(ten.train_images, ten.test_images)
    )
    wanted = np.eye(10)[ten.train_labels]
    ridge = 300 * np.eye(train.shape[1])
    weights = np.linalg.solve(train.T @ train + ridge, train.T @ wanted)
    right = (test @ weights).argmax(axis=1) == ten.test_labels
    assert 0.7 < np.mean(right) < 0.9
    for kind in range(10):
        assert np.mean(right[ten.test_labels == kind]) > 0.3


@pytest.mark.slow
def test_a_small_cnn_does_better_than_softmax_alone():
    drawn = data.garments(20_000, 4_000, labels=range(10))
    train, test = (
        x[..., None].astype(np.float32)
        for x in data.standardised(drawn.train_images, drawn.test_images)
    )

    def hidden(filters, x):
        if filters is not None:
            x = tg.relu(tg.conv2d(x, filters, padding=1))
        return x.reshape(len(x), -1)

    def accuracy(count):
        rng = np.random.default_rng(0)
        filters = rng.normal(0, 1 / 3, (3, 3, 1, count)).astype(np.float32) if count else None
        weights = rng.normal(0, 0.01, (784 * max(count, 1), 10)).astype(np.float32)
        for _ in range(4):
            for x, y in data.minibatches(rng, (train, drawn.train_labels), 32):
                f = None if filters is None else tg.Tensor(filters)
                w = tg.Tensor(weights)
                z = hidden(f, x) @ w
                p = np.exp(z.data - z.data.max(axis=1, keepdims=True))
                p /= p.sum(axis=1, keepdims=True)
                z.backward(p - np.eye(10, dtype=np.float32)[y])  # of the summed cross-entropy
                weights = weights - 0.001 * w.grad
                if f is not None:
                    filters = filters - 0.001 * f.grad
        parts = [hidden(filters, x) @ weights for x in np.array_split(test, 8)]
        return np.mean(np.concatenate(parts).argmax(axis=1) == drawn.test_labels)

    alone, with_filters = accuracy(0), accuracy(5)
    assert 0.7 < alone < 0.9
    assert alone + 0.04 < with_filters < 0.98


@refused_arguments.each("data.garments")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)


def test_garments():
    drawn = data.garments()
    assert [x.shape for x in drawn] == [(12000, 28, 28), (12000,), (2000, 28, 28), (2000,)]
    assert all(x.dtype == np.uint8 for x in drawn)
    for labels in (drawn.train_labels, drawn.test_labels):
        assert np.unique(labels).tolist() == [1, 3]
        assert abs(np.mean(labels == 3) - 0.5) < 3 / np.sqrt(len(labels))
        # Shuffled: neighbours are alike about as often as not.
        assert abs(np.mean(labels[1:] == labels[:-1]) - 0.5) < 3 / np.sqrt(len(labels))
    images = drawn.train_images
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)
    assert images.max() == 255
    assert 0.1 < images.mean() / 255 < 0.3


def test_garments_are_the_same_on_every_machine():
    def digest(drawn: Dataset) -> str:
        return hashlib.sha256(b"".join(x.tobytes() for x in drawn)).hexdigest()[:16]

    drawn = digest(data.garments(700, 100, seed=5))
    assert drawn == digest(data.garments(700, 100, seed=5))
    assert drawn == "4718f002fc4071be"
    assert drawn != digest(data.garments(700, 100, seed=6))


def test_garments_do_not_touch_the_global_generator():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    data.garments(2, 2)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize(("train", "test"), [(0, 0), (1, 0), (0, 3), (500, 1), (501, 499)])
def test_garments_of_any_number(train, test):
    drawn = data.garments(train, test)
    assert drawn.train_images.shape == (train, 28, 28)
    assert drawn.test_labels.shape == (test,)


def test_garments_of_a_negative_number():
    with pytest.raises(DataError, match="garments: cannot draw 10 and -1 pictures; ask for 0 to"):
        data.garments(10, -1)


def test_garments_can_be_told_apart_but_not_perfectly():
    """By the nearest mean image, which is weaker than what the examples train."""
    drawn = data.garments(4000, 2000)
    train, test = data.standardised(drawn.train_images, drawn.test_images)
    means = [train[drawn.train_labels == label].mean(axis=0) for label in (1, 3)]
    score = np.tensordot(test, means[1] - means[0], 2)
    accuracy = np.mean((score > 0) == (drawn.test_labels == 3))
    assert 0.75 < accuracy < 0.97
    # No single pixel gives the answer away.
    side = np.where(drawn.train_labels == 3, 1.0, -1.0)
    assert np.abs(np.tensordot(side, train, 1) / len(train)).max() < 0.7

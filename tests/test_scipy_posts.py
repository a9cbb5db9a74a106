"""The first post's training, convolved with `scipy.signal.convolve` in its author's words."""

import numpy as np
import pytest
from local_server import REAL

import tinygrad_np as tg
from tinygrad_np.scipy.signal import convolve


def logit(filters, weights, image):
    """(3, 3), (784,), (28, 28) → a number: positive for a dress."""
    convolved = convolve(image, filters[::-1, ::-1], "same", "direct")
    return np.sum(tg.relu(convolved).reshape(-1) * weights)


def loss(filters, weights, image, label):
    p = tg.sigmoid(logit(filters, weights, image))
    return tg.log_loss(p, label), p


def by_windows(filters, weights, image, label):
    hidden = tg.relu(tg.conv2d(image[None, ..., None], filters[..., None, None], padding=1))
    p = tg.sigmoid(hidden.reshape(-1) @ weights)
    return tg.log_loss(p, label), p


def start():
    """The parameters as the post draws them, and the generator that draws the images."""
    random = np.random.RandomState(42)
    return (random.normal(0, 2 / 3, (3, 3)), random.normal(0, 1 / 28, 784)), random


def step(gradient, pair, image, label):
    """The loss and whether the answer is right, before the step, and the pair after it."""
    (value, p), found = gradient(*pair, image, label)
    pair = tuple([x - 0.001 * g for x, g in zip(pair, found, strict=True)])
    return float(value), (p > 0.5) == (label > 0.5), pair


def test_some_steps_are_those_of_conv2d():
    rng = np.random.default_rng(1)
    images, labels = rng.standard_normal((20, 28, 28)), rng.integers(0, 2, 20) * 1.0
    runs = []
    for model in (loss, by_windows):
        gradient, seen = tg.value_and_grad(model, (0, 1), has_aux=True), []
        pair, _ = start()
        for image, label in zip(images, labels, strict=True):
            value, _, pair = step(gradient, pair, image, label)
            seen.append(value)
        runs.append((np.array(seen), *pair))
    for found, expected in zip(*runs, strict=True):
        assert np.max(np.abs(found - expected)) < 1e-9


def judged(pair, images, labels):
    """Loss and accuracy over a whole set."""
    hidden = [np.maximum(convolve(x, pair[0][::-1, ::-1], "same", "direct"), 0) for x in images]
    z = np.reshape(hidden, (len(images), -1)) @ pair[1]
    return tg.log_loss(tg.sigmoid(z), labels), np.mean((z > 0) == (labels > 0.5))


# REFERENCE: train (running), validation and test loss and accuracy after each epoch; the first of
# them before training, over whole sets.
FIGURES = [
    [(1.0296, 0.4535), (1.1076, 0.4410), (1.0297, 0.4605)],
    [(0.2091, 0.9514), (0.1545, 0.9570), (0.1565, 0.9625)],
    [(0.1127, 0.9660), (0.1313, 0.9670), (0.1509, 0.9640)],
    [(0.0945, 0.9704), (0.1209, 0.9660), (0.1343, 0.9620)],
    [(0.0732, 0.9765), (0.1047, 0.9650), (0.1186, 0.9655)],
    [(0.0667, 0.9801), (0.1214, 0.9630), (0.1301, 0.9620)],
]
FILTER = [
    [-0.01280, -0.37616, 0.08925],
    [0.97550, -0.30084, -0.44250],
    [0.60503, 0.04160, -0.73539],
]


@pytest.mark.slow
@pytest.mark.skipif(
    not (REAL / "fashion-mnist").is_dir(),
    reason="needs Fashion-MNIST: its four files in fashion-mnist/ in the folder TINYGRAD_NP_DATA",
)
def test_part_one_has_the_posts_figures(monkeypatch):
    monkeypatch.setenv("TINYGRAD_NP_DATA", str(REAL))
    two = tg.data.select(tg.data.fashion_mnist(download=False), (1, 3))
    last = slice(-1000, None)
    images = tg.data.standardised(two.train_images[:-1000], two.train_images[last], two.test_images)
    labels = two.train_labels[:-1000], two.train_labels[last], two.test_labels
    sets = [(x, (y == 3) * 1.0) for x, y in zip(images, labels, strict=True)]
    pair, random = start()
    gradient = tg.value_and_grad(loss, (0, 1), has_aux=True)
    history = [[judged(pair, *part) for part in sets]]
    for _ in range(5):
        seen = []
        for _ in range(11_000):
            k = random.randint(11_000)
            value, is_right, pair = step(gradient, pair, sets[0][0][k], sets[0][1][k])
            seen.append((value, is_right))
        history.append([tuple(np.mean(seen, 0)), *[judged(pair, *part) for part in sets[1:]]])
    assert np.array_equal(np.round(history, 4), FIGURES)
    assert np.array_equal(np.round(pair[0], 5), FILTER)
    assert round(float(np.linalg.norm(pair[1])), 5) == 2.30609

"""check_gradient finds planted mistakes, and names those that have a known shape.

Each is a function that someone might have written, its gradient, and the gradient with a mistake
that people make.
"""

from typing import Any, NamedTuple

import numpy as np
import pytest

from tinygrad_np.check import check_gradient, compare


class Mistake(NamedTuple):
    """`hint` is what the report has to say of it; empty if the mistake has no known shape."""

    f: Any
    right: Any
    wrong: Any
    x: Any
    hint: str = ""
    is_hidden: bool = False
    """whether noise hides it, so that the report may only say so"""


rng = np.random.default_rng(7)
N = 32
A, T = rng.normal(size=(N, 4)), rng.normal(size=(N, 4))
W, B = rng.normal(size=(4, 4)), rng.normal(size=4)
W3, C = rng.normal(size=(4, 3)), rng.integers(0, 3, N)
ONE_HOT = np.eye(3)[C]
LABELS = (rng.random(N) < 0.5).astype(float)
V, U = rng.normal(size=6), rng.normal(size=6)
S = rng.normal(size=(5, 5)) + 4 * np.eye(5)
Q = rng.normal(size=(5, 5))
IMAGE = rng.normal(size=(9, 8))
FILTER, WEIGHTS = rng.normal(size=(3, 3)), rng.normal(size=(7, 6))
BATCH, FILTERS = rng.normal(size=(2, 6, 6, 3)), rng.normal(size=(3, 3, 3, 3))
SIGNAL = rng.normal(size=12)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def logsumexp(z):
    m = z.max(axis=-1)
    return m + np.log(np.sum(np.exp(z - m[..., None]), axis=-1))


# Dense layers: W is square, so that a forgotten transpose keeps the shape


def squared(w):
    return np.mean((A @ w - T) ** 2)


def by_squared(w):
    return 2 * A.T @ (A @ w - T) / T.size


def tanh_layer(p):
    return np.sum(T * np.tanh(A @ p["w"] + p["b"]))


def by_tanh_layer(p):
    d = T * (1 - np.tanh(A @ p["w"] + p["b"]) ** 2)
    return {"w": A.T @ d, "b": d.sum(axis=0)}


def changed(gradient, leaf, change):
    """The gradient with one of its leaves changed."""
    return lambda p: {**gradient(p), leaf: change(p)}


def regularised(w):
    return squared(w) + 0.05 * np.sum(w**2)


# Classification


def cross_entropy(w):
    z = A @ w
    return np.mean(logsumexp(z) - np.sum(ONE_HOT * z, axis=1))


def by_cross_entropy(w):
    return A.T @ (softmax(A @ w) - ONE_HOT) / N


def log_loss(w):
    z = A @ w
    return np.mean(np.logaddexp(0, z) - LABELS * z)


def by_log_loss(w):
    return A.T @ (sigmoid(A @ w) - LABELS) / N


def squashed(w):
    return np.sum(LABELS * sigmoid(A @ w))


def weighed_softmax(z):
    return V @ softmax(z)


def by_weighed_softmax(z):
    p = softmax(z)
    return p * (V - V @ p)


# A small convolution and pooling, in plain NumPy


def windows(image):
    return np.lib.stride_tricks.sliding_window_view(image, (3, 3))


def convolved(k):
    return np.sum(WEIGHTS * np.einsum("ijkl,kl->ij", windows(IMAGE), k))


def by_filter(k):
    return np.einsum("ij,ijkl->kl", WEIGHTS, windows(IMAGE))


def over_image(image):
    return np.sum(WEIGHTS * np.tanh(np.einsum("ijkl,kl->ij", windows(image), FILTER)))


def by_image(image):
    d = WEIGHTS * (1 - np.tanh(np.einsum("ijkl,kl->ij", windows(image), FILTER)) ** 2)
    result = np.zeros_like(image)
    for i in range(3):
        for j in range(3):
            result[i : i + 7, j : j + 6] += FILTER[i, j] * d
    return result


def by_image_short(image):
    d = WEIGHTS * (1 - np.tanh(np.einsum("ijkl,kl->ij", windows(image), FILTER)) ** 2)
    result = np.zeros_like(image)
    for i in range(3):
        for j in range(3):
            result[i : i + 6, j : j + 6] += FILTER[i, j] * d[:6]
    return result


def many_channels(k):
    views = np.lib.stride_tricks.sliding_window_view(BATCH, (3, 3), axis=(1, 2))
    return np.mean(np.einsum("nijckl,klco->nijo", views, k) ** 2)


def by_many_channels(k):
    views = np.lib.stride_tricks.sliding_window_view(BATCH, (3, 3), axis=(1, 2))
    d = np.einsum("nijckl,klco->nijo", views, k)
    return 2 * np.einsum("nijckl,nijo->klco", views, d) / d.size


def pooled(x):
    return np.sum(V[:4] * x.reshape(4, 3).max(axis=1))


def by_pooled(x):
    rows = x.reshape(4, 3)
    return ((rows == rows.max(axis=1, keepdims=True)) * V[:4, None]).ravel()


# Norms, forms, statistics


def deviation(x):
    return x.std()


def normalised(x):
    return U @ ((x - x.mean()) / x.std())


def by_normalised(x):
    y = (x - x.mean()) / x.std()
    return (U - U.mean() - y * np.mean(U * y)) / x.std()


def huber(x):
    return np.sum(np.where(np.abs(x) < 1, x * x / 2, np.abs(x) - 0.5))


def rough(x):
    return np.sum(np.diff(x) ** 2) + x[-1] ** 2


def by_rough(x):
    d = np.append(np.diff(x), -x[-1])
    return np.append(0.0, 2 * d[:-1]) - 2 * d


def smoothed(x):
    return np.sum(np.exp(0.5 * (x[1:] + x[:-1])))


def by_smoothed(x):
    e = np.exp(0.5 * (x[1:] + x[:-1]))
    return 0.5 * (np.append(e, 0.0) + np.append(0.0, e))


WORDS = np.array([0, 2, 2, 1, 2, 0])


def embedded(table):
    return np.sum(np.sin(table[WORDS]) * U[:, None])


def by_embedded(table):
    result = np.zeros_like(table)
    np.add.at(result, WORDS, np.cos(table[WORDS]) * U[:, None])
    return result


def by_embedded_once(table):
    result = np.zeros_like(table)
    result[WORDS] = np.cos(table[WORDS]) * U[:, None]
    return result


DROPPED = (rng.random((N, 4)) < 0.5) / 0.5


def dropout(w):
    return np.sum(T * np.tanh(DROPPED * (A @ w)))


def by_dropout(w):
    return A.T @ (T * DROPPED * (1 - np.tanh(DROPPED * (A @ w)) ** 2))


def leaky(w):
    z = A @ w
    return np.sum(T * np.where(z > 0, z, 0.1 * z))


def relative_error(gradient, index, size=1e-6):
    """The gradient with one component off by a part in a million."""

    def wrong(x):
        result = gradient(x).copy()
        result[index] *= 1 + size
        return result

    return wrong


def stale(gradient, start):
    """A gradient that was computed once and kept."""
    kept = gradient(start)
    return lambda x: kept


def two(p):
    return np.sum(np.sin(p["a"]) * p["b"])


def distribution(seed=3):
    p = np.random.default_rng(seed).uniform(0.5, 2.0, 6)
    return p / p.sum()


P, P0 = distribution(), distribution(4)


MISTAKES = {
    "a transpose forgotten": Mistake(
        squared, by_squared, lambda w: by_squared(w).T, W, "transposed"
    ),
    "the 2 of the square forgotten": Mistake(
        squared, by_squared, lambda w: by_squared(w) / 2, W, "off by the factor 1/2"
    ),
    "a half in front of the square forgotten": Mistake(
        lambda w: squared(w) / 2, lambda w: by_squared(w) / 2, by_squared, W, "off by the factor 2"
    ),
    "sum, not mean": Mistake(
        log_loss,
        by_log_loss,
        lambda w: N * by_log_loss(w),
        B,
        f"off by the factor {N}: it looks like the gradient of the sum over {N}",
    ),
    "mean, not sum": Mistake(
        lambda w: N * cross_entropy(w),
        lambda w: N * by_cross_entropy(w),
        by_cross_entropy,
        W3,
        f"off by the factor 1/{N}: it looks like the gradient of the mean over {N}",
    ),
    "label minus prediction": Mistake(
        log_loss, by_log_loss, lambda w: A.T @ (LABELS - sigmoid(A @ w)) / N, B, "the sign"
    ),
    "the labels forgotten": Mistake(
        cross_entropy, by_cross_entropy, lambda w: A.T @ softmax(A @ w) / N, W3
    ),
    "labels off by one": Mistake(
        cross_entropy,
        by_cross_entropy,
        lambda w: A.T @ (softmax(A @ w) - np.roll(ONE_HOT, 1, axis=1)) / N,
        W3,
    ),
    "the regulariser forgotten": Mistake(
        regularised, lambda w: by_squared(w) + 0.1 * w, by_squared, W, "+0.1 times x is lacking"
    ),
    "the regulariser's 2 forgotten": Mistake(
        regularised,
        lambda w: by_squared(w) + 0.1 * w,
        lambda w: by_squared(w) + 0.05 * w,
        W,
        "+0.05 times x is lacking",
    ),
    "a bias that is not summed over the batch": Mistake(
        tanh_layer,
        by_tanh_layer,
        changed(by_tanh_layer, "b", lambda p: (T * (1 - np.tanh(A @ p["w"] + p["b"]) ** 2))[0]),
        {"w": W, "b": B},
    ),
    "a bias that is averaged over the batch": Mistake(
        tanh_layer,
        by_tanh_layer,
        changed(by_tanh_layer, "b", lambda p: by_tanh_layer(p)["b"] / N),
        {"w": W, "b": B},
        f"['b']: off by the factor 1/{N}",
    ),
    "a bias that is summed over everything": Mistake(
        tanh_layer,
        by_tanh_layer,
        changed(by_tanh_layer, "b", lambda p: np.full(4, by_tanh_layer(p)["b"].sum())),
        {"w": W, "b": B},
    ),
    "tanh' as 1 − x²": Mistake(
        tanh_layer,
        by_tanh_layer,
        changed(by_tanh_layer, "w", lambda p: A.T @ (T * (1 - (A @ p["w"] + p["b"]) ** 2))),
        {"w": W, "b": B},
    ),
    "σ' as σ": Mistake(
        squashed,
        lambda w: A.T @ (LABELS * sigmoid(A @ w) * (1 - sigmoid(A @ w))),
        lambda w: A.T @ (LABELS * sigmoid(A @ w)),
        B,
    ),
    "only the diagonal of softmax": Mistake(
        weighed_softmax, by_weighed_softmax, lambda z: V * softmax(z) * (1 - softmax(z)), U
    ),
    "a softmax that is not normalised": Mistake(
        logsumexp, softmax, lambda z: np.exp(z - z.max()), U, "off by the factor"
    ),
    "softmax over the wrong axis": Mistake(
        cross_entropy,
        by_cross_entropy,
        lambda w: A.T @ (softmax((A @ w).T).T - ONE_HOT) / N,
        W3,
    ),
    "a filter that is flipped": Mistake(
        convolved, by_filter, lambda k: by_filter(k)[::-1, ::-1], FILTER, "reversed along axes 0"
    ),
    "an image shifted by a pixel": Mistake(
        over_image,
        by_image,
        lambda x: np.roll(by_image(x), 1, axis=1),
        IMAGE,
        "shifted by one along axis 1, towards the end",
    ),
    "a shift that drops what leaves": Mistake(
        over_image,
        by_image,
        lambda x: np.vstack([by_image(x)[1:], np.zeros((1, 8))]),
        IMAGE,
        "shifted by one along axis 0, towards the beginning",
    ),
    "a loop over windows that ends too early": Mistake(over_image, by_image, by_image_short, IMAGE),
    "channels in and out exchanged": Mistake(
        many_channels,
        by_many_channels,
        lambda k: by_many_channels(k).swapaxes(2, 3),
        FILTERS,
        "transposed: axes 2 and 3 are exchanged",
    ),
    "max pooling that passes to all": Mistake(
        pooled, by_pooled, lambda x: np.repeat(V[:4], 3), SIGNAL
    ),
    "average pooling over a side, not the window": Mistake(
        lambda x: np.sum(V * np.sin(x).reshape(2, 3, 6).mean(axis=(0, 1))),
        lambda x: (V * np.cos(x).reshape(2, 3, 6) / 6).ravel(),
        lambda x: (V * np.cos(x).reshape(2, 3, 6) / 3).ravel(),
        np.random.default_rng(1).normal(size=36),
        "off by the factor 2",
    ),
    "a norm that is not divided by": Mistake(
        np.linalg.norm, lambda x: x / np.linalg.norm(x), lambda x: x, V, "off by the factor"
    ),
    "a form taken for symmetric": Mistake(
        lambda x: x @ Q @ x, lambda x: (Q + Q.T) @ x, lambda x: 2 * Q @ x, V[:5]
    ),
    "the other argument of a bilinear form": Mistake(
        lambda x: x @ Q @ U[:5], lambda x: Q @ U[:5], lambda x: Q.T @ U[:5], V[:5]
    ),
    "a log-determinant by its inverse": Mistake(
        lambda m: np.linalg.slogdet(m)[1],
        lambda m: np.linalg.inv(m).T,
        np.linalg.inv,
        S,
        "transposed",
    ),
    "a variance whose mean is forgotten": Mistake(
        np.var,
        lambda x: 2 * (x - x.mean()) / x.size,
        lambda x: 2 * x / x.size,
        V + 0.7,
        "the same amount is lacking in every component",
    ),
    "a root that is not divided by": Mistake(
        deviation,
        lambda x: (x - x.mean()) / (x.size * x.std()),
        lambda x: (x - x.mean()) / x.size,
        V,
        "off by the factor",
    ),
    "normalisation by constants": Mistake(normalised, by_normalised, lambda x: U / x.std(), V),
    "a part in a million, one of six": Mistake(
        lambda x: np.sum(np.sin(x)), np.cos, relative_error(np.cos, 4), V, "component [4] only"
    ),
    "a part in a million, one of four hundred": Mistake(
        lambda x: np.mean(np.exp(np.sin(x))),
        lambda x: np.exp(np.sin(x)) * np.cos(x) / 400,
        relative_error(lambda x: np.exp(np.sin(x)) * np.cos(x) / 400, 123),
        np.random.default_rng(2).normal(size=400),
        "component [123] only",
    ),
    "a wrong index": Mistake(
        many_channels,
        by_many_channels,
        relative_error(by_many_channels, (1, 2, 0, 1), -2.0),
        FILTERS,
        "component [1, 2, 0, 1] only",
    ),
    "gradients in the wrong order": Mistake(
        two,
        lambda p: {"a": np.cos(p["a"]) * p["b"], "b": np.sin(p["a"])},
        lambda p: {"b": np.cos(p["a"]) * p["b"], "a": np.sin(p["a"])},
        {"a": V, "b": U},
        "exchanged: what is claimed for",
    ),
    "an inner derivative forgotten": Mistake(
        lambda x: np.sum(np.sin(2.5 * x)),
        lambda x: 2.5 * np.cos(2.5 * x),
        lambda x: np.cos(2.5 * x),
        V,
        "off by the factor 0.4 in every component",
    ),
    "inner derivatives forgotten": Mistake(
        lambda x: np.sum(np.sin(U * x)), lambda x: U * np.cos(U * x), lambda x: np.cos(U * x), V
    ),
    "half of the product rule": Mistake(
        lambda x: np.sum(x * np.exp(-(x**2))),
        lambda x: (1 - 2 * x**2) * np.exp(-(x**2)),
        lambda x: -2 * x**2 * np.exp(-(x**2)),
        V,
    ),
    "the derivative of another function": Mistake(
        lambda x: np.sum(np.cosh(x)), np.sinh, np.cosh, V
    ),
    "a gradient that was kept from before": Mistake(
        squared, by_squared, stale(by_squared, W + 0.01), W
    ),
    "the wrong branch": Mistake(
        huber, lambda x: np.clip(x, -1, 1), lambda x: np.where(np.abs(x) < 1, np.sign(x), x), 2 * V
    ),
    "a leak on the wrong side": Mistake(
        leaky,
        lambda w: A.T @ (T * np.where(A @ w > 0, 1, 0.1)),
        lambda w: A.T @ (T * np.where(A @ w < 0, 1, 0.1)),
        W,
    ),
    "the last term forgotten": Mistake(
        rough,
        by_rough,
        lambda x: np.append(by_rough(x)[:-1], by_rough(x)[-1] - 2 * x[-1]),
        SIGNAL,
        "component [11] only",
    ),
    "a range that is too short": Mistake(
        smoothed, by_smoothed, lambda x: np.append(by_smoothed(x[:-1]), 0.0), SIGNAL
    ),
    "a row that is never reached": Mistake(
        over_image,
        by_image,
        lambda x: np.vstack([by_image(x)[:-1], np.zeros((1, 8))]),
        IMAGE,
        "only the last along axis 0 (index 8) is wrong",
    ),
    "repeated indices that overwrite": Mistake(
        embedded, by_embedded, by_embedded_once, rng.normal(size=(4, 3))
    ),
    "dropout that is not applied backwards": Mistake(
        dropout,
        by_dropout,
        lambda w: A.T @ (T * (1 - np.tanh(DROPPED * (A @ w)) ** 2)),
        W,
    ),
    "a divergence without its one": Mistake(
        lambda p: np.sum(p * np.log(p / P0)),
        lambda p: np.log(p / P0) + 1,
        lambda p: np.log(p / P0),
        P,
        "the same amount is lacking in every component: 1",
    ),
    "a cumulative sum in the wrong direction": Mistake(
        lambda x: V @ np.cumsum(x), lambda x: np.cumsum(V[::-1])[::-1], lambda x: np.cumsum(V), U
    ),
    "an exponent that is off by one": Mistake(
        lambda x: np.sum(x**4), lambda x: 4 * x**3, lambda x: 4 * x**4, V
    ),
    "a gradient rounded to half precision": Mistake(
        log_loss, by_log_loss, lambda w: by_log_loss(w).astype(np.float16).astype(float), B
    ),
    "a small array beside a large one": Mistake(
        lambda p: np.sum(np.exp(p[0])) + 1e-6 * np.sum(np.sin(p[1])),
        lambda p: [np.exp(p[0]), 1e-6 * np.cos(p[1])],
        lambda p: [np.exp(p[0]), 1.001e-6 * np.cos(p[1])],
        [V, U],
        "[1]: off by the factor 1.001 in every component",
    ),
    "beneath the noise": Mistake(
        lambda x: 1e8 + np.sum(np.sin(x)), np.cos, lambda x: np.cos(x) + 1e-6, V, is_hidden=True
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_the_mistake_is_found_and_named(name):
    mistake = MISTAKES[name]
    report = check_gradient(mistake.f, mistake.wrong, mistake.x)
    if mistake.is_hidden:
        assert report.verdict == "cannot tell", f"\n{report}"
        assert all(0 < row.difference < row.floor for row in report.rows)
        assert f"{report.rows[0].floor:.2g}" in str(report)
        return
    assert report.verdict == "wrong", f"\n{report}"
    if mistake.hint:
        assert report.hints, f"\n{report}"
        assert all(mistake.hint in hint for hint in report.hints), f"\n{report}"
    else:
        assert report.hints == [], f"\n{report}"


@pytest.mark.parametrize("name", MISTAKES)
def test_without_the_mistake_it_is_right(name):
    mistake = MISTAKES[name]
    report = check_gradient(mistake.f, mistake.right, mistake.x)
    assert report.verdict == "right", f"\n{report}"


def test_there_are_enough_of_them():
    assert len(MISTAKES) >= 40
    assert sum(mistake.is_hidden for mistake in MISTAKES.values()) <= 2


RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=5)


def sines(x):
    return np.sum(np.sin(x))


def test_nothing_is_a_factor_where_the_slope_is_zero():
    for f, x in ((lambda x: np.sum(x**3), np.zeros(4)), (lambda x: np.sum(np.cos(x)), np.zeros(4))):
        report = check_gradient(f, lambda x: np.full(4, 1e-5), x)
        assert report.hints == ["the same amount is lacking in every component: -1e-05"]


def test_how_near_to_one_a_factor_is():
    for factor, hint in ((1 + 1e-9, "1.000000001"), (1.5, "1.5"), (0.999, "0.999")):
        report = compare(sines, lambda x, factor=factor: factor * np.cos(x), POINTS)
        assert report.hints == [f"off by the factor {hint} in every component"]


def test_one_component_among_many():
    report = check_gradient(
        sines, lambda x: np.cos(x) * (np.arange(x.size) != 777), RNG.normal(size=100_000)
    )
    assert [row.leaf for row in report.components] == ["[777]"]
    assert report.hints[0].startswith("component [777] only")

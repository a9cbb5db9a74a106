"""check_gradient raises no false alarm: right gradients of many kinds, from 1e-8 to 1e8."""

from typing import NamedTuple

import numpy as np
import pytest

from tinygrad_np.check import check_gradient


class Smooth(NamedTuple):
    """data function of u, its gradient, and a point; scaled to c φ(x / s) in the tests."""

    f: object
    gradient: object
    u: np.ndarray


def kinds(seed):
    """Functions of many kinds at a random point, the kinked ones away from their kinks."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=7)
    apart = rng.permutation(np.arange(1, 9) * 0.4) * rng.choice([-1, 1], 8) + 0.1
    positive = rng.uniform(0.3, 3.0, 6)
    data, weights = rng.normal(size=(12, 4)), rng.normal(size=(4, 3))
    matrix = rng.normal(size=(5, 5)) + 4 * np.eye(5)
    targets = rng.normal(size=(12, 3))
    labels = np.eye(3)[rng.integers(0, 3, 12)]
    w = rng.normal(size=7)
    image, filters = rng.normal(size=(6, 7)), rng.normal(size=(3, 3))

    def softmax(z):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def logsumexp(z):
        m = z.max(axis=-1, keepdims=True)
        return (m + np.log(np.sum(np.exp(z - m), axis=-1, keepdims=True)))[..., 0]

    def relu(z):
        return np.maximum(z, 0)

    def convolved(k):
        windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
        return np.einsum("ijkl,kl->ij", windows, k)

    def by_filters(k):
        windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
        return np.einsum("ij,ijkl->kl", 2 * convolved(k), windows)

    def huber(r):
        return np.where(np.abs(r) < 1, r * r / 2, np.abs(r) - 0.5)

    def pooled(z):
        return z.reshape(4, 2).max(axis=1)

    def by_pooled(z):
        rows = z.reshape(4, 2)
        chosen = rows == rows.max(axis=1, keepdims=True)
        return (chosen * 2 * rows).ravel()

    def one_layer(k):
        return np.mean((np.tanh(data @ k) - targets) ** 2)

    def by_one_layer(k):
        h = np.tanh(data @ k)
        return data.T @ (2 * (h - targets) * (1 - h * h)) / targets.size

    def normalised(z):
        return np.sum(w * (z - z.mean()) / z.std())

    def by_normalised(z):
        n, deviation = z.size, z.std()
        y = (z - z.mean()) / deviation
        return (w - w.mean() - y * np.mean(w * y)) / deviation + 0 * n

    def power(z):
        return np.sum(z**3.7)

    return {
        "linear": Smooth(lambda z: w @ z, lambda z: w, x),
        "square": Smooth(lambda z: z @ z, lambda z: 2 * z, x),
        "cubic": Smooth(lambda z: np.sum(z**3 - z), lambda z: 3 * z**2 - 1, x),
        "sine": Smooth(lambda z: np.sum(np.sin(z)), np.cos, x),
        "many waves": Smooth(lambda z: np.sum(np.sin(300 * z)), lambda z: 300 * np.cos(300 * z), x),
        "exp": Smooth(lambda z: np.sum(np.exp(z)), np.exp, x),
        "steep exp": Smooth(lambda z: np.exp(30 * z).sum(), lambda z: 30 * np.exp(30 * z), x),
        "log": Smooth(lambda z: np.sum(np.log(z)), lambda z: 1 / z, positive),
        "sqrt": Smooth(lambda z: np.sum(np.sqrt(z)), lambda z: 0.5 / np.sqrt(z), positive),
        "power": Smooth(power, lambda z: 3.7 * z**2.7, positive),
        "reciprocal": Smooth(lambda z: np.sum(1 / z**2), lambda z: -2 / z**3, positive),
        "product": Smooth(np.prod, lambda z: np.prod(z) / z, positive),
        "ratio": Smooth(
            lambda z: z[0] / (z[1] + z[2]),
            lambda z: np.array(
                [1 / (z[1] + z[2]), *[-z[0] / (z[1] + z[2]) ** 2] * 2, 0.0, 0.0, 0.0]
            ),
            positive,
        ),
        "entropy": Smooth(lambda z: -np.sum(z * np.log(z)), lambda z: -np.log(z) - 1, positive),
        "softplus": Smooth(lambda z: np.sum(np.logaddexp(0, z)), lambda z: 1 / (1 + np.exp(-z)), x),
        "log-sum-exp": Smooth(logsumexp, softmax, x),
        "cross-entropy": Smooth(
            lambda k: np.mean(logsumexp(data @ k) - np.sum(labels * (data @ k), axis=1)),
            lambda k: data.T @ (softmax(data @ k) - labels) / 12,
            weights,
        ),
        "squared error": Smooth(
            lambda k: np.mean((data @ k - targets) ** 2),
            lambda k: 2 * data.T @ (data @ k - targets) / targets.size,
            weights,
        ),
        "dense layer": Smooth(one_layer, by_one_layer, weights),
        "dense relu": Smooth(
            lambda k: np.sum(relu(data @ k)),
            lambda k: data.T @ (data @ k > 0).astype(float),
            weights,
        ),
        "convolution": Smooth(lambda k: np.sum(convolved(k) ** 2), by_filters, filters),
        "quadratic form": Smooth(
            lambda z: z @ matrix @ z, lambda z: (matrix + matrix.T) @ z, x[:5]
        ),
        "log-determinant": Smooth(
            lambda m: np.linalg.slogdet(m)[1], lambda m: np.linalg.inv(m).T, matrix
        ),
        "norm": Smooth(np.linalg.norm, lambda z: z / np.linalg.norm(z), x),
        "normalisation": Smooth(normalised, by_normalised, x),
        "absolute value": Smooth(lambda z: np.sum(np.abs(z)), np.sign, apart),
        "relu": Smooth(lambda z: np.sum(relu(z) ** 1), lambda z: (z > 0) * 1.0, apart),
        "maximum": Smooth(np.max, lambda z: (z == z.max()) * 1.0, apart),
        "max pooling": Smooth(lambda z: np.sum(pooled(z) ** 2), by_pooled, apart),
        "Huber": Smooth(lambda z: np.sum(huber(z)), lambda z: np.clip(z, -1, 1), apart + 0.05),
        "median": Smooth(
            lambda z: np.median(z[:5]),
            lambda z: (z == np.median(z[:5])) * 1.0,
            apart,
        ),
        "angle": Smooth(
            lambda z: np.arctan2(z[0], z[1]),
            lambda z: np.array([z[1], -z[0], 0, 0, 0, 0]) / (z[0] ** 2 + z[1] ** 2),
            positive,
        ),
    }


def scaled(kind, c, s):
    return (
        lambda x: c * kind.f(x / s),
        lambda x: c / s * kind.gradient(x / s),
        s * kind.u,
    )


KINDS = kinds(0)
SCALES = [(1.0, 1.0), (1e8, 1e-8), (1e-8, 1e8), (1e8, 1e8), (1e-8, 1e-8)]


@pytest.mark.parametrize("scales", SCALES, ids=str)
@pytest.mark.parametrize("name", KINDS)
def test_right(name, scales):
    report = check_gradient(*scaled(KINDS[name], *scales))
    assert report.verdict == "right", f"\n{report}"
    assert report.hints == []
    assert report.components == []


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def hard(seed):
    """What is hard on differences: (f, gradient, x), all right."""
    rng = np.random.default_rng(seed)
    u, a = rng.normal(size=6), rng.normal(size=6)
    apart = 10.0 ** rng.uniform(-8, 8, 6)
    data = rng.normal(size=(64, 10))
    labels = (rng.random(64) < 0.5).astype(float)
    first, second = rng.normal(size=(10, 200)) / 3, rng.normal(size=(200, 50)) / 14
    third = rng.normal(size=(50, 1)) / 7
    wide, w = rng.normal(size=(400, 30)), rng.normal(size=30)
    separating = rng.normal(size=10) * 20
    sides = np.sign(data @ separating)
    complex_x = u + 1j * a

    def network(p):
        return np.mean(np.maximum(np.maximum(data @ p["a"], 0) @ p["b"], 0) @ p["c"])

    def by_network(p):
        z = data @ p["a"]
        h = np.maximum(z, 0)
        y = h @ p["b"]
        d = np.full((64, 1), 1 / 64)
        e = (d @ p["c"].T) * (y > 0)
        return {
            "a": data.T @ ((e @ p["b"].T) * (z > 0)),
            "b": h.T @ e,
            "c": np.maximum(y, 0).T @ d,
        }

    net = {"a": first, "b": second, "c": third}

    def single(p):
        return {name: leaf.astype(np.float32) for name, leaf in p.items()}

    return {
        "coefficients far apart": (
            lambda x: np.sum(apart * np.sin(x)),
            lambda x: apart * np.cos(x),
            u,
        ),
        "components far apart": (
            lambda x: np.sum(np.log(x)),
            lambda x: 1 / x,
            np.exp(u) * apart,
        ),
        "waves far apart": (
            lambda x: np.sum(np.sin(x / apart)),
            lambda x: np.cos(x / apart) / apart,
            u * apart,
        ),
        **{
            f"offset {offset:g}": (lambda x, o=offset: o + np.sum(np.sin(x)), np.cos, u)
            for offset in (1e4, 1e6, 1e8, 1e12)
        },
        **{
            f"offset {offset:g}, taken off again": (
                lambda x, o=offset: (o + np.sum(np.sin(x))) - o,
                np.cos,
                u,
            )
            for offset in (1e8, 1e12)
        },
        **{
            f"a point near {offset:g}": (
                lambda x, o=offset: np.sum(np.sin(x - o)),
                lambda x, o=offset: np.cos(x - o),
                u + offset,
            )
            for offset in (1e4, 1e8, 1e12)
        },
        "a deep relu network": (network, by_network, net),
        "the same in float32": (network, by_network, single(net)),
        "a certain classifier": (
            lambda w: np.mean(np.logaddexp(0, -sides * (data @ w))),
            lambda w: data.T @ (sigmoid(data @ w) - (sides > 0)) / 64,
            separating,
        ),
        "an uncertain one": (
            lambda w: np.mean(np.logaddexp(0, data @ w) - labels * (data @ w)),
            lambda w: data.T @ (sigmoid(data @ w) - labels) / 64,
            separating,
        ),
        "zeros": (
            lambda x: np.sum(np.sin(x) + x**2),
            lambda x: np.cos(x) + 2 * x,
            np.where(u > 0, u, 0.0),
        ),
        "nothing but zeros": (
            lambda x: np.sum(np.sin(x) + x**2),
            lambda x: np.cos(x) + 2 * x,
            np.zeros(6),
        ),
        "almost zeros": (
            lambda x: np.sum(np.sin(x) + x**2),
            lambda x: np.cos(x) + 2 * x,
            np.where(u > 0, u, 1e-17 * u),
        ),
        "a minimum": (lambda x: 1 + np.sum((x - u) ** 2), lambda x: 2 * (x - u), u.copy()),
        "a constant": (lambda x: 3.0, np.zeros_like, u),
        "always zero": (lambda x: 0.0, np.zeros_like, u),
        "an unused array": (
            lambda p: np.sum(np.sin(p[0])),
            lambda p: [np.cos(p[0]), 0 * p[1]],
            [u, a],
        ),
        "arrays far apart": (
            lambda p: np.sum(np.sin(p[0] * 1e8)) + 1e-8 * np.sum(p[1] ** 2),
            lambda p: [1e8 * np.cos(p[0] * 1e8), 2e-8 * p[1]],
            [u * 1e-8, a],
        ),
        "an array that hardly matters": (
            lambda p: np.sum(np.exp(p[0])) + 1e-13 * np.sum(p[1] ** 2),
            lambda p: [np.exp(p[0]), 2e-13 * p[1]],
            [u, a],
        ),
        "a single number": (
            lambda t: np.sin(t) * t,
            lambda t: np.cos(t) * t + np.sin(t),
            float(u[0]),
        ),
        "float32": (lambda x: np.sum(np.sin(x)), np.cos, u.astype(np.float32)),
        "float16": (lambda x: np.sum(np.sin(x)), np.cos, u.astype(np.float16)),
        "float32 inside": (lambda x: np.sum(np.sin(x.astype(np.float32))), np.cos, u),
        "float32 deep inside": (
            lambda x: float(np.sum(np.sin(x.astype(np.float32)).astype(float))),
            np.cos,
            u,
        ),
        "complex": (
            lambda z: np.sum(np.abs(z) ** 3),
            lambda z: 3 * np.abs(z) * np.conj(z),
            complex_x,
        ),
        "an edge of the domain": (
            lambda x: np.sum(np.sqrt(x - 1)),
            lambda x: 0.5 / np.sqrt(x - 1),
            1 + 1e-6 * np.exp(u),
        ),
        "another": (
            lambda x: np.sum(np.arccos(x)),
            lambda x: -1 / np.sqrt(1 - x**2),
            1 - 1e-4 * np.exp(u),
        ),
        "four hundred kinks": (
            lambda w: np.mean(np.abs(wide @ w)),
            lambda w: wide.T @ np.sign(wide @ w) / 400,
            w,
        ),
        "kinks that take no complex numbers": (
            lambda w: np.mean([abs(float(z)) for z in wide @ w]),
            lambda w: wide.T @ np.sign(wide @ w) / 400,
            w,
        ),
        "fast waves": (
            lambda x: np.sum(np.sin(1e5 * x)),
            lambda x: 1e5 * np.cos(1e5 * x),
            u,
        ),
        "a narrow bell": (
            lambda x: np.sum(np.exp(-((x - u - 3e-5) ** 2) * 1e8)),
            lambda x: -2e8 * (x - u - 3e-5) * np.exp(-((x - u - 3e-5) ** 2) * 1e8),
            u.copy(),
        ),
        "a Cholesky factor": (
            lambda m: np.log(np.diag(np.linalg.cholesky(m @ m.T + np.eye(4)))).sum(),
            lambda m: np.linalg.solve(m @ m.T + np.eye(4), m),
            rng.normal(size=(4, 4)),
        ),
    }


def test_what_is_hard_is_never_called_wrong_and_seldom_left_open():
    verdicts = []
    for seed in range(1):
        for name, (f, gradient, x) in hard(seed).items():
            report = check_gradient(f, gradient, x)
            assert report.verdict != "wrong", f"{name}, seed {seed}\n{report}"
            verdicts.append(report.verdict)
    # noise does hide something behind 1e12, in float32 and where waves are far apart
    assert len(verdicts) >= 30
    assert verdicts.count("cannot tell") <= len(verdicts) // 10


@pytest.mark.slow
def test_no_false_alarm_at_other_points(request):
    if "slow" not in request.config.option.markexpr:
        pytest.skip("takes some minutes: run with -m slow")
    open_, count = 0, 0
    for seed in range(100):
        c, s = 10.0 ** np.random.default_rng(seed).integers(-8, 9, 2)
        cases = {name: scaled(kind, c, s) for name, kind in kinds(seed).items()}
        for name, (f, gradient, x) in {**cases, **hard(seed)}.items():
            report = check_gradient(f, gradient, x, seed=seed)
            assert report.verdict != "wrong", f"{name}, seed {seed}\n{report}"
            open_ += report.verdict == "cannot tell"
            count += 1
    print(f"{count} right gradients, {open_} of them left open")
    assert open_ <= count // 10

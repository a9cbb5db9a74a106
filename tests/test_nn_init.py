"""First values: distributions within bounds that are derived, shapes, and what is refused."""

import inspect
import math

import numpy as np
import pytest
from scipy import stats

import tinygrad_np as tg

init = tg.nn.init
SHAPE = (4, 5, 100, 50)  # 100,000 numbers; fan_in 2000, fan_out 1000
N = math.prod(SHAPE)


def rng():
    return np.random.default_rng(17)


WITHIN_2 = stats.truncnorm(-2, 2)
DEVIATIONS = {
    "he": math.sqrt(2 / 2000),
    "lecun": math.sqrt(1 / 2000),
    "glorot": math.sqrt(2 / 3000),
}
DRAWN = {
    f"{name}_{kind}": (deviation, distribution)
    for name, deviation in DEVIATIONS.items()
    for kind, distribution in (
        ("normal", stats.norm(scale=deviation)),
        ("uniform", stats.uniform(-math.sqrt(3) * deviation, 2 * math.sqrt(3) * deviation)),
    )
}
DRAWN["truncated_normal"] = 1.0, stats.truncnorm(-2, 2, scale=1 / WITHIN_2.std())


@pytest.mark.parametrize("name", DRAWN)
class TestDistributions:
    def test_the_moments(self, name):
        """Each within 6 of its standard errors; the kurtosis of none of them is above 3."""
        x = getattr(init, name)(rng(), SHAPE, dtype=np.float64)
        deviation, _ = DRAWN[name]
        assert abs(x.mean()) < 6 * deviation / math.sqrt(N)
        assert abs((x**2).mean() / deviation**2 - 1) < 6 * math.sqrt(2 / N)
        by_filter = x.reshape(-1, SHAPE[-1]).mean(0)
        assert by_filter.std() < deviation * (1 + 6 / math.sqrt(2 * 50)) / math.sqrt(2000)

    def test_the_whole_distribution(self, name):
        """Dvoretzky, Kiefer, Wolfowitz, Massart: farther off with a probability of 1e-9 at most."""
        x = np.sort(getattr(init, name)(rng(), SHAPE, dtype=np.float64), axis=None)
        expected = DRAWN[name][1].cdf(x)
        steps = np.arange(N + 1) / N
        distance = max(np.max(expected - steps[:-1]), np.max(steps[1:] - expected))
        assert distance < math.sqrt(math.log(2 / 1e-9) / (2 * N))

    def test_the_range(self, name):
        x = getattr(init, name)(rng(), SHAPE, dtype=np.float64)
        low, high = DRAWN[name][1].support()
        assert low <= x.min()
        assert x.max() <= high

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_dtypes_and_states(self, name, dtype):
        make = getattr(init, name)
        x, again = (make(rng(), (3, 4), dtype=dtype) for _ in range(2))
        assert x.dtype == dtype
        assert np.array_equal(x, again)
        assert np.array_equal(x, make(rng(), (3, 4), dtype=np.float64).astype(dtype))
        drawing = rng()
        assert not np.array_equal(make(drawing, (3, 4)), make(drawing, (3, 4)))
        assert make(rng(), (3, 4)).dtype == np.float32

    def test_gain(self, name):
        make = getattr(init, name)
        usual = math.sqrt(2) if name.startswith("he") else 1
        one, usually = make(rng(), (3, 4), gain=1, dtype=float), make(rng(), (3, 4), dtype=float)
        assert np.allclose(usual * one, usually, rtol=1e-15)
        assert not make(rng(), (3, 4), gain=0).any()

    def test_empty_ones(self, name):
        assert getattr(init, name)(rng(), (0, 3)).shape == (0, 3)
        assert getattr(init, name)(rng(), (3, 0)).shape == (3, 0)


class TestOrthogonal:
    @pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (3, 3, 2, 8), (1, 2, 2, 9), (1, 1)])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_columns_or_rows_are_orthonormal(self, shape, dtype):
        q = init.orthogonal(rng(), shape, gain=3.0, dtype=dtype)
        assert q.dtype == dtype
        assert q.shape == shape
        q = q.reshape(-1, shape[-1]).astype(float) / 3
        product = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
        assert np.abs(product - np.eye(len(product))).max() < 1e-6

    def test_all_of_them_are_as_probable(self):
        """Of 2 × 2 the angle is uniform, and half of them are reflections."""
        drawing, n = rng(), 20_000
        drawn = np.array([init.orthogonal(drawing, (2, 2), dtype=float) for _ in range(n)])
        assert abs(np.mean(np.linalg.det(drawn) > 0) - 0.5) < 6 * 0.5 / math.sqrt(n)
        angles = np.sort(np.arctan2(drawn[:, 1, 0], drawn[:, 0, 0])) / (2 * math.pi) + 0.5
        distance = np.abs(angles - np.arange(n) / n).max()
        assert distance < math.sqrt(math.log(2 / 1e-9) / (2 * n)) + 1 / n

    def test_empty_ones(self):
        assert init.orthogonal(rng(), (0, 3)).shape == (0, 3)


def test_truncated_normal_is_the_normal_scaled_and_drawn_anew_beyond_2():
    x, z = init.truncated_normal(rng(), 1000, dtype=float), rng().standard_normal(1000)
    kept = np.abs(z) <= 2
    assert 0 < np.count_nonzero(~kept) < 100
    assert np.allclose(x[kept], z[kept] / WITHIN_2.std(), rtol=1e-12, atol=0)
    assert not np.any(np.isclose(x[~kept], z[~kept] / WITHIN_2.std()))


def test_truncated_normal_of_any_shape():
    assert init.truncated_normal(rng(), ()).shape == ()
    assert init.truncated_normal(rng(), 3, gain=0.02).shape == (3,)


def shapes(params):
    return {k: shapes(v) if isinstance(v, dict) else v.shape for k, v in params.items()}


LAYERS = {
    "dense": (lambda **o: init.dense(rng(), 3, 5, **o), {"weights": (3, 5), "bias": (5,)}),
    "conv1d": (
        lambda **o: init.conv1d(rng(), 4, 2, 6, **o),
        {"filters": (4, 2, 6), "bias": (6,)},
    ),
    "conv2d": (
        lambda **o: init.conv2d(rng(), (3, 2), 4, 6, groups=2, **o),
        {"filters": (3, 2, 2, 6), "bias": (6,)},
    ),
    "conv3d": (
        lambda **o: init.conv3d(rng(), 2, 1, 3, **o),
        {"filters": (2, 2, 2, 1, 3), "bias": (3,)},
    ),
    "conv_transpose1d": (
        lambda **o: init.conv_transpose1d(rng(), 4, 2, 6, **o),
        {"filters": (4, 6, 2), "bias": (6,)},
    ),
    "conv_transpose2d": (
        lambda **o: init.conv_transpose2d(rng(), 3, 4, 6, groups=2, **o),
        {"filters": (3, 3, 3, 4), "bias": (6,)},
    ),
    "conv_transpose3d": (
        lambda **o: init.conv_transpose3d(rng(), (1, 2, 3), 4, 1, **o),
        {"filters": (1, 2, 3, 1, 4), "bias": (1,)},
    ),
    "batch_norm": (lambda **o: init.batch_norm(4, **o), {"scale": (4,), "shift": (4,)}),
    "group_norm": (lambda **o: init.group_norm(4, **o), {"scale": (4,), "shift": (4,)}),
    "instance_norm": (lambda **o: init.instance_norm(4, **o), {"scale": (4,), "shift": (4,)}),
    "layer_norm": (lambda **o: init.layer_norm((2, 3), **o), {"scale": (2, 3), "shift": (2, 3)}),
    "rms_norm": (lambda **o: init.rms_norm(4, **o), {"scale": (4,)}),
    "embedding": (lambda **o: init.embedding(rng(), 7, 3, **o), {"weights": (7, 3)}),
    "multi_head_attention": (
        lambda **o: init.multi_head_attention(rng(), 4, context=3, **o),
        {
            "query": {"weights": (4, 4), "bias": (4,)},
            "key": {"weights": (3, 4), "bias": (4,)},
            "value": {"weights": (3, 4), "bias": (4,)},
            "out": {"weights": (4, 4), "bias": (4,)},
        },
    ),
    "rnn": (
        lambda **o: init.rnn(rng(), 3, 2, **o),
        {"input_weights": (3, 2), "hidden_weights": (2, 2), "bias": (2,)},
    ),
    "lstm": (
        lambda **o: init.lstm(rng(), 3, 2, **o),
        {"input_weights": (3, 8), "hidden_weights": (2, 8), "bias": (8,)},
    ),
    "gru": (
        lambda **o: init.gru(rng(), 3, 2, **o),
        {"input_weights": (3, 6), "hidden_weights": (2, 6), "bias": (6,), "hidden_bias": (2,)},
    ),
}
WITH_BIAS = [name for name, (_, expected) in LAYERS.items() if "bias" in str(expected)]


@pytest.mark.parametrize("name", LAYERS)
class TestLayers:
    def test_shapes(self, name):
        make, expected = LAYERS[name]
        assert shapes(make()) == expected

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_dtypes_and_states(self, name, dtype):
        make, _ = LAYERS[name]
        params, again = make(dtype=dtype), make(dtype=dtype)
        assert {x.dtype for x in tg.tree.leaves(params)} == {np.dtype(dtype)}
        assert all(map(np.array_equal, tg.tree.leaves(params), tg.tree.leaves(again)))
        assert {x.dtype for x in tg.tree.leaves(make())} == {np.dtype(np.float32)}

    def test_keys_are_arguments_of_the_layer(self, name):
        layer = getattr(tg.nn, name, None)
        if layer is None:
            pytest.skip("the layer is not there")
        assert inspect.signature(layer).parameters.keys() >= LAYERS[name][0]().keys()


@pytest.mark.parametrize("name", WITH_BIAS)
def test_biases_are_zeros_or_left_out(name):
    make, expected = LAYERS[name]
    for part in [make()] if "bias" in expected else make().values():
        assert not part["bias"].any()
        assert not part.get("hidden_bias", np.zeros(1)).any()
    assert "bias" not in str(make(bias=False))
    if name != "multi_head_attention":
        expected = {key: shape for key, shape in expected.items() if "bias" not in key}
        assert shapes(make(bias=False)) == expected


def test_they_go_into_their_layers():
    x = np.ones((2, 5, 3), np.float32)
    params = init.conv1d(rng(), 3, 3, 4)
    y = tg.nn.conv1d(x, **params, padding="same")
    assert np.array_equal(y, tg.nn.conv1d(x, params["filters"], padding="same"))
    z = tg.nn.conv_transpose1d(y, **init.conv_transpose1d(rng(), 3, 4, 2))
    assert z.shape == (2, 7, 2)
    assert tg.nn.dense(x, **init.dense(rng(), 3, 7)).shape == (2, 5, 7)
    assert tg.nn.dense(x, **init.dense(rng(), 3, 7, bias=False)).dtype == np.float32
    images = np.ones((1, 4, 4, 6), np.float32)
    params = init.conv2d(rng(), 3, 6, 12, groups=6)
    assert tg.nn.conv2d(images, **params, groups=6).shape == (1, 2, 2, 12)
    params = init.conv_transpose2d(rng(), 3, 6, 12, groups=6)
    assert tg.nn.conv_transpose2d(images, **params, groups=6).shape == (1, 6, 6, 12)


def test_values_of_layers():
    """They are what the functions above draw from the same generator."""
    assert np.array_equal(init.dense(rng(), 3, 5)["weights"], init.lecun_normal(rng(), (3, 5)))
    params = init.conv2d(rng(), 3, 4, 5, filters=init.he_uniform, dtype=float)
    assert np.array_equal(params["filters"], init.he_uniform(rng(), (3, 3, 4, 5), dtype=float))
    params = init.embedding(rng(), 30, 20, gain=0.5, dtype=float)
    assert np.array_equal(params["weights"], 0.5 * rng().standard_normal((30, 20)))
    drawing, params = rng(), init.multi_head_attention(rng(), 4)
    for part in ("query", "key", "value", "out"):
        assert np.array_equal(params[part]["weights"], init.glorot_uniform(drawing, (4, 4)))
    for name, gates in (("rnn", 1), ("lstm", 4), ("gru", 3)):
        drawing, params = rng(), getattr(init, name)(rng(), 5, 4)
        assert np.array_equal(params["input_weights"], init.lecun_normal(drawing, (5, 4 * gates)))
        for gate in np.split(params["hidden_weights"].astype(float), gates, 1):
            assert np.abs(gate.T @ gate - np.eye(4)).max() < 1e-6
    assert init.batch_norm(3)["scale"].tolist() == init.rms_norm(3)["scale"].tolist() == [1, 1, 1]
    assert init.layer_norm(3)["shift"].tolist() == [0, 0, 0]


def test_gains():
    expected = {"linear": 1, "sigmoid": 1, "tanh": 5 / 3, "relu": 2**0.5, "selu": 0.75}
    assert {name: init.gain(name) for name in expected} == expected
    assert init.gain("leaky_relu") == math.sqrt(2 / 1.0001)
    assert init.gain("leaky_relu", 3) == math.sqrt(0.2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: init.he_normal(0, (2, 3)), TypeError, "he_normal: rng must be a numpy.random.Gen"),
        (lambda: init.he_normal(rng(), 3), ValueError, "must have at least 2 axes"),
        (lambda: init.he_normal(rng(), (2, -3)), ValueError, r"of shape \(2, -3\) cannot be"),
        (lambda: init.he_normal(rng(), (2, 0.5)), TypeError, "a shape is a tuple of integers"),
        (lambda: init.he_normal(rng(), (2, 3), gain=-1), ValueError, "the gain is at least 0"),
        (lambda: init.he_normal(rng(), (2, 3), gain=math.nan), ValueError, "the gain is at least"),
        (lambda: init.he_normal(rng(), (2, 3), gain="relu"), TypeError, "gain must be one number"),
        (lambda: init.orthogonal(rng(), (2, 3), dtype=int), TypeError, "dtype must be floating"),
        (lambda: init.orthogonal(rng(), (2,)), ValueError, "orthogonal: an array of shape"),
        (lambda: init.gain("softmax"), ValueError, "gain: name is one of linear, "),
        (lambda: init.gain("relu", 0.1), ValueError, "gain: relu has no parameter"),
        (lambda: init.dense(None, 3, 4), TypeError, "dense: rng must be"),
        (lambda: init.dense(rng(), 3, 0.5), TypeError, "dense: a shape is a tuple of integers"),
        (lambda: init.dense(rng(), 3, -1), ValueError, r"dense: an array of shape \(3, -1\) can"),
        (lambda: init.dense(rng(), 3, 4, weights="he"), TypeError, "dense: weights is a function"),
        (lambda: init.dense(rng(), 3, 4, dtype=int), TypeError, "dense: dtype must be floating"),
        (
            lambda: init.conv2d(rng(), (3, 3, 3), 1, 2),
            ValueError,
            "conv2d: size must be an integer",
        ),
        (lambda: init.conv2d(rng(), 0, 1, 2), ValueError, "conv2d: size must be at least 1"),
        (
            lambda: init.conv2d(rng(), 3, 4, 6, groups=4),
            ValueError,
            "conv2d: 4 inputs and 6 outputs do not fall into 4 groups",
        ),
        (lambda: init.conv2d(rng(), 3, 4, 6, groups=0), ValueError, "do not fall into 0 groups"),
        (lambda: init.batch_norm("x"), TypeError, "batch_norm: a shape is a tuple of integers"),
        (lambda: init.batch_norm(rng()), TypeError, "batch_norm: a shape is a tuple of integers"),
        (lambda: init.embedding(rng(), 3, None), TypeError, "embedding: a shape is a tuple"),
        (lambda: init.lstm(rng(), 3, -2), ValueError, "lstm: an array of shape"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_names_of_others():
    with pytest.raises(AttributeError, match=r"use tg\.nn\.init\.glorot_uniform\(rng, shape\)"):
        init.xavier_uniform_  # noqa: B018


def test_what_draws_is_checked():
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match=r"dense: weights is a function of \(rng, shape, dtype=…\)"):
        tg.nn.init.dense(rng, 2, 3, weights=np.zeros)
    with pytest.raises(ValueError, match=r"must draw an array of shape \(2, 3\), not \(3,\)"):
        tg.nn.init.dense(rng, 2, 3, weights=lambda rng, shape, dtype: np.zeros(3, dtype))

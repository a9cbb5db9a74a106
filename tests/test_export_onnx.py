"""Networks as ONNX files: operations and layers against onnxruntime, and what is refused."""

import collections
import doctest
import functools
import importlib
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.special

import tinygrad_np as tg
from tinygrad_np import nn

onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install onnx")
pytestmark = pytest.mark.whole

RNG = np.random.default_rng(0)


def drawn(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def exported(f, params, example, path):
    tg.export.onnx(f, params, example, path)
    return onnx.load(path)


def kinds(model):
    """How many nodes of each kind there are."""
    return dict(collections.Counter(node.op_type for node in model.graph.node))


def held_against_onnxruntime(f, params, example, tmp_path, sums=1, most=np.inf):
    """The file's results at several batch sizes, beside those of the function.

    Both compute in the result's dtype and add in another order: with `sums` numbers in a sum, an
    error of some √sums roundings of the largest number that is added, and of a few more of what
    onnxruntime approximates by polynomials (tanh, erf, exp, each within 4 eps).
    """
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    path = tmp_path / "model.onnx"
    model = exported(f, params, example, path)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    arguments = example if type(example) is tuple else (example,)
    names = [x.name for x in session.get_inputs()]
    for n in (1, 2, 5):
        arrays = [np.take(x, np.arange(n) % len(x), 0) for x in tg.tree.leaves(arguments)]
        found = session.run(None, dict(zip(names, arrays, strict=True)))
        with np.errstate(all="ignore"):
            expected = f(params, *tg.tree.unflatten(arguments, arrays))
        for one, other in zip(found, tg.tree.leaves(expected), strict=True):
            other = np.asarray(other)
            assert one.shape == other.shape
            assert one.dtype == other.dtype
            scale = max(1.0, np.max(np.abs(other), initial=0, where=np.isfinite(other)))
            eps = np.finfo(other.dtype).eps if other.dtype.kind == "f" else 0
            bound = min(16 * eps * np.sqrt(sums) * scale, most)
            np.testing.assert_allclose(one, other, rtol=0, atol=bound)
    return model


# Operations

X = drawn(3, 4, 5)
POSITIVE = np.abs(X) + np.float32(0.1)
UNIT = np.tanh(X)
INTEGERS = RNG.integers(-7, 8, (3, 4, 5))
MASKS = X > 0
F1 = drawn(2, 5, 6)


def of(function, *arrays):
    return function, arrays


OF_ONE = {
    """negative absolute sign exp floor ceil rint sin cos tan arctan sinh cosh tanh arcsinh square
    positive isnan isinf isfinite expm1 exp2 sum mean prod max min argmax argmin std var
    ravel transpose zeros_like ones_like flip""": X,
    "log log2 log10 log1p sqrt reciprocal": POSITIVE,
    "arcsin arccos arctanh": UNIT,
    "arccosh": POSITIVE + 1,
}
OF_TWO = """add subtract multiply divide maximum minimum greater greater_equal less less_equal equal
    not_equal logaddexp logical_and logical_or logical_xor"""

OPERATIONS = {
    **{
        f"np.{name}": of(getattr(np, name), x)
        for names, x in OF_ONE.items()
        for name in names.split()
    },
    **{f"np.{name}": of(getattr(np, name), X, POSITIVE) for name in OF_TWO.split()},
    "np.power": of(np.power, POSITIVE, X),
    "np.logical_not": of(np.logical_not, MASKS),
    **{
        f"np.bitwise_{name}": of(getattr(np, f"bitwise_{name}"), INTEGERS, INTEGERS[:, ::-1])
        for name in ("and", "or", "xor")
    },
    "np.invert": of(np.invert, MASKS),
    "add": of(lambda x: np.sum(x) + 1.5, X),
    "sub": of(lambda x: np.sum(x) - 1.5, X),
    "mul": of(lambda x: np.sum(x) * 1.5, X),
    "truediv": of(lambda x: np.sum(x) / 1.5, X),
    "pow": of(lambda x: np.sum(x * x) ** 1.5, X),
    "relu": of(tg.relu, X),
    "sigmoid": of(tg.sigmoid, X),
    "scipy.special.expit": of(scipy.special.expit, X),
    "scipy.special.erf": of(scipy.special.erf, X),
    "silu": of(nn.silu, X),
    "gelu_exactly": of(nn.gelu, X),
    "gelu_by_tanh": of(lambda x: nn.gelu(x, "tanh"), X),
    "softmax": of(tg.softmax, X),
    "log_softmax": of(lambda x: tg.log_softmax(x, 1), X),
    "logsumexp": of(lambda x: tg.logsumexp(x, -1, keepdims=True), 100 * X),
    "scipy.special.logsumexp": of(lambda x: tg.scipy.special.logsumexp(x, axis=1), X),
    "np.where": of(lambda x: np.where(x > 0, x, 2), X),
    # also of numbers below 1 and zeros
    "np.any": of(lambda x: [np.any(x, 1), np.any(0.3 * (x > 1), -1), np.any(x * 0)], X),
    "np.all": of(lambda x: [np.all(x, 1), np.all(0.3 * (x > -1), -1), np.all(x < 9)], X),
    "joined": of(lambda x: tg.array([[x[:, 0, 0], x[:, 1, 1]], [x[:, 2, 0], x[:, 3, 0]]]), X),
    "np.clip": of(lambda x: np.clip(x, -0.5, 1), X),
    "np.round": of(lambda x: np.round(x, 1), X),
    "cast": of(lambda x: x.astype(np.float64), X),
    "astype": of(lambda x: x.astype(np.int32), INTEGERS),
    "np.amax": of(lambda x: np.amax(x, axis=(0, 2)), X),
    "np.amin": of(lambda x: np.amin(x, axis=1, keepdims=True), X),
    "np.linalg.norm": of(lambda x: np.linalg.norm(x, axis=-1), X),
    "np.reshape": of(lambda x: x.reshape(len(x) * 4, 5), X),
    "np.squeeze": of(lambda x: np.squeeze(x[:, :1], 1), X),
    "np.expand_dims": of(lambda x: np.expand_dims(x, (1, -1)), X),
    "np.swapaxes": of(lambda x: np.swapaxes(x, 0, -1), X),
    "np.moveaxis": of(lambda x: np.moveaxis(x, 0, -1), X),
    "np.broadcast_to": of(lambda x: np.broadcast_to(x[:, :1], x.shape), X),
    "np.full_like": of(lambda x: np.full_like(x, 3.0), X),
    "np.concatenate": of(lambda x: np.concatenate([x, 2 * x], -1), X),
    "np.stack": of(lambda x: np.stack([x, x > 0], 2), X),
    "np.vstack": of(lambda x: np.vstack([x, x]), X),
    "np.hstack": of(lambda x: np.hstack([x, x]), X),
    "np.split": of(lambda x: np.split(x, [1, 3], 1), X),
    "np.array_split": of(lambda x: np.array_split(x, 3, -1), X),
    "np.repeat": of(lambda x: np.repeat(x, [1, 2, 0, 3], 1), X),
    "pad": of(lambda x: tg.conv1d(np.maximum(np.pad(x, ((0, 0), (1, 0), (0, 0))), 0), F1), X),
    "np.pad": of(lambda x: np.pad(x, ((0, 0), (1, 2), (0, 0)), constant_values=7), X),
    "np.matmul": of(lambda x: x @ np.swapaxes(x, 1, 2), X),
    "np.dot": of(lambda x: np.dot(x, F1[0]), X),
    "np.einsum": of(lambda x: np.einsum("nij, njk -> nik", x, np.swapaxes(x, 1, 2)), X),
    "operator.getitem": of(lambda x: [x[0], x[:, -1], x[:, 1:-1:2], x[::-1], x[..., None, 2]], X),
    "np.take": of(lambda x: np.take(x, [2, 0, -1], 1), X),
    "np.take_along_axis": of(
        lambda x, i: np.take_along_axis(x, i, 1), X, np.abs(INTEGERS[:, :2]) % 4
    ),
    "windows": of(lambda x: tg.windows(x, 2, 1, 2), X),
    "product": of(lambda x: tg.conv1d(x, F1), X),
    "grouped_product": of(lambda x: tg.conv1d(x[..., :4], F1[:, :2], groups=2), X),
    "fold": of(lambda x: tg.conv_transpose1d(x, np.swapaxes(F1, 1, 2)), X),
    "window_maxima": of(lambda x: tg.max_pool(x, 2), X),
    "normalised": of(lambda x: [nn.layer_norm(x), nn.rms_norm(x), nn.group_norm(x, 5)], X),
    "recurrence": of(lambda x: nn.rnn(x, F1[0], np.eye(6, dtype=np.float32)), X),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation(name, tmp_path):
    function, arrays = OPERATIONS[name]
    held_against_onnxruntime(lambda _, *x: function(*x), (), arrays, tmp_path, sums=60)


def test_every_form_and_definition_has_a_case():
    from tinygrad_np.export.definitions import DEFINITIONS
    from tinygrad_np.export.layers import FORMS

    assert {*FORMS, *DEFINITIONS} ^ OPERATIONS.keys() == set()
    assert len(OPERATIONS) > 100


# Layers

IMAGES, SIGNALS, VOLUMES = drawn(3, 7, 6, 4), drawn(3, 7, 4), drawn(2, 5, 4, 5, 2)
LENGTHS = np.array([2, 7, 4])
IDENTIFIERS = RNG.integers(0, 9, (3, 5))
HEADS = {"weights": drawn(4, 4), "bias": drawn(4)}


def recurrent(layer, gates, last=()):
    """All that such a layer can do, as cases."""
    weights = {"input_weights": drawn(4, gates * 3), "hidden_weights": drawn(3, gates * 3)}
    full = weights | {"bias": drawn(gates * 3)} | dict(last)

    def run(params, x, lengths):
        return [
            layer(x, **weights),
            layer(x, **params),
            layer(x, **params, reverse=True),
            layer(x, **params, lengths=lengths),
            layer(x, **params, lengths=lengths, reverse=True),
        ]

    return run, full, (SIGNALS, LENGTHS)


PLAIN = """relu sigmoid softmax log_softmax logsumexp elu glu leaky_relu log_sigmoid silu softplus
    tanh instance_norm global_average_pool global_max_pool"""

LAYERS = {
    "conv1d": (lambda w, x: nn.conv1d(x, w, 2, ((1, 2),), bias=w[0, 0]), drawn(3, 4, 6), SIGNALS),
    "conv2d": (
        lambda w, x: [nn.conv2d(x, w, (2, 1), "same"), nn.conv2d(x, w[:, :, :2], 1, 2, 2, 2)],
        drawn(3, 2, 4, 6), IMAGES,
    ),
    "conv3d": (lambda w, x: nn.conv3d(x, w, 1, (1, 0, 1)), drawn(2, 3, 2, 2, 5), VOLUMES),
    "conv_transpose1d": (
        lambda w, x: nn.conv_transpose1d(x, w, 2, "same"), drawn(3, 5, 4), SIGNALS
    ),
    "conv_transpose2d": (
        lambda w, x: [
            nn.conv_transpose2d(x, w, 2, 1, output_padding=(1, 0), bias=w[0, 0, :, 0]),
            nn.conv_transpose2d(x, w, 1, 0, 2, groups=2),
            nn.conv_transpose2d(x, w[:1], 3, "same"),
        ],
        drawn(3, 2, 6, 4), IMAGES,
    ),
    "conv_transpose3d": (lambda w, x: nn.conv_transpose3d(x, w, 2), drawn(2, 2, 2, 3, 2), VOLUMES),
    "max_pool": (
        lambda _, x: [
            nn.max_pool(x, 2), nn.max_pool(x, 3, stride=2, padding=1, ceil_mode=True),
            nn.max_pool(x, (2, 3), stride=1, padding="same", dilation=(3, 1)),
        ],
        (), IMAGES,
    ),
    "average_pool": (
        lambda _, x: [
            nn.average_pool(x, 2), nn.average_pool(x, 3, stride=2, padding=1),
            nn.average_pool(x, 3, stride=2, padding=1, count_padding=True),
            nn.average_pool(x, 4, stride=3, padding=((1, 0), (2, 1)), ceil_mode=True),
            nn.average_pool(x, 2, stride=1, dilation=2),
        ],
        (), IMAGES,
    ),
    "dense": (lambda p, x: nn.dense(x, **p), HEADS, SIGNALS[:, 0]),
    "flatten": (lambda _, x: nn.flatten(x), (), IMAGES),
    **{
        name: (lambda _, x, name=name: getattr(nn, name)(x), (), 3 * IMAGES)
        for name in PLAIN.split()
    },
    "gelu": (lambda _, x: [nn.gelu(x), nn.gelu(x, "tanh")], (), 3 * IMAGES),
    "batch_norm": (
        lambda p, x: [
            nn.batch_norm(x, {"mean": p, "var": p * p}, p, p, training=False),
            nn.batch_norm(x, None, p, training=True)[0],
        ],
        drawn(4), IMAGES,
    ),
    "layer_norm": (
        lambda p, x: [nn.layer_norm(x), nn.layer_norm(x, p[0], p[1]), nn.layer_norm(x, None, p[0]),
                      nn.layer_norm(x, axis=(-2, -1))],
        drawn(2, 4), SIGNALS,
    ),
    "group_norm": (lambda p, x: nn.group_norm(x, 2, p, p), drawn(4), IMAGES),
    "rms_norm": (lambda p, x: nn.rms_norm(x, p), drawn(4), SIGNALS),
    "resize": (
        lambda _, x: [nn.resize(x, (9, 13)), nn.resize(x, 14, align_corners=True),
                      nn.resize(x, (14, 4), "nearest")],
        (), IMAGES,
    ),
    "rnn": recurrent(nn.rnn, 1),
    "lstm": recurrent(nn.lstm, 4),
    "gru": recurrent(nn.gru, 3, {"hidden_bias": drawn(3)}),
    "bidirectional": (
        lambda p, x, lengths: nn.bidirectional(nn.lstm, x, p, p, lengths=lengths),
        {"input_weights": drawn(4, 12), "hidden_weights": drawn(3, 12)}, (SIGNALS, LENGTHS),
    ),
    "embedding": (
        lambda w, i: [nn.embedding(i, w), nn.embedding(i, w, 0)], drawn(9, 4), IDENTIFIERS
    ),
    "attention": (
        lambda _, q, k, m: [nn.attention(q, q, q, causal=True), nn.attention(q, k, k, scale=0.3),
                            nn.attention(q, k, k, m > 0), nn.attention(q, k, k, m, causal=True)],
        (), (SIGNALS, SIGNALS + 1, drawn(3, 7, 7)),
    ),
    "multi_head_attention": (
        lambda p, x, lengths: nn.multi_head_attention(
            x, heads=2, query=p, key=p, value=p, out=p, lengths=lengths
        ),
        HEADS, (SIGNALS, LENGTHS),
    ),
    "rotary": (lambda _, x: nn.rotary(x), (), SIGNALS),
    "sinusoidal_positions": (lambda _, x: x + nn.sinusoidal_positions(7, 4), (), SIGNALS),
}  # fmt: skip
NO_LAYERS = {
    **dict.fromkeys(nn.losses.__all__, "a loss: of training"),
    **dict.fromkeys(nn.metrics.__all__, "a metric: of evaluation"),
    "dropout": "of training: refused, see below",
    "init": "a module: of training",
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.filterwarnings("ignore:.*overflow")
def test_a_layer(name, tmp_path):
    f, params, example = LAYERS[name]
    # up to 7·6 pixels, and 4 channels, are summed
    held_against_onnxruntime(f, params, example, tmp_path, sums=200)


def test_every_layer_has_a_case_or_a_reason():
    assert {*nn.__all__} ^ LAYERS.keys() ^ NO_LAYERS.keys() == set()


@pytest.mark.parametrize("seed", range(24))
def test_convolutions_and_pooling_of_all_kinds(seed, tmp_path):
    rng = np.random.default_rng(seed)
    axes, groups = rng.integers(1, 4), int(rng.choice([1, 1, 2, 3]))
    channels, filters = groups * rng.integers(1, 3), groups * rng.integers(1, 3)

    def numbers(low, high):
        return tuple(rng.integers(low, high, axes).tolist())

    size, stride, dilation = numbers(1, 4), numbers(1, 4), numbers(1, 3)
    padding = tuple(rng.integers(0, 3, (axes, 2)).tolist())
    padding = "same" if seed % 5 == 0 else tuple(map(tuple, padding))
    x = rng.normal(size=(2, *numbers(7, 10), channels)).astype(np.float32)
    w = rng.normal(size=(*size, channels // groups, filters)).astype(np.float32)
    v = rng.normal(size=(*size, filters // groups, channels)).astype(np.float32)
    forward, back = getattr(nn, f"conv{axes}d"), getattr(nn, f"conv_transpose{axes}d")
    window = tuple([n + 1 for n in size])  # larger than the padding

    def both(params, x):
        return [
            forward(
                x, params[0], stride, padding, dilation, groups, bias=params[0].ravel()[:filters]
            ),
            back(x, params[1], stride, padding, dilation, groups),
            nn.max_pool(x, window, stride=stride, padding=1, dilation=dilation),
            nn.average_pool(x, window, stride=stride, padding=1, ceil_mode=bool(seed % 2)),
        ]

    sums = int(np.prod(size)) * channels + int(np.prod(window))
    model = held_against_onnxruntime(both, (w, v), x, tmp_path, sums=sums)
    found = kinds(model)
    assert found["Conv"] == found["ConvTranspose"] == found["MaxPool"] == found["AveragePool"] == 1
    assert "Gather" not in found


def test_frames_of_other_numbers_belong_to_the_images(tmp_path):
    def f(filters, x):
        framed = np.pad(x, ((0, 0), (1, 2), (0, 1), (0, 0)), constant_values=1.5)
        sums = np.sum(tg.windows(framed, 2), (3, 4), keepdims=True) / 4.0
        return tg.conv2d(framed, filters), tg.max_pool(framed, 2), tg.average_pool(framed, 3), sums

    model = held_against_onnxruntime(f, drawn(3, 3, 4, 2), IMAGES, tmp_path, sums=40)
    assert kinds(model)["Pad"] == 1


def test_average_pooling_of_float16_sums_in_float32(tmp_path):
    model = held_against_onnxruntime(
        lambda _, x: tg.average_pool(x, 3, padding=1), (), IMAGES.astype(np.float16), tmp_path
    )
    assert "AveragePool" not in kinds(model)  # which would sum in float16


def test_a_recurrent_layer_of_joined_inputs_and_weights_has_no_bias(tmp_path):
    """With a bias the layer itself joins a column of ones, and the bias to the weights."""

    def f(params, a, b):
        x = np.concatenate([a, b], 1)[:, None]
        weights = np.concatenate([params["a"], params["b"]])
        return nn.lstm(x, weights, params["hidden"])[0]

    params = {"a": drawn(3, 8), "b": drawn(1, 8), "hidden": drawn(2, 8)}
    held_against_onnxruntime(f, params, (drawn(2, 3), drawn(2, 1)), tmp_path, sums=8)
    twos = np.float32([[2]])
    held_against_onnxruntime(
        lambda p, a: f(p, a, np.broadcast_to(twos, (len(a), 1))), params, drawn(2, 3), tmp_path, 8
    )

    def of_three(params, a):
        x = np.concatenate([a, a, np.ones((len(a), 1), np.float32)], 1)[:, None]
        weights = np.concatenate([params["a"], params["a"], params["b"]])
        return nn.lstm(x, weights, params["hidden"])[0]

    held_against_onnxruntime(of_three, params, drawn(2, 3), tmp_path, sums=8)


def test_the_first_state_of_a_recurrent_layer(tmp_path):
    """From parameters, and from an input."""

    def f(params, x, h):
        held = np.broadcast_to(params["state"], h.shape)
        return [nn.rnn(x, params["w"], params["u"], state=state) for state in (held, np.tanh(h))]

    params = {"w": drawn(4, 3), "u": drawn(3, 3), "state": drawn(3)}
    held_against_onnxruntime(f, params, (SIGNALS, drawn(3, 3)), tmp_path, sums=7)


def test_weights_of_a_recurrent_layer_are_parameters(tmp_path):
    told = refusal(
        lambda p, x, w: nn.rnn(x, w[0], p)[0], drawn(4, 4), (SIGNALS, drawn(3, 4, 4)), tmp_path
    )
    assert "recurrence with weights that depend on the input has no ONNX form" in told


# Networks


def small_cnn(params, images):
    x = tg.relu(tg.conv2d(images, **params["first"], padding="same"))
    x = tg.max_pool(x, 2)
    x = tg.relu(tg.conv2d(x, **params["second"], padding="same"))
    return tg.dense(tg.flatten(tg.max_pool(x, 2)), **params["out"])


def cnn_params():
    init = nn.init
    return {
        "first": init.conv2d(RNG, 3, 1, 4),
        "second": init.conv2d(RNG, 3, 4, 6),
        "out": init.dense(RNG, 24, 10),
    }


def test_a_cnn_has_a_node_for_each_layer_and_no_windows(tmp_path):
    params, images = cnn_params(), drawn(2, 10, 10, 1)
    model = held_against_onnxruntime(small_cnn, params, images, tmp_path, sums=100, most=1e-4)
    assert kinds(model) == {
        # to channels first and back, before `flatten`; and the biases
        "Transpose": 2, "Conv": 2, "Add": 3, "Relu": 2, "MaxPool": 2, "Reshape": 1, "MatMul": 1,
    }  # fmt: skip
    names = [node.op_type for node in model.graph.node]
    assert names[:5] == ["Transpose", "Conv", "Add", "Relu", "MaxPool"]


def test_names_and_shapes_come_from_the_program(tmp_path):
    params = cnn_params()
    model = exported(small_cnn, params, drawn(2, 10, 10, 1), tmp_path / "cnn.onnx")
    (given,), (result,) = model.graph.input, model.graph.output
    assert (given.name, result.name) == ("images", "output")
    shapes = [
        [n.dim_param or n.dim_value for n in x.type.tensor_type.shape.dim] for x in (given, result)
    ]
    assert shapes == [["batch", 10, 10, 1], ["batch", 10]]
    held = {x.name: onnx.numpy_helper.to_array(x) for x in model.graph.initializer}
    for layer in params:
        assert f"{layer}.bias" in held
    np.testing.assert_array_equal(held["out.weights"], params["out"]["weights"])
    filters = np.transpose(params["first"]["filters"], (3, 2, 0, 1))
    np.testing.assert_array_equal(held["first.filters"], filters)
    assert model.producer_name == "tinygrad_np"
    conv = next(node for node in model.graph.node if node.op_type == "Conv")
    assert re.fullmatch(r"test_export_onnx.py:\d+", conv.doc_string)
    inferred = {x.name for x in model.graph.value_info}
    made = {name for node in model.graph.node for name in node.output}
    assert made - {"output"} <= inferred


def test_inputs_and_results_are_trees(tmp_path):
    def f(params, pair, mask=None):
        a, b = pair["a"], pair["b"][0]
        return {"sum": a + b, "parts": (np.where(mask, a, 0), params["scale"] * b)}

    params = {"scale": np.float32(2) * np.ones(3, np.float32)}
    example = ({"a": drawn(2, 3), "b": [drawn(2, 3)]}, np.ones((2, 3), bool))
    model = held_against_onnxruntime(f, params, example, tmp_path)
    assert [x.name for x in model.graph.input] == ["pair.a", "pair.b.0", "mask"]
    assert [x.name for x in model.graph.output] == ["sum", "parts.0", "parts.1"]


def test_results_that_are_inputs_constants_or_the_same(tmp_path):
    def f(params, x):
        y = x + 1
        return x, y, y, params, params * 2, np.arange(4)

    model = held_against_onnxruntime(f, drawn(3), drawn(2, 3), tmp_path)
    assert [x.name for x in model.graph.output] == [f"output_{i}" for i in range(6)]


def test_what_has_the_length_of_the_batch_is_symbolic(tmp_path):
    def f(params, x, last):
        n, time, c = x.shape
        flat = np.reshape(x, (n * time, c)) + np.ones((n * time, 1), np.float32)
        state = np.zeros((n, c), x.dtype) + np.arange(n)[:, None]
        picked = x[np.arange(n), last]
        outer = np.reshape(x[:, :, :1] * np.ones((1, 1, n), np.float32), (n, -1))
        return flat, state, picked, x[:n], outer, np.mean(x) / n

    example = (drawn(3, 4, 5), np.array([1, 0, 3]))
    model = held_against_onnxruntime(f, (), example, tmp_path, sums=60)
    shape = model.graph.output[0].type.tensor_type.shape.dim
    assert shape[0].dim_param == "4*batch"


def test_operands_of_several_dtypes_are_promoted_as_by_numpy(tmp_path):
    def f(filters, images):
        y = tg.conv2d(images, filters) + tg.conv_transpose2d(images, filters[..., :1], padding=2)
        wide = images.astype(np.int32) + True
        return y + images[:, 1:-1, 1:-1].astype(np.float32), images / 2, wide, images > 1.5

    images = RNG.integers(0, 255, (2, 6, 6, 1)).astype(np.uint8)
    held_against_onnxruntime(f, drawn(3, 3, 1, 4), images, tmp_path, sums=20)


EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def examples(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)


def test_the_resnet_of_the_examples(examples, tmp_path):
    import resnet

    params = resnet.initial(RNG, 1)
    state = resnet.logits(params, {}, drawn(8, 28, 28, 1), training=True)[1]
    state = tg.tree.map(np.asarray, state)

    def logits(held, images):
        return resnet.logits(*held, images, training=False)[0]

    model = held_against_onnxruntime(
        logits, (params, state), drawn(2, 28, 28, 1), tmp_path, sums=9 * 64, most=1e-4
    )
    found = kinds(model)
    assert found["Conv"] == 9
    assert found["Relu"] == 7
    assert found["Transpose"] == 1  # of the images
    assert found.keys() == {
        "Transpose",
        "Conv",
        "Sub",
        "Mul",
        "Add",
        "Relu",
        "ReduceMean",
        "MatMul",
    }


def test_the_lstm_of_the_examples(examples, tmp_path):
    import sequence

    rows = sequence.draw_rows(RNG, 3)
    example = (rows.x, rows.lengths)
    model = held_against_onnxruntime(
        sequence.predict, sequence.initial(RNG), example, tmp_path, sums=40 * 32, most=1e-4
    )
    (lstm,) = [node for node in model.graph.node if node.op_type == "LSTM"]
    assert len(lstm.input) == 4  # its state is 0 at first
    assert [*lstm.input[1:]] == ["lstm.input_weights", "lstm.hidden_weights", "lstm.bias"]


def test_the_gpt_of_the_examples(examples, tmp_path):
    import gpt

    letters = RNG.integers(0, 30, (2, gpt.CONTEXT))
    params = gpt.initial(RNG, 30)
    model = held_against_onnxruntime(
        gpt.logits, params, letters, tmp_path, sums=256 * gpt.BLOCKS, most=1e-4
    )
    found = kinds(model)
    assert found["LayerNormalization"] == 5
    assert found["Softmax"] == found["Erf"] == 2
    assert found["Gather"] == 1


def test_an_mlp_in_float64(tmp_path):
    params = [drawn(4, 8).astype(float), drawn(8, 3).astype(float)]

    def f(params, x):
        return tg.softmax(nn.layer_norm(np.tanh(x @ params[0])) @ params[1])

    held_against_onnxruntime(f, params, drawn(3, 4).astype(float), tmp_path)


# What is refused


def refusal(f, params, example, tmp_path, error=ValueError):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"before")
    with pytest.raises(error) as raised:
        tg.export.onnx(f, params, example, path)
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["model.onnx"]
    return str(raised.value)


def line(text):
    """The place of a line of this file, as a message has it."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    numbers = [i for i, one in enumerate(lines, 1) if one.endswith(text)]
    return f"test_export_onnx.py:{numbers[0]}"


def test_an_operation_without_a_form_is_named_with_its_line_and_a_remedy(tmp_path):
    def f(params, x):
        y = np.linalg.inv(x)  # of matrices
        return y + 1

    told = refusal(f, (), drawn(2, 3, 3), tmp_path)
    assert told.startswith("export.onnx: np.linalg.inv has no ONNX form (")
    assert line("np.linalg.inv(x)  # of matrices") in told
    assert "write it with functions that have one" in told


def test_the_first_operation_without_a_form_is_told(tmp_path):
    told = refusal(lambda _, x: np.real(np.fft.rfft(x)), (), drawn(2, 8), tmp_path)
    assert "np.fft.rfft has no ONNX form" in told
    told = refusal(lambda _, x: tg.grad(lambda x: np.sum(x @ x.T))(x), (), drawn(2, 8), tmp_path)
    assert "vjp of np.matmul (" in told
    assert "is a derivative; export the function that is derived" in told


def test_what_no_result_needs_is_not_refused(tmp_path):
    def f(params, x):
        np.linalg.inv(x)
        return x + 1

    assert kinds(exported(f, (), drawn(2, 3, 3), tmp_path / "model.onnx")) == {"Add": 1}


def test_convolutions_of_integers_are_refused(tmp_path):
    ones, x = np.ones((2, 4, 3), int), RNG.integers(0, 9, (2, 5, 4))
    assert "product of integers has no" in refusal(lambda w, x: tg.conv1d(x, w), ones, x, tmp_path)
    told = refusal(
        lambda w, x: tg.conv_transpose1d(x, w[..., :1]), ones[:, :1], x[..., :1], tmp_path
    )
    assert "fold of integers" in told


def test_a_definition_that_gives_something_else_is_not_taken(tmp_path, monkeypatch):
    from tinygrad_np.export.definitions import DEFINITIONS

    monkeypatch.setitem(DEFINITIONS, "silu", lambda x: x * tg.sigmoid(1.1 * x))
    told = refusal(lambda _, x: nn.silu(x), (), X, tmp_path)
    assert "silu has no ONNX form" in told


def test_arguments_without_a_form(tmp_path):
    for f, word in {
        (lambda _, x: np.sum(x, where=x > 0)): "np.sum with these arguments has no",
        (lambda _, x: np.reshape(x, -1, order="F")): "in another order has no",
        (lambda _, x: np.pad(x, 1, mode="reflect")): "np.pad with these arguments has no",
        (lambda _, x: x[:, [True, False, True]]): "by truth values has no",
        (lambda _, x: x[:, None, [0, 1]]): "by arrays beside numbers or None has no",
        (lambda _, x: x[..., [0, 1], [1, 0]]): "by arrays that are not at the first axes has no",
        (lambda _, x: np.linalg.norm(x, 1, axis=1)): "np.linalg.norm has no",
        (lambda _, x: np.dot(x, x)): "np.dot has no",
        (lambda _, x: np.concatenate([x, x], None)): "np.concatenate of all axes has no",
        (lambda _, x: tg.softmax(x, (1, 2))): "softmax along several axes has no",
        (lambda _, x: x.astype(np.int8) < 300): "np.less of 300, which int8 does not hold, has no",
    }.items():
        assert word in refusal(f, (), drawn(3, 3, 3), tmp_path)


@pytest.mark.parametrize(
    "look",
    [
        lambda x: x if np.max(x) > 0 else -x,
        lambda x: x * float(np.sum(x) * 0 + 2),
        lambda x: x * np.max(x).item(),
        lambda x: x * np.mean(x).data,
    ],
)
def test_values_that_python_looks_at_are_refused(look, tmp_path):
    def f(params, x):
        return look(tg.relu(x))

    told = refusal(f, (), drawn(2, 3), tmp_path)
    assert "Python looks at a value that depends on the input (test_export_onnx.py:" in told
    assert "np.where in place of if" in told


def test_a_look_within_the_package_that_is_no_layers_is_refused(tmp_path):
    root = tg.implicit(lambda z, x: z * z - x, np.sqrt)
    for f in (lambda _, x: root(x), lambda _, x: nn.kl_divergence(np.log(x), x)):
        told = refusal(f, (), np.abs(X) + 1, tmp_path)
        assert "Python looks at a value that depends on the input (test_export_onnx.py" in told


def test_values_of_parameters_may_be_looked_at(tmp_path):
    def f(params, x):
        return x if np.max(params) > 0 else -x

    assert kinds(exported(f, np.ones(2), drawn(2, 3), tmp_path / "model.onnx")) == {"Identity": 1}


def test_the_checks_of_layers_are_no_looks(tmp_path):
    def f(params, x, i, lengths):
        y = nn.embedding(i, params) + nn.layer_norm(x)
        return nn.rnn(y, params[:3], params[3:6], lengths=lengths)[0]

    example = (drawn(2, 5, 3), np.array([[0, 1, 2, 3, 4]] * 2), np.array([1, 5]))
    held_against_onnxruntime(f, drawn(7, 3), example, tmp_path, sums=20)


def test_of_what_layers_look_at_only_truth_values_are_left_out(tmp_path, monkeypatch):
    from tinygrad_np.export import tracing

    monkeypatch.setattr(tracing, "_CHECK", [__file__])  # as if this were a layer's module
    exported(
        lambda _, x: x if np.max(x) > -np.inf else -x, (), drawn(2, 3), tmp_path / "model.onnx"
    )
    told = refusal(lambda _, x: x * np.sum(x).item(), (), drawn(2, 3), tmp_path)
    assert "Python looks at a value" in told


def test_without_frames_every_look_is_refused(tmp_path, monkeypatch):
    monkeypatch.delattr(sys, "_getframe")
    told = refusal(lambda _, x: nn.layer_norm(x), (), drawn(2, 3), tmp_path)
    assert "Python looks at a value" in told


def test_random_numbers_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    told = refusal(lambda _, x: tg.dropout(x, 0.5, rng), (), drawn(4, 3), tmp_path)
    assert "another one at each call; leave random numbers, as dropout draws them" in told
    assert "test_export_onnx.py:" in told
    told = refusal(lambda held, x: tg.dropout(x, 0.5, held), rng, drawn(4, 3), tmp_path)
    assert "rng.random (" in told
    assert "without dropout" in told
    # of a shape that does not depend on the batch
    told = refusal(lambda _, x: x * rng.random(3), (), drawn(4, 3), tmp_path)
    assert "another one at each call" in told


def test_what_depends_on_the_batch_in_another_way_is_refused(tmp_path):
    def by_size(params, x):
        return tg.relu(x) if len(x) > 4 else tg.sigmoid(x)  # by its length

    told = refusal(by_size, (), drawn(3, 2), tmp_path)
    assert "something else with 3 examples than with 7: sigmoid and relu" in told
    assert line("tg.sigmoid(x)  # by its length") in told
    told = refusal(lambda _, x: x * (1.0 / len(x)), (), drawn(2, 2), tmp_path)
    assert "np.multiply (" in told
    assert "is given 0.5 with 2 examples and 0.2 with 5" in told
    told = refusal(lambda _, x: x[1:], (), drawn(3, 2), tmp_path)
    assert "has the length 2 with 3 examples and 6 with 7, no multiple" in told
    told = refusal(
        lambda _, x: np.broadcast_to(x[0], (len(x) // 2 * 2, 2)), (), drawn(2, 2), tmp_path
    )
    assert "has the length 2 with 2 examples and 4 with 5, no multiple" in told
    for part in (slice(100), slice(-100, None)):
        told = refusal(lambda _, x, part=part: x[part], (), drawn(3, 2), tmp_path)
        assert "takes a part of a batch that is larger than those of the trace, of 3 and 7" in told
        told = refusal(
            lambda _, x, part=part: np.split(x, [part.stop or part.start])[not part.stop],
            (),
            drawn(3, 2),
            tmp_path,
        )
        assert "takes a part of a batch" in told
    told = refusal(lambda _, x: np.pad(x, ((0, 0), (len(x), 0))), (), drawn(3, 2), tmp_path)
    assert "pad (" in told
    told = refusal(lambda _, x: [x] * len(x), (), drawn(3, 2), tmp_path)
    assert "something else with 3 examples than with 7: it gives another tree" in told
    told = refusal(lambda _, x: list(x), (), drawn(3, 2), tmp_path)
    assert "something else with 3 examples than with 7" in told


def test_a_function_of_ones_own_is_no_function_of_ours(tmp_path):
    def relu(x):
        return np.tanh(x)

    tanh = tg.pointwise(relu, lambda x, ans: 1 - ans * ans)
    told = refusal(lambda _, x: tanh(x), (), drawn(2, 3), tmp_path)
    assert "relu (your own) has no ONNX form" in told


def test_functions_that_catch_errors_are_refused(tmp_path):
    def f(params, x):
        try:
            return x @ params
        except ValueError:
            return x

    told = refusal(f, drawn(4, 4), drawn(2, 3), tmp_path, TypeError)
    assert "catches an error" in told


def test_bad_arguments(tmp_path):
    def f(params, x, y=None):
        return x

    x = drawn(2, 3)
    assert "not a float (x)" in refusal(f, (), 1.0, tmp_path, TypeError)
    assert "one without axes (y)" in refusal(f, (), (x, np.array(1.0)), tmp_path, TypeError)
    assert "x 2, y 3" in refusal(f, (), (x, drawn(3)), tmp_path)
    assert "input 2, input_2 3" in refusal(lambda p, *x: x, (), (x, drawn(3)), tmp_path)
    assert "x 0" in refusal(f, (), x[:0], tmp_path)
    assert "no array" in refusal(f, (), (), tmp_path)
    masked = np.ma.array(x, mask=x > 0)
    for params, example in ((masked, x), ((), masked)):
        assert "no masked array" in refusal(f, params, example, tmp_path, TypeError)
    assert "not nothing" in refusal(lambda *_: (), (), x, tmp_path, TypeError)
    told = refusal(lambda *_: 1.0, (), x, tmp_path, TypeError)
    assert "must give arrays, not the float at result" in told
    assert "x has dtype complex64" in refusal(f, (), x.astype(np.complex64), tmp_path)
    told = refusal(lambda p, x: x + p, np.ones(3, np.longdouble), x, tmp_path)
    assert "ONNX lacks this dtype" in told
    with pytest.raises(OSError, match="could not be written"):
        tg.export.onnx(f, (), x, tmp_path / "nowhere" / "model.onnx")


def test_errors_of_the_function_itself_are_its_own(tmp_path):
    told = refusal(lambda p, x: x @ p, drawn(4, 4), drawn(2, 3), tmp_path)
    assert not told.startswith("export.onnx")

    def f(params, x):
        return np.asarray(x) + 1  # no Tensor

    told = refusal(f, (), drawn(2, 3), tmp_path, TypeError)
    assert "f raised in a trace" in told
    assert line("np.asarray(x) + 1  # no Tensor") in told


def test_parameters_of_two_gigabytes_are_refused(tmp_path, monkeypatch):
    from tinygrad_np.export import model

    monkeypatch.setattr(model, "MOST_BYTES", 100)
    told = refusal(lambda p, x: x @ p, drawn(6, 6), drawn(2, 6), tmp_path)
    assert "the parameters have 144 bytes, and an ONNX file ends at 2 GiB" in told


def test_what_onnx_does_not_accept_is_not_written(tmp_path, monkeypatch):
    from tinygrad_np.export.layers import FORMS

    for wrong in ("Nonsense", "Conv"):
        monkeypatch.setitem(FORMS, "relu", lambda graph, x, op=wrong: graph.node(op, graph.name(x)))
        told = refusal(lambda _, x: tg.relu(x), (), drawn(2, 3), tmp_path)
        assert "onnx does not accept the file" in told


def test_the_line_of_what_onnx_does_not_accept(tmp_path):
    def f(params, x):
        return np.max(x > 0, 1)  # of truth values

    told = refusal(f, (), drawn(2, 3), tmp_path)
    assert f"onnx does not accept the node of {line('np.max(x > 0, 1)  # of truth values')}" in told


def test_a_missing_wheel_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    told = refusal(lambda p, x: x, (), drawn(2, 3), tmp_path, ModuleNotFoundError)
    assert told == "export.onnx needs the package onnx: pip install 'tinygrad_np[onnx]'"


# Other promises


def test_what_jit_and_remat_give_is_taken(tmp_path):
    f = tg.jit(lambda params, x: tg.remat(lambda x: tg.relu(x @ params))(x))
    model = held_against_onnxruntime(f, drawn(4, 4), drawn(2, 4), tmp_path)
    assert kinds(model) == {"MatMul": 1, "Relu": 1}


def test_large_examples_are_not_traced_as_a_whole(tmp_path):
    seen = []

    def f(params, x):
        seen.append(len(x))
        return x + 1

    exported(f, (), drawn(500, 2), tmp_path / "model.onnx")
    assert seen == [500, 16, 33]


def test_images_that_meet_others_lie_as_they_do(tmp_path):
    """Channels first beside channels last, means that are kept, joined channels."""

    def f(filters, images):
        y = tg.conv2d(images, filters, padding="same")
        gate = tg.sigmoid(np.mean(y, (1, 2)))[:, None, None]
        scaled = y / np.max(np.abs(y), (1, 2), keepdims=True)
        joined = np.concatenate([y, tg.max_pool(y, 3, stride=1, padding=1)], -1)
        chosen = np.where(y > 0, y, images[:, :1])
        return images + tg.relu(y), gate * y, scaled, joined, chosen, y + LAST[0], y * LAST

    held_against_onnxruntime(f, drawn(3, 3, 2, 2), drawn(2, 6, 5, 2), tmp_path, sums=60)


LAST = drawn(6, 5, 2)


def test_tensors_and_partials_are_taken(tmp_path):
    f = functools.partial(lambda params, x, scale: x * params * scale, scale=2.0)
    model = exported(f, tg.Tensor(drawn(3)), tg.Tensor(drawn(2, 3)), tmp_path / "model.onnx")
    assert kinds(model) == {"Mul": 2}
    assert [x.name for x in model.graph.input] == ["x"]


def test_arguments_are_left_as_they_are(tmp_path):
    params, x = drawn(3, 3), drawn(1, 3)
    before = params.copy(), x.copy()
    exported(lambda p, x: tg.relu(x @ p), params, x, tmp_path / "model.onnx")
    assert np.array_equal(params, before[0])
    assert np.array_equal(x, before[1])


def test_the_same_function_gives_the_same_bytes(tmp_path):
    params, x = cnn_params(), drawn(2, 10, 10, 1)
    paths = [tmp_path / name for name in ("one.onnx", "two.onnx")]
    for path in paths:
        tg.export.onnx(small_cnn, params, x, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_batch_of_the_example_does_not_matter(tmp_path):
    params, path = cnn_params(), tmp_path / "model.onnx"
    files = []
    for n in (1, 2, 4):
        tg.export.onnx(small_cnn, params, np.ones((n, 10, 10, 1), np.float32), path)
        files.append(path.read_bytes())
    assert files[0] == files[1] == files[2]


def test_equal_parameters_have_their_own_names(tmp_path):
    params = {"a": np.ones(3, np.float32), "b": np.ones(3, np.float32)}
    model = exported(lambda p, x: (x + p["a"]) * p["b"], params, drawn(2, 3), tmp_path / "m")
    assert [x.name for x in model.graph.initializer] == ["a", "b"]


def test_nan_is_a_number_like_others(tmp_path):
    held_against_onnxruntime(lambda _, x: np.where(x > 0, x, np.nan), (), X, tmp_path)


def test_parameters_that_are_shared_are_in_the_file_once(tmp_path):
    shared = drawn(4, 4)
    model = exported(
        lambda p, x: x @ p["a"] @ p["b"], {"a": shared, "b": shared}, drawn(2, 4), tmp_path / "m"
    )
    assert [x.name for x in model.graph.initializer] == ["a"]


def test_corners_of_numpy(tmp_path):
    """No axes, empty arrays, infinities, and other dtypes than the images'."""

    def f(filters, x):
        y = tg.conv2d(x, filters)
        low = np.where(x > 0, x, -np.inf)
        return {
            "no axes": np.sum(x, (), keepdims=True) + np.max(x, ()),
            "wide mean": np.mean(y, (1, 2), dtype=np.float64).astype(x.dtype),
            "wide": np.concatenate([y, y.astype(np.float64)], -1).astype(x.dtype),
            "logaddexp": np.logaddexp(low, low),
            "log1p": np.log1p(np.where(x > 0, np.inf, 0)),
            "ddof": [np.var(x, (1, 2), ddof=1), np.std(x, -1, ddof=1)],
            "empty": np.concatenate([x[:, 0], np.reshape(x[:, 0, :0], (len(x), 0, 2))], 1),
        }

    held_against_onnxruntime(f, drawn(2, 2, 2, 3), drawn(2, 4, 4, 2), tmp_path, sums=40)


def test_stable_where_a_plain_formula_is_not(tmp_path):
    """At ±1000 in float32, and near 0, where digits could be lost."""

    def f(params, x):
        return {
            "softplus": nn.softplus(x), "log_sigmoid": nn.log_sigmoid(x), "elu": nn.elu(x),
            "logsumexp": tg.logsumexp(x, -1), "log_softmax": tg.log_softmax(x),
            "gelu": nn.gelu(x, "tanh"), "expm1": np.expm1(np.minimum(x, 5)),
            "log1p": np.log1p(np.abs(x)),
        }  # fmt: skip

    tiny = np.float32([[1e-6, -1e-6, 0.0], [1000, -1000, 3.0], [88, -88, -0.5]])
    held_against_onnxruntime(f, (), tiny, tmp_path)
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"))
    names = [x.name for x in session.get_outputs()]
    found = dict(zip(names, session.run(None, {"x": tiny}), strict=True))
    for name, exact in (("expm1", np.expm1), ("log1p", lambda x: np.log1p(np.abs(x)))):
        np.testing.assert_allclose(found[name][0], exact(tiny[0].astype(float)), rtol=1e-5)


# The documentation

PAGE = Path(__file__).parents[1] / "docs/onnx.md"


def test_the_example_of_the_docstring():
    assert doctest.testmod(importlib.import_module("tinygrad_np.export")) == (0, 4)


@pytest.mark.skipif(not PAGE.exists(), reason="an installed package has no docs")
def test_the_page():
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.attempted > 10
    assert found.failed == 0


@pytest.mark.skipif(not PAGE.exists(), reason="an installed package has no docs")
def test_the_table_of_the_page_has_every_function():
    text = PAGE.read_text(encoding="utf-8").partition("## Which functions")[2]
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {*re.findall(r"`([\w.]+)`", "\n".join(rows))} == OPERATIONS.keys()

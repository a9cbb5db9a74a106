"""Public functions with arguments that nobody would give them: a result, or an error of ours.

For every public function there is a *call*: arguments that fit together, of any shape, dtype and
layout, of which one or two are then replaced by something else: another array, a number beyond all
bounds, text, None, a ragged list. Whatever comes of it,

- an error is raised by a ``raise`` of ours, as ValueError, TypeError, IndexError or a subclass;
- nothing is warned about, except (as NumPy does) that a number overflows or is no number, and then
  the result or the arguments show that;
- no argument is written into.

    python tests/test_public_functions.py 20000     # as many examples, over all functions
"""

import copy
import linecache
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import tinygrad_np as tg
from tinygrad_np import Tensor, closed_form
from tinygrad_np.core import losses, optim
from tinygrad_np.nn import layers as nn

ROOT = str(Path(tg.__file__).parent)
HUGE = 1 << 45  # so many elements are refused at once, on every machine
FOLDER = Path(tempfile.gettempdir(), "tinygrad_np no such folder")

# Arguments

DTYPES = ["f8", "f8", "f8", "f4", "f4", "f2", "i8", "i4", "u1", "?", "c16", "c8", ">f8", "g"]
ODD_DTYPES = [*DTYPES, "O", "S3", "U2", "M8[s]", "m8[s]", "V4"]
FILLS = ["usual", "usual", "usual", "zeros", "ties", "huge", "tiny", "inf", "nan", "mixed"]
LENGTHS = st.sampled_from([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4, 5, 7, 0])


@st.composite
def arrays(draw, shape=None, dtypes=DTYPES, fills=FILLS):
    """An array, contiguous or not; `shape` is a tuple, or None for any."""
    if shape is None:
        shape = tuple(draw(st.lists(LENGTHS, max_size=5)))
    dtype, fill = draw(st.sampled_from(dtypes)), draw(st.sampled_from(fills))
    array = np.asarray(filled(shape, np.dtype(dtype), fill, draw(st.integers(0, 1 << 16))))
    match draw(st.integers(0, 9)):
        case 0:
            array = np.asfortranarray(array)
        case 1 if array.ndim:
            array = np.repeat(array, 2, -1)[..., ::2]
        case 2 if array.ndim:
            array = np.flip(array)
        case 3 if array.ndim:
            array.flags.writeable = False
    return array


def filled(shape, dtype, fill, seed):
    rng = np.random.default_rng(seed)
    if dtype.kind in "OSUMmV":
        return np.zeros(shape, dtype) if dtype.kind != "O" else np.full(shape, None, object)
    values = rng.normal(size=shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if dtype.kind in "iub":
            values = np.asarray(rng.integers(0, 4, shape))
            if fill == "huge" and dtype.kind != "b":
                values = np.full(shape, np.iinfo(dtype).max)
            return np.asarray(values).astype(dtype)
        largest, smallest = np.finfo(dtype).max, np.finfo(dtype).smallest_subnormal
        values = np.asarray(values).astype(dtype)
        some = rng.random(shape) < 0.3
        match fill:
            case "zeros":
                values[...] = 0
            case "ties":
                values = np.round(values)
            case "huge":
                values = np.where(some, -largest, largest).astype(dtype)
            case "tiny":
                values = np.where(some, -smallest, smallest).astype(dtype)
            case "inf":
                values = np.where(some, np.inf, values).astype(dtype)
            case "nan":
                values = np.where(some, np.nan, values).astype(dtype)
            case "mixed":
                odd = rng.choice([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0], shape)
                values = np.asarray(odd).astype(dtype)
    return values


NUMBERS = [0, 1, -1, 2, 3, HUGE, -HUGE, 1 << 63, -(1 << 63), 10**30, 0.0, 0.5, -0.5, 2.5, 1e300,
           float("inf"), float("nan"), True, 1j]  # fmt: skip


class Odd:
    """Something that is no array at all."""


OTHERS = [None, "", "same", "mean", "text", b"bytes", [], [[1.0], [1.0, 2.0]], {}, {"a": 1.0}, (),
          ..., slice(None), Odd(), Odd, len, [1, 2], (1, 2), [1.0, None], np.random.default_rng,
          range(3), {1, 2}, [HUGE], (0, 0, 0), [[1, 2], [3, 4]], ((1, 2), (0, HUGE)), (-1,),
          np.float32(2.5),
          np.int64(2), np.str_("x"), np.ma.masked_array([1.0, 2.0], [True, False])]  # fmt: skip


@st.composite
def anything(draw):
    match draw(st.integers(0, 4)):
        case 0 | 1:
            return draw(arrays(dtypes=ODD_DTYPES))
        case 2:
            return draw(st.sampled_from(NUMBERS))
        case 3:
            found = draw(arrays(dtypes=["f8", "f4", "c16"]))
            return Tensor(found)
    return draw(st.sampled_from(OTHERS))


def integers(low, high):
    return st.integers(low, high)


def mostly(strategy, other):
    return st.integers(0, 9).flatmap(lambda n: other if n == 0 else strategy)


AXIS = mostly(st.sampled_from([-1, 0, 1, -2, None, (0,), (0, 1), 2]), st.sampled_from(NUMBERS))


# Calls: (function, arguments, keywords), that mostly fit

CALLS = {}


def call_of(*names, of=tg):
    """Register what draws the arguments of these functions."""

    def register(strategy):
        for name in names:
            module = of.__name__.removeprefix("tinygrad_np").removeprefix(".")
            CALLS[f"{module}.{name}".strip(".")] = (getattr(of, name), strategy)
        return strategy

    return register


@call_of("relu", "sigmoid", "flatten")
@st.composite
def one_array(draw):
    return [draw(arrays())], {}


@call_of("softmax", "log_softmax", "logsumexp")
@st.composite
def array_and_axis(draw):
    return [draw(arrays()), draw(AXIS)], {}


@call_of("dense")
@st.composite
def dense(draw):
    n, i, o = (draw(LENGTHS) for _ in range(3))
    return [draw(arrays((n, i))), draw(arrays((i, o))), draw(st.none() | arrays((o,)))], {}


@call_of("dropout")
@st.composite
def dropout(draw):
    rate = draw(st.sampled_from([0, 0.0, 0.5, 0.999999, 1, -0.1, float("nan")]))
    return [draw(arrays()), rate, np.random.default_rng(0)], {}


STEPS = mostly(st.integers(1, 3), st.sampled_from(NUMBERS))
PADDINGS = mostly(
    st.sampled_from([0, 1, 2, "same", "valid", ((1, 0), (0, 2)), (1, 2), ((0, 3),)]),
    st.sampled_from(NUMBERS),
)


def convolution(axes, is_transposed):
    @st.composite
    def strategy(draw):
        n, c, f = (draw(LENGTHS) for _ in range(3))
        groups = draw(st.sampled_from([1, 1, 1, 2]))
        spatial = [draw(st.sampled_from([3, 4, 5, 6, 7, 0])) for _ in range(axes)]
        size = [draw(st.sampled_from([1, 2, 3, 3, 0])) for _ in range(axes)]
        dtypes = [draw(st.sampled_from(DTYPES))] if draw(st.booleans()) else DTYPES
        ends = (f, c) if is_transposed else (c, f)
        if groups == 2:
            c, f = 2 * c, 2 * f
            ends = (f // 2, c) if is_transposed else (c // 2, f)
        args = [draw(arrays((n, *spatial, c), dtypes)), draw(arrays((*size, *ends), dtypes))]
        options = {"stride": draw(STEPS), "padding": draw(PADDINGS), "dilation": draw(STEPS),
                   "groups": groups, "bias": draw(st.none() | arrays((f,)))}  # fmt: skip
        if is_transposed:
            options["output_padding"] = draw(st.sampled_from([0, 0, 0, 1, (1, 0), -1, HUGE]))
        return args, options

    return strategy


for number in (1, 2, 3):
    call_of(f"conv{number}d")(convolution(number, False))
    call_of(f"conv_transpose{number}d")(convolution(number, True))


@call_of("max_pool", "average_pool")
@st.composite
def pool(draw):
    axes = draw(st.integers(1, 3))
    shape = [draw(LENGTHS), *[draw(st.integers(3, 7)) for _ in range(axes)], draw(LENGTHS)]
    options = {"stride": draw(st.none() | STEPS), "padding": draw(PADDINGS),
               "dilation": draw(STEPS), "ceil_mode": draw(st.booleans())}  # fmt: skip
    return [draw(arrays(tuple(shape), ["f8", "f4", "f2", "g"])), draw(STEPS)], options


@call_of("array")
@st.composite
def nested(draw):
    """Lists of arrays of one shape, and the dtype that they shall have, as a keyword."""
    shape = tuple(draw(st.lists(LENGTHS, max_size=2)))
    rows = [draw(arrays(shape)) for _ in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        rows[0] = Tensor(rows[0]) if rows[0].dtype.kind in "fc" else rows[0].tolist()
    values = [rows, tuple(rows)] if draw(st.booleans()) else rows
    return [values], draw(st.sampled_from([{}, {"dtype": np.float64}, {"dtype": complex}]))


@call_of("windows", "window_indices")
@st.composite
def windows(draw):
    shape = (draw(LENGTHS), draw(st.integers(3, 6)), draw(st.integers(3, 6)), draw(LENGTHS))
    return [draw(arrays(shape)), draw(STEPS), draw(STEPS), draw(STEPS)], {}


@call_of("fold")
@st.composite
def fold(draw):
    n, c = draw(LENGTHS), draw(LENGTHS)
    spatial, size, stride = (
        draw(st.integers(3, 5)),
        draw(st.integers(1, 3)),
        draw(st.integers(1, 2)),
    )
    out = (spatial - size) // stride + 1
    shape = draw(mostly(st.just((n, spatial, spatial, c)), st.sampled_from([(), (1,), HUGE, None])))
    return [draw(arrays((n, out, out, size, size, c))), shape, stride, draw(STEPS)], {}


INDICES = st.sampled_from([
    0, -1, 1, 2, HUGE, -HUGE, 1 << 63, 10**30, slice(None), slice(1, None), slice(None, None, -1),
    slice(HUGE), slice(0, 1, 0), ..., None, True, (), (0, 0), (0, 0, 0, 0, 0, 0), (..., 0),
    (..., ...),
    [0, 0], [0, -1, 0], [5], [], [0.5], 0.5, "x", ["a"], [True], [[0, 1], [0, 0]], ([0], [0]),
    ([0, 1], [0, 1, 2]), np.array([0, 1]), np.array([True, False]), np.array(0), slice("a"),
    (None, 0), {}, (slice(None), [0]),
])  # fmt: skip


@call_of("scatter_add")
@st.composite
def scatter(draw):
    shape = tuple(draw(st.lists(LENGTHS, max_size=3)))
    index = draw(INDICES)
    try:
        values = draw(arrays(np.zeros(shape)[index].shape))
    except (IndexError, TypeError, ValueError, OverflowError):
        values = draw(arrays())
    return [
        values,
        index,
        draw(mostly(st.just(shape), st.sampled_from([HUGE, (-1,), None, "x"]))),
    ], {}


def update(name):
    def function(x, index, value):
        place = tg.at(x)[index]
        return getattr(place, name)(*([] if name == "get" else [value]))

    function.__name__ = f"at.{name}"
    return function


@st.composite
def updates(draw):
    shape = tuple(draw(st.lists(LENGTHS, max_size=3)))
    return [draw(arrays(shape)), draw(INDICES), draw(arrays((), DTYPES) | arrays())], {}


for name in ("get", "set", "add", "multiply", "min", "max"):
    CALLS[f"at.{name}"] = (update(name), updates)


@call_of("log_loss", "log_loss_with_logits")
@st.composite
def two_class_losses(draw):
    shape = tuple(draw(st.lists(LENGTHS, max_size=3)))
    predictions = draw(arrays(shape))
    if draw(st.booleans()) and predictions.dtype.kind == "f":
        predictions = np.clip(np.nan_to_num(predictions), 0, 1)
    labels = filled(shape, np.dtype(draw(st.sampled_from(["i8", "?", "u1"]))), "usual", 1) > 1
    reduction = draw(st.sampled_from(["mean", "sum", "none", "max", None]))
    return [predictions, labels.astype(draw(st.sampled_from(DTYPES))), reduction], {}


@call_of("cross_entropy")
@st.composite
def cross_entropy(draw):
    shape, classes = tuple(draw(st.lists(LENGTHS, max_size=2))), draw(st.integers(1, 4))
    labels = filled(shape, np.dtype("i8"), "usual", 3) % classes
    if draw(st.booleans()):
        labels = np.eye(classes)[labels]
    labels = labels.astype(draw(st.sampled_from(["i8", "i4", "u1", "f8", "f4", "?"])))
    reduction = draw(st.sampled_from(["mean", "sum", "none", "max"]))
    return [draw(arrays((*shape, classes))), labels, reduction], {}


TREES = st.recursive(
    arrays(dtypes=["f8", "f4"]) | st.none(),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.tuples(parts, parts)
        | st.dictionaries(st.sampled_from(["a", "b", 1]), parts, max_size=3)
    ),
    max_leaves=4,
)


@call_of("sgd", of=optim)
@st.composite
def sgd(draw):
    params = draw(TREES)
    rates = st.sampled_from([0.1, 0, 1e300, float("inf"), float("nan"), -1.0, "x", None])
    options = {"rate": draw(rates), "momentum": draw(st.sampled_from([0.0, 0.9, 1.0, -0.1, None]))}
    state = params if draw(st.booleans()) else None
    return [params, copy.deepcopy(params), state], options


@call_of("map", of=tg.tree)
@st.composite
def tree_map(draw):
    trees = [draw(TREES)]
    return [
        lambda *leaves: leaves[0],
        *trees,
        *([draw(TREES | anything())] * draw(st.booleans())),
    ], {}


@call_of("leaves", "paths", of=tg.tree)
@st.composite
def tree_alone(draw):
    return [draw(TREES)], {}


@call_of("unflatten", of=tg.tree)
@st.composite
def unflatten(draw):
    found = draw(TREES)
    return [found, [0.0] * draw(mostly(st.just(len(tg.tree.leaves(found))), st.integers(0, 3)))], {}


@call_of("container_of", of=tg.tree)
@st.composite
def container_of(draw):
    return [draw(st.sampled_from([dict, float, np.ndarray, type(None)]))], {}


def sine(x):
    return np.sin(x)


def total(x):
    result = np.float64(0)
    for leaf in tg.tree.leaves(x):
        result = result + np.sum(np.real(np.sin(leaf)))
    return result


FUNCTIONS = st.sampled_from([total, total, total, sine, lambda x: x, lambda x: 3.0, lambda x: None,
                             lambda x: "text", lambda x: (total(x), x),
                             lambda x: [x, {"a": x}]])  # fmt: skip


def differentiate(name):
    """A transform of one argument, applied."""

    def function(f, x, direction, **options):
        match name:
            case "vjp":
                value, pull = tg.vjp(f, x)
                return value, pull(direction)
            case "jvp":
                return tg.jvp(f, [x], [direction])
            case "hvp":
                return tg.hvp(f, [x], [direction])
            case "stop_gradient":
                return tg.stop_gradient(x)
            case "remat":
                return tg.remat(f)(x)
            case "implicit":
                return tg.implicit(lambda z, x: f(x), lambda x: direction)(x)
        return getattr(tg, name)(f, **options)(x)

    function.__name__ = name
    return function


@st.composite
def differentiated(draw):
    few = arrays(tuple(draw(st.lists(st.integers(0, 3), max_size=2))), ["f8", "f4", "c16", "f2"])
    x = draw(few | few | TREES | anything())
    direction = x if draw(st.booleans()) else draw(TREES | arrays())
    argnums = mostly(st.just(0), st.sampled_from([-1, 1, (0,), (0, 0), (), HUGE, 0.5, None, [0]]))
    options = {"argnums": draw(argnums), "has_aux": draw(st.booleans())}
    return [draw(FUNCTIONS), x, direction], options


for name in ("grad", "value_and_grad", "vjp", "jvp", "hvp", "jacobian", "hessian", "remat",
             "implicit", "stop_gradient"):  # fmt: skip
    CALLS[name] = (differentiate(name), differentiated)


@st.composite
def backward(draw):
    return [draw(arrays()), draw(FUNCTIONS), draw(st.none() | arrays())], {}


def made_and_swept(data, f, cotangent):
    x = Tensor(data)
    y = f(x)
    if isinstance(y, Tensor):
        y.backward(*([] if cotangent is None else [cotangent]))
    return x.grad


CALLS["Tensor"] = (made_and_swept, backward)


@call_of("minibatches", of=tg.data)
@st.composite
def minibatches(draw):
    rows = draw(LENGTHS)
    found = [draw(arrays((rows, 2))), draw(arrays((rows,)))]
    size = draw(mostly(st.integers(1, 4), st.sampled_from(NUMBERS)))
    return [np.random.default_rng(0), found, size], {"drop_last": draw(st.booleans())}


@call_of("garments", of=tg.data)
@st.composite
def garments(draw):
    few = mostly(st.integers(0, 3), st.sampled_from(NUMBERS))
    labels = st.sampled_from(
        [(1, 3), range(10), (), (10,), (-1,), (0.5,), "12", None, 3, (1, None)]
    )
    return [draw(few), draw(few), draw(few), draw(labels)], {}


@call_of("select", of=tg.data)
@st.composite
def select(draw):
    data = tg.data.garments(6, 6)
    return [
        data,
        draw(st.sampled_from([(1, 3), (1,), (), (9,), (HUGE,), ("a",), 3, None, [0.5]])),
    ], {}


@call_of("standardised", of=tg.data)
@st.composite
def standardised(draw):
    shape = tuple(draw(st.lists(LENGTHS, min_size=1, max_size=3)))
    return [draw(arrays(shape)), draw(arrays(shape))], {"dtype": draw(st.sampled_from(DTYPES))}


IMAGES = st.tuples(LENGTHS, LENGTHS, LENGTHS, LENGTHS).flatmap(lambda shape: arrays(shape))


@call_of("random_crop", of=tg.data)
@st.composite
def random_crop(draw):
    few = mostly(st.sampled_from([1, 2, (1, 2), (2, 1)]), st.sampled_from(NUMBERS))
    return [np.random.default_rng(0), draw(IMAGES), draw(few)], {"padding": draw(few)}


@call_of("random_flip", of=tg.data)
@st.composite
def random_flip(draw):
    axis = draw(mostly(st.sampled_from([1, 2, -2, -3]), st.sampled_from(NUMBERS)))
    share = draw(mostly(st.sampled_from([0.0, 0.5, 1]), st.sampled_from(NUMBERS)))
    return [np.random.default_rng(0), draw(IMAGES)], {"axis": axis, "share": share}


@call_of("normalise", of=tg.data)
@st.composite
def normalise(draw):
    shape = tuple(draw(LENGTHS) for _ in range(4))
    mean, spread = [draw(mostly(arrays(shape[3:]), st.just(2.0))) for _ in range(2)]
    return [draw(arrays(shape)), mean, spread], {}


def all_of(batches, ahead, transform):
    fetched = tg.data.prefetch(batches, ahead, transform)
    return [x for x, _ in zip(fetched, range(20), strict=False)]


@st.composite
def prefetch(draw):
    ahead = draw(mostly(st.integers(1, 4), st.sampled_from(NUMBERS)))
    batches = draw(st.lists(arrays(), max_size=3))
    return [batches, ahead, draw(st.sampled_from([None, np.shape]))], {}


CALLS["data.prefetch"] = (all_of, prefetch)


ANY_TREE = st.recursive(
    anything(),
    lambda parts: (
        st.lists(parts, max_size=2) | st.dictionaries(st.text(max_size=2), parts, max_size=2)
    ),
    max_leaves=4,
)


def saved_and_loaded(tree, ending, like):
    with tempfile.TemporaryDirectory() as folder:
        tg.save(Path(folder, f"a{ending}"), tree)
        return tg.load(Path(folder, f"a{ending}"), like=like)


@st.composite
def saved(draw):
    found = draw(ANY_TREE)
    like = draw(st.sampled_from([None, found]) if draw(st.booleans()) else ANY_TREE)
    return [found, draw(st.sampled_from([".npz", ".npz", ".safetensors"])), like], {}


CALLS["save"] = (saved_and_loaded, saved)


def checkpointed(step, keep, wanted):
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = tg.training.Checkpoint(folder, keep)
        checkpoint.save(step, {"a": 1})
        try:
            return checkpoint.load(wanted)
        except FileNotFoundError:  # with the steps that there are: test_training.py
            return None


@st.composite
def checkpoints(draw):
    numbers = st.sampled_from([*NUMBERS, None, "x"])
    some = st.integers(0, 3)
    return [
        draw(mostly(some, numbers)),
        draw(mostly(some, numbers)),
        draw(mostly(some, numbers)),
    ], {}


CALLS["training.Checkpoint"] = (checkpointed, checkpoints)


# The formulas derived by hand


def by_hand(*names):
    return call_of(*names, of=closed_form)


@by_hand("relu", "sigmoid", "dense_bias")
@st.composite
def hand_one(draw):
    return [draw(arrays())], {}


@by_hand("relu_inputs", "sigmoid_inputs", "log_loss", "log_loss_probabilities")
@st.composite
def hand_two(draw):
    shape = tuple(draw(st.lists(LENGTHS, max_size=3)))
    return [draw(arrays(shape)), draw(arrays(shape))], {}


@by_hand("cross_entropy", "cross_entropy_logits")
@st.composite
def hand_classes(draw):
    return draw(cross_entropy())


@by_hand("dense", "dense_inputs", "dense_weights")
@st.composite
def hand_dense(draw):
    n = draw(LENGTHS)
    return [draw(arrays((n, n))), draw(arrays((n, n)))], {}


def squares(draw):
    """Images (n, s, s, c), filters (k, k, c, f), stride, padding, out"""
    n, c, f = (draw(LENGTHS) for _ in range(3))
    s, k, stride = draw(st.integers(2, 5)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    padding = draw(st.integers(0, 2))
    out = max(0, (s + 2 * padding - k) // stride + 1)
    images, filters = draw(arrays((n, s, s, c))), draw(arrays((k, k, c, f)))
    return images, filters, draw(arrays((n, out, out, f))), k, stride, padding


@by_hand("convolution")
@st.composite
def hand_convolution(draw):
    images, filters, _, _, stride, padding = squares(draw)
    return [images, filters, stride, padding], {}


@by_hand("convolution_filters")
@st.composite
def hand_filters(draw):
    images, _, cotangents, k, stride, padding = squares(draw)
    return [images, cotangents, (k, k), stride, padding], {}


@by_hand("convolution_images")
@st.composite
def hand_images(draw):
    images, filters, cotangents, _, stride, padding = squares(draw)
    return [cotangents, filters, images.shape, stride, padding], {}


@by_hand("average_pool", "max_pool", "prepare_back")
@st.composite
def hand_pool(draw):
    images, _, _, k, stride, padding = squares(draw)
    return [images, k, stride, padding], {}


@by_hand("average_pool_images", "max_pool_images")
@st.composite
def hand_pool_images(draw):
    images, _, _, k, stride, padding = squares(draw)
    out = max(0, (images.shape[1] + 2 * padding - k) // stride + 1)
    cotangents = draw(arrays((images.shape[0], out, out, images.shape[3])))
    return [images, cotangents, k, stride, padding], {}


@by_hand("same_convolution", "same_convolution_images")
@st.composite
def hand_same(draw):
    images, filters, *_ = squares(draw)
    return [images, filters], {}


@by_hand("same_convolution_filters")
@st.composite
def hand_same_filters(draw):
    images, _, _, k, *_ = squares(draw)
    return [images, draw(arrays(images.shape)), k], {}


@by_hand("two_class", "two_class_images", "two_class_loss")
@st.composite
def hand_two_class(draw):
    n, s = draw(LENGTHS), draw(st.integers(3, 5))
    params = draw(arrays((3, 3, 1, 1))), draw(arrays((s * s, 1)))
    return [params, draw(arrays((n, s, s, 1))), filled((n, 1), np.dtype("?"), "usual", 1)], {}


@by_hand("ten_class", "ten_class_images", "ten_class_loss")
@st.composite
def hand_ten_class(draw):
    n, s = draw(LENGTHS), 4
    params = (draw(arrays((3, 3, 1, 2))), draw(arrays((2,))), draw(arrays((2 * 2 * 2, 3))),
              draw(arrays((3,))))  # fmt: skip
    return [params, draw(arrays((n, s, s, 1))), filled((n,), np.dtype("i8"), "usual", 1) % 3], {}


# Losses, metrics and first values

COUNTS = mostly(LENGTHS, st.sampled_from(NUMBERS))


@call_of("mse", "mae", "huber", "hinge", "kl_divergence", of=tg.nn)
@st.composite
def losses_of_two(draw):
    shape = tuple(draw(st.lists(LENGTHS, max_size=3)))
    reduction = draw(st.sampled_from(["mean", "sum", "none", "batchmean", None]))
    targets = draw(arrays(shape))
    if draw(st.booleans()):
        with np.errstate(all="ignore"):
            targets = np.sign(np.abs(targets) - 0.3) if targets.dtype.kind == "f" else targets
    return [draw(arrays(shape)), targets, reduction], {}


@call_of("cross_entropy", "nll", of=tg.nn)
@st.composite
def losses_of_classes(draw):
    (logits, labels, reduction), _ = draw(cross_entropy())
    classes = logits.shape[-1]
    weights = filled((classes,), np.dtype("f8"), "usual", 1)
    weights = draw(st.none() | st.just(np.abs(weights)) | arrays((classes,)))
    ignored = draw(st.none() | st.sampled_from([0, -100, 1, HUGE, 10**30]))
    return [logits, labels, reduction], {"class_weights": weights, "ignored": ignored}


@call_of("accuracy", of=tg.nn)
@st.composite
def share(draw):
    logits, labels, _ = draw(cross_entropy())[0]
    if draw(st.booleans()):
        labels = filled(logits.shape, np.dtype("i8"), "usual", 1) % 2
    return [logits, labels], {}


@call_of("top_k_accuracy", of=tg.nn)
@st.composite
def share_of_several(draw):
    return [*draw(cross_entropy())[0][:2], draw(mostly(st.integers(1, 3), COUNTS))], {}


RNG = np.random.default_rng(0)
SHAPES = st.lists(LENGTHS, min_size=1, max_size=4).map(tuple)


@call_of("he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal",
         "lecun_uniform", "orthogonal", "truncated_normal", of=tg.nn.init)  # fmt: skip
@st.composite
def first_values(draw):
    options = {"gain": draw(mostly(st.just(2.0), st.sampled_from(NUMBERS)))}
    return [RNG, draw(SHAPES)], options | {"dtype": draw(st.sampled_from(DTYPES))}


@call_of("dense", "embedding", "rnn", "lstm", "gru", of=tg.nn.init)
@st.composite
def first_of_two_counts(draw):
    return [RNG, draw(COUNTS), draw(COUNTS)], {"dtype": draw(st.sampled_from(DTYPES))}


@call_of("multi_head_attention", of=tg.nn.init)
@st.composite
def first_of_attention(draw):
    return [RNG, draw(COUNTS)], {"context": draw(st.none() | COUNTS)}


@call_of("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
         of=tg.nn.init)  # fmt: skip
@st.composite
def first_filters(draw):
    size = draw(mostly(st.integers(1, 3), st.sampled_from([0, (1, 2), (3, 3, 3), (2,), HUGE])))
    return [RNG, size, draw(COUNTS), draw(COUNTS)], {"groups": draw(mostly(st.just(1), COUNTS))}


@call_of("batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm", of=tg.nn.init)
@st.composite
def first_scales(draw):
    return [draw(COUNTS | SHAPES)], {"dtype": draw(st.sampled_from(DTYPES))}


@call_of("gain", of=tg.nn.init)
@st.composite
def gain(draw):
    names = ["linear", "tanh", "relu", "selu", "leaky_relu", "leaky_relu", "softmax"]
    return [draw(st.sampled_from(names)), draw(st.none() | st.sampled_from(NUMBERS))], {}


# Activations, normalisation, resizing

OPTION = mostly(st.sampled_from([1.0, 0.01, 0.5, 3, 1e-5]), st.sampled_from([*NUMBERS, None, ""]))


@call_of("silu", "tanh", "log_sigmoid", of=tg.nn)
@st.composite
def activation(draw):
    return [draw(arrays())], {}


@call_of("elu", "leaky_relu", "softplus", of=tg.nn)
@st.composite
def activation_with_a_number(draw):
    return [draw(arrays()), draw(OPTION)], {}


@call_of("gelu", of=tg.nn)
@st.composite
def gelu(draw):
    return [draw(arrays()), draw(st.sampled_from(["none", "tanh", "erf", None]))], {}


@call_of("glu", of=tg.nn)
@st.composite
def glu(draw):
    x = draw(arrays())
    return [np.concatenate([x, x], -1) if x.ndim else x, draw(AXIS)], {}


SPATIAL = st.lists(st.sampled_from([1, 2, 3, 4, 0]), max_size=3)


@st.composite
def to_normalise(draw):
    """x (n, *spatial, c), and a scale and shift for its last axis."""
    shape = (draw(LENGTHS), *draw(SPATIAL), draw(LENGTHS))
    affine = [draw(st.none() | arrays(shape[-1:])) for _ in range(2)]
    return draw(arrays(shape)), affine, {"epsilon": draw(OPTION)}


@call_of("batch_norm", of=tg.nn)
@st.composite
def batch_norm(draw):
    x, affine, options = draw(to_normalise())
    state = {name: draw(arrays(x.shape[-1:])) for name in ("mean", "var")}
    state = draw(st.sampled_from([None, state, state, {"mean": x}]))
    options |= {"training": draw(st.booleans()), "momentum": draw(OPTION)}
    return [x, state, *affine], options


@call_of("layer_norm", "instance_norm", of=tg.nn)
@st.composite
def layer_norm(draw):
    x, affine, options = draw(to_normalise())
    return [x, *affine], options


@call_of("rms_norm", of=tg.nn)
@st.composite
def rms_norm(draw):
    x, [scale, _], options = draw(to_normalise())
    return [x, scale], options | {"axis": draw(AXIS)}


@call_of("group_norm", of=tg.nn)
@st.composite
def group_norm(draw):
    x, affine, options = draw(to_normalise())
    return [x, draw(mostly(st.integers(1, 3), st.sampled_from(NUMBERS))), *affine], options


@call_of("resize", of=tg.nn)
@st.composite
def resize(draw):
    x, _, _ = draw(to_normalise())
    size = draw(mostly(st.integers(1, 6), st.sampled_from([*NUMBERS, (1, 2), (3,), (2, 3, 4)])))
    method = draw(st.sampled_from(["bilinear", "bilinear", "nearest", "cubic"]))
    return [x, size, method], {"align_corners": draw(st.booleans())}


@call_of("global_average_pool", "global_max_pool", of=tg.nn)
@st.composite
def global_pool(draw):
    return [draw(to_normalise())[0]], {}


# Recurrent layers, attention, embeddings and positions


def of_layers(*names):
    """As `call_of`, by the name alone: then some arguments are Tensors, too."""

    def register(strategy):
        CALLS.update({name: (getattr(tg.nn, name), strategy) for name in names})
        return strategy

    return register


def recurrent(gates, states):
    @st.composite
    def strategy(draw):
        n, time, i, h = (draw(LENGTHS) for _ in range(4))
        dtypes = [draw(st.sampled_from(DTYPES))] if draw(st.booleans()) else DTYPES
        shapes = [(n, time, i), (i, gates * h), (h, gates * h)]
        bias, given = st.none() | arrays((gates * h,), dtypes), st.none()
        state = [draw(arrays((n, h), dtypes)) for _ in range(states)]
        if draw(st.booleans()):
            given = st.just(state[0] if states == 1 else tuple(state))
        lengths = filled((n,), np.dtype(draw(st.sampled_from(["i8", "i4", "u1"]))), "usual", 2)
        lengths = draw(mostly(st.none(), st.just(lengths % max(time, 1) + 1)))
        args = [*[draw(arrays(shape, dtypes)) for shape in shapes], draw(bias)]
        if gates == 3:
            args.append(draw(st.none() | arrays((h,), dtypes)))
        return args, {"state": draw(given), "lengths": lengths, "reverse": draw(st.booleans())}

    return strategy


of_layers("rnn")(recurrent(1, 1))
of_layers("lstm")(recurrent(4, 2))
of_layers("gru")(recurrent(3, 1))


@of_layers("bidirectional")
@st.composite
def both_ways(draw):
    n, time, i, h = (draw(LENGTHS) for _ in range(4))
    params = {"input_weights": draw(arrays((i, h))), "hidden_weights": draw(arrays((h, h)))}
    return [tg.nn.rnn, draw(arrays((n, time, i))), params, dict(params)], {}


@of_layers("attention")
@st.composite
def attention(draw):
    n, queries, keys, d, e = (draw(LENGTHS) for _ in range(5))
    args = [draw(arrays((n, *shape))) for shape in ((queries, d), (keys, d), (keys, e))]
    mask = st.none() | arrays((queries, keys)) | arrays((n, 1, keys), ["?", "f8"])
    scale = draw(st.none() | st.sampled_from([0.5, 1, *NUMBERS]))
    return [*args, draw(mask)], {"causal": draw(st.booleans()), "scale": scale}


@of_layers("multi_head_attention")
@st.composite
def heads(draw):
    n, time, i, d = (draw(LENGTHS) for _ in range(4))
    params = {name: {"weights": draw(arrays((i, 2 * d)))} for name in ("query", "key", "value")}
    params["out"] = {"weights": draw(arrays((2 * d, i))), "bias": draw(arrays((i,)))}
    options = {"heads": draw(mostly(st.just(2), st.sampled_from(NUMBERS)))}
    return [draw(arrays((n, time, i)))], {**params, **options, "causal": draw(st.booleans())}


@of_layers("embedding")
@st.composite
def embedding(draw):
    shape = tuple(draw(st.lists(LENGTHS, max_size=3)))
    padding = draw(st.none() | st.integers(-5, 4))
    return [filled(shape, np.dtype("i8"), "usual", 1), draw(arrays((4, 3))), padding], {}


@of_layers("rotary")
@st.composite
def rotary(draw):
    n, time, d = draw(LENGTHS), draw(LENGTHS), draw(LENGTHS)
    positions = draw(st.none() | arrays((time,)) | arrays((n, time)))
    return [draw(arrays((n, time, 2 * d))), positions, draw(st.sampled_from([1e4, *NUMBERS]))], {}


@of_layers("sinusoidal_positions")
@st.composite
def sinusoidal(draw):
    numbers = mostly(st.integers(0, 8), st.sampled_from(NUMBERS))
    return [draw(numbers), draw(numbers)], {"dtype": draw(st.sampled_from(["f4", "f8"]))}


# tg.optim

RATES = mostly(st.sampled_from([0.1, 0, 1e-3, np.float64(0.1)]), st.sampled_from(NUMBERS))
SHARES = mostly(st.sampled_from([0.9, 0.5, 0.0]), st.sampled_from(NUMBERS))
STEPS = mostly(st.integers(1, 20), st.sampled_from(NUMBERS))


@call_of("sgd", "adam", "adamw", "nadam", "radam", "rmsprop", "adagrad", "adadelta", of=tg.optim)
@st.composite
def optimisers(draw):
    params = draw(TREES)
    grads = copy.deepcopy(params)
    begun = draw(st.sampled_from([tg.optim.sgd, tg.optim.adam, tg.optim.adagrad, None]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        state = begun and begun(params, grads).state
    return [params, grads, state], {
        "rate": draw(RATES),
        "weight_decay": draw(SHARES | st.just(tg.tree.map(lambda _: 0.1, params))),
        "maximize": draw(st.booleans()),
    }


@call_of("by_path", of=tg.optim)
@st.composite
def by_path(draw):
    return [draw(TREES), lambda path, leaf: 0.0], {}


@call_of("accumulated", of=tg.optim)
@st.composite
def accumulated(draw):
    x = draw(arrays((3, 2), dtypes=["f8", "f4"]))
    return [lambda w, *x: (1.0, np.ones(2)), np.ones(2), [(x, x), (x[:1], x[:1])]], {}


STEPWISE = {
    "optim.global_norm": ((TREES,), {}),
    "optim.clip_by_norm": ((TREES, RATES), {}),
    "optim.clip_by_value": ((TREES, RATES, RATES), {}),
    "optim.average": ((TREES,), {"averaged": st.none() | TREES, "decay": SHARES}),
    "nn.schedules.constant": ((RATES,), {}),
    "nn.schedules.step": ((RATES, STEPS), {"gamma": SHARES}),
    "nn.schedules.multi_step": ((RATES, st.lists(STEPS, max_size=3)), {"gamma": SHARES}),
    "nn.schedules.exponential": ((RATES, SHARES), {}),
    "nn.schedules.polynomial": ((RATES, STEPS, SHARES, RATES), {}),
    "nn.schedules.cosine": ((RATES, STEPS, RATES), {}),
    "nn.schedules.warm_up": ((st.just(tg.optim.schedules.constant(0.1)), STEPS, SHARES), {}),
    "nn.schedules.one_cycle": ((RATES, STEPS), {"pct_start": SHARES}),
    "nn.schedules.cyclic": ((RATES, RATES), {"up": STEPS, "gamma": SHARES}),
    "nn.schedules.plateau": ((st.none(), RATES), {"rate": RATES, "factor": SHARES}),
}
for _name, (_args, _kwargs) in STEPWISE.items():
    _drawn = st.tuples(st.tuples(*_args), st.fixed_dictionaries(_kwargs))
    _owner = tg.optim if _name.startswith("optim") else tg.optim.schedules
    CALLS[_name] = getattr(_owner, _name.rpartition(".")[2]), lambda drawn=_drawn: drawn


UNTRIED = {
    "ChangedArrayError": "an exception",
    "FreedGraphError": "an exception",
    "JitWarning": "a warning",
    "NonFiniteError": "an exception",
    "NonFiniteWarning": "a warning",
    "debug": "a context",
    "graph": "calls a function that the user gives: test_viz_graphs.py",
    "jit": "calls a function that the user gives: test_fast_jit.py",
    "strong_zeros": "a context",
    "check": "a module: its `compare` calls a function that the user gives",
    "closed_form": "a module, whose functions are here",
    "compat": "a module of modules: tests/test_compat_autograd.py",
    "data": "a module, whose functions are here or below",
    "export": "a module: its function calls one that the user gives, test_export_onnx.py",
    "fast": "a module: its `explain` calls a function that the user gives",
    "optim": "a module, whose functions are here",
    "saving": "a module, whose functions are here",
    "scipy": "a module of modules: tests/test_scipy_mirror.py",
    "summary": "calls a function that the user gives: test_summaries.py",
    "training": "a module, whose class is here",
    "tree": "a module, whose functions are here",
    "viz": "a module: it draws what it is given with matplotlib",
    "load": "with `save`; files that it did not write: fuzz_loaders.py",
    "at": "as at.get, at.set, …",
    "bilinear": "declares a rule: what is wrong with one is looked at in test_rules_extend.py",
    "general": "declares a rule",
    "linear": "declares a rule",
    "pointwise": "declares a rule",
    "signature": "declares a rule",
    "release_memory": "takes no arguments",
    "data.CIFAR10_NAMES": "names",
    "data.GARMENT_NAMES": "names",
    "data.DataError": "an exception",
    "data.Dataset": "a named tuple",
    "data.auto": "looks for files, and for a server",
    "data.cifar10": "looks for files, and for a server",
    "data.fashion_mnist": "looks for files, and for a server",
    "data.locate_fashion_mnist": "looks for files",
    "data.read_cifar10": "files: fuzz_loaders.py",
    "data.read_idx": "files: fuzz_loaders.py",
    "data.server_answers": "asks a server",
    "saving.DamagedFileError": "an exception",
    "saving.from_torch": "takes a tree of layers: test_saving_pytorch.py, also what does not fit",
    "saving.load": "as load",
    "saving.save": "as save",
    "saving.to_torch": "takes a tree of layers: test_saving_pytorch.py",
    "saving.torch_layer": "a layer by its name: test_saving_pytorch.py",
}


def public_names():
    found = [*tg.__all__]
    for module in (tg.data, tg.saving, closed_form):
        found += [f"{module.__name__.split('.')[1]}.{name}" for name in module.__all__]
    for module in (tg.nn.activations, tg.nn.normalisation, tg.nn.resizing):
        found += [f"nn.{name}" for name in module.__all__]
    for module in (tg.nn.losses, tg.nn.metrics):
        found += [f"nn.{name}" for name in module.__all__ if name not in tg.__all__]
    found += [f"nn.init.{name}" for name in tg.nn.init.__all__]
    for module in (nn, losses):
        found += [name for name in vars(module).get("__all__", ()) if name not in tg.__all__]
    return found


@pytest.mark.whole
def test_no_public_function_is_forgotten():
    assert sorted({*public_names()} - CALLS.keys() - UNTRIED.keys()) == []
    assert sorted(UNTRIED.keys() & CALLS.keys()) == []


# What a call may do


def is_finite(value):
    """Whether all numbers in it are, so that nothing was there to warn about."""
    if isinstance(value, Tensor):
        value = value.data
    if isinstance(value, np.ndarray):
        return value.dtype.kind not in "fc" or bool(np.all(np.isfinite(value)))
    if isinstance(value, dict):
        return all(map(is_finite, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(is_finite, value))
    return not isinstance(value, (float, complex)) or bool(np.isfinite(value))


def is_moderate(value):
    """Whether all numbers in it are finite and far from the ends of their dtype."""
    if isinstance(value, Tensor):
        value = value.data
    if isinstance(value, np.ndarray) and value.dtype.kind in "fc":
        low, high = np.finfo(value.dtype).tiny, np.finfo(value.dtype).max
        size = np.abs(np.asarray(value))
        inside = (size < np.sqrt(high) / 9) & ((size == 0) | (size > np.sqrt(low)))
        return bool(np.all(inside))
    if isinstance(value, (list, tuple)):
        return all(map(is_moderate, value))
    if isinstance(value, dict):
        return all(map(is_moderate, value.values()))
    return not isinstance(value, (float, complex, int)) or abs(value) < 1e4


def is_ours(error):
    """Whether a `raise` in the package made it, rather than NumPy or Python on its way through."""
    if not isinstance(error, (ValueError, TypeError, IndexError)) or not str(error):
        return False
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    file = last.tb_frame.f_code.co_filename
    if last.tb_frame.f_code in (sine.__code__, total.__code__):
        return True  # in a function that the user gave, and its own affair
    return file.startswith(ROOT) and linecache.getline(file, last.tb_lineno).strip().startswith(
        "raise"
    )


def snapshot(args):
    return [x.tobytes() if isinstance(x, np.ndarray) and x.dtype != object else None for x in args]


def tried(name, args, kwargs):
    """Call it; raises where it does what it must not. True if there was a result."""
    function, _ = CALLS[name]
    before = snapshot([*args, *kwargs.values()])
    result = error = None
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            result = function(*args, **kwargs)
            if isinstance(result, Tensor):
                result.backward(np.ones(result.shape, result.dtype))
        except Exception as raised:
            # NumPy says well how much memory it did not get.
            if not isinstance(raised, MemoryError) and not is_ours(raised):
                raise
            error = raised
    assert snapshot([*args, *kwargs.values()]) == before, "an argument was written into"
    for warning in told:
        is_true = issubclass(warning.category, RuntimeWarning) and not (
            is_moderate([*args, kwargs]) and is_finite(result)
        )
        assert is_true or issubclass(warning.category, ResourceWarning), str(warning.message)
    return error is None


@st.composite
def spoiled(draw, strategy):
    """Arguments of which up to two are replaced by anything, and some arrays made Tensors."""
    args, kwargs = draw(strategy())
    args, kwargs = list(args), dict(kwargs)
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
        place = draw(st.sampled_from([*range(len(args)), *kwargs]))
        where = args if isinstance(place, int) else kwargs
        if place == "dtype":
            continue  # NumPy says well what is no dtype
        value = where[place]
        # What a user's function does is its own affair, and a flag may be anything.
        if not (callable(value) or isinstance(value, (bool, tg.data.Dataset))):
            where[place] = draw(anything())
    return args, kwargs


@st.composite
def with_tensors(draw, name):
    args, kwargs = draw(spoiled(CALLS[name][1]))
    if draw(st.booleans()) and "closed_form" not in name and "." not in name.replace("at.", ""):
        args = [
            Tensor(x) if type(x) is np.ndarray and x.dtype.kind in "fc" and draw(st.booleans())
            else x
            for x in args
        ]  # fmt: skip
    return args, kwargs


def trial(name, examples, counts=None):
    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(with_tensors(name))
    def examined(drawn):
        args, kwargs = drawn
        got = tried(name, args, kwargs)
        if counts is not None:
            counts[got] += 1

    return examined


@pytest.mark.parametrize("name", CALLS)
def test_a_result_or_an_error_of_ours(name):
    trial(name, 25)()


def main(wanted):
    began = time.perf_counter()
    counts, failed = {True: 0, False: 0}, []
    for name in CALLS:
        try:
            trial(name, wanted // len(CALLS) + 25, counts)()
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            failed.append(name)
            for one in getattr(error, "exceptions", [error]):
                frames = traceback.extract_tb(one.__traceback__)
                ours = [f"{f.filename}:{f.lineno}" for f in frames if f.filename.startswith(ROOT)]
                print(f"{name}: {type(one).__name__}: {one}", *ours[-2:], sep="\n    ")
                print("   ", *getattr(one, "__notes__", []), sep="\n    ")
    took = time.perf_counter() - began
    print(
        f"{sum(counts.values()):,} examples over {len(CALLS)} functions in {took:.0f} s: "
        f"{counts[True]:,} results, {counts[False]:,} errors of ours; {len(failed)} functions did "
        f"something else{': ' if failed else ''}{', '.join(failed)}"
    )
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))

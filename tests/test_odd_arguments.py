"""Arguments that nobody should give, each of which once led to an error of somebody else.

`test_public_functions.py` found them.
"""

import tempfile

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import closed_form

HUGE = 1 << 45
RAGGED = [[1.0], [1.0, 2.0]]
X = np.ones((1, 4, 4, 1))
W = np.ones((3, 3, 1, 2))
GARMENTS = tg.data.garments(6, 6)


def checkpoint(step=0, keep=1, wanted=None):
    with tempfile.TemporaryDirectory() as folder:
        found = tg.training.Checkpoint(folder, keep)
        found.save(step, 1)
        return found.load(wanted)


REFUSED = {
    # no arrays of numbers
    "ragged lists for softmax": (lambda: tg.softmax(RAGGED), "softmax: the nested lists are no"),
    "ragged lists for dense": (lambda: tg.dense(RAGGED, W[0, 0]), "dense: the nested lists are no"),
    "ragged lists for log_loss": (lambda: tg.log_loss(RAGGED, [1]), "log_loss: the nested lists"),
    "texts for log_loss": (lambda: tg.log_loss(["a"], [1]), "log_loss: takes numbers, not an ar"),
    "objects for conv2d": (lambda: tg.conv2d(X.astype(object), W), "conv2d: takes numbers, not"),
    "masked arrays": (lambda: tg.dense(np.ma.ones((2, 2)), np.ones((2, 1))), "dense: takes no mas"),
    "a text as bias": (lambda: tg.conv2d(X, W, bias="b"), "conv2d: takes numbers, not an array"),
    "complex labels": (lambda: tg.log_loss([0.5], [1j]), "log_loss: labels are real numbers, not"),
    "complex logits": (
        lambda: tg.log_loss_with_logits([1j], [1]),
        "takes real numbers, not predictions of",
    ),
    "numbers for fold": (lambda: tg.fold(3, (1, 4, 1)), "fold: windows of images"),
    "a text that a function returns": (
        lambda: tg.jacobian(lambda x: "text")(1.0),
        "the function re",
    ),
    "a text that vjp's function returns": (
        lambda: tg.vjp(lambda x: "text", 1.0)[1](1.0),
        "the function returned 'text'",
    ),
    # no axes, shapes, indices
    "an axis that is an array": (lambda: tg.softmax(X, np.ones(2)), r"softmax: shape .*, axis \["),
    "an axis beyond all bounds": (lambda: tg.logsumexp(X, 10**30), "logsumexp: shape .*, axis 10"),
    "an image without axes": (lambda: tg.windows(np.ones(3), 2), r"windows: images must be \(n"),
    "a number for a shape": (
        lambda: tg.window_indices(3, 2),
        r"window_indices: an array of shape ",
    ),
    "None for a shape": (lambda: tg.scatter_add([1.0], [0], None), "scatter_add: a shape is a tup"),
    "a negative shape": (
        lambda: tg.scatter_add([1.0], [0], (-1,)),
        "scatter_add: an array of shape",
    ),
    "a shape of too much": (
        lambda: tg.scatter_add([1.0], [0], (HUGE, HUGE)),
        "scatter_add: an array ",
    ),
    "windows of another rank": (
        lambda: tg.fold(np.ones((1, 2, 2, 1)), (1, 4, 4, 1)),
        r"fold: windows of images of shape \(1, 4, 4, 1\) are",
    ),
    "an index out of bounds, read": (lambda: tg.at(X)[9].get(), "at: index 9 is out of bounds"),
    "an index out of bounds, set": (
        lambda: tg.at(X)[9].set(0.0),
        r"index_set: values of shape \(\) at an index of an array of shape \(1, 4, 4, 1\): index 9",
    ),
    "an index out of bounds, added": (lambda: tg.at(X)[9].add(0.0), "at: index 9 is out of bounds"),
    "an index out of bounds, scattered": (
        lambda: tg.scatter_add([1.0], [9], (3,)),
        "scatter_add: index 9 is out of bounds",
    ),
    "an index that is a text": (lambda: tg.at(X)["x"].min(0.0), "index_min: .* indices"),
    "a slice without steps": (lambda: tg.at(X)[::0].max(0.0), "index_max: .* cannot be zero"),
    "a slice without steps, added": (
        lambda: tg.at(X)[::0].add(0.0),
        "at: slice step cannot be zer",
    ),
    "values that do not fit, added": (
        lambda: tg.at(np.ones(3))[:2].add(np.ones(3)),
        r"at\[:2\]: values of shape \(3,\) do not fit into elements of shape \(2,\) \(of",
    ),
    "values that do not fit, set": (
        lambda: tg.at(np.ones(3))[:2].set(np.ones(3)),
        r"at\[:2\]: values of shape \(3,\) do not fit into elements of shape \(2,\) \(of",
    ),
    "an index and values that both do not fit": (
        lambda: tg.at(np.ones((1, 1)))[[0, 1]].set(np.ones(2)),
        "at: index 1 is out of bounds",
    ),
    "a value beyond the dtype": (
        lambda: tg.at(np.ones(3, np.uint8))[0].set(300),
        r"index_set: .*300 out of bounds for uint8",
    ),
    # numbers that are none, or beyond all bounds
    "padding beyond all bounds": (
        lambda: tg.conv2d(X, W, padding=1 << 62),
        r"conv2d: with .* pixels of padding \(before, after\) there would be images of",
    ),
    "dilation that is padded for": (
        lambda: tg.conv2d(X, W, padding="same", dilation=10**30),
        "conv2d: with .* there would be images of",
    ),
    "a stride to the ends of the world": (
        lambda: tg.conv_transpose2d(X, W[..., ::-1][..., :1], stride=10**30),
        "conv_transpose2d: the result would be larger than can be",
    ),
    # its windows were counted one by one
    "pooling in endless padding": (
        lambda: tg.max_pool(X, 2, padding=HUGE),
        "wholly in the padding",
    ),
    "pooling in endless padding after": (
        lambda: tg.average_pool(X, 2, stride=1, padding=((0, HUGE), (0, 0))),
        "average_pool: .* wholly in the padding",
    ),
    "a rate that is an array": (
        lambda: tg.dropout(X, np.ones(2), np.random.default_rng(0)),
        "dropout: rate must be",
    ),
    "a rate that is None": (
        lambda: tg.dropout(X, None, np.random.default_rng(0)),
        "dropout: rate must be",
    ),
    "sgd's rate": (lambda: tg.optim.sgd(X, X, rate="x"), "sgd: rate and momentum are numbers"),
    "sgd's momentum": (lambda: tg.optim.sgd(X, X, rate=0.1, momentum=None), "sgd: rate and moment"),
    "a reduction that cannot be hashed": (
        lambda: tg.log_loss([0.5], [1], np.ones(2)),
        "log_loss: reduction must be",
    ),
    "leaves that are none": (
        lambda: tg.tree.unflatten([1.0], 3),
        "unflatten: the leaves are a list",
    ),
    "padding beyond all bounds, by hand": (
        lambda: closed_form.convolution(X, W, 1, HUGE),
        "convolution: with padding .* more than can be; pad less",
    ),
    "a reduction that is an array, by hand": (
        lambda: closed_form.log_loss(np.full(2, 0.5), np.ones(2), np.ones(2)),
        "log_loss: reduction must be",
    ),
    # which NumPy warned about, before
    "labels beyond the predictions' dtype": (
        lambda: closed_form.log_loss(np.full(2, 0.5, np.float32), np.full(2, 1e300)),
        "log_loss: labels must lie between 0 and 1",
    ),
    # data and checkpoints
    "garments of a number": (lambda: tg.data.garments(1, 1, labels=3), "garments: labels must be"),
    "garments of arrays": (
        lambda: tg.data.garments(1, 1, labels=[np.ones(2)]),
        "garments: labels must be",
    ),
    "half a garment": (lambda: tg.data.garments(0.5, 1), "garments: cannot draw 0.5 and 1"),
    "endless garments": (lambda: tg.data.garments(HUGE, 1), "garments: .* pictures are more than"),
    "a seed that is none": (
        lambda: tg.data.garments(1, 1, 0.5),
        "garments: the seed is an integer",
    ),
    "a negative seed": (lambda: tg.data.garments(1, 1, -1), "garments: the seed is an integer"),
    "to select from a number": (lambda: tg.data.select(3, (1,)), "select: takes a Dataset"),
    "to select a number": (lambda: tg.data.select(GARMENTS, 3), "select: labels are a sequence"),
    "to select by texts": (lambda: tg.data.select(GARMENTS, "a"), "select: labels are a sequence"),
    "to select by lists": (lambda: tg.data.select(GARMENTS, RAGGED), "select: labels are a sequen"),
    "to standardise a number": (
        lambda: tg.data.standardised(3),
        "standardised: takes arrays of re",
    ),
    "to standardise texts": (
        lambda: tg.data.standardised(np.array(["a"])),
        "standardised: takes ar",
    ),
    "half a step": (lambda: checkpoint(0.5), "Checkpoint: a step must be from 0"),
    "no step": (lambda: checkpoint(None), "Checkpoint: a step must be from 0"),
    "half a state to keep": (
        lambda: checkpoint(keep=1.5),
        "Checkpoint: at least one state must be",
    ),
    "log-loss in longdouble by hand": (
        lambda: closed_form.log_loss(np.full(2, 0.5, np.longdouble), np.ones(2)),
        "log_loss: takes numbers up to float64",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_in_words_of_ours(name):
    call, told = REFUSED[name]
    with pytest.raises((ValueError, TypeError, IndexError), match=told):
        call()


def test_a_step_that_is_an_array_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match="Checkpoint: no state after step array"):
        checkpoint(wanted=np.ones(2))


@pytest.mark.parametrize("huge", [HUGE, 1 << 62, 10**30])
def test_steps_that_are_never_taken_may_be_of_any_size(huge):
    """Where there is one window, or one tap, there is nowhere to step to."""
    x, w = np.ones((1, 3, 3, 1)), np.ones((3, 3, 1, 1))
    assert tg.conv2d(x, w, stride=huge).item() == 9
    assert tg.conv2d(x, w[:1, :1], dilation=huge).sum() == 9
    assert tg.grad(lambda x: tg.conv2d(x, w, stride=huge).sum())(x).sum() == 9
    assert tg.max_pool(x, 3, stride=huge).item() == 1
    index = tg.window_indices(x.shape, 3, huge)
    assert np.array_equal(np.take(x, index), tg.windows(x, 3, huge))


def test_bytes_in_the_other_order():
    x, w = np.ones((1, 4, 4, 1), ">f8"), np.ones((3, 3, 1, 2), ">f8")
    assert np.array_equal(tg.conv2d(x, w), np.full((1, 2, 2, 2), 9.0))
    assert tg.dense(w[0, 0], w[0, 0].T).dtype.isnative


def test_python_numbers_take_the_dtype_of_what_they_are_put_into():
    for value, dtype in ((5, np.uint8), (2.5, np.float32), (True, np.int8), (1j, np.complex64)):
        found = tg.at(np.zeros(3, dtype))[1].set(value)
        assert found.dtype == dtype
        assert found[1] == value


def test_half_precision_by_hand():
    images, filters = np.ones((1, 3, 3, 1), np.float16), np.ones((3, 3, 1, 1), np.float16)
    found = closed_form.same_convolution(images, filters)
    assert found.dtype == np.float16
    assert found[0, 1, 1, 0] == 9

"""Arguments that nobody should give, each of which once led to an error of somebody else.

`test_public_functions.py` found them. Each module's test file tries its own (`each`), and
`test_garbage_collector.py` all of them.
"""

import tempfile

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import closed_form
from tinygrad_np.core import optim

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
    "core.network": {
        "ragged lists for softmax": (
            lambda: tg.softmax(RAGGED),
            "softmax: the nested lists are no",
        ),
        "ragged lists for dense": (
            lambda: tg.dense(RAGGED, W[0, 0]),
            "dense: the nested lists are no",
        ),
        "masked arrays": (
            lambda: tg.dense(np.ma.ones((2, 2)), np.ones((2, 1))),
            "dense: takes no mas",
        ),
        "an axis that is an array": (
            lambda: tg.softmax(X, np.ones(2)),
            r"softmax: shape .*, axis \[",
        ),
    },
    "core.losses": {
        "ragged lists for log_loss": (
            lambda: tg.log_loss(RAGGED, [1]),
            "log_loss: the nested lists",
        ),
        "texts for log_loss": (
            lambda: tg.log_loss(["a"], [1]),
            "log_loss: takes numbers, not an ar",
        ),
        "complex labels": (
            lambda: tg.log_loss([0.5], [1j]),
            "log_loss: labels are real numbers, not",
        ),
        "complex logits": (
            lambda: tg.log_loss_with_logits([1j], [1]),
            "takes real numbers, not predictions of",
        ),
        "a reduction that cannot be hashed": (
            lambda: tg.log_loss([0.5], [1], np.ones(2)),
            "log_loss: reduction must be",
        ),
    },
    "core.windows": {
        "numbers for fold": (lambda: tg.fold(3, (1, 4, 1)), "fold: windows of images"),
        "an image without axes": (
            lambda: tg.windows(np.ones(3), 2),
            r"windows: images must be \(n",
        ),
        "windows of another rank": (
            lambda: tg.fold(np.ones((1, 2, 2, 1)), (1, 4, 4, 1)),
            r"fold: windows of images of shape \(1, 4, 4, 1\) are",
        ),
    },
    "core.rules": {
        "None for a shape": (
            lambda: tg.scatter_add([1.0], [0], None),
            "scatter_add: a shape is a tup",
        ),
        "a negative shape": (
            lambda: tg.scatter_add([1.0], [0], (-1,)),
            "scatter_add: an array of shape",
        ),
        "a shape of too much": (
            lambda: tg.scatter_add([1.0], [0], (HUGE, HUGE)),
            "scatter_add: an array ",
        ),
        "an index out of bounds, scattered": (
            lambda: tg.scatter_add([1.0], [9], (3,)),
            "scatter_add: index 9 is out of bounds",
        ),
    },
    "core.tree": {
        "leaves that are none": (
            lambda: tg.tree.unflatten([1.0], 3),
            "unflatten: the leaves are a list",
        ),
    },
    "core.transforms": {
        "a text that vjp's function returns": (
            lambda: tg.vjp(lambda x: "text", 1.0)[1](1.0),
            "the function returned 'text'",
        ),
    },
    "core.jacobians": {
        "a text that a function returns": (
            lambda: tg.jacobian(lambda x: "text")(1.0),
            "the function re",
        ),
    },
    "core.optim": {
        "sgd's rate": (lambda: optim.sgd(X, X, rate="x"), "sgd: rate and momentum are numbers"),
        "sgd's momentum": (
            lambda: optim.sgd(X, X, rate=0.1, momentum=None),
            "sgd: rate and moment",
        ),
    },
    "rules.at": {
        "an index out of bounds, read": (lambda: tg.at(X)[9].get(), "at: index 9 is out of bounds"),
        "an index out of bounds, set": (
            lambda: tg.at(X)[9].set(0.0),
            r"index_set: values of shape \(\) at an index of an array of shape \(1, 4, 4, 1\): "
            "index 9",
        ),
        "an index out of bounds, added": (
            lambda: tg.at(X)[9].add(0.0),
            "at: index 9 is out of bounds",
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
    },
    "rules.logsumexp": {
        "an axis beyond all bounds": (
            lambda: tg.logsumexp(X, 10**30),
            "logsumexp: shape .*, axis 10",
        ),
    },
    "nn.layers": {
        "objects for conv2d": (
            lambda: tg.conv2d(X.astype(object), W),
            "conv2d: takes numbers, not",
        ),
        "a text as bias": (
            lambda: tg.conv2d(X, W, bias="b"),
            "conv2d: takes numbers, not an array",
        ),
        "padding beyond all bounds": (
            lambda: tg.conv2d(X, W, padding=1 << 62),
            r"conv2d: an array of shape .* cannot be",
        ),
        "dilation that is padded for": (
            lambda: tg.conv2d(X, W, padding="same", dilation=10**30),
            "conv2d: an array of shape .* cannot be",
        ),
        "a stride to the ends of the world": (
            lambda: tg.conv_transpose2d(X, W[..., ::-1][..., :1], stride=10**30),
            "conv_transpose2d: an array of shape .* cannot be",
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
    },
    "nn.losses": {
        "ragged lists for mse": (lambda: tg.nn.mse(RAGGED, [1]), "mse: the nested lists are no"),
        "a text for delta": (
            lambda: tg.nn.huber([0.5], [1], delta="x"),
            "huber: delta must be one number",
        ),
        "an integer beyond all floats for delta": (
            lambda: tg.nn.huber([0.5], [1], delta=10**400),
            "huber: delta must be one number",
        ),
        "a text to ignore": (
            lambda: tg.nn.nll([[0.5]], [0], ignored="x"),
            "nll: ignored is one integer",
        ),
        "texts as weights of classes": (
            lambda: tg.nn.cross_entropy([[0.5]], [0], class_weights=["a"]),
            "cross_entropy: class_weights: takes real numbers",
        ),
    },
    "nn.indices": {
        "a number for a shape": (
            lambda: tg.window_indices(3, 2),
            r"window_indices: an array of shape ",
        ),
    },
    "data.garments": {
        "garments of a number": (
            lambda: tg.data.garments(1, 1, labels=3),
            "garments: labels must be",
        ),
        "garments of arrays": (
            lambda: tg.data.garments(1, 1, labels=[np.ones(2)]),
            "garments: labels must be",
        ),
        "half a garment": (lambda: tg.data.garments(0.5, 1), "garments: cannot draw 0.5 and 1"),
        "endless garments": (
            lambda: tg.data.garments(HUGE, 1),
            "garments: cannot draw .* and 1 pictures; ask for 0 to 1000000000",
        ),
        "a seed that is none": (
            lambda: tg.data.garments(1, 1, 0.5),
            "garments: the seed is an integer",
        ),
        "a negative seed": (lambda: tg.data.garments(1, 1, -1), "garments: the seed is an integer"),
    },
    "data.dataset": {
        "to select from a number": (lambda: tg.data.select(3, (1,)), "select: takes a Dataset"),
        "to select a number": (
            lambda: tg.data.select(GARMENTS, 3),
            "select: labels are a sequence",
        ),
        "to select by texts": (
            lambda: tg.data.select(GARMENTS, "a"),
            "select: labels are a sequence",
        ),
        "to select by lists": (
            lambda: tg.data.select(GARMENTS, RAGGED),
            "select: labels are a sequen",
        ),
        "to standardise a number": (
            lambda: tg.data.standardised(3),
            "standardised: takes arrays of re",
        ),
        "to standardise texts": (
            lambda: tg.data.standardised(np.array(["a"])),
            "standardised: takes ar",
        ),
    },
    "training.checkpoint": {
        "half a step": (lambda: checkpoint(0.5), "Checkpoint: a step must be from 0"),
        "no step": (lambda: checkpoint(None), "Checkpoint: a step must be from 0"),
        "half a state to keep": (
            lambda: checkpoint(keep=1.5),
            "Checkpoint: at least one state must be",
        ),
    },
    "closed_form.convolutions": {
        "padding beyond all bounds, by hand": (
            lambda: closed_form.convolution(X, W, 1, HUGE),
            "convolution: with padding .* more than can be; pad less",
        ),
    },
    "closed_form.layers": {
        "a reduction that is an array, by hand": (
            lambda: closed_form.log_loss(np.full(2, 0.5), np.ones(2), np.ones(2)),
            "log_loss: reduction must be",
        ),
        # which NumPy warned about, before
        "labels beyond the predictions' dtype": (
            lambda: closed_form.log_loss(np.full(2, 0.5, np.float32), np.full(2, 1e300)),
            "log_loss: labels must lie between 0 and 1",
        ),
        "log-loss in longdouble by hand": (
            lambda: closed_form.log_loss(np.full(2, 0.5, np.longdouble), np.ones(2)),
            "log_loss: takes numbers up to float64",
        ),
    },
}
"""{module: {what it is: (the call, what it is told)}}"""


def each(module):
    """The calls that the functions of a module refuse, and what they say."""
    cases = REFUSED[module].items()
    return pytest.mark.parametrize(
        ("call", "told"), [pytest.param(*case, id=name) for name, case in cases]
    )


def check(call, told):
    """It is refused in words of ours."""
    with pytest.raises((ValueError, TypeError, IndexError), match=told):
        call()

"""tinygrad_np.summary: parameters, multiplications and memory, counted by hand."""

import itertools
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.summaries import Operation, Parameter, Summary


def ones(*shape, dtype="f4"):
    return np.ones(shape, dtype)


def counted(function, *arrays):
    """The multiplications of a function of which every array is a parameter."""
    return tg.summary(lambda params: function(*params), list(arrays)).multiplications


class Layer(NamedTuple):
    weights: np.ndarray
    bias: np.ndarray | None


# Parameters


def test_parameters():
    params = {"a": [ones(2, 3), Layer(ones(4, dtype="f8"), None)], "rate": 0.5, "step": 3}
    found = tg.summary(lambda p: p["a"][0], params)
    assert found.parameters == [
        Parameter("['a'][0]", (2, 3), np.dtype("f4"), 6, 24),
        Parameter("['a'][1].weights", (4,), np.dtype("f8"), 4, 32),
        Parameter("['rate']", (), np.dtype("f8"), 1, 8),
        Parameter("['step']", (), np.dtype(int), 1, np.dtype(int).itemsize),
    ]
    assert found.operations == []
    assert (found.multiplications, found.kept) == (0, 0)


def test_floats_are_variables_and_integers_stay():
    seen = []

    def function(params, x, labels):
        seen.append([type(params["w"]), type(params["index"]), type(x), type(labels)])
        return params["w"][params["index"]] * x[labels]

    params = {"w": ones(3), "index": np.array([0, 2])}
    tg.summary(function, params, ones(2), np.array([1, 0]))
    assert seen == [[tg.Tensor, np.ndarray, np.ndarray, np.ndarray]] * 2


def test_a_single_leaf_and_a_tensor():
    for params in (ones(3), tg.Tensor(ones(3))):
        found = tg.summary(lambda w: w + 1, params)
        assert found.parameters == [Parameter("", (3,), np.dtype("f4"), 3, 12)]
        assert str(found).splitlines()[1].split() == ["(itself)", "(3,)", "float32", "3", "12"]


# Multiplications


def test_dense():
    # 5 rows, each with 3 · 2 products
    assert counted(tg.dense, ones(5, 3), ones(3, 2), ones(2)) == 5 * 3 * 2


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize(
    ("images", "filters", "options", "expected"),
    [
        # 4 × 4 places of a window of 3 × 3, for each 2 · 5 filters
        ((7, 6, 6, 2), (3, 3, 2, 5), {}, 7 * 4 * 4 * 3 * 3 * 2 * 5),
        ((7, 6, 6, 2), (3, 3, 2, 5), {"padding": 1}, 7 * 6 * 6 * 3 * 3 * 2 * 5),
        ((1, 7, 9, 2), (3, 2, 2, 5), {"stride": (2, 3)}, 1 * 3 * 3 * 3 * 2 * 2 * 5),
        ((1, 7, 9, 1), (3, 3, 1, 1), {"stride": 2, "padding": "same"}, 4 * 5 * 9),
        ((2, 9, 9, 1), (3, 3, 1, 1), {"dilation": 2}, 2 * 5 * 5 * 9),
        # each of the 6 filters meets 2 of 4 channels
        ((2, 5, 5, 4), (3, 3, 2, 6), {"groups": 2}, 2 * 3 * 3 * 3 * 3 * 2 * 6),
        ((2, 5, 5, 4), (3, 3, 1, 4), {"groups": 4, "padding": 1}, 2 * 5 * 5 * 3 * 3 * 4),
    ],
)
def test_conv2d(images, filters, options, expected, constant):
    def function(params, *inputs):
        return tg.conv2d(*inputs, *params, **options)

    given = ones(*images), ones(*filters)
    params, inputs = (given[1:], given[:1]) if constant else (given, ())
    assert tg.summary(function, params, *inputs).multiplications == expected


@pytest.mark.parametrize("groups", [1, 2])
def test_conv_transpose2d(groups):
    found = counted(
        lambda x, w: tg.conv_transpose2d(x, w, stride=2, groups=groups),
        *(ones(2, 3, 3, 4), ones(2, 2, 6 // groups, 4)),
    )
    assert found == 2 * 3 * 3 * 4 * 2 * 2 * 6 // groups  # each pixel meets each filter of its group


@pytest.mark.parametrize(
    ("function", "shapes", "expected"),
    [
        (np.matmul, [(5, 3), (3, 2)], 30),
        (np.matmul, [(4, 1, 5, 3), (7, 3, 2)], 4 * 7 * 30),
        (np.matmul, [(3,), (3,)], 3),
        (np.matmul, [(4, 5, 3), (3,)], 60),
        (np.matmul, [(3,), (4, 3, 2)], 24),
        (np.matmul, [(0, 3), (3, 2)], 0),
        (np.matmul, [(5, 0), (0, 2)], 0),
        (np.linalg.matmul, [(5, 3), (3, 2)], 30),
        (np.dot, [(5, 3), (3, 2)], 30),
        (np.dot, [(4, 3), (5, 3, 2)], 4 * 5 * 2 * 3),
        (np.dot, [(), (5, 3)], 15),
        (np.inner, [(4, 3), (5, 3)], 60),
        (np.outer, [(4,), (5,)], 20),
        (np.vdot, [(4, 3), (4, 3)], 12),
        (np.vecdot, [(4, 1, 3), (5, 3)], 60),
        (lambda x, y: np.vecdot(x, y, axis=0), [(3, 4), (3, 4)], 12),
        (lambda x, y: np.vecdot(x, y, axes=[0, 1, ()]), [(3, 4), (4, 3)], 12),
        (np.linalg.vecdot, [(4, 3), (4, 3)], 12),
        (lambda x, y: np.tensordot(x, y, 1), [(4, 3), (3, 5)], 60),
        (lambda x, y: np.tensordot(x, y, ((0, 2), (1, 0))), [(2, 3, 4), (4, 2, 5)], 120),
        (lambda x, y: np.tensordot(x, y, 0), [(2, 3), (4,)], 24),
        (lambda x, y: np.tensordot(x, y, 1), [(4, 0), (0, 5)], 0),
        (np.multiply, [(4, 1), (5,)], 20),
        (lambda x: x * 3.0, [(4, 2)], 8),
        (np.add, [(4, 1), (5,)], 0),
        (np.exp, [(4,)], 0),
        (np.sum, [(4,)], 0),
    ],
)
def test_products(function, shapes, expected):
    assert counted(function, *[ones(*shape, dtype="f8") for shape in shapes]) == expected


@pytest.mark.skipif(not hasattr(np, "matvec"), reason="NumPy 2.2 has it first")
def test_products_with_vectors():
    assert counted(np.matvec, ones(7, 4, 3), ones(3)) == 7 * 4 * 3
    assert counted(np.vecmat, ones(4), ones(7, 4, 3)) == 7 * 4 * 3
    axes = [(0, 1), 0, 0]
    assert counted(lambda m, v: np.matvec(m, v, axes=axes), ones(4, 3, 7), ones(3, 7)) == 84


@pytest.mark.parametrize(
    "call",
    [
        "ij,jk->ik", "ij,jk", "bij,bjk->bik", "i,i", "i,j->ij", "ij,kj,il->kl", "ii,i->i",
        "...i,ij->...j", "ij->ji", "ij,ij,ij->", "i...,...->i...",
    ],
)  # fmt: skip
def test_einsum_by_counting(call):
    """One time through all labels, and for each the products between the operands."""
    lengths = dict(zip("bijkl", (2, 3, 4, 5, 6), strict=True))
    terms = call.partition("->")[0].split(",")
    arrays = [ones(*[lengths[c] for c in term.replace("...", "b")]) for term in terms]
    labels = {*"".join(terms).replace("...", "b")} - {"."}
    times = sum(1 for _ in itertools.product(*[range(lengths[c]) for c in labels]))
    for options in ({}, {"optimize": True}):
        found = counted(lambda *x, o=options: np.einsum(call, *x, **o), *arrays)
        assert found == times * (len(terms) - 1)


def test_einsum_with_lists_and_broadcasting():
    assert counted(lambda x, y: np.einsum(x, [0, 1], y, [1, 2]), ones(3, 4), ones(4, 5)) == 60
    assert counted(lambda x, y: np.einsum("ij,ij->ij", x, y), ones(3, 1), ones(3, 4)) == 12
    assert counted(lambda x, y: np.einsum("ij,ij->ij", x, y), ones(3, 4), ones(3, 1)) == 12
    assert counted(lambda x, y: np.einsum("ij,ij->ij", x, y), ones(3, 1), ones(3, 0)) == 0


def mlp(params, x):
    for layer in params[:-1]:
        x = tg.relu(tg.dense(x, *layer))
    return tg.dense(x, *params[-1])


def test_an_mlp():
    sizes = [784, 100, 50, 10]
    params = [(ones(i, o), ones(o)) for i, o in itertools.pairwise(sizes)]
    found = tg.summary(mlp, params, ones(32, 784))
    assert sum(p.size for p in found.parameters) == 784 * 100 + 100 + 100 * 50 + 50 + 50 * 10 + 10
    assert found.multiplications == 32 * (784 * 100 + 100 * 50 + 50 * 10)
    a, b, c = [32 * o * 4 for o in sizes[1:]]
    assert found.operations == [
        Operation("np.matmul", ((32, 100),), 32 * 784 * 100, a),
        Operation("np.add", ((32, 100),), 0, a),
        Operation("relu", ((32, 100),), 0, a),
        Operation("np.matmul", ((32, 50),), 32 * 100 * 50, b),
        Operation("np.add", ((32, 50),), 0, b),
        Operation("relu", ((32, 50),), 0, b),
        Operation("np.matmul", ((32, 10),), 32 * 50 * 10, c),
        Operation("np.add", ((32, 10),), 0, c),
    ]
    # Each relu keeps its result, which the next product keeps, too: the same array.
    assert found.kept == a + b


# Memory


def test_a_view_adds_nothing():
    found = tg.summary(lambda w: w.reshape(6)[1:] + w.T.ravel()[1:], ones(2, 3))
    assert [(x.name, x.bytes) for x in found.operations] == [
        ("np.reshape", 0), ("operator.getitem", 0), ("np.transpose", 0), ("np.ravel", 24),
        ("operator.getitem", 0), ("np.add", 20),
    ]  # fmt: skip


def test_what_is_kept_counts_once():
    def kept(function, w, *inputs):
        return tg.summary(function, w, *inputs).kept

    w = ones(10)
    assert kept(lambda w: np.exp(w), w) == 40  # its result
    assert kept(lambda w: np.exp(w) * np.exp(w), w) == 80
    assert kept(lambda w: np.exp(w)[:4] * np.exp(w)[4:8], w) == 80  # views keep all that they show
    assert kept(lambda w, x: w * x, w, ones(10)) == 0  # parameters and inputs are there anyway
    assert kept(lambda w, x: w * (x + 1), w, ones(10)) == 40
    assert kept(lambda w: [np.exp(w), {"a": np.sin(w)}], w) == 40  # sin's rule needs w alone
    assert kept(lambda w: 2.0, w) == 0


def test_what_led_to_an_input_is_not_kept_by_the_model():
    before = np.exp(np.exp(tg.Tensor(ones(10))))
    assert tg.summary(lambda w, x: w * x, ones(10), before).kept == 0
    assert tg.summary(lambda w, x: np.exp(w * x), ones(10), before).kept == 40


@pytest.mark.whole
def test_convolutions_keep_images_not_windows(fast_paths):
    """As they are without an observer, under which frames and windows are made."""

    def function(filters, images):
        for w in filters:
            images = tg.relu(tg.conv2d(images, w, padding=1))
        return images

    filters = ones(3, 3, 3, 16), ones(3, 3, 16, 16)
    found = tg.summary(function, filters, ones(64, 32, 32, 3))
    result, framed = 64 * 32 * 32 * 16 * 4, 64 * 34 * 34 * 3 * 4
    assert found.kept == 2 * result + framed  # of each relu; the second frame is made when needed

    def scaled(params, images):
        return tg.conv2d(images * params[0], params[1], padding=1)

    params = np.float32(2), filters[1]
    assert tg.summary(scaled, params, ones(64, 32, 32, 16)).kept == result  # without its frame


def test_several_results():
    found = tg.summary(lambda w: np.linalg.eigh(w)[0], np.eye(3))
    operation = found.operations[-1]
    assert operation.shapes == ((3,), (3, 3))
    assert operation.bytes == (3 + 9) * 8
    assert "(3,), (3, 3)" in str(found)


# How it is called


def test_trees_come_out_and_odd_results():
    for result in (lambda y: {"a": [y, None], "b": "text"}, lambda y: (y, y), lambda y: None):
        found = tg.summary(lambda w, r=result: r(np.exp(w)), ones(3))
        assert [x.name for x in found.operations] == ["np.exp"]


def test_arguments_are_as_they_were():
    w, x = ones(3), ones(3)
    tensor = tg.Tensor(w)
    tg.summary(lambda p, x: np.sum(p["a"] * p["b"] * x), {"a": w, "b": tensor}, x)
    assert w.tolist() == x.tolist() == [1.0] * 3
    assert tensor.grad is None


@pytest.mark.whole
def test_within_other_blocks():
    def names(function):
        return [x.name for x in tg.summary(function, ones(3)).operations]

    with tg.debug():
        assert names(lambda w: np.log(w)) == ["np.log"]
        with pytest.raises(tg.NonFiniteError):  # it is on again
            np.log(tg.Tensor([0.0]))
    assert names(tg.jit(lambda w: np.exp(w))) == ["np.exp"]
    assert names(lambda w: tg.summary(lambda v: np.sin(v), w) and np.exp(w)) == ["np.exp"]


def test_an_error_of_the_function_ends_it():
    from tinygrad_np.core import hooks

    opened = set(hooks.opened)

    def function(w):
        np.exp(w)
        raise KeyError("own")

    with pytest.raises(KeyError, match="own"):
        tg.summary(function, ones(3))
    assert hooks.opened == opened
    assert hooks.observer() is hooks.NOBODY


@pytest.mark.parametrize(
    ("function", "params", "message"),
    [
        (3, ones(3), "summary: takes a function, not a int"),
        (len, {"a": "text"}, "summary: params['a'] must be an array of numbers, not a str"),
        (len, [np.random.default_rng(0)], "summary: params[0] must be an array of numbers, not a"),
        (
            len,
            np.array(["a"]),
            "summary: params must be an array of numbers, not a ndarray of dtype <U1",
        ),
        (len, [10**30], "array of numbers, not a int of dtype object"),
    ],
)
def test_refused(function, params, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        tg.summary(function, params)


# How it looks


def test_the_table():
    found = tg.summary(mlp, [(ones(30, 40), ones(40))], ones(20, 30))
    assert isinstance(found, Summary)
    assert repr(found) == str(found)
    assert (
        str(found)
        == """\
parameter  shape     dtype    count  bytes
[0][0]     (30, 40)  float32  1,200  4,800
[0][1]     (40,)     float32     40    160
total                         1,240  4,960

operation  result    multiplications  bytes
np.matmul  (20, 40)           24,000  3,200
np.add     (20, 40)                0  3,200
total                         24,000  6,400

kept for the backward pass: 0 bytes"""
    )


def test_html_is_escaped():
    page = tg.summary(lambda p: p["<b>&"] * 2, {"<b>&": ones(2)})._repr_html_()
    assert "<b>" not in page
    page = page.replace(' style="text-align:left"', "")
    assert "<td>[&#x27;&lt;b&gt;&amp;&#x27;]</td><td>(2,)</td><td>float32</td>" in page
    assert page.count("<table>") == page.count("</table>") == 2
    assert page.count("<tr>") == page.count("</tr>") == 6
    assert page.endswith("<p>kept for the backward pass: 0 bytes</p>")


def test_the_name_is_always_the_function():
    code = (
        "import sys, tinygrad_np as tg\n"
        "print('tinygrad_np.summaries' in sys.modules, end=' ')\n"
        "import tinygrad_np.summaries\n"
        "print(tg.summary is tinygrad_np.summaries.summary, callable(tg.summary))"
    )
    root = Path(tg.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False True True\n", "")


@pytest.mark.parametrize(("layer", "gates"), [("rnn", 1), ("lstm", 4), ("gru", 3)])
def test_recurrent_layers(layer, gates):
    n, time, inside, h = 2, 5, 3, 7
    params = getattr(tg.nn.init, layer)(np.random.default_rng(0), inside, h)
    found = tg.summary(lambda p, x: getattr(tg.nn, layer)(x, **p), params, ones(n, time, inside))
    # The bias is one more row of the weights. To gru's inputs belongs a fourth part, of zeros,
    # where that of the hidden state alone goes.
    columns = 4 * h if layer == "gru" else gates * h
    assert found.multiplications == n * time * ((inside + 1) * columns + h * gates * h)

"""Calls written as NumPy calls into buffers: the bits of their kernels, and no others."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.core import rules
from tinygrad_np.fast import lowering, paths, program
from tinygrad_np.fast.jit import jit

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 5))
IMAGES = RNG.normal(size=(2, 6, 6, 2))
FILTERS = RNG.normal(size=(3, 3, 2, 3))
LABELS = np.array([[1.0], [0.0], [1.0], [0.0]])


def network(filters, weights, images, labels):
    hidden = tg.relu(tg.conv2d(images, filters, padding=1))
    return tg.log_loss_with_logits(tg.flatten(hidden) @ weights, labels)


# What is computed, and a piece of the program where it is written out.
WRITTEN = {
    "ufuncs": (lambda x: np.exp(x) * 2 - x, (X,), "exp(b0, b1)"),
    "numbers": (lambda x: (x * 2 + 1) ** 3, (X,), "multiply(b0, k2, b1)"),
    "maximum": (lambda x: np.maximum(x, 0.5) * x, (X,), "maximum(b0, k0_5, out=b1)"),
    "products": (lambda x: x @ (x.T @ x), (X,), "matmul("),
    "a vector": (lambda x: (x @ x[0]) * 2, (X,), "matmul("),
    "vjps of products": (tg.grad(lambda w, x: np.sum((x @ w) ** 2)), (X.T, X), "dot("),
    "sums": (lambda x: np.sum(x, 0, keepdims=True) * np.sum(x, axis=1)[0], (X,), "keepdims=True)"),
    "means": (lambda x: np.mean(x) * np.sum(x), (X,), "divide(b1, k20, b1)"),
    "extrema": (lambda x: np.max(x, 0) * np.min(x, 0), (X,), "reduce2(b0, 0, None, b2)"),
    "any": (lambda x: x * 2 if np.any(x > 0) else x, (X,), "raise Differs"),
    "pad": (lambda x: np.exp(tg.conv2d(x, FILTERS_, padding=1)), (IMAGES,), "dot("),
    "windows": (lambda x: np.exp(tg.windows(x, 3)) * 2, (IMAGES[..., :1],), "copyto("),
    "scattered": (tg.grad(lambda x: np.sum(x[1:] * x[:-1])), (X,), "add(b"),
    "a network": (
        tg.value_and_grad(network, (0, 1)),
        (FILTERS[:, :, :, :1], RNG.normal(size=(36, 1)), IMAGES, LABELS[:2]),
        "not_equal(",
    ),
    "a Jacobian": (tg.jacobian(lambda x: np.tanh(x @ X)), (X[:, 0],), "copyto("),
    "a Hessian": (tg.hessian(lambda x: np.sum(np.exp(X @ x))), (X[0],), "copyto("),
    "expanded": (tg.grad(lambda x: np.sum(np.exp(np.sum(x, 0, keepdims=True)))), (X,), "add("),
}  # fmt: skip
FILTERS_ = FILTERS
HELD = (X, FILTERS)


def same(found, expected):
    for x, y in zip(tg.tree.leaves(found), tg.tree.leaves(expected), strict=True):
        assert np.array_equal(x, y)


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("how", ["written", "kernels", "new results", "no copies", "in place"])
def test_the_bits_are_those_of_the_function_on_every_path(name, how, monkeypatch):
    function, args, _ = WRITTEN[name]
    if how == "kernels":
        monkeypatch.setattr(lowering, "of", lambda program, one: None)
    elif how == "new results":
        monkeypatch.setattr(paths, "FIXED_UP_TO_BYTES", 0)
    elif how == "in place":
        monkeypatch.setattr(paths, "IN_PLACE_FROM_BYTES", 0)
    elif how == "no copies":
        monkeypatch.setattr(paths, "COPIED_UP_TO_BYTES", 0)
    jitted = jit(function, constants=HELD)
    for i in range(4):
        given = tuple([x * (1 + i / 8) if x.dtype.kind == "f" else x for x in args[:-1]])
        given = (*given, args[-1] if name == "a network" else args[-1] * (1 + i / 8))
        same(jitted(*given), function(*given))


@pytest.mark.parametrize("name", [name for name in WRITTEN if WRITTEN[name][2] != "add("])
def test_it_is_written_out(name):
    function, args, piece = WRITTEN[name]
    assert piece in jit(function, constants=HELD).source(*args)


def test_what_has_other_bits_than_its_kernel_is_not_taken(monkeypatch):
    def wrong(program, one):
        x = program.operand(one.args[0])
        program.lines(one, f"copyto({program.into(one.results)}, {x})")
        return True

    monkeypatch.setitem(lowering._LOWERINGS, np.cumsum, wrong)
    jitted = jit(lambda x: np.cumsum(x, 1) * 2)
    for i in range(3):
        same(jitted(X + i), np.cumsum(X + i, 1) * 2)
    assert "cumsum(b0, 1)" in jitted.source(X)


class TestBuffers:
    def test_they_are_used_again(self):
        def chain(x):
            for _ in range(60):
                x = np.sin(x)
            return x * 2

        x = np.linspace(0, 1, 5000)
        jitted = jit(chain)
        same(jitted(x), chain(x))
        [entry] = jitted._programs.values()
        assert entry.nbytes < 4 * x.nbytes

    def test_what_is_needed_later_is_kept(self):
        def f(x):
            first = np.exp(x)
            views = first[::2], first.T, np.reshape(first, -1)
            for _ in range(5):
                x = np.sin(x) + np.cos(x)
            return [np.sum(v) + np.sum(x) for v in views]

        jitted = jit(f)
        for i in range(3):
            same(jitted(X + i), f(X + i))

    def test_an_expanded_number_is_kept_as_long_as_its_view(self):
        # once its buffer was free before
        function = tg.grad(lambda p, q: tg.scipy.stats.entropy(p, q, 2), (0, 1))
        p, q = np.array([1.7, 0.9, 0.4]), np.array([1.5, 2.3, 0.4])
        jitted = jit(function)
        for i in range(3):
            same(jitted(p + i, q), function(p + i, q))

    def test_results_beyond_the_bytes_of_a_program_are_new(self, monkeypatch):
        monkeypatch.setattr(paths, "FIXED_UP_TO_BYTES", 200)
        jitted = jit(lambda x: np.exp(x) * np.sin(x) + np.cos(x))
        assert "v" in jitted.source(X).split("return")[0]
        same(jitted(X), np.exp(X) * np.sin(X) + np.cos(X))


def test_numbers_become_arrays_where_that_changes_no_dtype():
    for f in (
        lambda x: np.float_power(x, 0.1), lambda x: np.ldexp(x, 2), lambda x: x > 0.1,
        lambda x: 0.1 * x, lambda x: x + 2**40, lambda x: np.arctan2(x, 0.3), lambda x: x // 0.3,
    ):  # fmt: skip
        x = np.array([0.1, 0.7, 3.0], np.float32)
        found, expected = jit(f)(x), f(x)
        assert found.dtype == expected.dtype
        same(found, expected)


def test_a_call_that_needs_no_argument_is_made_once_unless_it_warns():
    def quiet(x):
        return x * np.exp(tg.Tensor(np.ones(3))).data

    def loud(x):
        return x + tg.stop_gradient(np.log(tg.Tensor(np.zeros(3))))

    assert "exp" not in jit(quiet).source(np.ones(3)).replace("np.exp", "")
    jitted = jit(loud)
    with np.errstate(divide="ignore"):
        jitted(np.ones(3)), jitted(np.ones(3))
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        jitted(np.ones(3))


@pytest.mark.parametrize("name", ["<lambda>", "v1", "a0", "b1", "c", "k2", "run", "copyto", "2d"])
def test_any_name_of_a_function(name):
    def kernel(x):
        return x + 1

    kernel.__name__ = name
    function = tg.pointwise(kernel, lambda x: np.ones_like(x))
    jitted = jit(lambda x: function(x) * function(2 * x))
    for i in range(3):
        same(jitted(X + i), (X + i + 1) * (2 * (X + i) + 1))


def test_shown_places():
    assert program.shown("") == ""
    assert program.shown("sum of tangents") == "sum of tangents"
    assert program.shown("vjp of np.exp|") == "vjp of np.exp"
    assert program.shown(f"{__file__}:1").startswith('test_fast_lowering.py:1  """Calls written')
    assert rules.scatter_add  # the table's own, which `_scattered` writes out

"""The networks of the examples beside their twins in PyTorch: fifty steps from the same start.

The example's model and the twin's, with the weights copied, take the same batches in float64, with
the same optimiser: their losses stay equal to 1e-5, and the first ones to 1e-12.
"""

import sys

import numpy as np
import pytest
from loading import ROOT, example

import tinygrad_np as tg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
if not (ROOT / "benchmarks").is_dir():
    pytest.skip("an installed package has no benchmarks", allow_module_level=True)
sys.path.append(str(ROOT))

from benchmarks.beside import gpt_torch, resnet_torch, sequence_torch  # noqa: E402

functional = torch.nn.functional
pytestmark = [pytest.mark.torch, pytest.mark.whole]

STEPS = 50


def doubles(params):
    return tg.tree.map(lambda x: x.astype(np.float64), params)


def put(parameter, value):
    """Copy an array into a parameter of PyTorch's."""
    assert tuple(parameter.shape) == value.shape
    with torch.no_grad():
        parameter.copy_(torch.tensor(np.ascontiguousarray(value)))


def put_dense(layer, params):
    put(layer.weight, params["weights"].T)
    put(layer.bias, params["bias"])


def put_convolution(layer, params):
    """A convolution without bias and its normalisation."""
    put(layer[0].weight, np.moveaxis(params["filters"], (-1, -2), (0, 1)))
    put(layer[1].weight, params["scale"])
    put(layer[1].bias, params["shift"])


def put_norm(layer, params):
    put(layer.weight, params["scale"])
    put(layer.bias, params["shift"])


def their_losses(loss, optimiser):
    losses = []
    for step in range(STEPS):
        value = loss(step)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        losses.append(value.item())
    return np.array(losses)


def agree(ours, theirs):
    ours = np.array(ours)
    assert ours.shape == theirs.shape == (STEPS,)
    assert ours[-1] < 0.9 * ours[0], "nothing is learned"
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-12)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("jit", [False, True])
def test_resnet(jit):
    """With batch normalisation in training, SGD with Nesterov's momentum and weight decay.

    The images have 25 pixels a side, then 13 and 7: of odd numbers, "same" with a stride of 2 is
    PyTorch's padding of 1.
    """
    ours = example("resnet")
    rng = np.random.default_rng(0)
    params = doubles(ours.initial(rng, 3))
    batches = rng.normal(size=(2, 16, 25, 25, 3)), rng.integers(0, 10, (2, 16))
    model = resnet_torch.build(3).double()
    put_convolution(model[0], params["stem"])
    for i, block in enumerate(model[2:5]):
        put_convolution(block.first, params[f"first {i}"])
        put_convolution(block.second, params[f"second {i}"])
        if f"shortcut {i}" in params:
            put_convolution(block.shortcut, params[f"shortcut {i}"])
    put_dense(model[-1], params["out"])
    options = {"momentum": 0.9, "nesterov": True, "weight_decay": 5e-4}
    images, labels = np.moveaxis(batches[0], -1, 2), batches[1]

    def loss(step):
        z = model(torch.tensor(images[step % 2].copy()))
        return functional.cross_entropy(z, torch.tensor(labels[step % 2]))

    theirs = their_losses(loss, torch.optim.SGD(model.parameters(), lr=0.02, **options))

    def step(params, state, told, images, labels):
        (value, state), grads = tg.value_and_grad(ours.loss, has_aux=True)(
            params, state, images, labels
        )
        params, told = tg.optim.sgd(params, grads, told, rate=0.02, **options)
        return value, params, state, told

    losses, state, told = [], {}, None
    stepped = tg.jit(step) if jit else step
    for i in range(STEPS):
        batch = [part[i % 2] for part in batches]
        value, params, state, told = stepped(params, state, told, *batch)
        losses.append(value)
    agree(losses, theirs)
    statistics = state["second 2"]
    np.testing.assert_allclose(
        statistics["mean"], model[4].second[1].running_mean.numpy(), rtol=1e-5, atol=1e-7
    )
    np.testing.assert_allclose(statistics["var"], model[4].second[1].running_var.numpy(), rtol=1e-5)
    tested, _ = ours.logits(params, state, batches[0][0], training=False)
    with torch.no_grad():
        found = model.eval()(torch.tensor(images[0].copy())).numpy()
    np.testing.assert_allclose(tested, found, rtol=1e-5, atol=1e-6)


def our_losses(loss, params, optimiser, batches, jit):
    def step(params, told, batch):
        value, grads = tg.value_and_grad(loss)(params, *batch)
        params, told = optimiser(params, grads, told)
        return value, params, told

    losses, told = [], None
    stepped = tg.jit(step) if jit else step
    for i in range(STEPS):
        value, params, told = stepped(params, told, batches[i % len(batches)])
        losses.append(value)
    return losses


@pytest.mark.parametrize("jit", [False, True])
def test_lstm(jit):
    """Rows of several lengths; Adam, after the gradients are clipped."""
    ours = example("sequence")
    rng = np.random.default_rng(0)
    params = doubles(ours.initial(rng))
    params["lstm"]["bias"] = rng.normal(size=params["lstm"]["bias"].shape)
    rows = [ours.draw_rows(rng, 32) for _ in range(2)]
    batches = [(part.x.astype(float), part.lengths, part.sums.astype(float)) for part in rows]
    model = sequence_torch.Adder().double()
    put(model.lstm.weight_ih_l0, params["lstm"]["input_weights"].T)
    put(model.lstm.weight_hh_l0, params["lstm"]["hidden_weights"].T)
    put(model.lstm.bias_ih_l0, params["lstm"]["bias"])
    put_dense(model.out, params["out"])
    # PyTorch has two biases, whose sum is ours: two that learn would go twice as far.
    put(model.lstm.bias_hh_l0, np.zeros(params["lstm"]["bias"].shape))
    model.lstm.bias_hh_l0.requires_grad_(False)
    learned = [p for p in model.parameters() if p.requires_grad]
    adam = torch.optim.Adam(learned, lr=1e-2)

    class Clipped:
        def zero_grad(self):
            adam.zero_grad()

        def step(self):
            torch.nn.utils.clip_grad_norm_(learned, 1.0)
            adam.step()

    def loss(step):
        x, lengths, sums = map(torch.tensor, batches[step % 2])
        return functional.mse_loss(model(x, lengths), sums)

    def optimiser(params, grads, told):
        return ours.clipped_adam(params, grads, told, rate=1e-2)

    theirs = their_losses(loss, Clipped())
    agree(our_losses(ours.loss, params, optimiser, batches, jit), theirs)


@pytest.mark.parametrize("jit", [False, True])
def test_gpt(jit):
    """Embeddings, causal attention, layer normalisation, gelu; AdamW."""
    ours = example("gpt")
    rng = np.random.default_rng(0)
    letters = 30
    params = doubles(ours.initial(rng, letters))
    text = rng.integers(0, letters, (2, 8, ours.CONTEXT + 1))
    model = gpt_torch.GPT(letters).double()
    put(model.letters.weight, params["letters"]["weights"])
    put(model.positions.weight, params["positions"]["weights"])
    for block, of_block in zip(model.blocks.layers, params["blocks"], strict=True):
        attention = of_block["attention"]
        parts = [attention[name] for name in ("query", "key", "value")]
        put(block.self_attn.in_proj_weight, np.hstack([part["weights"] for part in parts]).T)
        put(block.self_attn.in_proj_bias, np.hstack([part["bias"] for part in parts]))
        put_dense(block.self_attn.out_proj, attention["out"])
        put_norm(block.norm1, of_block["norm1"])
        put_norm(block.norm2, of_block["norm2"])
        put_dense(block.linear1, of_block["wide"])
        put_dense(block.linear2, of_block["narrow"])
    put_norm(model.blocks.norm, params["norm"])
    put_dense(model.out, params["out"])

    def loss(step):
        x = torch.tensor(text[step % 2])
        return functional.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())

    def optimiser(params, grads, told):
        return tg.optim.adamw(params, grads, told, rate=1e-3)

    theirs = their_losses(loss, torch.optim.AdamW(model.parameters(), lr=1e-3))
    batches = [(part[:, :-1], part[:, 1:]) for part in text]
    agree(our_losses(ours.loss, params, optimiser, batches, jit), theirs)

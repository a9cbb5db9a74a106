"""Weights from PyTorch and back, beside PyTorch: every layer, over random geometries, in float32.

A layer with the weights that came from a module gives what the module gives, to 1e-5 of the largest
output or of 1; so does a new module with the weights that went back. The weights that go there and
back have the same bits, but for two biases of which only the sum is kept.
"""

import doctest
import importlib.util
import io
import re
import shutil

import numpy as np
import pytest
from loading import ROOT, example
from test_saving_pytorch import recorded

import tinygrad_np as tg
from tinygrad_np.saving import from_torch, to_torch, torch_layer

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
nn = torch.nn
pytestmark = [pytest.mark.torch, pytest.mark.whole]

TRIES = 20


def close(ours, theirs):
    theirs = theirs.detach().numpy()
    assert ours.dtype == theirs.dtype == np.float32
    assert ours.shape == theirs.shape
    scale = max(1, np.max(np.abs(theirs), initial=0))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * scale)


def bits(arrays):
    return {name: (x.shape, x.dtype, x.tobytes()) for name, x in arrays.items()}


def arrays_of(module):
    return {name: x.numpy() for name, x in module.state_dict().items()}


def loaded(module, weights):
    """`module` with these weights; each name of the one is one of the other."""
    module.load_state_dict({name: torch.from_numpy(x) for name, x in weights.items()})
    return module


def drawn(module, seed):
    """Normal weights everywhere, also where PyTorch begins with ones, zeros or one value."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, x in module.state_dict().items():
            if x.dtype.is_floating_point:
                x.normal_()
                x.mul_(0.5)
            if name.endswith("running_var"):
                x.abs_().add_(0.5)
    return module.eval()


def there_and_back(module, layers, sums=()):
    """The tree from the module's weights, which go back with the same bits, except in `sums`."""
    before = arrays_of(module)
    tree = from_torch(before, layers)
    back = to_torch(tree, layers)
    assert before.keys() == back.keys()
    for name in [name for name in before if name.endswith("num_batches_tracked")]:
        assert back[name] == 0
        assert back[name].dtype == np.int64
    kept = [name for name in before if not name.endswith(("num_batches_tracked", *sums))]
    assert bits({x: before[x] for x in kept}) == bits({x: back[x] for x in kept})
    again = from_torch(back, layers)
    assert tg.tree.paths(again) == tg.tree.paths(tree)
    for x, y in zip(tg.tree.leaves(again), tg.tree.leaves(tree), strict=True):
        assert bits({"": x}) == bits({"": y})
        assert x.flags.owndata
        assert x.flags.writeable
    return tree, back


def moved(x):
    """Channels, the second axis in PyTorch, as the last one."""
    return x.detach().movedim(1, -1)


def tensor(rng, *shape):
    return torch.from_numpy(rng.standard_normal(shape, np.float32))


@pytest.fixture(params=range(TRIES))
def rng(request):
    return np.random.default_rng(request.param)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_convolutions(rng, axes):
    groups, bias = int(rng.integers(1, 4)), bool(rng.integers(2))
    inputs, outputs = groups * rng.integers(1, 4, 2)
    size, stride = rng.integers(1, 4, axes).tolist(), rng.integers(1, 3, axes).tolist()
    kwargs = {"stride": stride, "padding": int(rng.integers(3)), "groups": groups}
    kind = [nn.Conv1d, nn.Conv2d, nn.Conv3d][axes - 1]
    module = drawn(kind(int(inputs), int(outputs), size, bias=bias, **kwargs), 0)
    layers = torch_layer(f"conv{axes}d", "", bias=bias)
    params, back = there_and_back(module, layers)
    assert params["filters"].shape == (*size, inputs // groups, outputs)
    x = tensor(rng, 2, int(inputs), *rng.integers(4, 8, axes).tolist())
    ours = getattr(tg, f"conv{axes}d")(moved(x).numpy(), **params, **kwargs)
    close(ours, moved(module(x)))
    twin = kind(int(inputs), int(outputs), size, bias=bias, **kwargs)
    assert torch.equal(loaded(twin, back)(x), module(x))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_transposed_convolutions(rng, axes):
    groups, bias = int(rng.integers(1, 4)), bool(rng.integers(2))
    inputs, outputs = (groups * rng.integers(1, 4, 2)).tolist()
    size, stride = rng.integers(1, 4, axes).tolist(), rng.integers(1, 3, axes).tolist()
    kwargs = {"stride": stride, "groups": groups}
    kind = [nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d][axes - 1]
    module = drawn(kind(inputs, outputs, size, bias=bias, **kwargs), 0)
    layers = torch_layer(f"conv_transpose{axes}d", "", bias=bias)
    params, back = there_and_back(module, layers)
    assert params["filters"].shape == (*size, outputs // groups, inputs)
    x = tensor(rng, 2, inputs, *rng.integers(3, 6, axes).tolist())
    ours = getattr(tg, f"conv_transpose{axes}d")(moved(x).numpy(), **params, **kwargs)
    close(ours, moved(module(x)))
    twin = kind(inputs, outputs, size, bias=bias, **kwargs)
    assert torch.equal(loaded(twin, back)(x), module(x))


def test_dense_and_embedding(rng):
    inputs, outputs, count = rng.integers(1, 9, 3).tolist()
    bias = bool(rng.integers(2))
    module = nn.Sequential(nn.Embedding(count, inputs), nn.Linear(inputs, outputs, bias=bias))
    layers = [torch_layer("embedding", "0"), torch_layer("dense", "1", bias=bias)]
    (first, second), back = there_and_back(drawn(module, 1), layers)
    x = rng.integers(0, count, 7)
    expected = module(torch.from_numpy(x))
    close(tg.dense(tg.nn.embedding(x, **first), **second), expected)
    twin = nn.Sequential(nn.Embedding(count, inputs), nn.Linear(inputs, outputs, bias=bias))
    assert torch.equal(loaded(twin, back)(torch.from_numpy(x)), expected)


def test_a_dense_layer_after_a_flattened_convolution(rng):
    """Also the running statistics of what was flattened."""
    inputs, filters, rows, columns, outputs = rng.integers(1, 5, 5).tolist()

    def build():
        return nn.Sequential(
            nn.Conv2d(inputs, filters, 3, padding=1),
            nn.Flatten(),
            nn.BatchNorm1d(filters * rows * columns),
            nn.Linear(filters * rows * columns, outputs),
        )

    image = (rows, columns, filters)
    layers = {
        "conv": torch_layer("conv2d", "0"),
        "norm": torch_layer("batch_norm", "2", image=image),
        "out": torch_layer("dense", "3", image=image),
    }
    state = torch_layer("batch_norm_state", "2", image=image)
    module = drawn(build(), 2)
    (params, state), back = there_and_back(module, (layers, state))
    x = tensor(rng, 2, inputs, rows, columns)
    y = tg.flatten(tg.conv2d(moved(x).numpy(), **params["conv"], padding=1))
    y, _ = tg.nn.batch_norm(y, state, **params["norm"], training=False)
    close(tg.dense(y, **params["out"]), module(x))
    assert torch.equal(loaded(build(), back).eval()(x), module(x))


def test_features_of_a_recurrent_layer_that_were_an_image(rng):
    rows, channels, hidden = rng.integers(1, 5, 3).tolist()
    module = drawn(nn.GRU(rows * channels, hidden, batch_first=True), 3)
    layers = torch_layer("gru", "", image=(rows, channels))
    params, _ = there_and_back(module, layers, ("bias_ih_l0", "bias_hh_l0"))
    x = tensor(rng, 2, 5, channels, rows)
    ours = np.moveaxis(x.numpy(), 2, 3).reshape(2, 5, -1)
    close(tg.nn.gru(ours, **params)[0], module(x.flatten(2))[0])


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_batch_norm(rng, axes):
    channels = int(rng.integers(1, 6))
    kind = [nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d][axes - 1]
    module = drawn(kind(channels), 4)
    layers = torch_layer("batch_norm", ""), torch_layer("batch_norm_state", "")
    (params, state), back = there_and_back(module, layers)
    x = tensor(rng, 3, channels, *rng.integers(2, 5, axes).tolist())
    ours, _ = tg.nn.batch_norm(moved(x).numpy(), state, **params, training=False)
    close(ours, moved(module(x)))
    assert torch.equal(loaded(kind(channels), back).eval()(x), module(x))


def test_statistics_alone(rng):
    module = drawn(nn.BatchNorm2d(3, affine=False), 5)
    state, _ = there_and_back(module, torch_layer("batch_norm_state", ""))
    x = tensor(rng, 2, 3, 4, 4)
    ours, _ = tg.nn.batch_norm(moved(x).numpy(), state, training=False)
    close(ours, moved(module(x)))


def test_normalisations_of_images(rng):
    groups, rows, columns = int(rng.integers(1, 4)), *rng.integers(2, 5, 2).tolist()
    channels = groups * int(rng.integers(1, 4))
    x = tensor(rng, 2, channels, rows, columns)
    images = moved(x).numpy()
    module = drawn(nn.GroupNorm(groups, channels), 6)
    params, _ = there_and_back(module, torch_layer("group_norm", ""))
    close(tg.nn.group_norm(images, groups, **params), moved(module(x)))
    module = drawn(nn.InstanceNorm2d(channels, affine=True), 6)
    params, _ = there_and_back(module, torch_layer("instance_norm", ""))
    close(tg.nn.instance_norm(images, **params), moved(module(x)))
    module = drawn(nn.LayerNorm((channels, rows, columns)), 6)
    layer = torch_layer("layer_norm", "", image=(rows, columns, channels))
    params, back = there_and_back(module, layer)
    assert params["scale"].shape == (rows, columns, channels)
    close(tg.nn.layer_norm(images, **params, axis=(-3, -2, -1)), moved(module(x)))
    assert torch.equal(loaded(nn.LayerNorm((channels, rows, columns)), back)(x), module(x))


def test_normalisations_of_rows(rng):
    features, bias = int(rng.integers(2, 9)), bool(rng.integers(2))
    x = tensor(rng, 3, 4, features)
    module = drawn(nn.LayerNorm(features, bias=bias), 7)
    params, _ = there_and_back(module, torch_layer("layer_norm", "", bias=bias))
    close(tg.nn.layer_norm(x.numpy(), **params), module(x))
    module = drawn(nn.RMSNorm(features), 7)
    params, _ = there_and_back(module, torch_layer("rms_norm", ""))
    close(tg.nn.rms_norm(x.numpy(), **params), module(x))


RECURRENT = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


@pytest.mark.parametrize("kind", RECURRENT)
def test_recurrent_layers(rng, kind):
    """Two layers, each from both ends."""
    inputs, hidden = rng.integers(1, 6, 2).tolist()
    bias = bool(rng.integers(2))
    options = {"num_layers": 2, "batch_first": True, "bidirectional": True, "bias": bias}
    module = drawn(RECURRENT[kind](inputs, hidden, **options), 8)
    layers = [
        {
            way: torch_layer(kind, "", bias=bias, suffix=f"_l{i}{end}")
            for way, end in (("forward", ""), ("backward", "_reverse"))
        }
        for i in range(2)
    ]
    suffixes = [f"_l{i}{end}" for i in range(2) for end in ("", "_reverse")]
    sums = [f"bias_{which}{suffix}" for which in ("ih", "hh") for suffix in suffixes]
    params, back = there_and_back(module, layers, sums)
    x = tensor(rng, 2, 5, inputs)
    y = x.numpy()
    for both in params:
        y, _ = tg.nn.bidirectional(getattr(tg.nn, kind), y, **both)
    expected = module(x)[0]
    close(y, expected)
    twin = loaded(RECURRENT[kind](inputs, hidden, **options), back)
    close(twin(x)[0].detach().numpy(), expected)


def test_a_cell(rng):
    inputs, hidden = rng.integers(1, 6, 2).tolist()
    module = drawn(nn.LSTMCell(inputs, hidden), 9)
    params, _ = there_and_back(module, torch_layer("lstm", "", suffix=""), ("bias_ih", "bias_hh"))
    x = tensor(rng, 2, inputs)
    close(tg.nn.lstm(x.numpy()[:, None], **params)[1][0], module(x)[0])


@pytest.mark.parametrize("of_a_context", [False, True])
def test_attention(rng, of_a_context):
    heads, bias = int(rng.integers(1, 4)), bool(rng.integers(2))
    width = heads * int(rng.integers(1, 4))
    size = width + 1 if of_a_context else width
    options = {"kdim": size, "vdim": size, "batch_first": True, "bias": bias}
    module = drawn(nn.MultiheadAttention(width, heads, **options), 10)
    assert ("in_proj_weight" in module.state_dict()) is not of_a_context
    params, back = there_and_back(module, torch_layer("multi_head_attention", "", bias=bias))
    x, context = tensor(rng, 2, 5, width), tensor(rng, 2, 4, size)
    ours = tg.nn.multi_head_attention(x.numpy(), context.numpy(), heads=heads, **params)
    expected = module(x, context, context, need_weights=False)[0]
    close(ours, expected)
    twin = loaded(nn.MultiheadAttention(width, heads, **options), back)
    assert torch.equal(twin(x, context, context, need_weights=False)[0], expected)


# Whole networks


def benchmark(name):
    """The twin of an example in PyTorch."""
    if not (ROOT / "benchmarks").is_dir():
        pytest.skip("an installed package has no benchmarks")
    import sys

    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    return importlib.import_module(f"benchmarks.beside.{name}_torch")


def convolution(name):
    return torch_layer("conv2d", f"{name}.0", bias=False) | torch_layer("batch_norm", f"{name}.1")


RESNET = {"stem": "0"} | {
    f"{part} {i}": f"{i + 2}.{part}"
    for i in range(3)
    for part in (("first", "second", "shortcut") if i else ("first", "second"))
}
RESNET_LAYERS = (
    {place: convolution(name) for place, name in RESNET.items()}
    | {"out": torch_layer("dense", "7")},
    {place: torch_layer("batch_norm_state", f"{name}.1") for place, name in RESNET.items()},
)


def test_a_resnet_from_pytorch():
    """Of 25 pixels a side: then "same" with a stride of 2 is PyTorch's padding of 1."""
    module = drawn(benchmark("resnet").build(3), 11)
    (params, state), back = there_and_back(module, RESNET_LAYERS)
    x = tensor(np.random.default_rng(0), 4, 3, 25, 25)
    ours, _ = example("resnet").logits(params, state, moved(x).numpy(), training=False)
    close(ours, module(x))
    twin = loaded(benchmark("resnet").build(3), back).eval()
    assert torch.equal(twin(x), module(x))


def test_a_resnet_to_pytorch():
    ours, rng = example("resnet"), np.random.default_rng(1)
    images = rng.standard_normal((8, 25, 25, 3), np.float32)
    params, state = ours.initial(rng, 3), {}
    for _ in range(3):
        _, state = ours.logits(params, state, images, training=True)
    module = loaded(benchmark("resnet").build(3), to_torch((params, state), RESNET_LAYERS)).eval()
    expected, _ = ours.logits(params, state, images, training=False)
    close(expected, module(torch.from_numpy(np.moveaxis(images, -1, 1).copy())))
    again = from_torch(module.state_dict(), RESNET_LAYERS)
    for x, y in zip(tg.tree.leaves(again), tg.tree.leaves((params, state)), strict=True):
        assert x.tobytes() == y.tobytes()
    assert again[0].keys() == params.keys()


def test_the_recorded_networks_are_pytorchs():
    """Of test_saving_pytorch.py, for where PyTorch is not installed."""
    path = ROOT / "tests/beside/networks_torch.py"
    spec = importlib.util.spec_from_file_location("networks_torch", path)
    networks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(networks)
    for name, network in networks.NETWORKS.items():
        weights, inputs, output = recorded(name)
        module = loaded(network(), weights).eval()
        close(output, module(*[torch.from_numpy(x) for x in inputs]))


LSTM_LAYERS = {"lstm": torch_layer("lstm", "lstm"), "out": torch_layer("dense", "out")}


@pytest.mark.parametrize("to_pytorch", [False, True])
def test_an_lstm(to_pytorch):
    ours, rng = example("sequence"), np.random.default_rng(2)
    rows = ours.draw_rows(rng, 16)
    module = benchmark("sequence").Adder()
    if to_pytorch:
        params = ours.initial(rng)
        params["lstm"]["bias"] = rng.standard_normal(4 * ours.HIDDEN, np.float32)
        weights = to_torch(params, LSTM_LAYERS)
        loaded(module, weights)
        again = from_torch(weights, LSTM_LAYERS)
        for x, y in zip(tg.tree.leaves(again), tg.tree.leaves(params), strict=True):
            assert bits({"": x}) == bits({"": y})
    else:
        drawn(module, 12)
        params, _ = there_and_back(module, LSTM_LAYERS, ("bias_ih_l0", "bias_hh_l0"))
    expected = module(torch.from_numpy(rows.x), torch.from_numpy(rows.lengths))
    close(ours.predict(params, rows.x, rows.lengths), expected)


def test_a_transformer():
    ours, rng = example("gpt"), np.random.default_rng(3)
    module = benchmark("gpt").GPT(30).eval()
    blocks = [f"blocks.layers.{i}" for i in range(ours.BLOCKS)]
    layers = {
        "letters": torch_layer("embedding", "letters"),
        "positions": torch_layer("embedding", "positions"),
        "blocks": [
            {
                "norm1": torch_layer("layer_norm", f"{name}.norm1"),
                "attention": torch_layer("multi_head_attention", f"{name}.self_attn"),
                "norm2": torch_layer("layer_norm", f"{name}.norm2"),
                "wide": torch_layer("dense", f"{name}.linear1"),
                "narrow": torch_layer("dense", f"{name}.linear2"),
            }
            for name in blocks
        ],
        "norm": torch_layer("layer_norm", "blocks.norm"),
        "out": torch_layer("dense", "out"),
    }
    params, _ = there_and_back(module, layers)
    letters = rng.integers(0, 30, (3, ours.CONTEXT))
    close(ours.logits(params, letters), module(torch.from_numpy(letters)))


@pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="an installed package has no docs")
def test_the_page():
    """Its programs, PyTorch's and ours, one after the other: PyTorch's compare the outputs."""
    pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    page = (ROOT / "docs/weights.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    names: dict = {}
    compared = 0
    for block in blocks[:-3]:  # those after it show errors, and clear away
        theirs = block.startswith("# PyTorch\n")
        exec(block if theirs else doctest.script_from_examples(block), names)
        compared += theirs and "assert_allclose" in block
    assert compared == 5
    shutil.rmtree(names["folder"])


# Files and tensors


def test_through_files(tmp_path):
    """Their file is ours to read, our file theirs."""
    safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    module = drawn(benchmark("resnet").build(1), 13)
    safetensors.save_file(module.state_dict(), tmp_path / "theirs.safetensors")
    tree = from_torch(tg.load(tmp_path / "theirs.safetensors"), RESNET_LAYERS)
    tg.save(tmp_path / "ours.safetensors", to_torch(tree, RESNET_LAYERS))
    found = safetensors.load_file(tmp_path / "ours.safetensors")
    twin = benchmark("resnet").build(1)
    assert not any(twin.load_state_dict(found))
    for name, x in module.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(x, twin.state_dict()[name])


def test_a_state_dict_is_copied():
    module = nn.Linear(3, 3)
    params = from_torch(module.state_dict(), torch_layer("dense", ""))
    before = arrays_of(module)["weight"].copy()
    params["weights"][...] = 0
    params["bias"][...] = 0
    assert np.array_equal(arrays_of(module)["weight"], before)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.ones(2, 3, requires_grad=True),
        torch.ones(2, 3, dtype=torch.bfloat16),
        torch.ones(2, 3, device="meta"),
    ],
)
def test_a_tensor_that_is_no_array_is_named(tensor):
    with pytest.raises(TypeError, match=r"^from_torch: fc.weight is no array.*detach\(\)\.float"):
        from_torch({"fc.weight": tensor}, torch_layer("dense", "fc", bias=False))


def test_what_a_module_has_beside_is_left_over():
    """A projection of an LSTM, which there is none of here, and a bias of keys and values."""
    module = nn.LSTM(2, 4, proj_size=3)
    with pytest.raises(ValueError, match="left over: weight_hr_l0"):
        from_torch(module.state_dict(), torch_layer("lstm", ""))
    module = nn.MultiheadAttention(4, 2, add_bias_kv=True)
    with pytest.raises(ValueError, match="left over: bias_k, bias_v"):
        from_torch(module.state_dict(), torch_layer("multi_head_attention", ""))


def test_a_pickle_is_refused_with_the_remedy(tmp_path):
    file = io.BytesIO()
    torch.save(nn.Linear(2, 2).state_dict(), file)
    (tmp_path / "model.pt").write_bytes(file.getvalue())
    with pytest.raises(ValueError, match=r"safetensors.torch.save_file"):
        tg.load(tmp_path / "model.pt")

"""Weights from PyTorch and back, without PyTorch: layouts by hand, the same bits, what is refused.

`test_saving_pytorch_layers.py` has the layers beside PyTorch's own.
"""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.saving import from_torch, to_torch, torch_layer
from tinygrad_np.saving.pytorch import LAYERS

init = tg.nn.init
PAGE = Path(__file__).parents[1] / "docs/weights.md"


def numbered(*shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def same(tree, other):
    """Whether two trees have the same bits, and the same keys in the same order."""
    assert tg.tree.paths(tree) == tg.tree.paths(other)
    for x, y in zip(tg.tree.leaves(tree), tg.tree.leaves(other), strict=True):
        assert (x.shape, x.dtype, x.tobytes()) == (y.shape, y.dtype, y.tobytes())
    return True


# Layouts


def test_filters():
    """(out, in, rows, columns) → (rows, columns, in, out)"""
    weights = {"c.weight": numbered(2, 3, 4, 5), "c.bias": numbered(2)}
    params = from_torch(weights, torch_layer("conv2d", "c"))
    assert params["filters"].shape == (4, 5, 3, 2)
    assert params["filters"][1, 2, 0, 1] == weights["c.weight"][1, 0, 1, 2]


def test_filters_of_a_transposed_convolution():
    """(in, out, places) → (places, out, in)"""
    weights = {"c.weight": numbered(2, 3, 4)}
    params = from_torch(weights, torch_layer("conv_transpose1d", "c", bias=False))
    assert params["filters"][3, 2, 1] == weights["c.weight"][1, 2, 3]


def test_a_dense_layer():
    params = from_torch({"weight": numbered(2, 3), "bias": numbered(2)}, torch_layer("dense", ""))
    assert params["weights"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_a_dense_layer_after_a_flattened_image():
    """There an image is flattened as (channels, rows, columns)."""
    image = numbered(2, 3, 4)  # rows, columns, channels
    theirs = np.moveaxis(image, -1, 0).reshape(1, -1)
    params = from_torch({"weight": theirs}, torch_layer("dense", "", bias=False, image=image.shape))
    assert np.array_equal(params["weights"].ravel(), image.ravel())


def test_a_dense_layer_before_an_image():
    """There its outputs are an image of (channels, rows, columns)."""
    image = numbered(2, 3, 4)  # rows, columns, channels
    theirs = np.moveaxis(image, -1, 0).ravel()
    weights = {"weight": np.stack([theirs, -theirs], 1), "bias": theirs}
    params = from_torch(weights, torch_layer("dense", "", to_image=image.shape))
    assert np.array_equal(params["bias"], image.ravel())
    assert np.array_equal(params["weights"], [image.ravel(), -image.ravel()])


def test_a_dense_layer_between_two_images():
    """Both orders at once, of which each has its own place."""
    weights = {"weight": numbered(4, 6), "bias": numbered(4)}
    layer = torch_layer("dense", "", image=(3, 2), to_image=(2, 2))
    params = from_torch(weights, layer)
    # Place i of channel j stands at 2i + j here; there at i + 3j, and i + 2j of the outputs.
    expected = [
        [weights["weight"][out % 2 * 2 + out // 2, x % 2 * 3 + x // 2] for out in range(4)]
        for x in range(6)
    ]
    assert params["weights"].tolist() == expected
    assert params["bias"].tolist() == [0, 2, 1, 3]
    assert same(to_torch(params, layer), weights)


def test_gates():
    weights = {
        "weight_ih_l0": numbered(12, 2), "weight_hh_l0": numbered(12, 3),
        "bias_ih_l0": numbered(12), "bias_hh_l0": np.ones(12, np.float32),
    }  # fmt: skip
    params = from_torch(weights, torch_layer("lstm", ""))
    assert np.array_equal(params["input_weights"], weights["weight_ih_l0"].T)
    assert np.array_equal(params["hidden_weights"], weights["weight_hh_l0"].T)
    assert np.array_equal(params["bias"], 1 + numbered(12))


def test_of_a_gru_one_part_of_the_second_bias_stays():
    weights = {
        "weight_ih_l0": numbered(6, 1), "weight_hh_l0": numbered(6, 2),
        "bias_ih_l0": numbered(6), "bias_hh_l0": 10 + numbered(6),
    }  # fmt: skip
    params = from_torch(weights, torch_layer("gru", ""))
    assert params["bias"].tolist() == [10, 12, 14, 16, 4, 5]
    assert params["hidden_bias"].tolist() == [14, 15]


def test_heads():
    weights = {"in_proj_weight": numbered(6, 2), "out_proj.weight": numbered(2, 2)}
    params = from_torch(weights, torch_layer("multi_head_attention", "", bias=False))
    assert params["query"]["weights"].tolist() == [[0, 2], [1, 3]]
    assert params["value"]["weights"].tolist() == [[8, 10], [9, 11]]


# The same bits


TREES = {
    "conv1d": lambda rng: init.conv1d(rng, 3, 4, 6, groups=2),
    "conv2d": lambda rng: init.conv2d(rng, (3, 1), 4, 6),
    "conv3d": lambda rng: init.conv3d(rng, 2, 1, 3),
    "conv_transpose1d": lambda rng: init.conv_transpose1d(rng, 3, 4, 6, groups=2),
    "conv_transpose2d": lambda rng: init.conv_transpose2d(rng, (3, 1), 4, 6),
    "conv_transpose3d": lambda rng: init.conv_transpose3d(rng, 2, 1, 3),
    "dense": lambda rng: init.dense(rng, 24, 3),
    "embedding": lambda rng: init.embedding(rng, 5, 3),
    "batch_norm": lambda rng: init.batch_norm(24),
    "group_norm": lambda rng: init.group_norm(24),
    "instance_norm": lambda rng: init.instance_norm(24),
    "layer_norm": lambda rng: init.layer_norm((2, 3, 4)),
    "rms_norm": lambda rng: init.rms_norm(24),
    "batch_norm_state": lambda rng: {"mean": np.zeros(24, np.float32), "var": np.ones(24)},
    "rnn": lambda rng: init.rnn(rng, 24, 3),
    "lstm": lambda rng: init.lstm(rng, 24, 3),
    "gru": lambda rng: init.gru(rng, 24, 3),
    "multi_head_attention": lambda rng: init.multi_head_attention(rng, 4),
}
IMAGE = (2, 3, 4)


def test_every_layer_of_init_is_in_the_table():
    """All that draws parameters of a layer, and no more: the rest draws arrays."""
    arrays = {name for name in init.__all__ if name.endswith(("normal", "uniform", "orthogonal"))}
    assert set(init.__all__) - arrays - {"gain"} == LAYERS.keys() - {"batch_norm_state"}
    assert TREES.keys() == LAYERS.keys()


@pytest.mark.skipif(not PAGE.exists(), reason="an installed package has no docs")
def test_the_page_has_a_row_for_every_layer():
    rows = re.findall(r"^\| (`.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(LAYERS)


def awkward(rng, x):
    """Zeros of both signs, nan, infinities and the smallest numbers, among others."""
    odd = np.array([0.0, -0.0, np.nan, np.inf, 1e-45], np.float32)
    return np.where(rng.random(x.shape) < 0.5, rng.choice(odd, x.shape), x).astype(x.dtype)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("kind", TREES)
def test_there_and_back(kind, dtype):
    rng = np.random.default_rng(0)
    tree = tg.tree.map(lambda x: awkward(rng, x).astype(dtype), TREES[kind](rng))
    has_features = any("features" in axes for axes in LAYERS[kind][0].split(", "))
    layer = torch_layer(kind, "a.b", image=IMAGE if has_features else ())
    weights = to_torch(tree, layer)
    assert all(name.startswith("a.b.") for name in weights)
    assert same(from_torch(weights, layer), tree)
    assert same(to_torch(from_torch(weights, layer), layer), weights)


def test_without_biases():
    rng = np.random.default_rng(0)
    trees = {
        "conv2d": init.conv2d(rng, 3, 2, 4, bias=False),
        "dense": init.dense(rng, 3, 4, bias=False),
        "layer_norm": {"scale": np.ones(3)},
        "lstm": init.lstm(rng, 3, 4, bias=False),
        "gru": init.gru(rng, 3, 4, bias=False),
        "multi_head_attention": init.multi_head_attention(rng, 4, context=6, bias=False),
    }
    layers = {kind: torch_layer(kind, kind, bias=False) for kind in trees}
    weights = to_torch(trees, layers)
    assert not any("bias" in name for name in weights)
    assert same(from_torch(weights, layers), trees)
    assert "multi_head_attention.k_proj_weight" in weights


class Model(NamedTuple):
    layers: list
    state: dict


def test_the_tree_may_have_any_form():
    """A convolution and its normalisation in one dict, lists, named tuples; Tensors count."""
    rng = np.random.default_rng(0)
    state = {"mean": np.ones(4), "var": np.ones(4)}
    tree = Model([init.conv2d(rng, 1, 2, 4, bias=False) | init.batch_norm(4)], state)
    layers = Model(
        [torch_layer("conv2d", "0", bias=False) | torch_layer("batch_norm", "1")],
        torch_layer("batch_norm_state", "1"),
    )
    weights = to_torch(tg.tree.map(tg.Tensor, tree), layers)
    assert weights["1.num_batches_tracked"] == 0
    assert same(from_torch(weights, layers), tree)
    assert type(from_torch(weights, layers)) is Model


def test_results_are_new_arrays():
    tree = {"weights": np.ones((3, 3)), "bias": np.ones(3)}
    weights = to_torch(tree, torch_layer("dense", ""))
    again = from_torch(weights, torch_layer("dense", ""))
    for x in [*weights.values(), *again.values()]:
        x[...] = 0
    assert tree["weights"].all()
    assert tree["bias"].all()
    assert all(x.flags.c_contiguous for x in [*weights.values(), *again.values()])


def test_through_a_file(tmp_path):
    pytest.importorskip("safetensors", reason="safetensors is not installed")
    tree = {"lstm": init.lstm(np.random.default_rng(0), 3, 4)}
    layers = {"lstm": torch_layer("lstm", "layer1.0.my_lstm", suffix="_l1_reverse")}
    tg.save(tmp_path / "weights.safetensors", to_torch(tree, layers))
    found = tg.load(tmp_path / "weights.safetensors")
    assert "layer1.0.my_lstm.weight_ih_l1_reverse" in found
    assert same(from_torch(found, layers), tree)


def test_one_array_in_two_places():
    """Of two layers with one weight, as of an embedding and the last layer of a language model."""
    table = numbered(3, 2)
    layers = torch_layer("embedding", "wte"), torch_layer("dense", "wte", bias=False)
    embedding, dense = from_torch({"wte.weight": table}, layers)
    assert same(to_torch((embedding, dense), layers), {"wte.weight": table})
    dense["weights"][0, 0] = 7
    with pytest.raises(ValueError, match=r"two places of the tree are wte.weight in PyTorch"):
        to_torch((embedding, dense), layers)


def test_one_layer_in_two_places():
    layer = torch_layer("dense", "fc", bias=False)
    found = from_torch({"fc.weight": numbered(2, 3)}, [layer, layer])
    assert not np.shares_memory(found[0]["weights"], found[1]["weights"])
    assert to_torch(found, [layer, layer]).keys() == {"fc.weight"}
    found[0]["weights"][0, 0] = 7
    with pytest.raises(ValueError, match="two places of the tree are"):
        to_torch(found, [layer, layer])


# PyTorch's outputs, from a file


RECORDED = {
    key: np.asarray(x) for key, x in tg.load(Path(__file__).parent / "beside/networks.npz").items()
}


def recorded(network):
    """Its weights, its inputs and its output in PyTorch: tests/beside/networks_torch.py."""
    of_it = {
        key.removeprefix(f"{network}."): x
        for key, x in RECORDED.items()
        if key.startswith(f"{network}.")
    }
    weights = {
        key.removeprefix("weights."): x for key, x in of_it.items() if key.startswith("weights.")
    }
    inputs = [of_it[key] for key in of_it if key.startswith("input")]
    return weights, inputs, of_it["output"]


def autoencoder(params, state, x):
    """Autoencoder of tests/beside/networks_torch.py."""
    y = tg.conv2d(x, **params["first"], stride=2, padding=1)
    y = tg.relu(tg.nn.batch_norm(y, state["norm"], **params["norm"], training=False)[0])
    y = tg.flatten(tg.conv2d(y, **params["second"], padding=1, groups=3))
    y = tg.nn.batch_norm(y, state["flat"], **params["flat"], training=False)[0]
    y = tg.dense(tg.dense(y, **params["narrow"]), **params["wide"]).reshape(-1, 4, 3, 6)
    y = tg.relu(tg.nn.group_norm(y, 2, **params["groups"]))
    return tg.conv_transpose2d(y, **params["last"], stride=2, padding=1, groups=2)


def reader(params, x):
    """Reader of the same file."""
    y = tg.nn.embedding(x, **params["letters"])
    for both in params["lstm"]:
        y, _ = tg.nn.bidirectional(tg.nn.lstm, y, **both)
    return tg.nn.rnn(tg.nn.gru(y, **params["gru"])[0], **params["rnn"])[0]


def block(params, x, context):
    """Block of the same file."""
    y = tg.nn.multi_head_attention(x, heads=2, **params["itself"])
    y = tg.nn.layer_norm(x + y, **params["norm"])
    y = y + tg.nn.multi_head_attention(y, context, heads=3, **params["other"])
    return tg.nn.rms_norm(y, **params["last"])


SIDE = (4, 3, 6)
AUTOENCODER = (
    {
        "first": torch_layer("conv2d", "read.0"), "norm": torch_layer("batch_norm", "read.1"),
        "second": torch_layer("conv2d", "read.3", bias=False),
        "flat": torch_layer("batch_norm", "read.5", image=SIDE),
        "narrow": torch_layer("dense", "read.6", image=SIDE),
        "wide": torch_layer("dense", "draw.0", to_image=SIDE),
        "groups": torch_layer("group_norm", "draw.2"),
        "last": torch_layer("conv_transpose2d", "draw.4"),
    },
    {
        "norm": torch_layer("batch_norm_state", "read.1"),
        "flat": torch_layer("batch_norm_state", "read.5", image=SIDE),
    },
)  # fmt: skip
READER = {
    "letters": torch_layer("embedding", "letters"),
    "lstm": [
        {
            way: torch_layer("lstm", "lstm", suffix=f"_l{i}{end}")
            for way, end in (("forward", ""), ("backward", "_reverse"))
        }
        for i in range(2)
    ],
    "gru": torch_layer("gru", "gru"),
    "rnn": torch_layer("rnn", "rnn", bias=False),
}
BLOCK = {
    "itself": torch_layer("multi_head_attention", "itself"),
    "norm": torch_layer("layer_norm", "norm"),
    "other": torch_layer("multi_head_attention", "other"),
    "last": torch_layer("rms_norm", "last"),
}


def close(ours, theirs):
    """To some 80 roundings of float32: a few layers, whose sums of up to some hundred numbers are
    added up in another order."""
    assert ours.dtype == theirs.dtype == np.float32
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * max(1, np.abs(theirs).max()))


def test_an_autoencoder_gives_what_pytorch_gave():
    weights, (x,), expected = recorded("autoencoder")
    params, state = from_torch(weights, AUTOENCODER)
    close(autoencoder(params, state, np.moveaxis(x, 1, -1)), np.moveaxis(expected, 1, -1))
    back = to_torch((params, state), AUTOENCODER)
    assert same({x: back[x] for x in weights}, weights)
    assert len(back) == len(weights)


def test_recurrent_layers_give_what_pytorch_gave():
    weights, (x,), expected = recorded("reader")
    close(reader(from_torch(weights, READER), x), expected)


def test_attention_gives_what_pytorch_gave():
    weights, (x, context), expected = recorded("block")
    params = from_torch(weights, BLOCK)
    close(block(params, x, context), expected)
    back = to_torch(params, BLOCK)
    assert same({x: back[x] for x in weights}, weights)


@pytest.mark.parametrize(("name", "tree"), [("flat", 0), ("narrow", 0), ("wide", 0), ("flat", 1)])
def test_none_of_its_images_can_be_forgotten(name, tree):
    layers = [dict(layers) for layers in AUTOENCODER]
    part = next(iter(layers[tree][name].values())).layer
    layers[tree][name] = torch_layer(part.kind, part.name)
    with pytest.raises(ValueError, match=r"image"):
        from_torch(recorded("autoencoder")[0], layers)


# Images that are flattened, or that a dense layer makes, are told


NETWORKS = {
    "dense": ({"c.weight": (8, 1, 3, 3), "fc.weight": (10, 200)}, "conv2d dense"),
    "of signals": ({"c.weight": (8, 1, 3), "fc.weight": (10, 40)}, "conv1d dense"),
    "lstm": (
        {"c.weight": (8, 1, 3, 3), "fc.weight_ih_l0": (8, 40), "fc.weight_hh_l0": (8, 2)},
        "conv2d lstm",
    ),
    "after a norm": (
        {"c.weight": (8, 1, 3, 3), "n.weight": (8,), "fc.weight": (10, 200)},
        "conv2d batch_norm dense",
    ),
    "to an image": (
        {"fc.weight": (392, 10), "c.weight": (8, 4, 3, 3)}, "dense conv_transpose2d",
    ),
}  # fmt: skip


def network(name):
    shapes, kinds = NETWORKS[name]
    modules = dict.fromkeys(key.split(".")[0] for key in shapes)
    weights = {key: np.zeros(shape) for key, shape in shapes.items()}
    return weights, dict(zip(modules, kinds.split(), strict=True))


@pytest.mark.parametrize("name", NETWORKS)
def test_an_image_that_nobody_told_of(name):
    """PyTorch's order would be taken for ours, and no shape shows it."""
    weights, kinds = network(name)
    layers = {x: torch_layer(kind, x, bias=False) for x, kind in kinds.items()}
    argument = "to_image" if name == "to an image" else "image"
    features = {"lstm": 40, "of signals": 40, "to an image": 392}.get(name, 200)
    axes = "places" if name == "of signals" else "rows, columns"
    told = rf" {features}, .*; give it {argument}=\({axes}, 8\), or {argument}=\({features},\)"
    with pytest.raises(ValueError, match=told):
        from_torch(weights, layers)
    layers["fc"] = torch_layer(kinds["fc"], "fc", bias=False, **{argument: (features,)})
    params = from_torch(weights, layers)  # not an image, by its author's word
    plain = {x: torch_layer(kind, x, bias=False) for x, kind in kinds.items()}
    with pytest.raises(ValueError, match=told):
        to_torch(params, plain)
    assert same(to_torch(params, layers), {key: weights[key] for key in to_torch(params, layers)})


def test_an_image_with_its_channels_first_is_refused():
    """As PyTorch has it; the number of features is the same."""
    weights = {"c.weight": np.zeros((8, 1, 3, 3)), "fc.weight": np.zeros((10, 200))}
    conv = torch_layer("conv2d", "c", bias=False)
    with pytest.raises(ValueError, match=r"give it image=\(rows, columns, 8\)"):
        from_torch(weights, [conv, torch_layer("dense", "fc", bias=False, image=(8, 5, 5))])
    for image in ((5, 5, 8), (200,)):
        from_torch(weights, [conv, torch_layer("dense", "fc", bias=False, image=image)])


@pytest.mark.parametrize(
    "image", [(26, 26, 2), (13, 8, 13), (338, 4), (1, 1352), (1352, 1), (8, 13, 13), (13, 8, 1, 13)]
)
def test_an_image_ends_with_the_channels_beside_it(image):
    weights = {"c.weight": np.zeros((8, 1, 3, 3)), "fc.weight": np.zeros((10, 1352))}
    conv = torch_layer("conv2d", "c", bias=False)
    layers = [conv, torch_layer("dense", "fc", bias=False, image=image)]
    told = (
        rf"'c' of 8 channels, has image={re.escape(repr(image))}, .* with 8; give it image=.*, 8\)"
    )
    with pytest.raises(ValueError, match=rf"^from_torch: .*{told}, or image=\(1352,\)"):
        from_torch(weights, layers)
    first = [torch_layer("dense", "fc", bias=False, to_image=image), conv]
    weights = {"c.weight": np.zeros((2, 8, 3, 3)), "fc.weight": np.zeros((1352, 10))}
    with pytest.raises(ValueError, match=rf"^from_torch: .*{told.replace('image=', 'to_image=')}"):
        from_torch(weights, first)
    tree = [{"filters": np.zeros((3, 3, 1, 8))}, {"weights": np.zeros((1352, 10))}]
    with pytest.raises(ValueError, match=rf"^to_torch: .*{told}"):
        to_torch(tree, layers)
    for good in ((13, 13, 8), (1352,)):
        to_torch(tree, [conv, torch_layer("dense", "fc", bias=False, image=good)])


def test_an_image_beside_one_channel_and_of_no_multiple():
    """There is nothing to tell, so that an image of several channels is another layer's."""
    for filters, image in ((1, (5, 5, 2)), (8, (2, 2, 2)), (8, (3, 3, 5))):
        weights = {
            "c.weight": np.zeros((filters, 1, 3, 3)), "fc.weight": np.zeros((10, np.prod(image))),
        }  # fmt: skip
        layers = [torch_layer("conv2d", "c", bias=False)]
        layers.append(torch_layer("dense", "fc", bias=False, image=image))
        with pytest.raises(ValueError, match=f"does not end with {filters};"):
            from_torch(weights, layers)


def test_channels_that_change_between_two_layers():
    """Where branches are joined, say: the order of the tree says what is beside what."""
    rng = np.random.default_rng(0)
    tree = {"conv": init.conv2d(rng, 3, 1, 8), "out": init.dense(rng, 24 * 4, 10)}
    conv, out = torch_layer("conv2d", "c"), torch_layer("dense", "fc", image=(2, 2, 24))
    with pytest.raises(ValueError, match="put it elsewhere in the tree of layers"):
        to_torch(tree, {"conv": conv, "out": out})
    weights = to_torch(tree, {"out": out, "conv": conv})
    assert weights["fc.weight"][3, 4 * 5 + 1] == tree["out"]["weights"][24 + 5, 3]


def test_of_groups_the_channels_are_those_of_all():
    """The filters of a transposed convolution have those of one group; its bias has all."""
    rng = np.random.default_rng(0)
    tree = [init.conv_transpose2d(rng, 3, 4, 6, groups=2), init.dense(rng, 24, 10)]
    conv = torch_layer("conv_transpose2d", "c")
    weights = to_torch(tree, [conv, torch_layer("dense", "fc", image=(2, 2, 6))])
    assert weights["fc.weight"][3, 4 * 5 + 1] == tree[1]["weights"][6 + 5, 3]
    with pytest.raises(ValueError, match="does not end with 6;"):
        to_torch(tree, [conv, torch_layer("dense", "fc", image=(4, 2, 3))])


def test_of_a_channel_or_a_pixel_an_image_has_one_order():
    for filters, features in ((1, 25), (8, 8), (8, 12)):
        weights = {"c.weight": np.zeros((filters, 1, 3, 3)), "fc.weight": np.zeros((10, features))}
        layers = [torch_layer("conv2d", "c", bias=False), torch_layer("dense", "fc", bias=False)]
        assert from_torch(weights, layers)[1]["weights"].shape == (features, 10)


IMAGES = {
    "before": (["batch_norm", "dense"], [{}, {"image": (5, 5, 8)}]),
    "after": (["dense", "batch_norm"], [{"to_image": (5, 5, 8)}, {}]),
    "not in the dense layer": (["batch_norm", "dense"], [{"image": (5, 5, 8)}, {}]),
    "statistics": (["batch_norm", "batch_norm_state"], [{"image": (5, 5, 8)}, {}]),
}


@pytest.mark.parametrize("name", IMAGES)
def test_neighbours_have_one_image(name):
    kinds, options = IMAGES[name]
    rng = np.random.default_rng(0)
    made = {
        "dense": init.dense(rng, 200, 200), "batch_norm": init.batch_norm(200),
        "batch_norm_state": {"mean": np.zeros(200), "var": np.ones(200)},
    }  # fmt: skip
    names = "nn" if name == "statistics" else "ab"
    layers = [torch_layer(k, n, **o) for k, n, o in zip(kinds, names, options, strict=True)]
    tree = [made[kind] for kind in kinds]
    with pytest.raises(ValueError, match=r"^to_torch: .*\(5, 5, 8\).*; give both the same"):
        to_torch(tree, layers)
    argument = {"after": "to_image"}.get(name, "image")
    both = [{argument: (5, 5, 8)}, {"image": (5, 5, 8)}]
    layers = [torch_layer(k, n, **o) for k, n, o in zip(kinds, names, both, strict=True)]
    assert same(from_torch(to_torch(tree, layers), layers), tree)


@pytest.mark.parametrize("image", [(1, 1, 12), (3, 4, 1), (12,)])
def test_neighbours_of_an_image_that_has_one_order(image):
    """Of one pixel, or of one channel, it is the same whether it is told or not."""
    tree = [init.batch_norm(12), init.dense(np.random.default_rng(0), 12, 2)]
    layers = [torch_layer("batch_norm", "0"), torch_layer("dense", "1", image=image)]
    weights = to_torch(tree, layers)
    assert np.array_equal(weights["1.weight"], tree[1]["weights"].T)
    assert same(from_torch(weights, layers), tree)


def test_only_the_first_layer_of_a_module_reads_the_image():
    rng = np.random.default_rng(0)
    tree = [init.lstm(rng, 12, 12), init.lstm(rng, 12, 12)]
    layers = [torch_layer("lstm", "", image=(3, 4)), torch_layer("lstm", "", suffix="_l1")]
    assert same(from_torch(to_torch(tree, layers), layers), tree)


# What is refused


DENSE = {"fc.weight": np.zeros((2, 3)), "fc.bias": np.zeros(2)}


def test_missing_and_left_over_names_are_all_listed():
    layers = [torch_layer("dense", "fc"), torch_layer("lstm", "l")]
    weights = {**DENSE, "l.weight_ih_l0": np.zeros((8, 1)), "other": np.zeros(1), "one more": 0}
    with pytest.raises(ValueError, match="names of the layers are not those") as told:
        from_torch(weights, layers)
    text = str(told.value)
    assert "missing: l.weight_hh_l0, l.bias_ih_l0, l.bias_hh_l0; left over: other, one more" in text
    assert "bias=False" in text


def test_of_many_names_the_first_are_listed():
    with pytest.raises(ValueError, match=r"left over: w0, .*w19 and 80 more"):
        from_torch({**DENSE, **{f"w{i}": 0 for i in range(100)}}, torch_layer("dense", "fc"))


def test_a_missing_bias_is_no_zero():
    with pytest.raises(ValueError, match=r"missing: fc\.bias"):
        from_torch({"fc.weight": np.zeros((2, 3))}, torch_layer("dense", "fc"))
    with pytest.raises(ValueError, match=r"left over: fc\.bias"):
        from_torch(DENSE, torch_layer("dense", "fc", bias=False))


def test_a_part_of_a_layer_that_is_not_in_the_tree_is_not_passed_over():
    """Where two layers with biases are joined, one bias takes the other's place."""
    weights = {"c.weight": np.zeros((2, 1, 3, 3)), "c.bias": np.ones(2), **DENSE}
    layers = torch_layer("conv2d", "c") | torch_layer("dense", "fc")
    with pytest.raises(ValueError, match=r"has no bias of the conv2d 'c'; .*a dict of its own"):
        from_torch(weights, layers)
    with pytest.raises(ValueError, match=r"has no bias of the conv2d 'c'; .*a dict of its own"):
        to_torch(layers, layers)


def test_names_behind_a_prefix():
    """As of DataParallel, of torch.compile and of Lightning."""
    weights = {f"module.{name}": x for name, x in DENSE.items()}
    with pytest.raises(ValueError, match=r"all that is missing is there behind 'module\.'"):
        from_torch(weights, torch_layer("dense", "fc"))
    with pytest.raises(ValueError, match="missing: ") as told:
        from_torch({"module.fc.weight": np.zeros((2, 3))}, torch_layer("dense", "fc"))
    assert "behind" not in str(told.value)


MISFITS = {
    "axes": (
        "dense", {}, {"weight": (2, 3, 1, 1), "bias": (2,)},
        r"dense 'a' do not fit: a\.weight \(2, 3, 1, 1\) for \(out, features\), "
        r"a\.bias \(2,\) for \(out\); is it a layer of another kind",
    ),
    "a bias": (
        "dense", {}, {"weight": (2, 3), "bias": (4,)},
        r"a\.weight \(2, 3\) for \(out, features\), a\.bias \(4,\) for \(out\); is it a layer",
    ),
    "an lstm": (
        "lstm", {"bias": False}, {"weight_ih_l0": (9, 2), "weight_hh_l0": (9, 3)},
        r"\(4\*hidden, features\).*; is it a layer",
    ),
    "a gru's as an lstm's": (
        "lstm", {"bias": False}, {"weight_ih_l0": (12, 2), "weight_hh_l0": (12, 4)},
        r"hh_l0 \(12, 4\) for \(4\*hidden, hidden\); is it a layer",
    ),
    "heads": (
        "multi_head_attention", {"bias": False},
        {"in_proj_weight": (6, 2), "out_proj.weight": (3, 2)},
        r"a\.out_proj\.weight \(3, 2\) for \(width, width\); is it",
    ),
    "an image": (
        "dense", {"bias": False, "image": (2, 1, 4)}, {"weight": (2, 9)},
        r"\(2, 9\) for \(out, features\), with image=\(2, 1, 4\), features 8; without it",
    ),
    "an image of a norm": (
        "rms_norm", {"image": (2, 3, 4)}, {"weight": (2, 3, 4)},
        r"with image=\(2, 3, 4\).*; rms_norm of several axes needs image=\(r.*, here \(3, 4, 2\)",
    ),
    "axes of a norm": (
        "rms_norm", {}, {"weight": (4, 2, 3)},
        r"for \(features\); rms_norm of several axes needs image=.*, here \(2, 3, 4\)",
    ),
    "no axes": ("rms_norm", {}, {"weight": ()}, r"a\.weight \(\) for \(features\); is it"),
    "outputs": (
        "dense", {"bias": False, "to_image": (2, 1, 4)}, {"weight": (9, 2)},
        r"\(9, 2\) for .*, with to_image=\(2, 1, 4\), out 8; without it they fit: is",
    ),
    "statistics": (
        "batch_norm_state", {}, {"running_mean": (3,), "running_var": (4,)},
        r"running_mean \(3,\) .*running_var \(4,\)",
    ),
}  # fmt: skip
TURNED = {
    "dense": (
        "dense", {}, {"weight": (1352, 10), "bias": (10,)},
        r"a\.weight \(1352, 10\) for \(out, features\), .*; is it transposed\? "
        r"a\.weight fits as \(features, out\)",
    ),
    "dense with an image": (
        "dense", {"bias": False, "image": (13, 13, 8)}, {"weight": (1352, 10)},
        r"; is it transposed\? a\.weight fits as \(features, out\)",
    ),
    "filters": (
        "conv2d", {}, {"weight": (3, 3, 3, 8), "bias": (8,)},
        r"; is it transposed\? a\.weight fits as \(rows, columns, in, out\)",
    ),
    "one of two": (
        "lstm", {"bias": False}, {"weight_ih_l0": (2, 12), "weight_hh_l0": (12, 3)},
        r"; is it transposed\? a\.weight_ih_l0 fits as \(features, 4\*hidden\)",
    ),
    "both": (
        "lstm", {"bias": False}, {"weight_ih_l0": (2, 12), "weight_hh_l0": (3, 12)},
        r"; is it transposed\? a\.weight_ih_l0 fits as \(features, 4\*hidden\), "
        r"a\.weight_hh_l0 fits as \(hidden, 4\*hidden\)",
    ),
    "heads": (
        "multi_head_attention", {"bias": False},
        {"in_proj_weight": (2, 6), "out_proj.weight": (2, 2)},
        r"; is it transposed\? a\.in_proj_weight fits as \(width, 3\*width\)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "options", "shapes", "told"),
    [*MISFITS.values(), *TURNED.values()],
    ids=[*MISFITS, *(f"turned: {name}" for name in TURNED)],
)
def test_shapes_that_do_not_fit(kind, options, shapes, told):
    weights = {f"a.{key}": np.zeros(shape) for key, shape in shapes.items()}
    with pytest.raises(ValueError, match=rf"^from_torch: .*{told}"):
        from_torch(weights, torch_layer(kind, "a", **options))


def test_ours_in_their_layout():
    for kind, tree, told in (
        (
            "dense",
            {"weights": np.zeros((10, 64)), "bias": np.zeros(10)},
            "weights fits as .out, features",
        ),
        (
            "conv2d",
            {"filters": np.zeros((8, 1, 3, 3)), "bias": np.zeros(8)},
            "filters fits as .out, in, rows, columns",
        ),
    ):
        with pytest.raises(ValueError, match=rf"^to_torch: .*; is it transposed\? {told}\)$"):
            to_torch(tree, torch_layer(kind, "a"))


@pytest.mark.parametrize("image", [(26, 26, 8), (13, 2, 26, 8)])
def test_an_image_is_told_as_it_was_given(image):
    layer = torch_layer("dense", "fc", bias=False, image=image)
    told = rf", with image={re.escape(repr(image))}, features 5408; without it they fit"
    with pytest.raises(ValueError, match=rf"^from_torch: .*{told}"):
        from_torch({"fc.weight": np.zeros((10, 1352))}, layer)
    with pytest.raises(ValueError, match=rf"^to_torch: .*{told}"):
        to_torch({"weights": np.zeros((1352, 10))}, layer)


def test_ours_that_do_not_fit():
    layer = torch_layer("conv2d", "c")
    params = {"filters": np.zeros((3, 3, 1, 8)), "bias": np.zeros(7)}
    told = (
        r"^to_torch: the arrays of the conv2d 'c' do not fit: filters \(3, 3, 1, 8\) for "
        r"\(rows, columns, in, out\), bias \(7,\) for \(out\); is it"
    )
    with pytest.raises(ValueError, match=told):
        to_torch(params, layer)
    with pytest.raises(
        ValueError, match=r"^to_torch: .*the layers have .*bias.*, the tree has .*filters"
    ):
        to_torch({"filters": params["filters"]}, layer)
    with pytest.raises(ValueError, match="tree of layers has no filters of the conv2d 'c'"):
        to_torch({"bias": params["bias"]}, {"bias": layer["bias"]})
    unlike = init.multi_head_attention(np.random.default_rng(0), 4)
    unlike["out"] = init.dense(np.random.default_rng(0), 4, 6)
    with pytest.raises(
        ValueError, match=r"of the multi_head.*out.weights \(4, 6\) for \(width, width"
    ):
        to_torch(unlike, torch_layer("multi_head_attention", ""))


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ([np.zeros(2)], "weights are a dict of arrays, not a list; give tg.load"),
        ("weights.safetensors", r"weights are .*, not a str; give tg.load\(path\) of a .safeten"),
        ({"fc.weight": "text", "fc.bias": np.zeros(2)}, "fc.weight: takes numbers"),
        ({"fc.weight": None, "fc.bias": np.zeros(2)}, "fc.weight: takes numbers"),
        ({"fc.weight": np.ma.zeros((2, 3)), "fc.bias": np.zeros(2)}, "fc.weight: takes no masked"),
    ],
)
def test_weights_that_are_none(weights, told):
    with pytest.raises(TypeError, match=f"^from_torch: {told}"):
        from_torch(weights, torch_layer("dense", "fc"))


@pytest.mark.parametrize("layers", [{}, [np.zeros(2)], {"a": "fc"}, None, "fc"])
def test_layers_that_are_none(layers):
    with pytest.raises(TypeError, match=r"^from_torch: layers are a tree of torch_layer\("):
        from_torch(DENSE, layers)
    with pytest.raises(TypeError, match=r"^to_torch: layers are a tree of torch_layer\("):
        to_torch(DENSE, layers)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "told"),
    [
        (("bilinear", "a"), {}, ValueError, "kind is one of conv1d, .*gru, .*not 'bilinear'"),
        (("", "a"), {}, ValueError, "kind is one of"),
        ((["dense"], "a"), {}, ValueError, "kind is one of"),
        (("dense", 3), {}, TypeError, "name is a text, not 3"),
        (("lstm", "a"), {"suffix": 1}, TypeError, "suffix is a text, not 1"),
        (("dense", "a"), {"bias": np.zeros(2)}, TypeError, "bias is True or False"),
        (("dense", "a"), {"image": "no"}, TypeError, "image: a shape is a tuple of integers"),
        (("dense", "a"), {"image": (2, -1)}, ValueError, "image: an array of shape"),
        (("conv2d", "a"), {"image": (2, 2, 3)}, ValueError, "a conv2d has no features"),
        (
            ("conv2d", "a"),
            {"to_image": (2, 2, 3)},
            ValueError,
            "to_image is of dense, not of conv2d",
        ),
        (("dense", "a"), {"suffix": "_l1"}, ValueError, "suffix is of rnn, lstm, gru, not of d"),
        (("dense", "a"), {"biases": False}, TypeError, "tg.saving.torch_layer has no argument"),
    ],
)
def test_layers_that_cannot_be(arguments, options, error, told):
    with pytest.raises(error, match=told):
        torch_layer(*arguments, **options)


CLASSES = {
    "Linear": "dense", "LazyLinear": "dense", "Conv1d": "conv1d", "Conv2d": "conv2d",
    "nn.Conv2d": "conv2d", "Conv2D": "conv2d", "ConvTranspose2d": "conv_transpose2d",
    "ConvTranspose3d": "conv_transpose3d", "BatchNorm1d": "batch_norm", "BatchNorm2d": "batch_norm",
    "LayerNorm": "layer_norm", "GroupNorm": "group_norm", "InstanceNorm2d": "instance_norm",
    "RMSNorm": "rms_norm", "Embedding": "embedding", "LSTM": "lstm", "LSTMCell": "lstm",
    "GRU": "gru", "RNN": "rnn", "MultiheadAttention": "multi_head_attention", "linear": "dense",
    "Dense": "dense", "batchnorm": "batch_norm",
}  # fmt: skip


@pytest.mark.parametrize("name", CLASSES)
def test_names_of_pytorch_classes(name):
    told = rf"^torch_layer: there is no kind {name!r}; it is '{CLASSES[name]}' here$"
    with pytest.raises(ValueError, match=told):
        torch_layer(name, "a")


def test_trees_that_differ():
    conv, out = torch_layer("conv2d", "c"), torch_layer("dense", "o")
    tree = {"conv": init.conv2d(np.random.default_rng(0), 3, 1, 8), "out": np.zeros(3)}
    for layers, told in (
        ({"conv": conv}, r": the layers have \['conv'\], the tree has \['conv'\], \['out'\]"),
        (
            {"conv": torch_layer("conv2d", "c", bias=False), "out": out},
            r" at \['conv'\]: the layers have \['filters'\], the tree has .*'bias'\]",
        ),
        ({"conv": conv, "out": out}, r" at \['out'\]: the layers have a dict, the tree has a"),
        ([conv, out], r": the layers have a list, the tree has a dict"),
    ):
        with pytest.raises(ValueError, match=f"^to_torch: the trees differ{told}.*; give both one"):
            to_torch(tree, layers)


def test_where_one_looks_for_it():
    for name in ("from_torch", "to_torch", "torch_layer", "load_state_dict"):
        with pytest.raises(AttributeError, match=r"tg\.saving\.(from_torch|to_torch|torch_layer)"):
            getattr(tg, name)

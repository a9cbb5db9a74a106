"""The core alone, copied under another name: it trains part 1 of the posts, and is right."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import closed_form

CORE = Path(tg.__file__).parent / "core"
TROUSERS, DRESS, VALIDATION = 1, 3, 1_000

# A program of somebody who has the core and nothing else.
HEAD = """
import sys
for name in ("tinygrad_np", "scipy", "matplotlib"):
    sys.modules[name] = None
import numpy as np
import evening as tg

data = np.load("data.npz")
splits = {
    name: (data[f"{name} images"], data[f"{name} labels"]) for name in ("train", "valid", "test")
}


def logits(params, images):
    hidden = tg.relu(tg.conv2d(images, params["filters"], padding=1))
    return tg.dense(tg.flatten(hidden), params["weights"])


def loss(params, images, labels):
    z = logits(params, images)
    return tg.log_loss(tg.sigmoid(z), labels), z


"""

TRAINING = """
def measured(params, name):
    images, labels = splits[name]
    z = logits(params, images)
    value = tg.log_loss(tg.sigmoid(z), labels)
    return float(value), float(np.mean((z > 0) == (labels == 1)))


random = np.random.RandomState(42)
params = {"filters": random.normal(0, 2 / 3, (3, 3)).reshape(3, 3, 1, 1)}
params["weights"] = random.normal(0, 1 / 28, 784).reshape(784, 1)
images, labels = splits["train"]
gradient_of = tg.value_and_grad(loss, has_aux=True)
table = [[*measured(params, "train"), *measured(params, "valid"), *measured(params, "test")]]
for epoch in range(int(sys.argv[1])):
    losses, hits = [], []
    for _ in range(len(images)):
        k = random.randint(len(images))
        x, y = images[k : k + 1], labels[k : k + 1]
        (value, z), gradient = gradient_of(params, x, y)
        losses.append(value.item())
        hits.append((z.item() > 0) == (y.item() == 1))
        params, _ = tg.sgd(params, gradient, rate=0.001)
    means = np.mean(losses), np.mean(hits)
    table.append([*means, *measured(params, "valid"), *measured(params, "test")])
np.savez("results.npz", table=table, losses=losses, **params)
"""

DERIVATIVES = """
rng = np.random.default_rng(0)
shapes = {"filters": (3, 3, 1, 2), "weights": (2 * 784, 1)}
params, along = [
    {name: 0.1 * rng.normal(size=shape) for name, shape in shapes.items()} for _ in range(2)
]
images, labels = splits["train"][0][:5], splits["train"][1][:5]
(value, _), gradient = tg.value_and_grad(loss, has_aux=True)(params, images, labels)
(product,) = tg.hvp(lambda params: loss(params, images, labels)[0], [params], [along])
variables = tg.tree.map(tg.Tensor, params)
loss(variables, images, labels)[0].backward()
np.savez(
    "results.npz", value=value, images=images, labels=labels,
    **{f"{name} {kind}": tree[name] for kind, tree in
       (("value", params), ("gradient", gradient), ("along", along), ("product", product))
       for name in params},
    **{f"{name} backward": variables[name].grad for name in params},
)
"""


def folder_of_the_real_data():
    shared = Path(__file__).parents[2] / "shared" / "data"
    for folder in (os.environ.get("TINYGRAD_NP_DATA"), shared):
        if folder and (Path(folder) / "fashion-mnist").is_dir():
            return Path(folder) / "fashion-mnist"
    return None


REAL = folder_of_the_real_data()


def two_classes(dataset, validation):
    """(images, labels) of the training, validation and test set, standardised as in the post."""
    splits = []
    parts = (dataset.train_images, dataset.train_labels), (dataset.test_images, dataset.test_labels)
    for images, labels in parts:
        chosen = (labels == TROUSERS) | (labels == DRESS)
        splits.append(
            (
                images[chosen].reshape(-1, 28, 28, 1).astype(float),
                (labels[chosen] == DRESS)[:, None] * 1.0,
            )
        )
    (images, labels), test = splits
    train = images[:-validation], labels[:-validation]
    valid = images[-validation:], labels[-validation:]
    mean, spread = train[0].mean(0), train[0].std(0) + 1e-7
    return {
        name: ((x - mean) / spread, y)
        for name, (x, y) in (("train", train), ("valid", valid), ("test", test))
    }


@pytest.fixture(scope="module")
def drawn():
    return two_classes(tg.data.garments(2_000, 50), 50)


@pytest.fixture
def alone(tmp_path):
    """Carries out a program beside a copy of the core, on some splits, and gives its results."""
    shutil.copytree(CORE, tmp_path / "evening", ignore=shutil.ignore_patterns("__pycache__"))

    def carried_out(program, splits, *args):
        arrays = {}
        for name, (images, labels) in splits.items():
            arrays |= {f"{name} images": images, f"{name} labels": labels}
        np.savez(tmp_path / "data.npz", **arrays)
        (tmp_path / "program.py").write_text(HEAD + program, encoding="utf-8")
        command = [sys.executable, "-W", "error", "program.py", *args]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return dict(np.load(tmp_path / "results.npz"))

    return carried_out


def by_hand(splits):
    """The losses of an epoch, and the parameters after it, of a loop on `closed_form`."""
    random = np.random.RandomState(42)
    filters = random.normal(0, 2 / 3, (3, 3)).reshape(3, 3, 1, 1)
    params: tuple = filters, random.normal(0, 1 / 28, 784).reshape(784, 1)
    images, labels = splits["train"]
    losses = []
    for _ in range(len(images)):
        k = random.randint(len(images))
        one = images[k : k + 1], labels[k : k + 1]
        losses.append(float(closed_form.two_class_loss(params, *one)))
        steps = closed_form.two_class(params, *one)
        params = tuple(w - 0.001 * g for w, g in zip(params, steps, strict=True))
    return losses, params


def test_it_trains_as_a_loop_on_the_gradient_derived_by_hand(alone, drawn):
    found = alone(TRAINING, drawn, "1")
    losses, (filters, weights) = by_hand(drawn)
    assert np.mean(losses[-50:]) < np.mean(losses[:50])
    assert np.allclose(found["losses"], losses, rtol=0, atol=1e-9)
    assert np.allclose(found["filters"], filters, rtol=0, atol=1e-9)
    assert np.allclose(found["weights"], weights, rtol=0, atol=1e-9)


@pytest.mark.skipif(REAL is None, reason="needs fashion-mnist: set TINYGRAD_NP_DATA")
def test_it_trains_part_1_to_the_figures_of_the_post(alone):
    figures = {
        "train": ".0296 .4535 .2091 .9514 .1127 .9660 .0945 .9704 .0732 .9765 .0667 .9801",
        "valid": ".1076 .4410 .1545 .9570 .1313 .9670 .1209 .9660 .1047 .9650 .1214 .9630",
        "test": ".0297 .4605 .1565 .9625 .1509 .9640 .1343 .9620 .1186 .9655 .1301 .9620",
    }  # the first loss of each is 1 more
    found = alone(TRAINING, two_classes(tg.data.fashion_mnist(REAL), VALIDATION), "5")
    table = found["table"].reshape(6, 3, 2)
    table[0, :, 0] -= 1
    for i, line in enumerate(figures.values()):
        expected = np.array(line.split(), float).reshape(6, 2)
        assert np.all(np.abs(table[:, i, 0] - expected[:, 0]) <= 0.5e-4 + 1e-6)
        assert np.all(np.abs(table[:, i, 1] - expected[:, 1]) <= 0.5e-4 + 1e-9)


def test_its_derivatives_are_those_derived_by_hand(alone, drawn):
    found = alone(DERIVATIVES, drawn)
    params = found["filters value"], found["weights value"]
    along = found["filters along"], found["weights along"]
    data = found["images"], found["labels"]
    assert np.isclose(found["value"], closed_form.two_class_loss(params, *data), rtol=1e-12)
    expected = closed_form.two_class(params, *data)
    step = 1e-6
    before, after = [
        closed_form.two_class([w + h * t for w, t in zip(params, along, strict=True)], *data)
        for h in (-step, step)
    ]
    for name, g, low, high in zip(("filters", "weights"), expected, before, after, strict=True):
        scale = np.abs(g).max()
        assert np.abs(found[f"{name} gradient"] - g).max() <= 1e-12 * scale
        assert np.array_equal(found[f"{name} gradient"], found[f"{name} backward"])
        slope = (high - low) / (2 * step)
        # Of central differences at 1e-6: the rounding of g over the step, 1e-10 of its size.
        assert np.abs(found[f"{name} product"] - slope).max() <= 1e-7 * np.abs(slope).max()


def test_it_imports_numpy_and_the_standard_library_alone():
    for path in CORE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level <= 1, f"{path.name} imports from above the folder"
                names = [node.module] if not node.level else []
            else:
                continue
            strangers = {name.split(".")[0] for name in names} - sys.stdlib_module_names
            assert strangers <= {"numpy"}, path.name


ODD = """
def told(call):
    try:
        return str(call())
    except (AttributeError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


x = tg.Tensor(np.ones((1, 4, 4, 1)))
half = tg.Tensor(np.ones((1, 4, 4, 1), np.float16))
given = [
    lambda: tg.max_pool(x, 2, padding=2),
    lambda: tg.average_pool(x, 2, padding=(0, 2)),
    lambda: tg.average_pool(half, 2).dtype,
    lambda: tg.log_loss(tg.Tensor([0.5]), tg.Tensor([1.0])).item().__round__(6),
    lambda: tg.cross_entropy(tg.Tensor([[0.0, 0.0]]), tg.Tensor([[0.0, 1.0]])).item().__round__(6),
    lambda: tg.conv2d(x, np.ones((3, 3, 2, 1))),
    lambda: tg.conv2d(x, np.ones((5, 5, 1, 1))),
    lambda: x.sum(),
    lambda: np.sort(x),
    lambda: np.asarray(x),
    lambda: float(x),
    lambda: x.__setitem__(0, 1.0),
]
np.savez("results.npz", told=[told(call) for call in given])
"""


def test_what_it_cannot_do_it_says(alone, drawn):
    told = alone(ODD, drawn)["told"].tolist()
    assert told == [
        "ValueError: max_pool: with padding 2, a 2×2 window lies wholly in the padding; pad by "
        "less than its size",
        "ValueError: average_pool: with padding (0, 2), a 2×2 window lies wholly in the padding; "
        "pad by less than its size",
        "float16",
        "0.693147",
        "0.693147",
        "ValueError: conv2d: images are (n, rows, columns, channels) and filters (rows, columns, "
        "in, out) with as many channels in, not (1, 4, 4, 1) and (3, 3, 2, 1)",
        "ValueError: conv2d: a 5×5 window does not fit the 4×4 image with padding ((0, 0), (0, 0)"
        "); pad more, or use a smaller one",
        "AttributeError: a Tensor has no attribute 'sum'",
        "TypeError: np.sort has no derivative rule; give it one with tg.general (tg.pointwise, "
        "tg.linear, tg.bilinear), or use t.data for a constant",
        "TypeError: a Tensor does not turn into an array by itself: its gradient would be lost; "
        "use t.data for the value",
        "TypeError: float(t) would lose the gradient; use t.item() for the value",
        "TypeError: a Tensor is never written into; compute a new one, for instance with np.where",
    ]

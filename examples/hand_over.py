"""A network trained here, handed to onnxruntime and to PyTorch: do all three say the same?

A CNN of two convolutions learns ten kinds of clothes. onnxruntime gets it as an ONNX file
(`tg.export.onnx`), which holds the network itself; PyTorch gets the weights alone, in its own names
and layouts (`tg.saving.to_torch`), for the same network written in PyTorch. A table compares their
logits for the test images with those computed here. What is not installed is left out, and the
table says how to install it.

    python examples/hand_over.py                          # some 25 s
    python examples/hand_over.py --data built-in --quick
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import clothes
import numpy as np
from commandline import prepare_output, run_command

import tinygrad_np as tg

EPOCHS = 2
AGREE = 1e-4
"""Logits of float32, some units in size, that differ by less differ by rounding."""

# Model

FILTERS = 8, 16


def initial(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Any]:
    """Two convolutions and a dense layer, for images (rows, columns, channels)."""
    init, (rows, columns, channels) = tg.nn.init, shape
    return {
        "first": init.conv2d(rng, 3, channels, FILTERS[0]),
        "second": init.conv2d(rng, 3, FILTERS[0], FILTERS[1]),
        "out": init.dense(rng, rows // 4 * (columns // 4) * FILTERS[1], clothes.CLASSES),
    }


def logits(params: Any, images: Any) -> Any:
    """(n, rows, columns, channels) → (n, 10)"""
    x = images
    for name in ("first", "second"):
        x = tg.max_pool(tg.relu(tg.conv2d(x, **params[name], padding="same")), 2)
    return tg.dense(tg.flatten(x), **params["out"])


def loss(params: Any, images: Any, labels: Any) -> Any:
    """The mean cross-entropy."""
    return tg.cross_entropy(logits(params, images), labels)


def train(data: clothes.Pictures, epochs: int, seed: int = 0) -> tg.training.Fitted:
    """The parameters with the least loss on the validation images."""
    rng = np.random.default_rng(seed)
    return tg.training.fit(
        loss,
        initial(rng, data.train.images.shape[1:]),
        data.train,
        tg.optim.adam,
        rate=2e-3,
        epochs=epochs,
        batch_size=64,
        rng=rng,
        validation=data.valid,
    )


# Elsewhere


def in_onnxruntime(params: Any, images: np.ndarray, path: Path) -> tuple[str, np.ndarray]:
    """What onnxruntime says of all images at once; the example that is traced is one of them."""
    import onnxruntime

    tg.export.onnx(logits, params, images[:1], path)
    print(f"The network is {path}, {path.stat().st_size:,} bytes.")
    session = onnxruntime.InferenceSession(path)
    (found,) = session.run(["output"], {"images": images})
    return f"onnxruntime {onnxruntime.__version__}", found


def in_pytorch(params: Any, images: np.ndarray, path: Path) -> tuple[str, np.ndarray]:
    """What PyTorch says, of the same network with these weights."""
    import torch
    from torch import nn

    rows, columns, channels = images.shape[1:]
    flat = rows // 4, columns // 4, FILTERS[1]
    network = nn.Sequential(
        nn.Conv2d(channels, FILTERS[0], 3, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(FILTERS[0], FILTERS[1], 3, padding="same"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(rows // 4 * (columns // 4) * FILTERS[1], clothes.CLASSES),
    )
    layers = {
        "first": tg.saving.torch_layer("conv2d", "0"),
        "second": tg.saving.torch_layer("conv2d", "3"),
        "out": tg.saving.torch_layer("dense", "7", image=flat),
    }
    weights = tg.saving.to_torch(params, layers)
    network.load_state_dict({name: torch.from_numpy(x) for name, x in weights.items()})
    first = np.ascontiguousarray(np.moveaxis(images, -1, 1))  # NCHW
    with torch.no_grad():
        found = network(torch.from_numpy(first)).numpy()
    return f"PyTorch {torch.__version__.partition('+')[0]}", found


HANDED: dict[str, tuple[Callable[..., tuple[str, np.ndarray]], str]] = {
    "onnxruntime": (in_onnxruntime, "pip install onnx onnxruntime"),
    "PyTorch": (in_pytorch, "pip install torch"),
}
"""Who gets the network: what computes its logits there, and what installs it."""


def compared(params: Any, test: clothes.Split, path: Path) -> tuple[str, list[float]]:
    """The table, and its differences."""
    ours = logits(params, test.images)
    lines = [f"{'computed by':<22}{'accuracy':>9}  largest difference of a logit"]
    differences = []

    def row(who: str, z: Any, told: str) -> None:
        lines.append(f"{who:<22}{tg.nn.accuracy(z, test.labels):>9.4f}  {told}")

    row("tinygrad_np", ours, f"(they are up to {np.max(np.abs(ours)):.1f})")
    for name, (compute, install) in HANDED.items():
        try:
            who, z = compute(params, test.images, path)
        except ModuleNotFoundError as error:
            lines.append(f"{name:<22}  skipped: {error.name} is not installed: {install}")
            continue
        differences.append(float(np.max(np.abs(z - ours))))
        row(who, z, f"{differences[-1]:.1e}")
    return "\n".join(lines), differences


# Command


def main(arguments: list[str] | None = None) -> int:
    """Run it all; the exit status is 1 where they do not agree."""
    prepare_output()
    told = "Train a CNN, hand it to onnxruntime and to PyTorch, and compare."
    options = clothes.parsed(told, EPOCHS, arguments, "the ONNX file")
    try:
        data = clothes.load(options.data, options.path, options.quick)
    except (tg.data.DataError, ModuleNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    print(data.told())
    params = train(data, options.epochs, options.seed).params
    text, differences = compared(params, data.test, options.out / "hand_over.onnx")
    agree = all([x < AGREE for x in differences])  # which nan is not
    told = "they agree." if agree else "THEY DO NOT AGREE."
    print(f"\n{text}\n\nVerdict: {told if differences else 'nothing was compared.'}")
    return 0 if agree else 1


if __name__ == "__main__":
    run_command(main)

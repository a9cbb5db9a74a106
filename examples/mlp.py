"""Three dense layers tell ten kinds of clothes apart: the first network of most courses.

A multilayer perceptron, 784–256–128–10 with relu, trained by Adam with a validation after each
epoch; the parameters are kept that are best there. A figure shows the run, which kinds are taken
for which, and the pictures that it is surest about and wrong.

    python examples/mlp.py                                # some 15 s
    python examples/mlp.py --data built-in --quick
"""

from __future__ import annotations

import itertools
from typing import Any

import clothes
import numpy as np
from commandline import run_command

import tinygrad_np as tg

EPOCHS = 6
STATED = 0.87
"""The accuracy that a run reaches on the test images of Fashion-MNIST and of the garments."""

load = clothes.load

# Model

SIZES = 256, 128, 10


def initial(rng: np.random.Generator, pixels: int) -> list[dict[str, Any]]:
    """Weights and biases of the three layers."""
    sizes = itertools.pairwise((pixels, *SIZES))
    return [tg.nn.init.dense(rng, a, b, weights=tg.nn.init.he_normal) for a, b in sizes]


def logits(params: Any, images: Any) -> Any:
    """(n, rows, columns, channels) → (n, 10)"""
    x = tg.flatten(images)
    *hidden, last = params
    for layer in hidden:
        x = tg.relu(tg.dense(x, **layer))
    return tg.dense(x, **last)


# Training


def loss(params: Any, images: Any, labels: Any) -> Any:
    """The mean cross-entropy."""
    return tg.cross_entropy(logits(params, images), labels)


def evaluate(params: Any, images: Any, labels: Any) -> dict[str, Any]:
    """What is told of images that are not trained with."""
    z = logits(params, images)
    return {"loss": tg.cross_entropy(z, labels), "accuracy": tg.nn.accuracy(z, labels)}


def train(data: clothes.Pictures, epochs: int, seed: int = 0) -> tg.training.Fitted:
    """The parameters that are most accurate on the validation images."""
    rng = np.random.default_rng(seed)
    steps = epochs * -(-len(data.train.labels) // 64)
    return tg.training.fit(
        loss,
        initial(rng, data.train.images[0].size),
        data.train,
        tg.optim.adam,
        rate=tg.optim.schedules.cosine(1e-3, steps),
        epochs=epochs,
        batch_size=64,
        rng=rng,
        validation=data.valid,
        evaluate=evaluate,
        monitor="accuracy",
        mode="max",
    )


# Command


def tested(fitted: tg.training.Fitted, data: clothes.Pictures) -> Any:
    """The logits of the test images."""
    return logits(fitted.params, data.test.images)


def result(fitted: tg.training.Fitted, data: clothes.Pictures) -> float:
    """The accuracy on the test images."""
    return float(tg.nn.accuracy(tested(fitted, data), data.test.labels))


def title(data: clothes.Pictures) -> str:
    """Of the figure."""
    sizes = "–".join(map(str, (data.test.images[0].size, *SIZES)))
    return f"Dense layers, {sizes}, on {data.which}"


def main(arguments: list[str] | None = None) -> int:
    """Run it all."""
    told = "Train three dense layers to tell ten kinds apart."
    return clothes.trained("mlp", told, EPOCHS, train, tested, title, arguments)


if __name__ == "__main__":
    run_command(main)

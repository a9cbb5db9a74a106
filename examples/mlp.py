"""Three dense layers tell ten kinds of clothes apart: the first network of most courses.

A multilayer perceptron, 784–256–128–10 with relu, trained by Adam with a validation after each
epoch; the parameters are kept that are best there. A figure shows the run, which kinds are taken
for which, and the pictures that it is surest about and wrong.

    python examples/mlp.py                                # some 15 s
    python examples/mlp.py --data built-in --quick
"""

from __future__ import annotations

import itertools
import sys
from typing import Any

import clothes
import numpy as np
from commandline import figure_told, prepare_output, run_command

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


def result(fitted: tg.training.Fitted, data: clothes.Pictures) -> float:
    """The accuracy on the test images."""
    return float(tg.nn.accuracy(logits(fitted.params, data.test.images), data.test.labels))


def main(arguments: list[str] | None = None) -> int:
    """Run it all."""
    prepare_output()
    options = clothes.parsed("Train three dense layers to tell ten kinds apart.", EPOCHS, arguments)
    try:
        data = load(options.data, options.path, options.quick)
    except (tg.data.DataError, ModuleNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    print(data.told())
    fitted = train(data, options.epochs, options.seed)
    z = logits(fitted.params, data.test.images)
    print("\n" + clothes.table(z, data.test, data.names))
    print(f"\nAccuracy on the test images: {result(fitted, data):.4f}")
    sizes = "–".join(map(str, (data.test.images[0].size, *SIZES)))
    title = f"Dense layers, {sizes}, on {data.which}"
    return figure_told(
        lambda: clothes.draw(fitted.history, z, data, title, options.out / "mlp.png")
    )


if __name__ == "__main__":
    run_command(main)

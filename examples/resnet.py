"""A small residual network with batch normalisation, on pictures that are never quite the same.

Three blocks of two convolutions beside a shortcut (He et al., "Deep residual learning for image
recognition", 2016), trained by SGD with Nesterov's momentum on crops and mirror images that are
drawn anew in each epoch, with a rate that rises for a while and falls along a cosine.

    python examples/resnet.py                             # some 80 s
    python examples/resnet.py --data cifar-10
    python examples/resnet.py --data built-in --quick
"""

from __future__ import annotations

from functools import partial
from typing import Any

import clothes
import numpy as np
from commandline import run_command

import tinygrad_np as tg

EPOCHS = 4
STATED = 0.87
"""The accuracy that a run reaches on the test images of Fashion-MNIST and of the garments."""

load = clothes.load

# Model

STAGES = (16, 1), (32, 2), (64, 2)
"""Filters and stride of each block."""


def initial(rng: np.random.Generator, channels: int) -> dict[str, Any]:
    """Filters and the normalisation of each convolution, and the dense layer."""

    def convolution(size: int, inputs: int, filters: int) -> dict[str, Any]:
        draw = tg.nn.init.he_normal
        layer = tg.nn.init.conv2d(rng, size, inputs, filters, bias=False, filters=draw)
        return layer | tg.nn.init.batch_norm(filters)

    inputs = STAGES[0][0]
    params = {"stem": convolution(3, channels, inputs)}
    for i, (filters, stride) in enumerate(STAGES):
        params[f"first {i}"] = convolution(3, inputs, filters)
        params[f"second {i}"] = convolution(3, filters, filters)
        if stride > 1:
            params[f"shortcut {i}"] = convolution(1, inputs, filters)
        inputs = filters
    return params | {"out": tg.nn.init.dense(rng, inputs, clothes.CLASSES)}


def logits(params: Any, state: Any, images: Any, training: bool) -> tuple[Any, Any]:
    """(n, rows, columns, channels) → (n, 10), and the new statistics of each normalisation."""
    new = {}

    def convolved(x: Any, name: str, stride: int = 1) -> Any:
        layer = params[name]
        y = tg.conv2d(x, layer["filters"], stride, "same")
        norm = layer["scale"], layer["shift"]
        y, new[name] = tg.nn.batch_norm(y, state.get(name), *norm, training=training)
        return y

    x = tg.relu(convolved(images, "stem", 2))
    for i, (_, stride) in enumerate(STAGES):
        y = convolved(tg.relu(convolved(x, f"first {i}", stride)), f"second {i}")
        x = tg.relu(y + (x if stride == 1 else convolved(x, f"shortcut {i}", stride)))
    return tg.dense(tg.nn.global_average_pool(x), **params["out"]), new


# Training


def loss(params: Any, state: Any, images: Any, labels: Any) -> tuple[Any, Any]:
    """The mean cross-entropy, and the new state."""
    z, state = logits(params, state, images, training=True)
    return tg.cross_entropy(z, labels), state


def evaluate(params: Any, state: Any, images: Any, labels: Any) -> dict[str, Any]:
    """What is told of images that are not trained with."""
    z, _ = logits(params, state, images, training=False)
    return {"loss": tg.cross_entropy(z, labels), "accuracy": tg.nn.accuracy(z, labels)}


def train(data: clothes.Pictures, epochs: int, seed: int = 0) -> tg.training.Fitted:
    """The parameters and the state that are most accurate on the validation images."""
    rng, crops = np.random.default_rng(seed).spawn(2)
    size = data.train.images.shape[1]

    def varied(batch: clothes.Split) -> clothes.Split:
        images = tg.data.random_crop(crops, batch.images, size, padding=2)
        return clothes.Split(tg.data.random_flip(crops, images), batch.labels)

    batches = tg.data.minibatches(rng, data.train, 64)
    steps = epochs * len(batches)
    warm = steps // 10
    return tg.training.fit(
        loss,
        initial(rng, data.train.images.shape[-1]),
        tg.data.prefetch(batches, transform=varied),
        partial(tg.optim.sgd, momentum=0.9, nesterov=True, weight_decay=5e-4),
        rate=tg.optim.schedules.warm_up(tg.optim.schedules.cosine(0.1, steps - warm), warm),
        epochs=epochs,
        rng=rng,
        state={},
        validation=data.valid,
        evaluate=evaluate,
        monitor="accuracy",
        mode="max",
    )


# Command


def tested(fitted: tg.training.Fitted, data: clothes.Pictures) -> Any:
    """The logits of the test images."""
    return logits(fitted.params, fitted.state, data.test.images, training=False)[0]


def result(fitted: tg.training.Fitted, data: clothes.Pictures) -> float:
    """The accuracy on the test images."""
    return float(tg.nn.accuracy(tested(fitted, data), data.test.labels))


def title(data: clothes.Pictures) -> str:
    """Of the figure."""
    return f"A ResNet of three blocks on {data.which}"


def main(arguments: list[str] | None = None) -> int:
    """Run it all."""
    told = "Train a small ResNet to tell ten kinds apart."
    return clothes.trained("resnet", told, EPOCHS, train, tested, title, arguments)


if __name__ == "__main__":
    run_command(main)

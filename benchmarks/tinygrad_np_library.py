"""The cases with this library, written as a user would write them."""

from collections.abc import Callable
from typing import Any

import tinygrad_np as tg

from .cases import RATE, Arrays

Step = Callable[[], tuple[Any, Any]]


def two_class(params: Arrays, batch: Arrays) -> Step:
    """The first post's network."""

    def loss(params: Arrays, images: Any, labels: Any) -> Any:
        filters, weights = params
        hidden = tg.relu(tg.conv2d(images, filters, padding=1))
        return tg.log_loss_with_logits(hidden.reshape(len(images), -1) @ weights, labels)

    value_and_grad = tg.value_and_grad(loss)

    def step() -> tuple[Any, Any]:
        value, grads = value_and_grad(params, *batch)
        for p, g in zip(params, grads, strict=True):
            p -= RATE * g
        return value, grads

    return step

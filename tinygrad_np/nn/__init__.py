"""Layers as plain functions: what is left beside the core's.

- `layers`: convolutions of one to three axes and their transposes, pooling, `dropout`;
- `activations`, `normalisation`, `recurrent`, `resizing`, `transformers`: the other layers;
- `losses`, `metrics`: what training minimises, and what one reads beside it;
- `init`: first values of parameters, ``tg.nn.init.dense(rng, 784, 10)``;
- `grouped`: products of windows and filters in groups;
- `indices`: the index trick of the posts.
- `geometry`: which windows fit, and what to say where they do not;
- `optimisers`, `schedules`, `updates`: what `tg.optim` offers.
"""

from typing import NoReturn

from .. import answers
from . import (
    activations,
    init,
    layers,
    losses,
    metrics,
    normalisation,
    recurrent,
    resizing,
    transformers,
)
from .activations import *  # noqa: F403
from .layers import *  # noqa: F403
from .losses import *  # noqa: F403
from .metrics import *  # noqa: F403
from .normalisation import *  # noqa: F403
from .recurrent import *  # noqa: F403
from .resizing import *  # noqa: F403
from .transformers import *  # noqa: F403

__all__ = ["init"]
for _module in (
    activations,
    layers,
    losses,
    metrics,
    normalisation,
    recurrent,
    resizing,
    transformers,
):
    __all__ += _module.__all__


def __getattr__(name: str) -> NoReturn:
    raise answers.no_attribute("tinygrad_np.nn", name)

"""Layers as plain functions: what is left beside the core's.

- `layers`: convolutions of one to three axes and their transposes, pooling, `dropout`;
- `activations`, `normalisation`, `recurrent`, `resizing`, `transformers`: the other layers;
- `losses`, `metrics`: what training minimises, and what one reads beside it;
- `init`: first values of parameters, ``tg.nn.init.dense(rng, 784, 10)``;
- `optimisers`, `schedules`, `updates`: what `tg.optim` offers; `leafwise`: beneath them;
- `grouped`: products of windows and filters in groups; `normalised`: beneath all normalisations;
- `indices`: the index trick of the posts;
- `geometry`, `arguments`: what is asked of windows, numbers and generators.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .. import answers
from . import layers
from .layers import *  # noqa: F403

if TYPE_CHECKING:
    from . import init as init
    from .activations import *  # noqa: F403
    from .losses import *  # noqa: F403
    from .metrics import *  # noqa: F403
    from .normalisation import *  # noqa: F403
    from .recurrent import *  # noqa: F403
    from .resizing import *  # noqa: F403
    from .transformers import *  # noqa: F403

# These modules load when a name is looked for that `layers` does not have.
_LATER = (
    "activations", "losses", "metrics", "normalisation", "recurrent", "resizing", "transformers",
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "init":
        return importlib.import_module(".init", __name__)
    later = [importlib.import_module(f".{module}", __name__) for module in _LATER]
    if name == "__all__":
        return [*layers.__all__, *[name for module in later for name in module.__all__], "init"]
    for module in later:
        if name in module.__all__:
            globals()[name] = getattr(module, name)
            return globals()[name]
    raise answers.no_attribute("tinygrad_np.nn", name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__")})

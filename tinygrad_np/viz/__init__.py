"""Pictures: of learning (`figures`), as matplotlib draws them; the extra ``plot``. Pages: `lab`.

>>> from tinygrad_np import viz
>>> axes = viz.figure(4, 3).subplots()
>>> viz.image(axes, [[0.0, 1.0], [1.0, 0.0]], "a filter")
>>> axes.get_title()
'a filter'
"""

from __future__ import annotations

from typing import NoReturn

from .. import answers
from .figures import (
    box,
    colour_bar,
    confusion_matrix,
    figure,
    image,
    learning_curves,
    numbers,
    save,
)
from .lab import convolution_lab

__all__ = [
    "box",
    "colour_bar",
    "confusion_matrix",
    "convolution_lab",
    "figure",
    "image",
    "learning_curves",
    "numbers",
    "save",
]


def __getattr__(name: str) -> NoReturn:
    raise answers.no_attribute(__name__, name)


def __dir__() -> list[str]:
    return __all__

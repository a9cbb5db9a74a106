"""Pictures: of learning (`figures`), of images and filters (`pictures`), of numbers (`cells`).

What draws takes matplotlib's axes, or None for those of a new figure, and gives them. The extra
``plot`` has matplotlib. `lab` makes a page to play with a convolution, `graphs` one to look at a
graph: `tinygrad_np.graph`.

>>> from tinygrad_np import viz
>>> axes = viz.image(None, [[0.0, 1.0], [1.0, 0.0]], "a filter")
>>> axes.get_title()
'a filter'
"""

from __future__ import annotations

from typing import NoReturn

from .. import answers
from .cells import box, depth_stack, numbers
from .figures import confusion_matrix, figure, label_lines, learning_curves, save
from .lab import convolution_lab
from .pictures import colour_bar, feature_maps, filters, image, images, misclassified

__all__ = [
    "box",
    "colour_bar",
    "confusion_matrix",
    "convolution_lab",
    "depth_stack",
    "feature_maps",
    "figure",
    "filters",
    "image",
    "images",
    "label_lines",
    "learning_curves",
    "misclassified",
    "numbers",
    "save",
]


def __getattr__(name: str) -> NoReturn:
    raise answers.no_attribute(__name__, name)


def __dir__() -> list[str]:
    return __all__

"""The colours of all figures, which all eyes can tell apart, and the sizes of their text.

`CYCLE` has the colours of Okabe and Ito but yellow, which white paper swallows; `shades` are those
of signed numbers, `ink` is what can be read on a colour.
"""

from __future__ import annotations

from typing import Any

import numpy as np

BLUE, VERMILION, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
SKY, AMBER, INK = "#56b4e9", "#e69f00", "#1b1b1f"
CYCLE = BLUE, VERMILION, GREEN, PURPLE, SKY, AMBER, INK
FAINT, LINE = "#6b6f76", "#d4d7dc"
"""Of what stands back: words beside the matter, and lines of a grid."""
TITLE, LABEL, SMALL = 10, 9, 8
"""Sizes of text in points: a figure 8 inches wide is shown as 800 pixels, 8 points as 11."""
SIGNED = "RdBu_r"
"""The name of the colour map of images that change sign: blue, white at 0, red."""


def shades(colour: str) -> Any:
    """From the opposite of `colour` over white to `colour`: half as strong, for black digits."""
    from matplotlib.colors import LinearSegmentedColormap, hsv_to_rgb, rgb_to_hsv, to_rgb

    hue, _, value = rgb_to_hsv(to_rgb(colour))
    # strong enough to be told from it, where the colour is a grey, too
    opposite = hsv_to_rgb((float(hue + 0.5) % 1, 1.0, max(float(value), 0.5)))
    ends: Any = [opposite, (1, 1, 1), to_rgb(colour)]
    return LinearSegmentedColormap.from_list("", (1 + np.array(ends)) / 2)


def ink(cell: Any) -> str:
    """White on a dark cell, black on a light one."""
    return "white" if np.dot(cell[:3], (0.299, 0.587, 0.114)) < 0.5 else "black"

"""matplotlib's figures and axes in one style, and shown in a notebook without a magic line.

No box on top and right, a light grid, text of three sizes, colours that all eyes can tell apart.
Nothing global is changed: figures that a user makes with pyplot stay as they are.
"""

from __future__ import annotations

import io
from typing import Any

import matplotlib.axes
import matplotlib.figure

from .colours import CYCLE, FAINT, INK, LABEL, LINE, SMALL, TITLE

PIXELS = 100
"""So many pixels of a page are an inch of a figure."""
_LEGEND: dict[str, Any] = {"frameon": False, "fontsize": SMALL}
_TITLE: dict[str, Any] = {"fontsize": TITLE, "color": INK}


class Axes(matplotlib.axes.Axes):
    """Axes in this style; as the last value of a cell they show their figure."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.spines[["top", "right"]].set_visible(False)
        self.spines[["left", "bottom"]].set_color(FAINT)
        self.set_prop_cycle(color=CYCLE)
        self.grid(color=LINE, linewidth=0.6)
        self.set_axisbelow(True)
        self.tick_params(which="both", labelsize=SMALL, color=FAINT, length=3)
        for axis in (self.xaxis, self.yaxis):
            axis.label.set_fontsize(LABEL)

    def set_title(self, label: str, *args: Any, **kwargs: Any) -> Any:
        """As matplotlib's, in the size of this style."""
        return super().set_title(label, *args, **_TITLE | kwargs)

    def legend(self, *args: Any, **kwargs: Any) -> Any:
        """As matplotlib's, without a frame."""
        return super().legend(*args, **_LEGEND | kwargs)

    def _repr_png_(self) -> Any:
        whole: Any = self.figure.figure  # also of axes in a part of a figure
        return whole._repr_png_()


class _Styled(matplotlib.figure.FigureBase):
    """What a figure and a part of one have in common: their axes are of this style."""

    def add_subplot(self, *args: Any, **kwargs: Any) -> Any:
        """As matplotlib's."""
        if not {"projection", "polar"} & set(kwargs):
            kwargs.setdefault("axes_class", Axes)
        return super().add_subplot(*args, **kwargs)

    def add_subfigure(self, *args: Any, **kwargs: Any) -> Any:
        """As matplotlib's."""
        part: Any = super().add_subfigure(*args, **kwargs)
        part.__class__ = _Part
        return part

    def legend(self, *args: Any, **kwargs: Any) -> Any:
        """As matplotlib's, without a frame."""
        return super().legend(*args, **_LEGEND | kwargs)

    def suptitle(self, t: str, **kwargs: Any) -> Any:
        """As matplotlib's, in the size of this style."""
        return super().suptitle(t, **{"fontsize": TITLE + 1, "color": INK} | kwargs)


class _Part(_Styled, matplotlib.figure.SubFigure):
    pass


class Figure(_Styled, matplotlib.figure.Figure):
    """A figure in this style; as the last value of a cell it shows itself."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The picture with twice as many pixels as are shown, for screens that have more."""
        file = io.BytesIO()
        self.savefig(file, format="png", dpi=2 * PIXELS)
        width, height = [round(PIXELS * inches) for inches in self.get_size_inches()]
        return file.getvalue(), {"width": width, "height": height}

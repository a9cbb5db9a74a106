"""One style for all figures, which changes nothing global; notebooks show them by themselves."""

import itertools
import struct

import matplotlib
import numpy as np
import pytest

from tinygrad_np import viz
from tinygrad_np.viz import colours


def all_axes():
    """Axes of a figure, of a mosaic, and of a part of a part of a figure."""
    yield viz.figure(4, 3).subplots()
    yield viz.figure(4, 3).subplot_mosaic([["a", "b"]])["b"]
    part = viz.figure(4, 3).subfigures(1, 2)[1]
    yield part.subplots()
    yield part.subfigures(2, 1)[0].add_subplot()


@pytest.mark.parametrize("axes", list(all_axes()))
def test_axes_are_of_the_style_wherever_they_stand(axes):
    visible = {side for side, spine in axes.spines.items() if spine.get_visible()}
    assert visible == {"left", "bottom"}
    lines = [axes.plot([0, 1])[0].get_color() for _ in range(3)]
    assert lines == list(colours.CYCLE[:3])
    axes.set_title("a title")
    assert axes.title.get_fontsize() == colours.TITLE
    axes.set_title("a title", fontsize=20)
    assert axes.title.get_fontsize() == 20
    assert not axes.legend(["a"]).get_frame_on()


def test_nothing_global_changes_and_other_projections_work():
    before = dict(matplotlib.rcParams)
    figure = viz.figure(4, 3)
    figure.suptitle("a")
    axes = figure.add_subplot(projection="polar")
    assert axes.name == "polar"
    assert dict(matplotlib.rcParams) == before


def as_seen(colour, kind):
    """A colour as one sees it who lacks a kind of cones (Viénot, Brettel and Mollon, 1999)."""
    linear = np.array(
        [
            x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4
            for x in matplotlib.colors.to_rgb(colour)
        ]
    )
    to_cones = np.array(
        [[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]]
    )
    cones = to_cones @ linear
    if kind == "no red":
        cones[0] = 2.02344 * cones[1] - 2.52581 * cones[2]
    else:
        cones[1] = 0.494207 * cones[0] + 1.24827 * cones[2]
    return np.linalg.solve(to_cones, cones)


@pytest.mark.parametrize("kind", ["no red", "no green"])
def test_the_first_colours_are_told_apart_by_all_eyes(kind):
    """matplotlib's own would fail: orange and green at 0.03, green and red at 0.07."""
    seen = [as_seen(colour, kind) for colour in colours.CYCLE[:4]]
    for one, other in itertools.combinations(seen, 2):
        assert np.linalg.norm(one - other) > 0.12


@pytest.mark.parametrize("value", [viz.figure(4, 3), viz.figure(4, 3).subplots()])
def test_the_picture_has_two_pixels_for_each_that_is_shown(value):
    data, shown = value._repr_png_()
    assert shown == {"width": 400, "height": 300}
    assert struct.unpack(">II", data[16:24]) == (800, 600)


def test_axes_of_a_part_show_the_whole_figure():
    axes = viz.figure(6, 2).subfigures(1, 2)[0].subplots()
    assert axes._repr_png_()[1] == {"width": 600, "height": 200}


def test_ipython_shows_figures_and_axes():
    formatters = pytest.importorskip("IPython.core.formatters", reason="IPython is not installed")
    show = formatters.DisplayFormatter()
    for value in (viz.figure(1, 1), viz.image(None, np.eye(3))):
        data, metadata = show.format(value)
        assert data["image/png"].startswith(b"\x89PNG")
        assert set(metadata["image/png"]) == {"width", "height"}

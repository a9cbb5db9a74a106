"""Figures: drawn without a screen, written whole or not at all."""

import builtins
import re

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import viz


def test_curves_and_images(tmp_path):
    figure = viz.figure(4, 3)
    axes = figure.subplots(1, 3)
    viz.learning_curves(axes[0], {"train": [1.0, 0.5, 0.2], "test": [1.0, 0.6, 0.4]}, "loss")
    viz.image(axes[1], np.eye(4), "plain")
    viz.image(axes[2], -np.eye(4), "signed", largest=1.0, numbers=True)
    assert [line.get_label() for line in axes[0].lines] == ["train", "test"]
    assert axes[0].get_ylabel() == "loss"
    low, high = axes[2].images[0].get_clim()
    assert (low, high) == (-1, 1)
    path = viz.save(figure, tmp_path / "new" / "a.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert list(path.parent.iterdir()) == [path]
    (path.parent / "other").touch()
    assert path.stat().st_mode == (path.parent / "other").stat().st_mode


def test_the_point_before_training_does_not_rule_the_axes():
    """Epochs 1 to 5 fill the axes, and the title has what lies outside."""
    axes = viz.figure(4, 3).subplots()
    curves = {"train": [1.03, 0.21, 0.11, 0.09], "test": [0.14, 0.16, 0.15, 0.13]}
    viz.learning_curves(axes, curves, "loss")
    low, high = axes.get_ylim()
    assert 0.05 < low < 0.09
    assert 0.21 < high < 0.25
    assert axes.get_title() == "before training: train 1.03, test 0.14"
    assert [line.get_ydata().tolist() for line in axes.lines] == list(curves.values())


def test_a_point_before_training_that_is_in_the_axes_anyway():
    axes = viz.figure(4, 3).subplots()
    viz.learning_curves(axes, {"train": [0.3, 0.2, 0.31], "test": [np.nan, np.nan]}, "loss")
    assert axes.get_title() == "before training: train 0.3, test nan"
    axes = viz.figure(4, 3).subplots()
    viz.learning_curves(axes, {"train": [0.3, 0.2, 0.31]}, "loss")
    assert axes.get_title() == ""
    assert axes.get_ylim()[0] < 0.2 < 0.31 < axes.get_ylim()[1]


@pytest.mark.parametrize("values", [[1.0, 1.0, 1.0], [0.5], [np.inf, np.nan, np.inf]])
def test_curves_that_say_little(values):
    viz.learning_curves(viz.figure(4, 3).subplots(), {"train": values}, "loss")


@pytest.mark.parametrize("curves", [{}, {"a": []}, {"a": [[1.0]]}, {"a": [1.0], "b": 2.0}])
def test_curves_that_are_none(curves):
    with pytest.raises(ValueError, match="learning_curves: takes one curve or more"):
        viz.learning_curves(viz.figure(4, 3).subplots(), curves, "loss")


class TestImages:
    @pytest.fixture
    def axes(self):
        return viz.figure(1, 1).subplots()

    def test_one_channel(self, axes):
        viz.image(axes, np.zeros((2, 2)), largest=0.0)
        viz.image(axes, np.arange(4.0).reshape(2, 2, 1))
        assert axes.images[-1].get_clim() == (0, 3)
        viz.image(axes, np.array([[3, 5]], np.uint8))
        assert axes.images[-1].get_clim() == (0, 255)
        viz.image(axes, np.eye(2) > 0)
        assert axes.images[-1].get_clim() == (0, 1)

    @pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
    def test_colours_as_they_are(self, axes, dtype):
        pixels = np.array([[[0, 1, 1], [1, 0, 0]]], dtype)
        viz.image(axes, pixels)
        drawn = axes.images[-1].get_array()
        assert drawn.tolist() == pixels.tolist()
        assert drawn.dtype == (np.uint8 if pixels.dtype.kind in "iu" else dtype)

    def test_colours_around_zero(self, axes):
        """0 is half of a colour, −largest none of it, largest and more all of it."""
        viz.image(axes, np.array([[[-2, 0, 1], [2, 4, -9]]]), largest=2.0)
        assert axes.images[-1].get_array().tolist() == [[[0, 0.5, 0.75], [1, 1, 0]]]

    @pytest.mark.parametrize("low", [-0.1, 1.1, np.nan])
    def test_colours_out_of_their_range(self, axes, low):
        with pytest.raises(ValueError, match=r"from 0 to 1, not float64 from .* or give largest="):
            viz.image(axes, np.full((2, 2, 3), low))
        with pytest.raises(ValueError, match=r"from 0 to 255 .* not int64 from -1 to 256"):
            viz.image(axes, np.array([[[-1, 0, 256]]]))

    @pytest.mark.parametrize("shape", [(2,), (2, 2, 2), (2, 2, 4), (1, 2, 2, 1), (0, 2), (2, 0, 3)])
    def test_shapes_that_are_no_image(self, axes, shape):
        with pytest.raises(ValueError, match=r"image: takes .* numbers, not shape \("):
            viz.image(axes, np.zeros(shape))

    @pytest.mark.parametrize(
        ("shape", "told"),
        [
            ((3, 8, 8), "use np.moveaxis(pixels, 0, -1)"),
            ((1, 8, 8, 3), "draw one of them: pixels[0]"),
        ],
    )
    def test_channels_first_and_batches_are_named(self, axes, shape, told):
        with pytest.raises(ValueError, match=re.escape(told)):
            viz.image(axes, np.zeros(shape))
        with pytest.raises(ValueError, match="divide by 255, or give largest="):
            viz.image(axes, np.full((2, 2, 3), 200.0))

    def test_what_is_infinite_has_the_colour_of_the_largest(self, axes):
        viz.image(axes, [[-np.inf, np.inf, 1.0, np.nan]], largest=1.0, numbers=True)
        picture = axes.images[-1]
        assert picture.get_array()[0, :3].tolist() == [-1, 1, 1]
        assert [text.get_text() for text in axes.texts] == ["-inf", "inf", "1.00", "nan"]
        viz.numbers(axes, [[-np.inf, np.inf, 2.0]])
        assert np.ravel(axes.collections[-1].get_array()).tolist() == [-2, 2, 2]

    def test_a_tensor_is_told_what_to_give(self, axes):
        for draw in (viz.image, viz.numbers):
            told = f"tg.viz.{draw.__name__} would lose the gradient; use t.data for the value"
            with pytest.raises(TypeError, match=f"^{re.escape(told)}$"):
                draw(axes, tg.Tensor(np.eye(2)))

    @pytest.mark.parametrize("largest", [-1.0, np.nan, np.inf])
    def test_a_largest_that_is_none(self, axes, largest):
        with pytest.raises(ValueError, match="image: largest is a number from 0 on"):
            viz.image(axes, np.eye(2), largest=largest)

    @pytest.mark.parametrize("pixels", [[["a"]], [[1j]], [[None]]])
    def test_what_is_no_number(self, axes, pixels):
        for draw in (viz.image, viz.numbers):
            with pytest.raises(
                TypeError, match=f"{draw.__name__}: takes real numbers, not an arra"
            ):
                draw(axes, pixels)
        with pytest.raises(ValueError, match="image: the nested lists are no array"):
            viz.image(axes, [[1], [1, 2]])

    def test_numbers_can_be_read_on_every_colour(self, axes):
        viz.image(axes, [[-1.0, 0.0, 1.0]], largest=1.0, numbers=True)
        assert [text.get_color() for text in axes.texts] == ["white", "black", "white"]
        axes.texts[0].remove()
        viz.image(axes, [[0.0, 1.0]], numbers=True)
        assert [text.get_color() for text in axes.texts[-2:]] == ["white", "black"]
        with pytest.raises(ValueError, match="written into one channel"):
            viz.image(axes, np.zeros((1, 1, 3)), numbers=True)


def test_a_colour_bar_is_that_of_its_images():
    figure = viz.figure(4, 2)
    places = figure.subplots(1, 2)
    for place in places:
        viz.image(place, np.eye(3), largest=2.0)
    viz.colour_bar(places, "weights")
    bar = figure.axes[-1]
    assert len(figure.axes) == 3
    assert bar.get_ylim() == (-2, 2)
    assert bar.get_ylabel() == "weights"
    viz.colour_bar(places[0])
    empty, coloured = viz.figure(4, 2).subplots(1, 2)
    viz.image(coloured, np.zeros((1, 1, 3)))
    for place in (empty, coloured, []):
        with pytest.raises(ValueError, match="scale of an image of one channel"):
            viz.colour_bar(place)


def test_a_figure_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    figure = viz.figure(1, 1)

    def fail(*args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr(figure, "savefig", fail)
    with pytest.raises(OSError, match="no space left"):
        viz.save(figure, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_without_matplotlib_the_remedy_is_named(monkeypatch):
    original = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ModuleNotFoundError("No module named 'matplotlib'")
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ModuleNotFoundError, match="pip install matplotlib"):
        viz.figure(1, 1)


def test_numbers_are_written_as_they_are():
    axes = viz.figure(2, 2).subplots()
    viz.numbers(axes, [[1.0, -2.5], [np.nan, 1000]], "some", "red")
    assert [text.get_text() for text in axes.texts] == ["1", "-2.5", "1000"]
    assert [text.get_position() for text in axes.texts] == [(0, 0), (1, 0), (1, 1)]
    axes = viz.figure(2, 2).subplots()
    viz.numbers(axes, [[0.0, -0.0]])
    assert [text.get_text() for text in axes.texts] == ["0", "0"]
    with pytest.raises(ValueError, match=r"numbers: takes .* not shape \(3,\)"):
        viz.numbers(axes, [1, 2, 3])


@pytest.mark.parametrize("colour", ["red", "green", "blue", "gray", "black", "tab:blue"])
def test_the_sign_of_a_number_shows(colour):
    """−104 and 104 are not the same blue, 0 is white, and black digits can be read on all."""
    axes = viz.figure(2, 2).subplots()
    viz.numbers(axes, [[-104, 0, 104, np.nan]], "", colour)
    [mesh] = axes.collections
    below, zero, above = mesh.to_rgba(mesh.get_array())[0, :3, :3]
    assert np.allclose(zero, 1, atol=0.01)
    assert np.max(np.abs(below - above)) > 0.2
    for cell in (below, zero, above):
        light = np.where(cell <= 0.04045, cell / 12.92, ((cell + 0.055) / 1.055) ** 2.4)
        contrast = (light @ [0.2126, 0.7152, 0.0722] + 0.05) / 0.05  # with black, as in WCAG 2
        assert contrast > 4.5
    assert [text.get_text() for text in axes.texts] == ["-104", "0", "104"]


def test_numbers_of_no_colour():
    with pytest.raises(ValueError, match="matplotlib knows no colour 'rouge'"):
        viz.numbers(viz.figure(2, 2).subplots(), [[1.0]], "", "rouge")


@pytest.mark.parametrize("size", [(0, 1), (1, -1), (np.nan, 1), (np.inf, 1)])
def test_a_figure_of_no_size(size):
    with pytest.raises(ValueError, match="figure: width and height are inches above 0"):
        viz.figure(*size)


@pytest.mark.parametrize("name", ["a", "a.", "a.xyz", ".png"])
def test_an_ending_that_is_none(name, tmp_path):
    with pytest.raises(ValueError, match="needs an ending that says how"):
        viz.save(viz.figure(1, 1), tmp_path / name)
    assert not any(tmp_path.iterdir())


def test_boxes_frame_their_cells():
    axes = viz.figure(2, 2).subplots()
    viz.box(axes, 4, 3, 5, 3)
    viz.box(axes, 0, 0, 1, 1, dashed=True)
    one, two = axes.patches
    assert (one.get_xy(), one.get_width(), one.get_height()) == ((2.5, 3.5), 3, 5)
    assert [patch.get_linestyle() for patch in (one, two)] == ["-", "--"]


def test_a_confusion_matrix_has_its_counts(tmp_path):
    figure = viz.figure(3, 3)
    axes = figure.subplots()
    viz.confusion_matrix(axes, [[3, 1], [0, 0]], ["a", "b"])
    assert [text.get_text() for text in axes.texts] == ["3", "1"]
    assert axes.images[0].get_array().tolist() == [[0.75, 0.25], [0, 0]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    viz.save(figure, tmp_path / "a.png")
    with pytest.raises(ValueError, match="counts are at least 0"):
        viz.confusion_matrix(axes, [[1, -1], [0, 1]], ["a", "b"])
    with pytest.raises(ValueError, match="goes around one cell or more, not 0 by 2"):
        viz.box(axes, 0, 0, 0, 2)
    with pytest.raises(ValueError, match=r"2 names need counts of shape \(2, 2\)"):
        viz.confusion_matrix(axes, [[1]], ["a", "b"])

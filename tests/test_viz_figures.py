"""Figures: drawn without a screen, written whole or not at all."""

import builtins
import itertools

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
    assert [text.get_text() for text in axes[0].texts] == ["train", "test"]
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


@pytest.mark.parametrize("size", [(0, 1), (1, -1), (np.nan, 1), (np.inf, 1)])
def test_a_figure_of_no_size(size):
    with pytest.raises(ValueError, match="figure: width and height are inches above 0"):
        viz.figure(*size)


@pytest.mark.parametrize("name", ["a", "a.", "a.xyz", ".png"])
def test_an_ending_that_is_none(name, tmp_path):
    with pytest.raises(ValueError, match="needs an ending that says how"):
        viz.save(viz.figure(1, 1), tmp_path / name)
    assert not any(tmp_path.iterdir())


def test_what_is_no_figure(tmp_path):
    for value, told in (
        (viz.image(None, np.eye(2)), "save: takes a figure, such as axes.figure, not a Axes"),
        (None, "save: takes a figure, not a NoneType"),
    ):
        with pytest.raises(TypeError, match=f"^{told}$"):
            viz.save(value, tmp_path / "a.png")
    assert not any(tmp_path.iterdir())


def test_curves_without_names():
    history = tg.training.History([{"epoch": 1, "loss": 0.5}])
    for curves, told in ((history, r", or call its plot\(\)"), ([1.0, 2.0], "")):
        with pytest.raises(TypeError, match=rf"not a \w+; give {{name: list of numbers}}{told}$"):
            viz.learning_curves(None, curves, "loss")


def test_a_confusion_matrix_has_its_counts(tmp_path):
    figure = viz.figure(3, 3)
    axes = figure.subplots()
    viz.confusion_matrix(axes, [[3, 1], [0, 0]], ["a", "b"])
    assert [text.get_text() for text in axes.texts] == ["3", "1"]
    assert axes.images[0].get_array().tolist() == [[0.75, 0.25], [0, 0]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    viz.save(figure, tmp_path / "a.png")
    for count in (-1, np.nan, np.inf):
        with pytest.raises(ValueError, match="counts are at least 0, and finite"):
            viz.confusion_matrix(axes, [[1, count], [0, 1]], ["a", "b"])
    with pytest.raises(ValueError, match=r"2 names need counts of shape \(2, 2\)"):
        viz.confusion_matrix(axes, [[1]], ["a", "b"])


class TestLabelsOfLines:
    def places(self, axes):
        """The middle of each label, in pixels, when all is laid out; and the labels' boxes."""
        figure = axes.figure
        figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in axes.texts]
        return [(box.y0 + box.y1) / 2 for box in boxes], boxes

    def test_a_label_stands_beside_the_end_of_its_line_in_its_colour(self):
        axes = viz.figure(4, 3).subplots()
        axes.plot([0.0, 1.0, np.nan], label="up")
        axes.plot([1.0, 0.5, 0.0], label="down")
        axes.plot([0.3, 0.3], label="_none")
        assert viz.label_lines(axes) is axes
        assert [text.get_text() for text in axes.texts] == ["up", "down"]
        heights, boxes = self.places(axes)
        for height, box, _, end in zip(heights, boxes, axes.lines, (1.0, 0.0), strict=False):
            assert height == pytest.approx(axes.transData.transform((0, end))[1], abs=2)
            assert box.x0 > axes.get_window_extent().x1
        colours = [line.get_color() for line in axes.lines]
        assert [text.get_color() for text in axes.texts] == colours[:2]

    @pytest.mark.parametrize("scale", ["linear", "log"])
    def test_labels_of_lines_that_end_together_do_not_meet(self, scale):
        axes = viz.figure(4, 3).subplots()
        axes.set_yscale(scale)
        for k in range(6):
            axes.plot([1.0 + k, 5.0 + k / 100], label=f"line {k}")
        viz.label_lines(axes)
        heights, boxes = self.places(axes)
        assert heights == sorted(heights)
        for lower, upper in itertools.pairwise(boxes):
            assert lower.y1 <= upper.y0
        [end] = axes.transData.transform([(0, 5.025)])[:, 1]
        assert np.mean(heights) == pytest.approx(end, abs=2)

    def test_it_follows_its_line_where_the_limits_change(self):
        axes = viz.figure(4, 3).subplots()
        axes.plot([0.0, 1.0], label="up")
        viz.label_lines(axes)
        axes.set_ylim(0, 4)
        [height], _ = self.places(axes)
        assert height == pytest.approx(axes.transData.transform((0, 1.0))[1], abs=2)

    def test_lines_over_names_and_dates(self):
        for across in (["may", "june"], np.array(["2026-05-01", "2026-06-01"], "M8[D]")):
            axes = viz.figure(4, 3).subplots()
            axes.plot(across, [0.0, 1.0], label="up")
            viz.label_lines(axes)
            [height], _ = self.places(axes)
            assert height == pytest.approx(axes.transData.transform((0, 1.0))[1], abs=2)

    def test_axes_without_lines(self):
        axes = viz.figure(4, 3).subplots()
        assert not viz.label_lines(axes).texts


DRAWN = {
    "image": lambda axes: viz.image(axes, np.eye(3)),
    "images": lambda axes: viz.images(axes, np.zeros((2, 3, 3))),
    "filters": lambda axes: viz.filters(axes, np.ones((3, 3, 1, 2))),
    "feature_maps": lambda axes: viz.feature_maps(axes, np.ones((4, 4, 2))),
    "misclassified": lambda axes: viz.misclassified(
        axes, np.zeros((1, 4, 4)), [0], [[0.0, 1.0]], "ab"
    ),
    "numbers": lambda axes: viz.numbers(axes, np.eye(3)),
    "depth_stack": lambda axes: viz.depth_stack(axes, np.ones((2, 2, 2))),
    "learning_curves": lambda axes: viz.learning_curves(axes, {"a": [1.0, 2.0]}, "loss"),
    "confusion_matrix": lambda axes: viz.confusion_matrix(axes, np.eye(2), "ab"),
}
OTHERS = {"box", "colour_bar", "convolution_lab", "figure", "label_lines", "save"}


@pytest.mark.parametrize("name", DRAWN)
def test_what_draws_gives_the_axes_and_makes_them_for_none(name, tmp_path):
    axes = viz.figure(4, 3).subplots()
    assert DRAWN[name](axes) is axes
    made = DRAWN[name](None)
    assert made.figure is not axes.figure
    assert viz.save(made.figure, tmp_path / "a.png").stat().st_size > 500
    with pytest.raises(TypeError, match=f"^{name}: the first argument is matplotlib's axes, or"):
        DRAWN[name](np.eye(2))


def test_all_that_draws_is_tried():
    assert set(DRAWN) | OTHERS == set(viz.__all__)

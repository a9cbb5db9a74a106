"""Figures: drawn without a screen, written whole or not at all."""

import builtins

import numpy as np
import pytest

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


def test_an_image_of_zeros_and_other_shapes():
    axes = viz.figure(1, 1).subplots()
    viz.image(axes, np.zeros((2, 2)), largest=0.0)
    with pytest.raises(ValueError, match=r"image: takes .* numbers, not shape \(2, 2, 1\)"):
        viz.image(axes, np.zeros((2, 2, 1)))


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
    with pytest.raises(ValueError, match=r"2 names need counts of shape \(2, 2\)"):
        viz.confusion_matrix(axes, [[1]], ["a", "b"])

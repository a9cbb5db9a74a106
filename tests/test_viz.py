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
    viz.image(axes[2], -np.eye(4), "signed", signed=True)
    assert [line.get_label() for line in axes[0].lines] == ["train", "test"]
    assert axes[0].get_ylabel() == "loss"
    low, high = axes[2].images[0].get_clim()
    assert (low, high) == (-1, 1)
    path = viz.save(figure, tmp_path / "new" / "a.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert list(path.parent.iterdir()) == [path]


def test_an_image_of_zeros_and_other_shapes():
    axes = viz.figure(1, 1).subplots()
    viz.image(axes, np.zeros((2, 2)), signed=True)
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
    with pytest.raises(ModuleNotFoundError, match=r'pip install "tinygrad_np\[plot\]"'):
        viz.figure(1, 1)

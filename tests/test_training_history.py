"""The table of a run."""

import numpy as np
import pytest

from tinygrad_np.training import History

ROWS = [
    {"epoch": 1, "loss": 0.5, "validation loss": 0.75},
    {"epoch": 2, "loss": 1e-5, "validation loss": 2.0},
]


def test_a_table_has_a_line_for_each_epoch():
    assert str(History(ROWS)).splitlines() == [
        "  epoch     loss  validation loss",
        "      1      0.5             0.75",
        "      2    1e-05                2",
    ]
    assert repr(History(ROWS)) == str(History(ROWS))
    assert str(History()) == "History: no epoch is done"


def test_a_column_is_an_array():
    history = History(ROWS)
    np.testing.assert_array_equal(history["validation loss"], [0.75, 2.0])
    assert len(history) == 2
    assert history.columns == ["epoch", "loss", "validation loss"]
    with pytest.raises(KeyError, match="no column 'accuracy'; the columns are 'epoch', 'loss'"):
        history["accuracy"]
    with pytest.raises(KeyError, match="no epoch is done"):
        History()["loss"]


def test_a_notebook_shows_a_table_with_names_escaped():
    found = History([{"<b>": 1, "loss": 0.25}])._repr_html_()
    assert "<th>&lt;b&gt;</th>" in found
    assert "<td>0.25</td>" in found
    assert "<b>" not in found


def test_whole_numbers_of_numpy_are_shown_in_full():
    row = {"epoch": np.int64(12_345), "loss": np.array(1 / 3), "best": None}
    assert str(History([row])).split()[3:] == ["12345", "0.3333", "None"]
    assert "<td>12345</td><td>0.3333</td><td>None</td>" in History([row])._repr_html_()


def test_rows_are_copied():
    row = {"epoch": 1, "loss": 1.0}
    history = History([row])
    row["loss"] = 2.0
    assert history["loss"] == [1.0]


def test_a_figure_has_a_line_for_each_column_of_a_kind():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    axes = History(ROWS).plot()
    assert [line.get_label() for line in axes.lines] == ["training", "validation"]
    assert [text.get_text() for text in axes.texts] == ["training", "validation"]
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), [0.75, 2.0])
    assert History(ROWS).plot(axes=axes) is axes
    alone = History([{"epoch": 1, "validation loss": 0.5}]).plot()
    assert alone.lines[0].get_color() == axes.lines[1].get_color()  # of validation, in all figures
    with pytest.raises(KeyError, match="accuracy"):
        History(ROWS).plot(of="accuracy")


def test_a_figure_that_an_epoch_has_not_is_nan():
    history = History(
        [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25, "validation loss": 1.0}]
    )
    assert history.columns == ["epoch", "loss", "validation loss"]
    np.testing.assert_array_equal(history["validation loss"], [np.nan, 1.0])
    assert str(history).splitlines()[1].split() == ["1", "0.5", "nan"]
    assert "<td>nan</td>" in history._repr_html_()

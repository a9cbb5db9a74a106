"""The figure of all ratios: that it shows them all, and is written whole or not at all."""

import itertools
import json
import sys

import pytest
from loading import ROOT

from tinygrad_np import viz

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("an installed package has no benchmarks", allow_module_level=True)
sys.path.append(str(ROOT))

from benchmarks import __main__ as command
from benchmarks import figure, machine, ratios
from benchmarks.cases import CASES, JITTED
from benchmarks.libraries import MODULES


@pytest.fixture(scope="module")
def found():
    """A run in which library number i takes i times as long as ours, and jit a third."""
    numbers = {library: float(i + 1) for i, library in enumerate(MODULES)}
    numbers[JITTED] = 1 / 3
    cases = {
        name: {"seconds": {x: [numbers[x]] * 3 for x in ("tinygrad_np", *case.peers)}}
        for name, case in CASES.items()
    }
    return {"machine": machine.machine(), "threads": 1, **cases, "wheel": 750_000}


@pytest.fixture(scope="module")
def drawn(found, tmp_path_factory):
    """The figure itself, and the file."""
    kept = []
    save = viz.save

    def noted(drawing, path):
        kept.append(drawing)
        return save(drawing, path)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(viz, "save", noted)
        path = figure.draw(found, tmp_path_factory.mktemp("drawn") / "ratios.png")
    return kept[0], path


def test_every_library_has_a_column():
    named = {library for libraries in ratios.COLUMNS.values() for library in libraries}
    assert named == set(MODULES) - {"tinygrad_np", JITTED}
    assert {name[0] for name, case in CASES.items() if case.peers} == set(ratios.GROUPS)


def test_every_ratio_has_a_row(found):
    rows = ratios.rows(found)
    assert [row.label for row in rows] == [
        name[2:] for name, case in CASES.items() if set(case.peers) - {JITTED}
    ]
    for row in rows:
        assert all(ratio < 1 for ratio, _ in row.ratios.values())


def test_of_two_layouts_the_faster_is_compared_round_by_round():
    seconds = {"tinygrad_np": [1.0, 2.0, 3.0]}
    seconds |= {"torch": [9.0, 9.0, 9.0], "torch, channels last": [2.0, 8.0, 4.0]}
    [row] = ratios.rows({"5 Rosenbrock, 10 variables": {"seconds": seconds}})
    assert row.ratios == {"PyTorch": (0.5, None)}


def test_means_are_over_the_geometries_that_a_library_has(found):
    nine = ratios.means(found)
    assert set(nine) == {"conv2d, forward", "conv2d, both ways"}
    for columns in nine.values():
        assert {name: mean.number for name, mean in columns.items()} == {
            "PyTorch": 9, "JAX, jitted": 9, "MyGrad": 8,
        }  # fmt: skip
        for name, mean in columns.items():
            [library, *_] = ratios.COLUMNS[name]
            assert mean.mean == pytest.approx(1 / (list(MODULES).index(library) + 1))


def test_a_mean_is_geometric_and_has_its_worst():
    names = [name for name in CASES if "conv2d" in name and "forward" in name][:2]
    seconds = [{"tinygrad_np": [1.0], "jax": [t]} for t in (4.0, 0.25)]
    pairs = zip(names, seconds, strict=True)
    [columns] = ratios.means({name: {"seconds": times} for name, times in pairs}).values()
    assert columns == {"JAX, jitted": (1.0, 4.0, 2)}


def test_bars_begin_at_one_and_have_their_numbers(found, drawn):
    drawing, _ = drawn
    rows = ratios.rows(found)
    for axes, column in zip(drawing.axes, ratios.COLUMNS, strict=True):
        assert axes.get_title().replace("\n", " ") == column
        expected = [
            value
            for row in rows
            if column in row.ratios
            for value in row.ratios[column]
            if value is not None
        ]
        bars = [bar for bars in axes.containers for bar in bars]
        ends = [bar.get_x() + bar.get_width() for bar in bars]
        assert ends == pytest.approx(expected)
        assert {max(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars} == {1.0}
        texts = [text.get_text() for text in axes.texts if text.get_text() not in HEADS]
        assert texts == [figure.told(value) for value in expected]
        assert axes.get_xscale() == "log"
    labels = [label.get_text() for label in drawing.axes[0].get_yticklabels()]
    assert labels == [row.label for row in rows]


HEADS = set(ratios.GROUPS.values())


def test_it_names_the_machine_and_how_it_was_measured(drawn):
    texts = " ".join(text.get_text() for text in drawn[0].texts)
    assert machine.processor() in texts
    assert machine.machine()["BLAS kernel"] in texts
    assert "1 thread," in texts
    assert {text.get_text() for text in drawn[0].axes[0].texts} >= HEADS


def test_no_text_leaves_the_figure_and_no_two_labels_of_rows_meet(drawn):
    drawing, _ = drawn
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(drawing).get_renderer()
    drawing.draw(renderer)
    whole = drawing.bbox
    texts = [*drawing.texts, *[text for axes in drawing.axes for text in axes.texts]]
    texts += drawing.axes[0].get_yticklabels()
    for text in texts:
        box = text.get_window_extent(renderer)
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1, text.get_text()
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1, text.get_text()
    boxes = [label.get_window_extent(renderer) for label in drawing.axes[0].get_yticklabels()]
    heads = [t.get_window_extent(renderer) for t in drawing.axes[0].texts if t.get_text() in HEADS]
    boxes = sorted([*boxes, *heads], key=lambda box: -box.y0)
    for upper, lower in itertools.pairwise(boxes):
        assert upper.y0 >= lower.y1


def test_the_two_bars_are_told_apart_in_grey():
    from matplotlib.colors import to_rgb

    def lightness(colour):  # of sRGB, by CIE 1931, from 0 to 1
        linear = [
            x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in to_rgb(colour)
        ]
        luminance = sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
        return 1.16 * luminance ** (1 / 3) - 0.16

    assert lightness(figure.WITH_JIT) - lightness(figure.AS_IT_IS) > 0.3


def test_a_file_is_written_whole_or_stays_as_it_was(found, tmp_path, monkeypatch):
    path = tmp_path / "ratios.png"
    path.write_bytes(b"before")

    def fails(*args, **kwargs):
        args[1].write(b"a part")
        raise OSError("no space left")

    from matplotlib.figure import Figure

    monkeypatch.setattr(Figure, "savefig", fails)
    with pytest.raises(OSError, match="no space left"):
        figure.draw(found, path)
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["ratios.png"]


def test_where_nothing_was_compared_it_says_so(tmp_path):
    with pytest.raises(ValueError, match="no case was compared with another library"):
        figure.draw({"machine": machine.machine(), "import": 20.0}, tmp_path / "ratios.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_the_command_draws_from_an_earlier_run(found, tmp_path, ending):
    earlier, path = tmp_path / "figures.json", tmp_path / f"ratios.{ending}"
    earlier.write_text(json.dumps(found), encoding="utf-8")
    assert command.main(["--from", str(earlier), "--figure", str(path)]) == 0
    assert path.stat().st_size > 10_000


def test_the_command_draws_the_cases_that_it_is_asked_for(found, tmp_path, monkeypatch):
    earlier = tmp_path / "figures.json"
    earlier.write_text(json.dumps(found), encoding="utf-8")
    drawn = []
    monkeypatch.setattr(command, "draw", lambda found, path: drawn.append(set(found)))
    for only in ("two classes|sparse", "", "neither"):
        command.main(["--from", str(earlier), "--figure", "a.png", "--only", only])
    others = set(found) - set(command.CASES)
    wanted = {name for name in found if "two classes" in name or "sparse" in name}
    assert len(wanted) > 2
    assert drawn == [wanted | others, set(found), others]


def test_a_part_of_the_cases_is_drawn_too(found, tmp_path):
    name = "5 sparse Jacobian, tridiagonal, 1,000 variables"
    assert figure.draw({name: found[name]}, tmp_path / "one.png").exists()

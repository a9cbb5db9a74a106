"""The code cells of the tutorials and the programs of the gallery run as they stand.

Sphinx is not needed: a page's cells share one namespace, in order, as a notebook's do. What the
prose states is asserted in the page itself, in cells that are not shown (`remove-cell`).
"""

import ast
import re
import runpy
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import tinygrad_np as tg

ROOT = Path(__file__).parents[1]
KERNEL = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n"
PAGES = [
    path
    for path in sorted((ROOT / "docs/tutorials").glob("*.md"))
    if path.read_text(encoding="utf-8").startswith("---\n")
]
"""Those that are executed where the site is built, as their first lines say."""
PROGRAMS = sorted((ROOT / "examples/gallery").glob("plot_*.py"))

pytestmark = [
    pytest.mark.whole,
    # A program shows its pictures at its end; without a screen matplotlib says that it cannot.
    pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive"),
]

if not PAGES:
    pytest.skip("an installed package has no docs", allow_module_level=True)


def name_of(path):
    return path.stem


@pytest.fixture
def pyplot():
    pytest.importorskip("matplotlib", reason="figures need matplotlib")
    import matplotlib.pyplot as plt

    plt.switch_backend("Agg")
    plt.close("all")
    yield plt
    plt.close("all")


class Cell(NamedTuple):
    """The number of the line of its fence, what is said above the code, and the code."""

    line: int
    tags: str
    code: str


CELL = re.compile(r"^```\{code-cell\}[^\n]*\n((?::[^\n]*\n)*)(.*?)^```$", re.DOTALL | re.MULTILINE)


def cells(text):
    for found in CELL.finditer(text):
        yield Cell(text.count("\n", 0, found.start(2)), found[1], found[2])


def run(page, cell, names):
    """As a notebook does: a last expression is shown."""
    source = "\n" * cell.line + cell.code  # so that an error has the page's line
    body = ast.parse(source, str(page)).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), str(page), "exec"), names)
    if last is not None:
        repr(eval(compile(ast.Expression(last.value), str(page), "eval"), names))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_cells_of_a_tutorial_run(page, pyplot, monkeypatch):
    monkeypatch.chdir(page.parent)
    names = {"__name__": "__main__"}
    found = list(cells(page.read_text(encoding="utf-8")))
    for cell in found:
        run(page, cell, names)
    assert any("remove-cell" in cell.tags and "assert" in cell.code for cell in found)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_cell_of_a_tutorial_is_passed_over(page):
    """A fence that is not closed, or not at the beginning of a line, would never run."""
    text = page.read_text(encoding="utf-8")
    assert text.startswith(KERNEL)
    found = list(cells(text))
    assert len(found) == text.count("{code-cell}")
    for cell in found:
        # More characters than 80 do not fit beside the site's two side bars.
        width = 80 if not cell.tags else 100
        assert [line for line in cell.code.splitlines() if len(line) > width] == []
        last = ast.parse(cell.code).body[-1]
        if "plt." in cell.code and isinstance(last, ast.Expr):  # a notebook would print the value
            assert cell.code.endswith(";\n"), cell.code


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_files_that_a_tutorial_links_to_are_there(page):
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    targets += re.findall(r"^```\{(?:literalinclude|image|figure)\} (\S+)", text, re.MULTILINE)
    assert targets
    assert [t for t in targets if not (page.parent / t).exists()] == []


def is_fooled(names):
    k, right = names["k"], names["data"].test_labels
    accuracies = names["accuracies"]
    return names["before"][k] == right[k] == 9 != names["after"][k] and (
        accuracies[0] > 0.75 and accuracies[-1] < 0.2
    )


def restored(names):
    """Errors of what was seen, and of what was made of it without and with the penalty."""
    _, seen, plain, penalised = [
        np.sqrt(np.mean((picture - names["truth"]) ** 2)) for picture in names["pictures"].values()
    ]
    return penalised < 0.6 * seen < plain


def came_down(names):
    ends = {name: names["rosenbrock"](path[-1]) for name, path in names["paths"].items()}
    start = names["rosenbrock"](names["paths"]["sgd"][0])
    return len(ends) == 8 and max(ends.values()) < start / 2 and ends["sgd, momentum"] < 0.01


STATED = {
    "plot_adversarial": is_fooled,
    "plot_convolution_gradient": lambda n: np.array_equal(n["by_reverse"], n["by_hand"]),
    "plot_deconvolution": restored,
    "plot_hessian_spectrum": lambda n: abs(n["spectra"][-1][-1] * n["RATE"] / 2 - 1) < 0.1,
    "plot_lorenz": lambda n: 1e4 < n["growth"][-1] < 1e6,
    "plot_optimisers": came_down,
    "plot_phase_retrieval": lambda n: n["losses"][-1] < 1e-9 * n["losses"][0],
    "plot_saliency": lambda n: (
        tg.nn.accuracy(n["logits"](n["fitted"].params, n["test"]), n["data"].test_labels) > 0.75
        and np.all(np.max(np.abs(n["maps"]), axis=(1, 2, 3)) > 0)
    ),
}
"""What the text of each program says, of its names at the end."""


@pytest.mark.parametrize("program", PROGRAMS, ids=name_of)
def test_a_program_of_the_gallery_draws_what_it_says(program, pyplot):
    names = runpy.run_path(str(program), run_name="__main__")
    assert 1 <= len(pyplot.get_fignums()) <= 2
    assert STATED[program.stem](names)


def test_each_program_of_the_gallery_is_tried():
    assert sorted(STATED) == [program.stem for program in PROGRAMS]


@pytest.mark.parametrize("program", PROGRAMS, ids=name_of)
def test_a_program_of_the_gallery_is_short_and_has_its_form(program):
    text = program.read_text(encoding="utf-8")
    heading, rule = ast.get_docstring(ast.parse(text)).splitlines()[:2]
    assert rule == "=" * len(heading)
    assert "\n# %%\n" in text
    assert len(text.splitlines()) <= 60

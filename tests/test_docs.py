"""What the docs print and name is there; pytest runs the examples of README and docs."""

import ast
import doctest
import fnmatch
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

import tinygrad_np
import tinygrad_np as tg

README = Path(tinygrad_np.__file__).parents[1] / "README.md"


def without_rounding(text):
    """Errors of rounding size differ from machine to machine."""
    return re.sub(r" +(0|\d(\.\d)?e-1[5-9])(?= )", " tiny", text)


@pytest.mark.skipif(not README.exists(), reason="an installed package has no docs")
def test_the_comparison_that_a_page_shows_is_as_printed():
    page = (README.parent / "docs/checking.md").read_text(encoding="utf-8")
    [table] = re.findall(r"```\n(leaf  shape .*?)\n```", page, re.DOTALL)
    code = doctest.script_from_examples(page)
    names = {}
    exec(code[: code.index("report = ")], names)  # the model that the page shows
    tg = names["tg"]
    report = tg.check.compare(
        *(names["loss"], tg.closed_form.two_class),
        *(names["params"], names["images"], names["labels"]),
    )
    assert without_rounding(table).count("tiny") == 4
    assert without_rounding(str(report)) == without_rounding(table)


PAGES = ("CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md")
PACKAGE = Path(tinygrad_np.__file__).parent


def text_of(page):
    if not (README.parent / page).exists():
        pytest.skip("an installed package has no docs")
    return (README.parent / page).read_text(encoding="utf-8")


def place_of(name):
    """Where a file or folder is that a page names, from the checkout's or the package's folder."""
    return next((p for p in (PACKAGE / name, README.parent / name) if p.exists()), None)


@pytest.mark.whole
@pytest.mark.parametrize("page", PAGES)
def test_the_files_that_a_page_names_are_there(page):
    names = re.findall(r"[\w./]+(?:\.py\b|(?<=\w)/(?=[`\s]))", text_of(page))
    assert names
    assert [name for name in names if place_of(name) is None] == []


@pytest.mark.whole
def test_each_word_of_the_glossary_is_where_it_says():
    pairs = re.findall(r"`([\w./]+\.py)`: `([\w.]+)`", text_of("docs/glossary.md"))
    for path, name in pairs:
        word = rf"\b{name.split('.')[-1]}\b"
        assert re.search(word, place_of(path).read_text(encoding="utf-8")), (path, name)
    assert len(pairs) > 50


@pytest.mark.whole
def test_the_functions_that_the_architecture_names_are_there():
    code = "\n".join([path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")])
    words = set(re.findall(r"\w+", code))
    names = re.findall(r"`(?:\w+\.)*(\w+)`", text_of("docs/architecture.md"))
    assert set(names) - words == set()


def names_in(path):
    """The tests of a file and their classes, as pytest names them below the file."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            yield node.name
            if isinstance(node, ast.ClassDef):
                yield from [f"{node.name}::{x.name}" for x in node.body if hasattr(x, "name")]


def test_each_test_that_holds_a_removal_is_where_the_table_says():
    found = 0
    for row in text_of("docs/removed.md").splitlines():
        file = ""
        for given, path in re.findall(r"`(test_\w+\.py|…)::([\w:…]+)`", row):
            # At the beginning, … is the file and the class of the name before.
            file, name = (file, f"*{path}") if given == "…" else (given, path)
            names = names_in(README.parent / "tests" / file)
            assert fnmatch.filter(names, name.replace("…", "*")), (file, name)
            found += 1
    assert found > 40


@pytest.mark.whole
@pytest.mark.filterwarnings("ignore")  # scikit-learn's own, of classes that are never predicted
def test_figures_of_merit_come_from_scikit_learn(capsys):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    text = (README.parent / "docs/training.md").read_text(encoding="utf-8")
    block = text[text.index("    from sklearn import metrics") : text.index("\nSuch a figure")]
    rng = np.random.default_rng(0)
    names = {
        "np": np, "tg": tg, "params": rng.normal(size=(4, 3)),
        "logits": lambda params, images: images @ params,
        "test_images": rng.normal(size=(60, 4)), "test_labels": np.arange(60) % 3,
    }  # fmt: skip
    exec(textwrap.dedent(block), names)
    assert "precision" in capsys.readouterr().out

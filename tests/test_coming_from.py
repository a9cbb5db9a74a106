"""What the pages "coming from" set side by side gives the same numbers.

A page has two programs, one of another library and one of ours, in fenced blocks that begin with
`# PyTorch` and `# here`, and in the first two columns of its tables. Both run from top to bottom,
each in a namespace of its own; ours always, the other one where its library is installed. What a
row, or a block that ends in an expression, gives there is compared with what it gives here.
"""

import ast
import contextlib
import os
import re
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import tinygrad_np as tg

FOLDER = Path(__file__).parents[1] / "docs/coming_from"
LIBRARIES = {"pytorch": "torch", "jax": "jax", "autograd": "autograd"}
NAMES = {"pytorch": "PyTorch", "jax": "JAX", "autograd": "HIPS autograd"}

if not FOLDER.exists():
    pytest.skip("an installed package has no docs", allow_module_level=True)


FENCED = re.compile(r"^```python\n# .*?^```$", re.DOTALL | re.MULTILINE)


class Pair(NamedTuple):
    """The line of the page, and what one writes there and here."""

    line: int
    there: str
    here: str


BLOCKS = (
    r"^```python\n# (?P<name>[\w ]+)\n(?P<there>.*?)^```\n\s*```python\n# here\n(?P<here>.*?)^```"
)
ROW = r"^\| `(?P<cell_there>[^`]+)` \| `(?P<cell_here>[^`]+)` \|[^\n]*$"
PAIR = re.compile(f"{BLOCKS}|{ROW}", re.DOTALL | re.MULTILINE)


def tables(page, text):
    """The rows of the tables of idioms, below their headings."""
    heading = rf"^\| {NAMES[page]} \| here \|.*\n\|[-|]+\n"
    return list(re.finditer(rf"{heading}(?P<rows>(?:\|.*\n)+)", text, re.MULTILINE))


def pairs(page):
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    spans = [table.span("rows") for table in tables(page, text)]
    for found in PAIR.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if found["name"]:
            assert found["name"] == NAMES[page]
            yield Pair(line, found["there"], found["here"])
        elif any(start <= found.start() < end for start, end in spans):
            yield Pair(line, found["cell_there"], found["cell_here"])


def value_of(code, names, where):
    """The last expression, if the code ends in one."""
    body = ast.parse(code, where).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), where, "exec"), names)
    if last is None:
        return None
    return eval(compile(ast.Expression(last.value), where, "eval"), names)


def plain(value) -> Any:
    """A tree of arrays, shapes or names of dtypes, whichever library it is from."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)) and not all(isinstance(n, int) for n in value):
        return [plain(part) for part in value]
    if isinstance(value, (str, type(None))):
        return value
    if type(value).__module__ == "torch" and type(value).__name__ == "dtype":
        return str(value).removeprefix("torch.")
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, tg.Tensor):
        return value.data
    if type(value).__module__.startswith("torch") and hasattr(value, "detach"):
        return value.detach().resolve_conj().numpy()
    return np.asarray(value)


def assert_same(there, here):
    if isinstance(here, dict):
        assert there.keys() == here.keys()
        there, here = list(there.values()), list(here.values())
    if isinstance(here, list):
        assert len(there) == len(here)
        for a, b in zip(there, here, strict=True):
            assert_same(a, b)
    elif isinstance(here, (str, type(None))):
        assert there == here
    else:
        assert there.shape == here.shape
        np.testing.assert_allclose(there, here, rtol=1e-9, atol=1e-12)


def ran(page, side):
    """The values of one side's program, by the line of the page."""
    names = {"__name__": "there"}
    for pair in pairs(page):
        where = f"{page}.md, line {pair.line}, {side}"
        try:
            yield pair, plain(value_of(getattr(pair, side), names, where))
        except Exception as error:
            error.add_note(where)
            raise


@contextlib.contextmanager
def settings_kept(page, module):
    """The pages ask for float64, of the whole process."""
    if page == "pytorch":
        dtype = module.get_default_dtype()
        try:
            yield
        finally:
            module.set_default_dtype(dtype)
    elif page == "jax":
        wide = module.config.jax_enable_x64
        try:
            yield
        finally:
            module.config.update("jax_enable_x64", wide)
    else:
        yield


@pytest.mark.whole
@pytest.mark.parametrize("page", LIBRARIES)
def test_what_is_written_here_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = [value for _, value in ran(page, "here")]
    assert len(values) >= 15
    assert sum(value is not None for value in values) > 0.6 * len(values)


@pytest.mark.whole
@pytest.mark.parametrize("page", LIBRARIES)
def test_what_is_written_there_gives_the_same(page, tmp_path, monkeypatch):
    library = LIBRARIES[page]
    monkeypatch.setitem(os.environ, "JAX_PLATFORMS", "cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs
        module = pytest.importorskip(library, reason=f"{NAMES[page]} is not installed")
        monkeypatch.chdir(tmp_path)
        with settings_kept(page, module):
            there = list(ran(page, "there"))
    compared = 0
    for (pair, expected), (_, value) in zip(there, ran(page, "here"), strict=True):
        if value is None:
            continue
        try:
            assert_same(expected, value)
        except AssertionError as error:
            error.add_note(f"{page}.md, line {pair.line}: {pair.there} | {pair.here}")
            raise
        compared += 1
    assert compared >= 10


@pytest.mark.parametrize("page", LIBRARIES)
def test_no_row_and_no_block_is_passed_over(page):
    """A row with code in its first cell has code in the second; a block has its partner."""
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    rows = sum(table["rows"].count("\n") for table in tables(page, text))
    blocks = len(re.findall(rf"^```python\n# {NAMES[page]}$", text, re.MULTILINE))
    assert len(list(pairs(page))) == rows + blocks
    assert rows >= 10
    shown = [line for block in re.findall(FENCED, text) for line in block.splitlines()]
    assert [line for line in shown if len(line) > 80] == []  # as much as the site has room for


@pytest.mark.parametrize("page", LIBRARIES)
def test_the_files_that_a_page_links_to_are_there(page):
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#:\s]+\.\w+)(?:#[^)]*)?\)", text)
    assert "../names.md" in targets
    assert [target for target in targets if not (FOLDER / target).exists()] == []

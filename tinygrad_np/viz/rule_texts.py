"""The source of a row's rules: `texts_of` finds it by the code of the functions themselves.

A name would not do: two functions of a user's may have the same, and lambdas have none.

>>> import numpy as np
>>> from ..core.table import TABLE
>>> list(texts_of(TABLE[np.exp]).values())
['pointwise(np.exp, lambda ans: ans, analytic=True)']
"""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import re
import textwrap
from pathlib import Path
from typing import Any

from ..core import table
from ..core.dispatch import implementation
from ..core.table import Factor, Row

PACKAGE = Path(__file__).resolve().parents[1]
_MAKERS = ("pointwise", "linear", "bilinear", "general", "composed")  # of a row


def texts_of(row: Row) -> dict[str, str]:
    """{place: text}: the functions that are the row's rules, the plain ones first.

    Of a lambda, the text is that of the call that makes the row. Empty where there is no source to
    read, as of a function typed at a prompt.
    """
    given: list[Any] = [getattr(row, "definition", None)]
    for rule in [*row.plain.values(), *row.rules.values()]:
        given += [rule.vjp, rule.jvp]
    found: dict[str, str] = {}
    seen: set[Any] = set()
    while given:
        function = given.pop(0)
        function = implementation(function.given if isinstance(function, Factor) else function)
        while isinstance(function, functools.partial):
            function = function.func
        code: Any = getattr(function, "__code__", None)
        if code in seen or code is None or not _is_shown(code, row):
            continue
        seen.add(code)
        if told := _text_of(code):
            line, text = told
            found.setdefault(f"{_short(code.co_filename)}, line {line}", text)
        # What a rule that is made by another function was made of.
        given += [c.cell_contents for c in function.__closure__ or () if _is_filled(c)]
    # A faster form of a rule comes after the plain one.
    return dict(sorted(found.items(), key=lambda item: item[0].startswith(f"{PACKAGE.name}/fast")))


def rule_text(row: Row) -> str:
    """The texts in one, of docstrings the first paragraph.

    >>> import numpy as np
    >>> from ..core.table import TABLE
    >>> print(rule_text(TABLE[np.exp]))
    pointwise(np.exp, lambda ans: ans, analytic=True)
    """
    return "\n\n".join(map(_without_details, texts_of(row).values()))


def _is_shown(code: Any, row: Row) -> bool:
    if code.co_filename == table.__file__:  # the table makes it, from the kind
        return False
    return row.user_defined or Path(code.co_filename).is_relative_to(PACKAGE)


def _is_filled(cell: Any) -> bool:
    try:
        return callable(cell.cell_contents)
    except ValueError:  # of a function that is defined later
        return False


def _short(file: str) -> str:
    path = Path(file)
    inside = path.is_relative_to(PACKAGE)
    return path.relative_to(PACKAGE.parent).as_posix() if inside else file


@functools.lru_cache(maxsize=64)
def _parsed(text: str) -> list[Any]:
    """The calls and functions in a source."""
    try:
        every = list(ast.walk(ast.parse(text)))
    except SyntaxError:  # a notebook's own commands
        return []
    return [node for node in every if isinstance(node, (ast.Call, ast.Lambda, ast.FunctionDef))]


def _text_of(code: Any) -> tuple[int, str] | None:
    """Line and text of a function; of a lambda, those of the call that makes the row."""
    lines = linecache.getlines(code.co_filename)
    text, line = "".join(lines), code.co_firstlineno
    if code.co_name != "<lambda>":
        try:
            return line, textwrap.dedent(inspect.getsource(code)).rstrip()
        except (OSError, SyntaxError, IndexError):
            return None
    names = list(code.co_varnames[: code.co_argcount])
    here = [x for x in _parsed(text) if x.lineno <= line <= (x.end_lineno or 0)]
    own = [
        x
        for x in here
        if isinstance(x, ast.Lambda) and x.lineno == line and [a.arg for a in x.args.args] == names
    ]
    own = [x for x in own if _column(code) in (None, x.body.col_offset)] or own
    makers = [
        x
        for x in here
        if isinstance(x, ast.Call) and _called(x) in _MAKERS and _holds(x, own or here)
    ]
    if not (makers or own):
        return None
    best = min(makers or own, key=lambda x: (x.end_lineno or 0) - x.lineno)
    indent = len(lines[best.lineno - 1]) - len(lines[best.lineno - 1].lstrip())
    first, *rest = (ast.get_source_segment(text, best) or "").splitlines()
    return best.lineno, "\n".join([first, *[line[indent:] for line in rest]])


def _column(code: Any) -> int | None:
    """Where the body of a lambda begins, in bytes, as far as its instructions say."""
    columns = [
        start for at, _, start, _ in code.co_positions() if at == code.co_firstlineno and start
    ]
    return min(columns, default=None)


def _holds(call: Any, lambdas: list[Any]) -> bool:
    inside = set(map(id, ast.walk(call)))
    return any(id(x) in inside for x in lambdas)


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _without_details(text: str) -> str:
    told = re.search(r'"""(.*?)(\n\n.*?)?(\n\s*)?"""', text, re.DOTALL)
    return text.replace(told[0], f'"""{told[1]}"""') if told else text

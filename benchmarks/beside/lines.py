"""The lines of a program's model and training part, which two marks in it tell apart.

The parts begin at ``# Model`` and ``# Training`` and end at ``# Command``. A line counts that has
code: blank lines, comments and docstrings do not. The files are as ``ruff format`` leaves them.
"""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

MARKS = "# Model", "# Training", "# Command"

_NO_CODE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENDMARKER,
}  # fmt: skip


def counted(path: Path) -> tuple[int, int]:
    """(lines of the model, lines of the training) of a program."""
    return counted_text(path.read_text(encoding="utf-8"))


def counted_text(text: str) -> tuple[int, int]:
    r"""`counted` of a program's text.

    >>> model = "# Model\n\ndef f(x):\n    'Doc.'\n    return x  # a remark\n"
    >>> counted_text(f"import x\n{model}# Training\nf(\n    1,\n)\n# Command\nf(2)\n")
    (2, 3)
    """
    code = _lines_with_code(text)
    lines = text.splitlines()
    try:
        model, training, command = [lines.index(mark) + 1 for mark in MARKS]
    except ValueError as error:
        raise ValueError(f"the marks {', '.join(MARKS)} are not all there: {error}") from None
    return (
        sum(model < line < training for line in code),
        sum(training < line < command for line in code),
    )


def _lines_with_code(text: str) -> set[int]:
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            found.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        # A text that stands alone is a docstring: of a module, a function or a constant.
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            found -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return found


def part(path: Path, mark: str) -> str:
    """The text of one of the parts."""
    text = path.read_text(encoding="utf-8")
    after = MARKS[MARKS.index(mark) + 1]
    return text.split(f"\n{mark}\n")[1].split(f"\n{after}\n")[0].strip()

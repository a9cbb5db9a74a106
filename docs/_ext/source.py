"""The directive ``source``: a function or class of the package as it stands, without its docstring.

    ```{source} core/sweep.py reverse
    ```

A name that is not there fails the build, so that a page cannot speak of what has gone.
"""

from __future__ import annotations

import ast
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.directives.code import container_wrapper
from sphinx.util.docutils import SphinxDirective

PACKAGE = Path(__file__).resolve().parents[2] / "tinygrad_np"


def source_of(path: Path, name: str) -> tuple[int, str]:
    """The first line of a function, a class or a method, and its text without the docstring.

    >>> print(source_of(PACKAGE / "core" / "graph.py", "node_of")[1])
    def node_of(source: Any) -> Node:
        return source if type(source) is Node else source.node
    """
    text, tree = _read(path)
    found: Any = tree
    for part in name.split("."):
        named = [node for node in found.body if getattr(node, "name", None) == part]
        if not named:
            raise ValueError(f"{path} has no {name}")
        found = named[0]
    lines = text.splitlines()
    first = min([found.lineno, *[d.lineno for d in found.decorator_list]])
    kept = list(range(first, found.end_lineno + 1))
    if ast.get_docstring(found) is not None:
        told = found.body[0]
        after = told.end_lineno + 1
        if after <= found.end_lineno and not lines[after - 1].strip() and len(found.body) > 1:
            after += 1  # with the empty line that follows it
        kept = [*range(first, told.lineno), *range(after, found.end_lineno + 1)]
    return first, textwrap.dedent("\n".join([lines[i - 1] for i in kept]))


@cache
def _read(path: Path) -> tuple[str, ast.Module]:
    text = path.read_text(encoding="utf-8")
    return text, ast.parse(text)


class Source(SphinxDirective):
    """``source``, with a file below tinygrad_np and the name of what is shown."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """A block of code with the file and the line above it."""
        file, name = self.arguments
        path = PACKAGE / file
        self.env.note_dependency(str(path))
        try:
            line, text = source_of(path, name)
        except (OSError, ValueError) as error:
            raise self.error(str(error)) from None
        block = nodes.literal_block(text, text, language="python")
        return [container_wrapper(self, block, f"tinygrad_np/{file}, line {line}")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("source", Source)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

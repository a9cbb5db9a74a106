"""Formulas as MathML, which browsers draw themselves: no script, and nothing from elsewhere.

A formula that `latex2mathml` cannot read fails the strict build. The font, STIX Two Math (SIL Open
Font License), is that of the package ziamath: parentheses grow only in a font for formulas.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import ziamath
from docutils import nodes
from fontTools.ttLib import TTFont
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging

FONT = "STIXTwoMath-Regular.ttf"
SAME_AS_SPLIT = re.compile(r"\b(aligned|align\*|gathered)(?=\})")
"""Environments of lines that it does not know, or that it would number."""


def mathml(latex: str, display: str) -> str:
    r"""The formula as an element of HTML; ``ValueError`` for a command that is not known.

    >>> mathml("x^2", "inline").endswith("<mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>")
    True
    >>> mathml(r"\unknown x", "inline")
    Traceback (most recent call last):
    ValueError: the formula '\\unknown x' has '\\unknown', which latex2mathml does not know
    """
    made = convert(SAME_AS_SPLIT.sub("split", latex), display=display)
    if unknown := re.search(r">(\\\w*)", made):
        raise ValueError(
            f"the formula {latex!r} has {unknown[1]!r}, which latex2mathml does not know"
        )
    # "&" for a column is left as it is where there is no table.
    if re.search(r"&(?!#?\w+;)", made):
        raise ValueError(f"the formula {latex!r} has '&' outside of lines that are aligned")
    return made


def _visit(self: Any, node: nodes.Element, display: str) -> None:
    try:
        self.body.append(mathml(node.astext(), display))
    except Exception as error:
        logging.getLogger(__name__).warning("%s", error, location=node)
    raise nodes.SkipNode


def _visit_inline(self: Any, node: nodes.Element) -> None:
    _visit(self, node, "inline")


def _visit_block(self: Any, node: nodes.Element) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math", IDS=node.get("ids", [])))
    try:
        _visit(self, node, "block")
    finally:
        self.body.append("</div>\n")


def write_font(app: Sphinx, error: Exception | None) -> None:
    """The font, compressed, beside the style sheet that names it."""
    if error is None and app.builder.format == "html":
        with TTFont(Path(ziamath.__file__).parent / "fonts" / FONT) as font:
            font.flavor = "woff"
            font.save(Path(app.outdir, "_static", "stix_two_math.woff"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    app.connect("build-finished", write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

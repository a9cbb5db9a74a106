"""One self-contained page of HTML: `page` puts text, style, script and data together.

`write` makes a file of it.

The parts lie in ``pages/``: ``common.css`` and ``common.js``, which all pages have, and for each
page its ``.html`` (what stands in its body), ``.css`` and ``.js``. A page loads nothing from
elsewhere, and its policy forbids it to. The script finds the data as the constant ``DATA``.

>>> "<script>alert" in page("lab", "a title", {"name": "<script>alert(1)</script>"})
False
"""

from __future__ import annotations

import html
import json
import os
from importlib import resources
from pathlib import Path
from typing import Any

from ..io.files import replacing

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
{body}
<script>
"use strict";
const DATA = {data};
{script}
</script>
</body>
</html>
"""


def write(function: str, path: str | os.PathLike[str], text: str | bytes) -> Path:
    """Write a page, whole or not at all, for `function`; folders are made."""
    path = of_browsers(function, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(text.encode() if isinstance(text, str) else text)
    return path


def of_browsers(function: str, path: str | os.PathLike[str]) -> Path:
    """The path, which has the ending of a page."""
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{function}: {path} needs the ending .html: browsers go by it")
    return path


def page(name: str, title: str, data: Any) -> str:
    """The page `name` of ``pages/`` with this title, about `data`, which JSON can hold.

    nan and inf have no form in JSON: write them as words. What a user wrote is escaped in the title
    and in `data`; a script puts it into the page as text (``textContent``), never as HTML.
    """

    def part(path: str) -> str:
        return (resources.files(__package__) / "pages" / path).read_text(encoding="utf-8").strip()

    # in a script, "</script>" and "<!--" would end or change it, whatever JSON says
    told = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return _PAGE.format(
        title=html.escape(title),
        style="\n".join([part("common.css"), part(f"{name}.css")]),
        body=part(f"{name}.html"),
        data=told,
        script="\n".join([part("common.js"), part(f"{name}.js")]),
    )

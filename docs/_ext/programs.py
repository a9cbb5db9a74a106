"""The programs of examples/, run when the site is built: a page each, with its output and figures.

Those that train run with the options in `QUICK`: on data that are drawn here, and for an epoch. The
pages are written into docs/programs before Sphinx reads its sources; they are not kept. Programs
run again when one of them, or the package, is newer than what they wrote.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "programs"
QUICK = {
    "mlp": "--quick --data built-in",
    "parallel": "--quick --data built-in",
    "resnet": "--quick --data built-in",
    "sequence": "--quick",
    "ten_classes": "--quick --data built-in",
    "two_class": "--data built-in",
}


def programs() -> list[Path]:
    """Those of the examples that are commands."""
    found = sorted((ROOT / "examples").glob("*.py"))
    return [path for path in found if '__name__ == "__main__"' in path.read_text(encoding="utf-8")]


def run(path: Path) -> str:
    """Run a program, unless it has been; the command. Its output and figures are in `FOLDER`."""
    name = path.stem
    words = ["python", f"examples/{path.name}", *QUICK.get(name, "").split()]
    output, folder = FOLDER / f"{name}.txt", FOLDER / "figures" / name
    sources = [*(ROOT / "tinygrad_np").rglob("*.py"), *(ROOT / "examples").glob("*.py")]
    newest = max(source.stat().st_mtime for source in sources)
    if not output.exists() or output.stat().st_mtime < newest:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {
            **os.environ, "PYTHONPATH": os.pathsep.join(paths), "MPLBACKEND": "agg",
            "OPENBLAS_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1",
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, str(path), *words[2:]], cwd=folder, env=environment, check=False,
            capture_output=True, encoding="utf-8",
        )  # fmt: skip
        if done.returncode:
            raise ExtensionError(f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")
        output.write_text(done.stdout, encoding="utf-8")
    return " ".join(words)


def page_of(path: Path, command: str) -> str:
    """The source of a program's page."""
    name = path.stem
    first, *rest = _docstring(path).split("\n\n")
    lines = [path.name, "=" * len(path.name), "", first, ""]
    for paragraph in rest:
        if paragraph.startswith("    "):
            lines += [".. code-block:: sh", "", paragraph, ""]
        else:
            lines += [paragraph, ""]
    for figure in figures_of(name, "*.png"):
        lines += [f".. image:: {figure}", f"   :alt: A figure that {path.name} draws", ""]
    for page in map(Path, figures_of(name, "*.html")):
        lines += [f"The page that it writes: `{page.name} <../live/{page.name}>`__", ""]
    lines += ["What it prints, and draws above, by", "", ".. code-block:: sh", "", f"   {command}"]
    lines += ["", f".. literalinclude:: {name}.txt", "   :language: none", ""]
    lines += ["The program", "-----------", ""]
    lines += [f".. literalinclude:: ../../examples/{path.name}", "   :language: python", ""]
    return "\n".join(lines)


def figures_of(name: str, pattern: str) -> list[str]:
    """The files that a program wrote, from docs/programs."""
    found = sorted((FOLDER / "figures" / name).rglob(pattern))
    return [path.relative_to(FOLDER).as_posix() for path in found]


def _docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.name


def index_of(paths: list[Path]) -> str:
    """The source of the page of all of them."""
    lines = ["Longer programs", "===============", ""]
    lines += ["Whole programs from ``examples/``, with what they print and draw. They ran when"]
    lines += [
        "this site was built: networks of images for an epoch only, on pictures drawn here.",
        "",
    ]
    lines += [".. grid:: 1 2 2 3", "   :gutter: 3", ""]
    for path in paths:
        first = " ".join(_docstring(path).split("\n\n")[0].split())
        lines += [f"   .. grid-item-card:: {path.name}", f"      :link: {path.stem}"]
        lines += ["      :link-type: doc"]
        # Of several figures the one in the README, or the last: that is the result.
        figures = figures_of(path.stem, "*.png")
        shown = [figure for figure in figures if "windows" in figure] or figures[-1:]
        if not figures and (ROOT / "docs" / f"{path.stem}.png").exists():
            shown = [f"../{path.stem}.png"]  # of the page that it writes
        if shown:
            lines += [f"      :img-top: {shown[0]}", "      :img-alt: its figure"]
        text = re.sub(r"`+([^`]*)`+", r"``\1``", first)
        lines += ["", f"      {text}", ""]
    lines += [".. toctree::", "   :hidden:", "", *[f"   {path.stem}" for path in paths]]
    return "\n".join(lines) + "\n"


def write_pages(app: Sphinx) -> None:
    """Run all programs, two at a time, and write their pages."""
    FOLDER.mkdir(exist_ok=True)
    paths = programs()
    with ThreadPoolExecutor(2) as pool:
        commands = list(pool.map(run, paths))
    both = zip(paths, commands, strict=True)
    pages = {path.stem: page_of(path, command) for path, command in both}
    pages["index"] = index_of(paths)
    for file in FOLDER.glob("*.rst"):
        if file.stem not in pages:
            file.unlink()
    for name, text in pages.items():
        file = FOLDER / f"{name}.rst"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
    live = FOLDER / "pages" / "live"  # what programs write lies apart from the site's own pages
    shutil.rmtree(live, ignore_errors=True)
    live.mkdir(parents=True)
    for path in paths:
        for page in figures_of(path.stem, "*.html"):
            shutil.copy(FOLDER / page, live)
    app.config.html_extra_path += ["programs/pages"]


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("builder-inited", write_pages, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

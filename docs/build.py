"""Build the site into build/site, strictly, and check it: one command, which needs no network.

    python docs/build.py

It runs the spelling check, Sphinx (every warning is an error; tutorials, the gallery and the
examples are executed) and `links`, which reads the built pages and, where there is a browser, opens
some. It ends with 1 if anything is wrong. The extra ``docs`` installs what it needs.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import links

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
SITE = ROOT / "build" / "site"
STRICT = "-m sphinx -E -a -W --keep-going -q"
SPELLED = """README.md CONTRIBUTING.md CHANGELOG.md SECURITY.md CITATION.cff
docs examples tinygrad_np tests benchmarks .ci"""


def without_figures(site: Path) -> Iterator[str]:
    """A line for each tutorial whose page has fewer pictures than its cells draw."""
    for source in sorted((DOCS / "tutorials").glob("*.md")):
        text = source.read_text(encoding="utf-8")
        cells = re.findall(r"```\{code-cell\}.*?```", text, re.DOTALL)
        drawn = sum("plt.subplots(" in cell or "viz.figure(" in cell for cell in cells)
        page = (site / "tutorials" / source.name).with_suffix(".html")
        shown = page.read_text(encoding="utf-8").count('src="../_images/') if drawn else 0
        if shown < drawn + text.count("![") + text.count("{image}"):
            yield f"{page.relative_to(site)}: {drawn} cells draw, and the page has {shown} pictures"


def asked_in_a_browser(site: Path) -> list[str]:
    """What a page of each kind asks for from elsewhere; it prints whether there was a browser."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    chromium = os.environ.get("CHROMIUM") or chromium
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print("no page was opened in a browser: that needs chromium and the extra browser")
        return []
    paths = links.of_each_kind(site)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        wrong = list(links.asked(browser, paths, site))
        browser.close()
    print(f"{len(paths)} pages were opened in a browser without a network")
    return wrong


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="python docs/build.py", description=__doc__)
    parser.add_argument("--online", action="store_true", help="also ask for links to other sites")
    parser.add_argument("--jobs", default="auto", help="processes of Sphinx; default: %(default)s")
    options = parser.parse_args()
    began = time.perf_counter()
    # The package of this checkout, also in the kernels that run the tutorials.
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    environment.pop("MPLBACKEND", None)  # without one, a kernel shows the figures of its cells
    spelling = [sys.executable, "-m", "codespell_lib", *SPELLED.split()]
    sphinx = [sys.executable, *STRICT.split(), "-j", options.jobs]
    for old in (DOCS / "gallery", SITE):  # pages may have gone
        shutil.rmtree(old, ignore_errors=True)
    status = 0
    for command in (spelling, [*sphinx, "-d", "build/doctrees", "docs", str(SITE)]):
        done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
        status = status or done.returncode
    (SITE / "_static" / "webpack-macros.html").unlink(missing_ok=True)  # the theme's own, no page
    wrong = [*links.faults(SITE), *without_figures(SITE), *asked_in_a_browser(SITE)]
    if options.online:
        wrong += links.unreachable(SITE)
    print("\n".join(wrong), end="\n" if wrong else "")
    files = [path for path in SITE.rglob("*") if path.is_file()]
    pages = sum(path.suffix == ".html" for path in files)
    size = sum(path.stat().st_size for path in files) / 1e6
    seconds = time.perf_counter() - began
    verdict = "with faults" if status or wrong else "right"
    print(f"the site: {pages} pages, {size:.0f} MB, in {seconds:.0f} s: {verdict}; it is in {SITE}")
    return int(bool(status or wrong))


if __name__ == "__main__":
    sys.exit(main())

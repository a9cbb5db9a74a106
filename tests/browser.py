"""A real browser for the tests of pages: Debian's chromium, driven by playwright.

`opened` opens a page from a file, on a network that is not there, and fails if the page says
anything on its console, raises, or asks for anything that is not in it. The extra ``browser`` has
playwright; chromium is a package of the system's.
"""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)


@pytest.fixture(scope="module")
def browser():
    """Chromium without a window; tests that need it are skipped where it is not installed."""
    if CHROMIUM is None:
        pytest.skip("needs chromium: install it, or name it in CHROMIUM")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="needs playwright: the extra browser"
    )
    with playwright.sync_playwright() as driver:
        # root, as in a container, has no sandbox
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@contextmanager
def opened(browser, path, width=1200, height=800, **options):
    """A page of the file at `path`; `options` are those of a browser context, such as has_touch."""
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    address = Path(path).resolve().as_uri()
    page.goto(address)
    try:
        yield page
    finally:
        context.close()
    assert not said, said
    elsewhere = [x for x in asked if x.split("#")[0] != address and not x.startswith("data:")]
    assert not elsewhere, elsewhere

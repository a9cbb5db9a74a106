"""What the built pages load, and where their links lead.

`faults` reads every page, style sheet, script and SVG of a folder and gives a line for each script,
style, picture, font or frame that is loaded from elsewhere, and for each link to a page, a file or
an anchor that is not there. What a script loads when it runs cannot be read from its text: `asked`
opens pages in a browser and gives a line for each request. Links to other sites are checked for
their form; `unreachable` asks for them, which needs a network.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

LOADED = {"src", "srcset", "imagesrcset", "poster", "background", "ping"}
"""The attributes that make a browser load something, on whichever element."""

LOADED_BY = {
    "base": ("href",), "feimage": ("href", "xlink:href"), "image": ("href", "xlink:href"),
    "link": ("href",), "object": ("data",), "script": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}  # fmt: skip
"""Those that do on some elements; on others they are links, or nothing."""

LINKED = {"href", "xlink:href", "action", "formaction"}
"""The attributes that lead to another page."""

NOT_LOADED = {"next", "prev", "index", "search", "canonical", "author", "up", "top", "genindex"}
"""What a link element may be that is not loaded."""

STYLED = {"style", "fill", "stroke", "filter", "mask", "clip-path", "cursor"}
STYLED |= {"marker-start", "marker-mid", "marker-end"}
"""The attributes that hold style, in which url(…) loads."""

FROM_STYLES = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", re.IGNORECASE)
IMAGE_SET = re.compile(r"image-set\(([^;{}]*)", re.IGNORECASE)
IN_IMAGE_SET = re.compile(r"(?:\(|,|^)\s*['\"]([^'\"]+)")
OF_SRCSET = re.compile(r"(\S*[^\s,])(?:\s+[^,]+)?\s*(?:,|$)")
REFRESHED = re.compile(r"url\s*=\s*['\"]?([^'\"]+)", re.IGNORECASE)
FROM_SCRIPTS = re.compile(
    r"""(?:import|fetch|from|src\s*=|href\s*=)\s*\(?\s*["'`]((?:https?:)?//[^"'`]*)"""
)
"""A script that plainly loads another from elsewhere; what it does when it runs, `asked` sees."""


class Page(HTMLParser):
    """What a page loads, links to, and which anchors it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Take note of an element."""
        given = {name: (value or "").strip() for name, value in attributes}
        self._inside = tag
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        relations = set(given.get("rel", "").lower().split())
        is_loaded = tag != "link" or not relations or bool(relations - NOT_LOADED)
        for name, value in given.items():
            if name.endswith("srcset"):
                self.loads += OF_SRCSET.findall(value)
            elif name in LOADED or name in LOADED_BY.get(tag, ()):
                self.loads += [value] if is_loaded else []
            elif name in LINKED:
                self.links.append(value)
            elif name in STYLED:
                self.loads += _of_styles(value)
            elif name.startswith("on"):
                self.loads += FROM_SCRIPTS.findall(value)
        if given.get("http-equiv", "").lower() == "refresh":
            self.loads += REFRESHED.findall(given.get("content", ""))
        if "srcdoc" in given:  # a page within the page
            self.loads += Page(given["srcdoc"]).loads

    def handle_endtag(self, tag: str) -> None:
        """Forget which element it was."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Read a style or a script that stands in the page."""
        if self._inside == "style":
            self.loads += _of_styles(data)
        elif self._inside == "script":
            self.loads += FROM_SCRIPTS.findall(data)


def _of_styles(text: str) -> list[str]:
    sets = [address for part in IMAGE_SET.findall(text) for address in IN_IMAGE_SET.findall(part)]
    return [a or b for a, b in FROM_STYLES.findall(text)] + sets


def faults(site: Path) -> Iterator[str]:
    """A line for each thing that is loaded from elsewhere, and each link that leads nowhere."""
    site = site.resolve()
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    if not pages:
        yield f"{site}: there is no page"
    found = {path: (page.loads, page.links) for path, page in pages.items()}
    for path in sorted(site.rglob("*.svg")):
        picture = Page(path.read_text(encoding="utf-8"))
        found[path] = (picture.loads, picture.links)
    for path in sorted(site.rglob("*.css")):
        found[path] = (_of_styles(path.read_text(encoding="utf-8")), [])
    for path in sorted(site.rglob("*.js")):
        found[path] = (FROM_SCRIPTS.findall(path.read_text(encoding="utf-8")), [])
    for path, (loads, leads) in found.items():
        here = path.relative_to(site).as_posix()
        for address in loads:
            if _is_elsewhere(address):
                yield f"{here}: loads {address} from elsewhere"
            elif told := _broken(site, path, address, pages):
                yield f"{here}: loads {address}, {told}"
        for address in leads:
            if _is_elsewhere(address):
                if told := _misformed(address):
                    yield f"{here}: the link {address} {told}"
            elif told := _broken(site, path, address, pages):
                yield f"{here}: the link {address}, {told}"


WITH_SCRIPTS = {"search", "rules_table", "graphs", "convolution_lab"}


def of_each_kind(site: Path) -> list[Path]:
    """The pages to open in a browser: one of each folder, and those with scripts of their own."""
    pages = sorted(site.rglob("*.html"))
    firsts = {path.parent: path for path in reversed(pages)}
    own = {path for path in pages if path.parent.name == "live" or path.stem in WITH_SCRIPTS}
    return sorted({*firsts.values(), *own})


def asked(browser: Any, paths: Iterable[Path], site: Path) -> Iterator[str]:
    """A line for each thing outside of the site that a page asks for when a browser opens it.

    `browser` is one of playwright's. It has no network, and it sees what scripts do.
    """
    for path in paths:
        context = browser.new_context(offline=True)
        page = context.new_page()
        requests: list[str] = []
        page.on("request", lambda request, to=requests: to.append(request.url))
        page.on("websocket", lambda socket, to=requests: to.append(socket.url))
        page.goto(path.resolve().as_uri())
        page.wait_for_load_state("networkidle")
        context.close()
        within = ("data:", "blob:", "about:", site.resolve().as_uri() + "/")
        for address in requests:
            if not address.startswith(within):
                yield f"{path.relative_to(site)}: asks for {address} from elsewhere"


def _is_elsewhere(address: str) -> bool:
    parts = urlsplit(address.replace("\\", "/"))  # to a browser they are the same
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def _misformed(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme == "mailto":
        return "" if "@" in parts.path else "is no address"
    if parts.scheme != "https":
        return "is not of https"
    if "." not in parts.netloc or " " in address:
        return "is no address"
    return ""


def _broken(site: Path, path: Path, address: str, pages: dict[Path, Page]) -> str:
    """Why an address within the site leads nowhere, or nothing."""
    parts = urlsplit(address)
    if parts.scheme == "data" or address in ("", "#"):
        return ""
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if site not in target.parents:
        return "which is outside of the site"
    if not target.is_file():
        return "which is not there"
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "an anchor that the page does not have"
    return ""


def unreachable(site: Path, seconds: float = 20.0) -> list[str]:
    """A line for each other site that does not answer a link; this needs a network."""
    addresses = set()
    for path in site.rglob("*.html"):
        links = Page(path.read_text(encoding="utf-8")).links
        addresses |= {link.split("#")[0] for link in links if link.startswith("http")}

    def told(address: str) -> str:
        request = urllib.request.Request(address, headers={"User-Agent": "Mozilla/5.0"})
        try:
            with urllib.request.urlopen(request, timeout=seconds):
                return ""
        except (urllib.error.URLError, OSError, ValueError) as error:
            return f"{address}: {error}"

    with ThreadPoolExecutor(8) as pool:
        return [line for line in pool.map(told, sorted(addresses)) if line]

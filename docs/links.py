"""What the built pages load, and where their links lead.

`faults` reads every page and style sheet of a folder and gives a line for each script, style,
picture, font or frame that is loaded from elsewhere, and for each link to a page, a file or an
anchor that is not there. Links to other sites are checked for their form; `unreachable` asks for
them, which needs a network.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {
    "audio": ("src",), "embed": ("src",), "iframe": ("src",), "image": ("href", "xlink:href"),
    "img": ("src", "srcset"), "input": ("src",), "link": ("href",), "object": ("data",),
    "script": ("src",), "source": ("src", "srcset"), "track": ("src",),
    "use": ("href", "xlink:href"), "video": ("src", "poster"),
}  # fmt: skip
"""The attributes that make a browser load something, by element."""

NOT_LOADED = {"next", "prev", "index", "search", "canonical", "author", "up", "top", "genindex"}
"""What a link element may be that is not loaded."""

FROM_STYLES = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")
FROM_SCRIPTS = re.compile(
    r"""(?:import|fetch|from|src\s*=|href\s*=)\s*\(?\s*["']((?:https?:)?//[^"']*)"""
)
"""A script that loads another from elsewhere when it runs."""


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
        given = {name: value or "" for name, value in attributes}
        self._inside = tag
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag in ("a", "area") and "href" in given:
            self.links.append(given["href"])
        is_loaded = tag != "link" or not NOT_LOADED & set(given.get("rel", "").split())
        for name in LOADED.get(tag, ()) if is_loaded else ():
            if name == "srcset":
                self.loads += [part.split()[0] for part in given.get(name, "").split(",") if part]
            elif name in given:
                self.loads.append(given[name])
        self.loads += _of_styles(given.get("style", ""))
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
    return [a or b for a, b in FROM_STYLES.findall(text)]


def faults(site: Path) -> Iterator[str]:
    """A line for each thing that is loaded from elsewhere, and each link that leads nowhere."""
    site = site.resolve()
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    if not pages:
        yield f"{site}: there is no page"
    for path, page in pages.items():
        here = path.relative_to(site).as_posix()
        for address in page.loads:
            if _is_elsewhere(address):
                yield f"{here}: loads {address} from elsewhere"
            elif told := _broken(site, path, address, pages):
                yield f"{here}: loads {address}, {told}"
        for address in page.links:
            if _is_elsewhere(address):
                if told := _misformed(address):
                    yield f"{here}: the link {address} {told}"
            elif told := _broken(site, path, address, pages):
                yield f"{here}: the link {address}, {told}"
    for path in sorted(site.rglob("*.css")):
        here = path.relative_to(site).as_posix()
        for address in _of_styles(path.read_text(encoding="utf-8")):
            if _is_elsewhere(address):
                yield f"{here}: loads {address} from elsewhere"
            elif told := _broken(site, path, address, pages):
                yield f"{here}: loads {address}, {told}"


def _is_elsewhere(address: str) -> bool:
    parts = urlsplit(address)
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

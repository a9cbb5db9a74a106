"""The site: every public name has a page, chapters show the source, and its checker finds faults.

``python docs/build.py`` builds all of it; that is a part of `.ci/run`, not of these tests.
"""

import ast
import doctest
import importlib
import inspect
import json
import re
import sys
from pathlib import Path

import browser as chromium
import pytest

import tinygrad_np as tg

browser = chromium.browser  # the fixture
DOCS = Path(tg.__file__).parents[1] / "docs"
pytestmark = [
    pytest.mark.skipif(not DOCS.exists(), reason="an installed package has no docs"),
    pytest.mark.whole,
]


def machinery(name):
    """A module of docs/, which is no package; some need the extra `docs`."""
    sys.path[:0] = [str(DOCS), str(DOCS / "_ext")]
    try:
        return importlib.import_module(name)
    finally:
        del sys.path[:2]


@pytest.fixture
def extension():
    """A function that gives a module of docs/_ext, where what they need is installed."""
    for needed in ("sphinx", "latex2mathml", "ziamath"):
        pytest.importorskip(needed, reason="needs the extra docs: pip install -e '.[docs]'")
    return machinery


class TestLinks:
    """The checker, on a small site with one fault each."""

    PAGE = '<html><head>{head}</head><body><h2 id="there">Words</h2>{body}</body></html>'

    def faults(self, tmp_path, head="", body="", **files):
        (tmp_path / "index.html").write_text(self.PAGE.format(head=head, body=body), "utf-8")
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "page.html").write_text('<p id="a b">far</p>', "utf-8")
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text, "utf-8")
        return list(machinery("links").faults(tmp_path))

    @pytest.mark.parametrize(
        "body",
        [
            '<a href="#there">a</a> <a href="">b</a> <a href="#">c</a>',
            '<a href="folder/page.html">a</a> <a href="folder/page.html#a%20b">b</a>',
            '<a href="https://numpy.org/doc/">a</a> <a href="mailto:a@b.c">b</a>',
            '<img src="data:image/png;base64,AAAA"><img src="x.css">',
            '<p style="background: url(x.css)">a</p>',
            '<img srcset="data:image/png;base64,AAA= 1x, x.css 2x">',
            '<form action="folder/page.html"></form><form action="https://numpy.org"></form>',
            '<p title="url(https://example.org/a.png)" data-src="//example.org">a</p>',
        ],
    )
    def test_what_is_right_has_none(self, tmp_path, body):
        head = '<link rel="stylesheet" href="x.css?v=1"><link rel="canonical" href="https://a.b/">'
        assert self.faults(tmp_path, head, body, x_css="p { color: red }") == []

    @pytest.mark.parametrize(
        "element",
        [
            '<script src="https://cdn.example.org/mathjax.js"></script>',
            '<link rel="stylesheet" href="//fonts.example.org/css">',
            '<link rel="preload" as="font" href="https://fonts.example.org/f.woff2">',
            '<img src="http://example.org/badge.svg">',
            '<img src="data:," srcset="https://example.org/a.png 2x">',
            '<iframe src="https://example.org"></iframe>',
            '<iframe srcdoc="&lt;script src=https://example.org/a.js&gt;"></iframe>',
            '<p style="background: url(https://example.org/a.png)">a</p>',
            '<style>@import "https://example.org/a.css";</style>',
            "<style>@font-face { src: url('//example.org/f.woff') }</style>",
            '<script>import("https://example.org/a.js")</script>',
            '<script>fetch("https://example.org/a.json")</script>',
            "<script>fetch(`https://example.org/a.json`)</script>",
            """<img src="data:," onerror="fetch('https://example.org/a.json')">""",
            '<meta http-equiv="refresh" content="0; url=https://example.org/">',
            '<base href="https://example.org/">',
            '<link rel="canonical stylesheet" href="https://example.org/a.css">',
            '<link rel="preload" as="image" imagesrcset="https://example.org/a.png 1x">',
            '<img srcset="data:,a 1x,https://example.org/a.png 2x">',
            '<frame src="https://example.org/">',
            '<table background="https://example.org/a.png"></table>',
            '<a href="#there" ping="https://example.org/">a</a>',
            r'<img src="\\example.org\a.png">',
            '<svg><filter><feImage href="https://example.org/a.png"/></filter></svg>',
            '<svg><script href="https://example.org/a.js"></script></svg>',
            '<svg><rect fill="url(https://example.org/a.svg#b)"/></svg>',
            '<style>@IMPORT "https://example.org/a.css";</style>',
            "<style>p { background: URL(https://example.org/a.png) }</style>",
            '<style>p { background: image-set("x.css" 1x, "//example.org/a.png" 2x) }</style>',
        ],
    )
    @pytest.mark.parametrize("place", ["head", "body"])
    def test_what_is_loaded_from_elsewhere_is_found(self, tmp_path, element, place):
        [told] = self.faults(tmp_path, **{place: element}, x_css="")
        assert "example.org" in told or "//" in told
        assert "from elsewhere" in told
        assert told.startswith("index.html: ")

    def test_also_in_a_style_sheet(self, tmp_path):
        [told] = self.faults(tmp_path, x_css="@import url(https://example.org/a.css);")
        assert told == "x.css: loads https://example.org/a.css from elsewhere"

    def test_also_in_files_of_scripts_and_pictures(self, tmp_path):
        picture = '<svg><image href="https://example.org/a.png"/></svg>'
        told = self.faults(tmp_path, x_svg=picture, x_js='import("https://example.org/a.js")')
        assert told == [
            "x.svg: loads https://example.org/a.png from elsewhere",
            "x.js: loads https://example.org/a.js from elsewhere",
        ]

    @pytest.mark.parametrize(
        "script",
        [
            'const a = "https://example.org/a.json"; fetch(a).catch(() => 0)',
            'new Image().setAttribute("src", "https://example.org/a.png")',
            'const r = new XMLHttpRequest(); r.open("GET", "https://example.org/"); r.send()',
            'new WebSocket("wss://example.org")',
            'navigator.sendBeacon("https://example.org/a")',
            'new EventSource("https://example.org/a")',
            'new FontFace("f", "url(https://example.org/f.woff)").load().catch(() => 0)',
            'document.body.innerHTML = "<img src=//" + "example.org/a.png>"',
            "document.body.style.background = 'u\\\\72l(https://example.org/a.png)'",
        ],
    )
    def test_a_browser_sees_what_a_script_asks_for(self, browser, tmp_path, script):
        body = f"<script>document.body.append(1); {script}</script>"
        assert self.faults(tmp_path, body=body) == []
        links = machinery("links")
        told = list(links.asked(browser, links.of_each_kind(tmp_path), tmp_path))
        assert len(told) == 1, told
        assert told[0].startswith("index.html: asks for ")
        assert "example.org" in told[0]

    def test_a_browser_that_stays_within_the_site_has_none(self, browser, tmp_path):
        assert self.faults(tmp_path, '<script src="x.js"></script>', x_js="fetch('data:,a')") == []
        links = machinery("links")
        pages = links.of_each_kind(tmp_path)
        assert [page.name for page in pages] == ["page.html", "index.html"]
        assert list(links.asked(browser, pages, tmp_path)) == []

    @pytest.mark.parametrize(
        ("element", "why"),
        [
            ('<a href="gone.html">a</a>', "which is not there"),
            ('<a href="folder/">a</a>', "which is not there"),
            ('<a href="#nowhere">a</a>', "an anchor that the page does not have"),
            ('<a href="folder/page.html#ab">a</a>', "an anchor that the page does not have"),
            ('<a href="../secret.html">a</a>', "which is outside of the site"),
            ('<img src="gone.png">', "which is not there"),
            ('<p style="background: url(gone.png)">a</p>', "which is not there"),
            ('<a href="http://numpy.org">a</a>', "is not of https"),
            ('<a href="https://numpy">a</a>', "is no address"),
            ('<a href="javascript:alert(1)">a</a>', "is not of https"),
            ('<form action="gone.html"></form>', "which is not there"),
            ('<math href="http://numpy.org"></math>', "is not of https"),
        ],
    )
    def test_a_link_that_leads_nowhere_is_found(self, tmp_path, element, why):
        [told] = self.faults(tmp_path, body=element)
        assert told.endswith(why)

    def test_a_site_without_pages_is_none(self, tmp_path):
        [told] = machinery("links").faults(tmp_path)
        assert told.endswith("there is no page")


class TestReference:
    def test_every_public_name_has_a_page(self, extension):
        """Of each module that one comes to from tg by public names; SciPy's have docs/scipy.md."""
        reference = extension("reference")
        named = {(name.module, name.name) for name in reference.public_names()}
        pages = {name.path for name in reference.public_names() if not name.same_as}
        assert {name.same_as for name in reference.public_names()} - {""} <= pages
        waiting, seen = [("", tg), ("nn", tg.nn)], []  # which is no name of `__all__`
        while waiting:
            path, module = waiting.pop()
            seen.append(path)
            for name in module.__all__:
                thing, inside = getattr(module, name), f"{path}.{name}".lstrip(".")
                if inside == "scipy":
                    continue
                if inspect.ismodule(thing):
                    waiting += [(inside, thing)] if hasattr(thing, "__all__") else []
                elif not (inspect.isclass(thing) and thing.__module__ == "builtins"):
                    assert (path, name) in named, (path, name)
        assert {"", "nn.init", "optim.schedules", "compat.autograd", "check"} <= set(seen)
        assert len(pages) > 200

    def test_a_page_is_made_of_the_docstring(self, extension):
        reference = extension("reference")
        by_path = {name.path: name for name in reference.public_names()}
        page = reference.page_of_name(by_path["tinygrad_np.conv2d"])
        assert ".. autofunction:: tinygrad_np.conv2d\n" in page
        assert ".. autoclass:: tinygrad_np.Tensor\n   :members:\n" in reference.page_of_name(
            by_path["tinygrad_np.Tensor"]
        )
        assert by_path["tinygrad_np.nn.conv2d"].same_as == "tinygrad_np.conv2d"

    def test_a_name_of_scipys_is_no_link_to_the_one_that_is_called_so_here(self, extension):
        from sphinx.addnodes import pending_xref

        node = pending_xref(refdomain="py", reftype="obj", reftarget="scipy.optimize.minimize")
        assert extension("reference")._resolve(None, None, node, "text") == "text"

    def test_each_module_is_in_the_table_of_contents(self, extension):
        index = (DOCS / "reference" / "index.md").read_text(encoding="utf-8")
        listed = re.findall(r"^api/of_(\S+)$", index, re.M)
        assert sorted(listed) == sorted(name or "tg" for name in extension("reference").MODULES)


class TestTableOfRules:
    def test_the_stored_errors_are_those_of_the_rows_that_there_are(self, extension):
        rules_table = extension("rules_table")
        stored = json.loads(rules_table.WITNESSES.read_text(encoding="utf-8"))["rows"]
        there = {f"{row.kind} {row.name}" for row in rules_table.rows() if not row.user_defined}
        assert set(stored) == there, "run python docs/_ext/rules_table.py"

    def test_they_are_within_what_is_allowed(self, extension):
        rules_table = extension("rules_table")
        stored = json.loads(rules_table.WITNESSES.read_text(encoding="utf-8"))["rows"]
        limits = list(rules_table.LIMITS.values())
        for name, (points, *errors) in stored.items():
            assert points > 0, name
            for error, limit in zip(errors, limits, strict=True):
                assert error is None or error <= limit, name

    def test_a_rule_is_the_text_of_its_row(self, extension):
        rules_table = extension("rules_table")
        by_name = {row.name: row for row in rules_table.rows()}
        [text] = rules_table.texts_of(by_name["np.exp"]).values()
        assert text == "pointwise(np.exp, lambda ans: ans, analytic=True)"
        [(place, text)] = rules_table.texts_of(by_name["np.sum"]).items()
        assert place.startswith("tinygrad_np/core/rules.py, line ")
        assert text.startswith("def spread(")

    def test_every_row_has_a_text(self, extension):
        rules_table = extension("rules_table")
        ours = [row for row in rules_table.rows() if not row.user_defined]
        assert len(ours) > 700
        for row in ours:
            texts = list(rules_table.texts_of(row).values())
            assert texts, row
            for text in texts:
                ast.parse(f"({text}\n)" if text.startswith("lambda") else text)

    def test_what_is_shown_is_escaped(self, extension):
        rules_table = extension("rules_table")
        html = "".join(rules_table.table_of({}))
        assert "x < y" not in html
        assert "&lt;" in html
        assert html.count("<tr>") == html.count("</tr>") == len(rules_table.rows()) + 2

    def test_the_filter_shows_the_rows_that_have_all_words(self, extension, browser, tmp_path):
        page = tmp_path / "table.html"
        lines = "".join(extension("rules_table").table_of({}))
        page.write_text(f"<!doctype html><meta charset='utf-8'>{lines}", "utf-8")
        with chromium.opened(browser, page) as shown:
            rows = shown.locator("#rules tbody tr")
            everything = rows.count()
            assert shown.locator("#count").text_content() == f"{everything} of {everything} rows"
            shown.fill("#filter", "NP.SORT general")
            visible = rows.locator("visible=true").all_text_contents()
            assert 0 < len(visible) < 20
            assert all("np.sort" in text and "general" in text for text in visible)
            assert shown.locator("#count").text_content() == f"{len(visible)} of {everything} rows"
            shown.fill("#filter", "no such function")
            assert rows.locator("visible=true").count() == 0


class TestChapters:
    NAMED = re.compile(r"^```\{source\} (\S+) (\S+)$", re.M)

    def test_what_they_show_is_in_the_source(self, extension):
        shown = [
            found
            for page in (DOCS / "how").glob("*.md")
            for found in self.NAMED.findall(page.read_text(encoding="utf-8"))
        ]
        assert len(shown) > 30
        source = extension("source")
        for file, name in shown:
            line, text = source.source_of(source.PACKAGE / file, name)
            assert f"{name.split('.')[-1]}(" in text
            assert ast.get_docstring(ast.parse(text).body[0]) is None
            there = (source.PACKAGE / file).read_text(encoding="utf-8").splitlines()
            assert there[line - 1].strip() == text.splitlines()[0].strip()

    def test_a_name_that_has_gone_raises(self, extension):
        source = extension("source")
        with pytest.raises(ValueError, match=r"graph\.py has no gone$"):
            source.source_of(source.PACKAGE / "core" / "graph.py", "gone")

    def test_they_show_each_module_of_the_core_that_one_reads(self):
        text = "\n".join([p.read_text(encoding="utf-8") for p in (DOCS / "how").glob("*.md")])
        core = {path.stem for path in (DOCS.parent / "tinygrad_np" / "core").glob("*.py")}
        shown = {file.partition("/")[2].removesuffix(".py") for file, _ in self.NAMED.findall(text)}
        assert shown <= core
        assert len(shown) >= 11


@pytest.mark.parametrize("name", ["formulas", "reference", "rules_table", "source"])
def test_the_examples_of_the_machinery(extension, name):
    found = doctest.testmod(extension(name), optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    assert found.failed == 0


def test_what_is_unknown_in_a_formula_raises(extension):
    mathml = extension("formulas").mathml
    assert mathml(r"\begin{aligned}a &= b\\c &= d\end{aligned}", "block").count("<mtr>") == 2
    with pytest.raises(ValueError, match="outside of lines"):
        mathml("a & b", "inline")


def test_the_programs_are_the_commands_of_the_examples(extension):
    programs = extension("programs")
    names = {path.stem for path in programs.programs()}
    assert {"two_class", "gpt", "fit"} <= names
    assert set(programs.QUICK) <= names


def test_every_page_is_in_one_table_of_contents():
    """Of those that are written by hand; Sphinx warns of others."""
    trees = {}
    for page in DOCS.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", text, re.M | re.S):
            lines = [line for line in tree.splitlines() if line and not line.startswith(":")]
            targets = [line.partition("<")[2].rstrip(">") or line for line in lines]
            for path in {p for t in targets for p in page.parent.glob(f"{t}.md")} - {page}:
                trees.setdefault(path.resolve(), []).append(page.name)
    pages = {path.resolve() for path in DOCS.rglob("*.md")}
    pages -= {DOCS / "index.md"}
    assert pages - set(trees) == set()
    twice = {
        path.name: found for path, found in trees.items() if len(found) > 1 and path.stem != "index"
    }
    assert twice == {}

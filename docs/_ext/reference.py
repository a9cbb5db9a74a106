"""The reference: a page for each public name, from its docstring, and one for each module.

The names are those of the modules' ``__all__``; `MODULES` is the order. What two modules offer is
on the page of the first, and the other refers to it. The pages are written into reference/api
before Sphinx reads its sources; none of them is kept in the repository.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

MODULES = {
    "": "differentiation, layers, tools",
    "tree": "nested parameters",
    "optim": "optimisers",
    "optim.schedules": "rates that change",
    "nn": "layers, losses, metrics",
    "nn.init": "first values of parameters",
    "training": "whole runs",
    "check": "is this gradient right?",
    "closed_form": "derived by hand",
    "data": "pictures, batches, variations",
    "viz": "figures and pages",
    "saving": "trees in files, weights from PyTorch",
    "export": "networks as files for other programs",
    "fast": "which path was taken",
    "scipy.optimize": "fits, roots, standard errors",
    "compat.autograd": "HIPS autograd's names",
}
"""A module below tinygrad_np, and what it is for.

The names of `tg.scipy` stand in docs/scipy.md: of them, those of `optimize` that are the package's
own have pages, too. What `debug` offers is in `tg` itself.
"""

SECTIONS = {
    "Tensors": ("core.tensor", "rules.nested", "rules.at"),
    "Derivatives": ("core.transforms", "rules.sparse_jacobians", "rules.implicit"),
    "Layers": ("nn.layers", "core.network", "rules.logsumexp"),
    "Losses": ("nn.losses", "core.losses"),
    "What convolutions are made of": ("core.windows", "core.rules", "nn.indices"),
    "Rules of one's own": ("rules.extend", "core.signature"),
    "Memory and speed": ("rules.remat", "fast"),
    "Runs, files, pictures": ("export", "saving", "summaries", "training", "viz"),
    "Errors, and where they come from": ("debug", "core.sweep"),
}
"""A heading on the page of `tg` itself, and the modules whose names stand under it."""


class Name(NamedTuple):
    """A public name."""

    module: str
    name: str
    thing: Any
    same_as: str = ""
    """the path of the page that has it, if another module offers it, too"""

    @property
    def path(self) -> str:
        return ".".join(["tinygrad_np", *filter(None, [self.module]), self.name])

    @property
    def directive(self) -> str:
        if inspect.isclass(self.thing):
            return "autoexception" if issubclass(self.thing, BaseException) else "autoclass"
        return "autofunction" if callable(self.thing) else "autodata"


def module_of(path: str) -> Any:
    """The module below tinygrad_np: by import, or as an attribute of its parent."""
    full = ".".join(filter(None, ["tinygrad_np", path]))
    try:
        return importlib.import_module(full)
    except ModuleNotFoundError:
        parent, _, name = full.rpartition(".")
        return getattr(importlib.import_module(parent), name)


def names_of(module: str) -> Collection[str]:
    """Its ``__all__``; of a module that mirrors SciPy's, what takes the place of SciPy's own."""
    if not module.startswith("scipy."):
        return module_of(module).__all__
    package = module_of(module)
    families = [importlib.import_module(f"{package.__name__}.{x.name}")
                for x in pkgutil.iter_modules(package.__path__)]  # fmt: skip
    found = [path.rpartition(".")[2] for x in families for path in getattr(x, "OWN", ())]
    # not those that a family has wrapped, with SciPy's docstring
    return [name for name in found if getattr(package, name).__module__ != package.__name__]


def public_names() -> Iterator[Name]:
    """All of them, module after module; without modules and Python's own classes."""
    pages: dict[int, str] = {}
    for module in MODULES:
        for name in sorted(names_of(module), key=str.lower):
            thing = getattr(module_of(module), name)
            is_pythons = inspect.isclass(thing) and thing.__module__ == "builtins"
            if isinstance(thing, ModuleType) or is_pythons:
                continue
            found = Name(module, name, thing)
            if callable(thing):
                found = found._replace(same_as=pages.get(id(thing), ""))
                pages.setdefault(id(thing), found.path)
            yield found


def without_markup(text: str, own: Collection[str] = ()) -> str:
    r"""Text of a docstring in which stars and bars are what they are: ``(*batch, n)``, ``|Δ|``.

    What is in single backticks may be a public name, to which the page then links. Those in `own`,
    the parameters of a function, are not.

    >>> print(without_markup("(*batch, n), ``**x`` and |Δ|, `f`, `x`", {"x"}))
    (\*batch, n), ``**x`` and \|Δ\|, `f`, ``x``
    """
    parts = re.split(r"(``.*?``|`[^`]*`)", text)
    for i, part in enumerate(parts):
        if i % 2 == 0:
            parts[i] = re.sub(r"(?<!\\)[*|]", r"\\\g<0>", part)
            continue
        if part.strip("`") in own:
            parts[i] = f"``{part.strip('`')}``"
        if parts[i + 1][:1].isalnum():
            parts[i] += "\\ "  # what is in backticks ends before a space, unless it is told to
    return "".join(parts)


def parameters_of(thing: Any) -> set[str]:
    """The names of a function's parameters; none where Python cannot tell."""
    try:
        return set(inspect.signature(thing).parameters)
    except (TypeError, ValueError):
        return set()


def summary_of(name: Name) -> str:
    """The first paragraph of its docstring, on one line."""
    if name.directive == "autodata":
        return f"A {type(name.thing).__name__}."
    text = inspect.cleandoc(name.thing.__doc__ or "").partition("\n\n")[0]
    return without_markup(" ".join(text.split()), parameters_of(name.thing))


def _process(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Stars and bars of a docstring that are no markup; what is literal is left as it is."""
    indent: int | None = None  # of the paragraph that a literal block follows
    in_example = False
    own = parameters_of(thing) if callable(thing) else set()
    for i, line in enumerate(lines):
        depth = len(line) - len(line.lstrip())
        if line.strip():
            if indent is not None and depth <= indent:
                indent = None
            in_example = line.lstrip().startswith(">>>") or in_example
        else:
            in_example = False
        is_parameter = re.match(r"\*{1,2}\w+( :|,|$)", line)
        if indent is None and not in_example and not is_parameter:
            lines[i] = without_markup(line, own)
        if indent is None and line.rstrip().endswith("::"):
            indent = depth


def _skip(app: Sphinx, what: str, name: str, thing: Any, skip: bool, options: Any) -> bool | None:
    """Whether scikit-learn has put a method into a class of ours: its text is of its own site."""
    return True if str(getattr(thing, "__module__", "")).startswith("sklearn.") else None


def page_of_name(name: Name) -> str:
    """The source of a name's page."""
    title = f"tg.{name.path.partition('.')[2]}"
    is_class = name.directive == "autoclass"
    members = "   :members:\n" if is_class else ""
    # Of a function alone there is nothing to choose from beside the page.
    sides = "" if is_class else ":html_theme.sidebar_secondary.remove: true\n"
    return f"{sides}\n{title}\n{'=' * len(title)}\n\n.. {name.directive}:: {name.path}\n{members}"


def page_of_module(module: str, names: list[Name]) -> str:
    """The source of a module's page: its docstring, and its names by section."""
    title = f"tg.{module}: {MODULES[module]}" if module else f"tg: {MODULES[module]}"
    lines = [title, "=" * len(title), ""]
    lines += [f".. automodule:: {'.'.join(filter(None, ['tinygrad_np', module]))}", ""]
    own = [name for name in names if not name.same_as]
    others = [name for name in names if name.same_as]
    sections: dict[str, list[Name]] = {}
    for name in own:
        sections.setdefault(section_of(name), []).append(name)
    for section in [*SECTIONS, "More", ""]:
        if section not in sections:
            continue
        if section:
            lines += [section, "-" * len(section), ""]
        lines += [".. list-table::", "   :class: names", ""]
        for name in sections[section]:
            link = f":py:obj:`{name.name} <{name.path}>`"
            lines += [f"   * - {link}", f"     - {summary_of(name)}"]
        lines += [""]
    if others:
        pages = [x.same_as for x in others]
        links = [f":py:obj:`tg.{page.partition('.')[2]} <{page}>`" for page in pages]
        lines += [f"Here, too: {', '.join(links)}.", ""]
    if own:
        lines += [".. toctree::", "   :hidden:", ""] + [f"   {name.path}" for name in own]
    return "\n".join(lines) + "\n"


def section_of(name: Name) -> str:
    """The heading of a name on the page of `tg`; elsewhere none."""
    if name.module:
        return ""
    home = getattr(name.thing, "__module__", "").removeprefix("tinygrad_np.")
    for section, places in SECTIONS.items():
        if any(home == place or home.startswith(f"{place}.") for place in places):
            return section
    return "More"


def write_pages(app: Sphinx) -> None:
    """Those that have changed; those of names that have gone are deleted."""
    folder = Path(app.srcdir, "reference", "api")
    folder.mkdir(exist_ok=True)
    names = list(public_names())
    pages = {f"{name.path}.rst": page_of_name(name) for name in names if not name.same_as}
    for module in MODULES:
        mine = [name for name in names if name.module == module]
        pages[f"of_{module or 'tg'}.rst"] = page_of_module(module, mine)
    for file in folder.glob("*.rst"):
        if file.name not in pages:
            file.unlink()
    for file_name, text in pages.items():
        file = folder / file_name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def _resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """What is in single backticks in a docstring: the page of that name, if there is one, or text.

    Sphinx has looked in the module of the docstring before; here are the names that another module
    offers, too, those with ``tg.`` before them, and all that is no public name.
    """
    if node.get("refdomain") != "py" or node.get("reftype") != "obj":
        return None
    target = node["reftarget"]
    if target.startswith(("numpy.", "scipy.")):  # theirs, not those that have their names here
        return content
    module = node.get("py:module") or "tinygrad_np"
    for path in (f"tinygrad_np.{target.removeprefix('tg.')}", f"{module}.{target}"):
        path = _same().get(path, path)
        found = env.domains.python_domain.objects.get(path)
        if found is not None and app.builder is not None:
            return make_refnode(
                app.builder, node["refdoc"], found.docname, found.node_id, content, path
            )
    return content


@functools.cache
def _same() -> dict[str, str]:
    """The other paths of names, and those of their pages."""
    return {x.path: x.same_as for x in public_names() if x.same_as}


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("builder-inited", write_pages, priority=100)
    app.connect("autodoc-process-docstring", _process, priority=100)  # before numpydoc
    app.connect("autodoc-skip-member", _skip)
    app.connect("missing-reference", _resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

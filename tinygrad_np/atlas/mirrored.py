"""How every function of the mirrored parts of SciPy treats a Tensor: each is in exactly one class.

`entries` lists the public functions and classes of one mirrored module with their class, in the
words of `classification`; `unclassified` those that neither have a row, nor are refused, nor are
written here: a SciPy newer than `NEWEST` may have them, and a Tensor is refused by name.

>>> unclassified("spatial.distance")
[]
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from ..core.table import REFUSED, TABLE
from ..rules import load as load_rules
from ..scipy.mirror import MODULES, OBJECTS, load, of, public_names
from .classification import Entry, entry_of, print_places, tables


def _public(module: str) -> dict[str, Any]:
    """What stands for the functions and classes of a mirrored module, by their names.

    Modules, exceptions, constants and the parts of a module that is mirrored itself are left out.
    """
    load(module)
    load_rules()
    found = {}
    for name in public_names(module):
        path = f"{module}.{name}"
        thing = of(path)
        is_error = isinstance(thing, type) and issubclass(thing, Exception)
        if callable(thing) and not (isinstance(thing, ModuleType) or is_error):
            found[path] = thing
    return found


def entries(module: str) -> list[Entry]:
    """An entry for each public function and class of a mirrored module that has a class."""
    found = []
    for path, thing in _public(module).items():
        if thing in TABLE or thing in REFUSED:
            found.append(entry_of(thing)._replace(function=f"scipy.{path}"))
        elif path in OBJECTS:
            why = (thing.__doc__ or "").strip().partition("\n")[0]
            found.append(Entry(f"scipy.{path}", "object", [], {}, [], why))
    return found


def unclassified(module: str) -> list[str]:
    """The names of a mirrored module's functions and classes that have no class."""
    return [
        f"scipy.{path}"
        for path, thing in _public(module).items()
        if thing not in TABLE and thing not in REFUSED and path not in OBJECTS
    ]


def modules_of(names: Sequence[str]) -> list[str]:
    """The mirrored modules that are meant by "scipy", "scipy.linalg" or "scipy.linalg.expm"."""
    wanted = [name.removeprefix("scipy").removeprefix(".") for name in names]
    return [
        module
        for module in MODULES
        if any(w in ("", module) or w.rpartition(".")[0] == module for w in wanted)
    ]


def version() -> str:
    """The first two numbers of the installed SciPy's version."""
    return ".".join(importlib.import_module("scipy").__version__.split(".")[:2])


def page(names: Sequence[str]) -> str:
    """The entries of the mirrored modules as Markdown; of one function alone if it is named."""
    parts = [
        "# SciPy's functions, classified",
        f"Every public function and class of the modules of SciPy {version()} that\n"
        "`tinygrad_np.scipy` mirrors. `python -m tinygrad_np table scipy` prints this page; with\n"
        "`scipy.linalg` or `scipy.linalg.expm` a part of it.",
    ]
    for module in modules_of(names):
        listed, unknown = entries(module), unclassified(module)
        if not {"scipy", f"scipy.{module}"} & set(names):
            listed, unknown = [entry for entry in listed if entry.function in names], []
        if listed:
            parts += [f"## scipy.{module}", *tables(listed, unknown, "###")]
    return "\n\n".join(parts) + "\n"


def main(names: Sequence[str]) -> int:
    """Print the page, or a part of it; the exit status is 2 if there is no such name."""
    text = page(names)
    if "\n## scipy." not in text:
        print(
            f"table: nothing of SciPy that is mirrored is called {names[0]!r}; names are written "
            "as scipy, scipy.linalg or scipy.linalg.expm",
            file=sys.stderr,
        )
        return 2
    print(text, end="")
    print_places(names)
    return 0

"""What a Tensor may be given to: every function that NumPy can send it, in exactly one class.

`classification` lists NumPy's overridable functions with their class, and how each argument is
treated; `unclassified` those that the table does not know, as a NumPy newer than `NEWEST` may have:
a Tensor refuses them by name. `page` is the list as Markdown, which ``python -m tinygrad_np table``
prints.

>>> [entry] = [entry for entry in classification() if entry.function == "np.var"]
>>> entry.kind, entry.differentiable
('general', ['a', 'mean'])
>>> entry.constant
{'where': 'a mask: the result jumps where it changes'}
>>> unclassified()
[]
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.testing.overrides import (
    get_overridable_numpy_array_functions,
    get_overridable_numpy_ufuncs,
)

from ..core.dispatch import implementation, name_of
from ..core.table import REFUSED, TABLE, Factor, Row
from ..rules import load

NEWEST = {"numpy": "2.5", "scipy": "1.18"}
"""The newest versions that were tried; newer ones may have functions without a class."""

# NumPy adds these parts to its lists once they are imported.
_PARTS = ("char", "fft", "lib.recfunctions", "linalg", "polynomial", "strings")

CLASSES = {
    "pointwise": "a factor an element",
    "linear": "a linear map and its transpose",
    "bilinear": "linear in each operand",
    "composed": "written in other rows",
    "object": "written here, as its help says",
    "general": "a rule for each mode",
    "constant": "locally constant: the derivative is 0 wherever there is one",
    "refused": "raises TypeError, with the reason",
}


class Entry(NamedTuple):
    """How one of NumPy's functions treats a Tensor."""

    function: str
    kind: str
    """one of `CLASSES`"""
    differentiable: list[str]
    """the arguments that have a derivative"""
    constant: dict[str, str]
    """the arguments that a Tensor stands for as the constant that it locally is, and why"""
    refused: list[str]
    """the arguments that no Tensor can stand for"""
    reason: str
    """why the function is constant or refused, with what to do instead"""


def functions() -> list[Callable[..., Any]]:
    """What NumPy sends to a Tensor through its two protocols, in the order of the names."""
    for part in _PARTS:
        importlib.import_module(f"numpy.{part}")
    listed = [*get_overridable_numpy_ufuncs(), *get_overridable_numpy_array_functions()]
    found: set[Any] = {_public(function) for function in listed}
    load()  # also the families of these parts
    return sorted(found, key=lambda function: (name_of(function), repr(function)))


def _public(function: Any) -> Any:
    """The function that a program calls: where there is ``like=``, NumPy lists one beneath it."""
    if getattr(function, "__module__", None) != "numpy":
        return function
    return getattr(np, function.__name__, function)


def classification() -> list[Entry]:
    """An entry for each of NumPy's functions that is in the table, or refused."""
    return [entry_of(function) for function in functions() if function in {**TABLE, **REFUSED}]


def unclassified() -> list[str]:
    """The names of NumPy's functions that are neither in the table nor refused."""
    return [name_of(f) for f in functions() if f not in TABLE and f not in REFUSED]


def is_newer(library: str) -> bool:
    """Whether the "numpy" or "scipy" that is installed is newer than the newest that was tried."""
    installed = importlib.import_module(library).__version__
    return _numbers(installed) > _numbers(NEWEST[library])


def _numbers(version: str) -> list[int]:
    """The first two numbers of a version."""
    return [int(number) for number in version.split(".")[:2]]


def entry_of(function: Callable[..., Any]) -> Entry:
    """The entry of a function that is in the table, or refused."""
    row = TABLE.get(function)
    if row is None:
        return Entry(name_of(function), "refused", [], {}, [], REFUSED[function])
    differentiable = [row.names[position] for position in sorted(row.operands)]
    others = [name for name in row.names if name not in differentiable]
    constant = {name: row.locally_constant[name] for name in others if name in row.locally_constant}
    refused = [name for name in others if name not in constant]
    return Entry(row.name, row.kind, differentiable, constant, refused, row.reason)


def page(entries: Sequence[Entry], unknown: Sequence[str] = ()) -> str:
    """The entries as a page of Markdown: those with rules, the constant ones, the refused ones.

    At its end the names of those that are `unknown`.
    """
    version = ".".join(np.__version__.split(".")[:2])
    parts = [
        "# NumPy's functions, classified",
        f"Every function that NumPy {version} sends to a Tensor through its two protocols.\n"
        "`python -m tinygrad_np table` prints this page from the table of rules; with names, a "
        "part of it.\n\n"
        "NumPy itself decides at which arguments it looks for a Tensor. Where only another one is\n"
        "one, such as `constant_values` of `pad`, `default` of `select` or `left` of `interp`,\n"
        "the call raises: make the first argument a Tensor, too, `tg.Tensor(x)`.",
        *tables(entries, unknown),
    ]
    return "\n\n".join(parts) + "\n"


def tables(entries: Sequence[Entry], unknown: Sequence[str] = (), head: str = "##") -> list[str]:
    """The parts of a page: those with rules, the constant ones, the refused ones, the unknown."""
    ruled = [entry for entry in entries if entry.kind not in ("constant", "refused")]
    parts = [
        f"{head} With a derivative: {len(ruled)}",
        "\n".join(f"- *{kind}*: {CLASSES[kind]}" for kind in CLASSES if _count(entries, kind)),
        _table(
            ["function", "class", "differentiable", "constant: why", "no Tensor"],
            [
                [
                    f"`{e.function}`", e.kind, _names(e.differentiable),
                    "; ".join(f"`{name}`: {why}" for name, why in e.constant.items()),
                    _names(e.refused),
                ]
                for e in ruled
            ],
        ),
    ]  # fmt: skip
    for kind, title in (("constant", "Locally constant"), ("refused", "Refused")):
        chosen = [entry for entry in entries if entry.kind == kind]
        if not chosen:
            continue
        reasons = sorted({entry.reason for entry in chosen})
        parts += [
            f"{head} {title}: {len(chosen)}",
            _table(
                ["why", "functions"],
                [[why, _names(e.function for e in chosen if e.reason == why)] for why in reasons],
            ),
        ]
    if unknown:
        told = (
            "A newer version than the newest that was tried has them. A Tensor refuses them by "
            "name."
        )
        parts += [f"{head} Without a class: {len(unknown)}", told, _names(unknown)]
    return parts


def _count(entries: Sequence[Entry], kind: str) -> int:
    return sum(entry.kind == kind for entry in entries)


def _names(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def place_of_rule(row: Row) -> str | None:
    """Where the text of a row's rule stands, or of its definition: a file and a line.

    >>> place_of_rule(TABLE[np.exp]).startswith("tinygrad_np/core/rules.py, line ")
    True
    """
    rules = [rule.vjp for rule in row.rules.values()]
    text: Any = getattr(row, "definition", rules[0] if rules else None)
    text = implementation(text.given if isinstance(text, Factor) else text)
    if not hasattr(text, "__code__"):
        return None
    file = Path(text.__code__.co_filename).relative_to(Path(__file__).parents[2])
    return f"{file.as_posix()}, line {text.__code__.co_firstlineno}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit status is 2 if no function has such a name."""
    parser = argparse.ArgumentParser(
        prog="python -m tinygrad_np table",
        description="Print how every function of NumPy treats a Tensor, as Markdown.",
    )
    parser.add_argument("names", nargs="*", metavar="name", help="functions, as np.sort or sort")
    wanted = parser.parse_args(arguments).names
    entries, unknown = classification(), unclassified()
    if wanted:
        unknown = []
        of_name = {n for e in entries for n in wanted if n in (e.function, e.function[3:])}
        if missing := [name for name in wanted if name not in of_name]:
            print(
                f"table: no function that NumPy sends to a Tensor is called {missing[0]!r}; names "
                "are written as np.linalg.norm or linalg.norm",
                file=sys.stderr,
            )
            return 2
        entries = [e for e in entries if {e.function, e.function[3:]} & set(wanted)]
    print(page(entries, unknown), end="")
    print_places(wanted)
    return 0


def print_places(wanted: Sequence[str]) -> None:
    """Where the rules of the wanted functions stand."""
    for row in TABLE.values() if wanted else ():
        place = place_of_rule(row) if {row.name, row.name[3:]} & set(wanted) else None
        if place is not None:
            print(f"\nThe derivative of {row.name}: {place}")

"""What the core asks where something fails: better words for an error, from what lies above it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .. import answers
from ..core import hooks
from ..core.table import TABLE
from ..rules import load
from ..rules.at import written
from . import shapes
from .callers import called


class Explainer(hooks.Explainer):
    """The sentences of `answers`, `shapes` and `callers`."""

    def error(self, error: Exception, row: Any, args: Any, kwargs: Any) -> None:
        shapes.reraise(error, row, args, kwargs)

    def argument(
        self, function: str | Callable[..., Any], name: str, names: Iterable[str]
    ) -> str | None:
        return answers.no_argument_of(function, name, names)

    def attribute(self, name: str) -> str | None:
        return str(answers.no_attribute_of_tensor(name, _takes_tensors))

    def lost(self, kind: str, key: Any = None) -> str | None:
        if kind == "[]=":
            index = written(key)
            return (
                f"a Tensor is never written into; instead of t[{index}] = value write "
                f"t = tg.at(t)[{index}].set(value), instead of += .add(value)"
            )
        found = called(2)
        if kind[-1] != "=":
            return answers.lost(kind, found)
        is_scipys = found is not None and found[0].startswith("scipy.")  # which does so inside
        return answers.lost("array", found) if is_scipys else None

    def with_lines(self, error: ValueError, operands: dict[str, Any]) -> ValueError:
        return shapes.with_lines(error, operands)


def _takes_tensors(value: Any) -> bool:
    """Whether it is a function that the table has."""
    if not callable(value):
        return False
    if value not in TABLE:
        load(value)
    return value in TABLE

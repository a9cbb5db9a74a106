"""What the core asks where something fails: with what frames and shapes tell, beside `answers`."""

from __future__ import annotations

from typing import Any

from .. import answers
from . import shapes
from .callers import called


class Explainer(answers.Explainer):
    """The sentences of `answers`, `shapes` and `callers`."""

    def error(self, error: Exception, row: Any, args: Any, kwargs: Any) -> None:
        shapes.reraise(error, row, args, kwargs)

    def lost(self, kind: str, key: Any = None) -> str | None:
        if kind == "[]=":
            return super().lost(kind, key)
        found = called(2)
        if not kind.endswith("="):
            return answers.lost(kind, found)
        is_scipys = found is not None and found[0].startswith("scipy.")  # which does so inside
        return answers.lost("array", found) if is_scipys else None

    def with_lines(self, error: ValueError, operands: dict[str, Any]) -> ValueError:
        return shapes.with_lines(error, operands)

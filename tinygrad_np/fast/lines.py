"""Where in the user's code a call stands, if an interpreter has frames: for messages and refusals.

>>> line_of(ValueError("raised nowhere"))
''
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

_PACKAGE = str(Path(__file__).parent.parent)
_ENGINE = tuple(
    str(Path(folder, f"{name}.py"))
    for folder, names in (
        ("core", "calls dispatch graph hooks plan sweep table tensor"),
        ("fast", "calls trace traced_sweep"),
        ("rules", "methods"),
        ("export", "tracing"),
    )
    for name in names.split()
)
"""Files that stand between a call and what records it."""

_INNER = (_PACKAGE, "<tinygrad_np", "<frozen", "<__array_function__")


def users_line() -> str:
    """The user's file and line, if an interpreter has frames."""
    getframe = getattr(sys, "_getframe", None)
    frame = getframe(1) if getframe else None
    while frame is not None:
        if _is_users(frame):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def is_called_by_user() -> bool:
    """Whether the call that is recorded stands in the user's code, not in a rule of ours."""
    frame = caller()
    return frame is not None and _is_users(frame)


def caller() -> Any:
    """The frame of the call that is recorded, above who asks; None where there are no frames."""
    getframe = getattr(sys, "_getframe", None)
    frame = getframe(2) if getframe else None
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.endswith(_ENGINE) and not name.startswith("<tinygrad_np"):
            return frame
        frame = frame.f_back
    return None


def line_of(error: BaseException) -> str:
    """The user's file and line where an error comes from."""
    found, step = "", error.__traceback__
    while step is not None:
        if _is_users(step.tb_frame):
            found = f"{step.tb_frame.f_code.co_filename}:{step.tb_lineno}"
        step = step.tb_next
    return found


def _is_users(frame: Any) -> bool:
    name = frame.f_code.co_filename
    return not name.startswith(_INNER) and "numpy" not in name

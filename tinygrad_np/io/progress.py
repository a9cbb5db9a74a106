"""A progress bar for long work, on the error stream."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any


def progress(
    steps: Iterable[Any], what: str, total: int | None = None, unit: str = "step"
) -> Iterable[Any]:
    """The steps with a progress bar, which vanishes when they are done.

    Without tqdm there is none, nor where nobody sees it: in a file or a pipe.

    >>> [step for step in progress([1, 2], "counting")]
    [1, 2]
    """
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        return steps
    return tqdm(steps, what, total, unit=unit, leave=False, file=sys.stderr, disable=None)

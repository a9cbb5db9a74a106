"""Samples of functions of a matrix."""

from collections.abc import Callable
from typing import Any

from ....scipy.mirror import of
from ..draws import Draw, shaped

SAMPLES: dict[Callable[..., Any], Draw] = {
    of("linalg.expm"): shaped(((3, 3), (), {}), ((2, 2), (), {})),
}

COMPLEX = {of("linalg.expm")}

"""Is this gradient right?

- `compare`: a function's gradient by reverse mode against one that was derived by hand.
- `check_gradient`: any NumPy function and the gradient claimed of it; no Tensor is involved.
  `assert_gradient` raises unless it is right, for tests.
- `check_vjp`, `check_jacobian`: the same for a hand-written backward pass, and for a Jacobian.
- `check_function`: the derivatives that this package computes of a function, against differences.
- `check_rule`: the rule of a function of one's own, in every way in which the table's are tried.
- `check_jit`: what `jit` replays of a function against the function, bit for bit.
- `explain_nonfinite`: where nan or inf in a value or a gradient came from.

The last one has a report of its own. Each of the others gives a `Report`: a verdict (right, wrong,
cannot tell), rows as data, a table at a prompt and in a notebook, hints at what a mistake looks
like, `raise_if_wrong` and `assert_right`; it can be pickled.

>>> import numpy as np
>>> report = check_gradient(lambda x: np.sum(x**2), lambda x: x, np.array([1.0, 2.0, 4.0]))
>>> report.verdict
'wrong'
>>> report.hints
['off by the factor 1/2']
"""

import sys
from typing import NoReturn

from .. import answers
from .compare import compare
from .function import check_function, check_rule
from .gradient import assert_gradient, check_gradient, check_vjp
from .jacobian import check_jacobian
from .report import Report, Row, WrongGradientError

_PACKAGE = __name__.removesuffix(".check")
if f"{_PACKAGE}.debug" in sys.modules:
    from .explain import NonFiniteReport, explain_nonfinite
if f"{_PACKAGE}.fast" in sys.modules:
    from .replay import check_jit

__all__ = [
    "NonFiniteReport",
    "Report",
    "Row",
    "WrongGradientError",
    "assert_gradient",
    "check_function",
    "check_gradient",
    "check_jacobian",
    "check_jit",
    "check_rule",
    "check_vjp",
    "compare",
    "explain_nonfinite",
]

_OF_LAYERS = {"NonFiniteReport": "debug", "check_jit": "fast", "explain_nonfinite": "debug"}
__all__ = [name for name in __all__ if name in globals() or name not in _OF_LAYERS]


def __getattr__(name: str) -> NoReturn:
    if name in _OF_LAYERS:
        folder = f"tinygrad_np/{_OF_LAYERS[name]}"
        raise AttributeError(f"{name} needs the folder {folder}, which is not installed")
    raise answers.no_attribute(__name__, name)

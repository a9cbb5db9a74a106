"""Is this gradient right?

`compare` holds a function's gradient against one that was derived by hand, and prints a verdict;
`explain_nonfinite` tells where nan or inf in a value or a gradient came from.
`samples` and `witnesses` are how the rules themselves are tried: arguments for every row of the
table, and what else can be known about the same derivative.
"""

from .compare import Report, WrongGradientError, compare
from .explain import NonFiniteReport, explain_nonfinite

__all__ = ["NonFiniteReport", "Report", "WrongGradientError", "compare", "explain_nonfinite"]

"""Is this gradient right?

`compare` holds a function's gradient against one that was derived by hand, and prints a verdict.
`samples` and `witnesses` are how the rules themselves are tried: arguments for every row of the
table, and what else can be known about the same derivative.
"""

from .compare import Report, WrongGradientError, compare

__all__ = ["Report", "WrongGradientError", "compare"]

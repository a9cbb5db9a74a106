"""Failures that explain themselves: where a nan came from, what was changed, which shapes differ.

- `debug`: the first operation that turns finite numbers into nan or inf raises, with its line;
- `strong_zeros`: 0·∞ is 0 in the sweeps of elementwise functions.

`modes` is what is switched on, `places` the lines of the user's program, `watch` the look at every
operation and rule, `marks` the arrays that could be written into; `cases`, `errors` and `diagnoses`
are what is told of a nan, `shapes` and `misfits` what of shapes that do not fit.
"""

from .errors import ChangedArrayError, NonFiniteError, NonFiniteWarning
from .modes import strong_zeros
from .watch import debug

__all__ = ["ChangedArrayError", "NonFiniteError", "NonFiniteWarning", "debug", "strong_zeros"]

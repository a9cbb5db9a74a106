"""Failures that explain themselves: where a nan came from, what was changed, which shapes differ.

- `debug`: the first operation that turns finite numbers into nan or inf raises, with its line;
- `strong_zeros`: 0·∞ is 0 in the sweeps of elementwise functions.

`modes` is what is switched on, `places` the lines of the user's program, `watch` the look at every
operation and rule, `marks` the arrays that could be written into, `errors` and `diagnoses` what is
told, `shapes` the errors of shapes.
"""

from .errors import ChangedArrayError, NonFiniteError, NonFiniteWarning
from .modes import strong_zeros
from .watch import debug

__all__ = ["ChangedArrayError", "NonFiniteError", "NonFiniteWarning", "debug", "strong_zeros"]

"""Failures that explain themselves: where a nan came from, what was changed, which shapes differ.

- `debug`: the first operation that turns finite numbers into nan or inf raises, with its line;
- `strong_zeros`: 0·∞ is 0 in the sweeps of elementwise functions.

All of it lies above the engine, which calls it by its `hooks` alone, and computes the same without.
`blocks` switch on what `modes` has, and install the observer in `watch`, which looks at every
operation and rule; `places` are the lines of the user's program, `marks` the arrays that could be
written into. `judge` says which operation it was, `cases`, `errors` and `diagnoses` what is told of
it. With or without debug mode, `shapes` and `misfits` tell of shapes that do not fit, `callers` of
functions that take no Tensor.
"""

from .. import hooks
from . import shapes
from .blocks import debug, strong_zeros
from .callers import called
from .errors import ChangedArrayError, NonFiniteError, NonFiniteWarning

__all__ = ["ChangedArrayError", "NonFiniteError", "NonFiniteWarning", "debug", "strong_zeros"]

hooks.install_explainer(hooks.Explainer(shapes.tell, shapes.with_lines, called))

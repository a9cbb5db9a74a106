"""Find out where a nan came from, which array was changed, which shapes do not fit.

- `debug`: the first operation that turns finite numbers into nan or inf raises, with its line;
- `strong_zeros`: 0·∞ is 0 in the sweeps of elementwise functions.

All of it lies above the engine, which calls it by its `hooks` alone, and computes the same without.
`blocks` install the observer in `watch`, which looks at every operation and rule, and has the rules
by which 0 stays 0; `marks` are of the arrays that could be written into. `cases` says whether an
operation made a nan or inf, `errors` and `diagnoses` what is told of it. With or without debug
mode, `explainer` is asked where something fails: for shapes that do not fit, and functions that
take no Tensor. `places` are the lines of the user's program, and what they call.

``tinygrad_np.debug`` is the function: the modules here are reached by
``from tinygrad_np.debug import places``.
"""

from ..core import hooks
from . import explainer
from .blocks import debug, strong_zeros
from .errors import ChangedArrayError, NonFiniteError, NonFiniteWarning

__all__ = ["ChangedArrayError", "NonFiniteError", "NonFiniteWarning", "debug", "strong_zeros"]

hooks.install(explainer.Explainer())

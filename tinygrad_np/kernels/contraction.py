"""`contraction`: `numpy.einsum`, with all that is no operand in one argument."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .dispatch import array_function


@dataclass(frozen=True)
class Contraction:
    """A call of `numpy.einsum` but for its operands.

    >>> Contraction("ij->ji").of([np.array([[1.0, 2.0]])])
    array([[1.],
           [2.]])
    """

    subscripts: Any
    """a string; or a tuple of labels for each operand, and one for the result or None"""

    optimize: Any = False

    options: tuple[tuple[str, Any], ...] = ()
    """the keywords dtype, order and casting, where they are given"""

    varying: tuple[bool, ...] = (True, True)
    """for each operand whether a derivative by it may be asked for"""

    def of(self, operands: Iterable[Any]) -> Any:
        """The call with these operands."""
        if isinstance(self.subscripts, str):
            args = [self.subscripts, *operands]
        else:
            *labels, output = self.subscripts
            args = [part for pair in zip(operands, labels, strict=True) for part in pair]
            args += [] if output is None else [output]
        return np.einsum(*args, optimize=self.optimize, **dict(self.options))


@array_function
def contraction(how: Contraction, *operands: Any) -> Any:
    """The sum of products of the `operands` that `how` describes.

    >>> contraction(Contraction("i,i"), np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.float64(11.0)
    """
    return how.of(operands)

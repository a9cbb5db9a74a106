"""evenly_spaced: `numpy.linspace` without the step that it can also return."""

from typing import Any

import numpy as np

from .dispatch import array_function


@array_function
def evenly_spaced(
    start: Any, stop: Any, num: int, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Any:
    """`num` numbers from `start` to `stop`, as `numpy.linspace` has them.

    >>> evenly_spaced(0.0, 1.0, 3)
    array([0. , 0.5, 1. ])
    """
    return np.linspace(start, stop, num, endpoint, dtype=dtype, axis=axis)

"""on_values: call a function on the values of Tensors alone; its result is a constant.

The definition of a composed row runs on Tensors. How many bins it counts in, or which elements it
picks, depends on their values, and is constant in between.
"""

from collections.abc import Callable
from typing import Any

from .dispatch import array_function


@array_function
def on_values(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``function(*args, **kwargs)`` of the arguments' values: a constant.

    >>> import numpy as np
    >>> on_values(np.argmax, np.array([1.0, 3.0]))
    np.int64(1)
    """
    return function(*args, **kwargs)

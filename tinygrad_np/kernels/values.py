"""on_values: what a text of the table needs where values decide.

Such a text is written in functions that also take Tensors. How many bins, or which elements are
picked, depends on the values alone, and is constant beside them.
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

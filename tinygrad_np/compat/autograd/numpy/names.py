"""NumPy's names for a module here: NumPy's own objects, of which the functions take lists.

NumPy asks an argument that is a list whether it is one of Tensors only where it expects a list.
"""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ....core.table import row_of
from ....rules.nested import array
from ....scipy.mirror import holds_tensor

_ARRAYS = {
    "a",
    "b",
    "x",
    "y",
    "m",
    "v",
    "A",
    "arr",
    "ary",
    "x1",
    "x2",
    "array",
    "values",
    "weights",
    "xp",
    "fp",
}
"""The parameters of NumPy's functions that are one array."""


def taking_lists(real: Callable[..., Any]) -> Callable[..., Any]:
    """A NumPy function that makes an array of a list with Tensors in it, where it takes an array.

    >>> import numpy as np
    >>> from tinygrad_np import Tensor
    >>> taking_lists(np.sum)([Tensor(1.0), 2.0])
    Tensor(3.)
    """

    def one(x: Any, name: str) -> Any:
        is_list = isinstance(x, (list, tuple)) and name in _ARRAYS
        return array(x) if is_list and holds_tensor(x) else x

    @functools.wraps(real)
    def function(*args: Any, **kwargs: Any) -> Any:
        lists = [x for x in (*args, *kwargs.values()) if isinstance(x, (list, tuple))]
        if any(map(holds_tensor, lists)):
            names = row_of(real).names
            args = (*map(one, args, names), *args[len(names) :])
            kwargs = {name: one(x, name) for name, x in kwargs.items()}
        return real(*args, **kwargs)

    return function


def names_of(real: ModuleType, own: dict[str, Any]) -> tuple[Any, Any]:
    """``__getattr__`` and ``__dir__`` of the module with the names of `real`."""

    def attribute(name: str) -> Any:
        found = getattr(real, name)
        if hasattr(found, "_implementation"):
            found = own[name] = taking_lists(found)
        return found

    return attribute, lambda: sorted({*dir(real), *own})

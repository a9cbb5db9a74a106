"""autograd's `tuple`, `list`, `dict`, `isinstance` and `type`, for code that looks at values.

Containers need no wrapping here: those of Python hold Tensors. A Tensor counts as the array or the
number that it holds.
"""

import builtins
from typing import Any

import numpy as np

from ...core.tensor import Tensor, value_of

dict = builtins.dict
list = builtins.list
tuple = builtins.tuple
DictBox, ListBox, TupleBox = dict, list, tuple


def isinstance(x: Any, classes: Any) -> bool:
    """Whether `x`, or the value that it holds, is an instance; a single one is both.

    Parameters
    ----------
    x : object
    classes : type or tuple of types

    Returns
    -------
    bool

    Examples
    --------
    >>> from tinygrad_np import Tensor
    >>> isinstance(Tensor([1.0]), np.ndarray), isinstance(Tensor(1.0), float)
    (True, True)
    """
    value = value_of(x)
    found = builtins.isinstance(value, classes)
    return found or (value is not x and builtins.isinstance(value[()], classes))


def type(x: Any) -> Any:
    """The type of `x`, for a Tensor that of an array, or of a Python number.

    Parameters
    ----------
    x : object

    Returns
    -------
    type

    Examples
    --------
    >>> from tinygrad_np import Tensor
    >>> type(Tensor(1.0))
    <class 'float'>
    """
    if builtins.type(x) is not Tensor:
        return builtins.type(x)
    return np.ndarray if x.ndim else builtins.type(x.item())

"""NumPy's names, as autograd has them: lists of Tensors are arrays everywhere.

>>> from tinygrad_np.compat.autograd import grad
>>> import tinygrad_np.compat.autograd.numpy as np
>>> grad(lambda t: np.sum(np.array([t, t**2]) * np.full(2, t) @ np.r_[t, 1.0]))(1.0)
np.float64(6.0)
"""

from typing import Any

import numpy

from ....core.tensor import Tensor
from ....rules import nested
from ....scipy.mirror import holds_tensor
from . import fft, linalg, random
from .names import names_of

__all__ = [
    *(name for name in numpy.__all__ if name not in ("fft", "linalg", "random")),
    "fft",
    "linalg",
    "random",
]

__getattr__, __dir__ = names_of(numpy, globals())


def array(object: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.array`; of a Tensor, and of nested lists with Tensors in them, it is a Tensor."""
    if not holds_tensor(object):
        return numpy.array(object, dtype, **options)
    if options.keys() - {"copy", "order"}:
        raise TypeError(f"array: takes no {', '.join(options)} with Tensors; reshape the result")
    if type(object) is not Tensor:
        return nested.array(object, dtype)
    return object if dtype is None else object.astype(dtype)


def asarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.asarray`, as `array`."""
    return array(a, dtype) if holds_tensor(a) else numpy.asarray(a, dtype, **options)


asanyarray = asarray


def full(shape: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Any:
    """`numpy.full`, also of a Tensor."""
    if not holds_tensor(fill_value):
        return numpy.full(shape, fill_value, dtype, **options)
    return numpy.broadcast_to(array(fill_value, dtype), shape)


def where(condition: Any, *args: Any, **kwargs: Any) -> Any:
    """`numpy.where`; as in autograd, of Python's numbers and lists it gives these."""
    named = [kwargs.pop(name) for name in ("x", "y") if name in kwargs]
    choices = [array(x) if holds_tensor(x) else x for x in (*args, *named)]
    result = numpy.where(condition, *choices, **kwargs)
    kinds = (numpy.ndarray, numpy.generic, Tensor)
    is_python = bool(choices) and not any(isinstance(x, kinds) for x in (condition, *choices))
    return result.tolist() if is_python else result


def make_diagonal(
    D: Any,  # noqa: N803
    offset: int = 0,
    axis1: int = 0,
    axis2: int = 1,
) -> Any:
    """Matrices with the last axis of `D` on their diagonals, as the last two axes."""
    if offset or {axis1 % (D.ndim + 1), axis2 % (D.ndim + 1)} != {D.ndim - 1, D.ndim}:
        raise ValueError("make_diagonal: takes offset=0, axis1=-1, axis2=-2; use numpy.moveaxis")
    return D[..., None] * numpy.eye(D.shape[-1], dtype=D.dtype)


class _Joined:
    """`numpy.r_` and `numpy.c_`, also of Tensors."""

    def __init__(self, real: Any, is_column: bool) -> None:
        self.real, self.is_column = real, is_column

    def __getitem__(self, key: Any) -> Any:
        if not holds_tensor(key):
            return self.real[key]
        parts = []
        for item in key if isinstance(key, tuple) else (key,):
            if isinstance(item, str):
                raise TypeError(f"r_, c_: takes no {item!r} beside Tensors; use concatenate")
            part = numpy.r_[item] if isinstance(item, slice) else numpy.atleast_1d(array(item))
            parts.append(part[:, None] if self.is_column and part.ndim == 1 else part)
        return numpy.concatenate(parts, axis=-1 if self.is_column else 0)


r_, c_ = _Joined(numpy.r_, False), _Joined(numpy.c_, True)

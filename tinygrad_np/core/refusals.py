"""What a Tensor refuses, because the gradient would be lost or the graph would not notice.

Converting it to an array or a number, and writing into it; each error says what to do instead.
"""

import operator
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from . import hooks

_AS_NUMBER = "{}(t) would lose the gradient; use t.item() for the value"
_NEVER_WRITTEN = "a Tensor is never written into"


def _in_place(sign: str, operate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The operator ``t += x`` and its like: as ``t = t + x`` for a single number."""

    def in_place(self: Any, other: Any) -> Any:
        if self.ndim == 0 and sign != "@":
            return operate(self, other)
        raise TypeError(
            hooks.explainer.lost(f"{sign}=")
            or f"{_NEVER_WRITTEN}; instead of t {sign}= value write t = t {sign} value (other "
            "names of t keep the old one)"
        )

    return in_place


def _is_constant(tensor: Any) -> bool:
    """Whether it is no variable, as some Tensors in a trace, of which numbers are read."""
    return bool(hooks.opened and (tensor.dtype.kind in "biu" or hooks.observer().enters(tensor)))


class Refusals:
    """The special methods that raise, for a class that implements NumPy's protocols.

    >>> from tinygrad_np import Tensor
    >>> float(Tensor(1.0))
    Traceback (most recent call last):
    ...
    TypeError: float(t) would lose the gradient; use t.item() for the value
    """

    __slots__ = ()

    ndim: Any
    item: Any

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        given = hooks.observer().array(self) if hooks.opened else None
        if given is not None:
            return np.asarray(given, dtype)
        given = hooks.resolver.operand()
        if given is not None:
            return given
        told = hooks.explainer.lost("array")
        raise TypeError(
            told
            or "a Tensor does not turn into an array by itself: its gradient would be lost; "
            "use t.data for the value"
        )

    def __float__(self) -> float:
        if _is_constant(self):
            return float(self.item())
        raise TypeError(hooks.explainer.lost("float") or _AS_NUMBER.format("float"))

    def __int__(self) -> int:
        if _is_constant(self):
            return int(self.item())
        raise TypeError(hooks.explainer.lost("int") or _AS_NUMBER.format("int"))

    def __complex__(self) -> complex:
        if _is_constant(self):
            return complex(self.item())
        raise TypeError(hooks.explainer.lost("complex") or _AS_NUMBER.format("complex"))

    def __index__(self) -> int:
        if _is_constant(self):
            return operator.index(self.item())
        raise TypeError("a Tensor is no index and no length; use int(t.item()), a constant")

    def __deepcopy__(self, memo: Any) -> NoReturn:
        raise TypeError("a Tensor is not copied with its graph; take Tensor(t.data)")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Tensor is not copied or pickled with its graph; take Tensor(t.data)")

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        told = hooks.explainer.lost("[]=", key)
        raise TypeError(told or f"{_NEVER_WRITTEN}; compute a new one, for instance with np.where")

    def __getattr__(self, name: str) -> Any:
        told = hooks.explainer.attribute(name)
        raise AttributeError(told or f"a Tensor has no attribute {name!r}")

    # NumPy writes into the array, so that every other name for it, and every array that it is a
    # part of, has the new values, too. A Tensor that went on under one name alone would give
    # another result than NumPy, without a word. A single number is no array: there it is the same.

    __iadd__ = _in_place("+", operator.add)
    __isub__ = _in_place("-", operator.sub)
    __imul__ = _in_place("*", operator.mul)
    __itruediv__ = _in_place("/", operator.truediv)
    __ipow__ = _in_place("**", operator.pow)
    __imod__ = _in_place("%", operator.mod)
    __ifloordiv__ = _in_place("//", operator.floordiv)
    __imatmul__ = _in_place("@", operator.matmul)

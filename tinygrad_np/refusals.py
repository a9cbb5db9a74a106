"""What a Tensor refuses, because the gradient would be lost or the graph would not notice.

Converting it to an array or a number, and writing into it; each error says what to do instead.
"""

from typing import Any, NoReturn

from . import answers, hooks
from .at import written
from .rules import TABLE, load


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

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        raise TypeError(answers.lost("array", hooks.called()))

    def __float__(self) -> NoReturn:
        raise TypeError(answers.lost("float", hooks.called()))

    def __int__(self) -> NoReturn:
        raise TypeError(answers.lost("int", hooks.called()))

    def __complex__(self) -> NoReturn:
        raise TypeError(answers.lost("complex", hooks.called()))

    def __index__(self) -> NoReturn:
        raise TypeError("a Tensor is no index and no length; use int(t.item()), a constant")

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        index = written(key)
        raise TypeError(
            f"a Tensor is never written into; instead of t[{index}] = value write "
            f"t = tg.at(t)[{index}].set(value), instead of += .add(value)"
        )

    def __getattr__(self, name: str) -> NoReturn:
        raise answers.no_attribute_of_tensor(name, _takes_tensors)

    # NumPy writes into the array, so that every other name for it, and every array that it is a
    # part of, has the new values, too. A Tensor that went on under one name alone would give
    # another result than NumPy, without a word. A single number is no array: there it is the same.

    def __iadd__(self, other: Any) -> Any:
        return self + other if self.ndim == 0 else _no_writing("+")

    def __isub__(self, other: Any) -> Any:
        return self - other if self.ndim == 0 else _no_writing("-")

    def __imul__(self, other: Any) -> Any:
        return self * other if self.ndim == 0 else _no_writing("*")

    def __itruediv__(self, other: Any) -> Any:
        return self / other if self.ndim == 0 else _no_writing("/")

    def __ipow__(self, other: Any) -> Any:
        return self**other if self.ndim == 0 else _no_writing("**")

    def __imod__(self, other: Any) -> Any:
        return self % other if self.ndim == 0 else _no_writing("%")

    def __ifloordiv__(self, other: Any) -> Any:
        return self // other if self.ndim == 0 else _no_writing("//")

    def __imatmul__(self, other: Any) -> Any:
        return _no_writing("@")


def _no_writing(sign: str) -> NoReturn:
    called = hooks.called()
    if called is not None and called[0].startswith("scipy."):  # which does so inside
        raise TypeError(answers.lost("array", called))
    raise TypeError(
        f"a Tensor is never written into; instead of t {sign}= value write t = t {sign} value "
        "(other names of t keep the old one)"
    )


def _takes_tensors(value: Any) -> bool:
    """Whether it is a function that the table has."""
    if not callable(value):
        return False
    if value not in TABLE:
        load(value)
    return value in TABLE

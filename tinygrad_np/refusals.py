"""What a Tensor refuses, because the gradient would be lost or the graph would not notice.

Converting it to an array or a number, and writing into it; each error says what to do instead.
"""

from typing import Any, NoReturn

from . import answers
from .at import written
from .rules import TABLE, load

_NO_NUMBER = (
    "{0}(t) would lose the gradient; use t.item() for the value, NumPy's functions instead of "
    "those of math, and instead of out[i] = t write out = tinygrad_np.at(out)[i].set(t), or "
    "np.stack a list"
)


class Refusals:
    """The special methods that raise, for a class that implements NumPy's protocols.

    >>> from tinygrad_np import Tensor
    >>> float(Tensor(1.0))
    Traceback (most recent call last):
    ...
    TypeError: float(t) would lose the gradient; use t.item() for the value, NumPy's functions \
instead of those of math, and instead of out[i] = t write out = tinygrad_np.at(out)[i].set(t), or \
np.stack a list
    """

    __slots__ = ()

    ndim: Any

    def __array__(self, dtype: Any = None, copy: Any = None) -> NoReturn:
        raise TypeError(
            "a Tensor does not turn into an array by itself, since its gradient would be lost: "
            "use t.data for the value, np.stack or np.concatenate to join Tensors (also those in a "
            "list or tuple), np.broadcast_to for np.full; instead of out[i] = t write "
            "out = tinygrad_np.at(out)[i].set(t); and for a function of another library, such as "
            "scipy.linalg's, use NumPy's, or give it a rule (tinygrad_np.general)"
        )

    def __float__(self) -> NoReturn:
        raise TypeError(_NO_NUMBER.format("float"))

    def __int__(self) -> NoReturn:
        raise TypeError(_NO_NUMBER.format("int"))

    def __complex__(self) -> NoReturn:
        raise TypeError(_NO_NUMBER.format("complex"))

    def __index__(self) -> NoReturn:
        raise TypeError(
            "a Tensor is no index and no length, since it is a floating number; use int(t.item())"
        )

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise TypeError(
            "a Tensor is never written into, since the graph would not notice; instead of "
            f"t[{written(key)}] = value write t = tinygrad_np.at(t)[{written(key)}].set(value), "
            "which makes a new one, and takes plain arrays, too (.add(value) instead of +=)"
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
    raise TypeError(
        f"t {sign}= value would write into an array, and a Tensor is never written into, since the "
        f"graph would not notice; write t = t {sign} value (other names of t keep the old values)"
    )


def _takes_tensors(value: Any) -> bool:
    """Whether it is a function that the table has."""
    if not callable(value):
        return False
    if value not in TABLE:
        load()
    return value in TABLE

"""Arrays: what counts as one, whose it is, and the array functions that the engine itself needs.

- `numbers`, `real_numbers` read an operand, `floating` a variable's value,
  `shaped_like` a cotangent or tangent; `owned` makes a result independent of everything else.
- `cast`, `expand` and its adjoint `sum_to` undo what NumPy's promotion and broadcasting did.
"""

import functools
import math
import operator
from typing import Any

import numpy as np

from .dispatch import array_function, overrides

Array = np.ndarray[Any, Any]
"""An array; in the text of a rule also a Tensor, where the derivative is itself recorded."""


def as_array(x: Any) -> Any:
    """`x` as an array, unless it carries out NumPy's functions itself.

    >>> as_array([1, 2])
    array([1, 2])
    """
    return x if overrides(type(x)) else np.asarray(x)


def numbers(x: Any, where: str, kinds: str = "biufc", copy: bool = False) -> Any:
    """`x` as an array of numbers; as it is if it is a Tensor, or like one, unless as a `copy`.

    Raises ``TypeError`` for what is masked or of none of these kinds of dtype, ``ValueError`` for
    nested lists that are no array; `where` opens the message.

    >>> numbers([1, 2], "dense")
    array([1, 2])
    """
    if copy or not (type(x) is np.ndarray or overrides(type(x))):
        if is_masked(x):
            raise TypeError(
                f"{where}: takes no masked array, which has no value at what it masks; use "
                "x.filled(value), or np.where"
            )
        try:
            x = np.array(x, order="K") if copy else np.asarray(x)
        except ValueError as error:
            raise ValueError(f"{where}: the nested lists are no array: {error}") from None
    dtype = getattr(x, "dtype", np.dtype(object))
    if dtype.kind not in kinds:
        what = "numbers" if "c" in kinds else "real numbers"
        remedy = "; take np.real or np.abs of it" if dtype.kind == "c" else ""
        raise TypeError(f"{where}: takes {what}, not an array of dtype {dtype}{remedy}")
    return x if dtype.isnative else x.astype(dtype.newbyteorder("="))


def real_numbers(x: Any, where: str) -> Any:
    """`numbers` that are not complex, in a Tensor neither; integers become floats, as in NumPy.

    >>> real_numbers([1, 2], "relu")
    array([1., 2.])
    """
    if type(x) is np.ndarray and x.dtype.kind == "f":
        return x
    x = numbers(x, where, "biuf")
    return x.astype(np.float64) if x.dtype.kind in "biu" else x


def floating(data: Any, dtype: Any, where: str) -> Array:
    """A copy of `data` as a floating or complex array; integers become float64.

    Raises what `numbers` raises, and ``TypeError`` for another `dtype`.

    >>> floating([1, 2], None, "f")
    array([1., 2.])
    """
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise TypeError(f"{where}: dtype must be floating or complex, not {np.dtype(dtype)}")
    value = numbers(data, where, copy=True)
    if value.dtype.kind in "biu":
        value = value.astype(np.float64)
    if dtype is None:
        return value
    if value.dtype.kind == "c" and np.dtype(dtype).kind != "c":
        raise TypeError(
            f"{where}: complex numbers do not fit into {np.dtype(dtype)}; take np.real of them"
        )
    return value.astype(dtype, copy=False)


def shaped_like(data: Any, shape: tuple[int, ...], dtype: Any, where: str) -> Array:
    """A copy of `data` in `dtype`, which must have exactly this shape; it is never broadcast.

    >>> shaped_like([1, 2], (2,), np.dtype(float), "the cotangent")
    array([1., 2.])
    """
    value = numbers(data, where, copy=True)
    if value.shape != shape:
        raise ValueError(f"{where} has shape {value.shape} where {shape} belongs")
    if value.dtype.kind == "c" and dtype.kind != "c":
        raise TypeError(f"{where} is complex where a real one belongs")
    return value.astype(dtype, copy=False)


def owned(array: Any, taken: set[int]) -> Array:
    """`array` with memory of its own, writeable, and handed out only once.

    `taken` remembers what has been handed out, by its identity. Where one of those arrays has died
    since, its identity may be that of another one, which is then copied for nothing.

    >>> taken = set()
    >>> a = np.ones(2)
    >>> owned(a, taken) is a, owned(a, taken) is a
    (True, False)
    """
    if type(array) is not np.ndarray:
        array = np.array(array)
    flags = array.flags
    if id(array) in taken or not (flags.owndata and flags.writeable):
        array = array.copy()
    taken.add(id(array))
    return array


def is_masked(value: Any) -> bool:
    """Whether `value` is a masked array, which has no derivative at what it masks.

    >>> is_masked(np.ones(2)), is_masked(np.ma.ones(2))
    (False, True)
    """
    return type(value).__module__.startswith("numpy.ma")  # numpy.ma need not be loaded to ask


@functools.cache
def scalar(value: int, dtype: Any) -> Any:
    """`value` as a 0-d array, read-only: NumPy converts a Python number anew at every call.

    >>> scalar(1, np.dtype(np.float32))
    array(1., dtype=float32)
    """
    result = np.array(value, dtype)
    result.flags.writeable = False
    return result


def cast(x: Any, dtype: Any) -> Any:
    """`x` as a floating dtype, itself if it has that one; from complex to real, the real part.

    >>> cast(np.array([1.0, 2.0]), np.float32)
    array([1., 2.], dtype=float32)
    """
    if x.dtype == dtype:
        return x
    if overrides(type(x)):
        return x.__array_function__(cast, (type(x),), (x, dtype), {})
    return _cast(x, dtype)


def _cast(x: Any, dtype: Any) -> Any:
    if x.dtype.kind == "c" and np.dtype(dtype).kind != "c":
        x = x.real
    return x.astype(dtype)


cast.implementation = _cast  # type: ignore[attr-defined]


@array_function
def expand(x: Any, shape: tuple[int, ...]) -> Any:
    """`numpy.broadcast_to`, without its overhead where `x` has a single element. Read-only.

    >>> expand(np.array([[2.0]]), (2, 3))
    array([[2., 2., 2.],
           [2., 2., 2.]])
    """
    if x.size != 1 or x.ndim > len(shape):
        return np.broadcast_to(x, shape)
    return np.ndarray(shape, x.dtype, x.tobytes(), 0, (0,) * len(shape))


@array_function
def sum_to(x: Any, shape: tuple[int, ...]) -> Any:
    """The sum over all axes along which an array of `shape` was broadcast to that of `x`.

    >>> sum_to(np.ones((2, 3)), (3,)), sum_to(np.ones((2, 3)), (2, 1))
    (array([2., 2., 2.]), array([[3.],
           [3.]]))
    """
    added = x.ndim - len(shape)
    stretched = [
        added + i
        for i, (n, m) in enumerate(zip(shape, x.shape[added:], strict=True))
        if n == 1 and m != 1
    ]
    axes = (*range(added), *stretched)
    return x.sum(axis=axes, keepdims=True).reshape(shape)


def along(axis: int, *key: Any) -> tuple[Any, ...]:
    """What to write between brackets to take `key` along `axis` (and the axes after it).

    >>> np.arange(6).reshape(2, 3)[along(1, 0)]
    array([0, 3])
    """
    return (*(slice(None),) * axis, *key)


MOST_ELEMENTS = 1 << 56  # far more than any memory holds, far less than overflows


def checked_shape(function: str, shape: Any, least: int = 0) -> tuple[int, ...]:
    """`shape` as a tuple of at least `least` integers that an array can have.

    Raises ``TypeError`` or ``ValueError``, opening with `function`.

    >>> checked_shape("scatter_add", [2, 3])
    (2, 3)
    """
    try:
        several = shape if isinstance(shape, (tuple, list)) else (shape,)
        result = tuple([integer(n) for n in several])
    except TypeError:
        raise TypeError(f"{function}: a shape is a tuple of integers, not {shape!r:.60}") from None
    most = math.prod([n or 1 for n in result])  # NumPy has a bound beside a length of 0, too
    if len(result) < least or min(result, default=0) < 0 or most > MOST_ELEMENTS:
        raise ValueError(
            f"{function}: an array of shape {result} cannot be"
            + (f"; it must have at least {least} axes" if len(result) < least else "")
        )
    return result


def integer(value: Any) -> int:
    """`value` as Python's integer; ``TypeError`` for what is none, and for a truth value."""
    if isinstance(value, bool):
        raise TypeError
    return operator.index(value)

"""Arrays from outside and to the outside: what can be differentiated, what belongs to whom.

`floating` reads the value of a variable, `shaped_like` a cotangent or tangent that must fit one;
`owned` makes a result independent of everything else.
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def floating(data: Any, dtype: Any, where: str) -> Array:
    """A copy of `data` as a floating or complex array; integers become float64.

    Raises ``TypeError`` for what is no number, ``ValueError`` for ragged lists; `where` opens the
    message.

    >>> floating([1, 2], None, "f")
    array([1., 2.])
    """
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise TypeError(f"{where}: dtype must be floating or complex, not {np.dtype(dtype)}")
    if is_masked(data):
        raise TypeError(f"{where}: a masked array has no derivative at what it masks; use np.where")
    try:
        value = np.array(data, order="K")
    except ValueError as error:
        raise ValueError(f"{where}: the nested lists are ragged: {error}") from error
    if not value.dtype.isnative:
        value = value.astype(value.dtype.newbyteorder("="))
    if value.dtype.kind in "biu":
        value = value.astype(np.float64)
    elif value.dtype.kind not in "fc":
        kind = type(data).__name__
        raise TypeError(f"{where}: takes numbers, not a {kind} of dtype {value.dtype}")
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
    if is_masked(data):
        raise TypeError(f"{where} is a masked array, which has no value at what it masks")
    value = np.array(data)
    if value.dtype.kind not in "biufc":
        raise TypeError(f"{where} has dtype {value.dtype}, which is no number")
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

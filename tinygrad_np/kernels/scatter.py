"""Indexing the other way round: `scatter_add`, its adjoint, and updates that give new arrays.

`index_set`, `index_min` and `index_max` give a copy of an array with some elements replaced, or
replaced by the smaller or larger one; nothing is written into.
"""

from typing import Any

import numpy as np

from .dispatch import array_function, numbers
from .geometry import checked_shape

_BASIC = (int, np.integer, np.bool_, slice, type(None), type(Ellipsis))


@array_function
def scatter_add(values: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape`, with `values` added at `index`; what is indexed twice is added twice.

    The transpose of ``x[index]`` as a linear map: `index` is anything NumPy takes between
    brackets, and `values` has the shape of ``x[index]`` exactly. Raises ``ValueError`` if not,
    ``IndexError`` where the index is invalid or out of bounds.

    >>> scatter_add(np.array([1.0, 10.0, 100.0]), [0, 2, 0], (4,))
    array([101.,   0.,  10.,   0.])
    """
    values = numbers(values, "scatter_add")
    try:
        result = np.zeros(tuple(shape), values.dtype)
    except (TypeError, ValueError, MemoryError):
        result = np.zeros(checked_shape("scatter_add", shape), values.dtype)
    place = selected(result, index, "scatter_add")
    if place.shape != values.shape:
        raise ValueError(
            f"scatter_add: the index selects {place.shape} from shape {shape}, "
            f"but the values have shape {values.shape}"
        )
    if _names_each_element_once(index):
        result[index] = values
    elif result.dtype.char == "e":
        result = result.astype(np.float32)  # as np.sum adds up: of ones, float16 stops at 2048
        np.add.at(result, index, values)
        result = result.astype(np.float16)
    else:
        np.add.at(result, index, values)
    return result


@array_function
def index_set(x: Any, index: Any, value: Any) -> Any:
    """`x` with ``x[index] = value``; of what is indexed twice, the last value stays.

    `value` is broadcast to the shape of ``x[index]`` and takes the dtype of `x`. Raises
    ``TypeError`` where that would drop a fraction or an imaginary part.

    >>> index_set(np.zeros(4), [0, 2], np.array([1.0, 2.0]))
    array([1., 0., 2., 0.])
    """
    result = _copy_for(x, value, "index_set")
    try:
        # NumPy only warns about an array of one element that is to become one element.
        if np.ndim(value) and np.size(value) == 1 and not np.ndim(result[index]):
            raise ValueError("an array is not one element; take it out, value[0]")
        result[index] = value
    except _UNFIT as error:
        raise _in_words("index_set", result, value, error) from None
    return result


@array_function
def index_min(x: Any, index: Any, value: Any) -> Any:
    """`x` with the smallest of ``x[index]`` and all values that fall there.

    >>> index_min(np.zeros(3), [0, 0, 1], np.array([-1.0, -2.0, 5.0]))
    array([-2.,  0.,  0.])
    """
    result = _copy_for(x, value, "index_min")
    try:
        np.minimum.at(result, index, value)
    except _UNFIT as error:
        raise _in_words("index_min", result, value, error) from None
    return result


@array_function
def index_max(x: Any, index: Any, value: Any) -> Any:
    """`x` with the largest of ``x[index]`` and all values that fall there.

    >>> index_max(np.zeros(3), [0, 0, 1], np.array([1.0, 2.0, -5.0]))
    array([2., 0., 0.])
    """
    result = _copy_for(x, value, "index_max")
    try:
        np.maximum.at(result, index, value)
    except _UNFIT as error:
        raise _in_words("index_max", result, value, error) from None
    return result


@array_function
def is_last_writer(index: Any, shape: tuple[int, ...]) -> Any:
    """For each element of ``x[index]``, whether `index_set` lets its value stay.

    >>> is_last_writer([0, 2, 0], (4,))
    array([False,  True,  True])
    """
    numbers = np.zeros(shape, np.intp)
    own = np.arange(numbers[index].size).reshape(numbers[index].shape)
    numbers[index] = own
    return numbers[index] == own


# What NumPy raises for an index or values that do not fit.
_UNFIT = (IndexError, OverflowError, TypeError, ValueError)


def _in_words(function: str, x: Any, value: Any, error: Exception) -> Exception:
    """NumPy's error with the function and the shapes."""
    kind = IndexError if isinstance(error, IndexError) else ValueError
    return kind(
        f"{function}: values of shape {np.shape(value)} at an index of an array of shape "
        f"{x.shape}: {error}"
    )


def selected(x: Any, index: Any, function: str) -> Any:
    """``x[index]``; the ``IndexError`` for what does not fit opens with `function`.

    >>> selected(np.arange(3), 5, "at")
    Traceback (most recent call last):
    ...
    IndexError: at: index 5 is out of bounds for axis 0 with size 3
    """
    try:
        return x[index]
    except _UNFIT as error:
        raise IndexError(f"{function}: {error}") from None


def _copy_for(x: Any, value: Any, function: str) -> Any:
    result = np.array(numbers(x, function))
    given = numbers(value, function)
    try:
        dtype = given.dtype if given.ndim else np.result_type(value, result)
    except OverflowError as error:  # a Python integer beyond the array's dtype
        raise TypeError(f"{function}: {error}") from None
    if not np.can_cast(dtype, result.dtype, "same_kind"):
        raise TypeError(
            f"{function}: values of dtype {dtype} do not fit into an array of dtype "
            f"{result.dtype}; convert the array first, for instance with .astype({dtype})"
        )
    return result


def _names_each_element_once(index: Any) -> bool:
    if type(index) is slice:
        return True
    for part in index if isinstance(index, tuple) else (index,):
        is_mask = isinstance(part, np.ndarray) and part.dtype == bool
        if not (is_mask or isinstance(part, _BASIC)):
            return False
    return True

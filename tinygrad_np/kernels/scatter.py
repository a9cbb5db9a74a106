"""scatter_add: the adjoint of indexing."""

from typing import Any

import numpy as np

from .dispatch import array_function

_BASIC = (int, np.integer, np.bool_, slice, type(None), type(Ellipsis))


@array_function
def scatter_add(values: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape`, with `values` added at `index`; what is indexed twice is added twice.

    The transpose of ``x[index]`` as a linear map: `index` is anything NumPy takes between
    brackets, and `values` has the shape of ``x[index]`` exactly. Raises ``ValueError`` if not.

    >>> scatter_add(np.array([1.0, 10.0, 100.0]), [0, 2, 0], (4,))
    array([101.,   0.,  10.,   0.])
    """
    values = np.asanyarray(values)
    result = np.zeros(shape, values.dtype)
    place = result[index]
    if place.shape != values.shape:
        raise ValueError(
            f"scatter_add: the index selects {place.shape} from shape {shape}, "
            f"but the values have shape {values.shape}"
        )
    if _names_each_element_once(index):
        result[index] = values
    else:
        np.add.at(result, index, values)
    return result


def _names_each_element_once(index: Any) -> bool:
    for part in index if isinstance(index, tuple) else (index,):
        is_mask = isinstance(part, np.ndarray) and part.dtype == bool
        if not (is_mask or isinstance(part, _BASIC)):
            return False
    return True

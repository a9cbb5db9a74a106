"""Nested lists and trees as one array: `array` finds Tensors in lists, `ravel` in any tree.

It is one linear map, `joined`, whose transpose is `parted`: an array is its parts one after the
other, row by row.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import reduce
from itertools import accumulate, pairwise
from math import prod
from typing import Any

import numpy as np

from ..answers import explained
from ..core import tree as trees
from ..core.arrays import Array, cast, numbers
from ..core.dispatch import array_function, overrides

Shape = tuple[int, ...]

_MOST_AXES = 64


@explained
def array(values: Any, dtype: Any = None) -> Any:
    """`numpy.array` of nested lists and tuples in which there may be Tensors: then it is a Tensor.

    Parameters
    ----------
    values : array_like
        Lists of numbers, arrays and Tensors, of one shape at each depth.
    dtype : dtype, optional
        Floating or complex if there are Tensors; by default the one that `numpy.array` finds.

    Returns
    -------
    array
        Of its own.

    Raises
    ------
    ValueError
        For ragged lists.
    TypeError
        For what is no number, and where complex numbers do not fit into `dtype`.

    Examples
    --------
    >>> array([[1, 2], [3, 4.5]])
    array([[1. , 2. ],
           [3. , 4.5]])
    >>> from tinygrad_np import grad
    >>> grad(lambda x: np.prod(array([x[1], 2.0, x[0] ** 2])))(np.array([3.0, 5.0]))
    array([60., 18.])
    """
    parts: list[Any] = []
    shape = _shape(values, parts, ())
    if len(shape) > _MOST_AXES:
        raise _too_deep()
    # One after the other, as `numpy.array` does: the order matters where integers meet float16.
    found = reduce(np.promote_types, dict.fromkeys(map(_dtype, parts)) or [_FLOAT])
    wanted = found if dtype is None else np.dtype(dtype)
    if found.kind == "c" and wanted.kind != "c":
        raise TypeError(f"array: complex numbers do not fit into {wanted}; take np.real of them")
    tensor = next((x for x in parts if overrides(type(x))), None)
    if tensor is None:
        return np.array(values, dtype)
    if wanted.kind not in "fc":
        raise TypeError(f"array: {wanted} has no derivative; with Tensors, take a floating dtype")
    return joined(parts, shape, wanted)


def _shape(values: Array, parts: list[Any], place: Shape) -> Shape:
    """The shape of the array; collects its parts in their order."""
    if not isinstance(values, (list, tuple)):
        parts.append(_part(values))
        return np.shape(parts[-1])
    if len(place) > _MOST_AXES:  # a list that contains itself has no end
        raise _too_deep()
    first: Shape = ()
    for i, value in enumerate(values):
        if type(value) is float:
            parts.append(value)
            shape: Shape = ()
        else:
            shape = _shape(value, parts, (*place, i))
        if i == 0:
            first = shape
        elif shape != first:
            at = "".join([f"[{k}]" for k in place])
            raise ValueError(
                f"array: the lists are ragged: {at}[{i}] has shape {shape} and {at}[0] {first}; "
                "make them equal"
            )
    return (len(values), *first)


def _too_deep() -> ValueError:
    return ValueError(f"array: the lists are nested too deep; an array has {_MOST_AXES} axes")


def _part(x: Any) -> Any:
    if type(x) in _NUMBERS or overrides(type(x)):
        return x
    if isinstance(x, (Iterator, Mapping, Set)):
        raise TypeError(
            f"array: takes lists, arrays and numbers, not a {type(x).__name__}; use list(…) of it"
        )
    return numbers(x, "array")


_NUMBERS = (bool, float, complex)


def _dtype(x: Any) -> Any:
    return _FLOAT if type(x) is float else np.asarray(x).dtype if type(x) in _NUMBERS else x.dtype


_FLOAT = np.dtype(float)


def joined(parts: Sequence[Any], shape: Shape, dtype: Any = None) -> Any:
    """The elements of `parts`, one part after the other, as an array of `shape`.

    >>> joined([1.0, np.array([2.0, 3.0]), 4.0], (2, 2))
    array([[1., 2.],
           [3., 4.]])
    """
    for part in parts:
        if overrides(type(part)):
            args = (parts, shape) if dtype is None else (parts, shape, dtype)
            return part.__array_function__(joined, (type(part),), args, {})
    return _joined(parts, shape, dtype)


def _joined(parts: Sequence[Any], shape: Shape, dtype: Any = None) -> Any:
    rows = [np.reshape(part, -1) for part in parts]
    return np.concatenate(rows, dtype=dtype, casting="same_kind").reshape(shape)


joined.implementation = _joined  # type: ignore[attr-defined]


@array_function
def parted(x: Any, shapes: tuple[Shape, ...]) -> Any:
    """The elements of `x`, row by row, as a list of arrays of these shapes.

    >>> parted(np.arange(4.0), ((), (1, 2), ()))
    [array(0.), array([[1., 2.]]), array(3.)]
    """
    flat = x.reshape(-1)
    ends = accumulate(map(prod, shapes), initial=0)
    return [
        flat[start:end].reshape(shape)
        for (start, end), shape in zip(pairwise(ends), shapes, strict=True)
    ]


def ravel(tree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """The numbers of a tree as one vector, and the function that makes a tree of such a vector.

    Parameters
    ----------
    tree : tree of array_like

    Returns
    -------
    vector : (n,) array
        The leaves in the order of `tree.leaves`, row by row, in the dtype that NumPy promotes
        theirs to; integers become floating.
    back : callable
        It takes a vector of this length, and gives a tree of the same structure and shapes; a leaf
        has its own dtype where that is floating or complex (a real one takes the real parts), else
        that of the vector.

    Raises
    ------
    TypeError
        For leaves that are no numbers.
    ValueError
        Where ``back`` gets another shape.

    Examples
    --------
    >>> vector, back = ravel({"a": np.ones((2, 1)), "b": 3.0})
    >>> vector
    array([1., 1., 3.])
    >>> back(2 * vector)
    {'a': array([[2.],
           [2.]]), 'b': array(6.)}
    """
    parts = [numbers(leaf, "ravel") for leaf in trees.leaves(tree)]
    shapes = tuple([part.shape for part in parts])
    found = [x.dtype if x.dtype.kind in "fc" else np.dtype(float) for x in parts]
    dtype = np.result_type(*found) if found else np.dtype(float)
    size = sum(part.size for part in parts)

    def back(vector: Any) -> Any:
        vector = numbers(vector, "the function of ravel")
        if vector.shape != (size,):
            raise ValueError(
                f"the function of ravel: the vector has shape {vector.shape} where the tree has "
                f"{size} numbers; give it shape ({size},)"
            )
        pieces = parted(vector, shapes) if shapes else []
        kinds = [x.dtype if x.dtype.kind in "fc" else vector.dtype for x in parts]
        return trees.unflatten(
            tree, [cast(piece, kind) for piece, kind in zip(pieces, kinds, strict=True)]
        )

    return joined(parts, (size,), dtype) if parts else np.zeros(0), back

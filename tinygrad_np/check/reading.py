"""What a user's functions give, as arrays, or an error that says what it is and what it should be.

`fitted` reads a gradient: the leaves of a tree as arrays of the shapes of what it is by.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core import tree
from ..core.arrays import Array
from ..core.tensor import Tensor

Tree = Any
"""An array or a number, or a container of trees"""


def must_be_callable(name: str, what: str, f: Any) -> None:
    """Raise for what is no function."""
    if not callable(f):
        raise TypeError(f"{name}: {what} must be a function, not {article(f)}")


def numbers(value: Any, what: str) -> Array:
    """The value as an array, which a Tensor does not become by itself."""
    for part in value if isinstance(value, (list, tuple)) else [value]:
        if isinstance(part, Tensor):
            raise TypeError(
                f"{what} a Tensor, where a plain array is asked for: t.data is its value. "
                "(check.compare and check.check_function make Tensors themselves.)"
            )
    try:
        return np.asarray(value)
    except ValueError as error:  # ragged lists
        raise TypeError(f"{what} no array: {error}") from error


def fitted(
    what: str, x: Tree, given: Tree, called: str = "x", of: Array | None = None
) -> list[Array]:
    """The leaves of `given`, a tree like `x`, as copies in the order and shapes of those of `x`.

    Where `x` has an array, a list of as many numbers will do, as SciPy's functions take it; where
    `x` has a list or tuple, so will the other one, or an array of as many rows. `what` it is, with
    the name of the check, and how `x` is `called`, go into the errors. If it is the Jacobian `of`
    an array, the axes of that come before those of `x`.
    """
    rows = np.zeros(()) if of is None else of
    found = []
    for path, leaf, part in paired(what, x, given, called, rows.ndim):
        like = np.broadcast_to(
            np.zeros((), np.result_type(rows, np.asarray(leaf))), rows.shape + np.shape(leaf)
        )
        array = _array_like(like, part, at(what, path), flat=not rows.ndim)
        if array is None:
            raise _differ(what, path, like, part, called)
        place, there = at(what, path), " there" if path else ""
        if array.dtype.kind not in "biufc":
            raise TypeError(f"{place} has dtype {array.dtype}, no number")
        if array.dtype.kind == "c" and like.dtype.kind != "c":
            raise TypeError(f"{place} is complex, but {called} is real{there}")
        if array.shape != like.shape:
            raise ValueError(
                f"{place} has shape {array.shape}, but {called} has shape {like.shape}{there}, and "
                f"the two must be the same{_remedy(array.shape, like.shape)}"
            )
        found.append(array if array.dtype.kind in "fc" else array.astype(np.float64))
    return found


def paired(
    what: str, x: Tree, given: Tree, called: str, axis: int = 0, path: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """The leaves of a tree, each with its path and what `given` has in its place.

    Of an array, the place is that along `axis`.
    """
    container = tree.container_of(type(x))
    if container is None:
        yield path, x, given
        return
    keys, parts = container.keys(x), _parts(x, given, axis)
    if parts is None or parts.keys() != set(keys):
        raise _differ(what, path, x, given, called)
    for key, part in zip(keys, container.children(x), strict=True):
        yield from paired(what, part, parts[key], called, axis, path + key)


def _parts(x: Tree, given: Tree, axis: int) -> dict[str, Any] | None:
    """The parts of `given` by the keys of `x`, if it is such a container."""
    lists = (list, tuple)
    if type(x) in lists:
        if axis and type(given) in lists and all(type(row) in lists for row in given):
            with contextlib.suppress(ValueError):  # ragged: no matrix, but a list
                given = np.array(given)
        if isinstance(given, np.ndarray) and given.ndim > axis:
            given = list(np.moveaxis(given, axis, 0))
        if type(given) in lists:
            return {f"[{i}]": part for i, part in enumerate(given)}
    container = tree.container_of(type(given))
    if container is None or type(given) is not type(x):
        return None
    return dict(zip(container.keys(given), container.children(given), strict=True))


def _array_like(like: Array, given: Any, place: str, flat: bool) -> Array | None:
    """`given` as an array; None for a container, but for lists of as many numbers as `like` has.

    These may be `flat`.
    """
    if not isinstance(given, (list, tuple)):
        is_leaf = tree.container_of(type(given)) is None
        return numbers(given, f"{place} is").copy() if is_leaf else None
    try:
        array = numbers(given, f"{place} has in it").copy()
    except TypeError as error:
        if error.__cause__ is None:  # a Tensor
            raise
        return None
    if flat and array.shape == (like.size,):
        array = array.reshape(like.shape)
    return array if array.shape == like.shape and array.dtype.kind in "biufc" else None


def _remedy(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """What may have been forgotten."""
    if len(shape) > 1 and shape == wanted[::-1]:
        return ". Is it transposed?"
    padded = (1,) * (len(shape) - len(wanted)) + wanted
    if len(padded) == len(shape) and all(b in (1, a) for a, b in zip(shape, padded, strict=True)):
        return ". Sum it over the axes along which that was broadcast"
    return ""


def _differ(what: str, path: str, x: Tree, given: Any, called: str) -> ValueError:
    is_leaf = tree.container_of(type(x)) is None
    advice = "return an array of its shape" if is_leaf else f"return one like {called}"
    if given is None:
        advice += "; does the function lack a return?"
    elif isinstance(given, tuple) and len(given) == 2 and is_leaf:
        advice += ", without the value"
    there = " there" if path else ""
    place = at(what, path)
    return ValueError(f"{place} is {shown(given)}, but {called} is {shown(x)}{there}: {advice}")


def at(what: str, path: str) -> str:
    """What lies at a path of a tree, in words."""
    return f"{what} at {path}" if path else what


def shown(value: Tree) -> str:
    """A part of a tree in words."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    container = tree.container_of(type(value))
    if container is None:
        return article(value)
    if type(value) in (list, tuple):
        return f"a {type(value).__name__} of {len(value)}"
    keys = container.keys(value)
    more = ", …" if len(keys) > 6 else ""
    return f"{article(value)} with {', '.join(keys[:6]) or 'nothing'}{more}"


def article(value: Any) -> str:
    """The type of a value, with an article."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"

"""The form of arguments: what decides which program is replayed, with the arrays taken out.

`form_of` gives it as a key; `matcher` writes out what says whether arguments have a given form, and
gives their arrays, in a tenth of the time; `builder` puts results together.

>>> arrays = []
>>> form_of(((np.ones(2), 3), {}), arrays) == form_of(((np.zeros(2), 3), {}), [])
True
>>> match = matcher((np.ones(2), 3), {})
>>> match((np.zeros(2), 3), {})
(array([0., 0.]),)
>>> match((np.zeros(2), 4), {}), match((np.zeros(3), 3), {})
(None, None)
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import tree
from ..core.tensor import Tensor
from .calls import generated

PLAIN = {int, float, bool, str, complex, type(None), bytes}
"""What is no array, and never changes."""


def form_of(x: Any, arrays: list[Any]) -> Any:
    """What of the arguments decides on the program, hashable; the arrays go into `arrays`.

    Raises ``TypeError`` for what may change where nobody sees it.
    """
    cls = type(x)
    if cls is np.ndarray:
        arrays.append(x)
        return x.shape, x.dtype, x.strides
    if cls is tuple or cls is list:
        return (cls, *[form_of(item, arrays) for item in x])
    if cls is dict:
        return (cls, *[(key, form_of(item, arrays)) for key, item in x.items()])
    if isinstance(x, np.generic):
        arrays.append(np.asarray(x))
        return cls
    if cls is float or cls is complex:
        return cls, repr(x)  # -0.0 is not 0.0, and nan is nan
    if cls in PLAIN:
        return cls, x
    if cls is Tensor or cls is np.random.Generator:
        arrays.append(x)
        return cls if cls is Tensor else type(x.bit_generator)
    container = tree.container_of(cls)
    if container is not None:
        pairs = zip(container.keys(x), container.children(x), strict=True)
        return (cls, *[(key, form_of(item, arrays)) for key, item in pairs])
    if isinstance(x, (type, np.dtype)) or callable(x) or isinstance(x, enum.Enum):
        return cls, x
    raise TypeError(
        f"jit: an argument of type {cls.__name__} may change where nobody sees it; pass the arrays "
        "and numbers in it"
    )


def matcher(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[..., Any] | None:
    """A function of (args, kwargs): their arrays, if they have the form of these; else None.

    It may say None of the same form: `form_of` is asked then. None where nothing is written out.
    """
    lines: list[str] = []
    arrays: list[str] = []
    scope: dict[str, Any] = {"ndarray": np.ndarray, "asarray": np.asarray}
    if not (_checked("args", args, lines, arrays, scope, 0) and
            _checked("kwargs", kwargs, lines, arrays, scope, 0)):  # fmt: skip
        return None
    lines.append(f"return ({', '.join(arrays)},)" if arrays else "return ()")
    source = "def match(args, kwargs):\n    " + "\n    ".join(lines) + "\n"
    return generated(source, scope)


_DEEPEST = 8  # trees: beyond, and of more leaves, nothing is written out
_MOST_LINES = 1000


def _checked(
    name: str, x: Any, lines: list[str], arrays: list[str], scope: dict[str, Any], depth: int
) -> bool:
    """Lines that return None unless what has this name is of the form of `x`."""

    def held(value: Any) -> str:
        scope[f"k{len(scope)}"] = value
        return f"k{len(scope) - 1}"

    def unless(condition: str) -> None:
        lines.append(f"if not ({condition}): return None")

    cls = type(x)
    is_of_class = "" if name in ("args", "kwargs") else f"type({name}) is {held(cls)} and "
    if depth > _DEEPEST or len(lines) > _MOST_LINES:
        return False
    if cls is np.ndarray:
        shape, strides = f"{name}.shape == {x.shape}", f"{name}.strides == {x.strides}"
        unless(f"type({name}) is ndarray and {shape} and {name}.dtype is {held(x.dtype)}")
        if x.ndim:
            unless(strides)
        arrays.append(name)
        return True
    if isinstance(x, np.generic):
        unless(is_of_class.removesuffix(" and "))
        arrays.append(f"asarray({name})")
        return True
    if cls is float or cls is complex:
        unless(f"{is_of_class}{name} == {held(x)}")
        return bool(x) and x == x
    if cls in PLAIN:
        unless(f"{is_of_class}{name} == {held(x)}")
        return True
    if cls is np.random.Generator:
        unless(f"{is_of_class}type({name}.bit_generator) is {held(type(x.bit_generator))}")
        arrays.append(name)
        return True
    if cls is tuple or cls is list:
        unless(f"{is_of_class}len({name}) == {len(x)}")
        keys: list[Any] = list(range(len(x)))
    elif cls is dict:
        keys = list(x)
        if name == "kwargs" and not keys:
            unless("not kwargs")
        else:
            unless(f"{is_of_class}[*{name}] == {held(keys)}")
        if not all(type(key) in (str, int) for key in keys):
            return False
    else:
        return False
    for key in keys:
        inner = f"x{len(lines)}"
        lines.append(f"{inner} = {name}[{key!r}]")
        if not _checked(inner, x[key], lines, arrays, scope, depth + 1):
            return False
    return True


def builder(result: Any, is_array: Sequence[bool]) -> Callable[[Any], Any]:
    """A function that gives a tree like `result`, with other arrays in place of these leaves.

    Leaves that are numbers, NumPy's or Python's, become such numbers again.

    >>> build = builder({"a": np.zeros(1), "b": [None, 2, np.float64(3.0)]}, [True, False, True])
    >>> build((np.ones(1), np.ones(())))
    {'a': array([1.]), 'b': [None, 2, np.float64(1.0)]}
    """
    scope: dict[str, Any] = {}
    used = itertools.count()
    leaf_is_array = iter(is_array)

    def written_leaf(x: Any) -> str:
        if not next(leaf_is_array):
            return held(x)
        suffix = "" if isinstance(x, np.ndarray) else "[()]" if isinstance(x, np.generic) else None
        return f"r[{next(used)}]{'.item()' if suffix is None else suffix}"

    def text(x: Any) -> str | None:
        cls = type(x)
        if cls in (tuple, list, dict):
            parts = [text(item) for item in (x.values() if cls is dict else x)]
            if None in parts:
                return None
            if cls is dict:
                pairs = zip(x, parts, strict=True)
                return f"{{{', '.join([f'{held(key)}: {part}' for key, part in pairs])}}}"
            inside = ", ".join(map(str, parts))
            return f"[{inside}]" if cls is list else f"({inside},)" if parts else "()"
        if x is None:
            return "None"
        return written_leaf(x) if tree.container_of(cls) is None else None

    def held(x: Any) -> str:
        scope[f"k{len(scope)}"] = x
        return f"k{len(scope) - 1}"

    written = text(result)
    if written is not None:
        return generated(f"def build(r):\n    return {written}\n", scope)
    used, leaf_is_array, scope = itertools.count(), iter(is_array), {}
    written = f"({', '.join(map(written_leaf, tree.leaves(result)))},)"
    of_leaves = generated(f"def build(r):\n    return {written}\n", scope)
    form = tree.map(lambda x: 0, result)
    return lambda arrays: tree.unflatten(form, of_leaves(arrays))

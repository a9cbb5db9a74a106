"""Trees: parameters in nested dicts, lists, tuples, named tuples and dataclasses.

`map` applies a function to every leaf, `leaves` lists them, `paths` names them. A leaf is anything
that is no container; None is no leaf, it stands for nothing and is passed over. `register` adds a
container of one's own.

>>> parameters = {"filter": 2.0, "dense": [1.0, (3.0, None)]}
>>> map(lambda w: 10 * w, parameters)
{'filter': 20.0, 'dense': [10.0, (30.0, None)]}
>>> leaves(parameters)
[2.0, 1.0, 3.0]
>>> paths(parameters)
["['filter']", "['dense'][0]", "['dense'][1][0]"]
"""

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

from . import hooks
from .dispatch import remembered


class Container(NamedTuple):
    """How to take a container apart, and how to put one like it together."""

    children: Callable[[Any], list[Any]]
    """container → its parts"""
    keys: Callable[[Any], list[str]]
    """container → how each part is reached, as text: [0] or .bias"""
    rebuild: Callable[[Any, list[Any]], Any]
    """(container, new parts) → a container like it"""


def register(
    cls: type,
    children: Callable[[Any], list[Any]],
    rebuild: Callable[[Any, list[Any]], Any],
    keys: Callable[[Any], list[str]] | None = None,
) -> None:
    """Make `cls` a container.

    Parameters
    ----------
    cls : type
    children : callable
        It takes a container apart, into a list.
    rebuild : callable
        It takes a container and such a list, and puts one like it together.
    keys : callable, optional
        It says how each part is reached, for messages; by default their number.

    Examples
    --------
    >>> class Pair:
    ...     def __init__(self, a, b):
    ...         self.a, self.b = a, b
    >>> register(Pair, lambda pair: [pair.a, pair.b], lambda pair, parts: Pair(*parts))
    >>> leaves([Pair(1.0, 2.0), 3.0])
    [1.0, 2.0, 3.0]
    """
    _REGISTERED[cls] = Container(
        children, keys or (lambda tree: _numbered(children(tree))), rebuild
    )
    container_of.cache_clear()  # type: ignore[attr-defined]


def _numbered(parts: Any) -> list[str]:
    return [f"[{i}]" for i in range(len(parts))]


def _mapping_like(tree: dict[Any, Any], parts: list[Any]) -> Any:
    pairs = zip(tree, parts, strict=True)
    if type(tree) is dict:
        return dict(pairs)
    twin = copy.copy(tree)  # a subclass keeps its class, a defaultdict its factory
    twin.update(pairs)
    return twin


def _field_names(tree: Any) -> list[str]:
    import dataclasses  # 8 ms, which only those pay who use one

    return [field.name for field in dataclasses.fields(tree)]


def _dataclass_like(tree: Any, parts: list[Any]) -> Any:
    twin = copy.copy(tree)
    for name, part in zip(_field_names(tree), parts, strict=True):
        object.__setattr__(twin, name, part)  # a frozen one refuses setattr
    return twin


_SEQUENCE = Container(list, _numbered, lambda tree, parts: type(tree)(parts))
_NAMED_TUPLE = Container(
    list,
    lambda tree: [f".{name}" for name in tree._fields],
    lambda tree, parts: type(tree)(*parts),
)
_MAPPING = Container(
    lambda tree: list(tree.values()),
    lambda tree: [f"[{key!r}]" for key in tree],
    _mapping_like,
)
_DATACLASS = Container(
    lambda tree: [getattr(tree, name) for name in _field_names(tree)],
    lambda tree: [f".{name}" for name in _field_names(tree)],
    _dataclass_like,
)
_NOTHING = Container(lambda tree: [], lambda tree: [], lambda tree, parts: None)

_REGISTERED: dict[type, Container] = {
    tuple: _SEQUENCE,
    list: _SEQUENCE,
    dict: _MAPPING,
    type(None): _NOTHING,
}


@remembered
def container_of(cls: type) -> Container | None:
    """How a container of the class `cls` is taken apart and put together.

    Parameters
    ----------
    cls : type

    Returns
    -------
    Container or None
        None for a leaf.

    Examples
    --------
    >>> container_of(dict).keys({"a": 1})
    ["['a']"]
    """
    if cls in _REGISTERED:
        return _REGISTERED[cls]
    if issubclass(cls, tuple):
        return _NAMED_TUPLE if hasattr(cls, "_fields") else _SEQUENCE
    if issubclass(cls, list):
        return _SEQUENCE
    if issubclass(cls, dict):
        return _MAPPING
    return _DATACLASS if hasattr(cls, "__dataclass_fields__") else None


def map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """`function` of every leaf of `tree`, and of the leaves of `others` at the same place.

    Parameters
    ----------
    function : callable
        Of one leaf a tree.
    tree, *others : tree
        Of one structure.

    Returns
    -------
    tree

    Raises
    ------
    ValueError
        Where the structures differ, naming the place.

    Examples
    --------
    >>> map(lambda w, g: w - g, {"a": 3.0, "b": 5.0}, {"b": 1.0, "a": 2.0})
    {'a': 1.0, 'b': 4.0}
    """
    try:
        return _map_several(function, (tree, *others), "") if others else _map(function, tree)
    except RecursionError:
        hooks.explainer.too_deep((tree, *others))
        raise


def _map(function: Callable[..., Any], tree: Any) -> Any:
    container = container_of(type(tree))
    if container is None:
        return function(tree)
    parts = [
        function(part) if container_of(type(part)) is None else _map(function, part)
        for part in container.children(tree)
    ]
    return container.rebuild(tree, parts)


def _map_several(function: Callable[..., Any], trees: tuple[Any, ...], path: str) -> Any:
    first = trees[0]
    container = container_of(type(first))
    if container is None:
        for other in trees[1:]:
            if container_of(type(other)) is not None:
                raise _differ(path, "a leaf", f"a {type(other).__name__}")
        return function(*trees)
    keys = container.keys(first)
    columns = [container.children(first)]
    for other in trees[1:]:
        if type(other) is not type(first):
            raise _differ(path, f"a {type(first).__name__}", f"a {type(other).__name__}")
        theirs = dict(zip(container.keys(other), container.children(other), strict=True))
        if theirs.keys() != set(keys):
            raise _differ(path, ", ".join(keys) or "nothing", ", ".join(theirs) or "nothing")
        columns.append([theirs[key] for key in keys])
    return container.rebuild(
        first,
        [
            _map_several(function, tuple(parts), path + key)
            for key, *parts in zip(keys, *columns, strict=True)
        ],
    )


class TreesDifferError(ValueError):
    """Trees that should have the same structure have not."""

    where = first = another = ""
    """The place, " at …" or nothing, and what the first tree and another one have there."""


def _differ(path: str, first: str, another: str) -> TreesDifferError:
    where = f" at {path}" if path else ""
    another = "None" if another == "a NoneType" else another
    error = TreesDifferError(f"the trees differ{where}: {first} in the first, {another} in another")
    error.where, error.first, error.another = where, first, another
    return error


def leaves(tree: Any) -> list[Any]:
    """The leaves, from left to right.

    Parameters
    ----------
    tree : tree

    Returns
    -------
    list

    Examples
    --------
    >>> leaves({"a": 1.0, "b": [2.0, None]})
    [1.0, 2.0]
    """
    found: list[Any] = []
    map(found.append, tree)
    return found


def paths(tree: Any) -> list[str]:
    """How each leaf is reached, as text, in the order of `leaves`.

    Parameters
    ----------
    tree : tree

    Returns
    -------
    list of str

    Examples
    --------
    >>> paths({"a": 1.0, "b": [2.0, None]})
    ["['a']", "['b'][0]"]
    """
    try:
        return _paths(tree)
    except RecursionError:
        hooks.explainer.too_deep((tree,))
        raise


def _paths(tree: Any) -> list[str]:
    container = container_of(type(tree))
    if container is None:
        return [""]
    parts = zip(container.keys(tree), container.children(tree), strict=True)
    return [key + path for key, part in parts for path in _paths(part)]


def unflatten(tree: Any, new_leaves: list[Any]) -> Any:
    """A tree like `tree` with other leaves.

    Parameters
    ----------
    tree : tree
    new_leaves : list
        As many, in the order of `leaves`.

    Returns
    -------
    tree

    Examples
    --------
    >>> unflatten({"a": 0, "b": [0, 0]}, [1, 2, 3])
    {'a': 1, 'b': [2, 3]}
    """
    if not isinstance(new_leaves, (list, tuple)):
        raise TypeError(f"unflatten: the leaves are a list, not a {type(new_leaves).__name__}")
    remaining = iter(new_leaves)
    count = len(leaves(tree))
    if count != len(new_leaves):
        raise ValueError(f"unflatten: {len(new_leaves)} leaves for a tree that has {count}")
    return _map(lambda _: next(remaining), tree)

"""The arguments of what is checked, its results, and what a user's derivative gave.

- `variables` takes apart which arguments are differentiated by and which stay as they are;
- `fitted` reads a gradient: the leaves of a tree as arrays of the shapes of what it is by;
- `weights` draws random cotangents of results, and `weighed` makes one number with them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import tree
from ..argnums import positions, within
from ..arrays import is_masked
from ..tensor import Tensor
from .report import NOT_FINITE

Array = np.ndarray[Any, Any]


def variables(
    name: str, args: tuple[Any, ...], argnums: Any
) -> tuple[Any, Callable[[Any], list[Any]], str]:
    """The argument(s) `argnums`, a function that puts others in their place, and what to call them.

    The first is a tree: a tuple of arguments if `argnums` is a tuple. The second takes one like it,
    and gives all arguments, with copies of those that stay.
    """
    argnums, chosen = positions(argnums, name)
    within(chosen, len(args), name)
    is_one = not isinstance(argnums, tuple)
    places = {i % len(args) for i in chosen}

    def full(x: Any) -> list[Any]:
        given = [arg if i in places else copied(arg) for i, arg in enumerate(args)]
        for i, part in zip(chosen, (x,) if is_one else x, strict=True):
            given[i] = part
        return given

    called = f"argument {argnums}" if is_one and len(args) > 1 else "x"
    return args[chosen[0]] if is_one else tuple([args[i] for i in chosen]), full, called


def copied(x: Any) -> Any:
    """The tree with copies of its arrays, which a function may write into."""
    return tree.map(lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf, x)


def floating(name: str, leaf: Any, what: str) -> Array:
    """A copy of a leaf as an array, if it can be differentiated by."""
    where = f"{name}: {what}"
    if is_masked(leaf):
        raise TypeError(f"{where} is a masked array, which has no derivative at what it masks")
    if callable(leaf):
        raise TypeError(f"{where} is a function; the order is {name}(f, …, x)")
    array = numbers(leaf, f"{where} is").copy(order="K")
    if array.dtype.kind in "biu":
        raise TypeError(
            f"{where} has dtype {array.dtype}, by which there is no derivative; convert it with "
            ".astype(float)"
        )
    if array.dtype.kind not in "fc":
        raise TypeError(f"{where} has dtype {array.dtype}, which is no number")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{where} is not finite everywhere, so no point lies beside it")
    return array


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
    what: str, x: Any, given: Any, called: str = "x", of: Array | None = None
) -> list[Array]:
    """The leaves of `given`, a tree like `x`, as copies in the order and shapes of those of `x`.

    Where `x` has an array, a list of as many numbers will do, as SciPy's functions take it; where
    `x` has a list or tuple, so will the other one, or an array of as many rows. `what` it is, with
    the name of the check, and how `x` is `called`, go into the errors. If it is the Jacobian `of`
    an array, the axes of that come before those of `x`.
    """
    rows = np.zeros(()) if of is None else of
    return [
        _fitted_leaf(what, path, leaf, part, called, rows)
        for path, leaf, part in paired(what, x, given, called, rows.ndim)
    ]


def paired(
    what: str, x: Any, given: Any, called: str, axis: int = 0, path: str = ""
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


def _parts(x: Any, given: Any, axis: int) -> dict[str, Any] | None:
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


def _fitted_leaf(what: str, path: str, x: Any, given: Any, called: str, of: Array) -> Array:
    """`given` as an array for the leaf `x`."""
    place = f"{what} at {path}" if path else what
    shape, is_complex = of.shape + np.shape(x), np.result_type(of, np.asarray(x)).kind == "c"
    like = np.broadcast_to(0.0, shape)
    if isinstance(given, (list, tuple)):
        try:
            array = numbers(given, f"{place} has in it").copy()
        except TypeError as error:
            if error.__cause__ is None:  # a Tensor
                raise
            raise _differ(what, path, like, given, called) from None
        if array.shape == (like.size,) and not of.ndim:
            array = array.reshape(shape)
        if array.shape != shape or array.dtype.kind not in "biufc":
            raise _differ(what, path, like, given, called)
    elif tree.container_of(type(given)) is not None:
        raise _differ(what, path, like, given, called)
    else:
        array = numbers(given, f"{place} is").copy()
    there = " there" if path else ""
    if array.dtype.kind not in "biufc":
        raise TypeError(f"{place} has dtype {array.dtype}, no number")
    if array.dtype.kind == "c" and not is_complex:
        raise TypeError(f"{place} is complex, but {called} is real{there}")
    if array.shape != shape:
        raise ValueError(
            f"{place} has shape {array.shape}, but {called} has shape {shape}{there}, and the two "
            f"must be the same{_remedy(array.shape, shape)}"
        )
    return array if array.dtype.kind in "fc" else array.astype(np.float64)


def _remedy(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """What may have been forgotten."""
    if len(shape) > 1 and shape == wanted[::-1]:
        return ". Is it transposed?"
    padded = (1,) * (len(shape) - len(wanted)) + wanted
    if len(padded) == len(shape) and all(b in (1, a) for a, b in zip(shape, padded, strict=True)):
        return ". Sum it over the axes along which that was broadcast"
    return ""


def _differ(what: str, path: str, x: Any, given: Any, called: str) -> ValueError:
    what, there = (f"{what} at {path}", " there") if path else (what, "")
    is_leaf = tree.container_of(type(x)) is None
    advice = "return an array of its shape" if is_leaf else f"return one like {called}"
    if given is None:
        advice += "; does the function lack a return?"
    elif isinstance(given, tuple) and len(given) == 2 and is_leaf:
        advice += ", without the value"
    return ValueError(f"{what} is {shown(given)}, but {called} is {shown(x)}{there}: {advice}")


def shown(value: Any) -> str:
    """A part of a tree in words."""
    if value is None:
        return "None"
    container = tree.container_of(type(value))
    if container is not None and type(value) in (list, tuple):
        return f"a {type(value).__name__} of {len(value)}"
    if container is not None:
        keys = container.keys(value)
        more = ", …" if len(keys) > 6 else ""
        return f"{article(value)} with {', '.join(keys[:6]) or 'nothing'}{more}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return article(value)


def article(value: Any) -> str:
    """The type of a value, with an article."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def dtype_of(value: Any) -> Any:
    """The dtype of an array, a Tensor or a number."""
    return value.dtype if hasattr(value, "dtype") else np.result_type(value)


def is_floating(leaf: Any) -> bool:
    """Whether it is an array or a number of which there is a derivative."""
    try:
        dtype = leaf.dtype if hasattr(leaf, "dtype") else np.asarray(leaf).dtype
    except (TypeError, ValueError):
        return False
    return bool(dtype.kind in "fc")


def weights(like: Any, rng: np.random.Generator) -> Array:
    """Random numbers of the same shape and dtype."""
    shape, dtype = np.shape(like), dtype_of(like)
    u = rng.standard_normal(shape)
    if dtype.kind == "c":
        u = u + 1j * rng.standard_normal(shape)
    return np.asarray(u).astype(dtype)


def weighed(us: list[Array], ys: list[Any]) -> Any:
    """Σ u·y; its real part where u is complex.

    Raises ``ValueError`` where the shapes differ: what has another shape nearby has no derivative.
    """
    if any(u.shape != np.shape(y) for u, y in zip(us, ys, strict=True)):
        raise ValueError("f returns arrays of other shapes beside x")
    products = [np.sum(u * y) for u, y in zip(us, ys, strict=True)]
    products = [np.real(p) if u.dtype.kind == "c" else p for u, p in zip(us, products, strict=True)]
    return sum(products[1:], products[0])


def repeated(what: str, before: Array, again: Array, allowed: float) -> None:
    """Raise if a gradient is another the second time by more than `allowed`: all else is vain."""
    with np.errstate(all="ignore"):
        change = np.nan_to_num(np.abs(again - before), posinf=0.0)
    if np.any(change > allowed):
        place = np.unravel_index(np.argmax(change), change.shape)
        raise ValueError(
            f"{what} had {before[place].item()} in it, and then {again[place].item()}; what is to "
            "be checked must give the same for the same arguments: fix the seed of its random "
            "numbers, and keep no state"
        )


def not_finite(gradient: Array) -> str:
    """Where the gradient is nan or infinite, if it is."""
    places = np.argwhere(~np.isfinite(gradient))
    if not len(places):
        return ""
    place = tuple(map(int, places[0]))
    more = f", and {len(places) - 1} more" if len(places) > 1 else ""
    at = f" at [{', '.join(map(str, place))}]" if place else ""
    return f"{NOT_FINITE}: {gradient[place]}{at}{more}"


def split(array: Array) -> Array:
    """Complex numbers as pairs of real ones along a last axis."""
    return np.stack([array.real, array.imag], -1)


def joined(pairs: Array) -> Array:
    """The complex numbers of such pairs."""
    return np.asarray(pairs[..., 0] + 1j * pairs[..., 1])

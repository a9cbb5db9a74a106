"""The arguments of what is checked: which are variables, at which numbers, and what moves them.

`variables` takes apart which arguments are differentiated by and which stay as they are; `weights`
draws random cotangents of results, and `weighed` makes one number with them; `nudged` moves numbers
by some roundings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import tree
from ..core.argnums import positions, within
from ..core.arrays import Array, is_masked
from .reading import Tree, must_be_callable, numbers
from .report import NOT_FINITE, element
from .slopes import scales

SAFETY = 16.0
"""The noise floor over the largest change that was seen under changes of rounding size."""


def variables(
    name: str, f: Callable[..., Any], args: tuple[Tree, ...], argnums: Any
) -> tuple[Tree, Callable[[Tree], list[Tree]], str]:
    """The argument(s) `argnums`, a function that puts others in their place, and what to call them.

    The first is a tree: a tuple of arguments if `argnums` is a tuple. The second takes one like it,
    and gives all arguments of `f`, with copies of those that stay.
    """
    must_be_callable(name, "f", f)
    argnums, chosen = positions(argnums, name)
    within(chosen, len(args), name)
    is_one = not isinstance(argnums, tuple)
    places = [i % len(args) for i in chosen]

    def full(x: Tree) -> list[Tree]:
        given = dict(zip(places, (x,) if is_one else x, strict=True))
        return [given[i] if i in given else copied(arg) for i, arg in enumerate(args)]

    called = f"argument {argnums}" if is_one and len(args) > 1 else "x"
    return args[chosen[0]] if is_one else tuple([args[i] for i in chosen]), full, called


def copied(x: Tree) -> Tree:
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
    if array.dtype.kind not in "fc":
        remedy = "by which there is no derivative; convert it with .astype(float)"
        why = remedy if array.dtype.kind in "biu" else "which is no number"
        raise TypeError(f"{where} has dtype {array.dtype}, {why}")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{where} is not finite everywhere, so no point lies beside it")
    return array


def is_floating(leaf: Any) -> bool:
    """Whether it is an array or a number of which there is a derivative."""
    try:
        dtype = leaf.dtype if hasattr(leaf, "dtype") else np.asarray(leaf).dtype
    except (TypeError, ValueError):
        return False
    return bool(dtype.kind in "fc")


def floating_leaves(results: Tree) -> list[Any]:
    """The results of which there is a derivative."""
    return [y for y in tree.leaves(results) if is_floating(y)]


def cotangents(name: str, results: Tree, rng: np.random.Generator) -> list[Array]:
    """Random ones for the results of which there is a derivative."""
    us = [weights(y, rng) for y in floating_leaves(results)]
    if not us:
        raise TypeError(f"{name}: f returned no floating array")
    return us


def weights(like: Any, rng: np.random.Generator) -> Array:
    """Random numbers of the same shape and dtype."""
    shape, dtype = np.shape(like), like.dtype if hasattr(like, "dtype") else np.result_type(like)
    u = rng.standard_normal(shape)
    if dtype.kind == "c":
        u = u + 1j * rng.standard_normal(shape)
    return np.asarray(u).astype(dtype)


def weighed(us: Sequence[Array], results: Tree) -> Any:
    """Σ u·y of the results of which there is a derivative; its real part where u is complex.

    Raises ``ValueError`` where the shapes differ: what has another shape nearby has no derivative.
    """
    ys = floating_leaves(results)
    if any(u.shape != np.shape(y) for u, y in zip(us, ys, strict=True)):
        raise ValueError("f returns arrays of other shapes beside x")
    products = [np.sum(u * y) for u, y in zip(us, ys, strict=True)]
    products = [np.real(p) if u.dtype.kind == "c" else p for u, p in zip(us, products, strict=True)]
    return sum(products[1:], products[0])


def nudged(
    x: Tree, rng: np.random.Generator, roundings: float, dtype: Any = None, zeros: bool = False
) -> Tree:
    """The tree with every number moved by up to so many roundings, and `zeros` as the others.

    The roundings are those of `dtype`, or of each array's own one.
    """

    def nudge(leaf: Any) -> Array:
        array = np.asarray(leaf)
        size = scales(np.abs(array))[0] if zeros else np.abs(array)
        step = roundings * np.finfo(dtype or array.dtype).eps * size
        moves = rng.uniform(-1, 1, array.shape)
        if array.dtype.kind == "c":
            moves = moves + 1j * rng.uniform(-1, 1, array.shape)
        return np.asarray(array + step * moves).astype(array.dtype)

    return tree.map(nudge, x)


def repeated(what: str, before: Array, again: Array, tolerance: float) -> None:
    """Raise if a value or a gradient is another the second time.

    It may differ by `tolerance` of the largest component, or by 1e-9.
    """
    largest = np.max(np.abs(before), initial=0.0, where=np.isfinite(before))
    is_other = np.abs(again - before) > max(1e-9, tolerance) * largest
    is_other = (is_other & np.isfinite(again)) | (np.isfinite(before) & ~np.isfinite(again))
    if np.any(is_other):
        place = np.unravel_index(np.argmax(is_other), before.shape)
        one, other = before[place].item(), again[place].item()
        had = f"had {one} in it" if before.ndim else f"was {one}"
        raise ValueError(
            f"{what} {had}, and then {other}; what is to be checked must give the same for the "
            "same arguments: fix the seed of its random numbers, and keep no state"
        )


def not_finite(gradient: Array) -> str:
    """Where the gradient is nan or infinite, if it is."""
    places = np.argwhere(~np.isfinite(gradient))
    if not len(places):
        return ""
    place = tuple(map(int, places[0]))
    more = f", and {len(places) - 1} more" if len(places) > 1 else ""
    where = f" at {element(place)}" if place else ""
    return f"{NOT_FINITE}: {gradient[place]}{where}{more}"


def split(array: Array) -> Array:
    """Complex numbers as pairs of real ones along a last axis."""
    return np.stack([array.real, array.imag], -1)

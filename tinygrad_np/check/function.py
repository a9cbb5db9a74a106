"""check_function: are the derivatives that this package computes of a function right?

>>> report = check_function(lambda x: np.tanh(x) * x, np.array([0.5, -1.0, 2.0]))
>>> print(report.verdict, [row.source for row in report.rows])
right ['reverse', 'forward', 'forward against reverse', 'second order', 'second order, forward']
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..answers import explained
from ..core import tree
from ..core.argnums import Argnums
from ..core.arrays import Array
from ..core.transforms import jvp, vjp
from .arguments import SAFETY, copied, cotangents, floating_leaves, nudged, variables, weighed
from .leaves import Claim, Leaf, check_leaves, largest
from .reading import Tree
from .report import Report, Row, report_of
from .slopes import SlopeCheck, scales

FIRST = ("reverse", "forward", "forward against reverse")
SECOND = ("second order", "second order, forward")
"""What the rows are called."""


@np.errstate(all="ignore")  # what is not finite is reported
@explained
def check_function(
    f: Callable[..., Tree], *args: Tree, order: int = 2, argnums: Argnums = 0, seed: int = 0
) -> Report:
    """Compare the derivatives of `f` in both modes, up to `order` (1 or 2), with differences.

    `f` is written in NumPy and returns an array of any shape, or a tree of them; it is
    differentiated by the argument(s) `argnums`, trees of floating or complex arrays. Its results
    are weighed by random numbers u, so that there is one number to differentiate: the rows are

    - *reverse*: the gradient Jᵀu, by `vjp`, against differences of u·f;
    - *forward*: the slopes u·Jv along the same directions v, by `jvp`;
    - *forward against reverse*: u·Jv against Jᵀu·v, to 1e-12 unless roundings make more;
    - *second order*: the gradient of Jᵀu·w by reverse over reverse, against differences of Jᵀu·w;
    - *second order, forward*: its slopes by forward over reverse.

    each for every array; the second order only where slopes are finite. Verdicts, noise, kinks,
    `components` and `hints` are those of `check_gradient`, and so is what raises.
    """
    orders = derivatives("check_function", f, args, order, argnums, seed)
    return report_of("derivatives", [found for order in orders for found in order], seed)


def derivatives(
    name: str,
    f: Callable[..., Tree],
    args: tuple[Tree, ...],
    order: int,
    argnums: Argnums,
    seed: int,
) -> Iterator[list[tuple[Row, Leaf | None]]]:
    """The rows of `check_function`, order by order, with their arrays, if they are of reverse mode.

    Only reverse mode has a gradient whose components can be told apart.
    """
    if order not in (1, 2):
        raise ValueError(f"{name}: order must be 1 or 2, not {order!r}")
    rng = np.random.default_rng(seed)
    x, full, called = variables(name, f, args, argnums)

    def floating(x: Tree) -> list[Any]:
        return floating_leaves(f(*full(x)))

    us = cotangents(name, f(*full(copied(x))), rng)
    first = _both_modes(name, floating, x, called, us, rng, FIRST)
    yield first
    leaves = [leaf for _, leaf in first if leaf is not None]
    if order == 1 or any(leaf.fault for leaf in leaves):
        return
    # as long as the directions of the first order, so that the slopes are alike in size
    pairs = zip(cotangents(name, x, rng), tree.leaves(x), strict=True)
    ws = [np.multiply(w, scales(np.abs(leaf))[0], dtype=w.dtype) for w, leaf in pairs]

    def slope(x: Tree) -> list[Any]:
        """Jᵀu·w, a number that depends on x."""
        [pulled] = vjp(floating, x)[1](us)
        return [weighed(ws, tree.leaves(pulled))]

    try:
        if not np.isfinite(slope(copied(x))[0]):
            return
        least = largest(leaves)  # where it vanishes, it does so beside the first order
        yield _both_modes(name, slope, x, called, [np.ones(())], rng, SECOND, least)
    except Exception as error:
        error.add_note(f"{name}: raised while the gradient was differentiated again")
        raise


def _both_modes(
    name: str,
    f: Callable[[Tree], list[Any]],
    x: Tree,
    called: str,
    us: list[Array],
    rng: np.random.Generator,
    sources: Sequence[str],
    least: float = 0.0,
) -> list[tuple[Row, Leaf | None]]:
    """The derivatives of u·f in both modes, compared with differences and each other."""

    def forward(leaf: Leaf, check: SlopeCheck) -> tuple[SlopeCheck, SlopeCheck]:
        """The slope by forward mode in place of that by reverse mode, and beside it."""
        tangent = [np.zeros(other.shape) for other in leaves]
        tangent[leaf.index] = leaf.tangent(check.direction)
        _, tangents = jvp(f, [copied(x)], [tree.unflatten(x, tangent)])
        slope = float(weighed(us, tangents))
        terms = sum(float(np.sum(np.abs(u * t))) for u, t in zip(us, tangents, strict=True))
        terms += float(np.sum(np.abs(leaf.claimed * check.direction)))
        exact = check.precision.tolerance * terms
        apart = abs(slope - check.claimed)
        if apart > exact:
            exact += roundings(leaf, check, tangent, slope)
        if exact < apart <= check.floor:
            exact = check.floor  # what makes differences as noisy may make the two differ, too
        beside = check._replace(claimed=slope, found=check.claimed, floor=exact, is_exact=True)
        return check._replace(claimed=slope), beside._replace(rest=check.rest._replace(jump=0.0))

    def roundings(leaf: Leaf, check: SlopeCheck, tangent: list[Array], slope: float) -> float:
        """How far roundings of x, u and v move the slopes: far, if f is ill-conditioned."""
        rng = np.random.default_rng(0)
        moved = 0.0
        for _ in range(4):
            near, along_v, along_u = (nudged(part, rng, 4) for part in (x, tangent, us))
            _, tangents = jvp(f, [near], [tree.unflatten(x, along_v)])
            pulled = tree.leaves(vjp(f, near)[1](along_u)[0])[leaf.index]
            along = np.sum(pulled * leaf.tangent(check.direction))
            moved = max(moved, abs(float(weighed(us, tangents)) - slope))
            moved = max(moved, abs(float(np.real(along)) - check.claimed))
        return SAFETY * moved if np.isfinite(moved) else 0.0

    claim = Claim(name, lambda x: weighed(us, f(x)), lambda x: vjp(f, x)[1](us)[0], x, called)
    leaves = check_leaves(claim, rng)
    most = max(least, largest(leaves))
    found: list[tuple[Row, Leaf | None]] = [
        (leaf.row(most)._replace(source=sources[0]), leaf) for leaf in leaves
    ]
    checks = [[forward(leaf, check) for check in leaf.checks] for leaf in leaves]
    for which, source in enumerate(sources[1:]):
        for leaf, of_leaf in zip(leaves, checks, strict=True):
            row = leaf.row(most, [pair[which] for pair in of_leaf])
            found.append((row._replace(source=source), None))
    return found

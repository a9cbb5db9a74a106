"""check_function: are the derivatives that this package computes of a function right?

>>> report = check_function(lambda x: np.tanh(x) * x, np.array([0.5, -1.0, 2.0]))
>>> print(report.verdict, [row.source for row in report.rows])
right ['reverse', 'forward', 'forward against reverse', 'second order', 'second order, forward']
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import tree
from ..argnums import Argnums
from ..kernels.dispatch import explained
from ..transforms import jvp, vjp
from .arguments import copied, dtype_of, variables, weighed, weights
from .gradient import at_fault, function, largest
from .leaves import Claim, Leaf, check_leaves
from .report import Report, Row, summary
from .slopes import Array, SlopeCheck, scales

FIRST = ("reverse", "forward", "forward against reverse")
SECOND = ("second order", "second order, forward")
"""What the rows are called."""

AGAIN = "so it was when the gradient was differentiated again"


@explained
def check_function(
    f: Callable[..., Any],
    *args: Any,
    order: int = 2,
    argnums: Argnums = 0,
    seed: int = 0,
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
    rows, leaves = derivatives("check_function", f, args, order, argnums, seed)
    # only reverse mode has a gradient whose components can be looked at
    backward = [row for row in rows if row.source in ("reverse", "second order")]
    components, hints = at_fault(leaves, backward)
    headline = f"{summary(rows)} (seed {seed})"
    return Report(rows, "derivatives", headline=headline, components=components, hints=hints)


def derivatives(
    name: str,
    f: Callable[..., Any],
    args: tuple[Any, ...],
    order: int,
    argnums: Argnums,
    seed: int,
) -> tuple[list[Row], list[Leaf]]:
    """The rows of `check_function`, and the arrays to the rows of reverse mode."""
    if order not in (1, 2):
        raise ValueError(f"{name}: order must be 1 or 2, not {order!r}")
    function(name, f)
    rng = np.random.default_rng(seed)
    x, full, called = variables(name, args, argnums)

    def floating(x: Any) -> list[Any]:
        """The floating results of f."""
        return [y for y in tree.leaves(f(*full(x))) if dtype_of(y).kind in "fc"]

    with np.errstate(all="ignore"):  # what is not finite is reported
        us = [weights(y, rng) for y in floating(copied(x))]
    if not us:
        raise TypeError(f"{name}: f returned no floating array")
    rows, leaves = _both_modes(name, floating, x, called, us, rng, FIRST)
    if order == 2 and all(leaf.fault == "" for leaf in leaves):
        # as long as the directions of the first order, so that the slopes are alike in size
        ws = [
            np.asarray(weights(leaf, rng) * scales(np.abs(leaf))[0]).astype(dtype_of(leaf))
            for leaf in tree.leaves(x)
        ]

        def slope(x: Any) -> list[Any]:
            """Jᵀu·w, a number that depends on x."""
            [pulled] = vjp(floating, x)[1](us)
            return [weighed(ws, tree.leaves(pulled))]

        try:
            with np.errstate(all="ignore"):
                is_there = bool(np.isfinite(slope(copied(x))[0]))
            if is_there:
                least = largest(leaves)  # where it vanishes, it does so beside the first order
                one = [np.ones(())]
                more, others = _both_modes(name, slope, x, called, one, rng, SECOND, least)
                rows, leaves = [*rows, *more], [*leaves, *others]
        except Exception as error:
            error.add_note(f"{name}: {AGAIN}")
            raise
    return rows, leaves


def _both_modes(
    name: str,
    f: Callable[[Any], list[Any]],
    x: Any,
    called: str,
    us: list[Array],
    rng: np.random.Generator,
    sources: Sequence[str],
    least: float = 0.0,
) -> tuple[list[Row], list[Leaf]]:
    """The derivatives of u·f in both modes, compared with differences and each other."""

    def gradient(x: Any) -> Any:
        return vjp(f, x)[1](us)[0]

    def forward(leaf: Leaf, check: SlopeCheck) -> tuple[SlopeCheck, SlopeCheck]:
        """The slope by forward mode in place of that by reverse mode, and beside it."""
        tangent = [np.zeros(other.shape) for other in leaves]
        tangent[leaf.index] = leaf.tangent(check.direction)
        with np.errstate(all="ignore"):
            _, tangents = jvp(f, [copied(x)], [tree.unflatten(x, tangent)])
            slope = float(weighed(us, tangents))
            terms = sum(float(np.sum(np.abs(u * t))) for u, t in zip(us, tangents, strict=True))
            terms += float(np.sum(np.abs(leaf.probe.claimed * check.direction)))
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

        def nudged(value: Any) -> Any:
            array = np.asarray(value)
            step = 4 * np.finfo(array.dtype).eps * rng.uniform(-1, 1, array.shape)
            return np.asarray((array * (1 + step)).astype(array.dtype))

        for _ in range(4):
            at, along_v, along_u = (tree.map(nudged, part) for part in (x, tangent, us))
            with np.errstate(all="ignore"):
                _, tangents = jvp(f, [at], [tree.unflatten(x, along_v)])
                pulled = tree.leaves(vjp(f, at)[1](along_u)[0])[leaf.index]
                along = np.sum(pulled * leaf.tangent(check.direction))
            moved = max(moved, abs(float(weighed(us, tangents)) - slope))
            moved = max(moved, abs(float(np.real(along)) - check.claimed))
        return 16 * moved if np.isfinite(moved) else 0.0

    leaves = check_leaves(Claim(name, lambda x: weighed(us, f(x)), gradient, x, called), rng)
    most = max(least, largest(leaves))
    pairs = [[forward(leaf, check) for check in leaf.checks] for leaf in leaves]
    rows = [leaf.row(most)._replace(source=sources[0]) for leaf in leaves]
    for which, source in enumerate(sources[1:]):
        for leaf, of_leaf in zip(leaves, pairs, strict=True):
            checks = [pair[which] for pair in of_leaf]
            rows.append(leaf.row(most, checks)._replace(source=source))
    return rows, leaves

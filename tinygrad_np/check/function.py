"""check_function, check_rule: are the derivatives right that this package computes?

Those of a function that is composed of others, and the rule of a function of one's own.

>>> report = check_function(lambda x: np.tanh(x) * x, np.array([0.5, -1.0, 2.0]))
>>> print(report.verdict, [row.source for row in report.rows])
right ['reverse', 'forward', 'forward against reverse', 'second order', 'second order, forward']
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..answers import explained
from ..core import table, tree
from ..core.argnums import Argnums
from ..core.arrays import Array
from ..core.table import TABLE
from ..core.transforms import jvp, vjp
from ..rules import families
from . import witnesses
from .arguments import SAFETY, copied, cotangents, floating_leaves, nudged, variables, weighed
from .leaves import Claim, Leaf, check_leaves, largest
from .reading import Tree, numbers
from .report import WORST_FIRST, Report, Row, Verdict, report_of
from .slopes import SlopeCheck, scales

FIRST = ("reverse", "forward", "forward against reverse")
SECOND = ("second order", "second order, forward")
"""What the rows are called."""


@np.errstate(all="ignore")  # what is not finite is reported
@explained
def check_function(
    f: Callable[..., Tree], *args: Tree, order: int = 2, argnums: Argnums = 0, seed: int = 0
) -> Report:
    """Compare the derivatives of `f` in both modes, up to `order`, with differences.

    Its results are weighed by random numbers u, so that there is one number to differentiate.

    Parameters
    ----------
    f : function of args
        Written in NumPy; returns an array of any shape, or a tree of them.
    *args : trees of arrays
    order : {1, 2}, default 2
    argnums : int or tuple of ints, default 0
        Of trees of floating or complex arrays.
    seed : int, default 0

    Returns
    -------
    Report
        With verdicts, noise, kinks, `components` and `hints` as of `check_gradient`. For every
        array, but the second order only where slopes are finite, there are the rows

        - *reverse*: the gradient Jᵀu, by `vjp`, against differences of u·f;
        - *forward*: the slopes u·Jv along the same directions v, by `jvp`;
        - *forward against reverse*: u·Jv against Jᵀu·v, to 1e-12 unless roundings make more;
        - *second order*: the gradient of Jᵀu·w by reverse over reverse, against differences of
          Jᵀu·w;
        - *second order, forward*: its slopes by forward over reverse.

    Raises
    ------
    TypeError, ValueError
        As `check_gradient` does.

    Examples
    --------
    >>> report = check_function(lambda x: np.sin(x) ** 2, np.array([0.5, 1.0]), order=1)
    >>> report.verdict, [row.source for row in report.rows]
    ('right', ['reverse', 'forward', 'forward against reverse'])
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


# The rule of a function of one's own

WRONG = {
    "definition": "the definition gives another value than f",
    "value": "f of Tensors is not f of arrays",
    "float32": "the gradient is not that of float64",
    "layout": "the gradient depends on the layout of arrays",
}
OTHER_KIND = {
    "definition": "the definition gives another shape or dtype than f",
    "float32": "the result or the gradient has another dtype than float32 leads to",
}
"""What is wrong where a witness finds an error, or an infinite one."""


@np.errstate(all="ignore")  # what is not finite is reported
@explained
def check_rule(function: Callable[..., Any], *args: Tree, order: int = 2, seed: int = 0) -> Report:
    """Try the rule of `function` at `args` as every row of the built-in table is tried.

    Parameters
    ----------
    function : function
        What `pointwise`, `linear`, `bilinear` or `general` gave, or a function of the table, such
        as ``np.exp``.
    *args : arrays or what else it takes
        It is differentiated by all floating (or complex) operands that have a rule.
    order : {1, 2}, default 2
        1 is for a rule that shall not be differentiated again.
    seed : int, default 0

    Returns
    -------
    Report
        The rows are those of `check_function`, and

        - *value*: f of Tensors is f of arrays to the bit, and so are its dtype and shape;
        - *float32*: float32 in gives the dtype that the function gives, and a gradient in float32,
          that of float64 to 1e-4 of its largest component; left out if the function takes none;
        - *layout*: strided, reversed and read-only operands and cotangents give the same to 1e-12.

        What a rule raises is a row, too, and wrong. Where the derivative is so ill-conditioned that
        roundings make as much, the last two cannot tell.

    Raises
    ------
    TypeError
        If `function` has no rule or `args` no floating operand.
    ValueError
        Where the result is not finite, or another each time.

    Examples
    --------
    >>> from tinygrad_np import pointwise
    >>> sine = pointwise(lambda x: np.sin(x), lambda x: -np.cos(x))
    >>> report = check_rule(sine, np.array([0.5, 1.0]))
    >>> [row.source for row in report.rows if row.verdict == "wrong"], report.hints
    (['reverse', 'forward'], ['the sign: it is the negative of the right one'])
    """
    name = "check_rule"
    row = _row_of(name, function)
    argnums = _operands(name, row, args)
    args = tuple([np.asarray(x) if isinstance(x, (float, complex)) else x for x in args])
    function(*copied(args))  # if this raises, that is no matter of the rule
    found: list[tuple[Row, Leaf | None]] = []
    try:
        by = argnums[0] if len(argnums) == 1 else argnums
        for of_order in derivatives(name, function, args, order, by, seed):
            found += of_order
    except witnesses.RAISED as error:
        if str(error).startswith(name):
            raise
        note, source = f"{type(error).__name__}: {error}", (SECOND if found else FIRST)[0]
        found.append((Row("", (), np.nan, np.nan, "wrong", note=note, source=source), None))
    operands, is_single = _rounded(function, args, argnums)
    chosen: list[witnesses.Witness] = [witnesses.value, witnesses.layout]
    if getattr(row, "own_value", False):
        chosen.insert(0, witnesses.definition)
    if is_single:
        chosen.insert(-1, witnesses.float32)
    found += [(one, None) for one in _witness_rows(row, operands, chosen, seed)]
    return report_of("derivatives", found, seed)


def _row_of(name: str, function: Any) -> table.Row:
    families()
    row = getattr(function, "row", None) or TABLE.get(function)
    if not isinstance(row, table.Row) or not row.operands:
        called = getattr(function, "__name__", type(function).__name__)
        raise TypeError(
            f"{name}: {called} has no rule of its own; give it one with tg.pointwise, tg.linear, "
            "tg.bilinear or tg.general, or use check_function for what is composed of others"
        )
    return row


def _operands(name: str, row: table.Row, args: tuple[Tree, ...]) -> tuple[int, ...]:
    """The positions of the arguments by which the rule can be tried."""
    chosen = []
    for number, arg in enumerate(args):
        if witnesses.position_of(row, number) not in row.operands:
            continue
        arrays = [numbers(x, f"{name}: argument {number} is") for x in tree.leaves(arg)]
        if arrays and all(x.dtype.kind in "fc" for x in arrays):
            chosen.append(number)
    if not chosen:
        dtypes = ", ".join(str(getattr(x, "dtype", type(x).__name__)) for x in args)
        raise TypeError(
            f"{name}: {row.name} got ({dtypes}), among which is no floating operand that it has a "
            "rule for; convert with .astype(float)"
        )
    return tuple(chosen)


def _rounded(
    f: Callable[..., Any], args: tuple[Tree, ...], argnums: tuple[int, ...]
) -> tuple[tuple[Tree, ...], bool]:
    """The operands in float64, rounded to float32 if that does not leave its range.

    And whether they fit into float32, and the function itself takes them so.
    """
    wide = {
        i: tree.map(lambda x: np.asarray(x, complex if np.iscomplexobj(x) else float), args[i])
        for i in argnums
    }
    narrow = tree.map(lambda x: witnesses.single(x).astype(x.dtype), wide)
    pairs = zip(tree.leaves(wide), tree.leaves(narrow), strict=True)
    is_single = all(np.allclose(a, b, rtol=0.5, atol=0.0) for a, b in pairs)
    given = narrow if is_single else wide
    rounded = tuple([given.get(i, arg) for i, arg in enumerate(args)])
    try:
        f(*witnesses.single(copied(rounded)))
    except Exception:  # a function from outside may raise anything
        is_single = False
    return rounded, is_single


def _witness_rows(
    row: table.Row, args: tuple[Tree, ...], chosen: list[witnesses.Witness], seed: int
) -> list[Row]:
    """A row a witness, of the worst that it finds: by all operands, and by each alone."""
    worst: dict[str, tuple[tuple[int, float], Row]] = {}
    for number, case in enumerate(witnesses.cases(row, args, {})):
        for found in witnesses.findings(case, chosen, 1.0, [seed, number]):
            witness, error, allowed = found.witness, float(found.error), float(found.allowed)
            verdict: Verdict = "right" if found.is_right else "wrong"
            note = ""
            if not found.is_right:
                other_kind = OTHER_KIND.get(witness, "") if np.isinf(error) else ""
                note = found.fault or other_kind or WRONG[witness]
                if witness in ("float32", "layout") and np.isfinite(error):
                    rounding = _rounding(case, witness, seed)
                    if error <= rounding:
                        verdict, allowed = "cannot tell", rounding
                        note = f"rounding alone makes {rounding:.2g}"
            share = error / allowed if allowed else error
            badness = -WORST_FIRST.index(verdict), np.inf if np.isnan(share) else share
            if witness not in worst or badness > worst[witness][0]:
                slopes = np.nan, np.nan, allowed
                worst[witness] = badness, Row("", (), error, error, verdict, *slopes, note, witness)
    return [found for _, found in worst.values()]


def _rounding(case: witnesses.Case, witness: str, seed: int) -> float:
    """How far roundings of operands and cotangents may move what the vjp makes of them.

    That is at least as far as the function itself is off in single precision, or another layout.
    """
    is_single = witness == "float32"
    dtype = np.float32 if is_single else np.float64
    converted = witnesses.single if is_single else witnesses.fortran
    rng = np.random.default_rng(seed)
    derivative = witnesses.Linearised(case, case.values)
    us = witnesses.random_directions(derivative, rng)[0]
    pairs = [(case.plain([converted(x) for x in case.values]), case.plain(case.values))]
    for _ in range(4):
        values, seeds = [nudged(xs, rng, 8, dtype) for xs in (case.values, us)]
        pairs.append((witnesses.Linearised(case, values).vjp(seeds), derivative.vjp(us)))
    moves = [witnesses.error_of(*pair, is_relative=True) for pair in pairs]
    return SAFETY * max(0.0, *moves)  # nan, beyond the edge of a domain, is no move

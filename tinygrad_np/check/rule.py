"""check_rule: is the rule of a function of one's own right?

>>> from tinygrad_np import pointwise
>>> softplus = pointwise(lambda x: np.log1p(np.exp(x)), lambda x: 1 / (1 + np.exp(-x)))
>>> print(check_rule(softplus, np.array([0.5, -1.0])).verdict)
right
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..answers import explained
from ..core import table, tree
from ..core.table import TABLE
from ..rules import families
from . import witnesses
from .arguments import SAFETY, copied, nudged
from .function import FIRST, SECOND, derivatives
from .leaves import Leaf
from .reading import Tree, numbers
from .report import WORST_FIRST, Report, Row, Verdict, report_of

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

    `function` is what `pointwise`, `linear`, `bilinear` or `general` gave, or a function of the
    table, such as ``np.exp``; it is differentiated by all floating (or complex) operands among
    `args` that have a rule. The rows are those of `check_function`, up to `order`, and

    - *value*: f of Tensors is f of arrays to the bit, and so are its dtype and shape;
    - *float32*: float32 in gives the dtype that the function gives, and a gradient in float32, that
      of float64 to 1e-4 of its largest component; left out if the function itself takes none;
    - *layout*: strided, reversed and read-only operands and cotangents give the same to 1e-12.

    What a rule raises is a row, too, and wrong. Where the derivative is so ill-conditioned that
    roundings make as much, the last two cannot tell. For a rule that shall not be differentiated
    again, ``order=1`` leaves the second order out.

    Raises ``TypeError`` if `function` has no rule or `args` no floating operand, ``ValueError``
    where the result is not finite, or another each time.

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

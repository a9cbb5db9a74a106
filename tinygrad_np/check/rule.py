"""check_rule: is the rule of a function of one's own right?

>>> from tinygrad_np import pointwise
>>> softplus = pointwise(lambda x: np.log1p(np.exp(x)), lambda x: 1 / (1 + np.exp(-x)))
>>> print(check_rule(softplus, np.array([0.5, -1.0])).verdict)
right
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import tree
from ..arrays import is_masked
from ..kernels.dispatch import explained
from ..rules import TABLE, families, table
from .arguments import copied, numbers
from .function import AGAIN, FIRST, SECOND, derivatives
from .gradient import at_fault
from .leaves import Leaf
from .report import Report, Row, Verdict, summary
from .witnesses import SINGLE, Finding, exact_witnesses, position_of, single

DOUBLE = {"f": np.float64, "c": np.complex128}

RAISED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a wrong rule may raise."""


@explained
def check_rule(function: Callable[..., Any], *args: Any, order: int = 2, seed: int = 0) -> Report:
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
    rows, leaves = _derivatives(name, function, args, order, argnums, seed)
    differed = list(rows)
    operands, is_single = _rounded(args, argnums)
    rows += [
        found
        for found in _merged(exact_witnesses(row, operands, seed))
        if found.source != "float32" or (is_single and _takes_single(function, operands))
    ]
    backward = [row for row in differed if row.source in (FIRST[0], SECOND[0])]
    components, hints = at_fault(leaves, backward[: len(leaves)])
    is_right = all(row.verdict == "right" for row in rows)
    headline = f"{summary(differed if is_right else rows)} (seed {seed})"
    return Report(rows, "derivatives", headline=headline, components=components, hints=hints)


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


def _operands(name: str, row: table.Row, args: tuple[Any, ...]) -> tuple[int, ...]:
    """The positions of the arguments by which the rule can be tried."""
    chosen = []
    for number, arg in enumerate(args):
        if position_of(row, number) not in row.operands:
            continue
        arrays = [numbers(x, f"{name}: argument {number} is") for x in tree.leaves(arg)]
        if any(is_masked(x) for x in tree.leaves(arg)):
            raise TypeError(f"{name}: argument {number} is a masked array")
        if arrays and all(x.dtype.kind in "fc" for x in arrays):
            chosen.append(number)
    if not chosen:
        dtypes = ", ".join(str(getattr(x, "dtype", type(x).__name__)) for x in args)
        raise TypeError(
            f"{name}: {row.name} got ({dtypes}), among which is no floating operand that it has a "
            "rule for; convert with .astype(float)"
        )
    return tuple(chosen)


def _derivatives(
    name: str,
    f: Callable[..., Any],
    args: tuple[Any, ...],
    order: int,
    argnums: tuple[int, ...],
    seed: int,
) -> tuple[list[Row], list[Leaf]]:
    """The rows of check_function; a rule that raises is a row."""
    argnum = argnums[0] if len(argnums) == 1 else argnums
    with np.errstate(all="ignore"):
        f(*copied(args))  # if this raises, that is no matter of the rule
    try:
        return derivatives(name, f, args, order, argnum, seed)
    except RAISED as error:
        if str(error).startswith(name):
            raise
        again = any(AGAIN in note for note in getattr(error, "__notes__", ()))
        note = f"{type(error).__name__}: {error}"
    if not again or order == 1:
        return [_raised(FIRST[0], note)], []
    rows, leaves = derivatives(name, f, args, 1, argnum, seed)
    return [*rows, _raised(SECOND[0], note)], leaves


def _raised(source: str, note: str) -> Row:
    return Row("", (), np.nan, np.nan, "wrong", note=note, source=source)


def _rounded(args: tuple[Any, ...], argnums: tuple[int, ...]) -> tuple[tuple[Any, ...], bool]:
    """The operands in float64, and rounded to float32 if that does not leave its range."""
    chosen = [args[i] for i in argnums]
    with np.errstate(all="ignore"):
        wide = tree.map(lambda x: np.asarray(x).astype(DOUBLE[np.asarray(x).dtype.kind]), chosen)
        narrow = tree.map(lambda x: x.astype(SINGLE[x.dtype.kind]).astype(x.dtype), wide)
        is_single = all(
            np.all(np.isfinite(b)) and np.all(np.abs(np.frexp(abs(a))[1] - np.frexp(abs(b))[1]) < 2)
            for a, b in zip(tree.leaves(wide), tree.leaves(narrow), strict=True)
        )
    given = dict(zip(argnums, narrow if is_single else wide, strict=True))
    return tuple([given.get(i, arg) for i, arg in enumerate(args)]), is_single


def _takes_single(f: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether the function itself takes operands in single precision."""
    try:
        with np.errstate(all="ignore"):
            f(*single(copied(args)))
    except Exception:  # a function from outside may raise anything
        return False
    return True


def _merged(findings: Iterable[Finding]) -> list[Row]:
    """A row a witness, of the worst of its findings: by all operands, and by each alone."""
    worst: dict[str, Finding] = {}
    for found in findings:
        before = worst.setdefault(found.witness, found)
        if _badness(found) > _badness(before):
            worst[found.witness] = found
    return [_as_row(found) for found in worst.values()]


def _badness(found: Finding) -> tuple[bool, bool, float]:
    share = found.error / found.allowed if found.allowed else found.error
    return not found.is_right, found.is_unsteady, np.inf if np.isnan(share) else share


def _as_row(found: Finding) -> Row:
    verdict: Verdict = "right" if found.is_right else "wrong"
    note, error = found.fault, float(found.error)
    if found.is_unsteady:
        verdict, note = "cannot tell", f"rounding alone makes {found.allowed:.2g}"
    elif not found.is_right and not note:
        note = _wrong(found.witness, bool(np.isinf(error)))
    slopes = np.nan, np.nan, float(found.allowed)
    return Row("", (), error, error, verdict, *slopes, note, found.witness)


def _wrong(witness: str, is_infinite: bool) -> str:
    """What is wrong where a witness finds an infinite error, or another one."""
    if is_infinite and witness == "float32":
        return "the result or the gradient has another dtype than float32 leads to"
    if is_infinite and witness == "definition":
        return "the definition gives another shape or dtype than f"
    return {
        "definition": "the definition gives another value than f",
        "value": "f of Tensors is not f of arrays",
        "float32": "the gradient is not that of float64",
        "layout": "the gradient depends on the layout of arrays",
    }[witness]

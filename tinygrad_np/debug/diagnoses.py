"""Diagnose why an operation gave nan or inf, and say what to do: known reasons, by function.

`reason` looks at one case (see `cases.Case`): at the elements that meet in the first bad element,
and at the operations that made them. It says what it can tell, or nothing. To add a reason, add a
row to one of the tables at the end; the first one that holds is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .cases import Case, record_of


def reason(case: Case) -> str:
    """A sentence or two, or an empty text."""
    if case.kind == "constant":
        return (
            f"The constant {case.wanted!r} has it already: look where that comes from; Tensors "
            "alone are watched, not plain arrays."
        )
    if case.is_sum:
        return _of_sum(case)
    if case.kind == "value":
        found = _known(_VALUES, case) or _general(case)
        if case.record.within or not found or case.name not in _GUARDED.split():
            return found
        return (
            f"{found} (If a np.where leaves this element out afterwards: choose the argument "
            "before, np.where(mask, x, 1.0), so that it is never computed.)"
        )
    if np.isnan(case.result[case.spot]) and _cotangent_is_zero(case):
        return _of_branch_not_taken(case)
    return _known(_DERIVATIVES, case) or _general(case)


def _known(reasons: list[Reason], case: Case) -> str:
    """The text of the first reason that is one for the case."""
    dtype = case.result.dtype
    told = {"name": case.name, "x": case.x, "y": case.y, "edge": _edge(case), "dtype": dtype}
    told["largest"] = 11356.0 if dtype.itemsize > 8 else np.log(float(np.finfo(dtype).max))
    is_of_zero = len(case.values) == 2 and case.x == 0
    told["quotient"] = "0 / 0 is nan" if is_of_zero else "A division by 0"
    for functions, holds, text in reasons:
        is_known = case.name in functions.split() and not case.row.user_defined
        if is_known and (holds is None or holds(case)):
            return text.format(**told)
    return ""


def _of_branch_not_taken(case: Case) -> str:
    """0·∞: the result is not used at that element, and the derivative there is infinite."""
    what = "tangent" if case.kind == "jvp" else "cotangent"
    if case.giver and case.giver.name in _CHOOSING.split():
        why = f"this is the branch that {case.giver.name} does not take"
    else:
        why = "nothing depends on this element: a branch that is not taken, a mask, or a factor 0"
    elements = zip(case.operands, case.values, strict=True)
    infinite = [name for name, x in elements if x is not None and not np.isfinite(x)]
    names = list(case.operands) or ["x"]
    # The operand that has to be kept in bounds for the derivative to be finite.
    kept = [*infinite, names[0] if case.name == "np.power" else case.wanted or "x"][0]
    given = ", ".join([f"np.where(mask, {x}, 1.0)" if x == kept else x for x in names])
    is_pointwise = case.row.kind == "pointwise"
    return (
        f"The {what} is exactly 0 there ({why}), and the derivative of {case.name} is infinite: "
        f"0·inf = nan. Keep the branch finite: {'put no inf in there, or ' if infinite else ''}"
        f"{case.name}({given}) inside the np.where that chooses the result"
        f"{'; or use `with tinygrad_np.strong_zeros():`.' if is_pointwise else '.'}"
    )


def _cotangent_is_zero(case: Case) -> bool:
    """Whether the cotangent is 0 where the result is bad; or throughout, if no element meets it."""
    g = case.cotangent
    if g is not None and case.is_elementwise and np.shape(g) == case.result.shape:
        return bool(case.element(g) == 0)
    return g is not None and not np.any(g)


def _of_sum(case: Case) -> str:
    """Each part is finite; or they are infinities of both signs."""
    dtype = case.result.dtype
    if any(not np.isfinite(x).all() for x in case.operands.values()):
        return "inf − inf is nan: look where the first inf comes from."
    remedy = "Scale the result down (a mean in place of a sum), or use a wider dtype."
    if case.kind == "grad":
        remedy = "backward() adds to what is there: x.grad = None between two steps."
    end = f"{dtype} ends at {np.finfo(dtype).max:.3g}"
    return f"Each part is finite, their sum is not: {end}. {remedy}"


def _general(case: Case) -> str:
    """Overflow, and what a nan can come from."""
    value, dtype = case.result[case.spot], case.result.dtype
    is_value = case.kind == "value"
    if np.isnan(value):
        is_empty = is_value and case.is_of_nothing()
        return "Of no elements there is none: an operand is empty." if is_empty else ""
    if is_value and case.name.startswith("scipy.special."):
        return f"{case.name} is infinite there, or beyond {dtype}."
    if is_value:
        return (
            f"Overflow, or a division by 0: {dtype} ends at {np.finfo(dtype).max:.4g}. Scale "
            "the numbers, use logarithms, or a wider dtype."
        )
    if case.row.kind == "linear":
        return f"It adds up numbers, and their sum is beyond {dtype}. Scale the result down."
    return f"The derivative of {case.name} is infinite there, or beyond {dtype}."


# Conditions


def _edge(case: Case) -> int:
    """Where a logarithm is -inf."""
    return -1 if case.name == "np.log1p" else 0


def _are_real(case: Case) -> bool:
    """Whether both operands are known there, and no complex numbers."""
    return not any(x is None or np.iscomplexobj(x) for x in (case.x, case.y))


def _has_infinite_logit(case: Case) -> bool:
    operands = case.operands.values()
    return any(np.isposinf(x).any() for x in operands if isinstance(x, np.ndarray))


def _made_by(case: Case, functions: str, operand: int = 0) -> bool:
    """Whether one of the functions gave the operand."""
    return any(_name_of(node) in functions.split() for node in _parents(case.node, operand))


def _is_hand_written_softmax(case: Case) -> bool:
    """Whether the operand is a quotient whose numerator is np.exp."""
    quotients = [node for node in _parents(case.node, 0) if _name_of(node) == "np.divide"]
    return any(_name_of(node) == "np.exp" for made in quotients for node in _parents(made))


def _parents(node: Any, operand: int | None = None) -> Iterator[Any]:
    """The nodes that made the operands of a node, or that one operand; none for a constant."""
    plan = getattr(node, "plan", None)
    if plan is not None:
        for position, parent in zip(plan.positions, node.all_parents, strict=False):
            if operand in (None, position):
                yield getattr(parent, "node", parent)


def _name_of(node: Any) -> str:
    """The function that made a node; for its parts, the composed one that a user called."""
    within = record_of(node).within
    if within and within[-1] in ("np.std", "np.var", "np.linalg.norm"):
        return within[-1]
    return node.plan.row.name if getattr(node, "plan", None) else ""


# The tables

Reason = tuple[str, Callable[[Case], Any] | None, str]
"""The functions, whether it is the reason in a case (None: always), and what is told of that."""

_CHOOSING = "np.where np.select np.choose np.maximum np.minimum np.clip np.max np.min"
_LOGARITHMS = "np.log np.log2 np.log10 np.log1p"
_QUOTIENTS = "np.divide np.reciprocal"
_POWERS = "np.power np.float_power"
_GUARDED = f"{_LOGARITHMS} {_QUOTIENTS} np.sqrt np.exp np.power np.exp2"
_INVERSE = "np.arcsin np.arccos np.arctanh np.arccosh"
_NORMS = "np.sum np.dot np.matmul np.vecdot np.einsum np.inner np.vdot np.add"
_INFINITE_LOGIT = "A logit is inf: inf − inf is nan. Look where it comes from."
_NO_LOGIT = "A row of logits is -inf throughout, so that nothing is left to choose from."

_VALUES: list[Reason] = [
    (_LOGARITHMS, lambda c: _made_by(c, "softmax") or _is_hand_written_softmax(c),
     "A softmax has rounded to 0: use tinygrad_np.log_softmax(z), or "
     "tinygrad_np.cross_entropy(z, labels), which takes the logits z themselves."),
    (_LOGARITHMS, lambda c: _made_by(c, "sigmoid scipy.special.expit"),
     "A sigmoid has rounded to 0: use tinygrad_np.log_loss_with_logits(z, labels), which takes the "
     "logits z themselves."),
    (_LOGARITHMS, lambda c: c.x == _edge(c),
     "{name} at {edge} is -inf: keep the argument away from {edge}, for instance "
     "{name}(x + 1e-12), or choose it before with np.where."),
    (_LOGARITHMS, lambda c: c.x is not None,
     "{name} of a number below {edge} is nan: look why the argument is negative."),
    ("np.sqrt", None,
     "np.sqrt of a negative number is nan: look why it is negative (a difference that rounds below "
     "0? np.sqrt(np.maximum(x, 0)))."),
    (_QUOTIENTS, lambda c: c.y == 0 and _made_by(c, "np.sqrt np.linalg.norm", operand=1),
     "{quotient}. The norm is 0: divide by np.where(norm == 0, 1, norm), or by norm + 1e-12."),
    (_QUOTIENTS, lambda c: c.y == 0 and _made_by(c, "np.std", operand=1),
     "{quotient}. The std of equal values is 0: divide by std + 1e-8."),
    (_QUOTIENTS, lambda c: c.y == 0,
     "{quotient}. Divide by np.where(y == 0, 1, y), or by y + a small number."),
    ("np.exp np.exp2 np.expm1 np.sinh np.cosh", None,
     "{name} overflows ({dtype}: np.exp above {largest:.4g}). For a softmax, subtract the maximum "
     "first, or use tinygrad_np.softmax, log_softmax or logsumexp, which do; for a sigmoid, "
     "tinygrad_np.sigmoid; losses: cross_entropy and log_loss_with_logits take logits."),
    (_POWERS, lambda c: _are_real(c) and c.x == 0 and c.y < 0,
     "0 to a negative power is a division by 0: keep the base away from 0."),
    (_POWERS, lambda c: _are_real(c) and c.x < 0 and c.y != np.floor(c.y),
     "A negative number to a power that is no integer is nan: np.abs(x) ** y, or "
     "np.maximum(x, 0) ** y, if that is meant."),
    ("softmax log_softmax", _has_infinite_logit, _INFINITE_LOGIT),
    ("softmax log_softmax", None, _NO_LOGIT),
    ("np.linalg.slogdet", None,
     "The matrix is singular: its determinant is 0, and the logarithm of that is -inf."),
    (_INVERSE, None,
     "{name} is not defined, or infinite, there: np.clip the argument to its domain if it is only "
     "rounding that led beyond."),
    ("np.std np.var", lambda c: c.is_of_finite() and not c.is_of_nothing(),
     "There are not more elements than ddof, or their squares overflow."),
    ("np.prod np.cumprod", None,
     "The product of so many numbers overflows: add up logarithms, np.sum(np.log(x)), or scale the "
     "numbers."),
]  # fmt: skip

_DERIVATIVES: list[Reason] = [
    ("np.sqrt", lambda c: c.x == 0 and _made_by(c, "np.mean np.var"),
     "The derivative of a square root at 0 is infinite: this is the std of equal values. np.std "
     "has the gradient 0 there; or add a small number, np.sqrt(variance + 1e-12)."),
    ("np.sqrt", lambda c: c.x == 0 and _made_by(c, _NORMS),
     "The derivative of a square root at 0 is infinite: this is the norm at 0. np.linalg.norm and "
     "np.hypot have the gradient 0 there; or add a small number, np.sqrt(sum + 1e-12)."),
    ("np.sqrt", lambda c: c.x == 0,
     "The derivative of np.sqrt at 0 is infinite: add a small number, np.sqrt(x + 1e-12), or leave "
     "the element out before, np.sqrt(np.where(x > 0, x, 1.0))."),
    (_POWERS, lambda c: c.x is not None and c.y is not None and c.wanted == "y",
     "The derivative of x**y by the exponent is x**y·log(x), which has no value at {x}: keep the "
     "base above 0, or give the exponent as a plain number."),
    (_POWERS, lambda c: c.y is not None and c.x == 0,
     "The derivative of x**{y} at 0 is infinite, because the exponent is less than 1: keep the "
     "base away from 0, for instance (x + 1e-12)**y, or choose it before with np.where."),
    (_QUOTIENTS, lambda c: _made_by(c, "np.prod"),
     "np.prod(x) / x at 0: the gradient of np.prod is exact there, no quotient is needed."),
    (_QUOTIENTS, lambda c: c.y is not None and c.y * c.y == 0,
     "The divisor is 0 or so small that its square is: divide by np.where(y == 0, 1, y), or by y + "
     "a small number."),
    ("np.arccosh", lambda c: c.x is not None and abs(c.x) == 1,
     "The derivative of np.arccosh at 1 is infinite, where its domain begins: keep the argument a "
     "little above, np.maximum(x, 1 + 1e-7)."),
    (_INVERSE, lambda c: c.x is not None and abs(c.x) == 1,
     "The derivative of {name} is infinite at the end of its domain: clip the argument to a little "
     "less, np.clip(x, -1 + 1e-7, 1 - 1e-7)."),
    (f"{_LOGARITHMS} np.cbrt np.hypot", lambda c: all(x == _edge(c) for x in c.values),
     "The derivative of {name} at {edge} is infinite, or there is none: keep the argument away "
     "from {edge}, or choose it before with np.where."),
    ("softmax log_softmax logsumexp", _has_infinite_logit, _INFINITE_LOGIT),
    ("softmax log_softmax logsumexp", None, _NO_LOGIT),
]  # fmt: skip

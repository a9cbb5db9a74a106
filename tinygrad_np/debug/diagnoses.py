"""Why an operation gave nan or inf, and what to do: known reasons, by function.

`reason` looks at one case (see `cases.Case`): at the elements that meet in the first bad element,
and at the operations that made them. It says what it can tell, or nothing. The reasons are two
tables at the end, of values and of derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..kernels.elementwise import sigmoid
from ..kernels.softmax import log_softmax, logsumexp, softmax
from .cases import SUMS, Case, is_elementwise, record_of


def reason(case: Case) -> str:
    """A sentence or two, or an empty text."""
    if case.kind == "constant":
        return (
            f"The constant {case.wanted!r} has it already: look where that comes from; Tensors "
            "alone are watched, not plain arrays."
        )
    if case.kind in SUMS:
        return _sum(case)
    if case.kind == "value":
        found = _known(_VALUES, case) or _general(case)
        if case.within or not found:
            return found
        return f"{found} {_AFTER_WHERE}" if case.row.function in _GUARDED else found
    if np.isnan(case.result[case.spot]) and _is_zero_there(case):
        return _not_taken(case)
    return _known(_DERIVATIVES, case) or _general(case)


def _known(reasons: list[Reason], case: Case) -> str:
    """The text of the first reason that is one for the case."""
    element = Element(case)
    for functions, holds, text in reasons:
        if case.row.function in functions and holds(element):
            return text.format(at=element)
    return ""


_AFTER_WHERE = (
    "(If a np.where leaves this element out afterwards: choose the argument before, "
    "np.where(mask, x, 1.0), so that it is never computed.)"
)


def _not_taken(case: Case) -> str:
    """0·∞: the result is not used at that element, and the derivative there is infinite."""
    what = "tangent" if case.kind == "jvp" else "cotangent"
    name = case.row.name
    giver = case.giver
    if giver is not None and giver.function in _CHOOSING:
        why = f"this is the branch that {giver.name} does not take"
    else:
        why = "nothing depends on this element: a branch that is not taken, a mask, or a factor 0"
    head = (
        f"The {what} is exactly 0 there ({why}), and the derivative of {name} is infinite: "
        f"0·inf = nan. Keep the branch finite: "
    )
    if any(not _is_finite(x) for x in map(case.element, case.operands.values())):
        head += "put no inf in there, or "
    names = list(case.operands) or ["x"]
    kept = _named_cause(case)
    given = ", ".join([f"np.where(mask, {x}, 1.0)" if x == kept else x for x in names])
    end = f"{head}{name}({given}) inside the np.where that chooses the result"
    if getattr(case.row, "kind", "") != "pointwise":
        return f"{end}."
    return f"{end}; or use `with tinygrad_np.strong_zeros():`."


def _is_zero_there(case: Case) -> bool:
    """Whether the cotangent is 0 where the result is bad; or throughout, if no element meets it."""
    if case.cotangent is None:
        return False
    if is_elementwise(case.row, case.kind) and np.shape(case.cotangent) == case.result.shape:
        return _is_zero(case.element(case.cotangent))
    return not np.any(case.cotangent)


def _is_finite(x: Any) -> bool:
    return x is None or bool(np.isfinite(x))


def _named_cause(case: Case) -> str:
    """The operand that has to be kept in bounds for the derivative to be finite."""
    infinite = [name for name, x in case.operands.items() if not _is_finite(case.element(x))]
    if infinite:
        return infinite[0]
    if case.operands and case.row.function is np.power:
        return next(iter(case.operands))
    return case.wanted or "x"


_CHOOSING = {np.where, np.select, np.choose, np.maximum, np.minimum, np.clip, np.max, np.min}


def _sum(case: Case) -> str:
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
    value = case.result[case.spot]
    dtype = case.result.dtype
    if np.isinf(value) and not np.isnan(value):
        if case.kind == "value" and case.row.name.startswith("scipy.special."):
            return f"{case.row.name} is infinite there, or beyond {dtype}."
        if case.kind == "value":
            return (
                f"Overflow, or a division by 0: {dtype} ends at {np.finfo(dtype).max:.4g}. Scale "
                "the numbers, use logarithms, or a wider dtype."
            )
        if getattr(case.row, "kind", "") == "linear":
            return f"It adds up numbers, and their sum is beyond {dtype}. Scale the result down."
        return f"The derivative of {case.row.name} is infinite there, or beyond {dtype}."
    if case.kind == "value" and case.is_of_nothing():
        return "Of no elements there is none: an operand is empty."
    return ""


# What meets in the bad element


class Element:
    """What can be told of the bad element: the values of the operands there, and who made them."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.name = case.row.name
        self.dtype = case.result.dtype
        self.edge = -1 if case.row.function is np.log1p else 0
        # None where that cannot be told
        self.values = [case.element(operand) for operand in case.operands.values()]
        self.x: Any = self.values[0] if self.values else None
        self.y: Any = self.values[-1] if self.values else None

    @property
    def quotient(self) -> str:
        """What a division by 0 is called."""
        is_of_zero = len(self.values) == 2 and _is_zero(self.x)
        return "0 / 0 is nan" if is_of_zero else "A division by 0"

    @property
    def largest(self) -> float:
        """Above which the exponential function overflows."""
        if self.dtype.itemsize > 8:
            return 11356.0
        return float(np.log(float(np.finfo(self.dtype).max)))

    def is_real(self) -> bool:
        """Whether both operands are known there, and no complex numbers."""
        return not any(x is None or np.iscomplexobj(x) for x in (self.x, self.y))

    def is_made_by(self, *functions: Any, operand: int = 0) -> bool:
        """Whether one of the functions gave the operand."""
        return _maker(self.case, operand) in functions


def _maker(case: Case, number: int) -> Any:
    """The function that gave an operand, None for a variable or a constant."""
    plan = getattr(case.node, "plan", None)
    positions = getattr(plan, "positions", ())
    if number not in positions:
        return None
    parent = case.node.all_parents[positions.index(number)]
    return _function(getattr(parent, "node", parent))


def _function(node: Any) -> Any:
    within = record_of(node).within
    if within and within[-1] in ("np.std", "np.var", "np.linalg.norm"):
        return {"np.std": np.std, "np.var": np.var}.get(within[-1], np.linalg.norm)
    row = getattr(getattr(node, "plan", None), "row", None)
    return getattr(row, "function", None)


def _is_hand_written_softmax(case: Case) -> bool:
    """Whether the operand is a quotient whose numerator is np.exp."""
    if _maker(case, 0) is not np.divide:
        return False
    quotient = case.node.all_parents[0]
    return any(_function(getattr(p, "node", p)) is np.exp for p in quotient.all_parents)


def _scipy(name: str) -> Any:
    """A ufunc of scipy.special, if the program has imported that."""
    import sys

    return getattr(sys.modules.get("scipy.special._ufuncs"), name, _NOTHING)


_NOTHING = object()


def _is_zero(value: Any) -> bool:
    return value is not None and bool(value == 0)


_LOGARITHMS = (np.log, np.log2, np.log10, np.log1p)
_GUARDED = {*_LOGARITHMS, np.sqrt, np.divide, np.reciprocal, np.exp, np.power, np.exp2}
_POWERS = (np.power, np.float_power)
_QUOTIENTS = (np.divide, np.reciprocal)
_INVERSE = (np.arcsin, np.arccos, np.arctanh, np.arccosh)
_NORMS = (np.sum, np.dot, np.matmul, np.vecdot, np.einsum, np.inner, np.vdot, np.add)

Reason = tuple[tuple[Any, ...], Callable[[Element], Any], str]
"""Its functions, whether it is the reason at a bad element, and what is told of that (``at``)"""


def _always(at: Element) -> bool:
    return True


def _has_infinite_logit(at: Element) -> bool:
    operands = at.case.operands.values()
    return any(np.isposinf(x).any() for x in operands if isinstance(x, np.ndarray))


def _softmax(*functions: Any) -> list[Reason]:
    return [
        (
            functions,
            _has_infinite_logit,
            "A logit is inf: inf − inf is nan. Look where it comes from.",
        ),
        (
            functions,
            _always,
            "A row of logits is -inf throughout, so that nothing is left to choose from.",
        ),
    ]


_VALUES: list[Reason] = [
    (
        _LOGARITHMS,
        lambda at: at.is_made_by(softmax, _scipy("softmax")) or _is_hand_written_softmax(at.case),
        "A softmax has rounded to 0: use tinygrad_np.log_softmax(z), or "
        "tinygrad_np.cross_entropy(z, labels), which takes the logits z themselves.",
    ),
    (
        _LOGARITHMS,
        lambda at: at.is_made_by(sigmoid, _scipy("expit")),
        "A sigmoid has rounded to 0: use tinygrad_np.log_loss_with_logits(z, labels), which "
        "takes the logits z themselves.",
    ),
    (
        _LOGARITHMS,
        lambda at: at.x is not None and at.x == at.edge,
        "{at.name} at {at.edge} is -inf: keep the argument away from {at.edge}, for instance "
        "{at.name}(x + 1e-12), or choose it before with np.where.",
    ),
    (
        _LOGARITHMS,
        lambda at: at.x is not None,
        "{at.name} of a number below {at.edge} is nan: look why the argument is negative.",
    ),
    (
        (np.sqrt,),
        _always,
        "np.sqrt of a negative number is nan: look why it is negative (a difference that rounds "
        "below 0? np.sqrt(np.maximum(x, 0))).",
    ),
    (
        _QUOTIENTS,
        lambda at: _is_zero(at.y) and at.is_made_by(np.sqrt, np.linalg.norm, operand=1),
        "{at.quotient}. The norm is 0: divide by np.where(norm == 0, 1, norm), or by norm + 1e-12.",
    ),
    (
        _QUOTIENTS,
        lambda at: _is_zero(at.y) and at.is_made_by(np.std, operand=1),
        "{at.quotient}. The std of equal values is 0: divide by std + 1e-8.",
    ),
    (
        _QUOTIENTS,
        lambda at: _is_zero(at.y),
        "{at.quotient}. Divide by np.where(y == 0, 1, y), or by y + a small number.",
    ),
    (
        (np.exp, np.exp2, np.expm1, np.sinh, np.cosh),
        _always,
        "{at.name} overflows ({at.dtype}: np.exp above {at.largest:.4g}). For a softmax, subtract "
        "the maximum first, or use tinygrad_np.softmax, log_softmax or logsumexp, which do; for a "
        "sigmoid, tinygrad_np.sigmoid; losses: cross_entropy and log_loss_with_logits take logits.",
    ),
    (
        _POWERS,
        lambda at: at.is_real() and at.x == 0 and at.y < 0,
        "0 to a negative power is a division by 0: keep the base away from 0.",
    ),
    (
        _POWERS,
        lambda at: at.is_real() and at.x < 0 and at.y != np.floor(at.y),
        "A negative number to a power that is no integer is nan: np.abs(x) ** y, or "
        "np.maximum(x, 0) ** y, if that is meant.",
    ),
    *_softmax(softmax, log_softmax),
    (
        (np.linalg.slogdet,),
        _always,
        "The matrix is singular: its determinant is 0, and the logarithm of that is -inf.",
    ),
    (
        _INVERSE,
        _always,
        "{at.name} is not defined, or infinite, there: np.clip the argument to its domain "
        "if it is only rounding that led beyond.",
    ),
    (
        (np.std, np.var),
        lambda at: at.case.is_of_finite() and not at.case.is_of_nothing(),
        "There are not more elements than ddof, or their squares overflow.",
    ),
    (
        (np.prod, np.cumprod),
        _always,
        "The product of so many numbers overflows: add up logarithms, np.sum(np.log(x)), or scale "
        "the numbers.",
    ),
]

_DERIVATIVES: list[Reason] = [
    (
        (np.sqrt,),
        lambda at: _is_zero(at.x) and at.is_made_by(np.mean, np.var),
        "The derivative of a square root at 0 is infinite: this is the std of equal values. "
        "np.std has the gradient 0 there; or add a small number, np.sqrt(variance + 1e-12).",
    ),
    (
        (np.sqrt,),
        lambda at: _is_zero(at.x) and at.is_made_by(*_NORMS),
        "The derivative of a square root at 0 is infinite: this is the norm at 0. "
        "np.linalg.norm and np.hypot have the gradient 0 there; or add a small number, "
        "np.sqrt(sum + 1e-12).",
    ),
    (
        (np.sqrt,),
        lambda at: _is_zero(at.x),
        "The derivative of np.sqrt at 0 is infinite: add a small number, np.sqrt(x + 1e-12), or "
        "leave the element out before, np.sqrt(np.where(x > 0, x, 1.0)).",
    ),
    (
        _POWERS,
        lambda at: at.x is not None and at.y is not None and at.case.wanted == "y",
        "The derivative of x**y by the exponent is x**y·log(x), which has no value at {at.x}: "
        "keep the base above 0, or give the exponent as a plain number.",
    ),
    (
        _POWERS,
        lambda at: at.y is not None and _is_zero(at.x),
        "The derivative of x**{at.y} at 0 is infinite, because the exponent is less than 1: keep "
        "the base away from 0, for instance (x + 1e-12)**y, or choose it before with np.where.",
    ),
    (
        _QUOTIENTS,
        lambda at: at.is_made_by(np.prod),
        "np.prod(x) / x at 0: the gradient of np.prod is exact there, no quotient is needed.",
    ),
    (
        _QUOTIENTS,
        lambda at: at.y is not None and at.y * at.y == 0,
        "The divisor is 0 or so small that its square is: divide by np.where(y == 0, 1, y), or by "
        "y + a small number.",
    ),
    (
        (np.arccosh,),
        lambda at: at.x is not None and abs(at.x) == 1,
        "The derivative of np.arccosh at 1 is infinite, where its domain begins: keep the "
        "argument a little above, np.maximum(x, 1 + 1e-7).",
    ),
    (
        _INVERSE,
        lambda at: at.x is not None and abs(at.x) == 1,
        "The derivative of {at.name} is infinite at the end of its domain: clip the "
        "argument to a little less, np.clip(x, -1 + 1e-7, 1 - 1e-7).",
    ),
    (
        (*_LOGARITHMS, np.cbrt, np.hypot),
        lambda at: all(x is not None and x == at.edge for x in at.values),
        "The derivative of {at.name} at {at.edge} is infinite, or there is none: keep the "
        "argument away from {at.edge}, or choose it before with np.where.",
    ),
    *_softmax(softmax, log_softmax, logsumexp),
]

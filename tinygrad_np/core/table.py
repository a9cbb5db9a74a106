"""The form of the table: a row is an array function and its derivative.

Four kinds of row give both modes, reverse (vjp) and forward (jvp), from one declaration:

- `pointwise`: elementwise; both modes multiply by the same factor, one factor an operand.
- `linear`: the vjp is written down, the jvp is the function itself, with zero for everything else.
- `bilinear`: linear in each operand alone; the jvp is the product rule.
- `general`: both are written down.

A `constant` row has no rule: its result is locally constant, so it is a plain array.

A rule is plain NumPy text that names what it needs as parameters, after the cotangent ``g``: an
operand's value (``x``), an operand's shape and dtype without its values (``x_like``), the result
(``ans``), any other argument (``axis``). Only what is named is kept for the reverse sweep.

>>> sine = pointwise(np.sin, lambda x: np.cos(x))
>>> sine.names, sine.rules[0].vjp_needs
(('x', 'dtype'), ('x',))
>>> from .signature import signature
>>> total = linear(np.sum, signature("a"), lambda g, a_like: np.broadcast_to(g, a_like.shape))
>>> total.rules[0].vjp_needs
('a_like',)
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

from . import hooks
from .axes import NAMES
from .dispatch import implementation, name_of, use
from .signature import Signature, parameters_of, read_signature

ANS = "ans"
"""The name of the result among what a rule needs."""

TABLE: dict[Callable[..., Any], Row] = {}
"""A function object → its row."""

REFUSED: dict[Callable[..., Any], str] = {}
"""A function that a Tensor must not reach → why, and what to do instead."""

MOST_KEPT = 256
"""So many plans are kept for a row, one a pattern of Tensors among its arguments."""

LOCALLY_CONSTANT = {
    "condition": "a mask: the result jumps where it changes",
    "where": "a mask: the result jumps where it changes",
}
"""Parameters that take a Tensor as the constant that it locally is, and why."""


class Rule(NamedTuple):
    """The derivative by one operand: two linear maps and the names of what each needs."""

    vjp: Callable[..., Any]
    """(cotangent of the result, *needed) → cotangent of the operand"""
    vjp_needs: tuple[str, ...]
    jvp: Callable[..., Any]
    """(tangent of the operand, *needed) → its part of the tangent of the result"""
    jvp_needs: tuple[str, ...]


class Row:
    """One function's place in the table; `pointwise`, `linear`, … make it, with these options.

    - `kernel`: what runs on plain arrays, if that is not the function itself.
    - `broadcasts`: operands are broadcast against one another, so that cotangents are summed back.
    - `analytic`: the function is complex differentiable, which the complex step may rely on.
    - `affine`: parameters that a linear function adds, and its jvp leaves out.
    - `aliases`: other names of parameters. `list_operands`: parameters that are lists of arrays.
    - `constant_outputs`: it gives several arrays, of which these have no derivative;
      `none_cotangents`: its vjp is told by None which of them nothing depends on.
    - `locally_constant`: parameters that take a Tensor as the constant that it locally is, and why.
    - `real`: parameters that take complex numbers only where the first one that is given of the
      others named beside them is complex, or a complex dtype.
    - `makes_axis`: its `axis` is one that only the result has.
    """

    carry_out: Callable[..., Any] | None = None
    """what carries out a call on (args, kwargs), of a row that has no rules of its own"""
    user_defined = False
    """whether it comes from outside, and may hand out arrays that others hold"""
    accepts_lazy = False
    """whether its vjp accepts a `LazyArray` in place of the cotangent"""

    def __init__(
        self,
        kind: str,
        function: Callable[..., Any],
        signature: Signature | None = None,
        *,
        kernel: Callable[..., Any] | None = None,
        broadcasts: bool | None = None,
        analytic: bool = False,
        affine: Collection[str] = (),
        aliases: Mapping[str, str] = {},
        list_operands: Collection[str] = (),
        constant_outputs: Collection[int] | None = None,
        none_cotangents: bool = False,
        locally_constant: Mapping[str, str] = {},
        real: Mapping[str, tuple[str, ...]] = {},
        makes_axis: bool = False,
        reason: str = "",
    ) -> None:
        self.kind = kind
        self.function = function
        self.name = name_of(function)
        form = signature or read_signature(function)
        self.names, self.defaults, self.rest, self.keywords = form
        if isinstance(function, np.ufunc):
            self.keywords = frozenset(range(function.nin, len(self.names)))
        # So many arguments can be given by their place alone.
        ends = [len(self.names), *self.keywords, *([] if self.rest is None else [self.rest])]
        self.in_order = min(ends)
        self.kernel = kernel or implementation(function)
        self.broadcasts = isinstance(function, np.ufunc) if broadcasts is None else broadcasts
        self.analytic = analytic
        self.affine = frozenset(affine)
        self.aliases = aliases
        self.list_operands = frozenset(self.names.index(name) for name in list_operands)
        self.constant_outputs = None if constant_outputs is None else frozenset(constant_outputs)
        self.none_cotangents = none_cotangents
        self.locally_constant = {**LOCALLY_CONSTANT, **locally_constant}
        self.real = real
        self.reason = reason
        # Positions: of the dtype that may be asked for, of the axes, and of the axis of the first
        # operand.
        self.dtype = self.names.index("dtype") if "dtype" in self.names else None
        self.axes = tuple([i for i, name in enumerate(self.names) if name in NAMES])
        has_axis = "axis" in self.names and not (list_operands or makes_axis)
        self.axis = self.names.index("axis") if has_axis else None
        # The rules by position; the positions by which there is a derivative; the first of these.
        self.rules: dict[int, Rule] = {}
        self.plain: dict[int, Rule] = {}  # those in whose place `replace` put faster ones
        self.operands: set[int] = set()
        self.first = -1
        self.plans: dict[Any, Any] = {}  # of `plan.plan_of`
        # What carries out a call, by the types of its arguments (`hooks.Writer.call`). For a
        # function of ours the forwarding decorator looks here first.
        self.calls: dict[Any, Callable[..., Any]] = getattr(function, "calls", {})

    def __repr__(self) -> str:
        return f"<{self.kind} row of {self.name}>"

    def add_rule(self, position: int, rule: Rule) -> None:
        """Declare the derivative by the operand at `position`."""
        for need in (*rule.vjp_needs, *rule.jvp_needs):
            base = need.removesuffix("_like")
            if need != ANS and need not in self.names and base not in self.names:
                raise TypeError(
                    f"the rule of {self.name} for {self.names[position]!r} needs {need!r}; it can "
                    f"have {self.names}, each also with '_like', and 'ans'"
                )
        self.rules[position] = rule
        self.operands.add(position)
        self.first = min(self.operands)

    def call(self, values: list[Any], function: Callable[..., Any] | None = None) -> Any:
        """Call the function, or its kernel, with a value a parameter; defaults are left out."""
        function, defaults, given = function or self.function, self.defaults, len(values)
        while given and values[given - 1] is defaults[given - 1]:
            given -= 1
        if given <= self.in_order:
            values = values[:given]
            if not any(map(operator.is_, values, defaults)):
                return function(*values)  # as most calls are
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        omitted = False
        for i, (name, default, value) in enumerate(zip(self.names, defaults, values, strict=False)):
            if i == self.rest:
                args.extend(value)
                omitted = True
            elif value is default:
                omitted = True
            elif omitted or i in self.keywords:
                kwargs[name] = value
            else:
                args.append(value)
        return function(*args, **kwargs)


class Factor:
    """The derivative of an elementwise function: both modes multiply by it, or divide."""

    __slots__ = ("divides", "given")

    def __init__(self, given: Callable[..., Any], divides: bool = False) -> None:
        self.given = given
        self.divides = divides

    def __call__(self, g: Any, *needed: Any) -> Any:
        return g / self.given(*needed) if self.divides else g * self.given(*needed)


def pointwise(function: Callable[..., Any], *factors: Any, **options: Any) -> Row:
    """A row for an elementwise function: one factor an operand, in order or by name.

    Both modes multiply by it: the cotangent of the operand is ``g * factor``, and its part of the
    tangent of the result is ``t * factor``. A factor names what it needs: ``lambda ans: ans``. One
    that is a quotient 1 / d is given as ``over(d)``, and then both modes divide.
    """
    row, declared = _row("pointwise", function, factors, options)
    row.broadcasts = True
    for operand, factor in declared:
        rule = factor if type(factor) is Factor else Factor(factor)
        needs = parameters_of(_checked(row, operand, rule.given, "factor"))
        row.add_rule(operand, Rule(rule, needs, rule, needs))
    return row


def over(divisor: Callable[..., Any]) -> Factor:
    """A factor of `pointwise` in the form of its divisor, which names what it needs.

    >>> pointwise(np.log, over(lambda x: x)).rules[0].vjp_needs
    ('x',)
    """
    return Factor(divisor, divides=True)


def linear(function: Callable[..., Any], *vjps: Any, **options: Any) -> Row:
    """A row for a function that is linear in its operands together: one vjp an operand.

    A vjp takes the cotangent and what it names: ``lambda g, a_like: g.reshape(a_like.shape)``. The
    jvp is the function itself, with zero for the other operands and without the keywords `affine`.

    >>> from .signature import signature
    >>> row = linear(np.flip, signature("m", axis=None), lambda g, axis: np.flip(g, axis))
    >>> row.rules[0].vjp(np.array([1.0, 2.0]), None), row.rules[0].jvp_needs
    (array([2., 1.]), ('axis',))
    """
    row, declared = _row("linear", function, vjps, options)
    operands = [operand for operand, _ in declared]
    for operand, vjp in declared:
        _checked(row, operand, vjp, "vjp")
        jvp, needs = _linear_jvp(row, operand, operands)
        row.add_rule(operand, Rule(vjp, parameters_of(vjp)[1:], jvp, needs))
    return row


def bilinear(function: Callable[..., Any], *vjps: Any, **options: Any) -> Row:
    """A row for a function that is linear in each operand alone: one vjp an operand.

    The jvp is the product rule: the function itself with one operand's tangent in its place.

    >>> from .signature import signature
    >>> row = bilinear(np.inner, signature("a", "b"), lambda g, b: g * b, lambda g, a: g * a)
    >>> row.rules[1].jvp(np.array([1.0, 0.0]), np.array([3.0, 4.0]))  # of (tangent of b, a)
    np.float64(3.0)
    """
    row, declared = _row("bilinear", function, vjps, options)
    for operand, vjp in declared:
        _checked(row, operand, vjp, "vjp")
        jvp, needs = _bilinear_jvp(row, operand)
        row.add_rule(operand, Rule(vjp, parameters_of(vjp)[1:], jvp, needs))
    return row


def general(function: Callable[..., Any], *rules: Any, **options: Any) -> Row:
    """A row for any function: a pair (vjp, jvp) an operand; `same` where they are one.

    >>> row = general(np.cumsum, (lambda g: np.cumsum(g[::-1])[::-1], lambda t: np.cumsum(t)))
    >>> row.rules[0].vjp(np.array([0.0, 0.0, 1.0]))
    array([1., 1., 1.])
    """
    row, declared = _row("general", function, rules, options)
    for operand, pair in declared:
        if not (isinstance(pair, tuple) and len(pair) == 2):
            raise TypeError(
                f"{row.name}: the rule for {row.names[operand]!r} is a pair (vjp, jvp), not "
                f"{pair!r:.40}; same(rule) makes one of a single map"
            )
        vjp, jvp = pair
        _checked(row, operand, vjp, "vjp")
        _checked(row, operand, jvp, "jvp")
        row.add_rule(operand, Rule(vjp, parameters_of(vjp)[1:], jvp, parameters_of(jvp)[1:]))
    return row


def same(rule: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """One elementwise map as vjp and jvp, where it is no factor: ``same(lambda g, y: g / y)``."""
    return rule, rule


def constant(
    function: Callable[..., Any], reason: str, kernel: Callable[..., Any] | None = None
) -> Row:
    """A row for a function whose result is locally constant: it takes values and gives arrays."""
    return Row("constant", function, Signature((), ()), kernel=kernel, reason=reason)


_ROW_OPTIONS = set(Row.__init__.__kwdefaults__ or ()) - {"reason"}


def _row(
    kind: str, function: Callable[..., Any], rules: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Row, list[tuple[int, Any]]]:
    """A row without rules yet, and the declared rules with the positions of their operands."""
    signature = None
    if rules and isinstance(rules[0], Signature):
        signature, *rules = rules  # type: ignore[assignment]
    named = {name: options.pop(name) for name in list(options) if name not in _ROW_OPTIONS}
    row = Row(kind, function, signature, **options)
    declared = list(enumerate(rules))
    for name, rule in named.items():
        if name not in row.names:
            raise TypeError(f"{row.name} has no parameter {name!r}; it has {row.names}")
        declared.append((row.names.index(name), rule))
    return row, declared


def _checked(row: Row, operand: int, rule: Any, what: str) -> Any:
    """`rule`, if it is a function whose parameters can be read."""
    if not hasattr(implementation(rule), "__code__"):
        raise TypeError(
            f"the {what} of {row.name} for {row.names[operand]!r} must be a function that names "
            f"what it needs, not {rule!r:.40}; for an operand without a derivative give none, and "
            f"name the others: {row.names[-1]}=lambda …"
        )
    return rule


def _linear_jvp(
    row: Row, operand: int, operands: list[int]
) -> tuple[Callable[..., Any], tuple[str, ...]]:
    """The function on the tangent, with zeros for the other operands and constants as they were."""
    template = list(row.defaults)
    fill: list[int] = []
    needs: list[str] = []
    for position, name in enumerate(row.names):
        if position == operand or name in row.affine:
            continue
        if position not in operands:
            fill.append(position)
            needs.append(name)
        elif row.broadcasts:
            template[position] = 0
        else:
            raise TypeError(f"{row.name}: a linear row that does not broadcast has one operand")
    is_list = operand in row.list_operands
    if is_list:
        needs.append(f"{row.names[operand]}_like")

    def jvp(t: Any, *needed: Any) -> Any:
        values = template.copy()
        if is_list:
            t = [
                np.zeros(x.shape, x.dtype) if u is None else u
                for u, x in zip(t, needed[-1], strict=True)
            ]
        values[operand] = t
        for position, value in zip(fill, needed, strict=False):
            values[position] = value
        return row.call(values)

    return jvp, tuple(needs)


def _bilinear_jvp(row: Row, operand: int) -> tuple[Callable[..., Any], tuple[str, ...]]:
    others = [position for position in range(len(row.names)) if position != operand]

    def jvp(t: Any, *needed: Any) -> Any:
        values = list(row.defaults)
        values[operand] = t
        for position, value in zip(others, needed, strict=True):
            values[position] = value
        return row.call(values)

    return jvp, tuple([row.names[position] for position in others])


def add(rows: Collection[Row], refused: Mapping[Callable[..., Any], str] = {}) -> None:
    """Put rows into the table; to add one twice changes nothing."""
    for row in rows:
        if TABLE.setdefault(row.function, row) is not row:
            raise ValueError(f"{row.name} has two rows")
    REFUSED.update(refused)


def row_of(function: Callable[..., Any]) -> Row:
    """The row of a function; ``TypeError`` where it has none, or is refused.

    >>> row_of(np.exp)
    <pointwise row of np.exp>
    """
    row = TABLE.get(function) or getattr(function, "row", None)
    if row is None and function not in REFUSED:
        row = hooks.resolver.row(function)
    if row is None and hooks.opened:
        row = hooks.observer().row(function)
    if row is None and function in REFUSED:
        raise TypeError(f"{name_of(function)} does not take a Tensor: {REFUSED[function]}")
    if row is None:
        raise TypeError(
            f"{name_of(function)} has no derivative rule; give it one with tg.general "
            "(tg.pointwise, tg.linear, tg.bilinear), or use t.data for a constant"
        )
    return row


def replace(
    function: Callable[..., Any],
    kernel: Callable[..., Any] | None = None,
    accepts_lazy: bool = False,
    **vjps: Callable[..., Any],
) -> None:
    """Put a faster kernel, or a faster vjp of an operand, into a function's row: for `fast/`.

    ``replace(np.matmul, kernel, x=lambda g, x_like, y: …)`` is to be called before the function is
    first used: what has been generated for its calls is forgotten, but not what runs already.
    """
    row = TABLE[function]
    if kernel is not None:
        row.kernel = kernel
        if hasattr(function, "implementation"):
            use(function, kernel)
    for name, vjp in vjps.items():
        position = row.names.index(name)
        needs = parameters_of(vjp)[1:]
        row.plain.setdefault(position, row.rules[position])
        row.rules[position] = row.rules[position]._replace(vjp=vjp, vjp_needs=needs)
    row.accepts_lazy = row.accepts_lazy or accepts_lazy
    row.plans.clear()
    row.calls.clear()

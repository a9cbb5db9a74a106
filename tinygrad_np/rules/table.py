"""The form of the table: a row is an array function and its derivative.

Four kinds of row give both modes, reverse (vjp) and forward (jvp), from one declaration:

- `pointwise`: elementwise; both modes multiply by the same factor, one factor an operand.
- `linear`: the vjp is written down, the jvp is the function itself, with zero for everything else.
- `bilinear`: linear in each operand alone; the jvp is the product rule.
- `general`: both are written down.

Two more have no rules of their own: `composed` (the function is written as NumPy text in terms of
other rows, which Tensors run through) and `constant` (the result is locally constant, so it is a
plain array).

A rule is plain NumPy text that names what it needs as parameters, after the cotangent ``g``: an
operand's value (``x``), an operand's shape and dtype without its values (``x_like``), the result
(``ans``), any other argument (``axis``). Only what is named is kept for the reverse sweep.

>>> sine = pointwise(np.sin, lambda x: np.cos(x))
>>> sine.names, sine.rules[0].vjp_needs
(('x', 'dtype'), ('x',))
>>> total = linear(np.sum, takes("a"), lambda g, a_like: np.broadcast_to(g, a_like.shape))
>>> total.rules[0].vjp_needs
('a_like',)
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import numpy as np

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()
"""Stands where a parameter has no default."""

ANS = "ans"


LOCALLY_CONSTANT = {
    "condition": "a mask: the result jumps where it changes",
    "where": "a mask: the result jumps where it changes",
}
"""Parameters that take a Tensor as the constant that it locally is, and why."""

CHOICES = {
    "axes": "it chooses axes",
    "axis": "it chooses axes",
    "axis1": "it chooses an axis",
    "axis2": "it chooses an axis",
    "casting": "it chooses which casts are allowed",
    "constant_values": "it has no derivative rule; use np.where or np.concatenate",
    "classes": "it chooses elements",
    "destination": "it chooses axes",
    "dilation": "it chooses elements",
    "dtype": "it chooses a dtype",
    "groups": "it chooses which channels meet which filters",
    "index": "it chooses elements",
    "indices": "it chooses elements",
    "indices_or_sections": "it chooses where to split",
    "initial": "it has no derivative rule; add it, or use np.maximum",
    "keepdims": "it chooses a shape",
    "key": "it chooses elements",
    "mode": "it chooses how to pad, to index or to factorise",
    "order": "it chooses an order of elements",
    "out": "nothing is written into a Tensor",
    "pad_width": "it chooses a shape",
    "shape": "it chooses a shape",
    "size": "it chooses a shape",
    "source": "it chooses axes",
    "stride": "it chooses elements",
    "subok": "it chooses a type",
    "value": "it has no derivative rule; use np.where or np.concatenate",
}
"""Parameters that take no Tensor, and why; a family may have its own, under the same name."""


class Like:
    """A shape and a dtype without values."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self.shape = shape
        self.dtype = dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        size = 1
        for length in self.shape:
            size *= length
        return size


def likes(value: Any) -> Like | list[Like]:
    """The `Like` of an array or scalar, or of each one in a list."""
    if isinstance(value, list):
        return [Like(np.shape(item), np.result_type(item)) for item in value]
    return Like(np.shape(value), np.result_type(value))


class Rule(NamedTuple):
    """The derivative by one operand: two linear maps and the names of what each needs."""

    vjp: Callable[..., Any]
    """(cotangent of the result, *needed) → cotangent of the operand"""
    vjp_needs: tuple[str, ...]
    jvp: Callable[..., Any]
    """(tangent of the operand, *needed) → its part of the tangent of the result"""
    jvp_needs: tuple[str, ...]


class Signature(NamedTuple):
    """A function's parameters in order, as the rules call them."""

    names: tuple[str, ...]
    defaults: tuple[Any, ...]

    rest: int | None = None
    """the position of the parameter that takes all further positional arguments, as a tuple"""

    keywords: int | None = None
    """the position from which on NumPy wants keywords"""


def takes(*required: str, **optional: Any) -> Signature:
    """The signature of a function that Python cannot read, in the order of its parameters.

    A star before the last required name: it takes the rest of the positional arguments. A star by
    itself: what has a default is given by its keyword.

    >>> takes("a", axis=None).names
    ('a', 'axis')
    >>> takes("*arrays", copy=True).rest
    0
    >>> takes("a", "*", upper=False).keywords
    1
    """
    if required[-1:] == ("*",):
        return takes(*required[:-1], **optional)._replace(keywords=len(required) - 1)
    rest = next((i for i, name in enumerate(required) if name.startswith("*")), None)
    defaults = [() if i == rest else REQUIRED for i in range(len(required))]
    names = [name.removeprefix("*") for name in required]
    return Signature((*names, *optional), (*defaults, *optional.values()), rest)


class Row:
    """One function's place in the table; `pointwise`, `linear`, … make it."""

    __slots__ = (
        "affine",
        "aliases",
        "analytic",
        "broadcasts",
        "calls",
        "choices",
        "constant_outputs",
        "defaults",
        "function",
        "gaps",
        "kernel",
        "keywords",
        "kind",
        "locally_constant",
        "name",
        "names",
        "needs",
        "nested",
        "operands",
        "plans",
        "reason",
        "rest",
        "rules",
        "text",
    )

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
        nested: Collection[str] = (),
        constant_outputs: Collection[int] | None = None,
        gaps: bool = False,
        locally_constant: Mapping[str, str] = {},
        reason: str = "",
    ) -> None:
        self.kind = kind
        self.function = function
        self.name = name_of(function)
        signature = signature or _read_signature(function)
        self.names, self.defaults, self.rest, self.keywords = signature
        # What runs on plain arrays: the function beneath the forwarding decorator, if it has one.
        self.kernel = kernel or implementation(function)
        self.broadcasts = isinstance(function, np.ufunc) if broadcasts is None else broadcasts
        self.analytic = analytic
        self.affine = frozenset(affine)
        self.aliases = aliases
        self.nested = frozenset(self.names.index(name) for name in nested)
        # None: one array. Otherwise several, of which these have no derivative.
        self.constant_outputs = None if constant_outputs is None else frozenset(constant_outputs)
        # Of several results, whether the vjp is told (by None) which ones nothing depends on.
        self.gaps = gaps
        self.reason = reason
        # Parameters that a Tensor may stand for as the constant that it locally is, and why.
        self.locally_constant = {**LOCALLY_CONSTANT, **locally_constant}
        self.choices: Mapping[str, str] = CHOICES
        self.rules: dict[int, Rule] = {}
        # The positions of the parameters by which there is a derivative.
        self.operands: set[int] = set()
        # Of a composed row: its text and the positions of what that names.
        self.text: Callable[..., Any] | None = None
        self.needs: tuple[int, ...] = ()
        self.plans: dict[tuple[Pattern, int], Plan] = {}
        # What carries out a call, by the types of its arguments: filled as calls come in. For a
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

    def call(self, values: list[Any], function: Callable[..., Any] | None = None) -> Any:
        """Call the function, or its kernel, with a value a parameter; defaults are left out."""
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        omitted = False
        for i, (name, default, value) in enumerate(
            zip(self.names, self.defaults, values, strict=True)
        ):
            omitted = omitted or i == self.keywords
            if i == self.rest:
                args.extend(value)
                omitted = True
            elif value is default:
                omitted = True
            elif omitted:
                kwargs[name] = value
            else:
                args.append(value)
        return (function or self.function)(*args, **kwargs)

    def plan(self, pattern: Pattern, given: int) -> Plan:
        """The plan for calls with `given` arguments, where those in `pattern` are Tensors."""
        key = pattern, given
        if key not in self.plans:
            self.plans[key] = Plan(self, pattern, given)
        return self.plans[key]


Pattern = tuple[tuple[int, int | None], ...]
"""A pair for each operand that is a Tensor: its position, and its length if it is a list."""


class Plan:
    """How a row is carried out for one pattern of Tensor operands, decided once.

    `bound` below is the result, then the first `given` arguments in the order of the signature,
    then the `Like` of each operand at the positions `likes`. A node keeps ``select(bound)``; its
    parents are the operands' sources in order, a list operand's in a run with None for each plain
    array. The pairs of `pulls` and `pushes` are a function of (cotangent or tangent, kept, parents)
    and the slot among the parents (a slice for a list operand) that it belongs to.
    """

    __slots__ = ("likes", "positions", "pulls", "pushes", "row", "select", "values")

    def __init__(self, row: Row, pattern: Pattern, given: int) -> None:
        self.row = row
        self.positions = [position for position, _ in pattern]
        slots: dict[int, int | slice] = {}
        used = 0
        for position, length in pattern:
            slots[position] = used if length is None else slice(used, used + length)
            used += 1 if length is None else length
        self.likes: list[int] = []
        kept: list[int] = []

        def locate(need: str) -> Spot:
            position = -1 if need == ANS else row.names.index(need.removesuffix("_like"))
            if need != ANS and need not in row.names:
                slot = slots.get(position)
                if isinstance(slot, int):
                    return "parent", slot
                if position not in self.likes:
                    self.likes.append(position)
                place = 1 + given + self.likes.index(position)
            elif position >= given:
                return "default", row.defaults[position]
            else:
                place = 1 + position
            if place not in kept:
                kept.append(place)
            return "kept", kept.index(place)

        self.pulls = []
        self.pushes = []
        for position, slot in slots.items():
            rule = row.rules[position]
            self.pulls.append((_caller(rule.vjp, [locate(n) for n in rule.vjp_needs]), slot))
            self.pushes.append((_caller(rule.jvp, [locate(n) for n in rule.jvp_needs]), slot))
        self.select = _selector(kept)
        # Where the kept values come from, for a sweep that is itself recorded: (index among the
        # kept, slot among the parents, or ANS).
        self.values: list[tuple[int, int | slice | str]] = []
        for index, place in enumerate(kept):
            if place == 0:
                self.values.append((index, ANS))
            elif place - 1 in slots:
                self.values.append((index, slots[place - 1]))


Spot = tuple[str, Any]
"""Where a rule finds what it needs: ("kept", index), ("parent", slot) or ("default", value)."""


def _selector(places: list[int]) -> Callable[[Any], tuple[Any, ...]] | None:
    if not places:
        return None
    if len(places) == 1:
        (place,) = places
        return lambda bound: (bound[place],)
    return operator.itemgetter(*places)


class Times:
    """Multiplication of a cotangent or tangent by a factor."""

    __slots__ = ("factor",)

    def __init__(self, factor: Callable[..., Any]) -> None:
        self.factor = factor

    def __call__(self, g: Any, *needed: Any) -> Any:
        return g * self.factor(*needed)


def _caller(rule: Callable[..., Any], spots: list[Spot]) -> Callable[..., Any]:
    """`rule` as a function of (cotangent, kept, parents).

    The forms written out are those of most rules, and faster; the last line serves any rule.
    """
    places = [spot for spot in spots if spot[0] != "default"]
    rest = tuple([what for where, what in spots if where == "default"])
    if isinstance(rule, Times) and not rest:
        factor = rule.factor
        match places:
            case [("kept", i)]:
                return lambda g, kept, parents: g * factor(kept[i])
            case [("kept", i), ("kept", j)]:
                return lambda g, kept, parents: g * factor(kept[i], kept[j])
    if spots[: len(places)] == places:  # the defaults come last
        match places:
            case []:
                return lambda g, kept, parents: rule(g, *rest)
            case [("kept", i)]:
                return lambda g, kept, parents: rule(g, kept[i], *rest)
            case [("parent", i)]:
                return lambda g, kept, parents: rule(g, parents[i], *rest)
            case [("kept", i), ("kept", j)]:
                return lambda g, kept, parents: rule(g, kept[i], kept[j], *rest)
            case [("kept", i), ("parent", j)]:
                return lambda g, kept, parents: rule(g, kept[i], parents[j], *rest)
            case [("parent", i), ("kept", j)]:
                return lambda g, kept, parents: rule(g, parents[i], kept[j], *rest)

    def any_form(g: Any, kept: Any, parents: Any) -> Any:
        found = {"kept": kept, "parent": parents}
        needed = [what if where == "default" else found[where][what] for where, what in spots]
        return rule(g, *needed)

    return any_form


def pointwise(function: Callable[..., Any], *factors: Any, **options: Any) -> Row:
    """A row for an elementwise function: one factor an operand, in order or by name.

    Both modes multiply by it: the cotangent of the operand is ``g * factor``, and its part of the
    tangent of the result is ``t * factor``. A factor names what it needs: ``lambda ans: ans``.
    """
    row, declared = _row("pointwise", function, factors, options)
    row.broadcasts = True
    for operand, factor in declared:
        needs = _parameters(factor)
        row.add_rule(operand, Rule(Times(factor), needs, Times(factor), needs))
    return row


def linear(function: Callable[..., Any], *vjps: Any, **options: Any) -> Row:
    """A row for a function that is linear in its operands together: one vjp an operand.

    A vjp takes the cotangent and what it names: ``lambda g, a_like: g.reshape(a_like.shape)``. The
    jvp is the function itself, with zero for the other operands and without the keywords `affine`.
    """
    row, declared = _row("linear", function, vjps, options)
    operands = [operand for operand, _ in declared]
    for operand, vjp in declared:
        jvp, needs = _linear_jvp(row, operand, operands)
        row.add_rule(operand, Rule(vjp, _parameters(vjp)[1:], jvp, needs))
    return row


def bilinear(function: Callable[..., Any], *vjps: Any, **options: Any) -> Row:
    """A row for a function that is linear in each operand alone: one vjp an operand.

    The jvp is the product rule: the function itself with one operand's tangent in its place.
    """
    row, declared = _row("bilinear", function, vjps, options)
    for operand, vjp in declared:
        jvp, needs = _bilinear_jvp(row, operand)
        row.add_rule(operand, Rule(vjp, _parameters(vjp)[1:], jvp, needs))
    return row


def general(function: Callable[..., Any], *rules: Any, **options: Any) -> Row:
    """A row for any function: a pair (vjp, jvp) an operand; `same` where they are one."""
    row, declared = _row("general", function, rules, options)
    for operand, (vjp, jvp) in declared:
        row.add_rule(operand, Rule(vjp, _parameters(vjp)[1:], jvp, _parameters(jvp)[1:]))
    return row


def same(rule: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """One elementwise map as vjp and jvp, where it is no factor: ``same(lambda g, y: g / y)``."""
    return rule, rule


def composed(
    function: Callable[..., Any],
    signature: Signature,
    text: Callable[..., Any],
    operands: Collection[str],
    **options: Any,
) -> Row:
    """A row for a function that is `text` in terms of others: it names the parameters it needs.

    Its value must be exactly what the function gives; `operands` are those by which there is a
    derivative. A list operand comes as it is, with Tensors in it.

    >>> fliplr = composed(np.fliplr, takes("m"), lambda m: m[:, ::-1], {"m"})
    >>> fliplr.text(np.arange(4).reshape(2, 2))
    array([[1, 0],
           [3, 2]])
    """
    row = Row("composed", function, signature, **options)
    row.text = text
    row.needs = tuple([row.names.index(name) for name in _parameters(text)])
    row.operands = {row.names.index(name) for name in operands}
    return row


def constant(
    function: Callable[..., Any], reason: str, kernel: Callable[..., Any] | None = None
) -> Row:
    """A row for a function whose result is locally constant: it takes values and gives arrays."""
    return Row("constant", function, Signature((), ()), kernel=kernel, reason=reason)


_ROW_OPTIONS = {
    "kernel",
    "broadcasts",
    "analytic",
    "affine",
    "aliases",
    "nested",
    "constant_outputs",
    "gaps",
    "locally_constant",
}


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


def _read_signature(function: Callable[..., Any]) -> Signature:
    function = implementation(function)
    if isinstance(function, np.ufunc):
        return takes(*"xyz"[: function.nin], dtype=None)
    if not hasattr(function, "__code__"):
        raise TypeError(
            f"{name_of(function)}: Python cannot read its parameters; name them with takes(…) as "
            "the first argument after the function"
        )
    names = _parameters(function)
    defaults = function.__defaults__ or ()
    return Signature(names, (REQUIRED,) * (len(names) - len(defaults)) + defaults, None)


def _parameters(rule: Any) -> tuple[str, ...]:
    return rule.__code__.co_varnames[: rule.__code__.co_argcount]


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
    is_nested = operand in row.nested
    if is_nested:
        needs.append(f"{row.names[operand]}_like")

    def jvp(t: Any, *needed: Any) -> Any:
        values = template.copy()
        if is_nested:
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


def implementation(function: Callable[..., Any]) -> Any:
    """The function beneath our forwarding decorator, which runs on plain arrays; else itself."""
    return getattr(function, "implementation", function)


def name_of(function: Callable[..., Any]) -> str:
    """A function's name as a user writes it.

    >>> name_of(np.linalg.norm), name_of(np.exp), name_of(operator.getitem)
    ('np.linalg.norm', 'np.exp', 'operator.getitem')
    """
    module = "np" if isinstance(function, np.ufunc) else getattr(function, "__module__", "") or ""
    name = getattr(function, "__name__", repr(function))
    if module.startswith("numpy"):
        module = "np" + module.removeprefix("numpy")
    return f"{module.lstrip('_')}.{name}" if module.startswith(("np", "_operator")) else name

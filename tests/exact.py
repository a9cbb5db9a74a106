"""Exact derivatives by mpmath, at a working precision that is raised until two results agree.

    derivatives(mp.tanh, [400.0], [(1,), (2,)])    # {(1,): 4e-347.., (2,): -8e-347..}

A derivative is a central difference of the function (or of its slopes, where these are given in
closed form) with a step far below any scale of the problem. Nothing is taken from the package: its
formulas are what is tried. A fixed precision would not do: at 50 digits the second derivative of
tanh at 400 is 0 in every difference, and so would bless a rule that gives 0 where it should not.
"""

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
from mpmath import mp, mpf

Order = tuple[int, ...]

AGREED = mpf(2) ** -75
"""Relative: two results that are so close are taken for the truth, 20 bits beyond float64's."""

NOTHING = mpf(2) ** -1300
"""What is smaller than this is 0 in every dtype, by far."""

# (whether the step is relative to the point also where that is large, bits of the step, extra bits)
ATTEMPTS = [
    (True, 70, 100),
    (True, 110, 200),
    (False, 130, 500),
    (False, 190, 1300),
    (False, 260, 3400),
    (False, 350, 7000),
]

NEAREST_END = mpf(2) ** -3000
"""So far inside of an end of a domain a derivative is taken for its limit."""


def derivatives(
    function: Callable[..., Any],
    point: Sequence[Any],
    orders: Sequence[Order],
    slopes: Sequence[Callable[..., Any]] | None = None,
) -> dict[Order, Any]:
    """The partial derivatives of these orders, of one or two variables, as mpmath numbers.

    An order is a count for each variable. None stands for what does not exist or is not real.
    """
    at = [mpf(x) for x in point]
    found: dict[Order, Any] = dict.fromkeys(orders)
    before: dict[Order, Any] = {}
    for how in ATTEMPTS:
        open_orders = [order for order in orders if found[order] is None]
        if not open_orders:
            break
        now = _attempt(function, slopes, at, open_orders, how)
        for order, value in now.items():
            last = before.get(order)
            if last is None:
                continue
            if value and abs(value - last) <= AGREED * abs(value):
                found[order] = value
            elif how[2] >= 3400 and abs(value) < NOTHING and abs(last) < NOTHING:
                found[order] = mpf(0)
        before = now
    return found


def settled(function: Callable[[], Any], point: Sequence[Any], start: int = 0) -> Any:
    """What a closed formula gives, at a precision that is doubled until two results agree.

    It starts with `start` bits, or with so many that 1 + x³ is no rounded number.
    """
    before = None
    start = start or 150 + 3 * max([abs(mp.mag(x)) for x in point if x], default=0)
    for precision in (start, 2 * start, 4 * start, 8 * start):
        with mp.workprec(precision):
            try:
                value = function()
            except (ValueError, ZeroDivisionError, OverflowError, mpmath.libmp.ComplexResult):
                return None
            if isinstance(value, mpmath.mpc):
                if value.imag:
                    return None
                value = value.real
            value = +mpf(value)
        if before is not None and value and abs(value - before) <= AGREED * abs(value):
            return value
        before = value
    return mpf(0) if abs(before) < NOTHING else None


def limit(
    function: Callable[..., Any],
    end: Any,
    inside: int,
    order: int,
    slopes: Sequence[Callable[..., Any]] | None = None,
) -> Any:
    """The derivative at the end of a domain, from the inside: ±inf where it has no bound."""

    def from_end(of: Any) -> Any:
        return lambda distance: of(mpf(end) + inside * distance)

    slope = None if slopes is None else [lambda d: inside * from_end(slopes[0])(d)]
    values = []
    with mp.workprec(9000):
        for distance in (NEAREST_END, NEAREST_END**2):
            found = derivatives(from_end(function), [distance], [(order,)], slope)[order,]
            if found is None:
                return None
            values.append(found * inside**order)
    near, nearer = values
    return mp.inf * mp.sign(near) if abs(nearer) > 1.5 * abs(near) else +near


def _attempt(
    function: Any, slopes: Any, at: Any, orders: list[Order], how: tuple[bool, int, int]
) -> dict[Order, Any]:
    """The derivatives with one step and one precision, as far as they are real and finite."""
    is_relative, bits, extra = how
    precision = mp.prec + extra + 64
    steps = []
    for i, x in enumerate(at):
        size = mp.mag(x) if x else 0
        steps.append((size if is_relative or size < 0 else 0) - bits)
        # as many bits as the differences cancel, and those by which x stands above the step
        highest = max(order[i] for order in orders)
        precision += highest * (bits + abs(size)) if highest else 0
    results = {}
    with mp.workprec(precision):
        known: dict[Any, Any] = {}
        for order in orders:
            which = next((i for i, n in enumerate(order) if n), None)
            if slopes is None or which is None:
                of, rest = function, order
            else:
                of = slopes[which]
                rest = tuple([n - (i == which) for i, n in enumerate(order)])
            try:
                if not mp.isfinite(of(*at)):
                    continue
                value = _difference(of, known.setdefault(of, {}), at, rest, steps)
            except (ValueError, ZeroDivisionError, OverflowError, mpmath.libmp.ComplexResult):
                continue
            if isinstance(value, mpmath.mpc):
                if value.imag:
                    continue
                value = value.real
            if mp.isfinite(value):
                results[order] = value
    return results


STENCILS = {
    0: {0: 1},
    1: {1: mpf(1) / 2, -1: -mpf(1) / 2},
    2: {1: 1, 0: -2, -1: 1},
    3: {2: mpf(1) / 2, 1: -1, -1: 1, -2: -mpf(1) / 2},
}


def _difference(of: Any, known: dict[Any, Any], at: Any, order: Order, steps: Any) -> Any:
    places = [(mpf(1), ())]
    for n in order:
        places = [(w * f, (*k, i)) for w, k in places for i, f in STENCILS[n].items()]
    total = mpf(0)
    for weight, k in places:
        if k not in known:
            moved = [x + mp.ldexp(mpf(i), e) for x, i, e in zip(at, k, steps, strict=True)]
            known[k] = of(*moved)
        total += weight * known[k]
    return total * mp.ldexp(mpf(1), -sum(n * e for n, e in zip(order, steps, strict=True)))

"""The scan of the elementwise rules: derivatives of first to third order, each against mpmath.

    python tests/scan_pointwise.py
    python tests/scan_pointwise.py --only tanh,hypot --show 3
    python tests/scan_pointwise.py --write docs/accuracy.md

Of one operand some 200 points lie over the whole range of exponents of float16, float32 and
float64, with both signs, subnormal numbers, and what is next to where something happens; of two
operands a grid of pairs, and mixed derivatives to the second order. Each derivative is computed in
reverse mode, in forward mode and in forward over reverse mode. An error is counted in units in the
last place (ulps) of the exact result. Where that is no normal number, the unit is the smallest
normal number; where it is too large for the dtype, infinity is right.

Points at which the function's own value is not finite, as NumPy and SciPy compute it, are left out:
nothing can follow from it. What cannot reach `LIMITS` is in `scan_known.KNOWN`, with the reason.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from exact import derivatives, limit, settled
from mpmath import mp, mpf
from scan_cases import BINARY, UNARY, Case
from scan_known import EVERYWHERE, KNOWN, Known, range_of
from scan_special import SPECIAL

import tinygrad_np as tg
from tinygrad_np.core.dispatch import name_of

CASES: dict[Any, list[Case]] = {**UNARY, **BINARY, **SPECIAL}
DTYPES = (np.float16, np.float32, np.float64)
LIMITS = {1: 16, 2: 32, 3: 64}
"""The most ulps that a derivative may be off, by its order.

The functions of NumPy and SciPy are off by up to 6 themselves (`cbrt`, `psi`), and each factor of a
derivative adds its own; the third order has up to ten.
"""

Order = tuple[int, ...]


class Row(NamedTuple):
    """One derivative at one point, and how far off it is."""

    name: str
    dtype: str
    order: Order
    error: float
    """in ulps; inf for nan or infinity where the exact derivative is finite"""
    point: tuple[float, ...]
    value: float
    """that of the function itself"""
    found: float
    exact: Any
    mode: str

    @property
    def known(self) -> Known | None:
        """Why it may be off by more than the limit, if it may."""
        for known in (*KNOWN.get(self.name, ()), *EVERYWHERE):
            if (
                sum(self.order) in known.orders
                and self.dtype in known.dtypes
                and self.error <= known.ulps
                and known.where(self, range_of(self.dtype))
            ):
                return known
        return None

    @property
    def is_fault(self) -> bool:
        return self.error > LIMITS[sum(self.order)] and self.known is None

    def __str__(self) -> str:
        where = ", ".join(f"{x:.9g}" for x in self.point)
        return (
            f"{self.name} {self.dtype} {self.order}, {self.mode}: {self.error:.3g} ulps at "
            f"{where}: {self.found!r}, exact {mp.nstr(self.exact, 12)}"
        )


# The points


def magnitudes(dtype: Any, count: int, seed: int = 0) -> list[float]:
    """About so many positive numbers of a dtype over all exponents, most of them near 1."""
    rng = np.random.default_rng([seed, np.dtype(dtype).itemsize])
    info = np.finfo(dtype)
    scale = range(info.minexp - info.nmant, info.maxexp)
    near = [e for e in scale if -26 <= e <= 11]
    far = [e for e in scale if e not in near]
    step = max(1, len(far) // max(1, count - len(near)))
    chosen = [*near, *far[::step], scale[0], scale[-1], *[info.minexp] * 2]
    while len(chosen) < count:
        chosen += near[: count - len(chosen)]
    found = []
    for i, e in enumerate(chosen):
        mantissa = (1.0, 1.0 + rng.random(), 1.0 + rng.random())[i % 3]
        found.append(float(np.ldexp(dtype(mantissa), e)))
    return sorted({*found, float(info.max), float(info.tiny), float(info.smallest_subnormal)})


def next_to(values: Any, dtype: Any) -> list[float]:
    """Numbers of a dtype next to these."""
    found = []
    for value in values:
        x = dtype(value)
        for toward in (-np.inf, np.inf):
            y = x
            for _ in range(2):
                y = np.nextafter(y, dtype(toward))
                found.append(float(y))
            found.append(float(x + dtype(np.sign(toward)) * abs(x) * dtype(0.01)))
        found.append(float(x))
    return found


def points(case: Case, dtype: Any, count: int) -> list[tuple[float, ...]]:
    """The points at which a case is tried: exact numbers of the dtype inside its domain."""
    arity = _arity(case)
    count = int(count * case.share)
    candidates: list[tuple[float, ...]]
    if arity == 1:
        sizes = [*magnitudes(dtype, count // 2), 0.0]
        near = [*next_to(case.near, dtype), *next_to([-x for x in case.near], dtype)]
        candidates = [(x,) for x in [*sizes, *[-x for x in sizes], *near]]
    else:
        candidates = list(pairs(dtype, count))
    domain = case.domain if len(case.domain) == arity else case.domain * arity
    kept = []
    for point in sorted(set(candidates)):
        inside = all(low < x < high for x, (low, high) in zip(point, domain, strict=True))
        if inside and np.all(np.isfinite(point)) and not case.spared(*map(mpf, point)):
            kept.append(point)
    if case.share < 1:
        kept = kept[:: int(1 / case.share)]
    return kept


def pairs(dtype: Any, count: int) -> Iterator[tuple[float, float]]:
    """Pairs over a grid of exponents, both signs, and next to each other."""
    rng = np.random.default_rng(np.dtype(dtype).itemsize)
    few = magnitudes(dtype, 38)
    few = [x for i, x in enumerate(few) if i % 2 or i < 2 or i > len(few) - 4]
    grid = [(x, y) for x in few for y in few]
    rng.shuffle(grid)
    for x, y in grid[:count]:
        yield float(x * rng.choice([-1, 1])), float(y * rng.choice([-1, 1]))
    # probabilities, and what is next to each other
    for x in magnitudes(dtype, 40, seed=1)[:: max(1, 80 // count)]:
        yield float(x), float(dtype(rng.random()))
        yield float(rng.choice([-1, 1]) * x), float(dtype(1) - dtype(rng.random()) / 64)
        if rng.random() < 0.5:
            y = dtype(x)
            yield float(y), float(y)
            yield float(y), float(-y)
            yield float(y), float(np.nextafter(y, dtype(0)))
            yield float(y), float(y * (1 + dtype(0.01)))
            yield float(y), 0.0
            yield 0.0, float(y)


def _arity(case: Case) -> int:
    return len(case.slopes or case.domain)


# What is found, and what is exact


def orders_of(arity: int) -> list[Order]:
    if arity == 1:
        return [(1,), (2,), (3,)]
    return [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]


def reversed_by(function: Callable[..., Any], i: int) -> Callable[..., Any]:
    def slope(*xs: Any) -> Any:
        value, pull = tg.vjp(function, *xs)
        return pull(np.ones(value.shape, value.dtype))[i]

    return slope


def forwarded_by(function: Callable[..., Any], i: int) -> Callable[..., Any]:
    def slope(*xs: Any) -> Any:
        def of(x: Any) -> Any:
            return function(*xs[:i], x, *xs[i + 1 :])

        return tg.jvp(of, [xs[i]], [np.ones(xs[i].shape, xs[i].dtype)])[1]

    return slope


MODES = {
    "reverse": (reversed_by, reversed_by),
    "forward": (forwarded_by, forwarded_by),
    "forward over reverse": (reversed_by, forwarded_by),
}


def found(case: Case, xs: Any, order: Order) -> Iterator[tuple[str, Any]]:
    """The derivative of this order in each mode, and mixed ones in both sequences."""
    steps = [i for i, n in enumerate(order) for _ in range(n)]
    for mode, (first, then) in MODES.items():
        if mode == "forward over reverse" and len(steps) == 1:
            continue
        for sequence in sorted({tuple(steps), tuple(steps[::-1])}):
            function = case.ours
            for k, i in enumerate(sequence):
                function = (then if k else first)(function, i)
            yield mode, np.asarray(function(*xs))


def ulps(value: float, exact: Any, dtype: Any) -> float:
    """The error in units of the last place of the exact result; inf for a wrong nan or inf."""
    info = np.finfo(dtype)
    largest = mpf(float(info.max))
    if abs(exact) > largest * (1 + mpf(float(info.eps)) / 4):
        # it rounds to infinity, and nan is no worse
        if np.isnan(value):
            return 0.0
        if np.isinf(value):
            return 0.0 if np.sign(value) == mp.sign(exact) else np.inf
        exact = largest * mp.sign(exact)
    if np.isnan(value):
        return np.inf
    if np.isinf(value):
        slack = (largest - abs(exact)) / (largest * mpf(float(info.eps)))
        return float(slack) + 1 if slack < 1000 and np.sign(value) == mp.sign(exact) else np.inf
    exponent = mp.mag(exact) - 1 if exact else info.minexp
    if exponent < info.minexp:
        unit = mpf(float(info.tiny))
    else:
        unit = mp.ldexp(1, exponent - info.nmant)
    return float(abs(mpf(value) - exact) / unit)


def exact_at(case: Case, point: Any, orders: list[Order]) -> dict[Order, Any]:
    at = [mpf(x) for x in point]
    closed = case.closed
    if closed is not None:
        return {order: settled(lambda o=order: closed(o, *at), at, case.bits) for order in orders}
    return derivatives(case.exact, at, orders, case.slopes)


def scan(case: Case, name: str, dtype: Any, count: int) -> Iterator[Row]:
    """All derivatives of a case, in one dtype, at about `count` points."""
    places = points(case, dtype, count)
    orders = orders_of(_arity(case))
    with np.errstate(all="ignore"):
        values = np.asarray(case.ours(*[np.array(x, dtype) for x in zip(*places, strict=True)]))
    places = [point for point, value in zip(places, values, strict=True) if np.isfinite(value)]
    values = [float(value) for value in values if np.isfinite(value)]
    truth = [exact_at(case, point, orders) for point in places]
    for end in case.ends:
        inside = 1 if end == case.domain[0][0] else -1
        places.append((end,))
        values.append(np.nan)
        truth.append({o: limit(case.exact, end, inside, o[0], case.slopes) for o in orders})
    xs = [np.array(x, dtype) for x in zip(*places, strict=True)]
    with np.errstate(all="ignore"):
        for order in orders:
            for mode, slopes in found(case, xs, order):
                slopes = slopes.astype(dtype)
                for point, value, slope, at in zip(places, values, slopes, truth, strict=True):
                    exact, slope = at[order], float(slope)
                    if exact is not None:
                        error = ulps(slope, exact, dtype)
                        row = (name, np.dtype(dtype).name, order, error, point, value, slope)
                        yield Row(*row, exact, mode)


def scan_all(function: Any, dtype: Any, count: int = 200) -> Iterator[Row]:
    """All cases of a function, in one dtype."""
    for case in CASES[function]:
        yield from scan(case, name_of(function), dtype, count)


# The table


class Worst(NamedTuple):
    """Of a function, dtype and order (its sum): the worst that counts, the worst that is known."""

    counts: Row | None
    known: Row | None


def worst_of(rows: list[Row]) -> dict[int, Worst]:
    found: dict[int, Worst] = {}
    for n in (1, 2, 3):
        of_order = [row for row in rows if sum(row.order) == n]
        if not of_order:
            continue
        over = [row for row in of_order if row.error > LIMITS[n] and row.known]
        rest = [row for row in of_order if row.error <= LIMITS[n] or not row.known]
        found[n] = Worst(
            max(rest, key=lambda row: row.error, default=None),
            max(over, key=lambda row: row.error, default=None),
        )
    return found


def told(error: float) -> str:
    if error == np.inf:
        return "nan, ∞"
    return f"{error:.1f}" if error < 100 else f"{error:.0e}".replace("e+0", "e").replace("e+", "e")


OPENING = """# Accuracy of derivatives

Each derivative of each elementwise function against mpmath, in reverse, forward and mixed mode. Of
one operand to the third order, at some 200 points over all exponents, with both signs, subnormal
numbers and the ends of the domain; of two operands to the second order, mixed derivatives too, at
pairs of exponents. Functions that mpmath takes long for have fewer points. Points are left out
where the function's own value, as NumPy or SciPy compute it, is not finite. Measured with

    python tests/scan_pointwise.py --write docs/accuracy.md

with NumPy {numpy} and SciPy {scipy}; it takes {minutes:.0f} minutes. Errors are in units in the
last place of the exact derivative (below the smallest normal number, of that). A slow test,
`tests/test_scan.py`, fails where one is above {limits[1]} in the first order, {limits[2]} in the
second or {limits[3]} in the third, or is nan or infinite where the exact derivative is finite,
unless the second table has it.

NumPy's and SciPy's functions are themselves off by up to 6 units, and a derivative of third order
has up to ten factors: hence the limits.

## The worst errors

By order, without the points of the second table; "+" marks a function that has such points in this
order and dtype.

| function | float16: 1 | 2 | 3 | float32: 1 | 2 | 3 | float64: 1 | 2 | 3 |
|---|---|---|---|---|---|---|---|---|---|
"""

KNOWN_OPENING = """
## What cannot reach it

| functions | orders | dtypes | worst | reason |
|---|---|---|---|---|
"""


def written(table: dict[tuple[str, str], dict[int, Worst]], known: Any, seconds: float) -> str:
    """The page docs/accuracy.md."""
    import scipy

    lines = []
    for name in dict.fromkeys(name for name, _ in table):
        cells = []
        for dtype in DTYPES:
            by_order = table.get((name, np.dtype(dtype).name), {})
            for n in (1, 2, 3):
                worst = by_order.get(n)
                cell = "" if worst is None else told(worst.counts.error) if worst.counts else "–"
                cells.append(cell + " +" * bool(worst and worst.known))
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    reasons = []
    for reason, rows in known.items():
        names = ", ".join(f"`{name}`" for name in dict.fromkeys(row.name for row in rows))
        orders = ", ".join(map(str, sorted({sum(row.order) for row in rows})))
        dtypes = ", ".join(sorted({row.dtype for row in rows}, key=lambda name: int(name[5:])))
        worst = told(max(row.error for row in rows))
        reasons.append(f"| {names} | {orders} | {dtypes} | {worst} | {reason} |")
    opening = OPENING.format(
        numpy=np.__version__, scipy=scipy.__version__, minutes=seconds / 60, limits=LIMITS
    )
    return "\n".join([opening.rstrip(), *lines, KNOWN_OPENING.rstrip(), *reasons, ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", default="", help="names of functions, with commas")
    parser.add_argument("--dtype", default="", help="float16, float32 or float64")
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="few functions, 20 points each")
    parser.add_argument("--show", type=int, default=1, help="so many of the worst points")
    parser.add_argument("--write", type=Path, help="the page to write")
    args = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)  # of numbers that overflow, as they should
    only = set(filter(None, args.only.split(",")))
    start = time.perf_counter()
    table, known, faults = {}, {}, 0
    points = 20 if args.quick else args.points
    for function in list(CASES)[:: 12 if args.quick else 1]:
        name = name_of(function)
        if only and not only & {name, name.split(".")[-1]}:
            continue
        for dtype in DTYPES:
            if args.dtype not in ("", np.dtype(dtype).name):
                continue
            began = time.perf_counter()
            rows = list(scan_all(function, dtype, points))
            worst = table[name, np.dtype(dtype).name] = worst_of(rows)
            for row in rows:
                if row.error > LIMITS[sum(row.order)] and row.known:
                    known.setdefault(row.known.reason, []).append(row)
            errors = " ".join(
                f"{n}: {told(w.counts.error) if w.counts else '–'}{' +' * bool(w.known)}"
                for n, w in worst.items()
            )
            took = time.perf_counter() - began
            print(f"{name} {np.dtype(dtype).name} {errors} ({len(rows)}, {took:.1f} s)")
            for n in worst:
                bad = [row for row in rows if sum(row.order) == n and row.is_fault]
                faults += len(bad)
                for row in sorted(bad, key=lambda row: -row.error)[: args.show]:
                    print(f"    {row}; {len(bad)} such", flush=True)
    if args.write:
        args.write.write_text(written(table, known, time.perf_counter() - start), "utf-8")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

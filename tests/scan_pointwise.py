"""Scan of the elementwise rules: derivatives of first to third order against mpmath."""

import argparse
import functools
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from exact import derivatives, limit, settled
from mpmath import mp, mpf
from scan_cases import BINARY, UNARY, Case
from scan_special import SPECIAL

import tinygrad_np as tg
from tinygrad_np.rules.table import name_of

CASES = {**UNARY, **BINARY, **SPECIAL}
DTYPES = (np.float16, np.float32, np.float64)


class Row(NamedTuple):
    name: str
    dtype: str
    order: tuple[int, ...]
    error: float
    point: tuple[float, ...]
    found: float
    exact: Any
    mode: str


def exponents(dtype: Any) -> range:
    info = np.finfo(dtype)
    return range(info.minexp - info.nmant, info.maxexp)


def magnitudes(dtype: Any, count: int, seed: int = 0) -> list[float]:
    """About so many positive numbers of a dtype over all exponents, most of them near 1."""
    rng = np.random.default_rng([seed, np.dtype(dtype).itemsize])
    scale = exponents(dtype)
    near = [e for e in scale if -26 <= e <= 11]
    far = [e for e in scale if e not in near]
    step = max(1, len(far) // max(1, count - len(near)))
    chosen = [*near, *far[::step], scale[0], scale[-1], *[np.finfo(dtype).minexp] * 2]
    while len(chosen) < count:
        chosen += near[: count - len(chosen)]
    found = []
    for i, e in enumerate(chosen):
        mantissa = (1.0, 1.0 + rng.random(), 1.0 + rng.random())[i % 3]
        found.append(float(np.ldexp(dtype(mantissa), e)))
    info = np.finfo(dtype)
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
    if arity == 1:
        sizes = [*magnitudes(dtype, count // 2), 0.0]
        near = next_to(case.near, dtype)
        lows = next_to([-x for x in case.near], dtype)
        candidates = [(x,) for x in [*sizes, *[-x for x in sizes], *near, *lows]]
    else:
        candidates = list(pairs(dtype, count))
    domain = case.domain if len(case.domain) == arity else case.domain * arity
    kept = []
    for point in sorted(set(candidates)):
        inside = all(low < x < high for x, (low, high) in zip(point, domain, strict=True))
        if inside and np.all(np.isfinite(point)) and not case.spared(*map(mpf, point)):
            kept.append(point)
    return kept


def pairs(dtype: Any, count: int) -> Iterator[tuple[float, float]]:
    """Pairs over a grid of exponents, both signs, and next to each other."""
    rng = np.random.default_rng(np.dtype(dtype).itemsize)
    few = magnitudes(dtype, 38)
    few = [x for i, x in enumerate(few) if i % 2 or i < 2 or i > len(few) - 4]
    grid = [(x, y) for x in few for y in few]
    rng.shuffle(grid)
    for x, y in grid[: count]:
        yield float(x * rng.choice([-1, 1])), float(y * rng.choice([-1, 1]))
    # probabilities, and what is next to each other
    for x in magnitudes(dtype, 40, seed=1):
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


def orders_of(arity: int) -> list[tuple[int, ...]]:
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


MODES = {"reverse": (reversed_by, reversed_by), "forward": (forwarded_by, forwarded_by),
         "forward over reverse": (reversed_by, forwarded_by)}


def found(case: Case, xs: Any, order: Any) -> Iterator[tuple[str, Any]]:
    """The derivative of this order in each mode, and mixed ones in both sequences."""
    steps = [i for i, n in enumerate(order) for _ in range(n)]
    for mode, (first, then) in MODES.items():
        if mode == "forward over reverse" and len(steps) == 1:
            continue
        for sequence in {tuple(steps), tuple(steps[::-1])}:
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
        if np.isinf(value) and np.sign(value) == mp.sign(exact):
            return 0.0
        if np.isinf(value):
            return np.inf
        exact = largest * mp.sign(exact)
    if np.isnan(value):
        return np.inf
    if np.isinf(value):
        slack = (largest - abs(exact)) / (largest * mpf(float(info.eps)))
        return float(slack) + 1 if slack < 1000 and np.sign(value) == mp.sign(exact) else np.inf
    exponent = mp.mag(exact) - 1 if exact else info.minexp
    if exponent < info.minexp:
        unit = mpf(float(info.tiny))  # subnormal: the smallest normal number
    else:
        unit = mp.ldexp(1, exponent - info.nmant)
    return float(abs(mpf(value) - exact) / unit)


def exact_at(case: Case, point: Any, orders: Any) -> dict[Any, Any]:
    at = [mpf(x) for x in point]
    if case.closed is not None:
        return {order: settled(lambda o=order: case.closed(o, *at), at) for order in orders}
    return derivatives(case.exact, at, orders, case.slopes)


def scan(case: Case, name: str, dtype: Any, count: int) -> Iterator[Row]:
    places = points(case, dtype, count)
    arity = len(places[0])
    orders = orders_of(arity)
    truth = [exact_at(case, point, orders) for point in places]
    if case.ends:
        for end in case.ends:
            inside = 1 if end == case.domain[0][0] else -1
            places.append((end,))
            truth.append({
                o: limit(case.exact, end, inside, o[0], case.slopes) for o in orders
            })
    xs = [np.array(x, dtype) for x in zip(*places, strict=True)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for order in orders:
            for mode, values in found(case, xs, order):
                values = values.astype(dtype)
                for point, value, at in zip(places, values, truth, strict=True):
                    if at[order] is None:
                        continue
                    error = ulps(float(value), at[order], dtype)
                    yield Row(name, np.dtype(dtype).name, order, error, point, float(value), at[order], mode)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--dtype", default="")
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--limit", type=float, default=16)
    parser.add_argument("--show", type=int, default=1)
    args = parser.parse_args()
    for function, cases in CASES.items():
        label = name_of(function)
        if args.only and not any(o == label.split(".")[-1] or o == label for o in args.only.split(",")):
            continue
        for index, case in enumerate(cases):
            for dtype in DTYPES:
                if args.dtype and np.dtype(dtype).name != args.dtype:
                    continue
                start = time.perf_counter()
                worst: dict[Any, list[Row]] = {}
                n = none = 0
                for row in scan(case, label, dtype, args.points):
                    n += 1
                    worst.setdefault(row.order, []).append(row)
                told = []
                for order, rows in worst.items():
                    rows.sort(key=lambda r: -r.error)
                    for r in rows[: args.show]:
                        if r.error > args.limit:
                            told.append(f"    {order} {r.mode}: {r.error:.3g} at {r.point}: {r.found!r}, exact {mp.nstr(r.exact, 17)}; {sum(q.error > args.limit for q in rows)}/{len(rows)}")
                print(f"{label}[{index}] {np.dtype(dtype).name} {n} {time.perf_counter() - start:.1f} s " + " ".join(f"{o}:{rs[0].error:.3g}" for o, rs in worst.items()), *told, sep="\n", flush=True)


if __name__ == "__main__":
    main()

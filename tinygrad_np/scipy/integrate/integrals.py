"""Integrals of functions: `quad` and its kind, by their limits and all that the integrand uses.

SciPy gives the value, on plain numbers. For the derivative the integral is a sum over nodes, which
is recorded: so it holds in both modes and every order, by `args` and by Tensors that the integrand
takes from elsewhere. The nodes are those of Gauss and Legendre, ten a panel; a panel is cut in
halves until they agree with it to 1e-11 of ∫|f|, for the integrand *and* its derivatives, which may
vary where the integrand is zero. What does not converge, or differs from SciPy's value, raises. So
does an integrand that jumps, or bends where a Tensor says, unless that place is among the `points`,
which are constants: its motion has a part in the derivative. With the place as a limit it is there.

A limit that is a Tensor adds (b − b₀)·∫₀¹ f(b₀ + (b − b₀)u) du by four nodes: it is 0, and its
derivatives up to the eighth are those of the integral. An infinite range is x = a + u/(1 − u). What
does not converge soon is tried again with x = a + (b − a)u²(3 − 2u), or x = a + (u/(1 − u))², by
which the root of the distance from an end becomes smooth.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import integrate
>>> f = lambda a: integrate.quad(lambda x: np.exp(-a * x), 0, np.inf)[0]
>>> grad(f)(2.0).round(12), grad(grad(f))(2.0).round(12)
(np.float64(-0.25), np.float64(0.25))
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ...core.arrays import as_array
from ...core.graph import Node, node_of
from ...core.sweep import reverse
from ...core.tensor import Tensor, source_of, value_of
from ...core.transforms import marker, stop_gradient
from ...rules.composed import valued
from ..mirror import holds_tensor
from .watched import Watched, joined, refuse_tensors, standing_for

TOLERANCE = 1e-11
"""Of a panel, relative to ∫|f|: the halves, which are used, are better by far where f is smooth."""

TORN = 0.01
"""So much counts what may lie between the last node and the end of a panel, where no jump is seen:
how far the value at the end is from what the nodes say of it."""

LOOSEST = 1e-8
"""So good must be what does not converge any more, relative to ∫|f|: about what SciPy asks for."""

AGREEMENT = 1e-5
"""Of ∫|f|: so near is SciPy's value, which is off by 4e-6 with an estimate of 1e-15 where the
integrand has a kink near the middle (exp(−x)·|x − 0.501| on [0, 1])."""

FEW_CUTS, MOST_CUTS, MOST_NODES = 12, 60, 20_000

_REMEDY = "split the range where the integrand is not smooth (points=), or substitute"


def _unit_rule(count: int) -> tuple[Any, Any]:
    """Nodes and weights of Gauss and Legendre on [0, 1]."""
    x, w = np.polynomial.legendre.leggauss(count)
    return (1 + x) / 2, w / 2


NODES, WEIGHTS = _unit_rule(10)
TO_START = np.linalg.solve(np.vander(NODES, increasing=True).T, np.eye(10)[0])
"""The value at 0 of the polynomial through values at the nodes; backwards, that at 1."""


def _substitution(low: float, high: float, is_rough: bool) -> Callable[[Any], Any]:
    """u in [0, 1] → (x, dx/du); quadratic at the finite ends of a rough function's range."""
    if np.isinf(low) or np.isinf(high):
        end, sign, k = (low, 1, 1 + is_rough) if np.isinf(high) else (high, -1, 1 + is_rough)
        return lambda u: (
            end + sign * (u / (1 - u)) ** k,
            k * (u / (1 - u)) ** (k - 1) / (1 - u) ** 2,
        )
    if is_rough:
        return lambda u: (low + (high - low) * u * u * (3 - 2 * u), (high - low) * 6 * u * (1 - u))
    return lambda u: (low + (high - low) * u, high - low + 0 * u)


class _Slopes:
    """The derivatives of results by the Tensors from outside that they were computed from."""

    def __init__(self) -> None:
        self.since = marker()
        self.outside: dict[Node, None] = {}

    def __call__(self, result: Any) -> Any:
        """The result and its derivatives as one vector.

        Of several results, the derivatives of a combination of them that nothing singles out.
        """
        values = np.ravel(value_of(result))
        if type(result) is not Tensor:
            return values
        stack, passed = [node_of(source_of(result))], set()
        while stack:
            node = stack.pop()
            if node.number < self.since[0].number:
                self.outside[node] = None
            elif node not in passed:
                passed.add(node)
                stack.extend([node_of(x) for x in node.all_parents if x is not None])
        mixed = np.cos(np.arange(values.size)).reshape(result.shape).astype(result.dtype)
        seeds = [(source_of(result), mixed)]
        found: Any = reverse(seeds, [*self.since, *self.outside])
        parts = []
        for node in self.outside:
            several = found[node] if isinstance(found[node], list) else [found[node]]
            parts += [np.ravel(g) for g in several if g is not None]
        return np.concatenate([values, *parts])


def _rows(vectors: list[Any]) -> Any:
    """The vectors as rows; the shorter ones were made before some of the Tensors were met."""
    rows = np.zeros((len(vectors), max(map(len, vectors))), np.result_type(*vectors))
    for row, vector in zip(rows, vectors, strict=True):
        row[: len(vector)] = vector
    return rows


def _total(vectors: list[Any]) -> Any:
    return np.sum(_rows(vectors), 0)


class _Panel:
    """The nodes between two places, and the integrand there; `ends` is what it is at these."""

    def __init__(self, at: Any, start: float, end: float, ends: tuple[Any, Any]) -> None:
        self.at, self.start, self.end, self.ends = at, start, end, ends
        width = end - start
        self.x, stretch, self.results, vectors = at(start + width * NODES)
        density = stretch[:, None] * _rows(vectors)
        weights = width * WEIGHTS
        self.weights = weights * stretch
        self.sum, self.size = weights @ density, weights @ np.abs(density)
        # How far the values at the ends are from what those at the nodes say, where they are known.
        self.torn = 0 * self.size
        for value, basis in zip(ends, (TO_START, TO_START[::-1]), strict=True):
            if value is not None:
                missed = np.abs(_total([value, -basis @ density]))
                self.torn = _total([self.torn, width * NODES[0] * missed])

    def jumps(self, size: Any, tolerance: float) -> bool:
        """Whether the integrand, or a derivative of it, jumps here: nothing else is cut so often.

        A kink is cut down to the root of the tolerance. Towards the ends of the range the integrand
        may grow without bounds instead.
        """
        width = self.end - self.start
        if width > min(tolerance**0.6, 2.0**-10 * self.start, 2.0**-10 * (1 - self.end)):
            return False
        change = np.abs(_total([self.ends[0], -self.ends[1], 0 * size]))
        return bool(np.any(change > 1e-5 * size))

    def halves(self) -> tuple[_Panel, _Panel]:
        """The two that take its place."""
        middle = (self.start + self.end) / 2
        _, stretch, _, [vector] = self.at(np.array([middle]))
        value = stretch[0] * vector
        return (
            _Panel(self.at, self.start, middle, (self.ends[0], value)),
            _Panel(self.at, middle, self.end, (value, self.ends[1])),
        )


def _panels(pieces: list[Any], tolerance: float, most_cuts: int) -> Any:
    """Panels that resolve the integrand on all pieces, ∫|·|, and one where it jumps, or None.

    None if it takes too many.
    """
    pending = [_Panel(at, 0.0, 1.0, (None, None)) for at in pieces]
    if getattr(pending[0].results[0], "dtype", None) in (np.float32, np.complex64):
        tolerance = max(tolerance, 1e-5)
    weight = TORN * (tolerance / TOLERANCE) ** 0.5
    done: list[_Panel] = []
    lost: list[Any] = []
    for cut in range(most_cuts):
        size = _total([p.size for p in (*done, *pending)])
        if 10 * (len(done) + 2 * len(pending)) > MOST_NODES or not np.all(np.isfinite(size)):
            return None
        rest: list[_Panel] = []
        for panel in pending:
            one, other = panel.halves()
            missed = np.abs(_total([panel.sum, -one.sum, -other.sum]))
            error = _total([missed, weight * one.torn, weight * other.torn])
            is_good = np.all(error <= tolerance * _total([size, 0 * error]))
            if is_good or cut == MOST_CUTS - 1:
                done += (one, other)
                lost += [] if is_good else [error]
            else:
                rest += (one, other)
        pending = rest
        if not pending:
            break
    size = _total([p.size for p in (*done, *pending)])
    is_whole = not pending and np.all(_total([0 * size, *lost]) <= LOOSEST * size)
    if not (is_whole and np.all(np.isfinite(size))):
        return None
    return done, size, next((panel for panel in done if panel.jumps(size, tolerance)), None)


def integral(
    f: Callable[[Any], Any], a: Any, b: Any, where: str, points: Any = None, level: int = 0
) -> tuple[Any, float]:
    """The integral of f from a to b as a sum that is recorded, and about the size of ∫|f|.

    `level` is 0 for an integrand that is a formula, more by one for each integral within it.
    """
    low, high = float(value_of(a)), float(value_of(b))
    sign, low, high = (1, low, high) if low <= high else (-1, high, low)
    inside = [0.0] if points is None and np.isinf(low) and np.isinf(high) else points or ()
    edges = sorted({low, high, *[float(p) for p in inside if low < p < high]})
    slopes = _Slopes()
    tolerance = TOLERANCE * 10**level

    def piece(ends: tuple[float, float], is_rough: bool) -> Callable[[Any], Any]:
        to_x = _substitution(*ends, is_rough)

        def at(u: Any) -> Any:
            x, stretch = to_x(u)
            results = [joined(f(place)) for place in x.tolist()]
            return x, stretch, results, list(map(slopes, results))

        return at

    with np.errstate(all="ignore"):
        if low == high:
            total, size = 0 * joined(f(low)), np.zeros(1)
        else:
            for is_rough in (False, True):
                pieces = [piece(ends, is_rough) for ends in pairwise(edges)]
                found = _panels(pieces, tolerance, MOST_CUTS if is_rough else FEW_CUTS)
                if found is not None:
                    break
            else:
                raise ValueError(
                    f"{where}: the integral does not converge with its derivatives; {_REMEDY}"
                )
            panels, size, jump = found
            if jump is not None:
                raise ValueError(
                    f"{where}: the integrand or a derivative of it jumps near {jump.x[0]:.6g}; if "
                    "that is a constant, name it in points=; if a Tensor moves it, integrate up to "
                    "there and from there, by that Tensor as a limit"
                )
            total = sign * _recorded(f, slopes, panels)
        for limit, direction in ((a, -1), (b, 1)):
            if type(limit) is Tensor and np.isfinite(limit.data):
                total = total + direction * _at_limit(f, limit, where)
        return total, float(np.max(size[: max(np.size(value_of(total)), 1)]))


def _recorded(f: Any, slopes: _Slopes, panels: list[_Panel]) -> Any:
    """Σ w f(x) over all panels: of one call of f for all nodes, if that gives the same."""
    weights = np.concatenate([p.weights for p in panels])
    results = [y for p in panels for y in p.results]
    shape = np.shape(results[0])
    if shape == ():
        try:
            whole = f(np.concatenate([p.x for p in panels]))
            total = weights @ whole
            expected = _total([p.sum for p in panels])
            size = _total([p.size for p in panels])
            is_same = whole.shape == weights.shape and np.allclose(
                whole.data, [value_of(y) for y in results], rtol=1e-12, atol=0
            )
            if is_same and np.all(np.abs(slopes(total) - expected) <= 1e-12 * size):
                return total
        except Exception:
            pass  # it is not written for arrays
    stacked = np.stack([as_array(y) for y in results])
    return (weights @ stacked.reshape(len(results), -1)).reshape(shape)


def _at_limit(f: Any, limit: Tensor, where: str) -> Any:
    """0, with the derivatives of the integral of f by its upper limit."""
    start = float(limit.data)
    step = limit - start
    values = [w * joined(f(start + u * step)) for u, w in zip(*_unit_rule(4), strict=True)]
    if not np.all(np.isfinite([value_of(y) for y in values])):
        raise ValueError(
            f"{where}: the integrand is not finite at the limit {start:g}, by which there is no "
            "derivative; pass the limit's value, t.data"
        )
    return step * sum(values)


def _valued(found: tuple[Any, ...], total: Any, size: float, where: str) -> tuple[Any, ...]:
    """SciPy's results, of which the first, the integral, has the derivative of `total`."""
    tolerance = max(AGREEMENT * size, 100 * abs(found[1]))
    return valued(found[0], total, tolerance, where, _REMEDY), *found[1:]


def _of_one(real: Any, given: dict[str, Any], f: Any, where: str) -> Any:
    """An integral over one variable; `given` are the other arguments."""
    a, b, args = given.pop("a"), given.pop("b"), given.pop("args", ())
    args = args if isinstance(args, tuple) else (args,)
    refuse_tensors(where, given)
    watched = Watched(f, args)
    found = real(watched, value_of(a), value_of(b), **given)
    if not (watched.seen or holds_tensor((a, b))):
        return found
    if given.get("weight") is not None:
        raise TypeError(f"{where}: 'weight' has no derivative rule; multiply the integrand by it")
    return _valued(found, *integral(lambda x: f(x, *args), a, b, where, given.get("points")), where)


@standing_for("integrate.quad")
def quad(real: Any, given: dict[str, Any]) -> Any:
    """`scipy.integrate.quad`, differentiable by the limits and by all that the integrand uses.

    The integrand may return Tensors, be it that they come through `args` or from elsewhere. The
    error's estimate and all that `full_output` adds are constants. Raises ``TypeError`` for a
    `weight` beside Tensors, ``ValueError`` where the derivative's integral does not converge, or
    the integrand jumps at a place that is not among `points`.
    """
    return _of_one(real, given, given.pop("func"), "scipy.integrate.quad")


@standing_for("integrate.quad_vec")
def quad_vec(real: Any, given: dict[str, Any]) -> Any:
    """`scipy.integrate.quad_vec`, differentiable as `quad` is; the integrand gives an array."""
    return _of_one(real, given, given.pop("f"), "scipy.integrate.quad_vec")


@standing_for("integrate.fixed_quad")
def fixed_quad(real: Any, given: dict[str, Any]) -> Any:
    """`scipy.integrate.fixed_quad`, differentiable by the limits and all the integrand uses."""
    f, a, b, n = given["func"], given["a"], given["b"], given.get("n", 5)
    args = tuple(given.get("args", ()))
    watched = Watched(f, args)
    value, none = real(watched, value_of(a), value_of(b), n=n)
    if not (watched.seen or holds_tensor((a, b))):
        return value, none
    nodes, weights = _unit_rule(n)
    total = (b - a) * np.sum(weights * joined(f(a + (b - a) * nodes, *args)), -1)
    tolerance = 1e-9 * np.max(np.abs(value_of(total)), initial=1e-300) + 1e-12
    return valued(value, total, tolerance, "scipy.integrate.fixed_quad", _REMEDY), none


def _nested(f: Any, ranges: list[Any], args: tuple[Any, ...], where: str) -> tuple[Any, float]:
    """The integral over several variables, of which the first is the innermost."""

    def over(number: int, outer: tuple[Any, ...]) -> tuple[Any, float]:
        limits = ranges[number]
        low, high = limits(*outer, *args) if callable(limits) else limits

        def inner(x: Any) -> Any:
            return over(number - 1, (x, *outer))[0] if number else f(x, *outer, *args)

        return integral(inner, low, high, where, level=number)

    return over(len(ranges) - 1, ())


def _several(
    name: str, call: Callable[[Any, list[Any]], Any], f: Any, ranges: Any, args: Any
) -> Any:
    """SciPy's value of a nested integral, by ``call(function, ranges)``, with its derivative."""
    where = f"scipy.integrate.{name}"
    args = tuple(args) if isinstance(args, (tuple, list)) else (args,)
    watched = Watched(f, args)
    limits = [Watched(x, args) if callable(x) else stop_gradient(x) for x in ranges]
    found = call(watched, limits)
    seen = [x.seen for x in (watched, *limits) if isinstance(x, Watched)]
    if not (any(seen) or holds_tensor(list(ranges))):
        return found
    return _valued(found, *_nested(f, list(ranges), args, where), where)


@standing_for("integrate.nquad")
def nquad(real: Any, given: dict[str, Any]) -> Any:
    """`scipy.integrate.nquad`, differentiable as `quad` is, by the limits in `ranges` as well."""
    f, ranges, args = given.pop("func"), given.pop("ranges"), given.pop("args", None)
    refuse_tensors("scipy.integrate.nquad", given)
    return _several("nquad", lambda g, r: real(g, r, **given), f, ranges, args or ())


def _limits(low: Any, high: Any) -> Any:
    """The range of an inner variable: of two functions of the outer ones, outermost first."""
    ends = [x if callable(x) else lambda *outer, x=x: x for x in (low, high)]
    return lambda *outer: tuple(end(*outer[::-1]) for end in ends)


@standing_for("integrate.dblquad")
def dblquad(real: Any, given: dict[str, Any]) -> Any:
    """`scipy.integrate.dblquad`, differentiable as `quad` is, by all four limits."""
    return _boxed("dblquad", given, (("gfun", "hfun"),))


@standing_for("integrate.tplquad")
def tplquad(real: Any, given: dict[str, Any]) -> Any:
    """`scipy.integrate.tplquad`, differentiable as `quad` is, by all six limits."""
    return _boxed("tplquad", given, (("qfun", "rfun"), ("gfun", "hfun")))


def _boxed(name: str, given: dict[str, Any], inner: tuple[tuple[str, str], ...]) -> Any:
    """`nquad` of ranges that are named, the innermost first; limits do not see `args`."""
    from scipy.integrate import nquad

    args = given.get("args", ())
    opts: Any = {key: given.get(key, 1.49e-8) for key in ("epsabs", "epsrel")}
    refuse_tensors(f"scipy.integrate.{name}", opts)
    args = args if isinstance(args, tuple) else (args,)
    f = given["func"]
    ranges = [*[_limits(given[a], given[b]) for a, b in inner], (given["a"], given["b"])]
    return _several(name, lambda g, r: nquad(g, r, opts=opts), lambda *x: f(*x, *args), ranges, ())


ROWS = ()
OWN = {f"integrate.{f.__name__}": f for f in (quad, quad_vec, fixed_quad, nquad, dblquad, tplquad)}

"""Distributions: objects with SciPy's methods, whose derivative comes from a line of text each.

What stands for `scipy.stats.norm` is a `Distribution`. On plain arrays it calls SciPy's own method.
Where a Tensor is among the arguments, the value still is SciPy's own, and the derivative that of
the distribution's `Text`: its density and its tails in standard form, y = (x − loc)/scale,

    logpdf(x) = log f(y) − log(scale),    cdf(x) = F(y),    ppf(q) = loc + scale·Q(q).

The derivative of F by y is f, that by a shape parameter θ the one of a text, or else it is refused
by name. Q solves F(Q, θ) = q, so that dQ = (dq − ∂F/∂θ dθ)/f(Q).

Only elements inside of the support are computed. Outside, and where y is infinite, the value is
constant and the derivative 0; where the value is nan, for instance since scale ≤ 0, it is nan. On
the ends of the support it is the one from the inside, as SciPy's densities have their value there.

**A discrete distribution** is added in the same way: a `Text` with the logarithm of its mass as
`density` in the table of a family, whose ``OWN`` is ``own(TEXTS)``. It has `pmf` and `logpmf` in
place of `pdf` and `logpdf`, y = k − loc (⌊k⌋ − loc in the tails), no scale, and derivatives by the
shape parameters that are not in `constants`; k and loc are integers and take no Tensor. `ppf` and
`isf` are locally constant.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from types import MethodType
from typing import Any, NamedTuple

import numpy as np
import scipy.stats
from scipy.special import xlogy

from ...core.arrays import Array, cast
from ...core.table import REFUSED, Row, constant
from ...core.tensor import Tensor, value_of
from ...rules.composed import composed
from ..mirror import HoldsTensors, holds_tensor
from .primitives import method_of, primitive, signature_of, slope

INF = np.inf


class Text(NamedTuple):
    """A distribution in standard form; each function takes y and the shape parameters."""

    density: Callable[..., Any] | None
    """its logarithm, or (rest, (base, power), …) for rest + Σ power·log(base): bases are what is 0
    on an end of the support, where nothing else is infinite. None: it has no derivative, and the
    tails have one of first order, with SciPy's own density."""
    tails: Mapping[str, Callable[..., Any]] = {}
    """"cdf", of which only the derivative by the shape parameters counts (instead of it, that
    derivative itself can be given by the parameter's name); "logcdf" and "logsf", where SciPy has
    more than the logarithms of cdf and sf"""
    low: Any = -INF
    """the lower end of the support: a number, or a function of the shape parameters"""
    high: Any = INF
    constants: Collection[str] = ()
    """shape parameters by which nothing has a derivative"""


_REMEDIES = {
    "rvs": "random numbers are drawn, not computed; apply ppf to uniform numbers that you draw",
    "fit": "it searches for the parameters; minimize -np.sum of logpdf by them",
    "fit_loc_scale": "it estimates the parameters; minimize -np.sum of logpdf by them",
    "nnlf": "it takes the parameters as one array; write -np.sum of logpdf",
    "expect": "it integrates a function of yours; use integrate.quad on its product with pdf",
    "pdf": "its derivative has no formula; cdf and sf have one by their argument",
    "stats": "its moments have no formula here; take mean and var, which have one by loc and scale",
    "moment": "it has no formula here; integrate a power times pdf with integrate.quad",
}
_DENSITIES = {"pdf", "logpdf", "pmf", "logpmf"}
_TAILS = {"cdf", "sf", "logcdf", "logsf"}
_INVERSES = {"ppf", "isf"}
_MOMENTS: dict[str, Callable[..., Any]] = {
    "mean": lambda standard, loc, scale: loc + scale * standard,
    "std": lambda standard, loc, scale: scale * standard,
    "var": lambda standard, loc, scale: scale * scale * standard,
    "entropy": lambda standard, loc, scale: np.log(scale) + standard,
}


def _array(x: Any) -> Any:
    return x if type(x) is Tensor else np.asarray(x)


def _at(mask: Array, function: Callable[..., Any], *operands: Any) -> Any:
    """`function` of the elements in `mask` of operands that broadcast to it; 0 elsewhere."""
    if mask.all():
        return np.broadcast_to(function(*operands), mask.shape)
    chosen = [np.broadcast_to(x, mask.shape)[mask] for x in operands]
    count = int(np.count_nonzero(mask))
    found = np.broadcast_to(function(*chosen), (count,)) if count else np.zeros(0)
    places = np.full(mask.shape, count)
    places[mask] = np.arange(count)
    return np.concatenate([found, [0.0]])[places]


def _parts(text: Text, y: Any, *shapes: Any) -> Any:
    """What its density gives: (rest, *powers)."""
    found = text.density(y, *shapes)  # type: ignore[misc]
    return found if isinstance(found, tuple) else (found,)


def _log_density(text: Text, y: Any, *shapes: Any) -> Any:
    rest, *powers = _parts(text, y, *shapes)
    return sum([xlogy(power, base) for base, power in powers], rest)


def _density(text: Text, y: Any, *shapes: Any) -> Any:
    """The density, a product of powers where a base is 0, whose logarithm would be infinite."""
    rest, *powers = _parts(text, y, *shapes)
    is_zero = np.any([np.equal(value_of(base), 0) for base, _ in powers] or [False], axis=0)
    logarithm = sum([xlogy(p, np.where(is_zero, 1.0, base)) for base, p in powers], rest)
    if not np.any(is_zero):
        return np.exp(logarithm)
    product = np.exp(np.where(is_zero, rest, 0.0))
    for base, power in powers:
        product = product * np.power(np.where(is_zero, base, 1.0), power)
    return np.where(is_zero, product, np.exp(logarithm))


def _end(end: Any, shapes: Any) -> Any:
    """An end of the support in standard form."""
    return end(*shapes) if callable(end) else end


class Distribution:
    """What stands for one of SciPy's distributions, whose methods also take Tensors."""

    def __init__(self, real: Any, text: Text) -> None:
        self.__dict__.update(real=real, text=text, __doc__=real.__doc__)
        self.__dict__["shape_names"] = tuple(real.shapes.split(", ")) if real.shapes else ()
        self.__dict__["is_discrete"] = isinstance(real, scipy.stats.rv_discrete)
        self.__dict__.update(__module__=__package__, __name__=real.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Frozen:
        """The distribution with these parameters, Tensors among them."""
        return Frozen(self, args, kwargs)

    freeze = __call__

    def __getattr__(self, name: str) -> Any:
        if "real" not in self.__dict__:  # while it is made
            raise AttributeError(name)
        real = getattr(self.real, name)
        if name.startswith("_") or not isinstance(real, MethodType):
            return real
        method = method_of(real, f"{self.real.name}.{name}")
        row = self._row(name, method)
        if row is None:
            kind = "pdf" if name in _DENSITIES else name
            remedy = _REMEDIES.get(kind, "it has no derivative rule; use t.data for a constant")
            REFUSED[method] = remedy
        else:
            method.row = row
        return self.__dict__.setdefault(name, method)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.real, name, value)

    def __dir__(self) -> list[str]:
        return dir(self.real)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.real)

    def __eq__(self, other: object) -> bool:  # SciPy looks up its distributions in dicts
        return other is self or other is self.real

    def __hash__(self) -> int:
        return hash(self.real)

    def __reduce__(self) -> str:
        return str(self.real.name)

    # The rows of its methods

    def _row(self, name: str, method: Any) -> Row | None:
        """The row of the method of that name; None if there is none."""
        shapes, text = self.shape_names, self.text
        free = set(shapes) - set(text.constants)
        optional = {"loc": 0} if self.is_discrete else {"loc": 0, "scale": 1}
        if self.is_discrete and name in _INVERSES:
            return constant(method, "it jumps from one integer to the next")
        if name in _TAILS or name in (*_INVERSES, "median", "interval"):
            free &= {s for s in shapes if "cdf" in text.tails or s in text.tails}
        if name in _DENSITIES and text.density is None:
            return None
        if name in _DENSITIES or name in _TAILS:
            first: tuple[str, ...] = ("k",) if self.is_discrete else ("x",)
            definition: Any = functools.partial(self._value, name)
        elif name in _INVERSES:
            first, definition = ("q",), functools.partial(self._inverse, name)
        elif self.is_discrete:
            return None
        elif name in _MOMENTS:
            first, free, definition = (), set(), functools.partial(self._moment, name)
        elif name == "support":
            first, definition = (), self._of_support
        elif name == "median":
            first, definition = (), lambda *bound: self.ppf(0.5, *bound[:-1])
        elif name == "interval":
            first, definition = ("confidence",), self._interval
        else:
            return None
        if not self.is_discrete:
            free |= {*first, *optional}
        form = signature_of((*first, *shapes), optional)
        row = composed(method, form, lambda: None, free, own_value=True)
        row.definition, row.needs = definition, tuple(range(len(form.names) + 1))
        return row

    def _value(self, name: str, *bound: Any) -> Any:
        """The definition of the density's and the tails' methods."""
        x, shapes, loc, scale, ans = self._operands(bound)
        kind = name.removeprefix("log")
        values = [value_of(s) for s in shapes]
        y = value_of((x - loc) / scale)
        if self.is_discrete and kind in _TAILS:
            x = x + (np.floor(y) - y)
            y = np.floor(y)
        low, high = self._ends(values)
        is_end = ((y == low) | (y == high)) & (not self.is_discrete)
        is_steep = self._is_steep(name, y, values)
        is_inside = (y >= low) & (y <= high) & np.isfinite(y)
        if self.is_discrete:
            is_inside = is_inside & (y == np.floor(y))
        elif self.text.density is not None and not (kind == "pdf" and name != kind):
            # where the density is 0, so are the derivatives, but not those of a logarithm
            is_kept = is_end | (name != kind) & (ans != 0)
            is_inside = is_inside & (is_kept | (_density(self.text, y, *values) != 0))

        def standard(at_end: bool, steep: bool, x: Any, loc: Any, scale: Any, *shapes: Any) -> Any:
            y = (x - loc) / (value_of(scale) if steep else scale)
            if kind in _TAILS and name != kind and name in self.text.tails and not at_end:
                return self.text.tails[name](y, *shapes)
            if kind in _TAILS:
                tail = self._tails[kind](y, *shapes)
                return tail if name == kind else np.log(tail)
            if name != kind:
                return _log_density(self.text, y, *shapes) - np.log(scale)
            return _density(self.text, y, *shapes) / scale

        is_nan = np.isnan(ans)
        mask = np.broadcast_to(is_inside, ans.shape) | is_nan
        found: Any = 0.0
        for at_end in (False, True):
            for steep in (False, True):
                chosen = mask & (is_end == at_end) & (is_steep == steep)
                if chosen.any():
                    part = functools.partial(standard, at_end, steep)
                    found = found + _at(chosen, part, x, loc, scale, *shapes)
        return _with_nan(np.broadcast_to(found, ans.shape), is_nan)

    def _is_steep(self, name: str, y: Any, shapes: Any) -> Any:
        """Where y is 0 and the slope by y is infinite.

        It does not count in the derivative by the scale: there x = loc whatever the scale is.
        """
        if self.is_discrete or self.text.density is None or not np.any(y == 0):
            return np.zeros(np.shape(y), bool)
        operands = np.broadcast_arrays(y, *shapes)
        if name.removeprefix("log") in _TAILS:
            return (y == 0) & ~np.isfinite(_density(self.text, *operands))
        density = _density if name == "pdf" else _log_density
        return (y == 0) & ~np.isfinite(slope(functools.partial(density, self.text), 0, operands))

    def _ends(self, shapes: Any) -> list[Any]:
        """The ends of the support in standard form."""
        return [_end(end, shapes) for end in (self.text.low, self.text.high)]

    # The array functions in standard form that its rows are made of

    def _f(self, y: Any, *shapes: Any) -> Any:
        """f(y, θ); SciPy's own, which takes no Tensor, where there is no text."""
        if self.text.density is not None:
            return _density(self.text, y, *shapes)
        return self.pdf(y, *shapes)

    @functools.cached_property
    def _tails(self) -> dict[str, Any]:
        return {"cdf": self._tail("cdf", 1.0), "sf": self._tail("sf", -1.0)}

    def _tail(self, name: str, sign: float) -> Any:
        """F(y, θ), or 1 − F: by y its density, by θ the derivative of the text."""

        def by_y(*needed: Any) -> Any:
            return sign * self._f(*map(_array, needed[:-1]))

        def by_shape(position: int, *needed: Any) -> Any:
            return sign * self._by_shape(position, *map(_array, needed[:-1]))

        names = ("y", *self.shape_names)
        factors = {i: functools.partial(by_shape, i) for i in range(1, len(names))}
        return primitive(self._plain(name), names, {0: by_y, **factors})

    def _by_shape(self, position: int, y: Any, *shapes: Any) -> Any:
        """∂F/∂θ at y; on the ends of the support F is constant along them: it is −f·∂end/∂θ."""
        given = self.text.tails.get(self.shape_names[position - 1])
        values = [value_of(s) for s in shapes]
        shape = np.broadcast_shapes(y.shape, *[s.shape for s in values])

        def within(*operands: Any) -> Any:
            if given is not None:
                return given(*operands)
            return slope(self.text.tails["cdf"], position, operands)

        def at_end(end: Any, y: Any, *shapes: Any) -> Any:
            operands, by_end = (y, *shapes), 0.0
            if callable(end):
                by_end = slope(end, position - 1, shapes)
            result = -self._f(*operands) * by_end
            if self.text.density is None or not holds_tensor(operands):
                return result
            # what is 0 on the end has a slope: that of ∂F/∂θ inside, in what y moves away from it
            rate = value_of(slope(self._f, position, operands))
            if callable(end):
                rate = rate + value_of(slope(self._f, 0, operands) * by_end)
            away = y - _end(end, shapes)
            return result + (away - value_of(away)) * np.where(np.isfinite(rate), rate, 0.0)

        ends = [end for end in (self.text.low, self.text.high) if not self.is_discrete]
        masks = [np.broadcast_to(value_of(y) == _end(end, values), shape) for end in ends]
        found = _at(~np.any([np.zeros(shape, bool), *masks], axis=0), within, y, *shapes)
        for end, mask in zip(ends, masks, strict=True):
            if mask.any():
                found = found + _at(mask, functools.partial(at_end, end), y, *shapes)
        return found

    def _plain(self, name: str) -> Callable[..., Any]:
        method = getattr(self.real, name)

        def function(*args: Any) -> Any:
            return method(*args)

        function.__name__ = f"scipy.stats.{self.real.name}.{name}"
        return function

    def _inverse(self, name: str, *bound: Any) -> Any:
        q, shapes, loc, scale, ans = self._operands(bound)
        found = loc + scale * self._quantiles[name](q, *shapes)
        return _with_nan(np.broadcast_to(found, ans.shape), np.isnan(ans))

    @functools.cached_property
    def _quantiles(self) -> dict[str, Any]:
        return {name: self._quantile(name) for name in _INVERSES}

    def _quantile(self, name: str) -> Any:
        """Q(q, θ) as an array function, whose derivative is written in its own result."""
        sign = 1.0 if name == "ppf" else -1.0

        def by_q(*needed: Any) -> Any:
            _, *shapes, y = map(_array, needed)
            low, high = self._ends([value_of(s) for s in shapes])
            at = value_of(y)
            return sign / _at(~((at < low) | (at > high) | np.isinf(at)), self._f, y, *shapes)

        def by_shape(position: int, *needed: Any) -> Any:
            _, *shapes, y = map(_array, needed)
            low, high = self._ends([value_of(s) for s in shapes])
            at = value_of(y)
            with np.errstate(all="ignore"):
                f = self._f(np.clip(at, low, high), *[value_of(s) for s in shapes])
            # Where the density on an end is neither 0 nor infinite, Q is smooth up to there.
            is_rough = ~(np.isfinite(f) & (f != 0) & np.isfinite(at))
            is_low, is_high = (at <= low) & is_rough, (at >= high) & is_rough

            def within(y: Any, *shapes: Any) -> Any:
                change, f = self._by_shape(position, y, *shapes), self._f(y, *shapes)
                # a median that stays at 0, also where the density there is 0
                at_zero = np.equal(value_of(y), 0) & np.equal(value_of(f), 0)
                stays = at_zero & np.equal(value_of(change), 0)
                return -change / np.where(stays, 1.0, f)

            def along(end: Any, *shapes: Any) -> Any:
                return slope(end, position - 1, shapes)

            found = _at(~(is_low | is_high), within, y, *shapes)
            for end, mask in ((self.text.low, is_low), (self.text.high, is_high)):
                if callable(end) and mask.any():
                    mask = mask & np.isfinite(value_of(y))
                    found = found + _at(mask, functools.partial(along, end), *shapes)
            return found

        names = ("q", *self.shape_names)
        by_shapes = {i: functools.partial(by_shape, i) for i in range(1, len(names))}
        return primitive(self._plain(name), names, {0: by_q, **by_shapes})

    def _operands(self, bound: Any) -> tuple[Any, Any, Any, Any, Array]:
        """What a definition is given, as floating arrays: (x, shapes, loc, scale, ans)."""
        ans = np.asarray(bound[-1])
        operands = [_array(x) for x in bound[:-1]]
        for x in operands:
            if x.dtype.kind == "c":
                raise TypeError(f"scipy.stats.{self.real.name}: takes real numbers; take np.real")
        x, *rest = [cast(x, ans.dtype) for x in operands]
        count = len(self.shape_names)
        return x, rest[:count], rest[count], 1.0 if self.is_discrete else rest[-1], ans

    def _moment(self, name: str, *bound: Any) -> Any:
        *shapes, loc, scale, _ = bound
        return _MOMENTS[name](getattr(self.real, name)(*shapes), loc, scale)

    def _of_support(self, *bound: Any) -> Any:
        *shapes, loc, scale, ans = map(_array, bound)
        found = []
        for end, a in zip((self.text.low, self.text.high), ans, strict=True):
            standard = _end(end, shapes) if np.all(np.isfinite(a)) else value_of((a - loc) / scale)
            x = np.broadcast_to(loc + scale * standard, np.shape(a))
            found.append(_with_nan(x, np.isnan(a)))
        return found

    def _interval(self, confidence: Any, *bound: Any) -> Any:
        return [self.ppf(q, *bound[:-1]) for q in ((1 - confidence) / 2, (1 + confidence) / 2)]


def _with_nan(result: Any, is_nan: Array) -> Any:
    """`result`, of which the derivative is nan where the value is."""
    return result * np.where(is_nan, np.nan, 1.0) if is_nan.any() else result


class Frozen(HoldsTensors):
    """A distribution with its parameters, as `stats.norm(mu, sigma)` gives it.

    Its methods are those of the distribution at these parameters; SciPy's own if all is plain.
    """

    def __init__(self, dist: Distribution, args: tuple[Any, ...], kwds: dict[str, Any]) -> None:
        is_plain = not (holds_tensor(args) or holds_tensor(kwds))
        real = dist.real(*args, **kwds) if is_plain else None
        self.__dict__.update(dist=dist, args=args, kwds=kwds, real=real, holds_tensors=not is_plain)
        names = (*dist.shape_names, "loc", "scale")
        if len(args) > len(names):
            raise TypeError(
                f"scipy.stats.{dist.real.name}: takes {names}, not {len(args)} parameters"
            )
        parameters = dict(zip(names, args, strict=False))
        twice = sorted(set(parameters) & set(kwds))
        if twice:
            raise TypeError(f"scipy.stats.{dist.real.name}: {twice[0]!r} was given twice")
        self.__dict__["_parameters"] = parameters | kwds

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_parameters" not in self.__dict__:
            raise AttributeError(name)
        real = getattr(self.dist if self.real is None else self.real, name)
        if self.real is None and (name.startswith("_") or not callable(real)):
            raise TypeError(
                f"scipy.stats.{self.dist.real.name}(…).{name}: would lose the gradient by the "
                "distribution's parameters; use its methods pdf, cdf, ppf, support, …"
            )
        if not isinstance(real, MethodType) and self.real is not None:
            return real

        def method(*args: Any, **kwargs: Any) -> Any:
            if self.real is not None and not (holds_tensor(args) or holds_tensor(kwargs)):
                return real(*args, **kwargs)
            return getattr(self.dist, name)(*args, **kwargs, **self._parameters)

        return functools.wraps(real)(method)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.real, name, value)  # its random_state

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return Frozen if self.real is None else type(self.real)

    def __reduce__(self) -> Any:
        return Frozen, (self.dist, self.args, self.kwds)


def own(texts: Mapping[str, Text]) -> dict[str, Distribution]:
    """What stands for SciPy's distributions of these names, as far as this SciPy has them."""
    reals = {name: getattr(scipy.stats, name, None) for name in texts}
    return {
        f"stats.{name}": Distribution(real, texts[name])
        for name, real in reals.items()
        if real is not None
    }

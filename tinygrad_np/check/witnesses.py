"""Independent witnesses of a row's rules: what else can be known about the same derivative.

`witnesses` tries a row at a sample and gives a `Finding` for each witness:

- *value*: the recorded call gives exactly what the function gives on arrays; a composed one of
  complex numbers up to the rounding of a product.
- *definition*: of a composed row whose value is the function's own, that the definition has the
  same value, up to roundings.
- *complex step*: the jvp against f(x + ih v) / ih, for rows declared analytic.
- *differences*: elsewhere, the jvp against central differences (exact for linear and bilinear
  rows) or five-point differences.
- *transpose*: ⟨u, J v⟩ = ⟨Jᵀu, v⟩, forward against reverse mode; and each sweep, recorded and
  differentiated by what it carries, gives the other one.
- *second order*: the derivative of the vjp, by a recorded sweep, against differences of the vjp.
- *float32*: dtypes are kept, and the gradient is that of float64 to 1e-4.
- *layout*: strided, reversed and read-only operands give the same; nothing is written into.

`edge` holds a row against the gradient that is written down for a kink.

Directions and cotangents are random; for complex numbers the derivative is that along real steps
in complex directions, paired with the gradient ∂/∂x − i ∂/∂y of a real function. An error is
relative to the sum of the magnitudes that go into the number compared, so that cancellation neither
fails a right rule nor passes a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..graph import between, forward, leaf, reverse
from ..rules.calls import bind
from ..rules.table import Row
from ..tensor import Tensor, apply, rebuilt, source_of, value_of
from .samples import Edge, Sample

TOLERANCE = 1e-9
"""Relative, in float64. Five-point differences are good to 1e-11, complex step to 1e-15."""

NOISE = 1e-11
"""What differences add to it, relative to the values that are subtracted, over the reach: 50 times
their rounding error, which is the unit roundoff over the step of 1e-3 of the reach."""

EXACT = 1e-12
"""Where both numbers come from the same sums in another order."""

ROUNDED = 1e-14
"""For values of composed rows that are complex: NumPy rounds a product of two complex numbers
otherwise than the same product inside arrays, and z**2 otherwise than np.power(z, 2), so that text
on Tensors may differ in the last place from the same text on numbers."""

FLOAT32 = 1e-4
"""Relative to the largest component: some 1,000 roundings of float32."""

LIMITS = {
    "value": 0.0,
    "definition": EXACT,
    "complex step": TOLERANCE,
    "differences": TOLERANCE,
    "transpose": EXACT,
    "second order": TOLERANCE,
    "float32": FLOAT32,
    "layout": EXACT,
    "edge": 0.0,
}
"""What each witness allows, relative to the size of what it compares."""


class Finding(NamedTuple):
    """What one witness says: the error found, the error allowed, and where."""

    witness: str
    error: float
    allowed: float
    where: str
    fault: str = ""
    """the exception, if there was one"""
    is_unsteady: bool = False
    """whether `allowed` is what roundings make of it"""

    @property
    def is_right(self) -> bool:
        """Whether the error is within what is allowed; False for nan."""
        return self.error <= self.allowed

    @property
    def relative(self) -> float:
        """The error on the scale of the witness' entry in `LIMITS`."""
        if not self.allowed:
            return self.error
        return self.error / self.allowed * LIMITS[self.witness]


Witness = Callable[["Trial", float, np.random.Generator], tuple[float, float]]


class Trial:
    """A call of a row with some of its floating operands as variables.

    `places` says which: (position or keyword of the argument, the indices that lead to it inside
    nested lists).
    """

    def __init__(
        self,
        row: Row,
        args: Any,
        kwargs: Any,
        places: list[tuple[Any, Any]],
        through: Any = None,
    ) -> None:
        self.row = row
        self.through = through
        self.args = args
        self.kwargs = kwargs
        self.places = places
        self.values = [_read(args, kwargs, place) for place in places]

    def call(self, values: list[Any], function: Any) -> list[Any]:
        """``function(args, kwargs)`` with other values of the variables: what has a derivative."""
        args, kwargs = list(self.args), dict(self.kwargs)
        for (key, path), value in zip(self.places, values, strict=True):
            target: Any = args if isinstance(key, int) else kwargs
            target[key] = _replaced(target[key], path, value)
        if self.through is None:
            results = function(*args, **kwargs)
        else:
            results = self.through(function, *args, **kwargs)
        if not isinstance(results, (list, tuple)):
            return [results]
        constant = self.row.constant_outputs or ()
        differentiable = [result for i, result in enumerate(results) if i not in constant]
        return [part for result in differentiable for part in _parts(result)]

    def plain(self, values: list[Any]) -> list[Any]:
        """The results as the function itself gives them."""
        return self.call(values, self.row.function)

    def defined(self, values: list[Any]) -> list[Any]:
        """The results of a composed row's definition."""
        row: Any = self.row

        def definition(*args: Any, **kwargs: Any) -> Any:
            bound = [*bind(row, args, kwargs), row.function(*args, **kwargs)]
            return row.definition(*[bound[position] for position in row.needs])

        return self.call(values, definition)

    def recorded(self, values: list[Any]) -> list[Any]:
        """The results of the recorded call."""
        return self.call(values, lambda *args, **kwargs: apply(self.row, args, kwargs))


def trials(row: Row, sample: Sample | Edge) -> Iterator[Trial]:
    """The sample with all its floating operands as variables, and with each of them alone."""
    places: list[tuple[Any, Any]] = []
    named = {row.aliases.get(name, name): name for name in sample.kwargs}
    for position, name in enumerate(row.names):
        if position not in row.operands:
            continue
        if position == row.rest:
            keys: list[Any] = list(range(position, len(sample.args)))
        elif position < len(sample.args):
            keys = [position]
        else:
            keys = [named[name]] if name in named else []
        for key in keys:
            value = sample.args[key] if isinstance(key, int) else sample.kwargs[key]
            places += [(key, path) for path in _paths(value)]
    through = getattr(sample, "through", None)
    yield Trial(row, sample.args, sample.kwargs, places, through)
    if len(places) > 1:
        for place in places:
            yield Trial(row, sample.args, sample.kwargs, [place], through)


def _parts(result: Any) -> list[Any]:
    """The arrays in a result, which may be a list of some."""
    return list(result) if isinstance(result, (list, tuple)) else [result]


def _paths(value: Any) -> Iterator[tuple[int, ...]]:
    """The indices that lead to each floating array inside nested lists."""
    if isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from ((i, *path) for path in _paths(item))
    elif isinstance(value, np.ndarray) and value.dtype.kind in "fc":
        yield ()


def _read(args: Any, kwargs: Any, place: tuple[Any, Any]) -> Any:
    key, path = place
    value = args[key] if isinstance(key, int) else kwargs[key]
    for index in path:
        value = value[index]
    return value


def _replaced(whole: Any, path: tuple[int, ...], value: Any) -> Any:
    """Nested lists with another `value` where the indices `path` lead to."""
    if not path:
        return value
    parts = list(whole)
    parts[path[0]] = _replaced(parts[path[0]], path[1:], value)
    return parts


class Linearised:
    """A trial's derivative at a point, in both modes."""

    def __init__(self, trial: Trial, values: list[Any]) -> None:
        # Not Tensor(value), whose copy would undo the layout that is to be tried.
        arrays = [np.asarray(value) for value in values]
        self.tensors = [rebuilt(value, leaf(value.shape, value.dtype)) for value in arrays]
        self.results = trial.recorded(self.tensors)
        self.inputs: list[Any] = [source_of(tensor) for tensor in self.tensors]
        # Of several results some may be constant here, which are plain arrays and have no source.
        self.outputs: list[Any] = [
            source_of(x) if isinstance(x, Tensor) else None for x in self.results
        ]

    def vjp(self, us: list[Any], recorded: bool = False) -> list[Any]:
        """The operands' cotangents; as Tensors, to be differentiated again, if `recorded`."""
        pairs = zip(self.outputs, us, strict=True)
        seeds = [(source, u) for source, u in pairs if source is not None]
        found: Any = reverse(seeds, self.inputs, rebuilt if recorded else None)
        return [
            np.zeros_like(value_of(x)) if found[node] is None else found[node]
            for x, node in zip(self.tensors, self.inputs, strict=True)
        ]

    def jvp(self, vs: list[Any], recorded: bool = False) -> list[Any]:
        """The results' tangents; as Tensors, to be differentiated again, if `recorded`."""
        order, _ = between([x for x in self.outputs if x is not None], self.inputs)
        tangents = dict(zip(self.inputs, vs, strict=True))
        found = forward(order, tangents, self.outputs, rebuilt if recorded else None)
        return [
            np.zeros(x.shape, x.dtype) if t is None else t
            for x, t in zip(self.results, found, strict=True)
        ]

    def second(self, us: list[Any], vs: list[Any]) -> list[Any]:
        """The gradient of ⟨Jᵀu, v⟩ by the operands."""
        return self._gradient(self.vjp(us, recorded=True), vs, [])

    def transposed_vjp(self, us: list[Any], vs: list[Any]) -> list[Any]:
        """The gradient of ⟨Jᵀu, v⟩ by u, which is J v."""
        variables = [Tensor(u) for u in us]
        return self._gradient(self.vjp(variables, recorded=True), vs, variables)

    def transposed_jvp(self, us: list[Any], vs: list[Any]) -> list[Any]:
        """The gradient of ⟨u, J v⟩ by v, which is Jᵀu."""
        variables = [Tensor(v) for v in vs]
        return self._gradient(self.jvp(variables, recorded=True), us, variables)

    def _gradient(self, parts: list[Any], weights: list[Any], variables: list[Any]) -> list[Any]:
        """The gradient of ⟨parts, weights⟩ by `variables`, or else by the operands."""
        total: Any = 0.0
        for part, weight in zip(parts, weights, strict=True):
            total = total + np.real(np.sum(part * weight))
        by = variables or self.tensors
        if not isinstance(total, Tensor):
            return [np.zeros(x.shape, x.dtype) for x in by]
        arguments: list[Any] = [*self.inputs, *[source_of(x) for x in variables]]
        found: Any = reverse([(source_of(total), np.ones(()))], arguments)
        gradients = [found[node] for node in arguments[-len(by) :]]
        return [
            np.zeros(x.shape, x.dtype) if g is None else g
            for x, g in zip(by, gradients, strict=True)
        ]


def witnesses(row: Row, sample: Sample, seed: int = 0) -> Iterator[Finding]:
    """The findings of all witnesses of `row` at `sample`.

    A rule that raises is a finding, too, with an infinite error.
    """
    for number, trial in enumerate(trials(row, sample)):
        by = _complex_step if _takes_complex_step(trial) else _differences
        chosen: tuple[Witness, ...] = (_value, by, _transpose, _second_order, _float32, _layout)
        if row.own_value:
            chosen = (_definition, *chosen)
        yield from _findings(trial, chosen, sample.reach, [seed, number])


def exact_witnesses(row: Row, args: tuple[Any, ...], seed: int = 0) -> Iterator[Finding]:
    """The findings of those that ask for no differences, so that any point will do.

    They are *value*, *float32* and *layout*. Where the latter two see more than they allow, but no
    more than roundings make of this derivative, which is ill-conditioned then, that is allowed, and
    `unsteady`.
    """
    chosen = (_definition, _value) if row.own_value else (_value,)
    for number, trial in enumerate(trials(row, Sample(args, {}, 1.0))):
        for found in _findings(trial, (*chosen, _float32, _layout), 1.0, [seed, number]):
            if (
                found.is_right
                or found.witness in ("value", "definition")
                or not np.isfinite(found.error)
            ):
                yield found
            else:
                is_single = found.witness == "float32"
                moved = _moved(trial, np.finfo(np.float32 if is_single else float).eps, seed)
                moved = max(moved, 16 * _own_error(trial, _single if is_single else _fortran))
                if found.error <= moved:
                    found = found._replace(allowed=moved, is_unsteady=True)
                yield found


def _own_error(trial: Trial, converted: Callable[[Any], Any]) -> float:
    """How far the function itself is off with operands that are `converted`."""
    error = 0.0
    with np.errstate(all="ignore"):
        found = trial.plain([converted(x) for x in trial.values])
        for a, b in zip(found, trial.plain(trial.values), strict=True):
            largest = np.max(np.abs(b), initial=1e-300)
            error = max(error, float(np.max(np.abs(a - b), initial=0.0) / largest))
    return error


def _moved(trial: Trial, epsilon: Any, seed: int) -> float:
    """How far some roundings of operands and cotangents may move what the vjp makes of them."""
    rng = np.random.default_rng(seed)
    derivative = Linearised(trial, trial.values)
    us = _directions(derivative, rng)[0]
    moved = 0.0
    with np.errstate(all="ignore"):
        for _ in range(4):
            values, seeds = [
                [x * (1 + 4 * epsilon * _direction(x, rng)) for x in xs]
                for xs in (trial.values, us)
            ]
            pairs = zip(Linearised(trial, values).vjp(seeds), derivative.vjp(us), strict=True)
            for g, still in pairs:
                largest = np.max(np.abs(still), initial=1e-300)
                moved = max(moved, float(np.max(np.abs(g - still), initial=0.0) / largest))
    return 16 * moved


def _findings(
    trial: Trial, chosen: tuple[Witness, ...], reach: float, seed: list[int]
) -> Iterator[Finding]:
    rng = np.random.default_rng(seed)
    for witness in chosen:
        name = witness.__name__.strip("_").replace("_", " ")
        where = f"{trial.row.name}{_described(trial)}, seed {seed}"
        try:
            with np.errstate(all="ignore"):
                error, allowed = witness(trial, reach, rng)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error_:
            fault = f"{type(error_).__name__}: {error_}"
            yield Finding(name, np.inf, 0.0, f"{where}: {fault}", fault)
        else:
            yield Finding(name, error, allowed, where)


def edge(row: Row, at: Edge) -> Iterator[Finding]:
    """The gradient of the sum of the results at a kink, against the one that is written down."""
    trial = next(trials(row, at))
    derivative = Linearised(trial, trial.values)
    found = derivative.vjp([np.ones(x.shape) for x in derivative.results])
    for g, expected in zip(found, at.expected, strict=True):
        if expected is not None:
            is_same = np.array_equal(g, np.asarray(expected, float), equal_nan=True)
            where = f"{row.name}{_described(trial)}: {g} where {expected} is the policy"
            yield Finding("edge", 0.0 if is_same else np.inf, 0.0, where)


def _described(trial: Trial) -> str:
    shapes = ", ".join(
        f"{key}{''.join(f'[{index}]' for index in path)}: {value.shape}"
        for (key, path), value in zip(trial.places, trial.values, strict=True)
    )
    return f" by {{{shapes}}}"


def _value(trial: Trial, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    expected = trial.plain(trial.values)
    found = trial.recorded([Tensor(value) for value in trial.values])
    # A composed row may be constant in one of its operands: that is for the derivative to tell.
    if trial.row.kind != "composed" and not any(isinstance(a, Tensor) for a in found):
        return np.inf, 0.0
    error = allowed = 0.0
    for a, b in zip(found, expected, strict=True):
        a, b = value_of(a), np.asarray(b)
        if a.dtype != b.dtype or a.shape != b.shape:
            return np.inf, 0.0
        if np.array_equal(a, b):
            continue
        if trial.row.kind != "composed" or a.dtype.kind != "c":
            return np.inf, 0.0
        error = max(error, np.max(np.abs(a - b)))
        allowed = max(allowed, ROUNDED * np.max(np.abs(b)))
    return error, allowed


def _definition(trial: Trial, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    error = allowed = 0.0
    for a, b in zip(trial.defined(trial.values), trial.plain(trial.values), strict=True):
        a, b = np.asarray(a), np.asarray(b)
        if a.dtype != b.dtype or a.shape != b.shape:
            return np.inf, 0.0
        error = max(error, np.max(np.abs(a - b), initial=0.0, where=a != b))
        allowed = max(allowed, EXACT * np.max(np.abs(b), initial=0.0))
    return error, allowed


def _takes_complex_step(trial: Trial) -> bool:
    """Whether it is a real function of its variables, beside which there may be other operands."""
    return trial.row.analytic and all(
        np.isrealobj(x) for x in (*trial.values, *trial.plain(trial.values))
    )


def _complex_step(trial: Trial, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    us, vs, tangents = _tangents(trial, rng)
    expected = _along(trial, us, vs, 1e-100j).imag / 1e-100
    return abs(_pairing(us, tangents).real - expected), TOLERANCE * _magnitude(us, tangents)


def _differences(trial: Trial, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    us, vs, tangents = _tangents(trial, rng)
    noise = NOISE * _magnitude(us, trial.plain(trial.values)) / reach
    if trial.row.kind in ("linear", "bilinear"):
        expected = (_along(trial, us, vs, 1.0) - _along(trial, us, vs, -1.0)).real / 2
    else:
        expected = _five_point(lambda t: _along(trial, us, vs, t).real, 1e-3 * reach)
    error = abs(_pairing(us, tangents).real - expected)
    return error, TOLERANCE * _magnitude(us, tangents) + noise


def _tangents(trial: Trial, rng: np.random.Generator) -> tuple[list[Any], list[Any], list[Any]]:
    """Random cotangents u and tangents v, and J v."""
    derivative = Linearised(trial, trial.values)
    us, vs = _directions(derivative, rng)
    return us, vs, derivative.jvp(vs)


def _along(trial: Trial, us: list[Any], vs: list[Any], t: complex) -> Any:
    """⟨u, f(x + t v)⟩"""
    return _pairing(us, trial.plain([x + t * v for x, v in zip(trial.values, vs, strict=True)]))


def _transpose(trial: Trial, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    derivative = Linearised(trial, trial.values)
    us, vs = _directions(derivative, rng)
    forwards, backwards = derivative.jvp(vs), derivative.vjp(us)
    scale = _magnitude(us, forwards) + _magnitude(backwards, vs)
    error = abs((_pairing(us, forwards) - _pairing(backwards, vs)).real)
    for found, expected in (
        (derivative.transposed_vjp(us, vs), forwards),
        (derivative.transposed_jvp(us, vs), backwards),
    ):
        for a, b in zip(found, expected, strict=True):
            error = max(error, np.max(np.abs(a - b), initial=0.0))
    return float(error), EXACT * scale


def _second_order(trial: Trial, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    x = trial.values
    derivative = Linearised(trial, x)
    us, vs = _directions(derivative, rng)
    ws = _directions(derivative, rng)[1]
    found = derivative.second(us, vs)

    def slope(t: float) -> Any:
        """⟨Jᵀ(x + t w) u, v⟩"""
        moved = Linearised(trial, [a + t * w for a, w in zip(x, ws, strict=True)])
        return _pairing(moved.vjp(us), vs).real

    expected = _five_point(slope, 1e-3 * reach)
    noise = NOISE * _magnitude(derivative.vjp(us), vs) / reach
    return abs(_pairing(found, ws).real - expected), TOLERANCE * _magnitude(found, ws) + noise


def _float32(trial: Trial, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    derivative = Linearised(trial, trial.values)
    us = _directions(derivative, rng)[0]
    args, kwargs = _single(trial.args), _single(trial.kwargs)
    single = Trial(trial.row, args, kwargs, trial.places, trial.through)
    recorded = Linearised(single, single.values)
    for a, b in zip(recorded.results, single.plain(single.values), strict=True):
        if a.dtype != np.asarray(b).dtype:
            return np.inf, 0.0
    cotangents = recorded.vjp(
        [u.astype(a.dtype) for u, a in zip(us, recorded.results, strict=True)]
    )
    error = 0.0
    for g, exact in zip(cotangents, derivative.vjp(us), strict=True):
        if g.dtype != _HALVED[exact.dtype.kind]:
            return np.inf, 0.0
        largest = np.max(np.abs(exact), initial=1e-300)
        error = max(error, float(np.max(np.abs(g - exact), initial=0.0) / largest))
    return error, FLOAT32


def _layout(trial: Trial, reach: float, rng: np.random.Generator) -> tuple[float, float]:
    derivative = Linearised(trial, trial.values)
    us = _directions(derivative, rng)[0]
    expected = derivative.vjp(us)
    error = 0.0
    for laid_out in (_fortran, _every_other, _backwards):
        values = [laid_out(value) for value in trial.values]
        seeds = [laid_out(u) for u in us]
        for array in (*values, *seeds):
            array.flags.writeable = False  # whoever writes raises
        for g, exact in zip(Linearised(trial, values).vjp(seeds), expected, strict=True):
            largest = np.max(np.abs(exact), initial=1e-300)
            error = max(error, float(np.max(np.abs(g - exact), initial=0.0) / largest))
    return error, EXACT


def _fortran(array: Any) -> Any:
    return np.array(array, order="F")


def _every_other(array: Any) -> Any:
    wide = np.full((*array.shape, 2), np.nan, array.dtype)
    wide[..., 0] = array
    return wide[..., 0]


def _backwards(array: Any) -> Any:
    if array.ndim == 0:
        return array.copy()
    flipped = array[::-1].copy()
    return flipped[::-1]


def _single(arguments: Any) -> Any:
    """The arguments with arrays of single precision in place of those of double."""
    if isinstance(arguments, dict):
        return {name: _single(value) for name, value in arguments.items()}
    if isinstance(arguments, (list, tuple)):
        return type(arguments)([_single(value) for value in arguments])
    if isinstance(arguments, np.ndarray) and arguments.dtype.kind in "fc":
        return arguments.astype(_HALVED[arguments.dtype.kind])
    return arguments


_HALVED = {"f": np.float32, "c": np.complex64}


def _directions(derivative: Linearised, rng: np.random.Generator) -> tuple[list[Any], list[Any]]:
    """Random cotangents for the results and random tangents for the operands."""
    us = [_direction(x, rng) for x in derivative.results]
    return us, [_direction(x, rng) for x in derivative.tensors]


def _direction(like: Any, rng: np.random.Generator) -> Any:
    direction = np.empty(like.shape, like.dtype)
    direction.real = rng.standard_normal(like.shape)
    if direction.dtype.kind == "c":
        direction.imag = rng.standard_normal(like.shape)
    return direction


def _pairing(a: list[Any], b: list[Any]) -> Any:
    """Σ a·b, without conjugates; its real part pairs a gradient ∂/∂x − i ∂/∂y with a direction."""
    return sum([np.sum(x * y) for x, y in zip(a, b, strict=True)], np.float64(0))


def _magnitude(a: list[Any], b: list[Any]) -> float:
    return float(sum(np.sum(np.abs(x * y)) for x, y in zip(a, b, strict=True)))


def _five_point(function: Any, h: float) -> Any:
    """The derivative at 0, with an error of h⁴: (f(−2h) − 8 f(−h) + 8 f(h) − f(2h)) / 12h."""
    near, far = function(h) - function(-h), function(2 * h) - function(-2 * h)
    return (8 * near - far) / (12 * h)

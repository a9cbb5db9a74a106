"""Arguments at which every row of the table is tried, and what is expected where it has a kink.

`samples_of` gives the samples of a function: ordinary points, at which differences are a valid
witness. `EDGES` has points at kinks, ties and the ends of a domain, with the gradient that the
written policy asks for there.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..kernels.elementwise import (
    bernoulli_loss,
    cast,
    logistic_loss,
    logistic_residual,
    mean_logistic_loss,
    quotient,
    relu,
    sigmoid,
)
from ..kernels.pooling import window_max, window_pick, window_place
from ..kernels.products import filter_product, product, window_product
from ..kernels.scatter import scatter_add
from ..kernels.shapes import expand, sum_to
from ..kernels.softmax import class_losses, class_residuals, log_softmax, logsumexp, softmax
from ..kernels.windows import pad, unwindows, windows
from ..rules.table import Row

Generator = np.random.Generator
Draw = Callable[..., Any]


class Sample(NamedTuple):
    """One call. `reach` is how far its operands are from the nearest kink or singularity."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    reach: float


class Edge(NamedTuple):
    """One call at a kink: the gradient of the sum of its results by each floating array in `args`.

    None stands for an operand whose gradient is not a matter of policy.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    expected: tuple[Any, ...]


def call(*args: Any, reach: float = 1.0, **kwargs: Any) -> Sample:
    """A sample of ``function(*args, **kwargs)``."""
    return Sample(args, kwargs, reach)


# Draws: each is a distribution of values at a known distance from where a function is not smooth.


class Domain(NamedTuple):
    """Values between `low` and `high`, both at least `reach` from the nearest singularity."""

    low: float
    high: float
    reach: float

    def draw(self, rng: Generator, *shape: int) -> Any:
        return rng.uniform(self.low, self.high, shape)


REAL = Domain(-2.0, 2.0, 1.0)
POSITIVE = Domain(0.4, 2.5, 0.4)
UNIT = Domain(-0.7, 0.7, 0.3)
PROBABILITY = Domain(0.2, 0.8, 0.2)
LARGER_THAN_ONE = Domain(1.4, 3.0, 0.4)


def apart(rng: Generator, *shape: int) -> Any:
    """Distinct numbers, at least 0.08 from one another and from zero: no ties, no kink at zero."""
    size = int(np.prod(shape))
    steps = np.arange(size) - size // 2 + 0.5
    return (rng.permutation(steps) * 0.2 + rng.uniform(-0.02, 0.02, size)).reshape(shape)


APART = 0.06


def unary(domain: Domain) -> Draw:
    """A matrix and a single number."""

    def samples(rng: Generator) -> list[Sample]:
        return [
            call(domain.draw(rng, 3, 3), reach=domain.reach),
            call(domain.draw(rng), reach=domain.reach),
        ]

    return samples


def binary(x: Domain, y: Domain) -> Draw:
    """Same shapes, broadcasting both ways, and a Python number on either side."""

    def samples(rng: Generator) -> list[Sample]:
        reach = min(x.reach, y.reach)
        return [
            call(x.draw(rng, 3, 3), y.draw(rng, 3, 3), reach=reach),
            call(x.draw(rng, 2, 1, 3), y.draw(rng, 4, 1), reach=reach),
            call(x.draw(rng), y.draw(rng, 2, 2), reach=reach),
            call(x.draw(rng, 3), float(y.draw(rng)), reach=reach),
            call(float(x.draw(rng)), y.draw(rng, 3), reach=reach),
        ]

    return samples


def kinked(rng: Generator) -> list[Sample]:
    """One operand with a kink at zero."""
    return [call(apart(rng, 3, 3), reach=APART), call(apart(rng), reach=APART)]


def kinked_pair(rng: Generator) -> list[Sample]:
    """Two operands with a kink where they are equal."""
    both = apart(rng, 2, 3, 3)
    wide = apart(rng, 15)
    return [
        call(both[0], both[1], reach=APART),
        call(wide[:3].reshape(3, 1), wide[3:7], reach=APART),
        call(apart(rng, 4), 0.05, reach=APART / 2),
        call(0.05, apart(rng, 4), reach=APART / 2),
    ]


def _remainders(rng: Generator) -> list[Sample]:
    # x/y lies between 0.3 and 0.7 above an integer, so neither operand comes near a jump
    y = rng.uniform(1.0, 2.0, (3, 3)) * rng.choice([-1, 1], (3, 3))
    x = (rng.integers(-3, 3, (3, 3)) + rng.uniform(0.3, 0.7, (3, 3))) * y
    return [call(x, y, reach=0.05), call(x, float(y[0, 0]), reach=0.0005)]


def _clips(rng: Generator) -> list[Sample]:
    x = apart(rng, 3, 3)
    low, high = np.full((3, 1), -0.4), np.array(0.4)
    return [
        call(x, low, high, reach=0.05),
        call(x, -0.4, None, reach=0.05),
        call(x, None, high, reach=0.05),
        call(x, a_max=0.4, a_min=low, reach=0.05),
        call(x, np.full((3, 3), -0.4), np.full((3, 3), 0.4), reach=0.05),
    ]


def _wheres(rng: Generator) -> list[Sample]:
    mask = rng.random((3, 3)) < 0.5
    x, y = REAL.draw(rng, 3, 3), REAL.draw(rng, 3, 3)
    return [call(mask, x, y), call(mask[0], x, 2.0), call(mask[:, :1], REAL.draw(rng), y)]


def _reductions(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 3, 2, 4)
    mask = rng.random((3, 2, 4)) < 0.7
    mask[..., 0] = True
    return [
        call(x),
        call(REAL.draw(rng, 3, 3)),
        call(x, axis=1),
        call(x, axis=(0, -1), keepdims=True),
        call(x, (0, 2)),
        call(x, axis=-1, where=mask),
        call(REAL.draw(rng)),
    ]


def _extrema(rng: Generator) -> list[Sample]:
    x = apart(rng, 3, 2, 4)
    mask = rng.random((3, 2, 4)) < 0.7
    mask[..., 0] = True
    return [
        call(x, reach=APART),
        call(x, axis=1, reach=APART),
        call(x, (0, -1), keepdims=True, reach=APART),
        call(x, axis=2, where=mask, initial=0.05, reach=APART / 2),
    ]


def _shaped(*calls: tuple[tuple[int, ...], tuple[Any, ...], dict[str, Any]]) -> Draw:
    """Samples of a function of one array: (its shape, the other arguments, the keywords)."""

    def samples(rng: Generator) -> list[Sample]:
        return [call(REAL.draw(rng, *shape), *rest, **kwargs) for shape, rest, kwargs in calls]

    return samples


def _joined(rng: Generator) -> list[Sample]:
    a, b, c = REAL.draw(rng, 2, 3), REAL.draw(rng, 2, 3), REAL.draw(rng, 2, 3)
    return [call([a, b, c]), call((a, b), axis=1), call([a, b, a], -1)]


def _concatenated(rng: Generator) -> list[Sample]:
    a, b = REAL.draw(rng, 2, 3), REAL.draw(rng, 4, 3)
    return [*_joined(rng), call([a, b]), call([a, b], axis=None)]


def _products(*shapes: tuple[tuple[int, ...], tuple[int, ...]], **kwargs: Any) -> Draw:
    def samples(rng: Generator) -> list[Sample]:
        return [call(REAL.draw(rng, *a), REAL.draw(rng, *b), **kwargs) for a, b in shapes]

    return samples


def _tensordots(rng: Generator) -> list[Sample]:
    a, b = REAL.draw(rng, 2, 3, 4), REAL.draw(rng, 4, 3, 5)
    return [
        call(a, b, ([1, 2], [1, 0])),
        call(a, b, ([-1], [0])),
        call(a, REAL.draw(rng, 3, 4, 2)),
        call(a, REAL.draw(rng, 2, 2), 0),
        call(REAL.draw(rng, 3, 3), REAL.draw(rng, 3, 3), axes=1),
        call(a, b, (1, 1)),
    ]


def _indexed(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 4, 3)
    keys: list[Any] = [
        1,
        (slice(None, None, -2), slice(1, None)),
        (Ellipsis, None, 0),
        [0, 2, 2, 0],
        (np.array([[0, -1], [1, 1]]), 1),
        (slice(None), [0, 0, 1]),
        x > 0,
        (2, 1),
        (),
        (np.array([1, 1]), slice(0, 2)),
    ]
    return [call(x, key) for key in keys]


def _scattered(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 4), [0, 2, 2, 0], (3,)),
        call(REAL.draw(rng, 2, 3), (slice(0, 2), [0, 0, 1]), (3, 2)),
        call(REAL.draw(rng, 3), slice(None, None, 2), (5,)),
    ]


def _labelled(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 3, 2), PROBABILITY.draw(rng, 3, 2)),
        call(REAL.draw(rng, 4, 1), (rng.random((4, 1)) < 0.5).astype(float)),
    ]


def _windowed(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 2, 5, 4, 1), (3, 2), 1),
        call(REAL.draw(rng, 1, 6, 5, 5), 2, (2, 3)),
        call(REAL.draw(rng, 2, 5, 2), 3, stride=2),
        call(REAL.draw(rng, 2, 7, 6, 1), (3, 2), (1, 2), (2, 3)),
        call(REAL.draw(rng, 1, 8, 5), 3, dilation=2),
    ]


def _unwindowed(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 2, 3, 3, 3, 2, 1), (2, 5, 4, 1), 1),
        call(REAL.draw(rng, 1, 3, 2, 2, 2, 5), (1, 6, 5, 5), (2, 3)),
        call(REAL.draw(rng, 2, 2, 3, 2), (2, 6, 2), stride=2),
        call(REAL.draw(rng, 2, 3, 2, 3, 2, 1), (2, 7, 6, 1), (1, 2), (2, 3)),
        call(REAL.draw(rng, 1, 4, 3, 5), (1, 8, 5), dilation=2),
    ]


def _grouped(rng: Generator, *shapes: tuple[int, ...]) -> list[Sample]:
    """Two products in two groups, each given by the shapes of its operands."""
    pairs = zip(shapes[::2], shapes[1::2], strict=True)
    return [call(REAL.draw(rng, *a), REAL.draw(rng, *b), groups=2) for a, b in pairs]


def _class_samples(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 4, 3), rng.integers(0, 3, 4)),
        call(REAL.draw(rng, 2, 3, 3), rng.integers(0, 3, (2, 3))),
    ]


def _indexed_windows(rng: Generator) -> tuple[Any, Any]:
    """Windows (2, 3, 2, 2, 2, 3), and the number of an element of each."""
    return REAL.draw(rng, 2, 3, 2, 2, 2, 3), rng.integers(0, 4, (2, 3, 2, 3))


_WINDOWS, _FILTERS, _RESULT = (2, 3, 3, 3, 2, 1), (3, 2, 1, 4), (2, 3, 3, 4)
_WINDOWS_DEEP, _FILTERS_DEEP, _RESULT_DEEP = (1, 2, 2, 5), (2, 5, 3), (1, 2, 3)
_SQUARE = ((2, 3, 2, 2), (2, 2, 2), (2, 3, 2))

_MATMULS = (
    ((3, 3), (3, 3)),
    ((2, 3), (3, 4)),
    ((3,), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((4, 2, 3), (3, 2)),
    ((2, 1, 2, 3), (5, 3, 2)),
    ((3,), (2, 3, 2)),
    ((2, 2, 3), (3,)),
)

_SAMPLES: dict[Callable[..., Any], Draw] = {
    np.add: binary(REAL, REAL),
    np.subtract: binary(REAL, REAL),
    np.multiply: binary(REAL, REAL),
    np.divide: binary(REAL, POSITIVE),
    np.negative: unary(REAL),
    np.positive: unary(REAL),
    np.reciprocal: unary(POSITIVE),
    np.remainder: _remainders,
    np.fmod: _remainders,
    np.divmod: _remainders,
    np.modf: unary(Domain(1.3, 1.7, 0.3)),
    np.frexp: unary(Domain(1.1, 1.9, 0.1)),
    np.square: unary(REAL),
    np.sqrt: unary(POSITIVE),
    np.cbrt: unary(POSITIVE),
    np.power: binary(POSITIVE, REAL),
    np.float_power: binary(POSITIVE, REAL),
    np.hypot: binary(POSITIVE, POSITIVE),
    np.absolute: kinked,
    np.conjugate: unary(REAL),
    np.real: unary(REAL),
    np.imag: unary(REAL),
    np.maximum: kinked_pair,
    np.minimum: kinked_pair,
    np.clip: _clips,
    np.where: _wheres,
    np.exp: unary(REAL),
    np.exp2: unary(REAL),
    np.expm1: unary(REAL),
    np.log: unary(POSITIVE),
    np.log2: unary(POSITIVE),
    np.log10: unary(POSITIVE),
    np.log1p: unary(Domain(-0.6, 2.0, 0.4)),
    np.logaddexp: binary(REAL, REAL),
    np.logaddexp2: binary(REAL, REAL),
    np.sin: unary(REAL),
    np.cos: unary(REAL),
    np.tan: unary(Domain(-1.1, 1.1, 0.4)),
    np.arcsin: unary(UNIT),
    np.arccos: unary(UNIT),
    np.arctan: unary(REAL),
    np.arctan2: binary(POSITIVE, REAL),
    np.sinh: unary(REAL),
    np.cosh: unary(REAL),
    np.tanh: unary(REAL),
    np.arcsinh: unary(REAL),
    np.arccosh: unary(LARGER_THAN_ONE),
    np.arctanh: unary(UNIT),
    np.deg2rad: unary(REAL),
    np.radians: unary(REAL),
    np.rad2deg: unary(REAL),
    np.degrees: unary(REAL),
    np.sum: _reductions,
    np.mean: _reductions,
    np.max: _extrema,
    np.amax: _extrema,
    np.min: _extrema,
    np.amin: _extrema,
    np.reshape: _shaped(
        ((2, 6), ((3, 4),), {}), ((3, 3), ((3, 3),), {"order": "F"}), ((2, 3), (-1,), {})
    ),
    np.ravel: _shaped(((3, 3), (), {}), ((3, 3), ("F",), {})),
    np.expand_dims: _shaped(((2, 3), (1,), {}), ((2, 3), ((0, -1),), {})),
    np.squeeze: _shaped(((1, 2, 1), (), {}), ((1, 2, 1), (), {"axis": 0})),
    np.transpose: _shaped(((3, 3), (), {}), ((2, 3, 4), ((1, -1, 0),), {})),
    np.swapaxes: _shaped(((2, 3, 2), (0, 2), {})),
    np.moveaxis: _shaped(((2, 3, 4), (0, -1), {}), ((2, 3, 4), ([0, 1], [2, 0]), {})),
    np.flip: _shaped(((3, 3), (), {}), ((2, 3), (), {"axis": -1})),
    np.broadcast_to: _shaped(((3, 1), ((2, 3, 4),), {}), ((), ((2,),), {})),
    expand: _shaped(((1, 1), ((2, 3),), {}), ((3, 1), ((2, 3, 4),), {})),
    sum_to: _shaped(((2, 3, 4), ((3, 1),), {}), ((3, 3), ((3,),), {})),
    cast: _shaped(((3, 3), (np.dtype(np.float64),), {})),
    np.concatenate: _concatenated,
    np.stack: _joined,
    np.split: _shaped(
        ((6, 3), (3,), {}),
        ((3, 5), ([1, 3],), {"axis": 1}),
        ((6,), ([4, 2],), {}),
        ((6,), ([],), {}),
    ),
    np.array_split: _shaped(((5, 3), (3,), {}), ((3, 5), ([1, 3], -1), {})),
    operator.getitem: _indexed,
    scatter_add: _scattered,
    np.take: _shaped(
        ((4, 3), ([0, 2, 2],), {}),
        ((4, 3), (np.array([[0, -1], [1, 1]]), 1), {}),
        ((4, 3), ([5, -7, 0],), {"axis": 0, "mode": "wrap"}),
        ((4, 3), ([5, -7, 0],), {"axis": -2, "mode": "clip"}),
        ((4,), (2,), {}),
    ),
    np.matmul: _products(*_MATMULS),
    np.dot: _products(
        *_MATMULS[:5],
        ((), (2, 3)),
        ((2, 3), ()),
        ((), ()),
        ((4, 2, 3), (3,)),
        ((4, 2, 3), (3, 2)),
        ((3,), (4, 3, 2)),
        ((2, 3), (4, 3, 2)),
    ),
    np.tensordot: _tensordots,
    np.pad: _shaped(
        ((2, 3), (((1, 0), (2, 1)),), {}),
        ((3, 3), (1,), {"constant_values": 7.0}),
        ((3,), ((1, 2),), {"mode": "constant"}),
    ),
    pad: _shaped(((2, 3), (((1, 0), (2, 1)),), {}), ((3, 3), (((1, 1), (0, 2)), 7.0), {})),
    windows: _windowed,
    unwindows: _unwindowed,
    product: lambda rng: [
        *_products((_WINDOWS, _FILTERS), (_WINDOWS_DEEP, _FILTERS_DEEP), _SQUARE[:2])(rng),
        *_grouped(rng, (1, 2, 2, 4), (2, 2, 6), (2, 2, 2, 3, 2, 2), (3, 2, 1, 2)),
    ],
    window_product: lambda rng: [
        *_products((_RESULT, _FILTERS), (_RESULT_DEEP, _FILTERS_DEEP), _SQUARE[2:0:-1])(rng),
        *_grouped(rng, (1, 2, 6), (2, 2, 6), (2, 2, 2, 2), (3, 2, 1, 2)),
    ],
    filter_product: lambda rng: [
        *_products((_WINDOWS, _RESULT), (_WINDOWS_DEEP, _RESULT_DEEP), _SQUARE[::2])(rng),
        *_grouped(rng, (1, 2, 2, 4), (1, 2, 6), (2, 2, 2, 3, 2, 2), (2, 2, 2, 2)),
    ],
    window_max: lambda rng: [call(apart(rng, 2, 2, 2, 2, 2, 2), reach=APART)],
    window_pick: lambda rng: [call(*_indexed_windows(rng))],
    window_place: lambda rng: [
        call(_indexed_windows(rng)[0][:, :, :, 0, 0], _indexed_windows(rng)[1], (2, 2))
    ],
    logsumexp: _shaped(
        ((3, 3), (), {}),
        ((3, 2, 4), (1,), {}),
        ((3, 2, 4), (), {"axis": (0, -1), "keepdims": True}),
    ),
    softmax: _shaped(((3, 3), (), {}), ((3, 2, 4), (1,), {})),
    log_softmax: _shaped(((3, 3), (), {}), ((3, 2, 4), (), {"axis": 0})),
    class_losses: _class_samples,
    class_residuals: _class_samples,
    relu: kinked,
    sigmoid: unary(REAL),
    logistic_loss: _labelled,
    mean_logistic_loss: _labelled,
    logistic_residual: _labelled,
    bernoulli_loss: lambda rng: [
        call(PROBABILITY.draw(rng, 3, 2), PROBABILITY.draw(rng, 3, 2), reach=PROBABILITY.reach)
    ],
    quotient: lambda rng: [
        call(apart(rng, 3, 3), POSITIVE.draw(rng, 3, 3), reach=APART),
    ],
}


# Functions of complex numbers, too, beside all that are linear, bilinear or declared analytic, and
# those of the latter that are not.
_COMPLEX = {np.absolute}
_REAL_ONLY = {np.deg2rad, np.rad2deg, np.degrees, np.radians, cast}


def samples_of(row: Row, seed: int = 0) -> list[Sample]:
    """The samples of a row, real and, where the function takes them, complex.

    The same ones for the same seed.

    >>> from tinygrad_np.rules import TABLE
    >>> [sample.args[0].shape for sample in samples_of(TABLE[np.exp])]
    [(3, 3), (), (3, 3), ()]
    """
    if row.function not in _SAMPLES:
        return []
    rng = np.random.default_rng(seed)
    samples = _SAMPLES[row.function](rng)
    is_complex = row.analytic or row.kind in ("linear", "bilinear") or row.function in _COMPLEX
    if is_complex and row.function not in _REAL_ONLY:
        samples += [_complex(sample, rng) for sample in samples]
    return samples


def _complex(sample: Sample, rng: Generator) -> Sample:
    """The sample with imaginary parts added to its floating arrays, half as large as the reach."""

    def lifted(x: Any) -> Any:
        if isinstance(x, (list, tuple)):
            return type(x)([lifted(item) for item in x])
        if isinstance(x, np.ndarray) and x.dtype.kind == "f":
            return np.asarray(x + 0.5j * sample.reach * rng.uniform(-1, 1, x.shape))
        return x

    return sample._replace(args=lifted(sample.args), reach=sample.reach / 2)


_INF = np.inf
_A = functools.partial(np.array, dtype=float)

EDGES: dict[Callable[..., Any], list[Edge]] = {
    np.absolute: [Edge((_A([0.0, -0.0]),), {}, ([0, 0],))],
    np.maximum: [
        Edge((_A([1.0, 2.0]), _A([1.0, 1.0])), {}, ([0.5, 1], [0.5, 0])),
        Edge((_A([_INF, -_INF]), _A([_INF, 0.0])), {}, ([0.5, 0], [0.5, 1])),
    ],
    np.minimum: [Edge((_A([1.0, 2.0]), _A([1.0, 1.0])), {}, ([0.5, 0], [0.5, 1]))],
    np.max: [
        Edge((_A([3.0, 1.0, 3.0]),), {}, ([0.5, 0, 0.5],)),
        Edge((_A([[2.0, 2.0], [1.0, 5.0]]),), {"axis": 1}, ([[0.5, 0.5], [0, 1]],)),
        Edge((_A([1.0, 2.0]),), {"initial": 9.0}, ([0, 0],)),
    ],
    np.min: [Edge((_A([3.0, 3.0, 4.0]),), {"keepdims": True}, ([0.5, 0.5, 0],))],
    np.clip: [
        Edge((_A([-1.0, 0.0, 0.5, 1.0, 2.0]), 0.0, 1.0), {}, ([0, 1, 1, 1, 0],)),
        Edge((_A([0.5, 2.0]), _A(1.0), _A(0.0)), {}, ([0, 0], 0, 2)),
    ],
    np.sqrt: [Edge((_A([0.0]),), {}, ([_INF],))],
    np.power: [
        Edge((_A([0.0, -2.0, 3.0]), 0), {}, ([0, 0, 0],)),
        Edge((_A([0.0, 0.0]), _A([0.0, 2.0])), {}, ([0, 0], [0, 0])),
        Edge((_A([0.0]), 1), {}, ([1],)),
        Edge((_A([0.0, -3.0]), 2), {}, ([0, -6],)),
        Edge((0.0, _A([1.0, 0.0, -1.0])), {}, ([0, 0, -_INF],)),
        Edge((_A([0.0]), 0.5), {}, ([_INF],)),
    ],
    np.hypot: [Edge((_A([0.0, 3.0]), _A([0.0, 4.0])), {}, ([0, 0.6], [0, 0.8]))],
    np.arctan2: [
        Edge((_A([0.0, 1.0]), _A([0.0, 0.0])), {}, ([0, 0], [0, -1])),
        Edge((_A([1e200]), _A([1e200])), {}, ([0.5e-200], [-0.5e-200])),
    ],
    np.log: [Edge((_A([0.0]),), {}, ([_INF],))],
    np.logaddexp: [
        Edge((_A([1000.0, -_INF]), _A([0.0, 0.0])), {}, ([1, 0], [0, 1])),
        Edge((_A([2.0]), _A([2.0])), {}, ([0.5], [0.5])),
    ],
    relu: [Edge((_A([0.0, -0.0, 1.0, -_INF, _INF]),), {}, ([0, 0, 1, 0, 1],))],
    sigmoid: [Edge((_A([-1000.0, 0.0, 1000.0]),), {}, ([0, 0.25, 0],))],
    logistic_loss: [
        Edge((_A([-1000.0, 1000.0]), _A([1.0, 0.0])), {}, ([-1, 1], [1000, -1000])),
        Edge((_A([-1000.0, 1000.0]), _A([0.0, 1.0])), {}, ([0, 0], None)),
    ],
    bernoulli_loss: [
        Edge(
            (_A([0.0, 1.0, 0.0, 1.0]), _A([0.0, 1.0, 1.0, 0.0])), {}, ([1, -1, -_INF, _INF], None)
        ),
    ],
    window_max: [
        Edge(
            (_A([2.0, 2.0, 1.0, 3.0, 3.0, 3.0]).reshape(1, 2, 3, 1),),
            {},
            (_A([1, 0, 0, 1, 0, 0]).reshape(1, 2, 3, 1),),
        )
    ],
    logsumexp: [Edge((_A([1000.0, -1000.0, -_INF]),), {}, ([1, 0, 0],))],
    softmax: [Edge((_A([[1000.0, -1000.0]]),), {}, ([[0, 0]],))],
    log_softmax: [Edge((_A([[1000.0, -1000.0]]),), {}, ([[-1, 1]],))],
    class_losses: [
        Edge(
            (_A([[1000.0, -1000.0], [-1000.0, 1000.0]]), np.array([1, 1])), {}, ([[1, -1], [0, 0]],)
        )
    ],
    quotient: [Edge((_A([0.0, 2.0]), _A([0.0, 4.0])), {}, (None, [0, -0.125]))],
}

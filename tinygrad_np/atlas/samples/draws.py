"""What samples are made of: calls, and draws of values at a known distance from any kink.

`call` is a sample, `Edge` a point at a kink with the gradient that the policy asks for. `unary`,
`binary`, `kinked`, `shaped` and `products` make samples for most functions.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Generator = np.random.Generator
Draw = Callable[[Generator], list["Sample"]]

INF = np.inf
NAN = np.nan
A = functools.partial(np.array, dtype=float)


class Sample(NamedTuple):
    """One call. `reach` is how far its operands are from the nearest kink or singularity.

    `through(function, *args, **kwargs)` is what is tried where that is not the function alone:
    where its operands are not free (a matrix has to be symmetric), or its results are not
    determined (the sign of an eigenvector).
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    reach: float
    through: Callable[..., Any] | None = None
    is_real: bool = False
    """whether it is not tried with complex numbers"""


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
            call(x.draw(rng), y.draw(rng), reach=reach),
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


def shaped(*calls: tuple[tuple[int, ...], tuple[Any, ...], dict[str, Any]]) -> Draw:
    """Samples of a function of one array: (its shape, the other arguments, the keywords)."""

    def samples(rng: Generator) -> list[Sample]:
        return [call(REAL.draw(rng, *shape), *rest, **kwargs) for shape, rest, kwargs in calls]

    return samples


def products(*shapes: tuple[tuple[int, ...], tuple[int, ...]], **kwargs: Any) -> Draw:
    """Samples of a function of two arrays: a pair of shapes each."""

    def samples(rng: Generator) -> list[Sample]:
        return [call(REAL.draw(rng, *a), REAL.draw(rng, *b), **kwargs) for a, b in shapes]

    return samples

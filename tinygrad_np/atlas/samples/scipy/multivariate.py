"""Samples of distributions of vectors and matrices: symmetric matrices, shares that sum to 1."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy import stats
from ..draws import POSITIVE, REAL, A, Draw, Generator, Sample, call


def _definite(rng: Generator, n: int) -> Any:
    a = rng.uniform(-0.5, 0.5, (n, n))
    return a @ a.T + np.eye(n)


def _symmetric(function: Any, *args: Any, **kwargs: Any) -> Any:
    """The function at the symmetric parts of its square matrices, and of numbers."""

    def part(x: Any) -> Any:
        shape = np.shape(x)
        if len(shape) < 2 or shape[0] != shape[1]:
            return x[()] if getattr(x, "shape", None) == () else x
        return (x + np.swapaxes(x, 0, 1)) / 2

    return function(*map(part, args), **{k: part(x) for k, x in kwargs.items()})


def _symmetric_sample(*args: Any, **kwargs: Any) -> Sample:
    return Sample(args, kwargs, 0.2, _symmetric)


def _normal(rng: Generator) -> list[Sample]:
    x, singular = REAL.draw(rng, 2, 3), np.diag([1, 2, 0])
    return [
        _symmetric_sample(x, x[0] / 2, _definite(rng, 3)),
        _symmetric_sample(x[0], np.zeros(3), POSITIVE.draw(rng, 3), allow_singular=True),
        call(x[0], REAL.draw(rng, 1), np.asarray(POSITIVE.draw(rng)), reach=0.2),
        call(REAL.draw(rng), reach=0.2),
        Sample((x[0],), {}, 0.2, lambda f, x: f(x * A([1, 1, 0]), None, singular, True)),
    ]


def _student(rng: Generator) -> list[Sample]:
    x, df = REAL.draw(rng, 2, 3), np.asarray(POSITIVE.draw(rng))
    return [
        _symmetric_sample(x, x[0] / 2, _definite(rng, 3), df),
        call(x[0], x[1], POSITIVE.draw(rng, 3), df, reach=0.2),
    ]


def _matrix_normal(rng: Generator) -> list[Sample]:
    x = REAL.draw(rng, 2, 2, 3)
    return [
        _symmetric_sample(x, x[0] / 2, _definite(rng, 2), _definite(rng, 3)),
        call(x[0] / 2, x[1] / 2, POSITIVE.draw(rng, 2), np.asarray(POSITIVE.draw(rng)), reach=0.2),
    ]


def _wishart(rng: Generator) -> list[Sample]:
    df, points = np.asarray(POSITIVE.draw(rng) + 2), [_definite(rng, 2) for _ in range(4)]
    return [
        _symmetric_sample(points[0], df, points[1]),
        _symmetric_sample(np.stack(points[2:], -1), df, np.asarray(POSITIVE.draw(rng, 2))),
        _symmetric_sample(POSITIVE.draw(rng, 1), df, np.asarray(POSITIVE.draw(rng)))._replace(
            reach=POSITIVE.reach
        ),
    ]


_WIDE = np.ones(())  # times this, float32 becomes float64: shares must sum to 1


def _dirichlet(rng: Generator) -> list[Sample]:
    alpha, x = POSITIVE.draw(rng, 3), POSITIVE.draw(rng, 3, 2)
    return [
        Sample((x, alpha), {}, 0.2, lambda f, x, alpha: f(x * _WIDE / np.sum(x * _WIDE, 0), alpha)),
        call(x[:2, 0] / 6, alpha, reach=0.1),
    ]


def _multinomial(rng: Generator) -> list[Sample]:
    def normalised(f: Any, x: Any, n: Any, p: Any) -> Any:
        p = p * _WIDE
        return f(x, n, p / np.sum(p, -1, keepdims=True))

    x = np.array([[1, 2, 3], [4, 0, 2]])
    return [
        Sample((x, 6, POSITIVE.draw(rng, 3)), {}, 0.2, normalised),
        Sample((x[0], 6, POSITIVE.draw(rng, 2, 3)), {}, 0.2, normalised),
    ]


def _dirichlet_multinomial(rng: Generator) -> list[Sample]:
    x = np.array([[1, 2, 3], [4, 0, 2]])
    return [
        call(x, POSITIVE.draw(rng, 3), 6, reach=0.2),
        call(x[0], POSITIVE.draw(rng, 2, 3), [6, 6], reach=0.2),
    ]


_DRAWS = {
    "multivariate_normal": _normal,
    "multivariate_t": _student,
    "matrix_normal": _matrix_normal,
    "wishart": _wishart,
    "invwishart": _wishart,
    "dirichlet": _dirichlet,
    "multinomial": _multinomial,
    "dirichlet_multinomial": _dirichlet_multinomial,
}

SAMPLES: dict[Callable[..., Any], Draw] = {}
for _name, _draw in _DRAWS.items():
    _dist = getattr(stats, _name)
    for _method in _dist.methods:
        SAMPLES[getattr(_dist, _method)] = _draw

"""Samples of matrix equations."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from ....rules.constants import on_values
from ....scipy.linalg.matrix_equations import riccati
from ....scipy.mirror import of
from ..draws import UNIT, Draw, Generator, Sample, call
from ..matrices import REACH, regular, with_eigenvalues


def _stable(rng: Generator, n: int) -> Any:
    """A matrix with eigenvalues left of the imaginary axis, and within the unit circle."""
    return 0.3 * UNIT.draw(rng, n, n) - 0.5 * np.eye(n)


def _sylvesters(rng: Generator) -> list[Sample]:
    return [
        call(
            regular(rng, 3, 3) + 4 * np.eye(3), regular(rng, 2, 2), UNIT.draw(rng, 3, 2), reach=1.0
        ),
        call(np.array([[2.0]]), np.array([[3.0]]), UNIT.draw(rng, 1, 1), reach=1.0),
    ]


def _lyapunovs(rng: Generator) -> list[Sample]:
    return [call(_stable(rng, n), UNIT.draw(rng, n, n), reach=REACH) for n in (3, 1)]


def _steins(rng: Generator) -> list[Sample]:
    a = _stable(rng, 3)
    return [call(a, UNIT.draw(rng, 3, 3), method=m, reach=0.1) for m in (None, "bilinear")]


def _riccatis(rng: Generator) -> list[Sample]:
    def hermitian(x: Any) -> Any:
        return (x + np.conjugate(x.T)) / 2

    def through(function: Any, a: Any, b: Any, q: Any, r: Any, **kwargs: Any) -> Any:
        return function(a, b, hermitian(q), hermitian(r), **kwargs)

    a, b, e, s = _stable(rng, 3), UNIT.draw(rng, 3, 2), UNIT.draw(rng, 3, 3), UNIT.draw(rng, 3, 2)
    q = with_eigenvalues(rng, 3, 3, signs=False)
    r = with_eigenvalues(rng, 2, 2, signs=False)
    # SciPy's solution by its balancing is wrong for some of these.
    both = {"e": 2 * np.eye(3) + 0.3 * e, "s": 0.2 * s, "balanced": False}
    return [Sample((a, b, q, r), kwargs, 0.1, through) for kwargs in ({}, both)]


def _known(rng: Generator) -> list[Sample]:
    def through(function: Any, a: Any, m: Any, q: Any, x: Any, discrete: bool) -> Any:
        def solution(a: Any, m: Any, q: Any) -> Any:
            name = "solve_discrete_are" if discrete else "solve_continuous_are"
            return getattr(scipy.linalg, name)(a, np.linalg.cholesky(m), q, np.eye(3))

        m, q = [(x + np.conjugate(np.swapaxes(x, 0, 1))) / 2 for x in (m, q)]
        return function(a, m, q, on_values(solution, a, m, q), discrete)

    m, q = [with_eigenvalues(rng, 3, 3, signs=False) for _ in range(2)]
    return [Sample((_stable(rng, 3), m, q, None, d), {}, 0.1, through) for d in (False, True)]


SAMPLES: dict[Callable[..., Any], Draw] = {
    of("linalg.solve_sylvester"): _sylvesters,
    of("linalg.solve_continuous_lyapunov"): _lyapunovs,
    of("linalg.solve_lyapunov"): _lyapunovs,
    of("linalg.solve_discrete_lyapunov"): _steins,
    riccati: _known,
    of("linalg.solve_continuous_are"): _riccatis,
    of("linalg.solve_discrete_are"): _riccatis,
}

COMPLEX = set(SAMPLES)

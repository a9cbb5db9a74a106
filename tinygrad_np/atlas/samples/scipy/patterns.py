"""Samples of products on a pattern."""

from collections.abc import Callable
from typing import Any

import scipy.sparse

from ....scipy.sparse.patterns import Pattern, pairs, sparse_dot
from ..draws import REAL, Draw, Generator, Sample, call

CSR = Pattern([0, 0, 1, 2], [0, 2, 1, 0], (3, 4), scipy.sparse.csr_array)
COO = Pattern([2, 0, 2], [1, 0, 1], (3, 2), scipy.sparse.coo_array)


def _products(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 4), REAL.draw(rng, 4), CSR),
        call(REAL.draw(rng, 3), REAL.draw(rng, 2, 3), COO),
    ]


def _pairs(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 3), REAL.draw(rng, 4), CSR),
        call(REAL.draw(rng, 3, 2), REAL.draw(rng, 2, 2), COO),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {sparse_dot: _products, pairs: _pairs}
COMPLEX = {sparse_dot, pairs}

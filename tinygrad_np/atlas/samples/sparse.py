"""Samples of products with a constant sparse array."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse

from ...rules.sparse import product_with_sparse, sparse_product
from .draws import REAL, Draw, Generator, Sample, call

_DENSE = np.array([[1.0, 0.0, 2.0], [0.0, -3.0, 0.5]])


def _from_left(rng: Generator) -> list[Sample]:
    return [
        call(scipy.sparse.csr_array(_DENSE), REAL.draw(rng, 3)),
        call(scipy.sparse.coo_matrix(_DENSE), REAL.draw(rng, 3, 2)),
    ]


def _from_right(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 2), scipy.sparse.csc_array(_DENSE)),
        call(REAL.draw(rng, 4, 2), scipy.sparse.csr_matrix(_DENSE)),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    sparse_product: _from_left,
    product_with_sparse: _from_right,
}
EDGES: dict[Callable[..., Any], Any] = {}

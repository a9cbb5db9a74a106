"""`copy`, `astype`, and `full_like`, which fills with one number."""

import numpy as np

from ..core.signature import signature
from ..core.table import general, linear, same
from .composed import composed

ROWS = (
    linear(np.copy, signature("a", order="K", subok=False), lambda g: g),
    general(
        np.full_like,
        signature("a", "fill_value", dtype=None, order="K", subok=True, shape=None, device=None),
        fill_value=same(lambda g: g),
        broadcasts=True,
        locally_constant={"a": "only its shape and dtype count"},
        real={"fill_value": ("dtype", "a")},
    ),
    composed(
        np.astype,
        signature("x", "dtype", "*", copy=True, device=None),
        lambda x, dtype: x.astype(dtype),
        {"x"},
    ),
)

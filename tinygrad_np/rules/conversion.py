"""Copies, other dtypes, and one number everywhere."""

import numpy as np

from .table import composed, general, linear, same, takes

CHOICES = {
    "copy": "it chooses whether to copy",
    "device": "it chooses where the array lies",
}

ROWS = (
    linear(np.copy, takes("a", order="K", subok=False), lambda g: g),
    general(
        np.full_like,
        takes("a", "fill_value", dtype=None, order="K", subok=True, shape=None, device=None),
        fill_value=same(lambda g: g),
        broadcasts=True,
        locally_constant={"a": "only its shape and dtype count"},
    ),
    composed(
        np.astype, takes("x", "dtype", "*", copy=True), lambda x, dtype: x.astype(dtype), {"x"}
    ),
)

"""What layers, losses and initialisers are given beside arrays: one number, a generator."""

from __future__ import annotations  # numpy.random loads when it is used

from typing import Any

import numpy as np


def checked_number(where: str, value: Any) -> float:
    """`value` as Python's float, beside which float32 stays float32; `where` opens the message.

    Raises ``TypeError`` for what is no real number; a Tensor is none.

    >>> checked_number("huber: delta", np.float64(0.5))
    0.5
    """
    if isinstance(value, (int, float, np.integer, np.floating)):
        try:
            return float(value)
        except OverflowError:
            pass
    raise TypeError(f"{where} must be one number, a float, not {value!r:.40}")


def checked_generator(function: str, rng: Any) -> np.random.Generator:
    """`rng`, which is a `numpy.random.Generator`; ``TypeError`` if it is none.

    >>> checked_generator("dropout", 0)
    Traceback (most recent call last):
    ...
    TypeError: dropout: rng must be a numpy.random.Generator, for instance \
numpy.random.default_rng(0), not 0
    """
    if isinstance(rng, np.random.Generator):
        return rng
    raise TypeError(
        f"{function}: rng must be a numpy.random.Generator, for instance "
        f"numpy.random.default_rng(0), not {rng!r:.40}"
    )

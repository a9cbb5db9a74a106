"""What distributions are made of: elementwise array functions, slopes of texts, methods."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...core.dispatch import array_function
from ...core.signature import REQUIRED, Signature
from ...core.table import Factor, Row, Rule
from ...core.transforms import jvp
from ..mirror import forwarding


def slope(text: Callable[..., Any], position: int, operands: Any) -> Any:
    """The derivative of an elementwise text by one of its operands."""
    shape = np.broadcast_shapes(*[x.shape for x in operands])
    operands = [np.broadcast_to(x, shape) for x in operands]

    def alone(x: Any) -> Any:
        return text(*operands[:position], x, *operands[position + 1 :])

    x = operands[position]
    return jvp(alone, [x], [np.ones(x.shape)])[1]


def primitive(function: Any, names: tuple[str, ...], factors: Mapping[int, Any]) -> Any:
    """An elementwise array function with a factor an operand, of all operands and the result."""
    made: Any = array_function(function)
    made.row = row = Row("pointwise", made, signature_of(names))
    row.broadcasts = True
    for position, given in factors.items():
        factor = Factor(given)
        row.add_rule(position, Rule(factor, (*names, "ans"), factor, (*names, "ans")))
    return made


def signature_of(required: tuple[str, ...], optional: Mapping[str, Any] = {}) -> Signature:
    """The signature of names that are required, and of others with their defaults."""
    defaults = [REQUIRED] * len(required) + list(optional.values())
    return Signature((*required, *optional), tuple(defaults))


def method_of(real: Callable[..., Any], name: str) -> Any:
    """SciPy's method, such as that of the `name` "norm.pdf", which reaches its row on a Tensor."""
    method = forwarding(real, f"stats.{name}")
    method.__module__, method.__name__, method.__qualname__ = __package__, name, name  # for pickle
    return method

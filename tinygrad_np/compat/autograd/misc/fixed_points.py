"""A fixed point as a function of the parameters of the map, by the implicit function theorem."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....core import tree
from ....core.tensor import value_of
from ....rules.implicit import implicit


def fixed_point(
    f: Callable[[Any], Callable[[Any], Any]],
    a: Any,
    x0: Any,
    distance: Callable[[Any, Any], Any],
    tol: float,
) -> Any:
    """x with x = f(a)(x), iterated from `x0` until ``distance(x, last x) <= tol``.

    >>> from tinygrad_np import grad
    >>> def newton(a):
    ...     return lambda x: (x + a / x) / 2
    >>> grad(lambda a: fixed_point(newton, a, 1.0, lambda x, y: abs(x - y), 1e-12))(4.0)
    array(0.25)
    """

    def residual(x: Any, a: Any) -> Any:
        return tree.map(lambda new, old: new - old, f(a)(x), x)

    def solve(a: Any) -> Any:
        step, x = f(a), tree.map(value_of, x0)
        while True:
            x, last = step(x), x
            if distance(x, last) <= tol:
                return x

    return implicit(residual, solve, tolerance=np.inf)(a)

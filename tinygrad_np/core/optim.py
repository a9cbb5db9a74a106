"""Optimisers as plain functions: (parameters, gradients, state) → (parameters, state).

Parameters, gradients and state are trees of arrays; nothing is written into, new ones come out.
"""

import math
from typing import Any, NamedTuple

from . import tree
from .calls import is_complex


class Update(NamedTuple):
    """What an optimiser gives.

    Attributes
    ----------
    params : tree
        The new parameters.
    state : tree
        For the next step.
    """

    params: Any
    state: Any


def sgd(
    params: Any, grads: Any, state: Any = None, *, rate: float, momentum: float = 0.0
) -> Update:
    """A step of gradient descent: v ← momentum·v + g, then w ← w − rate·v (as PyTorch has it).

    `grads` is a tree like `params`; `state` is what the last step gave, and None at the first. With
    momentum 0, v is the gradient, and the state stays None. A float32 parameter stays float32. Of a
    complex parameter g is ∂/∂x − i ∂/∂y, as `grad` gives it, and the step goes along −conj(v).

    Raises ``ValueError`` where the trees or a shape differ, a rate or momentum is negative, the
    rate infinite, or the momentum not below 1.

    >>> import numpy as np
    >>> params, state = sgd({"w": np.array([1.0])}, {"w": np.array([2.0])}, rate=0.5, momentum=0.9)
    >>> params
    {'w': array([0.])}
    >>> params, state = sgd(params, {"w": np.array([2.0])}, state, rate=0.5, momentum=0.9)
    >>> params
    {'w': array([-1.9])}
    """
    try:
        # NumPy's scalars would make float64 of float32.
        rate, momentum = float(rate), float(momentum)
    except (OverflowError, TypeError, ValueError):
        raise TypeError(
            f"sgd: rate and momentum are numbers, not {rate!r:.40} and {momentum!r:.40}"
        ) from None
    if not 0 <= rate < math.inf:
        raise ValueError(f"sgd: the rate must be at least 0 and finite, not {rate}")
    if not 0 <= momentum < 1:
        raise ValueError(f"sgd: the momentum must be at least 0 and below 1, not {momentum}")
    if momentum == 0:
        velocities = grads
    elif state is None:
        velocities = tree.map(lambda g: 1.0 * g, grads)  # not the caller's own array
    else:
        velocities = tree.map(lambda v, g: momentum * v + g, state, grads)

    def moved(w: Any, v: Any) -> Any:
        if getattr(w, "shape", ()) != getattr(v, "shape", ()):
            raise ValueError(
                f"sgd: a parameter of shape {w.shape} has a gradient of shape {v.shape}"
            )
        return w - rate * (v.conjugate() if is_complex(v) else v)

    try:
        return Update(tree.map(moved, params, velocities), velocities if momentum else None)
    except tree.TreesDifferError as error:
        raise ValueError(f"sgd: {error}; grads is a tree like params") from None

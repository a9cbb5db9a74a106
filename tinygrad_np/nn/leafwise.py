"""What all optimisers share: numbers that are checked, states, and the way from leaves to trees.

>>> def direction(g, kept, rate):
...     total = kept["total"] + g
...     return rate * total, {"total": total}
>>> state = begun("f", [np.ones(2)], None, total=0.0)
>>> moved("f", [np.ones(2)], [np.array([1.0, 2.0])], state, direction, (0.5,), (0.5, 0.0, False))
Update(params=[array([0.5, 0. ])], state={'total': [array([1., 2.])]})
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import tree
from ..core.arrays import cast, integer, numbers
from ..core.calls import is_complex
from ..core.optim import Update
from .arguments import checked_number

_UNIT = 0.0, 1.0
_RANGES = dict.fromkeys(("momentum", "beta1", "beta2", "alpha", "rho", "decay"), _UNIT)
_RANGES |= dict.fromkeys(("factor", "pct_start"), _UNIT)
_RANGES |= dict.fromkeys(("dampening", "low", "high"), (-math.inf, math.inf))
_MAY_BE_INFINITE = {"low", "high", "limit"}
_WITHOUT_AXES = {"count", "product"}
_NOTHING = object()  # has been kept of a leaf so far


def read(name: str, **given: Any) -> list[Any]:
    """Numbers as Python's floats; arrays and Tensors without axes as such of float64.

    So a number of Python is a part of the form in a jit, and an array one of its arguments. Raises
    ``TypeError`` for what is no number, ``ValueError`` for one out of its range, or infinite.

    >>> read("adam", rate=1, epsilon=np.float32(0.5))
    [1.0, np.float64(0.5)]
    """
    found = []
    for what, value in given.items():
        least, below = _RANGES.get(what, (0.0, math.inf))
        value = number(name, what, value)
        if not (value >= least and (value < below or what in _MAY_BE_INFINITE)):
            limit = f"below {below:g}" if below < math.inf else "finite"
            raise ValueError(
                f"{name}: the {what} must be at least {least:g} and {limit}, not {value}"
            )
        found.append(value)
    return found


def number(name: str, what: str, value: Any) -> Any:
    """A single one of `read`, of any size."""
    if _is_single(value):
        return cast(value, np.float64)
    return checked_number(f"{name}: the {what}", value)


def whole(name: str, what: str, value: Any, least: int = 1) -> int:
    """A number of steps."""
    try:
        value = integer(value)
    except TypeError:
        raise TypeError(f"{name}: {what} is a number of steps, not {value!r:.40}") from None
    if value < least:
        raise ValueError(f"{name}: {what} must be at least {least}, not {value}")
    return value


def _is_single(value: Any) -> bool:
    """Whether it is a real number in an array without axes, or a Tensor of one."""
    return getattr(value, "shape", None) == () and value.dtype.kind in "iuf"


def is_zero(value: Any) -> bool:
    """Whether it is zero for good: an array may have another value at the next step."""
    return type(value) is float and value == 0


def begun(name: str, params: Any, state: Any, **start: Any) -> Any:
    """The state, with the trees and numbers of `start`; at the first step, where it is None, that.

    A tree is 0.0 at first, for every leaf; a number is what `start` says.
    """
    if state is None:
        return {
            key: value if key in _WITHOUT_AXES else tree.map(lambda _: _NOTHING, params)
            for key, value in start.items()
        }
    if not isinstance(state, dict) or state.keys() != start.keys():
        given = list(state) if isinstance(state, dict) else type(state).__name__
        raise ValueError(
            f"{name}: its state with these options has {list(start) or 'nothing'}, not {given}; "
            "give what the last step gave, or None to begin"
        )
    for key in _WITHOUT_AXES & start.keys():
        if not _is_single(state[key]):
            raise ValueError(f"{name}: {key!r} in the state is a number, not {state[key]!r:.40}")
    return state


def moved(
    name: str,
    params: Any,
    grads: Any,
    state: dict[str, Any],
    direction: Callable[..., Any],
    given: Any,
    how: Any,
    **also: Any,
) -> Update:
    """The step, `direction`(gradient, its part of the state, *given) → (what is subtracted, new).

    It is called for each leaf, with the numbers `given` in the leaf's dtype. `how` is (rate,
    weight_decay, maximize[, decoupled]); `also` are the numbers of the new state.
    """
    rate, weight_decay, maximize, *decoupled = how
    slots = [key for key in state if key not in _WITHOUT_AXES]
    columns = [in_order(name, "grads is a tree like params", params, grads)]
    if tree.container_of(type(weight_decay)) is None:
        columns.append(read(name, weight_decay=weight_decay) * len(columns[0]))
    else:
        remedy = "weight_decay is a number, or a tree like params of numbers"
        each = in_order(name, remedy, params, weight_decay)
        columns.append([number for one in each for number in read(name, weight_decay=one)])
    remedy = "the state is one for other parameters; give None to begin"
    columns += [in_order(name, remedy, params, state[slot]) for slot in slots]
    leaves, new = zip(tree.paths(params), tree.leaves(params), *columns, strict=True), []
    for path, w, g, decay, *its in leaves:
        place = f" at {path}" if path else ""
        w = floating(w, f"{name}: the parameter{place}")
        g = numbers(g, f"{name}: the gradient{place}")
        if w.shape != g.shape:
            raise ValueError(
                f"{name}: the parameter{place} of shape {w.shape} has a gradient of shape {g.shape}"
            )
        if is_complex(g) and not is_complex(w):
            raise TypeError(f"{name}: the gradient{place} is complex, and its parameter is not")
        x, dtype = w, np.result_type(w.dtype, np.float32)
        if is_complex(w):
            x, g, dtype = _as_pairs(w), _as_pairs(np.conj(g)), np.finfo(dtype).dtype
        x, g = cast(x, dtype), cast(g, dtype)
        kept = {}
        for slot, one in zip(slots, its, strict=True):
            of = f"{name}: {slot!r}{place} in the state"
            one = dtype.type(0) if one is _NOTHING else numbers(one, of, "biuf")
            if one.shape != x.shape and its[0] is not _NOTHING:
                raise ValueError(f"{of} has shape {one.shape} where {x.shape} belongs; {remedy}")
            kept[slot] = cast(one, dtype)
        g = -g if maximize else g
        if any(decoupled) and not is_zero(decay):
            x = x * in_dtype(dtype, 1.0 - rate * decay)
        elif not is_zero(decay):
            g = g + in_dtype(dtype, decay) * x
        step, kept = direction(g, kept, *in_dtype(dtype, given))
        x = x - step
        x = cast(x[..., 0] + 1j * x[..., 1] if is_complex(w) else x, w.dtype)
        new.append((array(x), *[array(kept[slot]) for slot in slots]))
    trees = [tree.unflatten(params, [one[i] for one in new]) for i in range(1 + len(slots))]
    its_numbers = {key: array(value) for key, value in also.items()}
    return Update(trees[0], its_numbers | dict(zip(slots, trees[1:], strict=True)))


def in_order(name: str, remedy: str, params: Any, other: Any) -> list[Any]:
    """The leaves of `other`, in the order of those of `params`."""
    found: list[Any] = []
    try:
        tree.map(lambda _, leaf: found.append(leaf), params, other)
    except tree.TreesDifferError as error:
        raise ValueError(f"{name}: {error}; {remedy}") from None
    return found


def floating(x: Any, where: str) -> Any:
    """`x` as an array of floating or complex numbers."""
    x = numbers(x, where)
    if x.dtype.kind not in "fc":
        raise TypeError(f"{where} has dtype {x.dtype}; convert it with .astype(float)")
    return x


def in_dtype(dtype: Any, value: Any) -> Any:
    """Numbers of float64, where they meet a leaf; one of Python's has no dtype of its own."""
    if isinstance(value, (list, tuple)):
        return [in_dtype(dtype, one) for one in value]
    return value if type(value) is float else cast(value, dtype)


def array(x: Any) -> Any:
    """Numbers as arrays without axes."""
    return np.asarray(x) if isinstance(x, (np.generic, int)) else x


def _as_pairs(z: Any) -> Any:
    """(…) → (…, 2): the real and the imaginary parts."""
    return np.stack([np.real(z), np.imag(z)], axis=-1)

"""Optimisers as plain functions: (parameters, gradients, state) → (parameters, state).

`sgd`, `adam`, `adamw`, `nadam`, `radam`, `rmsprop`, `adagrad`, `adadelta`, with PyTorch's arithmetic
and defaults:

    params, state = tg.optim.adam(params, grads, state, rate=1e-3)

Parameters and gradients are trees of arrays or Tensors. The state is None at first, then a dict of
trees and of numbers in arrays without axes, which `tg.save` and `tg.jit` take as it is. Nothing is
written into. A parameter keeps its dtype, whatever those of the rate and of the gradient are; what
belongs to a float16 parameter is computed and kept in float32, where squares do not underflow. Of a
complex parameter the real and the imaginary part are two parameters, and the state has them along a
last axis; its gradient is ∂/∂x − i ∂/∂y, as `tg.grad` gives it.

The rate and the other numbers are Python's, or Tensors or arrays without axes: then one can
differentiate by them, and `tg.jit` takes them as arguments. `weight_decay` may also be a tree like
the parameters, of a number each (`by_path` makes one). With `maximize`, the steps go up. Every
function raises ``TypeError`` for what is no number and for parameters of integers, ``ValueError``
for a number out of its range, for trees and shapes that differ, and for a state that is not its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..answers import explained
from ..core import tree
from ..core.arrays import cast, numbers
from ..core.calls import is_complex
from ..core.optim import Update

__all__ = ["adadelta", "adagrad", "adam", "adamw", "nadam", "radam", "rmsprop", "sgd"]

Direction = Callable[..., tuple[Any, dict[str, Any]]]
"""(gradient of a leaf, its part of the state, *numbers) → (what is subtracted, its new part)"""


@explained
def sgd(
    params: Any,
    grads: Any,
    state: Any = None,
    *,
    rate: Any = 1e-3,
    momentum: Any = 0.0,
    dampening: Any = 0.0,
    nesterov: bool = False,
    weight_decay: Any = 0.0,
    maximize: bool = False,
) -> Update:
    """A step of gradient descent: v ← momentum·v + (1 − dampening)·g, then w ← w − rate·v.

    At the first step v is g. With `nesterov` it is w ← w − rate·(g + momentum·v). The state is
    {"velocity": v}; without momentum there is none, it stays None. Of the rest the module tells.

    (Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.)

    >>> params, state = sgd({"w": np.array([1.0])}, {"w": np.array([2.0])}, rate=0.5, momentum=0.9)
    >>> params
    {'w': array([0.])}
    >>> params, state = sgd(params, {"w": np.array([2.0])}, state, rate=0.5, momentum=0.9)
    >>> params
    {'w': array([-1.9])}
    """
    rate, momentum = number("sgd", "rate", rate), number("sgd", "momentum", momentum, 0, 1)
    dampening = number("sgd", "dampening", dampening, -math.inf)
    if _is_zero(momentum):
        if nesterov:
            raise ValueError("sgd: nesterov needs a momentum above 0, for instance momentum=0.9")
        start = {}
    else:
        start = {"velocity": 0.0}
    share = 1.0 if state is None else 1.0 - dampening

    def direction(g: Any, kept: Any, rate: Any, momentum: Any, share: Any) -> Any:
        if not start:
            return rate * g, {}
        v = momentum * kept["velocity"] + share * g
        return rate * (g + momentum * v if nesterov else v), {"velocity": v}

    state = _begun("sgd", params, state, start)
    trees = params, grads, state
    given = rate, momentum, share
    params, state = _moved("sgd", trees, direction, given, rate, weight_decay, maximize)
    return Update(params, state or None)


@explained
def adam(
    params: Any,
    grads: Any,
    state: Any = None,
    *,
    rate: Any = 1e-3,
    betas: Any = (0.9, 0.999),
    epsilon: Any = 1e-8,
    weight_decay: Any = 0.0,
    amsgrad: bool = False,
    maximize: bool = False,
) -> Update:
    """A step of Adam: w ← w − rate·m̂ / (√v̂ + epsilon), with m and v the means of g and g².

    m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², from 0; m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ)
    at step t = 1, 2, … With `amsgrad`, the largest v so far stands for v. `weight_decay`·w is added
    to g; `adamw` shrinks w instead. The state is {"count": t, "mean": m, "square": v}, and "largest".

    (Kingma and Ba, "Adam", 2015; Reddi et al., "On the convergence of Adam and beyond", 2018.)

    >>> params, state = adam(np.array([1.0, 2.0]), np.array([0.5, -8.0]), rate=0.1)
    >>> params
    array([0.9, 2.1])
    >>> state["count"], state["mean"]
    (array(1), array([ 0.05, -0.8 ]))
    """
    trees, numbers = (params, grads, state), (rate, betas, epsilon)
    return _adam("adam", trees, numbers, amsgrad, weight_decay, maximize, False)


@explained
def adamw(
    params: Any,
    grads: Any,
    state: Any = None,
    *,
    rate: Any = 1e-3,
    betas: Any = (0.9, 0.999),
    epsilon: Any = 1e-8,
    weight_decay: Any = 1e-2,
    amsgrad: bool = False,
    maximize: bool = False,
) -> Update:
    """A step of `adam`, before which w shrinks to (1 − rate·weight_decay)·w.

    (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.)

    >>> adamw(np.array([1.0]), np.array([0.0]), rate=0.1, weight_decay=0.5).params
    array([0.95])
    """
    trees, numbers = (params, grads, state), (rate, betas, epsilon)
    return _adam("adamw", trees, numbers, amsgrad, weight_decay, maximize, True)


def _adam(name: str, trees: Any, numbers: Any, amsgrad: bool, *decay: Any) -> Update:
    params, grads, state = trees
    rate, beta1, beta2, epsilon = _adaptive(name, *numbers)
    start = {"count": 0, "mean": 0.0, "square": 0.0} | ({"largest": 0.0} if amsgrad else {})
    state = _begun(name, params, state, start)
    count = state["count"] + 1
    size, root = rate / (1.0 - np.power(beta1, count)), np.sqrt(1.0 - np.power(beta2, count))

    def direction(g: Any, kept: Any, share1: Any, share2: Any, *numbers: Any) -> Any:
        size, root, epsilon = numbers
        new = _means(g, kept, share1, share2)
        if amsgrad:
            new["largest"] = np.maximum(kept["largest"], new["square"])
        square = new["largest" if amsgrad else "square"]
        return size * (new["mean"] / (_root(square) / root + epsilon)), new

    given = 1.0 - beta1, 1.0 - beta2, size, root, epsilon
    trees = params, grads, state
    return _moved(name, trees, direction, given, rate, *decay, count=count)


@explained
def nadam(
    params: Any,
    grads: Any,
    state: Any = None,
    *,
    rate: Any = 2e-3,
    betas: Any = (0.9, 0.999),
    epsilon: Any = 1e-8,
    weight_decay: Any = 0.0,
    momentum_decay: Any = 4e-3,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
) -> Update:
    """A step of `adam` with Nesterov's momentum, which grows as μₜ = β₁·(1 − ½·0.96^(t·ψ)).

    ψ is `momentum_decay`. The state has the "product" of all μ so far. `decoupled_weight_decay`
    shrinks w as `adamw` does.

    (Dozat, "Incorporating Nesterov momentum into Adam", 2016.)

    >>> nadam(np.array([1.0]), np.array([0.5]), rate=0.1).params.round(4)
    array([0.8689])
    """
    rate, beta1, beta2, epsilon = _adaptive("nadam", rate, betas, epsilon)
    decay = number("nadam", "momentum_decay", momentum_decay)
    start = {"count": 0, "product": 1.0, "mean": 0.0, "square": 0.0}
    state = _begun("nadam", params, state, start)
    count = state["count"] + 1
    now, then = (beta1 * (1.0 - 0.5 * np.power(0.96, t * decay)) for t in (count, count + 1))
    product = state["product"] * now
    of_g, of_mean = rate * (1.0 - now) / (1.0 - product), rate * then / (1.0 - product * then)

    def direction(g: Any, kept: Any, share1: Any, share2: Any, *numbers: Any) -> Any:
        of_g, of_mean, root, epsilon = numbers
        new = _means(g, kept, share1, share2)
        return (of_g * g + of_mean * new["mean"]) / (_root(new["square"]) / root + epsilon), new

    root = np.sqrt(1.0 - np.power(beta2, count))
    given = 1.0 - beta1, 1.0 - beta2, of_g, of_mean, root, epsilon
    how = rate, weight_decay, maximize, decoupled_weight_decay
    trees = params, grads, state
    return _moved("nadam", trees, direction, given, *how, count=count, product=product)


@explained
def radam(
    params: Any,
    grads: Any,
    state: Any = None,
    *,
    rate: Any = 1e-3,
    betas: Any = (0.9, 0.999),
    epsilon: Any = 1e-8,
    weight_decay: Any = 0.0,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
) -> Update:
    """A step of `adam` that adapts only as far as the variance of v̂ is known.

    With ρ∞ = 2 / (1 − β₂) − 1 and ρₜ = ρ∞ − 2t·β₂ᵗ / (1 − β₂ᵗ), the step is rate·m̂ while ρₜ ≤ 5,
    and then √((ρₜ−4)(ρₜ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρₜ)) times that of `adam`, with epsilon beside √v.
    `decoupled_weight_decay` shrinks w as `adamw` does.

    (Liu et al., "On the variance of the adaptive learning rate and beyond", 2020.)

    >>> radam(np.array([1.0]), np.array([0.5]), rate=0.1).params
    array([0.95])
    """
    rate, beta1, beta2, epsilon = _adaptive("radam", rate, betas, epsilon)
    state = _begun("radam", params, state, {"count": 0, "mean": 0.0, "square": 0.0})
    count = state["count"] + 1
    power = np.power(beta2, count)
    most = 2.0 / (1.0 - beta2) - 1.0
    length = most - 2.0 * count * power / (1.0 - power)
    adapts = length > 5.0
    # Both sides of np.where are computed; a root of what is no variance would warn, or be nan.
    above = np.where(adapts, (length - 4.0) * (length - 2.0) * most, 1.0)
    below = np.where(adapts, (most - 4.0) * (most - 2.0) * length, 1.0)
    factor = np.sqrt((1.0 - power) * above / below)

    def direction(g: Any, kept: Any, share1: Any, share2: Any, *numbers: Any) -> Any:
        size, factor, epsilon = numbers
        new = _means(g, kept, share1, share2)
        adapted = np.where(adapts, factor / (_root(new["square"]) + epsilon), 1.0)
        return size * new["mean"] * cast(adapted, g.dtype), new

    given = 1.0 - beta1, 1.0 - beta2, rate / (1.0 - np.power(beta1, count)), factor, epsilon
    how = rate, weight_decay, maximize, decoupled_weight_decay
    trees = params, grads, state
    return _moved("radam", trees, direction, given, *how, count=count)


@explained
def rmsprop(
    params: Any,
    grads: Any,
    state: Any = None,
    *,
    rate: Any = 1e-2,
    alpha: Any = 0.99,
    epsilon: Any = 1e-8,
    weight_decay: Any = 0.0,
    momentum: Any = 0.0,
    centered: bool = False,
    maximize: bool = False,
) -> Update:
    """A step of RMSprop: w ← w − rate·g / (√v + epsilon), with v ← alpha·v + (1 − alpha)·g².

    `centered` takes the square of the mean of g off v, which makes it a variance. With momentum,
    b ← momentum·b + g / (√v + epsilon), and w ← w − rate·b. The state is {"square": v}, "mean" and
    "velocity".

    (Tieleman and Hinton, lecture 6.5 of "Neural networks for machine learning", 2012.)

    >>> rmsprop(np.array([1.0]), np.array([0.5]), rate=0.01).params
    array([0.9])
    """
    rate, epsilon = number("rmsprop", "rate", rate), number("rmsprop", "epsilon", epsilon)
    alpha = number("rmsprop", "alpha", alpha, 0, 1)
    momentum = number("rmsprop", "momentum", momentum, 0, 1)
    names = ["square", *["mean"] * bool(centered), *["velocity"] * (not _is_zero(momentum))]
    state = _begun("rmsprop", params, state, dict.fromkeys(names, 0.0))

    def direction(g: Any, kept: Any, rate: Any, share: Any, epsilon: Any, momentum: Any) -> Any:
        new = {"square": _toward(kept["square"], g * g, share)}
        variance = new["square"]
        if centered:
            new["mean"] = _toward(kept["mean"], g, share)
            variance = np.maximum(variance - new["mean"] * new["mean"], 0.0)  # rounded, maybe below
        step = g / (_root(variance) + epsilon)
        if "velocity" in kept:
            step = new["velocity"] = momentum * kept["velocity"] + step
        return rate * step, new

    given, trees = (rate, 1.0 - alpha, epsilon, momentum), (params, grads, state)
    return _moved("rmsprop", trees, direction, given, rate, weight_decay, maximize)


@explained
def adagrad(
    params: Any,
    grads: Any,
    state: Any = None,
    *,
    rate: Any = 1e-2,
    rate_decay: Any = 0.0,
    weight_decay: Any = 0.0,
    initial_accumulator_value: Any = 0.0,
    epsilon: Any = 1e-10,
    maximize: bool = False,
) -> Update:
    """A step of Adagrad: w ← w − rate·g / (√s + epsilon), where s is the sum of all g² so far.

    The sum begins with `initial_accumulator_value`; at step t = 1, 2, … the rate is
    rate / (1 + (t − 1)·rate_decay). The state is {"count": t, "total": s}.

    (Duchi, Hazan and Singer, "Adaptive subgradient methods", 2011.)

    >>> adagrad(np.array([1.0]), np.array([0.5]), rate=0.1).params
    array([0.9])
    """
    rate, epsilon = number("adagrad", "rate", rate), number("adagrad", "epsilon", epsilon)
    rate_decay = number("adagrad", "rate_decay", rate_decay)
    initial = number("adagrad", "initial_accumulator_value", initial_accumulator_value)
    state = _begun("adagrad", params, state, {"count": 0, "total": initial})
    count = state["count"] + 1

    def direction(g: Any, kept: Any, rate: Any, epsilon: Any) -> Any:
        total = kept["total"] + g * g
        return rate * (g / (_root(total) + epsilon)), {"total": total}

    given, trees = (rate / (1.0 + (count - 1) * rate_decay), epsilon), (params, grads, state)
    return _moved("adagrad", trees, direction, given, rate, weight_decay, maximize, count=count)


@explained
def adadelta(
    params: Any,
    grads: Any,
    state: Any = None,
    *,
    rate: Any = 1.0,
    rho: Any = 0.9,
    epsilon: Any = 1e-6,
    weight_decay: Any = 0.0,
    maximize: bool = False,
) -> Update:
    """A step of Adadelta: w ← w − rate·d with d = g·√(u + epsilon) / √(v + epsilon).

    v ← rho·v + (1 − rho)·g² before, u ← rho·u + (1 − rho)·d² after it. The state is
    {"square": v, "steps": u}.

    (Zeiler, "Adadelta", 2012.)

    >>> adadelta(np.array([1.0]), np.array([0.5])).params.round(6)
    array([0.996838])
    """
    rate, epsilon = number("adadelta", "rate", rate), number("adadelta", "epsilon", epsilon)
    rho = number("adadelta", "rho", rho, 0, 1)
    state = _begun("adadelta", params, state, {"square": 0.0, "steps": 0.0})

    def direction(g: Any, kept: Any, rate: Any, share: Any, epsilon: Any) -> Any:
        square = _toward(kept["square"], g * g, share)
        step = np.sqrt(kept["steps"] + epsilon) / np.sqrt(square + epsilon) * g
        return rate * step, {"square": square, "steps": _toward(kept["steps"], step * step, share)}

    given, trees = (rate, 1.0 - rho, epsilon), (params, grads, state)
    return _moved("adadelta", trees, direction, given, rate, weight_decay, maximize)


# What all of them share


def number(name: str, what: str, value: Any, least: float = 0.0, below: float = math.inf) -> Any:
    """`value` as Python's float; what is an array without axes, as one of float64.

    A number of Python is a part of the form in a jit, an array is one of its arguments.

    >>> number("adam", "rate", 1), number("adam", "rate", np.float32(0.5))
    (1.0, np.float64(0.5))
    """
    if type(value) in (int, float):
        try:
            value = float(value)
        except OverflowError:
            value = math.inf
    elif (
        getattr(value, "shape", None) == () and getattr(value, "dtype", np.dtype("O")).kind in "iuf"
    ):
        value = cast(value, np.float64)
    else:
        raise TypeError(f"{name}: {what} is a number, not {value!r:.40}")
    if not value >= least:
        raise ValueError(f"{name}: the {what} must be at least {least:g}, not {value}")
    if below < math.inf and not value < below:
        raise ValueError(
            f"{name}: the {what} must be at least {least:g} and below {below:g}, not {value}"
        )
    return value


def _adaptive(name: str, rate: Any, betas: Any, epsilon: Any) -> Any:
    """rate, β₁, β₂, epsilon."""
    if not (isinstance(betas, (tuple, list)) and len(betas) == 2):
        raise TypeError(f"{name}: betas is a pair of numbers, not {betas!r:.40}")
    checked = (number(name, what, x, 0, 1) for what, x in zip(("first beta", "second beta"), betas))
    return (number(name, "rate", rate), *checked, number(name, "epsilon", epsilon))


def _is_zero(value: Any) -> bool:
    """Whether it is zero for good: an array may have another value at the next step."""
    return type(value) is float and value == 0


def _toward(old: Any, new: Any, share: Any) -> Any:
    return old + share * (new - old)


def _means(g: Any, kept: Any, share1: Any, share2: Any) -> dict[str, Any]:
    """Adam's m and v."""
    mean = _toward(kept["mean"], g, share1)
    return {"mean": mean, "square": _toward(kept["square"], g * g, share2)}


def _root(square: Any) -> Any:
    """√square, with derivatives that are finite at 0, so that those by g are 0 where g was 0.

    What is added is far below every epsilon² that is in use, and large enough for two derivatives.
    """
    return np.sqrt(square + float(np.finfo(square.dtype).tiny) ** 0.6)


_WITHOUT_AXES = {"count", "product"}


def _begun(name: str, params: Any, state: Any, start: dict[str, Any]) -> Any:
    """The state; at the first step, where it is None, what `start` has, for each leaf."""
    if state is None:
        return {
            key: value if key in _WITHOUT_AXES else tree.map(lambda _, value=value: value, params)
            for key, value in start.items()
        }
    if not isinstance(state, dict) or state.keys() != start.keys():
        given = list(state) if isinstance(state, dict) else type(state).__name__
        raise ValueError(
            f"{name}: with these options its state has {list(start) or 'nothing'}, not {given:.60}; "
            "give what the last step gave, or None to begin"
        )
    for key in _WITHOUT_AXES & start.keys():
        if getattr(state[key], "shape", None) != () or state[key].dtype.kind not in "iuf":
            raise ValueError(
                f"{name}: {key!r} in the state must be a number in an array without axes, not "
                f"{state[key]!r:.40}; give what the last step gave, or None to begin"
            )
    return state


def _moved(
    name: str,
    trees: tuple[Any, Any, dict[str, Any]],
    direction: Direction,
    given: tuple[Any, ...],
    rate: Any,
    weight_decay: Any,
    maximize: bool,
    decoupled: bool = False,
    **also: Any,
) -> Update:
    """The step: `direction` for every leaf, with the numbers `given`, in the leaf's dtype."""
    params, grads, state = trees
    slots = [key for key in state if key not in _WITHOUT_AXES]
    leaves = _side_by_side(name, "grads is a tree like params", params, grads)
    remedy = "the state is one for other parameters; give None to begin"
    kept = _side_by_side(name, remedy, params, *[state[slot] for slot in slots])
    if tree.container_of(type(weight_decay)) is None:
        decays = [number(name, "weight_decay", weight_decay)] * len(leaves)
    else:
        remedy = "weight_decay is a number, or a tree like params with a number for each"
        of_leaves = _side_by_side(name, remedy, params, weight_decay)
        decays = [number(name, "weight_decay", decay) for _, decay in of_leaves]
    moved, columns = [], {slot: [] for slot in slots}
    rows = zip(tree.paths(params), leaves, kept, decays, strict=True)
    for path, (w, g), (_, *its), decay in rows:
        w, g = _checked(name, f" at {path}" if path else "", w, g)
        x, dtype = w, np.result_type(w.dtype, np.float32)
        if is_complex(w):
            x, g, dtype = _as_pairs(w), _as_pairs(np.conj(g)), np.finfo(dtype).dtype
        x, g = cast(x, dtype), cast(g, dtype)
        its = [_of_state(name, path, one, x) for one in its]
        if maximize:
            g = -g
        if decoupled and not _is_zero(decay):
            x = x * _in(dtype, 1.0 - rate * decay)
        elif not _is_zero(decay):
            g = g + _in(dtype, decay) * x
        step, new = direction(
            g, dict(zip(slots, its, strict=True)), *[_in(dtype, value) for value in given]
        )
        x = x - step
        moved.append(_array(cast(x[..., 0] + 1j * x[..., 1] if is_complex(w) else x, w.dtype)))
        for slot in slots:
            columns[slot].append(_array(new[slot]))
    state = {key: np.reshape(value, ()) for key, value in also.items()}
    state |= {slot: tree.unflatten(params, column) for slot, column in columns.items()}
    return Update(tree.unflatten(params, moved), state)


def _side_by_side(name: str, remedy: str, *trees: Any) -> list[tuple[Any, ...]]:
    """The leaves at the same place in all trees."""
    rows: list[tuple[Any, ...]] = []
    try:
        tree.map(lambda *leaves: rows.append(leaves), *trees)
    except tree.TreesDifferError as error:
        raise ValueError(f"{name}: {error}; {remedy}") from None
    return rows


def _checked(name: str, place: str, w: Any, g: Any) -> tuple[Any, Any]:
    """A parameter and its gradient, that fit together."""
    w = numbers(w, f"{name}: the parameter{place}")
    g = numbers(g, f"{name}: the gradient{place}")
    if w.dtype.kind not in "fc":
        raise TypeError(
            f"{name}: the parameter{place} has dtype {w.dtype}; convert it with .astype(float)"
        )
    if w.shape != g.shape:
        raise ValueError(
            f"{name}: the parameter{place} of shape {w.shape} has a gradient of shape {g.shape}"
        )
    if is_complex(g) and not is_complex(w):
        raise TypeError(
            f"{name}: the parameter{place} is real and its gradient complex; take np.real of it"
        )
    return w, g


def _of_state(name: str, path: str, value: Any, x: Any) -> Any:
    """The part of a leaf in the state, in the dtype of what is computed."""
    if isinstance(value, float) or getattr(value, "shape", None) == x.shape:
        return _in(x.dtype, value)
    raise ValueError(
        f"{name}: the state{f' at {path}' if path else ''} has shape {np.shape(value)} where "
        f"{x.shape} belongs; it is one for other parameters; give None to begin"
    )


def _in(dtype: Any, value: Any) -> Any:
    """A number of float64, where it meets a leaf; one of Python's has no dtype of its own."""
    return value if type(value) is float else cast(value, dtype)


def _as_pairs(z: Any) -> Any:
    """(…) → (…, 2): the real and the imaginary parts."""
    return np.stack([np.real(z), np.imag(z)], axis=-1)


def _array(x: Any) -> Any:
    return np.asarray(x) if isinstance(x, np.generic) else x

"""Optimisers as plain functions: (parameters, gradients, state) → (parameters, state).

`sgd`, `adam`, `adamw`, `nadam`, `radam`, `rmsprop`, `adagrad` and `adadelta`, with PyTorch's
arithmetic and defaults:

    params, state = tg.optim.adam(params, grads, state, rate=1e-3)

Parameters and gradients are trees of arrays or Tensors. The state is None at first, then a dict of
trees and of numbers in arrays without axes, which `tg.save` and `tg.jit` take as it is. Nothing is
written into. A parameter keeps its dtype, whatever those of the rate and of the gradient are; what
belongs to a float16 parameter is computed and kept in float32, where squares do not underflow. Of a
complex parameter the real and the imaginary part are two parameters, side by side along a last axis
in the state; its gradient is ∂/∂x − i ∂/∂y, as `tg.grad` gives it.

The rate and the other numbers are Python's, or Tensors or arrays without axes: then one can
differentiate by them, and `tg.jit` takes them as arguments. `weight_decay` may also be a tree like
the parameters, of a number each (`by_path` makes one). With `maximize`, the steps go up. All raise
``TypeError`` for what is no number and for parameters of integers, ``ValueError`` for a number out
of its range, for trees and shapes that differ, and for a state that is not their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..answers import explained
from ..core.optim import Update
from .leafwise import begun, in_dtype, is_zero, moved, read

__all__ = ["adadelta", "adagrad", "adam", "adamw", "nadam", "radam", "rmsprop", "sgd"]


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

    At the first step v is g. With `nesterov` it is w ← w − rate·(g + momentum·v).

    Parameters
    ----------
    params, grads : trees of arrays
    state : dict, optional
        What the last step gave.
    rate : number, default 1e-3
    momentum, dampening : number, default 0
    nesterov : bool, default False
    weight_decay : number or tree, default 0
    maximize : bool, default False

    Returns
    -------
    Update
        With the state ``{"velocity": v}``; without momentum there is none, it stays None.

    References
    ----------
    Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013.

    Examples
    --------
    >>> params, state = sgd({"w": np.array([1.0])}, {"w": np.array([2.0])}, rate=0.5, momentum=0.9)
    >>> params
    {'w': array([0.])}
    >>> params, state = sgd(params, {"w": np.array([2.0])}, state, rate=0.5, momentum=0.9)
    >>> params
    {'w': array([-1.9])}
    """
    given = {"rate": rate, "momentum": momentum, "dampening": dampening}
    rate, momentum, dampening = read("sgd", **given)
    has_none = is_zero(momentum)
    if has_none and nesterov:
        raise ValueError("sgd: nesterov needs a momentum above 0, for instance momentum=0.9")
    share = 1.0 if state is None else 1.0 - dampening
    state = begun("sgd", params, state, **({} if has_none else {"velocity": 0.0}))

    def direction(g: Any, kept: Any, rate: Any, momentum: Any, share: Any) -> Any:
        if has_none:
            return rate * g, {}
        v = momentum * kept["velocity"] + share * g
        return rate * (g + momentum * v if nesterov else v), {"velocity": v}

    how = rate, weight_decay, maximize
    params, state = moved("sgd", params, grads, state, direction, (rate, momentum, share), how)
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

    m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², from 0; m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ) at
    step t = 1, 2, …

    Parameters
    ----------
    params, grads : trees of arrays
    state : dict, optional
        What the last step gave.
    rate : number, default 1e-3
    betas : pair of numbers, default (0.9, 0.999)
    epsilon : number, default 1e-8
    weight_decay : number or tree, default 0
        So many times w is added to g; `adamw` shrinks w instead.
    amsgrad : bool, default False
        The largest v so far stands for v.
    maximize : bool, default False

    Returns
    -------
    Update
        With the state ``{"count": t, "mean": m, "square": v}`` and "largest".

    References
    ----------
    Kingma and Ba, "Adam", 2015; Reddi et al., "On the convergence of Adam and beyond", 2018.

    Examples
    --------
    >>> params, state = adam(np.array([1.0, 2.0]), np.array([0.5, -8.0]), rate=0.1)
    >>> params.round(6), state["count"], state["mean"]
    (array([0.9, 2.1]), array(1), array([ 0.05, -0.8 ]))
    """
    how = rate, weight_decay, maximize
    return _adam("adam", params, grads, state, betas, epsilon, amsgrad, how)


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

    Parameters
    ----------
    params, grads : trees of arrays
    state : dict, optional
    rate : number, default 1e-3
    betas : pair of numbers, default (0.9, 0.999)
    epsilon : number, default 1e-8
    weight_decay : number or tree, default 1e-2
    amsgrad, maximize : bool, default False

    Returns
    -------
    Update

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.

    Examples
    --------
    >>> adamw(np.array([1.0]), np.array([0.0]), rate=0.1, weight_decay=0.5).params
    array([0.95])
    """
    how = rate, weight_decay, maximize, True
    return _adam("adamw", params, grads, state, betas, epsilon, amsgrad, how)


def _adam(
    name: str,
    params: Any,
    grads: Any,
    state: Any,
    betas: Any,
    epsilon: Any,
    amsgrad: bool,
    how: Any,
) -> Update:
    rate, beta1, beta2, epsilon = _read_adaptive(name, how[0], betas, epsilon)
    more = {"largest": 0.0} if amsgrad else {}
    state = begun(name, params, state, count=0, mean=0.0, square=0.0, **more)
    count = state["count"] + 1
    correction1, correction2 = (1.0 - np.power(beta, count) for beta in (beta1, beta2))

    def direction(g: Any, kept: Any, shares: Any, size: Any, root: Any, epsilon: Any) -> Any:
        new = _means(g, kept, shares)
        if amsgrad:
            new["largest"] = np.maximum(kept["largest"], new["square"])
        square = new["largest" if amsgrad else "square"]
        return size * (new["mean"] / (_root(square) / root + epsilon)), new

    given = (1.0 - beta1, 1.0 - beta2), rate / correction1, np.sqrt(correction2), epsilon
    how = rate, *how[1:]
    return moved(name, params, grads, state, direction, given, how, count=count)


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

    Parameters
    ----------
    params, grads : trees of arrays
    state : dict, optional
    rate : number, default 2e-3
    betas : pair of numbers, default (0.9, 0.999)
    epsilon : number, default 1e-8
    weight_decay : number or tree, default 0
    momentum_decay : number, default 4e-3
        ψ.
    decoupled_weight_decay : bool, default False
        w shrinks as in `adamw`.
    maximize : bool, default False

    Returns
    -------
    Update
        The state has also the "product" of all μ so far.

    References
    ----------
    Dozat, "Incorporating Nesterov momentum into Adam", 2016.

    Examples
    --------
    >>> nadam(np.array([1.0]), np.array([0.5]), rate=0.1).params.round(4)
    array([0.8944])
    """
    rate, beta1, beta2, epsilon = _read_adaptive("nadam", rate, betas, epsilon)
    (decay,) = read("nadam", momentum_decay=momentum_decay)
    state = begun("nadam", params, state, count=0, product=1.0, mean=0.0, square=0.0)
    count = state["count"] + 1
    now, then = (beta1 * (1.0 - 0.5 * np.power(0.96, t * decay)) for t in (count, count + 1))
    product = state["product"] * now

    def direction(g: Any, kept: Any, shares: Any, sizes: Any, root: Any, epsilon: Any) -> Any:
        new = _means(g, kept, shares)
        step = sizes[0] * g + sizes[1] * new["mean"]
        return step / (_root(new["square"]) / root + epsilon), new

    sizes = rate * (1.0 - now) / (1.0 - product), rate * then / (1.0 - product * then)
    root = np.sqrt(1.0 - np.power(beta2, count))
    given = (1.0 - beta1, 1.0 - beta2), sizes, root, epsilon
    how = rate, weight_decay, maximize, decoupled_weight_decay
    also = {"count": count, "product": product}
    return moved("nadam", params, grads, state, direction, given, how, **also)


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

    Parameters
    ----------
    params, grads : trees of arrays
    state : dict, optional
    rate : number, default 1e-3
    betas : pair of numbers, default (0.9, 0.999)
    epsilon : number, default 1e-8
    weight_decay : number or tree, default 0
    decoupled_weight_decay : bool, default False
        w shrinks as in `adamw`.
    maximize : bool, default False

    Returns
    -------
    Update

    References
    ----------
    Liu et al., "On the variance of the adaptive learning rate and beyond", 2020.

    Examples
    --------
    >>> radam(np.array([1.0]), np.array([0.5]), rate=0.1).params
    array([0.95])
    """
    rate, beta1, beta2, epsilon = _read_adaptive("radam", rate, betas, epsilon)
    state = begun("radam", params, state, count=0, mean=0.0, square=0.0)
    count = state["count"] + 1
    power, most = np.power(beta2, count), 2.0 / (1.0 - beta2) - 1.0
    length = most - 2.0 * count * power / (1.0 - power)
    adapts = length > 5.0
    # np.where computes both sides, so neither may take a root below 0.
    above = np.where(adapts, (length - 4.0) * (length - 2.0) * most, 1.0)
    below = np.where(adapts, (most - 4.0) * (most - 2.0) * length, 1.0)

    def direction(g: Any, kept: Any, shares: Any, size: Any, factor: Any, epsilon: Any) -> Any:
        new = _means(g, kept, shares)
        adapted = np.where(
            adapts, factor / (_root(new["square"]) + epsilon), in_dtype(g.dtype, 1.0)
        )
        return size * new["mean"] * adapted, new

    size, factor = rate / (1.0 - np.power(beta1, count)), np.sqrt((1.0 - power) * above / below)
    given = (1.0 - beta1, 1.0 - beta2), size, factor, epsilon
    how = rate, weight_decay, maximize, decoupled_weight_decay
    return moved("radam", params, grads, state, direction, given, how, count=count)


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

    Parameters
    ----------
    params, grads : trees of arrays
    state : dict, optional
    rate : number, default 1e-2
    alpha : number, default 0.99
    epsilon : number, default 1e-8
    weight_decay : number or tree, default 0
    momentum : number, default 0
        With it, b ← momentum·b + g / (√v + epsilon) and w ← w − rate·b.
    centered : bool, default False
        The square of the mean of g is taken off v, which makes it a variance.
    maximize : bool, default False

    Returns
    -------
    Update
        With the state ``{"square": v}``, "mean" and "velocity".

    References
    ----------
    Tieleman and Hinton, lecture 6.5 of "Neural networks for machine learning", 2012.

    Examples
    --------
    >>> rmsprop(np.array([1.0]), np.array([0.5]), rate=0.01).params.round(6)
    array([0.9])
    """
    rate, alpha, epsilon = read("rmsprop", rate=rate, alpha=alpha, epsilon=epsilon)
    (momentum,) = read("rmsprop", momentum=momentum)
    names = ["square", *["mean"] * bool(centered), *["velocity"] * (not is_zero(momentum))]
    state = begun("rmsprop", params, state, **dict.fromkeys(names, 0.0))

    def direction(g: Any, kept: Any, rate: Any, share: Any, epsilon: Any, momentum: Any) -> Any:
        variance = _toward(kept["square"], g * g, share)
        new = {"square": variance}
        if centered:
            mean = new["mean"] = _toward(kept["mean"], g, share)
            variance = np.maximum(variance - mean * mean, 0.0)  # rounding may bring it below
        step = g / (_root(variance) + epsilon)
        if "velocity" in kept:
            step = new["velocity"] = momentum * kept["velocity"] + step
        return rate * step, new

    how, given = (rate, weight_decay, maximize), (rate, 1.0 - alpha, epsilon, momentum)
    return moved("rmsprop", params, grads, state, direction, given, how)


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

    Parameters
    ----------
    params, grads : trees of arrays
    state : dict, optional
    rate : number, default 1e-2
    rate_decay : number, default 0
        At step t = 1, 2, … the rate is rate / (1 + (t − 1)·rate_decay).
    weight_decay : number or tree, default 0
    initial_accumulator_value : number, default 0
        What the sum begins with.
    epsilon : number, default 1e-10
    maximize : bool, default False

    Returns
    -------
    Update
        With the state ``{"count": t, "total": s}``.

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive subgradient methods", 2011.

    Examples
    --------
    >>> adagrad(np.array([1.0]), np.array([0.5]), rate=0.1).params
    array([0.9])
    """
    rate, decay, epsilon = read("adagrad", rate=rate, rate_decay=rate_decay, epsilon=epsilon)
    (initial,) = read("adagrad", initial_accumulator_value=initial_accumulator_value)
    is_first, state = state is None, begun("adagrad", params, state, count=0, total=0.0)
    count = state["count"] + 1

    def direction(g: Any, kept: Any, rate: Any, epsilon: Any, initial: Any) -> Any:
        total = (initial if is_first else kept["total"]) + g * g
        return rate * (g / (_root(total) + epsilon)), {"total": total}

    how, given = (
        (rate, weight_decay, maximize),
        (rate / (1.0 + (count - 1) * decay), epsilon, initial),
    )
    return moved("adagrad", params, grads, state, direction, given, how, count=count)


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

    v ← rho·v + (1 − rho)·g² before, u ← rho·u + (1 − rho)·d² after it.

    Parameters
    ----------
    params, grads : trees of arrays
    state : dict, optional
    rate : number, default 1
    rho : number, default 0.9
    epsilon : number, default 1e-6
    weight_decay : number or tree, default 0
    maximize : bool, default False

    Returns
    -------
    Update
        With the state ``{"square": v, "steps": u}``.

    References
    ----------
    Zeiler, "Adadelta", 2012.

    Examples
    --------
    >>> adadelta(np.array([1.0]), np.array([0.5])).params.round(6)
    array([0.996838])
    """
    rate, rho, epsilon = read("adadelta", rate=rate, rho=rho, epsilon=epsilon)
    state = begun("adadelta", params, state, square=0.0, steps=0.0)

    def direction(g: Any, kept: Any, rate: Any, share: Any, epsilon: Any) -> Any:
        square = _toward(kept["square"], g * g, share)
        step = np.sqrt(kept["steps"] + epsilon) / np.sqrt(square + epsilon) * g
        return rate * step, {"square": square, "steps": _toward(kept["steps"], step * step, share)}

    how, given = (rate, weight_decay, maximize), (rate, 1.0 - rho, epsilon)
    return moved("adadelta", params, grads, state, direction, given, how)


def _read_adaptive(name: str, rate: Any, betas: Any, epsilon: Any) -> Any:
    """rate, β₁, β₂, epsilon."""
    if not (isinstance(betas, (tuple, list)) and len(betas) == 2):
        raise TypeError(f"{name}: betas is a pair of numbers, not {betas!r:.40}")
    return read(name, rate=rate, beta1=betas[0], beta2=betas[1], epsilon=epsilon)


def _toward(old: Any, new: Any, share: Any) -> Any:
    return old + share * (new - old)


def _means(g: Any, kept: Any, shares: Any) -> dict[str, Any]:
    """Adam's m and v."""
    mean, square = kept["mean"], kept["square"]
    return {"mean": _toward(mean, g, shares[0]), "square": _toward(square, g * g, shares[1])}


def _root(square: Any) -> Any:
    """√square; at 0 that of the smallest number, whose derivative there is 0: those by g are, too.

    So it is exact wherever it is not 0, in the smallest gradients, too.
    """
    return np.sqrt(np.maximum(square, float(np.finfo(square.dtype).smallest_subnormal)))

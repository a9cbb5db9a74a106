"""Schedules: the rate of learning as a function of the step, 0, 1, 2, …

Each function gives another, of the step:

    schedule = tg.optim.schedules.cosine(0.1, 1000)
    params, state = tg.optim.sgd(params, grads, state, rate=schedule(step))

- `constant`, `step`, `multi_step`, `exponential`, `polynomial`, `cosine`, `one_cycle`, `cyclic`;
- `warm_up` goes before another one;
- `plateau` looks at a loss, and so has a state.

Of Python's number the rate is Python's float; of an array of steps, or a Tensor as in `tg.jit`, it
is one of float64. The values are those of ``torch.optim.lr_scheduler``; after its last step a
schedule stays where it is. Arguments are checked when a schedule is made: ``TypeError`` for what is
no number, ``ValueError`` for one out of its range; the step must be at least 0.

>>> schedule = warm_up(cosine(0.1, 6), 2)
>>> schedule(np.arange(9)).round(3)
array([0.   , 0.05 , 0.1  , 0.093, 0.075, 0.05 , 0.025, 0.007, 0.   ])
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from .. import answers
from ..answers import explained
from ..core.arrays import cast, numbers
from .leafwise import number, read, whole

__all__ = [
    "constant",
    "cosine",
    "cyclic",
    "exponential",
    "multi_step",
    "one_cycle",
    "plateau",
    "polynomial",
    "step",
    "warm_up",
]

Schedule = Callable[[Any], Any]


def _schedule(name: str, rate_at: Schedule) -> Schedule:
    """A schedule, of a function of an array of steps in float64."""

    def schedule(step: Any) -> Any:
        n = numbers(step, f"{name}: the step", "iuf")
        if not np.all(n >= 0):
            raise ValueError(f"{name}: the step must be at least 0, not {step!r:.60}")
        rate = rate_at(cast(n, np.float64))
        is_number = isinstance(step, (int, float)) and isinstance(rate, (float, np.ndarray))
        return float(rate) if is_number else rate

    return schedule


@explained
def constant(rate: Any) -> Schedule:
    """`rate` at every step.

    Parameters
    ----------
    rate : number

    Returns
    -------
    function of the step

    Examples
    --------
    >>> constant(0.1)(7)
    0.1
    """
    (rate,) = read("constant", rate=rate)
    return _schedule("constant", lambda n: rate + 0.0 * n)


@explained
def step(rate: Any, steps: int, gamma: Any = 0.1) -> Schedule:
    """`rate`, and after each `steps` steps `gamma` times as much (StepLR).

    Parameters
    ----------
    rate : number
    steps : int
    gamma : number, default 0.1

    Returns
    -------
    function of the step

    Examples
    --------
    >>> step(1.0, 2, gamma=0.5)(np.arange(5))
    array([1.  , 1.  , 0.5 , 0.5 , 0.25])
    """
    rate, gamma = read("step", rate=rate, gamma=gamma)
    steps = whole("step", "steps", steps)
    return _schedule("step", lambda n: rate * np.power(gamma, n // steps))


@explained
def multi_step(rate: Any, milestones: Sequence[int], gamma: Any = 0.1) -> Schedule:
    """`rate`, and from each of the `milestones` on `gamma` times as much (MultiStepLR).

    Parameters
    ----------
    rate : number
    milestones : steps
    gamma : number, default 0.1

    Returns
    -------
    function of the step

    Examples
    --------
    >>> multi_step(1.0, [1, 3], gamma=0.5)(np.arange(5))
    array([1.  , 0.5 , 0.5 , 0.25, 0.25])
    """
    rate, gamma = read("multi_step", rate=rate, gamma=gamma)
    if not isinstance(milestones, (list, tuple)):
        raise TypeError(f"multi_step: milestones is a list of steps, not {milestones!r:.40}")
    at = [whole("multi_step", "a milestone", one, 0) for one in milestones]
    return _schedule(
        "multi_step", lambda n: rate * np.power(gamma, sum([(n >= m) * 1.0 for m in at], 0.0 * n))
    )


@explained
def exponential(rate: Any, gamma: Any) -> Schedule:
    """rate·gammaⁿ at step n (ExponentialLR).

    Parameters
    ----------
    rate, gamma : number

    Returns
    -------
    function of the step

    Examples
    --------
    >>> exponential(1.0, 0.5)(np.arange(4))
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    rate, gamma = read("exponential", rate=rate, gamma=gamma)
    return _schedule("exponential", lambda n: rate * np.power(gamma, n))


@explained
def polynomial(rate: Any, steps: int, power: Any = 1.0, least: Any = 0.0) -> Schedule:
    """From `rate` to `least` in `steps` steps, as (1 − n / steps)^power (PolynomialLR).

    Parameters
    ----------
    rate : number
    steps : int
    power : number, default 1
    least : number, default 0

    Returns
    -------
    function of the step

    Examples
    --------
    >>> polynomial(1.0, 4)(np.arange(6))
    array([1.  , 0.75, 0.5 , 0.25, 0.  , 0.  ])
    """
    rate, power, least = read("polynomial", rate=rate, power=power, least=least)
    steps = whole("polynomial", "steps", steps)

    def rate_at(n: Any) -> Any:
        return least + (rate - least) * np.power(1.0 - np.minimum(n, steps) / steps, power)

    return _schedule("polynomial", rate_at)


@explained
def cosine(rate: Any, steps: int, least: Any = 0.0) -> Schedule:
    """From `rate` to `least` in `steps` steps, along half a cosine (CosineAnnealingLR).

    Parameters
    ----------
    rate : number
    steps : int
    least : number, default 0

    Returns
    -------
    function of the step

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.

    Examples
    --------
    >>> cosine(1.0, 4)(np.arange(6)).round(3)
    array([1.   , 0.854, 0.5  , 0.146, 0.   , 0.   ])
    """
    rate, least = read("cosine", rate=rate, least=least)
    steps = whole("cosine", "steps", steps)
    return _schedule("cosine", lambda n: _half_cosine(rate, least, np.minimum(n, steps) / steps))


def _half_cosine(a: Any, b: Any, share: Any) -> Any:
    return b + (a - b) * (1.0 + np.cos(math.pi * share)) / 2.0


def _line(a: Any, b: Any, share: Any) -> Any:
    return a + (b - a) * share


@explained
def warm_up(schedule: Schedule, steps: int, start: Any = 0.0) -> Schedule:
    """`schedule`, after `steps` steps in which its first rate grows from `start` times to once.

    So `schedule` begins at step `steps` (LinearLR, and then another one in a SequentialLR); after
    0 steps, such as a tenth of a run of nine, it is as it is.

    Parameters
    ----------
    schedule : function of the step
    steps : int
    start : number, default 0

    Returns
    -------
    function of the step

    Examples
    --------
    >>> warm_up(exponential(1.0, 0.5), 2, start=0.5)(np.arange(5))
    array([0.5 , 0.75, 1.  , 0.5 , 0.25])
    """
    if not callable(schedule):
        raise TypeError(f"warm_up: takes a schedule, such as constant(0.1), not {schedule!r:.40}")
    (start,) = read("warm_up", start=start)
    steps = whole("warm_up", "steps", steps, 0)

    def rate_at(n: Any) -> Any:
        share = _line(start, 1.0, np.minimum(n, steps) / steps) if steps else 1.0
        return share * schedule(np.maximum(n - steps, 0.0))

    return _schedule("warm_up", rate_at)


@explained
def one_cycle(
    rate: Any,
    steps: int,
    *,
    pct_start: Any = 0.3,
    anneal_strategy: str = "cos",
    div_factor: Any = 25.0,
    final_div_factor: Any = 1e4,
    three_phase: bool = False,
) -> Schedule:
    """From a = rate / div_factor up to `rate`, and down to a / final_div_factor (OneCycleLR).

    Parameters
    ----------
    rate : number
    steps : int
        Of which the last is steps − 1.
    pct_start : number, default 0.3
        The share of them that the way up takes.
    anneal_strategy : {"cos", "linear"}, default "cos"
    div_factor : number, default 25
    final_div_factor : number, default 1e4
    three_phase : bool, default False
        The way down is back to a in as many steps, and then on.

    Returns
    -------
    function of the step

    References
    ----------
    Smith and Topin, "Super-convergence", 2018.

    Examples
    --------
    >>> one_cycle(1.0, 5, pct_start=0.4, div_factor=4)(np.arange(5)).round(4)
    array([0.25, 1.  , 0.75, 0.25, 0.  ])
    """
    rate, share = read("one_cycle", rate=rate, pct_start=pct_start)
    div = read("one_cycle", div_factor=div_factor, final_div_factor=final_div_factor)
    if 0 in div:
        raise ValueError("one_cycle: div_factor and final_div_factor must be above 0")
    if anneal_strategy not in ("cos", "linear"):
        raise ValueError(
            f'one_cycle: anneal_strategy is "cos" or "linear", not {anneal_strategy!r}'
        )
    between = _half_cosine if anneal_strategy == "cos" else _line
    end, first = whole("one_cycle", "steps", steps, 2) - 1.0, rate / div[0]
    up = share * (end + 1.0) - 1.0
    corners = [(0.0, first), (up, rate), (end, first / div[1])]
    if three_phase:
        corners.insert(2, (2.0 * up, first))

    def rate_at(n: Any) -> Any:
        found = corners[0][1]
        for (begin, a), (stop, b) in itertools.pairwise(corners):
            # Before this part is what was found so far; a part without a length is passed over.
            place = np.clip((n - begin) / (stop - begin if stop > begin else 1.0), 0.0, 1.0)
            found = np.where(n > begin, between(a, b, place), found)
        return found

    return _schedule("one_cycle", rate_at)


@explained
def cyclic(
    least: Any,
    rate: Any,
    *,
    up: int = 2000,
    down: int | None = None,
    mode: str = "triangular",
    gamma: Any = 1.0,
) -> Schedule:
    """From `least` to `rate` in `up` steps, back in `down`, again and again (CyclicLR).

    Parameters
    ----------
    least, rate : number
    up : int, default 2000
    down : int, optional
        As many by default.
    mode : {"triangular", "triangular2", "exp_range"}, default "triangular"
        The difference is halved after each cycle in "triangular2", and gammaⁿ times as much at
        step n in "exp_range".
    gamma : number, default 1

    Returns
    -------
    function of the step

    References
    ----------
    Smith, "Cyclical learning rates for training neural networks", 2017.

    Examples
    --------
    >>> cyclic(0.0, 1.0, up=2, mode="triangular2")(np.arange(8))
    array([0.  , 0.5 , 1.  , 0.5 , 0.  , 0.25, 0.5 , 0.25])
    """
    least, rate, gamma = read("cyclic", least=least, rate=rate, gamma=gamma)
    up = whole("cyclic", "up", up)
    period = up + (up if down is None else whole("cyclic", "down", down))
    scales: dict[Any, Schedule] = {
        "triangular": lambda n: 1.0,
        "triangular2": lambda n: np.power(0.5, n // period),
        "exp_range": lambda n: np.power(gamma, n),
    }
    if not isinstance(mode, str) or mode not in scales:
        raise ValueError(f"cyclic: mode is one of {', '.join(scales)}, not {mode!r:.40}")

    def rate_at(n: Any) -> Any:
        place = n - period * (n // period)
        height = np.minimum(place / up, (period - place) / (period - up))
        return least + (rate - least) * height * scales[mode](n)

    return _schedule("cyclic", rate_at)


@explained
def plateau(
    state: Any,
    value: Any,
    *,
    rate: Any,
    factor: Any = 0.1,
    patience: int = 10,
    threshold: Any = 1e-4,
    threshold_mode: str = "rel",
    cooldown: int = 0,
    least: Any = 0.0,
    epsilon: Any = 1e-8,
    mode: str = "min",
) -> tuple[Any, dict[str, Any]]:
    """`factor` times the rate where `value` gets no better (ReduceLROnPlateau).

    Parameters
    ----------
    state : None at first, and then what the last call gave
    value : number
        A loss, or with `mode` "max" a score; nan is never better.
    rate : number
        The first one.
    factor : number, default 0.1
    patience : int, default 10
        After more than so many values that are no better, the rate is reduced.
    threshold : number, default 1e-4
        A value is better by more than this share of the best so far; with "abs", this amount.
    threshold_mode : {"rel", "abs"}, default "rel"
    cooldown : int, default 0
        So many values after a reduction do not count.
    least : number, default 0
        The rate does not go below.
    epsilon : number, default 1e-8
        A smaller reduction is left out.
    mode : {"min", "max"}, default "min"

    Returns
    -------
    rate : number
        From now on.
    state : dict

    Examples
    --------
    >>> state = None
    >>> for loss in [3.0, 2.0, 2.0, 2.0]:
    ...     rate, state = plateau(state, loss, rate=0.5, patience=1)
    >>> rate
    0.05
    """
    name = "plateau"
    rate, factor, least, epsilon = read(
        name, rate=rate, factor=factor, least=least, epsilon=epsilon
    )
    (threshold,), value = read(name, threshold=threshold), number(name, "value", value)
    patience, cooldown = whole(name, "patience", patience, 0), whole(name, "cooldown", cooldown, 0)
    if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
        raise ValueError('plateau: mode is "min" or "max", threshold_mode "rel" or "abs"')
    sign = 1.0 if mode == "min" else -1.0
    start = {"rate": rate, "best": sign * math.inf, "bad": 0, "waiting": 0}
    state = start if state is None else state
    if not isinstance(state, dict) or state.keys() != start.keys():
        raise ValueError("plateau: the state is what the last call gave; give None to begin")
    rate, best, waiting = state["rate"], state["best"], state["waiting"]
    wanted = best * (1.0 - sign * threshold) if threshold_mode == "rel" else best - sign * threshold
    is_better = sign * value < sign * wanted
    bad = np.where(is_better | (waiting > 0), 0, state["bad"] + 1)
    reduced = np.maximum(rate * factor, least)
    rate = np.where((bad > patience) & (rate - reduced > epsilon), reduced, rate)
    new = {
        "rate": rate,
        "best": np.where(is_better, value, best),
        "bad": np.where(bad > patience, 0, bad),
        "waiting": np.where(bad > patience, cooldown, np.maximum(waiting - 1, 0)),
    }
    return float(rate) if isinstance(rate, np.ndarray) else rate, new


def __getattr__(name: str) -> NoReturn:
    raise answers.no_attribute("tinygrad_np.optim.schedules", name)

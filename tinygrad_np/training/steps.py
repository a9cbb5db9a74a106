"""A step of training, as it is or replayed by `jit`, and the error where it diverges.

`Run` is all that a run needs to go on; `Stepper.step` gives the run after a step more.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from ..core import tree
from ..core.transforms import value_and_grad
from ..nn.updates import average as averaged_with
from .history import Row


class Run(NamedTuple):
    """All that a run needs to go on as if nothing had happened."""

    params: Any
    state: Any
    optimiser: Any = None
    average: Any = None
    step: int = 0
    epoch: int = 0
    batch: int = 0  # so many of this epoch are done,
    total: float = 0.0  # their losses times their rows,
    rows: int = 0
    seconds: float = 0.0
    rate: float = 0.0  # of the last step
    history: tuple[Row, ...] = ()
    best: Any = None  # (figure, epoch, params, state)


class Stepper:
    """Steps of a run: as they are, and replayed where that goes.

    `exchange`, an `Exchange`, stands between gradient and update, None where a run has one process.
    `verify` is how many replays there are from one that is compared with the step to the next.
    """

    def __init__(
        self,
        loss: Any,
        optimiser: Any,
        has_state: bool,
        average: Any,
        is_jitted: bool,
        constants: Any,
        verify: int,
        exchange: Any = None,
    ) -> None:
        self.of_params = _of_params(loss, has_state)
        gradient, update = _gradient(self.of_params), _update(optimiser, average)
        self.exchange = exchange
        self.plain = self.replayed = self.idle = _composed(gradient, exchange or _kept, update)
        if exchange is not None:  # the last rows of an epoch may be fewer than ranks
            self.idle = _composed(_no_gradient, exchange, update)
        if is_jitted and find_spec("tinygrad_np.fast"):
            # What the ranks say to one another is no part of a replay: each half is one.
            if exchange is None:
                self.replayed = _Replayed(self, self.plain, constants, verify)
            else:
                halves = [_Replayed(self, half, constants, verify) for half in (gradient, update)]
                self.replayed = _composed(halves[0], exchange, halves[1])
        self.number = 0  # of the step at hand
        self.refusals: list[str] = []  # of jit, not yet told
        self.rows = 0  # of the batches that are replayed: the largest
        self.before: tuple[Any, Any, Any] | None = None  # params, state, batch of the last step

    def step(self, run: Run, batch: Any, rate: float) -> Run:
        """The run after a step more; raises where its loss is nan or inf."""
        batch, rows = arguments_of(batch)
        given = run.params, run.state, run.optimiser, run.average, np.asarray(rate), batch
        # At the first step the optimiser has no state yet, and the last batch may have fewer rows:
        # to record such steps would take longer than they do.
        is_usual = self.before is not None and rows >= self.rows
        self.rows = max(rows, self.rows)
        step = self.idle if not rows else self.replayed if is_usual else self.plain
        self.number = run.step
        value, params, state, told, average = step(*given)
        if self.refusals and (self.exchange is None or self.exchange.ranks.rank == 0):
            refused = "; ".join(dict.fromkeys(self.refusals))
            told_once = f"fit: goes on without jit, which does not take this step: {refused}"
            warnings.warn(told_once, stacklevel=4)
        self.refusals.clear()
        if not np.isfinite(value):
            raise self._diverged(f"the loss of step {run.step} is {value}", run, batch)
        self.before = run.params, run.state, batch
        if run.state is not None:
            state = _with_generators(state, generators_of(run.state))
        if self.exchange is not None:
            rows = self.exchange.rows
        return run._replace(
            params=params, state=state, optimiser=told, average=average, step=run.step + 1,
            batch=run.batch + 1, total=run.total + float(value) * rows, rows=run.rows + rows,
            rate=rate,
        )  # fmt: skip

    def check_params(self, run: Run) -> None:
        """Raise where a parameter is nan or inf after the last step."""
        where = _not_finite(run.params)
        if where is not None and self.before is not None:
            params, state, batch = self.before
            what = f"params{where} is not finite after step {run.step - 1}"
            raise self._diverged(what, run._replace(params=params, state=state), batch)

    def _diverged(self, what: str, run: Run, batch: Any) -> FloatingPointError:
        """The error that tells where nan or inf came up: in this step, or in the one before."""
        params, state = run.params, run.state
        if self.before is not None and _not_finite(params) is not None:
            params, state, batch = self.before
        text = f"fit: {what}; a smaller rate may help, or optim.clip_by_norm"
        if find_spec("tinygrad_np.debug"):
            from ..check.explain import explain_nonfinite

            def value_of(params: Any) -> Any:
                return self.of_params(params, state, batch)[0]

            with np.errstate(all="ignore"):
                rows = arguments_of(batch)[1]
                report = explain_nonfinite(value_of, params) if rows else None
            text += f"\n{report if self.exchange is None else self.exchange.cause(report)}"
        return FloatingPointError(text)


class _Replayed:
    """A step, or half of one, replayed by `jit`, and left as it is where `jit` refuses it."""

    def __init__(
        self, stepper: Stepper, plain: Callable[..., Any], constants: Any, verify: int
    ) -> None:
        from ..fast.jit import ReplayDiffersError, jit

        self.stepper, self.plain = stepper, plain
        self.replayed: Any = jit(plain, constants=constants, verify=verify)
        self.changed = ReplayDiffersError
        self.replays = 0

    def __call__(self, *given: Any) -> Any:
        if self.replayed is None:
            return self.plain(*given)
        generators = generators_of(given[1])  # in the state, or none, in gradients
        before = [g.bit_generator.state for g in generators]
        try:
            found = self.replayed(*given)
        except Exception as refused:
            for generator, state in zip(generators, before, strict=True):
                generator.bit_generator.state = state
            found = self.plain(*given)  # raises what is the loss's own
            if self.replays > 1 and isinstance(refused, self.changed):
                raise ValueError(
                    f"fit: by step {self.stepper.number} the loss or the optimiser computes "
                    "something else than when jit recorded it, since something that it holds has "
                    "changed; give that as a part of the data or the state, or run it with "
                    "jit=False"
                ) from refused
            self.replayed = None
            self.stepper.refusals.append(str(refused))
            return found
        self.replays += 1
        return found


def _of_params(loss: Any, has_state: bool) -> Callable[..., Any]:
    """(params, state, batch) → (the loss, the new state)"""

    def of_params(params: Any, state: Any, batch: Any) -> Any:
        if not has_state:
            return loss(params, *batch), None
        found = loss(params, state, *batch)
        if not isinstance(found, tuple) or len(found) != 2:
            raise TypeError(
                "fit: with a state, the loss of (params, state, *batch) returns (loss, new state), "
                f"not {type(found).__name__}"
            )
        return found[0], _without_generators(found[1], generators_of(state))

    return of_params


def _gradient(of_params: Any) -> Callable[..., Any]:
    """(params, state, batch) → (the loss, the new state, the gradient)"""

    def gradient(params: Any, state: Any, batch: Any) -> Any:
        (value, new), grads = value_and_grad(of_params, has_aux=True)(params, state, batch)
        return value, new, grads

    return gradient


def _no_gradient(params: Any, state: Any, batch: Any) -> Any:
    """That of a batch without rows, which counts for nothing in the mean of all ranks."""
    return 0.0, _without_generators(state, generators_of(state)), tree.map(np.zeros_like, params)


def _kept(value: Any, state: Any, grads: Any, batch: Any) -> Any:
    """What stands between gradient and update where a run has one process: nothing."""
    return value, state, grads


def _update(optimiser: Any, average: Any) -> Callable[..., Any]:
    """(params, gradient, the optimiser's state, average, rate) → the first, third and fourth"""

    def update(params: Any, grads: Any, told: Any, averaged: Any, rate: Any) -> Any:
        params, told = optimiser(params, grads, told, rate=rate)
        if average is not None:
            averaged = averaged_with(params, averaged, decay=average)
        return params, told, averaged

    return update


def _composed(gradient: Any, exchange: Any, update: Any) -> Callable[..., Any]:
    """(params, state, the optimiser's state, average, rate, batch) → (the loss, and all these)"""

    def step(params: Any, state: Any, told: Any, averaged: Any, rate: Any, batch: Any) -> Any:
        value, new, grads = exchange(*gradient(params, state, batch), batch)
        params, told, averaged = update(params, grads, told, averaged, rate)
        return value, params, new, told, averaged

    return step


def arguments_of(batch: Any) -> tuple[Any, int]:
    """A batch as a tuple of arguments, and the number of its rows, those of its first array."""
    batch = batch if isinstance(batch, tuple) else (batch,)
    leaves = tree.leaves(batch)
    if isinstance(batch[0], list) or not leaves or not np.ndim(leaves[0]):
        raise ValueError(
            "fit: a batch is an array with rows, or a tuple of such arrays, not "
            f"{type(batch[0]).__name__}"
        )
    return batch, len(leaves[0])


def generators_of(state: Any) -> list[np.random.Generator]:
    """The random generators in a tree, in order."""
    return [leaf for leaf in tree.leaves(state) if isinstance(leaf, np.random.Generator)]


def _not_finite(params: Any) -> str | None:
    """The path of the first array with nan or inf."""
    for path, leaf in zip(tree.paths(params), tree.leaves(params), strict=True):
        if not np.all(np.isfinite(leaf)):
            return path
    return None


class _Generator:
    """Stands for the generator with this number in what a step gives, which `jit` would refuse."""

    def __init__(self, number: int) -> None:
        self.number = number


tree.register(_Generator, lambda one: [], lambda one, parts: one)


def _without_generators(state: Any, given: Any) -> Any:
    def replaced(leaf: Any) -> Any:
        if not isinstance(leaf, np.random.Generator):
            return leaf
        for i, generator in enumerate(given):
            if leaf is generator:
                return _Generator(i)
        raise ValueError(
            "fit: the loss returns a generator in its state that it was not given; return that "
            "which it drew from"
        )

    return tree.map(replaced, state)


def _with_generators(state: Any, given: Any) -> Any:
    """The state with the generators that the step has drawn from."""
    if isinstance(state, _Generator):
        return given[state.number]
    container = tree.container_of(type(state))
    if container is None:
        return state
    parts = [_with_generators(part, given) for part in container.children(state)]
    return container.rebuild(state, parts)

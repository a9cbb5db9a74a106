"""A step of training, as it is or replayed by `jit`, and the error where it diverges.

`Run` is all that a run needs to go on; `Stepper.step` gives the run after a step more.
"""

from __future__ import annotations

import warnings
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
    history: tuple[Row, ...] = ()
    best: Any = None  # (figure, epoch, params, state)


class Stepper:
    """Steps of a run: as they are, and replayed where that goes."""

    def __init__(
        self, loss: Any, optimiser: Any, has_state: bool, average: Any, is_jitted: bool
    ) -> None:
        self.loss, self.has_state = loss, has_state
        self.before: tuple[Run, Any] | None = None
        self.replayed: Any = None
        self.shapes: Any = None  # of the batches that are replayed

        def stepped(
            params: Any, state: Any, told: Any, averaged: Any, rate: Any, batch: Any
        ) -> Any:
            (value, new), grads = value_and_grad(self._of_params, has_aux=True)(
                params, state, batch
            )
            params, told = optimiser(params, grads, told, rate=rate)
            if average is not None:
                averaged = averaged_with(params, averaged, decay=average)
            return value, params, _without_generators(new), told, averaged

        self.plain = stepped
        if is_jitted and find_spec("tinygrad_np.fast"):
            from ..fast.jit import jit

            self.replayed = jit(stepped)

    def _of_params(self, params: Any, state: Any, batch: Any) -> Any:
        """The loss and the new state."""
        if not self.has_state:
            return self.loss(params, *batch), None
        found = self.loss(params, state, *batch)
        if not isinstance(found, tuple) or len(found) != 2:
            raise TypeError(
                "fit: with a state, the loss of (params, state, *batch) returns (loss, new state), "
                f"not {type(found).__name__}"
            )
        return found

    def step(self, run: Run, batch: Any, rate: Any) -> Run:
        """The run after a step more; raises where its loss is nan or inf."""
        batch, rows = arguments_of(batch)
        given = run.params, run.state, run.optimiser, run.average, np.asarray(rate), batch
        # At the first step the optimiser has no state yet, and the last batch may have fewer rows:
        # to record such steps would take longer than they do.
        shapes = [getattr(leaf, "shape", None) for leaf in tree.leaves(batch)]
        if self.replayed is None or self.before is None or shapes != (self.shapes or shapes):
            value, params, state, told, average = self.plain(*given)
        else:
            self.shapes = shapes
            value, params, state, told, average = self._replay(given)
        if not np.isfinite(value):
            raise self._diverged(f"the loss of step {run.step} is {value}", run, batch)
        self.before = run, batch
        if self.has_state:
            state = _with_generators(state, iter(generators_of(run.state)))
        return run._replace(
            params=params, state=state, optimiser=told, average=average, step=run.step + 1,
            batch=run.batch + 1, total=run.total + float(value) * rows, rows=run.rows + rows,
        )  # fmt: skip

    def _replay(self, given: Any) -> Any:
        generators = generators_of(given[1])
        before = [g.bit_generator.state for g in generators]
        try:
            return self.replayed(*given)
        except (TypeError, ValueError) as refused:
            for generator, state in zip(generators, before, strict=True):
                generator.bit_generator.state = state
            found = self.plain(*given)  # raises what is the loss's own
            self.replayed = None
            told = f"fit: goes on without jit, which does not take this step: {refused}"
            warnings.warn(told, stacklevel=5)
            return found

    def check_params(self, run: Run) -> None:
        """Raise where a parameter is nan or inf after the last step."""
        where = _not_finite(run.params)
        if where is not None and self.before is not None:
            what = f"params{where} is not finite after step {run.step - 1}"
            raise self._diverged(what, *self.before)

    def _diverged(self, what: str, run: Run, batch: Any) -> FloatingPointError:
        """The error that tells where nan or inf came up: in this step, or in the one before."""
        if self.before is not None and _not_finite(run.params) is not None:
            run, batch = self.before
        text = f"fit: {what}; a smaller rate may help, or optim.clip_by_norm"
        if find_spec("tinygrad_np.debug"):
            from ..check.explain import explain_nonfinite

            state = run.state
            with np.errstate(all="ignore"):
                report = explain_nonfinite(
                    lambda params: self._of_params(params, state, batch)[0], run.params
                )
            text += f"\n{report}"
        return FloatingPointError(text)


def arguments_of(batch: Any) -> tuple[Any, int]:
    """A batch as a tuple of arguments, and the number of its rows."""
    batch = batch if isinstance(batch, tuple) else (batch,)
    leaves = tree.leaves(batch)
    if not leaves or not np.ndim(leaves[0]):
        raise ValueError("fit: a batch is an array with rows, or a tuple of such arrays")
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


class _Generator(tuple[()]):
    """Stands for a random generator in what a step gives, which `jit` would refuse."""


def _without_generators(state: Any) -> Any:
    return tree.map(lambda x: _Generator() if isinstance(x, np.random.Generator) else x, state)


def _with_generators(state: Any, generators: Any) -> Any:
    """The state with the generators that the step has drawn from, in the same order."""
    if isinstance(state, _Generator):
        return next(generators)
    container = tree.container_of(type(state))
    if container is None:
        return state
    parts = [_with_generators(part, generators) for part in container.children(state)]
    return container.rebuild(state, parts)

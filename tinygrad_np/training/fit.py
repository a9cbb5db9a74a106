"""`fit`: parameters that make a loss small, from data in batches, with all that a run needs.

A validation after each epoch, the best parameters kept, a history, progress, checkpoints from which
a killed run goes on to the same bits, and an end that can be told: after Ctrl-C, or where the loss
is no number.
"""

from __future__ import annotations

import copy
import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from ..answers import explained
from ..core import tree
from ..data.batches import minibatches
from ..io.progress import progress as with_progress
from ..nn.optimisers import adam
from .checkpoint import Checkpoint
from .history import History, Row
from .steps import Run, Stepper, arguments_of, generators_of


class Fitted(NamedTuple):
    """What `fit` gives."""

    params: Any
    """those with the best figure where there is a validation, else the last ones"""
    state: Any
    """the state of the model that belongs to them, None where it has none"""
    history: History
    """a table, a row an epoch"""
    stopped: str
    """why it ended: "epochs", "patience" or "interrupted" """


@explained
def fit(
    loss: Callable[..., Any],
    params: Any,
    train: Any,
    optimiser: Callable[..., Any] = adam,
    *,
    rate: float | Callable[[int], float] = 1e-3,
    epochs: int = 10,
    batch_size: int = 32,
    rng: Any = None,
    state: Any = None,
    validation: Any = None,
    evaluate: Callable[..., Any] | None = None,
    monitor: str = "loss",
    mode: str = "min",
    patience: int | None = None,
    average: float | None = None,
    checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
    every: int | None = None,
    progress: bool = True,
    jit: bool = True,
) -> Fitted:
    """Train `params`, a tree of arrays, so that ``loss(params, *batch)`` becomes small.

    `train` is a tuple (or dict) of arrays with as many rows each, such as (images, labels), of
    which each epoch takes batches of `batch_size` in a new order, drawn by `rng` (by default
    ``numpy.random.default_rng(0)``); or an iterable that gives an epoch's batches at each pass, a
    list of them or what `tg.data.prefetch` gives, with `rng` a tuple of all generators that it
    draws from. A batch that is no tuple is one argument. `optimiser` is a function of `tg.optim`,
    also with further arguments by ``functools.partial``; `rate` is a number or a function of the
    step, from `tg.optim.schedules`.

    - A model with a `state`, a tree of statistics (of `batch_norm`) and random generators (of
      `dropout`), has a loss (params, state, *batch) → (loss, new state).
    - `validation`, data as `train` is, is looked at after each epoch: ``evaluate(params, *batch)``
      (params, state, *batch where there is a state) gives a number or a dict of numbers, means
      over the rows of the batch; by default it is the loss. The params are kept that have the
      least `monitor` (with ``mode="max"`` the largest), and after `patience` epochs without a
      better one the run ends. With `average`, such as 0.999, the average of the weights
      (`optim.average`) is what is validated and given.
    - `checkpoint` is a folder, in which the run is saved after each epoch, and `every` so many
      steps. If there is one, it goes on from there, to the bits of a run that was left alone: give
      the same arguments (more `epochs` to go on longer).
    - Ctrl-C ends it after the step, with what there is; a second one at once.
    - With `jit` the step is recorded and replayed where `tg.jit` takes it (docs/jit.md says what
      is read once); where it does not, a warning says why, and it goes on without.

    Prints a line an epoch, unless `progress` is False. Raises ``FloatingPointError`` where the loss
    or a parameter becomes nan or inf, with the operation where it came up; ``ValueError`` and
    ``TypeError`` for arguments that do not fit.

    >>> def loss(w, x, y):
    ...     return np.mean((x @ w - y) ** 2)
    >>> x = np.eye(3)
    >>> found = fit(loss, np.zeros(3), (x, x @ [1.0, 2.0, 3.0]), rate=0.3, epochs=200, batch_size=3,
    ...             progress=False)
    >>> found.params.round(1), found.history.columns, found.stopped
    (array([1., 2., 3.]), ['epoch', 'step', 'loss', 'rate', 'seconds'], 'epochs')
    """
    _check(loss, optimiser, evaluate, rate, epochs, patience, average, mode, every)
    if evaluate is None and validation is not None:
        if state is not None:
            raise ValueError(
                "fit: a loss with a state is that of training; give evaluate, a function of "
                "(params, state, *batch), for the validation"
            )
        evaluate = loss
    rng = np.random.default_rng(0) if rng is None else rng
    generators = generators_of(rng)
    if not generators or len(generators) != len(tree.leaves(rng)):
        raise TypeError(f"fit: rng is a numpy.random.Generator, or several, not {rng!r:.40}")
    if any(generator in generators_of(state) for generator in generators):
        raise ValueError(
            "fit: rng is what the data draw from; give the model's state another generator, so "
            "that a run can go on in the middle of an epoch"
        )
    batches = _batches("train", train, generators[0], batch_size)
    tests = None if validation is None else _batches("validation", validation, None, batch_size)
    stepper = Stepper(loss, optimiser, state is not None, average, jit)
    rate_at = rate if callable(rate) else lambda step: rate
    run = Run(params, state)
    if checkpoint is not None:
        checkpoint = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint(checkpoint)
        run = _resumed(checkpoint, run, rng)
    history = History(run.history)
    stopped = "epochs"
    with _interrupts() as interrupts:
        while run.epoch < epochs and not _is_over(run, patience):
            at_start = copy.deepcopy(rng)
            steps = itertools.islice(iter(batches), run.batch, None)
            count = len(batches) - run.batch if isinstance(batches, Sized) else None
            for batch in (
                with_progress(steps, f"epoch {run.epoch + 1}", count) if progress else steps
            ):
                begun = time.perf_counter()
                run = stepper.step(run, batch, rate_at(run.step))
                run = run._replace(seconds=run.seconds + time.perf_counter() - begun)
                if checkpoint and (interrupts or (every and run.step % every == 0)):
                    _save(checkpoint, run, at_start)
                if interrupts:
                    break
            if interrupts:
                stopped = "interrupted"
                break
            if not run.rows:
                raise ValueError("fit: train gave no batch in this epoch; are there fewer passes?")
            stepper.check_params(run)
            row: Row = {"epoch": run.epoch + 1, "step": run.step, "loss": run.total / run.rows}
            chosen = run.params if average is None else run.average
            if tests is not None:
                figures = _validated(evaluate, chosen, run.state, tests, state is not None)
                row |= {f"validation {name}": figure for name, figure in figures.items()}
                run = run._replace(best=_better(run, chosen, figures, monitor, mode))
            row |= {"rate": rate_at(run.step - 1), "seconds": run.seconds}
            history.rows.append(row)
            run = Run(*run[:5], epoch=run.epoch + 1, history=tuple(history.rows), best=run.best)
            if progress:
                print(*([history.head()] if len(history) == 1 else []), history.line(row), sep="\n")
            if checkpoint:
                _save(checkpoint, run, rng)
    if stopped == "epochs" and run.epoch < epochs:
        stopped = "patience"
    if run.best is not None:
        _, _, params, state = run.best
        return Fitted(params, state, history, stopped)
    return Fitted(run.params if run.average is None else run.average, run.state, history, stopped)


def _check(
    loss: Any, optimiser: Any, evaluate: Any, rate: Any, epochs: Any, patience: Any,
    average: Any, mode: Any, every: Any,
) -> None:  # fmt: skip
    for name, function in (("loss", loss), ("optimiser", optimiser), ("evaluate", evaluate)):
        if not callable(function) and (name != "evaluate" or function is not None):
            raise TypeError(f"fit: {name} must be a function, not a {type(function).__name__}")
    if not callable(rate) and not isinstance(rate, int | float | np.number | np.ndarray):
        raise TypeError(f"fit: rate must be a number or a function of the step, not {rate!r:.40}")
    for name, count, least in (
        ("epochs", epochs, 0),
        ("patience", patience, 1),
        ("every", every, 1),
    ):
        if count is None and name != "epochs":
            continue
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < least:
            raise ValueError(f"fit: {name} must be an integer from {least} on, not {count!r:.40}")
    if average is not None and not 0 <= average < 1:
        raise ValueError(f"fit: average, a decay, must be at least 0 and below 1, not {average}")
    if mode not in ("min", "max"):
        raise ValueError(f'fit: mode is "min" or "max", not {mode!r:.40}')


def _batches(name: str, data: Any, rng: Any, batch_size: int) -> Iterable[Any]:
    """What gives an epoch of batches at each pass; in order without a generator."""
    if isinstance(data, np.ndarray) or (
        tree.container_of(type(data)) and not isinstance(data, list)
    ):
        shuffled = minibatches(np.random.default_rng(0) if rng is None else rng, data, batch_size)
        if rng is not None:
            return shuffled
        rows = len(tree.leaves(data)[0])
        return [
            tree.map(lambda array, i=i: array[i : i + batch_size], data)
            for i in range(0, rows, batch_size)
        ]
    if not isinstance(data, Iterable) or isinstance(data, Iterator):
        raise TypeError(
            f"fit: {name} must be a tuple of arrays, or an iterable that gives batches at each "
            f"pass, such as tg.data.minibatches(rng, arrays, size); not a {type(data).__name__}"
        )
    return data


def _validated(evaluate: Any, params: Any, state: Any, tests: Any, has_state: bool) -> Row:
    """Means over all rows of the validation."""
    total: dict[str, float] = {}
    rows = 0
    for given in tests:
        batch, count = arguments_of(given)
        found = evaluate(params, *((state,) if has_state else ()), *batch)
        found = found if isinstance(found, dict) else {"loss": found}
        rows += count
        for name, figure in found.items():
            total[name] = total.get(name, 0.0) + float(figure) * count
    return {name: sum_ / rows for name, sum_ in total.items()}


def _better(run: Run, params: Any, figures: Row, monitor: str, mode: str) -> Any:
    """What is best so far: (figure, epoch, params, state)."""
    if monitor not in figures:
        raise ValueError(
            f"fit: evaluate gives no {monitor!r} to monitor, but {', '.join(map(repr, figures))}"
        )
    figure = figures[monitor]
    is_better = run.best is None or (
        figure < run.best[0] if mode == "min" else figure > run.best[0]
    )
    return (figure, run.epoch + 1, params, copy.deepcopy(run.state)) if is_better else run.best


def _is_over(run: Run, patience: int | None) -> bool:
    """Whether there was no better figure for so many epochs."""
    return patience is not None and run.best is not None and run.epoch - run.best[1] >= patience


def _save(checkpoint: Checkpoint, run: Run, rng: Any) -> None:
    """Save the run, with the data's generators as they were when the epoch began."""
    checkpoint.save(run.step, _plain({**run._asdict(), "rng": rng}))


def _plain(given: Any) -> Any:
    """A tree with dicts in place of named tuples and dataclasses, as it is loaded without them."""
    container = tree.container_of(type(given))
    if container is None or given is None:
        return given
    parts = [_plain(part) for part in container.children(given)]
    if type(given) in (dict, list, tuple):
        return container.rebuild(given, parts)
    return dict(zip(container.keys(given), parts, strict=True))


def _like(given: Any, saved: Any) -> Any:
    """What `_plain` gave, as a tree like `given`, where they have as many leaves."""
    leaves = tree.leaves(saved)
    is_tree = tree.container_of(type(saved)) and len(leaves) == len(tree.leaves(given))
    return tree.unflatten(given, leaves) if is_tree else saved


def _resumed(checkpoint: Checkpoint, run: Run, rng: Any) -> Run:
    """The run as it was saved last, and the data's generators where its epoch began."""
    found = checkpoint.load()
    if found is None:
        return run
    saved = found.state
    if not isinstance(saved, dict) or saved.keys() != {*Run._fields, "rng"}:
        raise ValueError(f"fit: what {checkpoint.folder} has is no run of fit; take another folder")
    shapes, theirs = map(_shapes, (_plain(run.params), saved["params"]))
    if shapes != theirs:
        path = next(b or a for a, b in itertools.zip_longest(theirs, shapes) if a != b)[0]
        raise ValueError(
            f"fit: {checkpoint.folder} has a run with other parameters, the first at params{path}; "
            "give the same, or take another folder"
        )
    drawn, states = generators_of(rng), generators_of(saved.pop("rng"))
    if [type(g.bit_generator) for g in drawn] != [type(g.bit_generator) for g in states]:
        raise ValueError(f"fit: {checkpoint.folder} has a run with another rng; give the same")
    for generator, as_saved in zip(drawn, states, strict=True):
        generator.bit_generator.state = as_saved.bit_generator.state
    given = run.params
    saved |= {name: _like(given, saved[name]) for name in ("params", "average")}
    saved["state"] = _like(run.state, saved["state"])
    if isinstance(saved["optimiser"], dict):
        saved["optimiser"] = {k: _like(given, part) for k, part in saved["optimiser"].items()}
    else:
        saved["optimiser"] = _like(given, saved["optimiser"])
    if saved["best"] is not None:
        figure, epoch, params, state = saved["best"]
        saved["best"] = figure, epoch, _like(given, params), _like(run.state, state)
    return Run(**saved)


def _shapes(params: Any) -> list[Any]:
    pairs = zip(tree.paths(params), tree.leaves(params), strict=True)
    return [(path, np.shape(leaf)) for path, leaf in pairs]


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """A list that Ctrl-C puts something into; a second Ctrl-C is Python's own."""
    found: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield found
        return

    def noticed(number: int, frame: Any) -> None:
        found.append(number)
        signal.signal(signal.SIGINT, before)

    before = signal.getsignal(signal.SIGINT)
    if before is None:  # a handler that is not Python's
        yield found
        return
    signal.signal(signal.SIGINT, noticed)
    try:
        yield found
    finally:
        signal.signal(signal.SIGINT, before)

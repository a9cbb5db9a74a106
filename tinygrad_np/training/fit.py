"""`fit`: parameters that make a loss small, from data in batches, with all that a run needs.

A validation after each epoch, the best parameters kept, a history, progress, checkpoints from which
a killed run goes on to the same bits, and an end that can be told: after Ctrl-C, or where the loss
is no number.
"""

from __future__ import annotations

import copy
import itertools
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from ..answers import explained
from ..core import tree
from ..core.tensor import Tensor
from ..data.batches import minibatches
from ..io.progress import progress as with_progress
from ..nn.optimisers import adam
from .checkpoint import Checkpoint
from .exchange import (
    OWN_DRAWS,
    Exchange,
    as_many,
    begun_together,
    check_rows,
    check_together,
    warn_of_copies,
)
from .history import History, Row
from .parallel import Ranks, ranks_of
from .resuming import resumed, save_run
from .steps import Run, Stepper, arguments_of, generators_of


class Fitted(NamedTuple):
    """What `fit` gives.

    Attributes
    ----------
    params : tree
        Those with the best figure where there is a validation, else the last ones.
    state : tree
        The state of the model that belongs to them, None where it has none.
    history : History
        A table, a row an epoch.
    stopped : {"epochs", "patience", "interrupted"}
        Why it ended.
    """

    params: Any
    state: Any
    history: History
    stopped: str


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
    mode: str | None = None,
    patience: int | None = None,
    average: float | None = None,
    checkpoint: str | os.PathLike[str] | Checkpoint | None = None,
    every: int | None = None,
    progress: bool = True,
    jit: bool = True,
    constants: Any = (),
    parallel: Ranks | None = None,
) -> Fitted:
    """Train `params`, a tree of arrays, so that ``loss(params, *batch)`` becomes small.

    Prints a line an epoch. Ctrl-C ends it after the step, with what there is; a second one at once.

    Parameters
    ----------
    loss : function
        Of (params, arrays of a batch); where there is a `state`, (params, state, arrays of a batch)
        → (loss, new state).
    params : tree of arrays
    train : tuple or dict of arrays, or iterable
        Arrays with as many rows each, such as (images, labels), of which each epoch takes batches
        in a new order; or what gives an epoch's batches at each pass, a list of tuples or what
        `tg.data.prefetch` gives. A batch that is no tuple is one argument.
    optimiser : function, `tg.optim.adam` by default
        From `tg.optim`, also with further arguments by ``functools.partial``.
    rate : number or function of the step, default 1e-3
        From `tg.optim.schedules`.
    epochs : int, default 10
    batch_size : int, default 32
        Where `train` gives batches, that of the validation alone.
    rng : numpy.random.Generator, optional
        Draws the order; ``numpy.random.default_rng(0)`` by default. Where `train` gives batches, a
        tuple of all generators that it draws from.
    state : tree, optional
        Statistics (of `batch_norm`) and random generators (of `dropout`) of the model.
    validation : data as `train` is, optional
        Looked at after each epoch.
    evaluate : function, optional
        Of what `loss` takes; gives a dict of numbers, or one, called "loss", whose means over the
        rows of the batches count. By default it is the loss. It is tried on a batch before the
        first step, too, where `validation` is arrays or a list.
    monitor : str, default "loss"
        The number by which the best params are kept.
    mode : {"min", "max"}, optional
        Whether the least or the largest is best; not needed for "loss".
    patience : int, optional
        After so many epochs without better params the run ends.
    average : number, optional
        Such as 0.999: the average of the weights (`optim.average`) is what is validated and given.
    checkpoint : folder or Checkpoint, optional
        The run is saved there after each epoch. If there is one, it goes on from there, to the bits
        of a run that was left alone: give the same arguments (more `epochs` to go on longer).
    every : int, optional
        It is saved every so many steps, too.
    progress : bool, default True
        Whether to print.
    jit : bool, default True
        The step is recorded and replayed where `tg.jit` takes it; where it does not, a warning says
        why, and it goes on without. What Python holds (a closed-over number, an attribute) is read
        once: where it changes, a later comparison with the step raises.
    constants : tuple, default ()
        Arrays from outside, as in `tg.jit`.
    parallel : Ranks, optional
        What ``with tg.training.parallel() as ranks`` gives: the run is that of all ranks
        (docs/scaling.md). The loss must be a mean over the rows. Each takes its `batch_size` rows
        of every batch, all of one order, and of the `validation`; give all ranks the same arrays.
        Where `train` or `validation` gives batches, these are the rank's own, as many on each, and
        the first generator of `rng` draws the order. Rank 0 prints and saves.

    Returns
    -------
    Fitted

    Raises
    ------
    FloatingPointError
        Where the loss or a parameter becomes nan or inf, with the operation where it came up.
    ValueError, TypeError
        For arguments that do not fit.

    Examples
    --------
    >>> def loss(w, x, y):
    ...     return np.mean((x @ w - y) ** 2)
    >>> x = np.eye(3)
    >>> found = fit(loss, np.zeros(3), (x, x @ [1.0, 2.0, 3.0]), rate=0.3, epochs=200, batch_size=3,
    ...             progress=False)
    >>> found.params.round(1), found.history.columns, found.stopped
    (array([1., 2., 3.]), ['epoch', 'step', 'loss', 'rate', 'seconds'], 'epochs')
    """
    check_arguments(loss, params, optimiser, rate, epochs, average, every)
    validate, mode = _validator(
        loss, evaluate, validation, state is not None, monitor, mode, patience
    )
    ranks = ranks_of(parallel, checkpoint is not None)
    rng = np.random.default_rng(0) if rng is None else rng
    generators = generators_of(rng)
    if not generators or len(generators) != len(tree.leaves(rng)):
        raise TypeError(f"fit: rng is a numpy.random.Generator, or several, not {rng!r:.40}")
    if any(generator in generators_of(state) for generator in generators):
        raise ValueError(
            "fit: rng is what the data draw from; give the model's state another generator, so "
            "that a run can go on in the middle of an epoch"
        )
    batches = _batches("train", train, generators[0], batch_size, ranks)
    tests = None
    if validation is not None:
        tests = _batches("validation", validation, None, batch_size, ranks)
    count = _length(batches)
    verify = min(max(count or 64, 8), 64)  # about once an epoch
    noticed: list[int] = []
    exchange = Exchange(ranks, noticed) if ranks.size > 1 else None
    stepper = Stepper(loss, optimiser, state is not None, average, jit, constants, verify, exchange)
    arguments = {
        "batches": count, "optimiser": _name(optimiser), "average": average,
        "monitor": monitor if tests is not None else None, "mode": mode,
    }  # fmt: skip
    if ranks.size > 1:
        if count is None:
            raise ValueError(
                "fit: train needs a length, as many batches on every rank; give what "
                "tg.data.minibatches(rng, arrays, size, shard=ranks.shard) gives, or a list"
            )
        given = {
            **arguments, "epochs": epochs, "batch_size": batch_size, "every": every,
            "patience": patience, "checkpoint": checkpoint is not None, "state": state is not None,
            "rate": None if callable(rate) else rate,
        }  # fmt: skip
        params, state, rng = begun_together(ranks, params, state, rng, given)
        progress = progress and ranks.rank == 0
    start = run = Run(params, state)
    keeper = checkpoint
    if not (checkpoint is None or isinstance(checkpoint, Checkpoint)):
        keeper = Checkpoint(checkpoint)
    if isinstance(keeper, Checkpoint):
        run = resumed(keeper, start, rng, arguments, ranks)
    if evaluate is not None and run.step == 0 and epochs:
        _try(validate, run, tests, monitor)

    def keep(run: Run, rng: Any) -> None:
        if isinstance(keeper, Checkpoint):
            save_run(keeper, run, start, rng, arguments, ranks)

    history, is_first = History(run.history), True
    interrupts = noticed if exchange is None else exchange.interrupts
    with _interrupts(noticed):
        while run.epoch < epochs and not _is_over(run, patience):
            at_start = copy.deepcopy(rng)
            ranks.check(generators[0], "fit: the generator that draws the order", OWN_DRAWS)
            for batch in _rest(batches, run, count, progress, ranks):
                if ranks.size > 1 and run.step == 0:
                    warn_of_copies(ranks, batch)
                begun = time.perf_counter()
                run = stepper.step(run, batch, rate_at(rate, run.step))
                run = run._replace(seconds=run.seconds + time.perf_counter() - begun)
                if run.step % ranks.check_every == 0:
                    check_together(ranks, run)
                if interrupts or (every and run.step % every == 0):
                    keep(run, at_start)
                if interrupts:
                    break
            if interrupts:
                break
            if not run.rows:
                raise ValueError("fit: train gave no batch in this epoch; give one that has some")
            stepper.check_params(run)
            check_together(ranks, run)
            row: Row = {"epoch": run.epoch + 1, "step": run.step, "loss": run.total / run.rows}
            chosen = run.params if average is None else run.average
            if tests is not None:
                figures = _validated(validate, chosen, run.state, tests, ranks)
                row |= {f"validation {name}": figure for name, figure in figures.items()}
                run = run._replace(best=_better(run, chosen, figures, monitor, mode))
            row |= {"rate": run.rate, "seconds": run.seconds}
            history.rows.append(row)
            run = Run(*run[:5], epoch=run.epoch + 1, history=tuple(history.rows), best=run.best)
            if progress:
                print(*([history.head()] if is_first else []), history.line(row), sep="\n")
            is_first = False
            keep(run, rng)
    stopped = "interrupted" if interrupts and run.epoch < epochs else "epochs"
    if stopped == "epochs" and run.epoch < epochs:
        stopped = "patience"
    if run.best is not None:
        _, _, params, state = run.best
        return Fitted(params, state, history, stopped)
    return Fitted(run.params if run.average is None else run.average, run.state, history, stopped)


def check_arguments(
    loss: Any,
    params: Any,
    optimiser: Any,
    rate: Any,
    epochs: Any,
    average: Any = None,
    every: Any = None,
) -> None:
    """Raise for arguments that are of another kind."""
    for name, function in (("loss", loss), ("optimiser", optimiser)):
        if not callable(function):
            told = f"fit: {name} must be a function, not a {type(function).__name__}"
            if name == "optimiser" and (isinstance(function, list) or hasattr(function, "shape")):
                told += "; the data are one argument, a tuple, (x, y)"
            elif name == "optimiser":
                told += "; give one of tg.optim, such as tg.optim.adam"
            raise TypeError(told)
    if any(isinstance(leaf, Tensor) for leaf in tree.leaves(params)):
        raise TypeError("fit: params are arrays, not Tensors; give their values, t.data")
    if not callable(rate) and not isinstance(rate, int | float | np.number | np.ndarray):
        raise TypeError(f"fit: rate must be a number or a function of the step, not {rate!r:.40}")
    for name, count, least in (("epochs", epochs, 0), ("every", every, 1)):
        _check_count(name, count, least)
    if average is not None and not (isinstance(average, int | float) and 0 <= average < 1):
        raise ValueError(
            f"fit: average, a decay, must be a number from 0 to below 1, not {average!r:.40}"
        )


def _check_count(name: str, count: Any, least: int) -> None:
    if count is None and name != "epochs":
        return
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < least:
        raise ValueError(f"fit: {name} must be an integer from {least} on, not {count!r:.40}")


def _validator(
    loss: Any,
    evaluate: Any,
    validation: Any,
    has_state: bool,
    monitor: str,
    mode: Any,
    patience: Any,
) -> tuple[Any, str]:
    """What validates, as a function of (params, state, *batch), and whether less is better."""
    _check_count("patience", patience, 1)
    if mode not in (None, "min", "max"):
        raise ValueError(f'fit: mode is "min" or "max", not {mode!r:.40}')
    if validation is None:
        given = {"evaluate": evaluate, "mode": mode, "patience": patience}
        idle = [name for name, value in given.items() if value is not None]
        idle += ["monitor"] * (monitor != "loss")
        if idle:
            raise ValueError(
                f"fit: {idle[0]} is of a validation; give validation=, the data for it"
            )
        return None, "min"
    if evaluate is None and has_state:
        raise ValueError(
            "fit: a loss with a state is that of training; give evaluate, a function of "
            "(params, state, *batch), for the validation"
        )
    if not (evaluate is None or callable(evaluate)):
        raise TypeError(f"fit: evaluate must be a function, not a {type(evaluate).__name__}")
    if mode is None and monitor != "loss":
        raise ValueError(
            f'fit: is the least or the largest {monitor!r} the best? give mode="min" or mode="max"'
        )
    if evaluate is None and monitor != "loss":
        raise ValueError(
            f"fit: the loss is no {monitor!r} to monitor; give evaluate, a function that gives it"
        )
    function = loss if evaluate is None else evaluate
    if has_state:
        return function, mode or "min"
    return lambda params, state, *batch: function(params, *batch), mode or "min"


def _batches(name: str, data: Any, rng: Any, batch_size: int, ranks: Ranks) -> Iterable[Any]:
    """What gives an epoch of the rank's batches at each pass; in order without a generator."""
    if isinstance(data, list):
        if any(isinstance(batch, list | np.ndarray) for batch in data):
            raise TypeError(
                f"fit: {name} is a list, so one of batches, each a tuple (or dict) of arrays; give "
                "the arrays as a tuple"
            )
        return data
    if isinstance(data, np.ndarray) or tree.container_of(type(data)):
        any_rng = np.random.default_rng(0) if rng is None else rng
        size = batch_size * ranks.size
        shuffled = minibatches(any_rng, data, size, shard=ranks.shard if ranks.size > 1 else None)
        if ranks.size > 1:
            check_rows(name, data, 1 if rng is None else batch_size, ranks)
        if rng is not None:
            return shuffled
        data = ranks.shard(data)
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


def _length(batches: Any) -> int | None:
    """How many batches an epoch has, None where they do not say it."""
    try:
        return len(batches)
    except TypeError:
        return None


def _name(optimiser: Any) -> str:
    function = getattr(optimiser, "func", optimiser)  # of a partial
    return str(getattr(function, "__name__", type(function).__name__))


def _rest(batches: Any, run: Run, count: int | None, progress: bool, ranks: Ranks) -> Iterator[Any]:
    """The batches of this epoch that are not done. What gives them is closed, however it ends."""
    whole = iter(batches)
    steps: Any = itertools.islice(whole, run.batch, None)
    if progress:
        left = None if count is None else count - run.batch
        steps = with_progress(steps, f"epoch {run.epoch + 1}", left)
    if ranks.size > 1 and count is not None:
        steps = as_many(steps, run.batch, count)
    try:
        yield from steps
    finally:
        getattr(whole, "close", lambda: None)()  # a thread of `prefetch`


def rate_at(rate: Any, step: int) -> float:
    """The rate of a step: a number, or what a function gives for it."""
    value = rate(step) if callable(rate) else rate
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(
            f"fit: the rate of step {step} must be a number, not {value!r:.40}"
        ) from None


def _validated(evaluate: Any, params: Any, state: Any, tests: Any, ranks: Ranks) -> Row:
    """Means over all rows of the validation, those of all ranks."""
    total: dict[str, float] = {}
    rows = 0
    for given in tests:
        batch, count = arguments_of(given)
        found = evaluate(params, state, *batch)
        found = found if isinstance(found, dict) else {"loss": found}
        if rows and found.keys() != total.keys():
            raise ValueError(
                f"fit: evaluate gives {list(found)} of a batch and {list(total)} of others; give "
                "the same figures of each"
            )
        rows += count
        for name, figure in found.items():
            if np.ndim(figure) or not isinstance(figure, int | float | np.number | np.ndarray):
                raise TypeError(
                    f"fit: evaluate gives numbers, or a dict of numbers; its {name!r} is a "
                    f"{type(figure).__name__} of shape {np.shape(figure)}"
                )
            total[name] = total.get(name, 0.0) + float(figure) * count
    if not rows:
        raise ValueError("fit: validation gave no batch; give one that has some")
    means = {name: sum_ / rows for name, sum_ in total.items()}
    return {name: float(mean) for name, mean in ranks.mean(means, weight=rows).items()}


def _try(evaluate: Any, run: Run, tests: Any, monitor: str) -> None:
    """Raise before the first step where `evaluate` gives other figures than the monitored one.

    What draws its batches is not asked for one; and where `evaluate` raises, as for a state that
    the first step fills, the end of the epoch tells.
    """
    if not isinstance(tests, list) or not tests:
        return
    batch, _ = arguments_of(tests[0])
    state = copy.deepcopy(run.state)
    try:
        found = evaluate(run.params, state, *batch)
    except Exception:
        return
    _check_monitored(found if isinstance(found, dict) else {"loss": found}, monitor)


def _check_monitored(figures: Row, monitor: str) -> None:
    if monitor not in figures:
        known = list(map(repr, figures))
        found, way_out = "nothing", f"return a {monitor!r}"
        if known:
            found = ", ".join(known)
            way_out = f"give monitor={known[0]} and mode='max' or 'min', or {way_out}, too"
        raise ValueError(f"fit: evaluate gives no {monitor!r} to monitor, but {found}; {way_out}")


def _better(run: Run, params: Any, figures: Row, monitor: str, mode: str) -> Any:
    """What is best so far: (figure, epoch, params, state); a nan is never."""
    _check_monitored(figures, monitor)
    figure = figures[monitor]
    if math.isnan(figure):
        return run.best
    is_better = run.best is None or (
        figure < run.best[0] if mode == "min" else figure > run.best[0]
    )
    return (figure, run.epoch + 1, params, copy.deepcopy(run.state)) if is_better else run.best


def _is_over(run: Run, patience: int | None) -> bool:
    """Whether there was no better figure for so many epochs."""
    since = 0 if run.best is None else run.best[1]
    return patience is not None and run.epoch - since >= patience


@contextmanager
def _interrupts(found: list[int]) -> Iterator[None]:
    """Ctrl-C puts something into the list; a second Ctrl-C is Python's own."""
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    if not is_main or before in (None, signal.SIG_IGN):  # not Python's, or of a background job
        yield
        return

    def noticed(number: int, frame: Any) -> None:
        found.append(number)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, noticed)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

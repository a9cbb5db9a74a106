"""What the ranks of a run say to one another: `fit`'s part of training on several processes.

Before the first step they compare what they are given (`check_rows`, `begun_together`), at each
step an `Exchange` stands between gradient and update, and after so many steps they compare what
they hold (`check_together`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..core import tree
from .parallel import Ranks, is_inexact, real_of
from .steps import Run, generators_of


def check_rows(name: str, data: Any, least: int, ranks: Ranks) -> None:
    """Raise where a rank would have too few rows, or others than its part of the same arrays."""
    rows = len(tree.leaves(data)[0])
    if rows // ranks.size < least:
        raise ValueError(
            f"fit: {rows} rows of {name} on {ranks.size} ranks are {rows // ranks.size} on a rank, "
            f"fewer than {least}; give more, or take fewer ranks"
            f"{', or a smaller batch_size' if least > 1 else ''}"
        )
    some = tree.map(lambda array: array[:: max(1, rows // 256)], data)
    ranks.check(some, f"fit: {name}", "give every rank the same arrays; it takes its rows of them")


OWN_DRAWS = (
    "what is drawn for a rank's rows alone, as by random_crop, must come from a second one: "
    "rng=(order, drawn)"
)


def begun_together(ranks: Ranks, params: Any, state: Any, rng: Any, arguments: Any) -> Any:
    """The parameters, state and generators of rank 0; what only one rank draws, is its own."""
    given = {name: repr(value) for name, value in arguments.items()}
    ranks.check(given, "fit: the argument ", "give the same on every rank")
    params, state, rng = ranks.broadcast((params, state, rng))
    for generator in dict.fromkeys([*generators_of(rng)[1:], *generators_of(state)]):
        generator.bit_generator.state = ranks.spawn(generator).bit_generator.state
    return params, state, rng


def warn_of_copies(ranks: Ranks, batch: Any) -> None:
    """Warn where every rank has the same first rows: all would do the same work."""
    rows = [np.asarray(leaf)[:64].tobytes() for leaf in tree.leaves(batch)]
    every = ranks.gather(rows)
    if any(rows) and every.count(rows) == ranks.size and ranks.rank == 0:
        warnings.warn(
            "fit: the first batch has the same rows on every rank, so that each does the same "
            "work; give the arrays themselves, or tg.data.minibatches(…, shard=ranks.shard)",
            stacklevel=4,  # of what calls fit
        )


def check_together(ranks: Ranks, run: Run) -> None:
    """Raise where the ranks do not hold the same bits, but for the generators of their own."""
    if ranks.size == 1:
        return
    state = tree.map(lambda x: None if isinstance(x, np.random.Generator) else x, run.state)
    held = run._replace(state=state, seconds=0, history=(), best=None)
    ranks.check(held._asdict(), f"fit: after step {run.step} the run")


class Exchange:
    """What stands between gradient and update: the mean over all ranks, by their rows.

    After it, `rows` are those of all ranks, and `interrupts` has something where one rank has
    noticed a Ctrl-C.
    """

    def __init__(self, ranks: Ranks, noticed: list[int]) -> None:
        self.ranks, self.noticed = ranks, noticed
        self.interrupts: list[int] = []
        self.rows = 0

    def __call__(self, value: Any, state: Any, grads: Any, batch: Any) -> tuple[Any, Any, Any]:
        """The loss, the numbers in the model's state and the gradient, as the means of all ranks.

        What else is in the state, such as counts, each rank keeps: `Ranks.check` compares it. One
        without rows has not gone through the loss, and takes that of another.
        """
        rows = len(tree.leaves(batch)[0])
        dtypes = [np.asarray(leaf).dtype for leaf in tree.leaves(grads)]
        real = real_of(np.result_type(np.float32, *dtypes))
        moving = [leaf for leaf in tree.leaves(state) if is_inexact(leaf)]
        others = [leaf for leaf in tree.leaves(state) if not is_inexact(leaf)]
        told = {"loss": np.asarray(value, real), "stop": np.asarray(bool(self.noticed), real)}
        (grads, moving, told), total = self.ranks._weighed((grads, moving, told), rows)
        self.rows = round(total)
        if self.rows < self.ranks.size:
            given = self.ranks.gather(others if rows else None)
            others = next(x for x in given if x is not None)
        if told["stop"] > 0:
            self.interrupts.append(1)
        means, rest = iter(moving), iter(others)
        state = tree.map(lambda leaf: next(means if is_inexact(leaf) else rest), state)
        return told["loss"], state, grads

    def cause(self, report: Any) -> Any:
        """The report of the first rank on whose rows nan or inf came up."""
        is_other = report is None or report.is_finite
        found = self.ranks.gather(None if is_other else f"on rank {self.ranks.rank}: {report}")
        return next(filter(None, found), "the values and the gradients of all ranks are finite")


def as_many(batches: Iterable[Any], done: int, count: int) -> Iterator[Any]:
    """The batches, up to their number; raises where it is another: the ranks take equal steps."""
    for batch in batches:
        done += 1
        if done > count:
            break
        yield batch
    if done != count:
        raise ValueError(
            f"fit: train gives {'more' if done > count else done} batches in this epoch, and its "
            f"length is {count}; every rank must take as many steps"
        )

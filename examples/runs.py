"""The state of a training run, which can be stopped at any moment and go on from where it was.

`State` is all that has to be known; `resumed` reads the last one, `keeper` saves them on the way,
`after_stop` is what happens after Ctrl-C.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tinygrad_np as tg


class Figures(NamedTuple):
    """Mean loss and accuracy."""

    loss: float
    accuracy: float


class Running(NamedTuple):
    """Loss and accuracy over batches, so far: the sum of the losses, right answers, images."""

    loss: float = 0.0
    hits: int = 0
    n: int = 0

    def and_batch(self, total: Any, z: Any, labels: np.ndarray) -> Running:
        """With a batch more: the sum of its losses, and its logits."""
        hits = int(np.sum(np.argmax(z, axis=1) == labels))
        return Running(self.loss + float(total), self.hits + hits, self.n + len(labels))

    def figures(self) -> Figures:
        """The means so far."""
        return Figures(self.loss / self.n, self.hits / self.n)


class Epoch(NamedTuple):
    """The figures of an epoch, and the seconds that its training took."""

    train: Figures
    valid: Figures
    seconds: float


class State(NamedTuple):
    """All that a run needs to go on from here as if nothing had happened."""

    params: Any
    velocity: Any
    random: Any  # the generator, as it was when the epoch began
    step: int  # so many are done
    batch: int  # and of this epoch so many
    running: Running  # their figures
    seconds: float  # and their time
    history: list[Epoch]  # of the epochs before, the first of them before training
    start: Any  # the parameters before training


class StoppedError(Exception):
    """Ctrl-C was pressed; `state` is that after the last whole step."""

    def __init__(self, state: State) -> None:
        super().__init__("stopped")
        self.state = state


class CheckpointError(ValueError):
    """The folder of the checkpoint cannot be written, or has something else than this run."""


def resumed(folder: Path, wanted: bool, run: dict[str, Any]) -> State | None:
    """The last state in `folder`, if it is `wanted` and belongs to the same `run`; None: none."""
    try:
        found = tg.training.Checkpoint(folder).load()
    except tg.saving.DamagedFileError as error:
        raise CheckpointError(f"{error}; delete it to go on from the state before") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(str(error)) from None
    if found is None:
        return None
    if not wanted:
        raise CheckpointError(
            f"{folder} has the state of a run after {found.step} steps: go on with --resume, or "
            "take another folder"
        )
    tree = found.state
    if not isinstance(tree, dict) or not isinstance(tree.get("run"), dict):
        raise CheckpointError(f"what {folder} has is no state of this program: take another folder")
    theirs = tree.pop("run")
    other = [f"--{name.replace('_', '-')}" for name in run if theirs.get(name) != run[name]]
    if other:
        raise CheckpointError(
            f"{folder} has a run with other {', '.join(other)}: give the same, or take another "
            "folder"
        )
    tree["running"] = Running(*tree["running"])
    tree["history"] = [Epoch(Figures(a, b), Figures(c, d), e) for a, b, c, d, e in tree["history"]]
    print(f"resumed after {found.step} steps")
    return State(**tree)


def save(folder: Path, state: State, run: dict[str, Any]) -> Path:
    """Save the state, with what makes the run what it is."""
    tree = {**state._asdict(), "running": list(state.running), "run": run}
    tree["history"] = [[*epoch.train, *epoch.valid, epoch.seconds] for epoch in state.history]
    try:
        return tg.training.Checkpoint(folder).save(state.step, tree)
    except OSError as error:
        raise CheckpointError(str(error)) from None


def keeper(folder: Path | None, every: int, run: dict[str, Any]) -> Callable[[State], None]:
    """What saves each state after an epoch or after so many steps."""

    def keep(state: State) -> None:
        if folder is not None and (state.step % every == 0 or state.batch == 0):
            save(folder, state, run)

    return keep


def after_stop(state: State, folder: Path | None, run: dict[str, Any]) -> int:
    """Ctrl-C: save what there is, and end as a shell expects it."""
    print(f"\nStopped after {state.step} steps", end="", file=sys.stderr)
    if folder is None:
        print("; nothing was saved, since there is no --checkpoint.", file=sys.stderr)
    else:
        try:
            path = save(folder, state, run)
        except CheckpointError as error:
            print(f"; {error}", file=sys.stderr)
        else:
            print(f"; {path} has the state: go on with --resume.", file=sys.stderr)
    return 130

"""What a long run needs to survive: `Checkpoint`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..io.files import unfinished
from ..saving import load, save


class Saved(NamedTuple):
    """What `Checkpoint.load` gives.

    Attributes
    ----------
    step : int
    state : tree
    """

    step: int
    state: Any


class Checkpoint:
    """The states of a run in a folder of their own, of which the last `keep` are kept.

    A state is any tree that `tinygrad_np.save` takes: parameters, the optimiser's state, random
    generators, the history. With all of them a run that was interrupted goes on as if it had not
    been, to the last bit. Each file is complete or not there, whenever the run is killed. One
    process at a time may save into the folder.

    Parameters
    ----------
    folder : path
        Made if need be.
    keep : int, default 3

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoint = Checkpoint(folder, keep=2)
    ...     for step in (10, 20, 30):
    ...         _ = checkpoint.save(step, {"w": np.full(2, step), "rng": np.random.default_rng(0)})
    ...     step, state = Checkpoint(folder).load()
    ...     checkpoint.steps(), step, state["w"]
    ([20, 30], 30, array([30, 30]))
    """

    def __init__(self, folder: str | os.PathLike[str], keep: int = 3) -> None:
        if not isinstance(keep, int) or keep < 1:
            raise ValueError(f"Checkpoint: at least one state must be kept, not {keep!r:.40}")
        self.folder = Path(folder)
        self.keep = keep

    def save(self, step: int, state: Any) -> Path:
        """Write the state after `step` steps, then delete all but the last `keep`.

        Parameters
        ----------
        step : int
            One that is there already is written anew.
        state : tree

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        ValueError
            Where there is a later step.
        OSError
            Where the folder or the file cannot be written: what is there stays.
        """
        if not isinstance(step, int | np.integer) or not 0 <= step < 10**12:
            raise ValueError(f"Checkpoint: a step must be from 0 to 10¹² − 1, not {step!r:.40}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _told(error, f"{self.folder} cannot be made") from error
        steps = self.steps()
        if steps and steps[-1] > step:
            raise ValueError(
                f"Checkpoint: {self.folder} has a state after step {steps[-1]}, which is later "
                f"than {step}: go on from there, or take another folder"
            )
        path = self._path(step)
        save(path, state)
        older = sorted({*steps, int(step)})[: -self.keep]
        try:
            for left in (*unfinished(self.folder), *map(self._path, older)):
                left.unlink(missing_ok=True)
        except OSError as error:
            what = f"the state after step {step} is saved, but {self.folder} cannot be cleared"
            raise _told(error, what) from error
        return path

    def steps(self) -> list[int]:
        """The steps after which there is a state, in order; none where there is no folder.

        Returns
        -------
        list of int

        Raises
        ------
        OSError
            Where the folder cannot be read.
        """
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _told(error, f"{self.folder} cannot be read") from error
        found = [re.fullmatch(r"step-([0-9]{12})\.npz", name) for name in names]
        return sorted(int(match[1]) for match in found if match)

    def load(self, step: int | None = None, like: Any = None) -> Saved | None:
        """The state after a step.

        Parameters
        ----------
        step : int, optional
            The last one by default.
        like : tree, optional
            Of the same structure, which named tuples and dataclasses need (see `tinygrad_np.load`).

        Returns
        -------
        Saved or None
            None if there is no state at all.

        Raises
        ------
        FileNotFoundError
            Where there is none after this step.
        DamagedFileError
            For a file that was altered since: delete it to go on from the one before.
        """
        steps = self.steps()
        if step is None:
            if not steps:
                return None
            step = steps[-1]
        elif not isinstance(step, int | np.integer) or step not in steps:
            there = ", ".join(map(str, steps)) or "none"
            raise FileNotFoundError(
                f"Checkpoint: no state after step {step!r:.40}; there is {there}"
            )
        return Saved(step, load(self._path(step), like))

    def _path(self, step: int) -> Path:
        return self.folder / f"step-{step:012d}.npz"


def _told(error: OSError, what: str) -> OSError:
    return OSError(error.errno, f"Checkpoint: {what}: {error.strerror or error}")

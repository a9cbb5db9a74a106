"""A run in a checkpoint, and out of it: `save_run`, `resumed`.

Files know dicts, lists and tuples. Named tuples and dataclasses are saved as dicts, and come back
where the arguments of `fit` show them: in the parameters, and all that is a tree like these, and in
the state that the run begins with.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import tree
from .checkpoint import Checkpoint
from .parallel import Ranks
from .steps import Run, generators_of


def save_run(
    checkpoint: Checkpoint,
    run: Run,
    start: Run,
    rng: Any,
    arguments: dict[str, Any],
    ranks: Ranks,
) -> None:
    """Save the run, the data's generators as they were when its epoch began, and the arguments.

    Rank 0 does, with the generators of all.
    """
    saved = _plain(run._asdict())
    if _form(_restored(saved, start)) != _form(run._asdict()):
        raise TypeError(
            "fit: the state of the model or the optimiser has a named tuple or a dataclass which "
            "the run did not begin with, and which no file knows; begin with a state that has it, "
            "or use dicts"
        )
    found = {"run": saved, "rng": rng, "arguments": arguments}
    if ranks.size > 1:
        states = [g.bit_generator.state for g in generators_of((rng, run.state, run.best))]
        found["ranks"] = ranks.gather(states)
    if ranks.rank == 0:
        checkpoint.save(run.step, found)


def resumed(
    checkpoint: Checkpoint, start: Run, rng: Any, arguments: dict[str, Any], ranks: Ranks
) -> Run:
    """The run as it was saved last, and the data's generators where its epoch began.

    Without one, the run as it starts. Raises ``ValueError`` where it is the run of others.
    """
    found = ranks.gather(checkpoint.load() if ranks.rank == 0 else None)[0]  # files are rank 0's
    if found is None:
        return start
    place, given = checkpoint.folder, found.state
    if not isinstance(given, dict) or given.keys() - {"ranks"} != {"run", "rng", "arguments"}:
        raise ValueError(f"fit: what {place} has is no run of fit; take another folder")
    count = len(given.get("ranks", [None]))
    if count != ranks.size:
        raise ValueError(
            f"fit: {place} has a run of {count} ranks, not {ranks.size}; start it with as many, by "
            f"mpiexec -n {count}, or take another folder"
        )
    ours, theirs = _shapes(_plain(start.params)), _shapes(given["run"]["params"])
    if ours != theirs:
        path = next(p for p in [*theirs, *ours] if ours.get(p) != theirs.get(p))
        raise ValueError(
            f"fit: {place} has a run with other parameters, the first at params{path}; give the "
            "same, or take another folder"
        )
    # Before the first epoch's end nothing is monitored yet.
    idle = () if given["run"]["epoch"] else ("monitor", "mode")
    for name, value in arguments.items():
        if name not in idle and given["arguments"].get(name) != value:
            raise ValueError(
                f"fit: {place} has a run with {name}={given['arguments'].get(name)!r}, not "
                f"{value!r}; give the same, or take another folder"
            )
    drawn, states = generators_of(rng), generators_of(given["rng"])
    if [type(g.bit_generator) for g in drawn] != [type(g.bit_generator) for g in states]:
        raise ValueError(f"fit: {place} has a run with another rng; give the same")
    for generator, saved in zip(drawn, states, strict=True):
        generator.bit_generator.state = saved.bit_generator.state
    run = Run(**_restored(given["run"], start))
    if ranks.size > 1:
        own = zip(
            generators_of((rng, run.state, run.best)), given["ranks"][ranks.rank], strict=True
        )
        for generator, state in own:
            generator.bit_generator.state = state
    return run


def _plain(given: Any) -> Any:
    """A tree with dicts in place of named tuples and dataclasses."""
    container = tree.container_of(type(given))
    if container is None or given is None:
        return given
    parts = [_plain(part) for part in container.children(given)]
    if type(given) in (dict, list, tuple):
        return container.rebuild(given, parts)
    return dict(zip(container.keys(given), parts, strict=True))


def _restored(saved: Any, start: Run) -> dict[str, Any]:
    """The fields of the run that `_plain` was made of."""

    def like_params(part: Any) -> Any:
        """Every tree like the parameters, wherever it is in what an optimiser keeps."""
        container = tree.container_of(type(part))
        if container is None or part is None:
            return part
        if _by_path(part).keys() == paths.keys():
            return _like(start.params, part)
        return container.rebuild(part, [like_params(inner) for inner in container.children(part)])

    paths = _by_path(_plain(start.params))
    found = {name: like_params(saved[name]) for name in ("params", "optimiser", "average")}
    found["state"] = _like(start.state, saved["state"])
    found["history"] = tuple(saved["history"])
    if saved["best"] is not None:
        figure, epoch, params, state = saved["best"]
        found["best"] = figure, epoch, like_params(params), _like(start.state, state)
    return {**saved, **found}


def _like(given: Any, saved: Any) -> Any:
    """What was saved, with the named tuples and dataclasses that `given` has at the same place."""
    container = tree.container_of(type(given))
    ours = tree.container_of(type(saved))
    if given is None or container is None or ours is None or saved is None:
        return saved
    if type(given) in (list, tuple) and type(saved) is type(given) and len(saved) == len(given):
        return type(given)([_like(a, b) for a, b in zip(given, saved, strict=True)])
    if not isinstance(saved, dict):
        return saved
    if isinstance(given, dict):
        return {key: _like(given.get(key), part) for key, part in saved.items()}
    keys = container.keys(given)
    if saved.keys() != set(keys):
        return saved
    parts = zip(keys, container.children(given), strict=True)
    return container.rebuild(given, [_like(part, saved[key]) for key, part in parts])


def _form(given: Any) -> Any:
    """The classes of the containers in a tree, and what they are reached by."""
    container = tree.container_of(type(given))
    if container is None or given is None:
        return None
    parts = zip(container.keys(given), container.children(given), strict=True)
    return type(given), [(key, _form(part)) for key, part in parts]


def _by_path(given: Any) -> dict[str, Any]:
    return dict(zip(tree.paths(given), tree.leaves(given), strict=True))


def _shapes(params: Any) -> dict[str, Any]:
    return {path: np.shape(leaf) for path, leaf in _by_path(params).items()}

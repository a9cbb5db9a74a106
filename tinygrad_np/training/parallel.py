"""Training on several processes, each with its part of every batch: `parallel`, over MPI.

A process is a rank. All run the same program, and hold the same parameters to the bit; a step takes
the mean of their gradients. The extra `mpi` brings mpi4py; MPI itself, with its ``mpiexec``, is the
machine's own. Without it the same program runs on one process.

    with tg.training.parallel() as ranks:
        found = tg.training.fit(loss, params, train, parallel=ranks)

    mpiexec -n 4 python program.py
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..core import tree as trees
from ..core.arrays import Array

_MOST = 1 << 27  # elements of one message: MPI counts them, or their bytes, in 32 bits
_REMEDY = (
    "let all compute it from the same numbers: broadcast what they begin with, and take the mean "
    "of what comes from a rank's own rows"
)
_open: list[Ranks] = []
"""The ranks whose block is open in this process: one, or none."""


@contextmanager
def parallel(check_every: int = 100) -> Iterator[Ranks]:
    """A block around a program that every rank runs; `Ranks` in it says which one this is.

    Begin it before what may fail: a rank that raises in it, calls ``sys.exit`` or is interrupted
    prints its traceback and ends all others, too, as one that is killed does. Without mpi4py, or
    started without ``mpiexec``, there is one rank, and nothing else differs.

    Parameters
    ----------
    check_every : int, default 100
        After so many steps `fit` compares the bits that the ranks hold.

    Yields
    ------
    Ranks

    Raises
    ------
    RuntimeError
        Where ``mpiexec`` (or Slurm's ``srun``) has started several processes and mpi4py does not
        see them, and within another such block.

    Examples
    --------
    >>> with parallel() as ranks:
    ...     ranks.rank, ranks.size, ranks.mean({"w": np.ones(2)})
    (0, 1, {'w': array([1., 1.])})
    """
    if isinstance(check_every, bool) or not isinstance(check_every, int) or check_every < 1:
        raise ValueError(
            f"parallel: check_every must be an integer from 1 on, not {check_every!r:.40}"
        )
    if _open:
        raise RuntimeError("parallel: there is such a block around this one; use its ranks")
    ranks = Ranks(_world(), check_every)
    _open.append(ranks)
    end = None
    try:
        try:
            yield ranks
        except SystemExit as exit:
            if exit.code:
                raise
            end = exit  # a good one, if all come to it
        ranks._end()
    except BaseException as error:
        if ranks.size > 1 and ranks._is_here():
            _abort(ranks, error)
        raise
    finally:
        _open.clear()
        ranks._owner = None
    if end is not None:
        raise end


def _world() -> Any:
    """All processes that ``mpiexec`` has started with this one, or None where it is alone."""
    try:
        from mpi4py import MPI

        world: Any = MPI.COMM_WORLD
        size = world.size
        told = f"mpi4py sees one, by {' '.join(MPI.Get_library_version().split()[:3])}"
    except (ImportError, RuntimeError) as error:  # mpi4py is missing, or MPI
        size, told = 1, f"Python has no MPI: {error!r:.80}"
    started = max(int(os.environ.get(name, 1)) for name in ("PMI_SIZE", "OMPI_COMM_WORLD_SIZE"))
    # Slurm tells how many also where an allocation has one process; a number above 0 is of several.
    started = max(started, int(os.environ.get("SLURM_PROCID", 0)) + 1)
    if started > size == 1:
        raise RuntimeError(
            f"parallel: mpiexec or srun has started {started} processes or more, each of which "
            f"would run alone, since {told}; install mpi4py, and take the mpiexec of the MPI that "
            "it uses, or srun with the --mpi= of this MPI"
        )
    return world.Dup() if size > 1 else None


def _abort(ranks: Ranks, error: BaseException) -> None:
    """End all ranks, after this one has told why."""
    from mpi4py import MPI

    code = 130 if isinstance(error, KeyboardInterrupt) else 1
    if isinstance(error, SystemExit) and isinstance(error.code, int):
        code = error.code
    try:
        sys.stdout.flush()
        told = "".join(traceback.format_exception(error))
        print(f"rank {ranks.rank} of {ranks.size} ends all:\n{told}", file=sys.stderr, flush=True)
        time.sleep(1)  # until mpiexec has passed that on, and others that raise have told theirs
    finally:
        MPI.COMM_WORLD.Abort(code)
        os._exit(code)


class Ranks:
    """The processes that run a program together, as one of them sees them; `parallel` makes it.

    What they do together (all methods but `shard` and `spawn`) each has to call, in the same order;
    where one does not, all raise: none waits for another that is elsewhere. With one rank every
    method gives what it was given.

    Parameters
    ----------
    world : mpi4py.MPI.Comm or None
    check_every : int

    Attributes
    ----------
    rank : int
        The number of this process, from 0 on. Printing and files are for rank 0.
    size : int
        How many there are.

    Examples
    --------
    A loop of one's own; `fit` does the same.

    >>> import tinygrad_np as tg
    >>> step = tg.value_and_grad(lambda w, x, y: np.mean((x @ w - y) ** 2))
    >>> x, w, rng = np.eye(4), np.zeros(4), np.random.default_rng(0)
    >>> with tg.training.parallel() as ranks:
    ...     w, rng = ranks.broadcast((w, rng))
    ...     for batch in tg.data.minibatches(rng, (x, np.ones(4)), 2, shard=ranks.shard):
    ...         loss, gradient = ranks.mean(step(w, *batch), weight=len(batch[0]))
    ...         w = w - 0.5 * gradient
    ...     ranks.check(w)
    >>> w
    array([0.5, 0.5, 0.5, 0.5])
    """

    def __init__(self, world: Any, check_every: int) -> None:
        self.rank: int = 0 if world is None else world.rank
        self.size: int = 1 if world is None else world.size
        self.check_every = check_every
        self._world = self._objects = world
        if world is not None:
            from mpi4py.util import pkl5

            self._objects = pkl5.Intracomm(world)  # objects of more than 2^31 bytes, too
        self._owner: Any = os.getpid(), threading.get_ident()
        # The form of the last tree of which all took a mean, and where its leaves lie in the
        # buffers, one a dtype. The first ends with the sum of the weights, and with how many ranks
        # are elsewhere: a rank with another tree, or in another call, takes part in the sum that
        # the others may be at, says so there, and then all tell where they are.
        self._form: Any = None
        self._places: list[tuple[Array, slice]] = []
        self._buffers: list[Array] = []

    def mean(self, tree: Any, weight: float = 1.0) -> Any:
        """The mean of the ranks' trees, leaf by leaf, with the same bits on all.

        All leaves of a dtype travel in one message. Where the form of the tree is that of the call
        before, there is no other message.

        Parameters
        ----------
        tree : tree
            Of floating or complex numbers; its leaves keep their dtype.
        weight : number, default 1
            Of this rank's tree, such as the number of rows that its gradient is a mean of. A tree
            of weight 0 does not count, whatever is in it.

        Returns
        -------
        tree

        Raises
        ------
        TypeError
            For other leaves.
        ValueError
            Where the trees differ in structure, shapes or dtypes, for a negative weight, and where
            all are 0.
        RuntimeError
            Where another rank is at another call, and in another thread or after the block.
        """
        return self._weighed(tree, weight)[0]

    def _weighed(self, tree: Any, weight: float) -> tuple[Any, float]:
        """The mean, and the sum of the weights."""
        form, leaves = _form(tree), trees.leaves(tree)
        for leaf, found in zip(leaves, form, strict=True):
            if not is_inexact(leaf):
                raise TypeError(
                    f"mean: the tree has {_shown(found)}; means are of floating and complex "
                    "numbers, so give x.astype(float)"
                )
        if not 0 <= weight < math.inf:
            raise ValueError(f"mean: a weight must be 0 or more, not {weight!r:.40}")
        self._check_open("mean")
        if self.size == 1:
            return tree, weight
        if form == self._form:
            for leaf, (buffer, place) in zip(leaves, self._places, strict=True):
                reals = _reals(np.asarray(leaf)) if weight else buffer.dtype.type(0)
                np.multiply(reals, weight, out=buffer[place], dtype=buffer.dtype)
            total, is_together = self._summed(weight, is_away=False)
            if is_together:
                if not 0 < total < math.inf:
                    raise ValueError(
                        f"mean: the sum of the ranks' weights, in {self._buffers[0].dtype}, is "
                        f"{total:g}; give weights whose sum is above 0 and finite"
                    )
                places = iter(self._places)

                def mean(leaf: Any) -> Any:
                    buffer, place = next(places)
                    return _like(leaf, buffer[place] / buffer.dtype.type(total))

                return trees.map(mean, tree), total
        elif self._form is not None:
            self._summed(0.0, is_away=True)
        self._agree(form, self._told("a mean", form))
        return self._weighed(tree, weight)

    def _summed(self, weight: float, is_away: bool) -> tuple[float, bool]:
        """Add up the buffers of all ranks; whether all are in a mean of the last form."""
        if is_away:
            for buffer in self._buffers:
                buffer[:] = 0
        ends = self._buffers[0][-2:]
        ends[:] = weight, is_away
        from mpi4py import MPI

        for buffer in self._buffers:
            for start in range(0, len(buffer), _MOST):
                self._world.Allreduce(MPI.IN_PLACE, buffer[start : start + _MOST])
        return float(ends[0]), not ends[1]

    def _agree(self, form: Any, forms: list[Any]) -> None:
        """Make buffers for trees of a form, which is that of all ranks."""
        _refuse_others("mean", forms)
        lengths: dict[Any, int] = {}
        places = []
        for _, dtype, shape in form:
            real = np.result_type(real_of(np.dtype(dtype)), np.float32)  # MPI has no float16
            begin = lengths.get(real, 0)
            lengths[real] = begin + math.prod(shape) * (1 + (np.dtype(dtype).kind == "c"))
            places.append((real, slice(begin, lengths[real])))
        lengths = lengths or {np.dtype(float): 0}
        lengths[next(iter(lengths))] += 2
        buffers = {real: np.zeros(length, real) for real, length in lengths.items()}
        self._form, self._buffers = form, list(buffers.values())
        self._places = [(buffers[real], place) for real, place in places]

    def shard(self, data: Any) -> Any:
        """The rank's rows of arrays: the shards of all ranks are all rows, each once, in order.

        Parameters
        ----------
        data : array, or tree of arrays
            With the same number of rows, and the same on every rank.

        Returns
        -------
        array or tree
            Views. Their rows differ in number by one at most.

        Raises
        ------
        ValueError
            For rows that differ in number.
        """
        shapes = [np.shape(leaf) for leaf in trees.leaves(data)]
        rows = {shape[:1] for shape in shapes}
        if len(rows) != 1 or () in rows:
            raise ValueError(
                "shard: the data are arrays with as many rows each, not "
                f"{', '.join(map(str, shapes)) or 'none'}"
            )
        count = shapes[0][0]
        begin, end = [count * rank // self.size for rank in (self.rank, self.rank + 1)]
        return trees.map(lambda leaf: leaf[begin:end], data)

    def broadcast(self, tree: Any) -> Any:
        """The tree of rank 0, on all; generators take its state in place.

        Parameters
        ----------
        tree : tree
            Of the same structure, shapes and dtypes on all ranks.

        Returns
        -------
        tree

        Raises
        ------
        ValueError
            Where the trees differ in structure, shapes or dtypes.
        """
        given = trees.leaves(tree)
        states = [_state(leaf) for leaf in given] if self.rank == 0 else None
        found = self._met("a broadcast", (_form(tree), states))
        if self.size == 1:
            return tree
        _refuse_others("broadcast", [form for form, _ in found])
        for i, (leaf, state) in enumerate(zip(given, found[0][1], strict=True)):
            if isinstance(leaf, np.random.Generator):
                leaf.bit_generator.state = state
            elif self.rank:
                given[i] = state
        return trees.unflatten(tree, given)

    def gather(self, x: Any) -> list[Any]:
        """What each rank gives, in their order, on all.

        Parameters
        ----------
        x : object
            Which can be pickled.

        Returns
        -------
        list
        """
        return self._met("a gather", x)

    def check(self, tree: Any, what: str = "the tree", remedy: str = _REMEDY) -> None:
        """Raise unless the trees have the same bits on all ranks.

        Parameters
        ----------
        tree : tree
            Of arrays, numbers, texts and random generators.
        what, remedy : str, optional
            For the message: what it is, and what to do.

        Raises
        ------
        ValueError
            With the first part that differs, and the ranks on which it does.
        """
        self._check_open("check")
        if self.size == 1:
            return
        paths = trees.paths(tree)
        found = self._met(
            f"the check of {what}", (paths, [_digest(leaf) for leaf in trees.leaves(tree)])
        )
        _refuse_others(what, [[(path,) for path in theirs] for theirs, _ in found])
        for path, *digests in zip(paths, *[theirs for _, theirs in found], strict=True):
            others = [str(rank) for rank, one in enumerate(digests) if one != digests[0]]
            if others:
                raise ValueError(
                    f"{what}{path} is not the same, to the bit, on rank 0 and rank "
                    f"{', '.join(others)}; {remedy}"
                )

    def spawn(self, rng: np.random.Generator) -> np.random.Generator:
        """A generator of this rank's own, made of the state of `rng`, which is drawn from.

        Parameters
        ----------
        rng : numpy.random.Generator
            In the same state on all ranks.

        Returns
        -------
        numpy.random.Generator
            Of the same kind; with one rank `rng` itself.
        """
        if self.size == 1:
            return rng
        words = rng.integers(2**63, size=4).tolist()
        seed = np.random.SeedSequence(words, spawn_key=(self.rank,))
        return np.random.Generator(type(rng.bit_generator)(seed))

    def _met(self, what: str, given: Any = None) -> list[Any]:
        """What each rank gives at this place of the program; raises where one is at another."""
        self._check_open(what)
        if self.size == 1:
            return [given]
        if self._form is not None:  # others may be in a mean
            self._summed(0.0, is_away=True)
        return self._told(what, given)

    def _told(self, what: str, given: Any) -> list[Any]:
        found = self._objects.allgather((what, given))
        places = [place for place, _ in found]
        if len(set(places)) > 1:
            told = ", ".join([f"rank {rank} is at {place}" for rank, place in enumerate(places)])
            raise RuntimeError(
                f"the ranks are at different places of the program: {told}; every rank must take "
                "the same steps, as many batches, and the same branches"
            )
        return [x for _, x in found]

    def _is_here(self) -> bool:
        """Whether this is the process and the thread of the block, not a fork of it."""
        return bool(self._owner == (os.getpid(), threading.get_ident()))

    def _check_open(self, what: str) -> None:
        if self._owner is None:
            raise RuntimeError(f"{what}: the block of `parallel` has ended; call it within")
        if self.size > 1 and not self._is_here():
            raise RuntimeError(
                f"{what}: another thread or process opened the block of `parallel`; call it there"
            )

    def _end(self) -> None:
        self._met("the end of the block")
        if self.size > 1:
            self._world.Free()


_ALONE = Ranks(None, 100)
"""The one rank of a run that is not parallel."""


def ranks_of(given: Any, saves: bool) -> Ranks:
    """The ranks that `fit` is given, or this process alone, where others may run beside it."""
    if isinstance(given, Ranks):
        return given
    if given is not None:
        raise TypeError(
            "fit: parallel is what `with tg.training.parallel() as ranks` gives, not a "
            f"{type(given).__name__}"
        )
    for ranks in _open:
        if ranks.size > 1 and ranks._is_here():
            told = f"fit: each of the {ranks.size} ranks trains alone; to train together, give "
            told += "parallel= what the block gives"
            if saves:
                raise ValueError(f"{told} (all would save into one folder)")
            if ranks.rank == 0:
                warnings.warn(told, stacklevel=4)
    return _ALONE


_NUMBERS = np.ndarray, np.generic, float, complex


def is_inexact(leaf: Any) -> bool:
    """Whether it is of floating or complex numbers, of which there are means."""
    return isinstance(leaf, _NUMBERS) and np.asarray(leaf).dtype.kind in "fc"


def real_of(dtype: np.dtype) -> np.dtype:
    """The dtype of real and imaginary parts."""
    return np.zeros((), dtype).real.dtype


def _reals(array: Array) -> Array:
    """The numbers of an array in a row; real and imaginary parts one after the other."""
    if array.dtype.kind == "c":
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
        return array.reshape(-1).view(array.real.dtype)
    return array.reshape(-1)


def _like(leaf: Any, reals: Array) -> Any:
    """What `_reals` made of a leaf, as it was: an array, a NumPy or a Python number."""
    array = np.asarray(leaf)
    if array.dtype.kind == "c":
        reals = reals.view(np.result_type(reals.dtype, np.complex64))
    found = reals.astype(array.dtype, copy=False).reshape(array.shape)
    return found if isinstance(leaf, np.ndarray) else type(leaf)(found)


def _form(tree: Any) -> Any:
    """What must be the same on all ranks where trees are put together: paths, dtypes, shapes."""
    pairs = zip(trees.paths(tree), trees.leaves(tree), strict=True)
    return [(path, *_described(leaf)) for path, leaf in pairs]


def _described(leaf: Any) -> tuple[str, tuple[int, ...]]:
    if isinstance(leaf, np.random.Generator):
        return type(leaf.bit_generator).__name__, ()
    if isinstance(leaf, _NUMBERS):
        return np.asarray(leaf).dtype.str, np.shape(leaf)
    return type(leaf).__name__, ()


def _refuse_others(what: str, forms: list[Any]) -> None:
    """Raise where the tree of a rank has another form than that of rank 0."""
    for rank, form in enumerate(forms):
        if form == forms[0]:
            continue
        longest = range(max(len(form), len(forms[0])))
        i = next(i for i in longest if form[i : i + 1] != forms[0][i : i + 1])
        ours, theirs = [
            _shown(other[i]) if i < len(other) else "no further leaf" for other in (forms[0], form)
        ]
        raise ValueError(
            f"{what}: the trees differ between ranks: rank 0 has {ours}, rank {rank} has {theirs}; "
            "give one of the same structure, shapes and dtypes on every rank"
        )


def _shown(leaf: Any) -> str:
    path, *rest = leaf
    if rest and rest[0][0] in "<>|":
        rest[0] = np.dtype(rest[0])
    return " ".join(map(str, [path, *rest])).strip()


def _state(leaf: Any) -> Any:
    return leaf.bit_generator.state if isinstance(leaf, np.random.Generator) else leaf


def _digest(leaf: Any) -> bytes:
    if isinstance(leaf, np.random.Generator):
        return b"".join([_digest(part) for part in trees.leaves(leaf.bit_generator.state)])
    if not isinstance(leaf, np.ndarray | np.generic):
        return hashlib.blake2b(repr(leaf).encode(), digest_size=16).digest()
    array = np.ascontiguousarray(leaf)
    found = hashlib.blake2b(f"{array.dtype.str} {np.shape(leaf)}".encode(), digest_size=16)
    # Objects are addresses, and a longdouble has bytes that mean nothing.
    if array.dtype.hasobject or array.dtype.char in "gG":
        array = np.frombuffer(repr(array.tolist()).encode(), np.uint8)
    found.update(array.reshape(-1).view(np.uint8).data)
    return found.digest()

"""Shuffled minibatches of plain arrays: `minibatches` gives an epoch of them, as often as asked."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import numpy as np

from ..answers import explained
from ..core import tree

Arrays = TypeVar("Arrays")


@explained
def minibatches(
    rng: np.random.Generator,
    arrays: Arrays,
    size: int,
    *,
    drop_last: bool = False,
    shard: Callable[[np.ndarray], np.ndarray] | None = None,
) -> "Minibatches[Arrays]":
    """An epoch of minibatches: every row of `arrays` once, in random order, `size` at a time.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws a new order when a pass begins; its same state gives the same batches.
    arrays : array, or tree (tuple, dict, …) of arrays
        With the same number of rows, which is the length of their first axis. They may be
        memory-mapped files (`numpy.memmap`), of which each batch reads its rows.
    size : int
    drop_last : bool, default False
        The last batch has the rows that are left, fewer than `size`, unless it is left out.
    shard : function, optional
        Of the numbers of a batch's rows, gives those to take: ``ranks.shard``, where several
        processes share each batch (`tinygrad_np.training.parallel`), each with an `rng` in the same
        state.

    Returns
    -------
    Minibatches
        An iterable of trees like `arrays`, of copies; ``len`` is the number of batches, and each
        pass another epoch.

    Raises
    ------
    TypeError
        For an `rng` that is no ``numpy.random.Generator``, a `shard` that is no function and for
        what is no array.
    ValueError
        For rows that differ in number, a `size` below 1, and where there would be no batch at all.

    Examples
    --------
    >>> images, labels = np.arange(10).reshape(5, 2), np.arange(5)
    >>> batches = minibatches(np.random.default_rng(0), (images, labels), 2)
    >>> len(batches)
    3
    >>> for x, y in batches:
    ...     print(x.shape, y)
    (2, 2) [2 4]
    (2, 2) [3 0]
    (1, 2) [1]
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"minibatches: rng is a {type(rng).__name__}; give a numpy.random.Generator, such as "
            "numpy.random.default_rng(seed)"
        )
    if isinstance(size, bool) or not isinstance(size, int | np.integer):
        raise TypeError(
            f"minibatches: the size of a batch must be an integer, not a {type(size).__name__}"
        )
    if not (shard is None or callable(shard)):
        raise TypeError(
            f"minibatches: shard is a function, such as ranks.shard, not a {type(shard).__name__}"
        )
    if size < 1:
        raise ValueError(f"minibatches: the size of a batch is {size}; it must be 1 or more")
    leaves, paths = tree.leaves(arrays), tree.paths(arrays)
    if not leaves:
        raise ValueError("minibatches: there are no arrays to take batches from")
    for leaf, path in zip(leaves, paths, strict=True):
        if not isinstance(leaf, np.ndarray) or leaf.ndim == 0:
            raise TypeError(
                f"minibatches: arrays{path} must be a NumPy array with rows, not a "
                f"{type(leaf).__name__} of shape {getattr(leaf, 'shape', ())}"
            )
        if len(leaf) != len(leaves[0]):
            raise ValueError(
                f"minibatches: arrays{path} has {len(leaf)} rows and arrays{paths[0]} has "
                f"{len(leaves[0])}; give arrays with the same number of rows"
            )
    # The rows of a file are read by the view; those of a np.memmap would be arrays without memory
    # of their own.
    arrays = tree.map(lambda x: x.view(np.ndarray) if isinstance(x, np.memmap) else x, arrays)
    rows, size = len(leaves[0]), int(size)
    count = rows // size if drop_last else -(-rows // size)
    batches = Minibatches(rng, arrays, rows, size, count, shard)
    if not len(batches):
        raise ValueError(
            f"minibatches: {rows} rows give no batch of {size}"
            + ("; take a smaller size or keep the last batch" if rows else "")
        )
    return batches


class Minibatches(Generic[Arrays]):
    """What `minibatches` gives: iterate over it, once an epoch."""

    def __init__(
        self,
        rng: np.random.Generator,
        arrays: Arrays,
        rows: int,
        size: int,
        count: int,
        shard: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        self._rng, self._arrays, self._shard = rng, arrays, shard
        self._rows, self._size, self._count = rows, size, count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Arrays]:
        order = self._rng.permutation(self._rows)
        parts = [order[i * self._size : (i + 1) * self._size] for i in range(self._count)]
        return map(self._take, parts if self._shard is None else map(self._shard, parts))

    def _take(self, rows: np.ndarray) -> Arrays:
        return tree.map(lambda array: array[rows], self._arrays)

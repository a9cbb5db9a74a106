"""Minibatches: `minibatches` deals arrays out in random order, a few rows at a time."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import tree


class Minibatches:
    """One epoch at every iteration, each in an order of its own; `len` is the number of batches."""

    def __init__(self, rng: Any, arrays: Any, size: int, drop_last: bool) -> None:
        self._rng = rng
        self._arrays = arrays
        self._size = size
        self._rows = len(tree.leaves(arrays)[0])
        # where the last batch begins, or the first one that is dropped
        self._end = self._rows - self._rows % size if drop_last else self._rows

    def __len__(self) -> int:
        return -(-self._end // self._size)

    def __iter__(self) -> Iterator[Any]:
        order = self._rng.permutation(self._rows)
        for start in range(0, self._end, self._size):
            chosen = order[start : start + self._size]
            yield tree.map(lambda array, chosen=chosen: array[chosen], self._arrays)


def minibatches(
    rng: np.random.Generator, arrays: Any, size: int, *, drop_last: bool = False
) -> Minibatches:
    """`arrays` (a tree of arrays with as many rows each) in shuffled batches of `size` rows.

    Every iteration is an epoch: each row comes once, in an order drawn from `rng`, a
    `numpy.random.Generator`; the same state of the generator gives the same batches. A batch is a
    tree like `arrays`, of copies. The last one has fewer rows if `size` does not divide their
    number, or is left out with `drop_last`.

    Raises ``ValueError`` for no arrays, arrays that differ in length, or a size below 1;
    ``TypeError`` if `rng` is no Generator.

    >>> images, labels = np.arange(10).reshape(5, 2), np.arange(5)
    >>> batches = minibatches(np.random.default_rng(0), (images, labels), 2)
    >>> len(batches), [labels.tolist() for _, labels in batches]
    (3, [[2, 4], [3, 0], [1]])
    """
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            "minibatches: rng must be a numpy.random.Generator, for instance "
            f"numpy.random.default_rng(0), not {rng!r:.40}"
        )
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
        raise ValueError(f"minibatches: size must be an integer of at least 1, not {size!r}")
    leaves = tree.leaves(arrays)
    if not leaves or any(np.ndim(array) < 1 for array in leaves):
        raise ValueError(
            "minibatches: takes one or more arrays of rows, as a tuple or another tree"
        )
    lengths = [len(array) for array in leaves]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"minibatches: the arrays have {', '.join(map(str, lengths))} rows; every one needs as "
            "many as the others"
        )
    return Minibatches(rng, tree.map(np.asarray, arrays), int(size), drop_last)

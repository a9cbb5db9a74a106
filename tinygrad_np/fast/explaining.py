"""Say which path each operation took: `explain`, the question that `paths` answers.

>>> from tinygrad_np import conv2d
>>> images, filters = np.zeros((32, 16, 16, 16), np.float32), np.zeros((3, 3, 16, 16), np.float32)
>>> found = explain(conv2d, images, filters, padding=1)
>>> [choice.path for choice in found.forward]
['lazy', 'winograd, rows']
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..core import tree
from ..core.transforms import vjp
from .paths import Choice, noted

_NONE = np.dtype(object)


class Explanation(NamedTuple):
    """The paths of all operations that have several, in their order; it prints as a table."""

    forward: list[Choice]
    backward: list[Choice]

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        lines = []
        for title, choices in zip(self._fields, self, strict=True):
            lines.append(f"{title}:" if choices else f"{title}: nothing that has several paths")
            for choice in choices:
                path = f"{choice.operation}: {choice.path}"
                lines += [f"  {path:32} {choice.operand}", f"      {choice.why}"]
        return "\n".join(lines)


def explain(function: Callable[..., Any], /, *args: Any, **options: Any) -> Explanation:
    """Run `function` and its gradient, and say which path each operation took, and why.

    The paths depend on shapes, dtypes and the order of elements in memory, never on values: arrays
    of zeros serve as well. Named are windows and their products, pooling, and products of matrices,
    in the order in which they are carried out; ``fast/paths.py`` has the conditions and
    thresholds.

    Parameters
    ----------
    function : callable
        It may return any tree of arrays.
    *args : tree
        With a variable for each floating array in them.
    **options : object
        Constants.

    Returns
    -------
    Explanation
        It prints as a table; ``forward`` and ``backward`` are lists of ``paths.Choice``.

    Examples
    --------
    >>> from tinygrad_np import conv2d
    >>> images, filters = np.zeros((2, 9, 9, 1)), np.zeros((3, 3, 1, 4))
    >>> print(explain(lambda w: conv2d(images, w), filters))
    forward:
      windows: copy                    float64 (2, 9, 9, 1)
          up to 4 channels and 2,097,152 bytes of windows
      product: matrix product          float64 (2, 7, 7, 3, 3, 1)
          up to 262,144 bytes of windows: they stay in the cache
    backward:
      filter_product: matrix product   float64 (2, 7, 7, 3, 3, 1)
          up to 262,144 bytes of windows: they stay in the cache
    """
    leaves = tree.leaves(args)
    chosen = [i for i, leaf in enumerate(leaves) if getattr(leaf, "dtype", _NONE).kind in "fc"]

    def of_chosen(*values: Any) -> Any:
        given = list(leaves)
        for i, value in zip(chosen, values, strict=True):
            given[i] = value
        return function(*tree.unflatten(args, given), **options)

    with noted() as forward:
        value, pull = vjp(of_chosen, *[leaves[i] for i in chosen])
    with noted() as backward:
        pull(tree.map(lambda x: np.ones(np.shape(x), np.result_type(x)), value))
    return Explanation(forward, backward)

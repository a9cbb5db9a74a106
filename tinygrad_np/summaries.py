"""What a model has and does, as a table: `summary` counts parameters, products and memory.

>>> import tinygrad_np as tg
>>> params = {"weights": np.ones((3, 2), np.float32), "bias": np.zeros(2, np.float32)}
>>> print(summary(lambda p, x: tg.relu(tg.dense(x, **p)), params, np.ones((5, 3), np.float32)))
parameter    shape   dtype    count  bytes
['weights']  (3, 2)  float32      6     24
['bias']     (2,)    float32      2      8
total                             8     32
<BLANKLINE>
operation  result  multiplications  bytes
np.matmul  (5, 2)               30     40
np.add     (5, 2)                0     40
relu       (5, 2)                0     40
total                           30    120
<BLANKLINE>
kept for the backward pass: 40 bytes
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .answers import explained
from .core import hooks, tree
from .core.graph import LazyArray, node_of
from .core.tensor import Tensor
from .core.windows import filter_product, product, window_product
from .io import notebook
from .nn import recurrent
from .nn.grouped import grouped_filter_product, grouped_product, grouped_window_product
from .rules.einsum import contraction, labelled


class Parameter(NamedTuple):
    """A leaf of the parameters; `path` is how it is reached."""

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    size: int
    bytes: int


class Operation(NamedTuple):
    """A recorded call: its function, the shape of each result, and what it costs."""

    name: str
    shapes: tuple[tuple[int, ...], ...]
    multiplications: int
    bytes: int


class Summary(NamedTuple):
    """What `summary` gives: its str is two tables, in a notebook of HTML."""

    parameters: list[Parameter]
    operations: list[Operation]
    kept: int
    """bytes that the graph keeps for the backward pass, beside parameters and inputs"""

    @property
    def multiplications(self) -> int:
        """The multiplications of all operations."""
        return sum([operation.multiplications for operation in self.operations])

    def _tables(self) -> list[list[list[str]]]:
        """Rows of words, whose last two are numbers: first the titles, last the totals."""
        leaves: list[Any] = [
            (x.path or "(itself)", x.shape, x.dtype, x.size, x.bytes) for x in self.parameters
        ]
        calls: list[Any] = [
            (x.name, ", ".join(map(str, x.shapes)), x.multiplications, x.bytes)
            for x in self.operations
        ]
        tables = []
        for titles, rows in (
            (["parameter", "shape", "dtype", "count", "bytes"], leaves),
            (["operation", "result", "multiplications", "bytes"], calls),
        ):
            empty = [""] * (len(titles) - 3)
            total = ["total", *empty, *[sum([row[i] for row in rows]) for i in (-2, -1)]]
            numbered = [[*map(str, row[:-2]), *map("{:,}".format, row[-2:])]
                        for row in [*rows, total]]  # fmt: skip
            tables.append([titles, *numbered])
        return tables

    def __str__(self) -> str:
        lines = []
        for rows in self._tables():
            widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
            for row in rows:
                padded = [word.ljust(w) for word, w in zip(row[:-2], widths, strict=False)]
                padded += [word.rjust(w) for word, w in zip(row[-2:], widths[-2:], strict=True)]
                lines.append("  ".join(padded))
            lines.append("")
        return "\n".join([*lines, f"kept for the backward pass: {self.kept:,} bytes"])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        tables = [
            notebook.table(titles, rows, "<" * (len(titles) - 2) + ">>")
            for titles, *rows in self._tables()
        ]
        return "\n".join([*tables, f"<p>kept for the backward pass: {self.kept:,} bytes</p>"])


@explained
def summary(function: Callable[..., Any], params: Any, *inputs: Any) -> Summary:
    """The parameters of a model, and what ``function(params, *inputs)`` computes and keeps.

    Multiplications are those of products, by the definition: of matrices (matmul, dot, inner,
    tensordot, outer, vdot, vecdot, …), of convolutions, of hidden states (rnn, lstm, gru), of
    einsum (the product of the lengths of all its labels, times the operands less one), and of
    np.multiply (one an element). All other functions count as 0.

    Parameters
    ----------
    function : callable
        Called twice: what it keeps is looked at where nobody observes it.
    params : tree of arrays
        Of which the floating ones become Tensors.
    *inputs : object
        Passed on.

    Returns
    -------
    Summary
        - ``parameters``: path, shape, dtype, number of elements and bytes of each leaf.
        - ``operations``: the recorded calls in order: the function's name, the shapes of its
          results, the multiplications, and the bytes of the memory that it added, which for a view
          are none. Calls on arrays alone, which no parameter takes part in, are not recorded.
        - ``kept``: the bytes that the graph of the result keeps for the backward pass, each array
          once, beside parameters and inputs.

    Raises
    ------
    TypeError
        For a `function` that cannot be called, and for a leaf that is no array of numbers.

    Examples
    --------
    >>> summary(lambda w: np.sum(w * w), np.ones(3)).multiplications
    3
    """
    if not callable(function):
        raise TypeError(f"summary: takes a function, not a {type(function).__name__}")
    leaves, paths = tree.leaves(params), tree.paths(params)
    parameters, variables = [], []
    for leaf, path in zip(leaves, paths, strict=True):
        value = leaf.data if isinstance(leaf, Tensor) else leaf
        array = np.asarray(value)
        if array.dtype.kind not in "biufc":
            raise TypeError(
                f"summary: params{path} must be an array of numbers, not a {type(leaf).__name__} "
                f"of dtype {array.dtype}"
            )
        parameters.append(Parameter(path, array.shape, array.dtype, array.size, array.nbytes))
        variables.append(Tensor(value) if array.dtype.kind in "fc" else leaf)
    model = tree.unflatten(params, variables)
    outside, observer = _Memory(), _Calls()
    for value in _arrays([variables, inputs]):
        outside.added(value)
        observer.memory.added(value)
    around = hooks.observer()
    try:
        hooks.observe(hooks.NOBODY)
        residuals = list(_residuals(function(model, *inputs), inputs))
        kept = sum([outside.added(x) for x in _arrays(residuals)])
        del residuals
        hooks.opened.add(observer)
        hooks.observe(observer)
        function(model, *inputs)
    finally:
        hooks.observe(around)
        hooks.opened.discard(observer)
    return Summary(parameters, observer.operations, kept)


class _Memory:
    """Arrays, by what owns their memory, which is kept so that no other gets its identity."""

    def __init__(self) -> None:
        self._owners: dict[int, Any] = {}

    def added(self, array: Any) -> int:
        """The bytes that `array` adds to those that are there: all that it is a view of, if new."""
        owner = base = array
        while (base := getattr(base, "base", None)) is not None:
            owner = base if isinstance(base, np.ndarray) else owner
        if id(owner) in self._owners:
            return 0
        self._owners[id(owner)] = owner
        return int(owner.nbytes)


class _Calls(hooks.Observer):
    """Notes each call as it is recorded."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.memory = _Memory()

    def made(self, node: Any, known: Sequence[Any]) -> None:
        if node.plan is None:
            return
        results = list(_arrays(known[0]))
        self.operations.append(
            Operation(
                node.plan.row.name,
                tuple([x.shape for x in results]),
                _multiplications(node.plan.row, known),
                sum([self.memory.added(x) for x in results]),
            )
        )


def _arrays(value: Any) -> Iterator[Any]:
    """The arrays in a value, in what it contains, and in what is not made yet."""
    if isinstance(value, Tensor):
        value = value.data
    if isinstance(value, (np.ndarray, np.generic)):
        yield value
    elif isinstance(value, LazyArray):
        slots = [name for cls in type(value).__mro__ for name in getattr(cls, "__slots__", ())]
        yield from _arrays([getattr(value, name, None) for name in slots])
    elif tree.container_of(type(value)) is not None:
        for leaf in tree.leaves(value):
            yield from _arrays(leaf)


def _residuals(result: Any, inputs: Any) -> Iterator[Any]:
    """What the nodes keep between the Tensors of `inputs` and those of `result`."""
    ends, begins = [
        [node_of(x._source) for x in tree.leaves(part) if isinstance(x, Tensor)]
        for part in (result, inputs)
    ]
    stack, seen = ends, set(begins)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            yield node.all_residuals
            stack += [node_of(source) for source in node.all_parents if source is not None]


# Products in which all of one operand meets all of the other that has the same contracted index:
# with operands of m·k and k·n elements and a result of m·n, √(m·k · k·n · m·n) = m·k·n. In g groups
# that are as large, each element meets a g-th of the others: the root of a g-th of that.
_GROUPED = {grouped_product, grouped_window_product, grouped_filter_product}
_PRODUCTS = {np.dot, np.inner, np.tensordot, np.outer, np.vdot, product, window_product,
             filter_product, *_GROUPED}  # fmt: skip
# Stacks of products, and which operand has the contracted axis as its last, unless `axes` are told.
_STACKED = {getattr(np, name): place for name, place in
            (("matmul", 0), ("vecdot", 0), ("matvec", 1), ("vecmat", 0))
            if hasattr(np, name)}  # fmt: skip


def _multiplications(row: Any, known: Sequence[Any]) -> int:
    """Of a call of this row, by the shapes in `known`: its result, then its arguments."""
    function, result, *args = row.function, *known
    if function is np.multiply:
        return int(result.size)
    if function in _PRODUCTS:
        sizes = np.size(args[0]) * np.size(args[1]) * result.size
        return math.isqrt(sizes // (args[2] if function in _GROUPED else 1))
    if function in _STACKED:
        options, place = dict(zip(row.names, args, strict=False)), _STACKED[function]
        axes, axis = options.get("axes"), options.get("axis", -1)
        axis = axis if axes is None else int(np.ravel(axes[place])[0])
        return int(result.size) * int(np.shape(args[place])[axis])
    if function is recurrent.recurrence:
        inputs, weights, *_ = args[1]
        return math.prod(np.shape(inputs)[:2]) * np.size(weights)
    if function is contraction:
        subscripts, _, _, operands = args
        terms, _ = labelled(subscripts, tuple([np.ndim(x) for x in operands]))
        lengths: dict[str, int] = {}
        for term, x in zip(terms, operands, strict=True):
            for label, length in zip(term, np.shape(x), strict=True):
                if lengths.get(label, 1) == 1:  # else it is the same, or 1, and broadcast
                    lengths[label] = length
        return math.prod(lengths.values()) * (len(operands) - 1)
    return 0

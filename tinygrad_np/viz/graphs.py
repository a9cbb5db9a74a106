"""The graph of a function, with every value, every cotangent, and the lines that made them.

`graph` runs a function and its gradient once, and keeps all that `seen` sees. What it gives is a
`core.graph.Graph`, with more: ``save("graph.html")`` writes a page on which one looks at it.

>>> found = graph(lambda x: np.sum(x * x), np.array([1.0, 2.0]))
>>> print(found)
#0 leaf x                   float64 (2,)
#1 np.multiply(#0, #0)      float64 (2,)
#2 np.sum(#1)               float64 ()
>>> found.cotangents[0]
array([2., 4.])
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..answers import explained
from ..core import hooks, tree
from ..core.argnums import positions, within
from ..core.graph import Graph, Node, Source, ancestors, described, node_of, printable
from ..core.sweep import reverse
from ..core.tensor import Tensor, seed_of, source_of, value_in
from .graph_data import data_of
from .page import of_browsers, page, write
from .rule_texts import rule_text
from .seen import Group, Line, Seen, is_finite, run


class FunctionGraph(Graph):
    """What `graph` gives: a `Graph`, and for each node, at the place of its number, what was seen.

    - `values`: its value, a list of them for a call with several results; None where nobody knows.
    - `cotangents`: the same; None where the reverse sweep did not come.
    - `lines`: the `Line` of the user's program that made it, or None.
    - `operands`: the parameters of the call that its parents were given for.
    - `constants`: the arguments of the call that are no Tensors, as text.
    - `group_of`: the number of its group among `groups`, or None.
    - `rules`: the text of its rule; None for a leaf.

    `first_value` is the number of the first node whose value has a nan or inf, or None.
    `first_cotangent` is that of the node where the first one came into a cotangent, or None, and
    `first_cause` says how: its "rule" made it, the "sum" of its cotangents, or it was in the "seed"
    that the sweep began with. `result` is the number of the function's result.
    """

    def __init__(
        self, graph: Graph, order: list[Node], seen: Seen, result: int, function: Callable[..., Any]
    ) -> None:
        super().__init__(graph.nodes, graph.edges)
        self.title = printable(str(getattr(function, "__name__", type(function).__name__)))
        self.result = result
        self.values: list[Any] = seen.values(order)
        self.cotangents: list[Any] = seen.cotangents_of(order)
        self.operands: list[list[str]] = [seen.operands(node) for node in order]
        self.constants: list[list[tuple[str, str]]] = [seen.constants(node) for node in order]
        self._rows: list[Any] = [getattr(node.plan, "row", None) for node in order]
        self.lines: list[Line | None] = [seen.line(node) for node in order]
        self.groups: list[Group]
        self.group_of: list[int | None]
        self.groups, self.group_of = seen.grouped(order, self.edges)
        bad = [i for i, value in enumerate(self.values) if not is_finite(value)]
        self.first_value = bad[0] if bad else None
        self.first_cotangent: int | None = None
        self.first_cause: str | None = None
        if seen.first:
            self.first_cotangent, self.first_cause = order.index(seen.first[0]), seen.first[1]

    @functools.cached_property
    def rules(self) -> list[str | None]:
        """The text of each node's rule; None of a leaf."""
        texts = {row: rule_text(row) for row in set(self._rows) if row is not None}
        return [texts.get(row) for row in self._rows]

    def __getstate__(self) -> dict[str, Any]:
        """All but the rows, which have functions: their texts stay."""
        return {"rules": self.rules} | {k: v for k, v in vars(self).items() if k != "_rows"}

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a page about the graph, which any browser shows, without a network.

        The file has at most 4 kB of data a node. It is written whole or not at all.

        Parameters
        ----------
        path : str or path-like
            Where the page is written: "graph.html". Folders are made.

        Returns
        -------
        Path

        Raises
        ------
        ValueError
            For another ending than .html.
        OSError
            If the file cannot be written; what was there before is intact then.

        """
        path = of_browsers("save", path)
        return write("save", path, page("graph", f"{self.title}: its graph", data_of(self)))


@explained
def graph(
    function: Callable[..., Any],
    *args: Any,
    argnums: int | tuple[int, ...] | None = None,
    cotangent: Any = None,
) -> FunctionGraph:
    """Run a function and its gradient, and keep the graph with all that can be seen in it.

    Parameters
    ----------
    function : callable
        It returns one array: a loss, or any array if a cotangent is given.
    *args : trees of arrays
        Its arguments. The floating and complex arrays in them become Tensors, which have the name
        of the argument and their path in the tree; Tensors and everything else are passed on.
    argnums : int or tuple of int, optional
        The arguments whose arrays become Tensors; all by default.
    cotangent : array, optional
        That of the result, of its shape; 1 by default, for a single real number.

    Returns
    -------
    FunctionGraph
        `nodes`, `edges`, and for each node `values`, `cotangents`, `lines`, `group_of`; its
        ``save("graph.html")`` writes a page.

    Raises
    ------
    TypeError
        If `function` cannot be called, or gives something else than one array.
    ValueError
        If its result has several elements and no `cotangent` is given, or depends on no Tensor.

    Examples
    --------
    >>> import tinygrad_np as tg
    >>> def loss(w, x):
    ...     return np.mean(tg.relu(x @ w) ** 2)
    >>> found = tg.graph(loss, np.array([[1.0], [2.0]]), np.array([[3.0, 4.0]]))
    >>> print(found)
    #0 leaf w                   float64 (2, 1)
    #1 leaf x                   float64 (1, 2)
    #2 np.matmul(#1, #0)        float64 (1, 1)
    #3 relu(#2)                 float64 (1, 1)
    #4 np.power(#3)             float64 (1, 1)
    #5 np.mean(#4)              float64 ()
    >>> found.values[2], found.cotangents[2]
    (array([[11.]]), array([[22.]]))

    """
    if not callable(function):
        remedy = "use t.graph() of a Tensor, or " if isinstance(function, Tensor) else ""
        raise TypeError(
            f"graph: takes a function, not a {type(function).__name__}; {remedy}pass the "
            "function and then its arguments: tg.graph(f, x)"
        )
    chosen = tuple(range(len(args))) if argnums is None else positions(argnums, "graph")[1]
    within(chosen, len(args), "graph")
    around = hooks.observer()
    inside, names, seen = list(args), {}, Seen(around)
    words = _argument_names(function, args)
    for i in [argnum % len(args) for argnum in chosen]:
        leaves = [_variable(x) for x in tree.leaves(args[i])]
        inside[i] = tree.unflatten(args[i], leaves)
        for x, path in zip(leaves, tree.paths(args[i]), strict=True):
            if type(x) is Tensor and type(x._source) is Node:
                names[x._source] = words[i] + path
                seen.known[x._source] = (value_in(x),)
    hooks.opened.add(seen)
    hooks.observe(seen)
    try:
        result = run(function, inside)
        source, seed = _seed(result, cotangent)
        seen.began(source, seed)
        swept: Any = reverse([(source, seed)], carrier=seen)
    finally:
        hooks.observe(around)
        hooks.opened.discard(seen)
        seen.open.clear()
    seen.cotangents.update(swept)
    seen.cotangents.setdefault(source, seed)
    for leaf in names:  # those that the result does not depend on
        seen.cotangents.setdefault(leaf, np.zeros(leaf.shape, leaf.dtype))
    if type(source) is Node:
        seen.known.setdefault(source, (value_in(result),))
    order = ancestors([source, *names])
    return FunctionGraph(
        described(order, names), order, seen, order.index(node_of(source)), function
    )


def _variable(x: Any) -> Any:
    numeric = isinstance(x, (np.ndarray, np.generic, float, complex))
    return Tensor(x) if numeric and np.asarray(x).dtype.kind in "fc" else x


def _argument_names(function: Callable[..., Any], args: tuple[Any, ...]) -> list[str]:
    try:
        signature = inspect.signature(function)
        given = signature.bind(*args).arguments
    except (TypeError, ValueError):
        return [f"argument {i}" for i in range(len(args))]
    names = []
    for name, value in given.items():
        several = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        names += [f"{name}[{i}]" for i in range(len(value))] if several else [name]
    return names


def _seed(result: Any, cotangent: Any) -> tuple[Source, Any]:
    if type(result) is not Tensor:
        if isinstance(result, (np.ndarray, np.generic, int, float, complex)):
            raise ValueError(
                "graph: the result depends on no Tensor; compute it from the arguments, of which "
                "the floating arrays are Tensors"
            )
        raise TypeError(
            f"graph: the function must return one array, not a {type(result).__name__}; return "
            "the loss alone"
        )
    return source_of(result), seed_of(result, cotangent, "graph")

"""The matrices of derivatives: `jacobian` and `hessian`, a sweep for each row or column.

>>> hessian(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
array([[ 6.,  0.],
       [ 0., 12.]])
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import hooks, tree
from .argnums import Argnums, chosen_of
from .graph import Node
from .plan import Shaped, ShapeDtype
from .tensor import Tensor, source_of
from .transforms import (
    closed,
    finish,
    gradient_function,
    like_of,
    marker,
    opened_arguments,
    pulled,
    pushed,
    with_aux,
)


def jacobian(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    mode: str | None = None,
) -> Callable[..., Any]:
    """A function that gives the Jacobian of `function` by the argument(s) `argnums`.

    `function` returns a tree of arrays. For each of them, of shape (*out), and each array of the
    arguments, of shape (*in), there is an array of shape (*out, *in): a tree like the result of
    trees like the argument (a tuple of these if `argnums` is a tuple). With `has_aux`, `function`
    returns a pair, and the result is (Jacobian, aux).

    `mode` is "reverse" (a sweep for each number of the result), "forward" (one for each number of
    the arguments) or None: the cheaper. A complex result needs real arguments and goes forward;
    complex arguments need a real result and go in reverse, with ∂/∂x − i ∂/∂y.

    >>> jacobian(lambda x: np.array([2.0, 3.0]) * x[::-1])(np.array([1.0, 2.0]))
    array([[0., 2.],
           [3., 0.]])
    """
    if mode not in (None, "forward", "reverse"):
        raise ValueError(f"jacobian: mode must be 'forward', 'reverse' or None, not {mode!r}")
    argnums, chosen = chosen_of(function, argnums, "jacobian")

    @functools.wraps(function)
    def matrices(*args: Any, **kwargs: Any) -> Any:
        inputs: list[Node] = []
        inside = opened_arguments(args, chosen, inputs, "jacobian")
        since = inputs or marker()
        try:
            results, aux = with_aux(function(*inside, **kwargs), has_aux, "jacobian")
            return blocks_of(results, aux, inputs, since, args)
        finally:
            finish(inputs)

    def blocks_of(results: Any, aux: Any, inputs: list[Node], since: Any, args: Any) -> Any:
        outputs = [like_of(x) for x in tree.leaves(results)]
        if _is_forward(mode, inputs, outputs):
            blocks = _forward_blocks(results, inputs, outputs)
        else:
            blocks = _reverse_blocks(results, inputs, outputs)
        rows = iter(blocks)
        form = args[argnums] if isinstance(argnums, int) else tuple([args[i] for i in chosen])
        found = tree.map(lambda _: tree.unflatten(form, next(rows)), results)
        return (found, tree.map(lambda x: closed(x, since), aux)) if has_aux else found

    return matrices


def hessian(
    function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that gives the Hessian of `function`, which returns a single real number.

    For arguments of shape (n,) it is (n, n); for trees, a tree of trees as in `jacobian`. Forward
    over reverse: one recorded gradient and a sweep for each number of the arguments.

    >>> hessian(lambda x: x[0] * x[1] ** 2)(np.array([1.0, 3.0]))
    array([[0., 6.],
           [6., 2.]])
    """
    gradient = gradient_function(function, argnums, has_aux, "hessian")
    return jacobian(gradient, argnums, has_aux, mode="forward")


def _is_forward(mode: str | None, inputs: list[Node], outputs: list[ShapeDtype]) -> bool:
    from_complex = any(x.dtype.kind == "c" for x in inputs)
    to_complex = any(x.dtype.kind == "c" for x in outputs)
    if from_complex and to_complex:
        raise TypeError(
            "jacobian: of complex numbers by complex numbers it is no single matrix; use vjp or "
            "jvp, or take real and imaginary parts apart"
        )
    possible = "reverse" if from_complex else "forward" if to_complex else mode
    if mode is not None and possible != mode:
        what = "complex arguments" if from_complex else "a complex result"
        raise TypeError(f"jacobian: with {what}, the mode is {possible!r}, not {mode!r}")
    if possible is None:
        return sum(x.size for x in inputs) < sum(x.size for x in outputs)
    return possible == "forward"


def _reverse_blocks(results: Any, inputs: list[Node], outputs: list[ShapeDtype]) -> list[list[Any]]:
    """For each output a list with the array (*out, *in) of each input, a sweep a row."""
    blocks = []
    for output, like in zip(tree.leaves(results), outputs, strict=True):
        together = hooks.stacks.rows(source_of(output), inputs) if type(output) is Tensor else None
        if together is not None:
            blocks.append(
                [
                    _made(block_of, stack, (*like.shape, *node.shape), node)
                    for stack, node in zip(together, inputs, strict=True)
                ]
            )
            continue
        rows: list[list[Any]] = [[] for _ in inputs]
        for number in range(like.size if type(output) is Tensor else 0):
            found, _ = pulled([(source_of(output), _unit(like, number))], inputs)
            for row, node in zip(rows, inputs, strict=True):
                row.append(found.get(node))
        blocks.append(
            [
                _made(_stacked, row, node, 0, (*like.shape, *node.shape))
                for row, node in zip(rows, inputs, strict=True)
            ]
        )
    return blocks


def _forward_blocks(results: Any, inputs: list[Node], outputs: list[ShapeDtype]) -> list[list[Any]]:
    """The same, a sweep a column."""
    sources = {i: source_of(x) for i, x in enumerate(tree.leaves(results)) if type(x) is Tensor}
    together = hooks.stacks.columns(list(sources.values()), inputs)
    if together is not None:
        stacks = [dict(zip(sources, of_input, strict=True)) for of_input in together]
        return [
            [
                _made(block_of, of_input.get(i), (*like.shape, *node.shape), like, True)
                for of_input, node in zip(stacks, inputs, strict=True)
            ]
            for i, like in enumerate(outputs)
        ]
    push = pushed(results, inputs, often=sum(node.size for node in inputs) > 1)
    columns: list[list[list[Any]]] = [[[] for _ in inputs] for _ in outputs]
    for position, node in enumerate(inputs):
        for number in range(node.size):
            given: list[Any] = [None] * len(inputs)
            given[position] = _unit(node, number)
            for column, t in zip(columns, push(given), strict=True):
                column[position].append(t)
    return [
        [
            _made(_stacked, column, like, -1, (*like.shape, *node.shape))
            for column, node in zip(of_output, inputs, strict=True)
        ]
        for of_output, like in zip(columns, outputs, strict=True)
    ]


def _made(function: Callable[..., Any], parts: Any, *args: Any) -> Any:
    """A block, of which an observer is told."""
    block = function(parts, *args)
    if hooks.opened and type(block) is np.ndarray:
        hooks.observer().called(function, (parts, *args), block)
        return hooks.observer().leaves(block)
    return block


def block_of(stack: Any, shape: tuple[int, ...], like: Shaped, is_last: bool = False) -> Any:
    """A block of its own, of rows that are stacked in front, or columns; None stands for zeros."""
    block = np.zeros(shape, like.dtype)
    if stack is not None and is_last:
        block.reshape(*stack.shape[1:], len(stack))[...] = np.moveaxis(stack, 0, -1)
    elif stack is not None:
        block.reshape(stack.shape)[...] = stack
    return block


def _unit(like: Shaped, number: int) -> Any:
    unit = np.zeros(like.size, like.dtype)
    unit[number] = 1
    return unit.reshape(like.shape)


def _stacked(parts: list[Any], like: Shaped, axis: int, shape: tuple[int, ...]) -> Any:
    """The rows (axis 0) or columns (axis −1) of a block; None stands for zeros like `like`."""
    if all(part is None for part in parts):
        return np.zeros(shape, like.dtype)
    parts = [np.zeros(like.shape, like.dtype) if part is None else part for part in parts]
    if Tensor in map(type, parts):
        return np.stack(parts, axis).reshape(shape)
    block = np.empty(shape, like.dtype)  # of which a stack in another shape would be a view
    stacked = (len(parts), *like.shape) if axis == 0 else (*like.shape, len(parts))
    np.stack(parts, axis, out=block.reshape(stacked))
    return block

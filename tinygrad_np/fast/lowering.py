"""How a call of a trace is written as NumPy calls into buffers, where it can be.

`of` gives what writes an operation: a ufunc by its ``out``, products, sums and windows by the NumPy
call beneath their kernel, without what the kernel asks first. `program` compares the bits of each
with those of the kernel, on the values of the trace, and else writes a call of the kernel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import arrays, jacobians, losses, network, rules, windows
from ..core.arrays import scalar
from ..core.dispatch import implementation, plain
from ..core.windows import frame, product_shapes
from . import elementwise, matrices, paths, products
from .trace import Constant, Operation, Slot, Tracer

Lower = Callable[[Any, Operation], bool]
"""Writes an operation into a program; False where it cannot."""


def of(program: Any, one: Operation) -> Lower | None:
    """What writes an operation, if anything but a call of its kernel does."""
    return _ufunc if is_plain_ufunc(one) else _LOWERINGS.get(one.function)


def is_plain_ufunc(one: Operation) -> bool:
    """Whether it is an elementwise call with one result."""
    function: Any = one.function
    is_ufunc = isinstance(function, np.ufunc) and function.nout == 1 and function.signature is None
    return is_ufunc and not one.kwargs and len(one.args) == function.nin


def ufunc_call(program: Any, one: Operation) -> str:
    """The call without its result, with numbers as arrays, whose conversion takes as long again."""
    kept = one.function in _ARITHMETIC
    texts = [program.operand(x, kept) for x in _as_arrays(program, one)]
    return f"{program.named(one.function.__name__, one.function)}({', '.join(texts)})"


def _as_arrays(program: Any, one: Operation) -> list[Any]:
    values = [program.told(x) for x in one.args]
    dtypes = {x.dtype for x in values if type(x) is np.ndarray}
    if len(dtypes) != 1 or not any(x.ndim for x in values if type(x) is np.ndarray):
        return list(one.args)
    dtype = dtypes.pop()
    if dtype.char not in "fd" or one.function not in _OF_ONE_DTYPE:
        return list(one.args)
    found: list[Any] = []
    for x, value in zip(one.args, values, strict=True):
        is_number = type(value) is float or (type(value) is int and abs(value) < 1 << 24)
        found.append(Constant(scalar(value, dtype), True, "") if is_number else x)
    return found


# Ufuncs that compute in the dtype of the array beside a number.
_OF_ONE_DTYPE: dict[Any, None] = dict.fromkeys(
    [np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum, np.arctan2,
     np.logaddexp, np.hypot, np.greater, np.greater_equal, np.less, np.less_equal, np.equal,
     np.not_equal]
)  # fmt: skip

# Ufuncs whose bits do not depend on how their operands lie in memory.
_ARITHMETIC: dict[Any, None] = dict.fromkeys(
    [np.add, np.subtract, np.multiply, np.divide, np.negative, np.absolute, np.square, np.maximum,
     np.minimum, np.sqrt]
)  # fmt: skip


def _ufunc(program: Any, one: Operation) -> bool:
    call = ufunc_call(program, one)
    # By its place it would be deprecated, of these two.
    out = "out=" if one.function in (np.maximum, np.minimum) else ""
    program.lines(one, f"{call[:-1]}, {out}{program.into(one.results, in_place=True)})")
    if one.function in _ARITHMETIC:
        program.moves(one.results)
    return True


def _matmul(program: Any, one: Operation) -> bool:
    x, y = map(program.told, one.args)
    return _is_product(program, one, x, y) and _product(program, one, np.matmul, *one.args)


def _dot(program: Any, one: Operation) -> bool:
    x, y = map(program.told, one.args)
    return _is_product(program, one, x, y) and _product(program, one, np.dot, *one.args)


def _is_product(program: Any, one: Operation, x: Any, y: Any) -> bool:
    if one.kwargs or type(x) is not np.ndarray or type(y) is not np.ndarray:
        return False
    if x.dtype != y.dtype or x.dtype.kind not in "fc" or not x.ndim or not y.ndim:
        return False
    contiguous = program.value(one.results).flags.c_contiguous
    return bool(contiguous) and not (x.ndim == 2 == y.ndim and paths.wakes_threads(x, y))


def _product(program: Any, one: Operation, function: Any, x: Any, y: Any) -> bool:
    texts = [z if type(z) is str else program.operand(z) for z in (x, y)]
    called = program.named(function.__name__, function)
    program.lines(one, f"{called}({', '.join(texts)}, {program.into(one.results)})")
    return True


def _in_two_axes(program: Any, x: Any, shape: Any, transposed: bool = False) -> str | None:
    """The name of a view of a fixed operand as a matrix."""
    array = program.array(x)
    if array is None:
        return None
    matrix = array.reshape(shape)
    if array.size and not np.shares_memory(matrix, array):
        return None
    program.operand(x)
    return str(program.named("b", matrix.T if transposed else matrix))


def _product_of_windows(program: Any, one: Operation) -> bool:
    """(n·out, size·c) @ (size·c, f)"""
    columns, filters = one.args
    x, y = map(program.told, one.args)
    shapes = product_shapes(x.shape, y.shape)
    first = _in_two_axes(program, columns, shapes[0])
    second = _in_two_axes(program, filters, shapes[1])
    if first is None or second is None:
        return False
    return _into_matrix(program, one, first, second, (shapes[0][0], shapes[1][1]))


def _product_by_filters(program: Any, one: Operation) -> bool:
    """(size·c, n·out) @ (n·out, f)"""
    columns, cotangent = one.args
    x, y = map(program.told, one.args)
    n, f = math.prod(y.shape[:-1]), y.shape[-1]
    first = _in_two_axes(program, columns, (n, x.size // n), True)
    second = _in_two_axes(program, cotangent, (n, f))
    if first is None or second is None:
        return False
    return _into_matrix(program, one, first, second, (x.size // n, f))


def _into_matrix(program: Any, one: Operation, x: str, y: str, shape: Any) -> bool:
    """A product of two matrices into a buffer of another shape."""
    program.into(one.results)
    buffer = program.fixed[one.results]
    if not buffer.flags.c_contiguous:
        return False
    out = program.named("b", buffer.reshape(shape))
    program.lines(one, f"{program.named('dot', np.dot)}({x}, {y}, {out})")
    return True


def _matmul_x(program: Any, one: Operation) -> bool:
    g, like, y = one.args
    return _product_with_transpose(program, one, y, like, lambda transposed: (g, transposed))


def _matmul_y(program: Any, one: Operation) -> bool:
    g, x, like = one.args
    return _product_with_transpose(program, one, x, like, lambda transposed: (transposed, g))


def _product_with_transpose(
    program: Any, one: Operation, of: Any, like: Any, factors: Callable[[Any], tuple[Any, Any]]
) -> bool:
    """The gradient of a product of matrices; `factors` gives both in their order."""
    value = program.told(of)
    if type(value) is not np.ndarray or value.ndim != 2 or like.ndim != 2:
        return False
    transposed = _in_two_axes(program, of, value.shape, True)
    told = factors(value.T)
    if transposed is None or not _is_product(program, one, *map(program.told, told)):
        return False
    return _product(program, one, np.dot, *factors(transposed))


def _reduction(reduce: Any) -> Lower:
    def lower(program: Any, one: Operation) -> bool:
        if len(one.args) > 2 or not one.kwargs.keys() <= {"keepdims", "axis"}:
            return False
        given = one.args[1] if len(one.args) > 1 else one.kwargs.get("axis")
        keeps = ", keepdims=True" if one.kwargs.get("keepdims") is True else ""
        name, x = program.named("reduce", reduce), program.operand(one.args[0])
        axis = program.operand(given)
        program.lines(one, f"{name}({x}, {axis}, None, {program.into(one.results)}{keeps})")
        return True

    return lower


def _mean(program: Any, one: Operation) -> bool:
    """The sum of all over their number."""
    x = program.told(one.args[0])
    if len(one.args) > 1 or one.kwargs or not x.size or x.dtype.char not in "fd":
        return False
    name, text = program.named("reduce", np.add.reduce), program.operand(one.args[0])
    count, out = program.named("c", scalar(x.size, x.dtype)), program.into(one.results)
    divide = program.named("divide", np.divide)
    program.lines(one, f"{name}({text}, None, None, {out})", f"{divide}({out}, {count}, {out})")
    return True


def _relu(program: Any, one: Operation) -> bool:
    x = program.operand(one.args[0])
    zero = program.named("zero", scalar(0, program.value(one.results).dtype))
    maximum = program.named("maximum", np.maximum)
    out = program.into(one.results, in_place=True)
    program.lines(one, f"{maximum}({x}, {zero}, out={out})")
    return True


def _relu_gate(program: Any, one: Operation) -> bool:
    """g · (y ≠ 0)"""
    g, y = map(program.told, one.args)
    if type(g) is not np.ndarray or g.shape != y.shape or g.dtype != y.dtype:
        return False
    zero, mask = program.named("zero", scalar(0, y.dtype)), program.scratch(y.shape, bool)
    texts = [program.operand(x) for x in one.args]
    out = program.into(one.results)
    program.lines(
        one,
        f"{program.named('not_equal', np.not_equal)}({texts[1]}, {zero}, {mask})",
        f"copyto({out}, {mask})",
        f"{program.named('multiply', np.multiply)}({texts[0]}, {out}, {out})",
    )
    return True


def _scattered(program: Any, one: Operation) -> bool:
    """Zeros with a part of them written: where the index is made of slices, a view of them."""
    g, key = one.args[0], one.args[1]
    parts = key if isinstance(key, tuple) else (key,)
    basic = [isinstance(p, slice) or p is None or p is ... or type(p) is int for p in parts]
    if not all(basic):
        return False
    value = program.value(one.results)
    buffer = np.zeros(value.shape, value.dtype)
    view = buffer[parts if ... in parts else (*parts, ...)]
    return _within(program, one, buffer, view, g)


def _framed(program: Any, one: Operation) -> bool:
    if len(one.args) != 2 or one.kwargs:
        return False
    value, x = program.value(one.results), one.args[0]
    buffer = np.zeros(value.shape, value.dtype)
    inside = frame(np.shape(program.told(x)), one.args[1])[1]
    return _within(program, one, buffer, buffer[inside], x)


def _within(program: Any, one: Operation, buffer: Any, view: Any, x: Any) -> bool:
    """Zeros but for `view`, which is written, or into which `x` itself is computed."""
    if view.shape != np.shape(program.told(x)):
        return False
    if not (isinstance(x, Slot) and program.moved(x.number, view)):
        text = program.operand(x)
        program.lines(one, f"copyto({program.named('b', view)}, {text})")
    program.fix(one.results, buffer)
    return True


def _windows(program: Any, one: Operation) -> bool:
    """A strided view of a fixed array, or a copy of one, laid out as the kernel's."""
    source = program.array(one.args[0])
    if source is None or one.kwargs:
        return False
    view = plain(windows.windows)(source, *one.args[1:])
    program.operand(one.args[0])
    program.lines(one, f"copyto({program.into(one.results)}, {program.named('b', view)})")
    return True


def _block(program: Any, one: Operation) -> bool:
    """Columns that are stacked in front, last; rows stay where they are."""
    stack, _, _, is_last = (*one.args, False)[:4]
    source = program.array(stack)
    if source is None or one.kwargs:
        return False
    out = program.into(one.results)
    buffer = program.fixed[one.results]
    if is_last:
        view = buffer.reshape(*source.shape[1:], len(source))
        source = np.moveaxis(source, 0, -1)
    else:
        view = buffer.reshape(source.shape)
    if not np.shares_memory(view, buffer):
        return False
    program.operand(stack)
    program.lines(one, f"copyto({program.named('b', view)}, {program.named('b', source)})")
    return bool(out)


def expands(one: Operation) -> bool:
    """Whether it is a call of `expand`."""
    return one.function is implementation(arrays.expand)


def expanded(program: Any, one: Operation) -> Any:
    """What `expand` gives of a fixed array: a view, of a single number, too."""
    if not expands(one):
        return None
    return np.broadcast_to(program.plain(one.args[0]), one.args[1])


_LOWERINGS: dict[Any, Lower] = {
    matrices.matmul: _matmul,
    np.matmul: _matmul,
    np.dot: _dot,
    products.product: _product_of_windows,
    products.filter_product: _product_by_filters,
    products.matmul_x: _matmul_x,
    products.matmul_y: _matmul_y,
    elementwise.total: _reduction(np.add.reduce),
    np.sum: _reduction(np.add.reduce),
    np.add.reduce: _reduction(np.add.reduce),
    np.any: _reduction(np.logical_or.reduce),
    np.all: _reduction(np.logical_and.reduce),
    np.min: _reduction(np.minimum.reduce),
    np.max: _reduction(np.maximum.reduce),
    elementwise.mean: _mean,
    elementwise.relu: _relu,
    elementwise.relu_gate: _relu_gate,
    implementation(rules.scatter_add): _scattered,
    implementation(windows.pad): _framed,
    implementation(windows.windows): _windows,
    jacobians.block_of: _block,
}


# What an operation is to a program


_STATIC = {row.name for row in (*rules.ROWS, *windows.ROWS, *network.ROWS, *losses.ROWS)}
_STATIC -= {"operator.getitem", "getitem"}


_OF_SHAPES = {np.ndim, np.shape, np.size}


def has_static_shape(one: Operation) -> bool:
    """Whether the shapes of its operands decide on that of its result."""
    if isinstance(one.function, np.ufunc) or one.name in _STATIC or one.results == []:
        return True
    return one.name.startswith(("vjp of ", "jvp of ", "rng."))


def needed(tracer: Tracer, outputs: list[Any]) -> list[Operation]:
    """The operations that outputs and guards depend on, in order."""
    wanted = {tracer.find(x) for x in outputs}
    kept = []
    for one in reversed(tracer.operations):
        results = one.results if isinstance(one.results, list) else [one.results]
        # A guard; or something of which only the shape was used, by Python; or what is wanted.
        is_guard = one.results is None or one.name.startswith("rng.")
        is_guard = is_guard or (one.results == [] and one.function not in _OF_SHAPES)
        if is_guard or not has_static_shape(one) or wanted.intersection(results):
            kept.append(one)
            wanted.update(x.number for x in slots((one.args, tuple(one.kwargs.values()))))
    return kept[::-1]


def slots(x: Any) -> list[Slot]:
    """The slots among arguments."""
    if isinstance(x, Slot):
        return [x]
    if not isinstance(x, (list, tuple)):
        return []
    return [slot for item in x for slot in slots(item)]

"""Networks as files for other programs: `onnx`, for onnxruntime and all else that reads ONNX.

- `tracing`: the function at two batch sizes, as the calls that both have in common;
- `forms`, `layers`: which nodes a call becomes; `graph`: nodes and names as they grow.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from ..answers import explained
from ..core import tree
from ..core.arrays import is_masked
from ..core.tensor import Tensor, value_in
from ..fast.program import shown
from ..io.files import replacing
from .graph import Graph
from .layers import FORMS
from .model import place_of, serialized
from .tracing import NAME, NoForm, RefusedError, Step, spelt, traced

__all__ = ["onnx"]


@explained
def onnx(f: Callable[..., Any], params: Any, example: Any, path: str | os.PathLike[str]) -> None:
    """Write ``f(params, x)`` as an ONNX file, for inputs of any batch size.

    `f` is traced as by `tg.jit`, at two batch sizes: a length that grows with the batch is symbolic
    in the file, all others are fixed. Nodes and parameters have the names that they have here.

    Parameters
    ----------
    f : callable
        The function of inference: without dropout, and with the state of `batch_norm` given.
    params : tree of arrays
        They are in the file, by their paths: "conv1.filters".
    example : array, tree of arrays, or tuple of these
        What `f` takes after `params`; a tuple has several arguments. Each array has the batch as
        its first axis. Of the values any will do that `f` takes.
    path : str or Path

    Raises
    ------
    ModuleNotFoundError
        Where the package onnx is not installed.
    ValueError
        For an operation without an ONNX form, a value that Python looks at, random numbers: with
        the line of the program, and what to do.
    TypeError
        For an example or a result that is no tree of arrays.
    OSError
        Where the file cannot be written; what lay at `path` before is intact then.

    Examples
    --------
    >>> import tempfile
    >>> import tinygrad_np as tg
    >>> params = {"weights": np.ones((3, 2), np.float32), "bias": np.zeros(2, np.float32)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path, example = os.path.join(folder, "model.onnx"), np.zeros((1, 3), np.float32)
    ...     onnx(lambda params, x: tg.dense(x, **params), params, example, path)
    ...     os.listdir(folder)
    ['model.onnx']
    """
    if importlib.util.find_spec("onnx") is None:
        raise ModuleNotFoundError(
            f"{NAME} needs the package onnx: pip install 'tinygrad_np[onnx]'", name="onnx"
        )
    params, example = (tree.map(_value, x) for x in (params, example))
    arguments = example if type(example) is tuple else (example,)
    word, *words = _parameters_of(f, len(arguments))
    names = [
        f"{word}.{spelt(path)}".rstrip(".")
        for word, x in zip(words, arguments, strict=True)
        for path in tree.paths(x)
    ]
    size = _batch_of(dict(zip(names, tree.leaves(arguments), strict=True)))
    size = min(max(size, 2), 16)  # one number alone goes other ways, and many take memory
    held = [_after(f"{word}.", spelt(path)) for path in tree.paths(params)]
    trace = traced(f, params, arguments, held, (size, 2 * size + 1))
    graph = Graph(trace.steps)
    inputs = {graph.input(x, name): x for x, name in zip(trace.inputs, names, strict=True)}
    paths = [_after("output_", spelt(path)) for path in tree.paths(trace.result)]
    outputs = {graph.named(path): x for path, x in zip(paths, trace.outputs, strict=True)}
    write(graph, trace.steps)
    ends = {name: graph.name(x) for name, x in outputs.items()}
    content = serialized(inputs, *graph.finished(ends), outputs)
    with replacing(path) as file:
        file.write(content)


def _value(x: Any) -> Any:
    """A leaf as a plain array, where it is one."""
    x = value_in(x) if type(x) is Tensor else x
    if is_masked(x):
        raise TypeError(f"{NAME}: takes no masked array; use x.filled(value), and np.where in f")
    return np.asarray(x) if isinstance(x, np.ndarray) else x


def _parameters_of(f: Any, count: int) -> list[str]:
    """What `f` calls its parameters, and the `count` inputs after them."""
    words = ["params", "input", *[f"input_{i}" for i in range(2, count + 1)]][: count + 1]
    with suppress(TypeError, ValueError):  # some callables have no signature
        given = inspect.signature(f).parameters.values()
        usual = [x.name for x in given if x.kind in (x.POSITIONAL_ONLY, x.POSITIONAL_OR_KEYWORD)]
        words[: len(usual)] = usual[: len(words)]
    return words


def _after(word: str, name: str) -> str:
    """A name that begins with a letter: where there is none, `word` comes before it."""
    return name if name[:1].isalpha() else f"{word}{name}".rstrip("._")


def _batch_of(arrays: dict[str, Any]) -> int:
    """The length of the first axis of all."""
    for name, x in arrays.items():
        if type(x) is not np.ndarray or not x.ndim:
            told = f"a {type(x).__name__}" if type(x) is not np.ndarray else "one without axes"
            raise TypeError(
                f"{NAME}: the example has arrays with the batch as first axis, not {told} "
                f"({name}); numbers and settings go into the function, by functools.partial"
            )
    lengths = {name: len(x) for name, x in arrays.items()}
    if len({*lengths.values()}) != 1 or 0 in lengths.values():
        told = ", ".join([f"{name} {n}" for name, n in lengths.items()]) or "no array"
        raise ValueError(
            f"{NAME}: the first axis of all arrays of the example is the batch, of one length that "
            f"is not 0, not: {told}; what has no batch axis is a parameter"
        )
    return next(iter(lengths.values()))


def write(graph: Graph, steps: list[Step]) -> None:
    """The nodes of all steps; what has no form is refused where an output needs it."""
    for step in steps:
        results = [x for x in step.results if x.known is None and not graph.has(x)]
        if not results:
            continue
        graph.where = place_of(step.where)
        why = step.refused
        names: Any = []
        try:
            names = [] if why else _formed(graph, step)
        except RefusedError as error:
            why = str(error)
        except NoForm as error:
            told = f"{NAME}: {step.name} {error.told}".rstrip()
            why = f"{told} has no ONNX form ({shown(step.where)}); {error.remedy or _REMEDY}"
        given = dict(zip([x.number for x in step.results], names, strict=False))
        for x in results:
            if x.number in given:
                graph.give(x, given[x.number])
            else:
                told = f"{NAME}: this result of {step.name} ({shown(step.where)})"
                graph.refuse(x, why or f"{told} has no ONNX form; {_REMEDY}")


_REMEDY = (
    "write it with functions that have one (docs/onnx.md), or leave it out of what is exported"
)


def _formed(graph: Graph, step: Step) -> list[str]:
    form = FORMS.get(step.name)
    if form is None:
        graph.check((step.args, *step.kwargs.values()))
        raise NoForm
    graph.result = step.results[0]
    try:
        names = form(graph, *step.args, **step.kwargs)
    except TypeError as error:
        raise NoForm("with these arguments") from error
    return [names] if isinstance(names, str) else list(names)

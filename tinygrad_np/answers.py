"""What is said of a name that is not there: the error, with our word for it from `names`.

`no_attribute` is for the package and its modules, `no_attribute_of_tensor` for a Tensor,
`no_argument` for an unknown argument, `answer_to_call` for a function that would lose the gradient.
`page` is the table as a page of the documentation.

>>> no_attribute("tinygrad_np", "cat")
AttributeError("module 'tinygrad_np' has no attribute 'cat'; use np.concatenate")
>>> answer_to_call("scipy.linalg.inv")
'use tinygrad_np.scipy.linalg.inv'
"""

from __future__ import annotations

import ast
import contextlib
import functools
import re
import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, NoReturn, TypeVar, cast

import numpy as np

from .core import hooks, jacobians, losses, network, optim, transforms
from .core.dispatch import refuse_unknown
from .core.table import row_of
from .core.tensor import Tensor
from .core.tree import container_of
from .names import ARGUMENTS, ARRAYS, COUNTERPARTS, MODULE, NEW_ONE, SAYINGS, TENSOR, Answers

_PACKAGE = __name__.partition(".")[0]

F = TypeVar("F", bound=Callable[..., Any])


def _single(*tables: Answers) -> Answers:
    """The tables as one, with a name a line."""
    return {
        name: answer
        for table in tables
        for names, answer in table.items()
        for name in names.split()
    }


_MODULE = _single(ARRAYS, MODULE)
_TENSOR = {name: re.sub(r"\bx\b", "t", answer) for name, answer in _single(ARRAYS).items()}
_TENSOR |= _single(TENSOR)
_ARGUMENTS = _single(ARGUMENTS)
_SAYINGS = _single(SAYINGS)
_COUNTERPARTS = _single(COUNTERPARTS)

# Attributes


def no_attribute(module: str, name: str) -> AttributeError:
    """The error for an attribute that a module of the package lacks."""
    answer = _MODULE.get(name)
    if answer is None and not name.startswith("_"):
        if callable(vars(np).get(name)):
            answer = f"use np.{name}"
        else:
            answer = _in_another_spelling(name)
    hint = "" if answer is None else f"; {answer}"
    return AttributeError(f"module {module!r} has no attribute {name!r}{hint}")


def _in_another_spelling(name: str) -> str | None:
    """The answer to BatchNorm is one to batch_norm and batchnorm; ReLU is relu, CumSum np.cumsum.

    >>> _in_another_spelling("Conv2d"), _in_another_spelling("batchnorm") == _MODULE["BatchNorm"]
    ('use tg.conv2d(images, filters)', True)
    """

    def folded(name: str) -> str:
        return name.replace("_", "").lower()

    def found_in(module: Any, place: str) -> str | None:
        for found in getattr(module, "__all__", ()):
            if folded(found) == folded(name):
                return f"use {place}.{found}{_needed(getattr(module, found))}"
        return None

    for found in [one for one in _MODULE if folded(one) == folded(name)]:
        return _MODULE[found]
    package = sys.modules[_PACKAGE]
    in_numpy = f"use np.{folded(name)}" if callable(vars(np).get(folded(name))) else None
    return (
        found_in(package, "tg")
        or found_in(getattr(package, "nn", None), "tg.nn")
        or in_numpy
        or found_in(getattr(package, "optim", None), "tg.optim")
    )


def _needed(value: Any) -> str:
    """The arguments that a function asks for, between brackets."""
    import inspect  # which only those need who have an error

    if not inspect.isfunction(value):
        return ""
    parameters = inspect.signature(value).parameters.values()
    usual = [p for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD and p.default is p.empty]
    return f"({', '.join([p.name for p in usual])})"


class CalledModule(ModuleType):
    """A module with the name of a function that others have, which is called like that."""

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        name = self.__name__.rpartition(".")[2]
        raise TypeError(f"tg.{name} is a module; {_MODULE[name]}")


def no_attribute_of_tensor(name: str) -> AttributeError:
    """The error for an attribute that a Tensor lacks.

    >>> no_attribute_of_tensor("exp")
    AttributeError("a Tensor has no attribute 'exp'; use np.exp(t)")
    >>> no_attribute_of_tensor("byteswap")
    AttributeError("a Tensor has no attribute 'byteswap'; use t.data.byteswap, of its value")
    """
    answer = _TENSOR.get(name) or _TENSOR.get(name.removesuffix("_"))
    if answer is None and not name.startswith("_"):
        if _takes_tensors(vars(np).get(name)):
            answer = f"use np.{name}(t)"
        elif _takes_tensors(vars(sys.modules[_PACKAGE]).get(name)):
            answer = f"use tg.{name}(t)"
        elif hasattr(np.ndarray, name):
            answer = f"use t.data.{name}, of its value"
        elif name.endswith("_"):
            answer = NEW_ONE
    hint = "" if answer is None else f"; {answer}"
    return AttributeError(f"a Tensor has no attribute {name!r}{hint}")


def _takes_tensors(value: Any) -> bool:
    """Whether it is a function that the table has."""
    if not callable(value):
        return False
    try:
        return row_of(value) is not None
    except TypeError:
        return False


# Arguments


def no_argument(
    function: str | Callable[..., Any], argument: str, parameters: Iterable[str]
) -> str | None:
    """What to say where a function of ours lacks an argument; of another, given by its name, None
    unless others call one so.

    >>> no_argument("np.sum", "dim", ("a", "axis")), no_argument("np.sum", "foo", ("a",))
    ("np.sum has no argument 'dim'; it is 'axis' here", None)
    """
    name = function if isinstance(function, str) else public_name(function)
    if name is None or (name is function and argument not in _ARGUMENTS | _SAYINGS):
        return None
    names = [parameter for parameter in parameters if parameter != "self"]
    told = _SAYINGS.get(f"{name.rpartition('.')[2]}.{argument}")
    for ours in _ARGUMENTS.get(argument, "").split():
        if ours == "1" and names:
            told = told or f"it is the first one, {names[0]!r}"
        if ours in names:
            told = told or f"it is {ours!r} here"
    told = told or _SAYINGS.get(argument) or f"it has {', '.join(map(repr, names)) or 'none'}"
    return f"{name} has no argument {argument!r}; {told}"


def public_name(function: Callable[..., Any]) -> str | None:
    """How a program calls a function or method of this package; None for one from outside.

    >>> public_name(no_attribute)
    'tg.no_attribute'
    """
    package, _, place = getattr(function, "__module__", "").partition(".")
    if package != _PACKAGE:
        return None
    owner, _, name = function.__qualname__.rpartition(".")
    if owner in ("Methods", "Tensor"):
        return "tg.Tensor" if name == "__init__" else f"t.{name}"
    if owner:
        return owner if name == "__init__" else f"{owner.rpartition('.')[2]}.{name}"
    part = next((part for part in place.split(".") if part in _WITH_THEIR_MODULE), None)
    if part is not None and place != "viz.graphs":  # whose function is in tg itself
        return f"tg.{_WITH_THEIR_MODULE[part]}.{name}"
    is_in_nn = place.startswith("nn.") and name not in vars(sys.modules[_PACKAGE])
    return f"tg.nn.{name}" if is_in_nn else f"tg.{name}"


_WITH_THEIR_MODULE = {
    **{part: part for part in ("check", "data", "optim", "training", "tree", "viz")},
    "init": "nn.init",
    "pytorch": "saving",
    "optimisers": "optim",
    "updates": "optim",
    "schedules": "optim.schedules",
}
"""A part of a module's name → where its functions are found; those of nn, where tg has them not."""


def explained(function: F) -> F:
    """Make `function` say, where an argument has a name that it lacks, what that is called here.

    >>> @explained
    ... def halved(x):
    ...     return x / 2
    >>> halved(x=3.0)
    1.5
    """

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError:
            refuse_unknown(function, kwargs)
            raise

    return cast(F, called)


EXPLAINED = explained.__code__.co_filename
"""The file of what `explained` makes, which stands between a program and the function."""


# The core says what Python says; from here on its functions say more.
_PUBLIC: dict[Any, str] = {
    Tensor: "__init__ backward",
    transforms: "grad value_and_grad vjp jvp hvp stop_gradient",
    jacobians: "jacobian hessian",
    network: "dense flatten",
    losses: "log_loss log_loss_with_logits cross_entropy",
    optim: "sgd",
}
for _place, _names in _PUBLIC.items():
    for _name in _names.split():
        setattr(_place, _name, explained(getattr(_place, _name)))


def written(index: Any) -> str:
    """An index as one writes it between brackets, for messages.

    >>> written((slice(1, None), ..., None, 2)), written(np.array([True]))
    ('1:, ..., None, 2', 'index')
    """
    if isinstance(index, tuple):
        return ", ".join(map(written, index)) or "()"
    if isinstance(index, slice):
        ends = ["" if end is None else str(end) for end in (index.start, index.stop)]
        return ":".join(ends if index.step is None else [*ends, str(index.step)])
    if index is None or isinstance(index, (int, np.integer)):
        return str(index)
    return "..." if index is ... else "index"


# Functions that would lose the gradient


def answer_to_call(function: str) -> str | None:
    """What to use instead of a function, by its name in the table; None where nothing is there."""
    answer = _COUNTERPARTS.get(function)
    if answer is not None:
        return answer
    library, _, name = function.rpartition(".")
    if library == "math" and callable(vars(np).get(name)):
        return f"use np.{name}(t)"
    if library == "tg" or (library.split(".")[0] == "np" and _takes_arrays(function)):
        return "use tg.array([…]) for a list with Tensors in it, tg.Tensor(x) for an array beside"
    if function.startswith("scipy.sparse.linalg.LinearOperator"):
        return "use a tinygrad_np.scipy.sparse.csr_array with Tensors as its data, or tg.linear"
    if function.startswith("scipy.sparse.") and re.search(r"_(array|matrix)(\.|$)", function):
        return (
            "use @ for a product; for another array of its places, "
            "tinygrad_np.scipy.sparse.csr_array((a.data * t, a.indices, a.indptr), a.shape)"
        )
    if function.split(".")[:1] == ["scipy"] and function.split(".")[1] in MIRRORED:
        return f"use tinygrad_np.{function}"
    return None


MIRRORED = (
    "special", "linalg", "stats", "signal", "fft", "ndimage", "interpolate", "integrate",
    "optimize", "sparse", "spatial",
)  # fmt: skip
"""The parts of SciPy of which `tinygrad_np.scipy` has a mirror."""


def _takes_arrays(function: str) -> bool:
    """Whether it is a function of NumPy that takes Tensors, if they are not inside of lists."""
    found: Any = np
    for name in function.split(".")[1:]:
        found = getattr(found, name, None)
    return isinstance(found, np.ufunc) or hasattr(found, "_implementation")


def lost(kind: str, called: tuple[str, str] | None) -> str:
    """What to say where a Tensor would become an array or a number, which has no gradient.

    `kind` is "array", "float", "int" or "complex", what is asked for; `called` the function that
    asks: its name in the table, and as it is shown.

    >>> lost("float", None)[:61]
    'float(t) would lose the gradient; use t.item() for the value,'
    """
    name, shown = called or (kind, kind)
    if name != kind:
        answer = answer_to_call(name)
        if answer is None:
            value = f"use {'t.data' if kind == 'array' else 't.item()'} for the value"
            answer = f"{_NO_RULE}, or {value}" if name.startswith("scipy.") else value
        return f"{shown} would lose the gradient; {answer}"
    if kind == "array":
        return (
            "a Tensor does not turn into an array by itself: its gradient would be lost; use "
            "tg.array([…]) to join Tensors and numbers, t.data for the value"
        )
    others = (
        ", np.sin(t) for math.sin(t), tg.at(out)[i].set(t) for out[i] = t" if called is None else ""
    )
    return f"{kind}(t) would lose the gradient; use t.item() for the value{others}"


_NO_RULE = "there is no rule yet: give it one with tg.general"


class Explainer(hooks.Explainer):
    """What the core asks where something fails."""

    def argument(
        self, function: str | Callable[..., Any], name: str, names: Iterable[str]
    ) -> str | None:
        return no_argument(function, name, names)

    def attribute(self, name: str) -> str | None:
        return str(no_attribute_of_tensor(name))

    def lost(self, kind: str, key: Any = None) -> str | None:
        if kind == "[]=":
            index = written(key)
            return (
                f"a Tensor is never written into; instead of t[{index}] = value write "
                f"t = tg.at(t)[{index}].set(value), instead of += .add(value)"
            )
        return None if kind.endswith("=") else lost(kind, None)

    def too_deep(self, trees: tuple[Any, ...]) -> None:
        _refuse_too_deep(trees)


MOST_LEVELS = 100
"""Up to so many levels a tree works everywhere, in files, too."""
_DEEPEST = 100_000
_MOST_SEEN = 1_000_000  # containers


def _refuse_too_deep(trees: tuple[Any, ...]) -> None:
    """Raise ``ValueError`` if it is for the depth of one of these that a recursion ended."""
    most = 0
    for tree in trees:
        level, levels, seen = {id(tree): tree}, 0, 0
        while level and levels < _DEEPEST and seen < _MOST_SEEN:
            seen += len(level)
            parts = [
                part
                for above in level.values()
                for container in [container_of(type(above))]
                if container is not None
                for part in container.children(above)
                if container_of(type(part)) is not None
            ]
            level, levels = {id(part): part for part in parts}, levels + 1
        most = max(most, levels)
    if most == _DEEPEST:
        raise ValueError("the tree contains itself, or has no end: take that part out") from None
    if most >= MOST_LEVELS:
        raise ValueError(
            f"the tree is nested {most} levels deep, which Python cannot follow within its "
            f"recursion limit ({sys.getrecursionlimit()}): flatten it, for instance into one list"
        ) from None


hooks.install(Explainer())


# The page


def page() -> str:
    """The table as a page of Markdown."""
    others = {
        there: "the first argument" if ours == "1" else ", ".join(f"`{n}`" for n in ours.split())
        for there, ours in ARGUMENTS.items()
    }
    sections: list[tuple[str, Answers]] = [
        ("Of the package and of a Tensor", ARRAYS),
        ("Of the package", MODULE),
        ("Of a Tensor", TENSOR),
        ("Arguments", others | SAYINGS),
        ("Functions that would lose the gradient", COUNTERPARTS),
    ]
    return (
        _HEAD
        + "".join(
            f"\n\n## {title}\n\n{_CALLS if answers is COUNTERPARTS else ''}{_table(answers)}"
            for title, answers in sections
        )
        + "\n"
    )


_HEAD = """# Coming from PyTorch, JAX, HIPS autograd, Keras

What others call it, and what it is called here. The package says the same in an error where a name
is looked for in vain: `tg.cat`, `t.unsqueeze(0)`, `tg.softmax(x, dim=1)`. In short: NumPy's
functions take Tensors (`np.exp(t)` for `t.exp()`), a plain array is a constant, models are
functions of arrays, images are NHWC, and filters (rows, columns, in, out). Names that NumPy has, or
the package in another spelling (`Conv2d`, `ReLU`), are not listed. `tg` is `tinygrad_np`, `np`
NumPy, `t` a Tensor, `x` any array.

`python -m tinygrad_np names` prints this page from the table `tinygrad_np.names`."""

_CALLS = """These turn what they are given into arrays or numbers, and a Tensor refuses that. Of
`math` the functions of the same name in NumPy take Tensors, of `scipy` those of the same name in
`tinygrad_np.scipy`, and in `scipy.special` the ufuncs themselves. What is not listed has no rule
yet: `tg.general` gives it one. A method has its name alone; `%` is the formatting of a text, `[]`
an index, `=` the assignment to a part of an array.

"""


def _table(answers: Answers) -> str:
    """A table of Markdown; an answer that is nothing but code stands there as code."""
    lines = ["| there | here |", "| --- | --- |"]
    for names, answer in answers.items():
        instead = answer.removeprefix("use ")
        with contextlib.suppress(SyntaxError):
            ast.parse(instead, mode="eval")
            instead = f"`{instead}`"
        there = ", ".join(f"`{name}`" for name in names.split())
        instead = instead.replace("|", "\\|")
        lines.append(f"| {there} | {instead} |")
    return "\n".join(lines)

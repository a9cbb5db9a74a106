"""check_jit: does a replay give what the function gives, on other arguments of the same form?

>>> check_jit(lambda x: np.sum(x**2), np.array([1.0, 2.0])).verdict
'right'
>>> rate = [0.1]
>>> def step(x):
...     rate[0] *= 0.5
...     return x * rate[0]
>>> print(check_jit(step, np.ones(2)))  # doctest: +ELLIPSIS
leaf    shape  largest |Δ|  relative  verdict
'rate'  ()               0         0  WRONG: changed by the function, not by a replay
jit     ()               0         0  WRONG: the replay of step differs from it, in result 0; ...
"""

from __future__ import annotations

import copy
import inspect
import random
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ..answers import explained
from ..core import tree
from ..fast.jit import JitWarning, jit
from ..fast.trace import same
from .report import Report, Row, report_of

CALLS = 8
"""So many calls are compared, of which the first two have the arguments as they were given."""


@explained
def check_jit(
    function: Callable[..., Any], *args: Any, constants: Any = (), seed: int = 0
) -> Report:
    """Compare what `jit` gives of `function` with what the function gives, bit for bit.

    It is called with copies of the arguments as they are, then with fresh ones of the same form:
    the elements of each array in another order, floating ones moved by up to 1 %; generators go on.

    Parameters
    ----------
    function : function of args
    *args : trees of arrays, numbers and random generators
    constants : tuple, default ()
        As in `jit`.
    seed : int, default 0
        Draws the fresh arguments.

    Returns
    -------
    Report
        Its rows are

        - the *leaves* of the result, wrong where a replay has other bits: what Python holds and
          what changes from call to call shows here, such as a closed-over number, a counter, an
          attribute;
        - the *generators* among the arguments, wrong where a replay has drawn something else;
        - *what the function holds*, by its name, wrong where the function changes it: side effects
          are done by a trace, and not by a replay; global generators of random numbers, too;
        - *jit*, where there is nothing to compare, or little: with the words in which it refuses
          the function ("wrong" if that is no function of its arguments, else "cannot tell"), or
          because it traces anew at each call.

    Examples
    --------
    >>> print(check_jit(lambda x: x * np.asarray(x), np.ones(2)).verdict)
    cannot tell
    """
    if not callable(function):
        raise TypeError(f"check_jit: takes a function, not {type(function).__name__}")
    rng = np.random.default_rng(seed)
    jitted = jit(function, constants=constants, verify=0)
    rows: dict[str, Row] = {}

    def found(name: str, row: Row) -> None:
        if name not in rows or (rows[name].is_right and not row.is_right):
            rows[name] = row

    given = args
    for call in range(CALLS):
        if call > 1:
            given = tree.map(lambda x: _fresh(x, rng), args)
        ours, theirs = _copied(given), _copied(given)
        before = _held(function)
        expected, error = _called(function, theirs)
        for name in _changed(before, _held(function)):
            found(name, Row(name, (), 0.0, 0.0, "wrong", note=_CHANGED))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", JitWarning)
            replayed, refused = _called(jitted, ours)
        if any(issubclass(x.category, JitWarning) for x in told):
            found("jit", Row("jit", (), 0.0, 0.0, "cannot tell", note=_ANEW))
        if refused is not None and type(refused) is not type(error):
            is_refusal = isinstance(refused, TypeError) and str(refused).startswith("jit: ")
            verdict: Any = "cannot tell" if is_refusal else "wrong"
            found("jit", Row("jit", (), 0.0, 0.0, verdict, note=str(refused).removeprefix("jit: ")))
            break
        if error is not None:
            continue
        where = f"call {call + 1}, on {'fresh arguments' if call > 1 else 'the arguments as given'}"
        for name, row in _compared(replayed, expected, where):
            found(name, row)
        for name, x, y in zip(tree.paths(args), *map(tree.leaves, (ours, theirs)), strict=True):
            if isinstance(x, np.random.Generator):
                verdict = "right" if _state(x) == _state(y) else "wrong"
                note = "" if verdict == "right" else f"drawn from otherwise, in {where}"
                found(name, Row(name, (), 0.0, 0.0, verdict, note=note))
    if not rows:
        nothing = Row("jit", (), 0.0, 0.0, "right", note="there is nothing to compare")
        raised = nothing._replace(verdict="cannot tell", note="every call raised")
        rows["jit"] = raised if error is not None else nothing
    pairs = [(row, None) for row in rows.values()]
    return report_of("compared", pairs, failure="the replay differs from the function")


_CHANGED = "changed by the function, not by a replay"
_ANEW = "traced anew at each call, and then left alone: Python looks at values that differ"


def _called(function: Callable[..., Any], args: Any) -> tuple[Any, Exception | None]:
    try:
        return function(*args), None
    except Exception as error:
        return None, error


def _fresh(x: Any, rng: np.random.Generator) -> Any:
    """Another leaf of the same form."""
    if not isinstance(x, np.ndarray):
        return x
    found = np.empty_like(x)  # which keeps the layout
    found[...] = rng.permuted(x.reshape(-1)).reshape(x.shape)
    if found.dtype.kind in "fc":
        moved = 1 + 0.01 * rng.uniform(-1, 1, x.shape)
        np.multiply(found, moved, out=found, casting="same_kind")
    return found


def _copied(x: Any) -> Any:
    """The tree with copies of its arrays and generators, laid out as they are."""
    kinds = (np.ndarray, np.random.Generator)
    return tree.map(lambda leaf: copy.deepcopy(leaf) if isinstance(leaf, kinds) else leaf, x)


def _compared(replayed: Any, expected: Any, where: str) -> list[tuple[str, Row]]:
    """A row for each leaf."""
    names, others = tree.paths(expected), tree.paths(replayed)
    if names != others:
        note = f"a tree of another structure, in {where}"
        return [("result", Row("result", (), 0.0, 0.0, "wrong", note=note))]
    rows = []
    for name, x, y in zip(names, tree.leaves(replayed), tree.leaves(expected), strict=True):
        is_right = type(x) is type(y) and same(x, y)
        difference = relative = 0.0
        if not is_right and np.shape(x) == np.shape(y):
            difference, relative = _apart(np.asarray(x), np.asarray(y))
        note = "" if is_right else where
        verdict: Any = "right" if is_right else "wrong"
        rows.append((name, Row(name, np.shape(y), difference, relative, verdict, note=note)))
    return rows


def _apart(x: Any, y: Any) -> tuple[float, float]:
    if x.dtype.kind not in "biufc" or y.dtype.kind not in "biufc":
        return 0.0, 0.0
    with np.errstate(all="ignore"):
        apart = np.abs(x.astype(complex) - y.astype(complex))
    largest = float(np.max(np.abs(y), initial=0))
    difference = float(np.max(apart, initial=0))
    return difference, difference / largest if largest else difference


# What a function holds


def _held(function: Any) -> dict[str, Any]:
    """Copies of what a function, and those that it is made of, close over or find by name."""
    found: dict[str, Any] = {"random.seed": random.getstate()}
    state = np.random.get_state(legacy=False)  # noqa: NPY002
    found["np.random.seed"] = repr(state)
    waiting, seen = [function], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, types.MethodType):
            found["self"] = _snapshot(
                vars(one.__self__) if hasattr(one.__self__, "__dict__") else 0
            )
            one = one.__func__
        if hasattr(one, "func"):  # a partial
            waiting.append(one.func)
        if not isinstance(one, types.FunctionType):
            continue
        if one.__module__.partition(".")[0] in ("numpy", "scipy"):
            continue
        named = inspect.getclosurevars(one)
        for name, value in (*named.nonlocals.items(), *named.globals.items()):
            if isinstance(value, (types.FunctionType, types.MethodType)):
                waiting.append(value)
            elif not isinstance(value, (types.ModuleType, type)):
                found[repr(name)] = _snapshot(value)
    return found


def _snapshot(x: Any) -> Any:
    if isinstance(x, np.random.Generator):
        return repr(x.bit_generator.state)
    try:
        return copy.deepcopy(x)
    except Exception:
        return None


def _changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [name for name, x in after.items() if name in before and not _is_equal(before[name], x)]


def _is_equal(x: Any, y: Any) -> bool:
    if type(x) is not type(y):
        return False
    if isinstance(x, dict):
        return x.keys() == y.keys() and all(_is_equal(x[key], y[key]) for key in x)
    if isinstance(x, (list, tuple)):
        return len(x) == len(y) and all(map(_is_equal, x, y))
    if isinstance(x, (np.ndarray, int, float, complex, str, bytes)):
        return same(x, y)
    if hasattr(x, "__dict__"):
        return _is_equal(vars(x), vars(y))
    return True  # what it is made of nobody knows


def _state(generator: np.random.Generator) -> str:
    return repr(generator.bit_generator.state)

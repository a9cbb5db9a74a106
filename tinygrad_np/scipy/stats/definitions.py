"""Rows of functions of `scipy.stats` that have SciPy's own parameters, value, shape and dtype."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.arrays import as_array, cast
from ...core.signature import REQUIRED, Signature, parameters_of
from ...core.table import ANS
from ...rules.composed import ComposedRow, composed


def _like(result: Any, ans: Any) -> Any:
    """The result in the shape and the dtype of the value; of several each."""
    if isinstance(ans, tuple):
        return [_like(r, a) for r, a in zip(result, ans, strict=True)]
    ans = as_array(ans)
    return cast(np.reshape(result, ans.shape), ans.dtype)


def defined(
    function: Any,
    text: Callable[..., Any],
    *operands: str,
    finish: Callable[[Any], Any] | None = None,
    **options: Any,
) -> ComposedRow:
    """A composed row with SciPy's own value and the derivative of `text`.

    The text names parameters of SciPy's function and `ans`; the operands come to it as arrays, and
    its defaults are for older SciPy, which lacks some parameters. Of its result the elements count,
    in their order: whether it keeps reduced axes does not matter. `finish` is applied to it.
    """
    parameters = inspect.signature(function).parameters.values()
    names = tuple([p.name for p in parameters])
    defaults = tuple([REQUIRED if p.default is p.empty else p.default for p in parameters])
    by_name = [i for i, p in enumerate(parameters) if p.kind is p.KEYWORD_ONLY]
    form = Signature(names, defaults, None, frozenset(by_name))

    def definition(ans: Any, *needed: Any) -> Any:
        given = dict(zip(wanted, needed, strict=True))
        if given.pop("nan_policy", None) == "omit":
            raise ValueError(
                f"{row.name}: nan_policy='omit' has no derivative here; leave out what is nan "
                "before: x[~np.isnan(x)]"
            )
        for name in operands:  # None and a rule's name stay as they are
            if not isinstance(given.get(name), str | None):
                given[name] = as_array(given[name])
        result = text(**given)
        return _like(finish(result) if finish else result, ans)

    options["real"] = dict.fromkeys(operands, ())
    row = composed(function, form, definition, operands, own_value=True, **options)
    places = (*names, ANS)
    wanted = [name for name in places if name in (*parameters_of(text), "nan_policy")]
    row.needs = tuple([places.index(name) for name in (ANS, *wanted)])
    return row

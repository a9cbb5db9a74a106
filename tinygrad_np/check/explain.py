"""explain_nonfinite: where did the nan come from? Asked after a function has given a bad value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core import tree
from ..core.tensor import value_of
from ..core.transforms import vjp
from ..debug.blocks import debugging
from ..debug.cases import described, first
from ..debug.errors import NonFiniteError
from .arguments import is_floating


@dataclass(repr=False, eq=False)
class NonFiniteReport:
    """What `explain_nonfinite` found; its text tells it.

    Parameters
    ----------
    findings : list of str
        Lines on the arguments, the value and the gradient.
    errors : list of NonFiniteError
        The operations that turned finite numbers into nan or inf, in their order.
    value_is_finite, gradient_is_finite : bool

    Examples
    --------
    >>> report = explain_nonfinite(np.sqrt, np.array([0.0]))
    >>> report.value_is_finite, report.gradient_is_finite, len(report.errors)
    (True, False, 1)
    """

    findings: list[str]
    errors: list[NonFiniteError]
    value_is_finite: bool
    gradient_is_finite: bool

    @property
    def is_finite(self) -> bool:
        """Whether value and gradient are finite."""
        return self.value_is_finite and self.gradient_is_finite

    def __str__(self) -> str:
        lines = list(self.findings)
        if self.is_finite:
            lines.append("the value and the gradient are finite")
            if self.errors:
                lines.append("on the way, nan or inf was made, and nothing came of it:")
        elif not self.errors:
            lines.append(
                "no operation on a Tensor made it of finite numbers: it came in with an argument, "
                "or was made on plain arrays"
            )
        firsts: dict[str, NonFiniteError] = {}  # of each kind: what follows is seldom of interest
        for error in self.errors:
            firsts.setdefault(error.mode, error)
        return "\n".join([*lines, *map(str, firsts.values())])

    __repr__ = __str__


def explain_nonfinite(function: Callable[..., Any], *args: Any, **kwargs: Any) -> NonFiniteReport:
    """Run `function` again, and its gradient, and tell where nan or inf first came up.

    Parameters
    ----------
    function : function of args and kwargs
        It may return any tree of arrays, and the gradient is that of the sum of them all: where it
        gives gradients itself (``grad(loss)``), their derivative. What it raises comes through.
    *args : trees
        Each floating array in them is a variable, also beside integers or texts.
    **kwargs : object
        Passed on as they are.

    Returns
    -------
    NonFiniteReport
        It prints; it also says so if nothing is wrong.

    Examples
    --------
    >>> print(explain_nonfinite(lambda x: np.sqrt(x) * 2, np.array([0.0, 4.0])))
    ... # doctest: +ELLIPSIS
    the gradient by argument 0: float64 (2,), 1 of 2 not finite, the first at (0,): inf; ...
    the derivative of np.sqrt by x turned finite numbers into inf, in the reverse sweep; ...
    >>> print(explain_nonfinite(lambda x: np.sqrt(x) * 2, np.array([1.0, 4.0])))
    the value and the gradient are finite
    """
    args = tuple([tree.map(value_of, arg) for arg in args])
    leaves = tree.leaves(args)
    names = [f"{i}{path}" for i, arg in enumerate(args) for path in tree.paths(arg)]
    chosen = [i for i, leaf in enumerate(leaves) if is_floating(leaf)]
    errors: list[NonFiniteError] = []

    def of_chosen(*values: Any) -> Any:
        given = list(leaves)
        for i, value in zip(chosen, values, strict=True):
            given[i] = value
        return function(*tree.unflatten(args, given), **kwargs)

    with debugging(errors.append, enters=True):
        value, pull = vjp(of_chosen, *[leaves[i] for i in chosen])
        gradients = pull(tree.map(lambda x: np.ones(np.shape(x), np.result_type(x)), value))
    of_value = _lines("the value", tree.map(value_of, value))
    of_gradient = [
        line
        for i, gradient in zip(chosen, gradients, strict=True)
        for line in _lines(f"the gradient by argument {names[i]}", gradient)
    ]
    findings = [line for i, arg in enumerate(args) for line in _lines(f"argument {i}", arg)]
    findings += [*of_value, *of_gradient]
    return NonFiniteReport(findings, errors, not of_value, not of_gradient)


def _lines(what: str, x: Any) -> list[str]:
    """A line for each array in the tree that is not finite."""
    return [
        f"{what}{path}: {described(np.asarray(leaf), first(~np.isfinite(leaf)))}"
        for path, leaf in zip(tree.paths(x), tree.leaves(x), strict=True)
        if isinstance(leaf, (np.ndarray, np.generic, float, complex)) and is_floating(leaf)
        if not np.all(np.isfinite(leaf))
    ]

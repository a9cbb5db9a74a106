"""Standard errors of what was fitted: `covariance`, by the second derivatives at the fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import tree
from ...rules.nested import ravel
from .unknowns import Unknowns, depends


class Covariance:
    """The covariance of the parameters of a fit: `matrix`, and the standard `errors` as a tree.

    `values` are the parameters, `variance` that of a residual (1 of a likelihood). It prints as a
    table, a line a number, errors with two digits.
    """

    def __init__(self, matrix: Any, values: Any, variance: float) -> None:
        self.matrix = matrix
        self.variance = variance
        self.values = values
        self.errors = ravel(values)[1](np.sqrt(np.diagonal(matrix)))

    def __str__(self) -> str:
        rows = [("parameter", "value", "standard error")]
        numbers = zip(ravel(self.values)[0], ravel(self.errors)[0], strict=True)
        for name, (value, error) in zip(_names(self.values), numbers, strict=True):
            rows.append((name, f"{value:.6g}", f"{error:.2g}"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows
        )

    __repr__ = __str__


def covariance(fun: Callable[..., Any], params: Any, *args: Any) -> Covariance:
    """The covariance of fitted parameters, from the second derivatives at the fit.

    Of a negative log-likelihood it is the inverse of its Hessian (the observed information); of
    residuals, s²·(JᵀJ)⁻¹ with s² the sum of their squares over the degrees of freedom, as
    `curve_fit` has it.

    Parameters
    ----------
    fun : callable
        ``fun(params, *args)`` is a negative log-likelihood, a number: the sum over all data, since
        of a mean over n of them the standard errors would be √n times too large. Or it gives
        residuals, an array of more numbers than there are parameters.
    params : tree of numbers and arrays
        Where `fun` is least.
    *args : object
        Passed on to `fun`.

    Returns
    -------
    Covariance
        Its ``matrix`` is (parameters, parameters), ``errors`` a tree like `params`; it prints as a
        table.

    Raises
    ------
    ValueError
        Where `params` is no minimum: a Newton step is longer than a tenth of the standard error; or
        where a parameter is not determined.
    TypeError
        For Tensors.

    Examples
    --------
    >>> residuals = lambda p, x, y: p["a"] * x + p["b"] - y
    >>> x, y = np.arange(5.0), np.array([0.1, 0.9, 2.1, 3.0, 3.9])
    >>> print(covariance(residuals, {"a": 0.97, "b": 0.06}, x, y))
    parameter  value  standard error
    ['a']       0.97           0.032
    ['b']       0.06           0.079
    """
    if depends((params, args)):
        raise TypeError(
            "optimize.covariance: takes plain numbers, and has no derivative itself; use t.data"
        )
    unknowns = Unknowns(params, "optimize.covariance", "write it in NumPy functions of them")
    x = unknowns.vector
    value = ravel(unknowns.of_plain_vector(fun)(x, *args))[0]
    if value.size == 1:
        total = lambda p, *rest: np.sum(ravel(fun(p, *rest))[0])  # noqa: E731
        information, factor = unknowns.hessian(total)(x, *args), 1.0
        slopes = unknowns.value_and_grad(total)(x, *args)[1]
    else:
        freedom = value.size - x.size
        if freedom <= 0:
            raise ValueError(
                f"optimize.covariance: {value.size} residuals do not determine the errors of "
                f"{x.size} parameters; give more of them"
            )
        by = unknowns.jacobian(fun)(x, *args)
        information, factor = by.T @ by, float(np.sum(value**2) / freedom)
        slopes = by.T @ value
    for what, found in (("values", value), ("second derivatives", information)):
        if not np.all(np.isfinite(found)):
            raise ValueError(
                f"optimize.covariance: {what} of fun at these parameters are not finite; look "
                "where they become nan with tg.check.explain_nonfinite"
            )
    names = _names(x if unknowns.is_vector else params)
    # Parameters in units in which all curvatures are 1, so that none drowns beside another.
    units = np.sqrt(np.abs(np.diagonal(information)))
    units[units == 0] = 1.0
    values, vectors = np.linalg.eigh(information / np.multiply.outer(units, units))
    resolved = values[-1] * values.size * np.finfo(float).eps
    if not values[0] > resolved:
        share = np.abs(vectors[:, 0])
        which = ", ".join([names[i] for i in np.flatnonzero(share > 0.3 * share.max())])
        why = "do not determine" if values[0] >= -resolved else "curve downwards along"
        remedy = "fix one of them" if values[0] >= -resolved else "minimize further"
        raise ValueError(f"optimize.covariance: the data {why} {which}; {remedy}")
    inverse = (vectors / values) @ vectors.T / np.multiply.outer(units, units)
    result = Covariance(factor * inverse, params, factor)
    steps, errors = np.abs(inverse @ slopes), np.sqrt(np.diagonal(result.matrix))
    # A tenth of an error is what no reader of it would see; a perfect fit has no errors at all, and
    # a solver's own tolerance is 1e-8 or so.
    far = np.flatnonzero(~(steps <= 0.1 * errors + 1e-6 * (1 + np.abs(x))))
    if far.size:
        i = far[0]
        raise ValueError(
            f"optimize.covariance: the parameters are no minimum: a step of {steps[i]:.2g} along "
            f"{names[i]} leads to one, whose standard error is {errors[i]:.2g}; minimize further, "
            "or leave out a parameter that a bound holds"
        )
    return result


def _names(params: Any) -> list[str]:
    """What each number of a tree is called: its path, and its index."""
    found = []
    for path, leaf in zip(tree.paths(params), tree.leaves(params), strict=True):
        for index in np.ndindex(np.shape(leaf)):
            found.append(path + (str(list(index)) if index else "") or "x")
    return found


ROWS = ()
OWN = {"optimize.covariance": covariance}

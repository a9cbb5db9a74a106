"""implicit: a solution as a function of what its equations depend on.

A solver finds z with residual(z, *args) = 0, by whatever means. By the implicit function theorem,

    dz = −(∂residual/∂z)⁻¹ · (∂residual/∂args) dargs

so that neither the solver nor its steps are differentiated. The rules name z, which makes them
right in every order.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> sqrt = implicit(lambda x, a: x * x - a, lambda a: np.sqrt(a))
>>> sqrt(9.0), grad(sqrt)(9.0), grad(grad(sqrt))(9.0)
(np.float64(3.0), array(0.16666667), array(-0.00925926))
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..answers import explained
from ..core import tree
from ..core.arrays import Array
from ..core.jacobians import jacobian
from ..core.signature import signature
from ..core.table import general
from ..core.tensor import Tensor, apply, value_of
from ..core.transforms import jvp, vjp
from .nested import ravel

_MOST_CONDITION = 1e13
"""Of the Jacobian with rows and columns scaled to 1: beyond, no digit of a solution is left."""


@explained
def implicit(
    residual: Callable[..., Any], solve: Callable[..., Any], tolerance: float = 1e-6
) -> Callable[..., Any]:
    """A function of args: ``solve(*args)``, differentiated as a root of ``residual(z, *args)``.

    Derivatives are as exact as z is: let `solve` go to its end. A derivative takes the Jacobian by
    z, as a matrix of (numbers of z)², and solves with it.

    Parameters
    ----------
    residual : callable
        Of z and args, trees of real arrays: a tree with as many numbers as z, which are zero at the
        solution. It is written in functions that take Tensors.
    solve : callable
        Of args, as plain arrays: z. It may be compiled code, a loop, a library's solver.
    tolerance : float, default 1e-6
        How long a Newton step from z may be, for each number relative to its size, and at least to
        a thousandth of 1 + the largest one.

    Returns
    -------
    callable
        It returns what `solve` does, with Tensors where an argument holds one.

    Raises
    ------
    ValueError
        Where z does not solve the equations, or the Jacobian by z is singular.
    TypeError
        Where they depend on a Tensor that is not among args, or are complex.

    Examples
    --------
    >>> from tinygrad_np import grad
    >>> def newton(a):  # x³ + x = a, by any means
    ...     x = 0.0
    ...     for _ in range(20):
    ...         x = x - (x**3 + x - a) / (3 * x**2 + 1)
    ...     return x
    >>> root = implicit(lambda x, a: x**3 + x - a, newton)
    >>> float(grad(root)(2.0))  # 1 / (3x² + 1) at x = 1
    0.25
    """
    return _implicit(residual, solve, tolerance, _DENSE)


def implicit_each(residual: Callable[..., Any], solve: Callable[..., Any]) -> Callable[..., Any]:
    """`implicit` where each number of z has an equation of its own, the only one that it is in.

    >>> from tinygrad_np import grad
    >>> roots = implicit_each(lambda x, a: x * x - a, lambda a: np.sqrt(a))
    >>> grad(lambda a: np.sum(roots(a)))(np.array([1.0, 4.0]))
    array([0.5 , 0.25])
    """
    return _implicit(residual, solve, 1e-6, _EACH)


class _System(NamedTuple):
    """How the equations are solved by z, to first order."""

    slopes: Callable[..., Any]
    """(equations of z, z) → the Jacobian"""
    solve: Callable[..., Any]
    """(Jacobian, right side) → solution"""
    transposed: Callable[..., Any]
    is_singular: Callable[..., bool]


def _ill_conditioned(matrix: Array) -> bool:
    scaled = matrix
    for axis in (1, 0):
        scaled = scaled / np.max(np.abs(scaled), axis, keepdims=True, initial=0)
    return not np.all(np.isfinite(scaled)) or bool(np.linalg.cond(scaled) > _MOST_CONDITION)


_DENSE = _System(
    lambda f, z: jacobian(f)(z), lambda m, x: np.linalg.solve(m, x), np.transpose, _ill_conditioned
)
_EACH = _System(
    lambda f, z: jvp(f, [z], [np.ones(z.shape, z.dtype)])[1],
    lambda m, x: x / m,
    lambda m: m,
    lambda m: not np.all(np.isfinite(1 / m)),
)


def _implicit(
    residual: Callable[..., Any], solve: Callable[..., Any], tolerance: float, system: _System
) -> Callable[..., Any]:
    @functools.wraps(solve)
    def solution(*args: Any) -> Any:
        leaves = tree.leaves(args)
        places = [i for i, leaf in enumerate(leaves) if type(leaf) is Tensor]
        values = tree.map(value_of, args)
        z = solve(*values)
        _refuse_hidden(z)
        if not places:
            return z

        def equations(vector: Array, given: Any) -> Any:
            """The residual, for this vector of z and these values of the Tensors in args."""
            new_leaves = tree.leaves(values)
            for place, value in zip(places, given, strict=True):
                new_leaves[place] = value
            return ravel(residual(back(vector), *tree.unflatten(args, new_leaves)))[0]

        vector, back = ravel(z)
        tensors = [leaves[place] for place in places]
        _check(equations, vector, [value_of(t) for t in tensors], tolerance, system)
        name = getattr(solve, "__name__", "implicit")
        return back(_solved(equations, vector, tensors, name, system))

    return solution


def _refuse_hidden(results: Any) -> None:
    if any(type(x) is Tensor for x in tree.leaves(results)):
        raise TypeError(
            "implicit: the equations depend on a Tensor that is not among the arguments, and its "
            "gradient would be lost; pass it as an argument"
        )


def _check(
    equations: Callable[..., Any], z: Array, given: Any, tolerance: float, system: _System
) -> None:
    """Raise unless z solves the equations, and a small change of them changes z a little."""
    if z.dtype.kind == "c" or any(np.iscomplexobj(x) for x in given):
        raise TypeError("implicit: takes real numbers; give real and imaginary parts apart")
    rest = equations(z, given)
    _refuse_hidden(rest)
    if rest.shape != z.shape:
        raise ValueError(
            f"implicit: the residual has {rest.size} numbers and the solution {z.size}; there "
            "must be an equation for each"
        )
    if not z.size:
        return
    matrix = system.slopes(lambda z: equations(z, given), z)
    with np.errstate(all="ignore"):
        is_singular = system.is_singular(matrix)
    if is_singular:
        raise ValueError(
            "implicit: the Jacobian of the residual by the solution is singular, so that the "
            "solution is no function of the arguments there; take one equation for each unknown, "
            "independent of the others"
        )
    steps = np.abs(system.solve(matrix, rest))
    relative = steps / (np.abs(z) + 1e-3 * (1 + np.max(np.abs(z))))
    worst = np.argmax(relative)  # nan, if there is one
    if not relative[worst] <= tolerance:
        raise ValueError(
            f"implicit: no solution: a Newton step from it changes {z[worst]:.6g} by "
            f"{steps[worst]:.1e}; solve to a smaller tolerance, or allow it: "
            f"tolerance={2 * relative[worst]:.0e}"
        )


def _solved(
    equations: Callable[..., Any], z: Array, tensors: list[Any], name: str, system: _System
) -> Any:
    """The vector z as a function of the Tensors, by a row of this call."""

    def slopes(operands: Any, ans: Array) -> Any:
        return system.slopes(lambda z: equations(z, operands), ans)

    def pull(g: Array, operands: Any, ans: Array) -> Any:
        multipliers = system.solve(system.transposed(slopes(operands, ans)), -g)
        return list(vjp(lambda *given: equations(ans, given), *operands)[1](multipliers))

    def push(t: Any, operands: Any, ans: Array) -> Any:
        tangents = [
            np.zeros(x.shape, x.dtype) if u is None else u for u, x in zip(t, operands, strict=True)
        ]
        along = jvp(lambda *given: equations(ans, given), operands, tangents)[1]
        return system.solve(slopes(operands, ans), -along)

    def found(operands: Any) -> Any:
        return z

    found.__name__ = name
    row = general(found, signature("operands"), (pull, push), list_operands={"operands"})
    try:
        return apply(row, (tensors,), {})
    finally:
        # The row is for this call alone: with the plans, which know it, it would be a cycle.
        row.plans.clear()
        row.calls.clear()

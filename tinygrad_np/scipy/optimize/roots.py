"""Roots and fixed points, of one number, of an array or of a tree, and `nnls`.

SciPy solves, on plain numbers, with derivatives that are supplied where a method takes them. With
Tensors in `args` the solution is a function of them (`tinygrad_np.implicit`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize

from ...core.arrays import as_array, cast
from ...core.rules import scatter_add
from ...core.signature import signature
from ...core.tensor import value_of
from ...core.transforms import grad, jvp
from ...core.tree import container_of
from ...rules.composed import composed
from ...rules.implicit import implicit, implicit_each
from ...rules.nested import ravel
from ..mirror import of
from .fits import _callback
from .unknowns import Unknowns, depends

theirs: Any = scipy.optimize
_WITH_JACOBIAN = ("hybr", "lm")


def root(
    fun: Callable[..., Any], x0: Any, args: Any = (), method: str = "hybr", jac: Any = None,
    tol: Any = None, callback: Any = None, options: Any = None,
) -> Any:  # fmt: skip
    """`scipy.optimize.root` with the Jacobian supplied, of a function of a tree.

    What is not explained here is as SciPy has it.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` gives as many numbers as there are in x, an array or a tree.
    x0 : array_like or tree
    args : tuple, default ()
    method : str, default "hybr"
    jac : callable or bool, optional
        True where `fun` gives a pair (value, Jacobian).
    tol : float, optional
    callback : callable, optional
    options : dict, optional

    Returns
    -------
    scipy.optimize.OptimizeResult
        Its ``x`` is like `x0`. With Tensors in `args`, it is a function of them, and there is no
        ``fun``, ``fjac``, ``r`` and ``qtf``.

    Raises
    ------
    TypeError
        Where `fun` cannot be differentiated, or uses Tensors that are not in `args`; for Tensors
        beside ``jac=True``.
    ValueError
        Where, with Tensors in `args`, what was found is no root, or the Jacobian there is singular.

    Examples
    --------
    >>> def lines(z):
    ...     return {"sum": z["x"] + z["y"] - 3.0, "difference": z["x"] - z["y"]}
    >>> found = root(lines, {"x": 0.0, "y": 0.0})
    >>> {name: round(float(x), 9) for name, x in found.x.items()}
    {'x': 1.5, 'y': 1.5}
    """
    unknowns = Unknowns(x0, "scipy.optimize.root")
    args = args if isinstance(args, tuple) else (args,)
    residual = unknowns.of_plain_vector(fun)
    slopes: Any = jac
    if callable(jac):
        slopes = unknowns.of_vector(jac)
    elif jac is True:
        pair = unknowns.of_vector(fun)
        residual = unknowns.of_plain_vector(lambda x, *values: fun(x, *values)[0])
        slopes = lambda x, *values: pair(x, *values)[1]  # noqa: E731
    elif jac is None and method in _WITH_JACOBIAN:
        slopes = unknowns.jacobian(fun)
    results: list[Any] = []

    def solve(*values: Any) -> Any:
        found = theirs.root(
            lambda v, *rest: np.ravel(residual(v, *rest)), unknowns.vector, values, method, slopes,
            tol, _callback(callback, unknowns), options,
        )  # fmt: skip
        results.append(found)
        return found.x

    if not depends(args):
        solve(*args)
        found = results[-1]
        found.x = unknowns.back(found.x)
        return found
    if jac is True:
        raise TypeError(
            "scipy.optimize.root: with Tensors in args, the Jacobian has to be ours; leave jac "
            "out, and let fun return its value alone"
        )
    equations = unknowns.of_vector(fun)
    try:
        x = implicit(lambda v, *values: ravel(equations(v, *values))[0], solve)(*args)
    except ValueError as error:
        if not results or results[-1].success:
            raise
        told = " ".join(str(results[-1].message).split())
        raise ValueError(
            f"scipy.optimize.root: what was found has no derivative; SciPy says: {told} {error}"
        ) from None
    kept = {
        k: v
        for k, v in results[-1].items()
        if k in ("message", "nfev", "njev", "status", "success")
    }
    return theirs.OptimizeResult(x=unknowns.back(x), **kept)


def _bracketing(name: str) -> Callable[..., Any]:
    real = getattr(scipy.optimize, name)
    optional = list(inspect.signature(real).parameters)[4:]

    def solver(
        f: Callable[..., Any], a: Any, b: Any, args: Any = (), *more: Any, **options: Any
    ) -> Any:
        options |= dict(zip(optional, more, strict=False))
        args = args if isinstance(args, tuple) else (args,)
        a, b = value_of(a), value_of(b)  # the root does not depend on where it is looked for
        options = {key: value for key, value in options.items() if key != "full_output" or value}
        results: list[Any] = []

        def solve(*values: Any) -> Any:
            found = real(_plain(f, name), a, b, values, **options)
            results.append(found)
            return found[0] if options.get("full_output") else found

        return _delivered(f, solve, args, results, options)

    solver.__name__ = solver.__qualname__ = name
    solver.__module__ = "tinygrad_np.scipy.optimize"  # where pickle finds it
    solver.__doc__ = (
        f"`scipy.optimize.{name}`; with Tensors in `args`, the root is a function of them."
    )
    return solver


def _plain(f: Callable[..., Any], name: str) -> Callable[..., Any]:
    unknowns = Unknowns(0.0, f"scipy.optimize.{name}")

    def number(x: Any, *values: Any) -> Any:
        value = f(x, *values)
        unknowns.refuse_hidden(value)
        return value

    return number


def _delivered(
    f: Callable[..., Any], solve: Callable[..., Any], args: Any, results: list[Any], options: Any
) -> Any:
    """A root, or (root, results), as SciPy's solvers of one number give it."""
    if not depends(args):
        solve(*args)
        return results[-1]
    x = implicit_each(f, solve)(*args)
    if not options.get("full_output"):
        return x
    _, *more = results[-1]
    if hasattr(more[0], "root"):
        more[0].root = x
    return (x, *more)


def newton(
    func: Callable[..., Any], x0: Any, fprime: Any = None, args: Any = (), tol: float = 1.48e-8,
    maxiter: int = 50, fprime2: Any = None, x1: Any = None, rtol: float = 0.0,
    full_output: bool = False, disp: bool = True,
) -> Any:  # fmt: skip
    """`scipy.optimize.newton` with the slope supplied, unless `fprime` or `x1` is given.

    What is not explained here is as SciPy has it.

    Parameters
    ----------
    func : callable
        ``func(x, *args)``, of a number or of each number of an array alone.
    x0 : number or array_like
    fprime : callable, optional
    args : tuple, default ()
    tol : float, default 1.48e-8
    maxiter : int, default 50
    fprime2 : callable, optional
    x1 : number or array_like, optional
    rtol : float, default 0.0
    full_output : bool, default False
    disp : bool, default True

    Returns
    -------
    number or array
        With Tensors in `args`, a function of them. With `full_output` a tuple, as SciPy's.

    Raises
    ------
    TypeError
        For a tree, which `root` takes; where `func` cannot be differentiated, or uses Tensors that
        are not in `args`.
    ValueError
        Where, with Tensors in `args`, what was found is no root, or the slope there is 0.
    RuntimeError
        Where no root is found, unless ``disp=False``.

    Examples
    --------
    >>> round(float(newton(lambda x: x**3 - 8.0, 1.0)), 9)
    2.0
    """
    args = tuple(args) if isinstance(args, (list, tuple)) else (args,)
    x0, x1 = value_of(x0), value_of(x1)
    if container_of(type(x0)) is not None and not isinstance(x0, (list, tuple)):
        raise TypeError("scipy.optimize.newton: takes a number or an array; use root for a tree")
    if fprime is None and x1 is None:
        fprime = _slope(func, "newton", "give fprime=, or x1= for the secant method")
    options = {"full_output": full_output} if full_output else {}
    results: list[Any] = []

    def solve(*values: Any) -> Any:
        found = theirs.newton(
            _plain(func, "newton"), x0, fprime, values, tol, maxiter, fprime2, x1, rtol,
            disp=disp, **options,
        )  # fmt: skip
        results.append(found)
        return found[0] if full_output else found

    return _delivered(func, solve, args, results, options)


def _slope(f: Callable[..., Any], where: str, remedy: str) -> Callable[..., Any]:
    """The derivative of a function of one number, or of each number of an array alone."""

    def slope(x: Any, *args: Any) -> Any:
        x = np.asarray(x)
        x = x if x.dtype.kind in "fc" else x.astype(float)
        try:
            found = jvp(lambda x: f(x, *args), [x], [np.ones(x.shape, x.dtype)])[1]
        except TypeError as error:
            raise TypeError(
                f"scipy.optimize.{where}: the function cannot be differentiated: {error}; {remedy}"
            ) from error
        return found if np.ndim(x) else found.item()

    return slope


def root_scalar(
    f: Callable[..., Any], args: Any = (), method: Any = None, bracket: Any = None,
    fprime: Any = None, fprime2: Any = None, x0: Any = None, x1: Any = None, **options: Any,
) -> Any:  # fmt: skip
    """`scipy.optimize.root_scalar` with slopes supplied to the methods newton and halley.

    What is not explained here is as SciPy has it.

    Parameters
    ----------
    f : callable
        ``f(x, *args)`` is a number.
    args : tuple, default ()
    method : str, optional
    bracket : pair of numbers, optional
    fprime, fprime2 : callable or bool, optional
    x0, x1 : number, optional
    **options : object

    Returns
    -------
    scipy.optimize.RootResults
        With Tensors in `args`, its ``root`` is a function of them.

    Raises
    ------
    TypeError, ValueError
        As `newton` does.

    Examples
    --------
    >>> round(root_scalar(lambda x: x**2 - 2.0, bracket=(0, 2)).root ** 2, 9)
    2.0
    """
    args = args if isinstance(args, tuple) else (args,)
    # The root does not depend on where it is looked for.
    x0, x1 = value_of(x0), value_of(x1)
    bracket = None if bracket is None else [value_of(end) for end in bracket]
    is_newton = method in ("newton", "halley")
    remedy = "give bracket=, or x1= for the secant method"
    if fprime is None and (is_newton or (method is None and x1 is None and bracket is None)):
        fprime = _slope(f, "root_scalar", remedy)
    if fprime2 is None and method == "halley":
        fprime2 = _slope(grad(f), "root_scalar", remedy)
    results: list[Any] = []

    def of_number(g: Any) -> Any:
        if not callable(g):
            return g
        plain = _plain(g, "root_scalar")
        return lambda x, *values: plain(np.float64(x), *values)

    def solve(*values: Any) -> Any:
        found = theirs.root_scalar(
            of_number(f), values, method, bracket, of_number(fprime), of_number(fprime2), x0, x1,
            **options,
        )  # fmt: skip
        results.append(found)
        return np.float64(found.root)

    if not depends(args):
        solve(*args)
        return results[-1]
    x = implicit(f, solve)(*args)
    results[-1].root = x
    return results[-1]


def fixed_point(
    func: Callable[..., Any], x0: Any, args: Any = (), xtol: float = 1e-8, maxiter: int = 500,
    method: str = "del2",
) -> Any:  # fmt: skip
    """`scipy.optimize.fixed_point`: x = func(x, *args), of a function of a tree.

    What is not explained here is as SciPy has it.

    Parameters
    ----------
    func : callable
        ``func(x, *args)`` is like x.
    x0 : array_like or tree
    args : tuple, default ()
    xtol : float, default 1e-8
    maxiter : int, default 500
    method : {"del2", "iteration"}, default "del2"

    Returns
    -------
    array or tree
        x, like `x0`. With Tensors in `args`, a function of them.

    Raises
    ------
    TypeError
        Where `func` uses Tensors that are not in `args`.
    ValueError
        Where, with Tensors in `args`, what was found is no fixed point, or the Jacobian of x -
        func(x) is singular there.
    RuntimeError
        Where none is found.

    Examples
    --------
    >>> fixed_point(np.cos, 1.0).round(9)
    np.float64(0.739085133)
    """
    args = tuple(args) if isinstance(args, (list, tuple)) else (args,)
    is_tree = container_of(type(x0)) is not None and not isinstance(x0, list)
    unknowns = Unknowns(x0, "scipy.optimize.fixed_point") if is_tree else None

    def of_vector(x: Any, *values: Any) -> Any:
        if unknowns is None:
            return func(x, *values)
        return ravel(unknowns.like("the result", func(unknowns.back(x), *values)))[0]

    start = value_of(x0) if unknowns is None else unknowns.vector

    def solve(*values: Any) -> Any:
        plain = _plain(of_vector, "fixed_point")
        found = theirs.fixed_point(plain, start, values, xtol, maxiter, method)
        return found[()] if np.ndim(found) == 0 else found

    x = implicit(lambda x, *values: x - of_vector(x, *values), solve)(*args)
    return x if unknowns is None else unknowns.back(x)


def _nnls(a: Any, b: Any, ans: Any) -> Any:
    """The solution on the columns whose unknown is positive, and the norm of what is left."""
    a, b = (cast(as_array(x), ans[0].dtype) for x in (a, b))
    free = np.flatnonzero(ans[0] > 0)
    chosen = a[:, free]
    x = scatter_add(np.linalg.solve(chosen.T @ chosen, chosen.T @ b), free, ans[0].shape)
    return [x, np.linalg.norm(a @ x - b)]


ROWS = (
    composed(
        of("optimize.nnls"),
        signature("a", "b", maxiter=None, atol=None),
        _nnls,
        {"a", "b"},
        own_value=True,
        aliases={"A": "a"},
    ),
)
OWN = {
    f"optimize.{thing.__name__}": thing
    for thing in (
        root, newton, root_scalar, fixed_point,
        *map(_bracketing, ("brentq", "brenth", "ridder", "bisect", "toms748")),
    )
}  # fmt: skip

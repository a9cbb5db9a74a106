"""Minima and fits: `minimize`, `minimize_scalar`, `least_squares`, `curve_fit`, and constraints.

The derivatives that a method asks for are supplied, unless the call has others. A minimum with
Tensors in `args` is where the gradient by the unknowns that no bound holds is zero: there it is a
function of them.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.optimize

from ...core import tree
from ...core.jacobians import jacobian
from ...core.tensor import Tensor, value_of
from ...core.transforms import grad
from ...rules.nested import array, ravel
from ..mirror import holds_tensor
from .unknowns import Unknowns, depends, implied

theirs: Any = scipy.optimize
_WITHOUT_GRADIENT = {"nelder-mead", "powell", "cobyla", "cobyqa"}
_BY_PRODUCTS = {"newton-cg", "trust-ncg", "trust-krylov", "trust-constr"}
_BY_HESSIAN = {"dogleg", "trust-exact"}
_WANTS_HESSIAN = {"trust-ncg", "trust-krylov", "dogleg", "trust-exact"}


def minimize(
    fun: Callable[..., Any],
    x0: Any,
    args: Any = (),
    method: Any = None,
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    bounds: Any = None,
    constraints: Any = (),
    tol: Any = None,
    callback: Any = None,
    options: Any = None,
) -> Any:
    """`scipy.optimize.minimize` with derivatives, of a function of a tree.

    The gradient is supplied, to the methods that take them Hessians or their products, too, and the
    Jacobians of constraints; what is given in their place is used. What is not explained here is as
    SciPy has it.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` is a number.
    x0 : array_like or tree
        Of a tree, `fun`, `jac`, `hessp`, constraints and callbacks are given trees.
    args : tuple, default ()
    method : str or callable, optional
    jac : callable, str or bool, optional
        ``"2-point"`` for SciPy's differences, True where `fun` gives a pair (value, gradient).
    hess : callable, str or scipy.optimize.HessianUpdateStrategy, optional
        Of a tree, no callable.
    hessp : callable, optional
    bounds : pairs (low, high), scipy.optimize.Bounds or tree, optional
        A tree has a pair of numbers or arrays in place of each leaf of `x0`.
    constraints : constraint or list of them, default ()
        `NonlinearConstraint`, `scipy.optimize.LinearConstraint`, or a dict.
    tol : float, optional
    callback : callable, optional
    options : dict, optional

    Returns
    -------
    scipy.optimize.OptimizeResult
        Its ``x`` is like `x0`. With Tensors in `args`, ``x`` and ``fun`` are functions of them,
        polished by Newton's method, and there is no ``jac``, ``hess`` and ``hess_inv``, which would
        be constants.

    Raises
    ------
    TypeError
        Where `fun` cannot be differentiated, or uses Tensors that are not in `args`; for Tensors
        beside constraints or ``jac=True``.
    ValueError
        Where a minimum with Tensors in `args` is none, or its Hessian is singular.

    Examples
    --------
    >>> minimize(lambda p: (p["x"] - 3.0) ** 2, {"x": 0.0}).x["x"].round(9)
    np.float64(3.0)
    """
    unknowns = Unknowns(x0, "scipy.optimize.minimize")
    args = args if isinstance(args, tuple) else (args,)
    name = str(method).lower() if method is None or isinstance(method, str) else "custom"
    given: dict[str, Any] = {
        "method": method, "bounds": _bounds(bounds, unknowns), "tol": tol, "options": options,
        "constraints": _constraints(constraints, unknowns), "hess": hess, "hessp": hessp,
        "callback": _callback(callback, unknowns),
    }  # fmt: skip
    objective: Any = unknowns.of_plain_vector(fun)
    if callable(jac):
        given["jac"] = unknowns.of_gradient(jac)
    elif jac is True:
        objective, given["jac"] = _pair(unknowns, fun), True
    elif jac is None and name not in _WITHOUT_GRADIENT:
        objective, given["jac"] = unknowns.value_and_grad(fun), True
    else:
        given["jac"] = jac
    if callable(hess) and not unknowns.is_vector:
        raise TypeError(
            "scipy.optimize.minimize: takes no hess of a tree; leave it out, and it is supplied"
        )
    if callable(hessp):
        products = lambda x, p, *rest: hessp(x, unknowns.back(p), *rest)  # noqa: E731
        of_product = unknowns.of_gradient(products, "hessp")
        given["hessp"] = hessp if unknowns.is_vector else of_product
    value = (lambda *x: fun(*x)[0]) if jac is True else fun
    if jac is None or name in _WANTS_HESSIAN:  # with a gradient of one's own SciPy approximates it
        if hess is None and hessp is None and name in _BY_PRODUCTS:
            given["hessp"] = unknowns.hessian_product(value)
        if hess is None and name in _BY_HESSIAN:
            given["hess"] = unknowns.hessian(value)
    if not depends(args):
        found = theirs.minimize(objective, unknowns.vector, args, **given)
        found.x = unknowns.back(found.x)
        return found
    if given["constraints"]:
        raise TypeError(
            "scipy.optimize.minimize: with Tensors in args, constraints have no derivative rule; "
            "use bounds, or write the unknowns so that they hold"
        )
    if jac is True:
        raise TypeError(
            "scipy.optimize.minimize: with Tensors in args, the gradient has to be ours; leave "
            "jac out, and let fun return its value alone"
        )
    results: list[Any] = []
    of_vector = unknowns.of_vector(fun)
    gradient = grad(of_vector)

    def solve(*values: Any) -> Any:
        results.append(theirs.minimize(objective, unknowns.vector, values, **given))
        return results[-1].x

    x = implied(unknowns, gradient, solve, args, *_ends(given["bounds"]))
    return _without_constants(results[-1], unknowns.back(x), of_vector(x, *args))


def _pair(unknowns: Unknowns, fun: Callable[..., Any]) -> Callable[..., Any]:
    def pair(vector: Any, *args: Any) -> Any:
        value, gradient = fun(unknowns.back(vector), *args)
        return value, unknowns.of_gradient(lambda *_: gradient)(vector)

    return pair


def _without_constants(found: Any, x: Any, fun: Any) -> Any:
    """A result whose x and fun are Tensors, without what else would depend on them."""
    kept = {
        key: value
        for key, value in found.items()
        if key in ("message", "nfev", "nit", "njev", "nhev", "status", "success", "active_mask")
    }
    return theirs.OptimizeResult(x=x, fun=fun, **kept)


def _ends(bounds: Any) -> tuple[Any, Any]:
    """The lower and upper ends of bounds as SciPy takes them: `Bounds`, or a pair a number."""
    if bounds is None:
        return -np.inf, np.inf
    if hasattr(bounds, "lb"):
        return bounds.lb, bounds.ub
    pairs = [(-np.inf if a is None else a, np.inf if b is None else b) for a, b in bounds]
    low, high = np.array(pairs, float).reshape(-1, 2).T
    return low, high


def _bounds(bounds: Any, unknowns: Unknowns) -> Any:
    """SciPy's bounds of the vector; of a tree of pairs a list of them, one a number."""
    if bounds is None or hasattr(bounds, "lb") or unknowns.is_vector:
        return bounds
    where, pairs = f"{unknowns.where}: bounds", []

    def collect(x: Any, given: Any, path: str) -> None:
        container, told = tree.container_of(type(x)), f"{where}{path and ' at '}{path}"
        if given is None:
            pairs.extend([(None, None)] * sum(np.size(leaf) for leaf in tree.leaves(x)))
        elif container is None:
            if not (isinstance(given, (list, tuple)) and len(given) == 2):
                raise ValueError(f"{told}: a pair (low, high) belongs there, not {given!r:.40}")
            if any(isinstance(end, tuple) for end in given):  # a pair a number, or two ends?
                raise ValueError(
                    f"{told}: the ends are numbers, or arrays of shape {np.shape(x)}, not tuples; "
                    "give (np.array(low), np.array(high))"
                )
            ends = [np.asarray(end, object) for end in given]
            pairs.extend(zip(*[np.broadcast_to(e, np.shape(x)).flat for e in ends], strict=True))
        else:
            parts = container.children(x)
            if type(given) is not type(x):
                raise ValueError(f"{told}: a {type(x).__name__} like the unknowns belongs there")
            theirs_ = dict(zip(container.keys(given), container.children(given), strict=True))
            if theirs_.keys() != set(container.keys(x)):
                raise ValueError(
                    f"{told}: the unknowns have {', '.join(container.keys(x))}, the bounds "
                    f"{', '.join(theirs_) or 'nothing'}"
                )
            for key, part in zip(container.keys(x), parts, strict=True):
                collect(part, theirs_[key], path + key)

    is_like = type(bounds) is type(unknowns.tree)
    if isinstance(bounds, (list, tuple)) and not is_like:
        if all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in bounds):
            return bounds  # a pair a number
        raise ValueError(f"{where} are a tree like the unknowns, with a pair (low, high) a leaf")
    collect(unknowns.tree, bounds, "")
    return pairs


def _constraints(constraints: Any, unknowns: Unknowns) -> Any:
    """Constraints on the vector, with Jacobians where none is given."""
    several = constraints if isinstance(constraints, (list, tuple)) else [constraints]
    made: list[Any] = []
    for one in several:
        if isinstance(one, dict):
            made.append({**one, "fun": unknowns.of_plain_vector(one["fun"])})
            given = made[-1].pop("jac", None)
            if callable(given):
                made[-1]["jac"] = unknowns.of_gradient(given)
            elif given is None:
                made[-1]["jac"] = unknowns.jacobian(one["fun"])
        elif isinstance(one, theirs.NonlinearConstraint):
            options = dict(vars(one))
            options["fun"] = unknowns.of_plain_vector(one.fun)
            if callable(one.jac):
                options["jac"] = unknowns.of_gradient(one.jac)
            elif isinstance(one, NonlinearConstraint) and one.is_ours:
                options["jac"] = unknowns.jacobian(one.fun)
            if callable(one.hess) and not unknowns.is_vector:
                raise TypeError(
                    "scipy.optimize.minimize: takes no hess of a constraint on a tree; leave it out"
                )
            known = inspect.signature(theirs.NonlinearConstraint).parameters
            options = {key: value for key, value in options.items() if key in known}
            made.append(theirs.NonlinearConstraint(**options))
        else:
            made.append(one)
    return made


class NonlinearConstraint(scipy.optimize.NonlinearConstraint):
    """`scipy.optimize.NonlinearConstraint`, whose Jacobian is supplied unless one is given.

    Parameters
    ----------
    fun : callable
        ``fun(x)`` gives numbers, of an x like the `x0` of `minimize`.
    lb, ub : array_like
        What the numbers lie between.
    jac : callable or str, optional
        ``"2-point"`` for SciPy's differences.
    **options : object
        As SciPy's.

    Examples
    --------
    >>> circle = NonlinearConstraint(lambda p: p["x"] ** 2 + p["y"] ** 2, -np.inf, 25.0)
    >>> start = {"x": 1.0, "y": 1.0}
    >>> found = minimize(lambda p: -3 * p["x"] - 4 * p["y"], start, constraints=circle)
    >>> {name: round(float(x), 4) for name, x in found.x.items()}
    {'x': 3.0, 'y': 4.0}
    """

    def __init__(self, fun: Any, lb: Any, ub: Any, jac: Any = None, **options: Any) -> None:
        super().__init__(fun, lb, ub, "2-point" if jac is None else jac, **options)
        self.is_ours = jac is None


def _callback(callback: Any, unknowns: Unknowns) -> Any:
    """The callback, which is given trees."""
    if callback is None or unknowns.is_vector:
        return callback
    if set(inspect.signature(callback).parameters) == {"intermediate_result"}:

        def of_result(intermediate_result: Any) -> Any:
            x = unknowns.back(intermediate_result.x)
            return callback(theirs.OptimizeResult({**intermediate_result, "x": x}))

        return of_result
    return lambda x, *rest: callback(unknowns.back(x), *rest)


def least_squares(
    fun: Callable[..., Any],
    x0: Any,
    jac: Any = None,
    bounds: Any = (-np.inf, np.inf),
    method: str = "trf",
    ftol: Any = 1e-8,
    xtol: Any = 1e-8,
    gtol: Any = 1e-8,
    x_scale: Any = 1.0,
    loss: Any = "linear",
    f_scale: Any = 1.0,
    diff_step: Any = None,
    tr_solver: Any = None,
    tr_options: Any = None,
    jac_sparsity: Any = None,
    max_nfev: Any = None,
    verbose: Any = 0,
    args: Any = (),
    kwargs: Any = None,
    **newer: Any,
) -> Any:
    """`scipy.optimize.least_squares` with the Jacobian supplied, of a function of a tree.

    What is not explained here is as SciPy has it.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args, **kwargs)`` gives the residuals, an array or a tree.
    x0 : array_like or tree
    jac : callable or str, optional
        ``"2-point"`` for SciPy's differences.
    bounds : pair (low, high), default (-inf, inf)
        Of numbers, arrays or trees; or `scipy.optimize.Bounds`, or a tree as `minimize` takes it.
    method : {"trf", "dogbox", "lm"}, default "trf"
    ftol, xtol, gtol : float or None, default 1e-8
    x_scale : array_like or "jac", default 1.0
    loss : str or callable, default "linear"
    f_scale : float, default 1.0
    diff_step : array_like, optional
    tr_solver : {"exact", "lsmr"}, optional
    tr_options : dict, optional
    jac_sparsity : array_like or sparse array, optional
        With it the Jacobian is sparse, found in as many sweeps as it has colours.
    max_nfev : int, optional
    verbose : {0, 1, 2}, default 0
    args : tuple, default ()
    kwargs : dict, optional
    **newer : object
        What newer SciPys take, such as `callback`.

    Returns
    -------
    scipy.optimize.OptimizeResult
        Its ``x`` is like `x0`. With Tensors in `args`, ``x``, ``fun`` and ``cost`` are functions of
        them, and there is no ``jac`` and ``grad``.

    Raises
    ------
    TypeError, ValueError
        As `minimize` does; with Tensors, where the loss is not "linear", too.

    Examples
    --------
    >>> x, y = np.arange(3.0), np.array([0.0, 2.0, 4.0])
    >>> found = least_squares(lambda p: p["a"] * x - y, {"a": 0.0})
    >>> found.x["a"].round(9)
    np.float64(2.0)
    """
    unknowns = Unknowns(x0, "scipy.optimize.least_squares")
    args = tuple(args) if isinstance(args, (list, tuple)) else (args,)
    named = kwargs or {}
    fun_ = functools.partial(fun, **named)
    if newer.get("callback") is not None:
        newer["callback"] = _callback(newer["callback"], unknowns)
    ends = _two_ends(bounds, unknowns)
    options: dict[str, Any] = {
        "bounds": ends, "method": method, "ftol": ftol, "xtol": xtol, "gtol": gtol,
        "x_scale": x_scale, "loss": loss, "f_scale": f_scale, "diff_step": diff_step,
        "tr_solver": tr_solver, "tr_options": tr_options or {}, "max_nfev": max_nfev,
        "verbose": verbose, **newer,
    }  # fmt: skip
    if jac is None:
        sparsity = {} if jac_sparsity is None else {"sparsity": jac_sparsity}
        jac = unknowns.jacobian(fun_, **sparsity)
    else:
        options["jac_sparsity"] = jac_sparsity
        if callable(jac):
            jac = unknowns.of_gradient(functools.partial(jac, **named))
    of_tree = unknowns.of_plain_vector(fun_)

    def residuals(vector: Any, *values: Any) -> Any:
        return np.ravel(of_tree(vector, *values))

    def run(*values: Any) -> Any:
        return theirs.least_squares(residuals, unknowns.vector, jac, args=values, **options)

    if not depends((args, named)):
        found = run(*args)
        found.x = unknowns.back(found.x)
        return found
    if loss != "linear" or depends(named):
        raise TypeError(
            "scipy.optimize.least_squares: with Tensors, the loss is 'linear', and they are in "
            "args; minimize the sum of another loss with optimize.minimize"
        )
    results: list[Any] = []
    of_vector = unknowns.of_vector(fun_)

    def cost(vector: Any, *values: Any) -> Any:
        rest = ravel(of_vector(vector, *values))[0]
        return 0.5 * np.sum(rest * rest)

    def solve(*values: Any) -> Any:
        results.append(run(*values))
        return results[-1].x

    x = implied(unknowns, grad(cost), solve, args, *ends)
    found = _without_constants(results[-1], unknowns.back(x), of_vector(x, *args))
    found.cost = cost(x, *args)
    return found


def _two_ends(bounds: Any, unknowns: Unknowns) -> tuple[Any, Any]:
    """(low, high) of the vector: of a pair of trees or arrays, `Bounds`, or a tree of pairs."""
    if hasattr(bounds, "lb"):
        return bounds.lb, bounds.ub
    if not unknowns.is_vector and type(bounds) is type(unknowns.tree):
        return _ends(_bounds(bounds, unknowns))
    if not (isinstance(bounds, (list, tuple)) and len(bounds) == 2):
        raise ValueError(f"{unknowns.where}: bounds are a pair (low, high), not {bounds!r:.40}")
    low, high = [
        end
        if unknowns.is_vector or tree.container_of(type(end)) is None
        else ravel(unknowns.like("an end of the bounds", end))[0]
        for end in bounds
    ]
    return np.asarray(low, float), np.asarray(high, float)


def curve_fit(
    f: Callable[..., Any],
    xdata: Any,
    ydata: Any,
    p0: Any = None,
    sigma: Any = None,
    absolute_sigma: bool = False,
    check_finite: Any = None,
    bounds: Any = (-np.inf, np.inf),
    method: Any = None,
    jac: Any = None,
    **options: Any,
) -> Any:
    """`scipy.optimize.curve_fit` with the Jacobian supplied.

    What is not explained here is as SciPy has it.

    Parameters
    ----------
    f : callable
        ``f(xdata, *parameters)`` gives an array like `ydata`.
    xdata, ydata : array_like
    p0 : (k,) array_like, optional
    sigma : array_like, optional
    absolute_sigma : bool, default False
    check_finite : bool, optional
    bounds : pair (low, high) or scipy.optimize.Bounds, default (-inf, inf)
    method : {"lm", "trf", "dogbox"}, optional
    jac : callable or str, optional
        ``"2-point"`` for SciPy's differences.
    **options : object

    Returns
    -------
    parameters : (k,) array
    covariance : (k, k) array
        And more with ``full_output=True``. With Tensors in `xdata`, `ydata` or `sigma`, both are
        functions of them.

    Raises
    ------
    TypeError
        For parameters that are a tree, which `least_squares` takes; where `f` cannot be
        differentiated; for Tensors beside ``nan_policy="omit"``.

    Examples
    --------
    >>> found, _ = curve_fit(lambda x, a: a * x, np.arange(3.0), np.array([0.0, 2.0, 4.0]))
    >>> found.round(9)
    array([2.])
    """
    if p0 is not None and tree.container_of(type(p0)) and not isinstance(p0, (list, tuple)):
        raise TypeError(
            "scipy.optimize.curve_fit: takes numbers for p0; use optimize.least_squares for a tree"
        )
    unknowns = Unknowns(np.zeros(0), "scipy.optimize.curve_fit")
    # SciPy makes arrays of lists and of integers.
    data = tuple([_as_numbers(x) for x in (xdata, ydata, sigma)])
    plain = tuple(map(value_of, data))
    if jac is None:
        by = unknowns.jacobian(lambda p, x: f(x, *p))
        jac = lambda x, *p: by(np.array(p, float), x)  # noqa: E731
    found = theirs.curve_fit(
        f, plain[0], plain[1], p0, plain[2], absolute_sigma, check_finite, bounds, method, jac,
        **options,
    )  # fmt: skip
    if not depends(data):
        return found
    if options.get("nan_policy") == "omit":
        raise TypeError(
            "scipy.optimize.curve_fit: with Tensors, nan_policy='omit' has no derivative rule; "
            "leave out what is nan before"
        )

    def weighted(p: Any, x: Any, y: Any, sigma: Any) -> Any:
        rest = f(x, *p) - y
        if sigma is None:
            return rest
        return (
            rest / sigma if np.ndim(sigma) < 2 else np.linalg.solve(np.linalg.cholesky(sigma), rest)
        )

    def cost(p: Any, *values: Any) -> Any:
        rest = weighted(p, *values)
        return 0.5 * np.sum(rest * rest)

    p = implied(unknowns, grad(cost), lambda *_: found[0], data, *_two_ends(bounds, unknowns))
    by = jacobian(weighted)(p, *data)
    matrix = np.linalg.inv(by.T @ by)
    if not absolute_sigma:
        matrix = matrix * (2 * cost(p, *data) / (np.size(plain[1]) - p.size))
    return (p, matrix, *found[2:])


def _as_numbers(x: Any) -> Any:
    """Data of `curve_fit` as an array of floating numbers or a Tensor; None, and trees, as is."""
    if type(x) is Tensor or x is None:
        return x
    if isinstance(x, (list, tuple)) and holds_tensor(x):
        return array(x)
    return np.asarray(x, float) if isinstance(x, (list, tuple, np.ndarray)) else x


def minimize_scalar(
    fun: Callable[..., Any], bracket: Any = None, bounds: Any = None, args: Any = (), **options: Any
) -> Any:
    """`scipy.optimize.minimize_scalar`; with Tensors in `args`, x and fun are functions of them.

    What is not explained here is as SciPy has it.

    Parameters
    ----------
    fun : callable
        ``fun(x, *args)`` is a number.
    bracket : two or three numbers, optional
    bounds : pair of numbers, optional
    args : tuple, default ()
    **options : object

    Returns
    -------
    scipy.optimize.OptimizeResult

    Raises
    ------
    TypeError
        Where `fun` uses Tensors that are not in `args`.
    ValueError
        Where a minimum with Tensors in `args` is none, or the second derivative there is 0.

    Examples
    --------
    >>> lowest = lambda a: minimize_scalar(lambda x, a: (x - a**2) ** 2, args=(a,)).x
    >>> lowest(3.0).round(6), grad(lowest)(3.0).round(6)
    (np.float64(9.0), np.float64(6.0))
    """
    args = args if isinstance(args, tuple) else (args,)
    unknowns = Unknowns(0.0, "scipy.optimize.minimize_scalar")

    def number(x: Any, *values: Any) -> Any:
        value = fun(x, *values)
        unknowns.refuse_hidden(value)
        return value

    results: list[Any] = []

    def solve(*values: Any) -> Any:
        results.append(theirs.minimize_scalar(number, bracket, bounds, values, **options))
        return results[-1].x

    if not depends(args):
        solve(*args)
        return results[-1]
    slope = grad(lambda x, *rest: np.sum(fun(x[0], *rest)))
    low, high = (-np.inf, np.inf) if bounds is None else bounds
    x = implied(unknowns, slope, solve, args, low, high)[0]
    return _without_constants(results[-1], x, fun(x, *args))


ROWS = ()
OWN = {
    f"optimize.{thing.__name__}": thing
    for thing in (minimize, least_squares, curve_fit, minimize_scalar, NonlinearConstraint)
}

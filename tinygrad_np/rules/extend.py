"""Rules of one's own: give a function that the table does not know its derivative.

`pointwise`, `linear`, `bilinear` and `general` take a function of arrays and its rules, in the
words of the table (see `tinygrad_np.core.table`), and give a new function that also takes Tensors.
The function itself runs on plain arrays, so it may be anything: compiled code, a solver, a look-up.
Rules are plain NumPy text, which is what makes higher orders work.

>>> cube_root = pointwise(lambda x: np.sign(x) * np.abs(x) ** (1 / 3), lambda ans: 1 / (3 * ans**2))
>>> from tinygrad_np import grad
>>> grad(cube_root)(8.0), grad(grad(cube_root))(8.0)
(array(0.08333333), array(-0.00694444))
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import table, tree
from ..core.arrays import Array
from ..core.dispatch import array_function, name_of
from ..core.signature import signature
from ..core.transforms import vjp

__all__ = ["bilinear", "general", "linear", "pointwise", "signature"]


def pointwise(function: Callable[..., Any], *factors: Any, **options: Any) -> Callable[..., Any]:
    """An elementwise function with one factor an operand.

    Parameters
    ----------
    function : callable
        Of arrays.
    *factors : callable
        The derivative by each operand, in order; both modes multiply by it. The names of its
        parameters say what it needs: an operand, another argument, or ``ans``, the result.
    **options : object
        Factors by the operand's name, and options of a row (``analytic``, …).

    Returns
    -------
    callable
        It raises ``ValueError`` where the result does not have the operands' shape.

    Examples
    --------
    >>> softplus = pointwise(lambda x: np.log1p(np.exp(x)), lambda x: 1 / (1 + np.exp(-x)))
    >>> softplus(0.0)
    np.float64(0.6931471805599453)
    """
    return _with_row(table.pointwise, _elementwise(function), factors, options)


def linear(function: Callable[..., Any], *vjps: Any, **options: Any) -> Callable[..., Any]:
    """A function that is linear in its operands together, with one vjp an operand.

    Where the function and its vjp have one parameter each, neither is looked into: both may compute
    with what is no NumPy, such as ``linear(lambda x: a @ x, lambda g: a.T @ g)`` with a sparse
    matrix a.

    Parameters
    ----------
    function : callable
        Of arrays. Forward mode runs it on the tangent.
    *vjps : callable
        The transposed map by each operand: of the cotangent and what it names, for instance
        ``x_like``, the operand's shape and dtype.
    **options : object
        As in `pointwise`.

    Returns
    -------
    callable

    Examples
    --------
    >>> every_other = linear(
    ...     lambda x: x[::2], lambda g, x_like: np.kron(g, [1.0, 0.0])[: x_like.shape[0]]
    ... )
    >>> from tinygrad_np import vjp
    >>> vjp(every_other, np.arange(3.0))[1](np.array([5.0, 7.0]))
    (array([5., 0., 7.]),)
    """
    if len(vjps) == 1 and not options and all(map(_has_one_parameter, (function, *vjps))):
        # Each is the transpose of the other: so it is told of a recorded cotangent, too.
        back = _with_row(table.linear, vjps[0], (lambda x: forward(x),), {})
        vjps = (lambda g: back(g),)
    forward: Callable[..., Any] = _with_row(table.linear, function, vjps, options)
    return forward


def _has_one_parameter(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and (code.co_argcount, code.co_kwonlyargcount) == (1, 0)


def bilinear(function: Callable[..., Any], *vjps: Any, **options: Any) -> Callable[..., Any]:
    """A function that is linear in each of its operands alone, with one vjp an operand.

    Parameters
    ----------
    function, *vjps : callable
    **options : object
        All as in `linear`; forward mode is the product rule.

    Returns
    -------
    callable

    Examples
    --------
    >>> dot = bilinear(lambda x, y: np.sum(x * y), lambda g, y: g * y, lambda g, x: g * x)
    >>> from tinygrad_np import grad
    >>> grad(dot)(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    array([3., 4.])
    """
    return _with_row(table.bilinear, function, vjps, options)


def general(function: Callable[..., Any], *rules: Any, **options: Any) -> Callable[..., Any]:
    """Any function, with a pair (vjp, jvp) an operand.

    Parameters
    ----------
    function : callable
        Of arrays.
    *rules : (callable, callable)
        None in place of one of them: it is the transpose of the other, found by differentiating
        that, which has to be made of functions that have a derivative.
    **options : object
        As in `pointwise`. Where the function returns several arrays, ``constant_outputs=()``, or
        the positions of those that have no derivative.

    Returns
    -------
    callable

    Examples
    --------
    >>> norm = general(
    ...     lambda x: np.sqrt(np.sum(x * x)),
    ...     (lambda g, x, ans: g * x / ans, lambda t, x, ans: np.sum(t * x) / ans),
    ... )
    >>> from tinygrad_np import grad
    >>> grad(norm)(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    >>> sums = general(lambda x: np.cumsum(x), (None, lambda t: np.cumsum(t)))
    >>> grad(lambda x: sums(x)[1])(np.zeros(3))
    array([1., 1., 0.])
    """
    options = {name: _whole(option) for name, option in options.items()}
    made: Any = _with_row(table.general, function, tuple(map(_whole, rules)), options)
    for position, rule in made.row.rules.items():
        if rule.jvp is _missing:
            needs = (table.ANS, *rule.vjp_needs)
            rule = rule._replace(jvp=_transposed(rule.vjp), jvp_needs=needs)
        elif rule.vjp is _missing:
            needs = (f"{made.row.names[position]}_like", *rule.jvp_needs)
            rule = rule._replace(vjp=_transposed(rule.jvp), vjp_needs=needs)
        made.row.rules[position] = rule
    return made


def _missing(g: Array) -> Any:
    """Stands where the transpose of the other rule is to stand."""


def _whole(pair: Any) -> Any:
    """A pair of rules with `_missing` for the one that is None; anything else as it is."""
    is_half = type(pair) is tuple and len(pair) == 2 and (pair[0] is None) != (pair[1] is None)
    return tuple([rule or _missing for rule in pair]) if is_half else pair


def _transposed(rule: Callable[..., Any]) -> Callable[..., Any]:
    """The transpose of a rule, which is linear in its first argument, one array or several.

    It takes a value, something of the shape and dtype of its own result, and what `rule` needs.
    """

    def transpose(given: Any, like: Any, *needs: Any) -> Any:
        pull = vjp(lambda x: _listed(rule(x, *needs)), tree.map(_zeros, _listed(like)))[1]
        return pull(_listed(given))[0]

    return transpose


def _zeros(like: Any) -> Any:
    """None in place of integers, which have no derivative."""
    return np.zeros(like.shape, like.dtype) if like.dtype.kind in "fc" else None


def _listed(x: Array) -> Any:
    """Several arrays as a list, as a vjp is given their cotangents; one as it is."""
    return list(x) if isinstance(x, tuple) else x


def _with_row(
    kind: Callable[..., table.Row],
    function: Callable[..., Any],
    rules: tuple[Any, ...],
    options: dict[str, Any],
) -> Callable[..., Any]:
    def guarded(*args: Any, **kwargs: Any) -> Any:
        args = tuple([_read_only(x) for x in args])
        result = function(*args, **{name: _read_only(x) for name, x in kwargs.items()})
        if isinstance(result, tuple) and row.constant_outputs is None:
            raise TypeError(
                f"{row.name} gave a tuple of {len(result)}, which a Tensor cannot be; declare its "
                "rule with constant_outputs=(), or the positions of those without a derivative"
            )
        # It might be an array that the function holds, and uses for its next result.
        return np.array(result) if type(result) is np.ndarray else result

    differentiable: Any = array_function(function)
    row = kind(differentiable, *rules, kernel=guarded, **options)
    row.user_defined = True
    # Only what was said: a parameter's name says nothing about somebody else's function.
    row.axis, row.axes = None, ()
    row.locally_constant = dict(options.get("locally_constant", {}))
    differentiable.row = row
    return differentiable


def _elementwise(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, of which every result is looked at: it must have the shape of its operands."""

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        shape = np.broadcast_shapes(*[np.shape(x) for x in args])
        if np.shape(result) != shape:
            raise ValueError(
                f"pointwise: {name_of(function)} gave shape {np.shape(result)} for operands "
                f"of shape {shape}, so it is not elementwise; use linear, bilinear or general"
            )
        return result

    return checked


def _read_only(x: Array) -> Any:
    """A function from outside might write into its argument, which may be a Tensor's value."""
    if type(x) is not np.ndarray:
        return x
    view = x.view()
    view.flags.writeable = False
    return view

"""Derivatives of functions over trees of arrays: gradients, and products with Jacobians.

`grad` and `value_and_grad` differentiate a number; `vjp` and `jvp` multiply by a Jacobian from the
left and from the right, `hvp` by a Hessian; the matrices themselves are in `jacobians`.
`stop_gradient` makes a constant of a value.

Each takes a plain function of arrays and gives derivatives as arrays; nested, they give higher
orders. The graph lives inside the call, so nothing has to be reset or freed. A Tensor from outside
that the function uses makes Tensors of the results; one that the function makes is a constant.

>>> grad(lambda x: x**3)(2.0)
array(12.)
>>> grad(grad(lambda x: x**3))(2.0)
array(12.)
>>> value, gradient = value_and_grad(lambda p: p["a"] * p["b"])({"a": 2.0, "b": 5.0})
>>> value, gradient
(array(10.), {'a': array(5.), 'b': array(2.)})
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from . import hooks, tree
from .argnums import Argnums, chosen_of, within
from .arrays import numbers, owned, scalar, shaped_like
from .graph import FINISHED, Node, identity, leaf
from .plan import ShapeDtype
from .sweep import between, forward, reverse
from .tensor import Tensor, rebuilt, source_of, value_in, value_of, values_of, variable


def value_and_grad(
    function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that gives `function`'s value and its gradient by the argument(s) `argnums`.

    The gradient by an argument that the result does not depend on is 0, and that of a real loss by
    a complex argument is ∂/∂x − i ∂/∂y.

    Parameters
    ----------
    function : callable
        It returns a single real number (an array with one element).
    argnums : int or tuple of int, default 0
        The positions of arguments that are trees of floating (or complex) arrays.
    has_aux : bool, default False
        Whether `function` returns a pair instead: (number, anything else).

    Returns
    -------
    callable
        Of the arguments of `function`: (value, gradient), or ((value, aux), gradient). The gradient
        is a tree like the argument, of the same shapes and dtypes; a tuple of trees if `argnums` is
        one.

    Raises
    ------
    TypeError
        For leaves that are no floating numbers, and complex results.
    ValueError
        For results with more elements.

    Examples
    --------
    >>> f = value_and_grad(lambda x, y: np.sum(x * y), argnums=(0, 1))
    >>> f(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    (array(11.), (array([3., 4.]), array([1., 2.])))
    """
    return _differentiated(function, argnums, has_aux, "value_and_grad")


def grad(
    function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that gives `function`'s gradient; see `value_and_grad`.

    Parameters
    ----------
    function : callable
    argnums : int or tuple of int, default 0
    has_aux : bool, default False

    Returns
    -------
    callable
        Of the arguments of `function`: the gradient, or (gradient, aux).

    Examples
    --------
    >>> grad(np.sin)(0.0)
    array(1.)
    """
    return gradient_function(function, argnums, has_aux, "grad")


def gradient_function(
    function: Callable[..., Any], argnums: Argnums, has_aux: bool, name: str
) -> Callable[..., Any]:
    """`grad`, in whose messages the function is called `name`."""
    differentiated = _differentiated(function, argnums, has_aux, name)

    @functools.wraps(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, gradients = differentiated(*args, **kwargs)
        return (gradients, value[1]) if has_aux else gradients

    return gradient


def _differentiated(
    function: Callable[..., Any], argnums: Argnums, has_aux: bool, name: str
) -> Callable[..., Any]:
    argnums, chosen = chosen_of(function, argnums, name)

    @functools.wraps(function)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        inputs: list[Node] = []
        inside = opened_arguments(args, chosen, inputs, name)
        inputs = inputs or marker()
        try:
            result, aux = with_aux(function(*inside, **kwargs), has_aux, name)
            value: Any = result
            found: dict[Node, Any] = {}
            if type(result) is Tensor:
                found, is_closed = pulled(((source_of(result), _seed(result, name)),), inputs)
                if is_closed:
                    value = _handed_out(value_in(result))
            else:
                value = _number(result, name)
            if has_aux:
                value = value, tree.map(lambda x: closed(x, inputs), aux)
            # Not the trees that the function was given: it may have written into them.
            form = args[argnums] if isinstance(argnums, int) else tuple([args[i] for i in chosen])
            return value, _gathered(found, inputs, form)
        finally:
            finish(inputs)

    return differentiated


def vjp(function: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """`function`'s value at `primals`, and a function that pulls cotangents back to them.

    Parameters
    ----------
    function : callable
        It returns a tree of arrays, or with `has_aux` a pair (tree, anything else).
    *primals : tree of arrays
    has_aux : bool, default False

    Returns
    -------
    value : tree of arrays
    pull : callable
        It takes a tree of cotangents like the value, as often as one likes, and gives a tuple with
        one tree a primal: the cotangent times the Jacobian.
    aux : object
        With `has_aux` only.

    Examples
    --------
    >>> value, pull = vjp(lambda x: x * x, np.array([1.0, 2.0]))
    >>> pull(np.array([1.0, 0.0])), pull(np.array([0.0, 1.0]))
    ((array([2., 0.]),), (array([0., 4.]),))
    """
    inputs: list[Node] = []
    # Copied, because the pull may be called after the caller has written into the arrays.
    inside = tuple([_opened(primal, inputs, "vjp", i, True) for i, primal in enumerate(primals)])
    form = tree.map(source_of, inside)  # while nobody has written into the trees
    inputs = inputs or marker()
    try:
        results, aux = with_aux(function(*inside), has_aux, "vjp")
        value = tree.map(lambda x: closed(x, inputs), results)
        aux = tree.map(lambda x: closed(x, inputs), aux)
    finally:
        finish(inputs)
    outputs = tree.leaves(results)

    def pull(cotangents: Any) -> tuple[Any, ...]:
        """One tree of cotangents a primal, for a tree of cotangents of the result."""
        given = _matched(cotangents, results, "the pull of vjp: the cotangent")
        seeds = [
            (source_of(x), seed)
            for x, seed in zip(outputs, given, strict=True)
            if type(x) is Tensor
        ]
        return _gathered(pulled(seeds, inputs)[0], inputs, form)

    return (value, pull, aux) if has_aux else (value, pull)


def jvp(
    function: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False
) -> tuple[Any, ...]:
    """`function`'s value at `primals`, and its derivative in the direction `tangents`.

    One forward sweep: the Jacobian times the tangents.

    Parameters
    ----------
    function : callable
        As in `vjp`.
    primals, tangents : list or tuple of trees
        One an argument, of the same structure and shapes; of a function of one argument that is
        itself no list or tuple, they may be that alone.
    has_aux : bool, default False

    Returns
    -------
    value, tangent : tree of arrays
    aux : object
        With `has_aux` only.

    Examples
    --------
    >>> jvp(lambda x: x * x, np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    (array([1., 4.]), array([ 2., 40.]))
    >>> jvp(lambda x, y: x * y, [2.0, 3.0], [1.0, 0.0])
    (array(6.), array(3.))
    """
    if _is_one(primals, tangents, "jvp"):
        primals, tangents = [primals], [tangents]
    if len(primals) != len(tangents):
        raise ValueError(f"jvp: {len(primals)} primals, but {len(tangents)} tangents")
    inputs: list[Node] = []
    inside = [_opened(primal, inputs, "jvp", i) for i, primal in enumerate(primals)]
    given = [
        t
        for i, (primal, tangent) in enumerate(zip(inside, tangents, strict=True))
        for t in _matched(tangent, primal, f"jvp: tangent {i}")
    ]
    inputs = inputs or marker()
    try:
        results, aux = with_aux(function(*inside), has_aux, "jvp")
        taken = {id(t) for t in given}
        found = iter(pushed(results, inputs)(given or [None]))
        tangent = tree.map(lambda x: _delivered(next(found), like_of(x), taken), results)
        value = tree.map(lambda x: closed(x, inputs), results)
        if has_aux:
            return value, tangent, tree.map(lambda x: closed(x, inputs), aux)
        return value, tangent
    finally:
        finish(inputs)


def hvp(function: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """The Hessian of `function` at `primals` times `tangents`.

    Forward over reverse: about the cost of two gradients, and no matrix is built.

    Parameters
    ----------
    function : callable
        It returns a single real number.
    primals, tangents : list or tuple of trees
        As in `jvp`.

    Returns
    -------
    tuple of trees
        One a primal; one tree alone, where `primals` is.

    Examples
    --------
    >>> hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([6., 0.])
    >>> hvp(lambda x, y: x**2 * y, [1.0, 3.0], [1.0, 0.0])
    (array(6.), array(2.))
    """
    if _is_one(primals, tangents, "hvp"):
        return hvp(function, [primals], [tangents])[0]
    gradient = gradient_function(function, tuple(range(len(primals))), False, "hvp")
    return jvp(gradient, primals, tangents)[1]


def stop_gradient(x: Any) -> Any:
    """The value of every Tensor in the tree `x` as a plain, read-only array: a constant.

    Parameters
    ----------
    x : tree

    Returns
    -------
    tree

    Examples
    --------
    >>> grad(lambda x: x * stop_gradient(x))(3.0)
    array(3.)
    """
    return tree.map(_stopped, x)


def _stopped(x: Any) -> Any:
    if type(x) is Tensor and hooks.opened:
        return hooks.observer().constant_output(values_of(x))
    return value_of(x)


# Into a transform and out of it


def _opened(argument: Any, inputs: list[Node], name: str, argnum: int, copy: bool = False) -> Any:
    """The tree with a fresh variable for every leaf, linked to the leaf where that is a Tensor."""
    first = len(inputs)

    def opened(x: Any) -> Tensor:
        if type(x) is not Tensor:
            if type(x) is not np.ndarray or copy:
                x = numbers(x, f"{name}: argument {argnum}", copy=True)
            dtype = x.dtype
            if not dtype.isnative:
                x = numbers(x, name)
            if dtype.kind not in "fc":
                raise _not_floating(x.dtype, argument, len(inputs) - first, name, argnum)
            inside: Any = variable(x)
        elif hooks.opened and hooks.observer().enters(x):
            inside = variable(value_in(x))
        else:
            inside = rebuilt(value_in(x), identity(source_of(x)))
        inputs.append(inside._source)
        return inside

    return tree.map(opened, argument)


def _is_one(primals: Any, tangents: Any, name: str) -> bool:
    """Whether they belong to one argument, rather than to one an item of a list or tuple."""
    first, second = (isinstance(given, (list, tuple)) for given in (primals, tangents))
    if first != second:
        raise TypeError(
            f"{name}: primals is a {type(primals).__name__} and tangents a "
            f"{type(tangents).__name__}; give both in lists with one tree an argument, [x] and [t]"
        )
    return not first


def opened_arguments(
    args: Any, chosen: tuple[int, ...], inputs: list[Node], name: str
) -> list[Any]:
    """The arguments, with variables in place of the chosen ones."""
    within(chosen, len(args), name)
    inside = list(args)
    for argnum in chosen:
        inside[argnum] = _opened(args[argnum], inputs, name, argnum)
    return inside


def marker() -> list[Node]:
    """In place of inputs where there are none: what is younger was made inside the function."""
    return [leaf((), np.dtype(float))]


def finish(inputs: list[Node]) -> None:
    """Turn the variables of a transform into constants: what it returns may still hold them."""
    for node in inputs:
        if node.plan is None:
            node.residuals = FINISHED


def with_aux(results: Any, has_aux: bool, name: str) -> tuple[Any, Any]:
    """What a function returned, as its result and what stands beside it."""
    if not has_aux:
        return results, None
    if not (isinstance(results, tuple) and len(results) == 2):
        raise TypeError(
            f"{name}: with has_aux the function returns a pair (result, aux), not "
            f"{type(results).__name__}"
        )
    return results


def _not_floating(dtype: Any, argument: Any, index: int, name: str, argnum: int) -> TypeError:
    path = tree.paths(argument)[index]
    place = f"argument {argnum}" + (f", leaf {path}," if path else "")
    remedy = "convert it with .astype(float)" if dtype.kind in "biu" else "pass numbers only"
    if type(tree.leaves(argument)[index]) in (int, bool):
        remedy = "convert it with float(…)"
    return TypeError(
        f"{name}: {place} has dtype {dtype}, by which there is no derivative; {remedy}, or do not "
        "differentiate by it"
    )


def _seed(result: Tensor, name: str) -> Any:
    value = value_in(result)
    if value.size != 1:
        raise ValueError(
            f"{name}: the function must return a single number, not shape {value.shape}; reduce "
            "it, for instance with np.sum, or use vjp"
        )
    if value.dtype.kind == "c":
        raise TypeError(
            f"{name}: the function returned a complex number; return a real one, for instance "
            "np.real of it, or use vjp"
        )
    seed = scalar(1, value.dtype)
    return seed if value.ndim == 0 else seed.reshape(value.shape)


def _number(result: Any, name: str) -> Any:
    """A result that does not depend on the arguments, if it is a number."""
    is_number = not isinstance(result, (list, tuple, dict, str))
    value = np.array(result) if is_number else np.empty(0)
    if value.size != 1 or value.dtype.kind not in "biuf":
        has_more = isinstance(result, (tuple, list)) and len(result) > 1
        remedy = "; has_aux=True takes a pair (number, anything)" if has_more else ""
        remedy = "; is a return missing?" if result is None else remedy
        raise TypeError(
            f"{name}: the function must return a single real number, not {result!r:.60}{remedy}"
        )
    return value


def _matched(given: Any, reference: Any, where: str) -> list[Any]:
    """The leaves of `given` as floating arrays (or Tensors), each shaped like its reference."""
    leaves: list[Any] = []

    def check(like: Any, x: Any) -> None:
        shape, dtype = np.shape(like), _number_type(like)
        if type(x) is not Tensor:
            x = shaped_like(x, shape, dtype, where)
        elif (x.shape, x.dtype) != (shape, dtype):
            raise ValueError(f"{where} is {x.dtype} {x.shape} where {dtype} {shape} belongs")
        leaves.append(x)

    try:
        tree.map(check, reference, given)
    except tree.TreesDifferError as error:
        raise ValueError(f"{where}: {error}") from None
    return leaves


def pulled(seeds: Any, inputs: list[Node]) -> tuple[dict[Node, Any], bool]:
    """The inputs' cotangents, and whether nothing else was involved, so that they are arrays."""
    for node in inputs:
        if node.parents:
            break
    else:
        found = reverse(seeds, inputs)
        if found is not None:
            return found, True
    return reverse(seeds, inputs, rebuilt) or {}, False


def pushed(
    results: Any, inputs: list[Node], often: bool = False
) -> Callable[[list[Any]], list[Any]]:
    """A function of one tangent an input (None: zero): a tangent a result, None where zero.

    If it is called `often`, what its sweeps have in common is computed once, and kept.
    """
    outputs = tree.leaves(results)
    sources = [source_of(x) for x in outputs if type(x) is Tensor]
    order, is_closed = between(sources, inputs)
    rules_of = hooks.writer.repeated() if often else None

    def push(tangents: list[Any]) -> list[Any]:
        known = {node: t for node, t in zip(inputs, tangents, strict=True) if t is not None}
        involved = Tensor in map(type, tangents)
        wrap = None if is_closed and not involved else rebuilt
        found = iter(forward(order, known, sources, wrap, rules_of))
        return [next(found) if type(x) is Tensor else None for x in outputs]

    return push


def like_of(x: Any) -> ShapeDtype:
    """The shape of a result and the dtype of its tangent."""
    if type(x) is Tensor:
        return ShapeDtype(x.shape, x.dtype)
    return ShapeDtype(np.shape(x), np.result_type(_number_type(x), np.float16))


def _number_type(x: Any) -> Any:
    """The dtype of a Tensor, an array or a number; raises where a function returned none."""
    dtype = x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype
    if dtype.kind not in "biufc":
        raise TypeError(f"the function returned {x!r:.60}; its results must be arrays of numbers")
    return dtype


def _gathered(found: dict[Node, Any], inputs: list[Node], form: Any) -> Any:
    """The inputs' gradients in a tree like `form`: arrays of their own, or Tensors."""
    taken: set[int] = set()
    nodes = iter(inputs)

    def gradient(_: Any) -> Any:
        node = next(nodes)
        return _delivered(found.get(node), node, taken)

    return tree.map(gradient, form)


def _delivered(g: Any, like: Any, taken: set[int]) -> Any:
    """A gradient as it leaves: an array of its own, or a Tensor where more depends on it."""
    if g is None:
        return np.zeros(like.shape, like.dtype)
    if type(g) is Tensor:
        return g
    return hooks.observer().leaves(g) if hooks.opened else owned(g, taken)


def closed(x: Any, inputs: list[Node]) -> Any:
    """A result as it leaves: an array of its own, or a Tensor where it depends on more.

    That is on a Tensor from outside of the transform; one that the function made is a constant.
    """
    if type(x) is not Tensor:
        return x.copy() if type(x) is np.ndarray else x
    return _handed_out(value_in(x)) if between([source_of(x)], inputs)[1] else x


def _handed_out(value: Any) -> Any:
    return hooks.observer().leaves(value) if hooks.opened else value.copy()

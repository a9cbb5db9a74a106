"""autograd's differential operators, each over `vjp` and `jvp`.

``operator(function, argnum=0)`` gives a function of the function's arguments.
"""

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import jacobians
from ...core.transforms import vjp
from ...rules.remat import remat as checkpoint
from . import internals
from .internals import floating, scalars, unary_to_nary, vspace

__all__ = ["checkpoint"]


@unary_to_nary
def make_vjp(function: Callable[..., Any], x: Any) -> Any:
    """A function of a cotangent, that times the Jacobian; and the value.

    Examples
    --------
    >>> pull, value = make_vjp(np.cumsum)(np.ones(2))
    >>> pull(np.array([1.0, 10.0])), value
    (array([11., 10.]), array([1., 2.]))
    """
    return internals.make_vjp(function, x)


@unary_to_nary
def make_jvp(function: Callable[..., Any], x: Any) -> Any:
    """A function of a tangent: the value, and the derivative along it.

    Examples
    --------
    >>> make_jvp(np.sin)(0.0)(2.0)
    (np.float64(0.0), np.float64(2.0))
    """
    return internals.make_jvp(function, x)


@unary_to_nary
def value_and_grad(function: Callable[..., Any], x: Any) -> Any:
    """The value and the gradient of a function that returns one real number.

    Examples
    --------
    >>> value_and_grad(lambda x: x**3)(2.0)
    (np.float64(8.0), np.float64(12.0))
    """
    pull, value = internals.make_vjp(function, x)
    return value, pull(_one(value))


def _one(value: Any) -> Any:
    """The cotangent 1 of a single real number."""
    if np.size(value) != 1 or np.result_type(value).kind not in "iuf":
        raise TypeError(
            f"grad: the function must return one real number, not {np.result_type(value)} of "
            f"shape {np.shape(value)}; use jacobian, elementwise_grad or holomorphic_grad"
        )
    return vspace(value).ones()


@unary_to_nary
def grad(function: Callable[..., Any], x: Any) -> Any:
    """The gradient of a function that returns one real number, a tree like the argument.

    Examples
    --------
    >>> grad(lambda x, y: x * y**2, 1)(3.0, 2.0)
    np.float64(12.0)
    """
    pull, value = internals.make_vjp(function, x)
    return pull(_one(value))


@unary_to_nary
def elementwise_grad(function: Callable[..., Any], x: Any) -> Any:
    """The sums of the Jacobian's columns: of an elementwise function, its derivative.

    Examples
    --------
    >>> elementwise_grad(np.sin)(np.zeros(2))
    array([1., 1.])
    """
    pull, value = internals.make_vjp(function, x)
    if vspace(value).iscomplex:
        raise TypeError("elementwise_grad: the function must return real numbers, not complex ones")
    return pull(vspace(value).ones())


@unary_to_nary
def deriv(function: Callable[..., Any], x: Any) -> Any:
    """The derivative along a tangent of ones, in forward mode.

    Examples
    --------
    >>> deriv(np.sin)(0.0)
    np.float64(1.0)
    """
    return internals.make_jvp(function, x)(vspace(x).ones())[1]


@unary_to_nary
def jacobian(function: Callable[..., Any], x: Any) -> Any:
    """The Jacobian, of the shape of the result and then that of the argument.

    Examples
    --------
    >>> jacobian(np.cumsum)(np.ones(2))
    array([[1., 0.],
           [1., 1.]])
    """
    return scalars(jacobians.jacobian(function)(floating(x)))


@unary_to_nary
def hessian(function: Callable[..., Any], x: Any) -> Any:
    """The Jacobian of the Jacobian.

    Examples
    --------
    >>> hessian(lambda x: x[0] * x[1] ** 2)(np.array([1.0, 2.0]))
    array([[0., 4.],
           [4., 2.]])
    """
    return scalars(jacobians.jacobian(jacobians.jacobian(function))(floating(x)))


@unary_to_nary
def holomorphic_grad(function: Callable[..., Any], x: Any) -> Any:
    """The complex derivative of an analytic function of complex numbers.

    Examples
    --------
    >>> holomorphic_grad(lambda z: z**2)(1 + 2j)
    np.complex128(2+4j)
    """
    if not vspace(x).iscomplex:
        warnings.warn("holomorphic_grad: the argument is not complex", stacklevel=3)
    return grad(lambda z: np.real(function(z)))(x)


def grad_named(function: Callable[..., Any], argname: str) -> Callable[..., Any]:
    """`grad` by the argument of this name.

    Parameters
    ----------
    function : function
    argname : str

    Returns
    -------
    function
        Of the arguments of `function`.

    Examples
    --------
    >>> grad_named(lambda x, y: x * y**2, "y")(3.0, 2.0)
    np.float64(12.0)
    """
    result: Callable[..., Any] = grad(
        function, list(inspect.signature(function).parameters).index(argname)
    )
    return result


@unary_to_nary
def grad_and_aux(function: Callable[..., Any], x: Any) -> Any:
    """Of a function that returns a pair: the gradient of the first, and the second.

    Examples
    --------
    >>> grad_and_aux(lambda x: (x**2, -x))(3.0)
    (np.float64(6.0), np.float64(-3.0))
    """
    value, pull, aux = vjp(function, floating(x), has_aux=True)
    return scalars(pull(_one(value))[0]), scalars(aux)


@unary_to_nary
def make_hvp(function: Callable[..., Any], x: Any) -> Any:
    """A function of v, the Hessian times v; and the gradient.

    Examples
    --------
    >>> product, gradient = make_hvp(lambda x: x[0] * x[1] ** 2)(np.array([1.0, 2.0]))
    >>> product(np.array([1.0, 0.0])), gradient
    (array([0., 4.]), array([4., 4.]))
    """
    return internals.make_vjp(grad(function), x)


def hessian_tensor_product(function: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """The Hessian times v, of the shape of the argument.

    Parameters
    ----------
    function : function
    argnum : int, default 0

    Returns
    -------
    function
        Of the arguments of `function`, and v.

    Examples
    --------
    >>> hessian_tensor_product(lambda x: x[0] * x[1] ** 2)(np.array([1.0, 2.0]), np.ones(2))
    array([4., 6.])
    """

    def product(*args: Any, **kwargs: Any) -> Any:
        return make_jvp(grad(function, argnum), argnum)(*args[:-1], **kwargs)(args[-1])[1]

    return product


hessian_vector_product = hessian_tensor_product


@unary_to_nary
def make_jvp_reversemode(function: Callable[..., Any], x: Any) -> Callable[[Any], Any]:
    """A function of a tangent: the derivative along it, here in forward mode."""
    push = internals.make_jvp(function, x)
    return lambda tangent: push(tangent)[1]


def tensor_jacobian_product(function: Callable[..., Any], argnum: Any = 0) -> Callable[..., Any]:
    """v times the Jacobian, summed over all axes of v.

    Parameters
    ----------
    function : function
    argnum : int, default 0

    Returns
    -------
    function
        Of the arguments of `function`, and v.

    Examples
    --------
    >>> tensor_jacobian_product(np.cumsum)(np.ones(2), np.array([1.0, 10.0]))
    array([11., 10.])
    """

    def product(*args: Any, **kwargs: Any) -> Any:
        v = args[-1]

        def contracted(*args: Any, **kwargs: Any) -> Any:
            return np.tensordot(v, function(*args, **kwargs), np.ndim(v))

        return jacobian(contracted, argnum)(*args[:-1], **kwargs)

    return product


vector_jacobian_product = tensor_jacobian_product


def make_ggnvp(
    f: Callable[..., Any],
    g: Callable[..., Any] = lambda y: np.sum(y**2, axis=-1) / 2,
    f_argnum: int = 0,
) -> Callable[..., Any]:
    """Products with the generalised Gauss-Newton matrix Jᵀ H J of g(f(x)): J of f, H of g.

    Parameters
    ----------
    f : function
    g : function, half the sum of squares by default
    f_argnum : int, default 0

    Returns
    -------
    function
        Of the arguments of `f`: it gives a function of v.

    Examples
    --------
    >>> make_ggnvp(lambda x: x**2)(np.array([1.0, 2.0]))(np.ones(2))
    array([ 4., 16.])
    """

    @unary_to_nary
    def ggnvp_of(f: Callable[..., Any], x: Any) -> Callable[[Any], Any]:
        pull, y = internals.make_vjp(f, x)
        push, curve = internals.make_jvp(f, x), internals.make_jvp(grad(g), y)
        return lambda v: pull(curve(push(v)[1])[1])

    made: Callable[..., Any] = ggnvp_of(f, f_argnum)
    return made

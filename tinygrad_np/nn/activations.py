"""Activations, elementwise: what lies between two layers.

`gelu`, `silu`, `elu`, `leaky_relu`, `softplus`, `tanh`, `log_sigmoid`, and `glu`, which gates one
half of an axis by the other; `relu` and `sigmoid` are the core's. All of them are finite for every
finite number, and so are their derivatives.
"""

from math import pi, sqrt
from typing import Any

import numpy as np

from ..answers import explained
from ..core.arrays import along, cast, integer, real_numbers
from ..core.dispatch import array_function
from ..core.network import sigmoid, sigmoid_slope
from ..core.table import add, pointwise
from .arguments import checked_number

__all__ = ["elu", "gelu", "glu", "leaky_relu", "log_sigmoid", "silu", "softplus", "tanh"]


@explained
def gelu(x: Any, approximate: str = "none") -> Any:
    """x·Φ(x), where Φ is the standard normal distribution's probability below x.

    Parameters
    ----------
    x : real array_like
    approximate : {"none", "tanh"}, default "none"
        With "tanh" Φ is ``½(1 + tanh(√(2/π)(x + 0.044715 x³)))``, as GPT-2 has it.

    Returns
    -------
    floating array of x's shape

    Raises
    ------
    ValueError
        For another approximation.
    TypeError
        For long doubles without one.

    References
    ----------
    Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.

    Examples
    --------
    >>> gelu(np.array([-1000.0, -1.0, 0.0, 1.0])).round(4)
    array([-0.    , -0.1587,  0.    ,  0.8413])
    >>> gelu(np.array([1.0]), approximate="tanh").round(4)
    array([0.8412])
    """
    x = real_numbers(x, "gelu")
    if not isinstance(approximate, str) or approximate not in ("none", "tanh"):
        raise ValueError(f"gelu: approximate is 'none' or 'tanh', not {approximate!r:.40}")
    return gelu_exactly(x) if approximate == "none" else gelu_by_tanh(x)


@array_function
def gelu_exactly(x: Any) -> Any:
    """`gelu` without an approximation: x·Φ(x).

    >>> gelu_exactly(np.array([-1.0, 1.0])).round(4)
    array([-0.1587,  0.8413])
    """
    x = real_numbers(x, "gelu")
    return x * _below(x)


@array_function
def gelu_exactly_slope(x: Any) -> Any:
    """The derivative of `gelu_exactly`, Φ(x) + x·φ(x).

    >>> gelu_exactly_slope(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    x = real_numbers(x, "gelu")
    return _below(x) + x * _density(x)


def _below(x: Any) -> Any:
    """Φ(x), the normal distribution's probability below x."""
    import scipy.special

    if x.dtype.itemsize > 8:
        raise TypeError(
            f"gelu: SciPy has no normal distribution in {x.dtype}; use approximate='tanh', or "
            "x.astype(float)"
        )
    return cast(scipy.special.ndtr(x), x.dtype)  # of float16 SciPy makes float32


def _density(x: Any) -> Any:
    """φ(x) = exp(−x²/2) / √(2π); beyond ±200 it is 0 in every dtype, where x² overflows float16."""
    near = np.clip(x, -200, 200)
    return np.exp(near * near / -2) / sqrt(2 * pi)


@array_function
def gelu_by_tanh(x: Any) -> Any:
    """`gelu` with `approximate` "tanh".

    >>> gelu_by_tanh(np.array([1.0])).round(4)
    array([0.8412])
    """
    x = real_numbers(x, "gelu")
    share = _share(_inner(x)[1])
    return np.multiply(share, x, out=share)


@array_function
def gelu_by_tanh_slope(x: Any) -> Any:
    """The derivative of `gelu_by_tanh`, σ + x·σ·(1 − σ)·u′ at u = u(x).

    >>> gelu_by_tanh_slope(np.array([-1000.0, 0.0, 1000.0]))
    array([-0. ,  0.5,  1. ])
    """
    x = real_numbers(x, "gelu")
    near, inner, slope = _inner(x)
    share = _share(inner)
    slope *= 1 - share
    slope *= near  # beyond, 1 − σ or σ is 0
    slope += 1
    slope *= share
    return slope


_A = 2 * sqrt(2 / pi)
_B = 0.044715 * _A


def _inner(x: Any) -> tuple[Any, Any, Any]:
    """x within ±32; u = a·x + b·x³, of which gelu's share is σ(u) = ½(1 + tanh(u / 2)); and u′.

    σ(u) keeps its digits where it is small. Beyond ±32 it is 0 or 1 in every dtype, and the
    polynomial would overflow in float16.
    """
    near = np.clip(x, -32, 32)
    square = near * near
    return near, near * (_A + _B * square), _A + 3 * _B * square


def _share(u: Any) -> Any:
    """σ(u), into a new array."""
    with np.errstate(over="ignore"):
        result = np.asarray(np.exp(-u))
    result += 1
    return np.divide(1, result, out=result)


@array_function
def silu(x: Any) -> Any:
    """x·σ(x), also called swish.

    Parameters
    ----------
    x : real array_like

    Returns
    -------
    floating array of x's shape

    References
    ----------
    Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units", 2017.

    Examples
    --------
    >>> silu(np.array([-1000.0, 0.0, 1000.0]))
    array([  -0.,    0., 1000.])
    """
    x = real_numbers(x, "silu")
    share = _share(x)
    return np.multiply(share, x, out=share)


@array_function
def silu_slope(x: Any) -> Any:
    """The derivative of `silu`, σ·(1 + x·(1 − σ)).

    >>> silu_slope(np.array([-1000.0, 0.0, 1000.0]))
    array([-0. ,  0.5,  1. ])
    """
    x = real_numbers(x, "silu")
    share = _share(x)
    result = np.asarray(1 - share)
    result *= x
    result += 1
    result *= share
    return result


@explained
def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where it is positive, and alpha·(exp(x) − 1) elsewhere; its derivative at 0 is alpha.

    Parameters
    ----------
    x : real array_like
    alpha : number, default 1

    Returns
    -------
    floating array of x's shape

    References
    ----------
    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential
    linear units", 2015.

    Examples
    --------
    >>> elu(np.array([-1000.0, 0.0, 1000.0]))
    array([  -1.,    0., 1000.])
    """
    x, alpha = real_numbers(x, "elu"), checked_number("elu: alpha", alpha)
    positive = x > 0
    # The branch that is not taken stays finite, and so does its derivative.
    return np.where(positive, x, alpha * np.expm1(np.where(positive, 0, x)))


@explained
def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """x where it is positive, and negative_slope·x elsewhere; its derivative at 0 is the slope.

    Parameters
    ----------
    x : real array_like
    negative_slope : number, default 0.01

    Returns
    -------
    floating array of x's shape

    Examples
    --------
    >>> leaky_relu(np.array([-100.0, 0.0, 100.0]))
    array([ -1.,   0., 100.])
    """
    x = real_numbers(x, "leaky_relu")
    slope = checked_number("leaky_relu: negative_slope", negative_slope)
    return x * cast(np.where(x > 0, 1.0, slope), x.dtype)


@explained
def softplus(x: Any, beta: float = 1.0) -> Any:
    """log(1 + exp(beta·x)) / beta, a smooth `relu`, exact on both sides.

    (PyTorch replaces it by x from beta·x = 20 on, where it is larger by 2e-9 / beta.)

    Parameters
    ----------
    x : real array_like
    beta : number, default 1

    Returns
    -------
    floating array of x's shape

    Raises
    ------
    ValueError
        Unless `beta` is positive.

    Examples
    --------
    >>> softplus(np.array([-1000.0, 0.0, 1000.0])).round(4).tolist()
    [0.0, 0.6931, 1000.0]
    """
    x, beta = real_numbers(x, "softplus"), checked_number("softplus: beta", beta)
    if not 0 < beta < np.inf:
        raise ValueError(f"softplus: beta must be positive, not {beta}")
    return np.logaddexp(0, x) if beta == 1 else np.logaddexp(0, beta * x) / beta


@explained
def tanh(x: Any) -> Any:
    """The hyperbolic tangent, `numpy.tanh`, of real numbers.

    Parameters
    ----------
    x : real array_like

    Returns
    -------
    floating array of x's shape

    Examples
    --------
    >>> tanh(np.array([-1000.0, 0.0, 1000.0]))
    array([-1.,  0.,  1.])
    """
    return np.tanh(real_numbers(x, "tanh"))


@explained
def log_sigmoid(x: Any) -> Any:
    """log σ(x) = −log(1 + exp(−x)), without taking the logarithm of 0.

    Parameters
    ----------
    x : real array_like

    Returns
    -------
    floating array of x's shape

    Examples
    --------
    >>> log_sigmoid(np.array([-1000.0, 0.0, 1000.0])).round(4).tolist()
    [-1000.0, -0.6931, -0.0]
    """
    return -np.logaddexp(0, -real_numbers(x, "log_sigmoid"))


@explained
def glu(x: Any, axis: int = -1) -> Any:
    """a·σ(b), where a and b are the first and the second half of `x` along `axis`.

    Parameters
    ----------
    x : real array_like
    axis : int, default -1

    Returns
    -------
    floating array, half as long along `axis`

    Raises
    ------
    ValueError
        Where that axis is not there or has no halves.
    TypeError
        If it is no integer.

    References
    ----------
    Dauphin et al., "Language modeling with gated convolutional networks", 2016.

    Examples
    --------
    >>> glu(np.array([[1.0, 2.0, 1000.0, 0.0]]))
    array([[1., 1.]])
    """
    x = real_numbers(x, "glu")
    try:
        axis = integer(axis)
    except TypeError:
        raise TypeError(f"glu: axis must be an integer, not {axis!r:.40}") from None
    if not -x.ndim <= axis < x.ndim or x.shape[axis] % 2:
        raise ValueError(
            f"glu: axis {axis} of an array of shape {x.shape} has no two halves; give x an even "
            "length there, or another axis"
        )
    axis %= x.ndim
    half = x.shape[axis] // 2
    return x[along(axis, slice(half))] * sigmoid(x[along(axis, slice(half, None))])


def _gelu_curvature(x: Any) -> Any:
    """2σ′u′ + x·(σ″u′² + σ′u″), with σ′ first: it is 0 where the others are large."""
    near, inner, slope = _inner(x)
    share = sigmoid_slope(inner)
    once = share * slope
    return 2 * once + near * (6 * _B * near * share - np.tanh(0.5 * inner) * once * slope)


ROWS = (
    pointwise(gelu_exactly, lambda x: gelu_exactly_slope(x)),
    pointwise(gelu_exactly_slope, lambda x: (2 - x * x) * _density(x)),
    pointwise(gelu_by_tanh, lambda x: gelu_by_tanh_slope(x)),
    pointwise(gelu_by_tanh_slope, lambda x: _gelu_curvature(x)),
    pointwise(silu, lambda x: silu_slope(x)),
    pointwise(silu_slope, lambda x: sigmoid_slope(x) * (2 - x * np.tanh(0.5 * x))),
)

add(ROWS)

"""What the derivatives of SciPy's special functions need, where the formula would cancel.

The module is read with the family of rules that uses it, since it needs `scipy.special`.
"""

from math import pi, sqrt
from typing import Any

import numpy as np
import scipy.special

from .dispatch import array_function
from .elementwise import real_numbers

special: Any = scipy.special._ufuncs  # which SCIPY_ARRAY_API leaves as they are

_FAR = 5.0
_TERMS = 30  # at _FAR they are good to 1e-16, and farther out fewer would do


@array_function
def gaussian(x: Any, rate: float = 1.0) -> Any:
    """exp(−rate·x²), where the square is not rounded: the exponential would magnify that.

    >>> gaussian(np.array([0.0, 26.0])) / np.exp([0.0, -676.0])
    array([1., 1.])
    """
    if x.dtype.kind == "c":
        return np.exp(x * x * -rate)
    wide = np.clip(x, -40, 40).astype(np.float64)  # beyond, the result is 0, or infinite
    high = wide.astype(np.float32).astype(np.float64)
    low = (wide - high) * (wide + high)
    return (np.exp(high * high * -rate) * np.exp(low * -rate)).astype(x.dtype)


@array_function
def mills_excess(x: Any) -> Any:
    """x + φ(x)/Φ(x): by how much the inverse Mills ratio of the normal distribution exceeds −x.

    Far in the tail that is about −1/x, and the difference of two numbers near abs x would lose it:
    there it is the continued fraction 1/(z + 2/(z + 3/(z + …))), z = −x (Laplace, 1805).

    >>> mills_excess(np.array([-1e8, 0.0]))
    array([1.00000000e-08, 7.97884561e-01])
    """
    if np.iscomplexobj(x):
        return x + inverse_mills(x)
    x = real_numbers(x, "mills_excess")
    is_far = np.less(x, -_FAR)
    near = np.where(is_far, 0, x)
    excess = near + inverse_mills(near)
    if not np.any(is_far):
        return excess
    z = np.where(is_far, -x, _FAR)
    fraction = z
    for k in range(_TERMS, 1, -1):
        fraction = z + k / fraction
    return np.where(is_far, 1 / fraction, excess)


def inverse_mills(x: Any) -> Any:
    """φ(x)/Φ(x), the derivative of log Φ, to full precision for every x; it takes Tensors, too.

    >>> inverse_mills(np.array([-1e8, 0.0, 50.0]))
    array([1.00000000e+08, 7.97884561e-01, 0.00000000e+00])
    """
    # On the right erfcx overflows: its quotient is 0 there, but the derivative of that ∞/∞.
    is_right = np.greater(np.real(x), 0)
    left, right = np.where(is_right, 0, x), np.where(is_right, x, 0)
    density = gaussian(right, 0.5) / sqrt(2 * pi)
    return np.where(
        is_right,
        density / special.ndtr(right),
        sqrt(2 / pi) / special.erfcx(left * -sqrt(0.5)),
    )


@array_function
def log_quotient(x: Any, y: Any) -> Any:
    """log(x/y) to full precision, and inf where y is 0, also for 0/0: no x > 0 is possible there.

    >>> log_quotient(np.array([1e300, 0.0, 0.0]), np.array([1e-300, 1.0, 0.0]))
    array([1381.5510558,         -inf,          inf])
    """
    is_zero = np.equal(y, 0)
    y = np.where(is_zero, np.ones_like(y), y)
    with np.errstate(all="ignore"):
        ratio = x / y
        is_near = np.less(np.absolute(ratio - 1), 0.5)
        is_far = np.logical_or(np.less(ratio, np.finfo(ratio.dtype).tiny), np.isinf(ratio))
        logarithm = np.where(is_near, np.log1p((x - y) / y), np.log(ratio))
        logarithm = np.where(is_far, np.log(x) - np.log(y), logarithm)
    return np.where(is_zero, np.inf, logarithm)


@array_function
def gamma_density(p: Any, x: Any, scale: Any) -> Any:
    """xᵖ·exp(−x − scale): that of the Gamma distribution, for p = α − 1 and scale = log Γ(α).

    >>> gamma_density(np.array(0.0), np.array([0.0, 1.0]), 0.0)
    array([1.        , 0.36787944])
    """
    wide = x.astype(np.float64)
    return np.exp(special.xlogy(p, wide) - wide - scale).astype(_like_scipy(x))


@array_function
def beta_density(p: Any, q: Any, x: Any, scale: Any) -> Any:
    """xᵖ·(1 − x)^q·exp(−scale): for p = α − 1, q = β − 1 and scale = log B(α, β).

    >>> beta_density(np.array(0.0), np.array(1.0), np.array([0.0, 0.25]), -np.log(2))
    array([2. , 1.5])
    """
    wide = x.astype(np.float64)
    powers = special.xlogy(p, wide) + special.xlog1py(q, -wide)
    return np.exp(powers - scale).astype(_like_scipy(x))


def _like_scipy(x: Any) -> Any:
    """The dtype of a result: SciPy computes in no narrower one than float32."""
    return np.promote_types(x.dtype, np.float32)


@array_function
def exponential_moment(x: Any, v: int) -> Any:
    """∫₀¹ tᵛ exp(x t) dt, the v-th derivative of (exp(x) − 1)/x, for v = 0, 1, …

    >>> exponential_moment(np.array([0.0, 1.0]), 1)
    array([0.5, 1. ])
    """
    x = real_numbers(x, "exponential_moment")
    # SciPy's function takes time in proportion to x, and is infinite long before 1000. Below −100
    # exp(x) is nothing: what remains is v!/(−x)ᵛ⁺¹.
    near = special.hyp1f1(v + 1, v + 2, np.clip(x, -100, 1000)) / (v + 1)
    is_far = np.less(x, -100)
    far = special.gamma(v + 1) * (1 / np.where(is_far, -x, 1)) ** (v + 1)
    return np.where(is_far, far.astype(near.dtype), near)

"""The ufuncs of `scipy.special`, which reach a Tensor unwrapped: ``scipy.special.expit(t)``.

Logistic and error functions, the normal distribution, Gamma and its kin, entropies,
transformations. `incomplete`, `bessel`, `integrals` and `hypergeometric` have the others, and
`special_refused` names what has no rule.

Policy: 0·log 0 is 0, and so is its derivative by the argument of the logarithm (in `xlogy`,
`xlog1py`, `rel_entr` and `kl_div`); by the factor it is the logarithm, −inf. Infinite derivatives
at the ends of a domain are not clipped: `entr` at 0, `logit` at 0 and 1, `erfinv` at ±1, `ndtri` at
0 and 1.

Formulas: NIST Digital Library of Mathematical Functions, chapters 5 to 8.
"""

from math import log, pi, sqrt
from typing import Any

import numpy as np
import scipy.special

from ..core.arrays import Array, real_numbers
from ..core.dispatch import array_function
from ..core.network import sigmoid_slope
from ..core.signature import signature
from ..core.table import Row, constant, over, pointwise
from .arithmetic import direction, xdivy

# The ufuncs themselves: with SCIPY_ARRAY_API=1 in the environment, the functions of
# `scipy.special` are wrappers around them.
special: Any = scipy.special._ufuncs
_zeta = special._zeta  # the ufunc beneath scipy.special.zeta(x, q)


def number(v: Array, like: Any = None) -> Any:
    """An operand to compute with: a list as an array, a Python number in the dtype of `like`.

    Without one it stays as it is, which has no dtype of its own. Integers become floating: NumPy's
    logarithm of small ones has half precision, and −v and v − 1 wrap around in unsigned ones.
    """
    if like is not None and isinstance(v, (int, float)):
        return np.asarray(v, like.dtype)
    v = np.asarray(v) if isinstance(v, (list, tuple)) else v
    if like is not None and v.dtype.kind in "biu":
        return v.astype(np.promote_types(v.dtype, like.dtype))
    if like is None and not isinstance(v, (int, float)) and v.dtype.kind in "bu":
        return v.astype(np.promote_types(v.dtype, np.float16))
    return v


def whole(n: Any) -> Any:
    """The whole part of a count, which SciPy's functions of whole numbers take of others."""
    n = number(n)
    if type(n) is float:
        return float(np.trunc(n))
    return n if isinstance(n, int) else np.trunc(n)


# what the derivatives need where their formula would cancel: array functions with rows

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
    if x.dtype.itemsize < 8:
        return np.exp(np.square(x, dtype=np.float64) * -rate).astype(x.dtype)
    x = np.clip(x, -40, 40)  # beyond, the result is 0, or infinite
    high = x.astype(np.float32).astype(x.dtype)
    return np.exp(high * high * -rate) * np.exp((x - high) * (x + high) * -rate)


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


def inverse_mills(x: Array) -> Any:
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


# the normal distribution, Gamma, entropies


def _gaussian_slope(x: Array, rate: Any, ans: Array) -> Any:
    if x.dtype.kind != "c":
        x = np.clip(x, -40, 40)  # beyond, ans is 0, or infinite, and 2x may be infinite
    return -2 * rate * (x * ans)


def _trigamma(x: Array) -> Any:
    if x.dtype.kind == "c":
        raise TypeError("scipy.special.psi: its derivative takes no complex numbers")
    return _zeta(2, x)


# losses and transformations


def _pseudo_huber_by_delta(delta: Any, r: Any) -> Any:
    """(s − δ)²/s for s = √(δ² + r²), where s − δ = r²/(s + δ) does not cancel."""
    sine = direction(r, delta)
    return r * sine * np.square(sine / (1 + direction(delta, r)))


def _box_cox_by_exponent(log_x: Any, exponent: Any) -> Any:
    """The derivative of (exp(y·log x) − 1)/y by y, exact also at y = 0; 1/y² where x is 0."""
    zero = np.isneginf(log_x)
    log_x = np.where(zero, 0, log_x)
    at_zero = 1 / np.square(np.where(zero, exponent, 1))
    return np.where(zero, at_zero, log_x * log_x * exponential_moment(exponent * log_x, 1))


def _inverse_box_cox_by_exponent(power: Any, x: Array, exponent: Any) -> Any:
    """The derivative of the power (1 + xy)**(1/y) by y, exact also at y = 0.

    It is power·(u/(1 + u) − L)/y² with u = xy and L = log(1 + u). The bracket is
    −L²·exp(−L)·∫₀¹ t·exp(Lt) dt, and u = L·exprel(L).
    """
    base = 1 + x * exponent
    log_base = np.log1p(x * exponent)
    slope = x / special.exprel(log_base)
    return -power * slope * slope * exponential_moment(log_base, 1) / base


ROWS: tuple[Row, ...] = (
    # logistic and error functions
    pointwise(special.expit, lambda x: sigmoid_slope(x)),
    pointwise(special.logit, lambda x: 1 / x + 1 / (1 - x)),
    pointwise(special.log_expit, lambda x: special.expit(-x)),
    pointwise(special.erf, lambda x: (2 / sqrt(pi)) * gaussian(x), analytic=True),
    pointwise(special.erfc, lambda x: (-2 / sqrt(pi)) * gaussian(x), analytic=True),
    pointwise(special.erfi, lambda x: (2 / sqrt(pi)) * gaussian(x, -1.0), analytic=True),
    pointwise(gaussian, _gaussian_slope, analytic=True),
    pointwise(
        special.erfcx,
        lambda ans, x: -sqrt(2) * ans * mills_excess(x * -sqrt(2)),
        analytic=True,
    ),
    pointwise(special.erfinv, lambda ans: (sqrt(pi) / 2) * np.exp(ans * ans)),
    pointwise(special.erfcinv, lambda ans: (-sqrt(pi) / 2) * np.exp(ans * ans)),
    # the normal distribution
    pointwise(special.ndtr, lambda x: gaussian(x, 0.5) / sqrt(2 * pi), analytic=True),
    pointwise(special.log_ndtr, lambda x: inverse_mills(x), analytic=True),
    pointwise(mills_excess, lambda ans, x: 1 - ans * (ans - x), analytic=True),
    pointwise(special.ndtri, lambda ans: sqrt(2 * pi) * np.exp(ans * ans * 0.5)),
    pointwise(special.ndtri_exp, lambda ans: 1 / inverse_mills(ans)),
    # Gamma and its kin
    pointwise(special.gamma, lambda ans, x: ans * special.psi(x)),
    pointwise(special.gammaln, lambda x: special.psi(x)),
    pointwise(special.loggamma, lambda x: special.psi(x)),
    pointwise(special.psi, _trigamma),
    pointwise(
        _zeta,
        signature("exponent", "q", dtype=None),
        q=lambda exponent, q: -number(exponent) * _zeta(number(exponent) + 1, q),
    ),
    pointwise(
        special.beta,
        lambda x, y, ans: ans * (special.psi(x) - special.psi(x + y)),
        lambda x, y, ans: ans * (special.psi(y) - special.psi(x + y)),
    ),
    pointwise(
        special.betaln,
        lambda x, y: special.psi(x) - special.psi(x + y),
        lambda x, y: special.psi(y) - special.psi(x + y),
    ),
    # entropies
    pointwise(
        special.xlogy,
        lambda x, y: np.log(number(y, x)),
        lambda x, y: xdivy(x, y),
        analytic=True,
    ),
    pointwise(
        special.xlog1py,
        lambda x, y: np.log1p(number(y, x)),
        lambda x, y: xdivy(x, 1 + y),
        analytic=True,
    ),
    pointwise(special.entr, lambda x: -np.log(x) - 1),
    pointwise(
        special.rel_entr,
        lambda x, y: log_quotient(x, number(y, x)) + 1,
        lambda x, y: -xdivy(x, y),
    ),
    pointwise(
        special.kl_div,
        lambda x, y: log_quotient(x, number(y, x)),
        lambda x, y: 1 - xdivy(x, y),
    ),
    pointwise(log_quotient, over(lambda x: x), lambda y: -1 / number(y)),
    # losses and transformations
    pointwise(
        special.huber,
        signature("delta", "r", dtype=None),
        lambda delta, r: np.maximum(np.absolute(number(r, delta)) - delta, 0),
        lambda delta, r: np.clip(r, -number(delta, r), delta),
    ),
    pointwise(
        special.pseudo_huber,
        signature("delta", "r", dtype=None),
        _pseudo_huber_by_delta,
        lambda delta, r: r * direction(delta, r),
    ),
    pointwise(
        special.boxcox,
        lambda x, y: np.power(x, number(y, x) - 1),
        lambda x, y: _box_cox_by_exponent(np.log(number(x, y)), y),
    ),
    pointwise(
        special.boxcox1p,
        lambda x, y: np.power(1 + x, number(y, x) - 1),
        lambda x, y: _box_cox_by_exponent(np.log1p(number(x, y)), y),
    ),
    pointwise(
        special.inv_boxcox,
        lambda x, y, ans: ans / (1 + x * y),
        lambda x, y, ans: _inverse_box_cox_by_exponent(ans, x, y),
    ),
    pointwise(
        special.inv_boxcox1p,
        # not 1 + ans, which loses what is next to −1
        lambda x, y: special.inv_boxcox(x, y) / (1 + x * y),
        lambda x, y: _inverse_box_cox_by_exponent(special.inv_boxcox(x, y), x, y),
    ),
    # exponentials and angles
    pointwise(special.exprel, lambda x: exponential_moment(x, 1)),
    pointwise(exponential_moment, lambda x, v: exponential_moment(x, v + 1)),
    pointwise(special.exp1, lambda x: -np.exp(-x) / x, analytic=True),
    pointwise(special.expi, lambda x: np.exp(x) / x),
    pointwise(special.exp2, lambda ans: ans * log(2)),
    pointwise(special.exp10, lambda ans: ans * log(10)),
    pointwise(special.expm1, lambda x: np.exp(x), analytic=True),
    pointwise(special.log1p, lambda x: 1 / (1 + x), analytic=True),
    pointwise(special.cbrt, lambda ans: 1 / (3 * ans * ans)),
    pointwise(special.cosm1, lambda x: -np.sin(x)),
    pointwise(special.sindg, lambda x: special.cosdg(x) * (pi / 180)),
    pointwise(special.cosdg, lambda x: special.sindg(x) * (-pi / 180)),
    pointwise(special.tandg, lambda ans: (1 + ans * ans) * (pi / 180)),
    pointwise(special.cotdg, lambda ans: (1 + ans * ans) * (-pi / 180)),
    constant(special.round, "it is constant between its steps"),
    constant(special.gammasgn, "it is constant between its jumps"),
)

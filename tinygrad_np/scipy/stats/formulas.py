"""What the texts of the continuous distributions are made of: tails by kind, and longer formulas.

A tail is written so that it keeps its digits: no difference of what is nearly equal, no logarithm
of what underflows, and no power that overflows.
"""

from math import log, pi
from typing import Any

import numpy as np
import scipy.special
import scipy.stats

from ...core.dispatch import array_function
from ...core.tensor import value_of
from ...rules.special import exponential_moment
from .primitives import primitive, slope
from .text_distributions import INF

special: Any = scipy.special._ufuncs

LOG_2, LOG_2PI = log(2), log(2 * pi)
ABOVE_0, BELOW_1 = float(np.nextafter(0.0, 1.0)), float(np.nextafter(1.0, 0.0))
"""Ends of a support where the density vanishes faster than any power: 0 and 1 are left out."""


def log_phi(z: Any) -> Any:
    """The logarithm of the normal density."""
    return -z * z / 2 - LOG_2PI / 2


# Tails: what the map in the argument makes of the variable has a distribution of the same name.


def normal(z: Any) -> dict[str, Any]:
    """Tails of what `z` maps to a normal variable."""
    return {
        "cdf": lambda *b: special.ndtr(z(*b)),
        "logcdf": lambda *b: special.log_ndtr(z(*b)),
        "logsf": lambda *b: special.log_ndtr(-z(*b)),
    }


def logistic(z: Any) -> dict[str, Any]:
    """Tails of what `z` maps to a logistic variable."""
    return {
        "cdf": lambda *b: special.expit(z(*b)),
        "logcdf": lambda *b: special.log_expit(z(*b)),
        "logsf": lambda *b: special.log_expit(-z(*b)),
    }


def hazard(h: Any) -> dict[str, Any]:
    """The cumulative hazard, −log(1 − F), is an exponential variable."""
    return {"cdf": lambda *b: -np.expm1(-h(*b)), "logsf": lambda *b: -h(*b)}


def reversed_hazard(h: Any) -> dict[str, Any]:
    """So is −log F."""
    return {"cdf": lambda *b: np.exp(-h(*b)), "logcdf": lambda *b: -h(*b)}


def gamma(pair: Any) -> dict[str, Any]:
    """(a, u): u is a gamma variable with the shape a."""
    return {"cdf": lambda *b: special.gammainc(*pair(*b))}


def beta_cdf(a: Any, b: Any, u: Any, v: Any) -> Any:
    """I(a, b, u) for u and v = 1 − u, of which the smaller one has kept its digits."""
    is_low = np.less(u, v)
    low = special.betainc(a, b, np.where(is_low, u, 0.25))
    return np.where(is_low, low, 1.0 - special.betainc(b, a, np.where(is_low, 0.25, v)))


def beta(four: Any) -> dict[str, Any]:
    """(a, b, u, 1 − u): u is a beta variable with the shapes a and b."""
    return {"cdf": lambda *b: beta_cdf(*four(*b))}


def symmetric(sf: Any, density: Any = lambda *shapes: 0.0) -> dict[str, Any]:
    """Symmetric about 0; `sf` is that of the absolute value, `density` that at 0.

    At 0 it is ½ whatever the shapes are, but its slope is not.
    """

    def cdf(x: Any, *shapes: Any) -> Any:
        is_left, is_zero = np.less(x, 0), np.equal(x, 0)
        half = sf(np.where(is_zero, 1.0, np.where(is_left, -x, x)), *shapes) / 2
        middle = 0.5 + x * density(*shapes)
        return np.where(is_zero, middle, np.where(is_left, half, 1.0 - half))

    return {"cdf": cdf}


def swapped(tails: dict[str, Any], back: Any) -> dict[str, Any]:
    """Those of the decreasing map `back` of the variable."""
    names = {"logcdf": "logsf", "logsf": "logcdf"}

    def of(name: str) -> Any:
        sign = 1.0 if name in names else -1.0
        return lambda x, *b: sign * tails[names.get(name, name)](back(x), *b)

    return {name: of(name) for name in tails}


# Functions that keep their digits


@array_function
def log_i0(x: Any) -> Any:
    """log I₀(x), which is even and smooth, also at 0.

    >>> log_i0(np.array([-1e3, 0.0]))
    array([995.62730889,   0.        ])
    """
    return np.log(special.i0e(x)) + np.absolute(x)


def log1p_power(x: Any, c: Any) -> Any:
    """log(1 + xᶜ), c > 0, which xᶜ does not overflow."""
    is_small = np.less_equal(x, 1)
    large = np.where(is_small, 1.0, x)
    return np.log1p(np.where(is_small, x, 1.0 / large) ** c) + c * np.log(large)


def log1mexp(u: Any) -> Any:
    """log(1 − exp(−u)), u > 0."""
    is_small = np.less(u, LOG_2)
    small = np.log(-np.expm1(-np.where(is_small, u, 1.0)))
    return np.where(is_small, small, np.log1p(-np.exp(-np.where(is_small, 1.0, u))))


def log1p_over(y: Any, k: Any) -> Any:
    """log(1 + k·y)/k, smooth also at k = 0, where it is y."""
    return y / special.exprel(np.log1p(k * y))


def where(condition: Any, x: Any, text: Any, otherwise: Any) -> Any:
    """text(x) where the condition holds, which it is computed for alone."""
    return np.where(condition, text(np.where(condition, x, 1.0)), otherwise)


def log_normal_between(a: Any, b: Any) -> Any:
    """log(Φ(b) − Φ(a)), on the side of 0 where that does not cancel; both may be infinite."""
    is_right = np.greater(a, 0)
    low, high = np.where(is_right, -b, a), np.where(is_right, -a, b)
    is_open, log_high = np.isneginf(value_of(low)), special.log_ndtr(high)
    low = np.where(is_open, np.minimum(value_of(high), 0.0) - 1.0, low)
    return log_high + np.where(is_open, 0.0, log1mexp(log_high - special.log_ndtr(low)))


# Texts of some lines


def t_density(x: Any, df: Any) -> Any:
    """Of Student's t; a normal density for df = ∞, by which it is constant."""
    is_normal = np.isinf(value_of(df))
    df = np.where(is_normal, 1.0, df)
    rest = -(df + 1) / 2 * np.log1p(x * x / df) - special.betaln(0.5, df / 2) - np.log(df) / 2
    return np.where(is_normal, log_phi(x), rest)


def t_sf(x: Any, df: Any) -> Any:
    """Of the absolute value; by df = ∞ it is constant."""
    is_normal = np.isinf(value_of(df))
    df = np.where(is_normal, 1.0, df)
    square = df + x * x
    return np.where(is_normal, 0.0, beta_cdf(df / 2, 0.5, df / square, x * x / square))


def skew_t_logs(x: Any, a: Any, b: Any) -> Any:
    """log u, log(1 − u), u, 1 − u for u = (1 + x/√(a + b + x²))/2."""
    is_left = np.less(x, 0)
    away = np.where(is_left, -x, x)
    root = np.hypot(np.sqrt(a + b), away)
    less = (a + b) / (2 * root * (root + away))
    log_less, log_more = np.log(less), np.log1p(-less)
    u, v = np.where(is_left, less, 1 - less), np.where(is_left, 1 - less, less)
    logs = np.where(is_left, log_less, log_more), np.where(is_left, log_more, log_less)
    return *logs, u, v


def skew_t_density(x: Any, a: Any, b: Any) -> Any:
    """Of `jf_skew_t`, in the logarithms of u and 1 − u."""
    log_u, log_v, _, _ = skew_t_logs(x, a, b)
    scale = 2 * LOG_2 - special.betaln(a, b) - np.log(a + b) / 2
    return (a + 0.5) * log_u + (b + 0.5) * log_v + scale


def _crystalball(x: Any, beta: Any, m: Any) -> Any:
    """Its left part is a power law: the arguments of both parts, and what they have in common."""
    is_left = np.less_equal(x, -beta)
    law = np.log1p(-beta / m * (beta + np.where(is_left, x, -beta)))
    tail = np.log(m / beta / (m - 1)) - beta * beta / 2  # the logarithm of what is on its left
    scale = np.logaddexp(tail, LOG_2PI / 2 + special.log_ndtr(beta))
    return is_left, law, tail, scale


def crystalball_density(x: Any, beta: Any, m: Any) -> Any:
    """Of `crystalball`: normal on the right of −β, a power law on its left."""
    is_left, law, _, scale = _crystalball(x, beta, m)
    return np.where(is_left, -m * law - beta * beta / 2, -x * x / 2) - scale


def crystalball_cdf(x: Any, beta: Any, m: Any) -> Any:
    """Of `crystalball`, each part from its own side."""
    is_left, law, tail, scale = _crystalball(x, beta, m)
    left = np.exp(tail + (1 - m) * law - scale)
    right = np.exp(LOG_2PI / 2 + special.log_ndtr(-np.where(is_left, 0.0, x)) - scale)
    return np.where(is_left, left, 1 - right)


def _double_pareto_parts(x: Any, u: Any, s: Any, a: Any, b: Any) -> Any:
    """z and the logarithms of φ(z) times the Mills ratios at a·s − z and b·s + z."""
    z = (np.log(x) - u) / s
    mills = [special.log_ndtr(-t) + t * t / 2 - z * z / 2 for t in (a * s - z, b * s + z)]
    return z, *mills


def double_pareto_density(x: Any, u: Any, s: Any, a: Any, b: Any) -> Any:
    """Of `dpareto_lognorm`."""
    _, left, right = _double_pareto_parts(x, u, s, a, b)
    return np.log(a) + np.log(b) - np.log(a + b) - np.log(x) + np.logaddexp(left, right)


def double_pareto_cdf(x: Any, u: Any, s: Any, a: Any, b: Any) -> Any:
    """Of `dpareto_lognorm`: Φ(z) − φ(z)·(b·R(a·s − z) − a·R(b·s + z))/(a + b), R Mills' ratio."""
    z, left, right = _double_pareto_parts(x, u, s, a, b)
    return special.ndtr(z) - (b * np.exp(left) - a * np.exp(right)) / (a + b)


def inverse_gauss(x: Any, mu: Any) -> Any:
    """log Φ(−α), log Φ(α) and log of exp(2/μ)·Φ(−β), α = (x/μ − 1)/√x, β = (x/μ + 1)/√x."""
    root = np.sqrt(x)
    alpha, beta = (x / mu - 1) / root, (x / mu + 1) / root
    return special.log_ndtr(-alpha), special.log_ndtr(alpha), 2 / mu + special.log_ndtr(-beta)


def inverse_gauss_logsf(x: Any, mu: Any) -> Any:
    """log(1 − F) of `invgauss`, from its two terms."""
    right, _, reflected = inverse_gauss(x, mu)
    return right + log1mexp(right - reflected)


INVERSE_GAUSS = {
    # F = Φ(α) + exp(2/μ)·Φ(−β), of which the derivatives by α and β cancel
    "mu": lambda x, mu: -2 / (mu * mu) * np.exp(inverse_gauss(x, mu)[2]),
    "logcdf": lambda x, mu: np.logaddexp(*inverse_gauss(x, mu)[1:]),
    "logsf": inverse_gauss_logsf,
}


def kappa4_density(x: Any, h: Any, k: Any) -> Any:
    """Of `kappa4`: log f = log y − log(1 − k·x) + (1 − h)·log F for y = (1 − k·x)^(1/k)."""
    log_y = log1p_over(-x, k)
    return log_y - np.log1p(-k * x) + (1 - h) * log1p_over(-np.exp(np.minimum(log_y, 700.0)), h)


def kappa4_low(h: Any, k: Any) -> Any:
    """The lower end: (1 − h⁻ᵏ)/k for h > 0, else 1/k for k < 0, else −∞."""

    def above(h: Any) -> Any:
        return np.log(h) * special.exprel(-k * np.log(h))

    bounded = where(np.less(k, 0), k, lambda k: 1 / k, -INF)
    return where(np.greater(h, 0), h, above, bounded)


def kolmogorov_density(x: Any) -> Any:
    """Of `kstwobign`: Kolmogorov's series, for x < 1 its theta function's other one (DLMF 20.7)."""
    is_low = np.less(x, 1)
    low, high = np.where(is_low, x, 1.0), np.where(is_low, 1.0, x)
    t, s = pi * pi / (8 * low * low), 2 * high * high
    left = sum([(2 * j * j * t - 1) * np.exp(-(j * j - 1) * t) for j in (1, 3, 5, 7)])
    right = sum([(-1) ** (k - 1) * k * k * np.exp(-(k * k - 1) * s) for k in (1, 2, 3, 4, 5)])
    left = LOG_2PI / 2 - 2 * np.log(low) - t + np.log(left)
    return np.where(is_low, left, 3 * LOG_2 + np.log(high) - s + np.log(right))


def trapezoid_density(x: Any, c: Any, d: Any) -> Any:
    """Of `trapezoid`: both slopes are 1 between c and d; c = 0 and d = 1 have none."""
    up = where(np.greater(c, 0), c, lambda c: np.minimum(x / c, 1.0), 1.0)
    down = where(np.less(d, 1), 1 - d, lambda rest: np.minimum((1 - x) / rest, 1.0), 1.0)
    return LOG_2 - np.log(d - c + 1), (up, 1.0), (down, 1.0)


def trapezoid_cdf(x: Any, c: Any, d: Any) -> Any:
    """Of `trapezoid`: the straight line between c and d, and a parabola on each side."""
    low, high = np.minimum(x, c) - c, np.maximum(x, d) - d
    up = where(np.greater(c, 0), c, lambda c: low * low / c, 0.0)
    down = where(np.less(d, 1), 1 - d, lambda rest: high * high / rest, 0.0)
    return (2 * x - c + up - down) / (d - c + 1)


def laplace_asymmetric_cdf(x: Any, kappa: Any) -> Any:
    """Of `laplace_asymmetric`, from the side of the nearer tail."""
    is_left, square = np.less(x, 0), kappa * kappa
    part = np.exp(np.where(is_left, x / kappa, -kappa * x)) / (1 + square)
    return np.where(is_left, square * part, 1 - part)


def skew_cauchy_width(x: Any, a: Any) -> Any:
    """1 + a on the right of 0, 1 − a on its left."""
    return 1 + a * np.where(np.less(x, 0), -1.0, 1.0)


def skew_cauchy_cdf(x: Any, a: Any) -> Any:
    """Of `skewcauchy`, from the side of the nearer tail."""
    width = skew_cauchy_width(x, a)
    part = width * np.arctan2(width, np.absolute(x)) / pi
    return np.where(np.less(x, 0), part, 1 - part)


def breit_wigner_density(x: Any, rho: Any) -> Any:
    """Of `rel_breitwigner`."""
    square = rho * rho
    root = rho * np.sqrt(square + 1)
    scale = 0.5 * np.log(8.0) + np.log(rho * root / pi) - 0.5 * np.log(square + root)
    return scale - np.log(((x - rho) * (x + rho)) ** 2 + square)


def breit_wigner_cdf(x: Any, rho: Any) -> Any:
    """k/ρ·Im ∫ dt/(t² − s) for s = ρ² + iρ, since (t² − ρ²)² + ρ² = abs(t² − s)²."""
    square = rho * rho
    root = np.sqrt(-square - 1j * rho)
    moduli = rho * np.sqrt(square + 1)
    scale = np.sqrt(8.0) / pi * moduli / np.sqrt(square + moduli)
    return scale * np.imag(np.arctan(x / root) / root)


def nc_chi2_density(x: Any, df: Any, nc: Any) -> Any:
    """x^v·exp(−(x + nc)/2)·Iᵥ(r)/rᵛ/2 for v = df/2 − 1, r² = nc·x (DLMF 10.25.2)."""
    v, square = df / 2 - 1, nc * x
    is_zero = np.equal(square, 0)
    root = np.sqrt(np.where(is_zero, 1.0, square))
    bessel = np.log(special.ive(v, root)) + root - v * np.log(root)
    z, term, series = np.where(is_zero, square, 0.0) / 4, 1.0, 0.0
    for k in range(1, 5):  # where z is 0, for its derivatives up to the fourth
        term = term * z / (k * (v + k))
        series = series + term
    at_zero = np.log1p(series) - v * LOG_2 - special.gammaln(v + 1)
    return np.where(is_zero, at_zero, bessel) - (x + nc) / 2 - LOG_2, (x, v)


def nc_chi2_by_nc(x: Any, df: Any, nc: Any) -> Any:
    """∂F/∂nc of `ncx2` = −f(x; df + 2, nc) (Johnson, Kotz, Balakrishnan, section 29.4)."""
    rest, (base, power) = nc_chi2_density(x, df + 2, nc)
    return -np.exp(rest + special.xlogy(power, base))


def trunc_weibull_logs(x: Any, c: Any, a: Any, b: Any) -> Any:
    """log F and log(1 − F)."""
    low, y = a**c, x**c
    high = where(np.isfinite(value_of(b)), b, lambda b: b**c, INF)
    total = log1mexp(high - low)
    return log1mexp(y - low) - total, low - y + log1mexp(high - y) - total


def trunc_weibull_density(x: Any, c: Any, a: Any, b: Any) -> Any:
    """Of `truncweibull_min`."""
    high = where(np.isfinite(value_of(b)), b, lambda b: b**c, INF)
    return np.log(c) + a**c - x**c - log1mexp(high - a**c), (x, c - 1)


def trunc_pareto_mass(x: Any, b: Any) -> Any:
    """(1 − x⁻ᵇ)/b, smooth also at b = 0."""
    return np.log(x) * special.exprel(-b * np.log(x))


def gen_hyperbolic_density(x: Any, p: Any, a: Any, b: Any) -> Any:
    """Of `genhyperbolic`, in Bessel functions that are scaled."""
    root, s = np.sqrt((a - b) * (a + b)), np.hypot(1.0, x)
    scale = p * np.log(root) - (p - 0.5) * np.log(a) - np.log(special.kve(p, root)) + root
    bessel = np.log(special.kve(p - 0.5, a * s)) - a * s
    return scale - LOG_2PI / 2 + b * x + bessel + (p - 0.5) * np.log(s)


def pearson3_density(x: Any, skew: Any) -> Any:
    """That of a gamma variable with α = 4/skew², y = α·(1 + w), w = skew·x/2.

    Where α is large its logarithm is α·(log(1 + w) − w) − log(1 + w) − R(α) − log(2π)/2, where R is
    the rest of Stirling's formula (DLMF 5.11.1) and the first term is −x²·M(L)/E(L)² with L = log(1
    + w) = w/E(L), E(L) = 1 + L·M(L).
    """
    w, t = skew * x / 2, skew * skew / 4
    is_near = np.less(t, 1 / 30)  # at which the series is good to 1e-18
    logarithm = np.log1p(np.where(is_near, w, 0.0))
    e = exponential_moment(logarithm, 0)
    m = e - exponential_moment(logarithm, 1)
    r = t * (1 / 12 - t**2 * (1 / 360 - t**2 * (1 / 1260 - t**2 * (1 / 1680 - t**2 / 1188))))
    near = -x * x * m / (e * e) - logarithm - r - LOG_2PI / 2
    a = 1 / np.where(is_near, 1.0, t)
    far = (a - 0.5) * np.log(a) - a * (1 + w) - special.gammaln(a)
    base, power = np.where(is_near, 1.0, 1 + w), np.where(is_near, 0.0, a - 1)
    return np.where(is_near, near, far), (base, power)


def pearson3_cdf(x: Any, skew: Any) -> Any:
    """Of `pearson3`: of a gamma variable, mirrored for a negative skew."""
    if np.any(np.abs(value_of(skew)) < 0.05):
        raise ValueError(
            "scipy.stats.pearson3: where abs(skew) < 0.05, the derivative of its tails by skew "
            "loses its digits; take skew as a constant, skew.data"
        )
    a = 4 / (skew * skew)
    return np.sign(skew) * special.gammainc(a, a * (1 + skew * x / 2))


def _tukey_lambda(x: Any, lam: Any) -> Any:
    return special.tklmbda(x, lam)


def tukey_density(x: Any, lam: Any) -> Any:
    """1/Q′(F(x)) for the quantile function Q(p) = (pᵏ − (1 − p)ᵏ)/k, k = lam."""
    p, q = tukey_cdf(x, lam), tukey_cdf(-x, lam)
    return 1 / (p ** (lam - 1) + q ** (lam - 1))


def tukey_by_lam(x: Any, lam: Any) -> Any:
    """∂F/∂lam of `tukeylambda` = −f·∂Q/∂lam."""
    p, q = tukey_cdf(x, lam), tukey_cdf(-x, lam)
    quantile = slope(lambda p, q, k: special.boxcox(p, k) - special.boxcox(q, k), 2, [p, q, lam])
    return -quantile * tukey_density(x, lam)


tukey_cdf: Any = primitive(
    _tukey_lambda,
    ("x", "lam"),
    {0: lambda x, lam, ans: tukey_density(x, lam), 1: lambda x, lam, ans: tukey_by_lam(x, lam)},
)


def _irwin_hall(x: Any, n: Any) -> Any:
    return scipy.stats.irwinhall.pdf(x, n)


irwin_hall: Any = primitive(
    _irwin_hall,
    ("x", "n"),
    {
        0: lambda x, n, ans: np.where(
            np.greater(n, 1),
            irwin_hall(x, np.maximum(n - 1, 1)) - irwin_hall(x - 1, np.maximum(n - 1, 1)),
            0.0,
        )
    },
)

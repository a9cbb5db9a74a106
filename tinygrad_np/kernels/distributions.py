"""What the derivatives of SciPy's special functions need, where a formula would cancel or overflow.

The normal, Gamma and beta distributions, and what goes with them. Each function has a row, so that
the derivatives of higher order keep their digits, too. The module is read with the family of rules
that uses it, since it needs `scipy.special`.

Formulas: NIST Digital Library of Mathematical Functions, chapters 5, 7 and 8.
"""

import math
from math import pi, sqrt
from typing import Any

import numpy as np
import scipy.special

from .dispatch import array_function
from .elementwise import real_numbers
from .slopes import direction, in_single

special: Any = scipy.special

_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_SHIFT = 16  # from here on the series with these numbers is good to 1e-17
_DIRECT = 170.0  # parameters up to which a density is a product of powers: Γ is finite there
_NEAR = 0.1  # so near the end of a domain a derivative is a sum of densities


# the normal distribution


@array_function
def gaussian(x: Any, rate: float = 1.0, n: int = 0) -> Any:
    """The nth derivative of exp(−rate·x²).

    The square is not rounded, which the exponential would magnify some x² times.

    >>> float(gaussian(np.array(26.0)) / np.exp(-676.0)), gaussian(np.array(1.0), 0.5, 2)
    (1.0, np.float64(0.0))
    """
    x = np.asarray(x)
    if x.dtype.kind == "c":
        values = [np.exp(x * x * -rate)]
    elif x.dtype.itemsize < 8:
        return gaussian.implementation(  # type: ignore[attr-defined]
            x.astype(np.float64), rate, n
        ).astype(x.dtype)
    else:
        x = np.clip(x, -40, 40)  # beyond, the result is 0 or infinite
        high = x.astype(np.float32).astype(x.dtype)
        values = [np.exp(high * high * -rate) * np.exp((x - high) * (x + high) * -rate)]
    for k in range(n):
        below = k * values[k - 1] if k else 0
        values.append(-2 * rate * (x * values[k] + below))
    return values[n]


def _mills_ratios(x: Any, n: int) -> list[Any]:
    """ρ₁ … ρₙ at z = −x, where ρₖ = Iₖ/Iₖ₋₁ and Iₖ = ∫₀^∞ tᵏ exp(−zt − t²/2) dt.

    For z > 1 from the continued fraction ρₖ = k/(z + ρₖ₊₁), elsewhere from this upwards.
    """
    z = np.negative(x)
    is_far = np.greater(z, 1)
    near = np.where(is_far, 0, z)
    ratio = inverse_mills(-near) - near
    ratios = [ratio]
    for k in range(1, n):
        ratio = k / ratio - near
        ratios.append(ratio)
    if is_far.any():
        far = np.where(is_far, z, np.inf)
        terms = int(280 / min(float(far.min()), 20.0) ** 2) + 20 + n
        ratio = 2 * terms / (far + np.sqrt(far * far + 4 * terms))  # about the rest of it
        for k in range(terms - 1, 0, -1):
            ratio = k / (far + ratio)
            if k <= n:
                ratios[k - 1] = np.where(is_far, ratio, ratios[k - 1])
    return ratios


def inverse_mills(x: Any) -> Any:
    """φ(x)/Φ(x), the derivative of log Φ, to full precision for every x.

    >>> inverse_mills(np.array([-1e8, 0.0, 50.0]))
    array([1.00000000e+08, 7.97884561e-01, 0.00000000e+00])
    """
    is_right = np.greater(np.real(x), 0)
    left, right = np.where(is_right, 0, x), np.where(is_right, x, 0)
    density = gaussian(right, 0.5) / sqrt(2 * pi)
    return np.where(
        is_right,
        density / special.ndtr(right),
        sqrt(2 / pi) / special.erfcx(left * -sqrt(0.5)),
    )


@array_function
def mills_excess(x: Any, n: int = 1) -> Any:
    """The nth cumulant of the density exp(x·t − t²/2), t > 0; its derivative is the next one.

    The first, x + φ(x)/Φ(x), is what the inverse Mills ratio exceeds −x by. Far to the left that
    is about −1/x, the others (n − 1)!·(−x)⁻ⁿ, which all differences of larger numbers would lose.

    >>> mills_excess(np.array([-1e8, 0.0]))
    array([1.00000000e-08, 7.97884561e-01])
    """
    cumulant, slope, square, is_left, dtype = _cumulant_and_slope(x, n)
    return np.where(is_left, cumulant, slope + square).astype(dtype)


@array_function
def log_ndtr_slope(x: Any, n: int = 1) -> Any:
    """The nth derivative of log Φ(x): φ/Φ, and so on.

    >>> log_ndtr_slope(np.array([-1e8, 0.0])), log_ndtr_slope(np.array([-1e8]), 2)
    (array([1.00000000e+08, 7.97884561e-01]), array([-1.]))
    """
    cumulant, slope, square, is_left, dtype = _cumulant_and_slope(x, n)
    return np.where(is_left, cumulant - square, slope).astype(dtype)


def _cumulant_and_slope(x: Any, n: int) -> tuple[Any, Any, Any, Any, Any]:
    """The nth derivatives of log Φ(x) + x²/2 on the left, of log Φ(x) on the right, and of x²/2.

    Then where the left is, and the dtype of the result.
    """
    x = np.asarray(x)
    if x.dtype.kind == "c":
        square = {1: x, 2: 1}.get(n, 0)
        return 0, _derivatives_of_log_ndtr(x, n)[-1], square, False, x.dtype
    dtype = real_numbers(x, "log_ndtr_slope").dtype
    x = x.astype(np.promote_types(dtype, np.float64))
    is_left = np.less(x, 0)
    slope = _derivatives_of_log_ndtr(np.where(is_left, 0, x), n)[-1]
    cumulants: list[Any] = []
    if is_left.any():
        moments = np.cumprod(_mills_ratios(np.where(is_left, x, -2), n), 0)  # the means of tᵏ
        for m in range(1, n + 1):
            cumulant = moments[m - 1]
            for k in range(1, m):
                times = math.comb(m - 1, k - 1)
                cumulant = cumulant - times * cumulants[k - 1] * moments[m - k - 1]
            cumulants.append(cumulant)
    return cumulants[-1] if cumulants else 0, slope, {1: x, 2: 1}.get(n, 0), is_left, dtype


def _derivatives_of_log_ndtr(x: Any, n: int) -> list[Any]:
    """The first n, from r′ = −r·(x + r) by Leibniz' rule."""
    found = [inverse_mills(x)]
    excess = [x + found[0]]
    for m in range(1, n):
        terms = [math.comb(m - 1, j) * found[j] * excess[m - 1 - j] for j in range(m)]
        found.append(-sum(terms[1:], terms[0]))
        excess.append(found[m] + (m == 1))
    return found


@array_function
def erfcx_slope(x: Any, n: int = 1) -> Any:
    """The nth derivative of erfcx: (2/√π)·∫₀^∞ (−2t)ⁿ exp(−2xt − t²) dt.

    >>> erfcx_slope(np.array([0.0, 1e6]))
    array([-1.12837917e+00, -5.64189584e-13])
    """
    x = np.asarray(x)
    if x.dtype.kind == "c":
        found = [special.erfcx(x)]
        for m in range(n):
            rest = -2 / sqrt(pi) if m == 0 else 2 * m * found[m - 1]
            found.append(2 * x * found[m] + rest)
        return found[n]
    dtype = real_numbers(x, "erfcx_slope").dtype
    x = x.astype(np.promote_types(dtype, np.float64))
    result = special.erfcx(x)
    for ratio in _mills_ratios(x * -sqrt(2), n):
        result = result * ratio * -sqrt(2)
    return result.astype(dtype)


def _tail_slope(quantile: Any, tail: Any, factor: float) -> Any:
    """factor·exp(q²) by exp(−q²)·erfcx(q) = erfc(q), which is known: not by q, which is rounded."""
    slope = factor * special.erfcx(np.absolute(quantile)) / np.where(np.equal(tail, 0), 1, tail)
    return np.where(np.equal(tail, 0), math.copysign(math.inf, factor), slope)


@array_function
def erfinv_slope(x: Any) -> Any:
    """(√π/2)·exp(erfinv(x)²), the derivative of erfinv; infinite at ±1.

    >>> erfinv_slope(np.array([0.0, 1.0]))
    array([0.88622693,        inf])
    """
    return _tail_slope(special.erfinv(x), 1 - np.absolute(x), sqrt(pi) / 2)


@array_function
def erfcinv_slope(x: Any) -> Any:
    """−(√π/2)·exp(erfcinv(x)²), the derivative of erfcinv; infinite at 0 and 2.

    >>> erfcinv_slope(np.array([1.0, 0.0]))
    array([-0.88622693,        -inf])
    """
    return _tail_slope(special.erfcinv(x), np.minimum(x, 2 - x), -sqrt(pi) / 2)


@array_function
def ndtri_slope(p: Any) -> Any:
    """1/φ(ndtri(p)), the derivative of ndtri; infinite at 0 and 1.

    >>> ndtri_slope(np.array([0.5, 0.0]))
    array([2.50662827,        inf])
    """
    return _tail_slope(special.ndtri(p) * sqrt(0.5), np.minimum(p, 1 - p), sqrt(pi / 2))


# Gamma, beta


@array_function
def psi_gap(x: Any, y: Any, n: int = 0) -> Any:
    """ψ⁽ⁿ⁾(x + y) − ψ⁽ⁿ⁾(x), which a difference would lose where y is far below x > 0.

    >>> psi_gap(np.array([1.0, 1e10]), np.array([1.0, 1e-5]))
    array([1.e+00, 1.e-15])
    """
    x, y, dtype = _wide(x, y)
    is_inside = np.logical_and(np.greater(x, 0), np.greater(y, 0))
    w, step = np.where(is_inside, x, 1), np.where(is_inside, y, 1)
    sign, factorial = (-1) ** n, math.factorial(n)

    def change(w: Any, m: int) -> Any:
        """(w + y)⁻ᵐ − w⁻ᵐ"""
        return w**-m * np.expm1(-m * np.log1p(step / w))

    total = 0.0
    for _ in range(_SHIFT):
        total = total - sign * factorial * change(w, float(n + 1))
        w = w + 1
    rest = math.factorial(n - 1) * change(w, float(n)) if n else -np.log1p(step / w)
    rest = rest + factorial / 2 * change(w, float(n + 1))
    for k, number in enumerate(_BERNOULLI, 1):
        factor = number * math.factorial(2 * k + n - 1) / math.factorial(2 * k)
        rest = rest + factor * change(w, float(2 * k + n))
    total = total - sign * rest
    if not is_inside.all():
        total = np.where(is_inside, total, _polygamma(n, x + y) - _polygamma(n, x))
    return total.astype(dtype)


def _polygamma(n: int, x: Any) -> Any:
    return special.polygamma(n, x) if n else special.psi(x)


@array_function
def gamma_density(alpha: Any, x: Any, n: int = 0) -> Any:
    """The nth derivative of x**(α − 1)·exp(−x)/Γ(α), which is that of gammainc by x.

    >>> gamma_density(1.0, np.array([0.0, 1.0]))
    array([1.        , 0.36787944])
    """
    alpha, x, dtype = _wide(alpha, x)
    value = _gamma_density(alpha, x)
    if not n:
        return value.astype(dtype)
    # x·f⁽ᵏ⁺¹⁾ = (α − 1 − k − x)·f⁽ᵏ⁾ − k·f⁽ᵏ⁻¹⁾, which cancels near 0: f′ is also f[α − 1] − f there
    below = 0.0
    for k in range(n):
        value, below = ((alpha - 1 - k - x) * value - k * below) / x, value
    is_near = np.logical_and(np.less(x, _NEAR), np.less_equal(alpha, _DIRECT))
    if is_near.any():
        parts = [(-1) ** j * math.comb(n, j) * _gamma_density(alpha - n + j, x) for j in range(n + 1)]
        value = np.where(is_near, sum(parts[1:], parts[0]), value)
    return value.astype(dtype)


def _gamma_density(alpha: Any, x: Any) -> Any:
    is_small = np.logical_or(np.less_equal(alpha, _DIRECT), np.equal(x, 0))
    y = np.minimum(x, 1e4)  # beyond, the result is 0
    factor = special.rgamma(np.where(is_small, alpha, 1))
    root = np.exp(y * -0.5) * _root(y, np.where(is_small, alpha, 1))
    density = np.where(np.equal(factor, 0), 0, root * (root * factor))
    if is_small.all():
        return density
    return np.where(is_small, density, special._ufuncs._igam_fac(alpha, x) / x)


@array_function
def beta_density(alpha: Any, beta: Any, x: Any, n: int = 0) -> Any:
    """The nth derivative of x**(α − 1)·(1 − x)**(β − 1)/B(α, β), which is that of betainc by x.

    >>> beta_density(1.0, 2.0, np.array([0.0, 0.25]))
    array([2. , 1.5])
    """
    alpha, beta, x, dtype = _wide(alpha, beta, x)
    is_small = np.logical_or(np.less_equal(alpha + beta, _DIRECT), np.equal(x * (1 - x), 0))
    value = _beta_density(alpha, beta, x, 0)
    if not is_small.all():
        value = np.where(is_small, value, _large_beta_density(alpha, beta, x))
    if not n:
        return value.astype(dtype)
    # as for the Gamma distribution
    below, count = 0.0, alpha + beta - 2
    for k in range(n):
        first = (alpha - 1 - k - (count - 2 * k) * x) * value
        value, below = (first - k * (count - k + 1) * below) / (x * (1 - x)), value
    is_near = np.logical_and(is_small, np.less(np.minimum(x, 1 - x), _NEAR))
    if is_near.any():
        parts = [(-1) ** j * math.comb(n, j) * _beta_density(alpha, beta, x, n, j) for j in range(n + 1)]
        value = np.where(is_near, sum(parts[1:], parts[0]), value)
    return value.astype(dtype)


def _beta_density(alpha: Any, beta: Any, x: Any, n: int, j: int = 0) -> Any:
    """Γ(α + β)/(Γ(a)·Γ(b))·x**(a − 1)·(1 − x)**(b − 1) for a = α − n + j, b = β − j."""
    factor = special.gamma(alpha + beta)
    alpha, beta = alpha - n + j, beta - j
    factor = factor * special.rgamma(alpha) * special.rgamma(beta)
    root = _root(x, alpha) * _root(1 - x, beta)
    return np.where(np.equal(factor, 0), 0, root * (root * factor))


def _large_beta_density(alpha: Any, beta: Any, x: Any) -> Any:
    """By Lanczos' approximation of Γ, with powers of what is near 1 where the density is large."""
    lanczos, g = special._ufuncs._lanczos_sum_expg_scaled, 6.024680040776729583740234375 - 0.5
    a, b, c = alpha + g, beta + g, alpha + beta + g

    def log_ratio(difference: Any, ratio: Any) -> Any:
        is_near = np.less(np.absolute(difference), 0.5)
        return np.where(is_near, np.log1p(np.where(is_near, difference, 0)), np.log(ratio))

    exponent = alpha * log_ratio((x * beta - (1 - x) * a) / a, x * (c / a))
    exponent = exponent + beta * log_ratio(((1 - x) * alpha - x * b) / b, (1 - x) * (c / b))
    scale = lanczos(alpha + beta) / (lanczos(alpha) * lanczos(beta)) * np.sqrt(a / c * b / math.e)
    return scale * np.exp(exponent) / x / (1 - x)


def _root(x: Any, y: Any) -> Any:
    """x**((y − 1)/2), where y − 1 is not rounded: below ½ it would be."""
    is_small = np.less(y, 0.5)
    small = np.power(x, y / 2) / np.sqrt(x)
    return np.where(is_small, small, np.power(x, (np.where(is_small, 1, y) - 1) / 2))


def _wide(*operands: Any) -> list[Any]:
    """The operands in double precision, and the dtype of the result: like SciPy's, not float16."""
    dtype = np.promote_types(np.result_type(*operands), np.float32)
    wide = np.promote_types(dtype, np.float64)
    return [*[np.asarray(x, wide) for x in operands], dtype if dtype.kind == "f" else wide]


# entropies, losses, transformations


@array_function
def log_quotient(x: Any, y: Any) -> Any:
    """log(x/y) to full precision, and inf wherever y is 0, also for 0/0: no x > 0 is possible there.

    >>> log_quotient(np.array([1e300, 0.0, 0.0]), np.array([1e-300, 1.0, 0.0]))
    array([1381.55105579,         -inf,           inf])
    """
    is_zero = np.equal(y, 0)
    y = np.where(is_zero, 1, y)
    with np.errstate(all="ignore"):
        ratio = x / y
        info = np.finfo(ratio.dtype)
        is_near = np.less(np.absolute(ratio - 1), 0.5)
        logarithm = np.where(is_near, np.log1p((x - y) / y), np.log(ratio))
        is_far = np.logical_or(np.less(ratio, info.tiny), np.isinf(ratio))
        logarithm = np.where(is_far, np.log(x) - np.log(y), logarithm)
    return np.where(is_zero, np.inf, logarithm)


@array_function
def relative_excess(x: Any, y: Any) -> Any:
    """(y − x)/y, and 1 where x is 0.

    >>> relative_excess(np.array([0.0, 1.0]), np.array([0.0, 4.0]))
    array([1.  , 0.75])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.equal(x, 0), 1, (y - x) / y)


@array_function
def exponential_quotient(x: Any) -> Any:
    """exp(x)/x, the derivative of expi.

    >>> exponential_quotient(np.array([1.0]))
    array([2.71828183])
    """
    return np.exp(x) / x


@array_function
@in_single
def pseudo_huber_slope(delta: Any, r: Any) -> Any:
    """δ·r/√(δ² + r²), the derivative of pseudo_huber by r; 0 at the origin.

    >>> pseudo_huber_slope(np.array([3.0, 1e200]), np.array([4.0, 1e-200]))
    array([2.4e+000, 1.0e-200])
    """
    is_long = np.greater(np.absolute(r), np.absolute(delta))
    cosine, sine = [direction.implementation(*pair) for pair in ((delta, r), (r, delta))]  # type: ignore[attr-defined]
    return np.where(is_long, delta * sine, r * cosine)


@array_function
@in_single
def pseudo_huber_growth(delta: Any, r: Any) -> Any:
    """(s − δ)²/s for s = √(δ² + r²), the derivative of pseudo_huber by δ; 0 at the origin.

    >>> pseudo_huber_growth(np.array([3.0]), np.array([4.0]))
    array([0.8])
    """
    cosine, sine = [direction.implementation(*pair) for pair in ((delta, r), (r, delta))]  # type: ignore[attr-defined]
    return np.absolute(r * sine) * np.square(sine / (1 + cosine))


@array_function
def exponential_moment(x: Any, v: int) -> Any:
    """∫₀¹ tᵛ exp(x t) dt, the v-th derivative of (exp(x) − 1)/x, for v = 0, 1, …

    >>> exponential_moment(np.array([0.0, 1.0]), 1)
    array([0.5, 1. ])
    """
    x = real_numbers(x, "exponential_moment")
    # SciPy's function takes for ever where x is large; there it is exp(x)/x·(1 − v/x + …)
    is_large = np.greater(x, 20 + 4 * v)
    near = special.hyp1f1(v + 1, v + 2, np.where(is_large, 0, x)) / (v + 1)
    if not is_large.any():
        return near
    large = np.where(is_large, x, 1)
    total = 1.0
    for k in range(v):
        total = 1 - (k + 1) / large * total
    root = np.exp(0.5 * large)
    return np.where(is_large, root * (root * (total / large)), near)

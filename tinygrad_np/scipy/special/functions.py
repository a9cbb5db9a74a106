"""What `scipy.special` writes in Python: sums of exponentials, polygammas, spherical functions.

Each is its definition by ufuncs that have rows; the value is SciPy's. The n-th derivatives of
Bessel functions are their sums over neighbouring orders (DLMF 10.6.7, 10.29.5), those of spherical
ones recurrences without a division by z (10.51.2, 10.51.5).
"""

from math import comb, log, pi
from typing import Any

import numpy as np
import scipy.special

from ...core.arrays import cast, real_numbers
from ...core.dispatch import array_function
from ...core.signature import signature
from ...core.table import Row, constant, general, pointwise
from ...rules.composed import composed
from ...rules.logsumexp import logsumexp
from ...rules.special import number
from ..mirror import of

special: Any = scipy.special._ufuncs


def _like(ans: Any, result: Any) -> Any:
    """The result of a definition in the dtype that SciPy gives, which may be a wider one."""
    return cast(result, ans.dtype)


@array_function
def _largest(a: Any, b: Any, axis: Any) -> Any:
    """The largest of those that count, 0 in place of infinite ones."""
    largest = np.max(np.where(np.equal(b, 0), -np.inf, a), axis, keepdims=True)
    return np.where(np.isfinite(largest), largest, 0).astype(np.asarray(a).dtype)


@array_function
def weighted_exponential(b: Any, x: Any) -> Any:
    """b·exp(x), which is 0 where b is, also for infinite exponentials.

    >>> weighted_exponential(np.array([0.0, 2.0]), np.array([1000.0, 0.0]))
    array([0., 2.])
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(np.equal(b, 0), np.zeros_like(x), b * np.exp(x))


def _logsumexp(a: Any, axis: Any, b: Any, keepdims: Any, return_sign: Any, ans: Any) -> Any:
    a = real_numbers(a, "scipy.special.logsumexp")
    if b is None:
        result, sign = logsumexp(a, axis, keepdims), 1.0
    else:
        b = number(b)
        largest = _largest(a, b, axis)
        total = np.sum(weighted_exponential(b, a - largest), axis, keepdims=True)
        result = np.log(np.absolute(total) if return_sign else total) + largest
        result, sign = [x if keepdims else np.squeeze(x, axis) for x in (result, np.sign(total))]
    if not return_sign:
        return _like(ans, result)
    return _like(ans[0], result), sign * np.ones_like(ans[1])


def _log_softmax(x: Any, axis: Any) -> Any:
    x = real_numbers(x, "scipy.special.log_softmax")
    return x - logsumexp(x, axis, keepdims=True)


def _polygamma(n: Any, x: Any) -> Any:
    n = np.asarray(n)
    order = np.where(n == 0, 1.0, n)
    rest = (-1.0) ** (order + 1) * special.gamma(order + 1) * special._zeta(order + 1, x)
    return np.where(n == 0, special.psi(x), rest)


def _multigammaln(a: Any, d: Any, ans: Any) -> Any:
    total = sum(special.gammaln(a - j / 2) for j in range(int(d)))
    return _like(ans, d * (d - 1) * 0.25 * log(pi) + total)


def _diric(x: Any, n: Any) -> Any:
    """Σ cos((k − (n − 1)/2)·x)/n over k < n."""
    n = np.asarray(n)[..., None]
    k = np.arange(max(int(np.max(n, initial=1)), 1))
    waves = np.cos(np.expand_dims(number(x), -1) * (k - (n - 1) / 2))
    return np.sum(np.where(k < n, waves, 0), -1) / n[..., 0]


def _counted(function: Any, top: Any, k: Any, exact: Any, name: str) -> Any:
    if exact:
        raise TypeError(f"scipy.special.{name}: exact=True takes no Tensor; use exact=False")
    top, k = number(top), number(k)
    is_inside = np.logical_and(np.less_equal(k, top), np.greater_equal(k, 0))
    return np.where(is_inside, function(*(np.where(is_inside, x, 0) for x in (top, k))), 0)


def _factorial(n: Any, exact: Any, ans: Any) -> Any:
    if exact:
        raise TypeError("scipy.special.factorial: exact=True takes no Tensor; use exact=False")
    is_inside = np.greater_equal(n, 0)
    return _like(ans, np.where(is_inside, special.gamma(np.where(is_inside, n, 0) + 1), 0))


def _derivative_of_bessel(name: str, ufunc: Any, sign: int, every: int = 1) -> Row:
    """The row of ``jvp(v, z, n=1)`` and its kin, of which the terms alternate for sign −1."""

    def definition(v: Any, z: Any, n: Any, ans: Any) -> Any:
        v = number(v)
        terms = [sign**k * comb(n, k) * ufunc(v - n + 2 * k, z) for k in range(n + 1)]
        return _like(ans, sum(terms[1:], terms[0]) * (every / 2) ** n)

    return composed(
        of(f"special.{name}"), signature("v", "z", n=1), definition, _BY[name], own_value=True
    )


_BY = {name: {"v", "z"} for name in ("jvp", "yvp", "ivp", "kvp")} | {"h1vp": {"z"}, "h2vp": {"z"}}


def _spherical(name: str, sign: int, every: int = 1) -> Row:
    function = of(f"special.{name}")

    def by_z(n: Any, z: Any, derivative: Any, ans: Any) -> Any:
        n = number(n)
        below, above = function(abs(n - 1), z, derivative), function(n + 1, z, derivative)
        return _like(ans, (n * below + sign * (n + 1) * above) * every / (2 * n + 1))

    return pointwise(function, signature("n", "z", derivative=False), z=by_z)


def _value_alone(name: str, diff_n: Any) -> None:
    if diff_n:
        raise ValueError(
            f"scipy.special.{name}: its derivatives (diff_n) have no derivative rule; leave diff_n "
            "out, and differentiate the function itself"
        )


def _legendre(n: Any, z: Any, diff_n: Any, ans: Any) -> Any:
    _value_alone("legendre_p", diff_n)
    return _like(ans, np.reshape(special.eval_legendre(n, z), ans.shape))


# Spherical harmonics: ∂/∂φ is m·i, and ∂/∂θ = (exp(−iφ)·L₊ − exp(iφ)·L₋)/2 with the operators of
# angular momentum, L± Yₙᵐ = √((n ∓ m)(n ± m + 1))·Yₙᵐ⁺¹ or ⁻¹ (DLMF 14.30; Edmonds 1957, 2.5).


def _raised(n: Any, m: Any, theta: Any, phi: Any, sign: int) -> Any:
    factor = np.sqrt(np.maximum((n - sign * m) * (n + sign * m + 1.0), 0))
    return factor * np.exp(-1j * sign * phi) * of("special.sph_harm_y")(n, m + sign, theta, phi)


def _by_theta(n: Any, m: Any, theta: Any, phi: Any) -> Any:
    n, m = np.asarray(n), np.asarray(m)
    return 0.5 * (_raised(n, m, theta, phi, 1) - _raised(n, m, theta, phi, -1))


def _by_phi(m: Any, ans: Any) -> Any:
    return 1j * np.asarray(m) * ans


def _harmonic(n: Any, m: Any, theta: Any, phi: Any, diff_n: Any = 0) -> Any:
    _value_alone("sph_harm_y", diff_n)
    return scipy.special.sph_harm_y(n, m, theta, phi)


ROWS: tuple[Row, ...] = (
    constant(_largest, "the sum does not depend on it"),
    pointwise(weighted_exponential, lambda x: np.exp(x), lambda ans: ans),
    composed(
        of("special.logsumexp"),
        signature("a", axis=None, b=None, keepdims=False, return_sign=False),
        _logsumexp,
        {"a", "b"},
        own_value=True,
        constant_outputs=(1,),
    ),
    composed(
        of("special.softmax"),
        signature("x", axis=None),
        lambda x, axis: np.exp(_log_softmax(x, axis)),
        {"x"},
        own_value=True,
    ),
    composed(
        of("special.log_softmax"), signature("x", axis=None), _log_softmax, {"x"}, own_value=True
    ),
    composed(of("special.polygamma"), signature("n", "x"), _polygamma, {"x"}, own_value=True),
    composed(of("special.multigammaln"), signature("a", "d"), _multigammaln, {"a"}, own_value=True),
    composed(of("special.sinc"), signature("x"), lambda x: np.sinc(x), {"x"}),
    composed(of("special.diric"), signature("x", "n"), _diric, {"x"}, own_value=True),
    composed(
        of("special.comb"),
        signature("N", "k", "*", exact=False, repetition=False, legacy=None),
        lambda N, k, exact, repetition: _counted(  # noqa: N803
            special.binom, N + k - 1 if repetition else N, k, exact, "comb"
        ),
        {"N", "k"},
        own_value=True,
    ),
    composed(
        of("special.perm"),
        signature("N", "k", exact=False),
        lambda N, k, exact: _counted(  # noqa: N803
            lambda n, k: special.poch(n - k + 1, k), N, k, exact, "perm"
        ),
        {"N", "k"},
        own_value=True,
    ),
    composed(
        of("special.factorial"),
        signature("n", exact=False, extend="zero"),
        _factorial,
        {"n"},
        own_value=True,
    ),
    composed(
        of("special.zeta"),
        signature("x", q=None, out=None),
        lambda x, q: special._zeta(x, q),
        {"q"},
    ),
    composed(
        of("special.lambertw"),
        signature("z", k=0, tol=1e-8),
        lambda z, k, tol: special._lambertw(z, np.asarray(k, np.dtype("long")), tol),
        {"z"},
    ),
    composed(
        of("special.assoc_laguerre"),
        signature("x", "n", k=0.0),
        lambda x, n, k: special.eval_genlaguerre(n, k, x),
        {"x"},
    ),
    _derivative_of_bessel("jvp", special.jv, -1),
    _derivative_of_bessel("yvp", special.yv, -1),
    _derivative_of_bessel("ivp", special.iv, 1),
    _derivative_of_bessel("kvp", special.kv, 1, -1),
    _derivative_of_bessel("h1vp", special.hankel1, -1),
    _derivative_of_bessel("h2vp", special.hankel2, -1),
    _spherical("spherical_jn", -1),
    _spherical("spherical_yn", -1),
    _spherical("spherical_in", 1),
    _spherical("spherical_kn", 1, -1),
)
if hasattr(scipy.special, "softplus"):  # since SciPy 1.15
    ROWS += (
        composed(
            of("special.softplus"),
            signature("x"),
            lambda x: np.logaddexp(0, x),
            {"x"},
            own_value=True,
        ),
        composed(
            of("special.legendre_p"),
            signature("n", "z", "*", diff_n=0),
            _legendre,
            {"z"},
            own_value=True,
        ),
        general(
            of("special.sph_harm_y"),
            signature("n", "m", "theta", "phi", "*", diff_n=0),
            theta=(
                lambda g, n, m, theta, phi: np.real(g * _by_theta(n, m, theta, phi)),
                lambda t, n, m, theta, phi: t * _by_theta(n, m, theta, phi),
            ),
            phi=(
                lambda g, m, ans: np.real(g * _by_phi(m, ans)),
                lambda t, m, ans: t * _by_phi(m, ans),
            ),
            kernel=_harmonic,
            broadcasts=True,
        ),
    )

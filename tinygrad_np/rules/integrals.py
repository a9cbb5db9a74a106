"""Integrals of elementary functions: sine, Fresnel's, Airy's, Dawson's, Faddeeva's, elliptic ones.

Elliptic integrals by their parameter are Carlson's (DLMF 19.18, 19.25), and what these are by
their arguments `carlson` gives: it integrates ∏(t + xᵢ)^−pᵢ over t > 0, and its own derivatives are
the same with another exponent, so that nothing cancels where arguments are equal.

Formulas: NIST Digital Library of Mathematical Functions, chapters 6, 7, 8, 9 and 19; Owen (1956).
"""

from math import pi, sqrt
from typing import Any

import numpy as np
import scipy.special

from ..core.arrays import Array
from ..core.dispatch import array_function
from ..core.signature import signature
from ..core.table import Row, general, pointwise
from .incomplete import in_blocks, in_double
from .special import gaussian, number, whole

special: Any = scipy.special._ufuncs

_FAR = 7.0
_TERMS = 30  # of a series whose terms decrease up to there, at _FAR


@array_function
def faddeeva_rest(z: Any) -> Any:
    """1 + i√π·z·w(z), far out in the upper half plane by the series of w (DLMF 7.12.1).

    >>> faddeeva_rest(np.array([0.0, 1e6])).real
    array([ 1.e+00, -5.e-13])
    """
    wide = np.asarray(z, np.complex128)
    is_far = (np.absolute(wide) > _FAR) & (wide.imag >= 0)
    near = np.where(is_far, 0, wide)
    far = np.where(is_far, wide, _FAR)
    u = 0.5 / far / far
    series = np.zeros_like(u)
    for k in range(_TERMS, 0, -1):
        series = (2 * k - 1) * u * (1 + series)
    rest = np.where(is_far, -series, 1 + 1j * sqrt(pi) * near * special.wofz(near))
    return rest.astype(np.result_type(np.complex64, z))


def _dawson_slope(x: Any, ans: Any) -> Any:
    if ans.dtype.kind == "c":
        return 1 - 2 * x * ans
    return in_double(lambda x: np.real(faddeeva_rest(x + 0j)), ans, x)


def _voigt_slope(x: Any, sigma: Any, gamma: Any) -> Any:
    """∂V/∂x − i ∂V/∂γ for V = Re w(z)/(σ√2π), z = (x + iγ)/(σ√2); for σ = 0 of Lorentz's."""
    is_zero = np.equal(sigma, 0)
    width = np.where(is_zero, 1, sigma)
    place = x + 1j * gamma
    slope = 1j * faddeeva_rest(place / (width * sqrt(2))) / (pi * width * width)
    return np.where(is_zero, -1j / (pi * np.where(is_zero, place, 1) ** 2), slope)


def _voigt_by_sigma(x: Any, sigma: Any, gamma: Any, ans: Any) -> Any:
    """From V, which is homogeneous of degree −1; 0 where σ is 0."""
    is_zero = np.equal(sigma, 0)
    slope = _voigt_slope(x, sigma, gamma)
    total = ans + x * np.real(slope) - gamma * np.imag(slope)
    return np.where(is_zero, 0, -total / np.where(is_zero, 1, sigma))


def _expn_slope(n: Any, x: Any) -> Any:
    n = whole(n)
    ends = -np.exp(-x) * (1 + 1 / x) / x
    return np.where(np.equal(n, 0), ends, -special.expn(abs(n - 1), x))


def _owens_by_first(h: Any, a: Any) -> Any:
    return gaussian(h, 0.5) * special.erf(h * a * sqrt(0.5)) * (-0.5 / sqrt(2 * pi))


def _owens_by_second(h: Any, a: Any) -> Any:
    return gaussian(h, 0.5) * gaussian(h * a, 0.5) / (2 * pi * (1 + a * a))


def _spence_slope(x: Any) -> Any:
    """log(x)/(1 − x), for real numbers without the differences near 1."""
    if x.dtype.kind == "c":
        return np.log(x) / (1 - x)
    return -1 / special.exprel(np.log(x))


def _real_airye(x: Array, **kwargs: Any) -> Any:
    if np.iscomplexobj(x):
        raise TypeError("scipy.special.airye: is not analytic; no rule for complex numbers")
    return special.airye(x, **kwargs)


# elliptic integrals


@array_function
def carlson(x: Any, y: Any, z: Any, w: Any, p: float, q: float, r: float, s: float) -> Any:
    """∫₀^∞ (t + x)^−p (t + y)^−q (t + z)^−r (t + w)^−s dt.

    >>> carlson(np.array(1.0), 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.0)  # ∫ (t + 1)^−1.5
    array(2.)
    """
    return in_blocks(_carlson, [x, y, z, w], p, q, r, s)


_STEPS = np.linspace(-4.6, 4.6, 185)


def _carlson(x: Array, y: Array, z: Array, w: Array, *powers: float) -> Any:
    """In t = m·exp(π/2·sinh u), m the geometric mean of the largest and the smallest argument."""
    used = [a for a, p in zip((x, y, z, w), powers, strict=True) if p]
    low = np.min([np.where(a > 0, a, np.inf) for a in used], axis=0)
    middle = np.sqrt(low) * np.sqrt(np.max(used, axis=0))
    t = middle[:, None] * np.exp(pi / 2 * np.sinh(_STEPS))
    parts = t * np.cosh(_STEPS)
    for a, p in zip((x, y, z, w), powers, strict=True):
        if p:
            parts = parts * (t + a[:, None]) ** -p
    step = _STEPS[1] - _STEPS[0]
    total = np.sum(np.where(np.isfinite(parts), parts, 0), -1) * (pi / 2 * step)
    at_zero = sum(p * (a == 0) for a, p in zip((x, y, z, w), powers, strict=True))
    total = np.where(at_zero < 1, total, np.inf)
    return np.where(np.any([a < 0 for a in used], axis=0), np.nan, total)


def _carlson_factor(place: int) -> Any:
    def factor(x: Any, y: Any, z: Any, w: Any, p: Any, q: Any, r: Any, s: Any) -> Any:
        powers = [p, q, r, s]
        power = powers[place]
        powers[place] = power + 1
        return -power * carlson(x, y, z, w, *powers)

    return factor


def _rd_by_first(x: Any, y: Any, z: Any) -> Any:
    return -0.75 * carlson(x, y, z, 1.0, 1.5, 0.5, 1.5, 0.0)


def _rj_by_first(x: Any, y: Any, z: Any, w: Any) -> Any:
    return -0.75 * carlson(x, y, z, w, 1.5, 0.5, 0.5, 1.0)


def k_slope(m: Any) -> Any:
    """dK/dm"""
    return special.elliprd(0.0, 1.0, 1 - m) / 6


def _e_slope(m: Any) -> Any:
    return -special.elliprd(0.0, 1 - m, 1.0) / 6


def _legendre(phi: Any, m: Any, last: bool) -> Any:
    """s³R_D/6 for the part of φ in ±π/2, and how many whole periods are beside it."""
    turns = np.round(np.asarray(phi) / pi) if type(phi) is float else np.round(phi / pi)
    rest = phi - turns * pi
    sine, cosine = np.sin(rest), np.cos(rest)
    delta = 1 - m * sine * sine
    one = np.ones_like(delta)
    pair = (delta, one) if last else (one, delta)
    return turns, sine**3 * special.elliprd(cosine * cosine, *pair) / 6


def f_by_m(phi: Any, m: Any) -> Any:
    """∂F(φ, m)/∂m"""
    turns, part = _legendre(phi, m, last=False)
    return part + np.where(np.equal(turns, 0), 0, 2 * turns * k_slope(m))


def _e_by_m(phi: Any, m: Any) -> Any:
    turns, part = _legendre(phi, m, last=True)
    return -part + np.where(np.equal(turns, 0), 0, 2 * turns * _e_slope(m))


def _delta(phi: Any, m: Any) -> Any:
    return np.sqrt(1 - m * np.square(np.sin(phi)))


def _jacobi_by_m(m: Any, ans: Any) -> list[Any]:
    """From F(φ, m) = u."""
    sn, cn, dn, phi = ans
    m = number(m, phi)
    turn = -dn * f_by_m(phi, m)
    return [cn * turn, -sn * turn, -(sn * sn + 2 * m * sn * cn * turn) / (2 * dn), turn]


def _jacobi_by_u(m: Any, ans: Any) -> list[Any]:
    sn, cn, dn, _ = ans
    m = number(m, sn)
    return [cn * dn, -sn * dn, -m * sn * cn, dn]


def _airy(x: Any, ans: Any) -> list[Any]:
    return [ans[1], x * ans[0], ans[3], x * ans[2]]


def _airye(x: Any, ans: Any) -> list[Any]:
    """The first two are nan for x < 0, and the others are not scaled."""
    root = np.sqrt(np.maximum(x, 0))
    return [
        ans[1] + root * ans[0],
        x * ans[0] + root * ans[1],
        ans[3] - root * ans[2],
        x * ans[2] - root * ans[3],
    ]


def _sine(x: Any, ans: Any) -> list[Any]:
    return [np.sinc(x / pi), np.cos(x) / x]


def _hyperbolic(x: Any, ans: Any) -> list[Any]:
    if x.dtype.kind == "c":
        return [np.sinh(x) / x, np.cosh(x) / x]
    return [0.5 * (special.exprel(x) + special.exprel(-x)), np.cosh(x) / x]


def _fresnel(x: Any, ans: Any) -> list[Any]:
    return [np.sin(pi / 2 * x * x), np.cos(pi / 2 * x * x)]


def _weighted(g: Any, slopes: list[Any]) -> Any:
    """Σ g·slope, without those that nothing depends on, which may be infinite."""
    return sum(a * b for a, b in zip(g, slopes, strict=True) if a is not None)


def _pair(slopes: Any) -> tuple[Any, Any]:
    """vjp and jvp of several results, whose derivatives `slopes` gives of what the rules need."""
    return lambda g, x, ans: _weighted(g, slopes(x, ans)), lambda t, x, ans: [
        t * s for s in slopes(x, ans)
    ]


def _several(ufunc: Any, slopes: Any, **options: Any) -> Row:
    return general(
        ufunc,
        signature("x"),
        _pair(slopes),
        constant_outputs=(),
        none_cotangents=True,
        broadcasts=True,
        **options,
    )


ROWS: tuple[Row, ...] = (
    pointwise(
        faddeeva_rest,
        lambda z, ans: 1j * sqrt(pi) * special.wofz(z) - 2 * z * ans,
        analytic=True,
    ),
    pointwise(special.wofz, lambda x: 2j / sqrt(pi) * faddeeva_rest(x), analytic=True),
    pointwise(special.dawsn, _dawson_slope),
    pointwise(
        special.voigt_profile,
        lambda x, y, z, ans: in_double(lambda *at: np.real(_voigt_slope(*at)), ans, x, y, z),
        lambda x, y, z, ans: in_double(_voigt_by_sigma, ans, x, y, z, ans),
        lambda x, y, z, ans: in_double(lambda *at: -np.imag(_voigt_slope(*at)), ans, x, y, z),
    ),
    pointwise(special.expn, signature("n", "x", dtype=None), x=_expn_slope),
    pointwise(special.spence, _spence_slope),
    pointwise(
        special.owens_t,
        lambda x, y, ans: in_double(_owens_by_first, ans, x, y),
        lambda x, y, ans: in_double(_owens_by_second, ans, x, y),
    ),
    pointwise(special.itstruve0, lambda x, ans: in_double(lambda x: special.struve(0, x), ans, x)),
    pointwise(
        special.itmodstruve0, lambda x, ans: in_double(lambda x: special.modstruve(0, x), ans, x)
    ),
    _several(special.sici, _sine),
    _several(special.shichi, _hyperbolic),
    _several(special.fresnel, _fresnel),
    _several(special.airy, _airy),
    _several(special.airye, _airye, kernel=_real_airye),
    pointwise(carlson, *[_carlson_factor(place) for place in range(4)]),
    pointwise(
        special.elliprf,
        lambda x, y, z: special.elliprd(y, z, x) / -6,
        lambda x, y, z: special.elliprd(x, z, y) / -6,
        lambda x, y, z: special.elliprd(x, y, z) / -6,
    ),
    pointwise(
        special.elliprd,
        lambda x, y, z, ans: in_double(_rd_by_first, ans, x, y, z),
        lambda x, y, z, ans: in_double(_rd_by_first, ans, y, x, z),
        lambda x, y, z, ans: in_double(
            lambda x, y, z: -2.25 * carlson(x, y, z, 1.0, 0.5, 0.5, 2.5, 0.0), ans, x, y, z
        ),
    ),
    pointwise(
        special.elliprc,
        lambda x, y: special.elliprd(y, y, x) / -6,
        lambda x, y: special.elliprd(x, y, y) / -3,
    ),
    pointwise(
        special.elliprj,
        signature("x", "y", "z", "w", dtype=None),
        lambda x, y, z, w, ans: in_double(_rj_by_first, ans, x, y, z, w),
        lambda x, y, z, w, ans: in_double(_rj_by_first, ans, y, x, z, w),
        lambda x, y, z, w, ans: in_double(_rj_by_first, ans, z, y, x, w),
        lambda x, y, z, w, ans: in_double(
            lambda x, y, z, w: -1.5 * carlson(x, y, z, w, 0.5, 0.5, 0.5, 2.0), ans, x, y, z, w
        ),
    ),
    pointwise(special.ellipk, lambda x: k_slope(x)),
    pointwise(special.ellipkm1, lambda x: special.elliprd(0.0, 1.0, x) / -6),
    pointwise(special.ellipe, lambda x: _e_slope(x)),
    general(
        special.ellipj,
        signature("u", "x"),
        _pair(_jacobi_by_u),
        _pair(_jacobi_by_m),
        constant_outputs=(),
        none_cotangents=True,
        broadcasts=True,
    ),
    pointwise(special.ellipkinc, lambda x, y: 1 / _delta(x, y), lambda x, y: f_by_m(x, y)),
    pointwise(special.ellipeinc, lambda x, y: _delta(x, y), lambda x, y: _e_by_m(x, y)),
)

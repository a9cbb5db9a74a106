"""Hypergeometric functions by their argument, orthogonal polynomials, quotients of Gamma functions.

Parameters and degrees have no rule, nor have what is defined by them.

Formulas: NIST Digital Library of Mathematical Functions, chapters 4, 5, 13, 15, 18, 19.
"""

from math import pi
from typing import Any

import numpy as np
import scipy
import scipy.special

from ..core.arrays import cast
from ..core.signature import signature
from ..core.table import Row, pointwise
from .integrals import k_slope
from .special import number

special: Any = scipy.special._ufuncs
_HAS_WRONG_HYP1F1 = tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 14)


def _rgamma_slope(x: Any, ans: Any) -> Any:
    """−ψ(x)/Γ(x), left of ½ by reflection, which is finite at the poles of ψ (DLMF 5.5.3)."""
    is_left = np.less(np.real(x), 0.5)
    left, right = np.where(is_left, x, 0), np.where(is_left, 1, x)
    if ans.dtype.kind == "c":
        cosine, sine = np.cos(pi * left), np.sin(pi * left)
    else:
        cosine, sine = special.cosdg(180 * left), special.sindg(180 * left)
    reflected = special.gamma(1 - left) * (cosine - special.psi(1 - left) * sine / pi)
    return np.where(is_left, reflected, -special.psi(right) * special.rgamma(right))


def _degree(n: Any) -> Any:
    """A list as an array, unsigned numbers as signed ones: some polynomials take no others."""
    n = np.asarray(n) if isinstance(n, (list, tuple)) else n
    return n.astype(np.int64) if getattr(n, "dtype", np.dtype(float)).kind in "bu" else n


def _below(n: Any) -> Any:
    """n − 1, or 1 for n = 0: there the polynomial is constant."""
    if isinstance(n, (int, float)):
        return n - 1 if n else 1
    return np.where(np.equal(n, 0), 1, n - 1)


def _polynomial(function: Any, slope: Any) -> Row:
    """The row of f(n, x) by x, for degrees n ≥ 0: `slope` is of (n, n − 1, x)."""

    def by_x(n: Any, x: Any) -> Any:
        n = _degree(n)
        return np.where(np.equal(n, 0), 0, slope(n, _below(n), x))

    return pointwise(function, signature("n", "x", dtype=None), x=by_x)


def _jacobi_slope(n: Any, a: Any, b: Any, x: Any) -> Any:
    n, a, b = _degree(n), number(a), number(b)
    slope = 0.5 * (n + a + b + 1) * special.eval_jacobi(_below(n), a + 1, b + 1, x)
    return np.where(np.equal(n, 0), 0, slope)


def _shifted_jacobi_slope(n: Any, p: Any, q: Any, x: Any) -> Any:
    n, p, q = _degree(n), number(p), number(q)
    return np.where(np.equal(n, 0), 0, n * special.eval_sh_jacobi(_below(n), p + 2, q + 1, x))


def _gegenbauer_slope(n: Any, a: Any, x: Any) -> Any:
    n, a = _degree(n), number(a)
    return np.where(np.equal(n, 0), 0, 2 * a * special.eval_gegenbauer(_below(n), a + 1, x))


def _laguerre_slope(n: Any, a: Any, x: Any) -> Any:
    n, a = _degree(n), number(a)
    return np.where(np.equal(n, 0), 0, -special.eval_genlaguerre(_below(n), a + 1, x))


def _1f1_slope(a: Any, b: Any, x: Any) -> Any:
    a, b = number(a), number(b)
    return a / b * special.hyp1f1(a + 1, b + 1, x)


def _hyp1f1(a: Any, b: Any, x: Any, **kwargs: Any) -> Any:
    if _HAS_WRONG_HYP1F1 and np.iscomplexobj(x):
        raise TypeError(
            "scipy.special.hyp1f1: of complex numbers SciPy before 1.14 gives wrong values; use a "
            "newer one"
        )
    return special.hyp1f1(a, b, x, **kwargs)


def _2f1_slope(a: Any, b: Any, c: Any, z: Any) -> Any:
    a, b, c = number(a), number(b), number(c)
    return a * b / c * special.hyp2f1(a + 1, b + 1, c + 1, z)


def _0f1_slope(v: Any, z: Any) -> Any:
    v = number(v)
    return special.hyp0f1(v + 1, z) / v


def _u_slope(a: Any, b: Any, x: Any) -> Any:
    a, b = number(a), number(b)
    return -a * special.hyperu(a + 1, b + 1, x)


def _mean_slope(x: Any, y: Any, ans: Any) -> Any:
    """By x: from M = π(x + y)/(4K(m)), m = ((x − y)/(x + y))² (DLMF 19.8.6); 0 is an end."""
    is_end = np.equal(ans, 0)
    ends = cast(np.where(np.equal(x, 0), np.inf, 0.0), ans.dtype)
    x, y = np.where(is_end, 1, x), np.where(is_end, 1, y)
    total = x + y
    m = np.square((x - y) / total)
    rate = 16 / pi * y * (x - y) / (total * total) * k_slope(m) * ans / total
    return np.where(is_end, ends, ans / total * (1 - rate))


ROWS: tuple[Row, ...] = (
    pointwise(special.rgamma, _rgamma_slope),
    pointwise(
        special.poch,
        signature("z", "m", dtype=None),
        lambda z, m, ans: ans * (special.psi(z + m) - special.psi(z)),
        lambda z, m, ans: ans * special.psi(z + m),
    ),
    pointwise(
        special.binom,
        lambda x, y, ans: ans * (special.psi(x + 1) - special.psi(x - y + 1)),
        lambda x, y, ans: ans * (special.psi(x - y + 1) - special.psi(y + 1)),
    ),
    pointwise(
        special.powm1,
        lambda x, y: y * np.power(x, number(y, x) - 1),
        lambda x, y, ans: special.xlogy(ans + 1, x),
    ),
    pointwise(special.hyp0f1, signature("v", "z", dtype=None), z=_0f1_slope),
    pointwise(special.hyp1f1, signature("a", "b", "x", dtype=None), x=_1f1_slope, kernel=_hyp1f1),
    pointwise(special.hyp2f1, signature("a", "b", "c", "z", dtype=None), z=_2f1_slope),
    pointwise(special.hyperu, signature("a", "b", "x", dtype=None), x=_u_slope),
    pointwise(
        special.wright_bessel,
        signature("a", "b", "x", dtype=None),
        x=lambda a, b, x: special.wright_bessel(a, number(a) + number(b), x),
    ),
    pointwise(
        special._lambertw,
        signature("z", "k", "tol", dtype=None),
        z=lambda ans: np.exp(-ans) / (1 + ans),
    ),
    pointwise(special.wrightomega, lambda ans: np.where(np.isinf(ans), 1, ans / (1 + ans))),
    pointwise(
        special.agm,
        lambda x, y, ans: _mean_slope(x, y, ans),
        lambda x, y, ans: _mean_slope(y, x, ans),
    ),
    # polynomials (DLMF 18.9.15 to 18.9.27)
    pointwise(special.eval_jacobi, signature("n", "a", "b", "x", dtype=None), x=_jacobi_slope),
    pointwise(
        special.eval_sh_jacobi, signature("n", "p", "q", "x", dtype=None), x=_shifted_jacobi_slope
    ),
    pointwise(special.eval_gegenbauer, signature("n", "a", "x", dtype=None), x=_gegenbauer_slope),
    pointwise(special.eval_genlaguerre, signature("n", "a", "x", dtype=None), x=_laguerre_slope),
    _polynomial(
        special.eval_legendre, lambda n, m, x: 0.5 * (n + 1) * special.eval_jacobi(m, 1, 1, x)
    ),
    _polynomial(
        special.eval_sh_legendre,
        lambda n, m, x: (n + 1) * special.eval_jacobi(m, 1, 1, 2 * x - 1),
    ),
    _polynomial(special.eval_chebyt, lambda n, m, x: n * special.eval_chebyu(m, x)),
    _polynomial(special.eval_chebyu, lambda n, m, x: 2 * special.eval_gegenbauer(m, 2, x)),
    _polynomial(special.eval_chebyc, lambda n, m, x: n * special.eval_chebys(m, x)),
    _polynomial(special.eval_chebys, lambda n, m, x: special.eval_gegenbauer(m, 2, x / 2)),
    _polynomial(special.eval_sh_chebyt, lambda n, m, x: 2 * n * special.eval_sh_chebyu(m, x)),
    _polynomial(
        special.eval_sh_chebyu, lambda n, m, x: 4 * special.eval_gegenbauer(m, 2, 2 * x - 1)
    ),
    _polynomial(special.eval_laguerre, lambda n, m, x: -special.eval_genlaguerre(m, 1, x)),
    _polynomial(special.eval_hermite, lambda n, m, x: 2 * n * special.eval_hermite(m, x)),
    _polynomial(special.eval_hermitenorm, lambda n, m, x: n * special.eval_hermitenorm(m, x)),
)

"""Polynomials as NumPy's old functions have them: an array of coefficients, the highest first.

Policy: a leading coefficient that is exactly 0 is dropped by `polymul`, as NumPy does, and has
gradient 0 there. A root that is not simple has an infinite derivative, honestly.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.arrays import Array, as_array, cast
from ..core.signature import signature
from ..core.table import Row, general
from .composed import composed
from .constants import on_values


def _coefficients(p: Any, function: str) -> Any:
    """`p` as an array of one dimension or more; a poly1d computes with arrays of its own."""
    if isinstance(p, np.poly1d):
        raise TypeError(f"np.{function}: takes no poly1d beside a Tensor; pass its coefficients")
    p = as_array(p)
    return p if p.ndim else p.reshape(1)


def _polyval(p: Any, x: Array) -> Any:
    """Horner's rule: ((p₀·x + p₁)·x + p₂)·x + …"""
    if isinstance(x, np.poly1d):
        raise TypeError("np.polyval: a Tensor's polynomial takes numbers, not a poly1d")
    x = as_array(x)
    y = np.zeros_like(x)
    for coefficient in _coefficients(p, "polyval"):
        y = y * x + coefficient
    return y


def _aligned(a1: Any, a2: Any, function: str) -> list[Any]:
    """Both with as many coefficients, zeros in front."""
    pair = [_coefficients(p, function) for p in (a1, a2)]
    size = max(map(len, pair))
    return [np.concatenate([np.zeros(size - len(p), p.dtype), p]) for p in pair]


def _added(function: Callable[..., Any], ufunc: Any) -> Row:
    """The row of a sum or difference of polynomials: that of their coefficients."""

    def definition(a1: Any, a2: Any) -> Any:
        return ufunc(*_aligned(a1, a2, function.__name__))

    return composed(function, signature("a1", "a2"), definition, {"a1", "a2"}, analytic=True)


def _polymul(a1: Any, a2: Any) -> Any:
    factors = []
    for p in (a1, a2):
        p = _coefficients(p, "polymul")
        first = np.flatnonzero(p)[:1].tolist()
        factors.append(p[first[0] if first else -1 :])
    return np.convolve(*factors)


def _polydiv(u: Array, v: Array, ans: Any) -> Any:
    """Long division: (quotient, remainder)."""
    u, v = _coefficients(u, "polydiv"), _coefficients(v, "polydiv")
    rest = cast(u, ans[0].dtype)
    parts = []
    for k in range(len(u) - len(v) + 1):
        part = rest[k] / v[0]
        parts.append(part)
        used = rest[k : k + len(v)] - part * v
        rest = np.concatenate([rest[:k], used, rest[k + len(v) :]])
    # what is zero in front has been left out
    return np.stack(parts) if parts else ans[0], rest[len(rest) - len(ans[1]) :]


def _polyder(p: Any, m: Any) -> Any:
    p = _coefficients(p, "polyder")
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


def _polyint(p: Any, m: Any, k: Any) -> Any:
    p, k = _coefficients(p, "polyint"), _coefficients(0.0 if k is None else k, "polyint")
    for i in range(m):
        one = k[i : i + 1] if len(k) > 1 else k
        p = np.concatenate([p / np.arange(len(p), 0, -1), one])
    return p


def _poly(seq_of_zeros: Any, ans: Any) -> Any:
    zeros = _coefficients(seq_of_zeros, "poly")
    zeros = np.linalg.eigvals(zeros) if zeros.ndim == 2 else zeros
    result = one = np.ones(1)
    for i in range(len(zeros)):
        result = np.convolve(result, np.concatenate([one, -zeros[i : i + 1]]))
    return cast(result, np.result_type(ans))


def _root_slopes(p: Any, roots: Any) -> Any:
    """p′ at the roots."""
    return cast(np.polyval(np.polyder(p), roots), roots.dtype)


def _roots_vjp(g: Array, ans: Array, p: Any) -> Any:
    """p(r) = 0 as p and r move: dr = −Σₖ rⁿ⁻ᵏ dpₖ / p′(r)."""
    powers = cast(np.vander(ans, len(p)), ans.dtype)
    return -np.dot(g / _root_slopes(p, ans), powers)


def _roots_jvp(t: Array, ans: Array, p: Any) -> Any:
    return -np.polyval(t, ans) / _root_slopes(p, ans)


def _vander(x: Array, increasing: Any, ans: Array) -> Any:
    powers = np.power(cast(as_array(x), ans.dtype)[:, None], np.arange(ans.shape[1]))
    return cast(powers if increasing else powers[:, ::-1], ans.dtype)


def _polyfit_kernel(
    x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False
) -> Any:
    if full or cov:
        raise TypeError(
            "np.polyfit: full=True and cov=True have no derivative rule; compute the residuals "
            "with np.polyval, or use np.linalg.lstsq"
        )
    coefficients, _, rank, _, _ = np.polyfit(x, y, deg, rcond, True, w)
    if rank <= deg:
        raise ValueError(
            f"np.polyfit: {len(x)} points of rank {rank} do not determine {deg + 1} coefficients, "
            "so that these have no derivative; lower the degree"
        )
    return coefficients


def _polyfit(x: Array, y: Array, deg: Any, rcond: Any, w: Array, ans: Array) -> Any:
    """The coefficients found, and the fit of what they leave of `y`, which is zero.

    So the derivative has the digits of the residuals, which may be small. As NumPy does it, the
    columns of Vandermonde's matrix are scaled.
    """
    x, y = as_array(x) + 0.0, as_array(y) + 0.0
    matrix = np.vander(x, deg + 1)
    residuals = y - np.dot(matrix, ans)
    if w is not None:
        w = as_array(w) + 0.0
        matrix = matrix * w.reshape(-1, 1)
        residuals = residuals * w.reshape((-1,) + (1,) * (y.ndim - 1))
    scale = on_values(np.linalg.norm, matrix, None, 0)
    rcond = len(x) * np.finfo(x.dtype).eps if rcond is None else rcond
    rest = np.linalg.lstsq(matrix / scale, residuals, rcond)[0]
    return ans + rest / scale.reshape((-1,) + (1,) * (y.ndim - 1))


ROWS = (
    composed(np.polyval, signature("p", "x"), _polyval, {"p", "x"}, analytic=True),
    _added(np.polyadd, np.add),
    _added(np.polysub, np.subtract),
    composed(np.polymul, signature("a1", "a2"), _polymul, {"a1", "a2"}, analytic=True),
    composed(np.polydiv, signature("u", "v"), _polydiv, {"u", "v"}, own_value=True),
    composed(np.polyder, signature("p", m=1), _polyder, {"p"}, analytic=True, own_value=True),
    composed(
        np.polyint, signature("p", m=1, k=None), _polyint, {"p", "k"}, analytic=True, own_value=True
    ),
    composed(np.poly, signature("seq_of_zeros"), _poly, {"seq_of_zeros"}, own_value=True),
    composed(
        np.vander,
        signature("x", N=None, increasing=False),
        _vander,
        {"x"},
        analytic=True,
        own_value=True,
    ),
    general(np.roots, signature("p"), (_roots_vjp, _roots_jvp)),
    composed(
        np.polyfit,
        signature("x", "y", "deg", rcond=None, full=False, w=None, cov=False),
        _polyfit,
        {"x", "y", "w"},
        own_value=True,
        kernel=_polyfit_kernel,
        real={"w": ()},
    ),
)

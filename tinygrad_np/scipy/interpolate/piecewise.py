"""Piecewise polynomials: cubic splines, their shape-preserving kin, and `PPoly` itself.

A spline's coefficients are text of the slopes at its knots, in powers of the distance from the knot
before (C. de Boor, A Practical Guide to Splines, 2001, chapter IV). The slopes of `CubicSpline`
solve a tridiagonal system, which is solved as a sparse one: n knots cost O(n) time and memory. The
slopes of `PchipInterpolator` (Fritsch and Butland, SIAM J. Sci. Stat. Comput. 5, 1984) and
`Akima1DInterpolator` (H. Akima, J. ACM 17, 1970) are text of the three or five points around.

Values and coefficients are SciPy's own. All operands have a derivative: the knots, the values, the
derivatives at the ends, and the points. Policy: at a knot a polynomial is that of the piece after
it; where SciPy sets a slope of `PchipInterpolator` to 0, it has the derivative 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import interpolate, sparse
from scipy.sparse import linalg

from ...core.arrays import Array, cast
from ...core.dispatch import array_function
from ...core.rules import scatter_add
from ...core.signature import signature
from ...core.table import general
from ...rules.composed import composed
from ...rules.nested import array
from ..mirror import holds_tensor
from .holders import column, number
from .polynomials import PolynomialAtTensors


@array_function
def sparse_solve(data: Any, b: Any, rows: Any, columns: Any) -> Any:
    """The solution s of A s = b, where A has `data` at (rows, columns), added up.

    >>> sparse_solve(np.array([2.0, 4.0]), np.array([[2.0], [2.0]]), [0, 1], [0, 1]).ravel()
    array([1. , 0.5])
    """
    a = sparse.csc_matrix((np.asarray(data, b.dtype), (rows, columns)), (len(b), len(b)))
    try:
        return linalg.splu(a).solve(np.ascontiguousarray(b))
    except RuntimeError:
        raise np.linalg.LinAlgError("sparse_solve: the system is singular") from None


def _by_data(g: Array, data: Array, rows: Any, columns: Any, ans: Array) -> Any:
    given = sparse_solve(data, g, columns, rows)
    return -cast(np.sum(given[rows] * ans[columns], 1), data.dtype)


def _along_data(t: Array, data: Array, rows: Any, columns: Any, ans: Array) -> Any:
    moved = scatter_add(column(t, 2) * ans[columns], rows, ans.shape)
    return -sparse_solve(data, moved, rows, columns)


# A function here gives the coefficients (4, n − 1, …) of the polynomials between n knots.


@array_function
def hermite_coefficients(x: Any, y: Any, dydx: Any) -> Any:
    """The coefficients of `CubicHermiteSpline`, from the slopes."""
    return interpolate.CubicHermiteSpline(x, y, dydx).c


def _hermite(x: Any, y: Any, dydx: Any) -> Any:
    x, y, s = number(x), number(y), number(dydx)
    h = column(np.diff(x), y.ndim)
    slope = np.diff(y, axis=0) / h
    t = (s[:-1] + s[1:] - 2 * slope) / h
    return np.stack([t / h, (slope - s[:-1]) / h - t, s[:-1] + 0 * t, y[:-1] + 0 * t])


@array_function
def cubic_coefficients(x: Any, y: Any, start: Any, end: Any, kinds: Any) -> Any:
    """The coefficients of `CubicSpline`; `kinds` says what is known at each end.

    "not-a-knot", "periodic", or the order of the derivative whose value is `start` or `end`.
    """
    ends = zip(kinds, (start, end), strict=True)
    pairs = [kind if isinstance(kind, str) else (kind, value) for kind, value in ends]
    bc_type: Any = "periodic" if "periodic" in kinds else tuple(pairs)
    return interpolate.CubicSpline(x, y, bc_type=bc_type).c


def _end(kind: Any, h: Any, slope: Any, value: Any, sign: float) -> tuple[Any, Any, Any]:
    """(a, b, r) of a s₀ + b s₁ = r for the slopes at the first knot and the next one.

    `h` and `slope` are those of the first intervals; at the other end they come in reverse order.
    """
    if kind == "parabola":
        return 1.0, 1.0, 2 * slope[0]
    if kind == "not-a-knot" and len(h) == 1:
        return 1.0, 0.0, slope[0]
    if kind == "not-a-knot":
        d = h[0] + h[1]
        return h[1], d, ((h[0] + 2 * d) * h[1] * slope[0] + h[0] * h[0] * slope[1]) / d
    if kind == 1:
        return 1.0, 0.0, value
    return 2 * h[0], h[0], 3 * h[0] * slope[0] + sign * value * h[0] * h[0] / 2


def _cubic(x: Any, y: Any, start: Any, end: Any, kinds: Any) -> Any:
    """The slopes that make the second derivative continuous, and what is known at the ends."""
    x, y = number(x), number(y)
    shape, n = y.shape, len(y)
    y = y.reshape(n, -1)
    h = np.diff(x)
    slope = np.diff(y, axis=0) / column(h, 2)
    if "periodic" in kinds:
        i = np.arange(n - 1)
        before, after = h[i - 1], h
        right = 3 * (column(after, 2) * slope[i - 1] + column(before, 2) * slope)
        left, near, upper = after, 2 * (before + after), before
        data = np.concatenate([left, near, upper])
        rows, columns = np.tile(i, 3), np.concatenate([i - 1, i, i + 1]) % (n - 1)
        s = sparse_solve(data, right, rows, columns)
        return _hermite(x, y, np.concatenate([s, s[:1]])).reshape(4, n - 1, *shape[1:])
    if n == 3 and kinds[0] == kinds[1] == "not-a-knot":  # one condition, given twice
        kinds = ("parabola", "parabola")
    one, other = [
        _end(kind, h[::step], slope[::step], None if v is None else number(v).reshape(-1), -step)
        for kind, v, step in zip(kinds, (start, end), (1, -1), strict=True)
    ]
    i = np.arange(1, n - 1)
    right = 3 * (column(h[1:], 2) * slope[:-1] + column(h[:-1], 2) * slope[1:])
    parts = [one[:2], h[1:], 2 * (h[:-1] + h[1:]), h[:-1], other[:2]]
    data = np.concatenate([array(list(part)) if type(part) is tuple else part for part in parts])
    ends = [np.reshape(r + np.zeros(y.shape[1]), (1, -1)) for r in (one[2], other[2])]
    rows = np.concatenate([[0, 0], i, i, i, [n - 1, n - 1]])
    columns = np.concatenate([[0, 1], i - 1, i, i + 1, [n - 1, n - 2]])
    s = sparse_solve(data, np.concatenate([ends[0], right, ends[1]]), rows, columns)
    return _hermite(x, y, s).reshape(4, n - 1, *shape[1:])


@array_function
def pchip_coefficients(x: Any, y: Any) -> Any:
    """The coefficients of `PchipInterpolator`."""
    return interpolate.PchipInterpolator(x, y).c


def _quotient(a: Any, b: Any, where: Any) -> Any:
    return np.where(where, a / np.where(where, b, 1), 0)


def _pchip_end(h: Any, m: Any) -> Any:
    """The slope of a parabola through three points, as far as it keeps the shape."""
    d = ((2 * h[0] + h[1]) * m[0] - h[0] * m[1]) / (h[0] + h[1])
    turns = np.not_equal(np.sign(m[0]), np.sign(m[1]))
    steep = np.logical_and(turns, np.greater(np.abs(d), 3 * np.abs(m[0])))
    d = np.where(np.not_equal(np.sign(d), np.sign(m[0])), 0, np.where(steep, 3 * m[0], d))
    return d[None]


def _pchip(x: Any, y: Any) -> Any:
    """The weighted harmonic mean of the slopes before and after; 0 where their signs differ."""
    x, y = number(x), number(y)
    h = column(np.diff(x), y.ndim)
    m = np.diff(y, axis=0) / h
    if len(y) == 2:
        return _hermite(x, y, np.concatenate([m, m]))
    is_same = np.greater(np.sign(m[1:]) * np.sign(m[:-1]), 0)
    w1, w2 = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    mean = _quotient(w1, m[:-1], is_same) + _quotient(w2, m[1:], is_same)
    inner = _quotient(w1 + w2, mean, is_same)
    ends = _pchip_end(h, m), _pchip_end(h[::-1], m[::-1])
    return _hermite(x, y, np.concatenate([ends[0], inner, ends[1]]))


@array_function
def akima_coefficients(x: Any, y: Any, method: Any) -> Any:
    """The coefficients of `Akima1DInterpolator`."""
    if len(x) == 2:  # of which SciPy 1.13 makes what happens to lie in memory
        return _akima(x, y, method)
    options = {} if method == "akima" else {"method": method}
    return interpolate.Akima1DInterpolator(x, y, **options).c


def _akima(x: Any, y: Any, method: Any) -> Any:
    """The mean of the slopes before and after, each weighed by how the other side bends."""
    x, y = number(x), number(y)
    m = np.diff(y, axis=0) / column(np.diff(x), y.ndim)
    if len(y) == 2:
        return _hermite(x, y, np.concatenate([m, m]))
    for _ in range(2):  # two more slopes on each side, in line with the last ones
        m = np.concatenate([2 * m[:1] - m[1:2], m, 2 * m[-1:] - m[-2:-1]])
    bend = np.abs(np.diff(m, axis=0))
    if method == "makima":
        bend = bend + np.abs(m[1:] + m[:-1]) / 2
    total = bend[2:] + bend[:-2]
    is_bent = np.greater(total, 1e-9 * np.max(total, initial=-np.inf))
    share = _quotient(bend[:-2], total, is_bent)
    return _hermite(
        x, y, np.where(is_bent, m[1:-2] + share * (m[2:-1] - m[1:-2]), (m[3:] + m[:-3]) / 2)
    )


def _lines(y: Any, axis: int) -> tuple[Any, Any]:
    """Values as an array or a Tensor, and the same with the axis of the knots first."""
    y = number(y)
    return y, np.moveaxis(y, axis, 0)


class CubicHermiteSpline(PolynomialAtTensors, interpolate.CubicHermiteSpline):  # type: ignore[misc]
    """`scipy.interpolate.CubicHermiteSpline`: a cubic spline by its values and slopes.

    >>> from tinygrad_np import grad
    >>> grad(lambda s: CubicHermiteSpline([0.0, 1.0], [0.0, 1.0], s)(0.5))(np.array([1.0, 1.0]))
    array([ 0.125, -0.125])
    """

    @classmethod
    def _of_tensors(cls, x: Any, y: Any, dydx: Any, axis: int = 0, extrapolate: Any = None) -> Any:
        y, lines = _lines(y, axis)
        c = hermite_coefficients(number(x), lines, _lines(dydx, axis)[1])
        return cls._made(c, x, y, axis, extrapolate)


class PchipInterpolator(PolynomialAtTensors, interpolate.PchipInterpolator):  # type: ignore[misc]
    """`scipy.interpolate.PchipInterpolator`: a cubic spline that keeps the shape of the data.

    >>> from tinygrad_np import grad
    >>> grad(lambda y: PchipInterpolator([0.0, 1.0], y)(0.5))(np.array([0.0, 1.0]))
    array([0.5, 0.5])
    """

    @classmethod
    def _of_tensors(cls, x: Any, y: Any, axis: int = 0, extrapolate: Any = None) -> Any:
        y, lines = _lines(y, axis)
        return cls._made(pchip_coefficients(number(x), lines), x, y, axis, extrapolate)


class Akima1DInterpolator(PolynomialAtTensors, interpolate.Akima1DInterpolator):  # type: ignore[misc]
    """`scipy.interpolate.Akima1DInterpolator`: a cubic spline that does not swing.

    >>> from tinygrad_np import grad
    >>> grad(lambda y: Akima1DInterpolator([0.0, 1.0], y)(0.5))(np.array([0.0, 1.0]))
    array([0.5, 0.5])
    """

    @classmethod
    def _of_tensors(
        cls, x: Any, y: Any, axis: int = 0, *, method: str = "akima", extrapolate: Any = None
    ) -> Any:
        y, lines = _lines(y, axis)
        extrapolate = False if extrapolate is None else extrapolate
        return cls._made(akima_coefficients(number(x), lines, method), x, y, axis, extrapolate)


class CubicSpline(PolynomialAtTensors, interpolate.CubicSpline):  # type: ignore[misc]
    """`scipy.interpolate.CubicSpline`: a spline whose second derivative is continuous.

    The derivatives at the ends that `bc_type` gives may be Tensors, too.

    >>> from tinygrad_np import grad
    >>> x = np.array([0.0, 1.0, 2.0, 3.0])
    >>> grad(lambda y: CubicSpline(x, y)(1.5))(x**2)
    array([-0.0625,  0.5625,  0.5625, -0.0625])
    """

    @classmethod
    def _of_tensors(
        cls, x: Any, y: Any, axis: int = 0, bc_type: Any = "not-a-knot", extrapolate: Any = None
    ) -> Any:
        y, lines = _lines(y, axis)
        flat: Any = np.zeros(lines.shape[1:])
        named = {"clamped": (1, flat), "natural": (2, flat)}
        kinds, values = [], []
        for given in [bc_type] * 2 if isinstance(bc_type, str) else bc_type:
            given = named.get(given, given) if isinstance(given, str) else given
            kind, value = (given, None) if isinstance(given, str) else given
            kinds.append(kind)
            values.append(None if value is None else number(value))
        c = cubic_coefficients(number(x), lines, values[0], values[1], tuple(kinds))
        if extrapolate is None and "periodic" in kinds:
            extrapolate = "periodic"
        return cls._made(c, x, y, axis, extrapolate)


def pchip_interpolate(xi: Any, yi: Any, x: Any, der: Any = 0, axis: int = 0) -> Any:
    """`scipy.interpolate.pchip_interpolate`: `PchipInterpolator` at points, by all of them.

    >>> from tinygrad_np import grad
    >>> grad(lambda x: pchip_interpolate([0.0, 1.0], [0.0, 3.0], x))(0.5)
    array(3.)
    """
    if not holds_tensor((xi, yi, x)):
        return interpolate.pchip_interpolate(xi, yi, x, der, axis)
    made = PchipInterpolator(xi, yi, axis)
    return made(x, der) if np.ndim(der) == 0 else [made(x, nu) for nu in der]


ROWS = (
    general(
        sparse_solve,
        (_by_data, _along_data),
        (
            lambda g, data, rows, columns: sparse_solve(data, g, columns, rows),
            lambda t, data, rows, columns: sparse_solve(data, t, rows, columns),
        ),
    ),
    composed(
        hermite_coefficients, signature("x", "y", "dydx"), _hermite, {"x", "y", "dydx"},
        own_value=True,
    ),
    composed(
        cubic_coefficients, signature("x", "y", "start", "end", "kinds"), _cubic,
        {"x", "y", "start", "end"}, own_value=True,
    ),
    composed(pchip_coefficients, signature("x", "y"), _pchip, {"x", "y"}, own_value=True),
    composed(
        akima_coefficients, signature("x", "y", "method"), _akima, {"x", "y"}, own_value=True
    ),
)  # fmt: skip

OWN = {
    f"interpolate.{cls.__name__}": cls
    for cls in (
        CubicHermiteSpline, PchipInterpolator, Akima1DInterpolator, CubicSpline,
        pchip_interpolate,
    )
}  # fmt: skip

"""Distributions of vectors and matrices: the density and its logarithm, by all real parameters.

A matrix of covariances, a scale or a point that is a matrix is symmetric, and so is the gradient
by it: only that of symmetric changes has a meaning. Frozen distributions too. Other methods of a
distribution (`cdf`, `rvs`, `entropy`, …) and a `Covariance` object take no Tensor.
"""

import inspect
from collections.abc import Callable
from math import log, pi
from types import MethodType
from typing import Any

import numpy as np
import scipy.special
import scipy.stats

from ...core.arrays import as_array
from ...core.table import REFUSED, Row
from ...core.tensor import Tensor, value_of
from ..mirror import HoldsTensors, holds_tensor
from .definitions import defined
from .primitives import method_of
from .text_distributions import Distribution

special: Any = scipy.special._ufuncs


class Multivariate(Distribution):
    """What stands for one of SciPy's multivariate distributions, whose density takes Tensors."""

    def __init__(self, real: Any, name: str, methods: tuple[str, ...] = ()) -> None:
        self.__dict__.update(real=real, name=name, methods=methods, __doc__=real.__doc__)
        self.__dict__.update(__module__=__package__, __name__=name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The distribution with these parameters, Tensors among them."""
        return FrozenMultivariate(self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if "real" not in self.__dict__:  # while it is made
            raise AttributeError(name)
        real = getattr(self.real, name)
        if name.startswith("_") or not isinstance(real, MethodType):
            return real
        method = method_of(real, f"{self.name}.{name}")
        if name not in self.methods:
            ways = " and ".join(self.methods)
            remedy = f"{ways} have one" if ways else "use t.data for a constant"
            REFUSED[method] = f"it has no derivative rule; {remedy}"
        return self.__dict__.setdefault(name, method)

    def __reduce__(self) -> str:
        return str(self.name)


class FrozenMultivariate(HoldsTensors):
    """A multivariate distribution with its parameters; SciPy's own if these are plain."""

    def __init__(self, dist: Multivariate, args: tuple[Any, ...], kwds: dict[str, Any]) -> None:
        is_plain = not (holds_tensor(args) or holds_tensor(kwds))
        real = dist.real(*args, **kwds) if is_plain else None
        self.__dict__.update(dist=dist, args=args, kwds=kwds, real=real, holds_tensors=not is_plain)
        try:
            given = inspect.signature(dist.real.__call__).bind(*args, **kwds).arguments
        except TypeError as error:
            raise TypeError(f"scipy.stats.{dist.name}: {error}") from None
        given |= given.pop("kwds", {})
        given.pop("seed", None)  # of random numbers, which the densities do not take
        self.__dict__["_parameters"] = given

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_" if self.holds_tensors else "__") or "real" not in self.__dict__:
            raise AttributeError(name)
        if self.holds_tensors:
            real = getattr(self.dist, name, None)
            if not callable(real):
                raise TypeError(
                    f"scipy.stats.{self.dist.name}(…).{name}: would lose the gradient by the "
                    "distribution's parameters; use the parameters themselves"
                )
        else:
            real = getattr(self.real, name)
            if not isinstance(real, MethodType):
                return real

        def method(*args: Any, **kwargs: Any) -> Any:
            if self.real is not None and not (holds_tensor(args) or holds_tensor(kwargs)):
                return real(*args, **kwargs)
            return getattr(self.dist, name)(*args, **kwargs, **self._parameters)

        return method

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.real, name, value)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return FrozenMultivariate if self.real is None else type(self.real)

    def __reduce__(self) -> Any:
        return FrozenMultivariate, (self.dist, self.args, self.kwds)


# Matrices


def _matrix(a: Any, size: int) -> Any:
    """A matrix that may be given by its diagonal, or by the number on it."""
    a = as_array(a)
    return a if a.ndim == 2 else a * np.eye(size)


def _size(mean: Any, matrix: Any) -> int:
    """The dimension, as SciPy has it from the mean, or else from a matrix."""
    if mean is not None:
        return int(np.size(mean))
    return np.shape(matrix)[0] if np.ndim(matrix) > 1 else 1


def _whitened(columns: Any, matrix: Any) -> tuple[Any, Any]:
    """L⁻¹ times the columns, and log det A, for A = LLᵀ."""
    low = np.linalg.cholesky(matrix)
    return np.linalg.solve(low, columns), 2 * np.sum(np.log(np.diagonal(low)))


def _log_det(a: Any) -> Any:
    """log det of symmetric matrices (…, p, p)"""
    return 2 * np.sum(np.log(np.diagonal(np.linalg.cholesky(a), axis1=-2, axis2=-1)), -1)


def _distance(name: str, x: Any, mean: Any, cov: Any, allow_singular: Any) -> tuple[Any, Any, int]:
    """(x − mean)ᵀA⁻¹(x − mean) of the points x (…, n), log det A, and the rank of A = cov."""
    if np.asarray(value_of(cov)).dtype.kind == "O":  # made of a Covariance
        raise TypeError(
            f"scipy.stats.{name}: takes no Covariance object beside a Tensor; pass its covariance"
        )
    size = _size(mean, cov)
    columns = np.reshape(x if mean is None else x - mean, (-1, size)).T
    matrix = _matrix(cov, size)
    if allow_singular:
        values, vectors = np.linalg.eigh(value_of(matrix))
        # what SciPy takes for zero
        least = 1e6 * np.finfo(float).eps * np.max(np.absolute(values))
        is_zero = np.absolute(values) <= least
        if np.any(is_zero):
            if isinstance(matrix, Tensor):
                raise ValueError(
                    f"scipy.stats.{name}: by a singular matrix there is no derivative; add a small "
                    "multiple of np.eye to it, or pass it as an array"
                )
            off = np.matmul(vectors[:, is_zero].T, columns)
            white = np.matmul((vectors[:, ~is_zero] / np.sqrt(values[~is_zero])).T, columns)
            # outside of the support the density is 0
            is_off = np.greater_equal(np.sum(value_of(off * off), 0), least**2)
            square = np.where(is_off, np.inf, np.sum(white * white, 0))
            return square, np.sum(np.log(values[~is_zero])), int(np.sum(~is_zero))
    white, log_det = _whitened(columns, matrix)
    return np.sum(white * white, 0), log_det, size


def _normal(x: Any, mean: Any, cov: Any, allow_singular: Any) -> Any:
    square, log_det, rank = _distance("multivariate_normal", x, mean, cov, allow_singular)
    return -0.5 * (square + log_det + rank * log(2 * pi))


def _student(x: Any, loc: Any, shape: Any, df: Any, ans: Any) -> Any:
    square, log_det, rank = _distance("multivariate_t", x, loc, shape, True)
    if np.isinf(df):
        return -0.5 * (square + log_det + rank * log(2 * pi))
    if rank < _size(loc, shape):
        raise ValueError(
            "scipy.stats.multivariate_t: takes no singular shape beside a Tensor; add a small "
            "multiple of np.eye to it"
        )
    half = 0.5 * (df + rank)
    constant = special.gammaln(half) - special.gammaln(0.5 * df) - 0.5 * rank * np.log(df * pi)
    return constant - 0.5 * log_det - half * np.log1p(square / df)


def _matrix_normal(X: Any, mean: Any, rowcov: Any, colcov: Any) -> Any:  # noqa: N803
    rows, columns = np.shape(X)[-2:]
    deviations = X if mean is None else X - mean
    white, of_rows = _whitened(deviations, _matrix(rowcov, rows))
    white, of_columns = _whitened(np.swapaxes(white, -1, -2), _matrix(colcov, columns))
    log_dets = columns * of_rows + rows * of_columns
    return -0.5 * (np.sum(white * white, (-1, -2)) + log_dets + rows * columns * log(2 * pi))


def _wishart(inverse: bool) -> Callable[..., Any]:
    """The densities of Wishart's W and of W⁻¹: x stands for both."""

    def text(x: Any, df: Any, scale: Any) -> Any:
        p = (np.shape(scale) or (1,))[-1]
        scale = _matrix(scale, p)
        points = _matrix(x, p)[:, :, None] if x.ndim < 3 and (p > 1 or x.ndim != 1) else x
        points = np.moveaxis(np.reshape(points, (p, p, -1)), -1, 0)
        ratio = np.linalg.solve(points, scale) if inverse else np.linalg.solve(scale, points)
        trace = np.sum(np.diagonal(ratio, axis1=-2, axis2=-1), -1)
        by_points = -0.5 * (df + p + 1) if inverse else 0.5 * (df - p - 1)
        by_scale = 0.5 * df if inverse else -0.5 * df
        log_gammas = sum([special.gammaln(0.5 * (df - i)) for i in range(p)])
        constant = log_gammas + p * (p - 1) / 4 * log(pi) + 0.5 * log(2) * p * df
        dets = by_points * _log_det(points) + by_scale * _log_det(scale)
        return dets - 0.5 * trace - constant

    return text


# Shares and counts. Each gives (a, base, power): the density is exp(a)·Π baseᵖᵒʷᵉʳ over the first
# axis.


def _dirichlet(x: Any, alpha: Any) -> Any:
    if len(x) < len(alpha):
        x = np.concatenate([x, np.reshape(1 - np.sum(x, 0), (1, *x.shape[1:]))])
    constant = special.gammaln(np.sum(alpha)) - np.sum(special.gammaln(alpha))
    return constant, x, np.reshape(alpha - 1, (-1,) + (1,) * (x.ndim - 1))


def _multinomial(x: Any, n: Any, p: Any) -> Any:
    if np.any(np.absolute(np.sum(p, -1) - 1) > 50 * np.finfo(p.dtype).eps):
        raise ValueError("scipy.stats.multinomial: p must sum to 1; divide it by its sum")
    x = np.asarray(x)
    is_possible = np.all((x >= 0) & (x == np.floor(x)), -1) & (np.sum(x, -1) == n)
    p, x = np.where(is_possible[..., None], p, 1.0), np.where(is_possible[..., None], x, 0 * p)
    gammas = special.gammaln(np.asarray(n) + 1.0) - np.sum(special.gammaln(x + 1.0), -1)
    constant = np.where(is_possible, gammas, -np.inf)
    return constant, np.moveaxis(p, -1, 0), np.moveaxis(x, -1, 0)


def _log_of(parts: tuple[Any, Any, Any]) -> Any:
    constant, base, power = parts
    return constant + np.sum(special.xlogy(power, base), 0)


def _of(parts: tuple[Any, Any, Any]) -> Any:
    """The density, a product of powers where one is 0, whose logarithm would be infinite."""
    constant, base, power = parts
    zero = np.any(np.equal(base, 0), 0)
    logarithm = np.sum(special.xlogy(power, np.where(zero, 1.0, base)), 0)
    product = np.prod(np.power(np.where(zero, base, 1.0), power), 0)
    return np.where(zero, product, 1.0) * np.exp(constant + logarithm)


def _dirichlet_multinomial(x: Any, alpha: Any, n: Any) -> Any:
    gammaln, total, x = special.gammaln, np.sum(alpha, -1), np.asarray(x)
    parts = gammaln(x + alpha) - gammaln(alpha) - gammaln(x + 1.0)
    result = gammaln(total) + gammaln(np.asarray(n) + 1.0) - gammaln(n + total) + np.sum(parts, -1)
    return np.where(np.equal(np.sum(x, -1), n), result, -np.inf)


_TEXTS: dict[str, tuple[str, Callable[..., Any], tuple[str, ...]]] = {
    "multivariate_normal": ("pdf", _normal, ("x", "mean", "cov")),
    "multivariate_t": ("pdf", _student, ("x", "loc", "shape", "df")),
    "matrix_normal": ("pdf", _matrix_normal, ("X", "mean", "rowcov", "colcov")),
    "wishart": ("pdf", _wishart(inverse=False), ("x", "df", "scale")),
    "invwishart": ("pdf", _wishart(inverse=True), ("x", "df", "scale")),
    "dirichlet_multinomial": ("pmf", _dirichlet_multinomial, ("alpha",)),
    "dirichlet": ("pdf", _dirichlet, ("x", "alpha")),
    "multinomial": ("pmf", _multinomial, ("p",)),
}
_WITHOUT = (
    "matrix_t", "multivariate_hypergeom", "normal_inverse_gamma", "ortho_group",
    "random_correlation", "random_table", "special_ortho_group", "uniform_direction",
    "unitary_group", "vonmises_fisher",
)  # fmt: skip

_OBJECTS = {
    name: Multivariate(getattr(scipy.stats, name), name, (f"log{kind}", kind))
    for name, (kind, _, _) in _TEXTS.items()
}


def _of_numbers(method: Callable[..., Any]) -> Callable[..., Any]:
    """SciPy's method for arrays of no dimension, which it does not take for numbers."""

    def number(x: Any) -> Any:
        return x[()] if isinstance(x, np.ndarray) else x

    return lambda *args, **kwargs: method(
        *map(number, args), **{k: number(x) for k, x in kwargs.items()}
    )


def _rows(name: str) -> list[Row]:
    kind, text, operands = _TEXTS[name]
    finishes = (_log_of, _of) if text in (_dirichlet, _multinomial) else (None, np.exp)
    methods = [getattr(_OBJECTS[name], method) for method in (f"log{kind}", kind)]
    return [
        defined(method, text, *operands, finish=finish, kernel=_of_numbers(method.implementation))
        for method, finish in zip(methods, finishes, strict=True)
    ]


ROWS = tuple([row for name in _TEXTS for row in _rows(name)])
OWN = {f"stats.{name}": thing for name, thing in _OBJECTS.items()} | {
    f"stats.{name}": Multivariate(getattr(scipy.stats, name), name)
    for name in _WITHOUT
    if hasattr(scipy.stats, name)
}

# ruff: noqa: N803, the names are SciPy's
"""Distances between vectors, and those of all pairs of two sets or within one.

Each distance is written once, of the vectors along the last axis of u and v: so the same text
serves one pair, `cdist` and `pdist`. The value is SciPy's.

Policy: where the two vectors are equal, a distance has gradient 0, as `numpy.linalg.norm` has at 0;
so has the magnitude of a difference that is 0. Differences that tie for the largest share it.
Weights w and the order p are constants. Where `cdist` or `pdist` is to find the variances or the
covariance itself, these depend on the vectors, and that is part of the derivative.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....core.arrays import Array, as_array, cast
from ....core.signature import Signature, signature
from ....core.table import Row
from ....rules.composed import composed
from ....rules.matrices import over
from ...mirror import of

Distance = Callable[..., Any]


def _weighted(x: Any, w: Any) -> Any:
    return np.sum(x if w is None else x * np.asarray(w, float), -1)


def _minkowski(u: Any, v: Any, w: Any = None, p: Any = 2) -> Any:
    if p is None:
        p = 2
    if w is not None:
        w = np.asarray(w, float)
        u, v = [x * (w != 0 if p == np.inf else w ** (1 / p)) for x in (u, v)]
    return np.linalg.norm(u - v, p, -1)


def _cosine(u: Any, v: Any, w: Any = None) -> Any:
    length = np.sqrt(_weighted(u * u, w)) * np.sqrt(_weighted(v * v, w))
    return 1 - _weighted(u * v, w) / length


def _correlation(u: Any, v: Any, w: Any = None, centered: Any = True) -> Any:
    w = np.ones(u.shape[-1]) if w is None else np.asarray(w, float)
    w = w / np.sum(w)
    if centered:
        u, v = [x - _weighted(x, w)[..., None] for x in (u, v)]
    return _cosine(u, v, w)


def _canberra(u: Any, v: Any, w: Any = None) -> Any:
    sizes = np.absolute(u) + np.absolute(v)
    return _weighted(over(np.absolute(u - v), sizes, np.equal(sizes, 0)), w)


def _root(squares: Any) -> Any:
    """The square root, with derivative 0 at 0, where two vectors are equal."""
    zero = np.less_equal(squares, 0)
    return np.where(zero, 0, np.sqrt(np.where(zero, 1, squares)))


def _mahalanobis(u: Any, v: Any, VI: Any) -> Any:
    d = u - v
    return _root(np.sum(d * (d @ np.swapaxes(as_array(VI), 0, 1)), -1))


def _jensenshannon(p: Any, q: Any, base: Any = None) -> Any:
    from scipy.special import rel_entr

    p, q = [x / np.sum(x, -1, keepdims=True) for x in (p, q)]
    m = (p + q) / 2
    entropy = (np.sum(rel_entr(p, m), -1) + np.sum(rel_entr(q, m), -1)) / 2
    same = np.all(np.equal(p, q), -1)
    return np.where(same, 0, _root(entropy if base is None else entropy / np.log(base)))


DISTANCES: dict[str, Distance] = {
    "braycurtis": lambda u, v, w=None: (
        _weighted(np.absolute(u - v), w) / _weighted(np.absolute(u + v), w)
    ),
    "canberra": _canberra,
    "chebyshev": lambda u, v, w=None: _minkowski(u, v, w, np.inf),
    "cityblock": lambda u, v, w=None: _weighted(np.absolute(u - v), w),
    "correlation": _correlation,
    "cosine": _cosine,
    "euclidean": lambda u, v, w=None: _minkowski(u, v, w),
    "jensenshannon": _jensenshannon,
    "mahalanobis": _mahalanobis,
    "minkowski": _minkowski,
    "seuclidean": lambda u, v, V: _root(np.sum((u - v) ** 2 / V, -1)),
    "sqeuclidean": lambda u, v, w=None: _weighted((u - v) ** 2, w),
}
"""The distances of the vectors along the last axis, of every pair in the others."""


def _named(metric: Any, where: str) -> str:
    """The distance that is meant: by its name, or SciPy's function."""
    name = metric.lower() if isinstance(metric, str) else getattr(metric, "__name__", "")
    if name in DISTANCES and (isinstance(metric, str) or "spatial.distance" in metric.__module__):
        return name
    raise ValueError(
        f"scipy.spatial.distance.{where}: the metric {name or metric!r} has no derivative rule; "
        f"take one of {', '.join(DISTANCES)}, or write it for XA[:, None] and XB[None]"
    )


def _all_pairs(u: Any, v: Any, points: Any, metric: Any, where: str, **given: Any) -> Any:
    """The distances of u and v, by what is given besides, or by what `points` say."""
    name = _named(metric, where)
    given = {key: x for key, x in given.items() if x is not None}
    if name == "seuclidean" and "V" not in given:
        given["V"] = np.var(points, 0, ddof=1)
    if name == "mahalanobis" and "VI" not in given:
        given["VI"] = np.linalg.inv(np.atleast_2d(np.cov(points.T)))
    return DISTANCES[name](u, v, **given)


def _double(x: Any) -> Any:
    return cast(as_array(x), np.dtype(float))


def _cdist(XA: Any, XB: Any, metric: Any, p: Any, w: Any, V: Any, VI: Any, base: Any) -> Any:
    a, b = _double(XA), _double(XB)
    given = {"p": p, "w": w, "V": V, "VI": VI, "base": base}
    return _all_pairs(a[:, None], b[None], np.concatenate([a, b]), metric, "cdist", **given)


def _pdist(X: Any, metric: Any, p: Any, w: Any, V: Any, VI: Any, base: Any) -> Any:
    x = _double(X)
    i, j = np.triu_indices(x.shape[0], 1)
    given = {"p": p, "w": w, "V": V, "VI": VI, "base": base}
    return _all_pairs(x[i], x[j], x, metric, "pdist", **given)


def _squareform(X: Any, ans: Array) -> Any:
    """A vector has the elements above the diagonal, row by row; the matrix has them twice."""
    n = X.shape[0] if X.ndim == 2 else ans.shape[0]
    i, j = np.triu_indices(n, 1)
    if X.ndim == 2:
        return X[i, j]
    places = np.zeros((n, n), int)
    places[i, j] = places[j, i] = np.arange(1, len(i) + 1)
    return np.concatenate([np.zeros(1, X.dtype), X])[places]


def _one(text: Distance, u: Any, v: Any, ans: Any, **given: Any) -> Any:
    """The distance of one pair, in the dtype that SciPy has it in."""
    return cast(text(as_array(u), as_array(v), **given), as_array(ans).dtype)


def _jensenshannon_along(p: Any, q: Any, base: Any, axis: int, ans: Any) -> Any:
    p, q = [np.moveaxis(as_array(x), axis, -1) for x in (p, q)]
    return _one(_jensenshannon, p, q, ans, base=base).reshape(np.shape(ans))


def _row(name: str, form: Signature, definition: Distance, operands: str, by_name: int = 9) -> Row:
    """A row of real operands; the parameters from `by_name` on are given by their names."""
    form = form._replace(keywords=frozenset(range(by_name, len(form.names))))
    real: dict[str, tuple[str, ...]] = dict.fromkeys(operands.split(), ())
    path = f"spatial.distance.{name}"
    return composed(of(path), form, definition, set(real), own_value=True, real=real)


def _weighted_row(name: str) -> Row:
    def definition(u: Any, v: Any, w: Any, ans: Any) -> Any:
        return _one(DISTANCES[name], u, v, ans, w=w)

    return _row(name, signature("u", "v", w=None), definition, "u v")


_SETS: dict[str, Any] = {"out": None, "p": None, "w": None, "V": None, "VI": None, "base": None}

ROWS = (
    _weighted_row("braycurtis"),
    _weighted_row("canberra"),
    _weighted_row("chebyshev"),
    _weighted_row("cityblock"),
    _weighted_row("cosine"),
    _weighted_row("euclidean"),
    _weighted_row("sqeuclidean"),
    _row(
        "correlation",
        signature("u", "v", w=None, centered=True),
        lambda u, v, w, centered, ans: _one(_correlation, u, v, ans, w=w, centered=centered),
        "u v",
    ),
    _row(
        "minkowski",
        signature("u", "v", p=2, w=None),
        lambda u, v, p, w, ans: _one(_minkowski, u, v, ans, p=p, w=w),
        "u v",
    ),
    _row(
        "seuclidean",
        signature("u", "v", "V"),
        lambda u, v, V, ans: _one(DISTANCES["seuclidean"], u, v, ans, V=V),
        "u v V",
    ),
    _row(
        "mahalanobis",
        signature("u", "v", "VI"),
        lambda u, v, VI, ans: _one(_mahalanobis, u, v, ans, VI=VI),
        "u v VI",
    ),
    _row(
        "jensenshannon",
        signature("p", "q", base=None, axis=0, keepdims=False),
        _jensenshannon_along,
        "p q",
        by_name=3,
    ),
    _row("cdist", signature("XA", "XB", metric="euclidean", **_SETS), _cdist, "XA XB V VI", 3),
    _row("pdist", signature("X", metric="euclidean", **_SETS), _pdist, "X V VI", 2),
    _row("squareform", signature("X", force="no", checks=True), _squareform, "X"),
)

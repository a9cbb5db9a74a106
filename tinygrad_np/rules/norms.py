"""Norms of vectors and matrices, with every `ord`, and the condition number.

Policy: a norm of zero has gradient 0, and so has the magnitude of an element that is zero, also
where the true slope is infinite (ord < 1). Elements, rows, columns and singular values that tie for
the largest or the smallest share its cotangent equally, singular values also where they tie but to
rounding. ord=0 counts, and is constant. A singular value 0 adds nothing to the gradient of
ord="nuc", 2 or -2. The condition number of a singular matrix is inf (0 with p=-2, unless all of it
is zero), and its gradient not a number (0), also where it is singular but to rounding.

>>> from tinygrad_np import grad
>>> grad(np.linalg.norm)(np.array([3.0, 4.0])), grad(np.linalg.norm)(np.zeros(2))
(array([0.6, 0.8]), array([0., 0.]))
"""

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from ..core.arrays import Array, as_array, cast
from ..core.rules import reduced_axes, restored, shared
from ..core.signature import signature
from ..core.table import general
from .arithmetic import multiply_no_nan
from .composed import composed
from .constants import on_values
from .factors import svd_factors
from .matrices import coinciding, over, sandwich, vanishing

# A norm of real or complex numbers x is real, and its derivative is Σ Re(slope·dx).


def _unit(x: Array, length: Any) -> Any:
    """conj(x) / length, and 0 where the length is 0."""
    return over(np.conjugate(x), length, np.equal(length, 0))


def _is_euclidean(ord: Any, axes: tuple[int, ...]) -> bool:
    if ord is None or isinstance(ord, str):
        return ord != "nuc"
    return len(axes) == 1 and ord == 2


def _slope(x: Array, ans: Array, ord: Any, axes: tuple[int, ...], keepdims: Any) -> Any:
    if not x.size:
        return x
    if _is_euclidean(ord, axes):
        return _unit(x, restored(ans, x, axes, keepdims))
    if len(axes) == 1:
        return _vector_slope(x, restored(ans, x, axes, keepdims), ord, axes[0])
    if ord in (2, -2, "nuc"):
        matrices = np.moveaxis(x, axes, (-2, -1))
        return np.moveaxis(_spectral_slope(matrices, ord), (-2, -1), axes)
    along, across = axes if abs(ord) == 1 else axes[::-1]
    size = np.absolute(x)
    sums = np.sum(size, along, keepdims=True)
    extreme = np.max if ord > 0 else np.min
    return shared(_unit(x, size), np.equal(sums, extreme(sums, across, keepdims=True)), across)


def _vector_slope(x: Array, length: Any, ord: Any, axis: int) -> Any:
    if ord == 0:
        return np.zeros_like(x)
    size = np.absolute(x)
    if abs(ord) == np.inf:
        return shared(_unit(x, size), np.equal(size, length), axis)
    # (size / length)**(ord − 1), which neither overflows nor divides by zero
    zero = np.logical_or(np.equal(size, 0), np.equal(length, 0))
    ratio = np.where(zero, 1, size) / np.where(zero, 1, length)
    return np.where(zero, 0, _unit(x, size) * ratio ** (ord - 1))


def _tied(s: Any, i: int, n: int) -> Any:
    """1/k for each of the k singular values that coincide with the i-th."""
    return shared(np.ones_like(s), coinciding(s, n)[..., i, :], -1)


def _spectral_slope(x: Array, ord: Any) -> Any:
    u, s, vh = svd_factors(x)
    n = max(x.shape[-2:])
    kept = np.logical_not(vanishing(s, n))
    weights = kept.astype(s.dtype) if ord == "nuc" else kept * _tied(s, 0 if ord == 2 else -1, n)
    return np.conjugate(sandwich(u, weights, vh))


def _cond(x: Array, p: Any, ans: Array) -> Any:
    x = as_array(x)
    found = as_array(ans)
    rows, columns = x.shape[-2:]
    resolution = max(rows, columns) * np.finfo(x.dtype).eps
    singular = np.isinf(found)  # of a matrix of zeros with p=-2, too
    vanishes = found <= resolution if p == -2 else False
    if p is None or p in (2, -2):
        singular = np.logical_or(singular, vanishes if p == -2 else found >= 1 / resolution)
    # Singular matrices have no derivative, or 0 with p=-2, and leave the others of a stack alone:
    # in their place is one whose singular values are apart.
    regular = np.eye(rows, columns, dtype=x.dtype) * np.arange(1, columns + 1, dtype=x.real.dtype)
    regular = regular - on_values(np.array, x)
    x = x + np.where(np.expand_dims(singular, (-2, -1)), regular, 0)
    inverse = np.linalg.inv(x) if rows == columns else np.linalg.pinv(x, 0)
    ord = 2 if p in (None, -2) else p
    result = np.linalg.norm(x, ord, (-2, -1)) * np.linalg.norm(inverse, ord, (-2, -1))
    if p == -2:
        result = 1 / result
    # NumPy 2.0 gives complex matrices a complex condition number.
    known = np.where(vanishes, 0, np.where(singular, np.nan, 1)).astype(result.dtype)
    return cast(multiply_no_nan(result, known), found.dtype)


def _vector_norm(x: Array, axis: Any, keepdims: Any, ord: Any) -> Any:
    if axis is None:
        flat, along = np.ravel(x), 0
    elif isinstance(axis, tuple):
        axis = normalize_axis_tuple(axis, x.ndim)
        rest = [i for i in range(x.ndim) if i not in axis]
        shape = (math.prod([x.shape[i] for i in axis]), *[x.shape[i] for i in rest])
        flat, along = np.reshape(np.transpose(x, (*axis, *rest)), shape), 0
    else:
        flat, along = x, axis
    result = np.linalg.norm(flat, ord, along)
    return restored(result, x, axis, False) if keepdims else result


def _norm_vjp(g: Array, x: Array, ans: Array, ord: Any, axis: Any, keepdims: Any) -> Any:
    axes = reduced_axes(axis, x.ndim)
    return restored(g, x, axes, keepdims) * _slope(x, ans, ord, axes, keepdims)


def _norm_jvp(t: Array, x: Array, ans: Array, ord: Any, axis: Any, keepdims: Any) -> Any:
    axes = reduced_axes(axis, x.ndim)
    return np.sum(np.real(t * _slope(x, ans, ord, axes, keepdims)), axes, keepdims=bool(keepdims))


ROWS = (
    general(
        np.linalg.norm,
        signature("x", ord=None, axis=None, keepdims=False),
        (_norm_vjp, _norm_jvp),
    ),
    composed(
        np.linalg.vector_norm,
        signature("x", "*", axis=None, keepdims=False, ord=2),
        _vector_norm,
        {"x"},
    ),
    composed(
        np.linalg.matrix_norm,
        signature("x", "*", keepdims=False, ord="fro"),
        lambda x, keepdims, ord: np.linalg.norm(x, ord, (-2, -1), keepdims),  # noqa: A006
        {"x"},
    ),
    composed(np.linalg.cond, signature("x", p=None), _cond, {"x"}, own_value=True),
)

"""Matrices with a structure: Toeplitz, circulant, companion, block-diagonal; products with them.

Each is its vectors' elements, gathered: the gradient of a vector is the sum over the places at
which its elements stand.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import linalg
>>> grad(lambda c: np.sum(linalg.toeplitz(c)))(np.array([1.0, 2.0, 3.0]))
array([3., 4., 2.])
"""

from typing import Any

import numpy as np

from .own import defined, like, refuse_stack


def _vector(function: str, x: Any) -> Any:
    """A vector; a single number is one of one element."""
    refuse_stack(function, x, 1)
    return np.reshape(x, -1)


def toeplitz(function: str, c: Any, r: Any = None) -> Any:
    """The matrix with the first column c and the first row r, of which the first is not read."""
    c, r = c if isinstance(c, tuple) else (c, r)
    c = _vector(function, c)
    r = np.conjugate(c) if r is None else _vector(function, r)
    values = np.concatenate([c[::-1], r[1:]])
    return values[np.arange(len(c))[::-1, None] + np.arange(len(r))]


def _circulant(c: Any) -> Any:
    c = _vector("circulant", c)
    i = np.arange(len(c))
    return c[(i[:, None] - i) % max(len(c), 1)]


def _hankel(c: Any, r: Any) -> Any:
    c = _vector("hankel", c)
    r = np.zeros_like(c) if r is None else _vector("hankel", r)
    return np.concatenate([c, r[1:]])[np.arange(len(c))[:, None] + np.arange(len(r))]


def _companion(a: Any) -> Any:
    a = _vector("companion", a)
    row = -a[1:] / (1.0 * a[0])
    return np.concatenate([row[None], np.eye(len(a) - 2, len(a) - 1, dtype=row.dtype)])


def _leslie(f: Any, s: Any) -> Any:
    f, s = _vector("leslie", f), _vector("leslie", s)
    below = np.pad(np.diag(s), ((0, 0), (0, 1)))
    return np.concatenate([f[None], below])


def _convolution_matrix(a: Any, n: Any, mode: Any) -> Any:
    a, n = _vector("convolution_matrix", a), int(n)
    m = len(a)
    rows = {"full": (0, m + n - 1), "same": ((min(m, n) - 1) // 2, max(m, n))}
    first, count = rows.get(mode, (min(m, n) - 1, max(m, n) - min(m, n) + 1))
    place = first + np.arange(count)[:, None] - np.arange(n)
    within = np.logical_and(place >= 0, place < m)
    return np.where(within, a[np.clip(place, 0, m - 1)], 0)


def _block_diagonal(arrs: Any) -> Any:
    blocks = [np.atleast_2d(x) for x in arrs]
    for block in blocks:
        refuse_stack("block_diag", block)
    ends = np.cumsum([block.shape[1] for block in blocks])
    rows = [
        np.pad(block, ((0, 0), (end - block.shape[1], ends[-1] - end)))
        for block, end in zip(blocks, ends, strict=True)
    ]
    return np.concatenate(rows)


def _khatri_rao(a: Any, b: Any) -> Any:
    refuse_stack("khatri_rao", a)
    refuse_stack("khatri_rao", b)
    return np.reshape(a[:, None] * b, (-1, a.shape[-1]))


def _product(c_or_cr: Any, x: Any, ans: Any) -> Any:
    return like(np.matmul(toeplitz("matmul_toeplitz", c_or_cr), x), ans)


ROWS = (
    defined("linalg.toeplitz", "c r", lambda c, r: toeplitz("toeplitz", c, r)),
    defined("linalg.hankel", "c r", _hankel),
    defined("linalg.circulant", "c", _circulant),
    defined("linalg.companion", "a", _companion),
    defined("linalg.leslie", "f s", _leslie),
    defined("linalg.convolution_matrix", "a | n mode", _convolution_matrix),
    defined("linalg.block_diag", "(arrs)", _block_diagonal),
    defined("linalg.khatri_rao", "a b", _khatri_rao),
    defined("linalg.matmul_toeplitz", "(c_or_cr) x | check_finite workers", _product),
)

"""Functions of a square matrix: exponential, logarithm, roots, powers, sine and their kind; polar.

- `expm`: the derivative of f at A along E is a block of f itself, of a matrix twice as large,

      f([[A, E], [0, A]]) = [[f(A), L(A, E)], [0, f(A)]]

  (N. Higham, Functions of Matrices, SIAM 2008, Theorem 3.6), and its transpose is L(Aᵀ, ·). Both
  are written in f, so that every order follows, for defective matrices, too. Sine, cosine and
  their kind are exponentials.
- `sqrtm`: X·dX + dX·X = dA, a Sylvester equation (Higham, section 6.1). `logm` is a quadrature of
  (A − 1)·(1 + x·(A − 1))⁻¹ after so many square roots that A is near 1 (Higham, section 11.5).
- `funm`: V·func(w)·V⁻¹. `func` must be made of functions that take a Tensor, and the eigenvalues
  must be distinct.
- Where an eigenvalue is a branch point, or lies at a cut so that rounding decides between two
  branches, it raises: ``ValueError``.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import linalg
>>> grad(lambda a: linalg.logm(a)[0, 0])(np.diag([2.0, 1.0]))
array([[0.5, 0. ],
       [0. , 0. ]])
"""

from typing import Any

import numpy as np

from ...core.arrays import Array
from ...core.dispatch import array_function
from ...core.signature import signature
from ...core.table import general
from ...core.tensor import Tensor
from ...rules.constants import on_values
from ...rules.matrices import dagger
from ..mirror import of
from .own import defined, like, require_agreement, transposed

expm, sqrtm, logm = of("linalg.expm"), of("linalg.sqrtm"), of("linalg.logm")
solve_sylvester = of("linalg.solve_sylvester")


def _block(a: Array, t: Array) -> Any:
    return np.block([[a, t], [np.zeros_like(a), a]])


def _expm_jvp(t: Array, a: Array) -> Any:
    n = a.shape[-1]
    return expm(_block(a, t))[..., :n, n:]


def _frechet(a: Array, e: Array, compute_expm: Any, ans: Any) -> Any:
    n = a.shape[-1]
    whole = like(expm(_block(a, e)), ans[1] if compute_expm else ans)
    return (whole[:n, :n], whole[:n, n:]) if compute_expm else whole[:n, n:]


# Roots, logarithms and powers


def _sylvester(function: str, a: Array, b: Array, q: Array) -> Any:
    """The solution of a·x + x·b = q; ``ValueError`` where there is none."""
    x = solve_sylvester(a, b, q)
    rest = on_values(
        lambda a, b, q, x: np.max(np.absolute(a @ x + x @ b - q), initial=0), a, b, q, x
    )
    if rest > 1e-3 * on_values(lambda q: np.max(np.absolute(q), initial=0), q):
        raise ValueError(
            f"{function}: the matrix is singular (or has opposite values), and the derivative is "
            "infinite; add a small multiple of the identity"
        )
    return x


@array_function
def root_of(square: Any, root: Any) -> Any:
    """`root`, of which it is known that it is the square root of `square`."""
    return root


def _root_vjp(g: Array, ans: Array) -> Any:
    return _sylvester("scipy.linalg.sqrtm", transposed(ans), transposed(ans), g)


def _root_jvp(t: Array, ans: Array) -> Any:
    return _sylvester("scipy.linalg.sqrtm", ans, ans, t)


def _square_root(a: Array, disp: Any = True, blocksize: Any = 64) -> Any:
    _refuse_estimate("sqrtm", disp)
    real = sqrtm.implementation
    return real(a) if blocksize == 64 else real(a, blocksize=blocksize)


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


def _log(a: Array, ans: Any) -> Any:
    _refuse_stack("logm", a)
    n, doubled, x = a.shape[-1], 1, like(a, np.zeros((), np.result_type(a.dtype, np.float64)))
    while n and on_values(lambda x: np.linalg.norm(x - np.eye(n), 1), x) > 0.25:
        if doubled > 2**60:
            break  # singular: it does not agree
        x, doubled = sqrtm(x), 2 * doubled
    near = x - np.eye(n)
    terms = [
        w / 2 * np.linalg.solve(np.eye(n) + (1 + node) / 2 * near, near)
        for node, w in zip(_NODES, _WEIGHTS, strict=True)
    ]
    result = like(doubled * sum(terms), ans)
    require_agreement("scipy.linalg.logm", result, ans)
    return result


def _refuse_stack(function: str, a: Array) -> None:
    if a.ndim != 2:
        raise ValueError(
            f"scipy.linalg.{function}: takes one matrix where there are Tensors, not a stack of "
            f"shape {a.shape}; take one after the other, and np.stack"
        )


def _power(a: Array, t: Any, ans: Any) -> Any:
    if type(t) is not Tensor and t == int(t):
        return like(np.linalg.matrix_power(a, int(t)), ans)
    log = logm(a)
    if type(t) is Tensor and np.iscomplexobj(log) and np.isrealobj(ans):
        raise ValueError(
            "scipy.linalg.fractional_matrix_power: a real matrix with negative eigenvalues has a "
            "real power only where t is an integer, and no real derivative by t; make the matrix "
            "complex"
        )
    result = like(expm(t * log), ans)
    require_agreement("scipy.linalg.fractional_matrix_power", result, ans)
    return result


def _sign(a: Array, disp: Any, ans: Any) -> Any:
    _refuse_estimate("signm", disp)
    _refuse_stack("signm", a)
    result = like(np.matmul(a, np.linalg.inv(sqrtm(np.matmul(a, a)))), ans)
    require_agreement("scipy.linalg.signm", result, ans)
    return result


def _refuse_estimate(function: str, disp: Any) -> None:
    if not disp:
        raise ValueError(
            f"scipy.linalg.{function}: the estimated error of disp=False has no derivative; leave "
            "`disp` out"
        )


def _log_without_estimate(a: Array, disp: Any, ans: Any) -> Any:
    _refuse_estimate("logm", disp)
    return _log(a, ans)


def _of_eigenvalues(a: Array, func: Any, disp: Any, ans: Any) -> Any:
    _refuse_estimate("funm", disp)
    w, v = np.linalg.eig(a)
    result = like(transposed(np.linalg.solve(transposed(v), transposed(v * func(w)))), ans)
    require_agreement("scipy.linalg.funm", result, ans)
    return result


# Sine, cosine and their kind


def _cos(a: Array, ans: Any) -> Any:
    return like((expm(1j * a) + expm(-1j * a)) / 2, ans)


def _sin(a: Array, ans: Any) -> Any:
    return like((expm(1j * a) - expm(-1j * a)) / 2j, ans)


def _cosh(a: Array) -> Any:
    return (expm(a) + expm(-a)) / 2


def _sinh(a: Array) -> Any:
    return (expm(a) - expm(-a)) / 2


# Polar decomposition


def _polar(a: Array, side: Any, ans: Any) -> Any:
    # With h² = aᴴ·a, or a·aᴴ of a wide matrix, u = a·h⁻¹, or h⁻¹·a, for values that coincide, too.
    _refuse_stack("polar", a)
    tall, u = a.shape[0] >= a.shape[1], ans[0]
    known = on_values(lambda a: dagger(u) @ a if tall else a @ dagger(u), a)
    h = root_of(np.matmul(dagger(a), a) if tall else np.matmul(a, dagger(a)), known)
    u = dagger(np.linalg.solve(dagger(h), dagger(a))) if tall else np.linalg.solve(h, a)
    return u, np.matmul(dagger(u), a) if side == "right" else np.matmul(a, dagger(u))


def _procrustes(a: Array, b: Array) -> Any:
    # The rotation is the unitary factor of aᵀ·b, and the scale the trace of the other one.
    product = np.matmul(transposed(a), b)
    rotation, rest = of("linalg.polar")(product)
    return rotation, np.trace(rest)


_A = {"aliases": {"A": "a"}}
_ONE = signature("a")
_DISP = signature("a", disp=True)

ROWS = (
    general(expm, _ONE, (lambda g, a: _expm_jvp(g, transposed(a)), _expm_jvp), **_A),
    defined(
        "linalg.expm_frechet",
        signature("a", "e", method=None, compute_expm=True, check_finite=True),
        _frechet,
        {"a", "e"},
        aliases={"A": "a", "E": "e"},
    ),
    # roots, logarithms and powers
    general(root_of, (_root_vjp, _root_jvp)),
    general(
        sqrtm,
        signature("a", disp=True, blocksize=64),
        (_root_vjp, _root_jvp),
        kernel=_square_root,
        **_A,
    ),
    defined("linalg.logm", _DISP, _log_without_estimate, **_A),
    defined("linalg.fractional_matrix_power", signature("a", "t"), _power, {"a", "t"}, **_A),
    defined("linalg.signm", _DISP, _sign, **_A),
    defined("linalg.funm", signature("a", "func", disp=True), _of_eigenvalues, **_A),
    # sine, cosine and their kind
    defined("linalg.cosm", _ONE, _cos, **_A),
    defined("linalg.sinm", _ONE, _sin, **_A),
    defined("linalg.tanm", _ONE, lambda a: np.linalg.solve(_cos(a, a), _sin(a, a)), **_A),
    defined("linalg.coshm", _ONE, _cosh, **_A),
    defined("linalg.sinhm", _ONE, _sinh, **_A),
    defined("linalg.tanhm", _ONE, lambda a: np.linalg.solve(_cosh(a), _sinh(a)), **_A),
    # polar decomposition
    defined("linalg.polar", signature("a", side="right"), _polar),
    defined(
        "linalg.orthogonal_procrustes",
        signature("a", "b", check_finite=True),
        _procrustes,
        {"a", "b"},
        aliases={"A": "a", "B": "b"},
        real={"a": (), "b": ()},
    ),
)

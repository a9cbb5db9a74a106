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

from ...core.arrays import Array, cast
from ...core.dispatch import array_function
from ...core.table import general
from ...core.tensor import Tensor
from ...rules.constants import on_values
from ...rules.matrices import dagger
from ..mirror import of
from .own import agreeing, defined, like, raise_at_cut, refuse_stack, taken, transposed

expm, sqrtm, logm = of("linalg.expm"), of("linalg.sqrtm"), of("linalg.logm")
solve_sylvester = of("linalg.solve_sylvester")


def _block(a: Array, t: Array) -> Any:
    return np.block([[a, t], [np.zeros_like(a), a]])


def _expm_jvp(t: Array, a: Array) -> Any:
    # Linear in t: one much larger than a would cost the digits of a.
    n, size = (
        a.shape[-1],
        on_values(lambda t: max(1.0, np.max(np.absolute(t), initial=0).item()), t),
    )
    size = 2.0 ** np.ceil(np.log2(size)).item() if np.isfinite(size) else 1.0
    return expm(_block(a, t / size))[..., :n, n:] * size


def _frechet(a: Array, e: Array, compute_expm: Any, ans: Any) -> Any:
    n = a.shape[-1]
    whole = expm(_block(a, e))
    if not compute_expm:
        return like(whole[:n, n:], ans)
    return like(whole[:n, :n], ans[0]), like(whole[:n, n:], ans[1])


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


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


def _require_distinct_at_cut(function: str, a: Array, ans: Any) -> None:
    """Raise where a real matrix has a negative eigenvalue twice: changes make a complex pair."""
    if np.iscomplexobj(a) or np.isrealobj(ans):
        return
    w = on_values(np.linalg.eigvals, a)
    near = 1e-7 * np.max(np.absolute(w), -1, keepdims=True, initial=0)
    at_cut = np.sort(
        np.where((np.real(w) < 0) & (np.absolute(np.imag(w)) <= near), np.real(w), np.nan)
    )
    if np.any(np.diff(at_cut) <= near):
        raise_at_cut(function)


def _square_root(a: Array, disp: Any, ans: Any) -> Any:
    _refuse_estimate("sqrtm", disp)
    _require_distinct_at_cut("scipy.linalg.sqrtm", a, ans)
    return like(root_of(a, _at_most_double(ans)), ans)


def _root(a: Array) -> Any:
    return root_of(a, on_values(lambda a: _at_most_double(sqrtm.implementation(a)), a))


def _at_most_double(x: Any) -> Any:
    """Where SciPy 1.13 gives more digits, NumPy has no linear algebra for them."""
    return x.astype(x.dtype.char.replace("g", "d").replace("G", "D"), copy=False)


def _double(a: Array) -> Any:
    return cast(a, np.result_type(a.dtype, np.float64))


def _log(a: Array, disp: Any, ans: Any) -> Any:
    _refuse_estimate("logm", disp)
    refuse_stack("logm", a)
    _require_distinct_at_cut("scipy.linalg.logm", a, ans)
    n, doubled, x = a.shape[-1], 1, _double(a)
    while n and on_values(lambda x: np.linalg.norm(x - np.eye(n), 1), x) > 0.25:
        if doubled > 2**60:
            break  # singular: it does not agree
        x, doubled = _root(x), 2 * doubled
    near = x - np.eye(n)
    terms = [
        w / 2 * np.linalg.solve(np.eye(n) + (1 + node) / 2 * near, near)
        for node, w in zip(_NODES, _WEIGHTS, strict=True)
    ]
    return agreeing("scipy.linalg.logm", doubled * sum(terms), ans)


def _power(a: Array, t: Any, ans: Any) -> Any:
    if type(t) is not Tensor and t == int(t):
        return like(np.linalg.matrix_power(a, int(t)), ans)
    log = logm(_double(a))
    if type(t) is Tensor and np.iscomplexobj(log) and np.isrealobj(ans):
        raise ValueError(
            "scipy.linalg.fractional_matrix_power: a real matrix with negative eigenvalues has a "
            "real power only where t is an integer, and no real derivative by t; make the matrix "
            "complex"
        )
    return agreeing("scipy.linalg.fractional_matrix_power", expm(t * log), ans)


def _sign(a: Array, disp: Any, ans: Any) -> Any:
    _refuse_estimate("signm", disp)
    refuse_stack("signm", a)
    sign = np.matmul(a, np.linalg.inv(_root(np.matmul(a, a))))
    return agreeing("scipy.linalg.signm", sign, ans)


def _refuse_estimate(function: str, disp: Any) -> None:
    if disp in (False,):
        raise ValueError(
            f"scipy.linalg.{function}: the estimated error of disp=False has no derivative; leave "
            "`disp` out"
        )


def _of_eigenvalues(a: Array, func: Any, disp: Any, ans: Any) -> Any:
    _refuse_estimate("funm", disp)
    w, v = np.linalg.eig(a)
    result = transposed(np.linalg.solve(transposed(v), transposed(v * func(w))))
    return agreeing("scipy.linalg.funm", result, ans)


# Sine, cosine and their kind


def _circular(a: Array, ans: Any) -> tuple[Any, Any]:
    """The cosine and the sine: of a real matrix the parts of one exponential."""
    turned = expm(1j * a)
    if not np.iscomplexobj(a):
        return like(np.real(turned), ans), like(np.imag(turned), ans)
    back = expm(-1j * a)
    return (turned + back) / 2, (turned - back) / 2j


def _hyperbolic(a: Array) -> tuple[Any, Any]:
    up, down = expm(a), expm(-a)
    return (up + down) / 2, (up - down) / 2


# Polar decomposition


def _polar(a: Array, side: Any, ans: Any) -> Any:
    # With h² = aᴴ·a, or a·aᴴ of a wide matrix, u = a·h⁻¹, or h⁻¹·a, for values that coincide, too.
    refuse_stack("polar", a)
    tall, u = a.shape[0] >= a.shape[1], ans[0]
    s = on_values(np.linalg.svdvals, a)
    if s.size and s[-1] <= max(a.shape) * np.finfo(s.dtype).eps * s[0]:
        raise ValueError(
            "scipy.linalg.polar: the matrix has not full rank, so that its unitary factor is not "
            "unique and has no derivative; add a small matrix that makes it regular"
        )
    known = on_values(lambda a: dagger(u) @ a if tall else a @ dagger(u), a)
    h = root_of(np.matmul(dagger(a), a) if tall else np.matmul(a, dagger(a)), known)
    u = dagger(np.linalg.solve(dagger(h), dagger(a))) if tall else np.linalg.solve(h, a)
    return u, np.matmul(dagger(u), a) if side == "right" else np.matmul(a, dagger(u))


def _procrustes(a: Array, b: Array) -> Any:
    # The rotation is the unitary factor of aᵀ·b, and the scale the trace of the other one.
    product = np.matmul(transposed(a), b)
    rotation, rest = of("linalg.polar")(product)
    return rotation, np.trace(rest)


_EXPM, _expm = taken("linalg.expm", "a |")

ROWS = (
    general(expm, _EXPM, (lambda g, a: _expm_jvp(g, transposed(a)), _expm_jvp), **_expm),
    defined("linalg.expm_frechet", "a e | method compute_expm check_finite", _frechet),
    # roots, logarithms and powers
    general(root_of, (_root_vjp, _root_jvp)),
    defined("linalg.sqrtm", "a | disp blocksize", _square_root),
    defined("linalg.logm", "a | disp", _log),
    defined("linalg.fractional_matrix_power", "a t", _power),
    defined("linalg.signm", "a | disp", _sign),
    defined("linalg.funm", "a | func disp", _of_eigenvalues),
    # sine, cosine and their kind
    defined("linalg.cosm", "a", lambda a, ans: _circular(a, ans)[0]),
    defined("linalg.sinm", "a", lambda a, ans: _circular(a, ans)[1]),
    defined("linalg.tanm", "a", lambda a, ans: np.linalg.solve(*_circular(a, ans))),
    defined("linalg.coshm", "a", lambda a: _hyperbolic(a)[0]),
    defined("linalg.sinhm", "a", lambda a: _hyperbolic(a)[1]),
    defined("linalg.tanhm", "a", lambda a: np.linalg.solve(*_hyperbolic(a))),
    # polar decomposition
    defined("linalg.polar", "a | side", _polar),
    defined(
        "linalg.orthogonal_procrustes",
        "a b | check_finite",
        _procrustes,
        real={"a": (), "b": ()},
    ),
)

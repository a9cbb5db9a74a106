"""Matrix equations: Sylvester's, Lyapunov's and Riccati's, by all of their matrices.

What a solution's derivative solves is an equation of the same kind, with the same matrices: that
of a·x + x·b = q is a·dx + dx·b = dq − da·x − x·db, that of a Riccati equation is Lyapunov's for the
closed loop (T.-C. Kao and G. Hennequin, "Automatic differentiation of Sylvester, Lyapunov, and
algebraic Riccati equations", arXiv:2011.11430).

- The matrices q and r of a Riccati equation are Hermitian, and so are their gradients. r must be
  invertible.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import linalg
>>> grad(lambda a: linalg.solve_continuous_lyapunov(a, np.eye(1))[0, 0])(np.array([[-2.0]]))
array([[-0.125]])
"""

from typing import Any

import numpy as np

from ...core.arrays import Array
from ...core.dispatch import array_function
from ...core.signature import signature
from ...core.table import general
from ...core.tensor import value_of
from ...rules.constants import on_values
from ...rules.matrices import dagger, hermitian
from ..mirror import of
from .own import defined, refuse_stack, transposed

sylvester, stein = of("linalg.solve_sylvester"), of("linalg.solve_discrete_lyapunov")


def solution(a: Array, b: Array, q: Array) -> Any:
    """That of Sylvester's equation, of complex numbers alone where there are any.

    Beside complex ones SciPy takes a real Schur form, with blocks, for a triangle, and is wrong.
    """
    if any(map(np.iscomplexobj, (a, b, q))):
        a, b, q = a + 0j, b + 0j, q + 0j
    return sylvester(a, b, q)


def _of_q(g: Array, a: Array, b: Array) -> Any:
    return solution(transposed(a), transposed(b), g)


def _lyapunov(a: Array, q: Array) -> Any:
    return solution(a, dagger(a), q)


def _continuous(a: Array, q: Array) -> Any:
    if np.iscomplexobj(q) and not np.iscomplexobj(a):
        raise ValueError(
            "scipy.linalg.solve_continuous_lyapunov: SciPy's own result is wrong for a real a and "
            "a complex q; use a + 0j"
        )
    return _lyapunov(a, q)


# a·x·aᴴ − x + q = 0, of which x is linear in q


def _stein_vjp_a(g: Array, a: Array, ans: Array) -> Any:
    of_q = stein(transposed(a), g)
    first = np.matmul(np.matmul(of_q, np.conjugate(a)), transposed(ans))
    return first + np.conjugate(np.matmul(np.matmul(transposed(of_q), a), ans))


def _stein_jvp_a(t: Array, a: Array, ans: Array) -> Any:
    first = np.matmul(np.matmul(t, ans), dagger(a))
    return stein(a, first + np.matmul(np.matmul(a, ans), dagger(t)))


# Riccati equations. With m = b·r⁻¹·bᴴ the continuous one is aᴴ·x + x·a − x·m·x + q = 0, and the
# discrete one x = aᴴ·x·(1 + m·x)⁻¹·a + q. With the closed loop c, which is a − m·x or
# (1 + m·x)⁻¹·a, and f = x or cᴴ·x, s = f·da + (f·da)ᴴ − f·dm·fᴴ + dq causes dx: it is
# cᴴ·dx + dx·c + s = 0, or dx = cᴴ·dx·c + s.


@array_function
def riccati(a: Any, m: Any, q: Any, x: Any, discrete: bool) -> Any:
    """`x`, of which it is known that it is the solution of the Riccati equation for a, m and q."""
    return x


def _loop(a: Array, m: Array, x: Array, discrete: bool) -> tuple[Any, Any]:
    if not discrete:
        return a - np.matmul(m, x), x
    c = np.linalg.solve(np.eye(a.shape[-1]) + np.matmul(m, x), a)
    return c, np.matmul(dagger(c), x)


def _caused(s: Array, c: Array, discrete: bool) -> Any:
    return stein(dagger(c), s) if discrete else _lyapunov(dagger(c), -s)


def _cause(g: Array, a: Array, m: Array, ans: Array, discrete: bool) -> tuple[Any, Any]:
    """The cotangent of s, and f."""
    c, f = _loop(a, m, ans, discrete)
    return stein(np.conjugate(c), g) if discrete else _lyapunov(np.conjugate(c), -g), f


def _vjp_a(g: Array, a: Array, m: Array, ans: Array, discrete: bool) -> Any:
    of_s, f = _cause(g, a, m, ans, discrete)
    return np.matmul(transposed(f), of_s + dagger(of_s))


def _jvp_a(t: Array, a: Array, m: Array, ans: Array, discrete: bool) -> Any:
    c, f = _loop(a, m, ans, discrete)
    return _caused(2 * hermitian(np.matmul(f, t)), c, discrete)


def _vjp_m(g: Array, a: Array, m: Array, ans: Array, discrete: bool) -> Any:
    of_s, f = _cause(g, a, m, ans, discrete)
    return -np.matmul(np.matmul(transposed(f), of_s), np.conjugate(f))


def _jvp_m(t: Array, a: Array, m: Array, ans: Array, discrete: bool) -> Any:
    c, f = _loop(a, m, ans, discrete)
    return _caused(-np.matmul(np.matmul(f, t), dagger(f)), c, discrete)


def _vjp_q(g: Array, a: Array, m: Array, ans: Array, discrete: bool) -> Any:
    return _cause(g, a, m, ans, discrete)[0]


def _jvp_q(t: Array, a: Array, m: Array, ans: Array, discrete: bool) -> Any:
    return _caused(t, _loop(a, m, ans, discrete)[0], discrete)


def _riccati(discrete: bool) -> Any:
    def definition(
        a: Array, b: Array, q: Array, r: Array, e: Array | None, s: Array | None, ans: Array
    ) -> Any:
        # With e and s it is the equation for a·e⁻¹ − b·r⁻¹·sᴴ and q − s·r⁻¹·sᴴ, where q and s are
        # multiplied by e⁻ᴴ and e⁻¹.
        refuse_stack(f"solve_{'discrete' if discrete else 'continuous'}_are", a)
        q, r = hermitian(q), hermitian(r)
        if on_values(np.linalg.matrix_rank, r) < r.shape[-1]:
            raise ValueError(
                "scipy.linalg: a Riccati equation with a singular r has no derivative rule; add a "
                "small multiple of the identity to r"
            )
        if e is not None:
            inverse = np.linalg.inv(e)
            a, q = np.matmul(a, inverse), np.matmul(np.matmul(dagger(inverse), q), inverse)
            s = None if s is None else np.matmul(dagger(inverse), s)
        if s is not None:
            cross = np.linalg.solve(r, dagger(s))
            a, q = a - np.matmul(b, cross), q - np.matmul(s, cross)
        m = np.matmul(b, np.linalg.solve(r, dagger(b)))
        _check(value_of(a), value_of(m), value_of(q), np.asarray(ans), discrete)
        return riccati(a, m, q, ans, discrete)

    return definition


def _check(a: Array, m: Array, q: Array, x: Array, discrete: bool) -> None:
    """Raise where SciPy's x solves another equation, as its balancing with e and s may do."""
    c = _loop(a, m, x, discrete)[0]
    rest = dagger(a) @ x @ c - x + q if discrete else dagger(a) @ x + x @ c + q
    left = np.max(np.abs(rest), initial=0)
    scale = np.max(np.abs(q), initial=0) + np.max(np.abs(a), initial=0) * np.max(
        np.abs(x), initial=0
    )
    allowed = 1e-3 if x.dtype.char in "fF" else 1e-7
    if not left <= allowed * scale:
        raise ValueError(
            f"scipy.linalg: SciPy's solution of the Riccati equation leaves {left:.0e}, so that it "
            "has no derivative; pass balanced=False"
        )


ROWS = (
    general(
        sylvester,
        signature("a", "b", "q"),
        (
            lambda g, a, b, ans: -np.matmul(_of_q(g, a, b), transposed(ans)),
            lambda t, a, b, ans: -solution(a, b, np.matmul(t, ans)),
        ),
        (
            lambda g, a, b, ans: -np.matmul(transposed(ans), _of_q(g, a, b)),
            lambda t, a, b, ans: -solution(a, b, np.matmul(ans, t)),
        ),
        (lambda g, a, b: _of_q(g, a, b), lambda t, a, b: solution(a, b, t)),
        kernel=solution,
    ),
    *[
        defined(f"linalg.{name}", "a q", _continuous)
        for name in ("solve_continuous_lyapunov", "solve_lyapunov")
    ],
    general(
        stein,
        signature("a", "q", method=None),
        (_stein_vjp_a, _stein_jvp_a),
        (lambda g, a: stein(transposed(a), g), lambda t, a: stein(a, t)),
    ),
    general(riccati, (_vjp_a, _jvp_a), (_vjp_m, _jvp_m), (_vjp_q, _jvp_q)),
    *[
        defined(f"linalg.{name}", "a b q r e s | balanced", _riccati(discrete))
        for name, discrete in (("solve_continuous_are", False), ("solve_discrete_are", True))
    ],
)

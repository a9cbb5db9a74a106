"""Linear systems with a sparse matrix: spsolve, splu, spsolve_triangular, iterations, lsqr, lsmr.

With A·x = b and the cotangent g of x, λ = A⁻ᵀ·g is that of b, and −λ·xᵀ that of A, of which only
the places of A's entries are computed. So there is one rule for all (`solved`), which asks a solver
for the transposed system: the same factorisation, or the same iteration to the same tolerance.
An iteration that does not converge raises. Least squares are a system, too (Å. Björck, "Numerical
Methods for Least Squares Problems", 1996): [I, A; Aᴴ, −damp²·I]·[r; x] = [b; 0].

>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy.sparse import csc_array
>>> from tinygrad_np.scipy.sparse.linalg import spsolve
>>> grad(lambda d: spsolve(csc_array((d, ([0, 1], [0, 1]))), np.ones(2))[1])(np.array([2.0, 4.0]))
array([ 0.    , -0.0625])
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse.linalg

from ....core.arrays import Array, cast
from ....core.dispatch import array_function
from ....core.signature import read_signature, signature
from ....core.table import Row, general
from ....core.tensor import Tensor, value_of
from ....rules.composed import composed, valued
from ...mirror import HoldsTensors, StandIn, holds_tensor, load, of
from ..arrays import Sparse, as_sparse, laid_out, own
from ..patterns import Pattern, pairs, sparse_dot

real: Any = scipy.sparse.linalg
load("sparse")  # the rules here are written in its rows


class Factors:
    """SuperLU's factors of the matrix of a pattern, kept for the data they were computed of."""

    def __init__(self, pattern: Pattern, *args: Any, **options: Any) -> None:
        self.pattern = pattern
        self.again = self  # for the systems of the derivative
        self._given = args, options
        self._kept: tuple[Any, Any, Any] = (None, None, None)

    def of(self, data: Array, dtype: Any = None) -> Any:
        """The factors: of the transposed matrix where the pattern is that of csr."""
        dtype = data.dtype if dtype is None else dtype
        kept, as_dtype, factors = self._kept
        if kept is not data or as_dtype != dtype:  # a Tensor's data are never written into
            matrix = self.pattern.matrix(data.astype(dtype))
            matrix = matrix.T if self.pattern.format == "csr" else matrix.tocsc()
            args, options = self._given
            try:
                factors = real.splu(matrix, *args, **options)
            except RuntimeError as error:  # which says "Factor is exactly singular"
                raise RuntimeError(
                    f"scipy.sparse.linalg: {error}: the system has no unique solution; add a small "
                    "multiple of the identity"
                ) from None
            self._kept = data, dtype, factors
        return factors

    def solve(self, data: Array, b: Array, transposed: bool) -> Any:
        """The solution of the system, or of the transposed one."""
        factors = self.of(data, np.result_type(data, b))
        if bool(transposed) is (self.pattern.format == "csr"):
            return factors.solve(b)
        return factors.solve(b, "T")


class Triangle:
    """A triangular matrix, solved by substitution."""

    def __init__(self, pattern: Pattern, lower: bool, unit_diagonal: bool) -> None:
        self.pattern, self.again = pattern, self
        self._lower, self._unit = bool(lower), unit_diagonal

    def solve(self, data: Array, b: Array, transposed: bool) -> Any:
        """The solution of the system, or of the transposed one."""
        matrix = self.pattern.matrix(data)
        matrix = matrix.T.tocsr() if transposed else matrix
        lower = self._lower is not bool(transposed)
        return real.spsolve_triangular(matrix, b, lower, unit_diagonal=self._unit)


class Iteration:
    """One of SciPy's iterative solvers with its options, for a matrix or an operator."""

    def __init__(self, name: str, a: Any, options: dict[str, Any]) -> None:
        self.name, self.options = name, options
        self.pattern: Any = a._pattern if isinstance(a, Sparse) else None
        self._constant = None if isinstance(a, Sparse) else a

    @property
    def again(self) -> Iteration:
        """The same to the same tolerance, but from zero."""
        kept = {name: x for name, x in self.options.items() if name in _ADJOINT}
        found = Iteration(self.name, self._constant, kept)
        found.pattern = self.pattern
        return found

    def solve(self, data: Array, b: Array, transposed: bool) -> Any:
        """The solution of the system, or of the transposed one."""
        a: Any = self._constant if self.pattern is None else self.pattern.matrix(data)
        options = dict(self.options)
        hermitian = transposed and self.name in ("cg", "minres")  # Aᵀ is the conjugate of A
        if hermitian:
            b = np.conjugate(b)
        elif transposed:
            a = a.T
            for name, other in (("M", "M"), ("M1", "M2"), ("M2", "M1")):
                if self.options.get(other) is not None:
                    options[name] = real.aslinearoperator(self.options[other]).T
        x, info = getattr(real, self.name)(a, b, **options)
        if info != 0:
            raise ValueError(
                f"scipy.sparse.linalg.{self.name}: did not converge (info {info}), so that there "
                "is no derivative; raise maxiter or rtol, or use spsolve"
            )
        return np.conjugate(x) if hermitian else x


_ITERATIVE = (
    "bicg",
    "bicgstab",
    "cg",
    "cgs",
    "gcrotmk",
    "gmres",
    "lgmres",
    "minres",
    "qmr",
    "tfqmr",
)
_ADJOINT = {"rtol", "tol", "atol", "maxiter", "restart", "inner_m", "outer_k", "m", "k"} | {
    *("truncate", "shift", "M", "M1", "M2")
}


@array_function
def solved(data: Any, b: Any, solver: Any, transposed: bool = False) -> Any:
    """What a solver gives for the matrix of `data`, or for the transposed one, and `b`.

    >>> import scipy.sparse
    >>> solver = Factors(Pattern([0, 1], [0, 1], (2, 2), scipy.sparse.csc_array))
    >>> solved(np.array([2.0, 4.0]), np.ones(2), solver)
    array([0.5 , 0.25])
    """
    return solver.solve(data, b, transposed)


def _by_data_vjp(g: Any, data: Any, solver: Any, transposed: Any, ans: Any) -> Any:
    y = solved(data, g, solver.again, not transposed)
    found = pairs(ans, y, solver.pattern) if transposed else pairs(y, ans, solver.pattern)
    return cast(-found, data.dtype)


def _by_data_jvp(t: Any, data: Any, solver: Any, transposed: Any, ans: Any) -> Any:
    change = sparse_dot(t, ans, solver.pattern.T if transposed else solver.pattern)
    return -solved(data, change, solver.again, transposed)


def _by_b_vjp(g: Any, data: Any, b_like: Any, solver: Any, transposed: Any) -> Any:
    return cast(solved(data, g, solver.again, not transposed), b_like.dtype)


def _by_b_jvp(t: Any, data: Any, solver: Any, transposed: Any, ans: Any) -> Any:
    return cast(solved(data, t, solver.again, transposed), ans.dtype)


def _dense(function: str, b: Any) -> Any:
    """A dense right-hand side, as an array of floating numbers or a Tensor."""
    if isinstance(b, Sparse) or scipy.sparse.issparse(b):
        raise TypeError(f"{function}: takes no sparse right-hand side of a Tensor; use b.toarray()")
    b = b if type(b) is Tensor else np.asarray(b)
    return b if b.dtype.kind in "fc" else b.astype(float)


def _compressed(a: Any) -> Sparse:
    """Of csr and csc itself, of all else csc, as SciPy does; without duplicates."""
    a = as_sparse(a)
    return a._summed().asformat("csr" if a.format == "csr" else "csc")


def _spsolve(a: Any, b: Any, permc_spec: Any) -> Any:
    a, b = _compressed(a), _dense("scipy.sparse.linalg.spsolve", b)
    b = b.reshape(-1) if b.ndim == 2 and b.shape[1] == 1 else b  # as SciPy does
    return solved(a._values, b, Factors(a._pattern, permc_spec))


def _spsolve_triangular(a: Any, b: Any, lower: Any, unit_diagonal: Any) -> Any:
    name = "scipy.sparse.linalg.spsolve_triangular"
    a = _compressed(a)
    part, k = (scipy.sparse.tril, -1) if lower else (scipy.sparse.triu, 1)
    triangle = laid_out(lambda m: part(m, k if unit_diagonal else 0, a.format), a)
    whole = laid_out(part, a)
    if np.count_nonzero(value_of(a._values)) > np.count_nonzero(value_of(whole._values)):
        raise ValueError(
            f"{name}: the matrix is not triangular; use tril or triu of it, or spsolve"
        )
    solver = Triangle(triangle._pattern, lower, unit_diagonal)
    return solved(triangle._values, _dense(name, b), solver)


def _iterative(name: str) -> Row:
    function = of(f"sparse.linalg.{name}")
    form = read_signature(function)
    names = ("a", *form.names[1:])

    def definition(*values: Any) -> Any:
        given = zip(names[2:], values[2:], form.defaults[2:], strict=True)
        options = {name: x for name, x, default in given if x is not default}
        a, b = values[0], _dense(f"scipy.sparse.linalg.{name}", values[1])
        if b.ndim != 1:
            raise ValueError(
                f"scipy.sparse.linalg.{name}: b is one vector; use spsolve for several"
            )
        a = as_sparse(a) if holds_tensor(a) else a
        if any(map(holds_tensor, options.values())):
            raise TypeError(
                f"scipy.sparse.linalg.{name}: only A and b take a Tensor; use t.data for the others"
            )
        if name == "tfqmr" and "M" in options:  # SciPy's result is then no solution
            raise TypeError("scipy.sparse.linalg.tfqmr: takes no M on a Tensor; use bicgstab")
        if name == "minres" and "c" in (b.dtype.kind, np.dtype(a.dtype).kind):
            raise TypeError("scipy.sparse.linalg.minres: takes real numbers; use cg, or gmres")
        data = a._values if isinstance(a, Sparse) else np.zeros(0)
        return solved(data, b, Iteration(name, a, options)), 0

    form = form._replace(names=names)
    row = composed(function, form, definition, {"a", "b"}, aliases={"A": "a"})
    row.needs = tuple(range(len(names)))
    return row


def _least_squares(name: str) -> Row:
    function, path = of(f"sparse.linalg.{name}"), f"scipy.sparse.linalg.{name}"
    form = read_signature(function)
    names = ("a", *form.names[1:])

    def definition(*values: Any) -> Any:
        given = dict(zip(names, values, strict=True))
        if given.get("calc_var"):
            raise TypeError(f"{path}: 'var' has no derivative rule; leave calc_var out")
        if isinstance(values[0], real.LinearOperator):
            raise TypeError(f"{path}: takes no operator beside a Tensor; use a sparse array")
        a, b, damp = as_sparse(values[0]), _dense(path, values[1]).reshape(-1), values[2]
        start = 0.0 if given["x0"] is None else given["x0"]
        plain = [a._pattern.matrix(value_of(a._values)), *map(value_of, values[1:])]
        found: list[Any] = list(function.implementation(*plain))
        if found[1] in (3, 6, 7):  # ill-conditioned, or stopped
            raise ValueError(
                f"{path}: did not converge (istop {found[1]}), so that there is no derivative; "
                "raise the limit of iterations, or give a damp"
            )
        (m, n), p = a.shape, a._pattern
        row = np.concatenate([np.arange(m), p.row, p.col + m, np.arange(n) + m])
        col = np.concatenate([np.arange(m), p.col + m, p.row, np.arange(n) + m])
        data = [np.ones(m), a._values, np.conjugate(a._values), -(damp**2) * np.ones(n)]
        factors = Factors(Pattern(row, col, (m + n, m + n), scipy.sparse.coo_array))
        b = np.concatenate([b - sparse_dot(a._values, start + np.zeros(n), p), np.zeros(n)])
        solution = solved(np.concatenate(data), b, factors)
        r, change = solution[:m], solution[m:]
        x, length = change + start, np.linalg.norm
        whole = np.sqrt(length(r) ** 2 + damp**2 * length(change) ** 2)
        if name == "lsqr":  # x, istop, itn, r1norm, r2norm, anorm, acond, arnorm, xnorm, var
            parts = {0: x, 3: length(r), 4: whole, 8: length(change)}
        else:  # x, istop, itn, normr, normar, norma, conda, normx
            parts = {0: x, 3: whole, 7: length(x)}
        tolerance = 1e-3 * np.max(np.absolute(found[0]), initial=0.0)
        remedy = "give a damp, if columns depend on each other, or a smaller atol and btol"
        for i in (0, *range(3, len(found))):
            value = np.asarray(found[i]) * 1.0  # SciPy's norms may be integers
            # None in place of what is an estimate of the iteration.
            found[i] = valued(value, parts[i], tolerance, path, remedy) if i in parts else None
            tolerance = np.inf  # of what follows from x
        return tuple(found)

    form = form._replace(names=names)
    row = composed(function, form, definition, {"a", "b", "damp"}, aliases={"A": "a"})
    row.needs = tuple(range(len(names)))
    return row


class Factored(HoldsTensors):
    """What `splu` gives: SciPy's `SuperLU`, whose `solve` takes Tensors.

    >>> from tinygrad_np import grad
    >>> lu = OWN["sparse.linalg.splu"](scipy.sparse.csc_array([[2.0, 0.0], [0.0, 4.0]]))
    >>> grad(lambda b: lu.solve(b)[1])(np.ones(2))
    array([0.  , 0.25])
    """

    def __init__(self, a: Any, *args: Any, **options: Any) -> None:
        # SciPy sees to a constant's format, and to its warnings.
        self._lu = None if isinstance(a, Sparse) else real.splu(a, *args, **options)
        self._a = as_sparse(a).tocsc()
        self._factors = Factors(self._a._pattern, *args, **options)

    @property
    def holds_tensors(self) -> bool:  # type: ignore[override]
        """Whether the matrix has a Tensor for its data."""
        return self._a.holds_tensors

    def solve(self, rhs: Any, trans: str = "N") -> Any:
        """The solution of A·x = rhs, or for "T" and "H" of Aᵀ·x = rhs and Aᴴ·x = rhs."""
        if not (self.holds_tensors or holds_tensor(rhs)):
            return self._lu.solve(rhs, trans)  # type: ignore[union-attr]
        if trans not in ("N", "T", "H"):
            raise ValueError(f"scipy.sparse.linalg.splu: solve: trans is N, T or H, not {trans!r}")
        b = _dense("scipy.sparse.linalg.splu: solve", rhs)
        if trans == "H":
            return np.conjugate(self.solve(np.conjugate(b), "T"))
        return solved(self._a._values, b, self._factors, trans == "T")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self.holds_tensors and name not in ("shape", "nnz", "perm_r", "perm_c"):
            raise AttributeError(
                f"scipy.sparse.linalg.splu: {name!r} of a Tensor has no derivative rule; use solve"
            )
        return getattr(self._lu or self._factors.of(value_of(self._a._values)), name)


class _SuperLU(StandIn):
    """`SuperLU`, of which what `splu` gives here is an instance."""

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, (self.real, Factored))


def _factorized(a: Any) -> Any:
    return Factored(a).solve


ROWS = (
    general(solved, data=(_by_data_vjp, _by_data_jvp), b=(_by_b_vjp, _by_b_jvp)),
    composed(
        of("sparse.linalg.spsolve"),
        signature("a", "b", permc_spec=None, use_umfpack=True),
        _spsolve,
        {"a", "b"},
        aliases={"A": "a"},
    ),
    composed(
        of("sparse.linalg.spsolve_triangular"),
        signature("a", "b", lower=True, overwrite_A=False, overwrite_b=False, unit_diagonal=False),
        _spsolve_triangular,
        {"a", "b"},
        aliases={"A": "a"},
    ),
    *map(_iterative, _ITERATIVE),
    *map(_least_squares, ("lsqr", "lsmr")),
)

OWN = {
    "sparse.linalg.splu": own("sparse.linalg.splu", Factored, always=True),
    "sparse.linalg.factorized": own("sparse.linalg.factorized", _factorized, always=True),
    "sparse.linalg.SuperLU": _SuperLU(real.SuperLU, "sparse.linalg.SuperLU"),
}

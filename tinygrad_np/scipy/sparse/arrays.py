"""Sparse arrays and matrices whose data are a Tensor: ``csr_array((data, (i, j)), shape)``.

The places of the entries are constants; an entry that is 0 keeps its place, and so do those of a
sum or a product that become 0. What moves entries without computing with them (formats, slices,
`hstack`, `diags`, …) is carried out by SciPy's own function on the numbers 1, 2, 3, … in place of
the data (`laid_out`), whose result says which entry went where.

>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy.sparse import csr_array
>>> grad(lambda d: np.sum(csr_array((d, ([0, 1], [1, 0]))) @ np.array([2.0, 3.0])))(np.ones(2))
array([3., 2.])
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import scipy.sparse

from ...core import tree
from ...core.rules import scatter_add
from ...core.tensor import Tensor
from ...rules.nested import array, joined
from ...rules.sparse import sparse_product
from ..mirror import HoldsTensors, StandIn, holds_tensor
from .patterns import Pattern, sparse_dot


class Sparse(HoldsTensors):
    """A sparse array or matrix of two axes: data, one after the other, and a `Pattern`.

    It takes the operators and the methods below as SciPy's does, and raises for all others.
    """

    __array_ufunc__ = None

    def __init__(self, values: Any, pattern: Pattern) -> None:
        if values.dtype.char not in "fdFD":
            raise TypeError(f"scipy.sparse: takes no data of dtype {values.dtype}; use float64")
        self._values = values
        self._pattern = pattern

    # What it holds

    @property
    def holds_tensors(self) -> bool:  # type: ignore[override]
        """Whether its data are a Tensor."""
        return type(self._values) is Tensor

    @property
    def data(self) -> Any:
        """The data, in the order of SciPy's (coo, csr, csc)."""
        if self.format not in ("coo", "csr", "csc"):
            raise AttributeError(
                f"scipy.sparse: the data of {self.format} are blocks or diagonals; use tocoo().data"
            )
        return self._values

    ndim = 2
    shape = property(lambda self: self._pattern.shape)
    format = property(lambda self: self._pattern.format)
    dtype = property(lambda self: self._values.dtype)
    nnz = size = property(lambda self: self._pattern.row.size)

    def __repr__(self) -> str:
        name = self._pattern.real.__name__
        return f"<{name} of shape {self.shape} with a Tensor of {self.nnz} data>"

    def __getattr__(self, name: str) -> Any:
        pattern = self.__dict__.get("_pattern")
        if pattern is not None and (
            (name in ("row", "col", "coords") and pattern.format == "coo")
            or (name in ("indices", "indptr") and pattern.format in ("csr", "csc"))
        ):  # which are constants
            return getattr(pattern.matrix(np.ones(self.nnz)), name)
        raise AttributeError(
            f"scipy.sparse: a sparse array with a Tensor of data has no {name!r}; compute with its "
            "data, or with toarray()"
        )

    # Formats, and what else moves entries

    def asformat(self, format: str | None, copy: bool = False) -> Sparse:
        """In another of SciPy's formats: coo, csr, csc, bsr or dia."""
        if format in (None, self.format):
            return self
        if format not in ("coo", "csr", "csc", "bsr", "dia"):
            raise ValueError(
                f"scipy.sparse: takes no Tensor in the format {format!r}; use 'csr' or 'coo'"
            )
        return laid_out(lambda m: m.asformat(format), self)

    def _summed(self) -> Sparse:
        """In csr with the entries in order, and those of one place summed."""
        p = self._pattern
        if p.format == "csr" and np.all(np.diff(p.keys) > 0):
            return self
        _, first, slot = np.unique(p.keys, return_index=True, return_inverse=True)
        real = scipy.sparse.csr_array if self._is_array else scipy.sparse.csr_matrix
        pattern = Pattern(p.row[first], p.col[first], p.shape, real)
        if first.size == self.nnz:
            return Sparse(self._values[first], pattern)
        ones = np.ones(self.nnz, self.dtype)
        total = scipy.sparse.csr_array(
            (ones, (slot.reshape(-1), np.arange(self.nnz))), shape=(first.size, self.nnz)
        )
        return Sparse(sparse_product(total, self._values), pattern)

    @property
    def _is_array(self) -> bool:
        return issubclass(self._pattern.real, scipy.sparse.sparray)

    @property
    def T(self) -> Sparse:
        """The transposed."""
        return Sparse(self._values, self._pattern.T)

    def transpose(self, axes: Any = None, copy: bool = False) -> Sparse:
        """The transposed."""
        return self if axes is not None and tuple(axes) == (0, 1) else self.T

    def __getitem__(self, key: Any) -> Any:
        a = self if self.format in ("csr", "csc") else self.asformat("csr")
        return laid_out(lambda m: m[key], a)

    def diagonal(self, k: int = 0) -> Any:
        """The entries of the `k`-th diagonal, as an array."""
        return laid_out(lambda m: m.diagonal(k), self)

    def reshape(self, *shape: Any, order: str = "C", copy: bool = False) -> Sparse:
        """With another shape of two axes."""
        return laid_out(lambda m: m.reshape(*shape, order=order), self)

    def toarray(self, order: Any = None, out: None = None) -> Any:
        """The dense array."""
        if out is not None:
            raise TypeError("scipy.sparse: toarray: nothing is written into `out`; assign it")
        place = (self._pattern.row, self._pattern.col)
        return scatter_add(self._values, place, self.shape)

    todense = toarray

    # What is computed entry by entry

    def _with(self, values: Any) -> Sparse:
        return Sparse(values, self._pattern)

    def copy(self) -> Sparse:
        """Itself: nothing is ever written into it."""
        return self

    def astype(self, dtype: Any, casting: str = "unsafe", copy: bool = True) -> Sparse:
        """With data of another dtype."""
        return self._with(self._values.astype(dtype))

    def conj(self, copy: bool = True) -> Sparse:
        """The complex conjugate."""
        return self._with(np.conjugate(self._values))

    conjugate = conj

    def __neg__(self) -> Sparse:
        return self._with(-self._values)

    def __abs__(self) -> Sparse:
        a = self._summed()
        return a._with(np.absolute(a._values))

    def sum(self, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
        """The sum of all entries, or along an axis."""
        if dtype is not None or out is not None:
            raise TypeError("scipy.sparse: sum takes no dtype and no out on a Tensor; leave it out")
        if axis is None:
            return np.sum(self._values)
        if axis not in (0, 1, -1, -2):
            raise ValueError(f"scipy.sparse: sum: there is no axis {axis!r}; use 0, 1 or None")
        by_row = axis in (1, -1)
        pattern = self._pattern if by_row else self._pattern.T
        total = sparse_dot(self._values, np.ones(pattern.shape[1], self.dtype), pattern)
        return total if self._is_array else total.reshape((-1, 1) if by_row else (1, -1))

    # Products and sums

    def __matmul__(self, other: Any) -> Any:
        other = _operand(other)
        if isinstance(other, Sparse):
            return _of_two(self, other)
        return sparse_dot(self._values, _matrix(other, self.shape[1]), self._pattern)

    def __rmatmul__(self, other: Any) -> Any:
        other = _operand(other)
        if isinstance(other, Sparse):
            return _of_two(other, self)
        x = _matrix(other.T, self.shape[0])
        return sparse_dot(self._values, x, self._pattern.T).T

    def dot(self, other: Any) -> Any:
        """The product, as with the operator @; with a number, as with *."""
        return self * other if np.ndim(other) == 0 and _is_dense(other) else self @ other

    def __mul__(self, other: Any) -> Any:
        is_number = _is_dense(other) and np.ndim(other) == 0
        return self.multiply(other) if is_number or self._is_array else self @ other

    def __rmul__(self, other: Any) -> Any:
        if _is_sparse(other):  # its class decides, as in SciPy
            return _operand(other) * self
        is_number = _is_dense(other) and np.ndim(other) == 0
        return self.multiply(other) if is_number or self._is_array else other @ self

    def __truediv__(self, other: Any) -> Sparse:
        if not _is_dense(other) or np.ndim(other) != 0:
            raise TypeError(
                "scipy.sparse: an array with a Tensor of data is divided by numbers; use toarray()"
            )
        return self._with(self._values / other)

    def multiply(self, other: Any) -> Sparse:
        """Elementwise, with a number, a matrix of this shape, or a sparse one."""
        other = _operand(other)
        if isinstance(other, Sparse):
            a, b = self._summed(), other._summed()
            _same_shape(a, b)
            _, i, j = np.intersect1d(a._pattern.keys, b._pattern.keys, True, True)
            p = a._pattern
            pattern = Pattern(p.row[i], p.col[i], p.shape, p.real)
            return Sparse(a._values[i] * b._values[j], pattern)
        if other.ndim == 0:
            return self._with(self._values * other)
        _same_shape(self, other)
        return self._with(self._values * other[self._pattern.row, self._pattern.col])

    def __add__(self, other: Any) -> Any:
        other = _operand(other)
        if not isinstance(other, Sparse):
            _same_shape(self, other)
            return self.toarray() + other
        _same_shape(self, other)
        a, b = self._pattern, other._pattern
        row, col = np.concatenate([a.row, b.row]), np.concatenate([a.col, b.col])
        values = joined([self._values, other._values], row.shape)
        found = Sparse(values, Pattern(row, col, a.shape, a.real))
        return found._summed().asformat("csc" if a.format == b.format == "csc" else "csr")

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self + -_operand(other)

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    # What would lose the gradient, or change what others hold

    def __setitem__(self, key: Any, value: Any) -> NoReturn:
        raise TypeError(_NEVER_WRITTEN)

    def __len__(self) -> NoReturn:
        raise TypeError("scipy.sparse: the length of a sparse array is ambiguous; use shape[0]")

    def __bool__(self) -> NoReturn:
        raise ValueError("scipy.sparse: the truth value of a sparse array is ambiguous; use data")

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("scipy.sparse: compare the data, or toarray(), of an array with a Tensor")

    __hash__ = object.__hash__


def _with_data(a: Sparse, parts: list[Any]) -> Any:
    found = object.__new__(Sparse)  # of anything: a tree's leaves are not only numbers
    found._values, found._pattern = parts[0], a._pattern
    return found


# A function may return one, and take one: its data are what there is a derivative of.
tree.register(Sparse, lambda a: [a._values], _with_data)


_NEVER_WRITTEN = (
    "scipy.sparse: nothing is written into an array with a Tensor of data; assign the result, as "
    "in a = a + b"
)


def _in_place(self: Any, other: Any) -> NoReturn:
    raise TypeError(_NEVER_WRITTEN)


def _no_rule(self: Any, other: Any) -> NoReturn:
    raise TypeError("scipy.sparse: this operator has no rule; use the data, or toarray()")


for _name in ("__iadd__", "__isub__", "__imul__", "__itruediv__", "__imatmul__"):
    setattr(Sparse, _name, _in_place)
for _name in ("pow", "rpow", "floordiv", "mod", "rtruediv", "lt", "le", "gt", "ge"):
    setattr(Sparse, f"__{_name}__", _no_rule)
for _name in ("coo", "csr", "csc", "bsr", "dia"):
    setattr(Sparse, f"to{_name}", functools.partialmethod(Sparse.asformat, _name))


def _is_sparse(x: Any) -> bool:
    """Whether it is one of SciPy's own."""
    return bool(scipy.sparse.issparse(x))


def _is_dense(x: Any) -> bool:
    return not isinstance(x, Sparse) and not _is_sparse(x)


def _operand(x: Any) -> Any:
    """An operand beside a sparse one: sparse as a `Sparse`, dense as an array or a Tensor."""
    if not _is_dense(x):
        return as_sparse(x)
    return x if type(x) is Tensor else array(x) if isinstance(x, list) else np.asarray(x)


def _matrix(x: Any, length: int) -> Any:
    if x.ndim not in (1, 2) or x.shape[0] != length:
        raise ValueError(
            f"scipy.sparse: @: an operand of shape {x.shape} where {length} rows belong; it is a "
            "vector or a matrix, a number is multiplied by *"
        )
    return x


def _same_shape(a: Any, b: Any) -> None:
    if a.shape != b.shape:
        raise ValueError(
            f"scipy.sparse: shapes {a.shape} and {b.shape} differ; nothing is broadcast beside a "
            "sparse array with a Tensor: use np.broadcast_to, or toarray()"
        )


def _of_two(a: Sparse, b: Sparse) -> Sparse:
    """The product of two: each entry of `a` in column k meets each one of `b` in row k."""
    b = b._summed()
    if a.shape[1] != b.shape[0]:
        raise ValueError(f"scipy.sparse: @: shapes {a.shape} and {b.shape} do not fit")
    start, p = b._pattern.pointers, a._pattern
    counts = np.diff(start)[p.col]
    of_a = np.repeat(np.arange(a.nnz), counts)
    of_b = np.arange(of_a.size) + np.repeat(start[p.col] - np.cumsum(counts) + counts, counts)
    values = a._values[of_a] * b._values[of_b]
    pattern = Pattern(p.row[of_a], b._pattern.col[of_b], (a.shape[0], b.shape[1]), p.real)
    return Sparse(values, pattern)._summed().asformat("csc" if a.format == "csc" else "csr")


def as_sparse(x: Any) -> Sparse:
    """`x` as a `Sparse`: SciPy's own with constant data, a dense matrix with all its places."""
    if isinstance(x, Sparse):
        return x
    if _is_sparse(x):
        dtype = x.dtype if x.dtype.char in "fdFD" else np.result_type(x.dtype, np.float32)
        real = type(x) if x.format in ("coo", "csr", "csc", "bsr", "dia") else type(x.tocsr())
        return laid_out(lambda m: m, x.asformat(real((1, 1)).format).astype(dtype))
    x = _operand(x)
    if x.ndim != 2:
        raise ValueError(
            f"scipy.sparse: a matrix has two axes, not the shape {x.shape}; reshape it"
        )
    row, col = np.indices(x.shape).reshape(2, -1)
    values = x.reshape(-1) if x.dtype.kind in "fc" else x.reshape(-1).astype(float)
    return Sparse(values, Pattern(row, col, x.shape, scipy.sparse.csr_array))


def laid_out(function: Callable[..., Any], *things: Any) -> Any:
    """``function(*things)``, which moves entries, and computes with none.

    `things` are sparse arrays, arrays, Tensors and numbers, also in lists and tuples; `function`
    is SciPy's, or one in its terms. Duplicates are summed before. It is called with the numbers
    1, 2, 3, … in place of the data; 0 in its result stands for what is 0.
    """
    parts: list[Any] = []
    total = 0

    def numbers(part: Any) -> Any:
        nonlocal total
        parts.append(part)
        size, total = int(np.size(part.data if type(part) is Tensor else part)), total
        found = np.arange(total + 1.0, total + size + 1.0).reshape(np.shape(part))
        total += size
        return found

    def numbered(x: Any) -> Any:
        if isinstance(x, (list, tuple)):
            return [numbered(item) for item in x]
        if isinstance(x, Sparse):
            x = x._summed().asformat(x.format) if x._pattern.repeats else x
            return x._pattern.matrix(numbers(x._values))
        if _is_sparse(x):
            x = x.copy() if x.format in ("coo", "csr", "csc", "bsr", "dia") else x.tocsr()
            if x.format != "dia":
                x.sum_duplicates()
            x.data = numbers(x.data)
            return x
        return None if x is None else numbers(x)

    found = function(*[numbered(x) for x in things])
    values = joined([0.0, *parts], (total + 1,), np.result_type(np.float32, *map(_dtype, parts)))
    if not _is_sparse(found):
        return values[np.asarray(found).astype(int)]
    if found.ndim != 2:
        raise ValueError(
            "scipy.sparse: an array with a Tensor of data has two axes; use a[[i]], or reshape "
            "toarray()"
        )
    coo = found.tocoo()
    kept = np.flatnonzero(coo.data)
    pattern = Pattern(coo.row[kept], coo.col[kept], found.shape, type(found))
    return Sparse(values[coo.data[kept].astype(int)], pattern)


def _dtype(part: Any) -> Any:
    return part.dtype if hasattr(part, "dtype") else np.asarray(part).dtype


class Format(StandIn):
    """What stands for one of SciPy's classes of sparse arrays, and makes a `Sparse` of a Tensor."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any(map(holds_tensor, (*args, *kwargs.values()))):
            return _made(self.real, *args, **kwargs)
        return self.real(*args, **kwargs)

    def __instancecheck__(self, instance: Any) -> bool:
        real = instance._pattern.real if type(instance) is Sparse else type(instance)
        return issubclass(real, self.real)


def _made(real: Any, arg1: Any, shape: Any = None, dtype: Any = None, **options: Any) -> Sparse:
    name = f"scipy.sparse.{real.__name__}"
    form = real.__name__.partition("_")[0]
    if dtype is not None:
        raise TypeError(f"{name}: takes no dtype beside a Tensor; use data.astype(dtype)")
    options.pop("copy", None)
    arg = arg1
    if isinstance(arg, Sparse) and form not in ("dok", "lil") and shape in (None, arg.shape):
        is_array = issubclass(real, scipy.sparse.sparray)
        arg = arg.asformat(form)
        return arg if arg._is_array is is_array else laid_out(real, arg)
    if form in ("dok", "lil") or not (isinstance(arg, tuple) and len(arg) in (2, 3)):
        raise TypeError(
            f"{name}: takes a Tensor as the data of (data, (i, j)) or of (data, indices, indptr): "
            "a dense one has entries that may be 0 and would have no place; use csr_array((data, "
            "(i, j)), shape)"
        )
    data, *rest = arg
    data = array(data) if isinstance(data, (list, tuple)) else data
    if len(rest) == 1 and form != "dia":
        is_array = issubclass(real, scipy.sparse.sparray)
        coo = scipy.sparse.coo_array if is_array else scipy.sparse.coo_matrix
        found: Sparse = laid_out(lambda n: coo((n, *rest), shape=shape), data)
        return found.asformat(form)
    return laid_out(lambda n: real((n, *rest), shape=shape, **options), data)


def own(path: str, definition: Callable[..., Any], always: bool = False) -> Callable[..., Any]:
    """SciPy's function of this name, in place of which `definition` runs on Tensors, or always."""
    module, _, name = path.rpartition(".")
    real = getattr(importlib.import_module(f"scipy.{module}"), name)
    form = inspect.signature(real)

    @functools.wraps(real)
    def function(*args: Any, **kwargs: Any) -> Any:
        if always or any(map(holds_tensor, args)) or any(map(holds_tensor, kwargs.values())):
            bound = form.bind(*args, **kwargs)  # by SciPy's names, also A and B
            return definition(*bound.args, **bound.kwargs)
        return real(*args, **kwargs)

    function.__module__, function.__qualname__ = f"tinygrad_np.scipy.{module}", name
    return function


OWN = {
    f"sparse.{name}": Format(getattr(scipy.sparse, name), f"sparse.{name}")
    for form in ("coo", "csr", "csc", "bsr", "dia", "dok", "lil")
    for name in (f"{form}_array", f"{form}_matrix")
} | {
    f"sparse.{name}": Format(getattr(scipy.sparse, name), f"sparse.{name}")
    for name in ("sparray", "spmatrix")
}

ROWS = ()

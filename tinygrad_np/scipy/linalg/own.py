"""What the families of `scipy.linalg` have in common: rows with SciPy's values, and matrices."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.arrays import Array, as_array, cast
from ...core.signature import REQUIRED, Signature, read_signature
from ...rules.composed import ComposedRow, composed
from ...rules.constants import on_values
from ...rules.factors import completed
from ...rules.matrices import dagger, triangle
from ...rules.nested import array
from ..mirror import of


def taken(path: str, names: str) -> tuple[Signature, dict[str, Any]]:
    """SciPy's signature of a function, and what runs on arrays, of a row that knows these `names`.

    Operands stand before a bar, those in parentheses may be tuples in which there are Tensors:
    ``"(c_and_lower) b | overwrite_b check_finite"``. What another SciPy has besides them is refused
    by name, what it has not is None. SciPy does not overwrite its arguments: it does that even to
    what is read-only. Capital letters become small ones.
    """
    real, known = of(path).implementation, re.findall(r"\w+", names)
    found = read_signature(real)
    lowered = tuple([name.lower() for name in found.names])
    missing = [name for name in known if name not in lowered]
    lowered, defaults = (*lowered, *missing), (*found.defaults, *[None] * len(missing))
    required = sum(default is REQUIRED for default in defaults)
    given = _writeable if path in ("linalg.logm", "linalg.solve_toeplitz") else lambda x: x

    def kernel(*args: Any, **kwargs: Any) -> Any:
        if found.rest is not None:
            return real(*args)
        named = {**dict(zip(lowered[required:], args[required:], strict=False)), **kwargs}
        for name, x in list(named.items()):
            if name.startswith("overwrite") or x is defaults[lowered.index(name)]:
                del named[name]
            elif name not in known:
                raise TypeError(
                    f"scipy.{path}: the argument {name!r} has no derivative rule; leave it out"
                )
        return real(*map(given, args[:required]), **named)

    aliases = {name: name.lower() for name in found.names if name != name.lower()}
    tuples = re.findall(r"\((\w+)\)", names)
    options = {"kernel": kernel, "aliases": aliases, "list_operands": tuples}
    return Signature(lowered, defaults, found.rest), options


def _writeable(x: Any) -> Any:
    """x, of which SciPy 1.13 asks that it be writeable, though it does not write."""
    if isinstance(x, tuple):
        return tuple([_writeable(item) for item in x])
    return x.copy() if isinstance(x, np.ndarray) and not x.flags.writeable else x


def defined(path: str, names: str, definition: Callable[..., Any], **options: Any) -> ComposedRow:
    """The row of a function that has SciPy's value and the derivative of a definition.

    The definition gets arrays in place of lists; also inside the tuples that are operands.
    """
    form, further = taken(path, names)
    operands = re.findall(r"\w+", names.partition("|")[0])
    row = composed(of(path), form, definition, operands, own_value=True, **further, **options)

    def of_arrays(*needed: Any) -> Any:
        return definition(
            *[
                _arrays(x, position in row.list_operands) if position in row.operands else x
                for position, x in zip(row.needs, needed, strict=True)
            ]
        )

    row.definition = of_arrays
    return row


def _arrays(x: Any, is_tuple: bool) -> Any:
    if x is None or isinstance(x, bool):
        return x
    if is_tuple and isinstance(x, tuple):
        return tuple([_arrays(item, False) for item in x])
    return array(x) if isinstance(x, (list, tuple)) else as_array(x)


def refuse_stack(function: str, x: Array, axes: int = 2) -> None:
    """``ValueError`` if x has more axes than a matrix, or a vector, has."""
    if x.ndim > axes:
        raise ValueError(
            f"scipy.linalg.{function}: takes one {'matrix' if axes == 2 else 'vector'} where there "
            f"are Tensors, not a stack of shape {x.shape}; take one after the other, and np.stack"
        )


def transposed(x: Array) -> Any:
    """The transpose of each matrix, without a conjugate."""
    return np.swapaxes(x, -1, -2)


def symmetric(a: Array, lower: Any, conjugate: bool = True) -> Any:
    """The matrix of which `a` has one triangle: Hermitian, or only symmetric.

    The derivative is that of a function of such matrices (docs/policies.md): half to each element.
    """
    if not conjugate and np.iscomplexobj(a):
        return symmetric(np.real(a), lower) + 1j * symmetric(np.imag(a), lower)
    return completed(a if lower else dagger(a))


def half(a: Array, lower: Any, k: int = 0) -> Any:
    """The lower or the upper triangle, without k diagonals."""
    return triangle(a, -k) if lower else transposed(triangle(transposed(a), -k))


def like(x: Any, ans: Any) -> Any:
    """x in the dtype of SciPy's value; from complex to real, the real part."""
    return cast(as_array(x), getattr(ans, "dtype", None) or np.asarray(ans).dtype)


def agreeing(function: str, x: Any, ans: Any) -> Any:
    """x in the dtype of SciPy's value; ``ValueError`` where it has another value.

    So it is where eigenvalues lie at the cut of a function of several branches.
    """
    found, size = on_values(np.asarray, x), np.max(np.absolute(ans), initial=1e-300)
    if np.any(np.absolute(found - ans) > 1e-3 * size):
        raise_at_cut(function)
    return like(x, ans)


def raise_at_cut(function: str) -> None:
    """``ValueError``: there is no derivative that one could trust."""
    raise ValueError(
        f"{function}: an eigenvalue lies at a cut, or a branch point, of the function, or the "
        "value is inaccurate, so that there is no derivative; move the eigenvalues away, by a "
        "multiple of the identity for instance"
    )

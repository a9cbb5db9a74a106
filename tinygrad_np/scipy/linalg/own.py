"""What the families of `scipy.linalg` have in common: rows with SciPy's values, and matrices."""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from ...core.arrays import Array, as_array, cast
from ...core.signature import REQUIRED, Signature
from ...rules.composed import ComposedRow, composed
from ...rules.constants import on_values
from ...rules.factors import completed
from ...rules.matrices import dagger, triangle
from ..mirror import of


def without_overwriting(path: str, taken: Signature) -> Callable[..., Any]:
    """SciPy's function, which does not overwrite its arguments: it does, even what is read-only.

    Optional arguments are handed over by name.
    """
    real = of(path).implementation
    required = sum(default is REQUIRED for default in taken.defaults)

    def kernel(*args: Any, **kwargs: Any) -> Any:
        if taken.rest is not None:
            return real(*args)
        named = {**dict(zip(taken.names[required:], args[required:], strict=False)), **kwargs}
        named = {name: x for name, x in named.items() if not name.startswith("overwrite")}
        return real(*args[:required], **named)

    return kernel


def defined(
    path: str,
    taken: Signature,
    definition: Callable[..., Any],
    operands: Collection[str] = ("a",),
    **options: Any,
) -> ComposedRow:
    """The row of a function that has SciPy's value and the derivative of a definition."""
    kernel = without_overwriting(path, taken)
    return composed(of(path), taken, definition, operands, own_value=True, kernel=kernel, **options)


def transposed(x: Array) -> Any:
    """The transpose of each matrix, without a conjugate."""
    return np.swapaxes(x, -1, -2)


def columns(b: Array) -> Any:
    """A vector as a matrix of one column; a matrix, or a stack of them, as it is."""
    return b[:, None] if b.ndim == 1 else b


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


def require_agreement(function: str, x: Any, ans: Any) -> None:
    """``ValueError`` where the definition's value is not SciPy's: there is no derivative to trust.

    So it is where eigenvalues lie at the cut of a function of several branches.
    """
    x = on_values(np.asarray, x)
    size = np.max(np.absolute(ans), initial=1e-300)
    if np.any(np.absolute(x - ans) > 1e-3 * size):
        raise ValueError(
            f"{function}: an eigenvalue lies at a cut, or a branch point, of the function, or the "
            "value is inaccurate, so that there is no derivative; move the eigenvalues away, by a "
            "multiple of the identity for instance"
        )

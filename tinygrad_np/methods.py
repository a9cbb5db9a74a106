"""The methods that a Tensor shares with NumPy's arrays, in terms of NumPy's functions.

Each hands its call to the function of its name, which hands it on to the Tensor.
"""

import operator
import sys
from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from .at import At
from .debugging import shapes
from .kernels.dispatch import explained
from .kernels.elementwise import cast

# NumPy's own types say that its functions take and give arrays; they also take and give Tensors.
numpy: Any = np


class Methods:
    """NumPy's methods, for a class that implements NumPy's protocols.

    >>> from tinygrad_np import Tensor
    >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).sum(axis=0)
    Tensor([4., 6.])
    """

    __slots__ = ()

    data: Any
    ndim: Any
    size: Any
    shape: Any
    dtype: Any
    _value: Any
    __array_function__: Any
    __getitem__: Any

    @property
    def __array_namespace__(self) -> Any:
        """Where SCIPY_ARRAY_API is set, SciPy's namespace of NumPy, by which it knows an array."""
        scipy = sys.modules.get("scipy._lib._array_api")
        if not getattr(scipy, "SCIPY_ARRAY_API", False):
            raise AttributeError("a Tensor has no array namespace")
        namespace = scipy.array_namespace(np.empty(0))  # type: ignore[union-attr]
        return lambda *, api_version=None: namespace

    @property
    def at(self) -> At:
        """Updates that give a new Tensor: ``t.at[index].set(value)``; see `tinygrad_np.at`."""
        return At(self)

    @property
    def mT(self) -> Self:
        """With the last two axes swapped."""
        return numpy.swapaxes(self, -1, -2)

    @property
    def real(self) -> Self:
        """The real part."""
        return numpy.real(self)

    @property
    def imag(self) -> Self:
        """The imaginary part."""
        return numpy.imag(self)

    @explained
    def ravel(self, order: str | None = "C") -> Self:
        """As `numpy.ravel`, in order "C" (or None) or "F"."""
        return numpy.ravel(self, order)

    @explained
    def flatten(self, order: str | None = "C") -> Self:
        """As `ravel`; `tinygrad_np.flatten` keeps the first axis."""
        return numpy.ravel(self, order)

    @explained
    def transpose(self, *axes: Any) -> Self:
        """As `numpy.transpose`; the axes are one tuple or several integers."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else (axes or None)
        return numpy.transpose(self, order)

    @explained
    def swapaxes(self, axis1: int, axis2: int) -> Self:
        """As `numpy.swapaxes`."""
        return numpy.swapaxes(self, axis1, axis2)

    @explained
    def squeeze(self, axis: Any = None) -> Self:
        """As `numpy.squeeze`."""
        return numpy.squeeze(self, axis)

    def sum(self, *args: Any, **kwargs: Any) -> Self:
        """As `numpy.sum`: (axis=None, dtype=None, keepdims=False, initial=0, where=True)."""
        return self.__array_function__(np.sum, (), (self, *args), kwargs)

    def mean(self, *args: Any, **kwargs: Any) -> Self:
        """As `numpy.mean`: (axis=None, dtype=None, keepdims=False, where=True)."""
        return self.__array_function__(np.mean, (), (self, *args), kwargs)

    def prod(self, *args: Any, **kwargs: Any) -> Self:
        """As `numpy.prod`; exact with zeros, the gradient too."""
        return self.__array_function__(np.prod, (), (self, *args), kwargs)

    def var(self, *args: Any, **kwargs: Any) -> Self:
        """As `numpy.var`: (axis=None, dtype=None, ddof=0, keepdims=False, …)."""
        return self.__array_function__(np.var, (), (self, *args), kwargs)

    def std(self, *args: Any, **kwargs: Any) -> Self:
        """As `numpy.std`; that of equal values has gradient 0."""
        return self.__array_function__(np.std, (), (self, *args), kwargs)

    @explained
    def cumsum(self, axis: Any = None, dtype: Any = None) -> Self:
        """As `numpy.cumsum`."""
        return numpy.cumsum(self, axis, dtype)

    @explained
    def cumprod(self, axis: Any = None, dtype: Any = None) -> Self:
        """As `numpy.cumprod`; exact with zeros, the gradient too."""
        return numpy.cumprod(self, axis, dtype)

    def max(self, *args: Any, **kwargs: Any) -> Self:
        """As `numpy.max`; elements that tie share the gradient equally."""
        return self.__array_function__(np.max, (), (self, *args), kwargs)

    def min(self, *args: Any, **kwargs: Any) -> Self:
        """As `numpy.min`; elements that tie share the gradient equally."""
        return self.__array_function__(np.min, (), (self, *args), kwargs)

    @explained
    def clip(self, min: Any = None, max: Any = None) -> Self:
        """As `numpy.clip`; the derivative is 1 on the closed interval."""
        return numpy.clip(self, min, max)

    @explained
    def round(self, decimals: int = 0) -> Any:
        """As `numpy.round`: a constant."""
        return numpy.round(self, decimals)

    def __round__(self, ndigits: int | None = None) -> Any:
        """Python's ``round(t)`` of a single number, which is a constant."""
        if self.ndim:
            raise TypeError("round(t) is for a single number; use np.round(t), a constant")
        return round(self.data[()], ndigits)

    @explained
    def dot(self, other: Any) -> Self:
        """As `numpy.dot`."""
        return numpy.dot(self, other)

    @explained
    def take(self, indices: Any, axis: Any = None, mode: str = "raise") -> Self:
        """As `numpy.take`."""
        return numpy.take(self, indices, axis=axis, mode=mode)

    @explained
    def compress(self, condition: Any, axis: Any = None) -> Self:
        """As `numpy.compress`."""
        return numpy.compress(condition, self, axis)

    @explained
    def repeat(self, repeats: Any, axis: Any = None) -> Self:
        """As `numpy.repeat`."""
        return numpy.repeat(self, repeats, axis)

    @explained
    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        """As `numpy.diagonal`."""
        return numpy.diagonal(self, offset, axis1, axis2)

    @explained
    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Self:
        """As `numpy.trace`."""
        return numpy.trace(self, offset, axis1, axis2, dtype)

    def conj(self) -> Self:
        """The complex conjugate."""
        return numpy.conjugate(self)

    conjugate = conj

    @explained
    def copy(self, order: Any = "C") -> Self:
        """The same value as a new Tensor that depends on this one, in whatever order."""
        return numpy.positive(self)

    @explained
    def astype(
        self, dtype: Any, order: Any = "K", casting: Any = "unsafe", subok: Any = True,
        copy: Any = True,
    ) -> Self:  # fmt: skip
        """As another floating or complex dtype; the gradient comes back in this one.

        `casting` is what `numpy.ndarray.astype` allows by it; of a Tensor, which nobody writes
        into, `order`, `subok` and `copy` change nothing. Raises ``TypeError`` from complex to real:
        take ``t.real``.
        """
        dtype = np.dtype(dtype)
        if dtype.kind not in "fc":
            raise TypeError(f"astype: {dtype} has no derivative; use t.data.astype for constants")
        if numpy.iscomplexobj(self) and dtype.kind != "c":
            raise TypeError(
                f"astype: complex numbers do not fit into {dtype}; take np.real of them"
            )
        if not np.can_cast(self.dtype, dtype, casting):
            raise TypeError(f"astype: casting={casting!r} does not allow {self.dtype} to {dtype}")
        return cast(self, dtype) if dtype != self.dtype else self.copy()

    @explained
    def argmax(self, axis: Any = None, *, keepdims: bool = False) -> Any:
        """As `numpy.argmax`: a constant."""
        return numpy.argmax(self, axis, keepdims=keepdims)

    @explained
    def argmin(self, axis: Any = None, *, keepdims: bool = False) -> Any:
        """As `numpy.argmin`: a constant."""
        return numpy.argmin(self, axis, keepdims=keepdims)

    def nonzero(self) -> Any:
        """As `numpy.nonzero`: constants."""
        return numpy.nonzero(self)

    @explained
    def any(self, axis: Any = None, *, keepdims: bool = False) -> Any:
        """As `numpy.any`: a constant."""
        return numpy.any(self, axis, keepdims=keepdims)

    @explained
    def all(self, axis: Any = None, *, keepdims: bool = False) -> Any:
        """As `numpy.all`: a constant."""
        return numpy.all(self, axis, keepdims=keepdims)

    def argsort(self, *args: Any, **kwargs: Any) -> Any:
        """As `numpy.argsort`: (axis=-1, kind=None, stable=None, …); a constant."""
        return numpy.argsort(self, *args, **kwargs)

    @explained
    def argpartition(self, kth: Any, axis: Any = -1) -> Any:
        """As `numpy.argpartition`: a constant."""
        return numpy.argpartition(self, kth, axis)

    @explained
    def searchsorted(self, v: Any, side: Any = "left", sorter: Any = None) -> Any:
        """As `numpy.searchsorted`: a constant."""
        return numpy.searchsorted(self, v, side, sorter)

    # Comparisons are locally constant: plain arrays

    def __eq__(self, other: object) -> Any:
        return shapes.compared(operator.eq, self, other)

    def __ne__(self, other: object) -> Any:
        return shapes.compared(operator.ne, self, other)

    def __lt__(self, other: Any) -> Any:
        return shapes.compared(operator.lt, self, other)

    def __le__(self, other: Any) -> Any:
        return shapes.compared(operator.le, self, other)

    def __gt__(self, other: Any) -> Any:
        return shapes.compared(operator.gt, self, other)

    def __ge__(self, other: Any) -> Any:
        return shapes.compared(operator.ge, self, other)

    __hash__ = object.__hash__

    # A sequence of its parts along the first axis

    def __len__(self) -> int:
        return len(self._value)

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TypeError("a Tensor of shape () has no parts to iterate over")
        return iter([self[i] for i in range(len(self))])

    def __contains__(self, item: Any) -> bool:
        return bool((self == item).any())

    # Text

    def __repr__(self) -> str:
        text = np.array2string(self._value, separator=", ", prefix="Tensor(")
        if self.size == 0:
            text = f"{text}, shape={self.shape}"
        return f"Tensor({text}" + ("" if self.dtype == float else f", dtype={self.dtype}") + ")"

    def __format__(self, spec: str) -> str:
        if not spec:
            return repr(self)
        if self.ndim:
            raise TypeError(f"format {spec!r} is for a single number, not for shape {self.shape}")
        return format(self._value[()], spec)

"""The methods that a Tensor shares with NumPy's arrays, in terms of NumPy's functions.

Each hands its call to the function of its name, which hands it on to the Tensor.
"""

import sys
from collections.abc import Callable
from typing import Any, Protocol, Self, TypeVar, overload

import numpy as np

from ..answers import explained
from ..core import hooks
from ..core.arrays import Array, cast
from ..core.graph import Node
from ..core.table import row_of
from ..core.tensor import Tensor, apply, defers, source_of
from .at import At

# NumPy's own types say that its functions take and give arrays; they also take and give Tensors.
numpy: Any = np

T = TypeVar("T")


class _Method(Protocol):
    """The type of a method that gives what it is called on: a Tensor."""

    @overload
    def __get__(self, tensor: None, owner: Any) -> Callable[..., Any]: ...

    @overload
    def __get__(self, tensor: T, owner: Any) -> Callable[..., T]: ...


def _numpys(function: Any, note: str = "") -> Any:
    """The method that is NumPy's `function`: what it is called on is the first argument.

    >>> import inspect
    >>> from tinygrad_np import Tensor
    >>> list(inspect.signature(Tensor(1.0).cumsum).parameters)
    ['axis', 'dtype', 'out']
    """

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self.__array_function__(function, (), (self, *args), kwargs)

    method.__name__ = function.__name__
    method.__qualname__ = f"Methods.{function.__name__}"
    method.__doc__ = f"As `numpy.{function.__name__}`{note and ': '}{note}."
    method.__wrapped__ = function  # type: ignore[attr-defined]  # which has its signature
    return method


def _operators(function: Any) -> tuple[Any, Any]:
    """The operator of a function of two operands, and the reflected one."""

    def operator(self: Any, other: Any) -> Any:
        return NotImplemented if defers(other) else apply(row_of(function), (self, other), {})

    def reflected(self: Any, other: Any) -> Any:
        return apply(row_of(function), (other, self), {})

    return operator, reflected


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
    grad: Any
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
        """Updates that give a new Tensor: ``t.at[index].set(value)``; see `at`."""
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

    # What is NumPy's function of the same name

    cumprod: _Method = _numpys(np.cumprod, "exact with zeros, the gradient too")
    cumsum: _Method = _numpys(np.cumsum)
    diagonal: _Method = _numpys(np.diagonal)
    max: _Method = _numpys(np.max, "elements that tie share the gradient equally")
    mean: _Method = _numpys(np.mean)
    min: _Method = _numpys(np.min, "elements that tie share the gradient equally")
    prod: _Method = _numpys(np.prod, "exact with zeros, the gradient too")
    ravel: _Method = _numpys(np.ravel, 'in order "C" (or None) or "F"')
    repeat: _Method = _numpys(np.repeat)
    squeeze: _Method = _numpys(np.squeeze)
    std: _Method = _numpys(np.std, "that of equal values has gradient 0")
    sum: _Method = _numpys(np.sum)
    swapaxes: _Method = _numpys(np.swapaxes)
    take: _Method = _numpys(np.take)
    trace: _Method = _numpys(np.trace)
    var: _Method = _numpys(np.var)

    all = _numpys(np.all, "a constant")
    any = _numpys(np.any, "a constant")
    argmax = _numpys(np.argmax, "a constant")
    argmin = _numpys(np.argmin, "a constant")
    argpartition = _numpys(np.argpartition, "a constant")
    argsort = _numpys(np.argsort, "a constant")
    nonzero = _numpys(np.nonzero, "a constant")
    round = _numpys(np.round, "a constant")
    searchsorted = _numpys(np.searchsorted, "a constant")

    # What differs from the function, or has a signature in newer NumPys alone

    @explained
    def dot(self, b: Any) -> Self:
        """As `numpy.dot`."""
        return numpy.dot(self, b)

    @explained
    def flatten(self, order: str | None = "C") -> Self:
        """As `numpy.ravel`; `tinygrad_np.flatten` keeps the first axis."""
        return numpy.ravel(self, order)

    @explained
    def transpose(self, *axes: Any) -> Self:
        """As `numpy.transpose`; the axes are one tuple or several integers."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else (axes or None)
        return numpy.transpose(self, order)

    @explained
    def clip(self, min: Any = None, max: Any = None) -> Self:
        """As `numpy.clip`; the derivative is 1 on the closed interval."""
        return numpy.clip(self, min, max)

    @explained
    def compress(self, condition: Any, axis: Any = None) -> Self:
        """As `numpy.compress`."""
        return numpy.compress(condition, self, axis)

    def conj(self) -> Self:
        """As `numpy.conj`: the complex conjugate."""
        return numpy.conjugate(self)

    conjugate = conj

    @explained
    def copy(self, order: Any = "C") -> Self:
        """As `numpy.copy`: a new Tensor that depends on this one, in whatever order."""
        return numpy.positive(self)

    @explained
    def astype(
        self, dtype: Any, order: Any = "K", casting: Any = "unsafe", subok: Any = True,
        copy: Any = True,
    ) -> Self:  # fmt: skip
        """As another floating or complex dtype; the gradient comes back in this one.

        Parameters
        ----------
        dtype : dtype
        order : str, default "K"
        casting : str, default "unsafe"
        subok, copy : bool, default True
            From `order` on, as in `numpy.ndarray.astype`; of a Tensor, which nobody writes into,
            all but `casting` change nothing.

        Returns
        -------
        Tensor

        Raises
        ------
        TypeError
            From complex to real: take ``t.real``.
        """
        dtype = np.dtype(dtype)
        if dtype.kind not in "fc":
            found = hooks.observer().converted(self, dtype) if hooks.opened else None
            if found is not None:
                return found
            raise TypeError(f"astype: {dtype} has no derivative; use t.data.astype for constants")
        if numpy.iscomplexobj(self) and dtype.kind != "c":
            raise TypeError(
                f"astype: complex numbers do not fit into {dtype}; take np.real of them"
            )
        if not np.can_cast(self.dtype, dtype, casting):
            raise TypeError(f"astype: casting={casting!r} does not allow {self.dtype} to {dtype}")
        return cast(self, dtype) if dtype != self.dtype else self.copy()

    # Python's operators and functions

    __mod__, __rmod__ = _operators(np.remainder)
    __floordiv__, __rfloordiv__ = _operators(np.floor_divide)
    __divmod__, __rdivmod__ = _operators(np.divmod)
    # Of masks, which are Tensors in a trace; of other numbers NumPy refuses them.
    __and__, __rand__ = _operators(np.bitwise_and)
    __or__, __ror__ = _operators(np.bitwise_or)
    __xor__, __rxor__ = _operators(np.bitwise_xor)

    def __invert__(self) -> Any:
        return numpy.invert(self)

    def __round__(self, ndigits: int | None = None) -> Any:
        """Python's ``round(t)`` of a single number, which is a constant."""
        if self.ndim:
            raise TypeError("round(t) is for a single number; use np.round(t), a constant")
        return round(self.data[()], ndigits)

    def __format__(self, spec: str) -> str:
        if not spec:
            return repr(self)
        if self.ndim:
            raise TypeError(f"format {spec!r} is for a single number, not for shape {self.shape}")
        return format(self.data[()], spec)

    def __copy__(self) -> Any:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        _only_a_leaf(self, "copied")
        grad = None if self.grad is None else self.grad.copy()
        return unpickled(self._value, grad, _name_of(self))

    def __reduce__(self) -> Any:
        _only_a_leaf(self, "pickled")
        return unpickled, (self._value, self.grad, _name_of(self))


SPECIAL = [
    "__array_namespace__",
    "__mod__",
    "__rmod__",
    "__floordiv__",
    "__rfloordiv__",
    "__divmod__",
    "__rdivmod__",
    "__and__",
    "__rand__",
    "__or__",
    "__ror__",
    "__xor__",
    "__rxor__",
    "__invert__",
    "__round__",
    "__format__",
    "__copy__",
    "__deepcopy__",
    "__reduce__",
]
"""Those of the methods that Python or NumPy call."""


def unpickled(value: Array, grad: Array | None, name: str | None = None) -> Tensor:
    """The leaf of a pickle."""
    tensor = Tensor(value, name=name)
    source_of(tensor).grad = grad  # type: ignore[union-attr]
    return tensor


def _name_of(tensor: Any) -> str | None:
    return getattr(source_of(tensor), "name", None)


def _only_a_leaf(tensor: Any, done: str) -> None:
    source = source_of(tensor)
    if type(source) is not Node or source.plan is not None:
        raise TypeError(
            f"a Tensor that was computed cannot be {done} with its graph; take Tensor(t.data)"
        )

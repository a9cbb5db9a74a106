"""What all classes here share: they take Tensors, as data and as points, beside SciPy's arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.arrays import as_array, cast
from ...rules.nested import array
from ..mirror import HoldsTensors, holds_tensor


def number(x: Any) -> Any:
    """`x` as an array of double precision, or a Tensor of it; a list may have Tensors in it."""
    x = array(x) if holds_tensor(x) and isinstance(x, (list, tuple)) else as_array(x)
    return cast(x, np.dtype(complex if x.dtype.kind == "c" else float))


def column(x: Any, ndim: int) -> Any:
    """A vector as a column beside an array of `ndim` axes."""
    return np.reshape(x, (-1, *[1] * (ndim - 1)))


class AtTensors:
    """What the classes here have beside SciPy's: they take Tensors, as data and as points.

    ``_of_tensors(*args, **kwargs)`` is what is made from arguments among which are Tensors. That of
    the interpolators also computes the values of the object made from arrays at Tensors.
    """

    def __init_subclass__(cls) -> None:
        real = [c for c in cls.__mro__ if c.__module__.startswith("scipy.")]
        if real:  # the parameters that help shows
            cls.__signature__ = inspect.signature(real[0])  # type: ignore[attr-defined]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if holds_tensor((args, kwargs)):
            return cls._of_tensors(*args, **kwargs)
        return object.__new__(cls)

    @classmethod
    def _of_tensors(cls, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError


class OfTensors(HoldsTensors):
    """The base of what is made from Tensors: what SciPy's object has and it has not is refused."""

    name = ""

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        raise AttributeError(
            f"scipy.interpolate.{self.name}: what is made from Tensors has no "
            f"{attribute!r}, since it has no derivative rule; use it of the same object made from "
            "arrays, such as t.data"
        )

    def __iter__(self) -> Any:
        raise TypeError(
            f"scipy.interpolate.{self.name}: what is made from Tensors has no parts, and no other "
            "form (PPoly.from_spline); call it, or its derivative, antiderivative or integrate"
        )


class Interpolant(OfTensors):
    """What an interpolator is that is made from Tensors: a function of points.

    It has as attributes what it is made from. `at` gives the values at points; `made` is SciPy's
    own object, where that is at hand, so that it need not be made again.
    """

    def __init__(self, name: str, at: Callable[..., Any], **attributes: Any) -> None:
        self.name, self._at = name, at
        self.__dict__.update(attributes)

    def __call__(self, *points: Any, **options: Any) -> Any:
        """The values at points, which are given by their place, or as `x` or `xi`."""
        points += tuple([options.pop(name) for name in ("x", "xi") if name in options])
        return self._at(*points, **options)


class Interpolator(AtTensors):
    """`AtTensors` for the interpolators: ``_of_tensors`` gives an `Interpolant`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._given = (args, kwargs)

    def __reduce__(self) -> Any:
        return _again, (type(self), *self._given)

    def __call__(self, *points: Any, **options: Any) -> Any:
        """The values at points, which are given by their place, or as `x` or `xi`."""
        points += tuple([options.pop(name) for name in ("x", "xi") if name in options])
        if not holds_tensor(points):
            return super().__call__(*points, **options)  # type: ignore[misc]
        args, kwargs = self._given
        return self._of_tensors(*args, **kwargs)(*points, **options, made=self)


def _again(cls: Any, args: Any, kwargs: Any) -> Any:
    return cls(*args, **kwargs)

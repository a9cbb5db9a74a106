"""The mirror: what stands here for a name of SciPy's, and how a Tensor reaches its row.

`mirror` makes the two functions of a module that has SciPy's names. What it gives for a name, `of`
makes once, so that the table can have a row for it: a function that forwards where a Tensor is
among its arguments, a stand-in for a class, or SciPy's own object for all else. A family declares
rows for ``of("linalg.expm")``, `constants` and `refused` classify many names at once, and
`OBJECTS` has what is written here in place of SciPy's own.

Lists and tuples in which there are Tensors become arrays, as SciPy makes arrays of them, unless
the row says by `list_operands` that it takes the parameter as it is.

>>> expm = of("linalg.expm")
>>> expm.__module__, expm is of("linalg.expm")
('tinygrad_np.scipy.linalg', True)
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from ..core.table import Row, add, constant, row_of
from ..core.tensor import Tensor, apply
from ..rules.nested import array

MODULES: dict[str, tuple[str, ...]] = {
    "special": ("functions", "unruled"),
    "linalg": (
        "matrix_functions",
        "equations",
        "factorisations",
        "matrix_equations",
        "structured",
        "unruled",
    ),
    "stats": (
        "continuous",
        "density_estimates",
        "discrete",
        "multivariate",
        "summaries",
        "unruled",
    ),
    "signal": ("convolutions", "filters", "spectra", "linear", "unruled"),
    "fft": ("transforms", "unruled"),
    "ndimage": ("image_filters", "image_resampling", "image_measures", "unruled"),
    "interpolate": ("polynomials", "piecewise", "bsplines", "grids", "scattered", "unruled"),
    "integrate": ("sampled", "integrals", "equations", "unruled"),
    "optimize": ("fits", "roots", "standard_errors", "unruled"),
    "sparse": ("patterns", "arrays", "building", "unruled"),
    "sparse.linalg": ("solvers", "eigenvalues", "unruled"),
    "spatial": ("unruled",),
    "spatial.distance": ("metrics", "unruled"),
}
"""The modules that are mirrored → their families of rows, which stand in the folder of the name."""

OBJECTS: dict[str, Any] = {}
"""What is written here in place of SciPy's own, by name: "interpolate.CubicSpline"."""


class HoldsTensors:
    """The base of what is written here and may hold Tensors: a function that is given it is told.

    An object says by `holds_tensors` whether it does.
    """

    holds_tensors = True


def holds_tensor(x: Any) -> bool:
    """Whether it is a Tensor, or has one in it: a list, tuple or dict, or an object of ours.

    >>> holds_tensor([1.0, (2.0, Tensor(3.0))]), holds_tensor({"x": 1.0})
    (True, False)
    """
    cls = type(x)
    if cls is Tensor:
        return True
    if cls is np.ndarray or cls is float or cls is int or cls is str or x is None:
        return False
    if issubclass(cls, (list, tuple)):
        return any(map(holds_tensor, x))
    if cls is dict:
        return any(map(holds_tensor, x.values()))
    return isinstance(x, HoldsTensors) and x.holds_tensors


def _of_path(path: str) -> Any:
    """SciPy's own object of this name: "linalg.expm"."""
    module, _, name = path.rpartition(".")
    owner = importlib.import_module(f"scipy.{module}")
    if module == "special":  # with SCIPY_ARRAY_API=1 its functions are wrappers around these
        ufunc = getattr(owner._ufuncs, name, None)
        if isinstance(ufunc, np.ufunc):
            return ufunc
    return getattr(owner, name)


def _named(thing: Any, path: str) -> Any:
    """`thing` with its name and where it is found, for errors, help and pickle."""
    module, _, name = path.rpartition(".")
    thing.__module__, thing.__name__, thing.__qualname__ = f"{__package__}.{module}", name, name
    return thing


def forwarding(real: Callable[..., Any], path: str) -> Callable[..., Any]:
    """SciPy's function `real`, which reaches its row where one of its arguments holds a Tensor.

    `path` is the name by which it is found, errors name it and pickle finds it.
    """

    @functools.wraps(real)
    def function(*args: Any, **kwargs: Any) -> Any:
        if any(map(holds_tensor, args)) or any(map(holds_tensor, kwargs.values())):
            row = row_of(function)
            return apply(row, *_joined(row, args, kwargs))
        return real(*args, **kwargs)

    function.implementation = real  # type: ignore[attr-defined]
    return _named(function, path)


def _joined(row: Row, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """The arguments, with arrays in place of lists in which there are Tensors."""

    def one(x: Any, position: int | None) -> Any:
        if position in row.list_operands or position is None:
            return x
        if not (isinstance(x, (list, tuple)) and holds_tensor(x)):
            return x
        if str in map(type, x):  # a window and its parameters
            raise TypeError(
                f"{row.name}: {row.names[position]!r} has no derivative rule and takes no Tensor; "
                "pass a number, such as t.item()"
            )
        return array(x)

    end = len(args) if row.rest is None else row.rest
    places = {name: position for position, name in enumerate(row.names)}
    return (
        tuple([one(x, i if i < end else None) for i, x in enumerate(args)]),
        {name: one(x, places.get(row.aliases.get(name, name))) for name, x in kwargs.items()},
    )


class StandIn:
    """What stands for one of SciPy's classes, which no Tensor may reach.

    It makes SciPy's own objects, is a base class as SciPy's is, and its instances are SciPy's.

    >>> poly = of("interpolate.PPoly")
    >>> import scipy.interpolate
    >>> isinstance(poly([[1.0]], [0.0, 1.0]), scipy.interpolate.PPoly)
    True
    """

    def __init__(self, real: type, path: str) -> None:
        functools.update_wrapper(self, real, updated=())
        self.real = real
        _named(self, path)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any(map(holds_tensor, (*args, *kwargs.values()))):
            row_of(self)  # which raises
        return self.real(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name == "real":  # while it is made or copied
            raise AttributeError(name)
        return getattr(self.real, name)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (self.real,)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self.real)

    def __subclasscheck__(self, cls: type) -> bool:
        return issubclass(cls, self.real)

    def __reduce__(self) -> str:
        return str(self.__name__)


@functools.cache
def of(path: str) -> Any:
    """What stands for SciPy's object of this name; ``AttributeError`` where SciPy has none.

    >>> import scipy.special
    >>> of("special.expit") is scipy.special.expit
    True
    """
    if path in OBJECTS:
        return OBJECTS[path]
    real = _of_path(path)
    part, _, name = path.rpartition(".")
    whole = part.rpartition(".")[0]
    if part not in MODULES and getattr(sys.modules.get(f"scipy.{whole}"), name, None) is real:
        return of(f"{whole}.{name}")  # such as scipy.stats.distributions.norm
    if isinstance(real, ModuleType):  # another one is what SciPy has imported there, such as `np`
        return _part(path) if real.__name__ == f"scipy.{path}" else real
    if isinstance(real, np.ufunc) or not callable(real):
        return real
    if not isinstance(real, type):
        return forwarding(real, path)
    return real if issubclass(real, Exception) else StandIn(real, path)


def _part(path: str) -> ModuleType:
    """The mirror of a module within a mirrored one, such as `scipy.signal.windows`."""
    name = f"{__package__}.{path}"
    if path in MODULES:
        return importlib.import_module(name)
    part = ModuleType(name, importlib.import_module(f"scipy.{path}").__doc__)
    part.__dict__["__getattr__"], part.__dict__["__dir__"] = mirror(path)
    return sys.modules.setdefault(name, part)


def mirror(module: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of the module that has the names of SciPy's `module`.

    With the first name its families of rows are added to the table.
    """

    def attribute(name: str) -> Any:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        load(module)
        try:
            return of(f"{module}.{name}") if name != "__all__" else public_names(module)
        except AttributeError:
            raise AttributeError(
                f"scipy.{module} has no {name!r}, nor has tinygrad_np.scipy.{module}"
            ) from None

    return attribute, lambda: public_names(module)


def public_names(module: str) -> list[str]:
    """The names that SciPy's module says are public, and its modules."""
    owner = importlib.import_module(f"scipy.{module}")
    listed = getattr(owner, "__all__", None) or [n for n in dir(owner) if not n.startswith("_")]
    return sorted({name for name in listed if not name.startswith("_")})


@functools.cache
def load(module: str) -> list[ModuleType]:
    """Add the families of a mirrored module to the table, once, and return them."""
    package = f"{__package__}.{module}"
    found = [importlib.import_module(f"{package}.{name}") for name in MODULES.get(module, ())]
    for family in found:
        add(family.ROWS, getattr(family, "REFUSED", {}))
        OBJECTS.update(getattr(family, "OWN", {}))
    return found


def families() -> list[ModuleType]:
    """All modules here that have rows: it imports all of SciPy that is mirrored."""
    return [family for module in MODULES for family in load(module)]


def _those(module: str, names: str) -> list[Any]:
    """What stands for these names of a module, as far as this SciPy has them."""
    owner = importlib.import_module(f"scipy.{module}")
    return [of(f"{module}.{name}") for name in names.split() if hasattr(owner, name)]


def constants(module: str, reason: str, names: str) -> list[Row]:
    """Rows for functions whose results are locally constant."""
    return [constant(function, reason) for function in _those(module, names)]


def refused(module: str, reason: str, names: str) -> dict[Any, str]:
    """What a Tensor must not reach → why, and what to do instead: "why; what to do"."""
    return dict.fromkeys(_those(module, names), reason)

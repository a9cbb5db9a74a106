"""The rest of NumPy's calculus: a family of functions a file, a row a function.

Families that few programs need are imported on the first lookup of one of their functions: `load`
adds them to the core's table. `table` says what a row is. Beside the families stand the array's
methods (`methods`), updates that give a new array (`at`), nested lists (`nested`), and what a user
adds: rules of one's own (`extend`), and computing again instead of keeping (`remat`).
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from ..core import hooks, losses, network, rules, table, tensor, windows
from . import arithmetic, constants, elementary, indexing, logsumexp, methods, shapes

__all__ = ["families", "load"]

_FAMILIES: dict[str, ModuleType] = {
    family.__name__: family for family in (rules, windows, network, losses)
}
# The families that are read when one of their functions is looked up in vain, with the names of
# these; a test compares them with the rows.
_LATER: dict[str, str] = {
    "applying": "apply_along_axis apply_over_axes",
    "conversion": "astype copy full_like",
    "diagonals": (
        "diag diag_indices_from diagflat diagonal trace tril tril_indices_from triu "
        "triu_indices_from"
    ),
    "differences": "diff ediff1d gradient trapezoid unwrap",
    "eigen": "completed determined eig eigh eigvals eigvalsh",
    "einsum": "contraction einsum einsum_path",
    "factorisations": "cholesky qr qr_factors svd svd_factors svdvals",
    "histograms": "bincount histogram histogram2d histogram_bin_edges histogramdd",
    "linalg": (
        "cofactors condition det inv lstsq matrix_rank pinv slogdet solve tensorinv tensorsolve"
    ),
    "matrix_products": (
        "cross diagonal matmul matrix_power matrix_transpose multi_dot outer tensordot trace vecdot"
    ),
    "missing": "nan_to_num nancumprod nancumsum nanmax nanmean nanmin nanprod nanstd nansum nanvar",
    "norms": "cond matrix_norm norm vector_norm",
    "ordering": (
        "in1d intersect1d partition setdiff1d setxor1d sort sort_complex trim_zeros union1d unique "
        "unique_all unique_counts unique_inverse unique_values"
    ),
    "padding": "pad",
    "polynomials": (
        "poly polyadd polyder polydiv polyfit polyint polymul polysub polyval roots vander"
    ),
    "quantiles": "median nanmedian nanpercentile nanquantile percentile quantile",
    "rearranging": (
        "insert matrix_transpose repeat resize roll rollaxis rot90 sliding_window_view tile"
    ),
    "refused": "",  # whatever else NumPy has
    "scans": "cumprod cumsum cumulative_prod cumulative_sum linear_scan prod",
    "scimath": "arccos arcsin arctanh log log10 log2 logn power sqrt",
    "selection": "choose compress delete extract piecewise select take_along_axis",
    "sequences": "geomspace linspace logspace",
    "signals": "angle bessel_i convolve correlate i0 interp real_if_close sinc sinc_derivative",
    "stacking": (
        "append atleast_1d atleast_2d atleast_3d block broadcast_arrays column_stack dsplit "
        "dstack hsplit hstack ix_ meshgrid unstack vsplit vstack"
    ),
    "statistics": "average corrcoef cov ptp std var",
    "vectors": "cross inner kron matvec outer vdot vecdot vecmat",
}
# Those of what a program has to import itself: they are of no use before.
_OF_PARTS: dict[str, str] = {
    "bessel": "scipy.special",
    "fft": "numpy.fft",
    "hypergeometric": "scipy.special",
    "incomplete": "scipy.special",
    "integrals": "scipy.special",
    "orders": "scipy.special",
    "records": "numpy.lib.recfunctions",
    "series": "numpy.polynomial.polynomial",
    "sparse": "scipy.sparse",
    "special": "scipy.special",
    "special_refused": "scipy.special",
    "strings": "numpy.strings",
}


def _add(family: ModuleType) -> None:
    table.add(family.ROWS, getattr(family, "REFUSED", {}))
    _FAMILIES[family.__name__] = family


for _family in (arithmetic, elementary, shapes, indexing, constants, logsumexp):
    _add(_family)


def load(function: Callable[..., object] | None = None) -> None:
    """Read the families that are not yet in the table: of a function, if one has it, that alone.

    Several threads may do it at once: to add a family twice changes nothing.
    """
    name = getattr(function, "__name__", None)
    wanted = [family for family, names in _LATER.items() if name in names.split()]
    parts = [family for family, part in _OF_PARTS.items() if part in sys.modules]
    for some in (wanted, parts, _LATER):
        for family in some:
            if f"{__name__}.{family}" not in _FAMILIES:
                _add(importlib.import_module(f"{__name__}.{family}"))
        if function in table.TABLE or function in table.REFUSED:
            return


def families() -> list[ModuleType]:
    """All modules that have rows, those of the core first.

    >>> [family.__name__.split(".")[-1] for family in families()][:3]
    ['rules', 'windows', 'network']
    """
    load()
    return list(_FAMILIES.values())


class _Resolver(hooks.Resolver):
    """What the core asks for a row that it lacks."""

    def row(self, function: Any) -> Any:
        owner = getattr(function, "__self__", None)
        if isinstance(owner, np.ufunc):  # np.add.reduce and its like
            from .folds import row_of_method  # which few programs need

            return row_of_method(owner, function.__name__)
        load(function)
        return table.TABLE.get(function)

    def operator(self, row: Any, x: Any, y: Any) -> Any:
        if row.function is np.matmul and (hasattr(x, "toarray") or hasattr(y, "toarray")):
            load()  # what is there of `sparse`, too
            return _FAMILIES[f"{__name__}.sparse"].row_of_product(x)
        return row

    def operand(self) -> Any:
        # SciPy's operator @ (and * of matrices) asks its other operand to be an array. Where that
        # has no axes and holds an object, it leaves the product to the operand's own operator;
        # `coo_array.dot` goes on to the operator @ where it has one. What is in the array serves
        # nothing else: any operation on NotImplemented raises. So does whoever is not recognised.
        getframe = getattr(sys, "_getframe", None)
        caller = getframe(2) if getframe else None
        module = str(caller.f_globals.get("__name__")) if caller else ""
        if caller is not None and module.startswith("scipy.sparse."):
            if caller.f_code.co_name == "_matmul_dispatch":
                return np.full((), NotImplemented, object)
            if caller.f_code.co_name == "dot" and module.endswith("._coo"):
                return np.full(1, NotImplemented, object)
        return None


hooks.install(_Resolver())
tensor.add_methods(methods.Methods, methods.SPECIAL)

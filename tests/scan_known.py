"""What the scan of the elementwise rules excuses: derivatives that cannot reach its limits.

An entry holds for functions by name, for the orders and dtypes that it names, and where its
condition says so, given the row of the scan and the dtype's range. `docs/accuracy.md` shows the
reasons, with the worst error that each excuses.
"""

import sys
from collections.abc import Callable
from math import inf, log
from typing import Any, NamedTuple

import numpy as np
import scipy.special

ANY = sys.float_info.max
"""An error of any size, but no nan and no infinity."""


class Range(NamedTuple):
    """A dtype's smallest normal number and its largest one, as Python's floats."""

    tiny: float
    max: float


def range_of(dtype: Any) -> Range:
    info = np.finfo(dtype)
    return Range(float(info.tiny), float(info.max))


class Known(NamedTuple):
    """Derivatives that may be off by more than the limit."""

    reason: str
    ulps: float = ANY
    """the most that is allowed; inf allows nan and infinity, too"""
    orders: tuple[int, ...] = (1, 2, 3)
    dtypes: tuple[str, ...] = ("float16", "float32", "float64")
    where: Callable[[Any, Any], bool] = lambda row, info: True
    """whether a row of the scan is one of these, given its dtype's range"""


def _smallest(row: Any) -> float:
    """The smallest operand, without zeros."""
    return min([abs(x) for x in row.point if x], default=inf)


def _is_subnormal(row: Any, info: Any) -> bool:
    return _smallest(row) < info.tiny


def _near(place: float, within: float) -> Callable[[Any, Any], bool]:
    return lambda row, info: abs(row.point[0] - place) < within


def _beside(within: float) -> Callable[[Any, Any], bool]:
    """Two operands that are next to each other."""
    return lambda row, info: abs(row.point[0] - row.point[1]) < within * abs(row.point[0])


EVERYWHERE = [
    Known(
        "made from the function's own value, which is below the smallest normal number and has few "
        "digits",
        where=lambda row, info: 0 < abs(row.value) < info.tiny,
    ),
]


def _is_vast(row: Any, info: Any) -> bool:
    """Whether the exact derivative is next to the largest number."""
    return bool(abs(row.exact) > info.max / 256)


def _is_large(row: Any, info: Any) -> bool:
    return max(map(abs, row.point)) > info.max / 2


_FACTOR = Known(
    "a power of x is larger than its multiple, the derivative, and overflows first",
    inf,
    where=_is_vast,
)
_ROUNDED = "the exponential magnifies the rounding of what it is taken of"
_SCIPY = "differences of SciPy's own values, which have no more digits"

_ENTRIES: list[tuple[str, Known]] = [
    (
        "np.sinc sinc_derivative",
        Known(
            "from sin πx, like NumPy's own value: πx is rounded, by a share of x",
            where=lambda row, info: abs(row.point[0]) > 2,
        ),
    ),
    (
        "np.divide xdivy",
        Known(
            "by a subnormal divisor 1/y overflows, and 0·∞ is nan",
            inf,
            orders=(2,),
            where=lambda row, info: abs(row.point[1]) < info.tiny,
        ),
    ),
    (
        "np.divide xdivy np.hypot np.arctan2 scipy.special.xlogy scipy.special.rel_entr "
        "scipy.special.kl_div scipy.special.pseudo_huber",
        Known("a quotient on the way is subnormal, because an operand is", where=_is_subnormal),
    ),
    (
        "np.hypot scipy.special.pseudo_huber",
        Known(
            "1/√(x² + y²) overflows where both operands are subnormal, or almost",
            inf,
            orders=(2,),
            where=lambda row, info: max(map(abs, row.point)) < 4 * info.tiny,
        ),
    ),
    (
        "np.power np.float_power scipy.special.boxcox scipy.special.boxcox1p "
        "scipy.special.gammainc scipy.special.gammaincc scipy.special.betainc scipy.special.yn "
        "scipy.special.cotdg",
        _FACTOR,
    ),
    (
        "np.power np.float_power",
        Known(
            "of a subnormal base, xʸ⁻ⁿ overflows before it is multiplied by y(y − 1)… or log x",
            inf,
            where=lambda row, info: abs(row.point[0]) < info.tiny,
        ),
    ),
    (
        "np.power np.float_power",
        Known(
            "for y next to 0 the second derivative is y(y − 1)·xʸ⁻², and x⁻² overflows",
            inf,
            orders=(2,),
            where=lambda row, info: abs(row.point[0]) < info.max**-0.5,
        ),
    ),
    (
        "np.power np.float_power",
        Known(
            "y − n is rounded, which the logarithm of x magnifies; xʸ⁻ⁿ may be subnormal where its "
            "multiple is not",
            4096,
        ),
    ),
    (
        "np.power np.float_power",
        Known(
            "the mixed derivative (1 + y log x)·xʸ⁻¹ is a difference where y log x is negative",
            orders=(2,),
            where=lambda row, info: row.order == (1, 1) and row.point[1] * log(row.point[0]) < 0,
        ),
    ),
    (
        "np.arctan2",
        Known(
            "x ± y overflows",
            inf,
            orders=(2,),
            where=lambda row, info: sum(map(abs, row.point)) > info.max,
        ),
    ),
    (
        "np.logaddexp np.logaddexp2 logsumexp softmax",
        Known(
            "x − y is rounded, and the exponential magnifies that by as much",
            1024,
            where=lambda row, info: abs(row.point[0] - row.point[1]) > 8,
        ),
    ),
    (
        "logsumexp softmax",
        Known(
            "a difference of probabilities that are almost equal, or of 1 and one that is almost "
            "1, as in PyTorch",
        ),
    ),
    (
        "bernoulli_loss",
        Known(
            "p and 1 − p are kept from 0 (see the page of policies: certain predictions)",
            where=lambda row, info: row.point[0] < 1e-16 or row.point[0] < info.tiny,
        ),
    ),
    (
        "bernoulli_loss",
        Known(
            "(1 − y)/(1 − p) − y/p is a difference, and is 0 where p = y",
            orders=(1,),
            where=_beside(0.5),
        ),
    ),
    (
        "scipy.special.logit",
        Known(
            "1/(1 − x)² − 1/x² is a difference, and is 0 at ½",
            orders=(2,),
            where=_near(0.5, 0.05),
        ),
    ),
    (
        "scipy.special.ndtr",
        Known(
            "x² − 1 is a difference, and is 0 at 1",
            orders=(3,),
            where=lambda row, info: abs(abs(row.point[0]) - 1) < 0.05,
        ),
    ),
    (
        "scipy.special.erfcx",
        Known(
            "x·√2 overflows",
            inf,
            orders=(2, 3),
            where=_is_large,
        ),
    ),
    (
        "scipy.special.expi",
        Known(
            "(x − 1)·exp(x)/x² is a difference, and is 0 at 1", orders=(2,), where=_near(1, 0.05)
        ),
    ),
    (
        "scipy.special.tandg scipy.special.cotdg",
        Known("SciPy's own values next to poles have few digits"),
    ),
    (
        "scipy.special.sindg scipy.special.cosdg scipy.special.tandg scipy.special.cotdg",
        Known(
            "SciPy's own values of large angles are 0, or those of a rounded angle",
            where=lambda row, info: abs(row.point[0]) > 180,
        ),
    ),
    (
        "scipy.special.erfcx",
        Known(
            "in the tail, a difference of numbers that are larger by x²",
            orders=(2, 3),
            where=lambda row, info: row.point[0] > 1,
        ),
    ),
    (
        "scipy.special.log_ndtr",
        Known(
            "in the tail, a difference of numbers that are larger by x²",
            orders=(3,),
            where=lambda row, info: row.point[0] < 0,
        ),
    ),
    (
        "scipy.special.erfcx scipy.special.erfinv scipy.special.erfcinv scipy.special.ndtri "
        "scipy.special.ndtri_exp",
        Known(f"{_ROUNDED}, here a square", 4096),
    ),
    (
        "scipy.special.gammainc scipy.special.gammaincc scipy.special.betainc",
        Known(f"{_ROUNDED}, here a sum of logarithms as large as the parameters; 0 at the mode"),
    ),
    (
        "scipy.special.boxcox scipy.special.boxcox1p scipy.special.inv_boxcox "
        "scipy.special.inv_boxcox1p",
        Known(f"{_ROUNDED}, here y·log x", 4096),
    ),
    (
        "scipy.special.inv_boxcox scipy.special.inv_boxcox1p",
        Known(
            "of a polynomial, from some order on, the derivative is 0: a difference",
            orders=(3,),
            where=lambda row, info: row.exact == 0,
        ),
    ),
    (
        "scipy.special.gamma scipy.special.gammaln",
        Known(
            "next to the poles SciPy's own digamma function has no more digits",
            where=lambda row, info: row.point[0] < 0,
        ),
    ),
    (
        "scipy.special.beta scipy.special.betaln",
        Known("ψ(x + y) − ψ(x) is a difference, and for small x one of large numbers"),
    ),
    (
        "scipy.special.beta scipy.special.betaln",
        Known(
            "x + y overflows, or 1/x² for an x next to 0",
            inf,
            where=lambda row, info: sum(row.point) > info.max or _smallest(row) < 2 / info.max**0.5,
        ),
    ),
    (
        "scipy.special.rel_entr",
        Known(
            "1 + log(x/y) is 0 at x = y/e",
            orders=(1,),
            where=lambda row, info: abs(1 + log(row.point[0] / row.point[1])) < 0.1,
        ),
    ),
    (
        "scipy.special.kl_div",
        Known("1 − x/y is 0 where x = y", orders=(1,), where=_beside(0.5)),
    ),
    (
        "scipy.special.pseudo_huber",
        Known(
            "√(δ² + r²) or a multiple of it overflows",
            inf,
            orders=(2,),
            where=lambda row, info: max(map(abs, row.point)) > info.max / 4,
        ),
    ),
    (
        "scipy.special.pseudo_huber",
        Known(
            "the derivative of r·δ/√(δ² + r²) is a difference for large r, and √(δ² + r²) may "
            "overflow",
        ),
    ),
    (
        "scipy.special.j0 scipy.special.j1 scipy.special.jv scipy.special.y0 scipy.special.y1 "
        "scipy.special.yv scipy.special.yn",
        Known("SciPy's own values next to zeros have no more digits"),
    ),
    (
        "scipy.special.jv scipy.special.iv scipy.special.ive",
        Known(
            "SciPy's own values at subnormal numbers are 0, nan or infinite",
            inf,
            where=_is_subnormal,
        ),
    ),
    (
        "scipy.special.i0e scipy.special.i1e scipy.special.ive scipy.special.k0e "
        "scipy.special.k1e scipy.special.kve",
        Known(
            "SciPy's own values are nan far out", inf, where=lambda row, info: row.point[0] > 1e8
        ),
    ),
    (
        "scipy.special.i0e scipy.special.i1e scipy.special.ive scipy.special.k0e "
        "scipy.special.k1e scipy.special.kve",
        Known(f"{_SCIPY}: each derivative is smaller by 1/x than what it is a difference of"),
    ),
]

_TRIED = "it is a derivative, and tried as that of"
_TABLES = "test_rules_special_tables.py compares it with mpmath, as it does"

LEFT_OUT = {
    "arctan2_slope": f"{_TRIED} np.arctan2",
    "arctan_slope": f"{_TRIED} np.arctan",
    "direction": f"{_TRIED} np.hypot",
    "gaussian": f"{_TRIED} scipy.special.erf and its kin",
    "sigmoid_of_difference": f"{_TRIED} np.logaddexp",
    "mills_excess": f"{_TRIED} scipy.special.erfcx and log_ndtr",
    "beta_density": f"{_TRIED} scipy.special.betainc",
    "gamma_density": f"{_TRIED} scipy.special.gammainc",
    "log_quotient": f"{_TRIED} scipy.special.rel_entr",
    "one_less_square": f"{_TRIED} np.arctanh",
    "sigmoid_slope": f"{_TRIED} sigmoid",
    "tanh_slope": f"{_TRIED} np.tanh",
    "off_zero": "it stands in the derivative of bernoulli_loss, by policy",
    "sigmoid_log_loss": "its derivative is that of logistic_loss, by policy",
    "np.unwrap": "its elements depend on those before; it adds multiples of the period",
    "gamma_moment": f"{_TABLES} gammainc",
    "beta_moment": f"{_TABLES} betainc",
} | {
    f"scipy.special.{name}": f"{_TABLES} such functions"
    for name in """
        betaincc betainccinv betaincinv gammainccinv gammaincinv chdtr chdtrc chdtri gdtr gdtrc
        gdtria gdtrix btdtr btdtri fdtr fdtrc fdtri stdtr stdtrit pdtr pdtrc pdtri bdtr bdtrc bdtri
        nbdtr nbdtrc nbdtri
    """.split()  # noqa: SIM905
    if hasattr(scipy.special, name)
}
"""Elementwise rows that are no case of the scan, and why."""

KNOWN: dict[str, list[Known]] = {}
for _names, _known in _ENTRIES:
    for _name in _names.split():
        KNOWN.setdefault(_name, []).append(_known)

"""What `scipy.special` has beside the functions with rows: refused by name, with what to do."""

from typing import Any

import numpy as np
import scipy.special

from ..core.table import Row
from . import bessel, incomplete
from . import special as elementary

special: Any = scipy.special._ufuncs
_RULED = {row.function for family in (elementary, incomplete, bessel) for row in family.ROWS}

ROWS: tuple[Row, ...] = ()
_OWN = "give it one with tg.pointwise, or use t.data for a constant"
_FORMULAS = {
    special.hyp0f1: "the derivative by z is hyp0f1(v + 1, z) / v",
    special.hyp1f1: "the derivative by z is a / b * hyp1f1(a + 1, b + 1, z)",
    special.hyp2f1: "the derivative by z is a * b / c * hyp2f1(a + 1, b + 1, c + 1, z)",
    special.expn: "the derivative by x is -expn(n - 1, x)",
    special.powm1: "it is np.expm1(y * np.log(x))",
    special._riemann_zeta: "of zeta, only zeta(x, q) has one, by q",
}
REFUSED = {
    ufunc: f"it has no derivative rule; {_OWN}"
    for name, ufunc in vars(special).items()
    if isinstance(ufunc, np.ufunc) and not name.startswith("_") and ufunc not in _RULED
} | {ufunc: f"it has no derivative rule ({hint}); {_OWN}" for ufunc, hint in _FORMULAS.items()}

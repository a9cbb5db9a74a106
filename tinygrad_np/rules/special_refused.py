"""What `scipy.special` has beside the functions with rows: refused by name, with what to do."""

from typing import Any

import numpy as np
import scipy.special

from ..core.table import Row
from . import bessel, hypergeometric, incomplete, integrals, orders
from . import special as elementary

special: Any = scipy.special._ufuncs
_RULED = {
    row.function
    for family in (elementary, incomplete, orders, bessel, hypergeometric, integrals)
    for row in family.ROWS
}

ROWS: tuple[Row, ...] = ()
_OWN = "give it one with tg.pointwise, or use t.data for a constant"
_HINTS = {
    "_riemann_zeta": "of zeta, only zeta(x, q) has one, by q",
    "zetac": "SciPy has no derivative of the zeta function",
    "kelvin": "ber, bei, ker, kei and their derivatives have one",
    "radian": "it is np.radians(d + m / 60 + s / 3600)",
    "nrdtrimn": "it is x - std * ndtri(p)",
    "nrdtrisd": "it is (x - mn) / ndtri(p)",
} | dict.fromkeys(
    (
        *("bdtrik", "bdtrin", "btdtria", "btdtrib", "chdtriv", "fdtridfd"),
        *("gdtrib", "nbdtrik", "nbdtrin", "pdtrik", "stdtridf"),
    ),
    "it is a root of the probability, which has one, and older SciPy finds it to some 8 digits",
)
REFUSED = {
    ufunc: f"it has no derivative rule{f' ({_HINTS[name]})' if name in _HINTS else ''}; {_OWN}"
    for name, ufunc in vars(special).items()
    if isinstance(ufunc, np.ufunc)
    and (not name.startswith("_") or name in _HINTS)
    and ufunc not in _RULED
}

"""The continuous distributions of `scipy.stats`: a `Text` each."""

from math import log, pi
from typing import Any

import scipy.special

from ...core.table import Row
from .distributions import Text, own

special: Any = scipy.special._ufuncs


def _normal(z: Any) -> dict[str, Any]:
    """Tails of what is a normal variable after the increasing map `z`."""
    return {
        "cdf": lambda *b: special.ndtr(z(*b)),
        "sf": lambda *b: special.ndtr(-z(*b)),
        "logcdf": lambda *b: special.log_ndtr(z(*b)),
        "logsf": lambda *b: special.log_ndtr(-z(*b)),
    }


TEXTS = {
    "norm": Text(lambda x: (-x * x / 2 - log(2 * pi) / 2,), _normal(lambda x: x)),
    "gamma": Text(
        lambda x, a: (-x - special.gammaln(a), (x, a - 1)),
        {
            "cdf": lambda x, a: special.gammainc(a, x),
            "sf": lambda x, a: special.gammaincc(a, x),
        },
        low=0,
    ),
}

ROWS: tuple[Row, ...] = ()
OWN = own(TEXTS)

"""SciPy's names: the modules of `tinygrad_np.scipy`, and `signal.convolve` with autograd's axes.

``import tinygrad_np.compat.autograd.scipy.stats.norm as norm`` works as with autograd, where the
distributions are modules.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

from ....scipy import mirror

_DISTRIBUTIONS = "beta chi2 dirichlet gamma multivariate_normal norm poisson t"

for _module in mirror.MODULES:
    if _module != "signal":
        _found = importlib.import_module(f"{mirror.__package__}.{_module}")
        sys.modules[f"{__name__}.{_module}"] = _found
        if "." not in _module:
            globals()[_module] = _found

for _name in _DISTRIBUTIONS.split():

    def _attribute(name: str, distribution: str = _name) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(getattr(sys.modules[f"{__name__}.stats"], distribution), name)

    _part = ModuleType(f"{__name__}.stats.{_name}", f"The functions of `scipy.stats.{_name}`.")
    _part.__dict__["__getattr__"] = _attribute
    sys.modules[_part.__name__] = _part

from . import signal  # noqa: E402

__all__ = ["signal"]

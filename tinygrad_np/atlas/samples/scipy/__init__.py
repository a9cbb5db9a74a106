"""The samples of the rows of `tinygrad_np.scipy`, in a module of the same name as the family."""

import importlib
import pkgutil

_MODULES = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]

SAMPLES = {function: draw for family in _MODULES for function, draw in family.SAMPLES.items()}
EDGES = {f: edges for family in _MODULES for f, edges in getattr(family, "EDGES", {}).items()}

_COMPLEX = {f: True for family in _MODULES for f in getattr(family, "COMPLEX", ())}
_REAL_ONLY = {f: True for family in _MODULES for f in getattr(family, "REAL_ONLY", ())}

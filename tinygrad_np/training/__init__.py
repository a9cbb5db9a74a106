"""Long runs: `fit` trains a function's parameters, `Checkpoint` keeps the states of a run.

`parallel` lets several processes share a run (the extra ``mpi``). `Classifier` and `Regressor` are
estimators of scikit-learn's around `fit` (the extra ``sklearn``).

>>> import numpy as np
>>> import tinygrad_np as tg
>>> def loss(params, x, y):
...     return tg.nn.mse(tg.dense(x, **params), y)
>>> x = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
>>> params = {"weights": np.zeros((1, 1), np.float32), "bias": np.zeros(1, np.float32)}
>>> found = fit(loss, params, (x, 3 * x - 1), rate=0.1, epochs=100, progress=False)
>>> found.params["weights"].round(2), found.params["bias"].round(2)
(array([[3.]], dtype=float32), array([-1.], dtype=float32))
"""

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from .. import answers
from .checkpoint import Checkpoint, Saved
from .fit import Fitted, fit
from .history import History
from .parallel import Ranks, parallel

if TYPE_CHECKING:
    from .estimators import Classifier, Regressor

__all__ = [
    "Checkpoint",
    "Classifier",
    "Fitted",
    "History",
    "Ranks",
    "Regressor",
    "Saved",
    "fit",
    "parallel",
]

_ESTIMATORS = ("Classifier", "Regressor")

if find_spec("sklearn") is None:
    __all__ = [name for name in __all__ if name not in _ESTIMATORS]


def __getattr__(name: str) -> Any:
    if name not in _ESTIMATORS:
        raise answers.no_attribute(__name__, name)
    try:
        return getattr(importlib.import_module(f"{__name__}.estimators"), name)
    except ImportError as error:  # it is not there, or older
        raise ImportError(
            f"tg.training.{name} needs scikit-learn, 1.6 or newer; install it with: "
            "pip install 'scikit-learn>=1.6'",
            name="sklearn",
        ) from error


def __dir__() -> list[str]:
    return __all__

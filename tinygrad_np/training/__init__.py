"""Long runs: `fit` trains a function's parameters, `Checkpoint` keeps the states of a run.

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

from typing import NoReturn

from .. import answers
from .checkpoint import Checkpoint, Saved
from .fit import Fitted, fit
from .history import History

__all__ = ["Checkpoint", "Fitted", "History", "Saved", "fit"]


def __getattr__(name: str) -> NoReturn:
    raise answers.no_attribute(__name__, name)

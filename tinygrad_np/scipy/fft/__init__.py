"""`scipy.fft`, differentiable: Fourier, cosine, sine and Hankel transforms by their array.

With its import, `scipy.fft`'s own functions take Tensors, too: it is registered as a backend.

>>> import numpy as np, scipy.fft
>>> from tinygrad_np import grad
>>> import tinygrad_np.scipy.fft
>>> grad(lambda x: np.sum(scipy.fft.dct(x) ** 2))(np.array([1.0, 0.0, 0.0])).round(3)
array([16.,  4.,  4.])
"""

from typing import Any

import numpy as np
from scipy.fft import register_backend

from ..mirror import holds_tensor, load, mirror, of

__getattr__, __dir__ = mirror("fft")


class Backend:
    """Who computes `scipy.fft`'s functions where SciPy itself cannot: of Tensors, their rows.

    The protocol is uarray's (https://uarray.org). A registered backend is asked before SciPy's
    own, in every thread, and says of plain arrays that they are not for it.
    """

    __ua_domain__ = "numpy.scipy.fft"

    @staticmethod
    def __ua_function__(method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args and type(args[0]) is np.ndarray:  # of which there is one, before all the numbers
            return NotImplemented
        if not any(map(holds_tensor, (*args, *kwargs.values()))):
            return NotImplemented
        load("fft")
        return of(f"fft.{method.__name__}")(*args, **kwargs)


register_backend(Backend)  # type: ignore[arg-type]

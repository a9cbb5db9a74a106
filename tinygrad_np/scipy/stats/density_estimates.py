"""`gaussian_kde`, differentiable by the points, the data, their weights and a numeric bandwidth.

The density at x is Σ wᵢ exp(−½|L⁻¹(x − xᵢ)|²/f²)/norm, where LLᵀ is the covariance of the data,
and f the bandwidth's factor. So the data have a part in the density by their covariance, too.
"""

import functools
from math import log, pi
from typing import Any

import numpy as np
import scipy.stats

from ...rules.constants import on_values
from ...rules.nested import array
from ..mirror import HoldsTensors, forwarding, holds_tensor
from .definitions import defined


def _method(name: str) -> Any:
    def real(points: Any, dataset: Any, bw_method: Any = None, weights: Any = None) -> Any:
        bw_method = bw_method[()] if isinstance(bw_method, np.ndarray) else bw_method
        return getattr(scipy.stats.gaussian_kde(dataset, bw_method, weights), name)(points)

    method = forwarding(real, f"stats.gaussian_kde.{name}")
    method.__module__ = __package__
    method.__name__ = method.__qualname__ = f"gaussian_kde.{name}"
    return method


def _log_density(points: Any, dataset: Any, bw_method: Any, weights: Any) -> Any:
    dataset = dataset[None] if dataset.ndim == 1 else dataset
    d, n = dataset.shape
    weights = np.ones(n) if weights is None else weights
    weights = weights / np.sum(weights)
    factor = bw_method
    if bw_method is None or isinstance(bw_method, str):
        ratio = (d + 2) / 4 if bw_method == "silverman" else 1.0
        factor = (ratio / np.sum(weights * weights)) ** (-1 / (d + 4))
    low = np.linalg.cholesky(np.reshape(np.cov(dataset, aweights=weights), (d, d)))
    data = np.linalg.solve(low, dataset) / factor
    points = np.linalg.solve(low, np.reshape(points, (d, -1))) / factor
    energies = 0.5 * np.sum((points[:, :, None] - data[:, None, :]) ** 2, 0)
    least = on_values(
        lambda e, w: np.min(e, 1, keepdims=True, initial=np.inf, where=w > 0), energies, weights
    )
    total = np.log(np.sum(weights * np.exp(least - energies), 1)) - least[:, 0]
    return total - np.sum(np.log(np.diagonal(low))) - d * (np.log(factor) + 0.5 * log(2 * pi))


_METHODS = {name: _method(name) for name in ("evaluate", "logpdf")}


class gaussian_kde(scipy.stats.gaussian_kde, HoldsTensors):  # noqa: N801
    """SciPy's, whose `evaluate`, `pdf` and `logpdf` also take Tensors.

    Arguments are SciPy's; `bw_method` may be a number that is a Tensor, or a function that gives
    one. With Tensors inside there are `dataset`, `weights`, `neff` and `factor`, and the other
    methods and attributes raise ``TypeError``.

    >>> from tinygrad_np import grad
    >>> grad(lambda x: gaussian_kde([0.0, 1.0, 3.0]).logpdf(x)[0])(1.0)
    array(-0.06317613)
    """

    def __init__(self, dataset: Any, bw_method: Any = None, weights: Any = None) -> None:
        self.holds_tensors, self._given = False, weights
        if not holds_tensor((dataset, bw_method, weights)):
            super().__init__(dataset, bw_method, weights)
            self.holds_tensors = holds_tensor(self.factor)  # that a function gives
            self._bandwidth = self.factor
            return
        data = array(dataset)
        self.dataset = data[None] if data.ndim == 1 else data
        self.__dict__.update(d=self.dataset.shape[0], n=self.dataset.shape[1])
        self._given = weights = None if weights is None else array(weights)
        self._weights = np.ones(self.n) / self.n if weights is None else weights / np.sum(weights)
        self._neff = 1 / np.sum(self._weights**2)
        rules = {"scott": self.scotts_factor, "silverman": self.silverman_factor}
        if bw_method is None:
            is_scotts = self.covariance_factor == self.scotts_factor
            bw_method = "scott" if is_scotts else lambda self: self.covariance_factor()
        self._bandwidth = bw_method(self) if callable(bw_method) else bw_method
        is_named = isinstance(bw_method, str) and bw_method in rules
        self.__dict__["factor"] = rules[bw_method]() if is_named else self._bandwidth
        self.holds_tensors = True

    def _density(self, name: str, points: Any) -> Any:
        if not (self.holds_tensors or holds_tensor(points)):
            return getattr(super(), name)(points)
        bandwidth = self._bandwidth if self.holds_tensors else self.factor
        return _METHODS[name](points, self.dataset, bandwidth, self._given)

    def evaluate(self, points: Any) -> Any:
        """The density at the points (d, m)."""
        return self._density("evaluate", points)

    def pdf(self, x: Any) -> Any:
        """The same as `evaluate`."""
        return self._density("evaluate", x)

    __call__ = evaluate

    def logpdf(self, x: Any) -> Any:
        """The logarithm of the density at the points (d, m)."""
        return self._density("logpdf", x)

    @property
    def inv_cov(self) -> Any:
        """The inverse of the covariance of plain data."""
        return self.__getattr__("inv_cov") if self.holds_tensors else super().inv_cov

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or not self.__dict__.get("holds_tensors"):
            raise AttributeError(f"'gaussian_kde' object has no attribute {name!r}")
        raise TypeError(
            f"scipy.stats.gaussian_kde.{name}: is not differentiable; use factor and np.cov of the "
            "dataset"
        )


def _refusing(name: str) -> Any:
    real = getattr(scipy.stats.gaussian_kde, name)

    @functools.wraps(real)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self.holds_tensors or holds_tensor(args) or holds_tensor(kwargs):
            raise TypeError(
                f"scipy.stats.gaussian_kde.{name}: does not take a Tensor, nor an estimate that "
                "holds one; use evaluate or logpdf"
            )
        return real(self, *args, **kwargs)

    return method


for _name in (
    "integrate_box", "integrate_box_1d", "integrate_gaussian", "integrate_kde", "marginal",
    "resample", "set_bandwidth",
):  # fmt: skip
    setattr(gaussian_kde, _name, _refusing(_name))
gaussian_kde.__module__ = str(__package__)  # where pickle finds it

ROWS = tuple(
    [
        defined(method, _log_density, "points", "dataset", "bw_method", "weights", finish=finish)
        for method, finish in zip(_METHODS.values(), (np.exp, None), strict=True)
    ]
)
OWN = {"stats.gaussian_kde": gaussian_kde}

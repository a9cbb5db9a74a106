"""Samples of the interpolation of scattered values: triangles, every radial function, smoothing."""

from collections.abc import Callable
from typing import Any

from ....scipy.interpolate import scattered
from ..draws import REAL, A, Draw, Edge, Generator, Sample, call

_CORNERS = A([[0, 0], [2, 0.1], [0.2, 2], [2.1, 2.3], [1.1, 0.9]])
_INSIDE = A([[1.0, 0.5], [0.5, 1.0], [5.0, 5.0]])


def _jittered(rng: Generator, x: Any) -> Any:
    return x + rng.uniform(-0.05, 0.05, x.shape)


def _triangles(rng: Generator) -> list[Sample]:
    def one(*rest: int, fill_value: float = 0.5, rescale: bool = False) -> Sample:
        places = _jittered(rng, _CORNERS), REAL.draw(rng, 5, *rest), _jittered(rng, _INSIDE)
        return call(*places, fill_value, rescale, None, reach=0.05)

    return [one(2), one(rescale=True)]


def _radial(rng: Generator) -> list[Sample]:
    def one(*given: Any, rest: tuple[int, ...] = ()) -> Sample:
        centres, d = _jittered(rng, _CORNERS), REAL.draw(rng, 5, *rest)
        return call(centres, d, _jittered(rng, _INSIDE[:2]), *given, None, reach=0.2)

    return [
        one(0.0, "thin_plate_spline", None, None, rest=(2,)),
        one(0.1, "linear", None, None),
        one(0.0, "cubic", None, -1),
        one(0.0, "quintic", 0.5, -1),
        one(0.0, "multiquadric", 1.1, None),
        one(0.2, "gaussian", 0.9, 1),
        one(0.0, "inverse_quadratic", 1.1, -1),
        one(0.0, "inverse_multiquadric", 1.1, 0),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {
    scattered.triangle_value: _triangles,
    scattered.radial_value: _radial,
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

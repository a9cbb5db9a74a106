"""Samples of the derivatives of Bessel functions by their order."""

from collections.abc import Callable
from typing import Any

from ...rules.orders import order_moment
from .draws import INF, A, Domain, Draw, Edge, Generator, Sample, call

ORDER = Domain(-2.0, 3.0, 0.4)
ARGUMENT = Domain(0.8, 6.0, 0.4)


def _of_every_kind(rng: Generator) -> list[Sample]:
    return [
        call(ORDER.draw(rng, 2, 1), ARGUMENT.draw(rng, 2), kind, k, reach=0.3)
        for kind, k in [("j", 1), ("y", 1), ("i", 1), ("k", 1), ("k", 2)]
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {order_moment: _of_every_kind}

EDGES: dict[Callable[..., Any], list[Edge]] = {
    order_moment: [Edge((A([0.0, 1.0]), A([INF, INF]), "k"), {}, ([0, 0], None))],
}

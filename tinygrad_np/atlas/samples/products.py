"""Samples of products, contractions and windows."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.windows import filter_product, fold, pad, product, window_product, windows
from ...nn.grouped import grouped_filter_product, grouped_product, grouped_window_product
from .draws import REAL, Draw, Edge, Generator, Sample, call, products, shaped


def _windowed(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 2, 5, 4, 1), (3, 2), 1),
        call(REAL.draw(rng, 1, 6, 5, 5), 2, (2, 3)),
        call(REAL.draw(rng, 2, 5, 2), 3, stride=2),
        call(REAL.draw(rng, 2, 7, 6, 1), (3, 2), (1, 2), (2, 3)),
        call(REAL.draw(rng, 1, 8, 5), 3, dilation=2),
    ]


def _folded(rng: Generator) -> list[Sample]:
    return [
        call(REAL.draw(rng, 2, 3, 3, 3, 2, 1), (2, 5, 4, 1), 1),
        call(REAL.draw(rng, 1, 3, 2, 2, 2, 5), (1, 6, 5, 5), (2, 3)),
        call(REAL.draw(rng, 2, 2, 3, 2), (2, 6, 2), stride=2),
        call(REAL.draw(rng, 2, 3, 2, 3, 2, 1), (2, 7, 6, 1), (1, 2), (2, 3)),
        call(REAL.draw(rng, 1, 4, 3, 5), (1, 8, 5), dilation=2),
    ]


def _grouped(rng: Generator, *shapes: tuple[int, ...]) -> list[Sample]:
    """Two products in two groups, each given by the shapes of its operands."""
    pairs = zip(shapes[::2], shapes[1::2], strict=True)
    return [call(REAL.draw(rng, *a), REAL.draw(rng, *b), groups=2) for a, b in pairs]


_WINDOWS, _FILTERS, _RESULT = (2, 3, 3, 3, 2, 1), (3, 2, 1, 4), (2, 3, 3, 4)


_WINDOWS_DEEP, _FILTERS_DEEP, _RESULT_DEEP = (1, 2, 2, 5), (2, 5, 3), (1, 2, 3)


_SQUARE = ((2, 3, 2, 2), (2, 2, 2), (2, 3, 2))


_MATMULS = (
    ((3, 3), (3, 3)),
    ((2, 3), (3, 4)),
    ((3,), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((4, 2, 3), (3, 2)),
    ((2, 1, 2, 3), (5, 3, 2)),
    ((3,), (2, 3, 2)),
    ((2, 2, 3), (3,)),
)


SAMPLES: dict[Callable[..., Any], Draw] = {
    np.matmul: products(*_MATMULS),
    np.dot: products(
        *_MATMULS[:5],
        ((), (2, 3)),
        ((2, 3), ()),
        ((), ()),
        ((4, 2, 3), (3,)),
        ((4, 2, 3), (3, 2)),
        ((3,), (4, 3, 2)),
        ((2, 3), (4, 3, 2)),
    ),
    pad: shaped(((2, 3), (((1, 0), (2, 1)),), {}), ((3, 3), (((1, 1), (0, 2)), 7.0), {})),
    windows: _windowed,
    fold: _folded,
    product: products((_WINDOWS, _FILTERS), (_WINDOWS_DEEP, _FILTERS_DEEP), _SQUARE[:2]),
    window_product: products((_RESULT, _FILTERS), (_RESULT_DEEP, _FILTERS_DEEP), _SQUARE[2:0:-1]),
    filter_product: products((_WINDOWS, _RESULT), (_WINDOWS_DEEP, _RESULT_DEEP), _SQUARE[::2]),
    grouped_product: lambda rng: _grouped(
        rng, (1, 2, 2, 4), (2, 2, 6), (2, 2, 2, 3, 2, 2), (3, 2, 1, 2)
    ),
    grouped_window_product: lambda rng: _grouped(
        rng, (1, 2, 6), (2, 2, 6), (2, 2, 2, 2), (3, 2, 1, 2)
    ),
    grouped_filter_product: lambda rng: _grouped(
        rng, (1, 2, 2, 4), (1, 2, 6), (2, 2, 2, 3, 2, 2), (2, 2, 2, 2)
    ),
}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

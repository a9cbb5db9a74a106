"""Samples of `numpy.einsum`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...rules.einsum import contraction
from .draws import REAL, Draw, Edge, Generator, Sample, call

Shapes = tuple[tuple[int, ...], ...]

_TWO: tuple[tuple[str, Shapes], ...] = (
    ("ij,jk->ik", ((2, 3), (3, 4))),
    ("ij,jk", ((3, 3), (3, 3))),
    ("ba,ba", ((2, 3), (2, 3))),
    ("i,j->ji", ((2,), (3,))),
    ("ij,j->", ((2, 3), (3,))),
    ("ii,ij->j", ((3, 3), (3, 2))),
    ("iji,jk->ki", ((2, 3, 2), (3, 2))),
    ("...ij, ...jk -> ...ik", ((2, 1, 2, 3), (4, 3, 2))),
    ("i...,i...", ((2, 3, 4), (2, 4))),
    ("...,...", ((), (3,))),
    ("ij,ij->ij", ((1, 3), (2, 1))),
    ("ij,kj->k", ((2, 3), (4, 1))),
)

_ONE: tuple[tuple[str, Shapes], ...] = (
    ("ij->ji", ((3, 3),)),
    ("ba", ((2, 3),)),
    ("ii", ((3, 3),)),
    ("ii->i", ((3, 3),)),
    ("ijij->ij", ((2, 3, 2, 3),)),
    ("iii->", ((3, 3, 3),)),
    ("ij->", ((2, 3),)),
    ("...ii->...i", ((2, 3, 3),)),
    ("...j->...", ((2, 3),)),
    ("", ((),)),
)

_MORE: tuple[tuple[str, Shapes], ...] = (
    ("ij,jk,kl->il", ((2, 3), (3, 4), (4, 2))),
    ("i,ij,j", ((2,), (2, 3), (3,))),
    ("i,i,i->i", ((3,), (3,), (3,))),
    ("ii,ij,...j->...", ((2, 2), (2, 3), (4, 1, 3))),
    ("ij,jk,kl,lm->im", ((2, 2), (2, 2), (2, 2), (2, 2))),
)


def _drawn(rng: Generator, shapes: Shapes) -> list[Any]:
    return [REAL.draw(rng, *shape) for shape in shapes]


def _sums(rng: Generator) -> list[Sample]:
    a, b, c = REAL.draw(rng, 2, 3), REAL.draw(rng, 3, 4), REAL.draw(rng, 5, 2, 3)
    path: Any = ["einsum_path", (1, 2), (0, 1)]
    three = REAL.draw(rng, 4, 2)
    return [
        *[call(text, *_drawn(rng, shapes)) for text, shapes in (*_ONE, *_TWO, *_MORE)],
        *[call(text, *_drawn(rng, s), optimize=True) for text, s in (*_ONE[3:6], *_TWO, *_MORE)],
        call("ij,jk,kl", a, b, three, optimize="optimal"),
        call("ij,jk,kl", a, b, three, optimize=path),
        call("ij,jk", a, [[1, 2], [3, 4], [5, 6]]),
        call("ij,", a, 2.0),
        call("ij,j", a, REAL.draw(rng, 3), dtype=np.complex128, order="F", casting="same_kind"),
        # operands and labels in turn
        call(a, [0, 1], b, [1, 2], [0, 2]),
        call(a, [0, 1], b, [1, 2]),
        call(a, [7, 3]),
        call(REAL.draw(rng, 3, 3), [4, 4], [4]),
        call(REAL.draw(rng, 3, 3), [4, 4], []),
        call(c, [..., 0, 1], b, (1, 2), [..., 2]),
        call(c, [..., 0, 1], a, [0, np.int64(1)]),
        call(a, [30, 5]),
        call(a, [30, 5], optimize=True),
        call(a, [0, 1], b, [1, 2], three, [2, 3], [0, 3], optimize="greedy"),
    ]


def _contractions(rng: Generator) -> list[Sample]:
    return [
        *[
            call(text, {"optimize": False}, [True] * len(shapes), *_drawn(rng, shapes))
            for text, shapes in (*_ONE[:4], *_TWO[:8], *_MORE[:2])
        ],
        call("ij,jk", {"optimize": True}, [True, True], *_drawn(rng, ((2, 3), (3, 3)))),
    ]


SAMPLES: dict[Callable[..., Any], Draw] = {np.einsum: _sums, contraction: _contractions}

EDGES: dict[Callable[..., Any], list[Edge]] = {}

COMPLEX = {np.einsum, contraction}

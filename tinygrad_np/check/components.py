"""Which components of a gradient are at fault, also among a million.

A direction that is zero outside some components tells whether any of these is at fault. So the
worst are found by halving: one among a million takes forty glances.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .probe import Array, Look, Probe

ALL = 64
"""Up to so many components, each is looked at."""

GLANCES, ENOUGH = 100, 3
"""In an array with more: at most so many glances, and so many components to find."""

Place = tuple[int, ...]


class Search(NamedTuple):
    """The components that are at fault, worst first; `is_complete` if there are no others."""

    found: list[tuple[Place, Look]]
    is_complete: bool


def mistake(look: Look) -> float:
    """How wrong the gradient is along a direction; 0 if that is noise."""
    return look.difference if look.is_wrong else 0.0


def kink(look: Look) -> float:
    """How far the slopes on the two sides of a kink differ; 0 if there is none."""
    return look.jump


def search(probe: Probe, worst: Look, fault: Callable[[Look], float]) -> Search:
    """The components that make `fault` of the look `worst`, each along its part of the direction.

    So each is seen at the scale at which the fault shows.
    """
    shape, flat = worst.direction.shape, worst.direction.ravel()

    def part(low: int, high: int) -> Array:
        direction = np.zeros_like(flat)
        direction[low:high] = flat[low:high]
        return direction.reshape(shape)

    if np.count_nonzero(flat) <= ALL:
        places, is_complete = [int(i) for i in np.flatnonzero(flat)], True
    else:
        places, is_complete = _halved(probe, worst, fault, part)
    looks = [(i, probe.look(part(i, i + 1))) for i in places]
    at_fault = [(fault(one) / abs(flat[i]), i, one) for i, one in looks if fault(one)]
    at_fault.sort(key=lambda item: -item[0])
    found = [(tuple(map(int, np.unravel_index(i, shape))), one) for _, i, one in at_fault]
    return Search(found, is_complete)


def _halved(
    probe: Probe,
    worst: Look,
    fault: Callable[[Look], float],
    part: Callable[[int, int], Array],
) -> tuple[list[int], bool]:
    """Components at fault, and whether these are all: down into the worse half first."""
    found: list[int] = []
    queue = [(-fault(worst), 0, worst.direction.size)]
    glances = 0
    while queue and len(found) < ENOUGH and glances < GLANCES:
        _, low, high = heapq.heappop(queue)
        while high - low > 1:
            middle = (low + high) // 2
            halves = []
            for a, b in ((low, middle), (middle, high)):
                glances += 1
                value = fault(probe.glance(part(a, b), worst))
                if value:
                    halves.append((-value, a, b))
            if not halves:
                break  # the two together are at fault, but neither beyond the noise
            halves.sort()
            _, low, high = halves[0]
            for other in halves[1:]:
                heapq.heappush(queue, other)
        else:
            found.append(low)
    return found, not queue

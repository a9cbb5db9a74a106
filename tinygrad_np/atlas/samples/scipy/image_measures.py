"""Samples of measures of labelled parts: no labels, all labelled, chosen labels, twice and none."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....scipy.mirror import of
from ..draws import APART, Draw, Generator, Sample, apart, call

_LABELS = np.array([[1, 1, 2], [0, 2, 2], [3, 3, 1]])


def _parts(rng: Generator) -> list[Sample]:
    def one(*labels: Any) -> Sample:
        return call(apart(rng, 3, 3) + 1.5, *labels, reach=APART)

    return [one(), one(_LABELS), one(_LABELS, 2), one(_LABELS, [2, 1, 2])]


SAMPLES: dict[Callable[..., Any], Draw] = {
    of(f"ndimage.{name}"): _parts
    for name in (
        "sum_labels", "sum", "mean", "variance", "standard_deviation", "center_of_mass"
    )
}  # fmt: skip

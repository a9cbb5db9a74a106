"""An array in less than 2,000 bytes, for a page: a small picture, numbers, statistics, a histogram.

`digest` keeps statistics and a histogram of the whole, and a picture of a part: of the first
example, each so many pixels, of the first channels. Every pixel is an element of the array, and
"part" says which, as NumPy's index.

>>> digest(np.array([[1.0, -2.0]]))["numbers"]
[1.0, -2.0]
"""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np

from ..io.description import describe, magnitudes

PIXELS = 1024  # of one picture
SHOWN_NUMBERS = 80  # where there are as few elements, all are told
BINS = 16


def digest(array: Any, role: str = "", pixels: int = PIXELS) -> dict[str, Any]:
    """What a page tells of an array, for JSON.

    A picture is tiles of rows and columns, `across` side by side; an element ``v`` is the byte
    ``128 + 127 * v / scale``, and 0 where it is nan or inf. Of complex numbers the absolute values
    are told; "beyond" counts what is too large for float64. `role` is "filters" for (rows, columns,
    in, out), "windows" for those of images.
    """
    array = np.asarray(array)
    numbers = describe(array, BINS)
    counts = [numbers.zeros, numbers.nan, numbers.inf]
    found: dict[str, Any] = {"stats": [], "counts": counts}
    if not array.size:
        return found
    if numbers.beyond:
        found["beyond"] = numbers.beyond
    if numbers.finite:
        four = numbers.low, numbers.high, numbers.mean, numbers.spread
        found |= {"stats": [told(x) for x in four], "bins": numbers.bins}
    tiles, across, part = _tiles(array, role, pixels)
    tiles = magnitudes(tiles).astype(float)
    is_finite = np.isfinite(tiles)
    scale = float(np.max(np.abs(tiles), where=is_finite, initial=0)) or 1.0
    with np.errstate(all="ignore"):
        bytes_ = np.where(is_finite, 128 + np.rint(127 * (tiles / scale)), 0)
    some, middle = tiles, []  # of many, numbers of the middle: from, to
    if tiles.size > min(SHOWN_NUMBERS, pixels // 9):
        most = (5, 4) if pixels == PIXELS else (3, 3)
        for length, count in zip(tiles.shape[1:], most, strict=True):
            start = max(0, length - count) // 2
            middle.append((start, min(length, start + count)))
        some = tiles[:1, slice(*middle[0]), slice(*middle[1])]
    return found | {
        "tiles": [*tiles.shape, across],
        "scale": told(scale),
        "bytes": base64.b64encode(bytes_.astype(np.uint8).tobytes()).decode(),
        "part": part if tiles.size < array.size or array.ndim > 2 else "",
        "numbers": [told(x) for x in some.ravel()],
        "middle": middle,
    }


def told(x: Any) -> float | str:
    """A number to four digits, as JSON has it: nan and inf are words."""
    number = float(x)
    if not math.isfinite(number):
        return str(number)
    rounded = float(f"{number:.4g}") + 0.0
    return rounded if math.isfinite(rounded) else number  # the largest would be rounded to inf


def _tiles(x: Any, role: str, pixels: int) -> tuple[Any, int, str]:
    """A part of `x` as tiles (n, rows, columns), how many lie side by side, and its index."""
    if role == "windows" and x.ndim == 6:  # (images, rows, columns, rows and columns of each, in)
        sizes = zip(x.shape[1:3], x.shape[3:5], strict=True)
        counts = [min(n, max(1, int(pixels**0.5) // size)) for n, size in sizes]
        starts = [(n - count) // 2 for n, count in zip(x.shape[1:3], counts, strict=True)]
        (i, a), (j, b) = zip(starts, counts, strict=True)
        x = x[0, i : i + a, j : j + b, :, :, 0]
        return x.reshape(-1, *x.shape[2:]), x.shape[1], f"[0, {i}:{i + a}, {j}:{j + b}, :, :, 0]"
    if role == "filters" and x.ndim == 4:
        x, form = np.moveaxis(x[:, :, 0], 2, 0), "[{rows}, {columns}, 0, {tiles}]"
    elif x.ndim >= 4:
        first = (0,) * (x.ndim - 3)
        x, form = (
            np.moveaxis(x[first], 2, 0),
            f"[{'0, ' * len(first)}{{rows}}, {{columns}}, {{tiles}}]",
        )
    elif x.ndim == 3:
        x, form = x[:1], "[0, {rows}, {columns}]"
    elif x.ndim == 2:
        x, form = x[None], "[{rows}, {columns}]"
    else:
        x, form = x.reshape(1, 1, -1), "[{columns}]" if x.ndim else ""
    rows, columns = x.shape[1:]
    n = min(len(x), max(4, pixels // (rows * columns)))
    steps = [-(-rows // 64), -(-columns // 64)]
    while n * (r := -(-rows // steps[0])) * (c := -(-columns // steps[1])) > pixels:
        steps = [steps[0] + (2 * r > c), steps[1] + (2 * c > r)]  # as much, unless it is narrow
    text = form.format(
        rows=_slice(steps[0]), columns=_slice(steps[1]), tiles=f":{n}" if n < len(x) else ":"
    )
    found = x[:n, :: steps[0], :: steps[1]]
    return found, math.ceil(n**0.5), text


def _slice(step: int) -> str:
    return ":" if step == 1 else f"::{step}"

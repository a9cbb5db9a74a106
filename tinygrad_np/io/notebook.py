"""What a notebook shows: HTML of an array, of a table and of thumbnails, made without matplotlib.

`of_tensor` is a Tensor's: what it is, its range, and a picture of what looks like an image, the
digits of what is short, a histogram of all else. `table` and `thumbnails` serve `Report`,
`Dataset`, `History` and `Summary`. Text has the colour of the page, light or dark; what a user
wrote is escaped.

>>> from tinygrad_np import Tensor
>>> page = Tensor(np.zeros((28, 28)))._repr_html_()
>>> "float64" in page, "data:image/png;base64," in page
(True, True)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..core import tensor
from ..core.arrays import Array
from .description import describe, magnitudes, scaled

BYTES = 6_000
"""So many bytes the pixels of a Tensor's picture have, before they are packed."""
DIGITS = 12
"""So many elements are written out."""
BINS, SAMPLE = 24, 1_000_000
"""The bars of a histogram, and how many elements it counts: of more, evenly spaced ones."""
LEAST, LONGEST = 8, 4
"""An image has so many rows and columns at least, and is at most so many times as long as wide."""


def of_tensor(t: tensor.Tensor) -> str:
    """The HTML of a Tensor: shape, dtype, range, its gradient's range if there is one, a picture.

    Counts of nan and inf and the range are of all elements; of complex numbers, the range is that
    of the absolute values.
    """
    value = t.data
    lines = [f"<b>Tensor</b> {value.shape} {value.dtype}", *described(value)]
    if t.grad is not None:
        lines.append(f"gradient: {', '.join(described(t.grad))}")
    style = "display:flex;flex-wrap:wrap;gap:0.5em 1em;align-items:center"
    return f'<div style="{style}">{picture(value)}<div>{"<br>".join(lines)}</div></div>'


def described(values: Array) -> list[str]:
    """The range and the mean of the finite elements, and how many are not finite, as words.

    >>> described(np.array([1.0, 3.0, np.inf]))
    ['from 1 to 3, mean 2', '<b>1 inf</b>']
    """
    if not values.size:
        return ["no elements"]
    if values.size == 1:
        value = values.item()
        return [str(value) if values.dtype.char in "gG" else f"{value:.6g}"]
    name = "absolute value " if values.dtype.kind == "c" else ""
    found = describe(values)
    lines = []
    if found.finite:
        lines.append(f"{name}from {found.low:.6g} to {found.high:.6g}, mean {found.mean:.6g}")
    counts = {"nan": found.nan, "inf": found.inf, "beyond float64": found.beyond}
    bad = [f"{count:,} {what}" for what, count in counts.items() if count]
    return [*lines, *[f"<b>{words}</b>" for words in bad]]


def picture(values: Array) -> str:
    """Digits of a few elements, thumbnails of what looks like an image, a histogram of the rest."""
    if values.size <= DIGITS:
        shown = np.array2string(values.squeeze(), separator=", ", precision=6)
        return f"<pre>{shown}</pre>" if values.size > 1 else ""
    images = _images(values)
    return histogram(values) if images is None else thumbnails(images, BYTES)


def _images(values: Array) -> Array | None:
    """(n, rows, columns, 1 or 3) real numbers of an array that looks like an image, or a batch."""
    if values.dtype.kind == "c":
        return None
    images = values
    if values.ndim in (2, 3):
        images = values[None, ..., None] if values.ndim == 2 else values[None]
    if images.ndim != 4 or images.shape[3] not in (1, 3) or not images.size:
        return None
    rows, columns = images.shape[1:3]
    fits = min(rows, columns) >= LEAST and max(rows, columns) <= LONGEST * min(rows, columns)
    return images if fits else None


# Pictures


def thumbnails(images: Array, most: int, height: int = 84) -> str:
    """The first of (n, rows, columns, 1 or 3) numbers side by side, as one PNG image.

    Their pixels have at most `most` bytes: of images that are larger, every second, third, …
    row and column is shown, at least one image. One channel is grey from its smallest number to
    its largest, and where it changes sign, blue below 0 and red above; nan and inf are green.
    """
    if not images.size:
        return ""
    channels = images.shape[3]
    step = 1
    while -(-images.shape[1] // step) * -(-images.shape[2] // step) * channels > most:
        step += 1
    small = images[:, ::step, ::step]
    count = max(1, most // (small[0].size + small.shape[1] * channels))
    shades, palette = _shades(small[:count])
    gap = np.full((*shades.shape[:2], 1, channels), 255, np.uint8)
    row = np.concatenate([np.concatenate([shades, gap], 2)[i] for i in range(len(shades))], 1)
    told = f"the first {len(shades)} of {len(images):,}" if len(images) > 1 else "the image"
    return (
        f'<img alt="{told}" title="{told}" style="height:{height}px;image-rendering:pixelated" '
        f'src="data:image/png;base64,{_base64(png(row[:, :-1], palette))}">'
    )


def _shades(images: Array) -> tuple[Array, Array | None]:
    """As uint8, and the colours of one channel; 0 is what is not finite, 255 the gap, white."""
    if images.dtype == np.uint8 and images.shape[3] == 3:
        return images, None
    numbers = magnitudes(images)
    finite = np.isfinite(numbers)
    _, _, _, _, _, low, high, *_ = describe(numbers)
    if not finite.any():
        low, high = 0.0, 0.0
    if images.dtype == np.uint8:
        low, high = 0.0, 255.0
    is_signed = low < 0 < high and images.shape[3] == 1
    if is_signed:
        high = max(-low, high)
        low = -high
    begin, end = scaled(low, low, high), scaled(high, low, high)
    with np.errstate(invalid="ignore"):
        part = (scaled(numbers, low, high) - begin) / ((end - begin) or 1.0)
    if images.shape[3] == 3:
        return (255 * np.where(finite, part, 0)).astype(np.uint8), None
    index = np.where(finite, 1 + np.round(253 * np.where(finite, part, 0)), 0).astype(np.uint8)
    at = np.linspace(0, 1, 254)[:, None]
    grey = at * [255, 255, 255]
    ends = np.where(at < 0.5, [0, 114, 178], [213, 94, 0])  # blue and vermilion of Okabe and Ito
    colours = 255 - (255 - ends) * np.abs(2 * at - 1) if is_signed else grey
    return index, np.vstack([[[0, 158, 115]], colours, [[255, 255, 255]]]).astype(np.uint8)


def png(pixels: Array, palette: Array | None = None) -> bytes:
    """A PNG file of (rows, columns, 3) colours, or of (rows, columns, 1) places in a palette."""
    import struct
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        checked = name + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    rows, columns, channels = pixels.shape
    lines = np.zeros((rows, 1 + columns * channels), np.uint8)  # first the filter of a line: none
    lines[:, 1:] = pixels.reshape(rows, -1)
    head = struct.pack(">IIBBBBB", columns, rows, 8, 2 if palette is None else 3, 0, 0, 0)
    parts = [chunk(b"IHDR", head)]
    if palette is not None:
        parts.append(chunk(b"PLTE", palette.tobytes()))
    parts += [chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _base64(data: bytes) -> str:
    from base64 import b64encode

    return b64encode(data).decode("ascii")


def histogram(values: Array) -> str:
    """Bars of the finite elements from the smallest to the largest; each names what it counts.

    Of complex numbers, of the absolute values.
    """
    step = -(-values.size // SAMPLE) or 1
    flat = values.flat[::step] if step > 1 else values
    found = describe(flat, BINS)
    low, high, counts = found.low, found.high, found.bins
    if not found.finite or low == high:
        return ""
    at = [i / BINS for i in range(BINS + 1)]
    edges = [f"{low * (1 - t) + high * t:.3g}" for t in at]  # high - low may overflow
    bars = []
    for i, count in enumerate(counts):
        height = 60 * count / max(counts)
        bars.append(
            f'<rect x="{8 * i}" y="{60 - height:.1f}" width="7" height="{height:.1f}">'
            f"<title>{edges[i]} to {edges[i + 1]}: {count:,}</title></rect>"
        )
    told = "the finite elements" if step == 1 else f"every {step:,}th element"
    label = '<text y="73" x="{}" font-size="11" text-anchor="{}">{}</text>'
    ends = label.format(0, "start", edges[0]) + label.format(8 * BINS, "end", edges[-1])
    return (
        f'<svg width="{8 * BINS}" height="78" style="flex:none;opacity:0.75" '
        'fill="currentColor" role="img" '
        f'aria-label="a histogram of {told}"><title>{told}</title>'
        f"{''.join(bars)}{ends}</svg>"
    )


# Tables


def table(head: Sequence[Any], rows: Iterable[Sequence[Any]], sides: str = "") -> str:
    """A table of words and numbers, escaped; `sides` has < or > for each column, right by default.

    A cell that is `Html` is put in as it is.

    >>> table(["a"], [[1], ["<"]])
    '<table><tr><th>a</th></tr><tr><td>1</td></tr><tr><td>&lt;</td></tr></table>'
    """
    parts = []
    for tag, row in (("th", head), *[("td", row) for row in rows]):
        cells = []
        for i, cell in enumerate(row):
            style = ' style="text-align:left"' if sides[i : i + 1] == "<" else ""
            cells.append(f"<{tag}{style}>{escaped(cell)}</{tag}>")
        parts.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(parts)}</table>"


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def escaped(value: Any) -> str:
    """`value` as HTML: as it is, or as text."""
    from html import escape

    return value if isinstance(value, Html) else escape(str(value))

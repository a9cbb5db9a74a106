"""A page to play with a convolution and its gradient: `convolution_lab`.

Python computes what the page opens with: the result, the gradients by reverse mode, and the closed
form's. The page (``pages/lab.js``) computes all of it again after every change, and says how far
the numbers are apart.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..answers import explained
from ..core import arrays
from ..core.geometry import Pairs, times
from ..core.transforms import vjp
from ..nn.geometry import convolution_plan
from ..nn.layers import conv2d
from .page import of_browsers, page, write

LARGEST = 40  # rows and columns of an image: its numbers can just be told apart on a screen
LARGEST_FRAMED = 64
LARGEST_NUMBER = 1e90  # products of three of them are finite
MOST_BYTES = 500_000


@explained
def convolution_lab(
    image: Any,
    filters: Any,
    path: str | os.PathLike[str],
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    cotangent: Any = None,
) -> Path:
    """Write a page that shows where every number of a convolution and of its gradient comes from.

    One points at a pixel, a weight or a cotangent, and sees its window, the products and the sum.
    Stride, padding, dilation and all values can be changed in the page, which follows. It is one
    file of at most 500 kB that needs no network.

    Parameters
    ----------
    image : array of shape (rows, columns), (rows, columns, in) or (1, rows, columns, in)
        Real numbers, at most 40×40 pixels.
    filters : array of shape (rows, columns, in, out)
        Real numbers.
    path : path-like
        The file to write, ``.html``; its folder is made. It is written whole or not at all.
    stride : int or (rows, columns), default 1
    padding : int, tuple, "valid" or "same", default 0
    dilation : int or (rows, columns), default 1
        From `stride` on, what the page opens with, as `conv2d` takes it.
    cotangent : array of shape (i, j, out) or (1, i, j, out), optional
        ∂L/∂y to open with; by default small whole numbers, so that sums can be followed in one's
        head.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    TypeError
        For what is no array of real numbers; for a Tensor, whose gradient would be lost.
    ValueError
        For shapes that do not fit, nan or inf, and what is too large for a page.

    Examples
    --------
    >>> import tempfile
    >>> image, filters = np.arange(48.0).reshape(6, 8), np.ones((5, 3, 1, 1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = convolution_lab(image, filters, Path(folder) / "lab.html", padding=(2, 1))
    ...     path.name, path.stat().st_size < 500_000
    ('lab.html', True)

    """
    path = of_browsers("convolution_lab", path)
    filters = _finite("filters", filters)
    image = _image(image, filters.shape)
    shapes = image.shape, filters.shape
    (size, frame, strides, dilations), _ = convolution_plan(
        "convolution_lab", 2, shapes, stride, padding, dilation, 1
    )
    pairs = frame[1:3] if frame else ((0, 0), (0, 0))
    framed = tuple([n + sum(pair) for n, pair in zip(image.shape[1:3], pairs, strict=True)])
    if max(framed) > LARGEST_FRAMED or max(image.shape[1:3]) > LARGEST:
        raise ValueError(
            f"convolution_lab: an image of {times(image.shape[1:3])} pixels, {times(framed)} with "
            f"its padding, is too large for a page; show a part, such as "
            f"image[:{LARGEST}, :{LARGEST}], and pad to at most {LARGEST_FRAMED}"
        )

    def convolve(x: Any, w: Any) -> Any:
        return conv2d(x, w, strides, pairs, dilations)

    result, pull = vjp(convolve, image, filters)
    seed = _start(result.shape) if cotangent is None else _finite("cotangent", cotangent)
    seed = seed.reshape(result.shape) if seed.shape == result.shape[1:] else seed
    if seed.shape != result.shape:
        raise ValueError(
            f"convolution_lab: the result is {result.shape}, and the cotangent {seed.shape}; give "
            "one of the result's shape, or None"
        )
    by_hand = _closed_form(image, filters, seed, pairs, strides, dilations)
    apart = [np.abs(a - b).max() for a, b in zip((result, *pull(seed)), by_hand, strict=True)]
    data = {
        "rows": image.shape[1], "columns": image.shape[2], "channels": image.shape[3],
        "size": size, "filters": filters.shape[3], "stride": strides, "dilation": dilations,
        "padding": padding if isinstance(padding, str) else "given", "pairs": pairs,
        "image": image, "weights": filters, "cotangent": seed,
        "python": dict(zip(("result", "byImage", "byFilter"), by_hand, strict=True)),
        "apart": apart, "largest": LARGEST_FRAMED,
    }  # fmt: skip
    text = page("lab", "A convolution and its gradient", _plain(data)).encode()
    if len(text) > MOST_BYTES:
        raise ValueError(
            f"convolution_lab: {image.size} numbers of the image and {filters.size} weights "
            f"would make a page of {len(text) // 1000} kB, above {MOST_BYTES // 1000}; show "
            "a part of the image, such as image[:20, :20], or fewer channels or filters"
        )
    return write("convolution_lab", path, text)


def _finite(what: str, values: Any) -> Any:
    """Real numbers in float64, whose products and sums are finite."""
    where = f"convolution_lab: {what}"
    values = np.asarray(arrays.numbers(values, where, "biuf"), np.float64)
    if not (np.abs(values) < LARGEST_NUMBER).all():
        raise ValueError(
            f"{where} has nan, inf or a number beyond {LARGEST_NUMBER:g}, with which no sum can be "
            "followed; replace it"
        )
    return values


def _image(values: Any, filters: tuple[int, ...]) -> Any:
    """(rows, columns), (rows, columns, c) or (1, rows, columns, c) → (1, rows, columns, c)"""
    image = _finite("image", values)
    if len(filters) == 2:
        raise ValueError(
            f"convolution_lab: filters are (rows, columns, in, out), not {filters}; one filter of "
            "one channel is filters[:, :, None, None]"
        )
    if image.ndim == 3 and len(filters) == 4 and image.shape[2] != filters[2] == image.shape[0]:
        raise ValueError(
            f"convolution_lab: an image is (rows, columns, channels), and {image.shape} looks like "
            "channels first; use np.moveaxis(image, 0, -1)"
        )
    if image.ndim in (2, 3):
        return image[None, :, :, None] if image.ndim == 2 else image[None]
    if image.ndim != 4 or len(image) != 1:
        raise ValueError(
            f"convolution_lab: takes one image, (rows, columns), (rows, columns, channels) or "
            f"(1, rows, columns, channels), not shape {image.shape}"
            f"{'; show one of them: images[0]' if image.ndim == 4 else ''}"
        )
    return image


def _start(shape: tuple[int, ...]) -> Any:
    """From −3 to 3, and nowhere two alike side by side; ``pages/lab.js`` goes on with the same."""
    _, i, j, f = np.indices(shape)
    return (3.0 * i + 5 * j + 2 * f) % 7 - 3


def _closed_form(
    image: Any, filters: Any, seed: Any, pairs: Pairs, stride: Any, dilation: Any
) -> tuple[Any, Any, Any]:
    """The result and both gradients by `closed_form`, which knows no dilation, and one padding.

    So it gets the filter with zeros between its weights, and the image in its frame.
    """
    from .. import closed_form

    (top, _), (left, _) = pairs
    _, rows, columns, _ = image.shape
    framed = np.pad(image, ((0, 0), *pairs, (0, 0)))
    spans = [d * (k - 1) + 1 for k, d in zip(filters.shape, dilation, strict=False)]
    taps = tuple([slice(None, None, d) for d in dilation])
    spread = np.zeros((*spans, *filters.shape[2:]))
    spread[taps] = filters
    by_image = closed_form.convolution_images(seed, spread, framed.shape, stride)
    by_filters = closed_form.convolution_filters(framed, seed, tuple(spans), stride)
    return (
        closed_form.convolution(framed, spread, stride),
        by_image[:, top : top + rows, left : left + columns],
        by_filters[taps],
    )


def _plain(value: Any) -> Any:
    """What JSON knows: arrays as flat lists, and whole numbers without their “.0”."""
    if isinstance(value, dict):
        return {name: _plain(x) for name, x in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(x) for x in value]
    if isinstance(value, np.ndarray):
        return [int(x) if x.is_integer() and abs(x) < 1e15 else x for x in value.ravel().tolist()]
    return value

"""Pictures of images, filters and feature maps, one or many with one scale.

`image` draws one and `images` many, side by side in the same axes; `filters`, `feature_maps` and
`misclassified` are `images` of what their names say. `colour_bar` is their scale. What changes sign
has white in the middle, at 0. matplotlib is needed: the extra ``plot``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..answers import explained
from ..core.network import softmax
from .colours import FAINT, LABEL, SIGNED, SMALL
from .figures import axes_of, framed, real, write

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 256
"""So many images are drawn side by side at most: more would be too small to see."""


@explained
def image(
    axes: Axes | None,
    pixels: Any,
    title: str = "",
    largest: float | None = None,
    numbers: bool = False,
) -> Axes:
    """A picture of numbers.

    Of one channel: grey, black for the smallest number (of uint8, for 0) and white for the largest
    (of uint8, for 255); or with `largest`, blue for −`largest`, white for 0, red for `largest`. Of
    three channels, red, green and blue: from 0 to 255 in uint8, from 0 to 1 in floats; or with
    `largest`, from −`largest` (none of this colour) over 0 (half of it) to `largest` (all of it),
    as filters and standardised images have it. What is beyond `largest` is drawn as that.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or None
        Where to draw; None: into a new figure.
    pixels : array of shape (rows, columns), (rows, columns, 1) or (rows, columns, 3)
        Real numbers.
    title : str, default ""
        What stands above it.
    largest : float, optional
        Pictures with the same `largest` can be compared.
    numbers : bool, default False
        Whether the values of one channel are written into the pixels.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For other shapes, and colours out of their range.

    Examples
    --------
    >>> image(None, np.eye(3), "a filter", largest=1.0).get_title()
    'a filter'
    >>> axes = image(None, np.array([[[-0.5, 0.0, 0.5]]]), "a filter of colours", largest=0.5)
    >>> axes.images[-1].get_array().tolist()
    [[[0.0, 0.5, 1.0]]]

    """
    pixels = real("image", pixels)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if 0 in pixels.shape or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        raise ValueError(
            "image: takes (rows, columns), (rows, columns, 1) or (rows, columns, 3) numbers, not "
            f"shape {pixels.shape}{_remedy(pixels.shape)}"
        )
    shown, options = _coloured("image", pixels, largest, pixels.ndim == 3)
    if numbers and pixels.ndim == 3:
        raise ValueError("image: numbers are written into one channel, not into three")
    axes = axes_of("image", axes, 3, 3)
    axes.imshow(shown, **options)
    if numbers:
        drawn: Any = axes.images[-1]
        cells = drawn.to_rgba(drawn.get_array())
        for (i, j), value in np.ndenumerate(pixels):
            write(axes, i, j, f"{value:.2f}", 7, cells[i, j])
    return _bare(axes, title)


@explained
def images(
    axes: Axes | None,
    pixels: Any,
    title: str = "",
    captions: Sequence[str] = (),
    largest: float | None = None,
    columns: int = 8,
) -> Axes:
    """Many images side by side, with one scale: that of `image`, from the smallest of all numbers.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or None
        Where to draw; None: into a new figure.
    pixels : array of shape (n, rows, columns), (n, rows, columns, 1) or (n, rows, columns, 3)
        Real numbers; n is at most 256.
    title : str, default ""
        What stands above all.
    captions : sequence of n strings, optional
        What stands above each; it may have several lines.
    largest : float, optional
        As in `image`.
    columns : int, default 8
        So many images stand in a row at most.

    Returns
    -------
    matplotlib.axes.Axes
        Its ``images`` are the images, in order.

    Raises
    ------
    ValueError
        For other shapes, for other than n captions, and for colours out of their range.

    Examples
    --------
    >>> axes = images(None, np.zeros((3, 28, 28)), captions=["a", "b", "c"])
    >>> len(axes.images), [text.get_text() for text in axes.texts]
    (3, ['a', 'b', 'c'])

    """
    return _side_by_side("images", axes, pixels, title, captions, largest, columns)


@explained
def filters(axes: Axes | None, weights: Any, title: str = "", largest: float | None = None) -> Axes:
    """The filters of a convolution side by side, with one scale, which is the same for both signs.

    Filters of three input channels are drawn in colour, where grey is 0; of other numbers of
    channels, each channel is a row, and each filter a column.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or None
        Where to draw; None: into a new figure.
    weights : array of shape (rows, columns, in, out)
        Real numbers.
    title : str, default ""
        What stands above.
    largest : float, optional
        The end of the scale; by default the largest absolute value.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For another shape, and for more than 256 pictures.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> len(filters(None, rng.normal(size=(3, 3, 1, 5))).images)
    5
    >>> len(filters(None, rng.normal(size=(3, 3, 4, 5))).images)
    20

    """
    weights = real("filters", weights)
    if weights.ndim != 4 or 0 in weights.shape:
        raise ValueError(
            f"filters: takes (rows, columns, in, out) numbers, not shape {weights.shape}"
        )
    rows, columns, channels, count = weights.shape
    if channels in (1, 3):
        tiles, across = np.moveaxis(weights, -1, 0), 16
    else:
        tiles, across = weights.reshape(rows, columns, -1).transpose(2, 0, 1), count
    if len(tiles) > MOST:
        raise ValueError(
            f"filters: {len(tiles)} pictures are too many to see; draw some of them, for instance "
            "weights[..., :16, :16]"
        )
    bound = _largest(weights) if largest is None else largest
    return _side_by_side("filters", axes, tiles, title, (), bound, across)


@explained
def feature_maps(axes: Axes | None, maps: Any, title: str = "") -> Axes:
    """What the filters make of one image: a picture for each channel, with one scale.

    Where nothing is below 0, as behind a relu, from black to white; else blue below 0, red above.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or None
        Where to draw; None: into a new figure.
    maps : array of shape (rows, columns, channels)
        Real numbers.
    title : str, default ""
        What stands above.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For another shape, and for more than 256 channels.

    Examples
    --------
    >>> axes = feature_maps(None, np.random.default_rng(0).uniform(size=(28, 28, 6)))
    >>> len(axes.images)
    6

    """
    maps = real("feature_maps", maps)
    if maps.ndim != 3 or not maps.size > 0 or maps.shape[2] > MOST:
        remedy = "; draw those of one image: maps[0]" if maps.ndim == 4 else ""
        raise ValueError(
            f"feature_maps: takes (rows, columns, channels) numbers of at most {MOST} channels, "
            f"not shape {maps.shape}{remedy}"
        )
    largest = _largest(maps) if np.any(maps < 0) else None
    return _side_by_side("feature_maps", axes, np.moveaxis(maps, -1, 0), title, (), largest)


@explained
def misclassified(
    axes: Axes | None,
    pixels: Any,
    labels: Any,
    logits: Any,
    names: Sequence[str],
    count: int = 8,
) -> Axes:
    r"""The images that a model is surest about, and wrong: the class, what it says, how sure it is.

    Parameters
    ----------
    axes : matplotlib.axes.Axes or None
        Where to draw; None: into a new figure.
    pixels : array of shape (n, rows, columns), (n, rows, columns, 1) or (n, rows, columns, 3)
        The images, standardised or not: each is drawn from its smallest number to its largest.
    labels : array of shape (n,)
        Their classes, integers.
    logits : array of shape (n, classes)
        What the model says of them; its softmax is how sure it is.
    names : sequence of strings
        Those of the classes.
    count : int, default 8
        So many are drawn at most, from 1 on.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If labels are no integers.
    ValueError
        For shapes that do not fit, labels that are no classes, logits of nan or inf, and a count
        below 1.

    Examples
    --------
    >>> logits = np.array([[2.0, 0.0], [0.0, 3.0], [5.0, 0.0]])
    >>> axes = misclassified(None, np.zeros((3, 8, 8)), [0, 1, 1], logits, ["bag", "shirt"])
    >>> [text.get_text() for text in axes.texts]
    ['shirt\nbag 99.3%']

    """
    pixels, labels = real("misclassified", pixels), real("misclassified", labels)
    logits = real("misclassified", logits).astype(float)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"misclassified: labels are integers, not of dtype {labels.dtype}")
    if not (pixels.ndim in (3, 4) and len(pixels) == len(labels)) or logits.shape != (
        *labels.shape,
        len(names),
    ):
        raise ValueError(
            f"misclassified: images of shape {pixels.shape}, labels of shape {labels.shape} and "
            f"logits of shape {logits.shape} do not fit {len(names)} names; give (n, rows, "
            "columns, channels), (n,) and (n, classes)"
        )
    if labels.size and not (labels.min() >= 0 and labels.max() < len(names)):
        raise ValueError(f"misclassified: labels are from 0 to {len(names) - 1}")
    if not np.all(np.isfinite(logits.max(axis=1, initial=-np.inf))):
        raise ValueError("misclassified: there are logits of nan or inf, which choose no class")
    if count < 1:
        raise ValueError(f"misclassified: count is a number from 1 on, not {count}")
    chances: Any = softmax(logits)
    taken = np.argmax(logits, axis=1) if len(logits) else np.zeros(0, int)
    wrong = np.flatnonzero(taken != labels)
    wrong = wrong[np.argsort(-chances[wrong, taken[wrong]], kind="stable")][:count]
    if not len(wrong):
        axes = _bare(axes_of("misclassified", axes), "no image is misclassified")
        axes.spines[:].set_visible(False)
        return axes
    chosen = pixels[wrong].astype(float)
    chosen[~np.isfinite(chosen)] = np.nan
    each: Any = {"axis": tuple(range(1, chosen.ndim)), "keepdims": True}
    each["where"] = ~np.isnan(chosen)
    low, high = chosen.min(initial=np.inf, **each), chosen.max(initial=-np.inf, **each)
    captions = [f"{names[labels[i]]}\n{names[taken[i]]} {chances[i, taken[i]]:.1%}" for i in wrong]
    shown = (chosen - low) / np.where(high > low, high - low, 1)
    if shown.shape[3:] == (3,):
        shown = np.nan_to_num(shown, nan=0)  # black: no colour stands for nan
    return _side_by_side("misclassified", axes, shown, "", captions, None)


@explained
def colour_bar(axes: Axes | Sequence[Axes], label: str = "") -> Axes:
    """The scale of an image of one channel, beside it, or beside several axes that share one.

    Parameters
    ----------
    axes : matplotlib.axes.Axes, or a sequence or an array of them
        What `image`, `images` or one of their kind has drawn into.
    label : str, default ""
        What the numbers are.

    Returns
    -------
    matplotlib.axes.Axes
        Those of the scale.

    Raises
    ------
    ValueError
        If there is no image of one channel.

    Examples
    --------
    >>> from tinygrad_np import viz
    >>> places = viz.figure(4, 2).subplots(1, 2)
    >>> for place in places:
    ...     _ = image(place, np.eye(3), largest=1.0)
    >>> colour_bar(places, "weights").get_ylabel()
    'weights'

    """
    places = list(np.ravel(np.asarray(axes, dtype=object)))
    drawn = [image for place in places for image in getattr(place, "images", ())]
    if not (drawn and drawn[-1].get_array().ndim == 2):
        raise ValueError("colour_bar: draws the scale of an image of one channel; draw that first")
    # as high as the picture; beside several, as high as all of them
    where: Any = {"ax": places, "fraction": 0.05, "aspect": 16}
    if len(places) == 1:
        inch = places[0].figure.figure.dpi / places[0].get_window_extent().width
        where = {"cax": places[0].inset_axes([1 + 0.08 * inch, 0, 0.12 * inch, 1])}
    bar = places[0].figure.colorbar(drawn[-1], **where)
    bar.outline.set_visible(False)
    bar.ax.grid(False)
    bar.ax.tick_params(labelsize=SMALL, color=FAINT, length=3)
    bar.set_label(label, fontsize=LABEL)
    return bar.ax


# What they have in common


def _side_by_side(
    function: str,
    axes: Any,
    pixels: Any,
    title: str,
    captions: Sequence[str],
    largest: float | None,
    columns: int = 8,
) -> Any:
    """What `images` is, for a `function` that errors name."""
    pixels = real(function, pixels)
    if pixels.ndim == 4 and pixels.shape[3] == 1:
        pixels = pixels[..., 0]
    if 0 in pixels.shape or not (pixels.ndim == 3 or (pixels.ndim == 4 and pixels.shape[3] == 3)):
        raise ValueError(
            f"{function}: takes (n, rows, columns), (n, rows, columns, 1) or (n, rows, columns, 3) "
            f"numbers, not shape {pixels.shape}"
        )
    n, height, width = pixels.shape[:3]
    if n > MOST:
        raise ValueError(f"{function}: {n} are too many to see; draw some of them: pixels[:{MOST}]")
    if columns < 1:
        raise ValueError(f"{function}: columns is a number from 1 on, not {columns}")
    if len(captions) not in (0, n):
        raise ValueError(f"{function}: {n} images need as many captions, not {len(captions)}")
    shown, options = _coloured(function, pixels, largest, pixels.ndim == 4)
    across = min(n, columns)
    down = -(-n // across)
    captions = [str(caption) for caption in captions]
    lines = max([caption.count("\n") + 1 for caption in captions], default=0)
    if axes is None:
        each = min(1, 8 / across)  # inches
        tall = down * (each * height / width + 0.18 * lines) + 0.3
        axes = axes_of(function, None, each * across, tall)
    axes = axes_of(function, axes)
    # The captions need an inch here and there, whatever the scale: so large is a pixel, then.
    inches = axes.get_window_extent().transformed(axes.figure.figure.dpi_scale_trans.inverted())
    gap, room = max(width, height) / 12, lines * 1.35 * SMALL / 72
    pixel = min(
        inches.width / (across * (width + gap)),
        max(inches.height - down * room, inches.height / 4) / (down * (height + gap)),
    )
    stride = height + gap + room / pixel
    for i, part in enumerate(shown):
        left, top = (i % across) * (width + gap), (i // across) * stride
        axes.imshow(part, extent=(left, left + width, top + height, top), **options)
        if captions:
            axes.annotate(
                captions[i], (left + width / 2, top), (0, 2), textcoords="offset points",
                ha="center", va="bottom", fontsize=SMALL, annotation_clip=False,
            )  # fmt: skip
    axes.set_xlim(0, across * (width + gap) - gap)
    axes.set_ylim(down * stride - gap - room / pixel, -room / pixel)
    _bare(axes, title)
    axes.spines[:].set_visible(False)
    return axes


def _largest(values: Any) -> float:
    """The largest finite absolute value."""
    # in floats: an int8 has no 128
    return float(np.max(np.abs(values, dtype=float), initial=0, where=np.isfinite(values)))


def _coloured(
    function: str, pixels: Any, largest: float | None, in_colour: bool
) -> tuple[Any, dict[str, Any]]:
    """What matplotlib's imshow is given: for images of one shape, their colours or their scale."""
    if largest is not None and not 0 <= largest < np.inf:
        raise ValueError(f"{function}: largest is a number from 0 on, or None, not {largest}")
    bound = None if largest is None else max(float(largest), 1e-12)
    if in_colour:
        if bound is not None:
            return np.clip(0.5 + pixels / (2 * bound), 0, 1), {}
        most = 1 if pixels.dtype.kind == "f" else 255
        if not (pixels.min() >= 0 and pixels.max() <= most):
            raise ValueError(
                f"{function}: colours are integers from 0 to 255 or floats from 0 to 1, not "
                f"{pixels.dtype} from {pixels.min():g} to {pixels.max():g}; divide by 255, or "
                "give largest="
            )
        return pixels if pixels.dtype.kind == "f" else pixels.astype(np.uint8), {}
    if bound is not None:
        return np.clip(pixels, -bound, bound), {"cmap": SIGNED, "vmin": -bound, "vmax": bound}
    if pixels.dtype == np.uint8:
        return pixels, {"cmap": "gray", "vmin": 0, "vmax": 255}
    finite = pixels[np.isfinite(pixels)]
    ends = (finite.min(), finite.max()) if finite.size else (0, 1)
    return pixels, {"cmap": "gray", "vmin": ends[0], "vmax": ends[1]}


def _remedy(shape: tuple[int, ...]) -> str:
    """What to do with a shape that looks like channels first, or a batch."""
    if len(shape) == 3 and shape[0] in (1, 3):
        return "; channels come last: use np.moveaxis(pixels, 0, -1)"
    return "; draw one of them: pixels[0], or all: images" if len(shape) == 4 else ""


def _bare(axes: Any, title: str) -> Any:
    """Without ticks, in a thin frame, with a title."""
    framed(axes)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title, fontsize=LABEL)
    return axes

"""A data set that needs no download: `garments` draws clothes, shoes and bags, ever so many.

They stand in for Fashion-MNIST, and have its ten categories, on a machine without a network. Size,
place, cut, brightness and grain vary, and the kinds run into each other (the legs of some trousers
touch, some dresses are as straight as trousers, some coats are buttoned like shirts), so that a
small model learns them well and not perfectly.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..answers import explained
from .dataset import DataError, Dataset

GARMENT_NAMES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
"""The categories of Fashion-MNIST and of `garments`, in the order of their labels, 0 to 9."""

TSHIRT, TROUSERS, PULLOVER, DRESS, COAT, SANDAL, SHIRT, SNEAKER, BAG, BOOT = range(10)
_MOST = 10**9  # pictures: 784 GB
_AT_ONCE = 500  # so many images are drawn at a time: their arrays stay small
_ROW = np.arange(28, dtype=np.float32).reshape(28, 1)
_COLUMN = np.arange(28, dtype=np.float32)

# (low, high) → a number an image, shape (n, 1, 1), drawn evenly between them
Between = Callable[[Any, Any], np.ndarray]


@explained
def garments(
    train: int | None = None,
    test: int | None = None,
    seed: int = 0,
    labels: Iterable[int] = (TROUSERS, DRESS),
) -> Dataset:
    """Pictures of clothes, shoes and bags on a dark and noisy ground, in random order.

    The same arguments give the same pictures on every machine: between the random bits and the
    pixels there is only arithmetic that is rounded alike everywhere.

    Parameters
    ----------
    train, test : int, optional
        6,000 and 1,000 of each kind by default, as in Fashion-MNIST.
    seed : int, default 0
    labels : ints from 0 to 9, default (1, 3)
        The kinds, about as many of each: by default trousers and dresses. GARMENT_NAMES has their
        names; ``range(10)`` draws all ten.

    Returns
    -------
    Dataset
        The images are (n, 28, 28).

    Raises
    ------
    DataError
        For a label that there is not, and for a negative number.

    Examples
    --------
    >>> data = garments(train=6, test=2, seed=1)
    >>> data.train_images.shape, data.train_images.dtype
    ((6, 28, 28), dtype('uint8'))
    >>> data.train_labels
    array([3, 3, 1, 3, 1, 1], dtype=uint8)
    """
    try:
        kinds = sorted(set(labels))
    except (TypeError, ValueError):  # arrays have no order
        raise DataError(f"garments: labels must be some of 0 to 9, not {labels!r:.60}") from None
    if not kinds or not all(np.ndim(kind) == 0 and kind in range(10) for kind in kinds):
        raise DataError(f"garments: labels must be one or more of 0 to 9, not {kinds}")
    train = 6_000 * len(kinds) if train is None else train
    test = 1_000 * len(kinds) if test is None else test
    if not all(isinstance(n, int | np.integer) and 0 <= n <= _MOST for n in (train, test)):
        raise DataError(
            f"garments: cannot draw {train!r:.40} and {test!r:.40} pictures; ask for 0 to {_MOST}"
        )
    try:
        random = np.random.Generator(np.random.PCG64(seed))
    except (TypeError, ValueError):
        raise DataError(
            f"garments: the seed is an integer that is not negative, not {seed!r:.40}"
        ) from None
    chosen = (random.random(train + test) * len(kinds)).astype(int)
    drawn = np.array(kinds, np.uint8)[chosen]
    images = np.empty((train + test, 28, 28), np.uint8)
    for start in range(0, train + test, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        images[part] = _draw(drawn[part], random)
    return Dataset(images[:train], drawn[:train], images[train:], drawn[train:])


def _draw(labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    def between(n: int) -> Between:
        return lambda low, high: (low + (high - low) * random.random((n, 1, 1))).astype(np.float32)

    n = len(labels)
    cloth = np.empty((n, 28, 28), np.float32)
    for family, kinds in _FAMILIES.items():
        members = np.isin(labels, kinds)
        count = int(members.sum())
        if count:
            cloth[members] = family(labels[members], between(count))
    grain = random.integers(128, 257, (n, 28, 28), dtype=np.uint16)
    noise = random.integers(-40, 41, (n, 28, 28), dtype=np.int16)
    picture = cloth * between(n)(90, 250) * grain / np.float32(256) + noise
    return np.clip(picture, 0, 255).astype(np.uint8)


# How much of each pixel the cloth covers, and how bright it is there: from 0 to 1.


def _inside(distance: np.ndarray) -> np.ndarray:
    """How much of a pixel is covered whose middle is so far inside an edge, in pixels."""
    return np.clip(distance + np.float32(0.5), 0, 1)


def _each(table: dict[int, list[tuple[float, float]]], labels: np.ndarray) -> Iterable[Any]:
    """For each column of `table` the low and the high end for each image, (n, 1, 1)."""
    ranges = np.array([table[label] for label in labels.tolist()], np.float32)
    return ranges.transpose(1, 2, 0)[..., None, None]


def _trousers_and_dresses(labels: np.ndarray, between: Between) -> np.ndarray:
    is_dress = (labels == DRESS).reshape(-1, 1, 1)

    # Where a row lies: 0 at the top of the garment, 1 at its bottom; and, with the waist (or the
    # crotch) as 0, 1 at the top and 1 at the bottom.
    top, bottom, middle = between(1, 4), between(23, 27), between(0.3, 0.45)
    down = (_ROW - top) / (bottom - top)
    above = np.maximum(1 - down / middle, 0)
    below = np.maximum((down - middle) / (1 - middle), 0)

    # Half the width of the garment in each row, and half that of the opening in its middle:
    # between the legs, or at the neck.
    trousers = between(4, 6.5) + between(-1, 1.5) * down
    legs_apart = between(0, 2) * below
    waist = between(2, 4.7)
    dress = waist + between(0, 2.5) * above + (between(3.5, 7) - waist) * below
    neck = between(0, 3) * (above > 0.6)
    outside = np.where(is_dress, dress, trousers)
    opening = np.where(is_dress, neck, legs_apart)
    opening[opening == 0] = -1  # where there is none, not even a blurred edge of one

    from_middle = np.abs(_COLUMN - between(12, 15) - between(-1, 1) * down)
    cloth = np.clip(outside + 0.5 - from_middle, 0, 1)
    cloth -= np.minimum(cloth, np.clip(opening + 0.5 - from_middle, 0, 1))
    cloth *= (down >= 0) & (down <= 1)
    crease = between(0, 0.5) * (is_dress & (below > 0))
    cloth *= 1 - crease * (from_middle < 1)
    return cloth


# Length of the sleeves and how far they reach out, as parts of the garment's height and in pixels;
# depth and half the width of the neck; the dark line (coat) and the buttons (shirt) down the front;
# stripes.
_TOPS = {
    TSHIRT: [(0.22, 0.45), (7, 12), (0.05, 0.2), (2, 4), (0, 0.2), (0, 0.1), (0, 0.2)],
    PULLOVER: [(0.7, 1), (2.5, 6), (0.02, 0.12), (1.5, 3), (0, 0.2), (0, 0.1), (0, 0.2)],
    COAT: [(0.7, 1), (2.5, 6), (0.05, 0.4), (1, 3), (0.1, 0.9), (0, 0.3), (0, 0.1)],
    SHIRT: [(0.25, 1), (2.5, 9), (0.05, 0.25), (1, 3), (0, 0.3), (0, 0.8), (0, 0.5)],
}


def _tops(labels: np.ndarray, between: Between) -> np.ndarray:
    length, reach, depth, wide, line, buttons, stripes = [
        between(*ends) for ends in _each(_TOPS, labels)
    ]
    top, bottom = between(1, 4), between(23, 27)
    down = (_ROW - top) / (bottom - top)
    from_middle = np.abs(_COLUMN - between(11.5, 15.5))
    body = between(4.5, 7) + between(-0.5, 1) * down
    cloth = _inside(body - from_middle)
    sleeve = body + reach * down - between(0, 1)
    arms = _inside(between(1.2, 2.2) - np.abs(from_middle - sleeve)) * (down <= length)
    cloth = np.maximum(cloth, arms)
    cloth *= _inside(_ROW - top - between(0.1, 0.35) * from_middle)  # the shoulders slope
    cloth *= _inside(bottom - _ROW)
    cloth *= 1 - _inside(wide * (1 - down / depth) - from_middle)
    below = down > depth
    cloth *= 1 - line * (below & (from_middle < 0.8))
    cloth *= 1 - buttons * (below & (from_middle < 0.8) & (_ROW % 3 == 0))
    cloth *= 1 - stripes * (_COLUMN % 3 == 0)
    return cloth


# The height of the toe and of the ankle, and where the one becomes the other.
_SHOES = {
    SANDAL: [(2, 5), (5, 11), (0.2, 0.6), (0.2, 0.5)],
    SNEAKER: [(3, 6), (6, 12), (0.15, 0.45), (0.2, 0.5)],
    BOOT: [(3, 6), (10, 18), (0.3, 0.6), (0.05, 0.3)],
}


def _shoes(labels: np.ndarray, between: Between) -> np.ndarray:
    toe, ankle, where, slope = [between(*ends) for ends in _each(_SHOES, labels)]
    is_sandal = (labels == SANDAL).reshape(-1, 1, 1)
    left, right, floor = between(1, 5), between(22, 26), between(18, 25)
    along = (_COLUMN - left) / (right - left)  # 0 at the tip of the toe, 1 at the heel
    up = floor - _ROW
    height = toe + (ankle - toe) * np.clip((along - where) / slope, 0, 1)
    height *= np.minimum(1, 0.5 + 3 * along)  # the tip is round
    sole = between(0.8, 2.2) + is_sandal * between(0, 4) * np.maximum(along - 0.5, 0)
    upper = _inside(height - up)
    # A sandal has straps: this much of the way from one to the next is open.
    straps = between(2, 4) * along + between(0, 1)
    upper *= 1 - is_sandal * between(0.6, 1) * (straps % 1 < between(0.2, 0.7))
    upper *= between(0.5, 1)
    cloth = np.where(up < sole, np.float32(1), upper)
    cloth *= _inside(up) * _inside(_COLUMN - left) * _inside(right - _COLUMN)
    return cloth


def _bags(labels: np.ndarray, between: Between) -> np.ndarray:
    top, bottom = between(8, 14), between(21, 26)
    from_middle = np.abs(_COLUMN - between(11.5, 15.5))
    body = between(8, 12) + between(-2, 2) * (_ROW - top) / (bottom - top)
    cloth = _inside(body - from_middle) * _inside(_ROW - top)
    cloth *= 1 - between(0, 0.6) * (np.abs(_ROW - top - between(2, 6)) < 0.6)  # the flap's edge
    handle, width, thick = between(0, 7), between(3, 8), between(0.8, 2)
    outer = np.minimum(width - from_middle, _ROW - top + handle)
    cloth = np.maximum(cloth, _inside(outer) * (1 - _inside(outer - thick)) * (top >= _ROW))
    cloth *= _inside(bottom - _ROW)
    return cloth


_FAMILIES = {
    _trousers_and_dresses: (TROUSERS, DRESS),
    _tops: tuple(_TOPS),
    _shoes: tuple(_SHOES),
    _bags: (BAG,),
}

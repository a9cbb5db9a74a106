"""A data set that needs no download: `garments` draws trousers and dresses, as many as one wants.

They stand in for Fashion-MNIST's categories 1 (trousers) and 3 (dresses) on a machine without a
network: size, place, cut, brightness and grain vary, and the legs of some trousers touch while
some dresses are as straight as trousers, so that a small model learns them well and not perfectly.
"""

import numpy as np

from .dataset import DataError, Dataset

TROUSERS, DRESS = 1, 3
_AT_ONCE = 500  # so many images are drawn at a time: their arrays stay small


def garments(train: int = 12_000, test: int = 2_000, seed: int = 0) -> Dataset:
    """`train` and `test` pictures of trousers (label 1) and dresses (label 3), in random order.

    28×28 uint8, on a dark and noisy ground, about half of each kind. The same numbers and the same
    `seed` give the same pictures on every machine: between the random bits and the pixels there is
    only arithmetic that is rounded alike everywhere.

    >>> data = garments(train=6, test=2, seed=1)
    >>> data.train_images.shape, data.train_images.dtype
    ((6, 28, 28), dtype('uint8'))
    >>> data.train_labels
    array([3, 3, 1, 3, 1, 1], dtype=uint8)
    """
    if min(train, test) < 0:
        raise DataError(f"garments: cannot draw {min(train, test)} pictures; ask for 0 or more")
    random = np.random.Generator(np.random.PCG64(seed))
    labels = np.where(random.random(train + test) < 0.5, TROUSERS, DRESS).astype(np.uint8)
    images = np.empty((train + test, 28, 28), np.uint8)
    for start in range(0, train + test, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        images[part] = _draw(labels[part], random)
    return Dataset(images[:train], labels[:train], images[train:], labels[train:])


def _draw(labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    n = len(labels)

    def between(low: float, high: float) -> np.ndarray:
        """One number an image."""
        return (low + (high - low) * random.random((n, 1, 1))).astype(np.float32)

    row = np.arange(28, dtype=np.float32).reshape(28, 1)
    column = np.arange(28, dtype=np.float32)
    is_dress = (labels == DRESS).reshape(n, 1, 1)

    # Where a row lies: 0 at the top of the garment, 1 at its bottom; and, with the waist (or the
    # crotch) as 0, 1 at the top and 1 at the bottom.
    top, bottom, middle = between(1, 4), between(23, 27), between(0.3, 0.45)
    down = (row - top) / (bottom - top)
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

    # How much of each pixel the cloth covers.
    from_middle = np.abs(column - between(12, 15) - between(-1, 1) * down)
    cloth = np.clip(outside + 0.5 - from_middle, 0, 1)
    cloth -= np.minimum(cloth, np.clip(opening + 0.5 - from_middle, 0, 1))
    cloth *= (down >= 0) & (down <= 1)
    crease = between(0, 0.5) * (is_dress & (below > 0))
    cloth *= 1 - crease * (from_middle < 1)

    grain = random.integers(128, 257, (n, 28, 28), dtype=np.uint16)
    noise = random.integers(-40, 41, (n, 28, 28), dtype=np.int16)
    picture = cloth * between(90, 250) * grain / np.float32(256) + noise
    return np.clip(picture, 0, 255).astype(np.uint8)

"""What the data sets have in common: images with labels, some to train with and some to test with.

`select` keeps the categories one wants, `standardised` brings every pixel to mean 0 and standard
deviation 1. `DataError` is raised by a file or a data set that is not what it should be.
"""

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from ..answers import explained
from ..io import notebook

_LEAST_SPREAD = 1e-7  # keeps a pixel that is the same in every training image from dividing by 0


class DataError(ValueError):
    """Data that are not what they should be; the message says what is wrong and what to do."""


class Dataset(NamedTuple):
    """Images to train and to test with, and their labels, all uint8.

    A notebook shows how many images of each label there are, and the first ones.

    Attributes
    ----------
    train_images : (n, rows, columns) or (n, rows, columns, 3) array
    train_labels : (n,) array
    test_images, test_labels
        Of the same forms.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    def _repr_html_(self) -> str | None:
        if not (_are_labelled(*self[:2]) and _are_labelled(*self[2:])):
            return None  # something else is shown as its text
        labels = np.unique(np.concatenate([self.train_labels, self.test_labels])).tolist()
        rows = []
        for label in labels[:_SHOWN]:
            images = self.train_images[self.train_labels == label][:10]
            images = images[..., None] if images.ndim == 3 else images
            pictures = notebook.thumbnails(images, _BYTES // len(labels[:_SHOWN]), 32)
            counts = [f"{np.sum(of == label):,}" for of in (self.train_labels, self.test_labels)]
            rows.append([label, *counts, notebook.Html(pictures)])
        more = f" and {len(labels) - _SHOWN} labels more" if labels[_SHOWN:] else ""
        shape = self.train_images.shape[1:]
        head = f"<b>Dataset</b> {len(self.train_images):,} images {shape} to train with, "
        head += f"{len(self.test_images):,} to test with{more}"
        return head + notebook.table(["label", "train", "test", "the first ones"], rows, ">>><")


def _are_labelled(images: Any, labels: Any) -> bool:
    """Whether these are images of real numbers with a label each."""
    if not (isinstance(images, np.ndarray) and isinstance(labels, np.ndarray)):
        return False
    is_form = images.ndim == 3 or images.shape[3:] in ((1,), (3,))
    return is_form and images.dtype.kind in "biuf" and labels.shape == images.shape[:1]


_SHOWN, _BYTES = 20, 30_000
"""So many labels a notebook shows, and their pixels have so many bytes."""


@explained
def select(dataset: Dataset, labels: Sequence[int]) -> Dataset:
    """The images that have one of `labels`, in the order in which they were; labels stay as is.

    Parameters
    ----------
    dataset : Dataset
    labels : sequence of int

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        Where no training image or no test image has one of them.

    Examples
    --------
    >>> from tinygrad_np.data import garments
    >>> dresses = select(garments(train=100, test=20), (3,))
    >>> np.unique(dresses.train_labels)
    array([3], dtype=uint8)
    """
    if not isinstance(dataset, Dataset):
        raise TypeError(f"select: takes a Dataset, not a {type(dataset).__name__}")
    try:
        wanted = np.array([operator.index(label) for label in labels])
    except TypeError:
        raise TypeError(f"select: labels are a sequence of integers, not {labels!r:.60}") from None
    selected = []
    for part, images, present in (("training", *dataset[:2]), ("test", *dataset[2:])):
        for label in labels:
            if not np.any(present == label):
                raise DataError(
                    f"select: no {part} image has the label {label}; "
                    f"choose among {np.unique(present).tolist()}"
                )
        kept = np.isin(present, wanted)
        selected += [images[kept], present[kept]]
    return Dataset(*selected)


@explained
def standardised(
    train: np.ndarray, *others: np.ndarray, dtype: DTypeLike = np.float64
) -> tuple[np.ndarray, ...]:
    """`train` and `others`, pixel by pixel (x − mean) / (standard deviation + 1e-7).

    Mean and standard deviation are those of `train`, along its first axis, for `others` too: what
    validates or tests a model must not take part in preparing it.

    Parameters
    ----------
    train, *others : arrays of real numbers
    dtype : dtype, float64 by default

    Returns
    -------
    tuple of arrays

    Examples
    --------
    >>> standardised(np.array([[0.0], [2.0]]), np.array([[5.0]]))
    (array([[-0.9999999],
           [ 0.9999999]]), array([[3.9999996]]))
    """
    for x in (train, *others):
        if not isinstance(x, np.ndarray) or x.dtype.kind not in "biuf" or not x.ndim:
            raise TypeError(
                "standardised: takes arrays of real numbers with rows, not a "
                f"{type(x).__name__} of dtype {getattr(x, 'dtype', None)}"
            )
    if not len(train):
        raise DataError("standardised: the training images are none; their mean needs at least one")
    for x in others:
        if x.shape[1:] != train.shape[1:]:
            raise DataError(
                f"standardised: shapes {train.shape} (training) and {x.shape} differ beyond the "
                "first axis; give images of one size"
            )
    mean = train.mean(axis=0, keepdims=True, dtype=np.float64)
    spread = train.std(axis=0, keepdims=True, dtype=np.float64) + _LEAST_SPREAD
    results = []
    for x in (train, *others):
        centred = x - mean
        centred /= spread
        results.append(centred.astype(dtype, copy=False))
    return tuple(results)

"""Images to learn from: Fashion-MNIST, CIFAR-10, and a set that is drawn here, without a network.

- `fashion_mnist`, `cifar10`: from a path, the folder in TINYGRAD_NP_DATA, the user's cache or a
  download.
- `garments`: trousers and dresses, or all ten kinds of clothes, drawn by a few lines of code.
- `auto`: Fashion-MNIST if it can be had, else the garments, and a line that says which, and why.
- `select` keeps some categories, `standardised` prepares the pixels, `minibatches` deals them out,
  also from files that do not fit into memory; `read_idx` and `read_cifar10` read a file.
- `random_crop`, `random_flip` and `normalise` prepare the images of a batch, and `prefetch` makes
  the next batches in a thread.

Each data set is a `Dataset` of uint8 arrays; data that are not what they should be raise
`DataError`. GARMENT_NAMES and CIFAR10_NAMES are the names of the categories.
"""

from collections.abc import Iterable
from typing import NoReturn

from .. import answers
from .augment import normalise, random_crop, random_flip
from .batches import minibatches
from .cifar10 import CIFAR10_NAMES, cifar10, read_cifar10
from .dataset import DataError, Dataset, select, standardised
from .fashion_mnist import URL, fashion_mnist, locate_fashion_mnist
from .garments import DRESS, GARMENT_NAMES, TROUSERS, garments
from .idx import read_idx
from .places import AnyPath, import_pooch, server_answers, why_silent
from .prefetch import prefetch

__all__ = [
    "CIFAR10_NAMES",
    "GARMENT_NAMES",
    "DataError",
    "Dataset",
    "auto",
    "cifar10",
    "fashion_mnist",
    "garments",
    "locate_fashion_mnist",
    "minibatches",
    "normalise",
    "prefetch",
    "random_crop",
    "random_flip",
    "read_cifar10",
    "read_idx",
    "select",
    "server_answers",
    "standardised",
]


def auto(
    path: AnyPath | None = None,
    *,
    url: str = URL,
    seconds: float = 3.0,
    progress: bool = True,
    labels: Iterable[int] = (TROUSERS, DRESS),
) -> tuple[Dataset, str]:
    """Fashion-MNIST if it can be had, else `garments`; and one line that says which, and why.

    The real set is taken from `path`, TINYGRAD_NP_DATA or the user's cache, or downloaded, with a
    progress bar; it is the whole set.

    Parameters
    ----------
    path : path, optional
    url : str, the official server by default
    seconds : number, default 3
        Within which the server has to answer.
    progress : bool, default True
    labels : ints, default (1, 3)
        The kinds of garments that are drawn in its stead.

    Returns
    -------
    dataset : Dataset
    line : str

    Raises
    ------
    DataError
        For files that are there and damaged: whoever put them there wants to know.

    Examples
    --------
    >>> data, which = auto("/data")  # doctest: +SKIP
    >>> print(which)  # doctest: +SKIP
    Fashion-MNIST from /data/fashion-mnist (the path given)
    """
    found = locate_fashion_mnist(path)
    if found is not None:
        folder, place = found
        return fashion_mnist(folder), f"Fashion-MNIST from {folder} ({place})"
    try:
        import_pooch("fashion_mnist", progress)
        why = why_silent(url, seconds)
        if why is None:
            dataset = fashion_mnist(url=url, progress=progress)
            return dataset, f"Fashion-MNIST, downloaded from {url}"
    except (DataError, ModuleNotFoundError) as error:
        why = str(error)
    told = f"the built-in garments: no copy of Fashion-MNIST here, and {why}"
    return garments(labels=labels), " ".join(told.split())  # on one line


def __getattr__(name: str) -> NoReturn:
    raise answers.no_attribute(__name__, name)

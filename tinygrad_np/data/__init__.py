"""Images to learn from: Fashion-MNIST, and a set that is drawn here and needs no network.

- `fashion_mnist`: from a path, the folder in TINYGRAD_NP_DATA, the user's cache or a download.
- `garments`: trousers and dresses drawn by a few lines of code, for machines without a network.
- `auto`: the first if it can be had, else the second, and a line that says which, and why.
- `select` keeps some categories, `standardised` prepares the pixels, `read_idx` reads a file.

Each gives a `Dataset` of uint8 arrays; data that are not what they should be raise `DataError`.
"""

from .dataset import DataError, Dataset, select, standardised
from .fashion_mnist import (
    URL,
    AnyPath,
    fashion_mnist,
    import_pooch,
    locate_fashion_mnist,
    server_answers,
)
from .garments import garments
from .idx import read_idx

__all__ = [
    "DataError",
    "Dataset",
    "auto",
    "fashion_mnist",
    "garments",
    "locate_fashion_mnist",
    "read_idx",
    "select",
    "server_answers",
    "standardised",
]


def auto(
    path: AnyPath | None = None, *, url: str = URL, seconds: float = 3.0, progress: bool = True
) -> tuple[Dataset, str]:
    """Fashion-MNIST if it can be had, else `garments`; and one line that says which, and why.

    The real set is taken from `path`, TINYGRAD_NP_DATA or the user's cache, or downloaded if the
    server answers within `seconds`. Files that are there and damaged raise `DataError`: whoever
    put them there wants to know.

    >>> data, which = auto("/data")  # doctest: +SKIP
    >>> print(which)  # doctest: +SKIP
    Fashion-MNIST from /data/fashion-mnist (the path given)
    """
    found = locate_fashion_mnist(path)
    if found is not None:
        folder, place = found
        return fashion_mnist(folder), f"Fashion-MNIST from {folder} ({place})"
    try:
        import_pooch(progress)
        if server_answers(url, seconds):
            return fashion_mnist(
                url=url, progress=progress
            ), f"Fashion-MNIST, downloaded from {url}"
        why = f"its server did not answer within {seconds:g} seconds"
    except (DataError, ModuleNotFoundError) as error:
        why = " ".join(str(error).split())  # on one line
    return garments(), f"the built-in garments: no copy of Fashion-MNIST here, and {why}"

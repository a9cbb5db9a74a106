"""Fashion-MNIST, 70,000 pictures of clothes in ten categories: `fashion_mnist` finds or gets it.

It looks in the path given, in the folder that the variable TINYGRAD_NP_DATA names, in the user's
cache, and then downloads the four official files (30 MB) into that cache; what is read always has
the official SHA-256. `locate_fashion_mnist` says where the files lie.
"""

from pathlib import Path

from ..answers import explained
from .dataset import Dataset
from .idx import is_packed, read_idx
from .places import AnyPath, Source, locate, obtain

# In the order of Dataset's fields, each with the SHA-256 of the compressed file.
_SHA256 = {
    "train-images-idx3": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
FILES = {f"{name}-ubyte.gz": sha256 for name, sha256 in _SHA256.items()}
# The same of the files in them: a browser may have unpacked one, and have left its name.
UNPACKED = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
SOURCE = Source(
    loader="fashion_mnist",
    folder="fashion-mnist",
    url=URL,
    downloads=FILES,
    called="the four files",
    forms=(tuple((f"{name}.gz", name) for name in UNPACKED),),
)


@explained
def fashion_mnist(
    path: AnyPath | None = None, *, download: bool = True, url: str = URL, progress: bool = True
) -> Dataset:
    """60,000 training and 10,000 test images, from the first place that has them.

    The places are `path`, the folder that TINYGRAD_NP_DATA names, the user's cache and, with
    `download`, the server. A folder is one that holds the four official files, packed or not, or
    one whose subfolder fashion-mnist does.

    Parameters
    ----------
    path : folder, optional
    download : bool, default True
    url : str, the official server by default
    progress : bool, default True

    Returns
    -------
    Dataset
        The images are (n, 28, 28).

    Raises
    ------
    DataError
        Where a file is missing from `path` or is not the official one, or the download fails.

    Examples
    --------
    >>> data = fashion_mnist("/data/fashion-mnist")  # doctest: +SKIP
    >>> data.train_images.shape  # doctest: +SKIP
    (60000, 28, 28)
    """
    files = obtain(SOURCE, path, download, url, progress)
    return Dataset(*[read_idx(file, sha256=_checksum(file)) for file in files])


def _checksum(file: Path) -> str:
    """The official one of the file, as its content says it lies there."""
    name = file.name.removesuffix(".gz")
    return SOURCE.downloads[f"{name}.gz"] if is_packed(file) else UNPACKED[name]


def locate_fashion_mnist(path: AnyPath | None = None) -> tuple[Path, str] | None:
    """The folder that holds the four files, and which place that is.

    Parameters
    ----------
    path : folder, optional
        By default the folder that TINYGRAD_NP_DATA names; without any, the cache is looked at.

    Returns
    -------
    (pathlib.Path, str) or None
        None: a download is needed.

    Raises
    ------
    DataError
        Where `path` lacks files, and for a TINYGRAD_NP_DATA that names no folder or one with only
        some of the files.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in FILES:
    ...         Path(folder, name).touch()
    ...     _, place = locate_fashion_mnist(folder)
    >>> place
    'the path given'
    """
    found = locate(SOURCE, path)
    return None if found is None else (found.files[0].parent, found.place)

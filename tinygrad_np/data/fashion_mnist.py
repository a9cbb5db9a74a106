"""Fashion-MNIST, 70,000 pictures of clothes in ten categories: `fashion_mnist` finds or gets it.

It looks in the path given, in the folder that the variable TINYGRAD_NP_DATA names, in the user's
cache, and then downloads the four official files (30 MB) into that cache; what is read always has
the official SHA-256. `locate_fashion_mnist` says where the files lie, `server_answers` whether a
download has a chance.
"""

import os
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from .dataset import DataError, Dataset
from .idx import read_idx

URL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
VARIABLE = "TINYGRAD_NP_DATA"
# In the order of Dataset's fields, each with the SHA-256 of the compressed file.
_SHA256 = {
    "train-images-idx3": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}
FILES = {f"{name}-ubyte.gz": sha256 for name, sha256 in _SHA256.items()}
_FOLDER = "fashion-mnist"
_SILENCE = 30.0  # after so many seconds without a byte, a download is given up
_AT_ONCE = 1 << 16

AnyPath = str | os.PathLike[str]


def fashion_mnist(
    path: AnyPath | None = None, *, download: bool = True, url: str = URL, progress: bool = True
) -> Dataset:
    """60,000 training and 10,000 test images, from the first place that has them.

    The places are `path`, the folder that TINYGRAD_NP_DATA names, the user's cache and, if
    `download`, the server at `url`, with a progress bar if `progress`. A folder is one that holds
    the four official .gz files, or one whose subfolder fashion-mnist does. Raises `DataError`
    where a file is missing from `path` or is not the official one, or the download fails.

    >>> data = fashion_mnist("/data/fashion-mnist")  # doctest: +SKIP
    >>> data.train_images.shape  # doctest: +SKIP
    (60000, 28, 28)
    """
    found = locate_fashion_mnist(path)
    if found is not None:
        folder, _ = found
    elif download:
        folder = _download(url, progress)
    else:
        raise DataError(
            f"fashion_mnist: it is neither in {VARIABLE} ({os.environ.get(VARIABLE) or 'not set'}) "
            f"nor in the cache ({cache_folder()}); give its path or allow the download"
        )
    return _load(folder)


def locate_fashion_mnist(path: AnyPath | None = None) -> tuple[Path, str] | None:
    """The folder that holds the four files, and which place that is; None: a download is needed.

    A `path` that lacks files raises `DataError`, and so does a TINYGRAD_NP_DATA that names no
    folder or one with only some of the files; without any, the cache is looked at next.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in FILES:
    ...         Path(folder, name).touch()
    ...     _, place = locate_fashion_mnist(folder)
    >>> place
    'the path given'
    """
    if path is not None:
        folder = _holder(path)
        if folder is None:
            raise DataError(
                f"fashion_mnist: {os.fspath(path)} has none of the files {', '.join(FILES)}; "
                f"give the folder that holds them, or the one above it if it is named {_FOLDER}"
            )
        return folder, "the path given"
    variable = os.environ.get(VARIABLE)
    if variable:
        if not os.path.isdir(os.path.expanduser(variable)):
            raise DataError(
                f"fashion_mnist: {VARIABLE} names {variable}, which is no folder; "
                "correct the variable or unset it"
            )
        folder = _holder(variable)
        if folder is not None:
            return folder, VARIABLE
    folder = cache_folder() / _FOLDER
    # An interrupted download has left some files here, each of them whole: the next adds the rest.
    return None if _missing(folder) else (folder, "the user's cache")


def _holder(path: AnyPath) -> Path | None:
    """`path` or its subfolder, whichever has the files; None if neither has any of them."""
    given = Path(os.path.expanduser(path))
    for folder in (given, given / _FOLDER):
        missing = _missing(folder)
        if not missing:
            return folder
        if len(missing) < len(FILES):
            raise DataError(
                f"fashion_mnist: {folder} lacks {', '.join(missing)}; download it from {URL}"
            )
    return None


def _missing(folder: Path) -> list[str]:
    # Path.is_file raises where a folder may not be entered; such a file is as good as missing.
    return [name for name in FILES if not os.path.isfile(folder / name)]


def cache_folder() -> Path:
    """Where the user's system keeps what can be downloaded again, in a folder of this package.

    The same as ``pooch.os_cache("tinygrad_np")``, without needing pooch.

    >>> "tinygrad_np" in cache_folder().parts
    True
    """
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
        return Path(local, "tinygrad_np", "tinygrad_np", "Cache")
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Caches"), "tinygrad_np")
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.path.expanduser(cache), "tinygrad_np")


def import_pooch(progress: bool = False) -> Any:
    """pooch, which downloads; with `progress`, tqdm, which draws the progress bar, is there too."""
    try:
        if progress:  # first, for pooch looks for it once, when it is imported
            import tqdm  # noqa: F401
        import pooch
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f'fashion_mnist: a download needs {error.name}; pip install "tinygrad_np[data]"',
            name=error.name,
        ) from None
    return pooch


def _download(url: str, progress: bool) -> Path:
    """Get those of the four files that the user's cache lacks; the folder they are in.

    pooch writes each under another name, and renames it once it is complete and its SHA-256 is
    right: what fails or is interrupted leaves nothing behind that could be taken for data.
    """
    pooch = import_pooch(progress)
    folder = cache_folder() / _FOLDER
    downloader = pooch.HTTPDownloader(progressbar=progress, chunk_size=_AT_ONCE, timeout=_SILENCE)
    for name, sha256 in FILES.items():
        address = f"{url.rstrip('/')}/{name}"
        try:
            pooch.retrieve(address, f"sha256:{sha256}", name, folder, downloader=downloader)
        except (OSError, ValueError) as error:  # what requests raises is an OSError
            response = getattr(error, "response", None)  # pooch leaves a refusal's open
            if response is not None:
                response.close()
            raise DataError(
                f"fashion_mnist: {address} could not be downloaded to {folder} ({error}); try "
                f"again, or get the four files by other means and name their folder in {VARIABLE}"
            ) from error
    return folder


def server_answers(url: str = URL, seconds: float = 3.0) -> bool:
    """Whether anything at `url` answers HTTP within `seconds`, finding its address included.

    >>> server_answers("not an address")
    False
    """
    answered = threading.Event()

    def ask() -> None:
        try:
            request = urllib.request.Request(url, method="HEAD")
            urllib.request.urlopen(request, timeout=seconds).close()
        except urllib.error.HTTPError as error:  # an answer, if no welcome one
            error.close()
        except Exception:
            return
        answered.set()

    # A look-up of the address knows no timeout: it is waited for from outside, and left behind.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answered.is_set()


def _load(folder: Path) -> Dataset:
    data = Dataset(*[read_idx(folder / name, sha256=sha256) for name, sha256 in FILES.items()])
    for part, images, labels in (("training", *data[:2]), ("test", *data[2:])):
        if images.shape != (len(labels), 28, 28) or labels.ndim != 1 or labels.max() > 9:
            raise DataError(
                f"fashion_mnist: the {part} images {images.shape} and labels {labels.shape}, up to "
                f"{labels.max()}, do not belong together, in {folder}; delete the files and "
                f"download them again from {URL}"
            )
    return data

"""Where a data set lies on this machine, and its download: what the loaders have in common.

A `Source` says which files a data set consists of. `obtain` gives them from the first place that
has them: the path given, the folder that the variable TINYGRAD_NP_DATA names, the user's cache, a
download into that cache. `locate` only looks; `server_answers` says whether a download has a
chance.
"""

import os
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

from .dataset import DataError

VARIABLE = "TINYGRAD_NP_DATA"
_SILENCE = 30.0  # after so many seconds without a byte, a download is given up
_AT_ONCE = 1 << 16

AnyPath = str | os.PathLike[str]
Form = tuple[tuple[str, ...], ...]


class Source(NamedTuple):
    """The files of a data set, and the server that has them."""

    loader: str
    """The function that loads it, for messages."""
    folder: str
    """The name of the subfolder that it has in a folder of data sets."""
    url: str
    """The folder on the official server."""
    downloads: dict[str, str]
    """What is downloaded: the names of the files, each with its SHA-256."""
    called: str
    """What messages call these files."""
    forms: tuple[Form, ...]
    """Each a way in which the set may lie in a folder: for every file the names it may have."""


class Found(NamedTuple):
    """The files of a data set, in the order of a form, and the place that has them."""

    files: list[Path]
    place: str


def obtain(
    source: Source, path: AnyPath | None, download: bool, url: str, progress: bool
) -> list[Path]:
    """The files, in the order of a form, from the first place that has them.

    The places are those of `locate` and, if `download`, the server at `url`. Raises `DataError`
    where none has them, or the download fails.
    """
    found = locate(source, path)
    if found is not None:
        return found.files
    if download:
        return _download(source, url, progress)
    raise DataError(
        f"{source.loader}: it is neither in {VARIABLE} ({os.environ.get(VARIABLE) or 'not set'}) "
        f"nor in the cache ({cache_folder()}); give its path or allow the download"
    )


def locate(source: Source, path: AnyPath | None) -> Found | None:
    """The files, and which place has them; None: a download is needed.

    A `path` that lacks files raises `DataError`, and so does a TINYGRAD_NP_DATA that names no
    folder or one with only some of the files; without any, the cache is looked at next.
    """
    if path is not None:
        files = _held(source, Path(os.path.expanduser(path)))
        if files is None:
            names = ", ".join(names[0] for form in source.forms for names in form)
            raise DataError(
                f"{source.loader}: {os.fspath(path)} has none of the files {names}; give the "
                f"folder that holds them, or the one above it if it is named {source.folder}"
            )
        return Found(files, "the path given")
    variable = os.environ.get(VARIABLE)
    if variable:
        folder = Path(os.path.expanduser(variable))
        if not os.path.isdir(folder):
            raise DataError(
                f"{source.loader}: {VARIABLE} names {variable}, which is no folder; "
                "correct the variable or unset it"
            )
        files = _held(source, folder)
        if files is not None:
            return Found(files, VARIABLE)
    # An interrupted download has left some files there, each of them whole: the next adds the rest.
    files = _held(source, cache_folder(), cached=True)
    return None if files is None else Found(files, "the user's cache")


def _held(source: Source, given: Path, cached: bool = False) -> list[Path] | None:
    """The files in `given` or its subfolder, whichever has them; None if neither has any.

    A folder that has some of them raises `DataError`, but in a cache it is as good as empty.
    """
    subfolder = given / source.folder
    for folder in (subfolder,) if cached else (given, subfolder):
        # Path.is_file raises where a folder may not be entered; such a file is as good as missing.
        looked = [
            [[folder / name for name in names if os.path.isfile(folder / name)] for names in form]
            for form in source.forms
        ]
        for present in looked:
            if all(present):
                return [files[0] for files in present]
        for form, present in zip(source.forms, looked, strict=True):
            if any(present) and not cached:
                lacks = [names[0] for names, files in zip(form, present, strict=True) if not files]
                raise DataError(
                    f"{source.loader}: {folder} lacks {', '.join(lacks)}; "
                    f"download it from {source.url}"
                )
    return None


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


def import_pooch(loader: str, progress: bool = False) -> Any:
    """pooch, which downloads; with `progress`, tqdm, which draws the progress bar, is there too."""
    try:
        if progress:  # first, for pooch looks for it once, when it is imported
            import tqdm  # noqa: F401
        import pooch
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{loader}: a download needs {error.name}; install it with: pip install pooch tqdm",
            name=error.name,
        ) from None
    return pooch


def _download(source: Source, url: str, progress: bool) -> list[Path]:
    """Get those of the files that the user's cache lacks.

    pooch writes each under another name, and renames it once it is complete and its SHA-256 is
    right: what fails or is interrupted leaves nothing behind that could be taken for data.
    """
    pooch = import_pooch(source.loader, progress)
    folder = cache_folder() / source.folder
    downloader = pooch.HTTPDownloader(progressbar=progress, chunk_size=_AT_ONCE, timeout=_SILENCE)
    for name, sha256 in source.downloads.items():
        address = f"{url.rstrip('/')}/{name}"
        try:
            pooch.retrieve(address, f"sha256:{sha256}", name, folder, downloader=downloader)
        except (OSError, ValueError) as error:  # what requests raises is an OSError
            response = getattr(error, "response", None)  # pooch leaves a refusal's open
            if response is not None:
                response.close()
            raise DataError(
                f"{source.loader}: {address} could not be downloaded to {folder} ({error}); try "
                f"again, or get {source.called} by other means and name the folder in {VARIABLE}"
            ) from error
    return [folder / name for name in source.downloads]


def server_answers(url: str, seconds: float = 3.0) -> bool:
    """Whether anything at `url` answers HTTP within `seconds`, finding its address included.

    Parameters
    ----------
    url : str
    seconds : number, default 3

    Returns
    -------
    bool

    Examples
    --------
    >>> server_answers("not an address")
    False
    """
    return why_silent(url, seconds) is None


def why_silent(url: str, seconds: float = 3.0) -> str | None:
    """Why nothing at `url` answers HTTP within `seconds`, in words; None if something does.

    >>> why_silent("not an address")
    "its server cannot be reached (unknown url type: 'not an address')"
    """
    found: list[str | None] = []

    def ask() -> None:
        try:
            request = urllib.request.Request(url, method="HEAD")
            urllib.request.urlopen(request, timeout=seconds).close()
        except urllib.error.HTTPError as error:  # an answer, if no welcome one
            error.close()
        except TimeoutError:
            return
        except Exception as error:
            reason = getattr(error, "reason", error)
            if not isinstance(reason, TimeoutError):
                found.append(f"its server cannot be reached ({reason})")
            return
        found.append(None)

    # A look-up of the address knows no timeout: it is waited for from outside, and left behind.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else f"its server did not answer within {seconds:g} seconds"

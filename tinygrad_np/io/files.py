"""Files that are written whole or not at all: `replacing`."""

from __future__ import annotations

import errno
import os
import re
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A binary file to write into, which takes the place of `path` when all went well.

    It lies in the same folder under another name (`unfinished` finds these), is flushed to
    the disk, and renamed, so that at any moment `path` is either what it was or the whole new file.
    A file that was there leaves its permissions to the new one, and where `path` is a symbolic
    link, that stays and what it leads to is replaced; a device or a pipe is not. An ``OSError``,
    such as a full disk, names `path`; nothing is left behind.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "text")
    ...     with replacing(path) as file:
    ...         _ = file.write(b"whole")
    ...     path.read_bytes(), os.listdir(folder)
    (b'whole', ['text'])
    """
    path = Path(path)
    try:
        target, mode = _target(path)
        part = _beside(target)
        try:
            with open(part, "xb", opener=_opener(mode)) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise OSError(error.errno, f"{path} could not be written: {why}") from error
    try:
        _flush_folder(target.parent)
    except OSError as error:
        if error.errno not in _NOT_FLUSHED:
            why = error.strerror or str(error)
            told = f"{path} was written, but may not survive a loss of power: {why}"
            raise OSError(error.errno, told) from error


def _target(path: Path) -> tuple[Path, int | None]:
    """Where the file itself lies, if `path` is a link, and its permissions, if it is there."""
    mode = None
    with suppress(FileNotFoundError):
        found = os.stat(path).st_mode
        if not stat.S_ISREG(found) and not stat.S_ISDIR(found):
            # A device or a pipe: a file in its place would be the end of it.
            raise OSError(errno.EINVAL, "what is there is no regular file")
        mode = stat.S_IMODE(found)
    return Path(os.path.realpath(path)), mode if os.name == "posix" else None


def _beside(target: Path) -> Path:
    """Another name in the same folder, of no more bytes than a name may have."""
    mark = f"-{uuid.uuid4().hex}"
    stem, suffix = target.stem, target.suffix[:_LONGEST_SUFFIX]
    while len(os.fsencode(f".{stem}{mark}{suffix}")) > _LONGEST_NAME:
        stem, suffix = stem[:-1], suffix if stem else suffix[:-1]
    return target.with_name(f".{stem}{mark}{suffix}")


_LONGEST_NAME = 255  # bytes: ext4, xfs, tmpfs; as many letters, or more, anywhere else
_LONGEST_SUFFIX = 40


def _opener(mode: int | None) -> Callable[[str, int], int] | None:
    """Makes a file with these permissions at once; None: with those that any new file has."""
    if mode is None:
        return None

    def opened(name: str, flags: int) -> int:
        handle = os.open(name, flags, stat.S_IRUSR | stat.S_IWUSR)
        with suppress(OSError):  # a file system without permissions
            os.chmod(name, mode)
        return handle

    return opened


def _flush_folder(folder: Path) -> None:
    """The new name, too, shall survive a loss of power; Windows opens no folders."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# Folders of some network file systems cannot be flushed, and one need not be readable.
_NOT_FLUSHED = (errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)


def unfinished(folder: str | os.PathLike[str]) -> list[Path]:
    """What processes that were killed while they wrote into `folder` have left behind."""
    names = sorted(os.listdir(folder))
    return [Path(folder, name) for name in names if re.match(r"\..*-[0-9a-f]{32}", name)]

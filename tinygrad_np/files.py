"""Files that are written whole or not at all: `replacing`."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A binary file to write into, which takes the place of `path` when all went well.

    It lies in the same folder under another name (`unfinished` finds these), is flushed to
    the disk, and renamed, so that at any moment `path` is either what it was or the whole new file.
    An ``OSError``, such as a full disk, names `path`; nothing is left behind.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "text")
    ...     with replacing(path) as file:
    ...         _ = file.write(b"whole")
    ...     path.read_bytes(), os.listdir(folder)
    (b'whole', ['text'])
    """
    path = Path(path)
    part = path.with_name(f".{path.stem}-{uuid.uuid4().hex}{path.suffix}")
    try:
        try:
            with open(part, "xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _flush_folder(path.parent)
    except OSError as error:
        why = error.strerror or str(error)
        raise OSError(error.errno, f"{path} could not be written: {why}") from error


def _flush_folder(folder: Path) -> None:
    """The new name, too, shall survive a loss of power; Windows opens no folders."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unfinished(folder: str | os.PathLike[str]) -> list[Path]:
    """What processes that were killed while they wrote into `folder` have left behind."""
    return sorted(Path(folder).glob(f".*-{'[0-9a-f]' * 32}*"))

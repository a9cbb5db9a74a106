"""CIFAR-10, 60,000 small colour pictures in ten categories: `cifar10` finds or gets it.

It looks in the path given, in the folder that the variable TINYGRAD_NP_DATA names, in the user's
cache, and then downloads the official archive of the binary version (170 MB) into that cache; what
is read always has the official SHA-256. `read_cifar10` reads a single file in this format.

A file is nothing but records of 3073 bytes: a label from 0 to 9, then the red, the green and the
blue value of each pixel, row by row, one colour after the other; here perhaps packed with xz.
What a file is, its content says, not its name. Nothing is taken on trust, nothing is unpacked to
the disk, and no more is unpacked into memory than the format has room for.
"""

import functools
import hashlib
import os
from pathlib import Path

import numpy as np

from ..answers import explained
from ..io.kinds import kind_of, remedy_for
from .dataset import DataError, Dataset
from .packed import GZIP, XZ, unpacked, unreadable
from .places import AnyPath, Source, obtain

CIFAR10_NAMES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
"""The categories of CIFAR-10, in the order of their labels, 0 to 9."""

# Of the records, unpacked. The last is a part of the test batch: its first 1,000 images.
_SHA256 = {
    "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    "test_batch_first1000.bin": "8314c96d7cd65618193bab23acdd5d4c4af15bf6dd00a1781d55beedf3be1ef5",
}
*_TRAIN, _TEST, _TEST_PART = _SHA256
_ARCHIVE = "cifar-10-binary.tar.gz"
URL = "https://www.cs.toronto.edu/~kriz/"
SOURCE = Source(
    loader="cifar10",
    folder="cifar-10",
    url=URL,
    downloads={_ARCHIVE: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"},
    called="the archive",
    forms=(
        ((_ARCHIVE, _ARCHIVE.removesuffix(".gz")),),
        (
            *[(name, f"{name}.xz") for name in _TRAIN],
            (_TEST, f"{_TEST}.xz", _TEST_PART, f"{_TEST_PART}.xz"),
        ),
    ),
)

_MOST_LABEL = 9
_RECORD = 1 + 3 * 32 * 32
_A_BATCH = 10_000  # records in an official file
_BATCH_BYTES = _A_BATCH * _RECORD
_FOLDER = b"cifar-10-batches-bin/"  # in the archive
_BLOCK = 512  # bytes, of a tar file
_ROOM = 1 << 20  # bytes, for what surrounds the records in an xz file or the archive
_error = functools.partial(unreadable, "read_cifar10")


@explained
def cifar10(
    path: AnyPath | None = None, *, download: bool = True, url: str = URL, progress: bool = True
) -> Dataset:
    """50,000 training and 10,000 test images, from the first place that has them.

    The places are `path`, the folder that TINYGRAD_NP_DATA names, the user's cache and, with
    `download`, the server. A folder is one that holds the official archive, as it is or unpacked to
    a .tar file, or its six .bin files, packed with xz or not, or one whose subfolder cifar-10 does.
    In the place of test_batch.bin there may be test_batch_first1000.bin, with its first 1,000
    images.

    Parameters
    ----------
    path : folder or archive, optional
    download : bool, default True
    url : str, the official server by default
    progress : bool, default True

    Returns
    -------
    Dataset
        The images are (n, 32, 32, 3), red, green, blue.

    Raises
    ------
    DataError
        Where a file is missing from `path` or is not the official one, or the download fails; files
        of one's own are for `read_cifar10`.

    References
    ----------
    A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.

    Examples
    --------
    >>> data = cifar10("/data/cifar-10")  # doctest: +SKIP
    >>> data.train_images.shape  # doctest: +SKIP
    (50000, 32, 32, 3)
    """
    if path is not None and os.path.isfile(os.path.expanduser(path)):
        files = [Path(os.path.expanduser(path))]
    else:
        files = obtain(SOURCE, path, download, url, progress)
    if len(files) == 1:
        parts = _read_archive(files[0])
    else:
        parts = [
            read_cifar10(file, sha256=_SHA256[file.name.removesuffix(".xz")], most=_A_BATCH)
            for file in files
        ]
    *train, test = parts
    images, labels = zip(*train, strict=True)
    return Dataset(np.concatenate(images), np.concatenate(labels), *test)


@explained
def read_cifar10(
    path: AnyPath, *, sha256: str | None = None, most: int = 60_000
) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels in a file of any n ≥ 1 records, with xz or without.

    Parameters
    ----------
    path : path
    sha256 : str, optional
        The checksum, in hexadecimal, that the records, unpacked, must have.
    most : int, default 60000
        A file with more records (by default as many as CIFAR-10 has in all) is not read to its end,
        so that a small one cannot fill the memory.

    Returns
    -------
    images : (n, 32, 32, 3) array of uint8
    labels : (n,) array of uint8

    Raises
    ------
    DataError
        Where the file is truncated, too long, damaged or no such file at all.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "two.bin"
    ...     _ = path.write_bytes(bytes([3] + 3072 * [255]) + bytes([8] + 3072 * [0]))
    ...     images, labels = read_cifar10(path)
    >>> images.shape, labels
    ((2, 32, 32, 3), array([3, 8], dtype=uint8))
    """
    path = Path(path)
    told = f"it has more than {most} images, and most={most}"
    content = _read("read_cifar10", path, XZ, most * _RECORD, told)
    if content and content[0] > _MOST_LABEL and (kind := kind_of(bytes(content[:_BLOCK]))):
        raise _error(path, f"is no CIFAR-10 file but {kind}", remedy_for(kind))
    if sha256 is not None and sha256.lower() != (found := hashlib.sha256(content).hexdigest()):
        raise DataError(
            f"read_cifar10: {path} has the SHA-256 {found}, expected {sha256.lower()}; delete the "
            "file and download it again, or read a file of your own without sha256"
        )
    return _parsed(path, content)


def _read(reader: str, path: Path, packed: bytes, most: int, too_long: str) -> bytes | bytearray:
    """The content of a file of at most `most` bytes, unpacked if it begins like `packed`."""
    if path.stat().st_size > most + _ROOM:  # before memory is asked for
        raise unreadable(reader, path, f"is too long: {too_long}")
    content = path.read_bytes()
    if content.startswith(packed):
        return unpacked(reader, path, content, most, too_long)
    if len(content) > most:
        raise unreadable(reader, path, f"is too long: {too_long}")
    return content


def _parsed(path: Path, content: bytes | bytearray | memoryview) -> tuple[np.ndarray, np.ndarray]:
    count, over = divmod(len(content), _RECORD)
    if not content:
        raise _error(path, "is empty")
    if over:
        raise _error(
            path,
            f"is truncated, too long or no CIFAR-10 file: its {len(content)} bytes are {count} "
            f"records of {_RECORD} bytes, and {over} bytes more",
        )
    records = np.frombuffer(content, np.uint8).reshape(count, _RECORD)
    labels = records[:, 0].copy()
    wrong = np.flatnonzero(labels > _MOST_LABEL)
    if len(wrong):
        raise _error(
            path,
            f"is damaged or no CIFAR-10 file: record {wrong[0]}, counted from 0, has the label "
            f"{labels[wrong[0]]}, and labels are 0 to 9",
        )
    planes = records[:, 1:].reshape(count, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels


def _read_archive(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """The images and labels of each batch in the official archive, the test batch last.

    A tar file is blocks of 512 bytes: for each member one that begins with its name, and then the
    content. No more of it is looked at: whether what follows is the batch, its checksum says.
    """
    told = "it holds more than six batches"
    content = _read("cifar10", path, GZIP, 6 * _BATCH_BYTES + _ROOM, told)
    starts: dict[bytes, int] = {}
    for start in range(0, len(content), _BLOCK):
        if content.startswith(_FOLDER, start):
            name = bytes(content[start + len(_FOLDER) : start + _BLOCK]).partition(b"\0")[0]
            starts.setdefault(name, start + _BLOCK)
    parts = []
    for batch in (*_TRAIN, _TEST):
        start = starts.get(batch.encode(), len(content))
        records = memoryview(content)[start : start + _BATCH_BYTES]
        if hashlib.sha256(records).hexdigest() != _SHA256[batch]:
            found = kind_of(bytes(content[:_BLOCK])) or f"begins with {bytes(content[:8])!r}"
            raise DataError(
                f"cifar10: {path} is not the archive {_ARCHIVE} ({found}): it lacks the official "
                f"{batch}; download it from {URL}, or read a single .bin file with read_cifar10"
            )
        parts.append(_parsed(path / batch, records))
    return parts

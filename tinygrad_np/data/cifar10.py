"""CIFAR-10, 60,000 small colour pictures in ten categories: `cifar10` finds or gets it.

It looks in the path given, in the folder that the variable TINYGRAD_NP_DATA names, in the user's
cache, and then downloads the official archive of the binary version (170 MB) into that cache; what
is read always has the official SHA-256. `read_cifar10` reads a single file in this format.

A file is nothing but records of 3073 bytes: a label from 0 to 9, then the red, the green and the
blue value of each pixel, row by row, one colour after the other; here perhaps packed with xz.
What a file is, its content says, not its name. Nothing is taken on trust, nothing is unpacked to
the disk, and no more is unpacked into memory than the format has room for.
"""

import gzip
import hashlib
import lzma
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..answers import explained
from ..io.kinds import kind_of, remedy_for
from .dataset import DataError, Dataset
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
_MEMBERS = [f"cifar-10-batches-bin/{name}" for name in (*_TRAIN, _TEST)]
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
_XZ = b"\xfd7zXZ\0"
_XZ_MEMORY = 1 << 27  # bytes for unpacking xz: twice what `xz -9` asks for
_BLOCK = 512  # bytes, of a tar file
_A_FILE = (b"0", b"\0")  # a regular file among the types of a tar file's members
_TIGHTLY = 8  # times: pictures are packed to a half at best
_PIECE = 1 << 20  # bytes that are unpacked at a time
_ROOM = 1 << 20  # bytes, for what surrounds the records in an xz file or the archive


@explained
def cifar10(
    path: AnyPath | None = None, *, download: bool = True, url: str = URL, progress: bool = True
) -> Dataset:
    """50,000 training and 10,000 test images, from the first place that has them.

    The places are `path`, the folder that TINYGRAD_NP_DATA names, the user's cache and, if
    `download`, the server at `url`, with a progress bar if `progress`. A folder is one that holds
    the official archive, as it is or unpacked to a .tar file, or its six .bin files, packed with xz
    or not, or one whose subfolder cifar-10 does; `path` may be the archive itself, too. In the
    place of test_batch.bin there may be test_batch_first1000.bin, with its first 1,000 images.

    Images are (n, 32, 32, 3), red, green, blue. Raises `DataError` where a file is missing from
    `path` or is not the official one, or the download fails; files of one's own are for
    `read_cifar10`. The set: A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images,
    2009.

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
    """The images (n, 32, 32, 3) and labels (n,) in a file of any n ≥ 1 records, with xz or without.

    With `sha256`, the records, unpacked, must have this checksum, in hexadecimal. A file with more
    than `most` of them (by default as many as CIFAR-10 has in all) is not read to its end, so that
    a small one cannot fill the memory. Raises `DataError` where the file is truncated, too long,
    damaged or no such file at all.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "two.bin"
    ...     _ = path.write_bytes(bytes([3] + 3072 * [255]) + bytes([8] + 3072 * [0]))
    ...     images, labels = read_cifar10(path)
    >>> images.shape, labels
    ((2, 32, 32, 3), array([3, 8], dtype=uint8))
    """
    path = Path(path)
    most_bytes = most * _RECORD
    if path.stat().st_size > most_bytes + _ROOM:  # before memory is asked for
        raise _too_long(path, most)
    content: bytes | bytearray = path.read_bytes()
    if content.startswith(_XZ):
        content = _unpacked(path, content, most_bytes)
    elif content and content[0] > _MOST_LABEL and (kind := kind_of(bytes(content[:_BLOCK]))):
        raise _error(path, f"is no CIFAR-10 file but {kind}", remedy=remedy_for(kind))
    if len(content) > most_bytes:
        raise _too_long(path, most)
    if sha256 is not None and sha256.lower() != (found := hashlib.sha256(content).hexdigest()):
        raise DataError(
            f"read_cifar10: {path} has the SHA-256 {found}, expected {sha256.lower()}; delete the "
            "file and download it again, or read a file of your own without sha256"
        )
    return _parsed(path, content)


def _unpacked(path: Path, content: bytes | bytearray, most: int) -> bytearray:
    """What is packed in `content`; of more than `most` bytes the first most + 1."""
    # What is packed so tightly that it may fill the memory is measured before it is kept.
    if len(content) < most // _TIGHTLY and sum(map(len, _pieces(path, content, most))) > most:
        raise _too_long(path, most // _RECORD)
    result = bytearray()
    for piece in _pieces(path, content, most):
        result += piece
    return result


def _pieces(path: Path, content: bytes | bytearray, most: int) -> Iterator[bytes]:
    """The same, a piece at a time: asked for all at once, lzma would hold it twice."""
    stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
    left = most + 1
    try:
        while left and not stream.eof and (content or not stream.needs_input):
            piece = stream.decompress(content, min(_PIECE, left))
            content = b""
            left -= len(piece)
            yield piece
    except lzma.LZMAError as error:
        raise _error(path, f"is damaged xz ({error})") from None
    if left and not stream.eof:
        raise _error(path, "is truncated: its xz data do not end")
    if left and stream.unused_data:
        raise _error(path, f"has {len(stream.unused_data)} bytes too many after its xz data")


def _parsed(path: Path, content: bytes | bytearray) -> tuple[np.ndarray, np.ndarray]:
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
    """The images and labels of each batch in the official archive, the test batch last."""
    with open(path, "rb") as file:
        head = file.read(_BLOCK)
        is_packed = kind_of(head) == "gzip data"
        if is_packed:
            _check_archive(path, file)
        elif not _is_tar(head):
            found = kind_of(head) or f"begins with {head[:8]!r}"
            raise DataError(
                f"cifar10: {path} is not the archive {_ARCHIVE} ({found}); download it from {URL}, "
                "or read a single .bin file with read_cifar10"
            )
        file.seek(0)
        try:
            # Unpacked, it has no checksum of its own; its batches have.
            parts = _members(path, file, {} if is_packed else _SHA256)
        except (zlib.error, OSError, EOFError) as error:  # also gzip.BadGzipFile
            raise _error(path, f"is damaged gzip ({error})", "cifar10") from None
    missing = [name for name in _MEMBERS if name not in parts]
    if missing:
        raise _error(path, f"lacks {', '.join(missing)}", "cifar10")
    return [parts[name] for name in _MEMBERS]


def _is_tar(head: bytes) -> bool:
    try:
        _parsed_header(Path(), head)
    except DataError:
        return False
    return True


def _check_archive(path: Path, file: Any) -> None:
    file.seek(0)
    expected, found = SOURCE.downloads[_ARCHIVE], hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise DataError(
            f"cifar10: {path} has the SHA-256 {found}, the official {_ARCHIVE} has {expected}; "
            f"download it again from {URL}, or read a single .bin file with read_cifar10"
        )


def _members(
    path: Path, file: BinaryIO, sha256: Mapping[str, str] = {}
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The images and labels of those members of a tar.gz that have just the names of the batches.

    With `sha256`, it is a .tar, and each has the checksum of its name.

    A tar file is blocks of 512 bytes: for each member a header, its content, and zeros that fill
    the last block; and blocks of zeros at the end. Names are only compared, and what has another
    name is passed over. (The tarfile module asks for as much memory, and time, as a header says.)
    """
    parts: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    left = len(_MEMBERS) * _A_BATCH * _RECORD + _ROOM

    def read(size: int) -> bytes:
        nonlocal left
        check_room(size)
        left -= size
        return stream.read(size)

    def check_room(size: int) -> None:
        if size > left:
            raise _error(path, "is too long: it holds more than six batches", "cifar10")

    with file if sha256 else gzip.GzipFile(fileobj=file) as stream:
        while (header := read(_BLOCK)).strip(b"\0"):
            name, kind, size = _parsed_header(path, header)
            if name in parts:
                raise _error(path, f"has two members {name}", "cifar10")
            if name not in _MEMBERS:
                check_room(size)
                for _ in range(0, size, _BLOCK):
                    if not read(_BLOCK):  # else nothing would be read, 360,000 times
                        raise _error(path, f"is truncated: it ends within {name}", "cifar10")
                continue
            if kind not in _A_FILE or size > _A_BATCH * _RECORD:
                raise _error(path, f"has a member {name} that is no file of its size", "cifar10")
            content = read(size)
            if len(content) < size:
                raise _error(path, f"is truncated: it ends within {name}", "cifar10")
            if sha256 and hashlib.sha256(content).hexdigest() != sha256[os.path.basename(name)]:
                raise _error(path, f"has another {name} than the official archive", "cifar10")
            parts[name] = _parsed(path / name, content)
            read(-size % _BLOCK)
        while read(_BLOCK):  # to the end, where the checksum of the gzip data is
            pass
    return parts


def _parsed_header(path: Path, header: bytes) -> tuple[str, bytes, int]:
    """The name, the type and the size of a member of a tar file."""
    numbers = [header[place].strip(b" \0") for place in (slice(124, 136), slice(148, 156))]
    if len(header) == _BLOCK and all(re.fullmatch(b"[0-7]+", number) for number in numbers):
        size, checksum = [int(number, 8) for number in numbers]
        if sum(header[:148]) + sum(b" " * 8) + sum(header[156:]) == checksum:
            folder = header[345:500].rstrip(b"\0") if header[257:263] == b"ustar\0" else b""
            name = b"/".join(filter(None, [folder, header[:100].partition(b"\0")[0]]))
            return name.decode("latin-1"), header[156:157], size
    raise _error(path, "is truncated or damaged: no tar header where one should be", "cifar10")


def _too_long(path: Path, most: int) -> DataError:
    return _error(path, f"is too long: it has more than {most} images, and most={most}")


def _error(
    path: Path, wrong: str, reader: str = "read_cifar10", remedy: str = remedy_for(None)
) -> DataError:
    return DataError(f"{reader}: {path} {wrong}; {remedy}")

"""Read an IDX file, the format of MNIST and Fashion-MNIST: `read_idx` gives its array.

A file is two zero bytes, a byte for the type of its numbers, a byte for the number of axes, their
lengths as big-endian 32-bit integers, then the numbers; often all that in gzip. The content says
which it is, not the name: browsers unpack a file and leave the .gz. Files come over networks, so
nothing is taken on trust: what does not fit to the byte raises `DataError`.
"""

import hashlib
import io
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np

from ..answers import explained
from ..io.kinds import kind_of, remedy_for
from .dataset import DataError

_GZIP = b"\x1f\x8b"
_UNSIGNED_BYTE = 8
_MOST_AXES = 8
_HEAD = 300  # bytes that tell what a file is
_MOST_INFLATION = 1032  # deflate makes at most so many bytes out of one


@explained
def read_idx(path: str | os.PathLike[str], *, sha256: str | None = None) -> np.ndarray:
    """The array in an IDX file of unsigned bytes, compressed with gzip or not, whatever its name.

    With `sha256`, the file as it lies there must have this checksum, in hexadecimal. Raises
    `DataError` where the file is truncated, too long, damaged or no such file at all; a header
    that promises more than the file can hold is refused before memory is asked for.

    >>> import gzip, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "labels.gz"
    ...     _ = path.write_bytes(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9])))
    ...     read_idx(path)
    array([7, 9], dtype=uint8)
    """
    path = Path(path)
    content = path.read_bytes()
    if sha256 is not None:
        found = hashlib.sha256(content).hexdigest()
        if found != sha256.lower():
            raise _error(path, f"has the SHA-256 {found}, expected {sha256.lower()}")
    if not content.startswith(_GZIP):
        return _parse(path, io.BytesIO(content), len(content))
    gzip = _Gzip(content)
    try:
        array = _parse(path, gzip, _MOST_INFLATION * len(content))
    except zlib.error as error:
        raise _error(path, f"is damaged gzip ({error})") from None
    if not gzip.stream.eof:
        raise _error(path, "is truncated: the gzip checksum at its end is missing")
    if gzip.stream.unused_data:
        raise _error(path, f"has {len(gzip.stream.unused_data)} bytes too many after its gzip data")
    return array


def is_packed(path: Path) -> bool:
    """Whether the file is gzip data."""
    with open(path, "rb") as file:
        return file.read(len(_GZIP)) == _GZIP


class _Gzip:
    """Gzip data that are unpacked only as far as they are read.

    (The gzip module reads on into a second member, and past zeros after the end.)
    """

    def __init__(self, content: bytes) -> None:
        self.stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self._packed = content

    def read(self, size: int) -> bytes:
        unpacked = self.stream.decompress(self._packed, size)
        self._packed = self.stream.unconsumed_tail
        return unpacked


def _parse(path: Path, stream: io.BytesIO | _Gzip, most: int) -> np.ndarray:
    """The array in `stream`, which cannot have more than `most` bytes."""
    magic = stream.read(4)
    if len(magic) < 4:
        raise _error(path, f"is truncated: it ends after {len(magic)} bytes, within its header")
    kind, axes = magic[2:]
    if magic[:2] != b"\0\0" or not 1 <= axes <= _MOST_AXES:
        told = kind_of(magic + stream.read(_HEAD))
        what = (
            "is no IDX file"
            if isinstance(stream, io.BytesIO)
            else "has no IDX file in its gzip data"
        )
        found = f": its magic number is 0x{magic.hex()}" if told is None else f" but {told}"
        raise _error(path, what + found, remedy_for(told))
    if kind != _UNSIGNED_BYTE:
        raise DataError(
            f"read_idx: {path} has numbers of type 0x{kind:02x}; only 0x08, unsigned bytes, is "
            "read; convert it"
        )
    lengths = stream.read(4 * axes)
    if len(lengths) < 4 * axes:
        raise _error(path, "is truncated: it ends within its header")
    shape = struct.unpack(f">{axes}I", lengths)
    promised = math.prod(shape)
    told = f"its header promises {'×'.join(map(str, shape))} = {promised} bytes"
    if promised == 0:
        raise _error(path, f"is empty: {told}")
    room = most - 4 - 4 * axes
    if promised > room:  # before memory is asked for
        raise _error(path, f"is truncated: {told}, and at most {room} can follow")
    body = stream.read(promised + 1)
    if len(body) < promised:
        raise _error(path, f"is truncated: {told}, and {len(body)} follow")
    if len(body) > promised:
        raise _error(path, f"is too long: {told}, and more follow")
    return np.frombuffer(body, np.uint8).reshape(shape).copy()


def _error(path: Path, wrong: str, remedy: str = remedy_for(None)) -> DataError:
    return DataError(f"read_idx: {path} {wrong}; {remedy}")

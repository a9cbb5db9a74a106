"""Read an IDX file, the format of MNIST and Fashion-MNIST: `read_idx` gives its array.

A file is two zero bytes, a byte for the type of its numbers, a byte for the number of axes, their
lengths as big-endian 32-bit integers, then the numbers; often all that in gzip. Files come over
networks, so nothing is taken on trust: what does not fit to the byte raises `DataError`.
"""

import functools
import hashlib
import math
import os
import struct
from pathlib import Path

import numpy as np

from ..answers import explained
from ..io.kinds import kind_of, remedy_for
from .dataset import DataError
from .packed import GZIP, pieces, unpacked, unreadable

_UNSIGNED_BYTE = 8
_MOST_AXES = 8
_HEAD = 300  # bytes that tell what a file is
_error = functools.partial(unreadable, "read_idx")


@explained
def read_idx(path: str | os.PathLike[str], *, sha256: str | None = None) -> np.ndarray:
    """The array in an IDX file of unsigned bytes, compressed with gzip or not, whatever its name.

    No more of it is unpacked than its header promises.

    Parameters
    ----------
    path : path
    sha256 : str, optional
        The checksum, in hexadecimal, that the file as it lies there must have.

    Returns
    -------
    array of uint8

    Raises
    ------
    DataError
        Where the file is truncated, too long, damaged or no such file at all.

    Examples
    --------
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
    in_gzip = content.startswith(GZIP)
    head = content[:_HEAD]
    if in_gzip:
        head = b"".join(pieces("read_idx", path, content, _HEAD - 1))
    if len(head) < 4:
        raise _error(path, f"is truncated: it ends after {len(head)} bytes, within its header")
    kind, axes = head[2:4]
    if head[:2] != b"\0\0" or not 1 <= axes <= _MOST_AXES:
        told = kind_of(head)
        what = "has no IDX file in its gzip data" if in_gzip else "is no IDX file"
        found = f": its magic number is 0x{head[:4].hex()}" if told is None else f" but {told}"
        raise _error(path, what + found, remedy_for(told))
    if kind != _UNSIGNED_BYTE:
        raise DataError(
            f"read_idx: {path} has numbers of type 0x{kind:02x}; only 0x08, unsigned bytes, is "
            "read; convert it"
        )
    start = 4 + 4 * axes
    if len(head) < start:
        raise _error(path, "is truncated: it ends within its header")
    shape = struct.unpack(f">{axes}I", head[4:start])
    promised = math.prod(shape)
    told = f"its header promises {'×'.join(map(str, shape))} = {promised} bytes"
    if promised == 0:
        raise _error(path, f"is empty: {told}")
    whole: bytes | bytearray = content
    if in_gzip:
        whole = unpacked("read_idx", path, content, start + promised, f"{told}, and more follow")
    follow = len(whole) - start
    if follow < promised:
        raise _error(path, f"is truncated: {told}, and {follow} follow")
    if follow > promised:
        raise _error(path, f"is too long: {told}, and more follow")
    return np.frombuffer(whole, np.uint8, promised, start).reshape(shape).copy()


def is_packed(path: Path) -> bool:
    """Whether the file is gzip data."""
    with open(path, "rb") as file:
        return file.read(len(GZIP)) == GZIP

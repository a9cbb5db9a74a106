"""Data in gzip and xz, unpacked as far as there is room: `unpacked`, or `pieces` of that.

(Python's own files of these read on into what follows the data, and take what memory xz asks for.)
"""

import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..io.kinds import remedy_for
from .dataset import DataError

_XZ_MEMORY = 1 << 27  # bytes for unpacking xz: twice what `xz -9` asks for
_TIGHTLY = 8  # times: pictures are packed to a half at best
_PIECE = 1 << 20  # bytes at a time: asked for all at once, lzma would hold them twice

GZIP, XZ = b"\x1f\x8b", b"\xfd7zXZ\0"  # how they begin


def unreadable(reader: str, path: Path, wrong: str, remedy: str = remedy_for(None)) -> DataError:
    """The error of a `reader` for the file at `path`: what is wrong, and what to do."""
    return DataError(f"{reader}: {path} {wrong}; {remedy}")


def unpacked(reader: str, path: Path, content: bytes, most: int, too_long: str) -> bytearray:
    """What is packed in `content`; `DataError`, which says so by `too_long`, beyond `most` bytes.

    The same error for data that are damaged, do not end, or have something behind them.

    >>> import gzip
    >>> unpacked("read", Path("a.gz"), gzip.compress(b"text"), 10, "")
    bytearray(b'text')
    """
    # What is packed so tightly that it may fill the memory is measured before it is kept.
    tightly = len(content) < most // _TIGHTLY
    result = bytearray()
    if not tightly or sum(map(len, pieces(reader, path, content, most))) <= most:
        for piece in pieces(reader, path, content, most):
            result += piece
        if len(result) <= most:
            return result
    raise unreadable(reader, path, f"is too long: {too_long}")


def pieces(reader: str, path: Path, content: bytes, most: int) -> Iterator[bytes]:
    """The same, a piece at a time; of more than `most` bytes the first most + 1."""
    stream: Any = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    kind = "gzip"
    if content.startswith(XZ):
        stream, kind = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY), "xz"
    left, end = most + 1, 0
    try:
        while left and end < len(content) and not stream.eof:
            part, end = content[end : end + _PIECE], end + _PIECE
            piece = part
            while left and not stream.eof and (part or piece):
                piece = stream.decompress(part, min(_PIECE, left))
                part = getattr(stream, "unconsumed_tail", b"")  # which lzma keeps to itself
                left -= len(piece)
                yield piece
    except (zlib.error, lzma.LZMAError) as error:
        raise unreadable(reader, path, f"is damaged {kind} ({error})") from None
    if left and not stream.eof:
        raise unreadable(reader, path, f"is truncated: its {kind} data do not end")
    if left and (stream.unused_data or end < len(content)):
        raise unreadable(reader, path, f"has bytes too many after its {kind} data")

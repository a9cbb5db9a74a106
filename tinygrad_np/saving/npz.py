"""A tree in a zip archive: an .npy entry an array, and the entry tree.json.

An archive that has .npy entries alone is not from here: what `numpy.savez` and others write is read
as a dict of arrays. Entries of our own have a comment, so that ours is not taken for such a one
where it has lost tree.json.

All entries together are not larger than the file, and none unpacks to more than its bytes can hold;
ours are not compressed. Names are looked up, never used as paths.
"""

from __future__ import annotations

import math
import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..io.files import replacing
from .structure import DamagedFileError, description, flat, manifest, verified

_MANIFEST = "tree.json"
_OURS = b"tinygrad_np"  # the comment of each of our entries
_MOST_INFLATION = 1032  # deflate makes at most so many bytes out of one

# The header that NumPy writes for an array of numbers, dates or texts. Nothing else is read: its
# own reader evaluates the text as a Python literal, warns, and knows dtypes that hold objects.
_HEADER = re.compile(
    rb"\{'descr': '([<>|=]?[biufcSUMm][0-9]{1,9}(?:\[[0-9]{0,9}[A-Za-z]{1,2}\])?)', "
    rb"'fortran_order': (False|True), "
    rb"'shape': \(((?:[0-9]{1,19}L?, ?)*(?:[0-9]{1,19}L?)?)\), \} *\n"
)
_MOST_AXES = 64


def write(path: Path, structure: Any, arrays: dict[str, np.ndarray]) -> None:
    """Write the structure and the arrays."""
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        described = {}
        for name, shared in arrays.items():
            array = shared.copy()  # which nobody writes into until its checksum is in the file
            described[name] = description(array)
            with archive.open(_entry(f"{name}.npy"), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)
        archive.writestr(_entry(_MANIFEST), manifest(structure, described))


def _entry(name: str) -> zipfile.ZipInfo:
    """Without a date: the same tree gives the same file."""
    entry = zipfile.ZipInfo(name)
    entry.comment = _OURS
    return entry


def read(path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    """The structure and the arrays; raises `DamagedFileError` where anything does not fit."""
    size = path.stat().st_size
    text, arrays = None, {}
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            names = {info.filename for info in infos}
            if len(names) != len(infos):
                raise DamagedFileError("has two entries of one name")
            if len({info.header_offset for info in infos}) != len(infos):
                raise DamagedFileError("has two entries in one place")
            if not _is_all(archive, size):
                raise DamagedFileError("has bytes before or after the archive, or a comment")
            if sum(info.compress_size for info in infos) > size:
                raise DamagedFileError("has entries that are larger than the whole file")
            inflation = {zipfile.ZIP_STORED: 1}
            if _MANIFEST not in names:
                if any(info.comment == _OURS for info in infos):
                    told = f"was altered: its description, the entry {_MANIFEST}, is missing"
                    raise DamagedFileError(told)
                inflation[zipfile.ZIP_DEFLATED] = _MOST_INFLATION
            for info in infos:
                content = _content(archive, info, inflation.get(info.compress_type, 0))
                if info.filename == _MANIFEST:
                    text = content
                else:
                    arrays[info.filename.removesuffix(".npy")] = _array(content)
    except (zipfile.BadZipFile, EOFError, RuntimeError, struct.error, UnicodeError) as error:
        raise DamagedFileError(f"is no whole zip archive ({error})") from None
    return flat(arrays) if text is None else verified(text, arrays), arrays


def _is_all(archive: zipfile.ZipFile, size: int) -> bool:
    """Whether the archive is the whole file: from the first entry to the end of its directory."""
    file: Any = archive.fp
    file.seek(max(0, size - _END))
    if file.read(4) != b"PK\x05\x06" or archive.comment:
        return False
    starts = [info.header_offset for info in archive.infolist()]
    return min(starts) == 0 if starts else size == _END


_END = 22  # bytes: how an archive without a comment ends


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, inflation: int) -> bytes:
    """The bytes of an entry that is packed at most so tightly."""
    name = info.filename
    if name != _MANIFEST and not name.endswith(".npy"):
        of = "; it is PyTorch's: use .safetensors" if name.endswith("/data.pkl") else ""
        raise DamagedFileError(f"has the entry {name!r}, which is no array{of}")
    if info.file_size > inflation * info.compress_size:  # before memory is asked for
        raise DamagedFileError(f"has the entry {name!r}, which is packed as no archive of arrays")
    try:
        with archive.open(info) as entry:
            return entry.read(info.file_size + 1)  # not more, whatever it unpacks to
    except (OSError, ValueError, OverflowError, zlib.error) as error:
        raise DamagedFileError(f"is no whole zip archive ({error})") from None


def _array(content: bytes) -> np.ndarray:
    start = 10 + int.from_bytes(content[8:10], "little")
    header = _HEADER.fullmatch(content[10:start])
    if content[:8] != b"\x93NUMPY\x01\x00" or header is None:
        if b"|O" in content[10:start]:
            told = "has an array of Python objects, and nothing is unpickled"
            raise DamagedFileError(
                f"{told}; np.load(path, allow_pickle=True) does, if you trust it"
            )
        if content[10:start].startswith(b"{'descr': [("):
            raise DamagedFileError("has an array of several fields, which is not read; use np.load")
        raise DamagedFileError(f"has an array whose header cannot be read ({content[:60]!r})")
    name, is_fortran, lengths = header[1].decode(), header[2] == b"True", header[3]
    shape = tuple([int(n.strip(b" L")) for n in lengths.split(b",") if n.strip()])
    try:
        dtype = np.dtype(name)
    except (OverflowError, TypeError, ValueError) as error:
        raise DamagedFileError(f"has an array of dtype {name!r}, which is none ({error})") from None
    if not dtype.itemsize:
        raise DamagedFileError(f"has an array of dtype {name!r}, which is none (of no bytes)")
    promised = math.prod(shape) * dtype.itemsize
    if promised != len(content) - start or len(shape) > _MOST_AXES:
        raise DamagedFileError(f"has an array of {dtype} {shape} in {len(content) - start} bytes")
    if not promised and math.prod(n for n in shape if n) * dtype.itemsize >= 1 << 63:
        raise DamagedFileError(f"has an array of {dtype} {shape}, which is too large even if empty")
    flat = np.frombuffer(content, dtype, offset=start) if promised else np.empty(0, dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C").copy()

"""A tree in a zip archive: an .npy entry an array, and the entry tree.json.

Entries are not compressed and together not larger than the file, so that none can promise more than
it holds, and their names are looked up, never used as paths.
"""

from __future__ import annotations

import math
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..files import replacing
from .structure import checked, damaged, description, manifest, read_manifest

_MANIFEST = "tree.json"

# The header that NumPy writes for an array of numbers, dates or texts. Nothing else is read: its
# own reader evaluates the text as a Python literal, warns, and knows dtypes that hold objects.
_HEADER = re.compile(
    rb"\{'descr': '([<>|=]?[biufcSUMm][0-9]{1,9}(?:\[[0-9]{0,9}[A-Za-z]{1,2}\])?)', "
    rb"'fortran_order': (False|True), 'shape': \(((?:[0-9]{1,19}, ?)*[0-9]{0,19})\), \} *\n"
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
    return zipfile.ZipInfo(name)


def read(path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    """The structure and the arrays; raises `DamagedFileError` where anything does not fit."""
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {info.filename: info for info in archive.infolist()}
            if len(entries) != len(archive.infolist()):
                raise damaged(path, "has two entries of one name")
            if _MANIFEST not in entries:
                raise damaged(path, f"is not from tinygrad_np.save: it has no entry {_MANIFEST}")
            if sum(info.file_size for info in archive.infolist()) > size:
                raise damaged(path, "has entries that are larger than the whole file")
            if len({info.header_offset for info in archive.infolist()}) != len(entries):
                raise damaged(path, "has two entries in one place")
            if not _is_all(archive, size):
                raise damaged(path, "has bytes before or after the archive, or a comment")
            structure, described = read_manifest(
                _content(archive, entries[_MANIFEST], size, path), path
            )
            expected = {_MANIFEST, *[f"{name}.npy" for name in described]}
            if entries.keys() != expected:
                odd = ", ".join(sorted(entries.keys() ^ expected))
                raise damaged(path, f"has other entries than its description: {odd}")
            arrays = {
                name: checked(
                    _array(_content(archive, entries[f"{name}.npy"], size, path), path),
                    name, description, path,
                )
                for name, description in described.items()
            }  # fmt: skip
    except (zipfile.BadZipFile, EOFError, RuntimeError, struct.error, UnicodeError) as error:
        raise damaged(path, f"is no whole zip archive ({error})") from None
    return structure, arrays


def _is_all(archive: zipfile.ZipFile, size: int) -> bool:
    """Whether the archive is the whole file: from the first entry to the end of its directory."""
    file: Any = archive.fp
    file.seek(max(0, size - _END))
    has_end = file.read(4) == b"PK\x05\x06" and not archive.comment
    return has_end and min(info.header_offset for info in archive.infolist()) == 0


_END = 22  # bytes: how an archive without a comment ends


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int, path: Path) -> bytes:
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > size:
        raise damaged(path, f"has the entry {info.filename!r}, which is no plain part of it")
    try:
        return archive.read(info)
    except (OSError, ValueError, OverflowError) as error:
        raise damaged(path, f"is no whole zip archive ({error})") from None


def _array(content: bytes, path: Path) -> np.ndarray:
    start = 10 + int.from_bytes(content[8:10], "little")
    header = _HEADER.fullmatch(content[10:start])
    if content[:8] != b"\x93NUMPY\x01\x00" or header is None:
        raise damaged(path, f"has an array whose header cannot be read ({content[:60]!r})")
    name, is_fortran, lengths = header[1].decode(), header[2] == b"True", header[3]
    shape = tuple([int(n) for n in lengths.split(b",") if n.strip()])
    try:
        dtype = np.dtype(name)
    except (OverflowError, TypeError, ValueError) as error:
        raise damaged(path, f"has an array of dtype {name!r}, which is none ({error})") from None
    if not dtype.itemsize:
        raise damaged(path, f"has an array of dtype {name!r}, which is none (of no bytes)")
    promised = math.prod(shape) * dtype.itemsize
    if promised != len(content) - start or len(shape) > _MOST_AXES:
        raise damaged(path, f"has an array of {dtype} {shape} in {len(content) - start} bytes")
    if not promised and math.prod(n for n in shape if n) * dtype.itemsize >= 1 << 63:
        raise damaged(path, f"has an array of {dtype} {shape}, which is too large even if empty")
    flat = np.frombuffer(content, dtype, offset=start) if promised else np.empty(0, dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C").copy()

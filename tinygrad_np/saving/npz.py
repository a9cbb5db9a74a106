"""A tree in a zip archive: an .npy entry an array, and the entry tree.json.

Entries are not compressed, so that none can promise more than the file holds, and their names are
looked up, never used as paths.
"""

from __future__ import annotations

import io
import math
import struct
import tokenize
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..files import replacing
from .structure import checked, damaged, manifest, read_manifest

_MANIFEST = "tree.json"

# What NumPy raises for a header that is none.
_NO_HEADER = (
    KeyError, MemoryError, RecursionError, SyntaxError, TypeError, ValueError, tokenize.TokenError
)  # fmt: skip


def write(path: Path, structure: Any, arrays: dict[str, np.ndarray]) -> None:
    """Write the structure and the arrays."""
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(_entry(_MANIFEST), manifest(structure, arrays))
        for name, array in arrays.items():
            with archive.open(_entry(f"{name}.npy"), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


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


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int, path: Path) -> bytes:
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > size:
        raise damaged(path, f"has the entry {info.filename!r}, which is no plain part of it")
    try:
        return archive.read(info)
    except (OSError, ValueError, OverflowError) as error:
        raise damaged(path, f"is no whole zip archive ({error})") from None


def _array(content: bytes, path: Path) -> np.ndarray:
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, is_fortran, dtype = read_header(stream, max_header_size=10_000)
    except _NO_HEADER as error:
        raise damaged(path, f"has an array whose header cannot be read ({error})") from None
    start = stream.tell()
    promised = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or promised != len(content) - start:
        raise damaged(path, f"has an array of {dtype} {shape} in {len(content) - start} bytes")
    flat = np.frombuffer(content, dtype, offset=start) if promised else np.empty(0, dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C").copy()

"""A tree in a file of the library safetensors, the structure in its metadata.

A file without that structure is not from here, and is read as a dict of arrays: what PyTorch and
others save. Its bfloat16, which NumPy lacks, becomes float32; other metadata are passed over.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..io.files import replacing
from .structure import DamagedFileError, DiffersError, description, flat, manifest, verified

_KEY = "tinygrad_np"
_DTYPES = ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")


def write(path: Path, structure: Any, arrays: dict[str, np.ndarray]) -> None:
    """Write the structure and the arrays; ``TypeError`` for a dtype that the format lacks."""
    library = _library("save")
    known = {np.dtype(name) for name in _DTYPES}
    for name, array in arrays.items():
        if array.dtype not in known:
            raise TypeError(
                f"save: {name} is {array.dtype}, which .safetensors does not know; use .npz"
            )
    # Copies, which nobody writes into until their checksums are in the file.
    arrays = {name: array.copy() for name, array in arrays.items()}
    described = {name: description(array) for name, array in arrays.items()}
    content = library.numpy.save(arrays, {_KEY: manifest(structure, described)})
    del arrays
    with replacing(path) as file:
        file.write(content)


def read(path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    """The structure and the arrays; raises `DamagedFileError` where anything does not fit."""
    library = _library("load")
    try:
        with library.safe_open(path, "np") as file:
            metadata = file.metadata() or {}
    except library.SafetensorError as error:
        raise DamagedFileError(f"is no whole .safetensors file ({error})") from None
    if _KEY in metadata:
        arrays = _arrays(path, DamagedFileError)
        return verified(metadata[_KEY], arrays), arrays
    if _KEY in str(metadata):  # also where a byte of the key was altered
        raise DamagedFileError("was altered: its description is missing")
    arrays = _arrays(path, DiffersError)
    return flat(arrays), arrays


_READ = {
    "BOOL": "u1", "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8", "U8": "u1", "U16": "<u2",
    "U32": "<u4", "U64": "<u8", "F16": "<f2", "F32": "<f4", "F64": "<f8", "C64": "<c8",
    "BF16": "<u2",
}  # fmt: skip


def _arrays(path: Path, lacking: type[Exception]) -> dict[str, np.ndarray]:
    """The arrays of a file that the library finds whole; `lacking` for dtypes that NumPy lacks."""
    arrays = {}
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        entries = json.loads(file.read(length))
        entries.pop("__metadata__", None)
        for name, entry in entries.items():
            kind, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
            if kind not in _READ:
                raise lacking(f"has {name} in {kind}, which NumPy lacks; convert it to F32")
            file.seek(8 + length + start)
            try:
                flat = np.frombuffer(file.read(end - start), _READ[kind])
                if kind == "BF16":  # the first half of a float32
                    flat = (flat.astype(np.uint32) << 16).view(np.float32)
                elif kind == "BOOL":
                    flat = flat != 0
                arrays[name] = flat.reshape(shape).copy()
            except (OverflowError, ValueError) as error:
                told = f"has an array of shape {shape}, which is none ({error})"
                raise DamagedFileError(told) from None
    return arrays


def _library(function: str) -> Any:
    try:
        import safetensors
        import safetensors.numpy
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            f"{function}: .safetensors needs safetensors; install it with: pip install safetensors",
            name="safetensors",
        ) from None
    return safetensors

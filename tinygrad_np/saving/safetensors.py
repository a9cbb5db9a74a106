"""A tree in a file of the library safetensors, the structure in its metadata.

A file without that structure is not from here, and is read as a dict of arrays: what PyTorch and
others save. Its bfloat16, which NumPy lacks, becomes float32; other metadata are passed over.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from ..io.files import replacing
from .structure import checked, damaged, description, flat, manifest, read_manifest

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
            names = list(file.keys())
            if _KEY not in metadata:
                if _KEY in str(metadata):  # also where a byte of the key was altered
                    raise damaged(path, "was altered: its description is missing")
                arrays = _others(path)
                return flat(arrays), arrays
            structure, described = read_manifest(metadata[_KEY], path)
            if set(names) != described.keys():
                odd = ", ".join(sorted(set(names) ^ described.keys()))
                raise damaged(path, f"has other arrays than its description: {odd}")
            arrays = {
                name: checked(_array(file, name, path), name, description, path)
                for name, description in described.items()
            }
    except library.SafetensorError as error:
        raise damaged(path, f"is no whole .safetensors file ({error})") from None
    return structure, arrays


_READ = {
    "BOOL": "?", "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8", "U8": "u1", "U16": "<u2",
    "U32": "<u4", "U64": "<u8", "F16": "<f2", "F32": "<f4", "F64": "<f8", "C64": "<c8",
    "BF16": "<u2",
}  # fmt: skip


def _others(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file that another program has written, and that the library finds whole."""
    arrays = {}
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        entries = json.loads(file.read(length))
        for name, entry in entries.items():
            if name == "__metadata__":
                continue
            kind, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
            if kind not in _READ:
                raise ValueError(
                    f"load: {path} has {name} in {kind}, which NumPy lacks; convert it to F32"
                )
            dtype = np.dtype(_READ[kind])
            file.seek(8 + length + start)
            content = file.read(end - start)
            if len(content) != math.prod(shape) * dtype.itemsize:
                raise damaged(path, f"is no whole .safetensors file ({name} has no such size)")
            arrays[name] = _as_numpys(content, kind, dtype, shape, path)
    return arrays


def _as_numpys(content: bytes, kind: str, dtype: Any, shape: list[int], path: Path) -> np.ndarray:
    flat = np.frombuffer(content, np.uint8 if kind == "BOOL" else dtype)
    if kind == "BF16":  # the first half of a float32
        flat = (flat.astype(np.uint32) << 16).view(np.float32)
    elif kind == "BOOL":
        flat = flat != 0
    try:
        return flat.reshape(shape).copy()
    except (OverflowError, ValueError) as error:
        raise damaged(path, f"has an array of shape {shape}, which is none ({error})") from None


def _array(file: Any, name: str, path: Path) -> np.ndarray:
    try:
        return np.array(file.get_tensor(name))
    except (AttributeError, TypeError, ValueError) as error:  # a dtype or a shape unknown to NumPy
        raise damaged(path, f"has in {name!r} what is no array of NumPy's ({error})") from None


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

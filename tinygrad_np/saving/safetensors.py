"""A tree in a file of the library safetensors, the structure in its metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..files import replacing
from .structure import checked, damaged, description, manifest, read_manifest

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
                raise damaged(path, "is not from tinygrad_np.save: its metadata lack the structure")
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

"""Archives that are altered, and trees held against each other: what tests of saving share."""

import json
import zipfile
from pathlib import Path

import numpy as np

from tinygrad_np.saving import structure

ENDINGS = [".npz", ".safetensors"]


def same(a, b):
    """The same types, values and bits, all the way down."""
    assert type(a) is type(b), (a, b)
    if isinstance(a, np.ndarray):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        assert a.tobytes() == b.tobytes()
    elif isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            same(a[key], b[key])
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    elif isinstance(a, float):
        assert a.hex() == b.hex()
    else:
        assert a == b


def header(shape: str, dtype: str = "<f8", rest: bytes = b"") -> bytes:
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + rest


def packed(path: Path, entries, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def rewritten(path: Path, change) -> None:
    """The archive with other entries: `change` takes and gives {name: content}."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in change(entries).items():
            archive.writestr(name, content)


def described(entries, change):
    """The entries with another description, whose checksum is right."""
    content = json.loads(entries["tree.json"])
    del content["sha256"]
    change(content)
    content["sha256"] = structure._sha256_of(content)
    return {**entries, "tree.json": json.dumps(content).encode()}

"""Trees of arrays in files, whole or not at all, and weights from PyTorch and back.

`save` writes a tree, `load` reads it. The ending of the file says which format it has:

- ``.npz``: a zip archive of ``.npy`` files, which `numpy.load` reads, too, and a JSON entry that
  says how they hang together. Everything that `save` takes survives.
- ``.safetensors``: the format of the library of that name (an optional extra), which other
  frameworks read. It knows no complex numbers, dates or texts in arrays.

`load` reads what others write in these formats, too, as a dict of arrays.

Nothing is pickled, so an untrusted file cannot run anything; a file that is damaged, if only by a
byte, raises `DamagedFileError`.

`from_torch` makes a tree of PyTorch's weights, `to_torch` weights for PyTorch of a tree; a tree of
`torch_layer` says which layer is which.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..answers import explained
from ..io.kinds import kind_of, remedy_for
from . import npz, safetensors
from .pytorch import from_torch, to_torch, torch_layer
from .structure import DamagedFileError, DiffersError, decoded, encoded

__all__ = ["DamagedFileError", "from_torch", "load", "save", "to_torch", "torch_layer"]

_FORMATS = {".npz": npz, ".safetensors": safetensors}
_PICKLES = {".pt", ".pth", ".ckpt", ".pkl", ".pickle"}

AnyPath = str | os.PathLike[str]


@explained
def save(path: AnyPath, tree: Any) -> None:
    """Write a tree of arrays to a file, whole or not at all.

    The file is written under another name in the same folder and renamed when it is complete.

    Parameters
    ----------
    path : str or Path
        Its ending says the format: .npz or .safetensors.
    tree : tree
        Of dicts, lists, tuples, named tuples and dataclasses. Its leaves may be arrays of numbers,
        dates or texts, Tensors (their values are saved), Python's numbers, texts, True, False and
        None, and NumPy's random generators. Shapes, dtypes and the order of keys survive. A random
        generator in two places comes back as one, an array in two places as two.

    Raises
    ------
    TypeError
        For a leaf that cannot be saved, which it names by its place in the tree.
    ValueError
        For more than 100 levels of nesting.
    OSError
        Where the file cannot be written; what lay at `path` before is intact then.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "model.npz")
    ...     save(path, {"w": np.ones((2, 3), np.float32), "epoch": 3, "rates": (0.1, None)})
    ...     load(path)
    {'w': array([[1., 1., 1.],
           [1., 1., 1.]], dtype=float32), 'epoch': 3, 'rates': (0.1, None)}
    """
    path, form = _read(path, "save")
    if os.path.isdir(path):
        raise IsADirectoryError(f"save: {path} is a folder; give the path of a file")
    structure, arrays = encoded(tree)
    try:
        form.write(path, structure, arrays)
    except FileNotFoundError:
        if os.path.isdir(path.parent):
            raise
        told = f"save: there is no folder {path.parent} for {path.name}"
        raise FileNotFoundError(told) from None


@explained
def load(path: AnyPath, like: Any = None) -> Any:
    """The tree that `save` wrote to `path`; the dict of arrays that another program wrote there.

    Of other programs it reads archives of `numpy.savez` and `numpy.savez_compressed`, and files of
    safetensors (PyTorch's, Hugging Face's), with bfloat16 as float32; the content says which it is.

    Parameters
    ----------
    path : str or Path
    like : tree, optional
        A tree of the same structure, in whose form named tuples, dataclasses and containers of
        one's own come back: its leaves give the shapes and dtypes that are expected, their values
        do not matter.

    Returns
    -------
    tree

    Raises
    ------
    OSError
        For a file that is not there or cannot be read.
    DamagedFileError
        For one that is truncated, altered or of another kind.
    ValueError
        Where it differs from `like`, naming the place, has a container that needs `like`, or a
        dtype that NumPy lacks.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from typing import NamedTuple
    >>> class Layer(NamedTuple):
    ...     weights: np.ndarray
    ...     bias: np.ndarray
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "layer.npz")
    ...     save(path, Layer(np.ones(2), np.zeros(1)))
    ...     load(path, like=Layer(np.empty(2), np.empty(1)))
    Layer(weights=array([1., 1.]), bias=array([0.]))
    """
    path, form = _read(path, "load")
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD)
        structure, arrays = _by_content(head, form).read(path)
        return decoded(structure, arrays, like)
    except OSError as error:
        raise _unread(path, error) from None
    except DiffersError as error:
        raise ValueError(f"load: {path}: {error}") from None
    except DamagedFileError as error:
        kind = kind_of(head)
        known = kind in (None, "a zip archive")
        why = str(error) if known else f"is {kind}; {remedy_for(kind)}"
        raise DamagedFileError(f"load: {path} {why}") from None


_HEAD = 300  # bytes that tell what a file is


def _by_content(head: bytes, form: Any) -> Any:
    """The format of a file that begins like this: what its name says, unless it is the other."""
    if head.startswith(b"PK"):
        return npz
    return safetensors if head[8:9] == b"{" else form


def _unread(path: Path, error: OSError) -> OSError:
    """The error for a file that cannot be read, with its path and what can be done."""
    if os.path.isdir(path):
        return IsADirectoryError(f"load: {path} is a folder; give the path of a file in it")
    if not isinstance(error, FileNotFoundError):
        return OSError(error.errno, f"load: {path} cannot be read: {error.strerror or error}")
    folder = path.parent
    if not os.path.isdir(folder):
        return FileNotFoundError(f"load: there is no file {path}, and no folder {folder}")
    try:
        others = sorted(name for name in os.listdir(folder) if Path(name).suffix in _FORMATS)
    except OSError:  # a folder that is searched and not read
        return FileNotFoundError(f"load: there is no file {path}")
    there = ", ".join(others[:5]) + (" and others" if others[5:] else "")
    return FileNotFoundError(
        f"load: there is no file {path}; its folder has {there or 'none that save writes'}"
    )


def _read(path: AnyPath, function: str) -> tuple[Path, Any]:
    if not isinstance(path, (str, os.PathLike)):
        kind = type(path).__name__
        raise TypeError(f"{function}: the path is a text or a Path, not a {kind}")
    path = Path(path)
    if "\0" in str(path):
        raise ValueError(f"{function}: {str(path)!r} is no path: it has a null character")
    if path.suffix in _PICKLES:
        raise ValueError(
            f"{function}: {path} is a pickle by its name, and may run anything; use .safetensors, "
            "in PyTorch safetensors.torch.save_file"
        )
    if path.suffix not in _FORMATS:
        other = "; np.load reads it" if path.suffix == ".npy" and function == "load" else ""
        raise ValueError(f"{function}: {path} needs the ending .npz or .safetensors{other}")
    return path, _FORMATS[path.suffix]

"""The trees in the files beside this one, and how those were written.

    python tests/saved/make.py FOLDER

The files were written at commit b92e153 with NumPy 2.4, in the format "tinygrad_np tree 1". They
are never written again: later versions have to load them.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

import tinygrad_np as tg

DTYPES = "?bBhHiIlLefdFD"


class Layer(NamedTuple):
    """A container of the user's."""

    weights: np.ndarray
    bias: np.ndarray


def everything():
    """All that npz files hold."""
    generator = np.random.default_rng(7)
    generator.normal(size=5)
    legacy = np.random.RandomState(3)
    legacy.normal(size=3)
    arrays = {code: np.arange(6).reshape(2, 3).astype(code) for code in DTYPES}
    return {
        "arrays": arrays,
        "shapes": [np.float32(1.5), np.array(2.5), np.zeros((0, 3)), np.ones((1, 1, 1, 2))],
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "special": np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324]),
        "texts": np.array(["a", "bcd"]),
        "dates": np.array(["2026-11-28"], "datetime64[D]"),
        "numbers": (1, -(2**70), 0.1, float("nan"), float("-inf"), 1 + 2j, True, False, None),
        "text": "größer \n\x00 😀",
        "keys": {1: "one", 2.5: "float", None: "none", False: "no", "": "empty", "a.b/c": "path"},
        "nested": [[[]], {}, (), [{"x": (np.ones(2),)}]],
        "generator": generator,
        "again": generator,
        "legacy": legacy,
        "others": [np.random.Generator(kind(5)) for kind in (np.random.MT19937, np.random.Philox,
                                                             np.random.SFC64)],
        "tensor": tg.Tensor([1.0, 2.0]),
    }  # fmt: skip


def plain():
    """What safetensors hold as well."""
    arrays = {code: np.arange(6).reshape(2, 3).astype(code) for code in "?bBhHiIlLefd"}
    return {"arrays": arrays, "model": [np.ones((3, 3, 1, 2), np.float32), (0.1, None)], "epoch": 3}


def containers():
    """To be loaded with `like`."""
    return {"layers": [Layer(np.ones((2, 3)), np.zeros(3)), Layer(np.ones((3, 1)), np.zeros(1))]}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    tg.save(folder / "everything.npz", everything())
    tg.save(folder / "plain.safetensors", plain())
    tg.save(folder / "containers.npz", containers())
    tg.save(folder / "containers.safetensors", containers())
    checkpoint = tg.training.Checkpoint(folder / "run", keep=2)
    for step in (1, 2, 3):
        checkpoint.save(step, {"w": np.full(3, float(step)), "rng": np.random.default_rng(step)})

"""Files from strangers: nothing is unpickled, and nothing but our errors comes of them.

`fuzz_loaders.py` tries a million. What each format refuses is tried in the file of its module.
"""

import gzip
import io
import lzma
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from archives import described, rewritten

import tinygrad_np as tg
from tinygrad_np.data import DataError, read_cifar10, read_idx
from tinygrad_np.saving import DamagedFileError, structure

FUZZ = Path(__file__).parent / "fuzz_loaders.py"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads its memory from /proc")
def test_thousands_of_files_from_strangers():
    command = [sys.executable, str(FUZZ), "--inputs", "20000", "--seed", "1", "--seconds", "20"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ": 0 raised what they must not" in done.stdout


@pytest.mark.parametrize("kind", ["idx", "cifar", "npz", "safetensors", "tar"])
def test_the_fuzzer_reads_what_is_whole_and_damages_the_rest(kind):
    """A fuzzer that only makes rubbish, or nothing but valid files, finds nothing."""
    command = [sys.executable, str(FUZZ), "--inputs", "600", "--only", kind]
    done = subprocess.run(command, capture_output=True, text=True)
    read, refused = map(int, re.match(r"\w+: (\d+) read, (\d+) refused", done.stdout).groups())
    assert read > 40
    assert refused > 200


# Nothing is unpickled


class Planted:
    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


PICKLE = pickle.dumps(Planted())


@pytest.fixture
def no_pickles(monkeypatch):
    def forbidden(*args, **kwargs):
        pytest.fail("something was unpickled")

    for name in ("load", "loads", "Unpickler", "_load", "_loads", "_Unpickler"):
        monkeypatch.setattr(pickle, name, forbidden)
    monkeypatch.setattr(np, "load", forbidden)
    monkeypatch.setattr(np.lib.format, "read_array", forbidden)


@pytest.mark.parametrize("name", ["a", "a.gz", "a.npz", "a.safetensors", "a.bin", "a.bin.xz"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress], ids=["bare", "gzip", "xz"])
def test_a_planted_pickle_is_not_loaded(name, pack, tmp_path, no_pickles):
    (tmp_path / name).write_bytes(pack(PICKLE))
    reads = {"a": read_idx, "a.gz": read_idx, "a.bin": read_cifar10, "a.bin.xz": read_cifar10}
    with pytest.raises((DataError, DamagedFileError), match=r"read_idx|read_cifar10|load: "):
        reads.get(name, tg.load)(tmp_path / name)


def test_an_array_of_pickled_objects_is_not_loaded(tmp_path, no_pickles):
    """The archive is whole and its checksums are right: only the dtype tells."""
    path = tmp_path / "a.npz"
    tg.save(path, {"w": np.arange(3.0)})
    body = io.BytesIO()
    np.lib.format.write_array(body, np.array([Planted()], object), allow_pickle=True)
    sha256 = structure.hashlib.sha256(PICKLE).hexdigest()
    told = {"w": {"dtype": "|O", "shape": [1], "sha256": sha256}}
    rewritten(path, lambda e: {**described(e, lambda c: c.update(arrays=told)),
                               "w.npy": body.getvalue()})  # fmt: skip
    with pytest.raises(DamagedFileError, match="an array of Python objects, and nothing is unpi"):
        tg.load(path)


def test_what_is_whole_is_read_without_pickle(tmp_path, no_pickles):
    for ending in (".npz", ".safetensors"):
        tg.save(tmp_path / f"a{ending}", {"w": np.ones(2), "rng": np.random.default_rng(0)})
        assert tg.load(tmp_path / f"a{ending}")["w"].sum() == 2

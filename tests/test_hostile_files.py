"""Files from strangers: nothing is unpickled, nothing grows beyond the file, only our errors.

`fuzz_loaders.py` tries a million; what it found has a test here.
"""

import copy
import gzip
import io
import json
import lzma
import pickle
import re
import struct
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from test_saving import described, header, rewritten

import tinygrad_np as tg
from tinygrad_np.data import DataError, cifar10, read_cifar10, read_idx
from tinygrad_np.saving import DamagedFileError, structure

FUZZ = Path(__file__).parent / "fuzz_loaders.py"
RECORD = 3073


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


def test_two_entries_in_one_place(tmp_path):
    """Which Python 3.15 only warns about."""
    path = tmp_path / "a.npz"
    tg.save(path, {"a": np.ones(2), "b": np.ones(2)})
    content = bytearray(path.read_bytes())
    entry = -1
    offsets = []
    while (entry := content.find(b"PK\x01\x02", entry + 1)) >= 0:
        offsets.append(slice(entry + 42, entry + 46))
    assert len(offsets) == 3
    content[offsets[2]] = content[offsets[1]]
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="two entries in one place"):
        tg.load(path)


def test_what_is_whole_is_read_without_pickle(tmp_path, no_pickles):
    for ending in (".npz", ".safetensors"):
        tg.save(tmp_path / f"a{ending}", {"w": np.ones(2), "rng": np.random.default_rng(0)})
        assert tg.load(tmp_path / f"a{ending}")["w"].sum() == 2


# Nothing grows beyond the file


def test_a_header_of_billions_in_twenty_bytes_asks_for_no_memory(tmp_path):
    content = struct.pack(">HBBI", 0, 8, 1, 1 << 31) + bytes(12)
    for name, packed in (("a", content), ("a.gz", gzip.compress(content))):
        (tmp_path / name).write_bytes(packed)
        tracemalloc.start()
        with pytest.raises(DataError, match=r"its header promises 2147483648 = 2147483648 bytes"):
            read_idx(tmp_path / name)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
        tracemalloc.stop()


def test_xz_that_unpacks_to_too_much_is_not_held(tmp_path):
    path = tmp_path / "a.bin.xz"
    path.write_bytes(lzma.compress(bytes(RECORD * 9_001), preset=0))
    tracemalloc.start()
    with pytest.raises(DataError, match="it has more than 2000 images"):
        read_cifar10(path, most=2000)
    assert tracemalloc.get_traced_memory()[1] < 0.7 * 2000 * RECORD
    tracemalloc.stop()


def test_entries_that_share_their_bytes_are_refused(tmp_path):
    """Thousands of entries, all of them the same megabyte of the file."""
    path = tmp_path / "a.npz"
    tg.save(path, {"w": np.zeros(1000)})
    with zipfile.ZipFile(path, "a") as archive:
        (entry,) = (info for info in archive.infolist() if info.filename == "w.npy")
        for number in range(50):
            twin = zipfile.ZipInfo(f"w~{number}.npy")
            for name in ("CRC", "file_size", "compress_size", "header_offset"):
                setattr(twin, name, getattr(entry, name))
            archive.filelist.append(twin)
        archive._didModify = True
    with pytest.raises(DamagedFileError, match="two entries in one place"):
        tg.load(path)


def test_a_long_member_of_an_archive_is_read_to_the_end_of_the_file_only(tmp_path):
    """150 MB are promised, and 100 bytes are there: 300,000 empty reads are not tried."""
    module = sys.modules[cifar10.__module__]
    head = bytearray(512)
    head[:3], head[124:136], head[156:157] = b"big", b"%011o " % 150_000_000, b"0"
    head[148:156] = b"%06o\0 " % (sum(head[:148]) + 256 + sum(head[156:]))
    reads = []

    class Counting(io.BytesIO):
        def read(self, *args):
            reads.append(args)
            return super().read(*args)

    with pytest.raises(DataError, match="is truncated: it ends within big"):
        module._members(tmp_path / "a", Counting(gzip.compress(bytes(head) + bytes(100))))
    assert len(reads) < 100


# What an array's header may say


def altered_array(tmp_path, content, dtype="<f8", shape=(3,), body=b""):
    path = tmp_path / "a.npz"
    tg.save(path, {"w": np.arange(3.0)})
    sha256 = structure.hashlib.sha256(body).hexdigest()
    told = {"w": {"dtype": dtype, "shape": list(shape), "sha256": sha256}}
    rewritten(path, lambda e: {**described(e, lambda c: c.update(arrays=told)), "w.npy": content})
    return path


@pytest.mark.parametrize(
    ("shape", "dtype", "told"),
    [
        ("(-2, -3)", "<f8", "header cannot be read"),
        ("(0,) + (1, )", "<f8", "header cannot be read"),
        ("(" + "1, " * 65 + ")", "|u1", "has an array of uint8"),
        ("(99999999999999999999, 0)", "<f8", "header cannot be read"),
        ("(9000000000000000000, 0)", "<f8", "is too large even if empty"),
        ("(0,)", "<M8[zz]", r"dtype '<M8\[zz\]', which is none"),
        ("(0,)", "<f3", "dtype '<f3', which is none"),
        ("(0,)", "<U999999999", "is none|header cannot be read|was altered"),
    ],
)
def test_odd_headers_are_told(shape, dtype, told, tmp_path):
    rest = b"\0" if "1, 1" in shape else b""
    path = altered_array(tmp_path, header(shape, dtype, rest))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DamagedFileError, match=told):
            tg.load(path)


@pytest.mark.parametrize(
    "array",
    [np.zeros(()), np.zeros(3), np.zeros((2, 0, 3)), np.zeros(2, "M8[25s]"), np.zeros(2, "M8"),
     np.zeros((1,) * 32), np.zeros(1, "S0"), np.zeros(2, ">U7"), np.zeros(1, np.longdouble),
     np.zeros((0,), "m8[ns]"), np.array(True)],
    ids=range(11),
)  # fmt: skip
def test_all_headers_that_numpy_writes_are_read(array, tmp_path):
    tg.save(tmp_path / "a.npz", array)
    found = tg.load(tmp_path / "a.npz")
    assert (found.dtype, found.shape) == (array.dtype, array.shape)


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [("BF16", [2]), ("F8_E4M3", [4]), ("F64", [1 << 62, 4, 0]), ("U8", [1] * 65)],
)
def test_what_safetensors_knows_and_numpy_does_not(dtype, shape, tmp_path):
    path = tmp_path / "a.safetensors"
    tg.save(path, {"w": np.ones(2)})
    import safetensors

    with safetensors.safe_open(path, "np") as file:
        entry = {"tree.json": file.metadata()["tinygrad_np"].encode()}
    size = {"BF16": 4, "F8_E4M3": 4, "F64": 0, "U8": 1}[dtype]
    text = described(entry, lambda c: None)["tree.json"].decode()
    entry = {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}
    head = json.dumps({"__metadata__": {"tinygrad_np": text}, "w": entry})
    path.write_bytes(struct.pack("<Q", len(head)) + head.encode() + bytes(size))
    with pytest.raises(DamagedFileError, match=r"load: .* (what is no array|no whole)"):
        tg.load(path)


# A generator's state is an index into its memory


@pytest.mark.parametrize("old", [False, True], ids=["Generator", "RandomState"])
@pytest.mark.parametrize(
    ("name", "key", "place"),
    [("MT19937", "pos", 625), ("MT19937", "pos", -7), ("MT19937", "pos", 1 << 20),
     ("Philox", "buffer_pos", -5000), ("Philox", "buffer_pos", 5), ("Philox", "buffer_pos", None)],
)  # fmt: skip
def test_a_generator_that_would_read_beyond_its_memory_is_refused(old, name, key, place, tmp_path):
    made = getattr(np.random, name)(0)
    path = tmp_path / "a.npz"
    tg.save(path, np.random.RandomState(made) if old else np.random.Generator(made))

    def moved(content):
        pairs = content["tree"]["state"]["dict"]
        inner = dict(pairs)["state"]["dict"]
        (pair,) = [pair for pair in (*pairs, *inner) if pair[0] == key]
        pair[1] = place

    rewritten(path, lambda e: described(e, moved))
    with pytest.raises(DamagedFileError, match=f"a {name} has the place {place}"):
        tg.load(path)


def test_every_place_that_a_generator_can_have_is_read(tmp_path):
    rng = np.random.Generator(np.random.Philox(0))
    for _ in range(6):
        rng.integers(1 << 62)
        tg.save(tmp_path / "a.npz", rng)
        expected = copy.deepcopy(rng).integers(1 << 62, size=9)
        assert np.array_equal(tg.load(tmp_path / "a.npz").integers(1 << 62, size=9), expected)
    for drawn in (0, 1, 623, 624):  # of 32 bits each
        rng = np.random.RandomState(0)
        rng.bytes(4 * drawn)
        tg.save(tmp_path / "a.npz", rng)
        assert tg.load(tmp_path / "a.npz").bytes(9) == rng.bytes(9)

"""Trees in files: what survives, what is refused, and what a damaged file says."""

import copy
import dataclasses
import gzip
import hashlib
import io
import json
import os
import pickle
import re
import struct
import threading
import tracemalloc
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_np as tg
from tinygrad_np.io import files
from tinygrad_np.saving import DamagedFileError, npz, structure


class Layer(NamedTuple):
    weights: object
    bias: object


@dataclasses.dataclass
class Model:
    layers: object
    rate: object = 0.1


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


# What survives


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    "tree",
    [
        np.arange(6.0).reshape(2, 3),
        {"a": [np.ones(2, np.float32), (np.zeros((0, 3)), {})], 1: np.array(5), "1": np.array(6)},
        [np.array(2.5), np.float32(1.5), np.int8(-3), np.bool_(True)],
        (None, True, False, "", "naïve \ud800 \x00", 0, -1, 2**53, -(10**5000), 1e300),
        [float("inf"), float("-inf"), -0.0, 5e-324, 0.1, 1 + 2j, complex("-inf")],
        {"z": 1, "a": 2, None: 3, True: 4, 2.5: 5},
        {"a.b": np.zeros(1), "a": {"b": np.ones(1)}, "a/b": np.full(1, 2.0), "../c": np.ones(1)},
        [[], (), {}, [[]], [()]],
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.arange(10)[::-2],
        "only a text",
        None,
    ],
    ids=range(12),
)
def test_a_tree_comes_back_as_it_was(tree, ending, tmp_path):
    tg.save(tmp_path / f"a{ending}", tree)
    same(tg.load(tmp_path / f"a{ending}"), tree)
    assert [path.name for path in tmp_path.iterdir()] == [f"a{ending}"]


@pytest.mark.parametrize(
    "dtype", ["?", "i1", "<i8", ">i4", "u2", "f2", "f4", ">f8", "g", "F", "D", "S3", "U2", "M8[ns]",
              "m8[D]"],
)  # fmt: skip
def test_dtypes_survive_to_the_bit(dtype, tmp_path):
    array = np.zeros((2, 3), dtype)
    array[0, 1] = np.array(1).astype(dtype)
    tg.save(tmp_path / "a.npz", array)
    same(tg.load(tmp_path / "a.npz"), array)


@pytest.mark.parametrize("dtype", ["F", "S3", "U2", "M8[ns]", "g"])
def test_safetensors_names_the_dtype_that_it_lacks(dtype, tmp_path):
    with pytest.raises(TypeError, match=r"save: w is .*, which .safetensors does not know; use"):
        tg.save(tmp_path / "a.safetensors", {"w": np.zeros(2, dtype)})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", ["MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"])
def test_random_generators_go_on_where_they_were(kind, ending, tmp_path):
    rng = np.random.Generator(getattr(np.random, kind)(3))
    rng.integers(10, size=3, dtype=np.int32)  # leaves half of a number in store
    old = np.random.RandomState(4)
    old.normal(size=3)  # leaves a number in store
    tg.save(tmp_path / f"a{ending}", [rng, old])
    new_rng, new_old = tg.load(tmp_path / f"a{ending}")
    assert np.array_equal(
        rng.integers(10, size=9, dtype=np.int32), new_rng.integers(10, size=9, dtype=np.int32)
    )
    assert np.array_equal(rng.standard_normal(7), new_rng.standard_normal(7))
    assert np.array_equal(old.normal(size=7), new_old.normal(size=7))


@pytest.mark.parametrize("ending", ENDINGS)
def test_random_generators_have_the_same_children(ending, tmp_path):
    rng = np.random.default_rng([1, 2**70]).spawn(2)[1]
    rng.spawn(1)
    tg.save(tmp_path / f"a{ending}", rng)
    (new,) = tg.load(tmp_path / f"a{ending}").spawn(1)
    assert new.random() == rng.spawn(1)[0].random()


def test_a_seed_that_would_take_for_ever_is_refused():
    seed = {**np.random.SeedSequence(3).state, "pool_size": 1 << 30}
    with pytest.raises(ValueError, match="pool"):
        structure._seed(**seed)


def test_a_random_generator_of_another_kind_is_not_like_it(tmp_path):
    tg.save(tmp_path / "a.npz", [np.random.default_rng(0)])
    with pytest.raises(ValueError, match=r"has a Generator at \[0\], expected a RandomState"):
        tg.load(tmp_path / "a.npz", like=[np.random.RandomState(0)])


def test_tensors_are_saved_by_their_values(tmp_path):
    x = tg.Tensor([1.0, 2.0])
    tg.save(tmp_path / "a.npz", {"leaf": x, "made": x * x})
    same(tg.load(tmp_path / "a.npz"), {"leaf": x.data.copy(), "made": np.array([1.0, 4.0])})


def test_what_comes_back_may_be_written_into(tmp_path):
    for ending in ENDINGS:
        tg.save(tmp_path / f"a{ending}", [np.ones(3), np.ones(())])
        for array in tg.load(tmp_path / f"a{ending}"):
            assert array.flags.owndata
            array[...] = 0


@pytest.mark.parametrize("ending", ENDINGS)
def test_named_tuples_and_dataclasses_come_back_by_example(ending, tmp_path):
    model = Model([Layer(np.ones((2, 3)), np.zeros(3)), Layer(np.ones(1), None)], 0.5)
    tg.save(tmp_path / f"m{ending}", model)
    like = Model([Layer(np.empty((2, 3)), np.empty(3)), Layer(np.empty(1), None)])
    found = tg.load(tmp_path / f"m{ending}", like=like)
    assert type(found) is Model
    assert type(found.layers[0]) is Layer
    same(found.layers[0].weights, np.ones((2, 3)))
    assert found.rate == 0.5
    assert found.layers[1].bias is None
    with pytest.raises(ValueError, match=r"has a Model; give a tree of the same structure as"):
        tg.load(tmp_path / f"m{ending}")


def test_a_container_of_ones_own_comes_back_by_example(tmp_path):
    ordered = OrderedDict(b=np.ones(2), a=np.zeros(1))
    tg.save(tmp_path / "a.npz", ordered)
    found = tg.load(tmp_path / "a.npz", like=OrderedDict(b=np.empty(2), a=np.empty(1)))
    same(found, ordered)


@pytest.mark.parametrize(
    ("like", "told"),
    [
        ({"w": np.ones((3, 2)), "n": 1}, r"has float64 \(2, 3\) at \['w'\], expected .*\(3, 2\)"),
        ({"w": np.ones((2, 3), "f4"), "n": 1}, r"has float64 .* at \['w'\], expected float32"),
        ({"w": [np.ones((2, 3))], "n": 1}, r"has float64 \(2, 3\) at \['w'\], expected a list"),
        ({"w": np.ones((2, 3))}, r"has \['w'\], \['n'\], expected \['w'\]$"),
        ({"w": np.ones((2, 3)), "n": 1.5}, r"has 3 at \['n'\], expected a float"),
        ([np.ones((2, 3)), 1], r"has a dict, expected a list"),
        (Layer(1, 2), r"has a dict, expected a Layer"),
    ],
)
def test_what_differs_from_the_example_is_named(like, told, tmp_path):
    tg.save(tmp_path / "a.npz", {"w": np.zeros((2, 3)), "n": 3})
    with pytest.raises(ValueError, match=told) as raised:
        tg.load(tmp_path / "a.npz", like=like)
    assert not isinstance(raised.value, DamagedFileError)


def test_numpy_reads_the_arrays_by_their_names(tmp_path):
    tg.save(tmp_path / "a.npz", {"conv": [np.ones(2)], "dense": {"w": np.zeros(3)}})
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert sorted(archive.files) == ["conv.0", "dense.w", "tree.json"]
        assert archive["conv.0"].tolist() == [1, 1]


def test_the_same_tree_gives_the_same_file(tmp_path):
    for name in ("a.npz", "b.npz"):
        tg.save(tmp_path / name, {"w": np.arange(3), "n": 1})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


LEAVES = st.one_of(
    st.none(), st.booleans(), st.text(), st.integers(), st.floats(allow_nan=False),
    st.integers(0, 3).map(lambda n: np.arange(float(n))),
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.lists(parts, max_size=3),
        st.lists(parts, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(), st.integers()), parts, max_size=3),
    ),
    max_leaves=8,
)


@given(TREES)
@settings(max_examples=100, deadline=None)
def test_any_tree_comes_back(tmp_path_factory, tree):
    path = tmp_path_factory.mktemp("trees") / "a.npz"
    tg.save(path, tree)
    same(tg.load(path), tree)
    same(tg.load(path, like=tree) if tree is not None else None, tree)


# What is refused


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        (
            {"f": {"g": len}},
            r"save: a builtin_function_or_method at \['f'\]\['g'\] cannot be saved",
        ),
        ([np.array([None])], r"save: an array of object at \[0\] cannot be saved"),
        (np.zeros(2, [("x", "f8")]), r"save: an array of \[\('x', '<f8'\)\] cannot be saved"),
        (np.ma.masked_array([1.0], [True]), r"save: an array of MaskedArray cannot be saved"),
        ({(1, 2): 3}, r"save: the key \(1, 2\) is a tuple; keys that can be saved are"),
        (b"bytes", r"save: a bytes cannot be saved"),
        (np.random.PCG64(), r"save: a PCG64 cannot be saved; save a Generator"),
    ],
)
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_cannot_be_saved_is_named_and_nothing_is_written(tree, told, ending, tmp_path):
    with pytest.raises(TypeError, match=told):
        tg.save(tmp_path / f"a{ending}", tree)
    assert not list(tmp_path.iterdir())


def test_a_tree_that_contains_itself_is_refused(tmp_path):
    tree = [1]
    tree.append(tree)
    with pytest.raises(TypeError, match=r"the tree contains itself at \[1\]"):
        tg.save(tmp_path / "a.npz", tree)


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.pkl"])
def test_a_pickle_is_refused_by_its_name(name, tmp_path):
    for function, arguments in ((tg.save, (1.0,)), (tg.load, ())):
        with pytest.raises(ValueError, match=r"pickle by its name.*safetensors\.torch\.save_file"):
            function(tmp_path / name, *arguments)


@pytest.mark.parametrize("name", ["model", "model.npy", "model.NPZ"])
def test_the_ending_says_the_format(name, tmp_path):
    for function, arguments in ((tg.save, (1.0,)), (tg.load, ())):
        with pytest.raises(ValueError, match=r"needs the ending .npz or .safetensors"):
            function(tmp_path / name, *arguments)


def test_a_missing_file_or_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"save: there is no folder .*nowhere for a.npz"):
        tg.save(tmp_path / "nowhere" / "a.npz", 1)
    with pytest.raises(FileNotFoundError, match=r"load: there is no file .*a.npz"):
        tg.load(tmp_path / "a.npz")


def test_without_safetensors_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "safetensors", None)
    (tmp_path / "a.safetensors").write_bytes(b"")
    for function, arguments in ((tg.save, (1.0,)), (tg.load, ())):
        with pytest.raises(ModuleNotFoundError, match="pip install safetensors"):
            function(tmp_path / "a.safetensors", *arguments)


# Whole or not at all


class FullError(OSError):
    pass


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_a_full_disk_leaves_what_was_there(step, ending, tmp_path, monkeypatch):
    path = tmp_path / f"a{ending}"
    tg.save(path, {"w": np.ones(3)})
    before = path.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    if step == "write":

        class Full(io.FileIO):
            write = full

        monkeypatch.setattr(files, "open", lambda name, mode, **_: Full(name, mode), raising=False)
    else:
        monkeypatch.setattr(files.os, step, full)
    with pytest.raises(OSError, match=rf"a\{ending} could not be written: No space left") as raised:
        tg.save(path, {"w": np.zeros(3)})
    assert raised.value.errno == 28
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    def denied(name, mode, **_):
        raise PermissionError(13, "Permission denied", name)

    monkeypatch.setattr(files, "open", denied, raising=False)
    with pytest.raises(PermissionError, match=r"a\.npz could not be written: Permission denied"):
        tg.save(tmp_path / "a.npz", 1)


def test_an_interruption_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tg.save(tmp_path / "a.npz", 1)
    assert not list(tmp_path.iterdir())


def test_others_may_read_the_file_as_any_other(tmp_path):
    tg.save(tmp_path / "a.npz", 1)
    (tmp_path / "b").write_bytes(b"")
    assert (tmp_path / "a.npz").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_unfinished_finds_what_a_killed_process_left(tmp_path):
    left = tmp_path / f".a-{'0f' * 16}.npz"
    for path in (left, tmp_path / ".a-short.npz", tmp_path / "a.npz"):
        path.write_bytes(b"")
    assert files.unfinished(tmp_path) == [left]


# Damaged files


@pytest.fixture(params=ENDINGS)
def saved(request, tmp_path):
    path = tmp_path / f"a{request.param}"
    tg.save(path, {"w": np.arange(50.0), "v": np.ones((2, 2), np.float32), "n": 3})
    return path


def test_a_truncated_file_is_damaged(saved):
    content = saved.read_bytes()
    for length in range(0, len(content), 37):
        saved.write_bytes(content[:length])
        with pytest.raises(DamagedFileError, match=rf"load: .*{saved.name} "):
            tg.load(saved)


def test_every_altered_byte_is_found_or_changes_nothing(saved):
    expected, content = tg.load(saved), saved.read_bytes()
    found = 0
    for place in range(0, len(content), 3):
        altered = bytearray(content)
        altered[place] ^= 0x55
        saved.write_bytes(altered)
        try:
            same(tg.load(saved), expected)  # a date in the archive, for instance
        except DamagedFileError:
            found += 1
    assert found > len(content) / 4


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"\x93NUMPY", b"not a file of ours" * 99, bytes(1000), b"\x80\x04K\x01."],
)
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_foreign_file_is_told(content, ending, tmp_path):
    (tmp_path / f"a{ending}").write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"load: .*a\..* is (no whole|a pickle|an .npy)"):
        tg.load(tmp_path / f"a{ending}")


def header(shape: str, dtype: str = "<f8", rest: bytes = b"") -> bytes:
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + rest


# Files that others wrote

ARRAYS = {
    "w": np.arange(6.0).reshape(2, 3).T,
    "layer/bias": np.ones(3, np.float32),
    "text": np.array(["a", "bc"]),
    "empty": np.zeros((0, 3), np.int8),
    "number": np.array(2.5 + 1j),
    "mask": np.array([True, False]),
    "bytes in the other order": np.arange(3, dtype=">i4"),
    "date": np.array("2026-11-01", "M8[D]"),
    "zeros": np.zeros((300, 400)),
}


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_an_archive_of_numpys_is_a_dict_of_arrays(write, tmp_path):
    write(tmp_path / "a.npz", np.arange(3), **ARRAYS)
    found = tg.load(tmp_path / "a.npz")
    assert found.keys() == {"arr_0", *ARRAYS}
    for name, array in ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert np.array_equal(found[name], array)
        assert found[name].flags.owndata
    found["w"][0] = 5  # they can be written into


def test_an_archive_of_no_arrays(tmp_path):
    np.savez(tmp_path / "a.npz")
    assert tg.load(tmp_path / "a.npz") == {}


def test_a_foreign_archive_is_held_against_like(tmp_path):
    np.savez(tmp_path / "a.npz", w=np.ones(2), b=np.ones(1))
    like = {"b": np.empty(1), "w": np.empty(2)}
    assert tg.load(tmp_path / "a.npz", like)["w"].tolist() == [1, 1]
    with pytest.raises(ValueError, match=r"has float64 \(2,\) at \['w'\], expected float32 \(2,\)"):
        tg.load(tmp_path / "a.npz", {**like, "w": np.empty(2, np.float32)})
    with pytest.raises(ValueError, match=r"has \['w'\], \['b'\], expected \['w'\]"):
        tg.load(tmp_path / "a.npz", {"w": np.empty(2)})


def test_an_old_header_of_an_array_is_read(tmp_path):
    """Python 2 wrote its long integers with an L."""
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("w.npy", header("(3L, 2L)", rest=bytes(48)))
        archive.writestr("b.npy", header("(3L,)", rest=bytes(24)))
    found = tg.load(tmp_path / "a.npz")
    assert (found["w"].shape, found["b"].shape) == ((3, 2), (3,))


def packed(path: Path, entries, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ({"w.npy": header("(3,)", rest=bytes(24)), "more": b""}, "the entry 'more', which is no a"),
        ({"w.npy": header("(3,)", rest=bytes(23))}, r"an array of float64 \(3,\) in 23 bytes"),
        ({"w.npy": header("(3,)", rest=bytes(25))}, r"an array of float64 \(3,\) in 25 bytes"),
        ({"w.npy": header(f"({1 << 40},)", rest=bytes(99))}, "an array of float64 .* in 99 bytes"),
        ({"w.npy": header("(1,)", "|O", b"." * 8)}, "of Python objects, and nothing is unpickled"),
        ({"w.npy": b"no"}, "an array whose header cannot be read"),
        ({"w.npy": b""}, "an array whose header cannot be read"),
        ({"folder/": b""}, "the entry 'folder/', which is no array"),
    ],
    ids=range(8),
)
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_foreign_archive_with_something_else_in_it_is_refused(entries, told, method, tmp_path):
    packed(tmp_path / "a.npz", entries, method)
    with pytest.raises(DamagedFileError, match=told):
        tg.load(tmp_path / "a.npz")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(method, tmp_path):
    packed(tmp_path / "a.npz", {"w.npy": header("(3,)", rest=bytes(24))}, method)
    with pytest.raises(DamagedFileError, match="is packed as no archive of arrays"):
        tg.load(tmp_path / "a.npz")


@pytest.mark.parametrize("place", ["middle", "sum", "end"])
def test_a_damaged_foreign_archive_is_refused(place, tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, w=np.random.default_rng(0).integers(0, 9, 999))
    content = bytearray(path.read_bytes())
    if place == "end":
        content = content[:-30]
    else:
        content[{"middle": 200, "sum": content.index(b"PK\1\2") + 17}[place]] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match="is no whole zip archive"):
        tg.load(path)


def test_what_is_packed_is_unpacked_only_as_far_as_it_says(tmp_path):
    """A hundred megabytes of zeros, of which the directory says that they are a hundred bytes."""
    path = tmp_path / "a.npz"
    packed(path, {"w.npy": bytes(100_000_000)})
    content = path.read_bytes()
    size = struct.pack("<I", 100_000_000)
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, struct.pack("<I", 100)))
    tracemalloc.start()
    with pytest.raises(DamagedFileError, match="is no whole zip archive"):
        tg.load(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_an_entry_that_promises_more_than_its_bytes_can_hold_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    packed(path, {"w.npy": bytes(1000)})
    content, size = path.read_bytes(), struct.pack("<I", 1000)
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, struct.pack("<I", 1 << 31)))
    with pytest.raises(DamagedFileError, match="is packed as no archive of arrays"):
        tg.load(path)


def test_packed_entries_that_share_their_bytes_are_refused(tmp_path):
    path = tmp_path / "a.npz"
    packed(path, {"w.npy": header("(99999,)", rest=bytes(799_992))})
    with zipfile.ZipFile(path, "a") as archive:
        info = archive.getinfo("w.npy")
        for number in range(9):
            twin = copy.copy(info)
            twin.filename = f"{number}.npy"
            archive.filelist.append(twin)
            archive.NameToInfo[twin.filename] = twin
        archive._didModify = True
    with pytest.raises(DamagedFileError, match="two entries in one place"):
        tg.load(path)


def test_ours_without_its_description_is_no_foreign_file(tmp_path):
    """Whatever of the description is lost, and as long as anything else is ours."""
    path = tmp_path / "a.npz"
    tg.save(path, {"w": np.ones(3), "v": np.zeros(2)})
    with zipfile.ZipFile(path) as archive:
        entries = {info: archive.read(info) for info in archive.infolist()}
    for kept in (["w.npy", "v.npy"], ["v.npy"]):
        with zipfile.ZipFile(path, "w") as archive:
            for info, content in entries.items():
                if info.filename in kept:
                    archive.writestr(info, content)
        with pytest.raises(
            DamagedFileError, match=r"its description, the entry tree\.json, is mis"
        ):
            tg.load(path)
    with zipfile.ZipFile(path, "w") as archive:
        for info, content in entries.items():
            info.filename = info.filename.replace("tree.json", "tree.npy")
            archive.writestr(info, content)
    with pytest.raises(
        DamagedFileError, match=r"its description, the entry tree\.json, is missing"
    ):
        tg.load(path)


# As safetensors.torch.save_file wrote it, of tensors of PyTorch 2.13.
FROM_TORCH = (
    b'\xe8\x01\x00\x00\x00\x00\x00\x00{"__metadata__":{"format":"pt"},'
    b'"i64":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},'
    b'"f64":{"dtype":"F64","shape":[],"data_offsets":[8,16]},'
    b'"e":{"dtype":"F32","shape":[0,3],"data_offsets":[16,16]},'
    b'"f32":{"dtype":"F32","shape":[2,2],"data_offsets":[16,32]},'
    b'"w.bf":{"dtype":"BF16","shape":[2,2],"data_offsets":[32,40]},'
    b'"f16":{"dtype":"F16","shape":[3],"data_offsets":[40,46]},'
    b'"i8":{"dtype":"I8","shape":[2],"data_offsets":[46,48]},'
    b'"b":{"dtype":"BOOL","shape":[2],"data_offsets":[48,50]}} '
    b"\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x04@"
    b"\x00\x00\x00\x00\x00\x00\x80?\x00\x00\x00@\x00\x00@@"
    b"\xc0?\x10\xc0b\x7f\xc0\x7f\x00\x00\x00<\x00@\xff\x02\x01\x00"
)


def test_a_file_of_pytorchs_is_a_dict_of_arrays(tmp_path):
    """BF16 as float32: torch gives the same numbers for ``.float()``."""
    (tmp_path / "a.safetensors").write_bytes(FROM_TORCH)
    found = tg.load(tmp_path / "a.safetensors")
    expected = {
        "w.bf": np.array([[1.5, -2.25], [3.00405527046391e38, np.nan]], np.float32),
        "f16": np.arange(3, dtype=np.float16),
        "f32": np.arange(4, dtype=np.float32).reshape(2, 2),
        "f64": np.array(2.5),
        "i8": np.array([-1, 2], np.int8),
        "i64": np.array([1 << 40]),
        "b": np.array([True, False]),
        "e": np.zeros((0, 3), np.float32),
    }
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array, equal_nan=name == "w.bf")
        assert found[name].flags.owndata


def test_a_file_of_safetensors_is_a_dict_of_arrays(tmp_path):
    import safetensors.numpy

    kinds = ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
    arrays = {f"w.{kind}": np.ones((2, 3), kind) for kind in kinds} | {"n": np.array(3.0)}
    safetensors.numpy.save_file(arrays, tmp_path / "a.safetensors", {"made by": "nobody"})
    found = tg.load(tmp_path / "a.safetensors")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)


def safetensors_of(entries, content=b"", metadata=None) -> bytes:
    head = json.dumps({**({} if metadata is None else {"__metadata__": metadata}), **entries})
    return struct.pack("<Q", len(head)) + head.encode() + content


def test_every_bfloat16_is_its_float32(tmp_path):
    entry = {"w": {"dtype": "BF16", "shape": [1 << 16], "data_offsets": [0, 1 << 17]}}
    bits = np.arange(1 << 16, dtype="<u2")
    (tmp_path / "a.safetensors").write_bytes(safetensors_of(entry, bits.tobytes()))
    found = tg.load(tmp_path / "a.safetensors")["w"]
    assert np.array_equal(found.view(np.uint32) >> 16, bits)
    assert not (found.view(np.uint32) & 0xFFFF).any()


def test_a_dtype_that_numpy_lacks_is_named(tmp_path):
    entry = {"w": {"dtype": "F8_E4M3", "shape": [2], "data_offsets": [0, 2]}}
    (tmp_path / "a.safetensors").write_bytes(safetensors_of(entry, b"ab"))
    with pytest.raises(ValueError, match=r"has w in F8_E4M3, which NumPy lacks; conv"):
        tg.load(tmp_path / "a.safetensors")


def test_a_truth_value_is_true_or_false(tmp_path):
    entry = {"w": {"dtype": "BOOL", "shape": [3], "data_offsets": [0, 3]}}
    (tmp_path / "a.safetensors").write_bytes(safetensors_of(entry, b"\0\1\x7f"))
    found = tg.load(tmp_path / "a.safetensors")["w"]
    assert found.view(np.uint8).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("shape", "offsets"), [([2], [0, 4]), ([1 << 62, 4, 0], [0, 0]), ([1] * 65, [0, 8])]
)
def test_sizes_that_cannot_be_are_refused(shape, offsets, tmp_path):
    entry = {"w": {"dtype": "F64", "shape": shape, "data_offsets": offsets}}
    (tmp_path / "a.safetensors").write_bytes(safetensors_of(entry, bytes(offsets[1])))
    with pytest.raises(DamagedFileError, match=r"no whole .safetensors file|array of shape"):
        tg.load(tmp_path / "a.safetensors")


def test_ours_in_safetensors_without_its_description_is_no_foreign_file(tmp_path):
    path = tmp_path / "a.safetensors"
    tg.save(path, {"w": np.ones(3)})
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"tinygrad_np"', b'"tinygrad_nq"', 1))
    with pytest.raises(DamagedFileError, match="was altered: its description is missing"):
        tg.load(path)


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


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda e: {**e, "extra": b""}, "has other entries than its description: extra"),
        (lambda e: {"tree.json": e["tree.json"]}, r"has other entries .*: w\.npy"),
        (lambda e: {**e, "w.npy": b"no"}, "header cannot be read"),
        (lambda e: {**e, "w.npy": header("(2147483648,)")}, "has an array of float64"),
        (lambda e: {**e, "w.npy": header("(9,)", "|O", bytes(72))}, "an array of Python objects"),
        (lambda e: {**e, "w.npy": header("(3,)", "<f8", bytes(24))}, "checksum of w is wrong"),
        (lambda e: {**e, "w.npy": header("(6,)", "<f4", bytes(24))}, "its description says"),
        (lambda e: {**e, "w.npy": header("(" * 200)}, "header cannot be read"),
        (lambda e: {**e, "tree.json": b"{}"}, "a description that cannot be read"),
        (lambda e: {**e, "tree.json": b"[" * 100_000}, "a description that cannot be read"),
        (lambda e: {**e, "tree.json": e["tree.json"].replace(b"3", b"4", 1)}, "was altered"),
        (lambda e: described(e, lambda c: c.update(format="other")), "has the format 'other'"),
        (lambda e: described(e, lambda c: c.update(tree=[1])), "structure that cannot be read"),
        (lambda e: described(e, lambda c: c.update(tree={})), "structure that cannot be read"),
        (lambda e: described(e, lambda c: c.update(tree={"array": "x"})), "cannot be read"),
        (lambda e: described(e, lambda c: c.update(tree={"int": "zz"})), "cannot be read"),
        (lambda e: described(e, lambda c: c.update(tree={"generator": "os", "state": 1})), "read"),
        (lambda e: described(e, lambda c: c.update(tree={"generator": "PCG64", "state": 1})),
         "cannot be read"),
        (lambda e: described(e, lambda c: c.update(arrays={"w": {}})), "is not from"),
        (lambda e: described(e, lambda c: c.update(arrays=[1])), "cannot be read"),
    ],
    ids=range(20),
)  # fmt: skip
def test_what_a_stranger_might_put_into_an_archive(change, told, tmp_path):
    path = tmp_path / "a.npz"
    tg.save(path, {"w": np.arange(3.0)})
    rewritten(path, change)
    with pytest.raises(DamagedFileError, match=told):
        tg.load(path)


def test_entries_that_are_compressed_are_refused_unread(tmp_path):
    path = tmp_path / "a.npz"
    tg.save(path, {"w": np.arange(3.0)})
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    with pytest.raises(DamagedFileError, match="no plain part of it"):
        tg.load(path)


def test_names_in_an_archive_are_never_paths(tmp_path):
    path = tmp_path / "deep" / "a.npz"
    path.parent.mkdir()
    tg.save(path, {"../w": np.arange(3.0)})
    tg.load(path)
    assert os.listdir(tmp_path) == ["deep"]
    assert npz.read(path)[1].keys() == {"w"}


def nested(levels, make=lambda part: [part]):
    tree = np.ones(1)
    for _ in range(levels):
        tree = make(tree)
    return tree


DEEP = [lambda part: [part], lambda part: {"a": part}, lambda part: (part, 1.0)]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("make", DEEP)
def test_as_many_levels_as_are_saved_are_loaded(make, ending, tmp_path):
    tree = nested(100, make)
    tg.save(tmp_path / f"a{ending}", tree)
    assert len(tg.tree.leaves(tg.load(tmp_path / f"a{ending}", like=tree))) in (1, 101)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("levels", [101, 5000])
@pytest.mark.parametrize("make", DEEP)
def test_more_levels_are_refused(make, levels, ending, tmp_path):
    with pytest.raises(
        ValueError, match=r"save: the tree is nested more than 100 levels deep at .*; flat"
    ):
        tg.save(tmp_path / f"a{ending}", nested(levels, make))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("levels", [105, 900, 50_000])
def test_more_levels_than_are_saved_are_damage_in_a_file(levels, tmp_path):
    path = tmp_path / "a.npz"
    tg.save(path, {"w": np.arange(3.0)})
    text = '{"list": [' * levels + "1" + "]}" * levels

    def change(entries):
        content = json.loads(entries["tree.json"])
        content.update(tree="HERE", arrays={})
        del content["sha256"]
        plain = json.dumps(content, sort_keys=True).replace('"HERE"', text)
        checksum = hashlib.sha256(plain.encode()).hexdigest()
        return {"tree.json": (plain[:-1] + f', "sha256": "{checksum}"}}').encode()}

    rewritten(path, change)
    with pytest.raises(DamagedFileError, match=r"a\.npz has a (structure|description) that cannot"):
        tg.load(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_generator_as_deep_as_can_be(ending, tmp_path):
    tree = np.random.default_rng(3)
    for _ in range(99):
        tree = [tree]
    tg.save(tmp_path / f"a{ending}", tree)
    (found,), (rng,) = tg.tree.leaves(tg.load(tmp_path / f"a{ending}")), tg.tree.leaves(tree)
    assert found.random() == rng.random()


# What is in two places


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
def test_one_generator_in_two_places_is_one_again(make, ending, tmp_path):
    rng, other = make(3), make(3)
    rng.normal(size=3)
    tg.save(tmp_path / f"a{ending}", {"data": rng, "more": [other, rng], "noise": rng})
    found = tg.load(tmp_path / f"a{ending}")
    assert found["data"] is found["more"][1] is found["noise"] is not found["more"][0]
    assert [found["data"].normal(), found["noise"].normal()] == [rng.normal(), rng.normal()]
    assert found["more"][0].normal() == other.normal()
    like = {"data": make(0), "more": [make(0), make(0)], "noise": make(0)}
    found = tg.load(tmp_path / f"a{ending}", like=like)
    assert found["data"] is found["more"][1]


def test_generators_that_a_container_makes_on_demand_are_no_single_one(tmp_path):
    class Made:
        """Its parts are new objects each time, which may have the id of one that is gone."""

    def children(made):
        return [np.random.default_rng(i) for i in range(4)]

    tg.tree.register(Made, children, lambda made, parts: parts)
    tg.save(tmp_path / "a.npz", [Made(), Made()])
    found = tg.load(tmp_path / "a.npz", like=[Made(), Made()])
    assert len({id(rng) for rng in found[0] + found[1]}) == 8
    assert found[1][3].random() == np.random.default_rng(3).random()


@pytest.mark.parametrize("number", [0, 1, -1, True, None, "0", 1e9, 2**70, [0]])
def test_a_generator_again_that_was_not_there_is_damage(number, tmp_path):
    path = tmp_path / "a.npz"
    tg.save(path, {"w": 1})
    rewritten(path, lambda e: described(e, lambda c: c.update(tree={"again": number})))
    with pytest.raises(DamagedFileError, match="a structure that cannot be read"):
        tg.load(path)


def test_one_array_in_two_places_is_two(tmp_path):
    array = np.ones(2)
    tg.save(tmp_path / "a.npz", [array, array])
    found = tg.load(tmp_path / "a.npz")
    assert not np.shares_memory(*found)


@pytest.mark.parametrize("count", [1, 22, 1000, 70_000])
@pytest.mark.parametrize("where", ["before", "after"])
def test_bytes_around_the_archive_are_found(count, where, tmp_path):
    path = tmp_path / "a.npz"
    tg.save(path, {"w": np.arange(3.0)})
    content, more = path.read_bytes(), b"x" * count
    path.write_bytes(more + content if where == "before" else content + more)
    with pytest.raises(DamagedFileError, match=r"a\.npz (has bytes before or after|is no whole)"):
        tg.load(path)


@pytest.mark.parametrize("comment", [b"PK\x05\x06" + bytes(18), b"a comment of 22 bytes.."])
def test_a_comment_of_the_archive_is_no_part_of_it(comment, tmp_path):
    path = tmp_path / "a.npz"
    tg.save(path, {"w": np.arange(3.0)})
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = comment
    with pytest.raises(DamagedFileError, match=r"has bytes before or after|it has no entry"):
        tg.load(path)


@pytest.mark.parametrize(
    "tree",
    [{"dict": [["a", 1], ["a", 2]]}, {"dict": [[1, 1], [True, 2]]}, {"list": "abc"},
     {"tuple": {"a": 1}}, {"dict": {"ab": 1}}],
)  # fmt: skip
def test_structures_that_save_does_not_write_are_damage(tree, tmp_path):
    path = tmp_path / "a.npz"
    tg.save(path, {"w": 1})
    rewritten(path, lambda e: described(e, lambda c: c.update(tree=tree)))
    with pytest.raises(DamagedFileError, match="a structure that cannot be read"):
        tg.load(path)


def test_keys_that_are_no_number(tmp_path):
    tree = {float("nan"): 1, float("-nan"): 2}
    tg.save(tmp_path / "a.npz", tree)
    assert list(tg.load(tmp_path / "a.npz").values()) == [1, 2]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ["__metadata__", "tree.json", "array", "~2", "array~2"])
def test_no_key_is_in_the_way_of_a_format(name, ending, tmp_path):
    tree = {name: np.ones(2), "é": np.zeros(3), "array": np.full(1, 2.0)}
    tg.save(tmp_path / f"a{ending}", tree)
    same(tg.load(tmp_path / f"a{ending}"), tree)


def test_an_array_of_another_class_is_refused_with_a_remedy(tmp_path):
    array = np.memmap(tmp_path / "m", float, "w+", shape=(3,))
    with pytest.raises(TypeError, match=r"an array of memmap.*; .* np\.array\(x\)"):
        tg.save(tmp_path / "a.npz", {"w": array})


@pytest.mark.parametrize("shape", ["()", "(3,)", "(4611686018427387904,)", "(0,)"])
@pytest.mark.parametrize("dtype", ["|S0", "<U0"])
def test_elements_of_no_bytes_are_damage(shape, dtype, tmp_path):
    path = tmp_path / "a.npz"
    tg.save(path, {"w": np.arange(3.0)})
    rewritten(path, lambda e: {**e, "w.npy": header(shape, dtype)})
    with pytest.raises(DamagedFileError, match="which is none"):
        tg.load(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_texts_of_length_0_are_refused(ending, tmp_path):
    array = np.zeros(3, [("text", "S0"), ("n", "i4")])["text"]
    assert array.dtype.itemsize == 0
    with pytest.raises(TypeError, match=r"save: an array of .S0 cannot be saved"):
        tg.save(tmp_path / f"a{ending}", array)


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_array_that_another_thread_writes_into_is_saved_in_one_piece(ending, tmp_path):
    """Some state of it: a file whose checksum is wrong could never be read again."""
    array, done = np.zeros(200_000), threading.Event()

    def write():
        number = 0.0
        while not done.is_set():
            number += 1
            array[:] = number

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(20):
            tg.save(tmp_path / f"a{ending}", {"w": array})
            assert tg.load(tmp_path / f"a{ending}")["w"].shape == array.shape
    finally:
        done.set()
        thread.join()


class TestTheContentSaysWhatItIs:
    def test_each_format_under_the_name_of_the_other(self, tmp_path):
        tree = {"w": np.arange(3.0), "n": [1, None]}
        for name, other in (("a.npz", "b.safetensors"), ("b.safetensors", "a.npz")):
            tg.save(tmp_path / name, tree)
            renamed = (tmp_path / name).rename(tmp_path / f"renamed-{other}")
            assert str(tg.load(renamed)) == str(tree)

    @pytest.mark.parametrize("ending", ["npz", "safetensors"])
    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"version https://git-lfs.github.com/spec/v1\n", "with git lfs pull"),
            (b"<!DOCTYPE html>", "is a page of HTML or XML; delete the file and download it again"),
            (b"\x93NUMPY\x01\0", "is an .npy file; np.load reads it"),
            (gzip.compress(b"PK"), "is gzip data; unpack it"),
            (pickle.dumps({"w": 1}), "is a pickle; convert it: a pickle may run anything"),
        ],
    )
    def test_what_is_neither_is_named(self, content, told, ending, tmp_path):
        path = tmp_path / f"model.{ending}"
        path.write_bytes(content)
        with pytest.raises(DamagedFileError, match=re.escape(told)):
            tg.load(path)

    def test_sound_archives_that_hold_more_than_arrays(self, tmp_path):
        path = tmp_path / "a.npz"
        for array, told in (
            (
                np.array([1, "a", None], object),
                "np.load(path, allow_pickle=True) does, if you trust",
            ),
            (
                np.zeros(1, [("a", int), ("b", float)]),
                "of several fields, which is not read; use np",
            ),
        ):
            np.savez(path, array)
            with pytest.raises(DamagedFileError, match=re.escape(told)):
                tg.load(path)
        with zipfile.ZipFile(path, "w") as archive:  # torch.save(…)
            archive.writestr("model/data.pkl", b"")
        with pytest.raises(DamagedFileError, match=r"it is PyTorch's: use .safetensors"):
            tg.load(path)
        with pytest.raises(ValueError, match=r"the ending .npz or .safetensors; np.load reads it"):
            tg.load(tmp_path / "a.npy")

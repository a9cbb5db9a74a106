"""Archives of arrays, ours and NumPy's: what is read, what is damaged, what strangers put in."""

import copy
import os
import struct
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
from archives import described, header, packed, rewritten

import tinygrad_np as tg
from tinygrad_np.saving import DamagedFileError, npz, structure

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


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda e: {**e, "extra": b""}, "has the entry 'extra', which is no array"),
        (lambda e: {"tree.json": e["tree.json"]}, "has other arrays than its description: w"),
        (lambda e: {**e, "w.npy": b"no"}, "header cannot be read"),
        (lambda e: {**e, "w.npy": header("(2147483648,)")}, "has an array of float64"),
        (lambda e: {**e, "w.npy": header("(9,)", "|O", bytes(72))}, "an array of Python objects"),
        (lambda e: {**e, "w.npy": header("(3,)", "<f8", bytes(24))}, "was altered: w is"),
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
        (lambda e: described(e, lambda c: c.update(arrays={"w": {}})), "its description says"),
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
    with pytest.raises(DamagedFileError, match="is packed as no archive of arrays"):
        tg.load(path)


def test_names_in_an_archive_are_never_paths(tmp_path):
    path = tmp_path / "deep" / "a.npz"
    path.parent.mkdir()
    tg.save(path, {"../w": np.arange(3.0)})
    tg.load(path)
    assert os.listdir(tmp_path) == ["deep"]
    assert npz.read(path)[1].keys() == {"w"}


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

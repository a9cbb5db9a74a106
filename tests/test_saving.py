"""Trees in files: what survives, what is refused, and what a damaged file says."""

import dataclasses
import io
import threading
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import pytest
from archives import ENDINGS, same
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_np as tg
from tinygrad_np.io import files
from tinygrad_np.saving import DamagedFileError


class Layer(NamedTuple):
    weights: object
    bias: object


@dataclasses.dataclass
class Model:
    layers: object
    rate: object = 0.1


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

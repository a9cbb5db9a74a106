"""tinygrad_np.data.minibatches: every row once, rows that stay together, order by the generator."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.data import minibatches


def rng(seed=0):
    return np.random.default_rng(seed)


class Pair(NamedTuple):
    x: np.ndarray
    y: np.ndarray


@pytest.mark.parametrize(
    ("rows", "size", "sizes"),
    [(10, 4, [4, 4, 2]), (8, 4, [4, 4]), (3, 4, [3]), (4, 4, [4]), (5, 1, [1] * 5), (1, 1, [1])],
)
def test_an_epoch_has_every_row_once(rows, size, sizes):
    y = np.arange(rows)
    x = np.stack([y, 10 * y], axis=1)
    batches = minibatches(rng(), (x, y), size)
    assert len(batches) == len(sizes)
    dealt = list(batches)
    assert all(type(batch) is tuple for batch in dealt)
    assert [len(b) for _, b in dealt] == sizes
    assert sorted(np.concatenate([b for _, b in dealt]).tolist()) == y.tolist()
    for a, b in dealt:  # what belongs together stays together
        assert np.array_equal(a, np.stack([b, 10 * b], axis=1))


@pytest.mark.parametrize(("rows", "sizes"), [(10, [4, 4]), (8, [4, 4]), (7, [4])])
def test_drop_last(rows, sizes):
    kept = minibatches(rng(), np.arange(rows), 4)
    dropped = minibatches(rng(), np.arange(rows), 4, drop_last=True)
    assert len(dropped) == len(sizes)
    dealt = list(dropped)
    assert [len(batch) for batch in dealt] == sizes
    assert all(np.array_equal(a, b) for a, b in zip(kept, dealt, strict=False))


def test_a_shard_of_each_batch():
    """The numbers of its rows go through the function; the order is that of all."""
    whole = list(minibatches(rng(), (np.arange(7), np.arange(7)), 3))
    halves = [
        list(minibatches(rng(), (np.arange(7), np.arange(7)), 3, shard=shard))
        for shard in (lambda rows: rows[:1], lambda rows: rows[1:])
    ]
    assert [len(x) for x, _ in halves[1]] == [2, 2, 0]
    for batch, *parts in zip(whole, *halves, strict=True):
        for x, *pieces in zip(batch, *parts, strict=True):
            assert np.array_equal(np.concatenate(pieces), x)
    with pytest.raises(TypeError, match=r"shard is a function, such as ranks\.shard, not a tuple"):
        minibatches(rng(), np.arange(7), 3, shard=(0, 2))


def test_trees():
    x, y = np.arange(6.0), np.arange(6)
    assert isinstance(next(iter(minibatches(rng(), x, 2))), np.ndarray)
    batch = next(iter(minibatches(rng(), Pair(x, y), 2)))
    assert type(batch) is Pair
    assert np.array_equal(batch.x, batch.y)
    batch = next(iter(minibatches(rng(), {"x": x, "more": [y, None]}, 4)))
    assert np.array_equal(batch["x"], batch["more"][0])
    assert batch["more"][1] is None
    assert (batch["x"].dtype, batch["more"][0].dtype) == (x.dtype, y.dtype)


def test_the_order_is_the_generators():
    def order(generator, epochs=1):
        batches = minibatches(generator, np.arange(50), 7)
        return [np.concatenate(list(batches)).tolist() for _ in range(epochs)]

    assert order(rng(1)) == order(rng(1))
    assert order(rng(1)) != order(rng(2))
    first, second = order(rng(1), epochs=2)
    assert first != second  # another epoch, another order
    assert first != sorted(first)
    assert [first] == order(rng(1))
    generator = rng(1)
    assert [order(generator)[0], order(generator)[0]] == [first, second]


def test_an_order_is_drawn_when_a_pass_begins():
    generator = rng(3)
    before = generator.bit_generator.state
    batches = minibatches(generator, np.arange(9), 2)
    assert len(batches) == 5
    assert generator.bit_generator.state == before
    iter(batches)
    assert generator.bit_generator.state != before


def test_two_passes_at_a_time():
    batches = minibatches(rng(), np.arange(9), 2)
    pairs = list(zip(batches, batches, strict=True))
    for dealt in zip(*pairs, strict=True):
        assert sorted(np.concatenate(dealt).tolist()) == list(range(9))


def test_batches_are_copies():
    x = np.arange(5)
    for batch in minibatches(rng(), x, 2):
        batch[...] = -1
    assert x.tolist() == [0, 1, 2, 3, 4]


def test_every_order_is_as_likely():
    generator = rng(4)
    batches = minibatches(generator, np.arange(3), 3)
    orders = [tuple(next(iter(batches))) for _ in range(6_000)]
    counts = np.array([orders.count(order) for order in set(orders)])
    assert len(counts) == 6
    assert np.all(abs(counts - 1_000) < 5 * np.sqrt(1_000))


@pytest.mark.parametrize(
    ("arrays", "size", "error", "message"),
    [
        ((np.ones(3), np.ones(4)), 2, ValueError, "arrays[1] has 4 rows and arrays[0] has 3; give"),
        ({"x": np.ones(3), "y": np.ones(2)}, 2, ValueError, "arrays['y'] has 2 rows and"),
        (np.ones(3), 0, ValueError, "the size of a batch is 0; it must be 1 or more"),
        (np.ones(3), -2, ValueError, "the size of a batch is -2; it must be 1 or more"),
        ((), 2, ValueError, "there are no arrays to take batches from"),
        (None, 2, ValueError, "there are no arrays to take batches from"),
        (np.ones((0, 3)), 2, ValueError, "0 rows give no batch of 2"),
        ([1.0, 2.0], 2, TypeError, "arrays[0] must be a NumPy array with rows, not a float"),
        (np.array(1.0), 2, TypeError, "arrays must be a NumPy array with rows, not a ndarray of"),
        (tg.Tensor([1.0, 2.0]), 2, TypeError, "not a Tensor of shape (2,)"),
    ],
)  # fmt: skip
def test_refused(arrays, size, error, message):
    with pytest.raises(error, match=re.escape(message)) as caught:
        minibatches(rng(), arrays, size)
    assert str(caught.value).startswith("minibatches: ")


def test_no_whole_batch():
    with pytest.raises(ValueError, match="3 rows give no batch of 4; take a smaller size or keep"):
        minibatches(rng(), np.ones(3), 4, drop_last=True)


@pytest.mark.parametrize("size", [2.0, "2", None, True])
def test_a_size_that_is_no_integer(size):
    with pytest.raises(TypeError, match="minibatches: the size of a batch must be an integer, not"):
        minibatches(rng(), np.ones(3), size)


@pytest.mark.parametrize("generator", [0, None, np.random, np.random.RandomState(0)])
def test_a_generator_of_another_kind(generator):
    with pytest.raises(TypeError, match=r"minibatches: rng is a \w+; give a numpy.random"):
        minibatches(generator, np.ones(3), 2)


def test_memory_mapped_files(tmp_path):
    x, y = np.arange(60.0).reshape(20, 3), np.arange(20)
    np.save(tmp_path / "x.npy", x)
    y.tofile(tmp_path / "y")
    files = {
        "x": np.load(tmp_path / "x.npy", mmap_mode="r"),
        "y": np.memmap(tmp_path / "y", y.dtype, "r", shape=(20,)),
    }
    plain = minibatches(rng(), {"x": x, "y": y}, 6)
    for batch, read in zip(plain, minibatches(rng(), files, 6), strict=True):
        for name in ("x", "y"):
            assert type(read[name]) is np.ndarray
            assert read[name].flags.owndata
            assert read[name].flags.writeable
            assert np.array_equal(read[name], batch[name])


def test_a_subclass_keeps_its_class():
    masked = np.ma.masked_array(np.arange(4), [False, True, False, True])
    batch = next(iter(minibatches(rng(), masked, 4)))
    assert sorted(batch.compressed().tolist()) == [0, 2]


READER = """
import re, sys
import numpy as np
from tinygrad_np.data import minibatches, prefetch

def held():  # bytes of memory that is no file's
    [kib] = re.findall(r"RssAnon:\\s+(\\d+) kB", open("/proc/self/status").read())
    return int(kib) << 10

path, batches, most = sys.argv[1], 0, 0
images = np.load(path, mmap_mode="r")
begun = held()
for batch in prefetch(minibatches(np.random.default_rng(0), images, 64), ahead=2):
    batches += 1
    most = max(most, held() - begun)
    assert not batch.any()
print(batches, most)
whole = np.load(path)
print(held() - begun)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by /proc")
def test_a_file_is_not_read_into_memory(tmp_path):
    """An epoch of a file of 200 MB, which is all a hole, holds little more than its batches.

    There are three or four at a time (two in advance, one given out, and the one before until the
    loop's variable has the next), of 64 × 3 KB: 0.8 MB; the order of 65,104 rows is 0.5 MB; the
    rest of 4 MB is for a thread's heap and stack, and what an allocator does not give back. The
    pages of the file that the system keeps are its own, and it takes them back when memory is
    needed. Reading the whole file costs all of its 200 MB.
    """
    path, rows = tmp_path / "images.npy", 65_104
    try:
        images = np.lib.format.open_memmap(path, "w+", np.uint8, (rows, 32, 32, 3))
        del images
    except OSError as error:
        pytest.skip(f"no such file here: {error}")
    if os.stat(path).st_blocks * 512 > 1 << 20:
        pytest.skip("files have no holes here")
    done = subprocess.run(
        [sys.executable, "-c", READER, path],
        env={**os.environ, "PYTHONPATH": str(Path(tg.__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    epoch, whole = done.stdout.splitlines()
    batches, most = map(int, epoch.split())
    assert batches == -(-rows // 64)
    assert most < 4 << 20
    assert int(whole) > rows * 3072 * 0.9  # so the measure would have seen it

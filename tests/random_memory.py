"""Random programs: no two live arrays that should be apart share memory.

python tests/random_memory.py 10000     # so many programs, and what came of them

A program does some thirty things in a random order: it makes arrays in memory that is used again
(directly, as scratch, and by functions of the package with and without gradients), takes slices,
views, transposes, subclasses and memoryviews of what lives, drops arrays, raises exceptions and
holds on to them, leaves arrays to the garbage collector, to finalisers that revive them and to
other threads, gives memory back, and forks. Each array is one whose content is known, and belongs
to the array that it was made from. After each step, arrays that do not belong together lie apart,
and at the end of a program each array has the content that it had.
"""

import gc
import os
import random
import sys
import threading
import time

import numpy as np

import tinygrad_np as tg
from tinygrad_np.fast import memory, paths

SIZES = [(1 << 14,), (1 << 14, 2), (129, 130), (3, 91, 64), (8, 64, 65)]  # all are reused
DTYPES = [np.float32, np.float64, np.int64]
PATHS = {"REUSE_FROM_BYTES": 1 << 16, "LARGE_PAGES_FROM_BYTES": 1 << 16, "ARENA_BYTES": 1 << 22}
CAN_FORK = hasattr(os, "fork")


class Subclass(np.ndarray):
    """An array of a class of the user's."""


class Revived:
    """A part of a cycle that its finaliser brings back to life."""

    def __init__(self, world, item):
        self.world, self.item, self.itself = world, item, self

    def __del__(self):
        self.world.items.append(self.item)


class World:
    """The arrays of a program: (array, what it belongs to, its content); and what holds others."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.items = []
        self.errors = []
        self.families = 0

    def add(self, array, content=None):
        self.families += 1
        if content is None:
            number = self.families % 1000
            array[...] = number
            content = number
        self.items.append((array, self.families, content))

    def any(self):
        return self.random.choice(self.items) if self.items else None

    def drawn(self, dtype=np.float32):
        """Small integers, which float32 multiplies and adds exactly."""
        rng = np.random.default_rng(self.random.randrange(1 << 30))
        return rng.integers(-3, 4, self.random.choice(SIZES[:3])).astype(dtype)


# What a program does


def make(world):
    shape, dtype = world.random.choice(SIZES), world.random.choice(DTYPES)
    world.add(world.random.choice([memory.empty, memory.zeros, memory.scratch])(shape, dtype))


def compute(world):
    x = world.drawn()
    kind = world.random.randrange(5)
    if kind == 0:
        t = (tg.Tensor(x) * 2.0 + 1.0) * tg.Tensor(x)
        world.add(t.data, (x * 2 + 1) * x)
    elif kind == 1:
        world.add(tg.relu(x), np.where(x > 0, x, 0))
    elif kind == 2:
        world.add(tg.grad(lambda x: np.sum(x * x * x))(x), 3 * x * x)
    elif kind == 3:
        images = x.reshape(-1)[: 1 << 14].reshape(1, 64, 64, 4)
        world.add(tg.max_pool(images, 2), images.reshape(1, 32, 2, 32, 2, 4).max((2, 4)))
    else:
        images = x.reshape(-1)[: 1 << 14].reshape(1, 64, 64, 4)
        w = np.ones((3, 3, 4, 4), np.float32)
        total = np.zeros((1, 62, 62, 1), np.float32)
        for i in range(3):
            for j in range(3):
                total += images[:, i : i + 62, j : j + 62].sum(-1, keepdims=True)
        y, pull = tg.vjp(lambda x: tg.conv2d(x, w), images)
        world.add(y, np.repeat(total, 4, -1))
        world.add(pull(np.zeros(y.shape, np.float32))[0], 0)


def train(world):
    """A step whose gradient is known: values recorded on the way must not meet."""
    x = world.drawn(np.float64)
    t = tg.Tensor(x)
    y = t * t
    z = y * 2.0 - t
    (z * z).sum().backward()
    world.add(t.grad, 2 * (2 * x * x - x) * (4 * x - 1))
    world.add(y.data, x * x)


def view(world):
    item = world.any()
    if item is None:
        return
    array, family, content = item
    kind = world.random.randrange(9)
    whole = np.broadcast_to(content, array.shape)
    if kind == 0 and array.ndim:
        part = slice(world.random.randrange(len(array)), None, world.random.choice([1, 2, 3]))
        made, content = array[part], whole[part]
    elif kind == 1:
        made, content = array.T, whole.T
    elif kind == 2:
        made, content = array.reshape(-1), whole.reshape(-1)
    elif kind == 3:
        made, content = array.view(Subclass)[::2], whole[::2]
    elif kind == 4:
        made = np.asarray(memoryview(array))
    elif kind == 5:
        made = np.asarray(memoryview(array)[1:]) if array.ndim == 1 else array[...]
        content = whole[1:] if array.ndim == 1 else whole
    elif kind == 6 and array.flags.c_contiguous:
        made = np.frombuffer(array, array.dtype)
        content = whole.reshape(-1)
    elif kind == 7:
        made, content = np.lib.stride_tricks.as_strided(array, array.shape, array.strides), whole
    else:
        made, content = np.ndarray.__getitem__(array, (None, ...)), whole[None]
    world.items.append((made, family, content))


def drop(world):
    for _ in range(world.random.randrange(1, 4)):
        if world.items:
            world.items.pop(world.random.randrange(len(world.items)))


def fail(world):
    """An exception, whose frames hold arrays, is held for a while or not."""

    def failing(x):
        y = tg.relu(x)
        room = memory.scratch(x.shape, x.dtype)
        room[...] = y
        return np.exp(tg.Tensor(y)) + np.zeros(x.size + 1)

    try:
        failing(world.drawn())
    except ValueError as error:
        world.errors.append(error)
    if world.random.random() < 0.5:
        world.errors.clear()


def leave(world):
    """An array that is left to the garbage collector, or revived by a finaliser."""
    item = world.any()
    if item is None:
        return
    if world.random.random() < 0.5:
        Revived(world, item)
    else:
        cycle = [item[0]]
        cycle.append(cycle)
    if world.random.random() < 0.5:
        world.items = [other for other in world.items if other is not item]
    if world.random.random() < 0.3:
        gc.collect(0)


def elsewhere(world):
    """Other threads make, compute and drop, at the same time as this one."""
    others = [World(world.random.random()) for _ in range(2)]

    def work(other):
        for _ in range(4):
            other.random.choice([make, compute, view, drop])(other)
        # Arrays of this thread die on that one, and the other way round.
        for _ in range(2):
            drop(other)

    threads = [threading.Thread(target=work, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for _ in range(4):
        world.random.choice([make, compute, view])(world)
    for thread in threads:
        thread.join()
    for other in others:
        world.items += [(array, (id(other), family), content)
                        for array, family, content in other.items]  # fmt: skip
    world.errors.append(others)  # so that their ids stay theirs


def give_back(world):
    tg.release_memory()


def fork(world):
    """The child goes on with what it has; neither sees what the other writes."""
    if not CAN_FORK or world.random.random() > 0.05:
        return
    child = os.fork()
    if not child:
        code = 1
        try:
            for _ in range(10):
                world.random.choice([make, compute, view, drop])(world)
                check_apart(world)
            check_contents(world)
            for array, _, _ in world.items:
                if array.flags.writeable:
                    array[...] = 99
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert status == 0, "the forked process failed"


ACTIONS = [make, make, compute, compute, train, view, view, view, drop, drop, drop, fail, leave,
           elsewhere, give_back, fork]  # fmt: skip


# What must hold


def check_apart(world):
    """Arrays that do not belong together do not overlap."""
    spans = [(*np.lib.array_utils.byte_bounds(array), str(family))
             for array, family, _ in list(world.items) if array.size]  # fmt: skip
    furthest, owner = 0, ""
    for start, stop, family in sorted(spans):
        assert start >= furthest or family == owner, "two arrays share memory"
        if stop > furthest:
            furthest, owner = stop, family


def check_contents(world):
    for array, _, content in list(world.items):
        assert np.array_equal(array, np.broadcast_to(content, array.shape)), "an array has changed"


def run(seed):
    """One program; raises where two arrays meet.

    Small arrays are used again in it, too, and in every second one they lie in large pages.
    """
    usual = {name: getattr(paths, name) for name in PATHS}
    try:
        for name, value in PATHS.items():
            if name == "REUSE_FROM_BYTES" or seed % 2:
                setattr(paths, name, value)
        world = World(seed)
        for _ in range(world.random.randrange(10, 40)):
            world.random.choice(ACTIONS)(world)
            check_apart(world)
        check_contents(world)
        world.errors.clear()
        gc.collect(1)
        check_apart(world)
        check_contents(world)
    finally:
        for name, value in usual.items():
            setattr(paths, name, value)


def main(programs):
    began = time.perf_counter()
    for seed in range(programs):
        try:
            run(seed)
        except AssertionError as error:
            print(f"program {seed}: {error}")
            return 1
        if seed % 100 == 99 and sys.stderr.isatty():
            print(f"\r{seed + 1} of {programs}", end="", file=sys.stderr, flush=True)
    seconds = time.perf_counter() - began
    print(f"{programs} programs in {seconds:.0f} s: no two arrays met")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10000))

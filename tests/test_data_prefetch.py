"""tinygrad_np.data.prefetch: the same batches, made in advance; a thread that always ends.

What the two threads do at which moment is set by events, never by time.
"""

import contextlib
import gc
import os
import re
import subprocess
import sys
import threading
import traceback
import weakref
from pathlib import Path

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.data import minibatches, prefetch, random_crop, random_flip

ROOT = Path(tg.__file__).parents[1]
LONG = 60  # s; only a test that fails waits so long


def rng(seed=0):
    return np.random.default_rng(seed)


def threads():
    return [t for t in threading.enumerate() if t.name == "tinygrad_np.data.prefetch"]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    assert threads() == []
    yield
    gc.collect()
    assert threads() == []


def augmented(generator):
    def transform(batch):
        images, labels = batch
        return random_flip(generator, random_crop(generator, images, 8, padding=2)), labels

    return transform


@pytest.mark.parametrize("ahead", [1, 2, 5, 1_000, np.int64(3), 1 << 62])
def test_the_same_bits_as_without(ahead):
    images, labels = rng(9).integers(0, 256, (50, 8, 8, 3), dtype=np.uint8), np.arange(50)
    order, drawn = rng(1), rng(2)
    again, drawn_again = rng(1), rng(2)
    plain = minibatches(order, (images, labels), 8)
    fetched = prefetch(minibatches(again, (images, labels), 8), ahead, augmented(drawn_again))
    assert len(fetched) == len(plain) == 7
    transform = augmented(drawn)
    for _ in range(3):  # epochs
        for batch, other in zip(map(transform, plain), fetched, strict=True):
            assert type(other) is tuple
            assert all(np.array_equal(x, y) for x, y in zip(batch, other, strict=True))
        assert drawn.bit_generator.state == drawn_again.bit_generator.state
        assert order.bit_generator.state == again.bit_generator.state


def test_any_iterable():
    assert list(prefetch([None, (), 3, False])) == [None, (), 3, False]
    assert list(prefetch(range(3), transform=str)) == ["0", "1", "2"]
    assert list(prefetch([])) == []
    once = prefetch(x for x in range(3))
    assert (list(once), list(once)) == ([0, 1, 2], [])
    with pytest.raises(TypeError, match="prefetch: a generator does not say how many batches it"):
        len(once)


def test_the_order_is_drawn_when_a_pass_begins():
    generator = rng()
    before = generator.bit_generator.state
    batches = prefetch(minibatches(generator, np.arange(9), 2))
    assert generator.bit_generator.state == before
    begun = iter(batches)
    drawn = generator.bit_generator.state
    assert drawn != before
    list(begun)
    assert generator.bit_generator.state == drawn


def test_two_passes_at_a_time():
    batches = prefetch(minibatches(rng(), np.arange(9), 2))
    plain = minibatches(rng(), np.arange(9), 2)
    for (a, b), (c, d) in zip(
        zip(batches, batches, strict=True), zip(plain, plain, strict=True), strict=True
    ):
        assert np.array_equal(a, c)
        assert np.array_equal(b, d)


@pytest.mark.parametrize("ahead", [1, 2, 3])
def test_so_many_are_made_in_advance_and_no_more(ahead):
    made = threading.Semaphore(0)
    count = 0

    def transform(x):
        nonlocal count
        count += 1
        made.release()
        return x

    given = iter(prefetch(range(20), ahead, transform))
    for taken in range(1, 10):
        next(given)
        for _ in range(1 + ahead if taken == 1 else 1):
            assert made.acquire(timeout=LONG)
        # The thread now waits for a request: nothing else is there to be waited for.
        assert count == taken + ahead
    given.close()
    assert count == 9 + ahead


def test_one_trains_while_the_next_is_made():
    """The second batch is not ready before the first was given out."""
    trains = threading.Event()

    def transform(x):
        assert x == 0 or trains.wait(LONG)
        return x

    got = []
    for x in prefetch(range(2), 1, transform):
        trains.set()
        got.append(x)
    assert got == [0, 1]


class FaultError(Exception):
    pass


def faulty(x):
    if x == 3:
        raise FaultError("the fourth")
    return x


def test_an_error_comes_in_its_place_with_its_traceback():
    got, given = [], iter(prefetch(range(9), 5, faulty))
    with pytest.raises(FaultError, match="the fourth") as caught:
        got.extend(given)
    assert got == [0, 1, 2]
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[0] == "test_an_error_comes_in_its_place_with_its_traceback"
    assert frames[-1] == "faulty"
    assert threads() == []
    assert list(given) == []  # a pass that failed is over


def test_an_error_of_the_batches():
    def batches():
        yield 1
        raise FaultError("no more")

    with pytest.raises(FaultError, match="no more") as caught:
        list(prefetch(batches()))
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "batches"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
def test_every_kind_of_error(error):
    def transform(x):
        raise error("in the thread")

    with pytest.raises(error, match="in the thread"):
        list(prefetch([1], transform=transform))


def test_a_stop_iteration_does_not_end_the_pass_in_silence():
    with pytest.raises(RuntimeError, match="StopIteration") as caught:
        list(prefetch(range(3), transform=lambda x: next(iter(()))))
    assert isinstance(caught.value.__cause__, StopIteration)


def test_an_error_keeps_nothing(no_collector):
    class Thing:
        pass

    things = [Thing() for _ in range(3)]
    alive = [weakref.ref(x) for x in things]

    def transform(x):
        raise FaultError

    with contextlib.suppress(FaultError):
        list(prefetch(things, transform=transform))
    del things
    assert [ref() for ref in alive] == [None] * 3


def test_batches_are_given_away(no_collector):
    """Nothing holds a batch that was used, while the next one is made."""

    class Thing:
        pass

    def batches():
        died = None
        for _ in range(4):
            assert died is None or died.wait(LONG)
            died = threading.Event()
            thing = Thing()
            weakref.finalize(thing, died.set)
            yield thing
            del thing

    count = 0
    for thing in prefetch(batches(), 1):
        count += 1
        del thing
    assert count == 4


def test_break():
    for x in prefetch(range(100)):
        if x == 3:
            break
    assert threads() == []


def test_an_error_while_one_trains():
    def train():
        for _ in prefetch(range(100)):
            raise FaultError

    with pytest.raises(FaultError):
        train()
    assert threads() == []


def test_garbage():
    given = iter(prefetch(range(100)))
    next(given)
    assert len(threads()) == 1
    circle = [given]
    circle.append(circle)
    del given, circle
    gc.collect()
    assert threads() == []


def test_a_pass_that_never_began():
    iter(prefetch(range(100)))
    assert threads() == []


def test_what_is_left_early_draws_no_more():
    generator = rng()
    for _ in prefetch(range(100), 2, lambda x: generator.random()):
        break
    state = generator.bit_generator.state
    assert threads() == []  # so nobody is there to draw
    drawn = next(i for i in range(5) if rng().bit_generator.advance(i).state == state)
    assert 1 <= drawn <= 3  # that given out, and up to `ahead` more


def test_garbage_that_the_thread_itself_collects():
    """Whoever collects a pass ends it, its own thread, too, and nobody waits for oneself."""
    holder, collected = [], threading.Event()

    def transform(x):
        if x == 1:
            assert begun.wait(LONG)
            holder.clear()  # the last reference to the pass
            collected.set()
        return x

    begun = threading.Event()
    given = iter(prefetch(range(100), 2, transform))
    next(given)
    [thread] = threads()
    holder.append(given)
    del given
    begun.set()
    assert collected.wait(LONG)
    thread.join(LONG)
    assert not thread.is_alive()


def test_the_context_of_the_pass():
    """np.errstate holds in the thread, too, so that the same is warned about as without one."""
    batches = prefetch([np.float64(0), np.float64(1)], transform=lambda x: np.divide(1, x))
    with np.errstate(divide="ignore"):
        assert list(batches) == [np.inf, 1.0]
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        list(batches)


def run(code, **kwargs):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LONG,
        **kwargs,
    )


BEGIN = """
import sys, threading
from tinygrad_np.data import prefetch
given = iter(prefetch(range(100), 2, lambda x: x))
"""


@pytest.mark.parametrize(
    "end",
    [
        "next(given)",
        "next(given); next(given); sys.exit(0)",
        "for x in given: break",
        "given.gi_frame; circle = [given]; circle.append(circle); next(given); del given",
        "threading.Thread(target=lambda: [next(given) for _ in range(3)]).start()",
        "def f():\n    for x in given:\n        if x == 3: sys.exit(0)\nf()",
    ],
)
def test_the_exit_of_the_interpreter(end):
    done = run(f"{BEGIN}{end}\nprint('end')" if "exit" not in end else f"{BEGIN}{end}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("" if "exit" in end else "end\n")


def test_at_its_exit_the_interpreter_waits_for_the_batch_being_made():
    done = run("""
import sys, threading
from tinygrad_np.data import prefetch
began, never = threading.Event(), threading.Event()
def transform(x):
    if x == 1:
        began.set()
        never.wait(0.2)
        print("made")
    return x
given = iter(prefetch(range(100), 2, transform))
next(given)
began.wait()
print("end")
""")
    assert (done.returncode, done.stderr, {*done.stdout.split()}) == (0, "", {"end", "made"})


@pytest.mark.skipif(sys.platform == "win32", reason="the signal is POSIX's")
def test_ctrl_c_while_one_waits():
    done = run("""
import os, signal, threading
from tinygrad_np.data import prefetch
main = threading.main_thread().ident
released = threading.Event()
def transform(x):
    if x == 1:
        signal.pthread_kill(main, signal.SIGINT)
        released.wait()
    return x
def interrupted(*_):
    released.set()
    raise KeyboardInterrupt
signal.signal(signal.SIGINT, interrupted)
try:
    for x in prefetch(range(100), 2, transform):
        pass
except KeyboardInterrupt:
    print("interrupted", threading.active_count())
""")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "interrupted 1\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no os.fork here")
def test_after_a_fork():
    done = run("""
import os, threading, warnings
from tinygrad_np.data import prefetch
warnings.simplefilter("ignore", DeprecationWarning)  # Python tells of forks with threads
held = threading.Event()
batches = prefetch(range(5), 1, lambda x: held.wait() and x if x == 2 else x)
given = iter(batches)
print(next(given), flush=True)
child = os.fork()
if not child:
    held.set()
    try:
        print("in the child", list(given))
    except RuntimeError as error:
        print(error)
    print(list(prefetch(range(3))), flush=True)
    os._exit(0)
os.waitpid(child, 0)
held.set()
print(list(given))
""")
    assert (done.returncode, done.stderr) == (0, "")
    first, gone, new, rest = done.stdout.splitlines()
    assert (first, new, rest) == ("0", "[0, 1, 2]", "[1, 2, 3, 4]")
    assert gone.startswith(
        "prefetch: the thread of this pass is gone, as in a process that os.fork"
    )


def test_a_run_resumed_between_two_passes(tmp_path):
    """What a checkpoint holds after a pass is enough to go on to the bit."""

    def trained(epochs, state, checkpoint=None):
        images = np.arange(10 * 36, dtype=np.float64).reshape(10, 6, 6, 1)
        order, drawn = state["order"], state["drawn"]
        batches = prefetch(
            minibatches(order, images, 3), 2, lambda x: random_crop(drawn, x, 6, padding=2)
        )
        for _ in range(epochs):
            for x in batches:
                state["w"] = 0.9 * state["w"] + x.mean(0)
            if checkpoint:
                checkpoint.save(checkpoint.steps()[-1] + 1 if checkpoint.steps() else 0, state)
        return state["w"]

    def start():
        return {"w": np.zeros((6, 6, 1)), "order": rng(1), "drawn": rng(2)}

    checkpoint = tg.training.Checkpoint(tmp_path)
    trained(2, start(), checkpoint)
    assert np.array_equal(trained(3, checkpoint.load().state), trained(5, start()))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3,), TypeError, "a int is no series of batches; give what tinygrad_np.data.minibatches"),
        ((None,), TypeError, "a NoneType is no series of batches"),
        ((np.ones((4, 3)),), TypeError, "a ndarray is no series of batches"),
        ((tg.Tensor([1.0]),), TypeError, "a Tensor is no series of batches"),
        (([], 0), ValueError, "ahead is 0; it must be 1 or more batches"),
        (([], -1), ValueError, "ahead is -1; it must be 1 or more batches"),
        (([], 1.0), TypeError, "ahead must be an integer, not a float"),
        (([], True), TypeError, "ahead must be an integer, not a bool"),
        (([], None), TypeError, "ahead must be an integer, not a NoneType"),
        (([], 2, 3), TypeError, "transform must be a function of a batch, not a int"),
    ],
)
def test_refused(arguments, error, message):
    with pytest.raises(error, match=re.escape(message)) as caught:
        prefetch(*arguments)
    assert str(caught.value).startswith("prefetch: ")

"""Programs that `test_training_parallel.py` runs on several processes, by ``mpiexec -n N``.

python tests/ranked.py NAME FOLDER
"""

import copy
import functools
import os
import signal
import sys
import threading
import time
import warnings
from importlib.util import find_spec
from pathlib import Path

import fitted
import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.training import fit, parallel
from tinygrad_np.training.exchange import Exchange
from tinygrad_np.training.steps import Run, Stepper

RNG = np.random.default_rng(7)
X = RNG.normal(size=(97, 3))
Y = X @ [1.0, -2.0, 0.5] + 0.1 * RNG.normal(size=97)
quiet = functools.partial(fit, progress=False)
momentum = functools.partial(tg.optim.sgd, momentum=0.9)


def loss(w, x, y):
    return np.mean((x @ w - y) ** 2)


def with_state(params, state, x, y):
    value, state = fitted.loss(params, state, x, y)
    return value, {**state, "steps": state["steps"] + 1}


def run(ranks, folder, loss=with_state, **options):
    """`fit` with dropout, batch norm, AdamW, a schedule and an average, saved after every step."""
    data, params = fitted.begun(136)
    rate = tg.optim.schedules.warm_up(tg.optim.schedules.cosine(0.01, 60), 10)
    state = {"statistics": None, "rng": np.random.default_rng(1), "steps": np.array(0)}
    given = {
        "rate": rate, "epochs": 3, "batch_size": 8, "state": state, "validation": data,
        "evaluate": fitted.evaluate, "average": 0.99, "checkpoint": folder, "every": 1,
        "parallel": ranks,
    }  # fmt: skip
    return quiet(loss, params, data, tg.optim.adamw, **{**given, **options})


def refused(kind, told, function):
    """All ranks raise the same; without `debug/` it says less."""
    with pytest.raises(kind, match=told if find_spec("tinygrad_np.debug") else None):
        function()


# Together


def means(ranks, folder):
    """Leaves of every kind, to the dtype and the shape; what differs between ranks."""
    me, n = ranks.rank, ranks.size
    assert n > 1
    wide = np.arange(12.0).reshape(3, 4) * (1 + me)
    tree = {
        "strided": wide[:, ::2], "none": None, "0-d": np.array(2.0 * me), "number": float(me),
        "scalar": np.float32(me), "half": np.full(3, 60000 - 64 * me, np.float16),
        "complex": np.full((2, 1), 1 + 2j * me, np.complex64), "empty": np.zeros((0, 3)),
        "swapped": np.full(2, me, ">f8"), "long": np.full(2, me, np.longdouble),
        "list": [(np.full(2, me, np.complex128).T,)],
    }  # fmt: skip
    found = ranks.mean(tree)
    middle = (n - 1) / 2
    for leaf, given in zip(tg.tree.leaves(found), tg.tree.leaves(tree), strict=True):
        assert type(leaf) is type(given)
        assert np.shape(leaf) == np.shape(given)
        assert np.asarray(leaf).dtype == np.asarray(given).dtype
    np.testing.assert_allclose(
        found["strided"], np.arange(12.0).reshape(3, 4)[:, ::2] * (1 + middle)
    )
    assert found["0-d"] == 2 * middle
    assert found["number"] == found["scalar"] == found["swapped"][0] == found["long"][1] == middle
    np.testing.assert_allclose(found["half"], np.full(3, 60000 - 64 * middle, np.float16))
    np.testing.assert_allclose(found["complex"], 1 + 2j * middle)
    for leaf in tg.tree.leaves(found):  # the caller's own
        if isinstance(leaf, np.ndarray):
            assert leaf.flags.writeable
            assert not any(np.shares_memory(leaf, buffer) for buffer in ranks._buffers)
    np.testing.assert_array_equal(wide, np.arange(12.0).reshape(3, 4) * (1 + me))
    assert ranks.mean({}) == {}
    # By weights; a tree of weight 0 does not count, whatever is in it.
    weighed = ranks.mean(np.array(float(me)), weight=me)
    np.testing.assert_allclose(weighed, sum(r * r for r in range(n)) / sum(range(n)))
    assert ranks.mean(np.array(np.nan if me else 3.0), weight=not me) == 3.0
    ranks.check(found)
    # All that differs: none hangs, none is mixed.
    odd = me == n - 1
    a = np.ones(3)
    pairs = [
        ({"a": a, "b": np.ones(2)}, {"a": a, "b": a}, rf"rank {n - 1} has \['b'\] float64 \(2,\)"),
        ({"a": a}, {"a": a, "b": a}, rf"rank {n - 1} has no further leaf"),
        ({"a": a.astype(np.float32)}, {"a": a}, rf"rank {n - 1} has \['a'\] float32"),
        ({"b": a, "a": a}, {"a": a, "b": a}, rf"rank {n - 1} has \['b'\]"),
        ([a], (a, a), "rank 0 has .0. float64 .*no further leaf|no further leaf"),
        (np.ones((3, 1)), a, rf"rank {n - 1} has float64 \(3, 1\)"),
    ]
    for one, others, told in pairs:
        refused(ValueError, told, lambda one=one, others=others: ranks.mean(one if odd else others))
        assert ranks.mean({"a": np.array(float(me))})["a"] == middle  # and all go on
    refused(ValueError, told, lambda: ranks.broadcast(one if odd else others))
    what = {"params": [a, a * (1 + odd)], "rng": np.random.default_rng(0)}
    told = rf"it\['params'\]\[1\] is not the same, to the bit, on rank 0 and rank {n - 1}"
    refused(ValueError, told, lambda: ranks.check(what, "it"))
    what = {"params": a, "rng": np.random.default_rng(1 if odd else 2)}
    refused(ValueError, r"the tree\['rng'\] is not the same", lambda: ranks.check(what))
    names = np.array(["a", "b" if odd else None])
    refused(ValueError, "the tree is not the same", lambda: ranks.check(names))
    zeros = np.array([-0.0 if odd else 0.0])
    refused(ValueError, "the tree is not the same", lambda: ranks.check(zeros))
    refused(RuntimeError, rf"rank 0 is at a gather.*, rank {n - 1} is at a mean",
            lambda: ranks.mean(a) if odd else ranks.gather(0))  # fmt: skip
    refused(ValueError, "sum of the ranks' weights, in float64, is 0", lambda: ranks.mean(a, 0))
    refused(
        ValueError,
        "sum of the ranks' weights, in float32, is inf",
        lambda: ranks.mean(np.float32(1), 3e38),
    )
    refused(ValueError, "a weight must be 0 or more", lambda: ranks.mean(a, -1))
    refused(TypeError, r"\['n'\] int64", lambda: ranks.mean({"n": np.arange(3)}))
    assert ranks.gather(me) == list(range(n))
    # The calls that are not for another thread, and not after the end.
    refusals = []

    def elsewhere():
        try:
            ranks.mean(a)
        except RuntimeError as error:
            refusals.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "another thread" in str(refusals[0])

    def nested():
        with parallel():
            pass

    refused(RuntimeError, "such a block around this one", nested)
    # A fork has no part in it, and its end is not that of the others.
    child = os.fork()
    if not child:
        try:
            ranks.mean(a)
        except RuntimeError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    # More than one message can hold goes in several.
    module = sys.modules["tinygrad_np.training.parallel"]
    most, module._MOST = module._MOST, 5
    long = {"a": np.arange(23.0) + me, "b": np.arange(7, dtype=np.float32) + me}
    found = ranks.mean(long)
    module._MOST = most
    np.testing.assert_allclose(found["a"], np.arange(23.0) + middle)
    np.testing.assert_allclose(found["b"], np.arange(7) + middle)


def shards(ranks, folder):
    """Rows are dealt out once; generators of a rank's own; a broadcast."""
    for count in (0, 1, ranks.size, 97):
        rows = np.arange(count)
        parts = ranks.gather(ranks.shard({"rows": rows, "again": rows})["rows"])
        np.testing.assert_array_equal(np.concatenate(parts), rows)
        lengths = list(map(len, parts))
        assert max(lengths) - min(lengths) <= 1
    refused(ValueError, "as many rows each", lambda: ranks.shard((X, Y[:5])))
    # Batches of all ranks together are those of one process.
    for whole, *parts in zip(
        tg.data.minibatches(np.random.default_rng(1), (X, Y), 10),
        *ranks.gather(
            list(tg.data.minibatches(np.random.default_rng(1), (X, Y), 10, shard=ranks.shard))
        ),
        strict=True,
    ):
        for i in range(2):
            np.testing.assert_array_equal(np.concatenate([part[i] for part in parts]), whole[i])
    rng = np.random.default_rng(ranks.rank)
    tree = ranks.broadcast({"w": np.full(2, ranks.rank), "rng": rng, "n": ranks.rank, "none": None})
    assert tree["rng"] is rng
    assert (tree["n"], tree["none"]) == (0, None)
    assert not tree["w"].any()
    ranks.check(tree)
    own = [ranks.spawn(rng).random(3).tolist() for _ in range(2)]
    draws = [tuple(one) for both in ranks.gather(own) for one in both]
    assert len(set(draws)) == 2 * ranks.size
    ranks.check(rng)  # which all have drawn from


def gradients(ranks, folder):
    """Of a small network: those of one process with the whole batch, step by step."""
    params = {
        "first": tg.nn.init.dense(RNG, 3, 5, dtype=float),
        "last": tg.nn.init.dense(RNG, 5, 1, dtype=float),
    }

    def of(params, x, y):
        hidden = np.tanh(tg.dense(x, **params["first"]))
        return np.mean((tg.dense(hidden, **params["last"])[:, 0] - y) ** 2)

    both = tg.value_and_grad(of)
    given = {"rng": np.random.default_rng(1), "arrays": (X, Y), "size": 10}
    batches = tg.data.minibatches(**given, shard=ranks.shard)
    whole = tg.data.minibatches(**{**given, "rng": np.random.default_rng(1)})
    for part, batch in zip(batches, whole, strict=True):
        found = ranks.mean(both(params, *part), weight=len(part[0]))
        expected = both(params, *batch)
        largest = max(np.max(np.abs(leaf)) for leaf in tg.tree.leaves(expected[1]))
        for a, b in zip(tg.tree.leaves(found), tg.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * max(1, largest))
        ranks.check(found)
        params = tg.tree.map(lambda w, g: w - 0.1 * g, params, found[1])


def fits(ranks, folder):
    """To rounding the run of one process with the batches of all ranks."""
    rows = 12 * 8 + 1  # the last batch has a row for one rank, and none for the others
    size = 12 // ranks.size
    for jit in (False, True):
        given = {"rate": 0.05, "epochs": 3, "validation": (X, Y), "jit": jit}
        found = quiet(loss, np.zeros(3), (X[:rows], Y[:rows]), momentum, batch_size=size,
                      parallel=ranks, average=0.9, **given)  # fmt: skip
        one = quiet(loss, np.zeros(3), (X[:rows], Y[:rows]), momentum, batch_size=12, average=0.9,
                    **given)  # fmt: skip
        ranks.check((found.params, {**found.history.rows[-1], "seconds": 0}))
        np.testing.assert_allclose(found.params, one.params, rtol=1e-12)
        for name in ("step", "loss", "validation loss"):
            np.testing.assert_allclose(found.history[name], one.history[name], rtol=1e-12)
    single = [x.astype(np.float32) for x in (X, Y)]
    found = quiet(
        loss, np.zeros(3, np.float32), tuple(single), epochs=1, batch_size=8, parallel=ranks
    )
    assert found.params.dtype == np.float32
    # What is no mean goes on where the last batch has no row for a rank; objects are data, too.

    def counted(w, state, x, y):
        return loss(w, x, y.astype(float)), {"n": state["n"] + 1, "name": "a", "x": state["x"]}

    state = {"n": np.array(0), "name": "a", "x": np.array(["a", None])}
    found = quiet(counted, np.zeros(3), (X, Y.astype(object)), batch_size=size, parallel=ranks,
                  state=state, epochs=2, jit=False)  # fmt: skip
    assert found.state["n"] == found.history["step"][-1] == 2 * 9
    # Batches of one's own, which a thread prepares, with draws of the rank's own.
    order, drawn = np.random.default_rng(2 + ranks.rank), np.random.default_rng(3)
    seen = []

    def noise(batch):
        seen.append(drawn.normal(size=batch[0].shape))
        return batch[0] + 0.1 * seen[-1], batch[1]

    batches = tg.data.prefetch(
        tg.data.minibatches(order, (X, Y), 16, shard=ranks.shard), transform=noise
    )
    found = quiet(loss, np.zeros(3), batches, epochs=2, rng=(order, drawn), parallel=ranks)
    ranks.check(found.params)
    firsts = ranks.gather(seen[0][0, 0])
    assert len(set(firsts)) == ranks.size


def states(ranks, folder):
    """The mean of statistics, draws of each rank's own, numbers that are no means."""
    drawn = []

    def watched(params, state, x, y):
        drawn.append(copy.deepcopy(state["rng"]).random())
        return with_state(params, state, x, y)

    found = run(ranks, None, watched, jit=False, epochs=1)
    assert len(set(ranks.gather(drawn[0]))) == ranks.size
    statistics = {name: x for name, x in found.state.items() if name != "rng"}
    ranks.check((found.params, statistics))
    assert found.state["steps"] == found.history["step"][-1]
    again = run(ranks, None, epochs=1)  # with jit
    ranks.check(found.params)
    for a, b in zip(tg.tree.leaves(found.params), tg.tree.leaves(again.params), strict=True):
        assert a.tobytes() == b.tobytes()


def replays(ranks, folder):
    """What `jit` refuses, one rank tells once, with the line that called; what changes, any."""
    if find_spec("tinygrad_np.fast") is None:  # nothing is replayed
        return

    def not_taken(w, x, y):
        return loss(w, np.asarray(x), y)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        quiet(not_taken, np.zeros(3), (X, Y), epochs=2, batch_size=8, parallel=ranks)
    told = [(each.filename, str(each.message)[:28]) for each in warned]
    assert told == [(__file__, "fit: goes on without jit, wh")] * (ranks.rank == 0), told
    held = [1.0]

    def rate(step):
        held[0] = 1.0 if step < 20 else 2.0
        return 0.01

    def holding(w, x, y):
        return loss(w, x, y) * held[0]

    told = r"by step \d\d .* it holds has changed"
    given = {"rate": rate, "epochs": 9, "batch_size": 8, "parallel": ranks}
    refused(ValueError, told, lambda: quiet(holding, np.zeros(3), (X, Y), **given))


class Counted:
    """A communicator that counts the calls of its methods."""

    def __init__(self, world):
        self.world, self.calls = world, []

    def __getattr__(self, name):
        self.calls.append(name)
        return getattr(self.world, name)


def messages(ranks, folder):
    """A step is one message: gradient, loss, statistics, and the sum of the weights."""
    (x, y), params = fitted.begun(16)
    stepper = Stepper(with_state, tg.optim.adamw, True, None, False, (), 1, Exchange(ranks, []))
    state = {"statistics": None, "rng": np.random.default_rng(1), "steps": np.array(0)}
    held = stepper.step(Run(params, state), (x, y), 0.01)  # in which all tell the form of the tree
    before = ranks._world, ranks._objects
    ranks._world = ranks._objects = counted = Counted(ranks._world)
    for _ in range(3):
        held = stepper.step(held, (x, y), 0.01)
    ranks._world, ranks._objects = before
    assert counted.calls == ["Allreduce"] * 3
    assert {leaf.dtype for leaf in tg.tree.leaves(held.params)} == {np.dtype(np.float32)}
    ranks.check(held.params)


def copies(ranks, folder):
    """One rank tells where all have the same batches, and no other time."""
    given = {"epochs": 1, "parallel": ranks}
    for shard, is_told in ((None, ranks.rank == 0), (ranks.shard, False)):
        batches = tg.data.minibatches(np.random.default_rng(0), (X, Y), 8, shard=shard)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            quiet(loss, np.zeros(3), batches, jit=False, rng=np.random.default_rng(0), **given)
        told = [(each.filename, str(each.message)[:40]) for each in warned]
        assert told == [(__file__, "fit: the first batch has the same rows o")] * is_told, told
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        quiet(loss, np.zeros(3), (X, Y), epochs=1)
    told = [(each.filename, str(each.message)[:40]) for each in warned]
    assert told == [(__file__, "fit: each of the 2 ranks trains alone; t")] * (ranks.rank == 0), (
        told
    )


def bad_input(ranks, folder):
    """What `fit` refuses, with the same words on all ranks."""
    me = ranks.rank

    def told(kind, text, loss=loss, params=None, train=(X, Y), **options):
        params = np.zeros(3) if params is None else params
        given = {"parallel": ranks, "epochs": 1, "batch_size": 8, **options}
        refused(kind, text, lambda: quiet(loss, params, train, **given))

    told(ValueError, "97 rows of train on 2 ranks are 48 on a rank, fewer than 64", batch_size=64)
    told(ValueError, "1 rows of validation on 2 ranks .*give more", validation=(X[:1], Y[:1]))
    told(ValueError, r"train\[1\] is not the same.*same arrays", train=(X, Y + me))
    told(ValueError, r"train\[0\] is not the same", train=(X[: 97 - me], Y[: 97 - me]))
    told(ValueError, r"the argument \['epochs'\]", epochs=1 + me)
    told(ValueError, r"the argument \['batch_size'\]", batch_size=10 + me)  # five batches each
    told(ValueError, r"the argument \['every'\]", every=5 if me else None)
    told(ValueError, r"the argument \['optimiser'\]", optimiser=momentum if me else tg.optim.adam)
    told(ValueError, r"broadcast: the trees differ.* \(3,\).* \(4,\)", params=np.zeros(3 + me))
    told(ValueError, r"the argument \['rate'\]", rate=0.1 + me)
    told(ValueError, "of the 2 ranks trains alone; .*parallel=", parallel=None, checkpoint=folder)
    told(TypeError, "parallel is what", parallel=2)
    told(TypeError, "parallel is what", parallel=parallel)
    batches = [(X, Y)] * (3 + me)
    told(ValueError, r"the argument \['batches'\]", train=batches)
    told(ValueError, "needs a length", train=Unknown(3))
    told(ValueError, r"(2|more) batches in this epoch, and its length is 3", train=Unsteady(2))
    told(ValueError, r"(2|more) batches in this epoch, and its length is 3", train=Unsteady(5))
    order = np.random.default_rng(0)

    def uneven(batch):
        order.random(len(batch[0]))
        return batch

    dealt = tg.data.minibatches(order, (X, Y), 8, shard=ranks.shard)
    fetched = tg.data.prefetch(dealt, transform=uneven)
    told(ValueError, "draws the order.*a second one", train=fetched, rng=order, epochs=2)

    def differing(params, grads, state, *, rate):
        return params - rate * grads * (1 + 1e-9 * me), None

    told(
        ValueError,
        r"after step 7 the run\['params'\] is not the same, to the bit, on rank 0 and rank 1",
        optimiser=differing,
    )
    told(
        ValueError,
        r"after step 5 the run\['params'\]",
        parallel=checked_often(ranks),
        optimiser=differing,
    )

    def counting(params, state, x, y):
        return loss(params, x, y), {"n": state["n"] + me}

    told(
        ValueError, r"the run\['state'\]\['n'\] is not the same", counting, state={"n": np.array(0)}
    )

    # nan on one rank: both end, with the report of that one
    def root(w, x, y):
        return loss(w, x, y) + (np.sqrt(w[0] - 0.5) if me else 0.0)

    with np.errstate(all="ignore"):
        told(FloatingPointError, r"the loss of step 0 is nan(.|\n)*on rank 1(.|\n)*np\.sqrt", root)

        def kink(w, x, y):
            return loss(w, x, y) + (np.sqrt(w[0] * 0.0) if me else 0.0)

        told(FloatingPointError, r"not finite(.|\n)*on rank 1(.|\n)*np\.sqrt", kink, batch_size=48,
             train=(X[:96], Y[:96]))  # fmt: skip
    ranks.check(0)  # and all go on


def checked_often(ranks):
    ranks.check_every = 5
    return ranks


class Unknown:
    """Batches without a length, or (`Unsteady`) with a wrong one."""

    def __init__(self, count):
        self.count = count

    def __iter__(self):
        return iter([(X, Y)] * self.count)


class Unsteady(Unknown):
    def __len__(self):
        return 3


def resumed(ranks, folder):
    run(ranks, folder)


def short(ranks, folder):
    run(ranks, folder, epochs=2)


def two_runs(ranks, folder):
    """Of another number of ranks."""
    refused(
        ValueError, r"a run of 1 ranks, not 2; .* mpiexec -n 1", lambda: run(ranks, folder + "/one")
    )
    run(ranks, folder + "/two", epochs=1)


# Deaths

LAST = 14
"""The step in which rank 1 ends; an epoch has nine."""


def dying(how, ranks, folder):
    """Rank 1 ends in the midst of a run, after so many steps."""
    seen = []

    def fatal(params, state, x, y):
        seen.append(0)
        if ranks.rank == 1 and len(seen) == LAST:
            DEATHS[how]()
        return with_state(params, state, x, y)

    found = run(ranks, folder, fatal, jit=False)
    print(f"{ranks.rank} {found.stopped}", flush=True)


def raising():
    raise ZeroDivisionError("on one rank")


def signalled(number):
    os.kill(os.getpid(), number)
    time.sleep(0.1)


DEATHS = {
    "raise": raising,
    "exit": lambda: sys.exit(3),
    "exit without an error": sys.exit,
    "exit with a text": lambda: sys.exit("enough"),
    "SIGINT": lambda: signalled(signal.SIGINT),
    "SIGINT twice": lambda: (signalled(signal.SIGINT), signalled(signal.SIGINT)),
    "SIGKILL": lambda: signalled(signal.SIGKILL),
    "SIGTERM": lambda: signalled(signal.SIGTERM),
    "os._exit": lambda: os._exit(4),
}


def leaving(ranks, folder):
    """Rank 1 leaves the block while rank 0 is still at it."""
    for _ in range(3 if ranks.rank else 10**9):
        ranks.mean(np.ones(3))


def interrupted(ranks, folder):
    """Rank 1 is interrupted outside of `fit`."""
    while True:
        ranks.mean(np.ones(3))
        if ranks.rank == 1:
            signalled(signal.SIGINT)


def killed(ranks, folder):
    """As `resumed`; whoever wants to end it finds the processes, and what each signal does."""

    def raised(number, frame):
        raise ZeroDivisionError

    signal.signal(signal.SIGUSR1, raised)
    signal.signal(signal.SIGUSR2, lambda number, frame: sys.exit(3))
    Path(f"{folder}-{ranks.rank}").write_text(str(os.getpid()))
    found = run(ranks, folder, epochs=6)
    print(f"{found.stopped}", flush=True)


def main(name, folder):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also in the background
    with parallel() as ranks:
        if name in DEATHS:
            dying(name, ranks, folder)
        else:
            for program in name.split(","):
                globals()[program](ranks, folder)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Threads: eight that train eight models give the bits of one after the other.

python tests/test_thread_safety.py 100     # so many repetitions, and what came of them
"""

import ast
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.fast import memory

PACKAGE = Path(tg.__file__).parent
THREADS = 8
DTYPES = [np.float32, np.float64, np.float32, np.float16, np.float32, np.float64, np.float32,
          np.float32]  # fmt: skip


def trained(seed):
    """The bits of a small network after three steps, and of a few things more.

    Large enough for kept memory, tiles and Winograd's transform; each model has sizes of its own,
    or its neighbour's, so that threads that shared a buffer would meet in it.
    """
    rng = np.random.default_rng(seed)
    dtype = DTYPES[seed]
    n, channels = 8 + seed // 2, 16 if seed % 2 else 3
    images = rng.normal(size=(n, 16, 16, channels)).astype(dtype)
    labels = rng.integers(0, 4, n)
    params = {
        "filters": [rng.normal(0, 0.1, (3, 3, channels, 16)).astype(dtype),
                    rng.normal(0, 0.1, (3, 3, 16, 8)).astype(dtype)],
        "weights": rng.normal(0, 0.1, (8 * 8 * 8, 4)).astype(dtype),
    }  # fmt: skip
    state = None

    def loss(params, images):
        first, second = params["filters"]
        hidden = tg.max_pool(tg.relu(tg.conv2d(images, first, padding=1)), 2)
        hidden = tg.sigmoid(tg.conv2d(hidden, second, padding=1))
        hidden = tg.dropout(tg.flatten(hidden), 0.1, rng)
        return tg.cross_entropy(hidden @ params["weights"], labels)

    values = []
    for _ in range(3):
        value, gradient = tg.value_and_grad(loss)(params, images)
        params, state = tg.optim.sgd(params, gradient, state, rate=0.1, momentum=0.9)
        values.append(value)
    curvature = tg.hessian(lambda x: np.sum(np.sin(x) * x[::-1]))(np.arange(1.0, 4.0 + seed))
    return [x.tobytes() for x in [*values, *tg.tree.leaves(params), curvature]]


def in_threads():
    """What each thread found, or raised."""
    found = [None] * THREADS
    together = threading.Barrier(THREADS)

    def work(seed):
        together.wait()
        try:
            found[seed] = trained(seed)
        except Exception as error:
            found[seed] = error

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # a hundred times as often as usual
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    return found


def test_eight_threads_give_the_bits_of_one():
    expected = [trained(seed) for seed in range(THREADS)]
    for _ in range(2):
        assert in_threads() == expected


def test_threads_that_are_the_first_to_do_anything():
    """Rules and plans are loaded and made on first use, here by all threads at once."""
    done = subprocess.run([sys.executable, __file__, "1"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_eight_threads_a_hundred_times():
    assert main(100) == 0


def test_what_was_computed_before_does_not_matter():
    """Kept memory comes back with other contents; none of them may be seen."""
    expected = trained(1)
    for fill in (0xFF, 0x7F):  # nan, and large numbers
        for shelf in memory._BUFFERS.shelves.values():
            for kept in shelf.lent.values():
                kept.interface["buffer"].fill(fill)
        assert trained(1) == expected
    trained(4)
    assert trained(1) == expected
    tg.release_memory()
    assert trained(1) == expected


# What could be shared

_MAY_CHANGE = {
    ("core.tree", "_REGISTERED"): "containers of one's own, registered",
    ("core.hooks", "explainer"): "installed once, when the package is imported",
    ("core.hooks", "resolver"): "installed once, when the package is imported",
    ("core.hooks", "memory"): "installed once, when the package is imported",
    ("core.table", "TABLE"): "loaded once",
    ("core.table", "REFUSED"): "loaded once",
    ("rules", "_FAMILIES"): "loaded once",
    ("scipy.mirror", "OBJECTS"): "loaded once",
    ("rules", "_LATER"): "loaded once",
    ("export.forms", "FORMS"): "filled when it is imported",
    ("training.parallel", "_open"): "a process has one block of ranks; no result depends on it",
    ("core.sweep", "_COLLECTING"): "a lock, a new one after a fork",
    ("fast.jit", "_KEPT"): "which programs are kept: without one it is made again",
}
_CHANGES = {"add", "append", "clear", "extend", "insert", "pop", "popitem", "remove", "setdefault",
            "update", "move_to_end"}  # fmt: skip


def module_state(path):
    """The names of the module that one of its functions changes."""
    module = ast.parse(path.read_text())
    names = {target.id for node in module.body if isinstance(node, (ast.Assign, ast.AnnAssign))
             for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
             if isinstance(target, ast.Name)}  # fmt: skip
    found = set()
    functions = [n for n in ast.walk(module) if isinstance(n, (ast.FunctionDef, ast.Lambda))]
    for node in (inner for function in functions for inner in ast.walk(function)):
        if isinstance(node, ast.Global):
            found |= {*node.names}
        elif isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            found |= {node.value.id} if isinstance(node.value, ast.Name) else set()
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value if node.func.attr in _CHANGES else None
            found |= {owner.id} if isinstance(owner, ast.Name) else set()
    return found & names


def test_no_module_has_state_that_a_result_can_depend_on():
    found = set()
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        found |= {(name, state) for state in module_state(path)}
    assert found - _MAY_CHANGE.keys() == {("fast.memory", "_BUFFERS")}  # one a thread
    assert isinstance(memory._BUFFERS, threading.local)


def test_gradients_that_threads_add_to_one_leaf_are_all_there():
    x = tg.Tensor(np.zeros(2))

    def work():
        for _ in range(500):
            (x * np.ones(2)).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert x.grad.tolist() == [2000.0, 2000.0]


def test_only_pieces_of_kernels_go_to_other_threads():
    """No result depends on their number: tests/test_fast_threads_and_matrices.py."""
    starts = {path.name for path in PACKAGE.rglob("*.py")
              if "Thread(" in path.read_text() or "concurrent" in path.read_text()}  # fmt: skip
    # `places` waits for a server in one, `prefetch` makes batches: tests/test_data_prefetch.py.
    assert starts == {"threads.py", "places.py", "prefetch.py"}


def main(repetitions):
    began = time.perf_counter()
    rounds = [in_threads() for _ in range(repetitions)]
    expected = [trained(seed) for seed in range(THREADS)]
    wrong = sum(
        one != another for found in rounds for one, another in zip(found, expected, strict=True)
    )
    print(
        f"{repetitions} repetitions of {THREADS} threads in {time.perf_counter() - began:.0f} s: "
        f"{wrong} of {repetitions * THREADS} models differ from those trained one after the other"
    )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))

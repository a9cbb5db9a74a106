"""Training that is killed at random moments and resumed gives the bits of a run left alone.

As a script it kills each program 50 times, or as often as told:
``python tests/test_training_killed.py 50``.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.io.files import unfinished
from tinygrad_np.training import Checkpoint

ROOT = Path(__file__).parents[1]
# A state after every step: most of the time is spent writing.
OPTIONS = ["--data", "built-in", "--quick", "--filters", "2", "--batch-size", "16",
           "--save-every", "1"]  # fmt: skip


def command(program: str, folder: Path) -> list[str]:
    run = str(folder / "run")
    if program == "fit":
        return [str(ROOT / "tests" / "fitted.py"), run]
    where = ["--checkpoint", run, "--out", str(folder / "figures")]
    return [str(ROOT / "examples" / "ten_classes.py"), *OPTIONS, *where, "--resume"]


PROGRAMS = ["loop", "fit"]


def start(program: str, folder: Path) -> subprocess.Popen:
    whole = [sys.executable, *command(program, folder)]
    return subprocess.Popen(whole, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finished(program: str, folder: Path) -> None:
    process = start(program, folder)
    _, told = process.communicate()
    assert process.returncode == 0, told.decode()


def same_end(one: Path, another: Path) -> bool:
    ends = [Checkpoint(folder / "run").load() for folder in (one, another)]
    assert ends[0].step == ends[1].step
    whole = [{**end.state, **end.state.get("run", {}), "run": None} for end in ends]
    timed = {"seconds", "history"}
    parts = [{name: part for name, part in end.items() if name not in timed} for end in whole]
    leaves = [tg.tree.leaves(part) for part in parts]
    return all(bits(a) == bits(b) for a, b in zip(*leaves, strict=True))


def bits(leaf: object) -> object:
    if isinstance(leaf, np.random.Generator):
        return repr(leaf.bit_generator.state)
    return leaf.tobytes() if isinstance(leaf, np.ndarray) else leaf


def steps(folder: Path) -> int:
    """So many are done."""
    return max(Checkpoint(folder / "run").steps(), default=0)


def killed(program: str, folder: Path, rng: random.Random) -> bool:
    """Start or resume the run and kill it at a random moment; False if it was done before.

    One time in ten that is at any moment while the program starts, else some steps further and
    then at any moment of a step, half of which is the writing of its state.
    """
    process = start(program, folder)
    if rng.random() < 0.1:
        time.sleep(rng.uniform(0, 1))
    else:
        goal = steps(folder) + rng.randrange(1, 60)
        while process.poll() is None and steps(folder) < goal:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.01))
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
    _, told = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), told.decode()
    return process.returncode != 0


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a signal of POSIX")
def test_training_that_is_killed_ends_with_the_same_bits(program, tmp_path):
    finished(program, tmp_path / "whole")
    rng = random.Random(0)
    kills = [killed(program, tmp_path / "killed", rng) for _ in range(3)]
    assert any(kills)
    finished(program, tmp_path / "killed")
    assert same_end(tmp_path / "whole", tmp_path / "killed")


def kill(program: str, wanted: int) -> int:
    began = time.perf_counter()
    rng = random.Random(0)
    kills = writing = runs = wrong = 0
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name, "whole")
        finished(program, whole)
        while kills < wanted:
            folder = Path(name, f"run{runs}")
            while kills < wanted and killed(program, folder, rng):
                kills += 1
                writing += bool(unfinished(folder / "run")) if (folder / "run").exists() else 0
                print(f"\r{kills} kills", end="", file=sys.stderr, flush=True)
            finished(program, folder)
            runs += 1
            wrong += not same_end(whole, folder)
    print(
        f"\r{program}: {kills} kills in {runs} runs, {writing} of them while a state was being "
        f"written, {time.perf_counter() - began:.0f} s: {runs - wrong} runs ended with the bits of "
        f"the run left alone, {wrong} did not"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    sys.exit(max([kill(program, times) for program in PROGRAMS]))

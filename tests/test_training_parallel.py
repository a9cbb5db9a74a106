"""`parallel`: several processes that train together, how they end, how they go on.

The programs that they run are in `ranked.py`. As a script it ends a run 20 times, or as often as
told: ``python tests/test_training_parallel.py 20``.
"""

import contextlib
import functools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import ranked as programs

import tinygrad_np as tg
from tinygrad_np.io.files import unfinished
from tinygrad_np.training import Checkpoint, fit, parallel

ROOT = Path(__file__).parents[1]
PROGRAM = str(ROOT / "tests" / "ranked.py")
PATIENCE = 120  # seconds, which a run takes only where it hangs


def mpiexec():
    """That beside this Python, which a wheel brings, or the machine's own."""
    beside = Path(sys.executable).parent / "mpiexec"
    return str(beside) if beside.exists() else shutil.which("mpiexec")


ENVIRONMENT = {
    **os.environ,
    "OPENBLAS_NUM_THREADS": "1",
    "MPIR_CVAR_ENABLE_HEAVY_YIELD": "1",  # MPICH: who waits leaves the core to others
    # Open MPI: more ranks than cores, and a container's user
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
}


def started(count, *arguments):
    """`mpiexec` with so many ranks of a program, in a session of its own."""
    return subprocess.Popen(
        [mpiexec(), "-n", str(count), sys.executable, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
        env=ENVIRONMENT, start_new_session=True,
    )  # fmt: skip


def ended(process):
    """The exit status and all that the ranks printed; a run that hangs is a failure."""
    try:
        told, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"the ranks hang; they said: {process.communicate()[0]}") from None
    return process.returncode, told


def ranked(count, name, folder=""):
    return ended(started(count, PROGRAM, name, str(folder)))


@functools.cache
def missing():
    """Why no ranks can be started here, or None."""
    if mpiexec() is None:
        return "there is no mpiexec"
    code = "from mpi4py import MPI; print(f'size={MPI.COMM_WORLD.size}')"
    try:
        status, told = ended(started(2, "-c", code))
    except AssertionError as error:
        return str(error)
    return None if (status, told.count("size=2")) == (0, 2) else f"mpiexec does not start: {told}"


@pytest.fixture(autouse=True)
def _started(request):
    if "alone" not in request.fixturenames and missing():
        pytest.skip(missing())


@pytest.fixture
def alone():
    """A test that starts no ranks."""


class TestTogether:
    @pytest.mark.parametrize(
        ("count", "names"),
        [
            (
                2,
                ["means", "shards", "gradients", "fits", "states", "replays", "messages", "copies"],
            ),
            (3, ["means", "shards", "gradients", "fits", "states"]),
            (4, ["gradients", "fits"]),
        ],
    )
    def test_all_ranks_agree(self, count, names):
        """The programs have the assertions: a rank for which one fails ends all."""
        status, told = ranked(count, ",".join(names))
        assert (status, told.count("done")) == (0, count), told

    def test_bad_input_is_refused_by_all(self):
        status, told = ranked(2, "bad_input")
        assert (status, told.count("done")) == (0, 2), told


def end_of(folder):
    """The bits of the last state of a run, without what it took."""
    state = Checkpoint(folder).load().state
    run = {name: part for name, part in state["run"].items() if name != "seconds"}
    run["history"] = [{**row, "seconds": 0} for row in run["history"]]
    leaves = tg.tree.leaves({**state, "run": run})
    return [
        repr(leaf.bit_generator.state) if isinstance(leaf, np.random.Generator)
        else leaf.tobytes() if isinstance(leaf, np.ndarray) else leaf
        for leaf in leaves
    ]  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The end of a run on two ranks that was left alone."""
    if missing():
        pytest.skip(missing())
    folder = tmp_path_factory.mktemp("whole") / "run"
    status, told = ranked(2, "resumed", folder)
    assert status == 0, told
    return end_of(folder)


class TestEnds:
    @pytest.mark.parametrize(
        ("how", "code", "said"),
        [
            ("raise", 1, "ZeroDivisionError: on one rank"),
            ("exit", 3, "SystemExit: 3"),
            ("SIGINT", 0, "0 interrupted"),
            ("SIGKILL", None, ""),
        ],
    )
    def test_one_rank_ends_all_and_they_go_on_to_the_same_bits(
        self, how, code, said, tmp_path, whole
    ):
        folder = tmp_path / "run"
        status, told = ranked(2, how, folder)
        assert status == code or (code is None and status), told
        assert said in told
        steps = Checkpoint(folder).steps()
        assert programs.LAST - 3 <= steps[-1] <= programs.LAST
        for step in steps:
            Checkpoint(folder).load(step)  # whole
        status, told = ranked(2, "resumed", folder)
        assert status == 0, told
        assert end_of(folder) == whole

    @pytest.mark.parametrize(
        ("name", "code", "said"),
        [
            ("exit with a text", 1, "SystemExit: enough"),
            ("exit without an error", 1, "rank 0 is at a mean, rank 1 is at the end of the block"),
            ("SIGINT twice", 130, "KeyboardInterrupt"),
            ("SIGTERM", None, ""),
            ("leaving", 1, "rank 0 is at a mean, rank 1 is at the end of the block"),
            ("interrupted", 130, "KeyboardInterrupt"),
        ],
    )
    def test_other_ends(self, name, code, said, tmp_path):
        status, told = ranked(2, name, tmp_path / "run")
        assert status == code or (code is None and status), told
        assert said in told
        assert ("ends all:" in told) == (code is not None), told

    def test_ctrl_c_at_a_terminal(self, tmp_path, whole):
        """The signal goes to mpiexec, which passes it on."""
        folder = tmp_path / "run"
        process = started(2, PROGRAM, "resumed", str(folder))
        while process.poll() is None and max(Checkpoint(folder).steps(), default=0) < 5:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        _, told = ended(process)
        assert "Error" not in told
        assert Checkpoint(folder).load() is not None
        status, told = ranked(2, "resumed", folder)
        assert status == 0, told
        assert end_of(folder) == whole

    @pytest.mark.slow
    def test_killed_at_random_moments(self, tmp_path):
        kill(3, tmp_path)


class TestAnotherNumberOfRanks:
    def test_is_refused_with_what_to_start(self, tmp_path):
        programs.run(None, tmp_path / "one", epochs=1)
        status, told = ranked(2, "two_runs", tmp_path)
        assert status == 0, told
        with pytest.raises(ValueError, match=r"a run of 2 ranks, not 1; .* mpiexec -n 2"):
            programs.run(None, tmp_path / "two")


class TestAlone:
    def test_one_rank_has_the_bits_of_none(self, tmp_path):
        programs.run(None, tmp_path / "none", epochs=2)
        status, told = ranked(1, "short", tmp_path / "one")
        assert status == 0, told
        assert end_of(tmp_path / "none") == end_of(tmp_path / "one")

    def test_without_mpi4py(self, alone, monkeypatch, capsys):
        monkeypatch.setitem(sys.modules, "mpi4py", None)
        with parallel() as ranks:
            assert (ranks.rank, ranks.size) == (0, 1)
            tree = {"w": np.ones(2), "n": None}
            assert ranks.mean(tree) is tree
            assert ranks.broadcast(tree) is tree
            assert ranks.shard(tree["w"]).base is tree["w"]
            assert ranks.gather(3) == [3]
            ranks.check(tree)
            rng = np.random.default_rng(0)
            assert ranks.spawn(rng) is rng
            given = {"epochs": 2, "batch_size": 16}
            found = fit(
                programs.loss, np.zeros(3), (programs.X, programs.Y), parallel=ranks, **given
            )
            plain = fit(programs.loss, np.zeros(3), (programs.X, programs.Y), **given)
            assert found.params.tobytes() == plain.params.tobytes()
            with pytest.raises(RuntimeError, match="such a block around this one"), parallel():
                pass
        assert capsys.readouterr().out.count("epoch") == 2
        for call in (ranks.mean, ranks.gather, ranks.broadcast):
            with pytest.raises(RuntimeError, match="has ended"):
                call(tree)

    def test_an_error_is_raised_as_it_is(self, alone, monkeypatch):
        monkeypatch.setitem(sys.modules, "mpi4py", None)
        for error in (ZeroDivisionError, SystemExit, KeyboardInterrupt):
            with pytest.raises(error), parallel():
                raise error
        with parallel() as ranks:  # and then there may be another block
            assert ranks.size == 1

    @pytest.mark.parametrize(
        ("name", "value"), [("PMI_SIZE", 2), ("OMPI_COMM_WORLD_SIZE", 2), ("SLURM_PROCID", 1)]
    )
    def test_several_that_do_not_see_each_other_are_refused(self, alone, name, value, monkeypatch):
        monkeypatch.setitem(sys.modules, "mpi4py", None)
        monkeypatch.setenv(name, str(value))
        told = "mpiexec or srun has started 2 processes or more, each"
        with pytest.raises(RuntimeError, match=told), parallel():
            pass
        monkeypatch.setenv(name, str(value - 1))
        with parallel() as ranks:
            assert ranks.size == 1

    @pytest.mark.parametrize("every", [0, -1, True, 1.5, "often"])
    def test_how_often_the_bits_are_compared(self, alone, every):
        with pytest.raises(ValueError, match="check_every must be an integer from 1 on"):
            parallel(every).__enter__()


ENDS = ["SIGKILL", "SIGINT", "SIGUSR1", "SIGUSR2"]  # the last two raise and exit: `ranked.killed`


def kill(times, place):
    """End one rank, or both, at random moments, and go on; the ends must be those of a run alone.

    How often, how often of it while a state was being written, how many runs came to their end, and
    the seconds from the longest death to its end.
    """
    rng = random.Random(times)
    folder, whole = Path(place, "run"), Path(place, "whole")
    status, told = ranked(2, "killed", whole)
    assert status == 0, told
    kills = writing = runs = 0
    longest = 0.0
    while kills < times or folder.exists():
        for rank in range(2):
            Path(f"{folder}-{rank}").unlink(missing_ok=True)
        process = started(2, PROGRAM, "killed", str(folder))
        is_left_alone = kills >= times
        if not is_left_alone:
            goal = max(Checkpoint(folder).steps(), default=0) + rng.randrange(20)
            while process.poll() is None and max(Checkpoint(folder).steps(), default=0) < goal:
                time.sleep(0.001)
            time.sleep(rng.uniform(0, 0.02 if rng.random() < 0.9 else 1))
            how = getattr(signal, rng.choice(ENDS))
            for rank in rng.choice([[0], [1], [0, 1]]):
                pid = Path(f"{folder}-{rank}")
                if process.poll() is None and pid.exists():
                    with contextlib.suppress(ProcessLookupError):  # it has just ended
                        os.kill(int(pid.read_text()), how)
        begun = time.perf_counter()
        status, told = ended(process)
        assert status == 0 or not is_left_alone, told
        if status != 0 or "interrupted" in told:
            kills += 1
            longest = max(longest, time.perf_counter() - begun)
            writing += folder.exists() and bool(unfinished(folder))
        else:
            assert end_of(folder) == end_of(whole)
            shutil.rmtree(folder)
            runs += 1
    return kills, writing, runs, longest


if __name__ == "__main__":
    if missing():
        sys.exit(f"no ranks can be started: {missing()}")
    with tempfile.TemporaryDirectory() as name:
        wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 20
        print(
            "{} ends, {} of them while a state was being written; {} runs were finished, each with "
            "the bits of the run left alone; the longest end took {:.1f} s".format(
                *kill(wanted, name)
            )
        )

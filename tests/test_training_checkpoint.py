"""Checkpoints: the last states of a run."""

import io
import os
import stat

import numpy as np
import pytest
import refused_arguments

import tinygrad_np as tg
from tinygrad_np.io import files
from tinygrad_np.saving import DamagedFileError
from tinygrad_np.training import Checkpoint


def test_the_last_states_are_kept(tmp_path):
    checkpoint = Checkpoint(tmp_path / "run", keep=2)
    assert checkpoint.load() is None
    assert checkpoint.steps() == []
    for step in (0, 5, 5, 10):
        path = checkpoint.save(step, {"step": step})
    assert path == tmp_path / "run" / "step-000000000010.npz"
    assert checkpoint.steps() == [5, 10]
    assert checkpoint.load() == (10, {"step": 10})
    assert checkpoint.load(5).state == {"step": 5}


def test_foreign_files_in_the_folder_are_left_alone(tmp_path):
    for name in ("notes.txt", "step-1.npz", "step-abc.npz", "best.npz"):
        (tmp_path / name).write_bytes(b"")
    checkpoint = Checkpoint(tmp_path, keep=1)
    checkpoint.save(1, 0)
    checkpoint.save(2, 0)
    assert checkpoint.steps() == [2]
    assert len(list(tmp_path.iterdir())) == 5


def test_what_a_killed_process_left_is_cleared_away(tmp_path):
    (tmp_path / f".step-000000000001-{'a' * 32}.npz").write_bytes(b"half a file")
    Checkpoint(tmp_path).save(1, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000000001.npz"]


def test_a_step_that_lies_behind_is_refused(tmp_path):
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save(10, "ten")
    with pytest.raises(ValueError, match=r"has a state after step 10, which is later than 3"):
        checkpoint.save(3, "three")
    assert checkpoint.load() == (10, "ten")


def test_a_step_that_is_not_there_is_named(tmp_path):
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save(10, 0)
    with pytest.raises(FileNotFoundError, match="no state after step 3; there is 10"):
        checkpoint.load(3)


@pytest.mark.parametrize("step", [-1, 10**12])
def test_a_step_out_of_range_is_refused(step, tmp_path):
    with pytest.raises(ValueError, match="a step must be from 0 to"):
        Checkpoint(tmp_path).save(step, 0)


def test_at_least_one_state_is_kept(tmp_path):
    with pytest.raises(ValueError, match="at least one state must be kept, not 0"):
        Checkpoint(tmp_path, keep=0)


def test_a_damaged_state_is_told_and_the_one_before_is_intact(tmp_path):
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save(1, {"w": np.ones(3)})
    path = checkpoint.save(2, {"w": np.zeros(3)})
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DamagedFileError, match="step-000000000002"):
        checkpoint.load()
    path.unlink()
    assert checkpoint.load().step == 1


def test_a_failed_save_leaves_the_states_that_are_there(tmp_path, monkeypatch):
    checkpoint = Checkpoint(tmp_path, keep=1)
    checkpoint.save(1, "one")
    with pytest.raises(TypeError, match="cannot be saved"):
        checkpoint.save(2, {"f": len})
    assert checkpoint.load() == (1, "one")


FULL = OSError(28, "No space left on device")
DENIED = PermissionError(13, "Permission denied")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_states_that_are_there(step, tmp_path, monkeypatch):
    checkpoint = Checkpoint(tmp_path, keep=1)
    checkpoint.save(1, {"w": np.ones(3)})

    def full(*args):
        raise FULL

    with monkeypatch.context() as patch:
        patch.setattr(files.os, step, full)
        with pytest.raises(OSError, match=r"step-0+2\.npz could not be written: No space left"):
            checkpoint.save(2, {"w": np.zeros(3)})
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000000001.npz"]
    assert checkpoint.load().state["w"].sum() == 3
    checkpoint.save(2, {"w": np.zeros(3)})  # once there is room again
    assert checkpoint.steps() == [2]


def test_a_folder_that_cannot_be_made_or_written_is_named(tmp_path, monkeypatch):
    def denied(*args, **kwargs):
        raise DENIED

    checkpoint = Checkpoint(tmp_path / "run")
    with monkeypatch.context() as patch:
        patch.setattr(type(tmp_path), "mkdir", denied)
        with pytest.raises(PermissionError, match=r"Checkpoint: .*run cannot be made: Permission"):
            checkpoint.save(1, 0)
    checkpoint.save(1, 0)
    monkeypatch.setattr(files, "open", denied, raising=False)
    with pytest.raises(PermissionError, match=r"step-0+2\.npz could not be written: Permission"):
        checkpoint.save(2, 0)
    assert checkpoint.load() == (1, 0)


def test_a_file_where_the_folder_should_be_is_named(tmp_path):
    (tmp_path / "run").write_bytes(b"")
    with pytest.raises(FileExistsError, match=r"Checkpoint: .*run cannot be made: File exists"):
        Checkpoint(tmp_path / "run").save(1, 0)


@pytest.mark.parametrize(
    "change",
    [lambda c: c[:-9], lambda c: c[:60] + b"?" + c[61:], lambda c: b"foreign", lambda c: b""],
    ids=["truncated", "altered", "foreign", "empty"],
)
def test_a_last_state_that_is_not_whole_is_told_and_the_one_before_goes_on(change, tmp_path):
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save(1, {"w": np.ones(3)})
    path = checkpoint.save(2, {"w": np.zeros(3)})
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DamagedFileError, match=r"load: .*step-0+2\.npz "):
        checkpoint.load()
    assert checkpoint.load(1).state["w"].sum() == 3
    checkpoint.save(2, {"w": np.full(3, 2.0)})  # which replaces it
    assert checkpoint.load().state["w"].sum() == 6


def test_a_run_that_is_resumed_gives_the_same_bits(tmp_path):
    """Parameters, the optimiser's state, the generator's and the history, over a restart."""

    def steps(state, last):
        while state["step"] < last:
            x = state["rng"].standard_normal((4, 3)).astype(np.float32)
            value, g = tg.value_and_grad(lambda w, x=x: np.sum((x @ w - 1) ** 2))(state["w"])
            w, velocity = tg.optim.sgd(state["w"], g, state["velocity"], rate=0.01, momentum=0.9)
            history = [*state["history"], float(value)]
            state = dict(state, w=w, velocity=velocity, history=history, step=state["step"] + 1)
        return state

    def start():
        return {"w": np.ones(3, np.float32), "velocity": None, "history": [], "step": 0,
                "rng": np.random.default_rng(5)}  # fmt: skip

    whole = steps(start(), 20)
    Checkpoint(tmp_path).save(7, steps(start(), 7))
    resumed = steps(Checkpoint(tmp_path).load().state, 20)
    assert resumed["w"].tobytes() == whole["w"].tobytes()
    assert resumed["history"] == whole["history"]
    assert resumed["rng"].random() == whole["rng"].random()


CALLS = ("fsync", "replace", "open", "chmod", "close", "stat", "mkdir", "unlink", "listdir")


class Failing:
    """Lets the call number `moment` of what a save asks of the system fail, whatever it is."""

    def __init__(self, moment, error):
        self.calls, self.moment, self.error = 0, moment, error

    def guarded(self, function):
        def call(*args, **kwargs):
            self.calls += 1
            if self.calls == self.moment:
                raise self.error
            return function(*args, **kwargs)

        return call

    def opened(self, name, mode, opener=None):
        failing = self

        class Raw(io.FileIO):
            def write(self, *args):
                return failing.guarded(super().write)(*args)

            def flush(self):
                return failing.guarded(super().flush)()

        return self.guarded(Raw)(name, mode, opener=opener)

    def install(self, patch):
        for name in CALLS:
            patch.setattr(os, name, self.guarded(getattr(os, name)))
        patch.setattr(files, "open", self.opened, raising=False)


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), OSError(5, "Input/output error"), DENIED,
              KeyboardInterrupt()], ids=["full", "broken", "denied", "interrupted"],
)  # fmt: skip
def test_whatever_fails_while_a_state_is_saved(error, tmp_path, monkeypatch):
    moments = iter(range(1, 1000))
    outcomes = set()
    for moment in moments:
        folder = tmp_path / str(moment)
        checkpoint = Checkpoint(folder, keep=1)
        checkpoint.save(1, {"w": np.ones(50)})
        failing = Failing(moment, error)
        told = ""
        with monkeypatch.context() as patch:
            failing.install(patch)
            try:
                checkpoint.save(2, {"w": np.zeros(50)})
            except (OSError, KeyboardInterrupt) as raised:
                told = str(raised) or "interrupted"
        if failing.calls < moment:
            break
        assert not told or "interrupted" in told or str(folder) in told
        step, state = Checkpoint(folder).load()
        assert state["w"].sum() == (50 if step == 1 else 0)
        assert step == 1 or "could not be written" not in told
        outcomes.add((step, bool(told)))
    assert moment > 20
    assert {(1, True), (2, True)} <= outcomes


def test_a_folder_that_cannot_be_listed_does_not_look_empty(tmp_path, monkeypatch):
    Checkpoint(tmp_path).save(1, 0)

    def denied(*args):
        raise DENIED

    monkeypatch.setattr(os, "listdir", denied)
    monkeypatch.setattr(os, "scandir", denied)
    for ask in (Checkpoint(tmp_path).load, Checkpoint(tmp_path).steps):
        with pytest.raises(PermissionError, match=r"Checkpoint: .* cannot be read: Permission"):
            ask()


def test_a_file_in_place_of_the_folder_does_not_look_empty(tmp_path):
    (tmp_path / "run").write_bytes(b"")
    with pytest.raises(NotADirectoryError, match=r"Checkpoint: .*run cannot be read: Not a dir"):
        Checkpoint(tmp_path / "run").load()


def test_other_digits_than_ours_are_foreign(tmp_path):
    (tmp_path / "step-٠٠٠٠٠٠٠٠٠٠٠٧.npz").write_bytes(b"")
    assert Checkpoint(tmp_path).load() is None


@pytest.mark.skipif(os.name != "posix", reason="the folder is flushed on POSIX")
@pytest.mark.parametrize("code", [1, 13, 22, 38, 95])
def test_a_system_that_flushes_no_folders(code, tmp_path, monkeypatch):
    """Network file systems refuse it, and so does a folder that may be written and not be read."""
    real = os.fsync

    def fsync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(code, "no")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    Checkpoint(tmp_path).save(1, 0)
    assert Checkpoint(tmp_path).load() == (1, 0)


@pytest.mark.skipif(os.name != "posix", reason="the folder is flushed on POSIX")
def test_a_folder_whose_flush_fails_is_told_as_that(tmp_path, monkeypatch):
    real = os.fsync

    def fsync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(5, "Input/output error")
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match=r"npz was written, but may not survive a loss of power: In"):
        Checkpoint(tmp_path).save(1, 0)
    assert Checkpoint(tmp_path).load() == (1, 0)


def test_a_state_that_cannot_be_deleted_is_named(tmp_path, monkeypatch):
    checkpoint = Checkpoint(tmp_path, keep=1)
    checkpoint.save(1, 0)

    def denied(*args):
        raise DENIED

    monkeypatch.setattr(os, "unlink", denied)
    told = r"Checkpoint: the state after step 2 is saved, but .* cannot be cleared: Permission"
    with pytest.raises(PermissionError, match=told):
        checkpoint.save(2, 0)
    assert checkpoint.load() == (2, 0)


@refused_arguments.each("training.checkpoint")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)


def test_a_step_that_is_an_array_is_not_found():
    with pytest.raises(FileNotFoundError, match="Checkpoint: no state after step array"):
        refused_arguments.checkpoint(wanted=np.ones(2))

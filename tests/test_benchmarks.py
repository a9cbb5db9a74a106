"""`python -m benchmarks`, as far as it does not depend on time: cases, the machine, the command."""

import ast
import importlib
import json
import subprocess
import sys
from typing import ClassVar

import numpy as np
import pytest
from loading import ROOT
from scipy import stats
from scipy.integrate import solve_ivp

import tinygrad_np as tg

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("an installed package has no benchmarks", allow_module_level=True)
sys.path.append(str(ROOT))

from benchmarks import __main__ as command
from benchmarks import functions, machine
from benchmarks.cases import CASES, COMPILED, JITTED
from benchmarks.libraries import IMPORTED, MAY_FAIL, MODULES, ours


def first_step(name, layout=""):
    """What our own first step of a case gives."""
    case = CASES[name]
    task = getattr(ours, case.implementation)(*case.make(), layout, **case.options)
    return [np.asarray(x) for x in task.arrays(task.step())]


GAUSSIAN_PROCESS = "5 likelihood of a Gaussian process, 200 points"
ODE = "5 fit of an ODE, 50 steps, 24 parameters"
SMALL = [
    "1 two classes, batch 1",
    "2 ten classes, Fashion-MNIST, 5 filters",
    "3 cnn 28×28×1, 8-16 3×3, batch 32",
    *[name for name, case in CASES.items() if name.startswith("5") and JITTED in case.peers],
]


class TestCases:
    @pytest.mark.parametrize("library", MODULES)
    def test_a_library_has_an_implementation_of_every_case_that_names_it(self, library):
        path = ROOT / "benchmarks" / "libraries" / f"{MODULES[library][0]}.py"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        cases = [case for case in CASES.values() if library in ("tinygrad_np", *case.peers)]
        assert cases
        assert {case.implementation for case in cases} <= there

    def test_every_peer_is_a_library(self):
        named = {peer for case in CASES.values() for peer in case.peers}
        assert named == set(MODULES) - {"tinygrad_np"}
        assert set(MAY_FAIL) == {JITTED, COMPILED}
        assert set(IMPORTED) < set(MODULES)

    @pytest.mark.parametrize("name", CASES)
    def test_the_arrays_are_the_same_at_every_call(self, name):
        made = [tg.tree.leaves(CASES[name].make()) for _ in range(2)]
        for one, other in zip(*made, strict=True):
            assert one is not other
            np.testing.assert_array_equal(one, other)

    @pytest.mark.whole
    @pytest.mark.parametrize("name", SMALL)
    def test_with_jit_a_step_gives_the_same(self, name):
        case = CASES[name]
        found = first_step(name), first_step(name, "jit")
        for eager, replayed in zip(*found, strict=True):
            assert eager.shape == replayed.shape
            largest = np.max(np.abs(eager))
            assert np.max(np.abs(eager - replayed)) <= case.tolerance * largest

    @pytest.mark.whole
    def test_with_jit_training_goes_on_from_the_new_parameters(self):
        name = "1 two classes, batch 64"
        case = CASES[name]
        tasks = [ours.two_class(*case.make(), layout) for layout in ("", "jit")]
        for _ in range(5):
            eager, replayed = [task.arrays(task.step()) for task in tasks]
            for one, other in zip(eager, replayed, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)

    def test_the_likelihood_is_that_of_scipy(self):
        [log_params], (x, y, identity) = CASES[GAUSSIAN_PROCESS].make()
        length_scale, amplitude, noise = np.exp(log_params)
        covariance = amplitude**2 * np.exp(-((x[:, None] - x) ** 2) / (2 * length_scale**2))
        covariance += noise**2 * identity
        expected = stats.multivariate_normal(np.zeros(200), covariance).logpdf(y)
        value = first_step(GAUSSIAN_PROCESS)[0]
        np.testing.assert_allclose(-value - 100 * np.log(2 * np.pi), expected, rtol=1e-9)

    def test_the_ode_is_solved(self):
        """Steps of 0.1 with an error of the fourth power: 1e-5 of the populations."""
        (growth, coupling, start), [counts] = CASES[ODE].make()
        slope = functions.slopes(growth, coupling)
        times = 0.1 * np.arange(1, 51)
        solved = solve_ivp(lambda t, y: slope(y), (0, 5), start, t_eval=times, rtol=1e-10)
        y, taken = start, []
        for _ in times:
            y = functions.runge_kutta(slope, y, 0.1)
            taken.append(y)
        np.testing.assert_allclose(taken, solved.y.T, rtol=1e-5)
        expected = np.sum((np.array(taken) - counts) ** 2)
        np.testing.assert_allclose(first_step(ODE)[0], expected, rtol=1e-12)

    @pytest.mark.parametrize("name", [GAUSSIAN_PROCESS, ODE])
    def test_their_gradients_are_those_of_differences(self, name):
        params, _ = CASES[name].make()
        value, *gradients = first_step(name)
        rng = np.random.default_rng(0)
        along = [rng.normal(size=p.shape) for p in params]

        def at(t):
            moved = [p + t * d for p, d in zip(params, along, strict=True)]
            case = CASES[name]
            task = getattr(ours, case.implementation)(moved, case.make()[1], "", **case.options)
            return float(task.arrays(task.step())[0])

        assert at(0) == value
        h = 1e-3
        slope = (at(-2 * h) - 8 * at(-h) + 8 * at(h) - at(2 * h)) / (12 * h)
        found = sum(np.sum(g * d) for g, d in zip(gradients, along, strict=True))
        np.testing.assert_allclose(found, slope, rtol=1e-8)

    @pytest.mark.parametrize("groups", [1, 4])
    @pytest.mark.parametrize("axes", [1, 2, 3])
    def test_convolutions_over_any_number_of_axes_are_sums_over_their_windows(self, axes, groups):
        rng = np.random.default_rng(0)
        images = rng.integers(-3, 4, (2, *[5] * axes, 4)).astype(float)
        filters = rng.integers(-3, 4, (*[3] * axes, 4 // groups, 8)).astype(float)
        framed = np.pad(images, [(0, 0), *[(1, 1)] * axes, (0, 0)])
        expected = np.zeros((2, *[5] * axes, 8))
        for tap in np.ndindex(*[3] * axes):
            part = framed[(slice(None), *[slice(a, a + 5) for a in tap])]
            for f in range(8):
                first = f // (8 // groups) * (4 // groups)
                expected[..., f] += part[..., first : first + 4 // groups] @ filters[tap][:, f]
        options = {"padding": 1, "stride": 1, "groups": groups}
        task = ours.convolution([images, filters], [], "", **options)
        np.testing.assert_array_equal(task.arrays(task.step())[0], expected)


class TestMachine:
    def test_all_is_named(self):
        found = machine.machine()
        assert all(type(value) is str and value for value in found.values())
        assert found["NumPy"] == np.__version__
        assert found["processor"] in machine.in_words(found)

    def test_openblas_says_its_kernel_with_threadpoolctl_and_without(self, monkeypatch):
        info = {"internal_api": "openblas", "version": "0.3.31", "architecture": "Zen"}
        monkeypatch.setattr(machine, "_from_threadpoolctl", lambda: [info])
        assert machine.blas() == ("OpenBLAS 0.3.31", "Zen")
        monkeypatch.undo()
        monkeypatch.setitem(sys.modules, "threadpoolctl", None)  # as if it were not installed
        library, kernel = machine.blas()
        assert (
            library.split()[0] == np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
        )
        assert kernel == machine._corename() != ""

    def test_what_has_no_kernel_to_name_is_unknown(self, monkeypatch):
        info = {"internal_api": "mkl", "version": None}
        monkeypatch.setattr(machine, "_from_threadpoolctl", lambda: [info])
        assert machine.blas() == ("MKL", "unknown")

    def test_of_two_libraries_none_is_taken(self, monkeypatch):
        info = {"internal_api": "openblas", "version": "1", "architecture": "Zen"}
        monkeypatch.setattr(
            machine, "_from_threadpoolctl", lambda: [info, {**info, "version": "2"}]
        )
        assert machine.blas()[0] not in ("OpenBLAS 1", "OpenBLAS 2")

    def test_a_library_that_cannot_be_opened_is_unknown(self, monkeypatch):
        def fails(path):
            raise OSError("no such library")

        monkeypatch.setattr(machine.ctypes, "CDLL", fails)
        assert machine._corename() == "unknown"

    @pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
    def test_the_processor_is_asked_as_the_system_wants_it(self, monkeypatch, platform):
        class Done:
            stdout = "A Chip\n"

        monkeypatch.setattr(machine.sys, "platform", platform)
        monkeypatch.setattr(machine.Path, "read_text", lambda self, **_: "model name : A Chip\n")
        monkeypatch.setattr(machine.subprocess, "run", lambda *_, **__: Done)
        monkeypatch.setattr(machine.platform, "processor", lambda: "A Chip")
        assert machine.processor() == "A Chip"

    def test_a_processor_that_says_nothing_is_unknown(self, monkeypatch):
        def fails(self, **_):
            raise FileNotFoundError

        monkeypatch.setattr(machine.sys, "platform", "linux")
        monkeypatch.setattr(machine.Path, "read_text", fails)
        assert machine.processor() == "unknown"


class Fake:
    """A worker whose step takes as many seconds as `SECONDS` says."""

    SECONDS: ClassVar = {"tinygrad_np": 2.0, JITTED: 1.0, "torch": 4.0, "jax": 8.0}
    fails = ()
    open: ClassVar = set()
    first: ClassVar = {library: [np.ones(2)] for library in SECONDS}

    def __init__(self, library, case, threads, folder):
        if library in self.fails:
            raise command.FailedError(f"{library} failed at {case}: no compiler")
        self.library = library
        self.first = Fake.first[library]
        self.open.add(library)

    def ask(self, line):
        return float("nan") if str(line).startswith("forward") else self.SECONDS[self.library]

    def close(self):
        self.open.remove(self.library)


NAME = "5 Rosenbrock, 10 variables"


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(command, "Worker", Fake)
    monkeypatch.setattr(command, "is_installed", lambda library: library in Fake.SECONDS)
    monkeypatch.setattr(command, "machine_of_workers", lambda threads: machine.machine())
    monkeypatch.setattr(Fake, "fails", ())
    monkeypatch.setattr(Fake, "open", set())
    return monkeypatch


class TestTheCommand:
    def test_ratios_are_ours_over_theirs_with_jit_and_without(self, fake, capsys, tmp_path):
        path = tmp_path / "figures.json"
        assert command.main(["--only", NAME, "--quick", "--json", str(path)]) == 0
        found = json.loads(path.read_text(encoding="utf-8"))
        assert found["machine"] == machine.machine()
        assert found["threads"] == 1
        case = found[NAME]
        assert {k: v[1] for k, v in case["ratios"].items()} == {
            JITTED: 2,
            "torch": 0.5,
            "jax": 0.25,
        }
        assert {k: v[1] for k, v in case["ratios with jit"].items()} == {
            "torch": 0.25,
            "jax": 0.125,
        }
        assert case["seconds"]["jax"] == [8.0] * 3
        told = capsys.readouterr().out
        assert told.startswith(machine.in_words(found["machine"]))
        assert "   0.25 (0.25–0.25)   jit 0.12 (0.12–0.12)" in told
        assert not Fake.open

    def test_geometric_means_of_convolutions_are_printed(self, fake, capsys):
        command.main(["--only", "4 conv2d", "--quick"])
        told = capsys.readouterr().out
        for way in ("forward", "both ways"):
            line = f"4 conv2d, {way}, geometric means: PyTorch 0.50 (at most 0.50, of 9), JAX, "
            assert line in told

    @pytest.mark.parametrize("library", MAY_FAIL)
    def test_what_may_fail_is_left_out_with_the_reason(self, fake, capsys, library):
        fake.setattr(Fake, "fails", (library,))
        fake.setattr(command, "is_installed", lambda name: name in (library, "torch"))
        found = command.report(NAME, 1, 3)
        assert found["left out"] == {library: f"{library} failed at {NAME}: no compiler"}
        assert list(found["ratios"]) == ["torch"]
        assert found["ratios with jit"] == {}
        assert f"left out: {library} failed at {NAME}: no compiler" in capsys.readouterr().out

    def test_any_other_library_that_fails_ends_the_run(self, fake):
        fake.setattr(Fake, "fails", ("torch",))
        with pytest.raises(command.FailedError, match="torch failed at 5 Rosenbrock"):
            command.report(NAME, 1, 3)
        assert not Fake.open

    @pytest.mark.parametrize("library", [JITTED, "torch"])
    @pytest.mark.parametrize("wrong", [np.array([1.0, 1.1]), np.ones(3)])
    def test_results_that_do_not_agree_end_the_run(self, fake, library, wrong):
        fake.setattr(Fake, "first", {**Fake.first, library: [wrong]})
        with pytest.raises(RuntimeError, match=f"tinygrad_np and {library} do not agree"):
            command.report(NAME, 1, 3)
        assert not Fake.open

    def test_a_process_says_why_it_ended(self, tmp_path):
        """A real worker: of a library that does not have the case."""
        with pytest.raises(command.FailedError) as caught:
            command.Worker("plain NumPy", NAME, 1, str(tmp_path))
        assert str(caught.value) == (
            f"plain NumPy failed at {NAME}: AttributeError: module 'benchmarks.libraries."
            "numpy_loop' has no attribute 'rosenbrock'"
        )

    def test_a_process_that_ends_early_says_why(self, tmp_path):
        worker = command.Worker("tinygrad_np", NAME, 1, str(tmp_path))
        with pytest.raises(command.FailedError, match="ValueError: could not convert string"):
            worker.ask("no number")
        worker.close()  # as `measure` does with all of them
        assert worker.process.returncode == 1

    def test_the_reason_is_the_last_error_that_is_named(self, tmp_path):
        path = tmp_path / "errors.txt"
        text = "Traceback:\n  File x\na.b.CppCompileError: no C++\n\nSet TORCHDYNAMO_VERBOSE=1\n"
        path.write_text(text, encoding="utf-8")
        assert command.reason(path) == "a.b.CppCompileError: no C++"
        path.write_text("Segmentation fault\n", encoding="utf-8")
        assert command.reason(path) == "Segmentation fault"
        path.write_text("", encoding="utf-8")
        assert command.reason(path) == "it says nothing"

    def test_a_profile_is_printed_and_kept(self, fake, capsys, tmp_path):
        part = {"calls": {"np.exp": 2.0}, "kernels": {"np.exp": 3e-6}}
        part |= {"recording": 2e-6, "sweep": 1e-6, "Python": 3e-6, "rest": 1e-6, "step": 1e-5}
        roofline = {"product seconds": 1e-6, "operations": 2000, "bytes": 8, "copy seconds": 2e-6}
        part |= {"with the clock": 1.2e-5, "roofline": roofline}
        fake.setattr(command, "profile", lambda name, threads, library: {**part, "of": library})
        path = tmp_path / "figures.json"
        assert command.main(["--profile", "--only", NAME, "--json", str(path)]) == 0
        found = json.loads(path.read_text(encoding="utf-8"))[NAME]
        assert found == {x: {**part, "of": x} for x in ("tinygrad_np", JITTED)}
        told = capsys.readouterr().out
        assert told.count(f"{NAME}\n") == told.count(f"{NAME}, with jit\n") == 1
        assert told.count("np.exp") == 2

    def test_what_cannot_be_replayed_has_no_profile(self, fake, capsys):
        def profile(name, threads, library):
            raise command.FailedError(f"{library} failed")

        fake.setattr(command, "profile", profile)
        with pytest.raises(command.FailedError, match="tinygrad_np failed"):
            command.report_profile(NAME, 1)
        fake.setattr(command, "OURS", JITTED)
        assert command.report_profile(NAME, 1) == {}
        assert f"left out: {JITTED} failed" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            (["--from", "x.json"], "--from: needs --figure"),
            (["--profile", "--figure", "x.png"], "--profile: measures no ratios to draw"),
            (["--figure", "x.txt"], "--figure: x.txt needs an ending"),
            (["--figure", "x.png", "--only", "memory"], "no other library to compare with"),
            (["--from", "/no/such.json", "--figure", "x.png"], "--from: [Errno 2]"),
        ],
    )
    def test_options_that_do_not_fit_are_told_before_anything_runs(self, fake, capsys, given, told):
        fake.setattr(command, "report", lambda *_: pytest.fail("it measures"))
        with pytest.raises(SystemExit) as caught:
            command.main(given)
        assert caught.value.code == 2
        assert told in capsys.readouterr().err

    def test_every_worker_has_as_many_threads_and_nothing_preset(self, monkeypatch):
        monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
        found = command.environment(2)
        assert "OPENBLAS_CORETYPE" not in found
        assert found["OPENBLAS_NUM_THREADS"] == found["OMP_NUM_THREADS"] == "2"

    def test_the_machine_is_asked_in_such_a_process(self):
        assert command.machine_of_workers(1)["NumPy"] == np.__version__

    def test_the_libraries_are_asked_for_by_what_is_imported(self):
        assert command.is_installed(JITTED)
        assert not importlib.util.find_spec("no_such_library")


def test_the_peak_of_a_worker_is_its_own():
    """Also where the process that started it has had more memory."""
    code = "from benchmarks.worker import _peak; print(_peak())"
    held = np.ones(1 << 25)  # 256 MB
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert int(run.stdout) < held.nbytes

"""The commands that try a checkout: what they run, the table at the end, and that they agree."""

import importlib.util
import re
import shutil
import sys
from pathlib import Path

import pytest

from tinygrad_np.atlas.classification import NEWEST

ROOT = Path(__file__).parents[1]
SPEC = importlib.util.spec_from_file_location("checks", ROOT / ".ci" / "checks.py")
checks = sys.modules["checks"] = importlib.util.module_from_spec(SPEC)  # which dataclasses look up
SPEC.loader.exec_module(checks)
SUPPORTED = checks.supported()
OURS = ("3.11.7", "2.4.6", "1.17.1")

with_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A checkout with a single file, and no data beside it."""
    (tmp_path / "checkout").mkdir()
    (tmp_path / "checkout" / "file.txt").write_text("here\n", encoding="utf-8")
    monkeypatch.setattr(checks, "ROOT", tmp_path / "checkout")
    monkeypatch.setattr(checks, "DATA", tmp_path / "data")
    monkeypatch.delenv("TINYGRAD_NP_DATA", raising=False)
    return tmp_path


class TestRun:
    @with_bash
    def test_what_came_of_it_is_read_from_the_output(self, small):
        lines = ["the site: 9 pages, right", "0 passed in 1.00s",
                 "== 2 failed, 31 passed, 4 skipped in 9.87s (0:00:09) ==",
                 "versions: 3.14.2 2.5.5 1.18.1"]  # fmt: skip
        run = checks.Run("Python 3.14", "\n".join([f"echo '{x}'" for x in lines]) + "\nexit 1")
        assert run.carried_out() is run
        assert run.status == 1
        assert run.counts == {"failed": 2, "passed": 31, "skipped": 4}
        assert run.versions == ("3.14.2", "2.5.5", "1.18.1")
        assert run.site == "the site: 9 pages, right"

    @with_bash
    def test_it_has_a_copy_of_the_checkout_without_what_is_local(self, small):
        for name in (".git", ".venv", "tinygrad_np.egg-info"):
            (small / "checkout" / name).mkdir()
        run = checks.Run("Python 3.14", "cat file.txt; ls -A; touch new; echo $TINYGRAD_NP_DATA")
        assert run.carried_out().log.split() == ["here", "file.txt"]
        assert [x.name for x in (small / "checkout").glob("new")] == []

    @with_bash
    def test_the_real_data_are_handed_on(self, small):
        (small / "data").mkdir()
        run = checks.Run("Python 3.14", "echo $TINYGRAD_NP_DATA")
        assert run.carried_out().log.strip() == str(small / "data")

    @pytest.mark.skipif(sys.platform == "win32", reason="a shell script")
    def test_where_this_machine_is_not_seen_they_are_copied(self, small, monkeypatch):
        (small / "data").mkdir()
        (small / "data" / "images").write_text("pixels", encoding="utf-8")
        tool = small / "tool"
        tool.write_text('#!/bin/sh\necho $1; shift\ncat .data/images\nexec "$@"', encoding="utf-8")
        tool.chmod(0o755)
        monkeypatch.setattr(checks, "NEWEST", tool)
        run = checks.Run("Python 3.15", "echo; echo $TINYGRAD_NP_DATA", Path("/root folder"))
        assert run.carried_out().log.splitlines() == ["/root folder", "pixels", "/project/.data"]


class TestTable:
    def done(self, name, status=0, versions=(), **counts):
        return checks.Run(name, "", status=status, versions=versions, counts=counts, seconds=61.4)

    def test_a_line_a_run_and_what_was_not_tried(self):
        text = checks.table(
            [
                self.done("Python 3.11", 0, OURS, passed=90, skipped=7),
                self.done("Python 3.13", 1, ("3.13.0", "2.5.5", "1.18.1"), failed=2, error=1),
                self.done("Python 3.12", 1),
            ]
        )
        lines = [line.split() for line in text.splitlines()]
        assert lines[:4] == [
            ["Python", "NumPy", "SciPy", "passed", "failed", "skipped", "seconds"],
            ["3.11.7", "2.4.6", "1.17.1", "90", "0", "7", "61"],
            ["3.13.0", "2.5.5", "1.18.1", "0", "3", "0", "61", "FAILED"],
            ["3.12", "?", "?", "0", "0", "0", "61", "FAILED"],
        ]
        assert text.splitlines()[-1] == "90 passed, 3 failed, 7 skipped"
        assert "the site" not in text
        assert text.splitlines()[-2] == (
            "not tried: Python 3.12, Python 3.14, Python 3.15, the oldest NumPy and SciPy "
            "(they need Python 3.11 or 3.12)"
        )

    def test_what_the_sites_build_said_is_there(self):
        run = self.done("Python 3.11", 0, OURS, passed=90)
        run.site = "the site: 9 pages, right"
        assert "\nthe site: 9 pages, right\n" in checks.table([run])

    @pytest.mark.parametrize("status", [0, 3])
    def test_a_failure_anywhere_is_the_exit_status_and_shown(self, monkeypatch, capsys, status):
        planned = [self.done("Python 3.11"), self.done("Python 3.12", status)]
        planned[1].log = "E   assert 1 == 2"
        monkeypatch.setattr(checks, "runs", lambda everything: planned)
        monkeypatch.setattr(checks.Run, "carried_out", lambda self: self)
        monkeypatch.setattr(sys, "argv", ["run", "--all"])
        assert checks.main() == (1 if status else 0)
        shown = capsys.readouterr().out
        assert ("assert 1 == 2" in shown) == bool(status)
        assert "not tried: " in shown


class TestPlan:
    def test_the_readme_has_one_test_command_and_it_is_run_as_it_stands(self):
        command = checks.readme_command()
        assert "\n" + command + "\n" in (ROOT / "README.md").read_text(encoding="utf-8")
        assert f"\n{command}\n" in checks.script_for("python3")

    def test_other_pythons_and_packages_change_only_these_words(self):
        script = checks.script_for("python3.14", packages=checks.OLDEST)
        assert "\npython3.14 -m venv .venv && .venv/bin/pip install" in script
        assert (
            "-e '.[test]' 'numpy==2.0.*' 'scipy==1.13.*' && .venv/bin/python -m pytest\n" in script
        )

    def test_plain_tries_this_python_and_the_oldest_packages(self, monkeypatch):
        monkeypatch.setattr(checks, "pythons", lambda: {"3.13": "python3", "3.12": "/x/python3.12"})
        this, oldest = checks.runs(False)
        assert "mypy" in this.script
        assert "wheel" in this.script
        assert "docs/build.py" in this.script
        assert "docs/build.py" not in oldest.script
        assert "\n/x/python3.12 -m venv" in oldest.script
        monkeypatch.setattr(checks, "pythons", lambda: {"3.13": "python3"})
        assert len(checks.runs(False)) == 1

    @pytest.mark.parametrize("browser", ["chromium-browser", None])
    def test_the_browsers_tests_run_where_there_is_one(self, monkeypatch, browser):
        monkeypatch.setattr(checks, "pythons", lambda: {"3.13": "python3", "3.12": "python3.12"})
        monkeypatch.setattr(checks, "BROWSERS", (None, "chromium", "chromium-browser"))
        monkeypatch.setattr(checks.shutil, "which", lambda name: name if name == browser else None)
        this, oldest = checks.runs(False)
        installed = "'.[test]' playwright &&" if browser else "'.[test]' &&"
        assert f"pip install -e {installed}" in this.script
        assert "playwright" not in oldest.script

    def test_all_tries_each_python_that_is_found(self, monkeypatch, tmp_path):
        tool = tmp_path / "newest-python"
        tool.write_text("#!/bin/sh\necho Python 3.14.5; echo Python 3.15.0", encoding="utf-8")
        tool.chmod(0o755)
        known = {"3.11": "python3", "3.12": "/x/python3.12", "3.14": "python3.14"}
        monkeypatch.setattr(checks, "pythons", lambda: known)
        monkeypatch.setattr(checks, "NEWEST", tmp_path / "absent")
        names = {run.name for run in checks.runs(True)}
        assert {"Python 3.11", "Python 3.12", "Python 3.14"} <= names
        if sys.platform != "win32":
            monkeypatch.setattr(checks, "NEWEST", tool)
            monkeypatch.setattr(checks.os, "geteuid", lambda: 0)
            inside = [run.name for run in checks.runs(True) if run.inside]
            assert inside == ["Python 3.15"]
            monkeypatch.setattr(checks.os, "geteuid", lambda: 1000)
            assert {run.name for run in checks.runs(True)} == names


class TestWhatIsSaidAboutVersions:
    def test_the_workflow_has_the_same_matrix(self):
        text = (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
        assert re.findall(r'"(3\.\d+)"', text.split("python: [")[1].split("]")[0]) == SUPPORTED
        for requirement in checks.OLDEST.replace("'", "").split():
            assert text.count(requirement) == 3  # Linux, macOS, Windows

    def test_the_page_names_the_versions(self):
        text = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
        assert f"| Python | {SUPPORTED[0]} to {SUPPORTED[-1]} |" in text
        for library, name in (("numpy", "NumPy"), ("scipy", "SciPy")):
            setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
            oldest = re.search(rf"{library}>=(\S+)", setup)[1]
            assert f"| {name} | {oldest} to {NEWEST[library]} |" in text
            assert f"{library}=={oldest}.*" in checks.OLDEST

    def test_no_supported_python_is_left_out_of_the_classifiers(self):
        assert [f"3.{n}" for n in range(11, 11 + len(SUPPORTED))] == SUPPORTED
        assert f"3.{sys.version_info.minor}" in SUPPORTED or sys.version_info >= (3, 16)

"""What `.ci/run` does: the tests in fresh copies of the checkout, several at a time, and a table.

Each run has a copy and a virtual environment of its own. The real data are used where
TINYGRAD_NP_DATA names their folder, or where they lie beside the checkout, in ../shared/data.
"""

import argparse
import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BESIDE = ROOT.parent / "shared"
DATA = Path(os.environ.get("TINYGRAD_NP_DATA") or BESIDE / "data")
NEWEST = BESIDE / "tools" / "newest-python"
NEWEST_ROOT = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "newest").expanduser()
LOCAL = (
    ".git",
    ".venv",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    "*.egg-info",
    "build",
    "figures",
)
OLDEST = "'numpy==2.0.*' 'scipy==1.13.*'"
AT_A_TIME = min(2, os.cpu_count() or 1)  # so many runs
BROWSERS = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser")
LAYERS = ("fast", "debug")  # the folders without which the rest has to work
HAVE_OLDEST = ("3.11", "3.12")  # the Pythons for which these two have wheels
CHECK_WHEEL = """
import os, sys, zipfile
names = zipfile.ZipFile(sys.argv[1]).namelist()
assert "tinygrad_np/py.typed" in names, "no py.typed in the wheel"
assert not any(name.startswith(("tests", "benchmarks", "examples")) for name in names), names
assert os.path.getsize(sys.argv[1]) < 1_025_000, os.path.getsize(sys.argv[1])
print(os.path.basename(sys.argv[1]), os.path.getsize(sys.argv[1]), "bytes", len(names), "files")
"""
OTHER_CHECKS = f"""
echo "+ lint"
.venv/bin/ruff check . && .venv/bin/ruff format --check . || status=1
echo "+ types"
.venv/bin/mypy || status=1
echo "+ the wheel"
.venv/bin/pip wheel --quiet --no-deps --wheel-dir wheel . &&
    .venv/bin/python -c '{CHECK_WHEEL}' wheel/*.whl || status=1
echo "+ the site"
if .venv/bin/pip install --quiet -e '.[docs]'; then
    .venv/bin/python docs/build.py || status=1
else
    echo "the site: not built, since the extra docs does not install here"
fi
"""
VERSIONS = """
import platform, numpy, scipy
print("versions:", platform.python_version(), numpy.__version__, scipy.__version__)
"""


@dataclass
class Run:
    """The tests on one Python: what is done, and what came of it."""

    name: str
    script: str
    inside: Path | None = None
    """the root folder in which its Python lives, if that is not this machine's"""
    log: str = ""
    status: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    versions: tuple[str, ...] = ()
    site: str = ""
    """what the build of the site says at its end, where it was built"""

    def carried_out(self) -> "Run":
        """In a copy of the checkout that is deleted afterwards."""
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="tinygrad_np-") as folder:
            work = Path(folder, "checkout")
            shutil.copytree(ROOT, work, ignore=shutil.ignore_patterns(*LOCAL))
            command = ["bash", "-c", self.script]
            # Matrix products of two runs at a time that each want all cores wait for one another:
            # a test of 18 s took half an hour.
            share = max(1, (os.cpu_count() or 1) // AT_A_TIME)
            environment = {"OPENBLAS_NUM_THREADS": str(share), **os.environ}
            if DATA.is_dir():
                environment["TINYGRAD_NP_DATA"] = str(DATA)
            if self.inside:
                command = [str(NEWEST), str(self.inside), *command]
                if DATA.is_dir():  # of this machine, only the copy is seen there
                    shutil.copytree(DATA, work / ".data")
                    environment["TINYGRAD_NP_DATA"] = "/project/.data"
            done = subprocess.run(
                command, cwd=work, env=environment, text=True, encoding="utf-8", errors="replace",
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                check=False,
            )  # fmt: skip
        self.log, self.status = done.stdout, done.returncode
        self.seconds = time.perf_counter() - began
        summaries = re.findall(r"^.*\d \w+ in [\d.]+s\b.*$", self.log, re.M)
        found = re.findall(r"(\d+) (passed|failed|skipped|error)", "".join(summaries[-1:]))
        self.counts = {what: int(count) for count, what in found}
        told = re.findall(r"^versions: (\S+) (\S+) (\S+)$", self.log, re.M)
        self.versions = told[-1] if told else ()
        self.site = "".join(re.findall(r"^the site: .*$", self.log, re.M)[-1:])
        return self


def readme_command() -> str:
    """The line of the README that installs and runs the tests."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^python3 -m venv .*pytest$", text, re.M)
    if len(found) != 1:
        sys.exit("README: no single test command")
    return str(found[0])


def script_for(python: str, more: str = "", packages: str = "") -> str:
    """A script: the README's command with this Python, other packages, and what follows."""
    command = readme_command().replace("python3", python, 1)
    if packages:
        command = command.replace(
            "pip install -e '.[test]'", f"pip install -e '.[test]' {packages}"
        )
    return f"""
echo "+ {command}"
{command}
status=$?
.venv/bin/python -c '{VERSIONS}' || exit 1
{more}
exit $status
"""


def supported() -> list[str]:
    """The versions of Python that setup.cfg names."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return re.findall(r":: (3\.\d+)$", setup["metadata"]["classifiers"], re.M)


def version_of(python: str) -> str:
    """3.12, say, or nothing if it does not run or cannot make a virtual environment."""
    code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def pythons() -> dict[str, str]:
    """The Pythons on this machine by version: python3 itself, those on the PATH, pyenv's."""
    found = {version_of("python3"): "python3"}
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv"), "versions").expanduser()
    for version in supported():
        for python in [
            f"python{version}",
            *map(str, pyenv.glob(f"{version}*/bin/python{version}")),
        ]:
            if version not in found and version_of(python) == version:
                found[version] = python
    return found


def runs(everything: bool) -> list[Run]:
    """What there is to do."""
    known = pythons()
    this = next(iter(known))
    # The tests of pages are skipped without a browser, or without what drives it.
    browser = "playwright" if any(map(shutil.which, filter(None, BROWSERS))) else ""
    planned = [Run(f"Python {this}", script_for("python3", OTHER_CHECKS, browser))]
    old = [version for version in known if version in HAVE_OLDEST]
    if old:
        script = script_for(known[old[0]], packages=OLDEST)
        planned.append(Run(f"Python {old[0]}, the oldest NumPy and SciPy", script))
    if everything:
        here = [Run(f"Python {v}", script_for(known[v])) for v in known if v != this]
        there = []
        if NEWEST.exists() and os.geteuid() == 0:
            told = subprocess.run(
                [NEWEST, NEWEST_ROOT], capture_output=True, text=True, check=False
            )
            for v in re.findall(r"Python (3\.\d+)", told.stdout):
                if v not in known:
                    there.append(Run(f"Python {v}", script_for(f"python{v}"), NEWEST_ROOT))
        # one at a time there, so that they take turns with those here
        for pair in zip_longest(there, here):
            planned += [run for run in pair if run]
        for layer in LAYERS:
            tests = script_for("python3").replace("-m pytest", "-m pytest tests")
            script = f"rm -r tinygrad_np/{layer}\n{tests}"
            planned.append(Run(f"Python {this}, without {layer}/", script))
    return planned


def table(done: list[Run]) -> str:
    """A line a run, and which versions were not tried."""
    rows = [["Python", "NumPy", "SciPy", "passed", "failed", "skipped", "seconds"]]
    for run in done:
        counts = run.counts
        failed = counts.get("failed", 0) + counts.get("error", 0)
        versions = run.versions or (run.name.split()[1].rstrip(","), "?", "?")
        numbers = (counts.get("passed", 0), failed, counts.get("skipped", 0), round(run.seconds))
        rows.append([*versions, *map(str, numbers)])
        rows[-1][-1] += f"  {run.name.partition(', ')[2]}" if "without" in run.name else ""
        rows[-1][-1] += "  FAILED" if run.status else ""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines += [f"the real data: {DATA if DATA.is_dir() else 'none, their tests were skipped'}"]
    lines += [run.site for run in done if run.site]
    tried = {run.versions[0].rsplit(".", 1)[0] for run in done if run.versions}
    missed = [f"Python {version}" for version in supported() if version not in tried]
    if not any("oldest" in run.name for run in done):
        missed.append(f"the oldest NumPy and SciPy (they need Python {' or '.join(HAVE_OLDEST)})")
    lines.append(f"not tried: {', '.join(missed) or 'none'}")
    passed, failed, skipped = [sum(int(row[i]) for row in rows[1:]) for i in (3, 4, 5)]
    lines.append(f"{passed} passed, {failed} failed, {skipped} skipped")
    return "\n".join(lines)


def main() -> int:
    """The exit status: 1 if anything failed."""
    parser = argparse.ArgumentParser(prog=".ci/run", description=__doc__)
    parser.add_argument("--all", action="store_true", help="also every other Python that is found")
    planned = runs(parser.parse_args().all)
    print("to do:", "; ".join(run.name for run in planned), flush=True)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for future in as_completed([pool.submit(run.carried_out) for run in planned]):
            run = future.result()
            print(
                f"{run.name}: {'FAILED' if run.status else 'ok'} ({run.seconds:.0f} s)", flush=True
            )
            if run.status:
                print(run.log, flush=True)
    print(table(planned))
    return int(any(run.status for run in planned))


if __name__ == "__main__":
    sys.exit(main())

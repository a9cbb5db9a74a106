"""Every command that the project shows works: in the README, docs, docstrings and ``--help``.

`shown` finds them, and `OPTIONS` has more, so that each option that an example's ``--help`` has is
tried. They run in a copy of the checkout, with the built-in data and, where they are, the real
ones; they must end with 0 and print no warning, no nan, and no number that does not fit its column.
`SHORTER` has what is run in place of what takes minutes. Of what `NOT_RUN` lists, with reasons,
only the options are read.

    python -m pytest -m slow tests/test_commands.py
"""

import ast
import configparser
import importlib.util
import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
from loading import ROOT
from test_examples import DATA

pytestmark = pytest.mark.skipif(
    not (ROOT / "README.md").exists(), reason="an installed package shows no commands"
)

EXAMPLES = [
    path
    for path in sorted((ROOT / "examples").glob("*.py"))
    if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
]

NOT_RUN = {
    r"python3 -m venv .*": "installs",
    r"pip install .*": "installs",
    r"python -m pytest.*": "is the tests themselves",
    r"\.ci/run.*": "is the tests themselves, in a fresh environment",
    r"python -m benchmarks( .*|\.debug_mode|\.scaling)?": "is a benchmark, of up to an hour",
    r"python -m benchmarks\.beside( .*)?": "trains twelve networks",
    r"python -m benchmarks\.beside\.\w+( \w+)?": "is a part of that, in PyTorch or Keras",
    r"python -m benchmarks\.worker LIBRARY CASE FILE": "is a part of the benchmark",
    r"python docs/build\.py": "builds the site, which .ci/run does",
    r"python docs/_ext/rules_table\.py": "is `tinygrad_np check`, and writes into docs",
    r"python (-m pdb )?program\.py": "is a program of the reader's",
}
SHORTER = {
    "python examples/ten_classes.py --data cifar-10 --filters 15": (
        "python examples/ten_classes.py --data cifar-10 --filters 15 --quick"
    ),  # TestTenClasses.test_the_default_rate_suits_cifar_10 has all of it
    **{  # TestWhole in test_examples_networks.py has all of them
        command: f"{command} --quick"
        for command in (
            "python examples/hand_over.py",
            "python examples/mlp.py",
            "python examples/resnet.py",
            "python examples/resnet.py --data cifar-10",
            "python examples/gpt.py",
            "python examples/parallel.py",
        )
    },
    "python tests/fuzz_loaders.py": "python tests/fuzz_loaders.py --inputs 2000",
    "python tests/scan_pointwise.py": "python tests/scan_pointwise.py --quick",
    "python tests/scan_pointwise.py --write docs/accuracy.md": (
        "python tests/scan_pointwise.py --write docs/accuracy.md --quick"
    ),
    "python tests/test_training_killed.py 50": "python tests/test_training_killed.py 1",
    "python tests/test_training_parallel.py 20": "python tests/test_training_parallel.py 1",
    "python tests/test_public_functions.py 20000": "python tests/test_public_functions.py 300",
    "python tests/test_thread_safety.py 100": "python tests/test_thread_safety.py 2",
}
OPTIONS = {
    "black_scholes.py": """
        --rate -0.01 --spot 49 --strikes 50 --volatility 0.3 --maturity 2
    """,
    "convolution_lab.py": """
        --dilation 2 --padding same --path lab/dilated.html
        --stride 3 --path strided.html
    """,
    "convolution_pictures.py": """
        --stride 1
        --stride 6
    """,
    "graph_page.py": """
        --images 2 --path graphs/two.html
    """,
    "fit.py": """
        --seed 3 --devices 40 --end 8 --out pictures
    """,
    "gaussian_process.py": """
        --out pictures
        --seed 12 --points 200
        --points 1 --steps 1
    """,
    "gpt.py": """
        --quick --seed 3 --out pictures
        --epochs 1
    """,
    "hand_over.py": """
        --epochs 1 --seed 3 --out handed
        --quick --data auto
        --quick --data fashion-mnist --path REAL
        --quick --data cifar-10
    """,
    "hyperparameters.py": """
        --seed 3 --points 60 --noise 2 --out pictures
    """,
    "inverse_heat.py": """
        --seed 3 --cells 6 --noise 0.02 --steps 5 --out pictures
    """,
    "mlp.py": """
        --epochs 1 --seed 3 --out pictures
        --quick --data auto
        --quick --data fashion-mnist --path REAL
        --quick --data cifar-10
    """,
    "ode.py": """
        --seed 3 --points 10 --noise 0.05 --steps 3 --out pictures
    """,
    "parallel.py": """
        --epochs 1
        --quick --seed 3 --out pictures
        --quick --data auto
        --quick --data fashion-mnist --path REAL
        --quick --data cifar-10
    """,
    "resnet.py": """
        --epochs 1
        --quick --seed 3 --out pictures
        --quick --data auto
        --quick --data fashion-mnist --path REAL
    """,
    "sequence.py": """
        --quick --seed 3 --out pictures
        --epochs 2
    """,
    "two_class.py": """
        --quick --freeze filter
        --quick --freeze dense
        --quick --dtype float32
        --quick --dtype float64 --rate 0.005
        --epochs 2 --batch-size 16 --seed 7
        --quick --out pictures
        --quick --data auto
        --quick --data fashion-mnist
        --quick --data fashion-mnist --path REAL
    """,
    "ten_classes.py": """
        --quick --filters 1
        --quick --filters 15
        --quick --filters 40
        --quick --dtype float64
        --quick --dtype float32 --rate 0.02 --momentum 0 --batch-size 16
        --quick --seed 7 --out pictures
        --epochs 2 --filters 2
        --epochs 3 --filters 2 --checkpoint STATES --save-every 50 --resume
        --quick --data auto
        --quick --data fashion-mnist --path REAL
        --quick --data fashion-mnist --filters 15
        --quick --data cifar-10 --filters 5
        --quick --data cifar-10 --path REAL
        --protocol post --epochs 1 --filters 1
    """,
}

COMMAND = re.compile(
    r"(?:\S*/)?python3? (?:-m [\w.]+|[\w./]+\.py)[^`#\n]*"
    r"|(?:\S*/)?pip install [^`#\n]*"
    r"|(?<=`)(?:examples/\w+\.py|\.ci/run)(?: [^`\n]*)?(?=`)"
)


def commands_in(text):
    """The commands in a text, in one spelling: ``python`` with what follows it."""
    found = []
    for line in COMMAND.findall(text):
        for command in line.split("&&"):
            command = re.sub(r"^\S*/(?=python|pip)", "", command.strip())
            command = re.sub(r"^(?=examples/)", "python ", command)
            if "[-h]" not in command:  # the form of a command, not one
                found.append(command)
    return found


def docstring(path):
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def help_of(*program):
    return run([*program, "--help"], ROOT).stdout


def run(words, folder, data=None):
    """Python with these arguments in a checkout, and with a folder of data."""
    env = {k: v for k, v in os.environ.items() if k not in ("TINYGRAD_NP_DATA", "PYTHONWARNINGS")}
    env |= {"PYTHONPATH": str(folder), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=env if data is None else {**env, "TINYGRAD_NP_DATA": str(data)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def shown():
    """Each command that is shown, and where."""
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md")}
    for name in ("README.md", "CONTRIBUTING.md"):
        texts[ROOT / name] = (ROOT / name).read_text(encoding="utf-8")
    for folder in ("examples", "tests", "benchmarks", "tinygrad_np"):
        texts.update((path, docstring(path)) for path in (ROOT / folder).rglob("*.py"))
    where = {}
    for path in sorted(texts):
        for command in commands_in(texts[path]):
            where.setdefault(command, path.relative_to(ROOT).as_posix())
    return where


def reason(command):
    """Why a command is not run, or None."""
    return next((why for form, why in NOT_RUN.items() if re.fullmatch(form, command)), None)


SHOWN = shown()
RUN = [SHORTER.get(command, command) for command in SHOWN if not reason(command)]
RUN += [
    f"python examples/{name} {line.strip()}"
    for name, lines in OPTIONS.items()
    for line in lines.strip().splitlines()
]
# The examples that train: with the data built in, and with the real ones.
TRAINS = re.compile(r"python examples/(two_class|ten_classes|mlp|resnet|parallel|hand_over)\.py")
IS_REAL = re.compile(r"--data (fashion-mnist|cifar-10|auto)|--protocol post")
CASES = [(command, True) for command in RUN if TRAINS.match(command)]
CASES += [
    (f"{command} --data built-in" if TRAINS.match(command) else command, False)
    for command in RUN
    if not IS_REAL.search(command)
]


def test_they_are_found():
    text = (
        "```sh\npython3 -m venv .venv && .venv/bin/python examples/a.py --b 1\n```\n`python` and "
        "Python 3, `examples/c.py` or ``python -m d e`` or `.ci/run`:\n    python f/g.py  # h\n"
    )
    assert commands_in(text) == [
        "python3 -m venv .venv", "python examples/a.py --b 1", "python examples/c.py",
        "python -m d e", ".ci/run", "python f/g.py",
    ]  # fmt: skip
    assert commands_in("usage: python -m tinygrad_np check [-h] [name ...]") == []
    for path in EXAMPLES:
        assert f"python examples/{path.name}" in {command.split(" --")[0] for command in RUN}
    assert len(SHOWN) > 25


def test_the_lists_are_up_to_date():
    assert set(SHORTER) <= set(SHOWN)
    for form in NOT_RUN:
        assert any(re.fullmatch(form, command) for command in SHOWN), form
    for command, instead in SHORTER.items():  # another number, or one that says how many
        same = re.sub(r"\d+$", "N", command) == re.sub(r"\d+$", "N", instead)
        assert same or instead in (f"{command} --quick", f"{command} --inputs 2000")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_option_of_an_example_is_tried(path):
    told = help_of(str(path))
    assert commands_in(told) == []  # else `shown` has to look there
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", told)) - {"--help"}
    tried = " ".join([command for command, _ in CASES if path.name in command])
    assert options == {option for option in options if f"{option} " in f"{tried} "}
    for option, choices in re.findall(r"(--[a-z-]+) \{(\S*?)\}", told):
        for choice in choices.split(","):
            assert f"{option} {choice}" in tried


@pytest.mark.parametrize("program", [[], ["check"], ["table"]], ids=str)
def test_the_help_of_the_package_shows_no_other_commands(program):
    assert set(commands_in(help_of("-m", "tinygrad_np", *program))) <= set(SHOWN)


# Only read

READ = """
import argparse, runpy, sys
parse = argparse.ArgumentParser.parse_args
def parsed(*args, **kwargs):
    parse(*args, **kwargs)
    sys.exit(0)
argparse.ArgumentParser.parse_args = parsed
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
sys.exit("it has read no options")
"""


@pytest.mark.parametrize("command", [command for command in SHOWN if reason(command)])
def test_what_is_not_run_has_options_that_there_are(command):
    program, *words = shlex.split(command)
    if program == "pip":
        settings = configparser.ConfigParser()
        settings.read(ROOT / "setup.cfg")
        assert words[-1].startswith(".") or words[-1] == "tinygrad_np"  # this checkout, or itself
        for extra in re.findall(r"\.\[(\w+)\]", command):
            assert extra in settings["options.extras_require"]
    elif program == ".ci/run":
        assert os.access(ROOT / ".ci" / "run", os.X_OK)
    elif words[:2] == ["-m", "pytest"]:
        for before, word in itertools.pairwise(words[1:]):
            assert (ROOT / word).exists() or word in ("-m", "-k", "slow") or before == "-k"
    elif words[:2] == ["-m", "benchmarks"]:
        done = run(["-c", READ, *words[1:]], ROOT)
        assert done.returncode == 0, done.stderr
    elif words[0].endswith(".py"):
        assert (ROOT / words[0]).exists() or words[0] == "program.py"  # the reader's
    else:
        assert importlib.util.find_spec(words[1])


# Run


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy, so that what the commands leave behind is not in the way."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("examples", "tests", "docs", "benchmarks", "tinygrad_np"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("README.md", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def misfits(text):
    """The lines of tables that are not as long as their heads, or have what is no number."""
    wrong, width = [], None
    for line in text.splitlines():
        if re.match(r"epoch  |step  |by the log of  | +strike ", line):
            width = len(line)
        elif width and re.match(r" *\d|before |length scale |amplitude |noise ", line):
            numbers = re.findall(r"\S+", line)[1:]
            if len(line) != width or {"nan", "inf", "-inf"} & set(numbers):
                wrong.append(line)
        else:
            width = None
    return wrong + re.findall(r".*(?<![.\d])\d{10,}.*", text)


def test_misfits_are_found():
    head = "epoch    train loss  accuracy"
    good = f"{head}\n1            0.1234    0.5678\ntest loss 0.1\n"
    assert misfits(good) == []
    assert misfits(good.replace("0.1234", "   nan"))
    assert misfits(good.replace("0.1234", "7735958206933487616.0000"))
    assert misfits(good.replace(" 0.1234", "12345678.1234"))
    assert misfits("a loss of 7735958206933487616.0")
    assert misfits("a slope of 1.5816883035") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "real"), [pytest.param(*case, id=f"{case[0]}, {case[1]}") for case in CASES]
)
def test_a_command_runs(command, real, checkout):
    name = "cifar-10" if "cifar-10" in command else "fashion-mnist"
    if real and (DATA is None or not (DATA / name).is_dir()):
        pytest.skip(f"needs {name}: set TINYGRAD_NP_DATA to the folder that has it")
    _, *words = shlex.split(command.replace("REAL", str(DATA)))
    if "--checkpoint" in words:
        shutil.rmtree(checkout / words[words.index("--checkpoint") + 1], ignore_errors=True)
    for times in range(1 + ("--resume" in words)):  # the second time, there is what to resume
        done = run(words, checkout, DATA if real else None)
        told = done.stdout + done.stderr
        assert done.returncode == 0, told
        assert not re.search(r"Warning|Traceback", done.stderr), told
        assert ("resumed after" in done.stdout) == (times == 1)
        if "examples/" in command:
            assert misfits(done.stdout) == [], told
        for path in re.findall(r"Figure: (.*)", done.stdout):
            assert (checkout / path).read_bytes().startswith(b"\x89PNG")

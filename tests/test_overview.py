"""`python -m tinygrad_np` without a command says what there is."""

import re

import pytest

import tinygrad_np as tg
from tinygrad_np.__main__ import PARTS, main, overview

CODES = re.compile(r"\033\[\d+m")


def test_it_shows_results_that_are_computed_now(capsys):
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"tinygrad_np {tg.__version__}:")
    assert "array([[6., 2.],\n       [2., 0.]])" in shown  # of x₀²·x₁ at (1, 3)
    assert "(1, 6, 8, 2)" in shown
    assert "off by the factor 5" in shown
    assert all(len(line) < 120 for line in shown.splitlines())
    assert shown.isascii()


@pytest.mark.whole
def test_the_names_that_it_tells_are_there():
    for names in PARTS:
        for name in names.split(", "):
            assert hasattr(tg.Tensor if name == "backward" else tg, name), name


class Terminal:
    """Standard output that may be a terminal."""

    encoding = "utf-8"

    def __init__(self, is_terminal):
        self.isatty = lambda: is_terminal
        self.written = ""

    def write(self, text):
        self.written += text

    def flush(self):
        pass


@pytest.mark.parametrize(
    ("is_terminal", "environment", "is_coloured"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),  # as no-color.org has it: if it is there and not empty
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals(is_terminal, environment, is_coloured, monkeypatch):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    output = Terminal(is_terminal)
    monkeypatch.setattr("sys.stdout", output)
    assert main([]) == 0
    assert bool(CODES.search(output.written)) == is_coloured
    assert CODES.sub("", output.written) == overview(False) + "\n"


def test_another_command_is_refused(capsys):
    assert main(["tables"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("usage: python -m tinygrad_np\n")

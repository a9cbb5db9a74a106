"""`python -m benchmarks.beside`: the lines of the examples and of their twins, and the command."""

import ast
import importlib.util
import json
import re
import sys

import pytest
from loading import ROOT

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("an installed package has no benchmarks", allow_module_level=True)
sys.path.append(str(ROOT))

from benchmarks.beside import __main__ as command
from benchmarks.beside import lines, twins

TEXT = '''"""A module."""
import x

# Model


def f(
    a,
):
    """A docstring
    of two lines."""
    # a remark

    text = """in a value
    it counts"""
    return text  # and here


SIZE = 3
"""What it is for."""

# Training

g = f(1)

# Command
print(g)
'''


class TestLines:
    def test_docstrings_remarks_and_blank_lines_do_not_count(self):
        assert lines.counted_text(TEXT) == (7, 1)

    def test_a_text_without_a_mark_is_refused(self):
        with pytest.raises(ValueError, match="are not all there"):
            lines.counted_text(TEXT.replace("# Training\n", ""))

    def test_the_parts(self, tmp_path):
        path = tmp_path / "a.py"
        path.write_text(TEXT, encoding="utf-8")
        assert lines.part(path, "# Training") == "g = f(1)"
        assert lines.part(path, "# Model").startswith("def f(")

    @pytest.mark.parametrize("name", command.NAMES)
    def test_an_example_has_at_most_so_many_lines_as_keras(self, name):
        ours, theirs = [
            sum(lines.counted(command.program(name, library)[0]))
            for library in ("tinygrad_np", "keras")
        ]
        assert 10 < theirs < ours <= command.MOST * theirs

    @pytest.mark.parametrize("name", command.NAMES)
    def test_lines_are_no_longer_than_elsewhere_and_hold_one_statement(self, name):
        for library in command.LIBRARIES:
            text = command.program(name, library)[0].read_text(encoding="utf-8")
            assert max(map(len, text.splitlines())) <= 100
            at = [node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
            assert len(at) == len(set(at))


class TestCommand:
    @pytest.fixture
    def trained(self, monkeypatch):
        monkeypatch.setattr(
            command, "trained", lambda *given: {"result": 0.5, "seconds": float(len(given[0]))}
        )
        monkeypatch.setattr(command, "machine_of_workers", lambda threads: MACHINE)

    def test_the_lines_alone(self, capsys):
        assert command.main(["--lines", "--only", "mlp"]) == 0
        out = capsys.readouterr().out
        assert [line.split()[0] for line in out.splitlines() if "=" in line][1:] == [
            "tinygrad_np", "PyTorch", "Keras"
        ]  # fmt: skip
        assert "times the lines of Keras" in out

    def test_what_is_not_installed_is_left_out_with_the_reason(
        self, trained, monkeypatch, capsys, tmp_path
    ):
        there = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: None if name == "keras" else there("json")
        )
        path = tmp_path / "figures.json"
        assert command.main(["--only", "gpt", "--json", str(path)]) == 0
        assert "left out: keras is not installed" in capsys.readouterr().out
        found = json.loads(path.read_text())
        assert found["gpt"]["keras"]["left out"] == "keras is not installed"
        assert found["gpt"]["torch"]["seconds"] == 3.0

    @pytest.mark.whole
    def test_our_own_example_runs_as_its_twins_do(self):
        found = command.trained("sequence", "tinygrad_np", 1, True)
        assert 0 < found["result"] < twins.example("sequence").BASELINE
        assert found["seconds"] > 0

    def test_one_that_fails_says_why(self, monkeypatch):
        monkeypatch.setattr(
            command, "program", lambda *given: (None, ["benchmarks.beside.nothing"])
        )
        with pytest.raises(RuntimeError, match="No module named"):
            command.trained("mlp", "torch", 1, True)


MACHINE = dict.fromkeys(
    ("processor", "cores", "BLAS", "BLAS kernel", "Python", "NumPy", "SciPy"), "some"
)


PAGE = ROOT / "docs" / "beside.md"


@pytest.mark.skipif(not PAGE.exists(), reason="an installed package has no docs")
class TestPage:
    def test_what_it_shows_stands_in_the_programs(self):
        shown = re.findall(
            r"`([\w/]+\.py)`:\n\n```python\n(.*?)\n```", PAGE.read_text("utf-8"), re.S
        )
        assert len(shown) == 15
        for path, text in shown:
            assert text in (ROOT / path).read_text(encoding="utf-8"), path

    def test_the_lines_are_those_that_are_counted(self):
        cells = re.findall(
            r"^\| `(\w+)\.py`[^|]*\|[^|]*\| (\d+) \+ (\d+) = (\d+) \| (\d+) \+ (\d+) = (\d+) \| "
            r"(\d+) \+ (\d+) = (\d+) \|",
            PAGE.read_text("utf-8"), re.M,
        )  # fmt: skip
        assert [name for name, *_ in cells] == list(command.NAMES)
        for name, *numbers in cells:
            expected = []
            for library in command.LIBRARIES:
                model, training = lines.counted(command.program(name, library)[0])
                expected += [model, training, model + training]
            assert [int(number) for number in numbers] == expected

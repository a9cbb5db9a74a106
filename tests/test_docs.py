"""The README's table of a comparison is what is printed; pytest runs its examples and the docs'."""

import doctest
import re
from pathlib import Path

import pytest

import tinygrad_np

README = Path(tinygrad_np.__file__).parents[1] / "README.md"


def without_rounding(text):
    """Errors of rounding size differ from machine to machine."""
    return re.sub(r" +(0|\d(\.\d)?e-1[5-9])(?= )", " tiny", text)


@pytest.mark.skipif(not README.exists(), reason="an installed package has no README")
def test_the_comparison_in_the_readme_is_as_printed():
    readme = README.read_text(encoding="utf-8")
    [table] = re.findall(r"```\n(leaf  shape .*?)\n```", readme, re.DOTALL)
    code = doctest.script_from_examples(readme)
    names = {}
    exec(code[: code.index("F, W = tg.Tensor")], names)  # the model that the README shows
    tg = names["tg"]
    report = tg.check.compare(
        *(names["loss"], tg.closed_form.two_class),
        *(names["params"], names["images"], names["labels"]),
    )
    assert without_rounding(table).count("tiny") == 4
    assert without_rounding(str(report)) == without_rounding(table)

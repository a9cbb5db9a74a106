"""The command line: ``check`` tries the rules, ``table`` lists them, ``names`` what others say."""

from __future__ import annotations

import sys

from . import answers
from .atlas import classification, rule_reports

USAGE = """usage: python -m tinygrad_np check [-h] [--json FILE] [--seed SEED] [name ...]
       python -m tinygrad_np table [-h] [name ...]
       python -m tinygrad_np names

check: try every rule of the table with independent witnesses
table: print how every function of NumPy treats a Tensor; with scipy, scipy.linalg or
       scipy.linalg.expm, how those of SciPy do
names: print what PyTorch, JAX, HIPS autograd and Keras call it, and what it is called here"""


def main(arguments: list[str]) -> int:
    """Run the command that the first argument names."""
    if arguments[:1] == ["check"]:
        return rule_reports.main(arguments[1:])
    if arguments[:1] == ["table"] and arguments[1:2] and arguments[1].split(".")[0] == "scipy":
        from .atlas import mirrored  # which imports SciPy

        return mirrored.main(arguments[1:])
    if arguments[:1] == ["table"]:
        return classification.main(arguments[1:])
    if arguments == ["names"]:
        print(answers.page(), end="")
        return 0
    if arguments in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

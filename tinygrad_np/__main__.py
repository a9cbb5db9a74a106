"""The command line: ``python -m tinygrad_np check`` tries the rules, ``table`` lists them."""

from __future__ import annotations

import sys

from .check import atlas, classification

USAGE = """usage: python -m tinygrad_np check [-h] [--json FILE] [--seed SEED] [name ...]
       python -m tinygrad_np table [-h] [name ...]

check: try every rule of the table with independent witnesses
table: print how every function of NumPy treats a Tensor"""


def main(arguments: list[str]) -> int:
    """Run the command that the first argument names."""
    if arguments[:1] == ["check"]:
        return atlas.main(arguments[1:])
    if arguments[:1] == ["table"]:
        return classification.main(arguments[1:])
    if arguments in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

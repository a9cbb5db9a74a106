"""The command line: ``python -m tinygrad_np check`` tries every rule of the table."""

from __future__ import annotations

import sys

from .check import atlas

USAGE = """usage: python -m tinygrad_np check [-h] [--json FILE] [--seed SEED] [name ...]

check: try every rule of the table with independent witnesses"""


def main(arguments: list[str]) -> int:
    """Run the command that the first argument names."""
    if arguments[:1] == ["check"]:
        return atlas.main(arguments[1:])
    if arguments in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

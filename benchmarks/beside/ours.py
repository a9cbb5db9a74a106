"""The example itself, run as its twins are: ``python -m benchmarks.beside.ours mlp``."""

from __future__ import annotations

import sys

from .twins import example, run

if __name__ == "__main__":
    name = sys.argv.pop(1)
    run(name, example(name).train, example(name).result)

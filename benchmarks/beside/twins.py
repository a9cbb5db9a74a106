"""What each twin's command does: it loads the example's data, trains, and prints what came out.

python -m benchmarks.beside.mlp_torch
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str) -> Any:
    """The script examples/`name`.py as a module."""
    sys.path.insert(0, str(EXAMPLES))  # as if it were run
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(name: str, train: Callable[[Any, int], Any], result: Callable[[Any, Any], float]) -> None:
    """Train on the data of the example `name`, and print its result and the seconds as JSON."""
    parser = argparse.ArgumentParser(description=f"The twin of examples/{name}.py.")
    parser.add_argument("--quick", action="store_true", help="one epoch on few data")
    options = parser.parse_args()
    theirs = example(name)
    data = theirs.load(quick=options.quick)
    began = time.perf_counter()
    model = train(data, 1 if options.quick else theirs.EPOCHS)
    seconds = time.perf_counter() - began
    print(json.dumps({"result": result(model, data), "seconds": seconds}))

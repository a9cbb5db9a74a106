"""The example scripts as modules."""

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

sys.path.insert(0, str(ROOT / "examples"))  # as if one of them were run


def example(name):
    """The script examples/`name`.py, imported anew."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

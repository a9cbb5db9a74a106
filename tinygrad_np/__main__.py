"""The command line: what there is; ``check`` tries the rules, ``table`` and ``names`` list them."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from . import answers
from .atlas import classification, rule_reports

USAGE = """usage: python -m tinygrad_np
       python -m tinygrad_np check [-h] [--json FILE] [--seed SEED] [name ...]
       python -m tinygrad_np table [-h] [name ...]
       python -m tinygrad_np names

check: try every rule of the table with independent witnesses
table: print how every function of NumPy treats a Tensor; with scipy, scipy.linalg or
       scipy.linalg.expm, how those of SciPy do
names: print what PyTorch, JAX, HIPS autograd and Keras call it, and what it is called here
without any: what there is"""

SHOWN = """
grad(lambda x: np.sum(np.sin(x) * x**2))(np.array([0.5, 1.0]))
hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 3.0]))
conv2d(np.ones((1, 6, 8, 1)), np.ones((5, 3, 1, 2)), padding=(2, 1)).shape
check.check_gradient(lambda w: np.mean(w**2), lambda w: 2 * w, np.ones(5)).hints
"""
PARTS = {
    "grad, jvp, jacobian, hessian": "derivatives by trees of arrays, of any order",
    "Tensor, backward": "a variable, and the gradient of what was computed from it",
    "conv2d, max_pool, dense, nn": "layers, losses and metrics, as plain functions",
    "optim, training, data": "optimisers and schedules, whole runs, data sets",
    "scipy": "SciPy's names, differentiable: optimize, stats, linalg, ...",
    "jit": "a function recorded once and replayed, with the same bits",
    "check, closed_form": "is this gradient right?",
    "debug, graph, viz": "where a nan came from, what was recorded, pictures",
    "pointwise, linear, general": "a derivative for a function of your own",
}
EXTRAS = {"plot": "matplotlib", "graph": "fast-sugiyama", "data": "pooch",
          "threads": "threadpoolctl", "safetensors": "safetensors"}  # fmt: skip


def overview(is_coloured: bool) -> str:
    """What there is, with results that are computed now; `is_coloured` by codes of a terminal."""

    def painted(code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if is_coloured else text

    def installed(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "from a folder" if find_spec(name.replace("-", "_")) else "not installed"

    package = sys.modules[__package__]
    names = {name: getattr(package, name) for name in ("grad", "hessian", "conv2d")}
    lines = [
        f"{painted('1', 'tinygrad_np')} {package.__version__}: NumPy and SciPy code that "
        "differentiates itself",
        f"Python {platform.python_version()}, NumPy {installed('numpy')}, "
        f"SciPy {installed('scipy')}",
        "",
        f"{painted('2', '>>>')} import numpy as np",
        f"{painted('2', '>>>')} from tinygrad_np import check, {', '.join(names)}",
    ]
    names |= {"np": sys.modules["numpy"], "check": package.check}
    for line in SHOWN.strip().splitlines():
        result = repr(eval(line, dict(names)))
        lines += [f"{painted('2', '>>>')} {line}", painted("32", result)]
    width = max(map(len, PARTS))
    lines += ["", painted("1", "in tinygrad_np")]
    lines += [f"  {painted('36', part.ljust(width))}  {what}" for part, what in PARTS.items()]
    lines += ["", painted("1", "python -m tinygrad_np ...")]
    lines += [f"  {line}" for line in USAGE.split("\n\n")[1].splitlines()[:-1]]
    lines += ["", painted("1", "extras")]
    lines += [f"  {extra.ljust(13)}{name} {installed(name)}" for extra, name in EXTRAS.items()]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run the command that the first argument names; without one, say what there is."""
    if not arguments:
        wants_none = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        print(overview(sys.stdout.isatty() and not wants_none))
        return 0
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

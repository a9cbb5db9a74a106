"""What it runs on: ``python -m benchmarks.machine`` names the processor, BLAS and the versions.

OpenBLAS chooses its kernels by the processor as it is loaded, and says which: "SkylakeX", "Zen",
"Haswell". What cannot be asked is "unknown".

>>> sorted(machine())
['BLAS', 'BLAS kernel', 'NumPy', 'Python', 'SciPy', 'cores', 'processor']
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import itertools
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

UNKNOWN = "unknown"


def machine() -> dict[str, str]:
    """Processor, cores, BLAS with its kernel, and the versions of Python, NumPy and SciPy."""
    library, kernel = blas()
    return {
        "processor": processor(),
        "cores": str(os.cpu_count() or UNKNOWN),
        "BLAS": library,
        "BLAS kernel": kernel,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "SciPy": version_of("scipy"),
    }


def in_words(found: dict[str, Any]) -> str:
    """`machine` in two lines.

    >>> names = "processor", "cores", "BLAS", "BLAS kernel", "Python", "NumPy", "SciPy"
    >>> print(in_words(dict(zip(names, ("A Chip", "2", "B 1", "C", "3", "2", "1")))))
    A Chip, 2 cores; B 1, kernel C
    Python 3, NumPy 2, SciPy 1
    """
    versions = ", ".join(f"{name} {found[name]}" for name in ("Python", "NumPy", "SciPy"))
    kernel = f"{found['BLAS']}, kernel {found['BLAS kernel']}"
    return f"{found['processor']}, {found['cores']} cores; {kernel}\n{versions}"


def version_of(package: str) -> str:
    """The version of a package that is installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return UNKNOWN


def processor() -> str:
    """The processor's name for itself."""
    try:
        if sys.platform == "linux":
            return of_cpuinfo(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
        if sys.platform == "darwin":
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            return subprocess.run(command, capture_output=True, text=True).stdout.strip() or UNKNOWN
    except OSError:
        return UNKNOWN
    return platform.processor() or UNKNOWN


def of_cpuinfo(text: str) -> str:
    r"""The processor that /proc/cpuinfo tells of; virtual machines often name but its family.

    >>> of_cpuinfo("model name : A  Chip\ncpu family : 6\nmodel : 167\n")
    'A Chip (family 6, model 167)'
    >>> of_cpuinfo("BogoMIPS : 50\n")
    'unknown'
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), " ".join(value.split()))
    if "model name" not in found:
        return UNKNOWN
    numbers = [
        f"{what} {found[name]}"
        for name, what in (("cpu family", "family"), ("model", "model"))
        if name in found
    ]
    return found["model name"] + (f" ({', '.join(numbers)})" if numbers else "")


def blas() -> tuple[str, str]:
    """NumPy's BLAS with its version, and the kernel that it has chosen."""
    loaded = _from_threadpoolctl()
    if len(loaded) == 1:
        names = {"openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS"}
        name = names.get(loaded[0]["internal_api"], loaded[0]["internal_api"])
        kernel = loaded[0].get("architecture") or UNKNOWN
        return f"{name} {loaded[0]['version'] or ''}".strip(), kernel
    config: Any = np.show_config(mode="dicts")
    built = config["Build Dependencies"]["blas"]
    return f"{built.get('name', UNKNOWN)} {built.get('version', '')}".strip(), _corename()


def _from_threadpoolctl() -> list[dict[str, Any]]:
    """What threadpoolctl, where it is installed, says of the loaded BLAS; more than one is unclear.

    That is so where SciPy's has been loaded, too: of wheels each has its own.
    """
    try:
        import threadpoolctl
    except ImportError:
        return []
    return [info for info in threadpoolctl.threadpool_info() if info["user_api"] == "blas"]


def _corename() -> str:
    """The kernel by OpenBLAS's own function, found through the module that is linked with it."""
    module: Any = sys.modules.get("numpy._core._multiarray_umath")
    try:
        library = ctypes.CDLL(module.__file__)
    except (AttributeError, OSError):
        return UNKNOWN
    for prefix, suffix in itertools.product(("scipy_", ""), ("64_", "", "_64")):
        asked = getattr(library, f"{prefix}openblas_get_corename{suffix}", None)
        if asked is not None:
            asked.restype = ctypes.c_char_p
            return re.sub(r"\W", "", (asked() or b"").decode(errors="replace")) or UNKNOWN
    return UNKNOWN


if __name__ == "__main__":
    print(json.dumps(machine()))

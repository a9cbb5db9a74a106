"""`python -m benchmarks.scaling`, as far as it does not depend on time."""

import json
import sys

import pytest
from loading import ROOT

if not (ROOT / "benchmarks").is_dir():
    pytest.skip("an installed package has no benchmarks", allow_module_level=True)
sys.path.append(str(ROOT))

from benchmarks import scaling


def test_the_formula():
    """Of 64 rows in 10 ms and of 16 in 4: 2 ms and 125 µs a row; 6 MB."""
    alone = {"rows": 64, "bytes": 6_000_000, "times": [[9.0, 0.010, 11.0], [3.0, 0.004, 5.0]]}
    found = [scaling.predicted(alone, n, alpha=1e-4, beta=1e9) for n in (1, 2, 4)]
    assert found == pytest.approx([0.010, 0.002 + 0.004 + 1e-4 + 0.006, 0.004 + 2e-4 + 0.009])


def test_one_rank_measures_every_network(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    scaling.worker(0.0)
    found = json.loads(capsys.readouterr().out)
    assert list(found) == list(scaling.NETWORKS)
    for one in found.values():
        assert len(one["times"]) == 2
        assert one["bytes"] > 1000

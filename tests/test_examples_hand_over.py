"""A network handed to onnxruntime and to PyTorch: the table, what is left out, and who differs."""

import importlib.util
import sys

import numpy as np
import pytest
from loading import example

hand_over = example("hand_over")

pytestmark = pytest.mark.whole
IS_THERE = {
    "onnxruntime": all(map(importlib.util.find_spec, ("onnx", "onnxruntime"))),
    "PyTorch": bool(importlib.util.find_spec("torch")),
}


@pytest.fixture
def run(tmp_path, capsys):
    def run():
        status = hand_over.main(["--data", "built-in", "--quick", "--out", str(tmp_path)])
        return status, capsys.readouterr().out

    return run


def test_all_that_are_there_agree(run, tmp_path):
    status, out = run()
    assert status == 0
    told = "they agree." if any(IS_THERE.values()) else "nothing was compared."
    assert out.endswith(f"Verdict: {told}\n")
    rows = {line.split()[0]: line for line in out.splitlines() if line}
    accuracy = rows["tinygrad_np"].split()[1]
    for name, is_there in IS_THERE.items():
        if is_there:
            assert rows[name].split()[2] == accuracy
            assert float(rows[name].split()[3]) < hand_over.AGREE
        else:
            assert "skipped: " in rows[name]
    assert (tmp_path / "hand_over.onnx").is_file() == IS_THERE["onnxruntime"]


def test_what_is_not_installed_is_left_out(run, tmp_path, monkeypatch):
    for name in ("onnxruntime", "torch"):
        monkeypatch.setitem(sys.modules, name, None)
    status, out = run()
    assert status == 0
    assert "skipped: onnxruntime is not installed: pip install onnx onnxruntime" in out
    assert "skipped: torch is not installed: pip install torch" in out
    assert out.endswith("Verdict: nothing was compared.\n")
    assert not [*tmp_path.iterdir()]


def test_who_differs_is_told(run, monkeypatch):
    def wrong(params, images, path):
        return "another 1.0", hand_over.logits(params, images) + np.float32(1e-3)

    monkeypatch.setattr(hand_over, "HANDED", {"another": (wrong, "pip install another")})
    status, out = run()
    assert status == 1
    assert out.endswith("Verdict: THEY DO NOT AGREE.\n")

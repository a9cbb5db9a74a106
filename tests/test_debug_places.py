"""The user's line for a message: found where there are frames, and not needed for anything else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.debug import places

PROGRAM = """
import json, sys
import numpy as np, numpy.testing.overrides, scipy.special  # which may need frames themselves
if "without" in sys.argv:
    del sys._getframe
import tinygrad_np as tg

found = {}

def told(name, call):
    try:
        found[name] = [np.asarray(x).tolist() for x in tg.tree.leaves(call())]
    except (ValueError, TypeError, ArithmeticError) as error:
        found[name] = [type(error).__name__, str(error).splitlines()[0]]
    return found[name]

rng = np.random.default_rng(0)
images, filters = rng.normal(size=(2, 6, 6, 1)), rng.normal(size=(3, 3, 1, 2))
weights = rng.normal(size=32)
x = np.array([0.5, 1.5, 2.5])

def network(params):
    hidden = tg.relu(tg.conv2d(images, params[0]))
    return np.sum((hidden.reshape(2, -1) @ params[1][:, None]) ** 2) + np.sum(np.std(hidden, 0))

def layer(x):
    return np.nanmean(np.exp(x) * x) + np.linalg.norm(np.sort(x)[::-1])

def by_backward():
    t = tg.Tensor(x)
    layer(t).backward()
    return t.grad

def all_of_them(prefix):
    told(prefix + "network", lambda: tg.value_and_grad(network)((filters, weights)))
    told(prefix + "backward", by_backward)
    told(prefix + "forward", lambda: tg.jvp(layer, [x], [np.cos(x)]))
    told(prefix + "hessian", lambda: tg.hessian(layer)(x))
    told(prefix + "remat", lambda: tg.hessian(tg.remat(layer))(x))
    told(prefix + "constant", lambda: np.floor(tg.Tensor(x)))

all_of_them("")
with tg.debug():
    all_of_them("debug: ")
    # these have a nan inside, and none in the result
    told("debug: nansum", lambda: tg.grad(lambda x: np.nansum(x * x))(np.array([1.0, np.nan])))
    told("debug: nanstd", lambda: tg.grad(np.nanstd)(np.array([1.0, np.nan, 3.0])))
    told("debug: nanmedian", lambda: tg.grad(np.nanmedian)(np.array([1.0, np.nan, 3.0])))
    # what is found
    told("value", lambda: tg.grad(lambda x: np.log(x))(-1.0))
    told("derivative", lambda: tg.grad(lambda x: np.sqrt(x))(0.0))
    told("in remat", lambda: tg.grad(tg.remat(lambda x: np.sqrt(x)))(0.0))
    told("composed", lambda: np.mean(tg.Tensor(np.array([1.0, np.inf])) * 0.0))
    buffer = np.ones(3)
    def overwritten():
        y = tg.Tensor(x) * buffer
        buffer[:] = 2
        y.sum().backward()
    told("changed", overwritten)
    draws = iter(rng.normal(size=9))
    told("drawn", lambda: tg.grad(tg.remat(lambda x: x * next(draws)))(1.0))
    told("shapes", lambda: tg.Tensor(x) + np.ones(2))
    told("layer", lambda: tg.dense(tg.Tensor(x), np.ones((2, 2))))
told("refused", lambda: np.asarray(tg.Tensor(x)))
root = lambda x: np.sum(np.sqrt(x))
told("explained", lambda: str(tg.check.explain_nonfinite(root, np.zeros(2)))[:40])
print(json.dumps(found))
"""


def run(tmp_path, *arguments):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM, encoding="utf-8")
    known = os.pathsep.join([str(Path(tg.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, text=True, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": known},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_values_gradients_and_what_debug_mode_finds_need_no_frames(tmp_path):
    """On an interpreter without `sys._getframe`: the same numbers and errors."""
    with_frames, without = run(tmp_path), run(tmp_path, "without")
    for name, expected in with_frames.items():
        assert without[name][0] == expected[0], name
        if not isinstance(expected[0], str):
            assert without[name] == expected, name
            assert with_frames.get(name.removeprefix("debug: "), expected) == expected
    raised = {name: found for name, found in without.items() if isinstance(found[0], str)}
    assert {"value", "derivative", "in remat", "composed", "changed", "drawn", "shapes"} <= set(
        raised
    )
    assert not any(name.startswith("debug: ") for name in raised), raised
    assert (
        raised["value"][0] == raised["derivative"][0] == raised["in remat"][0] == "NonFiniteError"
    )
    assert raised["changed"][0] == raised["drawn"][0] == "ChangedArrayError"


def test_the_place_is_a_line_of_this_file():
    place = places.here(0)
    file, line = places.file_and_line(place)
    assert file == __file__
    assert Path(__file__).read_text(encoding="utf-8").splitlines()[line - 1] == (
        "    place = places.here(0)"
    )
    assert "in test_the_place_is_a_line_of_this_file" in places.text(place)


def test_without_frames_there_is_no_place(monkeypatch):
    monkeypatch.setattr(places, "_frame_of", None)
    assert places.here(0) is None
    again = (test_without_frames_there_is_no_place.__code__, "where remat was called")
    assert places.here(0, again) == "where remat was called"
    with tg.debug(), pytest.raises(tg.NonFiniteError, match="no line of the user's program"):
        np.log(tg.Tensor(-1.0))

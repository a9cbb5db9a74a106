"""The user's line for a message: found where there are frames, and not needed for anything else."""

import json
import linecache
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


class TestLines:
    """The user's line, whatever lies between it and the operation."""

    def line_of(self, function, *args):
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            function(*args)
        assert raised.value.file == __file__
        return linecache.getline(__file__, raised.value.line).strip()

    def test_operators_from_both_sides(self):
        assert self.line_of(lambda: 1.0 / tg.Tensor([0.0])) == (
            "assert self.line_of(lambda: 1.0 / tg.Tensor([0.0])) == ("
        )
        x = tg.Tensor([0.0])

        def right():
            return np.ones(1) / x  # right

        assert self.line_of(right).endswith("# right")

    def test_methods_and_keywords(self):
        x = tg.Tensor([2e38, 2e38, 2e38], np.float32)

        def total():
            return x.sum(axis=0, keepdims=True)  # method

        assert self.line_of(total).endswith("# method")

    def test_the_second_call_as_the_first(self):
        def quotient(x):
            return x / 0.0  # every time

        for _ in range(3):
            assert self.line_of(quotient, tg.Tensor([1.0])).endswith("# every time")

    def test_several_results(self):
        def split(x):
            return np.modf(x * 1e200)  # multiplied

        assert self.line_of(split, tg.Tensor([1e200])).endswith("# multiplied")

    def test_layers_and_losses_of_ours(self):
        x, w = tg.Tensor(np.full((1, 3, 3, 1), 1e200)), np.full((2, 2, 1, 1), 1e200)

        def network():
            return tg.conv2d(x, w)  # convolution

        assert self.line_of(network).endswith("# convolution")

    def test_inside_a_generator_and_a_comprehension(self):
        def terms(xs):
            yield from (np.log(x) for x in xs)  # lazily

        assert self.line_of(lambda: sum(terms(tg.Tensor([1.0, 0.0])))).endswith("# lazily")

    def test_a_function_that_numpy_calls(self):
        def of_rows(row):
            return np.log(row).sum()  # a row

        x = tg.Tensor([[1.0, 2.0], [0.0, 1.0]])
        assert self.line_of(np.apply_along_axis, of_rows, 1, x).endswith("# a row")

    def test_remat_in_both_sweeps(self):
        @tg.remat
        def step(x):
            y = x * 1.0
            return np.sqrt(y)  # again

        assert self.line_of(tg.grad(step), 0.0).endswith("# again")
        assert self.line_of(tg.jvp, step, [0.0], [1.0]).endswith("# again")

    def test_inside_remat_going_forward(self):
        @tg.remat
        def step(x):
            y = np.log(x)  # in there
            return y * 2

        assert self.line_of(tg.grad(step), 0.0).endswith("# in there")

    def test_the_part_of_a_line_is_marked(self):
        x = tg.Tensor([0.0])
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            np.exp(x) + np.log(x) + np.sin(x)
        text = str(raised.value).splitlines()
        (number,) = [i for i, line in enumerate(text) if "np.exp(x) + np.log(x)" in line]
        start = text[number].index("np.log(x)")
        assert text[number + 1] == " " * start + "^" * len("np.log(x)")

    def test_a_program_without_a_file(self):
        code = "import numpy as np, tinygrad_np as tg\nwith tg.debug():\n    np.log(tg.Tensor(0.0))"
        with pytest.raises(tg.NonFiniteError, match='File "<string>", line 3'):
            exec(code, {"__name__": "__main__"})

    def test_a_rule_of_ones_own(self):
        root = tg.pointwise(lambda x: np.sqrt(x), lambda ans: 0.5 / ans)

        def f(x):
            return root(x)  # mine

        assert self.line_of(tg.grad(f), 0.0).endswith("# mine")

"""Rules are differentiable text: they also run where the cotangent or tangent is a Tensor.

⟨Jᵀu, v⟩ has the derivative J v by u, and ⟨u, J v⟩ has Jᵀu by v. A rule whose text loses a part of
its cotangent or tangent, or cannot run on one that is a Tensor, gives something else.
"""

import numpy as np
import pytest

from tinygrad_np.atlas.evidence import _magnitude, _pairing, cases_of
from tinygrad_np.atlas.samples import samples_of
from tinygrad_np.check.witnesses import EXACT, Linearised, random_directions
from tinygrad_np.core.sweep import between, forward, reverse
from tinygrad_np.core.table import TABLE
from tinygrad_np.core.tensor import Tensor, rebuilt, source_of, value_of
from tinygrad_np.rules import load

load()
DIFFERENTIABLE = [row for row in TABLE.values() if row.kind != "constant"]
each_row = pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.name) for row in DIFFERENTIABLE]
)


def gradient(parts, others, variables):
    """The gradient of ⟨parts, others⟩ by the variables."""
    total = 0.0
    for part, other in zip(parts, others, strict=True):
        total = total + np.real(np.sum(part * other))
    sources = [source_of(x) for x in variables]
    if not isinstance(total, Tensor):
        return [np.zeros(x.shape, x.dtype) for x in variables]
    found = reverse([(source_of(total), np.ones(()))], sources, rebuilt)
    return [
        np.zeros(x.shape, x.dtype) if found[source] is None else value_of(found[source])
        for x, source in zip(variables, sources, strict=True)
    ]


def linearisations(row):
    """Each sample's derivative with random cotangents and tangents, as arrays and as Tensors."""
    for number, sample in enumerate(samples_of(row)):
        for case in cases_of(row, sample):
            derivative = Linearised(case, case.values)
            us, vs = random_directions(derivative, np.random.default_rng(number))
            yield derivative, us, vs


def is_same(found, expected, other):
    """Whether both pair with a random direction to the same number, to rounding."""
    rng = np.random.default_rng(1)
    ws = [rng.standard_normal(x.shape) for x in other]
    scale = _magnitude(found, ws) + _magnitude(expected, ws)
    return abs((_pairing(found, ws) - _pairing(expected, ws)).real) <= EXACT * scale


@each_row
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_vjps_of_tensors(row):
    for derivative, us, vs in linearisations(row):
        cotangents = [Tensor(u) for u in us]
        expected = derivative.jvp(vs)
        found = gradient(derivative.vjp(cotangents, recorded=True), vs, cotangents)
        assert is_same(found, expected, us), row


@each_row
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_jvps_of_tensors(row):
    for derivative, us, vs in linearisations(row):
        tangents = [Tensor(v) for v in vs]
        order, _ = between([x for x in derivative.outputs if x is not None], derivative.inputs)
        known = dict(zip(derivative.inputs, tangents, strict=True))
        pushed = forward(order, known, derivative.outputs, rebuilt)
        reached = [i for i, t in enumerate(pushed) if t is not None]
        found = gradient([pushed[i] for i in reached], [us[i] for i in reached], tangents)
        assert is_same(found, derivative.vjp(us), vs), row

"""The witnesses: rules that are right of arrays, and lose what carries them when it is a Tensor."""

import copy

import numpy as np
import pytest

from tinygrad_np.atlas.evidence import witnesses
from tinygrad_np.atlas.samples import samples_of
from tinygrad_np.core.table import row_of
from tinygrad_np.core.tensor import Tensor, value_of


def losing(rule):
    """The rule on the values of its cotangent or tangent: no derivative by it is left."""

    def lost(g, *needed):
        parts = [value_of(x) for x in g] if isinstance(g, (list, tuple)) else value_of(g)
        return rule(parts, *needed)

    return lost


def refusing(rule):
    """The rule where its cotangent or tangent is an array."""

    def refused(g, *needed):
        if isinstance(g, Tensor):
            raise TypeError("a Tensor")
        return rule(g, *needed)

    return refused


@pytest.mark.parametrize("function", [np.sum, np.exp, np.multiply, np.matmul, np.sort])
@pytest.mark.parametrize("mode", ["vjp", "jvp"])
@pytest.mark.parametrize("wrong", [losing, refusing])
def test_a_rule_that_is_wrong_of_tensors_alone_is_found_by_its_transpose(function, mode, wrong):
    row = row_of(function)
    twin = copy.copy(row)
    twin.rules = {
        position: rule._replace(**{mode: wrong(getattr(rule, mode))})
        for position, rule in row.rules.items()
    }
    twin.plans, twin.calls = {}, {}
    findings = [found for sample in samples_of(row) for found in witnesses(twin, sample)]
    wrong_ones = {found.witness for found in findings if not found.is_right}
    assert "transpose" in wrong_ones
    assert {found.witness for found in findings if found.is_right} >= {"value", "layout"}

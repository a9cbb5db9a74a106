"""Rows of the table: rules are checked when they are declared, and plans are not kept for ever."""

import numpy as np
import pytest

from tinygrad_np.core import table
from tinygrad_np.core.signature import takes
from tinygrad_np.core.table import linear, pointwise
from tinygrad_np.core.tensor import Tensor


def test_a_rule_that_needs_what_is_not_there_is_refused_when_it_is_declared():
    with pytest.raises(TypeError, match=r"np\.exp for 'x' needs 'y'.*'ans'"):
        pointwise(np.exp, lambda y: y)


def test_a_rule_for_no_parameter_is_refused():
    with pytest.raises(TypeError, match=r"np\.sum has no parameter 'b'"):
        linear(np.sum, takes("a"), b=lambda g: g)


def test_a_list_of_any_length_does_not_keep_a_plan_for_each(no_collector):
    x = Tensor(1.0)
    row = table.TABLE[np.stack]
    for length in range(1, 3 * table.MOST_KEPT):
        np.stack([x] * length)
    assert len(row.plans) <= table.MOST_KEPT
    assert len(row.calls) <= table.MOST_KEPT

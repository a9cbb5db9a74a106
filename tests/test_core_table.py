"""Rows of the table: rules are checked when they are declared."""

import numpy as np
import pytest

from tinygrad_np.core.signature import signature
from tinygrad_np.core.table import linear, pointwise


def test_a_rule_that_needs_what_is_not_there_is_refused_when_it_is_declared():
    with pytest.raises(TypeError, match=r"np\.exp for 'x' needs 'y'.*'ans'"):
        pointwise(np.exp, lambda y: y)


def test_a_rule_for_no_parameter_is_refused():
    with pytest.raises(TypeError, match=r"np\.sum has no parameter 'b'"):
        linear(np.sum, signature("a"), b=lambda g: g)

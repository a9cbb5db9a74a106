"""Rules of the core: scatter_add."""

import numpy as np
import pytest
import refused_arguments
from maps import integers

from tinygrad_np.core.rules import scatter_add


class TestScatterAdd:
    @pytest.mark.parametrize(
        "index",
        [1, -1, slice(None, None, -2), [0, 2, 2], (slice(None), [1, 1]), (Ellipsis, None), True,
         np.array([True, False, True, False]), (np.array([0, 1]), np.array([1, 1])), (),
         np.bool_(True)],
    )  # fmt: skip
    def test_it_is_the_adjoint_of_indexing(self, index):
        rng = np.random.default_rng(0)
        x = integers(rng, 4, 3)
        values = integers(rng, *x[index].shape)
        assert np.sum(x[index] * values) == np.sum(x * scatter_add(values, index, x.shape))

    def test_float32_is_kept(self):
        assert scatter_add(np.ones(2, np.float32), [0, 0], (3,)).dtype == np.float32

    def test_values_are_not_broadcast(self):
        with pytest.raises(ValueError, match=r"the index selects \(2,\) from shape \(3,\)"):
            scatter_add(np.ones(1), [0, 1], (3,))

    def test_an_index_that_leaves_the_shape(self):
        with pytest.raises(IndexError, match=r"scatter_add: index 5 is out .* size 3"):
            scatter_add(np.ones(2), [0, 5], (3,))


@refused_arguments.each("core.rules")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)

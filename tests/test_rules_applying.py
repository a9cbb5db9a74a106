"""Functions of one's own along axes."""

import numpy as np
import pytest

from tinygrad_np import Tensor


class TestAlongAxes:
    def test_the_function_may_use_other_tensors(self):
        scale = Tensor([1.0, 2.0, 3.0])
        x = Tensor(np.ones((2, 3)))
        np.sum(np.apply_along_axis(lambda line: line * scale, 1, x)).backward()
        assert scale.grad.tolist() == [2, 2, 2]

    def test_what_is_left_over(self):
        with pytest.raises(TypeError, match=r"np\.apply_along_axis: the argument 'power'"):
            np.apply_along_axis(lambda line, power: line**power, 0, Tensor([1.0]), power=2)
        with pytest.raises(ValueError, match=r"shape \(0, 3\) has no line along axis 1"):
            np.apply_along_axis(np.sum, 1, Tensor(np.ones((0, 3))))
        with pytest.raises(ValueError, match=r"np\.apply_over_axes: the function gave.*\(1, 1\)"):
            np.apply_over_axes(lambda a, axis: np.ravel(a)[:1], Tensor(np.ones((2, 3, 4))), 0)

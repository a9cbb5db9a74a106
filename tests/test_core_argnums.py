"""Which arguments are differentiated by: argnums."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import grad


class TestArgnums:
    def test_argnums_out_of_range(self):
        with pytest.raises(ValueError, match="argnums is 2, but there are 1 positional arguments"):
            grad(np.sin, 2)(1.0)

    def test_an_argument_named_twice(self):
        for argnums, args in (((0, 0), (1.0,)), ((1, -1), (1.0, 2.0))):
            with pytest.raises(ValueError, match="names an argument twice"):
                tg.grad(lambda *args: args[0], argnums)(*args)
        assert tg.grad(lambda x, y: x * y, np.int64(1))(2.0, 3.0) == 2
        with pytest.raises(TypeError, match="argnums is an integer or a tuple of integers"):
            tg.grad(np.sin, 0.5)

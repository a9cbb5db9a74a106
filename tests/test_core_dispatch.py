"""How NumPy's functions and ours find a Tensor: any argument, by keyword, with a dtype."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.core.dispatch import array_function


class TestDispatch:
    def test_keywords_are_forwarded(self):
        t = tg.Tensor(np.ones((1, 4, 1)))
        assert isinstance(tg.windows(t, size=2), tg.Tensor)
        assert isinstance(tg.windows(x=t, size=2), tg.Tensor)
        assert isinstance(tg.relu(x=t), tg.Tensor)

    def test_any_argument_may_be_the_tensor(self):
        @array_function
        def third(a, b, c):
            return a

        class Loud:
            def __array_function__(self, function, types, args, kwargs):
                return function, args, kwargs

        loud = Loud()
        assert third(1, 2, loud) == (third, (1, 2, loud), {})
        assert third(1, b=loud, c=3) == (third, (1,), {"b": loud, "c": 3})

    def test_subclasses_of_ndarray_are_arrays(self):
        matrix = np.ones((2, 2)).view(type("Sub", (np.ndarray,), {}))
        assert tg.relu(matrix).tolist() == [[1, 1], [1, 1]]

    def test_arrays_in_arrays_out(self):
        x = np.ones((1, 4, 4, 1))
        for result in (
            tg.relu(x),
            tg.sigmoid(x),
            tg.windows(x, 2),
            tg.conv2d(x, np.ones((2, 2, 1, 1))),
        ):
            assert type(result) is np.ndarray


class TestDtypes:
    @pytest.mark.parametrize(
        "f",
        [
            lambda t: np.exp(t, dtype=np.float32),
            lambda t: np.multiply(t, 2.0, dtype=np.float64),
            lambda t: np.matmul(t, t, dtype=np.float64),
        ],
    )
    def test_the_dtype_of_a_ufunc(self, f):
        x = np.eye(3)
        y, pull = tg.vjp(f, x)
        assert y.dtype == f(x).dtype
        assert np.array_equal(y, f(x))
        assert pull(np.ones_like(y))[0].dtype == np.float64

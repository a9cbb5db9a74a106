"""NumPy's methods on Tensors: values, parameters, what is constant, what is refused."""

import inspect
import pickle

import numpy as np
import pytest

from tinygrad_np import Tensor


def leaf(*numbers):
    return Tensor(np.array(numbers, float))


class TestMethods:
    x = np.arange(24.0).reshape(2, 3, 4) - 7

    @pytest.mark.parametrize(
        "method",
        [
            lambda x: x.reshape(6, 4), lambda x: x.reshape((4, -1)), lambda x: x.ravel(),
            lambda x: x.flatten(), lambda x: x.reshape(4, 6, order="F"), lambda x: x.ravel("F"),
            lambda x: x.transpose(), lambda x: x.transpose(2, 0, 1), lambda x: x.T,
            lambda x: x.transpose((1, 0, 2)), lambda x: x.mT, lambda x: x.swapaxes(0, 2),
            lambda x: x[:1].squeeze(),
            lambda x: x[:1].squeeze(0), lambda x: x.sum(), lambda x: x.sum(1),
            lambda x: x.sum(axis=(0, 2), keepdims=True), lambda x: x.mean(), lambda x: x.mean(-1),
            lambda x: x.max(), lambda x: x.max(axis=1), lambda x: x.min(0), lambda x: x.real,
            lambda x: x.clip(-1, 2), lambda x: x.clip(None, 2), lambda x: x.dot(np.ones(4)),
            lambda x: x.take([0, 2], axis=1), lambda x: x.conj(), lambda x: x.copy(),
            lambda x: x.astype(np.float32), lambda x: x.imag, lambda x: x.astype(complex),
        ],
    )  # fmt: skip
    def test_methods_are_numpys(self, method):
        found, expected = method(Tensor(self.x)), np.asarray(method(self.x))
        assert isinstance(found, Tensor)
        assert found.dtype == expected.dtype
        assert np.array_equal(found.data, expected)

    def test_methods_have_the_parameters_of_numpys_functions(self):
        x = Tensor(self.x)
        for name in ("sum", "take", "argmax", "searchsorted", "trace"):
            ours, numpys = [list(inspect.signature(getattr(of, name)).parameters) for of in (x, np)]
            assert ours == numpys[1:]
            assert getattr(Tensor, name).__doc__.startswith(f"As `numpy.{name}`")
            assert pickle.loads(pickle.dumps(getattr(Tensor, name))) is getattr(Tensor, name)
        with pytest.raises(TypeError, match=r"np\.take: the argument 'out': the gradient"):
            x.take([0], 0, "clip")
        assert x.take([0, 1], 0, mode="clip").shape == x[:2].shape
        assert Tensor([1.0, 2.0]).dot(b=Tensor([3.0, 4.0])).item() == 11
        with pytest.raises(TypeError, match=r"np\.argmax: the argument 'out'"):
            x.argmax(0, True)
        with pytest.raises(TypeError, match=r"np\.argmin has no argument 'dim'; it is 'axis' here"):
            x.argmin(dim=0)

    @pytest.mark.parametrize("name", ["argmax", "argmin", "any", "all"])
    def test_constant_methods(self, name):
        found = getattr(Tensor(self.x), name)(axis=1)
        assert np.array_equal(found, getattr(self.x, name)(axis=1))

    def test_copy_and_astype_take_what_arrays_take(self):
        x = Tensor([1.0, 2.0])
        for y in (x.copy("F"), x.copy(order="C"), x.astype("f8", "C", "safe", copy=False)):
            assert type(y) is Tensor
            assert y is not x
            assert np.array_equal(y.data, x.data)
        assert x.astype(np.float32, copy=False, subok=False).dtype == np.float32
        assert x.astype(None).dtype == np.float64
        with pytest.raises(TypeError, match="casting='safe' does not allow float64 to float32"):
            x.astype(np.float32, casting="safe")

    def test_the_value_is_not_replaced(self):
        with pytest.raises(AttributeError, match=r"make a new one, t = tg\.Tensor\(value\)"):
            leaf(1).data = np.ones(1)

    def test_astype_to_integers_is_refused(self):
        with pytest.raises(TypeError, match=r"int64 has no derivative; use t\.data\.astype"):
            leaf(1).astype(int)

    def test_a_memory_order_that_is_not_promised_is_refused(self):
        with pytest.raises(ValueError, match="order 'A' depends on how the array lies in memory"):
            leaf(1).ravel("A")

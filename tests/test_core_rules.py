"""Rules of the core: scatter_add, means."""

import numpy as np
import pytest
import refused_arguments
from maps import integers

import tinygrad_np as tg
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


class TestMeans:
    def test_second_order_through_a_mean_that_is_not_the_last_step(self):
        """The rule of mean runs on a Tensor cotangent there."""
        x = np.array([[1.0, 2.0], [3.0, 4.0]])
        found = tg.hessian(lambda x: np.mean(x) ** 2)(x)
        assert np.allclose(found, np.full((2, 2, 2, 2), 2 / 16), rtol=1e-14)
        found = tg.hessian(lambda x: np.sum(np.mean(x, axis=0, where=x > 1.5) ** 2))(x)
        assert np.allclose(found[1, 0, 1], [2, 0], rtol=1e-14)
        assert np.allclose(found[0, 1, :, 1], [0.5, 0.5], rtol=1e-14)
        z = np.array([0.5, -1.0])
        loss = lambda z: tg.log_loss_with_logits(z, np.array([1.0, 0.0])) ** 2  # noqa: E731
        value, slope = tg.value_and_grad(tg.log_loss_with_logits)(z, np.array([1.0, 0.0]))
        curvature = np.diag(np.exp(-z) / (1 + np.exp(-z)) ** 2 / 2)
        expected = 2 * np.outer(slope, slope) + 2 * value * curvature
        assert np.allclose(tg.hessian(loss)(z), expected, rtol=1e-13)


def test_a_mean_is_differentiated_twice():
    """Its rule divides a cotangent that is a Tensor itself."""
    hessian = tg.hessian(lambda x: np.mean(x) ** 2)(np.arange(4.0))
    assert np.array_equal(hessian, np.full((4, 4), 0.125))

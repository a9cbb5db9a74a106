"""Products and running products with zeros, to every order; scans of odd arrays; messages."""

import itertools

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.rules.scans import linear_scan

WITH_ZEROS = [
    [2.0, 3.0, 5.0, -1.0],
    [2.0, 0.0, 5.0, -1.0],
    [0.0, 3.0, 0.0, -1.0],
    [0.0, 0.0, 0.0, 7.0],
    [0.0, 0.0, 0.0, 0.0],
    [4.0],
    [0.0],
]


def product_without(x, *left_out):
    """The product of all factors but some, in whole numbers: exact."""
    return float(np.prod([value for i, value in enumerate(x) if i not in left_out]))


def derivative_of_product(x, indices):
    return 0.0 if len(set(indices)) < len(indices) else product_without(x, *indices)


@pytest.mark.parametrize("x", WITH_ZEROS)
class TestProductsWithZeros:
    def test_the_gradient_is_the_product_of_the_others(self, x):
        expected = [product_without(x, i) for i in range(len(x))]
        assert tg.grad(np.prod)(np.array(x)).tolist() == expected

    def test_the_second_and_third_derivatives_are_exact(self, x):
        third = tg.jacobian(tg.hessian(np.prod))(np.array(x))
        second = tg.hessian(np.prod)(np.array(x))
        places = range(len(x))
        for i, j in itertools.product(places, places):
            assert second[i, j] == derivative_of_product(x, (i, j))
        for i, j, k in itertools.product(places, places, places):
            assert third[i, j, k] == derivative_of_product(x, (i, j, k))

    def test_running_products_are_exact_to_the_second_order(self, x):
        jacobian = tg.jacobian(np.cumprod)(np.array(x))
        second = tg.jacobian(tg.jacobian(np.cumprod))(np.array(x))
        for n, i, j in itertools.product(*[range(len(x))] * 3):
            head = x[: n + 1]
            inside = i <= n
            assert jacobian[n, i] == (product_without(head, i) if inside else 0)
            both = inside and j <= n
            assert second[n, i, j] == (derivative_of_product(head, (i, j)) if both else 0)

    def test_nan_functions_take_the_others(self, x):
        with_nan = np.array([x[0], np.nan, *x[1:]])
        gradient = tg.grad(np.nanprod)(with_nan)
        assert gradient[1] == 0
        assert np.delete(gradient, 1).tolist() == [product_without(x, i) for i in range(len(x))]


def test_products_over_axes_of_a_transposed_view():
    x = np.array([[[1.0, 2.0], [0.0, 3.0]], [[4.0, 0.0], [0.0, 5.0]]])
    view = np.transpose(x, (2, 0, 1))[::-1]
    found = tg.jacobian(lambda a: np.prod(a, axis=(2, 0)))(view)
    for k, index in itertools.product(range(2), np.ndindex(view.shape)):
        factors = view[:, k, :].copy()
        if index[1] == k:
            factors[index[0], index[2]] = 1
            assert found[k][index] == np.prod(factors)
        else:
            assert found[k][index] == 0


@pytest.mark.parametrize("function", [np.prod, np.cumsum, np.cumprod, np.nanprod, np.nancumsum])
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_empty_arrays(function, shape):
    for axis in (None, 0, len(shape) - 1):
        gradient = tg.grad(lambda x, axis=axis: np.sum(function(x, axis=axis)))(np.zeros(shape))
        assert gradient.shape == shape


def test_the_product_of_nothing_is_one_and_constant():
    assert tg.value_and_grad(lambda x: np.prod(x, where=[False, False]))(np.ones(2))[0] == 1
    assert tg.grad(lambda x: np.prod(x, where=[False, False]))(np.ones(2)).tolist() == [0, 0]


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 64, 1001])
def test_the_scan_is_the_loop(n):
    rng = np.random.default_rng(n)
    factors, terms = rng.integers(-2, 3, (2, 2, n)).astype(float)
    expected = np.zeros((2, n))
    last = np.zeros(2)
    with np.errstate(over="ignore", invalid="ignore"):
        for i in range(n):
            last = factors[:, i] * last + terms[:, i]
            expected[:, i] = last
    exact = np.abs(expected) < 2**53
    found = linear_scan(factors, terms)
    assert found.shape == expected.shape
    if n:
        until = np.argmin(exact.all(0)) if not exact.all() else n
        assert np.array_equal(found[:, :until], expected[:, :until])


def test_the_scan_writes_into_none_of_its_arguments():
    factors, terms = np.full(5, 2.0), np.ones(5)
    linear_scan(factors, terms)
    assert factors.tolist() == [2.0] * 5
    assert terms.tolist() == [1.0] * 5


def test_a_long_running_product_keeps_its_precision():
    rng = np.random.default_rng(3)
    x = np.exp(rng.normal(0, 0.01, 5000))
    cotangent = rng.normal(size=5000)
    # without zeros, by division: xᵢ counts Σ gⱼ yⱼ / xᵢ over all j ≥ i
    expected = np.cumsum((cotangent * np.cumprod(x))[::-1])[::-1] / x
    found = tg.grad(lambda x: np.sum(np.cumprod(x) * cotangent))(x)
    assert np.max(np.abs(found - expected)) < 1e-12 * np.max(np.abs(expected))


def test_the_methods_are_the_functions():
    x = tg.Tensor([[1.0, 0.0], [3.0, 4.0]])
    assert x.prod(axis=0).data.tolist() == [3, 0]
    assert x.cumsum().data.tolist() == [1, 1, 4, 8]
    assert x.cumprod(1).data.tolist() == [[1, 0], [3, 12]]
    assert x.argsort().tolist() == [[1, 0], [0, 1]]
    assert x[0].argpartition(0).tolist() == [1, 0]
    assert x[1].searchsorted(3.5) == 1


class TestMessages:
    @pytest.mark.skipif(not hasattr(np, "cumulative_sum"), reason="NumPy 2.1 and newer")
    @pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
    def test_scans_of_the_array_api_need_an_axis(self, name):
        with pytest.raises(ValueError, match=rf"np\.{name}: .*\(2, 2\) needs the argument 'axis'"):
            getattr(np, name)(tg.Tensor(np.ones((2, 2))))

    def test_an_initial_value_has_no_rule(self):
        with pytest.raises(
            TypeError, match=r"np\.prod: 'initial' has no derivative.*a product by [*]"
        ):
            np.prod(tg.Tensor([1.0]), initial=tg.Tensor(2.0))

    @pytest.mark.parametrize("function", [np.prod, np.cumsum, np.cumprod, np.nanprod])
    def test_nothing_is_written_into_an_array(self, function):
        with pytest.raises(TypeError, match="the argument 'out': the gradient would be lost"):
            function(tg.Tensor([1.0, 2.0]), out=np.zeros(2))

    def test_a_dtype_is_no_operand_of_a_call_that_fails(self):
        with pytest.raises(np.exceptions.AxisError, match=r"np\.cumsum: axis 5 is out of bounds"):
            np.cumsum(tg.Tensor([[1.0, 2.0]]), axis=5, dtype=np.float64)

    def test_a_whole_number_has_no_derivative(self):
        with pytest.raises(TypeError, match=r"np\.cumsum: gave dtype int64"):
            np.cumsum(tg.Tensor([1.0, 2.0]), dtype=np.int64)

"""Updates without mutation: what NumPy's assignment gives, and derivatives in both arguments."""

import copy
import warnings

import numpy as np
import pytest
import refused_arguments

import tinygrad_np as tg
from tinygrad_np import Tensor

X = np.arange(12.0).reshape(4, 3) + 0.5


INDICES = [
    1,
    (slice(None), 0),
    slice(None, None, -2),
    [0, 2, 0],
    (np.array([0, 0, 3]), np.array([1, 1, 2])),
    X > 4,
    ...,
    (1, 2),
    np.array([], int),
]


def assigned(x, index, value, how):
    x = x.copy()
    if how == "set":
        x[index] = value
    else:
        ufunc = {"add": np.add, "multiply": np.multiply, "min": np.minimum, "max": np.maximum}[how]
        ufunc.at(x, index, value)
    return x


@pytest.mark.parametrize("how", ["set", "add", "multiply", "min", "max"])
@pytest.mark.parametrize("index", INDICES, ids=str)
class TestEveryUpdate:
    def test_is_numpys_assignment(self, index, how):
        rng = np.random.default_rng(0)
        x = X.copy()
        for value in (rng.uniform(1, 9, X[index].shape), 4.25):
            expected = assigned(X, index, value, how)
            found = getattr(tg.at(x)[index], how)(value)
            assert type(found) is np.ndarray
            assert np.array_equal(found, expected)
            for a, b in ((Tensor(x), value), (x, Tensor(value)), (Tensor(x), Tensor(value))):
                result = getattr(tg.at(a)[index], how)(b)
                assert np.array_equal(result.data, expected)
        assert np.array_equal(x, X)

    def test_differentiates_by_both(self, index, how):
        rng = np.random.default_rng(1)
        value = rng.uniform(1, 9, X[index].shape)
        u, v, w = rng.standard_normal(X.shape), rng.standard_normal(X.shape), None
        w = rng.standard_normal(value.shape)

        def update(x, value):
            return getattr(tg.at(x)[index], how)(value)

        _, pull = tg.vjp(update, X, value)
        by_x, by_value = pull(u)
        _, tangent = tg.jvp(update, (X, value), (v, w))
        h = 1e-6
        moved = [assigned(X + s * v, index, value + s * w, how) for s in (h, -h)]
        numeric = (moved[0] - moved[1]) / (2 * h)
        assert np.allclose(tangent, numeric, rtol=1e-6, atol=1e-6)
        assert np.isclose(np.sum(u * tangent), np.sum(by_x * v) + np.sum(by_value * w), rtol=1e-12)


def test_a_tensor_has_it_as_at():
    t = Tensor([1.0, 2.0, 3.0])
    u = t.at[1].set(t[0] * 10)
    assert u.data.tolist() == [1, 10, 3]
    u.sum().backward()
    assert t.grad.tolist() == [11, 0, 1]
    assert t.at[1:].get().data.tolist() == [2, 3]


def test_repeated_factors_multiply_exactly_with_zeros_and_in_second_order():
    x, index = np.array([2.0, 3.0]), [0, 0, 1]
    value = np.array([0.0, 5.0, 7.0])
    update = lambda x, v: tg.at(x)[index].multiply(v)  # noqa: E731
    assert update(x, value).tolist() == [0, 21]
    by_x, by_v = tg.vjp(update, x, value)[1](np.ones(2))
    assert by_x.tolist() == [0, 7]
    assert by_v.tolist() == [10, 0, 3]
    hessian_row = tg.grad(lambda v: tg.grad(lambda v: np.sum(update(x, v)))(v)[0])(value)
    assert hessian_row.tolist() == [0, 2, 0]


def test_a_value_is_broadcast_and_its_gradient_is_summed():
    x = np.zeros((3, 2))
    g = tg.grad(lambda v: np.sum(tg.at(x)[1:].set(v) * np.arange(6.0).reshape(3, 2)))
    assert g(np.ones(2)).tolist() == [6, 8]
    assert g(1.0) == 14


def test_dtypes():
    x = np.zeros(3, np.float32)
    assert tg.at(x)[0].set(1.5).dtype == np.float32
    assert tg.at(x)[0].add(np.float64(1.5)).dtype == np.float32
    t = Tensor(np.float64(2.0))
    result = tg.at(x)[0].set(t)
    assert result.dtype == np.float32
    result.sum().backward()
    assert t.grad.dtype == np.float64
    for how in ("set", "add", "multiply", "min", "max"):
        with pytest.raises(TypeError, match=r"float64 do not fit into an array of dtype int64"):
            getattr(tg.at(np.zeros(3, int))[0], how)(np.array(0.5))
    assert tg.at([1, 2])[0].set(5).tolist() == [5, 2]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (1, "tg.at(t)[1].set(value)"),
        ((slice(None), 0), "tg.at(t)[:, 0].set(value)"),
        (slice(1, None, 2), "tg.at(t)[1::2].set(value)"),
        ((..., None), "tg.at(t)[..., None].set(value)"),
        (np.array([True]), "tg.at(t)[index].set(value)"),
    ],
)
def test_writing_into_a_tensor_shows_the_line_to_write(key, text):
    t = Tensor(np.ones((3, 1)))
    with pytest.raises(TypeError) as caught:
        t[key] = 0.0
    assert f"write t = {text}" in str(caught.value)


def test_an_index_that_is_not_there():
    with pytest.raises(IndexError, match="out of bounds"):
        tg.at(Tensor([1.0]))[3].set(0.0)
    with pytest.raises(ValueError, match="shape"):
        tg.at(np.zeros(3))[:2].add(np.ones(3))


def test_an_array_is_not_one_element():
    """NumPy may only warn about it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for x in (np.zeros(3), Tensor(np.zeros(3))):
            with pytest.raises(ValueError, match=r"shape \(1,\) .* \(3,\): .*value\[0\]"):
                tg.at(x)[0].set(np.ones(1))
    assert np.array_equal(tg.at(np.zeros(3))[:1].set(np.ones(1)), [1, 0, 0])


def test_other_names_are_told_what_there_is():
    with pytest.raises(AttributeError, match=r"'set'; an index goes first: at\(x\)\[index\]"):
        tg.at(np.ones(3)).set(0.0)
    with pytest.raises(AttributeError, match=r"'divide'; use at\(x\)\[index\]\.set\(f\(x\[index"):
        tg.at(np.ones(3))[0].divide(2.0)
    assert copy.copy(tg.at(np.ones(3))[0]).get() == 1


def test_python_numbers_take_the_dtype_of_what_they_are_put_into():
    for value, dtype in ((5, np.uint8), (2.5, np.float32), (True, np.int8), (1j, np.complex64)):
        found = tg.at(np.zeros(3, dtype))[1].set(value)
        assert found.dtype == dtype
        assert found[1] == value


@refused_arguments.each("rules.at")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)

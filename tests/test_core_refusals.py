"""What a Tensor refuses, because the gradient would be lost: arrays, numbers, writing, masks."""

import math
import operator

import numpy as np
import pytest

from tinygrad_np import Tensor
from tinygrad_np.core.dispatch import array_function
from tinygrad_np.core.table import TABLE
from tinygrad_np.core.tensor import apply


def leaf(*numbers):
    return Tensor(np.array(numbers, float))


class TestWhatWouldLoseTheGradient:
    @pytest.mark.whole
    @pytest.mark.parametrize(
        "convert",
        [np.asarray, np.array, lambda t: np.array([t, t]), lambda t: np.asarray([1.0, t]), list],
    )
    def test_arrays(self, convert):
        if convert is list:
            assert all(isinstance(part, Tensor) for part in list(leaf(1, 2)))
            return
        with pytest.raises((TypeError, ValueError)) as caught:
            convert(Tensor(2.0))
        causes = [str(caught.value), str(caught.value.__cause__)]
        assert any("would lose the gradient; use tg.array(…)" in text for text in causes)

    @pytest.mark.parametrize("convert", [float, int, complex, math.sin, math.floor])
    def test_numbers(self, convert):
        with pytest.raises(TypeError):
            convert(Tensor(1.0))

    @pytest.mark.parametrize(
        "use", [operator.index, range, lambda t: [1, 2][t], lambda t: [1, 2, 3][:t], hex]
    )
    def test_indices(self, use):
        with pytest.raises(TypeError, match=r"a Tensor is no index.*int\(t\.item\(\)\)"):
            use(Tensor(1.0))

    def test_the_remedy_for_numbers_is_named(self):
        with pytest.raises(TypeError, match=r"float\(t\) would lose the gradient; use t\.item\(\)"):
            float(Tensor(1.0))
        with pytest.raises(TypeError, match=r"math\.sin would lose the gradient; use np\.sin\(t\)"):
            math.sin(Tensor(1.0))

    def test_writing_into_a_tensor(self):
        x = leaf(1, 2)
        with pytest.raises(TypeError, match=r"never written into.*at\(t\)\[0\]\.set"):
            x[0] = 5

    @pytest.mark.whole
    def test_writing_a_tensor_into_an_array(self):
        a = np.zeros(2)
        with pytest.raises((TypeError, ValueError)) as caught:
            a[0] = Tensor(1.0)
        causes = [str(caught.value), str(caught.value.__cause__)]
        assert any("a[0] = t would lose the gradient; use out = tg.at" in text for text in causes)
        with pytest.raises((TypeError, ValueError)) as caught:
            a[:] = leaf(1, 2)
        causes = [str(caught.value), str(caught.value.__cause__)]
        assert any("a[:] = t would lose the gradient; use out = tg.at" in text for text in causes)
        assert not a.any()

    def test_augmented_assignment_to_an_array(self):
        a = np.zeros(2)
        with pytest.raises(TypeError, match=r"np\.add: the argument 'out'.*y = y \+ x"):
            a += leaf(1, 2)
        assert not a.any()

    @pytest.mark.parametrize(
        "call",
        [
            lambda a, t: np.add(a, t, out=a),
            lambda a, t: np.exp(t, a),
            lambda a, t: np.sum(t, 0, None, a[0]),
            lambda a, t: np.sum(t, out=a[0]),
            lambda a, t: np.max(t, out=a[0]),
            lambda a, t: np.clip(t, 0, 1, out=a),
            lambda a, t: np.matmul(np.eye(2), t, out=a),
            lambda a, t: np.dot(np.eye(2), t, out=a),
            lambda a, t: np.concatenate([t, t], out=np.zeros(4)),
            lambda a, t: np.stack([t, t], out=np.zeros((2, 2))),
            lambda a, t: np.take(t, [0, 1], out=a),
            lambda a, t: np.floor(t, out=a),
            lambda a, t: np.round(t, out=a),
            lambda a, t: np.multiply(a, a, out=(t,)),
        ],
    )
    def test_out(self, call):
        a = np.zeros(2)
        with pytest.raises(TypeError, match=r"out|return arrays must be of ArrayType"):
            call(a, leaf(1, 2))
        assert not a.any()

    @pytest.mark.parametrize(
        ("call", "name"),
        [
            (lambda a, t: np.copyto(a, t), "copyto"),
            (lambda a, t: np.put(a, [0], t[:1]), "put"),
            (lambda a, t: np.place(a, [True, False], t), "place"),
            (lambda a, t: np.putmask(a, [True, False], t), "putmask"),
            (lambda a, t: np.put_along_axis(a, np.array([0]), t[:1], 0), "put_along_axis"),
            (lambda a, t: np.fill_diagonal(t[None], 0.0), "fill_diagonal"),
        ],
    )
    def test_functions_that_write(self, call, name):
        a = np.zeros(2)
        with pytest.raises(TypeError, match=rf"np\.{name} does not take a Tensor: it writes"):
            call(a, leaf(1, 2))
        assert not a.any()

    def test_ufunc_at(self):
        a = np.zeros(2)
        with pytest.raises(TypeError, match=r"np\.add\.at writes.*scatter_add"):
            np.add.at(a, [0, 0], leaf(1, 2))
        assert not a.any()

    def test_masks_of_ufuncs(self):
        with pytest.raises(TypeError, match=r"np\.exp: the argument 'where'.*np\.where"):
            np.exp(leaf(1, 2), where=[True, False])

    def test_functions_without_a_rule_say_how_to_add_one(self):
        @array_function
        def halved_twice(x):
            return x / 4

        with pytest.raises(TypeError) as caught:
            halved_twice(leaf(1, 2))
        message = str(caught.value)
        assert "halved_twice has no derivative rule" in message
        assert "tg.general (tg.pointwise, tg.linear, tg.bilinear)" in message
        assert "t.data" in message

    def test_a_ufunc_made_from_python(self):
        with pytest.raises(TypeError, match="has no derivative rule"):
            np.frompyfunc(lambda x: x, 1, 1)(leaf(1))

    def test_a_tensor_where_no_derivative_is(self):
        x = leaf(1, 2, 3)
        with pytest.raises(TypeError, match=r"np\.take: 'indices' has no derivative"):
            np.take(x, Tensor([0.0]))
        with pytest.raises(TypeError, match="'key' has no derivative"):
            x[Tensor([0.0])]
        with pytest.raises(TypeError, match="'initial' has no derivative"):
            np.sum(x, initial=Tensor(1.0))
        with pytest.raises(TypeError, match="'shift' has no derivative"):
            np.roll(x, Tensor(1.0))

    def test_a_tensor_may_be_a_mask(self):
        x = leaf(0, 2)
        assert np.where(x, 1.0, 5.0).tolist() == [5, 1]
        y = np.where(x, x, 5.0)
        assert isinstance(y, Tensor)

    def test_an_argument_that_is_not_supported(self):
        with pytest.raises(TypeError, match=r"np\.exp: the argument 'casting': it is not"):
            np.exp(leaf(1), casting="no")
        with pytest.raises(TypeError, match=r"np\.sum: the argument 'axis' was given twice"):
            apply(TABLE[np.sum], (leaf(1), 0), {"axis": 0})

    def test_a_masked_array_beside_a_tensor(self):
        masked = np.ma.masked_array([1.0, 2.0], [True, False])
        with pytest.raises(TypeError, match="takes no masked array"):
            leaf(1, 2) * masked

"""What an error of debug mode tells of one operation: its operands, its cotangent, the reason."""

import numpy as np
import pytest

import tinygrad_np as tg


class TestErrors:
    def test_what_it_carries(self):
        x = tg.Tensor([1.0, 0.0])
        with pytest.raises(FloatingPointError) as raised, tg.debug():
            x / np.array([2.0, 0.0])
        error = raised.value
        assert (error.function, error.mode) == ("np.divide", "value")
        assert error.names == ("x", "y")
        assert np.array_equal(error.operands[1], [2, 0])
        assert np.isnan(error.result[1])
        assert error.node.plan.row.name == "np.divide"

    def test_operands_are_described(self):
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            tg.Tensor(np.ones((2, 3), np.float32)) / np.array([1.0, 0.0, 4.0], np.float32)
        text = str(raised.value)
        assert "result: float32 (2, 3), 2 of 6 not finite, the first at (0, 1): inf" in text
        assert "x: float32 (2, 3), from 1.0 to 1.0; 1.0 at (0, 1)" in text
        assert "y: float32 (3,), from 0.0 to 4.0; 0.0 at (1,)" in text

    @pytest.mark.parametrize(
        "fit",
        [
            lambda y: np.polyfit(np.arange(3.0), y, 1),
            lambda y: np.linalg.lstsq(np.vander(np.arange(3.0), 2), y, None)[0],
        ],
    )
    def test_of_a_function_with_a_definition_its_own_value_counts(self, fit):
        with tg.debug(), pytest.raises(tg.NonFiniteError, match="turned infinities into nan"):
            fit(tg.Tensor([0.0, np.inf, 1.0]))

    def test_an_operand_that_is_not_finite_has_its_own_place(self):
        x = tg.Tensor([np.nan, 1.0, 0.0])
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            np.log(x)
        text = str(raised.value)
        assert "2 of 3 not finite, the first new one at (2,): -inf" in text
        assert "x: float64 (3,), 1 of 3 not finite, the first at (0,): nan" in text

    def test_backward_knows_the_branch_that_is_not_taken(self):
        with tg.debug():
            x = tg.Tensor([0.0, 1.0])
            y = np.sum(np.where(x > 0, np.sqrt(x), 0.0))
            with pytest.raises(tg.NonFiniteError, match=r"branch that np\.where does not"):
                y.backward()

    def test_the_cotangent_is_described(self):
        told = r"cotangent: float64 \(1,\), from 3.0 to 3.0"
        with pytest.raises(tg.NonFiniteError, match=told), tg.debug():
            (np.sqrt(tg.Tensor([0.0])) * 3.0).backward([1.0])

    def test_complex_numbers(self):
        with pytest.raises(tg.NonFiniteError, match=r"magnitudes from 0.0 to 1.0"), tg.debug():
            1 / tg.Tensor([0j, 1j])

    def test_what_comes_in_passes(self):
        with tg.debug():
            x = tg.Tensor([np.nan, np.inf, 1.0])
            assert np.isnan((x * 2 + 1).data[0])
            assert np.isinf(np.exp(x).data[1])
            (x * x).sum().backward()
        assert np.isinf(x.grad[1])

    @pytest.mark.parametrize("orders", ["first", "second"])
    def test_a_cotangent_that_is_too_large_for_the_operands_dtype(self, orders):
        small = np.full(3, 0.5, np.float16)

        def f(x):
            return np.sum(x * np.array([1.0, 2.0, 3e5]))  # wider

        gradient = tg.grad(f) if orders == "first" else tg.grad(lambda x: np.sum(tg.grad(f)(x) * x))
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            gradient(small)
        assert "# wider" in str(raised.value)
        assert "result: float16 (3,), 1 of 3 not finite, the first at (2,): inf" in str(
            raised.value
        )

    def test_many_operands_are_not_all_described(self):
        with pytest.raises(tg.NonFiniteError, match="… and 12 more operands"), tg.debug():
            np.einsum(",".join("i" * 20) + "->", *[tg.Tensor([1e20])] * 20)

    def test_a_nan_of_infinities_is_told(self):
        x = tg.Tensor([np.inf])
        with pytest.raises(tg.NonFiniteError, match=r"np\.subtract"), tg.debug():
            x - x

    def test_an_infinite_frame_is_what_was_asked_for(self):
        x = tg.Tensor(np.ones((1, 4, 4, 1)))
        with tg.debug():
            tg.max_pool(x, 2, padding=1).sum().backward()
            assert np.isinf(np.pad(tg.Tensor([1.0]), 1, constant_values=np.inf).data[0])
            assert np.isinf(np.where([True, False], tg.Tensor([1.0, 2.0]), -np.inf).data[1])
            assert np.isinf(np.max(tg.Tensor([1.0, 2.0]), initial=np.inf).data)

    def test_what_a_rule_masks_is_no_error(self):
        with tg.debug():
            assert tg.grad(lambda x: np.std(x))(np.ones(3)).tolist() == [0, 0, 0]
            assert tg.grad(lambda x: np.hypot(x, x))(0.0) == 0
            assert tg.grad(np.prod)(np.array([0.0, 2.0])).tolist() == [2, 0]
            assert tg.grad(np.nanmean)(np.array([np.nan, 2.0])).tolist() == [0, 1]
            assert np.isfinite(tg.hessian(np.prod)(np.array([0.0, 0.0, 2.0]))).all()
            assert tg.grad(lambda x: np.sum(np.piecewise(x, [x > 0], [np.log, 0.0])))(
                np.array([0.0, 2.0])
            ).tolist() == [0, 0.5]

    def test_arrays_that_hold_anything(self):
        with tg.debug():
            assert np.isnan(np.full_like(tg.Tensor([1.0]), fill_value=np.nan)).all()
            for _ in range(10):
                np.empty_like(tg.Tensor(np.full(100, np.nan)))

    def test_a_function_that_is_locally_constant(self):
        with pytest.raises(tg.NonFiniteError, match=r"np\.floor_divide turned"), tg.debug():
            tg.Tensor([1.0]) // np.array([0.0])

    def test_the_function_that_it_is_a_part_of(self):
        name = r"np\.sum in tinygrad_np\.log_loss_with_logits "
        with pytest.raises(tg.NonFiniteError, match=name), tg.debug():
            tg.log_loss_with_logits(tg.Tensor([1.7e308] * 2), np.zeros(2), "sum")

    @pytest.mark.parametrize(
        ("make", "word"),
        [
            (lambda x: np.log(tg.sigmoid(x * 1000 - 1000)), "log_loss_with_logits"),
            (lambda x: np.log(np.exp(x - 1000) / np.sum(np.exp(x))), "log_softmax"),
            (lambda x: np.log1p(x - 1), "at -1 is -inf"),
            (lambda x: np.log(x - 5), "below 0 is nan"),
            (lambda x: (x * 0) ** -1.0, "division by 0"),
            (lambda x: np.reciprocal(x * 0), "np.where(y == 0, 1, y)"),
            (lambda x: np.sinh(x * 1e4), "overflows"),
            (lambda x: np.mean(x[:0]), "an operand is empty"),
            (lambda x: x * 1e308 * 10, "Overflow"),
            (lambda x: np.var(x[:1], ddof=1), "ddof"),
        ],
    )
    @pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:Degrees of freedom")
    def test_reasons(self, make, word):
        x = tg.Tensor([0.0, 1.0])
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            make(x)
        assert word in str(raised.value)

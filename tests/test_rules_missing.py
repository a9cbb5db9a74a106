"""What nan functions leave out, and what replaces it."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

NAN = np.nan


def hessian(function, x):
    return tg.hessian(function)(np.asarray(x))


class TestWhatIsLeftOut:
    FUNCTIONS = (
        np.nansum,
        np.nanprod,
        np.nanmean,
        np.nanvar,
        np.nanstd,
        np.nanmax,
        np.nanmin,
        np.nanmedian,
        np.nancumsum,
        np.nancumprod,
        lambda x, axis: np.nanquantile(x, 0.3, axis=axis),
        lambda x, axis: np.nanpercentile(x, 30, axis=axis),
    )

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_has_gradient_0_and_disturbs_nobody(self, function):
        x = np.array([[1.0, NAN, 3.0], [2.0, 5.0, NAN]])
        gradient = tg.grad(lambda x: np.sum(function(x, axis=1)))(x)
        assert not gradient[np.isnan(x)].any()
        if function not in (np.nancumsum, np.nancumprod):  # whose results stay in their places
            full = np.array([[1.0, 3.0], [2.0, 5.0]])
            expected = tg.grad(lambda x: np.sum(function(x, axis=1)))(full)
            assert np.array_equal(gradient[~np.isnan(x)], expected.ravel())

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_the_second_order_is_finite_where_a_nan_was_left_out(self, function):
        x = np.array([1.5, NAN, 3.0, 0.5])
        second = hessian(lambda x: np.sum(np.sin(function(x, axis=0))), x)
        assert np.isfinite(second).all()
        assert not second[1].any()
        assert not second[:, 1].any()

    @pytest.mark.parametrize("function", [np.nanmean, np.nanmax, np.nanmin, np.nanmedian])
    def test_a_line_of_nothing_but_nan(self, function):
        x = Tensor([[NAN, NAN], [1.0, 3.0]])
        with pytest.warns(RuntimeWarning, match=r"All-NaN|Mean of empty slice"):
            result = function(x, axis=1)
        np.sum(result[1:]).backward()
        assert not x.grad[0].any()
        with pytest.warns(RuntimeWarning, match=r"All-NaN|Mean of empty slice"):
            assert not tg.grad(lambda x: np.sum(function(x, axis=1)))(x.data)[0].any()

    def test_a_plain_variance_of_nan_is_nan_all_over(self):
        assert np.isnan(tg.grad(np.var)(np.array([1.0, NAN]))).all()


class TestNanToNum:
    def test_copy_false_is_refused(self):
        with pytest.raises(TypeError, match=r"np\.nan_to_num: copy=False writes"):
            np.nan_to_num(Tensor([1.0]), copy=False)

    def test_the_parts_of_a_complex_number_are_replaced_one_by_one(self):
        z = np.array([complex(NAN, 2.0), complex(3.0, np.inf), 1 + 1j])
        x = Tensor(z)
        np.sum(np.real(np.nan_to_num(x, posinf=9.0) * (1 - 2j))).backward()
        # ∂/∂x − i ∂/∂y of Re(z·(1 − 2i)) is 1 − 2i; the part that was replaced has none
        assert x.grad.tolist() == [-2j, 1, 1 - 2j]

"""Debug mode tells what is so: infinities of the user's are none of it, and reasons are true."""

import linecache

import numpy as np
import pytest
import scipy.special

import tinygrad_np as tg

INF = np.inf
MIXED = np.array([[1.0, INF], [1.0, 1.0]])


def told(function, *args):
    with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
        function(*args)
    return str(raised.value)


class TestOtherElements:
    """What is infinite may lie elsewhere in an operand that would broadcast to the result."""

    @pytest.mark.parametrize(
        "function",
        [
            lambda x: x @ np.ones((2, 2)),
            lambda x: np.ones((2, 2)) @ x,
            lambda x: np.matmul(np.ones((1, 2, 2)), x),
            lambda x: np.linalg.solve(np.array([[1.0, 1.0], [2.0, 1.0]]), x),
        ],
    )
    @pytest.mark.parametrize("bad", [INF, np.nan])
    def test_products_of_infinities_are_no_finite_numbers(self, function, bad):
        column = np.array([[bad, 1.0], [bad, 1.0]])
        with tg.debug():
            function(tg.Tensor(np.where(np.isfinite(MIXED), MIXED, bad)))
            function(tg.Tensor(column if bad != INF else MIXED))

    def test_the_derivative_of_a_product(self):
        pull = tg.vjp(lambda x: x @ np.ones((2, 2)), np.ones((2, 2)))[1]
        with tg.debug():
            (gradient,) = pull(np.array([[0.0, INF], [0.0, 0.0]]))
        assert np.isinf(gradient[0]).all()

    def test_values_that_are_put_into_a_column(self):
        with tg.debug():
            y = tg.at(tg.Tensor(np.ones((2, 2))))[:, 0].set(np.array([1.0, -INF]))
        assert y.data[1, 0] == -INF

    def test_an_overflow_in_a_product_is_still_found(self):
        text = told(lambda: tg.Tensor(np.full((2, 2), 1e200)) @ np.full((2, 2), 1e200))
        assert text.startswith("np.matmul turned finite numbers into inf")

    def test_the_elements_of_a_product_are_not_those_at_its_place(self):
        weights = np.array([[0.0, 1e150], [1.0, 1.0]])
        text = told(
            tg.grad(lambda x: np.sum((x @ np.full((2, 2), 1e200)) * weights)),
            np.full((2, 2), 1e-100),
        )
        assert "the derivative of np.matmul by x" in text
        assert "exactly 0" not in text
        assert "0·inf" not in text
        assert "cotangent: float64 (2, 2), from 0.0 to 1e+150\n" in text


class TestOfInfinities:
    @pytest.mark.parametrize(
        "function",
        [
            lambda x: tg.softmax(np.where(False, x, -INF)),
            lambda x: np.diff(np.where(False, x, INF)),
            lambda x: np.std(np.where(False, x, INF)),
        ],
    )
    def test_they_are_not_called_finite(self, function):
        text = told(tg.vjp, function, np.ones(3))
        assert "turned infinities into nan" in text
        assert "finite numbers" not in text

    def test_a_value_that_the_rule_does_not_use(self):
        told = []
        with tg.debug(on_nonfinite=lambda error: told.append(str(error))):
            tg.grad(lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)))(np.array([0.0, 1.0]))
            tg.grad(np.log)(0.0)
        assert [text.count("finite numbers") for text in told] == [1, 1, 1, 1]

    def test_where_the_element_itself_is_finite(self):
        text = told(lambda: np.log(tg.Tensor([INF, 0.0])))
        assert "turned finite numbers into -inf" in text


class TestReasons:
    @pytest.mark.parametrize("function", [tg.softmax, tg.log_softmax])
    def test_a_logit_of_inf(self, function):
        text = told(function, tg.Tensor([INF, 1.0]))
        assert "A logit is inf" in text
        assert "-inf throughout" not in text

    @pytest.mark.parametrize("function", [tg.softmax, tg.log_softmax])
    def test_a_row_of_minus_inf(self, function):
        text = told(tg.grad(lambda x: np.sum(function(np.where(False, x, -INF)))), np.ones(2))
        assert "-inf throughout" in text

    def test_complex_powers(self):
        text = told(lambda: tg.Tensor([-1e200 + 0j]) ** 2.5)
        assert "negative number" not in text
        assert "Overflow" in text

    def test_the_beginning_of_a_domain(self):
        text = told(tg.grad(np.arccosh), 1.0)
        assert "np.maximum(x, 1 + 1e-7)" in text
        assert "-1 +" not in text

    def test_a_mean_does_not_square(self):
        text = told(np.mean, tg.Tensor(np.full(4, 3e38, np.float32)))
        assert "Overflow" in text
        assert "squares" not in text
        assert "ddof" not in text

    def test_a_divisor_that_is_not_small(self):
        text = told(tg.grad(lambda y: np.sum(1e250 / y)), np.array([1e-50]))
        assert "so small that its square" not in text
        assert "beyond float64" in text
        text = told(tg.grad(lambda y: np.sum(1.0 / y)), np.array([1e-200]))
        assert "so small that its square" in text

    def test_an_argument_near_0_is_not_0(self):
        assert "at 0 is infinite" not in told(tg.grad(np.log), 1e-320)
        assert "at 0 is infinite" in told(tg.grad(np.cbrt), 0.0)
        text = told(tg.grad(lambda x: 1e200 * np.sqrt(x)), 1e-300)
        assert "at 0" not in text
        assert "beyond float64" in text

    def test_a_singular_matrix(self):
        text = told(lambda: np.linalg.slogdet(tg.Tensor(np.zeros((2, 2)))))
        assert "singular" in text
        assert "Overflow" not in text

    def test_a_pole(self):
        text = told(scipy.special.gammaln, tg.Tensor([0.0]))
        assert "scipy.special.gammaln is infinite there" in text
        assert "division" not in text


class TestTheBranchThatIsNotTaken:
    def test_of_a_power(self):
        first = tg.grad(lambda x: np.sum(np.where(x > 0, x**1.5, 0.0)))
        text = told(tg.grad(lambda x: np.sum(first(x))), np.array([0.0, 1.0]))
        assert "np.power(np.where(mask, x, 1.0), y)" in text

    def test_of_a_quotient_of_an_infinity(self):
        text = told(
            tg.grad(lambda y: np.sum(np.where(y > 1, np.array([INF, 1.0]) / y, 0.0))),
            np.array([1.0, 2.0]),
        )
        assert "np.divide(np.where(mask, x, 1.0), y)" in text

    def test_of_a_factor_that_is_inf_itself(self):
        text = told(tg.grad(lambda x: np.sum(tg.sigmoid(x * np.array([-INF, 1.0])))), np.ones(2))
        assert "put no inf in there, or np.multiply(x, np.where(mask, y, 1.0))" in text

    def test_of_what_is_not_elementwise(self):
        huge = np.full((2, 2), INF)
        text = told(tg.grad(lambda x: 0.0 * np.sum(x @ huge)), np.ones((2, 2)))
        assert "turned infinities into nan" in text
        assert "strong_zeros" not in text


class TestFunctionsOfLibrariesWithinRemat:
    """They have no line of the user's when they are computed again; their call has one."""

    @pytest.mark.parametrize(
        "function",
        [
            np.sqrt,
            tg.remat(np.sqrt),
        ],
    )
    @pytest.mark.parametrize("sweep", ["grad", "jvp", "hvp", "backward"])
    def test_the_line_is_that_of_the_forward_call(self, function, sweep):
        block = tg.remat(function)

        def model(x):
            y = x * 1.0
            return np.sum(block(y))  # HERE

        def swept():
            x = np.array([0.0, 1.0])
            if sweep == "grad":
                tg.grad(model)(x)
            elif sweep == "jvp":
                tg.jvp(model, [x], [x + 1])
            elif sweep == "hvp":
                tg.hvp(model, [x], [x + 1])
            else:
                model(tg.Tensor(x)).backward()

        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            swept()
        assert linecache.getline(raised.value.file, raised.value.line).strip().endswith("# HERE")

    def test_of_a_layer(self):
        images = np.full((1, 4, 4, 1), 1e20, np.float32)
        layer = tg.remat(tg.conv2d)

        def loss(w):
            y = layer(images, w)  # HERE
            return np.sum(y * np.float32(1e20))

        text = told(tg.grad(loss), np.full((2, 2, 1, 1), 1e-20, np.float32))
        assert "# HERE" in text

    def test_a_call_from_before_the_block_has_no_line(self):
        y = np.sum(tg.remat(np.sqrt)(tg.Tensor([0.0])))
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            y.backward()
        assert raised.value.line is None
        assert "where it was called is not known" in str(raised.value)

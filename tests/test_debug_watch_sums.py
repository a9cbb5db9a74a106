"""Debug mode where each cotangent is finite and their sum is not: a value used more than once."""

import linecache

import numpy as np
import pytest

import tinygrad_np as tg

LARGE = 1e308


def error_of(function, *args):
    """The error, and the text of the line that it is about."""
    with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
        function(*args)
    error = raised.value
    assert error.file == __file__
    return error, linecache.getline(__file__, error.line).strip()


def test_an_operation_used_twice():
    def f(x):
        y = np.sin(x)  # made
        a = y * LARGE  # first
        b = y * LARGE  # second
        return np.sum(a + b)

    error, line = error_of(tg.grad(f), np.array([0.0, 1.0]))
    text = str(error)
    assert line.endswith("# made")
    assert text.startswith(
        "the sum of the cotangents of np.sin turned finite numbers into inf, in the reverse "
        "sweep; the function was called here:\n"
    )
    assert "result: float64 (2,), 2 of 2 not finite, the first at (0,): inf" in text
    assert text.count("float64 (2,), from 1e+308 to 1e+308; 1e+308 at (0,)") == 2
    assert text.index("# made") < text.index("# first") < text.index("# second")
    assert (error.mode, error.function) == ("sum", "np.sin")
    assert [np.asarray(x).tolist() for x in error.operands] == [[LARGE, LARGE]] * 2
    assert error.node.plan.row.name == "np.sin"


def test_an_argument_of_a_transform_has_the_lines_that_use_it():
    def f(x):
        return np.sum(x * LARGE + x * LARGE)  # uses

    for differentiate in (tg.grad, tg.value_and_grad, tg.jacobian):
        error, line = error_of(differentiate(f), np.zeros(2))
        assert line.endswith("# uses")
        assert "the sum of the cotangents of a variable turned finite" in str(error)
        assert str(error).count("# uses") == 2  # the caret marks another part of the line
    error_of(lambda: tg.vjp(f, np.zeros(2))[1](1.0))


def test_a_leaf_of_backward_has_the_line_that_made_it():
    def run():
        x = tg.Tensor([0.0])  # leaf
        np.sum(x * LARGE + x * LARGE).backward()

    error, line = error_of(run)
    assert line.endswith("# leaf")
    assert str(error).count("(x * LARGE + x * LARGE).backward()") == 2  # the uses
    assert "of a variable turned finite numbers into inf, in the reverse sweep; the var" in str(
        error
    )


def test_several_backward_calls_into_one_grad():
    x = None

    def run():
        nonlocal x
        x = tg.Tensor(np.zeros(2))  # leaf
        for _ in range(2):
            np.sum(x * LARGE).backward()

    error, line = error_of(run)
    assert line.endswith("# leaf")
    assert "adding to the .grad of a variable turned finite numbers into inf" in str(error)
    assert error.mode == "sum"
    with tg.debug():  # what was collected before is still there
        np.sum(x).backward()
    assert x.grad.tolist() == [LARGE, LARGE]


def test_one_of_several_results():
    def f(x):
        fraction, whole = np.modf(x)  # made
        return np.sum(fraction * LARGE + fraction * LARGE) + np.sum(whole)

    error, line = error_of(tg.grad(f), np.array([0.5, 1.0]))
    assert line.endswith("# made")
    assert error.function == "np.modf"


def test_infinities_of_both_signs():
    found = []

    def f(x):
        y = x * 1.0  # made
        return np.sum(y * 1e200 * 1e200 - y * 1e200 * 1e200)

    with tg.debug(on_nonfinite=found.append):
        tg.grad(f)(np.ones(1))
    assert np.isnan(found[-1].result).all()
    assert found[-1].mode == "sum"
    assert linecache.getline(__file__, found[-1].line).strip().endswith("# made")


@pytest.mark.parametrize(
    "twice",
    [
        lambda f: tg.grad(lambda x: np.sum(tg.grad(f)(x) * 1.0)),
        lambda f: tg.grad(lambda x: np.sum(tg.vjp(f, x)[1](1.0)[0])),
        lambda f: lambda x: tg.hvp(f, [x], [np.ones(2)]),
        lambda f: tg.hessian(f),
        lambda f: tg.grad(lambda x: np.sum(tg.jvp(f, [x], [np.ones(2)])[1])),
    ],
)
def test_second_order(twice):
    def f(x):  # 1.2e308·x²: at 0.1 the gradient is 2.4e307, and the second derivative 2.4e308
        y = x * 1.0  # made
        return np.sum(np.square(y) * 0.6e308 + np.square(y) * 0.6e308)

    found = []
    with tg.debug(on_nonfinite=found.append):
        tg.grad(f)(np.full(2, 0.1))
        assert not found
        twice(f)(np.full(2, 0.1))
    assert found[0].mode == "sum"
    assert linecache.getline(__file__, found[0].line).strip().endswith("# made")
    assert "sum of cotangents" in str(found[0]) or "sum of the cotangents" in str(found[0])


def test_the_sum_in_a_recorded_sweep_is_no_operation_of_the_users():
    def f(x):
        y = np.sin(x)  # made
        return np.sum(y * LARGE + y * LARGE)

    def outer(x):
        return np.sum(tg.grad(f)(x))

    error, line = error_of(tg.grad(outer), np.zeros(2))
    assert line.endswith("# made")
    assert str(error).startswith("the sum of the cotangents of np.sin turned")


def test_a_sum_of_tangents():
    def f(x):
        a, b = x * 1.0, x * 1.0
        return np.add(a, b)  # added

    error, line = error_of(tg.jvp, f, [np.ones(1)], [np.array([0.9e308])])
    assert line.endswith("# added")
    assert "the sum of the derivatives of np.add by its operands turned finite" in str(error)
    assert "in the forward sweep" in str(error)


def test_complex_and_half_precision():
    half = np.full(2, 1.0, np.float16)
    error, _ = error_of(tg.grad(lambda x: np.sum(x * 6e4 + x * 6e4)), half)
    assert "float16 ends at 6.55e+04" in str(error)
    error, _ = error_of(tg.grad(lambda z: np.real(z * LARGE + z * LARGE)), 1 + 1j)
    assert "complex128 ()" in str(error)


def test_what_is_finite_is_none():
    with tg.debug():
        x = tg.Tensor(np.full(3, 2.0))
        for _ in range(3):
            (np.sum(x * x) + np.sum(x * 3.0)).backward()
    assert x.grad.tolist() == [21.0] * 3


def test_the_same_bits_as_without():
    def f(x):
        y = np.sin(x)
        return np.sum(y * x + y * 0.1 + np.exp(y) * y / 3.0)

    x = np.random.default_rng(0).normal(size=50)
    plain = tg.grad(f)(x), tg.hvp(f, [x], [x])
    with tg.debug():
        watched = tg.grad(f)(x), tg.hvp(f, [x], [x])
    assert plain[0].tobytes() == watched[0].tobytes()
    assert plain[1][0].tobytes() == watched[1][0].tobytes()


def test_an_operand_in_a_list_that_is_cast_down():
    def f(x):
        joined = np.concatenate([x, np.ones(1)])  # joined
        return np.sum(joined * 1e10)

    error, line = error_of(tg.grad(f), np.ones(1, np.float16))
    assert line.endswith("# joined")
    assert error.mode == "vjp"


@pytest.mark.parametrize(
    ("make", "mark", "start"),
    [
        (lambda x: x * np.array([1.0, 3e3]), "x * np.array", 1.0),
        (lambda x: np.concatenate([x, np.ones(1)]) * 3e3, "np.concatenate", 1.0),
        (lambda x: x * np.ones((2, 1), np.float16), "(2, 1)", 0.9),
    ],
)
@pytest.mark.parametrize("order", ["first", "second", "forward over reverse"])
def test_a_cotangent_that_does_not_fit_the_operand(make, mark, start, order):
    """Where a sum that undoes broadcasting, or a cast, overflows in a sweep that is recorded."""

    def f(x):
        y = make(x)
        return np.sum(y * y * y * y * 1.5e4)

    differentiate = {
        "first": tg.grad(f),
        "second": tg.grad(lambda x: np.sum(tg.grad(f)(x) * x)),
        "forward over reverse": lambda x: tg.hvp(f, [x], [x]),
    }[order]
    error, line = error_of(differentiate, np.full(2, start, np.float16))
    assert mark in line
    assert error.mode == "vjp"
    assert error.result.dtype == np.float16


def test_a_value_from_before_the_block():
    x = tg.Tensor([1.0])
    y = np.sin(x)
    with pytest.raises(tg.NonFiniteError, match=r"cotangents of np\.sin turned"), tg.debug():
        np.sum(y * LARGE + y * LARGE).backward()


def test_very_many_uses_are_not_all_told():
    def f(x):
        total = 0.0
        for _ in range(20):
            total = total + np.sum(x * 2e307)
        return total

    error, _ = error_of(tg.grad(f), np.ones(1))
    assert len(str(error).splitlines()) < 30


def test_a_sum_within_a_linear_rule():
    def f(x):
        return tg.conv2d(x, np.full((3, 3, 1, 1), LARGE))  # convolution

    error, line = error_of(tg.grad(lambda x: np.sum(f(x))), np.zeros((1, 5, 5, 1)))
    assert line.endswith("# convolution")
    assert "their sum is beyond float64" in str(error)

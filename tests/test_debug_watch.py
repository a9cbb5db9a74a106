"""Debug mode: the line that made a nan or inf, what it costs, and what it keeps to itself."""

import gc
import inspect
import linecache
import sys
import warnings
import weakref

import nonfinite_programs as programs
import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.debug import watch

ALL = [*programs.FORWARD, *programs.REVERSE]


def name_of(program):
    return program.__name__


def planted_line(program):
    lines, start = inspect.getsourcelines(program)
    (found,) = [start + i for i, line in enumerate(lines) if "# HERE" in line]
    return found


def is_finite(result):
    return all(np.isfinite(x).all() for x in tg.tree.leaves(result))


def test_there_are_as_many_programs_as_promised():
    assert (len(programs.FORWARD), len(programs.REVERSE)) == (10, 11)
    assert len(programs.SECOND) >= 4


class TestTwentyPrograms:
    @pytest.mark.parametrize("program", ALL, ids=name_of)
    def test_the_result_is_bad(self, program):
        with np.errstate(all="ignore"):
            result = program()
        assert not is_finite(getattr(result, "data", result))

    @pytest.mark.parametrize("program", ALL, ids=name_of)
    def test_the_line_is_named(self, program):
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            program()
        error = raised.value
        assert error.file == programs.__file__
        assert error.line == planted_line(program)
        assert linecache.getline(error.file, error.line).strip() in str(error)
        assert f'File "{error.file}", line {error.line}' in str(error)

    @pytest.mark.parametrize("program", ALL, ids=name_of)
    def test_the_reason_is_told(self, program):
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            program()
        assert programs.WHY[program] in str(raised.value)

    @pytest.mark.parametrize("program", programs.FORWARD, ids=name_of)
    def test_forward_ones_in_the_value(self, program):
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            program()
        assert raised.value.mode == "value"

    @pytest.mark.parametrize("program", programs.REVERSE, ids=name_of)
    def test_reverse_ones_in_a_sweep_alone(self, program):
        found = []
        with tg.debug(on_nonfinite=found.append):
            program()
        assert found[0].mode in ("vjp", "jvp")
        assert all(error.mode != "value" for error in found)

    @pytest.mark.parametrize("program", ALL, ids=name_of)
    def test_a_function_hears_of_that_line_first(self, program):
        found = []
        with tg.debug(on_nonfinite=found.append):
            program()
        assert found[0].line == planted_line(program)

    @pytest.mark.parametrize("program", programs.SECOND, ids=name_of)
    def test_second_order_ones_in_the_derivative_of_a_derivative(self, program):
        found = []
        with tg.debug(on_nonfinite=found.append):
            program()
        if program is not programs.gradient_penalty_with_a_norm:  # which takes the first one itself
            assert "in the derivative of" in str(found[0])


class TestWhatHappens:
    def test_a_warning_has_the_users_line(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with tg.debug(on_nonfinite="warn"):
                y = np.log(tg.Tensor([0.0]))
        assert np.isneginf(y.data[0])
        (warning,) = caught
        assert warning.category is tg.NonFiniteWarning
        assert warning.filename == __file__
        assert "np.log(tg.Tensor" in linecache.getline(__file__, warning.lineno)

    def test_a_function_is_called_and_it_goes_on(self):
        found = []
        with tg.debug(on_nonfinite=found.append):
            gradient = tg.grad(lambda x: np.sum(np.where(x > 0, np.sqrt(x), x)))(np.zeros(2))
        assert np.isnan(gradient).all()
        assert [error.function for error in found] == ["np.sqrt"]

    def test_the_function_may_divide_by_zero_itself(self):
        found = []

        def handler(error):
            found.append(error.line and np.log(tg.Tensor(0.0)))

        with tg.debug(on_nonfinite=handler):
            np.log(tg.Tensor(0.0))
            np.log(tg.Tensor(0.0))
        assert len(found) == 2

    def test_the_same_numbers(self):
        def loss(w, x, y):
            return tg.log_loss_with_logits(tg.relu(tg.conv2d(x, w)).reshape(4, -1).sum(1), y)

        rng = np.random.default_rng(0)
        given = rng.normal(size=(3, 3, 1, 2)), rng.normal(size=(4, 9, 9, 1)), np.array([0, 1, 1, 0])
        plain = tg.value_and_grad(loss, argnums=(0, 1))(*given)
        with tg.debug():
            watched = tg.value_and_grad(loss, argnums=(0, 1))(*given)
        assert plain[0] == watched[0]
        assert all(np.array_equal(a, b) for a, b in zip(plain[1], watched[1], strict=True))


class TestGraph:
    def test_it_is_freed_by_reference_counting(self):
        class Array(np.ndarray):
            pass

        constant = np.ones(3)
        gc.disable()
        try:
            with tg.debug():
                x = tg.Tensor(np.ones(3))
                y = np.sum(np.exp(x) * constant)
                tg.grad(lambda u: np.std(u) * np.sum(u**3))(np.arange(3.0))
                tg.hvp(lambda u: np.sum(u**3), [np.ones(3)], [np.ones(3)])
                seen = weakref.ref(y)
                held = sys.getrefcount(constant)
                del y
                assert seen() is None
                assert sys.getrefcount(constant) == held - 2  # the record's and the rule's
        finally:
            gc.enable()

    def test_backward_lets_go_of_what_was_recorded(self):
        constant = np.ones(3)
        with tg.debug():
            y = np.sum(tg.Tensor(np.ones(3)) * constant)
            before = sys.getrefcount(constant)
            y.backward()
            assert sys.getrefcount(constant) < before

    def test_the_errors_of_a_failed_step_leave_nothing_behind(self):
        with pytest.raises(tg.NonFiniteError), tg.debug():
            tg.hessian(lambda x: np.sum(x**1.5))(np.zeros(2))
        assert watch.current() == watch.Mode()

    def test_a_comparison_that_gives_no_array(self):
        class Symbol:
            __array_ufunc__ = None
            __hash__ = object.__hash__

            def __eq__(self, other):
                return ["equation", other]

        with tg.debug():
            assert (tg.Tensor(1.0) == Symbol()) == ["equation", 1.0]

"""Debug mode: the line that made a nan or inf, what it costs, and what it keeps to itself."""

import asyncio
import contextvars
import copy
import gc
import inspect
import linecache
import pickle
import sys
import threading
import warnings
import weakref

import nonfinite_programs as programs
import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.core import hooks
from tinygrad_np.debug import marks, modes

ALL = [*programs.FORWARD, *programs.REVERSE]


def name_of(program):
    return program.__name__


def planted_line(program):
    lines, start = inspect.getsourcelines(program)
    (found,) = [start + i for i, line in enumerate(lines) if "# HERE" in line]
    return found


def is_finite(result):
    return all(np.isfinite(x).all() for x in tg.tree.leaves(result))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [8, 64, 503, 509, 512, 1018])
def test_large_labels_that_change_places_change_the_mark(classes, dtype):
    # Sums of blocks of rows, and of columns of such blocks, stay as they were.
    rows = np.arange(4000)
    labels = np.zeros((len(rows), classes), dtype)
    labels[rows, rows * 7 // 3 % classes] = 1
    before = marks.fingerprint(labels)
    for distance in (1, 8, 64, 503, 509, 512, 1024, 2048):
        labels[[0, distance]] = labels[[distance, 0]]
        assert (marks.fingerprint(labels) != before) == (not np.all(labels[0] == labels[distance]))
        labels[[0, distance]] = labels[[distance, 0]]
        assert marks.fingerprint(labels) == before


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


class TestLines:
    """The user's line, whatever lies between it and the operation."""

    def line_of(self, function, *args):
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            function(*args)
        assert raised.value.file == __file__
        return linecache.getline(__file__, raised.value.line).strip()

    def test_operators_from_both_sides(self):
        assert self.line_of(lambda: 1.0 / tg.Tensor([0.0])) == (
            "assert self.line_of(lambda: 1.0 / tg.Tensor([0.0])) == ("
        )
        x = tg.Tensor([0.0])

        def right():
            return np.ones(1) / x  # right

        assert self.line_of(right).endswith("# right")

    def test_methods_and_keywords(self):
        x = tg.Tensor([2e38, 2e38, 2e38], np.float32)

        def total():
            return x.sum(axis=0, keepdims=True)  # method

        assert self.line_of(total).endswith("# method")

    def test_the_second_call_as_the_first(self):
        def quotient(x):
            return x / 0.0  # every time

        for _ in range(3):
            assert self.line_of(quotient, tg.Tensor([1.0])).endswith("# every time")

    def test_several_results(self):
        def split(x):
            return np.modf(x * 1e200)  # multiplied

        assert self.line_of(split, tg.Tensor([1e200])).endswith("# multiplied")

    def test_layers_and_losses_of_ours(self):
        x, w = tg.Tensor(np.full((1, 3, 3, 1), 1e200)), np.full((2, 2, 1, 1), 1e200)

        def network():
            return tg.conv2d(x, w)  # convolution

        assert self.line_of(network).endswith("# convolution")

    def test_inside_a_generator_and_a_comprehension(self):
        def terms(xs):
            yield from (np.log(x) for x in xs)  # lazily

        assert self.line_of(lambda: sum(terms(tg.Tensor([1.0, 0.0])))).endswith("# lazily")

    def test_a_function_that_numpy_calls(self):
        def of_rows(row):
            return np.log(row).sum()  # a row

        x = tg.Tensor([[1.0, 2.0], [0.0, 1.0]])
        assert self.line_of(np.apply_along_axis, of_rows, 1, x).endswith("# a row")

    def test_remat_in_both_sweeps(self):
        @tg.remat
        def step(x):
            y = x * 1.0
            return np.sqrt(y)  # again

        assert self.line_of(tg.grad(step), 0.0).endswith("# again")
        assert self.line_of(tg.jvp, step, [0.0], [1.0]).endswith("# again")

    def test_inside_remat_going_forward(self):
        @tg.remat
        def step(x):
            y = np.log(x)  # in there
            return y * 2

        assert self.line_of(tg.grad(step), 0.0).endswith("# in there")

    def test_the_part_of_a_line_is_marked(self):
        x = tg.Tensor([0.0])
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            np.exp(x) + np.log(x) + np.sin(x)
        text = str(raised.value).splitlines()
        (number,) = [i for i, line in enumerate(text) if "np.exp(x) + np.log(x)" in line]
        start = text[number].index("np.log(x)")
        assert text[number + 1] == " " * start + "^" * len("np.log(x)")

    def test_a_program_without_a_file(self):
        code = "import numpy as np, tinygrad_np as tg\nwith tg.debug():\n    np.log(tg.Tensor(0.0))"
        with pytest.raises(tg.NonFiniteError, match='File "<string>", line 3'):
            exec(code, {"__name__": "__main__"})

    def test_a_rule_of_ones_own(self):
        root = tg.pointwise(lambda x: np.sqrt(x), lambda ans: 0.5 / ans)

        def f(x):
            return root(x)  # mine

        assert self.line_of(tg.grad(f), 0.0).endswith("# mine")


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

    @pytest.mark.parametrize("word", ["ignore", "Warn", None, 3, ["warn"]])
    def test_another_word(self, word):
        with pytest.raises(ValueError, match="on_nonfinite is 'raise', 'warn' or a function"):
            tg.debug(on_nonfinite=word)

    def test_it_ends_with_the_block(self):
        with pytest.raises(tg.NonFiniteError), tg.debug():
            np.log(tg.Tensor(0.0))
        assert not hooks.opened
        with np.errstate(all="ignore"):
            assert np.isneginf(np.log(tg.Tensor(0.0)).data)

    def test_blocks_in_blocks(self):
        outer, inner = [], []
        with tg.debug(on_nonfinite=outer.append):
            with tg.debug(on_nonfinite=inner.append):
                np.log(tg.Tensor(0.0))
            np.log(tg.Tensor(0.0))
        assert (len(outer), len(inner)) == (1, 1)

    def test_as_a_decorator(self):
        @tg.debug()
        def step():
            return np.log(tg.Tensor(0.0))

        for _ in range(2):
            with pytest.raises(tg.NonFiniteError):
                step()

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


class TestThreads:
    def test_another_thread_sees_nothing_of_it(self):
        inside, done = threading.Event(), threading.Event()
        results = []

        def other():
            inside.wait(10)
            with np.errstate(all="ignore"):
                y = np.log(tg.Tensor([0.0, 1.0]))
                y.sum().backward()
            results.append((y.data.copy(), hasattr(y._source, "record")))
            done.set()

        thread = threading.Thread(target=other)
        thread.start()
        with tg.debug():
            inside.set()
            done.wait(10)
            with pytest.raises(tg.NonFiniteError):
                np.log(tg.Tensor([0.0]))
        thread.join()
        ((value, has_record),) = results
        assert np.isneginf(value[0])
        assert not has_record

    def test_another_task_sees_nothing_of_it(self):
        async def careful():
            with tg.debug():
                for _ in range(3):
                    await asyncio.sleep(0)
                    with pytest.raises(tg.NonFiniteError):
                        np.log(tg.Tensor(0.0))

        async def careless():
            values = []
            for _ in range(6):
                await asyncio.sleep(0)
                with np.errstate(all="ignore"):
                    values.append(np.log(tg.Tensor(0.0)).item())
            return values

        async def both():
            return await asyncio.gather(careful(), careless())

        assert asyncio.run(both())[1] == [-np.inf] * 6

    def test_many_threads_open_and_close_it(self):
        problems = []

        def work(number):
            found = []
            for _ in range(50):
                with tg.debug(on_nonfinite=found.append):
                    np.log(tg.Tensor(0.0 if number % 2 else 1.0))
            if len(found) != (50 if number % 2 else 0):
                problems.append(number)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems
        assert not hooks.opened


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
        assert modes.current() == modes.Mode()


class TestChangedArrays:
    def test_a_constant_that_was_written_into(self):
        buffer = np.ones(3)
        with tg.debug():
            y = np.sum(tg.Tensor([1.0, 2.0, 3.0]) * buffer)  # used
            buffer[1] = 5
            with pytest.raises(tg.ChangedArrayError) as raised:
                y.backward()
        text = str(raised.value)
        assert "np.multiply: its operand 'y', float64 (3,), was written into" in text
        assert text.count("# used") == 1
        assert "buffer.copy()" in text

    @pytest.mark.parametrize(
        "call",
        [
            lambda x, c: x @ c.reshape(4, 4),
            lambda x, c: np.where(c[:4] > 0.5, x, 0) * c[:4],
            lambda x, c: np.einsum("i,i->", x[:4], c[::4]),
            lambda x, c: np.concatenate([x, c]) * np.concatenate([c, c])[:20],
            lambda x, c: tg.conv1d(x.reshape(1, 4, 1), c.reshape(4, 2, 2)[:1, :1]),
            lambda x, c: np.interp(x, c[:4], c[4:8]),
        ],
    )
    def test_through_views_of_it(self, call):
        c = np.arange(1.0, 17.0)
        own = np.linspace(1.1, 3.9, 4)
        with tg.debug():
            value, pull = tg.vjp(lambda x: call(x, c), own)
            pull(np.ones(value.shape))
            c *= 1.5
            try:
                pull(np.ones(value.shape))
            except tg.ChangedArrayError:
                return
        # what it was used for was a copy: then nothing can have changed
        again, fresh = tg.vjp(lambda x: call(x, c / 1.5), own)
        assert np.allclose(fresh(np.ones(again.shape)), pull(np.ones(value.shape)))

    def test_an_index(self):
        index = np.array([0, 1])
        with tg.debug():
            y = tg.Tensor([1.0, 2.0, 3.0])[index].sum()
            index[0] = 2
            with pytest.raises(tg.ChangedArrayError, match=r"operator\.getitem"):
                y.backward()

    def test_an_index_in_a_tuple(self):
        index = [0, 1]
        with tg.debug():
            y = tg.Tensor(np.ones((3, 2)))[index, 0].sum()
            index[0] = 2
            with pytest.raises(tg.ChangedArrayError):
                y.backward()

    def test_an_argument_of_grad_that_the_function_writes_into(self):
        x = np.ones(3)

        def f(t):
            y = np.sum(t * t)
            x[0] = 7
            return y

        with tg.debug(), pytest.raises(tg.ChangedArrayError):
            tg.grad(f)(x)

    def test_in_forward_mode(self):
        c = np.ones(2)

        def f(x):
            y = x * c
            c[:] = 3
            return y

        with tg.debug(), pytest.raises(tg.ChangedArrayError):
            tg.jvp(f, [np.ones(2)], [np.ones(2)])

    def test_what_the_rule_does_not_need_may_change(self):
        c = np.ones(2)
        with tg.debug():
            x = tg.Tensor(np.ones(2))
            y = np.sum(x + c)
            c[:] = 3
            y.backward()
        assert x.grad.tolist() == [1, 1]

    def test_the_callers_array_stays_writeable_and_as_it_was(self):
        c = np.ones(2)
        with tg.debug():
            np.sum(tg.Tensor(np.ones(2)) * c).backward()
        assert c.flags.writeable
        assert c.tolist() == [1, 1]

    @pytest.mark.parametrize("size", [10, 100_000])
    @pytest.mark.parametrize(
        "view", [lambda a: a, lambda a: a[::-1], lambda a: a[::2], lambda a: a.reshape(2, -1).T]
    )
    @pytest.mark.parametrize("change", ["one", "swap", "sort", "shift"])
    def test_fingerprints(self, size, view, change):
        a = np.random.default_rng(0).normal(size=size)
        seen = view(a)
        before = marks.fingerprint(seen)
        assert marks.fingerprint(seen) == before
        if change == "one":
            seen[-1] += 1e-12
        elif change == "swap":
            i, j = np.unravel_index([0, seen.size - 1], seen.shape)[0]
            seen[[i, j]] = seen[[j, i]]
        elif change == "sort":
            a.sort()
        else:
            a[:] = np.roll(a, 512)
        assert marks.fingerprint(seen) != before or np.array_equal(a, np.roll(a, 512))

    @pytest.mark.parametrize("dtype", [bool, np.float16, np.complex128, "M8[s]", object])
    def test_fingerprints_of_other_dtypes(self, dtype):
        assert marks.fingerprint(np.zeros((2, 0), dtype)) == marks.fingerprint(np.zeros(0, dtype))
        assert isinstance(marks.fingerprint(np.zeros(3, dtype)), int)


class TestBlocks:
    """What ``debug()`` and ``strong_zeros()`` give: blocks that can be opened again."""

    def bad(self):
        return np.log(tg.Tensor(0.0))

    def masked(self):
        return float(tg.grad(lambda x: np.where(x > 0, np.sqrt(x), 0))(0.0))

    def test_one_object_for_several_blocks(self):
        careful, strong = tg.debug(), tg.strong_zeros()
        for _ in range(3):
            with pytest.raises(tg.NonFiniteError), careful:
                self.bad()
            with strong:
                assert self.masked() == 0
            assert np.isnan(self.masked())
        assert not hooks.opened
        assert modes.current() == modes.Mode()

    def test_one_object_within_itself(self):
        found = []
        block, strong = tg.debug(on_nonfinite=found.append), tg.strong_zeros()
        with block, strong:
            with block, strong:
                self.bad()
            with strong:
                pass
            self.bad()
            assert self.masked() == 0
        assert len(found) == 2
        with np.errstate(all="ignore"):
            self.bad()
        assert len(found) == 2
        assert modes.current() == modes.Mode()

    def test_numpys_warnings_come_back(self):
        block = tg.debug()
        before = np.geterr()
        with block:
            with block:
                pass
            assert np.geterr()["divide"] == "ignore"
        assert np.geterr() == before

    def test_one_object_in_many_threads(self):
        found, problems = [], []
        block = tg.debug(on_nonfinite=found.append)

        def work():
            try:
                for _ in range(50):
                    with block, block:
                        self.bad()
            except Exception as error:
                problems.append(error)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems
        assert len(found) == 400
        assert not hooks.opened

    def test_one_object_in_interleaved_tasks(self):
        found = []
        block = tg.debug(on_nonfinite=found.append)

        async def work(turns):
            for _ in range(5):
                with block:
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    self.bad()

        async def all_of_them():
            await asyncio.gather(*[work(i) for i in range(4)])

        asyncio.run(all_of_them())
        assert len(found) == 20
        assert not hooks.opened

    def test_a_task_that_outlives_the_block_in_which_it_began(self):
        """It has the mode while that is open, and whether another block is open does not matter."""
        found = []

        async def work(ended):
            self.bad()
            await ended.wait()
            with np.errstate(all="ignore"):
                self.bad()

        async def main():
            ended = asyncio.Event()
            with tg.debug(on_nonfinite=found.append):
                task = asyncio.create_task(work(ended))
                await asyncio.sleep(0)
            ended.set()
            with tg.debug():  # here, and not for the task
                await task

        asyncio.run(main())
        assert len(found) == 1

    def test_generators_that_end_in_another_order(self):
        def values():
            with tg.debug():
                yield 1
                yield 2

        one = values()
        next(one)
        with tg.strong_zeros():
            one.close()
            assert self.masked() == 0
        assert np.isnan(self.masked())
        assert modes.current() == modes.Mode()
        assert not hooks.opened

    def test_an_end_in_another_context(self):
        def values():
            with tg.debug():
                yield 1

        one = values()
        contextvars.copy_context().run(next, one)
        with pytest.raises(RuntimeError, match="in another thread or task"):
            one.close()
        assert not hooks.opened

    def test_an_end_without_a_beginning(self):
        for block in (tg.debug(), tg.strong_zeros()):
            with pytest.raises(RuntimeError, match="ends where it did not begin"):
                block.__exit__(None, None, None)
        assert not hooks.opened

    def test_a_decorated_function_as_often_as_one_likes(self):
        @tg.debug()
        def step(x, depth=0):
            """A step."""
            if depth:
                return step(x, depth=depth - 1)
            return np.log(x)

        for _ in range(3):
            with pytest.raises(tg.NonFiniteError):
                step(tg.Tensor(0.0), depth=2)
            assert step(tg.Tensor(1.0), depth=3).item() == 0
        assert (step.__name__, step.__doc__) == ("step", "A step.")
        assert not hooks.opened

    def test_a_decorated_coroutine(self):
        @tg.debug()
        async def step():
            await asyncio.sleep(0)
            return self.bad()

        for _ in range(2):
            with pytest.raises(tg.NonFiniteError):
                asyncio.run(step())

    def test_a_decorated_generator_is_refused(self):
        def values():
            yield 1

        with pytest.raises(TypeError, match="values is a generator: put the block inside of it"):
            tg.debug()(values)

    def test_a_decorated_class_is_refused(self):
        with pytest.raises(TypeError, match="Model is a class: decorate its methods"):

            @tg.debug()
            class Model:
                pass

    def test_a_decorated_method(self):
        class Model:
            @tg.debug()
            def loss(self, x):
                return np.log(x)

        for _ in range(2):
            with pytest.raises(tg.NonFiniteError):
                Model().loss(tg.Tensor(0.0))

    def test_a_decorator_without_parentheses_is_told(self):
        @tg.debug
        def step(x):
            return x

        with pytest.raises(TypeError, match=r"@debug\(\)"):
            step(tg.Tensor(1.0))
        with pytest.raises(TypeError, match=r"@debug\(\)"):
            step()

    def test_strong_zeros_as_a_decorator(self):
        @tg.strong_zeros()
        def of(x):
            return self.masked()

        assert [of(1), of(1)] == [0, 0]

        with pytest.raises(TypeError, match="takes 0 positional arguments"):
            tg.strong_zeros(of)


class TestCopies:
    """All of our errors can be pickled and copied, so that they come out of other processes."""

    def classes(self):
        import importlib
        import pkgutil

        for info in pkgutil.walk_packages(tg.__path__, "tinygrad_np."):
            if info.name != "tinygrad_np.__main__":
                importlib.import_module(info.name)
        found, left = [], [Exception]
        while left:
            cls = left.pop()
            left += cls.__subclasses__()
            if cls.__module__.startswith("tinygrad_np"):
                found.append(cls)
        return found

    def error(self):
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            tg.Tensor([1.0, 0.0]) / np.array([1.0, 0.0])
        return raised.value

    @pytest.mark.parametrize(
        "again", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
    )
    def test_a_nonfinite_error(self, again):
        error = self.error()
        twin = again(error)
        assert type(twin) is tg.NonFiniteError
        assert str(twin) == str(error)
        for name in ("function", "mode", "file", "line", "names"):
            assert getattr(twin, name) == getattr(error, name)
        assert np.array_equal(twin.result, error.result, equal_nan=True)
        assert all(map(np.array_equal, twin.operands, error.operands))
        assert twin.node is None
        assert error.node is not None

    def test_one_of_a_sum(self):
        with pytest.raises(tg.NonFiniteError) as raised, tg.debug():
            tg.grad(lambda x: np.sum(x * 1e308 + x * 1e308))(np.zeros(2))
        assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)

    def test_one_by_the_oldest_protocol_of_pickle(self):
        assert str(self.error()) == str(pickle.loads(pickle.dumps(self.error(), protocol=0)))

    def test_all_of_them(self):
        classes = self.classes()
        assert {tg.NonFiniteError, tg.ChangedArrayError, tg.NonFiniteWarning} <= set(classes)
        assert len(classes) >= 8
        for cls in classes:
            error = cls("what happened")
            for again in (copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))):
                twin = again(error)
                assert type(twin) is cls
                assert str(twin) == "what happened"


class TestChangedWithinRemat:
    """What is computed again has to be what it was."""

    @pytest.mark.parametrize("way", ["closure", "argument", "keyword", "nested"])
    @pytest.mark.parametrize("mode", ["reverse", "forward", "second"])
    def test_an_array_that_was_written_into(self, way, mode):
        buffer = np.ones(2)
        functions = {
            "closure": tg.remat(lambda x: np.sum(x * x * buffer)),
            "argument": lambda x: tg.remat(lambda x, b: np.sum(x * x * b))(x, buffer),
            "keyword": lambda x: tg.remat(lambda x, b: np.sum(x * x * b))(x, b=buffer),
            "nested": lambda x: tg.remat(lambda x, b: np.sum(x * x * b["b"]))(x, {"b": buffer}),
        }

        def f(x):
            y = functions[way](x) * 1.0  # called
            buffer[0] += 4
            return y

        differentiate = {
            "reverse": tg.grad(f),
            "forward": lambda x: tg.jvp(f, [x], [x]),
            "second": lambda x: tg.hvp(f, [x], [x]),
        }[mode]
        with pytest.raises(tg.ChangedArrayError) as raised, tg.debug():
            differentiate(np.array([1.0, 2.0]))
        text = str(raised.value)
        assert "remat: <lambda> gave another result when it was computed again" in text
        assert ("an argument of it" in text) == (way != "closure")
        assert ("# called" if way == "closure" else "tg.remat(lambda x, b") in text

    def test_a_function_that_draws(self):
        rng = np.random.default_rng(0)
        f = tg.remat(lambda x: np.sum(tg.dropout(x, 0.5, rng)))
        with pytest.raises(tg.ChangedArrayError, match="draws random numbers"), tg.debug():
            tg.grad(f)(np.ones(100))

    def test_what_stays_as_it_was_is_fine(self):
        w = np.random.default_rng(0).normal(size=(3, 3, 2, 2)).astype(np.float32)
        x = np.random.default_rng(1).normal(size=(2, 9, 9, 2)).astype(np.float32)

        @tg.remat
        def f(x, w, count):
            y = tg.conv2d(tg.relu(tg.conv2d(x, w)), w, padding="same")
            return np.sum(y * y), np.argmax(y), y * np.nan, np.sum(y) * np.inf, [y[:0], count]

        def loss(x):
            return f(x, w, 3)[0]

        plain = tg.grad(loss)(x)
        with tg.debug(on_nonfinite=lambda error: None):
            assert tg.grad(loss)(x).tobytes() == plain.tobytes()
            tg.hvp(loss, [x], [x])

    def test_what_was_called_before_is_not_compared(self):
        buffer = np.ones(2)
        x = tg.Tensor([1.0, 2.0])
        y = tg.remat(lambda x: np.sum(x * buffer))(x)
        buffer[0] = 5
        with tg.debug():
            y.backward()  # it was called before: nothing is known of it
        assert x.grad.tolist() == [5, 1]

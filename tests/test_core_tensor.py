"""Tensor: what it holds, how it looks, what it refuses."""

import copy
import operator
import pickle

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor


def leaf(*numbers):
    return Tensor(np.array(numbers, float))


class TestConstruction:
    def test_copies_the_data(self):
        data = np.arange(3.0)
        t = Tensor(data)
        data[0] = 9
        assert t.data[0] == 0

    def test_keeps_the_order_in_memory(self):
        assert Tensor(np.ones((2, 3), order="F")).data.flags.f_contiguous

    def test_leaves_the_callers_array_as_it_was(self):
        data = np.arange(3.0)
        Tensor(data)
        assert data.flags.writeable
        assert data.flags.owndata

    @pytest.mark.parametrize(
        "data", [3, True, [1, 2], np.arange(3, dtype=np.uint8), np.bool_(True)]
    )
    def test_integers_become_floats(self, data):
        assert Tensor(data).dtype == np.float64

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble, np.complex64])
    def test_floating_dtypes_are_kept(self, dtype):
        assert Tensor(np.ones(2, dtype)).dtype == dtype

    def test_a_dtype_can_be_given(self):
        assert Tensor([1, 2], np.float32).dtype == np.float32

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            ("abc", "takes numbers, not an array of dtype <U3"),
            (["a"], "takes numbers, not an array of dtype <U1"),
            ([None], "takes numbers, not an array of dtype object"),
            (object(), "takes numbers, not an array of dtype object"),
            (np.datetime64("2026-01-01"), "takes numbers"),
        ],
    )
    def test_what_is_no_number_is_refused(self, data, message):
        with pytest.raises(TypeError, match=f"Tensor: {message}"):
            Tensor(data)

    def test_ragged_lists_are_refused(self):
        with pytest.raises(ValueError, match="Tensor: the nested lists are no array"):
            Tensor([[1.0], [1.0, 2.0]])

    def test_a_tensor_of_a_tensor_is_refused(self):
        with pytest.raises(TypeError, match=r"is a Tensor already.*Tensor\(t\.data\)"):
            Tensor(leaf(1))

    @pytest.mark.whole
    def test_a_list_of_tensors_is_refused_with_the_remedy(self):
        with pytest.raises((TypeError, ValueError)) as caught:
            Tensor([leaf(1), leaf(2)])
        messages = str(caught.value) + str(caught.value.__cause__)
        assert "tg.Tensor would lose the gradient; use tg.array([…])" in messages

    def test_an_integer_dtype_is_refused(self):
        with pytest.raises(TypeError, match="dtype must be floating or complex, not int64"):
            Tensor([1.0], np.int64)

    def test_a_masked_array_is_refused(self):
        with pytest.raises(TypeError, match=r"masked array.*np\.where"):
            Tensor(np.ma.masked_array([1.0, 2.0], [True, False]))


class TestAttributes:
    def test_shape_dtype_ndim_size_len(self):
        t = Tensor(np.ones((2, 3), np.float32))
        assert (t.shape, t.dtype, t.ndim, t.size, len(t)) == ((2, 3), np.float32, 2, 6, 2)

    def test_data_is_a_read_only_array(self):
        t = leaf(1, 2)
        assert type(t.data) is np.ndarray
        with pytest.raises(ValueError, match="read-only"):
            t.data[0] = 5

    def test_grad_is_none_before_and_for_results(self):
        x = leaf(1, 2)
        y = x * x
        total = y.sum()
        assert x.grad is None
        total.backward()
        assert y.grad is None
        assert np.array_equal(x.grad, [2, 4])

    def test_grad_can_be_reset_to_none_only(self):
        x = leaf(1.0)
        (2 * x).sum().backward()
        x.grad = None
        assert x.grad is None
        with pytest.raises(ValueError, match="only be reset, to None"):
            x.grad = np.ones(1)

    def test_item_and_tolist_give_numbers(self):
        assert leaf(1.5).item() == 1.5
        assert leaf(1, 2).item(1) == 2
        assert leaf(1, 2).tolist() == [1.0, 2.0]

    def test_a_missing_method_names_the_function(self):
        with pytest.raises(AttributeError, match=r"no attribute 'byteswap'.*t\.data\.byteswap"):
            leaf(1).byteswap()
        with pytest.raises(AttributeError, match=r"no attribute 'detach'; use t\.data, a"):
            leaf(1).detach()
        with pytest.raises(AttributeError, match=r"use t\.data\.tobytes"):
            leaf(1).tobytes()
        with pytest.raises(AttributeError, match=r"no attribute 'foo'$"):
            leaf(1).foo  # noqa: B018


class TestText:
    @pytest.mark.parametrize(
        ("data", "text"),
        [
            (3.5, "Tensor(3.5)"),
            ([1.0, 2.0], "Tensor([1., 2.])"),
            (np.float32(0.25), "Tensor(0.25, dtype=float32)"),
            (np.zeros((0, 2)), "Tensor([], shape=(0, 2))"),
            ([[1, 2], [3, 4]], "Tensor([[1., 2.],\n        [3., 4.]])"),
        ],
    )
    def test_repr_shows_the_value(self, data, text):
        assert repr(Tensor(data)) == text
        assert str(Tensor(data)) == text

    def test_format_takes_a_number_format(self):
        assert f"{Tensor(2 / 3):.2f}" == "0.67"
        assert f"{Tensor(2.0)}" == "Tensor(2.)"

    def test_format_of_several_numbers_is_refused(self):
        with pytest.raises(TypeError, match=r"'.2f' is for a single number, not for shape \(2,\)"):
            f"{leaf(1, 2):.2f}"

    def test_the_graph_can_be_printed(self):
        x = leaf(1, 2)
        lines = str(np.sum(np.exp(x) * x).graph()).splitlines()
        assert [line.split()[1] for line in lines] == [
            "leaf", "np.exp(#0)", "np.multiply(#1,", "np.sum(#2)",
        ]  # fmt: skip


class TestOperators:
    a = np.array([[1.5, -2.0], [0.5, 3.0]])
    b = np.array([[2.0, 1.0], [-1.0, 0.5]])

    @pytest.mark.parametrize(
        "operate",
        [
            lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y,
            lambda x, y: x @ y, lambda x, y: x % y, lambda x, y: abs(x) ** y,
            lambda x, y: np.float64(2) * x + y, lambda x, y: 2 - x + 3 * y, lambda x, y: 2 / x - y,
            lambda x, y: 2**x + y, lambda x, y: -x + +y, lambda x, y: 5 % x + y,
            lambda x, y: divmod(x, y)[1], lambda x, y: divmod(4, x)[1] + y,
        ],
    )  # fmt: skip
    def test_tensors_and_arrays_mix_on_both_sides(self, operate):
        expected = operate(self.a, self.b)
        for x, y in ((Tensor(self.a), Tensor(self.b)), (Tensor(self.a), self.b)):
            result = operate(x, y)
            assert isinstance(result, Tensor)
            assert np.array_equal(result.data, expected)
        result = operate(self.a, Tensor(self.b))
        assert isinstance(result, Tensor)
        assert np.array_equal(result.data, expected)

    @pytest.mark.parametrize(
        ("operate", "ufunc"),
        [
            (operator.add, np.add), (operator.sub, np.subtract), (operator.mul, np.multiply),
            (operator.truediv, np.divide), (operator.pow, np.power), (operator.mod, np.remainder),
            (operator.matmul, np.matmul), (operator.floordiv, np.floor_divide),
            (divmod, np.divmod), (operator.eq, np.equal), (operator.ne, np.not_equal),
            (operator.lt, np.less), (operator.le, np.less_equal), (operator.gt, np.greater),
            (operator.ge, np.greater_equal),
        ],
    )  # fmt: skip
    def test_operators_are_the_ufuncs(self, operate, ufunc):
        a, b = np.abs(self.a), np.abs(self.b).astype(np.float32)
        for x, y in (
            (Tensor(a), Tensor(b)), (Tensor(a), b), (a, Tensor(b)), (Tensor(b), 2), (2, Tensor(b)),
            (Tensor(b), 2.5), (np.float64(2.5), Tensor(b)), (Tensor(a), [[1, 2], [3, 4]]),
            (np.array([[2, 1], [1, 2]]), Tensor(b)),
        ):  # fmt: skip
            if ufunc is np.matmul and (np.ndim(x) == 0 or np.ndim(y) == 0):
                continue
            results = [operate(x, y), ufunc(x, y)]
            gradients = []
            for result in results:
                parts = result if isinstance(result, tuple) else (result,)
                for part in parts:
                    if isinstance(part, Tensor):
                        (part * part).sum().backward()
                leaves = [t for t in (x, y) if isinstance(t, Tensor)]
                gradients.append([t.grad for t in leaves])
                for t in leaves:
                    t.grad = None
            one, other = [r if isinstance(r, tuple) else (r,) for r in results]
            for p, q in zip(one, other, strict=True):
                assert type(p) is type(q)
                assert p.dtype == q.dtype
                assert np.array_equal(getattr(p, "data", p), getattr(q, "data", q))
            for p, q in zip(*gradients, strict=True):
                assert (p is None and q is None) or np.array_equal(p, q)

    @pytest.mark.parametrize(
        ("operate", "ufunc"),
        [(operator.neg, np.negative), (operator.pos, np.positive), (abs, np.absolute)],
    )
    def test_operators_of_one_operand_are_the_ufuncs(self, operate, ufunc):
        x = Tensor(self.a)
        assert np.array_equal(operate(x).data, ufunc(x).data)
        assert str(operate(x).graph()) == str(ufunc(x).graph())

    def test_whoever_asks_for_its_own_operator_gets_it(self):
        class Own:
            __array_ufunc__ = None

            def __radd__(self, other):
                return "own"

            __rfloordiv__ = __rdivmod__ = __rpow__ = __rmatmul__ = __radd__

        for operate in (operator.add, operator.floordiv, divmod, operator.pow, operator.matmul):
            assert operate(Tensor(self.a), Own()) == "own"

    def test_a_matrix_multiplies_otherwise(self):
        with pytest.warns(PendingDeprecationWarning):
            m = np.matrix(self.b)
        for operate in (
            lambda x: x * m, lambda x: m * x, lambda x: np.multiply(m, x), lambda x: x**m
        ):  # fmt: skip
            with pytest.raises(TypeError, match=r"np\.\w+: takes no np\.matrix.*np\.asarray\(m\)"):
                operate(Tensor(self.a))

    def test_dtypes_of_ufuncs(self):
        x = Tensor([1.0, 4.0])
        for of in (np.exp, np.negative, np.sqrt, lambda x, **k: np.add(x, 1, **k)):
            result = of(x, dtype=np.float32)
            assert result.dtype == np.float32
            assert np.array_equal(result.data, of(x.data, dtype=np.float32))
            x.grad = None
            result.sum().backward()
            assert x.grad.dtype == np.float64
        result = np.multiply(x, 2j, dtype=complex)
        assert result.dtype == complex
        assert np.matmul(x, x, dtype=np.float32).dtype == np.float32
        assert np.clip(x, 2, 3, dtype=np.float32).dtype == np.float32
        with pytest.raises(TypeError, match="Cannot cast ufunc 'add'"):
            np.add(x, 1, dtype=int)
        with pytest.raises(TypeError, match=r"np\.add: gave dtype object"):
            np.add(x, 1, dtype=object)

    def test_rounding_is_constant(self):
        x = Tensor([1.26, 2.5])
        assert type(x.round(1)) is np.ndarray
        assert np.array_equal(x.round(1), [1.3, 2.5])
        assert (round(x[0]), round(x[0], 1)) == (1, 1.3)
        assert type(round(x[0])) is int
        single = round(Tensor(np.float32(1.26)), 1)
        assert type(single) is np.float32
        assert single == round(np.float32(1.26), 1)
        with pytest.raises(
            TypeError, match=r"round\(t\) is for a single number; use np\.round\(t\)"
        ):
            round(x)

    def test_floor_division_is_constant(self):
        assert np.array_equal(Tensor(self.a) // self.b, self.a // self.b)
        assert np.array_equal(7 // Tensor(self.b), 7 // self.b)
        assert type(Tensor(self.a) // 2) is np.ndarray

    @pytest.mark.parametrize(
        ("sign", "assign"),
        [
            ("+", operator.iadd), ("-", operator.isub), ("*", operator.imul),
            ("/", operator.itruediv), ("**", operator.ipow), ("%", operator.imod),
            ("//", operator.ifloordiv), ("@", operator.imatmul),
        ],
    )  # fmt: skip
    def test_augmented_assignment_would_write_into_an_array(self, sign, assign):
        x = leaf(1, 2)
        with pytest.raises(TypeError) as caught:
            assign(x, 2.0)
        assert f"write t = t {sign} value" in str(caught.value)
        assert x.tolist() == [1, 2]

    def test_augmented_assignment_to_a_number_makes_a_new_one(self):
        x = Tensor(5.0)
        y = x
        y += 1
        y *= 2
        y -= 3
        y /= 4
        y **= 2
        y %= 3
        assert x.item() == 5
        assert y.item() == ((((5 + 1) * 2 - 3) / 4) ** 2) % 3
        y //= 1
        assert type(y) is np.ndarray or isinstance(y, np.floating)
        total = 0.0
        for part in leaf(1, 2, 3):
            total += part
        total.backward()

    def test_programs_that_rely_on_writing_raise(self):
        def centred(x):
            x -= x.mean()

        def energy(x):
            centred(x)
            return np.sum(x**2)

        def normalised(w):
            for row in w:
                row /= np.sqrt(np.sum(row**2))
            return np.sum(w)

        def diffused(u):
            inner = u[1:-1]
            inner += 0.1 * u[2:]
            return np.sum(u)

        for program in (energy, normalised, diffused):
            with pytest.raises(TypeError, match="write t = t"):
                tg.grad(program)(np.arange(1.0, 10.0).reshape(3, 3))

    def test_comparisons_give_plain_arrays(self):
        x = leaf(1, 2, 3)
        for found, expected in (
            (x > 1, [False, True, True]),
            (x >= leaf(1, 3, 3), [True, False, True]),
            (x < 2, [True, False, False]),
            (x <= np.ones(3), [True, False, False]),
            (x == x, [True] * 3),
            (x != 2.0, [True, False, True]),
            (x > 2, [False, False, True]),
        ):
            assert type(found) is np.ndarray
            assert found.tolist() == expected

    def test_python_scalars_keep_float32(self):
        x = Tensor(np.ones(2, np.float32))
        assert (2.5 * x + 1).dtype == np.float32
        assert (x**2).dtype == np.float32
        assert (2**x).dtype == np.float32

    def test_a_ufunc_takes_a_dtype_by_its_name(self):
        x = leaf(1, 2)
        assert np.exp(x, dtype=np.float32).dtype == np.float32
        assert np.matmul(x, x, dtype=np.float32).dtype == np.float32
        assert tg.grad(lambda v: np.exp(v, dtype=np.float32))(1.0).dtype == np.float64

    def test_numpy_scalars_promote_as_in_numpy(self):
        x = Tensor(np.ones(2, np.float32))
        assert (np.float64(2) * x).dtype == np.float64

    def test_lists_are_arrays(self):
        assert (leaf(1, 2) * [1, 2]).tolist() == [1, 4]
        assert (leaf(1, 2) @ [1.0, 2.0]).tolist() == 5.0

    def test_an_object_may_ask_for_its_own_operator(self):
        class Other:
            __array_ufunc__ = None

            def __radd__(self, other):
                return "mine"

        assert leaf(1) + Other() == "mine"

    @pytest.mark.parametrize("other", ["a", object(), np.array(["a"]), np.array([None])])
    def test_what_is_no_number_is_refused(self, other):
        with pytest.raises(TypeError):
            leaf(1) + other


class TestSequence:
    def test_iteration_and_unpacking(self):
        a, b = leaf(1, 2)
        assert isinstance(a, Tensor)
        assert (a.item(), b.item()) == (1, 2)

    def test_a_number_has_no_parts(self):
        with pytest.raises(TypeError, match=r"shape \(\) has no parts"):
            iter(Tensor(1.0))

    def test_contains(self):
        assert 2 in leaf(1, 2)
        assert 3 not in leaf(1, 2)

    def test_bool_of_one_element(self):
        assert Tensor(1.0)
        assert not leaf(0.0)
        with pytest.raises(ValueError, match="more than one element"):
            bool(leaf(1, 2))

    def test_hash_is_by_identity(self):
        x, y = leaf(1), leaf(1)
        assert len({x, y}) == 2

    def test_none_adds_an_axis(self):
        assert leaf(1, 2)[None].shape == (1, 2)
        assert leaf(1, 2)[:, None].shape == (2, 1)

    def test_indexing_out_of_bounds_is_an_index_error(self):
        with pytest.raises(IndexError):
            leaf(1, 2)[5]


class TestCopies:
    def test_a_leaf_is_copied_with_its_grad(self):
        x = leaf(1, 2)
        (x * x).sum().backward()
        for twin in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
            assert np.array_equal(twin.data, x.data)
            assert np.array_equal(twin.grad, x.grad)
            assert twin.grad is not x.grad
            (3 * twin).sum().backward()
            assert x.grad.tolist() == [2, 4]

    def test_a_fresh_leaf_is_copied(self):
        assert pickle.loads(pickle.dumps(Tensor(2.0))).grad is None

    def test_a_pickle_of_the_version_before(self):
        """It names `tinygrad_np.tensor`, where Tensors were; protocol 0, of the value 2 alone."""
        text = b"ctinygrad_np.tensor\n_unpickled\n(F2.0\nNtR."
        twin = pickle.loads(text)
        assert twin.item() == 2
        assert twin.grad is None
        with pytest.raises(ModuleNotFoundError):
            pickle.loads(b"ctinygrad_np.transforms\ngrad\n.")

    @pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, pickle.dumps])
    def test_a_result_is_not(self, how):
        with pytest.raises(TypeError, match=r"cannot be (copied|pickled).*Tensor\(t\.data\)"):
            how(leaf(1) * 2)


class TestDtypes:
    def test_another_byte_order(self):
        x = np.arange(3.0).astype(">f8")
        for f in (np.max, lambda x: np.sum(x[1:] ** 2), lambda x: np.sum(np.take(x, [0]) ** 2)):
            assert tg.grad(lambda x, f=f: np.sum(tg.grad(f)(x) * x))(x).shape == (3,)
            assert tg.grad(f)(x).dtype.isnative
        assert Tensor(x).dtype.isnative

    def test_complex_numbers_are_not_cut_down(self):
        with pytest.raises(TypeError, match="complex numbers do not fit into float64"):
            Tensor(1 + 2j, dtype=float)


X, W = np.ones((2, 5, 5, 1)), np.ones((3, 3, 1, 2))


@pytest.mark.parametrize("shape", [(1, 3, 3, 2), (2, 3, 3, 1), (2, 3, 3), (2, 4, 3, 2), ()])
def test_a_cotangent_of_a_wrong_shape_raises(shape):
    _, pull = tg.vjp(tg.conv2d, X, W)
    with pytest.raises(ValueError, match=r"where \(2, 3, 3, 2\) belongs"):
        pull(np.ones(shape))
    with pytest.raises(ValueError, match=r"where \(2, 3, 3, 2\) belongs"):
        tg.conv2d(Tensor(X), W).backward(np.ones(shape))

"""Errors of shapes: the function, the shapes, the axis, and in debug mode the lines."""

import dis
import re

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

A, B, V = np.ones((2, 3)), np.ones((2, 4)), np.ones(5)

CALLS = [
    (lambda a, b, v: a + b, "np.add", ["(2, 3)", "axis -1 is 3 in x (axis 1) and 4 in y"]),
    (lambda a, b, v: a * v, "np.multiply", ["(2, 3)", "(5,)", "axis -1 is 3", "5 in y (axis 0)"]),
    (lambda a, b, v: a**b, "np.power", ["(2, 3)", "(2, 4)"]),
    (lambda a, b, v: np.maximum(a, b), "np.maximum", ["(2, 3)", "(2, 4)"]),
    (lambda a, b, v: a == b, "np.equal", ["(2, 3)", "(2, 4)"]),
    (lambda a, b, v: a < v, "np.less", ["(2, 3)", "(5,)"]),
    (lambda a, b, v: divmod(a, b), "np.divmod", ["(2, 3)", "(2, 4)"]),
    (lambda a, b, v: np.where(a > 0, a, b), "np.where", ["(2, 3)", "(2, 4)", "4 in y (axis 1)"]),
    (lambda a, b, v: np.clip(a, b, None), "np.clip", ["(2, 3)", "(2, 4)"]),
    (lambda a, b, v: a @ b, "np.matmul", ["axis 1 of x is 3 and axis 0 of y is 2"]),
    (lambda a, b, v: a @ v, "np.matmul", ["axis 1 of x is 3 and axis 0 of y is 5"]),
    (lambda a, b, v: v @ a, "np.matmul", ["axis 0 of x is 5 and axis 0 of y is 2"]),
    (lambda a, b, v: a[None] @ b, "np.matmul", ["axis 2 of x is 3 and axis 0 of y is 2"]),
    (lambda a, b, v: a @ v[0], "np.matmul", ["y has shape (), and must have at least 1 axes"]),
    (lambda a, b, v: np.dot(a, b), "np.dot", ["axis 1 of a is 3 and axis 0 of b is 2"]),
    (lambda a, b, v: np.inner(a, b), "np.inner", ["axis 1 of a is 3 and axis 1 of b is 4"]),
    (lambda a, b, v: np.vecdot(a, b), "np.vecdot", ["axis 1 of x is 3 and axis 1 of y is 4"]),
    (lambda a, b, v: np.tensordot(a, b, 1), "np.tensordot", ["(a (2, 3), b (2, 4))"]),
    (lambda a, b, v: np.tensordot(a, b, ([1], [1])), "np.tensordot", ["mismatch", "b (2, 4)"]),
    (lambda a, b, v: np.tensordot(a, b, 3), "np.tensordot", ["(2, 3)", "(2, 4)"]),
    (lambda a, b, v: np.einsum("ij,jk", a, b), "np.einsum", ["axis 1 of operand 0 is 3"]),
    (lambda a, b, v: np.einsum("ij,k->", a, b), "np.einsum", ["'k' names 1 axes", "(2, 4)"]),
    (lambda a, b, v: np.concatenate([a, b]), "np.concatenate", ["size 3", "size 4", "[1] (2, 4)"]),
    (lambda a, b, v: np.concatenate([a, v]), "np.concatenate", ["2 dimension", "arrays[1] (5,)"]),
    (lambda a, b, v: np.concatenate([a, a], 2), "np.concatenate", ["axis 2 is out of", "(2, 3)"]),
    (lambda a, b, v: np.stack([a, b]), "np.stack", ["the same shape (", "arrays[1] (2, 4)"]),
    (lambda a, b, v: np.vstack([a, v]), "np.vstack", ["dimension 1", "size 3", "size 5", "(5,)"]),
    (lambda a, b, v: np.hstack([a, b.T]), "np.hstack", ["dimension 0", "size 4", "tup[1] (4, 2)"]),
    (lambda a, b, v: np.append(a, b, axis=0), "np.append", ["dimension 1", "size 4", "[1] (2, 4)"]),
    (lambda a, b, v: a.reshape(4, 2), "np.reshape", ["size 6", "shape (4,2)", "(a (2, 3))"]),
    (lambda a, b, v: a.reshape(-1, 4), "np.reshape", ["size 6 into shape", "4", "(2, 3)"]),
    (lambda a, b, v: np.broadcast_to(a, (5, 3)), "np.broadcast_to", ["(array (2, 3))"]),
    (lambda a, b, v: np.broadcast_to(a, (3,)), "np.broadcast_to", ["more dim", "(array (2, 3))"]),
    (lambda a, b, v: np.transpose(a, (0, 1, 2)), "np.transpose", ["axes don't match", "(2, 3)"]),
    (lambda a, b, v: np.pad(a, ((1, 1),) * 3), "np.pad", ["(3,2)", "(array (2, 3))"]),
    (lambda a, b, v: a.at[0].set(v), "at[0]", ["values of shape (5,)", "elements of shape (3,)"]),
    (lambda a, b, v: a.at[0].add(v), "at[0]", ["values of shape (5,)", "elements of shape (3,)"]),
    (lambda a, b, v: np.vdot(a, v), "np.vdot", ["(2, 3)", "(5,)"]),
    (lambda a, b, v: np.interp(a, b, v), "np.interp", ["(2, 3)", "(2, 4)", "(5,)"]),
    (lambda a, b, v: np.polyval(a, b), "np.polyval", ["(2, 4)"]),
    (lambda a, b, v: np.cross(a, b), "np.cross", ["(2, 3)", "(2, 4)"]),
    (lambda a, b, v: np.split(a, 5), "np.split", ["(2, 3)"]),
    (lambda a, b, v: np.linalg.solve(b[:, :2], a.T), "np.linalg.solve", ["axis 0 of b is 3"]),
    (lambda a, b, v: np.linalg.inv(a), "np.linalg.inv", ["square", "(2, 3)"]),
    (lambda a, b, v: np.linalg.matmul(a, b), "np.linalg.matmul", ["axis 1 of x is 3"]),
    (lambda a, b, v: np.linalg.multi_dot([a, b, a]), "np.linalg.multi_dot", ["(2, 3)", "(2, 4)"]),
    (lambda a, b, v: np.fft.fft(a, axis=3), "np.fft.fft", ["(2, 3)"]),
    (lambda a, b, v: tg.dense(a, b, v), "dense", ["(2, 3)", "(2, 4)"]),
    (lambda a, b, v: tg.softmax(a, axis=4), "softmax", ["(2, 3)", "axis 4"]),
]  # fmt: skip


def with_tensors():
    """Every call with three choices of which operands are Tensors, where it uses one of them."""
    for call, name, parts in CALLS:
        names = call.__code__.co_varnames[:3]
        used = {names.index(x.argval) for x in dis.get_instructions(call) if x.argval in names}
        if name.startswith("at["):
            used = {0}  # plain arrays have no `at`
        for which in [(0, 1, 2), (0,), (1, 2)]:
            if used.intersection(which):
                yield call, name, parts, which


@pytest.mark.parametrize(("call", "name", "parts", "which"), list(with_tensors()))
def test_the_function_the_shapes_and_the_axis(call, name, parts, which):
    given = [Tensor(x) if i in which else x for i, x in enumerate((A, B, V))]
    with pytest.raises((ValueError, IndexError)) as raised:
        call(*given)
    text = str(raised.value)
    assert text.startswith(f"{name}: ")
    for part in parts:
        assert part in text
    for word in ("gufunc", "core dimension", "remapped"):
        assert word not in text


def test_an_index_and_an_axis_keep_their_kinds_of_error():
    t = Tensor(A)
    with pytest.raises(IndexError, match=r"t\[5\]: index 5 is out of bounds .*\(a \(2, 3\)\)"):
        t[5]
    with pytest.raises(IndexError, match=r"np\.take: .* \(a \(2, 3\)\)"):
        np.take(t, 9)
    with pytest.raises(np.exceptions.AxisError, match=r"np\.sum: axis 3 .*\(a \(2, 3\)\)"):
        t.sum(axis=3)


def test_a_call_that_has_been_made_before():
    for _ in range(3):
        assert (Tensor(A) + Tensor(A)).shape == (2, 3)
        with pytest.raises(ValueError, match=r"^np\.add: x \(2, 3\) and y \(2, 4\)"):
            Tensor(A) + Tensor(B)
        assert Tensor(A).at[0].set(1.0).shape == (2, 3)
        with pytest.raises(ValueError, match=r"^at\[0\]: values"):
            Tensor(A).at[0].set(V)


def test_numbers_in_a_list_of_operands_are_not_listed():
    with pytest.raises(ValueError, match=r"^np\.choose: .* \(choices\[0\] \(2,\)\)$"):
        np.choose([0, 2], [Tensor(np.ones(2)), 1.0])


def test_of_very_many_operands_some_are_listed():
    with pytest.raises(ValueError, match=r"arrays\[7\] \(2, 3\), … and 23 more\)$"):
        np.concatenate([Tensor(A)] * 30 + [Tensor(B)])


def test_numpys_own_words_are_not_shown_beside():
    with pytest.raises(ValueError, match=r"np\.matmul") as raised:
        Tensor(A) @ Tensor(B)
    assert raised.value.__suppress_context__


def test_an_error_of_the_users_own_function_is_left_alone():
    def mine(row):
        raise ValueError("mine: shapes (1,) and (2,) are broadcast badly")

    with pytest.raises(ValueError, match=r"^mine: shapes"):
        np.apply_along_axis(mine, 0, Tensor(A))

    def refuses(x):
        raise ValueError("operands could not be broadcast, I think")

    with pytest.raises(ValueError, match=r"^operands could not be broadcast, I think$"):
        tg.pointwise(refuses, lambda: 1)(Tensor(A))


class TestLines:
    def test_debug_mode_knows_who_made_the_operands(self):
        with tg.debug():
            a = Tensor(A)  # a variable
            b = Tensor(B) * 2.0  # a product
            with pytest.raises(ValueError, match=r"np\.add") as raised:
                a + b
        text = str(raised.value)
        assert "x, float64 (2, 3), was made here:" in text
        assert "y, float64 (2, 4), was made here:" in text
        assert text.index("# a variable") < text.index("# a product")
        assert f'File "{__file__}"' in text

    def test_lists_of_operands(self):
        with tg.debug():
            parts = [Tensor(A), Tensor(B)]  # in a list
            with pytest.raises(ValueError, match=r"np\.concatenate") as raised:
                np.concatenate(parts)
        assert "arrays[1], float64 (2, 4), was made here:" in str(raised.value)
        assert str(raised.value).count("# in a list") == 2

    def test_functions_that_are_made_of_others_tell_it_once(self):
        with tg.debug():
            a, b = Tensor(A), Tensor(B)
            with pytest.raises(ValueError, match=r"np\.append: ") as raised:
                np.append(a, b, axis=0)
        assert str(raised.value).count("was made here:") == 2

    def test_without_it_nobody_knows(self):
        a, b = Tensor(A), Tensor(B)
        with pytest.raises(ValueError, match=r"np\.add") as raised:
            a + b
        assert "was made here" not in str(raised.value)


def test_stacks_of_matrices_differ_in_the_stack():
    x, y = tg.Tensor(np.ones((2, 2, 3))), tg.Tensor(np.ones((3, 3, 2)))
    with pytest.raises(ValueError, match=r"axis -3 is 2 in x \(axis 0\) and 3 in y \(axis 0\)"):
        x @ y


class TestLayers:
    """Layers and losses name the lines, too."""

    X, W = np.ones((2, 4, 4, 3)), np.ones((3, 3, 2, 5))

    @pytest.mark.parametrize(
        ("call", "names"),
        [
            (lambda x, w: tg.conv2d(x(TestLayers.X), w(TestLayers.W)), ["images", "filters"]),
            (lambda x, w: tg.conv2d(x(np.ones((4, 4, 3))), w(TestLayers.W)), ["images", "filters"]),
            (lambda x, w: tg.conv2d(x(np.ones((1, 2, 2, 2))), w(TestLayers.W)), ["images"]),
            (lambda x, w: tg.conv_transpose2d(x(TestLayers.X), w(TestLayers.W)), ["images"]),
            (lambda x, w: tg.conv_transpose1d(x(TestLayers.X), w(TestLayers.W)), ["filters"]),
            (lambda x, w: tg.dense(x(np.ones((2, 3))), w(np.ones((4, 5)))), ["x", "weights"]),
            (lambda x, w: tg.dense(np.ones((2, 3)), np.ones((3, 5)), x(np.ones(4))), ["bias"]),
            (lambda x, w: tg.max_pool(x(np.ones((2, 3))), 2), ["images"]),
            (lambda x, w: tg.average_pool(x(np.ones((1, 2, 2, 1))), 3), ["images"]),
            (lambda x, w: tg.cross_entropy(x(np.ones((2, 3))), w(np.ones((3, 3)))), ["logits"]),
            (lambda x, w: tg.log_loss(x(np.ones((2, 3))), w(np.ones((3, 3)))), ["predictions"]),
            (lambda x, w: tg.log_loss_with_logits(x(np.ones(2)), w(np.ones(3))), ["labels"]),
        ],
    )  # fmt: skip
    def test_the_lines_that_made_the_operands(self, call, names):
        def first(value):
            return tg.Tensor(value)  # first

        def second(value):
            return tg.Tensor(value) * 1.0  # second

        with pytest.raises(ValueError, match=r"^\w+: ") as raised, tg.debug():
            call(first, second)
        text = str(raised.value)
        for name in names:
            assert f"\n  {name}, float64 (" in text
        assert "# first" in text
        assert "was made here:" in text
        with pytest.raises(ValueError, match=r"^\w+: ") as raised:
            call(first, second)
        assert "was made here" not in str(raised.value)
        assert text.startswith(str(raised.value))


@pytest.mark.parametrize("levels", [65, 3000])
@pytest.mark.parametrize(
    "call",
    [
        lambda x, t: x + t,
        lambda x, t: t * x,
        lambda x, t: np.stack([x, t]),
        lambda x, t: x[t],
        lambda x, t: np.where(t, x, 0.0),
        lambda x, t: x == t,
        lambda x, t: x.at[0].set(t),
        lambda x, t: tg.dense(x, t),
        lambda x, t: np.sum(x, axis=t),
        lambda x, t: x.reshape(t),
        lambda x, t: np.einsum("i,i", x, t),
    ],
)
def test_a_list_nested_deeper_than_an_array_can_be(call, levels):
    nested = 1.0
    for _ in range(levels):
        nested = [nested]
    with pytest.raises((ValueError, TypeError, IndexError)):
        call(Tensor(np.ones(3)), nested)


def ones(*shape):
    return Tensor(np.ones(shape))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda: np.inner(ones(2, 3), ones(2, 4)), "a (2, 3) and b (2, 4) do not fit: axis 1 of a"),
        (lambda: np.vdot(ones(3), ones(4)), "cannot reshape array of size 4 into shape (3,) (a (3"),
        (lambda: np.linalg.multi_dot([ones(2, 3), ones(4, 5), ones(5, 2)]),
         "not aligned: 3 (dim 1) != 4 (dim 0) (arrays[0] (2, 3), arrays[1] (4, 5), arrays[2] (5"),
        (lambda: np.dstack([ones(2, 3), ones(3, 3)]), "has size 3 (tup[0] (2, 3), tup[1] (3, 3))"),
        (lambda: np.column_stack([ones(2), ones(3)]), "has size 3 (tup[0] (2,), tup[1] (3,))"),
        (lambda: np.cross(ones(2, 4), ones(2, 3)), " (a (2, 4), b (2, 3))"),
        (lambda: np.cross(ones(2, 3), ones(3, 3)), "with shape (3,). (a (2, 3), b (3, 3))"),
        (lambda: np.repeat(ones(2, 3), [1, 2, 3], 0), "with shape (2,) (3,) (a (2, 3))"),
        (lambda: np.einsum("...i,...i->...", ones(2, 3), ones(4, 3)),
         "with shapes (2,3)->(2,3) (4,3)->(4,3) (operands[0] (2, 3), operands[1] (4, 3))"),
        (lambda: np.einsum("...i,...i->...", ones(2, 3), ones(2, 4)),
         "'...i,...i->...': operand 0 (2, 3) and operand 1 (2, 4) do not fit: axis 1 of operand 0"),
    ],
)  # fmt: skip
def test_what_each_function_says(function, words):
    with pytest.raises(ValueError, match=re.escape(words)) as raised:
        function()
    text = str(raised.value)
    assert text.count("np.") == 1
    with pytest.raises(ValueError, match="was made here") as raised, tg.debug():
        function()
    assert words in str(raised.value)


def test_what_we_say_no_better_is_said_once():
    with pytest.raises(ValueError, match="subscripts") as raised:
        np.einsum("ij->k", ones(2, 3))
    assert str(raised.value).count("np.einsum") == 1
    with pytest.raises(ValueError, match=r"operands\[0\], float64 \(2, 3\), was made"), tg.debug():
        np.einsum("ij->k", ones(2, 3))


@pytest.mark.parametrize(
    "function",
    [
        lambda: tg.softmax(ones(2, 3), axis=2),
        lambda: tg.windows(ones(2, 3), (5, 5)),
        lambda: tg.scatter_add(ones(3), np.array([0, 1]), (4,)),
        lambda: np.linalg.matrix_power(ones(2, 3), 2),
        lambda: np.average(ones(2, 3), 0, np.ones(3)),
    ],
)
def test_what_we_say_ourselves_has_the_lines_as_well(function):
    with pytest.raises(ValueError, match=r"shape|not") as raised:
        function()
    plain = str(raised.value)
    with pytest.raises(ValueError, match="was made here") as raised, tg.debug():
        function()
    text = str(raised.value)
    assert text.startswith(plain)
    assert text.count("was made here") == 1
    assert "ones" in text


def test_a_call_that_is_not_the_first_one_is_told_as_fully():
    tg.scatter_add(ones(2), np.array([0, 1]), (4,))  # from now on these types take a short way
    with pytest.raises(ValueError, match=r"values have shape.*\n.*was made here"), tg.debug():
        tg.scatter_add(ones(3), np.array([0, 1]), (4,))

"""`numpy.einsum`: bit for bit NumPy's value, and exact matrices for drawn subscripts."""

import numpy as np
import pytest
from maps import assert_same_matrix, integers

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.rules.einsum import _cotangents, labelled

RNG = np.random.default_rng(5)


def drawn_call(rng):
    """Subscripts with repeated, summed and broadcast labels, and operands that fit them."""
    letters = list("ijk")
    lengths = {c: int(rng.integers(1, 4)) for c in letters}
    ellipsis = [int(n) for n in rng.integers(1, 3, 2)]
    terms, operands = [], []
    for _ in range(rng.integers(1, 4)):
        term = list(rng.choice(letters, rng.integers(0, 4)))
        # one-sized axes are broadcast, if their label is not repeated within the operand
        shape = [1 if term.count(c) == 1 and rng.random() < 0.2 else lengths[c] for c in term]
        if rng.random() < 0.4:
            place, count = rng.integers(0, len(term) + 1), rng.integers(0, 3)
            term.insert(place, "...")
            shape[place:place] = ellipsis[2 - count :]
        terms.append("".join(term))
        operands.append(integers(rng, *shape))
    known = sorted(set("".join(terms)) - {"."})
    output = list(rng.permutation(known)[: rng.integers(0, len(known) + 1)]) if known else []
    if any("..." in term for term in terms):
        output.insert(rng.integers(0, len(output) + 1), "...")
    text = ",".join(terms)
    return (text if rng.random() < 0.3 else f"{text}->{''.join(output)}"), operands


@pytest.mark.parametrize("seed", range(120))
def test_drawn_subscripts(seed):
    rng = np.random.default_rng(seed)
    subscripts, operands = drawn_call(rng)
    optimize = bool(rng.integers(0, 2))
    expected = np.einsum(subscripts, *operands, optimize=optimize)
    for i, x in enumerate(operands):

        def by_one(v, i=i):
            return np.einsum(subscripts, *operands[:i], v, *operands[i + 1 :], optimize=optimize)

        assert np.array_equal(by_one(Tensor(x)).data, expected), subscripts
        assert_same_matrix(by_one, x.shape, rng)


@pytest.mark.parametrize("optimize", [False, True, "greedy", "optimal"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
def test_the_value_is_numpys_bit_for_bit(optimize, dtype):
    a, b, c = (RNG.normal(size=s).astype(dtype) for s in ((40, 50), (50, 60), (60, 40)))
    for call in (("ij,jk,ki", a, b, c), ("ij,jk->ki", a, b), ("ij,jk,kl->il", a, b, c)):
        expected = np.einsum(*call, optimize=optimize)
        found = np.einsum(call[0], *map(Tensor, call[1:]), optimize=optimize)
        assert found.dtype == expected.dtype
        assert np.array_equal(found.data, expected)


class TestForms:
    a, b = integers(RNG, 2, 3), integers(RNG, 3, 4)

    def same(self, function):
        """The call with a Tensor gives what NumPy gives, and has its matrix."""
        found, expected = function(Tensor(self.a)), function(self.a)
        assert found.shape == expected.shape
        assert np.array_equal(found.data, expected)
        assert_same_matrix(function, (2, 3), RNG)

    @pytest.mark.parametrize("optimize", [False, True])
    def test_operands_and_labels_in_turn(self, optimize):
        self.same(lambda x: np.einsum(x, [0, 1], self.b, [1, 2], optimize=optimize))
        self.same(lambda x: np.einsum(x, (51, 3), self.b, (3, 7), [7, 51], optimize=optimize))
        self.same(lambda x: np.einsum(x, [..., 1], self.b, [1, 0], [0, ...], optimize=optimize))
        self.same(lambda x: np.einsum(x, range(2), [], optimize=optimize))
        # the order of axes without labels differs between versions of NumPy where it optimizes
        self.same(lambda x: np.einsum(x, [30, 5], optimize=optimize))
        self.same(lambda x: np.einsum(x, [30, 5], self.b, [5, 40], optimize=optimize))

    def test_the_same_tensor_twice(self):
        found = tg.grad(lambda x: np.einsum("ij,ij->", x, x))(self.a)
        assert np.array_equal(found, 2 * self.a)

    def test_lists_and_numbers_and_integers_among_the_operands(self):
        self.same(lambda x: np.einsum("ij,j,->i", x, [1, 2, 3], 2))
        self.same(lambda x: np.einsum("ij,ij->ij", x, np.ones((2, 3), bool)))

    def test_a_path_can_be_given(self):
        path, _ = np.einsum_path("ij,jk,k->i", Tensor(self.a), self.b, np.ones(4))
        assert path == np.einsum_path("ij,jk,k->i", self.a, self.b, np.ones(4))[0]
        self.same(lambda x: np.einsum("ij,jk,k->i", x, self.b, np.ones(4), optimize=path))

    def test_dtype_order_and_casting(self):
        single = self.a.astype(np.float32)

        def f(x):
            return np.einsum("ij,jk", x, self.b, dtype=np.float32, casting="same_kind", order="F")

        for x in (single, self.a):
            assert f(Tensor(x)).dtype == np.float32
            found = tg.grad(lambda v: np.sum(f(v)))(x)
            assert found.dtype == x.dtype
            assert np.array_equal(found, np.broadcast_to(self.b.sum(1), (2, 3)))

    def test_a_real_operand_beside_a_complex_one(self):
        z = self.b + 2j
        found = tg.grad(lambda x: np.real(np.einsum("ij,jk->", x, z)))(self.a)
        assert found.dtype == np.float64
        assert np.array_equal(found, np.broadcast_to(self.b.sum(1), (2, 3)))

    @pytest.mark.parametrize(
        ("subscripts", "shapes"),
        [("ij,jk->ik", ((2, 0), (0, 3))), ("ij->i", ((0, 3),)), ("ii->i", ((0, 0),))],
    )
    def test_arrays_without_elements(self, subscripts, shapes):
        for i, shape in enumerate(shapes):
            rest = [np.zeros(s) for s in shapes]

            def by_one(x, i=i, rest=rest):
                return np.einsum(subscripts, *rest[:i], x, *rest[i + 1 :])

            assert_same_matrix(by_one, shape, RNG)

    def test_the_graph_shows_the_call(self):
        x = Tensor(self.a)
        assert "np.einsum(#0, #0)" in str(np.einsum("ij,ij", x, x).graph())

    def test_only_variables_get_a_cotangent(self):
        options, operands = {"optimize": False}, [self.a, self.b]
        found = _cotangents(np.ones((2, 4)), "ij,jk", options, [False, True], operands)
        assert found[0] is None
        assert found[1].shape == (3, 4)


class TestDiagonals:
    def test_the_gradient_of_a_repeated_label_is_on_the_diagonal(self):
        x = integers(RNG, 3, 3)
        assert np.array_equal(tg.grad(lambda v: np.einsum("ii", v))(x), np.eye(3))
        found = tg.grad(lambda v: np.sum(np.einsum("ii->i", v) ** 2))(x)
        assert np.array_equal(found, 2 * np.diag(np.diag(x)))

    def test_in_second_order(self):
        x = integers(RNG, 2, 2)
        hessian = tg.hessian(lambda v: np.einsum("ii,jj->", v, v) ** 2)(x)
        trace = np.trace(x)
        eye = np.eye(2)
        assert np.array_equal(hessian, 12 * trace**2 * np.multiply.outer(eye, eye))

    def test_beyond_it_nan_stays_out(self):
        x = np.array([[1.0, np.nan], [np.inf, 2.0]])
        assert np.array_equal(tg.grad(lambda v: np.einsum("ii", v) ** 2)(x), 6 * np.eye(2))


class TestMessages:
    def test_what_numpy_refuses(self):
        t = Tensor(np.ones((2, 3)))
        with pytest.raises(ValueError, match=r"np\.einsum: .*axis 0 of .* is 2 and axis 1 .* 3"):
            np.einsum("ii", t)
        with pytest.raises(ValueError, match=r"'i' names 1 axes, and operand 0 has shape \(2, 3\)"):
            np.einsum("i", t)
        with pytest.raises(ValueError, match=r"'ij,jk' is for 2 operands, not 1"):
            np.einsum("ij,jk", t)
        with pytest.raises(ValueError, match=r"invalid subscript|not a valid symbol"):
            np.einsum("i?", t)

    def test_ours(self):
        t = Tensor(np.ones((2, 3)))
        with pytest.raises(TypeError, match=r"np\.einsum: the argument 'out'"):
            np.einsum("ij", t, out=np.zeros((2, 3)))
        with pytest.raises(TypeError, match=r"np\.einsum: takes no masked array"):
            np.einsum("ij,ij", t, np.ma.ones((2, 3)))

    @pytest.mark.parametrize("optimize", [False, True])
    @pytest.mark.parametrize("label", [-1, 52])
    def test_numbers_that_are_no_labels(self, label, optimize):
        t = Tensor(np.ones((2, 3)))
        with pytest.raises(ValueError, match=r"np\.einsum: labels are numbers from 0 to 51"):
            np.einsum(t, [0, label], optimize=optimize)
        with pytest.raises(TypeError, match="integer"):
            np.einsum(t, [0, 1.5], optimize=optimize)

    def test_letters_are_fifty_two(self):
        with pytest.raises(ValueError, match="no letters left for 51 more axes"):
            labelled("ab...", (53,))
        assert labelled("...", (52,))[1].isalpha()


def test_an_attention_layer_by_labels_has_the_gradient_of_matmul():
    q, k, v = (RNG.normal(size=(2, 5, 3, 4)) for _ in range(3))

    def labelled(q, k, v):
        scores = np.einsum("bqhd,bkhd->bhqk", q, k, optimize=True)
        weights = np.exp(scores) / np.sum(np.exp(scores), -1, keepdims=True)
        return np.sum(np.einsum("bhqk,bkhd->bqhd", weights, v) ** 2)

    def moved(q, k, v):
        q, k, v = (np.moveaxis(x, 2, 1) for x in (q, k, v))
        scores = q @ np.swapaxes(k, -1, -2)
        weights = np.exp(scores) / np.sum(np.exp(scores), -1, keepdims=True)
        return np.sum((weights @ v) ** 2)

    for a, b in zip(
        tg.grad(labelled, (0, 1, 2))(q, k, v), tg.grad(moved, (0, 1, 2))(q, k, v), strict=True
    ):
        assert np.allclose(a, b, rtol=1e-11, atol=1e-12)

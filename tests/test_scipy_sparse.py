"""Sparse arrays beside Tensors, and with a Tensor of data: against dense equivalents."""

import subprocess
import sys
import time

import numpy as np
import pytest
import scipy.sparse as sp

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.check import check_function
from tinygrad_np.scipy import linalg, sparse
from tinygrad_np.scipy.sparse import linalg as sl

FORMATS = ["coo", "csr", "csc", "bsr", "dia", "dok", "lil"]
KINDS = ("array", "matrix")
RNG = np.random.default_rng(0)
D = np.array([[4.0, 0, 1, 0], [0, 5, 0, -1], [2, 0, 6, 0], [0, 1, 0, 7]])
ROW, COL = np.nonzero(D)
DATA = D[ROW, COL]
X, MANY = RNG.normal(size=4), RNG.normal(size=(4, 2))
TALL = np.concatenate([X, np.cos(X)])
OTHER = sp.csr_array(np.array([[1.0, 0, 2, 0], [0, 0, 0, 3], [0, 4, 0, 0], [0, 0, 0, 5]]))


def made(data, form="csr", kind="array"):
    a = getattr(sparse, f"coo_{kind}")((data, (ROW, COL)), shape=(4, 4))
    return a.asformat(form)


def dense(data):
    return tg.at(np.zeros((4, 4)) + 0 * data[0])[ROW, COL].add(data)


def same(function, by_dense, *operands):
    """The same value, gradient, tangent and second derivative as of the dense equivalent."""
    assert np.allclose(np.asarray(function(*operands)), np.asarray(by_dense(*operands)), atol=1e-13)
    directions = [np.cos(np.arange(x.size) + 1.0).reshape(x.shape) for x in operands]

    def found(f):
        def loss(*xs):
            return np.sum(np.sin(f(*xs)))

        def slope(*xs):
            return tg.jvp(loss, xs, tuple(directions))[1]

        which = tuple(range(len(operands)))
        return [
            *tg.grad(loss, which)(*operands),
            slope(*operands),
            *tg.grad(slope, which)(*operands),
        ]

    for one, other in zip(found(function), found(by_dense), strict=True):
        assert np.allclose(one, other, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
class TestAConstant:
    def test_times_a_tensor(self, form, kind):
        a = getattr(sp, f"{form}_{kind}")(D)
        for x in (X, MANY, MANY[:, :1]):
            t = Tensor(x)
            for found in (a @ t, a.dot(t), (t.T @ a.T).T):
                assert np.array_equal(found.data, a @ x)
            assert np.array_equal(tg.vjp(lambda x: a @ x, x)[1](x)[0], a.T @ x)
            assert np.array_equal(tg.vjp(lambda x: x.T @ a, x)[1](x.T @ a)[0].T, (x.T @ a) @ a.T)
            assert np.array_equal(tg.jvp(lambda x: a @ x, (x,), (x,))[1], a @ x)

    def test_is_refused_elsewhere(self, form, kind):
        a, t, s = getattr(sp, f"{form}_{kind}")(D), Tensor(D), Tensor(2.0)
        for call in (
            lambda: a * t,
            lambda: t * a,
            lambda: a + t,
            lambda: t - a,
            lambda: a / t,
            lambda: a.multiply(t),
            lambda: a * s,
            lambda: s * a,
            lambda: a / s,
            lambda: np.matmul(a, t),
            lambda: np.dot(a, t),
        ):
            with pytest.raises((TypeError, AttributeError)):
                call()


def test_a_complex_constant_and_higher_orders():
    a = sp.csc_matrix(D * (1 + 0.5j))
    assert check_function(lambda x: np.abs(a @ x) ** 2, X * (1 - 2j)).is_right
    assert np.array_equal(
        tg.hessian(lambda x: np.sum((OTHER @ x) ** 2))(X), 2 * (OTHER.T @ OTHER).toarray()
    )


def test_a_tensor_still_becomes_no_array():
    with pytest.raises(TypeError, match="would lose the gradient"):
        np.asarray(Tensor(X))

    def _matmul_dispatch(t):
        return np.asanyarray(t)

    with pytest.raises(TypeError):  # of the right name in another module
        _matmul_dispatch(Tensor(X))


def test_axes_without_a_rule_are_refused():
    with pytest.raises(ValueError, match=r"use a\.toarray"):
        _ = sp.coo_array(np.ones(4)) @ Tensor(X)


@pytest.mark.parametrize("form", FORMATS[:5])
@pytest.mark.parametrize("kind", KINDS)
def test_products_by_data(form, kind):
    same(lambda d, x: made(d, form, kind) @ x, lambda d, x: dense(d) @ x, DATA, X)
    same(lambda d: MANY.T @ made(d, form, kind), lambda d: MANY.T @ dense(d), DATA)
    a = made(Tensor(DATA), form, kind)
    assert np.array_equal((a @ X).data, made(DATA, form, kind) @ X)
    assert a.format == form
    assert sparse.issparse(a)
    assert isinstance(a, getattr(sparse, f"{form}_{kind}"))


@pytest.mark.parametrize(
    ("function", "by_dense"),
    [
        (lambda a: a.toarray(), lambda a: a),
        (lambda a: a.T.toarray(), lambda a: a.T),
        (lambda a: a.sum(), lambda a: a.sum()),
        (lambda a: a.sum(0), lambda a: a.sum(0)),
        (lambda a: a.sum(axis=1), lambda a: a.sum(1)),
        (lambda a: a.diagonal(1), lambda a: np.diagonal(a, 1)),
        (lambda a: (2 * a / 3 - a * 0.5).toarray(), lambda a: a / 6),
        (lambda a: (a + OTHER - a.T).toarray(), lambda a: a + OTHER.toarray() - a.T),
        (lambda a: (OTHER - a).toarray(), lambda a: OTHER.toarray() - a),
        (lambda a: a.multiply(OTHER).toarray(), lambda a: a * OTHER.toarray()),
        (lambda a: (a * D).toarray(), lambda a: a * D),
        (lambda a: (a @ a.T).toarray(), lambda a: a @ a.T),
        (lambda a: (OTHER @ a @ OTHER).toarray(), lambda a: OTHER.toarray() @ a @ OTHER.toarray()),
        (lambda a: a.tocsr()[1:, [0, 3]].toarray(), lambda a: a[1:][:, [0, 3]]),
        (lambda a: a.tocsr()[2, 0], lambda a: a[2, 0]),
        (lambda a: abs(a).toarray(), lambda a: np.abs(a)),
        (lambda a: a.reshape((2, 8)).toarray(), lambda a: a.reshape(2, 8)),
        (lambda a: sparse.hstack([a, OTHER]).toarray(), lambda a: np.hstack([a, OTHER.toarray()])),
        (lambda a: sparse.vstack([a, a]).toarray(), lambda a: np.vstack([a, a])),
        (
            lambda a: sparse.block_array([[a, None], [None, a]]).toarray(),
            lambda a: np.kron(np.eye(2), a),
        ),
        (lambda a: sparse.tril(a, format="csc").toarray(), lambda a: np.tril(a)),
        (lambda a: sparse.kron(OTHER, a).toarray(), lambda a: np.kron(OTHER.toarray(), a)),
        (lambda a: sl.inv(a.tocsc()).toarray(), np.linalg.inv),
        (lambda a: sl.expm((0.1 * a).tocsc()).toarray(), lambda a: linalg.expm(0.1 * a)),
        (lambda a: sl.norm(a), lambda a: np.linalg.norm(a)),
        (lambda a: sl.expm_multiply(0.3 * a, X), lambda a: linalg.expm(0.3 * a) @ X),
        (lambda a: sl.spsolve(a, MANY), lambda a: np.linalg.solve(a, MANY)),
        (lambda a: sl.splu(a.tocsc()).solve(X, "T"), lambda a: np.linalg.solve(a.T, X)),
        (lambda a: sl.factorized(a.tocsc())(X), lambda a: np.linalg.solve(a, X)),
        (lambda a: sl.gmres(a, X, rtol=1e-14)[0], lambda a: np.linalg.solve(a, X)),
        (lambda a: sl.cg(a + a.T, X, rtol=1e-14)[0], lambda a: np.linalg.solve(a + a.T, X)),
        (
            lambda a: sl.lsqr(sparse.vstack([a, a.T]), TALL, 0.0, 1e-14, 1e-14)[0],
            lambda a: np.linalg.lstsq(np.vstack([a, a.T]), TALL)[0],
        ),
        (
            lambda a: sl.lsmr(sparse.vstack([a, a.T]), TALL, 0.5, 1e-14, 1e-14)[0],
            lambda a: np.linalg.solve(
                a.T @ a + a @ a.T + 0.25 * np.eye(4), np.hstack([a.T, a]) @ TALL
            ),
        ),
        (
            lambda a: sl.spsolve_triangular(sparse.tril(a, format="csr"), X),
            lambda a: np.linalg.solve(np.tril(a), X),
        ),
        (
            lambda a: sl.eigsh(a + a.T, 2, v0=np.ones(4))[0],
            lambda a: np.linalg.eigvalsh(a + a.T)[2:],
        ),
        (
            lambda a: sl.eigsh(a + a.T, 1, v0=np.ones(4))[1] ** 2,
            lambda a: np.linalg.eigh(a + a.T)[1][:, 3:] ** 2,
        ),
        (
            lambda a: sl.svds(a, 2, v0=np.ones(4), return_singular_vectors=False),
            lambda a: np.sort(np.linalg.svd(a, compute_uv=False)[:2]),
        ),
    ],
)
def test_by_data_as_the_dense_equivalent(function, by_dense):
    data = DATA + np.array([0.1, 0.2, 0.3, 0.5, 0.7, 0.1, 0.4, 0.9])
    if not np.allclose(np.asarray(function(made(data))), np.asarray(by_dense(dense(data)))):
        pytest.fail("the dense equivalent is another function")
    same(lambda d: function(made(d)), lambda d: by_dense(dense(d)), data)


def test_duplicates_are_summed_and_zeros_keep_their_place():
    def a(d):
        return sparse.csr_array((d, ([0, 0, 1], [1, 1, 0])), shape=(2, 2))

    found = a(Tensor([1.0, -1.0, 0.0]))
    assert found.nnz == 2
    assert np.array_equal(found.data.data, [0.0, 0.0])
    assert np.array_equal(
        tg.grad(lambda d: np.sum(a(d) @ np.array([2.0, 3.0])))(np.zeros(3)), [3, 3, 2]
    )
    assert np.array_equal(
        tg.jacobian(lambda d: (a(d) - a(d)).toarray())(np.ones(3)), np.zeros((2, 2, 3))
    )


def test_compressed_and_diagonal_data():
    t = RNG.normal(size=4)
    for arg, shape in (((t, [2, 0, 1, 0], [0, 2, 4]), (2, 3)), ((t.reshape(2, 2), [0, 1]), (2, 2))):
        cls = sparse.csr_array if len(arg) == 3 else sparse.dia_array
        same(
            lambda d, arg=arg, shape=shape, cls=cls: cls((d, *arg[1:]), shape=shape).toarray(),
            lambda d, arg=arg, shape=shape, cls=cls: _by_places(cls, arg, shape, d),
            arg[0],
        )
    same(
        lambda d: sparse.diags_array([d, d[:3]], offsets=[0, -1]).toarray(),
        lambda d: np.diag(d) + np.diag(d[:3], -1),
        t,
    )
    unsorted = sparse.csr_array((Tensor(t), [2, 0, 1, 0], [0, 2, 4]), shape=(2, 3))
    sl.splu((unsorted @ unsorted.T).tocsc())
    assert np.array_equal(unsorted.data.data, t)


def _by_places(cls, arg, shape, d):
    numbers = cls((np.arange(1, d.size + 1.0).reshape(np.shape(arg[0])), *arg[1:]), shape=shape)
    places = numbers.toarray().astype(int)
    return np.concatenate([np.zeros(1), d.reshape(-1)])[places]


class TestRefused:
    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda a: sparse.csr_array(Tensor(D)), TypeError, "use csr_array"),
            (lambda a: sparse.lil_array(a), TypeError, "scipy.sparse.lil_array"),
            (
                lambda a: sparse.csr_array((Tensor(DATA), (ROW, COL)), dtype=float),
                TypeError,
                "dtype",
            ),
            (lambda a: a.max(), AttributeError, "no 'max'"),
            (lambda a: a.__setitem__((0, 0), 1.0), TypeError, "nothing is written"),
            (lambda a: a == a, TypeError, "compare the data"),
            (lambda a: bool(a), ValueError, "ambiguous"),
            (lambda a: a + 1.0, ValueError, "differ"),
            (lambda a: np.exp(a), TypeError, "ufunc"),
            (lambda a: sl.splu(a).L, AttributeError, "'L' of a Tensor"),
            (lambda a: sl.spilu(a), TypeError, "use splu"),
            (lambda a: sl.eigs(a), TypeError, "use np.linalg.eig"),
            (lambda a: sl.lsqr(a, X, calc_var=True), TypeError, "leave calc_var out"),
            (lambda a: sl.lsqr(a, X, iter_lim=1), ValueError, r"did not converge \(istop 7\)"),
            (lambda a: sl.cg(a, X, maxiter=1, rtol=1e-15), ValueError, "did not converge"),
            (lambda a: sl.expm_multiply(a, X, 0.0, 1.0, 3), ValueError, "for each t"),
            (lambda a: sl.aslinearoperator(a), TypeError, "aslinearoperator"),
            (lambda a: sl.spsolve(a, OTHER), TypeError, "b.toarray"),
            (lambda a: sl.spsolve_triangular(a, X), ValueError, "not triangular"),
            (lambda a: sl.tfqmr(a, X, M=OTHER), TypeError, "use bicgstab"),
            (lambda a: sparse.csgraph.dijkstra(a), TypeError, "csgraph.dijkstra"),
        ],
    )
    def test_by_name(self, call, error, message):
        with pytest.raises(error, match=message):
            call(made(Tensor(DATA)))

    def test_an_operator_whose_function_gives_tensors(self):
        operator = sl.LinearOperator((4, 4), lambda x: Tensor(D) @ x, dtype=float)
        try:
            found = operator.matvec(X)
        except TypeError as error:
            assert "gradient would be lost" in str(error) or "lose" in str(error)  # noqa: PT017
        else:  # since SciPy 1.18 it is what the function gives
            assert isinstance(found, Tensor)

    @pytest.mark.parametrize("k", [1, 2])
    def test_a_repeated_eigenvalue(self, k):
        def value(d):
            return sl.eigsh(sparse.diags_array(d), k, v0=np.ones(4))[0][0]

        with pytest.raises(ValueError, match="is repeated"):
            tg.grad(value)(np.array([1.0, 2.0, 3.0, 3.0]))


def test_constants_of_a_factorisation_take_tensors():
    lu = sl.splu(sp.csc_array(D))
    assert isinstance(lu, sl.SuperLU)
    assert np.array_equal(lu.L.toarray(), sp.linalg.splu(sp.csc_array(D)).L.toarray())
    same(lambda b: lu.solve(b), lambda b: np.linalg.solve(D, b), MANY)
    same(lambda b: lu.solve(b, "H"), lambda b: np.linalg.solve(D.T, b), X)
    operator = sl.aslinearoperator(D)
    same(lambda b: sl.gmres(operator, b, rtol=1e-14)[0], lambda b: np.linalg.solve(D, b), X)


@pytest.mark.parametrize("form", FORMATS[:5])
def test_spsolve_has_scipys_bits(form):
    for b in (X, MANY, MANY[:, :1], X * 1j):
        found = sl.spsolve(made(Tensor(DATA), form), b)
        expected = sl.spsolve(made(DATA, "csr" if form == "csr" else "csc"), b)
        assert np.array_equal(found.data, expected)


def test_a_solver_alone_loads_what_its_rule_needs():
    code = """
import numpy as np, tinygrad_np as tg
from tinygrad_np.scipy.sparse.linalg import splu
import scipy.sparse
lu = splu(scipy.sparse.csc_array(np.eye(2) * 2))
assert np.array_equal(tg.grad(lambda b: np.sum(lu.solve(b)))(np.ones(2)), [0.5, 0.5])
from tinygrad_np.scipy.sparse.linalg import gmres
a = np.eye(2) * 2
assert np.allclose(tg.grad(lambda a: np.sum(gmres(a, np.ones(2), rtol=1e-12)[0]))(a), -0.25)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_complex_systems():
    data = DATA * (1 + 0.3j)
    assert check_function(lambda d, b: np.abs(sl.spsolve(made(d), b)) ** 2, data, X).is_right
    assert check_function(
        lambda d: np.abs(sl.splu(made(d).tocsc()).solve(X + 0j, "H")) ** 2, data
    ).is_right
    assert check_function(
        lambda d: sl.eigsh(made(d) + made(d).conj().T, 1, v0=np.ones(4) + 0j)[0], data
    ).is_right


def test_a_large_system_is_never_dense():
    n = 100_000
    started = time.perf_counter()

    def loss(middle, side, b):
        a = sparse.diags_array([side, middle, side], offsets=[-1, 0, 1], format="csc")
        return np.sum(sl.spsolve(a, b) ** 2)

    middle, side, b = np.full(n, 2.5), -np.ones(n - 1), np.ones(n)
    by_middle, by_side, _ = tg.grad(loss, (0, 1, 2))(middle, side, b)
    assert time.perf_counter() - started < 5
    assert by_middle.shape == (n,)
    assert by_side.shape == (n - 1,)
    # Far from the ends x = 2, and λ = 2·x/0.5 = 8: −λ·x, and twice that for two neighbours.
    assert np.allclose(by_middle[n // 2], -16)
    assert np.allclose(by_side[n // 2], -32)


def test_the_class_of_scipys_left_operand_decides_what_times_means():
    for kind, other in (("matrix", OTHER), ("array", sp.csr_matrix(OTHER))):
        by_scipy = other * getattr(sp, f"coo_{kind}")((DATA, (ROW, COL)), shape=(4, 4))
        found = other * made(Tensor(DATA), kind=kind)
        assert np.array_equal(found.toarray().data, by_scipy.toarray())


@pytest.mark.parametrize(
    "function",
    [
        lambda a: sl.splu(A=a).solve(X),
        lambda a: sl.factorized(A=a)(X),
        lambda a: sl.expm(A=a).toarray(),
        lambda a: sl.inv(A=a).toarray(),
        lambda a: sparse.kron(A=a, B=a).toarray(),
        lambda a: sparse.kronsum(A=a, B=a).toarray(),
        lambda a: sparse.csr_array(arg1=a).toarray(),
    ],
)
def test_arguments_have_scipys_names(function):
    constant = sp.csc_array(D)
    assert np.allclose(function(made(Tensor(DATA), "csc")).data, function(constant))


@pytest.mark.parametrize(
    ("function", "error", "match"),
    [
        (lambda a: a**2, TypeError, "use the data"),
        (lambda a: 1 / a, TypeError, "use the data"),
        (lambda a: a < 1, TypeError, "use the data"),
        (lambda a: sl.gmres(OTHER, X, M=a), TypeError, "gmres: only A and b take a Tensor"),
        (lambda a: sl.spsolve(a * 0, X), RuntimeError, "linalg: .*singular: .*multiple"),
        (lambda a: sparse.csr_array([[a.data[0], 0], [0, 1]]), TypeError, "as the data of"),
        (lambda a: sl.aslinearoperator(OTHER) @ a.data[:4], TypeError, "use csr_array"),
    ],
)
def test_what_is_refused_says_what_to_do(function, error, match):
    with pytest.raises(error, match=match):
        function(made(Tensor(DATA)))


def test_a_sparse_array_is_a_tree_of_its_data():
    d = np.array([1.0, 2.0])
    assert np.allclose(
        tg.jacobian(lambda d: sparse.diags_array(d * d).tocoo())(d).data, np.diag(2 * d)
    )
    constant = tg.grad(lambda d: np.sum(tg.stop_gradient(sparse.diags_array(d)) @ d))(d)
    assert np.array_equal(constant, d)

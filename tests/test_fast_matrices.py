"""Products of matrices on several threads: exact on integers, whatever the threads."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.fast import matrices, threads
from tinygrad_np.fast.matrices import matrix_product


class Library:
    """What threadpoolctl has for a library of matrix products."""

    def __init__(self, count):
        self.count = count
        self.history = []

    def get_num_threads(self):
        return self.count

    def set_num_threads(self, count):
        self.count = count
        self.history.append(count)


@pytest.fixture(params=[1, 2, 3])
def count(request, monkeypatch):
    monkeypatch.setattr(threads, "_CORES", threads._Cores([Library(request.param)]))
    return request.param


@pytest.fixture
def library(monkeypatch):
    found = Library(2)
    monkeypatch.setattr(threads, "_CORES", threads._Cores([found]))
    return found


@pytest.fixture
def pieces(request):
    if request.config.getoption("--simple-paths"):
        pytest.skip("there, no product is cut")


class TestMatrixProducts:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
    @pytest.mark.parametrize(
        ("m", "k", "n"),
        # around the sizes from which other threads are woken, and from which pieces pay
        [
            *((64, 64, 63), (64, 64, 64), (65, 64, 64), (1, 128, 64), (129, 64, 1), (1, 90, 91)),
            *((256, 256, 127), (511, 256, 256), (512, 256, 256), (255, 257, 515)),
            *((64, 512, 1031), (1031, 512, 64)),
            *((1, 1 << 10, 1031), (3, 1, 7), (0, 5, 3), (5, 0, 3)),
        ],
    )
    def test_they_are_exact_on_integers_whatever_the_threads(self, m, k, n, dtype, count):
        rng = np.random.default_rng(m + k + n)
        a = rng.integers(-3, 4, (m, k)).astype(dtype)
        b = rng.integers(-3, 4, (k, n)).astype(dtype)
        expected = np.einsum("mk,kn->mn", a, b)
        for left, right in [(a, b), (np.asfortranarray(a), b), (a, np.asfortranarray(b))]:
            found = matrix_product(left, right)
            assert found.dtype == dtype
            assert np.array_equal(found, expected)
        assert np.array_equal(matrix_product(a[::-1], b), expected[::-1])

    @pytest.mark.parametrize(
        ("a", "b"),
        [
            (np.ones((64, 2048)), np.broadcast_to(np.arange(1024.0), (2048, 1024))),
            (np.ones((2048, 64)), np.ones((64, 2048))[::-1, ::-1]),
            (np.ones((64, 4096)).T, np.ones((64, 128))),  # of whose parts `dot` makes copies
        ],
    )
    def test_what_blas_cannot_read_is_copied_once_not_for_every_piece(
        self, a, b, library, pieces, monkeypatch
    ):
        read = []
        matmul = np.matmul
        monkeypatch.setattr(np, "matmul", lambda *x, **k: read.extend(x) or matmul(*x, **k))
        expected = np.dot(a, b)
        monkeypatch.setattr(np, "dot", None)
        assert np.array_equal(matrix_product(a, b), expected)
        assert len(read) >= 4
        assert all(min(x.strides) == 8 for x in read)

    def test_a_product_with_ones_own_transpose_is_left_whole(self, library, monkeypatch):
        """NumPy computes one half of it."""
        monkeypatch.setattr(matrices, "together", pytest.fail)
        x = np.random.default_rng(0).normal(size=(1024, 512))
        found = (lambda t: t.T @ t)(Tensor(x)).data
        assert np.allclose(found, x.T @ x)
        assert np.array_equal(found, found.T)

    def test_one_thread_of_blas_whenever_more_would_be_woken(self, library, pieces, monkeypatch):
        meanwhile = []
        for name in ("dot", "matmul"):
            function = getattr(np, name)
            monkeypatch.setattr(
                np,
                name,
                lambda *a, f=function, **k: meanwhile.append(library.count) or f(*a, **k),
            )
        x = np.ones((64, 64))
        matrix_product(x[:63], x)
        matrix_product(x, x)
        y = np.ones((1024, 256))
        matrix_product(y, np.ones((256, 256)))
        assert meanwhile == [2, 1] + [1] * 4
        assert library.count == 2

    def test_of_tensors_and_in_rules(self, library):
        rng = np.random.default_rng(0)
        x, w = rng.integers(-3, 4, (64, 500)).astype(float), rng.integers(-3, 4, (500, 70)) * 1.0
        u = rng.integers(-3, 4, (64, 70)).astype(float)
        y, pull = tg.vjp(lambda x, w: x @ w, x, w)
        assert library.history == [1, 2]
        by_x, by_w = pull(u)
        assert library.history == [1, 2] * 3
        assert np.array_equal(y, x @ w)
        assert np.array_equal(by_x, u @ w.T)
        assert np.array_equal(by_w, x.T @ u)

"""Distances: against their formulas, SciPy's bits on arrays, kinks, and what is refused."""

import numpy as np
import pytest
from scipy.spatial import distance as scipys

import tinygrad_np as tg
from tinygrad_np.scipy import spatial
from tinygrad_np.scipy.spatial import distance

RNG = np.random.default_rng(0)
X, Y = RNG.uniform(0.5, 2.0, (4, 3)), RNG.uniform(0.5, 2.0, (5, 3))

METRICS = [
    "braycurtis", "canberra", "chebyshev", "cityblock", "correlation", "cosine", "euclidean",
    "jensenshannon", "mahalanobis", "minkowski", "seuclidean", "sqeuclidean",
]  # fmt: skip


@pytest.mark.parametrize("metric", METRICS)
class TestEveryMetric:
    def test_arrays_give_scipys_bits(self, metric):
        assert np.array_equal(distance.cdist(X, Y, metric), scipys.cdist(X, Y, metric))
        assert np.array_equal(distance.pdist(Y, metric), scipys.pdist(Y, metric))

    def test_tensors_have_scipys_bits(self, metric):
        found = distance.cdist(tg.Tensor(X), Y, metric)
        assert np.array_equal(found.data, scipys.cdist(X, Y, metric))
        assert np.array_equal(distance.pdist(tg.Tensor(Y), metric).data, scipys.pdist(Y, metric))

    def test_pdist_is_the_upper_triangle_of_cdist(self, metric):
        """Where the variances are found in the points, both points of a pair move them."""
        weights = RNG.normal(size=(5, 5))
        upper = np.triu(weights, 1)
        fixed = {"seuclidean": {"V": np.ones(3)}, "mahalanobis": {"VI": np.eye(3) + 0.1}}
        given = fixed.get(metric, {})
        one = tg.grad(lambda y: np.sum(distance.pdist(y, metric, **given) * weights[upper != 0]))(Y)
        two = tg.grad(lambda y: np.sum(distance.cdist(y, y, metric, **given) * upper))(Y)
        assert np.allclose(one, two, rtol=1e-12, atol=1e-12)

    def test_scipys_own_function_and_ours_name_it(self, metric):
        expected = tg.grad(lambda x: np.sum(distance.cdist(x, Y, metric)))(X)
        for function in (getattr(scipys, metric), getattr(distance, metric)):
            found = tg.grad(lambda x, f=function: np.sum(distance.cdist(x, Y, f)))(X)
            assert np.array_equal(found, expected)

    def test_single_precision_comes_back_in_it(self, metric):
        found = tg.grad(lambda x: np.sum(distance.cdist(x, Y, metric)))(X.astype(np.float32))
        expected = tg.grad(lambda x: np.sum(distance.cdist(x, Y, metric)))(X)
        assert found.dtype == np.float32
        assert np.allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_formulas():
    u, v = X[0], Y[0]
    assert np.allclose(tg.grad(distance.euclidean)(u, v), (u - v) / np.linalg.norm(u - v))
    assert np.allclose(tg.grad(distance.cityblock)(u, v), np.sign(u - v))
    p, w = 3.0, np.array([1.0, 2.0, 0.5])
    length = np.sum(w * np.abs(u - v) ** p) ** (1 / p)
    expected = w * np.sign(u - v) * np.abs(u - v) ** (p - 1) / length ** (p - 1)
    assert np.allclose(tg.grad(distance.minkowski)(u, v, p=p, w=w), expected, rtol=1e-13)
    inverse = np.array([[2.0, 0.3, 0.0], [0.1, 1.0, 0.2], [0.0, 0.0, 3.0]])
    found = tg.grad(distance.mahalanobis, (0, 2))(u, v, inverse)
    root = np.sqrt((u - v) @ inverse @ (u - v))
    assert np.allclose(found[0], (inverse + inverse.T) @ (u - v) / 2 / root, rtol=1e-13)
    assert np.allclose(found[1], np.outer(u - v, u - v) / 2 / root, rtol=1e-13)


def test_entropies_by_the_formula():
    """The square of the distance by pᵢ, of sums that are 1: log(pᵢ/mᵢ)/2, less its mean."""
    p, q = X[0] / X[0].sum(), Y[0] / Y[0].sum()
    found = tg.grad(lambda p: distance.jensenshannon(p, q) ** 2)(p)
    slopes = np.log(p / ((p + q) / 2)) / 2
    assert np.allclose(found, slopes - p @ slopes, rtol=1e-12, atol=1e-15)
    assert distance.jensenshannon(X.T, Y[:4].T).tolist() == (
        scipys.jensenshannon(X.T, Y[:4].T).tolist()
    )


def test_a_vector_becomes_a_matrix_and_back():
    v = RNG.normal(size=6)
    weights = RNG.normal(size=(4, 4))
    found = tg.grad(lambda v: np.sum(distance.squareform(v) * weights))(v)
    i, j = np.triu_indices(4, 1)
    assert np.array_equal(found, weights[i, j] + weights[j, i])
    moved = tg.jvp(distance.squareform, [v], [np.arange(6.0)])[1]
    assert np.array_equal(moved, scipys.squareform(np.arange(6.0)))
    assert np.array_equal(tg.grad(lambda v: distance.squareform(v)[1, 0])(np.ones(1)), [1.0])
    with pytest.raises(ValueError, match="symmetric"):
        distance.squareform(tg.Tensor(weights))


def test_a_point_and_itself():
    """0 on the diagonal, in both modes and at second order, instead of nan."""
    for metric in ("euclidean", "minkowski", "seuclidean", "mahalanobis", "jensenshannon"):
        given = {"seuclidean": {"V": np.ones(3)}, "mahalanobis": {"VI": np.eye(3)}}.get(metric, {})

        def total(x, metric=metric, given=given):
            return np.sum(distance.cdist(x, x, metric, **given))

        assert np.all(np.isfinite(tg.grad(total)(X))), metric
        assert np.all(np.isfinite(tg.hessian(total)(X))), metric


def test_zeros_in_canberra():
    u, v = np.array([0.0, 1.0]), np.array([0.0, 3.0])
    assert np.allclose(tg.grad(distance.canberra)(u, v), [0.0, -6 / 16])


class TestRefusals:
    def test_truth_values(self):
        with pytest.raises(TypeError, match=r"spatial\.distance\.dice does not take a Tensor"):
            distance.dice(tg.Tensor([1.0, 0.0]), [1.0, 1.0])
        with pytest.raises(
            ValueError, match="the metric 'dice' has no derivative rule; take one of"
        ):
            distance.cdist(tg.Tensor(X), Y, "dice")

    @pytest.mark.parametrize("name", ["hamming", "jaccard"])
    def test_weights_of_what_jumps(self, name):
        with pytest.raises(TypeError, match="no rule by its weights"):
            tg.grad(lambda w: getattr(distance, name)([1, 0], [1, 1], w))(np.array([1.0, 2.0]))

    def test_a_metric_of_ones_own(self):
        def mine(u, v):
            return np.sum(u * v)

        with pytest.raises(ValueError, match="cdist: the metric 'mine' has no derivative rule"):
            distance.cdist(tg.Tensor(X), Y, mine)
        theta = tg.Tensor(2.0)
        with pytest.raises((TypeError, ValueError)):
            distance.cdist(X, Y, lambda u, v: theta * mine(u, v))

    @pytest.mark.parametrize("name", ["w", "p"])
    def test_weights_and_the_order_are_constants(self, name):
        given = {"w": tg.Tensor(np.ones(3)), "p": tg.Tensor(3.0)}
        with pytest.raises(TypeError, match=f"{name!r} has no derivative rule and takes no Tensor"):
            distance.minkowski(X[0], Y[0], **{name: given[name]})
        with pytest.raises(TypeError, match=f"{name!r} has no derivative rule and takes no Tensor"):
            distance.cdist(X, Y, "minkowski", **{name: given[name]})

    def test_complex_vectors(self):
        with pytest.raises(TypeError, match="real"):
            distance.euclidean(tg.Tensor(X[0] + 1j), Y[0])

    def test_the_rest_of_the_module(self):
        for thing in (
            spatial.KDTree,
            spatial.Delaunay,
            spatial.procrustes,
            spatial.distance_matrix,
        ):
            with pytest.raises(TypeError, match="does not take a Tensor: "):
                thing(tg.Tensor(X), tg.Tensor(X))
        assert isinstance(spatial.KDTree(X).query(X[:1])[1][0], np.integer)

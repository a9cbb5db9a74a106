"""Around an optimiser: clipping, averages, masks by path, accumulation."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

TREE = {"a": np.array([3.0, -4.0]), "b": [np.array(12.0), np.zeros((2, 2))]}
X = np.array([0.5, -1.5])


def scaled(factor):
    return tg.tree.map(lambda x: factor * x, TREE)


def close(a, b, rtol=1e-15):
    pairs = zip(tg.tree.leaves(a), tg.tree.leaves(b), strict=True)
    return all(np.allclose(x, y, rtol=rtol, atol=0) for x, y in pairs)


class TestClipping:
    def test_the_norm_is_that_of_all_leaves(self):
        assert tg.optim.global_norm(TREE) == 13
        assert tg.optim.global_norm([np.array([3 + 4j]), np.array([12.0])]) == 13
        assert tg.optim.global_norm({}) == 0

    def test_a_norm_above_the_limit_becomes_the_limit(self):
        assert close(tg.optim.clip_by_norm(TREE, 6.5, epsilon=0.0), scaled(0.5))
        assert close(tg.optim.clip_by_norm(TREE, 6.5), scaled(6.5 / (13 + 1e-6)))
        for limit in (13.1, 100, float("inf")):
            assert close(tg.optim.clip_by_norm(TREE, limit), TREE, rtol=0)
        assert close(tg.optim.clip_by_norm(TREE, 0.0), scaled(0.0))

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64])
    def test_dtypes_stay_and_large_numbers_do_not_overflow(self, dtype):
        large = {np.float16: 6e4, np.float32: 1e38, np.complex64: 1e38}.get(dtype, 1e150)
        grads = [np.full(4, large, dtype), np.zeros((), dtype)]
        clipped = tg.optim.clip_by_norm(grads, np.float64(2.0))
        assert [(g.dtype, type(g)) for g in clipped] == [(np.dtype(dtype), np.ndarray)] * 2
        assert np.allclose(clipped[0], 1, rtol=1e-3)
        wanted = {np.float16: np.float32, np.complex64: np.float32}.get(dtype, dtype)
        assert tg.optim.global_norm(grads).dtype == wanted

    @pytest.mark.parametrize("size", [1e200, 1e-200])
    def test_numbers_whose_squares_no_float64_holds(self, size):
        grads = [np.array([3 * size, 0.0]), np.array(4j * size)]
        with np.errstate(all="raise", under="ignore"):
            norm, clipped = tg.optim.global_norm(grads), tg.optim.clip_by_norm(grads, size)
        assert np.isclose(norm, 5 * size, rtol=1e-15)
        if size > 1:
            assert np.allclose(clipped[0], [0.6 * size, 0.0], rtol=1e-15)
            assert np.isclose(clipped[1], 0.8j * size, rtol=1e-15)
        by_x = tg.grad(tg.optim.global_norm)(np.array([3 * size, -4 * size]))
        assert np.allclose(by_x, [0.6, -0.8], rtol=1e-15)

    @pytest.mark.parametrize("epsilon", [1e-6, 0.0])
    def test_zero_gradients(self, epsilon):
        zeros = scaled(0.0)
        assert close(tg.optim.clip_by_norm(zeros, 1.0, epsilon=epsilon), zeros)
        derivative = tg.jacobian(lambda x: tg.optim.clip_by_norm(x, 1.0, epsilon=epsilon))
        assert np.array_equal(derivative(np.zeros(3)), np.eye(3))
        assert np.array_equal(tg.grad(tg.optim.global_norm)(np.zeros(3)), np.zeros(3))

    def test_what_is_not_finite(self):
        with np.errstate(invalid="ignore"):
            a, b = tg.optim.clip_by_norm([np.array([1.0, np.inf]), np.array([2.0])], 1.0)
            assert a[0] == b[0] == 0
            assert np.isnan(a[1])
            a, b = tg.optim.clip_by_norm([np.array([1.0, np.nan]), np.array([2.0])], 1.0)
        assert np.all(np.isnan([*a, *b]))
        assert np.isnan(tg.optim.global_norm([np.array([0.0, np.nan])]))

    @pytest.mark.parametrize("limit", [0.7, 5.0])
    def test_derivatives(self, limit):
        for f in (
            lambda x: tg.optim.clip_by_norm({"x": x}, limit)["x"],
            lambda x: tg.optim.clip_by_norm({"x": x}, x[0] ** 2)["x"],
            tg.optim.global_norm,
            lambda x: tg.optim.clip_by_value(x, -1.0, 1.0),
        ):
            for order in (1, 2):  # both modes
                assert tg.check.check_function(f, X, order=order).verdict == "right"

    def test_by_value(self):
        found = tg.optim.clip_by_value(TREE, -3.5, np.float64(10))
        assert close(found, {"a": np.array([3.0, -3.5]), "b": [np.array(10.0), np.zeros((2, 2))]})
        single = tg.optim.clip_by_value(np.array([-5, 0.5], np.float32), np.array(-1.0), 1)
        assert single.dtype == np.float32
        assert single.tolist() == [-1, 0.5]
        assert np.isnan(tg.optim.clip_by_value(np.array([np.nan]), -1, 1)[0])

    def test_jit(self):
        for f in (
            lambda x: tg.optim.clip_by_norm({"x": x}, 0.5),
            lambda x: tg.optim.clip_by_value(x, -1.0, 1.0),
            tg.optim.global_norm,
            lambda x: tg.optim.average(x, 2 * x),
        ):
            jitted = tg.jit(f)
            for x in (X, 3 * X, 0 * X, X + 1):
                assert str(jitted(x)) == str(f(x))
                assert close(jitted(x), f(x), rtol=0)


class TestAverage:
    def test_the_first_is_a_copy(self):
        averaged = tg.optim.average(TREE)
        assert close(averaged, TREE)
        assert not np.may_share_memory(averaged["a"], TREE["a"])

    def test_the_recurrence(self):
        averaged, by_hand = None, None
        for n in range(4):
            params = scaled(n + 1.0)
            averaged = tg.optim.average(params, averaged, decay=0.75)
            by_hand = n + 1.0 if by_hand is None else 0.75 * by_hand + 0.25 * (n + 1.0)
            assert close(averaged, scaled(by_hand))

    def test_with_equal_weights_it_is_the_mean(self):
        averaged = None
        for n in range(5):
            averaged = tg.optim.average(scaled(n**2), averaged, decay=np.array(n / (n + 1)))
        assert close(averaged, scaled(np.mean(np.arange(5) ** 2)), rtol=1e-14)

    def test_dtypes_and_tensors(self):
        single = {"w": np.ones(2, np.float32), "z": np.ones(2, np.complex64)}
        for decay in (0.9, np.float64(0.9), Tensor(0.9)):
            found = tg.optim.average(single, single, decay=decay)
            assert [found[key].dtype for key in "wz"] == [np.float32, np.complex64]
        gradient = tg.grad(lambda decay: np.sum(tg.optim.average(X, 3 * X, decay=decay)))
        assert np.allclose(gradient(np.array(0.3)), np.sum(2 * X))

    def test_nothing_is_written_into(self):
        before = tg.optim.average(TREE)
        kept = {"a": before["a"].copy()}
        tg.optim.average(scaled(2.0), before)
        assert np.array_equal(before["a"], kept["a"])


class TestByPath:
    def test_paths_and_leaves(self):
        assert tg.optim.by_path(TREE, lambda path, leaf: path) == {
            "a": "['a']",
            "b": ["['b'][0]", "['b'][1]"],
        }
        assert tg.optim.by_path(X, lambda path, leaf: (path, leaf.shape)) == ("", (2,))

    def test_a_mask_of_decay(self):
        decays = tg.optim.by_path(TREE, lambda path, leaf: 0.1 * (leaf.ndim > 0))
        zeros = scaled(0.0)
        new, _ = tg.optim.sgd(TREE, zeros, rate=1.0, weight_decay=decays)
        assert close(new, {"a": 0.9 * TREE["a"], "b": TREE["b"]})


class TestAccumulated:
    def test_it_is_the_large_batch(self):
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(11, 3)), rng.normal(size=11)
        params = {"w": rng.normal(size=3), "b": np.array(0.2)}
        f = tg.value_and_grad(lambda p, x, y: np.mean((x @ p["w"] + p["b"] - y) ** 2))
        for cuts in ([], [4], [1, 3, 10], range(1, 11)):
            batches = list(zip(np.split(x, cuts), np.split(y, cuts), strict=True))
            assert close(tg.optim.accumulated(f, params, batches), f(params, x, y), rtol=1e-12)
            assert close(tg.optim.accumulated(f, params, iter(batches)), f(params, x, y), 1e-12)

    def test_batches_of_trees_and_single_arrays(self):
        f = tg.value_and_grad(lambda w, batch: np.mean(w * batch["x"]))
        value, grad = tg.optim.accumulated(f, np.array(2.0), [{"x": X}, {"x": np.array([4.0])}])
        assert np.allclose([value, grad], [2.0, 1.0])

    def test_what_comes_beside_the_value_is_no_mean(self):
        function = tg.value_and_grad(lambda w, x: (np.mean(w * x), {"count": 1}), has_aux=True)
        with pytest.raises(TypeError, match=r"accumulated: .* single number .* has_aux"):
            tg.optim.accumulated(function, np.array(2.0), [np.ones(2)])

    def test_single_precision_stays(self):
        f = tg.value_and_grad(lambda w, x: np.mean(w * x))
        x = np.ones((3, 2), np.float32)
        value, grad = tg.optim.accumulated(f, np.ones(2, np.float32), [x, x[:1]])
        assert value.dtype == grad.dtype == np.float32

    @pytest.mark.parametrize(
        ("batches", "told"),
        [
            ([], "there are no batches"),
            ([(X, np.ones(3))], r"with the same number of rows, at least one, not of \[2, 3\]"),
            ([np.ones((0, 2))], r"at least one, not of \[0\]"),
            ([1.0], r"at least one, not of \[0\]"),
            ([()], "not of nothing"),
        ],
    )
    def test_batches_that_are_none(self, batches, told):
        with pytest.raises(ValueError, match=f"^accumulated: .*{told}"):
            tg.optim.accumulated(lambda w, *x: (1.0, w), X, batches)


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda: tg.optim.clip_by_norm(TREE, -1), ValueError, "clip_by_norm: the limit must be at"),
        (
            lambda: tg.optim.clip_by_norm(TREE, "x"),
            TypeError,
            "clip_by_norm: the limit must be one number",
        ),
        (
            lambda: tg.optim.clip_by_norm({"a": np.ones(2, int)}, 1),
            TypeError,
            r"clip_by_norm: the leaf at \['a'\] has dtype int64; convert it with",
        ),
        (lambda: tg.optim.clip_by_value(X, 1, -1), ValueError, "clip_by_value: low, 1.0, is above"),
        (
            lambda: tg.optim.clip_by_value(X + 1j, -1, 1),
            TypeError,
            "clip_by_value: complex numbers",
        ),
        (
            lambda: tg.optim.global_norm(["text"]),
            TypeError,
            r"global_norm: the leaf at \[0\]: takes",
        ),
        (
            lambda: tg.optim.average(X, decay=1),
            ValueError,
            "average: the decay must be at least 0 ",
        ),
        (
            lambda: tg.optim.average(X, [X]),
            ValueError,
            "average: the trees differ.*averaged is a t",
        ),
        (
            lambda: tg.optim.average({"w": X}, {"w": np.ones(3)}),
            ValueError,
            r"average: \['w'\] has shape \(2,\) and its average \(3,\)",
        ),
        (lambda: tg.optim.by_path(X, 3), TypeError, "by_path: takes a function of"),
        (
            lambda: tg.optim.accumulated(np.sum, X, np.ones((3, 2))),
            TypeError,
            "accumulated: takes a function, parameters, and a list of batches",
        ),
    ],
)
def test_what_is_refused(call, error, told):
    with pytest.raises(error, match=f"^{told}"):
        call()

"""Normalisation: formulas, the state of a batch, dtypes, jit, refusals."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor

rng = np.random.default_rng(0)
X = rng.standard_normal((4, 5, 3, 6)) * 2 + 1
SCALE, SHIFT = rng.standard_normal(6), rng.standard_normal(6)


def by_definition(x, axes, epsilon=1e-5):
    mean, var = np.mean(x, axes, keepdims=True), np.var(x, axes, keepdims=True)
    return (x - mean) / np.sqrt(var + epsilon)


def by_groups(x, groups):
    parts = x.reshape(*x.shape[:-1], groups, -1)
    return by_definition(parts, (1, 2, 4)).reshape(x.shape)


LAYERS = {
    "batch": (
        lambda x, *affine: tg.nn.batch_norm(x, None, *affine, training=True)[0],
        lambda x: by_definition(x, (0, 1, 2)),
    ),
    "layer": (tg.nn.layer_norm, lambda x: by_definition(x, -1)),
    "groups": (
        lambda x, *affine: tg.nn.group_norm(x, 3, *affine),
        lambda x: by_groups(x, 3),
    ),
    "instance": (tg.nn.instance_norm, lambda x: by_definition(x, (1, 2))),
    "rms": (
        lambda x, *scale: tg.nn.rms_norm(x, *scale[:1]),
        lambda x: x / np.sqrt(np.mean(x * x, -1, keepdims=True) + np.finfo(x.dtype).eps),
    ),
}
EVALUATED = {
    "evaluated": lambda x, *affine: tg.nn.batch_norm(
        x, {"mean": SHIFT, "var": SCALE**2}, *affine, training=False
    )[0],
    **{name: layer for name, (layer, _) in LAYERS.items()},
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_formula(name):
    ours, definition = LAYERS[name]
    plain = definition(X)
    assert np.allclose(ours(X), plain, rtol=1e-13, atol=1e-14)
    assert np.allclose(ours(X, SCALE), plain * SCALE, rtol=1e-13, atol=1e-14)
    if name != "rms":
        assert np.allclose(ours(X, SCALE, SHIFT), plain * SCALE + SHIFT, rtol=1e-13, atol=1e-13)
        assert np.allclose(ours(X, None, SHIFT), plain + SHIFT, rtol=1e-13, atol=1e-13)


def test_several_axes():
    wanted = by_definition(X, (1, 2, 3))
    assert np.allclose(tg.nn.layer_norm(X, axis=(1, 2, 3)), wanted, rtol=1e-13, atol=1e-14)
    assert np.array_equal(
        tg.nn.layer_norm(X, axis=(-1, 1, -2)), tg.nn.layer_norm(X, axis=(1, 2, 3))
    )
    scale = rng.standard_normal((3, 6))
    found = tg.nn.layer_norm(X, scale, axis=(-2, -1))
    assert np.allclose(found, by_definition(X, (2, 3)) * scale, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("affine", [(), (SCALE,), (SCALE, SHIFT)])
@pytest.mark.parametrize("name", EVALUATED)
def test_derivatives(name, affine):
    if name == "rms" and len(affine) == 2:
        return
    args = (X[:2, :2], *affine)
    report = tg.check.check_function(EVALUATED[name], *args, argnums=tuple(range(len(args))))
    report.assert_right()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", EVALUATED)
def test_a_dtype_stays(name, dtype):
    args = [v.astype(dtype) for v in (X, SCALE, SHIFT)][: 2 if name == "rms" else 3]
    y, pull = tg.vjp(EVALUATED[name], *args)
    assert y.dtype == dtype
    assert {part.dtype for part in pull(np.ones_like(y))} == {np.dtype(dtype)}
    plain = EVALUATED[name](*args)
    assert type(plain) is np.ndarray
    assert np.array_equal(plain, y)
    exact = EVALUATED[name](*[v.astype(float) for v in args])
    assert np.max(np.abs(y - exact)) <= 16 * np.finfo(dtype).eps * np.max(np.abs(exact))


def assert_same_bits(found, expected):
    for a, b in zip(tg.tree.leaves(found), tg.tree.leaves(expected), strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("name", EVALUATED)
def test_jit_gives_the_same_bits(name):
    affine = (SCALE,) if name == "rms" else (SCALE, SHIFT)

    def loss(x, *affine):
        return np.sum(np.tanh(EVALUATED[name](x, *affine)))

    f = tg.value_and_grad(loss, tuple(range(1 + len(affine))))
    jitted = tg.jit(f, constants=[SCALE, SHIFT])
    for x in (X, X - 3, X[::-1]):
        assert_same_bits(jitted(x, *affine), f(x, *affine))


def test_a_shift_alone_within_jit():
    f = tg.value_and_grad(lambda x, b: np.sum(tg.nn.layer_norm(x, None, b) ** 3), (0, 1))
    jitted = tg.jit(f)
    for x in (X, X + 1):
        assert_same_bits(jitted(x, SHIFT), f(x, SHIFT))


class TestTheStateOfABatch:
    def test_running_means_and_variances(self):
        state, mean, var = None, np.zeros(6), np.ones(6)
        for k in range(3):
            x = X * (k + 1)
            _, state = tg.nn.batch_norm(x, state, training=True, momentum=0.3)
            mean = 0.7 * mean + 0.3 * np.mean(x, (0, 1, 2))
            var = 0.7 * var + 0.3 * np.var(x, (0, 1, 2), ddof=1)
            assert np.allclose(state["mean"], mean, rtol=1e-13)
            assert np.allclose(state["var"], var, rtol=1e-13)

    def test_evaluation_uses_it_and_hands_it_on(self):
        state = {"mean": SHIFT, "var": SCALE**2}
        y, after = tg.nn.batch_norm(X, state, SCALE, SHIFT, training=False)
        expected = (X - SHIFT) / np.sqrt(SCALE**2 + 1e-5) * SCALE + SHIFT
        assert np.allclose(y, expected, rtol=1e-13, atol=1e-13)
        assert all(np.array_equal(after[name], state[name]) for name in state)

    def test_an_image_alone_is_as_among_others_in_evaluation(self):
        state = {"mean": SHIFT, "var": SCALE**2}
        whole = tg.nn.batch_norm(X, state, training=False)[0]
        assert np.array_equal(tg.nn.batch_norm(X[:1], state, training=False)[0], whole[:1])

    def test_no_gradient_passes_through_it(self):
        x = Tensor(X)
        _, state = tg.nn.batch_norm(x, None, training=True)
        assert {type(value) for value in state.values()} == {np.ndarray}
        _, state = tg.nn.batch_norm(x, {"mean": Tensor(SHIFT), "var": Tensor(SCALE)}, training=True)
        assert {type(value) for value in state.values()} == {np.ndarray}

    def test_its_dtype_stays(self):
        x = X.astype(np.float32)
        _, state = tg.nn.batch_norm(x, None, training=True)
        assert {value.dtype for value in state.values()} == {np.dtype(np.float32)}
        y, after = tg.nn.batch_norm(x, {"mean": SHIFT, "var": SCALE**2}, training=True)
        assert y.dtype == np.float32
        assert {value.dtype for value in after.values()} == {np.dtype(np.float64)}
        # half precision would lose what a small momentum adds
        _, state = tg.nn.batch_norm(x.astype(np.float16), None, training=True)
        assert {value.dtype for value in state.values()} == {np.dtype(np.float32)}

    def test_in_a_jitted_step_it_follows_the_data(self):
        def loss(params, state, x):
            y, state = tg.nn.batch_norm(x, state, **params, training=True)
            return np.sum(y**3), state

        def step(params, state, x):
            (value, state), grads = tg.value_and_grad(loss, has_aux=True)(params, state, x)
            return value, state, tg.optim.sgd(params, grads, rate=0.1).params

        params = {"scale": SCALE, "shift": SHIFT}
        runs = []
        for f in (step, tg.jit(step)):
            found, state = params, None
            for k in range(4):
                value, state, found = f(found, state, X + k)
            runs.append((value, state, found))
        assert_same_bits(*runs)


@pytest.mark.parametrize(
    ("shape", "layer"),
    [
        ((0, 6), lambda x: tg.nn.layer_norm(x, SCALE, SHIFT)),
        ((0, 3, 6), lambda x: tg.nn.group_norm(x, 2, SCALE, SHIFT)),
        ((0, 3, 6), lambda x: tg.nn.instance_norm(x, SCALE, SHIFT)),
        ((0, 6), lambda x: tg.nn.rms_norm(x, SCALE)),
        ((3, 0), lambda x: tg.nn.batch_norm(x, training=True)[0]),
        ((0, 6), lambda x: tg.nn.batch_norm(
            x, {"mean": SHIFT, "var": SCALE**2}, training=False)[0]),
    ],
)  # fmt: skip
def test_of_nothing_it_is_nothing(shape, layer):
    y, pull = tg.vjp(layer, np.zeros(shape))
    assert y.shape == shape
    assert pull(y)[0].shape == shape


STATE = {"mean": SHIFT, "var": SCALE**2}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: tg.nn.batch_norm(x, training=False), ValueError,
         r"batch_norm: evaluation \(training=False\) needs .* pass the state"),
        (lambda x: tg.nn.batch_norm(x, STATE), TypeError, "training"),
        (lambda x: tg.nn.batch_norm(x, training=1), TypeError, "training is True or False, not 1"),
        (lambda x: tg.nn.batch_norm(x, [SHIFT, SCALE], training=True), TypeError,
         "batch_norm: state is None or the dict"),
        (lambda x: tg.nn.batch_norm(x[..., :2], STATE, training=True), ValueError,
         r"the state's mean has shape \(6,\), and x 2 channels"),
        (lambda x: tg.nn.batch_norm(x[:1, 0, 0], training=True), ValueError,
         r"more than one number a channel, and x has shape \(1, 6\)"),
        (lambda x: tg.nn.batch_norm(x[0, 0, 0], training=True), ValueError,
         r"batch_norm: x must be \(n, \*spatial, channels\), not \(6,\)"),
        (lambda x: tg.nn.batch_norm(x, training=True, momentum=1.5), ValueError, "from 0 to 1"),
        (lambda x: tg.nn.batch_norm(x, training=True, momentum=None), TypeError,
         "batch_norm: momentum must be one number"),
        (lambda x: tg.nn.batch_norm(x, training=True, epsilon=-1.0), ValueError,
         "batch_norm: epsilon must be at least 0"),
        (lambda x: tg.nn.batch_norm(x, None, np.ones(5), training=True), ValueError,
         r"scale must have shape \(6,\), not \(5,\) .*axis 1.*np.moveaxis\(x, 1, -1\)"),
        (lambda x: tg.nn.group_norm(x, 2, None, np.ones(5)), ValueError,
         r"group_norm: shift must have shape .*np.moveaxis\(x, 1, -1\)"),
        (lambda x: tg.nn.instance_norm(x, np.ones((1, 6))), ValueError,
         r"instance_norm: scale must have shape \(6,\), not \(1, 6\)"),
        (lambda x: tg.nn.layer_norm(x, np.float64(1)), ValueError, r"scale must have shape \(6,\)"),
        (lambda x: tg.nn.layer_norm(x, np.ones(6), axis=(-1, -2)), ValueError,
         r"scale must have shape \(3, 6\)"),
        (lambda x: tg.nn.layer_norm(x, axis=1), ValueError, "axis must be the last one"),
        (lambda x: tg.nn.layer_norm(x, axis=(-1, -1)), ValueError, "axis must be the last one"),
        (lambda x: tg.nn.layer_norm(x, axis=()), ValueError, "axis must be the last one"),
        (lambda x: tg.nn.layer_norm(x[0, 0, 0, 0]), ValueError, r"of shape \(\)"),
        (lambda x: tg.nn.layer_norm(x, axis=1.0), TypeError, "axis is an integer or several"),
        (lambda x: tg.nn.rms_norm(x[..., :0]), ValueError, "there is nothing along axis"),
        (lambda x: tg.nn.group_norm(x, 4), ValueError, "channels that 4 groups divide"),
        (lambda x: tg.nn.group_norm(x, 0), ValueError, "channels that 0 groups divide"),
        (lambda x: tg.nn.group_norm(x, 2.0), TypeError, "groups must be an integer"),
        (lambda x: tg.nn.group_norm(x[:, :0], 2), ValueError, "only n may be 0"),
        (lambda x: tg.nn.instance_norm(x[:, :1, :1]), ValueError, "at least two pixels"),
        (lambda x: tg.nn.instance_norm(x[:, 0, 0]), ValueError, "at least two pixels"),
        (lambda x: tg.nn.layer_norm(x + 0j), TypeError, "layer_norm: takes real numbers"),
        (lambda x: tg.nn.layer_norm(x, weight=SCALE), TypeError, "it is 'scale' here"),
        (lambda x: tg.nn.layer_norm(x, eps=1e-3), TypeError, "it is 'epsilon' here"),
    ],
)  # fmt: skip
def test_refusals(call, error, message):
    for x in (X, Tensor(X)):
        with pytest.raises(error, match=message):
            call(x)


@pytest.mark.parametrize("size", [1e20, 1e37])
def test_squares_may_overflow(size):
    """Beyond the root of the largest float32; the gradient is 1/size of that of the numbers."""
    x = np.random.default_rng(0).normal(size=(4, 8))
    large = (x * size).astype(np.float32)
    with np.errstate(over="ignore"):
        for name in ("layer_norm", "rms_norm"):
            function = getattr(tg.nn, name)
            expected = function(x, epsilon=0.0)
            np.testing.assert_allclose(function(large), expected, rtol=1e-5)
            w = np.arange(32.0).reshape(4, 8)
            by_x = tg.grad(lambda x, f=function, w=w: np.sum(w * f(x, epsilon=0.0)))(x)
            by_large = tg.grad(lambda x, f=function, w=w: np.sum(w * f(x)))(large)
            np.testing.assert_allclose(by_large.astype(float) * size, by_x, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [1e6, 1e13, 1e15, 1e18, 1e20, 1e37])
@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
def test_large_rows_of_float32_have_values_and_gradients_and_leave_others_alone(name, size):
    x = np.random.default_rng(0).normal(size=(4, 8)).astype("f")
    x *= np.array([[size], [1e-3], [0], [1]], "f")
    x[3] = 5

    def f(x):
        return np.sum(getattr(tg.nn, name)(x, epsilon=1e-5) ** 3)

    with np.errstate(over="ignore"):  # of the squares
        found = getattr(tg.nn, name)(x, epsilon=1e-5)
        gradient, jitted = tg.grad(f)(x), tg.jit(tg.grad(f))(x)
    exact = x.astype(float)
    assert np.allclose(found, getattr(tg.nn, name)(exact, epsilon=1e-5), rtol=1e-5, atol=1e-6)
    sizes = np.array([[size], [1e-3], [1], [1]])
    expected = tg.grad(f)(exact) * sizes
    assert np.allclose(gradient * sizes, expected, rtol=1e-4, atol=1e-5)
    assert np.array_equal(gradient, jitted)

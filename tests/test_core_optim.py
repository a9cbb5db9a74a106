"""Optimisers: the formula, over trees, and nothing written into."""

import numpy as np
import pytest
import refused_arguments

from tinygrad_np.core import optim


def test_without_momentum():
    params, grads = {"w": np.array([1.0, 2.0]), "b": np.array(3.0)}, {"w": np.ones(2), "b": 2.0}
    (updated, state) = optim.sgd(params, grads, rate=0.5)
    assert updated["w"].tolist() == [0.5, 1.5]
    assert updated["b"] == 2.0
    assert state is None
    assert params["w"].tolist() == [1, 2]


def test_momentum_is_the_recurrence():
    rng = np.random.default_rng(0)
    w, v, state = rng.standard_normal(3), np.zeros(3), None
    params = [w.copy()]
    for _ in range(5):
        g = rng.standard_normal(3)
        v = 0.9 * v + g
        w = w - 0.1 * v
        kept = params[0].copy(), None if state is None else state[0].copy()
        before = params, state
        params, state = optim.sgd(params, [g], state, rate=0.1, momentum=0.9)
        assert np.allclose(params[0], w, rtol=1e-15)
        assert np.array_equal(before[0][0], kept[0])
        assert before[1] is None or np.array_equal(before[1][0], kept[1])


def test_torch_has_the_same_recurrence():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    rng = np.random.default_rng(1)
    w = torch.tensor(rng.standard_normal(4), requires_grad=True)
    optimiser = torch.optim.SGD([w], lr=0.05, momentum=0.8)
    params, state = w.detach().numpy().copy(), None
    for _ in range(6):
        g = rng.standard_normal(4)
        w.grad = torch.tensor(g)
        optimiser.step()
        params, state = optim.sgd(params, g, state, rate=0.05, momentum=0.8)
    assert np.allclose(params, w.detach().numpy(), rtol=1e-13)


def test_float32_stays_float32_with_numpys_numbers():
    params, state = optim.sgd(
        np.ones(2, np.float32), np.ones(2, np.float32), rate=np.float64(0.1), momentum=0.5
    )
    params, state = optim.sgd(
        params, np.ones(2, np.float32), state, rate=0.1, momentum=np.float64(0.5)
    )
    assert params.dtype == state.dtype == np.float32


def test_a_state_is_not_the_gradient_itself():
    g = np.ones(2)
    _, state = optim.sgd(np.zeros(2), g, rate=0.1, momentum=0.9)
    g[:] = 7
    assert state.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": -1.0}, "rate must be at least 0 and finite, not -1"),
        ({"rate": float("nan")}, "rate must be at least 0 and finite, not nan"),
        ({"rate": float("inf")}, "rate must be at least 0 and finite, not inf"),
        ({"rate": 1.0, "momentum": 1.0}, "momentum must be at least 0 and below 1, not 1"),
        ({"rate": 1.0, "momentum": -0.1}, "momentum must be at least 0"),
    ],
)
def test_numbers_that_make_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        optim.sgd(np.ones(2), np.ones(2), **options)


def test_trees_and_shapes_that_differ():
    with pytest.raises(ValueError, match=r"^sgd: the trees differ.*; grads is a tree like params"):
        optim.sgd([np.ones(2)], (np.ones(2),), rate=0.1)
    with pytest.raises(
        ValueError, match=r"^sgd: .* a leaf in the first, None in another; grads is"
    ):
        optim.sgd({"w": np.ones(2)}, {"w": None}, rate=0.1)
    with pytest.raises(ValueError, match=r"shape \(2,\) has a gradient of shape \(2, 1\)"):
        optim.sgd([np.ones(2)], [np.ones((2, 1))], rate=0.1)
    with pytest.raises(ValueError, match="the trees differ"):
        optim.sgd([np.ones(2)], [np.ones(2)], {"a": np.ones(2)}, rate=0.1, momentum=0.5)


@refused_arguments.each("core.optim")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)

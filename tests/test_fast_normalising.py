"""Normalisation in parts, beside the text of `nn.normalised`."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.core.dispatch import plain
from tinygrad_np.core.table import TABLE
from tinygrad_np.fast import paths
from tinygrad_np.nn.normalised import normalised, normalised_vjp

pytestmark = pytest.mark.usefixtures("fast_paths")

ROW = TABLE[normalised]
VJP = ROW.rules[ROW.first].vjp
FORMS = [(1, 6, 2, 1), (3, 1, 1, 4), (2, 3, 2, 2), (1, 128, 3, 1), (2, 192, 2, 3), (5, 1, 2, 3)]
EMPTY = [(0, 3, 2, 2), (0, 1, 1, 4), (2, 3, 0, 1), (1, 0, 0, 1)]
UNITS = {np.float32: 1e-5, np.float64: 1e-13}
"""Of the largest number: sums of up to 1,500 numbers, in another order."""


def drawn(form, rng, dtype=np.float64):
    shapes = form, form[2:], form[2:], form
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def forms(rng):
    """Random ones of batches, layers, groups and single images, and some without elements."""
    for _ in range(100):
        n, s, g, k = rng.integers(1, 9, 4)
        yield [(1, n * s * 8, g, 1), (n * s, 1, 1, g * k), (n, s * s, g, k), (n, s * s, g, 1)][
            rng.integers(4)
        ]
    yield from EMPTY


def agree(found, expected, dtype):
    for x, y in zip(found, expected, strict=True):
        assert x.shape == y.shape
        assert x.dtype == y.dtype == dtype
        bound = UNITS[dtype] * np.max(np.abs(y), initial=1)
        assert np.max(np.abs(x - y), initial=0) <= bound


@pytest.mark.parametrize("dtype", UNITS)
@pytest.mark.parametrize("about_mean", [True, False])
@pytest.mark.parametrize("affine", [0, 1, 2])
def test_values_and_cotangents_are_those_of_the_text(affine, about_mean, dtype):
    rng = np.random.default_rng(0)
    for form in forms(rng):
        x, scale, shift, g = drawn(form, rng, dtype)
        operands = [x, scale, shift][: 1 + affine]
        with paths.noted() as choices:
            ans = normalised(0.5, about_mean, *operands)
            found = VJP((g, None, None), ans, 0.5, about_mean, operands)
        assert [choice.path for choice in choices] == ["parts"] * 2
        agree(ans, plain(normalised)(0.5, about_mean, *operands), dtype)
        agree(found, normalised_vjp((g, None, None), ans, 0.5, about_mean, operands), dtype)


@pytest.mark.parametrize("form", FORMS)
def test_some_rows_at_a_time_are_as_all_at_once(form, monkeypatch):
    x, scale, shift, g = drawn((form[0] * 7, *form[1:]), np.random.default_rng(1))
    operands = [x, scale, shift]
    whole = plain(normalised)(0.1, True, *operands)
    cotangents = normalised_vjp((g, None, None), whole, 0.1, True, operands)
    for size in (1, 200, 1000, 1 << 20):
        monkeypatch.setattr(paths, "NORMALISED_BYTES", size)
        agree(normalised(0.1, True, *operands), whole, np.float64)
        agree(VJP((g, None, None), whole, 0.1, True, operands), cotangents, np.float64)


def test_what_depends_on_the_moments_has_the_texts_rule():
    x, scale, shift, g = drawn((2, 3, 2, 2), np.random.default_rng(2))
    operands = [x, scale, shift]
    ans = normalised(0.1, True, *operands)
    with paths.noted() as choices:
        for given in ((g, ans[1], None), (None, None, ans[2]), (None, ans[2], ans[1])):
            found = VJP(given, ans, 0.1, True, operands)
            agree(found, normalised_vjp(given, ans, 0.1, True, operands), np.float64)
    assert {choice.why for choice in choices} == {paths.TEXT_MOMENTS.why}


@pytest.mark.parametrize("is_fast", [True, False])
def test_replays_have_the_same_bits_by_both_paths(is_fast, monkeypatch):
    monkeypatch.setattr(paths, "ENABLED", is_fast)
    rng = np.random.default_rng(3)

    def loss(x, scale, shift):
        return np.sum(np.sin(normalised(0.1, True, x, scale, shift)[0]))

    def hessian_product(x, scale, shift):
        return tg.hvp(loss, (x, scale, shift), (x, scale, shift))

    for function in (tg.grad(loss, (0, 1, 2)), hessian_product):
        jitted = tg.jit(function)
        for _ in range(3):
            operands = drawn((2, 64, 3, 2), rng)[:3]
            found, expected = (tg.tree.leaves(f(*operands)) for f in (jitted, function))
            assert all(map(np.array_equal, found, expected))

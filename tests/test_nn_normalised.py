"""The array function beneath all normalisations, and its rules."""

import numpy as np
import pytest
from mutants import mutants

import tinygrad_np as tg
from tinygrad_np.atlas.evidence import witnesses
from tinygrad_np.atlas.samples import samples_of
from tinygrad_np.core.table import TABLE
from tinygrad_np.nn.normalised import normalised

ROW = TABLE[normalised]
FORMS = [(1, 6, 2, 1), (3, 1, 1, 4), (2, 3, 2, 2), (1, 128, 3, 1), (2, 192, 2, 3), (5, 1, 2, 3)]


def drawn(form, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    x, scale, shift, g = (
        rng.standard_normal(shape).astype(dtype) for shape in (form, form[2:], form[2:], form)
    )
    return x, scale, shift, g


def test_all_witnesses_agree():
    found = [finding for sample in samples_of(ROW) for finding in witnesses(ROW, sample)]
    assert len(found) >= 100
    assert not [finding for finding in found if not finding.is_right]


def test_every_wrong_version_is_found():
    for mutant in mutants(ROW):
        found = (f for sample in samples_of(ROW) for f in witnesses(mutant.row, sample))
        is_found = any(not finding.is_right for finding in found)
        assert is_found or ("transpose" in mutant.name and not mutant.applied), mutant.name


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("about_mean", [True, False])
def test_the_formula(form, about_mean):
    x, scale, shift, _ = drawn(form)
    y, mean, variance = normalised(0.1, about_mean, x, scale, shift)
    wanted = np.mean(x, (1, 3), keepdims=True) if about_mean else np.zeros(mean.shape)
    spread = np.mean((x - wanted) ** 2, (1, 3), keepdims=True)
    assert np.allclose(mean, wanted, rtol=1e-14, atol=1e-15)
    assert np.allclose(variance, spread, rtol=1e-14, atol=0)
    expected = (x - wanted) / np.sqrt(spread + 0.1) * scale + shift
    assert np.allclose(y, expected, rtol=1e-13, atol=1e-14)
    assert np.array_equal(normalised(0.1, about_mean, x)[1], mean)


def test_arguments_stay_as_they_are():
    given = drawn((2, 64, 3, 2))
    before = [x.copy() for x in given]
    *operands, g = given
    _, pull = tg.vjp(lambda *operands: normalised(0.1, True, *operands)[0], *operands)
    pull(g)
    assert all(np.array_equal(a, b) for a, b in zip(given, before, strict=True))


@pytest.mark.parametrize("form", [(1, 4096, 2, 1), (4096, 1, 1, 8), (2, 1024, 2, 2)])
def test_a_large_mean_costs_no_more_than_the_digits_that_it_takes(form):
    """The mean is off by a unit in its last place, the deviations by as much, and no more."""
    x, scale, shift, _ = drawn(form, dtype=np.float32)
    x = x + np.float32(1000)
    y, _, variance = normalised(1e-5, True, x, scale, shift)
    exact, _, exactly = normalised(1e-5, True, *(v.astype(float) for v in (x, scale, shift)))
    unit = 1000 * np.finfo(np.float32).eps / np.sqrt(exactly)  # of what is scaled and shifted
    assert np.all(np.abs(y - exact) <= 2 * unit * np.abs(scale) + 1e-5)
    assert np.all(np.abs(variance / exactly - 1) <= 1e-5 + 4 * unit**2)
    # in one pass the variance would be off by more than itself
    in_one = np.mean(x * x, (1, 3), keepdims=True) - np.mean(x, (1, 3), keepdims=True) ** 2
    assert np.max(np.abs(in_one / exactly - 1)) > 0.01


def test_moments_have_derivatives_too():
    x = drawn((2, 3, 2, 2))[0]
    tg.check.check_function(lambda x: normalised(0.1, True, x)[1], x).assert_right()
    tg.check.check_function(lambda x: normalised(0.1, True, x)[2], x).assert_right()
    tg.check.check_function(lambda x: normalised(0.1, False, x)[2], x).assert_right()

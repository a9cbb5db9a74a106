"""The convolution over the whole grid of geometries: the closed form against linear algebra.

With data of small integers every sum is exact, so agreement is bit for bit. The reference is the
definition as a trilinear form: for each axis an indicator of which pixel lies under which tap of
which window, from loops over all three; both gradients are the same form with another operand left
out.
"""

import itertools
import random

import numpy as np
import pytest
from grid import Case, rectangular_cases, square_cases

from tinygrad_np import closed_form

RECTANGULAR = 2500


def indicators(case):
    """For each axis [i, α, p]: 1 where tap α of window i lies over pixel p, else 0."""
    for count, n, k, s, p in zip(case.counts, *case, strict=True):
        result = np.zeros((count, k, n))
        for i, alpha in np.ndindex(count, k):
            if 0 <= s * i + alpha - p < n:
                result[i, alpha, s * i + alpha - p] = 1
        yield result


def disagreements(case, seed=0):
    """The names of the three functions that differ from the trilinear form."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-4, 5, (2, *case.spatial, 2)).astype(float)
    w = rng.integers(-4, 5, (*case.size, 2, 3)).astype(float)
    u = rng.integers(-4, 5, (2, *case.counts, 3)).astype(float)
    rows, columns = indicators(case)
    # [n, i, α, j, β, c]: the pixel under each tap of each window
    under = np.einsum("iap,jbq,npqc->niajbc", rows, columns, x, optimize=True)
    taps = np.einsum("nijf,abcf->niajbc", u, w)
    expected = {
        "convolution": np.einsum("niajbc,abcf->nijf", under, w),
        "convolution_filters": np.einsum("niajbc,nijf->abcf", under, u),
        "convolution_images": np.einsum("iap,jbq,niajbc->npqc", rows, columns, taps, optimize=True),
    }
    found = {
        "convolution": closed_form.convolution(x, w, case.stride, case.padding),
        "convolution_filters": closed_form.convolution_filters(
            x, u, case.size, case.stride, case.padding
        ),
        "convolution_images": closed_form.convolution_images(
            u, w, x.shape, case.stride, case.padding
        ),
    }
    return [name for name in expected if not np.array_equal(found[name], expected[name])]


SAMPLE = [
    *random.Random(0).sample(list(square_cases()), 32),
    *rectangular_cases(32, seed=1),
]


@pytest.mark.parametrize("case", SAMPLE, ids=str)
def test_a_sample(case):
    assert disagreements(case) == []


@pytest.mark.slow
def test_every_square_case():
    cases = list(square_cases())
    assert len(set(cases)) == 2082
    assert [case for case in cases if disagreements(case)] == []


@pytest.mark.slow
def test_rectangular_cases():
    cases = list(rectangular_cases(RECTANGULAR, seed=2))
    assert len(set(cases)) >= 2000
    assert [case for case in cases if disagreements(case)] == []


class TestTheGrid:
    def test_the_sample_has_what_is_hard(self):
        """Every way in which a geometry can be awkward occurs on some axis."""
        axes = [axis for case in SAMPLE for axis in zip(*case, strict=True)]
        assert any((n + 2 * p - k) % s for n, k, s, p in axes), "rows that no window reaches"
        assert any(s > k for n, k, s, p in axes), "pixels between the windows"
        assert any(p >= k for n, k, s, p in axes), "windows wholly in the padding"
        assert any(p < k - 1 for n, k, s, p in axes), "padding less than full"
        assert any(k % 2 == 0 for n, k, s, p in axes), "even filters"
        assert any(k == 1 for n, k, s, p in axes), "filters of one tap"
        assert any(n == 1 for n, k, s, p in axes), "images of one pixel"

    def test_it_is_what_it_says(self):
        for case in itertools.chain(square_cases(), rectangular_cases(100, seed=3)):
            assert min(case.counts) >= 1
        assert Case((5, 1), (2, 1), (3, 2), (0, 1)).counts == (2, 2)
        first, second = [list(rectangular_cases(20, seed)) for seed in (4, 4)]
        assert first == second != list(rectangular_cases(20, seed=5))

    @pytest.mark.parametrize(
        ("function", "change"),
        [
            ("convolution", lambda f, x, w, s, p: f(x, w[::-1, ::-1], s, p)),
            ("convolution", lambda f, x, w, s, p: f(x[:, ::-1], w[::-1], s, p)[:, ::-1]),
            ("convolution_filters", lambda f, x, u, *rest: f(x, u, *rest)[::-1]),
            ("convolution_images", lambda f, u, w, *rest: f(u, w[::-1], *rest)),
            ("convolution_images", lambda f, u, w, *rest: np.roll(f(u, w, *rest), 1, axis=2)),
            ("convolution_images", lambda f, u, w, *rest: f(_without_last(u), w, *rest)),
        ],
    )
    def test_a_wrong_function_is_found(self, monkeypatch, function, change):
        right = getattr(closed_form, function)
        monkeypatch.setattr(closed_form, function, lambda *args: change(right, *args))
        found = [disagreements(case) for case in SAMPLE]
        assert [function] in found
        assert all(names in ([], [function]) for names in found)


def _without_last(cotangents):
    result = cotangents.copy()
    result[:, -1] = 0
    return result

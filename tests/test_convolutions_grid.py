"""The convolution over the whole grid of geometries, along three paths that must agree.

The paths are the strided view (`conv2d`), the index trick of the posts (`window_indices` and
`numpy.take`), both differentiated by reverse mode, and the closed form. With data of small integers
every sum is exact, so agreement is bit for bit. The closed form is also held against linear
algebra: the definition as a trilinear form, with an indicator of which pixel lies under which tap
of which window for each axis, from loops over all three; both gradients are the same form with
another operand left out.

    python -m pytest -m slow tests/test_convolutions_grid.py     # all of it
    python tests/test_convolutions_grid.py                       # the same, with its counts printed
"""

import itertools
import random
import sys

import numpy as np
import pytest
from grid import Case, rectangular_cases, square_cases

import tinygrad_np as tg
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


def by_view(case):
    return lambda x, w: tg.conv2d(x, w, stride=case.stride, padding=case.padding)


def by_index(case):
    """Part 2 of the posts: an array of indices, take, and a dense product."""
    (top, left), (k, m) = case.padding, case.size

    def convolve(x, w):
        framed = np.pad(x, ((0, 0), (top, top), (left, left), (0, 0)))
        columns = np.take(framed, tg.window_indices(framed.shape, case.size, case.stride))
        n, rows, width = columns.shape[:3]
        inputs, outputs = w.shape[2:]
        flat = columns.reshape(n * rows * width, k * m * inputs) @ w.reshape(-1, outputs)
        return flat.reshape(n, rows, width, outputs)

    return convolve


def three_paths(case, draw):
    """Value and both gradients along each path, of arrays made by `draw`."""
    x, w = draw(2, *case.spatial, 2), draw(*case.size, 2, 3)
    u = draw(2, *case.counts, 3)
    found = []
    for path in (by_view(case), by_index(case)):
        value, pull = tg.vjp(path, x, w)
        found.append((value, *pull(u)))
    geometry = case.stride, case.padding
    found.append(
        (
            closed_form.convolution(x, w, *geometry),
            closed_form.convolution_images(u, w, x.shape, *geometry),
            closed_form.convolution_filters(x, u, case.size, *geometry),
        )
    )
    return found


def paths_agree(case, seed=0):
    """Bit for bit on integers, and to 1e-12 of the largest value on random numbers."""
    rng = np.random.default_rng(seed)
    integers = three_paths(case, lambda *shape: rng.integers(-4, 5, shape).astype(float))
    reals = three_paths(case, lambda *shape: rng.standard_normal(shape))
    return all(
        np.array_equal(a, b)
        for path in integers[1:]
        for a, b in zip(path, integers[0], strict=True)
    ) and all(
        a.shape == b.shape and np.max(np.abs(a - b)) <= 1e-12 * max(1, np.max(np.abs(b)))
        for path in reals[1:]
        for a, b in zip(path, reals[0], strict=True)
    )


SAMPLE = [
    *random.Random(0).sample(list(square_cases()), 32),
    *rectangular_cases(32, seed=1),
]


@pytest.mark.parametrize("case", SAMPLE, ids=str)
def test_a_sample(case):
    assert disagreements(case) == []


@pytest.mark.parametrize("case", SAMPLE, ids=str)
def test_three_paths_agree_on_a_sample(case):
    assert paths_agree(case)


def whole_grid():
    """The square cases, and the rectangular ones."""
    return {"square": list(square_cases()), "rectangular": [*rectangular_cases(RECTANGULAR, 2)]}


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "least"), [("square", 2082), ("rectangular", 2000)])
def test_every_case(kind, least):
    cases = whole_grid()[kind]
    assert len(set(cases)) >= least
    assert [case for case in cases if disagreements(case)] == []
    assert [case for case in cases if not paths_agree(case)] == []


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


def main():
    """Try every case and print the counts; the exit status is 1 if one fails."""
    failed = 0
    for kind, cases in whole_grid().items():
        algebra = [case for case in cases if disagreements(case)]
        paths = [case for case in cases if not paths_agree(case)]
        failed += len(algebra) + len(paths)
        print(f"{len(cases):,} {kind} cases, value and both gradients:")
        print(f"  {len(cases) - len(paths):,} agree along three paths, {len(paths)} do not")
        print(f"  {len(cases) - len(algebra):,} agree with linear algebra, {len(algebra)} do not")
        for case in (algebra + paths)[:5]:
            print(f"  {case}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())

"""What a page tells of an array: a picture, numbers, statistics, a histogram."""

import base64
import json

import numpy as np
import pytest

from tinygrad_np.viz.digests import SHOWN_NUMBERS, digest, told

RNG = np.random.default_rng(18)


def pixels(found):
    n, rows, columns, _ = found["tiles"]
    return np.frombuffer(base64.b64decode(found["bytes"]), np.uint8).reshape(n, rows, columns)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (0.123456, 0.1235),
        (1000.5, 1000.0),  # a tie: Python rounds it to the even digit
        (-0.0, 0.0),
        (1e-310, 1e-310),
        (np.float32(16777216), 16780000.0),
        (np.nan, "nan"),
        (-np.inf, "-inf"),
        (np.finfo(float).max, np.finfo(float).max),  # to four digits it would be inf
    ],
)
def test_a_number_has_four_digits(x, expected):
    assert told(x) == expected
    assert str(told(x)) != "-0.0"


class TestTheWhole:
    @pytest.mark.parametrize("dtype", ["f2", "f4", "f8", np.longdouble])
    def test_statistics(self, dtype):
        x = RNG.normal(size=(3, 40, 50)).astype(dtype)
        x[0, 0, :7] = 0
        found = digest(x)
        y = x.astype(float)
        assert found["stats"] == [told(v) for v in (y.min(), y.max(), y.mean(), y.std())]
        assert found["counts"] == [np.count_nonzero(x == 0), 0, 0]

    def test_what_is_not_finite_is_counted_and_left_out(self):
        found = digest(np.array([1.0, np.nan, 3.0, np.inf, -np.inf, 0.0, np.nan]))
        assert found["counts"] == [1, 2, 2]
        assert found["stats"] == [0.0, 3.0, told(4 / 3), told(np.std([1, 3, 0]))]
        assert found["numbers"] == [1.0, "nan", 3.0, "inf", "-inf", 0.0, "nan"]

    def test_nothing_is_finite(self):
        found = digest(np.full((2, 2), np.nan))
        assert found["stats"] == []
        assert "bins" not in found
        assert not pixels(found).any()

    def test_a_histogram_counts_every_finite_number(self):
        x = np.append(RNG.normal(size=500), [np.nan, np.inf])
        found = digest(x)
        counted, _ = np.histogram(x[:500], 16)
        assert sum(found["bins"]) == 500
        assert found["bins"] == counted.tolist()

    def test_of_equal_numbers_too(self):
        assert sum(digest(np.full(9, 3.0))["bins"]) == 9
        assert sum(digest(np.zeros(9))["bins"]) == 9

    @pytest.mark.parametrize(
        "ends", [(-1.7e308, 1.7e308), (5e-324, 1e-323), (1.0, np.nextafter(1.0, 2))]
    )
    def test_ends_of_the_range(self, ends):
        found = digest(np.array(ends))
        assert sum(found["bins"]) == 2
        assert found["stats"][:2] == [told(x) for x in ends]

    def test_complex_numbers_are_told_by_their_absolute_values(self):
        found = digest(np.array([3 + 4j, complex(np.nan, 1)]))
        assert found["numbers"] == [5.0, "nan"]
        assert found["stats"][:2] == [5.0, 5.0]
        assert found["counts"] == [0, 1, 0]

    @pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 4, 4, 1)])
    def test_no_elements(self, shape):
        assert digest(np.zeros(shape)) == {"stats": [], "counts": [0, 0, 0]}


class TestThePicture:
    @pytest.mark.parametrize(
        ("shape", "role"),
        [
            ((), ""),
            ((5,), ""),
            ((9, 8), ""),
            ((2000,), ""),
            ((300, 200), ""),
            ((784, 10), ""),
            ((2, 28, 28, 1), ""),
            ((2, 28, 28, 3), ""),
            ((2, 32, 32, 64), ""),
            ((2, 7, 7, 100), ""),
            ((4, 100, 16), ""),
            ((2, 3, 20, 20, 2), ""),
            ((2, 3, 4, 5, 6, 7), ""),
            ((3, 3, 1, 8), "filters"),
            ((11, 11, 3, 96), "filters"),
            ((2, 26, 26, 3, 3, 4), "windows"),
            ((2, 20, 20, 40, 40, 1), "windows"),
        ],
    )
    def test_every_pixel_is_the_element_that_it_says(self, shape, role):
        x = np.asarray(RNG.normal(size=shape))
        found = digest(x, role)
        shown = pixels(found)
        assert shown.size <= (1024 if role == "" or shape[-1] != 1 else 1600)
        part = found["part"] or "[...]"
        picked = eval(f"x{part}", {"x": x})
        if role == "windows":
            picked = picked.reshape(-1, *picked.shape[2:])
        elif x.ndim >= 4:
            picked = np.moveaxis(picked, 2, 0)
        picked = picked.reshape(shown.shape)
        scale = np.abs(picked).max()
        assert found["scale"] == told(scale)
        assert np.array_equal(shown, 128 + np.rint(127 * picked / scale))
        if picked.size <= SHOWN_NUMBERS:
            assert found["middle"] == []
            assert found["numbers"] == [told(v) for v in picked.ravel()]
        else:
            rows, columns = [slice(*ends) for ends in found["middle"]]
            assert found["numbers"] == [told(v) for v in picked[0, rows, columns].ravel()]
            assert 1 <= len(found["numbers"]) <= 20

    def test_zero_lies_in_the_middle_and_nan_is_apart(self):
        shown = pixels(digest(np.array([-2.0, 0.0, 1.0, np.nan, np.inf])))
        assert shown.ravel().tolist() == [1, 128, 192, 0, 0]

    def test_of_zeros(self):
        assert (pixels(digest(np.zeros((4, 4)))) == 128).all()

    @pytest.mark.parametrize(
        "shape", [(1,) * 30, (2,) * 12, (10_000, 1), (1, 10_000), (3, 1, 5_000, 1)]
    )
    def test_it_is_small_whatever_the_shape(self, shape):
        x = -1.234e-105 * RNG.random(shape)
        assert len(json.dumps(digest(x), separators=(",", ":"))) < 1_950

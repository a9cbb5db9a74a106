"""Sizes and steps of layers: padding 'same', strides, images or filters with other axes."""

import numpy as np
import pytest
from drawn_convolutions import definition
from maps import integers

import tinygrad_np as tg
from tinygrad_np import closed_form


class TestPadding:
    @pytest.mark.parametrize("n", range(1, 9))
    @pytest.mark.parametrize("k", range(1, 6))
    @pytest.mark.parametrize("s", range(1, 4))
    def test_same_has_n_over_s_windows_with_the_odd_zero_after(self, n, k, s):
        x = np.arange(1.0, n + 1).reshape(1, n, 1)
        w = np.arange(1.0, k + 1).reshape(k, 1, 1)
        found = tg.conv1d(x, w, stride=s, padding="same")
        assert found.shape == (1, -(-n // s), 1)
        total = max(0, (-(-n // s) - 1) * s + k - n)
        expected = definition(x, w, (s,), ((total // 2, total - total // 2),), (1,))
        assert np.array_equal(found, expected)

    def test_same_with_dilation(self):
        x = np.arange(5.0).reshape(1, 5, 1)
        found = tg.conv1d(x, np.ones((2, 1, 1)), padding="same", dilation=3)
        # spans 4: one zero before, two after
        assert found.ravel().tolist() == [2, 3, 5, 2, 3]

    @pytest.mark.parametrize(
        "padding", [2, (2, 2), [2, 2], ((2, 2), (2, 2)), [(2, 2), 2], np.int64(2)]
    )
    def test_ways_to_say_the_same(self, padding):
        x, w = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1))
        expected = tg.conv2d(np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0))), w)
        assert np.array_equal(tg.conv2d(x, w, padding=padding), expected)

    def test_valid_is_none(self):
        x, w = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1))
        assert np.array_equal(tg.conv2d(x, w, padding="valid"), tg.conv2d(x, w))

    @pytest.mark.parametrize("stride", [1, 2, 3])
    @pytest.mark.parametrize("k", [1, 2, 3, 4])
    def test_same_transposed_is_stride_times_as_large_and_the_adjoint_of_same(self, stride, k):
        rng = np.random.default_rng(k)
        x, w = integers(rng, 2, 4, 5, 3), integers(rng, k, k, 2, 3)
        found = tg.conv_transpose2d(x, w, stride=stride, padding="same")
        assert found.shape == (2, 4 * stride, 5 * stride, 2)
        y = integers(rng, *found.shape)
        assert np.sum(tg.conv2d(y, w, stride=stride, padding="same") * x) == np.sum(y * found)


class TestTransposedMessages:
    @pytest.mark.parametrize(
        ("shape", "filters", "options", "message"),
        [
            ((1, 3, 3, 2), (3, 3, 1, 1), {}, r"2 channels and the filters take 1 .*out, in"),
            ((1, 3, 3, 1), (3, 3, 1, 1), {"output_padding": 1}, "must be below the stride 1"),
            ((1, 3, 3, 1), (2, 2, 1, 1), {"padding": 9}, "takes away all of the 4×4 result"),
            ((1, 3, 1), (3, 3, 1, 1), {}, "x\\[..., None\\] adds a channel"),
            (
                (1, 3, 3, 1), (3, 3, 1, 1), {"padding": "same", "stride": 2, "output_padding": 1},
                "no place beside padding 'same'",
            ),
            ((1, 3, 3, 3), (3, 3, 1, 3), {"groups": 2}, "in 2 groups"),
        ],
    )  # fmt: skip
    def test_messages(self, shape, filters, options, message):
        with pytest.raises(ValueError, match=f"conv_transpose2d: .*{message}"):
            tg.conv_transpose2d(np.ones(shape), np.ones(filters), **options)


class TestChannelsFirst:
    """Images or filters as PyTorch has them: the message has the code that puts them right."""

    IMAGES = "NHWC, (n, rows, columns, channels): use np.moveaxis(images, 1, -1)"
    FILTERS = "filters are (rows, columns, in, out): use np.transpose(filters, (2, 3, 1, 0))"

    @pytest.mark.parametrize(
        ("name", "images", "filters", "options", "told"),
        [
            ("conv2d", (4, 3, 32, 32), (3, 3, 3, 8), {}, [IMAGES]),
            ("conv2d", (4, 3, 32, 32), (5, 5, 3, 8), {}, [IMAGES]),
            ("conv2d", (4, 3, 32, 32), (8, 3, 5, 5), {}, [IMAGES, FILTERS]),
            ("conv2d", (4, 3, 32, 32), (8, 3, 3, 3), {}, [IMAGES, FILTERS]),
            ("conv2d", (4, 32, 32, 3), (8, 3, 5, 5), {}, [FILTERS]),
            ("conv2d", (4, 32, 32, 3), (64, 3, 3, 3), {}, [FILTERS]),  # too large, as they stand
            ("conv2d", (4, 6, 9, 9), (8, 3, 5, 5), {"groups": 2}, [IMAGES, FILTERS]),
            ("conv1d", (4, 3, 32), (5, 3, 8), {}, ["(n, *spatial, channels): use np.moveaxis"]),
            ("conv3d", (4, 3, 8, 8, 8), (5, 5, 5, 3, 2), {}, ["np.moveaxis(images, 1, -1)"]),
            ("conv3d", (4, 8, 8, 8, 3), (2, 3, 5, 5, 5), {}, ["(filters, (2, 3, 4, 1, 0))"]),
            ("conv_transpose2d", (4, 6, 8, 8), (6, 4, 5, 5), {}, [IMAGES, "(2, 3, 1, 0))"]),
            ("conv_transpose2d", (4, 8, 8, 6), (6, 4, 5, 5), {}, ["(rows, columns, out, in)"]),
        ],
    )
    def test_a_convolution(self, name, images, filters, options, told):
        images, filters = np.ones(images), np.ones(filters)
        with pytest.raises(ValueError, match=f"{name}: ") as caught:
            getattr(tg, name)(images, filters, **options)
        message = str(caught.value)
        assert all(part in message for part in told)
        for code in message.split(": use ")[1:]:
            name_of, code = ("images" if "images" in code else "filters"), code.split(", and ")[0]
            if name_of == "images":
                images = eval(code)
            else:
                filters = eval(code)
        getattr(tg, name)(images, filters, **options)

    @pytest.mark.parametrize(("shape", "size"), [((4, 1, 28, 28), 2), ((4, 3, 8, 8), 4)])
    @pytest.mark.parametrize("pool", [tg.max_pool, tg.average_pool])
    def test_pooling(self, pool, shape, size):
        with pytest.raises(ValueError, match=r"window does not fit .* image") as caught:
            pool(np.ones(shape), size)
        assert str(caught.value).endswith(f"; images are {self.IMAGES}")
        pool(np.moveaxis(np.ones(shape), 1, -1), size)

    @pytest.mark.parametrize(
        ("images", "filters"),
        [
            ((4, 9, 9, 2), (3, 3, 1, 8)),
            ((4, 2, 2, 3), (5, 5, 3, 1)),
            ((4, 9, 9, 3), (3, 3, 1, 8)),  # the second axis is as long as there are channels
        ],
    )
    def test_other_shapes_that_do_not_fit_get_no_such_advice(self, images, filters):
        with pytest.raises(ValueError, match="conv2d: ") as caught:
            tg.conv2d(np.ones(images), np.ones(filters))
        assert "use np." not in str(caught.value)


X, W = np.ones((2, 5, 5, 1)), np.ones((3, 3, 1, 2))


class TestSizesThatDoNotFit:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"filters": np.ones((6, 6, 1, 1))}, "6×6 filter does not fit the 5×5 image"),
            ({"stride": -1}, "stride must be at least 1"),
            ({"stride": 0}, "stride must be at least 1"),
            ({"padding": -1}, "padding must be at least 0"),
        ],
    )
    def test_they_raise_with_the_remedy(self, options, message):
        arguments = {"filters": W, **options}
        with pytest.raises(ValueError, match=message):
            tg.conv2d(X, **arguments)
        with pytest.raises(ValueError, match="convolution: "):
            closed_form.convolution(X, **arguments)

    def test_an_empty_batch_gives_an_empty_result_and_zero_gradients(self):
        y, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, padding=1), X[:0], W)
        assert y.shape == (0, 5, 5, 2)
        by_x, by_w = pull(np.zeros((0, 5, 5, 2)))
        assert by_x.shape == (0, 5, 5, 1)
        assert not by_w.any()
        assert by_w.shape == W.shape


class TestWhatTheCallerGives:
    def test_weights_given_by_the_caller_are_used(self):
        assert np.array_equal(tg.conv2d(X, 2 * W), 2 * tg.conv2d(X, W))

    def test_integers_stand_for_pairs(self):
        one = tg.conv2d(X, W, padding=1, stride=2)
        assert np.array_equal(one, tg.conv2d(X, W, padding=(1, 1), stride=(2, 2)))

    @pytest.mark.parametrize("k", range(1, 6))
    def test_same_is_the_same_size_for_even_filters_too(self, k):
        assert tg.conv2d(X, np.ones((k, k, 1, 1)), padding="same").shape == (2, 5, 5, 1)

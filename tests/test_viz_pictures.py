"""Images, filters and feature maps: what is drawn is what was given."""

import re

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import viz


@pytest.fixture
def rng():
    return np.random.default_rng(0)


class TestImages:
    @pytest.fixture
    def axes(self):
        return viz.figure(1, 1).subplots()

    def test_one_channel(self, axes):
        viz.image(axes, np.zeros((2, 2)), largest=0.0)
        viz.image(axes, np.arange(4.0).reshape(2, 2, 1))
        assert axes.images[-1].get_clim() == (0, 3)
        viz.image(axes, np.array([[3, 5]], np.uint8))
        assert axes.images[-1].get_clim() == (0, 255)
        viz.image(axes, np.eye(2) > 0)
        assert axes.images[-1].get_clim() == (0, 1)

    @pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
    def test_colours_as_they_are(self, axes, dtype):
        pixels = np.array([[[0, 1, 1], [1, 0, 0]]], dtype)
        viz.image(axes, pixels)
        drawn = axes.images[-1].get_array()
        assert drawn.tolist() == pixels.tolist()
        assert drawn.dtype == (np.uint8 if pixels.dtype.kind in "iu" else dtype)

    def test_colours_around_zero(self, axes):
        """0 is half of a colour, −largest none of it, largest and more all of it."""
        viz.image(axes, np.array([[[-2, 0, 1], [2, 4, -9]]]), largest=2.0)
        assert axes.images[-1].get_array().tolist() == [[[0, 0.5, 0.75], [1, 1, 0]]]

    @pytest.mark.parametrize("low", [-0.1, 1.1, np.nan])
    def test_colours_out_of_their_range(self, axes, low):
        with pytest.raises(ValueError, match=r"from 0 to 1, not float64 from .* or give largest="):
            viz.image(axes, np.full((2, 2, 3), low))
        with pytest.raises(ValueError, match=r"from 0 to 255 .* not int64 from -1 to 256"):
            viz.image(axes, np.array([[[-1, 0, 256]]]))

    @pytest.mark.parametrize("shape", [(2,), (2, 2, 2), (2, 2, 4), (1, 2, 2, 1), (0, 2), (2, 0, 3)])
    def test_shapes_that_are_no_image(self, axes, shape):
        with pytest.raises(ValueError, match=r"image: takes .* numbers, not shape \("):
            viz.image(axes, np.zeros(shape))

    @pytest.mark.parametrize(
        ("shape", "told"),
        [
            ((3, 8, 8), "use np.moveaxis(pixels, 0, -1)"),
            ((1, 8, 8, 3), "draw one of them: pixels[0]"),
        ],
    )
    def test_channels_first_and_batches_are_named(self, axes, shape, told):
        with pytest.raises(ValueError, match=re.escape(told)):
            viz.image(axes, np.zeros(shape))
        with pytest.raises(ValueError, match="divide by 255, or give largest="):
            viz.image(axes, np.full((2, 2, 3), 200.0))

    def test_what_is_infinite_has_the_colour_of_the_largest(self, axes):
        viz.image(axes, [[-np.inf, np.inf, 1.0, np.nan]], largest=1.0, numbers=True)
        picture = axes.images[-1]
        assert picture.get_array()[0, :3].tolist() == [-1, 1, 1]
        assert [text.get_text() for text in axes.texts] == ["-inf", "inf", "1.00", "nan"]
        viz.numbers(axes, [[-np.inf, np.inf, 2.0]])
        assert np.ravel(axes.collections[-1].get_array()).tolist() == [-2, 2, 2]

    def test_a_tensor_is_told_what_to_give(self, axes):
        for draw in (viz.image, viz.numbers):
            told = f"tg.viz.{draw.__name__} would lose the gradient; use t.data for the value"
            with pytest.raises(TypeError, match=f"^{re.escape(told)}$"):
                draw(axes, tg.Tensor(np.eye(2)))

    @pytest.mark.parametrize("largest", [-1.0, np.nan, np.inf])
    def test_a_largest_that_is_none(self, axes, largest):
        with pytest.raises(ValueError, match="image: largest is a number from 0 on"):
            viz.image(axes, np.eye(2), largest=largest)

    @pytest.mark.parametrize("pixels", [[["a"]], [[1j]], [[None]]])
    def test_what_is_no_number(self, axes, pixels):
        for draw in (viz.image, viz.numbers):
            with pytest.raises(
                TypeError, match=f"{draw.__name__}: takes real numbers, not an arra"
            ):
                draw(axes, pixels)
        with pytest.raises(ValueError, match="image: the nested lists are no array"):
            viz.image(axes, [[1], [1, 2]])

    def test_numbers_can_be_read_on_every_colour(self, axes):
        viz.image(axes, [[-1.0, 0.0, 1.0]], largest=1.0, numbers=True)
        assert [text.get_color() for text in axes.texts] == ["white", "black", "white"]
        axes.texts[0].remove()
        viz.image(axes, [[0.0, 1.0]], numbers=True)
        assert [text.get_color() for text in axes.texts[-2:]] == ["white", "black"]
        with pytest.raises(ValueError, match="written into one channel"):
            viz.image(axes, np.zeros((1, 1, 3)), numbers=True)


def test_a_colour_bar_is_that_of_its_images():
    figure = viz.figure(4, 2)
    places = figure.subplots(1, 2)
    for place in places:
        viz.image(place, np.eye(3), largest=2.0)
    viz.colour_bar(places, "weights")
    bar = figure.axes[-1]
    assert len(figure.axes) == 3
    assert bar.get_ylim() == (-2, 2)
    assert bar.get_ylabel() == "weights"
    viz.colour_bar(places[0])
    empty, coloured = viz.figure(4, 2).subplots(1, 2)
    viz.image(coloured, np.zeros((1, 1, 3)))
    for place in (empty, coloured, []):
        with pytest.raises(ValueError, match="scale of an image of one channel"):
            viz.colour_bar(place)


class TestManyImages:
    def test_they_have_one_scale_and_stand_apart(self, rng):
        pixels = rng.normal(size=(11, 4, 6))
        axes = viz.images(None, pixels, "eleven", columns=4)
        assert axes.get_title() == "eleven"
        assert len(axes.images) == 11
        for drawn, given in zip(axes.images, pixels, strict=True):
            assert np.array_equal(drawn.get_array(), given)
            assert drawn.get_clim() == (pixels.min(), pixels.max())
        boxes = [drawn.get_extent() for drawn in axes.images]  # left, right, bottom, top
        for i, (left, right, bottom, top) in enumerate(boxes):
            assert (right - left, bottom - top) == pytest.approx((6, 4))
            assert axes.get_xlim()[0] <= left < right <= axes.get_xlim()[1]
            assert axes.get_ylim()[1] <= top < bottom <= axes.get_ylim()[0]
            if i % 4:
                assert left > boxes[i - 1][1]
            if i >= 4:
                assert top > boxes[i - 4][2]

    @pytest.mark.parametrize("size", [(8, 1.2), (3, 3), (2, 6), (8, 8)])
    def test_captions_meet_no_image_whatever_the_axes_size(self, rng, size):
        """Within the size of text that fits: at 8 points the captions of 8 images need 8 inches."""
        axes = viz.figure(*size).subplots()
        count = 8 if size[0] == 8 else 4
        captions = [f"{i}\n99 %" for i in range(count)]
        viz.images(
            axes, rng.uniform(size=(count, 28, 28)), "", captions, columns=max(2, count // 2)
        )
        axes.figure.draw_without_rendering()
        images = [drawn.get_window_extent() for drawn in axes.images]
        texts = [text.get_window_extent() for text in axes.texts]
        for text, own in zip(texts, images, strict=True):
            assert own.y1 <= text.y0 + 1
            assert not any(text.shrunk(0.95, 0.95).overlaps(box) for box in images)

    def test_colours_and_uint8(self):
        pixels = np.arange(2 * 3 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3, 3)
        axes = viz.images(None, pixels)
        assert np.array_equal(axes.images[1].get_array(), pixels[1])
        axes = viz.images(None, pixels[..., :1])
        assert axes.images[0].get_clim() == (0, 255)

    def test_infinite_numbers_do_not_rule_the_scale(self):
        axes = viz.images(None, [[[0.0, 1.0]], [[np.nan, np.inf]]])
        assert axes.images[0].get_clim() == (0, 1)
        viz.images(None, np.full((1, 2, 2), np.nan))

    def test_captions_are_numbers_too(self):
        axes = viz.images(None, np.zeros((2, 3, 3)), captions=np.array([7, 9]))
        assert [text.get_text() for text in axes.texts] == ["7", "9"]

    @pytest.mark.parametrize("shape", [(3, 3), (2, 3, 3, 2), (0, 3, 3), (2, 0, 3), (2, 3, 3, 3, 1)])
    def test_shapes_that_are_no_images(self, shape):
        with pytest.raises(ValueError, match=r"^images: takes .* not shape \("):
            viz.images(None, np.zeros(shape))

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"captions": ["a"]}, "images: 2 images need as many captions, not 1"),
            ({"columns": 0}, "images: columns is a number from 1 on, not 0"),
            ({"largest": -1.0}, "images: largest is a number from 0 on"),
        ],
    )
    def test_options_that_do_not_fit(self, options, told):
        with pytest.raises(ValueError, match=f"^{told}"):
            viz.images(None, np.zeros((2, 3, 3)), **options)

    def test_too_many_and_colours_out_of_their_range(self):
        with pytest.raises(ValueError, match=re.escape("images: 257 are too many to see; draw")):
            viz.images(None, np.zeros((257, 2, 2)))
        with pytest.raises(ValueError, match=r"^images: colours are integers from 0 to 255 or"):
            viz.images(None, np.full((2, 3, 3, 3), 1.5))


class TestFilters:
    def test_of_one_channel_blue_to_red_with_one_scale(self, rng):
        weights = rng.normal(size=(3, 5, 1, 20))
        axes = viz.filters(None, weights, "twenty")
        largest = np.max(np.abs(weights))
        assert len(axes.images) == 20
        for k, drawn in enumerate(axes.images):
            assert np.array_equal(drawn.get_array(), weights[..., 0, k])
            assert drawn.get_clim() == (-largest, largest)
        assert axes.get_title() == "twenty"

    def test_of_three_in_colour_around_grey(self, rng):
        weights = rng.normal(size=(3, 3, 3, 4))
        axes = viz.filters(None, weights, largest=10.0)
        for k, drawn in enumerate(axes.images):
            np.testing.assert_allclose(drawn.get_array(), 0.5 + weights[..., k] / 20, rtol=1e-14)

    def test_of_others_a_row_a_channel_and_a_column_a_filter(self, rng):
        weights = rng.normal(size=(3, 3, 4, 5))
        axes = viz.filters(None, weights)
        for (i, o), drawn in zip(np.ndindex(4, 5), axes.images, strict=True):
            assert np.array_equal(drawn.get_array(), weights[..., i, o])
        tops = [drawn.get_extent()[3] for drawn in axes.images]
        assert len(set(tops)) == 4
        assert len(set(tops[:5])) == 1

    def test_the_least_number_of_a_dtype_has_no_opposite_in_it(self):
        weights = np.full((3, 3, 1, 2), -128, np.int8)
        assert viz.filters(None, weights).images[0].get_clim() == (-128, 128)
        mesh = viz.numbers(None, weights[:, :, 0, 0]).collections[0]
        assert (mesh.get_clim(), mesh.get_array().min()) == ((-128, 128), -128)

    @pytest.mark.parametrize("shape", [(3, 3), (3, 3, 3), (3, 3, 0, 2), (1, 3, 3, 2, 2)])
    def test_shapes_that_are_no_filters(self, shape):
        with pytest.raises(ValueError, match=r"^filters: takes \(rows, columns, in, out\) numbers"):
            viz.filters(None, np.zeros(shape))

    def test_too_many(self):
        with pytest.raises(ValueError, match=r"filters: 2048 pictures .* weights\[..., :16, :16\]"):
            viz.filters(None, np.zeros((3, 3, 32, 64)))


class TestFeatureMaps:
    def test_behind_a_relu_from_black_to_white_else_around_zero(self, rng):
        maps = rng.normal(size=(6, 7, 5))
        axes = viz.feature_maps(None, maps)
        largest = np.max(np.abs(maps))
        assert [image.get_clim() for image in axes.images] == [(-largest, largest)] * 5
        after = np.maximum(maps, 0)
        axes = viz.feature_maps(None, after)
        assert axes.images[3].get_clim() == (0, after.max())
        assert np.array_equal(axes.images[3].get_array(), after[..., 3])

    @pytest.mark.parametrize("shape", [(6, 6), (1, 6, 6, 2), (6, 0, 2), (2, 2, 257)])
    def test_shapes_that_are_none(self, shape):
        with pytest.raises(ValueError, match=r"^feature_maps: takes \(rows, columns, channels\)"):
            viz.feature_maps(None, np.zeros(shape))


class TestMisclassified:
    LOGITS = np.array([[4.0, 0, 0], [0, 2.0, 0], [0, 0, 9.0], [3.0, 0, 0], [0, 0, 0.5]])
    LABELS = np.array([0, 2, 0, 1, 1])  # all but the first are wrong

    def test_the_surest_come_first_with_their_names(self, rng):
        pixels = rng.normal(size=(5, 8, 8, 3))
        axes = viz.misclassified(None, pixels, self.LABELS, self.LOGITS, "abc", count=3)
        chances = np.exp(self.LOGITS) / np.sum(np.exp(self.LOGITS), axis=1, keepdims=True)
        order = [2, 3, 1]
        expected = [
            f"{'abc'[self.LABELS[i]]}\n{'abc'[np.argmax(chances[i])]} {chances[i].max():.1%}"
            for i in order
        ]
        assert [text.get_text() for text in axes.texts] == expected
        for drawn, i in zip(axes.images, order, strict=True):
            low, high = pixels[i].min(), pixels[i].max()
            np.testing.assert_allclose(drawn.get_array(), (pixels[i] - low) / (high - low))

    def test_where_all_is_right_it_says_so(self):
        axes = viz.misclassified(None, np.zeros((1, 8, 8)), [0], [[1.0, 0.0]], "ab")
        assert axes.get_title() == "no image is misclassified"
        axes = viz.misclassified(
            None, np.zeros((0, 8, 8)), np.zeros(0, int), np.zeros((0, 2)), "ab"
        )
        assert axes.get_title() == "no image is misclassified"

    @pytest.mark.parametrize(
        ("pixels", "labels", "logits"),
        [
            (np.zeros((2, 8, 8)), [0], [[1.0, 0.0]]),
            (np.zeros((1, 8, 8)), [0], [[1.0, 0.0, 0.0]]),
            (np.zeros((1, 8, 8)), [[0]], [[1.0, 0.0]]),
            (np.zeros((8, 8)), [0] * 8, np.zeros((8, 2))),
        ],
    )
    def test_shapes_that_do_not_fit(self, pixels, labels, logits):
        with pytest.raises(ValueError, match=r"^misclassified: images of shape .* do not fit 2"):
            viz.misclassified(None, pixels, labels, logits, "ab")

    def test_images_without_pixels(self):
        with pytest.raises(ValueError, match=r"^misclassified: takes .* not shape \(1, 0, 4\)"):
            viz.misclassified(None, np.zeros((1, 0, 4)), [1], [[1.0, 0.0]], "ab")

    def test_what_is_not_finite_leaves_the_rest_as_it_is(self):
        pixels = np.array([[[np.nan, 1.0], [2.0, np.inf]], np.full((2, 2), np.nan)])
        given = [1, 1], [[2.0, 0.0], [1.0, 0.0]], "ab"
        first, second = viz.misclassified(None, pixels, *given).images
        assert first.get_array().filled(7).tolist() == [[7, 0], [1, 7]]
        assert second.get_array().mask.all()
        first, second = viz.misclassified(None, np.stack([pixels] * 3, -1), *given).images
        assert first.get_array()[..., 0].tolist() == [[0, 0], [1, 0]]
        assert not second.get_array().any()

    @pytest.mark.parametrize("row", [[np.nan, 0.0], [np.inf, 0.0], [-np.inf, -np.inf]])
    def test_logits_that_choose_no_class(self, row):
        with pytest.raises(ValueError, match=r"^misclassified: there are logits of nan or inf"):
            viz.misclassified(None, np.zeros((1, 8, 8)), [0], [row], "ab")

    def test_a_class_that_is_ruled_out(self):
        axes = viz.misclassified(None, np.zeros((1, 8, 8)), [0], [[-np.inf, 0.0]], "ab")
        assert axes.texts[0].get_text() == "a\nb 100.0%"

    @pytest.mark.parametrize("count", [0, -1])
    def test_none_are_asked_for(self, count):
        """That none is misclassified would not be true."""
        with pytest.raises(ValueError, match=r"^misclassified: count is a number from 1 on, not"):
            viz.misclassified(None, np.zeros((1, 8, 8)), [1], [[1.0, 0.0]], "ab", count)

    def test_labels_that_are_no_classes(self):
        with pytest.raises(ValueError, match=r"^misclassified: labels are from 0 to 1"):
            viz.misclassified(None, np.zeros((1, 8, 8)), [2], [[1.0, 0.0]], "ab")
        with pytest.raises(
            TypeError, match=r"^misclassified: labels are integers, not of dtype flo"
        ):
            viz.misclassified(None, np.zeros((1, 8, 8)), [0.0], [[1.0, 0.0]], "ab")


def test_the_scale_of_one_picture_is_as_high_as_it():
    axes = viz.filters(None, np.ones((3, 3, 1, 4)))
    bar = viz.colour_bar(axes, "weights")
    assert bar.get_ylim() == (-1, 1)
    assert bar.get_ylabel() == "weights"
    axes.figure.draw_without_rendering()
    assert bar.get_window_extent().height == pytest.approx(axes.get_window_extent().height)

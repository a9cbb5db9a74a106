"""tinygrad_np.data.augment: each image's part and flip held against slices, shares, refusals."""

import re

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.data import normalise, random_crop, random_flip

DTYPES = ["u1", "i8", "?", "f2", "f4", "f8", "c16"]


def rng(seed=0):
    return np.random.default_rng(seed)


def numbered(n=6, rows=5, columns=4, channels=3, dtype="i8"):
    """Images in which every number is there once, as far as the dtype has them."""
    return (
        np.arange(n * rows * columns * channels).reshape(n, rows, columns, channels).astype(dtype)
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("size", "padding"),
    [(2, 0), ((3, 2), 0), ((5, 4), 0), (4, 2), ((7, 4), (1, 0)), ((1, 8), (0, 2)), (6, 3)],
)
def test_a_crop_is_a_slice_of_the_framed_image(dtype, size, padding):
    images = numbered(dtype=dtype)
    crops = random_crop(rng(), images, size, padding)
    h, w = (size, size) if isinstance(size, int) else size
    p, q = (padding, padding) if isinstance(padding, int) else padding
    framed = np.pad(images, ((0, 0), (p, p), (q, q), (0, 0)))
    again = rng()
    tops = again.integers(0, framed.shape[1] - h + 1, len(images))
    lefts = again.integers(0, framed.shape[2] - w + 1, len(images))
    for crop, image, top, left in zip(crops, framed, tops, lefts, strict=True):
        assert np.array_equal(crop, image[top : top + h, left : left + w])
    assert crops.dtype == images.dtype
    assert crops.flags.c_contiguous
    assert crops.flags.owndata
    assert crops.flags.writeable


def test_every_place_is_as_likely():
    image = np.arange(12).reshape(1, 3, 4, 1)
    found = random_crop(rng(), np.repeat(image, 12_000, 0), 1).ravel()
    counts = np.bincount(found, minlength=12)
    assert np.all(abs(counts - 1_000) < 5 * np.sqrt(1_000))


@pytest.mark.parametrize("axis", [1, 2, -3, -2])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_flip_is_reversed_or_as_it_was(dtype, axis):
    images = numbered(20, dtype=dtype)
    flipped = random_flip(rng(), images, axis, 0.3)
    chosen = rng().random(20) < 0.3
    assert 0 < chosen.sum() < 20
    for got, image, is_chosen in zip(flipped, images, chosen, strict=True):
        assert np.array_equal(got, np.flip(image, axis % 4 - 1) if is_chosen else image)
    assert flipped.dtype == images.dtype
    assert np.array_equal(images, numbered(20, dtype=dtype))  # the caller's is as it was


def test_shares_of_flips():
    images = numbered(4_000, 1, 2, 1)
    assert np.array_equal(random_flip(rng(), images, share=0), images)
    assert np.array_equal(random_flip(rng(), images, share=1), images[:, :, ::-1])
    got = random_flip(rng(), images, share=np.float32(0.25))
    share = np.mean(got[:, 0, 0, 0] != images[:, 0, 0, 0])
    assert abs(share - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 4_000)
    assert np.array_equal(random_flip(rng(), images, 1), images)  # one row


@pytest.mark.parametrize(
    "layout",
    [
        np.asfortranarray,
        lambda x: np.repeat(x, 2, 2)[:, :, ::2],
        lambda x: x[::-1],
        lambda x: x.astype(">f4"),
        lambda x: np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 3, 1)), 1, 3),
    ],
)
def test_layouts(layout):
    images = numbered(dtype="f4")
    other = layout(images)
    plain = np.array(other, "f4", order="C")
    for function in (
        lambda x: random_crop(rng(), x, 3),
        lambda x: random_crop(rng(), x, 4, 1),
        lambda x: random_flip(rng(), x),
        lambda x: normalise(x, [1, 2, 3], 7),
    ):
        got = function(other)
        assert got.dtype == "f4"
        assert np.array_equal(got, function(plain))


@pytest.mark.parametrize("shape", [(0, 4, 4, 3), (3, 4, 4, 0), (1, 1, 1, 1), (2, 1, 5, 1)])
def test_edges(shape):
    images = np.ones(shape, "f4")
    assert random_crop(rng(), images, 1).shape == (shape[0], 1, 1, shape[3])
    assert random_flip(rng(), images).shape == shape
    assert normalise(images, 1, 1).shape == shape


def test_no_images_of_nothing():
    images = np.ones((2, 0, 3, 1))
    assert random_flip(rng(), images).shape == (2, 0, 3, 1)
    assert random_crop(rng(), images, 2, 1).tolist() == np.zeros((2, 2, 2, 1)).tolist()
    with pytest.raises(ValueError, match="random_crop: no part of 1 × 1 in images of 0 × 3; take"):
        random_crop(rng(), images, 1)


@pytest.mark.parametrize(
    ("dtype", "result"),
    [("u1", "f4"), ("i2", "f4"), ("?", "f4"), ("i4", "f8"), ("u8", "f8"), ("f2", "f2"),
     ("f4", "f4"), ("f8", "f8")],
)  # fmt: skip
def test_normalised(dtype, result):
    images = numbered(2, dtype=dtype)
    mean, spread = np.array([10.0, 20.0, 30.0]), np.array([2.0, 4.0, 8.0])
    got = normalise(images, mean, spread)
    assert got.dtype == result
    expected = (images.astype(result) - mean.astype(result)) / spread.astype(result)
    assert np.array_equal(got, expected)
    assert np.array_equal(normalise(images, 3, 2), (images.astype(result) - 3) / 2)
    channel = normalise(images, list(mean), tuple(spread))[1, 2, 3, 1]
    assert channel == np.dtype(result).type((float(images[1, 2, 3, 1]) - 20) / 4)


def test_integers_may_be_only_scaled():
    images = numbered(2, dtype="u1")
    assert np.array_equal(normalise(images, 0, 255), images.astype("f4") / 255)
    assert np.array_equal(normalise(images % 2, 0.5, 0.5), (images % 2).astype("f4") * 2 - 1)


def test_the_same_state_of_the_generator_gives_the_same():
    images = numbered(50)
    for function in (lambda g: random_crop(g, images, 3), lambda g: random_flip(g, images)):
        generator = rng(1)
        first, second = function(generator), function(generator)
        assert np.array_equal(first, function(rng(1)))
        assert not np.array_equal(first, second)


def test_files(tmp_path):
    np.save(tmp_path / "images.npy", numbered(dtype="u1"))
    images = np.load(tmp_path / "images.npy", mmap_mode="r")
    for got in (random_crop(rng(), images, 3), random_flip(rng(), images), normalise(images, 1, 2)):
        assert type(got) is np.ndarray
    assert np.array_equal(random_flip(rng(), images), random_flip(rng(), np.array(images)))


GOOD = np.ones((2, 6, 6, 3), "f4")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: random_crop(0, GOOD, 2), TypeError, "rng must be a numpy.random.Generator, fo"),
        (lambda: random_flip(None, GOOD), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: random_crop(rng(), GOOD[0], 2), ValueError,
         "images must be (n, rows, columns, channels), not of shape (6, 6, 3); add the axis of "
         "channels with images[..., None]"),
        (lambda: random_flip(rng(), GOOD[0, 0]), ValueError, "not of shape (6, 3)"),
        (lambda: normalise(GOOD[0], 0, 1), ValueError, "channels with images[..., None]"),
        (lambda: random_flip(rng(), GOOD.transpose(0, 3, 1, 2)), ValueError,
         "images of shape (2, 3, 6, 6) look like (n, channels, rows, columns); give (n, rows, "
         "columns, channels): np.moveaxis(images, 1, -1)"),
        (lambda: random_crop(rng(), GOOD.transpose(0, 3, 1, 2), 2), ValueError, "look like (n, ch"),
        (lambda: normalise(GOOD.transpose(0, 3, 1, 2), 0, 1), ValueError, "look like (n, channels"),
        (lambda: random_crop(rng(), tg.Tensor(GOOD), 2), TypeError,
         "images must be a NumPy array, not a Tensor, whose derivative would be lost; prepare"),
        (lambda: random_flip(rng(), tg.Tensor(GOOD)), TypeError, "not a Tensor"),
        (lambda: normalise(tg.Tensor(GOOD), 0, 1), TypeError, "not a Tensor"),
        (lambda: normalise(GOOD, tg.Tensor(1.0), 1), TypeError, "mean must be an array, not a Ten"),
        (lambda: random_crop(rng(), "text", 2), TypeError, "takes numbers, not an array of dtype"),
        (lambda: random_flip(rng(), np.ma.masked_array(GOOD, False)), TypeError, "no masked array"),
        (lambda: normalise(GOOD + 1j, 0, 1), TypeError, "takes real numbers, not an array of dtyp"),
        (lambda: random_crop(rng(), GOOD, 7), ValueError,
         "no part of 7 × 7 in images of 6 × 6; take a smaller size or more padding"),
        (lambda: random_crop(rng(), GOOD, (2, 9), 1), ValueError,
         "no part of 2 × 9 in images of 8 × 8, padding included; take"),
        (lambda: random_crop(rng(), GOOD, 0), ValueError, "size must be at least 1 on every axis"),
        (lambda: random_crop(rng(), GOOD, 2.0), TypeError, "size must be an integer or 2 integers"),
        (lambda: random_crop(rng(), GOOD, (2, 2, 3)), ValueError, "size must be an integer or 2 i"),
        (lambda: random_crop(rng(), GOOD, 2, -1), ValueError, "padding must be at least 0 on ever"),
        (lambda: random_crop(rng(), GOOD, 2, "same"), TypeError, "padding must be an integer or 2"),
        (lambda: random_crop(rng(), GOOD, 2, 1 << 60), ValueError, "cannot be"),
        (lambda: random_flip(rng(), GOOD, 3), ValueError, "axis must be 1 (rows) or 2 (columns),"),
        (lambda: random_flip(rng(), GOOD, 0), ValueError, "axis must be 1 (rows) or 2 (columns),"),
        (lambda: random_flip(rng(), GOOD, "columns"), TypeError, "axis must be an integer, not"),
        (lambda: random_flip(rng(), GOOD, True), TypeError, "axis must be an integer, not True"),
        (lambda: random_flip(rng(), GOOD, 2, 1.5), ValueError, "share must be from 0 to 1, not 1."),
        (lambda: random_flip(rng(), GOOD, 2, np.nan), ValueError, "share must be from 0 to 1, not"),
        (lambda: random_flip(rng(), GOOD, 2, None), TypeError, "share must be one number, a float"),
        (lambda: normalise(GOOD, [1, 2], 1), ValueError,
         "mean has shape (2,); for images of shape (2, 6, 6, 3), (n, rows, columns, channels), "
         "give one number or (3,), one a channel"),
        (lambda: normalise(GOOD, 0, np.ones((1, 1, 1, 3))), ValueError, "spread has shape (1, 1,"),
        (lambda: normalise(GOOD, 0, [1, 0, 1]), ValueError,
         "spread must be finite and above 0 in float32, not [1. 0. 1.]"),
        (lambda: normalise(GOOD, 0, -1), ValueError, "spread must be finite and above 0"),
        (lambda: normalise(GOOD, 0, 1e-60), ValueError, "above 0 in float32, not 0.0"),
        (lambda: normalise(GOOD, np.nan, 1), ValueError, "mean must be finite in float32, not nan"),
        (lambda: normalise(GOOD, 1e60, 1), ValueError, "mean must be finite in float32, not inf"),
        (lambda: normalise(GOOD.astype("u1") * 255, [0.485, 0.456, 0.406], 0.225), ValueError,
         "images are integers up to 255; divide images by 255, or give 255 times mean and spread"),
        (lambda: normalise(GOOD, "0", 1), TypeError, "mean: takes real numbers"),
    ],
)  # fmt: skip
def test_refused(call, error, message):
    with pytest.raises(error, match=re.escape(message)) as caught:
        call()
    assert re.match("(random_crop|random_flip|normalise): ", str(caught.value))

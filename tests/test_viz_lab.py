"""The convolution lab: what goes into its page, and what does not."""

import json
import re

import numpy as np
import pytest
from loading import example

import tinygrad_np as tg
from tinygrad_np import viz

IMAGE, FILTERS = np.arange(48.0).reshape(6, 8), np.ones((5, 3, 1, 1))


def data_of(path):
    """What the page's script finds as DATA."""
    [line] = re.findall(r"^const DATA = (.*);$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return json.loads(line)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lab.html"


class TestData:
    def test_the_arrays_are_live(self, path):
        rng = np.random.default_rng(0)
        image, filters = rng.normal(size=(1, 5, 7, 2)), rng.normal(size=(3, 2, 2, 3))
        cotangent = rng.normal(size=(1, 2, 4, 3))
        assert viz.convolution_lab(image, filters, path, 2, ((0, 1), 1), (1, 2), cotangent) == path
        data = data_of(path)
        assert [data[x] for x in ("rows", "columns", "channels", "filters")] == [5, 7, 2, 3]
        assert [data[x] for x in ("size", "stride", "dilation")] == [[3, 2], [2, 2], [1, 2]]
        assert (data["pairs"], data["padding"]) == ([[0, 1], [1, 1]], "given")
        for name, array in (("image", image), ("weights", filters), ("cotangent", cotangent)):
            assert data[name] == array.ravel().tolist()

    def test_the_closed_form_is_that_of_every_geometry(self, path):
        """It knows neither dilation nor different paddings itself."""
        rng = np.random.default_rng(1)
        image, filters = rng.normal(size=(1, 7, 8, 2)), rng.normal(size=(3, 2, 2, 3))
        options = {"stride": (2, 1), "padding": ((3, 0), (1, 2)), "dilation": (2, 3)}
        viz.convolution_lab(image, filters, path, **options)
        data = data_of(path)
        value, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, **options), image, filters)
        seed = np.array(data["cotangent"]).reshape(value.shape)
        for name, array in zip(
            ("result", "byImage", "byFilter"), (value, *pull(seed)), strict=True
        ):
            assert np.allclose(data["python"][name], array.ravel(), rtol=1e-12, atol=1e-12)
        assert max(data["apart"]) < 1e-12

    def test_a_wrong_rule_would_show(self, path, monkeypatch):
        right = tg.closed_form.convolution_images
        monkeypatch.setattr(tg.closed_form, "convolution_images", lambda *x: 1.01 * right(*x))
        viz.convolution_lab(IMAGE, FILTERS, path)
        assert [x > 0 for x in data_of(path)["apart"]] == [False, True, False]

    def test_an_image_has_two_to_four_axes(self, path):
        pages = []
        for image in (IMAGE, IMAGE[..., None], IMAGE[None, :, :, None], IMAGE.astype(np.uint8)):
            viz.convolution_lab(image, FILTERS, path, padding="same")
            pages.append(path.read_bytes())
        assert len(set(pages)) == 1
        assert data_of(path)["padding"] == "same"
        assert data_of(path)["pairs"] == [[2, 2], [1, 1]]

    def test_cotangents_to_start_with_differ_from_their_neighbours(self, path):
        viz.convolution_lab(IMAGE, np.ones((2, 2, 1, 2)), path, padding=1)
        seed = np.array(data_of(path)["cotangent"]).reshape(7, 9, 2)
        assert set(seed.ravel()) == {-3, -2, -1, 0, 1, 2, 3}
        for axis in (0, 1, 2):
            assert (np.diff(seed, axis=axis) != 0).all()

    def test_a_page_of_the_largest_image_is_small_enough(self, path):
        rng = np.random.default_rng(0)
        image, filters = rng.normal(size=(40, 40, 3)), rng.normal(size=(5, 5, 3, 4))
        viz.convolution_lab(image, filters, path, padding="same")
        assert path.stat().st_size < 500_000

    def test_given_arrays_are_left_alone(self, path):
        image, filters = IMAGE.copy(), FILTERS.copy()
        viz.convolution_lab(image, filters, path, padding=1)
        assert np.array_equal(image, IMAGE)
        assert np.array_equal(filters, FILTERS)


class TestRefusals:
    @pytest.mark.parametrize(
        ("image", "filters", "options", "told"),
        [
            (np.ones((3, 8, 8)), np.ones((3, 3, 3, 1)), {}, "use np.moveaxis(image, 0, -1)"),
            (np.ones((1, 3, 8, 8)), np.ones((3, 3, 3, 1)), {}, "use np.moveaxis(images, 1, -1)"),
            (np.ones((8, 8)), np.ones((1, 1, 3, 3)), {}, "np.transpose(filters, (2, 3, 1, 0))"),
            (np.ones((8, 8)), np.ones((3, 3)), {}, "is filters[:, :, None, None]"),
            (np.ones((5, 8, 8, 1)), FILTERS, {}, "show one of them: images[0]"),
            (np.ones(8), FILTERS, {}, "takes one image, (rows, columns), "),
            (np.ones((8, 8, 2)), FILTERS, {}, "have 2 channels and the filters take 1"),
            (np.ones((0, 8)), FILTERS, {}, "are empty"),
            (np.ones((3, 3)), FILTERS, {}, "does not fit the 3×3 image with padding 0; pad by"),
            (IMAGE, FILTERS, {"stride": 0}, "stride must be at least 1"),
            (IMAGE, FILTERS, {"padding": "full"}, "must be 'same', 'valid'"),
            (IMAGE, FILTERS, {"cotangent": np.ones((6, 8, 1))}, "give one of the result's shape"),
            (IMAGE * np.nan, FILTERS, {}, "image has nan, inf or a number beyond 1e+90"),
            (IMAGE, FILTERS * np.inf, {}, "filters has nan, inf or a number beyond 1e+90"),
            (IMAGE * 1e89, FILTERS, {}, "with which no sum can be followed; replace it"),
            (IMAGE, FILTERS, {"cotangent": np.full((2, 6, 1), -np.inf)}, "cotangent has nan"),
            (np.ones((41, 8)), FILTERS, {}, "of 41×8 pixels, 41×8 with its padding, is too large"),
            (np.ones((8, 41)), FILTERS, {}, "show a part, such as image[:40, :40]"),
            (IMAGE, FILTERS, {"padding": 30}, "66×68 with its padding, is too large for a page"),
        ],
    )
    def test_what_makes_no_page(self, path, image, filters, options, told):
        with pytest.raises(ValueError, match=r"^convolution_lab: ") as caught:
            viz.convolution_lab(image, filters, path, **options)
        assert told in str(caught.value)
        assert not path.exists()

    def test_too_many_channels(self, path):
        image = np.random.default_rng(0).normal(size=(40, 40, 12))
        with pytest.raises(ValueError, match=r"above 500; show a part of the image, such as"):
            viz.convolution_lab(image, np.ones((3, 3, 12, 1)), path)
        assert not path.exists()

    @pytest.mark.parametrize("what", ["image", "filters", "cotangent"])
    def test_a_tensor_would_lose_its_gradient(self, path, what):
        given = {"image": IMAGE, "filters": FILTERS, "cotangent": np.ones((2, 6, 1))}
        given[what] = tg.Tensor(given[what])
        told = "^tg.viz.convolution_lab would lose the gradient; use t.data for the value$"
        with pytest.raises(TypeError, match=told):
            viz.convolution_lab(path=path, **given)

    @pytest.mark.parametrize("image", [IMAGE * 1j, "a", [[None]], np.ma.array(IMAGE, mask=True)])
    def test_what_is_no_real_number(self, path, image):
        with pytest.raises(TypeError, match=r"^convolution_lab: image: takes "):
            viz.convolution_lab(image, FILTERS, path)

    def test_a_stride_that_is_no_integer(self, path):
        with pytest.raises(TypeError, match="convolution_lab: stride must be an integer or 2"):
            viz.convolution_lab(IMAGE, FILTERS, path, stride=1.5)

    @pytest.mark.parametrize("name", ["lab", "lab.png", ".html"])
    def test_another_ending(self, tmp_path, name):
        with pytest.raises(ValueError, match=r"needs the ending \.html"):
            viz.convolution_lab(IMAGE, FILTERS, tmp_path / name)
        assert not any(tmp_path.iterdir())

    def test_numbers_below_the_limit_have_finite_sums(self, path):
        viz.convolution_lab(IMAGE * 1e88, FILTERS * 9e89, path)
        assert np.isfinite(data_of(path)["python"]["result"]).all()


class TestTheFile:
    def test_it_is_written_whole(self, tmp_path, monkeypatch):
        path = tmp_path / "new" / "lab.html"
        viz.convolution_lab(IMAGE, FILTERS, str(path))
        before = path.read_bytes()
        assert before.startswith(b"<!DOCTYPE html>")
        assert before.endswith(b"</html>\n")

        def fail(file):
            raise OSError("no space left on device")

        monkeypatch.setattr("os.fsync", fail)
        with pytest.raises(OSError, match="could not be written"):
            viz.convolution_lab(IMAGE + 1, FILTERS, path)
        assert path.read_bytes() == before
        assert list(path.parent.iterdir()) == [path]

    def test_it_loads_nothing(self, path):
        viz.convolution_lab(IMAGE, FILTERS, path)
        text = path.read_text(encoding="utf-8")
        assert "default-src 'none'" in text
        assert not re.search(r"<(?:script|link|img|iframe)[^>]*\b(?:src|href)=", text)
        assert [x for x in re.findall(r"\w+://\S+", text) if "www.w3.org/2000/svg" not in x] == []


lab = example("convolution_lab")


class TestTheCommand:
    def test_it_says_where_the_page_is(self, path, capsys):
        assert lab.main(["--path", str(path)]) == 0
        out = capsys.readouterr().out
        assert out.endswith(f"Page: {path}\n")
        data = data_of(path)
        assert (data["rows"], data["columns"], data["size"]) == (6, 8, [5, 3])
        assert data["pairs"] == [[2, 2], [1, 1]]
        assert data["image"][:4] == [0, 48, 96, 1]  # the posts' three channels

    def test_options(self, path, capsys):
        options = ["--stride", "2", "--padding", "0", "--dilation", "1", "--path", str(path)]
        assert lab.main(options) == 0
        assert "a result of 1×3 pixels" in capsys.readouterr().out
        assert data_of(path)["stride"] == [2, 2]

    def test_help(self, capsys):
        with pytest.raises(SystemExit) as caught:
            lab.main(["--help"])
        assert caught.value.code == 0
        assert "default:" in capsys.readouterr().out

    @pytest.mark.parametrize(
        "options",
        [["--stride", "0"], ["--dilation", "4"], ["--path", "lab.txt"], ["--padding", "x"]],
    )
    def test_options_that_make_no_sense(self, options, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as caught:
            lab.main(options)
        assert caught.value.code == 2
        assert "error: " in capsys.readouterr().err
        assert not any(tmp_path.iterdir())

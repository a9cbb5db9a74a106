"""What notebooks show: well-formed and small, with the data's own numbers and escaped words."""

import base64
import itertools
import re
import struct
import zlib
from html.parser import HTMLParser

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.io import notebook

VOID = {"br", "img", "rect"}


class Page(HTMLParser):
    """The elements of a piece of HTML, which must all be closed, and its text."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.words, self.titles = [], [], [], []
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        (self.titles if "title" in self.open else self.words).append(data)

    @property
    def text(self):
        return "\n".join(self.words)

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def cells(self):
        """The words of each row of a table."""
        return self.words


def page_of(value):
    html = value._repr_html_()
    return Page(html), html


def pixels_of(page):
    """The image of a page, by its own numbers: (rows, columns, 3)."""
    [image] = page.of("img")
    data = base64.b64decode(image["src"].removeprefix("data:image/png;base64,"))
    return read_png(data)


def read_png(data):
    """(rows, columns, 3) colours of a PNG without filters, by the standard alone."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert zlib.crc32(name + body) == check
        chunks[name] = body
        at += 12 + length
    assert list(chunks)[-1] == b"IEND"
    columns, rows, depth, kind, *_ = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert depth == 8
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(rows, -1)
    assert not lines[:, 0].any()  # no filter
    if kind == 2:
        return lines[:, 1:].reshape(rows, columns, 3)
    assert kind == 3
    return np.frombuffer(chunks[b"PLTE"], np.uint8).reshape(-1, 3)[lines[:, 1:]]


def bars_of(page):
    """From where to where each bar of a histogram goes, and what it counts."""
    found = [re.fullmatch(r"(\S+) to (\S+): ([\d,]+)", title) for title in page.titles]
    return [
        (float(a), float(b), int(n.replace(",", "")))
        for a, b, n in [f.groups() for f in found if f]
    ]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


class TestTensors:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (np.float32(2.5), "Tensor () float32 2.5"),
            (np.zeros((0, 3)), "Tensor (0, 3) float64 no elements"),
            (-0.0, "Tensor () float64 -0"),
            (1 + 2j, "Tensor () complex128 1+2j"),
            (np.nan, "Tensor () float64 nan"),
        ],
    )
    def test_a_single_number_and_none(self, value, text):
        page, _ = page_of(tg.Tensor(value))
        assert page.text.split() == text.split()

    def test_few_elements_are_written_out(self):
        page, _ = page_of(tg.Tensor(np.arange(9.0).reshape(3, 3, 1, 1)))
        assert "[[0., 1., 2.],\n [3., 4., 5.],\n [6., 7., 8.]]" in page.text
        assert "from 0 to 8, mean 4" in page.text

    @pytest.mark.parametrize("shape", [(12, 1, 1, 1), (2, 2, 3), (1, 12), (3, 1, 2, 2)])
    def test_never_many_lines_of_digits(self, shape):
        page, _ = page_of(tg.Tensor(np.ones(shape)))
        assert page.text.count("\n") < 20

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
    def test_range_and_mean_are_those_of_the_data(self, rng, dtype):
        value = (100 * rng.normal(size=(50, 3, 5, 7))).astype(dtype)
        page, _ = page_of(tg.Tensor(value))
        low, high, mean = re.search(r"from (\S+) to (\S+), mean (\S+)", page.text).groups()
        assert float(low) == pytest.approx(float(value.min()), rel=1e-5)
        assert float(high) == pytest.approx(float(value.max()), rel=1e-5)
        assert float(mean) == pytest.approx(float(value.astype(float).mean()), rel=1e-4)

    def test_what_is_not_finite_is_counted_and_left_out_of_the_range(self, rng):
        value = rng.uniform(-1, 1, 1000)
        value[:3], value[3:5], value[5] = np.nan, np.inf, -np.inf
        page, _ = page_of(tg.Tensor(value))
        assert "3 nan" in page.text
        assert "3 inf" in page.text
        rest = value[6:]
        assert f"from {rest.min():.6g} to {rest.max():.6g}" in page.text
        assert sum(n for *_, n in bars_of(page)) == 994
        page, _ = page_of(tg.Tensor(np.full(100, np.nan)))
        assert "100 nan" in page.text
        assert not page.of("svg")

    def test_a_histogram_counts_every_element_once(self, rng):
        value = rng.normal(size=5000)
        bars = bars_of(page_of(tg.Tensor(value))[0])
        edges = np.linspace(value.min(), value.max(), len(bars) + 1)
        assert [n for *_, n in bars] == np.histogram(value, edges)[0].tolist()
        np.testing.assert_allclose([a for a, *_ in bars], edges[:-1], rtol=5e-3, atol=5e-3)
        assert all(b == c for (_, b, _), (c, *_) in itertools.pairwise(bars))

    def test_of_a_large_array_it_counts_some_and_says_so(self, rng, monkeypatch):
        monkeypatch.setattr(notebook, "SAMPLE", 100)
        page, _ = page_of(tg.Tensor(rng.normal(size=1000)))
        assert "every 10th element" in page.titles
        assert sum(n for *_, n in bars_of(page)) == 100

    @pytest.mark.parametrize("value", [[1e308, -1e308], [5e-324, 0.0], [1.0, 1 + 2**-52]])
    def test_ranges_at_the_ends_of_what_there_is(self, value):
        page, _ = page_of(tg.Tensor(np.array(value * 20)))
        counts = [n for *_, n in bars_of(page)]
        assert (counts[0], counts[-1], sum(counts)) == (20, 20, 40)
        assert "nan" not in page.text

    def test_complex_numbers_by_their_absolute_values(self, rng):
        value = rng.normal(size=500) + 1j * rng.normal(size=500)
        page, _ = page_of(tg.Tensor(value))
        assert f"absolute value from {abs(value).min():.6g} to {abs(value).max():.6g}" in page.text
        assert sum(n for *_, n in bars_of(page)) == 500

    def test_the_range_of_the_gradient_where_there_is_one(self):
        x = tg.Tensor([1.0, 2.0, 4.0])
        assert "gradient" not in page_of(x)[0].text
        np.sum(x * x).backward()
        assert f"gradient: from 2 to 8, mean {14 / 3:.6g}" in page_of(x)[0].text

    @pytest.mark.parametrize(
        "shape", [(28, 28), (28, 28, 1), (28, 28, 3), (64, 28, 28, 1), (8, 32, 32, 3), (9, 36)]
    )
    def test_what_looks_like_an_image_is_one(self, rng, shape):
        page, _ = page_of(tg.Tensor(rng.normal(size=shape)))
        assert len(page.of("img")) == 1

    @pytest.mark.parametrize("shape", [(784, 10), (3, 3, 8, 16), (28, 28, 4), (500,), (8, 33)])
    def test_what_does_not_is_none(self, rng, shape):
        page, _ = page_of(tg.Tensor(rng.normal(size=shape)))
        assert not page.of("img")
        assert page.of("rect")

    @pytest.mark.parametrize(
        "shape",
        [
            (1000, 1000),
            (5000, 2000),
            (64, 64, 64, 3),
            (999, 999, 3),
            (200, 30, 30, 1),
            (20, 20, 5, 5),
        ],
    )
    def test_small_however_large_the_array(self, rng, shape):
        assert len(page_of(tg.Tensor(rng.normal(size=shape)))[1]) <= 10_000

    def test_the_pixels_are_the_numbers(self):
        """Grey from the smallest to the largest; around 0 from blue over white to vermilion."""
        ramp = np.linspace(0.0, 1.0, 64).reshape(8, 8)
        drawn = pixels_of(page_of(tg.Tensor(ramp))[0])
        assert drawn.shape == (8, 8, 3)
        assert np.max(np.abs(drawn - 255 * ramp[..., None])) <= 2
        drawn = pixels_of(page_of(tg.Tensor(2 * ramp - 1))[0])
        assert drawn[0, 0].tolist() == [0, 114, 178]
        assert drawn[-1, -1].tolist() == [213, 94, 0]
        assert drawn[3, 7].min() > 245
        drawn = pixels_of(page_of(tg.Tensor(np.stack([ramp] * 3, -1)))[0])
        assert np.max(np.abs(drawn - 255 * ramp[..., None])) <= 1

    def test_what_is_not_finite_is_green(self):
        value = np.zeros((8, 8))
        value[0, 0], value[7, 7] = np.nan, np.inf
        drawn = pixels_of(page_of(tg.Tensor(value))[0])
        assert drawn[0, 0].tolist() == drawn[7, 7].tolist() == [0, 158, 115]
        assert drawn[1, 1].tolist() == [0, 0, 0]

    def test_the_first_of_a_batch_and_their_count(self, rng):
        value = rng.uniform(size=(40, 10, 10, 1))
        page, _ = page_of(tg.Tensor(value))
        [image] = page.of("img")
        assert image["alt"] == "the first 40 of 40"
        drawn = pixels_of(page)
        assert drawn.shape == (10, 40 * 11 - 1, 3)
        expected = 255 * (value[3, ..., 0] - value.min()) / np.ptp(value)
        assert np.max(np.abs(drawn[:, 33:43, 0] - expected)) <= 2
        assert (drawn[:, 43] == 255).all()

    def test_looking_changes_nothing(self, rng):
        x = tg.Tensor(rng.normal(size=(28, 28)))
        before = x.data.copy()
        page_of(x)
        assert np.array_equal(x.data, before)
        y = np.sum(x * x)
        page_of(y)
        y.backward()
        assert np.array_equal(x.grad, 2 * before)


class TestReports:
    def report(self, by_hand, names=("<script>",)):
        values = {name: np.arange(1.0, 4.0) for name in names}

        def loss(params):
            return sum(np.sum(x**3) for x in params.values())

        return tg.check.compare(
            loss, lambda params: {name: by_hand(x) for name, x in params.items()}, values
        )

    def test_a_table_with_the_reports_own_numbers(self):
        report = self.report(lambda x: 2.5 * x**2)
        page, html = page_of(report)
        assert "<script>" not in html
        assert "['<script>']" in page.words
        row = report.rows[0]
        assert {f"{row.difference:.2g}", f"{row.relative:.2g}", "WRONG"} <= set(page.words)
        assert "Hint: " + report.hints[0] in page.words

    def test_what_is_right(self):
        page, _ = page_of(self.report(lambda x: 3 * x**2))
        assert page.words.count("right") == 2  # above the table, and in it
        assert "WRONG" not in page.words

    def test_of_many_rows_the_first(self):
        report = self.report(lambda x: 3 * x**2, [f"w{i}" for i in range(25)])
        page, _ = page_of(report)
        assert "… and 15 more rows, all right: print the report" in page.words
        assert len(page.of("tr")) == 11


class TestDatasets:
    def test_counts_and_thumbnails(self):
        dataset = tg.data.garments(200, 50, labels=range(10))
        page, html = page_of(dataset)
        assert len(page.of("img")) == 10
        words = page.words[page.words.index("label") :]
        rows = np.array(words[4:]).reshape(10, 3)
        for label, train, test in rows:
            assert int(train) == np.sum(dataset.train_labels == int(label))
            assert int(test) == np.sum(dataset.test_labels == int(label))
        assert "200 images (28, 28) to train with, 50 to test with" in page.text
        assert len(html) < 50_000

    def test_pictures_in_colour_as_they_are(self):
        images = np.zeros((2, 4, 4, 3), np.uint8)
        images[1] = 7, 100, 255
        dataset = tg.data.Dataset(images, np.array([0, 0], np.uint8), images[:0], np.zeros(0, int))
        drawn = pixels_of(page_of(dataset)[0])
        assert drawn[:, :4].max() == 0
        assert drawn[0, 5].tolist() == [7, 100, 255]

    def test_a_label_that_only_the_test_has_and_many_labels(self):
        images = np.zeros((30, 8, 8), np.uint8)
        dataset = tg.data.Dataset(images[:1], np.zeros(1, int), images, np.arange(30))
        page, _ = page_of(dataset)
        assert "10 labels more" in page.text
        assert len(page.of("img")) == 1
        empty = tg.data.Dataset(images[:0], np.zeros(0, int), images[:0], np.zeros(0, int))
        assert "0 images" in page_of(empty)[0].text

    @pytest.mark.parametrize(
        ("images", "labels"),
        [
            (np.zeros((2, 64)), np.arange(2)),
            (np.zeros((2, 8, 8, 4)), np.arange(2)),
            (np.zeros((2, 8, 8)), np.eye(2, dtype=int)),
            (np.zeros((3, 8, 8)), np.arange(2)),
            (np.zeros((2, 8, 8)), [0, 1]),
            (np.full((2, 8, 8), 1j), np.arange(2)),
        ],
    )
    def test_other_arrays_are_shown_as_text(self, images, labels):
        right = np.zeros((1, 8, 8)), np.zeros(1, int)
        assert tg.data.Dataset(*right, *right)._repr_html_() is not None
        assert tg.data.Dataset(images, labels, *right)._repr_html_() is None
        assert tg.data.Dataset(*right, images, labels)._repr_html_() is None


def test_a_history_shows_its_first_and_last_epochs():
    rows = [{"epoch": i, "<b>": i / 4} for i in range(1, 101)]
    page, html = page_of(tg.training.History(rows))
    assert "<b>" not in html
    assert page.words[:4] == ["epoch", "<b>", "1", "0.25"]
    assert page.words[-2:] == ["100", "25"]
    assert "… 88 more" in page.words
    assert len(page.of("tr")) == 1 + 6 + 1 + 6


def test_a_table_escapes_all_but_html():
    page = Page(notebook.table(["<"], [[notebook.Html("<i>a</i>")], ["&amp;"]], "<"))
    assert page.words == ["<", "a", "&amp;"]


def test_ipython_shows_them():
    formatters = pytest.importorskip("IPython.core.formatters", reason="IPython is not installed")
    show = formatters.DisplayFormatter()
    data, _ = show.format(tg.Tensor(np.ones((28, 28))))
    assert data["text/html"].startswith("<div")
    assert "text/plain" in data

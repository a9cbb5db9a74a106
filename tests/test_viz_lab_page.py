"""The convolution lab in a browser: its numbers are Python's, before and after every change."""

import itertools
import re

import browser as chromium
import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import closed_form, viz

browser, opened = chromium.browser, chromium.opened

GRIDS = (
    "image", "filter", "result", "imageGradient", "filterGradient", "cotangent",
    "prepared", "turned", "closed", "flat", "offset", "first", "taken",
)  # fmt: skip


def cell(page, grid, row, column):
    return page.locator(f"[data-grid={grid}] tr").nth(row + 1).locator("td[role]").nth(column)


def texts(page, grid):
    """The cells' texts, row by row."""
    line = "row => [...row.querySelectorAll('td[role]')].map(cell => cell.textContent)"
    rows = page.locator(f"[data-grid={grid}] tr")
    return rows.evaluate_all(f"rows => rows.slice(1).map({line})")


def number(text):
    return float(text.replace("−", "-"))


def half_a_digit(text):
    """How far a number may be from what is written; whole ones are exact."""
    mantissa, _, exponent = text.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 0.5000001 * 10.0 ** (number(exponent or "0") - decimals) if decimals else 0.0


def check_grid(page, grid, expected):
    """Every cell of the grid is `expected` to the digits shown, of which its largest has three."""
    found = texts(page, grid)
    assert (len(found), len(found[0])) == expected.shape, grid
    whole = np.all(expected == np.round(expected))
    for text, value in zip(np.ravel(found), np.ravel(expected), strict=True):
        assert abs(number(text) - value) <= half_a_digit(text), (grid, text, value)
        assert whole or value == 0 or "." in text, (grid, text)


def choose(page, **controls):
    """Type into the inputs of the geometry, as a reader does."""
    for name, value in controls.items():
        page.locator(f"#{name.replace('_', '-')}").fill(str(value))


def type_value(page, grid, row, column, value):
    """Go to a cell, type a value, and go back."""
    cell(page, grid, row, column).focus()
    page.keyboard.press("Enter")
    page.keyboard.type(str(value))
    page.keyboard.press("Enter")


def inputs(stride, pairs, dilation):
    """The geometry, by the inputs' names."""
    return {
        **{f"stride_{n}": stride[n] for n in (0, 1)},
        **{f"dilation_{n}": dilation[n] for n in (0, 1)},
        **{f"pairs_{n}_{side}": pairs[n][side] for n in (0, 1) for side in (0, 1)},
    }


class Drawn:
    """An image, filters and two geometries, drawn at random: to open with, and to change to."""

    def __init__(self, seed):
        self.rng = rng = np.random.default_rng(seed)
        draw = (
            (lambda *n: rng.integers(-4, 5, n) * 1.0)
            if seed % 2
            else (lambda *n: rng.normal(size=n))
        )
        self.size = tuple(rng.integers(1, 4, 2).tolist())
        self.channels, self.filters = rng.integers(1, 4, 2).tolist()
        self.image = draw(1, *rng.integers(3, 7, 2), self.channels)
        self.weights = draw(*self.size, self.channels, self.filters)
        self.before, self.after = self.geometry(), self.geometry()

    def geometry(self):
        """(stride, pairs, dilation); whatever is drawn, a window fits."""
        rng = self.rng
        stride, dilation = rng.integers(1, 4, 2).tolist(), rng.integers(1, 3, 2).tolist()
        pairs = rng.integers(0, 4, (2, 2))
        spans = [d * (k - 1) + 1 for d, k in zip(dilation, self.size, strict=True)]
        lacking = np.maximum(0, np.array(spans) - self.image.shape[1:3] - pairs.sum(1))
        return stride, (pairs + [[0, 1], [0, 1]] * lacking[:, None]).tolist(), dilation


def spread(seed, spatial, spans, stride, pairs):
    """z by its definition: z[s·i + span − 1 − P] = g[i], where that lies in z."""
    z = np.zeros((*[n + k - 1 for n, k in zip(spatial, spans, strict=True)], seed.shape[2]))
    for i, j in np.ndindex(seed.shape[:2]):
        place = [
            s * k + span - 1 - pair[0]
            for s, k, span, pair in zip(stride, (i, j), spans, pairs, strict=True)
        ]
        if all(0 <= k < n for k, n in zip(place, z.shape, strict=False)):
            z[tuple(place)] = seed[i, j]
    return z


def check_page(page, image, weights, seed, stride, pairs, dilation):
    """All that the page shows, for every channel and filter, is what Python computes."""
    value, pull = tg.vjp(lambda x, w: tg.conv2d(x, w, stride, pairs, dilation), image, weights)
    by_image, by_filter = pull(seed)
    framed = np.pad(image, ((0, 0), *pairs, (0, 0)))
    by_framed = tg.vjp(lambda x: tg.conv2d(x, weights, stride, 0, dilation), framed)[1](seed)[0]
    size, spatial = weights.shape[:2], image.shape[1:3]
    spans = [d * (k - 1) + 1 for d, k in zip(dilation, size, strict=True)]
    z = spread(seed[0], spatial, spans, stride, pairs)
    if all(before == after for before, after in pairs):
        padding = [before for before, _ in pairs]
        assert np.array_equal(z, closed_form.prepare_back(seed, spatial, spans, stride, padding)[0])
    indices = tg.window_indices(framed.shape, size, stride, dilation)[0]
    assert page.evaluate("windowIndices(where)") == indices.ravel().tolist()
    everything = {
        "result": value, "byImage": by_image, "byFilter": by_filter, "byFramed": by_framed,
        "closedImage": by_image, "closedFilter": by_filter, "x": framed, "w": weights, "g": seed,
        "z": z, "turned": weights[::-1, ::-1].swapaxes(2, 3),
    }  # fmt: skip
    for name, expected in everything.items():
        found = np.array(page.evaluate(f"[...now.{name}.data]"))
        assert np.allclose(found, np.ravel(expected), rtol=1e-12, atol=1e-12), name
    _, _, channels, filters = weights.shape
    where = tuple(page.evaluate("windowShown()"))
    for c, f in np.ndindex(channels, filters):
        if channels > 1:
            page.locator("#channel").select_option(str(c))
        if filters > 1:
            page.locator("#filter").select_option(str(f))
        flat = np.arange(framed.size).reshape(framed.shape)[0, :, :, c]
        for grid, expected in {
            "image": framed[0, :, :, c], "filter": weights[:, :, c, f], "result": value[0, :, :, f],
            "imageGradient": by_framed[0, :, :, c], "filterGradient": by_filter[:, :, c, f],
            "cotangent": seed[0, :, :, f], "prepared": z[:, :, f],
            "turned": weights[::-1, ::-1, c, f], "closed": by_image[0, :, :, c], "flat": flat,
            "offset": indices[0, 0, :, :, c], "first": indices[:, :, 0, 0, 0],
            "taken": indices[(*where, ..., c)],
        }.items():  # fmt: skip
            check_grid(page, grid, expected)


@pytest.mark.parametrize("seed", range(10))
def test_every_number_is_pythons(browser, tmp_path, seed):
    drawn = Drawn(seed)
    stride, pairs, dilation = drawn.before
    image, weights = drawn.image, drawn.weights
    path = viz.convolution_lab(image, weights, tmp_path / "lab.html", stride, pairs, dilation)
    with opened(browser, path) as page:
        shape = tg.conv2d(image, weights, stride, pairs, dilation).shape
        i, j, f = np.indices(shape[1:])
        begun = ((3.0 * i + 5 * j + 2 * f) % 7 - 3)[None]
        check_page(page, image, weights, begun, *drawn.before)
        table = page.locator("#agreement").inner_text()
        assert "Python" in table

        stride, pairs, dilation = drawn.after
        choose(page, **inputs(*drawn.after))
        shape = tg.conv2d(image, weights, stride, pairs, dilation).shape
        i, j, f = np.indices(shape[1:])
        seed_after = ((3.0 * i + 5 * j + 2 * f) % 7 - 3)[None]
        check_page(page, image, weights, seed_after, *drawn.after)

        # each of the three arrays, in the channel and the filter shown last
        image, weights, at = image.copy(), weights.copy(), (drawn.channels - 1, drawn.filters - 1)
        (top, _), (left, _) = pairs
        type_value(page, "image", top + 2, left + 1, -7)
        image[0, 2, 1, at[0]] = -7
        type_value(page, "filter", 0, drawn.size[1] - 1, 2.5)
        weights[0, -1, at[0], at[1]] = 2.5
        type_value(page, "cotangent", shape[1] - 1, 0, "−4,25")
        seed_after[0, -1, 0, at[1]] = -4.25
        check_page(page, image, weights, seed_after, *drawn.after)


@pytest.fixture(scope="module")
def post(tmp_path_factory):
    """The page of the posts' image, 6×8 pixels of three channels, and a filter of 5×3."""
    channels_first = np.arange(144.0).reshape(3, 6, 8)
    image = np.moveaxis(channels_first, 0, -1)
    filters = np.random.default_rng(0).integers(-1, 3, (5, 3, 3, 1)).astype(float)
    path = tmp_path_factory.mktemp("lab") / "lab.html"
    return viz.convolution_lab(image, filters, path, padding=(2, 1))


def sums(text):
    """The sums in the panel's text, as Python computes them: what stands left and right of “=”."""
    plain = text.replace("·", "*").replace("−", "-").replace("\u2009", "")
    for part in re.split(r"\. All", plain):
        left, right = part.split(":")[-1].rsplit("=", 1)
        yield eval(left), float(right)


def chromium_timeout():
    """What playwright raises where an element cannot be clicked."""
    return pytest.importorskip("playwright.sync_api").TimeoutError


class TestPointing:
    def test_the_posts_pixel(self, browser, post):
        """y[4, 3]: its window begins at (4, 3) and reaches into the padding, as in the post."""
        with opened(browser, post) as page:
            assert page.locator("#told").inner_text().startswith("y[4, 3] = ")
            met = page.locator("[data-grid=image] td.met").all_inner_texts()
            assert [int(x) for x in met] == [
                18,
                19,
                20,
                26,
                27,
                28,
                34,
                35,
                36,
                42,
                43,
                44,
                0,
                0,
                0,
            ]
            assert page.locator("[data-grid=filter] td.met").count() == 15
            assert page.locator("[data-grid=result] td.met").count() == 0
            assert page.locator("#products td").count() == 15

    @pytest.mark.parametrize("grid", ["result", "imageGradient", "filterGradient", "closed"])
    def test_the_sum_is_written_out(self, browser, post, grid):
        rng = np.random.default_rng(len(grid))
        with opened(browser, post, 1200, 2400) as page:
            choose(page, stride_0=2, dilation_1=2)
            for row, column in rng.integers(0, 3, (4, 2)):
                target = cell(page, grid, row, column)
                target.hover()
                value = number(target.inner_text())
                assert page.locator("#told").inner_text().endswith(f"= {target.inner_text()}")
                pairs = list(sums(page.locator("#sum").inner_text()))
                assert len(pairs) == (2 if grid == "result" else 1)
                assert all(left == right for left, right in pairs)
                assert pairs[-1][1] == value
                products = page.locator("#products span").all_inner_texts()
                if grid != "result":
                    assert sum(number(x) for x in products if x) == value
                else:
                    assert sum(number(x) for x in products) == pairs[0][1]

    def test_a_long_sum_says_how_many_terms_are_left_out(self, browser, tmp_path):
        image = np.ones((9, 9))
        path = viz.convolution_lab(image, np.ones((1, 1, 1, 1)), tmp_path / "lab.html")
        with opened(browser, path) as page:
            cell(page, "filterGradient", 0, 0).hover()
            assert "… (21 more) = " in page.locator("#sum").inner_text()

    def test_what_meets_what(self, browser, post):
        """With stride 3 and dilation 2 on the rows, a cell for each kind of thing."""
        with opened(browser, post, 1200, 2600) as page:
            choose(page, stride_0=3, stride_1=3, dilation_0=2)

            def met(grid):
                code = "cells => cells.map(x => x.at)"
                return page.locator(f"[data-grid={grid}] td.met").evaluate_all(code)

            cell(page, "cotangent", 0, 1).hover()  # whom does this cotangent reach?
            window = [[2 * a, 3 + b] for a in range(5) for b in range(3)]
            assert met("image") == met("imageGradient") == met("flat") == window
            assert len(met("filterGradient")) == 15
            cell(page, "imageGradient", 2, 5).hover()  # where does this gradient come from?
            assert met("cotangent") == met("result") == [[0, 1]]
            assert met("filter") == met("filterGradient") == [[1, 2]]
            assert met("turned") == [[3, 0]]
            assert len(met("prepared")) == 15  # the zeros too
            cell(page, "filterGradient", 1, 0).hover()
            assert met("image") == [[2, 0], [2, 3], [2, 6]]
            assert met("cotangent") == [[0, 0], [0, 1], [0, 2]]
            cell(page, "imageGradient", 3, 4).hover()  # a row that no tap falls on
            assert met("cotangent") == []
            assert "no window has it = 0" in page.locator("#sum").inner_text()

    def test_a_zero_between_cotangents_says_so(self, browser, post):
        with opened(browser, post, 1200, 2400) as page:
            choose(page, stride_0=2, stride_1=2)
            page.locator("[data-grid=prepared] td.padding").last.hover()
            assert page.locator("#rule").inner_text().startswith("a zero between or around")
            assert page.locator("td.met").count() == 0

    def test_nothing_moves_under_the_mouse(self, browser, post):
        with opened(browser, post) as page:
            corners = "all => all.map(x => [x.getBoundingClientRect().x, x.offsetWidth])"
            cells = page.locator(".pairs td[role]")
            before = cells.evaluate_all(corners)
            for grid in ("filter", "imageGradient", "cotangent"):
                cell(page, grid, 0, 1).hover()
                assert cells.evaluate_all(corners) == before

    def test_what_was_chosen_comes_back(self, browser, post):
        with opened(browser, post) as page:
            cell(page, "result", 1, 1).click()
            cell(page, "filter", 2, 2).hover()
            assert page.locator("#told").inner_text().startswith("w[2, 2]")
            page.mouse.move(1190, 790)
            assert page.locator("#told").inner_text().startswith("y[1, 1]")

    def test_the_padding_is_dropped(self, browser, post):
        with opened(browser, post) as page:
            cell(page, "imageGradient", 0, 0).hover()
            assert "in the padding" in page.locator("#rule").inner_text()
            assert page.locator("#beside").inner_text() == ""
            cell(page, "imageGradient", 2, 1).hover()
            assert "in the image: [0, 0]" in page.locator("#rule").inner_text()
            assert len(page.locator("#beside b").all_inner_texts()) == 3
            assert len(set(page.locator("#beside b").all_inner_texts())) == 1
            assert page.locator("#edit").is_hidden()


class TestControls:
    def test_same_and_valid(self, browser, post):
        with opened(browser, post) as page:
            image = np.moveaxis(np.arange(144.0).reshape(3, 6, 8), 0, -1)[None]
            filters = np.random.default_rng(0).integers(-1, 3, (5, 3, 3, 1)).astype(float)
            for padding in ("valid", "same"):
                page.locator("#padding").select_option(padding)
                for stride in (1, 2):
                    choose(page, stride_0=stride, stride_1=1)
                    expected = tg.conv2d(image, filters, (stride, 1), padding)
                    check_grid(page, "result", expected[0, :, :, 0])
                assert page.locator("#pairs-0-0").is_disabled()
            assert 'padding="same"' in page.locator("#call").inner_text()
            page.locator("#padding").select_option("given")  # what it was is where one goes on
            assert page.locator("#pairs-0-0").input_value() == "1"
            assert page.locator("#pairs-0-1").input_value() == "2"
            check_grid(page, "result", expected[0, :, :, 0])

    @pytest.mark.parametrize("text", ["0", "", "-1", "1.5", "1000"])
    def test_a_stride_that_is_none(self, browser, post, text):
        with opened(browser, post) as page:
            before = texts(page, "result")
            choose(page, stride_0=text)
            assert "whole number from 1 to 999" in page.locator("#problem").inner_text()
            assert page.locator("#stride-0").get_attribute("aria-invalid") == "true"
            assert texts(page, "result") == before
            choose(page, stride_0=2)
            assert page.locator("#problem").is_hidden()
            assert len(texts(page, "result")) == 3

    def test_a_window_that_does_not_fit(self, browser, post):
        with opened(browser, post) as page:
            choose(page, dilation_0=3)
            told = page.locator("#problem").inner_text()
            assert "spans 13×3 and does not fit the 10×10 frame: pad more, or dilate less" in told
            assert len(texts(page, "result")) == 6
            told = page.locator("#told").inner_text()
            with pytest.raises(chromium_timeout(), match="Timeout"):  # nothing there can be chosen
                cell(page, "filter", 0, 0).click(timeout=300)
            assert page.locator("#told").inner_text() == told
            choose(page, pairs_0_0=4, pairs_0_1=3)
            assert page.locator("#problem").is_hidden()
            assert len(texts(page, "result")) == 1
            choose(page, pairs_0_0=60)
            assert "pad to at most 64 each way" in page.locator("#problem").inner_text()

    @pytest.mark.parametrize("text", ["", "a", "1e99", "nan", "Infinity", "--1"])
    def test_a_value_that_is_none(self, browser, post, text):
        with opened(browser, post) as page:
            before = texts(page, "result")
            cell(page, "filter", 0, 0).click()
            page.locator("#value").fill(text)
            assert page.locator("#value").get_attribute("aria-invalid") == "true"
            assert texts(page, "result") == before
            page.locator("#value").fill("3")
            assert page.locator("#value").get_attribute("aria-invalid") == "false"
            assert texts(page, "result") != before

    def test_cotangents_by_button(self, browser, post):
        with opened(browser, post) as page:
            page.locator("#ones").click()
            check_grid(page, "cotangent", np.ones((6, 8)))
            cell(page, "result", 2, 5).click()
            page.locator("#single").click()
            check_grid(page, "cotangent", np.outer(np.arange(6) == 2, np.arange(8) == 5) * 1.0)
            framed = np.zeros((10, 10))
            framed[2:7, 5:8] = [[number(x) for x in row] for row in texts(page, "filter")]
            check_grid(page, "imageGradient", framed)

    def test_pythons_numbers_stand_there_until_something_changes(self, browser, post):
        with opened(browser, post) as page:
            assert "closed_form, in Python: " in page.locator("#beside").inner_text()
            before = page.locator("#agreement").inner_text()
            assert before.count("equal to the last bit") == 5
            assert "in Python" in before
            type_value(page, "image", 2, 1, 9)
            cell(page, "result", 0, 0).click()
            assert "Python" not in page.locator("#beside").inner_text()
            assert "start again" in page.locator("#agreement").inner_text()
            assert page.locator("#agreement").inner_text().count("equal to the last bit") == 2
            page.locator("#reset").click()
            assert page.locator("#agreement").inner_text() == before


class TestByKeys:
    def test_without_a_mouse(self, browser, post):
        with opened(browser, post) as page:
            for _ in range(20):  # through the controls to the first grid
                page.keyboard.press("Tab")
                if page.evaluate("document.activeElement.grid") == "image":
                    break
            assert page.locator("#told").inner_text() == "x̃[0, 0] = 0"
            assert page.locator("#edit").is_hidden()  # padding has no value to change
            for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft"):
                page.keyboard.press(key)
            page.keyboard.press("ArrowRight")
            assert page.locator("#told").inner_text() == "x̃[2, 2] = 1"
            page.keyboard.press("-")
            page.keyboard.type("12")
            check = [row[2] for row in texts(page, "image")][2]
            assert check == "−12"
            page.keyboard.press("ArrowUp")
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.textContent") == "−11"
            page.keyboard.press("Home")
            page.keyboard.press("ArrowLeft")  # no cell there
            assert page.locator("#told").inner_text() == "x̃[2, 0] = 0"
            page.keyboard.press("Tab")
            page.keyboard.press("End")
            assert page.locator("#told").inner_text().startswith("w[0, 2] = ")
            page.keyboard.press("Shift+Tab")
            assert page.locator("#told").inner_text() == "x̃[2, 0] = 0"

    def test_what_is_read_aloud(self, browser, post):
        with opened(browser, post) as page:
            assert page.get_by_role("grid").count() == len(GRIDS)
            for grid in GRIDS:
                table = page.locator(f"[data-grid={grid}] table")
                assert len(table.get_attribute("aria-label")) > 5
                assert table.locator("[tabindex='0']").count() == 1
            unnamed = "all => all.filter(x => !x.labels?.length && !x.textContent).map(x => x.id)"
            assert page.locator("input, select, button").evaluate_all(unnamed) == []
            assert page.get_by_role("alert").count() == 1
            assert page.locator("#told").get_attribute("aria-live") == "polite"


class TestTheAddress:
    def test_it_keeps_the_state(self, browser, post):
        with opened(browser, post) as page:
            choose(page, stride_0=2, pairs_1_0=3, dilation_1=2)
            page.locator("#channel").select_option("2")
            type_value(page, "filter", 1, 1, 0.5)
            type_value(page, "cotangent", 0, 0, 8)
            page.wait_for_url(lambda url: "&w=" in url and "&g=" in url)
            before = {grid: texts(page, grid) for grid in GRIDS}
            told = page.locator("#told").inner_text()
            page.reload()
            assert {grid: texts(page, grid) for grid in GRIDS} == before
            assert page.locator("#told").inner_text() == told
            assert page.locator("#channel").input_value() == "2"

    @pytest.mark.parametrize(
        "address",
        [
            "#at=<img src=x onerror=alert(1)>,0,0&p=<script>alert(1)</script>&s=1,<b>",
            "#s=0,1&d=-1,2&p=1,2,3&c=9&f=1&at=result,99,-1&w=0:nan,999:1,x:2,-1:3,1.5:2",
            "#d=9,9", "#p=64,64,64,64", "#at=toString,0,0", "#g=%E0%A4", "#at=image", "#&&==",
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_is_left_out(self, browser, post, address):
        with opened(browser, post) as page:
            before = {grid: texts(page, grid) for grid in GRIDS}
            page.evaluate(f"location.hash = {address!r}")
            page.wait_for_timeout(100)
            page.reload()
            assert {grid: texts(page, grid) for grid in GRIDS if grid != "taken"} == {
                grid: text for grid, text in before.items() if grid != "taken"
            }
            assert page.locator("img").count() == 0
            assert page.locator("script").count() == 1


def contrasts(page):
    """The contrast of the digits of each shaded cell with what is behind them, as in WCAG 2."""
    return page.evaluate("""() => {
        const options = { willReadFrequently: true };
        const canvas = document.createElement("canvas").getContext("2d", options);
        const light = (colour) => {
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((x) => {
                const s = x / 255;
                return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
            });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        return [...document.querySelectorAll("td[role]:not(.padding)")].map((cell) => {
            const style = getComputedStyle(cell);
            const [a, b] = [light(style.color), light(style.backgroundColor)];
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        });
    }""")


PHONE = {"has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.fixture(scope="module", params=["the posts'", 12, 40])
def some_image(request, post, tmp_path_factory):
    """A page of the posts' image, of one of 12×12 pixels, of the largest."""
    if request.param == "the posts'":
        return post
    image = np.random.default_rng(0).normal(size=(request.param, request.param))
    path = tmp_path_factory.mktemp("lab") / "lab.html"
    return viz.convolution_lab(image, np.ones((3, 3, 1, 1)), path, padding="same")


class TestEveryScreen:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_digits_can_be_read_on_every_colour(self, browser, post, scheme):
        with opened(browser, post, color_scheme=scheme) as page:
            paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
            found = contrasts(page)
            assert len(found) > 300
            assert min(found) > 4.5

    @pytest.mark.parametrize("width", [360, 768, 1024, 1600])
    def test_the_page_is_no_wider_than_the_screen(self, browser, tmp_path, width):
        rng = np.random.default_rng(0)
        image, filters = rng.normal(size=(24, 40, 2)) * 1e4, rng.normal(size=(5, 9, 2, 2))
        path = viz.convolution_lab(image, filters, tmp_path / "lab.html", padding="same")
        with opened(browser, path, width, 700) as page:
            assert page.evaluate("document.documentElement.scrollWidth") == width

    @pytest.mark.parametrize(("width", "height"), [(360, 800), (390, 844)])
    def test_all_that_is_in_a_sum_is_in_sight_when_it_opens_on_a_phone(
        self, browser, some_image, width, height
    ):
        with opened(browser, some_image, width, height, **PHONE) as page:
            panel = page.locator("#panel").bounding_box()
            assert panel["y"] + panel["height"] <= height
            assert panel["height"] <= height / 3
            met = page.locator(":is([data-grid=image], [data-grid=filter]) .met").all()
            assert len(met) > 2 * 8
            for box in [one.bounding_box() for one in (*met, cell(page, "result", 0, 0))]:
                assert box["x"] + box["width"] <= width
                assert box["y"] + box["height"] <= panel["y"]
            assert page.locator("#told").bounding_box()["y"] >= panel["y"]
            written = page.locator("#sum").bounding_box()
            assert panel["y"] < written["y"] < height - 40  # two lines of it

    def test_what_is_folded_on_a_phone_opens(self, browser, post):
        with opened(browser, post, 360, 740, **PHONE) as page:
            for fold, inside in (
                ("How to read it", "header .formula"),
                ("What to change", "#call"),
            ):
                assert not page.locator(inside).is_visible()
                page.get_by_text(fold).tap()
                assert page.locator(inside).is_visible()
            choose(page, stride_0=2)
            assert len(texts(page, "result")) == 3
            choose(page, stride_0=0)
            page.get_by_text("What to change").tap()
            assert "whole number" in page.locator("#problem").inner_text()

    def test_nothing_is_folded_on_a_wide_screen(self, browser, post):
        with opened(browser, post) as page:
            assert page.locator("header .formula").is_visible()
            assert page.locator("#controls").is_visible()
            assert not any(one.is_visible() for one in page.locator("summary").all())

    @pytest.mark.parametrize("width", [360, 800, 1300])
    def test_grids_stand_in_the_order_of_the_tab_key(self, browser, some_image, width):
        with opened(browser, some_image, width) as page:
            boxes = [one.bounding_box() for one in page.locator("figure").all()]
            assert len(boxes) == len(GRIDS)
            for box, after in itertools.pairwise(boxes):
                is_beside = after["x"] >= box["x"] + box["width"] and after["y"] == box["y"]
                assert is_beside or after["y"] >= box["y"] + box["height"]

    def test_grids_are_whole_on_a_wide_screen(self, browser, some_image):
        with opened(browser, some_image, 1300) as page:
            cut = "all => all.filter((x) => x.scrollWidth > x.clientWidth).length"
            assert page.locator(".scroll").evaluate_all(cut) == 0

    def test_a_grid_that_goes_on_fades_until_its_end(self, browser, tmp_path):
        image = np.random.default_rng(0).normal(size=(3, 20))
        path = viz.convolution_lab(image, np.ones((1, 1, 1, 1)), tmp_path / "lab.html")
        with opened(browser, path, 360, 740, **PHONE) as page:
            box = page.locator("[data-grid=image] .scroll")
            assert "cut" in box.get_attribute("class").split()
            box.evaluate("box => box.scrollTo(10000, 0)")
            page.wait_for_selector("[data-grid=image] .scroll:not(.cut)")
            box.evaluate("box => box.scrollTo(0, 0)")
            page.wait_for_selector("[data-grid=image] .scroll.cut")

    def test_a_phone(self, browser, post):
        with opened(browser, post, 360, 640, **PHONE) as page:
            assert page.evaluate("document.documentElement.scrollWidth") == 360
            cell(page, "image", 4, 4).tap()
            assert page.locator("#told").inner_text() == "x̃[4, 4] = 19"
            page.locator("#value").fill("100")
            assert texts(page, "image")[4][4] == "100"
            panel = page.locator("#panel").bounding_box()
            assert panel["y"] + panel["height"] <= 640  # in sight, wherever one taps
            cell(page, "cotangent", 2, 2).tap()
            assert page.locator("#told").inner_text().startswith("g[2, 2] = ")

    def test_the_largest_image(self, browser, tmp_path):
        rng = np.random.default_rng(0)
        image, filters = rng.normal(size=(40, 40, 3)), rng.normal(size=(5, 5, 3, 4))
        path = viz.convolution_lab(image, filters, tmp_path / "lab.html", padding="same")
        with opened(browser, path) as page:
            value = tg.conv2d(image[None], filters, padding="same")
            check_grid(page, "result", value[0, :, :, 0])
            choose(page, stride_0=3, dilation_0=2)
            value = tg.conv2d(image[None], filters, (3, 1), "same", (2, 1))
            check_grid(page, "result", value[0, :, :, 0])

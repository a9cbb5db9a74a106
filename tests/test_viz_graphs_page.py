"""The page of a graph in a browser: its numbers are Python's, and what one does with it works."""

import re

import numpy as np
import pytest
from browser import browser, opened  # noqa: F401

import tinygrad_np as tg
from tinygrad_np.viz.digests import told

RNG = np.random.default_rng(18)
HOSTILE = "</script><script>document.title = 'taken over'</script><b>&amp;"


def block(images, filters):
    return tg.relu(tg.conv2d(images, filters, padding=1))


def logits(params, images):
    hidden = tg.max_pool(block(images, params["filters"]), 2)
    return tg.dense(tg.flatten(hidden), params["weights"], params[HOSTILE])


def loss(params, images, labels):
    return tg.log_loss(tg.sigmoid(logits(params, images)), labels)


@pytest.fixture(scope="module")
def network():
    params = {
        "filters": RNG.normal(size=(3, 3, 1, 4)).astype("f4"),
        "weights": RNG.normal(size=(784, 1)).astype("f4"),
        HOSTILE: np.zeros(1, "f4"),
    }
    images = RNG.normal(size=(4, 28, 28, 1)).astype("f4")
    return tg.graph(loss, params, images, np.array([[0], [1], [1], [0]]))


@pytest.fixture(scope="module")
def path(network, tmp_path_factory):
    found = tmp_path_factory.mktemp("page") / "graph.html"
    network.save(found)
    return found


@pytest.fixture
def page(browser, path):  # noqa: F811
    with opened(browser, path) as found:
        yield found


def saved(tmp_path, function, *args, **options):
    path = tmp_path / "graph.html"
    graph = tg.graph(function, *args, **options)
    graph.save(path)
    return graph, path


def number(graph, function):
    return next(node.number for node in graph.nodes if node.function == function)


def until(page, condition):
    """Wait for what the page does at its next frames."""
    page.evaluate(
        f"""async () => {{
          for (let i = 0; !({condition}); i++) {{
            if (i > 2000) throw new Error("it never came");
            await new Promise(requestAnimationFrame);
          }} }}"""
    )


def choose(page, item):
    page.evaluate("(item) => revealed(items[item])", item)


def cards(page):
    """What the cards of the inspector say: {title: (statistics, numbers)}."""
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".card")].map((card) => [
          card.querySelector("h3").textContent,
          [Object.fromEntries([...card.querySelectorAll("dd")].map(
             (dd) => [dd.dataset.stat, dd.textContent])),
           [...card.querySelectorAll("td")].map((td) => td.textContent)]]))"""
    )


def check_card(card, array):
    """Every number of a card against the array."""
    stats, numbers = card
    finite = array[np.isfinite(array)].astype(float)
    assert (stats["dtype"], stats["shape"]) == (str(array.dtype), str(array.shape))
    if array.size == 1:
        assert [float(x) for x in numbers] == [told(array.item())]
        return
    for name, count in {
        "zeros": np.count_nonzero(array == 0),
        "nan": np.count_nonzero(np.isnan(array)),
        "inf": np.count_nonzero(np.isinf(array)),
    }.items():
        assert int(stats[name].replace(",", "")) == count
    for name, x in {
        "min": finite.min(),
        "max": finite.max(),
        "mean": finite.mean(),
        "spread": finite.std(),
    }.items():
        assert float(stats[name]) == told(x)
    every = {str(told(x)) for x in array.ravel()}
    assert numbers
    assert {str(float(x)) for x in numbers} <= every


class TestNumbers:
    def test_of_every_node(self, page, network):
        for node, value, cotangent in zip(
            network.nodes, network.values, network.cotangents, strict=True
        ):
            choose(page, node.number)
            found = cards(page)
            several = isinstance(value, list)
            for word, array in (("Value", value), ("Gradient", cotangent)):
                check_card(
                    found[f"{word}, result 0" if several else word], array[0] if several else array
                )

    def test_in_their_order(self, page, network):
        filters = network.values[0]
        choose(page, 0)
        shown = cards(page)["Value"][1]
        assert [float(x) for x in shown] == [
            told(x) for x in np.moveaxis(filters[:, :, 0], 2, 0).ravel()
        ]
        choose(page, number(network, "relu"))
        middle = network.values[number(network, "relu")][0, ::2, ::2, 0][4:9, 5:9]
        assert [float(x) for x in cards(page)["Value"][1]] == [told(x) for x in middle.ravel()]
        assert page.inner_text(".card .scale span") == "shown: [0, ::2, ::2, :]"

    @pytest.mark.parametrize("scale", [1e-30, 1e-5, 0.01, 1.0, 123.456, 1e4, 98765.4, 1e20])
    def test_of_every_size(self, browser, tmp_path, scale):  # noqa: F811
        x = scale * RNG.normal(size=(4, 4))
        graph, path = saved(tmp_path, lambda x: np.sum(x * 3.0), x)
        with opened(browser, path) as page:
            choose(page, 1)
            assert [float(text) for text in cards(page)["Value"][1]] == [
                told(v) for v in 3 * x.ravel()
            ]
            check_card(cards(page)["Value"], graph.values[1])

    def test_special_ones(self, browser, tmp_path):  # noqa: F811
        x = np.array([[0.0, -0.0, np.nan], [np.inf, -np.inf, 1.0]])
        _, path = saved(tmp_path, lambda x: np.sum(x), x)
        with opened(browser, path) as page:
            choose(page, 0)
            stats, numbers = cards(page)["Value"]
            assert numbers == ["0", "0", "nan", "inf", "-inf", "1"]
            assert (stats["nan"], stats["inf"], stats["zeros"]) == ("1", "2", "2")

    def test_complex_several_and_none(self, browser, tmp_path):  # noqa: F811
        def f(z, a, e):
            values, vectors = np.linalg.eigh(a)
            return np.sum(np.abs(z)) + np.sum(values) + np.sum(vectors) + np.sum(e)

        graph, path = saved(
            tmp_path, f, np.array([3 + 4j, 1]), np.diag([1.0, 3.0]), np.ones((0, 2))
        )
        with opened(browser, path) as page:
            choose(page, 0)
            assert cards(page)["Value"][1] == ["5", "1"]
            assert "Absolute values" in page.inner_text(".card")
            choose(page, number(graph, "np.linalg.eigh"))
            found = cards(page)
            assert set(found) == {f"{x}, result {i}" for x in ("Value", "Gradient") for i in (0, 1)}
            assert found["Value, result 0"][1] == ["1", "3"]
            assert found["Gradient, result 0"][1] == ["1", "1"]
            choose(page, 2)
            assert "no elements" in page.inner_text(".card")


class TestInspector:
    def test_a_click_shows_line_rule_and_operands(self, page, network):
        product = number(network, "product")
        page.click(f'[data-item="{product}"]')
        text = page.inner_text("#inspector")
        assert text.startswith("product")
        assert "bilinear(" in text
        assert "filter_product(" in text
        assert "test_viz_graphs_page.py, line " in text
        assert page.inner_text("mark") == "tg.conv2d(images, filters, padding=1)"
        assert "filters = #0 params['filters']" in text
        page.click("text=#0 params['filters']")
        assert page.inner_text("#inspector h2") == "params['filters']"

    def test_a_histogram(self, page, network):
        number_of = number(network, "relu")
        choose(page, number_of)
        counts = page.get_attribute(".card .bars", "aria-label").removeprefix("histogram: ")
        expected, _ = np.histogram(network.values[number_of].astype(float), 16)
        assert [int(x) for x in counts.split(", ")] == expected.tolist()

    def test_what_the_user_wrote_is_text(self, page, network):
        assert page.title() == "loss: its graph"
        choose(page, 2)
        assert page.inner_text("#inspector h2").startswith('params["</script>')
        assert page.locator("#inspector b").count() == 0

    def test_the_arguments_of_a_call(self, page, network):
        choose(page, number(network, "pad"))
        assert "pad_width = ((0, 0), (1, 1), (1, 1), (0, 0))" in page.inner_text("#inspector")


def shown(page):
    return set(page.eval_on_selector_all(".item", "all => all.map((one) => +one.dataset.item)"))


def group(page, name):
    return page.evaluate("(name) => items.find((one) => one.name === name).number", name)


class TestFolding:
    def test_a_small_graph_opens_unfolded(self, page, network):
        assert shown(page) == set(range(len(network.nodes) + len(network.groups)))

    def test_a_click_folds_and_unfolds_a_group(self, page, network):
        conv = group(page, "tg.conv2d")
        inside = {number(network, name) for name in ("pad", "windows", "product")}
        before = shown(page)
        page.click(f'[data-item="{conv}"] .name')
        assert before - shown(page) == inside
        assert page.inner_text("#inspector h2") == "tg.conv2d"
        page.click(f'[data-item="{conv}"] .name')
        assert shown(page) == before

    def test_edges_end_at_what_is_folded(self, page, network):
        page.click("#fold")
        ends = page.eval_on_selector_all(
            ".edge", "all => all.map((e) => [+e.dataset.from, +e.dataset.to])"
        )
        assert ends == [[group(page, "logits"), group(page, "tg.log_loss")]]

    def test_enter_folds_the_group_of_what_is_chosen(self, page, network):
        choose(page, number(network, "pad"))
        page.keyboard.press("Enter")
        assert number(network, "pad") not in shown(page)
        page.keyboard.press("Enter")
        assert number(network, "pad") in shown(page)

    def test_all_at_once(self, page, network):
        page.click("#fold")
        assert len(shown(page)) == 2
        page.click("#unfold")
        assert len(shown(page)) == len(network.nodes) + len(network.groups)

    def test_boxes_do_not_overlap_and_lie_in_their_group(self, page, network):
        boxes = page.evaluate(
            "() => shownItems.map(({ x, y, w, h, parent, number }) => "
            "[x - w / 2, y, x + w / 2, y + h, parent, number])"
        )
        count = len(network.nodes)
        of = {box[5]: box for box in boxes}
        for one in boxes:
            if one[4] is not None:
                around = of[count + one[4]]
                assert around[0] < one[0] < one[2] < around[2]
                assert around[1] < one[1] < one[3] < around[3]
            for other in boxes:
                if one[5] < other[5] and one[4] == other[4]:
                    apart = (
                        one[2] <= other[0]
                        or other[2] <= one[0]
                        or one[3] <= other[1]
                        or other[3] <= one[1]
                    )
                    assert apart, (one, other)


class TestSearch:
    def test_it_finds_functions_names_and_lines(self, page):
        for word, count in (("pad", 4), ("filters", 4), ("#13", 1), ("nowhere", 0), ("", None)):
            page.fill("#search", word)
            text = page.inner_text("#hits") if count is not None else None
            found = page.evaluate("state.hits.length")
            if count is None:
                assert page.text_content("#hits") == ""
            else:
                assert text == f"{found} found"
                assert (found > 0) == (count > 0)

    def test_enter_goes_from_hit_to_hit_and_unfolds_what_is_around(self, page, network):
        page.click("#fold")
        page.keyboard.press("/")
        page.keyboard.type("windows")
        assert page.locator(".item.hit").count() == 1
        page.keyboard.press("Enter")
        first = page.evaluate("state.chosen.number")
        page.keyboard.press("Enter")
        second = page.evaluate("state.chosen.number")
        assert network.nodes[first].function == network.nodes[second].function == "windows"
        assert first != second
        assert {first, second} <= shown(page)


class TestSteps:
    def test_the_forward_order(self, page, network):
        for i in range(len(network.nodes)):
            page.keyboard.press("ArrowRight")
            assert page.evaluate("state.chosen.number") == i
        assert page.inner_text("#step").startswith("15 of 15: #14 np.mean is computed from #13")
        page.keyboard.press("ArrowRight")
        assert page.evaluate("state.chosen.number") == 14

    def test_the_reverse_sweep(self, page, network):
        page.keyboard.press("g")
        order = []
        for _ in network.nodes:
            page.keyboard.press("ArrowRight")
            order.append(page.evaluate("state.chosen.number"))
        assert order == list(range(len(network.nodes)))[::-1]
        assert (
            page.inner_text("#step") == "15 of 15: the gradient of #0 params['filters'] is complete"
        )

    def test_what_was_not_reached_is_faint(self, page, network):
        page.keyboard.press("g")
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        faint = page.eval_on_selector_all(
            ".item.todo", "all => all.map((one) => +one.dataset.item)"
        )
        assert set(faint) == set(range(len(network.nodes) - 3))
        flow = page.eval_on_selector_all(
            ".flow", "all => all.map((e) => [+e.dataset.from, +e.dataset.to])"
        )
        parents = network.nodes[len(network.nodes) - 3].parents
        assert sorted(flow) == sorted([[p, len(network.nodes) - 3] for p in parents])
        page.keyboard.press("Home")
        assert page.inner_text("#step").startswith("1 of 15")
        page.keyboard.press("Escape")
        assert page.locator(".todo").count() == 0
        assert page.text_content("#step") == ""

    def test_to_operands_and_users(self, page, network):
        choose(page, number(network, "relu"))
        page.keyboard.press("ArrowUp")
        assert page.evaluate("state.chosen.function") == "product"
        page.keyboard.press("ArrowDown")
        assert page.evaluate("state.chosen.function") == "relu"

    def test_they_play(self, page):
        page.click("#play")
        until(page, "state.step === 1")
        page.click("#play")
        assert page.get_attribute("#play", "aria-pressed") == "false"

    def test_no_motion_where_none_is_wanted(self, browser, path):  # noqa: F811
        for wish, expected in (("reduce", "none"), ("no-preference", "flow")):
            with opened(browser, path, reduced_motion=wish) as page:
                page.keyboard.press("g")
                page.keyboard.press("ArrowRight")
                name = page.eval_on_selector(".flow", "one => getComputedStyle(one).animationName")
                assert name == expected


def test_the_switch_shows_the_other_pictures(page, network):
    def picture():
        return page.get_attribute('[data-item="0"] image', "href")

    values = picture()
    page.click("#cotangents")
    gradients = picture()
    assert page.get_attribute("#cotangents", "aria-pressed") == "true"
    assert gradients.startswith("data:image/png")
    assert values != gradients
    choose(page, 0)
    assert list(cards(page)) == ["Gradient", "Value"]
    page.keyboard.press("v")
    assert picture() == values
    assert list(cards(page)) == ["Value", "Gradient"]


def test_the_pictures_pixels(page, network):
    choose(page, number(network, "relu"))
    pixels, ends = page.evaluate(
        """() => { const canvas = document.querySelector(".card canvas");
        const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return [[canvas.width, canvas.height, ...all.data], colourAt.ends]; }"""
    )
    width, height = pixels[:2]
    image = np.array(pixels[2:]).reshape(height, width, 4)
    x = network.values[number(network, "relu")][0, ::2, ::2]
    assert (height, width) == (29, 29)
    byte = 128 + np.rint(127 * (x / x.max()).astype(float))
    zero, plus = np.array(ends[0]), np.array(ends[1])
    colour = zero + (byte[..., None] - 128) / 127 * (plus - zero)
    for i, tile in enumerate([image[:14, :14], image[:14, 15:], image[15:, :14], image[15:, 15:]]):
        assert np.abs(tile[..., :3] - colour[:, :, i]).max() <= 0.5 + 1e-9


class TestNonFinite:
    @pytest.fixture
    def nonfinite(self, tmp_path):
        def f(x, y):
            kept = np.log(x * 1.0)
            kept = np.where(np.isfinite(kept), kept, 0.0)
            return np.sum(kept) + np.sum(np.sqrt(y * 1.0) * 2.0)

        with np.errstate(all="ignore"):
            return saved(tmp_path, f, np.array([0.0, 1.0]), np.array([0.0, 4.0]))

    @pytest.mark.parametrize("mode", ["values", "cotangents"])
    def test_it_is_red_and_its_origin_is_marked(self, browser, nonfinite, mode):  # noqa: F811
        graph, path = nonfinite
        arrays = graph.values if mode == "values" else graph.cotangents
        bad = {i for i, x in enumerate(arrays) if not np.isfinite(x).all()}
        first = graph.first_value if mode == "values" else graph.first_cotangent
        assert bad
        with opened(browser, path) as page:
            page.click(f"#{mode}")
            red = page.eval_on_selector_all(
                ".item.bad", "all => all.map((one) => +one.dataset.item)"
            )
            assert set(red) == bad
            badge = page.eval_on_selector_all(
                ".badge", "all => all.map((one) => +one.parentNode.dataset.item)"
            )
            assert badge == [first]
            page.click(f'[data-item="{first}"]')
            assert "first nan or inf" in page.inner_text("#inspector .warn")

    @pytest.mark.parametrize(
        ("cotangent", "cause", "badge", "told"),
        [
            (1.0, "sum", "sum: first nan or inf", "their sum is the first that has"),
            (np.nan, "seed", "given: nan or inf", "that was given has a nan or inf"),
        ],
    )
    def test_what_no_rule_made(self, browser, tmp_path, cotangent, cause, badge, told):  # noqa: F811
        def f(x):
            return np.sum(x * 1.5e308) + np.sum(x * 1.5e308)

        graph = tg.graph(f, np.full(2, 1e-300), cotangent=cotangent)
        assert graph.first_cause == cause
        with opened(browser, graph.save(tmp_path / "graph.html")) as page:
            page.click("#cotangents")
            assert page.text_content(".badge") == badge
            page.click("#inspector .warn button")
            assert told in page.inner_text("#inspector .warn")

    def test_the_page_says_so_at_once(self, browser, nonfinite):  # noqa: F811
        with opened(browser, nonfinite[1]) as page:
            assert page.locator("#inspector .warn").count() == 2
            page.click("#inspector .warn button >> nth=0")
            assert page.inner_text("#inspector h2") == "np.log"


class TestNames:
    def test_no_letter_is_cut_in_half(self, page):
        cut = page.evaluate(
            "[clipped('😀😀😀', 2), shortened('😀'.repeat(9), 4), clipped('😀😀', 2)]"
        )
        assert cut == ["😀…", "😀…😀😀", "😀😀"]


class TestView:
    def transform(self, page):
        text = page.get_attribute("#view", "transform")
        return [float(x) for x in re.findall(r"-?[\d.]+(?:e-?\d+)?", text)]

    def test_a_pointer_moves_it_and_the_wheel_zooms_where_it_points(self, page):
        x, y, zoom = self.transform(page)
        page.mouse.move(60, 700)
        page.mouse.down()
        page.mouse.move(90, 690, steps=3)
        page.mouse.move(160, 660, steps=3)
        page.mouse.up()
        moved = self.transform(page)
        assert moved == pytest.approx([x + 100, y - 40, zoom])
        top = page.evaluate("svg.getBoundingClientRect().top")
        page.mouse.move(300, 300)
        page.mouse.wheel(0, -200)
        until(page, f"state.zoom > {zoom}")
        after = self.transform(page)
        for (before, now), at in zip(
            zip(moved[:2], after[:2], strict=True), (300, 300 - top), strict=True
        ):
            assert (at - before) / zoom == pytest.approx((at - now) / after[2])
        page.keyboard.press("0")
        assert self.transform(page)[2] <= 1.25

    def test_a_click_on_nothing_or_a_drag_chooses_nothing(self, page):
        box = page.locator('[data-item="0"]').bounding_box()
        page.mouse.move(box["x"] + 5, box["y"] + 5)
        page.mouse.down()
        page.mouse.move(box["x"] + 60, box["y"] + 60, steps=4)
        page.mouse.up()
        assert page.evaluate("state.chosen") is None

    def test_a_phone(self, browser, path):  # noqa: F811
        with opened(browser, path, 390, 800, has_touch=True, is_mobile=True) as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            page.tap("#fold")
            page.tap(f'[data-item="{group(page, "logits")}"]')
            assert page.inner_text("#inspector h2") == "logits"
            box = page.locator(f'[data-item="{group(page, "logits")}"]').bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
            page.tap("#cotangents")
            page.tap("#on")
            assert page.inner_text("#step").startswith("1 of 15")

    def test_labels_can_be_read_when_it_opens_on_a_phone(self, browser, path):  # noqa: F811
        with opened(browser, path, 390, 844, has_touch=True, is_mobile=True) as page:
            assert self.transform(page)[2] >= 0.7
            boxes = [item.bounding_box() for item in page.locator(".item").all()]
            assert boxes
            for box in boxes:
                assert box["x"] >= 0
                assert box["x"] + box["width"] <= 390

    def test_a_long_name_of_a_function_is_whole(self, browser, tmp_path):  # noqa: F811
        def f(x):
            return np.exp(x)

        f.__name__ = "f" * 60
        with opened(browser, saved(tmp_path, f, 1.0)[1], 390, 844) as page:
            box = page.locator("h1").bounding_box()
            assert box["x"] + box["width"] <= 390

    def test_two_fingers_zoom(self, browser, path):  # noqa: F811
        with opened(browser, path, 390, 800, has_touch=True) as page:
            zoom = self.transform(page)[2]
            page.evaluate(
                """() => {
                  const send = (type, id, x) => svg.dispatchEvent(new PointerEvent(type, {
                    pointerId: id, clientX: x, clientY: 300, bubbles: true }));
                  svg.setPointerCapture = () => {}; // of pointers that are not there
                  send("pointerdown", 1, 150);
                  send("pointerdown", 2, 200);
                  send("pointermove", 2, 250);
                  send("pointerup", 1, 150);
                  send("pointerup", 2, 250);
                }"""
            )
            assert self.transform(page)[2] == pytest.approx(2 * zoom)

    def test_light_and_dark(self, browser, path):  # noqa: F811
        grounds = []
        for scheme in ("light", "dark"):
            with opened(browser, path, color_scheme=scheme) as page:
                grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
                before = page.get_attribute('[data-item="0"] image', "href")
                page.emulate_media(color_scheme={"light": "dark", "dark": "light"}[scheme])
                until(
                    page, f"document.querySelector('[data-item] image').href.baseVal !== '{before}'"
                )
        assert grounds == ["rgb(255, 255, 255)", "rgb(22, 24, 28)"]

    def test_a_reader_of_screens_hears_what_there_is(self, page):
        assert (
            page.get_attribute('[data-item="0"]', "aria-label")
            == "params['filters'], float32 (3, 3, 1, 4)"
        )
        assert "group unfolded" in page.get_attribute(
            f'[data-item="{group(page, "block")}"]', "aria-label"
        )
        assert page.get_attribute("#step", "role") == "status"
        choose(page, 0)
        assert page.text_content("#said") == "params['filters'], float32 (3, 3, 1, 4)"
        assert page.locator("button:not([aria-label])", has_text=re.compile(r"^\W+$")).count() == 0


class TestSizes:
    def test_the_code(self, path):
        text = path.read_text(encoding="utf-8")
        data = text.index("const DATA = ")
        code = len(text[:data].encode()) + len(text[text.index("\n", data) :].encode())
        assert code <= 300_000

    def test_three_hundred_nodes(self, browser, tmp_path):  # noqa: F811
        def stage(x, w):
            hidden = tg.relu(tg.conv2d(x, w, padding=1))
            return x + hidden - np.mean(hidden, axis=(1, 2), keepdims=True)

        def f(x, filters):
            for w in filters:
                x = stage(x, w)
            return np.mean(x**2)

        filters = [RNG.normal(0, 0.1, (3, 3, 8, 8)) for _ in range(37)]
        graph, path = saved(tmp_path, f, RNG.normal(size=(4, 28, 28, 8)), filters)
        assert 290 <= len(graph.nodes) <= 310
        assert path.stat().st_size <= 2_000_000
        with opened(browser, path) as page:
            page.click("#unfold")
            assert len(shown(page)) == len(graph.nodes) + len(graph.groups)

    def test_three_thousand_nodes(self, browser, tmp_path):  # noqa: F811
        def f(x, w):
            for _ in range(1_000):
                x = np.tanh(x @ w + 0.1)
            return np.sum(x)

        graph, path = saved(tmp_path, f, RNG.normal(size=(28, 28)), RNG.normal(size=(28, 28)))
        assert len(graph.nodes) > 3_000
        assert path.stat().st_size <= 15_000_000
        with opened(browser, path) as page:
            assert len(shown(page)) < 100
            page.fill("#search", "#1500")
            page.keyboard.press("Enter")
            assert page.evaluate("state.chosen.number") == 1500
            check_card(cards(page)["Value"], graph.values[1500])
            page.click("#unfold")
            assert page.evaluate("shownItems.length") > 3_000
            page.keyboard.press("ArrowRight")
            page.keyboard.press("0")
            until(page, "svg.classList.contains('far') && view.childElementCount > 3000")
            page.click("#fold")
            assert len(shown(page)) < 100


def test_one_node(browser, tmp_path):  # noqa: F811
    _, path = saved(tmp_path, lambda x: x, 3.0)
    with opened(browser, path) as page:
        page.click('[data-item="0"]')
        assert cards(page)["Value"][1] == ["3"]
        for key in ("ArrowRight", "ArrowUp", "ArrowDown", "g", "Enter", "Escape", "0"):
            page.keyboard.press(key)

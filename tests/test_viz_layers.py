"""Where the nodes of a graph are drawn."""

import itertools
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.viz import layers
from tinygrad_np.viz.layers import placed


@pytest.fixture(params=["library", "plain"])
def spread(request, monkeypatch):
    if request.param == "plain":
        monkeypatch.setattr(layers, "find_spec", lambda name: None)
    else:
        pytest.importorskip("fast_sugiyama", reason="needs the extra graph: fast-sugiyama")


def random_edges(rng, count):
    return [(int(rng.integers(i)), i) for i in range(1, count) for _ in range(rng.integers(1, 4))]


@pytest.mark.usefixtures("spread")
class TestPlaced:
    @pytest.mark.parametrize("seed", range(10))
    def test_every_node_lies_below_its_parents_and_beside_its_neighbours(self, seed):
        rng = np.random.default_rng(seed)
        count = int(rng.integers(2, 60))
        edges = random_edges(rng, count)
        places, bends = placed(count, edges)
        assert all(places[a][1] < places[b][1] for a, b in edges)
        rows = {}
        for x, layer in [*places, *itertools.chain(*bends)]:
            rows.setdefault(layer, []).append(x)
        for row in rows.values():
            row.sort()
            assert all(b - a > 0.98 for a, b in itertools.pairwise(row))

    @pytest.mark.parametrize("seed", range(5))
    def test_an_edge_has_a_bend_in_each_layer_that_it_passes(self, seed):
        rng = np.random.default_rng(seed)
        edges = random_edges(rng, 30)
        places, bends = placed(30, edges)
        for a, b in edges:
            passed = list(range(places[a][1] + 1, places[b][1]))
            assert [layer for _, layer in bends[a][: len(passed)]] == passed

    def test_a_leaf_lies_just_above_the_first_that_needs_it(self):
        places, _ = placed(6, [(0, 1), (1, 2), (2, 4), (3, 4), (4, 5), (3, 5)])
        assert [layer for _, layer in places] == [0, 1, 2, 2, 3, 4]

    def test_a_port_lies_at_the_top(self):
        places, bends = placed(4, [(0, 3), (1, 2), (2, 3)], ports=2)
        assert [layer for _, layer in places] == [0, 0, 1, 2]
        assert [layer for _, layer in bends[0]] == [1]

    def test_nodes_without_edges(self):
        places, bends = placed(3, [])
        assert sorted(places) == [(0, 0), (1, 0), (2, 0)]
        assert bends == [[], [], []]

    def test_one_and_none(self):
        assert placed(1, []) == ([(0, 0)], [[]])
        assert placed(0, []) == ([], [])

    def test_two_parts_lie_side_by_side(self):
        places, _ = placed(4, [(0, 1), (2, 3)])
        assert len({x for x, layer in places if layer == 0}) == 2

    def test_very_long_edges_have_no_bends(self):
        count = layers.MOST_BENDS + 10
        _, bends = placed(count, [(i, i + 1) for i in range(count - 1)] + [(0, count - 1)])
        assert bends == [[]] * count


def test_the_library_is_imported_where_it_is_used():
    code = "import sys, tinygrad_np.viz.graphs; print('fast_sugiyama' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.usefixtures("spread")
class TestSvg:
    def test_a_notebook_shows_a_picture_of_every_node(self):
        x = tg.Tensor([1.0, 2.0], name="</text><script>&")
        graph = np.sum(np.exp(x) * x / (1 + x)).graph()
        picture = ElementTree.fromstring(graph._repr_svg_())
        space = "{http://www.w3.org/2000/svg}"
        assert len(picture.findall(f"{space}rect")) == len(graph.nodes)
        assert len(picture.findall(f"{space}path")) == len(set(graph.edges))
        words = [found.text for found in picture.findall(f"{space}text")]
        assert words[:4] == ["</text><script>&", "float64 (2,)", "np.exp", "float64 (2,)"]

    def test_all_of_it_lies_within(self):
        x = tg.Tensor(np.ones(3))
        picture = ElementTree.fromstring((np.exp(x) * x + x).sum().graph()._repr_svg_())
        width, height = float(picture.get("width")), float(picture.get("height"))
        for box in picture.iter("{http://www.w3.org/2000/svg}rect"):
            x, y, w, h = [float(box.get(name)) for name in ("x", "y", "width", "height")]
            assert x >= 0
            assert x + w <= width
            assert y >= 0
            assert y + h <= height

    def test_a_large_graph_has_none_but_its_text(self):
        x = tg.Tensor(1.0)
        for _ in range(200):
            x = x + 1.0
        assert x.graph()._repr_svg_() is None

"""Where the nodes of a graph are drawn, each in a layer below its parents: `placed`, and `svg`.

>>> placed(3, [(0, 1), (1, 2)])[0]
[(0.0, 0), (0.0, 1), (0.0, 2)]
"""

from __future__ import annotations

import html
import itertools
from collections import defaultdict
from collections.abc import Sequence
from importlib.util import find_spec

from ..core.graph import Graph, results_of

Place = tuple[float, int]
"""Across, in widths of a node, and the layer."""

MOST_BENDS = 100  # of the edges of one node: longer ones are drawn straight


def placed(
    count: int, edges: Sequence[tuple[int, int]], ports: int = 0
) -> tuple[list[Place], list[list[Place]]]:
    """The places of so many nodes, and those where edges from each pass by the layers below it.

    A node's parents have smaller numbers. Edges of one parent that pass a layer do so together. A
    node without parents lies just above its first child, but for the first `ports`: at the top.
    fast-sugiyama lays the nodes out, where it is installed (the extra ``graph``); else each goes
    to the mean of its parents, and its neighbours aside.
    """
    layers = [0] * count
    children: list[list[int]] = [[] for _ in range(count)]
    roots = [True] * count
    for parent, child in sorted(set(edges), key=lambda edge: edge[1]):
        layers[child] = max(layers[child], layers[parent] + 1)
        children[parent].append(child)
        roots[child] = False
    for i, below in enumerate(children):
        if roots[i] and below and i >= ports:
            layers[i] = min([layers[child] for child in below]) - 1
    # An edge that passes layers becomes a chain of bends, so that no node lies in its way.
    short = set()
    of_layer = list(layers)
    bends: list[list[int]] = []
    for i, below in enumerate(children):
        passed = range(layers[i] + 1, max([layers[child] for child in below], default=0))
        own = [len(of_layer) + k for k in range(len(passed))] if len(passed) <= MOST_BENDS else []
        of_layer += passed if own else []
        chain = [i, *own]
        short |= set(zip(chain, own, strict=False))
        for child in below:
            if layers[child] - layers[i] <= len(chain):
                short.add((chain[layers[child] - layers[i] - 1], child))
        bends.append(own)
    spread = _by_library if find_spec("fast_sugiyama") else _by_means
    across = spread(len(of_layer), sorted(short), of_layer)
    places = [(round(x, 2), layer) for x, layer in zip(across, of_layer, strict=True)]
    return places[:count], [[places[i] for i in own] for own in bends]


def _by_library(count: int, edges: list[tuple[int, int]], layers: list[int]) -> list[float]:
    from fast_sugiyama import from_edges

    across = [-1.0] * count
    left = 0.0
    parts = from_edges(edges, vertex_spacing=1, dummy_vertices=False) if edges else []
    for positions, *_ in parts:
        start = min([x for _, (x, _) in positions])
        for i, (x, _) in positions:
            across[int(i)] = left + x - start
        left = max([across[int(i)] for i, _ in positions]) + 1
    for i, x in enumerate(across):
        if x < 0:  # it has no edge
            across[i], left = left, left + 1
    return across


def _by_means(count: int, edges: list[tuple[int, int]], layers: list[int]) -> list[float]:
    parents, rows = defaultdict(list), defaultdict(list)
    for parent, child in edges:
        parents[child].append(parent)
    for i in range(count):
        rows[layers[i]].append(i)
    across = [0.0] * count
    for _, row in sorted(rows.items()):
        wanted = {
            i: sum([across[p] for p in parents[i]]) / len(parents[i]) if parents[i] else 0.0
            for i in row
        }
        row.sort(key=lambda i: (wanted[i], i))
        for k, i in enumerate(row):
            across[i] = max(wanted[i], across[row[k - 1]] + 1) if k else wanted[i]
        shift = sum([across[i] - wanted[i] for i in row]) / len(row)
        for i in row:
            across[i] -= shift
    start = min(across, default=0.0)
    return [x - start for x in across]


def svg(graph: Graph) -> str | None:
    """A picture of a graph: its nodes in layers. None for one of more than 200 nodes."""
    if len(graph.nodes) > 200:
        return None
    ends = [(edge.parent, edge.child) for edge in graph.edges]
    spots, bends = placed(len(graph.nodes), ends)
    width, height, down = 150, 38, 62

    def at(spot: tuple[float, int]) -> tuple[float, float]:
        return 8 + spot[0] * (width + 14), 8 + spot[1] * down

    marks = []
    for parent, child in sorted(set(ends)):
        passed = spots[child][1] - spots[parent][1] - 1
        path = [at(spots[parent]), *map(at, bends[parent][:passed]), at(spots[child])]
        text = f"M{path[0][0] + width / 2:g},{path[0][1] + height:g}"
        for (x0, y0), (x1, y1) in itertools.pairwise(path):
            middle = (y0 + height + y1) / 2
            text += f" C{x0 + width / 2:g},{middle:g} {x1 + width / 2:g},{middle:g}"
            text += f" {x1 + width / 2:g},{y1:g} V{y1 + (0 if y1 == path[-1][1] else height):g}"
        marks.append(f'<path d="{text}" fill="none" stroke="#6b6f76"/>')
    for node, spot in zip(graph.nodes, spots, strict=True):
        x, y = at(spot)
        words = [node.name or node.function, ", ".join(results_of(node))]
        fill = "#f5f6f8" if node.parents else "#e3f0f8"
        marks.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width}" height="{height}" rx="5" fill="{fill}" '
            'stroke="#6b6f76"/>'
        )
        for line, word in enumerate(words):
            shown = html.escape(word if len(word) < 25 else word[:24] + "…")
            style = 'font-weight="600"' if not line else 'fill="#55585e"'
            marks.append(f'<text x="{x + 8:g}" y="{y + 16 + 15 * line:g}" {style}>{shown}</text>')
    right = max([at(spot)[0] for spot in [*spots, *itertools.chain(*bends)]]) + width + 8
    bottom = max([at(spot)[1] for spot in spots]) + height + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right:g} {bottom:g}" '
        f'width="{right:g}" height="{bottom:g}" font-family="sans-serif" font-size="11" '
        f'fill="#1b1b1f" style="background:#fff;max-width:100%">{"".join(marks)}</svg>'
    )

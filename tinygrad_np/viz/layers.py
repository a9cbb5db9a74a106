"""Where the nodes of a graph are drawn: each in a layer below its parents.

>>> placed(3, [(0, 1), (1, 2)])[0]
[(0.0, 0), (0.0, 1), (0.0, 2)]
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from importlib.util import find_spec

Place = tuple[float, int]
"""Across, in widths of a node, and the layer."""

MOST_BENDS = 4_000


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
    lengths = [max([layers[c] for c in below], default=0) - layers[i] - 1
               for i, below in enumerate(children)]  # fmt: skip
    straight = sum([max(0, length) for length in lengths]) > MOST_BENDS
    # An edge that passes layers becomes a chain of bends, so that no node lies in its way.
    short = set()
    of_layer = list(layers)
    bends: list[list[int]] = []
    for i, below in enumerate(children):
        own = [] if straight else list(range(len(of_layer), len(of_layer) + max(0, lengths[i])))
        of_layer += [layers[i] + 1 + k for k in range(len(own))]
        chain = [i, *own]
        short |= set(zip(chain, own, strict=False))
        for child in below:
            passed = layers[child] - layers[i] - 1
            if passed < len(chain):
                short.add((chain[passed], child))
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

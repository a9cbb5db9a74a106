"""What the page of a graph is given: for each node at most 4 kB, and a layout for each group.

`data_of` makes it of a `graphs.FunctionGraph`. In a graph of more than 500 nodes, where many lie in
one group, runs of them are folded into groups of their own, so that it can be looked at from afar.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from . import layers
from .digests import PIXELS, digest
from .seen import Line

OPENED = 500  # larger graphs open folded
MOST_BESIDE = 100  # in these, so many nodes and groups stay in one group


def data_of(graph: Any) -> dict[str, Any]:
    """The graph as JSON can hold it."""
    lines: dict[Line | None, int | None] = {None: None}
    for line in [*graph.lines, *[group.line for group in graph.groups]]:
        lines.setdefault(line, len(lines) - 1)
    rules = {text: i for i, text in enumerate(dict.fromkeys(filter(None, graph.rules)))}
    edges = [(edge.parent, edge.child) for edge in graph.edges]
    role = dict.fromkeys(range(len(graph.nodes)), "")
    for node, names in zip(graph.nodes, graph.operands, strict=True):
        if node.function == "windows":
            role[node.number] = "windows"
        for parent, name in zip(node.parents, names, strict=False):
            if name == "filters":
                role[parent] = "filters"
    nodes: list[dict[str, Any]] = []
    for i, node in enumerate(graph.nodes):
        nodes.append(
            {
                "function": _cut(node.function, 40),
                "name": node.name if node.name is None else _cut(node.name, 40),
                "likes": [
                    None if shape is None else [_cut(str(dtype), 20), _cut(str(shape), 60)]
                    for dtype, shape in zip(node.dtypes[:3], node.shapes[:3], strict=True)
                ],
                "line": lines[graph.lines[i]],
                "rule": rules.get(graph.rules[i]),
                "names": [_cut(name, 16) for name in graph.operands[i][:20]],
                "call": [[_cut(k, 16), _cut(v, 40)] for k, v in graph.constants[i][:5]],
                "values": _digests(graph.values[i], node.shapes, role[i]),
                "cotangents": _digests(graph.cotangents[i], node.shapes, role[i]),
            }
        )
    groups = [
        {
            "name": _cut(group.name, 40),
            "parent": group.parent,
            "line": lines[group.line],
            "user": group.of_user,
        }
        for group in graph.groups
    ]
    group_of = list(graph.group_of)
    _laid_out(nodes, groups, group_of, edges)
    told = [line for line in lines if line is not None]
    return {
        "title": _cut(graph.title, 80),
        "result": graph.result,
        "nodes": nodes,
        "edges": [list(edge) for edge in graph.edges],
        "groups": groups,
        "rules": [text[:2_000] for text in rules],
        "lines": [[line.file, line.number, line.text[:300], line.part[:300]] for line in told],
        "first": {"values": graph.first_value, "cotangents": graph.first_cotangent},
        "cause": graph.first_cause,
        "folded": len(nodes) > OPENED,
    }


def _cut(text: str, most: int) -> str:
    """A text without its middle, if it is long: the end of a path tells as much as its start."""
    half = most // 2
    return text if len(text) <= most else f"{text[: half - 1]}…{text[-half:]}"


def _digests(value: Any, shapes: Any, role: str) -> list[Any] | None:
    """A digest for each result, of several the first three, which share what one may have."""
    if value is None:
        return None
    if not isinstance(value, list):
        return [digest(value, role)]
    pairs = list(zip(value, shapes, strict=True))[:3]
    pixels = PIXELS // len(pairs) // 3
    return [None if x is None or like is None else digest(x, role, pixels) for x, like in pairs]


def _laid_out(nodes: Any, groups: Any, group_of: list[int | None], edges: Any) -> None:
    """Give each node and group its group and its place there, and the bends of its edges."""
    count = len(nodes)
    for node, group in zip(nodes, group_of, strict=True):
        node["parent"] = group
    items = [*nodes, *groups]  # a group comes after all nodes

    def path(i: int) -> list[int]:
        """An item and the groups around it, outermost first."""
        found = [i]
        while (above := items[found[0]]["parent"]) is not None:
            found.insert(0, count + above)
        return found

    # A leaf comes just before the first node that needs it, a group where its first node does.
    needed: dict[int, int] = {}
    calls = {child for _, child in edges}
    for parent, child in reversed(edges):
        if parent not in calls:
            needed[parent] = child
    first = {i: (needed.get(i, i), i not in needed, i) for i in range(count)}
    for i in range(count):
        for above in path(i)[:-1]:
            first[above] = min(first.get(above, first[i]), first[i])
    inside: dict[int | None, list[int]] = defaultdict(list)
    for i in sorted(first, key=first.__getitem__):
        inside[items[i]["parent"]].append(i)
    for group, members in list(inside.items()) if count > OPENED else []:
        if len(members) > MOST_BESIDE:
            size = math.isqrt(len(members))
            inside[group] = []
            for start in range(0, len(members), size):
                run, number = members[start : start + size], len(groups)
                own = [i for i in run if i < count and i not in needed]
                name = f"#{min(own)} to #{max(own)}" if own else f"{len(run)} groups"
                groups.append({"name": name, "parent": group, "line": None, "user": False})
                items.append(groups[-1])
                inside[group].append(count + number)
                inside[number] = run
                for i in run:
                    items[i]["parent"] = number
    # An edge goes out of groups, then past neighbours in one group, then into groups by a port.
    paths = [path(i) for i in range(count)]
    within: dict[int | None, set[tuple[Any, Any]]] = defaultdict(set)
    ports: dict[int | None, dict[int, None]] = defaultdict(dict)
    for parent, child in edges:
        out, into = paths[parent], paths[child]
        k = next(k for k, pair in enumerate(zip(out, into, strict=False)) if pair[0] != pair[1])
        within[items[out[k]]["parent"]].add((out[k], into[k]))
        for i in out[k + 1 :]:
            within[items[i]["parent"]].add((i, "out"))
        for i in into[k + 1 :]:
            ports[items[i]["parent"]][parent] = None
            within[items[i]["parent"]].add((("port", parent), i))
    for group, members in inside.items():
        doors = list(ports[group])
        every: list[Any] = [*[("port", i) for i in doors], *members, "out"]
        at = {one: k for k, one in enumerate(every)}
        ends = [(at[a], at[b]) for a, b in within[group]]
        places, bends = layers.placed(len(every), ends, len(doors))
        for k, one in enumerate(every):
            if isinstance(one, int):
                items[one] |= {"place": places[k], "bends": [x for x, _ in bends[k]]}
        if group is not None:
            groups[group]["ports"] = [
                [i, [places[k][0], *[x for x, _ in bends[k]]]] for k, i in enumerate(doors)
            ]

"""Wrong versions of a row: the witnesses must find every one of them."""

import copy
import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

import tinygrad_np as tg
from tinygrad_np.core.table import Row, Rule


class Mutant(NamedTuple):
    """A wrong row. `applied` collects what was changed, so that a change of nothing shows."""

    name: str
    row: Row
    applied: list


def _scaled(factor):
    def change(part, applied):
        applied.append(factor)
        return factor * part

    return change


def _transposed(part, applied):
    """A transpose dropped: of a square matrix nothing but the numbers shows it."""
    if np.ndim(part) < 2:
        return part
    applied.append(part.shape)
    return np.swapaxes(part, -1, -2)


MODES = (("vjp",), ("jvp",), ("vjp", "jvp"))
CHANGES = {
    "scaled by 1.001": _scaled(1.001),
    "sign flipped": _scaled(-1.0),
    "zeroed": _scaled(0.0),
    "transpose dropped": _transposed,
}


def _mutated(linear_map, change, applied):
    def mutated(g, *needed):
        result = linear_map(g, *needed)
        if isinstance(result, (list, tuple)):
            parts = [None if part is None else change(part, applied) for part in result]
            return type(result)(parts)
        return change(result, applied)

    return mutated


def _composed_mutants(row: Row) -> Iterator[Mutant]:
    """The text of a composed row followed by an identity whose vjp, jvp or both are wrong."""
    for what, change in CHANGES.items():
        for modes in MODES:
            applied: list = []
            rules = [
                _mutated(lambda g: g, change, applied) if mode in modes else lambda g: g
                for mode in ("vjp", "jvp")
            ]
            wrong = tg.general(lambda x: x.copy(), tuple(rules))
            twin = copy.copy(row)
            twin.definition = _followed(row.definition, wrong)
            yield Mutant(f"{' and '.join(modes)} {what}", twin, applied)


def _followed(text, wrong):
    def put(result):
        if isinstance(result, (list, tuple)):
            parts = [put(part) for part in result]
            return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
        return wrong(result) if isinstance(result, tg.Tensor) else result

    return lambda *args: put(text(*args))


def mutants(row: Row) -> Iterator[Mutant]:
    """Each vjp and each jvp alone, and both together, changed; and the operands' rules swapped."""
    if row.kind == "composed":
        yield from _composed_mutants(row)
    for position, rule in row.rules.items():
        for what, change in CHANGES.items():
            for modes in MODES:
                applied: list = []
                wrong = {mode: _mutated(getattr(rule, mode), change, applied) for mode in modes}
                name = f"{row.names[position]}: {' and '.join(modes)} {what}"
                yield Mutant(name, _with_rules(row, {position: rule._replace(**wrong)}), applied)
    for one, other in itertools.combinations(row.rules, 2):
        for modes in MODES:
            exchanged = {}
            for here, there in ((one, other), (other, one)):
                parts = {}
                for mode in modes:
                    needs = f"{mode}_needs"
                    parts[mode] = getattr(row.rules[there], mode)
                    parts[needs] = getattr(row.rules[there], needs)
                exchanged[here] = row.rules[here]._replace(**parts)
            names = f"{row.names[one]} and {row.names[other]}"
            name = f"{names}: {' and '.join(modes)} swapped"
            yield Mutant(name, _with_rules(row, exchanged), ["rules"])


def _with_rules(row: Row, rules: dict[int, Rule]) -> Row:
    twin = copy.copy(row)
    twin.rules = {**row.rules, **rules}
    twin.plans, twin.calls = {}, {}
    return twin

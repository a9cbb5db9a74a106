"""Trees of parameters."""

from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np
import pytest
import refused_arguments

import tinygrad_np as tg
from tinygrad_np.core import tree


class Point(NamedTuple):
    x: float
    y: float


@dataclass(frozen=True)
class Layer:
    weights: object
    bias: object = 0.0
    twice: float = field(init=False, default=2.0)
    kind: ClassVar[str] = "layer"


class Custom:
    def __init__(self, a, b):
        self.a, self.b = a, b


TREE = {"a": [1.0, (2.0, None)], "p": Point(3.0, 4.0), "l": Layer(5.0), "e": []}


def test_leaves_and_paths_are_in_one_order():
    assert tree.leaves(TREE) == [1, 2, 3, 4, 5, 0, 2]
    assert tree.paths(TREE) == [
        "['a'][0]", "['a'][1][0]", "['p'].x", "['p'].y", "['l'].weights", "['l'].bias",
        "['l'].twice",
    ]  # fmt: skip


def test_map_keeps_structure_and_types():
    result = tree.map(lambda x: x + 1, TREE)
    assert result == {"a": [2, (3, None)], "p": Point(4, 5), "l": result["l"], "e": []}
    assert isinstance(result["p"], Point)
    assert (result["l"].weights, result["l"].bias, result["l"].twice) == (6, 1, 3)
    assert TREE["l"].weights == 5


def test_a_single_leaf_is_a_tree():
    assert tree.map(lambda x: -x, 3.0) == -3
    assert tree.leaves(np.ones(2))[0].tolist() == [1, 1]
    assert tree.paths(1.0) == [""]


def test_none_is_no_leaf():
    assert tree.map(lambda x: x, None) is None
    assert tree.leaves([None, {"a": None}]) == []


def test_special_mappings_keep_their_kind():
    counts = defaultdict(list, a=1.0)
    result = tree.map(lambda x: 2 * x, counts)
    assert isinstance(result, defaultdict)
    assert result["a"] == 2
    assert result["new"] == []
    assert "new" not in counts
    ordered = tree.map(lambda x: x, OrderedDict(b=1.0, a=2.0))
    assert isinstance(ordered, OrderedDict)
    assert list(ordered) == ["b", "a"]


def test_map_over_several_matches_by_key():
    result = tree.map(
        lambda x, y, z: (x, y, z), {"a": 1, "b": [2]}, {"b": [20], "a": 10}, {"a": 3, "b": [4]}
    )
    assert result == {"a": (1, 10, 3), "b": [(2, 20, 4)]}


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (
            {"a": [1.0, 2.0]},
            {"a": [1.0]},
            r"at \['a'\]: \[0\], \[1\] in the first, \[0\] in another",
        ),
        ({"a": 1.0}, {"b": 1.0}, r"\['a'\] in the first, \['b'\] in another"),
        ([1.0], (1.0,), "a list in the first, a tuple in another"),
        ([1.0], [(1.0,)], r"at \[0\]: a leaf in the first, a tuple in another"),
        ([(1.0,)], [1.0], r"at \[0\]: a tuple in the first, a float in another"),
        ([None], [1.0], r"at \[0\]: a NoneType in the first, a float in another"),
        ({}, {"a": 1.0}, r"nothing in the first, \['a'\] in another"),
    ],
)
def test_trees_that_differ_say_where(first, second, message):
    with pytest.raises(ValueError, match=message):
        tree.map(lambda x, y: x, first, second)


def test_unflatten():
    assert tree.unflatten({"a": 0, "b": [0, None]}, [1, 2]) == {"a": 1, "b": [2, None]}
    with pytest.raises(ValueError, match="unflatten: 3 leaves for a tree that has 2"):
        tree.unflatten([0, 0], [1, 2, 3])


def test_register():
    assert len(tree.leaves(Custom(1.0, 2.0))) == 1
    tree.register(Custom, lambda c: [c.a, c.b], lambda c, parts: Custom(*parts))
    assert tree.leaves([Custom(1.0, [2.0])]) == [1, 2]
    assert tree.paths(Custom(1.0, [2.0])) == ["[0]", "[1][0]"]
    assert tree.map(lambda x: 2 * x, Custom(1.0, 2.0)).b == 4


class TestDepth:
    """Trees that are nested deeper than Python can follow."""

    def deep(self, levels=5000):
        tree = np.ones(1)
        for _ in range(levels):
            tree = [tree]
        return tree

    @pytest.mark.parametrize(
        "function",
        [
            lambda t: tg.tree.map(np.sin, t),
            lambda t: tg.tree.map(np.add, t, t),
            tg.tree.leaves,
            tg.tree.paths,
            lambda t: tg.tree.unflatten(t, [1]),
            lambda t: tg.grad(lambda x: 1.0)(t),
            lambda t: tg.value_and_grad(lambda x: 1.0)(t),
            lambda t: tg.vjp(lambda x: x, t),
            lambda t: tg.jvp(lambda x: x, [t], [t]),
            lambda t: tg.hvp(lambda x: 1.0, [t], [t]),
            lambda t: tg.jacobian(lambda x: 1.0)(t),
            lambda t: tg.hessian(lambda x: 1.0)(t),
            lambda t: tg.jacobian(lambda x: t)(1.0),
            lambda t: tg.stop_gradient(t),
            lambda t: tg.optim.sgd(t, t, rate=0.1),
            lambda t: tg.remat(lambda x: x[0])(t),
        ],
    )
    def test_it_is_told(self, function):
        with pytest.raises(
            ValueError, match=r"the tree is nested 500\d levels deep, .* flatten it"
        ):
            function(self.deep())

    def test_one_that_contains_itself(self):
        tree = []
        tree.append(tree)
        with pytest.raises(ValueError, match="the tree contains itself"):
            tg.tree.leaves(tree)

    def test_a_container_that_has_no_end(self):
        class Endless:
            pass

        tree.register(Endless, lambda _: [Endless(), Endless()], lambda _, parts: parts)
        with pytest.raises(RecursionError):
            tree.leaves(Endless())

    def test_what_the_function_raises_comes_through(self):
        def endless(x):
            return endless(x)

        with pytest.raises(RecursionError):
            tg.tree.map(endless, [[1.0]])

    def test_a_hundred_levels_work(self):
        tree = self.deep(100)
        assert tg.grad(lambda t: np.sum(tg.tree.leaves(t)[0]))(tree) == self.deep(100)


class TestMappings:
    def test_a_subclass_of_dict_stays_one(self):
        class Params(dict):
            pass

        g = tg.grad(lambda p: p["a"] * 2)(Params(a=1.0))
        assert type(g) is Params


@refused_arguments.each("core.tree")
def test_odd_arguments_are_refused(call, told):
    refused_arguments.check(call, told)

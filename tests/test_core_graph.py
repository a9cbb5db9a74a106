"""The graph: how deep and wide it may be, and who frees it."""

import copy
import gc
import pickle
import weakref
from xml.etree import ElementTree

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core.tensor import source_of


def leaf(*numbers):
    return Tensor(np.array(numbers, float))


class TestDepth:
    DEPTH = 100_000

    def chain(self):
        x = y = Tensor(1.0)
        for _ in range(self.DEPTH):
            y = y + 1e-5
        return x, y

    def test_a_deep_chain_differentiates(self):
        x, y = self.chain()
        y.backward()
        assert x.grad == 1

    def test_a_deep_chain_is_freed_without_the_garbage_collector(self):
        gc.disable()
        try:
            x, y = self.chain()
            value = weakref.ref(x._value)
            node = source_of(x)
            del x, y
            assert value() is None
            assert node.plan is None
        finally:
            gc.enable()

    def test_a_deep_chain_in_forward_mode(self):
        def f(x):
            for _ in range(20_000):
                x = x * 1.0
            return x

        assert tg.jvp(f, [2.0], [3.0])[1] == 3

    def test_an_operation_on_one_variable_leaves_one_object_for_the_garbage_collector(self):
        # Python's collector goes through all of them again and again: with a tuple or two a node,
        # that took a third of the time of a chain of 100,000.
        def f(x):
            for _ in range(100):
                x = np.sqrt(np.exp(-(x * 1.5 + 0.5)))
            return x

        x = leaf(1, 2)
        f(x)
        gc.collect()
        gc.disable()
        try:
            before = len(gc.get_objects())
            y = f(x)
            made = len(gc.get_objects()) - before
        finally:
            gc.enable()
        assert y.shape == (2,)
        assert 500 <= made < 520

    def test_a_wide_graph(self):
        parts = [Tensor(float(i)) for i in range(3_000)]
        np.stack(parts[::-1]).sum().backward()
        assert all(part.grad == 1 for part in parts)


X, W = np.ones((2, 5, 5, 1)), np.ones((3, 3, 1, 2))


def test_two_forwards_before_one_backward_are_two_graphs():
    w = Tensor(W)
    first, second = tg.conv2d(X, w), tg.conv2d(3 * X, w)
    first.sum().backward()
    once = w.grad
    w.grad = None
    second.sum().backward()
    assert np.array_equal(w.grad, 3 * once)


class TestGraph:
    """What `Tensor.graph` gives: text, and the same as data."""

    def graph(self):
        w = Tensor(np.ones((2, 3), np.float32), name="filter")
        x = leaf(1, 2)
        return (np.exp(x) @ w).sum().graph()

    def test_a_prompt_shows_its_text(self):
        graph = self.graph()
        assert repr(graph) == str(graph)
        assert str(graph).splitlines() == [
            "#0 leaf filter              float32 (2, 3)",
            "#1 leaf                     float64 (2,)",
            "#2 np.exp(#1)               float64 (2,)",
            "#3 np.matmul(#2, #0)        float64 (3,)",
            "#4 np.sum(#3)               float64 ()",
        ]

    def test_nodes(self):
        nodes = self.graph().nodes
        f4, f8 = np.dtype("f4"), np.dtype("f8")
        assert nodes == (
            (0, "leaf", "filter", (), ((2, 3),), (f4,)),
            (1, "leaf", None, (), ((2,),), (f8,)),
            (2, "np.exp", None, (1,), ((2,),), (f8,)),
            (3, "np.matmul", None, (2, 0), ((3,),), (f8,)),
            (4, "np.sum", None, (3,), ((),), (f8,)),
        )
        assert (nodes[0].shape, nodes[0].dtype) == ((2, 3), f4)

    def test_edges(self):
        assert self.graph().edges == ((1, 2, None), (2, 3, None), (0, 3, None), (3, 4, None))

    def test_several_results(self):
        values, vectors = np.linalg.eigh(Tensor(np.eye(3)))
        graph = (values.sum() + vectors.sum()).graph()
        assert graph.nodes[1].shapes == ((3,), (3, 3))
        assert [edge for edge in graph.edges if edge.parent == 1] == [(1, 2, 0), (1, 3, 1)]
        assert "np.sum(#1[1])" in str(graph)
        assert '1 -> 3 [label="[1]"]' in graph.dot()

    def test_a_result_without_a_derivative_keeps_its_place(self):
        parts, whole = np.modf(leaf(1.5, 2.5))
        graph = parts.graph()
        assert graph.nodes[1].shapes == ((2,), None)
        assert graph.nodes[1].dtypes == (np.dtype("f8"), None)
        assert str(graph).splitlines()[1] == "#1 np.modf(#0)              float64 (2,)"
        assert type(whole) is np.ndarray

    def test_an_operand_that_is_no_tensor_has_no_edge(self):
        graph = np.concatenate([np.ones(2), leaf(1), leaf(2)]).graph()
        assert graph.edges == ((0, 2, None), (1, 2, None))

    def test_one_node(self):
        graph = leaf(1).graph()
        assert (len(graph.nodes), graph.edges) == (1, ())

    def test_what_graphviz_reads(self):
        text = Tensor(1.0, name='a "b"\\').graph().dot()
        assert text.splitlines()[2] == r'  0 [label="a \"b\"\\\nfloat64 ()"]'

    def test_its_text_makes_no_data(self):
        graph = self.graph()
        str(graph)
        assert not {"nodes", "edges"} & set(vars(graph))
        assert graph.nodes is graph.nodes

    def test_names_that_cannot_be_shown(self):
        graph = (2 * Tensor(1.0, name="\x08\n\ud800é")).graph()
        assert str(graph).splitlines()[0].split() == [
            "#0",
            "leaf",
            r"\x08\n\ud800é",
            "float64",
            "()",
        ]
        assert r'0 [label="\\x08\\n\\ud800é\nfloat64 ()"]' in graph.dot()
        assert ElementTree.fromstring(graph._repr_svg_()) is not None
        graph.dot().encode()

    def test_a_function_whose_name_cannot_be_shown(self):
        def double(x):
            return 2 * x

        double.__name__ = "a\n\ud800"
        graph = tg.linear(double, lambda g: 2 * g)(Tensor(1.0)).graph()
        assert graph.nodes[1].function == r"a\n\ud800"
        assert len(str(graph).splitlines()) == 2

    def test_an_argument_of_a_transform(self):
        found = []
        w = Tensor(1.0)
        tg.grad(lambda x: found.append((x * w).graph()) or x)(w * 2)
        assert [node.function for node in found[0].nodes] == [
            "leaf", "np.multiply", "identity", "np.multiply",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "again", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
    )
    def test_a_copy_has_its_name(self, again):
        assert again(Tensor([1.0], name="x")).graph().nodes[0].name == "x"
        assert again(Tensor([1.0])).graph().nodes[0].name is None

    def test_it_keeps_no_value_alive(self):
        x = leaf(1, 2)
        value = weakref.ref(x._value)
        graph = (x * x).graph()
        del x
        assert value() is None
        assert len(graph.nodes) == 2

    def test_a_deep_one(self):
        x = y = leaf(1)
        for _ in range(20_000):
            y = y + x
        graph = y.graph()
        assert len(graph.nodes) == 20_001
        assert graph.edges[-1] == (0, 20_000, None)


def test_a_name_is_a_text():
    assert Tensor([1.0], name="").graph().nodes[0].name == ""
    with pytest.raises(TypeError, match="Tensor: name is a text, not a int"):
        Tensor([1.0], name=3)
    with pytest.raises(TypeError, match="Tensor"):
        Tensor(np.array(["a"]), name="x")


def test_a_node_without_a_name_keeps_none():
    assert not hasattr(source_of(Tensor([1.0])), "name")
    assert not hasattr(source_of(Tensor([1.0], name="x") * 2), "name")

"""tinygrad_np.graph: values, cotangents, lines, groups, and what its page is given."""

import inspect
import json
import pickle
import sys
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core.table import TABLE
from tinygrad_np.viz.graph_data import data_of
from tinygrad_np.viz.graphs import Group
from tinygrad_np.viz.rule_texts import rule_text

RNG = np.random.default_rng(18)


def block(images, filters):
    return tg.relu(tg.conv2d(images, filters, padding=1))


def logits(params, images):
    hidden = block(images, params["filters"])
    return tg.dense(tg.flatten(hidden), params["weights"])


def loss(params, images, labels):
    return tg.log_loss_with_logits(logits(params, images), labels)


PARAMS = {
    "filters": RNG.normal(size=(3, 3, 1, 2)).astype("f4"),
    "weights": RNG.normal(size=(72, 1)).astype("f4"),
}
IMAGES = RNG.normal(size=(3, 6, 6, 1)).astype("f4")
LABELS = np.array([[0], [1], [1]])


@pytest.fixture(scope="module")
def network():
    return tg.graph(loss, PARAMS, IMAGES, LABELS)


def named(graph):
    return {node.name: node.number for node in graph.nodes if node.name is not None}


class TestValuesAndCotangents:
    def test_the_text_is_that_of_the_graph(self, network):
        params = {"filters": Tensor(PARAMS["filters"]), "weights": Tensor(PARAMS["weights"])}
        plain = str(loss(params, Tensor(IMAGES), LABELS).graph())
        names = ["params['filters']", "params['weights']", "images"]
        for i, name in enumerate(names):
            was, becomes = f"#{i} leaf ", f"#{i} leaf {name}"
            plain = plain.replace(was.ljust(28), becomes.ljust(28)[:28].ljust(len(becomes) + 1))
        assert str(network) == plain

    def test_gradients_are_those_of_grad(self, network):
        params, images = tg.grad(loss, (0, 1))(PARAMS, IMAGES, LABELS)
        for name, gradient in {
            "params['filters']": params["filters"],
            "params['weights']": params["weights"],
            "images": images,
        }.items():
            found = network.cotangents[named(network)[name]]
            assert found.dtype == gradient.dtype
            assert np.array_equal(found, gradient)

    def test_values_are_those_that_were_computed(self, network):
        value = {n.function: v for n, v in zip(network.nodes, network.values, strict=True)}
        convolved = tg.conv2d(IMAGES, PARAMS["filters"], padding=1)
        assert np.array_equal(value["product"], convolved)
        assert np.array_equal(value["relu"], np.maximum(convolved, 0))
        assert np.array_equal(
            value["windows"], tg.windows(np.pad(IMAGES, [(0, 0), (1, 1), (1, 1), (0, 0)]), 3)
        )
        assert network.values[network.result] == loss(PARAMS, IMAGES, LABELS)

    def test_cotangents_on_the_way(self, network):
        number = next(node.number for node in network.nodes if node.function == "relu")
        hidden = network.values[number]

        def rest(hidden):
            found = tg.dense(tg.flatten(hidden), PARAMS["weights"])
            return tg.log_loss_with_logits(found, LABELS)

        assert np.array_equal(network.cotangents[number], tg.grad(rest)(hidden))

    def test_nobody_can_write_into_them(self, network):
        for array in [*network.values, *network.cotangents]:
            assert not array.flags.writeable

    def test_every_cotangent_has_its_values_shape(self, network):
        for value, cotangent in zip(network.values, network.cotangents, strict=True):
            assert value.shape == cotangent.shape
            assert value.dtype == cotangent.dtype

    def test_without_fast_windows_too(self):
        images = RNG.normal(size=(2, 40, 40, 8)).astype("f4")  # so large that windows are not made
        filters = RNG.normal(size=(3, 3, 8, 8)).astype("f4")

        def total(images, filters):
            return np.sum(tg.conv2d(images, filters, padding=1) ** 2)

        graph = tg.graph(total, images, filters)
        expected = tg.grad(total, (0, 1))(images, filters)
        for name, gradient in zip(("images", "filters"), expected, strict=True):
            np.testing.assert_allclose(graph.cotangents[named(graph)[name]], gradient, rtol=2e-4)
        shapes = {
            node.function: value.shape
            for node, value in zip(graph.nodes, graph.values, strict=True)
        }
        assert shapes["windows"] == (2, 40, 40, 3, 3, 8)
        assert all(x is not None for x in graph.cotangents)

    def test_several_results(self):
        a = np.diag([1.0, 2.0, 4.0])

        def f(a):
            values, vectors = np.linalg.eigh(a)
            return np.sum(values**2) + vectors[0, 0]

        graph = tg.graph(f, a)
        number = next(n.number for n in graph.nodes if n.function == "np.linalg.eigh")
        values, vectors = graph.values[number]
        assert np.array_equal(values, [1, 2, 4])
        assert np.array_equal(graph.cotangents[number][0], 2 * values)
        assert np.array_equal(graph.cotangents[number][1], np.eye(3) * [1, 0, 0])
        assert np.array_equal(graph.cotangents[0], tg.grad(f)(a))
        assert vectors.shape == (3, 3)

    def test_a_result_that_nothing_depends_on(self):
        graph = tg.graph(lambda a: np.sum(np.linalg.eigh(a)[0]), np.eye(2))
        assert [g is None for g in graph.cotangents[1]] == [False, True]
        assert data_of(graph)["nodes"][1]["cotangents"][1] is None

    def test_a_leaf_that_the_result_does_not_depend_on_has_gradient_zero(self):
        graph = tg.graph(lambda p: np.sum(p["a"]), {"a": np.ones(2), "b": np.ones(3)})
        assert [node.name for node in graph.nodes] == ["p['a']", "p['b']", None]
        assert np.array_equal(graph.cotangents[1], np.zeros(3))
        assert graph.result == 2

    def test_a_tensor_from_outside(self):
        w = Tensor([1.0, 2.0], name="w")
        v = w * 2.0  # made before anybody looked
        graph = tg.graph(lambda x: np.sum(x * v), np.array([3.0, 5.0]))
        assert [node.name for node in graph.nodes] == ["w", None, "x", None, None]
        assert np.array_equal(graph.values[1], [2, 4])
        assert np.array_equal(graph.cotangents[0], [6, 10])
        assert graph.values[0] is None
        assert w.grad is None
        graph = tg.graph(lambda x: w, 1.0, cotangent=[3.0, 4.0])
        assert (graph.nodes[graph.result].name, graph.result) == ("w", 0)
        assert np.array_equal(graph.values[0], [1, 2])
        assert np.array_equal(graph.cotangents[0], [3, 4])
        assert (graph.nodes[1].name, graph.cotangents[1]) == ("x", 0)

    def test_a_tensor_that_is_an_argument(self):
        w = Tensor([1.0, 2.0], name="w")
        graph = tg.graph(lambda x, y: np.sum(x * y), w, Tensor([3.0, 4.0]))
        assert named(graph) == {"w": 0, "y": 1}
        assert np.array_equal(graph.values[0], [1, 2])
        assert not hasattr(w._source, "record")

    def test_complex(self):
        z = np.array([1 + 2j, 3 - 1j])
        f = lambda z: np.sum(np.abs(z) ** 2)  # noqa: E731
        graph = tg.graph(f, z)
        assert np.array_equal(graph.cotangents[0], tg.grad(f)(z))

    @pytest.mark.parametrize("shape", [(0,), (3, 0)])
    def test_empty_arrays(self, shape):
        graph = tg.graph(lambda x: np.sum(x * 2.0), np.ones(shape))
        assert graph.cotangents[0].shape == shape
        assert data_of(graph)["nodes"][0]["values"][0]["stats"] == []

    def test_one_node(self):
        graph = tg.graph(lambda x: x, 3.0)
        assert (graph.values, graph.cotangents, graph.result) == ([3.0], [1.0], 0)

    def test_a_gradient_within(self):
        def f(x):
            return np.sum(tg.grad(lambda y: np.sum(y**3))(x) * 2.0)

        x = np.array([1.0, 2.0])
        graph = tg.graph(f, x)
        assert np.array_equal(graph.cotangents[0], 12 * x)
        assert all(value is not None for value in graph.values)

    def test_remat_and_jit_within(self):
        for wrap in (tg.remat, tg.jit):
            f = wrap(lambda x: np.sum(np.exp(x) * x))
            graph = tg.graph(f, np.arange(2.0))
            assert np.array_equal(graph.cotangents[0], tg.grad(f)(np.arange(2.0)))


class TestInABlock:
    def test_debug_raises_as_outside(self):
        with tg.debug(), pytest.raises(tg.NonFiniteError, match=r"np\.log.*\n(.*\n)*.*np.log\(x\)"):
            tg.graph(lambda x: np.sum(np.log(x)), np.array([0.0, 1.0]))

    def test_debug_raises_in_the_sweep(self):
        with tg.debug(), pytest.raises(tg.NonFiniteError, match=r"derivative of np\.sqrt"):
            tg.graph(lambda x: np.sum(np.sqrt(x)), np.array([0.0, 1.0]))

    def test_debug_raises_in_remat(self):
        def f(x):
            return np.sum(tg.remat(lambda x: np.sqrt(x))(x))

        heads = []
        for call in (tg.grad(f), lambda x: tg.graph(f, x)):
            with tg.debug(), pytest.raises(tg.NonFiniteError) as found:
                call(np.array([0.0, 1.0]))
            heads.append(str(found.value).split("\n")[0])
        assert heads[0] == heads[1]

    def test_a_graph_in_debug_is_the_same(self, network):
        with tg.debug():
            graph = tg.graph(loss, PARAMS, IMAGES, LABELS)
            with pytest.raises(tg.NonFiniteError):  # it is still on
                np.log(Tensor(0.0))
        assert str(graph) == str(network)
        assert [g.name for g in graph.groups] == [g.name for g in network.groups]
        for one, other in zip(graph.cotangents, network.cotangents, strict=True):
            assert np.array_equal(one, other)

    def test_strong_zeros(self):
        def f(x):
            return np.sum(np.where(x > 0, np.sqrt(x), 0.0))

        x = np.array([0.0, 4.0])
        with tg.strong_zeros():
            graph = tg.graph(f, x)
        assert np.array_equal(graph.cotangents[0], [0, 0.25])
        assert np.isnan(tg.graph(f, x).cotangents[0][0])


class TestArguments:
    def test_names_come_from_the_signature_and_the_tree(self):
        class Layer(NamedTuple):
            weights: np.ndarray
            rate: float

        def f(first, *others):
            return np.sum(first.weights) * first.rate + others[0][0] + np.sum(others[1])

        graph = tg.graph(f, Layer(np.ones(2), 0.5), [1.0], np.ones(1))
        assert list(named(graph)) == ["first.weights", "first.rate", "others[0][0]", "others[1]"]

    def test_a_function_without_a_signature(self):
        assert named(tg.graph(max, 1.0, 2.0)) == {"argument 0": 0, "argument 1": 1}

    def test_what_is_no_floating_array_is_passed_on(self):
        seen = []

        def f(x, index, word, flag, nothing, generator):
            seen.extend([type(x), type(index), word, flag, nothing, generator])
            return np.sum(x[index])

        rng = np.random.default_rng(0)
        tg.graph(f, np.ones(3), np.array([0, 2]), "sum", True, None, rng)
        assert seen == [Tensor, np.ndarray, "sum", True, None, rng]

    def test_argnums(self):
        graph = tg.graph(lambda x, y: np.sum(x * y), np.ones(2), np.ones(2), argnums=1)
        assert [node.name for node in graph.nodes] == ["y", None, None]
        graph = tg.graph(lambda x, y: np.sum(x * y), np.ones(2), np.ones(2), argnums=(0, -1))
        assert [node.name for node in graph.nodes] == ["x", "y", None, None]

    def test_a_cotangent(self):
        graph = tg.graph(lambda x: x**2, np.array([1.0, 3.0]), cotangent=[1.0, 10.0])
        assert np.array_equal(graph.cotangents[0], [2, 60])

    @pytest.mark.parametrize(
        ("call", "error", "told"),
        [
            (lambda: tg.graph(np.ones(2)), TypeError, "takes a function, not a ndarray; pass the"),
            (lambda: tg.graph(Tensor(1.0)), TypeError, r"use t.graph\(\) of a Tensor"),
            (
                lambda: tg.graph(lambda x: 2 * x, np.ones(2)),
                ValueError,
                r"shape \(2,\), not one .*np.sum",
            ),
            (lambda: tg.graph(lambda x: (x, x), 1.0), TypeError, "one array, not a tuple"),
            (lambda: tg.graph(lambda x: None, 1.0), TypeError, "one array, not a NoneType"),
            (lambda: tg.graph(lambda x: 3.0, 1.0), ValueError, "depends on no Tensor"),
            (lambda: tg.graph(lambda x: x, 1j), TypeError, "complex number.*np.real"),
            (
                lambda: tg.graph(lambda x: x, 1.0, cotangent=[1.0]),
                ValueError,
                r"cotangent has shape \(1,\)",
            ),
            (
                lambda: tg.graph(lambda x: x, 1.0, cotangent=Tensor(1.0)),
                TypeError,
                "cotangent must be an array",
            ),
            (lambda: tg.graph(lambda x: x, 1.0, argnums=2), ValueError, "argnums is 2"),
            (lambda: tg.graph(lambda x: x, 1.0, argnum=0), TypeError, "argnum"),
        ],
    )
    def test_what_is_refused(self, call, error, told):
        with pytest.raises(error, match=f"graph.*{told}"):
            call()

    def test_nothing_is_observed_afterwards(self):
        from tinygrad_np.core import hooks

        def fails(x):
            raise KeyError("a")

        with pytest.raises(KeyError):
            tg.graph(fails, 1.0)
        assert hooks.observer() is hooks.NOBODY
        assert not any(type(block).__name__ == "Seen" for block in hooks.opened)

    def test_the_callers_arrays_stay_as_they_are(self):
        x = np.arange(3.0)
        graph = tg.graph(lambda x: np.sum(x * x), x)
        x[0] = 7
        assert graph.values[0][0] == 0


class TestLines:
    def test_every_call_has_the_users_line(self, network):
        source, start = inspect.getsourcelines(block)
        line = next(
            x for n, x in zip(network.nodes, network.lines, strict=True) if n.function == "windows"
        )
        assert line.file == __file__
        assert (line.number, line.text) == (start + 1, source[1].rstrip())
        assert line.part == "tg.conv2d(images, filters, padding=1)"

    def test_a_leaf_of_an_argument_has_none(self, network):
        assert network.lines[0] is None

    def test_the_parameters_that_tensors_were_given_for(self, network):
        operands = {n.function: x for n, x in zip(network.nodes, network.operands, strict=True)}
        assert operands["product"] == ["columns", "filters"]
        assert operands["leaf"] == []
        graph = tg.graph(lambda x: np.sum(np.concatenate([np.ones(2), x, x])), np.ones(2))
        assert graph.operands == [[], ["arrays"] * 2, ["a"]]

    def test_the_arguments_that_are_no_tensors(self, network):
        calls = {n.function: dict(c) for n, c in zip(network.nodes, network.constants, strict=True)}
        assert calls["pad"] == {"pad_width": "((0, 0), (1, 1), (1, 1), (0, 0))"}
        assert calls["windows"]["size"] == "(3, 3)"
        graph = tg.graph(lambda x: np.sum(x * np.ones(9) * 2.0, axis=0), np.ones(9))
        assert [dict(call) for call in graph.constants] == [
            {},
            {"y": "float64 (9,)"},
            {"y": "2.0"},
            {"axis": "0"},
        ]

    def test_an_interpreter_without_frames(self, network, monkeypatch):
        monkeypatch.delattr(sys, "_getframe")
        found = tg.graph(loss, PARAMS, IMAGES, LABELS)
        monkeypatch.undo()
        assert str(found) == str(network)
        assert found.cotangents[0].tobytes() == network.cotangents[0].tobytes()
        assert set(found.lines) == {None}
        assert found.groups == []

    def test_an_argument_that_cannot_be_written_out(self):
        class Silent:
            def __repr__(self):
                raise KeyError("a")

        scaled = tg.linear(lambda x, k: 2 * x, lambda g, x_like, k: 2 * g)
        for argument, told in ((Silent(), "<Silent>"), (10**5000, "<int>")):
            graph = tg.graph(lambda x, k=argument: scaled(x, k), 1.0)
            assert graph.constants[1] == [("k", told)]
            assert graph.cotangents[0] == 2


class TestGroups:
    def test_the_calls_that_made_several_nodes(self, network):
        names = [(group.name, group.parent, group.of_user) for group in network.groups]
        assert names == [
            ("logits", None, True),
            ("block", 0, True),
            ("tg.conv2d", 1, False),
        ]
        assert network.groups[1].line.part == 'block(images, params["filters"])'

    def test_the_nodes_in_them(self, network):
        inside = {n.function: g for n, g in zip(network.nodes, network.group_of, strict=True)}
        assert [inside[x] for x in ("pad", "windows", "product")] == [2, 2, 2]
        assert (inside["relu"], inside["np.matmul"]) == (1, 0)
        assert inside["mean_logistic_loss"] is None

    def test_a_leaf_is_where_all_that_use_it_are(self, network):
        numbers = named(network)
        assert network.group_of[numbers["params['filters']"]] == 1
        assert network.group_of[numbers["params['weights']"]] == 0

    def test_every_call_of_a_function_is_one_of_its_own(self):
        def twice(x):
            return np.sin(x) * 2.0

        def f(x):
            for _ in range(3):
                x = twice(x)
            return np.sum(x)

        graph = tg.graph(f, np.ones(2))
        assert [group.name for group in graph.groups] == ["twice"] * 3
        assert graph.group_of == [0, 0, 0, 1, 1, 2, 2, None]

    def test_a_composed_function(self):
        graph = tg.graph(lambda x: np.sum(np.percentile(x, 30.0)), np.arange(5.0))
        assert "np.percentile" in [group.name for group in graph.groups]

    def test_methods_lambdas_and_recursion(self):
        class Model:
            def forward(self, x):
                inner = lambda x: np.exp(x) * 2.0  # noqa: E731
                return inner(x) + 1.0

        def deep(x, n):
            return x * 2.0 if n == 0 else deep(x, n - 1) + 1.0

        graph = tg.graph(lambda x: np.sum(deep(Model().forward(x), 2)), np.ones(2))
        assert [g.name for g in graph.groups] == ["Model.forward", "lambda", "deep", "deep"]
        assert [g.parent for g in graph.groups] == [None, 0, None, 2]

    def test_a_recorded_sweep(self):
        def f(x):
            return np.sum(tg.grad(lambda y: np.sum(np.sin(y) ** 3))(x))

        assert "reverse sweep" in [group.name for group in tg.graph(f, np.ones(2)).groups]

    def test_no_group_holds_everything_or_a_single_node(self):
        def one(x):
            return np.exp(x)

        def everything(x):
            return np.sum(one(x))

        assert tg.graph(everything, np.ones(2)).groups == []

    def test_no_edge_leaves_a_group_and_comes_back(self):
        def generate(x):
            for _ in range(3):
                x = np.sin(x) * 2.0
                yield x

        def f(x):
            return sum(np.sum(np.cos(y) * x) for y in generate(x))

        graph = tg.graph(f, np.ones(2))
        for group in range(len(graph.groups)):
            inside = [
                i for i, g in enumerate(graph.group_of) if g == group and graph.nodes[i].parents
            ]
            assert inside == list(range(inside[0], inside[-1] + 1))


class TestNonFinite:
    def test_the_first_value(self):
        with np.errstate(divide="ignore"):
            graph = tg.graph(lambda x: np.sum(np.log(x * 1.0) * 2.0), np.array([0.0, 1.0]))
        assert graph.nodes[graph.first_value].function == "np.log"

    def test_the_rule_that_made_the_first_in_a_cotangent(self):
        graph = tg.graph(lambda x: np.sum(np.sqrt(x * 1.0) * 2.0), np.array([0.0, 1.0]))
        assert graph.first_value is None
        assert graph.nodes[graph.first_cotangent].function == "np.sqrt"
        assert np.isinf(graph.cotangents[0][0])

    def test_one_that_came_in(self):
        graph = tg.graph(lambda x: np.sum(x * 2.0), np.array([np.nan, 1.0]))
        assert graph.first_value == 0
        assert graph.first_cotangent is None

    def test_one_in_the_cotangent_that_is_given(self):
        graph = tg.graph(lambda x: x * 2.0, np.ones(2), cotangent=[np.inf, 1.0])
        assert (graph.first_cotangent, graph.first_cause) == (1, "seed")

    def test_a_sum_of_cotangents_that_overflows(self):
        graph = tg.graph(lambda x: np.sum(x * 1.5e308) + np.sum(x * 1.5e308), np.full(2, 1e-300))
        assert np.isinf(graph.cotangents[0]).all()
        assert (graph.first_cotangent, graph.first_cause) == (0, "sum")

    def test_a_sum_over_what_was_broadcast_belongs_to_the_rule(self):
        graph = tg.graph(lambda x: np.sum(x * np.full(2, 1.5e308)), 1e-300)
        assert np.isinf(graph.cotangents[0])
        assert (graph.first_cotangent, graph.first_cause) == (1, "rule")

    @pytest.mark.filterwarnings("ignore:overflow")
    def test_a_cotangent_that_is_made_late(self):
        # So large that fast/ hands the windows' cotangent on without making it.
        x = np.full((64, 32, 32, 3), 1e-30, np.float32)
        filters = np.full((3, 3, 3, 16), 1e30, np.float32)

        def total(x):
            return np.sum(tg.conv2d(x, filters, padding=1) * np.float32(1e30))

        graph = tg.graph(total, x)
        assert graph.nodes[graph.first_cotangent].function == "product"
        assert graph.first_cause == "rule"

    def test_there_is_none(self, network):
        found = network.first_value, network.first_cotangent, network.first_cause
        assert found == (None, None, None)


class TestRuleText:
    def test_a_declaration(self):
        assert rule_text(TABLE[np.exp]) == "pointwise(np.exp, lambda ans: ans, analytic=True)"

    def test_functions(self):
        text = rule_text(TABLE[np.matmul])
        assert text.startswith("def matmul_x(")
        assert "np.dot(g, y.T)" in text
        assert "def matmul_y(" in text

    def test_the_plain_rule_where_a_faster_one_took_its_place(self):
        text = rule_text(TABLE[tg.windows])
        assert text.startswith("linear(windows, lambda g, x_like, stride, dilation: fold(")
        assert ">>>" not in text

    def test_one_of_the_users(self):
        def exp(x):  # not to be taken for NumPy's
            return np.exp(x)

        graph = tg.graph(tg.pointwise(exp, lambda ans: 1 * ans), 2.0)
        assert graph.rules[1] == "tg.pointwise(exp, lambda ans: 1 * ans)"

    def test_two_functions_of_one_name(self):
        def made(factor):
            def act(x):
                return np.tanh(x)

            return tg.pointwise(act, factor)

        def slope(ans):
            return 1 - ans**2

        def slope_of_product(ans):
            return 1 - ans * ans

        first, second = made(slope), made(slope_of_product)
        assert "act" in tg.graph(lambda x: second(first(x)), 2.0).nodes[1].function
        graph = tg.graph(lambda x: second(first(x)), 2.0)
        data = data_of(graph)
        texts = [data["rules"][node["rule"]] for node in data["nodes"][1:]]
        assert ["1 - ans**2" in text for text in texts] == [True, False]
        assert ["1 - ans * ans" in text for text in texts] == [False, True]
        assert data["nodes"][0]["rule"] is None

    def test_rows_made_of_lambdas(self):
        f, g = (
            tg.pointwise(lambda x: 2 * x, lambda: 2.0), tg.pointwise(lambda x: 3 * x, lambda: 3.0),
        )  # fmt: skip
        data = data_of(tg.graph(lambda x: g(f(x)), 2.0))
        texts = [data["rules"][node["rule"]] for node in data["nodes"][1:]]
        assert texts == [
            "tg.pointwise(lambda x: 2 * x, lambda: 2.0)",
            "tg.pointwise(lambda x: 3 * x, lambda: 3.0)",
        ]

    def test_one_without_a_source(self):
        names = {"tg": tg}
        exec("f = tg.pointwise(lambda x: 2 * x, lambda: 2.0)", names)
        data = data_of(tg.graph(names["f"], 2.0))
        assert (data["rules"], data["nodes"][1]["rule"]) == ([], None)


class TestData:
    """What the page is given."""

    def sizes(self, graph):
        data = data_of(graph)
        return [len(json.dumps(node, separators=(",", ":"))) for node in data["nodes"]], data

    def test_the_network(self, network):
        sizes, data = self.sizes(network)
        assert max(sizes) <= 4096
        json.dumps(data, allow_nan=False)
        # Filters and windows of images are pictures of their kind.
        role = {node["name"] or node["function"]: node["values"][0] for node in data["nodes"]}
        assert role["params['filters']"]["tiles"] == [2, 3, 3, 2]
        assert role["windows"]["part"] == "[0, 0:6, 0:6, :, :, 0]"

    def test_hostile_sizes(self):
        name = "</script>\U0001f600" * 100

        def f(tree):
            parts = np.split(tree[name], 40, axis=1)
            many = np.concatenate(parts * 5, axis=0)
            deep = np.reshape(many, (1,) * 25 + many.shape)
            return np.sum(deep * np.full((1,) * 27, np.nan)) + np.sum(
                tg.conv2d(tree["i"], tree["f"])
            )

        arrays = {
            name: -1.2345e-103 * RNG.random((80, 80)),
            "i": -1.2345e-103 * RNG.random((2, 40, 40, 3)),
            "f": -1.2345e-103 * RNG.random((5, 5, 3, 64)),
        }
        sizes, _ = self.sizes(tg.graph(f, arrays))
        assert max(sizes) <= 4096

    def test_long_lines_and_many_operands(self):
        source = f"def f(x):\n    return np.sum(np.concatenate([{'x, ' * 3_000}]))\n"
        names = {"np": np}
        exec(source, names)
        sizes, _ = self.sizes(tg.graph(names["f"], np.ones(2)))
        assert max(sizes) <= 4096

    def test_a_chain_with_a_leaf_that_all_of_it_needs(self):
        def f(w, x):
            for _ in range(120):
                x = np.tanh(x * w) + w
            return np.sum(x)

        graph = tg.graph(f, np.ones(5), np.ones(5))
        sizes, data = self.sizes(graph)
        assert max(sizes) <= 4096
        assert not data["folded"]

    @pytest.mark.parametrize("repeats", [300, 3_000])
    def test_a_large_graph_is_folded_into_runs(self, repeats):
        def f(x):
            for _ in range(repeats):
                x = x * 1.0
            return np.sum(x)

        data = data_of(tg.graph(f, np.ones(2)))
        assert data["folded"] == (repeats > 500)
        inside = {}
        for item in [*data["nodes"], *data["groups"]]:
            inside.setdefault(item["parent"], []).append(item)
            assert len(item["place"]) == 2
        if repeats > 500:
            assert max(map(len, inside.values())) <= 100
            assert len(inside[None]) < 100
            assert inside[None][1]["name"].startswith("#")

    def test_every_edge_has_its_way_through_the_groups(self, network):
        """At every group that an edge enters there is a port for it, and bends past all layers."""
        data = data_of(network)
        items, count = [*data["nodes"], *data["groups"]], len(data["nodes"])

        def path(i):
            found = [i]
            while items[found[0]]["parent"] is not None:
                found.insert(0, count + items[found[0]]["parent"])
            return found

        assert data["edges"] == [list(edge) for edge in network.edges]
        for parent, child, _ in data["edges"]:
            out, into = path(parent), path(child)
            k = next(k for k in range(len(out)) if out[k] != into[k])
            passed = items[into[k]]["place"][1] - items[out[k]]["place"][1] - 1
            assert 0 <= passed <= len(items[out[k]]["bends"])
            for i in into[k + 1 :]:
                doors = dict(items[count + items[i]["parent"]]["ports"])
                assert len(doors[parent]) >= items[i]["place"][1] > 0

    def test_the_file_is_whole_or_not_there(self, network, tmp_path):
        assert network.save(tmp_path / "graph.html") == tmp_path / "graph.html"
        text = (tmp_path / "graph.html").read_text(encoding="utf-8")
        assert text.startswith("<!DOCTYPE html>")
        assert network.save(tmp_path / "new" / "graph.html").read_text(encoding="utf-8") == text
        with pytest.raises(OSError, match=r"graph\.html"):
            network.save(tmp_path / "graph.html" / "graph.html")

    @pytest.mark.parametrize("name", ["graph", "graph.png", ".html"])
    def test_another_ending(self, network, tmp_path, name):
        with pytest.raises(ValueError, match=r"save: .* needs the ending \.html"):
            network.save(tmp_path / name)
        assert not any(tmp_path.iterdir())

    def test_pickled(self, network, tmp_path):
        again = pickle.loads(pickle.dumps(network))
        assert str(again) == str(network)
        assert again.lines == network.lines
        path = network.save(tmp_path / "graph.html")
        assert again.save(tmp_path / "again.html").read_bytes() == path.read_bytes()

    def test_names_that_cannot_be_shown(self, tmp_path):
        def f(tree):
            return np.sum(tree["\ud800\n\x08"])

        f.__name__ = "\ud800\x00"
        graph = tg.graph(f, {"\ud800\n\x08": np.ones(2)})
        assert len(str(graph).splitlines()) == len(graph.nodes)
        ElementTree.fromstring(graph._repr_svg_())
        text = graph.save(tmp_path / "graph.html").read_text(encoding="utf-8")
        assert r"<title>\ud800\x00: its graph</title>" in text

    def test_a_function_whose_name_is_no_text(self):
        class Squared:
            __name__ = 2

            def __call__(self, x):
                return x * x

        assert tg.graph(Squared(), 1.0).title == "2"

    def test_what_the_user_wrote_cannot_end_the_script(self, tmp_path):
        def f(x):
            return np.sum(x["</script><script>alert(1)</script>"])

        f.__name__ = "</title><script>alert(2)</script>"
        tg.graph(f, {"</script><script>alert(1)</script>": np.ones(2)}).save(tmp_path / "g.html")
        text = (tmp_path / "g.html").read_text(encoding="utf-8")
        assert "alert(1)" in text
        assert "<script>alert" not in text


def test_a_group_is_a_tuple():
    assert Group("f", None, None, True).name == "f"

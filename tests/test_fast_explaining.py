"""explain: the path of each operation, and why."""

import threading

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.fast import paths, runs, tiles, winograd_rows, winograd_squares

pytestmark = pytest.mark.usefixtures("fast_paths")


def test_explain_is_listed():
    assert "explain" in dir(tg.fast)


class TestExplain:
    @staticmethod
    def said(choices):
        return [(choice.operation, choice.path) for choice in choices]

    def test_a_convolution_forward_and_backward(self):
        x, w = np.zeros((32, 16, 16, 16), np.float32), np.zeros((3, 3, 16, 20), np.float32)
        found = tg.fast.explain(tg.conv2d, x, w, padding=1)
        assert self.said(found.forward) == [("pad", "lazy"), ("product", "winograd, rows")]
        assert self.said(found.backward) == [
            ("window_product", "lazy"),
            ("filter_product", "winograd, rows"),
            ("fold", "convolution"),
            ("pad", "lazy"),
            ("product", "winograd, rows"),
        ]
        assert found.forward[1].operand == "float32 (32, 16, 16, 3, 3, 16)"
        assert "3 or 5 rows of taps" in found.forward[1].why

    @pytest.mark.parametrize("name", ["product", "filter_product"])
    def test_it_says_what_was_run(self, name, monkeypatch):
        """The module that it names is the one that is called."""
        called = []
        modules = {"tiles": tiles, "runs": runs}
        modules |= {"winograd, rows": winograd_rows, "winograd, squares": winograd_squares}
        for path, module in modules.items():
            run = getattr(module, name)
            monkeypatch.setattr(
                module, name, lambda *a, path=path, run=run: called.append(path) or run(*a)
            )
        cases = ((16, 1, "winograd, rows"), (16, 2, "tiles"), (64, 1, "winograd, squares"))
        for c, stride, path in (*cases, (4, 1, "runs")):
            called.clear()
            x, w = np.zeros((32, 26, 26, c), np.float32), np.zeros((3, 3, c, c), np.float32)
            found = tg.fast.explain(lambda w, s=stride, x=x: tg.conv2d(x, w, s), w)
            choices = [*found.forward, *found.backward]
            assert [c.path for c in choices if c.operation == name] == [path]
            assert called == [path]

    def test_a_network(self):
        rng = np.random.default_rng(0)
        params = {"w": rng.standard_normal((3, 3, 1, 4)), "v": rng.standard_normal((144, 10))}
        labels = np.arange(256) % 10

        def loss(params, x, labels):
            hidden = tg.max_pool(tg.relu(tg.conv2d(x, params["w"])), 2)
            return tg.cross_entropy(tg.flatten(hidden) @ params["v"], labels)

        found = tg.fast.explain(loss, params, np.zeros((256, 14, 14, 1)), labels)
        operations = [choice.operation for choice in found.backward]
        assert {"max_unpool", "window_product", "filter_product", "matrix_product"} <= {*operations}
        assert all(choice.why and choice.operand for choice in found.forward + found.backward)

    def test_it_prints(self):
        text = str(tg.fast.explain(lambda x: np.sum(x), np.ones(3)))
        assert text.splitlines() == [
            "forward: nothing that has several paths",
            "backward: nothing that has several paths",
        ]
        assert repr(tg.fast.explain(tg.max_pool, np.ones((1, 4, 4, 1)), 2)).splitlines()[0:2] == [
            "forward:",
            "  windows: copy                    float64 (1, 4, 4, 1)",
        ]

    def test_nothing_is_noted_outside_and_by_others(self):
        x, w = np.zeros((2, 9, 9, 1)), np.zeros((3, 3, 1, 4))
        with paths.noted() as outer:
            with paths.noted() as inner:
                tg.conv2d(x, w)
            other = threading.Thread(target=tg.conv2d, args=(x, w))
            other.start()
            other.join()
        tg.conv2d(x, w)
        assert self.said(inner)[:2] == [("windows", "copy"), ("product", "matrix product")]
        assert outer == []

    def test_what_the_function_raises_comes_through(self):
        with pytest.raises(ValueError, match="does not fit"):
            tg.fast.explain(tg.conv2d, np.zeros((1, 2, 2, 1)), np.zeros((3, 3, 1, 1)))
        with pytest.raises(AttributeError, match=r"tinygrad_np\.fast' has no attribute 'foo'"):
            tg.fast.foo  # noqa: B018


def test_the_cotangent_of_windows_has_one_thread_of_blas():
    """A bare `numpy.dot` would wake OpenBLAS's threads, which take the cores for 100 ms."""
    g, w = np.ones((8, 32, 32, 32), np.float32), np.ones((3, 3, 16, 32), np.float32)
    found = tg.fast.explain(tg.conv_transpose2d, g, w)
    assert [choice.operation for choice in found.forward] == ["matrix_product"]


@pytest.mark.parametrize(
    ("size", "groups", "forward", "backward"),
    [
        (9, 2, "matrix products", {"array", "matrix products"}),
        (9, 4, "taps", {"array", "taps"}),
        (40, 4, "taps", {"lazy", "taps"}),
        (40, 2, "tiles", {"lazy", "tiles"}),
    ],
)
def test_products_in_groups_are_explained(size, groups, forward, backward):
    x, w = np.zeros((8, size, size, 4)), np.zeros((3, 3, 4 // groups, 4))
    found = tg.fast.explain(tg.conv2d, x, w, groups=groups)
    paths_of = {c.path for c in found.forward if c.operation.startswith("grouped")}
    assert paths_of == {forward}
    assert {c.path for c in found.backward if c.operation.startswith("grouped")} == backward

"""Rows and columns of Jacobians a stack at a time: as one after the other, for every row."""

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import debug
from tinygrad_np.atlas.evidence import cases_of
from tinygrad_np.atlas.samples import samples_of
from tinygrad_np.fast import paths, stacks
from tinygrad_np.fast.stacks import Stack
from tinygrad_np.rules import families

ROWS = [row for family in families() for row in family.ROWS if row.kind != "constant"]


def one_by_one(monkeypatch, f, *args, **options):
    with monkeypatch.context() as patched:
        patched.setattr(paths, "STACKED_BYTES", 8)
        return tg.jacobian(f, **options)(*args)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_has_the_same_rows_and_columns(row, monkeypatch):
    tried = 0
    for sample in samples_of(row):
        case = next(cases_of(row, sample))
        takes_complex = any(np.iscomplexobj(x) for x in case.values)
        gives_complex = any(np.iscomplexobj(x) for x in case.plain(case.values))
        if takes_complex and gives_complex:
            continue
        modes = ["reverse"] * (not gives_complex) + ["forward"] * (not takes_complex)
        for mode in modes:
            options = {"mode": mode}
            try:
                expected = one_by_one(monkeypatch, case.recorded, case.values, **options)
            except ValueError as error:  # what one mode cannot tell
                with pytest.raises(type(error)):
                    tg.jacobian(case.recorded, **options)(case.values)
                continue
            found = tg.jacobian(case.recorded, **options)(case.values)
            pairs = zip(tg.tree.leaves(found), tg.tree.leaves(expected), strict=True)
            for a, b in pairs:
                assert a.dtype == b.dtype
                assert a.shape == b.shape
                assert a.flags.writeable
                scale = np.max(np.abs(b), initial=1e-300)
                assert np.max(np.abs(a - b), initial=0) <= 1e-12 * scale
                tried += 1
    assert (
        tried
        or row.kind == "composed"
        or all(np.iscomplexobj(x) for sample in samples_of(row) for x in sample.args[:1])
    )


class TestStack:
    X = Stack(np.arange(24.0).reshape(2, 3, 4))

    def test_it_passes_for_an_item(self):
        assert (self.X.shape, self.X.ndim, self.X.size) == ((3, 4), 2, 12)
        assert np.shape(self.X) == (3, 4)
        with pytest.raises(TypeError, match="a stack is no array"):
            np.asarray(self.X)
        with pytest.raises(TypeError, match="a stack does not take"):
            np.sort(self.X)

    @pytest.mark.parametrize(
        "of_item",
        [
            lambda x: np.sum(x), lambda x: np.sum(x, 0), lambda x: np.sum(x, -1, keepdims=True),
            lambda x: np.mean(x, (0, 1)), lambda x: x.reshape(4, 3), lambda x: np.reshape(x, -1),
            lambda x: x.T, lambda x: np.transpose(x, (1, 0)), lambda x: np.swapaxes(x, -1, 0),
            lambda x: np.expand_dims(x, -1), lambda x: np.expand_dims(x, 0), lambda x: np.flip(x),
            lambda x: np.flip(x, -1), lambda x: np.cumsum(x), lambda x: np.cumsum(x, -1),
            lambda x: np.where(np.arange(4) > 1, x, 0), lambda x: x[1], lambda x: x[..., ::2],
            lambda x: x[None, :, 1:], lambda x: x[np.array([2, 0])], lambda x: x[:, np.arange(2)],
            lambda x: np.concatenate([x, x], -1), lambda x: np.stack([x, x], 1), lambda x: -x,
            lambda x: x * np.ones((5, 1, 1)), lambda x: np.ones((5, 3, 4)) / (x + 1.0),
            lambda x: x @ np.arange(8.0).reshape(4, 2), lambda x: np.arange(3.0) @ x,
            lambda x: x @ np.arange(4.0), lambda x: np.arange(6.0).reshape(2, 3) @ x,
            lambda x: np.arange(30.0).reshape(5, 2, 3) @ x, lambda x: np.dot(x, np.arange(4.0)),
            lambda x: x @ np.arange(40.0).reshape(5, 4, 2), lambda x: x[0] @ np.arange(4.0),
            lambda x: np.arange(8.0).reshape(2, 4) @ x[0], lambda x: x[0] @ np.ones((2, 4, 3)),
            lambda x: np.ones((5, 2, 4)) @ x[0], lambda x: x @ x.T, lambda x: x[0] @ x[1],
        ],
    )  # fmt: skip
    def test_operations_are_those_of_each_item(self, of_item):
        found = of_item(self.X)
        expected = np.stack([of_item(item) for item in self.X.array])
        assert type(found) is Stack
        assert found.shape == expected.shape[1:]
        assert np.array_equal(found.array, expected)

    @pytest.mark.parametrize(
        "of_item",
        [
            lambda x: x[np.array([0]), :, None], lambda x: x[np.array([0]), np.array([1])],
            lambda x: x[0, np.array([1, 2])], lambda x: x[True],
        ],
    )  # fmt: skip
    def test_an_index_is_right_or_refused(self, of_item):
        expected = np.stack([of_item(item) for item in self.X.array])
        try:
            found = of_item(self.X)
        except TypeError:
            return
        assert np.array_equal(found.array, expected)


class TestSweeps:
    def test_a_network_takes_one_sweep(self, monkeypatch):
        rng = np.random.default_rng(0)
        weights = [rng.standard_normal(shape) for shape in ((7, 5), (5, 6))]
        called = []
        monkeypatch.setattr(stacks, "_one_by_one", lambda *args: called.append(args))

        def network(x):
            return np.maximum(np.tanh(x @ weights[0]), 0.1) @ weights[1]

        for mode in ("forward", "reverse"):
            found = tg.jacobian(network, mode=mode)(np.ones(7))
            monkeypatch.undo()
            assert np.allclose(found, one_by_one(monkeypatch, network, np.ones(7)), rtol=1e-14)
        assert not called

    @pytest.mark.parametrize("most", [8, 100, 3000, 1 << 25])
    def test_stacks_of_any_size_give_the_same(self, monkeypatch, most):
        x = np.linspace(-1, 1, 11)
        expected = one_by_one(monkeypatch, tg.grad(rosenbrock), x)
        monkeypatch.setattr(paths, "STACKED_BYTES", most)
        assert np.array_equal(tg.hessian(rosenbrock)(x), expected)
        assert np.array_equal(tg.jacobian(tg.grad(rosenbrock), mode="reverse")(x), expected)

    def test_matrices_without_elements(self, monkeypatch):
        def f(x):
            return x[:, :0] @ np.ones((0, 3)) + x[:, :3]

        x = np.ones((2, 3))
        for mode in ("forward", "reverse"):
            assert np.array_equal(tg.jacobian(f, mode=mode)(x), np.eye(6).reshape(2, 3, 2, 3))

        def of_factors(x):
            return np.sum(np.linalg.qr(x)[1] ** 2)

        x = np.eye(3) + 0.1
        expected = one_by_one(monkeypatch, tg.grad(of_factors), x)
        assert np.allclose(tg.hessian(of_factors)(x), expected)

    def test_higher_derivatives(self):
        x = np.array([0.3, 0.7, -0.2])
        third = tg.jacobian(tg.hessian(rosenbrock))(x)
        h = 1e-4
        for i in range(3):
            step = h * np.eye(3)[i]
            slope = tg.hessian(rosenbrock)(x + step) - tg.hessian(rosenbrock)(x - step)
            assert np.allclose(third[..., i], slope / (2 * h), rtol=1e-7, atol=1e-4)

    def test_a_rule_of_ones_own_that_takes_arrays_only(self):
        matrix = np.arange(9.0).reshape(3, 3)
        product = tg.linear(
            lambda x: np.asarray(matrix @ np.asarray(x)),
            lambda g: np.asarray(matrix.T @ np.asarray(g)),
        )
        for mode in ("forward", "reverse"):
            assert np.array_equal(tg.jacobian(product, mode=mode)(np.ones(3)), matrix)

    def test_results_that_do_not_depend_and_several_arguments(self):
        def f(x, y):
            return {"a": np.outer(x, y), "b": 3.0, "c": y}

        for mode in ("forward", "reverse"):
            by_x, by_y = (
                tg.jacobian(f, argnums=i, mode=mode)(np.arange(2.0), np.arange(3.0)) for i in (0, 1)
            )
            assert by_x["a"].shape == (2, 3, 2)
            assert not np.any(by_x["c"])
            assert not np.any(by_x["b"])
            assert np.array_equal(by_y["c"], np.eye(3))

    def test_blocks_are_their_own_memory(self):
        by = tg.jacobian(lambda x, y: x + y, argnums=(0, 1), mode="reverse")
        a, b = by(np.ones(2), np.ones(2))
        a[...] = 5
        assert np.array_equal(b, np.eye(2))

    def test_in_debug_mode_rules_are_watched_one_by_one(self, monkeypatch):
        monkeypatch.setattr(stacks, "reverse", None)
        with debug():
            assert tg.jacobian(np.sin, mode="reverse")(np.zeros(2)).tolist() == [[1, 0], [0, 1]]

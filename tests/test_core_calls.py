"""From a call to the table: what None stands for where NumPy takes it."""

import warnings

import axes
import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.atlas.evidence import cases_of, witnesses
from tinygrad_np.atlas.samples import samples_of
from tinygrad_np.core.signature import REQUIRED
from tinygrad_np.rules import families

REFUSED = {
    **{
        (f"np.{name}", "where"): "it leaves out every element, which nobody means"
        for name in (
            "sum", "mean", "prod", "max", "amax", "min", "amin", "var", "std", "nansum",
            "nanprod", "nanmean", "nanmax", "nanmin", "nanvar", "nanstd",
        )
    },
    ("np.nan_to_num", "copy"): "it writes into the argument",
    ("np.select", "default"): "the results are objects, which have no derivative",
}  # fmt: skip


"""Parameters for which None is refused by name, and why."""


LEFT = {
    ("np.meshgrid", "copy"): "NumPy's results are then a list, and a tuple otherwise",
    ("np.pad", "constant_values"): "NumPy reads it as nan, which the witnesses do not compare",
}


ROWS = [
    row
    for family in families()
    for row in family.ROWS
    if row.names and not isinstance(row.function, np.ufunc)
]


def with_none(row):
    """Samples of a function with None for one parameter that has another default."""
    for sample in samples_of(row, 0):
        for i, (name, default) in enumerate(zip(row.names, row.defaults, strict=True)):
            if default is None or default is REQUIRED or i == row.rest or name == "out":
                continue
            args, kwargs = list(sample.args), dict(sample.kwargs)
            if i < len(args) and row.rest is None:
                args[i] = None
            else:
                kwargs[name] = None
            yield name, sample._replace(args=tuple(args), kwargs=kwargs)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_none_where_numpy_takes_it(row):
    """It is a sample like any other, with the same witnesses."""
    tried = dict.fromkeys(row.names, 0)
    for name, sample in with_none(row):
        if tried[name] == 2:
            continue
        case = next(cases_of(row, sample))
        refusal = axes.attempt(case.plain, case.values)[1]
        if refusal is not None or (row.name, name) in LEFT:
            continue
        tried[name] += 1
        if (row.name, name) in REFUSED:
            error = axes.attempt(case.recorded, [Tensor(x) for x in case.values])[1]
            assert isinstance(error, (TypeError, ValueError))
            assert row.name in str(error)
            continue
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            wrong = [found for found in witnesses(row, sample) if not found.is_right]
        assert not wrong, f"{name}=None: {wrong[0]}"


def test_how_many_there_are():
    assert sum(1 for row in ROWS for _ in with_none(row)) > 500


class TestOrder:
    X = np.arange(6.0).reshape(2, 3) + 1

    @pytest.mark.parametrize("order", [None, "C", "F", "c", "f"])
    @pytest.mark.parametrize("x", [X, np.asfortranarray(X), X.T], ids=["C", "F", "T"])
    def test_reshape_and_ravel(self, x, order):
        w = np.arange(6.0)
        for call in (
            lambda x: np.reshape(x, (3, 2), order=order),
            lambda x: np.reshape(x, (6,), order),
            lambda x: np.ravel(x, order),
            lambda x: np.ravel(x, order=order),
            lambda x: x.reshape((3, 2), order=order),
            lambda x: x.reshape(2, 3, order=order),
            lambda x: x.ravel(order),
            lambda x: x.flatten(order=order),
        ):
            result = call(Tensor(x))
            assert np.array_equal(result.data, call(x))
            loss = lambda x, call=call: np.sum(np.reshape(call(x), 6) * w)  # noqa: E731
            gradient = np.reshape([loss(e) for e in np.eye(6).reshape(6, *x.shape)], x.shape)
            assert np.array_equal(tg.grad(loss)(x), gradient)
            assert tg.jvp(loss, [x], [x])[1] == np.sum(gradient * x)

    @pytest.mark.parametrize("order", ["A", "K"])
    def test_what_depends_on_memory(self, order):
        for call in (lambda t: np.ravel(t, order), lambda t: t.reshape(6, order=order)):
            with pytest.raises(ValueError, match="depends on how the array lies in memory"):
                call(Tensor(self.X))


class Foreign:
    """What carries out NumPy's functions itself, and is no array of numbers."""

    def __array_function__(self, function, types, args, kwargs):
        return NotImplemented

    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        return NotImplemented


@pytest.mark.parametrize(
    "call", [lambda t, x: t @ x, lambda t, x: t + x, lambda t, x: np.hstack([t, x])]
)
def test_what_is_no_number_beside_a_tensor_is_said_to_be_none(call):
    with pytest.raises(TypeError, match="takes numbers, not an array of dtype object"):
        call(tg.Tensor([1.0, 2.0]), Foreign())


@pytest.mark.parametrize(
    "call",
    [lambda t: t.all(foo=1), lambda t: t.round(foo=1), lambda t: t.searchsorted([1.0], axis=0)],
)
def test_a_constant_function_names_its_arguments(call):
    with pytest.raises(TypeError, match=r"np\.\w+ has no argument '(foo|axis)'; it has 'a'"):
        call(tg.Tensor([1.0, 2.0]))


class TestWhatIsRefused:
    def test_positional_out_of_a_constant_function(self):
        buffer = np.full(2, 9.0)
        with pytest.raises(TypeError, match=r"np\.round: the argument 'out'"):
            np.round(Tensor([1.4, 2.6]), 0, buffer)
        assert buffer.tolist() == [9, 9]

    def test_where_of_a_comparison(self):
        with pytest.raises(TypeError, match="'where': what it leaves out is undefined"):
            np.less(Tensor([1.0, 2.0]), 1.5, where=np.array([True, False]))

    def test_a_bound_given_by_two_names(self):
        with pytest.raises(TypeError, match="given twice"):
            np.clip(Tensor([1.0]), a_min=0.0, a_max=2.0, min=0.5)

    def test_a_matrix_product_into_an_array(self):
        b = np.eye(2)
        with pytest.raises(TypeError, match=r"np\.matmul: the argument 'out'"):
            b @= Tensor(np.eye(2))

    def test_a_named_tuple_in_a_constant_call(self):
        from typing import NamedTuple

        class Pair(NamedTuple):
            a: float
            b: float

        assert np.array_equal(Tensor([1.0, 2.0]), Pair(1.0, 2.0))

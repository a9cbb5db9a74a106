"""Every row of the table against its witnesses; and every wrong version of it, too."""

import subprocess
import sys

import numpy as np
import pytest
from mutants import mutants

from tinygrad_np.atlas import samples
from tinygrad_np.atlas.evidence import cases_of, edge, witnesses
from tinygrad_np.atlas.samples import EDGES, edges_of, samples_of
from tinygrad_np.core.signature import REQUIRED
from tinygrad_np.core.table import REFUSED, TABLE, Row
from tinygrad_np.core.tensor import Tensor
from tinygrad_np.rules import _LATER, families
from tinygrad_np.scipy import mirror

FAMILIES = families()
ROWS = [row for family in FAMILIES for row in family.ROWS]  # SciPy's: test_scipy_rows.py
DIFFERENTIABLE = [row for row in ROWS if row.kind != "constant"]
CONSTANT = [row for row in ROWS if row.kind == "constant"]


# Changes that change nothing, since both rules, or maps, are the same.
EQUIVALENT = {
    ("np.add", "x and y: vjp swapped"),
    ("np.add", "x and y: jvp swapped"),
    ("np.add", "x and y: vjp and jvp swapped"),
}


def each(rows: list[Row]):
    return pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in rows])


@pytest.mark.parametrize("family", [f for f in _LATER if f != "refused"])
def test_a_family_that_is_read_late_is_found_by_its_functions(family):
    [module] = [m for m in FAMILIES if m.__name__ == f"tinygrad_np.rules.{family}"]
    functions = [row.function for row in module.ROWS] + list(getattr(module, "REFUSED", {}))
    assert {function.__name__ for function in functions} <= set(_LATER[family].split())


def test_a_call_reads_the_family_of_its_function_alone():
    code = """
import sys, numpy as np, tinygrad_np as tg
before = set(sys.modules)
np.sort(tg.Tensor([2.0, 1.0]))
print(*[name for name in set(sys.modules) - before if ".rules." in name])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["tinygrad_np.rules.ordering"]


@each(DIFFERENTIABLE)
def test_samples_cover_every_operand_that_has_a_rule(row):
    tried = set()
    for sample in samples_of(row):
        case = next(cases_of(row, sample))
        names = [
            row.names[min(key, len(row.names) - 1 if row.rest is None else row.rest)]
            if isinstance(key, int)
            else key
            for key, _ in case.places.values()
        ]
        tried |= {row.aliases.get(name, name) for name in names}
    assert tried == {row.names[position] for position in row.operands}


@each(DIFFERENTIABLE)
def test_all_witnesses_agree(row):
    findings = [found for sample in samples_of(row) for found in witnesses(row, sample)]
    wrong = [found for found in findings if not found.is_right]
    assert len(findings) >= 6
    assert not wrong, "\n".join(map(str, wrong))


@each([row for row in DIFFERENTIABLE if edges_of(row)])
def test_kinks_and_ends_follow_the_written_policy(row):
    with np.errstate(all="ignore"):
        findings = [found for at in edges_of(row) for found in edge(row, at)]
    wrong = [found.where for found in findings if not found.is_right]
    assert findings
    assert not wrong, "\n".join(wrong)


def test_every_kink_has_its_row():
    mirror.families()  # the kinks are those of SciPy's functions, too
    assert set(EDGES) <= set(TABLE)


def test_samples_lie_in_the_module_of_their_familys_name():
    """Those of rules/; the core's and the layers' lie beside what is like them."""
    of_samples = {family.__name__.split(".")[-1]: family for family in samples.FAMILIES}
    for family in FAMILIES:
        functions = {row.function for row in family.ROWS if row.kind != "constant"}
        name = family.__name__.split(".")[-1]
        if family.__name__.startswith("tinygrad_np.rules.") and functions:
            assert functions <= set(of_samples[name].SAMPLES), name


@each(DIFFERENTIABLE)
def test_every_wrong_version_is_found(row):
    survivors = [
        mutant
        for mutant in mutants(row)
        if not any(
            not found.is_right
            for sample in samples_of(row)
            for found in witnesses(mutant.row, sample)
        )
    ]
    # To drop a transpose changes nothing where no part of a result has two axes.
    changed = {
        (row.name, mutant.name)
        for mutant in survivors
        if mutant.applied or "transpose" not in mutant.name
    }
    assert changed <= EQUIVALENT


@each([row for row in DIFFERENTIABLE if row.analytic])
def test_rows_declared_analytic_satisfy_the_cauchy_riemann_equations(row):
    rng = np.random.default_rng(0)
    samples = samples_of(row)
    complex_samples = samples[len(samples) // 2 :]
    assert all(np.iscomplexobj(s.args[0]) or np.iscomplexobj(s.args[1]) for s in complex_samples)
    for sample in complex_samples:
        case = next(cases_of(row, sample))
        h = 1e-3 * sample.reach
        directions = [rng.standard_normal(x.shape) for x in case.values]

        def along(step, case=case, directions=directions):
            values = [x + step * d for x, d in zip(case.values, directions, strict=True)]
            return case.plain(values)[0]

        by_real = (along(h) - along(-h)) / (2 * h)
        by_imaginary = (along(1j * h) - along(-1j * h)) / (2j * h)
        assert np.allclose(by_real, by_imaginary, rtol=1e-4, atol=0)


@pytest.mark.parametrize("function", [np.conjugate, np.absolute, np.real])
def test_the_cauchy_riemann_equations_tell_what_is_not_analytic(function):
    z, h = np.array([1.0 + 0.5j]), 1e-4
    by_real = (function(z + h) - function(z - h)) / (2 * h)
    by_imaginary = (function(z + 1j * h) - function(z - 1j * h)) / (2j * h)
    assert not np.allclose(by_real, by_imaginary, rtol=1e-4)


@each([row for row in DIFFERENTIABLE if row.kind == "pointwise"])
@pytest.mark.parametrize("shape", [(0,), (3, 0, 2)])
def test_elementwise_rows_take_empty_arrays(row, shape):
    required = [i for i, default in enumerate(row.defaults) if default is REQUIRED]
    operands = [
        Tensor(np.zeros(shape)) if position in row.rules else np.zeros(shape, int)
        for position in sorted({*required, *row.rules})
    ]
    tensors = [operand for operand in operands if isinstance(operand, Tensor)]
    result = row.function(*operands)
    np.sum(np.real(result)).backward()
    assert all(t.grad.shape == shape for t in tensors)


@each(CONSTANT)
def test_constant_rows_state_their_reason(row):
    assert row.reason
    assert row.function not in REFUSED


@each([row for row in CONSTANT if isinstance(row.function, np.ufunc)])
def test_constant_ufuncs_are_constant_between_their_steps(row):
    """At points that are no steps, a small change of any operand changes nothing."""
    rng = np.random.default_rng(0)
    operands = [
        rng.uniform(1.1, 1.4, 50) * rng.choice([-1, 1], 50) for _ in range(row.function.nin)
    ]
    with np.errstate(all="ignore"):
        before = row.function(*operands)
        for i, x in enumerate(operands):
            moved = [*operands[:i], x + 1e-7, *operands[i + 1 :]]
            assert np.array_equal(row.function(*moved), before), row.function


@pytest.mark.parametrize(
    "function",
    [
        np.shape, np.ndim, np.size, np.argmax, np.argmin, np.argsort, np.isfinite, np.isnan,
        np.isinf, np.sign, np.floor, np.ceil, np.rint, np.round, np.trunc, np.nonzero, np.any,
        np.all, np.zeros_like, np.ones_like, np.count_nonzero, np.logical_not, np.signbit,
        lambda x: np.greater(x, 0.5), lambda x: x > 0.5, lambda x: np.floor_divide(x, 0.4),
        lambda x: x // 0.4, lambda x: np.allclose(x, 1.0), lambda x: np.array_equal(x, x),
        lambda x: np.searchsorted([0.0, 1.0], x), lambda x: np.isin(x, [1.0]),
    ],
)  # fmt: skip
def test_constant_functions_give_what_numpy_gives_and_no_tensor(function):
    values = np.array([-1.5, 0.5, 2.0])
    found, expected = function(Tensor(values)), function(values)
    assert not isinstance(found, Tensor)
    assert type(found) is type(expected)
    if isinstance(expected, tuple):
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
    else:
        assert np.array_equal(found, expected)


def test_the_sign_of_a_complex_number_is_not_constant():
    with pytest.raises(TypeError, match=r"np\.sign.*x/\|x\|"):
        np.sign(Tensor([1j]))


def test_a_function_is_in_one_class_only():
    rows = [row for family in FAMILIES for row in family.ROWS]
    assert len({row.function for row in rows}) == len(rows)
    assert {row.function for row in rows} <= set(TABLE)
    assert not set(TABLE) & set(REFUSED)

"""Every row of SciPy's functions against its witnesses; and every wrong version of it, too.

Ten points a row here, 300 in the slow test.
"""

import itertools

import numpy as np
import pytest
from mutants import mutants

from tinygrad_np.atlas.evidence import cases_of, differences, edge, transpose, witnesses
from tinygrad_np.atlas.samples import edges_of, samples_of
from tinygrad_np.check.witnesses import findings
from tinygrad_np.scipy import mirror

# SciPy's own words on a matrix of float32.
pytestmark = pytest.mark.filterwarnings("ignore:logm result may be inaccurate")

ROWS = [row for family in mirror.families() for row in family.ROWS]
DIFFERENTIABLE = [row for row in ROWS if row.kind != "constant"]


def each(rows):
    return pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in rows])


def points(row, count):
    """The first samples of a row, of one seed after the other."""
    assert samples_of(row), f"{row.name} has no samples"
    drawn = (sample for seed in itertools.count() for sample in samples_of(row, seed))
    return itertools.islice(drawn, max(count, len(samples_of(row))))


def wrong_at(row, count):
    with np.errstate(all="ignore"):
        return [
            found
            for sample in points(row, count)
            for found in witnesses(row, sample)
            if not found.is_right
        ]


@each(DIFFERENTIABLE)
def test_samples_cover_every_operand_that_has_a_rule(row):
    tried = set()
    for sample in samples_of(row):
        for key, _ in next(cases_of(row, sample)).places.values():
            last = len(row.names) - 1 if row.rest is None else row.rest
            name = row.names[min(key, last)] if isinstance(key, int) else key
            tried.add(row.aliases.get(name, name))
    assert tried == {row.names[position] for position in row.operands}


@each(DIFFERENTIABLE)
def test_all_witnesses_agree_at_ten_points(row):
    wrong = wrong_at(row, 10)
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.slow
@each(DIFFERENTIABLE)
def test_all_witnesses_agree_at_300_points(row):
    # Single precision is tried at ten points: its error is relative to the gradient, and of 300
    # gradients by a single number some are near 0, where it cancels.
    wrong = [found for found in wrong_at(row, 300) if found.witness != "float32"]
    assert not wrong, "\n".join(map(str, wrong))


@each([row for row in DIFFERENTIABLE if edges_of(row)])
def test_kinks_and_ends_follow_the_written_policy(row):
    with np.errstate(all="ignore"):
        findings = [found for at in edges_of(row) for found in edge(row, at)]
    assert not [found.where for found in findings if not found.is_right]


def telling(row, sample):
    """What most witnesses of a wrong row say first: one mode against the other, and differences."""
    for number, case in enumerate(cases_of(row, sample)):
        yield from findings(case, [transpose, differences], sample.reach, [0, number])


@each(DIFFERENTIABLE)
def test_every_wrong_version_is_found(row):
    samples = samples_of(row)
    with np.errstate(all="ignore"):
        survivors = [
            mutant
            for mutant in mutants(row)
            if all(
                found.is_right
                for of_sample in (telling, witnesses)
                for sample in samples
                for found in of_sample(mutant.row, sample)
            )
        ]
    # To drop a transpose changes nothing where no part of a result has two axes.
    assert not [m.name for m in survivors if m.applied or "transpose" not in m.name]


@each([row for row in ROWS if row.kind == "constant"])
def test_constant_rows_state_their_reason(row):
    assert row.reason

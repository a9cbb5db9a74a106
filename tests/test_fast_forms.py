"""Forms of arguments: the key, the written-out check of it, and results put together."""

import dataclasses
import enum
from collections import OrderedDict, namedtuple

import numpy as np
import pytest

from tinygrad_np.fast.forms import builder, form_of, matcher

Pair = namedtuple("Pair", "a b")


@dataclasses.dataclass
class Point:
    x: object
    y: object


class Color(enum.Enum):
    RED = 1
    BLUE = 2


X, Y = np.arange(6.0).reshape(2, 3), np.arange(3)

# In each row arguments of one form, in different rows of different forms.
FORMS = [
    [(X,), (2 * X,)],
    [(X.astype("f4"),)],
    [(X.T,)],
    [(np.asfortranarray(X),)],
    [(X[:1],)],
    [(X, Y), (-X, Y + 1)],
    [(X, X)],
    [((X, Y),), ((X + 1, Y),)],
    [([X, Y],)],
    [({"a": X, "b": Y},), ({"a": Y * X, "b": Y},)],
    [({"b": X, "a": Y},)],
    [(X, 1)],
    [(X, 2)],
    [(X, True)],
    [(X, 1.0)],
    [(X, 0.0)],
    [(X, -0.0)],
    [(X, np.nan), (2 * X, np.nan)],
    [(X, None)],
    [(X, "text")],
    [(X, b"text")],
    [(X, 1j)],
    [(np.float64(1),), (np.float64(2),)],
    [(np.float32(1),)],
    [(np.array(1.0),), (np.array(2.0),)],
    [(np.random.default_rng(0),), (np.random.default_rng(1),)],
    [(np.random.Generator(np.random.MT19937(0)),)],
    [(Pair(X, Y),), (Pair(X + 1, Y),)],
    [(Point(X, None),)],
    [(Point(None, X),)],
    [(OrderedDict(a=X),)],
    [(np.float64,)],
    [(np.dtype("f4"),)],
    [(Color.RED,)],
    [(Color.BLUE,)],
    [(np.sin,)],
    [((),)],
    [([],)],
    [({},)],
    [()],
]


def test_the_form_tells_them_apart():
    forms = [[form_of((args, {}), []) for args in row] for row in FORMS]
    for row in forms:
        assert all(form == row[0] and hash(form) == hash(row[0]) for form in row)
    assert len({row[0] for row in forms}) == len(forms)


@pytest.mark.parametrize("number", range(len(FORMS)))
def test_the_written_check_says_the_same(number):
    given = FORMS[number][0]
    match = matcher(given, {})
    if match is None:
        return
    for i, row in enumerate(FORMS):
        for args in row:
            found, arrays = match(args, {}), []
            form_of((args, {}), arrays)
            if i != number:
                assert found is None
            elif found is not None:  # it may say no
                assert len(found) == len(arrays)
                assert all(
                    x is y or np.array_equal(x, y) for x, y in zip(found, arrays, strict=True)
                )
    assert match(given, {"z": 1}) is None
    assert match((*given, 1), {}) is None


def test_most_of_them_are_written_out():
    matched = [match is not None for match in (matcher(row[0], {}) for row in FORMS)]
    assert sum(matched) > 20
    match = matcher((X,), {"rate": 0.5, "tree": {"w": Y}})
    assert match((X,), {"rate": 0.5, "tree": {"w": Y}}) == (X, Y)
    assert match((X,), {"rate": 0.25, "tree": {"w": Y}}) is None
    assert match((X,), {"tree": {"w": Y}, "rate": 0.5}) is None
    assert match((X,), {}) is None


def test_deep_and_long_trees_are_left_to_the_form():
    deep = X
    for _ in range(20):
        deep = [deep]
    assert matcher((deep,), {}) is None
    assert matcher(([X] * 2000,), {}) is None


def test_what_may_change_unseen_is_refused():
    with pytest.raises(TypeError, match="jit: an argument of type object may change"):
        form_of(object(), [])


@pytest.mark.parametrize(
    "result",
    [
        X, np.float64(1), 1.5, None, (), [], {}, (X,), [X, (Y, {"a": X, 3: None})], (1, "a", X),
        Pair(X, [Y]), Point(X, np.float32(2)), OrderedDict(b=X, a=Y), (np.array(2.0), True),
    ],
)  # fmt: skip
def test_a_result_is_put_together_of_other_arrays(result):
    import tinygrad_np as tg

    leaves = tg.tree.leaves(result)
    is_array = [isinstance(x, (np.ndarray, np.generic)) for x in leaves]
    arrays = [np.asarray(x + 1) for x, a in zip(leaves, is_array, strict=True) if a]
    found = builder(result, is_array)(arrays)
    assert type(found) is type(result)
    assert tg.tree.paths(found) == tg.tree.paths(result)
    for x, y, a in zip(tg.tree.leaves(found), leaves, is_array, strict=True):
        assert type(x) is type(y)
        assert np.array_equal(x, np.asarray(y) + 1) if a else x == y


def test_a_python_number_that_a_program_gives():
    assert builder((1.5, X), [True, False])([np.array(2.5)]) == (2.5, X)
    assert type(builder(1.5, [True])([np.array(2.5)])) is float

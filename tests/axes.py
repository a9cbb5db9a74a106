"""Every call with an axis: what there is to call, and what is asked of each call.

`cases`, `cases_of_method` and `cases_of_fold` give the calls of a function of the table, of a
method of a Tensor and of a method of a ufunc: for a single number, which has no axis, for axes of
length 1 and 0 and for others, with every axis that there is, the first ones that there are not, and
tuples of axes. `fault` tries one of them and says what is wrong with it.

What NumPy answers, we differentiate: value and dtype bit for bit, reverse and forward mode and the
second order against central differences of NumPy's own values. What NumPy refuses, we refuse with
its kind of error, in the function's name.
"""

import inspect
import itertools
import warnings
from typing import NamedTuple

import numpy as np
import scipy.special  # noqa: F401  # whose ufuncs are in the table, too

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core.axes import NAMES
from tinygrad_np.core.dispatch import name_of
from tinygrad_np.core.signature import REQUIRED
from tinygrad_np.core.table import TABLE
from tinygrad_np.rules import families
from tinygrad_np.rules.folds import row_of_method

# The last one finds what the others have left behind for calls with such arguments.
FEW = [(3,), (0,), (2, 3), ()]
MANY = [(3,), (1,), (0,), (2, 3), (1, 2), (2, 1), (0, 2), (2, 0), (2, 1, 2), ()]


class Case(NamedTuple):
    """A call of a function of one array."""

    label: str
    shape: tuple[int, ...]
    name: str
    """what an error has to name"""
    call: object
    is_constant: bool = False
    is_smooth: bool = True


# The axes


def one(ndim):
    """One axis; for two of them and none in all forms in which it may be given."""
    forms = [] if ndim % 2 else [np.int64(0), np.array(-1), 0.0]
    return [*range(-ndim - 1, ndim + 1), *forms]


def several(ndim):
    """None, one axis, and tuples."""
    tuples = [(), (0,), (-1,), (1, 0), (-1, 0), (0, 0), (0, ndim)]
    forms = [] if ndim % 2 else [(0.0,), [0], [0, -1]]
    return [None, *one(ndim), *tuples, *forms]


def pairs(ndim):
    """Two axes."""
    return [*itertools.product(range(-ndim - 1, ndim + 1), repeat=2), (0, 0.0), (np.int64(0), -1)]


# The calls of functions that take more than an array and an axis


def by_axis(*calls):
    """What makes calls of ``call(function, x, axis)``."""
    return [(several, call) for call in calls]


def by_pair(call):
    """What makes calls of ``call(function, x, axis, axis)``."""
    return [(pairs, lambda f, x, both: call(f, x, *both))]


def first_of(x):
    """The first lines of an array, as whole numbers."""
    return np.zeros((1,) * np.ndim(x), int)


def in_space(x):
    """Three of the array along a new first axis, and along a new last one."""
    return np.stack([x, 2 * x, x * x])


CALLS = {
    # two axes, or a list of them
    np.swapaxes: by_pair(lambda f, x, a, b: f(x, a, b)),
    np.moveaxis: [
        *by_pair(lambda f, x, a, b: f(x, a, b)),
        (several, lambda f, x, a: f(x, a, a)),
        (several, lambda f, x, a: f(x, a, 0)),
        (several, lambda f, x, a: f(x, (0, 1), a)),
    ],
    np.rollaxis: [
        *by_pair(lambda f, x, a, b: f(x, a, b)),
        (several, lambda f, x, a: f(x, a)),
    ],
    np.rot90: [
        (pairs, lambda f, x, both: f(x, 1, both)),
        (pairs, lambda f, x, both: f(x, axes=both)),
        (several, lambda f, x, a: f(x, 2, a)),
    ],
    np.diagonal: by_pair(lambda f, x, a, b: f(x, 0, a, b)),
    np.trace: by_pair(lambda f, x, a, b: f(x, 0, axis1=a, axis2=b)),
    # lists of arrays
    np.concatenate: by_axis(
        lambda f, x, a: f([x, 2 * x], axis=a), lambda f, x, a: f((x, np.ones(np.shape(x))), a)
    ),
    np.stack: by_axis(
        lambda f, x, a: f([x, 2 * x], axis=a), lambda f, x, a: f((x, np.ones(np.shape(x))), a)
    ),
    np.append: by_axis(
        lambda f, x, a: f(x, 2 * x, axis=a), lambda f, x, a: f(np.ones(np.shape(x)), x, a)
    ),
    # in pieces
    np.split: by_axis(lambda f, x, a: f(x, 1, axis=a), lambda f, x, a: f(x, [1], a)),
    np.array_split: by_axis(lambda f, x, a: f(x, 2, axis=a), lambda f, x, a: f(x, [1], a)),
    # elements
    np.take: by_axis(
        lambda f, x, a: f(x, 0, axis=a),
        lambda f, x, a: f(x, [0, 0, -1], a),
        lambda f, x, a: f(x, [[1, 5]], a, mode="wrap"),
        lambda f, x, a: f(x, [], a),
    ),
    np.compress: by_axis(
        lambda f, x, a: f([True], x, axis=a), lambda f, x, a: f([False], x, a)
    ),
    np.take_along_axis: by_axis(
        lambda f, x, a: f(x, first_of(x), axis=a), lambda f, x, a: f(x, np.zeros(1, int), a)
    ),
    np.partition: by_axis(lambda f, x, a: f(x, 0, axis=a)),
    np.argpartition: by_axis(lambda f, x, a: f(x, 0, axis=a)),
    np.lexsort: by_axis(lambda f, x, a: f((x, x), axis=a)),
    np.repeat: by_axis(
        lambda f, x, a: f(x, 2, axis=a),
        lambda f, x, a: f(x, [2], a),
        lambda f, x, a: f(x, 0, a),
        lambda f, x, a: f(x, [1, 0, 2], a),
    ),
    np.roll: by_axis(lambda f, x, a: f(x, 1, axis=a), lambda f, x, a: f(x, (1, 2), a)),
    np.insert: by_axis(
        lambda f, x, a: f(x, 0, 2.0, axis=a),
        lambda f, x, a: f(x, [0], x, a),
        lambda f, x, a: f(np.ones(np.shape(x)), 0, x, a),
    ),
    np.delete: by_axis(lambda f, x, a: f(x, 0, axis=a), lambda f, x, a: f(x, [], a)),
    np.lib.stride_tricks.sliding_window_view: by_axis(
        lambda f, x, a: f(x, 1, axis=a), lambda f, x, a: f(x, (1, 1), a), lambda f, x, a: f(x, 2, a)
    ),
    np.trim_zeros: by_axis(
        lambda f, x, a: f(x, axis=a), lambda f, x, a: f(np.where(x > 1, x, 0), "f", axis=a)
    ),
    np.unique: by_axis(
        lambda f, x, a: f(x, axis=a), lambda f, x, a: f(x, return_index=True, axis=a)
    ),
    # statistics
    np.quantile: by_axis(
        lambda f, x, a: f(x, 0.3, axis=a),
        lambda f, x, a: f(x, [0.2, 0.7], axis=a),
        lambda f, x, a: f(x, 0.3, axis=a, keepdims=True),
        lambda f, x, a: f(np.ones(np.shape(x)) * 2, 0.1 + np.sum(x) / 100, axis=a),
    ),
    np.percentile: by_axis(
        lambda f, x, a: f(x, 30.0, axis=a), lambda f, x, a: f(x, [20, 70], axis=a, keepdims=True)
    ),
    np.nanquantile: by_axis(
        lambda f, x, a: f(x, 0.3, axis=a), lambda f, x, a: f(x, [0.2], axis=a, keepdims=True)
    ),
    np.nanpercentile: by_axis(
        lambda f, x, a: f(x, 30.0, axis=a), lambda f, x, a: f(x, [20, 70], axis=a, keepdims=True)
    ),
    np.average: by_axis(
        lambda f, x, a: f(x, axis=a),
        lambda f, x, a: f(x, axis=a, keepdims=True),
        lambda f, x, a: f(x, axis=a, weights=x * x),
        lambda f, x, a: f(x, axis=a, weights=np.ones(np.shape(x)) * 2, returned=True),
        lambda f, x, a: f(x, axis=a, weights=np.ones(np.shape(x)[-1:])),
    ),
    # differences
    np.diff: by_axis(
        lambda f, x, a: f(x, axis=a),
        lambda f, x, a: f(x, 2, a),
        lambda f, x, a: f(x, 0, a),
        lambda f, x, a: f(x, axis=a, prepend=1.0),
    ),
    np.gradient: by_axis(
        lambda f, x, a: f(x, axis=a),
        lambda f, x, a: f(x, 0.5, axis=a),
        lambda f, x, a: f(x, axis=a, edge_order=2),
    ),
    np.trapezoid: by_axis(
        lambda f, x, a: f(x, axis=a),
        lambda f, x, a: f(x, dx=0.5, axis=a),
        lambda f, x, a: f(x, 3 * x, axis=a),
    ),
    # functions that are called
    np.apply_along_axis: by_axis(
        lambda f, x, a: f(np.sum, a, x),
        lambda f, x, a: f(np.cumsum, a, x),
        lambda f, x, a: f(lambda line: np.outer(line, line), a, x),
    ),
    np.apply_over_axes: by_axis(lambda f, x, a: f(np.sum, x, a), lambda f, x, a: f(np.max, x, a)),
    # made of a start and a stop: the axis is one of the result
    np.linspace: by_axis(
        lambda f, x, a: f(x, 2 * x + 1, 3, axis=a),
        lambda f, x, a: f(0.0, x, 1, axis=a),
        lambda f, x, a: f(x, 2.0, 0, axis=a),
    ),
    np.logspace: by_axis(lambda f, x, a: f(x, 2 * x, 3, axis=a)),
    np.geomspace: by_axis(lambda f, x, a: f(x, 2 * x, 3, axis=a)),
    # products
    np.tensordot: [
        (several, lambda f, x, a: f(x, 2 * x, axes=(a, a))),
        (several, lambda f, x, a: f(x, np.ones(np.shape(x)), axes=a)),
        (pairs, lambda f, x, both: f(x, x, axes=both)),
    ],
    np.linalg.tensordot: [
        (several, lambda f, x, a: f(x, 2 * x, axes=(a, a))),
        (pairs, lambda f, x, both: f(x, x, axes=both)),
    ],
    np.linalg.tensorsolve: [
        (several, lambda f, x, a: f(np.eye(4).reshape(2, 2, 2, 2), np.resize(x, (2, 2)), axes=a)),
        (several, lambda f, x, a: f(np.resize(x, (1, 1)), np.ones(1), axes=a)),
    ],
    np.cross: [
        (one, lambda f, x, a: f(in_space(x), np.arange(3.0) + 1, axisa=a)),
        (one, lambda f, x, a: f(np.arange(3.0) + 1, in_space(x), axisb=a)),
        (one, lambda f, x, a: f(in_space(x), 1 + in_space(x), 0, 0, axisc=a)),
        (one, lambda f, x, a: f(in_space(x), 1 + in_space(x), axis=a)),
        (one, lambda f, x, a: f(x, 1 + x, axis=a)),
    ],
    np.linalg.cross: [
        (one, lambda f, x, a: f(in_space(x), 1 + in_space(x), axis=a)),
        (one, lambda f, x, a: f(x, 1 + x, axis=a)),
    ],
    np.vecdot: [
        (several, lambda f, x, a: f(x, 2 * x, axis=a)),
        (several, lambda f, x, a: f(x, np.ones(np.shape(x)), axis=a, keepdims=True)),
        (several, lambda f, x, a: f(x, x, axes=[a, a])),
        (pairs, lambda f, x, both: f(x, x, axes=[*both, ()])),
    ],
    np.linalg.vecdot: by_axis(lambda f, x, a: f(x, 2 * x, axis=a)),
    # transforms
    **{
        f: by_axis(
            lambda f, x, a: f(x, axis=a), lambda f, x, a: f(x, 2, a), lambda f, x, a: f(x, 3, a)
        )
        for f in (np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft)
    },
    **{
        f: by_axis(
            lambda f, x, a: f(x, axes=a),
            lambda f, x, a: f(x, (2, 3), axes=a),
            lambda f, x, a: f(x, (3,), a),
        )
        for f in (
            np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.irfft2,
            np.fft.fftn, np.fft.ifftn, np.fft.rfftn, np.fft.irfftn,
        )
    },
    # norms
    np.linalg.norm: [
        (several, lambda f, x, a, o=o, k=k: f(x, o, axis=a, keepdims=k))
        for o, k in [
            (None, False), (None, True), (2, False), (1, True), (np.inf, False), (3, False),
            ("nuc", False), ("fro", True), (-2, True),
        ]
    ],
    np.linalg.vector_norm: [
        (several, lambda f, x, a, o=o, k=k: f(x, axis=a, ord=o, keepdims=k))
        for o, k in [(2, False), (2, True), (1, True), (np.inf, False), (3, False)]
    ],
}  # fmt: skip
if hasattr(np, "matvec"):
    CALLS |= {
        np.matvec: [
            (pairs, lambda f, x, both: f(np.resize(x, (2, 2)), np.ones(2), axes=[both, -1, -1])),
            (one, lambda f, x, a: f(np.ones((2, 2)), np.resize(x, (2, 2)), axes=[(0, 1), a, a])),
        ],
        np.vecmat: [
            (pairs, lambda f, x, both: f(np.ones(2), np.resize(x, (2, 2)), axes=[-1, both, -1])),
            (one, lambda f, x, a: f(np.resize(x, (2, 2)), np.ones((2, 2)), axes=[a, (0, 1), a])),
        ],
    }


def with_an_axis():
    """The rows of the table that have one; each has calls, or the test of them fails."""
    rows = [r for family in families() for r in family.ROWS if NAMES & set(parameters(r))]
    return sorted(rows, key=lambda row: row.name)


def parameters(row):
    """The names of a row's parameters, a constant one's too."""
    if row.names:
        return row.names
    try:
        return tuple(inspect.signature(row.function).parameters)
    except (TypeError, ValueError):
        return ()


def calls_of(row):
    """Those of `CALLS`, or those of a function of an array and an axis; none for another one."""
    if row.function in CALLS:
        return CALLS[row.function]
    names = parameters(row)
    given = [name for name in names if name in NAMES]
    needed = [n for n, d in zip(row.names, row.defaults, strict=True) if d is REQUIRED]
    if len(given) != 1 or len(set(needed) - set(given)) > 1:
        return []
    calls = by_axis(lambda f, x, a: f(x, **{given[0]: a}))
    if names[1] == given[0] and 1 not in row.keywords:
        calls += by_axis(lambda f, x, a: f(x, a))
    if "keepdims" in names:
        calls += by_axis(lambda f, x, a: f(x, **{given[0]: a}, keepdims=True))
    return calls


def cases(row, shapes=MANY):
    """The calls of a row's function; none if nobody has said how it is called."""
    for shape in shapes:
        for axes, call in calls_of(row):
            for a in axes(len(shape)):
                yield Case(
                    f"{shape} {a!r}", shape, row.name,
                    lambda x, call=call, a=a: call(row.function, x, a),
                    row.kind == "constant",
                )  # fmt: skip


LEAVE_THEIR_DOMAIN = ("beta", "betaln", "boxcox", "kl_div", "rel_entr")
"""Ufuncs of which a second step is often nan, or close to a pole."""


def folds():
    """The methods ``reduce``, ``accumulate`` and ``reduceat`` that have a row."""
    families()
    binary = [f for f in TABLE if isinstance(f, np.ufunc) and (f.nin, f.nout) == (2, 1)]
    found = [
        (f, m) for f in binary if f.signature is None for m in ("reduce", "accumulate", "reduceat")
    ]
    ruled = [pair for pair in found if _has_a_row(*pair)]
    return sorted(ruled, key=lambda pair: name_of(getattr(*pair)))


def _has_a_row(ufunc, method):
    try:
        return row_of_method(ufunc, method) is not None
    except TypeError:
        return False


def cases_of_fold(ufunc, method, shapes=MANY):
    """The calls of a method of a ufunc."""
    function = getattr(ufunc, method)
    options = {"reduce": [{}, {"keepdims": True, "initial": 1.5}]}
    given = {"reduceat": ([0, 0],)}.get(method, ())
    for shape in shapes:
        for a in several(len(shape)):
            for kwargs in options.get(method, [{}]):
                yield Case(
                    f"{shape} {a!r} {kwargs}", shape, name_of(function),
                    lambda x, a=a, kwargs=kwargs: function(x, *given, axis=a, **kwargs),
                    TABLE[ufunc].kind == "constant", ufunc.__name__ not in LEAVE_THEIR_DOMAIN,
                )  # fmt: skip


METHODS = {
    "swapaxes": [(pairs, lambda x, both: x.swapaxes(*both))],
    "transpose": [
        (several, lambda x, a: x.transpose(a)),
        (pairs, lambda x, both: x.transpose(*both)),
    ],
    "squeeze": [(several, lambda x, a: x.squeeze(a)), (several, lambda x, a: x.squeeze(axis=a))],
    "diagonal": [(pairs, lambda x, both: x.diagonal(0, *both))],
    "trace": [(pairs, lambda x, both: x.trace(0, *both))],
    "take": [(several, lambda x, a: x.take(0, a)), (several, lambda x, a: x.take([0, 0], axis=a))],
    "compress": [(several, lambda x, a: x.compress([True], a))],
    "repeat": [(several, lambda x, a: x.repeat(2, a)), (several, lambda x, a: x.repeat([2], a))],
    "argpartition": [(several, lambda x, a: x.argpartition(0, a))],
    **{
        name: [
            (several, lambda x, a, name=name: getattr(x, name)(a)),
            (several, lambda x, a, name=name: getattr(x, name)(axis=a)),
            (several, lambda x, a, name=name: getattr(x, name)(axis=a, keepdims=True)),
        ]
        for name in (
            "sum", "mean", "prod", "var", "std", "max", "min", "argmax", "argmin", "any", "all",
        )
    },
    **{
        name: [
            (several, lambda x, a, name=name: getattr(x, name)(a)),
            (several, lambda x, a, name=name: getattr(x, name)(axis=a)),
        ]
        for name in ("cumsum", "cumprod", "argsort")
    },
}  # fmt: skip
CONSTANT_METHODS = {"argmax", "argmin", "any", "all", "argsort", "argpartition"}


def methods_with_an_axis():
    """The methods of a Tensor that have an axis, by their own words or as NumPy's functions."""
    found = []
    for name in dir(Tensor):
        if name.startswith("_") or not callable(getattr(Tensor, name)):
            continue
        function = getattr(np, name, None)
        own = set(inspect.signature(getattr(Tensor, name)).parameters)
        theirs = set(parameters(TABLE[function])) if function in TABLE else set()
        if NAMES & (own | theirs):
            found.append(name)
    return found


def cases_of_method(name, shapes=MANY):
    """The calls of a method."""
    for shape in shapes:
        for axes, call in METHODS.get(name, []):
            for a in axes(len(shape)):
                yield Case(
                    f"{shape} {a!r}", shape, name, lambda x, call=call, a=a: call(x, a),
                    name in CONSTANT_METHODS,
                )  # fmt: skip


# What is asked of a call


def drawn(shape, seed=3):
    """Distinct numbers between ½ and 2, 0.05 apart or more."""
    rng = np.random.default_rng(seed)
    size = int(np.prod(shape, dtype=int))
    numbers = 0.6 + 1.3 * (rng.permutation(size) + rng.uniform(0.1, 0.5, size)) / max(size, 4)
    return numbers.reshape(shape)


def attempt(call, x):
    """What a call gives, or raises."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return call(x), None
        except Exception as error:
            return None, error


def leaves(result):
    """The arrays of a result."""
    return list(result) if isinstance(result, (list, tuple)) else [result]


REASONS = {
    "an axis is an integer, not": "0.0, which some functions take for 0",
    "NumPy gives what happens to lie in memory": "inverse transforms of nothing",
}
"""What we refuse though NumPy may answer, by the words of the message, and what it is about."""


def fault(case):
    """What is wrong with a call, or None; and the reason for which it was refused, or None."""
    x = drawn(case.shape)
    expected, refusal = attempt(case.call, x)
    ours, error = attempt(case.call, Tensor(x))
    reason = next((why for why in REASONS if why in str(error)), None)
    if reason is not None:
        return None if short(case.name) in str(error) else f"unnamed: {error}", reason
    if refusal is not None:
        return fault_of_refusal(case, refusal, ours, error), None
    if error is not None:
        return f"NumPy answers, here {type(error).__name__}: {error}", None
    wrong = fault_of_value(expected, ours)
    return wrong or (fault_of_derivative(case, x, ours) if case.is_smooth else None), None


def short(name):
    """A function's name without its module."""
    return name.rsplit(".", 1)[-1]


def fault_of_refusal(case, refusal, ours, error):
    """NumPy refuses, and so must we, with its kind of error and the function's name."""
    if error is None:
        return f"NumPy refuses ({type(refusal).__name__}: {refusal}), here {ours!r:.60}"
    kinds = (type(refusal),)
    if isinstance(refusal, np.exceptions.AxisError):  # which is both of these
        kinds = (ValueError, IndexError)
    if not isinstance(error, kinds):
        return f"NumPy {type(refusal).__name__}: {refusal}; here {type(error).__name__}: {error}"
    if "the rule is wrong" in str(error) or short(case.name) not in str(error):
        return f"unnamed: {type(error).__name__}: {error} (NumPy: {refusal})"
    return None


def fault_of_value(expected, ours):
    """Bit for bit what NumPy gives."""
    if type(expected) in (list, tuple) and type(ours) is not type(expected):
        return f"a {type(ours).__name__} for a {type(expected).__name__}"
    expected, ours = leaves(expected), leaves(ours)
    if len(expected) != len(ours):
        return f"{len(ours)} results for {len(expected)}"
    for theirs, value in zip(expected, ours, strict=True):
        value = value.data if type(value) is Tensor else np.asarray(value)
        theirs = np.asarray(theirs)
        if (value.shape, value.dtype) != (theirs.shape, theirs.dtype):
            return f"{value.dtype} {value.shape} for {theirs.dtype} {theirs.shape}"
        if not np.array_equal(value, theirs, equal_nan=value.dtype.kind in "fc"):
            return f"{value} for {theirs}"
    return None


def fault_of_derivative(case, x, ours):
    """Reverse, forward and second order, against central differences of NumPy's own values."""
    has_tensor = any(type(part) is Tensor for part in leaves(ours))
    if case.is_constant:
        return "a Tensor of a constant function" if has_tensor else None
    if not has_tensor:
        return "no Tensor" if leaves(ours) else None
    rng = np.random.default_rng(5)
    weights = [rng.normal(size=np.shape(part)) for part in leaves(ours)]
    nan = [np.isnan(part) for part in leaves(ours)]

    def loss(x):
        """A weighted sum of all results that are numbers: what is nan has no derivative."""
        parts = [
            np.sum(np.where(is_nan, 0, np.real(part)) * w)
            for part, w, is_nan in zip(leaves(case.call(x)), weights, nan, strict=True)
            if getattr(part, "dtype", np.dtype(int)).kind in "fc"
        ]
        return sum(parts[1:], parts[0])

    def square(x):
        return loss(x * x)

    direction = rng.normal(size=x.shape)
    gradient, error = attempt(tg.grad(loss), x)
    if error is not None:
        return f"reverse: {type(error).__name__}: {error}"
    if wrong := differs(gradient, differences(loss, x), 1e-6):
        return f"reverse: {wrong}"
    pushed, error = attempt(lambda x: tg.jvp(loss, [x], [direction])[1], x)
    if error is not None:
        return f"forward: {type(error).__name__}: {error}"
    if wrong := differs(pushed, np.sum(gradient * direction), 1e-10):
        return f"forward: {wrong}"
    second, error = attempt(lambda x: tg.hvp(square, [x], [direction])[0], x)
    if error is not None:
        return f"second order: {type(error).__name__}: {error}"
    slope = tg.grad(square)
    step = 1e-5
    numeric = attempt(
        lambda x: (slope(x + step * direction) - slope(x - step * direction)) / (2 * step), x
    )[0]
    if wrong := differs(second, numeric, 1e-5):
        return f"second order: {wrong}"
    return None


def differences(loss, x):
    """The gradient by central differences."""
    found = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += 1e-5
        down[i] -= 1e-5
        found[i] = (attempt(loss, up)[0] - attempt(loss, down)[0]) / 2e-5
    return found


def differs(found, expected, tolerance):
    """What is wrong with a derivative, or None."""
    if np.shape(found) != np.shape(expected):
        return f"shape {np.shape(found)} for {np.shape(expected)}"
    if type(found) is Tensor:
        return "a Tensor"
    scale = max(1.0, float(np.max(np.abs(expected), initial=0)))
    if np.all(np.abs(found - expected) <= tolerance * scale):
        return None
    return f"{found} for {expected}"

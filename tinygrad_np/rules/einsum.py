"""`einsum` in all its forms.

The value is what `numpy.einsum` gives, as the caller asks for it. The cotangent of an operand is an
einsum, too: that of the result's cotangent and the other operands, with the operand's labels as the
result. It is optimized if the call was.
"""

import functools
import operator
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from ..core.arrays import Array, cast, expand
from ..core.dispatch import array_function, overrides
from ..core.rules import scatter_add
from ..core.signature import signature
from ..core.table import constant, general
from .composed import composed

Options = dict[str, Any]
"""`numpy.einsum`'s keywords optimize, dtype, order and casting."""


@array_function
def contraction(subscripts: str, options: Options, varies: list[bool], *operands: Any) -> Any:
    """`numpy.einsum` of operands, of which some may vary: by the others there is no derivative.

    >>> contraction("i,i", {}, [True, True], np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.float64(11.0)
    """
    return np.einsum(subscripts, *operands, **options)


# Reading the call


def _einsum(operands: Any, optimize: Any, dtype: Any, order: Any, casting: Any) -> Any:
    """``einsum(subscripts, *operands)`` or ``einsum(operand, labels, …[, labels])``."""
    if isinstance(operands[0], str):
        subscripts, *arrays = operands
    else:
        paired = len(operands) // 2 * 2
        arrays = operands[:paired:2]
        subscripts = ",".join([_spelt(labels, optimize) for labels in operands[1:paired:2]])
        subscripts += "".join([f"->{_spelt(labels, optimize)}" for labels in operands[paired:]])
    masks = [x for x in arrays if not overrides(type(x)) and np.asarray(x).dtype == bool]
    if optimize is not False and len(masks) > 1:
        raise TypeError(
            f"np.einsum: with optimize, NumPy sums products of truth values to a truth value, and "
            f"{len(masks)} operands have dtype bool; convert them with .astype(float)"
        )
    options = {"optimize": optimize, "dtype": dtype, "order": order, "casting": casting}
    return contraction(subscripts, options, [overrides(type(x)) for x in arrays], *arrays)


def _spelt(labels: Any, optimize: Any) -> str:
    """Numbers as letters, whose order is that of the axes of a result without labels."""
    alphabet = ascii_uppercase + ascii_lowercase
    if optimize is not False and _counts_from_lower_case():
        alphabet = ascii_lowercase + ascii_uppercase
    numbers = [label if label is ... else operator.index(label) for label in labels]
    if any(number is not ... and not 0 <= number < len(alphabet) for number in numbers):
        raise ValueError(f"np.einsum: labels are numbers from 0 to 51, or letters, not {labels}")
    return "".join(["..." if number is ... else alphabet[number] for number in numbers])


@functools.cache
def _counts_from_lower_case() -> bool:
    """Whether 26 comes before 0 where NumPy optimizes (NumPy 2.0); elsewhere it comes after."""
    call: Any = (np.zeros((1, 2)), [26, 0])
    return np.einsum(*call, optimize=True).shape == (1, 2)


# The derivative


@functools.lru_cache(maxsize=1024)
def labelled(subscripts: str, ndims: tuple[int, ...]) -> tuple[list[str], str]:
    """A letter for every axis of every operand, and for every axis of the result.

    >>> labelled("i...,...->i...", (2, 3))
    (['ic', 'abc'], 'iabc')
    """
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    if not arrow:
        output = "..." + "".join(sorted([c for c in ascii_letters if inputs.count(c) == 1]))
    terms = inputs.split(",")
    hidden = [n - len(term.replace("...", "")) for term, n in zip(terms, ndims, strict=True)]
    most = max(hidden)
    spare = "".join([c for c in ascii_letters if c not in subscripts])[:most]
    if len(spare) < most:
        raise ValueError(f"np.einsum: there are no letters left for {most} more axes")
    terms = [t.replace("...", spare[most - n :]) for t, n in zip(terms, hidden, strict=True)]
    return terms, output.replace("...", spare)


def _cotangents(g: Array, subscripts: str, options: Options, varies: Any, operands: Any) -> Any:
    terms, output = labelled(subscripts, tuple([np.ndim(x) for x in operands]))
    parts: list[Any] = [None] * len(terms)
    for i in np.flatnonzero(varies).tolist():
        lengths = dict(zip(terms[i], operands[i].shape, strict=True))
        labels, others = [output, *terms[:i], *terms[i + 1 :]], [*operands[:i], *operands[i + 1 :]]
        # An axis of length 1 may have been broadcast: leaving it out adds up its cotangents. One
        # that nothing else has was summed: every element has the same cotangent.
        found = [c for c, length in lengths.items() if length != 1 and c in "".join(labels)]
        call = f"{','.join(labels)}->{''.join(found)}"
        part = np.einsum(call, g, *others, optimize=bool(options["optimize"]))
        part = np.expand_dims(part, [at for at, c in enumerate(lengths) if c not in found])
        part = expand(part, tuple(lengths.values()))
        if len(terms[i]) > len(lengths):  # all but the diagonal of a label that is repeated is zero
            places = dict(zip(lengths, np.ix_(*map(np.arange, part.shape)), strict=True))
            part = scatter_add(part, tuple([places[c] for c in terms[i]]), operands[i].shape)
        parts[i] = cast(part, operands[i].dtype)
    return parts


def _tangent(t: Array, subscripts: str, options: Options, operands: Any) -> Any:
    calls = [[*operands[:i], u, *operands[i + 1 :]] for i, u in enumerate(t) if u is not None]
    return functools.reduce(operator.add, [np.einsum(subscripts, *x, **options) for x in calls])


_CONTRACTION = general(
    contraction,
    signature("subscripts", "options", "varies", "*operands"),
    operands=(_cotangents, _tangent),
    list_operands={"operands"},
)
_CONTRACTION.name = "np.einsum"  # what the caller knows: in messages, and in the graph

ROWS = (
    composed(
        np.einsum,
        signature(
            "*operands", out=None, optimize=False, dtype=None, order="K", casting="safe"
        ),
        _einsum,
        {"operands"},
    ),
    _CONTRACTION,
    constant(np.einsum_path, "an order of contraction depends on the shapes alone"),
)  # fmt: skip

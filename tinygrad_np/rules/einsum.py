"""`einsum` in all its forms.

The value is what `numpy.einsum` gives, as the caller asks for it. The cotangent of an operand is an
einsum, too: that of the result's cotangent and the other operands, with the operand's labels as the
result. It is optimized if the call was.
"""

import functools
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from ..kernels.dispatch import array_function, overrides
from ..kernels.elementwise import cast
from ..kernels.shapes import expand
from .table import composed, constant, general, takes

# NumPy's function, with all that is no operand in one argument


@dataclass(frozen=True)
class Contraction:
    """A call of `numpy.einsum` but for its operands.

    >>> Contraction("ij->ji").of([np.array([[1.0, 2.0]])])
    array([[1.],
           [2.]])
    """

    subscripts: Any
    """a string; or a tuple of labels for each operand, and one for the result or None"""

    optimize: Any = False

    options: tuple[tuple[str, Any], ...] = ()
    """the keywords dtype, order and casting, where they are given"""

    varying: tuple[bool, ...] = (True, True)
    """for each operand whether a derivative by it may be asked for"""

    def of(self, operands: Iterable[Any]) -> Any:
        """The call with these operands."""
        if isinstance(self.subscripts, str):
            args = [self.subscripts, *operands]
        else:
            *labels, output = self.subscripts
            args = [part for pair in zip(operands, labels, strict=True) for part in pair]
            args += [] if output is None else [output]
        return np.einsum(*args, optimize=self.optimize, **dict(self.options))


@array_function
def contraction(how: Contraction, *operands: Any) -> Any:
    """The sum of products of the `operands` that `how` describes.

    >>> contraction(Contraction("i,i"), np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.float64(11.0)
    """
    return how.of(operands)


# Reading the call


def _einsum(operands: Any, optimize: Any, dtype: Any, order: Any, casting: Any) -> Any:
    """``einsum(subscripts, *operands)`` or ``einsum(operand, labels, …[, labels])``."""
    if isinstance(operands[0], str):
        subscripts, *arrays = operands
    else:
        paired = len(operands) // 2 * 2
        arrays = list(operands[:paired:2])
        labels = [_indices(part) for part in operands[1:paired:2]]
        output = _indices(operands[-1]) if paired < len(operands) else None
        subscripts = (*labels, output)
    masks = [x for x in arrays if not overrides(type(x)) and np.asarray(x).dtype == bool]
    if optimize is not False and len(masks) > 1:
        raise TypeError(
            f"np.einsum: with optimize, NumPy sums products of truth values to a truth value, and "
            f"{len(masks)} operands have dtype bool; convert them with .astype(float)"
        )
    defaults = {"dtype": None, "order": "K", "casting": "safe"}
    given = {"dtype": dtype, "order": order, "casting": casting}
    options = tuple([(name, given[name]) for name in given if given[name] != defaults[name]])
    varying = tuple([overrides(type(x)) for x in arrays])
    return contraction(Contraction(subscripts, optimize, options, varying), *arrays)


def _indices(labels: Any) -> tuple[Any, ...]:
    return tuple([label if label is Ellipsis else operator.index(label) for label in labels])


@functools.lru_cache(maxsize=1024)
def _labels(
    subscripts: Any, is_optimized: bool, ndims: tuple[int, ...]
) -> tuple[tuple[str, ...], str]:
    """A letter for every axis of every operand, and for every axis of the result.

    >>> _labels("i...,...->i...", False, (2, 3))
    (('ic', 'abc'), 'iabc')
    """
    if not isinstance(subscripts, str):
        subscripts = _spelt(subscripts, is_optimized)
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    spare = "".join([letter for letter in ascii_letters if letter not in subscripts])
    missing = [ndim - len(t.replace("...", "")) for t, ndim in zip(terms, ndims, strict=True)]
    most = max([count for t, count in zip(terms, missing, strict=True) if "..." in t], default=0)
    if most > len(spare):
        raise ValueError(f"np.einsum: there are no letters left for {most} more axes")
    spare = spare[:most]
    if not arrow:
        letters = sorted({c for c in inputs if c.isalpha() and inputs.count(c) == 1})
        output = "".join(["...", *letters])
    return (
        tuple([t.replace("...", spare[most - n :]) for t, n in zip(terms, missing, strict=True)]),
        output.replace("...", spare),
    )


def _spelt(labels: Any, is_optimized: bool) -> str:
    """Numbers as letters, whose order is that of the axes of a result without labels."""
    alphabet = ascii_uppercase + ascii_lowercase
    if is_optimized and _counts_from_lower_case():
        alphabet = ascii_lowercase + ascii_uppercase
    *terms, output = [
        "".join(["..." if i is ... else alphabet[i] for i in term or ()]) for term in labels
    ]
    return ",".join(terms) + ("" if labels[-1] is None else f"->{output}")


@functools.cache
def _counts_from_lower_case() -> bool:
    """Whether 26 comes before 0 where NumPy optimizes (NumPy 2.0); elsewhere it comes after."""
    call: Any = (np.zeros((1, 2)), [26, 0])
    return np.einsum(*call, optimize=True).shape == (1, 2)


# The derivative


def _cotangents(g: Any, how: Contraction, operands: Any) -> Any:
    ndims = tuple([np.ndim(x) for x in operands])
    terms, output = _labels(how.subscripts, how.optimize is not False, ndims)
    return [
        _cotangent(g, output, terms, operands, i, bool(how.optimize)) if varies else None
        for i, varies in enumerate(how.varying)
    ]


def _cotangent(
    g: Any, output: str, terms: tuple[str, ...], operands: Any, i: int, optimize: bool
) -> Any:
    own, x = terms[i], operands[i]
    others = [j for j in range(len(terms)) if j != i]
    lengths = dict(zip(own, x.shape, strict=True))
    # An axis of length 1 may have been broadcast: leaving it out adds up its cotangents. One that
    # nothing else has was summed: every element has the same cotangent.
    known = set(output).union(*[terms[j] for j in others])
    target = "".join([c for c, length in lengths.items() if c in known and length != 1])
    subscripts = ",".join([output, *[terms[j] for j in others]]) + "->" + target
    part = np.einsum(subscripts, g, *[operands[j] for j in others], optimize=optimize)
    found = dict(zip(target, part.shape, strict=True))
    part = part.reshape([found.get(c, 1) for c in lengths])
    part = expand(part, tuple(lengths.values()))
    if len(own) > len(lengths):
        part = _on_diagonals(part, own, lengths)
    return cast(part, x.dtype)


def _on_diagonals(part: Any, own: str, lengths: dict[str, int]) -> Any:
    """One axis for every label that is repeated, as several: all but the diagonal is zero."""
    shape = tuple([lengths[c] for c in own])
    is_first = [own.index(c) == axis for axis, c in enumerate(own)]
    part = part.reshape([n if first else 1 for n, first in zip(shape, is_first, strict=True)])
    places = np.ix_(*[np.arange(n) for n in shape])
    mask = True
    for c, place in zip(own, places, strict=True):
        mask = np.logical_and(mask, place == places[own.index(c)])
    return np.where(mask, expand(part, shape), 0)


def _tangent(t: Any, how: Contraction, operands: Any) -> Any:
    total: Any = None
    for i, tangent in enumerate(t):
        if tangent is not None:
            part = how.of([*operands[:i], tangent, *operands[i + 1 :]])
            total = part if total is None else total + part
    return total


_CONTRACTION = general(
    contraction,
    takes("how", "*operands"),
    operands=(_cotangents, _tangent),
    nested={"operands"},
)
_CONTRACTION.name = "np.einsum"  # what the caller knows: in messages, and in the graph

ROWS = (
    composed(
        np.einsum,
        takes(
            "*operands", out=None, optimize=False, dtype=None, order="K", casting="safe"
        ),
        _einsum,
        {"operands"},
    ),
    _CONTRACTION,
    constant(np.einsum_path, "an order of contraction depends on the shapes alone"),
)  # fmt: skip

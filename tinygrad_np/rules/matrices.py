"""What the rules of linear algebra have in common, for stacks of matrices (…, m, n).

The parts of a matrix; which values of a factorisation coincide; and the quotients by their gaps,
which raise where the derivative is not determined. The policy stands in `eigen`.

Where it is convenient, a rule computes in the product <x, y> = Re Σ conj(x)·y, in which the adjoint
of t → A·t·B is x → Aᴴ·x·Bᴴ. The table's cotangents pair without conjugates, so such a rule
conjugates them when they come, and its result when it goes.
"""

from functools import partial
from typing import Any

import numpy as np

from ..core.arrays import Array
from .factors import determined

CHOICE = (
    "np.linalg.{}: {}, and the loss depends on which vectors were chosen, so it has no derivative; "
    "use only what does not depend on the choice, for instance the projector v @ v.T over a whole "
    "space, or functions in which equal values play the same part"
)
MIXED = (
    "np.linalg.{}: values coincide (or a singular value is 0), and the loss uses them together "
    "with their vectors, so that its derivative cannot be told from theirs; use the values alone "
    "or the vectors alone, write the loss without the factorisation, or add a small matrix that "
    "tells the values apart"
)
UNEQUAL = (
    "np.linalg.{}: two values coincide to rounding, and the loss treats them differently (it takes "
    "one of them, for instance), so it has no derivative there; use functions in which equal "
    "values play the same part, such as their sum, or np.linalg.norm with ord=2 or -2 for the "
    "largest or smallest singular value"
)
SECOND = (
    "np.linalg.{}: values coincide (or a singular value is 0), and there the second derivative "
    "cannot be told from the first; write the loss without the factorisation, or add a small "
    "matrix that tells the values apart"
)
FORWARD = (
    "np.linalg.{}: {}, and in this direction the tangents of the values and vectors are not "
    "determined; use reverse mode (grad, vjp)"
)
COINCIDE = "two values coincide to rounding"
PHASE = "complex vectors have a free phase (v serves as well as 1j * v), or two values coincide"
ZERO = "a singular value is 0"


# The parts of a matrix


def dagger(x: Array) -> Any:
    """The conjugate transpose of each matrix."""
    return np.conjugate(np.swapaxes(x, -1, -2))


def hermitian(x: Array) -> Any:
    """The Hermitian part of each matrix."""
    return (x + dagger(x)) / 2


def skew(x: Array) -> Any:
    """The anti-Hermitian part of each matrix."""
    return (x - dagger(x)) / 2


def diagonal_of(x: Array) -> Any:
    """The diagonal of each matrix: (…, m, n) → (…, min(m, n)).

    >>> diagonal_of(np.arange(6).reshape(2, 3))
    array([0, 4])
    """
    i = np.arange(min(x.shape[-2:]))
    return x[..., i, i]


def diagonal_matrix(d: Any) -> Any:
    """The matrix with this diagonal: (…, n) → (…, n, n)."""
    return np.where(np.eye(d.shape[-1], dtype=bool), np.expand_dims(d, -1), 0)


def triangle(x: Array, k: int = 0) -> Any:
    """The lower triangle of each matrix, up to the k-th diagonal."""
    return np.where(np.tri(x.shape[-2], x.shape[-1], k, bool), x, 0)


def sandwich(u: Array, d: Any, vh: Any) -> Any:
    """U·diag(d)·Vh."""
    return np.matmul(u * np.expand_dims(d, -2), vh)


# What is zero to rounding


def largest(x: Array, axes: tuple[int, ...] = (-2, -1)) -> Any:
    """The largest magnitude over these axes, which are kept; 0 if there is none."""
    return np.max(np.absolute(x), axes, keepdims=True, initial=0)


def precision(x: Array) -> float:
    """What counts as zero beside one: rounding errors of the dtype, and what they add up to."""
    return float(np.finfo(x.dtype).eps) ** (2 / 3)


def beside(g: Any, unit: Any = 1.0, axes: tuple[int, ...] = (-2, -1)) -> Any:
    """What cotangents are compared with: the largest of them, or of the rounding errors of a loss.

    Near its minimum, a loss of the size of 1 has cotangents that are nothing but rounding errors:
    beside those of 1/unit, for variables of the size of `unit`, they count as zero.
    """
    floor = 100 * float(np.finfo(g.dtype).eps) / precision(g)
    return np.maximum(largest(g, axes), over(floor, unit, np.equal(unit, 0)))


def raise_where(wrong: Any, message: str) -> None:
    """``ValueError`` if anything is wrong."""
    if np.any(wrong):
        raise ValueError(message)


def require_zero(x: Array, where: Any, message: str, size: Any = None) -> None:
    """``ValueError`` if what `where` marks is more than rounding errors of `size`, or of all x.

    What is not finite proves nothing, and is let through, also as a `size`: of such a matrix no
    result is finite, since `over` lets it through, too.
    """
    size = largest(x) if size is None else size
    raise_where(np.logical_and(where, np.greater(np.absolute(x), precision(x) * size)), message)


def over(numerator: Any, denominator: Any, is_zero: Any) -> Any:
    """The quotient, and 0 where the denominator is zero, or nan if the numerator is not finite."""
    return np.where(is_zero, 0 * numerator, numerator / np.where(is_zero, 1, denominator))


def _resolution(w: Array, n: int) -> Any:
    """The difference at which two of the values w (…, k) of an n-rowed matrix are the same."""
    return 100 * n * np.finfo(w.dtype).eps * largest(w, (-1,))


def vanishing(s: Any, n: int) -> Any:
    """Which singular values (…, k) are zero, to rounding."""
    return np.less_equal(s, _resolution(s, n))


def coinciding(w: Array, n: int) -> Any:
    """Which pairs of the values w coincide, to rounding: (…, k, k), True on the diagonal.

    >>> coinciding(np.array([1.0, 1 + 1e-15, 2.0]), 3)
    array([[ True,  True, False],
           [ True,  True, False],
           [False, False,  True]])
    """
    distances = np.absolute(np.expand_dims(w, -2) - np.expand_dims(w, -1))
    return np.less_equal(distances, np.expand_dims(_resolution(w, n), -1))


def different(pairs: Any) -> Any:
    """`pairs` without those of something and itself."""
    return np.logical_and(pairs, np.logical_not(np.eye(pairs.shape[-1], dtype=bool)))


# Values that coincide


def require_multiple_of_one(part: Array, no_gap: Any, message: str) -> None:
    """Raise unless the blocks of `part` that `no_gap` marks are multiples of the unit matrix."""
    diagonal = diagonal_of(part)
    unequal = np.absolute(np.expand_dims(diagonal, -2) - np.expand_dims(diagonal, -1))
    size = np.where(np.eye(part.shape[-1], dtype=bool), 0, np.maximum(np.absolute(part), unequal))
    require_zero(size, no_gap, message, largest(part))


def of_values(function: str, g: Array, w: Array, n: int, right: Array, is_hermitian: bool) -> Any:
    """diag(g)·right, where g is the cotangent of the values w of a matrix, used without vectors.

    Values that coincide must have the same cotangent. Its own derivative is known by what it means
    for each value, and where values coincide for what lies between them: that, or its
    Hermitian part, must be a multiple of the unit matrix.
    """
    no_gap = coinciding(w, n)
    if not np.any(different(no_gap)):
        return np.expand_dims(g, -1) * right
    unequal = np.absolute(np.expand_dims(g, -2) - np.expand_dims(g, -1))
    size = np.expand_dims(beside(g, largest(w, (-1,)) / n, (-1,)), -1)
    require_zero(unequal, no_gap, UNEQUAL.format(function), size)

    def check(x: Array) -> None:
        x = hermitian(x) if is_hermitian else x
        require_multiple_of_one(x, no_gap, SECOND.format(function))

    return np.matmul(determined(diagonal_matrix(g), check), right)


def in_basis(
    function: str,
    g_values: Any,
    turn: Array,
    used: Any,
    w: Array,
    n: int,
    size: Any,
    also: Any = False,
) -> Any:
    """A matrix's cotangent in the basis of its vectors: turn_ij / (w_j − w_i) + diag(g_values).

    `turn` is what turns the vectors among each other, beside `size`. Where the gap is zero, so must
    it be: a loss that changes as the vectors of equal values turn among each other has no
    derivative. If the loss is one of the vectors alone, rounding errors in `turn` count as zero
    also where the gap is but small. If not, of pairs that coincide (or are `also` degenerate) it
    may use neither values nor vectors, in whichever of the arrays `used`.
    """
    no_gap = coinciding(w, n)
    why = PHASE if turn.dtype.kind == "c" else COINCIDE
    require_zero(turn, no_gap, CHOICE.format(function, why), size)
    gap = np.expand_dims(w, -2) - np.expand_dims(w, -1)
    if g_values is None:
        near = np.sqrt(np.finfo(w.dtype).eps) * np.expand_dims(largest(w, (-1,)), -1)
        near = np.less_equal(np.absolute(gap), near)
        nothing = np.less_equal(np.absolute(turn), precision(turn) * size)
        return over(turn, gap, np.logical_or(no_gap, np.logical_and(near, nothing)))
    least = precision(g_values) * beside(g_values, largest(w, (-1,)), (-1,))
    of_values = np.expand_dims(np.greater(np.absolute(g_values), least), -1)
    degenerate = np.logical_or(different(no_gap), also)
    for part in used:
        wrong = np.logical_or(of_values, np.greater(np.absolute(part), precision(part) * size))
        raise_where(np.logical_and(degenerate, wrong), MIXED.format(function))
    return over(turn, gap, no_gap) + diagonal_matrix(g_values)


def turning(function: str, tangent: Array, w: Array, n: int) -> tuple[Any, Any]:
    """`tangent` in the basis of the vectors, and tangent_ij / (w_j − w_i), by which they turn.

    Forward mode does not know what becomes of its results. So values that coincide must change
    alike, and their vectors must stay. That is so in further derivatives, too.
    """
    no_gap = coinciding(w, n)
    gap = np.expand_dims(w, -2) - np.expand_dims(w, -1)
    ties = different(no_gap)
    if not np.any(ties):
        return tangent, over(tangent, gap, no_gap)
    require_multiple_of_one(tangent, no_gap, FORWARD.format(function, COINCIDE))
    second = SECOND.format(function)
    alike = partial(require_multiple_of_one, no_gap=no_gap, message=second)
    tangent = determined(tangent, alike)
    stay = partial(require_zero, where=ties, message=second)
    return tangent, determined(over(tangent, gap, no_gap), stay)

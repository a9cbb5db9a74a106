"""check_vjp: is a hand-written backward pass right?

>>> def forward(x, w):
...     return np.tanh(x @ w)
>>> def backward(g, x, w):
...     g = g * (1 - np.tanh(x @ w) ** 2)
...     return g @ w.T, x.T @ g
>>> x, w = np.array([[0.5, -1.0], [2.0, 0.3]]), np.array([[1.0], [-0.5]])
>>> check_vjp(forward, backward, x, w).verdict
'right'
>>> check_vjp(forward, lambda g, x, w: backward(1.0, x, w), x, w).rows[0].note
'it does not depend on the cotangent'
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import tree
from ..kernels.dispatch import explained
from .arguments import Array, article, copied, fitted, is_floating, numbers, shown, weighed, weights
from .gradient import function, largest, measured
from .leaves import Claim, Leaf, check_leaves
from .report import Report, Row
from .slopes import precision_of

CONSTANT = "it does not depend on the cotangent"
NOT_LINEAR = "it is not linear in the cotangent"


@explained
def check_vjp(
    f: Callable[..., Any], backward: Callable[..., Any], *args: Any, seed: int = 0
) -> Report:
    """Compare a hand-written backward pass of `f` at `args` with differences.

    `f` takes `args` and returns an array of any shape, or a tree of them. ``backward(g, *args)``
    takes a cotangent, a tree like the result (zeros for what is not floating in it), and returns
    the cotangents of all arguments: a tuple with one an argument, of the argument's structure and
    shapes; of a single argument also that one alone. An argument without floating numbers has no
    cotangent: None, or whatever it is, is passed over. For others, None is the claim that it is 0.

    A backward pass that takes what the forward pass kept is given it by a function around both::

        check_vjp(lambda x, w: forward(x, w)[0],
                  lambda g, x, w: backward(g, forward(x, w)[1]), x, w)

    The cotangent is random, drawn by `seed`, and there is a row for each array. It is *wrong*,
    *right* or *cannot tell* as in `check_gradient`, whose hints and limits are the same, and also
    wrong if it is not linear in the cotangent. For complex numbers the cotangents of the arguments
    are those of the real part of Σ g·f: ∂/∂x − i ∂/∂y, without a conjugate.

    Raises ``TypeError`` and ``ValueError`` as `check_gradient` does.
    """
    name = "check_vjp"
    function(name, f)
    if not callable(backward):
        raise TypeError(f"{name}: backward must be a function, not {article(backward)}")
    is_one = len(args) == 1
    has_cotangent = [any(map(is_floating, tree.leaves(arg))) for arg in args]
    if not any(has_cotangent):
        raise TypeError(f"{name}: no argument is floating; convert one with .astype(float)")
    masked = [arg if has else None for arg, has in zip(args, has_cotangent, strict=True)]
    x = args[0] if is_one else tuple(masked)

    called, what = "x" if is_one else "the argument", "the cotangent from backward"
    for leaf in tree.leaves(x):
        numbers(leaf, f"{name}: {called} is")

    def full(x: Any) -> list[Any]:
        parts = [x] if is_one else x
        pairs = zip(args, parts, has_cotangent, strict=True)
        return [part if has else copied(arg) for arg, part, has in pairs]

    def results(x: Any) -> list[Any]:
        return [y for y in tree.leaves(f(*full(x))) if is_floating(y)]

    with np.errstate(all="ignore"):
        like = f(*full(copied(x)))
    rng = np.random.default_rng(seed)
    floating = [y for y in tree.leaves(like) if is_floating(y)]
    us = [weights(numbers(y, f"{name}: f returned"), rng) for y in floating]
    if not us:
        raise TypeError(f"{name}: f returned no floating array")

    def pulled(scale: float) -> Callable[[Any], Any]:
        def gradient(x: Any) -> Any:
            given = iter(us)
            parts = [_cotangent(y, given, scale) for y in tree.leaves(like)]
            found = backward(tree.unflatten(like, parts), *full(x))
            return _entry(found, x) if is_one else _entries(name, found, x)

        return gradient

    claim = Claim(name, lambda x: weighed(us, results(x)), pulled(1.0), x, called, what)
    leaves = check_leaves(claim, rng)
    with np.errstate(all="ignore"):
        scaled = pulled(-2.0)(claim.tree(claim.originals))
    twice = fitted(f"{name}: {what}", x, scaled, called)
    rows = [
        _linear(leaf, leaf.row(largest(leaves)), again)
        for leaf, again in zip(leaves, twice, strict=True)
    ]
    report = measured(leaves, rows, seed)
    if any(row.note in (CONSTANT, NOT_LINEAR) for row in rows):
        report.hints.clear()  # which take it for a number times the cotangent
    return report


def _cotangent(y: Any, us: Any, scale: float) -> Any:
    """The next one, for a leaf of the results, as an array or number like it; else zeros."""
    array = np.asarray(y)
    value = np.asarray(next(us) * array.dtype.type(scale)) if is_floating(y) else 0 * array
    return value if isinstance(y, np.ndarray) else value[()]


def _entry(found: Any, x: Any) -> Any:
    """The cotangent of a single argument, which may stand in a tuple."""
    is_wrapped = type(found) is tuple and len(found) == 1 and type(x) is not tuple
    return found[0] if is_wrapped and not isinstance(found[0], (int, float, complex)) else found


def _entries(name: str, found: Any, x: Any) -> Any:
    """Those of several, with zeros for None."""
    if type(found) not in (tuple, list) or len(found) != len(x):
        raise ValueError(
            f"{name}: backward returned {shown(found)} for {len(x)} arguments: return a tuple with "
            "the cotangent of each, and None for those that have none"
        )

    def entry(part: Any, given: Any) -> Any:
        if part is None:
            return None
        return tree.map(np.zeros_like, part) if given is None else given

    return tuple([entry(part, given) for part, given in zip(x, found, strict=True)])


def _linear(leaf: Leaf, row: Row, again: Array) -> Row:
    """The row, or if the cotangent of −2 g is not −2 times that of g, one that says so."""
    found = leaf.claimed
    with np.errstate(all="ignore"):
        off = np.max(np.abs(again + 2 * found), initial=0.0)
        size = precision_of(found.dtype).tolerance * np.max(np.abs(found), initial=0.0)
    if not off > 8 * size:  # nor where it is nan
        return row
    note = CONSTANT if np.array_equal(again, found) else NOT_LINEAR
    return row._replace(verdict="wrong", note=note, source="backward")

"""check_gradient, check_vjp: is a claimed gradient of a NumPy function, or a backward pass, right?

No Tensor is involved.

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

from ..answers import explained
from ..core import tree
from ..core.argnums import Argnums
from .arguments import copied, cotangents, is_floating, variables, weighed
from .leaves import Claim, check_leaves, largest
from .reading import Tree, fitted, must_be_callable, numbers, shown
from .report import Report, report_of
from .slopes import precision_of

CONSTANT = "it does not depend on the cotangent"
NOT_LINEAR = "it is not linear in the cotangent"


@np.errstate(all="ignore")  # what is not finite is reported
@explained
def check_gradient(
    f: Callable[..., Any],
    gradient: Callable[..., Tree] | Tree,
    *args: Tree,
    argnums: Argnums = 0,
    seed: int = 0,
) -> Report:
    """Compare a claimed gradient of `f` at `args` with differences.

    Each array is tried along four random directions: two that move every component in proportion to
    it, two that move all alike. The slope comes from five-point differences, whose step and noise a
    sweep finds, and where `f` takes complex numbers and the differences confirm it, from a complex
    step.

    Parameters
    ----------
    f : function of args
        Returns one real number; it need know nothing of this package. It gets copies, and in
        float64 what it is differentiated by.
    gradient : function of args, or what it would return
        A tree like the argument, of arrays of the same shapes, or a tuple of such trees if
        `argnums` is a tuple. For an array, a flat list of its components will do, as for SciPy. For
        complex numbers it is ∂/∂x − i ∂/∂y.
    *args : trees of arrays
    argnums : int or tuple of ints, default 0
        What `f` is differentiated by: floating arrays or trees of them.
    seed : int, default 0
        Draws the directions.

    Returns
    -------
    Report
        A row for each array, whose verdict is

        - *wrong* where the claimed and the found slope differ by more than the noise, and where a
          component is nan or infinite along which `f` has a slope. `components` then lists the
          components that are wrong, the worst first, and `hints` says what the mistake looks like,
          if that explains all that was found to within the noise;
        - *right* where they agree, and the noise is at most 1e-7 of the gradient (1e-3 in float32),
          or 1e-4 if a complex step agrees to 1e-9;
        - *cannot tell* where they agree, but the noise could hide more: the row names it. At a kink
          any slope between those of the two sides counts as noise. Nor can it tell where `f` jumps,
          or moves in steps between which the claimed slope is right.

    Raises
    ------
    TypeError
        For an argument that is not floating, an `f` that returns no real number and a gradient that
        is no number.
    ValueError
        Where the gradient has another structure or shape than the argument, where `f` returns an
        array, nan or inf, and where `f` or the gradient gives something else each time.

    Notes
    -----
    Steps of less than a millionth of `f` look like rounding and count as noise. Where `f` changes
    like noise at every step, a claimed gradient that hardly changes nearby is wrong, and so is any
    if `f` takes few values; of others there is no telling.

    `f` is called some 200 times for each array, four times as often where noise may hide a mistake,
    and up to 6,000 times to find what is wrong of it.

    Examples
    --------
    >>> f = lambda w: np.sum(np.tanh(w) ** 2)
    >>> w = np.array([[0.5, -1.0], [2.0, 0.3]])
    >>> check_gradient(f, lambda w: 2 * np.tanh(w) * (1 - np.tanh(w) ** 2), w).verdict
    'right'
    >>> check_gradient(f, lambda w: np.tanh(w) * (1 - np.tanh(w) ** 2), w).hints
    ['off by the factor 1/2']
    >>> def f(x):
    ...     return 1e8 + np.sum(np.sin(x))
    >>> report = check_gradient(f, lambda x: np.cos(x) + 1e-6, np.array([0.5]))
    >>> report.verdict, report.rows[0].difference < report.rows[0].floor < 1e-4
    ('cannot tell', True)
    >>> check_gradient(lambda a, b: a @ b, lambda a, b: (b, a), np.ones(2), np.ones(2),
    ...                argnums=(0, 1)).verdict
    'right'
    """
    name = "check_gradient"
    x, full, called = variables(name, f, args, argnums)
    given = (lambda x: gradient(*full(x))) if callable(gradient) else gradient
    claim = Claim(name, lambda x: f(*full(x)), given, x, called)
    leaves = check_leaves(claim, np.random.default_rng(seed))
    return report_of("measured", [(leaf.row(largest(leaves)), leaf) for leaf in leaves], seed)


def assert_gradient(
    f: Callable[..., Any],
    gradient: Callable[..., Tree] | Tree,
    *args: Tree,
    argnums: Argnums = 0,
    seed: int = 0,
) -> None:
    """For tests: raise unless `check_gradient` finds the gradient right.

    `Report.assert_right` does the same for the other checks.

    Parameters
    ----------
    f : function of args
    gradient : function of args, or what it would return
    *args : trees of arrays
    argnums : int or tuple of int, default 0
    seed : int, default 0
        All as in `check_gradient`.

    Raises
    ------
    AssertionError
        With the report as its text. It is also raised where there is no telling, since then nothing
        has been shown: check at a point without kinks, or ask the report itself.

    Examples
    --------
    >>> assert_gradient(lambda x: np.sum(x**3), lambda x: 3 * x**2, np.array([1.0, 2.0]))
    """
    __tracebackhide__ = True  # pytest shows the line that called this
    check_gradient(f, gradient, *args, argnums=argnums, seed=seed).assert_right()


@np.errstate(all="ignore")  # what is not finite is reported
@explained
def check_vjp(
    f: Callable[..., Tree], backward: Callable[..., Tree], *args: Tree, seed: int = 0
) -> Report:
    """Compare a hand-written backward pass of `f` at `args` with differences.

    A backward pass that takes what the forward pass kept is given it by a function around both::

        check_vjp(lambda x, w: forward(x, w)[0],
                  lambda g, x, w: backward(g, forward(x, w)[1]), x, w)

    Parameters
    ----------
    f : function of args
        Returns an array of any shape, or a tree of them.
    backward : function of (g, args)
        Takes a cotangent, a tree like the result (zeros for what is not floating in it), and
        returns the cotangents of all arguments: a tuple with one an argument, of the argument's
        structure and shapes; of a single argument also that one alone. An argument without floating
        numbers has no cotangent: None, or whatever it is, is passed over. For others, None is the
        claim that it is 0. For complex numbers they are those of the real part of Σ g·f: ∂/∂x − i
        ∂/∂y, without a conjugate.
    *args : trees of arrays
    seed : int, default 0
        Draws the cotangent and the directions.

    Returns
    -------
    Report
        A row for each array, as of `check_gradient`, with the same hints and limits; it is wrong,
        too, if it is not linear in the cotangent.

    Raises
    ------
    TypeError, ValueError
        As `check_gradient` does.

    Examples
    --------
    >>> x = np.array([1.0, 2.0])
    >>> check_vjp(lambda x: x**2, lambda g, x: 2 * g * x, x).verdict
    'right'
    """
    name = "check_vjp"
    must_be_callable(name, "f", f)
    must_be_callable(name, "backward", backward)
    is_one = len(args) == 1
    has_cotangent = [any(map(is_floating, tree.leaves(arg))) for arg in args]
    if not any(has_cotangent):
        raise TypeError(f"{name}: no argument is floating; convert one with .astype(float)")
    masked = [arg if has else None for arg, has in zip(args, has_cotangent, strict=True)]
    x = args[0] if is_one else tuple(masked)
    called, what = "x" if is_one else "the argument", "the cotangent from backward"
    for leaf in tree.leaves(x):
        numbers(leaf, f"{name}: {called} is")

    def full(x: Tree) -> list[Tree]:
        parts = [x] if is_one else x
        pairs = zip(args, parts, has_cotangent, strict=True)
        return [part if has else copied(arg) for arg, part, has in pairs]

    like = f(*full(copied(x)))
    rng = np.random.default_rng(seed)
    us = cotangents(name, like, rng)

    def pulled(x: Tree, scale: float = 1.0) -> Tree:
        """The cotangents of x from those of the results, which are scaled."""
        given = iter(us)

        def cotangent(y: Any) -> Any:
            array = np.asarray(y)
            u = np.asarray(next(given) * array.dtype.type(scale)) if is_floating(y) else 0 * array
            return u if isinstance(y, np.ndarray) else u[()]

        found = backward(tree.map(cotangent, like), *full(x))
        if not is_one:
            return _of_several(name, found, x)
        # The cotangent of a single argument may stand in a tuple; one of numbers is for an array.
        is_wrapped = type(found) is tuple and len(found) == 1 and type(x) is not tuple
        is_number = is_wrapped and isinstance(found[0], (int, float, complex))
        return found[0] if is_wrapped and not is_number else found

    claim = Claim(name, lambda x: weighed(us, f(*full(x))), pulled, x, called, what)
    leaves = check_leaves(claim, rng)
    rows = [leaf.row(largest(leaves)) for leaf in leaves]
    scaled = pulled(claim.tree(claim.originals), -2.0)
    twice = fitted(f"{name}: {what}", x, scaled, called)
    is_linear = True
    for i, (once, again) in enumerate(zip(claim.gradients, twice, strict=True)):
        off = np.max(np.abs(again + 2 * once), initial=0.0)
        allowed = 8 * precision_of(once.dtype).tolerance * np.max(np.abs(once), initial=0.0)
        if off > allowed:  # not so where it is nan
            note = CONSTANT if np.array_equal(again, once) else NOT_LINEAR
            rows[i] = rows[i]._replace(verdict="wrong", note=note, source="backward")
            is_linear = False
    report = report_of("measured", list(zip(rows, leaves, strict=True)), seed)
    if not is_linear:
        report.hints.clear()  # which take it for a number times the cotangent
    return report


def _of_several(name: str, found: Any, x: tuple[Tree, ...]) -> Tree:
    """The cotangents of several arguments, with zeros for None."""
    if type(found) not in (tuple, list) or len(found) != len(x):
        raise ValueError(
            f"{name}: backward returned {shown(found)} for {len(x)} arguments: return a tuple with "
            "the cotangent of each, and None for those that have none"
        )

    pairs = [
        (part, tree.map(np.zeros_like, part) if given is None else given)
        for part, given in zip(x, found, strict=True)
    ]
    return tuple([None if part is None else given for part, given in pairs])

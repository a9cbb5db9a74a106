"""check_gradient: is a claimed gradient of a NumPy function right? No Tensor is involved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..answers import explained
from ..core.argnums import Argnums
from .arguments import variables
from .leaves import Claim, check_leaves, largest
from .reading import Tree
from .report import Report, report_of


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

    `f` takes `args` and returns one real number; it need know nothing of this package. It is
    differentiated by the argument(s) `argnums`, floating arrays or trees of them. `gradient` is a
    function of `args`, or what it would return: a tree like that argument, of arrays of the same
    shapes, or a tuple of such trees if `argnums` is a tuple. For an array, a flat list of its
    components will do, as for SciPy. For complex numbers it is ∂/∂x − i ∂/∂y. Both functions get
    copies, and `f` gets what it is differentiated by in float64.

    Each array is tried along four random directions, which `seed` draws: two that move every
    component in proportion to it, two that move all alike. The slope comes from five-point
    differences, whose step and noise a sweep finds, and where `f` takes complex numbers and the
    differences confirm it, from a complex step. The verdict is

    - *wrong* where the claimed and the found slope differ by more than the noise, and where a
      component is nan or infinite along which `f` has a slope. `components` then lists the
      components that are wrong, the worst first, and `hints` says what the mistake looks like, if
      that explains all that was found to within the noise;
    - *right* where they agree, and the noise is at most 1e-7 of the gradient (1e-3 in float32), or
      1e-4 if a complex step agrees to 1e-9;
    - *cannot tell* where they agree, but the noise could hide more: the row names it. At a kink any
      slope between those of the two sides counts as noise. Nor can it tell where `f` jumps, or
      moves in steps between which the claimed slope is right.

    Steps of less than a millionth of `f` look like rounding and count as noise. Where `f` changes
    like noise at every step, a claimed gradient that hardly changes nearby is wrong, and so is any
    if `f` takes few values; of others there is no telling.

    `f` is called some 200 times for each array, four times as often where noise may hide a mistake,
    and up to 6,000 times to find what is wrong of it.

    Raises ``TypeError`` for an argument that is not floating, an `f` that returns no real number
    and a gradient that is no number, ``ValueError`` where the gradient has another structure or
    shape than the argument, where `f` returns an array, nan or inf, and where `f` or the gradient
    gives something else each time.

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
    """For tests: raise unless `check_gradient`, with the same arguments, finds it right.

    The ``AssertionError`` has the report as its text. It is also raised where there is no telling,
    since then nothing has been shown: check at a point without kinks, or ask the report itself.
    `Report.assert_right` does the same for the other checks.

    >>> assert_gradient(lambda x: np.sum(x**3), lambda x: 3 * x**2, np.array([1.0, 2.0]))
    """
    __tracebackhide__ = True  # pytest shows the line that called this
    check_gradient(f, gradient, *args, argnums=argnums, seed=seed).assert_right()

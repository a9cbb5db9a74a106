"""Jacobians and Hessians of which one knows where they are zero: a few sweeps in place of many.

Columns that have no row in common are found in one forward sweep: the pattern's columns are put
into such groups, its "colours" (Curtis, Powell and Reid, On the estimation of sparse Jacobian
matrices, 1974; `scipy.optimize._numdiff.group_columns` does the same for differences). Where the
rows need fewer groups, the sweeps go in reverse. A tridiagonal matrix takes three.

>>> import scipy.sparse
>>> band = scipy.sparse.diags_array([np.ones(3), np.ones(4)], offsets=[-1, 0])
>>> print(jacobian(lambda x: x - 0.5 * np.append(0.0, x[:-1]), sparsity=band)(np.ones(4)).toarray())
[[ 1.   0.   0.   0. ]
 [-0.5  1.   0.   0. ]
 [ 0.  -0.5  1.   0. ]
 [ 0.   0.  -0.5  1. ]]
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..answers import explained
from ..core import jacobians
from ..core.argnums import Argnums
from ..core.arrays import Array
from ..core.tensor import Tensor
from ..core.transforms import gradient_function, jvp, vjp

_ALLOWED = 1e-8
"""So far may the product with a random vector be from that of the matrix that was found."""


@explained
def jacobian(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    mode: str | None = None,
    sparsity: Any = None,
) -> Callable[..., Any]:
    """A function that gives the Jacobian of `function` by the argument(s) `argnums`.

    Parameters
    ----------
    function : callable
        It returns a tree of arrays.
    argnums : int or tuple of int, default 0
    has_aux : bool, default False
        Both as in `value_and_grad`.
    mode : {"reverse", "forward"}, optional
        By cotangents of the result, or by tangents of the arguments; by default the cheaper. A
        complex result needs real arguments and goes forward; complex arguments need a real result
        and go in reverse, with ∂/∂x − i ∂/∂y.
    sparsity : (out, in) array_like or sparse array, optional
        Where the matrix may be other than zero, of a function of one vector that gives a vector.

    Returns
    -------
    callable
        Of the arguments of `function`: the Jacobian, or (Jacobian, aux). For each array of the
        result, of shape ``(*out)``, and each one of the arguments, of shape ``(*in)``, it has an
        array of shape ``(*out, *in)``: a tree like the result of trees like the argument (a tuple
        of these if `argnums` is one). With `sparsity` it is a `scipy.sparse.csr_array` with these
        entries, found in as many sweeps as its columns (or rows) have colours.

    Raises
    ------
    ValueError
        Where a product with a random vector tells that the pattern lacks entries.

    References
    ----------
    Curtis, Powell and Reid, On the estimation of sparse Jacobian matrices, 1974.

    Examples
    --------
    >>> jacobian(lambda x: np.array([2.0, 3.0]) * x[::-1])(np.array([1.0, 2.0]))
    array([[0., 2.],
           [3., 0.]])
    >>> jacobian(np.sin, sparsity=np.eye(2))(np.zeros(2)).data
    array([1., 1.])
    """
    if sparsity is None:
        return jacobians.jacobian(function, argnums, has_aux, mode)
    if has_aux or not isinstance(argnums, int):
        raise TypeError("jacobian: with sparsity there is one argument and no aux; leave them out")
    return _of_pattern(function, argnums, mode, sparsity, "jacobian")


@explained
def hessian(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    sparsity: Any = None,
) -> Callable[..., Any]:
    """A function that gives the Hessian of `function`, which returns a single real number.

    Forward over reverse: one recorded gradient, and tangents through it.

    Parameters
    ----------
    function : callable
    argnums : int or tuple of int, default 0
    has_aux : bool, default False
    sparsity : (n, n) array_like or sparse array, optional
        As in `jacobian`.

    Returns
    -------
    callable
        For an argument of shape (n,) it gives (n, n); for trees, a tree of trees as in `jacobian`.

    Examples
    --------
    >>> hessian(lambda x: x[0] * x[1] ** 2)(np.array([1.0, 3.0]))
    array([[0., 6.],
           [6., 2.]])
    """
    if sparsity is None:
        return jacobians.hessian(function, argnums, has_aux)
    if has_aux or not isinstance(argnums, int):
        raise TypeError("hessian: with sparsity there is one argument and no aux; leave them out")
    gradient = gradient_function(function, argnums, False, "hessian")
    return _of_pattern(gradient, argnums, "forward", sparsity, "hessian")


class _Colours:
    """A pattern and the groups of its columns, or rows."""

    def __init__(self, sparsity: Any, mode: str | None, name: str) -> None:
        import scipy.sparse
        from scipy.optimize._numdiff import group_columns

        if mode not in (None, "forward", "reverse"):
            raise ValueError(f"{name}: mode must be 'forward', 'reverse' or None, not {mode!r}")
        pattern = scipy.sparse.csr_array(sparsity)
        if pattern.ndim != 2:
            raise ValueError(f"{name}: sparsity has shape {pattern.shape}; give it (out, in)")
        pattern.eliminate_zeros()
        pattern.sort_indices()
        self.shape = pattern.shape
        self.indices, self.indptr = pattern.indices, pattern.indptr
        self.rows = np.repeat(np.arange(self.shape[0]), np.diff(self.indptr))
        groups = {
            way: group_columns(matrix, np.arange(matrix.shape[1]))
            for way, matrix in (("forward", pattern), ("reverse", pattern.T.tocsr()))
            if mode in (None, way)
        }
        self.mode = min(groups, key=lambda way: groups[way].max(initial=-1))
        self.groups = groups[self.mode]

    def seeds(self, dtype: Any) -> Array:
        """A row for each colour: 1 where a column, or row, has it."""
        count = self.groups.max(initial=-1) + 1
        return (np.arange(count)[:, None] == self.groups).astype(dtype)

    def matrix(self, products: Array) -> Any:
        """The matrix, of its products with the seeds."""
        import scipy.sparse

        ends = (self.indices, self.rows)
        seeded, other = ends if self.mode == "forward" else ends[::-1]
        data = products[self.groups[seeded], other]
        return scipy.sparse.csr_array((data, self.indices, self.indptr), shape=self.shape)


def _of_pattern(
    function: Callable[..., Any], argnum: int, mode: str | None, sparsity: Any, name: str
) -> Callable[..., Any]:
    colours = _Colours(sparsity, mode, name)

    @functools.wraps(function)
    def matrix(*args: Any, **kwargs: Any) -> Any:
        x = args[argnum]
        if type(x) is not np.ndarray or x.shape != colours.shape[1:]:
            raise ValueError(
                f"{name}: with this sparsity the argument is an array of shape "
                f"{colours.shape[1:]}, not {type(x).__name__} of shape {np.shape(x)}; "
                "of a tree, or an array with more axes, tg.tree.ravel makes a vector"
            )
        if x.dtype.kind == "c":
            raise TypeError(
                f"{name}: with sparsity the argument is real; give real and imaginary parts apart"
            )

        def alone(x: Any) -> Any:
            inside = list(args)
            inside[argnum] = x
            return function(*inside, **kwargs)

        seeds = colours.seeds(x.dtype)
        probe = np.random.default_rng(0).standard_normal(x.size).astype(x.dtype)
        value, expected = jvp(alone, [x], [probe])
        if isinstance(value, Tensor) or isinstance(expected, Tensor):
            raise TypeError(
                f"{name}: with sparsity it has no derivative itself; leave the pattern out, or "
                "take a jvp"
            )
        if np.shape(value) != colours.shape[:1]:
            raise ValueError(
                f"{name}: the result has shape {np.shape(value)} where the sparsity has "
                f"{colours.shape[0]} rows; give the pattern of a vector by a vector"
            )
        if expected.dtype.kind == "c" and colours.mode == "reverse":
            raise TypeError(f"{name}: a complex result goes forward; give mode='forward'")
        if colours.mode == "forward":
            found = [jvp(alone, [x], [seed])[1] for seed in seeds]
        else:
            pull = vjp(alone, x)[1]
            found = [pull(seed.astype(expected.dtype))[0] for seed in seeds]
        empty = np.zeros((0, colours.shape[colours.mode == "reverse"]), expected.dtype)
        jac = colours.matrix(np.stack(found) if len(found) else empty)
        _check(jac, probe, expected, name)
        return jac

    return matrix


def _check(jac: Any, probe: Array, expected: Array, name: str) -> None:
    """Raise unless the matrix times a vector is what a sweep gives for it."""
    apart = np.abs(jac @ probe - expected)
    known = np.isfinite(expected)
    eps = 100 * max([float(np.finfo(x.dtype).eps) for x in (probe, expected)])
    # Relative to the row; where a function cancels, digits are lost beside the largest one.
    scale = abs(jac) @ np.abs(probe) + np.abs(expected)
    allowed = max(_ALLOWED, eps) * scale + eps * np.max(np.abs(expected[known]), initial=0)
    wrong = np.flatnonzero(~(apart <= allowed) & known)
    if wrong.size:
        raise ValueError(
            f"{name}: row {wrong[0]} has entries that the sparsity lacks; give a pattern with all "
            "places that may be other than zero"
        )

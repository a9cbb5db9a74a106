"""What one solves for, as the vector that SciPy works on and the tree that the user's function has.

`Unknowns` has both. A number, a vector or a list of numbers is a vector, as SciPy has it; any other
tree is raveled. `implied` makes the vector at which a solver found a minimum a function of the
Tensors in `args`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import tree
from ...core.tensor import Tensor, value_of
from ...core.transforms import jvp, value_and_grad
from ...rules.implicit import implicit
from ...rules.nested import ravel
from ...rules.sparse_jacobians import hessian, jacobian
from ..mirror import holds_tensor

_MOST_STEPS = 20
"""Of Newton's method, after a solver has stopped."""


class Unknowns:
    """The starting point of a solver: its `vector`, and `back` from a vector to the tree."""

    def __init__(
        self, x0: Any, where: str, remedy: str = "with jac='2-point' SciPy takes differences"
    ) -> None:
        self.where, self._remedy = where, remedy
        x0 = tree.map(value_of, x0)
        if _is_list_of_numbers(x0):
            x0 = np.asarray(x0)
        if any(np.iscomplexobj(x) for x in tree.leaves(x0)):
            raise TypeError(f"{where}: takes real numbers; give real and imaginary parts apart")
        self.is_vector = tree.container_of(type(x0)) is None and np.ndim(x0) <= 1
        if self.is_vector:
            self.vector = np.atleast_1d(np.asarray(x0, float))
            self.tree: Any = self.vector
        else:
            self.vector, self._back = ravel(x0)
            self.vector = np.asarray(self.vector, float)
            self.tree = x0

    def back(self, vector: Any) -> Any:
        """The unknowns as the user's function takes them."""
        return vector if self.is_vector else self._back(vector)

    def of_vector(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The user's function, of a vector in place of the tree."""
        if self.is_vector:
            return function
        return lambda vector, *args: function(self.back(vector), *args)

    def of_plain_vector(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same, whose results, trees as well, SciPy is given as plain arrays."""

        def plain(vector: Any, *args: Any) -> Any:
            result = function(self.back(vector), *args)
            if tree.container_of(type(result)) is not None and not _is_list_of_numbers(result):
                result = ravel(result)[0]
            self.refuse_hidden(result)
            return result

        return plain

    def like(self, name: str, given: Any) -> Any:
        """A user's tree `given`, with its parts in the order of the unknowns'."""
        try:
            return tree.map(lambda _, x: x, self.tree, given)
        except tree.TreesDifferError as error:
            raise ValueError(
                f"{self.where}: {name} is a tree like the unknowns, but {error}"
            ) from None

    def of_gradient(self, function: Callable[..., Any], name: str = "jac") -> Callable[..., Any]:
        """A user's function that gives a gradient, a tree like the unknowns, as one of vectors.

        Of several results each leaf has a row for each.
        """
        if self.is_vector:
            return function

        def flat(vector: Any, *args: Any) -> Any:
            found = function(self.back(vector), *args)
            if tree.container_of(type(found)) is None:
                return found
            pairs = zip(tree.leaves(self.tree), tree.leaves(self.like(name, found)), strict=True)
            rows = [np.reshape(x, (-1, np.size(one))) for one, x in pairs]
            joined = np.concatenate(rows, 1)
            return joined[0] if len(joined) == 1 else joined

        return flat

    def refuse_hidden(self, result: Any) -> None:
        """Raise where a result on plain arrays is a Tensor."""
        if holds_tensor(result):
            raise TypeError(
                f"{self.where}: the function depends on a Tensor that is not among "
                "args, and its gradient would be lost; pass it in args"
            )

    # Derivatives by the vector, on plain arrays

    def value_and_grad(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of (vector, *args): the value as a number, and the gradient."""
        differentiated = value_and_grad(self._depends(self.of_vector(function)))

        def both(vector: Any, *args: Any) -> Any:
            value, gradient = self._tried(differentiated, vector, *args)
            if type(value) is Tensor:
                self.refuse_hidden(value)
            return value.item(), gradient

        return both

    def jacobian(self, function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        """A function of (vector, *args): the Jacobian, of shape (results, unknowns)."""
        of_vector = self._depends(self.of_vector(function))

        def flat(vector: Any, *args: Any) -> Any:
            return ravel(of_vector(vector, *args))[0]

        differentiated = jacobian(flat, **options)
        return lambda vector, *args: self._tried(differentiated, vector, *args)

    def hessian(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of (vector, *args): the Hessian."""
        differentiated = hessian(self._depends(self.of_vector(function)))
        return lambda vector, *args: self._tried(differentiated, vector, *args)

    def hessian_product(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function of (vector, direction, *args): the Hessian times the direction."""
        differentiated = value_and_grad(self._depends(self.of_vector(function)))

        def product(vector: Any, direction: Any, *args: Any) -> Any:
            def gradient(vector: Any) -> Any:
                return differentiated(vector, *args)[1]

            direction = np.asarray(direction, float).reshape(vector.shape)
            return self._tried(jvp, gradient, [vector], [direction])[1]

        return product

    def _depends(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, whose result has to be a Tensor: else all derivatives would be 0.

        Python's own numbers are what a function gives where it is constant, such as ``np.inf``.
        """

        def checked(vector: Any, *args: Any) -> Any:
            result = function(vector, *args)
            if not (holds_tensor(result) or type(result) in (int, float)):
                raise TypeError("its result does not depend on its argument, or loses the gradient")
            return result

        return checked

    def _tried(self, differentiated: Callable[..., Any], *args: Any) -> Any:
        try:
            return differentiated(*args)
        except TypeError as error:
            raise TypeError(
                f"{self.where}: the function cannot be differentiated: {error}; {self._remedy}"
            ) from error


def depends(args: Any) -> bool:
    """Whether there is a Tensor among the arguments, which may be trees."""
    return any(type(x) is Tensor for x in tree.leaves(args))


def _is_list_of_numbers(x: Any) -> bool:
    if type(x) not in (list, tuple):
        return False
    return all(isinstance(i, (int, float, np.number)) or _is_list_of_numbers(i) for i in x)


def implied(
    unknowns: Unknowns,
    gradient: Callable[..., Any],
    solve: Callable[..., Any],
    args: tuple[Any, ...],
    low: Any = -np.inf,
    high: Any = np.inf,
) -> Any:
    """The minimum that ``solve(*values)`` finds, a vector: a function of the Tensors in args.

    ``gradient(vector, *args)`` is that of what is minimised, between `low` and `high`. A bound
    holds an unknown, which then has no derivative, where a step along it alone would cross the
    bound. Solvers stop early, so Newton's method goes on to the end.
    """
    values = tree.map(value_of, args)
    found = np.atleast_1d(solve(*values))
    low, high = (np.broadcast_to(end, found.shape) for end in (low, high))
    whole, free = _to_the_end(unknowns, lambda x: gradient(x, *values), found, low, high)
    if not free.any():
        return whole

    def residual(of_free: Any, *args: Any) -> Any:
        return gradient(_with(whole, free, of_free), *args)[free]

    return _with(whole, free, implicit(residual, lambda *_: whole[free])(*args))


def _to_the_end(unknowns: Unknowns, gradient: Any, x: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """The minimum near x, to rounding, and which unknowns are free there."""
    x = np.clip(x, low, high)
    slopes = gradient(x)
    unknowns.refuse_hidden(slopes)
    best: Any = np.inf
    for _ in range(_MOST_STEPS):
        matrix = jacobian(gradient)(x)
        curvature = np.diagonal(matrix)
        with np.errstate(all="ignore"):
            alone = x - slopes / np.where(curvature > 0, curvature, 1.0)
        at_low, at_high = alone < low, alone > high
        free = ~(at_low | at_high)
        held = np.where(at_low, low, np.where(at_high, high, x))
        of_free = matrix[np.ix_(free, free)]
        if np.any(held != x):
            x, slopes, best = held, gradient(held), np.inf
            continue
        size = np.linalg.norm(slopes[free])
        if not np.all(np.isfinite(of_free)) or not (
            free.any() and 0 < size < best and np.linalg.matrix_rank(of_free) == len(of_free)
        ):
            break
        best = size
        after = x.copy()
        after[free] -= np.linalg.solve(of_free, slopes[free])
        after = np.clip(after, low, high)
        further = gradient(after)
        if not np.linalg.norm(further[free]) < size:
            break
        x, slopes = after, further
    with np.errstate(all="ignore"):
        lowest = np.linalg.eigvalsh(of_free)[0] if free.any() else 1.0
    if lowest < -1e-10 * np.max(np.abs(of_free), initial=0):
        raise ValueError(
            f"{unknowns.where}: what was found is no minimum: the function curves "
            "downwards there; start elsewhere, or ask for a smaller tolerance"
        )
    return x, free


def _with(whole: Any, free: Any, of_free: Any) -> Any:
    """The vector `whole`, with other numbers where it is free."""
    if free.all():
        return of_free
    places = np.cumsum(free) - 1
    constant = np.where(free, 0.0, whole)
    return constant + np.where(free, of_free[np.where(free, places, 0)], 0.0)

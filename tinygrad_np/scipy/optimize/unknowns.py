"""What one solves for, as the vector that SciPy works on and the tree that the user's function has.

`Unknowns` has both. An array, a number or a list of numbers is a vector, as SciPy has it; any other
tree is raveled. `implied` makes the vector that a solver found a function of the Tensors in `args`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import tree
from ...core.jacobians import hessian, jacobian
from ...core.tensor import Tensor, value_of
from ...core.transforms import jvp, value_and_grad
from ...rules.implicit import implicit
from ...rules.nested import ravel
from ..mirror import holds_tensor


class Unknowns:
    """The starting point of a solver: its `vector`, and `back` from a vector to the tree."""

    def __init__(self, x0: Any, where: str) -> None:
        self.where = where
        x0 = tree.map(value_of, x0) if holds_tensor(x0) else x0
        self.is_vector = tree.container_of(type(x0)) is None or _is_list_of_numbers(x0)
        if self.is_vector:
            self.vector = np.atleast_1d(np.asarray(x0, float)).reshape(-1)
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

    def refuse_hidden(self, result: Any) -> None:
        """Raise where a result on plain arrays is a Tensor."""
        if holds_tensor(result):
            raise TypeError(
                f"scipy.optimize.{self.where}: the function depends on a Tensor that is not among "
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
        """`function`, whose result has to be a Tensor: else all derivatives would be 0."""

        def checked(vector: Any, *args: Any) -> Any:
            result = function(vector, *args)
            if not holds_tensor(result):
                raise TypeError("its result does not depend on its argument, or loses the gradient")
            return result

        return checked

    def _tried(self, differentiated: Callable[..., Any], *args: Any) -> Any:
        try:
            return differentiated(*args)
        except TypeError as error:
            raise TypeError(
                f"scipy.optimize.{self.where}: the function cannot be differentiated: {error}; "
                "with jac='2-point' SciPy takes differences"
            ) from error


def _is_list_of_numbers(x: Any) -> bool:
    if type(x) not in (list, tuple):
        return False
    return all(isinstance(i, (int, float, np.number)) or _is_list_of_numbers(i) for i in x)


def implied(
    unknowns: Unknowns,
    stationary: Callable[..., Any],
    solve: Callable[..., Any],
    args: tuple[Any, ...],
) -> Any:
    """The solution as a vector: a function of the Tensors in args where there are any.

    `solve` gives (vector, which of it are free) for plain args; ``stationary(vector, *args)`` is 0
    at the free ones. Solvers stop early, so up to three steps of Newton's method follow.
    """
    whole, free = solve(*tree.map(value_of, args))

    def residual(of_free: Any, *args: Any) -> Any:
        return stationary(_with(whole, free, of_free), *args)[free]

    def polished(*values: Any) -> Any:
        z = whole[free]
        rest = residual(z, *values)
        unknowns.refuse_hidden(rest)
        for _ in range(3):
            try:
                step = np.linalg.solve(jacobian(residual)(z, *values), rest)
            except np.linalg.LinAlgError:
                break
            after = residual(z - step, *values)
            if not np.linalg.norm(after) < np.linalg.norm(rest):
                break
            z, rest = z - step, after
        return z

    return _with(whole, free, implicit(residual, polished)(*args))


def _with(whole: Any, free: Any, of_free: Any) -> Any:
    """The vector `whole`, with other numbers where it is free."""
    if free.all():
        return of_free
    places = np.cumsum(free) - 1
    constant = np.where(free, 0.0, whole)
    return constant + np.where(free, of_free[np.where(free, places, 0)], 0.0)

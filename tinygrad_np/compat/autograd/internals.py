"""What programs import from autograd's `core`, `tracer`, `util` and `wrap_util`.

A `VSpace` is the space of the trees like a given one: the shapes and dtypes of its leaves. The
engine here does not use it; checks, optimisers and adjoint methods do.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...core import tree
from ...core.plan import ShapeDtype
from ...core.tensor import Tensor, value_of
from ...core.transforms import jvp, like_of, vjp

Box = Tensor
getval = value_of


def isbox(x: Any) -> bool:
    """Whether it is a traced value."""
    return type(x) is Tensor


def scalars(x: Any) -> Any:
    """A tree with numbers in place of arrays without axes, as autograd has them."""
    return tree.map(lambda leaf: leaf[()] if type(leaf) is np.ndarray else leaf, x)


def floating(x: Any) -> Any:
    """A tree in which integers are floats, so that there is a derivative by them."""

    def one(leaf: Any) -> Any:
        if isinstance(leaf, (bool, int, np.bool, np.integer)):
            return float(leaf)
        is_integer = isinstance(leaf, np.ndarray) and leaf.dtype.kind in "biu"
        return leaf.astype(float) if is_integer else leaf

    return tree.map(one, x)


class VSpace:
    """The trees with leaves of the same shapes and dtypes as those of `value`.

    >>> space = vspace({"a": 1.0, "b": np.zeros(2, complex)})
    >>> space.size, space.zeros()
    (5, {'a': np.float64(0.0), 'b': array([0.+0.j, 0.+0.j])})
    """

    def __init__(self, value: Any) -> None:
        self.form = tree.map(like_of, floating(value))

    @property
    def iscomplex(self) -> bool:
        """Whether a leaf is complex."""
        return any(like.dtype.kind == "c" for like in tree.leaves(self.form))

    @property
    def size(self) -> int:
        """The number of real numbers."""
        return sum(like.size * (1 + (like.dtype.kind == "c")) for like in tree.leaves(self.form))

    @property
    def shape(self) -> Any:
        """The shape, of an array."""
        return self.form.shape

    def _made(self, make: Callable[[Any], Any]) -> Any:
        return tree.map(lambda like: np.asarray(make(like), like.dtype)[()], self.form)

    def zeros(self) -> Any:
        """The tree of zeros."""
        return self._made(lambda like: np.zeros(like.shape))

    def ones(self) -> Any:
        """The tree of ones; of complex numbers, 1 + i."""
        return self._made(
            lambda like: np.full(like.shape, like.dtype.type(_UNITS[like.dtype.kind]))
        )

    def randn(self) -> Any:
        """A tree of normal numbers, from NumPy's global generator."""

        def one(like: ShapeDtype) -> Any:
            draw = np.random.randn
            drawn = draw(*like.shape)
            return drawn + 1j * draw(*like.shape) if like.dtype.kind == "c" else drawn

        return self._made(one)

    def standard_basis(self) -> Iterator[Any]:
        """For each real number the tree that has a one, or i, there and zeros elsewhere."""
        for number, like in enumerate(tree.leaves(self.form)):
            for unit in (1.0, 1j) if like.dtype.kind == "c" else (1.0,):
                for place in range(like.size):
                    leaves = [np.zeros(x.shape, x.dtype) for x in tree.leaves(self.form)]
                    leaves[number].reshape(-1)[place] = unit
                    yield scalars(tree.unflatten(self.form, leaves))

    def add(self, x: Any, y: Any) -> Any:
        """The sum of two trees."""
        return tree.map(lambda a, b: a + b, x, y)

    def scalar_mul(self, x: Any, factor: Any) -> Any:
        """A tree times a number."""
        return tree.map(lambda a: a * factor, x)

    def inner_prod(self, x: Any, y: Any) -> Any:
        """The inner product as a real vector space."""
        products = tree.map(lambda a, b: np.real(np.sum(np.conj(a) * b)), x, y)
        return sum(tree.leaves(products), 0.0)

    def covector(self, x: Any) -> Any:
        """The conjugate."""
        return tree.map(np.conj, x)

    def __eq__(self, other: object) -> bool:
        try:
            same = tree.map(
                lambda a, b: (a.shape, a.dtype) == (b.shape, b.dtype),
                self.form,
                getattr(other, "form", None),
            )
        except (tree.TreesDifferError, AttributeError):
            return False
        return all(tree.leaves(same))

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"VSpace({tree.map(lambda x: f'{x.dtype}{list(x.shape)}', self.form)})"


vspace = VSpace

_UNITS = {"f": 1.0, "c": 1 + 1j}


def make_vjp(function: Callable[..., Any], x: Any) -> tuple[Callable[[Any], Any], Any]:
    """The pull of a function of one argument, and its value."""
    value, pull = vjp(function, floating(x))
    return lambda g: scalars(pull(g)[0]), scalars(value)


def make_jvp(function: Callable[..., Any], x: Any) -> Callable[[Any], tuple[Any, Any]]:
    """A function of a tangent: the value, and the derivative along it."""

    def push(tangent: Any) -> tuple[Any, Any]:
        value, along = jvp(function, [floating(x)], [tangent])
        return scalars(value), scalars(along)

    return push


def subvals(x: Any, pairs: Any) -> tuple[Any, ...]:
    """A tuple like `x` with the values of the pairs (position, value)."""
    items = list(x)
    for i, value in pairs:
        items[i] = value
    return tuple(items)


def subval(x: Any, i: int, value: Any) -> tuple[Any, ...]:
    """A tuple like `x` with another value at `i`."""
    return subvals(x, [(i, value)])


def get_name(function: Any) -> str:
    """What a function is called."""
    return str(getattr(function, "__name__", "[unknown name]"))


def unary_to_nary(operator: Callable[..., Any]) -> Callable[..., Any]:
    """`operator` of (function of one argument, x), for a function of several: by `argnum`.

    The new operator takes (function, argnum=0, *options) and gives a function of `function`'s
    arguments. `argnum` is a position, or a tuple or list of them: then x is a tuple. Its signature
    says so, and its docstring, before the examples.
    """
    first, _, *others = inspect.signature(operator).parameters.values()
    by = inspect.Parameter("argnum", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=0)

    @functools.wraps(operator)
    def of(function: Any, argnum: Any = 0, *options: Any, **named: Any) -> Callable[..., Any]:
        if type(argnum) not in (int, tuple, list):
            raise TypeError(
                f"{get_name(operator)}: argnum is a position or several, not {argnum!r}"
            )

        def result(*args: Any, **kwargs: Any) -> Any:
            def unary(x: Any) -> Any:
                pairs = [(argnum, x)] if isinstance(argnum, int) else zip(argnum, x, strict=True)
                return function(*subvals(args, pairs), **kwargs)

            unary.__name__ = get_name(function)
            x = args[argnum] if isinstance(argnum, int) else tuple([args[i] for i in argnum])
            return operator(unary, x, *options, **named)

        result.__name__ = f"{get_name(operator)}_of_{get_name(function)}_wrt_argnum_{argnum}"
        result.__doc__ = f"{get_name(operator)} of {get_name(function)} by argument {argnum}."
        return result

    of.__signature__ = inspect.Signature([first, by, *others])  # type: ignore[attr-defined]
    text = inspect.cleandoc(operator.__doc__ or "")
    of.__doc__ = text.replace("Examples\n", f"{_SECTIONS}Examples\n")
    return of


_SECTIONS = """Parameters
----------
function : function
argnum : int, or tuple or list of ints, default 0
    Which arguments of it are differentiated by.

Returns
-------
function
    It takes the arguments of `function`, and gives what is said above.

"""

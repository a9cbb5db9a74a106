"""Tensor: an array that remembers how it was computed, so that `backward` can differentiate it.

>>> x = Tensor([3.0, 4.0])
>>> length = np.sqrt(np.sum(x * x))
>>> length
Tensor(5.)
>>> length.backward()
>>> x.grad
array([0.6, 0.8])

A Tensor is a variable, a plain array beside it a constant: no gradient is computed for the latter.
NumPy's functions and Python's operators take Tensors as they take arrays. What would lose the
gradient without a word raises instead: converting a Tensor to an array or a number, writing into
it, and every function without a rule. `data` is the way out where a value is all that is wanted.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator
from typing import Any, NoReturn, Protocol, Self, TypeVar, cast

import numpy as np

from . import axes, hooks, rules
from .arrays import Array, floating, shaped_like
from .calls import bind, check_constant, constant_call, constant_operand, refuse_in_ufunc
from .graph import Graph, LazyArray, Node, Output, Source, graph_of, leaf, multi_node, new_number
from .plan import Plan, ShapeDtype, likes, plan_of
from .refusals import Refusals
from .sweep import collect, reverse
from .table import TABLE, Row, add, row_of

add(rules.ROWS)  # the operators need some of them


T = TypeVar("T")


class _Operator(Protocol):
    """The type of an operator: it gives what it is called on, a Tensor."""

    def __get__(self, tensor: T, owner: Any = None) -> Callable[[Any], T]: ...


def _operators(name: str, ufunc: Any) -> tuple[_Operator, _Operator]:
    """The operator of a function of two operands, and the reflected one."""
    operate = _binary(TABLE[ufunc])

    def reflected(self: Any, other: Any) -> Any:
        return operate(other, self)

    return _named(f"__{name}__", operate), _named(f"__r{name}__", reflected)


def _binary(row: Row) -> Callable[[Any, Any], Any]:
    """The operator of a row, a function of its two operands."""
    calls = row.calls

    def operate(x: Any, y: Any) -> Any:
        if hooks.opened:
            found = hooks.observer().operator(row, x, y)
            if found is not None:
                return found
        call = calls.get((type(x), type(y)))
        if call is None:
            if defers(x) or defers(y):
                return NotImplemented
            return apply(hooks.resolver.operator(row, x, y), (x, y), {})
        try:
            return call(x, y)
        except Exception as error:
            _failed(error, row, (x, y))
            raise

    return operate


def _named(name: str, method: Any) -> Any:
    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    return method


def _comparison(name: str, ufunc: Any) -> Callable[[Any, Any], Any]:
    """The operator of that name on a Tensor's value and anything."""
    compare = getattr(operator, name)
    row = TABLE[ufunc]

    def comparison(self: Any, other: Any) -> Any:
        try:
            found = compare(self._value, getattr(other, "_value", other))
            if hooks.opened:
                return hooks.observer().constant(row, (self, other), {}, found)
            return found
        except ValueError as error:
            hooks.explainer.error(error, row, (self, other), {})
            raise

    return cast(Callable[[Any, Any], Any], _named(f"__{name}__", comparison))


class Tensor(Refusals):
    """A variable with the value of `data`, which is copied.

    Parameters
    ----------
    data : array_like
        Integers become float64.
    dtype : dtype, optional
        A floating or complex one; that of `data` by default.
    name : str, optional
        What `graph` calls it.

    Raises
    ------
    TypeError
        For what cannot be differentiated: strings, objects, dates, another Tensor.
    ValueError
        For ragged lists.

    Examples
    --------
    >>> Tensor([1, 2])
    Tensor([1., 2.])
    >>> Tensor(np.float32(0.5))
    Tensor(0.5, dtype=float32)
    """

    __slots__ = ("__weakref__", "_source", "_value")

    _value: Array
    _source: Source

    def __init__(self, data: Any, dtype: Any = None, name: str | None = None) -> None:
        if isinstance(data, Tensor):
            raise TypeError(
                "Tensor(t): t is a Tensor already; use it as it is, or Tensor(t.data) for a "
                "variable of its own"
            )
        value = floating(data, dtype, "Tensor")
        self._value = value
        self._source = leaf(value.shape, value.dtype)
        if name is not None:
            if not isinstance(name, str):
                raise TypeError(f"Tensor: name is a text, not a {type(name).__name__}")
            self._source.name = name
        if hooks.opened:
            hooks.observer().made(self._source, ())

    # What it holds

    def _looked_at(self) -> Array:
        """The value, at which Python looks."""
        if hooks.opened:
            hooks.observer().read(self)
        return self._value

    @property
    def data(self) -> Array:
        """The value, as a read-only array."""
        return _read_only(self._looked_at())

    @data.setter
    def data(self, value: Any) -> NoReturn:
        raise AttributeError("a Tensor keeps its value: make a new one, t = tg.Tensor(value)")

    @property
    def grad(self) -> Array | None:
        """What `backward` has collected here: an array for a leaf, None otherwise or before."""
        return getattr(self._source, "grad", None)

    @grad.setter
    def grad(self, value: None) -> None:
        if value is not None:
            raise ValueError("grad can only be reset, to None; backward() collects into it")
        if isinstance(self._source, Node) and self._source.plan is None:
            self._source.grad = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._value.shape

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self._value.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._value.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._value.size

    @property
    def T(self) -> Self:
        """With the axes reversed."""
        return _unary(_TRANSPOSE, self)

    def item(self, *args: Any) -> Any:
        """As `numpy.ndarray.item`: the single element, or that at a place, as a constant."""
        return self._looked_at().item(*args)

    def tolist(self) -> Any:
        """As `numpy.ndarray.tolist`: the value as nested lists of Python numbers, constants."""
        return self._looked_at().tolist()

    def graph(self) -> Graph:
        """How this was computed: text, a line a node, and data.

        Returns
        -------
        Graph
            Its str has a line a node: number, function, parents, dtype, shape. `nodes` and `edges`
            are the same as data; ``dot()`` is text for Graphviz; a notebook shows a picture.

        Examples
        --------
        >>> print((2 * Tensor(1.0, name="x")).graph())
        #0 leaf x                   float64 ()
        #1 np.multiply(#0)          float64 ()
        """
        return graph_of(self._source)

    # The gradient

    def backward(self, cotangent: Any = None) -> None:
        """Add the gradient of this result to the `grad` of every leaf that it was computed from.

        The graph is freed on the way; `tinygrad_np.vjp` pulls back as often as one likes.

        Parameters
        ----------
        cotangent : array_like, optional
            Of this shape: it weighs the elements of the result. A single real element needs none.

        Raises
        ------
        FreedGraphError
            Where the graph was freed by an earlier ``backward()``.
        TypeError, ValueError
            Where the cotangent does not fit, or is missing.

        Examples
        --------
        >>> x = Tensor([1.0, 2.0, 3.0])
        >>> (x * x).backward([1.0, 1.0, 0.0])
        >>> x.grad
        array([2., 4., 0.])
        """
        seed = seed_of(self, cotangent, "backward")
        found: Any = reverse([(self._source, seed)], free=True)
        collect(found, {id(seed)})

    # NumPy's protocols

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        row = TABLE.get(ufunc)
        if row is not None and not kwargs and method == "__call__":
            types = (type(self),) if len(inputs) == 1 else tuple(map(type, inputs))
            call = row.calls.get(types)
            if call is not None:
                try:
                    return call(*inputs)
                except Exception as error:
                    _failed(error, row, inputs)
                    raise
        if method != "__call__":
            # These come twice where they were given by name.
            kwargs = {k: v for k, v in kwargs.items() if k not in ("array", "indices")}
            return apply(row_of(getattr(ufunc, method)), inputs, kwargs)
        return apply(row or row_of(ufunc), inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return apply(TABLE.get(function) or row_of(function), args, kwargs)

    # Operators: the function that does the same

    __add__, __radd__ = _operators("add", np.add)
    __sub__, __rsub__ = _operators("sub", np.subtract)
    __mul__, __rmul__ = _operators("mul", np.multiply)
    __truediv__, __rtruediv__ = _operators("truediv", np.divide)
    __matmul__, __rmatmul__ = _operators("matmul", np.matmul)
    __pow__, __rpow__ = _operators("pow", np.power)

    def __neg__(self) -> Self:
        return _unary(_NEGATIVE, self)

    def __pos__(self) -> Self:
        return _unary(_POSITIVE, self)

    def __abs__(self) -> Self:
        return _unary(_ABSOLUTE, self)

    def __bool__(self) -> bool:
        return bool(self._looked_at())

    def __getitem__(self, key: Any) -> Self:
        if hooks.opened and hooks.observer().traces:
            key = _plain_key(key) if type(key) is tuple else _plain_key((key,))[0]
        found = _getitem(self, key)
        return apply(_GETITEM, (self, key), {}) if found is NotImplemented else found

    # Comparisons are locally constant: plain arrays

    __eq__ = _comparison("eq", np.equal)
    __ne__ = _comparison("ne", np.not_equal)
    __lt__ = _comparison("lt", np.less)
    __le__ = _comparison("le", np.less_equal)
    __gt__ = _comparison("gt", np.greater)
    __ge__ = _comparison("ge", np.greater_equal)

    __hash__ = object.__hash__

    # A sequence of its parts along the first axis

    def __len__(self) -> int:
        return len(self._value)

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TypeError("a Tensor of shape () has no parts to iterate over")
        return iter([self[i] for i in range(len(self))])

    def __contains__(self, item: Any) -> bool:
        return bool((self == item).any())

    # Text

    def __repr__(self) -> str:
        text = np.array2string(self._looked_at(), separator=", ", prefix="Tensor(")
        if self.size == 0:
            text = f"{text}, shape={self.shape}"
        return f"Tensor({text}" + ("" if self.dtype == float else f", dtype={self.dtype}") + ")"

    # Of NumPy's methods the one that rules use; `rules/` adds the others

    def reshape(self, *shape: Any, order: str | None = "C") -> Self:
        """As `numpy.reshape`; the shape is one tuple or several integers."""
        target = shape[0] if len(shape) == 1 else shape
        if order == "C" and type(target) in (int, tuple):
            return _reshape(self, target)
        return apply(_RESHAPE, (self, target, order), {})


# From arrays to Tensors and back


def rebuilt(value: Array, source: Source) -> Tensor:
    """The Tensor of a value and its source, without a copy or a check."""
    tensor = _new(Tensor)
    tensor._value = value
    tensor._source = source
    return tensor


_new = object.__new__


def variable(value: Array) -> Tensor:
    """A variable with this value, which is not copied."""
    node = Node()  # a leaf, written out as in `linked`
    node.number = new_number()
    node.plan = node.residuals = None
    node.parents = ()
    node.shape = value.shape
    node.dtype = value.dtype
    tensor = _new(Tensor)
    tensor._value = value
    tensor._source = node
    return tensor


def source_of(tensor: Tensor) -> Source:
    """What made the Tensor's value: its place in the graph."""
    return tensor._source


def seed_of(result: Tensor, cotangent: Any, function: str) -> Array:
    """What a reverse sweep begins with: the cotangent that was given, or 1 for one real number."""
    if isinstance(cotangent, Tensor):
        raise TypeError(f"{function}: the cotangent must be an array; for higher orders use vjp")
    if cotangent is None and result.size != 1:
        raise ValueError(
            f"{function}: the result has shape {result.shape}, not one element; pass a cotangent "
            "of that shape, or reduce the result first, for instance with np.sum"
        )
    if cotangent is None and result.dtype.kind == "c":
        raise TypeError(
            f"{function}: the result is a complex number, whose real part, imaginary part and "
            "absolute value have a gradient each; take one of them, for instance with np.real, "
            "or pass a cotangent"
        )
    given = np.ones(result.shape) if cotangent is None else cotangent
    return shaped_like(given, result.shape, result.dtype, f"{function}: the cotangent")


def value_in(tensor: Tensor) -> Array:
    """The array in the Tensor itself, which must not be written into."""
    return tensor._value


def value_of(x: Any) -> Any:
    """A Tensor's value as a read-only array; anything else as it is."""
    return x.data if type(x) is Tensor else x


def looked_at(x: Any) -> Any:
    """A Tensor's value, for a condition; in a trace the Tensor, so that a replay looks, too."""
    return x if hooks.opened and hooks.observer().traces else value_of(x)


# Carrying out a call


def apply(row: Row, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Carry out a row's function on arguments among which are Tensors, and record it."""
    try:
        if hooks.opened and hooks.observer().traces:
            args = tuple([_plain_key(x) for x in args])
            found = hooks.observer().beside(row, args, kwargs)
            if found is not None:
                return found
        if not kwargs:
            types = (type(args[0]),) if len(args) == 1 else tuple(map(type, args))
            call = row.calls.get(types)
            if call is not None:
                return call(*args)
        if row.kind == "constant":
            constant_call(row, args, kwargs)
            ans = row.kernel(*values_of(args), **{name: values_of(v) for name, v in kwargs.items()})
            return hooks.observer().constant(row, args, kwargs, ans) if hooks.opened else ans
        if row.carry_out is not None:
            return row.carry_out(args, kwargs)
        return apply_bound(row, args, kwargs)
    except Exception as error:
        _failed(error, row, args, kwargs)
        raise


def _plain_key(x: Any) -> Any:
    """A tuple with values in place of Tensors of integers and truth values: a key, in a trace."""
    if type(x) is not tuple:
        return _plain_slice(x)
    return tuple(
        [
            values_of(y) if type(y) is Tensor and y.dtype.kind in "biu" else _plain_slice(y)
            for y in x
        ]
    )


def _plain_slice(x: Any) -> Any:
    """A slice with numbers in place of Tensors."""
    if type(x) is not slice:
        return x
    ends = x.start, x.stop, x.step
    return (
        slice(*[operator.index(i) if type(i) is Tensor else i for i in ends])
        if Tensor in map(type, ends)
        else x
    )


def _failed(error: Exception, row: Any, args: tuple[Any, ...], kwargs: Any = None) -> None:
    """Raise an error with the function and the shapes in place of NumPy's, if there is one."""
    if hooks.opened:
        hooks.observer().failed(error)
    if not isinstance(error, (TypeError, ValueError, IndexError)):
        return
    refuse_in_ufunc(row, args, error)
    hooks.explainer.error(error, row, args, kwargs or {})


def _unary(row: Row, x: Tensor) -> Any:
    call = row.calls.get((Tensor,))
    return apply(row, (x,), {}) if call is None else call(x)


def linked(plan: Plan, residuals: Any, parents: Any, ans: Any, like: Any) -> Tensor:
    """The result of a call as a Tensor, with a node of its own; `like` is one of its sources."""
    if type(ans) is not np.ndarray and not isinstance(ans, LazyArray):
        ans = np.asarray(ans)
    dtype = ans.dtype
    if dtype is not like.dtype and dtype.kind not in "fc" and like.dtype.kind in "fc":
        raise TypeError(
            f"{plan.row.name}: gave dtype {dtype}, which has no derivative; are all operands "
            "numbers, and what it asks for or is filled with floating?"
        )
    shape = ans.shape
    node = Node()  # written out, as is the Tensor: half the cost is the call
    node.number = new_number()
    node.plan = plan
    node.residuals = residuals
    node.parents = parents
    node.shape = like.shape if shape == like.shape else shape  # one tuple for a whole chain
    node.dtype = dtype
    tensor = _new(Tensor)
    tensor._value = ans
    tensor._source = node
    return tensor


def seen(plan: Plan, residuals: Any, parents: Any, known: Any, like: Any) -> Tensor:
    """The same for (result, *operands), of which the observer is told."""
    tensor = linked(plan, residuals, parents, known[0], like)
    if hooks.opened:  # a ufunc's result may be no array
        hooks.observer().made(tensor._source, (tensor._value, *known[1:]))
    return tensor


def apply_bound(row: Row, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """`apply` for every case: keywords, lists of arrays, Tensors where no rule is."""
    bound = bind(row, args, kwargs)
    parents: list[Source | None] = []
    pattern: list[tuple[int, int | None]] = []
    # Keywords are bound to their places, as if all arguments had been given; so is what is left
    # of the positional ones.
    is_whole = bool(kwargs) or row.rest is not None
    for position, value in enumerate(bound):
        if position in row.list_operands:
            items = list(value)
            if any(type(item) is Tensor for item in items):
                pattern.append((position, len(items)))
                parents.extend([x._source if type(x) is Tensor else None for x in items])
            bound[position] = [
                x._value if type(x) is Tensor else constant_operand(x, row) for x in items
            ]
        elif position in row.rules:
            if type(value) is Tensor:
                pattern.append((position, None))
                parents.append(value._source)
                bound[position] = value._value
            elif type(value) is not np.ndarray:
                bound[position] = constant_operand(value, row)
        elif type(value) is Tensor:
            check_constant(row, row.names[position], value)
            bound[position] = _read_only(value._value)
    if not pattern:
        ans = row.call(bound, row.kernel)
        if hooks.opened and hooks.observer().traces:
            args, kwargs = row.call(bound, lambda *args, **kwargs: (args, kwargs))
            return hooks.observer().constant(row, args, kwargs, ans)
        return ans
    plan = plan_of(row, tuple(pattern), len(bound) if is_whole else len(args))
    hooks.writer.call(plan, args, kwargs, bound)
    ans = row.call(bound, row.kernel)
    if row.axes and axes.settled(row, bound):
        return axes.of_a_number(row, bind(row, args, kwargs), np.shape(ans))
    several = row.constant_outputs is not None
    arrays = [
        item if isinstance(item, LazyArray) else np.asarray(item)
        for item in (ans if several else [ans])
    ]
    known = [arrays if several else arrays[0], *(bound if is_whole else bound[: len(args)])]
    known += [likes(bound[position]) for position in plan.likes]
    residuals = None if plan.select is None else plan.select(known)
    if several:
        return _several(plan, residuals, plan.packed(parents), known, type(ans))
    like = next(source for source in parents if source is not None)
    return seen(plan, residuals, plan.packed(parents), known, like)


def _several(plan: Plan, residuals: Any, parents: Any, known: Any, container: Any) -> Any:
    """The results of a call that has several, in a container like NumPy's."""
    arrays: list[Array] = known[0]
    constant: Any = plan.row.constant_outputs
    outputs = [
        None if i in constant else ShapeDtype(array.shape, array.dtype)
        for i, array in enumerate(arrays)
    ]
    node = multi_node(plan, residuals, parents, outputs)
    results = [
        array if i in constant else rebuilt(array, Output(node, i, array.shape, array.dtype))
        for i, array in enumerate(arrays)
    ]
    if hooks.opened:
        hooks.observer().made(node, known)
        for i in constant:
            results[i] = hooks.observer().constant_output(results[i])
    return container(*results) if hasattr(container, "_fields") else container(results)


def _read_only(value: Array) -> Array:
    view = value.view()
    view.flags.writeable = False
    return view


def values_of(x: Any) -> Any:
    """`x` with every Tensor in it, also inside lists and tuples, replaced by its value.

    For a kernel that is called with it: to an observer, nobody has looked at the value.
    """
    if isinstance(x, (list, tuple)):
        parts = [values_of(item) for item in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    return _read_only(x._value) if type(x) is Tensor else x


def add_methods(methods: type, special: Collection[str]) -> None:
    """Give a Tensor the methods and properties of a class, which are NumPy's: for `rules/`.

    Of those whose names have two underscores in front, the `special` ones.
    """
    for name, method in vars(methods).items():
        if not name.startswith("__") or name in special:
            setattr(Tensor, name, method)


def defers(other: Any) -> bool:
    """Whether `other` asks, as NumPy has it, that its own reflected operator be used."""
    return getattr(type(other), "__array_ufunc__", True) is None


_NEGATIVE, _POSITIVE, _ABSOLUTE = TABLE[np.negative], TABLE[np.positive], TABLE[np.absolute]
_GETITEM, _RESHAPE, _TRANSPOSE = TABLE[operator.getitem], TABLE[np.reshape], TABLE[np.transpose]
_getitem, _reshape = _binary(_GETITEM), _binary(_RESHAPE)

"""A sweep that a trace records: each rule as the calls it makes, or as one operation.

A sweep inside a traced function runs on plain arrays. The text of an elementary rule runs on
Tensors of the trace, and is recorded call by call, also where it carries a stack; any other rule is
one operation, which a replay calls with the arrays of that time.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import hooks
from ..core import rules as elementary
from ..core.graph import LazyArray, MultiOutputNode
from ..core.plan import Shaped, ShapeDtype
from ..core.sweep import fitted, fitted_tangent
from ..core.table import Factor
from ..core.tensor import Tensor, value_in

# Products have paths of their own for arrays.
_ELEMENTARY = {row.name for row in elementary.ROWS} | {"expand", "sum_to"}
_ELEMENTARY -= {"np.matmul", "np.dot", "np.multiply.outer"}
_OF_KERNELS = {"relu", "product", "filter_product", "mean_logistic_loss", "np.logaddexp"}
"""Rows whose rules do no more than call kernels."""
_PULL = hooks.Writer()
_ARRAYS = (np.ndarray, np.generic, Tensor)


class UntraceableError(TypeError):
    """What a function does cannot be done again by calls of kernels alone."""


class RecordedSweep:
    """The rules of a sweep that is itself recorded: their calls are those of Tensors.

    A rule may look at an array on which no derivative depends, such as an index: by a guard.
    """

    def __init__(self, tracer: Any, mode: str) -> None:
        self.tracer = tracer
        self.mode = mode

    def rules(self, node: Any) -> list[tuple[Callable[..., Any], Any]]:
        """The node's own rules."""
        plan = node.plan
        where = f"{self.mode} of {plan.row.name}|{getattr(node, 'record', None) or ''}"
        pairs = plan.vjps if self.mode == "vjp" else plan.jvps
        return [(self._looking(rule, where), slot) for rule, slot in pairs]

    def _looking(self, rule: Any, where: str) -> Callable[..., Any]:
        def looking(*given: Any) -> Any:
            with self.tracer.inside(where), self.tracer.looking():
                return rule(*given)

        return looking

    def sum(self, before: Any, part: Any, source: Any = None) -> Any:
        """The sum of two cotangents or tangents."""
        return before + part


class TracedSweep:
    """The rules as a traced sweep calls them."""

    def __init__(self, tracer: Any, mode: str, carrier: Any) -> None:
        self.tracer = tracer
        self.mode = mode
        self.carrier = carrier

    def rules(self, node: Any) -> list[tuple[Callable[..., Any], Any]]:
        """Rules that are recorded."""
        plan = node.plan
        pairs = plan.vjps if self.mode == "vjp" else plan.jvps
        if self.carrier is not None:
            pairs = self.carrier.rules(node)
        return [(self._traced(node, i, rule, slot), slot) for i, (rule, slot) in enumerate(pairs)]

    def _traced(self, node: Any, number: int, rule: Any, slot: Any) -> Callable[..., Any]:
        tracer, row = self.tracer, node.plan.row
        text, spots = node.plan.rule_of(self.mode, number)
        is_elementary = isinstance(text, Factor) or row.name in _ELEMENTARY
        is_elementary = is_elementary and self.carrier is None and not row.user_defined
        needed = _PULL.rule(text, spots)
        name = f"{self.mode} of {row.name}"
        place = getattr(node, "record", None) or ""
        where = f"{name}|{place}"

        def traced(g: Any, residuals: Any, parents: Any) -> Any:
            like = parents if slot is None else parents[slot]
            with tracer.inside(where):
                part = None
                if _is_stack(g):
                    part = self._of_stack(rule, g, residuals, parents)
                elif row.name in _OF_KERNELS and self.carrier is None:
                    part = self._by_text(needed, rule, g, residuals, parents)
                # A single number is no array to NumPy, which then computes by other means.
                elif is_elementary and not isinstance(g, LazyArray) and np.ndim(g):
                    part = needed(tracer.lifted(g), tracer.lifted(residuals), parents)
                if part is None:
                    part = self._as_one(name, text, spots, rule, (g, residuals, parents))
                return self._fitted(part, like, node)

        return traced

    def _by_text(self, needed: Any, rule: Any, g: Any, residuals: Any, parents: Any) -> Any:
        """What a rule gives whose text calls kernels, as these calls; or None."""
        tracer = self.tracer
        expected = rule(g, _plain(residuals), parents)
        if type(expected) is not np.ndarray or isinstance(g, LazyArray):
            return None
        try:
            with tracer.tried() as undo:
                part = needed(tracer.lifted(g), tracer.lifted(residuals), parents)
                if type(part) is Tensor and tracer.alike(value_in(part), expected):
                    return part
                undo()
        except Exception:  # then it is one operation
            pass
        return None

    def _as_one(self, name: str, text: Any, spots: Any, rule: Any, given: Any) -> Any:
        """What a rule gives, as one operation."""
        g, residuals, parents = given
        g, plain, shapes = _plain(g), _plain(residuals), shapes_of(parents)
        hooks.observe(hooks.NOBODY)  # what a rule computes by a sweep of its own is a part of it
        try:
            part = rule(g, plain, parents)
        finally:
            hooks.observe(self.tracer)
        several = isinstance(part, (list, tuple))
        results = [_array(x) for x in part] if several else _array(part)
        if self.carrier is None and not isinstance(text, Factor):
            needed = _PULL.rule(lambda g, *needed: needed, spots)
            call: Any = text, (g, *needed(g, plain, shapes))
        else:
            call = rule, (g, plain, shapes)
        self.tracer.operation(name, *call, {}, results)
        return self.tracer.lifted(results)

    def _of_stack(self, rule: Any, g: Any, residuals: Any, parents: Any) -> Any:
        """What a rule gives for a stack, as the calls of NumPy that it makes; or None."""
        tracer = self.tracer
        expected = rule(g, _plain(residuals), parents)
        if not _is_stack(expected):
            return None
        lifted = type(g)(tracer.tensor(tracer.stacked(g)))
        try:
            with tracer.tried() as undo:
                part = rule(lifted, tracer.lifted(residuals), parents)
                if _is_stack(part) and type(part.array) is Tensor:
                    found = value_in(part.array)
                    if tracer.alike(found, expected.array):
                        return type(part)(found)
                undo()
        except Exception:  # then it is one operation
            pass
        return None

    def _fitted(self, part: Any, like: Any, node: Any) -> Any:
        """The part as a plain array that has a slot, of the shape and dtype that belong there."""
        if self.mode == "jvp":
            if type(node) is MultiOutputNode:
                pairs = zip(part, node.outputs, strict=True)
                return [self._one(x, y, node, fitted_tangent) for x, y in pairs]
            return self._one(part, node, node, fitted_tangent)
        if isinstance(like, (list, tuple)):
            return [
                x if y is None else self._one(x, y, node, fitted)
                for x, y in zip(part, like, strict=True)
            ]
        return self._one(part, like, node, fitted)

    def _one(self, part: Any, like: Any, node: Any, fit: Any) -> Any:
        if part is None or like is None or isinstance(part, LazyArray):
            return part
        if not isinstance(part, _ARRAYS):  # a stack
            if part.shape == like.shape and part.dtype == like.dtype:
                return part
            if type(node) is MultiOutputNode:
                raise UntraceableError("a stack of several results is broadcast")
            like, slim = shapes_of(like), _Slim(node)

            def fit_stack(part: Any) -> Any:
                return fit(part, like, slim)

            whole = fit_stack(part)
            self.tracer.called(fit_stack, (part,), whole)
            return whole
        part = fit(part if type(part) is Tensor else self.tracer.lifted(_array(part)), like, node)
        return value_in(part) if type(part) is Tensor else part

    def sum(self, before: Any, part: Any, source: Any = None) -> Any:
        """The sum of two cotangents or tangents."""
        with self.tracer.inside(f"sum of {'co' if self.mode == 'vjp' else ''}tangents"):
            return self._sum(before, part, source)

    def _sum(self, before: Any, part: Any, source: Any) -> Any:
        tracer = self.tracer
        if _is_stack(before) and _is_stack(part) and before.array.shape == part.array.shape:
            total = tracer.tensor(tracer.stacked(before)) + tracer.tensor(tracer.stacked(part))
            return type(part)(value_in(total))
        if self.carrier is not None:
            total = self.carrier.sum(before, part, source)
            tracer.called(operator.add, (before, part), total)
            return total
        lifted = tracer.lifted
        total = lifted(before) + lifted(part)
        return value_in(total) if type(total) is Tensor else total


def _is_stack(x: Any) -> bool:
    return hasattr(type(x), "beside")


def _array(x: Any) -> Any:
    return np.asarray(x) if isinstance(x, np.generic) else x


def like(x: Any, parts: Any) -> Any:
    """A list, tuple or named tuple like `x`, of other parts."""
    return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)


def _plain(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return like(x, map(_plain, x))
    return value_in(x) if type(x) is Tensor else x


class _Slim:
    """What of a node says whether it has broadcast or promoted, without what it keeps."""

    def __init__(self, node: Any) -> None:
        self.plan = node.plan
        self.shape, self.dtype = node.shape, node.dtype
        self.all_parents = shapes_of(node.all_parents)


def shapes_of(parents: Any) -> Any:
    """Shapes and dtypes in place of nodes, which would keep the graph."""
    if isinstance(parents, (list, tuple)):
        return tuple(map(shapes_of, parents))
    return ShapeDtype(parents.shape, parents.dtype) if isinstance(parents, Shaped) else parents

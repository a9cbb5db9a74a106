"""Ordinary differential equations: `solve_ivp` and `odeint`, by all that they depend on.

SciPy finds the steps on plain numbers. They are taken again, on Tensors, by the formulas of the
same Runge-Kutta method (its coefficients are SciPy's): so the derivative is that of what was
computed (the discrete adjoint; Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations
I, Springer 1993, chapter II.5 and II.6), in both modes and every order, by the initial values, by
`args` and by Tensors that the right side takes from elsewhere. The values are SciPy's. The ends of
the time move the first and the last step, and times at which the solution is asked for move along
it; the steps between stay where they are.

`odeint` is LSODA, whose steps are no formula. Its values are SciPy's, the derivative is that of the
solution by DOP853 with a relative tolerance of 1e-11, so that the two differ by LSODA's error.

>>> import numpy as np
>>> from tinygrad_np import grad
>>> from tinygrad_np.scipy import integrate
>>> def end(rate):
...     found = integrate.solve_ivp(lambda t, y: -rate * y, (0, 1), [1.0], rtol=1e-8, atol=1e-9)
...     return found.y[0, -1]
>>> bool(abs(grad(end)(0.5) + np.exp(-0.5)) < 1e-8)
True
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.arrays import as_array, cast
from ...core.tensor import Tensor, value_of
from ...core.transforms import stop_gradient
from ...rules.composed import valued
from ..mirror import StandIn, holds_tensor
from .watched import Watched, joined, refuse_tensors, standing_for

METHODS = ("RK23", "RK45", "DOP853")

MOST_STEPS = 5_000
"""Of DOP853 for `odeint`: more would be a stiff system, or take too much memory."""


def _replayed(rhs: Any, times: list[Any], ys: Any, method: str, wanted: Any, where: str) -> Any:
    """The solution at `times`, between which the steps are, or at those that are `wanted`.

    `ys` are SciPy's values at `times`.
    """
    import scipy.integrate

    form: Any = getattr(scipy.integrate, method)
    values = np.array([float(value_of(t)) for t in times])
    direction = -1.0 if values[-1] < values[0] else 1.0
    inside = () if wanted is None else direction * value_of(wanted)
    places = np.clip(np.searchsorted(direction * values, inside) - 1, 0, len(times) - 2)
    size = np.max(np.abs([value_of(y) for y in ys]))
    y = ys[0]
    slope = rhs(times[0], y)
    found = [y[None]] if wanted is None else []
    for i in range(len(times) - 1):
        start = y
        h = times[i + 1] - times[i]
        ks = [slope]
        for a, c in zip(form.A[1:], form.C[1:], strict=True):
            ks.append(rhs(times[i] + c * h, start + h * (a[: len(ks)] @ np.stack(ks))))
        y = start + h * (form.B @ np.stack(ks))
        y = valued(ys[i + 1], y, 1e-9 * size, where, "is the right side the same each time?")
        slope = rhs(times[i + 1], y)
        if wanted is None:
            found.append(y[None])
        here = np.flatnonzero(places == i)
        if len(here):
            x = ((wanted[here] - times[i]) / h)[:, None]
            found.append(_between(form, rhs, times[i], h, x, [*ks, slope], start, y))
    return np.concatenate(found)


def _between(form: Any, rhs: Any, t: Any, h: Any, x: Any, ks: list[Any], y: Any, end: Any) -> Any:
    """The solution at the parts x (m, 1) of a step, by the method's polynomial: (m, n)."""
    if not hasattr(form, "A_EXTRA"):  # y + h Σₖ Kₖ Σⱼ Pₖⱼ xʲ
        powers = np.concatenate([x ** (j + 1) for j in range(form.P.shape[1])], 1)
        return y + h * (powers @ form.P.T @ np.stack(ks))
    for a, c in zip(form.A_EXTRA, form.C_EXTRA, strict=True):
        ks.append(rhs(t + c * h, y + h * (a[: len(ks)] @ np.stack(ks))))
    first, last = ks[0], ks[form.n_stages]
    rise = end - y
    further = h * (form.D @ np.stack(ks))
    terms = [rise, h * first - rise, 2 * rise - h * (first + last), *further]
    total = 0
    for i, term in enumerate(reversed(terms)):  # x(… + (1 − x)(… + x(…)))
        total = (total + term) * (1 - x if i % 2 else x)
    return y + total


def _right_side(f: Callable[..., Any], args: Any, dtype: Any, is_vectorized: bool = False) -> Any:
    """The derivative of y (n,) as an array of that shape."""

    def rhs(t: Any, y: Any) -> Any:
        slope = as_array(joined(f(t, y[:, None] if is_vectorized else y, *args)))
        return cast(np.broadcast_to(np.ravel(slope), y.shape), dtype)

    return rhs


def _give_args(given: dict[str, Any], args: tuple[Any, ...], where: str) -> None:
    """Make `jac` and `events` functions of t and y, which give no Tensors."""

    def told(name: str, f: Any) -> Any:
        if not callable(f):
            return f

        def function(t: Any, y: Any) -> Any:
            result = f(t, y, *args)
            if holds_tensor(result):
                raise TypeError(
                    f"{where}: {name!r} has no derivative rule and gives a Tensor; use t.data in it"
                )
            return result

        for option in ("terminal", "direction"):
            if hasattr(f, option):
                setattr(function, option, getattr(f, option))
        return function

    jac, events = given.get("jac"), given.get("events")
    if jac is not None:
        given["jac"] = told("jac", jac)
    if events is not None:
        several = isinstance(events, (list, tuple))
        given["events"] = [told("events", f) for f in events] if several else told("events", events)


@standing_for("integrate.solve_ivp")
def solve_ivp(real: Any, given: dict[str, Any]) -> Any:
    """`scipy.integrate.solve_ivp`, differentiable for the methods RK45, RK23 and DOP853.

    By `y0`, `t_span`, `t_eval`, `args`, and all that `fun` uses. In the result `y` is a Tensor, and
    `t` where it depends on one; the rest is SciPy's. Raises ``TypeError`` for another method, for
    events and for `dense_output`, if there are Tensors.
    """
    where = "scipy.integrate.solve_ivp"
    f, span, y0 = given.pop("fun"), given.pop("t_span"), joined(given.pop("y0"))
    t_eval, args = joined(given.pop("t_eval", None)), given.pop("args", None)
    method = given.get("method", "RK45")
    if isinstance(method, StandIn):
        method = given["method"] = method.real
    refuse_tensors(where, given)
    if not (args is None or np.iterable(args)):
        return real(f, value_of(span), value_of(y0), args=value_of(args))  # which says so
    watched = Watched(f, () if args is None else args)
    _give_args(given, watched.args, where)
    span, y0_value = tuple(span), value_of(y0)

    def run(times: Any) -> Any:
        return real(watched, stop_gradient(span), y0_value, t_eval=value_of(times), **given)

    found = run(t_eval)
    if not (watched.seen or holds_tensor((span, y0, t_eval))) or not np.size(found.y):
        return found
    name = method if isinstance(method, str) else method.__name__
    if name not in METHODS:
        raise TypeError(
            f"{where}: the steps of {name} have no derivative rule; use method='DOP853' or 'RK45', "
            "which a stiff system makes take small steps"
        )
    for option, remedy in (("events", "find the time by a root of y"), ("dense_output", "t_eval")):
        if given.get(option):
            raise TypeError(f"{where}: {option!r} has no derivative rule; leave it out: {remedy}")
    steps = found if t_eval is None else run(None)
    times = list(steps.t)
    if steps.status == 0:
        times[-1] = span[1]
    times[0] = span[0]
    wanted = None if t_eval is None else as_array(t_eval)[: len(found.t)]
    ys = [cast(as_array(y0), steps.y.dtype), *steps.y.T[1:]]
    rhs = _right_side(f, args or (), steps.y.dtype, bool(given.get("vectorized")))
    y = _replayed(rhs, times, ys, name, wanted, where)
    size = np.max(np.abs(found.y), initial=0)
    found.y = valued(found.y, np.transpose(y), 1e-9 * size, where, "please report it")
    found.t = joined(times) if t_eval is None and holds_tensor(times) else found.t
    found.t = wanted if type(wanted) is Tensor else found.t
    return found


@standing_for("integrate.odeint")
def odeint(real: Any, given: dict[str, Any]) -> Any:
    """`scipy.integrate.odeint`, differentiable by `y0`, `t`, `args` and all that `func` uses.

    Raises ``ValueError`` where the solution by DOP853, whose derivative it has, takes more than
    5,000 steps, or differs from SciPy's.
    """
    where = "scipy.integrate.odeint"
    f, y0, t = given.pop("func"), joined(given.pop("y0")), joined(given.pop("t"))
    args, slopes = given.pop("args", ()), given.pop("Dfun", None)
    args = args if isinstance(args, tuple) else (args,)
    refuse_tensors(where, given)
    watched = Watched(f, args)
    if slopes is not None:
        given["Dfun"] = Watched(slopes, args)
    found = real(watched, value_of(y0), value_of(t), **given)
    if not (watched.seen or holds_tensor((y0, t))):
        return found
    from scipy.integrate import solve_ivp

    ys = found[0] if given.get("full_output") else found
    in_order = f if given.get("tfirst") else lambda t, y, *args: f(y, t, *args)
    start = cast(np.ravel(as_array(y0)), ys.dtype)
    t = as_array(t)
    size = np.max(np.abs(ys), initial=0)
    options = {"method": "DOP853", "rtol": 1e-11, "atol": 1e-13 * size + 1e-300}
    calls = 0

    def counted(t: Any, y: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 12 * MOST_STEPS:
            raise ValueError(
                f"{where}: the system is too stiff for its derivative; solve_ivp with "
                "method='DOP853' and a tolerance of your own takes as many steps as it needs"
            )
        return value_of(plain(t, y))

    plain = _right_side(in_order, watched.args, ys.dtype)
    span = (value_of(t)[0], value_of(t)[-1])
    steps = solve_ivp(counted, span, value_of(start), **options)
    if steps.status != 0:
        raise ValueError(f"{where}: no solution to differentiate: {steps.message}; try solve_ivp")
    times = [t[0], *steps.t[1:-1], t[-1]]
    rhs = _right_side(in_order, args, ys.dtype)
    values = [start, *steps.y.T[1:]]
    y = _replayed(rhs, times, values, "DOP853", t, where) if len(t) > 1 else start[None]
    tolerance = max(1e-4, 100 * np.max(given.get("rtol") or 0)) * size
    y = valued(ys, y, tolerance, where, "ask for a smaller rtol and atol")
    return (y, *found[1:]) if given.get("full_output") else y


ROWS = ()
OWN = {"integrate.solve_ivp": solve_ivp, "integrate.odeint": odeint}

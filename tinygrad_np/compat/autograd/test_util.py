"""Checks of derivatives by differences, in autograd's words; `tinygrad_np.check` says more.

>>> import numpy as np
>>> check_grads(np.sin, modes=["fwd", "rev"])(0.3)
"""

from collections.abc import Callable
from itertools import product
from typing import Any

from .internals import floating, get_name, make_jvp, make_vjp, unary_to_nary, vspace

_STEP, _TOLERANCE = 1e-6, 1e-6


def scalar_close(a: Any, b: Any) -> bool:
    """Whether two numbers agree to six digits, relative or absolute."""
    return bool(abs(a - b) < _TOLERANCE or abs(a - b) < _TOLERANCE * abs(a + b))


def make_numerical_jvp(f: Callable[..., Any], x: Any) -> Callable[[Any], Any]:
    """A function of a direction: the central difference along it."""
    x, space = floating(x), vspace(x)

    def along(v: Any) -> Any:
        right, left = (f(space.add(x, space.scalar_mul(v, h))) for h in (_STEP / 2, -_STEP / 2))
        out = vspace(right)
        difference = out.add(floating(right), out.scalar_mul(floating(left), -1.0))
        return out.scalar_mul(difference, 1 / _STEP)

    return along


def check_equivalent(x: Any, y: Any) -> None:
    """Assert that two trees have the same shapes and dtypes, and the same numbers."""
    space = vspace(x)
    assert space == vspace(y), f"the spaces differ: {space} and {vspace(y)}"
    v = space.randn()
    assert scalar_close(space.inner_prod(x, v), space.inner_prod(y, v)), f"{x} is not {y}"


def check_vjp(f: Callable[..., Any], x: Any) -> None:
    """Assert that reverse mode agrees with differences, for a random cotangent and tangent."""
    pull, y = make_vjp(f, x)
    space, out = vspace(x), vspace(y)
    v, w = space.randn(), out.randn()
    g = space.covector(pull(out.covector(w)))
    assert vspace(g) == space, f"the gradient of {get_name(f)} is in {vspace(g)}, not {space}"
    found, expected = space.inner_prod(v, g), out.inner_prod(w, make_numerical_jvp(f, x)(v))
    assert scalar_close(found, expected), (
        f"derivative (VJP) check of {get_name(f)} failed at {x}: {found}, by differences {expected}"
    )


def check_jvp(f: Callable[..., Any], x: Any) -> None:
    """Assert that forward mode agrees with differences along a random tangent."""
    v = vspace(x).randn()
    check_equivalent(make_jvp(f, x)(v)[1], make_numerical_jvp(f, x)(v))


@unary_to_nary
def check_grads(f: Callable[..., Any], x: Any, modes: Any = ("fwd", "rev"), order: int = 2) -> None:
    """Assert that the derivatives up to `order` agree with differences, in these modes."""
    if not set(modes) <= {"fwd", "rev"}:
        raise ValueError(f"check_grads: modes are 'fwd' and 'rev', not {modes}")
    for mode in modes:
        is_forward = mode == "fwd"
        (check_jvp if is_forward else check_vjp)(f, x)
        if order > 1:

            def derivative(x: Any, v: Any, is_forward: bool = is_forward) -> Any:
                return make_jvp(f, x)(v)[1] if is_forward else make_vjp(f, x)[0](v)

            derivative.__name__ = f"{'jvp' if is_forward else 'vjp'}_{get_name(f)}"
            v = vspace(x if is_forward else f(x)).randn()
            check_grads(derivative, (0, 1), modes, order=order - 1)(x, v)


def combo_check(function: Callable[..., Any], *options: Any, **named: Any) -> Callable[..., Any]:
    """`check_grads` for every combination of the given lists of arguments and keywords."""

    def check(*args: Any, **kwargs: Any) -> None:
        for chosen in product(*args):
            for values in product(*kwargs.values()):
                given = dict(zip(kwargs, values, strict=True))
                check_grads(function, *options, **named)(*chosen, **given)

    return check

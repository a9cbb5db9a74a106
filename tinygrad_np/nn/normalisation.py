"""Normalisation over a batch, a layer, groups of channels or single images.

`batch_norm`, `layer_norm`, `group_norm`, `instance_norm` and `rms_norm`, each with a scale and a
shift of their own or without. Data are (n, *spatial, channels), (n, time, features) or the like.

All of them are one array function, `normalised`, on x in the form (n, s, g, k): for each of n times
g parts the mean and variance of s times k numbers. A batch has a part a channel, (1, n·spatial, c,
1); a layer a part a row, (rows, 1, 1, features); in groups it is (n, spatial, groups, c / groups).
"""

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from ..answers import explained
from ..core.arrays import Array, cast, integer, real_numbers
from ..core.hooks import with_lines
from ..core.tensor import looked_at
from ..core.transforms import stop_gradient
from .arguments import checked_number
from .normalised import normalised

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm"]


@explained
def batch_norm(
    x: Any,
    state: Any = None,
    scale: Any = None,
    shift: Any = None,
    *,
    training: bool,
    momentum: float = 0.1,
    epsilon: float = 1e-5,
) -> tuple[Any, Any]:
    """Each channel less its mean, over its standard deviation.

    ``y = (x − mean) / √(variance + epsilon) · scale + shift``. In `training` mean and variance are
    those of the batch, otherwise the state's, which comes out as it is. The state is a constant: no
    gradient passes through it.

    Parameters
    ----------
    x : (n, …, c) array_like
    state : ``{"mean": (c,), "var": (c,)}``, optional
        What the last call in training gave; the first one, None, counts as mean 0 and variance 1.
    scale, shift : (c,) arrays, optional
    training : bool
    momentum : number from 0 to 1, default 0.1
        The new state is (1 − momentum)·old + momentum·new, of the variance that divides by
        n·spatial − 1.
    epsilon : number, default 1e-5

    Returns
    -------
    y : (n, …, c) array
    state : ``{"mean": (c,), "var": (c,)}``

    Raises
    ------
    ValueError
        Where a shape does not fit, training has a single number a channel, or evaluation no state.

    References
    ----------
    Ioffe and Szegedy, "Batch normalization", 2015.

    Examples
    --------
    >>> x = np.array([[1.0, 10.0], [3.0, 30.0]])
    >>> y, state = batch_norm(x, training=True, epsilon=0.0)
    >>> y
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> state
    {'mean': array([0.2, 2. ]), 'var': array([ 1.1, 20.9])}
    >>> batch_norm(x, state, training=False, epsilon=0.0)[0].round(2)
    array([[0.76, 1.75],
           [2.67, 6.12]])
    """
    operands, dtype = _operands("batch_norm", x, scale, shift)
    epsilon = _epsilon("batch_norm", epsilon)
    momentum = checked_number("batch_norm: momentum", momentum)
    if not 0 <= momentum <= 1:
        raise ValueError(f"batch_norm: momentum must be from 0 to 1, not {momentum}")
    if not isinstance(training, (bool, np.bool_)):
        raise TypeError(f"batch_norm: training is True or False, not {training!r:.40}")
    x = operands[0]
    if x.ndim < 2:
        raise _unfit("batch_norm", "(n, *spatial, channels)", x)
    c = x.shape[-1]
    if state is not None:
        state = _checked_state(state, c)
    if not training:
        if state is None:
            raise ValueError(
                "batch_norm: evaluation (training=False) needs the running mean and variance; pass "
                "the state that batch_norm(..., training=True) gives beside its result"
            )
        y = x - cast(state["mean"], x.dtype)
        factor = 1 / np.sqrt(cast(state["var"], x.dtype) + epsilon)
        y = y * (factor * operands[1] if len(operands) > 1 else factor)
        return cast(y + operands[2] if len(operands) > 2 else y, dtype), state
    count = x.size // max(c, 1)
    if count < 2 and c:
        raise ValueError(
            f"batch_norm: training needs more than one number a channel, and x has shape {x.shape};"
            " give more data, or evaluate with training=False"
        )
    y, mean, variance = _in_parts(operands, (1, count, c, 1), epsilon)
    new = {"mean": mean, "var": variance * (count / (count - 1))}
    running = {}
    for name, start in (("mean", 0.0), ("var", 1.0)):
        value = np.reshape(new[name], (c,))
        old: Any = start
        if state is not None:
            old = state[name]
            value = cast(value, old.dtype)
        running[name] = (1 - momentum) * old + momentum * value
    return cast(y, dtype), stop_gradient(running)


@explained
def layer_norm(
    x: Any, scale: Any = None, shift: Any = None, *, axis: Any = -1, epsilon: float = 1e-5
) -> Any:
    """Each row less its mean, over its standard deviation: over the last axis, or several last.

    ``y = (x − mean) / √(variance + epsilon) · scale + shift``.

    Parameters
    ----------
    x : (…, features) array_like
    scale, shift : arrays of the shape of these axes, optional
    axis : int or tuple of ints, default -1
        The last axes, such as (−2, −1).
    epsilon : number, default 1e-5

    Returns
    -------
    array of x's shape

    Raises
    ------
    ValueError
        Where a shape does not fit, an axis is not among the last, or there is nothing along it.

    References
    ----------
    Ba, Kiros and Hinton, "Layer normalization", 2016.

    Examples
    --------
    >>> layer_norm(np.array([[1.0, 3.0], [10.0, 30.0]]), np.array([1.0, 2.0]), epsilon=0.0)
    array([[-1.,  2.],
           [-1.,  2.]])
    """
    return _by_rows("layer_norm", x, scale, shift, axis, _epsilon("layer_norm", epsilon))


@explained
def rms_norm(x: Any, scale: Any = None, *, axis: Any = -1, epsilon: Any = None) -> Any:
    """Each row over the root of the mean of its squares: ``x / √(mean x² + epsilon) · scale``.

    Parameters
    ----------
    x : (…, features) array_like
    scale : array of the shape of these axes, optional
    axis : int or tuple of int, default -1
        The last axes, as in `layer_norm`.
    epsilon : number, optional
        By default the distance from 1 to the next number of x's dtype, as in PyTorch.

    Returns
    -------
    array of x's shape

    Raises
    ------
    ValueError
        As `layer_norm` does.

    References
    ----------
    Zhang and Sennrich, "Root mean square layer normalization", 2019.

    Examples
    --------
    >>> rms_norm(np.array([3.0, 4.0, 0.0, 0.0]))
    array([1.2, 1.6, 0. , 0. ])
    """
    if epsilon is None:
        epsilon = np.finfo(real_numbers(x, "rms_norm").dtype).eps
    epsilon = _epsilon("rms_norm", epsilon)
    return _by_rows("rms_norm", x, scale, None, axis, epsilon, about_mean=False)


def _by_rows(
    function: str,
    x: Any,
    scale: Any,
    shift: Any,
    axis: Any,
    epsilon: float,
    about_mean: bool = True,
) -> Any:
    x = real_numbers(x, function)
    try:
        axes = [integer(i) for i in (axis if isinstance(axis, (tuple, list)) else (axis,))]
    except TypeError:
        raise TypeError(f"{function}: axis is an integer or several, not {axis!r:.40}") from None
    last = [i - x.ndim if i >= 0 else i for i in axes]
    if sorted(last) != [*range(-len(axes), 0)] or not 0 < len(axes) <= x.ndim:
        raise ValueError(
            f"{function}: axis must be the last one, or several last ones, of shape {x.shape}, not "
            f"{axis}; move others there with np.moveaxis"
        )
    rows, width = prod(x.shape[: -len(axes)]), prod(x.shape[-len(axes) :])
    if not width:
        raise ValueError(f"{function}: there is nothing along axis {axis} of shape {x.shape}")
    operands, dtype = _operands(function, x, scale, shift, len(axes))
    return cast(_in_parts(operands, (rows, 1, 1, width), epsilon, about_mean)[0], dtype)


@explained
def group_norm(
    x: Any, groups: int, scale: Any = None, shift: Any = None, *, epsilon: float = 1e-5
) -> Any:
    """Each group of channels of each image less its mean, over its standard deviation.

    ``y = (x − mean) / √(variance + epsilon) · scale + shift``, with mean and variance over the
    image and the c / groups channels that follow one another.

    Parameters
    ----------
    x : (n, …, c) array_like
    groups : int
    scale, shift : (c,) arrays, optional
    epsilon : number, default 1e-5

    Returns
    -------
    (n, …, c) array

    Raises
    ------
    ValueError
        Where a shape does not fit or the groups do not divide c.

    References
    ----------
    Wu and He, "Group normalization", 2018.

    Examples
    --------
    >>> group_norm(np.array([[1.0, 3.0, 10.0, 30.0]]), 2, epsilon=0.0)
    array([[-1.,  1., -1.,  1.]])
    """
    operands, dtype = _operands("group_norm", x, scale, shift)
    epsilon = _epsilon("group_norm", epsilon)
    x = operands[0]
    try:
        groups = integer(groups)
    except TypeError:
        raise TypeError(f"group_norm: groups must be an integer, not {groups!r:.40}") from None
    if x.ndim < 2 or groups < 1 or x.shape[-1] % groups:
        parts = f"(n, *spatial, channels), with channels that {groups} groups divide"
        raise _unfit("group_norm", parts, x)
    n, *spatial, c = x.shape
    if 0 in (*spatial, c):
        raise ValueError(f"group_norm: x of shape {x.shape} is empty; only n may be 0")
    return cast(_in_parts(operands, (n, prod(spatial), groups, c // groups), epsilon)[0], dtype)


@explained
def instance_norm(x: Any, scale: Any = None, shift: Any = None, *, epsilon: float = 1e-5) -> Any:
    """Each channel of each image less its mean, over its standard deviation.

    ``y = (x − mean) / √(variance + epsilon) · scale + shift``.

    Parameters
    ----------
    x : (n, …, c) array_like
    scale, shift : (c,) arrays, optional
    epsilon : number, default 1e-5

    Returns
    -------
    (n, …, c) array

    Raises
    ------
    ValueError
        Where a shape does not fit, or an image has fewer than two pixels.

    References
    ----------
    Ulyanov, Vedaldi and Lempitsky, "Instance normalization", 2016.

    Examples
    --------
    >>> instance_norm(np.array([1.0, 3.0]).reshape(1, 2, 1), epsilon=0.0).ravel()
    array([-1.,  1.])
    """
    operands, dtype = _operands("instance_norm", x, scale, shift)
    epsilon = _epsilon("instance_norm", epsilon)
    x = operands[0]
    if x.ndim < 3 or prod(x.shape[1:-1]) < 2 or not x.shape[-1]:
        raise _unfit("instance_norm", "(n, *spatial, channels) with at least two pixels", x)
    n, *spatial, c = x.shape
    return cast(_in_parts(operands, (n, prod(spatial), c, 1), epsilon)[0], dtype)


def _unfit(function: str, form: str, x: Any) -> ValueError:
    return with_lines(ValueError(f"{function}: x must be {form}, not {x.shape}"), x=x)


def _epsilon(function: str, epsilon: Any) -> float:
    epsilon = checked_number(f"{function}: epsilon", epsilon)
    if not 0 <= epsilon < np.inf:
        raise ValueError(f"{function}: epsilon must be at least 0, not {epsilon}")
    return epsilon


def _checked_state(state: Any, c: int) -> dict[str, Any]:
    if not isinstance(state, dict) or set(state) != {"mean", "var"}:
        raise TypeError(
            "batch_norm: state is None or the dict {'mean': …, 'var': …} that training gives, not "
            f"{state!r:.40}"
        )
    found = {name: real_numbers(value, f"batch_norm: {name}") for name, value in state.items()}
    for name, value in found.items():
        if value.shape != (c,):
            raise ValueError(
                f"batch_norm: the state's {name} has shape {value.shape}, and x {c} channels; use "
                "the state that came from data of this form, (n, *spatial, channels)"
            )
    return found


def _operands(
    function: str, x: Any, scale: Any, shift: Any, axes: int = 1
) -> tuple[list[Any], Any]:
    """[x, scale, shift] up to the last that is not None, in one dtype; and that of the result.

    Scale and shift have the shape of the last axes of x. It is computed at least in float32.
    """
    x = real_numbers(x, function)
    shape = x.shape[max(x.ndim - axes, 0) :]
    given = {"scale": scale, "shift": shift}
    for name, value in given.items():
        if value is None:
            continue
        given[name] = value = real_numbers(value, f"{function}: {name}")
        if value.shape != shape:
            told = f"{function}: {name} must have shape {shape}, not {value.shape} (x {x.shape})"
            if axes == 1 and x.ndim > 2 and value.shape == x.shape[1:2]:
                told += (
                    "; its length is that of axis 1, and data are (n, *spatial, channels): use "
                    "np.moveaxis(x, 1, -1)"
                )
            raise with_lines(ValueError(told), x=x, **{name: value})
    found = [x, *[value for value in given.values() if value is not None]]
    dtype = np.result_type(*[value.dtype for value in found])
    computed = np.result_type(dtype, np.float32)
    if scale is None and shift is not None:
        found.insert(1, _ones(shape, computed))
    return [cast(value, computed) for value in found], dtype


@lru_cache(maxsize=64)
def _ones(shape: tuple[int, ...], dtype: Any) -> Array:
    """Read-only, so that it may be a constant of a program of `jit`."""
    result: Array = np.ones(shape, dtype)
    result.flags.writeable = False
    return result


def _in_parts(
    operands: list[Any], form: tuple[int, ...], epsilon: float, about_mean: bool = True
) -> Any:
    """`normalised` of x in this form (n, s, g, k): (y as x is, mean, variance)."""
    x, *affine = operands
    affine = [np.reshape(value, form[2:]) for value in affine]
    parts = np.reshape(x, form)
    found: Any = normalised(epsilon, about_mean, parts, *affine)
    # Beyond, powers of the variance leave the dtype's range, and epsilon is far below its digits.
    limits = np.finfo(x.dtype)
    bound = max(float(limits.max) ** 0.25, epsilon / float(limits.eps))
    is_large = np.logical_not(looked_at(found[2]) < bound)
    if np.any(is_large):
        found = _with_large(is_large, epsilon, about_mean, parts, affine)
    y, *moments = found
    return np.reshape(y, x.shape), *moments


def _with_large(
    is_large: Any, epsilon: float, about_mean: bool, parts: Any, affine: list[Any]
) -> list[Any]:
    """`normalised` where these of its parts are brought to another size before."""
    size = np.max(np.abs(stop_gradient(parts)), (1, 3), keepdims=True)
    is_large = is_large & (size < np.inf)
    unit = np.where(is_large, size, 1) / 2**16  # so that the least number below is below rounding
    least = float(np.finfo(parts.dtype).eps) ** 2  # for the zeros in place of the others
    others = normalised(epsilon, about_mean, np.where(is_large, 0, parts), *affine)
    large = normalised(least, about_mean, np.where(is_large, parts / unit, 0), *affine)
    large = large[0], large[1] * unit, large[2] * unit * unit
    return [np.where(is_large, a, b) for a, b in zip(large, others, strict=True)]

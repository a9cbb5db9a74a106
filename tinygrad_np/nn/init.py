"""Initialisers: first values of arrays, and of each layer's parameters: ``init.dense(rng, 2, 3)``.

- of an array of a shape: `lecun_normal`, `lecun_uniform`, `glorot_normal`, `glorot_uniform`,
  `he_normal`, `he_uniform`, `orthogonal`, `truncated_normal`, and the `gain` of an activation;
- of a layer: a dict whose keys are the layer's arguments, so that ``dense(x, **params)`` works:
  `dense`, `conv1d`, …, `conv_transpose3d`, `batch_norm`, `layer_norm`, `group_norm`,
  `instance_norm`, `rms_norm`, `embedding`, `multi_head_attention`, `rnn`, `lstm`, `gru`.

Weights (in, out) and filters (*size, in, out) have the fans in·∏size and out·∏size. Values are
drawn in float64 and rounded to `dtype`, which is float32 unless given. A generator in the same
state gives the same values.

>>> rng = np.random.default_rng(0)
>>> {name: value.shape for name, value in conv2d(rng, 3, 1, 8).items()}
{'filters': (3, 3, 1, 8), 'bias': (8,)}
>>> {name: value.shape for name, value in lstm(rng, 4, 5).items()}
{'input_weights': (4, 20), 'hidden_weights': (5, 20), 'bias': (20,)}
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from .. import answers
from ..answers import explained
from ..core.arrays import Array, checked_shape
from ..core.geometry import per_axis
from .arguments import checked_generator, checked_number

__all__ = [
    "batch_norm",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "dense",
    "embedding",
    "gain",
    "glorot_normal",
    "glorot_uniform",
    "group_norm",
    "gru",
    "he_normal",
    "he_uniform",
    "instance_norm",
    "layer_norm",
    "lecun_normal",
    "lecun_uniform",
    "lstm",
    "multi_head_attention",
    "orthogonal",
    "rms_norm",
    "rnn",
    "truncated_normal",
]

Initialiser = Callable[..., Array]
Params = dict[str, Any]

# Of an array


def _checked(function: str, rng: Any, shape: Any, gain: Any, dtype: Any, least: int) -> Any:
    checked_generator(function, rng)
    shape, gain = checked_shape(function, shape, least), checked_number(f"{function}: gain", gain)
    if not 0 <= gain < math.inf:
        raise ValueError(f"{function}: the gain is at least 0, and finite, not {gain}")
    return shape, gain, _floating(function, dtype)


def _floating(function: str, dtype: Any) -> Any:
    if np.dtype(dtype).kind != "f":
        raise TypeError(f"{function}: dtype must be floating, not {np.dtype(dtype)}")
    return np.dtype(dtype)


def _named(function: Callable[..., Any], name: str, text: str | None) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return explained(function)


_SECTIONS = """Parameters
----------
rng : numpy.random.Generator
shape : tuple of {ints}
gain : number, {gain} by default
dtype : floating dtype, float32 by default

Returns
-------
array of this shape and dtype

Raises
------
ValueError
    For another shape or a negative gain.
TypeError
    Where `rng` is no Generator or `dtype` not floating.

"""
"""What the docstrings of all initialisers of an array say before their examples."""


def _scaled(
    fan: Callable[[Any], float], usual: float = 1.0, least: int = 2
) -> Callable[[Callable[..., Any]], Initialiser]:
    """A decorator: what is drawn for a shape of at `least` so many axes, times gain/√fan."""

    def initialiser(draw: Callable[..., Any]) -> Initialiser:
        name = draw.__name__

        def initialise(
            rng: np.random.Generator,
            shape: Any,
            *,
            gain: float = usual,
            dtype: Any = np.float32,
        ) -> Array:
            shape, gain, dtype = _checked(name, rng, shape, gain, dtype, least)
            return np.asarray(draw(rng, shape) * (gain / math.sqrt(fan(shape) or 1))).astype(dtype)

        ints = f"at least {least} int" if least else "int"
        told = _SECTIONS.format(ints=ints, gain="1" if usual == 1 else "√2")
        text = inspect.cleandoc(draw.__doc__ or "")
        return _named(initialise, name, text.replace("Examples\n", f"{told}Examples\n"))

    return initialiser


def _one(shape: Any) -> float:
    return 1.0


def _fan_in(shape: Any) -> float:
    return math.prod(shape[:-1])


def _mean_fan(shape: Any) -> float:
    return math.prod(shape[:-2]) * (shape[-2] + shape[-1]) / 2


def _uniform(rng: np.random.Generator, shape: Any) -> Array:
    return rng.uniform(-math.sqrt(3), math.sqrt(3), shape)  # of variance 1


@_scaled(_fan_in, usual=math.sqrt(2))
def he_normal(rng: np.random.Generator, shape: Any) -> Any:
    """Normal, of the standard deviation gain/√fan_in; the default gain is that of relu.

    The values are not truncated: PyTorch's ``kaiming_normal_`` (He et al. 2015, arXiv 1502.01852).

    Examples
    --------
    >>> he_normal(np.random.default_rng(0), (200, 100)).std().round(3)  # √(2/200)
    np.float32(0.1)
    """
    return rng.standard_normal(shape)


@_scaled(_fan_in, usual=math.sqrt(2))
def he_uniform(rng: np.random.Generator, shape: Any) -> Any:
    """Uniform within ±gain·√(3/fan_in): the standard deviation of `he_normal`.

    Examples
    --------
    >>> bool(np.abs(he_uniform(np.random.default_rng(0), (6, 100))).max() < 1)  # √(6/6)
    True
    """
    return _uniform(rng, shape)


@_scaled(_mean_fan)
def glorot_normal(rng: np.random.Generator, shape: Any) -> Any:
    """Normal, of the standard deviation gain·√(2/(fan_in + fan_out)) (Glorot and Bengio 2010).

    PyTorch's ``xavier_normal_``.

    Examples
    --------
    >>> glorot_normal(np.random.default_rng(0), (50, 150)).std().round(2)
    np.float32(0.1)
    """
    return rng.standard_normal(shape)


@_scaled(_mean_fan)
def glorot_uniform(rng: np.random.Generator, shape: Any) -> Any:
    """Uniform within ±gain·√(6/(fan_in + fan_out)): the standard deviation of `glorot_normal`.

    Examples
    --------
    >>> bool(np.abs(glorot_uniform(np.random.default_rng(0), (2, 4))).max() < 1)
    True
    """
    return _uniform(rng, shape)


@_scaled(_fan_in)
def lecun_normal(rng: np.random.Generator, shape: Any) -> Any:
    """Normal, of the standard deviation gain/√fan_in (LeCun et al. 1998): what layers start from.

    Examples
    --------
    >>> lecun_normal(np.random.default_rng(0), (100, 100)).std().round(3)
    np.float32(0.1)
    """
    return rng.standard_normal(shape)


@_scaled(_fan_in)
def lecun_uniform(rng: np.random.Generator, shape: Any) -> Any:
    """Uniform within ±gain·√(3/fan_in): the standard deviation of `lecun_normal`.

    Examples
    --------
    >>> bool(np.abs(lecun_uniform(np.random.default_rng(0), (3, 100))).max() < 1)
    True
    """
    return _uniform(rng, shape)


@_scaled(_one)
def orthogonal(rng: np.random.Generator, shape: Any) -> Any:
    """Gain times a matrix of orthonormal columns, or rows if these are fewer (Saxe et al. 2014).

    Filters are the matrix (∏size·in, out). It is drawn uniformly among all such matrices (Mezzadri
    2007).

    Examples
    --------
    >>> q = orthogonal(np.random.default_rng(0), (4, 2), dtype=np.float64)
    >>> (q.T @ q).round(12) + 0.0
    array([[1., 0.],
           [0., 1.]])
    """
    rows, columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.where(np.diagonal(r) < 0, -1, 1)
    return (q if rows >= columns else q.T).reshape(shape)


@_scaled(_one, least=0)
def truncated_normal(rng: np.random.Generator, shape: Any) -> Any:
    """Normal within two of its standard deviations, and scaled: the result's deviation is `gain`.

    Without what lies beyond ±2, a standard normal has the standard deviation 0.8796; so the values
    reach up to ±2.2737·gain, as those of JAX's ``variance_scaling(…, "truncated_normal")`` do,
    while its ``truncated_normal`` and PyTorch's ``trunc_normal_`` leave them as they are.

    Examples
    --------
    >>> x = truncated_normal(np.random.default_rng(0), (100, 100), gain=0.02)
    >>> x.std().round(3), np.abs(x).max().round(3)
    (np.float32(0.02), np.float32(0.045))
    """
    values = np.asarray(rng.standard_normal(shape))
    while (beyond := np.abs(values) > 2).any():
        values[beyond] = rng.standard_normal(np.count_nonzero(beyond))
    # ∫ x² φ over [−2, 2], over that of φ, is 1 − 4 φ(2) / erf(√2).
    density = math.exp(-2) / math.sqrt(2 * math.pi)
    return values / math.sqrt(1 - 4 * density / math.erf(math.sqrt(2)))


@explained
def gain(name: str, parameter: float | None = None) -> float:
    """What an activation needs as the `gain` of weights before it, as PyTorch's calculate_gain.

    Parameters
    ----------
    name : {"linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"}
    parameter : number, optional
        The slope of "leaky_relu"; 0.01 by default.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        For another name.

    Examples
    --------
    >>> gain("relu"), gain("leaky_relu", 1.0)
    (1.4142135623730951, 1.0)
    """
    if not isinstance(name, str) or name not in _GAINS:
        raise ValueError(f"gain: name is one of {', '.join(_GAINS)}, not {name!r:.40}")
    if parameter is None:
        return _GAINS[name]
    if name != "leaky_relu":
        raise ValueError(f"gain: {name} has no parameter")
    slope = checked_number("gain: parameter", parameter)
    return math.sqrt(2 / (1 + slope * slope))


_GAINS = {
    "linear": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "leaky_relu": math.sqrt(2 / (1 + 0.01**2)),
    "selu": 0.75,
}

# Of a layer


@explained
def dense(
    rng: np.random.Generator,
    inputs: int,
    outputs: int,
    *,
    bias: bool = True,
    weights: Initialiser = lecun_normal,
    dtype: Any = np.float32,
) -> Params:
    """``{"weights": (inputs, outputs), "bias": (outputs,) zeros}``, for `dense`.

    Parameters
    ----------
    rng : numpy.random.Generator
    inputs, outputs : int
    bias : bool, default True
    weights : function of (rng, shape, dtype=…), `lecun_normal` by default
        What draws them.
    dtype : floating dtype, float32 by default

    Returns
    -------
    dict of arrays

    Raises
    ------
    TypeError, ValueError
        For a count that is none.

    Examples
    --------
    >>> params = dense(np.random.default_rng(0), 784, 10, weights=he_normal)
    >>> {name: value.shape for name, value in params.items()}
    {'weights': (784, 10), 'bias': (10,)}
    """
    return _affine("dense", rng, "weights", (inputs, outputs), outputs, bias, weights, dtype)


def _affine(
    function: str, rng: Any, key: str, shape: Any, outputs: int, bias: Any, draw: Any, dtype: Any
) -> Params:
    """{key: drawn, of `shape`, "bias": zeros}."""
    checked_generator(function, rng)
    shape, dtype = checked_shape(function, shape), _floating(function, dtype)
    if not callable(draw):
        raise TypeError(
            f"{function}: {key} is a function of (rng, shape, dtype=…), such as he_normal, not "
            f"{draw!r:.40}"
        )
    try:
        drawn = draw(rng, shape, dtype=dtype)
    except TypeError as error:
        raise TypeError(
            f"{function}: {key} is a function of (rng, shape, dtype=…), such as he_normal: {error}"
        ) from error
    if np.shape(drawn) != tuple(shape):
        raise ValueError(
            f"{function}: {key} must draw an array of shape {tuple(shape)}, not {np.shape(drawn)}"
        )
    params = {key: drawn}
    return params | {"bias": np.zeros(outputs, dtype)} if bias else params


def _convolution(name: str, axes: int, is_adjoint: bool = False) -> Callable[..., Params]:
    def initialise(
        rng: np.random.Generator,
        size: Any,
        inputs: int,
        outputs: int,
        *,
        groups: int = 1,
        bias: bool = True,
        filters: Initialiser = lecun_normal,
        dtype: Any = np.float32,
    ) -> Params:
        size = per_axis(size, axes, 1, f"{name}: size")
        inputs, outputs, groups = checked_shape(name, (inputs, outputs, groups))
        if not groups or inputs % groups or outputs % groups:
            raise ValueError(
                f"{name}: {inputs} inputs and {outputs} outputs do not fall into {groups} groups"
            )
        ends = (outputs // groups, inputs) if is_adjoint else (inputs // groups, outputs)
        return _affine(name, rng, "filters", (*size, *ends), outputs, bias, filters, dtype)

    ends = "outputs/groups, inputs" if is_adjoint else "inputs/groups, outputs"
    return _named(
        initialise,
        name,
        f"""``{{"filters": (*size, {ends}), "bias": (outputs,) zeros}}``, for `{name}`.

    Parameters
    ----------
    rng : numpy.random.Generator
    size : int, or a tuple of {axes}
    inputs, outputs : int
    groups : int, default 1
    bias : bool, default True
    filters : function of (rng, shape, dtype=…), `lecun_normal` by default
        What draws them.
    dtype : floating dtype, float32 by default

    Returns
    -------
    dict of arrays

    Raises
    ------
    TypeError, ValueError
        For a count that is none, and where the groups do not come out even.

    Examples
    --------
    >>> {name}(np.random.default_rng(0), 3, 4, 8)["filters"].shape
    {(3,) * axes + ((8, 4) if is_adjoint else (4, 8))}
    """,
    )


conv1d, conv2d, conv3d = [_convolution(f"conv{axes}d", axes) for axes in (1, 2, 3)]
conv_transpose1d, conv_transpose2d, conv_transpose3d = [
    _convolution(f"conv_transpose{axes}d", axes, True) for axes in (1, 2, 3)
]


def _normalisation(name: str, *keys: str) -> Callable[..., Params]:
    def initialise(shape: Any, *, dtype: Any = np.float32) -> Params:
        whole, kind = checked_shape(name, shape), _floating(name, dtype)
        return {key: np.full(whole, float(key == "scale"), kind) for key in keys}

    what = ", ".join([f'"{key}": {"ones" if key == "scale" else "zeros"}' for key in keys])
    return _named(
        initialise,
        name,
        f"""``{{{what}}}`` of `shape`, for `{name}`; nothing is drawn.

    Parameters
    ----------
    shape : int or tuple of ints
    dtype : floating dtype, float32 by default

    Returns
    -------
    dict of arrays

    Examples
    --------
    >>> list({name}(3))
    {list(keys)}
    """,
    )


batch_norm, group_norm, instance_norm, layer_norm = [
    _normalisation(name, "scale", "shift")
    for name in ("batch_norm", "group_norm", "instance_norm", "layer_norm")
]
rms_norm = _normalisation("rms_norm", "scale")


@explained
def embedding(
    rng: np.random.Generator,
    count: int,
    size: int,
    *,
    gain: float = 1.0,
    dtype: Any = np.float32,
) -> Params:
    """``{"weights": (count, size)}``, normal, of the standard deviation `gain`, as PyTorch has it.

    Parameters
    ----------
    rng : numpy.random.Generator
    count, size : int
    gain : number, default 1
    dtype : floating dtype, float32 by default

    Returns
    -------
    dict of arrays

    Examples
    --------
    >>> embedding(np.random.default_rng(0), 1000, 8)["weights"].shape
    (1000, 8)
    """
    shape, gain, dtype = _checked("embedding", rng, (count, size), gain, dtype, 2)
    return {"weights": (gain * rng.standard_normal(shape)).astype(dtype)}


@explained
def multi_head_attention(
    rng: np.random.Generator,
    features: int,
    *,
    context: int | None = None,
    bias: bool = True,
    weights: Initialiser = glorot_uniform,
    dtype: Any = np.float32,
) -> Params:
    """`dense` layers to `features`, as "query", "key", "value" and "out", all without the heads.

    Parameters
    ----------
    rng : numpy.random.Generator
    features : int
    context : int, optional
        What "key" and "value" come from; by default from `features`, as the others.
    bias : bool, default True
    weights : function of (rng, shape, dtype=…), `glorot_uniform` by default
        What draws them.
    dtype : floating dtype, float32 by default

    Returns
    -------
    dict of dicts of arrays

    Examples
    --------
    >>> params = multi_head_attention(np.random.default_rng(0), 8)
    >>> list(params), params["out"]["weights"].shape
    (['query', 'key', 'value', 'out'], (8, 8))
    """
    name, other = "multi_head_attention", features if context is None else context
    inputs = {"query": features, "key": other, "value": other, "out": features}
    return {
        part: _affine(name, rng, "weights", (n, features), features, bias, weights, dtype)
        for part, n in inputs.items()
    }


def _recurrent(name: str, gates: int) -> Callable[..., Params]:
    def initialise(
        rng: np.random.Generator,
        inputs: int,
        hidden: int,
        *,
        bias: bool = True,
        weights: Initialiser = lecun_normal,
        dtype: Any = np.float32,
    ) -> Params:
        inputs, hidden = checked_shape(name, (inputs, hidden))
        width = gates * hidden
        drawn = _affine(name, rng, "weights", (inputs, width), width, bias, weights, dtype)
        own = [orthogonal(rng, (hidden, hidden), dtype=dtype) for _ in range(gates)]
        params = {"input_weights": drawn.pop("weights"), "hidden_weights": np.hstack(own), **drawn}
        if bias and name == "gru":
            params["hidden_bias"] = np.zeros(hidden, dtype)
        return params

    extra = ', "hidden_bias": (hidden,)' if name == "gru" else ""
    width = f"{gates}·hidden" if gates > 1 else "hidden"
    return _named(
        initialise,
        name,
        f"""The weights of the inputs and of the hidden state, and biases, for `{name}`.

    Those of the hidden state are `orthogonal`, each gate's by itself, and biases are zeros.

    Parameters
    ----------
    rng : numpy.random.Generator
    inputs, hidden : int
    bias : bool, default True
    weights : function of (rng, shape, dtype=…), `lecun_normal` by default
        It draws those of the inputs, as one array.
    dtype : floating dtype, float32 by default

    Returns
    -------
    dict of arrays
        ``{{"input_weights": (inputs, {width}), "hidden_weights": (hidden, {width}),
        "bias": ({width},){extra}}}``

    Examples
    --------
    >>> {name}(np.random.default_rng(0), 3, 4)["input_weights"].shape
    (3, {4 * gates})
    """,
    )


rnn, lstm, gru = _recurrent("rnn", 1), _recurrent("lstm", 4), _recurrent("gru", 3)


def __getattr__(name: str) -> NoReturn:
    raise answers.no_attribute(__name__, name)

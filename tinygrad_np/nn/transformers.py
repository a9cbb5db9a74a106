"""Attention, embeddings and encodings of positions: what transformers are made of.

Data are (n, time, features). `attention` is for any number of axes before time, and
`multi_head_attention` a layer with its four products; `sinusoidal_positions` is added to what goes
in, and `rotary` turns queries and keys.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..answers import explained
from ..core.arrays import cast, checked_shape, integer, numbers, real_numbers
from ..core.hooks import with_lines
from ..core.network import dense, softmax
from ..core.tensor import looked_at
from ..core.transforms import stop_gradient
from . import layers
from .arguments import checked_lengths, checked_number

__all__ = ["attention", "embedding", "multi_head_attention", "rotary", "sinusoidal_positions"]


@explained
def embedding(indices: Any, weights: Any, padding_index: int | None = None) -> Any:
    """The rows of `weights` that `indices` choose.

    Parameters
    ----------
    indices : integers of any shape
    weights : (n, d) array_like
    padding_index : int, optional
        This row (from the end where negative) is given as it is, and has gradient 0.

    Returns
    -------
    (…, d) array

    Raises
    ------
    TypeError
        For indices that are no integers.
    ValueError
        For such as are not from 0 to n − 1.

    Examples
    --------
    >>> embedding(np.array([2, 0]), np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]))
    array([[4., 5.],
           [0., 1.]])
    """
    indices, weights = numbers(indices, "embedding"), numbers(weights, "embedding")
    if weights.ndim != 2:
        told = f"embedding: weights must be (n, d), a row for each index, not {weights.shape}"
        raise with_lines(ValueError(told), weights=weights)
    if indices.dtype.kind not in "iu":
        raise TypeError(
            f"embedding: indices are integers, not of dtype {indices.dtype}; convert them with "
            ".astype(int)"
        )
    n = len(weights)
    if indices.size and not (indices.min() >= 0 and indices.max() < n):
        raise ValueError(
            f"embedding: indices are from 0 to {n - 1} for {n} rows, not {indices.min()} to "
            f"{indices.max()}"
        )
    indices = indices.astype(np.intp)
    rows = weights[indices]
    if padding_index is None:
        return rows
    try:
        padding = integer(padding_index)
    except TypeError:
        raise TypeError(
            f"embedding: padding_index is an integer, not {padding_index!r:.40}"
        ) from None
    if not -n <= padding < n:
        raise ValueError(f"embedding: padding_index {padding} is no row of {weights.shape} weights")
    return np.where((indices == padding % n)[..., None], stop_gradient(rows), rows)


@explained
def attention(
    query: Any,
    key: Any,
    value: Any,
    mask: Any = None,
    *,
    causal: bool = False,
    scale: float | None = None,
    dropout: float = 0.0,
    rng: np.random.Generator | None = None,
) -> Any:
    """softmax(q·kᵀ·scale)·v (Vaswani et al. 2017).

    A query that sees no key gives 0, and has gradient 0.

    Parameters
    ----------
    query, key, value : (…, l, d), (…, s, d) and (…, s, e) arrays
        The axes before are the same, or 1.
    mask : array_like, optional
        Broadcast to the logits, (…, l, s): boolean, True where a key takes part (as in PyTorch's
        and JAX's dot-product attention; PyTorch's MultiheadAttention has it the other way round),
        or floating: then it is added to the logits, and −inf leaves a key out. Axes are broadcast
        from the last: of (n, s), True where a key is no padding, give ``mask[:, None]``.
    causal : bool, default False
        Query i sees keys 0 to i only; a mask beside it takes away more.
    scale : number, optional
        1 / √d by default.
    dropout : number, default 0
        The `rate` of `dropout` of the softmax.
    rng : numpy.random.Generator, optional
        The generator for it.

    Returns
    -------
    (…, l, e) array

    Raises
    ------
    ValueError
        Where the shapes do not fit or a mask has +inf or nan.
    TypeError
        For a mask of integers.

    Examples
    --------
    >>> q, v = np.zeros((2, 1)), np.array([[1.0], [3.0]])
    >>> attention(q, q, v).ravel(), attention(q, q, v, causal=True).ravel()
    (array([2., 2.]), array([1., 2.]))
    >>> attention(q, q, v, np.array([[False, True], [False, False]])).ravel()
    array([3., 0.])
    """
    query, key, value = (real_numbers(x, "attention") for x in (query, key, value))
    shapes = query.shape, key.shape, value.shape
    fits = min(map(len, shapes)) >= 2 and query.shape[-1] == key.shape[-1] > 0
    if not fits or key.shape[-2] != value.shape[-2] or 0 in (key.shape[-2], value.shape[-1]):
        told = (
            "attention: query must be (…, l, d), key (…, s, d) and value (…, s, e), not "
            f"{shapes[0]}, {shapes[1]} and {shapes[2]}"
        )
        raise with_lines(ValueError(told), query=query, key=key, value=value)
    try:
        lead = np.broadcast_shapes(*[shape[:-2] for shape in shapes])
    except ValueError:
        told = "attention: the axes of {}, {} and {} before the last two do not fit together"
        raise with_lines(
            ValueError(told.format(*shapes)), query=query, key=key, value=value
        ) from None
    scale = query.shape[-1] ** -0.5 if scale is None else checked_number("attention: scale", scale)
    shape = (*lead, query.shape[-2], key.shape[-2])
    # Of float16, logits and softmax are float32: products exceed it soon.
    narrow = np.result_type(query.dtype, key.dtype)
    wide = np.promote_types(narrow, np.float32)
    # (…, l, d) @ (…, d, s)
    logits = (cast(query, wide) * scale) @ np.swapaxes(cast(key, wide), -1, -2)
    seen = np.tri(shape[-2], shape[-1], dtype=np.bool_) if causal else None
    if mask is not None:
        mask = _checked_mask("attention", mask, shape)
        if mask.dtype.kind == "f":
            takes_part = mask != -np.inf
            ends = np.finfo(np.promote_types(mask.dtype, wide)), np.finfo(wide)
            finite = np.where(takes_part, mask, 0)
            if ends[0].max > ends[1].max:  # or what is finite would become −inf
                finite = np.clip(finite, ends[1].min, ends[1].max)
            logits, mask = logits + cast(finite, wide), takes_part
        seen = mask if seen is None else mask & seen
    if seen is None:
        shares = softmax(logits)
    else:
        # Where nothing is seen, all logits are 0: the softmax of −inf alone is nan.
        sees_some = np.any(seen, -1, keepdims=True)
        shares = softmax(np.where(seen, logits, np.where(sees_some, -np.inf, 0).astype(wide)))
    shares = cast(shares, narrow)
    if dropout:
        shares = layers.dropout(shares, dropout, rng)  # type: ignore[arg-type]
    found = shares @ value
    if mask is None:
        return found  # with `causal` alone, each query sees the first key
    return np.where(sees_some, found, 0)


def _checked_mask(function: str, mask: Any, shape: tuple[int, ...]) -> Any:
    mask = numbers(mask, f"{function}: mask")
    if mask.dtype.kind not in "bf":
        raise TypeError(
            f"{function}: mask is boolean (True: takes part) or floating (added to the logits), "
            f"not of dtype {mask.dtype}; convert it with .astype(bool)"
        )
    if _misfit(mask.shape, shape):
        told = (
            f"{function}: mask must fit the logits, {shape}: (…, queries, keys), each axis as "
            f"there or 1, not {mask.shape}"
        )
        raise with_lines(ValueError(told), mask=mask)
    if mask.dtype.kind == "f" and not np.all(looked_at(mask) < np.inf):
        raise ValueError(
            f"{function}: mask has nan or +inf where it is added to logits; −inf leaves a key out"
        )
    return mask


def _misfit(shape: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Whether an array of `shape` cannot be broadcast to exactly the shape `whole`."""
    last = whole[len(whole) - len(shape) :]
    return len(shape) > len(whole) or any(n not in (1, m) for n, m in zip(shape, last, strict=True))


@explained
def multi_head_attention(
    x: Any,
    context: Any = None,
    *,
    heads: int,
    query: Any,
    key: Any,
    value: Any,
    out: Any,
    mask: Any = None,
    causal: bool = False,
    lengths: Any = None,
    dropout: float = 0.0,
    rng: np.random.Generator | None = None,
) -> Any:
    """`attention` in several heads, between dense layers (Vaswani et al. 2017, §3.2.2).

    Parameters
    ----------
    x : (n, l, in) array_like
        What queries come from.
    context : (n, s, in') array_like, optional
        What keys and values come from; `x` by default.
    heads : int
    query, key, value, out : dicts
        Arguments of `dense`, ``{"weights": (in, heads·d), "bias": (heads·d,)}``, the bias left out
        or not; each head has d of the columns.
    mask : array_like, optional
        As in `attention`: (l, s) for all, or four axes, (n, heads, l, s), each as long or 1: an
        (n, l, s) for all heads is ``mask[:, None]``, an (n, s) ``mask[:, None, None]``.
    causal : bool, default False
    lengths : (n,) integers from 1 to s, optional
        Beyond so many, the keys of a row are padding, which no query sees.
    dropout : number, default 0
    rng : numpy.random.Generator, optional
        Both as in `attention`.

    Returns
    -------
    (n, l, out) array

    Raises
    ------
    ValueError
        Where the shapes do not fit.

    Examples
    --------
    >>> one = {"weights": np.eye(4)}
    >>> x = np.ones((1, 3, 4))
    >>> multi_head_attention(x, heads=2, query=one, key=one, value=one, out=one).shape
    (1, 3, 4)
    """
    name = "multi_head_attention"
    x = real_numbers(x, name)
    context = x if context is None else real_numbers(context, name)
    if x.ndim != 3 or context.ndim != 3 or len(x) != len(context):
        told = f"{name}: x must be (n, time, in), and context too, not {x.shape}, {context.shape}"
        raise with_lines(ValueError(told), x=x, context=context)
    try:
        heads = integer(heads)
    except TypeError:
        raise TypeError(f"{name}: heads is an integer, not {heads!r:.40}") from None
    n, s = context.shape[:2]
    if mask is not None:
        whole, form = (n, heads, x.shape[1], s), np.shape(mask)
        if len(form) not in (2, 4) or _misfit(form, whole):
            told = (
                f"{name}: mask must be (l, s) or (n, heads, l, s), {whole}, each axis as there or "
                f"1, not {form}; of (n, l, s) give mask[:, None], of (n, s) mask[:, None, None]"
            )
            raise with_lines(ValueError(told), mask=mask)
        mask = _checked_mask(name, mask, whole)
    if lengths is not None:
        lengths = checked_lengths(name, lengths, n, s)
        inside = np.arange(s) < lengths[:, None, None, None]
        if mask is None:
            mask = inside
        else:
            mask = mask & inside if mask.dtype.kind == "b" else np.where(inside, mask, -np.inf)
    projected = []
    parts = (("query", query, x), ("key", key, context), ("value", value, context))
    for word, params, given in parts:
        y = _dense(word, params, given)
        if heads < 1 or y.shape[-1] % heads:
            raise ValueError(f"{name}: {y.shape[-1]} columns of {word} are no {heads} heads")
        # (n, time, heads·d) → (n, heads, time, d)
        y = y.reshape(*y.shape[:2], heads, y.shape[-1] // heads)
        projected.append(np.swapaxes(y, 1, 2))
    q, k, v = projected
    found = attention(q, k, v, mask, causal=causal, dropout=dropout, rng=rng)
    found = np.swapaxes(found, 1, 2)
    return _dense("out", out, found.reshape(*found.shape[:2], heads * found.shape[-1]))


def _dense(word: str, params: Any, x: Any) -> Any:
    name = f"multi_head_attention: {word}"
    if not isinstance(params, dict) or not {"weights"} <= params.keys() <= {"weights", "bias"}:
        raise TypeError(f"{name} is a dict of 'weights' and perhaps 'bias', not {params!r:.60}")
    n, time, features = x.shape
    weights = numbers(params["weights"], name)
    if weights.ndim != 2 or len(weights) != features:
        told = f"{name}'s weights must be ({features}, out) for {features} features, not "
        raise with_lines(ValueError(told + f"{weights.shape}"), weights=weights)
    y = dense(x.reshape(n * time, features), **params)  # one product
    return y.reshape(n, time, y.shape[-1])


@explained
def sinusoidal_positions(length: int, d: int, dtype: Any = np.float32) -> Any:
    """sin and cos of positions 0 … length − 1 at d / 2 wavelengths, to be added.

    Channel 2i is sin(p / 10000^(2i / d)), channel 2i + 1 the cosine (Vaswani et al. 2017, §3.5).

    Parameters
    ----------
    length, d : int
    dtype : dtype, float32 by default
        A float64 model needs ``dtype=float`` for its digits.

    Returns
    -------
    (length, d) array
        Read-only, and so a constant in `tg.jit`.

    Examples
    --------
    >>> sinusoidal_positions(2, 4).round(2)
    array([[0.  , 1.  , 0.  , 1.  ],
           [0.84, 0.54, 0.01, 1.  ]], dtype=float32)
    """
    for shape in ((length,), (d,), (length, d)):
        checked_shape("sinusoidal_positions", shape)
    if d % 2 or np.dtype(dtype).kind != "f":
        raise ValueError(
            f"sinusoidal_positions: d must be even and dtype floating, not {d} and {dtype!r:.40}"
        )
    angles = _angles(np.arange(length), d, 10000.0)
    found = np.stack([np.sin(angles), np.cos(angles)], -1).reshape(length, d).astype(dtype)
    found.flags.writeable = False
    return found


def _angles(positions: Any, d: int, base: float) -> Any:
    """(…, time) → (…, time, d / 2), in float64: positions are large and angles periodic."""
    return positions[..., None] * base ** (np.arange(0, d, 2) / -d)


@explained
def rotary(x: Any, positions: Any = None, base: float = 10000.0) -> Any:
    """`x` with pairs of channels turned by angles in proportion to their position.

    Channel i is paired with channel i + d / 2 (as in GPT-NeoX and Llama; RoFormer's own text pairs
    neighbours), and turned by p / base^(2i / d). So the product of a query and a key depends on the
    difference of their positions (Su et al. 2021).

    Parameters
    ----------
    x : (…, time, d) array_like
    positions : (time,) array_like, optional
        Integers or real numbers, or what broadcasts to (…, time); 0, 1, … by default.
    base : number, default 10000

    Returns
    -------
    (…, time, d) array

    Examples
    --------
    >>> rotary(np.array([[1.0, 0.0], [1.0, 0.0]])).round(2)
    array([[1.  , 0.  ],
           [0.54, 0.84]])
    """
    x = real_numbers(x, "rotary")
    if x.ndim < 2 or x.shape[-1] % 2:
        told = f"rotary: x must be (…, time, d) with an even d, not {x.shape}"
        raise with_lines(ValueError(told), x=x)
    base = checked_number("rotary: base", base)
    if not 0 < base < np.inf:
        raise ValueError(f"rotary: base is a number above 0, not {base}")
    time, d = x.shape[-2:]
    positions = np.arange(time) if positions is None else real_numbers(positions, "rotary")
    given, ours = positions.shape, x.shape[:-1]
    if not 1 <= len(given) <= len(ours) or given[-1] != time or _misfit(given, ours):
        raise ValueError(f"rotary: positions must be ({time},) or fit {ours}, not {given}")
    angles = _angles(positions, d, base)
    cos, sin = cast(np.cos(angles), x.dtype), cast(np.sin(angles), x.dtype)
    one, two = x[..., : d // 2], x[..., d // 2 :]
    return np.concatenate([one * cos - two * sin, one * sin + two * cos], -1)

"""Filters of images: correlations, Gaussian and uniform filters, edges, ranks, and Fourier filters.

A correlation extends the image by a frame, as the mode has it, and sums shifted parts of it. Its
transpose spreads the cotangent over the frame, a convolution with the same weights, and folds
the frame back onto the elements it was taken from: time and memory are those of the filter, not of
its matrix. All other linear filters are sequences of correlations, as they are in SciPy. A filter
by rank picks from the windows of all elements, and holds them all at once.

Policy: elements of a window that tie for its maximum or minimum share the cotangent equally; other
ranks go to the elements as a stable sort orders them. Where all gradients vanish, their magnitude
has the derivative 0.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.arrays import Array, along, as_array, cast
from ...core.axes import listed
from ...core.plan import Shaped
from ...core.rules import scatter_add
from ...core.signature import Signature, signature
from ...core.table import Row, general, linear
from ...core.windows import pad
from ...rules.composed import composed
from ..mirror import of

_FRAMES: Any = {
    "reflect": "symmetric",
    "grid-mirror": "symmetric",
    "mirror": "reflect",
    "nearest": "edge",
    "wrap": "wrap",
    "grid-wrap": "wrap",
}
"""A mode → NumPy's name for it. In the others the frame is constant."""

Span = tuple[int, int, int]
"""(axis, how many elements before an element are in its window, how many after it)"""


def without_output(path: str, sig: Signature) -> Callable[..., Any]:
    """SciPy's function, which refuses to write into an array, or to convert its result."""
    function, place = of(path).implementation, sig[0].index("output")
    default = sig[1][place]

    def checked(*args: Any, **kwargs: Any) -> Any:
        output = kwargs.get("output", args[place] if len(args) > place else default)
        if output is not default:
            raise TypeError(
                f"scipy.{path}: the argument 'output': the gradient would be lost; assign the "
                "result, and convert it with .astype"
            )
        # SciPy 1.13 takes an array without axes for a sequence
        numbers = [x[()] if isinstance(x, np.ndarray) and x.ndim == 0 else x for x in args]
        return function(*numbers, **kwargs)

    return checked


def each(value: Any, count: int) -> list[Any]:
    """One value for each axis, of one for all or a sequence.

    >>> each("wrap", 2), each((1, 2), 2)
    (['wrap', 'wrap'], [1, 2])
    """
    is_one = isinstance(value, str) or np.ndim(value) == 0
    if not is_one and len(value) != count:
        raise ValueError(f"{value!r:.40}: one for each of {count} axes, or one for all")
    return [value] * count if is_one else list(value)


def _from_zero(axes: Any, ndim: int) -> list[int]:
    """Axes, all of them of None, counted from the first one; an error of those that are not."""
    axes = range(ndim) if axes is None else listed(axes)
    return list(np.lib.array_utils.normalize_axis_tuple(axes, ndim, "axes"))


def _ascending(axes: Any, ndim: int) -> list[int]:
    axes = _from_zero(axes, ndim)
    if axes != sorted(axes):
        raise ValueError(f"scipy.ndimage: axes={axes} beside a Tensor must ascend; sort them")
    return axes


def _spans(ndim: int, sizes: Sequence[int], origin: Any, axes: Any = None) -> list[Span]:
    axes = _ascending(axes, ndim)
    reach = [(n, n // 2 + o) for n, o in zip(sizes, each(origin, len(axes)), strict=True)]
    return [(axis, lo, n - 1 - lo) for axis, (n, lo) in zip(axes, reach, strict=True)]


def _pairs(ndim: int, spans: list[Span]) -> tuple[tuple[int, int], ...]:
    widths = {axis: (lo, hi) for axis, lo, hi in spans}
    return tuple([widths.get(axis, (0, 0)) for axis in range(ndim)])


def _extended(x: Array, span: Span, mode: str, cval: Any) -> Any:
    """`x` with a frame along one axis."""
    axis, lo, hi = span
    if mode not in _FRAMES:
        return pad(x, _pairs(x.ndim, [span]), cval)
    if not lo + hi or not x.shape[axis]:
        return x
    return x[along(axis, np.pad(np.arange(x.shape[axis]), (lo, hi), _FRAMES[mode]))]


def _folded(g: Array, span: Span, mode: str) -> Any:
    """The transpose of `_extended`: the frame is added to what it was taken from."""
    axis, lo, hi = span
    n = g.shape[axis] - lo - hi
    inner = g[along(axis, slice(lo, lo + n))]
    if mode not in _FRAMES or not lo + hi or not n:
        return inner
    origins = np.pad(np.arange(n), (lo, hi), _FRAMES[mode])
    frame = np.concatenate([np.arange(lo), np.arange(lo + n, lo + n + hi)])
    return inner + scatter_add(g[along(axis, frame)], along(axis, origins[frame]), inner.shape)


def _transposed(
    spread: Callable[..., Any], g: Array, spans: list[Span], mode: str, dtype: Any
) -> Any:
    """What `spread` makes of the cotangent in a frame of zeros, folded back along each axis."""
    g = spread(pad(g, _pairs(g.ndim, spans), 0))
    for span in spans:
        g = _folded(g, span, mode)
    return cast(g, dtype)


def _windows(x: Array, spans: list[Span], which: Any, modes: Sequence[str], cval: Any) -> list[Any]:
    """The parts of the extended `x` at the offsets `which` from the start of each window."""
    shape, ndim = x.shape, x.ndim
    for span, mode in zip(spans, modes, strict=True):
        x = _extended(x, span, mode, cval)
    parts = []
    for offsets in which:
        starts = dict(zip([span[0] for span in spans], offsets, strict=True))
        key = [slice(starts.get(a, 0), starts.get(a, 0) + shape[a]) for a in range(ndim)]
        parts.append(x[tuple(key)])
    return parts


def _by_weights(
    g: Array, image: Array, weights: Shaped, mode: str, cval: Any, origin: Any, over: Any
) -> Any:
    spans = _spans(g.ndim, weights.shape, origin, over)
    which = np.ndindex(*weights.shape)
    parts = _windows(image, spans, which, [mode] * len(spans), cval)
    sums = np.stack([np.sum(part * g) for part in parts])
    return cast(sums.reshape(weights.shape), weights.dtype)


correlate1d, convolve1d = of("ndimage.correlate1d"), of("ndimage.convolve1d")
correlate, convolve = of("ndimage.correlate"), of("ndimage.convolve")
gaussian_filter1d, gaussian_filter = of("ndimage.gaussian_filter1d"), of("ndimage.gaussian_filter")
uniform_filter1d = of("ndimage.uniform_filter1d")


def _over(axes: Any) -> dict[str, Any]:
    """`axes` as a keyword, which SciPy before 1.15 does not have."""
    return {} if axes is None else {"axes": axes}


_MODE: Any = {"output": None, "mode": "reflect", "cval": 0.0}
_ONE = signature("input", "weights", axis=-1, **_MODE, origin=0)
_SIZE = signature("input", "size", axis=-1, **_MODE, origin=0)
_ANY = signature("input", "weights", **_MODE, origin=0, axes=None)


def _by_input(
    g: Array, image: Shaped, weights: Array, mode: str, origin: Any, over: Any, flat: bool
) -> Any:
    """The convolution with the weights in a frame of zeros, folded; `over` is the axis or axes."""
    turn, options = (convolve1d, {"axis": over}) if flat else (convolve, _over(over))
    spans = _spans(g.ndim, weights.shape, origin, over)
    options |= {"mode": "constant", "origin": origin}
    return _transposed(lambda g: turn(g, weights, **options), g, spans, mode, image.dtype)


def _reversed(weights: Array, origin: Any) -> tuple[Array, list[int]]:
    """The weights and origins with which a correlation is the convolution with the given ones."""
    weights = as_array(weights)
    turned = tuple([slice(None, None, -1)] * weights.ndim)
    origins = each(origin, weights.ndim)
    pairs = zip(origins, weights.shape, strict=True)
    return weights[turned], [-o if n % 2 else -o - 1 for o, n in pairs]


def _convolve1d(
    input: Array, weights: Any, axis: Any, output: Any, mode: Any, cval: Any, origin: Any
) -> Any:
    weights, origins = _reversed(weights, origin)
    return correlate1d(input, weights, axis, output, mode, cval, origins[0])


def _convolve(
    input: Array, weights: Any, output: Any, mode: Any, cval: Any, origin: Any, axes: Any
) -> Any:
    _ascending(axes, np.ndim(input))
    weights, origins = _reversed(weights, origin)
    return correlate(input, weights, output, mode, cval, origins, **_over(axes))


def _composed(name: str, definition: Callable[..., Any], sig: Signature) -> Row:
    return composed(of(f"ndimage.{name}"), sig, definition, {"input"})


def _gaussian_filter1d(
    input: Any, sigma: Any, axis: Any, order: Any, output: Any, mode: Any, cval: Any,
    truncate: Any, radius: Any,
) -> Any:  # fmt: skip
    """A correlation, whose weights are what the filter makes of a single one, backwards."""
    reach = int(truncate * float(sigma) + 0.5) if radius is None else radius
    one = np.zeros(2 * reach + 1)
    one[reach] = 1.0
    weights = gaussian_filter1d(one, sigma, -1, order, None, "constant", radius=reach)[::-1]
    return correlate1d(input, weights, axis, output, mode, cval, 0)


def _one_by_one(step: Callable[..., Any], image: Any, output: Any, axes: Any, *options: Any) -> Any:
    """``step(image, axis, *options)`` along each axis, of one option for all or one an axis."""
    axes = _from_zero(axes, image.ndim)
    result = image if output is None else uniform_filter1d(image, 1, 0, output)  # which refuses
    for axis, *own in zip(axes, *[each(option, len(axes)) for option in options], strict=True):
        result = step(result, axis, *own)
    return result if result is not image else image.copy()


def _gaussian_filter(
    input: Any, sigma: Any, order: Any, output: Any, mode: Any, cval: Any, truncate: Any,
    radius: Any, axes: Any,
) -> Any:  # fmt: skip
    def step(x: Any, axis: int, s: float, n: int, m: str, r: Any) -> Any:
        if s <= 1e-15:
            return x
        return gaussian_filter1d(x, s, axis, n, None, m, cval, truncate, radius=r)

    return _one_by_one(step, input, output, axes, sigma, order, mode, radius)


def _uniform_filter(
    input: Any, size: Any, output: Any, mode: Any, cval: Any, origin: Any, axes: Any
) -> Any:
    def step(x: Any, axis: int, n: int, m: str, o: int) -> Any:
        return x if n <= 1 else uniform_filter1d(x, int(n), axis, None, m, cval, o)

    return _one_by_one(step, input, output, axes, size, mode, origin)


def _edges(name: str, across: list[int]) -> Row:
    """A difference along one axis, and a mean with the weights `across` over each other one."""

    def definition(input: Any, axis: Any, output: Any, mode: Any, cval: Any) -> Any:
        modes, (axis,) = each(mode, input.ndim), _from_zero(axis, input.ndim)
        result = correlate1d(input, [-1, 0, 1], axis, output, modes[axis], cval)
        for other in range(input.ndim):
            if other != axis:
                result = correlate1d(result, across, other, None, modes[other], cval)
        return result

    return _composed(name, definition, signature("input", axis=-1, **_MODE))


def _each_axis(
    second: Callable[..., Any], input: Any, axes: Any, mode: Any, square: bool = False
) -> Any:
    """Σ over the axes of ``second(axis, mode)``, or of its square."""
    axes = _from_zero(axes, input.ndim)
    parts = [second(axis, m) for axis, m in zip(axes, each(mode, len(axes)), strict=True)]
    parts = [part * part for part in parts] if square else parts
    return sum(parts[1:], parts[0]) if parts else None


def _laplace(input: Any, output: Any, mode: Any, cval: Any, axes: Any) -> Any:
    def second(axis: int, mode: str) -> Any:
        return correlate1d(input, [1, -2, 1], axis, output, mode, cval, 0)

    total = _each_axis(second, input, axes, mode)
    return input.copy() if total is None else total


def _derivative(
    n: int, input: Any, sigma: Any, output: Any, cval: Any, truncate: Any, radius: Any
) -> Callable[..., Any]:
    """(axis, mode) → the n-th derivative along that axis of the image under a Gaussian."""

    def derivative(axis: int, mode: str) -> Any:
        order = [n * (axis == i) for i in range(input.ndim)]
        options = {"truncate": truncate, "radius": radius}
        return gaussian_filter(input, sigma, order, output, mode, cval, **options)

    return derivative


def _gaussian_laplace(
    input: Any, sigma: Any, output: Any, mode: Any, cval: Any, axes: Any, truncate: Any,
    radius: Any,
) -> Any:  # fmt: skip
    over = _from_zero(axes, input.ndim)
    sigmas = dict(zip(over, each(sigma, len(over)), strict=True))
    sigma = [sigmas.get(axis, 0) for axis in range(input.ndim)]
    second = _derivative(2, input, sigma, output, cval, truncate, radius)
    total = _each_axis(second, input, axes, mode)
    return input.copy() if total is None else total


def _gaussian_gradient_magnitude(
    input: Any, sigma: Any, output: Any, mode: Any, cval: Any, axes: Any, truncate: Any,
    radius: Any,
) -> Any:  # fmt: skip
    first = _derivative(1, input, sigma, output, cval, truncate, radius)
    total = _each_axis(first, input, axes, mode, square=True)
    if total is None:
        return input.copy()
    is_flat = np.equal(total, 0)
    return np.where(is_flat, 0, np.sqrt(np.where(is_flat, 1, total)))


def _picked(
    x: Any, size: Any, footprint: Any, mode: Any, cval: Any, origin: Any, axes: Any,
    rank_of: Callable[[int], int],
) -> Any:  # fmt: skip
    """Of the elements in each window the one of a rank, of their count."""
    over = _ascending(axes, x.ndim)
    footprint = np.ones(each(size, len(over))) if footprint is None else footprint
    which = np.argwhere(footprint)
    spans = _spans(x.ndim, np.shape(footprint), origin, over)
    parts = np.stack(_windows(x, spans, which, each(mode, len(over)), cval))
    rank = rank_of(len(which)) % len(which)
    if rank in (0, len(which) - 1):
        return (np.max if rank else np.min)(parts, axis=0)
    return np.sort(parts, axis=0)[rank]


def _ranked(name: str, rank_of: Callable[[int], int]) -> Row:
    def definition(
        input: Any, size: Any, footprint: Any, mode: Any, cval: Any, origin: Any, axes: Any
    ) -> Any:
        return _picked(input, size, footprint, mode, cval, origin, axes, rank_of)

    sig = signature("input", size=None, footprint=None, **_MODE, origin=0, axes=None)
    return _with_own_value(name, sig, definition)


def _given_rank(name: str, argument: str, rank_of: Callable[[int, Any], int]) -> Row:
    """A row for the filter whose rank is its `argument`, or follows from that."""

    def definition(
        input: Any, rank: Any, size: Any, footprint: Any, mode: Any, cval: Any, origin: Any,
        axes: Any,
    ) -> Any:  # fmt: skip
        return _picked(input, size, footprint, mode, cval, origin, axes, lambda n: rank_of(n, rank))

    sig = signature("input", "rank", size=None, footprint=None, **_MODE, origin=0, axes=None)
    return _with_own_value(name, sig, definition, aliases={argument: "rank"})


def _percentile(n: int, percentile: float) -> int:
    share = percentile + 100.0 if percentile < 0 else percentile
    return n - 1 if share == 100.0 else int(n * share / 100.0)


def _ranked1d(name: str, rank: int) -> Row:
    def definition(input: Any, size: Any, axis: Any, mode: Any, cval: Any, origin: Any) -> Any:
        return _picked(input, size, None, mode, cval, origin, axis, lambda n: rank)

    return _with_own_value(name, _SIZE, definition)


def _with_own_value(name: str, sig: Signature, definition: Any, **options: Any) -> Row:
    options |= {"own_value": True, "kernel": without_output(f"ndimage.{name}", sig)}
    return composed(of(f"ndimage.{name}"), sig, definition, {"input"}, **options)


def _fourier(name: str, argument: str) -> Row:
    """A filter that multiplies each frequency, and is its own transpose."""
    path = f"ndimage.{name}"
    filter_, sig = of(path), signature("input", "amount", n=-1, axis=-1, output=None)

    def vjp(g: Array, input_like: Shaped, amount: Any, n: Any, axis: Any) -> Any:
        return cast(filter_(g, amount, n, axis), input_like.dtype)

    aliases = {argument: "amount"}
    return linear(filter_, sig, vjp, kernel=without_output(path, sig), aliases=aliases)


def _uniform_filter1d_vjp(
    g: Array, input_like: Shaped, size: Any, axis: Any, mode: Any, origin: Any
) -> Any:
    options = {"mode": "constant", "origin": -origin if size % 2 else -origin - 1}
    spans = _spans(g.ndim, [size], origin, axis)

    def spread(g: Array) -> Any:
        return uniform_filter1d(g, size, axis, **options)

    return _transposed(spread, g, spans, mode, input_like.dtype)


_ONE_RULES = (
    (
        lambda g, input_like, weights, axis, mode, origin: _by_input(
            g, input_like, weights, mode, origin, axis, True
        ),
        lambda t, weights, axis, mode, origin: correlate1d(
            t, weights, axis, mode=mode, origin=origin
        ),
    ),
    (
        lambda g, input, weights_like, axis, mode, cval, origin: _by_weights(  # noqa: A006
            g, input, weights_like, mode, cval, origin, axis
        ),
        lambda t, input, axis, mode, cval, origin: correlate1d(  # noqa: A006
            input, t, axis, None, mode, cval, origin
        ),
    ),
)
_ANY_RULES = (
    (
        lambda g, input_like, weights, mode, origin, axes: _by_input(
            g, input_like, weights, mode, origin, axes, False
        ),
        lambda t, weights, mode, origin, axes: correlate(
            t, weights, mode=mode, origin=origin, **_over(axes)
        ),
    ),
    (
        lambda g, input, weights_like, mode, cval, origin, axes: _by_weights(  # noqa: A006
            g, input, weights_like, mode, cval, origin, axes
        ),
        lambda t, input, mode, cval, origin, axes: correlate(  # noqa: A006
            input, t, None, mode, cval, origin, **_over(axes)
        ),
    ),
)


_DERIVED = signature("input", "sigma", **_MODE, axes=None, truncate=4.0, radius=None)
_GAUSSIAN = {"truncate": 4.0, "radius": None}
_WEIGHTS: Any = {"real": {"weights": ()}}
_BOTH = {"input", "weights"}

ROWS = (
    general(
        correlate1d, _ONE, *_ONE_RULES, kernel=without_output("ndimage.correlate1d", _ONE),
        **_WEIGHTS,
    ),
    general(
        correlate, _ANY, *_ANY_RULES, kernel=without_output("ndimage.correlate", _ANY), **_WEIGHTS
    ),
    composed(convolve1d, _ONE, _convolve1d, _BOTH, **_WEIGHTS),
    composed(convolve, _ANY, _convolve, _BOTH, **_WEIGHTS),
    _composed(
        "gaussian_filter1d", _gaussian_filter1d,
        signature("input", "sigma", axis=-1, order=0, **_MODE, **_GAUSSIAN),
    ),
    _composed(
        "gaussian_filter", _gaussian_filter,
        signature("input", "sigma", order=0, **_MODE, **_GAUSSIAN, axes=None),
    ),
    linear(
        uniform_filter1d, _SIZE, _uniform_filter1d_vjp, affine={"cval"},
        kernel=without_output("ndimage.uniform_filter1d", _SIZE),
    ),
    _composed(
        "uniform_filter", _uniform_filter, signature("input", size=3, **_MODE, origin=0, axes=None)
    ),
    _edges("sobel", [1, 2, 1]),
    _edges("prewitt", [1, 1, 1]),
    _composed("laplace", _laplace, signature("input", **_MODE, axes=None)),
    _composed("gaussian_laplace", _gaussian_laplace, _DERIVED),
    _composed("gaussian_gradient_magnitude", _gaussian_gradient_magnitude, _DERIVED),
    _ranked("maximum_filter", lambda n: -1),
    _ranked("minimum_filter", lambda n: 0),
    _ranked("median_filter", lambda n: n // 2),
    _given_rank("rank_filter", "rank", lambda n, rank: rank),
    _given_rank("percentile_filter", "percentile", _percentile),
    _ranked1d("maximum_filter1d", -1),
    _ranked1d("minimum_filter1d", 0),
    _fourier("fourier_gaussian", "sigma"),
    _fourier("fourier_uniform", "size"),
    _fourier("fourier_ellipsoid", "size"),
    _fourier("fourier_shift", "shift"),
)  # fmt: skip

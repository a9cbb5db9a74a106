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

from ...core.arrays import Array, along, cast
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
    return [value] * count if is_one else list(value)


def _ascending(axes: Any, ndim: int) -> list[int]:
    axes = list(range(ndim)) if axes is None else [axis % ndim for axis in listed(axes)]
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
    g: Array, input: Array, weights: Shaped, spans: list[Span], mode: str, cval: Any
) -> Any:
    which = np.ndindex(*weights.shape)
    parts = _windows(input, spans, which, [mode] * len(spans), cval)
    sums = np.stack([np.sum(part * g) for part in parts])
    return cast(sums.reshape(weights.shape), weights.dtype)


correlate1d, convolve1d = of("ndimage.correlate1d"), of("ndimage.convolve1d")
correlate, convolve = of("ndimage.correlate"), of("ndimage.convolve")
gaussian_filter1d, gaussian_filter = of("ndimage.gaussian_filter1d"), of("ndimage.gaussian_filter")
uniform_filter1d = of("ndimage.uniform_filter1d")


def _over(axes: Any) -> dict[str, Any]:
    """`axes` as a keyword, which SciPy before 1.15 does not have."""
    return {} if axes is None else {"axes": axes}


_ONE = signature(
    "input", "weights", axis=-1, output=None, mode="reflect", cval=0.0, origin=0
)  # fmt: skip
_ANY = signature(
    "input", "weights", output=None, mode="reflect", cval=0.0, origin=0, axes=None
)  # fmt: skip


def _correlate1d_input(
    g: Array, input_like: Shaped, weights: Array, axis: Any, mode: Any, origin: Any
) -> Any:
    spans = _spans(g.ndim, weights.shape, origin, axis)

    def spread(g: Array) -> Any:
        return convolve1d(g, weights, axis, None, "constant", 0.0, origin)

    return _transposed(spread, g, spans, mode, input_like.dtype)


def _correlate_input(
    g: Array, input_like: Shaped, weights: Array, mode: Any, origin: Any, axes: Any
) -> Any:
    spans = _spans(g.ndim, weights.shape, origin, axes)

    def spread(g: Array) -> Any:
        return convolve(g, weights, None, "constant", 0.0, origin, **_over(axes))

    return _transposed(spread, g, spans, mode, input_like.dtype)


def _reversed(weights: Array, origin: Any) -> tuple[Array, list[int]]:
    """The weights and origins with which a correlation is the convolution with the given ones."""
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


def _gaussian_filter(
    input: Any, sigma: Any, order: Any, output: Any, mode: Any, cval: Any, truncate: Any,
    radius: Any, axes: Any,
) -> Any:  # fmt: skip
    axes = range(input.ndim) if axes is None else listed(axes)
    options = [each(value, len(axes)) for value in (sigma, order, mode, radius)]
    result = input if output is None else uniform_filter1d(input, 1, 0, output)  # which refuses
    for axis, s, n, m, r in zip(axes, *options, strict=True):
        if s > 1e-15:
            result = gaussian_filter1d(result, s, axis, n, None, m, cval, truncate, radius=r)
    return result if result is not input else input.copy()


def _uniform_filter(
    input: Any, size: Any, output: Any, mode: Any, cval: Any, origin: Any, axes: Any
) -> Any:
    axes = range(input.ndim) if axes is None else listed(axes)
    options = [each(value, len(axes)) for value in (size, mode, origin)]
    result = input if output is None else uniform_filter1d(input, 1, 0, output)  # which refuses
    for axis, n, m, o in zip(axes, *options, strict=True):
        if n > 1:
            result = uniform_filter1d(result, int(n), axis, None, m, cval, o)
    return result if result is not input else input.copy()


def _edges(path: str, across: list[int]) -> Row:
    """A difference along one axis, and a mean with the weights `across` over each other one."""

    def definition(input: Any, axis: Any, output: Any, mode: Any, cval: Any) -> Any:
        modes, axis = each(mode, input.ndim), axis % input.ndim
        result = correlate1d(input, [-1, 0, 1], axis, output, modes[axis], cval, 0)
        for other in range(input.ndim):
            if other != axis:
                result = correlate1d(result, across, other, None, modes[other], cval, 0)
        return result

    sig = signature("input", axis=-1, output=None, mode="reflect", cval=0.0)
    return composed(of(path), sig, definition, {"input"})


def _each_axis(
    second: Callable[..., Any], input: Any, axes: Any, mode: Any, square: bool = False
) -> Any:
    """Σ over the axes of ``second(axis, mode)``, or of its square."""
    axes = range(input.ndim) if axes is None else [axis % input.ndim for axis in listed(axes)]
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
    over = range(input.ndim) if axes is None else [axis % input.ndim for axis in listed(axes)]
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
    input: Any, size: Any, footprint: Any, mode: Any, cval: Any, origin: Any, axes: Any, rank: Any
) -> Any:
    """Of the elements in each window the one of a rank, which may depend on their count."""
    over = _ascending(axes, input.ndim)
    if footprint is None:
        footprint = np.ones(each(size, len(over)))
    which = np.argwhere(footprint)
    count = len(which)
    spans = _spans(input.ndim, np.shape(footprint), origin, over)
    parts = np.stack(_windows(input, spans, which, each(mode, len(over)), cval))
    rank = (rank(count) if callable(rank) else rank) % count
    if rank in (0, count - 1):
        return (np.max if rank else np.min)(parts, axis=0)
    return np.sort(parts, axis=0)[rank]


def _percentile(percentile: float) -> Callable[[int], int]:
    share = percentile + 100.0 if percentile < 0 else percentile
    return lambda n: n - 1 if share == 100.0 else int(n * share / 100.0)


def _ranked(path: str, definition: Callable[..., Any], *given: str) -> Row:
    sig = signature(
        "input", *given, size=None, footprint=None, output=None, mode="reflect", cval=0.0,
        origin=0, axes=None,
    )  # fmt: skip
    kernel = without_output(path, sig)
    return composed(of(path), sig, definition, {"input"}, own_value=True, kernel=kernel)


def _ranked1d(path: str, rank: int) -> Row:
    def definition(input: Any, size: Any, axis: Any, mode: Any, cval: Any, origin: Any) -> Any:
        return _picked(input, size, None, mode, cval, origin, axis, rank)

    sig = signature("input", "size", axis=-1, output=None, mode="reflect", cval=0.0, origin=0)
    kernel = without_output(path, sig)
    return composed(of(path), sig, definition, {"input"}, own_value=True, kernel=kernel)


def _fourier(path: str, name: str) -> Row:
    """A filter that multiplies each frequency, and is its own transpose."""
    filter_, sig = of(path), signature("input", name, n=-1, axis=-1, output=None)
    vjps: Any = {
        "sigma": lambda g, input_like, sigma, n, axis: cast(
            filter_(g, sigma, n, axis), input_like.dtype
        ),
        "size": lambda g, input_like, size, n, axis: cast(
            filter_(g, size, n, axis), input_like.dtype
        ),
        "shift": lambda g, input_like, shift, n, axis: cast(
            filter_(g, shift, n, axis), input_like.dtype
        ),
    }
    return linear(filter_, sig, vjps[name], kernel=without_output(path, sig))


_UNIFORM = signature("input", "size", axis=-1, output=None, mode="reflect", cval=0.0, origin=0)


def _uniform_filter1d_vjp(
    g: Array, input_like: Shaped, size: Any, axis: Any, mode: Any, origin: Any
) -> Any:
    back = -origin if size % 2 else -origin - 1

    def spread(g: Array) -> Any:
        return uniform_filter1d(g, size, axis, None, "constant", 0.0, back)

    spans = _spans(g.ndim, [size], origin, axis)
    return _transposed(spread, g, spans, mode, input_like.dtype)


ROWS = (
    general(
        correlate1d,
        _ONE,
        (
            lambda g, input_like, weights, axis, mode, origin: _correlate1d_input(
                g, input_like, weights, axis, mode, origin
            ),
            lambda t, weights, axis, mode, origin: correlate1d(
                t, weights, axis, None, mode, 0.0, origin
            ),
        ),
        (
            lambda g, input, weights_like, axis, mode, cval, origin: _by_weights(
                g, input, weights_like, _spans(g.ndim, weights_like.shape, origin, axis), mode, cval
            ),
            lambda t, input, axis, mode, cval, origin: correlate1d(
                input, t, axis, None, mode, cval, origin
            ),
        ),
        kernel=without_output("ndimage.correlate1d", _ONE),
        real={"weights": ()},
    ),
    general(
        correlate,
        _ANY,
        (
            lambda g, input_like, weights, mode, origin, axes: _correlate_input(
                g, input_like, weights, mode, origin, axes
            ),
            lambda t, weights, mode, origin, axes: correlate(
                t, weights, None, mode, 0.0, origin, **_over(axes)
            ),
        ),
        (
            lambda g, input, weights_like, mode, cval, origin, axes: _by_weights(
                g, input, weights_like, _spans(g.ndim, weights_like.shape, origin, axes), mode, cval
            ),
            lambda t, input, mode, cval, origin, axes: correlate(
                input, t, None, mode, cval, origin, **_over(axes)
            ),
        ),
        kernel=without_output("ndimage.correlate", _ANY),
        real={"weights": ()},
    ),
    composed(convolve1d, _ONE, _convolve1d, {"input", "weights"}, real={"weights": ()}),
    composed(convolve, _ANY, _convolve, {"input", "weights"}, real={"weights": ()}),
    composed(
        gaussian_filter1d,
        signature(
            "input", "sigma", axis=-1, order=0, output=None, mode="reflect", cval=0.0,
            truncate=4.0, radius=None,
        ),
        _gaussian_filter1d,
        {"input"},
    ),
    composed(
        gaussian_filter,
        signature(
            "input", "sigma", order=0, output=None, mode="reflect", cval=0.0, truncate=4.0,
            radius=None, axes=None,
        ),
        _gaussian_filter,
        {"input"},
    ),
    linear(
        uniform_filter1d,
        _UNIFORM,
        _uniform_filter1d_vjp,
        affine={"cval"},
        kernel=without_output("ndimage.uniform_filter1d", _UNIFORM),
    ),
    composed(
        of("ndimage.uniform_filter"),
        signature("input", size=3, output=None, mode="reflect", cval=0.0, origin=0, axes=None),
        _uniform_filter,
        {"input"},
    ),
    _edges("ndimage.sobel", [1, 2, 1]),
    _edges("ndimage.prewitt", [1, 1, 1]),
    composed(
        of("ndimage.laplace"),
        signature("input", output=None, mode="reflect", cval=0.0, axes=None),
        _laplace,
        {"input"},
    ),
    composed(
        of("ndimage.gaussian_laplace"),
        signature(
            "input", "sigma", output=None, mode="reflect", cval=0.0, axes=None, truncate=4.0,
            radius=None,
        ),
        _gaussian_laplace,
        {"input"},
    ),
    composed(
        of("ndimage.gaussian_gradient_magnitude"),
        signature(
            "input", "sigma", output=None, mode="reflect", cval=0.0, axes=None, truncate=4.0,
            radius=None,
        ),
        _gaussian_gradient_magnitude,
        {"input"},
    ),
    _ranked(
        "ndimage.maximum_filter",
        lambda input, size, footprint, mode, cval, origin, axes: _picked(
            input, size, footprint, mode, cval, origin, axes, -1
        ),
    ),
    _ranked(
        "ndimage.minimum_filter",
        lambda input, size, footprint, mode, cval, origin, axes: _picked(
            input, size, footprint, mode, cval, origin, axes, 0
        ),
    ),
    _ranked(
        "ndimage.median_filter",
        lambda input, size, footprint, mode, cval, origin, axes: _picked(
            input, size, footprint, mode, cval, origin, axes, lambda n: n // 2
        ),
    ),
    _ranked(
        "ndimage.rank_filter",
        lambda input, rank, size, footprint, mode, cval, origin, axes: _picked(
            input, size, footprint, mode, cval, origin, axes, rank
        ),
        "rank",
    ),
    _ranked(
        "ndimage.percentile_filter",
        lambda input, percentile, size, footprint, mode, cval, origin, axes: _picked(
            input, size, footprint, mode, cval, origin, axes, _percentile(percentile)
        ),
        "percentile",
    ),
    _ranked1d("ndimage.maximum_filter1d", -1),
    _ranked1d("ndimage.minimum_filter1d", 0),
    _fourier("ndimage.fourier_gaussian", "sigma"),
    _fourier("ndimage.fourier_uniform", "size"),
    _fourier("ndimage.fourier_ellipsoid", "size"),
    _fourier("ndimage.fourier_shift", "shift"),
)  # fmt: skip

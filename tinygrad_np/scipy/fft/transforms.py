"""The transforms of `scipy.fft`: Fourier, cosine, sine and Hankel.

Fourier transforms have SciPy's values and the derivatives of `numpy.fft`; `hfftn` and `ihfftn` are
`irfftn` and `rfftn` with conjugates and the other norm. Of the cosine and sine transforms, type 1
and 4 are symmetric and 2 and 3 are transposes of each other, up to factors at the ends: with
`orthogonalize` exactly, and without it, with E = 2 there and 1 elsewhere,

    C₁ᵀ = E⁻¹ C₁ E      C₂ᵀ = C₃ E      C₃ᵀ = E⁻¹ C₂

where the norm is the same (definitions: SciPy's documentation of `dct` and `dst`). `fht` is a
matrix of j + k between equal weights (A. Hamilton, Mon. Not. R. Astron. Soc. 312, 2000, 257–284),
so that it is its own transpose.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.arrays import Array, as_array, cast
from ...core.plan import Shaped
from ...core.signature import Signature, signature
from ...core.table import Row, general, linear
from ...rules.composed import composed
from ...rules.fft import OTHER_NORM, resized
from ..mirror import of

_SETTINGS = {"norm": None, "overwrite_x": False, "workers": None}


def _kernel(function: Any) -> Callable[..., Any]:
    """SciPy's function on a copy, which it may overwrite."""
    real = function.implementation
    return lambda x, *args, **kwargs: real(np.array(x), *args, **kwargs)


def _signature(last: str, **middle: Any) -> Signature:
    """SciPy's parameters, of which the last one has to be given by its name."""
    form = signature("x", **middle, **_SETTINGS, **{last: None})
    return form._replace(keywords=frozenset({len(form.names) - 1}))


def _own(name: str, form: Signature, definition: Callable[..., Any]) -> Row:
    function = of(f"fft.{name}")
    return composed(function, form, definition, {"x"}, own_value=True, kernel=_kernel(function))


def _floating(x: Any) -> Any:
    """What SciPy transforms in place of half precision."""
    x = as_array(x)
    return cast(x, np.dtype(np.float32)) if x.dtype == np.float16 else x


def _one(name: str) -> Row:
    numpys = getattr(np.fft, name)
    form = _signature("plan", n=None, axis=-1)
    return _own(name, form, lambda x, n, axis, norm: numpys(_floating(x), n, axis, norm))


def _listed(sizes: Any) -> Any:
    return None if sizes is None else np.atleast_1d(sizes).tolist()


def _several(name: str, axes: Any = None) -> Row:
    is_hermitian = "h" in name
    numpys = getattr(np.fft, name.replace("ihfft", "rfft").replace("hfft", "irfft")[:-1] + "n")

    def definition(x: Any, s: Any, axes: Any, norm: Any) -> Any:
        x, s, axes = _floating(x), _listed(s), _listed(axes)
        if not is_hermitian:
            return numpys(x, s, axes, norm)
        if name.startswith("i"):
            return np.conjugate(numpys(x, s, axes, OTHER_NORM[norm]))
        return numpys(np.conjugate(x), s, axes, OTHER_NORM[norm])

    return _own(name, _signature("plan", s=None, axes=axes), definition)


_TRANSPOSED = {1: 1, 2: 3, 3: 2, 4: 4}


def _trigonometric(name: str) -> Row:
    function = of(f"fft.{name}")
    ends = {1: (0, -1), 2: (0,), 3: (0,)} if name == "dct" else {2: (-1,), 3: (-1,)}

    def vjp(g: Array, x_like: Shaped, type: Any, axis: Any, norm: Any, orthogonalize: Any) -> Any:
        is_orthogonal = norm == "ortho" if orthogonalize is None else orthogonalize
        weights = np.ones(g.shape[axis], np.int8)
        weights[list(() if is_orthogonal else ends.get(type, ()))] = 2
        weights = weights.reshape(-1, *[1] * (g.ndim - 1 - axis % g.ndim))
        if type != 3:
            g = g * weights
        found = function(g, _TRANSPOSED[type], None, axis, norm, orthogonalize=is_orthogonal)
        return resized(found if type == 2 else found / weights, x_like, axis)

    def jvp(t: Array, type: Any, n: Any, axis: Any, norm: Any, orthogonalize: Any) -> Any:
        return function(t, type, n, axis, norm, orthogonalize=orthogonalize)

    def kernel(
        x: Array, type: Any = 2, n: Any = None, axis: Any = -1, norm: Any = None,
        overwrite_x: Any = False, workers: Any = None, orthogonalize: Any = None,
    ) -> Any:  # fmt: skip
        if x.dtype.kind == "c" and orthogonalize not in (None, norm == "ortho"):
            raise ValueError(
                f"scipy.fft.{name}: SciPy leaves orthogonalize out where x is complex; transform "
                "np.real and np.imag of it"
            )
        real = function.implementation
        return real(x, type, n, axis, norm, False, workers, orthogonalize=orthogonalize)

    form = _signature("orthogonalize", type=2, n=None, axis=-1)
    return general(function, form, (vjp, jvp), kernel=kernel)


def _inverse(name: str) -> Row:
    """The transform of the other type, with the other norm."""
    forwards = of(f"fft.{name[1:]}")

    def definition(x: Any, type: Any, n: Any, axis: Any, norm: Any, orthogonalize: Any) -> Any:
        if orthogonalize is None:
            orthogonalize = norm == "ortho"
        back, other = _TRANSPOSED[type], OTHER_NORM[norm]
        return forwards(as_array(x), back, n, axis, other, orthogonalize=orthogonalize)

    return _own(name, _signature("orthogonalize", type=2, n=None, axis=-1), definition)


def _over_axes(name: str) -> Row:
    one = of(f"fft.{name[:-1]}")

    def definition(x: Any, type: Any, s: Any, axes: Any, norm: Any, orthogonalize: Any) -> Any:
        x, s, axes = as_array(x), _listed(s), _listed(axes)
        if axes is None:
            axes = range(-x.ndim if s is None else -len(s), 0)
        for n, axis in zip([None] * len(axes) if s is None else s, axes, strict=True):
            n = None if n == -1 else n
            x = one(x, type, n, axis, norm, orthogonalize=orthogonalize)
        return x

    return _own(name, _signature("orthogonalize", type=2, s=None, axes=None), definition)


def _hankel(name: str, operand: str) -> Row:
    function = of(f"fft.{name}")
    return linear(
        function,
        signature("a", "dln", "mu", offset=0.0, bias=0.0),
        lambda g, dln, mu, offset, bias: function(g, dln, mu, offset, bias),
        aliases={} if operand == "a" else {operand: "a"},
    )


def _shift(name: str) -> Row:
    numpys = getattr(np.fft, name)
    return composed(
        of(f"fft.{name}"), signature("x", axes=None), lambda x, axes: numpys(x, axes), {"x"}
    )


ROWS = (
    *map(_one, ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")),
    *[_several(name, (-2, -1)) for name in ("fft2", "ifft2", "rfft2", "irfft2", "hfft2", "ihfft2")],
    *map(_several, ("fftn", "ifftn", "rfftn", "irfftn", "hfftn", "ihfftn")),
    *map(_trigonometric, ("dct", "dst")),
    *map(_inverse, ("idct", "idst")),
    *map(_over_axes, ("dctn", "idctn", "dstn", "idstn")),
    _hankel("fht", "a"),
    _hankel("ifht", "A"),
    *map(_shift, ("fftshift", "ifftshift")),
)

"""Complex Tensors: every row with a complex operand; from real through complex to real.

The gradient of a real loss by z = x + iy is ∂/∂x − i ∂/∂y; rules are transposes, not adjoints.
"""

import numpy as np
import pytest
import scipy
import scipy.special

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.atlas.evidence import cases_of, differences, transpose, value, witnesses
from tinygrad_np.atlas.samples import samples_of
from tinygrad_np.core.tensor import apply
from tinygrad_np.rules import families

A = np.array
ROWS = [row for family in families() for row in family.ROWS]  # those of SciPy's are apart
DIFFERENTIABLE = [row for row in ROWS if row.kind != "constant"]
CONSTANT = [row for row in ROWS if row.kind == "constant"]


def each(rows):
    return pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in rows])


# One operand complex, the others real


def refusal(function, *args, **kwargs):
    """The message of the error that a call raises, if it does, or of NumPy's warning."""
    try:
        with np.errstate(all="ignore"):
            function(*args, **kwargs)
    except (TypeError, ValueError, ArithmeticError, Warning) as error:
        return str(error)
    return None


def refusals(row, sample):
    """What the recorded calls of a sample say that are refused, one operand a variable each."""
    found = []
    for case in cases_of(row, sample):
        message = refusal(case.recorded, [Tensor(x) for x in case.values])
        found += [] if message is None else [message]
    return found


def with_complex(sample, chosen, rng):
    """The sample with an imaginary part for its floating array number `chosen`; None if none is.

    -1: for all of them.
    """
    seen = []

    def lifted(x):
        if isinstance(x, (list, tuple)):
            return type(x)([lifted(item) for item in x])
        if isinstance(x, np.ndarray) and x.dtype.kind == "f":
            seen.append(x)
            if chosen in (-1, len(seen) - 1):
                return np.asarray(x + 0.5j * sample.reach * rng.uniform(-1, 1, x.shape))
        return x

    args = lifted(sample.args)
    kwargs = {name: lifted(x) for name, x in sample.kwargs.items()}
    if len(seen) <= chosen:
        return None
    return sample._replace(args=args, kwargs=kwargs, reach=sample.reach / 2)


@each(DIFFERENTIABLE)
def test_each_operand_and_all_of_them_may_be_complex_or_are_refused(row):
    rng = np.random.default_rng(1)
    right = refused = 0
    for sample in [s for s in samples_of(row) if not holds_complex(s)]:
        chosen = -1
        while (mixed := with_complex(sample, chosen, rng)) is not None:
            chosen += 1
            messages = refusals(row, mixed)
            if messages:
                assert all("complex" in message for message in messages), messages
                refused += 1
                continue
            # what NumPy refuses, or does only with a warning, is not right by accident
            for case in cases_of(row, mixed):
                assert refusal(case.plain, case.values) is None
            with np.errstate(all="ignore"):
                findings = list(witnesses(row, mixed))
            wrong = [found for found in findings if not found.is_right]
            # a derivative of higher order may be refused, as that of psi is
            wrong = [found for found in wrong if "takes no complex numbers" not in found.where]
            assert not wrong, "\n".join(map(str, wrong))
            right += len(findings)
    assert right or refused


ALL = value, transpose, differences


def with_integers(sample, dtype):
    """The sample with integers in place of all floating arrays but one, for each of these."""
    count = 0

    def floating(x):
        nonlocal count
        if isinstance(x, (list, tuple)):
            return type(x)([floating(item) for item in x])
        if isinstance(x, np.ndarray) and x.dtype.kind == "f":
            count += 1
            if count == kept + 1:
                return x
            lowest = 0 if dtype == np.uint8 else -9
            return np.asarray(
                np.rint(np.clip(2 * np.clip(np.nan_to_num(x), -9, 9), lowest, 9))
            ).astype(dtype)
        return x

    kept = 0
    while True:
        count = 0
        args = floating(sample.args)
        kwargs = {name: floating(x) for name, x in sample.kwargs.items()}
        if kept >= count or count < 2:
            return
        yield sample._replace(args=args, kwargs=kwargs)
        kept += 1


@each([row for row in DIFFERENTIABLE if not hasattr(row.function, "implementation")])
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool])
def test_a_variable_beside_integers(row, dtype):
    """It has NumPy's value and dtype, and the right derivative, where integers are no kinks."""
    at_edges = row.function in (np.histogram, np.histogram2d, np.histogramdd)
    for sample in samples_of(row):
        for beside in with_integers(sample, dtype):
            for case in cases_of(row, beside):
                if not case.values or refusal(case.plain, case.values) is not None:
                    continue
                with np.errstate(all="ignore"):
                    if not all(np.all(np.isfinite(y)) for y in case.plain(case.values)):
                        continue
                if refusal(case.recorded, [Tensor(x) for x in case.values]) is not None:
                    continue
                for witness in (value, transpose) if at_edges else ALL:
                    rng = np.random.default_rng(8)
                    with np.errstate(all="ignore"):
                        error, allowed = witness(case, beside.reach, rng)
                    assert error <= allowed or not np.isfinite(allowed), (beside, error, allowed)


def holds_complex(sample):
    def found(x):
        if isinstance(x, (list, tuple)):
            return any(map(found, x))
        return np.iscomplexobj(x)

    return found(sample.args) or found(list(sample.kwargs.values()))


@each([row for row in CONSTANT if isinstance(row.function, np.ufunc)])
def test_constant_ufuncs_are_constant_of_complex_numbers_or_refuse_them(row):
    rng = np.random.default_rng(2)
    operands = [rng.uniform(1.1, 1.4, 20) * (1 + 0.7j) for _ in range(row.function.nin)]
    message = refusal(apply, row, tuple(map(Tensor, operands)), {})
    if message is not None:
        assert "complex" in message
        return
    before = row.function(*operands)
    for i, z in enumerate(operands):
        for step in (1e-7, 1e-7j):
            moved = [*operands[:i], z + step, *operands[i + 1 :]]
            assert np.array_equal(row.function(*moved), before)


# The whole plane, and both sides of every cut


ANALYTIC = [
    row.function for row in DIFFERENTIABLE if row.analytic and getattr(row.function, "nin", 0) == 1
]


def parts(x, y):
    """x + iy, with the signs of zeros as they are."""
    z = np.empty(np.broadcast_shapes(np.shape(x), np.shape(y)), complex)
    z.real, z.imag = x, y
    return z


def slope(function, z):
    """The derivative of an analytic function, elementwise."""
    y, pull = tg.vjp(function, z)
    return pull(np.ones(y.shape, complex))[0]


def five_point(function, h):
    """The derivative at 0."""
    near, far = function(h) - function(-h), function(2 * h) - function(-2 * h)
    return (8 * near - far) / (12 * h)


@pytest.mark.parametrize("function", ANALYTIC)
class TestAnalyticFunctions:
    def test_in_all_quadrants(self, function):
        rng = np.random.default_rng(3)
        z = parts(rng.uniform(-3, 3, 300), rng.uniform(-3, 3, 300))
        # away from poles and branch points, and from the axes, on which the cuts lie
        far = [np.abs(z - p) > 0.3 for p in (0, 1, -1, 1j, -1j, np.pi / 2, -np.pi / 2)]
        far += [np.abs(z - 1j * p) > 0.3 for p in (np.pi / 2, -np.pi / 2)]
        z = z[np.all(far, axis=0) & (np.abs(z.real) > 0.01) & (np.abs(z.imag) > 0.01)]
        found = slope(function, z)
        for direction in (1, 1j, np.exp(0.7j)):
            expected = five_point(lambda t, d=direction: function(z + t * d), 1e-3) / direction
            assert np.max(np.abs(found - expected) / np.abs(found)) < 1e-8

    def test_the_sign_of_zero_tells_the_sides_of_a_cut_apart(self, function):
        """The derivative on the axes is the limit from the side on which NumPy puts the value."""
        if function is scipy.special.log1p and scipy.__version__ < "1.14":
            pytest.skip("its values on the cut, of SciPy 1.13, do not tell the sides apart")
        far = A([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
        for zero in (0.0, -0.0):
            side = np.copysign(1e-7, zero)
            for at, beside in ((parts(far, zero), parts(far, side)),
                               (parts(zero, far), parts(side, far))):  # fmt: skip
                assert np.allclose(function(at), function(beside), rtol=1e-5)
                assert np.allclose(slope(function, at), slope(function, beside), rtol=1e-5)

    def test_single_precision_is_kept(self, function):
        z = A([0.5 + 0.3j, -0.4 - 0.6j])
        single = slope(function, z.astype(np.complex64))
        assert single.dtype == np.complex64
        assert np.allclose(single, slope(function, z), rtol=1e-5)


class TestPowersAndTails:
    def test_tanh_far_out(self):
        z = parts([-1000.0, 1000.0, 400.0, -300.0, 1e200], [1.0, -2.0, 0.5, 0.0, 3.0])
        found = slope(np.tanh, z)
        with np.errstate(under="ignore"):
            expected = 4 * np.exp(-2 * np.where(z.real < 0, -z, z))
        assert np.allclose(found, expected, rtol=1e-12, atol=0)
        assert slope(np.tanh, parts(0.0, 0.0)) == 1

    @pytest.mark.parametrize("base", [-1.7, 1.7, -0.3 + 0.9j, 2j])
    @pytest.mark.parametrize("exponent", [0.7 - 1.2j, -1.5 + 0.1j, 2, 3.0, -2, 0.5, 1j])
    def test_powers(self, base, exponent):
        """Arrays and Python's numbers, real and complex, on both sides."""
        if base == -1.7 and exponent == 0.5:
            base = -1.7 + 0.3j  # of real numbers it is nan, and −1.7 + 0j lies on a cut
        weight = 0.3 - 0.8j

        def loss(x, y):
            return np.real(weight * x**y)

        x, y = A(base), A(exponent, complex if np.iscomplex(exponent) else float)
        if base != -1.7 or np.iscomplex(exponent):  # a real power of a negative number is nan
            check(loss, x, y)
        check(lambda x: loss(x, exponent), x)
        check(lambda y: loss(complex(base), y), y)

    @pytest.mark.parametrize("function", [np.sqrt, np.log, np.log1p, np.arcsin, np.arccos,
                                          np.arccosh, np.arcsinh, np.arctanh, np.tanh])  # fmt: skip
    @pytest.mark.parametrize("x", [-3.0, 3.0, 0.4])
    def test_a_real_operand_with_a_complex_result(self, function, x):
        x = A([x])
        weight = 0.3 - 0.8j
        found = tg.grad(lambda x: np.sum(np.real(weight * function(x, dtype=complex))))(x)
        assert found.dtype == float
        assert np.allclose(found, np.real(weight * slope(function, x + 0j)), rtol=1e-14)

    def test_the_policy_at_zero(self):
        z = A([0j, 0j, 1j])
        assert slope(lambda z: z**0, z).tolist() == [0, 0, 0]
        assert slope(lambda z: z**1, z).tolist() == [1, 1, 1]
        assert slope(lambda z: z**2, z).tolist() == [0, 0, 2j]
        assert slope(lambda y: 0j**y, A([2 + 1j])).tolist() == [0]

    def test_the_absolute_value_at_zero(self):
        """By policy 0, as for real numbers, and the square is smooth there."""
        z = A([0j, 3 + 4j])
        by_size, by_square = [tg.grad(lambda z, p=p: np.sum(np.abs(z) ** p))(z) for p in (1, 2)]
        assert by_size[0] == by_square[0] == 0
        assert np.allclose([by_size[1], by_square[1]], [0.6 - 0.8j, 6 - 8j], rtol=1e-15)
        twice = tg.hvp(lambda z: np.sum(np.abs(z) ** 2), [z], [A([1 + 1j, 1j])])[0]
        assert np.all(np.isfinite(twice))
        assert np.allclose(tg.jvp(np.abs, [z], [A([1j, 1j])])[1], [0, 0.8], rtol=1e-15)

    def test_order_is_that_of_the_real_parts_first(self):
        """NumPy compares complex numbers by their real parts, then by their imaginary ones."""
        x, y = A([1 + 2j, 1 - 2j, 3j, 1j]), A([1 + 1j, 1 + 0j, 1 + 0j, 1j])
        pull = tg.vjp(np.maximum, x, y)[1]
        by_x, by_y = pull(np.full(4, 1j))
        assert by_x.tolist() == [1j, 0, 0, 0.5j]
        assert by_y.tolist() == [0, 1j, 1j, 0.5j]
        z = A([2 + 1j, 2 + 3j, 1 + 9j, 2 + 3j])
        assert tg.vjp(np.max, z)[1](A(1j))[0].tolist() == [0, 0.5j, 0, 0.5j]
        clipped = tg.vjp(lambda z: np.clip(z, 0, 1 + 1j), A([-1 + 5j, 0.5 + 9j, 1 + 2j, 1 + 1j]))
        assert clipped[1](np.ones(4, complex))[0].tolist() == [0, 1, 0, 1]


# From real through complex to real


def gradient_by_differences(function, args):
    """∂/∂x − i ∂/∂y for each argument, element by element."""
    gradients = []
    for i, x in enumerate(args):
        found = np.zeros(x.shape, x.dtype)
        for index in np.ndindex(x.shape):

            def along(step, i=i, x=x, index=index):
                moved = x.copy()
                moved[index] += step
                return function(*args[:i], moved, *args[i + 1 :])

            found[index] = five_point(along, 1e-3)
            if x.dtype.kind == "c":
                found[index] -= 1j * five_point(lambda t: along(1j * t), 1e-3)
        gradients.append(found)
    return gradients


def drawn_like(x, rng):
    direction = rng.standard_normal(x.shape)
    return direction + 1j * rng.standard_normal(x.shape) if x.dtype.kind == "c" else direction


def check(function, *args):
    """Reverse, forward and second order against differences; the gradient in single precision."""
    rng = np.random.default_rng(4)
    argnums = tuple(range(len(args)))
    value, found = tg.value_and_grad(function, argnums)(*args)
    assert value.dtype == float
    expected = gradient_by_differences(function, args)
    for g, exact, x in zip(found, expected, args, strict=True):
        assert g.dtype == x.dtype
        assert np.max(np.abs(g - exact)) <= 1e-9 * max(1, np.max(np.abs(exact)))

    ts = [drawn_like(x, rng) for x in args]
    along = tg.jvp(function, args, ts)[1]
    by_gradient = sum(np.sum(g * t).real for g, t in zip(found, ts, strict=True))
    assert np.isclose(along, by_gradient, rtol=1e-11, atol=1e-11)

    def gradients(step):
        moved = [x + step * t for x, t in zip(args, ts, strict=True)]
        return np.concatenate([np.ravel(g) for g in tg.grad(function, argnums)(*moved)])

    second = np.concatenate([np.ravel(g) for g in tg.hvp(function, args, ts)])
    by_differences = five_point(gradients, 1e-3)
    scale = max(1, np.max(np.abs(by_differences)))
    assert np.max(np.abs(second - by_differences)) <= 1e-8 * scale

    single = [x.astype({"f": np.float32, "c": np.complex64}[x.dtype.kind]) for x in args]
    for g, exact, x in zip(tg.grad(function, argnums)(*single), found, single, strict=True):
        assert g.dtype == x.dtype
        assert np.max(np.abs(g - exact)) <= 1e-3 * max(1, np.max(np.abs(exact)))


RNG = np.random.default_rng(5)
REAL, REALS = RNG.uniform(0.5, 2.0, 6), RNG.uniform(0.5, 2.0, (3, 4))
STATE, OTHER = RNG.standard_normal((2, 4)) + 1j * RNG.standard_normal((2, 4))
MATRIX = RNG.standard_normal((4, 4)) + 1j * RNG.standard_normal((4, 4))
HERMITIAN = MATRIX + MATRIX.conj().T
IMAGE = RNG.standard_normal((3, 4)) + 1j * RNG.standard_normal((3, 4))
MASK = RNG.random((3, 4)) < 0.6


def angle(z):
    return np.arctan2(z.imag, z.real)


def lowpass(x):
    return np.fft.ifft(np.fft.fft(x) * np.exp(-0.1 * np.arange(6, dtype=x.dtype)))


def norm2(z):
    return np.sum(z.real * z.real + z.imag * z.imag)


COMPOSITIONS = {
    "power spectrum": (lambda x: np.sum(np.abs(np.fft.fft(x)) ** 2 * np.abs(np.fft.fft(x))), REAL),
    "spectrum of complex numbers": (lambda z: np.sum(np.abs(np.fft.fft(z)) ** 3), STATE),
    "log spectrum": (lambda x: np.sum(np.log(np.abs(np.fft.rfft(x * x)) ** 2 + 3)), REAL),
    "spectral filter": (lambda x: np.sum(np.real(lowpass(x)) ** 3), REAL),
    "filter and spectrum": (
        lambda x, h: np.sum(np.fft.irfft(np.fft.rfft(x) * h, 6) ** 4),
        REAL, STATE,
    ),
    "phase retrieval": (
        lambda z: np.sum((np.abs(np.fft.fft2(np.where(MASK, z, 0))) - 1) ** 2), IMAGE,
    ),
    "analytic signal": (
        lambda x: np.sum(np.abs(np.fft.ifft(np.fft.fft(x) * (np.arange(6) < 3))) ** 3), REAL,
    ),
    "expectation": (
        lambda s: np.real(np.conj(s) @ HERMITIAN.astype(s.dtype) @ s) / np.sum(np.abs(s) ** 2),
        STATE,
    ),
    "expectation by matrix": (
        lambda m: np.real(STATE.conj().astype(m.dtype) @ (m @ m) @ STATE.astype(m.dtype)), MATRIX,
    ),
    "fidelity": (lambda a, b: np.abs(np.conj(a) @ b) ** 2 / norm2(a) / norm2(b), STATE, OTHER),
    "phases": (lambda p: np.abs(np.sum(np.exp(1j * p) * np.sqrt(p))), REAL),
    "phases and amplitudes": (
        lambda p, a: np.sum(np.real(a * np.exp(1j * p[:4])) ** 2), REAL, STATE,
    ),
    "rotation gate": (
        lambda p: np.abs(np.cos(p[0]) * np.exp(1j * p[1]) + 1j * np.sin(p[0]) * p[2]) ** 2, REAL,
    ),
    "angles of a product": (lambda m: np.sum(np.cos(angle(m @ m))), MATRIX),
    "angle by the logarithm": (lambda z: np.sum(np.log(z).imag ** 2), STATE),
    "roots and logarithms": (lambda z: np.real(np.sum(np.sqrt(z) * np.log(z))), STATE),
    "powers": (lambda z, x: np.sum(np.abs(z ** x[:4]) + np.imag(x[:4] ** z)), STATE, REAL),
    "complex exponents": (lambda z, w: np.sum(np.real(z ** (0.3 * w))), STATE, OTHER),
    "quotients": (lambda z, w: np.sum(np.abs(z / w + w / 2 - 1j / z)), STATE, OTHER),
    "real beside complex": (
        lambda x, z: np.sum(np.abs(x[:4] * z - z / x[2:] + x[1:5])), REAL, STATE,
    ),
    "dot": (lambda a, m: np.abs(np.dot(a, m).sum()) + np.real(np.dot(a, a)), STATE, MATRIX),
    "real matrix": (lambda x, z: np.sum(np.abs(x @ z) ** 2), REALS, STATE),
    "tensordot": (lambda x, m: np.abs(np.sum(np.tensordot(x, m, 1) ** 2)), REALS, MATRIX),
    "mean and variance": (lambda z: np.mean(np.abs(z - np.mean(z)) ** 2), STATE),
    "sum over axes": (lambda z: np.sum(np.abs(z.sum(0) * z.mean(1).sum()) ** 2), IMAGE),
    "where": (
        lambda z, x: np.sum(np.abs(np.where(MASK, z, x) * np.where(MASK, x, 1j * z)) ** 2),
        IMAGE, REALS,
    ),
    "indexing": (lambda z: np.sum(np.abs(z[[0, 2, 2, 3]] * z[::-1]) ** 2), STATE),
    "scatter": (
        lambda z: np.sum(np.abs(tg.scatter_add(z * z, [0, 1, 1, 2], (3,)) + 1j) ** 2), STATE,
    ),
    "updates": (
        lambda z, x: np.sum(np.abs(tg.at(tg.at(z)[1:3].set(x[:2]))[0].multiply(1j * x[3])) ** 2),
        STATE, REAL,
    ),
    "joined": (
        lambda x, z: np.sum(np.abs(np.concatenate([x, z]) * 1j + np.stack([x[:2], z[:2]]).sum())
                            ** 2), REAL, STATE,
    ),
    "transposed": (lambda z: np.sum(np.imag(z.T @ z) ** 2), IMAGE),
    "hyperbolic": (
        lambda z: np.sum(np.abs(np.tanh(z) - np.sinh(z) / np.cosh(0.5 * z)) ** 2), 0.4 * STATE,
    ),
    "inverse functions": (
        lambda z: np.sum(np.real(np.arcsin(z) * np.arctan(z) + np.arccosh(z + 2))), 0.3 * STATE,
    ),
    "iteration": (lambda c: np.sum(np.abs(((c * c + c) ** 2 + c) ** 2 + c) ** 2), 0.4 * STATE),
    "shifted spectrum": (
        lambda z: np.sum(np.abs(np.fft.ifftshift(np.fft.fftshift(np.fft.fft2(z)) * z)) ** 2), IMAGE,
    ),
    "hermitian spectrum": (lambda z: np.sum(np.fft.hfft(z) ** 3), STATE),
    "the other way round": (lambda x: np.sum(np.abs(np.fft.ihfft(x) + 1j) ** 3), REAL),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_from_real_through_complex_to_real(name):
    function, *args = COMPOSITIONS[name]
    check(function, *args)


class TestTheConvention:
    def test_transposes_without_conjugates(self):
        """An analytic function multiplies the cotangent by its derivative, not by the conjugate."""
        z, w, g = A([1 + 2j, -0.5j]), A([3 - 1j, 2j]), A([1j, 2 - 1j])
        assert np.array_equal(tg.vjp(lambda z: w * z, z)[1](g)[0], g * w)
        assert np.array_equal(tg.vjp(lambda z: w @ z, z)[1](A(1j))[0], 1j * w)
        assert np.allclose(tg.vjp(np.exp, z)[1](g)[0], g * np.exp(z), rtol=1e-15)
        assert np.array_equal(tg.vjp(np.conj, z)[1](g)[0], g.conj())
        assert np.array_equal(tg.vjp(np.real, z)[1](np.ones(2))[0], [1, 1])
        assert np.array_equal(tg.vjp(np.imag, z)[1](np.ones(2))[0], [-1j, -1j])

    def test_a_real_operand_gets_the_real_part(self):
        x, z, g = A([2.0, -1.0]), A([3 - 1j, 2j]), A([1j, 2 - 1j])
        by_x, by_z = tg.vjp(np.multiply, x, z)[1](g)
        assert by_x.dtype == float
        assert np.array_equal(by_x, (g * z).real)
        assert np.array_equal(by_z, g * x)
        for result in (lambda x: 1j * x, lambda x: x - 1j, lambda x: x.astype(complex)):
            y, pull = tg.vjp(result, x)
            assert y.dtype == complex
            assert pull(g)[0].dtype == float

    def test_properties_and_methods_are_those_of_arrays(self):
        z = A([[1 + 2j, -0.5j], [2.0, 1 - 1j]])
        t = Tensor(z)
        for found, expected in (
            (t.real, z.real), (t.imag, z.imag), (t.conj(), z.conj()), (t.conjugate(), z.conj()),
            (abs(t), abs(z)), (t.T, z.T), (t.mT, z.mT), (Tensor(z.real).imag, z.real.imag),
        ):  # fmt: skip
            assert np.array_equal(found.data, expected)
            assert found.dtype == expected.dtype
        assert t[0, 0].item() == 1 + 2j

    def test_one_number_that_is_complex_has_no_gradient_of_its_own(self):
        z = Tensor([1 + 2j, 3j])
        with pytest.raises(TypeError, match=r"backward: the result is a complex number.*np\.real"):
            np.sum(z * z).backward()
        np.real(np.sum(z * z)).backward()
        assert np.array_equal(z.grad, 2 * z.data)
        z.grad = None
        np.sum(z * z).backward(1j)
        assert np.array_equal(z.grad, 2j * z.data)


class TestDescent:
    """The step goes along the conjugate of the gradient; along the gradient itself it fails."""

    matrix = 3 * np.eye(4) + 0.3 * MATRIX

    def loss(self, params):
        missed = self.matrix @ params["z"] - STATE
        return np.sum(np.abs(missed) ** 2) + np.sum((params["x"] - 1) ** 2)

    @pytest.mark.parametrize("momentum", [0.0, 0.8])
    def test_sgd_solves_a_complex_system(self, momentum):
        params, state = {"z": np.zeros(4, complex), "x": np.zeros(2)}, None
        for _ in range(300):
            grads = tg.grad(self.loss)(params)
            params, state = tg.optim.sgd(params, grads, state, rate=0.04, momentum=momentum)
        assert params["x"].dtype == float
        solution = np.linalg.solve(self.matrix, STATE)
        assert np.allclose(params["z"], solution, atol=1e-9)
        assert np.allclose(params["x"], 1, atol=1e-9)

    def test_one_step_is_the_formula(self):
        z, g = A([1 + 2j, -1j]), A([2j, 1 - 1j])
        assert np.array_equal(tg.optim.sgd(z, g, rate=0.5).params, z - 0.5 * g.conj())
        assert tg.optim.sgd(1 + 2j, 4j, rate=0.5).params == 1 + 4j
        single = tg.optim.sgd(z.astype(np.complex64), g.astype(np.complex64), rate=0.5).params
        assert single.dtype == np.complex64

    def test_down_the_gradient_the_loss_grows(self):
        params = {"z": STATE, "x": np.ones(2)}
        g = tg.grad(self.loss)(params)["z"]
        at = lambda z: self.loss({"z": z, "x": params["x"]})  # noqa: E731
        step = 1e-6
        slope = (at(STATE - step * g.conj()) - at(STATE)) / step
        assert np.isclose(slope, -np.sum(np.abs(g) ** 2), rtol=1e-3)
        assert not np.isclose((at(STATE - step * g) - at(STATE)) / step, slope, rtol=0.1)


class TestLayers:
    @pytest.mark.parametrize("conv", [tg.conv2d, tg.conv_transpose2d])
    def test_convolutions_are_bilinear(self, conv):
        """(a + ib)(c + id) = (ac − bd) + i(ad + bc), of integers bit for bit."""
        rng = np.random.default_rng(6)
        a, b = rng.integers(-4, 5, (2, 2, 7, 6, 3)).astype(float)
        c, d = rng.integers(-4, 5, (2, 3, 3, 3, 3)).astype(float)
        y, pull = tg.vjp(conv, a + 1j * b, c + 1j * d)
        assert np.array_equal(y, (conv(a, c) - conv(b, d)) + 1j * (conv(a, d) + conv(b, c)))
        g, h = rng.integers(-4, 5, (2, *y.shape)).astype(float)
        by_images, by_filters = pull(g + 1j * h)

        def parts_of(u, x, w):
            return tg.vjp(conv, x, w)[1](u)

        (gc, ga), (hd, hb) = parts_of(g, a, c), parts_of(h, b, d)
        (gd, gb), (hc, ha) = parts_of(g, b, d), parts_of(h, a, c)
        assert np.array_equal(by_images, (gc - hd) + 1j * (gd + hc))
        assert np.array_equal(by_filters, (ga - hb) + 1j * (gb + ha))

    def test_average_pool_is_linear(self):
        rng = np.random.default_rng(7)
        x, y = rng.standard_normal((2, 2, 5, 4, 3))
        found = tg.average_pool(x + 1j * y, 2, padding=1)
        assert np.array_equal(found, tg.average_pool(x, 2, padding=1) + 1j * tg.average_pool(
            y, 2, padding=1))  # fmt: skip

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda z: tg.max_pool(z[None, :, None], 2), "max_pool: .* complex128; take np.abs"),
            (tg.relu, "relu: takes real numbers"),
            (tg.sigmoid, "sigmoid: takes real numbers"),
            (tg.softmax, "softmax: takes real numbers"),
            (tg.logsumexp, "logsumexp: takes real numbers"),
            (lambda z: tg.cross_entropy(z, A(1)), "cross_entropy: logits are real"),
            (lambda z: tg.cross_entropy(np.ones(3), np.full(3, 1 / 3 + 0j)), "labels are real"),
            (lambda z: tg.log_loss_with_logits(z, np.ones(3)), "takes real numbers"),
            (lambda z: tg.log_loss_with_logits(np.ones(3), np.ones(3) / 2 + 0j), "labels are real"),
            (lambda z: tg.log_loss(np.ones(3) / 2, np.ones(3) / 2 + 0j), "labels are real numbers"),
            (np.sign, r"np\.sign: of a complex number it is x/\|x\|"),
            (np.floor, r"np\.floor: takes real numbers, and complex ones are given; take np\.real"),
            (lambda z: np.arctan2(z, 1.0), r"np\.arctan2: takes real numbers, and complex ones"),
            (lambda z: z % 2, r"np\.remainder: takes real numbers, and complex ones are given"),
            (lambda z: (z.real % 2, z % 2), r"np\.remainder: takes real numbers"),
            (lambda z: z // z, r"np\.floor_divide: takes real numbers, and complex ones"),
            (lambda z: np.quantile(z, 0.5), r"np\.quantile: 'a' takes real numbers, and complex"),
            (lambda z: np.quantile(z.real, z[2] / 4), "'q' takes real numbers"),
            (lambda z: np.histogram(z), r"np\.histogram: 'a' takes real numbers"),
            (lambda z: np.interp(z.real, [1.0, 2.0], [1.0, 2.0], left=z[0]), "'left' is complex"),
            (lambda z: np.full_like(z.real, z[0]), "'fill_value' is complex and 'a' is real, so t"),
            (lambda z: np.full_like(z, z[0], float), "take np.real of 'fill_value'"),
            (lambda z: np.pad(z.real, 1, constant_values=z[0]), "'constant_values' is complex and"),
            (lambda z: np.insert(z.real, 1, z), "'values' is complex and 'arr' is real"),
            (lambda z: np.gradient(z.real, z[0]), "'varargs' is complex and 'f' is real"),
            (lambda z: np.var(z.real, mean=z[:1]), r"np\.var: 'mean' is complex and 'a' is real"),
            (lambda z: np.ediff1d(z.real, z), "'to_end' is complex and 'ary' is real"),
            (lambda z: np.piecewise(z.real, [z.real > 1], [lambda x: 1j * x]), "a piece is comp"),
            (lambda z: np.piecewise(z.real, [z.real > 1], [1j]), "a piece is complex and 'x' is r"),
            (lambda z: np.polyfit(z.real, z, 1, w=z), "'w' takes real numbers"),
            (lambda z: np.cov(z, aweights=z), "'aweights' takes real numbers"),
            (lambda z: np.sum(z, dtype=float), r"np\.sum: complex numbers do not fit into float64"),
            (lambda z: (np.sum(z, None, complex), np.sum(z, None, float)), "take np.real of 'a'"),
            (lambda z: np.mean(z, dtype="f4"), "complex numbers do not fit into float32"),
            (lambda z: np.cumsum(z, dtype=float), r"np\.cumsum: complex numbers do not fit"),
            (lambda z: np.linspace(1.0, z, 3, dtype=float), "complex numbers do not fit"),
            (lambda z: np.stack([z.real, z], dtype=float, casting="unsafe"), "do not fit into flo"),
            (lambda z: np.astype(z, float), r"np\.astype: complex numbers do not fit into float64"),
            (lambda z: z.astype(np.float32), "do not fit into float32; take np.real"),
            (lambda z: tg.at(z.real)[0].set(z[0]), "values of dtype complex128 do not fit"),
            (lambda z: tg.at(z.real)[0].add(z[0]), "values of dtype complex128 do not fit"),
            (lambda z: Tensor(z.data, dtype=float), "complex numbers do not fit into float64"),
        ],
    )  # fmt: skip
    def test_what_takes_no_complex_numbers_says_so(self, call, message):
        z = Tensor([1 + 2j, 3 - 1j, 2.0])
        with pytest.raises(TypeError, match=message):
            call(z)

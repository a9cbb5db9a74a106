"""The plain NumPy programs of `programs.py`, differentiated as they stand, against differences.

The witnesses know nothing of derivatives: the plain function, called at a few points near by.
"""

from typing import Any, NamedTuple

import numpy as np
import programs
import pytest

import tinygrad_np as tg

STEP = 2e-4
"""Of five-point differences, times the size of the argument. Their error is c h⁴ (truncation) and
some ε/h (rounding); at 2e-4 the two are about equal for the steepest and for the flattest of these
programs: nearby poles, and elements that must not change places, forbid a larger one."""

TOLERANCE = 1e-9
"""Of the largest component. ε/h is 1e-12, and what conditions of matrices, powers and sums that
cancel make of it stays below 4e-10 here: `differences` tries two steps and fails where it does not.
"""

TOLERANCE_COMPLEX = 1e-12
"""The complex step has no truncation and nothing cancels: what is left are some hundred roundings
of the program itself, and those of the gradient."""

ROUNDINGS = 1e-11
"""Of two derivatives, both exact but for rounding, in sums of up to a hundred products."""

NAMES = [name.removeprefix("draw_") for name in vars(programs) if name.startswith("draw_")]

ANALYTIC = [
    "attention_loss", "black_scholes_ndtr", "cox_log_likelihood", "griewank", "heat_misfit",
    "discrete_survival_log_likelihood", "gini", "logistic_growth_misfit", "lstm_loss",
    "pinball_loss", "rosenbrock", "rotation_misfit", "sinkhorn_distance", "smoothed_roughness",
    "soft_dtw", "styblinski_tang",
]  # fmt: skip
"""Those that NumPy computes for complex numbers as the analytic functions that they are: without
abs, conj, slogdet and the like."""


class Program(NamedTuple):
    """A program as a function of its arguments of floats, the others fixed, and their values."""

    function: Any
    variables: tuple


def drawn(name: str) -> Program:
    arguments = getattr(programs, f"draw_{name}")(np.random.default_rng(0))
    at = [i for i, a in enumerate(arguments) if np.asarray(a).dtype == np.float64]

    def function(*variables):
        filled = list(arguments)
        for i, value in zip(at, variables, strict=True):
            filled[i] = value
        return getattr(programs, name)(*filled)

    return Program(function, tuple(arguments[i] for i in at))


def gradient(program: Program) -> Any:
    """The function that gives the gradient by all variables."""
    return tg.grad(program.function, tuple(range(len(program.variables))))


# The witnesses


def five_point(f: Any, h: float) -> Any:
    """d f(t)/dt at 0, of fourth order (Abramowitz and Stegun 1964, 25.3.6)."""
    return (f(-2 * h) - 8 * f(-h) + 8 * f(h) - f(2 * h)) / (12 * h)


def by_component(program: Program, derivative: Any) -> list[np.ndarray]:
    """``derivative(f, size)`` of the program along each component of its variables."""
    found = []
    for k, variable in enumerate(program.variables):
        x = np.asarray(variable)
        size = np.max(np.abs(x)) or 1.0

        def along(t, k=k, x=x, place=()):
            moved = x.astype(np.result_type(x, t))
            moved[place] += t
            moved = moved if x.ndim else moved.item()
            return program.function(*program.variables[:k], moved, *program.variables[k + 1 :])

        places = np.ndindex(x.shape)
        values = [derivative(lambda t, p=p: along(t, place=p), size) for p in places]
        found.append(np.reshape(values, x.shape))
    return found


def differences(program: Program) -> list[np.ndarray]:
    """The gradient by differences; fails unless a step twice as large tells the same.

    The truncation error is then a fifteenth of `TOLERANCE`, and the rounding error within it.
    """
    fine = by_component(program, lambda f, size: five_point(f, STEP * size))
    coarse = by_component(program, lambda f, size: five_point(f, 2 * STEP * size))
    assert largest_error(coarse, fine) <= TOLERANCE, "the differences are too noisy"
    return fine


def complex_step(program: Program) -> list[np.ndarray]:
    """The gradient from f(x + ih) (Squire and Trapp 1998)."""
    return by_component(program, lambda f, size: np.imag(f(1e-30j)) / 1e-30)


def largest_error(found: Any, expected: Any) -> float:
    """The largest |Δ| of each variable's derivative, over its largest component."""
    errors = []
    for a, b in zip(found, expected, strict=True):
        assert np.shape(a) == np.shape(b)
        errors.append(np.max(np.abs(a - b)) / np.max(np.abs(b)))
    return float(np.max(errors))


def direction(program: Program, seed: int) -> tuple:
    """A random direction, as long as the components of each variable are large."""
    rng = np.random.default_rng(seed)
    found = []
    for x in program.variables:
        along = np.asarray(rng.normal(size=np.shape(x)))
        found.append(along / np.linalg.norm(along) * (np.max(np.abs(x)) or 1.0))
    return tuple(found)


def inner(a: Any, b: Any) -> tuple[float, float]:
    """Σ a b, and Σ |a b| to measure its rounding by."""
    products = [np.sum(x * y) for x, y in zip(a, b, strict=True)]
    return sum(products), sum(np.sum(np.abs(x * y)) for x, y in zip(a, b, strict=True))


class TestTheWitnesses:
    def test_a_gradient_that_is_a_little_wrong_is_found(self):
        program = drawn("rosenbrock")
        right = gradient(program)(*program.variables)
        assert largest_error(right, differences(program)) <= TOLERANCE
        wrong = [(1 + 1e-8) * g for g in right]
        assert largest_error(wrong, differences(program)) > TOLERANCE
        assert largest_error([(1 + 1e-11) * g for g in right], complex_step(program)) > 1e-12

    def test_a_kink_is_too_noisy(self):
        with pytest.raises(AssertionError, match="too noisy"):
            differences(Program(lambda x: np.sum(np.abs(x - 1) * x), (np.array([1.0, 2.0]),)))

    def test_every_program_is_drawn_the_same_way_twice_and_nothing_is_changed(self):
        for name in NAMES:
            program = drawn(name)
            before = [np.copy(x) for x in program.variables]
            value = program.function(*program.variables)
            assert np.shape(value) == ()
            assert np.isfinite(value)
            assert value == drawn(name).function(*before)
            assert all(map(np.array_equal, before, program.variables))

    def test_the_names(self):
        assert len(NAMES) == len(set(NAMES)) > 25
        assert set(ANALYTIC) < set(NAMES)


@pytest.mark.parametrize("name", NAMES)
class TestPrograms:
    def test_the_value_is_that_of_numpy(self, name):
        program = drawn(name)
        plain = program.function(*program.variables)
        all_of_them = tuple(range(len(program.variables)))
        value, gradients = tg.value_and_grad(program.function, all_of_them)(*program.variables)
        assert value == plain
        for x, g, alone in zip(
            program.variables, gradients, gradient(program)(*program.variables), strict=True
        ):
            assert g.shape == np.shape(x)
            assert g.dtype == np.float64
            assert np.array_equal(g, alone)

    def test_the_gradient_is_that_of_differences(self, name):
        program = drawn(name)
        found = gradient(program)(*program.variables)
        assert largest_error(found, differences(program)) <= TOLERANCE

    def test_forward_and_reverse_mode_agree(self, name):
        program = drawn(name)
        along = direction(program, 1)
        value, tangent = tg.jvp(program.function, program.variables, along)
        assert value == program.function(*program.variables)
        expected, size = inner(gradient(program)(*program.variables), along)
        assert abs(tangent - expected) <= ROUNDINGS * size

    def test_second_derivatives_are_those_of_differences(self, name):
        """The Hessian times a direction, against differences of the gradient along it."""
        program = drawn(name)
        along = direction(program, 2)
        found = tg.hvp(program.function, program.variables, along)
        for k, (a, g) in enumerate(zip(found, gradient(program)(*program.variables), strict=True)):

            def moved(t, k=k):
                shifted = (x + t * u for x, u in zip(program.variables, along, strict=True))
                return gradient(program)(*shifted)[k]

            fine, coarse = five_point(moved, STEP), five_point(moved, 2 * STEP)
            # Where the Hessian is 0, the rounding of the gradients is what the differences see.
            size = max(np.max(np.abs(fine)), np.max(np.abs(g)))
            assert np.max(np.abs(fine - coarse)) <= TOLERANCE * size, "too noisy"
            assert np.max(np.abs(a - fine)) <= TOLERANCE * size

    def test_second_derivatives_are_symmetric(self, name):
        program = drawn(name)
        u, w = direction(program, 3), direction(program, 4)
        left, size = inner(u, tg.hvp(program.function, program.variables, w))
        right, other = inner(w, tg.hvp(program.function, program.variables, u))
        assert abs(left - right) <= ROUNDINGS * max(size, other)


@pytest.mark.parametrize("name", ANALYTIC)
def test_the_gradient_is_that_of_the_complex_step(name):
    program = drawn(name)
    found = gradient(program)(*program.variables)
    assert largest_error(found, complex_step(program)) <= TOLERANCE_COMPLEX


@pytest.mark.parametrize("name", ["rosenbrock", "griewank", "pca_explained_variance"])
def test_the_hessian_as_a_matrix(name):
    program = drawn(name)
    x = program.variables[0]
    found = tg.hessian(program.function)(x)
    assert found.shape == 2 * x.shape
    u = direction(program, 5)
    expected = tg.hvp(program.function, program.variables, u)[0]
    product = np.tensordot(found, u[0], x.ndim)
    assert np.max(np.abs(product - expected)) <= ROUNDINGS * np.max(np.abs(found)) * x.size


# Programs that write into arrays: refused, with the line to write instead.


def running_average(x, width):
    out = np.zeros(len(x) - width + 1)
    for i in range(len(out)):
        out[i] = x[i : i + width].mean()
    return np.sum(np.sin(out))


def running_average_at(x, width):
    out = np.zeros(len(x) - width + 1)
    for i in range(len(out)):
        out = tg.at(out)[i].set(x[i : i + width].mean())
    return np.sum(np.sin(out))


def running_average_stack(x, width):
    out = np.stack([x[i : i + width].mean() for i in range(len(x) - width + 1)])
    return np.sum(np.sin(out))


def running_rows(x, width):
    out = np.zeros((len(x) - width + 1, width))
    for i in range(len(out)):
        out[i] = x[i : i + width] ** 2
    return np.sum(np.sin(out.sum(axis=1)))


def running_rows_at(x, width):
    out = np.zeros((len(x) - width + 1, width))
    for i in range(len(out)):
        out = tg.at(out)[i].set(x[i : i + width] ** 2)
    return np.sum(np.sin(out.sum(axis=1)))


def normalised(x, scale):
    z = x * 1.0
    z -= z.mean()
    z /= scale * np.sqrt(np.sum(z**2))
    return np.sum(np.sin(z) + z**3)


def normalised_anew(x, scale):
    z = x * 1.0
    z = z - z.mean()
    z = z / (scale * np.sqrt(np.sum(z**2)))
    return np.sum(np.sin(z) + z**3)


def rectified(x):
    y = x.copy()
    y[y < 0] = 0
    return np.sum(y**3)


def rectified_at(x):
    y = x.copy()
    y = tg.at(y)[y < 0].set(0)
    return np.sum(y**3)


def rectified_where(x):
    return np.sum(np.where(x < 0, 0, x) ** 3)


X = np.random.default_rng(6).normal(size=7)

WRITING = [
    (running_average, (X, 3), r"out\[.*\] = t would lose .*use out = tg\.at\(out\)\[index\]"),
    (running_rows, (X, 3), r"out\[.*\] = t would lose .*use out = tg\.at\(out\)\[index\]"),
    (normalised, (X, 0.7), r"instead of t -= value write t = t - value"),
    (rectified, (X,), r"instead of t\[index\] = value write t = tg\.at\(t\)\[index\]"),
]

REWRITTEN = [
    (running_average, running_average_at, (X, 3)),
    (running_average, running_average_stack, (X, 3)),
    (running_rows, running_rows_at, (X, 3)),
    (normalised, normalised_anew, (X, 0.7)),
    (rectified, rectified_at, (X,)),
    (rectified, rectified_where, (X,)),
]


class TestWriting:
    @pytest.mark.parametrize(
        ("function", "arguments", "line"), WRITING, ids=[row[0].__name__ for row in WRITING]
    )
    def test_the_error_shows_the_line(self, function, arguments, line):
        with pytest.raises((TypeError, ValueError)) as caught:
            tg.grad(function)(*arguments)
        # Where NumPy's assignment asks for a float, it says "setting an array element with a
        # sequence" and gives the reason as the cause, which a traceback shows above it.
        reason = caught.value.__cause__ or caught.value
        assert isinstance(reason, TypeError)
        with pytest.raises(TypeError, match=line):
            raise reason

    @pytest.mark.parametrize(
        ("plain", "rewritten", "arguments"), REWRITTEN, ids=[row[1].__name__ for row in REWRITTEN]
    )
    def test_rewritten_as_the_error_says(self, plain, rewritten, arguments):
        variables = tuple(a for a in arguments if not isinstance(a, int))
        fixed = arguments[len(variables) :]
        program = Program(lambda *v: rewritten(*v, *fixed), variables)
        expected = differences(Program(lambda *v: plain(*v, *fixed), variables))
        assert program.function(*variables) == plain(*arguments)
        assert largest_error(gradient(program)(*variables), expected) <= TOLERANCE

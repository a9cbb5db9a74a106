"""scipy.fft on Tensors: matrices, closed forms, and SciPy's own functions through its backend."""

import itertools
import subprocess
import sys
import threading

import numpy as np
import pytest
import scipy.fft

import tinygrad_np as tg
from tinygrad_np.scipy import fft

RNG = np.random.default_rng(0)


def close(found, expected, tolerance=1e-13):
    return np.shape(found) == np.shape(expected) and np.all(
        np.abs(found - expected) <= tolerance * np.max(np.abs(expected))
    )


@pytest.mark.parametrize("name", ["dct", "dst", "idct", "idst"])
def test_every_type_has_the_transposed_matrix(name):
    run, plain = getattr(fft, name), getattr(scipy.fft, name)
    options = itertools.product(
        (1, 2, 3, 4), (None, "ortho", "forward"), (None, True, False), (None, 3, 6)
    )
    for kind, norm, orthogonalize, n in options:
        form = {"type": kind, "n": n, "norm": norm, "orthogonalize": orthogonalize}
        matrix = plain(np.eye(4), axis=0, **form)
        x, g = RNG.standard_normal(4), RNG.standard_normal(len(matrix))
        assert close(tg.grad(lambda x, g=g, form=form: np.sum(run(x, **form) * g))(x), g @ matrix)
        value, tangent = tg.jvp(lambda x, form=form: run(x, **form), [x], [x[::-1]])
        assert np.array_equal(value, plain(x, **form))
        assert close(tangent, matrix @ x[::-1])


def test_the_power_of_a_transform_is_that_of_the_array():
    x = RNG.standard_normal((3, 4))
    for name in ("fft", "fft2", "fftn", "dct", "dst", "dctn", "dstn"):
        run = getattr(fft, name)
        loss = tg.grad(lambda x, run=run: np.sum(np.abs(run(x, norm="ortho")) ** 2))
        assert close(loss(x), 2 * x), name


def test_the_hankel_transform_and_back():
    a, g = RNG.standard_normal(8), RNG.standard_normal(8)
    for bias in (0.0, 0.2):
        form = (0.1, 0.7, 0.05, bias)
        back = tg.grad(lambda a, form=form: np.sum(fft.ifht(fft.fht(a, *form), *form) * g))
        assert close(back(a), g, 1e-12)
        matrix = np.stack([scipy.fft.fht(unit, *form) for unit in np.eye(8)], -1)
        assert close(tg.grad(lambda a, form=form: np.sum(fft.fht(a, *form) * g))(a), g @ matrix)


def test_what_may_be_overwritten_is_a_copy():
    x = RNG.standard_normal(6)
    for name in ("fft", "rfft", "dct", "idst", "dctn"):
        t = tg.Tensor(x)
        getattr(fft, name)(t, overwrite_x=True)
        assert np.array_equal(t.data, x)
        _, tangent = tg.jvp(lambda x, n=name: getattr(fft, n)(x, overwrite_x=True), [x], [x])
        assert close(tangent, getattr(scipy.fft, name)(x))


def test_half_precision_is_transformed_in_single():
    x = RNG.standard_normal(6).astype(np.float16)
    for name in ("fft", "irfft", "hfft", "irfftn", "dct"):
        value, _ = tg.jvp(getattr(fft, name), [x], [x])
        assert np.array_equal(value, getattr(scipy.fft, name)(x))
        assert value.dtype == getattr(scipy.fft, name)(x).dtype


def test_complex_numbers_and_orthogonalize_exclude_each_other():
    with pytest.raises(ValueError, match="SciPy leaves orthogonalize out where x is complex"):
        fft.dct(tg.Tensor(np.ones(3) + 0j), orthogonalize=True)


def test_frequencies_are_refused():
    with pytest.raises(TypeError, match="divide the frequencies of spacing 1 by d"):
        fft.fftfreq(4, tg.Tensor(0.5))


# SciPy's own functions

NAMES = [name for name in scipy.fft.__all__ if name.endswith(("t", "t2", "tn"))]


@pytest.mark.parametrize("name", [n for n in NAMES if "shift" not in n])
def test_scipys_own_function_takes_a_tensor(name):
    run, arguments = getattr(scipy.fft, name), (0.1, 0.7) if "fht" in name else ()
    x = RNG.standard_normal((3, 4))
    found = run(tg.Tensor(x), *arguments)
    assert type(found) is tg.Tensor
    assert np.array_equal(found.data, run(x, *arguments))
    assert type(run(x, *arguments)) is np.ndarray


def test_in_threads_and_beside_other_settings():
    x = RNG.standard_normal(5)
    expected = tg.grad(lambda x: np.sum(fft.dct(x) ** 2))(x)
    found = []

    def work():
        with scipy.fft.set_workers(2):
            found.append(tg.grad(lambda x: np.sum(scipy.fft.dct(x) ** 2))(x))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert all(np.array_equal(part, expected) for part in found)


def test_errors_are_scipys_and_name_the_function():
    with pytest.raises(ValueError, match=r"scipy\.fft\.fft: .*norm"):
        scipy.fft.fft(tg.Tensor(np.ones(3)), norm="half")
    with pytest.raises(ValueError, match="norm"):
        scipy.fft.fft(np.ones(3), norm="half")


def test_before_the_import_a_tensor_is_refused():
    code = """
import numpy as np, scipy.fft, sys
import tinygrad_np as tg
import tinygrad_np.scipy
assert "tinygrad_np.scipy.fft" not in sys.modules
try:
    scipy.fft.dct(tg.Tensor(np.ones(3)))
except (TypeError, AttributeError):
    pass
else:
    raise AssertionError
import tinygrad_np.scipy.fft
assert type(scipy.fft.dct(tg.Tensor(np.ones(3)))) is tg.Tensor
"""
    subprocess.run([sys.executable, "-c", code], check=True)

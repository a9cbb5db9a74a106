"""NumPy's own ufuncs: every one of numbers is classified, and has the array's value."""

import numpy as np
import pytest
from numpy.testing.overrides import get_overridable_numpy_ufuncs

import tinygrad_np as tg
from tinygrad_np import Tensor
from tinygrad_np.core.table import REFUSED, TABLE

CLIP = np._core.umath.clip
UFUNCS = get_overridable_numpy_ufuncs()
NUMBERS = [ufunc for ufunc in UFUNCS if any("d" in types for types in ufunc.types)]


def name(ufunc):
    return ufunc.__name__


@pytest.mark.parametrize("ufunc", sorted(UFUNCS, key=name), ids=name)
def test_every_ufunc_is_in_one_class_and_so_is_each_of_its_arguments(ufunc):
    assert (ufunc in TABLE) != (ufunc in REFUSED)
    if ufunc in REFUSED:
        assert "; " in REFUSED[ufunc], "a reason, and what to do instead"
        return
    row = TABLE[ufunc]
    assert row.reason or row.kind != "constant"
    if row.kind != "constant":
        for position, operand in enumerate(row.names[: ufunc.nin]):
            places = (position in row.operands, operand in row.locally_constant)
            assert sum(places) <= 1


def test_only_what_takes_no_floating_numbers_is_refused():
    assert len(NUMBERS) > 70
    assert not {ufunc for ufunc in UFUNCS if (ufunc in NUMBERS) != (ufunc in TABLE)}


@pytest.mark.parametrize("ufunc", [u for u in NUMBERS if u.signature is None], ids=name)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_a_tensor_has_the_value_of_the_array(ufunc, dtype):
    x = np.linspace(0.1, 0.9, 6).astype(dtype).reshape(2, 3) + (ufunc is np.arccosh)
    for layout in (x, x.T, x[0, 0], x[:0]):
        # NumPy's loops round otherwise in another layout: that of the Tensor counts
        operands = [Tensor(layout + i) for i in range(ufunc.nin)]
        if ufunc is np.ldexp:
            operands[1] = np.full(layout.shape, 3)
        found = ufunc(*operands)
        expected = ufunc(*[x.data for x in operands])
        found, expected = [r if isinstance(r, tuple) else (r,) for r in (found, expected)]
        for a, b in zip(found, expected, strict=True):
            assert a.dtype == b.dtype
            assert a.shape == b.shape
            assert np.array_equal(getattr(a, "data", a), b)


@pytest.mark.parametrize("ufunc", [np.gcd, np.lcm])
def test_ufuncs_of_integers_are_refused_by_name(ufunc):
    with pytest.raises(
        TypeError, match=rf"np\.{ufunc.__name__} does not take a Tensor: it works on integers"
    ):
        ufunc(Tensor(2.0), 2)
    with pytest.raises(TypeError, match="isnat"):
        np.isnat(Tensor(1.0))


@pytest.mark.parametrize(
    "of",
    [
        np.fabs, lambda x: np.fmax(x, 0.1), lambda x: np.fmin(x, x[::-1]), lambda x: CLIP(x, 0, 1),
        lambda x: np.copysign(x, -1), lambda x: np.ldexp(x, 1), lambda x: np.nextafter(x, 1),
        lambda x: np.heaviside(0, x),
    ],
)  # fmt: skip
@pytest.mark.parametrize("shape", [(0,), (2, 0), (4, 3)])
def test_layouts_and_nothing(of, shape):
    x = np.random.default_rng(0).normal(size=shape)
    (g,) = tg.vjp(of, x)[1](np.ones(shape))
    for laid_out in (np.asfortranarray(x), x[::-1].copy()[::-1], np.repeat(x, 2, 0)[::2]):
        assert np.array_equal(tg.vjp(of, laid_out)[1](np.ones(shape))[0], g)

"""What a Tensor must not reach, by name and with the reason."""

import io

import numpy as np
import numpy.char
import numpy.polynomial
import numpy.strings
import pytest
from numpy.lib import recfunctions
from numpy.testing.overrides import (
    get_overridable_numpy_array_functions,
    get_overridable_numpy_ufuncs,
)

from tinygrad_np import Tensor
from tinygrad_np.core.dispatch import name_of
from tinygrad_np.core.table import REFUSED, TABLE
from tinygrad_np.rules import load

load()


T = Tensor(np.ones((2, 3)))


def public(function):
    """The function that a program calls; with `like=`, NumPy has a second one beneath it."""
    return getattr(np, function.__name__, function) if function.__module__ == "numpy" else function


def is_without_numbers(ufunc):
    return not any("d" in loop for loop in ufunc.types)


FUNCTIONS = {public(function) for function in get_overridable_numpy_array_functions()}


class TestClassification:
    @pytest.mark.parametrize("module", ["numpy.strings", "numpy.char", "numpy.lib.recfunctions"])
    def test_all_functions_of_strings_and_fields_are_refused(self, module):
        functions = {function for function in FUNCTIONS if function.__module__ == module}
        assert functions <= set(REFUSED)

    def test_these_are_many(self):
        modules = [name_of(function).split(".")[1] for function in REFUSED]
        assert modules.count("char") > 4
        assert modules.count("lib") > 10

    def test_all_ufuncs_without_numbers_are_refused(self):
        ufuncs = {ufunc for ufunc in get_overridable_numpy_ufuncs() if is_without_numbers(ufunc)}
        assert len(ufuncs) > 30
        assert ufuncs <= set(REFUSED)

    def test_all_functions_about_shapes_joining_and_choosing_have_a_class(self):
        """Of NumPy's reference, the chapters on making, changing and indexing arrays."""
        names = (
            "append array array_split asanyarray asarray ascontiguousarray asfortranarray astype "
            "atleast_1d atleast_2d atleast_3d block broadcast_arrays broadcast_to choose "
            "column_stack compress concatenate copy copyto cross delete diag diag_indices_from "
            "diagflat diagonal dot dsplit dstack einsum einsum_path empty empty_like expand_dims "
            "extract eye fill_diagonal flip fliplr flipud frombuffer fromfile fromfunction "
            "fromiter fromstring full full_like genfromtxt hsplit hstack identity inner insert ix_ "
            "kron loadtxt matmul matrix_transpose matvec meshgrid moveaxis ndim nonzero ones "
            "ones_like outer packbits pad piecewise place put put_along_axis putmask ravel "
            "ravel_multi_index repeat require reshape resize roll rollaxis rot90 save savetxt "
            "savez savez_compressed select shape size split squeeze stack swapaxes take "
            "take_along_axis tensordot tile trace transpose tri tril tril_indices_from "
            "triu triu_indices_from unpackbits unravel_index unstack vdot vecdot vecmat vsplit "
            "vstack where zeros zeros_like"
        )
        functions = {getattr(np, name) for name in names.split() if hasattr(np, name)}
        assert len(functions) > 100
        assert functions <= set(TABLE) | set(REFUSED)

    @pytest.mark.parametrize("function", REFUSED, ids=name_of)
    def test_every_reason_is_a_sentence_without_a_name(self, function):
        assert len(REFUSED[function]) > 15
        assert name_of(function) not in REFUSED[function]


class TestReasons:
    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: np.gcd(T, 2), r"np\.gcd does not take a Tensor: it works on integers"),
            (lambda: np.bitwise_and(T, 1), r"np\.bitwise_and.*t\.data\.astype\(int\)"),
            (lambda: np.left_shift(1, T), r"np\.left_shift.*integers"),
            (lambda: np.invert(T), r"np\.invert.*integers"),
            (lambda: np.packbits(T), r"np\.packbits.*integers"),
            (lambda: np.unravel_index(T, (2, 3)), r"np\.unravel_index.*integers"),
            (lambda: np.isnat(T), r"np\.isnat.*dates"),
            (lambda: np.is_busday(T), r"np\.is_busday.*dates"),
            (lambda: np.datetime_as_string(T), r"np\.datetime_as_string.*dates"),
            (lambda: np.strings.isalpha(T), r"np\.strings\.isalpha.*strings"),
            (lambda: np.char.equal(T, T), r"np\.char\.equal.*strings"),
            # those that do not ask their arguments (NumPy 2.0) convert it first
            (lambda: np.strings.upper(T), "it works on strings|does not turn into an array"),
            (lambda: np.char.center(T, 2), "it works on strings|does not turn into an array"),
            (lambda: recfunctions.structured_to_unstructured(T), "recfunctions.*fields"),
            (lambda: np.save(io.BytesIO(), T), r"np\.save does.*pass t\.data"),
            (lambda: np.savez(io.BytesIO(), t=T), r"np\.savez.*t\.data"),
            (lambda: np.savetxt(io.StringIO(), T), r"np\.savetxt.*t\.data"),
        ],
    )
    def test_functions(self, call, message):
        with pytest.raises(TypeError, match=message):
            call()

    @pytest.mark.parametrize(
        "call",
        [
            lambda: np.array([1.0], like=T), lambda: np.asarray([1.0], like=T),
            lambda: np.zeros(2, like=T), lambda: np.ones(2, like=T), lambda: np.eye(2, like=T),
            lambda: np.full(2, 1.0, like=T), lambda: np.arange(3.0, like=T),
            lambda: np.require([1.0], like=T), lambda: np.ascontiguousarray([1.0], like=T),
            lambda: np.fromiter([1.0], float, like=T), lambda: np.frombuffer(b"a", like=T),
            lambda: np.loadtxt(io.StringIO("1"), like=T), lambda: np.tri(2, like=T),
        ],
    )  # fmt: skip
    def test_like(self, call):
        with pytest.raises(TypeError, match="`like` asks for an array of its kind; leave it out"):
            call()

    @pytest.mark.parametrize(
        "convert",
        [np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray, np.require,
         np.asarray_chkfinite],
    )  # fmt: skip
    def test_conversions_to_an_array(self, convert):
        with pytest.raises(TypeError, match=r"lose the gradient.*tg\.array.*t\.data"):
            convert(T)

    def test_full_names_what_to_write(self):
        with pytest.raises(TypeError, match=r"np\.copyto.*np\.broadcast_to for np\.full"):
            np.full(3, Tensor(1.0), float)
        with pytest.raises(TypeError, match=r"np\.full would lose .* t \* np\.ones"):
            np.full(3, Tensor(1.0))

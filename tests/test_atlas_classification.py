"""Every function that NumPy can send a Tensor, and every one of its arguments, has a class.

A NumPy that is newer than the newest that was tried may have others: the tests that miss a class
for one skip with its name, and a Tensor refuses it by name.
"""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from versions import without_a_class

import tinygrad_np as tg
from tinygrad_np.__main__ import main
from tinygrad_np.atlas import classification
from tinygrad_np.atlas.classification import CLASSES, Entry, functions, page, unclassified
from tinygrad_np.core.dispatch import name_of
from tinygrad_np.core.table import REFUSED, TABLE, row_of

PAGE = Path(__file__).parents[1] / "docs" / "numpy.md"
VERSION = ".".join(np.__version__.split(".")[:2])
ENTRIES = classification.classification()
FUNCTIONS = functions()

# Parameters of NumPy's that no row has, and what a Tensor meets there instead.
WITHOUT = {
    ("np.bincount", "x"): "it is the row's `indices`; NumPy takes it by position only",
    ("np.lib.stride_tricks.sliding_window_view", "subok"): "refused: a Tensor has no subclass",
    ("np.lib.stride_tricks.sliding_window_view", "writeable"): "refused: nothing is written",
    ("np.corrcoef", "bias"): "refused: it has no effect since NumPy 1.10",
    ("np.corrcoef", "ddof"): "refused: it has no effect since NumPy 1.10",
    ("np.reshape", "newshape"): "refused: `shape` by its old name",
    **{
        (f"np.{name}", "interpolation"): "refused: `method` by its old name"
        for name in ("quantile", "percentile", "nanquantile", "nanpercentile")
    },
}


# What at least two of JAX 0.10, PyTorch 2.13, HIPS autograd 1.9 and MyGrad 2.5 differentiate: found
# by asking each for the derivative of a function's results by a factor of its arguments.
PEERS = """
    absolute add amax amin arccos arccosh arcsin arcsinh arctan arctan2 arctanh array_split
    asarray atleast_1d atleast_2d atleast_3d broadcast_to cbrt clip column_stack concatenate
    conjugate copysign corrcoef cos cosh cov cross cumprod cumsum deg2rad degrees diag diagflat
    diagonal diff divide dot dstack einsum exp exp2 expand_dims expm1 fabs fliplr flipud
    float_power fmax fmin fmod frexp gradient hsplit hstack hypot i0 inner kron ldexp
    linalg.cholesky linalg.cond linalg.det linalg.diagonal linalg.eig linalg.eigh linalg.eigvals
    linalg.eigvalsh linalg.inv linalg.matmul linalg.matrix_norm linalg.matrix_power
    linalg.multi_dot linalg.norm linalg.pinv linalg.qr linalg.slogdet linalg.svd linalg.svdvals
    linalg.tensorinv linalg.vecdot linalg.vector_norm linspace log log10 log1p log2 logaddexp
    logaddexp2 matmul max maximum mean median meshgrid min minimum moveaxis multiply nan_to_num
    nanmean nanmedian nanquantile nansum negative outer pad partition positive power prod
    quantile rad2deg radians ravel real reciprocal remainder repeat reshape roll rollaxis rot90
    select sin sinc sinh sort split sqrt square squeeze stack std subtract sum swapaxes tan tanh
    tensordot tile trace transpose trapezoid tril triu var vdot vsplit vstack where
""".split()  # noqa: SIM905

# Those of them that have no rule here, and why.
EXCEPTIONS = {"asarray": "only `like=` sends it a Tensor; a Tensor needs no conversion"}


def test_nothing_of_numpy_is_unclassified():
    assert len(FUNCTIONS) > 400
    for function in [f for f in FUNCTIONS if f not in TABLE and f not in REFUSED]:
        with pytest.raises(TypeError) as refused:
            row_of(function)
        assert str(refused.value).startswith(f"{name_of(function)} has no derivative rule")
    without_a_class("numpy", unclassified())


def test_no_function_is_in_two_classes():
    assert not set(TABLE) & set(REFUSED)


def test_a_function_that_a_newer_numpy_adds_is_named(monkeypatch):
    def newcomer(x):
        return x

    known = classification.get_overridable_numpy_array_functions()
    monkeypatch.setattr(
        classification, "get_overridable_numpy_array_functions", lambda: {*known, newcomer}
    )
    assert unclassified() == ["newcomer"]


class TestANewerNumPy:
    @pytest.mark.parametrize(
        ("library", "version", "told"),
        [
            ("numpy", "2.6.0.dev0+git20261101", True), ("numpy", "3.0.0", True),
            ("numpy", "2.5.9", False), ("numpy", "2.0.0rc1", False),
            ("scipy", "1.19.0", True), ("scipy", "2.0.0", True), ("scipy", "1.18.0rc2", False),
        ],
    )  # fmt: skip
    def test_what_is_new_is_skipped_with_its_name_and_what_is_not_fails(
        self, monkeypatch, library, version, told
    ):
        monkeypatch.setattr(sys.modules[library], "__version__", version)
        monkeypatch.setattr(classification, "NEWEST", {"numpy": "2.5", "scipy": "1.18"})
        without_a_class(library, [])
        if told:
            with pytest.raises(
                pytest.skip.Exception, match=f"{library} 2?.*newer than.*: newcomer"
            ):
                without_a_class(library, ["newcomer"])
        else:
            with pytest.raises(AssertionError):
                without_a_class(library, ["newcomer"])

    PLUGIN = """
import numpy as np
from numpy._core.overrides import array_function_dispatch

@array_function_dispatch(lambda x: (x,), module="numpy")
def newcomer(x):
    return x

np.newcomer = newcomer
import scipy  # which has an opinion about versions
np.__version__ = {version!r}
"""

    @pytest.mark.parametrize("version", ["2.99.0", np.__version__])
    def test_this_file_passes_on_it(self, tmp_path, version):
        (tmp_path / "newer.py").write_text(self.PLUGIN.format(version=version), encoding="utf-8")
        known = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "newer", "-p", "no:cacheprovider", "-k",
             "unclassified or two_classes or TestPage", __file__],
            capture_output=True, text=True, encoding="utf-8", cwd=PAGE.parents[1],
            env={**os.environ, "PYTHONPATH": known, "COLUMNS": "400"},
        )  # fmt: skip
        shown = done.stdout
        if version == "2.99.0":
            assert done.returncode == 0, shown
            assert "refused by name: np.newcomer" in shown
        else:
            assert done.returncode == 1, "a NumPy that was tried has no function without a class"
            assert "test_nothing_of_numpy_is_unclassified" in shown

    def test_what_it_adds_is_refused_by_name(self):
        def newcomer(x):
            return x

        newcomer.__module__ = "numpy"
        t = tg.Tensor(1.0)
        with pytest.raises(TypeError, match=r"np\.newcomer has no derivative rule"):
            t.__array_function__(newcomer, (tg.Tensor,), (t,), {})
        with pytest.raises(TypeError, match=r"np\.flip: the argument 'how': it is not supported"):
            t.__array_function__(np.flip, (tg.Tensor,), (t,), {"how": 1})

    def test_the_page_names_it_at_its_end(self):
        assert page(ENTRIES, ["np.newcomer"]).endswith("by name.\n\n`np.newcomer`\n")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.function)
def test_each_argument_has_one_status_and_each_refusal_a_reason(entry):
    assert entry.kind in CLASSES
    names = [*entry.differentiable, *entry.constant, *entry.refused]
    assert len(set(names)) == len(names)
    assert all(len(why) > 8 for why in entry.constant.values())
    if entry.kind == "refused":
        assert "; " in entry.reason, "a reason, and what to do instead"
    elif entry.kind == "constant":
        assert entry.reason
        assert not names
    else:
        assert entry.differentiable


@pytest.mark.parametrize(
    "function", [f for f in FUNCTIONS if f in TABLE and TABLE[f].kind != "constant"], ids=name_of
)
def test_the_arguments_are_those_of_numpy(function):
    if isinstance(function, np.ufunc):
        return  # their names are not NumPy's, which takes them by position
    row = TABLE[function]
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # written in C, which only a newer NumPy tells
        return
    names = [
        row.aliases.get(parameter.name, parameter.name)
        for parameter in parameters
        if parameter.kind is not parameter.VAR_KEYWORD
    ]
    unknown = [n for n in names if n not in row.names and (row.name, n) not in WITHOUT]
    without_a_class("numpy", [f"{row.name}({name}=)" for name in unknown])


def test_what_two_others_differentiate_has_a_rule():
    ruled = {entry.function for entry in ENTRIES if entry.differentiable}
    assert EXCEPTIONS.keys() <= set(PEERS)
    assert {f"np.{name}" for name in PEERS if name not in EXCEPTIONS} <= ruled
    assert len(PEERS) > 140


def test_no_call_makes_an_array_of_objects():
    """Whatever becomes of two Tensors by position, it is not NumPy's loop over objects."""
    t = tg.Tensor(np.array([[2.0, 1.0], [1.0, 3.0]]))
    tried = 0
    with np.errstate(all="ignore"):
        for function in FUNCTIONS:
            for operands in ((t,), (t, t), ([t, t],)):
                try:
                    results = function(*operands)
                except Exception:
                    continue
                tried += 1
                if not isinstance(results, (tuple, list)):
                    results = [results]
                for result in results:
                    assert getattr(result, "dtype", None) != np.dtype(object), name_of(function)
    assert tried > 200


class TestPage:
    def test_it_is_up_to_date(self):
        """Of another NumPy than the page's, what both have is on it."""
        written = PAGE.read_text(encoding="utf-8")
        if f"NumPy {VERSION} sends" in written:
            assert page(ENTRIES) == written, "run python -m tinygrad_np table > docs/numpy.md"
            return
        ours, theirs = _ruled(page(ENTRIES)), _ruled(written)
        both = ours.keys() & theirs.keys()
        assert len(both) > 200
        assert {name: ours[name] for name in both} == {name: theirs[name] for name in both}

    def test_a_part_of_it(self, capsys):
        assert main(["table", "sort", "np.linalg.norm"]) == 0
        printed = capsys.readouterr().out
        assert "| `np.sort` | general | `a` |" in printed
        assert "`np.linalg.norm`" in printed
        assert "np.sin" not in printed

    def test_a_name_that_there_is_not(self, capsys):
        assert main(["table", "sort", "sorted"]) == 2
        assert "'sorted'" in capsys.readouterr().err

    def test_an_empty_class_has_no_line(self):
        made = page([Entry("np.sin", "pointwise", ["x"], {}, ["dtype"], "")])
        assert "*bilinear*" not in made


def _ruled(text):
    """The lines of functions with a derivative, by name."""
    lines = [line for line in text.splitlines() if line.startswith("| `np.")]
    return {line.split("`")[1]: line for line in lines}

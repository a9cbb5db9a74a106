"""SciPy's names on plain arrays are SciPy's own; on a Tensor each has its class."""

import importlib
import inspect
import pickle
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from versions import without_a_class

import tinygrad_np as tg
from tinygrad_np.__main__ import main
from tinygrad_np.atlas import mirrored
from tinygrad_np.core.table import REFUSED, TABLE
from tinygrad_np.scipy import mirror

MODULES = list(mirror.MODULES)


def scipys(module):
    return importlib.import_module(f"scipy.{module}")


def ours(module):
    return importlib.import_module(f"tinygrad_np.scipy.{module}")


@pytest.mark.parametrize("module", MODULES)
class TestEveryModule:
    def test_has_every_public_name(self, module):
        names = mirror.public_names(module)
        assert names == dir(ours(module)) == ours(module).__all__
        for name in names:
            thing, real = getattr(ours(module), name), getattr(scipys(module), name)
            assert type(thing) is type(real) or callable(thing) is callable(real)

    def test_every_function_and_class_has_a_class(self, module):
        assert mirrored.entries(module)
        without_a_class("scipy", mirrored.unclassified(module))

    def test_what_is_refused_says_why_and_what_to_do(self, module):
        for entry in mirrored.entries(module):
            assert entry.kind != "refused" or "; " in entry.reason, entry

    def test_no_row_stands_for_what_is_refused(self, module):
        mirror.load(module)
        assert not set(TABLE) & set(REFUSED)

    def test_a_name_that_scipy_lacks_is_an_error(self, module):
        with pytest.raises(AttributeError, match=rf"scipy\.{module} has no 'nonesuch'"):
            _ = ours(module).nonesuch

    def test_what_is_callable_is_pickled(self, module):
        for name in mirror.public_names(module):
            thing = getattr(ours(module), name)
            if callable(thing) and not isinstance(thing, (np.ufunc, type)):
                assert pickle.loads(pickle.dumps(thing)) is thing, name


@pytest.mark.parametrize("family", mirror.families(), ids=lambda family: family.__name__)
def test_the_arguments_are_those_of_scipy(family):
    for row in family.ROWS:
        real = getattr(row.function, "implementation", None)
        if row.kind == "constant" or real is None:
            continue
        try:
            parameters = inspect.signature(real).parameters.values()
        except ValueError:
            continue
        starred = inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL
        names = {p.name for p in parameters if p.kind not in starred}
        unknown = names - set(row.names) - set(row.aliases)
        without_a_class("scipy", [f"{row.name}({name}=)" for name in sorted(unknown)])


def test_nothing_of_scipy_is_imported_before_it_is_used():
    code = """
import sys, tinygrad_np as tg
from tinygrad_np import scipy
from tinygrad_np.scipy import linalg
import tinygrad_np.scipy.stats as stats
assert not [name for name in sys.modules if name.partition(".")[0] == "scipy"]
linalg.expm
assert "scipy.linalg" in sys.modules and "scipy.stats" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_arrays_give_scipys_own_results():
    from scipy import linalg

    a = np.random.default_rng(0).standard_normal((5, 5))
    assert np.array_equal(ours("linalg").expm(a), linalg.expm(a))
    assert ours("linalg").LinAlgError is linalg.LinAlgError


def test_what_a_part_has_from_the_whole_is_the_same():
    stats = ours("stats")
    assert stats.distributions.norm is stats.norm
    assert ours("signal").windows.hann is not ours("signal").get_window


def test_no_file_hides_a_module_of_scipys():
    for module in MODULES:
        names = {info.name for info in pkgutil.iter_modules(ours(module).__path__)}
        hidden = {name for name in names if hasattr(scipys(module), name)}
        assert {f"{module}.{name}" for name in hidden} <= set(MODULES)


def test_a_tensor_in_a_list_is_found():
    found = tg.grad(lambda t: ours("linalg").expm([[t, 0.0], [0.0, 1.0]])[0, 0])(1.0)
    assert np.allclose(found, np.e, rtol=1e-14)


def test_what_has_no_rule_is_refused_by_its_name():
    def newcomer(x):
        return x

    function = mirror.forwarding(newcomer, "linalg.newcomer")
    assert function(3.0) == 3.0
    with pytest.raises(TypeError, match=r"^scipy\.linalg\.newcomer has no derivative rule"):
        function(tg.Tensor(3.0))
    with pytest.raises(TypeError, match=r"^scipy\.linalg\.newcomer has no derivative rule"):
        function([1.0, tg.Tensor(3.0)])


class TestAClass:
    def test_makes_scipys_objects_and_is_a_base(self):
        from scipy import signal

        stand_in = ours("signal").ZoomFFT
        made = stand_in(8, 0.5)
        assert type(made) is signal.ZoomFFT
        assert isinstance(made, stand_in)
        assert issubclass(signal.ZoomFFT, stand_in)

        class Mine(stand_in):
            pass

        assert issubclass(Mine, signal.ZoomFFT)
        assert stand_in.__name__ == "ZoomFFT"

    def test_takes_no_tensor(self):
        with pytest.raises(TypeError, match=r"scipy\.signal\.ZoomFFT"):
            ours("signal").ZoomFFT(8, tg.Tensor(0.5))


class TestPage:
    PAGE = Path(__file__).parents[1] / "docs" / "scipy.md"

    def test_it_is_up_to_date(self):
        """Of another SciPy than the page's, what both have with a derivative is on it."""
        made, written = mirrored.page(["scipy"]), self.PAGE.read_text(encoding="utf-8")
        if f"SciPy {mirrored.version()} that" in written:
            assert made == written, "run python -m tinygrad_np table scipy > docs/scipy.md"
            return
        kinds, theirs = self.kinds(made), self.kinds(written)
        both = kinds.keys() & theirs.keys()
        assert len(both) > 300
        assert {name: kinds[name] for name in both} == {name: theirs[name] for name in both}

    @staticmethod
    def kinds(text):
        """The class of each function with a derivative."""
        lines = [line.split(" | ") for line in text.splitlines() if line.startswith("| `scipy.")]
        return {line[0]: line[1] for line in lines}

    def test_a_part_of_it(self, capsys):
        assert main(["table", "scipy.linalg.expm"]) == 0
        printed = capsys.readouterr().out
        assert "| `scipy.linalg.expm` | general | `a` |" in printed
        assert "scipy/linalg/matrix_functions.py, line" in printed
        assert "scipy.linalg.inv" not in printed

    def test_a_module(self, capsys):
        assert main(["table", "scipy.spatial.distance"]) == 0
        printed = capsys.readouterr().out
        assert "scipy.spatial.distance.cdist" in printed
        assert "## scipy.linalg" not in printed

    def test_a_name_that_there_is_not(self, capsys):
        assert main(["table", "scipy.linalg.nonesuch"]) == 2
        assert "'scipy.linalg.nonesuch'" in capsys.readouterr().err


def test_modules_that_scipy_imports_are_these():
    """SciPy's own modules have names such as `np`, which are no part of SciPy."""
    import scipy.spatial.distance

    from tinygrad_np.scipy.spatial import distance

    assert hasattr(distance, "np") == hasattr(scipy.spatial.distance, "np")
    assert getattr(distance, "np", np) is np
    assert not hasattr(distance, "no_such_name")

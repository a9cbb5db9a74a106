"""What tests share: a collector at rest, a home, and what is done where a layer is not there.

The suite runs in a copy of the package without `fast/`, and in one without `debug/` (``.ci/run
--all`` does both): what needs the layer is left out, and all else has to hold. Without `debug/`
errors are of the same type and say less, so that `pytest.raises` does not look at their text.
"""

import contextlib
import gc
import re
import socket
from pathlib import Path

import pytest

import tinygrad_np

FOLDER = Path(__file__).parent
PACKAGE = Path(tinygrad_np.__file__).parent
ABSENT = [layer for layer in ("fast", "debug") if not (PACKAGE / layer).is_dir()]


def imports(path, layer):
    """Whether a test module is about the layer, or imports it when it is read."""
    if path.name.startswith(f"test_{layer}_"):
        return True
    text = path.read_text(encoding="utf-8")
    names = {"debug": "debug|explain_nonfinite|NonFiniteError", "fast": "fast"}[layer]
    several = r"^from tinygrad_np[.\w]* import (\([^)]*|.*)"
    of_debug = "|ignore::tinygrad_np.NonFiniteWarning" if layer == "debug" else ""
    return re.search(rf"^from tinygrad_np\.{layer}\b|{several}\b({names})\b{of_debug}", text, re.M)


collect_ignore = [
    path.name for path in FOLDER.glob("*.py") if any(imports(path, layer) for layer in ABSENT)
]


def pytest_addoption(parser):
    parser.addoption(
        "--simple-paths",
        action="store_true",
        help="no tiles, no lazy arrays, no memory used again: what the fast paths are held against",
    )


def pytest_collection_modifyitems(items):
    """Tests marked as `whole` are about the package with all of its layers."""
    for item in items:
        if ABSENT and item.get_closest_marker("whole"):
            item.add_marker(pytest.mark.skip(reason=f"there is no {ABSENT[0]}/"))


def pytest_collection_finish():
    """The thousands of tests themselves are nothing for the garbage collector to go through."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def simple_paths(request, monkeypatch):
    """With --simple-paths, every operation takes the path that is its own reference."""
    if request.config.getoption("--simple-paths"):
        from tinygrad_np.fast import paths

        monkeypatch.setattr(paths, "ENABLED", False)


@pytest.fixture
def fast_paths(request):
    """Not with --simple-paths."""
    if request.config.getoption("--simple-paths"):
        pytest.skip("these tests compare the fast paths with the simple ones")


@pytest.fixture
def no_collector():
    """Reference counting alone: what is in a circle stays until the test collects it."""
    gc.collect()
    gc.freeze()  # what pytest keeps of each test that has run takes long to go through
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user with an empty home, no variable and no proxy."""
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("TINYGRAD_NP_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "home"


@pytest.fixture
def refusing():
    """An address that refuses: a port that is taken, with nobody listening."""
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A test that asks for a layer that is not there is skipped."""
    try:
        return (yield)
    except AttributeError as error:
        if ABSENT and "which is not installed" in str(error):
            pytest.skip(str(error))
        raise


if "debug" in ABSENT:
    raises = pytest.raises

    def raises_anything(expected, *args, match=None, **kwargs):
        """`pytest.raises` for errors that say less."""
        return raises(expected, *args, **kwargs)

    pytest.raises = raises_anything

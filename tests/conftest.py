"""What all tests share: the switch to the simple paths of the kernels, and a collector at rest."""

import gc

import pytest

from tinygrad_np.fast import paths


def pytest_addoption(parser):
    parser.addoption(
        "--simple-paths",
        action="store_true",
        help="no tiles, no lazy arrays, no memory used again: what the fast paths are held against",
    )


def pytest_collection_finish():
    """The thousands of tests themselves are nothing for the garbage collector to go through."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def simple_paths(request, monkeypatch):
    """With --simple-paths, every operation takes the path that is its own reference."""
    if request.config.getoption("--simple-paths"):
        monkeypatch.setattr(paths, "ENABLED", False)

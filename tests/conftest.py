"""What all tests share: the switch to the simple paths of the kernels, and a collector at rest."""

import gc
import sys

import pytest

from tinygrad_np.kernels import elementwise, matrices, memory, products, promises


def pytest_addoption(parser):
    parser.addoption(
        "--simple-paths",
        action="store_true",
        help="no tiles, no promises, no memory used again: what the fast paths are held against",
    )


def pytest_collection_finish():
    """The thousands of tests themselves are nothing for the garbage collector to go through."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def simple_paths(request, monkeypatch):
    """With --simple-paths, every kernel takes the path that is its own reference."""
    if request.config.getoption("--simple-paths"):
        monkeypatch.setattr(products, "path", lambda columns, c, f: None)
        monkeypatch.setattr(promises, "_LARGE", sys.maxsize)
        monkeypatch.setattr(matrices, "_PIECE", sys.maxsize)
        monkeypatch.setattr(promises, "PromisedPlaces", _never)
        monkeypatch.setattr(memory, "SMALLEST", sys.maxsize)
        monkeypatch.setattr(elementwise, "_is_one_number", lambda logits, labels: False)


class _never:  # noqa: N801
    """In place of `PromisedPlaces`: the windows themselves."""

    def __new__(cls, cotangent, index, size):
        from tinygrad_np.kernels import pooling

        return pooling.window_place(cotangent, index, size)

"""Places of data: the cache folder of each system, and whether a server answers."""

import contextlib
import gzip
import hashlib
import importlib
import socket
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from local_server import Server, idx, serving

from tinygrad_np import data

# The package's attribute of this name is the function; this is the module.
module = importlib.import_module("tinygrad_np.data.fashion_mnist")
places = importlib.import_module("tinygrad_np.data.places")
OFFICIAL = dict(module.FILES)
pytestmark = pytest.mark.usefixtures("home")


# Fashion-MNIST: four places


def small_files(
    train: int = 3, test: int = 2, shape: tuple[int, int] = (28, 28), highest: int = 9
) -> dict[str, bytes]:
    """Four files as small as they may be."""
    random = np.random.default_rng(1)
    contents = []
    for n in (train, test):
        contents.append(idx(random.integers(0, 256, (n, *shape))))
        contents.append(idx(np.linspace(0, highest, n)))
    return {name: gzip.compress(x, mtime=0) for name, x in zip(OFFICIAL, contents, strict=True)}


def declare(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]) -> dict[str, bytes]:
    """Let `files` be the official ones."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    monkeypatch.setattr(module, "SOURCE", module.SOURCE._replace(downloads=sums))
    for name, content in files.items():
        inside = hashlib.sha256(gzip.decompress(content)).hexdigest()
        monkeypatch.setitem(module.UNPACKED, name.removesuffix(".gz"), inside)
    return files


@pytest.fixture
def files(monkeypatch):
    return declare(monkeypatch, small_files())


@pytest.mark.parametrize(
    ("platform", "variable", "folder"),
    [
        ("linux", "XDG_CACHE_HOME", "tinygrad_np"),
        ("linux", None, ".cache/tinygrad_np"),
        ("darwin", None, "Library/Caches/tinygrad_np"),
        ("win32", "LOCALAPPDATA", "tinygrad_np/tinygrad_np/Cache"),
    ],
)
def test_cache_folder(home, monkeypatch, platform, variable, folder):
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        if name != variable:
            monkeypatch.delenv(name)
    assert places.cache_folder() == home / folder


@pytest.fixture
def server(files) -> Iterator[Server]:
    with serving(files) as server:
        yield server


# server_answers and auto


def test_server_answers(server, refusing):
    assert data.server_answers(server.url, 60)  # 403 is an answer
    assert not data.server_answers(refusing, 60)
    assert not data.server_answers("no address", 60)


def test_a_server_that_is_silent():
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert not data.server_answers(url, 0.1)


def test_a_look_up_that_hangs_is_not_waited_for(monkeypatch):
    over = threading.Event()
    threads = []

    def hang(*arguments, **options):
        threads.append(threading.current_thread())
        over.wait()
        raise OSError

    monkeypatch.setattr(places.urllib.request, "urlopen", hang)
    assert not data.server_answers("http://example.invalid/", 0.05)
    over.set()
    for thread in threads:
        thread.join()

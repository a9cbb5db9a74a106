"""Places of data: the cache folder of each system, and whether a server answers."""

import contextlib
import importlib
import socket
import sys
import threading
from collections.abc import Iterator

import pytest
from local_server import Server, serving

from tinygrad_np import data

places = importlib.import_module("tinygrad_np.data.places")
pytestmark = pytest.mark.usefixtures("home")


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
def server() -> Iterator[Server]:
    with serving({}) as server:
        yield server


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

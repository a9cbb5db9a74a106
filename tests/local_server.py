"""A server on loopback that serves small files, and where the real ones are."""

import contextlib
import gzip
import hashlib
import http.server
import importlib
import os
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

# The package's attribute of this name is the function; this is the module.
module = importlib.import_module("tinygrad_np.data.fashion_mnist")
OFFICIAL = dict(module.FILES)
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
REAL = Path(os.environ.get("TINYGRAD_NP_DATA") or SHARED)


def idx(array: np.ndarray) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


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


def put(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


# The download


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; where `answers` has a function for a name, that one answers."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = files
        self.answers: dict[str, Callable[[Handler], None]] = {}
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self.send_error(403)  # as a server may that lists no folders

    def do_GET(self) -> None:
        name = self.path.removeprefix("/")
        self.server.asked.append(name)
        answer = self.server.answers.get(name)
        if answer is not None:
            answer(self)
        else:
            self.send(self.server.files[name])

    def send(self, content: bytes, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@contextlib.contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Server]:
    with Server(files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server(files) -> Iterator[Server]:
    with serving(files) as server:
        yield server

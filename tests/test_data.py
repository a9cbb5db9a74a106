"""tinygrad_np.data: strict files, the four places of Fashion-MNIST, downloads, the built-in set.

The server is one on loopback that serves small files, whose checksums stand in for the official
ones; only `test_the_real_files` needs the real ones.
"""

import contextlib
import gzip
import hashlib
import http.server
import importlib
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tinygrad_np import data
from tinygrad_np.data import DataError, Dataset

# The package's attribute of this name is the function; this is the module.
module = importlib.import_module("tinygrad_np.data.fashion_mnist")
places = importlib.import_module("tinygrad_np.data.places")

OFFICIAL = dict(module.FILES)
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = OFFICIAL
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
REAL = Path(os.environ.get("TINYGRAD_NP_DATA") or SHARED)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A user with an empty home, no variable and no proxy."""
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("TINYGRAD_NP_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "home"


def cache() -> Path:
    return places.cache_folder() / "fashion-mnist"


def idx(array: np.ndarray) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def header(*shape: int) -> bytes:
    return bytes([0, 0, 8, len(shape)]) + struct.pack(f">{len(shape)}I", *shape)


SMALL = idx(np.arange(24).reshape(2, 3, 4))


def refused(path: Path, content: bytes, *words: str) -> None:
    """`read_idx` raises, naming the file, what is wrong (`words`) and what to do."""
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        data.read_idx(path)
    message = str(caught.value)
    for word in ("read_idx: ", str(path), *words, "delete the file and download it again"):
        assert word in message


# IDX files


@pytest.mark.parametrize(
    ("name", "pack"), [("raw", bytes), ("packed", gzip.compress), ("packed.gz", gzip.compress)]
)
def test_idx(tmp_path, name, pack):
    path = tmp_path / name
    path.write_bytes(pack(SMALL))
    for given in (path, str(path)):
        array = data.read_idx(given)
        assert array.dtype == np.uint8
        assert np.array_equal(array, np.arange(24).reshape(2, 3, 4))
    array[0] = 1  # its own memory


def test_idx_that_compresses_as_well_as_anything_can(tmp_path):
    path = tmp_path / "zeros.gz"
    path.write_bytes(gzip.compress(idx(np.zeros((3000, 1000)))))
    assert data.read_idx(path).shape == (3000, 1000)


@pytest.mark.parametrize("length", range(len(SMALL)))
def test_idx_truncated(tmp_path, length):
    refused(tmp_path / "raw", SMALL[:length], "is truncated")
    refused(tmp_path / "packed.gz", gzip.compress(SMALL[:length]), "is truncated")


def test_idx_truncated_says_what_is_missing(tmp_path):
    told = "its header promises 2×3×4 = 24 bytes, and "
    refused(tmp_path / "raw", SMALL[:-5], told + "at most 19 can follow")
    refused(tmp_path / "packed.gz", gzip.compress(SMALL[:-5]), told + "19 follow")
    refused(tmp_path / "raw", SMALL[:3], "it ends after 3 bytes")


@pytest.mark.parametrize("length", range(2, len(gzip.compress(SMALL))))
def test_idx_truncated_gzip(tmp_path, length):
    refused(tmp_path / "packed.gz", gzip.compress(SMALL)[:length], "is truncated")


def test_idx_over_long(tmp_path):
    told = "is too long: its header promises 2×3×4 = 24 bytes, and more follow"
    refused(tmp_path / "raw", SMALL + b"\0", told)
    refused(tmp_path / "packed.gz", gzip.compress(SMALL + b"\0"), told)


@pytest.mark.parametrize("behind", [b"\0", b"garbage", gzip.compress(b""), gzip.compress(SMALL)])
def test_idx_bytes_after_the_gzip_data(tmp_path, behind):
    refused(
        tmp_path / "packed.gz",
        gzip.compress(SMALL) + behind,
        f"has {len(behind)} bytes too many after its gzip data",
    )


def test_idx_wrong_gzip_checksum(tmp_path):
    packed = bytearray(gzip.compress(SMALL))
    packed[-8] ^= 1
    refused(tmp_path / "packed.gz", bytes(packed), "is damaged gzip", "incorrect data check")


@pytest.mark.parametrize("name", ["images", "images.gz", "images.idx3-ubyte", "images.bin"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_is_read_by_its_content_whatever_its_name(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack(SMALL))
    assert data.read_idx(tmp_path / name).shape == (2, 3, 4)


@pytest.mark.parametrize("name", ["page", "page.gz"])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<html>404", "is no IDX file but a page of HTML or XML; delete the file and download it"),
        (b"\n <!DOCTYPE html>", "but a page of HTML or XML; delete the file and download it again"),
        (b"PK\3\4" + bytes(9), "is no IDX file but a zip archive; unpack it"),
        (b"\xfd7zXZ\0\0", "is no IDX file but xz data; unpack it"),
        (b"BZh91AY", "is no IDX file but bzip2 data; unpack it"),
        (bytes(257).replace(b"\0", b"n") + b"ustar\0" + bytes(99), "but a tar archive; unpack it"),
        (b"\x93NUMPY\1\0", "is no IDX file but an .npy file; np.load reads it"),
        (b"\x80\x04K\x01.", "is no IDX file but a pickle; convert it: a pickle may run"),
        (
            b"version https://git-lfs.github.com/spec/v1",
            "; fetch the file itself with git lfs pull",
        ),
        (b"\1\2\3\4\5", "is no IDX file: its magic number is 0x01020304; delete the file"),
        (b"", "is truncated: it ends after 0 bytes, within its header; delete the file and down"),
    ],
)
def test_idx_what_a_wrong_file_is(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        data.read_idx(tmp_path / name)
    assert str(caught.value).startswith(f"read_idx: {tmp_path / name} ")
    assert told in str(caught.value)


def test_idx_what_is_wrong_in_gzip(tmp_path):
    refused(tmp_path / "a", gzip.compress(b"<html>404"), "has no IDX file in its gzip data but a p")
    path = tmp_path / "twice.gz"
    path.write_bytes(gzip.compress(gzip.compress(SMALL)))
    with pytest.raises(DataError, match="no IDX file in its gzip data but gzip data; unpack it"):
        data.read_idx(path)


@pytest.mark.parametrize("magic", [b"\1\0\x08\1", b"\0\1\x08\1", b"\0\0\x08\0", b"\0\0\x08\xff"])
def test_idx_wrong_magic_number(tmp_path, magic):
    refused(tmp_path / "raw", magic + SMALL, f"is no IDX file: its magic number is 0x{magic.hex()}")


@pytest.mark.parametrize("kind", [0x00, 0x09, 0x0B, 0x0C, 0x0D, 0x0E, 0xFF])
def test_idx_other_types(tmp_path, kind):
    path = tmp_path / "floats"
    path.write_bytes(bytes([0, 0, kind]) + SMALL[3:])
    message = f"read_idx: {path} has numbers of type 0x{kind:02x}; only 0x08, unsigned bytes"
    with pytest.raises(DataError, match=re.escape(message)):
        data.read_idx(path)


def test_idx_empty(tmp_path):
    refused(tmp_path / "raw", header(0, 28, 28), "is empty: its header promises 0×28×28 = 0 bytes")
    refused(tmp_path / "raw", header(0, *[2**32 - 1] * 7), "is empty")


@pytest.fixture
def unpacked(monkeypatch):
    """How many bytes each call to zlib gave."""
    sizes = []

    class Watched:
        def __init__(self, wbits):
            self._stream = zlib.decompressobj(wbits)

        def decompress(self, packed, size):
            result = self._stream.decompress(packed, size)
            sizes.append(len(result))
            return result

        def __getattr__(self, name):
            return getattr(self._stream, name)

    stub = type("zlib", (), {"decompressobj": Watched, "error": zlib.error, "MAX_WBITS": 15})
    monkeypatch.setattr(importlib.import_module("tinygrad_np.data.idx"), "zlib", stub)
    return sizes


@pytest.mark.parametrize("shape", [(2**31,), (2**16, 2**15), (2**32 - 1,) * 8])
def test_idx_absurd_sizes_are_refused_before_anything_is_unpacked(tmp_path, unpacked, shape):
    content = header(*shape) + bytes(8)
    refused(tmp_path / "absurd", content, "is truncated", "and at most 8 can follow")
    refused(tmp_path / "absurd.gz", gzip.compress(content), "is truncated", "can follow")
    assert sum(unpacked) == len(header(*shape))


def test_idx_unpacks_no_more_than_is_promised(tmp_path, unpacked):
    refused(tmp_path / "bomb.gz", gzip.compress(SMALL + bytes(10**6)), "is too long")
    assert sum(unpacked) == len(SMALL) + 1


def test_idx_checksum(tmp_path):
    path = tmp_path / "raw"
    path.write_bytes(SMALL)
    found = hashlib.sha256(SMALL).hexdigest()
    assert data.read_idx(path, sha256=found.upper()).size == 24
    with pytest.raises(DataError) as caught:
        data.read_idx(path, sha256="0" * 64)
    assert str(caught.value) == (
        f"read_idx: {path} has the SHA-256 {found}, expected {'0' * 64}; "
        "delete the file and download it again"
    )


def test_idx_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        data.read_idx(tmp_path / "nowhere")


def test_idx_fuzz(tmp_path):
    """Changed, dropped and added bytes: an array of the promised shape, or DataError."""
    random = np.random.default_rng(0)
    outcomes = {"read": 0, "refused": 0}
    for trial in range(2000):
        content = bytearray(SMALL)
        packed = trial % 2 == 1
        if packed and trial % 4 == 1:
            content = bytearray(gzip.compress(content, mtime=0))
        for _ in range(random.integers(1, 4)):
            at = int(random.integers(len(content) + 1))
            match random.integers(3):
                case 0:
                    content[at : at + 1] = random.bytes(1)
                case 1:
                    del content[at : at + int(random.integers(1, 9))]
                case 2:
                    content[at:at] = random.bytes(int(random.integers(1, 9)))
        if packed and trial % 4 == 3:
            content = bytearray(gzip.compress(content, mtime=0))
        path = tmp_path / ("fuzz.gz" if packed else "fuzz")
        path.write_bytes(content)
        try:
            array = data.read_idx(path)
        except DataError:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
            inside = gzip.decompress(content) if packed else bytes(content)
            assert idx(array) == inside
    assert min(outcomes.values()) > 100


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


def fetch(**options) -> Dataset:
    """As on a machine whose network must not be used."""
    return data.fashion_mnist(download=False, progress=False, **options)


@pytest.fixture
def no_network(monkeypatch):
    def fail(*arguments):
        raise AssertionError("the network was used")

    monkeypatch.setattr(places, "_download", fail)
    monkeypatch.setattr(data, "why_silent", fail)


def test_a_path(tmp_path, files, no_network):
    folder = put(tmp_path / "given" / "fashion-mnist", files)
    for path in (folder, str(folder), folder.parent):
        loaded = data.fashion_mnist(path)
        assert [x.shape for x in loaded] == [(3, 28, 28), (3,), (2, 28, 28), (2,)]
        assert all(x.dtype == np.uint8 for x in loaded)
        assert loaded.train_labels.tolist() == [0, 4, 9]
        assert data.locate_fashion_mnist(path) == (folder, "the path given")
        assert data.auto(path)[1] == f"Fashion-MNIST from {folder} (the path given)"


def test_a_path_in_the_home(home, files):
    folder = put(home / "given", files)
    assert data.locate_fashion_mnist("~/given") == (folder, "the path given")


def test_the_order_of_the_places(tmp_path, monkeypatch, files, no_network):
    places = [put(tmp_path / name / "fashion-mnist", files) for name in ("path", "variable")]
    assert data.locate_fashion_mnist() is None
    put(cache(), files)
    assert data.locate_fashion_mnist() == (cache(), "the user's cache")
    assert data.auto()[1] == f"Fashion-MNIST from {cache()} (the user's cache)"
    monkeypatch.setenv("TINYGRAD_NP_DATA", str(tmp_path / "variable"))
    assert data.locate_fashion_mnist() == (places[1], "TINYGRAD_NP_DATA")
    assert data.auto()[1] == f"Fashion-MNIST from {places[1]} (TINYGRAD_NP_DATA)"
    assert data.locate_fashion_mnist(places[0]) == (places[0], "the path given")
    assert len(fetch().train_labels) == 3


@pytest.mark.parametrize("load", [fetch, data.fashion_mnist, data.auto])
def test_a_path_without_the_files(tmp_path, files, no_network, load):
    put(cache(), files)  # is not what was asked for
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError) as caught:
            load(path=path)
        message = str(caught.value)
        assert f"fashion_mnist: {path} has none of the files {TRAIN_IMAGES}, " in message
        assert "give the folder that holds them" in message


@pytest.mark.parametrize("load", [fetch, data.fashion_mnist, data.auto])
@pytest.mark.parametrize("by_variable", [False, True])
def test_some_of_the_files(tmp_path, monkeypatch, files, no_network, load, by_variable):
    del files[TEST_IMAGES], files[TRAIN_LABELS]
    folder = put(tmp_path / "some" / "fashion-mnist", files)
    path = folder.parent
    if by_variable:
        monkeypatch.setenv("TINYGRAD_NP_DATA", str(path))
        path = None
    told = f"fashion_mnist: {folder} lacks {TRAIN_LABELS}, {TEST_IMAGES}; download it from http://"
    with pytest.raises(DataError, match=re.escape(told)):
        load(path=path)


@pytest.mark.parametrize("load", [fetch, data.fashion_mnist, data.auto])
def test_a_variable_that_names_no_folder(tmp_path, monkeypatch, files, no_network, load):
    put(cache(), files)
    monkeypatch.setenv("TINYGRAD_NP_DATA", str(tmp_path / "nowhere"))
    told = (
        f"TINYGRAD_NP_DATA names {tmp_path / 'nowhere'}, which is no folder; correct the variable"
    )
    with pytest.raises(DataError, match=re.escape(told)):
        load()


def test_a_variable_that_names_other_data(tmp_path, monkeypatch, files):
    monkeypatch.setenv("TINYGRAD_NP_DATA", str(tmp_path))
    assert data.locate_fashion_mnist() is None
    put(cache(), files)
    assert data.locate_fashion_mnist() == (cache(), "the user's cache")


def test_nowhere(files):
    with pytest.raises(DataError) as caught:
        fetch()
    assert str(caught.value) == (
        "fashion_mnist: it is neither in TINYGRAD_NP_DATA (not set) nor in the cache "
        f"({places.cache_folder()}); give its path or allow the download"
    )
    assert not cache().exists()


@pytest.mark.parametrize("keeps_its_name", [True, False])
@pytest.mark.parametrize("some", [slice(None), slice(1, 3)])
def test_files_that_a_browser_has_unpacked(tmp_path, files, no_network, keeps_its_name, some):
    unpacked = dict(files)
    for name in list(files)[some]:
        content = gzip.decompress(unpacked.pop(name))
        unpacked[name if keeps_its_name else name.removesuffix(".gz")] = content
    loaded = data.fashion_mnist(put(tmp_path, unpacked))
    assert [x.shape for x in loaded] == [(3, 28, 28), (3,), (2, 28, 28), (2,)]


def test_an_unpacked_file_that_is_not_the_official_one(tmp_path, files, no_network):
    right = gzip.decompress(files[TEST_IMAGES])
    wrong = right[:-1] + bytes([right[-1] ^ 1])
    folder = put(tmp_path, {**files, TEST_IMAGES: wrong})
    expected = hashlib.sha256(right).hexdigest()
    with pytest.raises(DataError, match=f"{TEST_IMAGES} has the SHA-256 .*, expected {expected};"):
        data.fashion_mnist(folder)


@pytest.mark.parametrize("load", [fetch, data.fashion_mnist, data.auto])
@pytest.mark.parametrize("place", ["path", "variable", "cache"])
def test_a_damaged_file(tmp_path, monkeypatch, files, no_network, load, place):
    good = files[TEST_IMAGES]
    files[TEST_IMAGES] = good[:50] + bytes([good[50] ^ 1]) + good[51:]
    folder = put(cache() if place == "cache" else tmp_path / "damaged", files)
    if place == "variable":
        monkeypatch.setenv("TINYGRAD_NP_DATA", str(folder))
    with pytest.raises(DataError) as caught:
        load(path=folder if place == "path" else None)
    found = hashlib.sha256(files[TEST_IMAGES]).hexdigest()
    assert str(caught.value) == (
        f"read_idx: {folder / TEST_IMAGES} has the SHA-256 {found}, expected "
        f"{hashlib.sha256(good).hexdigest()}; delete the file and download it again"
    )


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ("training", {"shape": (28, 27)}),
        ("training", {"highest": 10}),
        ("training", "labels of the other part"),
        ("test", "labels of the other part"),
    ],
)
def test_images_and_labels_that_do_not_belong_together(tmp_path, monkeypatch, part, changed):
    if isinstance(changed, dict):
        files = small_files(**changed)
    else:
        files = small_files()
        name, other = (TRAIN_LABELS, TEST_LABELS)[:: 1 if part == "training" else -1]
        files[name] = files[other]
    declare(monkeypatch, files)
    told = f"fashion_mnist: the {part} images .* do not belong together, in .*; delete the files"
    with pytest.raises(DataError, match=told):
        data.fashion_mnist(put(tmp_path / "odd", files))


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


@pytest.fixture
def refusing() -> Iterator[str]:
    """An address that refuses: a port that is taken, with nobody listening."""
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


def cached() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in cache().glob("*")}


def test_download(server, files):
    loaded = data.fashion_mnist(url=server.url, progress=False)
    assert len(loaded.train_labels) == 3
    assert cached() == files
    assert server.asked == list(files)
    again = data.fashion_mnist(url=server.url)
    assert server.asked == list(files)  # from the cache
    assert all(np.array_equal(x, y) for x, y in zip(loaded, again, strict=True))


def test_download_shows_its_progress(server, capsys):
    data.fashion_mnist(url=server.url)
    assert "100%" in capsys.readouterr().err


def test_download_adds_what_the_cache_lacks(server, files):
    put(cache(), {TRAIN_LABELS: files[TRAIN_LABELS], TEST_IMAGES: b"damaged"})
    data.fashion_mnist(url=server.url, progress=False)
    assert server.asked == [TRAIN_IMAGES, TEST_IMAGES, TEST_LABELS]
    assert cached() == files


def wrong(handler: Handler) -> None:
    content = handler.server.files[TRAIN_LABELS]
    handler.send(content[:-1] + bytes([content[-1] ^ 1]))


def another(handler: Handler) -> None:
    handler.send(handler.server.files[TEST_LABELS])


def truncated(handler: Handler) -> None:
    content = handler.server.files[TRAIN_LABELS]
    handler.send(content[: len(content) // 2], len(content))


def truncated_and_says_so(handler: Handler) -> None:
    handler.send(handler.server.files[TRAIN_LABELS][:-9])


def reset(handler: Handler) -> None:
    truncated(handler)
    # Closed with nothing to linger for, a connection is reset instead of being ended.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.wfile.close()
    handler.rfile.close()
    handler.connection.close()


def missing(handler: Handler) -> None:
    handler.send_error(404)


FAILURES = [wrong, another, truncated, truncated_and_says_so, reset, missing]


@pytest.mark.parametrize("failure", FAILURES)
def test_a_download_that_fails(server, files, failure):
    server.answers[TRAIN_LABELS] = failure
    with pytest.raises(DataError) as caught:
        data.fashion_mnist(url=server.url, progress=False)
    message = str(caught.value)
    address = server.url + TRAIN_LABELS
    assert message.startswith(f"fashion_mnist: {address} could not be downloaded to {cache()} (")
    assert "try again, or get the four files by other means" in message
    if failure in (wrong, another, truncated_and_says_so):
        assert module.SOURCE.downloads[TRAIN_LABELS] in message  # expected and found
        assert len(re.findall(r"\b[0-9a-f]{64}\b", message)) == 2
    # What came before is whole; of what failed there is nothing, by no name.
    assert cached() == {TRAIN_IMAGES: files[TRAIN_IMAGES]}
    del server.answers[TRAIN_LABELS]
    data.fashion_mnist(url=server.url, progress=False)
    assert cached() == files


def test_a_download_has_its_name_only_when_it_is_complete(server, files):
    present = []

    def watch(handler: Handler) -> None:
        content = files[TRAIN_LABELS]
        handler.send(content[:9], len(content))
        present.append((cache() / TRAIN_LABELS).exists())
        handler.wfile.write(content[9:-1])
        handler.wfile.flush()
        present.append((cache() / TRAIN_LABELS).exists())
        handler.wfile.write(content[-1:])

    server.answers[TRAIN_LABELS] = watch
    data.fashion_mnist(url=server.url, progress=False)
    assert present == [False, False]
    assert cached() == files


def test_a_server_that_refuses(files, refusing):
    with pytest.raises(DataError, match="could not be downloaded"):
        data.fashion_mnist(url=refusing, progress=False)
    assert cached() == {}


def test_a_cache_that_cannot_be_made(home, server):
    home.write_text("a file where the folder would be")
    with pytest.raises(DataError, match="could not be downloaded"):
        data.fashion_mnist(url=server.url, progress=False)


@pytest.mark.parametrize(("absent", "progress"), [("pooch", False), ("tqdm", True)])
def test_without_the_extra(monkeypatch, no_network, absent, progress):
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(ModuleNotFoundError) as caught:
        places.import_pooch("fashion_mnist", progress)
    assert str(caught.value) == (
        f"fashion_mnist: a download needs {absent}; install it with: pip install pooch tqdm"
    )


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


def built_in(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    drawn = data.garments(8, 4)
    monkeypatch.setattr(data, "garments", lambda labels: drawn)
    return drawn


BUILT_IN = "the built-in garments: no copy of Fashion-MNIST here, and "


def test_auto_downloads(server, files):
    loaded, which = data.auto(url=server.url, seconds=60, progress=False)
    assert which == f"Fashion-MNIST, downloaded from {server.url}"
    assert len(loaded.train_labels) == 3
    assert cached() == files


def test_auto_without_a_server(monkeypatch, refusing):
    drawn = built_in(monkeypatch)
    loaded, which = data.auto(url=refusing)
    assert loaded is drawn
    assert which.startswith(BUILT_IN + "its server cannot be reached (")
    assert "refused" in which


def test_auto_with_a_silent_server(monkeypatch):
    drawn = built_in(monkeypatch)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert data.auto(url=url, seconds=0.1) == (
            drawn,
            BUILT_IN + "its server did not answer within 0.1 seconds",
        )


@pytest.mark.parametrize("failure", FAILURES)
def test_auto_and_a_download_that_fails(monkeypatch, server, failure):
    drawn = built_in(monkeypatch)
    server.answers[TRAIN_IMAGES] = failure
    loaded, which = data.auto(url=server.url, seconds=60, progress=False)
    assert loaded is drawn
    assert which.startswith(BUILT_IN + f"fashion_mnist: {server.url}{TRAIN_IMAGES} could not be")
    assert len(which.splitlines()) == 1
    assert not list(cache().glob("*"))


def test_auto_and_ten_kinds(tmp_path, monkeypatch, files, refusing):
    asked = []
    monkeypatch.setattr(data, "garments", lambda labels: asked.append(tuple(labels)))
    data.auto(url=refusing)
    data.auto(url=refusing, labels=range(10))
    assert asked == [(1, 3), tuple(range(10))]
    # The real set is the whole set, whatever would have been drawn in its stead.
    loaded, _ = data.auto(put(tmp_path / "given", files), labels=range(2))
    assert loaded.train_labels.tolist() == [0, 4, 9]


@pytest.mark.parametrize("absent", ["pooch", "tqdm"])
def test_auto_without_the_extra(monkeypatch, no_network, absent):
    drawn = built_in(monkeypatch)
    monkeypatch.setitem(sys.modules, absent, None)
    assert data.auto() == (
        drawn,
        BUILT_IN
        + f"fashion_mnist: a download needs {absent}; install it with: pip install pooch tqdm",
    )


# The real files


@pytest.mark.skipif(
    not (REAL / "fashion-mnist").is_dir(),
    reason="needs Fashion-MNIST: its four files in fashion-mnist/ in the folder TINYGRAD_NP_DATA",
)
def test_the_real_files(monkeypatch):
    monkeypatch.setenv("TINYGRAD_NP_DATA", str(REAL))
    loaded = data.fashion_mnist(download=False)
    assert [x.shape for x in loaded] == [(60000, 28, 28), (60000,), (10000, 28, 28), (10000,)]
    assert np.bincount(loaded.train_labels).tolist() == [6000] * 10
    assert np.bincount(loaded.test_labels).tolist() == [1000] * 10
    assert round(loaded.train_images.mean() / 255, 4) == 0.2860
    assert round(loaded.train_images.std() / 255, 4) == 0.3530
    two = data.select(loaded, (1, 3))
    assert two.train_images.shape == (12000, 28, 28)
    assert two.test_images.shape == (2000, 28, 28)
    in_order = loaded.train_labels[(loaded.train_labels == 1) | (loaded.train_labels == 3)]
    assert np.array_equal(two.train_labels, in_order)


# What is done with a data set


def numbered(train_labels: list[int], test_labels: list[int]) -> Dataset:
    """Every image is filled with its number."""
    parts: list[np.ndarray] = []
    for labels in (train_labels, test_labels):
        numbers = np.arange(len(labels), dtype=np.uint8).reshape(-1, 1, 1)
        parts += [np.tile(numbers, (1, 28, 28)), np.array(labels, np.uint8)]
    return Dataset(*parts)


def test_select():
    kept = data.select(numbered([3, 0, 1, 3, 2], [1, 1, 0, 3]), (1, 3))
    assert kept.train_images[:, 0, 0].tolist() == [0, 2, 3]
    assert kept.train_labels.tolist() == [3, 1, 3]
    assert kept.test_images[:, 0, 0].tolist() == [0, 1, 3]
    assert kept.test_labels.tolist() == [1, 1, 3]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ((1, 4), "select: no training image has the label 4; choose among [1, 2, 3]"),
        ((1, 300), "select: no training image has the label 300; choose among [1, 2, 3]"),
        ((2, 1), "select: no test image has the label 2; choose among [1, 3]"),
    ],
)
def test_select_what_is_not_there(labels, message):
    with pytest.raises(DataError, match=re.escape(message)):
        data.select(numbered([1, 2, 3], [1, 3]), labels)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_standardised(dtype):
    random = np.random.default_rng(2)
    train, other = (random.integers(0, 256, (n, 4, 5)).astype(dtype) for n in (7, 3))
    train[:, 0, 0] = 9  # never changes
    before = train.copy()
    exact = train.astype(np.float64)
    mean = exact.mean(axis=0, keepdims=True)
    std = exact.std(axis=0, keepdims=True) + 1e-7
    results = data.standardised(train, other, train)
    for given, result in zip((train, other, train), results, strict=True):
        assert result.dtype == np.float64
        assert np.array_equal(result, (given.astype(np.float64) - mean) / std)
        assert not np.shares_memory(given, result)
    assert not results[0][:, 0, 0].any()
    assert np.array_equal(train, before)


def test_standardised_refuses():
    with pytest.raises(DataError, match=r"standardised: shapes \(2, 4\) .* and \(2, 1\) differ"):
        data.standardised(np.ones((2, 4)), np.ones((2, 1)))
    with pytest.raises(DataError, match="needs at least one"):
        data.standardised(np.ones((0, 4)))


# The built-in set


def test_garments():
    drawn = data.garments()
    assert [x.shape for x in drawn] == [(12000, 28, 28), (12000,), (2000, 28, 28), (2000,)]
    assert all(x.dtype == np.uint8 for x in drawn)
    for labels in (drawn.train_labels, drawn.test_labels):
        assert np.unique(labels).tolist() == [1, 3]
        assert abs(np.mean(labels == 3) - 0.5) < 3 / np.sqrt(len(labels))
        # Shuffled: neighbours are alike about as often as not.
        assert abs(np.mean(labels[1:] == labels[:-1]) - 0.5) < 3 / np.sqrt(len(labels))
    images = drawn.train_images
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == len(images)
    assert images.max() == 255
    assert 0.1 < images.mean() / 255 < 0.3


def test_garments_are_the_same_on_every_machine():
    def digest(drawn: Dataset) -> str:
        return hashlib.sha256(b"".join(x.tobytes() for x in drawn)).hexdigest()[:16]

    drawn = digest(data.garments(700, 100, seed=5))
    assert drawn == digest(data.garments(700, 100, seed=5))
    assert drawn == "4718f002fc4071be"
    assert drawn != digest(data.garments(700, 100, seed=6))


def test_garments_do_not_touch_the_global_generator():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    data.garments(2, 2)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize(("train", "test"), [(0, 0), (1, 0), (0, 3), (500, 1), (501, 499)])
def test_garments_of_any_number(train, test):
    drawn = data.garments(train, test)
    assert drawn.train_images.shape == (train, 28, 28)
    assert drawn.test_labels.shape == (test,)


def test_garments_of_a_negative_number():
    with pytest.raises(DataError, match="garments: cannot draw -1 pictures; ask for 0 or more"):
        data.garments(10, -1)


def test_garments_can_be_told_apart_but_not_perfectly():
    """By the nearest mean image, which is weaker than what the examples train."""
    drawn = data.garments(4000, 2000)
    train, test = data.standardised(drawn.train_images, drawn.test_images)
    means = [train[drawn.train_labels == label].mean(axis=0) for label in (1, 3)]
    score = np.tensordot(test, means[1] - means[0], 2)
    accuracy = np.mean((score > 0) == (drawn.test_labels == 3))
    assert 0.75 < accuracy < 0.97
    # No single pixel gives the answer away.
    side = np.where(drawn.train_labels == 3, 1.0, -1.0)
    assert np.abs(np.tensordot(side, train, 1) / len(train)).max() < 0.7


def test_the_data_import_nothing_that_they_do_not_need():
    program = (
        "import sys, tinygrad_np.data; "
        "print({'scipy', 'matplotlib', 'pooch', 'tqdm', 'requests'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "set()"


def test_the_official_table():
    assert list(OFFICIAL) == [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ]
    assert [f"{name}.gz" for name in module.UNPACKED] == list(OFFICIAL)
    for sha256 in (*OFFICIAL.values(), *module.UNPACKED.values()):
        assert re.fullmatch("[0-9a-f]{64}", sha256)

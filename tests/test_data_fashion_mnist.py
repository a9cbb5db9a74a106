"""Fashion-MNIST: its four places, the download, and the built-in set where it is not to be had.

Small files stand in for the official ones; only `test_the_real_files` needs those.
"""

import contextlib
import gzip
import hashlib
import importlib
import re
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from local_server import REAL, Handler, Server, idx, put, serving

from tinygrad_np import data
from tinygrad_np.data import DataError, Dataset

# The package's attribute of this name is the function; this is the module.
module = importlib.import_module("tinygrad_np.data.fashion_mnist")
places = importlib.import_module("tinygrad_np.data.places")
OFFICIAL = dict(module.FILES)
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = OFFICIAL
pytestmark = pytest.mark.usefixtures("home")


def cache() -> Path:
    return places.cache_folder() / "fashion-mnist"


# Fashion-MNIST: four places


def small_files(train: int = 3, test: int = 2) -> dict[str, bytes]:
    """Four files as small as they may be."""
    random = np.random.default_rng(1)
    contents = []
    for n in (train, test):
        contents.append(idx(random.integers(0, 256, (n, 28, 28))))
        contents.append(idx(np.linspace(0, 9, n)))
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


@pytest.mark.parametrize("name", [TRAIN_LABELS, TEST_LABELS])
def test_images_and_labels_that_do_not_belong_together(tmp_path, files, name):
    """The checksum of a file is that of its name."""
    odd = {**files, name: files[TEST_LABELS if name == TRAIN_LABELS else TRAIN_LABELS]}
    with pytest.raises(DataError, match=f"{name} has the SHA-256 .*; delete the file"):
        data.fashion_mnist(put(tmp_path / "odd", odd))


@pytest.fixture
def server(files) -> Iterator[Server]:
    with serving(files) as server:
        yield server


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

"""Idx files are read strictly: whole, of their own sizes, and no more of them than is promised."""

import gzip
import hashlib
import importlib
import re
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from local_server import idx

from tinygrad_np import data
from tinygrad_np.data import DataError, read_idx


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
    refused(tmp_path / "raw", SMALL[:-5], told + "19 follow")
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
        "has bytes too many after its gzip data",
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
    monkeypatch.setattr(importlib.import_module("tinygrad_np.data.packed"), "zlib", stub)
    return sizes


@pytest.mark.parametrize("shape", [(2**31,), (2**16, 2**15), (2**32 - 1,) * 8])
def test_idx_absurd_sizes(tmp_path, shape):
    content = header(*shape) + bytes(8)
    refused(tmp_path / "absurd", content, "is truncated", "and 8 follow")
    refused(tmp_path / "absurd.gz", gzip.compress(content), "is truncated", "and 8 follow")


def test_idx_unpacks_no_more_than_is_promised(tmp_path, unpacked):
    refused(tmp_path / "bomb.gz", gzip.compress(SMALL + bytes(10**6)), "is too long")
    head, *rest = unpacked
    assert head == 300
    assert sum(rest) == len(SMALL) + 1


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


def test_a_header_of_billions_in_twenty_bytes_asks_for_no_memory(tmp_path):
    content = struct.pack(">HBBI", 0, 8, 1, 1 << 31) + bytes(12)
    for name, packed in (("a", content), ("a.gz", gzip.compress(content))):
        (tmp_path / name).write_bytes(packed)
        tracemalloc.start()
        with pytest.raises(DataError, match=r"its header promises 2147483648 = 2147483648 bytes"):
            read_idx(tmp_path / name)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
        tracemalloc.stop()

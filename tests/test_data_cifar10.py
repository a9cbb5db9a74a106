"""tinygrad_np.data.cifar10: strict records, six files or one archive, the places, the download.

Small files stand in for the official ones; only `TestTheRealFiles` needs those.
"""

import gzip
import hashlib
import importlib
import io
import lzma
import re
import sys
import tarfile
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from local_server import REAL, Handler, Server, put, serving

from tinygrad_np import data
from tinygrad_np.data import DataError, Dataset, read_cifar10

pytestmark = pytest.mark.usefixtures("home")
module = importlib.import_module("tinygrad_np.data.cifar10")
places = importlib.import_module("tinygrad_np.data.places")
ARCHIVE = "cifar-10-binary.tar.gz"
TRAIN = [f"data_batch_{i}.bin" for i in range(1, 6)]
TEST, PART = "test_batch.bin", "test_batch_first1000.bin"
INSIDE = "cifar-10-batches-bin/"


def records(n: int, seed: int = 0) -> bytes:
    random = np.random.default_rng(seed)
    return b"".join(bytes([random.integers(10)]) + random.bytes(3072) for _ in range(n))


def xz(content: bytes, **options) -> bytes:
    return lzma.compress(content, lzma.FORMAT_XZ, **options)


def refused(path: Path, content: bytes, *words: str, **options) -> None:
    """`read_cifar10` raises, naming the file, what is wrong (`words`) and what to do."""
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_cifar10(path, **options)
    message = str(caught.value)
    for word in ("read_cifar10: ", str(path), *words, "delete the file and download it again"):
        assert word in message


# One file


@pytest.mark.parametrize(
    ("name", "pack"), [("raw", bytes), ("a.bin", bytes), ("a.bin.xz", xz), ("packed", xz)]
)
@pytest.mark.parametrize("n", [1, 2, 7])
def test_any_number_of_records(tmp_path, name, pack, n):
    content = records(n)
    path = tmp_path / name
    path.write_bytes(pack(content))
    for given in (path, str(path)):
        images, labels = read_cifar10(given)
    assert (images.shape, labels.shape) == ((n, 32, 32, 3), (n,))
    assert images.dtype == labels.dtype == np.uint8
    # The format in the words of its page: a label; red, green and blue, row by row.
    for i in range(n):
        assert labels[i] == content[3073 * i]
        for colour, row, column in [(0, 0, 0), (0, 0, 31), (0, 1, 0), (1, 0, 0), (2, 31, 30)]:
            at = 3073 * i + 1 + 1024 * colour + 32 * row + column
            assert images[i, row, column, colour] == content[at]
    planes = images.transpose(0, 3, 1, 2).reshape(n, 3072)
    assert np.concatenate([labels[:, None], planes], axis=1).tobytes() == content
    for array in (images, labels):
        assert array.flags.c_contiguous
        array[0] = 1  # its own memory


@pytest.mark.parametrize("length", [1, 2, 3072, 3074, 2 * 3073 - 1, 2 * 3073 + 1, 3 * 3073 - 5])
def test_no_whole_number_of_records(tmp_path, length):
    count, over = divmod(length, 3073)
    told = (
        f"is truncated, too long or no CIFAR-10 file: its {length} bytes are {count} records of "
        f"3073 bytes, and {over} bytes more"
    )
    refused(tmp_path / "raw", bytes(length), told)
    refused(tmp_path / "packed.xz", xz(bytes(length)), told)


@pytest.mark.parametrize("name", ["raw", "packed.xz"])
def test_empty(tmp_path, name):
    refused(tmp_path / name, xz(b"") if name == "packed.xz" else b"", "is empty")


@pytest.mark.parametrize("label", [10, 11, 127, 255])
@pytest.mark.parametrize("at", [0, 3])
def test_a_label_that_there_is_not(tmp_path, label, at):
    content = bytearray(records(4))
    content[3073 * at] = label
    told = f"record {at}, counted from 0, has the label {label}, and labels are 0 to 9"
    refused(tmp_path / "raw", bytes(content), told)
    refused(tmp_path / "packed", xz(bytes(content)), told)


def test_truncated_xz(tmp_path):
    packed = xz(bytes(3073))
    for length in range(6, len(packed)):
        refused(tmp_path / "packed.xz", packed[:length], "is truncated: its xz data do not end")
    for length in range(6):
        told = (
            "is no CIFAR-10 file but xz data" if length == 5 else "is empty|no CIFAR-10 file: its"
        )
        (tmp_path / "packed.xz").write_bytes(packed[:length])
        with pytest.raises(DataError, match=told):
            read_cifar10(tmp_path / "packed.xz")


@pytest.mark.parametrize("behind", [b"\0", bytes(4), b"garbage", xz(b""), xz(records(1))])
def test_bytes_after_the_xz_data(tmp_path, behind):
    told = "has bytes too many after its xz data"
    refused(tmp_path / "packed.xz", xz(records(1)) + behind, told)


def test_every_changed_byte_of_xz_is_found(tmp_path):
    path = tmp_path / "packed.xz"
    packed = xz(bytes(3073))
    for at in range(len(packed)):
        changed = bytearray(packed)
        changed[at] ^= 0x10
        path.write_bytes(changed)
        with pytest.raises(DataError, match="xz"):
            read_cifar10(path)


@pytest.mark.parametrize("name", ["a", "a.bin", "a.bin.xz", "a.gz"])
@pytest.mark.parametrize("pack", [bytes, xz])
def test_a_file_is_read_by_its_content_whatever_its_name(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack(records(2)))
    assert read_cifar10(tmp_path / name)[0].shape == (2, 32, 32, 3)


@pytest.mark.parametrize("name", ["a.bin", "a.bin.xz"])
def test_what_a_wrong_file_is(tmp_path, name):
    for content, told in (
        (b"<html>404", "is no CIFAR-10 file but a page of HTML or XML; delete the file and downl"),
        (gzip.compress(records(1)), "is no CIFAR-10 file but gzip data; unpack it"),
        (b"PK\3\4" + bytes(99), "is no CIFAR-10 file but a zip archive; unpack it"),
        (lzma.compress(records(1), lzma.FORMAT_ALONE), "is truncated, too long or no CIFAR-10 fi"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError) as caught:
            read_cifar10(tmp_path / name)
        assert told in str(caught.value)


def peak(function) -> int:
    """How many bytes Python held at most."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_small_file_cannot_fill_the_memory(tmp_path):
    content = xz(bytes(3073 * 30_000))
    assert len(content) < 20_000
    told = "is too long: it has more than 100 images, and most=100"
    used = peak(lambda: refused(tmp_path / "bomb.xz", content, told, most=100))
    assert used < 16 << 20  # of 92 MB; xz takes 8 MB for itself


def test_as_many_as_are_allowed(tmp_path):
    path = tmp_path / "file"
    for content in (records(3), xz(records(3))):
        path.write_bytes(content)
        assert len(read_cifar10(path, most=3)[1]) == 3
        refused(path, content, "is too long: it has more than 2 images, and most=2", most=2)


def test_a_file_too_long_for_anything_is_not_read(tmp_path):
    path = tmp_path / "sparse.bin"
    with open(path, "wb") as file:
        file.truncate(1 << 40)

    def read():
        with pytest.raises(DataError, match="is too long: it has more than 60000 images"):
            read_cifar10(path)

    assert peak(read) < 1 << 20


def test_xz_that_asks_for_much_memory(tmp_path):
    """Its header says that the dictionary has 3 GiB."""
    content = bytearray(xz(records(1)))
    start, size = 12, 4 * content[12] + 4  # the header of the first block
    at = content.index(b"\x21\x01", start)  # LZMA2, with one byte of properties
    content[at + 2] = 39
    checksum = zlib.crc32(content[start : start + size - 4])
    content[start + size - 4 : start + size] = checksum.to_bytes(4, "little")
    refused(tmp_path / "much.xz", bytes(content), "is damaged xz (Memory usage limit exceeded)")


def test_checksum(tmp_path):
    found = hashlib.sha256(records(2)).hexdigest()
    for name, content in (("raw", records(2)), ("packed", xz(records(2)))):
        path = tmp_path / name
        path.write_bytes(content)
        assert len(read_cifar10(path, sha256=found.upper())[1]) == 2
        with pytest.raises(DataError) as caught:
            read_cifar10(path, sha256="0" * 64)
        assert str(caught.value) == (
            f"read_cifar10: {path} has the SHA-256 {found}, expected {'0' * 64}; delete the file "
            "and download it again, or read a file of your own without sha256"
        )


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_cifar10(tmp_path / "nowhere")


def test_fuzz(tmp_path):
    """Changed, dropped and added bytes: the records that are there, or DataError."""
    random = np.random.default_rng(0)
    path = tmp_path / "fuzz"
    outcomes = {"read": 0, "refused": 0}
    for trial in range(900):
        content = bytearray(records(2))
        if trial % 3 == 1:
            content = bytearray(xz(content, preset=0))
        for _ in range(random.integers(1, 4)):
            at = int(random.integers(len(content) + 1))
            match random.integers(4):
                case 0 | 1:
                    content[at : at + 1] = random.bytes(1)
                case 2:
                    del content[at : at + int(random.integers(1, 9))]
                case 3:
                    content[at:at] = random.bytes(int(random.integers(1, 9)))
        if trial % 3 == 2:
            content = bytearray(xz(content, preset=0))
        path.write_bytes(content)
        try:
            images, labels = read_cifar10(path)
        except DataError:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
            inside = lzma.decompress(content) if trial % 3 else bytes(content)
            planes = images.transpose(0, 3, 1, 2).reshape(-1, 3072)
            assert np.concatenate([labels[:, None], planes], axis=1).tobytes() == inside
    assert min(outcomes.values()) > 50


# The set: six files or an archive


def tarred(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in members.items():
            add(archive, name, content)
    return buffer.getvalue()


def add(archive: tarfile.TarFile, name: str, content: bytes = b"", **fields) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    for field, value in fields.items():
        setattr(member, field, value)
    archive.addfile(member, io.BytesIO(content))


@pytest.fixture
def batches(monkeypatch) -> dict[str, bytes]:
    """Six files as small as they may be, and the first image of the last; let them be official."""
    contents = {name: records(3, seed) for seed, name in enumerate((*TRAIN, TEST))}
    contents[PART] = contents[TEST][:3073]
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    assert set(sums) == set(module._SHA256)
    monkeypatch.setattr(module, "_SHA256", sums)
    monkeypatch.setattr(module, "_BATCH_BYTES", 3 * 3073)
    return contents


def six(batches: dict[str, bytes]) -> dict[str, bytes]:
    return {name: batches[name] for name in (*TRAIN, TEST)}


def official_members(batches: dict[str, bytes]) -> dict[str, bytes]:
    extra = {INSIDE + "readme.html": b"<html>", INSIDE + "batches.meta.txt": b"airplane\n"}
    return {**extra, **{INSIDE + name: content for name, content in six(batches).items()}}


@pytest.fixture
def archive(monkeypatch, batches) -> bytes:
    packed = gzip.compress(tarred(official_members(batches)), mtime=0)
    sums = {ARCHIVE: hashlib.sha256(packed).hexdigest()}
    monkeypatch.setattr(module, "SOURCE", module.SOURCE._replace(downloads=sums))
    return packed


def fetch(**options) -> Dataset:
    """As on a machine whose network must not be used."""
    return data.cifar10(download=False, progress=False, **options)


def is_right(loaded: Dataset, batches: dict[str, bytes], test: str = TEST) -> bool:
    train = b"".join(batches[name] for name in TRAIN)
    for images, labels, content in (
        (loaded.train_images, loaded.train_labels, train),
        (loaded.test_images, loaded.test_labels, batches[test]),
    ):
        planes = images.transpose(0, 3, 1, 2).reshape(-1, 3072)
        if np.concatenate([labels[:, None], planes], axis=1).tobytes() != content:
            return False
    return all(x.dtype == np.uint8 for x in loaded)


def cache() -> Path:
    return places.cache_folder() / "cifar-10"


@pytest.fixture
def no_network(monkeypatch):
    def fail(*arguments):
        raise AssertionError("the network was used")

    monkeypatch.setattr(places, "_download", fail)


def test_six_files(tmp_path, batches, no_network):
    packed = {f"{name}.xz": xz(content) for name, content in six(batches).items()}
    mixed = {**six(batches), f"{TRAIN[2]}.xz": packed[f"{TRAIN[2]}.xz"]}
    del mixed[TRAIN[2]]
    for number, files in enumerate((six(batches), packed, mixed)):
        folder = put(tmp_path / f"{number}" / "cifar-10", files)
        for path in (folder, str(folder), folder.parent):
            assert is_right(data.cifar10(path), batches)
        assert len(list(folder.iterdir())) == 6


@pytest.mark.parametrize("pack", [bytes, xz])
def test_the_first_test_images_stand_in_for_all(tmp_path, batches, no_network, pack):
    end = ".xz" if pack is xz else ""
    files = six(batches)
    del files[TEST]
    put(tmp_path, {**files, PART + end: pack(batches[PART])})
    assert is_right(data.cifar10(tmp_path), batches, PART)
    put(tmp_path, {f"{TEST}.xz": xz(batches[TEST])})
    assert is_right(data.cifar10(tmp_path), batches)


def test_the_archive(tmp_path, batches, archive, no_network):
    folder = put(tmp_path / "cifar-10", {ARCHIVE: archive})
    elsewhere = put(tmp_path / "elsewhere", {"renamed": archive}) / "renamed"
    for path in (folder, folder.parent, folder / ARCHIVE, elsewhere, str(elsewhere)):
        assert is_right(data.cifar10(path), batches)
    assert [path.name for path in folder.iterdir()] == [ARCHIVE]  # nothing is unpacked there


@pytest.mark.parametrize("name", [ARCHIVE, ARCHIVE.removesuffix(".gz"), "given.tar"])
def test_the_archive_that_a_browser_has_unpacked(tmp_path, batches, archive, no_network, name):
    folder = put(tmp_path, {name: gzip.decompress(archive)})
    paths = [folder / name, *([] if name == "given.tar" else [folder])]
    for path in paths:
        loaded = data.cifar10(path)
        assert np.array_equal(loaded.test_labels, read_cifar10(put(tmp_path, batches) / TEST)[1])
        for batch in batches:
            (tmp_path / batch).unlink()


def test_an_unpacked_archive_that_is_not_the_official_one(tmp_path, batches, archive, no_network):
    content = bytearray(gzip.decompress(archive))
    content[content.index(batches[TEST]) + 9] ^= 1
    (tmp_path / "a.tar").write_bytes(content)
    told = r"a\.tar is not the archive .* \(a tar archive\): it lacks the official test_batch\.bin"
    with pytest.raises(DataError, match=told):
        data.cifar10(tmp_path / "a.tar")


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"<html>", "a page of HTML or XML"), (records(1), r"begins with b'"), (b"", "begins with b")],
)
def test_a_file_that_is_no_archive(tmp_path, content, told):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DataError, match=rf"is not the archive {ARCHIVE} \({told}.*read_cifar10$"):
        data.cifar10(tmp_path / "a")


def test_the_order_of_the_places(tmp_path, monkeypatch, batches, archive, no_network):
    def labels(folder):
        """Let the set in `folder` begin with a label of its own."""
        label = len(seen)
        seen[label] = folder
        batch = bytes([label]) + batches[TRAIN[0]][1:]
        module._SHA256[TRAIN[0]] = hashlib.sha256(batch).hexdigest()
        put(folder, {**six(batches), TRAIN[0]: batch})
        return label

    seen: dict[int, Path] = {}
    with pytest.raises(DataError, match="cifar10: it is neither in TINYGRAD_NP_DATA"):
        fetch()
    assert fetch_first(labels(cache())) == 0
    monkeypatch.setenv("TINYGRAD_NP_DATA", str(tmp_path / "variable"))
    assert fetch_first(labels(tmp_path / "variable" / "cifar-10")) == 1
    given = tmp_path / "given"
    assert fetch_first(labels(given), path=given) == 2


def fetch_first(expected: int, **options) -> int:
    loaded = fetch(**options)
    assert loaded.train_labels[0] == expected
    return int(loaded.train_labels[0])


def test_a_path_in_the_home(home, batches, archive):
    put(home / "given", {ARCHIVE: archive})
    assert is_right(fetch(path="~/given"), batches)
    assert is_right(fetch(path=f"~/given/{ARCHIVE}"), batches)


@pytest.mark.parametrize("load", [fetch, data.cifar10])
def test_a_path_without_the_files(tmp_path, batches, archive, no_network, load):
    put(cache(), {ARCHIVE: archive})  # is not what was asked for
    # The Python version of the set is pickled, and is not looked at.
    put(tmp_path, {"data_batch_1": b"pickled", "cifar-10-python.tar.gz": b"pickled"})
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError) as caught:
            load(path=path)
        assert str(caught.value) == (
            f"cifar10: {path} has none of the files {', '.join([ARCHIVE, *TRAIN, TEST])}; give the "
            "folder that holds them, or the one above it if it is named cifar-10"
        )


@pytest.mark.parametrize("by_variable", [False, True])
def test_some_of_the_files(tmp_path, monkeypatch, batches, no_network, by_variable):
    files = six(batches)
    del files[TRAIN[1]], files[TEST]
    folder = put(tmp_path / "cifar-10", files)
    path = tmp_path
    if by_variable:
        monkeypatch.setenv("TINYGRAD_NP_DATA", str(path))
        path = None
    told = f"cifar10: {folder} lacks {TRAIN[1]}, {TEST}; download it from https://www.cs.toronto"
    with pytest.raises(DataError, match=re.escape(told)):
        data.cifar10(path)


def test_nowhere(batches):
    with pytest.raises(DataError) as caught:
        fetch()
    assert str(caught.value) == (
        "cifar10: it is neither in TINYGRAD_NP_DATA (not set) nor in the cache "
        f"({places.cache_folder()}); give its path or allow the download"
    )
    assert not cache().exists()


@pytest.mark.parametrize("name", [TRAIN[3], TEST, PART])
@pytest.mark.parametrize("pack", [bytes, xz])
def test_a_file_that_is_not_the_official_one(tmp_path, batches, no_network, name, pack):
    """A pixel is wrong, or the file ends after a whole record: only the checksum can tell."""
    files = six(batches)
    if name == PART:
        del files[TEST]
    good = batches[name]
    for wrong in (good[:-1] + bytes([good[-1] ^ 1]), good + records(1), good[:3073] * 2):
        end = ".xz" if pack is xz else ""
        folder = put(tmp_path / f"{hashlib.sha256(wrong).hexdigest()}", files)
        (folder / name).unlink(missing_ok=True)
        put(folder, {name + end: pack(wrong)})
        with pytest.raises(DataError) as caught:
            data.cifar10(folder)
        assert str(caught.value).startswith(
            f"read_cifar10: {folder / (name + end)} has the SHA-256 "
            f"{hashlib.sha256(wrong).hexdigest()}, expected {hashlib.sha256(good).hexdigest()}; "
        )


def test_an_official_file_has_no_more_than_10000_records(tmp_path, batches):
    folder = put(tmp_path, {**six(batches), f"{TRAIN[0]}.xz": xz(bytes(10_001 * 3073))})
    (folder / TRAIN[0]).unlink()
    with pytest.raises(DataError, match="is too long: it has more than 10000 images"):
        data.cifar10(folder)


@pytest.mark.parametrize("load", [fetch, data.cifar10])
@pytest.mark.parametrize("place", ["path", "file", "variable", "cache"])
def test_a_damaged_archive(tmp_path, monkeypatch, archive, no_network, load, place):
    wrong = archive[:50] + bytes([archive[50] ^ 1]) + archive[51:]
    folder = put(cache() if place == "cache" else tmp_path / "damaged", {ARCHIVE: wrong})
    if place == "variable":
        monkeypatch.setenv("TINYGRAD_NP_DATA", str(folder))
    paths = {"path": folder, "file": folder / ARCHIVE}
    with pytest.raises(DataError) as caught:
        load(path=paths.get(place))
    message = str(caught.value)
    assert message.startswith(f"cifar10: {folder / ARCHIVE} is damaged gzip (")
    assert message.endswith("; delete the file and download it again")


# What an archive may try: nothing is read but what has its checksum


def archive_refused(folder: Path, archive: bytes, *words: str) -> None:
    put(folder, {ARCHIVE: archive})
    with pytest.raises(DataError) as caught:
        data.cifar10(folder)
    message = str(caught.value)
    for word in ("cifar10: ", str(folder / ARCHIVE), *words, "download it"):
        assert word in message
    assert [path.name for path in folder.iterdir()] == [ARCHIVE]


@pytest.mark.parametrize(
    "fields",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.SYMTYPE, "linkname": "data_batch_1.bin"},
        {"type": tarfile.LNKTYPE, "linkname": INSIDE + "data_batch_1.bin"},
        {"type": tarfile.DIRTYPE},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.CHRTYPE},
    ],
)
def test_a_member_that_is_no_file(tmp_path, batches, fields):
    members = official_members(batches)
    del members[INSIDE + TEST]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in members.items():
            add(tar, name, content)
        add(tar, INSIDE + TEST, **fields)
    archive_refused(tmp_path, gzip.compress(buffer.getvalue()), f"lacks the official {TEST}")


@pytest.mark.parametrize(
    "name",
    ["/" + INSIDE + TEST, "../" + INSIDE + TEST, INSIDE + "../" + TEST, "./" + INSIDE + TEST, TEST,
     INSIDE + TEST + "\\", INSIDE.upper() + TEST],
)  # fmt: skip
def test_a_member_of_another_name_is_passed_over(tmp_path, batches, name):
    members = official_members(batches)
    members[name] = members.pop(INSIDE + TEST)
    packed = gzip.compress(tarred(members))
    archive_refused(tmp_path / "in", packed, f"lacks the official {TEST}")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_member_that_is_there_twice(tmp_path, batches):
    """The first counts."""
    other = {INSIDE + TRAIN[0]: batches[TRAIN[1]]}
    official = official_members(batches)
    first = put(tmp_path / "a", {ARCHIVE: tarred(official) + tarred(other)})
    assert is_right(data.cifar10(first), batches)
    archive_refused(tmp_path / "b", tarred(other) + tarred(official), f"official {TRAIN[0]}")


@pytest.mark.parametrize("content", [records(1)[:-1], records(3, 9), bytes(10_001 * 3073)])
def test_a_member_of_another_content(tmp_path, batches, content):
    members = {**official_members(batches), INSIDE + TRAIN[0]: content}
    told = f"lacks the official {TRAIN[0]}"
    if len(content) > 1 << 20:
        told = "is too long: it holds more than six batches"
    packed = gzip.compress(tarred(members), compresslevel=1)
    used = peak(lambda: archive_refused(tmp_path, packed, told))
    assert used < 4 << 20


def bomb(name: str, kind: bytes, told: int, size: int, times: int) -> bytes:
    """gzip of members that are said to have `told` zeros and have `size`; made a little at a time.

    (`size` is a multiple of 512.)
    """
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, told
    packer = zlib.compressobj(1, wbits=31)
    parts = []
    for _ in range(times):
        parts.append(packer.compress(member.tobuf(tarfile.GNU_FORMAT)))
        parts += [packer.compress(bytes(512)) for _ in range(size // 512)]
    return b"".join([*parts, packer.flush()])


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.REGTYPE])
@pytest.mark.parametrize(
    ("told", "size", "times"), [(8**11 - 1, 1 << 20, 1), (1 << 20, 1 << 20, 9)]
)
def test_an_archive_that_unpacks_to_much(tmp_path, monkeypatch, kind, told, size, times):
    monkeypatch.setattr(module, "_BATCH_BYTES", 100 * 3073)
    content = bomb("name", kind, told, size, times)
    refuse = "is too long: it holds more than six batches" if times > 1 else "lacks the official"
    used = peak(lambda: archive_refused(tmp_path, content, refuse))
    assert used < 4 << 20


@pytest.mark.parametrize(
    ("at", "field"),
    [
        (124, b"\x80" + 11 * b"\xff"),  # sizes that are no octal numbers
        (124, b"-0000000001\0"),
        (124, b"00000000009\0"),
        (148, b"000001\0 "),  # checksums that are wrong
        (0, b"another name"),
    ],
)
def test_what_else_a_header_says_does_not_matter(tmp_path, batches, at, field):
    content = bytearray(tarred(official_members(batches)))
    content[at : at + len(field)] = field
    assert is_right(data.cifar10(put(tmp_path, {ARCHIVE: gzip.compress(content)})), batches)


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_in_all_its_formats(tmp_path, batches, format):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as tar:
        tar.add(put(tmp_path / "folder", {"readme": b"text"}), INSIDE)
        for name, content in official_members(batches).items():
            if format != tarfile.USTAR_FORMAT:
                add(tar, 150 * "long/" + name, b"passed over")
            add(tar, name, content, mtime=1.5, uname="jürgen")
    packed = gzip.compress(buffer.getvalue())
    assert is_right(data.cifar10(put(tmp_path / "in", {ARCHIVE: packed})), batches)


def test_the_room_in_an_archive_suffices_for_the_official_one(tmp_path, batches):
    """Six full batches, a readme and a list of names, with tar's headers and padding."""
    packed = gzip.compress(tarred({**official_members(batches), "more": bytes(900_000)}))
    assert is_right(data.cifar10(put(tmp_path, {ARCHIVE: packed})), batches)


@pytest.mark.parametrize("length", [0, 1, 100, 512, 513, 2000, 10_000, -1])
def test_a_truncated_tar(tmp_path, batches, length):
    content = tarred({INSIDE + name: batch for name, batch in six(batches).items()})
    # Cut before the zeros at its end, which nobody would miss.
    content = content.rstrip(b"\0")[:length]
    archive_refused(tmp_path, gzip.compress(content))


def test_truncated_gzip(tmp_path, archive):
    for length in (2, 10, 18, 1000, len(archive) // 2):
        archive_refused(tmp_path, archive[:length])


def test_not_an_archive(tmp_path):
    archive_refused(tmp_path, gzip.compress(b"<html>404"), "a page of HTML or XML")


def test_archive_fuzz(tmp_path, batches):
    """Changed bytes in the headers or in the gzip data: the same data, or DataError."""
    random = np.random.default_rng(1)
    content = tarred(official_members(batches))
    at, headers = 0, []
    for name, part in official_members(batches).items():
        assert content[at:].startswith(name.encode())
        headers.append(at)
        at += 512 * (1 + -(-len(part) // 512))
    outcomes = {"read": 0, "refused": 0}
    for trial in range(400):
        changed = bytearray(content)
        if trial % 4:
            start = headers[random.integers(len(headers))]
            # In name, size, type and magic; and the checksum of the header made right again.
            where = (range(100), range(124, 136), range(156, 157), range(257, 265))[trial % 4]
            changed[start + int(random.choice(where))] = int(random.integers(256))
            block = changed[start : start + 512]
            block[148:156] = b" " * 8
            changed[start + 148 : start + 156] = b"%06o\0 " % sum(block)
        packed = bytearray(gzip.compress(changed, compresslevel=1))
        if trial % 4 == 0:
            packed[random.integers(len(packed))] ^= int(random.integers(1, 256))
        put(tmp_path, {ARCHIVE: bytes(packed)})
        try:
            loaded = data.cifar10(tmp_path)
        except DataError:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
            assert is_right(loaded, batches), (
                trial,
                len(loaded.train_labels),
                len(loaded.test_labels),
            )
    assert min(outcomes.values()) > 20


# The download


@pytest.fixture
def server(archive) -> Iterator[Server]:
    with serving({ARCHIVE: archive}) as server:
        yield server


def cached() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in cache().glob("*")}


def test_download(server, batches, archive):
    assert is_right(data.cifar10(url=server.url, progress=False), batches)
    assert cached() == {ARCHIVE: archive}
    assert is_right(data.cifar10(url=server.url), batches)
    assert is_right(fetch(), batches)
    assert server.asked == [ARCHIVE]


def test_download_shows_its_progress(server, capsys):
    data.cifar10(url=server.url)
    assert "100%" in capsys.readouterr().err


def wrong(handler: Handler) -> None:
    content = handler.server.files[ARCHIVE]
    handler.send(content[:-1] + bytes([content[-1] ^ 1]))


def truncated(handler: Handler) -> None:
    content = handler.server.files[ARCHIVE]
    handler.send(content[: len(content) // 2], len(content))


def truncated_and_says_so(handler: Handler) -> None:
    handler.send(handler.server.files[ARCHIVE][:-9])


def missing(handler: Handler) -> None:
    handler.send_error(404)


@pytest.mark.parametrize("failure", [wrong, truncated, truncated_and_says_so, missing])
def test_a_download_that_fails(server, batches, archive, failure):
    server.answers[ARCHIVE] = failure
    with pytest.raises(DataError) as caught:
        data.cifar10(url=server.url, progress=False)
    message = str(caught.value)
    assert message.startswith(
        f"cifar10: {server.url}{ARCHIVE} could not be downloaded to {cache()}"
    )
    assert "try again, or get the archive by other means and name the folder in " in message
    assert cached() == {}
    del server.answers[ARCHIVE]
    assert is_right(data.cifar10(url=server.url, progress=False), batches)
    assert cached() == {ARCHIVE: archive}


def test_a_server_that_refuses(archive, refusing):
    with pytest.raises(DataError, match="could not be downloaded"):
        data.cifar10(url=refusing, progress=False)
    assert cached() == {}


@pytest.mark.parametrize("absent", ["pooch", "tqdm"])
def test_without_the_extra(monkeypatch, absent):
    monkeypatch.setitem(sys.modules, absent, None)
    told = f"cifar10: a download needs {absent}; install it with: pip install pooch tqdm"
    with pytest.raises(ModuleNotFoundError, match=re.escape(told)):
        data.cifar10(url="http://127.0.0.1:9/")


# The real files

FOLDER = REAL / "cifar-10"


needs_the_files = pytest.mark.skipif(
    not FOLDER.is_dir(),
    reason="needs CIFAR-10: its files in cifar-10/ in the folder TINYGRAD_NP_DATA",
)


@needs_the_files
class TestTheRealFiles:
    def read(self, stem: str, sha256: str):
        name = next(name for name in (stem, f"{stem}.xz") if (FOLDER / name).exists())
        return read_cifar10(FOLDER / name, sha256=sha256)

    def test_a_batch(self):
        images, labels = self.read(TRAIN[0], module._SHA256[TRAIN[0]])
        assert images.shape == (10_000, 32, 32, 3)
        assert labels[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]

    def test_the_first_test_images(self):
        if not list(FOLDER.glob(f"{PART}*")):
            pytest.skip(f"there is no {PART}")
        images, labels = self.read(PART, module._SHA256[PART])
        assert images.shape == (1000, 32, 32, 3)
        assert labels[:10].tolist() == [3, 8, 8, 0, 6, 6, 1, 6, 3, 1]
        counts = [103, 89, 100, 103, 90, 86, 112, 102, 106, 109]
        assert np.bincount(labels).tolist() == counts

    @pytest.mark.slow
    def test_all(self, monkeypatch):
        monkeypatch.setenv("TINYGRAD_NP_DATA", str(REAL))
        loaded = data.cifar10(download=False)
        assert loaded.train_images.shape == (50_000, 32, 32, 3)
        assert np.bincount(loaded.train_labels).tolist() == [5000] * 10
        assert len(loaded.test_images) == len(loaded.test_labels) in (1000, 10_000)
        scaled = loaded.train_images.reshape(-1, 3) / 255
        assert np.round(scaled.mean(axis=0), 4).tolist() == [0.4914, 0.4822, 0.4465]
        assert np.round(scaled.std(axis=0), 4).tolist() == [0.2470, 0.2435, 0.2616]


def test_the_official_table():
    assert list(module._SHA256) == [*TRAIN, TEST, PART]
    sums = [*module._SHA256.values(), *module.SOURCE.downloads.values()]
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in sums)
    assert len(set(sums)) == 8
    assert list(module.SOURCE.downloads) == [ARCHIVE]


RECORD = 3073


def test_xz_that_unpacks_to_too_much_is_not_held(tmp_path):
    path = tmp_path / "a.bin.xz"
    path.write_bytes(lzma.compress(bytes(RECORD * 9_001), preset=0))
    tracemalloc.start()
    with pytest.raises(DataError, match="it has more than 2000 images"):
        read_cifar10(path, most=2000)
    assert tracemalloc.get_traced_memory()[1] < 0.7 * 2000 * RECORD
    tracemalloc.stop()

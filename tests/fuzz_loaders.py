"""Files from strangers: what the loaders do with a million of them.

    python tests/fuzz_loaders.py                          # a million, some minutes
    python tests/fuzz_loaders.py --inputs 20000 --seed 1  # fewer, others
    python tests/fuzz_loaders.py --only npz --first 1234 --inputs 1   # one of them again

An input is a valid file of IDX, CIFAR-10 (bare, xz, or in the archive's tar.gz), npz or safetensors
that is built with something wrong in its fields, with the checksums around them put right as often
as not, and then perhaps altered byte by byte. Input number i depends on the seed and i alone.

Whatever comes, a loader must give an array or raise `DataError`, `DamagedFileError` or (`load`, for
containers that it has no example of, and dtypes that NumPy lacks) ``ValueError``, with a message
that names the loader and the file.
Nothing may be unpickled, written, or warned about, and the memory may not grow by 200 MB. The exit
status says whether that was so.
"""

import argparse
import functools
import gzip
import hashlib
import json
import lzma
import os
import pickle
import random
import struct
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import numpy as np

import tinygrad_np as tg
from tinygrad_np.data import DataError, cifar10, read_cifar10, read_idx
from tinygrad_np.saving import structure

MOST_GROWTH = 200  # MB
RECORD = 3073
NUMBERS = (0, 1, 2, 3, 4, 7, 8, 127, 128, 255, 256, 1 << 15, (1 << 16) - 1, 1 << 16, 1 << 20,
           (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 40, (1 << 63) - 1,
           (1 << 64) - 1)  # fmt: skip


class PicklesError(BaseException):
    """Something was unpickled."""


# What is altered byte by byte, whatever the format


def altered(rng, content):
    """`content` with a few of its bytes changed, moved, left out or repeated."""
    content = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at, end = sorted(rng.randrange(len(content) + 1) for _ in range(2))
        end = min(end, at + rng.choice((1, 2, 4, 8, 100)))
        match rng.randrange(8):
            case 0 if content:
                content[at % len(content)] ^= 1 << rng.randrange(8)
            case 1 if content:
                content[at % len(content)] = rng.randrange(256)
            case 2:
                size = rng.choice((1, 2, 4, 8))
                number = rng.choice(NUMBERS) % (1 << 8 * size)
                content[at : at + size] = number.to_bytes(size, rng.choice(("little", "big")))
            case 3:
                del content[at:end]
            case 4:
                content[at:at] = content[at:end]
            case 5:
                del content[at:]
            case 6:
                content += rng.randbytes(rng.choice((1, 4, 512)))
            case 7:
                content[at:end] = bytes(end - at)
    return bytes(content)


# IDX


def idx(rng):
    """(name, content)"""
    axes = rng.choice((1, 1, 1, 2, 2, 3, 3, 3, 3, 3, 3, 4, 4, 8, 8, 9, 255, 0))
    usual = rng.random() < 0.8
    shape = [rng.randrange(1, 5) if usual else rng.choice(NUMBERS) % (1 << 32) for _ in range(axes)]
    shape = shape[: rng.choice((axes,) * 9 + (1,))]
    size = 1
    for n in shape:
        size = min(size * n, 2000)
    size = max(0, size + rng.choice((0,) * 9 + (1, -1, 100)))
    kind = rng.choice((8,) * 16 + (9, 13, 0, 255))
    magic = struct.pack(">HBB", rng.choice((0,) * 18 + (1, 0x1F8B)), kind, axes)
    content = magic + struct.pack(f">{len(shape)}I", *shape) + rng.randbytes(size)
    if rng.random() < 0.0005:  # small and true, or not quite: up to 30 MB out of 30 kB
        size = rng.randrange(1, 30_000_000)
        content = struct.pack(">HBBI", 0, 8, 1, size) + bytes(size + rng.choice((0, -1, 1, 9_999)))
        return "a.gz", gzip.compress(content, 6, mtime=0)
    if rng.random() < 0.3:
        content = altered(rng, content)
    if rng.random() < 0.5:
        content = gzip.compress(content, rng.choice((0, 1)), mtime=0)
        match rng.randrange(8):
            case 0:
                content += content
            case 1:
                content += bytes(rng.randrange(9))
            case 2 | 3 | 4:
                content = altered(rng, content)
    return rng.choice(("a",) * 8 + ("a.gz", "a.idx")), content


# CIFAR-10


def records(rng):
    """Some records, of which a label or the length may be wrong."""
    content = bytearray(RECORD * rng.choice((0, 1, 1, 2)))
    for at in range(0, len(content), RECORD):
        content[at] = rng.choice((0, 1) * 9 + (9, 10, 255))
        content[at + 1 + rng.randrange(RECORD - 1)] = rng.randrange(256)
    return bytes(content) + bytes(rng.choice((0,) * 9 + (1, RECORD - 1)))


def cifar(rng):
    """(name, content)"""
    content = records(rng)
    name = rng.choice(("a.bin", "a.bin.xz", "a"))
    if rng.random() < 0.4:
        return name, altered(rng, content) if rng.random() < 0.5 else content
    return name, altered_xz(rng)


XZ = [
    lzma.compress(records(random.Random(seed)), check=check, preset=preset)
    for seed in range(12)
    for check in (lzma.CHECK_NONE, lzma.CHECK_CRC32, lzma.CHECK_SHA256)
    for preset in (0, 6)
]


@functools.cache
def bomb(count, over):
    """So many records of nothing but zeros, packed."""
    return lzma.compress(bytes(RECORD * count + over), preset=1)


def altered_xz(rng):
    """Records packed with xz; whatever is altered in its headers has its checksum put right."""
    if rng.random() < 0.0002:
        return bomb(*rng.choice(((9_999, 0), (9_999, 5), (60_000, 1), (75_000, 0))))
    content = bytearray(rng.choice(XZ))
    match rng.randrange(8):
        case 0:  # the stream's flags: which check
            content[6 + rng.randrange(2)] = rng.randrange(256)
            content[8:12] = zlib.crc32(content[6:8]).to_bytes(4, "little")
        case 1 | 2 if content[12]:  # the block's header: filters, and the size of the dictionary
            end = 12 + 4 * (content[12] + 1)
            content[rng.randrange(13, end - 4)] = rng.choice((40, 39, 31, rng.randrange(256)))
            content[end - 4 : end] = zlib.crc32(content[12 : end - 4]).to_bytes(4, "little")
        case 3:
            content += rng.choice((bytes(4), bytes(3), rng.choice(XZ), b"x"))
        case 4 | 5 | 6:
            return altered(rng, content)
    return bytes(content)


def tar(rng):
    """(name, content) of an archive of batches, for what reads the official one."""
    content = b""
    for name in rng.sample(list(BATCHES), rng.choice((1, 6, 6))):
        content += member(rng, name)
    content += bytes(512 * rng.choice((2, 2, 2, 0, 1)))
    if rng.random() < 0.3:
        content = altered(rng, content)
    packed = gzip.compress(content, 1, mtime=0)
    return "a.tar.gz", altered(rng, packed) if rng.random() < 0.3 else packed


cifar10_module = sys.modules["tinygrad_np.data.cifar10"]
BATCHES = {
    name: bytes([number]) + bytes(RECORD - 1)
    for number, name in enumerate((*cifar10_module._TRAIN, cifar10_module._TEST))
}


def member(rng, name):
    """A header and a content, padded to blocks; the checksum is right as often as not."""
    content = BATCHES[name] if rng.random() < 0.95 else records(rng)
    name = f"cifar-10-batches-bin/{name}"
    size = rng.choice((len(content),) * 6 + NUMBERS)
    octal = b"%011o" % (size % 8**11)
    if rng.random() < 0.05:
        name = rng.choice(("../../evil", "/etc/passwd", name + "\0x", "", "x" * 100))
    if rng.random() < 0.1:
        octal = rng.choice((b"\x80" + b"\xff" * 10, b"-0000000001", b"9" * 11, b" " * 11))
    kind = rng.choice((b"0",) * 8 + (b"\0", b"1", b"2", b"5", b"L", b"x", b"g"))
    header = bytearray(512)
    header[:100] = name.encode()[:100].ljust(100, b"\0")
    header[124:136] = octal + b" "
    header[156:157] = kind
    header[257:265] = rng.choice((b"ustar\x0000", b"ustar  \0", bytes(8)))
    if rng.random() < 0.1:
        header[345:500] = rng.choice((b"a/b", b"cifar-10-batches-bin", b"..")).ljust(155, b"\0")
    checksum = sum(header[:148]) + 256 + sum(header[156:]) + rng.choice((0,) * 9 + (1,))
    header[148:156] = b"%06o\0 " % checksum
    return bytes(header) + content + bytes(-len(content) % 512)


# What npz and safetensors have in common: a description in JSON


def tree(rng, names, depth=0):
    """A structure as `saving.structure` writes it, with now and then something odd in it."""
    odd = rng.random() < 0.05
    if odd:
        return rng.choice((
            {}, [], [1], 1.5, {"array": "other"}, {"array": 3}, {"array": None}, {"scalar": "w"},
            {"int": "zz"}, {"int": 5}, {"float": "huge"}, {"float": "0x1p+99999"},
            {"complex": ["0x1p+0"]}, {"complex": "ab"}, {"dict": [[1]]}, {"dict": {"a": 1}},
            {"dict": [[{"list": []}, 1]]}, {"list": 3}, {"tuple": {"a": 1}}, {"list": None},
            {"container": "Layer", "parts": []}, {"container": "Layer"}, {"container": 1},
            {"generator": "os.system", "state": 1}, {"generator": "PCG64", "state": {"dict": []}},
            {"random state": "MT19937", "state": None}, {"pickle": "gASVBQ=="}, {"a": 1, "b": 2},
            {"again": 0}, {"again": -1}, {"again": None}, {"again": 1 << 70}, {"list": "ab"},
            {"dict": [["a", 1], ["a", 2]]}, {"int": "0x" + "f" * 3000}, "\ud800",
        ))  # fmt: skip
    kind = rng.randrange(9 if depth < 4 else 4)
    match kind:
        case 0:
            return rng.choice((None, True, "text", 12, {"int": hex(1 << 70)}))
        case 1:
            return rng.choice(({"float": "0x1.8p+0"}, {"float": "nan"}, {"complex": ["inf", "0"]}))
        case 2 | 3:
            return {rng.choice(("array", "array", "scalar")): rng.choice(names or ["none"])}
        case 4:
            return generator(rng) if rng.random() < 0.8 else {"again": rng.randrange(2)}
        case 5 | 6:
            parts = [tree(rng, names, depth + 1) for _ in range(rng.randrange(3))]
            return {rng.choice(("list", "tuple")): parts}
        case _:
            parts = [[f"k{i}", tree(rng, names, depth + 1)] for i in range(rng.randrange(3))]
            return {"dict": parts}


GENERATORS = []
for name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"):
    made = getattr(np.random, name)(0)
    for numbers in (np.random.Generator(made), np.random.RandomState(made)):
        GENERATORS.append(json.dumps(structure.encoded(numbers)[0]))


def generator(rng):
    """A random generator's state, of which a number may be any other."""
    found = json.loads(rng.choice(GENERATORS))
    if rng.random() < 0.2:
        seed = found.get("seed", {"dict": [["entropy", 1]]})["dict"]
        rng.choice(seed)[1] = rng.choice((-1, 0, 5, 1 << 40, None, "0", {"float": "nan"},
                                          {"list": [-1]}, {"tuple": [1, 2]}, {"dict": []},
                                          {"int": hex(1 << 2000)}))  # fmt: skip
    if rng.random() < 0.7:
        state = found["state"]["dict"]
        for _ in range(rng.randrange(3)):
            pair = rng.choice(state)
            if isinstance(pair[1], dict) and "dict" in pair[1] and pair[1]["dict"]:
                pair = rng.choice(pair[1]["dict"])
            pair[1] = rng.choice((-1, 0, 3, 625, 1 << 20, -(1 << 40), None, "PCG64",
                                  {"int": hex(1 << 200)}, {"int": "-0x1"},
                                  {"float": "nan"}))  # fmt: skip
        if rng.random() < 0.2:
            state.pop(rng.randrange(len(state)))
    return found


DTYPES = ("<f8", "<f4", ">i4", "|b1", "|u1", "<c16", "|S3", "<U2", "<M8[ns]", "<f2", "<i8")
ODD_DTYPES = ("|O", "<f3", "O", "f8,f8", "(2,)f8", "|V8", "", "<M8[zz]", "<U999999999", "|S0",
              "<M8[99999999999s]", "<f8\n", "float64", "<u1L")  # fmt: skip
SHAPES = ((), (0,), (3,), (2, 3), (0, 3), (1, 1, 1), (4,))
ODD_SHAPES = ((-1,), (-2, -3), (1 << 31,), (1 << 62, 4), (1 << 70, 0), (0,) * 65, (1,) * 65,
              (1 << 31, 1 << 31, 0), (True,), (3.0,), ("3",))  # fmt: skip
ARRAY_NAMES = ("w", "b", "conv.0", "../w", "/etc/passwd", "é", "C:\\w", "w/", ".")


def arrays(rng):
    """{name: [dtype as text, shape, content]}, now and then not as the content would have it."""
    found = {}
    for name in rng.sample(ARRAY_NAMES, rng.choice((0, 1, 1, 2, 3))):
        dtype, shape = rng.choice(DTYPES), rng.choice(SHAPES)
        size = np.dtype(dtype).itemsize
        for n in shape:
            size *= n
        if rng.random() < 0.1:
            dtype = rng.choice(ODD_DTYPES)
        if rng.random() < 0.1:
            shape = rng.choice(ODD_SHAPES)
        content = rng.randbytes(size) if size < 99 else bytes(size)
        if rng.random() < 0.05:
            content = rng.choice((content[:-1], content + b"x", PLANTED))
        found[name] = [dtype, shape, content]
    return found


class Planted:
    """Its pickle would run what it names."""

    def __reduce__(self):
        return print, ("unpickled",)


PLANTED = pickle.dumps(Planted())


def described(rng, of):
    """The JSON text, whose checksum is right unless it was altered."""
    content = {
        "format": structure.FORMAT if rng.random() < 0.98 else rng.choice(("x", 1, None)),
        "tree": tree(rng, list(of)),
        "arrays": {
            name: {
                "dtype": dtype,
                "shape": list(shape),
                "sha256": hashlib.sha256(body).hexdigest(),
            }
            for name, (dtype, shape, body) in of.items()
        },
    }
    if rng.random() < 0.1:
        match rng.randrange(6):
            case 0:
                content["arrays"] = rng.choice(([], [1], None, {"w": {}}, {"w": 3}, {"a/b": {}}))
            case 1:
                content.pop(rng.choice(("format", "tree", "arrays")))
            case 2:
                for one in content["arrays"].values():
                    one[rng.choice(("dtype", "shape", "sha256"))] = rng.choice((0, None, [], "x"))
            case 3:
                content = rng.choice(([], 3, None, "text"))
            case 4:
                content["more"] = 1
            case 5:
                return rng.choice(("[" * 9_999, "9" * 9_999, "", "nul", '{"a":NaN}', "\ufeff{}"))
    if isinstance(content, dict):
        content["sha256"] = structure._sha256_of(content)
    text = json.dumps(content)
    if rng.random() < 0.05:
        text = altered(rng, text.encode()).decode("latin-1")
    return text


# npz


def npy(rng, dtype, shape, body):
    """An .npy file; its header is as NumPy writes it, or not quite."""
    order = rng.random() < 0.05
    text = f"{{'descr': {dtype!r}, 'fortran_order': {order}, 'shape': {shape!r}, }}"
    if rng.random() < 0.1:
        text = rng.choice((
            text.replace("'shape'", "'size'"), text.replace("False", "0"), text + "(1)(2)",
            text.replace(repr(shape), "(" * 150), "'\\d'", "lambda: 0", "__import__('os')",
            text.replace(dtype, f"{dtype}', 'x': '"), f"[{text}]", "-" * 3000 + "1",
            text.replace(repr(dtype), "[('a', '<f8'), ('b', '|O')]"), "{}", "",
            text.replace(repr(dtype), f"({dtype!r}, (1 << 31,))"), text.replace(",)", "L,)"),
            text.replace(repr(dtype), f"({dtype!r}, (2147483647,))"), "\0", text * 99,
        ))  # fmt: skip
    text = text.encode("latin-1", "replace").ljust(117) + b"\n"
    magic = b"\x93NUMPY" + rng.choice((b"\1\0",) * 19 + (b"\2\0", b"\3\0", b"\4\0", b"\0\1"))
    size = len(text) + rng.choice((0,) * 19 + (1, -1, 5000))
    return (
        magic + struct.pack("<I" if magic[6] == 2 else "<H", max(0, size) % (1 << 16)) + text + body
    )


def archive(rng, entries, comment=b"", may_pack=False):
    """A zip archive of [(name, content)], of whose fields some may be wrong."""
    if may_pack and rng.random() < 0.001:
        return packed_zeros(rng)
    body, directory = b"", b""
    for name, content in entries:
        raw = name.encode("utf-8")
        method, flags, extra, offset = 0, 0x800, b"", len(body)
        if may_pack and rng.random() < 0.5:
            method = 8
        if rng.random() < 0.02:
            method = rng.choice((8, 9, 12, 14, 93, 95, 99, 1))
        packed = content
        if method == 8:
            packed = zlib.compress(content, 1)[2:-4]
        sizes = [len(packed), len(content)]
        crc = zlib.crc32(content)
        if rng.random() < 0.03:
            match rng.randrange(6):
                case 0:
                    sizes[rng.randrange(2)] = rng.choice(NUMBERS) % (1 << 32)
                case 1:
                    offset = rng.choice((*NUMBERS, 1, len(body) + 1)) % (1 << 32)
                case 2:
                    flags = rng.randrange(1 << 16)
                case 3:
                    numbers = [rng.choice(NUMBERS) for _ in range(3)]
                    extra = struct.pack("<HH3Q", 1, rng.choice((24, 8, 0, 99)), *numbers)
                    sizes = [0xFFFFFFFF, 0xFFFFFFFF]
                case 4:
                    crc ^= 1
                case 5:
                    extra = rng.randbytes(rng.randrange(9))
        version = rng.choice((20,) * 50 + (63, 255))
        fields = (flags, method, 0, 33, crc, *sizes, len(raw), len(extra))
        body += struct.pack("<4s5H3I2H", b"PK\3\4", version, *fields) + raw + extra + packed
        directory += struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", 20, version, *fields, len(comment), 0, 0, 0, offset
        ) + raw + extra + comment  # fmt: skip
    count, size, start = len(entries), len(directory), len(body)
    if rng.random() < 0.03:
        count = rng.choice(NUMBERS) % (1 << 16)
    if rng.random() < 0.03:
        size, start = rng.choice(((size, start + 1), (0, start), (1 << 31, 0), (size, 1 << 31)))
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, size, start, 0)
    if rng.random() < 0.02:
        numbers = [rng.choice((*NUMBERS, len(entries))) for _ in range(4)]
        end = (
            struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, *numbers)
            + struct.pack("<4sIQI", b"PK\6\7", 0, rng.choice((start + size, 0, 1 << 40)), 1)
            + end
        )
    return body + directory + end + rng.choice((b"",) * 19 + (b"more", end))


def packed_zeros(rng):
    """An archive of nothing but zeros, packed: up to 30 MB of them, or more than it says."""
    size = rng.randrange(1, 30_000_000)
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({size},), }}".ljust(117) + "\n"
    content = b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode() + bytes(size)
    with tempfile.SpooledTemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as written:
            written.writestr("w.npy", content)
        file.seek(0)
        found = file.read()
    told = struct.pack("<I", len(content))
    other = struct.pack("<I", rng.choice((len(content), 100, len(content) + 1, 1 << 31)))
    return found.replace(told, other)


def npz(rng):
    """(name, content)"""
    of = arrays(rng)
    is_ours = rng.random() < 0.7  # or as numpy.savez writes it
    entries = [("tree.json", described(rng, of).encode("utf-8", "replace"))] * is_ours
    entries += [(f"{name}.npy", npy(rng, *one)) for name, one in of.items()]
    if rng.random() < 0.05:
        again = rng.choice([*entries, ("w.npy", b"")])
        odd = rng.choice((("../../evil.npy", b""), ("/evil", b""), again, ("a/", b"")))
        entries.insert(rng.randrange(len(entries) + 1), odd)
    if entries and rng.random() < 0.03:
        entries.pop(rng.randrange(len(entries)))
    content = archive(rng, entries, b"tinygrad_np" if is_ours else b"", not is_ours)
    return "a.npz", altered(rng, content) if content and rng.random() < 0.15 else content


# safetensors

SAFE = {"<f8": "F64", "<f4": "F32", "|b1": "BOOL", "|u1": "U8", "<f2": "F16", "<i8": "I64"}


def safetensors(rng):
    """(name, content)"""
    of = {name: one for name, one in arrays(rng).items() if one[0] in SAFE}
    header = {"__metadata__": {"tinygrad_np": described(rng, of)}}
    if rng.random() < 0.3:  # as others write it
        header = rng.choice(({}, {"__metadata__": {"format": "pt"}}))
    body = b""
    for name, (dtype, shape, content) in of.items():
        place = [len(body), len(body) + len(content)]
        safe = SAFE[dtype]
        if rng.random() < 0.1:
            place[rng.randrange(2)] = rng.choice((*NUMBERS, -1))
        if rng.random() < 0.05:
            safe = rng.choice(("BF16", "F8_E4M3", "F8_E5M2", "U64", "X", 3, "C64", "F4", "I16"))
        header[name] = {"dtype": safe, "shape": list(shape), "data_offsets": place}
        body += content
    if rng.random() < 0.05:
        header["__metadata__"] = rng.choice(({}, None, {"tinygrad_np": 3}, [], {"a": "b"}))
    text = json.dumps(header)
    if rng.random() < 0.1:
        text = rng.choice(("[" * 9_999, "{", "", "{}", text[:-1], text + " ", '{"a":' * 999))
    raw = text.encode("utf-8", "replace")
    size = len(raw) if rng.random() < 0.95 else rng.choice(NUMBERS)
    content = struct.pack("<Q", size) + raw + body
    return "a.safetensors", altered(rng, content) if rng.random() < 0.15 else content


# The loaders, and what they may do


def load_and_draw(path):
    """A generator with a state from a stranger must not read beyond its own memory."""
    found = tg.load(path)
    for leaf in tg.tree.leaves(found):
        if isinstance(leaf, np.random.Generator):
            leaf.integers(1 << 60, size=700)
        elif isinstance(leaf, np.random.RandomState):
            leaf.random_sample(700)
    return found


KINDS = {  # what makes an input, what reads it, its share of the inputs
    "idx": (idx, read_idx, 40),
    "cifar": (cifar, read_cifar10, 10),
    "tar": (tar, cifar10, 5),
    "npz": (npz, load_and_draw, 30),
    "safetensors": (safetensors, load_and_draw, 15),
}
CALLED = {"idx": "read_idx: ", "cifar": "read_cifar10: ", "tar": "cifar10: ", "npz": "load: ",
          "safetensors": "load: "}  # fmt: skip
OURS = (DataError, structure.DamagedFileError, ValueError)


def outcome(kind, path):
    """What happened, in a word or two; raises what must not be raised."""
    try:
        KINDS[kind][1](path)
    except ValueError as error:
        if type(error) not in OURS or not str(error).startswith(CALLED[kind]):
            raise
        known = (" as `like`", "which NumPy lacks; convert it to F32")
        if type(error) is ValueError and not any(text in str(error) for text in known):
            raise
        return "refused"
    return "read"


def peak():
    """The most memory that this process has had, in MB."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def forbid_pickle():
    """From now on, unpickling raises."""

    def forbidden(*args, **kwargs):
        raise PicklesError(f"unpickled: {args!r:.100}")

    for name in ("load", "loads", "Unpickler", "_load", "_loads", "_Unpickler"):
        setattr(pickle, name, forbidden)

    def heard(event, args):
        if event == "pickle.find_class":
            forbidden(*args)

    sys.addaudithook(heard)


def run(inputs, seed=0, first=0, only=None, seconds=None):
    """Try so many inputs; print and give the number of those that ended as they must not."""
    kinds = [only] if only else list(KINDS)
    shares = [KINDS[kind][2] for kind in kinds]
    counts, wrong, slowest, began = Counter(), 0, (0.0, 0), time.perf_counter()
    warnings.simplefilter("error")
    forbid_pickle()
    # Small batches are the official ones from here on.
    sums = {name: hashlib.sha256(batch).hexdigest() for name, batch in BATCHES.items()}
    cifar10_module._BATCH_BYTES, cifar10_module._SHA256 = RECORD, sums
    at_once = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=at_once) as folder:
        base = peak()
        done = 0
        for number in range(first, first + inputs):
            if seconds is not None and time.perf_counter() - began > seconds:
                break
            rng = random.Random(f"{seed} {number}")
            kind = rng.choices(kinds, shares)[0]
            name, content = KINDS[kind][0](rng)
            path = Path(folder, name)
            path.write_bytes(content)
            start = time.perf_counter()
            try:
                counts[kind, outcome(kind, path)] += 1
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                wrong += 1
                if wrong <= 10:
                    print(f"input {number} ({kind}):")
                    traceback.print_exc(limit=-4, file=sys.stdout)
            slowest = max(slowest, (time.perf_counter() - start, number))
            done += 1
        growth = peak() - base
        others = set(os.listdir(folder)) - {"a", "a.gz", "a.idx", "a.bin", "a.bin.xz", "a.tar.gz",
                                            "a.npz", "a.safetensors"}  # fmt: skip
    for kind in kinds:
        print(f"{kind}: {counts[kind, 'read']:,} read, {counts[kind, 'refused']:,} refused")
    took = time.perf_counter() - began
    print(
        f"{done:,} inputs in {took:.0f} s (seed {seed}): {wrong} raised what they must not; at "
        f"most {growth:.0f} MB above the start; the slowest took {slowest[0]:.2f} s (input "
        f"{slowest[1]}); {len(others)} files written by a loader"
    )
    return wrong + len(others) + (growth > MOST_GROWTH)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first input")
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--seconds", type=float, help="stop after so many, with fewer inputs")
    options = parser.parse_args()
    return int(run(**vars(options)) > 0)


if __name__ == "__main__":
    sys.exit(main())

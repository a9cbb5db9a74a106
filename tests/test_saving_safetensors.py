"""Files of safetensors, ours and others': dtypes that NumPy lacks, sizes that cannot be."""

import json
import struct

import numpy as np
import pytest
from archives import described

import tinygrad_np as tg
from tinygrad_np.saving import DamagedFileError


@pytest.mark.parametrize("dtype", ["F", "S3", "U2", "M8[ns]", "g"])
def test_safetensors_names_the_dtype_that_it_lacks(dtype, tmp_path):
    with pytest.raises(TypeError, match=r"save: w is .*, which .safetensors does not know; use"):
        tg.save(tmp_path / "a.safetensors", {"w": np.zeros(2, dtype)})
    assert not list(tmp_path.iterdir())


def test_without_safetensors_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "safetensors", None)
    (tmp_path / "a.safetensors").write_bytes(b"")
    for function, arguments in ((tg.save, (1.0,)), (tg.load, ())):
        with pytest.raises(ModuleNotFoundError, match="pip install safetensors"):
            function(tmp_path / "a.safetensors", *arguments)


# As safetensors.torch.save_file wrote it, of tensors of PyTorch 2.13.
FROM_TORCH = (
    b'\xe8\x01\x00\x00\x00\x00\x00\x00{"__metadata__":{"format":"pt"},'
    b'"i64":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},'
    b'"f64":{"dtype":"F64","shape":[],"data_offsets":[8,16]},'
    b'"e":{"dtype":"F32","shape":[0,3],"data_offsets":[16,16]},'
    b'"f32":{"dtype":"F32","shape":[2,2],"data_offsets":[16,32]},'
    b'"w.bf":{"dtype":"BF16","shape":[2,2],"data_offsets":[32,40]},'
    b'"f16":{"dtype":"F16","shape":[3],"data_offsets":[40,46]},'
    b'"i8":{"dtype":"I8","shape":[2],"data_offsets":[46,48]},'
    b'"b":{"dtype":"BOOL","shape":[2],"data_offsets":[48,50]}} '
    b"\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x04@"
    b"\x00\x00\x00\x00\x00\x00\x80?\x00\x00\x00@\x00\x00@@"
    b"\xc0?\x10\xc0b\x7f\xc0\x7f\x00\x00\x00<\x00@\xff\x02\x01\x00"
)


def test_a_file_of_pytorchs_is_a_dict_of_arrays(tmp_path):
    """BF16 as float32: torch gives the same numbers for ``.float()``."""
    (tmp_path / "a.safetensors").write_bytes(FROM_TORCH)
    found = tg.load(tmp_path / "a.safetensors")
    expected = {
        "w.bf": np.array([[1.5, -2.25], [3.00405527046391e38, np.nan]], np.float32),
        "f16": np.arange(3, dtype=np.float16),
        "f32": np.arange(4, dtype=np.float32).reshape(2, 2),
        "f64": np.array(2.5),
        "i8": np.array([-1, 2], np.int8),
        "i64": np.array([1 << 40]),
        "b": np.array([True, False]),
        "e": np.zeros((0, 3), np.float32),
    }
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array, equal_nan=name == "w.bf")
        assert found[name].flags.owndata


def test_a_file_of_safetensors_is_a_dict_of_arrays(tmp_path):
    import safetensors.numpy

    kinds = ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
    arrays = {f"w.{kind}": np.ones((2, 3), kind) for kind in kinds} | {"n": np.array(3.0)}
    safetensors.numpy.save_file(arrays, tmp_path / "a.safetensors", {"made by": "nobody"})
    found = tg.load(tmp_path / "a.safetensors")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)


def safetensors_of(entries, content=b"", metadata=None) -> bytes:
    head = json.dumps({**({} if metadata is None else {"__metadata__": metadata}), **entries})
    return struct.pack("<Q", len(head)) + head.encode() + content


def test_every_bfloat16_is_its_float32(tmp_path):
    entry = {"w": {"dtype": "BF16", "shape": [1 << 16], "data_offsets": [0, 1 << 17]}}
    bits = np.arange(1 << 16, dtype="<u2")
    (tmp_path / "a.safetensors").write_bytes(safetensors_of(entry, bits.tobytes()))
    found = tg.load(tmp_path / "a.safetensors")["w"]
    assert np.array_equal(found.view(np.uint32) >> 16, bits)
    assert not (found.view(np.uint32) & 0xFFFF).any()


def test_a_dtype_that_numpy_lacks_is_named(tmp_path):
    entry = {"w": {"dtype": "F8_E4M3", "shape": [2], "data_offsets": [0, 2]}}
    (tmp_path / "a.safetensors").write_bytes(safetensors_of(entry, b"ab"))
    with pytest.raises(ValueError, match=r"has w in F8_E4M3, which NumPy lacks; conv"):
        tg.load(tmp_path / "a.safetensors")


def test_a_truth_value_is_true_or_false(tmp_path):
    entry = {"w": {"dtype": "BOOL", "shape": [3], "data_offsets": [0, 3]}}
    (tmp_path / "a.safetensors").write_bytes(safetensors_of(entry, b"\0\1\x7f"))
    found = tg.load(tmp_path / "a.safetensors")["w"]
    assert found.view(np.uint8).tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("shape", "offsets"), [([2], [0, 4]), ([1 << 62, 4, 0], [0, 0]), ([1] * 65, [0, 8])]
)
def test_sizes_that_cannot_be_are_refused(shape, offsets, tmp_path):
    entry = {"w": {"dtype": "F64", "shape": shape, "data_offsets": offsets}}
    (tmp_path / "a.safetensors").write_bytes(safetensors_of(entry, bytes(offsets[1])))
    with pytest.raises(DamagedFileError, match=r"no whole .safetensors file|array of shape"):
        tg.load(tmp_path / "a.safetensors")


def test_ours_in_safetensors_without_its_description_is_no_foreign_file(tmp_path):
    path = tmp_path / "a.safetensors"
    tg.save(path, {"w": np.ones(3)})
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"tinygrad_np"', b'"tinygrad_nq"', 1))
    with pytest.raises(DamagedFileError, match="was altered: its description is missing"):
        tg.load(path)


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [("BF16", [2]), ("F8_E4M3", [4]), ("F64", [1 << 62, 4, 0]), ("U8", [1] * 65)],
)
def test_what_safetensors_knows_and_numpy_does_not(dtype, shape, tmp_path):
    path = tmp_path / "a.safetensors"
    tg.save(path, {"w": np.ones(2)})
    import safetensors

    with safetensors.safe_open(path, "np") as file:
        entry = {"tree.json": file.metadata()["tinygrad_np"].encode()}
    size = {"BF16": 4, "F8_E4M3": 4, "F64": 0, "U8": 1}[dtype]
    text = described(entry, lambda c: None)["tree.json"].decode()
    entry = {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}
    head = json.dumps({"__metadata__": {"tinygrad_np": text}, "w": entry})
    path.write_bytes(struct.pack("<Q", len(head)) + head.encode() + bytes(size))
    with pytest.raises(
        DamagedFileError, match=r"load: .* (which NumPy lacks|which is none|no whole|was altered)"
    ):
        tg.load(path)

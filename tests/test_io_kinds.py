"""What a file is stands in its content, not in its name."""

import gzip
import pickle
import re
import zipfile

import numpy as np
import pytest

import tinygrad_np as tg
from tinygrad_np.saving import DamagedFileError


class TestTheContentSaysWhatItIs:
    def test_each_format_under_the_name_of_the_other(self, tmp_path):
        tree = {"w": np.arange(3.0), "n": [1, None]}
        for name, other in (("a.npz", "b.safetensors"), ("b.safetensors", "a.npz")):
            tg.save(tmp_path / name, tree)
            renamed = (tmp_path / name).rename(tmp_path / f"renamed-{other}")
            assert str(tg.load(renamed)) == str(tree)

    @pytest.mark.parametrize("ending", ["npz", "safetensors"])
    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"version https://git-lfs.github.com/spec/v1\n", "with git lfs pull"),
            (b"<!DOCTYPE html>", "is a page of HTML or XML; delete the file and download it again"),
            (b"\x93NUMPY\x01\0", "is an .npy file; np.load reads it"),
            (gzip.compress(b"PK"), "is gzip data; unpack it"),
            (pickle.dumps({"w": 1}), "is a pickle; convert it: a pickle may run anything"),
        ],
    )
    def test_what_is_neither_is_named(self, content, told, ending, tmp_path):
        path = tmp_path / f"model.{ending}"
        path.write_bytes(content)
        with pytest.raises(DamagedFileError, match=re.escape(told)):
            tg.load(path)

    def test_sound_archives_that_hold_more_than_arrays(self, tmp_path):
        path = tmp_path / "a.npz"
        for array, told in (
            (
                np.array([1, "a", None], object),
                "np.load(path, allow_pickle=True) does, if you trust",
            ),
            (
                np.zeros(1, [("a", int), ("b", float)]),
                "of several fields, which is not read; use np",
            ),
        ):
            np.savez(path, array)
            with pytest.raises(DamagedFileError, match=re.escape(told)):
                tg.load(path)
        with zipfile.ZipFile(path, "w") as archive:  # torch.save(…)
            archive.writestr("model/data.pkl", b"")
        with pytest.raises(DamagedFileError, match=r"it is PyTorch's: use .safetensors"):
            tg.load(path)
        with pytest.raises(ValueError, match=r"the ending .npz or .safetensors; np.load reads it"):
            tg.load(tmp_path / "a.npy")

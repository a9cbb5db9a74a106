"""Files that take the place of others: their names, their permissions, links."""

import io
import os
import stat

import pytest

import tinygrad_np as tg
from tinygrad_np.io import files


def written(path, content=b"new"):
    with files.replacing(path) as file:
        file.write(content)


@pytest.mark.parametrize(
    "name", ["a" * 251 + ".npz", "é" * 125 + ".npz", "日" * 83 + ".npz", "𝄞" * 62]
)
def test_a_name_as_long_as_the_system_takes(name, tmp_path):
    assert 245 < len(os.fsencode(name)) <= 255
    written(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a" * 255, "x." + "y" * 253, "." + "é" * 127])
def test_the_name_beside_it_is_never_longer_than_255_bytes(name, tmp_path, monkeypatch):
    names = []

    def noted(part, *args, **kwargs):
        names.append(os.path.basename(part))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "open", noted, raising=False)
    with pytest.raises(OSError, match="could not be written"):
        written(tmp_path / name)
    assert len(os.fsencode(names[0])) <= 255


def test_what_a_kill_leaves_of_a_long_name_is_found(tmp_path, monkeypatch):
    def killed(*args):
        raise OSError

    path = tmp_path / ("é" * 120 + ".npz")
    monkeypatch.setattr(files.os, "replace", killed)
    monkeypatch.setattr(type(path), "unlink", lambda self, missing_ok=False: None)
    with pytest.raises(OSError, match="could not be written"):
        written(path)
    assert files.unfinished(tmp_path) == list(tmp_path.iterdir()) != []


def test_a_name_of_230_characters_is_saved(tmp_path):
    path = tmp_path / ("w" * 230 + ".npz")
    tg.save(path, 3)
    assert tg.load(path) == 3


posix = pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755, 0o444])
def test_the_permissions_of_a_file_stay(mode, tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"old")
    path.chmod(mode)
    written(path)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@posix
def test_a_file_system_without_permissions(tmp_path, monkeypatch):
    def refused(*args):
        raise PermissionError(1, "Operation not permitted")

    written(tmp_path / "a")
    monkeypatch.setattr(os, "chmod", refused)
    written(tmp_path / "a", b"newer")
    assert (tmp_path / "a").read_bytes() == b"newer"


@posix
def test_nobody_else_may_read_a_private_file_while_it_is_written(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with files.replacing(path) as file:
        assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == 0o600


@posix
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_new_file_has_the_permissions_of_any_other(umask, tmp_path):
    before = os.umask(umask)
    try:
        written(tmp_path / "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o666 & ~umask


@posix
@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_stays_one_and_its_target_is_written(is_there, tmp_path):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "best.npz", tmp_path / "a.npz"
    if is_there:
        tg.save(target, 1)
        target.chmod(0o640)
    link.symlink_to(os.path.join("far", "best.npz"))
    tg.save(link, 2)
    assert link.is_symlink()
    assert tg.load(target) == tg.load(link) == 2
    assert not is_there or stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(os.listdir(tmp_path)) == ["a.npz", "far"]
    assert os.listdir(tmp_path / "far") == ["best.npz"]


@posix
def test_the_part_lies_beside_the_target_so_that_it_can_be_renamed(tmp_path):
    (tmp_path / "far").mkdir()
    link = tmp_path / "a.npz"
    link.symlink_to(tmp_path / "far" / "b.npz")
    with files.replacing(link):
        assert len(files.unfinished(tmp_path / "far")) == 1
        assert files.unfinished(tmp_path) == []


@posix
def test_a_link_to_itself_is_told(tmp_path):
    link = tmp_path / "a.npz"
    link.symlink_to(link)
    with pytest.raises(OSError, match=r"a\.npz could not be written: Too many levels"):
        tg.save(link, 1)
    with pytest.raises(OSError, match=r"load: .*a\.npz cannot be read: Too many levels"):
        tg.load(link)


@posix
def test_a_full_disk_leaves_a_link_and_its_target(tmp_path, monkeypatch):
    target, link = tmp_path / "b.npz", tmp_path / "a.npz"
    tg.save(target, 1)
    link.symlink_to(target)

    class Full(io.FileIO):
        def write(self, *args):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "open", lambda name, mode, **_: Full(name, mode), raising=False)
    with pytest.raises(OSError, match=r"a\.npz could not be written: No space left"):
        tg.save(link, 2)
    assert sorted(os.listdir(tmp_path)) == ["a.npz", "b.npz"]
    assert tg.load(link) == 1


# What is read


@pytest.mark.parametrize("ending", [".npz", ".safetensors"])
class TestWhatIsNoFile:
    def test_a_folder(self, ending, tmp_path):
        path = tmp_path / f"x{ending}"
        path.mkdir()
        for function, args in ((tg.load, ()), (tg.save, (1,))):
            told = rf"{function.__name__}: .*x\{ending} is a folder; "
            with pytest.raises(IsADirectoryError, match=told):
                function(path, *args)
        assert path.is_dir()

    def test_one_that_is_not_there(self, ending, tmp_path):
        tg.save(tmp_path / "other.npz", 1)
        told = rf"load: there is no file .*x\{ending}; its folder has other\.npz$"
        with pytest.raises(FileNotFoundError, match=told):
            tg.load(tmp_path / f"x{ending}")

    def test_a_folder_that_is_not_there(self, ending, tmp_path):
        told = rf"load: there is no file .*x\{ending}, and no folder .*none$"
        with pytest.raises(FileNotFoundError, match=told):
            tg.load(tmp_path / "none" / f"x{ending}")

    def test_a_folder_with_none(self, ending, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"; its folder has none that save writes$"):
            tg.load(tmp_path / f"x{ending}")

    def test_one_that_may_not_be_read(self, ending, tmp_path, monkeypatch):
        path = tmp_path / f"x{ending}"
        tg.save(path, 1)

        def denied(*args):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(tg.saving._FORMATS[ending], "read", denied)
        with pytest.raises(
            PermissionError, match=rf"load: .*x\{ending} cannot be read: Permission"
        ):
            tg.load(path)


@pytest.mark.parametrize(
    "path", [None, 3, b"a.npz", io.BytesIO(), ["a.npz"]], ids=lambda path: type(path).__name__
)
def test_what_is_no_path_is_told(path):
    for function, args in ((tg.save, (1,)), (tg.load, ())):
        told = rf"{function.__name__}: the path is a text or a Path, not a {type(path).__name__}"
        with pytest.raises(TypeError, match=told):
            function(path, *args)


def test_a_null_character_in_a_path_is_told():
    for function, args in ((tg.save, (1,)), (tg.load, ())):
        with pytest.raises(ValueError, match=rf"{function.__name__}: 'a\\x00.npz' is no path"):
            function("a\0.npz", *args)


@posix
@pytest.mark.parametrize("through_a_link", [False, True])
def test_a_pipe_is_not_replaced(through_a_link, tmp_path):
    path = pipe = tmp_path / "a.npz"
    if through_a_link:
        pipe = tmp_path / "pipe"
        path.symlink_to(pipe)
    os.mkfifo(pipe)
    with pytest.raises(OSError, match=r"a\.npz could not be written: .* no regular file"):
        tg.save(path, 1)
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)
    assert sorted(tmp_path.iterdir()) == sorted({path, pipe})

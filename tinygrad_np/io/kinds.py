"""What a file is by its first bytes, whatever its name: `kind_of`, for messages."""

_POINTER = "a pointer of Git LFS, not what it points to"
_KINDS = {
    b"\x1f\x8b": "gzip data",
    b"\xfd7zXZ": "xz data",
    b"BZh": "bzip2 data",
    b"\x28\xb5\x2f\xfd": "Zstandard data",
    b"PK\3\4": "a zip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x93NUM": "an .npy file",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"%PDF": "a PDF file",
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"version https://git-lfs": _POINTER,
}
_PACKED = (
    "gzip data", "xz data", "bzip2 data", "Zstandard data", "a zip archive", "a 7z archive",
    "a tar archive",
)  # fmt: skip
_OTHERWISE = {
    "an .npy file": "np.load reads it",
    "a pickle": "convert it: a pickle may run anything",
    _POINTER: "fetch the file itself with git lfs pull",
}


def kind_of(head: bytes) -> str | None:
    """What begins with these bytes, in words; None for what is not known.

    >>> kind_of(b"<html>"), kind_of(b"%PDF-1.7"), kind_of(b"what?")
    ('a page of HTML or XML', 'a PDF file', None)
    """
    if head.lstrip()[:1] == b"<":
        return "a page of HTML or XML"
    if head[257:262] == b"ustar":
        return "a tar archive"
    return next((kind for start, kind in _KINDS.items() if head.startswith(start)), None)


def remedy_for(kind: str | None) -> str:
    """What to do with a file of that kind, where another one is wanted."""
    if kind in _PACKED:
        return "unpack it"
    return _OTHERWISE.get(kind or "", "delete the file and download it again")

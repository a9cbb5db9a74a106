"""A tree taken apart: a structure that JSON can say, and named arrays.

`encoded` takes a tree apart, `decoded` puts it together; the file formats lie between them. The
structure of a leaf or container is

    null, true, false, "text", 12      as they are
    {"int": "0x…"}                     an integer beyond 2^53
    {"float": "0x1.8p+0"}              also "nan", "inf", "-inf"
    {"complex": ["…", "…"]}
    {"array": name}, {"scalar": name}  an array, one of NumPy's scalars
    {"dict": [[key, part], …]}, {"list": [part, …]}, {"tuple": [part, …]}
    {"container": class's name, "parts": [[".field", part], …]}
    {"generator": kind, "state": part, "seed": part}, {"random state": kind, "state": part}
    {"again": 0}                       the generator with that number, in the order of the text
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from ..answers import MOST_LEVELS
from ..core import tree as trees
from ..core.tensor import Tensor, value_of

FORMAT = "tinygrad_np tree 1"

# What the text of an untrusted file may raise on its way to a tree.
_UNREADABLE = (
    ArithmeticError, AttributeError, LookupError, RecursionError, StopIteration, TypeError,
    ValueError,
)  # fmt: skip


class DamagedFileError(ValueError):
    """A file is truncated, altered, or not what its name says."""


class DiffersError(Exception):
    """What was read is whole, and not what was asked for, or what NumPy has."""


# Taking a tree apart


def encoded(tree: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """The structure of `tree`, and its arrays by names that tell where they were.

    >>> structure, arrays = encoded({"conv": [np.zeros(2)], "n": 3})
    >>> structure
    {'dict': [['conv', {'list': [{'array': 'conv.0'}]}], ['n', 3]]}
    >>> list(arrays)
    ['conv.0']
    """
    found = _Found({}, {})
    return _encoded(tree, "", found, ()), found.arrays


class _Found(NamedTuple):
    """What a tree has beside its structure."""

    arrays: dict[str, np.ndarray]
    generators: dict[int, tuple[int, Any]]
    """id → which one it is, in their order, and itself, so that no other has its id meanwhile"""


def _encoded(x: Any, path: str, found: _Found, above: tuple[int, ...]) -> Any:
    if x is None or isinstance(x, (bool, str)):
        return x
    if isinstance(x, np.generic):
        return {"scalar": _named(np.asarray(x), path, found.arrays)}
    if isinstance(x, (np.ndarray, Tensor)):
        return {"array": _named(value_of(x), path, found.arrays)}
    if type(x) is int:
        return x if abs(x) < 2**53 else {"int": hex(x)}
    if type(x) is float:
        return {"float": x.hex()}
    if type(x) is complex:
        return {"complex": [x.real.hex(), x.imag.hex()]}
    if id(x) in above:
        raise TypeError(f"save: the tree contains itself at {path}")
    above = (*above, id(x))
    if len(above) > MOST_LEVELS:
        raise ValueError(
            f"save: the tree is nested more than {MOST_LEVELS} levels deep at {path[:80]}…; "
            "flatten it, for instance into one list"
        )
    if type(x).__module__.startswith("numpy.random"):
        return _encoded_generator(x, path, found)
    container = trees.container_of(type(x))
    if container is None:
        raise TypeError(
            f"save: a {type(x).__name__}{_at(path)} cannot be saved; arrays, numbers, texts, None "
            "and random generators can, in dicts, lists, tuples, named tuples and dataclasses"
        )
    keys, children = container.keys(x), container.children(x)
    parts = [
        _encoded(part, f"{path}{key}", found, above)
        for key, part in zip(keys, children, strict=True)
    ]
    if type(x) is dict:
        for key in x:
            if key is not None and type(key) not in (bool, str, int, float):
                raise TypeError(
                    f"save: the key {key!r}{_at(path)} is a {type(key).__name__}; keys that can be "
                    "saved are texts and numbers"
                )
        written = [_encoded(key, path, found, ()) for key in x]
        return {"dict": [[key, part] for key, part in zip(written, parts, strict=True)]}
    if type(x) in (list, tuple):
        return {type(x).__name__: parts}
    pairs = [[key, part] for key, part in zip(keys, parts, strict=True)]
    return {"container": type(x).__name__, "parts": pairs}


def _encoded_generator(x: Any, path: str, found: _Found) -> Any:
    if id(x) in found.generators:
        return {"again": found.generators[id(x)][0]}
    if isinstance(x, np.random.Generator):
        state = x.bit_generator.state
        kind: dict[str, Any] = {"generator": str(state["bit_generator"])}
        seed = x.bit_generator.seed_seq
        if isinstance(seed, np.random.SeedSequence):  # what `spawn` makes its children of
            kind["seed"] = _encoded(seed.state, f"{path}.seed", found, ())
    elif isinstance(x, np.random.RandomState):
        state = x.get_state(legacy=False)
        kind = {"random state": str(state["bit_generator"])}
    else:
        raise TypeError(f"save: a {type(x).__name__}{_at(path)} cannot be saved; save a Generator")
    found.generators[id(x)] = len(found.generators), x
    return {**kind, "state": _encoded(state, f"{path}.state", found, ())}


def _named(array: np.ndarray, path: str, arrays: dict[str, np.ndarray]) -> str:
    """Put the array among the others, under a name made of its place in the tree."""
    if type(array) is not np.ndarray or array.dtype.kind not in _KINDS or not array.dtype.itemsize:
        what = array.dtype if type(array) is np.ndarray else type(array).__name__
        raise TypeError(
            f"save: an array of {what}{_at(path)} cannot be saved; numbers, dates and texts of a "
            "fixed length can, in plain arrays: np.array(x) of another class"
        )
    # ['conv'][0].bias → conv.0.bias
    words = re.findall(r"[A-Za-z0-9_-]+", path)
    name = plain = ".".join(words)[:200] or "array"
    number = 1
    while name in arrays or name == "__metadata__":  # which is .safetensors' own
        number += 1
        name = f"{plain}~{number}"
    arrays[name] = np.asarray(array, order="C")
    return name


_KINDS = "biufcSUMm"


def _at(path: str) -> str:
    return f" at {path}" if path else ""


def flat(names: Iterable[str]) -> Any:
    """The structure of a dict of arrays with these names.

    >>> flat(["w"])
    {'dict': [['w', {'array': 'w'}]]}
    """
    return {"dict": [[name, {"array": name}] for name in names]}


# What a file says about its arrays


def description(array: np.ndarray) -> dict[str, Any]:
    """The shape, dtype and checksum of an array."""
    return {"dtype": array.dtype.str, "shape": list(array.shape), "sha256": _sha256(array)}


def manifest(structure: Any, described: dict[str, dict[str, Any]]) -> str:
    """The JSON text that a file has beside the arrays, with their descriptions."""
    content = {"format": FORMAT, "tree": structure, "arrays": described}
    return json.dumps({**content, "sha256": _sha256_of(content)})


def verified(text: bytes | str, arrays: dict[str, np.ndarray]) -> Any:
    """The structure in a manifest that describes these `arrays`, or else `DamagedFileError`.

    >>> w = np.ones(2)
    >>> verified(manifest({"array": "w"}, {"w": description(w)}), {"w": w})
    {'array': 'w'}
    """
    try:
        content = json.loads(text)
        if content["format"] != FORMAT:
            raise DamagedFileError(f"has the format {content['format']!r}, not {FORMAT!r}")
        checksum = content.pop("sha256")
        if checksum != _sha256_of(content):
            raise DamagedFileError("was altered: the checksum of its description is wrong")
        if odd := sorted(content["arrays"].keys() ^ arrays.keys()):
            raise DamagedFileError(f"has other arrays than its description: {', '.join(odd)}")
        for name, expected in content["arrays"].items():
            if (found := description(arrays[name])) != expected:
                told = f"was altered: {name} is {found}, its description says {expected}"
                raise DamagedFileError(told)
        return content["tree"]
    except DamagedFileError:
        raise
    except _UNREADABLE as error:
        raise DamagedFileError(f"has a description that cannot be read ({error})") from None


def _sha256(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data).hexdigest()


def _sha256_of(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


# Putting a tree together


def decoded(structure: Any, arrays: dict[str, np.ndarray], like: Any) -> Any:
    """The tree, in the form of `like` unless that is None; `DiffersError` if it has another."""
    try:
        return _decoded(structure, _Held(arrays), _ANY if like is None else like, "")
    except _UNREADABLE as error:
        raise DamagedFileError(f"has a structure that cannot be read ({error})") from None


_LEVELS_OF_A_STATE = 4  # of a random generator, within the tree


class _Held:
    """What the structure refers to, and how deep we are in it."""

    __slots__ = ("arrays", "generators", "level")

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays
        self.generators: list[Any] = []
        self.level = 0


_ANY: Any = type("Any", (), {})()
"""Stands for `like` where anything will do."""


def _decoded(part: Any, held: _Held, like: Any, path: str) -> Any:
    if part is None or isinstance(part, (bool, str, int)):
        return _agreed(part, like, path)
    kind, value = next(iter(part.items()))
    if kind in ("array", "scalar"):
        array = _agreed(held.arrays[value], like, path)
        return array if kind == "array" else array[()]
    if kind in _NUMBERS:
        return _agreed(_NUMBERS[kind](value), like, path)
    if kind in ("generator", "random state", "again"):
        if kind == "again":
            generator = held.generators[range(len(held.generators))[value]]
        else:
            state = _decoded(part["state"], held, _ANY, path)
            seed = _decoded(part.get("seed"), held, _ANY, path)
            generator = _generator(kind, value, state, seed)
            held.generators.append(generator)
        if like is not _ANY and type(like) is not type(generator):
            raise DiffersError(_told(path, f"a {type(generator).__name__}", like))
        return generator
    if kind in ("dict", "list", "tuple") and type(value) is not list:
        raise ValueError(f"the parts of a {kind} are {value!r:.40}")
    if kind == "dict":
        keys = [_decoded(key, held, _ANY, path) for key, _ in value]
        parts = _matched(dict, [f"[{key!r}]" for key in keys], value, held, like, path)
        found = dict(zip(keys, parts, strict=True))
        if len(found) < len(keys):
            raise ValueError("a dict with a key twice")
        return found
    if kind in ("list", "tuple"):
        pairs = [[f"[{i}]", item] for i, item in enumerate(value)]
        sequence = list if kind == "list" else tuple
        return sequence(_matched(sequence, [key for key, _ in pairs], pairs, held, like, path))
    if like is _ANY:
        raise DiffersError(f"has a {value}{_at(path)}; give a tree of the same structure as `like`")
    if type(like).__name__ != value:
        raise DiffersError(_told(path, f"a {value}", like))
    keys = [key for key, _ in part["parts"]]
    rebuilt = _matched(type(like), keys, part["parts"], held, like, path)
    container: Any = trees.container_of(type(like))  # as `_matched` has found it
    by_key = dict(zip(keys, rebuilt, strict=True))
    return container.rebuild(like, [by_key[key] for key in container.keys(like)])


def _matched(
    kind: type, keys: list[str], pairs: Any, held: _Held, like: Any, path: str
) -> list[Any]:
    """The parts of a container, each in the form of its counterpart in `like`."""
    counterparts: dict[str, Any] = {}
    if like is not _ANY:
        container = trees.container_of(type(like))
        if type(like) is not kind or container is None:
            raise DiffersError(_told(path, f"a {kind.__name__}", like))
        counterparts = dict(zip(container.keys(like), container.children(like), strict=True))
        if counterparts.keys() != set(keys):
            raise DiffersError(
                f"has {', '.join(keys) or 'nothing'}{_at(path)}, expected "
                f"{', '.join(counterparts) or 'nothing'}"
            )
    held.level += 1
    if held.level > MOST_LEVELS + _LEVELS_OF_A_STATE:
        raise ValueError(f"nested more than {MOST_LEVELS} levels deep")
    parts = [
        _decoded(part, held, counterparts.get(key, _ANY), path + key)
        for key, (_, part) in zip(keys, pairs, strict=True)
    ]
    held.level -= 1
    return parts


def _agreed(found: Any, like: Any, path: str) -> Any:
    """A leaf, which must be one in `like`, too; an array of the same shape and dtype."""
    if like is _ANY:
        return found
    if isinstance(found, np.ndarray):
        shape, dtype = getattr(like, "shape", None), getattr(like, "dtype", None)
        if shape != found.shape or dtype != found.dtype:
            raise DiffersError(_told(path, f"{found.dtype} {found.shape}", like))
    elif type(found) is not type(like):
        raise DiffersError(_told(path, f"{found!r}", like))
    return found


def _told(path: str, found: str, like: Any) -> str:
    shape, dtype = getattr(like, "shape", None), getattr(like, "dtype", None)
    expected = f"a {type(like).__name__}" if dtype is None else f"{dtype} {shape}"
    return f"has {found}{_at(path)}, expected {expected}"


_NUMBERS: dict[str, Callable[[Any], complex]] = {
    "int": lambda text: int(text, 16),
    "float": float.fromhex,
    "complex": lambda parts: complex(*map(float.fromhex, parts)),
}

_BIT_GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
_LARGEST_POOL = 1024


def _generator(kind: str, name: str, state: Any, seed: Any) -> Any:
    if name not in _BIT_GENERATORS:
        raise ValueError(f"{name!r} is no generator of NumPy's")
    # NumPy takes any place within a store of random bits, and then reads beyond the store.
    place, most = 0, 0
    if name == "MT19937":
        place, most = state["state"]["pos"], 624
    elif name == "Philox":
        place, most = state["buffer_pos"], 4
    if type(place) is not int or not 0 <= place <= most:
        raise ValueError(f"a {name} has the place {place!r}, which is not from 0 to {most}")
    if seed is not None:
        pool = seed["pool_size"]
        if type(pool) is not int or not 4 <= pool <= _LARGEST_POOL:
            raise ValueError(f"a seed has a pool of {pool!r}, not 4 to {_LARGEST_POOL}")
        seed = np.random.SeedSequence(**seed)
    bits = getattr(np.random, name)(seed)
    if kind == "generator":
        bits.state = state
        return np.random.Generator(bits)
    random = np.random.RandomState(bits)
    random.set_state(state)
    return random

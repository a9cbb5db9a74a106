"""Weights from PyTorch and back: names and layouts, as dicts of arrays, without PyTorch itself.

A tree of `torch_layer` says where each of PyTorch's modules is in a tree of ours; `from_torch` and
`to_torch` both read it. The table `LAYERS` has a row a layer: its arrays here and in PyTorch, with
their axes. Axes of one name have one size within a layer, whichever arrays they are of.

>>> layers = {"conv": torch_layer("conv2d", "0"), "out": torch_layer("dense", "3", bias=False)}
>>> names = to_torch(
...     {
...         "conv": {"filters": np.zeros((3, 3, 1, 8)), "bias": np.zeros(8)},
...         "out": {"weights": np.zeros((8, 10))},
...     },
...     layers,
... )
>>> {name: array.shape for name, array in names.items()}
{'0.weight': (8, 1, 3, 3), '0.bias': (8,), '3.weight': (10, 8)}
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..answers import explained
from ..core import tree as trees
from ..core.arrays import Array, checked_shape, numbers
from ..core.tensor import value_of

Arrays = dict[str, Array]
Axes = dict[str, list[str]]
Shape = tuple[int, ...]
_Shaped = tuple[Shape, list[str]]
"""A shape, and what its axes should be."""


def _convolution(axes: str, ends: str) -> tuple[str, str]:
    """Its row; `ends` are the filters' last axes, which PyTorch has first, in the other order."""
    there = " ".join(reversed(ends.split()))
    bias = "out" if ends == "in out" else "outputs"  # "out" of a transpose are those of a group
    return f"filters: {axes} {ends}, bias: {bias}", f"weight: {there} {axes}, bias: {bias}"


def _recurrent(gates: str, last: str = "") -> tuple[str, str]:
    """Its row; `gates` says how many times hidden units a step has."""
    width = f"{gates}hidden"
    return (
        f"input_weights: features {width}, hidden_weights: hidden {width}, bias: {width}{last}",
        f"weight_ih: {width} features, weight_hh: {width} hidden, "
        f"bias_ih: {width}, bias_hh: {width}",
    )


_SPATIAL = {1: "places", 2: "rows columns", 3: "planes rows columns"}
_NORM = "scale: features, shift: features", "weight: features, bias: features"
_HEADS = (
    "query.weights: width width, query.bias: width, key.weights: context width, key.bias: width, "
    "value.weights: context width, value.bias: width, out.weights: width width, out.bias: width"
)
_OF_HEADS = "in_proj_bias: 3*width, out_proj.weight: width width, out_proj.bias: width"
_APART = (
    "q_proj_weight: width width, k_proj_weight: width context, v_proj_weight: width context, "
    + _OF_HEADS
)
"""PyTorch's arrays of an attention to a context of another size."""

LAYERS: dict[str, tuple[str, str]] = {
    **{f"conv{n}d": _convolution(axes, "in out") for n, axes in _SPATIAL.items()},
    **{f"conv_transpose{n}d": _convolution(axes, "out in") for n, axes in _SPATIAL.items()},
    "dense": ("weights: features out, bias: out", "weight: out features, bias: out"),
    "embedding": ("weights: count size", "weight: count size"),
    **dict.fromkeys(("batch_norm", "group_norm", "instance_norm", "layer_norm"), _NORM),
    "rms_norm": ("scale: features", "weight: features"),
    "batch_norm_state": (
        "mean: features, var: features",
        "running_mean: features, running_var: features, num_batches_tracked:",
    ),
    "rnn": _recurrent(""),
    "lstm": _recurrent("4*"),
    "gru": _recurrent("3*", ", hidden_bias: hidden"),
    "multi_head_attention": (_HEADS, f"in_proj_weight: 3*width width, {_OF_HEADS}"),
}
"""Layer → (its arrays here, PyTorch's): "name: axes, …". "3*hidden": three times an axis.
The arrays of both stand in one order, and only their axes are moved, but for `_SPECIAL`."""


class _Layer(NamedTuple):
    """One of PyTorch's modules."""

    kind: str
    name: str
    bias: bool
    suffix: str
    image: tuple[int, ...]
    to_image: tuple[int, ...]

    def axes(self, side: int, is_apart: bool = False) -> Axes:
        """The axes of the arrays, here (0) or in PyTorch (1), without those left out."""
        text = _APART if is_apart else LAYERS[self.kind][side]
        pairs = [part.split(":") for part in text.split(", ")]
        found = {name: axes.split() for name, axes in pairs}
        return {x: axes for x, axes in found.items() if self.bias or not re.search("bias|shift", x)}

    def image_of(self, axis: str, side: int) -> tuple[int, ...]:
        """The image that an axis is, if it is one; in PyTorch the channels come first."""
        image = getattr(self, _IMAGES[axis]) if axis in _IMAGES else ()
        return (*image[-1:], *image[:-1]) if side else image

    def named(self, theirs: str) -> str:
        """PyTorch's whole name of an array."""
        suffix = self.suffix if self.kind in _RECURRENT else ""
        return f"{self.name}.{theirs}{suffix}".removeprefix(".")


_RECURRENT = ("rnn", "lstm", "gru")
_IMAGES = {"features": "image", "out": "to_image"}
"""An axis that may be an image → the argument of `torch_layer` that says so."""


class _Part:
    """Stands at an array's place in a tree of layers. (A tuple would be no leaf.)"""

    def __init__(self, layer: _Layer, key: str) -> None:
        self.layer, self.key = layer, key

    def __repr__(self) -> str:
        return f"<{self.key} of {self.layer.kind} {self.layer.name!r}>"


@explained
def torch_layer(
    kind: str,
    name: str,
    *,
    bias: bool = True,
    suffix: str = "_l0",
    image: Any = (),
    to_image: Any = (),
) -> dict[str, Any]:
    """What stands in a tree for one of PyTorch's modules, in the form of `tg.nn.init`'s layer.

    Parameters
    ----------
    kind : str
        The name of a layer in `tg.nn.init`, such as "conv2d" or "lstm"; also "batch_norm_state",
        the running mean and variance, which are a tree of their own here.
    name : str
        The module's name in PyTorch: "layer1.0.conv1"; "" is the whole model.
    bias : bool, default True
        False where the module has none: ``bias=False``, too, of a normalisation.
    suffix : str, default '_l0'
        Of a recurrent layer: how its names end. "_l1" is the second layer of a module,
        "_l0_reverse" its first from the end, "" the layer of an ``LSTMCell``.
    image : tuple of ints, optional
        (rows, columns, channels), where the layer's features are a flattened image: PyTorch has
        them in the order (channels, rows, columns). Also the axes of a `layer_norm` of images.
        (features,) says that they are none, where a convolution comes before. Beside one in the
        tree, the image ends with its channels.
    to_image : tuple of ints, optional
        The same of a dense layer's outputs, which become an image: PyTorch's ``nn.Unflatten``.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        For a kind that is not in the table, and for what this kind of layer does not have.
    TypeError
        For a name that is no text.

    Examples
    --------
    >>> list(torch_layer("conv2d", "0") | torch_layer("batch_norm", "1"))
    ['filters', 'bias', 'scale', 'shift']
    """
    if not isinstance(kind, str) or kind not in LAYERS:
        if ours := _kind_of(kind):
            raise ValueError(f"torch_layer: there is no kind {kind!r:.40}; it is {ours!r} here")
        raise ValueError(f"torch_layer: kind is one of {', '.join(LAYERS)}, not {kind!r:.40}")
    for what, text in (("name", name), ("suffix", suffix)):
        if not isinstance(text, str):
            raise TypeError(f"torch_layer: {what} is a text, not {text!r:.40}")
    if not isinstance(bias, bool):
        raise TypeError(f"torch_layer: bias is True or False, not {bias!r:.40}")
    if suffix != "_l0" and kind not in _RECURRENT:
        raise ValueError(f"torch_layer: suffix is of {', '.join(_RECURRENT)}, not of {kind}")
    image = checked_shape("torch_layer: image", image)
    to_image = checked_shape("torch_layer: to_image", to_image)
    if to_image and kind != "dense":
        raise ValueError(f"torch_layer: to_image is of dense, not of {kind}; leave it out")
    layer = _Layer(kind, name, bias, suffix, image, to_image)
    keys = layer.axes(0)
    if image and not any("features" in axes for axes in keys.values()):
        raise ValueError(f"torch_layer: a {kind} has no features that were an image: leave it out")
    found: dict[str, Any] = {}
    for key in keys:
        *above, last = key.split(".")  # ["query"] and "weights"
        place = found
        for word in above:
            place = place.setdefault(word, {})
        place[last] = _Part(layer, key)
    return found


def _kind_of(module: Any) -> str:
    """The kind that a class of PyTorch is, such as "nn.BatchNorm2d"; "" if there is none."""
    whole = str(module).rpartition(".")[2].lower().replace("_", "").removeprefix("lazy")
    whole = whole.removesuffix("cell").replace("linear", "dense")
    names = whole, re.sub(r"\dd$", "", whole)  # the kinds of a normalisation do not count axes
    return next((kind for kind in LAYERS if kind.replace("_", "") in names), "")


@explained
def from_torch(weights: Mapping[str, Any], layers: Any) -> Any:
    """The tree of arrays that PyTorch's weights are here.

    Parameters
    ----------
    weights : dict of arrays
        By PyTorch's names: what `load` gives of a .safetensors file, or ``model.state_dict()``.
    layers : tree
        Of `torch_layer`, in the form of the tree that is wanted.

    Returns
    -------
    tree
        Of new arrays, of the dtypes that PyTorch has.

    Raises
    ------
    ValueError
        Where names are missing or left over, which it lists, where a shape does not fit, and where
        a dense layer's features seem to be another image than `image` says.
    TypeError
        For what is no dict of arrays of numbers, or no tree of layers.

    Notes
    -----
    The two biases of PyTorch's recurrent layers become one where only their sum counts. The count
    of batches beside running statistics is passed over.

    Examples
    --------
    >>> weights = {"fc.weight": np.zeros((10, 64), np.float32), "fc.bias": np.ones(10, np.float32)}
    >>> params = from_torch(weights, {"out": torch_layer("dense", "fc")})
    >>> params["out"]["weights"].shape
    (64, 10)
    """
    function = "from_torch"
    if not isinstance(weights, Mapping):
        raise TypeError(
            f"{function}: weights are a dict of arrays, not a {type(weights).__name__}; give "
            "tg.load(path) of a .safetensors file, or model.state_dict()"
        )
    axes = {}
    for layer in _layers(function, layers):
        has_heads = layer.kind == "multi_head_attention"
        axes[layer] = layer.axes(1, has_heads and layer.named("q_proj_weight") in weights)
    _all_there(axes, weights)
    ours, sizes = {}, {}
    for layer, there in axes.items():
        names = {x: layer.named(x) for x in there if x != _COUNT}
        found = {x: _array(function, name, weights[name]) for x, name in names.items()}
        named = {name: (found[x], there[x]) for x, name in names.items()}
        sizes[layer] = _sizes(function, layer, 1, named)
        found = {x: _reordered(layer, 1, array, there[x]) for x, array in found.items()}
        if layer.kind in _SPECIAL:
            ours[layer] = _SPECIAL[layer.kind][0](found)
        else:
            pairs = zip(layer.axes(0).items(), found, strict=True)
            ours[layer] = {key: _turned(found[x], there[x], to) for (key, to), x in pairs}
    _images_told(function, sizes)
    return trees.map(lambda part: np.array(ours[part.layer][part.key], order="C"), layers)


@explained
def to_torch(tree: Any, layers: Any) -> dict[str, Array]:
    """The weights that a tree of arrays is in PyTorch, by its names.

    `save` writes them to a .safetensors file, and ``model.load_state_dict`` takes what
    ``safetensors.torch.load_file`` reads there.

    Parameters
    ----------
    tree : tree
        Of arrays or Tensors.
    layers : tree
        The same tree, of `torch_layer`.

    Returns
    -------
    dict of arrays
        By PyTorch's names; new arrays, of the tree's dtypes.

    Raises
    ------
    ValueError
        Where the trees differ, a shape does not fit, two places of the tree have one name and other
        values, or a dense layer's features seem to be another image than `image` says.
    TypeError
        For what is no array of numbers, or no tree of layers.

    Notes
    -----
    The second bias of PyTorch's recurrent layers is zero where only the sum counts, and so is the
    count of batches beside running statistics.

    Examples
    --------
    >>> out = {"weights": np.zeros((64, 10)), "bias": np.ones(10)}
    >>> weights = to_torch({"out": out}, {"out": torch_layer("dense", "fc")})
    >>> {name: array.shape for name, array in weights.items()}
    {'fc.weight': (10, 64), 'fc.bias': (10,)}
    """
    function = "to_torch"
    ours: dict[_Layer, Arrays] = {layer: {} for layer in _layers(function, layers)}
    try:
        pairs: list[Any] = []
        trees.map(lambda part, x: pairs.append((part, x)), layers, tree)
    except trees.TreesDifferError as error:
        raise ValueError(
            f"{function}: the trees differ{error.where}: the layers have {error.first}, the tree "
            f"has {error.another}; give both one form"
        ) from None
    for part, x in pairs:
        _put(ours[part.layer], part.key, _array(function, repr(part), x))
    found: Arrays = {}
    sizes = {}
    for layer, arrays in ours.items():
        here, there = layer.axes(0), layer.axes(1)
        named = {x: (arrays[x], here[x]) for x in here}
        sizes[layer] = _sizes(function, layer, 0, named)
        if layer.kind in _SPECIAL:
            theirs = _SPECIAL[layer.kind][1](arrays)
        else:
            each = zip(here, there, strict=_COUNT not in there)
            theirs = {x: _turned(arrays[key], here[key], there[x]) for key, x in each}
        if _COUNT in there:
            theirs[_COUNT] = np.zeros((), np.int64)
        for x, array in theirs.items():
            array = _reordered(layer, 0, array, there.get(x, []))
            _put(found, layer.named(x), np.array(array, order="C"))
    _images_told(function, sizes)
    return found


def _layers(function: str, layers: Any) -> list[_Layer]:
    """The layers of the tree, each of which is whole."""
    parts = trees.leaves(layers)
    if not parts or not all(isinstance(part, _Part) for part in parts):
        raise TypeError(
            f"{function}: layers are a tree of torch_layer(kind, name), such as "
            '{"out": torch_layer("dense", "fc")}'
        )
    keys: dict[_Layer, set[str]] = {part.layer: set() for part in parts}
    for part in parts:
        keys[part.layer].add(part.key)
    for layer, there in keys.items():
        if lacking := [key for key in layer.axes(0) if key not in there]:
            raise ValueError(
                f"{function}: the tree of layers has no {', '.join(lacking)} of the {layer.kind} "
                f"{layer.name!r}; put all of torch_layer(...) into it, and layers of which a key "
                "is the same each into a dict of its own"
            )
    return list(keys)


def _array(function: str, name: str, x: Any) -> Array:
    try:
        return numbers(value_of(x), f"{function}: {name}")
    except (RuntimeError, TypeError) as error:
        if str(error).startswith(function):
            raise
        # PyTorch's own: it has a gradient, a dtype that NumPy lacks, or lies on another device.
        raise TypeError(
            f"{function}: {name} is no array for NumPy ({error}); in PyTorch give "
            "x.detach().float().cpu()"
        ) from None


def _all_there(axes: Mapping[_Layer, Axes], weights: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` unless the names of the layers are those of the weights."""
    names = {layer.named(x): x for layer, of_layer in axes.items() for x in of_layer}
    missing = [name for name, x in names.items() if name not in weights and x != _COUNT]
    left = [str(name) for name in weights if name not in names]
    told = [
        f"{what} {', '.join(found[:_MOST])}"
        + (f" and {len(found) - _MOST} more" * (len(found) > _MOST))
        for what, found in (("missing:", missing), ("left over:", left))
        if found
    ]
    behind = [x.removesuffix(missing[0]) for x in left if missing and x.endswith("." + missing[0])]
    if prefix := next((p for p in behind if all(p + name in weights for name in missing)), ""):
        told.append(f"all that is missing is there behind {prefix!r}, which the names here lack")
    if told:
        raise ValueError(
            f"from_torch: the names of the layers are not those of the weights; {'; '.join(told)}. "
            "Name each module in one torch_layer (bias=False where it has none), and delete from "
            "the dict what is not wanted"
        )


_MOST = 20
_COUNT = "num_batches_tracked"


def _sizes(
    function: str, layer: _Layer, side: int, arrays: Mapping[str, tuple[Array, list[str]]]
) -> dict[str, int]:
    """How long each axis of a layer is; raise ``ValueError`` where its arrays do not fit."""
    images = {axis: layer.image_of(axis, side) for axis in _IMAGES}
    images = {axis: image for axis, image in images.items() if image}
    given = {name: (array.shape, axes) for name, (array, axes) in arrays.items()}
    sizes = _fitted(given, images)
    if sizes is not None:
        return sizes
    listed = ", ".join(f"{name} {shape} for {_told(axes)}" for name, (shape, axes) in given.items())
    with_images = "".join(
        f", with {_IMAGES[axis]}={layer.image_of(axis, 0)}, {axis} {math.prod(image)}"
        for axis, image in images.items()
    )
    why = "is it a layer of another kind, or from another model?"
    if images and _fitted(given, {}) is not None:
        why = "without it they fit: is it another image?"
    if turned := _transposed(layer, side, given, images):
        as_axes = ", ".join(f"{name} fits as {_told(axes)}" for name, axes in turned.items())
        why = f"is it transposed? {as_axes}"
    shape, _ = next(iter(given.values()))
    if layer.kind in ("layer_norm", "rms_norm") and len(shape) > 1:
        image = (*shape[1:], shape[0]) if side else shape
        why = f"{layer.kind} of several axes needs image=(rows, columns, channels), here {image}"
    raise ValueError(
        f"{function}: the arrays of the {layer.kind} {layer.name!r} do not fit: {listed}"
        f"{with_images}; {why}"
    )


def _told(axes: list[str]) -> str:
    return f"({', '.join(axes)})"


def _fitted(arrays: Mapping[str, _Shaped], images: Mapping[str, Shape]) -> dict[str, int] | None:
    """How long each axis is, if one size fits all arrays that have it."""
    sizes = {axis: math.prod(image) for axis, image in images.items()}
    for shape, axes in arrays.values():
        if _is_image(shape, axes, images):
            continue
        if len(shape) != len(axes):
            return None
        for size, axis in zip(shape, axes, strict=True):
            times, _, word = axis.rpartition("*")
            found, rest = divmod(size, int(times or 1))
            if rest or sizes.setdefault(word, found) != found:
                return None
    return sizes


def _transposed(
    layer: _Layer, side: int, arrays: Mapping[str, _Shaped], images: Mapping[str, Shape]
) -> dict[str, list[str]]:
    """Arrays → axes in the other side's order, if all arrays fit so: one of them, or all."""
    others = {}
    for name, (_, axes) in arrays.items():
        there = [x for x in layer.axes(1 - side).values() if sorted(x) == sorted(axes)]
        others[name] = there[0] if there else axes[::-1]
    others = {name: axes for name, axes in others.items() if axes != arrays[name][1]}
    for names in [*([name] for name in others), list(others)]:
        turned = {name: others[name] for name in names}
        again = {name: (shape, turned.get(name, axes)) for name, (shape, axes) in arrays.items()}
        if _fitted(again, images) is not None:
            return turned
    return {}


def _is_image(shape: Shape, axes: list[str], images: Mapping[str, Shape]) -> bool:
    """Whether its features are the axes of an image, as those of a LayerNorm may be."""
    return axes == ["features"] and len(shape) > 1 and shape == images.get("features")


def _images_told(function: str, sizes: Mapping[_Layer, Mapping[str, int]]) -> None:
    """Raise ``ValueError`` for features that seem to be an image of which nobody has told.

    A layer beside a convolution that has several for each channel reads or makes a flattened image,
    most often. PyTorch has it in another order, and no shape shows that. An image that is told ends
    with the channels. Which layers are neighbours, the order of the tree says.
    """
    of_name: dict[str, _Layer] = {}
    for layer in sizes:  # a normalisation and its running statistics
        _same_image(function, of_name.setdefault(layer.named(""), layer), "features", layer)
    for before, after in itertools.pairwise(sizes):
        axis = "out" if before.kind == "dense" else "features"
        is_one = "norm" in before.kind or (before.kind == "dense" and "norm" in after.kind)
        if is_one and sizes[before].get(axis) == sizes[after].get("features", -1):
            _same_image(function, before, axis, after)
    layers = [layer for layer in sizes if "norm" not in layer.kind]
    for before, after in itertools.pairwise(layers):
        if before.kind.startswith("conv") and "features" in sizes[after]:
            layer, axis, convolution = after, "features", before
            channels = sizes[before].get("outputs", sizes[before]["out"])
        elif before.kind == "dense" and after.kind.startswith("conv"):
            layer, axis, convolution, channels = before, "out", after, sizes[after]["in"]
        else:
            continue
        count, argument, image = sizes[layer][axis], _IMAGES[axis], layer.image_of(axis, 0)
        if len(image) > 1 and image[-1] != channels:
            found = f"has {argument}={image}, which does not end with {channels}"
        elif not image and 1 < channels < count and count % channels == 0:
            found = "seems to hold a flattened image, which PyTorch has in another order"
        else:
            continue
        spatial = ", ".join(_SPATIAL[int(convolution.kind[-2])].split())
        raise ValueError(
            f"{function}: the {layer.kind} {layer.name!r} with {axis} {count}, beside the "
            f"{convolution.kind} {convolution.name!r} of {channels} channels, {found}; give it "
            f"{argument}=({spatial}, {channels}), or {argument}=({count},) if there is no image, "
            "and put it elsewhere in the tree of layers if the channels change between the two"
        )


def _same_image(function: str, before: _Layer, axis: str, after: _Layer) -> None:
    """Raise ``ValueError`` where one of two layers has features in another order than the other."""
    images = before.image_of(axis, 0), after.image_of("features", 0)
    first, second = [image if math.prod(image[:-1]) > 1 < image[-1] else () for image in images]
    if first != second:
        raise ValueError(
            f"{function}: {before.kind} {before.name!r} has {_IMAGES[axis]}={images[0]}, and "
            f"{after.kind} {after.name!r}, of the same features, image={images[1]}; give both the "
            "same"
        )


def _reordered(layer: _Layer, side: int, array: Array, axes: list[str]) -> Array:
    """PyTorch's array with each axis that is an image in the other side's order."""
    for i, axis in enumerate(axes):
        if image := layer.image_of(axis, side):
            is_image = _is_image(array.shape, axes, {axis: image})
            split = image if is_image else (*array.shape[:i], *image, *array.shape[i + 1 :])
            last = i + len(image) - 1
            channels = (i, last) if side else (last, i)  # where they are, and go to
            found = np.moveaxis(array.reshape(split), *channels)
            array = found if is_image else found.reshape(array.shape)
    return array


def _turned(array: Array, axes: list[str], wanted: list[str]) -> Array:
    return array if axes == wanted else array.transpose([axes.index(axis) for axis in wanted])


def _put(found: Arrays, name: str, array: Array) -> None:
    """Put an array in, unless another one is there."""
    old = found.setdefault(name, array)
    if old is array:
        return
    if old.dtype != array.dtype or old.shape != array.shape or old.tobytes() != array.tobytes():
        raise ValueError(
            f"to_torch: two places of the tree are {name} in PyTorch, and differ; give them names "
            "of their own, or make them equal"
        )


# The layers of which arrays are joined or parted: from PyTorch's to ours, and back


def _from_gates(theirs: Arrays) -> Arrays:
    ours = {"input_weights": theirs["weight_ih"].T, "hidden_weights": theirs["weight_hh"].T}
    if "bias_ih" in theirs:
        ours["bias"] = _sum(theirs["bias_ih"], theirs["bias_hh"])
    return ours


def _sum(x: Array, y: Array) -> Array:
    return np.where(y == 0, x, x + y)  # where y is zero, x with its sign


def _to_gates(ours: Arrays) -> Arrays:
    theirs = {"weight_ih": ours["input_weights"].T, "weight_hh": ours["hidden_weights"].T}
    if "bias" in ours:
        theirs |= {"bias_ih": ours["bias"], "bias_hh": np.zeros_like(ours["bias"])}
    return theirs


def _from_gru(theirs: Arrays) -> Arrays:
    if "bias_hh" not in theirs:
        return _from_gates(theirs)
    # The last of the three gates multiplies its second bias by r, so that it stays by itself.
    within, last = np.split(theirs["bias_hh"], [len(theirs["bias_hh"]) // 3 * 2])
    hidden = np.concatenate([within, np.zeros_like(last)])
    return _from_gates({**theirs, "bias_hh": hidden}) | {"hidden_bias": last}


def _to_gru(ours: Arrays) -> Arrays:
    theirs = _to_gates(ours)
    if "hidden_bias" in ours:
        last = ours["hidden_bias"]
        theirs["bias_hh"] = np.concatenate([np.zeros(2 * len(last), last.dtype), last])
    return theirs


def _from_heads(theirs: Arrays) -> dict[str, Any]:
    joined, names = theirs.get("in_proj_weight"), ("query", "key", "value")
    apart = [theirs[f"{name[0]}_proj_weight"] for name in names] if joined is None else []
    weights = apart if joined is None else np.split(joined, 3)
    ours = {f"{name}.weights": w.T for name, w in zip(names, weights, strict=True)}
    ours["out.weights"] = theirs["out_proj.weight"].T
    if "in_proj_bias" in theirs:
        biases = np.split(theirs["in_proj_bias"], 3)
        ours |= {f"{name}.bias": b for name, b in zip(names, biases, strict=True)}
        ours["out.bias"] = theirs["out_proj.bias"]
    return ours


def _to_heads(ours: Arrays) -> Arrays:
    names = "query", "key", "value"
    weights = [ours[f"{name}.weights"].T for name in names]
    theirs = {f"{name[0]}_proj_weight": w for name, w in zip(names, weights, strict=True)}
    if weights[0].shape == weights[1].shape:  # without a context of another size
        theirs = {"in_proj_weight": np.concatenate(weights)}
    theirs["out_proj.weight"] = ours["out.weights"].T
    if "out.bias" in ours:
        theirs["in_proj_bias"] = np.concatenate([ours[f"{name}.bias"] for name in names])
        theirs["out_proj.bias"] = ours["out.bias"]
    return theirs


_SPECIAL: dict[str, tuple[Callable[[Arrays], Arrays], Callable[[Arrays], Arrays]]] = {
    "rnn": (_from_gates, _to_gates),
    "lstm": (_from_gates, _to_gates),
    "gru": (_from_gru, _to_gru),
    "multi_head_attention": (_from_heads, _to_heads),
}

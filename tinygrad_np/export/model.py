"""Nodes and initialisers as the bytes of an ONNX file, checked by onnx."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from .graph import TYPES, Node
from .tracing import NAME, Batch, RefusedError, Value

OPSET, IR_VERSION = 18, 8
"""Of 2022: onnxruntime reads them from version 1.14 on."""

MOST_BYTES = 2**31 - 2**20
"""Of the parameters: an ONNX file is one message of protobuf, which is smaller than 2 GiB."""


def serialized(
    inputs: dict[str, Value], nodes: list[Node], arrays: dict[str, Any], outputs: dict[str, Value]
) -> bytes:
    """The file, with the shapes of all that its nodes give, where they can be inferred."""
    from onnx import checker, helper, numpy_helper, shape_inference

    total = sum([x.nbytes for x in arrays.values()])
    if total > MOST_BYTES:
        raise RefusedError(
            f"{NAME}: the parameters have {total:,} bytes, and an ONNX file ends at 2 GiB; export "
            "the network in parts"
        )
    given, gives = [
        [helper.make_tensor_value_info(name, _type(name, x.dtype), [*map(_length, x.shape)])
         for name, x in ends.items()]
        for ends in (inputs, outputs)
    ]  # fmt: skip
    held = []
    for name, x in arrays.items():
        _type(name, x.dtype)
        held.append(numpy_helper.from_array(x, name))
    graph = helper.make_graph(
        [
            helper.make_node(
                node.op, node.inputs, node.outputs, node.outputs[0], node.where, **node.attributes
            )
            for node in nodes
        ],
        "network",
        given,
        gives,
        held,
    )
    model = helper.make_model(
        graph,
        producer_name="tinygrad_np",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    try:
        checker.check_model(model, full_check=True)
        model = shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except (checker.ValidationError, shape_inference.InferenceError) as error:
        where = [x.where for x in nodes if f"node name: {x.outputs[0]})" in str(error)]
        raise RefusedError(
            f"{NAME}: onnx does not accept {f'the node of {where[0]}' if where else 'the file'}; a "
            f"dtype or an argument may have no place in it: {error}"
        ) from error
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _type(name: str, dtype: Any) -> int:
    if dtype not in TYPES:
        raise RefusedError(f"{NAME}: {name} has dtype {dtype}, which ONNX lacks; convert it before")
    return TYPES[dtype]


def _length(n: Any) -> Any:
    """A length; one that the batch decides has a name."""
    if isinstance(n, Batch):
        return "batch" if n.times == 1 else f"{n.times}*batch"
    return n


def place_of(where: str) -> str:
    """The file's name and the line of a place, without its folder and without a rule's name.

    >>> place_of("vjp of np.exp|/home/me/model.py:12")
    'model.py:12'
    """
    path, colon, line = where.rpartition("|")[2].rpartition(":")
    return f"{PurePath(path).name}{colon}{line}"

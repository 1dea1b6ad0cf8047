"""Drop the nodes that do nothing at inference: Identity, Dropout and harmless casts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from onnx import helper

from kernels.base import OnnxNode
from rtlgen.frontend.model import Model
from rtlgen.frontend.reading import NEWEST
from sim.errors import UnsupportedAttribute, UnsupportedOperator

_PLAIN_FLOATS = {"float16", "bfloat16", "float32", "float64"}


def without_no_ops(model: Model) -> Model:
    """Join the input and the output of what does nothing; outputs of the network keep their names.

    An Identity stays where an output of the network is also an input, a constant or another output.
    """
    same = _handed_on(model)
    nodes = [node for node in model.nodes if node.outputs[0] not in same]
    computed = {output for node in nodes for output in node.outputs}
    named: dict[str, str] = {}  # the output of the network whose name a value takes
    for output in model.outputs:
        source = same.get(output, output)
        if source in computed and source not in model.outputs:
            named.setdefault(source, output)

    def final(name: str) -> str:
        source = same.get(name, name)
        return named.get(source, source)

    identities = [_identity(model, final(o), o) for o in model.outputs if final(o) != o]
    renamed = (
        replace(
            node,
            inputs=tuple(map(final, node.inputs)),
            outputs=tuple(map(final, node.outputs)),
        )
        for node in nodes
    )
    return model.with_nodes([*renamed, *identities])


def without_unread_outputs(model: Model) -> Model:
    """Leave out optional outputs that nothing reads, such as the indices of a MaxPool."""
    used = {name for node in model.nodes for name in node.inputs} | set(model.outputs)
    nodes = []
    for node in model.nodes:
        optional = _optional_outputs(node)
        read = [o if o in used or i not in optional else "" for i, o in enumerate(node.outputs)]
        while read and not read[-1]:
            read.pop()
        nodes.append(replace(node, outputs=tuple(read)) if read else node)
    return model.with_nodes(nodes)


def _optional_outputs(node: OnnxNode) -> set[int]:
    if node.domain or not onnx.defs.has(node.op_type, ""):
        return set()
    outputs = onnx.defs.get_schema(node.op_type, NEWEST, "").outputs
    optional = onnx.defs.OpSchema.FormalParameterOption.Optional
    return {i for i, output in enumerate(outputs) if output.option == optional}


def _handed_on(model: Model) -> dict[str, str]:
    """The value that each node without effect only hands on, by the name of its output."""
    used = {name for node in model.nodes for name in node.inputs} | set(model.outputs)
    same: dict[str, str] = {}
    for node in model.nodes:
        if _does_nothing(node, model, used):
            same[node.outputs[0]] = same.get(node.inputs[0], node.inputs[0])
    return same


def _identity(model: Model, source: str, output: str) -> OnnxNode:
    node = model.producers()[output]
    return replace(node, op_type="Identity", inputs=(source,), outputs=(output,), attributes={})


def _does_nothing(node: OnnxNode, model: Model, used: set[str]) -> bool:
    match (node.domain, node.op_type):
        case ("", "Identity"):
            return True
        case ("", "Dropout"):
            _check_dropout(node, model, used)
            return True
        case ("", "Cast"):
            return _keeps_its_input(node, model)
        case _:
            return False


def _check_dropout(node: OnnxNode, model: Model, used: set[str]) -> None:
    if any(name in used for name in node.outputs[1:]):
        raise UnsupportedAttribute(
            f"node {node.name!r}: the mask of Dropout, {node.outputs[1]!r}, is used; "
            f"export the network in inference mode"
        )
    training = node.inputs[2] if len(node.inputs) > 2 else ""
    if training and (training not in model.constants or model.constants[training].any()):
        raise node.unsupported("training_mode", "inference; export the network in inference mode")


def _keeps_its_input(cast: OnnxNode, model: Model) -> bool:
    """Whether every value of the old type is one of the new type.

    Among the floats that networks are trained in, rounding is not meant, and not done; to other
    floats, it is refused. A cast to fewer numbers stays, and one of what is not known: something
    before it will be refused.
    """
    source = model.dtypes.get(cast.inputs[0])
    target = helper.tensor_dtype_to_np_dtype(cast.attributes["to"])
    if source is None:
        return False
    if not (_plain(source) and _plain(target)):
        raise UnsupportedOperator(
            f"node {cast.name!r}: operator {cast.op_type} is not supported from {source.name} to "
            f"{target.name}, which changes values; express the rounding by a Quant node"
        )
    if target.name in _PLAIN_FLOATS:
        return True
    return _is_whole(source) and bool(np.can_cast(source, target))


def _plain(dtype: np.dtype[Any]) -> bool:
    return _is_whole(dtype) or dtype.name in _PLAIN_FLOATS


def _is_whole(dtype: np.dtype[Any]) -> bool:
    """Integers, those of few bits too, and truth values."""
    return dtype.name.removeprefix("u").startswith(("int", "bool"))

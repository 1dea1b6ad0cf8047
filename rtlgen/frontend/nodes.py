"""Nodes and constants out of the protobuf."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from kernels.base import OnnxNode
from rtlgen.frontend.model import QONNX, Array, Model, Subgraph
from rtlgen.frontend.ordering import captured
from rtlgen.frontend.reading import Source
from rtlgen.frontend.shapes import static_inputs
from sim.errors import ModelError, UnsupportedAttribute

_QONNX_DEFAULTS: dict[str, dict[str, Any]] = {
    "Quant": {"signed": 1, "narrow": 0, "rounding_mode": "ROUND"},
    "FloatQuant": {"rounding_mode": "ROUND"},
    "MultiThreshold": {"out_scale": 1.0, "out_bias": 0.0, "data_layout": ""},
}
_QONNX_INPUTS = {"Quant": (4,), "BipolarQuant": (2,), "Trunc": (5, 6), "MultiThreshold": (2,)}
_TRUNC_DEFAULTS: dict[int, dict[str, Any]] = {
    1: {"rounding_mode": "FLOOR"},
    2: {"signed": 1, "narrow": 0, "rounding_mode": "FLOOR"},
}


def parse(source: Source) -> Model:
    """The model as it is written, its Constant nodes as constants."""
    graph = source.proto.graph
    nodes, constants = _Reader(source.opset).read(graph)
    inputs = static_inputs(graph)
    types = {value.name: value.type.tensor_type.elem_type for value in graph.input}
    return Model(
        name=source.name,
        inputs=inputs,
        outputs=tuple(dict.fromkeys(output.name for output in graph.output)),
        nodes=tuple(nodes),
        constants=constants,
        metadata=_metadata(source.proto),
        dtypes={name: helper.tensor_dtype_to_np_dtype(types[name]) for name in inputs},
    )


@dataclass
class _Reader:
    """Reads a graph and those that its nodes hold; each node has a name of its own."""

    opset: int
    taken: set[str] = field(default_factory=set)

    def read(self, graph: onnx.GraphProto) -> tuple[tuple[OnnxNode, ...], dict[str, Array]]:
        """The nodes and constants of a graph."""
        constants = {tensor.name: _array(tensor, tensor.name) for tensor in graph.initializer}
        nodes = []
        for node in self._named(graph.node):
            if node.op_type == "Constant" and not node.domain:
                constants[node.outputs[0]] = _constant(node)
            else:
                nodes.append(_quantizer(node) if node.domain == QONNX else node)
        for name, value in constants.items():
            check_finite(name, value, masks=True)
        return tuple(nodes), constants

    def _named(self, protos: Sequence[onnx.NodeProto]) -> Iterable[OnnxNode]:
        given = {proto.name for proto in protos}
        for proto in protos:
            name = proto.name
            if not name or name in self.taken:
                stem = name or f"{proto.op_type}_{next(filter(None, proto.output), '')}"
                name, count = stem, 2
                while name in self.taken or name in given:
                    name, count = f"{stem}_{count}", count + 1
            self.taken.add(name)
            yield self._node(name, proto)

    def _node(self, name: str, proto: onnx.NodeProto) -> OnnxNode:
        inputs = _without_trailing(proto.input)
        attributes = {a.name: _attribute(name, a) for a in proto.attribute if not a.HasField("g")}
        held = {a.name: self._subgraph(a.g) for a in proto.attribute if a.HasField("g")}
        if held:
            own = 1 if proto.op_type == "If" else len(held["body"].inputs)
            inputs += ("",) * (own - len(inputs))
        return OnnxNode(
            name=name,
            op_type=proto.op_type,
            inputs=inputs + tuple(n for _, graph in sorted(held.items()) for n in graph.captured),
            outputs=_without_trailing(proto.output),
            attributes=attributes | held,
            domain=proto.domain,
            opset=1 if proto.domain else self.opset,
        )

    def _subgraph(self, graph: onnx.GraphProto) -> Subgraph:
        nodes, constants = self.read(graph)
        return Subgraph(
            tuple(value.name for value in graph.input if value.name not in constants),
            tuple(value.name for value in graph.output),
            nodes,
            constants,
            tuple(captured(graph)),
        )


def check_finite(name: str, value: Array, *, masks: bool = False) -> None:
    """Refuse a constant that holds something that is not a number.

    Of minus infinity, masks are made, which are gone in the end.
    """
    if value.dtype.kind in "OSUc":
        held = "complex numbers" if value.dtype.kind == "c" else "text"
        raise ModelError(f"constant {name!r}: it holds {held}; only real numbers are supported")
    numbers = value.astype(np.float64)
    strange = ~np.isfinite(numbers) & ~(masks & np.isneginf(numbers))
    if strange.any():
        at = np.unravel_index(int(strange.argmax()), value.shape)
        position = ", ".join(str(int(i)) for i in at)
        raise ModelError(
            f"constant {name!r}: {int(strange.sum())} of its {value.size} values are not finite, "
            f"the first is {float(value[at])!r} at [{position}]; train or export the network again"
        )


def _array(tensor: onnx.TensorProto, name: str) -> Array:
    try:
        return numpy_helper.to_array(tensor)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"constant {name!r}: its data are not of type {tensor.data_type} and shape "
            f"{list(tensor.dims)}; export the network again"
        ) from error


def _without_trailing(names: Sequence[str]) -> tuple[str, ...]:
    """Names without the empty ones at the end, which say nothing."""
    end = max((i + 1 for i, name in enumerate(names) if name), default=0)
    return tuple(names[:end])


def _attribute(node: str, attribute: onnx.AttributeProto) -> Any:
    match attribute.type:
        case onnx.AttributeProto.SPARSE_TENSOR | onnx.AttributeProto.SPARSE_TENSORS:
            raise UnsupportedAttribute(
                f"node {node!r}: attribute {attribute.name} is a sparse tensor; store it as a "
                f"dense tensor"
            )
        case onnx.AttributeProto.UNDEFINED:
            raise ModelError(
                f"node {node!r}: attribute {attribute.name} has no type; export the network again"
            )
        case onnx.AttributeProto.TENSOR:
            return _array(attribute.t, node)
        case _:
            value = helper.get_attribute_value(attribute)
    return _plain(value)


def _plain(value: Any) -> Any:
    """Bytes as text, and a sequence as a tuple."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(map(_plain, value))
    return value


def _constant(node: OnnxNode) -> Array:
    """The value of a Constant node, in whichever of its forms."""
    match [(name, value) for name, value in node.attributes.items()]:
        case [("value", value)]:
            return np.asarray(value)
        case [("value_int" | "value_ints", value)]:
            return np.asarray(value, np.int64)
        case [("value_float" | "value_floats", value)]:
            return np.asarray(value, np.float32)
        case _:
            given = ", ".join(node.attributes) or "no attribute"
            raise node.unsupported(given, "value, value_int, value_ints, value_float, value_floats")


def _quantizer(node: OnnxNode) -> OnnxNode:
    """A QONNX node with its defaults; ``opset`` tells the two forms of Trunc from each other."""
    op_type = "Quant" if node.op_type == "IntQuant" else node.op_type
    counts = _QONNX_INPUTS.get(op_type, ())
    if counts and (len(node.inputs) not in counts or "" in node.inputs):
        given = len(node.inputs) - node.inputs.count("")
        raise ModelError(
            f"node {node.name!r}: {op_type} has {given} inputs instead of "
            f"{' or '.join(map(str, counts))}; export the network again"
        )
    version = 2 if op_type == "Trunc" and len(node.inputs) == 6 else 1
    defaults = _TRUNC_DEFAULTS[version] if op_type == "Trunc" else _QONNX_DEFAULTS.get(op_type, {})
    attributes = {**defaults, **node.attributes}
    if "rounding_mode" in attributes:
        attributes["rounding_mode"] = str(attributes["rounding_mode"]).upper()
    return replace(node, op_type=op_type, attributes=attributes, opset=version)


def _metadata(proto: onnx.ModelProto) -> dict[str, str]:
    metadata = {entry.key: entry.value for entry in proto.metadata_props}
    for annotation in proto.graph.quantization_annotation:
        for entry in annotation.quant_parameter_tensor_names:
            metadata[f"{annotation.tensor_name}.{entry.key}"] = entry.value
    return metadata

"""Read a file or a ``ModelProto``, and refuse what is not a sound ONNX model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import onnx
from google.protobuf.message import DecodeError, Message  # type: ignore[import-untyped]  # no stubs
from onnx.external_data_helper import load_external_data_for_tensor, uses_external_data
from onnx.inliner import inline_local_functions

from rtlgen.frontend.model import QONNX
from rtlgen.frontend.ordering import graphs, in_order, label, sorted_nodes, subgraphs
from sim.errors import ModelError, ShapeError, UnsupportedOperator

Given: TypeAlias = str | Path | onnx.ModelProto
"""A model as the user has it."""
Order = Callable[[str, onnx.GraphProto], list[onnx.NodeProto]]
STANDARD = ("", "ai.onnx")
CONTROL_FLOW = ("If", "Loop", "Scan")
OLDEST = 7
NEWEST = min(28, onnx.defs.onnx_opset_version())
"""The opset whose forms the rest of the program knows; a later one may change a meaning."""

_NO_NUMBERS = {
    onnx.TensorProto.STRING: "text",
    onnx.TensorProto.COMPLEX64: "complex numbers",
    onnx.TensorProto.COMPLEX128: "complex numbers",
}
_QUANTIZERS = {"Quant", "IntQuant", "BipolarQuant", "Trunc", "FloatQuant", "MultiThreshold"}
_QONNX_DOMAINS = {*STANDARD, "onnx.brevitas", "finn.custom_op.general", QONNX}


@dataclass(frozen=True)
class Source:
    """A checked model: QONNX nodes have one domain, nodes are sorted, nothing is external."""

    name: str
    opset: int
    proto: onnx.ModelProto


def read(model: Given) -> Source:
    """Read and check a model; one that is in memory already is not modified."""
    if isinstance(model, onnx.ModelProto):
        proto = onnx.ModelProto()
        proto.CopyFrom(model)
        where, name, folder = f"model {proto.graph.name!r}", proto.graph.name, None
    else:
        path = Path(model)
        where, name, folder = f"model {str(path)!r}", path.stem, path.parent
        proto = _parse(where, path)
    if not _is_text(proto):
        raise ModelError(f"{where}: the names in it are damaged; copy or export it again")
    proto.graph.name = proto.graph.name or name or "model"
    if not proto.graph.node:
        raise ModelError(f"{where}: it holds no network; export the network to ONNX again")
    _load_external(where, proto, folder)
    if proto.functions:
        proto = _without_functions(where, proto)
    _unify_domains(proto)
    opset = _opset(where, proto)
    _check_subgraphs(proto, opset)
    _sort(where, proto.graph)
    _check_inputs(proto.graph)
    _check(where, proto)
    return Source(proto.graph.name, opset, proto)


def _parse(where: str, path: Path) -> onnx.ModelProto:
    if path.is_dir():
        raise ModelError(f"{where}: this is a directory; give the .onnx file in it")
    if not path.exists():
        raise ModelError(f"{where}: there is no such file; check the path")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{where}: it cannot be read: {error.strerror}; check it") from error
    if not data:
        raise ModelError(f"{where}: the file is empty; export the network to ONNX again")
    try:
        return onnx.load_model_from_string(data)
    except DecodeError as error:
        if data.startswith(b"\x08"):  # the tag of ir_version, with which ONNX files begin
            raise ModelError(
                f"{where}: the file is damaged or cut short after {len(data)} bytes; "
                f"copy or export it again"
            ) from error
        raise ModelError(
            f"{where}: the file is not an ONNX model; export the network to ONNX first"
        ) from error


def _is_text(message: Message) -> bool:
    """Whether all strings are UTF-8: protobuf gives those that are not as bytes."""
    for field, content in message.ListFields():
        parts = [content] if isinstance(content, Message | str | bytes) else content
        if field.type == field.TYPE_MESSAGE and not all(map(_is_text, parts)):
            return False
        if field.type == field.TYPE_STRING and any(isinstance(part, bytes) for part in parts):
            return False
    return True


def _load_external(where: str, proto: onnx.ModelProto, folder: Path | None) -> None:
    for tensor in filter(uses_external_data, _tensors(proto)):
        file = next((e.value for e in tensor.external_data if e.key == "location"), "")
        if folder is None:
            raise ModelError(
                f"{where}: the data of initializer {tensor.name!r} are in file {file!r}, which a "
                f"model in memory does not lead to; give the path of the model instead"
            )
        try:
            load_external_data_for_tensor(tensor, str(folder))
        except (onnx.checker.ValidationError, OSError, ValueError) as error:
            raise ModelError(
                f"{where}: the data of initializer {tensor.name!r} cannot be read from file "
                f"{file!r}; put the whole file beside the model"
            ) from error
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def _tensors(proto: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    for graph in graphs(proto.graph):
        yield from graph.initializer
    for holder in (*graphs(proto.graph), *proto.functions):
        for node in holder.node:
            yield from (a.t for a in node.attribute if a.type == onnx.AttributeProto.TENSOR)


def _without_functions(where: str, proto: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its own functions written out, in its opset."""
    try:
        return inline_local_functions(proto, convert_version=True)
    except (RuntimeError, onnx.checker.ValidationError) as error:
        reason = " ".join(str(error).split()).rpartition("failed: ")[-1].removesuffix(".")
        raise ModelError(
            f"{where}: its own functions cannot be written out: {reason}; export the network with "
            f"one opset for all of it"
        ) from error


def _unify_domains(proto: onnx.ModelProto) -> None:
    """Give QONNX's quantizers one domain: exporters write four, or none at all."""
    for node in _nodes(proto):
        standard = node.domain in STANDARD and onnx.defs.has(node.op_type, "")
        if node.domain == "finn.custom_op.general" or (
            node.op_type in _QUANTIZERS and node.domain in _QONNX_DOMAINS and not standard
        ):
            node.domain = QONNX
        elif node.domain == "ai.onnx":
            node.domain = ""


def _opset(where: str, proto: onnx.ModelProto) -> int:
    versions = [o.version for o in proto.opset_import if o.domain in STANDARD]
    if not versions and all(node.domain for node in _nodes(proto)):
        return NEWEST
    opset = max(versions, default=1)
    if not OLDEST <= opset <= NEWEST:
        age, advice = (
            ("old", "onnx.version_converter.convert_version(model, 13)")
            if opset < OLDEST
            else ("new", f"opset_version={NEWEST}")
        )
        raise ModelError(
            f"{where}: its opset {opset} is too {age}; {OLDEST} to {NEWEST} are read; "
            f"convert or export it with {advice}"
        )
    return opset


def _nodes(proto: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    """The nodes of the graph, and of those that they hold."""
    return (node for graph in graphs(proto.graph) for node in graph.node)


def _check_subgraphs(proto: onnx.ModelProto, opset: int) -> None:
    """Refuse graphs that are no control flow, and sparse initializers."""
    for node in _nodes(proto):
        several = any(a.type == onnx.AttributeProto.GRAPHS for a in node.attribute)
        if several or (subgraphs(node) and (node.domain or node.op_type not in CONTROL_FLOW)):
            raise UnsupportedOperator(
                f"node {label(node)!r}: operator {node.op_type} is not supported; of those that "
                f"hold graphs, {', '.join(CONTROL_FLOW)} are; export the network without it"
            )
        if node.op_type == "Scan" and not node.domain and opset < 9:
            raise UnsupportedOperator(
                f"node {label(node)!r}: operator Scan is not supported in opset {opset}, where it "
                f"has another form; export the network with opset 9 or newer"
            )
    for graph in graphs(proto.graph):
        if graph.sparse_initializer:
            name = graph.sparse_initializer[0].values.name
            raise ModelError(f"initializer {name!r}: it is sparse; store it as a dense tensor")


def _sort(where: str, graph: onnx.GraphProto, order: Order = in_order) -> None:
    """Bring all nodes into their order, those of subgraphs first."""
    for node in graph.node:
        for subgraph in subgraphs(node):
            _sort(where, subgraph, sorted_nodes)
    nodes = order(where, graph)
    del graph.node[:]
    graph.node.extend(nodes)


def _check_inputs(graph: onnx.GraphProto) -> None:
    for value in graph.input:
        kind = value.type.WhichOneof("value")
        if kind != "tensor_type":
            what = str(kind).removesuffix("_type").replace("optional", "optional value")
            article = "an" if what[0] in "aeiou" else "a"
            raise ModelError(
                f"input {value.name!r}: it is {article} {what}; only tensors are supported"
            )
        if value.type.tensor_type.elem_type in _NO_NUMBERS:
            raise ModelError(
                f"input {value.name!r}: it holds {_NO_NUMBERS[value.type.tensor_type.elem_type]}; "
                f"only real numbers are supported"
            )
        if not value.type.tensor_type.HasField("shape"):
            raise ShapeError(
                f"input {value.name!r}: it has no shape; export the network with a shape for it"
            )


def _check(where: str, proto: onnx.ModelProto) -> None:
    """Run ``onnx.checker`` on a copy that is free of what it cannot know or need not see."""
    copy = onnx.ModelProto()
    copy.CopyFrom(proto)
    copy.ir_version = max(copy.ir_version, 4)  # 3 asks initializers to be inputs; many are not
    del copy.graph.value_info[:]
    deprecated = {"GroupNormalization"} if 18 <= _opset(where, copy) < 21 else set()
    for node in _nodes(copy):
        if node.domain == QONNX or node.op_type in deprecated:
            node.CopyFrom(onnx.helper.make_node("Identity", node.input[:1], node.output[:1]))
    declared = {o.domain for o in copy.opset_import}
    for domain in {node.domain for node in _nodes(copy)} - declared - set(STANDARD):
        copy.opset_import.append(onnx.helper.make_opsetid(domain, 1))
    for output in copy.graph.output:  # whose types exporters leave out, and we infer
        output.CopyFrom(onnx.helper.make_tensor_value_info(output.name, 1, ()))
    try:
        onnx.checker.check_model(copy)
    except onnx.checker.ValidationError as error:
        reason = " ".join(str(error).split()).removesuffix(".")
        raise ModelError(
            f"{where}: it is not valid ONNX: {reason}; export the network again"
        ) from error

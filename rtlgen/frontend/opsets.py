"""Opsets: every node of every opset is brought into the newest form of its operator.

``upgrade`` moves what became an input or got another name, and fills in all defaults. Where an old
form means something that depends on shapes or values, ``settle`` decides once these are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import onnx
from onnx import helper

from kernels.base import OnnxNode
from rtlgen.frontend import equations
from rtlgen.frontend.model import Model, Shape, Subgraph
from rtlgen.frontend.reading import NEWEST
from sim.errors import ShapeError, UnsupportedAttribute

Change = Callable[[OnnxNode], OnnxNode]

NORMALIZERS = ("Softmax", "LogSoftmax", "Hardmax")


def upgrade(model: Model) -> Model:
    """Bring every standard node into its newest form. Node.opset still tells where it is from."""
    return model.with_nodes(map(_upgraded, model.nodes))


def is_settled(node: OnnxNode) -> bool:
    """Whether the newest form of the node is known to mean what the model means."""
    return not (node.op_type in NORMALIZERS and node.opset < 13)


def settle(model: Model) -> Model:
    """Decide on what depends on shapes and values; the result says ``opset=NEWEST`` everywhere."""
    return model.with_nodes(node if node.domain else _settled(node, model) for node in model.nodes)


def _settled(node: OnnxNode, model: Model) -> OnnxNode:
    if node.op_type == "Resize" and node.opset < 11:
        _check_upsampling(node, model)
    if not is_settled(node):
        node = _settled_normalizer(node, model.shapes.get(node.inputs[0]))
    return replace(node, opset=NEWEST)


def _upgraded(node: OnnxNode) -> OnnxNode:
    if node.domain or not onnx.defs.has(node.op_type, ""):
        return node
    if node.op_type == "Einsum":
        equations.check(node)
    for before, change in CHANGES.get(node.op_type, ()):
        if node.opset < before:
            node = change(node)
    return with_defaults(_with_upgraded_graphs(node))


def _with_upgraded_graphs(node: OnnxNode) -> OnnxNode:
    held = {name: graph for name, graph in node.attributes.items() if isinstance(graph, Subgraph)}
    newer = {n: replace(g, nodes=tuple(map(_upgraded, g.nodes))) for n, g in held.items()}
    return replace(node, attributes={**node.attributes, **newer})


def with_defaults(node: OnnxNode) -> OnnxNode:
    """Fill in the defaults of the model's opset, for newer attributes those of the newest."""
    known = onnx.defs.get_schema(node.op_type, NEWEST, "").attributes
    for name in node.attributes:
        if name not in known:
            raise UnsupportedAttribute(
                f"node {node.name!r}: attribute {name} of {node.op_type} in opset {node.opset} has "
                f"no counterpart in opset {NEWEST}; export the network with a newer opset"
            )
    attributes = _defaults(known) | _defaults(_attributes(node)) | dict(node.attributes)
    return replace(
        node, attributes={name: attributes[name] for name in known if name in attributes}
    )


def _attributes(node: OnnxNode) -> Mapping[str, onnx.defs.OpSchema.Attribute]:
    """Those of the model's opset; none if the operator got its name only later."""
    try:
        return onnx.defs.get_schema(node.op_type, node.opset, "").attributes
    except onnx.defs.SchemaError:
        return {}


def _defaults(attributes: Mapping[str, onnx.defs.OpSchema.Attribute]) -> dict[str, Any]:
    defaults = {name: a.default_value for name, a in attributes.items() if a.default_value.name}
    values = {name: helper.get_attribute_value(default) for name, default in defaults.items()}
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> Any:
    match value:
        case bytes():
            return value.decode()
        case [bytes(), *_]:
            return tuple(map(_text, value))
        case _:
            return value


def without(node: OnnxNode, *names: str) -> OnnxNode:
    return replace(node, attributes={n: v for n, v in node.attributes.items() if n not in names})


def with_input(node: OnnxNode, position: int, name: str, value: Any, dtype: Any) -> OnnxNode:
    """The node with a new constant, ``<node>.<name>``, at this position of its inputs."""
    inputs = [*node.inputs, *[""] * (position + 1 - len(node.inputs))]
    inputs[position] = f"{node.name}.{name}"
    constants = {**node.constants, inputs[position]: np.asarray(value, dtype)}
    return replace(node, inputs=tuple(inputs), constants=constants)


def _to_inputs(dtype: Any = np.int64, **positions: int) -> Change:
    """The change that makes constant inputs of attributes that are given."""

    def change(node: OnnxNode) -> OnnxNode:
        for name, position in positions.items():
            if name in node.attributes:
                value = node.attributes[name]
                node = with_input(without(node, name), position, name, value, dtype)
        return node

    return change


def _split(node: OnnxNode) -> OnnxNode:
    """Without sizes, the outputs always shared alike; now their number is said."""
    if len(node.inputs) > 1:
        return node
    return replace(node, attributes={**node.attributes, "num_outputs": len(node.outputs)})


def _top_k(node: OnnxNode) -> OnnxNode:
    return with_input(without(node, "k"), 1, "K", [node.attributes["k"]], np.int64)


def _pad(node: OnnxNode) -> OnnxNode:
    node = with_input(without(node, "pads"), 1, "pads", node.attributes["pads"], np.int64)
    value = node.attributes.get("value", 0.0)
    node = without(node, "value")
    return with_input(node, 2, "constant_value", value, np.float32) if value else node


def _clip(node: OnnxNode) -> OnnxNode:
    """The old defaults are the ends of float32, which are what an absent bound means now."""
    ends = {"min": float(np.finfo(np.float32).min), "max": float(np.finfo(np.float32).max)}
    for position, (name, end) in enumerate(ends.items(), start=1):
        if (value := node.attributes.get(name, end)) != end:
            node = with_input(node, position, name, value, np.float32)
    return without(node, "min", "max")


def _batch_norm(node: OnnxNode) -> OnnxNode:
    """Once, it was the number of outputs that told training from inference."""
    if node.attributes.get("spatial", 1) != 1:
        raise node.unsupported("spatial=0", "spatial=1")
    if len(node.outputs) > 1:
        raise node.unsupported(
            f"{len(node.outputs)} outputs in opset {node.opset}, which is its training mode",
            "one output; export the network in inference mode",
        )
    return without(node, "spatial")


def _upsample(node: OnnxNode) -> OnnxNode:
    """Upsample is what Resize was in opset 10, before it had anything to choose."""
    return replace(node, op_type="Resize")


def _resize(node: OnnxNode) -> OnnxNode:
    chosen = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    mode = {"mode": node.attributes.get("mode", "nearest")}
    inputs = (node.inputs[0], "", node.inputs[1])
    return replace(node, inputs=inputs, attributes={**node.attributes, **mode, **chosen})


def _grid_sample(node: OnnxNode) -> OnnxNode:
    names = {"bilinear": "linear", "bicubic": "cubic"}
    mode = node.attributes.get("mode", "bilinear")
    return replace(node, attributes={**node.attributes, "mode": names.get(mode, mode)})


def _roi_align(node: OnnxNode) -> OnnxNode:
    mode = {"coordinate_transformation_mode": "output_half_pixel"}
    return replace(node, attributes={**node.attributes, **mode})


_axes = _to_inputs(axes=1)

CHANGES: Mapping[str, tuple[tuple[int, Change], ...]] = {
    "BatchNormalization": ((14, _batch_norm),),
    "Clip": ((11, _clip),),
    "Dropout": ((12, lambda node: without(node, "ratio")),),
    "GridSample": ((20, _grid_sample),),
    "Pad": ((11, _pad),),
    **{
        f"Reduce{how}": ((18, _axes),)
        for how in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare")
    },
    "ReduceSum": ((13, _axes),),
    "Resize": ((11, _resize),),
    "RoiAlign": ((16, _roi_align),),
    "Scatter": ((11, lambda node: replace(node, op_type="ScatterElements")),),
    "Slice": ((10, _to_inputs(starts=1, ends=2, axes=3)),),
    "Split": ((13, _to_inputs(split=1)), (18, _split)),
    "Squeeze": ((13, _axes),),
    "TopK": ((10, _top_k),),
    "Unsqueeze": ((13, _axes),),
    "Upsample": ((9, _to_inputs(np.float32, scales=1)), (10, _upsample), (10, _resize)),
}
"""By operator, the opset that changed its form, and how an older node gets the new one."""


def _settled_normalizer(node: OnnxNode, shape: Shape | None) -> OnnxNode:
    """Before opset 13, the axes from ``axis`` on were flattened; that may still be one axis."""
    if shape is None:
        raise ShapeError(
            f"node {node.name!r}: the shape of its input {node.inputs[0]!r} is not known, on which "
            f"{node.op_type} depends in opset {node.opset}; export the network with opset 13"
        )
    axis = node.attributes["axis"] % max(len(shape), 1)
    wide = [i for i in range(axis, len(shape)) if shape[i] > 1]
    if len(wide) > 1:
        raise node.unsupported(
            f"axis={axis} in opset {node.opset}, which flattens the {prod(shape[axis:])} values of "
            f"axes {', '.join(map(str, wide))}",
            f"the last axis, {len(shape) - 1}, or an export with opset 13",
        )
    chosen = (wide[0] if wide else len(shape) - 1) - len(shape)
    return replace(node, attributes={**node.attributes, "axis": chosen})


def _check_upsampling(node: OnnxNode, model: Model) -> None:
    """Which element an old Resize takes when it shrinks was never defined."""
    scales = model.constants.get(node.inputs[2])
    if node.attributes["mode"] == "nearest" and (scales is None or (scales < 1).any()):
        shown = "computed scales" if scales is None else f"scales={tuple(scales.tolist())}"
        raise node.unsupported(
            f"{shown} in opset {node.opset}", "scales of at least 1, or an export with opset 11"
        )

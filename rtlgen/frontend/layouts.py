"""Channels-last operators of QONNX, as the standard ones between transpositions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kernels.base import OnnxNode
from rtlgen.frontend.model import Model

_CHANNELS_LAST = "qonnx.custom_op.channels_last"
_TRANSPOSED = {"Conv": 2, "MaxPool": 1}
"""How many of the inputs have their channels last: a Conv's weights do, its bias has one axis."""


def channels_first(model: Model, opset: int) -> Model:
    """Rewrite each Conv and MaxPool that has its channels last."""
    return model.with_nodes(n for node in model.nodes for n in _rewritten(node, opset))


def _rewritten(node: OnnxNode, opset: int) -> Iterator[OnnxNode]:
    rank = len(node.attributes.get("kernel_shape", ())) + 2
    count = _TRANSPOSED.get(node.op_type, 0)
    if node.domain != _CHANNELS_LAST or not count or rank == 2:
        yield node
        return
    to_first, to_last = (0, rank - 1, *range(1, rank - 1)), (0, *range(2, rank), 1)
    inputs = list(node.inputs)
    for i in range(count):
        inputs[i] = f"{node.name}.{('x', 'w')[i]}"
        yield _transpose(inputs[i], node.inputs[i], inputs[i], to_first, opset)
    output = f"{node.name}.y"
    yield replace(node, inputs=tuple(inputs), outputs=(output,), domain="", opset=opset)
    yield _transpose(output, output, node.outputs[0], to_last, opset)


def _transpose(name: str, source: str, target: str, perm: tuple[int, ...], opset: int) -> OnnxNode:
    return OnnxNode(name, "Transpose", (source,), (target,), {"perm": perm}, opset=opset)

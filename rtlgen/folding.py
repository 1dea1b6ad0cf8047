"""Batch normalization folded into the float weights before it, ahead of their rounding.

Only where a format is about to be chosen for these weights: a network that is quantized already
keeps its batch normalizations, which its quantizers absorb exactly.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kernels.base import OnnxNode, Operator
from kernels.real import BatchNormalization
from rtlgen.constants import Numbers, normalization
from rtlgen.formats import Formats
from rtlgen.frontend import Model
from rtlgen.wanted import PRODUCTS


def fold(model: Model, formats: Formats) -> Model:
    """The same network with each such batch normalization as part of a Conv, Gemm or MatMul."""
    for node in model.nodes:
        if node.op_type == "BatchNormalization" and not node.domain:
            model = _folded(model, node, formats) or model
    return model


def _folded(model: Model, norm: OnnxNode, formats: Formats) -> Model | None:
    """The model without this normalization; None if it has to stay."""
    last = _only_producer(model, norm.inputs[0], formats)
    linear = last and (_summand(model, last, formats) if last.op_type == "Add" else last)
    if not last or not linear or not _foldable(model, linear, formats):
        return None
    rank = len(model.shapes[norm.inputs[0]])
    if linear.op_type != "Conv" and rank != 2:
        return None
    op = Operator.named(norm).from_onnx(norm)
    assert isinstance(op, BatchNormalization)
    scale, offset = (v.astype(float) for v in normalization(op, norm, rank))
    new = {linear.inputs[1]: model.constants[linear.inputs[1]] * _by_channel(linear, scale)}
    if linear is last:
        merged = [_biased(model, linear, scale, offset, new)]
    else:
        if linear.has(2):
            new[linear.inputs[2]] = model.constants[linear.inputs[2]] * scale.reshape(-1)
        (added,) = (name for name in last.inputs if name in model.constants)
        new[added] = model.constants[added] * scale + offset
        merged = [linear, last]
    merged[-1] = replace(merged[-1], outputs=norm.outputs)
    return _replaced(model, {linear.name: merged[0], last.name: merged[-1], norm.name: None}, new)


def _only_producer(model: Model, name: str, formats: Formats) -> OnnxNode | None:
    """The node that computes a value which nothing else reads, and no format is given for."""
    readers = sum(node.inputs.count(name) for node in model.nodes)
    if readers != 1 or name in model.outputs or name in formats.values:
        return None
    node = model.producers().get(name)
    return node if node and not node.domain else None


def _summand(model: Model, add: OnnxNode, formats: Formats) -> OnnxNode | None:
    """The product that a constant is added to."""
    constants = [name for name in add.inputs if name in model.constants]
    computed = [name for name in add.inputs if name not in model.constants]
    if len(constants) != 1 or not _ours(model, constants[0]):
        return None
    return _only_producer(model, computed[0], formats)


def _foldable(model: Model, linear: OnnxNode, formats: Formats) -> bool:
    """Whether a format will be chosen for float weights that are this node's alone."""
    if linear.op_type not in PRODUCTS or linear.inputs[0] in model.constants:
        return False
    weight = linear.inputs[1]
    if any(name not in model.constants for name in linear.inputs[1:] if name):
        return False
    if not all(_ours(model, name) for name in linear.inputs[2:] if name):
        return False
    return _ours(model, weight) and formats.gives(weight, "weights")


def _ours(model: Model, name: str) -> bool:
    """Whether a constant may change: no other node reads it."""
    return sum(node.inputs.count(name) for node in model.nodes) == 1


def _by_channel(linear: OnnxNode, scale: Numbers) -> Numbers:
    """Numbers along the axis of the weights that counts output channels."""
    match linear.op_type:
        case "Conv":
            return scale.reshape(-1, *(1,) * (scale.ndim))
        case "Gemm" if linear.attributes.get("transB", 0):
            return scale.reshape(-1, 1)
        case _:
            return scale.reshape(1, -1)


def _biased(
    model: Model, linear: OnnxNode, scale: Numbers, offset: Numbers, new: dict[str, Numbers]
) -> OnnxNode:
    """The product with a bias that does what the normalization adds."""
    scale, offset = scale.reshape(-1), offset.reshape(-1)
    if linear.has(2):
        beta = linear.attributes.get("beta", 1.0)
        bias, own = linear.inputs[2], model.constants[linear.inputs[2]] * beta
    else:
        bias, own = _unused(model, f"{linear.name}.bias"), np.zeros(1)
    new[bias] = own * scale + offset
    inputs = (*linear.inputs[:2], bias)
    if linear.op_type == "Conv":
        return replace(linear, inputs=inputs)
    attributes = {"alpha": 1.0, "transA": 0, "transB": 0, **linear.attributes, "beta": 1.0}
    return replace(linear, op_type="Gemm", inputs=inputs, attributes=attributes)


def _unused(model: Model, name: str) -> str:
    taken = {*model.constants, *model.inputs, *model.producers()}
    while name in taken:
        name += "_"
    return name


def _replaced(
    model: Model, nodes: dict[str, OnnxNode | None], constants: dict[str, Numbers]
) -> Model:
    """The model with other nodes of these names, and constants."""
    known = {**model.constants, **constants}
    kept = [new for node in model.nodes if (new := nodes.get(node.name, node))]
    own = [replace(n, constants={i: known[i] for i in n.inputs if i in known}) for n in kept]
    shapes = {**model.shapes, **{name: value.shape for name, value in constants.items()}}
    return replace(model, nodes=tuple(own), constants=known, shapes=shapes)

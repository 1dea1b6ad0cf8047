"""What quantizers say only together with the shapes and types of their data.

That are the zero points of QuantizeLinear and DequantizeLinear, which say what integers theirs are,
and the axes along which parameters lie.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from kernels.base import OnnxNode
from rtlgen.frontend.model import QONNX, Model, Shape
from rtlgen.frontend.opsets import with_input, without
from sim.errors import ModelError, ShapeError, UnsupportedOperator

_INTEGERS = ("int2", "int4", "int8", "int16", "int32", "uint2", "uint4", "uint8", "uint16")


def with_zero_points(model: Model) -> Model:
    """Give each of the two a zero point, and count every ``axis`` from the end.

    What stands behind a value of an unknown type stays: something before it will be refused.
    """
    model = model.with_nodes(_with_zero_point(node, model) for node in model.nodes)
    dtypes = {name: value.dtype for name, value in model.constants.items()}
    return replace(model, dtypes={**model.dtypes, **dtypes})


def _with_zero_point(node: OnnxNode, model: Model) -> OnnxNode:
    match node.domain, node.op_type:
        case "", "QuantizeLinear":
            integers = node.outputs[0]
        case "", "DequantizeLinear":
            integers = node.inputs[0]
        case domain, "MultiThreshold" if domain == QONNX:
            return _with_axis(node, model.shapes.get(node.inputs[0]))
        case _:
            return node
    dtype, shape = model.dtypes.get(integers), model.shapes.get(node.inputs[0])
    if dtype is None or shape is None:
        return node
    _check_integers(node, dtype)
    if not node.has(2):
        zeros = np.zeros(model.shapes.get(node.inputs[1], ()))
        node = with_input(node, 2, "zero_point", zeros, dtype)
    elif (given := model.dtypes.get(node.inputs[2], dtype)) != dtype:
        raise ModelError(
            f"node {node.name!r}: its zero point {node.inputs[2]!r} is {given.name}, but "
            f"{integers!r} is {dtype.name}; export the network again"
        )
    node = _counted_from_the_end(node, shape, model.shapes.get(node.inputs[1], ()))
    return _in_single_blocks(node, model, shape) if node.attributes["block_size"] else node


def _in_single_blocks(node: OnnxNode, model: Model, shape: Shape) -> OnnxNode:
    """The node with a scale and a zero point for every element of its data: blocks of one."""
    size, axis = node.attributes["block_size"], node.attributes["axis"] + len(shape)
    known = replace(node, constants={**model.constants, **node.constants})
    for position, name in ((1, "scale"), (2, "zero_point")):
        given = known.constant(position)
        assert given is not None
        blocks = (*shape[:axis], -(-shape[axis] // size), *shape[axis + 1 :]) if size > 0 else ()
        if given.shape != blocks:
            raise ShapeError(
                f"node {node.name!r}: a {name.replace('_', ' ')} of shape {list(given.shape)} has "
                f"no number for each block of {size} along axis {axis} of data of shape "
                f"{list(shape)}; export the network again"
            )
        every = np.repeat(given, size, axis).take(range(shape[axis]), axis)
        node = with_input(node, position, name, every, given.dtype)
    return replace(node, attributes={**node.attributes, "block_size": 1})


def _with_axis(node: OnnxNode, shape: Shape | None) -> OnnxNode:
    """An ``axis`` in place of the ``data_layout``, whose defaults are those of qonnx."""
    if shape is None:
        return node
    layout = node.attributes["data_layout"] or {3: "NWC"}.get(len(shape), "NC")
    axis = layout.index("C") if "C" in layout else 1
    if axis >= len(shape):
        raise ShapeError(
            f"node {node.name!r}: there is no axis {axis}, where data_layout={layout!r} has the "
            f"channels, in its input {node.inputs[0]!r} of shape {list(shape)}; correct it"
        )
    attributes = {**without(node, "data_layout").attributes, "axis": axis - len(shape)}
    return replace(node, attributes=attributes)


def _check_integers(node: OnnxNode, dtype: np.dtype[Any]) -> None:
    if dtype.name not in _INTEGERS:
        side = "to" if node.op_type == "QuantizeLinear" else "from"
        raise UnsupportedOperator(
            f"node {node.name!r}: operator {node.op_type} is not supported {side} {dtype.name}; "
            f"supported are {', '.join(_INTEGERS)}; quantize with one of them"
        )


def _counted_from_the_end(node: OnnxNode, shape: Shape, scale: Shape) -> OnnxNode:
    """The node with a negative axis, which says what it means without the rank of the data."""
    rank, axis = len(shape), node.attributes["axis"]
    if -rank <= axis < rank:
        axis -= rank * (axis >= 0)
    elif prod(scale) == 1:
        axis = -1  # one scale for all has no axis, and exporters write 1 for data of any rank
    else:
        raise ShapeError(
            f"node {node.name!r}: there is no axis {axis} in its input {node.inputs[0]!r} of shape "
            f"{list(shape)}; export the network again"
        )
    return replace(node, attributes={**node.attributes, "axis": axis})

"""The zero points of QuantizeLinear and DequantizeLinear, which say what integers theirs are."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from kernels.base import OnnxNode
from rtlgen.frontend.model import Model, Shape
from rtlgen.frontend.opsets import with_input
from sim.errors import ModelError, ShapeError, UnsupportedOperator

_INTEGERS = ("int2", "int4", "int8", "int16", "int32", "uint2", "uint4", "uint8", "uint16")


def with_zero_points(model: Model) -> Model:
    """Give each of the two a zero point, and count its ``axis`` from the end.

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
    return _counted_from_the_end(node, shape, model.shapes.get(node.inputs[1], ()))


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

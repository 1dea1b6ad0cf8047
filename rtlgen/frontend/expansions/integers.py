"""Operators on the integers of a quantized network, as those on the numbers that they stand for.

``DequantizeLinear`` gives these numbers, exactly, and ``QuantizeLinear`` the integers for a result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion, NotYetKnown
from sim.errors import ModelError, UnsupportedOperator


def dequantized(expansion: Expansion, at: int, axis: int = 1) -> str:
    """The numbers for the input at a position, whose scale and zero point follow it."""
    return _meant(expansion, at, required(expansion, at + 1), at + 2, axis)


def quantized(expansion: Expansion, real: str, at: int, like: int) -> None:
    """The node's result: integers for real numbers; scale and zero point are at a position.

    Without a zero point it is one of the type of the input ``like``.
    """
    node = expansion.node
    zero = _given(expansion, at + 1) or expansion.constant(0, "zero", dtype_of(expansion, like))
    scale = required(expansion, at)
    expansion.made("QuantizeLinear", real, scale, zero, output=node.outputs[0])


def required(expansion: Expansion, at: int) -> str:
    """The input at a position, which the operator cannot do without."""
    node = expansion.node
    if not node.has(at):
        raise ModelError(
            f"node {node.name!r}: {node.op_type} has no input {at}; export the network again"
        )
    return node.inputs[at]


def dtype_of(expansion: Expansion, at: int) -> np.dtype[Any]:
    """The element type of the input at a position, or of a zero point: all are of one type."""
    name = expansion.node.inputs[at]
    if name not in expansion.model.dtypes:
        raise NotYetKnown(
            f"node {expansion.node.name!r}: the type of its input {name!r} is not known"
        )
    return expansion.model.dtypes[name]


def bias(expansion: Expansion, at: int, scale: str, scales: str, axis: int = 0) -> str:
    """Integers in steps that are the product of a scale and of one or several along an axis."""
    steps = expansion.made("DequantizeLinear", expansion.node.inputs[at], scales, axis=axis)
    return expansion.made("Mul", steps, scale)


def _qlinear_conv(expansion: Expansion) -> None:
    x, w = dequantized(expansion, 0), dequantized(expansion, 3, axis=0)
    inputs, node = [x, w], expansion.node
    if node.has(8):
        inputs.append(bias(expansion, 8, node.inputs[1], node.inputs[4]))
    y = expansion.made("Conv", *inputs, **node.attributes)
    quantized(expansion, y, 6, like=0)


def _qlinear_matmul(expansion: Expansion) -> None:
    a, b = dequantized(expansion, 0, axis=-2), dequantized(expansion, 3, axis=-1)
    quantized(expansion, expansion.made("MatMul", a, b), 6, like=0)


def _conv_integer(expansion: Expansion) -> None:
    x, w = _counted(expansion, 0, 2), _counted(expansion, 1, 3, axis=0)
    node = expansion.node
    expansion.made("Conv", x, w, output=node.outputs[0], **node.attributes)


def _matmul_integer(expansion: Expansion) -> None:
    a, b = _counted(expansion, 0, 2, axis=-2), _counted(expansion, 1, 3, axis=-1)
    expansion.made("MatMul", a, b, output=expansion.node.outputs[0])


def _dynamic(expansion: Expansion) -> NoReturn:
    node = expansion.node
    raise UnsupportedOperator(
        f"node {node.name!r}: operator {node.op_type} is not supported: its scale depends on the "
        f"data, while hardware has fixed formats; quantize the network statically "
        f"(onnxruntime.quantization.quantize_static), or take the float model with --calibrate"
    )


def _counted(expansion: Expansion, at: int, zero: int, axis: int = 1) -> str:
    """An input of integers without their zero point."""
    shape = expansion.shape(zero) if expansion.node.has(zero) else ()
    ones = expansion.constant(np.ones(shape), "scale")
    return _meant(expansion, at, ones, zero, axis)


def _meant(expansion: Expansion, at: int, scale: str, zero_at: int, axis: int) -> str:
    """``(x - zero) * scale``; either may have the rank of the data, as products of stacks allow."""
    x, zero = required(expansion, at), _given(expansion, zero_at)
    shape = expansion.shape(zero_at) if zero else ()
    if len(shape) < 2:
        return expansion.made("DequantizeLinear", x, scale, *[zero][: bool(zero)], axis=axis)
    one = expansion.constant(1, "scale")
    q = expansion.made("DequantizeLinear", x, one)
    z = expansion.made("Cast", zero, to=1)
    return expansion.made("Mul", expansion.made("Sub", q, z), scale)


def _given(expansion: Expansion, at: int) -> str:
    return expansion.node.inputs[at] if expansion.node.has(at) else ""


EXPANSIONS: Mapping[str, Expand] = {
    "ConvInteger": _conv_integer,
    "DynamicQuantizeLinear": _dynamic,
    "MatMulInteger": _matmul_integer,
    "QLinearConv": _qlinear_conv,
    "QLinearMatMul": _qlinear_matmul,
}

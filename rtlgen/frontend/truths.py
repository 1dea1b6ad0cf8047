"""Operators on truth values, places and integers, on floats: no casts between them are left."""

from __future__ import annotations

from types import new_class
from typing import Any

import numpy as np
from onnx.helper import get_attribute_value
from onnx.reference.op_run import OpRun

from kernels.base import OnnxNode, Operator
from rtlgen.frontend.model import Model
from rtlgen.rationals import Rationals

_OURS = (
    *("GreaterOrEqual", "Not", "And", "Or", "Xor", "Where"),
    *("ArgMax", "ArgMin", "TopK"),
)


_GATES = {"BitwiseAnd": "bitwise_and", "BitwiseOr": "bitwise_or", "BitwiseXor": "bitwise_xor"}


class Truth(OpRun):
    """By our own operator."""

    def _run(self, *xs: Any, **_: Any) -> tuple[Any, ...]:
        proto = self.onnx_node
        given = {a.name: get_attribute_value(a) for a in proto.attribute}
        inputs = tuple(proto.input)
        constants = dict(zip(inputs, xs, strict=True))
        node = OnnxNode(proto.name, proto.op_type, inputs, tuple(proto.output), given, constants)
        op: Any = Operator.named(node).from_onnx(node)
        data = [Rationals(np.asarray(constants[n], float)) for n in op.data_inputs(node)]
        results = op.forward(*data)
        several = results if isinstance(results, tuple) else (results,)
        return tuple(result.values.astype(np.float32) for result in several)


class Mod(OpRun):
    """Of any numbers."""

    def _run(self, x: Any, divisor: Any, fmod: int = 0) -> tuple[Any]:
        left = np.fmod(x, divisor) if fmod else np.mod(x, divisor)
        return (np.asarray(left, np.float32),)


class BitShift(OpRun):
    """Rounded down, as integers are."""

    def _run(self, x: Any, amount: Any, direction: str) -> tuple[Any]:
        power = 2.0 ** np.asarray(amount, float)
        return (np.asarray(np.floor(x / power if direction == "RIGHT" else x * power), np.float32),)


class Bits(OpRun):
    """Logic on the bits of integers, which are floats here."""

    def _run(self, a: Any, b: Any) -> tuple[Any]:
        gate = getattr(np, _GATES[self.onnx_node.op_type])
        return (np.asarray(gate(a.astype(np.int64), b.astype(np.int64)), np.float32),)


def on_floats(model: Model) -> list[Any]:
    """The operators of this model, for ONNX's reference."""

    class BitwiseNot(OpRun):
        def _run(self, x: Any) -> tuple[Any]:
            dtype = model.dtypes[self.onnx_node.input[0]]
            top = np.iinfo(dtype).max if dtype.kind == "u" else -1
            return (np.asarray(top - x.astype(float), np.float32),)

    ours = [new_class(name, (Truth,)) for name in _OURS]
    return [Mod, BitShift, BitwiseNot, *ours, *(new_class(name, (Bits,)) for name in _GATES)]

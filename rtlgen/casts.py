"""Casts to integers, which cut off what is behind the point, and to truth values."""

from __future__ import annotations

import numpy as np

from kernels.base import OnnxNode
from kernels.elementwise import Abs, Sign
from kernels.real import INTEGERS, Cast
from rtlgen.operands import Operands
from rtlgen.pending import Apply
from rtlgen.quantizers import ANY, fixed_format
from rtlgen.scaled import Scaled
from sim.rounding import Overflow, Rounding


def cast(operands: Operands, op: Cast, node: OnnxNode) -> Scaled:
    """A value whose integer part the type holds; what it makes of others, ONNX leaves open."""
    name = node.inputs[0]
    value = operands.bound(name, node)
    if op.to not in INTEGERS:
        return value.then(Apply(Sign(), node), Apply(Abs(), node))
    step = np.zeros(1, np.int64)
    whole = fixed_format(node, ANY, step, Rounding.TO_ZERO, Overflow.SATURATE)
    result, to = operands.quantized(name, whole), INTEGERS[op.to]
    found = result.type.at(np.zeros(result.shape, np.int64))
    lo, hi = (int(end(codes)) for end, codes in zip((np.min, np.max), found, strict=True))
    if lo < to.lo or hi > to.hi:
        raise node.unsupported(
            f"numbers from {lo} to {hi}", f"what the type holds, {to.lo} to {to.hi}"
        )
    operands.rounded.add(node.outputs[0])
    return result

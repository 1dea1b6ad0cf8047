"""ONNX's quantizers: QuantizeLinear gives integers of the model, DequantizeLinear takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kernels.base import OnnxNode
from kernels.quant import Quantize
from rtlgen.quantizers import Quantizer, Stage, check_fits, scale_of, zero_point_of
from rtlgen.rationals import Values, along, fractions
from rtlgen.scaled import Scaled
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

ONE, ZERO = fractions(1), fractions(0)


@dataclass(frozen=True, eq=False)
class Integers:
    """Integers ``q`` of a type of the model, for the real numbers ``scale * (q - zero)``."""

    type: Interval
    scale: Values
    zero: Values
    node: OnnxNode

    @classmethod
    def read(cls, node: OnnxNode) -> Integers:
        """What a QuantizeLinear gives or a DequantizeLinear takes, in the type of its zero point.

        The axis of the node is counted from the end; blocks are of one element.
        """
        scale, zero = scale_of(node, 1), zero_point_of(node, 2)
        blocks = bool(node.attributes.get("block_size"))
        if scale.ndim > 1 and not blocks:
            raise node.unsupported(
                f"a scale of shape {list(scale.shape)}",
                "one scale, or one for each index along an axis",
            )
        given = {name: value.dtype for name, value in node.constants.items()}
        if given[node.inputs[1]].kind in "iu":
            raise node.unsupported(
                f"a scale of type {given[node.inputs[1]].name}", "a scale that is a float"
            )
        axis = node.attributes["axis"]
        type_ = _type(given[node.inputs[2]])
        if not blocks:
            scale, zero = along(axis, scale), along(axis, zero)
        return cls(type_, scale, zero, node)

    @property
    def quantizer(self) -> Quantizer:
        """To the real numbers that integers stand for: rounded *before* the zero point is added.

        A zero point that is the same for all only moves the range. Its codes are ``q - zero``
        then, which need no offset, unless they would be wider.
        """
        lowest, highest = min(self.zero.flat), max(self.zero.flat)
        moved = Interval(self.type.lo - int(highest), self.type.hi - int(lowest), 0)
        nearest = Stage(self.scale, ZERO, _rounded(moved))
        if lowest == highest and moved.width <= self.type.width:
            return Quantizer((nearest,), self.scale, ZERO, moved, self.node)
        limited = Stage(ONE, self.zero, _rounded(self.type))
        offset = -self.zero * self.scale
        return Quantizer((nearest, limited), self.scale, offset, self.type, self.node)

    def counted(self, x: Scaled) -> Scaled:
        """The integers for numbers that have been rounded to what integers stand for."""
        return x.affine(1 / self.scale, self.zero, self.node)

    def meant(self, q: Scaled) -> Scaled:
        """The numbers that integers stand for."""
        check_fits(self.node, self.scale, self.zero, q.shape)
        return q.affine(self.scale, -self.zero * self.scale, self.node)


def _type(dtype: np.dtype[Any]) -> Interval:
    """All integers of a type, which is named as ``uint8`` is."""
    width = int(dtype.name.removeprefix("u").removeprefix("int"))
    return Interval.format(signed=dtype.name[0] != "u", width=width, exp=0)


def _rounded(to: Interval) -> Quantize:
    return Quantize(Intervals.full((), to), Rounding.HALF_EVEN, Overflow.SATURATE)

"""Operators whose results lie on no grid: quantization absorbs them into what follows.

They have attributes to check, like every operator, but no meaning in fixed point of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from kernels.base import OnnxNode, Operator
from sim.rounding import Interval

_SIGNED = (3, 5, 6, 7, 22, 26)
_WIDTHS = {2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 12: 32, 13: 64, 21: 4, 22: 4, 25: 2, 26: 2}


class RealOperator(Operator):
    """An operator that is a real function only."""

    def forward(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AssertionError(f"{self} is absorbed before there are fixed-point numbers")


@dataclass(frozen=True)
class BatchNormalization(RealOperator):
    """``(x - mean) / sqrt(var + epsilon) * scale + bias`` in every channel."""

    onnx = ("BatchNormalization",)
    limits = "its parameters are constants"
    without_effect = {"momentum": (), "training_mode": (0,), "spatial": (1,)}
    epsilon: float = float(np.float32(1e-5))


INTEGERS = {
    number: Interval.format(signed=number in _SIGNED, width=width, exp=0)
    for number, width in _WIDTHS.items()
}
"""All numbers of an integer type, by what ONNX calls it."""
BOOL = 9


@dataclass(frozen=True)
class Cast(RealOperator):
    """The integer part; or, to a truth value, whether it is not zero."""

    onnx = ("Cast",)
    without_effect = {"saturate": (), "round_mode": ()}
    to: int
    """A type as ONNX numbers them."""

    def check(self, node: OnnxNode) -> None:
        super().check(node)
        if self.to not in INTEGERS and self.to != BOOL:
            raise node.unsupported(f"to={self.to}", "an integer type, or bool")


@dataclass(frozen=True)
class Div(RealOperator):
    """``x / constant``."""

    onnx = ("Div",)


@dataclass(frozen=True)
class QuantizeLinear(RealOperator):
    """``round(x / scale) + zero_point``, ties to even, limited to the type of the zero point."""

    onnx = ("QuantizeLinear",)
    without_effect = {"block_size": (0, 1), "output_dtype": (), "precision": (0, 1), "saturate": ()}
    axis: int = 1


@dataclass(frozen=True)
class DequantizeLinear(RealOperator):
    """``(x - zero_point) * scale``."""

    onnx = ("DequantizeLinear",)
    without_effect = {"block_size": (0, 1), "output_dtype": (0, 1, 10, 16)}
    axis: int = 1


@dataclass(frozen=True)
class Softmax(RealOperator):
    """``exp(x) / sum(exp(x))`` along an axis."""

    onnx = ("Softmax",)
    axis: int = -1


@dataclass(frozen=True)
class LogSoftmax(RealOperator):
    """``x - log(sum(exp(x)))`` along an axis."""

    onnx = ("LogSoftmax",)
    axis: int = -1

"""Operators whose results lie on no grid: quantization absorbs them into what follows.

They have attributes to check, like every operator, but no meaning in fixed point of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from kernels.base import Operator


class RealOperator(Operator):
    """An operator that is a real function only."""

    def forward(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AssertionError(f"{self} is absorbed before there are fixed-point numbers")


@dataclass(frozen=True)
class BatchNormalization(RealOperator):
    """``(x - mean) / sqrt(var + epsilon) * scale + bias`` in every channel."""

    onnx = ("BatchNormalization",)
    without_effect = {"momentum": (), "training_mode": (0,), "spatial": (1,)}
    epsilon: float = float(np.float32(1e-5))


@dataclass(frozen=True)
class Div(RealOperator):
    """``x / constant``."""

    onnx = ("Div",)


@dataclass(frozen=True)
class QuantizeLinear(RealOperator):
    """``round(x / scale) + zero_point``, ties to even, limited to the type of the zero point."""

    onnx = ("QuantizeLinear",)
    without_effect = {"block_size": (0,), "output_dtype": (), "precision": (0, 1), "saturate": ()}
    axis: int = 1


@dataclass(frozen=True)
class DequantizeLinear(RealOperator):
    """``(x - zero_point) * scale``."""

    onnx = ("DequantizeLinear",)
    without_effect = {"block_size": (0,), "output_dtype": (0, 1, 10, 16)}
    axis: int = 1

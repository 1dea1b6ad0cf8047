"""Activations and other curves: real functions of one number, absorbed as those of ``real.py``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from kernels.base import OnnxNode
from kernels.real import RealOperator


@dataclass(frozen=True)
class Curve(RealOperator):
    """A function without parameters, the one of its ONNX name."""

    onnx = (
        *("Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cos", "Cosh", "Erf", "Exp", "Log"),
        *("Mish", "Reciprocal", "Sigmoid", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt"),
        *("Tan", "Tanh"),
    )
    limits = "a table or thresholds, of as many bits as its formats have"


@dataclass(frozen=True)
class Elu(RealOperator):
    """``x``, or ``alpha * (exp(x) - 1)`` where ``x`` is negative."""

    onnx = ("Elu",)
    alpha: float = 1.0


@dataclass(frozen=True)
class Selu(RealOperator):
    """``gamma * x``, or ``gamma * alpha * (exp(x) - 1)`` where ``x`` is negative."""

    onnx = ("Selu",)
    alpha: float = float(np.float32(1.6732632))
    gamma: float = float(np.float32(1.050701))


@dataclass(frozen=True)
class Celu(RealOperator):
    """``x``, or ``alpha * (exp(x / alpha) - 1)`` where ``x`` is negative."""

    onnx = ("Celu",)
    alpha: float = 1.0

    def check(self, node: OnnxNode) -> None:
        super().check(node)
        if self.alpha <= 0:
            raise node.unsupported(f"alpha={self.alpha}", "an alpha above 0")


class Approximation(Enum):
    """Of the normal distribution's integral."""

    NONE = "none"
    TANH = "tanh"


@dataclass(frozen=True)
class Gelu(RealOperator):
    """``x`` times how likely a normally distributed number is below it."""

    onnx = ("Gelu",)
    approximate: Approximation = Approximation.NONE


@dataclass(frozen=True)
class Swish(RealOperator):
    """``x * sigmoid(alpha * x)``."""

    onnx = ("Swish",)
    alpha: float = 1.0


@dataclass(frozen=True)
class HardSigmoid(RealOperator):
    """``alpha * x + beta``, limited to 0 and 1."""

    onnx = ("HardSigmoid",)
    alpha: float = float(np.float32(0.2))
    beta: float = 0.5


@dataclass(frozen=True)
class HardSwish(RealOperator):
    """``x`` times ``x / 6 + 1 / 2``, which is limited to 0 and 1."""

    onnx = ("HardSwish",)


@dataclass(frozen=True)
class Pow(RealOperator):
    """``x ** y``, one of which is a constant."""

    onnx = ("Pow",)
    limits = "the base or the exponent is a constant"

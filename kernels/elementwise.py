"""Operators that treat every element alike; shapes broadcast as numpy's do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import isfinite

import numpy as np

from kernels.base import Operator, Scales
from sim.array import Array
from sim.fixed import Fixed

ZERO = Fixed.constant(0)


@dataclass(frozen=True)
class Add(Operator):
    """``a + b``."""

    onnx = ("Add",)
    scales = Scales.KEEP

    def forward(self, a: Array, b: Array) -> Array:
        return a + b


@dataclass(frozen=True)
class Sub(Operator):
    """``a - b``."""

    onnx = ("Sub",)
    scales = Scales.KEEP

    def forward(self, a: Array, b: Array) -> Array:
        return a - b


@dataclass(frozen=True)
class Sum(Operator):
    """The sum of any number of tensors."""

    onnx = ("Sum",)
    scales = Scales.KEEP

    def forward(self, *xs: Array) -> Array:
        return reduce(lambda a, b: a + b, xs)


@dataclass(frozen=True)
class Mul(Operator):
    """``a * b``."""

    onnx = ("Mul",)
    scales = Scales.PRODUCT

    def forward(self, a: Array, b: Array) -> Array:
        return a * b


@dataclass(frozen=True)
class Neg(Operator):
    """``-x``."""

    onnx = ("Neg",)
    scales = Scales.KEEP

    def forward(self, x: Array) -> Array:
        return -x


@dataclass(frozen=True)
class Abs(Operator):
    """``|x|``."""

    onnx = ("Abs",)
    scales = Scales.KEEP

    def forward(self, x: Array) -> Array:
        return _by_sign(x, Fixed.constant(-1))


@dataclass(frozen=True)
class Sign(Operator):
    """-1, 0 or 1."""

    onnx = ("Sign",)
    scales = Scales.ABSORB

    def forward(self, x: Array) -> Array:
        return x.at_least(ZERO) - (-x).at_least(ZERO)


@dataclass(frozen=True)
class Max(Operator):
    """The largest of any number of tensors."""

    onnx = ("Max",)
    scales = Scales.KEEP

    def forward(self, *xs: Array) -> Array:
        return reduce(lambda a, b: a.maximum(b), xs)


@dataclass(frozen=True)
class Min(Operator):
    """The smallest of any number of tensors."""

    onnx = ("Min",)
    scales = Scales.KEEP

    def forward(self, *xs: Array) -> Array:
        return reduce(lambda a, b: a.minimum(b), xs)


@dataclass(frozen=True)
class Relu(Operator):
    """``max(x, 0)``."""

    onnx = ("Relu",)
    scales = Scales.KEEP

    def forward(self, x: Array) -> Array:
        return x.maximum(ZERO)


@dataclass(frozen=True)
class LeakyRelu(Operator):
    """``x``, times ``alpha`` where it is negative; exact, for every float is a dyadic number."""

    onnx = ("LeakyRelu",)
    scales = Scales.KEEP
    alpha: float = float(np.float32(0.01))

    def forward(self, x: Array) -> Array:
        return _by_sign(x, Fixed.of_floats(self.alpha))


@dataclass(frozen=True)
class PRelu(Operator):
    """``x``, times ``slope`` where it is negative."""

    onnx = ("PRelu",)
    limits = "the slope is a constant"
    scales = Scales.ABSORB

    def forward(self, x: Array, slope: Array) -> Array:
        return _by_sign(x, slope)


@dataclass(frozen=True)
class ThresholdedRelu(Operator):
    """``x`` where it is above ``alpha``, else zero."""

    onnx = ("ThresholdedRelu",)
    scales = Scales.ABSORB
    alpha: float = 1.0

    def forward(self, x: Array) -> Array:
        return (-x).at_least(Fixed.of_floats(-self.alpha)).where(ZERO, x)


@dataclass(frozen=True)
class Shrink(Operator):
    """``x`` nearer to zero by ``bias``, and zero from ``-lambd`` to ``lambd``."""

    onnx = ("Shrink",)
    scales = Scales.ABSORB
    bias: float = 0.0
    lambd: float = 0.5

    def forward(self, x: Array) -> Array:
        bias, edge = Fixed.of_floats(self.bias), Fixed.of_floats(-self.lambd)
        above = (-x).at_least(edge).where(ZERO, x - bias)
        return x.at_least(edge).where(above, x + bias)


@dataclass(frozen=True)
class Clip(Operator):
    """``min(max(x, self.min), self.max)``; an end that is absent or infinite does not limit."""

    onnx = ("Clip",)
    scales = Scales.ABSORB
    parameters = {"min": 1, "max": 2}
    min: float | None = None
    max: float | None = None

    def forward(self, x: Array) -> Array:
        if self.min is not None and isfinite(self.min):
            x = x.maximum(Fixed.of_floats(self.min))
        if self.max is not None and isfinite(self.max):
            x = x.minimum(Fixed.of_floats(self.max))
        return x


def _by_sign(x: Array, slope: Array) -> Array:
    """Each half apart, so that intervals know that only one of the two ever counts."""
    return x.at_least(ZERO).where(x.maximum(ZERO), x.minimum(ZERO) * slope)

"""Products of matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.base import Operator, Scales
from sim.array import Array
from sim.errors import ShapeError
from sim.fixed import Fixed


@dataclass(frozen=True)
class MatMul(Operator):
    """``a @ b`` as numpy has it: stacks of matrices, and vectors on either side."""

    onnx = ("MatMul",)
    scales = Scales.PRODUCT

    def forward(self, a: Array, b: Array) -> Array:
        left = a[None, :] if len(a.shape) == 1 else a
        right = b[:, None] if len(b.shape) == 1 else b
        y = left @ right
        y = y[..., 0] if len(b.shape) == 1 else y
        if len(a.shape) > 1:
            return y
        return y[..., 0, :] if len(b.shape) > 1 else y[..., 0]


@dataclass(frozen=True)
class Gemm(Operator):
    """``alpha * a @ b + beta * c``, exact: every float is a dyadic number."""

    onnx = ("Gemm",)
    scales = Scales.PRODUCT
    alpha: float = 1.0
    beta: float = 1.0
    transA: int = 0  # noqa: N815  # ONNX's name
    transB: int = 0  # noqa: N815

    def forward(self, a: Array, b: Array, c: Array | None = None) -> Array:
        left = a.transpose(1, 0) if self.transA else a
        right = b.transpose(1, 0) if self.transB else b
        y = left @ _times(right, self.alpha)  # mostly a constant, where the factor costs nothing
        if c is None:
            return y
        if np.broadcast_shapes(c.shape, y.shape) != y.shape:
            raise ShapeError(f"c of shape {c.shape} cannot be added to a product of {y.shape}")
        return y + _times(c, self.beta)


def _times(x: Array, factor: float) -> Array:
    return x if factor == 1 else x * Fixed.of_floats(factor)

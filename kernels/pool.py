"""Pooling: the largest element, or the sum, of every window."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import prod

import numpy as np

from kernels.base import OnnxNode, Operator, Scales
from kernels.windows import AutoPad, Windowed, elements
from sim.array import Array, IndexArray
from sim.errors import ShapeError
from sim.fixed import Fixed


@dataclass(frozen=True, kw_only=True)
class Pool(Windowed):
    """A pool over (batch, channels, *sizes)."""

    kernel_shape: tuple[int, ...]
    ceil_mode: int = 0

    def check(self, node: OnnxNode) -> None:
        """Refuse what ONNX and ONNX Runtime read in different ways."""
        super().check(node)
        rule = f"auto_pad={self.auto_pad.value!r}"
        if self.auto_pad is AutoPad.VALID and self.ceil_mode:
            raise node.unsupported(f"{rule} beside ceil_mode=1", "pads beside it")
        same = self.auto_pad in (AutoPad.SAME_UPPER, AutoPad.SAME_LOWER)
        if same and max(self.dilations or (1,)) > 1:
            raise node.unsupported(f"{rule} beside dilations={self.dilations}", "pads beside them")

    def elements(self, shape: tuple[int, ...]) -> IndexArray:
        """The elements of every window on the last axis, -1 in the padding."""
        axes = self.axes(shape, self.kernel_shape, ceil_mode=bool(self.ceil_mode))
        index = elements(shape, axes)
        return index.reshape(*index.shape[: 2 + len(axes)], -1)


@dataclass(frozen=True, kw_only=True)
class MaxPool(Pool):
    """The largest element of every window; padding never wins."""

    onnx = ("MaxPool",)
    limits = (
        "its indices are for a MaxUnpool only; "
        "neither VALID beside ceil_mode nor SAME beside dilations"
    )
    scales = Scales.KEEP
    without_effect = {"storage_order": ()}  # tells how Indices count, an output we do not have

    def forward(self, x: Array) -> Array:
        index = self.elements(x.shape)
        some = index.max(-1, keepdims=True)  # an element of the window, to stand for the padding
        if (some < 0).any():
            raise ShapeError(
                "a window lies in the padding alone, where there is no largest element"
            )
        return x.take(np.where(index < 0, some, index)).max()


@dataclass(frozen=True, kw_only=True)
class SumPool(Pool):
    """The sum of every window: ``AveragePool`` before it is divided by ``divisors``."""

    onnx = ("AveragePool",)
    limits = "neither VALID beside ceil_mode nor SAME beside dilations"
    scales = Scales.KEEP
    count_include_pad: int = 0

    def forward(self, x: Array) -> Array:
        index = self.elements(x.shape)
        padded = x.join([Fixed.constant(0)]) if (index < 0).any() else x  # -1 is the last one
        return padded.take(index).sum()

    def divisors(self, shape: tuple[int, ...]) -> IndexArray:
        """How many elements each window of an input of this shape counts, without two axes."""
        axes = self.axes(shape, self.kernel_shape, ceil_mode=bool(self.ceil_mode))
        counts = []
        for axis in axes:
            lo = -axis.before if self.count_include_pad else 0
            hi = axis.size + (axis.after if self.count_include_pad else 0)
            counts.append(((lo <= axis.positions) & (axis.positions < hi)).sum(1))
        return np.asarray(reduce(np.multiply.outer, counts))


@dataclass(frozen=True)
class GlobalMaxPool(Operator):
    """The largest element of every channel."""

    onnx = ("GlobalMaxPool",)
    scales = Scales.KEEP

    def forward(self, x: Array) -> Array:
        return _channels(x).max().reshape(*x.shape[:2], *(1,) * (len(x.shape) - 2))


@dataclass(frozen=True)
class GlobalSumPool(Operator):
    """The sum of every channel: ``GlobalAveragePool`` before it is divided by ``divisors``."""

    onnx = ("GlobalAveragePool",)
    scales = Scales.KEEP

    def forward(self, x: Array) -> Array:
        return _channels(x).sum().reshape(*x.shape[:2], *(1,) * (len(x.shape) - 2))

    def divisors(self, shape: tuple[int, ...]) -> IndexArray:
        """How many elements a channel of an input of this shape has."""
        return np.asarray(prod(shape[2:]))


def _channels(x: Array) -> Array:
    return x.reshape(*x.shape[:2], prod(x.shape[2:]))

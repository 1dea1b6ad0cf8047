"""Where the windows of convolutions and pools lie, as ONNX describes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import prod
from typing import Any, NamedTuple

import numpy as np

from kernels.base import OnnxNode, Operator
from sim.array import IndexArray
from sim.errors import ShapeError


class AutoPad(Enum):
    """Who chooses the padding: the model, or a rule."""

    NOTSET = "NOTSET"
    SAME_UPPER = "SAME_UPPER"
    SAME_LOWER = "SAME_LOWER"
    VALID = "VALID"


class Axis(NamedTuple):
    """The windows along one axis: ``count`` of them over ``before + size + after`` elements."""

    size: int
    before: int
    after: int
    positions: IndexArray
    """Of shape (count, kernel): which element each window reads; outside of 0..size is padding."""


@dataclass(frozen=True, kw_only=True)
class Windowed(Operator):
    """An operator that slides over the axes after the first two, the batch and the channels."""

    auto_pad: AutoPad = AutoPad.NOTSET
    dilations: tuple[int, ...] | None = None
    pads: tuple[int, ...] | None = None
    strides: tuple[int, ...] | None = None

    def check(self, node: OnnxNode) -> None:
        super().check(node)
        if self.auto_pad is not AutoPad.NOTSET and any(self.pads or ()):
            what = f"auto_pad={self.auto_pad.value!r} beside pads={self.pads}"
            raise node.unsupported(what, "one of the two")

    def axes(
        self, shape: Sequence[int], kernel: Sequence[int], *, ceil_mode: bool = False
    ) -> list[Axis]:
        """The windows along each spatial axis of an input of this shape."""
        n = len(shape) - 2
        strides, dilations = self.strides or (1,) * n, self.dilations or (1,) * n
        pads = self.pads or (0,) * (2 * n)
        if {len(kernel), len(strides), len(dilations), len(pads) / 2} != {n}:
            raise ShapeError(
                f"a kernel of {tuple(kernel)} with strides={strides}, dilations={dilations} and "
                f"pads={pads} does not fit an input of {tuple(shape)}; each spatial axis needs "
                f"one of each, and two pads"
            )
        if min((*kernel, *strides, *dilations), default=1) < 1 or min(pads, default=0) < 0:
            raise ShapeError(
                f"a kernel of {tuple(kernel)} with strides={strides}, dilations={dilations} and "
                f"pads={pads} is not supported; pads must not be negative, and all else must be "
                f"positive"
            )
        return [
            self._axis(size, k, s, d, pad, ceil_mode=ceil_mode)
            for size, k, s, d, pad in zip(
                shape[2:],
                kernel,
                strides,
                dilations,
                zip(pads[:n], pads[n:], strict=True),
                strict=True,
            )
        ]

    def _axis(
        self,
        size: int,
        kernel: int,
        stride: int,
        dilation: int,
        pads: tuple[int, int],
        *,
        ceil_mode: bool,
    ) -> Axis:
        span = (kernel - 1) * dilation + 1
        before, after = pads
        if self.auto_pad in (AutoPad.SAME_UPPER, AutoPad.SAME_LOWER):
            count = -(-size // stride)
            total = max(0, (count - 1) * stride + span - size)
            before = (total + (self.auto_pad is AutoPad.SAME_LOWER)) // 2
            after = total - before
        else:
            count = (size + before + after - span) // stride + 1
            reached = (count - 1) * stride + span
            if (
                ceil_mode
                and self.auto_pad is AutoPad.NOTSET
                and reached < size + before + after
                and count * stride < size + before  # the last one begins before the padding
            ):
                count += 1
        if count < 1:
            raise ShapeError(
                f"a window of {span} does not fit into {size + before + after} elements"
            )
        starts = np.arange(count) * stride - before
        return Axis(size, before, after, starts[:, None] + np.arange(kernel) * dilation)


def elements(shape: Sequence[int], axes: Sequence[Axis]) -> IndexArray:
    """The flat position of every element of every window, -1 in the padding.

    Of shape (batch, channels, *windows, *kernel).
    """
    n = len(axes)
    index = np.arange(prod(shape)).reshape(shape)
    index = np.pad(index, [(0, 0)] * 2 + [(0, 1)] * n, constant_values=-1)
    columns: list[Any] = []
    for i, axis in enumerate(axes):
        inside = (axis.positions >= 0) & (axis.positions < axis.size)
        columns.append(
            np.where(inside, axis.positions, axis.size).reshape(
                *(axis.positions.shape[0] if j == i else 1 for j in range(n)),
                *(axis.positions.shape[1] if j == i else 1 for j in range(n)),
            )
        )
    return np.asarray(index[(slice(None), slice(None), *columns)])

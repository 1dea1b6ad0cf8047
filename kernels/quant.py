"""The operators that lose information: onto a grid, or onto a staircase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from kernels.base import Operator, Scales
from sim.array import Array
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

_WIDEST = 1 << 256
"""No integer is larger."""


@dataclass(frozen=True, eq=False)
class Quantize(Operator):
    """Round to the step of ``to``, then bring into its range; ``to`` broadcasts to the data."""

    to: Intervals
    rounding: Rounding = Rounding.HALF_EVEN
    overflow: Overflow = Overflow.SATURATE

    def forward(self, x: Array) -> Array:
        to = self.to.map(lambda a: np.broadcast_to(a, x.shape))
        return x.quantize(to, self.rounding, self.overflow)


class Integral(Operator):
    """The nearest integer in some direction."""

    scales = Scales.ABSORB
    rounding: ClassVar[Rounding]

    def forward(self, x: Array) -> Any:
        integers = Intervals.full(x.shape, Interval(-_WIDEST, _WIDEST, 0))
        return x.quantize(integers, self.rounding, Overflow.SATURATE)


@dataclass(frozen=True)
class Floor(Integral):
    """The largest integer that is not above ``x``."""

    onnx = ("Floor",)
    rounding = Rounding.FLOOR


@dataclass(frozen=True)
class Ceil(Integral):
    """The smallest integer that is not below ``x``."""

    onnx = ("Ceil",)
    rounding = Rounding.CEIL


@dataclass(frozen=True)
class Round(Integral):
    """The nearest integer, the even one of two."""

    onnx = ("Round",)
    rounding = Rounding.HALF_EVEN


@dataclass(frozen=True, eq=False)
class Threshold(Operator):
    """A staircase: ``start + step * (how many thresholds are <= x)``.

    ``thresholds`` is (..., levels), ascending, and broadcasts to the data's shape + (levels,);
    ``start`` and ``step`` broadcast to the data's shape.
    """

    thresholds: Fixed
    start: Fixed
    step: Fixed

    def __post_init__(self) -> None:
        codes = self.thresholds.codes
        assert codes.shape[-1] >= 1, "a staircase has a level at least"
        assert (codes[..., 1:] >= codes[..., :-1]).all(), "thresholds must ascend"

    def forward(self, x: Array) -> Array:
        return x.reached(self.thresholds) * self.step + self.start

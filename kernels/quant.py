"""The operators that lose information: onto a grid, or onto a staircase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.base import Operator
from sim.array import Array
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Overflow, Rounding


@dataclass(frozen=True, eq=False)
class Quantize(Operator):
    """Round to the step of ``to``, then bring into its range; ``to`` broadcasts to the data."""

    to: Intervals
    rounding: Rounding = Rounding.HALF_EVEN
    overflow: Overflow = Overflow.SATURATE

    def forward(self, x: Array) -> Array:
        to = self.to.map(lambda a: np.broadcast_to(a, x.shape))
        return x.quantize(to, self.rounding, self.overflow)


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

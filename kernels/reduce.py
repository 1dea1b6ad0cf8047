"""Reductions: the elements along some axes become one; and running sums."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from kernels.base import Operator, Scales
from sim.array import Array, concat
from sim.errors import ShapeError
from sim.fixed import Fixed

ZERO = Fixed.constant(0)


@dataclass(frozen=True)
class Reduction(Operator):
    """Combine the elements along ``axes``; along all of them, if none are given."""

    scales = Scales.KEEP
    parameters = {"axes": 1}
    axes: tuple[int, ...] | None = None
    keepdims: int = 1
    noop_with_empty_axes: int = 0

    def forward(self, x: Array) -> Array:
        gone = self.reduced(len(x.shape))
        kept = tuple(axis for axis in range(len(x.shape)) if axis not in gone)
        rows = x.transpose(*kept, *gone)
        shape, count = rows.shape[: len(kept)], prod(rows.shape[len(kept) :])
        if not count:
            raise ShapeError(f"there are no elements along axes {gone} of shape {list(x.shape)}")
        result = self.combined(rows.reshape(*shape, count))
        if not self.keepdims:
            return result
        return result.reshape(*(1 if axis in gone else n for axis, n in enumerate(x.shape)))

    def reduced(self, rank: int) -> tuple[int, ...]:
        """The axes that are combined in data of this rank, ascending."""
        if not self.axes:
            return () if self.noop_with_empty_axes else tuple(range(rank))
        return tuple(sorted(normalize_axis_tuple(self.axes, rank)))

    @abstractmethod
    def combined(self, rows: Array) -> Array:
        """One element of each row, the last axis."""


@dataclass(frozen=True)
class ReduceSum(Reduction):
    """The sum along some axes."""

    onnx = ("ReduceSum",)

    def combined(self, rows: Array) -> Array:
        return rows.sum()


@dataclass(frozen=True)
class ReduceMax(Reduction):
    """The largest element along some axes."""

    onnx = ("ReduceMax",)

    def combined(self, rows: Array) -> Array:
        return rows.max()


@dataclass(frozen=True)
class ReduceMin(Reduction):
    """The smallest element along some axes."""

    onnx = ("ReduceMin",)

    def combined(self, rows: Array) -> Array:
        return rows.min()


@dataclass(frozen=True)
class CumSum(Operator):
    """The sum of each element and those before it along ``axis``, or behind it if ``reverse``.

    With ``exclusive``, an element does not count itself.
    """

    onnx = ("CumSum",)
    scales = Scales.KEEP
    parameters = {"axis": 1}
    axis: int
    exclusive: int = 0
    reverse: int = 0

    def forward(self, x: Array) -> Array:
        order = slice(None, None, -1 if self.reverse else 1)
        rows = x.map(lambda a: np.moveaxis(a, self.axis, -1)[..., order])
        if self.exclusive and rows.size:
            widths = [(0, 0)] * (len(rows.shape) - 1)
            rows = rows[..., :-1].pad([*widths, (1, 0)], ZERO)
        sums = [rows[..., :1]]
        for i in range(1, rows.shape[-1]):
            sums.append(sums[-1] + rows[..., i : i + 1])
        joined: Array = concat(sums, -1)
        return joined.map(lambda a: np.moveaxis(a[..., order], -1, self.axis))

"""The windows of a convolution or a pool in C++, axis by axis."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from hlsgen.firing import Firing, Flags, windows
from kernels.windows import Axis, Windowed
from rtlgen.graph import Node
from sim.errors import NotStreamable

LINES = 2
"""Spatial axes that kernels have which take pixels one after the other."""
ARRAYS = 3
"""Spatial axes that kernels have which take whole arrays."""


@dataclass(frozen=True)
class Windows:
    """All windows over (images, lanes, *sizes)."""

    images: int
    axes: tuple[Axis, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]

    @property
    def taps(self) -> int:
        """Elements of a window in one lane."""
        return prod(axis.positions.shape[1] for axis in self.axes)

    def arguments(self, rank: int) -> tuple[str, ...]:
        """As ``Axis<8, 3, 1, 1, 1, 8>``, with axes of one element in front."""
        known = [self._axis(i) for i in range(len(self.axes))]
        return (*["Axis<1, 1>"] * (rank - len(known)), *known)

    def firing(self, clocks: int) -> Firing:
        """Pixel by pixel: what is read, and where a window is complete."""
        inside, ends = np.ones((1, 1), bool), np.ones((1, 1), bool)
        for i in range(len(self.axes)):
            own_inside, own_ends = self._flags(i)
            inside = np.outer(inside, own_inside)
            ends = np.outer(ends, own_ends)
        return windows(self.images, inside, ends, clocks)

    def _axis(self, i: int) -> str:
        axis = self.axes[i]
        count, kernel = axis.positions.shape
        numbers = (axis.size, kernel, self.strides[i], self.dilations[i], axis.before, count)
        return f"Axis<{', '.join(map(str, numbers))}>"

    def _flags(self, i: int) -> tuple[Flags, Flags]:
        """Along one axis, padding included: where pixels are, and where windows end."""
        axis = self.axes[i]
        last = axis.positions[:, -1] + axis.before
        extent = max(axis.before + axis.size, int(last[-1]) + 1)
        inside = np.zeros(extent, bool)
        inside[axis.before : axis.before + axis.size] = True
        ends = np.zeros(extent, bool)
        ends[last] = True
        return inside, ends


def windows_of(
    op: Windowed, shape: tuple[int, ...], kernel: tuple[int, ...], **mode: Any
) -> Windows:
    """Those of an operator on an input of this shape."""
    axes = tuple(op.axes(shape, kernel, **mode))
    ones = (1,) * len(axes)
    return Windows(shape[0], axes, op.strides or ones, op.dilations or ones)


def lines(node: Node, space: Windows) -> tuple[str, ...]:
    """The axes of a kernel that takes one position after the other, on behalf of a node.

    Raises :class:`NotStreamable` if there are more than such kernels have.
    """
    if len(space.axes) > LINES:
        raise NotStreamable(
            f"node {node.name!r}: {type(node.op).__name__} over {len(space.axes)} "
            f"spatial axes has no kernel that takes one position after the other, which streams "
            f"and the strategy 'resource' need; use --io parallel and the strategy 'latency'"
        )
    return space.arguments(LINES)

"""Operators that only move elements: no hardware at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from kernels.base import OnnxNode, Operator, Scales
from sim.array import Array, concat
from sim.errors import ShapeError
from sim.fixed import Fixed


@dataclass(frozen=True)
class Identity(Operator):
    """``x``."""

    onnx = ("Identity",)
    scales = Scales.MOVE

    def forward(self, x: Array) -> Array:
        return x


@dataclass(frozen=True)
class Dropout(Operator):
    """``x``, for nothing is dropped outside of training."""

    onnx = ("Dropout",)
    scales = Scales.MOVE
    parameters = {"ratio": 1, "training_mode": 2}
    without_effect = {"seed": ()}
    ratio: float = 0.5
    training_mode: bool = False

    def check(self, node: OnnxNode) -> None:
        super().check(node)
        if self.training_mode:
            raise node.unsupported("training_mode=True", "training_mode=False")

    def forward(self, x: Array) -> Array:
        return x


@dataclass(frozen=True)
class Reshape(Operator):
    """The same elements in another shape; 0 is the input's size there, -1 what is left."""

    onnx = ("Reshape",)
    scales = Scales.MOVE
    parameters = {"shape": 1}
    shape: tuple[int, ...]
    allowzero: int = 0

    def forward(self, x: Array) -> Array:
        if self.allowzero:
            return x.reshape(*self.shape)
        return x.reshape(*(n or x.shape[i] for i, n in enumerate(self.shape)))


@dataclass(frozen=True)
class Flatten(Operator):
    """Two axes: those before ``axis`` on the first, the others on the second."""

    onnx = ("Flatten",)
    scales = Scales.MOVE
    axis: int = 1

    def forward(self, x: Array) -> Array:
        return x.reshape(prod(x.shape[: self.axis]), prod(x.shape[self.axis :]))


@dataclass(frozen=True)
class Squeeze(Operator):
    """Leave out axes of one element: these, or all."""

    onnx = ("Squeeze",)
    scales = Scales.MOVE
    parameters = {"axes": 1}
    axes: tuple[int, ...] | None = None

    def forward(self, x: Array) -> Array:
        return x.map(lambda a: a.squeeze(self.axes))


@dataclass(frozen=True)
class Unsqueeze(Operator):
    """Insert axes of one element, at these places of the result."""

    onnx = ("Unsqueeze",)
    scales = Scales.MOVE
    parameters = {"axes": 1}
    axes: tuple[int, ...]

    def forward(self, x: Array) -> Array:
        return x.map(lambda a: np.expand_dims(a, self.axes))


@dataclass(frozen=True)
class Transpose(Operator):
    """Axes in the order ``perm``, or reversed."""

    onnx = ("Transpose",)
    scales = Scales.MOVE
    perm: tuple[int, ...] | None = None

    def forward(self, x: Array) -> Array:
        return x.map(lambda a: a.transpose(self.perm))


@dataclass(frozen=True)
class Concat(Operator):
    """All inputs, one behind the other along ``axis``."""

    onnx = ("Concat",)
    scales = Scales.MOVE
    axis: int

    def forward(self, *xs: Array) -> Array:
        result: Array = concat(xs, self.axis)
        return result


@dataclass(frozen=True)
class Split(Operator):
    """Parts along ``axis``: of these sizes, or ``num_outputs`` of which the last may be smaller."""

    onnx = ("Split",)
    scales = Scales.MOVE
    parameters = {"split": 1}
    results = 1 << 30
    split: tuple[int, ...] | None = None
    axis: int = 0
    num_outputs: int | None = None

    @classmethod
    def from_onnx(cls, node: OnnxNode) -> Split:
        """Without any sizes, the outputs share alike."""
        sized = node.has(1) or "split" in node.attributes
        even = {} if sized else {"num_outputs": len(node.outputs)}
        return super().from_onnx(replace(node, attributes={**even, **node.attributes}))

    def check(self, node: OnnxNode) -> None:
        super().check(node)
        parts = self.num_outputs if self.split is None else len(self.split)
        if parts != len(node.outputs):
            raise node.unsupported(f"{parts} parts for {len(node.outputs)} outputs", "one for each")

    def forward(self, x: Array) -> tuple[Array, ...]:
        size = x.shape[self.axis]
        split = self._even(size) if self.split is None else self.split
        if sum(split) != size or min(split) < 0:
            raise ShapeError(f"parts of {split} are not the {size} elements of axis {self.axis}")
        ends = np.cumsum((0, *split))
        before = (slice(None),) * (self.axis % len(x.shape))
        return tuple(x[*before, start:end] for start, end in pairwise(ends))

    def _even(self, size: int) -> tuple[int, ...]:
        assert self.num_outputs is not None
        part = -(-size // self.num_outputs)
        return (*(part,) * (self.num_outputs - 1), size - part * (self.num_outputs - 1))


@dataclass(frozen=True)
class Slice(Operator):
    """``x[starts:ends:steps]`` along ``axes``, ends clamped as Python's are."""

    onnx = ("Slice",)
    scales = Scales.MOVE
    parameters = {"starts": 1, "ends": 2, "axes": 3, "steps": 4}
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    axes: tuple[int, ...] | None = None
    steps: tuple[int, ...] | None = None

    def forward(self, x: Array) -> Array:
        key: list[Any] = [slice(None)] * len(x.shape)
        axes = range(len(self.starts)) if self.axes is None else self.axes
        steps = (1,) * len(self.starts) if self.steps is None else self.steps
        for axis, *ends in zip(axes, self.starts, self.ends, steps, strict=True):
            key[axis] = slice(*ends)
        return x[tuple(key)]


class PadMode(Enum):
    """What stands beyond the ends."""

    CONSTANT = "constant"
    REFLECT = "reflect"
    EDGE = "edge"
    WRAP = "wrap"


@dataclass(frozen=True)
class Pad(Operator):
    """Elements put around, or cut off where ``pads`` are negative."""

    onnx = ("Pad",)
    scales = Scales.KEEP  # as long as it is zeros, or elements, that are put around
    parameters = {"pads": 1, "value": 2, "axes": 3}
    pads: tuple[int, ...]
    value: float = 0.0
    axes: tuple[int, ...] | None = None
    mode: PadMode = PadMode.CONSTANT

    def forward(self, x: Array) -> Array:
        widths = self._widths(len(x.shape))
        kept = tuple(
            slice(max(0, -b), n + min(0, a)) for n, (b, a) in zip(x.shape, widths, strict=True)
        )
        around = [(max(0, before), max(0, after)) for before, after in widths]
        if self.mode is PadMode.CONSTANT:
            return x[kept].pad(around, Fixed.of_floats(self.value))
        return x[kept].map(lambda a: np.pad(a, around, self.mode.value))

    def _widths(self, rank: int) -> list[tuple[int, int]]:
        """What to put before and after each axis."""
        axes = tuple(range(rank)) if self.axes is None else self.axes
        n = len(axes)
        if len(self.pads) != 2 * n:
            raise ShapeError(f"pads={self.pads} are not two for each of the axes {axes}")
        widths = [(0, 0)] * rank
        for axis, before, after in zip(axes, self.pads[:n], self.pads[n:], strict=True):
            widths[axis] = (before, after)
        return widths


@dataclass(frozen=True)
class Expand(Operator):
    """Repeated by broadcasting against ``shape``."""

    onnx = ("Expand",)
    scales = Scales.MOVE
    parameters = {"shape": 1}
    shape: tuple[int, ...]

    def forward(self, x: Array) -> Array:
        return x.map(lambda a: np.broadcast_to(a, np.broadcast_shapes(a.shape, self.shape)))


@dataclass(frozen=True)
class Tile(Operator):
    """The whole, ``repeats`` times along each axis."""

    onnx = ("Tile",)
    scales = Scales.MOVE
    parameters = {"repeats": 1}
    repeats: tuple[int, ...]

    def forward(self, x: Array) -> Array:
        return x.map(lambda a: np.tile(a, self.repeats))


@dataclass(frozen=True)
class Gather(Operator):
    """The elements at constant ``indices`` along ``axis``."""

    onnx = ("Gather",)
    scales = Scales.MOVE
    parameters = {"indices": 1}
    indices: Any
    """An integer, or tuples of them."""
    axis: int = 0

    def forward(self, x: Array) -> Array:
        return x.map(lambda a: np.take(a, self.indices, self.axis))

"""Operators that only move elements: no hardware at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from itertools import pairwise
from math import prod

import numpy as np

from kernels.base import OnnxNode, Operator, Scales
from sim.array import Array, IndexArray, concat
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
    limits = "in inference, and its mask is not read"
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
    """``x[starts:ends:steps]`` along ``axes``.

    Both ends are clamped as in Python; but with a negative step, a start before the first element
    is that element.
    """

    onnx = ("Slice",)
    scales = Scales.MOVE
    parameters = {"starts": 1, "ends": 2, "axes": 3, "steps": 4}
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    axes: tuple[int, ...] | None = None
    steps: tuple[int, ...] | None = None

    def forward(self, x: Array) -> Array:
        axes = range(len(self.starts)) if self.axes is None else self.axes
        steps = (1,) * len(self.starts) if self.steps is None else self.steps
        for axis, *ends in zip(axes, self.starts, self.ends, steps, strict=True):
            x = x.map(partial(np.take, indices=_indices(x.shape[axis], *ends), axis=axis))
        return x


def _indices(size: int, start: int, end: int, step: int) -> IndexArray:
    """Those of a slice of so many elements."""
    least, most = (0, size) if step > 0 else (-1, size - 1)
    first = min(max(start + size * (start < 0), 0), most)
    last = min(max(end + size * (end < 0), least), most)
    return np.arange(first, last, step)


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
        if any(size + sum(width) < 0 for size, width in zip(x.shape, widths, strict=True)):
            raise ShapeError(f"pads={self.pads} take away more than there is of {list(x.shape)}")
        around = [(max(0, before), max(0, after)) for before, after in widths]
        kept = tuple(slice(max(0, -before), min(0, after) or None) for before, after in widths)
        if self.mode is PadMode.CONSTANT:
            return x.pad(around, Fixed.of_floats(self.value))[kept]
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

"""Operators that pick elements by constant indices, negative ones counted from the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kernels.base import OnnxNode, Operator, Scales
from sim.array import Array, IndexArray
from sim.errors import ShapeError


@dataclass(frozen=True)
class Gather(Operator):
    """The elements at constant ``indices`` along ``axis``.

    Of a constant, by indices that the model computes, it becomes ``Rows`` of a table.
    """

    onnx = ("Gather",)
    scales = Scales.MOVE
    parameters = {"indices": 1}
    indices: Any
    """An integer, or tuples of them; None if the model computes them."""
    axis: int = 0

    @classmethod
    def from_onnx(cls, node: OnnxNode) -> Gather:
        if node.inputs[1] not in node.constants:
            return cls(None, node.attributes["axis"])
        return super().from_onnx(node)

    def data_inputs(self, node: OnnxNode) -> tuple[str, ...]:
        return node.inputs if self.indices is None else node.inputs[:1]

    def forward(self, x: Array) -> Array:
        return x.map(lambda a: np.take(a, np.asarray(self.indices, np.int64), self.axis))


@dataclass(frozen=True)
class GatherElements(Operator):
    """In each place, the element that ``indices`` have there: along ``axis``, else from there."""

    onnx = ("GatherElements",)
    scales = Scales.MOVE
    parameters = {"indices": 1}
    indices: Any
    """Tuples of integers, nested as deep as the input has axes."""
    axis: int = 0

    def forward(self, x: Array) -> Array:
        index = np.asarray(self.indices, np.int64)

        def move(a: IndexArray) -> IndexArray:
            ends: list[int | None] = list(index.shape)
            ends[self.axis] = None
            return np.take_along_axis(a[tuple(map(slice, ends))], index, self.axis)

        return x.map(move)


@dataclass(frozen=True)
class GatherND(Operator):
    """The elements, or blocks, whose places are the last axis of ``indices``.

    The first ``batch_dims`` axes are common to input and indices: each of their elements has
    indices of its own.
    """

    onnx = ("GatherND",)
    scales = Scales.MOVE
    parameters = {"indices": 1}
    indices: Any
    """Tuples of integers, nested."""
    batch_dims: int = 0

    def forward(self, x: Array) -> Array:
        index = np.asarray(self.indices, np.int64)
        batch = np.indices(index.shape[:-1], sparse=True)[: self.batch_dims]
        return x.map(lambda a: np.asarray(a[*batch, *np.moveaxis(index, -1, 0)]))


@dataclass(frozen=True)
class Compress(Operator):
    """What stands along ``axis``, or in the flattened input, where ``condition`` is true.

    A condition that is too short is false from its end on.
    """

    onnx = ("Compress",)
    scales = Scales.MOVE
    parameters = {"condition": 1}
    condition: tuple[bool, ...]
    axis: int | None = None

    def forward(self, x: Array) -> Array:
        return x.map(lambda a: np.compress(self.condition, a, self.axis))


@dataclass(frozen=True)
class ReverseSequence(Operator):
    """Along ``time_axis``, the first ``sequence_lens`` elements of each sample in reverse."""

    onnx = ("ReverseSequence",)
    scales = Scales.MOVE
    parameters = {"sequence_lens": 1}
    sequence_lens: tuple[int, ...]
    """One for each element of ``batch_axis``."""
    batch_axis: int = 1
    time_axis: int = 0

    def forward(self, x: Array) -> Array:
        if len(self.sequence_lens) != x.shape[self.batch_axis]:
            raise ShapeError(
                f"{len(self.sequence_lens)} lengths are not those of the "
                f"{x.shape[self.batch_axis]} sequences on axis {self.batch_axis}"
            )
        lengths = np.array(self.sequence_lens, np.int64)[:, None]
        time = np.arange(x.shape[self.time_axis])
        sources = np.where(time < lengths, lengths - 1 - time, time)
        axes = (self.batch_axis, self.time_axis)

        def move(a: IndexArray) -> IndexArray:
            first = np.moveaxis(a, axes, (0, 1))
            return np.moveaxis(first[np.arange(len(first))[:, None], sources], (0, 1), axes)

        return x.map(move)

"""Operators that only move elements: which element goes where, and how it gets there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hlsgen.layout import Layout
from kernels.base import Operator
from kernels.shape import Pad, PadMode
from sim.array import IndexArray
from sim.fixed import Fixed


@dataclass(frozen=True, eq=False)
class Move:
    """Where the element in each position and lane of a result comes from.

    Places count in the order of memory through all inputs, one after the other; the place behind
    the last one is that of the padding.
    """

    inputs: tuple[Layout, ...]
    result: Layout
    places: IndexArray
    """(positions, lanes)."""

    @property
    def padding(self) -> int:
        return sum(layout.index.size for layout in self.inputs)

    @property
    def padded(self) -> bool:
        return bool((self.places == self.padding).any())

    @property
    def identical(self) -> bool:
        """Whether the result is its only input, position by position."""
        shapes = [layout.index.shape for layout in self.inputs]
        order = np.arange(self.places.size)
        return shapes == [self.places.shape] and bool((self.places.reshape(-1) == order).all())

    @property
    def merged(self) -> IndexArray | None:
        """Lanes that all positions take from the same position of all inputs; the padding last."""
        counts = {layout.positions for layout in self.inputs}
        if not counts <= {self.result.positions}:
            return None
        position, lane = self._sources()
        used = position >= 0
        at = np.broadcast_to(np.arange(len(position))[:, None], position.shape)
        alike = (position == at)[used].all() and (lane == lane[:1]).all()
        return lane[0] if alike else None

    @property
    def rearranged(self) -> bool:
        """Whether all of the input, or of the result, is one position."""
        single = 1 in (self.result.positions, *(layout.positions for layout in self.inputs))
        return len(self.inputs) == 1 and single and not self.padded

    @property
    def followed(self) -> tuple[tuple[int, int], ...] | None:
        """Steps (input to read or -1, 1 to give what was read, -1 to give padding, 0)."""
        if {layout.lanes for layout in self.inputs} != {self.result.lanes}:
            return None
        lanes = self.result.lanes
        starts = self.places[:, 0]
        padded = (self.places == self.padding).all(1)
        whole = (self.places == starts[:, None] + np.arange(lanes)).all(1) & (starts % lanes == 0)
        if not (whole | padded).all():
            return None
        return _steps(self.inputs, np.where(padded, -1, starts // lanes))

    def _sources(self) -> tuple[IndexArray, IndexArray]:
        """The position of each element's source, or -1, and its lane among those of all inputs."""
        position = np.full(self.padding + 1, -1)
        lane = np.full(self.padding + 1, sum(layout.lanes for layout in self.inputs))
        place = first = 0
        for layout in self.inputs:
            part = slice(place, place + layout.index.size)
            rows, columns = np.indices(layout.index.shape)
            position[part], lane[part] = rows.reshape(-1), columns.reshape(-1) + first
            place, first = part.stop, first + layout.lanes
        return position[self.places], lane[self.places]


def moves(op: Operator, inputs: Sequence[Layout], results: Sequence[Layout]) -> list[Move]:
    """A move for each result of an operator."""
    ends = np.cumsum([0, *(layout.index.size for layout in inputs)])
    padding = int(ends[-1])
    numbered = [
        Fixed.constant((layout.places + start).reshape(layout.shape))
        for layout, start in zip(inputs, ends, strict=False)
    ]
    if isinstance(op, Pad) and op.mode is PadMode.CONSTANT:
        op = replace(op, value=float(padding))
    made = op.forward(*numbered)
    arrays = made if isinstance(made, tuple) else (made,)
    given = tuple(layout for layout in inputs if layout.index.size)
    return [
        Move(given, layout, array.at(0)[0].reshape(-1)[layout.index])
        for array, layout in zip(arrays, results, strict=False)
    ]


def _steps(inputs: Sequence[Layout], rows: IndexArray) -> tuple[tuple[int, int], ...] | None:
    """How these positions, counted through all inputs, are given while each is read in order."""
    starts = np.cumsum([0, *(layout.positions for layout in inputs)])
    done = [0] * len(inputs)
    steps: list[tuple[int, int]] = []
    last = -1
    for row in rows.tolist():
        if row < 0:
            steps.append((-1, -1))
            continue
        source = int(np.searchsorted(starts, row, "right")) - 1
        position = row - int(starts[source])
        if row != last:
            if position < done[source]:
                return None
            steps += [(source, 0)] * (position - done[source])
            done[source], last = position + 1, row
            steps.append((source, 1))
        else:
            steps.append((-1, 1))
    for i, layout in enumerate(inputs):
        steps += [(i, 0)] * (layout.positions - done[i])
    return tuple(steps)

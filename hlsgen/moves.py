"""Operators that only move elements: which element goes where, and how it gets there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from hlsgen.layout import Layout
from kernels.base import Operator
from kernels.shape import Pad, PadMode
from sim.array import IndexArray
from sim.fixed import Fixed


class Recall(NamedTuple):
    """What a step of ``recall`` in kernels/shape.h does."""

    read: bool
    source: int
    lanes: int
    give: bool


@dataclass(frozen=True, eq=False)
class Recalled:
    """What ``recall`` is told; the position that was read last has the number ``slots``."""

    slots: int
    """How many positions are kept."""
    steps: tuple[Recall, ...]
    lanes: IndexArray
    """(patterns, lanes of the result): the lane to take, or one of the following."""


_STAYS, _FILLED = -1, -2
"""A lane that is as it was, or the padding."""


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

    @property
    def recalled(self) -> Recalled:
        """How positions are made of those that were read before, all in order."""
        position, lane = self._sources()
        takes: list[tuple[int, IndexArray]] = []  # from where, and which lanes
        ends = []
        for sources, lanes in zip(position, lane, strict=True):
            used = np.unique(sources[sources >= 0]).tolist() or [-1]
            for source in used:
                pattern = np.where(sources == source, lanes, _STAYS)
                filled = (sources < 0) & (source == used[0])
                takes.append((source, np.where(filled, _FILLED, pattern)))
            ends.append(len(takes) - 1)
        lists, pattern = np.unique([row for _, row in takes], axis=0, return_inverse=True)
        return self._scheduled([source for source, _ in takes], pattern.reshape(-1), lists, ends)

    def _scheduled(
        self, sources: list[int], pattern: IndexArray, lists: IndexArray, ends: list[int]
    ) -> Recalled:
        """One step for each source, and for each position that is read without being one."""
        newest = np.maximum.accumulate(np.maximum(sources, 0))
        ages = [int(n) - s for n, s in zip(newest, sources, strict=True) if s >= 0]
        slots = 1 + max(ages, default=0)
        nothing = len(lists)
        steps: list[Recall] = []
        done, given = 0, set(ends)
        for i, (source, lanes) in enumerate(zip(sources, pattern.tolist(), strict=True)):
            steps += [Recall(True, slots, nothing, False)] * (source - done)
            new = source >= done
            done = max(done, source + 1)
            at = slots if source in (-1, done - 1) else source % slots
            steps.append(Recall(new, at, lanes, i in given))
        steps += [Recall(True, slots, nothing, False)] * (self.inputs[0].positions - done)
        stays = np.full((1, lists.shape[1]), _STAYS)
        return Recalled(slots, tuple(steps), np.concatenate([lists, stays]))

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

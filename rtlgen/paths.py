"""How long the paths through a graph are, compiled by numba.

A time is that of the lowest bit of a value, and that of its highest; a delay is one from each of
these two to each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rtlgen.compiling import compiled

Integers = npt.NDArray[np.int64]


class Arcs(NamedTuple):
    """What is next to each operation, on one side of it."""

    first: Integers
    """(operations + 1,): where the arcs of each begin."""
    ends: Integers
    """(arcs,): the operations that are next."""
    delays: Integers
    """(arcs, 4): low to low, low to high, high to low, high to high."""


def arcs_of(neighbours: Sequence[Sequence[tuple[int, tuple[int, int, int, int]]]]) -> Arcs:
    """The neighbours of each operation, with the delays in between."""
    first = np.cumsum([0, *map(len, neighbours)], dtype=np.int64)
    flat = [(j, *delay) for some in neighbours for j, delay in some]
    table = np.array(flat, np.int64).reshape(-1, 5)
    return Arcs(first, np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1:]))


@compiled
def arrivals(arcs: Arcs, starts: Integers, stages: Integers) -> Integers:
    """When each result is there after the registers of its stage: (operations, 2)."""
    times = np.zeros(starts.shape, np.int64)
    for i in range(stages.size):
        _wait(arcs, starts, stages, times, i, stages[i])
    return times


@compiled
def departures(arcs: Arcs, starts: Integers, stages: Integers) -> Integers:
    """How far it is from each result to the registers behind its stage: (operations, 2)."""
    times = np.zeros(starts.shape, np.int64)
    for i in range(stages.size - 1, -1, -1):
        _wait(arcs, starts, stages, times, i, stages[i])
    return times


@compiled
def earliest(arcs: Arcs, starts: Integers, budget: int) -> Integers:
    """The first stage of each operation if no path is longer than the budget."""
    stages, times = np.zeros(len(starts), np.int64), np.zeros(starts.shape, np.int64)
    for i in range(stages.size):
        stage = 0
        for at in range(arcs.first[i], arcs.first[i + 1]):
            stage = max(stage, stages[arcs.ends[at]])
        _wait(arcs, starts, stages, times, i, stage)
        if max(times[i, 0], times[i, 1]) > budget:
            stage += 1
            times[i] = starts[i]
        stages[i] = stage
    return stages


@compiled
def latest(arcs: Arcs, starts: Integers, budget: int, last: int) -> Integers:
    """The last stage of each operation, and ``last`` of those that nothing follows."""
    stages, times = np.zeros(len(starts), np.int64), np.zeros(starts.shape, np.int64)
    none = np.zeros(starts.shape, np.int64)
    for i in range(stages.size - 1, -1, -1):
        stage = last
        for at in range(arcs.first[i], arcs.first[i + 1]):
            stage = min(stage, stages[arcs.ends[at]])
        _wait(arcs, none, stages, times, i, stage)
        if max(starts[i, 0] + times[i, 0], starts[i, 1] + times[i, 1]) > budget:
            stage -= 1
            times[i] = 0
        stages[i] = stage
    return stages


@compiled
def _wait(
    arcs: Arcs, starts: Integers, stages: Integers, times: Integers, i: int, stage: int
) -> None:
    """The time of one operation, after those next to it in a stage."""
    low, high = starts[i]
    for at in range(arcs.first[i], arcs.first[i + 1]):
        j, by = arcs.ends[at], arcs.delays[at]
        if stages[j] == stage:
            low = max(low, times[j, 0] + by[0], times[j, 1] + by[2])
            high = max(high, times[j, 0] + by[1], times[j, 1] + by[3])
    times[i, 0], times[i, 1] = low, high

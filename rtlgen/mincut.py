"""The minimum cut of a directed graph, by Dinic's algorithm (Soviet Math. Doklady 11, 1970)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rtlgen.compiling import compiled

Integers = npt.NDArray[np.int64]

SOURCE, SINK = 0, 1
ENDLESS = 1 << 60


@dataclass
class Network:
    """Nodes are integers: 0 is the source, 1 the sink, the others are made by ``node``."""

    size: int = 2
    heads: list[int] = field(default_factory=list)
    """Of every edge; edge ``e ^ 1`` goes the other way."""
    room: list[int] = field(default_factory=list)

    def node(self) -> int:
        self.size += 1
        return self.size - 1

    def edge(self, tail: int, head: int, capacity: int) -> None:
        self.heads += (head, tail)
        self.room += (capacity, 0)

    def cut(self) -> list[bool]:
        """Which nodes are on the source's side: of all minimum cuts, as few as possible.

        Edges may be added afterwards, and the cut be asked for again: it goes on from there.
        """
        heads, room = (np.array(numbers, np.int64) for numbers in (self.heads, self.room))
        levels = _saturated(Edges(heads, room, *_sorted(heads, self.size)))
        self.room = room.tolist()
        reached: list[bool] = (levels > 0).tolist()
        return reached


class Edges(NamedTuple):
    """The edges of a network, sorted by their tails."""

    heads: Integers
    room: Integers
    order: Integers
    first: Integers
    """(nodes + 1,): of each node, where its edges begin in ``order``."""


@compiled
def _sorted(heads: Integers, size: int) -> tuple[Integers, Integers]:
    """The edges in the order of their tails, and where those of each node begin."""
    first = np.zeros(size + 1, np.int64)
    for edge in range(heads.size):
        first[heads[edge ^ 1] + 1] += 1
    first = np.cumsum(first)
    order, free = np.zeros(heads.size, np.int64), first.copy()
    for edge in range(heads.size):
        tail = heads[edge ^ 1]
        order[free[tail]] = edge
        free[tail] += 1
    return order, first


@compiled
def _saturated(edges: Edges) -> Integers:
    """Push all flow that there is room for; then the levels of what the source still reaches."""
    while True:
        levels = _levels(edges)
        if not levels[SINK]:
            return levels
        _push(edges, levels)


@compiled
def _levels(edges: Edges) -> Integers:
    """One more than the distance from the source, over edges with room; else zero."""
    size = edges.first.size - 1
    levels, queue = np.zeros(size, np.int64), np.zeros(size, np.int64)
    levels[SOURCE], queue[0] = 1, SOURCE
    begin, end = 0, 1
    while begin < end:
        tail = queue[begin]
        begin += 1
        for at in range(edges.first[tail], edges.first[tail + 1]):
            edge = edges.order[at]
            head = edges.heads[edge]
            if edges.room[edge] and not levels[head]:
                levels[head] = levels[tail] + 1
                queue[end] = head
                end += 1
    return levels


@compiled
def _push(edges: Edges, levels: Integers) -> None:
    """Push flow along shortest paths until none is left."""
    heads, room = edges.heads, edges.room
    untried = edges.first[:-1].copy()
    path, length, node = np.zeros(levels.size, np.int64), 0, SOURCE
    while True:
        if node == SINK:
            flow = ENDLESS
            for at in range(length):
                flow = min(flow, room[path[at]])
            for at in range(length - 1, -1, -1):
                edge = path[at]
                room[edge] -= flow
                room[edge ^ 1] += flow
                if not room[edge]:
                    length = at
            node = heads[path[length] ^ 1]
        while untried[node] < edges.first[node + 1]:
            edge = edges.order[untried[node]]
            if room[edge] and levels[heads[edge]] == levels[node] + 1:
                path[length] = edge
                length += 1
                node = heads[edge]
                break
            untried[node] += 1
        else:
            if not length:
                return
            length -= 1
            node = heads[path[length] ^ 1]
            untried[node] += 1

"""The minimum cut of a directed graph, by Dinic's algorithm (Soviet Math. Doklady 11, 1970)."""

from __future__ import annotations

from dataclasses import dataclass, field

SOURCE, SINK = 0, 1
ENDLESS = 1 << 60


@dataclass
class Network:
    """Nodes are integers: 0 is the source, 1 the sink, the others are made by ``node``."""

    edges: list[list[int]] = field(default_factory=lambda: [[], []])
    """Of each node, the edges out of it; edge ``e ^ 1`` goes the other way."""
    heads: list[int] = field(default_factory=list)
    room: list[int] = field(default_factory=list)

    def node(self) -> int:
        self.edges.append([])
        return len(self.edges) - 1

    def edge(self, tail: int, head: int, capacity: int) -> None:
        self.edges[tail].append(len(self.heads))
        self.edges[head].append(len(self.heads) + 1)
        self.heads += [head, tail]
        self.room += [capacity, 0]

    def cut(self) -> list[bool]:
        """Which nodes are on the source's side: of all minimum cuts, as few as possible.

        Edges may be added afterwards, and the cut be asked for again: it goes on from there.
        """
        while (levels := self._levels())[SOURCE]:
            self._saturate(levels)
        return self._reached()

    def _levels(self) -> list[int]:
        """One more than the distance to the sink, over edges with room; else zero."""
        levels = [0] * len(self.edges)
        levels[SINK] = level = 1
        front = [SINK]
        heads, room = self.heads, self.room
        while front and not levels[SOURCE]:
            reached, level = [], level + 1
            for head in front:
                for edge in self.edges[head]:
                    if room[edge ^ 1] and not levels[tail := heads[edge]]:
                        levels[tail] = level
                        reached.append(tail)
            front = reached
        return levels

    def _saturate(self, levels: list[int]) -> None:
        """Push flow along shortest paths until none is left."""
        heads, room, edges = self.heads, self.room, self.edges
        untried = list(map(len, edges))
        path: list[int] = []
        node = SOURCE
        while True:
            if node == SINK:
                flow = min([room[edge] for edge in path])
                for edge in path:
                    room[edge] -= flow
                    room[edge ^ 1] += flow
                full = next(i for i, edge in enumerate(path) if not room[edge])
                node = heads[path[full] ^ 1]
                del path[full:]
            out, level = edges[node], levels[node] - 1
            for at in range(untried[node] - 1, -1, -1):
                edge = out[at]
                if levels[heads[edge]] == level and room[edge]:
                    untried[node] = at + 1
                    path.append(edge)
                    node = heads[edge]
                    break
            else:
                untried[node] = 0
                if not path:
                    return
                node = heads[path.pop() ^ 1]
                untried[node] -= 1

    def _reached(self) -> list[bool]:
        """Where flow could still go from the source."""
        reached = [False] * len(self.edges)
        reached[SOURCE] = True
        waiting = [SOURCE]
        while waiting:
            for edge in self.edges[waiting.pop()]:
                if self.room[edge] and not reached[head := self.heads[edge]]:
                    reached[head] = True
                    waiting.append(head)
        return reached

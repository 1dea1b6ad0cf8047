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
        """Which nodes are on the source's side: of all minimum cuts, as few as possible."""
        while (levels := self._levels())[SINK]:
            self._saturate(levels)
        return [level > 0 for level in levels]

    def _levels(self) -> list[int]:
        """One more than the distance from the source, over edges with room; else zero."""
        levels = [0] * len(self.edges)
        levels[SOURCE] = 1
        front = [SOURCE]
        heads, room = self.heads, self.room
        while front and not levels[SINK]:
            reached = []
            for tail in front:
                for edge in self.edges[tail]:
                    head = heads[edge]
                    if room[edge] and not levels[head]:
                        levels[head] = levels[tail] + 1
                        reached.append(head)
            front = reached
        return levels

    def _saturate(self, levels: list[int]) -> None:
        """Push flow along shortest paths until none is left."""
        heads, room, untried = self.heads, self.room, [list(edges) for edges in self.edges]
        path: list[int] = []
        node = SOURCE
        while True:
            if node == SINK:
                flow = min(room[edge] for edge in path)
                for edge in path:
                    room[edge] -= flow
                    room[edge ^ 1] += flow
                full = next(i for i, edge in enumerate(path) if not room[edge])
                node = heads[path[full] ^ 1]
                del path[full:]
            while untried[node]:
                edge = untried[node][-1]
                if room[edge] and levels[heads[edge]] == levels[node] + 1:
                    break
                untried[node].pop()
            if untried[node]:
                path.append(edge)
                node = heads[edge]
            elif path:
                node = heads[path.pop() ^ 1]
                untried[node].pop()
            else:
                return

"""Where a pipeline's registers stand: where few bits cross.

A value takes a register for each layer between its own stage and that of its last user. Given
the layers beside it, the best place of one layer is a minimum cut: an operation has to be after
the layer if too long a path leads to it from the layer before, and before it if too long a path
leads from it to the layer after. So each layer in turn is put where it is best, until none moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import mul, sub

from rtlgen.dataflow import Const, Dataflow, Input
from rtlgen.mincut import ENDLESS, SINK, SOURCE, Network
from rtlgen.timing import Timing


def register_bits(flow: Dataflow, timing: Timing, stages: Sequence[int], latency: int) -> list[int]:
    """How many bits of registers the value of each operation takes; ``valid`` comes on top."""
    return list(map(mul, _widths(flow), _layers(flow, timing, stages, latency)))


def _widths(flow: Dataflow) -> list[int]:
    """Bits that a register of each value has; constants need none."""
    pairs = zip(flow.ops, flow.intervals, strict=True)
    return [0 if isinstance(op, Const) else max(1, r.width) for op, r in pairs]


def _layers(flow: Dataflow, timing: Timing, stages: Sequence[int], latency: int) -> list[int]:
    """How many layers the value of each operation crosses."""
    last = list(stages)
    for stage, reads in zip(stages, timing.reads, strict=True):
        for j in reads:
            last[j] = max(last[j], stage)
    for wire in flow.outputs:
        last[wire.op] = latency
    return list(map(sub, last, stages))


@dataclass(frozen=True)
class Placement:
    """Stages for the operations of ``flow``, with paths no longer than ``budget``."""

    flow: Dataflow
    timing: Timing
    budget: int
    latency: int

    @cached_property
    def widths(self) -> list[int]:
        return _widths(self.flow)

    @cached_property
    def outputs(self) -> frozenset[int]:
        return frozenset(wire.op for wire in self.flow.outputs)

    def bits(self, stages: Sequence[int]) -> int:
        layers = _layers(self.flow, self.timing, stages, self.latency)
        return sum(map(mul, self.widths, layers))

    def best(self, first: Sequence[int], second: Sequence[int]) -> list[int]:
        """The best schedule found from these two and from what is halfway between.

        Halfway between two legal schedules is a legal one, and no worse than both on average:
        the number of bits is L-natural-convex (Murota, Discrete Convex Analysis, 2003).
        """
        pair = sorted(map(self.improved, (first, second)), key=self.bits)
        while True:
            halfway = [[(a + b + up) // 2 for a, b in zip(*pair, strict=True)] for up in (0, 1)]
            found = sorted([*pair, *map(self.improved, halfway)], key=self.bits)[:2]
            if self.bits(found[0]) == self.bits(pair[0]):
                return pair[0]
            pair = found

    def improved(self, stages: Sequence[int]) -> list[int]:
        """A schedule with as many register bits or fewer, and no longer paths."""
        best, fewest = list(stages), self.bits(stages)
        moving = set(range(1, self.latency))
        while moving:
            layer = max(moving)
            moving.remove(layer)
            moved = self._with_best(layer, best)
            if (bits := self.bits(moved)) < fewest:
                best, fewest = moved, bits
                moving |= {layer - 1, layer + 1} & set(range(1, self.latency))
        return best

    def _with_best(self, layer: int, stages: list[int]) -> list[int]:
        """The same schedule, but with one layer where the fewest bits cross it."""
        free, side = self._sides(layer, stages)
        network = Network()
        nodes = {i: network.node() for i in free}
        for i in sorted({k for j in free for k in (j, *self.timing.reads[j])}):
            if nodes.get(i, side[i]) != SINK:
                self._join(network, i, nodes, side)
        before = network.cut()
        moved = list(stages)
        for i, node in nodes.items():
            moved[i] = layer - before[node]
        return moved

    def _sides(self, layer: int, stages: list[int]) -> tuple[list[int], list[int]]:
        """The operations that may be on either side of a layer, and the side of the others."""
        timing, near = self.timing, (layer - 1, layer)
        region = [i for i, stage in enumerate(stages) if stage in near]
        to, onward = dict.fromkeys(region, 0), dict.fromkeys(region, 0)
        for i in region:
            to[i] = timing.delays[i] + max((to.get(j, 0) for j in timing.reads[i]), default=0)
        for i in reversed(region):
            after = max((onward.get(j, 0) for j in timing.users[i]), default=0)
            onward[i] = timing.delays[i] + after
        side = [SOURCE if stage < layer else SINK for stage in stages]
        free = []
        for i in region:
            if isinstance(self.flow.ops[i], Input | Const) or onward[i] > self.budget:
                side[i] = SOURCE
            elif to[i] > self.budget:
                side[i] = SINK
            else:
                free.append(i)
        return free, side

    def _join(self, network: Network, i: int, nodes: dict[int, int], side: list[int]) -> None:
        """Let the value of ``i`` cost its width if it is before the layer and a user is not."""
        node, width = nodes.get(i, side[i]), self.widths[i]
        users = self.timing.users[i]
        free = [nodes[j] for j in users if j in nodes]
        for user in free:
            if node != SOURCE:
                network.edge(user, node, ENDLESS)
        if i in self.outputs or any(j not in nodes and side[j] == SINK for j in users):
            if node != SOURCE:
                network.edge(node, SINK, width)
        elif len(free) == 1:
            network.edge(node, free[0], width)
        elif free:
            crossing = network.node()
            network.edge(node, crossing, width)
            for user in free:
                network.edge(crossing, user, ENDLESS)

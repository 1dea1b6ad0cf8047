"""Where a pipeline's registers stand: where the fewest bits cross.

A value takes a register for each layer between its own stage and that of its last user. The sum
of these bits is an L-natural-convex function of the stages (Murota, Discrete Convex Analysis,
2003): from the earliest schedule, moving those operations one stage up that save the most ends,
after no more such steps than there are stages, at the minimum. Which these are is a minimum cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import mul, sub

from rtlgen.dataflow import Const, Dataflow
from rtlgen.mincut import ENDLESS, SINK, SOURCE, Network
from rtlgen.timing import Timing


def register_bits(flow: Dataflow, timing: Timing, stages: Sequence[int], latency: int) -> list[int]:
    """How many bits of registers the value of each operation takes; ``valid`` comes on top."""
    layers = map(sub, _lasts(flow, timing, stages, latency), stages)
    return list(map(mul, _widths(flow, timing), layers))


def _widths(flow: Dataflow, timing: Timing) -> list[int]:
    """Bits that a register of each value has; one that nothing reads, or a constant, has none."""
    read = {j for j, users in enumerate(timing.users) if users} | {w.op for w in flow.outputs}
    return [
        max(1, r.width) if i in read and not isinstance(op, Const) else 0
        for i, (op, r) in enumerate(zip(flow.ops, flow.intervals, strict=True))
    ]


def _lasts(flow: Dataflow, timing: Timing, stages: Sequence[int], latency: int) -> list[int]:
    """The stage of the last user of each operation; outputs are used after the last layer."""
    last = [
        max([stages[j] for j in users], default=stage)
        for stage, users in zip(stages, timing.users, strict=True)
    ]
    for wire in flow.outputs:
        last[wire.op] = latency
    return last


@dataclass(frozen=True)
class Placement:
    """Stages for the operations of ``flow``, with so many layers of registers."""

    flow: Dataflow
    timing: Timing
    latency: int

    @cached_property
    def widths(self) -> list[int]:
        return _widths(self.flow, self.timing)

    def bits(self, stages: Sequence[int]) -> int:
        """Of all registers."""
        layers = map(sub, _lasts(self.flow, self.timing, stages, self.latency), stages)
        return sum(map(mul, self.widths, layers))

    def best(self, budget: int) -> list[int]:
        """The earliest of the schedules with the fewest register bits.

        Paths are no longer than the budget.
        """
        stages = self.timing.earliest(budget)
        latest = self.timing.latest(budget, self.latency)
        apart: set[tuple[int, int]] = set()
        while (later := self._later(stages, latest, budget, apart)) != stages:
            stages = later
        return stages

    def _later(
        self, stages: list[int], latest: list[int], budget: int, apart: set[tuple[int, int]]
    ) -> list[int]:
        """The schedule where those are a stage later that save the most; the same if none do.

        ``apart`` has the pairs that are known to need a layer between them; it learns of more.
        """
        network = Network()
        nodes = {
            i: network.node()
            for i, (s, end) in enumerate(zip(stages, latest, strict=True))
            if s < end
        }
        self._price(network, nodes, stages)
        self._order(network, nodes, stages, apart)
        while True:
            moves = network.cut()
            later = stages.copy()
            for i, node in nodes.items():
                later[i] += moves[node]
            wrong = list(self.timing.apart(later, budget))
            if not wrong:
                return later
            _follow(network, nodes, wrong)
            apart.update(wrong)

    def _order(
        self,
        network: Network,
        nodes: Mapping[int, int],
        stages: Sequence[int],
        apart: Iterable[tuple[int, int]],
    ) -> None:
        """Users stay behind what they read, and pairs apart."""
        together = ((i, j) for i in nodes for j in self.timing.users[i] if stages[j] == stages[i])
        _follow(network, nodes, together)
        near = ((i, j) for i, j in apart if i in nodes and stages[j] == stages[i] + 1)
        _follow(network, nodes, near)

    def _price(self, network: Network, nodes: Mapping[int, int], stages: Sequence[int]) -> None:
        """A value that moves up saves its width, and costs it again if its last user moves."""
        last = _lasts(self.flow, self.timing, stages, self.latency)
        saved = {node: self.widths[i] for i, node in nodes.items()}
        for i, users in enumerate(self.timing.users):
            moving = [nodes[j] for j in users if j in nodes and stages[j] == last[i]]
            if len(moving) == 1:
                saved[moving[0]] -= self.widths[i]
            elif moving:
                longer = network.node()
                network.edge(longer, SINK, self.widths[i])
                for node in moving:
                    network.edge(node, longer, ENDLESS)
        for node, width in saved.items():
            if width > 0:
                network.edge(SOURCE, node, width)
            elif width < 0:
                network.edge(node, SINK, -width)


def _follow(network: Network, nodes: Mapping[int, int], pairs: Iterable[tuple[int, int]]) -> None:
    """If the first of a pair moves, so does the second; if that may not, neither does."""
    for i, j in pairs:
        network.edge(nodes[i], nodes.get(j, SINK), ENDLESS)

"""How long the operations of a graph take on a target, and the paths that they form.

Times are whole picoseconds, so that nothing depends on the order of additions. A path is as long
as its operations together; clock-to-output and set-up of its registers are kept apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from rtlgen.cost import cost
from rtlgen.dataflow import Const, Dataflow, operands
from rtlgen.targets import Target


class Timing:
    """The delay of each operation, what it waits for and what waits for it."""

    def __init__(self, flow: Dataflow, target: Target) -> None:
        self.register = round(1000 * target.register_ns)
        self.delays: list[int] = []
        self.reads: list[tuple[int, ...]] = []
        self.users: list[list[int]] = [[] for _ in flow.ops]
        for i, (op, r) in enumerate(zip(flow.ops, flow.intervals, strict=True)):
            wires = operands(op)
            taken = cost(op, r, [flow.interval(wire) for wire in wires], target)
            self.delays.append(round(1000 * taken.delay_ns))
            reads = {w.op for w in wires if not isinstance(flow.ops[w.op], Const)}
            self.reads.append(tuple(sorted(reads)))
            for j in reads:
                self.users[j].append(i)

    def arrivals(self, stages: Sequence[int]) -> list[int]:
        """How long after the registers of its stage each operation's result is there."""
        arrivals: list[int] = []
        for stage, delay, reads in zip(stages, self.delays, self.reads, strict=True):
            arrivals.append(
                delay + max((arrivals[j] for j in reads if stages[j] == stage), default=0)
            )
        return arrivals

    def longest(self, stages: Sequence[int]) -> int:
        """The clock's shortest period for a schedule, at least that of a register alone."""
        return max(self.arrivals(stages), default=0) + self.register

    def earliest(self, budget: int) -> list[int]:
        """The first stage for each operation if paths are no longer than the budget."""
        return _chained(self.delays, self.reads, budget)

    def latest(self, budget: int, stages: int) -> list[int]:
        """The last stage for each operation; what nothing precedes stays in stage 0."""
        end = len(self.delays) - 1
        users = [[end - i for i in found] for found in reversed(self.users)]
        back = _chained(self.delays[::-1], users, budget)
        return [
            stages - 1 - back[end - i] if delay or reads else 0
            for i, (delay, reads) in enumerate(zip(self.delays, self.reads, strict=True))
        ]

    def within(self, clock_hz: float) -> int:
        """What a clock's period leaves for a path."""
        return int(1e12 / clock_hz) - self.register

    def budget(self, stages: int) -> int:
        """How long paths have to be allowed to be for this many stages; 0 is as one."""
        low, high = (
            max(self.delays, default=0),
            max(self.arrivals([0] * len(self.delays)), default=0),
        )
        while low < high:
            middle = (low + high) // 2
            if max(self.earliest(middle)) < max(1, stages):
                high = middle
            else:
                low = middle + 1
        return low


def _chained(delays: Sequence[int], reads: Sequence[Sequence[int]], budget: int) -> list[int]:
    """Put each operation into the stage of the last one that it waits for, or the next."""
    stages: list[int] = []
    times: list[int] = []
    for delay, before in zip(delays, reads, strict=True):
        stage = time = 0
        for j in before:
            if stages[j] > stage:
                stage, time = stages[j], times[j]
            elif stages[j] == stage and times[j] > time:
                time = times[j]
        if time + delay > budget:
            stage, time = stage + 1, 0
        stages.append(stage)
        times.append(time + delay)
    return stages

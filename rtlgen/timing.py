"""How long the paths through a graph are on a target.

Clock-to-output and set-up of the registers at the ends of a path are kept apart from it. Times
are whole picoseconds, so that nothing depends on the order of additions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from operator import add

import numpy as np

from rtlgen import paths
from rtlgen.dataflow import Const, Dataflow, operands
from rtlgen.delays import Delay, delays
from rtlgen.operations import Op
from rtlgen.targets import Target
from sim.rounding import Interval

Times = tuple[int, int]
"""Of the lowest bit of a value, and of its highest."""
Waits = list[tuple[int, Delay]]
"""Operations that one waits for, and how long after them it is there."""
NOW = (0, 0)


def alone(
    flow: Dataflow, op: Op, r: Interval, target: Target, percent: int = 100
) -> tuple[Waits, Times]:
    """What an operation waits for, and when it is there if all of that stands in registers.

    It takes so many ``percent`` of its estimate.
    """
    wires = operands(op)
    taken = delays(op, r, [flow.interval(wire) for wire in wires], target)
    if percent != 100:
        taken = tuple(delay.scaled(percent) for delay in taken)
    waits: dict[int, Delay] = {}
    for wire, delay in zip(wires, taken, strict=True):
        if not isinstance(flow.ops[wire.op], Const):
            known = waits.get(wire.op, delay)
            waits[wire.op] = Delay(*map(max, known, delay))
    return sorted(waits.items()), after([(NOW, delay) for delay in taken], NOW)


def after(given: Sequence[tuple[Times, Delay]], start: Times) -> Times:
    """When a result is there after all of its operands, and not before a time."""
    low, high = start
    for (first, last), (low_low, low_high, high_low, high_high) in given:
        low = max(low, first + low_low, last + high_low)
        high = max(high, first + low_high, last + high_high)
    return low, high


class Timing:
    """What each operation waits for, how long it takes, and what waits for it."""

    def __init__(self, flow: Dataflow, target: Target, percents: Sequence[int] = ()) -> None:
        """``percents`` are those of its estimate that each operation takes, if they are known."""
        self.register = round(1000 * target.register_ns)
        self.waits: list[Waits] = []
        self.starts: list[Times] = []
        self.follows: list[Waits] = [[] for _ in flow.ops]
        for i, (op, r) in enumerate(zip(flow.ops, flow.intervals, strict=True)):
            waits, start = alone(flow, op, r, target, percents[i] if percents else 100)
            self.waits.append(waits)
            self.starts.append(start)
            for j, delay in waits:
                self.follows[j].append((i, delay.reversed()))
        self.delays = [max(start) for start in self.starts]
        """Of each operation alone, from registers."""
        self.reads = [tuple(j for j, _ in waits) for waits in self.waits]
        self.users = [[j for j, _ in follows] for follows in self.follows]
        self._starts = np.array(self.starts, np.int64).reshape(-1, 2)
        self._before, self._behind = paths.arcs_of(self.waits), paths.arcs_of(self.follows)

    def arrivals(self, stages: Sequence[int]) -> list[int]:
        """How long after the registers of its stage each operation's result is there."""
        return list(map(max, self.times(stages)))

    def times(self, stages: Sequence[int]) -> list[Times]:
        """The same, of the lowest and of the highest bit."""
        known = np.array(stages, np.int64)
        return [*map(tuple, paths.arrivals(self._before, self._starts, known).tolist())]

    def time(self, i: int, stages: Sequence[int], times: Sequence[Times]) -> Times:
        """Of one operation, if those of what it reads are known."""
        given = [(times[j], by) for j, by in self.waits[i] if stages[j] == stages[i]]
        return after(given, self.starts[i])

    def behind(self, stages: Sequence[int]) -> list[Times]:
        """How far it is from the ends of each result to the registers behind its stage."""
        none, known = np.zeros_like(self._starts), np.array(stages, np.int64)
        return [*map(tuple, paths.departures(self._behind, none, known).tolist())]

    def longest(self, stages: Sequence[int]) -> int:
        """The clock's shortest period for a schedule, at least that of a register alone."""
        return max(self.arrivals(stages), default=0) + self.register

    def earliest(self, budget: int) -> list[int]:
        """The first stage for each operation if paths are no longer than the budget."""
        stages: list[int] = paths.earliest(self._before, self._starts, budget).tolist()
        return stages

    def latest(self, budget: int, stages: int) -> list[int]:
        """The last stage for each operation; what nothing precedes stays in stage 0."""
        last = paths.latest(self._behind, self._starts, budget, stages - 1).tolist()
        return [
            stage if delay or reads else 0
            for stage, delay, reads in zip(last, self.delays, self.reads, strict=True)
        ]

    def paths(self, stages: Sequence[int], ends: Iterable[int]) -> Iterator[list[int]]:
        """The operations on the longest path to each of some, in its stage, from the end on."""
        times = self.times(stages)
        for i in ends:
            path, at = [i], times[i].index(max(times[i]))
            while found := self._last(path[-1], at, stages, times):
                path.append(found[0])
                at = found[1]
            yield path

    def _last(
        self, i: int, at: int, stages: Sequence[int], times: Sequence[Times]
    ) -> tuple[int, int] | None:
        """The operand, and which end of it, that one end of a result was there last after."""
        for j, delay in self.waits[i]:
            for end in (0, 1):
                if stages[j] == stages[i] and times[j][end] + delay[2 * end + at] == times[i][at]:
                    return j, end
        return None

    def apart(self, stages: Sequence[int], budget: int) -> Iterator[tuple[int, int]]:
        """Operations of one stage between which a path is longer than the budget.

        No legal schedule has such two in one stage. These are the pairs that imply all others;
        there are none exactly if no path of the schedule is too long.
        """
        late = [max(time) > budget for time in self.times(stages)]
        for i, stage in enumerate(stages):
            if late[i] and not any(late[j] and stages[j] == stage for j in self.reads[i]):
                yield from ((j, i) for j in self._begins(i, stages, budget))

    def _begins(self, end: int, stages: Sequence[int], budget: int) -> Iterator[int]:
        """The last operations from which a path to ``end`` is longer than the budget."""
        behind, waiting = {end: NOW}, [-end]
        while waiting:
            i = -heappop(waiting)
            if max(map(add, self.starts[i], behind[i])) > budget:
                yield i
                continue
            for j, by in self.waits[i]:
                if stages[j] == stages[end]:
                    if j not in behind:
                        heappush(waiting, -j)
                    known = behind.get(j, NOW)
                    behind[j] = after([(behind[i], by.reversed())], known)

    def within(self, clock_hz: float) -> int:
        """What a clock's period leaves for a path."""
        return int(1e12 / clock_hz) - self.register

    def budget(self, stages: int) -> int:
        """How long paths have to be allowed to be for this many stages; 0 is as one."""
        low = max(self.delays, default=0)
        high = max(self.arrivals([0] * len(self.delays)), default=0)
        while low < high:
            middle = (low + high) // 2
            if max(self.earliest(middle)) < max(1, stages):
                high = middle
            else:
                low = middle + 1
        return low

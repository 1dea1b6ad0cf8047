"""Sums that share a carry chain, one above the other, with a bit between them.

Where it takes cells to enter and to leave a chain, several short sums in one chain take fewer.
The bit between two sums adds nothing and lets no carry through; but a timing analysis sees a path
there, so a sum is put on top of another one only where there is time for that path.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush

from rtlgen.cost import carries_from
from rtlgen.dataflow import Add, Dataflow, Sub, operands
from rtlgen.targets import Target
from rtlgen.timing import Times, Timing

MOST = 4
"""Sums in one chain."""


def chains(
    flow: Dataflow, timing: Timing, target: Target, stages: Sequence[int], budget: int
) -> tuple[tuple[int, ...], ...]:
    """The sums of each chain that has several, from its lowest bits on.

    No path becomes longer than the budget, in picoseconds.

    All are in the same stage and as many operations deep in it, so no path comes back to where
    it began; and all are additions, or all subtractions.
    """
    if not target.chain_ends:
        return ()
    return _Stacking(flow, timing, target, stages, budget).run()


class _Stacking:
    def __init__(
        self,
        flow: Dataflow,
        timing: Timing,
        target: Target,
        stages: Sequence[int],
        budget: int,
    ) -> None:
        self.flow, self.timing, self.stages, self.budget = flow, timing, stages, budget
        self.carry = round(1000 * target.carry_ns)
        self.behind = timing.behind(stages)
        self.times: list[Times] = [(0, 0)] * len(stages)

    def run(self) -> tuple[tuple[int, ...], ...]:
        made: list[tuple[int, ...]] = []
        for level in self._levels():
            kinds: dict[tuple[int, type], list[int]] = defaultdict(list)
            for i in level:
                self.times[i] = self.timing.time(i, self.stages, self.times)
                op = self.flow.ops[i]
                if isinstance(op, Add | Sub) and self.timing.delays[i]:
                    kinds[self.stages[i], type(op)].append(i)
            for sums in kinds.values():
                made += [tuple(chain) for chain in self._stacked(sums) if len(chain) > 1]
        return tuple(made)

    def _levels(self) -> Iterable[list[int]]:
        """The operations by how many of their stage are in front of them."""
        depths: list[int] = []
        levels: dict[int, list[int]] = defaultdict(list)
        for i, reads in enumerate(self.timing.reads):
            same = [depths[j] for j in reads if self.stages[j] == self.stages[i]]
            depths.append(1 + max(same, default=-1))
            levels[depths[i]].append(i)
        return [levels[depth] for depth in sorted(levels)]

    def _stacked(self, sums: Sequence[int]) -> list[list[int]]:
        """Each sum on top of the chain that is there first, if it may be; urgent ones first."""
        full: list[list[int]] = []
        open_: list[tuple[int, list[int]]] = []
        for i in sorted(sums, key=self._slack):
            chain: list[int] = []
            if open_ and self._later(i, open_[0][1][-1]):
                chain = heappop(open_)[1]
            chain.append(i)
            if len(chain) < MOST:
                heappush(open_, (self.times[i][1], chain))
            else:
                full.append(chain)
        return full + [chain for _, chain in open_]

    def _slack(self, i: int) -> tuple[int, int]:
        (low, high), (low_behind, high_behind) = self.times[i], self.behind[i]
        return self.budget - max(low + low_behind, high + high_behind), i

    def _later(self, i: int, below: int) -> bool:
        """Let a sum wait for the carry of another one, if there is time for it."""
        r, op = self.flow.intervals[i], self.flow.ops[i]
        assert isinstance(op, Add | Sub)
        bits = r.top - carries_from(op, [self.flow.interval(wire) for wire in operands(op)])
        carry = self.times[below][1] + self.carry
        low = max(self.times[i][0], carry)
        high = max(self.times[i][1], carry + bits * self.carry)
        if max(low + self.behind[i][0], high + self.behind[i][1]) > self.budget:
            return False
        self.times[i] = low, high
        return True

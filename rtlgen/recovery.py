"""Area recovery: adders of three numbers wherever the clock has time for them.

Where a sum of two is read by another sum of two in its stage, and by nothing else, both can be one
sum of three. That is smaller, and some of what it adds up is there a level of logic later; so it is
one where that is on no critical path. Mappers to LUTs do the like with gates (Mishchenko,
Chatterjee, Brayton, Improvements to technology mapping for LUT-based FPGAs, 2007).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rtlgen.cost import cost
from rtlgen.dataflow import Dataflow
from rtlgen.operations import Add, Op, Sub, Term, Ternary, Wire, operands, summands
from rtlgen.optimize import prune
from rtlgen.rewrite import rewrite
from rtlgen.targets import Target
from rtlgen.timing import NOW, Times, Timing, after, alone
from sim.rounding import Interval


def recover(flow: Dataflow, target: Target, stages: Sequence[int], clock_hz: float) -> Dataflow:
    """The same outputs from fewer LUTs, on a target whose adders take three numbers.

    It meets the clock in as many stages, at least. The same graph if there is nothing to recover.
    """
    joined = _Recovery(flow, target, stages).run(clock_hz)

    def rule(new: Dataflow, i: int, op: Op, interval: Interval) -> Wire:
        if i not in joined:
            return new.emit(op, interval)
        a, b, c = _terms(op, joined[i], new.ops)
        return new.ternary(a.wire, b.wire, c.wire, b.sign, c.sign, interval)

    return prune(rewrite(flow, rule)) if joined else flow


def _terms(op: Op, place: int, ops: Sequence[Op]) -> list[Term]:
    """The terms of a sum, and in place of one of them those of it; the first one is added."""
    terms = []
    for k, (wire, sign) in enumerate(summands(op)):
        inside = summands(ops[wire.op]) if k == place else [Term(Wire(wire.op), 1)]
        terms += [Term(part << wire.shift, sign * s) for part, s in inside]
    return terms


class _Join(NamedTuple):
    """A sum and one of its two operands, as one sum of three."""

    saved: int
    """LUTs."""
    place: int
    """Of the operand."""
    times: Times
    """When the sum is there then."""


class _Recovery:
    """From the inputs on, so that what a sum waits for is decided before it."""

    def __init__(self, flow: Dataflow, target: Target, stages: Sequence[int]) -> None:
        self.flow, self.target, self.stages = flow, target, stages
        self.uses = Counter(wire.op for op in flow.ops for wire in operands(op))
        self.uses.update(wire.op for wire in flow.outputs)
        self.joined: dict[int, int] = {}
        self.times: list[Times] = [NOW] * len(flow.ops)

    def run(self, clock_hz: float) -> dict[int, int]:
        """For each sum that takes an operand in, which of the two."""
        ops = self.flow.ops
        if not any(self._inner(i, wire) for i, op in enumerate(ops) for wire in operands(op)):
            return {}
        timing = Timing(self.flow, self.target)
        budget, behind = timing.within(clock_hz), timing.behind(self.stages)
        for i in range(len(ops)):
            self.times[i] = timing.time(i, self.stages, self.times)
            joins = [join for join in self._joins(i) if _fits(join.times, behind[i], budget)]
            if joins:
                _, self.joined[i], self.times[i] = max(joins)
        return self.joined

    def _inner(self, i: int, wire: Wire) -> bool:
        """Whether an operand of a sum of two is another that is for it alone."""
        ops, j = self.flow.ops, wire.op
        return (
            isinstance(ops[i], Add | Sub)
            and isinstance(ops[j], Add | Sub)
            and self.uses[j] == 1
            and self.stages[i] == self.stages[j]
            and j not in self.joined
        )

    def _joins(self, i: int) -> Iterator[_Join]:
        """What operation ``i`` can be that takes fewer LUTs."""
        flow, op, r = self.flow, self.flow.ops[i], self.flow.intervals[i]
        for place, wire in enumerate(operands(op)):
            terms = _terms(op, place, flow.ops) if self._inner(i, wire) else []
            if not _are_three(flow, terms):
                continue
            (a, _), (b, sign_b), (c, sign_c) = terms
            whole = Ternary(a, b, c, sign_b, sign_c)
            inner = self._luts(flow.ops[wire.op], flow.intervals[wire.op])
            saved = self._luts(op, r) + inner - self._luts(whole, r)
            waits, start = alone(flow, whole, r, self.target)
            given = [(self.times[j], by) for j, by in waits if self.stages[j] == self.stages[i]]
            if saved > 0:
                yield _Join(saved, place, after(given, start))

    def _luts(self, op: Op, r: Interval) -> int:
        given = [self.flow.interval(wire) for wire in operands(op)]
        return cost(op, r, given, self.target).luts


def _are_three(flow: Dataflow, terms: Sequence[Term]) -> bool:
    """Whether these are three different numbers, none of them zero: others take two adders."""
    wires = {wire for wire, _ in terms}
    return len(wires) == 3 and all(flow.known(wire) != 0 for wire in wires)


def _fits(times: Times, behind: Times, budget: int) -> bool:
    return all(a + b <= budget for a, b in zip(times, behind, strict=True))

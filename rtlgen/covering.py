"""Tables against arithmetic: what few bits decide is looked up where that takes fewer LUTs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from math import ceil

from rtlgen.cofactors import SELECTS
from rtlgen.cones import Leaves, leaves, looked_up, table
from rtlgen.cost import cost
from rtlgen.dataflow import Dataflow, reachable
from rtlgen.operations import Add, Lookup, Op, Sub, Wire, operands
from rtlgen.rewrite import build, rewrite
from rtlgen.targets import Target
from sim.rounding import Interval

Table = tuple[int, tuple[int, ...]]
"""The first code and its entry, and those of the codes behind it."""


def tabulate(flow: Dataflow, target: Target, without: Collection[Table] = frozenset()) -> Dataflow:
    """Replace operations that depend on few bits by a table of them all, if that is smaller.

    ``without`` says which tables are to be left out.
    """
    if not (chosen := _Cover(flow, target).chosen()):
        return flow
    made: dict[int, Wire] = {}

    def rule(new: Dataflow, i: int, op: Op, interval: Interval) -> Wire:
        if i in chosen:
            given, entries = chosen[i]
            wires, types = [made[j] for j in given], [flow.intervals[j] for j in given]
            made[i] = looked_up(new, entries, wires, types, interval.exp)
        if i not in chosen or contents(new.ops[made[i].op]) in without:
            made[i] = build(new, op, interval)
        return made[i]

    return rewrite(rewrite(flow, rule), lambda new, _, op, r: new.emit(op, r))


def contents(op: Op) -> Table | None:
    """Of a table; None of every other operation."""
    return (op.lo, op.table) if isinstance(op, Lookup) else None


class _Cover:
    """What makes each value, an operation or a table, and how many read it.

    As when a synthesizer covers gates with LUTs: one value after the other gets what takes the
    fewest LUTs, while all others stay as they are.
    """

    def __init__(self, flow: Dataflow, target: Target) -> None:
        self.flow, self.target = flow, target
        self.reads: list[Sequence[int]] = [
            sorted({wire.op for wire in operands(op)}) for op in flow.ops
        ]
        self.sizes = [self._arithmetic(i) for i in range(len(flow.ops))]
        self.readers = [0] * len(flow.ops)
        for i, alive in enumerate(reachable(flow)):
            self._read(self.reads[i] if alive else ())
        self._read(wire.op for wire in flow.outputs)

    def chosen(self) -> dict[int, tuple[Leaves, Lookup]]:
        """The operations that become tables, and of which leaves.

        A table of more bits seldom takes less than what it replaces.
        """
        most = self.target.lut_inputs + SELECTS
        tables: dict[int, tuple[Leaves, Lookup]] = {}
        for i, some in enumerate(leaves(self.flow, most)):
            if self.readers[i]:
                options = [self._option(i, given) for given in some]
                gain, given, entries = max(options, default=(0, (), None), key=lambda o: o[0])
                if entries is not None and gain > 0:
                    tables[i] = given, entries
                    self._replace(i, given, gain)
        return {i: found for i, found in tables.items() if self.readers[i]}

    def _option(self, i: int, given: Leaves) -> tuple[int, Leaves, Lookup | None]:
        """How many LUTs fewer a table of these leaves takes, if they are there.

        Of more inputs than a LUT has, it must take clearly less: what it takes is less certain.
        """
        freed = self._freed(i, given) if all(self.readers[j] for j in given) else 0
        wide = sum(self.flow.intervals[j].width for j in given) > self.target.lut_inputs
        if freed < 2 or (wide and freed <= self.flow.intervals[i].width):
            return 0, given, None
        entries = table(self.flow, i, given)
        r = Interval(entries.lo, entries.lo + len(entries.table) - 1, 0)
        taken = cost(entries, self.flow.intervals[i], [r], self.target).luts
        return freed - (taken + ceil(taken / 8) if wide else taken), given, entries

    def _freed(self, i: int, given: Leaves) -> int:
        """LUTs of what nobody needs any more if ``i`` is made of these leaves."""
        left: dict[int, int] = {}
        waiting, freed = [i], 0
        while waiting:
            j = waiting.pop()
            freed += self.sizes[j]
            for k in self.reads[j]:
                left[k] = left.get(k, self.readers[k]) - 1
                if left[k] == 0 and k not in given:
                    waiting.append(k)
        return freed

    def _replace(self, i: int, given: Leaves, gain: int) -> None:
        self.sizes[i] = self._freed(i, given) - gain
        self._read(given)
        waiting = list(self.reads[i])
        while waiting:
            j = waiting.pop()
            self.readers[j] -= 1
            if self.readers[j] == 0:
                waiting += self.reads[j]
        self.reads[i] = given

    def _read(self, values: Iterable[int]) -> None:
        for j in values:
            self.readers[j] += 1

    def _arithmetic(self, i: int) -> int:
        op, r = self.flow.ops[i], self.flow.intervals[i]
        given = [self.flow.interval(wire) for wire in operands(op)]
        own = cost(op, r, given, self.target).luts
        return min(own, _meeting(r, *given)) if isinstance(op, Add | Sub) else own


def _meeting(r: Interval, a: Interval, b: Interval) -> int:
    """Bits of a sum in which two terms meet; in the others one passes, or is inverted.

    A synthesizer may find a place for those without LUTs of their own.
    """
    if a.lo == a.hi or b.lo == b.hi:
        return 0
    end = min(x.exp + x.width if not x.signed else r.exp + r.width for x in (a, b))
    return max(0, end - max(a.exp, b.exp))

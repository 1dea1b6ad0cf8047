"""Sums that are read once become part of the sum that reads them, which is then built anew.

All terms of such a sum together form one tree of adders of two or three operands, whatever
node of the model they come from: a bias is one term more. Of the trees with the fewest adders,
none is deeper than it has to be, and few bits are added (``arrangement.py``).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterator, Sequence
from math import log2

import numpy as np

from rtlgen.arrangement import NONE, Terms, arranged
from rtlgen.dataflow import Dataflow, operands, reachable
from rtlgen.forms import Forms
from rtlgen.operations import Add, Input, Limit, Op, Round, Term, Wire, summands, with_operands
from rtlgen.targets import Target
from sim.rounding import Interval, Overflow, Rounding

TRADES = {1: 2, 2: 8, 3: 32, 4: 64, 5: 256}
"""By effort, how many are tried in a tree for each pair of its terms, in either order."""
MOST_PAIRS = 2_000
"""Of a tree that count: a sum may have hundreds of terms."""
DEEP = 1000
"""How far below the highest bit of a sum bits count."""


def regroup(flow: Dataflow, target: Target, *, hurried: bool = False, effort: int = 2) -> Dataflow:
    """The same outputs, from adders of as many operands as the target adds in one chain.

    That is the fewest adders; ``hurried`` sums take more of them where they are earlier so.
    """
    return _Regrouping(flow, target.arity, hurried, TRADES[effort]).run()


class _Regrouping:
    def __init__(self, flow: Dataflow, arity: int, hurried: bool, trades: int) -> None:
        self.old, self.new = flow, Dataflow(plans=flow.plans)
        self.arity, self.hurried, self.trades = arity, hurried, trades
        self.forms = Forms(self.new)
        self.levels: list[float] = []
        self.wires: dict[int, Wire] = {}
        self.alive = reachable(flow)
        uses = Counter(w.op for i, op in enumerate(flow.ops) if self.alive[i] for w in operands(op))
        uses.update(wire.op for wire in flow.outputs)
        reads = {w.op for i, op in enumerate(flow.ops) if self.alive[i] for w, _ in summands(op)}
        self.inner = {i for i in reads if uses[i] == 1 and summands(flow.ops[i])}

    def run(self) -> Dataflow:
        for i, op in enumerate(self.old.ops):
            if isinstance(op, Input) or (self.alive[i] and i not in self.inner):
                self.new.origin = self.old.origins[i]
                self.wires[i] = self._sum(i) if summands(op) else self._copy(i, op)
        self.new.outputs = [self._mapped(wire) for wire in self.old.outputs]
        return self.new

    def _mapped(self, wire: Wire) -> Wire:
        return self.wires[wire.op] << wire.shift

    def _copy(self, i: int, op: Op) -> Wire:
        op = with_operands(op, [self._mapped(w) for w in operands(op)])
        return self.new.emit(op, self.old.intervals[i])

    def _gather(self, i: int, sign: int = 1, shift: int = 0) -> Iterator[Term]:
        """What is added up to operation ``i``."""
        for wire, s in summands(self.old.ops[i]):
            if wire.op in self.inner:
                yield from self._gather(wire.op, sign * s, shift + wire.shift)
            else:
                yield Term(self._mapped(wire) << shift, sign * s)

    def _sum(self, i: int) -> Wire:
        row = self._gathered(self._gather(i))
        known = self.old.intervals[i]
        row = self._packed(row, known)
        wire, sign = self._tree(row, known) if len(row) > 1 else row[0]
        return self.new.sub(self.new.const(0, 0), wire, known) if sign < 0 else wire

    def _tree(self, row: Sequence[Term], known: Interval) -> Term:
        """The sum of all terms, which is in a range that is known."""
        trades = self.trades * min(MOST_PAIRS, len(row) ** 2)
        adders = arranged(self._terms(row), self.arity, self.hurried, trades).tolist()
        found = list(row)
        for left, adder in enumerate(adders, 1 - len(adders)):
            group = [found[k] for k in adder if k != NONE]
            found.append(self._added(group, None if left else known))
        return found[-1]

    def _terms(self, row: Sequence[Term]) -> Terms:
        """What the search for a tree has to know of them."""
        latest = max(map(self._level, row))  # levels count from it: a network may have thousands
        highest = max(map(self._top, row))
        types = [(self.new.interval(wire), sign) for wire, sign in row]
        return Terms(
            np.array([r.lo / (1 << highest - r.exp) for r, _ in types]),
            np.array([r.hi / (1 << highest - r.exp) for r, _ in types]),
            np.array([max(-DEEP, r.exp - highest) for r, _ in types]),
            np.array([sign for _, sign in types]),
            np.array([2.0 ** (self._level(term) - latest) for term in row]),
        )

    def _gathered(self, terms: Iterator[Term]) -> list[Term]:
        """Terms by their highest bits, all constants in one."""
        row, constant = [], Term(self.new.const(0, 0), 1)
        for term in terms:
            if self.new.known(term.wire) is None:
                row.append(term)
            else:
                add = self.new.add if term.sign > 0 else self.new.sub
                constant = Term(add(constant.wire, term.wire), 1)
        if self.new.known(constant.wire):
            row.append(constant)
        return sorted(row, key=self._top)

    def _packed(self, row: Sequence[Term], known: Interval) -> list[Term]:
        """Terms, several in one where they are side by side: there is less to add.

        Each is put on the one that ends highest of those that end where it begins, or below.
        """
        packed: list[Term] = []
        ends: dict[int, list[tuple[int, int]]] = {1: [], -1: []}
        for left, term in enumerate(sorted(row, key=self._bottom), 1 - len(row)):
            below = ends[term.sign]
            if nearest := bisect_right(below, (self._bottom(term), len(row))):
                _, place = below.pop(nearest - 1)
                whole = known if not left and len(packed) == 1 else None
                packed[place] = self._added([packed[place], term], whole)
            else:
                place = len(packed)
                packed.append(term)
            if self.new.interval(packed[place].wire).lo >= 0:
                insort(below, (self._top(packed[place]), place))
        return packed

    def _bottom(self, term: Term) -> int:
        """The position of the lowest bit."""
        return self.new.interval(term.wire).exp

    def _level(self, term: Term) -> float:
        """How much logic is in front of a term, in adders of two."""
        ops = self.new.ops
        while len(self.levels) <= term.wire.op:
            op = ops[len(self.levels)]
            before = max((self.levels[w.op] for w in operands(op)), default=0)
            free = _free(op, [self.new.interval(w) for w in operands(op)])
            self.levels.append(before + (0 if free else log2(len(summands(op)) or 2)))
        return self.levels[term.wire.op]

    def _top(self, term: Term) -> int:
        """The position above the highest bit."""
        return self.new.interval(term.wire).top

    def _added(self, group: Sequence[Term], known: Interval | None) -> Term:
        """One operation for the group; negative if all of it is."""
        sign = max(term.sign for term in group)
        a, *others = sorted((Term(w, s * sign) for w, s in group), key=lambda t: -t.sign)
        form = self.forms.of(a.wire)
        for wire, s in others:
            form = form.plus(self.forms.of(wire).times(s, 0))
        interval = self.forms.interval(form)
        if known is not None and sign > 0:
            interval = interval.narrowed(known)
        match others:
            case [Term(b, s)]:
                wire = (
                    self.new.add(a.wire, b, interval)
                    if s > 0
                    else self.new.sub(a.wire, b, interval)
                )
            case [Term(b, sign_b), Term(c, sign_c)]:
                wire = self.new.ternary(a.wire, b, c, sign_b, sign_c, interval)
            case _:
                raise AssertionError(others)
        return Term(wire, sign)


def _free(op: Op, given: Sequence[Interval]) -> bool:
    """Whether an operation only picks bits, or puts them side by side."""
    match op:
        case Add():
            low, high = sorted(given, key=lambda r: r.exp)
            return low.lo >= 0 and low.top <= high.exp
        case Input() | Round(_, Rounding.FLOOR):
            return True
        case Limit(_, Overflow.WRAP, lo, hi):
            size = hi - lo + 1
            return size & size - 1 == 0 and lo in (0, -size >> 1)
        case _:
            return not operands(op)

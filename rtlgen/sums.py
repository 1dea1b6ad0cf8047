"""Variables of a plan in the making, and trees that add what is left of the outputs."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

from rtlgen.plan import Step, Term
from sim.rounding import Interval


class Variables:
    """The inputs and the sums so far, with what decides which of them to add next."""

    def __init__(self, inputs: Sequence[Interval]) -> None:
        self.steps: list[Step] = []
        self.intervals: list[Interval] = []
        self.bottoms: list[int] = []
        """The position of the lowest bit."""
        self.tops: list[int] = []
        """The position above the highest bit."""
        self.depths: list[int] = []
        for interval in inputs:
            self._append(interval, 0)

    def add(self, step: Step) -> int:
        """Append a sum; its interval is not the tightest, but good enough to decide by."""
        a, b, shift, sign = step
        x = self.intervals[a].scaled(max(-shift, 0))
        y = self.intervals[b].scaled(max(shift, 0))
        exp = min(x.exp, y.exp)
        x, y = x.at(exp), y.at(exp)
        lo, hi = (y.lo, y.hi) if sign > 0 else (-y.hi, -y.lo)
        self.steps.append(step)
        depth = 1 + max(self.depths[a], self.depths[b])
        return self._append(Interval(x.lo + lo, x.hi + hi, exp), depth)

    def overlap(self, a: int, b: int, shift: int) -> int:
        """How many bits two terms have in common: those that an adder is spent on."""
        low = max(self.bottoms[a], self.bottoms[b] + shift)
        high = min(self.tops[a], self.tops[b] + shift)
        return max(1, high - low)

    def _append(self, interval: Interval, depth: int) -> int:
        self.intervals.append(interval)
        self.bottoms.append(interval.exp)
        self.tops.append(interval.exp + interval.width)
        self.depths.append(depth)
        return len(self.depths) - 1


def sum_up(variables: Variables, outputs: Sequence[Sequence[Term]]) -> list[Term]:
    """Add the terms of each output, none deeper than the deepest has to be."""
    least = max((_weight(variables, terms) for terms in outputs), default=1)
    budget = 1 << (least - 1).bit_length()
    return [_tree(variables, terms, budget) for terms in outputs]


def _weight(variables: Variables, terms: Sequence[Term]) -> int:
    """Terms can be summed up in ``n`` levels if this is at most ``2**n`` (Kraft, 1949)."""
    return sum(1 << variables.depths[term.variable] for term in terms)


def _tree(variables: Variables, terms: Sequence[Term], budget: int) -> Term:
    """Add the narrowest two first, as long as the rest still fits into the depth."""

    def ranked(term: Term) -> tuple[int, Term]:
        return variables.tops[term.variable] + term.shift, term

    row = sorted(map(ranked, terms))
    spare = budget - _weight(variables, terms)
    while len(row) > 1:
        i, j, loss = _affordable([1 << variables.depths[t.variable] for _, t in row], spare)
        b, a = row.pop(j)[1], row.pop(i)[1]
        insort(row, ranked(_added(variables, a, b)))
        spare -= loss
    return row[0][1]


def _affordable(weights: Sequence[int], spare: int) -> tuple[int, int, int]:
    """The first two terms that may be added, and by how much that raises the weight of all."""
    for j, weight in enumerate(weights):
        for i in range(j - 1, -1, -1):
            if (loss := abs(weight - weights[i])) <= spare:
                return i, j, loss
    raise AssertionError("the two shallowest terms always fit")


def _added(variables: Variables, a: Term, b: Term) -> Term:
    """A difference is taken such that it is positive; only two negatives give a negative."""
    first, second = (a, b) if a.sign >= b.sign else (b, a)
    shift, sign = second.shift - first.shift, first.sign * second.sign
    sum_ = variables.add(Step(first.variable, second.variable, shift, sign))
    return Term(sum_, min(a.shift, b.shift), first.sign)

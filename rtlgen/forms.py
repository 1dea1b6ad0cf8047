"""Linear forms: what a sum is as a weighted sum of values that are no sums themselves.

The interval of a form is exact where that of a sum of two intervals is not: ``(x + y) - x`` is
as narrow as ``y``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from rtlgen.builder import Builder
from rtlgen.operations import Wire, summands
from sim.rounding import Interval


@dataclass(frozen=True)
class Form:
    """``2**exp`` times the sum of whole weights times the values of operations."""

    exp: int
    weights: dict[int, int]

    def times(self, sign: int, shift: int) -> Form:
        return Form(self.exp + shift, {i: sign * w for i, w in self.weights.items()})

    def plus(self, other: Form) -> Form:
        exp = min(self.exp, other.exp)
        weights = {i: w << self.exp - exp for i, w in self.weights.items()}
        for i, w in other.weights.items():
            weights[i] = weights.get(i, 0) + (w << other.exp - exp)
        return Form(exp, weights)


class Forms:
    """The forms of a graph in the making."""

    def __init__(self, flow: Builder) -> None:
        self._flow = flow
        self._known: dict[int, Form] = {}

    def of(self, wire: Wire) -> Form:
        """The form of a wire; of an operation that is no sum, itself."""
        return self._of(wire.op).times(1, wire.shift)

    def interval(self, form: Form) -> Interval:
        """The smallest and the largest value, if those of the operations are independent."""
        used = [(w, self._flow.intervals[i]) for i, w in form.weights.items() if w]
        exp = min((r.exp for _, r in used), default=0)
        ends = [(w * r.lo << r.exp - exp, w * r.hi << r.exp - exp) for w, r in used]
        return Interval(sum(map(min, ends)), sum(map(max, ends)), form.exp + exp)

    def _of(self, i: int) -> Form:
        if i not in self._known:
            parts = [self.of(wire).times(sign, 0) for wire, sign in summands(self._flow.ops[i])]
            self._known[i] = reduce(Form.plus, parts) if parts else Form(0, {i: 1})
        return self._known[i]

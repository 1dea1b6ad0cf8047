"""Several nodes of the graph for one of the model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from kernels.base import OnnxNode, Operator
from kernels.quant import Quantize
from kernels.table import Table
from rtlgen.draft import Draft
from rtlgen.rationals import objects
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding


@dataclass(frozen=True)
class Emission:
    """Appends nodes that have the name of one of the model; values are called after its result."""

    draft: Draft
    node: OnnxNode

    def of(self, op: Operator, *inputs: str, what: str) -> str:
        """``op(*inputs)``; the name that its result got."""
        output = self.draft.unused(f"{self.node.outputs[0]}.{what}")
        self.draft.emit(op, inputs, (output,), self.node.name)
        return output

    def moved(self, op: Operator, x: str, what: str) -> str:
        """``op(x)``; the value itself, if that moves nothing."""
        order = np.arange(Intervals.of(self.draft.arrays[x]).size)
        order = order.reshape(self.draft.arrays[x].shape)
        moved = op.forward(Fixed.constant(order)).codes[0]
        return x if np.array_equal(moved, order) else self.of(op, x, what=what)

    def hull(self, name: str) -> Interval:
        """What holds every element of a value, in the finest step of all."""
        type_ = Intervals.of(self.draft.arrays[name])
        steps = type_.exp[~type_.zero]
        exp = int(steps.min(initial=steps.max(initial=0)))
        lo, hi = type_.at(np.full(type_.shape, exp))
        return Interval(int(lo.min()), int(hi.max()), exp)

    def cut(
        self,
        name: str,
        to: Interval,
        what: str,
        rounding: Rounding = Rounding.FLOOR,
        overflow: Overflow = Overflow.WRAP,
    ) -> str:
        """Rounded to a step and brought into a range; by default some bits of it, as they are."""
        return self.of(Quantize(Intervals.full((), to), rounding, overflow), name, what=what)

    def rounded(self, name: str, exp: int, what: str) -> str:
        """To the nearest multiple of ``2**exp``, ties up; the same value if it is one already."""
        lo, hi, own = self.hull(name)
        if own >= exp:
            return name
        low, high = (int(Rounding.HALF_UP.shift(end, exp - own)) for end in (lo, hi))
        to = Interval(low, high, exp)
        return self.cut(name, to, what, Rounding.HALF_UP, Overflow.SATURATE)

    def table(
        self, name: str, numbers: Iterable[Fraction], exp: int, domain: Interval, what: str
    ) -> str:
        """A table of numbers, each rounded to the nearest multiple of ``2**exp``."""
        half = Fraction(1, 2)
        codes = objects((x / Fraction(2) ** exp + half).__floor__() for x in numbers)
        return self.of(Table(Fixed.constant(codes, exp), domain), name, what=what)

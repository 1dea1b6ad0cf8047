"""When the bits of a result are there, after those of its operands; in whole picoseconds.

A carry runs from the lowest bit to the highest, and that of the next sum runs right behind it. So
two times are kept of every value, those of its lowest and of its highest bit; a bit between them
is there when the carry from it to the highest bit still has to run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, assert_never

from rtlgen.cost import carries_from, cost
from rtlgen.dataflow import (
    Add,
    Compare,
    Const,
    Input,
    Limit,
    Lookup,
    Max,
    Min,
    Mul,
    Mux,
    Op,
    Round,
    Sub,
    Ternary,
)
from rtlgen.targets import Target
from sim.rounding import Interval, Rounding

NEVER = -(1 << 60)
"""Added to a time, it is no later than any other."""
_SIGN_BLIND = {
    Rounding.CEIL,
    Rounding.HALF_UP,
    Rounding.HALF_DOWN,
    Rounding.HALF_EVEN,
    Rounding.HALF_ODD,
}
"""Roundings that need no high bit to know the low ones."""


class Delay(NamedTuple):
    """From an operand to a result, each with the times of its lowest and its highest bit."""

    low_low: int
    low_high: int
    high_low: int
    high_high: int

    def reversed(self) -> Delay:
        """The same delays, seen from the end of a path."""
        return Delay(self.low_low, self.high_low, self.low_high, self.high_high)

    def scaled(self, percent: int) -> Delay:
        """So many percent of the delays, rounded up."""
        return Delay(*(max(NEVER, -(-delay * percent // 100)) for delay in self))


def delays(op: Op, r: Interval, given: Sequence[Interval], target: Target) -> tuple[Delay, ...]:
    """The delay from each operand, in ``given``, to the result of ``op``, in ``r``."""
    total = round(1000 * cost(op, r, given, target).delay_ns)
    if total == 0:
        return tuple(_wired(r, x, target) for x in given)
    match op:
        case Sub():
            start, inverted = carries_from(op, given), target.inverted_luts * target.level_ns
            totals = (total - round(1000 * inverted), total)
            pairs = zip(totals, given, strict=True)
            return tuple(_carried(whole, start, r, x, target) for whole, x in pairs)
        case Add() | Ternary():
            start = carries_from(op, given)
            return tuple(_carried(total, start, r, x, target) for x in given)
        case Round(_, rounding) if rounding in _SIGN_BLIND:
            return (_carried(total, r.exp, r, given[0], target),)
        case Max() | Min() | Compare() | Mux() | Mul() | Limit() | Lookup() | Round():
            return (Delay(total, total, total, total),) * len(given)
        case Input() | Const():
            return ()
        case _:
            assert_never(op)


def _wired(r: Interval, x: Interval, target: Target) -> Delay:
    """Bits that are left out at either end were not waited for."""
    low = _run(x.top - 1, r.exp, target) if x.exp < r.exp else NEVER
    return Delay(0, 0, low, min(0, _run(x.top, r.top, target)))


def _carried(total: int, start: int, r: Interval, x: Interval, target: Target) -> Delay:
    """Through a chain from ``start`` to the top, which takes ``total`` from end to end."""
    entry = total - _run(start, r.top, target)
    return Delay(
        entry if x.exp <= start else NEVER,
        entry + _run(max(start, x.exp), r.top, target),
        entry + _run(x.top - 1, start, target) if x.exp < start else NEVER,
        entry + _run(x.top, r.top, target),
    )


def _run(start: int, end: int, target: Target) -> int:
    """A carry from one bit to another; less than zero, by how much a lower one is earlier."""
    return round(1000 * (end - start) * target.carry_ns)

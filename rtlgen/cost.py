"""What one operation takes on a part: LUTs and nanoseconds.

Counts LUTs as Yosys maps them (``benchmarks/calibrate_cost.py`` holds the two side by side).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import assert_never

from rtlgen.dataflow import (
    Add,
    Compare,
    Const,
    Dataflow,
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
    operands,
)
from rtlgen.demand import needed_tops
from rtlgen.lookup_cost import lookup
from rtlgen.resources import FREE, Cost, chain, per_bit, tree
from rtlgen.targets import Target
from sim.rounding import Interval, Overflow, Rounding


def cost(op: Op, r: Interval, given: Sequence[Interval], target: Target) -> Cost:
    """What it takes to compute ``op``, with its result in ``r``, from operands in ``given``."""
    match op:
        case Input() | Const():
            return FREE
        case Add() | Sub():
            a, b = given
            return _sum(r, a, b, isinstance(op, Sub), target)
        case Ternary(_, _, _, sign_b, sign_c):
            return _ternary(r, given, (1, sign_b, sign_c), target)
        case Mul():
            a, b = given
            return _product(a, b, target)
        case Max() | Min():
            a, b = given
            return _chosen(a, b, r, target)
        case Compare():
            a, b = given
            return _compared(a, b, target)
        case Mux():
            return per_bit(r, target)
        case Round(_, rounding):
            return _rounded(r.exp - given[0].exp, r, rounding, target)
        case Limit(_, overflow, lo, hi):
            return _limited(given[0].at(r.exp), Interval(lo, hi, r.exp), r, overflow, target)
        case Lookup(_, lo, table):
            return lookup(given[0].width, lo, table, target)
        case _:
            assert_never(op)


def costs(flow: Dataflow, target: Target) -> list[Cost]:
    """What each operation of a graph takes; a sum, for the bits that somebody reads."""
    found = []
    for op, r, top in zip(flow.ops, flow.intervals, needed_tops(flow), strict=True):
        width = max(1, top - r.exp)
        kept = Interval(0, (1 << width) - 1, r.exp) if width < r.width else r
        given = [flow.interval(wire) for wire in operands(op)]
        found.append(cost(op, kept if isinstance(op, Add | Sub | Ternary) else r, given, target))
    return found


def luts(flow: Dataflow, target: Target) -> int:
    """What all operations of a graph take, whether an output depends on them or not."""
    return sum(taken.luts for taken in costs(flow, target))


# -- operations -------------------------------------------------------------------------------


def carries_from(op: Add | Sub | Ternary, given: Sequence[Interval]) -> int:
    """The position of the lowest bit of the carry chain; those below pass beside it."""
    match op:
        case Add():
            return _start(given, (1, 1))
        case Sub():
            return _start(given, (1, -1))
        case Ternary(_, _, _, sign_b, sign_c):
            return _start(given, (1, sign_b, sign_c))
        case _:
            assert_never(op)


def _start(terms: Sequence[Interval], signs: Sequence[int]) -> int:
    """Where the second term begins, for there two meet, or the first one if it is subtracted."""
    (first, sign), (second, _), *_ = sorted(zip((t.exp for t in terms), signs, strict=True))
    return second if sign > 0 else first


def _sum(r: Interval, a: Interval, b: Interval, minus: bool, target: Target) -> Cost:
    """Bits below both operands' are free, and so are those of the minuend below the other's."""
    fine, coarse = (a, b) if a.exp <= b.exp else (b, a)
    if not minus and fine.top <= coarse.exp and fine.lo >= 0:
        return FREE
    start = _start((a, b), (1, -1 if minus else 1))
    bits = max(0, r.top - start)
    inverted = _inverted(min(b.width, bits), target) if minus else FREE
    return inverted + chain(bits, max(0, min(bits, _busy(a, b, minus, start))), target)


def _ternary(r: Interval, terms: Sequence[Interval], signs: Sequence[int], target: Target) -> Cost:
    """A LUT for each bit in which two terms meet, which feeds the carry chain of the next bit."""
    start = _start(terms, signs)
    once = chain(r.top - start, r.top - start, target)
    return Cost(once.luts * target.ternary_luts, target.level_ns + once.delay_ns)


def _inverted(bits: int, target: Target) -> Cost:
    """What is subtracted, in front of a chain that takes bits as they are."""
    return Cost(bits * target.inverted_luts, target.inverted_luts * target.level_ns)


def _busy(a: Interval, b: Interval, minus: bool, start: int) -> int:
    """Bits in which two operands meet, or one is inverted; in the others one passes."""
    if a.lo == a.hi or b.lo == b.hi:
        constant, other = (a, b) if a.lo == a.hi else (b, a)
        ones = constant.lo & (1 << max(0, other.top - constant.exp)) - 1
        return other.width if minus and other is b else ones.bit_count()
    end = max(a.top, b.top)
    if minus and a.lo >= 0 and b.lo >= 0:
        return end - start
    return min(end if x.signed else x.top for x in (a, b)) - start


def _product(a: Interval, b: Interval, target: Target) -> Cost:
    """LUTs alone; a synthesizer that takes a DSP block instead needs none of them."""
    few, many = sorted((a.width, b.width))
    levels = max(1, (few - 1).bit_length())
    return Cost(2 * few * many, levels * chain(few + many, 0, target).delay_ns)


def _chosen(a: Interval, b: Interval, r: Interval, target: Target) -> Cost:
    """A LUT per bit sees both numbers whole, or what a comparison says of them."""
    if a.lo < a.hi and b.lo < b.hi and a.width + b.width <= target.lut_inputs:
        return per_bit(r, target)
    return _compared(a, b, target) + per_bit(r, target)


def _compared(a: Interval, b: Interval, target: Target) -> Cost:
    exp = min(a.exp, b.exp)
    x, y = a.at(exp), b.at(exp)
    if x.lo == x.hi:
        return _at_least(y, x.lo + 1, target)
    if y.lo == y.hi:
        return _at_least(x, y.lo, target)
    if a.width + b.width <= target.lut_inputs:
        return Cost(1, target.level_ns)
    bits = max(x.width, y.width)
    whole = chain(bits, ceil(bits / target.compared_bits), target)
    return _inverted(y.width, target) + whole


def _at_least(x: Interval, bound: int, target: Target) -> Cost:
    """Zero and powers of two need the sign and the bits from theirs up; others all bits."""
    if bound == 0:
        return FREE
    zeros = (bound & -bound).bit_length() - 1
    bits = x.width - zeros
    if abs(bound) == 1 << zeros or not target.chain_cell:
        return tree(bits, target)
    return chain(bits, bits, target)


def _rounded(drop: int, r: Interval, rounding: Rounding, target: Target) -> Cost:
    """The bits that are lost decide whether one is added to the rest."""
    match rounding:
        case Rounding.FLOOR:
            return FREE
        case Rounding.HALF_UP:
            inputs = 1
        case Rounding.CEIL | Rounding.HALF_DOWN:
            inputs = drop
        case (
            Rounding.TO_ZERO
            | Rounding.AWAY_FROM_ZERO
            | Rounding.HALF_TO_ZERO
            | Rounding.HALF_AWAY_FROM_ZERO
            | Rounding.HALF_EVEN
            | Rounding.HALF_ODD
        ):
            inputs = drop + 1
        case _:
            assert_never(rounding)
    return tree(inputs, target) + chain(r.width, 0, target)


def _limited(x: Interval, to: Interval, r: Interval, overflow: Overflow, target: Target) -> Cost:
    size = to.hi - to.lo + 1
    plain = size & size - 1 == 0 and to.lo in (0, -size >> 1)
    match overflow:
        case Overflow.WRAP if plain:
            return FREE
        case Overflow.REFLECT if plain:
            return per_bit(r, target)
        case Overflow.WRAP:
            return _modulo(x, size, target)
        case Overflow.REFLECT:
            return _modulo(x, 2 * size, target) + per_bit(r, target)
        case Overflow.SATURATE | Overflow.SATURATE_TO_ZERO:
            return _clipped(x, to, r, target)
        case _:
            assert_never(overflow)


def _clipped(x: Interval, to: Interval, r: Interval, target: Target) -> Cost:
    """A LUT per bit sees the sign and the bits that are lost, or a summary of them."""
    checks = [_at_least(x, to.hi + 1, target)] * (x.hi > to.hi)
    checks += [_at_least(x, to.lo, target)] * (x.lo < to.lo)
    lost = x.width - r.width
    if lost + 2 <= target.lut_inputs and _power(-to.lo) and _power(to.hi + 1):
        return per_bit(r, target)
    slowest = max(check.delay_ns for check in checks)
    return Cost(sum(check.luts for check in checks), slowest) + per_bit(r, target)


def _power(n: int) -> bool:
    """Zero or a power of two."""
    return n >= 0 and n & n - 1 == 0


def _modulo(x: Interval, size: int, target: Target) -> Cost:
    """A long division: compare and subtract multiples of the size, the largest first."""
    steps = ((x.hi - x.lo) // size).bit_length()
    total = chain(x.width, 0, target)
    for i in range(steps):
        width = ((size << i + 1) - 1).bit_length()
        total += Cost(width, chain(width, width, target).delay_ns + target.level_ns)
    return total

"""What one operation takes on a part: LUTs and nanoseconds.

Counts LUTs as Yosys maps them (``benchmarks/calibrate_cost.py`` holds the two side by side). Two
resources make everything: a carry chain, one LUT for each bit, and trees of LUTs.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, log
from typing import NamedTuple, assert_never

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
)
from rtlgen.targets import Target
from sim.rounding import Interval, Overflow, Rounding


class Cost(NamedTuple):
    luts: int
    delay_ns: float

    def __add__(self, other: Cost) -> Cost:  # type: ignore[override]  # one after the other
        return Cost(self.luts + other.luts, self.delay_ns + other.delay_ns)


FREE = Cost(0, 0.0)


def cost(op: Op, r: Interval, given: Sequence[Interval], target: Target) -> Cost:
    """What it takes to compute ``op``, with its result in ``r``, from operands in ``given``."""
    match op:
        case Input() | Const():
            return FREE
        case Add() | Sub():
            a, b = given
            return _sum(r, a, b, isinstance(op, Sub), target)
        case Mul():
            a, b = given
            return _product(a, b, target)
        case Max() | Min():
            a, b = given
            return _compared(a, b, target) + _per_bit(r, target)
        case Compare():
            a, b = given
            return _compared(a, b, target)
        case Mux():
            return _per_bit(r, target)
        case Round(_, rounding):
            return _rounded(r.exp - given[0].exp, r, rounding, target)
        case Limit(_, overflow, lo, hi):
            return _limited(given[0].at(r.exp), Interval(lo, hi, r.exp), r, overflow, target)
        case Lookup(_, lo, table):
            return _table(given[0].width, lo, table, target)
        case _:
            assert_never(op)


# -- the two resources --------------------------------------------------------------------------


def _chain(bits: int, logic: int, target: Target) -> Cost:
    """A carry chain over so many bits, in some of which a LUT has more to do than to pass one."""
    cells = -(-bits // target.chain_cell) * target.chain_cell if target.chain_cell else logic
    return Cost(cells, target.level_ns + target.chain_ns + bits * target.carry_ns)


def _tree(inputs: int, target: Target) -> Cost:
    """One bit out of many."""
    if inputs < 2:
        return FREE
    levels = ceil(log(inputs, target.lut_inputs) - 1e-9)
    return Cost(ceil((inputs - 1) / (target.lut_inputs - 1)), levels * target.level_ns)


def _per_bit(r: Interval, target: Target) -> Cost:
    """A LUT for each bit of the result."""
    return Cost(r.width, target.level_ns)


# -- operations -------------------------------------------------------------------------------


def _top(r: Interval) -> int:
    """The position of the bit above the highest."""
    return r.exp + r.width


def _sum(r: Interval, a: Interval, b: Interval, minus: bool, target: Target) -> Cost:
    """Bits below both operands' are free, and so are those of the minuend below the other's."""
    fine, coarse = (a, b) if a.exp <= b.exp else (b, a)
    if not minus and _top(fine) <= coarse.exp and fine.lo >= 0:
        return FREE
    start = fine.exp if minus and fine is b else coarse.exp
    return _chain(_top(r) - start, max(0, _busy(a, b, minus, start)), target)


def _busy(a: Interval, b: Interval, minus: bool, start: int) -> int:
    """Bits in which two operands meet, or one is inverted; in the others one passes."""
    if a.lo == a.hi or b.lo == b.hi:
        constant, other = (a, b) if a.lo == a.hi else (b, a)
        ones = constant.lo & (1 << max(0, _top(other) - constant.exp)) - 1
        return other.width if minus and other is b else ones.bit_count()
    end = max(_top(a), _top(b))
    if minus and a.lo >= 0 and b.lo >= 0:
        return end - start
    return min(end if x.signed else _top(x) for x in (a, b)) - start


def _product(a: Interval, b: Interval, target: Target) -> Cost:
    """LUTs alone; a synthesizer that takes a DSP block instead needs none of them."""
    few, many = sorted((a.width, b.width))
    levels = max(1, (few - 1).bit_length())
    return Cost(2 * few * many, levels * _chain(few + many, 0, target).delay_ns)


def _compared(a: Interval, b: Interval, target: Target) -> Cost:
    exp = min(a.exp, b.exp)
    x, y = a.at(exp), b.at(exp)
    if x.lo == x.hi:
        return _at_least(y, x.lo + 1, target)
    if y.lo == y.hi:
        return _at_least(x, y.lo, target)
    bits = max(x.width, y.width)
    return _chain(bits, ceil(bits / target.compared_bits), target)


def _at_least(x: Interval, bound: int, target: Target) -> Cost:
    """Zero and powers of two need the sign and the bits from theirs up; others all bits."""
    if bound == 0:
        return FREE
    zeros = (bound & -bound).bit_length() - 1
    bits = x.width - zeros
    if abs(bound) == 1 << zeros or not target.chain_cell:
        return _tree(bits, target)
    return _chain(bits, bits, target)


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
    return _tree(inputs, target) + _chain(r.width, 0, target)


def _limited(x: Interval, to: Interval, r: Interval, overflow: Overflow, target: Target) -> Cost:
    size = to.hi - to.lo + 1
    plain = size & size - 1 == 0 and to.lo in (0, -size >> 1)
    match overflow:
        case Overflow.WRAP if plain:
            return FREE
        case Overflow.REFLECT if plain:
            return _per_bit(r, target)
        case Overflow.WRAP:
            return _modulo(x, size, target)
        case Overflow.REFLECT:
            return _modulo(x, 2 * size, target) + _per_bit(r, target)
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
        return _per_bit(r, target)
    slowest = max(check.delay_ns for check in checks)
    return Cost(sum(check.luts for check in checks), slowest) + _per_bit(r, target)


def _power(n: int) -> bool:
    """Zero or a power of two."""
    return n >= 0 and n & n - 1 == 0


def _modulo(x: Interval, size: int, target: Target) -> Cost:
    """A long division: compare and subtract multiples of the size, the largest first."""
    steps = ((x.hi - x.lo) // size).bit_length()
    total = _chain(x.width, 0, target)
    for i in range(steps):
        width = ((size << i + 1) - 1).bit_length()
        total += Cost(width, _chain(width, width, target).delay_ns + target.level_ns)
    return total


def _table(bits: int, lo: int, table: tuple[int, ...], target: Target) -> Cost:
    """A LUT for each different function of the lower inputs, and multiplexers between them."""
    if bits <= target.lut_inputs:
        different = {column for column in _columns(bits, lo, table) if len(set(column)) > 1}
        return Cost(len(different), target.level_ns)
    joined = 2 if target.lut_inputs >= 6 else 1  # select inputs of a multiplexer in one LUT
    luts, size, levels = 0, target.lut_inputs, 1
    columns = _columns(bits, lo, table)
    while True:
        luts += len(_blocks(columns, 1 << size))
        if size >= bits:
            return Cost(luts, levels * target.level_ns)
        size, levels = size + joined, levels + 1


def _columns(bits: int, lo: int, table: tuple[int, ...]) -> list[bytes]:
    """The truth table of each output, over all codes of so many bits; those not used are zero."""
    mask = (1 << bits) - 1
    columns = []
    for k in range(max((entry if entry >= 0 else ~entry) for entry in table).bit_length() + 1):
        column = bytearray(1 << bits)
        for code, entry in enumerate(table, lo):
            column[code & mask] = entry >> k & 1
        columns.append(bytes(column))
    return columns


def _blocks(columns: list[bytes], size: int) -> set[bytes]:
    """The different blocks of a size that are not constant."""
    blocks = {column[i : i + size] for column in columns for i in range(0, len(column), size)}
    return {block for block in blocks if 0 in block and 1 in block}

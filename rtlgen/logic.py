"""Numbers as Amaranth values: signed or unsigned, and always wide enough.

Every function has the meaning that ``dataflow.evaluate`` gives to an operation; it is written so
that a synthesizer finds the cheap form: a comparison with a power of two looks at a few bits alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

from amaranth.hdl import Cat, Module, Mux, Shape, Signal, Value
from amaranth.hdl import Const as Literal

from rtlgen.cofactors import SELECTS, expansion, filled, function_of
from sim.rounding import Interval, Overflow, Rounding

BLOCK = 6
"""Inputs of the widest LUT."""

Naming = Callable[[Value], Value]
"""Makes a wire of a value that is read more than once, for Amaranth would repeat it."""


def shape(r: Interval) -> Shape:
    """What holds every code; at least a bit, for Verilog reads ``[-1:0]`` as two."""
    return Shape(max(1, r.width), r.signed)


def _signed(x: Value) -> bool:
    return bool(x.shape().signed)


def _sign(x: Value) -> Value:
    return x[-1] if _signed(x) else Literal(0, 1)


def trimmed(x: Value, r: Interval) -> Value:
    """The same number, which lies in ``r``, without the bits that ``r`` does not need."""
    to = shape(r)
    if len(x) < to.width or x.shape() == to:
        return x
    return x[: to.width].as_signed() if to.signed else x[: to.width]


def resized(x: Value, width: int) -> Value:
    """The lower bits of a number, which has as many as are asked for."""
    missing = width - len(x)
    return Cat(x, *[_sign(x)] * missing) if missing > 0 else x[:width]


def finer(x: Value, by: int) -> Value:
    return x.shift_left(by) if by else x


def split(x: Value, at: int) -> tuple[Value, Value]:
    """The lower ``at`` bits, unsigned, and the number above them."""
    if at == 0:
        return x[:0], x
    missing = at - len(x)
    low = x[:at] if missing <= 0 else Cat(x, _sign(x).replicate(missing))
    return low, x.shift_right(at)


def joined(low: Value, high: Value) -> Value:
    if not len(low):
        return high
    both = Cat(low, high)
    return both.as_signed() if _signed(high) else both


def at_least(x: Value, y: Value) -> Value:
    """One where ``x >= y``; beside zero and powers of two without a subtraction."""
    if isinstance(x, Literal) and not isinstance(y, Literal):
        return ~at_least(y, Literal(x.value + 1))
    if not isinstance(y, Literal):
        return x >= y
    size = abs(y.value)
    body = x[:-1] if _signed(x) else x
    if size == 0:
        return ~_sign(x)
    if size & size - 1 or size.bit_length() > len(body):
        return x >= y
    top = body[size.bit_length() - 1 :]
    return ~_sign(x) & top.any() if y.value > 0 else ~_sign(x) | top.all()


def rounded(x: Value, drop: int, rounding: Rounding) -> Value:
    """``rounding.shift(x, drop)``: what is left of ``x``, plus one where it rounds up."""
    lost, kept = split(x, drop)
    half, rest = lost[-1], lost[:-1].any() if drop > 1 else Literal(0, 1)
    odd = kept[0] if len(kept) else Literal(0, 1)
    match rounding:
        case Rounding.FLOOR:
            return kept
        case Rounding.CEIL:
            return kept + lost.any()
        case Rounding.TO_ZERO:
            return kept + (lost.any() & _sign(x))
        case Rounding.AWAY_FROM_ZERO:
            return kept + (lost.any() & ~_sign(x))
        case Rounding.HALF_UP:
            return kept + half
        case Rounding.HALF_DOWN:
            return kept + (half & rest)
        case Rounding.HALF_TO_ZERO:
            return kept + (half & (rest | _sign(x)))
        case Rounding.HALF_AWAY_FROM_ZERO:
            return kept + (half & (rest | ~_sign(x)))
        case Rounding.HALF_EVEN:
            return kept + (half & (rest | odd))
        case Rounding.HALF_ODD:
            return kept + (half & (rest | ~odd))
        case _:
            assert_never(rounding)


def limited(x: Value, r: Interval, overflow: Overflow, to: Interval, named: Naming) -> Value:
    """``overflow.limit(x, to.lo, to.hi)`` for an ``x`` in ``r``."""
    match overflow:
        case Overflow.WRAP:
            return _wrap(x, r, to, named)
        case Overflow.REFLECT:
            return _reflect(x, r, to, named)
        case Overflow.SATURATE:
            below, above = Literal(to.lo), Literal(to.hi)
        case Overflow.SATURATE_TO_ZERO:
            below = above = Literal(0)
        case _:
            assert_never(overflow)
    fits = trimmed(x, to)
    if r.hi > to.hi:
        fits = Mux(at_least(x, Literal(to.hi + 1)), above, fits)
    return Mux(at_least(x, Literal(to.lo)), fits, below) if r.lo < to.lo else fits


def _wrap(x: Value, r: Interval, to: Interval, named: Naming) -> Value:
    size = to.hi - to.lo + 1
    if size & size - 1:
        return _modulo(x, r, to.lo, size, named)
    offset = 0 if to.lo in (0, -size >> 1) else to.lo
    low, _ = split(x - offset if offset else x, size.bit_length() - 1)
    return low + offset if offset else low.as_signed() if to.lo < 0 else low


def _reflect(x: Value, r: Interval, to: Interval, named: Naming) -> Value:
    size = to.hi - to.lo + 1
    if size & size - 1 or to.lo not in (0, -size >> 1):
        back = named(_modulo(x, r, to.lo, 2 * size, named))
        return Mux(at_least(back, Literal(to.hi + 1)), 2 * to.hi + 1 - back, back)
    low, _ = split(x, size.bit_length())
    turned = (low[-1] ^ low[-2] if to.lo < 0 else low[-1]).replicate(len(low) - 1)
    return (low[:-1] ^ turned).as_signed() if to.lo < 0 else low[:-1] ^ turned


def _modulo(x: Value, r: Interval, lo: int, size: int, named: Naming) -> Value:
    """The number in ``lo..lo + size - 1`` that differs from ``x`` by a multiple of ``size``."""
    start = lo + (r.lo - lo) // size * size
    top = r.hi - start
    rest = named(x - start)[: top.bit_length()]
    for i in reversed(range((top // size).bit_length())):
        step = Literal(size << i)
        top = min(top, step.value - 1)
        rest = named(Mux(at_least(rest, step), rest - step, rest))[: top.bit_length()]
    return rest + lo


def look_up(m: Module, result: Signal, x: Value, lo: int, table: tuple[int, ...]) -> None:
    """Drive ``result`` with ``table[x - lo]``."""
    if BLOCK < len(x) <= BLOCK + SELECTS:
        _chosen(m, result, x.as_unsigned(), filled(len(x), lo, table))
        return
    codes: dict[int, list[int]] = {}
    for code, entry in enumerate(table, lo):
        codes.setdefault(entry, []).append(code & (1 << len(x)) - 1)
    *others, usual = sorted(codes, key=lambda entry: len(codes[entry]))
    with m.Switch(x.as_unsigned()):
        for entry in others:
            with m.Case(*codes[entry]):
                m.d.comb += result.eq(entry)
        with m.Default():
            m.d.comb += result.eq(usual)


def _chosen(m: Module, result: Signal, x: Value, entries: Sequence[int]) -> None:
    """Bit by bit from functions of few inputs, which a synthesizer does not find by itself."""
    made: dict[tuple[tuple[int, ...], int], Value] = {}
    for k, bit in enumerate(result):
        selects, others, functions = expansion(function_of(entries, k), len(x), BLOCK)
        for function in functions:
            if (block := (others, function)) not in made:
                made[block] = Signal(1, name=f"{result.name}_t{len(made)}")
                read = Literal(function, 1 << len(others)).bit_select(Cat(x[i] for i in others), 1)
                m.d.comb += made[block].eq(read)
        values = [made[others, function] for function in functions]
        for i in selects:
            pairs = zip(values[::2], values[1::2], strict=True)
            values = [zero if zero is one else Mux(x[i], one, zero) for zero, one in pairs]
        m.d.comb += bit.eq(values[0])

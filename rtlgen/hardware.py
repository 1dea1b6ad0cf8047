"""From the dataflow graph to Amaranth: a pipeline that takes one sample per clock.

Every expression below has the meaning that ``dataflow.evaluate`` gives to its operation; it is
written so that a synthesizer finds the cheap form: bits that do not take part in an addition
stay out of it, and a comparison with a power of two looks at a few bits alone.
"""

from __future__ import annotations

import operator
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, assert_never

from amaranth.hdl import Cat, Module, Mux, Shape, Signal, Value
from amaranth.hdl import Const as Literal
from amaranth.lib import data
from amaranth.lib.wiring import Component, In, Out, Signature

from rtlgen.adders import Adder, Sum, chained
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
    Round,
    Sub,
    Ternary,
    Wire,
)
from rtlgen.dataflow import Mux as Choice
from rtlgen.demand import needed_tops
from rtlgen.schedule import Schedule
from sim.manifest import Ports
from sim.rounding import Interval, Overflow, Rounding

Naming = Callable[[Value], Value]
"""Makes a wire of a value that is read more than once, for Amaranth would repeat it."""


class Pipeline(Component):
    """``flow`` as a pipeline that takes and gives one sample per clock.

    Nothing has a reset; ``valid`` travels beside the data. A sample that is at ``x`` before a
    clock edge has its result at ``y`` after ``schedule.latency`` edges, counting that one.

    Members
    -------
    x.valid, y.valid : one bit
    x.payload, y.payload : a member for each element, of its own shape, in the order given
    """

    def __init__(
        self,
        flow: Dataflow,
        schedule: Schedule,
        inputs: Sequence[str],
        outputs: Sequence[str],
        ports: Ports = Ports.PACKED,
    ) -> None:
        self.flow, self.schedule = flow, schedule
        self.inputs, self.outputs, self.ports = inputs, outputs, ports
        given = sorted(
            (op.port, r)
            for op, r in zip(flow.ops, flow.intervals, strict=True)
            if isinstance(op, Input)
        )
        assert [port for port, _ in given] == list(range(len(inputs))), "one operation per port"
        x = {name: shape(r) for name, (_, r) in zip(inputs, given, strict=True)}
        y = {n: shape(flow.intervals[w.op]) for n, w in zip(outputs, flow.outputs, strict=True)}
        super().__init__({"x": In(_bundle(x, ports)), "y": Out(_bundle(y, ports))})

    def elements(self) -> tuple[list[Value], list[Value]]:
        """The signals of all elements that come in, and of all that go out."""
        match self.ports:
            case Ports.PACKED:
                read: Callable[[Any, str], Value] = operator.getitem
            case Ports.ELEMENTS:
                read = getattr
            case _:
                assert_never(self.ports)
        x, y = self.x.payload, self.y.payload
        return [read(x, name) for name in self.inputs], [read(y, name) for name in self.outputs]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        values = _Values(m, self.flow, self.schedule)
        x, y = self.elements()
        for i, op in enumerate(self.flow.ops):
            values.define(i, x[op.port] if isinstance(op, Input) else None)
        values.add()
        for signal, wire in zip(y, self.flow.outputs, strict=True):
            m.d.comb += signal.eq(values.at(wire.op, self.schedule.latency))
        valid = self.x.valid
        for stage in range(1, self.schedule.latency + 1):
            valid, last = Signal(name=f"valid_{stage}", reset_less=True), valid
            m.d.sync += valid.eq(last)
        m.d.comb += self.y.valid.eq(valid)
        return m


def identifier(name: str) -> str:
    """What Verilog can call a thing of the model's: ``/fc1/Gemm`` is ``fc1_Gemm``."""
    plain = "_".join(re.findall(r"[0-9A-Za-z]+", name)) or "n"
    return f"n{plain}" if plain[0].isdigit() else plain


def shape(r: Interval) -> Shape:
    """What holds every code; at least a bit, for Verilog reads ``[-1:0]`` as two."""
    return Shape(max(1, r.width), r.signed)


class _Values:
    """The value of every operation, in every stage that needs it."""

    def __init__(self, m: Module, flow: Dataflow, schedule: Schedule) -> None:
        self.m, self.flow, self.schedule = m, flow, schedule
        self.known: dict[tuple[int, int], Value] = {}
        self.tops = needed_tops(flow)
        self.chained = {i: chain[0] for chain in schedule.chains for i in chain}
        self.sums: dict[int, list[Sum]] = defaultdict(list)

    def define(self, i: int, port: Value | None) -> None:
        """Take operation ``i`` from a port, or compute it from those before."""
        if not isinstance(self.flow.ops[i], Const):
            value = self.compute(i) if port is None else port
            self.known[i, self.schedule.stages[i]] = _trim(value, self.flow.intervals[i])

    def at(self, i: int, stage: int) -> Value:
        """Operation ``i`` as it is in a stage, through registers if that is a later one."""
        if isinstance(op := self.flow.ops[i], Const):
            return Literal(op.code, shape(self.flow.intervals[i]))
        for s in range(self.schedule.stages[i] + 1, stage + 1):
            if (i, s) not in self.known:
                register = Signal(
                    shape(self.flow.intervals[i]), name=f"{self.name(i)}_{s}", reset_less=True
                )
                self.m.d.sync += register.eq(self.known[i, s - 1])
                self.known[i, s] = register
        return self.known[i, stage]

    def name(self, i: int) -> str:
        return identifier(f"{self.flow.origins[i]} w{i}")

    def named(self, i: int, value: Value) -> Value:
        """A wire of its own in the Verilog: the hardware of operation ``i``."""
        wire = Signal(value.shape(), name=self.name(i))
        self.m.d.comb += wire.eq(value)
        return wire

    def sum(self, i: int, signed: Sequence[tuple[Wire, int]]) -> Value:
        """An adder for the bits in which terms meet; those below the others' pass beside it."""
        r, stage = self.flow.intervals[i], self.schedule.stages[i]
        terms = [
            (self.flow.interval(wire).exp - r.exp, -sign, self.at(wire.op, stage))
            for wire, sign in signed
        ]
        (first, minus, x), *others = sorted(terms, key=lambda term: term[:2])
        free = 0 if minus > 0 else min(at for at, *_ in others)
        low, high = _split(_finer(x, first), free)
        rest = [(-minus, _finer(y, at - free)) for at, minus, y in others]
        if not len(high) and [sign for sign, _ in rest] == [1]:
            return self.named(i, _join(low, rest[0][1]))
        parts = sorted([(-minus, high), *rest], key=lambda part: -part[0])
        width = max(1, min(shape(r).width, self.tops[i] - r.exp) - free)
        result = Signal(Shape(width, r.signed), name=self.name(i))
        terms = [_resized(y, width) for _, y in parts]
        self.sums[self.chained.get(i, i)].append(Sum(terms, [s for s, _ in parts], result))
        return _join(low, result)

    def add(self) -> None:
        """Put down the adders, which some of the sums share."""
        for i, sums in self.sums.items():
            self.m.submodules[f"{self.name(i)}_adder"] = Adder(chained(sums))

    def compute(self, i: int) -> Value:
        op, r, stage = self.flow.ops[i], self.flow.intervals[i], self.schedule.stages[i]

        def step(wire: Wire) -> int:
            return self.flow.interval(wire).exp

        def whole(wire: Wire) -> Value:
            return self.at(wire.op, stage)

        def aligned(*wires: Wire) -> list[Value]:
            exp = min([r.exp, *map(step, wires)])
            return [_finer(whole(wire), step(wire) - exp) for wire in wires]

        match op:
            case Input() | Const():
                raise AssertionError(op)
            case Add(a, b):
                return self.sum(i, [(a, 1), (b, 1)])
            case Sub(a, b):
                return self.sum(i, [(a, 1), (b, -1)])
            case Ternary(a, b, c, sign_b, sign_c):
                return self.sum(i, [(a, 1), (b, sign_b), (c, sign_c)])
            case Mul(a, b):
                return self.named(i, whole(a) * whole(b))
            case Max(a, b):
                x, y = aligned(a, b)
                return self.named(i, Mux(_at_least(x, y), x, y))
            case Min(a, b):
                x, y = aligned(a, b)
                return self.named(i, Mux(_at_least(x, y), y, x))
            case Compare(a, b):
                exp = min(step(a), step(b))
                x, y = (_finer(whole(wire), step(wire) - exp) for wire in (a, b))
                return self.named(i, _at_least(x, y))
            case Choice(condition, a, b):
                return self.named(i, Mux(whole(condition), *aligned(a, b)))
            case Round(a, rounding):
                return self.named(i, _round(whole(a), r.exp - step(a), rounding))
            case Limit(a, overflow, lo, hi):
                (x,) = aligned(a)
                given, to = self.flow.interval(a).at(r.exp), Interval(lo, hi, r.exp)
                return self.named(i, _limit(x, given, overflow, to, partial(self.named, i)))
            case Lookup(a, lo, table):
                wire = Signal(shape(r), name=self.name(i))
                _lookup(self.m, wire, whole(a), lo, table)
                return wire
            case _:
                assert_never(op)


def _bundle(elements: dict[str, Shape], ports: Ports) -> Signature:
    match ports:
        case Ports.PACKED:
            payload = Out(data.StructLayout(elements))
        case Ports.ELEMENTS:
            payload = Out(Signature({name: Out(shape) for name, shape in elements.items()}))
        case _:
            assert_never(ports)
    return Signature({"payload": payload, "valid": Out(1)})


# -- numbers as Amaranth values: signed or unsigned, and always wide enough -------------------


def _signed(x: Value) -> bool:
    return bool(x.shape().signed)


def _sign(x: Value) -> Value:
    return x[-1] if _signed(x) else Literal(0, 1)


def _trim(x: Value, r: Interval) -> Value:
    """The same number, which lies in ``r``, without the bits that ``r`` does not need."""
    to = shape(r)
    if len(x) < to.width or x.shape() == to:
        return x
    return x[: to.width].as_signed() if to.signed else x[: to.width]


def _resized(x: Value, width: int) -> Value:
    """The lower bits of a number, which has as many as are asked for."""
    return Cat(x, _sign(x).replicate(width - len(x))) if len(x) < width else x[:width]


def _finer(x: Value, by: int) -> Value:
    return x.shift_left(by) if by else x


def _split(x: Value, at: int) -> tuple[Value, Value]:
    """The lower ``at`` bits, unsigned, and the number above them."""
    if at == 0:
        return x[:0], x
    missing = at - len(x)
    low = x[:at] if missing <= 0 else Cat(x, _sign(x).replicate(missing))
    return low, x.shift_right(at)


def _join(low: Value, high: Value) -> Value:
    if not len(low):
        return high
    both = Cat(low, high)
    return both.as_signed() if _signed(high) else both


def _at_least(x: Value, y: Value) -> Value:
    """One where ``x >= y``; beside zero and powers of two without a subtraction."""
    if isinstance(x, Literal) and not isinstance(y, Literal):
        return ~_at_least(y, Literal(x.value + 1))
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


def _round(x: Value, drop: int, rounding: Rounding) -> Value:
    """``rounding.shift(x, drop)``: what is left of ``x``, plus one where it rounds up."""
    lost, kept = _split(x, drop)
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


def _limit(x: Value, r: Interval, overflow: Overflow, to: Interval, named: Naming) -> Value:
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
    fits = _trim(x, to)
    if r.hi > to.hi:
        fits = Mux(_at_least(x, Literal(to.hi + 1)), above, fits)
    return Mux(_at_least(x, Literal(to.lo)), fits, below) if r.lo < to.lo else fits


def _wrap(x: Value, r: Interval, to: Interval, named: Naming) -> Value:
    size = to.hi - to.lo + 1
    if size & size - 1:
        return _modulo(x, r, to.lo, size, named)
    offset = 0 if to.lo in (0, -size >> 1) else to.lo
    low, _ = _split(x - offset if offset else x, size.bit_length() - 1)
    return low + offset if offset else low.as_signed() if to.lo < 0 else low


def _reflect(x: Value, r: Interval, to: Interval, named: Naming) -> Value:
    size = to.hi - to.lo + 1
    if size & size - 1 or to.lo not in (0, -size >> 1):
        back = named(_modulo(x, r, to.lo, 2 * size, named))
        return Mux(_at_least(back, Literal(to.hi + 1)), 2 * to.hi + 1 - back, back)
    low, _ = _split(x, size.bit_length())
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
        rest = named(Mux(_at_least(rest, step), rest - step, rest))[: top.bit_length()]
    return rest + lo


def _lookup(m: Module, result: Signal, x: Value, lo: int, table: tuple[int, ...]) -> None:
    """Drive ``result`` with ``table[x - lo]``."""
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

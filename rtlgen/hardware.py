"""From the operations of a dataflow graph to Amaranth: what computes them, and their registers.

Bits that do not take part in an addition stay out of it; what the other operations are made of is
in ``logic``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import assert_never

from amaranth.hdl import Const as Literal
from amaranth.hdl import Module, Mux, Shape, Signal, Value

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
from rtlgen.logic import (
    at_least,
    finer,
    joined,
    limited,
    look_up,
    resized,
    rounded,
    shape,
    split,
    trimmed,
)
from rtlgen.operations import summands
from rtlgen.schedule import Schedule
from sim.rounding import Interval


def identifier(name: str) -> str:
    """What Verilog can call a thing of the model's: ``/fc1/Gemm`` is ``fc1_Gemm``."""
    plain = "_".join(re.findall(r"[0-9A-Za-z]+", name)) or "n"
    return f"n{plain}" if plain[0].isdigit() else plain


class Values:
    """The value of every operation, in every stage that needs it."""

    def __init__(self, m: Module, flow: Dataflow, schedule: Schedule) -> None:
        self.flow, self.schedule = flow, schedule
        self.modules: dict[tuple[str, ...], Module] = {(): m}
        self.known: dict[tuple[int, int], Value] = {}
        self.tops = needed_tops(flow)
        self.sums: dict[int, Sum] = {}

    def define(self, i: int, port: Value | None) -> None:
        """Take operation ``i`` from a port, or compute it from those before."""
        if not isinstance(self.flow.ops[i], Const):
            value = self.compute(i) if port is None else port
            self.known[i, self.schedule.stages[i]] = trimmed(value, self.flow.intervals[i])

    def at(self, i: int, stage: int) -> Value:
        """Operation ``i`` as it is in a stage, through registers if that is a later one."""
        if isinstance(op := self.flow.ops[i], Const):
            return Literal(op.code, shape(self.flow.intervals[i]))
        for s in range(self.schedule.stages[i] + 1, stage + 1):
            if (i, s) not in self.known:
                register = Signal(
                    shape(self.flow.intervals[i]), name=f"{self.name(i)}_{s}", reset_less=True
                )
                self.module(i, s).d.sync += register.eq(self.known[i, s - 1])
                self.known[i, s] = register
        return self.known[i, stage]

    def module(self, i: int, stage: int | None = None) -> Module:
        """Where operation ``i`` stands: within the node that it is of, in its stage or a later one.

        Stages count from one here, as in the report; registers stand at the end of theirs.
        """
        node = self.flow.origins[i]
        number = self.schedule.stages[i] + 1 if stage is None else stage
        return self.nested(identifier(node), f"stage_{number}") if node else self.modules[()]

    def nested(self, *path: str) -> Module:
        """The module at the end of a path of instances, each within that before."""
        if path not in self.modules:
            self.modules[path] = self.nested(*path[:-1]).submodules[path[-1]] = Module()
        return self.modules[path]

    def name(self, i: int) -> str:
        """What operation ``i`` is called in the Verilog: ``fc1_w12``."""
        return identifier(f"{self.flow.origins[i]} w{i}")

    def named(self, i: int, value: Value) -> Value:
        """A wire of its own in the Verilog: the hardware of operation ``i``."""
        wire = Signal(value.shape(), name=self.name(i))
        self.module(i).d.comb += wire.eq(value)
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
        low, high = split(finer(x, first), free)
        rest = [(-minus, finer(y, at - free)) for at, minus, y in others]
        if not len(high) and [sign for sign, _ in rest] == [1]:
            return self.named(i, joined(low, rest[0][1]))
        parts = sorted([(-minus, high), *rest], key=lambda part: -part[0])
        width = max(1, min(shape(r).width, self.tops[i] - r.exp) - free)
        result = Signal(Shape(width, r.signed), name=self.name(i))
        terms = [resized(y, width) for _, y in parts]
        self.sums[i] = Sum(terms, [s for s, _ in parts], result)
        return joined(low, result)

    def add(self) -> None:
        """Put down the adders, which some of the sums share: in the order of the schedule."""
        chains = {i: chain for chain in self.schedule.chains for i in chain}
        for i in self.sums:
            chain = [k for k in chains.get(i, (i,)) if k in self.sums]
            if chain[0] == i:
                adder = Adder(chained([self.sums[k] for k in chain]))
                self.module(i).submodules[f"{self.name(i)}_adder"] = adder

    def compute(self, i: int) -> Value:
        """The hardware of operation ``i``, behind those that it reads."""
        op, r, stage = self.flow.ops[i], self.flow.intervals[i], self.schedule.stages[i]

        def step(wire: Wire) -> int:
            return self.flow.interval(wire).exp

        def whole(wire: Wire) -> Value:
            return self.at(wire.op, stage)

        def aligned(*wires: Wire) -> list[Value]:
            exp = min([r.exp, *map(step, wires)])
            return [finer(whole(wire), step(wire) - exp) for wire in wires]

        match op:
            case Input() | Const():
                raise AssertionError(op)
            case Add() | Sub() | Ternary():
                return self.sum(i, summands(op))
            case Mul(a, b):
                return self.named(i, whole(a) * whole(b))
            case Max(a, b):
                x, y = aligned(a, b)
                return self.named(i, Mux(at_least(x, y), x, y))
            case Min(a, b):
                x, y = aligned(a, b)
                return self.named(i, Mux(at_least(x, y), y, x))
            case Compare(a, b):
                exp = min(step(a), step(b))
                x, y = (finer(whole(wire), step(wire) - exp) for wire in (a, b))
                return self.named(i, at_least(x, y))
            case Choice(condition, a, b):
                return self.named(i, Mux(whole(condition), *aligned(a, b)))
            case Round(a, rounding):
                return self.named(i, rounded(whole(a), r.exp - step(a), rounding))
            case Limit(a, overflow, lo, hi):
                (x,) = aligned(a)
                given, to = self.flow.interval(a).at(r.exp), Interval(lo, hi, r.exp)
                return self.named(i, limited(x, given, overflow, to, partial(self.named, i)))
            case Lookup(a, lo, table):
                wire = Signal(shape(r), name=self.name(i))
                look_up(self.module(i), wire, whole(a), lo, table)
                return wire
            case _:
                assert_never(op)

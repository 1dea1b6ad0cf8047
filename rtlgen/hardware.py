# amaranth: UnusedElaboratable=no
# (an interrupted run leaves some unused)

"""From the operations of a dataflow graph to Amaranth: what computes them, and their registers.

Bits that do not take part in an addition stay out of it; what the other operations are made of is
in ``logic``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import assert_never

from amaranth.hdl import ClockSignal, Elaboratable, Instance, Module, Mux, Shape, Signal, Value
from amaranth.hdl import Const as Literal

from rtlgen.adders import Adder, Modules, Sum, chained
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
    Round,
    Sub,
    Ternary,
    Wire,
)
from rtlgen.dataflow import Mux as Choice
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
from rtlgen.partition import Net, Part, Partition, module
from sim.rounding import Interval


def signal(partition: Partition, net: Net, to: Shape | None = None) -> Signal:
    """What carries a net, with its name; as wide as its interval needs, or as is said."""
    to = shape(partition.flow.intervals[net.op]) if to is None else to
    return Signal(to, name=partition.name(net), reset_less=True)


class Node(Elaboratable):
    """A node between ``nets``, of a module for each of its stages; an instance in a netlist."""

    def __init__(self, partition: Partition, node: Part, nets: Mapping[Net, Value]) -> None:
        self.partition, self.node, self.nets = partition, node, nets

    def elaborate(self, platform: object) -> Module | Instance:
        partition, node, nets = self.partition, self.node, self.nets
        if isinstance(platform, Modules):
            return Instance(
                module(platform.top, node.path),
                *([("i", "clk", ClockSignal())] if node.clocked else []),
                *(("i", partition.name(net), nets[net]) for net in node.inputs),
                *(("o", partition.name(net), nets[net]) for net in node.outputs),
            )
        stages = partition.stages[node.path]
        inner = {net: signal(partition, net) for stage in stages for net in stage.outputs}
        m = Module()
        for stage in stages:
            m.submodules[stage.path[-1]] = Logic(partition, stage, {**inner, **nets}).m
        return m


class Logic:
    """The hardware of a part, in a module ``m``."""

    def __init__(self, partition: Partition, part: Part, nets: Mapping[Net, Value]) -> None:
        self.partition, self.flow, self.schedule = partition, partition.flow, partition.schedule
        self.nets, self.m = nets, Module()
        self.known = {net: nets[net] for net in part.inputs}
        self.sums: dict[int, Sum] = {}
        for net in part.nets:
            self.known[net] = (
                self.register(net) if partition.registered(net) else self.compute(net.op)
            )
        self.add()
        for net in part.outputs:
            if self.known[net] is not nets[net]:
                self.m.d.comb += nets[net].eq(self.known[net])

    def at(self, i: int, stage: int) -> Value:
        """Operation ``i`` as it is in a stage."""
        if isinstance(op := self.flow.ops[i], Const):
            return Literal(op.code, shape(self.flow.intervals[i]))
        return self.known[Net(i, stage)]

    def register(self, net: Net) -> Value:
        """The net of the stage before, a clock later."""
        register = self.wire(net, shape(self.flow.intervals[net.op]))
        self.m.d.sync += register.eq(self.known[net._replace(stage=net.stage - 1)])
        return register

    def wire(self, net: Net, to: Shape) -> Signal:
        """What a net is driven by: a port, if it is one."""
        port = self.nets.get(net)
        return port if isinstance(port, Signal) else signal(self.partition, net, to)

    def result(self, i: int, value: Value) -> Value:
        """The hardware of operation ``i``, as a wire."""
        wire = self.wire(self.net(i), value.shape())
        self.m.d.comb += wire.eq(value)
        return trimmed(wire, self.flow.intervals[i])

    def named(self, i: int, value: Value) -> Value:
        """A wire for a part of the hardware of operation ``i``."""
        wire = signal(self.partition, self.net(i), value.shape())
        self.m.d.comb += wire.eq(value)
        return wire

    def net(self, i: int) -> Net:
        """What operation ``i`` makes."""
        return Net(i, self.schedule.stages[i])

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
            return self.result(i, joined(low, rest[0][1]))
        parts = sorted([(-minus, high), *rest], key=lambda part: -part[0])
        width = max(1, min(shape(r).width, self.partition.tops[i] - r.exp) - free)
        net, to = self.net(i), Shape(width, r.signed)
        whole = not free and to == shape(r)
        result = self.wire(net, to) if whole else signal(self.partition, net, to)
        terms = [resized(y, width) for _, y in parts]
        self.sums[i] = Sum(terms, [s for s, _ in parts], result)
        return trimmed(joined(low, result), r)

    def add(self) -> None:
        """Put down the adders, which some of the sums share: in the order of the schedule."""
        chains = {i: chain for chain in self.schedule.chains for i in chain}
        for i in self.sums:
            chain = [k for k in chains.get(i, (i,)) if k in self.sums]
            if chain[0] == i:
                adder = Adder(chained([self.sums[k] for k in chain]))
                name = self.partition.name(self.net(i))
                self.m.submodules[f"{name}_adder"] = adder

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
            case Const():
                raise AssertionError(op)
            case Input():
                return self.nets[self.net(i)]
            case Add() | Sub() | Ternary():
                return self.sum(i, summands(op))
            case Mul(a, b):
                return self.result(i, whole(a) * whole(b))
            case Max(a, b):
                x, y = aligned(a, b)
                return self.result(i, Mux(at_least(x, y), x, y))
            case Min(a, b):
                x, y = aligned(a, b)
                return self.result(i, Mux(at_least(x, y), y, x))
            case Compare(a, b):
                exp = min(step(a), step(b))
                x, y = (finer(whole(wire), step(wire) - exp) for wire in (a, b))
                return self.result(i, at_least(x, y))
            case Choice(condition, a, b):
                return self.result(i, Mux(whole(condition), *aligned(a, b)))
            case Round(a, rounding):
                return self.result(i, rounded(whole(a), r.exp - step(a), rounding))
            case Limit(a, overflow, lo, hi):
                (x,) = aligned(a)
                given, to = self.flow.interval(a).at(r.exp), Interval(lo, hi, r.exp)
                return self.result(i, limited(x, given, overflow, to, partial(self.named, i)))
            case Lookup(a, lo, table):
                wire = self.wire(self.net(i), shape(r))
                look_up(self.m, wire, whole(a), lo, table)
                return wire
            case _:
                assert_never(op)

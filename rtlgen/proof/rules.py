"""What every operation, interval and stage must keep to, before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from rtlgen.dataflow import Dataflow
from rtlgen.operations import (
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
    operands,
)
from sim.rounding import Interval


def faults(flow: Dataflow, ports: Sequence[Interval]) -> Iterator[tuple[int, str]]:
    """Which operations are not what the graph allows, and why."""
    for i, (op, r) in enumerate(zip(flow.ops, flow.intervals, strict=True)):
        late = [wire.op for wire in operands(op) if not 0 <= wire.op < i]
        if late:
            yield i, f"reads w{late[0]}, which does not come before it"
        elif r.lo > r.hi:
            yield i, f"has the empty interval {r.lo}..{r.hi}"
        elif fault := _fault(flow, op, r, ports):
            yield i, fault


def _fault(flow: Dataflow, op: Op, r: Interval, ports: Sequence[Interval]) -> str | None:
    own = [flow.intervals[wire.op] for wire in operands(op)]
    steps = [x.exp + wire.shift for x, wire in zip(own, operands(op), strict=True)]
    match op:
        case Input(port):
            if not 0 <= port < len(ports) or ports[port] != r:
                return f"is not element {port} of the network's inputs, in its format"
        case Const(code):
            if r[:2] != (code, code):
                return f"is {code}, which is not the interval {r.lo}..{r.hi}"
        case Add() | Max() | Min():
            if r.exp != min(steps):
                return f"counts in steps of 2**{r.exp}, its operands in 2**{min(steps)}"
        case Ternary() if {op.sign_b, op.sign_c} - {1, -1}:
            return f"has the signs {op.sign_b} and {op.sign_c}, which must be 1 or -1"
        case Sub() | Ternary() | Mux() | Limit():
            steps = steps[1:] if isinstance(op, Mux) else steps
            if r.exp > min(steps):
                return f"counts in steps of 2**{r.exp}, its operands in 2**{min(steps)}"
            if isinstance(op, Mux) and not 0 <= own[0].lo <= own[0].hi <= 1:
                return f"chooses by w{op.condition.op}, which is no bit"
        case Round():
            if r.exp < steps[0]:
                return f"rounds to steps of 2**{r.exp}, finer than 2**{steps[0]}"
        case Lookup(_, lo, table):
            if own[0].lo < lo or own[0].hi >= lo + len(table):
                return f"has {len(table)} entries from {lo} on for codes {own[0].lo}..{own[0].hi}"
        case Mul() | Compare():
            pass
        case _:
            assert_never(op)
    return None


def misplaced(flow: Dataflow, stages: Sequence[int], latency: int) -> Iterator[tuple[int, str]]:
    """Which operations are in a stage where what they read is not there yet."""
    for i, op in enumerate(flow.ops):
        if isinstance(op, Const):
            continue
        if not 0 <= stages[i] < max(1, latency):
            yield i, f"is in stage {stages[i]}, of {latency}"
        for wire in operands(op):
            if not isinstance(flow.ops[wire.op], Const) and stages[wire.op] > stages[i]:
                yield i, f"is in stage {stages[i]}, but reads w{wire.op} of stage {stages[wire.op]}"

"""Small mistakes in dataflow graphs: what an optimizer with a bug would make."""

from __future__ import annotations

from random import Random

from rtlgen.dataflow import (
    Add,
    Const,
    Dataflow,
    Input,
    Limit,
    Lookup,
    Max,
    Min,
    Mux,
    Op,
    Round,
    Sub,
    Ternary,
    Wire,
    operands,
    with_operands,
)
from sim.rounding import Interval, Rounding

WIDER = 1 << 12


def copy(flow: Dataflow) -> Dataflow:
    return Dataflow(
        list(flow.ops), list(flow.intervals), list(flow.origins), outputs=list(flow.outputs)
    )


def mutant(flow: Dataflow, seed: int) -> Dataflow:
    """The graph with a mistake in one operation, whose interval becomes wide enough for it."""
    random, new = Random(seed), copy(flow)
    places = [i for i, op in enumerate(flow.ops) if not isinstance(op, Input)]
    i = random.choice(places)
    new.ops[i] = mistaken(flow.ops[i], random, i)
    for k in range(i, len(new.ops)):
        new.intervals[k] = widened(new.ops[k], new.intervals[k])
    return new


def widened(op: Op, r: Interval) -> Interval:
    match op:
        case Const(code):
            return r._replace(lo=code, hi=code)
        case Input():
            return r
        case _:
            return r._replace(lo=r.lo - WIDER, hi=r.hi + WIDER)


def mistaken(op: Op, random: Random, i: int) -> Op:
    match op:
        case Const(code):
            return Const(code + random.choice([-2, -1, 1, 2]))
        case Sub(a, b) if random.random() < 0.3:
            return Sub(b, a)
        case Add(a, b) if random.random() < 0.3:
            return Sub(a, b)
        case Ternary(a, b, c, sign_b, sign_c) if random.random() < 0.3:
            return Ternary(a, b, c, -sign_b, sign_c)
        case Max(a, b) if random.random() < 0.3:
            return Min(a, b)
        case Min(a, b) if random.random() < 0.3:
            return Max(a, b)
        case Mux(condition, a, b) if random.random() < 0.3:
            return Mux(condition, b, a)
        case Round(a, rounding):
            return Round(a, random.choice([r for r in Rounding if r is not rounding]))
        case Limit(a, overflow, lo, hi):
            return Limit(a, overflow, lo + random.choice([0, 1]), hi - random.choice([0, 1, 2]))
        case Lookup(a, lo, table):
            k = random.randrange(len(table))
            return Lookup(a, lo, (*table[:k], table[k] + 1, *table[k + 1 :]))
        case _:
            return rewired(op, random, i)


def rewired(op: Op, random: Random, i: int) -> Op:
    """One operand shifted, or another one."""
    wires = list(operands(op))
    k = random.randrange(len(wires))
    shifted = wires[k] << random.choice([-1, 1])
    wires[k] = random.choice([shifted, Wire(random.randrange(i), wires[k].shift)])
    return with_operands(op, wires)

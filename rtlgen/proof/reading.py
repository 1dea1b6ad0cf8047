"""What every operation of a dataflow graph computes, as a value over the atoms of the network.

The meaning of an operation is written here once more, from its definition in
``rtlgen.operations``: what optimizes and what emits is not asked.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    Wire,
)
from rtlgen.proof.algebra import Algebra
from rtlgen.proof.forms import Form
from rtlgen.proof.functions import LookedUp, Rounded, limited
from rtlgen.proof.kinds import Value


def read(flow: Dataflow, atoms: Algebra, ports: Sequence[Value]) -> list[Value]:
    """The value of each operation, if those of the ports are these."""
    values: list[Value] = []

    def of(wire: Wire) -> Value:
        return values[wire.op] << wire.shift if wire.shift else values[wire.op]

    def step(wire: Wire) -> int:
        return flow.intervals[wire.op].exp + wire.shift

    def one(op: Op, exp: int) -> Value:
        match op:
            case Input(port):
                return ports[port]
            case Const(code):
                return Form({}, code, exp)
            case Add(a, b):
                return atoms.sum([(1, of(a)), (1, of(b))])
            case Sub(a, b):
                return atoms.sum([(1, of(a)), (-1, of(b))])
            case Ternary(a, b, c, sign_b, sign_c):
                return atoms.sum([(1, of(a)), (sign_b, of(b)), (sign_c, of(c))])
            case Mul(a, b):
                return atoms.product(of(a), of(b)) << exp - step(a) - step(b)
            case Max(a, b):
                return atoms.maximum([of(a), of(b)])
            case Min(a, b):
                return atoms.minimum([of(a), of(b)])
            case Compare(a, b):
                return atoms.at_least(of(a), of(b)) << exp
            case Mux(condition, a, b):
                bit = values[condition.op] << -flow.intervals[condition.op].exp
                return atoms.choice(bit, of(a), of(b))
            case Round(a, rounding):
                return atoms.apply(of(a), Rounded(rounding, exp))
            case Limit(a, overflow, lo, hi):
                return atoms.apply(of(a), limited(overflow, lo, hi, exp))
            case Lookup(a, lo, table):
                own = flow.intervals[a.op].exp
                return atoms.apply(values[a.op], LookedUp(lo, table, own, exp))
            case _:
                assert_never(op)

    for op, r in zip(flow.ops, flow.intervals, strict=True):
        values.append(one(op, r.exp))
    return values

"""Write a scalar dataflow graph anew, each operation as a rule says."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from rtlgen.dataflow import Dataflow, reachable
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
    operands,
    with_operands,
)
from rtlgen.products import products
from sim import integers
from sim.rounding import Interval

Rule = Callable[[Dataflow, int, Op, Interval], Wire]
"""What operation ``i``, already on the wires of the new graph, becomes there."""


def rewrite(flow: Dataflow, rule: Rule) -> Dataflow:
    """A new graph, in which every operation became what the rule makes of it.

    Operations that no output depends on are left out, but for the inputs, which are ports.
    """
    new = Dataflow(plans=flow.plans)
    alive = reachable(flow)
    wires: dict[int, Wire] = {}
    for i, (op, interval) in enumerate(zip(flow.ops, flow.intervals, strict=True)):
        if not alive[i] and not isinstance(op, Input):
            continue
        new.origin = flow.origins[i]
        mapped = [wires[w.op] << w.shift if w.shift else wires[w.op] for w in operands(op)]
        became = with_operands(op, mapped)
        if isinstance(became, Lookup) and new.known(became.a) != 0:  # zero has every step
            (old,) = operands(op)
            became = _in_steps(became, new.interval(became.a).exp - flow.interval(old).exp)
        wires[i] = rule(new, i, became, interval)
    new.outputs = [wires[wire.op] << wire.shift for wire in flow.outputs]
    return new


def build(flow: Dataflow, op: Op, interval: Interval) -> Wire:
    """An operation as the builder methods make it, with what its interval says besides."""
    if isinstance(op, Input):
        return flow.input(op.port, interval)
    wire = remake(flow, op, interval.exp, interval)
    same = type(flow.ops[wire.op]) is type(op) and not isinstance(op, Const)
    return flow.narrow(wire, interval) if same else wire


def remake(flow: Dataflow, op: Op, exp: int, known: Interval | None = None) -> Wire:
    """An operation as the builder methods make it, of which no more needs to be known.

    ``exp`` is the step of the result.
    """
    match op:
        case Input():
            raise AssertionError(op)
        case Const(code):
            return flow.const(code, exp)
        case Add(a, b):
            return flow.add(a, b, known)
        case Sub(a, b):
            return flow.sub(a, b, known)
        case Ternary(a, b, c, sign_b, sign_c):
            return flow.ternary(a, b, c, sign_b, sign_c, known)
        case Mul(a, b):
            return _multiply(flow, a, b)
        case Max(a, b):
            return flow.max(a, b)
        case Min(a, b):
            return flow.min(a, b)
        case Compare(a, b):
            return flow.compare(a, b)
        case Mux(condition, a, b):
            return flow.mux(condition, a, b)
        case Round(a, rounding):
            return flow.round(a, exp, rounding)
        case Limit(a, overflow, lo, hi):
            return flow.limit(a, Interval(lo, hi, exp), overflow)
        case Lookup(a, lo, table):
            return flow.lookup(a, lo, table, exp)
        case _:
            assert_never(op)


def _multiply(flow: Dataflow, a: Wire, b: Wire) -> Wire:
    """By a constant, if one of the two became one."""
    for wire, other in ((a, b), (b, a)):
        if (factor := flow.known(wire)) is not None:
            ((product,),) = products(flow, [[other]], integers.integers([[factor]]))
            return product << flow.interval(wire).exp
    return flow.mul(a, b)


def _in_steps(op: Lookup, by: int) -> Lookup:
    """The same table for an input whose step became ``2**by`` times coarser."""
    first = -(-op.lo >> by)
    return Lookup(op.a, first, op.table[(first << by) - op.lo :: 1 << by])

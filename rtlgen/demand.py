"""Which bits of each value anybody needs, and passes that leave out the others.

Bits that all readers round away are cut off below, bits that all readers wrap away above: a sum
of wrapped numbers, wrapped, is the wrapped sum.
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
    operands,
)
from rtlgen.rewrite import build, remake, rewrite
from rtlgen.roundings import BIASED
from sim.rounding import Interval, Overflow, Rounding

ALL = 1 << 30
"""The position above the highest bit of a value that is needed whole."""


def trim(flow: Dataflow) -> Dataflow:
    """Cut off low bits where they come from, if all that reads them rounds them away.

    Invariant: the new value, rounded down to the step that is needed of it, is the old one,
    rounded down to that.
    """
    needed = needed_steps(flow)
    cut = {wire.op for op in flow.ops if not isinstance(op, Round) for wire in operands(op)}

    def rule(new: Dataflow, i: int, op: Op, interval: Interval) -> Wire:
        drop = needed[i] - interval.exp
        loose = interval._replace(lo=interval.lo >> drop << drop)
        wire = build(new, op, interval if isinstance(op, Input | Const) else loose)
        return new.round(wire, needed[i], Rounding.FLOOR) if i in cut else wire

    return rewrite(flow, rule)


def crop(flow: Dataflow) -> Dataflow:
    """Cut off high bits where they come from, if all that reads them wraps them away.

    Invariant: the new value has the bits of the old one below the position that is needed of it.
    """
    needed = needed_tops(flow)
    changed: set[int] = set()

    def rule(new: Dataflow, i: int, op: Op, interval: Interval) -> Wire:
        loose = any(wire.op in changed for wire in operands(flow.ops[i]))
        if isinstance(op, Limit) or not loose:
            if interval.width <= needed[i] - interval.exp:
                return build(new, op, interval)
            if isinstance(op, Max | Min):
                changed.add(i)
                return _chosen(new, op, needed[i])
        changed.add(i)
        wire = remake(new, op, interval.exp) if loose else build(new, op, interval)
        return _wrapped(new, wire, needed[i])

    return rewrite(flow, rule)


# -- from below -----------------------------------------------------------------------------------


def needed_steps(flow: Dataflow) -> list[int]:
    """For every operation, the coarsest step that it may be rounded down to without a trace."""
    needed = {wire.op: flow.intervals[wire.op].exp for wire in flow.outputs}
    for i in range(len(flow.ops) - 1, -1, -1):
        op, own = flow.ops[i], flow.intervals[i].exp
        needed[i] = max(needed.get(i, own), own)
        for wire, enough in zip(operands(op), _enough(flow, op, own, needed[i]), strict=True):
            step = max(enough, flow.interval(wire).exp) - wire.shift
            needed[wire.op] = min(needed.get(wire.op, step), step)
    return [needed[i] for i in range(len(flow.ops))]


def _enough(flow: Dataflow, op: Op, own: int, needed: int) -> Sequence[int]:
    """The steps of the operands that suffice if of the result, in ``own``, ``needed`` does.

    A result that does not fall as an operand grows may be computed from the operand rounded down
    to any step up to ``needed``; but low bits meet others in a sum, and carry.
    """
    steps = [flow.interval(wire).exp for wire in operands(op)]
    match op:
        case Add(a, b):
            return [_beside(flow, a, steps[1], needed), _beside(flow, b, steps[0], needed)]
        case Sub(a, _):
            return [_beside(flow, a, steps[1], needed), steps[1]]
        case Max() | Min():
            return [needed, needed]
        case Mux():
            return [steps[0], needed, needed]
        case Compare():
            return [steps[1], steps[1]]
        case Round(_, Rounding.FLOOR) | Limit(_, Overflow.SATURATE):
            return [needed]
        case Round(_, Rounding.HALF_UP):
            return [own - 1]
        case Input() | Const() | Ternary() | Mul() | Round() | Limit() | Lookup():
            return steps
        case _:
            assert_never(op)


def _beside(flow: Dataflow, wire: Wire, other: int, needed: int) -> int:
    """What suffices of a term of a sum, if the other is in steps of ``other``.

    A cut on the way to ``needed`` would be one more operation; but a constant is cut for free.
    """
    if other >= needed:
        return needed
    return other if flow.known(wire) is not None else flow.interval(wire).exp


# -- from above -----------------------------------------------------------------------------------


def needed_tops(flow: Dataflow) -> list[int]:
    """For every operation, the position above the highest bit that anybody needs, or ``ALL``.

    The bit at position ``p`` counts ``2**p``.
    """
    needed = [-ALL] * len(flow.ops)
    for wire in flow.outputs:
        needed[wire.op] = ALL
    for i in range(len(flow.ops) - 1, -1, -1):
        if needed[i] == -ALL:  # nobody reads it
            needed[i] = ALL
        for wire, top in zip(operands(flow.ops[i]), _tops(flow, i, needed[i]), strict=True):
            needed[wire.op] = max(needed[wire.op], ALL if top == ALL else top - wire.shift)
    return needed


def _tops(flow: Dataflow, i: int, needed: int) -> Sequence[int]:
    """Up to where the operands are needed, if the result is up to ``needed``."""
    op, exp = flow.ops[i], flow.intervals[i].exp
    match op:
        case Add() | Sub():
            return [needed, needed]
        case Ternary():
            return [needed, needed, needed]
        case Mux():
            return [ALL, needed, needed]
        case Round(_, rounding) if rounding is Rounding.FLOOR or rounding in BIASED:
            return [needed]
        case Limit(_, Overflow.WRAP, lo, hi) if _power(hi - lo + 1):
            return [min(needed, exp + (hi - lo).bit_length())]
        case Limit(_, Overflow.REFLECT, lo, hi) if _power(hi - lo + 1):
            return [exp + (hi - lo).bit_length() + 1]
        case Input() | Const() | Mul() | Max() | Min() | Compare() | Round() | Limit() | Lookup():
            return [ALL] * len(operands(op))
        case _:
            assert_never(op)


def _power(size: int) -> bool:
    return size & size - 1 == 0


def _wrapped(flow: Dataflow, wire: Wire, top: int) -> Wire:
    r = flow.interval(wire)
    to = Interval(0, (1 << max(0, top - r.exp)) - 1, r.exp)
    return wire if r.width <= top - r.exp else flow.limit(wire, to, Overflow.WRAP)


def _chosen(flow: Dataflow, op: Max | Min, top: int) -> Wire:
    """The larger one or the smaller: all bits are compared, but only the lower ones chosen."""
    a, b = _wrapped(flow, op.a, top), _wrapped(flow, op.b, top)
    first = flow.compare(op.a, op.b)
    return flow.mux(first, a, b) if isinstance(op, Max) else flow.mux(first, b, a)

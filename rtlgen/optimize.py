"""Passes on the scalar dataflow graph: the same outputs and ports from less hardware.

A pass takes a graph and returns a new one. Most of the algebra is that of the builder methods,
which every operation goes through again; the passes add what only the whole graph shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
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
    Wire,
    operands,
    with_operands,
)
from rtlgen.rewrite import build, rewrite
from sim.rounding import Interval, Overflow, Rounding


def optimize(flow: Dataflow) -> Dataflow:
    """Run all passes; the ports stay what they are."""
    for run in PASSES:
        flow = run(flow)
    return flow


def simplify(flow: Dataflow) -> Dataflow:
    """Fold constants, drop what does nothing, and compute equal things once."""
    best = _tightest(flow)
    return rewrite(flow, lambda new, i, op, _: build(new, op, best[i]))


def fuse(flow: Dataflow) -> Dataflow:
    """Round before a maximum with a constant, and let a saturation do the maximum's work."""
    uses = Counter(wire.op for op in flow.ops for wire in operands(op))
    uses.update(wire.op for wire in flow.outputs)

    def rule(new: Dataflow, i: int, op: Op, interval: Interval) -> Wire:
        if all(uses[wire.op] == 1 for wire in operands(flow.ops[i])):
            if isinstance(op, Round):
                return _rounded_inside(new, op, interval)
            if isinstance(op, Limit) and op.overflow is Overflow.SATURATE:
                return _limited_alone(new, op, interval)
        return build(new, op, interval)

    return rewrite(flow, rule)


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


def prune(flow: Dataflow) -> Dataflow:
    """Leave out what no output depends on."""
    return rewrite(flow, lambda new, _, op, interval: new.emit(op, interval))


PASSES: tuple[Callable[[Dataflow], Dataflow], ...] = (
    prune,
    fuse,
    trim,
    simplify,
    prune,
)


# -- what the passes know -------------------------------------------------------------------------


def _tightest(flow: Dataflow) -> list[Interval]:
    """For every operation, what all that are equal to it say of the value together."""
    first: dict[tuple[Op, int], int] = {}
    same: list[int] = []
    best: list[Interval] = []
    for i, (op, interval) in enumerate(zip(flow.ops, flow.intervals, strict=True)):
        wires = [Wire(same[wire.op], wire.shift) for wire in operands(op)]
        same.append(first.setdefault((with_operands(op, wires), interval.exp), i))
        best.append(interval)
        best[same[i]] = best[same[i]].narrowed(interval)
    return [best[i] for i in same]


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
        case Input() | Const() | Mul() | Round() | Limit() | Lookup():
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


# -- fusion ---------------------------------------------------------------------------------------


def _rounded_inside(flow: Dataflow, op: Round, interval: Interval) -> Wire:
    """``round(max(x, c))`` is ``max(round(x), round(c))``, of fewer bits; so for the minimum."""
    inner = flow.ops[op.a.op]
    if not isinstance(inner, Max | Min) or flow.known(inner.b) is None:
        return build(flow, op, interval)
    x, c = (
        flow.round(wire << op.a.shift, interval.exp, op.rounding) for wire in (inner.a, inner.b)
    )
    return flow.max(x, c) if isinstance(inner, Max) else flow.min(x, c)


def _limited_alone(flow: Dataflow, op: Limit, interval: Interval) -> Wire:
    """A saturation of ``max(x, c)`` is one of ``x`` that starts at ``c``; so for the minimum."""
    inner = flow.ops[op.a.op]
    if not isinstance(inner, Max | Min) or flow.known(inner.b) is None:
        return build(flow, op, interval)
    constant = flow.interval(inner.b << op.a.shift).at(interval.exp).lo
    within = min(max(constant, op.lo), op.hi)
    lo, hi = (within, op.hi) if isinstance(inner, Max) else (op.lo, within)
    return flow.limit(inner.a << op.a.shift, Interval(lo, hi, interval.exp), op.overflow)

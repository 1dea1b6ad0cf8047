"""Rectifiers, pools, rounding and saturation: what stands behind a sum in a network."""

from __future__ import annotations

from collections import Counter

from rtlgen.dataflow import Dataflow, reachable
from rtlgen.operations import Limit, Max, Min, Op, Round, Wire, operands
from rtlgen.rewrite import build, rewrite
from sim.rounding import Interval, Overflow, Rounding


def fuse(flow: Dataflow) -> Dataflow:
    """Round and limit before a maximum or minimum, where that has fewer bits to choose from.

    A saturation does the work of a maximum with a constant. Each fusion leaves one maximum or
    minimum fewer behind a rounding or a saturation, so there is an end.
    """
    fused = True
    while fused:
        flow, fused = _fused_once(flow)
    return flow


def _fused_once(flow: Dataflow) -> tuple[Dataflow, bool]:
    living = (op for op, alive in zip(flow.ops, reachable(flow), strict=True) if alive)
    uses = Counter(wire.op for op in living for wire in operands(op))
    uses.update(wire.op for wire in flow.outputs)
    fused = False

    def rule(new: Dataflow, i: int, op: Op, interval: Interval) -> Wire:
        nonlocal fused
        became = None
        if all(uses[wire.op] == 1 for wire in operands(flow.ops[i])):
            if isinstance(op, Round):
                became = _rounded_inside(new, op, interval)
            elif isinstance(op, Limit) and op.overflow is Overflow.SATURATE:
                became = _limited_inside(new, op, interval)
        fused |= became is not None
        return build(new, op, interval) if became is None else became

    return rewrite(flow, rule), fused


def _rounded_inside(flow: Dataflow, op: Round, interval: Interval) -> Wire | None:
    """``round(max(x, y))`` is ``max(round(x), round(y))``, of fewer bits; so for the minimum.

    Rounding twice must be free: downwards, or that of a constant.
    """
    inner = flow.ops[op.a.op]
    if not isinstance(inner, Max | Min):
        return None
    if op.rounding is not Rounding.FLOOR and flow.known(inner.b) is None:
        return None
    x, y = (
        flow.round(wire << op.a.shift, interval.exp, op.rounding) for wire in (inner.a, inner.b)
    )
    return flow.max(x, y) if isinstance(inner, Max) else flow.min(x, y)


def _limited_inside(flow: Dataflow, op: Limit, interval: Interval) -> Wire | None:
    """A saturation of ``max(x, c)`` is one of ``x`` that starts at ``c``; so for the minimum.

    That of ``max(x, y)`` is the maximum of two, which pays if they are half as wide.
    """
    inner = flow.ops[op.a.op]
    if not isinstance(inner, Max | Min):
        return None
    x, y = inner.a << op.a.shift, inner.b << op.a.shift
    if flow.known(y) is None:
        if flow.interval(op.a).at(interval.exp).width < 2 * interval.width:
            return None
        to = Interval(op.lo, op.hi, interval.exp)
        x, y = (flow.limit(wire, to, op.overflow) for wire in (x, y))
        return flow.max(x, y) if isinstance(inner, Max) else flow.min(x, y)
    constant = flow.interval(y).at(interval.exp).lo
    within = min(max(constant, op.lo), op.hi)
    lo, hi = (within, op.hi) if isinstance(inner, Max) else (op.lo, within)
    return flow.limit(x, Interval(lo, hi, interval.exp), op.overflow)

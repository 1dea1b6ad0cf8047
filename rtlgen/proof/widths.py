"""That no value leaves its interval: from its form, or from the intervals of what it reads."""

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
    operands,
)
from rtlgen.proof.atoms import Atoms
from rtlgen.proof.kinds import Value
from sim.rounding import Interval


def unproved(flow: Dataflow, atoms: Atoms, values: Sequence[Value]) -> list[int]:
    """The operations that may leave their intervals, for all that is known."""
    wrong: set[int] = set()
    for i, (op, r) in enumerate(zip(flow.ops, flow.intervals, strict=True)):
        if inside(*atoms.ends(values[i]), r):
            continue
        doubtful = any(wire.op in wrong for wire in operands(op))
        if not doubtful and inside(*_from_operands(flow, op, r), r):
            continue
        if not inside(*atoms.ends(atoms.refined(atoms.form(values[i]))), r):
            wrong.add(i)
    return sorted(wrong)


def inside(lo: int, hi: int, exp: int, r: Interval) -> bool:
    """Whether codes of the step ``2**exp`` are in an interval."""
    finer = min(exp, r.exp)
    if finer < r.exp and (lo, hi) != (0, 0):
        return False
    return r.lo << r.exp - finer <= lo << exp - finer and hi << exp - finer <= r.hi << r.exp - finer


def _from_operands(flow: Dataflow, op: Op, r: Interval) -> tuple[int, int, int]:
    """The ends of a result, if its operands are anywhere in their intervals."""
    own = [flow.intervals[wire.op] for wire in operands(op)]
    at = [x.scaled(wire.shift) for x, wire in zip(own, operands(op), strict=True)]
    data = at[1:] if isinstance(op, Mux) else at
    exp = min([r.exp, *(x.exp for x in data)])
    fine = [x.at(exp) for x in data]
    match op:
        case Input() | Const():
            return r
        case Add():
            return fine[0].lo + fine[1].lo, fine[0].hi + fine[1].hi, exp
        case Sub():
            return fine[0].lo - fine[1].hi, fine[0].hi - fine[1].lo, exp
        case Ternary():
            signed = list(zip((1, op.sign_b, op.sign_c), fine, strict=True))
            lo, hi = (
                sum(min(s * x.lo, s * x.hi) for s, x in signed),
                sum(max(s * x.lo, s * x.hi) for s, x in signed),
            )
            return lo, hi, exp
        case Mul(a, b):
            ends = [x * y for x in own[0][:2] for y in own[1][:2]]
            square = a.op == b.op and own[0].lo < 0 < own[0].hi
            return 0 if square else min(ends), max(ends), r.exp
        case Max():
            return max(fine[0].lo, fine[1].lo), max(fine[0].hi, fine[1].hi), exp
        case Min():
            return min(fine[0].lo, fine[1].lo), min(fine[0].hi, fine[1].hi), exp
        case Compare():
            return 0, 1, r.exp
        case Mux():
            return min(x.lo for x in fine), max(x.hi for x in fine), exp
        case Round(_, rounding):
            lo, hi = (int(rounding.shift(end, r.exp - at[0].exp)) for end in at[0][:2])
            return lo, hi, r.exp
        case Limit(_, overflow, lo, hi):
            low, high = overflow.bounds(*fine[0][:2], lo, hi)
            return int(low), int(high), r.exp
        case Lookup(_, lo, table):
            some = table[own[0].lo - lo : own[0].hi - lo + 1]
            return min(some), max(some), r.exp
        case _:
            assert_never(op)

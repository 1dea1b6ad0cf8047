"""Cones: an operation with all that leads to it from a few values, and what it makes of them.

The values, the leaves of the cone, are operations too. What few bits decide can be looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain, product

from rtlgen.dataflow import Dataflow, evaluate
from rtlgen.operations import Const, Lookup, Wire, operands, with_operands
from rtlgen.rewrite import remake
from sim.rounding import Interval, Overflow

Leaves = tuple[int, ...]
"""Operations, in ascending order."""

_KEPT = 8
"""Sets of leaves that an operation hands on to its readers: those of the fewest bits."""


def leaves(flow: Dataflow, most: int) -> list[list[Leaves]]:
    """For every operation, sets of leaves of at most so many bits together, fewest bits first."""
    found: list[list[Leaves]] = []
    seen: list[list[Leaves]] = []
    for i, (op, r) in enumerate(zip(flow.ops, flow.intervals, strict=True)):
        found.append(_unions([seen[wire.op] for wire in operands(op)], flow, most))
        if isinstance(op, Const):
            seen.append([()])
        else:
            seen.append([*found[i], (i,)] if r.width <= most else found[i])
    return found


def _unions(choices: Sequence[Sequence[Leaves]], flow: Dataflow, most: int) -> list[Leaves]:
    """The sets that one choice for each operand makes together."""
    sized = []
    for union in {tuple(sorted(set(chain(*chosen)))) for chosen in product(*choices)}:
        bits = sum(flow.intervals[j].width for j in union)
        if 0 < bits <= most:
            sized.append((bits, union))
    return [union for _, union in sorted(sized)[:_KEPT]]


def looked_up(
    flow: Dataflow, entries: Lookup, wires: Sequence[Wire], types: Sequence[Interval], exp: int
) -> Wire:
    """What a table has for wires of these types, in steps of ``2**exp``.

    A wire may be in coarser steps and take fewer values than its type says.
    """
    step = types[0].exp if len(wires) == 1 else 0
    return flow.lookup(joined(flow, wires, types), entries.lo, entries.table, exp, step)


def joined(flow: Dataflow, wires: Sequence[Wire], types: Sequence[Interval]) -> Wire:
    """One number of the bits that the types have, the first the lowest, without hardware.

    A single wire stays as it is; of several each becomes a field, without its sign.
    """
    if len(wires) == 1:
        return wires[0]
    total, at = flow.const(0, 0), 0
    for wire, r in zip(wires, types, strict=True):
        field = flow.limit(wire, Interval(0, (1 << r.width) - 1, r.exp), Overflow.WRAP)
        total = flow.add(total, field << at - r.exp)
        at += r.width
    return total


def table(flow: Dataflow, root: int, given: Leaves) -> Lookup:
    """The cone of ``root`` over its leaves, as a table of the number that they are ``joined`` to.

    Its wire is that of operation 0. Codes that no leaf can have are taken as the nearest that it
    can; what leaves that depend on each other cannot have together does not matter.
    """
    cone, result = _alone(flow, root, given)
    r, exp = flow.intervals[root], cone.interval(result).exp

    @cache
    def entry(*sample: int) -> int:
        (code,) = evaluate(cone, sample)
        scaled = code << exp - r.exp if exp >= r.exp else code >> r.exp - exp
        return min(max(scaled, r.lo), r.hi)

    intervals = [flow.intervals[j] for j in given]
    if len(given) == 1:
        (only,) = intervals
        return Lookup(Wire(0), only.lo, tuple(map(entry, range(only.lo, only.hi + 1))))
    samples = product(*map(_field, reversed(intervals)))
    return Lookup(Wire(0), 0, tuple(entry(*sample[::-1]) for sample in samples))


def _field(r: Interval) -> list[int]:
    """The code of a leaf for every value of its field."""
    values, half = range(1 << r.width), 1 << r.width >> 1
    signed = [v - 2 * half if r.signed and v >= half else v for v in values]
    return [min(max(code, r.lo), r.hi) for code in signed]


def _alone(flow: Dataflow, root: int, given: Leaves) -> tuple[Dataflow, Wire]:
    """The cone as a graph of its own, with its leaves as inputs.

    Leaves may take values there that they never have together, so nothing is known of sums.
    """
    cone = Dataflow()
    made = {j: cone.input(k, flow.intervals[j]) for k, j in enumerate(given)}

    def visit(i: int) -> Wire:
        if i not in made:
            op, exp = flow.ops[i], flow.intervals[i].exp
            wires = [visit(wire.op) << wire.shift for wire in operands(op)]
            if isinstance(op, Lookup):
                made[i] = _looked_up(cone, op, wires[0], exp, flow.interval(op.a).exp)
            else:
                made[i] = remake(cone, with_operands(op, wires), exp)
        return made[i]

    cone.outputs = [visit(root)]
    return cone, cone.outputs[0]


def _looked_up(flow: Dataflow, op: Lookup, wire: Wire, exp: int, step: int) -> Wire:
    """In the table of ``op``, or at its nearer end."""
    within = Interval(op.lo, op.lo + len(op.table) - 1, step)
    limited = flow.limit(wire, within, Overflow.SATURATE)
    return flow.lookup(limited, op.lo, op.table, exp, step)

"""Constant products on wires."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

import numpy as np

from rtlgen.dataflow import Dataflow, Wire
from rtlgen.plan import Plan, Term
from sim import integers
from sim.integers import IntArray
from sim.rounding import Interval

MAX_JOINT = 20_000
"""Windows with more weights that are not zero, all together, are not planned together."""


def products(flow: Dataflow, rows: Sequence[Sequence[Wire]], matrix: IntArray) -> list[list[Wire]]:
    """Every row of wires times the matrix.

    Rows that have wires in common, as neighbouring windows do, are planned together if that
    takes fewer additions: they may have sums in common, too. Otherwise one plan serves all.
    """
    rows, matrix = _without_zeros(flow, rows, matrix)
    plan, known = _planned(flow, rows, matrix)
    if (joint := _joint(flow, rows, matrix)) is not None:
        wires, wide = joint
        together, ranges = _planned(flow, [wires], wide)
        if len(together.steps) < len(rows) * len(plan.steps):
            flat = _instantiate(flow, together, wires, ranges[0])
            size = matrix.shape[1]
            return [flat[k : k + size] for k in range(0, len(flat), size)]
    return [_instantiate(flow, plan, row, k) for row, k in zip(rows, known, strict=True)]


def _without_zeros(
    flow: Dataflow, rows: Sequence[Sequence[Wire]], matrix: IntArray
) -> tuple[Sequence[Sequence[Wire]], IntArray]:
    """Without what is zero in all rows, as what a network has no use for is."""
    used = [any(flow.known(wire) != 0 for wire in column) for column in zip(*rows, strict=True)]
    if not any(used):
        return rows, matrix
    return [list(compress(row, used)) for row in rows], matrix[used]


def _planned(
    flow: Dataflow, rows: Sequence[Sequence[Wire]], matrix: IntArray
) -> tuple[Plan, list[list[Interval]]]:
    """A plan for all rows, and the interval of each of its variables in each row."""
    intervals = [[flow.interval(wire) for wire in row] for row in rows]
    hulls = [_hull(column) for column in zip(*intervals, strict=True)]
    plan = flow.plans.of(matrix, hulls, addend=flow.addend)
    return plan, _ranges(plan, intervals)


def _joint(
    flow: Dataflow, rows: Sequence[Sequence[Wire]], matrix: IntArray
) -> tuple[list[Wire], IntArray] | None:
    """All wires of overlapping rows, and the (Toeplitz) matrix for all of them at once."""
    if np.count_nonzero(matrix) * len(rows) > MAX_JOINT:
        return None
    places = [
        (r, k, wire)
        for r, row in enumerate(rows)
        for k, wire in enumerate(row)
        if flow.known(wire) != 0
    ]
    position = {wire: i for i, wire in enumerate(dict.fromkeys(wire for *_, wire in places))}
    if len(position) == len(places):
        return None
    wide = np.zeros((len(position), len(rows), matrix.shape[1]), matrix.dtype)
    for r, k, wire in places:
        wide[position[wire], r] += matrix[k]
    return list(position), wide.reshape(len(position), -1)


def _hull(intervals: Sequence[Interval]) -> Interval:
    """The narrowest interval that holds all of these."""
    exp = min(r.exp for r in intervals)
    aligned = [r.at(exp) for r in intervals]
    return Interval(min(r.lo for r in aligned), max(r.hi for r in aligned), exp)


def _ranges(plan: Plan, rows: Sequence[Sequence[Interval]]) -> list[list[Interval]]:
    """The exact interval of every variable, for every row of inputs.

    The center of a weighted sum is the weighted sum of the centers; its width is that of the
    widths, weighted without signs. (Both are counted twice, to stay with integers.)
    """
    exps = [min((r.exp for r in row), default=0) for row in rows]
    aligned = [[r.at(exp) for r in row] for row, exp in zip(rows, exps, strict=True)]
    centers = [[r.lo + r.hi for r in row] for row in aligned]
    widths = [[r.hi - r.lo for r in row] for row in aligned]
    forms = plan.forms()
    center = integers.matmul(forms, integers.integers(centers).T)
    width = integers.matmul(np.abs(forms), integers.integers(widths).T)
    lo, hi = (integers.add(center, w) >> 1 for w in (-width, width))
    return [
        [Interval(*ends, exp) for ends in zip(lows, highs, strict=True)]
        for lows, highs, exp in zip(lo.T.tolist(), hi.T.tolist(), exps, strict=True)
    ]


def _instantiate(
    flow: Dataflow, plan: Plan, row: Sequence[Wire], known: Sequence[Interval]
) -> list[Wire]:
    """The steps of the plan on wires. Negative results are kept as such until they meet others."""
    found = [(wire, False) for wire in row]
    for step, interval in zip(plan.steps, known[plan.inputs :], strict=True):
        (a, minus_a), (b, minus_b) = found[step.a], found[step.b]
        a, b = a << max(-step.shift, 0), b << max(step.shift, 0)
        minus_b ^= step.sign < 0
        if flow.known(a) == 0:
            found.append((b, minus_b))
        elif flow.known(b) == 0:
            found.append((a, minus_a))
        elif minus_a and minus_b:
            found.append((flow.add(a, b, Interval(-interval.hi, -interval.lo, interval.exp)), True))
        elif minus_a:
            found.append((flow.sub(b, a, interval), False))
        elif minus_b:
            found.append((flow.sub(a, b, interval), False))
        else:
            found.append((flow.add(a, b, interval), False))

    def output(term: Term | None) -> Wire:
        if term is None:
            return flow.const(0, 0)
        wire, minus = found[term.variable]
        return flow.neg(wire << term.shift) if minus ^ (term.sign < 0) else wire << term.shift

    return [output(term) for term in plan.outputs]

"""Constant matrix times vector, as a graph of shifted additions and subtractions."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import NamedTuple

import numpy as np

from rtlgen.dataflow import Dataflow, Wire
from rtlgen.plan import Plan, Term
from rtlgen.sharing import share
from rtlgen.sums import Variables, sum_up
from sim import integers
from sim.integers import IntArray
from sim.rounding import Interval

BYTE = Interval(-128, 127, 0)


def solve(matrix: IntArray, intervals: Sequence[Interval] | None = None) -> Plan:
    """Plan ``x @ matrix`` for integers (K, N); the intervals of ``x`` say which bits cost most.

    Columns that are equal up to a sign and a power of two are computed once.
    """
    columns = [_primitive(column) for column in matrix.T.tolist()]
    first = {c.weights: c for c in reversed(columns) if any(c.weights)}
    index = {weights: i for i, weights in enumerate(first)}
    variables = Variables(intervals or [BYTE] * len(matrix))
    left = share(variables, [column.signed() for column in first.values()])
    sums = sum_up(variables, left)

    def output(column: _Column) -> Term | None:
        if column.weights not in index:
            return None
        variable, shift, sign = sums[index[column.weights]]
        return Term(variable, shift + column.shift, sign * first[column.weights].sign * column.sign)

    outputs = tuple(map(output, columns))
    return Plan(len(matrix), tuple(variables.steps), outputs).oriented()


def products(flow: Dataflow, rows: Sequence[Sequence[Wire]], matrix: IntArray) -> list[list[Wire]]:
    """Every row of wires times the matrix, which is planned only once."""
    intervals = [[flow.interval(wire) for wire in row] for row in rows]
    plan = solve(matrix, [_hull(column) for column in zip(*intervals, strict=True)])
    known = _ranges(plan, intervals)
    return [_instantiate(flow, plan, row, k) for row, k in zip(rows, known, strict=True)]


class _Column(NamedTuple):
    """``sign * weights * 2**shift``; the first weight that is not zero is positive."""

    weights: tuple[int, ...]
    shift: int
    sign: int

    def signed(self) -> list[int]:
        return [self.sign * weight for weight in self.weights]


def _primitive(column: Sequence[int]) -> _Column:
    common = gcd(*column)
    shift = (common & -common).bit_length() - 1 if common else 0
    sign = -1 if next((n for n in column if n), 0) < 0 else 1
    return _Column(tuple(sign * (n >> shift) for n in column), shift, sign)


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

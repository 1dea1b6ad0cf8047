"""Constant matrix times vector, as a graph of shifted additions and subtractions."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import NamedTuple

from rtlgen import exact
from rtlgen.extraction import cost, shared
from rtlgen.plan import Plan, Term
from rtlgen.search import Search
from rtlgen.sums import Variables, sum_up
from sim.integers import IntArray
from sim.rounding import Interval

BYTE = Interval(-128, 127, 0)


def solve(
    matrix: IntArray,
    intervals: Sequence[Interval] | None = None,
    search: Search | None = None,
    *,
    addend: bool = False,
) -> Plan:
    """Plan ``x @ matrix`` for integers (K, N); the intervals of ``x`` say which bits cost most.

    With ``addend``, a constant is added to each product later.
    Columns that are equal up to a sign and a power of two are computed once.
    """
    columns = [_primitive(column) for column in matrix.T.tolist()]
    first = {c.weights: c for c in reversed(columns) if any(c.weights)}
    index = {weights: i for i, weights in enumerate(first)}
    variables, search = Variables(intervals or [BYTE] * len(matrix)), search or Search()
    signed = [column.signed() for column in first.values()]
    sums = sum_up(variables, shared(variables, signed, search, addend=addend))
    plan = Plan(len(matrix), tuple(variables.steps), tuple(sums))
    if search.exact:
        plan = _cheaper(plan, signed, variables, search, addend)

    def output(column: _Column) -> Term | None:
        term = plan.outputs[index[column.weights]] if column.weights in index else None
        sign = first[column.weights].sign * column.sign if term else 0
        return term and Term(term.variable, term.shift + column.shift, sign * term.sign)

    return Plan(plan.inputs, plan.steps, tuple(map(output, columns))).oriented()


def _cheaper(
    plan: Plan, columns: Sequence[Sequence[int]], variables: Variables, search: Search, addend: bool
) -> Plan:
    """The plan of the fewest adders, if there is one of fewer that takes fewer bits, too."""
    sums = [k for k, term in enumerate(plan.outputs) if term and term.variable >= plan.inputs]
    weights = [tuple(columns[k]) for k in sums]
    if not exact.small(weights, plan):
        return plan
    depth = max(map(exact.levels, weights)) + search.slack
    least, _ = exact.fewest(weights, len(plan.steps) - 1, search.exact, depth)
    if least is None:
        return plan
    outputs = dict(enumerate(plan.outputs)) | dict(zip(sums, least.outputs, strict=True))
    found = Plan(plan.inputs, least.steps, tuple(outputs.values()))
    return min(plan, found, key=lambda p: cost(p, variables, search, addend=addend))


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

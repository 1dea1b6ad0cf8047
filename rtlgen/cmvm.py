"""Constant matrix times vector, as a graph of shifted additions and subtractions."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import NamedTuple

from rtlgen.extraction import shared
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
    variables = Variables(intervals or [BYTE] * len(matrix))
    signed = [column.signed() for column in first.values()]
    sums = sum_up(variables, shared(variables, signed, search or Search(), addend=addend))

    def output(column: _Column) -> Term | None:
        if column.weights not in index:
            return None
        variable, shift, sign = sums[index[column.weights]]
        return Term(variable, shift + column.shift, sign * first[column.weights].sign * column.sign)

    outputs = tuple(map(output, columns))
    return Plan(len(matrix), tuple(variables.steps), outputs).oriented()


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

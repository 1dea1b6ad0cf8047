"""Variables that several outputs of a constant product have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rtlgen.annealing import anneal
from rtlgen.digits import canonical
from rtlgen.patterns import MAX_POSITIONS, Floats, Pattern, State, replace, top
from rtlgen.plan import Plan, Step, Term
from rtlgen.pricing import prices
from rtlgen.search import Search
from rtlgen.sums import Variables

MAX_WORDS = 1 << 25
"""Outputs of which the digits would take more words are searched in several blocks."""

Columns = Sequence[Sequence[int]]


def shared(
    variables: Variables, columns: Columns, search: Search, *, addend: bool
) -> list[list[Term]]:
    """Add variables that are worth it; the terms that are then left of each column."""
    left: list[list[Term]] = []
    for block in _blocks(columns):
        left += _searched(variables, block, search, addend)
    return left


def cost(plan: Plan, variables: Variables, search: Search, *, addend: bool) -> float:
    """What a plan takes, as the search counts it."""
    outputs = [term for term in plan.outputs if term]
    size = plan.inputs + len(plan.steps)
    state = _state(variables, [[0] * plan.inputs] * len(outputs), size)
    for step in plan.steps:
        replace(state, Pattern(*step))
    for k, (variable, shift, sign) in enumerate(outputs):
        (state.plus if sign > 0 else state.minus)[variable, k] = np.uint64(1 << shift)
    return prices(state, search.arity, search.ends, addend)[0]


def _blocks(columns: Columns) -> Iterator[Columns]:
    """Columns that are searched together; alone those that have no room in a word."""
    block: list[Sequence[int]] = []
    digits = 0
    for column in columns:
        size = _digits([column])
        if block and (digits + size) * (len(block) + 1) > MAX_WORDS:
            yield block
            block, digits = [], 0
        block.append(column)
        digits += size
    if block:
        yield block


def _digits(columns: Columns) -> int:
    return sum(len(canonical(n)) for column in columns for n in column)


def _searched(
    variables: Variables, columns: Columns, search: Search, addend: bool
) -> list[list[Term]]:
    digits = _digits(columns)
    if max(abs(n).bit_length() for c in columns for n in c) > MAX_POSITIONS - 2:
        return [[Term(k, *d) for k, n in enumerate(c) for d in canonical(n)] for c in columns]
    inputs = len(columns[0])
    state = _state(variables, columns, inputs + digits // 2 + 2)
    found = anneal(state, search, search.rounds(digits), addend)
    new = {k: k for k in range(inputs)}
    for k in range(inputs, found.sizes[1]):
        a, b, shift, sign = found.patterns[k].tolist()
        new[k] = variables.add(Step(new[a], new[b], shift, sign))
    return [_left(found, new, output) for output in range(len(columns))]


def _state(variables: Variables, columns: Columns, room: int) -> State:
    """The inputs alone, in all columns."""
    inputs, outputs = len(columns[0]), len(columns)
    plus, minus = (np.zeros((room, outputs), np.uint64) for _ in range(2))
    for output, column in enumerate(columns):
        for k, n in enumerate(column):
            for place, sign in canonical(n):
                (plus if sign > 0 else minus)[k, output] |= np.uint64(1 << place)
    low, high = (np.zeros(room) for _ in range(2))
    bottom, above = (np.zeros(room, np.int64) for _ in range(2))
    for k, r in enumerate(variables.intervals[:inputs]):
        low[k], high[k], bottom[k] = r.lo * 2.0**r.exp, r.hi * 2.0**r.exp, r.exp
        above[k] = top(low[k], high[k], 2.0**r.exp)
    depth, weight = np.zeros(room, np.int64), _digit_counts(columns)
    patterns, count = np.zeros((room, 4), np.int64), np.array([inputs, inputs])
    return State(plus, minus, patterns, low, high, bottom, above, depth, weight, count)


def _digit_counts(columns: Columns) -> Floats:
    return np.array([float(_digits([column])) for column in columns])


def _left(state: State, new: dict[int, int], output: int) -> list[Term]:
    """The terms of an output."""
    terms = []
    size = state.sizes[1]
    for words, sign in ((state.plus, 1), (state.minus, -1)):
        for k in np.flatnonzero(words[:size, output]):
            word = int(words[k, output])
            places = (p for p in range(word.bit_length()) if word >> p & 1)
            terms += [Term(new[int(k)], place, sign) for place in places]
    return terms

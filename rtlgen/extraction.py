"""Variables that several outputs of a constant product have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rtlgen.annealing import Found, anneal
from rtlgen.bill import bill, update
from rtlgen.digits import canonical
from rtlgen.journal import journal
from rtlgen.patterns import MAX_POSITIONS, Pattern, State, blank, define, write
from rtlgen.plan import Plan, Step, Term
from rtlgen.search import Search
from rtlgen.sums import Variables
from rtlgen.words import NONE, ONE, top

MAX_WORDS = 1 << 25
"""Outputs of which the digits would take more words are searched in several blocks."""

SPARE = 1000
"""Places for variables that a round makes while those that it took back keep theirs."""

SEATS = 4
"""Of an output without digits, whose digits are written later."""

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
    state = _state(variables, [[0] * plan.inputs] * len(outputs), plan.inputs + len(plan.steps))
    places = [*range(plan.inputs)]
    for a, b, shift, sign in plan.steps:
        places.append(define(state, Pattern(places[a], places[b], shift, sign)))
    for k, (variable, shift, sign) in enumerate(outputs):
        digit = ONE << np.uint64(shift)
        write(state, places[variable], k, *((digit, NONE) if sign > 0 else (NONE, digit)))
    size = len(plan.steps) + len(outputs)
    return total(state, size, search, addend=addend)


def total(state: State, digits: int, search: Search, *, addend: bool) -> float:
    """The price of a state of so many digits."""
    owed = bill(state, digits)
    update(state, journal(state, 0), owed, search.arity, search.ends, addend)
    return float(owed.totals[0])


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
    state = _state(variables, columns, inputs + digits // 2 + 2 + min(digits // 2, SPARE))
    found = anneal(state, search, search.rounds(digits), addend)
    new = {k: k for k in range(inputs)}
    made = np.flatnonzero(found.alive[inputs:]) + inputs
    for k in sorted(made.tolist(), key=lambda k: (found.depth[k], k)):
        a, b, shift, sign = found.patterns[k].tolist()
        new[k] = variables.add(Step(new[a], new[b], shift, sign))
    return _left(found, new, len(columns))


def _state(variables: Variables, columns: Columns, room: int) -> State:
    """The inputs alone, in all columns."""
    inputs, outputs = len(columns[0]), len(columns)
    seats = max(SEATS, *(_digits([column]) for column in columns))
    state = blank(inputs, room, outputs, seats)
    for k, r in enumerate(variables.intervals[:inputs]):
        low, high, step = r.lo * 2.0**r.exp, r.hi * 2.0**r.exp, 2.0**r.exp
        state.low[k], state.high[k], state.bottom[k] = low, high, r.exp
        state.top[k] = top(low, high, step)
    for output, column in enumerate(columns):
        for k, n in enumerate(column):
            words = [NONE, NONE]
            for at, sign in canonical(n):
                words[sign < 0] |= ONE << np.uint64(at)
            write(state, k, output, *words)
    return state


def _left(found: Found, new: dict[int, int], outputs: int) -> list[list[Term]]:
    """The terms of each output."""
    terms: list[list[Term]] = [[] for _ in range(outputs)]
    words = zip(found.where[: found.filled[0]].tolist(), found.words.tolist(), strict=False)
    for (variable, output), (plus, minus) in sorted(words, key=lambda w: new[w[0][0]]):
        for word, sign in ((plus, 1), (minus, -1)):
            places = (p for p in range(word.bit_length()) if word >> p & 1)
            terms[output] += [Term(new[variable], p, sign) for p in places]
    return terms

"""What a sum of a search costs, estimated as the adders are built later; compiled by numba.

A variable that is read once becomes part of the sum that reads it. The terms of a sum meet in
adders of two or three, the smallest first. An adder costs a bit for each position from where two
terms overlap to the top of their sum.
"""

from __future__ import annotations

from math import ldexp
from typing import NamedTuple

import numpy as np

from rtlgen.compiling import lean
from rtlgen.overlap import NO_BOTTOMS, below, meeting
from rtlgen.patterns import Floats, Integers, State
from rtlgen.words import NONE, lowest, place, top

LOW, HIGH, BOTTOM, SIZE, SIGN = range(5)
"""What is known of a term; its size is the largest magnitude."""


class Desk(NamedTuple):
    """Where a sum is worked out."""

    stack: Integers
    """(terms, 3): variable, shift, sign."""
    terms: Floats
    """(terms, 5): sorted by their size."""
    copy: Floats


def desk(room: int) -> Desk:
    """With room for sums of so many terms."""
    return Desk(np.zeros((room, 3), np.int64), np.zeros((room, 5)), np.zeros((room, 5)))


@lean
def price(
    state: State, desk: Desk, one: int, arity: int, ends: int, addend: bool
) -> tuple[float, float]:
    """The bits of all adders of a variable's sum, or of an output's, and ``ends`` for each adder.

    Outputs are counted behind all places for variables. Each adder has up to ``arity`` terms;
    with ``addend``, a constant is one more term of an output. The second price is that in adders
    of two, where others are to be had, too: it falls with each term that is shared, that in
    adders of three only with every other.
    """
    patterns, stack, terms, copy = state.patterns, desk.stack, desk.terms, desk.copy
    output = one - state.alive.size
    own = output < 0
    depth = _push(patterns, stack, 0, one, 0, 1) if own else _digits(state, stack, output)
    count = _flattened(state, stack, depth, terms)
    if addend and not own and count:
        bottom = terms[0, BOTTOM]
        for i in range(count):
            bottom = min(bottom, terms[i, BOTTOM])
        unit = ldexp(1.0, int(bottom))
        _insert(terms, count, unit, unit, bottom, 1.0)
        count += 1
    beside = 0.0
    if arity > 2:
        for i in range(count):
            _copy(terms, i, copy, i)
        beside = _adders(copy, count, 2, ends)
    return _adders(terms, count, arity, ends), beside


@lean
def _digits(state: State, stack: Integers, output: int) -> int:
    """Put the digits of an output on the stack."""
    all_plus, all_minus, seated = state.plus[output], state.minus[output], state.seated[output]
    depth = 0
    for seat in range(state.seats[output]):
        plus = all_plus[seat]
        word = plus | all_minus[seat]
        while word != NONE:
            bit = lowest(word)
            word ^= bit
            stack[depth, 0], stack[depth, 1] = seated[seat], place(bit)
            stack[depth, 2] = 1 if plus & bit != NONE else -1
            depth += 1
    return depth


@lean
def _push(
    patterns: Integers, stack: Integers, depth: int, variable: int, shift: int, sign: int
) -> int:
    """Put the two terms of a variable on a stack of (variable, shift, sign)."""
    a, b, by, sign_b = patterns[variable]
    stack[depth, 0], stack[depth, 1], stack[depth, 2] = a, shift + max(-by, 0), sign
    depth += 1
    stack[depth, 0], stack[depth, 1], stack[depth, 2] = b, shift + max(by, 0), sign * sign_b
    return depth + 1


@lean
def _flattened(state: State, stack: Integers, depth: int, terms: Floats) -> int:
    """The terms that a stack stands for once what is read once is taken apart; how many."""
    count, inputs, uses, patterns = 0, state.sizes[0], state.uses, state.patterns
    lows, highs, bottoms = state.low, state.high, state.bottom
    while depth:
        depth -= 1
        variable, shift, sign = stack[depth]
        if variable >= inputs and uses[variable] < 2:
            depth = _push(patterns, stack, depth, variable, shift, sign)
        else:
            low, high = ldexp(lows[variable], shift), ldexp(highs[variable], shift)
            _insert(terms, count, low, high, float(bottoms[variable] + shift), float(sign))
            count += 1
    return count


@lean
def _insert(terms: Floats, end: int, low: float, high: float, bottom: float, sign: float) -> None:
    """Put a term where it belongs among so many; equal sizes in an order of their own."""
    i, size = end, max(high, -low)
    while i > 0 and terms[i - 1, SIZE] >= size:
        if terms[i - 1, SIZE] == size:
            ends = terms[i - 1, LOW] + terms[i - 1, HIGH]  # of two with one size, they differ here
            if (terms[i - 1, BOTTOM], terms[i - 1, SIGN], ends) <= (bottom, sign, low + high):
                break
        _copy(terms, i - 1, terms, i)
        i -= 1
    _place(terms, i, low, high, bottom, sign)


@lean
def _copy(terms: Floats, i: int, to: Floats, at: int) -> None:
    for k in range(5):
        to[at, k] = terms[i, k]


@lean
def _place(terms: Floats, i: int, low: float, high: float, bottom: float, sign: float) -> None:
    terms[i, LOW], terms[i, HIGH], terms[i, BOTTOM] = low, high, bottom
    terms[i, SIZE], terms[i, SIGN] = max(high, -low), sign


@lean
def _adders(terms: Floats, count: int, arity: int, ends: int) -> float:
    """The bits of a tree for so many terms, which it uses up."""
    total, first = 0.0, 0
    while count - first > 1:
        group = 3 if arity == 3 and (count - first) % 2 else 2
        positive = -1.0
        for i in range(first, first + group):
            positive = max(positive, terms[i, SIGN])
        low = high = 0.0
        bottoms = NO_BOTTOMS
        for i in range(first, first + group):
            plus = terms[i, SIGN] == positive
            low += terms[i, LOW] if plus else -terms[i, HIGH]
            high += terms[i, HIGH] if plus else -terms[i, LOW]
            bottoms = below(bottoms, int(terms[i, BOTTOM]), plus)
        above = top(low, high, ldexp(1.0, bottoms.lowest))
        total += ends + max(0, above - meeting(bottoms))
        first += group - 1
        i, size = first, max(high, -low)
        while i + 1 < count and terms[i + 1, SIZE] < size:
            _copy(terms, i + 1, terms, i)
            i += 1
        _place(terms, i, low, high, float(bottoms.lowest), positive)
    return total

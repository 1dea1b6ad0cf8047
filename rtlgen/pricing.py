"""What the sums of a search cost, estimated as the adders are built later; compiled by numba.

A variable that is read once becomes part of the sum that reads it. The terms of a sum meet in
adders of two or three, the smallest first. An adder costs a bit for each position from where two
terms overlap to the top of their sum.
"""

from __future__ import annotations

from math import ldexp
from typing import NamedTuple

import numpy as np

from rtlgen.compiling import compiled
from rtlgen.overlap import NO_BOTTOMS, below, meeting
from rtlgen.patterns import NONE, ONE, Floats, Integers, State, ones, top


class Terms(NamedTuple):
    """The terms of a sum, sorted by their size."""

    low: Floats
    high: Floats
    bottom: Integers
    size: Floats
    """The largest magnitude."""
    sign: Integers


class Reads(NamedTuple):
    """What is read of the variables."""

    uses: Integers
    """(variables,): how often each is read."""
    counts: Integers
    """(outputs,): how many each reads."""
    read: Integers
    """(outputs, variables): and which."""


@compiled
def prices(state: State, arity: int, ends: int, addend: bool) -> tuple[float, float]:
    """The bits of all adders that variables and outputs take, and ``ends`` more for each.

    Each has up to ``arity`` terms; with ``addend``, a constant is one more term of each output.
    The second price is that in adders of two, where others are to be had, too: it falls with each
    term that is shared, that in adders of three only with every other.
    """
    inputs, size = state.sizes
    reads = _reads(state)
    stack = np.zeros((state.plus.shape[0], 3), np.int64)
    terms, copy = _room(state.plus.shape[0]), _room(state.plus.shape[0])
    own = beside = 0.0
    for k in range(inputs, size + state.weight.size):  # variables, and then outputs
        if k >= size:
            depth = _digits(state, reads, stack, k - size)
        elif reads.uses[k] > 1:
            depth = _push(state, stack, 0, k, 0, 1)
        else:
            continue
        count = _flattened(state, reads.uses, stack, depth, terms)
        if addend and k >= size and count:
            bottom = terms.bottom[:count].min()
            one = ldexp(1.0, bottom)
            _insert(terms, 0, count, one, one, bottom, 1)
            count += 1
        if arity > 2:
            _copy(terms, count, copy)
            beside += _adders(copy, count, 2, ends)
        own += _adders(terms, count, arity, ends)
    return own, beside


@compiled
def _room(count: int) -> Terms:
    return Terms(
        np.zeros(count),
        np.zeros(count),
        np.zeros(count, np.int64),
        np.zeros(count),
        np.zeros(count, np.int64),
    )


@compiled
def _copy(terms: Terms, count: int, to: Terms) -> None:
    for i in range(count):
        to.low[i], to.high[i], to.bottom[i] = terms.low[i], terms.high[i], terms.bottom[i]
        to.size[i], to.sign[i] = terms.size[i], terms.sign[i]


@compiled
def _reads(state: State) -> Reads:
    (inputs, size), outputs = state.sizes, state.weight.size
    reads = Reads(
        np.zeros(size, np.int64), np.zeros(outputs, np.int64), np.empty((outputs, size), np.int64)
    )
    for variable in range(inputs, size):
        reads.uses[state.patterns[variable, 0]] += 1
        reads.uses[state.patterns[variable, 1]] += 1
    for variable in range(size):
        for output in range(outputs):
            plus, minus = state.plus[variable, output], state.minus[variable, output]
            if plus | minus != NONE:
                reads.uses[variable] += ones(plus) + ones(minus)
                reads.read[output, reads.counts[output]] = variable
                reads.counts[output] += 1
    return reads


@compiled
def _push(state: State, stack: Integers, depth: int, variable: int, shift: int, sign: int) -> int:
    """Put the two terms of a variable on a stack of (variable, shift, sign)."""
    by = state.patterns[variable, 2]
    stack[depth, 0], stack[depth, 1] = state.patterns[variable, 0], shift + max(-by, 0)
    stack[depth, 2] = sign
    stack[depth + 1, 0], stack[depth + 1, 1] = state.patterns[variable, 1], shift + max(by, 0)
    stack[depth + 1, 2] = sign * state.patterns[variable, 3]
    return depth + 2


@compiled
def _digits(state: State, reads: Reads, stack: Integers, output: int) -> int:
    """Put the digits of an output on the stack."""
    depth = 0
    for variable in reads.read[output, : reads.counts[output]]:
        for sign in (1, -1):
            word = state.plus[variable, output] if sign > 0 else state.minus[variable, output]
            place = 0
            while word != NONE:
                if word & ONE != NONE:
                    stack[depth, 0], stack[depth, 1], stack[depth, 2] = variable, place, sign
                    depth += 1
                word >>= ONE
                place += 1
    return depth


@compiled
def _flattened(state: State, uses: Integers, stack: Integers, depth: int, terms: Terms) -> int:
    """The terms that a stack stands for once what is read once is taken apart; how many."""
    count = 0
    while depth:
        depth -= 1
        variable, shift, sign = stack[depth]
        if variable >= state.sizes[0] and uses[variable] < 2:
            depth = _push(state, stack, depth, variable, shift, sign)
        else:
            low, high = ldexp(state.low[variable], shift), ldexp(state.high[variable], shift)
            _insert(terms, 0, count, low, high, state.bottom[variable] + shift, sign)
            count += 1
    return count


@compiled
def _insert(
    terms: Terms, first: int, end: int, low: float, high: float, bottom: int, sign: int
) -> None:
    """Put a term where it belongs among those from ``first`` to ``end``."""
    i, size = end, max(high, -low)
    while i > first and terms.size[i - 1] > size:
        terms.low[i], terms.high[i] = terms.low[i - 1], terms.high[i - 1]
        terms.bottom[i], terms.size[i] = terms.bottom[i - 1], terms.size[i - 1]
        terms.sign[i] = terms.sign[i - 1]
        i -= 1
    terms.low[i], terms.high[i], terms.bottom[i] = low, high, bottom
    terms.size[i], terms.sign[i] = size, sign


@compiled
def _adders(terms: Terms, count: int, arity: int, ends: int) -> float:
    """The bits of a tree for so many terms, which it uses up."""
    total, first, end = 0.0, 0, count
    while end - first > 1:
        group = 3 if arity == 3 and (end - first) % 2 else 2
        positive = -1
        for i in range(first, first + group):
            positive = max(positive, terms.sign[i])
        low = high = 0.0
        bottoms = NO_BOTTOMS
        for i in range(first, first + group):
            plus = terms.sign[i] == positive
            low += terms.low[i] if plus else -terms.high[i]
            high += terms.high[i] if plus else -terms.low[i]
            bottoms = below(bottoms, terms.bottom[i], plus)
        above = top(low, high, ldexp(1.0, bottoms.lowest))
        total += ends + max(0, above - meeting(bottoms))
        first += group - 1
        _sink(terms, first, end, low, high, bottoms.lowest, positive)
    return total


@compiled
def _sink(
    terms: Terms, first: int, end: int, low: float, high: float, bottom: int, sign: int
) -> None:
    """Put a sum in the first place, and then behind the terms that are smaller."""
    i, size = first, max(high, -low)
    while i + 1 < end and terms.size[i + 1] < size:
        terms.low[i], terms.high[i] = terms.low[i + 1], terms.high[i + 1]
        terms.bottom[i], terms.size[i] = terms.bottom[i + 1], terms.size[i + 1]
        terms.sign[i] = terms.sign[i + 1]
        i += 1
    terms.low[i], terms.high[i], terms.bottom[i] = low, high, bottom
    terms.size[i], terms.sign[i] = size, sign

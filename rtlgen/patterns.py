"""The state of a search for common subexpressions, compiled by numba.

The digits of a variable in an output are the bits of two words, one for each sign. A pattern is
a digit of ``a`` and, ``shift`` above it, one of ``b`` of ``sign`` times its sign: wherever it
occurs, one digit of a new variable can stand for both. Finding it is a shift and an ``and``.
"""

from __future__ import annotations

from math import frexp, ldexp
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rtlgen.compiling import compiled

MAX_POSITIONS = 60
"""Bits of a weight that the words of a state have room for."""

Words = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

NONE = np.uint64(0)
ONE = np.uint64(1)


class State(NamedTuple):
    """Variables, first the inputs, and what the outputs are made of; room for more of them."""

    plus: Words
    """(variables, outputs): the digits that are added."""
    minus: Words
    """Those that are subtracted."""
    patterns: Integers
    """(variables, 4): a, b, shift, sign; nothing for the inputs."""
    low: Floats
    """(variables,): the least value."""
    high: Floats
    bottom: Integers
    """(variables,): the position of the lowest bit."""
    top: Integers
    """The position above the highest one."""
    depth: Integers
    """How many adders of two are behind one another."""
    weight: Floats
    """(outputs,): the sum of ``2**depth`` over all digits (Kraft, 1949)."""
    sizes: Integers
    """(2,): inputs, and variables so far."""


class Digits(NamedTuple):
    """What outputs are made of where there are no variables but the inputs."""

    plus: Words
    """(inputs, outputs)"""
    minus: Words
    weight: Floats
    """(outputs,)"""


class Pattern(NamedTuple):
    a: int
    b: int
    shift: int
    sign: int


@compiled
def copied(state: State) -> State:
    return State(
        state.plus.copy(),
        state.minus.copy(),
        state.patterns.copy(),
        state.low.copy(),
        state.high.copy(),
        state.bottom.copy(),
        state.top.copy(),
        state.depth.copy(),
        state.weight.copy(),
        state.sizes.copy(),
    )


@compiled
def digits(state: State) -> Digits:
    """Of a state that has no variables but the inputs."""
    inputs = state.sizes[0]
    return Digits(state.plus[:inputs].copy(), state.minus[:inputs].copy(), state.weight.copy())


@compiled
def begin(state: State, given: Digits) -> None:
    """Take all variables but the inputs back, and let the outputs be made of these digits."""
    inputs, size = state.sizes
    state.plus[:inputs], state.minus[:inputs] = given.plus, given.minus
    state.plus[inputs:size], state.minus[inputs:size] = NONE, NONE
    state.weight[:] = given.weight
    state.sizes[1] = inputs


@compiled
def ones(word: np.uint64) -> int:
    """How many bits are set."""
    word = word - ((word >> ONE) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int(np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56)))


@compiled
def shifted(word: np.uint64, by: int) -> np.uint64:
    return word << np.uint64(by) if by >= 0 else word >> np.uint64(-by)


@compiled
def first_ones(word: np.uint64, count: int) -> np.uint64:
    """The lowest bits that are set, at most so many."""
    kept = NONE
    while count > 0 and word != NONE:
        lowest = word & (~word + ONE)
        kept |= lowest
        word ^= lowest
        count -= 1
    return kept


@compiled
def top(low: float, high: float, step: float) -> int:
    """The position above the highest bit of numbers in ``low..high``."""
    fraction, exponent = frexp(max(high + step, -low))
    return int(exponent) - int(fraction == 0.5) + int(low < 0)


@compiled
def loss(state: State, p: Pattern) -> float:
    """By how much the weight of an output grows where the pattern is replaced."""
    a, b = ldexp(1.0, state.depth[p.a]), ldexp(1.0, state.depth[p.b])
    return float(2 * max(a, b) - a - b)


@compiled
def occurrences(state: State, p: Pattern, output: int) -> tuple[np.uint64, np.uint64]:
    """The digits of ``a``, by sign, where the pattern occurs; none is in two of them."""
    same, other = state.plus[p.b, output], state.minus[p.b, output]
    if p.sign < 0:
        same, other = other, same
    plus = state.plus[p.a, output] & shifted(same, -p.shift)
    minus = state.minus[p.a, output] & shifted(other, -p.shift)
    if p.a == p.b and (plus | minus) != NONE:
        used = kept = NONE
        rest = plus | minus
        while rest != NONE:
            lowest = rest & (~rest + ONE)
            rest ^= lowest
            pair = lowest | shifted(lowest, p.shift)
            if used & pair == NONE:
                used |= pair
                kept |= lowest
        plus, minus = plus & kept, minus & kept
    return plus, minus


@compiled
def mark(state: State, p: Pattern, budget: float) -> int:
    """Put the occurrences down as digits of the next variable, and count them.

    No output takes so many that its weight would exceed the budget.
    """
    more, total, new = loss(state, p), 0, state.sizes[1]
    for output in range(state.weight.size):
        plus, minus = occurrences(state, p, output)
        number = ones(plus) + ones(minus)
        if number and more > 0 and state.weight[output] + number * more > budget:
            kept = first_ones(plus | minus, int((budget - state.weight[output]) // more))
            plus, minus = plus & kept, minus & kept
            number = ones(plus) + ones(minus)
        if number:
            lowest = min(p.shift, 0)
            state.plus[new, output] = shifted(plus, lowest)
            state.minus[new, output] = shifted(minus, lowest)
            total += number
    return total


@compiled
def unmark(state: State) -> None:
    state.plus[state.sizes[1], :] = NONE
    state.minus[state.sizes[1], :] = NONE


@compiled
def replace(state: State, p: Pattern) -> None:
    """Make what was marked a variable: its digits stand for the pattern's."""
    more, new = loss(state, p), state.sizes[1]
    lowest = min(p.shift, 0)
    for output in range(state.weight.size):
        plus = shifted(state.plus[new, output], -lowest)
        minus = shifted(state.minus[new, output], -lowest)
        if plus | minus != NONE:
            state.plus[p.a, output] &= ~plus
            state.minus[p.a, output] &= ~minus
            same, other = (plus, minus) if p.sign > 0 else (minus, plus)
            state.plus[p.b, output] &= ~shifted(same, p.shift)
            state.minus[p.b, output] &= ~shifted(other, p.shift)
            state.weight[output] += more * (ones(plus) + ones(minus))
    _define(state, p, new)
    state.sizes[1] = new + 1


@compiled
def _define(state: State, p: Pattern, new: int) -> None:
    up_a, up_b = max(-p.shift, 0), max(p.shift, 0)
    low, high = ldexp(state.low[p.b], up_b), ldexp(state.high[p.b], up_b)
    if p.sign < 0:
        low, high = -high, -low
    state.low[new] = ldexp(state.low[p.a], up_a) + low
    state.high[new] = ldexp(state.high[p.a], up_a) + high
    state.bottom[new] = min(state.bottom[p.a] + up_a, state.bottom[p.b] + up_b)
    state.top[new] = top(state.low[new], state.high[new], ldexp(1.0, state.bottom[new]))
    state.depth[new] = 1 + max(state.depth[p.a], state.depth[p.b])
    state.patterns[new, 0], state.patterns[new, 1] = p.a, p.b
    state.patterns[new, 2], state.patterns[new, 3] = p.shift, p.sign

"""The state of a search for common subexpressions, compiled by numba.

The digits of a variable in an output are the bits of two words, one for each sign. A pattern is
a digit of ``a`` and, ``shift`` above it, one of ``b`` of ``sign`` times its sign: wherever it
occurs, one digit of a new variable can stand for both. Finding it is a shift and an ``and``.
"""

from __future__ import annotations

from math import ldexp
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rtlgen.compiling import lean
from rtlgen.words import NONE, first_ones, lowest, ones, shifted, top

MAX_POSITIONS = 60
"""Bits of a weight that the words of a state have room for."""

Words = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


class State(NamedTuple):
    """Variables, first the inputs, and what the outputs are made of; room for more of them.

    A variable that is taken back leaves its place to another one, so those that are made of
    others may stand before them.
    """

    plus: Words
    """(outputs, seats): the digits that are added."""
    minus: Words
    """Those that are subtracted."""
    seated: Integers
    """(outputs, seats): the variables that have these digits, in any order."""
    seats: Integers
    """(outputs,): how many these are."""
    seat: Indices
    """(variables, outputs): where a variable has its digits in an output, or -1."""
    alive: Booleans
    """(variables,): whether there is one in this place."""
    patterns: Integers
    """(variables, 4): a, b, shift, sign; nothing for the inputs."""
    uses: Integers
    """(variables,): how many digits and patterns read it."""
    inner: Integers
    """How many of these are patterns."""
    link: Integers
    """The exclusive or of the variables that have these patterns: if it is one, which."""
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
    free: Integers
    """(variables,): a stack of the places that are free."""
    sizes: Integers
    """(3,): inputs, places up to the last one that was ever used, and free places."""


class Pattern(NamedTuple):
    a: int
    b: int
    shift: int
    sign: int


def blank(inputs: int, room: int, outputs: int, seats: int) -> State:
    """Inputs of which nothing is known yet, in no output, and room for variables in all.

    No output has digits of more variables than ``seats``.
    """
    counts = [np.zeros(room, np.int64) for _ in range(6)]
    return State(
        plus=np.zeros((outputs, seats), np.uint64),
        minus=np.zeros((outputs, seats), np.uint64),
        seated=np.zeros((outputs, seats), np.int64),
        seats=np.zeros(outputs, np.int64),
        seat=np.full((room, outputs), -1, np.int32),
        alive=np.arange(room) < inputs,
        patterns=np.zeros((room, 4), np.int64),
        uses=counts[0],
        inner=counts[1],
        link=counts[2],
        low=np.zeros(room),
        high=np.zeros(room),
        bottom=counts[3],
        top=counts[4],
        depth=counts[5],
        weight=np.zeros(outputs),
        free=np.arange(room)[::-1].copy(),
        sizes=np.array([inputs, inputs, room - inputs]),
    )


# -- occurrences --------------------------------------------------------------------------------


@lean
def loss(state: State, p: Pattern) -> float:
    """By how much the weight of an output grows where the pattern is replaced."""
    depth = state.depth
    a, b = ldexp(1.0, depth[p.a]), ldexp(1.0, depth[p.b])
    return float(2 * max(a, b) - a - b)


@lean
def occurrences(
    a: tuple[np.uint64, np.uint64],
    b: tuple[np.uint64, np.uint64],
    shift: int,
    sign: int,
    alone: bool,
    most: int,
) -> tuple[np.uint64, np.uint64]:
    """The digits of ``a``, by sign, where a pattern occurs in an output: at most so many.

    ``alone`` says that ``b`` is ``a``: then none is in two of them. (A state is not handed on
    here, nor where digits are counted: that would take longer than the rest.)
    """
    same, other = b if sign > 0 else (b[1], b[0])
    plus, minus = a[0] & shifted(same, -shift), a[1] & shifted(other, -shift)
    rest = plus | minus
    if rest == NONE:
        return plus, minus
    if alone:
        used = kept = NONE
        while rest != NONE:
            bit = lowest(rest)
            rest ^= bit
            pair = bit | shifted(bit, shift)
            if used & pair == NONE:
                used |= pair
                kept |= bit
        plus, minus = plus & kept, minus & kept
    if ones(plus) + ones(minus) > most:
        kept = first_ones(plus | minus, most)
        plus, minus = plus & kept, minus & kept
    return plus, minus


@lean
def affordable(more: float, spare: float) -> int:
    """How many occurrences an output has room for, if each makes it heavier by ``more``."""
    return int(spare // more) if more > 0 else 64


# -- variables ----------------------------------------------------------------------------------


@lean
def define(state: State, p: Pattern) -> int:
    """Make a variable that stands for a pattern, which is in no output yet; its place."""
    state.sizes[2] -= 1
    new = int(state.free[state.sizes[2]])
    state.sizes[1] = max(state.sizes[1], new + 1)
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
    revive(state, new)
    return new


@lean
def revive(state: State, variable: int) -> None:
    """Let a variable that has a pattern be there, and read what it is made of."""
    uses, inner, link, (a, b) = state.uses, state.inner, state.link, state.patterns[variable, :2]
    state.alive[variable] = True
    for read in (a, b):
        uses[read] += 1
        inner[read] += 1
        link[read] ^= variable


@lean
def retire(state: State, variable: int) -> None:
    """The opposite; its place is not free yet."""
    uses, inner, link, (a, b) = state.uses, state.inner, state.link, state.patterns[variable, :2]
    state.alive[variable] = False
    for read in (a, b):
        uses[read] -= 1
        inner[read] -= 1
        link[read] ^= variable


@lean
def vacate(state: State, variable: int) -> None:
    """Let another variable have the place of one that has gone."""
    state.free[state.sizes[2]] = variable
    state.sizes[2] += 1


@lean
def next_reader(state: State, variable: int, after: int) -> int:
    """The next variable behind the place ``after`` that is made of this one, or -1."""
    alive, patterns, (inputs, size, _) = state.alive, state.patterns, state.sizes
    inner, link = state.inner[variable], state.link[variable]
    if inner < 2:
        return int(link) if inner and link > after else -1
    for other in range(max(inputs, after + 1), size):
        if alive[other] and variable in (patterns[other, 0], patterns[other, 1]):
            return other
    return -1


@lean
def digits(state: State, variable: int, output: int) -> tuple[np.uint64, np.uint64]:
    """Those of a variable in an output, added and subtracted."""
    plus, minus, seat = state.plus, state.minus, state.seat[variable, output]
    return (NONE, NONE) if seat < 0 else (plus[output, seat], minus[output, seat])


@lean
def write(state: State, variable: int, output: int, plus: np.uint64, minus: np.uint64) -> None:
    """Let a variable have these digits in an output."""
    all_plus, all_minus, seats, seat = state.plus, state.minus, state.seats, state.seat
    seated, uses, weight, depth = state.seated, state.uses, state.weight, state.depth[variable]
    at, before, now = np.int64(seat[variable, output]), 0, ones(plus) + ones(minus)
    if at >= 0:
        before = ones(all_plus[output, at]) + ones(all_minus[output, at])
    uses[variable] += now - before
    weight[output] += ldexp(float(now - before), depth)
    if now:
        if at < 0:
            at = seats[output]
            seats[output] += 1
        seat[variable, output], seated[output, at] = at, variable
        all_plus[output, at], all_minus[output, at] = plus, minus
    elif at >= 0:
        seats[output] -= 1
        end = seats[output]
        last = seated[output, end]
        seat[last, output], seated[output, at] = at, last
        all_plus[output, at], all_minus[output, at] = all_plus[output, end], all_minus[output, end]
        seat[variable, output] = -1

"""What a round of the search has changed, so that it can be undone; compiled by numba."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rtlgen.compiling import lean
from rtlgen.patterns import (
    Integers,
    Pattern,
    State,
    Words,
    define,
    digits,
    retire,
    revive,
    vacate,
    write,
)
from rtlgen.words import NONE, shifted


class Journal(NamedTuple):
    """The changes of a state in their order, with what was there before."""

    where: Integers
    """(changes, 2): variables and outputs."""
    words: Words
    """(changes, 2): their digits, added and subtracted."""
    made: Integers
    """(variables,): those that are new."""
    gone: Integers
    """(variables,): those that were taken back; their places stay theirs."""
    sizes: Integers
    """(3,): how many of each."""


def journal(state: State, count: int) -> Journal:
    """Room for all changes of one round of a state of so many digits."""
    # Each digit is taken back and shared again at most once, which changes three words each time.
    changes, room = 8 * count + 64, len(state.alive)
    return Journal(
        np.zeros((changes, 2), np.int64),
        np.zeros((changes, 2), np.uint64),
        np.zeros(room, np.int64),
        np.zeros(room, np.int64),
        np.zeros(3, np.int64),
    )


@lean
def put(
    state: State, log: Journal, variable: int, output: int, plus: np.uint64, minus: np.uint64
) -> None:
    """Let a variable have these digits in an output."""
    where, words, sizes = log.where, log.words, log.sizes
    k = sizes[0]
    where[k, 0], where[k, 1] = variable, output
    words[k, 0], words[k, 1] = digits(state, variable, output)
    sizes[0] = k + 1
    write(state, variable, output, plus, minus)


@lean
def substitute(
    state: State,
    log: Journal,
    p: Pattern,
    variable: int,
    output: int,
    plus: np.uint64,
    minus: np.uint64,
) -> None:
    """Let digits of a variable stand for a pattern where it occurs: at these digits of ``a``."""
    a = digits(state, p.a, output)
    put(state, log, p.a, output, a[0] & ~plus, a[1] & ~minus)
    same, other = (plus, minus) if p.sign > 0 else (minus, plus)
    b = digits(state, p.b, output)
    put(state, log, p.b, output, b[0] & ~shifted(same, p.shift), b[1] & ~shifted(other, p.shift))
    low = min(p.shift, 0)
    own = digits(state, variable, output)
    put(state, log, variable, output, own[0] | shifted(plus, low), own[1] | shifted(minus, low))


@lean
def resolve(state: State, log: Journal, p: Pattern, variable: int, output: int) -> None:
    """The opposite: let the pattern stand there instead of the variable."""
    low = min(p.shift, 0)
    own = digits(state, variable, output)
    plus, minus = shifted(own[0], -low), shifted(own[1], -low)
    put(state, log, variable, output, NONE, NONE)
    a = digits(state, p.a, output)
    put(state, log, p.a, output, a[0] | plus, a[1] | minus)
    same, other = (plus, minus) if p.sign > 0 else (minus, plus)
    b = digits(state, p.b, output)
    put(state, log, p.b, output, b[0] | shifted(same, p.shift), b[1] | shifted(other, p.shift))


@lean
def make(state: State, log: Journal, p: Pattern) -> int:
    """A new variable for a pattern; its place."""
    new = define(state, p)
    log.made[log.sizes[1]] = new
    log.sizes[1] += 1
    return new


@lean
def remove(state: State, log: Journal, variable: int) -> None:
    """Take a variable back; its digits are the caller's business."""
    retire(state, variable)
    log.gone[log.sizes[2]] = variable
    log.sizes[2] += 1


@lean
def revert(state: State, log: Journal) -> None:
    """Undo all, the last change first."""
    where, before, (words, made, gone) = log.where, log.words, log.sizes
    for k in range(words - 1, -1, -1):
        write(state, where[k, 0], where[k, 1], before[k, 0], before[k, 1])
    for k in range(made - 1, -1, -1):
        retire(state, log.made[k])
        vacate(state, log.made[k])
    for k in range(gone - 1, -1, -1):
        revive(state, log.gone[k])
    log.sizes[:] = 0


@lean
def settle(state: State, log: Journal) -> None:
    """Let everything be as it is."""
    for k in range(log.sizes[2]):
        vacate(state, log.gone[k])
    log.sizes[:] = 0

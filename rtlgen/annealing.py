"""A search for cheap sums: take a part of the sharing back, share anew, keep what is better.

Iterated greedy (Ruiz and Stuetzle, 2007) with the acceptance of simulated annealing. In every
other round, digits of some weights change to another form of as few: ``4 - 1`` is ``2 + 1``.
"""

from __future__ import annotations

import random
from math import ceil, log2
from typing import NamedTuple

import numpy as np

from rtlgen.compiling import compiled
from rtlgen.patterns import Digits, Floats, Integers, State, begin, copied, digits
from rtlgen.pricing import prices
from rtlgen.replaying import change, replay
from rtlgen.search import Search
from rtlgen.sharing import share, tally

NOISE = 0.1
"""By how much, at most, a round exaggerates the score of a pattern."""
DROPPED = 10
"""How many variables a round takes back, at most, beside those that need them."""
CHANGED = 8
"""How many weights a round writes with other digits, at most."""
HEAT = 8.0
"""How many bits dearer than the last state a round may be at first."""


def anneal(start: State, search: Search, rounds: int, addend: bool) -> State:
    """The cheapest state that was found; the same for the same arguments.

    ``start`` has no variables but the inputs; with ``addend``, a constant is added to each output.
    """
    budget, span = _budget(start, search.slack), _span(start)
    luck = _luck(search.seed, rounds, changing=span > 2)
    return _cheapest(start, span, budget, search.arity, search.ends, addend, luck)


class Luck(NamedTuple):
    """What chance decides in each round, drawn in advance."""

    changes: Integers
    """(rounds,): weights that are written with other digits."""
    seeds: Integers
    """(rounds, 3): of the change, of what is taken back, and of the noise."""
    dropped: Floats
    """(rounds,): variables that are taken back."""
    heat: Floats
    """(rounds,): how many bits dearer than the last state the round may be."""


def _luck(seed: int, rounds: int, *, changing: bool) -> Luck:
    chance = random.Random(seed)
    luck = Luck(
        np.zeros(rounds, np.int64),
        np.zeros((rounds, 3), np.int64),
        np.zeros(rounds),
        np.zeros(rounds),
    )
    for k in range(rounds):
        if changing and chance.random() < 0.5:
            luck.changes[k] = 1 + chance.randrange(CHANGED)
            luck.seeds[k, 0] = chance.getrandbits(31)
        luck.dropped[k] = chance.random() * DROPPED
        luck.seeds[k, 1], luck.seeds[k, 2] = chance.getrandbits(31), chance.getrandbits(31)
        luck.heat[k] = HEAT * (1 - k / rounds) * chance.random()
    return luck


@compiled
def _cheapest(
    start: State, span: int, budget: float, arity: int, ends: int, addend: bool, luck: Luck
) -> State:
    given, room = digits(start), tally(start, span)
    now, trial = copied(start), copied(start)
    share(now, np.ones(now.sizes[1], np.bool_), room, budget, ends, 0.0, 0)
    least, beside = prices(now, arity, ends, addend)
    best, cost = copied(now), least + beside
    for k in range(luck.heat.size):
        changed = given
        if luck.changes[k]:
            changed = Digits(given.plus.copy(), given.minus.copy(), given.weight)
            change(changed, span - 2, luck.changes[k], luck.seeds[k, 0])
        begin(trial, changed)
        fresh = replay(trial, now, budget, luck.dropped[k] / now.sizes[1], luck.seeds[k, 1])
        share(trial, fresh, room, budget, ends, NOISE, luck.seeds[k, 2])
        found, beside = prices(trial, arity, ends, addend)
        if found < least:
            best, least = copied(trial), found
        if found + beside <= cost + luck.heat[k] * (arity - 1):
            now, trial = trial, now
            given, cost = changed, found + beside
    return best


def _budget(state: State, slack: int) -> float:
    """What the weight of an output may become: of the deepest, rounded up."""
    return float(2.0 ** (ceil(log2(max(1.0, state.weight.max())) - 1e-12) + slack))


def _span(state: State) -> int:
    """One more than the number of places of the digits, for those that change."""
    return int(np.bitwise_or.reduce(state.plus | state.minus, axis=None)).bit_length() + 1

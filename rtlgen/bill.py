"""What all sums of a search cost, kept up to date as they change; compiled by numba."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rtlgen.compiling import lean
from rtlgen.journal import Journal
from rtlgen.patterns import Booleans, Floats, Integers, State, next_reader
from rtlgen.pricing import Desk, desk, price


class Bill(NamedTuple):
    """The prices of all sums: of variables that are read several times, and of outputs.

    Outputs stand behind all places for variables.
    """

    own: Floats
    """(sums,)"""
    beside: Floats
    """(sums,): in adders of two."""
    root: Booleans
    """(variables,): which of them have a sum of their own."""
    due: Booleans
    """(sums,): of which the price has changed."""
    waiting: Integers
    """(sums,): a stack of these."""
    before: Floats
    """(sums, 2): the prices of these that were paid before."""
    totals: Floats
    """(4,): of all, now and before the last changes."""
    sizes: Integers
    """(2,): how many are ``waiting``, and how many were paid last."""
    desk: Desk


def bill(state: State, count: int) -> Bill:
    """Of nothing; all outputs are due."""
    sums, variables = state.alive.size + state.weight.size, state.alive.size
    own, beside = np.zeros(sums), np.zeros(sums)
    root, due = np.zeros(variables, np.bool_), np.zeros(sums, np.bool_)
    waiting, before, totals = np.zeros(sums, np.int64), np.zeros((sums, 2)), np.zeros(4)
    due[variables:], waiting[: sums - variables] = True, np.arange(variables, sums)
    sizes = np.array([sums - variables, 0])
    return Bill(own, beside, root, due, waiting, before, totals, sizes, desk(count + 8))


@lean
def update(state: State, log: Journal, bill: Bill, arity: int, ends: int, addend: bool) -> None:
    """Price anew what the changes have touched, and how its terms are made."""
    where, changes, variables = log.where, log.sizes[0], state.alive.size
    own_of, beside_of, root, due = bill.own, bill.beside, bill.root, bill.due
    waiting, before, totals, sizes = bill.waiting, bill.before, bill.totals, bill.sizes
    totals[2], totals[3] = totals[0], totals[1]
    for k in range(changes):
        _owe(bill, variables + where[k, 1])
    _decide(state, bill)
    for k in range(sizes[0]):
        if waiting[k] < variables:
            _reach(state, bill, waiting[k])
    for k in range(sizes[0]):
        one = waiting[k]
        due[one] = False
        before[k, 0], before[k, 1] = own_of[one], beside_of[one]
        own = beside = 0.0
        if one >= variables or root[one]:
            own, beside = price(state, bill.desk, one, arity, ends, addend)
        totals[0] += own - own_of[one]
        totals[1] += beside - beside_of[one]
        own_of[one], beside_of[one] = own, beside
    sizes[0], sizes[1] = 0, sizes[0]


@lean
def restore(state: State, bill: Bill) -> None:
    """Pay what was paid before, now that the state is as it was."""
    own, beside, before, totals = bill.own, bill.beside, bill.before, bill.totals
    waiting, paid = bill.waiting, bill.sizes[1]
    alive, uses, root, (inputs, size, _) = state.alive, state.uses, bill.root, state.sizes
    for k in range(paid):
        own[waiting[k]], beside[waiting[k]] = before[k, 0], before[k, 1]
    totals[0], totals[1] = totals[2], totals[3]
    for variable in range(inputs, size):
        root[variable] = alive[variable] and uses[variable] > 1


@lean
def _owe(bill: Bill, one: int) -> None:
    due, waiting, sizes = bill.due, bill.waiting, bill.sizes
    if not due[one]:
        due[one] = True
        waiting[sizes[0]] = one
        sizes[0] += 1


@lean
def _decide(state: State, bill: Bill) -> None:
    """Which variables have sums of their own; where that has changed, the price is due."""
    alive, uses, root, (inputs, size, _) = state.alive, state.uses, bill.root, state.sizes
    for variable in range(inputs, size):
        now = alive[variable] and uses[variable] > 1
        if now != root[variable]:
            root[variable] = now
            _owe(bill, variable)


@lean
def _reach(state: State, bill: Bill, variable: int) -> None:
    """What is made of a variable that has changed is due, up to the sums that it is a part of."""
    _reach_outputs(state, bill, variable)
    reader = next_reader(state, variable, -1)
    while reader >= 0:
        _climb(state, bill, reader)
        reader = next_reader(state, variable, reader)


@lean
def _reach_outputs(state: State, bill: Bill, variable: int) -> None:
    variables, seat = state.alive.size, state.seat[variable]
    for output in range(seat.size):
        if seat[output] >= 0:
            _owe(bill, variables + output)


@lean
def _climb(state: State, bill: Bill, variable: int) -> None:
    """From a variable to the sum of its own, or that it is a part of."""
    root, inner, link = bill.root, state.inner, state.link
    while not root[variable] and inner[variable] == 1:
        variable = link[variable]
    if root[variable]:
        _owe(bill, variable)
    else:
        _reach_outputs(state, bill, variable)

"""States of the search, and what they mean and cost by definition: for its tests."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import cycle, islice
from random import Random

import numpy as np

from rtlgen.annealing import Found
from rtlgen.bill import Bill, bill, update
from rtlgen.compiling import compiled
from rtlgen.extraction import _state
from rtlgen.journal import Journal, journal, settle
from rtlgen.patterns import Pattern, State, blank, define, write
from rtlgen.sharing import _find, share, tally
from rtlgen.sums import Variables
from rtlgen.undoing import Touched, extend, prune, rewrite, take_back, touched
from sim.rounding import Interval

SPAN = 12
FREE = 2.0**40


BYTE = Interval(-128, 127, 0)


def start(
    matrix: np.ndarray, room: int | None = None, inputs: Sequence[Interval] = (BYTE,)
) -> State:
    """A state of nothing shared; the inputs have these intervals in turns."""
    given = Variables([*islice(cycle(inputs), len(matrix))])
    return _state(given, matrix.T.tolist(), room or 4 * matrix.size + 4)


def log_of(state: State) -> Journal:
    return journal(state, 500)


def random_matrix(seed: int, k: int = 5, n: int = 6, top: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).integers(-top, top + 1, (k, n))


def digits(state: State, variable: int, output: int) -> list[tuple[int, int]]:
    """Places and signs, without any of the compiled functions."""
    seat = state.seat[variable, output]
    words = ((1, int(state.plus[output, seat])), (-1, int(state.minus[output, seat])))
    return [(p, s) for s, word in words for p in range(64) if seat >= 0 and word >> p & 1]


def variables(state: State | Found) -> list[int]:
    """All that there are, each behind what it is made of."""
    return sorted(np.flatnonzero(state.alive).tolist(), key=lambda k: state.depth[k])


def forms(state: State) -> dict[int, np.ndarray]:
    """Each variable as weights of the inputs."""
    inputs = int(state.sizes[0])
    found = {k: np.eye(inputs, dtype=np.int64)[k] for k in range(inputs)}
    for k in variables(state)[inputs:]:
        a, b, shift, sign = state.patterns[k].tolist()
        found[k] = (found[a] << max(-shift, 0)) + sign * (found[b] << max(shift, 0))
    return found


def matrix_of(state: State) -> list[list[int]]:
    found = forms(state)
    columns = [
        sum(
            (s * (form << p) for k, form in found.items() for p, s in digits(state, k, output)),
            0 * found[0],
        )
        for output in range(state.weight.size)
    ]
    return np.array(columns).T.tolist()


@compiled
def draw_from(seed: int) -> None:
    """Compiled functions have a generator of their own."""
    random.seed(seed)


def shared(matrix: np.ndarray, budget: float = FREE, inputs: Sequence[Interval] = (BYTE,)) -> State:
    state = start(matrix, inputs=inputs)
    log = log_of(state)
    share_anew(state, log, np.arange(state.alive.size) < len(matrix), budget)
    settle(state, log)
    return state


def share_anew(state: State, log: Journal, fresh: np.ndarray, budget: float = FREE) -> None:
    draw_from(1)
    share(state, log, fresh, tally(state, SPAN), budget, 0, 0.2)
    assert not fresh.any()


def moved(state: State, log: Journal, seed: int, budget: float = FREE) -> Touched:
    """Some moves of a round: digits change, variables go, what is left stands wherever it can."""
    marks, chance = touched(state), Random(seed)
    draw_from(seed)
    rewrite(state, log, marks, SPAN // 2, 5)
    made = variables(state)[state.sizes[0] :]
    for variable in chance.sample(made, min(3, len(made))):
        if state.alive[variable]:
            take_back(state, log, marks, variable)
    extend(state, log, marks, budget)
    while prune(state, log, marks):
        extend(state, log, marks, budget)
    assert not marks.outputs.any()
    assert not marks.present.any()
    return marks


def facts(state: State) -> dict[str, object]:
    """All that a state means; not in which seats and places."""
    alive = variables(state)
    per_variable = ("uses", "inner", "link", "low", "high", "bottom", "top", "depth")
    return {
        "digits": [
            [digits(state, k, output) for k in alive] for output in range(state.weight.size)
        ],
        "patterns": state.patterns[alive].tolist(),
        "weight": state.weight.tolist(),
        "free": sorted(state.free[: state.sizes[2]].tolist()),
        **{name: getattr(state, name)[alive].tolist() for name in per_variable},
    }


def assert_counts_are_right(state: State) -> None:
    """What is kept beside the digits, from its definition."""
    alive, outputs = variables(state), range(state.weight.size)
    patterns = {k: state.patterns[k].tolist() for k in alive if k >= state.sizes[0]}
    for k in alive:
        readers = [j for j, (a, b, _, _) in patterns.items() for read in (a, b) if read == k]
        assert state.inner[k] == len(readers)
        assert state.uses[k] == len(readers) + sum(len(digits(state, k, o)) for o in outputs)
        assert readers != [j := next(iter(readers), 0)] or state.link[k] == j
    for output in outputs:
        seated = state.seated[output, : state.seats[output]].tolist()
        assert sorted(seated) == sorted(k for k in alive if digits(state, k, output))
        assert all(state.seat[k, output] == seat for seat, k in enumerate(seated))
        weights = [2.0 ** state.depth[k] for k in alive for _ in digits(state, k, output)]
        assert state.weight[output] == sum(weights)
    free = state.free[: state.sizes[2]].tolist()
    assert sorted([*free, *alive]) == list(range(state.alive.size))


def assert_no_pattern_is_left(state: State) -> None:
    room, alive = tally(state, SPAN), variables(state)
    for a in alive:
        for b in alive:
            for shift in range(-SPAN, SPAN + 1):
                for sign in (1, -1):
                    if a > b or (a == b and shift > 0):
                        assert _find(state, room, Pattern(a, b, shift, sign), FREE) < 2


def priced(state: State, arity: int, ends: int, addend: bool) -> int:
    """The same from the definition, in integers."""
    alive, inputs = variables(state), state.sizes[0]
    nodes = {
        k: [(int(a), max(-int(h), 0), 1), (int(b), max(int(h), 0), int(s))]
        for k in alive
        if k >= inputs
        for a, b, h, s in [state.patterns[k]]
    }
    outputs = [
        [(k, p, s) for k in alive for p, s in digits(state, k, output)]
        for output in range(state.weight.size)
    ]
    reads = [k for terms in (*nodes.values(), *outputs) for k, _, _ in terms]

    def flat(terms):
        for k, p, s in terms:
            if k in nodes and reads.count(k) < 2:
                yield from flat([(j, p + q, s * t) for j, q, t in nodes[k]])
            else:
                yield Interval(int(state.low[k]), int(state.high[k]), 0).scaled(p), s

    total = 0
    roots = [nodes[k] for k in nodes if reads.count(k) > 1]
    for terms, extra in [*((t, False) for t in roots), *((t, addend) for t in outputs)]:
        row = list(flat(terms))
        if extra and row:
            row.append((Interval(1, 1, min(r.exp for r, _ in row)), 1))
        total += tree(row, arity, ends)
    return total


def tree(row: list[tuple[Interval, int]], arity: int, ends: int) -> int:
    total = 0
    row = sorted(row, key=lambda t: (largest(t[0]), t[0].exp, t[1], ends_of(t[0])))
    while len(row) > 1:
        size = 3 if arity == 3 and len(row) % 2 else 2
        group, row = row[:size], row[size:]
        sign = max(s for _, s in group)
        exps = sorted((r.exp, s == sign) for r, s in group)
        exp = exps[0][0]
        ends_ = [
            r.at(exp) if s == sign else Interval(-r.at(exp).hi, -r.at(exp).lo, exp)
            for r, s in group
        ]
        added = Interval(sum(r.lo for r in ends_), sum(r.hi for r in ends_), exp)
        start_ = exps[1][0] if exps[0][1] else exp
        total += ends + max(0, exp + added.width - start_)
        place = sum(largest(r) < largest(added) for r, _ in row)
        row.insert(place, (added, sign))
    return total


def ends_of(r: Interval) -> Fraction:
    return (r.lo + r.hi) * Fraction(2) ** r.exp


def largest(r: Interval) -> Fraction:
    return max(-r.lo, r.hi) * Fraction(2) ** r.exp


def bill_of(state: State, arity: int, ends: int, addend: bool) -> Bill:
    found, log = bill(state, 500), log_of(state)
    update(state, log, found, arity, ends, addend)
    return found


def state_of(found: Found, inputs: int, outputs: int) -> State:
    """The state that a search has found."""
    state = blank(inputs, found.alive.size, outputs, max(4, len(found.where)))
    state.low[:inputs], state.high[:inputs], state.top[:inputs] = BYTE.lo, BYTE.hi, 8
    new = dict(enumerate(range(inputs)))
    for k in variables(found)[inputs:]:
        a, b, shift, sign = found.patterns[k].tolist()
        new[k] = define(state, Pattern(new[a], new[b], shift, sign))
    rows = zip(found.where.tolist(), found.words, strict=True)
    for (variable, output), words in list(rows)[: found.filled[0]]:
        write(state, new[variable], output, *words)
    return state

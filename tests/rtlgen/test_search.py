"""The compiled search: what its states mean, what they cost, and that it improves."""

from __future__ import annotations

import re
from fractions import Fraction
from random import Random

import numpy as np
import pytest

from rtlgen import compiling
from rtlgen.annealing import Found, anneal
from rtlgen.bill import Bill, bill, restore, update
from rtlgen.extraction import _state
from rtlgen.journal import Journal, journal, make, revert, settle, substitute
from rtlgen.patterns import Pattern, State, blank, define, write
from rtlgen.search import EFFORTS, Search
from rtlgen.sharing import _find, share, tally
from rtlgen.sums import Variables
from rtlgen.undoing import Touched, extend, rewrite, take_back, touched
from rtlgen.words import NONE, first_ones, lowest, ones, place, shifted, top
from sim.rounding import Interval

SPAN = 12
FREE = 2.0**40


BYTE = Interval(-128, 127, 0)


def start(matrix: np.ndarray, room: int | None = None) -> State:
    return _state(Variables([BYTE] * len(matrix)), matrix.T.tolist(), room or 4 * matrix.size + 4)


def log_of(state: State) -> Journal:
    return journal(state, 4 * sum(int(word).bit_count() for word in state.whole.flat))


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


def shared(matrix: np.ndarray, budget: float = FREE) -> State:
    state = start(matrix)
    log = log_of(state)
    share_anew(state, log, np.arange(state.alive.size) < len(matrix), budget)
    settle(state, log)
    return state


def share_anew(state: State, log: Journal, fresh: np.ndarray, budget: float = FREE) -> None:
    share(state, log, fresh, tally(state, SPAN), budget, 0, 0.2)
    assert not fresh.any()


def moved(state: State, log: Journal, seed: int, budget: float = FREE) -> Touched:
    """Some moves of a round: digits changed, variables taken back, what is left made the most of.

    What chance decides here is drawn outside of the compiled functions' own generator.
    """
    marks, chance = touched(state), Random(seed)
    rewrite(state, log, marks, SPAN // 2, 5)
    made = variables(state)[state.sizes[0] :]
    for variable in chance.sample(made, min(3, len(made))):
        if state.alive[variable]:
            take_back(state, log, marks, variable)
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
        "whole": state.whole.tolist(),
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


# -- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", [0, 1, 5, 0xF0F0, (1 << 64) - 1, 1 << 63])
def test_bits_of_words(word):
    assert ones(np.uint64(word)) == word.bit_count()
    kept = int(first_ones(np.uint64(word), 3))
    assert kept & ~word == 0
    assert kept.bit_count() == min(3, word.bit_count())
    assert (word ^ kept) == 0 or (word ^ kept) & -(word ^ kept) > kept
    if word:
        assert int(lowest(np.uint64(word))) == word & -word
        assert place(np.uint64(word & -word)) == (word & -word).bit_length() - 1
    assert int(shifted(np.uint64(word), -2)) == word >> 2
    assert int(shifted(np.uint64(word), 2)) == word << 2 & (1 << 64) - 1


@pytest.mark.parametrize("exp", [-3, 0, 4])
def test_the_top_of_an_interval_is_where_its_width_ends(exp):
    for lo in range(-20, 20):
        for hi in range(max(lo, 0) or 1, 20):
            r = Interval(lo, hi, exp)
            assert top(lo * 2.0**exp, hi * 2.0**exp, 2.0**exp) == exp + r.width


# -- states -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_sharing_keeps_the_matrix(seed):
    matrix = random_matrix(seed)
    state = shared(matrix)
    assert matrix_of(state) == matrix.tolist()
    assert len(variables(state)) > state.sizes[0]
    assert_counts_are_right(state)


@pytest.mark.parametrize("seed", range(4))
def test_no_pattern_is_left_twice(seed):
    assert_no_pattern_is_left(shared(random_matrix(seed)))


@pytest.mark.parametrize("seed", range(1, 9))
def test_what_is_fresh_after_a_move_is_all_that_can_be_shared(seed):
    matrix = random_matrix(seed)
    state = shared(matrix)
    log = log_of(state)
    marks = moved(state, log, seed)
    assert 0 < marks.fresh.sum() < len(variables(state))
    assert matrix_of(state) == matrix.tolist()
    share_anew(state, log, marks.fresh)
    assert_no_pattern_is_left(state)
    assert matrix_of(state) == matrix.tolist()


@pytest.mark.parametrize("seed", range(6))
def test_what_is_reverted_never_was(seed):
    state = shared(random_matrix(seed, 6, 7))
    for k in range(20):
        before, log = facts(state), log_of(state)
        share_anew(state, log, moved(state, log, seed + k).fresh)
        assert facts(state) != before
        revert(state, log)
        assert facts(state) == before
        assert_counts_are_right(state)
        assert not log.sizes.any()


@pytest.mark.parametrize("seed", range(6))
def test_moves_that_stay_keep_the_matrix(seed):
    matrix = random_matrix(seed, 6, 7)
    state = shared(matrix)
    for k in range(20):
        log = log_of(state)
        share_anew(state, log, moved(state, log, seed + k).fresh)
        settle(state, log)
        assert matrix_of(state) == matrix.tolist()
        assert_counts_are_right(state)


def test_where_nothing_is_fresh_nothing_is_shared():
    state = start(random_matrix(0))
    share_anew(state, log_of(state), np.zeros(state.alive.size, bool))
    assert len(variables(state)) == state.sizes[0]


def test_room_to_count_in_is_as_it_was_before():
    state = start(random_matrix(0))
    room = tally(state, SPAN)
    share(state, log_of(state), np.arange(state.alive.size) < 5, room, FREE, 0, 0.2)
    assert not room.counts.any()


@pytest.mark.parametrize("room", [5, 6, 9])
def test_what_finds_no_place_is_not_shared(room):
    matrix = random_matrix(0)
    state = start(matrix, room)
    share_anew(state, log_of(state), np.arange(room) < 5)
    assert len(variables(state)) == room
    assert matrix_of(state) == matrix.tolist()


def test_a_variable_stands_for_all_occurrences_of_a_pattern():
    state = start(np.array([[1, 2, -1], [-3, -6, 3]]))
    pattern, room, log = Pattern(0, 1, 2, -1), tally(state, SPAN), log_of(state)
    assert _find(state, room, pattern, FREE) == 3
    new = make(state, log, pattern)
    for output, (plus, minus) in enumerate(room.found):
        substitute(state, log, pattern, new, output, plus, minus)
    assert digits(state, new, 0) == [(0, 1)]
    assert digits(state, new, 1) == [(1, 1)]
    assert digits(state, new, 2) == [(0, -1)]
    assert (state.low[new], state.high[new]) == (-128 - 4 * 127, 127 + 4 * 128)
    assert matrix_of(state) == [[1, 2, -1], [-3, -6, 3]]


def test_a_digit_is_in_one_occurrence_only():
    state = start(np.array([[0b10101]]))
    assert _find(state, tally(state, SPAN), Pattern(0, 0, 2, 1), FREE) == 1


@pytest.mark.parametrize("seed", range(4))
def test_no_output_becomes_heavier_than_the_budget(seed):
    matrix = random_matrix(seed)
    budget = 2.0 ** np.ceil(np.log2(start(matrix).weight.max()))
    state = shared(matrix, budget)
    assert (state.weight <= budget).all()
    for k in range(10):
        log = log_of(state)
        share_anew(state, log, moved(state, log, k, budget).fresh, budget)
        settle(state, log)
        assert (state.weight <= budget).all()
        assert_counts_are_right(state)


def test_what_is_made_of_a_variable_goes_with_it():
    state = start(np.array([[1, 1, 0], [2, 2, 1], [4, 4, 1]]))
    log, marks = log_of(state), touched(state)
    first = make(state, log, Pattern(0, 1, 1, 1))
    second = make(state, log, Pattern(first, 2, 2, 1))
    third = make(state, log, Pattern(2, 1, 0, 1))
    one, none = np.uint64(1), NONE
    for output in (0, 1):
        substitute(state, log, Pattern(0, 1, 1, 1), first, output, one, none)
        substitute(state, log, Pattern(first, 2, 2, 1), second, output, one, none)
    settle(state, log)
    take_back(state, log, marks, first)
    assert [bool(state.alive[k]) for k in (first, second, third)] == [False, False, True]
    assert digits(state, 0, 0) == [(0, 1)]
    assert digits(state, 2, 1) == [(2, 1)]
    assert np.flatnonzero(marks.fresh).tolist() == [0, 1, 2]
    assert marks.outputs.tolist() == [True, True, False]


def test_a_variable_stands_for_its_pattern_wherever_digits_came_back():
    state = start(np.array([[1, 1, 1], [2, 2, 2]]))
    log, marks, pattern = log_of(state), touched(state), Pattern(0, 1, 1, 1)
    new = make(state, log, pattern)
    marks.outputs[:2] = True
    extend(state, log, marks, FREE)
    assert [digits(state, new, output) for output in range(3)] == [[(0, 1)], [(0, 1)], []]
    assert marks.fresh[new]


@pytest.mark.parametrize("seed", range(8))
def test_other_digits_mean_the_same_weights(seed):
    matrix = random_matrix(seed)
    state, changed = shared(matrix), set()
    for _ in range(30):
        log, marks = log_of(state), touched(state)
        before = state.whole.copy()
        rewrite(state, log, marks, 6, 20)
        assert matrix_of(state) == matrix.tolist()
        (output,) = np.flatnonzero(marks.outputs)
        for k in range(len(matrix)):
            places = {p for p, _ in digits(state, k, output)}
            assert places == {p for p in range(64) if int(state.whole[k, output]) >> p & 1}
            assert len(places) == int(before[k, output]).bit_count()
        changed.add(bool((before != state.whole).any()))
        settle(state, log)
    assert True in changed


# -- prices -------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("arity", [2, 3])
@pytest.mark.parametrize("addend", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_a_price_is_that_of_the_definition(seed, addend, arity):
    state = shared(random_matrix(seed, 6, 5, 100))
    own, beside = bill_of(state, arity, seed, addend).totals[:2]
    assert own == priced(state, arity, seed, addend)
    assert beside == (priced(state, 2, seed, addend) if arity > 2 else 0)


@pytest.mark.parametrize("arity", [2, 3])
@pytest.mark.parametrize("addend", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_a_bill_that_is_kept_up_to_date_is_as_one_made_anew(seed, addend, arity):
    state = shared(random_matrix(seed, 8, 7, 100))
    kept = bill_of(state, arity, 1, addend)
    for k in range(30):
        log, before = log_of(state), kept.totals[:2].tolist()
        share_anew(state, log, moved(state, log, 100 * seed + k).fresh)
        update(state, log, kept, arity, 1, addend)
        fresh = bill_of(state, arity, 1, addend)
        assert kept.totals[:2].tolist() == fresh.totals[:2].tolist()
        if k % 2:
            settle(state, log)
        else:
            revert(state, log)
            restore(state, kept)
            assert kept.totals[:2].tolist() == before
        assert (kept.root == bill_of(state, arity, 1, addend).root).all()
        assert not kept.due.any()
    assert kept.totals[0] == priced(state, arity, 1, addend)


def test_an_output_that_shares_nothing_is_paid_for():
    state = start(np.array([[1], [3]]))
    assert bill_of(state, 2, 0, False).totals[0] == priced(state, 2, 0, False) > 0


# -- the search ---------------------------------------------------------------------------------


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


@pytest.mark.parametrize("arity", [2, 3])
@pytest.mark.parametrize("addend", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_more_rounds_are_never_dearer(seed, addend, arity):
    matrix = random_matrix(seed, 8, 8, 7)
    found = []
    for rounds in (0, 50, 4000):
        best = anneal(start(matrix), Search(arity, seed=seed), rounds, addend)
        state = state_of(best, 8, 8)
        assert matrix_of(state) == matrix.tolist()
        assert best.price[0] == priced(state, arity, 0, addend)
        found.append(best.price[0])
    assert found == sorted(found, reverse=True)
    assert found[-1] < found[0] * 0.93


def test_the_same_arguments_give_the_same_state():
    matrix = random_matrix(5, 8, 8)
    found = [anneal(start(matrix), Search(seed=7), 300, addend=True) for _ in range(2)]
    for a, b in zip(*found, strict=True):
        assert (a == b).all()


@pytest.mark.parametrize("slack", [0, 1, 3])
def test_depth_is_bounded(slack):
    matrix = random_matrix(1, 8, 8)
    least = np.ceil(np.log2(start(matrix).weight.max()))
    state = state_of(anneal(start(matrix), Search(slack=slack), 200, addend=False), 8, 8)
    assert state.weight.max() <= 2.0 ** (least + slack)
    assert state.depth[variables(state)].max() <= least + slack


def test_digits_on_the_highest_place_have_no_other_form():
    rng = Random(0)
    for _ in range(20):
        matrix = np.array([[rng.choice([1, 2, 3, -1, -2])] * 2])
        best = anneal(start(matrix), Search(), 30, addend=False)
        assert matrix_of(state_of(best, 1, 2)) == matrix.tolist()


def test_rounds_grow_with_the_effort_and_fall_with_the_size():
    rounds = [Search(effort=effort).rounds(500) for effort in EFFORTS]
    assert rounds == sorted(rounds)
    assert rounds[0] == 0
    assert Search(effort=4).rounds(5000) < Search(effort=4).rounds(500)
    assert Search(effort=4).rounds(2) < Search(effort=4).rounds(20)
    assert Search(effort=4).rounds(0) == 0


def test_what_cannot_be_kept_is_compiled_nevertheless(monkeypatch):
    def njit(**options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr(compiling, "njit", njit)
    assert compiling.compiled(max) is max


def test_machine_code_is_kept_for_these_sources_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(compiling.config, "CACHE_DIR", str(tmp_path))
    assert compiling.compiled(_twice)(4) == 8
    assert [p.name for p in tmp_path.iterdir()] == [compiling.FOLDER]
    assert str(tmp_path) == compiling.config.CACHE_DIR
    users = [
        p
        for p in compiling.HERE.glob("*.py")
        if re.search(r"^@(compiled|lean)$", p.read_text(), re.MULTILINE)
    ]
    assert sorted(p.name for p in users) == list(compiling.SOURCES)


def _twice(n):
    return 2 * n

"""The states of the search: they keep the matrix, and what is undone never was."""

from __future__ import annotations

import numpy as np
import pytest

from rtlgen.journal import make, revert, settle, substitute
from rtlgen.patterns import Pattern, next_reader, write
from rtlgen.sharing import _find, share, tally
from rtlgen.undoing import extend, prune, rewrite, take_back, touched
from rtlgen.words import NONE, first_ones, lowest, ones, place, shifted, top
from sim.rounding import Interval
from tests.rtlgen.search_states import (
    FREE,
    SPAN,
    assert_counts_are_right,
    assert_no_pattern_is_left,
    digits,
    draw_from,
    facts,
    log_of,
    matrix_of,
    moved,
    random_matrix,
    share_anew,
    shared,
    start,
    variables,
)


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
    assert marks.fresh.any()
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
    share(state, log_of(state), np.arange(state.alive.size) < 5, room, FREE, 0, 0.0)
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


def test_what_stands_in_one_place_alone_is_taken_back():
    state = start(np.array([[1, 1, 1], [2, 2, 2], [4, 4, 0]]))
    log, marks, one, none = log_of(state), touched(state), np.uint64(1), NONE
    twice, inside, once = Pattern(0, 1, 1, 1), Pattern(0, 2, 2, 1), Pattern(1, 2, 1, 1)
    places = [make(state, log, p) for p in (twice, inside, once)]
    made_of_it = make(state, log, Pattern(places[1], 1, 1, 1))
    for output in (0, 2):
        substitute(state, log, twice, places[0], output, one, none)
    substitute(state, log, once, places[2], 1, np.uint64(2), none)
    for output in (0, 1):  # as if it stood there twice
        write(state, made_of_it, output, one, none)
    assert prune(state, log, marks)
    assert not prune(state, log, marks)
    assert [bool(state.alive[k]) for k in (*places, made_of_it)] == [True, True, False, True]
    assert digits(state, 1, 1) == [(1, 1)]
    assert np.flatnonzero(marks.fresh).tolist() == [1, 2]


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
    state, found = shared(matrix), set()
    draw_from(seed)
    for _ in range(30):
        log, marks = log_of(state), touched(state)
        rewrite(state, log, marks, 6, 20)
        assert matrix_of(state) == matrix.tolist()
        (output,) = np.flatnonzero(marks.outputs)
        words = [digits(state, k, output) for k in range(len(matrix))]
        count = sum(len(digits(start(matrix), k, output)) for k in range(len(matrix)))
        assert sum(map(len, words)) == state.weight[output] == count
        found.add((output, str(words)))
        settle(state, log)
    assert len(found) > len(matrix[0])


def test_digits_change_only_where_there_is_a_place():
    state = start(np.array([[5]]))
    draw_from(1)
    for _ in range(200):
        write(state, 0, 0, np.uint64(0b110), np.uint64(0b001))
        log = log_of(state)
        rewrite(state, log, touched(state), 4, 1)
        settle(state, log)
        assert matrix_of(state) == [[5]]


@pytest.mark.parametrize("seed", range(4))
def test_readers_come_one_after_the_other(seed):
    state = shared(random_matrix(seed, 4, 12))
    made = [k for k in variables(state) if k >= state.sizes[0]]
    most = 0
    for variable in variables(state):
        found = [next_reader(state, variable, -1)]
        while found[-1] >= 0:
            found.append(next_reader(state, variable, found[-1]))
        readers = [k for k in sorted(made) if variable in state.patterns[k, :2]]
        assert found == [*readers, -1]
        most = max(most, len(readers))
    assert most > 2

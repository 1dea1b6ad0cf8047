"""Truth tables, their inputs and their cofactors: by brute force, code by code."""

from itertools import combinations
from random import Random

import pytest

from rtlgen.cofactors import expansion, filled, function_of, support


def functions(seed):
    """Random ones, sums that reach a threshold, and some that do not read all their inputs."""
    random = Random(seed)
    inputs = random.randrange(1, 9)
    codes = range(1 << inputs)
    weights = [random.randrange(-5, 6) for _ in range(inputs)]
    sums = [sum(w for k, w in enumerate(weights) if code >> k & 1) for code in codes]
    kept = random.getrandbits(inputs)
    yield inputs, random.getrandbits(1 << inputs)
    yield inputs, sum((total > 2) << code for code, total in enumerate(sums))
    yield inputs, sum(((code & kept).bit_count() & 1) << code for code in codes)
    yield inputs, 0


def read(f, codes):
    return [f >> code & 1 for code in codes]


@pytest.mark.parametrize("seed", range(40))
def test_the_inputs_that_make_a_difference(seed):
    for inputs, f in functions(seed):
        codes = range(1 << inputs)
        expected = [
            k
            for k in range(inputs)
            if any(f >> code & 1 != f >> (code ^ 1 << k) & 1 for code in codes)
        ]
        assert list(support(f, inputs)) == expected


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("most", [2, 4, 6])
def test_cofactors_are_the_function_and_no_others_are_fewer(seed, most):
    for inputs, f in functions(seed):
        found = expansion(f, inputs, most)
        assert sorted((*found.selects, *found.others)) == list(support(f, inputs))
        assert len(found.others) <= most
        for code in range(1 << inputs):
            chosen = sum((code >> k & 1) << i for i, k in enumerate(found.selects))
            at = sum((code >> k & 1) << i for i, k in enumerate(found.others))
            assert found.cofactors[chosen] >> at & 1 == f >> code & 1
        assert len(found.blocks) == fewest(f, inputs, len(found.selects))


def fewest(f, inputs, selects):
    """Different columns that are not constant, for the best choice of so many rows."""
    least = 1 << inputs
    for chosen in combinations(support(f, inputs), selects):
        columns = {}
        for code in range(1 << inputs):
            row = tuple(code >> k & 1 for k in chosen)
            columns.setdefault(row, []).append(f >> code & 1)
        least = min(least, len({tuple(c) for c in columns.values() if len(set(c)) > 1}))
    return least


@pytest.mark.parametrize("lo", [-8, -3, 0, 4])
def test_entries_stand_where_the_bits_of_their_code_say(lo):
    table = (5, -1, 5, 2, 5, 0)
    entries = filled(4, lo, table)
    assert len(entries) == 16
    for code in range(-8, 16):
        if lo <= code < lo + len(table):
            assert entries[code & 15] == table[code - lo]
    known = {code & 15 for code in range(lo, lo + len(table))}
    assert all(entries[code] == 5 for code in range(16) if code not in known)
    assert read(function_of(entries, 1), range(16)) == [entry >> 1 & 1 for entry in entries]

"""The fewest adders: right, proved, never more than the search takes, and only where asked for."""

from __future__ import annotations

import re
from itertools import product
from math import gcd

import numpy as np
import pytest

from rtlgen import exact
from rtlgen.cmvm import BYTE, solve
from rtlgen.exact import bound, fewest
from rtlgen.extraction import cost
from rtlgen.options import Options
from rtlgen.plan import Plan, Step, Term
from rtlgen.plans import CACHE, Plans
from rtlgen.search import Search
from rtlgen.sums import Variables
from sim.errors import ConfigError

SECONDS = 60
CANCELLING = np.array([[1, -1, -1], [2, -2, -1], [1, 1, 1]])


def odd(column):
    """Without the powers of two that divide all of it."""
    common = gcd(*column)
    return tuple(n // (common & -common) for n in column) if common else tuple(column)


def sums(matrix):
    """The columns that take an adder, once each, whatever the sign."""
    columns = [odd(column) for column in matrix.T.tolist()]
    units = {tuple(map(int, row)) for row in np.eye(len(matrix), dtype=int)}
    found = {max(c, tuple(-n for n in c)) for c in columns if any(c)}
    return sorted(found - units)


def random_matrix(k, n, top, seed):
    return np.random.default_rng(seed).integers(-top, top + 1, (k, n))


def checked(columns, plan):
    """A plan is of these columns, without any of its own methods."""
    found = [tuple(map(int, row)) for row in np.eye(len(columns[0]), dtype=int)]
    for a, b, shift, sign in plan.steps:
        left, right = 1 << max(-shift, 0), 1 << max(shift, 0)
        pairs = zip(found[a], found[b], strict=True)
        found.append(tuple(left * x + sign * right * y for x, y in pairs))
    outputs = [tuple(t.sign * n << t.shift for n in found[t.variable]) for t in plan.outputs]
    assert outputs == list(columns)
    return len(plan.steps)


def least(columns, most=5):
    """The fewest adders, and that no fewer do."""
    plan, proved = fewest(columns, most, SECONDS)
    assert proved
    return checked(columns, plan)


def tried(columns, most, bits):
    """The fewest adders, by trying all graphs."""
    ways = list(product((1, -1), [(s, 0) for s in range(bits)] + [(0, s) for s in range(bits)]))

    def reached(known, left):
        missing = sum(c not in known and tuple(-n for n in c) not in known for c in columns)
        if missing > left or not missing:
            return not missing
        for i, a in enumerate(known):
            for b, (sign, (x, y)) in product(known[i:], ways):
                new = tuple((p << x) + sign * (q << y) for p, q in zip(a, b, strict=True))
                if any(new) and new not in known and reached((*known, new), left - 1):
                    return True
        return False

    units = tuple(tuple(map(int, row)) for row in np.eye(len(columns[0]), dtype=int))
    return next(count for count in range(most + 1) if reached(units, count))


# -- the fewest -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 7, 11, 19, 23, 27, 43, 45, 51, 75, 85, 93])
def test_one_weight_takes_as_many_as_by_trying_all_graphs(n):
    assert least([(n,)]) == tried([(n,)], 3, 8)


@pytest.mark.parametrize("seed", range(6))
def test_two_by_two_take_as_many_as_by_trying_all_graphs(seed):
    columns = sums(random_matrix(2, 2, 3, seed))
    assert least(columns) == tried(columns, 4, 4)


@pytest.mark.parametrize(("n", "adders"), [(1 << 4 | 3, 2), (3, 1), (11, 2), (43, 3), (683, 4)])
def test_the_smallest_numbers_that_take_so_many(n, adders):
    """3, 11, 43 and 683 are (Dempster and Macleod, 1994)."""
    assert least([(n,)]) == adders


@pytest.mark.parametrize(
    ("numbers", "adders"), [((23, 81), 3), ((19, 43), 3), ((5, 11, 19), 3), ((7, 9, 15, 31), 4)]
)
def test_several_numbers_at_once(numbers, adders):
    """The first are of Voronenko and Püschel (2007) and of Kumm (2018)."""
    assert least([(n,) for n in numbers]) == adders == bound([(n,) for n in numbers])


@pytest.mark.parametrize(
    ("k", "n", "top"),
    [(1, 2, 31), (2, 1, 31), (2, 2, 7), (2, 3, 3), (3, 2, 3), (3, 3, 2), (4, 4, 1)],
)
@pytest.mark.parametrize("seed", [2, 3])
def test_the_search_never_takes_fewer(k, n, top, seed):
    matrix = random_matrix(k, n, top, seed)
    columns, found = sums(matrix), solve(matrix, None, Search(effort=3))
    plan, proved = fewest(columns, len(found.steps), SECONDS)
    assert proved
    assert checked(columns, plan) <= len(found.steps)


def test_it_takes_fewer_where_the_search_does_not_find_them():
    """``x + 2 * y + z`` is ``2 * z`` less ``z - x - 2 * y``."""
    assert len(solve(CANCELLING, None, Search(effort=3)).steps) == 5
    assert least(sums(CANCELLING)) == 4


def test_none_of_fewer_is_proved_as_well():
    assert fewest([(683,)], 3, SECONDS) == (None, True)
    assert fewest([(683,)], 1, SECONDS) == (None, True)


def test_too_little_time_proves_nothing():
    assert fewest([(14709,)], 4, 0.01) == (None, False)


@pytest.mark.parametrize(("depth", "adders"), [(3, 3), (2, 4)])
def test_no_sum_is_deeper_than_it_may_be(depth, adders):
    """5, 16 - 5 = 11, 32 + 11 = 43 are behind one another; or from 3 and 5, 3 + 8 and 3 + 40."""
    columns = [(11,), (43,)]
    plan, proved = fewest(columns, 5, SECONDS, depth)
    assert proved
    assert checked(columns, plan) == adders
    assert max(plan.depths()) <= depth


def test_the_same_question_has_the_same_answer():
    columns = sums(random_matrix(3, 3, 4, 0))
    assert fewest(columns, 8, SECONDS) == fewest(columns, 8, SECONDS)


# -- in the flow ----------------------------------------------------------------------------------


def dearness(plan, search, *, addend=False):
    return cost(plan, Variables([BYTE] * plan.inputs), search, addend=addend)


@pytest.mark.parametrize(
    ("steps", "output", "bits"),
    [
        ([], 0, 0),
        ([Step(0, 1, 2, 1)], 2, 9),  # x + 4 * y has 11 bits, of which 2 are those of x
        ([Step(0, 1, 2, -1)], 2, 9),
        ([Step(0, 1, -2, -1)], 2, 11),  # -y changes all bits
        ([Step(0, 1, 0, 1), Step(2, 2, 3, 1)], 3, 9 + 10),  # 13 bits, of which 3 pass
    ],
)
def test_a_plan_costs_the_bits_of_its_adders(steps, output, bits):
    plan = Plan(2, tuple(steps), (Term(output, 0, 1), Term(output, 0, -1)))
    assert dearness(plan, Search()) == bits
    assert dearness(plan, Search(ends=3)) == bits + 3 * len(steps)


@pytest.mark.parametrize("arity", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_a_plan_is_never_dearer(seed, arity):
    matrix = random_matrix(3, 3, 4, seed)
    usual, asked = Search(arity, 2), Search(arity, 2, exact=5)
    first, second = solve(matrix, None, usual), solve(matrix, None, asked)
    assert (second.matrix() == matrix).all()
    assert dearness(second, usual) <= dearness(first, usual)
    assert max(second.depths()) <= max(first.depths()) + usual.slack


def test_a_plan_of_fewer_adders_is_taken_where_it_is_cheaper():
    search = Search(exact=5)
    plan = solve(CANCELLING, None, search)
    assert (plan.matrix() == CANCELLING).all()
    assert len(plan.steps) == 4
    assert dearness(plan, search) < dearness(solve(CANCELLING), search)


def test_large_products_are_not_tried(monkeypatch):
    def never(*_):
        raise AssertionError

    monkeypatch.setattr(exact, "fewest", never)
    for matrix in (random_matrix(8, 8, 8, 0), random_matrix(1, 1, 1, 0), np.array([[1 << 40 | 5]])):
        assert (solve(matrix, None, Search(exact=5)).matrix() == matrix).all()


def test_a_small_plan_that_took_long_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE, str(tmp_path))
    made = Plans(Search(exact=5)).of(CANCELLING, [BYTE] * 3)
    monkeypatch.setattr(exact, "fewest", None)
    assert Plans(Search(exact=5)).of(CANCELLING, [BYTE] * 3) == made
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_what_is_no_time(seconds):
    text = f"exact {seconds!r}: not a time; give seconds, or 0 for none"
    with pytest.raises(ConfigError, match=f"^{re.escape(text)}$"):
        Options(exact=seconds)


def test_without_the_solver(monkeypatch):
    monkeypatch.setattr(exact, "find_spec", lambda _: None)
    assert Options().exact == 0
    text = "exact: OR-tools is not installed; pip install 'rtlgen[exact]'"
    with pytest.raises(ConfigError, match=f"^{re.escape(text)}$"):
        Options(exact=5)

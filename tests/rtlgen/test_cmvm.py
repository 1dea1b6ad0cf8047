"""A plan, evaluated on integers, is the product with the matrix; and it is a cheap one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rtlgen import extraction
from rtlgen.cmvm import solve
from rtlgen.dataflow import Dataflow, Sub, evaluate
from rtlgen.digits import canonical
from rtlgen.plan import Plan, Step, Term
from rtlgen.products import products
from rtlgen.search import Search
from sim.rounding import Interval


def values(plan: Plan, x: Sequence[int]) -> list[int]:
    """What the plan computes, without any of its own methods."""
    found = list(x)
    for a, b, shift, sign in plan.steps:
        found.append((found[a] << max(-shift, 0)) + sign * (found[b] << max(shift, 0)))
    return [t.sign * found[t.variable] << t.shift if t else 0 for t in plan.outputs]


def check(matrix: list[list[int]], seed: int = 0, search: Search | None = None) -> Plan:
    array = np.array(matrix, np.object_)
    plan = solve(array, None, search)
    random = Random(seed)
    for _ in range(3):
        x = [random.randint(-(1 << 80), 1 << 80) for _ in matrix]
        assert values(plan, x) == (np.array(x, np.object_) @ array).tolist()
    assert (plan.matrix() == array).all()
    return plan


def depth(plan: Plan) -> int:
    depths = plan.depths()
    return max((depths[t.variable] for t in plan.outputs if t), default=0)


# -- the digits ---------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [*range(-300, 301), 3**50, -(3**50)])
def test_canonical_digits_are_the_number_and_no_two_are_neighbours(n):
    digits = canonical(n)
    assert sum(d.sign << d.position for d in digits) == n
    positions = [d.position for d in digits]
    assert all(b - a >= 2 for a, b in pairwise(positions))


# -- the plan -----------------------------------------------------------------------------------

entries = st.integers(-9, 9) | st.integers(-(1 << 70), 1 << 70) | st.just(0)
matrices = st.integers(1, 6).flatmap(
    lambda n: st.lists(st.lists(entries, min_size=n, max_size=n), min_size=1, max_size=6)
)


@given(matrices)
@settings(max_examples=150, deadline=None)
def test_any_matrix(matrix):
    check(matrix)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize(("k", "n"), [(1, 1), (1, 9), (9, 1), (7, 5), (16, 16)])
@pytest.mark.parametrize("seed", [0, 1])
def test_random_matrices(bits, k, n, seed):
    top = 1 << bits - 1
    matrix = np.random.default_rng(seed).integers(-top, top + 1, (k, n))
    check(matrix.tolist(), seed)


@pytest.mark.parametrize("arity", [2, 3])
@pytest.mark.parametrize("effort", [2, 3])
@pytest.mark.parametrize(("k", "n", "top"), [(1, 1, 99), (3, 4, 9), (8, 5, 128), (9, 8, 3)])
def test_every_effort_and_kind_of_adder(k, n, top, effort, arity):
    matrix = np.random.default_rng(k).integers(-top, top + 1, (k, n))
    check(matrix.tolist(), 0, Search(arity, effort, slack=effort - 2, ends=arity - 2))


def test_powers_of_two_and_zeros_need_no_additions():
    plan = check([[1, 0, -8, 0], [0, 4, 0, 0]])
    assert plan == Plan(2, (), (Term(0, 0, +1), Term(1, 2, +1), Term(0, 3, -1), None))


def test_one_by_one():
    assert check([[7]]) == Plan(1, (Step(0, 0, -3, -1),), (Term(1, 0, +1),))
    assert check([[0]]) == Plan(1, (), (None,))


def test_equal_negated_and_shifted_columns_are_computed_once():
    column = [3, -5, 7, 1]
    matrix = [[w, -w, 8 * w, -2 * w, w] for w in column]
    single, plan = check([[w] for w in column]), check(matrix)
    assert len(plan.steps) == len(single.steps)
    assert len({t.variable for t in plan.outputs if t}) == 1


def test_equal_rows_are_added_once():
    plan = check([[1, 3, 5, -7]] * 2)
    assert len(plan.steps) == 1 + len(check([[1, 3, 5, -7]]).steps)


def test_a_negative_difference_is_taken_the_other_way_round():
    plan = check([[-1], [1]])
    assert plan == Plan(2, (Step(1, 0, 0, -1),), (Term(2, 0, +1),))


@pytest.mark.parametrize("seed", range(4))
def test_few_outputs_end_in_a_negation(seed):
    matrix = np.random.default_rng(seed).integers(-8, 8, (16, 16))
    plan = check(matrix.tolist())
    assert sum(t.sign < 0 for t in plan.outputs if t) == 0


def test_depth_is_that_of_the_balanced_tree_where_nothing_is_shared():
    assert depth(check([[1]] * 100)) == 7
    assert depth(check([[1 << i] for i in range(8)])) == 3


def test_blocks_of_a_large_matrix_give_the_same_product(monkeypatch):
    monkeypatch.setattr(extraction, "MAX_WORDS", 500)
    check(np.random.default_rng(0).integers(-8, 8, (24, 12)).tolist())
    check(np.random.default_rng(1).choice([-1, 1], (40, 10)).tolist())


def test_the_same_matrix_gives_the_same_plan():
    matrix = np.random.default_rng(3).integers(-32, 32, (12, 12))
    assert solve(matrix) == solve(matrix)


@pytest.mark.parametrize(
    ("k", "n", "top", "most"), [(8, 8, 8, 62), (16, 16, 8, 220), (16, 16, 128, 385)]
)
def test_additions_stay_few(k, n, top, most):
    """Of ``k * n`` random weights; the digits alone would take 3 to 5 times as many."""
    for seed in range(3):
        matrix = np.random.default_rng(seed).integers(-top, top, (k, n))
        assert len(check(matrix.tolist()).steps) <= most


@pytest.mark.parametrize(("seed", "most"), [(0, 57), (1, 57), (2, 57)])
def test_effort_finds_fewer_additions(seed, most):
    matrix = np.random.default_rng(seed).integers(-8, 8, (8, 8))
    quick, thorough = (len(check(matrix.tolist(), 0, Search(2, e)).steps) for e in (1, 3))
    assert thorough <= min(quick, most)


def additions(n: int, most: int) -> int:
    """The fewest additions and subtractions that multiply by ``n``, by trying all of them."""

    def reached(known: tuple[int, ...], left: int) -> bool:
        if not left:
            return n in known
        for a, b in product(known, repeat=2):
            for shift, sign in product(range(7), (1, -1)):
                new = abs(a + sign * (b << shift))
                new >>= (new & -new).bit_length() - 1 if new else 0
                if new and new not in known and reached((*known, new), left - 1):
                    return True
        return False

    return next(count for count in range(most + 1) if reached((1,), count))


@pytest.mark.parametrize("n", [3, 7, 11, 13, 23, 27, 43, 45, 51, 85, 93])
def test_one_weight_takes_as_few_additions_as_there_can_be(n):
    assert len(check([[n]], 0, Search(2, 3)).steps) == additions(n, 3)


# -- on wires -----------------------------------------------------------------------------------


def brute(row: Sequence[Interval], column: Sequence[int]) -> tuple[int, int]:
    ends = [sorted((w * r.lo, w * r.hi)) for w, r in zip(column, row, strict=True)]
    return sum(lo for lo, _ in ends), sum(hi for _, hi in ends)


@pytest.mark.parametrize("seed", range(8))
def test_wires_have_the_exact_interval_of_the_product(seed):
    random = Random(seed)
    matrix = np.array([[random.randint(-20, 20) for _ in range(5)] for _ in range(4)])
    flow, rows = Dataflow(), []
    for m in range(3):
        row = []
        for k in range(4):
            lo = random.randint(-9, 9)
            r = Interval(lo, lo + random.choice([0, 1, 15]), 0)
            row.append(flow.input(4 * m + k, r))
        rows.append(row)
    found = products(flow, rows, matrix)
    for row, out in zip(rows, found, strict=True):
        for n, wire in enumerate(out):
            r = flow.interval(wire)
            lo, hi = brute([flow.interval(w) for w in row], matrix[:, n].tolist())
            assert (r.lo << r.exp, r.hi << r.exp) == (lo, hi)
    flow.outputs = [wire for out in found for wire in out]
    x = [random.randint(*r[:2]) for r in flow.intervals[:12]]
    exps = [flow.interval(wire).exp for wire in flow.outputs]
    got = [code << e for code, e in zip(evaluate(flow, x), exps, strict=True)]
    assert got == (np.array(x).reshape(3, 4) @ matrix).reshape(-1).tolist()


def test_equal_rows_of_wires_cost_nothing_more():
    flow = Dataflow()
    row = [flow.input(i, Interval(-8, 7, -i)) for i in range(4)]
    matrix = np.array([[1, 2], [3, -4], [5, 6], [-7, 8]])
    products(flow, [row], matrix)
    size = len(flow.ops)
    products(flow, [row, [wire << 3 for wire in row]], matrix)
    assert len(flow.ops) == size


def test_padded_rows_fold_their_zeros_and_need_no_negation():
    flow = Dataflow()
    x, zero = flow.input(0, Interval(-8, 7, 0)), flow.const(0, 0)
    ((wire,),) = products(flow, [[zero, x]], np.array([[1], [-3]]))
    ((positive,),) = products(flow, [[x]], np.array([[-3]]))
    assert wire == positive
    assert isinstance(flow.ops[wire.op], Sub)
    assert [type(op).__name__ for op in flow.ops].count("Sub") == 1


def test_what_is_zero_is_not_planned():
    flow = Dataflow()
    x, y = (flow.input(i, Interval(0, 9, 0)) for i in range(2))
    zero = flow.const(0, 0)
    matrix = np.array([[9, 7], [3, 5], [8, 6], [1, 2]])
    found = products(flow, [[zero, x, zero, y]], matrix)
    assert [problem.rows for problem in flow.plans.known] == [((3, 5), (1, 2))]
    assert found == products(flow, [[x, y]], matrix[[1, 3]])


def test_windows_over_padding_share_what_is_not_padding():
    flow = Dataflow()
    x, zero = [flow.input(i, Interval(0, 9, 0)) for i in range(3)], flow.const(0, 0)
    row = [zero, *x, zero]
    products(flow, [row[k : k + 3] for k in range(3)], np.array([[3], [5], [7]]))
    alone, together = (problem.rows for problem in flow.plans.known)
    assert alone == ((3,), (5,), (7,))
    assert together == ((5, 3, 0), (7, 5, 3), (0, 7, 5))


def test_zeros_alone_give_zeros():
    flow = Dataflow()
    zero = flow.const(0, 0)
    (row,) = products(flow, [[zero, zero]], np.array([[1, 2, 3], [4, 5, 6]]))
    assert [flow.known(wire) for wire in row] == [0, 0, 0]


@pytest.mark.parametrize(
    "row", [[0, 0, 1], [0, 1, 0], [2, 0, 1], [2, 2, 2], [3, 2, 0], [1, 3, 1]], ids=str
)
def test_wires_that_occur_twice_and_constants_count(row):
    flow = Dataflow()
    wires = [flow.input(i, Interval(-9, 9, 0)) for i in range(2)]
    wires += [flow.const(5, 0), flow.const(0, 0)]
    rows = [[wires[i] for i in row], [wires[i] for i in row[::-1]]]
    matrix = np.array([[3, -7], [11, 2], [-5, 13]])
    found = products(flow, rows, matrix)
    flow.outputs = [wire for out in found for wire in out]
    exps = [flow.interval(wire).exp for wire in flow.outputs]
    for x in ([-9, 4], [7, 9]):
        given = [*x, 5, 0]
        got = [code << e for code, e in zip(evaluate(flow, x), exps, strict=True)]
        expected = np.array([[given[i] for i in row], [given[i] for i in row[::-1]]]) @ matrix
        assert got == expected.reshape(-1).tolist()

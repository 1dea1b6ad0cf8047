"""The builder methods: exact intervals, one form for equal things, nothing that does nothing."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from rtlgen.dataflow import (
    Add,
    Compare,
    Const,
    Dataflow,
    Input,
    Limit,
    Lookup,
    Max,
    Mul,
    Mux,
    Round,
    Sub,
    Wire,
    evaluate,
    operands,
    reachable,
    text,
    with_operands,
)
from sim.rounding import Interval, Overflow, Rounding


def ports(*intervals: tuple[int, int, int]) -> tuple[Dataflow, list[Wire]]:
    flow = Dataflow()
    return flow, [flow.input(i, Interval(*r)) for i, r in enumerate(intervals)]


def every(flow: Dataflow, wire: Wire) -> dict[tuple[int, ...], Fraction]:
    """The value of the wire for every value of the inputs."""
    types = [r for op, r in zip(flow.ops, flow.intervals, strict=True) if isinstance(op, Input)]
    flow.outputs = [wire]
    step = Fraction(2) ** flow.interval(wire).exp
    table = {}
    for codes in product(*(range(r.lo, r.hi + 1) for r in types)):
        (code,) = evaluate(flow, codes)
        assert type(code) is int
        key = tuple(c * Fraction(2) ** r.exp for c, r in zip(codes, types, strict=True))
        table[key] = code * step
    return table


def check(flow: Dataflow, wire: Wire, f) -> None:
    """The wire is ``f`` of the inputs; its interval holds all of it and is reached at the ends."""
    table = every(flow, wire)
    assert table == {x: f(*x) for x in table}
    r = flow.interval(wire)
    step = Fraction(2) ** r.exp
    assert (min(table.values()), max(table.values())) == (r.lo * step, r.hi * step)
    assert all(type(end) is int for r in flow.intervals for end in r)


GRIDS = [((-4, 3, 0), (-2, 5, 0)), ((-4, 3, -2), (0, 7, 1)), ((-3, -1, 2), (-8, 7, -1))]


@pytest.mark.parametrize("grids", GRIDS)
@pytest.mark.parametrize(
    ("name", "f"),
    [
        ("add", lambda a, b: a + b),
        ("sub", lambda a, b: a - b),
        ("mul", lambda a, b: a * b),
        ("max", max),
        ("min", min),
        ("compare", lambda a, b: Fraction(a >= b)),
    ],
)
def test_two_operands(grids, name, f):
    flow, (a, b) = ports(*grids)
    check(flow, getattr(flow, name)(a, b), f)
    flow, (a, b) = ports(*grids)
    wire = getattr(flow, name)(b << 3, a << -1)
    check(flow, wire, lambda x, y: f(y * 8, x / 2))


@pytest.mark.parametrize("grid", [(-4, 3, 0), (-4, 3, -3), (1, 9, 2), (-9, -1, 1)])
@pytest.mark.parametrize("c", [(0, 0), (1, 0), (-1, 0), (3, -2), (-5, 1), (6, -1)])
def test_a_constant_on_either_side(grid, c):
    value = c[0] * Fraction(2) ** c[1]
    for name, f in (
        ("add", lambda a, b: a + b),
        ("sub", lambda a, b: a - b),
        ("mul", lambda a, b: a * b),
        ("max", max),
        ("min", min),
        ("compare", lambda a, b: Fraction(a >= b)),
    ):
        flow, (a,) = ports(grid)
        check(flow, getattr(flow, name)(a, flow.const(*c)), lambda x, f=f: f(x, value))
        check(flow, getattr(flow, name)(flow.const(*c), a), lambda x, f=f: f(value, x))


@pytest.mark.parametrize("rounding", list(Rounding))
@pytest.mark.parametrize("overflow", list(Overflow))
@pytest.mark.parametrize("grid", [(-37, 41, -4), (0, 77, -3), (-60, -2, -5), (-9, 9, 2)])
def test_quantize(rounding, overflow, grid):
    flow, (a,) = ports(grid)
    to = Interval(-4, 3, -1)
    wire = flow.quantize(a, to, rounding, overflow)
    for (x,), y in every(flow, wire).items():
        code, drop = x / Fraction(2) ** grid[2], to.exp - grid[2]
        whole = int(code) << max(-drop, 0)
        rounded = int(rounding.shift(whole, max(drop, 0)))
        assert y == int(overflow.limit(rounded, to.lo, to.hi)) * Fraction(1, 2)


# -- one form -----------------------------------------------------------------------------------


def test_a_common_shift_makes_no_difference():
    flow, (a, b, c) = ports((-8, 7, 0), (-8, 7, -2), (0, 1, 0))
    for f in (flow.add, flow.sub, flow.mul, flow.max, flow.min):
        assert f(a << 2, b << 2) == f(a, b) << (4 if f == flow.mul else 2)
    for f in (flow.add, flow.mul, flow.max, flow.min):
        assert f(b, a) == f(a, b)
    assert flow.compare(a << 2, b << 2) == flow.compare(a, b)
    assert flow.mux(c, a << 3, b << 3) == flow.mux(c, a, b) << 3
    assert flow.round(b << 3, 3, Rounding.FLOOR) == flow.round(b, 0, Rounding.FLOOR) << 3
    to = Interval(-2, 1, -2)
    limited = flow.limit(b, to, Overflow.WRAP)
    assert flow.limit(b << 1, to.scaled(1), Overflow.WRAP) == limited << 1
    table = [5, 1, 4, 1]
    d = flow.limit(b, Interval(0, 3, -2), Overflow.WRAP)
    assert flow.lookup(d << 5, 0, [8 * t for t in table], 0) == flow.lookup(d, 0, table, 3)


def test_constants_of_any_step_are_found_again():
    flow = Dataflow()
    assert flow.const(12, -3) == flow.const(3, -1)
    assert flow.const(0, 7).op == flow.const(0, -7).op
    assert len(flow.ops) == 2


def test_constants_add_up():
    flow, (a,) = ports((-8, 7, 0))
    one, two = flow.const(1, 0), flow.const(5, -1)
    assert flow.add(flow.add(a, one), two) == flow.add(a, flow.const(7, -1))
    assert flow.add(flow.sub(one, a), two) == flow.sub(flow.const(7, -1), a)
    assert flow.sub(two, flow.add(a, one)) == flow.sub(flow.const(3, -1), a)
    assert flow.sub(two, flow.sub(one, a)) == flow.add(a, flow.const(3, -1))
    assert flow.sub(flow.add(a, one), one) == a


def test_negations_disappear_in_sums():
    flow, (a, b) = ports((-8, 7, 0), (-8, 7, -2))
    minus = flow.neg(b << 1)
    assert flow.neg(minus) == b << 1
    assert flow.add(a, minus) == flow.add(minus, a) == flow.sub(a, b << 1)
    assert flow.sub(a, minus) == flow.add(a, b << 1)
    assert flow.neg(flow.sub(a, b)) == flow.sub(b, a)
    assert flow.neg(flow.add(a, flow.const(3, 0))) == flow.sub(flow.const(-3, 0), a)


@pytest.mark.parametrize(
    "same",
    [
        lambda f, a, _: (f.add(a, f.const(0, 5)), a),
        lambda f, a, _: (f.add(a, a), a << 1),
        lambda f, a, _: (f.sub(a, a), f.const(0, 0)),
        lambda f, a, _: (f.sub(a, f.const(0, -5)), a),
        lambda f, a, _: (f.mul(a, f.const(4, 0)), a << 2),
        lambda f, a, _: (f.mul(a, f.const(0, 0)), f.const(0, 0)),
        lambda f, a, _: (f.mul(a, f.const(-4, 0)), f.neg(a) << 2),
        lambda f, a, _: (f.max(a, a), a),
        lambda f, a, _: (f.max(a, f.const(-8, 0)), a),
        lambda f, a, _: (f.min(f.const(9, 0), a), a),
        lambda f, a, _: (f.max(a, f.const(7, 0)), f.const(7, 0)),
        lambda f, a, _: (f.compare(a, a), f.const(1, 0)),
        lambda f, a, _: (f.compare(a, f.const(8, 0)), f.const(0, 0)),
        lambda f, a, _: (f.compare(a, f.const(-1, -1)), f.compare(a, f.const(0, 0))),
        lambda f, a, b: (f.mux(f.const(1, 0), a, b), a),
        lambda f, a, b: (f.mux(f.const(0, 0), a, b), b),
        lambda f, a, b: (f.mux(f.compare(a, b), b, b), b),
        lambda f, a, b: (f.mux(f.compare(a, b), a, b), f.max(a, b)),
        lambda f, a, b: (f.mux(f.compare(a, b), b << 2, a << 2), f.min(a, b) << 2),
        lambda f, a, b: (f.mux(c := f.compare(a, b), f.const(1, 0), f.const(0, 0)), c),
        lambda f, _, b: (f.lookup(b, 0, [3] * 16, 0), f.const(3, 0)),
        lambda f, _, b: (f.lookup(b, 0, range(0, 64, 4), -4), b),
        lambda f, a, _: (f.round(a, 0, Rounding.HALF_EVEN), a),
        lambda f, a, _: (f.limit(a, Interval(-8, 7, 0), Overflow.WRAP), a),
    ],
)
def test_what_does_nothing_is_left_out(same):
    flow, (a, b) = ports((-8, 7, 0), (0, 15, -2))
    got, expected = same(flow, a, b)
    assert got == expected


def test_a_long_line_is_an_addition_and_a_short_one_a_table():
    flow, (a, b) = ports((0, 127, 0), (0, 15, 0))
    long, short = (flow.lookup(x, 0, range(3, 131), 0) for x in (a, b))
    assert flow.ops[long.op] == Add(a, Wire(long.op - 1))
    assert isinstance(flow.ops[short.op], Lookup)


def test_rounding_twice_is_rounding_once():
    flow, (a,) = ports((-300, 300, -6))
    for first, second in (
        (Rounding.FLOOR, Rounding.FLOOR),
        (Rounding.FLOOR, Rounding.HALF_UP),
        (Rounding.CEIL, Rounding.CEIL),
        (Rounding.CEIL, Rounding.HALF_DOWN),
        (Rounding.TO_ZERO, Rounding.TO_ZERO),
        (Rounding.AWAY_FROM_ZERO, Rounding.AWAY_FROM_ZERO),
    ):
        twice = flow.round(flow.round(a, -3, first), 0, second)
        assert twice == flow.round(a, 0, second)
        whole = {x: second.shift(int(x * 64), 6) for (x,) in every(flow, twice)}
        assert {x: y for (x,), y in every(flow, twice).items()} == whole
    half = flow.round(flow.round(a, -3, Rounding.HALF_UP), 0, Rounding.HALF_UP)
    assert half != flow.round(a, 0, Rounding.HALF_UP)


def test_a_constant_takes_the_rounding_along():
    for rounding in (Rounding.CEIL, Rounding.HALF_UP, Rounding.HALF_DOWN):
        flow, (a,) = ports((-60, 60, -4))
        wire = flow.round(flow.add(a, flow.const(3, -4)), 0, rounding)
        assert flow.ops[wire.op] == Round(Wire(wire.op - 1), Rounding.FLOOR)
        check(flow, wire, lambda x, r=rounding: Fraction(int(r.shift(int(x * 16) + 3, 4))))


def test_limiting_twice_is_limiting_once():
    flow, (a,) = ports((-40, 40, 0))
    for first, second in (((-9, 9), (-4, 20)), ((-9, 9), (-20, 20)), ((-9, -3), (0, 7))):
        inner = flow.limit(a, Interval(*first, 0), Overflow.SATURATE)
        wire = flow.limit(inner, Interval(*second, 0), Overflow.SATURATE)
        check(flow, wire, lambda x, f=first, s=second: clamp(clamp(x, *f), *s))
        assert sum(isinstance(flow.ops[w.op], Limit) for w in operands(flow.ops[wire.op])) == 0
    inner = flow.limit(a, Interval(-16, 15, 0), Overflow.WRAP)
    wire = flow.limit(inner, Interval(0, 7, 0), Overflow.WRAP)
    assert wire == flow.limit(a, Interval(0, 7, 0), Overflow.WRAP)
    wire = flow.limit(inner, Interval(0, 6, 0), Overflow.WRAP)
    assert flow.ops[wire.op] == Limit(inner, Overflow.WRAP, 0, 6)


def clamp(x: Fraction, lo: int, hi: int) -> Fraction:
    return min(max(x, Fraction(lo)), Fraction(hi))


def test_a_square_is_not_negative():
    flow, (a,) = ports((-8, 7, -1))
    assert flow.interval(flow.mul(a, a << 3)) == Interval(0, 64, 1)


def test_a_table_may_be_finer_than_its_input():
    flow, (a,) = ports((-2, 1, 1))
    wire = flow.lookup(a, -8, [i * i for i in range(16)], 0, step=-1)
    check(flow, wire, lambda x: (x * 2 + 8) ** 2)


def test_narrow_proves_a_tighter_interval_but_not_of_a_port():
    flow, (a, b) = ports((-8, 7, 0), (-8, 7, 0))
    wire = flow.add(a, b)
    tight = flow.narrow(wire << 1, Interval(-3, 8, 1))
    assert flow.interval(tight) == Interval(-3, 8, 1)
    assert flow.ops[tight.op] == flow.ops[wire.op]
    assert flow.narrow(wire, Interval(-100, 100, 0)) == wire
    assert flow.narrow(a, Interval(0, 3, 0)) == a
    assert flow.ops[flow.narrow(wire, Interval(3, 3, 0)).op] == Const(3)


# -- the graph ----------------------------------------------------------------------------------


LISTING = """\
w0 = input 0                            : [-8, 7] e-2  s4  @0
w1 = input 1                            : [0, 3] e0  u2  @0
w2 = add w0, w1 << 1                    : [-8, 31] e-2  s6  @1
w3 = round w2, HALF_EVEN                : [-2, 8] e0  s5  @1
w4 = limit w3, SATURATE, 0, 7           : [0, 7] e0  u3  @1
w5 = lookup w1, 0, (1, 3, 2, 7)         : [1, 7] e0  u3  @2
return w4 << 3, w5"""


def test_text():
    flow, (a, b) = ports((-8, 7, -2), (0, 3, 0))
    flow.origin = "fc1"
    total = flow.add(a, b << 1)
    flow.outputs = [
        flow.quantize(total, Interval(0, 7, 0), Rounding.HALF_EVEN, Overflow.SATURATE) << 3,
        flow.lookup(b, 0, [1, 3, 2, 7], 0),
    ]
    assert text(flow, [0, 0, 1, 1, 1, 2]) == LISTING
    assert flow.origins == ["", "", "fc1", "fc1", "fc1", "fc1"]


def test_reachable():
    flow, (a, b, c) = ports((0, 3, 0), (0, 3, 0), (0, 1, 0))
    chosen = flow.mux(c, a, b)
    flow.add(a, b)
    flow.outputs = [chosen]
    assert reachable(flow) == [True, True, True, True, False]


def test_with_operands_replaces_all_and_only_these():
    w = [Wire(7), Wire(8, 1), Wire(9)]
    for op in (
        Input(3),
        Const(5),
        Add(Wire(0), Wire(1)),
        Sub(Wire(0), Wire(1)),
        Mul(Wire(0), Wire(1)),
        Max(Wire(0), Wire(1)),
        Compare(Wire(0), Wire(1)),
        Mux(Wire(0), Wire(1), Wire(2)),
        Round(Wire(0), Rounding.CEIL),
        Limit(Wire(0), Overflow.WRAP, -1, 5),
        Lookup(Wire(0), 2, (1, 2)),
    ):
        old = operands(op)
        new = with_operands(op, w)
        assert operands(new) == tuple(w[: len(old)])
        assert with_operands(new, old) == op


def test_evaluate_refuses_a_wrong_interval():
    flow, (a,) = ports((0, 3, 0))
    flow.outputs = [flow.emit(Add(a, a), Interval(0, 5, 0))]
    with pytest.raises(AssertionError, match="outside"):
        evaluate(flow, [3])

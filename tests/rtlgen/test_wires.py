"""Wires are held against numbers and intervals: one vocabulary, three meanings."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest

from rtlgen.dataflow import Add, Dataflow, Input, Mul, Sub, Wire, evaluate
from rtlgen.wires import Wires, tree
from sim import integers
from sim.array import concat
from sim.errors import OutOfInterval
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

SHAPE = (2, 3, 4)


def windows(x, kernel: tuple[int, ...]):
    """Slide over the last axes."""
    axes = tuple(range(-len(kernel), 0))
    return x.map(lambda a: np.lib.stride_tricks.sliding_window_view(a, kernel, axis=axes))


def types(seed: int, shape: tuple[int, ...] = SHAPE, top: int = 9) -> Intervals:
    """Another interval for every element."""
    random = Random(seed)
    size = int(np.prod(shape))
    lo = [random.randint(-top, top) for _ in range(size)]
    hi = [a + random.choice([0, 1, 5, 2 * top]) for a in lo]
    exp = [random.choice([-3, -1, 0]) for _ in range(size)]
    return Intervals(*(integers.integers(v).reshape(shape) for v in (lo, hi, exp)))


def constant(seed: int, shape: tuple[int, ...], top: int = 9) -> Fixed:
    random = Random(seed)
    size = int(np.prod(shape))
    return Fixed.constant(
        np.array([random.randint(-top, top) for _ in range(size)]).reshape(shape), -2
    )


def numbers(t: Intervals, codes: list[list[int]]) -> Fixed:
    exp = int(t.exp.min(initial=0))
    own = np.array(codes, np.object_).reshape(len(codes), *t.shape)
    return Fixed(integers.integers(own << (t.exp - exp).astype(np.object_)), exp)


def agree(f, *inputs: Intervals, samples: int = 12) -> Dataflow:
    """Numbers, intervals and wires: the same values, in intervals that hold one another."""
    random = Random(1)
    codes = [
        [[random.randint(*t.interval(i)[:2]) for i in range(t.size)] for t in inputs]
        for _ in range(samples)
    ]
    y = f(*(numbers(t, [c[k] for c in codes]) for k, t in enumerate(inputs)))
    flow = Dataflow()
    wires = f(*(Wires.inputs(flow, t) for t in inputs))
    result = f(*inputs)
    assert wires.shape == result.shape == y.shape
    flow.outputs = list(wires.wires.flat)
    for i, wire in enumerate(flow.outputs):
        assert type(wire) is Wire
        narrow = Intervals.full((), flow.interval(wire))
        assert Intervals.full((), result.interval(i)).contains(narrow)
    steps = [Fraction(2) ** flow.interval(w).exp for w in flow.outputs]
    for n, sample in enumerate(codes):
        got = evaluate(flow, [c for part in sample for c in part])
        expected = y.codes[n if y.samples > 1 else 0].reshape(-1).tolist()
        step = Fraction(2) ** y.exp
        assert [g * s for g, s in zip(got, steps, strict=True)] == [e * step for e in expected]
    assert all(type(v) is int for r in flow.intervals for v in r)
    return flow


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    "f",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a * b,
        lambda a, b: a @ b.swapaxes(-1, -2),
        lambda a, b: a.maximum(b),
        lambda a, b: a.minimum(b),
        lambda a, b: a.at_least(b),
        lambda a, b: a.at_least(b).where(a, b),
        lambda a, b: concat([a, b], 1),
        lambda a, b: (a + b).sum(),
        lambda a, b: a.max() - b.min(),
        lambda a, b: a[:, :1] * b[..., :1],
    ],
)
def test_two_arrays(f, seed):
    agree(f, types(seed), types(seed + 10))


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("shape", [SHAPE, (1,), (4,), (3, 1), ()])
@pytest.mark.parametrize(
    "f",
    [
        lambda x, c: x + c,
        lambda x, c: c + x,
        lambda x, c: x - c,
        lambda x, c: c - x,
        lambda x, c: x * c,
        lambda x, c: c * x,
        lambda x, c: x.maximum(c),
        lambda x, c: c.maximum(x),
        lambda x, c: x.minimum(c),
        lambda x, c: c.minimum(x),
        lambda x, c: x.at_least(c),
        lambda x, c: c.at_least(x),
        lambda x, c: x.at_least(c).where(c, x),
    ],
)
def test_a_constant_on_either_side(f, shape, seed):
    c = constant(seed, shape)
    agree(lambda x: f(x, c), types(seed))


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("weights", [(4, 5), (2, 4, 5), (1, 4, 1), (4, 0)])
def test_product_with_a_constant(weights, seed):
    agree(lambda x: x @ constant(seed, weights), types(seed))
    agree(lambda x: constant(seed, weights).swapaxes(-1, -2) @ x.swapaxes(-1, -2), types(seed))


def test_product_of_wide_numbers():
    wide = Intervals.full((2, 3), Interval(-(1 << 70), 1 << 69, -100))
    weight = Fixed.constant(np.array([[1 << 80, -3], [5, -(1 << 66) + 1], [0, 7]], object), -90)
    agree(lambda x: x @ weight, wide)
    agree(lambda x: x * weight.swapaxes(0, 1), wide)


def test_a_product_has_the_exact_interval():
    t = Intervals.full((1, 1), Interval(-8, 7, 0))
    flow = agree(lambda x: x @ Fixed.constant([[7]]), t)
    assert flow.interval(flow.outputs[0]) == Interval(-56, 49, 0)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: -x,
        lambda x: x.sum(),
        lambda x: x.max(),
        lambda x: x.min(),
        lambda x: x.reshape(4, 6),
        lambda x: x.transpose(2, 0, 1),
        lambda x: x[1, ..., ::-2],
        lambda x: x[1, 2, 3],
        lambda x: x.pad([(0, 0), (1, 2), (0, 1)], Fixed.constant(3, -1)),
        lambda x: windows(x, (2, 3)),
        lambda x: windows(x, (2, 2)).reshape(12, 4) @ constant(5, (4, 3)),
        lambda x: (
            windows(x.pad([(0, 0), (1, 1), (1, 1)], Fixed.constant(0)), (3, 3)).reshape(24, 9)
            @ constant(6, (9, 2))
        ),
        lambda x: x.lookup(
            Fixed.constant([i * i - 300 for i in range(400)], -4), Interval(-200, 199, -3)
        ),
    ],
)
def test_one_array(f, seed):
    agree(f, types(seed))


@pytest.mark.parametrize("rounding", list(Rounding))
@pytest.mark.parametrize("overflow", list(Overflow))
def test_quantize(rounding, overflow):
    to = types(7, (4,), 3)
    agree(lambda x: x.quantize(to, rounding, overflow), types(0))
    single = Intervals.full((), Interval(-4, 3, -1))
    agree(lambda x: x.quantize(single, rounding, overflow), types(0))


def test_one_element_and_none():
    agree(lambda x: (x * x).sum(), types(0, (1, 1)))
    agree(lambda x: x.sum(), types(0, (3, 0)), samples=1)


def test_numbers_of_several_inputs_count_on():
    flow = Dataflow()
    Wires.inputs(flow, types(0, (2,)))
    Wires.inputs(flow, types(1, (3,)))
    assert [op.port for op in flow.ops if isinstance(op, Input)] == [0, 1, 2, 3, 4]


def test_within_narrows_what_is_computed():
    flow = Dataflow()
    x = Wires.inputs(flow, Intervals.full((2,), Interval(0, 15, -4)))
    y = (x + x[::-1]).within(Intervals.full((), Interval(3, 16, -4)))
    assert [flow.interval(w) for w in y.wires] == [Interval(3, 16, -4)] * 2
    with pytest.raises(OutOfInterval) as e:
        (x + x[::-1]).within(Intervals.full((), Interval(100, 200, 0)))
    assert str(e.value) == "no value is inside of the interval that was promised"


def test_a_table_must_hold_its_input():
    x = Wires.inputs(Dataflow(), Intervals.full((1,), Interval(0, 4, 0)))
    with pytest.raises(OutOfInterval) as e:
        x.lookup(Fixed.constant([1, 2, 3, 4]), Interval(0, 3, 0))
    assert str(e.value) == "a value is outside of the table's domain u2 e0"


def test_multiples_of_one_wire_share_their_additions():
    flow = agree(lambda x: x * Fixed.constant([5, 10, -5, 20, 85]), types(3, (1,)))
    assert sum(isinstance(op, Add | Sub) for op in flow.ops) == 3  # 5, 85 = 17 * 5, and -5


def test_windows_plan_the_matrix_once_and_share_equal_sums():
    flow = Dataflow()
    x = Wires.inputs(flow, Intervals.full((6,), Interval(-8, 7, 0)))
    weights = Fixed.constant(np.array([[1, 2], [1, -2]]))
    windows(x, (2,)) @ weights
    kinds = [type(op) for op in flow.ops]
    assert (kinds.count(Add), kinds.count(Sub), kinds.count(Mul)) == (5, 5, 0)


def test_tree_is_balanced():
    assert tree(lambda a, b: 1 + max(a, b), [0] * 9) == 4
    assert tree(lambda a, b: a + b, ["x", "y", "z"]) == "xyz"


@pytest.mark.parametrize("seed", [0, 1])
def test_two_layers(seed):
    first, second = constant(seed, (6, 8)), constant(seed + 1, (8, 3))
    middle = Intervals.full((), Interval(0, 15, -1))

    def network(x):
        x = (x @ first + constant(2, (8,))).maximum(Fixed.constant(0))
        return x.quantize(middle, Rounding.HALF_EVEN, Overflow.SATURATE) @ second

    agree(network, types(seed, (1, 6)), samples=100)

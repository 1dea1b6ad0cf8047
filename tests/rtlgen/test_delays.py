"""Delays of whole values, held against the arrival of every single bit."""

from random import Random

import pytest

from rtlgen.dataflow import Dataflow, Input, Sub, Ternary, Wire, operands
from rtlgen.delays import Delay, delays
from rtlgen.devices import find
from rtlgen.timing import Timing, alone
from sim.rounding import Interval, Overflow, Rounding

TARGETS = [find(part) for part in ("xcvu13p", "lfe5u-85f-8", "ice40hx8k", "agf014", "xc7a35t")]


def arrivals(flow, target):
    """When each bit of each sum is there, by its position: every carry is followed."""
    known = []
    for op, r in zip(flow.ops, flow.intervals, strict=True):
        if isinstance(op, Input):
            known.append(dict.fromkeys(range(r.exp, r.top), 0.0))
        else:
            given = [
                {at + wire.shift: time for at, time in known[wire.op].items()}
                for wire in operands(op)
            ]
            known.append(arrival(op, r, given, target))
    return known


def arrival(op, r, given, target):
    """Of each bit of a sum; a bit above the highest of an operand is that one's sign."""
    match op:
        case Sub():
            plus = (True, False)
        case Ternary():
            plus = (True, op.sign_b > 0, op.sign_c > 0)
        case _:
            plus = (True, True)
    (lowest, added), (second, _), *_ = sorted(zip(map(min, given), plus, strict=True))
    start = second if added else lowest
    inverter = target.inverted_luts * target.level_ns * isinstance(op, Sub)
    entry = (1 + isinstance(op, Ternary)) * target.level_ns + target.chain_ns
    bits, carry = {}, None
    for at in range(r.exp, r.top):
        here = max(
            x[min(at, max(x))] + (0 if added else inverter)
            for x, added in zip(given, plus, strict=True)
            if at >= min(x)
        )
        if at >= start:
            here += entry
            bits[at] = here if carry is None else max(here, carry)
            carry = bits[at] + target.carry_ns
        else:
            bits[at] = here
    return bits


def random_sums(seed, inputs=4, operations=25):
    random, flow = Random(seed), Dataflow()
    wires = [flow.input(i, Interval(-8, 7, random.randrange(3))) for i in range(inputs)]
    for _ in range(operations):
        a, b, c = (wire << random.randrange(3) for wire in random.sample(wires[-12:], 3))
        made = random.choice(
            [
                lambda a=a, b=b: flow.add(a, b),
                lambda a=a, b=b: flow.sub(a, b),
                lambda a=a, b=b, c=c: flow.ternary(a, b, c, 1, -1),
            ]
        )()
        if flow.interval(made).width < 24 and made == Wire(len(flow.ops) - 1):
            wires.append(made)
    flow.outputs = wires
    return flow


@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize("seed", range(20))
def test_no_bit_is_later_than_its_value(seed, target):
    flow = random_sums(seed)
    timing = Timing(flow, target)
    times = timing.times([0] * len(flow.ops))
    exact = [1000 * max(bits.values()) for bits in arrivals(flow, target)]
    lowest = [1000 * bits[min(bits)] for bits in arrivals(flow, target)]
    picoseconds = len(flow.ops)  # one for each rounding on a path
    assert all(e - picoseconds <= high for e, (_, high) in zip(exact, times, strict=True))
    assert all(e - picoseconds <= low for e, (low, _) in zip(lowest, times, strict=True))
    assert max(high for _, high in times) <= 1.1 * max(exact)


@pytest.mark.parametrize("target", TARGETS, ids=str)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_carries_run_behind_each_other(count, target):
    """Sums of the same width: each is entered, but there is one carry from end to end."""
    flow, wide = Dataflow(), Interval(-(1 << 19), (1 << 19) - 1, 0)
    total = flow.input(0, wide)
    for k in range(count):
        total = flow.add(total, flow.input(k + 1, wide), known=wide)
    flow.outputs = [total]
    timing = Timing(flow, target)
    entry = target.level_ns + target.chain_ns
    expected = count * round(1000 * entry) + round(20000 * target.carry_ns)
    assert abs(max(timing.arrivals([0] * len(flow.ops))) - expected) <= count


def delay(build, target=TARGETS[0]):
    """Of one operation on an integer of eight bits."""
    flow = Dataflow()
    flow.outputs = [build(flow, flow.input(0, Interval(-128, 127, 0)))]
    op, made = flow.ops[-1], flow.intervals[-1]
    return delays(op, made, [flow.interval(wire) for wire in operands(op)], target)


def test_logic_waits_for_every_bit():
    for build in (
        lambda f, x: f.max(x, f.const(0, 0)),
        lambda f, x: f.quantize(x, Interval(-8, 7, 0), Rounding.FLOOR, Overflow.SATURATE),
        lambda f, x: f.lookup(x, -128, [k * k for k in range(256)], 0),
    ):
        first, *_ = delay(build)
        assert len(set(first)) == 1
        assert first.low_low > 0


def test_bits_that_are_dropped_are_not_waited_for():
    c = round(1000 * TARGETS[0].carry_ns)
    (low,) = delay(lambda f, x: f.quantize(x, Interval(-16, 15, 3), Rounding.FLOOR, Overflow.WRAP))
    assert low == Delay(0, 0, -4 * c, 0)
    (high,) = delay(lambda f, x: f.quantize(x, Interval(-4, 3, 0), Rounding.FLOOR, Overflow.WRAP))
    assert (high.low_low, high.low_high, high.high_high) == (0, 0, -5 * c)


def test_a_path_is_as_long_from_its_end():
    assert Delay(1, 2, 3, 4).reversed() == Delay(1, 3, 2, 4)


def test_an_operation_that_reads_a_value_twice_waits_for_the_later_bits():
    target, flow = TARGETS[0], Dataflow()
    x = flow.input(0, Interval(-128, 127, 0))
    total = flow.add(x, x << 4)
    given = [flow.interval(wire) for wire in operands(flow.ops[total.op])]
    first, second = delays(flow.ops[total.op], flow.interval(total), given, target)
    assert first != second
    assert alone(flow, flow.ops[total.op], flow.interval(total), target)[0] == [
        (x.op, Delay(*map(max, first, second)))
    ]

"""Graphs to try the hardware on: random ones over every operation, and layers of adders."""

from fractions import Fraction
from random import Random

from rtlgen.dataflow import Dataflow, Input, Wire, evaluate
from rtlgen.schedule import Schedule
from rtlgen.timing import Timing
from sim.rounding import Interval, Overflow, Rounding

RANGES = [(0, 15), (-8, 7), (0, 1), (-2, 1), (-5, 6), (3, 9), (-9, -2)]
SHIFTS = range(-3, 4)


def random_flow(seed: int, operations: int = 40, inputs: int = 4) -> Dataflow:
    """A graph over the whole set of operations, with every mode, small enough to be simulated."""
    random, flow = Random(seed), Dataflow()
    wires = [
        flow.input(i, Interval(*random.choice(RANGES), random.choice(SHIFTS)))
        for i in range(inputs)
    ]
    for k in range(operations):
        flow.origin = f"/layer{k // 8}/Op"
        a, b = (random.choice(wires) << random.choice(SHIFTS) for _ in range(2))
        if random.random() < 0.2:
            b = flow.const(random.choice([0, 1, -1, 3, -5, 8, -8]), random.choice(SHIFTS))
        wires.append(narrowed(flow, operation(flow, random, a, b), random))
    flow.outputs = wires[-8:]
    return flow


def operation(flow: Dataflow, random: Random, a: Wire, b: Wire) -> Wire:
    """One operation on two wires."""
    r = flow.interval(a)
    match random.randrange(10):
        case 0:
            return flow.add(a, b)
        case 1:
            return flow.sub(a, b)
        case 2:
            return flow.mul(a, b)
        case 3:
            return flow.max(a, b)
        case 4:
            return flow.min(a, b)
        case 5:
            return flow.compare(a, b)
        case 6:
            return flow.mux(flow.compare(b, a), a, b)
        case 7 if r.hi - r.lo < 300:
            some = [random.randint(-20, 20) for _ in range(random.choice([3, 50]))]
            table = random.choices(some, k=r.hi - r.lo + 1)
            return flow.lookup(a, r.lo, table, random.choice(SHIFTS))
        case _:
            size = random.choice([2, 4, 8, 16, 3, 5, 7, 11])
            lo = random.choice([0, -(size // 2), 0, -(size // 2), -3, 2, -7])
            to = Interval(lo, lo + size - 1, r.exp + random.randrange(-1, 5))
            return flow.quantize(a, to, *modes(random))


def modes(random: Random) -> tuple[Rounding, Overflow]:
    return random.choice(list(Rounding)), random.choice(list(Overflow))


def narrowed(flow: Dataflow, wire: Wire, random: Random) -> Wire:
    """The wire, or its upper bits if it has many."""
    r = flow.interval(wire)
    if r.width <= 12:
        return wire
    return flow.quantize(wire, Interval(-32, 31, r.exp + r.width - 6), *modes(random))


def layers(inputs: int, outputs: int, sums: int, depth: int = 2, seed: int = 0) -> Dataflow:
    """Layers of shared adders with a quantizer behind each, as networks have them."""
    random, flow = Random(seed), Dataflow()
    wires = [flow.input(i, Interval(0, 63, -4)) for i in range(inputs)]
    for k in range(depth):
        flow.origin = f"fc{k}"
        pool = list(wires)
        for _ in range(sums):
            a, b = random.choice(pool), random.choice(pool) << random.randrange(4)
            both = flow.add(a, b) if random.random() < 0.6 else flow.sub(a, b)
            if flow.interval(both).width < 14:
                pool.append(both)
        wires = [
            activated(flow, random.sample(pool, max(2, sums // outputs))) for _ in range(outputs)
        ]
    flow.outputs = wires
    return flow


def activated(flow: Dataflow, terms: list[Wire]) -> Wire:
    """The sum, in a balanced tree, rectified and cut to six bits."""
    while len(terms) > 1:
        pairs = zip(terms[::2], terms[1::2], strict=False)
        terms = [flow.add(a, b) for a, b in pairs] + terms[len(terms) & ~1 :]
    return flow.quantize(terms[0], Interval(0, 63, -2), Rounding.FLOOR, Overflow.SATURATE)


def ranges(flow: Dataflow) -> list[Interval]:
    """The interval of each input."""
    pairs = zip(flow.ops, flow.intervals, strict=True)
    return [r for _, r in sorted((op.port, r) for op, r in pairs if isinstance(op, Input))]


def samples(flow: Dataflow, count: int, seed: int = 0) -> list[list[int]]:
    random = Random(seed)
    return [[random.randint(r.lo, r.hi) for r in ranges(flow)] for _ in range(count)]


def scattered(timing: Timing, seed: int) -> Schedule:
    """A schedule that only just obeys the order of the operations."""
    random, stages = Random(seed), []
    for reads, delay in zip(timing.reads, timing.delays, strict=True):
        first = max((stages[j] for j in reads), default=0)
        stages.append(first + (random.random() < 0.2 if reads or delay else 0))
    return Schedule(tuple(stages), max(stages) + 1 + random.randrange(2))


def combinational(flow: Dataflow) -> Schedule:
    return Schedule((0,) * len(flow.ops), 0)


def values(flow: Dataflow, codes: list[int]) -> list[Fraction]:
    """The outputs as numbers, whatever their steps."""
    steps = [Fraction(2) ** flow.interval(wire).exp for wire in flow.outputs]
    return [c * s for c, s in zip(evaluate(flow, codes), steps, strict=True)]


def check(before: Dataflow, after: Dataflow, seed: int = 0, samples: int = 40) -> None:
    """Fail unless both graphs have the same ports and give the same results."""
    random = Random(seed)
    types = [r for op, r in zip(before.ops, before.intervals, strict=True) if isinstance(op, Input)]
    for k in range(samples):
        codes = [r[k] if k < 2 else random.randint(r.lo, r.hi) for r in types]
        assert values(after, codes) == values(before, codes)
    assert [
        (op, r) for op, r in zip(after.ops, after.intervals, strict=True) if isinstance(op, Input)
    ] == [
        (op, r) for op, r in zip(before.ops, before.intervals, strict=True) if isinstance(op, Input)
    ]
    assert all(type(v) is int for r in after.intervals for v in r)

"""The hardware computes what ``evaluate`` says, in Amaranth's simulator and in Verilator."""

import re
from itertools import product
from random import Random

import numpy as np
import pytest
from amaranth.sim import Simulator

from rtlgen.dataflow import Dataflow, Limit, Lookup, Round, Wire, evaluate
from rtlgen.devices import find
from rtlgen.logic import shape
from rtlgen.pipeline import Pipeline
from rtlgen.schedule import Schedule, schedule
from rtlgen.timing import Timing
from rtlgen.verilog import element_names, emit
from sim import vectors
from sim.cosim import replay
from sim.errors import Mismatch
from sim.manifest import Manifest, Ports, Tensor
from sim.rounding import Interval, Overflow, Rounding
from tests.rtlgen.flows import combinational, random_flow, ranges, samples, scattered

TARGET = find("xcvu13p")


def simulated(flow, plan, stream, ports=Ports.PACKED):
    """What comes out, cycle by cycle, for a stream of samples; None is a gap."""
    inputs = [f"i{k}" for k in range(len(ranges(flow)))]
    outputs = [f"o{k}" for k in range(len(flow.outputs))]
    pipeline, seen = Pipeline(flow, plan, inputs, outputs, ports), []

    async def bench(ctx):
        x, y = pipeline.elements()
        for codes in [*stream, *[None] * plan.latency]:
            ctx.set(pipeline.x.valid, codes is not None)
            for element, code in zip(x, codes or [0] * len(x), strict=True):
                ctx.set(element, code)
            await ctx.delay(1e-7)
            seen.append([ctx.get(element) for element in y] if ctx.get(pipeline.y.valid) else None)
            if plan.latency:
                await ctx.tick()

    simulator = Simulator(pipeline)
    if plan.latency:
        simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return seen


def check(flow, plan, stream, ports=Ports.PACKED):
    expected = [codes and evaluate(flow, codes) for codes in stream]
    assert simulated(flow, plan, stream, ports) == [None] * plan.latency + expected


@pytest.mark.parametrize("ports", Ports)
@pytest.mark.parametrize("seed", range(6))
def test_random_graphs(seed, ports):
    flow = random_flow(seed)
    stream = samples(flow, 20, seed)
    stream[3] = stream[4] = stream[9] = None
    check(flow, scattered(Timing(flow, TARGET), seed), stream, ports)
    check(flow, combinational(flow), samples(flow, 20, seed), ports)


def test_every_rounding_of_every_code():
    flow = Dataflow()
    for port, r in enumerate([Interval(-16, 15, 0), Interval(0, 15, 0), Interval(-13, -2, 0)]):
        x = flow.input(port, r)
        for mode, drop in product(Rounding, [1, 2, 3, 5, 7]):
            ends = [int(mode.shift(end, drop)) for end in r[:2]]
            flow.outputs.append(flow.emit(Round(x, mode), Interval(*ends, drop)))
    check(flow, combinational(flow), codes_together(flow))


def test_every_overflow_of_every_code():
    flow = Dataflow()
    for port, r in enumerate([Interval(-40, 37, 0), Interval(0, 63, 0), Interval(-33, -3, 0)]):
        x = flow.input(port, r)
        for mode, lo, size in product(Overflow, [0, -8, -4, -7, 3, -16], [8, 16, 15, 5, 1]):
            to = Interval(lo, lo + size - 1, 0)
            low, high = (int(end) for end in mode.bounds(*r[:2], *to[:2]))
            result = Interval(min(low, high), max(low, high), 0)
            flow.outputs.append(flow.emit(Limit(x, mode, *to[:2]), result))
    check(flow, combinational(flow), codes_together(flow))


def codes_together(flow):
    """All inputs run through all of their codes, side by side."""
    sizes = [r.hi - r.lo + 1 for r in ranges(flow)]
    return [
        [r.lo + k % n for r, n in zip(ranges(flow), sizes, strict=True)] for k in range(max(sizes))
    ]


@pytest.mark.parametrize("lo", [-8, -3, 0, 2])
def test_tables(lo):
    flow = Dataflow()
    x = flow.input(0, Interval(lo, lo + 7, 2))
    for table in [(3, -1, 4, -1, 5, -9, 2, -6), (7, 0, 0, 7, 7, 7, 0, 7), tuple(range(-8, 0))]:
        bounds = Interval(min(table), max(table), 0)
        flow.outputs.append(flow.emit(Lookup(x, lo, table), bounds))
    check(flow, combinational(flow), codes_together(flow))


def large_tables(seed):
    """Tables of 6 to 10 bits, in which some outputs depend on few inputs, or on none."""
    random, flow = Random(seed), Dataflow()
    for port, bits in enumerate(range(6, 11)):
        lo = random.choice([0, -1 << bits - 1, 1 - (1 << bits - 1), -5])
        count = random.choice([1 << bits, (1 << bits) - 3]) if lo != -5 else (1 << bits - 1) - 20
        x = flow.input(port, Interval(lo, lo + count - 1, 0))
        kept, cut = random.getrandbits(bits), random.randrange(bits)
        tables = [
            [random.randrange(-2, 3) for _ in range(count)],
            [(code & kept) >> cut for code in range(lo, lo + count)],
            [4 * (code >> cut) + (code > lo + count // 3) for code in range(lo, lo + count)],
        ]
        flow.outputs += [flow.lookup(x, lo, table, 0) for table in tables]
    return flow


@pytest.mark.parametrize("seed", range(4))
def test_tables_of_more_inputs_than_a_lut_has(seed):
    flow = large_tables(seed)
    check(flow, combinational(flow), codes_together(flow))


def test_outputs_that_are_inputs_or_constants():
    flow = Dataflow()
    x = flow.input(0, Interval(-4, 3, 0))
    flow.outputs = [x, flow.const(-5, 0), flow.const(0, 0), x << 3, x]
    check(flow, combinational(flow), codes_together(flow))
    check(flow, Schedule((0,) * len(flow.ops), 3), codes_together(flow))


def test_numbers_side_by_side_are_joined_without_an_adder():
    flow = Dataflow()
    x, y = flow.input(0, Interval(0, 15, 0)), flow.input(1, Interval(-8, 7, 0))
    flow.outputs = [flow.add(x, y << 4), flow.add(x, y << 6)]
    assert "_add" not in emit(flow, combinational(flow), ["x", "y"], ["a", "b"])
    check(flow, combinational(flow), codes_together(flow))


def test_an_adder_has_no_bits_that_its_readers_wrap_away():
    flow = Dataflow()
    x, y = flow.input(0, Interval(0, 15, 0)), flow.input(1, Interval(-8, 7, 0))
    for a, b, size in ((x, y, 8), (x, y << 2, 16), (x << 3, y, 4)):
        total = flow.sub(a, b)
        flow.outputs.append(flow.limit(total, Interval(0, size - 1, 0), Overflow.WRAP))
    text = emit(flow, combinational(flow), ["x", "y"], ["a", "b", "c"])
    assert re.findall(r"W\(32'd(\d+)\)", text) == ["3", "2", "2"]
    check(flow, combinational(flow), codes_together(flow))


def test_a_graph_that_differs_in_one_mode_is_found():
    def rounded(mode):
        flow = Dataflow()
        x = flow.input(0, Interval(-16, 15, 0))
        flow.outputs = [flow.quantize(x, Interval(-8, 7, 2), mode, Overflow.WRAP)]
        return flow

    right, wrong = rounded(Rounding.HALF_EVEN), rounded(Rounding.HALF_UP)
    stream = codes_together(right)
    assert simulated(wrong, combinational(wrong), stream) != [evaluate(right, x) for x in stream]


def test_a_port_has_at_least_one_bit():
    assert shape(Interval(0, 0, 0)).width == 1
    assert shape(Interval(-1, 0, 0)).width == 1
    assert shape(Interval(-1, 0, 0)).signed


# -- in Verilator -----------------------------------------------------------------------------


def written(folder, flow, plan, ports, *, wrong=False, count=60):
    x, y = (tensor(n, rs) for n, rs in (("x", ranges(flow)), ("y", outputs(flow))))
    names = element_names([("x", x.shape), ("y", y.shape)])
    (folder / "top.v").write_text(emit(flow, plan, *names, ports=ports))
    if ports is Ports.ELEMENTS:
        x, y = (with_ports(t, own) for t, own in zip((x, y), names, strict=True))
    clock = "clk" if plan.latency else None
    manifest = Manifest(inputs=(x,), outputs=(y,), latency=plan.latency, clock=clock, ports=ports)
    manifest.write(folder / "manifest.json")
    stream = samples(flow, count)
    results = np.array([evaluate(flow, codes) for codes in stream])
    results[-1, -1] ^= wrong
    vectors.write(folder / "vectors.npz", {"x": np.array(stream)}, {"y": results})


def outputs(flow: Dataflow) -> list[Interval]:
    return [flow.interval(Wire(wire.op)) for wire in flow.outputs]


def tensor(name, intervals):
    signed = tuple(r.signed for r in intervals)
    width = tuple(shape(r).width for r in intervals)
    return Tensor(name, (len(intervals),), signed, width, tuple(r.exp for r in intervals))


def with_ports(t, names):
    return Tensor(t.name, t.shape, t.signed, t.width, t.exp, ports=tuple(names))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "stages", "ports"),
    [
        (100, 0, Ports.ELEMENTS),
        (101, 1, Ports.PACKED),
        (102, 4, Ports.ELEMENTS),
        (103, 3, Ports.PACKED),
    ],
)
def test_random_graphs_in_verilator(tmp_path, seed, stages, ports):
    flow = random_flow(seed, operations=120)
    written(tmp_path, flow, schedule(flow, TARGET, stages=stages), ports)
    assert replay(tmp_path).latency == stages


@pytest.mark.slow
def test_large_tables_in_verilator(tmp_path):
    flow = large_tables(0)
    written(tmp_path, flow, schedule(flow, TARGET, stages=1), Ports.PACKED, count=500)
    assert replay(tmp_path).latency == 1


@pytest.mark.slow
def test_verilator_finds_a_wrong_bit(tmp_path):
    flow = random_flow(104)
    written(tmp_path, flow, schedule(flow, TARGET, stages=2), Ports.PACKED, wrong=True)
    with pytest.raises(Mismatch):
        replay(tmp_path)

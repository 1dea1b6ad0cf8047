"""Products in parts are the same products, and each part has time enough."""

import numpy as np
import pytest

from kernels.dense import MatMul
from kernels.elementwise import Abs, Mul
from kernels.quant import Quantize
from kernels.table import Table
from rtlgen.cost import cost
from rtlgen.devices import find
from rtlgen.graph import Graph, Node
from rtlgen.operations import Mul as Product
from rtlgen.operations import Wire
from rtlgen.partial import within
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval
from tests.harness import alike, draw, mixed, numbers

FAST, SLOW = find("xcvu13p"), find("lfe5u-85f")


def product(a: Intervals, b: Intervals, op=None, *behind: Node) -> Graph:
    node = Node(op or Mul(), ("a", "b"), ("y",), "node")
    return Graph({"a": a, "b": b}, (node, *behind), (behind[-1].outputs[0] if behind else "y",))


CASES = {
    "narrow": product(alike(3), alike(3)),
    "unsigned": product(alike(2, lo=0, hi=(1 << 20) + 5), alike(2, lo=0, hi=(1 << 21) - 1)),
    "signed": product(alike(2, lo=-(1 << 19), hi=77), alike(2, lo=-(1 << 30), hi=1 << 30, exp=3)),
    "one sign": product(alike(2, lo=-(1 << 19), hi=-5), alike(2, lo=3, hi=1 << 17)),
    "mixed": product(mixed(3, 4, width=24, seed=1), mixed(4, width=18, seed=2)),
    "matrices": product(alike(2, 3, lo=-3000, hi=9), alike(3, 4, lo=-4096, hi=4095), MatMul()),
    "rounded": product(
        alike(2, lo=0, hi=1 << 20),
        alike(2, lo=0, hi=1 << 20),
        None,
        Node(Quantize(Intervals.full((), Interval(0, 255, 20))), ("y",), ("z",), "last"),
    ),
    "looked up": product(
        alike(2, lo=0, hi=10_000),
        alike(2, lo=0, hi=1, exp=0),
        None,
        Node(Abs(), ("y",), ("z",), "abs"),
        Node(
            Table(Fixed.constant(np.arange(10_001)), Interval(0, 10_000, -1)),
            ("z",),
            ("t",),
            "last",
        ),
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("target", "clock"), [(FAST, 320e6), (FAST, 500e6), (SLOW, 50e6)])
def test_the_same_numbers_and_types(case, target, clock):
    graph = CASES[case]
    parts = within(graph, target, clock)
    codes = draw(list(graph.inputs.values()), seed=0, samples=60)
    data = dict(zip(graph.inputs, numbers(list(graph.inputs.values()), codes), strict=True))
    (want,), (got,) = (list(g.predict(data).values()) for g in (graph, parts))
    exp = min(want.exp, got.exp)
    assert (want.at(exp) == got.at(exp)).all()
    (own,), (types,) = ([g.types()[name] for name in g.outputs] for g in (graph, parts))
    assert own.contains(types)


@pytest.mark.parametrize("case", CASES)
def test_no_part_takes_longer_than_a_period(case):
    graph = within(CASES[case], FAST, 320e6)
    types = graph.types()
    for node in graph.nodes:
        if isinstance(node.op, Mul | MatMul):
            a, b = (types[name].interval(0) for name in node.inputs)
            taken = cost(Product(Wire(0), Wire(1)), a, (a, b), FAST).delay_ns
            assert taken + FAST.register_ns <= 1e9 / 320e6


def test_what_is_fast_enough_or_has_no_clock_stays():
    assert within(CASES["narrow"], FAST, 320e6).nodes == CASES["narrow"].nodes
    assert within(CASES["signed"], FAST, None) == CASES["signed"]
    assert len(within(CASES["signed"], FAST, 320e6).nodes) > 1

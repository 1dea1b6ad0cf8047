"""Designs are proved, and every mistake in one is found and named."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from kernels.dense import MatMul
from kernels.elementwise import Mul as Multiply
from kernels.elementwise import Relu
from kernels.elementwise import Sub as Subtract
from kernels.pool import MaxPool
from kernels.quant import Quantize, Threshold
from rtlgen import Options, cli, design, generate
from rtlgen.dataflow import (
    Add,
    Compare,
    Const,
    Dataflow,
    Input,
    Limit,
    Lookup,
    Max,
    Min,
    Mul,
    Mux,
    Op,
    Round,
    Sub,
    Ternary,
    Wire,
    evaluate,
)
from rtlgen.design import Design
from rtlgen.graph import Graph, Node
from rtlgen.lowering import lower
from rtlgen.optimize import finish, optimize
from rtlgen.proof import Proof, prove, rules
from rtlgen.proof.algebra import Algebra
from rtlgen.proof.curves import LIMIT
from rtlgen.proof.forms import Key
from rtlgen.proof.reading import read
from rtlgen.proof.sides import Sides
from rtlgen.targets import Target
from sim.errors import Disproved, ModelError, TooLarge
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding
from tests.rtlgen import test_optimize
from tests.rtlgen.flows import samples
from tests.rtlgen.models import saved, tiny
from tests.rtlgen.mutants import copy, mutant
from tests.rtlgen.qonnx_text import QUANT, text
from tests.rtlgen.random_networks import network

ROOT = Path(__file__).parents[2]
CASES = ["po2", "any", "qdq"]
REPORT = "do not use this design, and report it together with the model"


# -- a network and its hardware, both by hand ----------------------------------------------------


def graph(*nodes: Node, inputs: Intervals | None = None, outputs: str = "y", **given: Fixed):
    x = Intervals.full((3,), Interval(-8, 7, -2)) if inputs is None else inputs
    return Graph({"x": x}, nodes, tuple(outputs), given).check()


WEIGHTS = Fixed.constant([[1, 2], [-1, 0], [4, -4]], -2)
CUT = Quantize(Intervals.full((), Interval(0, 15, -2)), Rounding.FLOOR, Overflow.SATURATE)
NETWORK = graph(
    Node(MatMul(), ("x", "w"), ("h",), "fc"), Node(CUT, ("h",), ("y",), "act"), w=WEIGHTS
)
TABLE = tuple(max(code // 2, 0) for code in range(-22, 24))
STAGES, LATENCY = (0, 0, 0, 0, 0, 0, 1, 1, 1), 2
OPS: tuple[tuple[Op, tuple[int, int, int]], ...] = (
    (Input(0), (-8, 7, -2)),
    (Input(1), (-8, 7, -2)),
    (Input(2), (-8, 7, -2)),
    (Sub(Wire(0), Wire(1)), (-15, 15, -2)),
    (Add(Wire(3), Wire(2, 2)), (-47, 43, -2)),
    (Sub(Wire(0), Wire(2, 1)), (-22, 23, -2)),
    (Round(Wire(4, -2), Rounding.FLOOR), (-12, 10, -2)),
    (Limit(Wire(6), Overflow.SATURATE, 0, 15), (0, 10, -2)),
    (Lookup(Wire(5), -22, TABLE), (0, 11, -2)),
)
ORIGINS = ["", "", "", "fc", "fc", "fc", "act", "act", "act"]


def hardware(changes: dict[int, Op] | None = None, **wider: tuple[int, int, int]) -> Dataflow:
    """The graph above with other operations, and intervals by the operation's name."""
    ops = {**{i: op for i, (op, _) in enumerate(OPS)}, **(changes or {})}
    intervals = {**{f"w{i}": r for i, (_, r) in enumerate(OPS)}, **wider}
    flow = Dataflow(list(ops.values()), [Interval(*r) for r in intervals.values()], list(ORIGINS))
    flow.outputs = [Wire(7), Wire(8)]
    return flow


def proved(flow: Dataflow, network: Graph = NETWORK) -> Proof:
    return prove(network, flow, [0] * len(flow.ops), 0)


def flow_of(*ops: tuple[Op, tuple[int, int, int]], outputs: list[Wire]) -> Dataflow:
    kinds, intervals = zip(*ops, strict=True)
    origins = ["" if isinstance(op, Input) else "node" for op in kinds]
    return Dataflow(list(kinds), [Interval(*r) for r in intervals], origins, outputs=outputs)


def test_what_is_right_is_proved():
    assert prove(NETWORK, hardware(), STAGES, LATENCY) == Proof(2, 1, 6, 2, 137, 6)


def test_a_sum_of_three_is_proved():
    flow = hardware({4: Ternary(Wire(0), Wire(2, 2), Wire(1), 1, -1)})
    assert proved(flow) == proved(hardware())


WIDE = {"w4": (-100, 100, -2), "w6": (-30, 30, -2), "w7": (0, 15, -2)}
FIRST, SECOND = (f"output 'y' [{i}] is not the network's: " for i in (0, 1))
H = ("node 'fc': 'h' [0]", "node 'fc': 'h' [1]")


def entry(place: int) -> tuple[int, ...]:
    """The table with a wrong entry."""
    return tuple(code + (i == place) for i, code in enumerate(TABLE))


@pytest.mark.parametrize(
    ("changes", "wider", "message"),
    [
        (
            {4: Add(Wire(3), Wire(2, 3))},
            WIDE,
            f"{FIRST}{H[0]}: the coefficient of 'x' [2] is 2 instead of 1",
        ),
        (
            {3: Add(Wire(0), Wire(1))},
            {"w3": (-16, 14, -2), **WIDE},
            f"{FIRST}{H[0]}: the coefficient of 'x' [1] is 1/4 instead of -1/4",
        ),
        (
            {4: Ternary(Wire(0), Wire(2, 2), Wire(1), 1, 1)},
            WIDE,
            f"{FIRST}{H[0]}: the coefficient of 'x' [1] is 1/4 instead of -1/4",
        ),
        (
            {5: Sub(Wire(0), Wire(1, 1))},
            {},
            f"{SECOND}{H[1]}: the coefficient of 'x' [1] is -1 instead of 0",
        ),
        (
            {5: Sub(Wire(2, 1), Wire(0))},
            {},
            f"{SECOND}where {H[1]} is -11/4, it is 11/4 instead of 0",
        ),
        (
            {8: Lookup(Wire(5), -22, entry(30))},
            {},
            f"{SECOND}where {H[1]} is 1, it is 5/4 instead of 1",
        ),
        (
            {8: Lookup(Wire(5), -22, entry(45))},
            {"w8": (0, 12, -2)},
            f"{SECOND}where {H[1]} is 23/8, it is 3 instead of 11/4",
        ),
        ({}, {"w8": (0, 11, -3)}, f"{SECOND}where {H[1]} is 1/4, it is 1/8 instead of 1/4"),
        (
            {7: Limit(Wire(6), Overflow.SATURATE, 0, 9)},
            {},
            f"{FIRST}where {H[0]} is 5/2, it is 9/4 instead of 5/2",
        ),
        (
            {7: Limit(Wire(6), Overflow.SATURATE, 1, 15)},
            {},
            f"{FIRST}where {H[0]} is -47/16, it is 1/4 instead of 0",
        ),
        (
            {7: Limit(Wire(6), Overflow.WRAP, 0, 15)},
            {"w7": (0, 15, -2)},
            f"{FIRST}where {H[0]} is -47/16, it is 1 instead of 0",
        ),
        (
            {6: Round(Wire(4, -2), Rounding.CEIL)},
            {"w6": (-11, 11, -2), "w7": (0, 11, -2)},
            f"{FIRST}where {H[0]} is 1/16, it is 1/4 instead of 0",
        ),
        (
            {6: Round(Wire(4, -2), Rounding.HALF_EVEN)},
            {"w6": (-12, 11, -2), "w7": (0, 11, -2)},
            f"{FIRST}where {H[0]} is 3/16, it is 1/4 instead of 0",
        ),
    ],
)
def test_a_wrong_value_is_named(changes, wider, message):
    with pytest.raises(Disproved) as caught:
        proved(hardware(changes, **wider))
    assert str(caught.value) == f"{message}; {REPORT}"


@pytest.mark.parametrize(
    ("wider", "message"),
    [
        (
            {"w4": (-47, 42, -2)},
            "w4 (Add) of node 'fc' can be 43, outside of its interval -47..42 in steps of 2**-2",
        ),
        (
            {"w7": (0, 9, -2)},
            "w7 (Limit) of node 'act' can be 10, outside of its interval 0..9 in steps of 2**-2",
        ),
    ],
)
def test_an_interval_that_is_too_narrow_is_named(wider, message):
    with pytest.raises(Disproved) as caught:
        proved(hardware(**wider))
    assert str(caught.value) == f"operation {message}; {REPORT}"


@pytest.mark.parametrize(
    ("changes", "wider", "message"),
    [
        (
            {4: Add(Wire(3), Wire(4, 2))},
            {},
            "w4 (Add) of node 'fc' reads w4, which does not come before it",
        ),
        ({}, {"w4": (4, 3, -2)}, "w4 (Add) of node 'fc' has the empty interval 4..3"),
        (
            {0: Input(0)},
            {"w0": (-8, 8, -2)},
            "w0 (Input) is not element 0 of the network's inputs, in its format",
        ),
        (
            {3: Const(3)},
            {},
            "w3 (Const) of node 'fc' is 3, which is not the interval -15..15",
        ),
        (
            {4: Add(Wire(3), Wire(2, -2))},
            {},
            "w4 (Add) of node 'fc' counts in steps of 2**-2, its operands in 2**-4",
        ),
        (
            {5: Sub(Wire(0), Wire(2, -3))},
            {},
            "w5 (Sub) of node 'fc' counts in steps of 2**-2, its operands in 2**-5",
        ),
        (
            {3: Mux(Wire(0), Wire(1), Wire(2))},
            {},
            "w3 (Mux) of node 'fc' chooses by w0, which is no bit",
        ),
        (
            {4: Ternary(Wire(0), Wire(2, 2), Wire(1), 2, -1)},
            {},
            "w4 (Ternary) of node 'fc' has the signs 2 and -1, which must be 1 or -1",
        ),
        (
            {6: Round(Wire(4, 2), Rounding.FLOOR)},
            {},
            "w6 (Round) of node 'act' rounds to steps of 2**-2, finer than 2**0",
        ),
        (
            {},
            {"w5": (-23, 23, -2)},
            "w8 (Lookup) of node 'act' has 46 entries from -22 on for codes -23..23",
        ),
    ],
)
def test_an_operation_that_there_cannot_be_is_named(changes, wider, message):
    with pytest.raises(Disproved) as caught:
        proved(hardware(changes, **wider))
    assert str(caught.value) == f"operation {message}; {REPORT}"


@pytest.mark.parametrize(
    ("stages", "latency", "message"),
    [
        (
            (0, 0, 0, 0, 1, 0, 0, 1, 1),
            2,
            "w6 (Round) of node 'act' is in stage 0, but reads w4 of stage 1",
        ),
        ((0, 0, 0, 0, 0, 0, 1, 2, 1), 2, "w7 (Limit) of node 'act' is in stage 2, of 2"),
        ((0, 0, 0, 0, 0, 0, 0, 0, 1), 0, "w8 (Lookup) of node 'act' is in stage 1, of 0"),
    ],
)
def test_an_operation_in_a_wrong_stage_is_named(stages, latency, message):
    with pytest.raises(Disproved) as caught:
        prove(NETWORK, hardware(), stages, latency)
    assert str(caught.value) == f"operation {message}; {REPORT}"


def test_a_wrong_bias_is_named():
    bias = Node(Subtract(), ("h", "b"), ("s",), "bias")
    first, last = NETWORK.nodes
    nodes = (first, bias, replace(last, inputs=("s",)))
    biased = graph(*nodes, w=WEIGHTS, b=Fixed.constant([3, -3], -3))
    flow = lower(biased)
    assert proved(flow, biased).unproved == ()
    wrong = copy(flow)
    place = max(i for i, op in enumerate(flow.ops) if isinstance(op, Const))
    code = flow.ops[place].code + 2
    wrong.ops[place], wrong.intervals[place] = Const(code), Interval(code, code, 0)
    for i in range(place + 1, len(wrong.ops)):
        r = wrong.intervals[i]
        wrong.intervals[i] = r._replace(lo=r.lo - 9, hi=r.hi + 9)
    with pytest.raises(Disproved, match=r"^output 'y' \[.\] is not the network's: where node 'fc'"):
        proved(wrong, biased)


# -- what cannot be proved is told, and is no error ------------------------------------------------


def test_what_is_too_wide_to_be_tried_is_told():
    wide = graph(
        Node(Relu(), ("x",), ("y",), "relu"),
        inputs=Intervals.full((1,), Interval(-1 << 40, 1 << 40, 0)),
    )
    flow = flow_of(
        (Input(0), (-1 << 40, 1 << 40, 0)),
        (Const(0), (0, 0, 0)),
        (Min(Wire(0), Wire(1)), (-1 << 40, 0, 0)),
        (Sub(Wire(0), Wire(2)), (0, 1 << 40, 0)),
        outputs=[Wire(3)],
    )
    proof = proved(flow, wide)
    assert proof.text().splitlines() == [
        "proved: 0 coefficients, 0 activations over 0 codes, 1 width",
        "not proved: output 'y' [0]: it is computed from other values",
        f"not proved: operation w3 (Sub) of node 'node' stays in 0..{1 << 40}, in steps of 2**0",
    ]
    assert prove(wide, lower(wide), [0] * 3, 0).unproved == ()


def test_only_some_of_much_is_told():
    proof = Proof(0, 0, 0, 0, 0, 0, tuple(f"w{i}" for i in range(8)))
    assert proof.text().splitlines()[-2:] == [
        "not proved: w4",
        "not proved: 3 more, in report.json",
    ]


# -- other ways to compute the same ----------------------------------------------------------------

PAIR = Intervals.full((1, 1, 2), Interval(-8, 7, -2))
HALF = Quantize(Intervals.full((), Interval(0, 3, 0)), Rounding.HALF_UP, Overflow.SATURATE)
POOL = Node(MaxPool(kernel_shape=(2,)), ("x",), ("m",), "pool")


def test_a_quantizer_in_front_of_a_maximum_is_the_one_behind_it():
    pooled = graph(POOL, Node(HALF, ("m",), ("y",), "act"), inputs=PAIR)
    flow = flow_of(
        (Input(0), (-8, 7, -2)),
        (Input(1), (-8, 7, -2)),
        (Round(Wire(0), Rounding.HALF_UP), (-2, 2, 0)),
        (Round(Wire(1), Rounding.HALF_UP), (-2, 2, 0)),
        (Limit(Wire(2), Overflow.SATURATE, 0, 3), (0, 2, 0)),
        (Limit(Wire(3), Overflow.SATURATE, 0, 3), (0, 2, 0)),
        (Max(Wire(5), Wire(4)), (0, 2, 0)),
        outputs=[Wire(6)],
    )
    assert proved(flow, pooled).unproved == ()
    flow.ops[3] = Round(Wire(1), Rounding.HALF_DOWN)
    with pytest.raises(Disproved) as caught:
        proved(flow, pooled)
    assert str(caught.value) == (
        "output 'y' [0, 0, 0] is not the network's: where 'x' [0, 0, 1] is 1/2, it is 0 instead "
        f"of 1; {REPORT}"
    )


def test_thresholds_of_a_maximum_are_maxima_of_bits():
    levels = Threshold(Fixed.constant([-3, 1, 4], -2), Fixed.constant(0), Fixed.constant(1))
    counted = graph(POOL, Node(levels, ("m",), ("y",), "act"), inputs=PAIR)
    ops: list[tuple[Op, tuple[int, int, int]]] = [(Input(i), (-8, 7, -2)) for i in (0, 1)]
    for level in (-3, 1, 4):
        ops += [(Const(level), (level, level, 0))]
        ops += [(Compare(Wire(i), Wire(len(ops) - 1, -2)), (0, 1, 0)) for i in (0, 1)]
        ops += [(Max(Wire(len(ops) - 2), Wire(len(ops) - 1)), (0, 1, 0))]
    bits = [Wire(5), Wire(9), Wire(13)]
    ops += [(Add(bits[0], bits[1]), (0, 2, 0)), (Add(bits[2], Wire(14)), (0, 3, 0))]
    assert proved(flow_of(*ops, outputs=[Wire(15)]), counted).unproved == ()


def test_a_sum_that_one_bit_decides_is_the_bit():
    """8 a - b - c, which is 3 or more where a is one."""
    one = Threshold(Fixed.constant([3], 0), Fixed.constant(0), Fixed.constant(1))
    nodes = Node(MatMul(), ("x", "w"), ("h",), "fc"), Node(one, ("h",), ("y",), "act")
    bits = Intervals.full((1, 3), Interval(0, 1, 0))
    decided = graph(*nodes, inputs=bits, w=Fixed.constant([[8], [-1], [-1]], 0))
    ports = [(Input(i), (0, 1, 0)) for i in range(3)]
    assert proved(flow_of(*ports, outputs=[Wire(0)]), decided).unproved == ()
    with pytest.raises(Disproved, match="is not the network's"):
        proved(flow_of(*ports, outputs=[Wire(1)]), decided)


def test_a_choice_is_a_product_with_a_bit():
    product = Graph(
        {
            "x": Intervals.full((1,), Interval(0, 1, 0)),
            "u": Intervals.full((1,), Interval(-9, 9, -1)),
        },
        (Node(Multiply(), ("x", "u"), ("y",), "mul"),),
        ("y",),
    )
    ports = (Input(0), (0, 1, 0)), (Input(1), (-9, 9, -1)), (Const(0), (0, 0, 0))
    chosen = flow_of(*ports, (Mux(Wire(0), Wire(1), Wire(2)), (-9, 9, -1)), outputs=[Wire(3)])
    multiplied = flow_of(*ports, (Mul(Wire(1), Wire(0)), (-9, 9, -1)), outputs=[Wire(3)])
    assert proved(chosen, product) == proved(multiplied, product)
    assert proved(chosen, product).unproved == ()


@pytest.mark.parametrize(("lo", "hi"), [(-1 << 40, 1 << 40), ((1 << 70) - 8, (1 << 70) + 7)])
@pytest.mark.parametrize("overflow", list(Overflow))
def test_sums_with_more_codes_than_can_be_tried(lo, hi, overflow):
    network = cut_sum(lo, hi, overflow)
    assert proved(optimize(lower(network)), network).unproved == ()


@pytest.mark.parametrize(("lo", "hi"), [(-1 << 70, 1 << 70), (-1 << 61, 1 << 61), (-9, 1 << 62)])
@pytest.mark.parametrize("overflow", list(Overflow))
def test_sums_of_any_width_are_not_called_wrong(lo, hi, overflow):
    network = cut_sum(lo, hi, overflow)
    assert isinstance(proved(optimize(lower(network)), network), Proof)


def cut_sum(lo: int, hi: int, overflow: Overflow) -> Graph:
    """Rounded to a few codes, and rectified."""
    to = Intervals.full((), Interval(-8, 7, hi.bit_length() - 2))
    nodes = (
        Node(MatMul(), ("x", "w"), ("h",), "fc"),
        Node(Quantize(to, Rounding.HALF_EVEN, overflow), ("h",), ("y",), "act"),
        Node(Relu(), ("y",), ("z",), "relu"),
    )
    weights = Fixed.constant([[3, -5], [1, 0]])
    inputs = Intervals.full((2,), Interval(lo, hi, 0))
    return graph(*nodes, inputs=inputs, outputs="z", w=weights)


def test_the_interval_of_what_is_rounded_down_in_parts_is_that_of_the_whole():
    """``8 x + floor(-x - u)`` is ``floor(7 x - u)``, which reaches less far."""
    down = Quantize(Intervals.full((), Interval(-99, 99, 3)), Rounding.FLOOR, Overflow.SATURATE)
    nodes = Node(MatMul(), ("x", "w"), ("h",), "fc"), Node(down, ("h",), ("y",), "act")
    inputs = Intervals.full((2,), Interval(-8, 7, 0))
    network = graph(*nodes, inputs=inputs, w=Fixed.constant([[7], [-1]]))
    ops = (
        (Input(0), (-8, 7, 0)),
        (Input(1), (-8, 7, 0)),
        (Const(0), (0, 0, 0)),
        (Add(Wire(0), Wire(1)), (-16, 14, 0)),
        (Sub(Wire(2), Wire(3)), (-14, 16, 0)),
        (Round(Wire(4), Rounding.FLOOR), (-2, 2, 3)),
    )
    flow = flow_of(*ops, (Add(Wire(5), Wire(0, 3)), (-8, 7, 3)), outputs=[Wire(6)])
    assert proved(flow, network) == Proof(1, 1, 2, 1, 121, 4)
    flow = flow_of(*ops, (Add(Wire(5), Wire(0, 3)), (-8, 6, 3)), outputs=[Wire(6)])
    with pytest.raises(Disproved) as caught:
        proved(flow, network)
    assert str(caught.value) == (
        f"operation w6 (Add) of node 'node' can be 7, outside of its interval -8..6 in steps of "
        f"2**3; {REPORT}"
    )


def table_of_two(wrong: int = -1) -> tuple[Graph, Dataflow]:
    """A sum of two elements, rounded and limited, and a table of both in its place."""
    weights = Fixed.constant([[3], [-5]], -1)
    nodes = Node(MatMul(), ("x", "w"), ("h",), "fc"), Node(CUT, ("h",), ("y",), "act")
    network = graph(*nodes, inputs=Intervals.full((2,), Interval(-8, 7, -2)), w=weights)
    sums = [3 * a - 5 * b for b in range(-8, 8) for a in range(-8, 8)]
    table = [min(max(code >> 1, 0), 15) + (i == wrong) for i, code in enumerate(sums)]
    flow = flow_of(
        (Input(0), (-8, 7, -2)),
        (Input(1), (-8, 7, -2)),
        (Add(Wire(0), Wire(1, 4)), (-136, 119, -2)),
        (Lookup(Wire(2), -136, tuple(table)), (0, 16, -2)),
        outputs=[Wire(3)],
    )
    return network, flow


def test_a_table_of_several_values_is_tried_on_all_that_they_can_be():
    network, flow = table_of_two()
    assert proved(flow, network) == Proof(1, 1, 2, 1, 121, 2)


def test_a_wrong_entry_of_a_table_of_several_values_is_named():
    network, flow = table_of_two(wrong=37)
    with pytest.raises(Disproved) as caught:
        proved(flow, network)
    assert str(caught.value) == (
        "output 'y' [0] is not the network's: where 'x' [0] is -3/4 and 'x' [1] is -3/2, it is "
        f"11/4 instead of 5/2; {REPORT}"
    )


# -- networks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["digits_mlp", "digits_cnn"])
def test_the_examples_are_proved(name):
    proof = generate(ROOT / f"examples/{name}.onnx").proof()
    assert proof.unproved == ()
    assert proof.coefficients > 2000
    assert proof.codes > 10_000


def some(*firsts: int, slow: range) -> list[Any]:
    return [*firsts, *(pytest.param(first, marks=pytest.mark.slow) for first in slow)]


@pytest.mark.parametrize("first", some(0, 10, 20, slow=range(30, 150, 10)))
@pytest.mark.parametrize("kind", CASES)
def test_random_networks_are_proved(first, kind):
    for made in designs(first, kind, 4, limit=4000):
        assert made.proof().unproved == ()


@pytest.mark.parametrize("first", some(100, 140, slow=range(180, 400, 40)))
@pytest.mark.parametrize("kind", CASES)
def test_no_mistake_that_changes_an_output_is_proved(first, kind):
    found = 0
    for made in designs(first, kind, 3, limit=800):
        mutants = [mutant(made.flow, first + k) for k in range(6)]
        for wrong in (m for m in mutants if differs(made.flow, m)):
            assert not is_proved(made.network.graph, wrong)
            found += 1
    assert found > 5


@pytest.mark.parametrize("limit", [16, 256])
@pytest.mark.parametrize("first", some(100, slow=range(140, 300, 40)))
@pytest.mark.parametrize("kind", CASES)
def test_no_mistake_is_proved_where_little_is_tried(first, kind, limit):
    """With floors of sums, and the ends that these are known to have, in place of all codes."""
    found = 0
    for made in designs(first, kind, 3, limit=800):
        mutants = [mutant(made.flow, first + k) for k in range(6)]
        for wrong in (m for m in mutants if is_legal(m) and differs(made.flow, m)):
            assert not all(Sides.of(made.network.graph, wrong, limit).alike)
            found += 1
    assert found > 2


def function_design(body: str, bits: int, width: int = 3) -> Design:
    """Of codes of few bits, whose functions have few bits, too."""
    proto = text(
        f"q = {QUANT} (x, s, z, b)",
        *body.split("; "),
        f"y = {QUANT} (f, t, z, b)",
        inputs=f"float[1, {width}] x",
        s="float s = {0.25}",
        t="float t = {0.0625}",
        b=f"float b = {{{bits}}}",
    )
    return generate(proto)


FUNCTIONS = {"softmax": "f = Softmax (q)", "log softmax": "f = LogSoftmax (q)"}


@pytest.mark.parametrize("limit", [1 << 4, 1 << 10, LIMIT])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_mistake_in_a_function_of_several_values_is_proved(name, limit):
    made = function_design(FUNCTIONS[name], 4)
    graph, flow = made.network.graph, made.flow
    if limit == LIMIT:
        assert all(Sides.of(graph, flow).alike)
    mutants = [mutant(flow, k) for k in range(60)]
    wrong = [m for m in mutants if is_legal(m) and differs(flow, m)]
    assert len(wrong) > 5
    assert not any(all(Sides.of(graph, m, limit).alike) for m in wrong)


def test_what_is_not_proved_is_not_called_wrong():
    """Sums of maxima, of which the hardware writes down others than the network."""
    model = network(287, "any").model()
    assert isinstance(generate(model, Options(stages=0)).proof(), Proof)


@pytest.mark.parametrize("seed", range(80))
def test_forms_are_equal_only_if_values_are(seed):
    """On graphs over all operations, before and after the passes, and with a mistake."""
    flow = test_optimize.random_flow(seed)
    better = optimize(flow)
    wrong = next(m for k in range(100) if is_legal(m := mutant(better, seed + 1000 * k)))
    before, _, mistaken = forms([flow, better, wrong])
    for given in samples(flow, 40, seed):
        wanted, found = values(flow, given), values(wrong, given)
        for a, b, x, y in zip(before, mistaken, wanted, found, strict=True):
            assert a != b or y in (x, None)


def test_most_forms_stay_what_they_are_in_the_passes():
    """Those of graphs that no network has: choices by wrapped sums, tables of products."""
    alike = []
    for seed in range(80):
        flow = test_optimize.random_flow(seed)
        before, after = forms([flow, optimize(flow)])
        alike += [a == b for a, b in zip(before, after, strict=True)]
    assert sum(alike) > 0.9 * len(alike)


def designs(first: int, kind: str, count: int, limit: int = 10_000) -> Iterator[design.Design]:
    """Random networks as hardware, of those that are not refused and compute something."""
    seed = first
    while count:
        scales = "any" if kind == "qdq" else kind
        model, seed = network(seed, scales, qdq=kind == "qdq").model(), seed + 1
        with suppress(ModelError, TooLarge):
            made = generate(model, Options(stages=0, limit=limit))
            if any(not isinstance(op, Input) for op in made.flow.ops):
                count -= 1
                yield made


def values(flow: Dataflow, given: list[int]) -> list[Fraction | None]:
    """Of the outputs; None where an operation leaves its interval, or cannot be computed."""
    try:
        codes = evaluate(flow, given)
    except (AssertionError, IndexError, ValueError):
        return [None] * len(flow.outputs)
    steps = (Fraction(2) ** flow.interval(wire).exp for wire in flow.outputs)
    return [code * step for code, step in zip(codes, steps, strict=True)]


def is_legal(flow: Dataflow) -> bool:
    """Whether operations are what they say, so that all agree on their values."""
    pairs = zip(flow.ops, flow.intervals, strict=True)
    return not any(rules.faults(flow, [r for op, r in pairs if isinstance(op, Input)]))


def differs(flow: Dataflow, other: Dataflow) -> bool:
    return any(values(flow, given) != values(other, given) for given in samples(flow, 20, 1))


def is_proved(graph: Graph, flow: Dataflow) -> bool:
    try:
        return not proved(flow, graph).unproved
    except Disproved:
        return False


def forms(flows: list[Dataflow]) -> list[list[Key]]:
    """Of the outputs of several graphs of the same inputs."""
    algebra, found = Algebra(), []
    for flow in flows:
        pairs = zip(flow.ops, flow.intervals, strict=True)
        ports = [algebra.port(op.port, *r) for op, r in pairs if isinstance(op, Input)]
        read_values = read(flow, algebra, ports)
        algebra.native = len(algebra.kinds)
        outputs = [algebra.form(read_values[w.op] << w.shift) for w in flow.outputs]
        found.append([algebra.refined(form).key for form in outputs])
    return found


# -- the checker itself, and where it is asked ---------------------------------------------------

TRUSTED = {"rtlgen.dataflow", "rtlgen.operations", "rtlgen.graph"}


def test_the_checker_shares_no_code_with_what_it_checks():
    paths = sorted((ROOT / "rtlgen/proof").glob("*.py"))
    assert len(paths) > 10
    for path in paths:
        names = [
            n.module for n in ast.walk(ast.parse(path.read_text())) if type(n) is ast.ImportFrom
        ]
        ours = {name for name in names if name and name.split(".")[0] in ("rtlgen", "kernels")}
        assert {name for name in ours if not name.startswith("rtlgen.proof")} <= TRUSTED


def test_the_report_says_what_was_proved(tmp_path):
    made = generate(tiny())
    made.write(tmp_path / "out")
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["proved"] == json.loads(json.dumps(made.proof().to_json()))
    assert report["proved"] == {
        "outputs": 2,
        "products": 1,
        "coefficients": 6,
        "activations": 0,
        "codes": 0,
        "widths": len(made.flow.ops) - 3,
        "unproved": [],
    }


def test_a_design_that_is_disproved_is_not_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    saved(tiny())

    def mistaken(flow: Dataflow, target: Target, **given: Any) -> Dataflow:
        wrong = copy(finish(flow, target, **given))
        wrong.outputs.reverse()
        return wrong

    monkeypatch.setattr("rtlgen.generation.finish", mistaken)
    assert cli.main(["net.onnx", "-o", "out", "--no-verify"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error == (
        "error: output 'y' [0, 0] is not the network's: the coefficient of 'x' [0, 0] is 1/2 "
        f"instead of 1/4; {REPORT}"
    )
    assert not Path("out").exists()

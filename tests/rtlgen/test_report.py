"""What a report says, and how it looks."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from rtlgen import Options, Report, generate, tables
from rtlgen.report import Layer, Stage
from tests.rtlgen.models import tiny

DEEP = ("[fc] a = MatMul (q, w)", "[act] b = Relu (a)", "[sum] y = Add (b, b)")


def report(**options) -> Report:
    return generate(tiny(*DEEP), Options(**options)).report()


# -- what it says --------------------------------------------------------------------------------


def test_layers_are_the_nodes_of_the_model():
    layers = {layer.name: layer for layer in report().layers}
    assert list(layers) == ["fc", "act", "sum"]
    assert (layers["fc"].multiplies, layers["fc"].nonzero_weights) == (6, 5)
    assert layers["fc"].operators == ("MatMul",)
    assert layers["fc"].operations == 2
    assert layers["fc"].depth == 1  # a sum of two, and one of three
    assert layers["act"].output == "1x2, u6 e-4"
    assert layers["sum"].operations == layers["sum"].luts == 0  # a doubling is free


@pytest.mark.parametrize("options", [{}, {"stages": 3}, {"stages": 0}, {"clock_hz": 8e8}])
def test_the_sums_agree(options):
    made = report(**options)
    assert made.operations == sum(layer.operations for layer in made.layers)
    assert made.luts == sum(layer.luts for layer in made.layers)
    assert made.luts == sum(stage.luts for stage in made.stages)
    assert made.registers == sum(stage.registers for stage in made.stages)
    assert len(made.stages) == max(1, made.latency_clocks)


def test_sums_that_share_a_chain_are_entered_and_left_once():
    digits = Path(__file__).parents[2] / "examples/digits_mlp.onnx"
    design = generate(digits, Options(target="lfe5u-85f", clock_hz=40e6))
    alone = replace(design, schedule=replace(design.schedule, chains=()))
    stacked = sum(len(chain) - 1 for chain in design.schedule.chains)
    assert stacked > 0
    ends = design.target.chain_ends
    assert alone.report().luts - design.report().luts == stacked * (ends - 1)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (tiny(*DEEP), {"stages": 5}),
        (tiny(*DEEP), {"stages": 0}),
        (tiny(*DEEP), {"stages": 2, "ports": "elements"}),
        (Path(__file__).parents[2] / "examples/digits_mlp.onnx", {}),
    ],
)
def test_registers_are_those_of_the_verilog(model, options):
    design = generate(model, Options(**options))
    declared = re.findall(r"^ *reg (?:signed )?(?:\[(\d+):0\] )?", design.verilog, re.MULTILINE)
    assert design.report().registers == sum(int(high or 0) + 1 for high in declared)


def test_latency_at_the_clock_that_was_asked_for():
    made = report(clock_hz=400e6, stages=3)
    assert (made.latency_clocks, made.latency_ns, made.clock_mhz) == (3, 7.5, 400)
    assert made.clock_asked
    assert made.fastest_mhz >= 400


def test_latency_at_the_fastest_clock_if_none_was_asked_for():
    made = report(stages=3)
    assert made.clock_mhz == made.fastest_mhz
    assert not made.clock_asked
    assert made.latency_ns == round(3e3 / made.fastest_mhz, 3)
    slowest = max(stage.delay_ns for stage in made.stages)
    assert 1e3 / (made.fastest_mhz + 0.1) < slowest <= 1e3 / made.fastest_mhz


def test_a_combinational_design_has_no_clock_and_no_register():
    made = report(stages=0)
    assert (made.latency_clocks, made.registers) == (0, 0)
    assert made.latency_ns == made.stages[0].delay_ns
    assert made.latency_ns < 1e3 / made.fastest_mhz  # which counts a register


def test_json_is_the_report_and_two_keys():
    made = report()
    record = json.loads(json.dumps(made.to_json()))
    assert list(record) == ["format", "verified", *(f.name for f in fields(Report))]
    assert (record["format"], record["verified"]) == (1, None)
    assert record["layers"][0]["name"] == "fc"
    assert record["stages"][0] == {"delay_ns": made.stages[0].delay_ns, **record["stages"][0]}


# -- how it looks --------------------------------------------------------------------------------

SMALL = Report(
    model="net",
    target="xcvu13p",
    clock_mhz=320.0,
    clock_asked=True,
    fastest_mhz=340.9,
    latency_clocks=2,
    latency_ns=6.25,
    initiation_interval=1,
    operations=12345,
    luts=23456,
    luts_available=1728000,
    registers=1234,
    registers_available=3456000,
    inputs={"x": "1x16, s8 e-4"},
    outputs={"y": "1x5, s12..s13 e-6"},
    layers=(
        Layer("fc1", ("Gemm", "Add"), 1024, 530, 12000, 23000, 7, "1x64, u1..s11 e-7..e-3"),
        Layer("act", ("Quantize",), 0, 0, 345, 456, 2, "1x64, u4 e-2"),
    ),
    stages=(Stage(2.933, 20000, 1000), Stage(1.5, 3456, 234)),
)
NAMED = replace(
    SMALL,
    layers=(
        replace(SMALL.layers[0], name="/pretrained/pretrained.0/Gemm"),
        replace(SMALL.layers[1], name="StatefulPartitionedCall/functional_1/dense/BiasAdd"),
    ),
)


def test_the_text():
    assert str(SMALL) == SMALL.text() == SMALL.text(140)
    assert (
        SMALL.text(80)
        == """\
                   nonzero  scalar    LUTs  depth
layer  multiplies  weights     ops  (est.)  (ops)  output
fc1         1,024      530  12,000  23,000      7  1x64, u1..s11 e-7..e-3
act             0        0     345     456      2  1x64, u4 e-2

                                               LUTs  register
stage  logic and registers (est.)            (est.)      bits
    1  ████████████████████████████ 2.93 ns  20,000     1,000
    2  ██████████████ 1.50 ns                 3,456       234

latency               2 clocks, 6.25 ns at 320 MHz
initiation interval   1 clock
fastest clock (est.)  340.9 MHz
scalar operations     12,345
LUTs (est.)           23,456 of 1,728,000 (1.36 % of xcvu13p)
registers (FF)        1,234 of 3,456,000 (0.04 % of xcvu13p)"""
    )


def test_what_is_larger_than_the_part_is_said():
    large = replace(SMALL, target="ice40up5k", luts_available=5_280, registers_available=5_280)
    assert large.text(80).endswith("""
LUTs (est.)           23,456 of 5,280 (444.24 % of ice40up5k): does not fit
registers (FF)        1,234 of 5,280 (23.37 % of ice40up5k)""")


def test_long_names_are_folded_behind_a_separator():
    assert NAMED.text(80).startswith("""\
                                   nonzero  scalar    LUTs  depth
layer                  multiplies  weights     ops  (est.)  (ops)  output
/pretrained/                1,024      530  12,000  23,000      7  1x64, u1..s11
pretrained.0/Gemm                                                  e-7..e-3
StatefulPartitionedCa           0        0     345     456      2  1x64, u4 e-2
ll/functional_1/
dense/BiasAdd

""")


@pytest.mark.parametrize("width", [80, 90, 100, 120, 140, 200])
@pytest.mark.parametrize("made", [SMALL, NAMED], ids=["short", "long"])
def test_the_text_fits(made, width):
    lines = made.text(width).splitlines()
    assert max(map(len, lines)) <= width
    assert lines == [line.rstrip() for line in lines]
    folded = "".join(re.split(r"  +", line)[0] for line in lines)
    assert made.layers[1].name in folded


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "2 clocks, 6.25 ns at 320 MHz"),
        ({"latency_clocks": 1, "latency_ns": 3.125}, "1 clock, 3.125 ns at 320 MHz"),
        (
            {"clock_asked": False, "clock_mhz": 1340.9, "latency_ns": 1.492},
            "2 clocks, 1.492 ns at 1,340.9 MHz, the fastest clock (est.)",
        ),
        (
            {"latency_clocks": 0, "latency_ns": 2.9, "clock_asked": False},
            "0 clocks, 2.9 ns (est.): combinational",
        ),
    ],
)
def test_latency(changes, text):
    (line,) = (x for x in str(replace(SMALL, **changes)).splitlines() if x.startswith("latency"))
    assert line == f"{'latency':<22}{text}"


def test_a_stage_has_a_bar_however_short():
    short = replace(SMALL, stages=(Stage(0.001, 0, 1), SMALL.stages[0]))
    assert f"    1  {tables.BAR} 0.00 ns " in short.text()

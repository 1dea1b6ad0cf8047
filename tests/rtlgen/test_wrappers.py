"""The modules of nodes, which connect those of their stages."""

from rtlgen.dataflow import Dataflow
from rtlgen.partition import Partition
from rtlgen.schedule import Schedule
from rtlgen.wrappers import wrappers
from sim.rounding import Interval

EXPECTED = """\
module \\mlp.fc_1 (
  input clk,
  input [1:0] w0,
  input [1:0] w1_1,
  output fc_1_w3
);
  wire [3:0] fc_1_w2_1;
  \\mlp.fc_1.stage_1  stage_1 (
    .clk(clk),
    .w0(w0),
    .fc_1_w2_1(fc_1_w2_1)
  );
  \\mlp.fc_1.stage_2  stage_2 (
    .w1_1(w1_1),
    .fc_1_w2_1(fc_1_w2_1),
    .fc_1_w3(fc_1_w3)
  );
endmodule
module \\mlp.relu (
  input clk,
  input [1:0] w1_1,
  input fc_1_w3,
  output relu_w4_2
);
  \\mlp.relu.stage_2  stage_2 (
    .clk(clk),
    .w1_1(w1_1),
    .fc_1_w3(fc_1_w3),
    .relu_w4_2(relu_w4_2)
  );
endmodule
"""


def flow():
    """A sum and a comparison, of one node in two stages; then a maximum without registers."""
    made = Dataflow()
    x, y = made.input(0, Interval(0, 3, 0)), made.input(1, Interval(-2, 1, 0))
    made.origin = "/fc/1"
    bit = made.compare(made.add(x, x << 1), y)
    made.origin = "relu"
    made.outputs = [made.max(bit, y)]
    return made


def test_an_instance_for_each_stage_and_a_wire_between_them():
    assert wrappers(Partition(flow(), Schedule((0, 0, 0, 1, 1), 2)), "mlp") == EXPECTED


def test_without_registers_there_is_no_clock():
    assert "clk" not in wrappers(Partition(flow(), Schedule((0,) * 5, 0)), "top")

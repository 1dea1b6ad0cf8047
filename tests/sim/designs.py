"""Designs written by hand, small enough to be right at a glance, with their ports and vectors."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim import vectors
from sim.manifest import Manifest, Ports, Tensor


@dataclass(frozen=True)
class Design:
    verilog: str
    manifest: Manifest
    inputs: dict
    outputs: dict

    def write(self, folder: Path) -> Path:
        """Write the folder; a file that stays the same is left alone, so it is not built again."""
        folder.mkdir(exist_ok=True)
        top = folder / "top.v"
        if not top.exists() or top.read_text() != self.verilog:
            top.write_text(self.verilog)
        self.manifest.write(folder / "manifest.json")
        vectors.write(folder / "vectors.npz", self.inputs, self.outputs)
        return folder


def chosen(tensor: Tensor, count: int, seed: int):
    """Samples over the whole range of a tensor's ports."""
    lo = [-(1 << w - 1) if s else 0 for s, w in zip(tensor.signed, tensor.width, strict=True)]
    hi = [low + (1 << w) - 1 for low, w in zip(lo, tensor.width, strict=True)]
    bounds = [np.array(ends, object).reshape(tensor.shape) for ends in (lo, hi)]
    return vectors.corners_and_random(*bounds, count, seed)


def pipeline(count: int = 50) -> Design:
    """Latency 3, packed: a signed sum, 70 unsigned bits plus one, and a constant of one bit."""
    a = Tensor("a", (2,), signed=(True, True), width=(3, 5), exp=(0, 0))
    b = Tensor("b", (1, 1), signed=(False,), width=(70,), exp=(0,))
    total = Tensor("total", (1, 1), signed=(True,), width=(6,), exp=(-3,))
    more = Tensor("more", (1,), signed=(False,), width=(71,), exp=(0,))
    one = Tensor("one", (), signed=(False,), width=(1,), exp=(0,))
    xa, xb = chosen(a, count, seed=1), chosen(b, count, seed=2)
    outputs = {
        "total": xa.sum(axis=1).reshape(count, 1, 1),
        "more": xb.reshape(count, 1) + 1,
        "one": np.ones(count, np.int64),
    }
    manifest = Manifest(latency=3, inputs=(a, b), outputs=(total, more, one))
    return Design(PIPELINE, manifest, {"a": xa, "b": xb}, outputs)


def separate(count: int = 50) -> Design:
    """Latency 1, a port for every element: an unsigned increment and a signed negation."""
    p = Tensor("p", (2,), (False, True), (8, 8), (0, 0), ports=("p_0", "p_1"))
    q = Tensor("q", (2,), (False, True), (9, 9), (0, -1), (0.5,), (1.0, 2.0), ("q_0", "q_1"))
    x = chosen(p, count, seed=1)
    y = np.stack([x[:, 0] + 1, -x[:, 1]], axis=1)
    manifest = Manifest(ports=Ports.ELEMENTS, latency=1, inputs=(p,), outputs=(q,))
    return Design(SEPARATE, manifest, {"p": x}, {"q": y})


def combinational(count: int = 50) -> Design:
    """Latency 0, no clock, one bit: an inverter."""
    x = Tensor("x", (), signed=(False,), width=(1,), exp=(0,))
    y = Tensor("y", (), signed=(False,), width=(1,), exp=(0,))
    codes = chosen(x, count, seed=1)
    manifest = Manifest(clock=None, latency=0, inputs=(x,), outputs=(y,))
    return Design(COMBINATIONAL, manifest, {"x": codes}, {"y": 1 - codes})


def queue(count: int = 50) -> Design:
    """Elastic: an unsigned increment, through a queue; each sample says how it is handled.

    0 is right, and the faults are those that the Verilog names.
    """
    a = Tensor("a", (), signed=(False,), width=(8,), exp=(0,))
    how = Tensor("how", (), signed=(False,), width=(4,), exp=(0,))
    y = Tensor("y", (1,), signed=(False,), width=(9,), exp=(-1,))
    codes = chosen(a, count, seed=1)
    manifest = Manifest(latency=None, inputs=(a, how), outputs=(y,))
    inputs = {"a": codes, "how": np.zeros(count, np.int64)}
    return Design(QUEUE, manifest, inputs, {"y": codes[:, None] + 1})


def wires(count: int = 50) -> Design:
    """Elastic without a register, a port for every element: two elements change places."""
    p = Tensor("p", (2,), (False, True), (3, 70), (0, 0), ports=("p_0", "p_1"))
    q = Tensor("q", (2,), (True, False), (70, 3), (0, 0), ports=("q_0", "q_1"))
    codes = chosen(p, count, seed=1)
    manifest = Manifest(clock="ck", ports=Ports.ELEMENTS, latency=None, inputs=(p,), outputs=(q,))
    return Design(WIRES, manifest, {"p": codes}, {"q": codes[:, ::-1]})


PIPELINE = """\
module top(
  input clk,
  input x__valid, input [77:0] x__payload,
  output y__valid, output [77:0] y__payload
);
  wire signed [2:0] a0 = x__payload[2:0];
  wire signed [4:0] a1 = x__payload[7:3];
  wire [69:0] b = x__payload[77:8];
  wire signed [5:0] total = a0 + a1;
  reg [2:0] valid = 0;
  reg [77:0] stage0, stage1, stage2;
  always @(posedge clk) begin
    valid <= {valid[1:0], x__valid};
    stage0 <= {1'b1, {1'b0, b} + 71'd1, total};
    stage1 <= stage0;
    stage2 <= stage1;
  end
  assign y__valid = valid[2];
  assign y__payload = stage2;
endmodule
"""

SEPARATE = """\
module top(
  input clk,
  input x__valid, input [7:0] p_0, input signed [7:0] p_1,
  output reg y__valid, output reg [8:0] q_0, output reg signed [8:0] q_1
);
  initial y__valid = 0;
  always @(posedge clk) begin
    y__valid <= x__valid;
    q_0 <= p_0 + 1;
    q_1 <= -p_1;
  end
endmodule
"""

COMBINATIONAL = """\
module top(input x__valid, input x__payload, output y__valid, output y__payload);
  assign y__valid = x__valid;
  assign y__payload = !x__payload;
endmodule
"""

QUEUE = """\
module top(
  input clk,
  input x__valid, output x__ready, input [11:0] x__payload,
  output y__valid, input y__ready, output [8:0] y__payload
);
  localparam LOST = 1, DOUBLED = 2, SWAPPED = 3, DROPPED = 4, CHANGED = 5, EARLY = 6, STUCK = 7,
    NOISY = 8, WRONG = 9;
  wire [3:0] how = x__payload[11:8];
  reg [11:0] entries [0:7];
  reg [3:0] head = 0, tail = 0;
  wire [3:0] count = tail - head;
  wire [11:0] first = entries[head[2:0]];
  wire [3:0] mode = first[11:8];
  reg [11:0] held;
  reg holding = 0, again = 0, stalled = 0, stuck = 0, noisy = 0;
  reg [3:0] early = 0;
  wire hesitates = x__valid && how == EARLY && early != 15;
  wire takes = x__valid && x__ready;
  wire gives = y__valid && y__ready;
  wire enters = hesitates ? early == 0 : takes ? how != LOST && how != EARLY : noisy;

  assign x__ready = count < 4 && !stuck && !hesitates;
  assign y__valid = count != 0 && !(mode == DROPPED && stalled);
  assign y__payload = (first[7:0] + 9'd1) ^ (mode == WRONG || mode == CHANGED && stalled);

  always @(posedge clk) begin
    stalled <= y__valid && !y__ready;
    stuck <= stuck || takes && how == STUCK;
    noisy <= takes && how == NOISY;
    early <= hesitates ? early + 1 : 0;
    if (gives) again <= mode == DOUBLED && !again;
    if (gives && !(mode == DOUBLED && !again)) head <= head + 1;
    if (enters && how == SWAPPED && !holding) begin
      held <= x__payload;
      holding <= 1;
    end else if (enters) begin
      entries[tail[2:0]] <= x__payload;
      if (holding) entries[tail[2:0] + 3'd1] <= held;
      holding <= 0;
      tail <= tail + 1 + holding;
    end
  end
endmodule
"""

WIRES = """\
module top(
  input ck,
  input x__valid, output x__ready, input [2:0] p_0, input signed [69:0] p_1,
  output y__valid, input y__ready, output signed [69:0] q_0, output [2:0] q_1
);
  assign x__ready = y__ready;
  assign y__valid = x__valid;
  assign q_0 = p_1;
  assign q_1 = p_0;
endmodule
"""

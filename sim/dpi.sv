// C++ as a stream of samples: each is computed as it is taken, and its result waits in a queue, so
// that either side can make the other one wait. See sim/dpi.py.
module dpi__kernel #(
  parameter X = 1,
  parameter Y = 1
) (
  input clk,
  input x__valid, output x__ready, input [X-1:0] x__payload,
  output y__valid, input y__ready, output [Y-1:0] y__payload
);
  import "DPI-C" function int dpi_kernel(input bit [X-1:0] x, output bit [Y-1:0] y);

  reg [Y-1:0] queue [4];
  reg [2:0] taken = 0, given = 0;
  wire [2:0] waiting = taken - given;
  bit [Y-1:0] result;
  int unfit;

  assign x__ready = waiting < 4;
  assign y__valid = waiting != 0;
  assign y__payload = queue[given[1:0]];

  always @(posedge clk) begin
    if (x__valid && x__ready) begin
      unfit = dpi_kernel(x__payload, result);
      // To cut it off would hide that it is wrong.
      if (unfit >= 0)
        $fatal(1, "element %0d of y: the code needs more bits than the manifest gives it", unfit);
      queue[taken[1:0]] <= result;
      taken <= taken + 1;
    end
    if (y__valid && y__ready) given <= given + 1;
  end
endmodule

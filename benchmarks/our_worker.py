"""Our way from a case to Verilog: run by contenders.py, as the peers' worker is.

    python our_worker.py JOB.json FOLDER

The job names case, options (``target``, ``ternary``, ``effort``, ``stages`` or ``clock_hz``) and a
case to get warm with. FOLDER gets ``src`` with the Verilog behind a layer of registers, which the
peers have at their inputs, too; ``design``, to be replayed with the case's own vectors; and
``facts.json``.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import case_network
import cases
from cases import Case

from rtlgen import Design, Options
from rtlgen.devices import find
from rtlgen.generation import build
from sim import vectors

BINARY = 2
"""LUTs a bit of a sum of three takes where adders have two inputs each."""
WRAPPER = """
module model(input clk, input [{x}:0] x, output [{y}:0] y);
  reg [{x}:0] given;
  always @(posedge clk) given <= x;
  top top(.clk(clk), .x__payload(given), .x__valid(1'b0), .y__payload(y));
endmodule
"""


def main(job: dict[str, Any], folder: Path) -> None:
    bench, options = Path(job["bench"]), job["options"]
    if job["warm"]:
        with tempfile.TemporaryDirectory() as name:
            convert(cases.read(bench, job["warm"]), options, Path(name))
    start = perf_counter()
    case = cases.read(bench, job["case"])
    design = convert(case, options, folder)
    seconds = perf_counter() - start
    (folder / "src").mkdir()
    (folder / "src/model.v").write_text(design.verilog + wrapper(design))
    keep(case, design, folder / "design")
    facts = facts_of(case, design) | {"seconds": seconds}
    (folder / "facts.json").write_text(json.dumps(facts, indent=1))


def convert(case: Case, options: dict[str, Any], folder: Path) -> Design:
    """The design, with its text in a file."""
    target = find(options["target"])
    if not options["ternary"]:
        target = replace(target, ternary_luts=max(BINARY, target.ternary_luts))
    wanted = {k: options[k] for k in ("stages", "clock_hz", "effort") if options.get(k)}
    asked = Options(target=options["target"], limit=10**7, samples=1, **wanted)
    design = build(case_network.read(case, asked), asked, target)
    (folder / "top.v").write_text(design.verilog)
    return design


def wrapper(design: Design) -> str:
    """A module with a layer of registers in front of the design."""
    (given,), (made,) = design.manifest.inputs, design.manifest.outputs
    return WRAPPER.format(x=given.bits - 1, y=made.bits - 1)


def keep(case: Case, design: Design, folder: Path) -> None:
    """The design's own folder, with the case's vectors instead of its own."""
    design.write(folder)
    ends = case_network.codes(case, design.network, design.manifest.outputs)
    vectors.write(folder / "vectors.npz", *ends)


def facts_of(case: Case, design: Design) -> dict[str, Any]:
    x = case.x if case.x.ndim < 4 else case.x.transpose(0, 3, 1, 2)
    results = design.predict(x).reshape(case.y.shape)
    report = design.report()
    return {
        "top": "model",
        "stages": design.latency,
        "operations": report.operations,
        "samples": len(case.x),
        "equal": int((results == case.y).all(1).sum()),
    }


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))

"""The cost model beside what Yosys makes of each operation (needs ``pip install pyosys``).

python benchmarks/calibrate_cost.py [xcvu13p] [xc7k325t] [lfe5u-25f] [ice40hx8k]
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from pyosys import libyosys

from rtlgen.cost import luts
from rtlgen.dataflow import Dataflow, Input, Op, Wire
from rtlgen.devices import find
from rtlgen.schedule import Schedule
from rtlgen.targets import Target
from rtlgen.verilog import emit
from sim.rounding import Interval, Overflow, Rounding

SYNTHESIS = {
    "UltraScale+": "synth_xilinx -family xcup -abc9 -noiopad -nodsp -flatten",
    "7 series": "synth_xilinx -family xc7 -abc9 -noiopad -nodsp -flatten",
    "ECP5": "synth_ecp5 -abc9 -nodsp",
    "iCE40": "synth_ice40",
}
LUTS = {f"LUT{k}": 1 for k in range(1, 7)} | {"CCU2C": 2, "INV": 1, "SB_LUT4": 1}


def cases() -> Iterator[tuple[str, Dataflow]]:
    """Single operations, named."""
    for bits in (2, 3):
        u = Interval.format(False, bits, 0)
        yield f"max u{bits}", _one(lambda f, x, y: f.max(x, y), u)
        yield f"compare u{bits}", _one(lambda f, x, y: f.compare(x, y), u)
    for bits in (5, 6, 7, 9):
        u = Interval.format(False, bits, 0)
        yield f"lookup u{bits}", _one(lambda f, x, _: f.lookup(x, 0, _curve(x, f), 0), u)
        yield f"13 * u{bits}", _one(lambda f, x, _: f.lookup(x, 0, _multiples(x, f), 0), u)
    for bits in (4, 8, 12):
        u, s = Interval.format(False, bits, 0), Interval.format(True, bits, 0)
        yield from _arithmetic(f"u{bits}", u)
        yield from _arithmetic(f"s{bits}", s)
        yield from _quantizers(f"s{bits + 6}", Interval.format(True, bits + 6, 0))
        yield f"lookup u{bits}", _one(lambda f, x, _: f.lookup(x, 0, _curve(x, f), 0), u)


def _arithmetic(name: str, r: Interval) -> Iterator[tuple[str, Dataflow]]:
    yield f"add {name}", _one(lambda f, x, y: f.add(x, y), r)
    yield f"add {name} << 3", _one(lambda f, x, y: f.add(x, y << 3), r)
    yield f"add {name} << 9", _one(lambda f, x, y: f.add(x, y << 9), r)
    yield f"sub {name}", _one(lambda f, x, y: f.sub(x, y), r)
    yield f"sub {name}, y << 3", _one(lambda f, x, y: f.sub(x, y << 3), r)
    yield f"sub {name} << 3, y", _one(lambda f, x, y: f.sub(x << 3, y), r)
    yield f"neg {name}", _one(lambda f, x, _: f.sub(f.const(0, 0), x), r)
    yield f"add {name}, 5", _one(lambda f, x, _: f.add(x, f.const(5, 0)), r)
    yield f"add {name}, -20", _one(lambda f, x, _: f.add(x, f.const(-20, 0)), r)
    yield f"mul {name}", _one(lambda f, x, y: f.mul(x, y), r)
    yield f"max {name}", _one(lambda f, x, y: f.max(x, y), r)
    yield f"min {name}, 5", _one(lambda f, x, _: f.min(x, f.const(5, 0)), r)
    yield f"max {name}, 4", _one(lambda f, x, _: f.max(x, f.const(4, 0)), r)
    if r.signed:
        yield f"relu {name}", _one(lambda f, x, _: f.max(x, f.const(0, 0)), r)
    yield f"compare {name}", _one(lambda f, x, y: f.compare(x, y), r)
    yield f"compare {name}, 3", _one(lambda f, x, _: f.compare(x, f.const(3, 0)), r)
    yield f"compare {name}, 4", _one(lambda f, x, _: f.compare(x, f.const(4, 0)), r)
    yield f"mux {name}", _one(lambda f, x, y: f.mux(f.input(2, Interval(0, 1, 0)), x, y), r)
    yield (
        f"mux {name}, 5",
        _one(lambda f, x, _: f.mux(f.input(2, Interval(0, 1, 0)), x, f.const(5, 0)), r),
    )


def _quantizers(name: str, r: Interval) -> Iterator[tuple[str, Dataflow]]:
    for mode in Rounding:
        yield (
            f"round {name} {mode.name}",
            _one(
                lambda f, x, _, m=mode: f.quantize(
                    x, Interval(-1 << 40, 1 << 40, 4), m, Overflow.WRAP
                ),
                r,
            ),
        )
    for overflow in Overflow:
        for to in (Interval(0, 15, 0), Interval(-16, 15, 0), Interval(-15, 15, 0)):
            yield (
                f"limit {name} to {to.lo}..{to.hi} {overflow.name}",
                _one(lambda f, x, _, t=to, o=overflow: f.quantize(x, t, Rounding.FLOOR, o), r),
            )


def _one(build: Callable[[Dataflow, Wire, Wire], Wire], r: Interval) -> Dataflow:
    flow = Dataflow()
    x, y = flow.input(0, r), flow.input(1, r)
    flow.outputs = [build(flow, x, y)]
    return flow


def _curve(x: Wire, flow: Dataflow) -> list[int]:
    """A smooth table of eight bits that no synthesizer can fold."""
    hi = flow.interval(x).hi
    return [round(255 * (i / hi) ** 0.5) for i in range(hi + 1)]


def _multiples(x: Wire, flow: Dataflow) -> list[int]:
    return [13 * i for i in range(flow.interval(x).hi + 1)]


def synthesized(flows: dict[str, Dataflow], target: Target) -> dict[str, int]:
    """LUTs of each design, all in one run of Yosys."""
    texts, ports, calls = [], [], []
    for k, flow in enumerate(flows.values()):
        widths = [
            r.width for op, r in zip(flow.ops, flow.intervals, strict=True) if op in _inputs(flow)
        ]
        result = flow.intervals[flow.outputs[0].op].width
        names = [f"i{port}" for port in range(len(widths))], ["o"]
        texts.append(emit(flow, Schedule((0,) * len(flow.ops), 0), *names, name=f"case_{k}"))
        ports.append(f"input [{sum(widths) - 1}:0] x{k}, output [{result - 1}:0] y{k}")
        calls.append(f"case_{k} c{k} (.x__payload(x{k}), .y__payload(y{k}), .x__valid(1'b0));")
    top = ["module top(", ",\n".join(ports), ");", *calls, "endmodule"]
    module = _run("\n".join([*texts, *top]), f"{SYNTHESIS[target.family]} -top top")
    return {name: _luts(module, f"y{k}") for k, name in enumerate(flows)}


def _inputs(flow: Dataflow) -> list[Op]:
    return [op for op in flow.ops if isinstance(op, Input)]


def _run(text: str, synthesize: str) -> dict[str, Any]:
    """Yosys' netlist of the module ``top``."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "all.v").write_text(text)
        design = libyosys.Design()
        for command in (
            f"read_verilog {folder}/all.v",
            synthesize,
            f"write_json {folder}/net.json",
        ):
            libyosys.run_pass(f"tee -q -o {folder}/log {command}", design)
        netlist: dict[str, Any] = json.loads((Path(folder) / "net.json").read_text())
    module: dict[str, Any] = netlist["modules"]["top"]
    return module


def _luts(module: dict[str, Any], port: str) -> int:
    """LUTs in the cone of a port; nothing is shared, for every design has its own inputs."""
    driver = {
        bit: cell
        for cell in module["cells"].values()
        for pin, bits in cell["connections"].items()
        if cell["port_directions"][pin] == "output"
        for bit in bits
    }
    cone: dict[int, dict[str, Any]] = {}
    waiting = list(module["ports"][port]["bits"])
    while waiting:
        cell = driver.get(waiting.pop())
        if cell and id(cell) not in cone:
            cone[id(cell)] = cell
            waiting += [bit for bits in cell["connections"].values() for bit in bits]
    return sum(LUTS.get(cell["type"], 0) for cell in cone.values()) + _carries_alone(cone.values())


def _carries_alone(cells: Collection[dict[str, Any]]) -> int:
    """Carries of iCE40 in whose logic cell no LUT reads what they do: the LUT is lost."""
    nets = [(cell["type"], cell["connections"]) for cell in cells]
    read = {pins["I3"][0] for kind, pins in nets if kind == "SB_LUT4"}
    return sum(kind == "SB_CARRY" and pins["CI"][0] not in read for kind, pins in nets)


def main(parts: list[str]) -> None:
    flows = dict(cases())
    for target in map(find, parts):
        made = synthesized(flows, target)
        ours = {name: luts(flow, target) for name, flow in flows.items()}
        print(f"{target.name}: LUTs\n{'operation':<44}{'model':>8}{'yosys':>8}{'error':>8}")
        for name in flows:
            print(f"{name:<44}{ours[name]:>8}{made[name]:>8}{ours[name] - made[name]:>+8}")
        off = sum(abs(ours[name] - made[name]) for name in flows)
        print(f"{'total':<44}{sum(ours.values()):>8}{sum(made.values()):>8}{off:>8} absolute\n")


if __name__ == "__main__":
    main(sys.argv[1:] or ["xcvu13p", "xc7k325t", "lfe5u-25f", "ice40hx8k"])

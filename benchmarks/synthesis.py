"""Verilog through Yosys, in four flows that say nothing of who wrote it."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Any

import netlist
import packing
import static_timing
from environment import Environment
from netlist import Netlist
from store import Make, Store, digest_of

XILINX = "synth_xilinx -family xcup -abc9 -noiopad -nodsp -top {top}"
ECP5 = "synth_ecp5 -abc9 -nodsp -top {top}"
LATER = ("flatten", "opt -full", "opt_clean -purge")
PROGRAM = """
import json, sys
from pyosys import libyosys
design = libyosys.Design()
for command in json.loads(sys.argv[1]):
    libyosys.run_pass(command, design)
"""


class Flow(StrEnum):
    """What is run; the ones that flatten late keep adders apart until they are carry chains."""

    XFLAT = "xflat"
    XHIER = "xhier"
    ECP5 = "ecp5"
    ECP5H = "ecp5h"

    @property
    def xilinx(self) -> bool:
        return self in {Flow.XFLAT, Flow.XHIER}

    @property
    def commands(self) -> tuple[str, ...]:
        """From modules to a flat netlist."""
        match self:
            case Flow.XFLAT:
                return (f"{XILINX} -flatten",)
            case Flow.XHIER:
                first, last = f"{XILINX} -run begin:map_ffs", f"{XILINX} -flatten -run map_ffs:"
                return (first, *LATER, last)
            case Flow.ECP5:
                return (ECP5,)
            case Flow.ECP5H:
                return (f"{ECP5} -noflatten -run begin:map_ffs", *LATER, f"{ECP5} -run map_ffs:")


@dataclass(frozen=True)
class Synthesis:
    """What came out: the netlist's file, compressed, and what is counted in it."""

    net: Path
    counts: Mapping[str, float]


@dataclass(frozen=True)
class Yosys:
    """Yosys of an environment; what was synthesized once is kept."""

    environment: Environment
    store: Store
    version: str

    def synthesized(self, source: Path, top: str, flow: Flow) -> Synthesis:
        """The Verilog of a folder."""
        key = [digest_of(_files(source)), top, flow, flow.commands, self.version]
        entry = self.store.entry("synthesis", key, self._maker(source, top, flow))
        net = entry.folder / "net.json.gz"
        code = digest_of(Path(module.__file__) for module in (netlist, packing, static_timing))

        def estimate(_: Path) -> Mapping[str, float]:
            return _estimates(Netlist.read(net, top)) if flow.xilinx else {}

        found = self.store.entry("estimates", [*key, code], estimate)
        return Synthesis(net, entry.record["counts"] | found.record)

    def _maker(self, source: Path, top: str, flow: Flow) -> Make:
        def make(folder: Path) -> Mapping[str, Any]:
            net, start = folder / "net.json", perf_counter()
            told = [command.format(top=top) for command in flow.commands]
            commands = [*_reading(source), *told, f"write_json {net}"]
            self.environment.run(["-c", PROGRAM, json.dumps(commands)])
            seconds = perf_counter() - start
            counts = _counts(json.loads(net.read_text())["modules"][top], flow)
            with net.open("rb") as plain, gzip.open(f"{net}.gz", "wb", 6) as packed:
                shutil.copyfileobj(plain, packed)
            net.unlink()
            return {"counts": counts, "seconds": seconds}

        return make


def _files(source: Path) -> list[Path]:
    return [path for path in source.rglob("*") if path.suffix in {".v", ".mem"}]


def _reading(source: Path) -> list[str]:
    """Modules that a tool hands out with each design have parameters, and wait for them."""
    own = sorted(f for f in source.glob("*.v") if not f.stem.endswith("_wrapper"))
    common = sorted((source / "static").glob("*.v"))
    waiting = [f"read_verilog -defer {' '.join(map(str, common))}"] if common else []
    return [*waiting, f"read_verilog -sv {' '.join(map(str, own))}"]


def _counts(module: Mapping[str, Any], flow: Flow) -> dict[str, float]:
    """Cells, by the names that the figures have."""
    cells = Netlist.of(module).count()
    if flow.xilinx:
        luts = sum(n for cell, n in cells.items() if cell.startswith(("LUT", "SRL")))
        registers = sum(n for cell, n in cells.items() if cell.startswith("FD"))
        return {"luts": luts, "carries": cells["CARRY4"] + cells["CARRY8"], "ff": registers}
    return {"lut4": cells["LUT4"] + 2 * cells["CCU2C"], "ecp5_ff": cells["TRELLIS_FF"]}


def _estimates(design: Netlist) -> dict[str, float]:
    path = static_timing.longest(design)
    return {"sites": packing.sites(design), "stage": path.ps / 1000}

"""The reports of Catapult: ``cycle.rpt`` and ``rtl.rpt`` of a solution.

They are tables for people. ``cycle.rpt`` has the clock, and the latency and throughput of the
design, one figure each, which stands for both bounds here; -1 is Catapult's word for none.
``rtl.rpt`` has the longest path, the area score, the registers and, for an FPGA, what the datapath
takes of LUTs and DSPs. Written after files of Catapult 2024 that others published; no tool was at
hand.
"""

from __future__ import annotations

import re
from pathlib import Path

from hlsgen.synthesis.figures import Synthesis
from hlsgen.synthesis.files import text
from sim.errors import DataError

_TOTAL = r"Design Total: +-?\d+ +(-?\d+) +(-?\d+)"
_CLOCK = r"Clock Information *\n.*\n[ -]+\n *\S+ +(?:rising|falling) +([\d.]+)"
_DELAY = r"Max Delay: +([\d.]+)"
_SCORE = r"Total Area Score: .* ([\d.]+) *\n"
_REGISTERS = r"Register-to-Variable Mappings *\n(?:.*\n)*?  Total: +(\d+) "
_COLUMNS = r"Component Name +Area Score +(.*?) +Delay"
_AREAS = r"TOTAL AREA \(After Assignment\): +[\d.]+ +(.*\S)"


def read(path: Path) -> Synthesis:
    """Read ``cycle.rpt``, and ``rtl.rpt`` beside it."""
    cycles, rtl_path = text(path), path.with_name("rtl.rpt")
    rtl = text(rtl_path)
    latency, interval = (_count(figure) for figure in _need(path, cycles, _TOTAL, "Design Total"))
    areas = _areas(rtl)
    return Synthesis(
        tool=" ".join(["Catapult", *_find(rtl, r"-- Version: +(\S+)")]),
        clock_target_ns=float(_need(path, cycles, _CLOCK, "Clock Information")[0]),
        clock_estimated_ns=max(map(float, re.findall(_DELAY, rtl)), default=None),
        latency_min=latency,
        latency_max=latency,
        interval_min=interval,
        interval_max=interval,
        lut=areas.get("LUTs"),
        ff=next(map(int, _find(rtl, _REGISTERS)), None),
        dsp=areas.get("DSP"),
        bram=None,
        uram=None,
        area=float(_need(rtl_path, rtl, _SCORE, "Total Area Score")[0]),
    )


def _areas(rtl: str) -> dict[str, int]:
    """What the datapath takes of each resource of an FPGA."""
    columns = re.findall(r"Area\((\w+)\)", " ".join(_find(rtl, _COLUMNS)))
    values = " ".join(_find(rtl, _AREAS)).split()
    return {name: round(float(value)) for name, value in zip(columns, values, strict=False)}


def _count(figure: str) -> int | None:
    return None if figure == "-1" else int(figure)


def _find(report: str, pattern: str) -> tuple[str, ...]:
    match = re.search(pattern, report)
    return match.groups() if match else ()


def _need(path: Path, report: str, pattern: str, name: str) -> tuple[str, ...]:
    if found := _find(report, pattern):
        return found
    raise DataError(f"{path}: has no {name!r}; is it of this version of the tool?")

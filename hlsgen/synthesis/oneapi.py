"""The report of oneAPI for FPGAs: JSON, a line for an object, below ``reports/resources/json``.

``summary.ndjson`` has the resources, ``loop_attr.ndjson`` each loop with its clock (``af``, MHz),
initiation interval (``ii``) and latency (``lt``). Nowhere is there a latency or an interval of the
design: what is given here are those of its longest block and of its slowest loop, which are bounds
from below. Written after files of oneAPI 2025.0 that others published; no tool was at hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hlsgen.synthesis.figures import Synthesis
from hlsgen.synthesis.files import number, text
from sim.errors import DataError

_RESOURCES = "estimatedResources"


def read(path: Path) -> Synthesis:
    """Read ``summary.ndjson``, and ``loop_attr.ndjson`` beside it."""
    resources = _resources(path)
    loops_path = path.with_name("loop_attr.ndjson")
    loops = [row for row in _rows(loops_path) if {"af", "ii", "lt"} <= row.keys()]
    clocks = [number(loops_path, "af", f"{row['af']}") for row in loops]
    latencies = [number(loops_path, "lt", f"{row['lt']}") for row in loops]
    intervals = [int(row["ii"]) for row in loops if f"{row['ii']}".isdigit()]  # else: n/a, >=2
    return Synthesis(
        tool="oneAPI",
        clock_target_ns=None,
        clock_estimated_ns=round(1e3 / min(clocks), 3) if clocks else None,
        latency_min=round(max(latencies)) if latencies else None,
        latency_max=None,
        interval_min=max(intervals, default=None),
        interval_max=None,
        lut=resources["ALUTs"],
        ff=resources["FFs"],
        dsp=resources["DSPs"],
        bram=resources["RAMs"],
        uram=None,
        area=None,
    )


def _resources(path: Path) -> Mapping[str, int]:
    """What the design takes of each resource."""
    rows = list(_rows(path))
    columns = _row(path, rows, "summary_type", _RESOURCES, "columns")[1:]
    of_resources = [row for row in rows if row.get("parent") == _RESOURCES]
    total = _row(path, of_resources, "name", "Total", "data")
    found = dict(zip((f"{column}".strip() for column in columns), total, strict=False))
    if missing := {"ALUTs", "FFs", "DSPs", "RAMs"} - found.keys():
        raise DataError(f"{path}: has no {min(missing)!r}; is it of this version of the tool?")
    return {name: round(number(path, name, f"{value}")) for name, value in found.items()}


def _row(
    path: Path, rows: Sequence[Mapping[str, Any]], key: str, value: str, wanted: str
) -> Sequence[Any]:
    for row in rows:
        if row.get(key) == value and isinstance(row.get(wanted), list):
            return list(row[wanted])
    raise DataError(f"{path}: has no {wanted!r} of {value!r}; is it of this version of the tool?")


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    for i, line in enumerate(text(path).splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}: line {i} is not JSON: {error}") from error
        if isinstance(row, dict):
            yield row

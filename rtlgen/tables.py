"""A report as tables for people: plain text, fitted to the width of a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtlgen.report import Report

WIDTH = 120
"""Columns where nobody says how many there are."""
BAR = "█"

_GAP = "  "
_NARROW = {"output": 16, "layer": 12}
"""What is folded if there is not enough room, and how far."""


def text(report: Report, width: int = WIDTH) -> str:
    """Layers, stages and totals; fits into 80 columns or more."""
    return "\n\n".join([_layers(report, width), _stages(report, width), _totals(report)])


@dataclass(frozen=True)
class Column:
    """Cells under a heading; either may have several lines."""

    heading: str
    cells: Sequence[str]
    right: bool = False

    @property
    def width(self) -> int:
        return max(len(line) for cell in (self.heading, *self.cells) for line in cell.split("\n"))

    def folded(self, width: int) -> Column:
        return replace(self, cells=[_folded(cell, width) for cell in self.cells])

    def aligned(self, line: str) -> str:
        return line.rjust(self.width) if self.right else line.ljust(self.width)


def _layers(report: Report, width: int) -> str:
    rows = report.layers
    columns = [
        Column("layer", [row.name for row in rows]),
        Column("operators", [", ".join(row.operators) for row in rows]),
        numbers("multiplies", [row.multiplies for row in rows]),
        numbers("nonzero\nweights", [row.nonzero_weights for row in rows]),
        numbers("scalar\nops", [row.operations for row in rows]),
        numbers("LUTs\n(est.)", [row.luts for row in rows]),
        numbers("depth\n(ops)", [row.depth for row in rows]),
        Column("output", [row.output for row in rows]),
    ]
    return "\n".join(table(fitted(columns, width)))


def _stages(report: Report, width: int) -> str:
    period = 1e3 / report.clock_mhz if report.latency_clocks else 0
    longest = max(period, *(stage.delay_ns for stage in report.stages))
    room = min(40, max(10, width - 50))
    lengths = [round(room * stage.delay_ns / longest) for stage in report.stages]
    bars = [
        f"{BAR * max(1, length)} {stage.delay_ns:.2f} ns"
        for length, stage in zip(lengths, report.stages, strict=True)
    ]
    logic = "logic and registers (est.)" if report.latency_clocks else "logic (est.)"
    columns = [
        numbers("stage", range(1, 1 + len(bars))),
        Column(logic, bars),
        numbers("LUTs\n(est.)", [stage.luts for stage in report.stages]),
        numbers("register\nbits", [stage.registers for stage in report.stages]),
    ]
    return "\n".join(table(columns))


def _totals(report: Report) -> str:
    rows = (
        ("latency", _latency(report)),
        ("initiation interval", f"{report.initiation_interval} clock"),
        ("fastest clock (est.)", f"{report.fastest_mhz:,g} MHz"),
        ("scalar operations", f"{report.operations:,}"),
        ("LUTs (est.)", _share(report.luts, report.luts_available, report.target)),
        ("registers (FF)", _share(report.registers, report.registers_available, report.target)),
    )
    return "\n".join(f"{name:<22}{value}" for name, value in rows)


def _latency(report: Report) -> str:
    clocks, ns = report.latency_clocks, f"{report.latency_ns:,g} ns"
    if not clocks:
        return f"0 clocks, {ns} (est.): combinational"
    counted = f"{clocks:,} {'clock' if clocks == 1 else 'clocks'}, {ns}"
    asked = "" if report.clock_asked else ", the fastest clock (est.)"
    return f"{counted} at {report.clock_mhz:,g} MHz{asked}"


def _share(used: int, available: int, target: str) -> str:
    part = f"{used:,} of {available:,} ({100 * used / available:.2f} % of {target})"
    return f"{part}: does not fit" if used > available else part


def numbers(heading: str, values: Iterable[int]) -> Column:
    """A column of whole numbers."""
    return Column(heading, [f"{n:,}" for n in values], right=True)


def fitted(
    columns: list[Column], width: int, narrow: Mapping[str, int] = MappingProxyType(_NARROW)
) -> list[Column]:
    """The columns, those of ``narrow`` folded, so that a line has at most so many characters."""
    if _excess(columns, width) > 0:
        columns = [column for column in columns if column.heading != "operators"]
    for heading, least in narrow.items():
        if (excess := _excess(columns, width)) > 0:
            columns = [
                c.folded(max(least, c.width - excess)) if c.heading == heading else c
                for c in columns
            ]
    return columns


def _excess(columns: Sequence[Column], width: int) -> int:
    return sum(column.width + len(_GAP) for column in columns) - len(_GAP) - width


def table(columns: Sequence[Column]) -> list[str]:
    """Headings, which stand on the same line at the bottom, and rows."""
    heads = [column.heading.split("\n") for column in columns]
    height = max(map(len, heads))
    padded = [[""] * (height - len(head)) + head for head in heads]
    rows = zip(*([cell.split("\n") for cell in column.cells] for column in columns), strict=True)
    blocks = [padded, *rows]
    return [
        _GAP.join(c.aligned(part) for c, part in zip(columns, line, strict=True)).rstrip()
        for block in blocks
        for line in zip_longest(*block, fillvalue="")
    ]


def _folded(cell: str, width: int) -> str:
    """In lines of this width, broken behind a separator if there is one in their second half."""
    lines = []
    while len(cell) > width:
        ends = [match.end() for match in re.finditer(r"[/._:;, ]", cell[:width])]
        cut = ends[-1] if ends and 2 * ends[-1] >= width else width
        lines.append(cell[:cut].rstrip())
        cell = cell[cut:]
    return "\n".join([*lines, cell])

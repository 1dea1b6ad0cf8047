"""A report as tables for people: plain text, fitted to the width of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtlgen.tables import WIDTH, Column, fitted, numbers, table

if TYPE_CHECKING:
    from hlsgen.report import Report
    from hlsgen.synthesis.figures import Synthesis

__all__ = ["WIDTH", "synthesis", "text"]


def text(report: Report, width: int = WIDTH) -> str:
    """Layers and totals; fits into 80 columns or more."""
    return f"{_layers(report, width)}\n\n{_totals(report)}"


def _layers(report: Report, width: int) -> str:
    rows = report.layers
    columns = [
        Column("layer", [row.name for row in rows]),
        Column("operators", [", ".join(row.kernels) for row in rows]),
        numbers("multiplies", [row.multiplies for row in rows]),
        numbers("nonzero\nweights", [row.nonzero_weights for row in rows]),
        numbers("multipliers\n(est.)", [row.multipliers for row in rows]),
        numbers("reuse", [row.reuse for row in rows]),
        numbers("interval\n(clocks, est.)", [row.interval_clocks for row in rows]),
        Column("output", [row.output for row in rows]),
    ]
    return "\n".join(table(fitted(columns, width)))


def _totals(report: Report) -> str:
    interval, period = report.initiation_interval, 1e3 / report.clock_mhz
    deepest = max(report.channels, key=lambda name: report.channels[name], default="")
    multipliers = sum(layer.multipliers for layer in report.layers)
    rows = [
        ("initiation interval", f"{_clocks(interval)}, {interval * period:,g} ns (est.)"),
        ("clock asked for", f"{report.clock_mhz:,g} MHz on {report.target}"),
        ("multipliers (est.)", f"{multipliers:,}"),
    ]
    if deepest:
        rooms = f"{len(report.channels)}, the deepest for {report.channels[deepest]:,} positions"
        rows.append(("channels", f"{rooms} ({deepest})"))
    return "\n".join(f"{name:<22}{value}" for name, value in rows)


def synthesis(figures: Synthesis) -> str:
    """What the vendor's compiler says."""
    estimated, target = figures.clock_estimated_ns, figures.clock_target_ns
    clock = f"{estimated} ns, of {target} ns" if estimated is not None else None
    rows = [
        ("latency", _range(figures.latency_min, figures.latency_max)),
        ("initiation interval", _range(figures.interval_min, figures.interval_max)),
        ("longest path", clock),
        *((name, _count(n)) for name, n in (("LUTs", figures.lut), ("registers", figures.ff))),
        *((name, _count(n)) for name, n in (("DSPs", figures.dsp), ("BRAMs", figures.bram))),
        ("URAMs", _count(figures.uram)),
        ("area score", None if figures.area is None else f"{figures.area:,g}"),
    ]
    lines = [f"{name:<22}{value}" for name, value in rows if value is not None]
    return "\n".join([f"estimates of {figures.tool}:", *lines])


def _range(lo: int | None, hi: int | None) -> str | None:
    if lo is None:
        return None
    if hi is None:
        return f"at least {_clocks(lo)}"
    return _clocks(lo) if lo == hi else f"{lo:,} to {_clocks(hi)}"


def _count(number: int | None) -> str | None:
    return None if number is None else f"{number:,}"


def _clocks(count: int) -> str:
    return f"{count:,} {'clock' if count == 1 else 'clocks'}"

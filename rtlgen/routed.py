"""What a timing report says of a design that was placed and routed, for a better schedule.

Registers are called ``<node>_w<k>_<stage>`` in the Verilog, and tools keep these names: so a path
that ends in one tells how long operation ``k`` and those before it really take.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median_high
from typing import Any, NamedTuple

from rtlgen.schedule import Schedule
from rtlgen.timing import Timing
from sim.errors import DataError

KINDS = (
    "a JSON report of nextpnr (best with --detailed-timing-report), a text of Vivado's "
    "report_timing, or a CSV with the columns endpoint and delay_ns"
)
CRITICAL = 80
"""Percent of the longest path above which a path counts: tools leave shorter ones as they are."""
MARGIN = 10
"""Percent that are added, for wires that are long by chance are others in another placement."""

_REGISTER = re.compile(r"_w(\d+)_(\d+)(?=_TRELLIS_FF|_reg\b|[\[/.]|$)")
_VIVADO = re.compile(
    r"^Slack[^:]*:\s*(-?[\d.]+)ns.*?^ *Destination:\s*(\S+).*?^ *Requirement:\s*([\d.]+)ns",
    re.MULTILINE | re.DOTALL,
)


class Register(NamedTuple):
    """Holds the value of an operation at the beginning of a stage."""

    op: int
    stage: int


OUTPUTS = Register(-1, -1)
"""Those at packed ports: nextpnr calls them after the port, all of them alike."""


def read(path: str | Path) -> dict[Register, int]:
    """The longest path into each register, in picoseconds with clock-to-output and set-up.

    Raises :class:`DataError` if the file is no report, or none of a design of ours.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text"
        raise DataError(f"timing {str(path)!r}: {reason}; give {KINDS}") from error
    try:
        ends = list(_paths(text))
    except (ValueError, KeyError, TypeError, IndexError) as error:  # it is made like no report
        raise DataError(f"timing {str(path)!r}: not a timing report; give {KINDS}") from error
    longest: dict[Register, int] = {}
    for end, delay_ns in ends:
        if register := _register(end):
            longest[register] = max(longest.get(register, 0), round(1000 * delay_ns))
    if not longest:
        raise DataError(
            f"timing {str(path)!r}: no path of it ends in a register of the design, as "
            f"<node>_w<k>_<stage>; keep the names of top.v"
        )
    return longest


def _register(name: str) -> Register | None:
    """What a tool calls so, if it is one of ours."""
    if found := _REGISTER.findall(name):
        op, stage = found[-1]
        return Register(int(op), int(stage))
    return OUTPUTS if "y__payload" in name else None


def percents(measured: Mapping[Register, int], timing: Timing, plan: Schedule) -> tuple[int, ...]:
    """How long each operation takes, in percent of its estimate, with a margin.

    An operation on the longest paths counts as the worst of them, but none less than their median:
    wires that are short by luck will not be so again.
    Raises :class:`DataError` if what was measured is not this schedule.
    """
    arrivals, worst = timing.arrivals(plan.stages), max(measured.values())
    ends = {
        op: max(1, -(-100 * (time - timing.register) // arrivals[op]))
        for (op, stage), time in _known(measured, timing, plan).items()
        if stage == plan.stages[op] + 1 and arrivals[op] and 100 * time >= CRITICAL * worst
    }
    usual = median_high(ends.values()) if ends else 100
    found = [usual] * len(plan.stages)
    for end, path in zip(ends, timing.paths(plan.stages, ends), strict=True):
        for i in path:
            found[i] = max(found[i], ends[end])
    return tuple(percent + MARGIN for percent in found)


def _known(measured: Mapping[Register, int], timing: Timing, plan: Schedule) -> dict[Register, int]:
    """The registers of a schedule; the outputs are taken as that which should be the latest."""
    arrivals = timing.arrivals(plan.stages)
    unread = [i for i, users in enumerate(timing.users) if not users]
    known = dict(sorted(measured.items()))
    if OUTPUTS in known:
        op = max(unread, key=lambda i: (plan.stages[i], arrivals[i]))
        known[Register(op, plan.latency)] = known.pop(OUTPUTS)
    for op, stage in known:
        if op >= len(plan.stages) or not plan.stages[op] < stage <= plan.latency:
            raise DataError(
                f"timing: there is no register of w{op} in stage {stage}, so the report is of "
                f"another design; give that of the one made with the same options, but no timing"
            )
    return known


def _paths(text: str) -> Iterator[tuple[str, float]]:
    """The name of the register at the end of each path, and the path's delay."""
    if text.lstrip().startswith("{"):
        yield from _nextpnr(json.loads(text))
    elif found := _VIVADO.findall(text):
        yield from ((end, float(period) - float(slack)) for slack, end, period in found)
    else:
        rows = csv.DictReader(text.splitlines())
        if rows.fieldnames is None or not {"endpoint", "delay_ns"}.issubset(rows.fieldnames):
            raise ValueError(rows.fieldnames)
        yield from ((row["endpoint"].strip(), float(row["delay_ns"])) for row in rows)


def _nextpnr(report: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for path in report["critical_paths"]:
        yield path["path"][-1]["to"]["cell"], sum(step["delay"] for step in path["path"])
    for net in report.get("detailed_net_timings", ()):
        for end in net["endpoints"]:
            if end["port"] in ("DI", "M"):
                yield end["cell"], max(end["delay"])

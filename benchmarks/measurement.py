"""One case, all contenders: every figure that was asked for, or why there is none."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from cases import Case
from contenders import DA4ML, OURS, OWN, PEERS, TERNARY, Contender, Conversion, Converters
from environment import Failed
from placement import Nextpnr
from runs import Figure
from synthesis import Flow, Synthesis, Yosys

FLOWS = (*Flow, "nextpnr", "seconds", "stages", "replay")
TIMED = (OURS, DA4ML, TERNARY)


@dataclass(frozen=True)
class Row:
    """What was measured of one contender; less is better, but for ``fmax``.

    ``spread`` is that of the seconds, between the fastest and the slowest run.
    """

    case: str
    contender: str
    facts: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    flows: dict[str, str] = field(default_factory=dict)
    """The flow that a figure is from, if there are two."""
    missing: dict[str, str] = field(default_factory=dict)
    """What was not done, and why."""

    @property
    def exact(self) -> bool:
        return bool(self.facts) and self.facts["equal"] == self.facts["samples"]

    def note(self, figure: str, value: float, flow: Flow) -> None:
        """Keep the better of two flows."""
        if value < self.figures.get(figure, float("inf")):
            self.figures[figure], self.flows[figure] = value, flow


@dataclass(frozen=True)
class Bench:
    """The tools, and how far to go."""

    converters: Converters
    yosys: Yosys
    nextpnr: Nextpnr
    flows: frozenset[str]
    tools: frozenset[str]
    max_ops: int
    max_routed: int
    effort: int
    """Of ours, for hardware; seconds are those of the default one."""
    tell: Callable[[str], None]

    def timed(self, case: Case) -> None:
        """Take the seconds of all that are timed: before anything else, and nothing beside it."""
        if self._timing(case):
            self.tell(f"{case.name}: seconds")
            with suppress(Failed):  # its row will say so
                self._seconds(case)

    def rows(self, case: Case) -> list[Row]:
        wanted = [c for c in (*PEERS, *OWN) if c.tool in self.tools]
        if case.products > self.max_ops:
            why = f"{case.products:,} products, more than --max-ops {self.max_ops:,}"
            return [Row(case.name, c.name, missing={"everything": why}) for c in wanted]
        rows = [self._row(case, contender) for contender in wanted]
        self._add_seconds(case, rows)
        self._add_shortest(case, rows)
        return rows

    def _row(self, case: Case, contender: Contender) -> Row:
        row = Row(case.name, contender.name)
        with _failures(row, "everything"):
            self.tell(f"{case.name}: {contender.name}: conversion")
            made = self._converted(case, contender)
            row.facts.update(made.facts)
            self._synthesize(row, contender, made)
            if contender.ecp5 and "nextpnr" in self.flows:
                self._place(row, case, made)
            if contender.tool == "ours" and "replay" in self.flows:
                self.tell(f"{case.name}: {contender.name}: replay")
                with _failures(row, "replay"):
                    row.facts["replayed"] = self.converters.replayed(made)
        return row

    def _converted(self, case: Case, contender: Contender) -> Conversion:
        """All with as many stages as da4ml makes of its own accord."""
        da4ml = self.converters.converted(DA4ML, case)
        if contender is DA4ML:
            return da4ml
        return self._made(contender, case, da4ml.facts["stages"])

    def _made(self, contender: Contender, case: Case, stages: int) -> Conversion:
        effort = {"effort": self.effort} if contender.tool == "ours" else {}
        return self.converters.converted(contender, case, stages=stages, **effort)

    def _synthesize(self, row: Row, contender: Contender, made: Conversion) -> None:
        for flow in self._flows(contender):
            self.tell(f"{row.case}: {row.contender}: {flow}")
            with _failures(row, flow):
                for figure, value in self.synthesis(made, flow).counts.items():
                    row.note(figure, value, flow)

    def synthesis(self, made: Conversion, flow: Flow) -> Synthesis:
        return self.yosys.synthesized(made.source, made.facts["top"], flow)

    def _flows(self, contender: Contender) -> Iterator[Flow]:
        fit = (f for f in Flow if (contender.xilinx if f.xilinx else contender.ecp5))
        return (flow for flow in fit if flow in self.flows)

    def _place(self, row: Row, case: Case, made: Conversion) -> None:
        self.tell(f"{row.case}: {row.contender}: nextpnr")
        with _failures(row, "nextpnr"):
            for flow in self.flows.intersection({Flow.ECP5, Flow.ECP5H}):
                synthesis = self.synthesis(made, Flow(flow))
                row.note("comb", self.nextpnr.packed(synthesis), Flow(flow))
            if case.products > self.max_routed:
                row.missing["fmax"] = f"more products than --max-routed {self.max_routed:,}"
            elif "comb" in row.flows:
                best = self.synthesis(made, Flow(row.flows["comb"]))
                row.figures["fmax"] = self.nextpnr.fastest(best)

    def _seconds(self, case: Case) -> list[list[float]]:
        stages = self.converters.converted(DA4ML, case).facts["stages"]
        jobs = [(c, case, {} if c is DA4ML else {"stages": stages}) for c in TIMED]
        return self.converters.seconds(jobs)

    def _add_seconds(self, case: Case, rows: list[Row]) -> None:
        if not self._timing(case):
            return
        timed = {c.name: row for c in TIMED for row in rows if row.contender == c.name}
        with _failures(timed[OURS.name], "seconds"):
            for row, seconds in zip(timed.values(), self._seconds(case), strict=True):
                figure = Figure.of(seconds)
                row.figures.update(seconds=figure.median, spread=figure.spread)

    def _timing(self, case: Case) -> bool:
        everybody = self.tools >= {contender.tool for contender in TIMED}
        return "seconds" in self.flows and everybody and case.products <= self.max_ops

    def _add_shortest(self, case: Case, rows: list[Row]) -> None:
        """How few stages of ours are as short as those of the better peer."""
        peers = [row for row in rows if row.contender in {peer.name for peer in PEERS}]
        lengths = [row.figures["stage"] for row in peers if "stage" in row.figures]
        if "stages" not in self.flows or not lengths:
            return
        ours = {c.name: c for c in OWN if c.xilinx}
        for row in rows:
            if row.contender in ours and row.facts:
                self.tell(f"{case.name}: {row.contender}: fewest stages")
                with _failures(row, "fewest"):
                    own, stages = ours[row.contender], row.facts["stages"]
                    row.figures["fewest"] = self._fewest(case, own, stages, min(lengths))
        for row in peers:
            row.figures["fewest"] = row.facts["stages"]

    def _fewest(self, case: Case, contender: Contender, stages: int, length: float) -> int:
        """The fewest stages that are not longer, found step by step from as many as they have."""
        if self._length(case, contender, stages) <= length:
            while stages > 1 and self._length(case, contender, stages - 1) <= length:
                stages -= 1
            return stages
        for more in range(stages + 1, 2 * stages + 2):
            if self._length(case, contender, more) <= length:
                return more
        raise Failed(f"more than {2 * stages + 1} stages")

    def _length(self, case: Case, contender: Contender, stages: int) -> float:
        made = self._made(contender, case, stages)
        flows = [flow for flow in Flow if flow.xilinx and flow in self.flows]
        return min(self.synthesis(made, flow).counts["stage"] for flow in flows)


@contextmanager
def _failures(row: Row, what: str) -> Iterator[None]:
    """Keep a program's failure in the row, so that all others are measured nevertheless."""
    try:
        yield
    except Failed as failure:
        row.missing[what] = f"{failure}".strip().splitlines()[-1]
        print(f"{row.case}: {row.contender}: {what}: {failure}", file=sys.stderr)

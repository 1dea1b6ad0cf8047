"""Area against latency: pipelines of all lengths, ours beside the peers', as points and plots.

    python benchmarks/sweep.py [--peers DIR] [--bench DIR] [--cases GLOB,...] [--tools NAME,...]

Each case becomes ``plots/CASE.json`` and, where matplotlib is installed, ``plots/CASE.svg``. The
peers are asked for so many adders a stage (their ``latency_cutoff``), and we for the stages that
came of it (``--stages``) and for clocks (``--clock``). With ``--tools``, the points of the
others stay what they are in the file, if versions are the same.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import peers
from cases import Case
from contenders import DA4ML, OURS, TERNARY, Contender
from environment import Failed
from measurement import Bench
from synthesis import Flow

CASES = "hgq_7586,jsc_w3_a4,digits_mlp_w4a4"
CUTOFFS = (1, 2, 3, 5, 8, 12)
CLOCKS_MHZ = (100, 150, 200, 250, 300, 400)
Asked: TypeAlias = tuple[str, dict[str, Any]]
"""What is asked for, as one says it and as options."""
PLOTS = Path(__file__).parent / "plots"


@dataclass(frozen=True)
class Point:
    """One design; area is the better of the flows, and so is the longest stage."""

    tool: str
    asked: str
    stages: int
    stage_ns: float
    sites: int
    luts: int
    ff: int

    @property
    def latency_ns(self) -> float:
        """Of the stages, each as long as the longest."""
        return self.stages * self.stage_ns


@dataclass(frozen=True)
class Sweep:
    """Designs of one case."""

    made: Bench
    case: Case
    known: Sequence[Point] = ()
    """Points of an earlier run."""

    def points(self) -> Iterator[Point]:
        """Every tool's; lengths of the same design are told once."""
        stages: set[int] = set()
        for contender in (DA4ML, TERNARY):
            if contender.tool in self.made.tools:
                found = list(self._unlike(contender, _cutoffs()))
            else:
                found = [point for point in self.known if point.tool == contender.name]
            stages |= {point.stages for point in found}
            yield from found
        if OURS.tool in self.made.tools:
            yield from self._unlike(OURS, _stages(stages or CUTOFFS))
            yield from self._unlike(OURS, _clocks())
        else:
            yield from (point for point in self.known if point.tool == OURS.name)

    def _unlike(self, contender: Contender, wanted: Iterable[Asked]) -> Iterator[Point]:
        seen: set[int] = set()
        for asked in wanted:
            point = self._point(contender, *asked)
            if point and point.stages not in seen:
                seen.add(point.stages)
                yield point

    def _point(self, contender: Contender, asked: str, options: Mapping[str, Any]) -> Point | None:
        self.made.tell(f"{self.case.name}: {contender.name}: {asked}")
        try:
            conversion = self.made.converters.converted(contender, self.case, **options)
            best = self._best(lambda flow: self.made.synthesis(conversion, flow).counts)
        except Failed as failure:
            print(f"{self.case.name}: {contender.name}: {asked}: {failure}", file=sys.stderr)
            return None
        counts = (int(best[name]) for name in ("sites", "luts", "ff"))
        return Point(contender.name, asked, conversion.facts["stages"], best["stage"], *counts)

    def _best(self, counts: Callable[[Flow], Mapping[str, float]]) -> dict[str, float]:
        """The smaller one of each figure."""
        found = [counts(flow) for flow in Flow if flow.xilinx and flow in self.made.flows]
        return {name: min(own[name] for own in found) for name in found[0]}


def _cutoffs() -> Iterator[Asked]:
    return ((f"latency_cutoff {n}", {"cutoff": n}) for n in CUTOFFS)


def _stages(counts: Iterable[int]) -> Iterator[Asked]:
    return ((f"--stages {n}", {"stages": n}) for n in sorted(counts))


def _clocks() -> Iterator[Asked]:
    return ((f"--clock {n}MHz", {"clock_hz": n * 1e6}) for n in CLOCKS_MHZ)


def main() -> None:
    given = _parser().parse_args()
    found = peers.chosen(given.bench, given.cases)
    made, versions = peers.bench(given, peers.progress(found))
    given.output.mkdir(parents=True, exist_ok=True)
    for case in found:
        path = given.output / f"{case.name}.json"
        points = list(Sweep(made, case, _known(path, versions)).points())
        record = {"case": case.name, "versions": versions, "points": [*map(asdict, points)]}
        path.write_text(json.dumps(record, indent=1) + "\n")
    if find_spec("matplotlib"):
        import plotting  # noqa: PLC0415  # optional: points are written without it

        for case in found:
            plotting.draw(given.output / f"{case.name}.json")


def _known(path: Path, versions: Mapping[str, str]) -> list[Point]:
    """The points in a file; none if there is no such file, or other versions made it."""
    record = json.loads(path.read_text()) if path.exists() else {}
    if record.get("versions") != versions:
        return []
    return [Point(**point) for point in record["points"]]


def _parser() -> argparse.ArgumentParser:
    parser = peers.options(__doc__, CASES, "xflat,xhier")
    parser.add_argument("-o", "--output", type=Path, default=PLOTS, help="folder [%(default)s]")
    return parser


if __name__ == "__main__":
    main()

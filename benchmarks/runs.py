"""What runs from a model's file to its C simulation took and gave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

from machine import Seconds

WAY = ("clean", "convert", "write", "compile")
"""The phases from a model's file to a function that can be called; not all have each."""


@dataclass(frozen=True)
class Run:
    """One fresh process."""

    phases: dict[str, Seconds]
    rates: list[float]
    """Samples per CPU-second of the C simulation, in one thread, called from C with a batch."""
    slow_rates: list[float]
    """The same called from Python sample by sample, where that is how one calls it."""
    files: int
    bytes: int
    samples: int
    equal: int
    """Samples of which every output equals the reference."""

    @classmethod
    def of_json(cls, record: dict[str, Any]) -> Self:
        phases = {name: Seconds(**seconds) for name, seconds in record.pop("phases").items()}
        return cls(phases, **record)

    def seconds(self, *phases: str) -> Seconds:
        """Of these phases together."""
        taken = [self.phases[name] for name in phases if name in self.phases]
        return Seconds(sum(s.wall for s in taken), sum(s.cpu for s in taken))


@dataclass(frozen=True)
class Figure:
    """What several runs measured."""

    median: float
    spread: float
    """Between the smallest and the largest, relative to the median."""

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        ordered = sorted(values)
        middle = median(ordered)
        return cls(middle, (ordered[-1] - ordered[0]) / middle if middle else 0.0)

    @property
    def spread_shown(self) -> str:
        return f"{100 * self.spread:.0f} %" if self.spread else ""


def cpu(runs: Sequence[Run], *phases: str) -> Figure:
    return Figure.of(run.seconds(*phases).cpu for run in runs)


def wall(runs: Sequence[Run], *phases: str) -> Figure:
    return Figure.of(run.seconds(*phases).wall for run in runs)


def rate(runs: Sequence[Run]) -> Figure:
    return Figure.of(value for run in runs for value in run.rates)


def size(folder: Path) -> tuple[int, int]:
    """How many files are below a folder, and how many bytes they have."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return len(files), sum(path.stat().st_size for path in files)


def shown(x: float) -> str:
    return f"{x:,.2f}" if x < 100 and x != int(x) else f"{x:,.0f}"

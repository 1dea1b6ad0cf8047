"""What is compared, with whom, and what was aimed at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, log

from contenders import BINARY, DA4ML, OURS, OURS_BINARY, OURS_ECP5, PEERS, TERNARY
from measurement import Row


@dataclass(frozen=True)
class Compared:
    """A figure of ours beside the best one of the peers."""

    key: str
    label: str
    ours: str
    goal: float | None = None
    rivals: tuple[str, ...] = tuple(peer.name for peer in PEERS)
    more: bool = False
    """Whether more is better: then it is ours that divides."""
    most: int | None = None
    """Operations of da4ml up to which a case counts."""


FIGURES = (
    Compared("sites", "LUT6 sites", OURS.name, 0.80),
    Compared("luts", "raw LUTs, binary adders", OURS_BINARY.name, 0.85),
    Compared("carries", "CARRY4", OURS.name),
    Compared("ff", "FF", OURS.name, 0.60),
    Compared("stage", "longest stage", OURS.name, 0.85),
    Compared("fewest", "stages as short as theirs", OURS.name, 1.0),
    Compared("lut4", "ECP5: LUT4 + 2 CCU2C", OURS_ECP5.name),
    Compared("comb", "ECP5: TRELLIS_COMB", OURS_ECP5.name, 0.80),
    Compared("ecp5_ff", "ECP5: FF", OURS_ECP5.name, 0.60),
    Compared("fmax", "ECP5: period, nextpnr", OURS_ECP5.name, 0.85, more=True),
    Compared(
        "seconds", "seconds, up to 4,000 operations", OURS.name, 1.0, (DA4ML.name,), most=4000
    ),
)

_TWO = DA4ML.name, BINARY.name
SAME_ADDERS = (
    Compared("ff", "FF, adders of three", OURS.name, rivals=(TERNARY.name,)),
    Compared("ff", "FF, binary adders", OURS_BINARY.name, rivals=_TWO),
    Compared("stage", "longest stage, adders of three", OURS.name, rivals=(TERNARY.name,)),
    Compared("stage", "longest stage, binary adders", OURS_BINARY.name, rivals=_TWO),
    Compared("fewest", "stages as short as theirs, binary", OURS_BINARY.name, rivals=_TWO),
)
"""Adders of three numbers are fewer, later, and have more registers in front than those of two."""


@dataclass(frozen=True)
class Summary:
    """One figure over all cases that have it on both sides."""

    figure: Compared
    ratios: dict[str, float]
    """By case."""

    @property
    def mean(self) -> float:
        return geometric_mean(list(self.ratios.values()))

    @property
    def worst(self) -> str:
        """The case with the largest ratio."""
        return max(self.ratios, key=lambda case: self.ratios[case])


def summaries(rows: Sequence[Row]) -> Iterator[Summary]:
    """Every figure that any case has."""
    cases = list(dict.fromkeys(row.case for row in rows))
    for figure in (*FIGURES, *SAME_ADDERS):
        found = {case: ratio(figure, [r for r in rows if r.case == case]) for case in cases}
        ratios = {case: value for case, value in found.items() if value is not None}
        if ratios:
            yield Summary(figure, ratios)


def ratio(figure: Compared, rows: Sequence[Row]) -> float | None:
    """Ours to the better peer's, of the rows of one case; below one is better for all figures."""
    ours = [row.figures[figure.key] for row in rows if _has(row, figure, (figure.ours,))]
    theirs = [row.figures[figure.key] for row in rows if _has(row, figure, figure.rivals)]
    operations = [row.facts.get("operations", 0) for row in rows if row.contender == DA4ML.name]
    large = figure.most is not None and max(operations, default=0) > figure.most
    if not ours or not theirs or large:
        return None
    return max(theirs) / ours[0] if figure.more else ours[0] / min(theirs)


def _has(row: Row, figure: Compared, names: Sequence[str]) -> bool:
    return row.contender in names and figure.key in row.figures


def geometric_mean(values: Sequence[float]) -> float:
    """Of numbers above zero."""
    return exp(sum(map(log, values)) / len(values))

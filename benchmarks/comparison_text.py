"""The comparison as text: a row for each contender on each case, then what it comes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from figures import FIGURES, Compared, ratio, summaries
from measurement import Row
from runs import shown

from rtlgen.tables import Column, table

MARKS = {"xflat": "f", "xhier": "h", "ecp5": "f", "ecp5h": "h"}
HEADINGS = {
    "luts": "raw\nLUTs",
    "sites": "LUT6\nsites",
    "carries": "CARRY4",
    "ff": "FF",
    "stage": "longest\nns",
    "fewest": "fewest\nstages",
    "lut4": "ECP5\nLUT4",
    "comb": "TRELLIS\nCOMB",
    "ecp5_ff": "ECP5\nFF",
    "fmax": "nextpnr\nMHz",
    "seconds": "convert\ns",
    "spread": "spread",
}


def text(rows: Sequence[Row]) -> str:
    """Everything: rows, ratios, means, and what was not measured."""
    parts = (_rows(rows), _ratios(rows), _summary(rows), _missing(rows))
    return "\n\n".join("\n".join(part) for part in parts if part)


def _rows(rows: Sequence[Row]) -> list[str]:
    keys = [key for key in HEADINGS if any(key in row.figures for row in rows)]
    columns = [
        Column("case", _once([row.case for row in rows])),
        Column("tool", [row.contender for row in rows]),
        Column("stages", [_fact(row, "stages") for row in rows], right=True),
        Column("ops", [_fact(row, "operations") for row in rows], right=True),
        Column("exact", [_exact(row) for row in rows]),
        *(Column(HEADINGS[key], [_cell(row, key) for row in rows], right=True) for key in keys),
    ]
    return table(columns)


def _once(names: list[str]) -> list[str]:
    return [name if i == 0 or names[i - 1] != name else "" for i, name in enumerate(names)]


def _fact(row: Row, name: str) -> str:
    return f"{row.facts[name]:,}" if name in row.facts else "-"


def _exact(row: Row) -> str:
    """How many samples are right, and that the Verilog was replayed."""
    if not row.facts:
        return "-"
    equal, replayed = row.facts["equal"], row.facts.get("replayed")
    told = f"{equal:,}" if row.exact else f"{equal:,} of {row.facts['samples']:,}"
    return f"{told} rtl" if replayed == row.facts["samples"] else told


def _cell(row: Row, key: str) -> str:
    if key not in row.figures:
        return "-"
    value = row.figures[key]
    if key == "spread":
        return f"{100 * value:.0f} %"
    return shown(value) + MARKS.get(row.flows.get(key, ""), "")


def _ratios(rows: Sequence[Row]) -> list[str]:
    """Ours to the better peer, case by case."""
    cases = list(dict.fromkeys(row.case for row in rows))
    own = {case: [row for row in rows if row.case == case] for case in cases}
    found = {f.key: [ratio(f, own[case]) for case in cases] for f in FIGURES}
    keys = [key for key, values in found.items() if any(v is not None for v in values)]
    if not keys:
        return []
    columns = [Column("ours to the better peer", cases)]
    for key in keys:
        cells = ["-" if v is None else f"{v:.3f}" for v in found[key]]
        columns.append(Column(HEADINGS[key], cells, right=True))
    return table(columns)


def _summary(rows: Sequence[Row]) -> list[str]:
    found = list(summaries(rows))
    if not found:
        return []
    figures = [s.figure for s in found]
    return table(
        [
            Column("figure", [f.label for f in figures]),
            Column("of ours", [f.ours for f in figures]),
            Column("best of", [", ".join(f.rivals) for f in figures]),
            Column("goal", [_goal(f) for f in figures], right=True),
            Column("mean", [f"{s.mean:.3f}" for s in found], right=True),
            Column("worst", [f"{s.ratios[s.worst]:.3f}" for s in found], right=True),
            Column("case", [s.worst for s in found]),
            Column("cases", [f"{len(s.ratios)}" for s in found], right=True),
        ]
    )


def _goal(figure: Compared) -> str:
    return "" if figure.goal is None else f"{figure.goal:.2f}"


def _missing(rows: Sequence[Row]) -> list[str]:
    lines = list(_reasons(rows))
    return ["not measured:", *lines] if lines else []


def _reasons(rows: Sequence[Row]) -> Iterator[str]:
    """Which rows lack what, those with the same reason in one line."""
    told: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        for what, why in row.missing.items():
            told.setdefault((row.case, what, why), []).append(row.contender)
    for (case, what, why), contenders in told.items():
        yield f"  {case}, {', '.join(contenders)}: {what}: {why}"

"""The fixed-point network beside the float model, value by value, on the same samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, log10, sqrt
from typing import Any

import numpy as np

from rtlgen import plots, tables
from rtlgen.calibrate import Data
from rtlgen.clipping import outside
from rtlgen.encoding import Floats
from rtlgen.frontend import Model
from rtlgen.frontend.evaluation import evaluate
from rtlgen.graph import describe
from rtlgen.quantize import Codings
from rtlgen.tables import Column

FORMAT = 1
POINTS = 1000
"""Of each output, that are drawn."""


@dataclass(frozen=True)
class Row:
    """A value of the model that is in the network, too."""

    value: str
    operator: str
    """Of the node that computes it; empty for an input."""
    format: str
    max_error: float
    mean_error: float
    relative_error: float
    """The root of the mean squared error over that of the mean squared number."""
    clipped_percent: float | None
    """Numbers of the float model outside of the format; None if none was chosen for it."""

    @property
    def sqnr_db(self) -> float:
        """Signal to quantization noise; infinite if the two are equal."""
        return -20 * log10(self.relative_error) if self.relative_error else inf


@dataclass(frozen=True)
class Comparison:
    """Where the fixed-point network leaves the float model, and how far."""

    model: str
    samples: int
    rows: tuple[Row, ...]
    """In the order of the model."""
    outputs: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)
    """Some numbers of each output: of the float model, and of the network."""

    def text(self, width: int = tables.WIDTH) -> str:
        """A table that fits into 80 columns or more."""
        rows = self.rows
        columns = [
            Column("value", [row.value for row in rows]),
            Column("operator", [row.operator for row in rows]),
            Column("format", [row.format for row in rows]),
            _decimals("largest\nerror", [row.max_error for row in rows]),
            _decimals("mean\nerror", [row.mean_error for row in rows]),
            Column("SQNR\n(dB)", [f"{row.sqnr_db:.1f}" for row in rows], right=True),
            Column("clipped\n(%)", [_percent(row.clipped_percent) for row in rows], right=True),
        ]
        narrow = {"format": 14, "value": 12}
        return "\n".join(tables.table(tables.fitted(columns, width, narrow)))

    def __str__(self) -> str:
        return self.text()

    def to_json(self) -> dict[str, Any]:
        """The rows as objects; ``sqnr_db`` is null where the two are equal."""
        rows = [{**vars(r), "sqnr_db": r.sqnr_db if r.relative_error else None} for r in self.rows]
        return {"format": FORMAT, "model": self.model, "samples": self.samples, "values": rows}

    def svg(self) -> str:
        """Plots: the relative error of each value as bars, and each output against the model's."""
        errors = [(row.value, 100 * row.relative_error) for row in self.rows]
        drawn = [(plots.bars("relative error", "%", errors), plots.bars_height(errors))]
        for name, (floats, fixed) in self.outputs.items():
            ends = [float(f(floats, initial=0)) for f in (np.min, np.max)]
            equal = plots.Series([(e, e) for e in ends], "line", plots.GREY)
            points = plots.Series(list(zip(floats.tolist(), fixed.tolist(), strict=True)))
            drawing = plots.chart(name, "float model", "fixed point", [equal, points])
            drawn.append((drawing, plots.HEIGHT))
        return plots.document(drawn)


def of(
    model: Model,
    codings: Codings,
    data: Data,
    evaluated: Iterable[Mapping[str, Any]] | None = None,
) -> Comparison:
    """Compare on these samples, a few at a time; ``evaluated`` are the model's values, if known."""
    trace = codings.trace
    assert trace is not None, "a network that was quantized has a trace"
    producers = model.producers()
    names = [n for n in (*model.inputs, *producers) if n in trace.values]
    tallies = {name: _Tally(name in model.outputs) for name in names}
    start = 0
    for values in evaluated or evaluate(model, data):
        floats = {name: value.astype(float) for name, value in values.items() if name in tallies}
        end = start + len(next(iter(values.values())))
        part = {name: array[start:end] for name, array in data.items()}
        start = end
        codes = {n: codings.inputs[n].encode(x, n) for n, x in part.items()}
        fixed = trace.numbers(codes, names)
        for name, tally in tallies.items():
            chosen = codings.formats.get(name)
            clipped = None if chosen is None else outside(chosen, floats[name])
            tally.add(floats[name], fixed[name], clipped)
    rows = []
    for name, tally in tallies.items():
        type_ = describe(trace.types[name]).split(", ")[-1]
        shown = str(codings.formats[name]) if name in codings.formats else type_
        node = producers.get(name)
        rows.append(tally.row(name, node.op_type if node else "", shown))
    points = {n: tally.points() for n, tally in tallies.items() if n in model.outputs}
    return Comparison(model.name, len(next(iter(data.values()))), tuple(rows), points)


@dataclass
class _Tally:
    """The errors of one value so far."""

    kept: bool
    count: int = 0
    clipped: int | None = None
    largest: float = 0
    total: float = 0
    squares: float = 0
    power: float = 0
    pairs: list[tuple[Floats, Floats]] = field(default_factory=list)

    def add(self, floats: Floats, fixed: Floats, clipped: int | None) -> None:
        fixed = np.broadcast_to(fixed, floats.shape)
        errors = np.abs(fixed - floats)
        self.count += errors.size
        self.largest = max(self.largest, float(errors.max(initial=0)))
        self.total += float(errors.sum())
        self.squares += float(np.square(errors).sum())
        self.power += float(np.square(floats).sum())
        if clipped is not None:
            self.clipped = (self.clipped or 0) + clipped
        if self.kept and sum(a.size for a, _ in self.pairs) < POINTS:
            self.pairs.append((floats.reshape(-1)[:POINTS], fixed.reshape(-1)[:POINTS]))

    def row(self, name: str, operator: str, shown: str) -> Row:
        count = max(1, self.count)
        relative = sqrt(self.squares / self.power) if self.power else float(self.squares > 0)
        percent = None if self.clipped is None else 100 * self.clipped / count
        mean = self.total / count
        return Row(name, operator, shown, self.largest, mean, relative, percent)

    def points(self) -> tuple[Floats, Floats]:
        floats, fixed = (np.concatenate(parts) for parts in zip(*self.pairs, strict=True))
        return floats[:POINTS], fixed[:POINTS]


def _decimals(heading: str, values: Sequence[float]) -> Column:
    return Column(heading, [f"{value:.3g}" for value in values], right=True)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"

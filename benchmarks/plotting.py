"""Points of a sweep as a plot (needs ``pip install matplotlib``).

    python benchmarks/plotting.py benchmarks/plots/CASE.json ...

draws ``CASE.svg`` beside each file, the same bytes for the same points.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sweep import Point

STYLES = {
    "da4ml": ("tab:blue", "o"),
    "alkaid": ("tab:orange", "s"),
    "ours": ("tab:green", "D"),
    "ours, by clock": ("tab:green", "x"),
}
PANELS = (
    ("stages", "stages", "sites", "LUT6 sites (est.)"),
    ("latency_ns", "latency in ns (est.)", "sites", ""),
    ("stages", "stages", "ff", "registers"),
)


def draw(file: Path) -> None:
    """Area against stages and against nanoseconds, and registers against stages."""
    record = json.loads(file.read_text())
    points = [Point(**point) for point in record["points"]]
    mpl.rcParams["svg.hashsalt"] = "plots"
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    for axes, (x, x_label, y, y_label) in zip(figure.subplots(1, 3), PANELS, strict=True):
        _panel(axes, points, x, y)
        axes.set(xlabel=x_label, ylabel=y_label)
        axes.set_ylim(bottom=0)
        axes.grid(visible=True, alpha=0.3)
    figure.axes[0].legend()
    figure.suptitle(record["case"])
    figure.savefig(file.with_suffix(".svg"), metadata={"Date": None})


def _panel(axes: Axes, points: Sequence[Point], x: str, y: str) -> None:
    for name, (color, marker) in STYLES.items():
        own = sorted((getattr(p, x), getattr(p, y)) for p in points if series(p) == name)
        line = "none" if marker == "x" else "-"
        style = {"color": color, "marker": marker, "linestyle": line, "markersize": 5}
        axes.plot([p[0] for p in own], [p[1] for p in own], label=name, **style)


def series(point: Point) -> str:
    """The line that a point belongs to."""
    return f"{point.tool}, by clock" if point.asked.startswith("--clock") else point.tool


if __name__ == "__main__":
    for name in sys.argv[1:]:
        draw(Path(name))

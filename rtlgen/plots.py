"""Plots as SVG, written by hand: bars, points and lines on axes with round numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10
from typing import Literal
from xml.sax.saxutils import escape

Point = tuple[float, float]

_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 40, 50
_ROW, _NAMES, _LETTERS = 18, 250, 36
_BLUE, _RED, _GREY, _GREEN = "#1f6fb4", "#c0392b", "#888", "#2e8b57"


@dataclass(frozen=True)
class Series:
    """Points of one colour, joined or not; each may have a text that shows under the pointer."""

    points: Sequence[Point]
    kind: Literal["points", "line"] = "points"
    colour: str = _BLUE
    titles: Sequence[str] = ()


def chart(title: str, x_name: str, y_name: str, series: Sequence[Series]) -> str:
    """A drawing of the size 640 x 400 with linear axes around all points."""
    points = [p for one in series for p in one.points if all(map(isfinite, p))]
    xs, ys = ([p[i] for p in points] or [0.0] for i in (0, 1))
    across = _Axis(*_around(xs), _LEFT, _WIDTH - _RIGHT)
    up = _Axis(*_around(ys), _HEIGHT - _BOTTOM, _TOP)
    parts = [_text(_WIDTH / 2, 20, title, "middle", 14)]
    for tick in across.ticks():
        x = across.at(tick)
        parts += [_line(x, _TOP, x, _HEIGHT - _BOTTOM, "#eee")]
        parts += [_text(x, _HEIGHT - _BOTTOM + 16, f"{tick:g}", "middle")]
    for tick in up.ticks():
        y = up.at(tick)
        parts += [_line(_LEFT, y, _WIDTH - _RIGHT, y, "#eee")]
        parts += [_text(_LEFT - 6, y + 4, f"{tick:g}", "end")]
    parts += [_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 12, x_name, "middle")]
    parts += [_text(_LEFT - 60, _TOP - 10, y_name, "start")]
    for one in series:
        parts += _drawn(one, across, up)
    return _group(parts)


def bars(title: str, unit: str, rows: Sequence[tuple[str, float]]) -> str:
    """A drawing 640 wide, with a bar for each name; what is not finite has a text only."""
    largest = max((value for _, value in rows if isfinite(value)), default=0) or 1
    room = _WIDTH - _NAMES - 70
    parts = [_text(_WIDTH / 2, 20, f"{title}, {unit}", "middle", 14)]
    for i, (name, value) in enumerate(rows):
        y = _TOP + i * _ROW
        length = room * max(0, value) / largest if isfinite(value) else 0
        parts += [_text(_NAMES - 6, y + 12, _shortened(name), "end", 11, name)]
        parts += [f'<rect x="{_NAMES}" y="{y}" width="{length:.1f}" height="13" fill="{_BLUE}"/>']
        parts += [_text(_NAMES + length + 5, y + 11, f"{value:.3g}", "start", 11)]
    return _group(parts)


def bars_height(rows: Sequence[tuple[str, float]]) -> int:
    """How high the drawing of these bars is."""
    return _TOP + len(rows) * _ROW + 10


def document(drawings: Iterable[tuple[str, int]]) -> str:
    """An SVG of drawings, one below the other; each with its height."""
    y, placed = 0, []
    for drawing, height in drawings:
        placed.append(f'<g transform="translate(0,{y})">\n{drawing}\n</g>')
        y += height
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y}" '
        f'viewBox="0 0 {_WIDTH} {y}" font-family="sans-serif">'
    )
    white = f'<rect width="{_WIDTH}" height="{y}" fill="white"/>'
    return "\n".join([head, white, *placed, "</svg>", ""])


HEIGHT = _HEIGHT
RED, GREY, GREEN = _RED, _GREY, _GREEN


@dataclass(frozen=True)
class _Axis:
    lo: float
    hi: float
    first: float
    last: float

    def at(self, value: float) -> float:
        """Where a value is, in pixels."""
        return self.first + (self.last - self.first) * (value - self.lo) / (self.hi - self.lo)

    def ticks(self) -> list[float]:
        """About five round numbers."""
        rough = (self.hi - self.lo) / 5
        power = 10.0 ** floor(log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
        first = -floor(-self.lo / step)
        return [round(step * (first + i), 12) for i in range(floor(self.hi / step) - first + 1)]


def _around(values: Sequence[float]) -> tuple[float, float]:
    lo, hi = min(values), max(values)
    margin = 0.05 * (hi - lo) or 0.5 * abs(hi) or 1.0
    return lo - margin, hi + margin


def _drawn(series: Series, across: _Axis, up: _Axis) -> list[str]:
    places = [(across.at(x), up.at(y)) for x, y in series.points]
    if series.kind == "line":
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        return [f'<polyline points="{path}" fill="none" stroke="{series.colour}"/>']
    titles = [*series.titles, *[""] * (len(places) - len(series.titles))]
    return [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{series.colour}" fill-opacity="0.6">'
        f"{_title(title)}</circle>"
        for (x, y), title in zip(places, titles, strict=True)
    ]


def _line(x: float, y: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str, size: int = 11, title: str = "") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">'
        f"{_title(title)}{_printable(text)}</text>"
    )


def _title(text: str) -> str:
    return f"<title>{_printable(text)}</title>" if text else ""


def _printable(text: str) -> str:
    """Without what XML cannot hold."""
    return escape("".join(c if c.isprintable() else "?" for c in text))


def _shortened(name: str) -> str:
    return name if len(name) <= _LETTERS else f"...{name[3 - _LETTERS :]}"


def _group(parts: Iterable[str]) -> str:
    return "\n".join(parts)

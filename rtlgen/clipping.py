"""What lies outside of its format: how many numbers of which value, on some samples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from kernels.quant import Quantize
from rtlgen import tables
from rtlgen.encoding import Encoding, Floats
from rtlgen.notation import Chosen
from rtlgen.pending import Affine, Apply
from rtlgen.rationals import rounded
from rtlgen.tables import Column

_FAR = 1 << 49
"""Steps; a number that is farther away lies outside of any format that is not wider."""


class OutOfFormat(UserWarning):
    """Numbers at an input lie outside of its format."""


@dataclass(frozen=True)
class Clipped:
    """A value that was clipped."""

    value: str
    clipped: int
    """Numbers outside of the format."""
    numbers: int
    format: str

    @property
    def percent(self) -> float:
        return 100 * self.clipped / self.numbers

    def __str__(self) -> str:
        return (
            f"{self.clipped:,} of {self.numbers:,} numbers ({self.percent:.3g} %) of "
            f"{self.value!r} are outside of its format {self.format}"
        )

    def to_json(self) -> dict[str, object]:
        """As ``report.json`` has it."""
        return {
            "value": self.value,
            "clipped": self.clipped,
            "numbers": self.numbers,
            "percent": round(self.percent, 6),
            "format": self.format,
        }


def outside(chosen: Chosen, numbers: Floats) -> int:
    """How many numbers are, when rounded, outside of the format; axis 0 counts samples."""
    type_ = chosen.type
    steps = np.ldexp(numbers, -type_.exp)
    near = np.clip(steps, -_FAR, _FAR)
    codes = rounded(near, chosen.rounding)
    return int(((codes < type_.lo) | (codes > type_.hi)).sum())


def exceeded(chosen: Chosen, lo: Floats, hi: Floats) -> bool:
    """Whether a number between these ends is outside."""
    return outside(chosen, np.stack([lo, hi])) > 0


def of(
    formats: Mapping[str, Chosen],
    ranges: Mapping[str, tuple[Floats, Floats]],
    samples: Iterable[Mapping[str, Floats]],
) -> tuple[Clipped, ...]:
    """The values that are clipped; samples are looked at only if their ranges say that some are."""
    found = {
        name: chosen
        for name, chosen in formats.items()
        if name in ranges and exceeded(chosen, *ranges[name])
    }
    return counted(found, samples) if found else ()


def counted(
    formats: Mapping[str, Chosen], samples: Iterable[Mapping[str, Floats]]
) -> tuple[Clipped, ...]:
    """The values of these formats that are clipped, from every value of some samples at a time."""
    clipped: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for values in samples:
        for name, chosen in formats.items():
            clipped[name] += outside(chosen, values[name].astype(float))
            numbers[name] += values[name].size
    return tuple(
        Clipped(name, clipped[name], numbers[name], str(chosen))
        for name, chosen in formats.items()
        if clipped[name]
    )


def of_inputs(encodings: Mapping[str, Encoding], data: Mapping[str, Floats]) -> list[Clipped]:
    """The inputs that these samples exceed: by half a step, where the model quantizes them."""
    found = []
    for name, numbers in data.items():
        encoding = encodings[name]
        chosen = Chosen(encoding.type, encoding.rounding, encoding.overflow)
        if not encoding.steps:
            count = outside(chosen, numbers)
        elif _limits(encoding):
            count = _beyond(encoding, numbers)
        else:
            continue
        if count:
            found.append(Clipped(name, count, numbers.size, str(chosen)))
    return found


def text(rows: Iterable[Clipped], samples: int, width: int = tables.WIDTH) -> str:
    """A table of what was clipped, the most first."""
    listed = sorted(rows, key=lambda row: -row.percent)
    if not listed:
        return f"no number is outside of its format on {samples:,} samples"
    columns = [
        Column("value", [row.value for row in listed]),
        Column("format", [row.format for row in listed]),
        tables.numbers("clipped", [row.clipped for row in listed]),
        Column("%", [f"{row.percent:.3g}" for row in listed], right=True),
    ]
    shown = tables.fitted(columns, width, {"value": 12, "format": 16})
    title = f"outside of their formats on {samples:,} samples:"
    return "\n".join([title, *tables.table(shown)])


def _limits(encoding: Encoding) -> bool:
    """Whether codes at the ends mean numbers near them, and not all that lie beyond."""
    *first, last = encoding.steps
    rounds = isinstance(last, Apply) and isinstance(last.op, Quantize)
    return rounds and all(isinstance(step, Affine) for step in first)


def _beyond(encoding: Encoding, numbers: Floats) -> int:
    type_ = encoding.type
    scale, offset = encoding.scale.astype(float), encoding.offset.astype(float)
    ends = [np.ldexp(end, type_.exp) * scale + offset for end in (type_.lo - 0.5, type_.hi + 0.5)]
    return int(((numbers < np.minimum(*ends)) | (numbers > np.maximum(*ends))).sum())
